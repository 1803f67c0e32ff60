//! A manifest and its components, compiled.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, LazyLock, OnceLock},
    time::Duration,
};

use wasmtime::{
    Cache, CacheConfig, Config, Enabled, Engine, InstanceAllocationStrategy,
    PoolingAllocationConfig,
    component::{Component, HasSelf, InstancePre, Linker},
};

use crate::{bindings, error::Error, instance::InstanceState, manifest::Manifest, outbound};

/// How often running guests are asked whether they compute for too long.
const EPOCH: Duration = Duration::from_millis(10);
/// Instances that exist at a time, in the whole process.
const MAX_INSTANCES: u32 = 1024;

/// An application that is ready to be started, any number of times. Clones are cheap.
#[derive(Clone)]
pub struct Application(Arc<Compiled>);

struct Compiled {
    manifest: Manifest,
    components: BTreeMap<String, InstancePre<InstanceState>>,
}

impl Application {
    /// Reads the manifest and compiles its components. Compiled code is cached
    /// in the user's cache folder, by wasmtime.
    ///
    /// # Errors
    /// If the manifest cannot be followed, or a component is not built or
    /// needs what this runtime does not offer.
    pub fn load(manifest: impl AsRef<Path>) -> Result<Self, Error> {
        Self::compile(Manifest::load(manifest.as_ref())?)
    }

    /// Compiles the components of `manifest`.
    ///
    /// # Errors
    /// As [`Application::load`].
    pub fn compile(manifest: Manifest) -> Result<Self, Error> {
        let engine = engine()?;
        let linker = linker(engine).map_err(|error| Error::Engine(format!("{error:#}")))?;
        let components = manifest
            .components
            .iter()
            .map(|(id, component)| Ok((id.clone(), prepare(&linker, id, &component.source)?)))
            .collect::<Result<_, Error>>()?;
        Ok(Self(Arc::new(Compiled {
            manifest,
            components,
        })))
    }

    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    pub(crate) fn components(&self) -> &BTreeMap<String, InstancePre<InstanceState>> {
        &self.0.components
    }
}

fn prepare(
    linker: &Linker<InstanceState>,
    id: &str,
    source: &Path,
) -> Result<InstancePre<InstanceState>, Error> {
    if !source.exists() {
        return Err(Error::NotBuilt {
            component: id.to_owned(),
            path: source.to_owned(),
        });
    }
    let component =
        Component::from_file(linker.engine(), source).map_err(|error| Error::Component {
            component: id.to_owned(),
            message: format!("{} is not a component: {error:#}", source.display()),
        })?;
    linker
        .instantiate_pre(&component)
        .map_err(|error| Error::Component {
            component: id.to_owned(),
            message: format!("it needs what this runtime does not offer: {error:#}"),
        })
}

fn linker(engine: &Engine) -> wasmtime::Result<Linker<InstanceState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    outbound::add_to_linker(&mut linker)?;
    bindings::Imports::add_to_linker::<_, HasSelf<InstanceState>>(&mut linker, |state| state)?;
    Ok(linker)
}

/// The engine of this process: it reserves the address space of all
/// instances, which a second one would double.
pub(crate) fn engine() -> Result<&'static Engine, Error> {
    static ENGINE: LazyLock<Result<Engine, String>> =
        LazyLock::new(|| new_engine().map_err(|error| format!("{error:#}")));
    ENGINE
        .as_ref()
        .map_err(|message| Error::Engine(message.clone()))
}

fn new_engine() -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .wasm_component_model_async(true)
        .epoch_interruption(true)
        .cache(code_cache());
    let mut pooled = config.clone();
    pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    // Address space may be restricted (`ulimit -v`): then instances are
    // allocated one by one, which takes longer.
    Engine::new(&pooled).or_else(|error| {
        tracing::warn!("instances are not pooled: {error:#}");
        Engine::new(&config)
    })
}

fn code_cache() -> Option<Cache> {
    Cache::new(CacheConfig::new())
        .inspect_err(|error| tracing::warn!("compiled code is not cached: {error:#}"))
        .ok()
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(MAX_INSTANCES)
        // A component has its module and a few adapters.
        .total_core_instances(MAX_INSTANCES * 8)
        .total_memories(MAX_INSTANCES)
        .total_tables(MAX_INSTANCES * 4)
        .total_stacks(MAX_INSTANCES * 4)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .table_elements(100_000)
        // What an instance wrote is zeroed for the next one without asking
        // the system for new pages, up to these sizes.
        // Linux tells which pages these are, where it can (6.7 and later).
        .pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(64 << 10);
    pool
}

/// Starts the clock that interrupts guests, once in this process.
pub(crate) fn start_epochs() -> Result<(), Error> {
    static STARTED: OnceLock<()> = OnceLock::new();
    let engine = engine()?;
    STARTED.get_or_init(|| {
        // A thread of its own: a guest that computes may occupy every thread of tokio.
        std::thread::spawn(|| {
            loop {
                std::thread::sleep(EPOCH);
                engine.increment_epoch();
            }
        });
    });
    Ok(())
}
