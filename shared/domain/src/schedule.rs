//! When a stream is due next.
//!
//! [`plan`] is asked when a run has ended, when settings or connector change, and
//! when a due time lies further ahead than any plan reaches. It is a pure
//! function of what it is given: asking twice does no harm, and a tick that was
//! missed or came twice changes nothing.
//!
//! Four rules are easy to break, so they are said here once:
//! - A night is a local date. Its run starts on that date, at 02:00 of the
//!   organization's zone or later, and its date is [`Zone::date`] of the start of
//!   a run whose trigger was [`Trigger::Nightly`]. A night that was missed is due
//!   as long as its date lasts; then the next night is at most two hours away.
//! - A row that was due while ticks were missed may not be due any more: its hours
//!   have closed, its date has passed. So the engine plans once more before a run
//!   starts, and starts it only if it [`Plan::is_due`].
//! - Hot and warm streams start within operating hours only, where these gate.
//!   Exempt are the first sync (a manager who has just connected waits for it),
//!   the night's sweep of warm streams, and what is asked for.
//! - Organizations are spread by `phase_seed`: over the interval, over the first
//!   minutes of a night, of an opening, or after a fixed time.

mod fixed_times;
mod nights;
mod opening;
#[cfg(test)]
mod simulation;
mod stale;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

pub use self::stale::{StaleInput, is_stale};
use self::{fixed_times::FixedTimes, nights::Nights, opening::Opening};
use crate::freshness::SKEW_SECS;
pub use crate::{
    frequency::{Cadence, Frequency, cadence},
    freshness::SPREAD_SECS,
    run::Trigger,
    zone::Zone,
};
use crate::{
    job::Outcome,
    retry::MAX_RETRY_SECS,
    stream::{Stream, Tier},
    sync_settings::{Schedule, SyncSettings},
};

/// A stream that runs once or twice a day and failed is tried again after so long.
pub const RECOVERY_SECS: i64 = 3_600;

/// What decides when a stream is due.
#[derive(Clone, Copy, Debug)]
pub struct PlanInput<'a> {
    pub stream: Stream,
    pub settings: &'a SyncSettings,
    /// The organization's.
    pub zone: Zone,
    /// [`crate::connector_state::ConnectorState::syncs`].
    pub connector_active: bool,
    /// [`phase_seed`] of the connector's id.
    pub phase_seed: u64,
    /// Somebody asked for a run that has not ended yet: `Manual` or `Webhook`.
    pub requested: Option<Trigger>,
    /// Of the last run, however it ended.
    pub last_started_at: Option<i64>,
    /// The end of the last run that was a success or partial.
    pub last_success_at: Option<i64>,
    pub last_outcome: Option<&'a Outcome>,
    /// The local date on which the last nightly run started.
    pub last_nightly_date: Option<NaiveDate>,
    pub now: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// `now` or later; `None` when nothing is scheduled.
    pub next_due_at: Option<i64>,
    /// What the run is to be logged as.
    pub trigger: Trigger,
}

impl Plan {
    const NEVER: Self = Self {
        next_due_at: None,
        trigger: Trigger::Cron,
    };

    const fn at(due: i64, trigger: Trigger) -> Self {
        Self {
            next_due_at: Some(due),
            trigger,
        }
    }

    #[must_use]
    pub fn is_due(&self, now: i64) -> bool {
        self.next_due_at.is_some_and(|due| due <= now)
    }

    /// The earlier of the two; this one when both are due at once.
    fn or_earlier(self, other: Option<Self>) -> Self {
        match (self.next_due_at, other) {
            (Some(due), Some(other)) if other.next_due_at.is_some_and(|o| o < due) => other,
            _ => self,
        }
    }
}

/// A number that is stable per connector and evenly spread over connectors.
#[must_use]
pub fn phase_seed(connector_id: &str) -> u64 {
    Sha256::digest(connector_id.as_bytes())
        .iter()
        .take(8)
        .fold(0, |seed, &byte| seed << 8 | u64::from(byte))
}

/// When `input.stream` is due next, and why.
#[must_use]
pub fn plan(input: &PlanInput<'_>) -> Plan {
    let settings = input.settings;
    if !input.connector_active || !settings.streams.is_enabled(input.stream) {
        return Plan::NEVER;
    }
    if let Some(trigger) = input.requested {
        return Plan::at(input.now, trigger);
    }
    if !settings.enabled {
        return Plan::NEVER;
    }
    let history = History::of(input);
    match cadence(settings.frequency, input.stream.tier()) {
        Cadence::Never => Plan::NEVER,
        _ if history.is_unfinished() => Plan::at(history.resume_at(), Trigger::Cron),
        _ if history.is_first() => Plan::at(input.now, Trigger::Cron),
        _ if settings.schedule == Schedule::FixedTimes => at_fixed_times(input, &history),
        Cadence::Nightly => nightly(input, &history),
        Cadence::Every(secs) => every(input, &history, secs),
    }
}

/// What is known of earlier runs. A clock that was ahead leaves times in the
/// future. They say nothing: taken for the present they would put a stream off
/// again whenever it is due, until the clock has caught up with them.
struct History<'a> {
    last_started_at: Option<i64>,
    last_success_at: Option<i64>,
    last_outcome: Option<&'a Outcome>,
    now: i64,
}

impl<'a> History<'a> {
    fn of(input: &PlanInput<'a>) -> Self {
        let past = |at: &i64| *at <= input.now.saturating_add(SKEW_SECS);
        let last_success_at = input.last_success_at.filter(past);
        let last_started_at = input.last_started_at.filter(past).or(last_success_at);
        Self {
            last_started_at: last_started_at.map(|at| at.min(input.now)),
            last_success_at: last_success_at.map(|at| at.min(input.now)),
            last_outcome: input.last_outcome,
            now: input.now,
        }
    }

    /// The last run has not ended: it has more to do, or waits to try again.
    fn is_unfinished(&self) -> bool {
        matches!(
            self.last_outcome,
            Some(Outcome::More | Outcome::RetryAt { .. } | Outcome::WaitUntil { .. })
        )
    }

    /// When an unfinished run goes on. Hours do not gate it: it has started.
    fn resume_at(&self) -> i64 {
        match self.last_outcome {
            Some(Outcome::RetryAt { at, .. } | Outcome::WaitUntil { at, .. }) => {
                (*at).clamp(self.now, self.now.saturating_add(MAX_RETRY_SECS))
            }
            _ => self.now,
        }
    }

    fn has_failed(&self) -> bool {
        matches!(self.last_outcome, Some(Outcome::Failed { .. }))
    }

    /// Another try of what failed, where the next regular run is hours away.
    fn recovery(&self) -> Option<Plan> {
        let started = self.last_started_at.filter(|_| self.has_failed())?;
        let again = started.saturating_add(RECOVERY_SECS).max(self.now);
        Some(Plan::at(again, Trigger::Retry))
    }

    /// Nothing has ever come, and no attempt was given up: one that was is tried
    /// again by the cadence, not at once and for ever.
    fn is_first(&self) -> bool {
        self.last_success_at.is_none() && !self.has_failed()
    }
}

fn nightly(input: &PlanInput<'_>, history: &History<'_>) -> Plan {
    let nights = Nights::new(input.zone, input.phase_seed);
    let last = history.last_started_at.max(history.last_success_at);
    let night = nights.next_due(input.last_nightly_date, last, input.now);
    Plan::at(night, Trigger::Nightly).or_earlier(history.recovery())
}

/// Times that were missed are made up for by one run.
fn at_fixed_times(input: &PlanInput<'_>, history: &History<'_>) -> Plan {
    let times = FixedTimes::of(input.stream.tier(), input.phase_seed);
    let due = history
        .last_started_at
        .map_or(input.now, |started| times.after(started))
        .max(input.now);
    Plan::at(due, Trigger::Cron).or_earlier(history.recovery())
}

fn every(input: &PlanInput<'_>, history: &History<'_>, secs: i64) -> Plan {
    let due = history
        .last_started_at
        .map_or(input.now, |started| {
            next_start(started, secs, input.phase_seed)
        })
        .max(input.now);
    let trigger = if history.has_failed() {
        Trigger::Retry
    } else {
        Trigger::Cron
    };
    let regular = Plan::at(
        Opening::of(input).map_or(due, |opening| opening.at_or_after(due)),
        trigger,
    );
    let sweep = (input.stream.tier() == Tier::Warm)
        .then(|| sweep(input, history, secs))
        .flatten();
    regular.or_earlier(sweep)
}

/// One interval after the last start, or up to a tenth less: the start moves
/// towards the connector's own phase, so that organizations that were once
/// started together (after an outage) drift apart again, while data is never
/// older than the interval.
fn next_start(last_started_at: i64, secs: i64, phase_seed: u64) -> i64 {
    let phase = phase_within(phase_seed, secs);
    let late = last_started_at
        .saturating_sub(phase)
        .rem_euclid(secs.max(1));
    last_started_at
        .saturating_add(secs)
        .saturating_sub(late.min(secs / 10))
}

/// A warm stream that will not have succeeded for longer than its interval when
/// the night comes is taken along (the replaced system's *catchup safety net*).
///
/// A night that was missed may need no sweep any more, because a run by day came
/// first; then it is the following night that may.
fn sweep(input: &PlanInput<'_>, history: &History<'_>, secs: i64) -> Option<Plan> {
    let nights = Nights::new(input.zone, input.phase_seed);
    let last = history.last_started_at.max(history.last_success_at);
    let today = Some(input.zone.date(input.now));
    let too_old_by = |night: i64| {
        let oldest = nights.start_of(night).saturating_sub(secs);
        history
            .last_success_at
            .is_none_or(|success| success < oldest)
    };
    [input.last_nightly_date, input.last_nightly_date.max(today)]
        .into_iter()
        .map(|last_date| nights.next_due(last_date, last, input.now))
        .find(|&night| too_old_by(night))
        .map(|night| Plan::at(night, Trigger::Nightly))
}

/// The connector's place within `0..span_secs`.
fn phase_within(phase_seed: u64, span_secs: i64) -> i64 {
    let span = u64::try_from(span_secs).unwrap_or_default().max(1);
    i64::try_from(phase_seed % span).unwrap_or_default()
}
