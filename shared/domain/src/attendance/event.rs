//! What an organization's policy makes of a difference: events, each of which becomes one record.

use super::Few;
use super::delta::{Category, Delta, Review, nearest_minutes, whole_minutes};
use super::excuse::Excuse;
use super::policy::{Policy, Thresholds};
use crate::text_enum::text_enum;

text_enum! {
    /// What is recorded. Beside the categories, without the one that needs no action, two that a policy can
    /// reward.
    pub enum EventType, "attendance event" {
        LateArrival = "late_arrival",
        EarlyDeparture = "early_departure",
        NoShow = "no_show",
        Unscheduled = "unscheduled",
        Overtime = "overtime",
        ShortShift = "short_shift",
        /// Clocked in before the start, by as much as the policy has points for.
        EarlyArrival = "early_arrival",
        /// Clocked out after the end, by as much as the policy has points for.
        LateStay = "late_stay",
        /// The clock-out is the system's: when somebody left is for a person to say.
        AutoClockOut = "auto_clock_out",
    }
}

impl EventType {
    /// The threshold that it is beyond, in minutes or percent; 0 where there is none.
    #[must_use]
    pub fn threshold(self, thresholds: &Thresholds) -> i64 {
        match self {
            Self::LateArrival => whole_minutes(thresholds.on_time_seconds()),
            Self::EarlyDeparture => whole_minutes(thresholds.early_departure_seconds()),
            Self::Overtime => whole_minutes(thresholds.overtime_seconds()),
            Self::ShortShift => thresholds.short_shift_percent(),
            Self::NoShow
            | Self::Unscheduled
            | Self::EarlyArrival
            | Self::LateStay
            | Self::AutoClockOut => 0,
        }
    }
}

/// One event of one work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    pub event: EventType,
    /// How much: late, early, over or under; of a no-show the scheduled time, of an unscheduled punch the time
    /// worked. 0 where it is not known.
    pub seconds: i64,
    /// By the policy, before anybody is excused.
    pub points: i32,
    /// From how many minutes on the policy gives these points; `None` where it gives none.
    pub tier_minutes: Option<u32>,
    /// What of it needs a person's eye: until somebody has decided, its points do not count.
    pub review: Option<Review>,
}

impl Event {
    /// Of an event of `delta`: minutes that are over, as a clock shows them, where it is a difference of times; of
    /// durations to the nearest minute, as they are shown themselves.
    #[must_use]
    pub fn minutes(&self, delta: &Delta) -> i64 {
        match self.event {
            EventType::Overtime | EventType::ShortShift => {
                delta.delta_minutes().map_or(0, i64::saturating_abs)
            }
            EventType::NoShow | EventType::Unscheduled => nearest_minutes(self.seconds),
            EventType::LateArrival
            | EventType::EarlyDeparture
            | EventType::EarlyArrival
            | EventType::LateStay
            | EventType::AutoClockOut => whole_minutes(self.seconds),
        }
    }
}

/// The events of one work of one person.
///
/// A person who is exempt has none.
#[must_use]
pub fn events(
    delta: &Delta,
    review: Option<Review>,
    policy: &Policy,
    exempt: Exemption,
) -> Few<Event> {
    if exempt == Exemption::All {
        return Few::new();
    }
    let arrival = delta.arrival_seconds.unwrap_or_default();
    let departure = delta.departure_seconds.unwrap_or_default();
    let net = delta.net_seconds.unwrap_or_default();
    let has = |category| delta.categories.has(category);
    EventType::ALL
        .iter()
        .filter_map(|&event| {
            let (holds, seconds) = match event {
                EventType::LateArrival => (has(Category::LateArrival), arrival),
                EventType::EarlyDeparture => {
                    (has(Category::EarlyDeparture), departure.saturating_neg())
                }
                EventType::NoShow => (
                    has(Category::NoShow),
                    delta.scheduled_seconds.unwrap_or_default(),
                ),
                EventType::Unscheduled => (
                    has(Category::Unscheduled) && exempt != Exemption::Unscheduled,
                    delta.worked_seconds.unwrap_or_default(),
                ),
                EventType::Overtime => (has(Category::Overtime), net),
                EventType::ShortShift => (has(Category::ShortShift), net.saturating_neg()),
                EventType::EarlyArrival => (arrival < 0, arrival.saturating_neg()),
                EventType::LateStay => (departure > 0, departure),
                EventType::AutoClockOut => (delta.is_auto_clocked_out, 0),
            };
            if !holds {
                return None;
            }
            let tier = policy.tier(event, seconds);
            // Only worth a record where the policy says so.
            if tier.is_none() && matches!(event, EventType::EarlyArrival | EventType::LateStay) {
                return None;
            }
            Some(Event {
                event,
                seconds,
                points: tier.map_or(0, |tier| tier.points),
                tier_minutes: tier.map(|tier| tier.from_minutes),
                review: review.filter(|review| review.event() == event),
            })
        })
        .collect()
}

/// A time as the wall showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WallTime {
    pub shown: String,
    /// That the wall was ahead of UTC.
    pub offset_seconds: i64,
}

impl WallTime {
    /// So that it is told from the same time in the hour that a clock shows twice: `01:30 (UTC-5)`.
    fn with_offset(&self) -> String {
        let minutes = self.offset_seconds.saturating_abs() / 60;
        let sign = if self.offset_seconds < 0 { '-' } else { '+' };
        let (hours, minutes) = (minutes / 60, minutes % 60);
        let shown = &self.shown;
        match (hours, minutes) {
            (0, 0) => format!("{shown} (UTC)"),
            (_, 0) => format!("{shown} (UTC{sign}{hours})"),
            _ => format!("{shown} (UTC{sign}{hours}:{minutes:02})"),
        }
    }
}

/// One event in some sentences, for whoever has to decide about it: what happened, by which numbers, and by which
/// rule. What a reader subtracts comes out: where whole minutes would not be beyond the rule, seconds are said, and
/// where the clocks have changed between two times, what they were ahead of UTC.
#[must_use]
pub fn explain(
    event: &Event,
    delta: &Delta,
    excuse: Option<&Excuse<'_>>,
    thresholds: &Thresholds,
    clock: impl Fn(i64) -> WallTime,
) -> String {
    let (came, start) = times(delta.actual_start, delta.scheduled_start, &clock);
    let (went, end) = times(delta.actual_end, delta.scheduled_end, &clock);
    let (minutes, rule) = (event.minutes(delta), event.event.threshold(thresholds));
    let hours = |seconds: Option<i64>| {
        crate::worked_time::Hours::from_seconds(seconds.unwrap_or_default()).to_string()
    };
    let beyond = amount(event, delta, thresholds);
    let worked = || {
        format!(
            "Worked {} h of {} h scheduled",
            hours(delta.worked_seconds),
            hours(delta.scheduled_seconds)
        )
    };
    let mut text = match event.event {
        EventType::LateArrival => format!(
            "Clocked in at {came}, {beyond} after the start at {start}; more than {rule} min are late."
        ),
        EventType::EarlyArrival => {
            format!("Clocked in at {came}, {minutes} min before the start at {start}.")
        }
        EventType::EarlyDeparture => format!(
            "Clocked out at {went}, {beyond} before the end at {end}; more than {rule} min are early."
        ),
        EventType::LateStay => {
            format!("Clocked out at {went}, {minutes} min after the end at {end}.")
        }
        EventType::NoShow => format!("No punch belongs to the shift that began at {start}."),
        EventType::Unscheduled => format!("No shift belongs to the clock-in at {came}."),
        EventType::Overtime => format!(
            "{}: {beyond} more; more than {rule} min are overtime.",
            worked()
        ),
        EventType::ShortShift => format!(
            "{}: {beyond} less; more than {rule} % are a short shift.",
            worked()
        ),
        EventType::AutoClockOut => {
            format!("The system clocked the person out at {went}: when they left is not known.")
        }
    };
    if event.review == Some(Review::OnTheClock) {
        text.push_str(" The person was on the clock meanwhile, by a punch that is not its work.");
    }
    if event.review == Some(Review::AbsenceNoted) {
        text.push_str(" The schedule notes the absence as something else than a no-show.");
    }
    if let Some(excuse) = excuse.filter(|excuse| !excuse.is_whole()) {
        let left = whole_minutes(excuse.left_seconds);
        text.push_str(&format!(" Approved time off leaves {left} min of it."));
    }
    if let Some(tier) = event.tier_minutes {
        let points = event.points;
        let unit = if points.abs() == 1 { "point" } else { "points" };
        text.push_str(&format!(" {points} {unit}"));
        if tier > 0 {
            text.push_str(&format!(" from {tier} min on"));
        }
        text.push('.');
    }
    if event.review.is_some() {
        text.push_str(" A person decides.");
    }
    if excuse.is_some_and(Excuse::is_whole) {
        text.push_str(" Excused by approved time off.");
    }
    text
}

/// Two times of one sentence.
fn times(
    one: Option<i64>,
    other: Option<i64>,
    clock: impl Fn(i64) -> WallTime,
) -> (String, String) {
    let unknown = || "?".to_owned();
    match (one.map(&clock), other.map(&clock)) {
        (Some(one), Some(other)) if one.offset_seconds != other.offset_seconds => {
            (one.with_offset(), other.with_offset())
        }
        (one, other) => (
            one.map_or_else(unknown, |time| time.shown),
            other.map_or_else(unknown, |time| time.shown),
        ),
    }
}

/// How much it is: in minutes, and to the second where they would not be beyond the rule.
fn amount(event: &Event, delta: &Delta, thresholds: &Thresholds) -> String {
    let minutes = event.minutes(delta);
    let allowed = match event.event {
        EventType::LateArrival => thresholds.on_time_seconds(),
        EventType::EarlyDeparture => thresholds.early_departure_seconds(),
        EventType::Overtime => thresholds.overtime_seconds(),
        EventType::ShortShift => {
            let scheduled = delta.scheduled_seconds.unwrap_or_default();
            scheduled.saturating_mul(thresholds.short_shift_percent()) / 100
        }
        _ => return format!("{minutes} min"),
    };
    let (whole, seconds) = (whole_minutes(event.seconds), event.seconds.rem_euclid(60));
    if minutes.saturating_mul(60) > allowed || seconds == 0 {
        format!("{minutes} min")
    } else {
        format!("{whole} min {seconds} s")
    }
}

/// What a policy leaves a person out of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exemption {
    #[default]
    Nothing,
    Unscheduled,
    All,
}

/// Of a person of this level who works as these.
#[must_use]
pub fn exemption(policy: &Policy, level: Option<&str>, roles: &[&str]) -> Exemption {
    let roles = || roles.iter().copied();
    if policy.exempt.names(level, roles()) {
        Exemption::All
    } else if policy.unscheduled_exempt.names(level, roles()) {
        Exemption::Unscheduled
    } else {
        Exemption::Nothing
    }
}
