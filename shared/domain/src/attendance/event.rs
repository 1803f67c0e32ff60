//! What an organization's policy makes of a difference: events, each of which becomes one record.

use super::delta::{Category, Delta, Review, nearest_minutes, whole_minutes};
use super::policy::Policy;
use crate::text_enum::text_enum;

text_enum! {
    /// What is recorded. Beside the seed's categories, without the one that needs no action, two that a policy can
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
    }
}

/// One event of one work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    pub event: EventType,
    /// How much: late, early, over or under; of a no-show the scheduled time, of an unscheduled punch the time
    /// worked. 0 where it is not known.
    pub seconds: i64,
    /// By the policy, before anybody is excused. 0 while it needs a review.
    pub points: i32,
    /// From how many minutes on the policy gives these points; `None` where it gives none.
    pub tier_minutes: Option<u32>,
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
            | EventType::LateStay => whole_minutes(self.seconds),
        }
    }
}

/// The events of one work of one person.
///
/// A person who is exempt has none. What needs a review is recorded without points: a person decides.
#[must_use]
pub fn events(
    delta: &Delta,
    review: Option<Review>,
    policy: &Policy,
    exempt: Exemption,
) -> Vec<Event> {
    if exempt == Exemption::All {
        return Vec::new();
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
            };
            if !holds {
                return None;
            }
            let tier = policy.tier(event, seconds);
            // Only worth a record where the policy says so.
            if tier.is_none() && matches!(event, EventType::EarlyArrival | EventType::LateStay) {
                return None;
            }
            let needs_review = review == Some(Review::OnTheClock) && event == EventType::NoShow;
            Some(Event {
                event,
                seconds,
                points: tier.filter(|_| !needs_review).map_or(0, |tier| tier.points),
                tier_minutes: tier.map(|tier| tier.from_minutes),
            })
        })
        .collect()
}

/// One event in a sentence or two, for whoever has to decide about it: what happened, by which numbers, and by which
/// rule. `clock` writes a time as the wall showed it.
#[must_use]
pub fn explain(
    event: &Event,
    delta: &Delta,
    review: Option<Review>,
    is_excused: bool,
    clock: impl Fn(i64) -> String,
) -> String {
    let at = |time: Option<i64>| time.map_or_else(|| "?".to_owned(), &clock);
    let (start, end) = (at(delta.scheduled_start), at(delta.scheduled_end));
    let (came, went) = (at(delta.actual_start), at(delta.actual_end));
    let minutes = event.minutes(delta);
    let hours = |seconds: Option<i64>| {
        crate::worked_time::Hours::from_seconds(seconds.unwrap_or_default()).to_string()
    };
    let mut text = match event.event {
        EventType::LateArrival => {
            format!("Clocked in at {came}, {minutes} min after the start at {start}.")
        }
        EventType::EarlyArrival => {
            format!("Clocked in at {came}, {minutes} min before the start at {start}.")
        }
        EventType::EarlyDeparture => {
            format!("Clocked out at {went}, {minutes} min before the end at {end}.")
        }
        EventType::LateStay => {
            format!("Clocked out at {went}, {minutes} min after the end at {end}.")
        }
        EventType::NoShow => format!("No punch belongs to the shift that began at {start}."),
        EventType::Unscheduled => format!("No shift belongs to the clock-in at {came}."),
        EventType::Overtime | EventType::ShortShift => {
            let more = if event.event == EventType::Overtime {
                "more"
            } else {
                "less"
            };
            format!(
                "Worked {} h of {} h scheduled: {minutes} min {more}.",
                hours(delta.worked_seconds),
                hours(delta.scheduled_seconds),
            )
        }
    };
    if review == Some(Review::OnTheClock) && event.event == EventType::NoShow {
        text.push_str(" The person was on the clock meanwhile, by a punch too far from the start: a person decides.");
    } else if let Some(tier) = event.tier_minutes {
        let points = event.points;
        let unit = if points.abs() == 1 { "point" } else { "points" };
        text.push_str(&format!(" {points} {unit}"));
        if tier > 0 {
            text.push_str(&format!(" from {tier} min on"));
        }
        text.push('.');
    }
    if is_excused {
        text.push_str(" Excused by approved time off.");
    }
    text
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

/// When an event happened, in the same local time: the moment that time off has to cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalMoment {
    pub day: i32,
    pub second_of_day: u32,
}

/// The time off that excuses an event: being away, coming late, leaving early and working less are what one
/// takes time off for. A part of a day excuses what it covers, its ends included.
#[must_use]
pub fn excuse<'a>(
    event: EventType,
    at: LocalMoment,
    time_off: &[TimeOff<'a>],
) -> Option<TimeOff<'a>> {
    let is_excusable = matches!(
        event,
        EventType::NoShow
            | EventType::LateArrival
            | EventType::EarlyDeparture
            | EventType::ShortShift
    );
    if !is_excusable {
        return None;
    }
    time_off
        .iter()
        .filter(|off| off.first_day <= at.day && at.day <= off.last_day)
        .find(|off| match off.part {
            None => true,
            // Who works less than planned is away for a part of the day, whichever it is.
            Some(_) if event == EventType::ShortShift => true,
            Some((from, to)) => from <= at.second_of_day && at.second_of_day <= to,
        })
        .copied()
}

/// The points that count: a manager's word is above the rule's.
#[must_use]
pub const fn assessed_points(
    points: i64,
    excused_by_manager: Option<bool>,
    is_excused: bool,
) -> i64 {
    let excused = match excused_by_manager {
        Some(word) => word,
        None => is_excused,
    };
    if excused { 0 } else { points }
}
