//! Calls from one function to another.
//!
//! By service chaining (`http://<component>.spin.internal`) unless the variable
//! `internal_base_url` names an origin, for hosts without chaining. Chained calls ignore request
//! timeouts, so each is under a timer of its own; an unknown component name would trap the caller,
//! so only names of the route table are called.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use serde::{Deserialize, Serialize};

use crate::outbound::{self, CallError};
use crate::variables;

/// Has a connector tested by the function that has a client for it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestCall {
    pub organization_id: String,
    pub connector_id: String,
}

/// Posts `body` to `path` of `function` and reads the answer.
///
/// # Errors
/// [`CallError`]; also [`CallError::NotAllowed`] for a function that does not exist.
pub async fn post<T: Serialize>(
    function: &str,
    path: &str,
    body: &T,
    timeout_ms: i64,
) -> Result<Response<Bytes>, CallError> {
    if !api::routes::FUNCTIONS.contains(&function) {
        return Err(CallError::NotAllowed(format!(
            "there is no function {function}"
        )));
    }
    let base = variables::get("internal_base_url")
        .await
        .unwrap_or_else(|| format!("http://{function}.spin.internal"));
    let token = variables::get("internal_token").await.unwrap_or_default();
    let invalid = |what: &str| CallError::Connect(format!("{what} is not usable in a request"));
    let mut authorization =
        HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| invalid("internal_token"))?;
    authorization.set_sensitive(true);
    let body = serde_json::to_vec(body).map_err(|_| invalid("the body"))?;
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{}{path}", base.trim_end_matches('/')))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, authorization)
        .body(body)
        .map_err(|_| invalid("internal_base_url"))?;
    outbound::send(&request, timeout_ms).await
}
