//! Approved time off: which events it excuses, and what it leaves of them.

use super::delta::{Delta, Review};
use super::event::{Event, EventType};
use super::policy::Policy;
use super::{Shift, matching};

const DAY_SECONDS: i64 = 86_400;

/// Time off that was approved, in the local time of where the person works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOff<'a> {
    pub id: &'a str,
    /// As counts of days, both included.
    pub first_day: i32,
    pub last_day: i32,
    /// Of a part of a day, from and until when, in seconds since local midnight.
    pub part: Option<(u32, u32)>,
}

/// The time off that an event falls into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excuse<'a> {
    pub id: &'a str,
    /// How much of the event it does not cover, in seconds; 0 where it covers all that the policy minds.
    pub left_seconds: i64,
}

impl Excuse<'_> {
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.left_seconds == 0
    }
}

/// When the person of a shift was to come: at its start, or, where approved time off of a part of the day covers that,
/// when the time off ends. Who was not to come at all, as it covers the whole shift, is expected at the start. `local`
/// is as of [`excuse`].
#[must_use]
pub fn expected_at(
    shift: &Shift<'_>,
    policy: &Policy,
    time_off: &[TimeOff<'_>],
    local: impl Fn(i64) -> i64,
) -> i64 {
    let starts_at = shift.starts_at;
    if !policy.excuse_time_off || time_off.iter().all(|off| off.part.is_none()) {
        return starts_at;
    }
    let start = local(starts_at);
    let day = start.div_euclid(DAY_SECONDS);
    let until = time_off
        .iter()
        .filter(|off| (i64::from(off.first_day)..=i64::from(off.last_day)).contains(&day))
        .filter_map(|off| off.part)
        .map(|(from, to)| (second_of(day, from), second_of(day, to)))
        .filter(|&(from, to)| from <= start && start < to)
        .map(|(_, to)| to)
        .max();
    let Some(until) = until else { return starts_at };
    let guess = starts_at.saturating_add(until.saturating_sub(start));
    // The clocks may have changed meanwhile.
    let expected = guess.saturating_add(until.saturating_sub(local(guess)));
    if expected < matching::last_end(shift) {
        expected
    } else {
        starts_at
    }
}

fn second_of(day: i64, second: u32) -> i64 {
    day.saturating_mul(DAY_SECONDS)
        .saturating_add(i64::from(second))
}

/// The time off that excuses an event of `delta`, if any does, and of several the one that leaves least: being away,
/// coming late, leaving early and working less are what one takes time off for.
///
/// Of whole days it excuses what begins on them, or, of leaving early, what ends. Of a part of a day it excuses what it
/// covers: who was to come by its end is late from then on, who was to stay until it began left early until then, and
/// away is excused whose whole shift it covers. `local` makes a time seconds of the wall clock, whole days since the
/// same day as those of `time_off`.
#[must_use]
pub fn excuse<'a>(
    event: &Event,
    delta: &Delta,
    policy: &Policy,
    time_off: &[TimeOff<'a>],
    local: impl Fn(i64) -> i64,
) -> Option<Excuse<'a>> {
    if !policy.excuse_time_off {
        return None;
    }
    let moment = match event.event {
        EventType::NoShow | EventType::LateArrival | EventType::ShortShift => delta.scheduled_start,
        EventType::EarlyDeparture => delta.scheduled_end,
        _ => None,
    }?;
    let moment = local(moment);
    let day = moment.div_euclid(DAY_SECONDS);
    time_off
        .iter()
        .filter(|off| (i64::from(off.first_day)..=i64::from(off.last_day)).contains(&day))
        .filter_map(|off| {
            let left_seconds = match off.part {
                None => 0,
                Some((from, to)) => {
                    let part = (second_of(day, from), second_of(day, to));
                    left(event, delta, policy, part, &local)?
                }
            };
            Some(Excuse {
                id: off.id,
                left_seconds,
            })
        })
        .min_by_key(|excuse| (excuse.left_seconds, excuse.id.len(), excuse.id))
}

/// What a part of a day leaves of an event, in seconds; `None` where they do not touch.
fn left(
    event: &Event,
    delta: &Delta,
    policy: &Policy,
    (from, to): (i64, i64),
    local: impl Fn(i64) -> i64,
) -> Option<i64> {
    let covers = |at: i64| from <= at && at <= to;
    let start = local(delta.scheduled_start?);
    // Where a shift lasts until closing time, nobody can say that its end is not covered.
    let end = delta.scheduled_end.map_or(start, &local);
    let thresholds = &policy.thresholds;
    match event.event {
        EventType::NoShow => (covers(start) && covers(end)).then_some(0),
        EventType::LateArrival => {
            let late = local(delta.actual_start?).saturating_sub(to);
            covers(start).then(|| beyond(late, thresholds.on_time_seconds()))
        }
        EventType::EarlyDeparture => {
            let early = from.saturating_sub(local(delta.actual_end?));
            covers(end).then(|| beyond(early, thresholds.early_departure_seconds()))
        }
        EventType::ShortShift => {
            let covered = end.min(to).saturating_sub(start.max(from));
            let missing = event.seconds.saturating_sub(covered);
            let scheduled = delta.scheduled_seconds?;
            let tolerated = scheduled.saturating_mul(thresholds.short_shift_percent()) / 100;
            (covered > 0).then(|| beyond(missing, tolerated))
        }
        _ => None,
    }
}

/// All of it where it is more than what is tolerated, else nothing.
const fn beyond(seconds: i64, tolerated: i64) -> i64 {
    if seconds > tolerated { seconds } else { 0 }
}

/// The same event, with the points for what its time off leaves of it. Where it leaves nothing, nobody has to decide what a
/// note at the provider meant.
#[must_use]
pub fn judged(event: Event, excuse: Option<&Excuse<'_>>, policy: &Policy) -> Event {
    let Some(excuse) = excuse else {
        return event;
    };
    if excuse.is_whole() {
        let review = event
            .review
            .filter(|review| *review != Review::AbsenceNoted);
        return Event { review, ..event };
    }
    let tier = policy.tier(event.event, excuse.left_seconds);
    Event {
        points: tier.map_or(0, |tier| tier.points),
        tier_minutes: tier.map(|tier| tier.from_minutes),
        ..event
    }
}
