//! One page of one step: the request that asks for it, and its rows as records.

use domain::stream::Stream;
use platform::SpinDatabase;
use platform::seven_shifts::checkpoint::{Pass, Step};
use platform::seven_shifts::{Account, Answered, Failure, call, records};
use providers::seven_shifts::{
    DepartmentsQuery, LocationsQuery, MAX_LIMIT, Paging, PunchSelection, RolesQuery,
    ShiftSelection, ShiftsQuery, TimePunchesQuery, UserStatus, UsersQuery,
};
use providers::{Page, Rejected};
use store::records as rows;

/// The records of one page.
pub enum Records {
    Locations(Vec<rows::LocationRecord>),
    Departments(Vec<rows::DepartmentRecord>),
    Roles(Vec<rows::RoleRecord>),
    TeamMembers(Vec<rows::TeamMemberRecord>),
    Shifts(Vec<rows::ShiftRecord>),
    TimePunches(Vec<rows::TimePunchRecord>),
}

pub struct Fetched {
    pub records: Records,
    pub rejected: Vec<Rejected>,
    pub received: usize,
    /// Of those received: not ours to keep. An edit that is not published is a second face of a
    /// shift that another list has.
    pub skipped: usize,
    pub next: Option<String>,
    /// The latest change among the records, Unix seconds.
    pub newest_change: Option<i64>,
    pub provider_time: Option<i64>,
}

impl Records {
    pub fn page(&self) -> rows::Page<'_> {
        match self {
            Self::Locations(records) => rows::Page::Locations(records),
            Self::Departments(records) => rows::Page::Departments(records),
            Self::Roles(records) => rows::Page::Roles(records),
            Self::TeamMembers(records) => rows::Page::TeamMembers(records),
            Self::Shifts(records) => rows::Page::Shifts(records),
            Self::TimePunches(records) => rows::Page::TimePunches(records),
        }
    }

    /// The external ids, in the order of the page.
    pub fn ids(&self) -> Vec<&str> {
        match self {
            Self::Locations(records) => records
                .iter()
                .map(|record| record.external_id.as_str())
                .collect(),
            Self::Departments(records) => records
                .iter()
                .map(|record| record.external_id.as_str())
                .collect(),
            Self::Roles(records) => records
                .iter()
                .map(|record| record.external_id.as_str())
                .collect(),
            Self::TeamMembers(records) => records
                .iter()
                .map(|record| record.external_id.as_str())
                .collect(),
            Self::Shifts(records) => records
                .iter()
                .map(|record| record.external_id.as_str())
                .collect(),
            Self::TimePunches(records) => records
                .iter()
                .map(|record| record.external_id.as_str())
                .collect(),
        }
    }
}

/// What stays the same for every page of a run.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub account: &'a Account<'a, SpinDatabase>,
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
    } = source;
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
            let mut answer = call(
                line,
                client.shifts(&shifts(pass, step, location_id, paging)),
            )
            .await?;
            let rows = &mut answer.value.rows;
            let sent = rows.len();
            if matches!(step, Step::UnpublishedSince(_)) {
                rows.retain(|row| row.publish_status.as_deref() == Some("draft"));
            }
            let skipped = sent.saturating_sub(rows.len());
            Ok(Fetched {
                skipped,
                ..fetched(
                    answer,
                    |row| row.modified,
                    |row| records::shift(row, now),
                    Records::Shifts,
                )
            })
        }
        Stream::TimePunches => {
            let answer = call(
                line,
                client.time_punches(&time_punches(pass, step, location_id, paging)),
            )
            .await?;
            Ok(fetched(
                answer,
                |row| row.modified,
                |row| records::time_punch(row, now),
                Records::TimePunches,
            ))
        }
        // The remaining streams are not synced by this version; their jobs are never made.
        _ => {
            let query = LocationsQuery {
                paging,
                ..LocationsQuery::default()
            };
            let answer = call(line, client.locations(&query)).await?;
            Ok(fetched(
                answer,
                |row| row.modified,
                |row| records::location(row, now),
                Records::Locations,
            ))
        }
    }
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
        Step::UnpublishedSince(since) => ShiftsQuery {
            selection: ShiftSelection::Draft,
            modified_since: Some(since),
            ..query
        },
        Step::DeletedSince(since) => ShiftsQuery {
            selection: ShiftSelection::Deleted,
            modified_since: Some(since),
            ..query
        },
        _ => ShiftsQuery {
            selection: ShiftSelection::Published,
            start_gte: pass.window_from,
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
        _ => TimePunchesQuery {
            selection: PunchSelection::Live,
            clocked_in_gte: pass.window_from,
            ..query
        },
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
    Fetched {
        newest_change: page.rows.iter().filter_map(modified).max(),
        records: records(page.rows.into_iter().map(record).collect()),
        rejected: page.rejected,
        received: page.received,
        skipped: 0,
        next: page.next,
        provider_time,
    }
}
