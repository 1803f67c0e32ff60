//! The control plane's part that knows apps and folders.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

use super::{BoxFolders, Change};
use crate::control;

/// None when there is no such route.
pub fn answer(
    simulator: &BoxFolders,
    path: &str,
    request: &Request<Bytes>,
) -> Option<Response<Bytes>> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    Some(match (request.method(), segments.as_slice()) {
        (&Method::GET, ["enterprise"]) => {
            let enterprise = simulator.enterprise();
            control::json(
                StatusCode::OK,
                &json!({
                    "id": enterprise.id,
                    "apps": enterprise.apps,
                    "users": enterprise.users,
                }),
            )
        }
        (&Method::GET, ["apps", client_id, "config"]) => {
            let enterprise = simulator.enterprise();
            match enterprise.apps.get(*client_id) {
                Some(app) => control::json(StatusCode::OK, &app.config(&enterprise.id)),
                None => control::refusal(
                    StatusCode::NOT_FOUND,
                    &format!("app {client_id} does not exist in the simulator"),
                ),
            }
        }
        (&Method::GET, ["items"]) => {
            let items: Vec<_> = simulator.enterprise().items.into_values().collect();
            control::json(StatusCode::OK, &items)
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
fn change(simulator: &BoxFolders, request: &Request<Bytes>) -> Response<Bytes> {
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
