//! The control plane's part that knows accounts.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

use super::{Mutation, SevenShifts};
use crate::control;

/// None when there is no such route.
pub fn answer(
    simulator: &SevenShifts,
    path: &str,
    request: &Request<Bytes>,
) -> Option<Response<Bytes>> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    Some(match (request.method(), segments.as_slice()) {
        (&Method::GET, ["accounts"]) => control::json(StatusCode::OK, &simulator.accounts()),
        (&Method::GET, ["companies", id, "truth"]) => id
            .parse()
            .ok()
            .and_then(|id| simulator.truth(id))
            .map_or_else(
                || no_such_company(id),
                |truth| control::json(StatusCode::OK, &truth),
            ),
        (&Method::POST, ["companies", id, "mutations"]) => match id.parse() {
            Ok(id) => mutate(simulator, id, request),
            Err(_) => no_such_company(id),
        },
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
fn mutate(simulator: &SevenShifts, company_id: i64, request: &Request<Bytes>) -> Response<Bytes> {
    let mutations = match control::one_or_many::<Mutation>(request) {
        Ok(mutations) => mutations,
        Err(reason) => return control::refusal(StatusCode::BAD_REQUEST, &reason),
    };
    let changed: Result<Vec<Option<i64>>, _> = mutations
        .into_iter()
        .map(|mutation| {
            simulator
                .mutate(company_id, mutation)
                .map(|changed| changed.id)
        })
        .collect();
    match changed {
        Ok(ids) => control::json(StatusCode::OK, &json!({"ids": ids})),
        Err(error) => control::refusal(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()),
    }
}

fn no_such_company(id: &str) -> Response<Bytes> {
    control::refusal(
        StatusCode::NOT_FOUND,
        &format!("company {id} does not exist in the simulator"),
    )
}
