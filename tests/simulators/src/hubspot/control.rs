//! The control plane's part that knows the account.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::workflow::Workflow;
use super::{Change, HubSpot, Kind};
use crate::control;

/// A delivery that somebody wants to post.
#[derive(Deserialize)]
struct Wanted {
    deal: u64,
    workflow: Workflow,
}

/// None when there is no such route.
pub fn answer(
    simulator: &HubSpot,
    path: &str,
    request: &Request<Bytes>,
) -> Option<Response<Bytes>> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    Some(match (request.method(), segments.as_slice()) {
        (&Method::GET, ["account"]) => account(simulator),
        (&Method::GET, ["objects", kind]) => match Kind::of_path(kind) {
            Some(kind) => objects(simulator, kind),
            None => return None,
        },
        (&Method::GET, ["owners"]) => {
            let account = simulator.account();
            control::json(StatusCode::OK, &account.owners.values().collect::<Vec<_>>())
        }
        (&Method::GET, ["patches"]) => control::json(StatusCode::OK, &simulator.patches()),
        (&Method::DELETE, ["patches"]) => {
            simulator.clear_patches();
            control::no_content()
        }
        (&Method::POST, ["changes"]) => change(simulator, request),
        (&Method::POST, ["deliveries"]) => deliver(simulator, request),
        (&Method::GET, ["settings"]) => control::json(StatusCode::OK, &simulator.settings()),
        (&Method::PATCH, ["settings"]) => {
            control::patch_settings(request, &simulator.settings(), |patched| {
                simulator.change_settings(|current| *current = patched);
            })
        }
        _ => return None,
    })
}

fn account(simulator: &HubSpot) -> Response<Bytes> {
    let account = simulator.account();
    control::json(
        StatusCode::OK,
        &json!({
            "portal_id": account.portal_id, "name": account.name,
            "time_zone": account.time_zone, "tokens": account.tokens,
            "associations": account.associations,
        }),
    )
}

/// As they are now, whatever searches see.
fn objects(simulator: &HubSpot, kind: Kind) -> Response<Bytes> {
    let account = simulator.account();
    let records: Vec<Value> = account
        .records(kind)
        .values()
        .map(|record| {
            json!({"id": record.id, "properties": record.properties(), "is_archived": record.is_archived})
        })
        .collect();
    control::json(StatusCode::OK, &records)
}

/// One change or several in order; those before the first that fails stand.
fn change(simulator: &HubSpot, request: &Request<Bytes>) -> Response<Bytes> {
    let changes = match control::one_or_many::<Change>(request) {
        Ok(changes) => changes,
        Err(reason) => return control::refusal(StatusCode::BAD_REQUEST, &reason),
    };
    for change in changes {
        if let Err(error) = simulator.change(change) {
            return control::refusal(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string());
        }
    }
    control::no_content()
}

/// Builds and signs a delivery as of now; whoever asked posts it.
fn deliver(simulator: &HubSpot, request: &Request<Bytes>) -> Response<Bytes> {
    let Wanted { deal, workflow } = match control::body(request) {
        Ok(wanted) => wanted,
        Err(reason) => return control::refusal(StatusCode::BAD_REQUEST, &reason),
    };
    match simulator.enrol(&workflow, deal) {
        Ok(delivery) => {
            let headers: serde_json::Map<String, Value> = delivery
                .headers(simulator.clock.now_ms())
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect();
            control::json(
                StatusCode::CREATED,
                &json!({"method": "POST", "url": delivery.url, "headers": headers,
                        "callback_id": delivery.callback_id,
                        "body": String::from_utf8_lossy(&delivery.body)}),
            )
        }
        Err(error) => control::refusal(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()),
    }
}
