//! Short ways to fill the tables and to read lists.

use serde_json::Value;
use store::Execute;
use store::lists::{
    EmployeeFilter, Key, LeaveRequestFilter, List, MemberFilter, Paging, PlaceFilter,
    QuarantineFilter, ShiftFilter, SyncRunFilter, TeamMemberFilter, TimeOffFilter, TimePunchFilter,
    availability, departments, employees, leave_requests, locations, quarantined_records,
    role_assignments, roles, shifts, sync_runs, team_members, time_off, time_punches, wages,
};
use store::records::{
    CustomRecord, DepartmentRecord, EmployeeRecord, LeaveRequestRecord, LocationRecord, Page,
    Refused, RoleRecord, TeamMemberRecord, quarantine,
};

use domain::access::Tenant;
use domain::stream::Stream;

use crate::fixture::{
    Fixture, NOW, NOW_MICROS, Party, absence, assignment, day, member, punch, shift, wage,
};
use crate::support::{TestDatabase, wait};

const OF_MEMBERS: MemberFilter<'static> = MemberFilter {
    updated_since: None,
    include_deleted: true,
    team_member_id: None,
};
const CHANGED_OF_MEMBERS: MemberFilter<'static> = MemberFilter {
    updated_since: Some(0),
    ..OF_MEMBERS
};

/// Every list, as a function of the page.
pub type AnyList = (&'static str, fn(&Tenant, &Paging<'_>) -> List);

/// Every list in its natural order with everything in it, and in the order of changes where it has one.
pub const LISTS: [AnyList; 26] = [
    ("locations", |tenant, paging| {
        locations(tenant, &PLACES, paging)
    }),
    ("departments", |tenant, paging| {
        departments(tenant, &PLACES, paging)
    }),
    ("roles", |tenant, paging| roles(tenant, &PLACES, paging)),
    ("team_members", |tenant, paging| {
        let filter = TeamMemberFilter {
            include_deleted: true,
            ..TeamMemberFilter::default()
        };
        team_members(tenant, &filter, paging)
    }),
    ("shifts", |tenant, paging| {
        let filter = ShiftFilter {
            include_deleted: true,
            ..ShiftFilter::default()
        };
        shifts(tenant, &filter, paging)
    }),
    ("time_punches", |tenant, paging| {
        let filter = TimePunchFilter {
            include_deleted: true,
            ..TimePunchFilter::default()
        };
        time_punches(tenant, &filter, paging)
    }),
    ("wages", |tenant, paging| wages(tenant, &OF_MEMBERS, paging)),
    ("role_assignments", |tenant, paging| {
        role_assignments(tenant, &OF_MEMBERS, paging)
    }),
    ("availability", |tenant, paging| {
        availability(tenant, &OF_MEMBERS, paging)
    }),
    ("time_off", |tenant, paging| {
        let filter = TimeOffFilter {
            include_deleted: true,
            ..TimeOffFilter::default()
        };
        time_off(tenant, &filter, paging)
    }),
    ("employees", |tenant, paging| {
        let filter = EmployeeFilter {
            include_deleted: true,
            ..EmployeeFilter::default()
        };
        employees(tenant, &filter, paging)
    }),
    ("leave_requests", |tenant, paging| {
        let filter = LeaveRequestFilter {
            include_deleted: true,
            ..LeaveRequestFilter::default()
        };
        leave_requests(tenant, &filter, paging)
    }),
    ("changed employees", |tenant, paging| {
        let filter = EmployeeFilter {
            updated_since: Some(0),
            ..EmployeeFilter::default()
        };
        employees(tenant, &filter, paging)
    }),
    ("changed leave_requests", |tenant, paging| {
        let filter = LeaveRequestFilter {
            updated_since: Some(0),
            ..LeaveRequestFilter::default()
        };
        leave_requests(tenant, &filter, paging)
    }),
    ("changed wages", |tenant, paging| {
        wages(tenant, &CHANGED_OF_MEMBERS, paging)
    }),
    ("changed role_assignments", |tenant, paging| {
        role_assignments(tenant, &CHANGED_OF_MEMBERS, paging)
    }),
    ("changed availability", |tenant, paging| {
        availability(tenant, &CHANGED_OF_MEMBERS, paging)
    }),
    ("changed time_off", |tenant, paging| {
        let filter = TimeOffFilter {
            updated_since: Some(0),
            ..TimeOffFilter::default()
        };
        time_off(tenant, &filter, paging)
    }),
    ("sync_runs", |tenant, paging| {
        sync_runs(tenant, &SyncRunFilter::default(), paging)
    }),
    ("quarantined_records", |tenant, paging| {
        quarantined_records(tenant, &QuarantineFilter::default(), paging)
    }),
    ("changed locations", |tenant, paging| {
        locations(tenant, &CHANGED, paging)
    }),
    ("changed departments", |tenant, paging| {
        departments(tenant, &CHANGED, paging)
    }),
    ("changed roles", |tenant, paging| {
        roles(tenant, &CHANGED, paging)
    }),
    ("changed team_members", |tenant, paging| {
        let filter = TeamMemberFilter {
            updated_since: Some(0),
            ..TeamMemberFilter::default()
        };
        team_members(tenant, &filter, paging)
    }),
    ("changed shifts", |tenant, paging| {
        let filter = ShiftFilter {
            updated_since: Some(0),
            ..ShiftFilter::default()
        };
        shifts(tenant, &filter, paging)
    }),
    ("changed time_punches", |tenant, paging| {
        let filter = TimePunchFilter {
            updated_since: Some(0),
            ..TimePunchFilter::default()
        };
        time_punches(tenant, &filter, paging)
    }),
];

const PLACES: PlaceFilter = PlaceFilter {
    updated_since: None,
    include_deleted: true,
};
const CHANGED: PlaceFilter = PlaceFilter {
    updated_since: Some(0),
    include_deleted: false,
};

/// `count` rows of everything, several of them at the same time or in the same page.
pub fn fill(fixture: &Fixture, party: &Party, count: usize) {
    let names: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    let locations: Vec<_> = names
        .iter()
        .map(|id| LocationRecord {
            external_id: id.clone(),
            name: format!("Place {id}"),
            ..LocationRecord::default()
        })
        .collect();
    let departments: Vec<_> = names
        .iter()
        .map(|id| DepartmentRecord {
            external_id: id.clone(),
            ..DepartmentRecord::default()
        })
        .collect();
    let roles: Vec<_> = names
        .iter()
        .map(|id| RoleRecord {
            external_id: id.clone(),
            ..RoleRecord::default()
        })
        .collect();
    let people: Vec<TeamMemberRecord> = names.iter().map(|id| member(id)).collect();
    let starts = (0..).map(|number| NOW + number / 3 * 60);
    let shifts: Vec<_> = names
        .iter()
        .zip(starts.clone())
        .map(|(id, at)| shift(id, Some("0"), at))
        .collect();
    let punches: Vec<_> = names
        .iter()
        .zip(starts)
        .map(|(id, at)| punch(id, "0", Some(id), at))
        .collect();
    let wages: Vec<_> = names.iter().map(|id| wage(id, "0")).collect();
    let assignments: Vec<_> = names.iter().map(|id| assignment(id, "0")).collect();
    let days: Vec<_> = names.iter().map(|id| day(id, "0")).collect();
    let absences: Vec<_> = names.iter().map(|id| absence(id, "0")).collect();
    let customs: Vec<_> = names
        .iter()
        .map(|id| CustomRecord {
            external_id: id.clone(),
            record: format!("{{\"id\":\"{id}\"}}"),
            ..CustomRecord::default()
        })
        .collect();
    let employees: Vec<_> = names
        .iter()
        .map(|id| EmployeeRecord {
            external_id: id.clone(),
            ..EmployeeRecord::default()
        })
        .collect();
    let leave: Vec<_> = names
        .iter()
        .map(|id| LeaveRequestRecord {
            external_id: id.clone(),
            external_employee_id: "0".to_owned(),
            start_date: "2027-02-01".to_owned(),
            end_date: "2027-02-03".to_owned(),
            status: "approved".to_owned(),
            ..LeaveRequestRecord::default()
        })
        .collect();
    for part in 0..2 {
        let now = NOW_MICROS + part * 1_000_000;
        let range = if part == 0 {
            0..count / 2
        } else {
            count / 2..count
        };
        fixture.write_at(party, Page::Locations(&locations[range.clone()]), now);
        fixture.write_at(party, Page::Departments(&departments[range.clone()]), now);
        fixture.write_at(party, Page::Roles(&roles[range.clone()]), now);
        fixture.write_at(party, Page::TeamMembers(&people[range.clone()]), now);
        fixture.write_at(party, Page::Shifts(&shifts[range.clone()]), now);
        fixture.write_at(party, Page::TimePunches(&punches[range.clone()]), now);
        fixture.write_at(party, Page::Wages(&wages[range.clone()]), now);
        fixture.write_at(
            party,
            Page::RoleAssignments(&assignments[range.clone()]),
            now,
        );
        fixture.write_at(party, Page::Availability(&days[range.clone()]), now);
        fixture.write_at(party, Page::TimeOff(&absences[range.clone()]), now);
        fixture.write_at(party, Page::Employees(&employees[range.clone()]), now);
        fixture.write_at(party, Page::LeaveRequests(&leave[range.clone()]), now);
        fixture.write_at(party, Page::Custom(&customs[range]), now);
    }
    for (number, id) in names.iter().enumerate() {
        run(
            fixture,
            party,
            &fixture.id(),
            NOW + i64::try_from(number / 2).unwrap(),
        );
        let stream = if number % 2 == 0 {
            Stream::Shifts
        } else {
            Stream::Users
        };
        let refused = [Refused {
            external_id: format!("a|{id}"),
            reason: "start is missing".to_owned(),
        }];
        fixture.transact(async |transaction| {
            quarantine(transaction, &party.scope(), stream, "run", &refused, NOW).await
        });
    }
}

/// A run that succeeded.
pub fn run(fixture: &Fixture, party: &Party, id: &str, started_at: i64) {
    fixture.query(
        "INSERT INTO sync_runs (id, organization_id, connector_id, job_id, stream, trigger, status, started_at)
         VALUES (?1, ?2, ?3, 'job', 'users', 'cron', 'success', ?4)",
        store::parameters![id, party.tenant.as_str(), party.connector_id.as_str(), started_at],
    );
}

/// One page, parsed; its `count` has to be true.
pub fn read(database: &TestDatabase, list: &List) -> (Vec<Value>, Option<Key>) {
    let page = wait(list.read(database)).unwrap();
    let rows: Vec<Value> = serde_json::from_str(&page.data_json).unwrap();
    assert_eq!(rows.len(), page.count as usize);
    (rows, page.next)
}

/// All pages of `limit` rows, following `next`.
pub fn read_all(
    database: &TestDatabase,
    limit: u32,
    list: impl Fn(&Paging<'_>) -> List,
) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let paging = Paging {
            limit,
            after: after.as_ref(),
        };
        let (rows, next) = read(database, &list(&paging));
        pages.push(rows);
        assert!(pages.len() < 1000, "a list without end");
        match next {
            Some(key) => after = Some(key),
            None => return pages,
        }
    }
}

/// The external ids of a list that fits one page.
pub fn ids(fixture: &Fixture, list: &List) -> Vec<String> {
    let (rows, next) = read(&fixture.database, list);
    assert_eq!(next, None);
    rows.iter()
        .map(|row| row["external_id"].as_str().unwrap().to_owned())
        .collect()
}

/// Our id of a row.
pub fn id_of(fixture: &Fixture, table: &str, party: &Party, external_id: &str) -> String {
    let sql = format!("SELECT id FROM {table} WHERE connector_id = ?1 AND external_id = ?2");
    let parameters = store::parameters![party.connector_id.as_str(), external_id];
    wait(fixture.raw.execute(&sql, parameters)).unwrap()[0]
        .text(0)
        .unwrap()
        .to_owned()
}
