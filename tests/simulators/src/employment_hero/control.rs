//! The control plane's part that knows organisations and tokens.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde::Deserialize;

use super::{Change, EmploymentHero, ScriptedAnswer};
use crate::control;

/// Whose tokens are wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewGrant {
    /// The settings' own when absent.
    #[serde(default)]
    login: Option<String>,
}

/// None when there is no such route.
pub fn answer(
    simulator: &EmploymentHero,
    path: &str,
    request: &Request<Bytes>,
) -> Option<Response<Bytes>> {
    let bad = |reason: String| control::refusal(StatusCode::BAD_REQUEST, &reason);
    Some(match (request.method(), path) {
        (&Method::GET, "/organisations") => {
            control::json(StatusCode::OK, &simulator.organisations().list())
        }
        (&Method::POST, "/changes") => match control::one_or_many::<Change>(request) {
            Ok(changes) => apply(simulator, changes),
            Err(reason) => bad(reason),
        },
        (&Method::GET, "/tokens") => control::json(StatusCode::OK, &simulator.counts()),
        (&Method::POST, "/tokens/script") => {
            match control::one_or_many::<ScriptedAnswer>(request) {
                Ok(answers) => {
                    simulator.script(answers);
                    control::no_content()
                }
                Err(reason) => bad(reason),
            }
        }
        (&Method::DELETE, "/tokens/access") => {
            simulator.withdraw_access();
            control::no_content()
        }
        (&Method::POST, "/grants") => match control::body::<NewGrant>(request) {
            Ok(NewGrant { login }) => {
                let login = login.unwrap_or_else(|| simulator.settings().login);
                control::json(StatusCode::CREATED, &simulator.grant(&login))
            }
            Err(reason) => bad(reason),
        },
        (&Method::DELETE, "/grants") => {
            simulator.withdraw_grants();
            control::no_content()
        }
        (&Method::GET, "/settings") => control::json(StatusCode::OK, &simulator.settings()),
        (&Method::PATCH, "/settings") => {
            control::patch_settings(request, &simulator.settings(), |patched| {
                simulator.change_settings(|current| *current = patched);
            })
        }
        _ => return None,
    })
}

/// In order; those before the first that fails stand.
fn apply(simulator: &EmploymentHero, changes: Vec<Change>) -> Response<Bytes> {
    for change in changes {
        if let Err(error) = simulator.change(change) {
            return control::refusal(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string());
        }
    }
    control::no_content()
}
