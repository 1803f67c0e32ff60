//! Who calls, and as whom.

use bytes::Bytes;
use http::{HeaderMap, Request, header};

use super::answer::Refusal;
use super::model::Enterprise;
use super::settings::Settings;

const AS_USER: &str = "as-user";
const MINUTE_MS: i64 = 60_000;

/// The user whose rights the call has.
pub fn caller(
    enterprise: &Enterprise,
    request: &Request<Bytes>,
    now: i64,
) -> Result<String, Refusal> {
    let token = bearer(request.headers())
        .and_then(|token| enterprise.tokens.get(token))
        .filter(|token| token.expires_at > now)
        .ok_or_else(|| Refusal::new(401, "unauthorized"))?;
    let Some(named) = request.headers().get(AS_USER) else {
        return Ok(token.user.clone());
    };
    let app = enterprise.apps.get(&token.client_id);
    let is_allowed =
        app.is_some_and(|app| app.may_act_as_users && app.service_account == token.user);
    named
        .to_str()
        .ok()
        .filter(|named| is_allowed && *named != token.user)
        .filter(|named| {
            enterprise
                .users
                .get(*named)
                .is_some_and(|user| user.is_active)
        })
        .map(str::to_owned)
        .ok_or_else(|| Refusal::new(403, "access_denied_insufficient_permissions"))
}

/// Counts a call of a user, or refuses it.
pub fn admit(
    enterprise: &mut Enterprise,
    user: &str,
    settings: &Settings,
    now_ms: i64,
) -> Result<(), Refusal> {
    let Some(allowed) = settings.calls_per_minute else {
        return Ok(());
    };
    let calls = enterprise.calls.entry(user.to_owned()).or_default();
    while calls.front().is_some_and(|at| now_ms - at >= MINUTE_MS) {
        calls.pop_front();
    }
    if calls.len() < usize::try_from(allowed).unwrap_or(usize::MAX) {
        calls.push_back(now_ms);
        return Ok(());
    }
    let wait_ms = calls
        .front()
        .map_or(MINUTE_MS, |at| at + MINUTE_MS - now_ms);
    Err(Refusal {
        retry_after: Some(u64::try_from(wait_ms.max(0)).unwrap_or(0).div_ceil(1000)),
        ..Refusal::new(429, "rate_limit_exceeded")
    })
}

pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}
