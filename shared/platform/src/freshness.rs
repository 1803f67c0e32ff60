//! How current an answer is that is computed from rows of several streams.

use api::Problem;
use api::freshness::Freshness;
use domain::access::Tenant;
use domain::connector_state::ConnectorState;
use domain::stream::Stream;
use store::attendance;
use store::jobs::plan::{self, PlanningInput};

use crate::{Context, clock, planning, problems, time};

/// How long after a sync the Delta Engine has come to its rows, in seconds: it is due at once.
const DECIDED_WITHIN_SECONDS: i64 = 900;
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

/// How current what the Delta Engine has made of these streams is: no more than its last run. What is in `besides` is in
/// the answer as it was synced.
///
/// # Errors
/// Those of [`of`].
pub async fn of_decided(
    context: &Context,
    tenant: &Tenant,
    streams: &[Stream],
    besides: &[Stream],
) -> Result<Freshness, Problem> {
    let database = &context.database;
    let failed = |error| problems::database(&error);
    let all = [streams, besides].concat();
    let inputs = plan::planning_inputs_of_streams(database, tenant, &all, true)
        .await
        .map_err(failed)?;
    let engine = attendance::state(database, tenant).await.map_err(failed)?;
    let names: Vec<_> = streams.iter().map(|stream| stream.as_str()).collect();
    Ok(decided(inputs, &names, &engine, clock::now()))
}

/// It runs when a stream has ended, so between the two an answer is as old as its last run. That is not worth a warning
/// unless it fails, or does not come.
fn decided(
    inputs: Vec<PlanningInput>,
    streams: &[&str],
    engine: &attendance::State,
    now: i64,
) -> Freshness {
    let inputs = counted(inputs);
    let synced = inputs
        .iter()
        .filter(|input| streams.contains(&input.stream.as_str()))
        .filter_map(|input| input.last_success_at)
        .max();
    let has_inputs = !inputs.is_empty();
    let judged = judged(&inputs, now);
    if !has_inputs {
        return judged.told();
    }
    let is_behind = engine.last_success_at < synced;
    let is_late = synced.is_some_and(|synced| now.saturating_sub(synced) > DECIDED_WITHIN_SECONDS);
    Judged {
        oldest: judged.oldest.min(engine.last_success_at),
        is_stale: judged.is_stale
            || engine.last_success_at.is_none()
            || is_behind && (engine.attempts > 0 || is_late),
    }
    .told()
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
    Ok(judged(&counted(inputs), clock::now()).told())
}

/// Those of disconnected connectors count where no others are left.
fn counted(mut inputs: Vec<PlanningInput>) -> Vec<PlanningInput> {
    let is_left = |input: &PlanningInput| input.connector_state != DISCONNECTED;
    if inputs.iter().any(is_left) {
        inputs.retain(is_left);
    }
    inputs
}

/// The least time of a last success, and whether one is late.
struct Judged {
    oldest: Option<i64>,
    is_stale: bool,
}

impl Judged {
    fn told(self) -> Freshness {
        Freshness {
            synced_at: self.oldest.map(time::rfc3339),
            is_stale: self.is_stale,
        }
    }
}

/// One stream that never came makes the whole a guess: there is no time to tell then, and it is stale. Where
/// there is no connector, nothing is old.
fn judged(inputs: &[PlanningInput], now: i64) -> Judged {
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
    Judged { oldest, is_stale }
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
            let told = judged(&counted(inputs.clone()), NOW).told();
            assert_eq!(told, expected, "{inputs:?}");
        }
    }

    #[test]
    fn what_was_decided_is_as_old_as_the_last_run_and_stale_when_none_comes() {
        let told = |synced: i64, decided: Option<i64>, attempts| {
            let wages = PlanningInput {
                stream: "wages".to_owned(),
                ..input("a", "active", Some(NOW - 5))
            };
            let engine = attendance::State {
                last_success_at: decided,
                attempts,
                ..attendance::State::default()
            };
            let inputs = vec![input("a", "active", Some(synced)), wages];
            let told = decided_of(inputs, &engine);
            (told.synced_at, told.is_stale)
        };
        let at = |time: i64| Some(time::rfc3339(time));
        let (synced, before) = (NOW - 60, NOW - 7_200);
        assert_eq!(told(synced, Some(synced + 1), 0), (at(synced), false));
        assert_eq!(told(synced, Some(synced), 3), (at(synced), false));
        // It has not come to what was synced a minute ago, or it has failed to.
        assert_eq!(told(synced, Some(before), 0), (at(before), false));
        assert_eq!(told(synced, Some(before), 1), (at(before), true));
        assert_eq!(told(synced, None, 0), (None, true));
        // A quarter of an hour is long enough.
        let (long_ago, before) = (NOW - DECIDED_WITHIN_SECONDS - 1, NOW - 7_200);
        assert_eq!(told(long_ago, Some(before), 0), (at(before), true));
        assert_eq!(told(long_ago + 1, Some(before), 0), (at(before), false));
        let nothing = attendance::State::default();
        assert_eq!(decided_of(Vec::new(), &nothing), Freshness::default());
    }

    fn decided_of(inputs: Vec<PlanningInput>, engine: &attendance::State) -> Freshness {
        decided(inputs, &["shifts"], engine, NOW)
    }
}
