//! What happens around every request: its id, cross-origin rules, routing by the one table, the
//! bounded body, authentication, the scope, and the answer with its length.

use std::cell::OnceCell;
use std::collections::HashMap;

use api::query::Query;
use api::rate_limit::RateLimit;
use api::routes::{self, Access, Operation, Route, Served};
use api::{Problem, ProblemKind, body, cors, problem};
use bytes::Bytes;
use domain::access::{Caller, Role, Scope, Tenant};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use spin_sdk::http::{FullBody, Request};
use spin_sdk::wasip3::http_compat::IncomingRequestBody;
use spin_sdk::wit_bindgen::StreamResult;
use store::audit::{self, Actor};
use store::{Database, DatabaseError};

use crate::database::{SpinDatabase, SpinTransaction};
use crate::{auth, clock, inbound_limits, log, problems, random, variables};

/// What a function answers with: the whole body at once, so that it has a length.
pub type Answer = Response<FullBody<Bytes>>;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const READ_BYTES: usize = 64 * 1024;

/// One request, routed and authorized.
pub struct Context {
    pub operation: Operation,
    pub method: Method,
    pub database: SpinDatabase,
    /// `None` on public routes and on those of providers only.
    caller: Option<Caller>,
    /// Whether the route is there to change what is set up.
    is_setup: bool,
    pub request_id: String,
    parameters: HashMap<String, String>,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A successful answer.
pub struct Reply {
    status: StatusCode,
    content_type: &'static str,
    body: Vec<u8>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Reply {
    /// A value as JSON.
    ///
    /// # Errors
    /// A value that cannot be JSON, which is a bug of ours.
    pub fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Self, Problem> {
        let body = serde_json::to_vec(value).map_err(|error| {
            problems::internal(&format!("an answer cannot be written: {error}"))
        })?;
        Ok(Self::json_bytes(status, body))
    }

    /// Bytes that are JSON already.
    #[must_use]
    pub fn json_bytes(status: StatusCode, body: Vec<u8>) -> Self {
        Self {
            status,
            content_type: "application/json",
            body,
            headers: Vec::new(),
        }
    }

    /// Text that is no JSON, as a provider's handshake wants it.
    #[must_use]
    pub fn text(status: StatusCode, content_type: &'static str, text: String) -> Self {
        Self {
            content_type,
            ..Self::json_bytes(status, text.into_bytes())
        }
    }

    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Those that it has beside those of every answer.
    pub fn headers(&self) -> impl Iterator<Item = &(HeaderName, HeaderValue)> {
        self.headers.iter()
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}

impl Context {
    /// # Errors
    /// 401 on a public route that has no caller, which is a bug of ours.
    pub fn caller(&self) -> Result<&Caller, Problem> {
        self.caller
            .as_ref()
            .ok_or_else(|| problems::internal("a public route asked for its caller"))
    }

    /// The caller, if it has proved who it is: a provider that signs is not known yet.
    #[must_use]
    pub const fn known_caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// Whose data is meant: the caller's own organization; for the operator, the one that the
    /// request names.
    ///
    /// # Errors
    /// 404 for another organization, 400 when the operator names none.
    pub fn tenant(&self, named: Option<&str>) -> Result<Tenant, Problem> {
        let caller = self.caller()?;
        match named {
            Some(named) => caller.tenant_named(named).map_err(|_| {
                Problem::new(
                    ProblemKind::NotFound,
                    "There is no such organization, or it is not yours.",
                )
            }),
            None => caller.tenant().map_err(|_| {
                Problem::field(
                    "organization_id",
                    "the operator key belongs to no organization: name the one that is meant",
                )
            }),
        }
    }

    /// [`Context::tenant`] on a route whose only parameter is `organization_id`.
    ///
    /// # Errors
    /// As [`Context::tenant`]; 400 for any other parameter.
    pub fn tenant_of_query(&self) -> Result<Tenant, Problem> {
        let mut query = Query::parse(&self.query);
        let named = query.id("organization_id");
        query.finish()?;
        self.tenant(named.as_deref())
    }

    /// # Errors
    /// 403 naming the scope.
    pub fn require(&self, scope: Scope) -> Result<(), Problem> {
        require_any(self.caller()?, &[scope])
    }

    /// Runs `body` in one transaction. What it changes of what is set up is the caller's in the audit.
    ///
    /// # Errors
    /// What `body` returned, or the database's.
    pub async fn change<T, E, F>(&self, body: F) -> Result<T, E>
    where
        E: From<DatabaseError>,
        F: AsyncFnOnce(&SpinTransaction) -> Result<T, E>,
    {
        change_as(&self.database, self.actor().as_ref(), body).await
    }

    /// Whose change it is, on a route that changes what is set up.
    #[must_use]
    pub fn actor(&self) -> Option<Actor> {
        let caller = self.caller.as_ref().filter(|_| self.is_setup)?;
        Some(Actor {
            kind: caller.kind_name().into(),
            name: caller.subject().to_owned(),
            request_id: self.request_id.clone(),
        })
    }

    /// [`Context::change`] that ends in a problem.
    ///
    /// # Errors
    /// What `body` returned, or the database's.
    pub async fn transaction<T, F>(&self, body: F) -> Result<T, Problem>
    where
        F: AsyncFnOnce(&SpinTransaction) -> Result<T, Problem>,
    {
        self.change(async |transaction| body(transaction).await.map_err(RolledBack::Refused))
            .await
            .map_err(|why| match why {
                RolledBack::Refused(problem) => problem,
                RolledBack::Failed(error) => problems::database(&error),
            })
    }

    /// The `{id}` of the path.
    ///
    /// # Errors
    /// 404: what is not an id has no row.
    pub fn id(&self, what: &str) -> Result<String, Problem> {
        let id = self
            .parameters
            .get("id")
            .map(String::as_str)
            .unwrap_or_default();
        if api::query::is_id(id) {
            Ok(id.to_ascii_lowercase())
        } else {
            Err(Problem::not_found(what))
        }
    }

    /// A part of the path that is no id of ours.
    #[must_use]
    pub fn path_parameter(&self, name: &str) -> &str {
        self.parameters
            .get(name)
            .map(String::as_str)
            .unwrap_or_default()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// 400 that names the field, 415.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let content_type = self
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        body::parse(content_type, &self.body)
    }

    /// The body as JSON, where it can be left out.
    ///
    /// # Errors
    /// 400 that names the field, 415.
    pub fn json_or_default<T: Default + DeserializeOwned>(&self) -> Result<T, Problem> {
        if self.body.is_empty() {
            Ok(T::default())
        } else {
            self.json()
        }
    }
}

/// Why nothing of a transaction was kept.
enum RolledBack {
    Refused(Problem),
    Failed(DatabaseError),
}

impl From<DatabaseError> for RolledBack {
    fn from(error: DatabaseError) -> Self {
        Self::Failed(error)
    }
}

/// Serves one request of a function.
pub async fn serve<F>(served: Served, request: Request, handle: F) -> Answer
where
    F: AsyncFnOnce(Context) -> Result<Reply, Problem>,
{
    let arrived = Arrived::of(&request);
    let is_preflight = request.method() == Method::OPTIONS;
    let origin = allowed_origin(request.headers()).await;
    let is_compatible = routes::is_compatible(request.uri().path());
    let mut seen = Seen::default();
    let result = if is_preflight {
        preflight(served, request.uri().path())
    } else {
        answer(served, request, &arrived.request_id, &mut seen, handle).await
    };
    let result = if is_compatible {
        result.map_err(Problem::or_legacy)
    } else {
        result
    };
    let mut response = arrived.answered(served.function, result, &seen);
    if let Some(origin) = origin {
        cross_origin(response.headers_mut(), origin, is_preflight);
    }
    response
}

/// Runs `body` in one transaction, in the name of whoever it is for the audit. What it refuses is rolled back, so nobody
/// else's change is ever in that name.
///
/// # Errors
/// What `body` returned, or the database's.
pub async fn change_as<T, E, F>(
    database: &SpinDatabase,
    actor: Option<&Actor>,
    body: F,
) -> Result<T, E>
where
    E: From<DatabaseError>,
    F: AsyncFnOnce(&SpinTransaction) -> Result<T, E>,
{
    database
        .transaction(async |transaction| {
            if let Some(actor) = actor {
                audit::begin(transaction, actor, clock::now()).await?;
            }
            let value = body(transaction).await?;
            if actor.is_some() {
                audit::end(transaction).await?;
            }
            Ok(value)
        })
        .await
}

/// Serves one request of a function that has only this route, for the other functions: without the
/// table of routes, and without the ways in of everybody else.
pub async fn serve_internal<F>(route: &'static Route, request: Request, handle: F) -> Answer
where
    F: AsyncFnOnce(Context) -> Result<Reply, Problem>,
{
    let arrived = Arrived::of(&request);
    let mut seen = Seen::default();
    let result = answer_function(route, request, &arrived.request_id, &mut seen, handle).await;
    arrived.answered(route.function, result, &seen)
}

/// [`serve_internal`] for a function that has several routes, all for the other functions.
pub async fn serve_functions<F>(served: Served, request: Request, handle: F) -> Answer
where
    F: AsyncFnOnce(Context) -> Result<Reply, Problem>,
{
    let path = request.uri().path();
    let route = served.routes.iter().find(|route| route.path == path);
    let arrived = Arrived::of(&request);
    let mut seen = Seen::default();
    let result = match route {
        Some(route) => {
            answer_function(route, request, &arrived.request_id, &mut seen, handle).await
        }
        None => Err(no_route()),
    };
    arrived.answered(served.function, result, &seen)
}

/// What is known of a request before anything is done about it.
struct Arrived {
    at_ms: i64,
    request_id: String,
    method: Method,
}

impl Arrived {
    fn of(request: &Request) -> Self {
        Self {
            at_ms: clock::now_ms(),
            request_id: request_id(request.headers()),
            method: request.method().clone(),
        }
    }

    /// The answer, with a line in the log where it matters.
    fn answered(&self, function: &str, result: Result<Reply, Problem>, seen: &Seen) -> Answer {
        let rate_limit = match &result {
            // Of another limit than the caller's, which has no fields.
            Err(problem) if problem.kind == ProblemKind::RateLimited => {
                problem.rate_limit.as_deref().copied()
            }
            Err(problem) => problem.rate_limit.as_deref().copied().or(seen.rate_limit),
            Ok(_) => seen.rate_limit,
        };
        let (mut response, problem) = match result {
            Ok(reply) => (written(reply), None),
            Err(problem) => (
                refused(&problem, &self.request_id),
                Some(problem.kind.name()),
            ),
        };
        if let Ok(value) = HeaderValue::from_str(&self.request_id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        if let Some(limit) = rate_limit {
            for (name, field) in [
                (RATE_LIMIT_POLICY, limit.policy_field()),
                (RATE_LIMIT, limit.field()),
            ] {
                if let Ok(value) = HeaderValue::try_from(field) {
                    response.headers_mut().insert(name, value);
                }
            }
        }
        let status = response.status().as_u16();
        // A successful read is the host's to log, and what a provider has brought is in the inbox; what
        // else changed something or failed is ours.
        if status >= 400 || !(self.method.is_safe() || seen.is_delivery) {
            log::request(&log::Request {
                at_ms: self.at_ms,
                level: if status >= 500 { "error" } else { "info" },
                event: "request",
                function,
                request_id: &self.request_id,
                method: self.method.as_str(),
                route: seen.route,
                status,
                duration_ms: clock::now_ms().saturating_sub(self.at_ms),
                caller: seen.caller.as_deref(),
                organization_id: seen.organization_id.as_deref(),
                problem,
            });
        }
        response
    }
}

/// What the log line wants to know of a request that the handler has consumed.
#[derive(Default)]
struct Seen {
    route: &'static str,
    /// By a provider.
    is_delivery: bool,
    caller: Option<String>,
    organization_id: Option<String>,
    /// What is left to the caller.
    rate_limit: Option<RateLimit>,
}

impl Seen {
    fn caller(&mut self, caller: &Caller) {
        self.caller = Some(caller.subject().to_owned());
        self.organization_id = caller.organization_id().map(|id| id.as_str().to_owned());
    }
}

async fn answer<F>(
    served: Served,
    request: Request,
    request_id: &str,
    seen: &mut Seen,
    handle: F,
) -> Result<Reply, Problem>
where
    F: AsyncFnOnce(Context) -> Result<Reply, Problem>,
{
    let (route, parameters) = find(served, request.method().as_str(), request.uri().path())?;
    seen.route = route.path;
    seen.is_delivery = route.access == Access::Provider;
    let (parts, incoming) = request.into_parts();
    let body = read_body(&parts.method, &parts.headers, incoming, route.max_body).await?;
    let database = SpinDatabase::open()
        .await
        .map_err(|error| problems::database(&error))?;
    let caller = match route.access {
        Access::Public | Access::Provider => None,
        // The function asks for the signature.
        Access::SignedOr(_) if !parts.headers.contains_key(header::AUTHORIZATION) => None,
        Access::Internal => {
            let caller = auth::internal_caller(&parts.headers).await?;
            seen.caller(&caller);
            Some(caller)
        }
        Access::Caller | Access::Scope(_) | Access::AnyScope(_) | Access::SignedOr(_) => {
            let caller = admitted(&parts.headers, &database, seen).await?;
            if route.access != Access::Caller {
                require_any(&caller, route.access.scopes())?;
            }
            if let Some(scope) = route.and {
                require_any(&caller, &[scope])?;
            }
            Some(caller)
        }
    };
    let query = parts.uri.query().unwrap_or_default().to_owned();
    if let Some(caller) = caller
        .as_ref()
        .filter(|caller| caller.role() == Some(Role::Operator))
    {
        refuse_unknown_tenant(caller, &query, &database).await?;
    }
    handle(Context {
        operation: route.operation,
        method: parts.method,
        database,
        caller,
        is_setup: route.access.is_setup(),
        request_id: request_id.to_owned(),
        parameters,
        query,
        headers: parts.headers,
        body,
    })
    .await
}

/// The caller from outside, within its quota. Who cannot prove who it is spends from the quota of
/// its address.
async fn admitted(
    headers: &HeaderMap,
    database: &SpinDatabase,
    seen: &mut Seen,
) -> Result<Caller, Problem> {
    let known = match auth::caller(headers, database).await {
        Ok(known) => known,
        Err(problem) if problem.kind == ProblemKind::Unauthenticated => {
            return Err(inbound_limits::refused(headers, database, problem).await);
        }
        Err(problem) => return Err(problem),
    };
    seen.caller(&known.caller);
    seen.rate_limit = inbound_limits::caller(database, &known).await?;
    Ok(known.caller)
}

async fn answer_function<F>(
    route: &'static Route,
    request: Request,
    request_id: &str,
    seen: &mut Seen,
    handle: F,
) -> Result<Reply, Problem>
where
    F: AsyncFnOnce(Context) -> Result<Reply, Problem>,
{
    if request.uri().path() != route.path {
        return Err(no_route());
    }
    if request.method().as_str() != route.method {
        return Err(wrong_method(route.method.to_owned()));
    }
    seen.route = route.path;
    let (parts, incoming) = request.into_parts();
    let body = read_body(&parts.method, &parts.headers, incoming, route.max_body).await?;
    let caller = auth::internal_caller(&parts.headers).await?;
    seen.caller(&caller);
    let database = SpinDatabase::open()
        .await
        .map_err(|error| problems::database(&error))?;
    handle(Context {
        operation: route.operation,
        method: parts.method,
        database,
        caller: Some(caller),
        is_setup: false,
        request_id: request_id.to_owned(),
        parameters: HashMap::new(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    })
    .await
}

/// A mistyped id must not look like an organization that has nothing.
async fn refuse_unknown_tenant(
    caller: &Caller,
    query: &str,
    database: &SpinDatabase,
) -> Result<(), Problem> {
    let Some(named) = Query::parse(query).id("organization_id") else {
        return Ok(());
    };
    let no_such = || {
        Problem::new(
            ProblemKind::NotFound,
            "There is no such organization, or it is not yours.",
        )
    };
    let tenant = caller.tenant_named(&named).map_err(|_| no_such())?;
    let found = store::organizations::get(database, &tenant)
        .await
        .map_err(|error| problems::database(&error))?;
    found.map(drop).ok_or_else(no_such)
}

/// # Errors
/// 403 naming the scopes.
fn require_any(caller: &Caller, scopes: &[Scope]) -> Result<(), Problem> {
    if scopes.iter().any(|scope| caller.may(*scope)) {
        return Ok(());
    }
    let named: Vec<_> = scopes.iter().map(|scope| format!("`{scope}`")).collect();
    Err(Problem::new(
        ProblemKind::Forbidden,
        format!(
            "This needs the scope {}, which the caller does not have.",
            named.join(" or ")
        ),
    ))
}

type Router = matchit::Router<Vec<&'static Route>>;

thread_local! {
    static ROUTER: OnceCell<Router> = const { OnceCell::new() };
}

fn router(served: Served) -> Router {
    let mut by_path: HashMap<&'static str, Vec<&'static Route>> = HashMap::new();
    for route in served.routes {
        by_path.entry(route.path).or_default().push(route);
    }
    let mut router = Router::new();
    for (path, routes) in by_path {
        // The table's test keeps paths apart; a clash would leave a route without a service.
        let _ = router.insert(path, routes);
    }
    router
}

fn find(
    served: Served,
    method: &str,
    path: &str,
) -> Result<(&'static Route, HashMap<String, String>), Problem> {
    let path = if path.len() > 1 {
        path.strip_suffix('/').unwrap_or(path)
    } else {
        path
    };
    ROUTER.with(|cell| {
        let router = cell.get_or_init(|| router(served));
        let found = router.at(path).map_err(|_| no_route())?;
        // The host leaves out the content of the answer (RFC 9110, 9.3.2).
        let method = if method == "HEAD" { "GET" } else { method };
        match found.value.iter().find(|route| route.method == method) {
            Some(route) => Ok((
                *route,
                found
                    .params
                    .iter()
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
            )),
            None => {
                let allow = found
                    .value
                    .iter()
                    .map(|route| match route.method {
                        "GET" => "GET, HEAD",
                        other => other,
                    })
                    .collect::<Vec<_>>()
                    .join(", ");
                Err(wrong_method(allow))
            }
        }
    })
}

fn no_route() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "There is no such route. `GET /` lists them.",
    )
}

fn wrong_method(allow: String) -> Problem {
    let mut problem = Problem::new(
        ProblemKind::MethodNotAllowed,
        format!("This path takes {allow}."),
    );
    problem.allow = Some(allow);
    problem
}

async fn read_body(
    method: &Method,
    headers: &HeaderMap,
    mut incoming: IncomingRequestBody,
    max_bytes: usize,
) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(
            ProblemKind::PayloadTooLarge,
            format!("The body may have at most {} KiB.", max_bytes / 1024),
        )
    };
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max_bytes) {
        return Err(too_large());
    }
    // A read without a length has no body (RFC 9112, 6.3), or none that it could have a use for. To
    // ask the host for what is not there costs more than all else that is done here.
    if announced == Some(0) || (announced.is_none() && method.is_safe()) {
        return Ok(Bytes::new());
    }
    let Some(request) = incoming.take_unstarted() else {
        return Ok(Bytes::new());
    };
    let (_, consumed) = spin_sdk::wasip3::wit_future::new(|| Ok(()));
    let (mut stream, trailers) =
        spin_sdk::wasip3::http::types::Request::consume_body(request, consumed);
    let mut body = Vec::new();
    // The host hands over no more than was announced, so with the last byte of it there is no reason to
    // ask again, which would wait for the host once more.
    while announced != Some(body.len()) {
        let room = announced.map_or(READ_BYTES, |length| length.min(READ_BYTES));
        let (result, mut chunk) = stream.read(Vec::with_capacity(room)).await;
        body.append(&mut chunk);
        if body.len() > max_bytes {
            return Err(too_large());
        }
        if !matches!(result, StreamResult::Complete(_)) {
            break;
        }
    }
    let cut_short = |how| Err(Problem::field("", how));
    if announced.is_some_and(|length| length != body.len()) {
        return cut_short("ended before its Content-Length");
    }
    // The stream ends the same way whether the client has finished or is gone. What comes after it
    // tells; without a length nothing else does.
    if announced.is_none() && trailers.await.is_err() {
        return cut_short("broke off before its end");
    }
    Ok(body.into())
}

/// The caller's own id when it is plain, or a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let plain = (8..=64).contains(&given.len())
        && given
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if plain {
        given.to_owned()
    } else {
        random::id()
    }
}

fn written(reply: Reply) -> Answer {
    let mut response = respond(reply.status, reply.content_type, reply.body);
    for (name, value) in reply.headers {
        response.headers_mut().append(name, value);
    }
    response
}

fn refused(problem: &Problem, request_id: &str) -> Answer {
    let mut response = respond(
        problem.status(),
        problem::MEDIA_TYPE,
        problem.to_json(request_id),
    );
    let headers = response.headers_mut();
    if let Some(seconds) = problem.retry_after_seconds {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(allow) = problem
        .allow
        .as_deref()
        .and_then(|allow| HeaderValue::from_str(allow).ok())
    {
        headers.insert(header::ALLOW, allow);
    }
    if problem.kind == ProblemKind::Unauthenticated {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn respond(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Answer {
    let length = body.len();
    let mut response = Response::new(FullBody::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    // An answer that has no content by its status must not say how long it is (RFC 9110, 8.6).
    if status != StatusCode::NO_CONTENT {
        // Without a length the answer would be chunked and wait for the client's delayed ACK.
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

async fn allowed_origin(headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let allowed = variables::get("allowed_origins").await?;
    cors::is_allowed(origin.to_str().ok()?, &allowed).then(|| origin.clone())
}

/// `OPTIONS` is answered for every path that exists, whoever asks: what a page of another origin
/// may do is in the headers that [`cross_origin`] adds, or does not.
fn preflight(served: Served, path: &str) -> Result<Reply, Problem> {
    let allow = match find(served, "OPTIONS", path) {
        Err(problem) if problem.kind == ProblemKind::MethodNotAllowed => {
            problem.allow.unwrap_or_default()
        }
        Err(problem) => return Err(problem),
        Ok(_) => String::new(),
    };
    Ok(Reply::json_bytes(StatusCode::NO_CONTENT, Vec::new())
        .header(header::ALLOW, &format!("{allow}, OPTIONS")))
}

fn cross_origin(headers: &mut HeaderMap, origin: HeaderValue, preflight: bool) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(
            "x-request-id, retry-after, ratelimit, ratelimit-policy, content-disposition, x-synced-at, x-is-stale",
        ),
    );
    if preflight {
        if let Some(allow) = headers.get(header::ALLOW).cloned() {
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, allow);
        }
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(
                "authorization, apikey, content-type, idempotency-key, x-request-id",
            ),
        );
        headers.insert(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("600"),
        );
    }
}
