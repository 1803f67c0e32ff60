//! The control plane under `/_sim`: what a test does to a simulator that runs
//! in another process. It needs no credential, is never limited and leaves no
//! trace in the log.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::fault::FaultRule;
use crate::{Provider, Simulator};

/// Answers a request whose path is `/_sim` followed by `path`.
pub fn answer<P: Provider>(
    simulator: &Simulator<P>,
    path: &str,
    request: &Request<Bytes>,
) -> Response<Bytes> {
    match (request.method(), path) {
        (&Method::GET, "/health") => json(StatusCode::OK, &json!({"status": "ok"})),
        (&Method::GET, "/faults") => json(StatusCode::OK, &simulator.faults()),
        (&Method::POST, "/faults") => match one_or_many::<FaultRule>(request) {
            Ok(rules) => add_faults(simulator, rules),
            Err(reason) => refusal(StatusCode::BAD_REQUEST, &reason),
        },
        (&Method::DELETE, "/faults") => {
            simulator.clear_faults();
            no_content()
        }
        (&Method::GET, "/requests") => {
            let log = simulator.log();
            json(StatusCode::OK, &log.entries().collect::<Vec<_>>())
        }
        (&Method::GET, "/requests/peak") => {
            let log = simulator.log();
            json(
                StatusCode::OK,
                &json!({"peak": log.peak_in_a_second(None), "by_token": log.peaks_by_token()}),
            )
        }
        (&Method::DELETE, "/requests") => {
            simulator.clear_requests();
            no_content()
        }
        _ => simulator
            .provider()
            .control(path, request)
            .unwrap_or_else(|| {
                refusal(
                    StatusCode::NOT_FOUND,
                    &format!("the control plane has no {} /_sim{path}", request.method()),
                )
            }),
    }
}

fn add_faults<P: Provider>(simulator: &Simulator<P>, rules: Vec<FaultRule>) -> Response<Bytes> {
    for rule in rules {
        if !simulator.add_fault(rule) {
            return refusal(StatusCode::CONFLICT, "too many rules: clear some first");
        }
    }
    json(StatusCode::CREATED, &simulator.faults())
}

/// Reads a body, or says why it cannot be read.
pub fn body<T: DeserializeOwned>(request: &Request<Bytes>) -> Result<T, String> {
    serde_json::from_slice(request.body()).map_err(|error| error.to_string())
}

/// Reads one thing or an array of them. An error names what was wrong in the
/// thing itself, so each is read on its own rather than as an untagged enum.
pub fn one_or_many<T: DeserializeOwned>(request: &Request<Bytes>) -> Result<Vec<T>, String> {
    let many = match body(request)? {
        Value::Array(many) => many,
        one => vec![one],
    };
    many.into_iter()
        .map(|one| serde_json::from_value(one).map_err(|error| error.to_string()))
        .collect()
}

/// Merges what is sent into the settings, and keeps them with `keep`; what is sent in part leaves the
/// rest.
pub fn patch_settings<S: Serialize + DeserializeOwned>(
    request: &Request<Bytes>,
    current: &S,
    keep: impl FnOnce(S),
) -> Response<Bytes> {
    let merged = body::<Value>(request).and_then(|patch| {
        let mut merged = json!(current);
        merge(&mut merged, patch);
        serde_json::from_value::<S>(merged.clone())
            .map(|settings| (settings, merged))
            .map_err(|error| error.to_string())
    });
    match merged {
        Ok((settings, merged)) => {
            keep(settings);
            json(StatusCode::OK, &merged)
        }
        Err(reason) => refusal(StatusCode::BAD_REQUEST, &reason),
    }
}

/// As RFC 7396 merges, except that null is a value: it switches a limit off.
fn merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(target.entry(key).or_insert(Value::Null), value);
            }
        }
        (target, patch) => *target = patch,
    }
}

pub fn json(status: StatusCode, value: &impl Serialize) -> Response<Bytes> {
    match serde_json::to_vec(value) {
        Ok(text) => {
            let mut answer = Response::new(Bytes::from(text));
            *answer.status_mut() = status;
            answer.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
            answer
        }
        Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

pub fn no_content() -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer
}

pub fn refusal(status: StatusCode, message: &str) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(json!({"error": message}).to_string()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    answer
}
