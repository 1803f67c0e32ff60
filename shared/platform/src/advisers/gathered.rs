//! What was gathered, as decisions take it.

use std::collections::BTreeSet;

use domain::NaiveDate;
use domain::allocation::{
    self, Adviser, Closed, Deal, HoursOfDay, Input, Leave, LimitOverride, Meeting, OwnAllocation,
    Settings, Source, agreement,
};
use domain::zone::Zone;
use store::allocation::{ClosureRow, Documents, OverrideRow};
use store::employees::{Absences, Known};

use super::copies::Row;
use super::reading::{Read, Taken, Told};
use super::rows::{Met, User, Waiting};
use crate::time;

/// All that is known.
pub struct Gathered {
    pub zone: Zone,
    /// The organization's local date.
    pub today: NaiveDate,
    /// Unix seconds.
    pub now: i64,
    pub settings: Settings,
    pub settings_version: i64,
    pub users: Vec<User>,
    pub meetings: Vec<Met>,
    pub deals: Vec<Waiting>,
    /// Unix seconds.
    pub deals_read_at: i64,
    pub leave: Vec<OwnedLeave>,
    pub closures: Vec<ClosureRow>,
    pub capacity_overrides: Vec<OverrideRow>,
    pub unknown: Vec<Unknown>,
    /// One for each source.
    pub readings: Vec<Reading>,
    /// How many requests went out for it.
    pub calls: u32,
}

/// When a source was read, and whether it could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// `users`, `owners`, `meetings`, `deals`, `leave`, `closures`, `capacity_overrides`.
    pub source: &'static str,
    /// Unix seconds; `None`: it was not.
    pub read_at: Option<i64>,
    /// Not read for this answer.
    pub is_copy: bool,
    pub rows: usize,
    /// Records that could not be read, and do not count.
    pub unreadable: usize,
    /// Somebody is unknown because of it.
    pub is_unknown: bool,
    pub failure: Option<Told>,
    /// What else a person should know.
    pub note: Option<&'static str>,
}

/// What could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    pub source: Source,
    /// Mail or owner id; `None`: everybody.
    pub adviser: Option<String>,
}

/// Approved leave of whoever has this mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedLeave {
    pub id: String,
    pub email: String,
    pub first: NaiveDate,
    pub last: NaiveDate,
    pub hours: Vec<HoursOfDay>,
}

impl Gathered {
    pub(super) fn new(
        read: Read,
        zone: Zone,
        today: NaiveDate,
        now: i64,
        documents: Documents,
    ) -> Self {
        let mut unknown = Vec::new();
        let mut readings = Vec::new();
        let users = taken("users", read.users, &mut readings);
        let mut users =
            users.map(|(rows, _)| rows.into_iter().filter_map(User::of).collect::<Vec<_>>());
        if users.is_none() {
            unknown.push(everybody(Source::Users));
        }
        // Who is no owner any more cannot be written to a deal. Where the list is not there, HubSpot will say so itself.
        let owners = read
            .owners
            .and_then(|owners| taken("owners", owners, &mut readings));
        if let (Some(users), Some((owners, _))) = (&mut users, &owners) {
            let owners: BTreeSet<&str> = owners
                .iter()
                .filter_map(|row| row.first().map(String::as_str))
                .collect();
            for user in users {
                if !owners.contains(user.owner_id.trim()) {
                    user.owner_id.clear();
                }
            }
        }
        let copied = read
            .meetings
            .as_ref()
            .and_then(|taken| taken.copied.as_ref());
        let covered = copied.map(|copied| copied.about.of.clone());
        let meetings = read
            .meetings
            .and_then(|meetings| taken("meetings", meetings, &mut readings));
        let covered: BTreeSet<String> = covered.unwrap_or_default().into_iter().collect();
        let missing = read.owner_ids.iter().filter(|id| !covered.contains(*id));
        unknown.extend(missing.map(|id| Unknown {
            source: Source::Meetings,
            adviser: Some(id.clone()),
        }));
        let deals = read
            .deals
            .and_then(|deals| taken("deals", deals, &mut readings));
        if deals.is_none() {
            unknown.push(everybody(Source::Deals));
        }
        for reading in &mut readings {
            // Owners are looked at where they are there.
            reading.is_unknown = unknown
                .iter()
                .any(|unknown| unknown.source.as_str() == reading.source);
        }
        let overrides = documents.capacity_overrides.len();
        readings.push(Reading::now("closures", documents.closures.len(), now));
        readings.push(Reading::now("capacity_overrides", overrides, now));
        let (deals, deals_read_at) = deals.unwrap_or((Vec::new(), now));
        let meetings = meetings.into_iter().flat_map(|(rows, _)| rows);
        Self {
            zone,
            today,
            now,
            settings: documents.settings,
            settings_version: documents.settings_version,
            users: users.unwrap_or_default(),
            meetings: meetings.filter_map(Met::of).collect(),
            deals: deals.into_iter().filter_map(Waiting::of).collect(),
            deals_read_at,
            leave: Vec::new(),
            closures: documents.closures,
            capacity_overrides: documents.capacity_overrides,
            unknown,
            readings,
            calls: read.calls,
        }
    }

    /// Of whom it cannot be said when they are away is unknown; without an HR system nobody is away.
    pub(super) fn add_leave(&mut self, absences: &Absences) {
        let mut reading = Reading {
            read_at: None,
            is_copy: true,
            ..Reading::now("leave", 0, self.now)
        };
        if absences.sources.is_empty() {
            reading = Reading {
                note: Some("No HR system is connected: nobody is taken to be on leave."),
                ..Reading::now("leave", 0, self.now)
            };
        }
        let mut seen = BTreeSet::new();
        for user in &self.users {
            let email = user.email.trim();
            if email.is_empty() || !seen.insert(email.to_lowercase()) {
                continue;
            }
            match absences.of(email, self.now) {
                Known::NoSource | Known::Nobody => {}
                Known::Unknown { reason } => {
                    reading.is_unknown = true;
                    reading.failure =
                        Some(Told::new("source_unknown", format!("Leave: {reason}.")));
                    self.unknown.push(Unknown {
                        source: Source::Leave,
                        adviser: Some(email.to_owned()),
                    });
                }
                Known::Away(person) => self.leave.extend(person.leave.iter().map(|leave| {
                    let hours = leave.days.iter().map(|day| HoursOfDay {
                        day: day.date,
                        minutes: day.minutes,
                    });
                    OwnedLeave {
                        id: format!("{}:{}", leave.connector_id, leave.external_id),
                        email: email.to_owned(),
                        first: leave.start_date,
                        last: leave.end_date,
                        hours: hours.collect(),
                    }
                })),
            }
        }
        let completed = absences
            .sources
            .iter()
            .map(|source| source.leave_complete_at);
        reading.read_at = reading.read_at.or(completed.min().flatten());
        reading.rows = self.leave.len();
        self.readings.push(reading);
    }

    /// The meetings of one owner in the place of everybody's.
    pub fn set_meetings(&mut self, taken: Taken) {
        self.readings.push(Reading::of("meetings", &taken));
        let rows = taken.copied.into_iter().flat_map(|copied| copied.rows);
        self.meetings = rows.filter_map(Met::of).collect();
    }

    /// Whose a deal is, by the property that says so: a mail address, or the id of an owner, whose address is meant then.
    fn adviser_of<'a>(&'a self, value: &'a str) -> &'a str {
        let id = value.trim();
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return value;
        }
        let user = self.users.iter().find(|user| user.owner_id == id);
        user.map_or(value, |user| user.email.as_str())
    }

    /// As decisions take it.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        let local_date = |at| self.zone.date(at);
        View {
            gathered: self,
            advisers: self.users.iter().map(User::adviser).collect(),
            meetings: self
                .meetings
                .iter()
                .map(|met| Meeting {
                    id: &met.id,
                    owner_id: &met.owner_id,
                    kind: met.kind,
                    starts_at: met.starts_at,
                    day: local_date(met.starts_at),
                    outcome: &met.outcome,
                    title: &met.title,
                })
                .collect(),
            deals: self
                .deals
                .iter()
                .map(|deal| Deal {
                    id: &deal.id,
                    adviser_email: self.adviser_of(&deal.adviser_email),
                    agreement_start: agreement::parse(
                        &deal.agreement_start,
                        &self.settings.fixes,
                        local_date,
                    )
                    .unwrap_or_default(),
                })
                .collect(),
            leave: self
                .leave
                .iter()
                .map(|leave| Leave {
                    id: &leave.id,
                    email: &leave.email,
                    first: leave.first,
                    last: leave.last,
                    hours: &leave.hours,
                })
                .collect(),
            closures: self.closures.iter().map(ClosureRow::closed).collect(),
            overrides: self
                .capacity_overrides
                .iter()
                .map(OverrideRow::limit)
                .collect(),
            unknown: self
                .unknown
                .iter()
                .map(|unknown| allocation::Unknown {
                    source: unknown.source,
                    adviser: unknown.adviser.as_deref(),
                })
                .collect(),
        }
    }
}

/// What was gathered, borrowed.
pub struct View<'a> {
    gathered: &'a Gathered,
    pub advisers: Vec<Adviser<'a>>,
    pub meetings: Vec<Meeting<'a>>,
    pub deals: Vec<Deal<'a>>,
    pub leave: Vec<Leave<'a>>,
    pub closures: Vec<Closed>,
    pub overrides: Vec<LimitOverride<'a>>,
    pub unknown: Vec<allocation::Unknown<'a>>,
}

impl<'a> View<'a> {
    /// With what was allocated here.
    #[must_use]
    pub fn input(&'a self, allocations: &'a [OwnAllocation<'a>]) -> Input<'a> {
        Input {
            today: self.gathered.today,
            advisers: &self.advisers,
            meetings: &self.meetings,
            deals: &self.deals,
            deals_read_at: self.gathered.deals_read_at,
            leave: &self.leave,
            closures: &self.closures,
            overrides: &self.overrides,
            allocations,
            unknown: &self.unknown,
        }
    }
}

const fn everybody(source: Source) -> Unknown {
    Unknown {
        source,
        adviser: None,
    }
}

/// The rows, and when they were read in Unix seconds; what is to be said of them is added.
fn taken(
    source: &'static str,
    taken: Taken,
    readings: &mut Vec<Reading>,
) -> Option<(Vec<Row>, i64)> {
    let reading = Reading::of(source, &taken);
    let read_at = reading.read_at;
    readings.push(reading);
    Some((taken.copied?.rows, read_at?))
}

impl Reading {
    #[must_use]
    pub fn of(source: &'static str, taken: &Taken) -> Self {
        let about = taken.copied.as_ref().map(|copied| &copied.about);
        Self {
            source,
            read_at: about.map(|about| about.read_at_ms.div_euclid(1_000)),
            is_copy: taken.is_copy,
            rows: taken.copied.as_ref().map_or(0, |copied| copied.rows.len()),
            unreadable: about.map_or(0, |about| about.unreadable),
            is_unknown: taken.copied.is_none(),
            failure: taken.failure.clone(),
            note: None,
        }
    }

    /// What is of the database, and as it is now.
    #[must_use]
    pub const fn now(source: &'static str, rows: usize, now: i64) -> Self {
        Self {
            source,
            read_at: Some(now),
            is_copy: false,
            rows,
            unreadable: 0,
            is_unknown: false,
            failure: None,
            note: None,
        }
    }

    /// When it was read, as answers write it.
    #[must_use]
    pub fn read_at_text(&self) -> Option<String> {
        self.read_at.map(time::rfc3339)
    }
}
