//! Attendance: what was scheduled against what was worked, and what follows from the difference.
//!
//! | module | rule |
//! |---|---|
//! | [`matching`] | which punch is the work of which shift |
//! | [`delta`] | the difference, in numbers and in categories |
//! | [`policy`] | an organization's thresholds, points and exemptions |
//! | [`event`] | what a policy makes of a difference |
//! | [`span`] | what has to be looked at again after a change |
//! | [`sick_leave`] | what people may take, have taken and have left |
//! | [`week`] | when people can work in one week |

pub mod delta;
pub mod event;
pub mod excuse;
pub mod matching;
pub mod policy;
pub mod sick_leave;
pub mod span;
pub mod week;

#[cfg(test)]
mod properties;

/// What is of one person, or of one work: mostly so few that they need no memory of their own. A run goes over tens
/// of thousands of people.
pub type Few<T> = smallvec::SmallVec<[T; 4]>;

/// A scheduled shift of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift<'a> {
    /// What tells it from another one of the same times, whatever order rows come in: the provider's id.
    pub key: &'a str,
    pub starts_at: i64,
    /// When the person was to come: the start, or the end of approved time off that covers it
    /// ([`excuse::expected_at`]), on the same local day.
    pub expected_at: i64,
    pub ends_at: i64,
    /// Ends at closing time: `ends_at` is then no promise.
    pub is_close: bool,
    /// Planned.
    pub unpaid_break_seconds: i64,
    /// Somebody has noted at the provider why the person is away: see [`notes_absence`].
    pub absence_noted: bool,
    /// The local date of its start, as a count of days.
    pub day: i32,
}

/// Whether the provider's attendance status of a shift says that an absence is something else than a no-show: `sick`,
/// `called_off`, `called_in`, or one of the company's own.
#[must_use]
pub fn notes_absence(status: &str) -> bool {
    !matches!(status, "" | "none" | "no_show" | "late")
}

/// A punch of the same person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Punch<'a> {
    /// As of a shift.
    pub key: &'a str,
    pub clocked_in_at: i64,
    /// `None` while the person is on the clock.
    pub clocked_out_at: Option<i64>,
    /// Out − in − unpaid breaks; `None` while the person is on the clock.
    pub worked_seconds: Option<i64>,
    /// Clocked out by the system, not by the person: the end says nothing.
    pub auto_clocked_out: bool,
    /// The shift that the provider names, as an index into the shifts. `None` also where that shift is
    /// deleted, or another person's by now.
    pub shift: Option<usize>,
    /// The local date of the clock-in, as a count of days.
    pub day: i32,
}
