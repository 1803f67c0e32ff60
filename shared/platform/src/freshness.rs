//! How current an answer is that is computed from rows of several streams.

use api::Problem;
use api::freshness::Freshness;
use domain::access::Tenant;
use domain::connector_state::ConnectorState;
use domain::stream::Stream;
use store::jobs::plan::{self, PlanningInput};

use crate::{Context, clock, planning, problems, time};

const DISCONNECTED: &str = ConnectorState::Disconnected.as_str();

/// How current these streams are, over the tenant's connectors whatever their state. What a disconnected one has
/// brought is in the answer still, and as old as it is: it counts where no other is left, or an organization that has
/// once changed its account would be stale for ever. One statement.
///
/// # Errors
/// The database's, as a problem.
pub async fn of(
    context: &Context,
    tenant: &Tenant,
    streams: &[Stream],
) -> Result<Freshness, Problem> {
    over(context, tenant, streams, true).await
}

/// The same over those that are not disconnected, for answers in which nothing else counts.
///
/// # Errors
/// Those of [`of`].
pub async fn of_connected(
    context: &Context,
    tenant: &Tenant,
    streams: &[Stream],
) -> Result<Freshness, Problem> {
    over(context, tenant, streams, false).await
}

async fn over(
    context: &Context,
    tenant: &Tenant,
    streams: &[Stream],
    with_disconnected: bool,
) -> Result<Freshness, Problem> {
    let database = &context.database;
    let inputs = plan::planning_inputs_of_streams(database, tenant, streams, with_disconnected)
        .await
        .map_err(|error| problems::database(&error))?;
    Ok(judged(inputs, clock::now()))
}

/// One stream that never came makes the whole a guess: there is no time to tell then, and it is stale. Where
/// there is no connector, nothing is old.
fn judged(mut inputs: Vec<PlanningInput>, now: i64) -> Freshness {
    let is_left = |input: &PlanningInput| input.connector_state != DISCONNECTED;
    if inputs.iter().any(is_left) {
        inputs.retain(is_left);
    }
    // `None` is the least of them.
    let oldest = inputs
        .iter()
        .map(|input| input.last_success_at)
        .min()
        .flatten();
    let has_all = inputs.is_empty() || oldest.is_some();
    let mut connectors = inputs.chunk_by(|one, other| one.connector_id == other.connector_id);
    let is_stale = !has_all
        || connectors.any(|streams| {
            let connected_at = streams.first().and_then(|stream| stream.connected_at);
            !planning::stale_streams(streams, connected_at, now).is_empty()
        });
    Freshness {
        synced_at: oldest.map(time::rfc3339),
        is_stale,
    }
}

#[cfg(test)]
mod tests {
    use domain::run::Trigger;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn input(connector_id: &str, state: &str, last_success_at: Option<i64>) -> PlanningInput {
        PlanningInput {
            job_id: "j".to_owned(),
            organization_id: "o".to_owned(),
            connector_id: connector_id.to_owned(),
            stream: "shifts".to_owned(),
            concurrency_key: "k".to_owned(),
            rank: 0,
            time_zone: "UTC".to_owned(),
            connector_state: state.to_owned(),
            sync_settings: "{}".to_owned(),
            connected_at: Some(NOW - 60),
            next_due_at: None,
            trigger: None,
            run_id: None,
            next_run_id: None,
            planned_trigger: Trigger::Cron,
            attempts: 0,
            last_started_at: last_success_at,
            last_success_at,
            last_complete_at: None,
            last_status: None,
            last_error: None,
            last_nightly_date: None,
        }
    }

    #[test]
    fn the_oldest_of_all_is_told_and_what_never_came_is_stale() {
        let (fresh, old) = (Some(NOW - 60), Some(NOW - 30 * 86_400));
        for (inputs, synced_at, is_stale) in [
            (vec![], None, false),
            (vec![input("a", "active", fresh)], fresh, false),
            // Connected a minute ago: nobody is late, and nothing is there.
            (vec![input("a", "active", None)], None, true),
            (
                vec![input("a", "active", fresh), input("a", "active", None)],
                None,
                true,
            ),
            (
                vec![input("a", "active", fresh), input("b", "disconnected", old)],
                fresh,
                false,
            ),
            (vec![input("b", "disconnected", old)], old, true),
            (
                vec![input("a", "paused", old), input("b", "active", fresh)],
                old,
                true,
            ),
        ] {
            let expected = Freshness {
                synced_at: synced_at.map(time::rfc3339),
                is_stale,
            };
            assert_eq!(judged(inputs.clone(), NOW), expected, "{inputs:?}");
        }
    }
}
