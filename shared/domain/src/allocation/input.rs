//! What an allocation goes by. Texts are the providers' own; rows may come in any order, and twice.

use chrono::NaiveDate;

use crate::text_enum::text_enum;

/// Everything that is known, at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The organization's local date.
    pub today: NaiveDate,
    pub advisers: &'a [Adviser<'a>],
    pub meetings: &'a [Meeting<'a>],
    /// What the search for deals without a first meeting finds, by the settings' pipeline and stages.
    pub deals: &'a [Deal<'a>],
    /// When that search was made, in Unix seconds: what was written shortly before may not be in it.
    pub deals_read_at: i64,
    /// Approved requests.
    pub leave: &'a [Leave<'a>],
    pub closures: &'a [Closed],
    pub overrides: &'a [LimitOverride<'a>],
    /// Of the last 90 days at least. Allocations that came to nothing are not among them.
    pub allocations: &'a [OwnAllocation<'a>],
    /// What could not be read.
    pub unknown: &'a [Unknown<'a>],
}

/// A user of the CRM with the properties that make an adviser. A text without a value is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Adviser<'a> {
    pub email: &'a str,
    /// What is written to a deal, and what meetings are owned by. It is not the user's id.
    pub owner_id: &'a str,
    /// The user's id.
    pub id: &'a str,
    /// `True` or `False`.
    pub taking_on_clients: &'a str,
    /// Service packages, with any of `;`, `,`, `/` and `|` between them.
    pub packages: &'a str,
    /// Households, alike; nothing: every one.
    pub households: &'a str,
    pub pod_type: &'a str,
    /// `YYYY-MM-DD`.
    pub start_date: &'a str,
}

text_enum! {
    pub enum MeetingKind, "kind of meeting" {
        /// The first meeting with a client: the only one that takes up room.
        Clarify = "clarify",
        /// Shown and counted, never used.
        KickOff = "kick_off",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Meeting<'a> {
    pub id: &'a str,
    pub owner_id: &'a str,
    pub kind: MeetingKind,
    /// Unix seconds.
    pub starts_at: i64,
    /// The organization's local date of it.
    pub day: NaiveDate,
    /// `SCHEDULED`, `COMPLETED`, `CANCELED` …
    pub outcome: &'a str,
    pub title: &'a str,
}

/// A deal that an adviser has, and that has no first meeting yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deal<'a> {
    pub id: &'a str,
    pub adviser_email: &'a str,
    /// `None` where there is none, or none that can be read: such a deal does not count.
    pub agreement_start: Option<NaiveDate>,
}

/// Approved leave; both days are included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leave<'a> {
    pub id: &'a str,
    pub email: &'a str,
    pub first: NaiveDate,
    pub last: NaiveDate,
    /// Of the days of which the hours are known; the others are whole ones.
    pub hours: &'a [HoursOfDay],
}

/// How long somebody is away on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HoursOfDay {
    pub day: NaiveDate,
    pub minutes: i64,
}

/// The office is closed; both days are included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closed {
    pub first: NaiveDate,
    pub last: NaiveDate,
}

/// Another limit of the month from some day on, until the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LimitOverride<'a> {
    pub adviser_email: &'a str,
    pub effective_date: NaiveDate,
    /// Of two of one day the one with the larger id counts: ids grow with time.
    pub id: &'a str,
    pub client_limit_monthly: i64,
}

/// A deal that we have given to an adviser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnAllocation<'a> {
    pub deal_id: &'a str,
    /// When it was decided, in Unix seconds; of several of one deal the last counts.
    pub decided_at: i64,
    pub adviser_email: &'a str,
    /// The local date of `decided_at`.
    pub decided_on: NaiveDate,
    /// When the CRM took it, in Unix seconds; `None` while that is to come.
    pub written_at: Option<i64>,
    /// As the decision knew it.
    pub agreement_start: Option<NaiveDate>,
    /// A day of the week that was promised.
    pub earliest_week: Option<NaiveDate>,
}

text_enum! {
    /// Where something that counts is read.
    pub enum Source, "source" {
        Users = "users",
        Meetings = "meetings",
        Deals = "deals",
        Leave = "leave",
        Closures = "closures",
        CapacityOverrides = "capacity_overrides",
        Allocations = "allocations",
    }
}

/// A source that could not be read: what it would say of an adviser is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown<'a> {
    pub source: Source,
    /// The mail or the owner id of whom it concerns; `None`: everybody.
    pub adviser: Option<&'a str>,
}

/// The deal that is to be given to somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request<'a> {
    pub deal_id: &'a str,
    pub service_package: &'a str,
    /// Empty: no household is asked for.
    pub household_type: &'a str,
    /// As [`super::agreement::parse`] reads it.
    pub agreement_start: Option<NaiveDate>,
    /// Who has the deal already; empty where nobody has, and where it is to be decided again.
    pub held_by: &'a str,
}
