//! Components that run on a schedule, as under Spin's cron trigger.
//!
//! The interface is that of <https://github.com/spinframework/spin-trigger-cron>:
//!
//! ```wit
//! package spin:cron@3.0.0;
//! interface cron-types {
//!     record metadata { timestamp: u64 }
//!     variant error { other(string) }
//! }
//! world spin-cron {
//!     use cron-types.{metadata, error};
//!     export handle-cron-event: async func(metadata: metadata) -> result<_, error>;
//! }
//! ```

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;
use wasmtime::component::{ComponentType, InstancePre, Lift, Lower};

use crate::{
    clock::Clock,
    instance::{ComponentContext, InstanceState},
    manifest::CronTrigger,
    runtime::Runtime,
};

/// The wall clock may be set while a schedule sleeps, so it looks again.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

const EXPORT: &str = "handle-cron-event";

#[derive(Clone, Copy, ComponentType, Lower)]
#[component(record)]
struct Metadata {
    /// Unix seconds.
    timestamp: u64,
}

#[derive(Clone, Debug, ComponentType, Lift)]
#[component(variant)]
enum CronError {
    #[component(name = "other")]
    Other(String),
}

pub(crate) struct CronComponent {
    pre: InstancePre<InstanceState>,
    context: Arc<ComponentContext>,
}

impl CronComponent {
    /// # Errors
    /// A message, if the component exports no handler of cron events.
    pub(crate) fn new(
        pre: &InstancePre<InstanceState>,
        context: Arc<ComponentContext>,
    ) -> Result<Self, String> {
        if pre.component().get_export_index(None, EXPORT).is_none() {
            return Err(format!("it does not export {EXPORT} of spin:cron@3.0.0"));
        }
        Ok(Self {
            pre: pre.clone(),
            context,
        })
    }

    /// Runs the component once, in an instance of its own.
    ///
    /// # Errors
    /// A message, if the component reports an error, traps or takes too long.
    pub(crate) async fn run(&self) -> Result<(), String> {
        let timeout = self.context.limits.request;
        match tokio::time::timeout(timeout, self.call()).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(CronError::Other(message)))) => Err(message),
            Ok(Err(trap)) => Err(format!("{trap:#}")),
            Err(_) => Err(format!("it took longer than {timeout:?}")),
        }
    }

    async fn call(&self) -> wasmtime::Result<Result<(), CronError>> {
        let metadata = Metadata {
            timestamp: self.context.clock.wall().as_secs(),
        };
        let (mut store, computation) = self.context.new_store();
        let instance = self.pre.instantiate_async(&mut store).await?;
        let handler =
            instance.get_typed_func::<(Metadata,), (Result<(), CronError>,)>(&mut store, EXPORT)?;
        let mut call = std::pin::pin!(store.run_concurrent(async |accessor| {
            handler.call_concurrent(accessor, (metadata,)).await
        }));
        let (result,) = std::future::poll_fn(|context| {
            let poll = call.as_mut().poll(context);
            computation.on_pending();
            poll
        })
        .await??;
        Ok(result)
    }
}

/// Fires `trigger` whenever its schedule says so, until dropped.
pub(crate) async fn keep_schedule(runtime: Runtime, number: usize, trigger: CronTrigger) {
    let running = Arc::new(Semaphore::new(runtime.limits().concurrent_cron_runs));
    loop {
        let from = now(runtime.clock());
        let Ok(next) = trigger.schedule.find_next_occurrence(&from, false) else {
            return;
        };
        let wait = (next - from).to_std().unwrap_or_default();
        tokio::time::sleep(wait.min(LONGEST_SLEEP)).await;
        if now(runtime.clock()) < next {
            continue;
        }
        match Arc::clone(&running).try_acquire_owned() {
            Ok(place) => {
                let runtime = runtime.clone();
                tokio::spawn(async move {
                    if let Err(error) = runtime.fire_cron(number).await {
                        tracing::error!("{error}");
                    }
                    drop(place);
                });
            }
            Err(_) => tracing::warn!(
                component = trigger.component,
                "left out a run: {} are still running",
                runtime.limits().concurrent_cron_runs
            ),
        }
    }
}

fn now(clock: &dyn Clock) -> DateTime<Utc> {
    let wall = clock.wall();
    let seconds = i64::try_from(wall.as_secs()).unwrap_or(i64::MAX);
    DateTime::from_timestamp(seconds, wall.subsec_nanos()).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
