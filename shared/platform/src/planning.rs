//! When a connector's streams are due next, and which are behind: the rules of [`domain::schedule`],
//! fed from the rows.

use std::collections::BTreeSet;

use domain::access::Tenant;
use domain::connector_state::ConnectorState;
use domain::job::Outcome;
use domain::run::Trigger;
use domain::schedule::{self, Plan, PlanInput, StaleInput};
use domain::stream::Stream;
use domain::sync_settings::SyncSettings;
use domain::zone::Zone;
use store::jobs::plan::{self, PlanningInput, Replanned, StreamJob, StreamJobs};
use store::{DatabaseError, Execute};

use crate::clients::EMPLOYMENT_HERO;
use crate::rest_api::{self, CUSTOM};
use crate::{clock, employment_hero, log, random, run};

/// How the run that is being recorded ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    pub outcome: &'a Outcome,
    /// Whether the stream counts as brought up to date.
    pub is_current: bool,
    /// The run served the night that it started in.
    pub was_nightly: bool,
}

/// When the stream is due, as its row stands; `ended` is the run that has just ended and is not
/// in the row yet.
#[must_use]
pub fn plan(input: &PlanningInput, ended: Option<Ended<'_>>, now: i64) -> Plan {
    let Some(known) = Known::of(input) else {
        // A row that this version cannot read is left alone rather than run wrongly.
        log::error(
            "planning",
            &format!("job {} cannot be planned", input.job_id),
        );
        return Plan {
            next_due_at: None,
            trigger: Trigger::Cron,
        };
    };
    let recorded = input.last_outcome();
    let served = ended
        .filter(|ended| ended.was_nightly)
        .and(input.last_started_at)
        .map(|started| known.zone.date(started));
    schedule::plan(&PlanInput {
        stream: known.stream,
        settings: &known.settings,
        zone: known.zone,
        connector_active: run::may_run(known.state),
        phase_seed: schedule::phase_seed(&input.connector_id),
        requested: input
            .next_run_id
            .as_ref()
            .filter(|_| ended.is_none())
            .map(|_| input.planned_trigger),
        last_started_at: input.last_started_at,
        last_success_at: if ended.is_some_and(|ended| ended.is_current) {
            Some(now)
        } else {
            input.last_success_at
        },
        last_outcome: ended.map(|ended| ended.outcome).or(recorded.as_ref()),
        last_nightly_date: served.or(input.last_nightly_date),
        now,
    })
}

/// The local date of the night that a run which started then has served.
#[must_use]
pub fn night_of(input: &PlanningInput) -> Option<domain::NaiveDate> {
    let zone = Zone::parse(&input.time_zone).ok()?;
    input.last_started_at.map(|started| zone.date(started))
}

/// Has the streams of a connector run on their schedule, for the first time at once; nothing where its type has none.
///
/// # Errors
/// The failure of a statement.
pub async fn schedule<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_type: &str,
    connector_id: &str,
) -> Result<(), DatabaseError> {
    let (function, concurrency_key) = match connector_type {
        CUSTOM => (
            rest_api::SYNC_FUNCTION,
            rest_api::concurrency_key(connector_id),
        ),
        EMPLOYMENT_HERO => (
            employment_hero::SYNC_FUNCTION,
            format!("{EMPLOYMENT_HERO}:{connector_id}"),
        ),
        _ => return Ok(()),
    };
    let now = clock::now();
    let streams: Vec<_> = Stream::of_type(connector_type)
        .iter()
        .map(|stream| StreamJob::unplanned(random::id(), *stream))
        .collect();
    let jobs = StreamJobs {
        connector_id,
        function,
        concurrency_key: &concurrency_key,
        streams: &streams,
    };
    plan::ensure_stream_jobs(transaction, tenant, jobs, now).await?;
    let inputs = plan::planning_inputs_of(transaction, tenant, connector_id).await?;
    plan::replan(transaction, &replan(&inputs, now), now).await
}

/// The streams with their new due times.
#[must_use]
pub fn replan(inputs: &[PlanningInput], now: i64) -> Vec<Replanned> {
    inputs
        .iter()
        .map(|input| {
            let plan = plan(input, None, now);
            Replanned {
                job_id: input.job_id.clone(),
                next_due_at: plan.next_due_at,
                planned_trigger: plan.trigger,
            }
        })
        .collect()
}

/// Which of one connector's streams should have succeeded by now and have not. What cannot be read
/// runs no more, but that is for [`plan`] to say.
#[must_use]
pub fn stale_streams<'a>(
    inputs: impl IntoIterator<Item = &'a PlanningInput>,
    connected_at: Option<i64>,
    now: i64,
) -> BTreeSet<Stream> {
    let mut inputs = inputs.into_iter().peekable();
    // All streams of a connector have its settings.
    let Some((known, connector_id)) = inputs
        .peek()
        .and_then(|first| Known::of(first).zip(Some(&first.connector_id)))
    else {
        return BTreeSet::new();
    };
    let phase_seed = schedule::phase_seed(connector_id);
    inputs
        .filter_map(|input| {
            let stream = input.stream.parse().ok()?;
            schedule::is_stale(&StaleInput {
                stream,
                settings: &known.settings,
                zone: known.zone,
                phase_seed,
                last_success_at: input.last_success_at,
                connected_at,
                now,
            })
            .then_some(stream)
        })
        .collect()
}

struct Known {
    stream: Stream,
    settings: SyncSettings,
    zone: Zone,
    state: ConnectorState,
}

impl Known {
    fn of(input: &PlanningInput) -> Option<Self> {
        let settings = serde_json::from_str(&input.sync_settings).ok()?;
        Some(Self {
            stream: input.stream.parse().ok()?,
            settings: SyncSettings::from_json(&settings).ok()?,
            zone: Zone::parse(&input.time_zone).ok()?,
            state: input.connector_state.parse().ok()?,
        })
    }
}
