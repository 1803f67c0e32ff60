//! `Idempotency-Key`: a request that creates something can be repeated without creating it twice.
//! What it writes and the answer that is kept are committed together: however the first request
//! ends, a repetition finds both or neither.

use api::{Problem, ProblemKind};
use domain::access::Tenant;
use domain::api_key::sha256_hex;
use http::StatusCode;
use serde::Serialize;
use store::idempotency::{self, Begun, Keyed};

use crate::database::SpinTransaction;
use crate::{Context, Reply, clock, log, problems, random};

/// The organization under which requests of those who belong to none are kept.
pub const NOBODY: &str = "00000000-0000-0000-0000-000000000000";
const MAX_KEY: usize = 255;

/// Does the work once per key; without the header, every time. The work is what it writes in the
/// transaction; it returns its status, its answer, and the answer that may be kept and given
/// again: never one with a secret.
///
/// # Errors
/// 400 for a key that is not one, 409 while the first request still runs, 422 when the key was
/// used for another request, and whatever the work ends with.
pub async fn once<T: Serialize, F>(
    context: &Context,
    tenant: &Tenant,
    work: F,
) -> Result<Reply, Problem>
where
    F: AsyncFnOnce(&SpinTransaction) -> Result<(StatusCode, T, T), Problem>,
{
    let Some(key) = key(context)? else {
        let (status, answer, _) = context.transaction(work).await?;
        return Reply::json(status, &answer);
    };
    let caller = context.caller()?.subject().to_owned();
    let attempt_id = random::id();
    let keyed = Keyed {
        tenant,
        caller: &caller,
        key: &key,
        attempt_id: &attempt_id,
    };
    let request_hash = sha256_hex(
        &[
            format!("{:?}\0{}\0", context.operation, context.query).as_bytes(),
            &context.body,
        ]
        .concat(),
    );
    let begun = idempotency::begin(&context.database, keyed, &request_hash, clock::now())
        .await
        .map_err(|error| problems::database(&error))?;
    match begun {
        Begun::First => {}
        Begun::Answered { status, body } => {
            let status = StatusCode::from_u16(status)
                .map_err(|_| problems::internal("a kept status is none"))?;
            return Ok(Reply::json_bytes(status, body.into_bytes()));
        }
        Begun::Pending => return Err(still_running()),
        Begun::Mismatch => {
            return Err(Problem::new(
                ProblemKind::IdempotencyKeyReused,
                "This Idempotency-Key was used for a different request: use a new one.",
            ));
        }
    }
    let done = context
        .transaction(async |transaction| {
            let (status, answer, kept) = work(transaction).await?;
            let kept = serde_json::to_string(&kept)
                .map_err(|error| problems::internal(&error.to_string()))?;
            let is_ours = idempotency::finish(transaction, keyed, status.as_u16(), &kept)
                .await
                .map_err(|error| problems::database(&error))?;
            // One that was so slow that another took its place has done nothing.
            is_ours
                .then_some((status, answer))
                .ok_or_else(still_running)
        })
        .await;
    match done {
        Ok((status, answer)) => Reply::json(status, &answer),
        Err(problem) => {
            // What failed did nothing: the key is free for another try.
            if let Err(error) = idempotency::abandon(&context.database, keyed).await {
                log::error("idempotency", &error.to_string());
            }
            Err(problem)
        }
    }
}

fn still_running() -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "The first request with this Idempotency-Key is still running.",
    )
    .retry_after(1)
}

/// The header's value; a quoted string, as the draft standard has it, or bare, as most send it.
fn key(context: &Context) -> Result<Option<String>, Problem> {
    let Some(value) = context.headers.get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim().trim_matches('"');
    if text.is_empty() || text.len() > MAX_KEY || !text.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return Err(Problem::field(
            "Idempotency-Key",
            format!("must have 1 to {MAX_KEY} visible ASCII characters"),
        ));
    }
    Ok(Some(text.to_owned()))
}
