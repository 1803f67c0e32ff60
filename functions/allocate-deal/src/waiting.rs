//! A caller waits for its record. Where nobody is at it, the engine is asked to decide what waits, so that nobody waits for the next
//! tick.

use std::pin::pin;

use api::Problem;
use api::allocation::deals::{Allocated, ChosenAdviser};
use domain::access::Tenant;
use futures::future::{Either, select};
use http::StatusCode;
use platform::allocating::{ENGINE, ENGINE_PATH, Work, Worked};
use platform::{
    Context, Reply, SpinDatabase, clock, internal, lists, log, on_demand, outbound, problems,
};
use serde_json::{Map, Value};
use store::allocation::records::{self, Standing};
use store::lists::Kind;
use store::outbox::OUTBOX;

use crate::writing;

/// How long a caller waits for what is decided and written, in milliseconds.
pub const WAIT_MS: i64 = 10_000;
/// How often a caller looks, in milliseconds: seldom once it has waited for long.
const LOOK_FIRST_MS: i64 = 20;
const LOOK_LAST_MS: i64 = 250;
/// How long the engine is given, in milliseconds; it goes on without anybody waiting.
const ENGINE_MS: i64 = 30_000;
/// How long the scheduler is given to tell of what was allocated, in milliseconds.
const TELL_MS: i64 = 5_000;

/// The answer about a record: when it has its end, when it waits for a source, or at `until_ms`. Meanwhile what waits is decided and
/// written, if nobody else is at it.
///
/// # Errors
/// The database's.
pub async fn answer(
    context: &Context,
    tenant: &Tenant,
    connector_id: &str,
    id: &str,
    is_repeat: bool,
    until_ms: i64,
) -> Result<Reply, Problem> {
    let mut pause_ms = LOOK_FIRST_MS;
    loop {
        let standing = standing(&context.database, tenant, id).await?;
        if is_over(&standing) || clock::now_ms() >= until_ms {
            break;
        }
        if standing.is_free && !standing.is_decided {
            let work = Box::pin(work(
                context.database,
                tenant.clone(),
                connector_id.to_owned(),
            ));
            let look = pin!(look(&context.database, tenant, id, until_ms));
            if let Either::Right((looked, work)) = select(work, look).await {
                spin_sdk::wasip3::spawn(work);
                looked?;
                break;
            }
            // It is decided, or another was faster.
            continue;
        }
        let left_ms = until_ms.saturating_sub(clock::now_ms());
        outbound::sleep_ms(pause_ms.min(left_ms.max(1))).await;
        pause_ms = pause_ms.saturating_mul(2).min(LOOK_LAST_MS);
    }
    shown(context, tenant, id, is_repeat).await
}

/// Until the record has its end.
async fn look(
    database: &SpinDatabase,
    tenant: &Tenant,
    id: &str,
    until_ms: i64,
) -> Result<(), Problem> {
    let mut pause_ms = LOOK_FIRST_MS;
    loop {
        outbound::sleep_ms(pause_ms).await;
        pause_ms = pause_ms.saturating_mul(2).min(LOOK_LAST_MS);
        if clock::now_ms() >= until_ms || is_over(&standing(database, tenant, id).await?) {
            return Ok(());
        }
    }
}

async fn standing(database: &SpinDatabase, tenant: &Tenant, id: &str) -> Result<Standing, Problem> {
    records::standing(database, tenant, id, clock::now())
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("allocation"))
}

/// Whether there is nothing to wait for.
fn is_over(standing: &Standing) -> bool {
    standing.status != "received" || (!standing.is_decided && standing.tries > 0)
}

/// Has the engine decide what waits, changes the deals that were decided, and has those told who are to be. Should this not come to
/// its end, the scheduler goes on when the leases have ended.
async fn work(database: SpinDatabase, tenant: Tenant, connector_id: String) {
    let call = Work {
        organization_id: tenant.as_str().to_owned(),
        connector_id,
    };
    let worked: Worked = match internal::post(ENGINE, ENGINE_PATH, &call, ENGINE_MS).await {
        Ok(answer) => serde_json::from_slice(answer.body()).unwrap_or_default(),
        Err(error) => {
            log::error("allocation_engine", &error.to_string());
            return;
        }
    };
    if worked.leased.is_empty() {
        return;
    }
    writing::send_all(&database, worked.leased).await;
    for teller in worked.tellers {
        let tenant = tenant.clone();
        spin_sdk::wasip3::spawn(async move {
            on_demand::nudge(OUTBOX, &tenant, &teller, TELL_MS).await;
        });
    }
}

/// A record, as who asked is told of it.
///
/// # Errors
/// The database's.
async fn shown(
    context: &Context,
    tenant: &Tenant,
    id: &str,
    is_repeat: bool,
) -> Result<Reply, Problem> {
    let row = lists::row(
        &context.database,
        tenant,
        Kind::Allocation,
        id,
        "allocation",
    )
    .await?;
    let row: Map<String, Value> =
        serde_json::from_str(&row).map_err(|error| problems::internal(&error.to_string()))?;
    let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
    let failure = |name: &str| {
        let failure = row.get("failure").and_then(Value::as_object)?;
        failure.get(name).and_then(Value::as_str).map(str::to_owned)
    };
    let status = text("status").unwrap_or_default();
    let adviser = match (
        text("adviser_email"),
        text("adviser_name"),
        text("adviser_hubspot_id"),
    ) {
        (Some(email), Some(name), Some(owner_id)) => Some(ChosenAdviser {
            email,
            name,
            owner_id,
        }),
        _ => None,
    };
    let is_decided = text("decided_at").is_some() || status != "received";
    let is_live = row.get("is_live").and_then(Value::as_bool) == Some(true);
    let message = match (status.as_str(), &adviser) {
        ("completed", _) => text("allocation_result").unwrap_or_default(),
        ("failed", _) => {
            // See the trigger `allocations_give_back`.
            let what = if is_live {
                "The deal is not allocated."
            } else {
                "It came to nothing: the deal is as it was."
            };
            format!("{what} {}", failure("detail").unwrap_or_default())
        }
        (_, Some(adviser)) => format!(
            "{} gets the deal, which is changed as soon as HubSpot takes it.",
            adviser.name
        ),
        _ => match failure("detail") {
            Some(why) => format!("It is decided later, by itself. {why}"),
            None => "It is decided shortly.".to_owned(),
        },
    };
    let may_be_repeated = is_live && status == "failed";
    let remedy = failure("remedy").map(|remedy| {
        if may_be_repeated {
            format!("{remedy} A re-run is asked for by POST /api/allocations/{id}/rerun.")
        } else {
            remedy
        }
    });
    let answer = Allocated {
        message,
        allocation_id: Some(id.to_owned()),
        deal_id: text("deal_id"),
        status: Some(status),
        is_repeat,
        adviser,
        earliest_week: text("earliest_week"),
        reason: failure("reason"),
        detail: failure("detail"),
        remedy,
        decision: None,
        sources: None,
    };
    let status = if is_decided {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    Reply::json(status, &answer)
}
