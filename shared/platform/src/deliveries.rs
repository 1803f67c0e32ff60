//! A delivery that somebody waits for.

use api::deliveries::Delivery;
use api::{Problem, ProblemKind};
use domain::access::Tenant;
use futures::future::{Either, select};
use http::StatusCode;
use store::Execute;
use store::lists::Kind;
use store::outbox::{MAX_PENDING, OUTBOX};

use crate::{Context, clock, lists, on_demand, outbound, problems};

/// How long an answer waits for a delivery, in milliseconds.
pub const WAIT_MS: i64 = 1_000;
const LOOK_EVERY_MS: i64 = 50;
/// When a caller may try again who finds the outbox full.
const RETRY_FULL_SECONDS: i64 = 60;
const PENDING: &str = "pending";

/// A delivery as it is.
///
/// # Errors
/// 404, and the database's.
pub async fn read<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<Delivery, Problem> {
    let row = lists::row(database, tenant, Kind::Delivery, id, "delivery").await?;
    serde_json::from_str(&row).map_err(|error| problems::internal(&error.to_string()))
}

/// Has the scheduler send what waits by `sender_id`, and gives the delivery when it has an end, or as
/// it is at `until_ms`.
///
/// # Errors
/// The database's.
pub async fn wait(
    context: &Context,
    tenant: &Tenant,
    sender_id: &str,
    id: &str,
    until_ms: i64,
) -> Result<Delivery, Problem> {
    let left_ms = until_ms.saturating_sub(clock::now_ms());
    let nudge = std::pin::pin!(on_demand::nudge(OUTBOX, tenant, sender_id, left_ms));
    let look = std::pin::pin!(async {
        loop {
            outbound::sleep_ms(LOOK_EVERY_MS).await;
            let known = read(&context.database, tenant, id).await?;
            if known.state != PENDING || clock::now_ms() >= until_ms {
                return Ok(known);
            }
        }
    });
    match select(nudge, look).await {
        Either::Left(((), look)) => {
            let known = read(&context.database, tenant, id).await?;
            if known.state != PENDING {
                return Ok(known);
            }
            // Another tick has it, or another delivery of the sender goes first.
            look.await
        }
        Either::Right((known, _)) => known,
    }
}

/// The status of an answer with this delivery in it.
///
/// # Errors
/// 502 for one that was given up.
pub fn status(delivery: &Delivery) -> Result<StatusCode, Problem> {
    match delivery.state.as_str() {
        "delivered" => Ok(StatusCode::OK),
        PENDING => Ok(StatusCode::ACCEPTED),
        _ => Err(Problem::new(
            ProblemKind::ProviderFailed,
            format!(
                "{} It is kept as the delivery {}.",
                delivery.error_detail.as_deref().unwrap_or_default(),
                delivery.id
            ),
        )),
    }
}

/// The answer to who would have more sent than may wait; `sender` names what it would be sent by.
#[must_use]
pub fn too_many(sender: &str) -> Problem {
    Problem::new(
        ProblemKind::RateLimited,
        format!("{MAX_PENDING} deliveries of the {sender} wait already. `GET /api/deliveries?state=pending` shows them; try again when some have gone."),
    )
    .retry_after(RETRY_FULL_SECONDS)
}
