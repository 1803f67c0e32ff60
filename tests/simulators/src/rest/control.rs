//! The control plane's part that knows items and tokens.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

use super::{Rest, ScriptedAnswer};
use crate::control;

/// None when there is no such route.
pub fn answer(simulator: &Rest, path: &str, request: &Request<Bytes>) -> Option<Response<Bytes>> {
    Some(match (request.method(), path) {
        (&Method::GET, "/items") => control::json(StatusCode::OK, &simulator.items().list()),
        (&Method::GET, "/tokens") => {
            let authority = simulator.authority();
            let counts = json!({"issued": authority.issued(), "reused": authority.reused()});
            control::json(StatusCode::OK, &counts)
        }
        (&Method::POST, "/tokens/script") => {
            match control::one_or_many::<ScriptedAnswer>(request) {
                Ok(answers) => {
                    simulator.change_authority(|authority| authority.script.extend(answers));
                    control::no_content()
                }
                Err(reason) => control::refusal(StatusCode::BAD_REQUEST, &reason),
            }
        }
        (&Method::DELETE, "/tokens") => {
            simulator.change_authority(super::Authority::withdraw_grant);
            control::no_content()
        }
        _ => return None,
    })
}
