//! The choice among advisers: alone, over a large organization.

use std::hint::black_box;
use std::time::Instant;

use domain::allocation::{
    Adviser, Closed, Deal, Input, Leave, Meeting, MeetingKind, Outcome, OwnAllocation, Request,
    Settings, decide,
};
use domain::{Days, NaiveDate};

use crate::table::{Mark, Measured, Row};

pub const ROWS: &[Row] = &[
    Row {
        id: "allocation_native",
        what: "allocation alone: 200 advisers, 52 weeks, 5,000 meetings, 2,000 deals",
        unit: "ms",
        mark: Mark::Below(10.0),
    },
    Row {
        id: "allocation_native_growth",
        what: "time for twice as much of everything, as a ratio",
        unit: "×",
        mark: Mark::Below(2.6),
    },
];

const ADVISERS: usize = 200;
const ROUNDS: usize = 21;
const DAY: i64 = 86_400;

pub fn measure() -> anyhow::Result<Vec<Measured>> {
    let (once, twice) = (Office::of(1)?, Office::of(2)?);
    let (once, twice) = (once.median_ms()?, twice.median_ms()?);
    Ok(vec![
        Measured::new("allocation_native", once),
        Measured::new("allocation_native_growth", twice / once),
    ])
}

/// Rows as they are kept: ids, mails and owners are texts of their own.
struct Office {
    today: NaiveDate,
    people: Vec<[String; 3]>,
    ids: Vec<String>,
    size: usize,
}

impl Office {
    fn of(size: usize) -> anyhow::Result<Self> {
        let today = NaiveDate::from_ymd_opt(2026, 3, 11)
            .ok_or_else(|| anyhow::anyhow!("there is such a day"))?;
        let people = (0..ADVISERS * size)
            .map(|at| {
                let email = format!("adviser.{at}@example.com");
                [
                    email,
                    format!("{}", 70_000 + at),
                    format!("{}", 90_000 + at),
                ]
            })
            .collect();
        let ids = (0..5_000 * size)
            .map(|at| format!("{}", 44_000_000_000_u64 + (at as u64 * 7_919) % 99_991))
            .collect();
        Ok(Self {
            today,
            people,
            ids,
            size,
        })
    }

    /// Everybody takes the deal, so that everybody is looked at.
    fn advisers(&self) -> Vec<Adviser<'_>> {
        self.people
            .iter()
            .map(|[email, owner_id, id]| Adviser {
                email,
                owner_id,
                id,
                taking_on_clients: "True",
                packages: "Seed;Series A;Series B",
                households: "Single;Couple",
                pod_type: "Standard Pod",
                start_date: "2024-02-05",
            })
            .collect()
    }

    fn median_ms(&self) -> anyhow::Result<f64> {
        let mut chance = 7_u64;
        let mut below = |limit: u64| {
            chance = chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (chance >> 33) % limit
        };
        let advisers = self.advisers();
        let person = |at: u64| self.people.get(usize::try_from(at).unwrap_or(0));
        let people = u64::try_from(self.people.len())?;
        let mut meetings = Vec::new();
        for id in &self.ids {
            let ahead = below(364);
            let Some([_, owner_id, _]) = person(below(people)) else {
                continue;
            };
            meetings.push(Meeting {
                id,
                owner_id,
                kind: MeetingKind::Clarify,
                starts_at: 1_773_190_000 + i64::try_from(ahead)? * DAY,
                day: self.today + Days::new(ahead),
                outcome: "SCHEDULED",
                title: "Clarify",
            });
        }
        let mut deals = Vec::new();
        for id in self.ids.iter().take(2_000 * self.size) {
            let Some([adviser_email, ..]) = person(below(people)) else {
                continue;
            };
            deals.push(Deal {
                id,
                adviser_email,
                agreement_start: Some(self.today + Days::new(below(90)) - Days::new(30)),
            });
        }
        let mut leave = Vec::new();
        for id in self.ids.iter().take(600 * self.size) {
            let Some([email, ..]) = person(below(people)) else {
                continue;
            };
            let first = self.today + Days::new(below(364));
            leave.push(Leave {
                id,
                email,
                first,
                last: first + Days::new(below(20)),
                hours: &[],
            });
        }
        let mut allocations = Vec::new();
        for id in self.ids.iter().rev().take(300 * self.size) {
            let Some([adviser_email, ..]) = person(below(people)) else {
                continue;
            };
            allocations.push(OwnAllocation {
                deal_id: id,
                decided_at: 1_773_189_000,
                adviser_email,
                decided_on: self.today,
                written_at: Some(1_773_189_900),
                agreement_start: Some(self.today),
                earliest_week: Some(self.today + Days::new(14)),
            });
        }
        let closures: Vec<_> = (0..20)
            .map(|at| self.today + Days::new(at * 17))
            .map(|day| Closed {
                first: day,
                last: day,
            })
            .collect();
        let input = Input {
            today: self.today,
            advisers: &advisers,
            meetings: &meetings,
            deals: &deals,
            deals_read_at: 1_773_190_000,
            leave: &leave,
            closures: &closures,
            overrides: &[],
            allocations: &allocations,
            unknown: &[],
        };
        let request = Request {
            deal_id: "501",
            service_package: "Series A",
            household_type: "Couple",
            ..Request::default()
        };
        let settings = Settings::default();
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            let decision = black_box(decide(&request, black_box(&input), &settings));
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            anyhow::ensure!(
                matches!(decision.outcome, Outcome::Chosen(_)),
                "nobody was chosen"
            );
        }
        times.sort_by(f64::total_cmp);
        times
            .get(ROUNDS / 2)
            .copied()
            .ok_or_else(|| anyhow::anyhow!("it was measured"))
    }
}
