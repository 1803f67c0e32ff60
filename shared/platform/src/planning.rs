//! When a connector's streams are due next, and which are behind: the rules of [`domain::schedule`],
//! fed from the rows.

use std::collections::BTreeSet;

use domain::connector_state::ConnectorState;
use domain::job::Outcome;
use domain::run::Trigger;
use domain::schedule::{self, Plan, PlanInput, StaleInput};
use domain::stream::Stream;
use domain::sync_settings::SyncSettings;
use domain::zone::Zone;
use store::jobs::plan::{PlanningInput, Replanned};

use crate::{log, run};

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
