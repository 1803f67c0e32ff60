//! Which adviser gets a deal: who may take it, when each of them has room, and who has it first.
//!
//! Everything is counted in weeks, which are named by their Mondays, and in halves of a client, because a target
//! is that of a fortnight. Dates are local dates of the organization; where they come from a time, whoever fills
//! [`Input`] has looked at the zone.
//!
//! | module | rule |
//! |---|---|
//! | [`settings`] | what an organization sets up, and which faults of the replaced system are mended |
//! | [`agreement`] | the date that a deal's agreement starts |
//! | [`week`], [`number`] | weeks by their Mondays; halves and ratios |
//! | [`eligibility`] | who may take a deal of this package and household |
//! | [`capacity`] | the limit of a month, its overrides, the target of a fortnight |
//! | [`absence`] | leave and closures, as days of a week |
//! | [`demand`] | which deals wait for their first meeting, and from which week on |
//! | [`table`] | one adviser's weeks |
//! | [`earliest`] | the first week with room, and every step that led to it |
//! | [`decide`] | the choice among advisers |
//! | [`reason`] | why there is none, and why somebody was left out |
//! | [`availability`] | the same tables, for people who look |
//! | [`closure`], [`capacity_override`] | the two documents that people write |
//!
//! `compatible` settings give the weeks that the replaced system gave, with its faults; `corrected` ones, the
//! default, mend them one switch at a time ([`settings::Fixes`]).
//!
//! # What more room and more leave do
//! One would like to promise that more capacity never makes an answer later, and more leave never makes it earlier.
//! The algorithm breaks both in rare cases, and the tests hold a counterexample of each (`tests::properties`):
//! - a week of leave is passed over whole, so the meetings booked in it stop counting against the week after it;
//! - three days of leave halve what is placed of the backlog in a week, and what was not placed there takes up no
//!   room in the week after it;
//! - a higher limit from some week on places more of the backlog in it, and that takes up room in the week after it.
//!
//! What does hold is tested: leave never makes an answer earlier where nothing is booked and nothing waits, and a
//! higher limit for all weeks never makes it later where no meeting is booked.

pub mod absence;
pub mod agreement;
pub mod availability;
pub mod capacity;
pub mod capacity_override;
pub mod closure;
mod dates;
pub mod decide;
pub mod demand;
pub mod earliest;
pub mod eligibility;
mod input;
mod mail;
pub mod number;
pub mod reason;
pub mod settings;
pub mod table;
pub mod week;

#[cfg(test)]
mod tests;

pub use dates::day;
pub use decide::{Decision, Outcome, decide};
pub use input::{
    Adviser, Closed, Deal, HoursOfDay, Input, Leave, LimitOverride, Meeting, MeetingKind,
    OwnAllocation, Request, Source, Unknown,
};
pub use mail::display_name;
pub use settings::Settings;
pub use week::Week;

/// No table reaches further than this beyond the current week, whatever is booked there: ten years.
pub const MAX_WEEKS: i32 = 520;
