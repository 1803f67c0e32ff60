//! A component that answers HTTP requests, and the life of its instances.
//!
//! `wasmtime-wasi-http`'s `ProxyHandler` keeps the instances; this module
//! tells it when to take a request, when to give one up and when to let an
//! instance go.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, Waker, ready},
    time::{Duration, Instant as StdInstant},
};

use http::{Request, Response};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep},
};
use wasmtime::{
    Store, StoreContextMut,
    component::{GuestTaskId, InstancePre},
};
use wasmtime_wasi_http::{
    WasiHttpView,
    handler::{
        self, ExpirationError, HandlerState, InstantiationError, ProxyHandler, ProxyPre,
        ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
    },
    p2::bindings::ProxyPre as P2Pre,
    p3::bindings::ServicePre as P3Pre,
};

use crate::{
    body::Body,
    instance::{ComponentContext, Computation, InstanceState},
    kill::Killed,
    limits::Limits,
    outbound::EndsWithItsHandler,
};

/// Added to the request timeout before a whole instance is given up: by then
/// each request has had its own answer, if the guest let the host run at all.
const EXPIRATION_GRACE: Duration = Duration::from_secs(1);

pub(crate) struct HttpComponent {
    handler: ProxyHandler<Handler>,
}

/// Why a component has no answer. The guest may have had effects.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// The instance ended: a trap, out of memory, out of time, or the host stops.
    #[error("the instance ended")]
    InstanceEnded,
    #[error("the request took too long")]
    TimedOut,
    /// No instance could be made.
    #[error("no instance: {0}")]
    NoInstance(String),
    /// The guest answered with an error instead of a response.
    #[error("the guest failed: {0}")]
    GuestFailed(String),
}

/// What travels with a request to its instance.
pub(crate) struct RequestData {
    pub depth: u8,
    /// The request's place among those that are handled, given up when the
    /// guest has answered, even if nobody waits for the answer any more.
    pub permit: Option<OwnedSemaphorePermit>,
}

/// A request on its way to an instance. It counts as untaken until one begins
/// it, or until it is dropped because none does.
pub(crate) struct Untaken {
    data: RequestData,
    _count: UntakenCount,
}

struct UntakenCount(Arc<ComponentContext>);

impl UntakenCount {
    fn join(context: &Arc<ComponentContext>) -> Self {
        context.untaken.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(context))
    }
}

impl Drop for UntakenCount {
    fn drop(&mut self) {
        self.0.untaken.fetch_sub(1, Ordering::Relaxed);
    }
}

impl HttpComponent {
    /// # Errors
    /// A message, if the component exports no HTTP handler.
    pub(crate) fn new(
        pre: &InstancePre<InstanceState>,
        context: Arc<ComponentContext>,
        killed: Killed,
    ) -> Result<Self, String> {
        let pre = match P3Pre::new(pre.clone()) {
            Ok(pre) => ProxyPre::P3(pre),
            Err(_) => ProxyPre::P2(P2Pre::new(pre.clone()).map_err(
                |_| "it exports neither wasi:http/handler@0.3 nor wasi:http/incoming-handler@0.2",
            )?),
        };
        Ok(Self {
            handler: ProxyHandler::new(Handler {
                pre,
                context,
                killed,
            }),
        })
    }

    pub(crate) async fn handle(
        &self,
        request: Request<Body>,
        data: RequestData,
    ) -> Result<Response<Body>, Unanswered> {
        let untaken = Untaken {
            data,
            _count: UntakenCount::join(&self.handler.state().context),
        };
        self.handler
            .handle(untaken, request)
            .await
            .map_err(|error| {
                if error.is::<ExpirationError>() {
                    Unanswered::TimedOut
                } else if error.is::<handler::TrapOrPanicError>() {
                    Unanswered::InstanceEnded
                } else if let Some(error) = error.downcast_ref::<InstantiationError<Untaken>>() {
                    Unanswered::NoInstance(format!("{:#}", error.error))
                } else if error.is::<wasmtime::Trap>() {
                    Unanswered::InstanceEnded
                } else {
                    Unanswered::GuestFailed(format!("{error:#}"))
                }
            })
    }
}

struct Handler {
    pre: ProxyPre<InstanceState>,
    context: Arc<ComponentContext>,
    killed: Killed,
}

impl HandlerState for Handler {
    type StoreData = InstanceState;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(
        &self,
    ) -> wasmtime::Result<handler::Instance<InstanceState, Expiration, Worker>> {
        let (mut store, computation) = self.context.new_store();
        let proxy = self.pre.instantiate_async(&mut store).await?;
        let limits = Arc::clone(&self.context.limits);
        Ok(handler::Instance {
            store,
            proxy,
            view: InstanceState::http,
            expiration: Expiration::new(Arc::clone(&limits), computation, self.killed.clone()),
            state: Worker {
                ends_with_its_handler: matches!(self.pre, ProxyPre::P2(_)),
                component: self.context.id.clone(),
                limits,
                killed: self.killed.clone(),
            },
        })
    }
}

struct Worker {
    component: String,
    /// Whether a request is over when its handler returns, as in WASI 0.2.
    ends_with_its_handler: bool,
    limits: Arc<Limits>,
    killed: Killed,
}

impl WorkerState for Worker {
    type StoreData = InstanceState;
    type RequestData = Untaken;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.limits.requests_per_instance || self.killed.is_set() {
            ShouldAccept::Never
        } else if concurrent >= self.limits.concurrent_requests_per_instance {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        store: StoreContextMut<'_, InstanceState>,
        Untaken { data, .. }: Untaken,
        task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        let depths = &store.data().outbound.depths;
        depths.start(task, data.depth);
        let end = self.ends_with_its_handler.then(|| EndsWithItsHandler {
            depths: Arc::clone(depths),
            task,
        });
        let deadline = Instant::now() + self.limits.request;
        Box::pin(async move {
            let _held = (data.permit, end);
            tokio::time::sleep_until(deadline).await;
        })
    }

    fn drop(&self, store: Store<InstanceState>, result: Result<(), wasmtime::Error>) {
        if let Err(error) = result
            && !self.killed.is_set()
        {
            tracing::error!(component = %self.component, "instance ended: {error:#}");
        }
        drop(store);
    }
}

/// Ends an instance that is idle, stuck or killed.
struct Expiration {
    limits: Arc<Limits>,
    computation: Arc<Computation>,
    killed: Killed,
    /// Wakes this one when the host is killed.
    kill: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
    /// Whom that wakes.
    waker: Option<Waker>,
    /// The status that expires. Its time is not tokio's, so it only tells one
    /// status from the next.
    status: Option<(WorkerStatus, StdInstant)>,
    expires: Instant,
    /// Fires when the status expires or before.
    timer: Pin<Box<Sleep>>,
}

impl Expiration {
    fn new(limits: Arc<Limits>, computation: Arc<Computation>, killed: Killed) -> Self {
        Self {
            kill: Box::pin(killed.clone().wait()),
            killed,
            waker: None,
            expires: Instant::now() + limits.idle_instance,
            timer: Box::pin(tokio::time::sleep(limits.idle_instance)),
            limits,
            computation,
            status: None,
        }
    }

    /// Asks with every request, so it only waits anew for another waker.
    fn is_killed(&mut self, context: &mut Context<'_>) -> bool {
        let waits = |waker: &Waker| waker.will_wake(context.waker());
        if !self.waker.as_ref().is_some_and(waits) {
            self.waker = Some(context.waker().clone());
            if self.kill.as_mut().poll(context).is_ready() {
                return true;
            }
        }
        self.killed.is_set()
    }
}

impl WorkerExpiration for Expiration {
    fn poll(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        status: WorkerStatus,
        start: StdInstant,
    ) -> Poll<()> {
        let this = self.get_mut();
        this.computation.on_pending();
        if this.status != Some((status, start)) {
            this.status = Some((status, start));
            let time = match status {
                WorkerStatus::Idle => this.limits.idle_instance,
                WorkerStatus::Requests | WorkerStatus::PostReturn => {
                    this.limits.request + EXPIRATION_GRACE
                }
            };
            this.expires = Instant::now() + time;
            // The status changes with every request, so a timer that is early
            // is left alone.
            if this.timer.deadline() > this.expires {
                this.timer.as_mut().reset(this.expires);
            }
        }
        if this.is_killed(context) {
            return Poll::Ready(());
        }
        loop {
            ready!(this.timer.as_mut().poll(context));
            if this.expires <= Instant::now() {
                return Poll::Ready(());
            }
            this.timer.as_mut().reset(this.expires);
        }
    }
}
