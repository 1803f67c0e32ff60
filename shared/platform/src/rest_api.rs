//! What functions share that have to do with connectors of the type `api`: what the function that
//! calls them takes and answers, and how a call gets into the outbox.

use std::collections::BTreeMap;

use api::FieldError;
use api::connectors::ApiRequest;
use domain::access::Tenant;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::outbox::{self, DeliveryJob, NewDelivery};
use store::{DatabaseError, Execute};

/// The provider of connectors to any REST API, and the kind of what is sent to one.
pub const API: &str = "api";
/// The component that calls them.
pub const FUNCTION: &str = "rest-api";
/// The field of `credentials` in which the access token is that it has got.
pub const ACCESS_TOKEN: &str = "access_token";
/// Where it tests a connector ([`TestCall`](crate::internal::TestCall)).
pub const TEST_PATH: &str = "/internal/rest-api/test";
/// Where it checks a configuration ([`CheckCall`]).
pub const CHECK_PATH: &str = "/internal/rest-api/check";
/// Where it sends a request ([`RequestCall`]).
pub const REQUEST_PATH: &str = "/internal/rest-api/request";

/// What [`CHECK_PATH`] takes: what is to be kept of a connector, and what it has.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckCall {
    pub r#type: String,
    pub config: Map<String, Value>,
    /// `None`: those that are stored stay.
    pub credentials: Option<BTreeMap<String, String>>,
    /// The configuration with which the stored credentials are used.
    pub before: Option<Value>,
}

/// What [`CHECK_PATH`] answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checked {
    /// The configuration as it is to be stored.
    Config(Value),
    /// Pointers into the body of the caller.
    Errors(Vec<CheckedField>),
}

/// A [`FieldError`] on its way.
#[derive(Serialize, Deserialize)]
pub struct CheckedField {
    pub field: String,
    pub detail: String,
}

impl From<CheckedField> for FieldError {
    fn from(checked: CheckedField) -> Self {
        Self::new(checked.field, checked.detail)
    }
}

/// What [`REQUEST_PATH`] takes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestCall {
    pub organization_id: String,
    pub connector_id: String,
    pub request: ApiRequest,
    /// Passed on where the configuration names a header for it.
    pub idempotency_key: Option<String>,
}

/// What [`REQUEST_PATH`] answers with the status 422, where the API's answer, which comes with 200 as
/// it is passed on, is not there.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The request cannot be sent as it is.
    Invalid(CheckedField),
    /// The connector, or its credential, is not in order.
    Unusable(String),
    /// No answer came, or none that could be kept.
    Failed(String),
    /// Not before so many seconds.
    Limited(i64),
}

/// Requests of one connector go one after the other.
#[must_use]
pub fn concurrency_key(connector_id: &str) -> String {
    format!("{API}:{connector_id}")
}

/// A call that is decided.
#[derive(Clone, Copy, Debug)]
pub struct NewCall<'a> {
    /// UUIDv7, of the delivery; it is the call's idempotency key, too.
    pub id: &'a str,
    /// UUIDv7, of its job.
    pub job_id: &'a str,
    /// Of the type `api`.
    pub connector_id: &'a str,
    pub requested_by: &'a str,
    pub request: &'a ApiRequest,
}

/// Decides a call in the transaction of what it follows from: it is sent at least once where the API
/// lets it be repeated, and at most once where it does not. False when the tenant has no such
/// connector, or too many deliveries wait already.
///
/// # Errors
/// The failure of a statement.
pub async fn enqueue<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    new: NewCall<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    let payload = serde_json::to_string(new.request)
        .map_err(|error| DatabaseError::Shape(error.to_string()))?;
    let concurrency_key = concurrency_key(new.connector_id);
    let delivery = NewDelivery {
        id: new.id,
        job_id: new.job_id,
        kind: API,
        connector_id: new.connector_id,
        requested_by: new.requested_by,
        payload: &payload,
        job: DeliveryJob {
            function: FUNCTION,
            concurrency_key: &concurrency_key,
        },
    };
    outbox::enqueue(transaction, tenant, delivery, now).await
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use domain::access::Caller;
    use serde_json::json;
    use store::{Row, Value as Column};

    use super::*;

    /// Takes every statement, and answers each with a row.
    #[derive(Default)]
    struct Statements(RefCell<Vec<Vec<Column>>>);

    impl Execute for Statements {
        async fn execute(
            &self,
            _sql: &str,
            parameters: &[Column],
        ) -> Result<Vec<Row>, DatabaseError> {
            self.0.borrow_mut().push(parameters.to_vec());
            Ok(vec![Row(vec![Column::Text("row".to_owned())])])
        }
    }

    #[test]
    fn a_call_is_a_delivery_for_the_function_that_calls() {
        let tenant = Caller::internal("test")
            .tenant_named("0190a5c0-0000-7000-8000-000000000001")
            .unwrap();
        let request = ApiRequest {
            method: "GET".to_owned(),
            path: "/items".to_owned(),
            query: Vec::new(),
            body: None,
        };
        let new = NewCall {
            id: "delivery",
            job_id: "job",
            connector_id: "connector",
            requested_by: "rule",
            request: &request,
        };
        let statements = Statements::default();
        let mut enqueued = pin!(enqueue(&statements, &tenant, new, 7));
        let polled = enqueued
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Ready(Ok(true))));
        let payload = serde_json::to_string(&request).unwrap();
        let written = statements.0.borrow();
        for (statement, text) in [
            (0, API),
            (0, "connector"),
            (0, "rule"),
            (0, payload.as_str()),
            (1, "job"),
            (1, FUNCTION),
            (1, "api:connector"),
        ] {
            let text = Column::Text(text.to_owned());
            assert!(written[statement].contains(&text), "{text:?} {written:?}");
        }
    }

    #[test]
    fn what_an_automation_decides_is_a_request() {
        let effect = json!({
            "method": "POST", "path": "/items/7", "query": [["q", "a b"]], "body": {"a": [1]},
        });
        let request: ApiRequest = serde_json::from_value(effect.clone()).unwrap();
        assert_eq!(serde_json::to_value(&request).unwrap(), effect);
        let effect = json!({"method": "GET", "path": "/", "query": [], "body": null});
        let request: ApiRequest = serde_json::from_value(effect).unwrap();
        assert_eq!(request.body, None);
    }
}
