//! Requests that guests send: what is allowed, where it goes, how long it may take.

use std::{
    collections::VecDeque,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http::{Request, Response, Uri};
use http_body_util::BodyExt;
use wasmtime::{
    AsContextMut,
    component::{Accessor, GuestTaskId, HasData, Linker, Resource},
};
use wasmtime_wasi::TrappableError;
use wasmtime_wasi_http::{
    RequestOptions, WasiHttp, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
    p3::bindings::http::{client, types as p3},
};

use crate::{
    allowed_hosts::CHAINING_SUFFIX,
    body::{Body, OutboundError, Unstalled},
    faults::OutboundFault,
    instance::{ComponentContext, InstanceState},
    runtime::Runtime,
    trace::Effect,
};

/// What an instance sends requests with.
pub(crate) struct Outbound {
    pub context: Arc<ComponentContext>,
    pub depths: Arc<ChainDepths>,
}

/// How deep in a chain of components the requests of an instance are.
///
/// An instance serves several at a time, so the depth of an outbound request
/// is that of the task that sends it.
#[derive(Default)]
pub(crate) struct ChainDepths(Mutex<Tasks>);

#[derive(Default)]
struct Tasks {
    /// The newest tasks of the instance, newest last.
    newest: VecDeque<(GuestTaskId, u8)>,
    /// The task that is about to send a request.
    sender: Option<GuestTaskId>,
}

impl ChainDepths {
    /// Tasks are forgotten when this many newer ones have started.
    const REMEMBERED: usize = 1024;

    pub(crate) fn start(&self, task: GuestTaskId, depth: u8) {
        let tasks = &mut self.lock().newest;
        if tasks.len() >= Self::REMEMBERED {
            tasks.pop_front();
        }
        tasks.push_back((task, depth));
    }

    /// Forgets a task that sends nothing any more.
    fn end(&self, task: GuestTaskId) {
        let tasks = &mut self.lock().newest;
        if let Some(place) = tasks.iter().rposition(|(started, _)| *started == task) {
            tasks.remove(place);
        }
    }

    fn set_sender(&self, sender: Option<GuestTaskId>) {
        self.lock().sender = sender;
    }

    /// The depth of the sender; of the deepest task where the interface does
    /// not tell who sends, as that of WASI 0.2.
    fn take_sender(&self) -> u8 {
        let mut tasks = self.lock();
        let sender = tasks.sender.take();
        let newest_first = || tasks.newest.iter().rev();
        let known =
            sender.and_then(|sender| newest_first().find(|(task, _)| *task == sender).copied());
        match known {
            Some((_, depth)) => depth,
            None => newest_first().map(|(_, depth)| *depth).max().unwrap_or(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tasks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task of WASI 0.2: with its handler it ends. One of 0.3 may go on, and
/// send, when it has answered; but then it is known who sends.
pub(crate) struct EndsWithItsHandler {
    pub depths: Arc<ChainDepths>,
    pub task: GuestTaskId,
}

impl Drop for EndsWithItsHandler {
    fn drop(&mut self) {
        self.depths.end(self.task);
    }
}

/// Adds WASI's HTTP, 0.2 and 0.3.
pub(crate) fn add_to_linker(linker: &mut Linker<InstanceState>) -> wasmtime::Result<()> {
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    p3::add_to_linker::<_, WasiHttp>(linker, InstanceState::http)?;
    client::add_to_linker::<_, SenderAware>(linker, InstanceState::http)
}

/// The client of WASI 0.3, which also notes which task sends.
struct SenderAware;

impl HasData for SenderAware {
    type Data<'a> = WasiHttpCtxView<'a>;
}

impl client::HostWithStore<InstanceState> for SenderAware {
    async fn send(
        accessor: &Accessor<InstanceState, Self>,
        request: Resource<p3::Request>,
    ) -> Result<Resource<p3::Response>, TrappableError<p3::ErrorCode>> {
        accessor
            .with(|mut access| {
                let task = access.as_context_mut().async_call_stack()?.last();
                access.data_mut().outbound.depths.set_sender(task);
                wasmtime::error::Ok(())
            })
            .map_err(TrappableError::trap)?;
        let accessor = accessor.with_getter::<WasiHttp>(InstanceState::http);
        <WasiHttp as client::HostWithStore<InstanceState>>::send(&accessor, request).await
    }
}

type Sent = Result<
    (
        Response<Body>,
        Box<dyn Future<Output = Result<(), OutboundError>> + Send>,
    ),
    OutboundError,
>;

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: Request<Body>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), OutboundError>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let context = Arc::clone(&self.context);
        let depth = self.depths.take_sender();
        Box::new(async move {
            let response = send(&context, request, options.unwrap_or_default(), depth).await?;
            let done: Box<dyn Future<Output = Result<(), OutboundError>> + Send> =
                Box::new(std::future::ready(Ok(())));
            Ok((response, done))
        })
    }
}

/// Sends under the faults of a test, and records the outcome.
async fn send(
    context: &ComponentContext,
    request: Request<Body>,
    options: RequestOptions,
    depth: u8,
) -> Result<Response<Body>, OutboundError> {
    let traced = context
        .trace
        .is_on()
        .then(|| (request.method().to_string(), request.uri().to_string()));
    let fault = context
        .faults
        .outbound(&context.id, request.method(), request.uri());
    let result = match fault {
        OutboundFault::None => send_allowed(context, request, options, depth).await,
        OutboundFault::FailBefore => Err(OutboundError::ConnectionTerminated),
        OutboundFault::FailAfter => match send_allowed(context, request, options, depth).await {
            Ok(response) => {
                // The other side has answered whole before the connection breaks.
                let _ = response.into_body().collect().await;
                Err(OutboundError::ConnectionTerminated)
            }
            Err(error) => Err(error),
        },
        OutboundFault::Delay(time) => {
            tokio::time::sleep(time).await;
            send_allowed(context, request, options, depth).await
        }
    };
    if let Some((method, uri)) = traced {
        let outcome = match &result {
            Ok(response) => Ok(response.status().as_u16()),
            Err(error) => Err(error.to_string()),
        };
        context.record(Effect::Outbound {
            method,
            uri,
            outcome,
        });
    }
    result
}

async fn send_allowed(
    context: &ComponentContext,
    request: Request<Body>,
    options: RequestOptions,
    depth: u8,
) -> Result<Response<Body>, OutboundError> {
    let limits = &context.limits;
    let Some(allowance) = context.allowed_hosts.find(request.uri()) else {
        tracing::warn!(
            component = %context.id,
            "refused a request to {}: add the origin to the component's allowed_outbound_hosts",
            Origin(request.uri()),
        );
        return Err(OutboundError::HttpRequestDenied);
    };
    let first_byte = options.first_byte_timeout.unwrap_or(limits.first_byte);
    let response = match chained_component(request.uri()) {
        Some(component) => {
            let answer = chain(context, &component, request, depth);
            // The callee's own timeout holds where the guest sets none.
            match options.first_byte_timeout {
                Some(timeout) => within(timeout, answer).await?,
                None => answer.await?,
            }
        }
        None if is_own(context, request.uri()) => {
            within(first_byte, call_self(context, request)).await?
        }
        None => {
            // Connections are pooled, so establishing one is bounded by the
            // host's own limit and counts as waiting for the first byte.
            within(first_byte, context.network.send(request, allowance)).await?
        }
    };
    let between_bytes = options
        .between_bytes_timeout
        .unwrap_or(limits.between_bytes);
    let stalled = || OutboundError::ConnectionReadTimeout;
    Ok(response.map(|body| Unstalled::new(body, between_bytes, stalled).boxed_unsync()))
}

async fn within(
    timeout: std::time::Duration,
    answer: impl Future<Output = Result<Response<Body>, OutboundError>>,
) -> Result<Response<Body>, OutboundError> {
    tokio::time::timeout(timeout, answer)
        .await
        .unwrap_or(Err(OutboundError::ConnectionReadTimeout))
}

/// `http://<component>.spin.internal`, in whatever case: such a host is never
/// looked up outside.
fn chained_component(uri: &Uri) -> Option<String> {
    let host = uri.host()?;
    let (component, suffix) =
        host.split_at_checked(host.len().checked_sub(CHAINING_SUFFIX.len())?)?;
    suffix
        .eq_ignore_ascii_case(CHAINING_SUFFIX)
        .then(|| component.to_owned())
}

fn is_own(context: &ComponentContext, uri: &Uri) -> bool {
    let own = context.own_origin.as_deref();
    own.is_some_and(|own| own.eq_ignore_ascii_case(&Origin(uri).to_string()))
}

async fn chain(
    context: &ComponentContext,
    component: &str,
    request: Request<Body>,
    depth: u8,
) -> Result<Response<Body>, OutboundError> {
    if depth >= context.limits.chain_depth {
        tracing::warn!(component = %context.id, callee = component, "refused a call: the chain is too deep");
        return Err(OutboundError::LoopDetected);
    }
    match context.runtime.upgrade() {
        Some(runtime) => runtime.chain(component, request, depth + 1).await,
        // The host is going down.
        None => Err(OutboundError::DestinationUnavailable),
    }
}

async fn call_self(
    context: &ComponentContext,
    request: Request<Body>,
) -> Result<Response<Body>, OutboundError> {
    match context.runtime.upgrade() {
        Some(runtime) => Ok(Runtime::from(runtime).respond(request, None).await),
        None => Err(OutboundError::ConnectionRefused),
    }
}

/// A URI without its path and query, which may hold secrets.
struct Origin<'a>(&'a Uri);

impl std::fmt::Display for Origin<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = self.0.scheme_str().unwrap_or("http");
        let host = self.0.host().unwrap_or_default();
        write!(formatter, "{scheme}://{host}")?;
        match self.0.port_u16() {
            Some(port) => write!(formatter, ":{port}"),
            None => Ok(()),
        }
    }
}
