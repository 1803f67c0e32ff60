//! One page of one step: the request that asks for it, and its rows as records.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate};
use domain::stream::Stream;
use platform::SpinDatabase;
use platform::seven_shifts::checkpoint::{Pass, Step};
use platform::seven_shifts::{Account, Answered, Failure, call, records};
use providers::seven_shifts::{
    AvailabilitiesQuery, Availability, AvailabilityReasonsQuery, DepartmentsQuery, LocationsQuery,
    MAX_LIMIT, Paging, PunchSelection, RolesQuery, Shift, ShiftSelection, ShiftsQuery,
    TimeOffQuery, TimePunch, TimePunchesQuery, UserStatus, UsersQuery,
};
use providers::{Page, Rejected};
use store::records as rows;

use crate::{one_by_one, people};

/// Each is seven rows, and a page of rows is one statement.
const AVAILABILITIES_PER_PAGE: u16 = 100;
const DAYS_OF_A_WEEK: usize = 7;
/// 7shifts states no bound for this list; its general page says 200.
const TIME_OFF_PER_PAGE: u16 = 200;
/// Pages of reasons that are looked through.
const MAX_REASON_PAGES: u32 = 5;

/// The records of one page.
pub enum Records {
    Locations(Vec<rows::LocationRecord>),
    Departments(Vec<rows::DepartmentRecord>),
    Roles(Vec<rows::RoleRecord>),
    TeamMembers(Vec<rows::TeamMemberRecord>),
    Shifts(Vec<rows::ShiftRecord>),
    TimePunches(Vec<rows::TimePunchRecord>),
    Wages(Vec<rows::WageRecord>),
    RoleAssignments(Vec<rows::RoleAssignmentRecord>),
    Availability(Vec<rows::AvailabilityRecord>),
    TimeOff(Vec<rows::TimeOffRecord>),
}

pub struct Fetched {
    pub records: Records,
    /// In the lists of what moved, those that are not here are none of ours.
    pub unread: Vec<Unread>,
    pub received: usize,
    /// Of those received: not ours to keep, or another list has it: an edit that is not published is
    /// a second face of a shift.
    pub skipped: usize,
    pub next: Option<String>,
    /// What was asked for one by one: people, or records in quarantine.
    pub asked: Vec<String>,
    /// Wages that 7shifts says are not paid yet.
    pub planned: Vec<String>,
    /// Records in quarantine that still cannot be read.
    pub kept: Vec<String>,
    /// Records that a list should have had.
    pub left_out: u64,
    /// Rows that are gone by 7shifts' own answer for each, or in another location than the
    /// connector's.
    pub gone: Vec<String>,
    /// A list that this page shows to be needed as well.
    pub also: Option<Step>,
    /// The latest change among the records, Unix seconds.
    pub newest_change: Option<i64>,
    pub provider_time: Option<i64>,
}

/// A record that cannot be read.
pub struct Unread {
    pub rejected: Rejected,
    /// The ids of the rows that it would be; empty where it does not say which record it is.
    pub rows: Vec<String>,
}

impl Unread {
    /// One that would be one row, under its own id.
    pub fn of_row(rejected: Rejected) -> Self {
        Self {
            rows: numbers(&rejected).into_iter().collect(),
            rejected,
        }
    }

    /// One that would be a row for each day of the week.
    pub fn of_week(rejected: Rejected) -> Self {
        let rows = numbers(&rejected).map_or_else(Vec::new, |id| records::days_of(&id));
        Self { rejected, rows }
    }
}

/// The id, if what stands in its place is one of 7shifts, or two.
fn numbers(rejected: &Rejected) -> Option<String> {
    let parts = rejected.external_id.as_deref()?.split(':');
    let numbers: Option<Vec<_>> = parts
        .map(|part| part.parse::<i64>().ok().map(|number| number.to_string()))
        .collect();
    numbers.map(|numbers| numbers.join(":"))
}

impl Fetched {
    /// Nothing but these records.
    pub fn of(records: Records) -> Self {
        Self {
            records,
            unread: Vec::new(),
            received: 0,
            skipped: 0,
            next: None,
            asked: Vec::new(),
            planned: Vec::new(),
            kept: Vec::new(),
            left_out: 0,
            gone: Vec::new(),
            also: None,
            newest_change: None,
            provider_time: None,
        }
    }
}

impl Records {
    /// No record of this stream.
    pub fn none(stream: Stream) -> Self {
        match stream {
            // The last ones are not of 7shifts: a run refuses them.
            Stream::Locations | Stream::Records | Stream::Employees | Stream::LeaveRequests => {
                Self::Locations(Vec::new())
            }
            Stream::Departments => Self::Departments(Vec::new()),
            Stream::Roles => Self::Roles(Vec::new()),
            Stream::Users => Self::TeamMembers(Vec::new()),
            Stream::Shifts => Self::Shifts(Vec::new()),
            Stream::TimePunches => Self::TimePunches(Vec::new()),
            Stream::Wages => Self::Wages(Vec::new()),
            Stream::Assignments => Self::RoleAssignments(Vec::new()),
            Stream::Availability => Self::Availability(Vec::new()),
            Stream::TimeOff => Self::TimeOff(Vec::new()),
        }
    }

    pub fn page(&self) -> rows::Page<'_> {
        match self {
            Self::Locations(records) => rows::Page::Locations(records),
            Self::Departments(records) => rows::Page::Departments(records),
            Self::Roles(records) => rows::Page::Roles(records),
            Self::TeamMembers(records) => rows::Page::TeamMembers(records),
            Self::Shifts(records) => rows::Page::Shifts(records),
            Self::TimePunches(records) => rows::Page::TimePunches(records),
            Self::Wages(records) => rows::Page::Wages(records),
            Self::RoleAssignments(records) => rows::Page::RoleAssignments(records),
            Self::Availability(records) => rows::Page::Availability(records),
            Self::TimeOff(records) => rows::Page::TimeOff(records),
        }
    }

    /// The external ids, in the order of the page.
    pub fn ids(&self) -> Vec<&str> {
        macro_rules! ids {
            ($records:ident) => {
                $records
                    .iter()
                    .map(|record| record.external_id.as_str())
                    .collect()
            };
        }
        match self {
            Self::Locations(records) => ids!(records),
            Self::Departments(records) => ids!(records),
            Self::Roles(records) => ids!(records),
            Self::TeamMembers(records) => ids!(records),
            Self::Shifts(records) => ids!(records),
            Self::TimePunches(records) => ids!(records),
            Self::Wages(records) => ids!(records),
            Self::RoleAssignments(records) => ids!(records),
            Self::Availability(records) => ids!(records),
            Self::TimeOff(records) => ids!(records),
        }
    }
}

/// What stays the same for every page of a run.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub account: &'a Account<'a, SpinDatabase>,
    pub scope: rows::Scope<'a>,
    /// The company's reasons of availability, once they have been asked for.
    pub reasons: &'a OnceCell<BTreeMap<i64, String>>,
    pub stream: Stream,
    /// Only this location of the company.
    pub location_id: Option<i64>,
    pub now: i64,
}

/// Asks for the page of `step` at `cursor`.
///
/// # Errors
/// The provider's or the network's, as [`Failure`].
pub async fn page(
    source: Source<'_>,
    pass: &Pass,
    step: Step,
    cursor: Option<&str>,
) -> Result<Fetched, Failure> {
    let Source {
        account,
        stream,
        location_id,
        now,
        ..
    } = source;
    match step {
        Step::Quarantined => return one_by_one::quarantined(source, cursor).await,
        Step::Missing => return one_by_one::missing(source, pass, cursor).await,
        _ => {}
    }
    let (client, line) = (&account.client, &account.line);
    let paging = Paging {
        cursor: cursor.map(str::to_owned),
        limit: Some(MAX_LIMIT),
    };
    match stream {
        Stream::Departments => {
            let query = DepartmentsQuery {
                location_id,
                paging,
                ..DepartmentsQuery::default()
            };
            let answer = call(line, client.departments(&query)).await?;
            Ok(fetched(
                answer,
                |row| row.modified,
                |row| records::department(row, now),
                Records::Departments,
            ))
        }
        Stream::Roles => {
            let query = RolesQuery {
                location_id,
                paging,
                ..RolesQuery::default()
            };
            let answer = call(line, client.roles(&query)).await?;
            Ok(fetched(
                answer,
                |row| row.modified,
                records::role,
                Records::Roles,
            ))
        }
        Stream::Users => {
            let status = if step == Step::InactiveUsers {
                UserStatus::Inactive
            } else {
                UserStatus::Active
            };
            let query = UsersQuery {
                status: Some(status),
                location_id,
                paging,
                ..UsersQuery::default()
            };
            let answer = call(line, client.users(&query)).await?;
            Ok(fetched(
                answer,
                |row| row.modified,
                records::team_member,
                Records::TeamMembers,
            ))
        }
        Stream::Shifts => {
            let query = shifts(pass, step, location_id, paging);
            let mut answer = call(line, client.shifts(&query)).await?;
            if step.is_of_what_moved() {
                // An edit that is not published has moved nothing.
                answer.value.rows.retain(|row| !is_second_face(row));
                let ids = |row: Shift| (row.id, row.location_id);
                return Ok(moved(source, answer.value, ids));
            }
            let rows = &mut answer.value.rows;
            let sent = rows.len();
            let mut also = None;
            if let Step::ChangedOrDraftSince(since) = step {
                // An edit that is not published does not count; the shift as it is published may be
                // new to us all the same.
                rows.retain(|row| !is_second_face(row));
                also = (rows.len() < sent).then_some(Step::ChangedSince(since));
            } else if let Some(to) = pass.window_to {
                // 7shifts is said to list shifts that start after the bound.
                rows.retain(|row| row.start < to);
            }
            let skipped = sent.saturating_sub(rows.len());
            Ok(Fetched {
                skipped,
                also,
                ..fetched(
                    answer,
                    |row| row.modified,
                    |row| records::shift(row, now),
                    Records::Shifts,
                )
            })
        }
        Stream::TimePunches => {
            let query = time_punches(pass, step, location_id, paging);
            let answer = call(line, client.time_punches(&query)).await?;
            if step.is_of_what_moved() {
                let ids = |row: TimePunch| (row.id, row.location_id);
                return Ok(moved(source, answer.value, ids));
            }
            Ok(fetched(
                answer,
                |row| row.modified,
                |row| records::time_punch(row, now),
                Records::TimePunches,
            ))
        }
        Stream::Locations | Stream::Records | Stream::Employees | Stream::LeaveRequests => {
            let query = LocationsQuery {
                paging,
                ..LocationsQuery::default()
            };
            let mut answer = call(line, client.locations(&query)).await?;
            let rows = &mut answer.value.rows;
            let sent = rows.len();
            // 7shifts has no filter for it.
            rows.retain(|row| location_id.is_none_or(|id| row.id == id));
            let skipped = sent.saturating_sub(rows.len());
            Ok(Fetched {
                skipped,
                ..fetched(
                    answer,
                    |row| row.modified,
                    |row| records::location(row, now),
                    Records::Locations,
                )
            })
        }
        Stream::Wages => people::wages(source, cursor).await,
        Stream::Assignments => people::role_assignments(source, cursor).await,
        Stream::Availability => {
            let query = AvailabilitiesQuery {
                location_id,
                paging: Paging {
                    limit: Some(AVAILABILITIES_PER_PAGE),
                    ..paging
                },
                ..AvailabilitiesQuery::default()
            };
            let Answered {
                value: page,
                provider_time,
            } = call(line, client.availabilities(&query)).await?;
            let reasons = reasons_of(source, &page.rows).await?;
            Ok(Fetched {
                unread: page.rejected.into_iter().map(Unread::of_week).collect(),
                received: page.received.saturating_mul(DAYS_OF_A_WEEK),
                next: page.next,
                provider_time,
                ..Fetched::of(Records::Availability(
                    page.rows
                        .iter()
                        .flat_map(|row| records::availability(row, reasons))
                        .collect(),
                ))
            })
        }
        Stream::TimeOff => {
            let query = TimeOffQuery {
                location_id,
                to_date_gte: pass.window_from.and_then(date),
                paging: Paging {
                    limit: Some(TIME_OFF_PER_PAGE),
                    ..paging
                },
                ..TimeOffQuery::default()
            };
            let answer = call(line, client.time_off(&query)).await?;
            Ok(fetched(
                answer,
                |_| None,
                records::time_off,
                Records::TimeOff,
            ))
        }
    }
}

/// The reasons that these availabilities name by their ids.
pub async fn reasons_of<'a>(
    source: Source<'a>,
    availabilities: &[Availability],
) -> Result<&'a BTreeMap<i64, String>, Failure> {
    static NONE: BTreeMap<i64, String> = BTreeMap::new();
    let mut days = availabilities.iter().flat_map(|row| &row.days);
    if days.all(|day| day.reason_id.is_none()) {
        return Ok(&NONE);
    }
    if let Some(reasons) = source.reasons.get() {
        return Ok(reasons);
    }
    let (client, line) = (&source.account.client, &source.account.line);
    let mut reasons = BTreeMap::new();
    let mut cursor = None;
    for _ in 0..MAX_REASON_PAGES {
        let query = AvailabilityReasonsQuery {
            paging: Paging {
                cursor,
                limit: Some(MAX_LIMIT),
            },
        };
        let page = call(line, client.availability_reasons(&query)).await?.value;
        reasons.extend(page.rows.into_iter().map(|row| (row.id, row.reason)));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(source.reasons.get_or_init(|| reasons))
}

/// The day of a time, in UTC; `None` before all days.
pub fn date(seconds: i64) -> Option<NaiveDate> {
    DateTime::from_timestamp(seconds, 0).map(|time| time.date_naive())
}

/// An edit or a deletion of a published shift that is not published yet. A draft that was thrown away
/// is none: nobody sees a shift beside it.
pub fn is_second_face(row: &Shift) -> bool {
    let status = row.publish_status.as_deref();
    row.draft && !matches!(status, Some("draft" | "draft_deleted"))
}

/// What people see is the published shift: an edit that is not published yet is a draft beside it
/// and does not count. A shift that was withdrawn is a draft only, and no other list tells.
fn shifts(pass: &Pass, step: Step, location_id: Option<i64>, paging: Paging) -> ShiftsQuery {
    let query = ShiftsQuery {
        location_id,
        paging,
        ..ShiftsQuery::default()
    };
    match step {
        Step::ChangedSince(since) => ShiftsQuery {
            modified_since: Some(since),
            ..query
        },
        Step::ChangedOrDraftSince(since) => ShiftsQuery {
            selection: ShiftSelection::PublishedAndDraft,
            modified_since: Some(since),
            ..query
        },
        Step::DeletedSince(since) => ShiftsQuery {
            selection: ShiftSelection::Deleted,
            modified_since: Some(since),
            ..query
        },
        Step::MovedSince(since) => ShiftsQuery {
            modified_since: Some(since),
            location_id: None,
            ..query
        },
        Step::MovedDraftSince(since) => ShiftsQuery {
            selection: ShiftSelection::Draft,
            modified_since: Some(since),
            location_id: None,
            ..query
        },
        Step::MovedDeletedSince(since) => ShiftsQuery {
            selection: ShiftSelection::Deleted,
            modified_since: Some(since),
            location_id: None,
            ..query
        },
        _ => ShiftsQuery {
            selection: ShiftSelection::Published,
            start_gte: pass.window_from,
            start_lte: pass.window_to,
            ..query
        },
    }
}

fn time_punches(
    pass: &Pass,
    step: Step,
    location_id: Option<i64>,
    paging: Paging,
) -> TimePunchesQuery {
    let query = TimePunchesQuery {
        location_id,
        paging,
        ..TimePunchesQuery::default()
    };
    match step {
        Step::ChangedSince(since) => TimePunchesQuery {
            selection: PunchSelection::Live,
            modified_since: Some(since),
            ..query
        },
        Step::DeletedSince(since) => TimePunchesQuery {
            selection: PunchSelection::Deleted,
            modified_since: Some(since),
            ..query
        },
        Step::MovedSince(since) => TimePunchesQuery {
            selection: PunchSelection::Live,
            modified_since: Some(since),
            location_id: None,
            ..query
        },
        Step::MovedDeletedSince(since) => TimePunchesQuery {
            selection: PunchSelection::Deleted,
            modified_since: Some(since),
            location_id: None,
            ..query
        },
        _ => TimePunchesQuery {
            selection: PunchSelection::Live,
            clocked_in_gte: pass.window_from,
            ..query
        },
    }
}

/// Of a page of the whole company, what is in another location than the connector's: if it was in
/// that one before, we have it. The rest is for the lists of that location.
fn moved<Row>(
    source: Source<'_>,
    page: Page<Row>,
    ids: impl Fn(Row) -> (i64, Option<i64>),
) -> Fetched {
    let is_elsewhere =
        |location_id: Option<i64>| location_id.is_some() && location_id != source.location_id;
    let rows = page.rows.into_iter().map(ids);
    Fetched {
        unread: page.rejected.into_iter().map(Unread::of_row).collect(),
        received: page.received,
        skipped: page.received,
        next: page.next,
        gone: rows
            .filter(|(_, location_id)| is_elsewhere(*location_id))
            .map(|(id, _)| id.to_string())
            .collect(),
        ..Fetched::of(Records::none(source.stream))
    }
}

fn fetched<Row, Record>(
    answer: Answered<Page<Row>>,
    modified: fn(&Row) -> Option<i64>,
    record: impl Fn(Row) -> Record,
    records: fn(Vec<Record>) -> Records,
) -> Fetched {
    let Answered {
        value: page,
        provider_time,
    } = answer;
    let newest_change = page.rows.iter().filter_map(modified).max();
    Fetched {
        unread: page.rejected.into_iter().map(Unread::of_row).collect(),
        received: page.received,
        next: page.next,
        newest_change,
        provider_time,
        ..Fetched::of(records(page.rows.into_iter().map(record).collect()))
    }
}
