//! The application as its callers see it: who may call what, what a bad request is told, and what
//! each route does. All of it in virtual time, except where a socket matters.

mod access;
mod at_once;
mod audit;
mod cross_origin;
mod idempotency;
mod input;
mod lists;
mod organizations;
mod proxy;
mod proxy_actions;
mod settings;
mod tenants;
mod vault;

use api::routes::{Access, ROUTES, Route};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt, Claims, Header};
use serde_json::{Value, json};
use whole_system::{Answer, App, JWT_SECRET, OPERATOR_KEY, Organization, send_raw};

/// When the simulations of this module begin: 2026-09-21T14:13:20Z.
const EPOCH: i64 = 1_790_000_000;
/// An id that nothing has.
const NO_ID: &str = "0190f3a0-0000-7000-8000-000000000000";

/// The routes that a caller outside can reach with credentials.
fn protected() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| {
        !matches!(
            route.access,
            Access::Public | Access::Provider | Access::Internal
        )
    })
}

fn method(route: &Route) -> Method {
    route.method.parse().expect("a method")
}

fn path(route: &Route, id: &str) -> String {
    route.path.replace("{id}", id)
}

/// A request with exactly these headers.
async fn raw(
    app: &App,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send_raw(&app.runtime, request.body(body.into()).expect("a request")).await
}

/// The problem document of an answer that must be one, of this kind.
#[track_caller]
pub fn problem(answer: &Answer, status: u16, kind: &str) -> Value {
    let said = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, status, "{said}");
    assert_eq!(
        answer.headers["content-type"], "application/problem+json",
        "{said}"
    );
    let problem = answer.json();
    assert_eq!(
        problem["type"],
        format!("urn:patchbay:problem:{kind}"),
        "{said}"
    );
    for member in ["title", "detail", "request_id"] {
        assert!(
            problem[member]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{member} of {said}"
        );
    }
    problem
}

/// The fields that a 400 names.
#[track_caller]
pub fn fields(answer: &Answer) -> Vec<String> {
    let problem = problem(answer, 400, "invalid-request");
    problem["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| error["field"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// A token of the product that embeds Patchbay.
/// A token of the product that embeds this.
pub fn jwt(
    secret: &str,
    custom: Value,
    not_before: Option<i64>,
    expiration: Option<i64>,
) -> String {
    let at = |seconds| chrono::DateTime::from_timestamp(seconds, 0).expect("a time");
    let mut claims = Claims::new(custom);
    claims.not_before = not_before.map(at);
    claims.expiration = expiration.map(at);
    Hs256
        .token(&Header::empty(), &claims, &Hs256Key::new(secret))
        .expect("a token")
}

/// A good token, for an hour.
fn token_of(organization_id: &str, role: &str) -> String {
    token_for(organization_id, role, "user-1")
}

/// The same, of this person of the product.
pub fn token_for(organization_id: &str, role: &str, subject: &str) -> String {
    let custom = json!({"sub": subject, "organization_id": organization_id, "role": role});
    jwt(JWT_SECRET, custom, None, Some(EPOCH + 3_600))
}

/// An API key with these properties, made by the operator.
pub async fn api_key(app: &App, organization: &Organization, body: Value) -> Value {
    app.post(
        &format!("/api/api-keys?organization_id={}", organization.id),
        OPERATOR_KEY,
        body,
    )
    .await
    .expect(StatusCode::CREATED)
}

/// The connector as it is shown.
async fn connector(app: &App, organization: &Organization, id: &str) -> Value {
    app.get(&format!("/api/connectors/{id}"), &organization.key)
        .await
        .expect(StatusCode::OK)
}
