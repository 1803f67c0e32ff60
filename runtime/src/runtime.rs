//! A running application.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    allowed_hosts::AllowedHosts,
    application::{self, Application},
    body::{self, Body, OutboundError},
    clock::{Clock, SystemClock},
    cron::{self, CronComponent},
    error::Error,
    faults::{Faults, NoFaults},
    http_component::{HttpComponent, RequestData, Unanswered},
    http_server::Server,
    instance::{ComponentContext, Seed},
    kill::KillSwitch,
    limits::Limits,
    manifest,
    network::{Internet, Network},
    output::GuestOutput,
    routes::Router,
    spin_headers::{self, Origin},
    storage::{Execution, Storage},
    trace::{Trace, TraceEvent},
    variables::{Environment, Variables},
};

/// Answers without asking any component, for whoever watches the process.
const HEALTH_PATH: &str = "/.well-known/spin/health";
/// What a client that is refused for now is told to wait, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// An application with its data, clock and network. Clones share it.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

pub(crate) struct Inner {
    application: Application,
    router: Router,
    http: BTreeMap<String, HttpComponent>,
    /// In the order of the manifest.
    cron: Vec<CronComponent>,
    limits: Arc<Limits>,
    clock: Arc<dyn Clock>,
    trace: Arc<Trace>,
    internet: Option<Arc<Internet>>,
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    killed: KillSwitch,
}

/// What an application is started with. Everything has a default that suits
/// a real start; a test replaces what it wants to control.
pub struct RuntimeBuilder {
    application: Application,
    variables: BTreeMap<String, String>,
    read_environment: bool,
    storage: Option<Storage>,
    limits: Limits,
    clock: Option<Arc<dyn Clock>>,
    network: Option<Arc<dyn Network>>,
    block_private_networks: bool,
    faults: Arc<dyn Faults>,
    seed: Option<u64>,
    simulation: bool,
    trace_capacity: usize,
    output: GuestOutput,
    own_origin: Option<String>,
}

impl RuntimeBuilder {
    /// Sets a variable. It has precedence over the environment and the manifest.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// Also takes variables from `SPIN_VARIABLE_*` and from `.env` beside the
    /// manifest. Off by default, so that tests do not depend on where they run.
    #[must_use]
    pub fn read_environment(mut self) -> Self {
        self.read_environment = true;
        self
    }

    /// Where the guests' data is kept. By default it is temporary.
    #[must_use]
    pub fn storage(mut self, storage: Storage) -> Self {
        self.storage = Some(storage);
        self
    }

    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How many requests an instance handles before it is replaced; 1 gives
    /// every request an instance of its own.
    #[must_use]
    pub fn instance_reuse(mut self, requests: usize) -> Self {
        self.limits.requests_per_instance = requests;
        self
    }

    /// The clock that guests and schedules see.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Where outbound requests go, instead of the internet.
    #[must_use]
    pub fn network(mut self, network: Arc<dyn Network>) -> Self {
        self.network = Some(network);
        self
    }

    /// Lets requests reach private addresses through `allowed_outbound_hosts`
    /// entries that name the host. See [`Internet::new`].
    #[must_use]
    pub fn allow_private_networks(mut self) -> Self {
        self.block_private_networks = false;
        self
    }

    #[must_use]
    pub fn faults(mut self, faults: Arc<dyn Faults>) -> Self {
        self.faults = faults;
        self
    }

    /// Makes the randomness of guests repeatable.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Makes everything happen in the calling thread and without regard to
    /// real time: SQLite blocks, guests are not interrupted. Needs a
    /// current-thread tokio, and with `start_paused` time is virtual. The
    /// network should be in process, for sockets do not know virtual time.
    #[must_use]
    pub fn simulation(mut self) -> Self {
        self.simulation = true;
        self
    }

    /// Records the newest `capacity` effects of guests. See [`Runtime::take_trace`].
    #[must_use]
    pub fn trace(mut self, capacity: usize) -> Self {
        self.trace_capacity = capacity;
        self
    }

    /// Lets the application answer, in process, what its components send to
    /// `origin`, such as `http://127.0.0.1:3000`: a simulation has no listener.
    #[must_use]
    pub fn own_origin(mut self, origin: &str) -> Self {
        self.own_origin = Some(origin.trim_end_matches('/').to_owned());
        self
    }

    #[must_use]
    pub fn guest_output(mut self, output: GuestOutput) -> Self {
        self.output = output;
        self
    }

    /// Starts the application; it answers [`Runtime::handle`] from then on.
    /// Must be called on a tokio runtime.
    ///
    /// # Errors
    /// If a variable is missing, a component exports no handler for its
    /// trigger, or the data cannot be opened.
    pub fn start(self) -> Result<Runtime, Error> {
        if !self.simulation {
            application::start_epochs()?;
        }
        let manifest = self.application.manifest();
        let environment = if self.read_environment {
            Environment::read(&manifest.folder)?
        } else {
            Environment::default()
        };
        let variables = Variables::resolve(&manifest.variables, &self.variables, &environment)?;
        let limits = Arc::new(self.limits);
        let (network, internet): (Arc<dyn Network>, _) = match self.network {
            Some(network) => (network, None),
            None => {
                let internet =
                    Arc::new(Internet::new(self.block_private_networks, limits.connect)?);
                (Arc::clone(&internet) as _, Some(internet))
            }
        };
        let shared = Shared {
            application: &self.application,
            variables: &variables,
            storage: match self.storage {
                Some(storage) => storage,
                None => Storage::temporary()?,
            },
            execution: if self.simulation {
                Execution::Inline
            } else {
                Execution::Pool
            },
            limits: Arc::clone(&limits),
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock::new())),
            network,
            faults: self.faults,
            trace: Arc::new(Trace::with_capacity(self.trace_capacity)),
            output: self.output,
            own_origin: self.own_origin,
            seed: self.seed,
            instances: Arc::default(),
        };
        let killed = KillSwitch::new();
        let contexts = shared.contexts()?;
        let mut failure = None;
        let inner = Arc::new_cyclic(|runtime| {
            let components = Components::new(&shared, contexts, runtime, &killed);
            let Components { router, http, cron } = components.unwrap_or_else(|error| {
                failure = Some(error);
                Components::default()
            });
            Inner {
                router,
                http,
                cron,
                application: self.application.clone(),
                places: Arc::new(Semaphore::new(limits.concurrent_requests)),
                waiting: AtomicUsize::new(0),
                limits,
                clock: Arc::clone(&shared.clock),
                trace: Arc::clone(&shared.trace),
                internet,
                killed,
            }
        });
        match failure {
            Some(error) => Err(error),
            None => Ok(Runtime(inner)),
        }
    }
}

/// What the contexts of all components are made of.
struct Shared<'a> {
    application: &'a Application,
    variables: &'a Variables,
    storage: Storage,
    execution: Execution,
    limits: Arc<Limits>,
    clock: Arc<dyn Clock>,
    network: Arc<dyn Network>,
    faults: Arc<dyn Faults>,
    trace: Arc<Trace>,
    output: GuestOutput,
    own_origin: Option<String>,
    seed: Option<u64>,
    instances: Arc<AtomicU64>,
}

impl Shared<'_> {
    fn contexts(&self) -> Result<BTreeMap<String, ComponentContext>, Error> {
        let components = self.application.manifest().components.iter();
        components
            .map(|(id, component)| Ok((id.clone(), self.context(id, component)?)))
            .collect()
    }

    fn context(
        &self,
        id: &str,
        component: &manifest::Component,
    ) -> Result<ComponentContext, Error> {
        let hosts: Vec<String> = component
            .allowed_outbound_hosts
            .iter()
            .map(|template| self.variables.expand(template))
            .collect();
        let allowed_hosts =
            AllowedHosts::parse(hosts.iter().map(String::as_str)).map_err(|message| {
                Error::Component {
                    component: id.to_owned(),
                    message,
                }
            })?;
        Ok(ComponentContext {
            id: id.to_owned(),
            environment: component.environment.clone(),
            variables: component
                .variables
                .iter()
                .map(|(name, template)| (name.clone(), self.variables.expand(template)))
                .collect(),
            allowed_hosts,
            key_value_stores: component.key_value_stores.iter().cloned().collect(),
            sqlite_databases: component.sqlite_databases.iter().cloned().collect(),
            storage: self.storage.clone(),
            execution: self.execution,
            limits: Arc::clone(&self.limits),
            clock: Arc::clone(&self.clock),
            network: Arc::clone(&self.network),
            faults: Arc::clone(&self.faults),
            trace: Arc::clone(&self.trace),
            output: self.output.clone(),
            seed: self.seed.map(|value| Seed {
                value,
                instances: Arc::clone(&self.instances),
            }),
            engine: application::engine()?.clone(),
            untaken: AtomicUsize::new(0),
            runtime: Weak::new(),
            own_origin: self.own_origin.clone(),
        })
    }
}

#[derive(Default)]
struct Components {
    router: Router,
    http: BTreeMap<String, HttpComponent>,
    cron: Vec<CronComponent>,
}

impl Components {
    fn new(
        shared: &Shared<'_>,
        contexts: BTreeMap<String, ComponentContext>,
        runtime: &Weak<Inner>,
        killed: &KillSwitch,
    ) -> Result<Self, Error> {
        let manifest = shared.application.manifest();
        let mut this = Self::default();
        let contexts: BTreeMap<String, Arc<ComponentContext>> = contexts
            .into_iter()
            .map(|(id, mut context)| {
                context.runtime = Weak::clone(runtime);
                (id, Arc::new(context))
            })
            .collect();
        let prepared = |id: &str| {
            let pre = shared.application.components().get(id)?;
            Some((pre, Arc::clone(contexts.get(id)?)))
        };
        for trigger in &manifest.http {
            let id = &trigger.component;
            let refuse = |message| Error::Component {
                component: id.clone(),
                message,
            };
            this.router.add(&trigger.route, id).map_err(refuse)?;
            if let Some((pre, context)) = prepared(id)
                && !this.http.contains_key(id)
            {
                let component = HttpComponent::new(pre, context, killed.watch()).map_err(refuse)?;
                this.http.insert(id.clone(), component);
            }
        }
        for trigger in &manifest.cron {
            let id = &trigger.component;
            if let Some((pre, context)) = prepared(id) {
                let component =
                    CronComponent::new(pre, context).map_err(|message| Error::Component {
                        component: id.clone(),
                        message,
                    })?;
                this.cron.push(component);
            }
        }
        Ok(this)
    }
}

impl From<Arc<Inner>> for Runtime {
    fn from(inner: Arc<Inner>) -> Self {
        Self(inner)
    }
}

impl Runtime {
    pub fn builder(application: &Application) -> RuntimeBuilder {
        RuntimeBuilder {
            application: application.clone(),
            variables: BTreeMap::new(),
            read_environment: false,
            storage: None,
            limits: Limits::default(),
            clock: None,
            network: None,
            block_private_networks: true,
            faults: Arc::new(NoFaults),
            seed: None,
            simulation: false,
            trace_capacity: 0,
            output: GuestOutput::default(),
            own_origin: None,
        }
    }

    /// Answers a request as if it had come over a socket, and returns the
    /// whole response. The host part of the URI stands for the header `host`.
    ///
    /// Whatever goes wrong is a response: 400 the body broke off, 404 no route,
    /// 408 the body came too slowly, 413 body too large,
    /// 500 the guest failed, 502 its response broke off, 503 (retryable) its
    /// instance ended or the host is full, 504 it took too long.
    pub async fn handle(&self, request: Request<impl Into<Bytes>>) -> Response<Bytes> {
        let request = request.map(|body| body::full(body));
        let (parts, body) = self.respond(request, None).await.into_parts();
        match body.collect().await {
            Ok(body) => Response::from_parts(parts, body.to_bytes()),
            Err(_) => Response::from_parts(
                refusal(StatusCode::BAD_GATEWAY, "the response broke off")
                    .into_parts()
                    .0,
                Bytes::new(),
            ),
        }
    }

    /// Listens for HTTP/1.1 on `address` (port 0 for any free one).
    ///
    /// # Errors
    /// If the address is in use or cannot be listened on.
    pub async fn serve(&self, address: std::net::SocketAddr) -> Result<Server, Error> {
        let server = Server::start(self.clone(), address).await?;
        if let Some(internet) = &self.0.internet {
            internet.set_own_address(server.address());
        }
        Ok(server)
    }

    /// Runs the component of the cron trigger with this number, counted from
    /// zero in the order of the manifest, now and to its end.
    ///
    /// # Errors
    /// If there is no such trigger, or the component fails.
    pub async fn fire_cron(&self, number: usize) -> Result<(), Error> {
        let component = self
            .0
            .cron
            .get(number)
            .ok_or(Error::NoSuchTrigger(number))?;
        let killed = self.0.killed.watch();
        let run = async {
            tokio::select! {
                biased;
                () = killed.wait() => Err("the host was killed".to_owned()),
                result = component.run() => result,
            }
        };
        run.await.map_err(|message| Error::Cron {
            component: self.trigger_component(number),
            message,
        })
    }

    /// Keeps all cron schedules, until the returned guard is dropped.
    #[must_use]
    pub fn keep_schedules(&self) -> Schedules {
        let triggers = self.0.application.manifest().cron.iter().cloned();
        Schedules(
            triggers
                .enumerate()
                .map(|(number, trigger)| {
                    tokio::spawn(cron::keep_schedule(self.clone(), number, trigger)).abort_handle()
                })
                .collect(),
        )
    }

    /// Drops every instance where it stands, as the death of the process
    /// would: requests break off, open transactions are rolled back, what was
    /// committed stays. The runtime answers 503 from then on; start another
    /// one on a clone of the same [`Storage`].
    pub async fn kill(&self) {
        self.0.killed.kill();
        // The instances are tasks, which see it when they are next polled.
        for _ in 0..KILL_YIELDS {
            tokio::task::yield_now().await;
        }
    }

    /// Removes and returns the recorded effects, oldest first.
    pub fn take_trace(&self) -> Vec<TraceEvent> {
        self.0.trace.take()
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    fn trigger_component(&self, number: usize) -> String {
        let triggers = &self.0.application.manifest().cron;
        triggers
            .get(number)
            .map(|trigger| trigger.component.clone())
            .unwrap_or_default()
    }

    /// The way of every inbound request.
    pub(crate) async fn respond(
        &self,
        mut request: Request<Body>,
        origin: Option<Origin>,
    ) -> Response<Body> {
        let inner = &self.0;
        if request.uri().path() == HEALTH_PATH {
            return Response::new(body::full("OK"));
        }
        let uri = request.uri().clone();
        let Some(route) = inner.router.find(uri.path()) else {
            return refusal(StatusCode::NOT_FOUND, "no component answers this path");
        };
        let Some(component) = inner.http.get(route.component) else {
            return refusal(StatusCode::NOT_FOUND, "no component answers this path");
        };
        if declared_length(&request) > u64::try_from(inner.limits.request_body).ok() {
            return too_large();
        }
        spin_headers::prepare(&mut request, &route, origin);
        let (parts, body) = request.into_parts();
        // A client that sends slowly must not hold a place meanwhile.
        let body = match inner.receive(body).await {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        let request = Request::from_parts(parts, body);
        let Some(permit) = inner.admit().await else {
            return retryable("too many requests are being handled");
        };
        let data = RequestData {
            depth: 0,
            permit: Some(permit),
        };
        let response = inner.answer(component, request, data).await;
        response.unwrap_or_else(|unanswered| {
            inner.report(route.component, &unanswered);
            explain(&unanswered)
        })
    }
}

/// How often a killed runtime lets others run: more often than any chain of
/// tasks that must notice.
const KILL_YIELDS: usize = 64;

/// Cron schedules that are kept.
pub struct Schedules(Vec<tokio::task::AbortHandle>);

impl Drop for Schedules {
    fn drop(&mut self) {
        for schedule in &self.0 {
            schedule.abort();
        }
    }
}

impl Inner {
    /// A call from one component to another.
    pub(crate) async fn chain(
        &self,
        component: &str,
        mut request: Request<Body>,
        depth: u8,
    ) -> Result<Response<Body>, OutboundError> {
        let Some(callee) = self.find(component) else {
            tracing::warn!("a component called `{component}`, which has no HTTP trigger");
            return Err(OutboundError::DestinationNotFound);
        };
        spin_headers::prepare_chained(&mut request);
        let data = RequestData {
            depth,
            permit: None,
        };
        self.answer(callee, request, data)
            .await
            .or_else(|unanswered| {
                self.report(component, &unanswered);
                Ok(explain(&unanswered))
            })
    }

    async fn answer(
        &self,
        component: &HttpComponent,
        request: Request<Body>,
        data: RequestData,
    ) -> Result<Response<Body>, Unanswered> {
        if self.killed.is_set() {
            return Err(Unanswered::InstanceEnded);
        }
        let (parts, body) = component.handle(request, data).await?.into_parts();
        /// A body that takes longer than this to write is streamed.
        const PATIENCE: Duration = Duration::from_millis(100);
        let body = body::buffer_small(body, self.limits.buffered_response, PATIENCE)
            .await
            .map_err(|_| Unanswered::InstanceEnded)?;
        Ok(Response::from_parts(parts, body))
    }

    fn report(&self, component: &str, unanswered: &Unanswered) {
        // That a host which was stopped breaks off its requests is no news.
        if !self.killed.is_set() {
            tracing::error!(component, "no answer: {unanswered}");
        }
    }

    /// The component that the name of a host stands for. Case makes no
    /// difference there, unless components differ by nothing else.
    fn find(&self, name: &str) -> Option<&HttpComponent> {
        self.http.get(name).or_else(|| {
            let mut components = self.http.iter();
            let (_, component) = components.find(|(id, _)| id.eq_ignore_ascii_case(name))?;
            Some(component)
        })
    }

    /// A small body whole, or a larger one when its beginning has arrived.
    ///
    /// # Errors
    /// The answer to a client that sends too slowly or too much.
    async fn receive(&self, body: Body) -> Result<Body, Response<Body>> {
        if body.is_end_stream() {
            return Ok(body);
        }
        let body = body::limited(body, self.limits.request_body);
        body::await_beginning(body, self.limits.buffered_request)
            .await
            .map_err(|error| match error {
                OutboundError::HttpRequestBodySize(_) => too_large(),
                OutboundError::ConnectionReadTimeout => too_slow(),
                _ => refusal(StatusCode::BAD_REQUEST, "the request body broke off"),
            })
    }

    /// A place among the requests that are handled, unless too many wait for one.
    async fn admit(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(permit);
        }
        let _turn = Waiting::join(&self.waiting, self.limits.queued_requests)?;
        let place = Arc::clone(&self.places).acquire_owned();
        tokio::time::timeout(self.limits.queue_wait, place)
            .await
            .ok()?
            .ok()
    }
}

/// One of the requests that wait.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn join(waiting: &'a AtomicUsize, limit: usize) -> Option<Self> {
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        let this = Self(waiting);
        (before < limit).then_some(this)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn declared_length(request: &Request<Body>) -> Option<u64> {
    request
        .headers()
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn explain(unanswered: &Unanswered) -> Response<Body> {
    match unanswered {
        Unanswered::InstanceEnded => retryable("the component's instance ended"),
        Unanswered::NoInstance(_) => retryable("the component has no free instance"),
        Unanswered::TimedOut => refusal(StatusCode::GATEWAY_TIMEOUT, "the component took too long"),
        Unanswered::GuestFailed(_) => {
            refusal(StatusCode::INTERNAL_SERVER_ERROR, "the component failed")
        }
    }
}

fn too_large() -> Response<Body> {
    refusal(
        StatusCode::PAYLOAD_TOO_LARGE,
        "the request body is too large",
    )
}

fn too_slow() -> Response<Body> {
    let mut response = refusal(
        StatusCode::REQUEST_TIMEOUT,
        "the request body came too slowly",
    );
    // What is still to come of it is no request.
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

fn retryable(why: &'static str) -> Response<Body> {
    let mut response = refusal(StatusCode::SERVICE_UNAVAILABLE, why);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, RETRY_AFTER);
    response
}

fn refusal(status: StatusCode, why: &'static str) -> Response<Body> {
    let mut response = Response::new(body::full(why));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}
