//! One instance of a component: its store, what it may use, and for how long.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use rand::{SeedableRng, rngs::StdRng};
use wasmtime::{
    Engine, Store, StoreLimits, StoreLimitsBuilder, UpdateDeadline, component::ResourceTable,
};
use wasmtime_wasi::{
    HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView,
};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::{
    allowed_hosts::AllowedHosts,
    clock::Clock,
    faults::Faults,
    limits::Limits,
    network::Network,
    outbound::Outbound,
    output::GuestOutput,
    runtime::Inner,
    storage::{Execution, Storage},
    trace::{Effect, Trace, TraceEvent},
};

/// Table elements of one instance.
const MAX_TABLE_ELEMENTS: usize = 100_000;
/// How often a guest that computes is asked while other requests wait for an
/// instance of its component: half a second, for it is asked in every epoch.
///
/// An instance that waited and then computes without end still counts as one
/// that has room, so requests are given to it which it never begins.
const MAX_EPOCHS_WAITED_FOR: u32 = 50;
/// Epochs that never come, for simulations.
const FOREVER: u64 = u64::MAX / 2;

/// What all instances of a component share.
pub(crate) struct ComponentContext {
    pub id: String,
    pub environment: BTreeMap<String, String>,
    pub variables: BTreeMap<String, String>,
    pub allowed_hosts: AllowedHosts,
    pub key_value_stores: BTreeSet<String>,
    pub sqlite_databases: BTreeSet<String>,
    pub storage: Storage,
    pub execution: Execution,
    pub limits: Arc<Limits>,
    pub clock: Arc<dyn Clock>,
    pub network: Arc<dyn Network>,
    pub faults: Arc<dyn Faults>,
    pub trace: Arc<Trace>,
    pub output: GuestOutput,
    /// Without a seed, chance comes from the system.
    pub seed: Option<Seed>,
    pub engine: Engine,
    /// Requests that no instance has begun yet.
    pub untaken: AtomicUsize,
    /// For calls to other components.
    pub runtime: Weak<Inner>,
    /// The origin under which the application reaches itself in process.
    pub own_origin: Option<String>,
}

/// The chance of a simulation: every instance draws a stream of its own.
pub(crate) struct Seed {
    pub value: u64,
    pub instances: Arc<AtomicU64>,
}

impl ComponentContext {
    pub(crate) fn record(&self, effect: Effect) {
        if self.trace.is_on() {
            self.trace.record(TraceEvent {
                at: self.clock.monotonic(),
                component: self.id.clone(),
                effect,
            });
        }
    }

    /// A store for one instance, with its limits in force.
    pub(crate) fn new_store(self: &Arc<Self>) -> (Store<InstanceState>, Arc<Computation>) {
        let computation = Arc::new(Computation::default());
        let state = InstanceState {
            table: ResourceTable::new(),
            wasi: self.wasi(),
            http: WasiHttpCtx::new(),
            outbound: Outbound {
                context: Arc::clone(self),
                depths: Arc::default(),
            },
            limits: StoreLimitsBuilder::new()
                .memory_size(self.limits.memory_per_instance)
                .table_elements(MAX_TABLE_ELEMENTS)
                .trap_on_grow_failure(true)
                .build(),
            context: Arc::clone(self),
            open_connections: 0,
            open_stores: 0,
        };
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.limits);
        if self.execution == Execution::Inline {
            // Real time has no place in a simulation.
            store.set_epoch_deadline(FOREVER);
        } else {
            store.set_epoch_deadline(1);
            let limit = self.limits.computation;
            let computation = Arc::clone(&computation);
            store.epoch_deadline_callback(move |store| {
                let untaken = store.data().context.untaken.load(Ordering::Relaxed);
                Ok(computation.on_epoch(limit, untaken > 0))
            });
        }
        (store, computation)
    }

    fn wasi(&self) -> WasiCtx {
        let mut wasi = WasiCtxBuilder::new();
        wasi.wall_clock(GuestClock(Arc::clone(&self.clock)))
            .monotonic_clock(GuestClock(Arc::clone(&self.clock)));
        for (key, value) in &self.environment {
            wasi.env(key, value);
        }
        match &self.output {
            GuestOutput::Inherit => wasi.inherit_stdout().inherit_stderr(),
            GuestOutput::Capture(captured) => {
                wasi.stdout(captured.clone()).stderr(captured.clone())
            }
        };
        if let Some(seed) = &self.seed {
            let instance = seed.instances.fetch_add(1, Ordering::Relaxed);
            let mut random = StdRng::seed_from_u64(seed.value ^ instance.rotate_left(32));
            wasi.insecure_random_seed(u128::from(rand::Rng::next_u64(&mut random)));
            wasi.insecure_random(StdRng::from_rng(&mut random));
            wasi.secure_random(random);
        }
        wasi.build()
    }
}

/// The data of a store.
pub(crate) struct InstanceState {
    pub table: ResourceTable,
    pub wasi: WasiCtx,
    pub http: WasiHttpCtx,
    pub outbound: Outbound,
    pub limits: StoreLimits,
    pub context: Arc<ComponentContext>,
    pub open_connections: usize,
    pub open_stores: usize,
}

impl WasiView for InstanceState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for InstanceState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.outbound,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

/// How long the guest has been computing without waiting for anything.
#[derive(Default)]
pub(crate) struct Computation {
    /// Milliseconds of [`process_time`], zero while the guest waits.
    since: AtomicU64,
    /// Epochs since then in each of which other requests waited.
    waited_for: AtomicU32,
    /// The guest stopped only to let others run.
    yielded: AtomicBool,
}

impl Computation {
    fn on_epoch(&self, limit: Duration, others_wait: bool) -> UpdateDeadline {
        let now = process_time();
        let since = self.since.load(Ordering::Relaxed);
        if since == 0 {
            self.since.store(now, Ordering::Relaxed);
        } else if u128::from(now.saturating_sub(since)) > limit.as_millis() {
            return UpdateDeadline::Interrupt;
        }
        if !others_wait {
            self.waited_for.store(0, Ordering::Relaxed);
        } else if self.waited_for.fetch_add(1, Ordering::Relaxed) >= MAX_EPOCHS_WAITED_FOR {
            return UpdateDeadline::Interrupt;
        }
        self.yielded.store(true, Ordering::Relaxed);
        UpdateDeadline::Yield(1)
    }

    /// To be called whenever the guest has stopped running for now.
    pub(crate) fn on_pending(&self) {
        if !self.yielded.swap(false, Ordering::Relaxed) {
            self.since.store(0, Ordering::Relaxed);
            self.waited_for.store(0, Ordering::Relaxed);
        }
    }
}

/// Milliseconds since this process first asked, plus one.
fn process_time() -> u64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let elapsed = START.get_or_init(Instant::now).elapsed().as_millis();
    u64::try_from(elapsed).unwrap_or(u64::MAX).saturating_add(1)
}

struct GuestClock(Arc<dyn Clock>);

impl HostWallClock for GuestClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        self.0.wall()
    }
}

impl HostMonotonicClock for GuestClock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.monotonic().as_nanos()).unwrap_or(u64::MAX)
    }
}
