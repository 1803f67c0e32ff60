//! How current an answer is that is computed from rows of several streams.

use api::Problem;
use api::freshness::Freshness;
use domain::access::Tenant;
use domain::stream::Stream;
use store::jobs::plan::{self, PlanningInput};

use crate::{Context, clock, planning, problems, time};

/// How current these streams are, over all of the tenant's connectors that are connected. One
/// statement.
///
/// # Errors
/// The database's, as a problem.
pub async fn of(
    context: &Context,
    tenant: &Tenant,
    streams: &[Stream],
) -> Result<Freshness, Problem> {
    let inputs = plan::planning_inputs_in_use(&context.database, tenant, streams)
        .await
        .map_err(|error| problems::database(&error))?;
    Ok(judged(&inputs, clock::now()))
}

/// One stream that never came makes the whole a guess: then there is no time to tell.
fn judged(inputs: &[PlanningInput], now: i64) -> Freshness {
    let oldest = inputs
        .iter()
        .map(|input| input.last_success_at)
        .min()
        .flatten();
    let mut connectors = inputs.chunk_by(|one, other| one.connector_id == other.connector_id);
    let is_stale = connectors.any(|streams| {
        let connected_at = streams.first().and_then(|stream| stream.connected_at);
        !planning::stale_streams(streams, connected_at, now).is_empty()
    });
    Freshness {
        synced_at: oldest.map(time::rfc3339),
        is_stale,
    }
}
