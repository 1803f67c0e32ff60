//! Tests of the whole: examples that the replaced system was asked, a second program, and what must always hold.

mod choice;
mod examples;
mod looking;
mod oracle;
mod properties;

use std::sync::OnceLock;

use chrono::{Days, NaiveDate};

use super::earliest::{self, Answer};
use super::settings::Settings;
use super::table::{self, Table};
use super::{
    Adviser, Closed, Deal, Decision, Input, Leave, LimitOverride, Meeting, MeetingKind,
    OwnAllocation, Request, Unknown, Week, decide,
};

pub(super) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Ids in the order of their numbers.
pub(super) fn id(number: usize) -> &'static str {
    static IDS: OnceLock<Vec<String>> = OnceLock::new();
    &IDS.get_or_init(|| (0..10_000).map(|number| format!("{number:05}")).collect())[number]
}

pub(super) const MIA: Adviser<'static> = Adviser {
    email: "mia.tan@example.com",
    owner_id: "7001",
    id: "9001",
    taking_on_clients: "True",
    packages: "Seed;Series A;IPO",
    households: "Single;Couple",
    pod_type: "Standard Pod",
    start_date: "2024-02-05",
};

/// Everything that an input borrows.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub today: NaiveDate,
    pub advisers: Vec<Adviser<'static>>,
    pub meetings: Vec<Meeting<'static>>,
    pub deals: Vec<Deal<'static>>,
    pub deals_read_at: i64,
    pub leave: Vec<Leave<'static>>,
    pub closures: Vec<Closed>,
    pub overrides: Vec<LimitOverride<'static>>,
    pub allocations: Vec<OwnAllocation<'static>>,
    pub unknown: Vec<Unknown<'static>>,
}

impl World {
    /// Wednesday, 11 March 2026, with one adviser of whom nothing is known.
    pub fn new() -> Self {
        Self {
            today: date("2026-03-11"),
            advisers: vec![MIA],
            meetings: Vec::new(),
            deals: Vec::new(),
            deals_read_at: 1_773_190_000,
            leave: Vec::new(),
            closures: Vec::new(),
            overrides: Vec::new(),
            allocations: Vec::new(),
            unknown: Vec::new(),
        }
    }

    pub fn input(&self) -> Input<'_> {
        Input {
            today: self.today,
            advisers: &self.advisers,
            meetings: &self.meetings,
            deals: &self.deals,
            deals_read_at: self.deals_read_at,
            leave: &self.leave,
            closures: &self.closures,
            overrides: &self.overrides,
            allocations: &self.allocations,
            unknown: &self.unknown,
        }
    }

    /// So many first meetings of Mia's on a day.
    pub fn clarifies(mut self, day: &str, count: usize) -> Self {
        for _ in 0..count {
            let day = date(day);
            self.meetings.push(Meeting {
                id: id(self.meetings.len()),
                owner_id: MIA.owner_id,
                kind: MeetingKind::Clarify,
                // Noon in Sydney.
                starts_at: day.and_hms_opt(2, 0, 0).unwrap().and_utc().timestamp(),
                day,
                outcome: "SCHEDULED",
                title: "Clarify",
            });
        }
        self
    }

    /// So many first meetings on the Wednesdays of weeks that follow each other.
    pub fn weekly(self, monday: &str, counts: &[usize]) -> Self {
        (0..).zip(counts).fold(self, |world, (week, &count)| {
            let day = date(monday) + Days::new(7 * week + 2);
            world.clarifies(&day.to_string(), count)
        })
    }

    pub fn leave(mut self, first: &str, last: &str) -> Self {
        self.leave.push(Leave {
            id: id(self.leave.len()),
            email: MIA.email,
            first: date(first),
            last: date(last),
            hours: &[],
        });
        self
    }

    pub fn closure(mut self, first: &str, last: &str) -> Self {
        self.closures.push(Closed {
            first: date(first),
            last: date(last),
        });
        self
    }

    pub fn deals(mut self, day: &str, count: usize) -> Self {
        for _ in 0..count {
            self.deals.push(Deal {
                id: id(self.deals.len()),
                adviser_email: MIA.email,
                agreement_start: Some(date(day)),
            });
        }
        self
    }

    pub fn limit(mut self, day: &str, monthly: i64) -> Self {
        self.overrides.push(LimitOverride {
            adviser_email: MIA.email,
            effective_date: date(day),
            id: id(self.overrides.len()),
            client_limit_monthly: monthly,
        });
        self
    }

    pub fn starts(mut self, day: &'static str) -> Self {
        self.advisers[0].start_date = day;
        self
    }

    pub fn table(&self, settings: &Settings) -> Table {
        table::tables(&[0], None, &self.input(), settings).remove(0)
    }

    pub fn answer(&self, agreement: Option<&str>, settings: &Settings) -> Answer {
        let agreement = agreement.map(|day| Week::of(date(day)));
        earliest::earliest(
            &self.table(settings),
            Week::of(self.today),
            agreement,
            settings,
        )
    }

    pub fn decide(&self, request: &Request<'_>, settings: &Settings) -> Decision {
        decide(request, &self.input(), settings)
    }
}

/// A deal of the package that everybody has.
pub(super) fn seed() -> Request<'static> {
    Request {
        deal_id: "new",
        service_package: "Seed",
        ..Request::default()
    }
}
