//! The control plane's part that knows workspaces.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

use super::{Change, Slack};
use crate::control;

/// None when there is no such route.
pub fn answer(simulator: &Slack, path: &str, request: &Request<Bytes>) -> Option<Response<Bytes>> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    Some(match (request.method(), segments.as_slice()) {
        (&Method::GET, ["workspaces"]) => {
            control::json(StatusCode::OK, &simulator.workspaces().list())
        }
        (&Method::GET, ["channels", id, "messages"]) => {
            if simulator.workspaces().channel(id).is_none() {
                return Some(control::refusal(
                    StatusCode::NOT_FOUND,
                    &format!("channel {id} does not exist in the simulator"),
                ));
            }
            control::json(StatusCode::OK, &simulator.messages(id))
        }
        (&Method::DELETE, ["messages"]) => {
            simulator.clear_messages();
            control::no_content()
        }
        (&Method::POST, ["changes"]) => change(simulator, request),
        (&Method::GET, ["settings"]) => control::json(StatusCode::OK, &simulator.settings()),
        (&Method::PATCH, ["settings"]) => {
            control::patch_settings(request, &simulator.settings(), |patched| {
                simulator.change_settings(|current| *current = patched);
            })
        }
        _ => return None,
    })
}

/// One change or several in order; those before the first that fails stand.
fn change(simulator: &Slack, request: &Request<Bytes>) -> Response<Bytes> {
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
