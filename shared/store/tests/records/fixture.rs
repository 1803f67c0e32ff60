//! Two organizations with a connector each, and short ways to write and to look.

use std::cell::Cell;

use domain::access::{Caller, Tenant};
use store::records::{
    AvailabilityRecord, Page, PageOutcome, Resource, RoleAssignmentRecord, Scope, ShiftRecord,
    TeamMemberRecord, TimeOffRecord, TimePunchRecord, WageRecord, write_page,
};
use store::{Database, DatabaseError, Execute, Row, Value};

use crate::support::{TestDatabase, wait};

pub const NOW: i64 = 1_800_000_000;
pub const NOW_MICROS: i64 = NOW * 1_000_000;

pub struct Fixture {
    /// Every statement on it is held to its indexes.
    pub database: TestDatabase,
    /// For the test's own questions.
    pub raw: TestDatabase,
    ids: Cell<u64>,
}

/// One organization and its connector.
pub struct Party {
    pub tenant: Tenant,
    pub connector_id: String,
}

/// The organization of this number.
pub fn party(number: u64) -> Party {
    Party {
        tenant: Caller::internal("test")
            .tenant_named(&uuid(number))
            .unwrap(),
        connector_id: uuid(100 + number),
    }
}

pub fn uuid(number: u64) -> String {
    format!("0190a5c0-0000-7000-8000-{number:012x}")
}

impl Party {
    pub fn scope(&self) -> Scope<'_> {
        Scope {
            tenant: &self.tenant,
            connector_id: &self.connector_id,
            source: "7shifts",
        }
    }
}

impl Fixture {
    pub fn new() -> Self {
        let database = TestDatabase::checked();
        Self {
            raw: TestDatabase::at(database.path()),
            database,
            ids: Cell::new(1000),
        }
    }

    pub fn id(&self) -> String {
        self.ids.set(self.ids.get() + 1);
        uuid(self.ids.get())
    }

    pub fn write(&self, party: &Party, page: Page<'_>) -> PageOutcome {
        self.write_at(party, page, NOW_MICROS)
    }

    pub fn write_at(&self, party: &Party, page: Page<'_>, now_micros: i64) -> PageOutcome {
        wait(self.database.transaction(async |transaction| {
            write_page(transaction, &party.scope(), page, || self.id(), now_micros).await
        }))
        .unwrap()
    }

    /// Runs `body` in a transaction.
    pub fn transact<T>(
        &self,
        body: impl AsyncFnOnce(&<TestDatabase as Database>::Transaction) -> Result<T, DatabaseError>,
    ) -> T {
        wait(self.database.transaction(body)).unwrap()
    }

    pub fn query(&self, sql: &str, parameters: &[Value]) -> Vec<Row> {
        wait(self.raw.execute(sql, parameters)).unwrap()
    }

    pub fn number(&self, sql: &str) -> i64 {
        self.query(sql, &[])[0].integer(0).unwrap()
    }

    pub fn text(&self, sql: &str) -> Option<String> {
        self.query(sql, &[])[0]
            .optional_text(0)
            .unwrap()
            .map(str::to_owned)
    }

    /// The whole table, to compare before and after.
    pub fn dump(&self, resource: Resource) -> Vec<Row> {
        let table = table(resource);
        self.query(
            &format!("SELECT * FROM {table} ORDER BY connector_id, external_id"),
            &[],
        )
    }
}

pub fn table(resource: Resource) -> &'static str {
    match resource {
        Resource::Locations => "locations",
        Resource::Departments => "departments",
        Resource::Roles => "roles",
        Resource::TeamMembers => "team_members",
        Resource::Shifts => "schedule_shifts",
        Resource::TimePunches => "time_punches",
        Resource::Wages => "team_member_wages",
        Resource::RoleAssignments => "team_member_role_assignments",
        Resource::Availability => "team_member_availability",
        Resource::TimeOff => "time_off_requests",
        Resource::CustomRecords => "custom_records",
        Resource::Employees => "employees",
        Resource::LeaveRequests => "leave_requests",
    }
}

pub fn counts(outcome: &PageOutcome) -> [u64; 4] {
    [
        outcome.created,
        outcome.updated,
        outcome.unchanged,
        outcome.deleted,
    ]
}

pub fn member(external_id: &str) -> TeamMemberRecord {
    TeamMemberRecord {
        external_id: external_id.to_owned(),
        first_name: "Jon".to_owned(),
        last_name: "Reyes".to_owned(),
        is_active: true,
        ..TeamMemberRecord::default()
    }
}

pub fn shift(external_id: &str, user: Option<&str>, starts_at: i64) -> ShiftRecord {
    ShiftRecord {
        external_id: external_id.to_owned(),
        external_user_id: user.map(str::to_owned),
        starts_at,
        ends_at: starts_at.saturating_add(8 * 3600),
        is_open: user.is_none(),
        ..ShiftRecord::default()
    }
}

pub fn punch(external_id: &str, user: &str, shift: Option<&str>, at: i64) -> TimePunchRecord {
    TimePunchRecord {
        external_id: external_id.to_owned(),
        external_user_id: Some(user.to_owned()),
        external_shift_id: shift.map(str::to_owned),
        clocked_in_at: at,
        ..TimePunchRecord::default()
    }
}

pub fn wage(external_id: &str, user: &str) -> WageRecord {
    WageRecord {
        external_id: external_id.to_owned(),
        external_user_id: user.to_owned(),
        wage_type: "hourly".to_owned(),
        wage_cents: 1_805,
        effective_date: "2027-01-01".to_owned(),
        ..WageRecord::default()
    }
}

pub fn assignment(external_id: &str, user: &str) -> RoleAssignmentRecord {
    RoleAssignmentRecord {
        external_id: external_id.to_owned(),
        external_user_id: user.to_owned(),
        external_role_id: "0".to_owned(),
        ..RoleAssignmentRecord::default()
    }
}

pub fn day(external_id: &str, user: &str) -> AvailabilityRecord {
    AvailabilityRecord {
        external_id: external_id.to_owned(),
        external_user_id: user.to_owned(),
        status: "approved".to_owned(),
        ..AvailabilityRecord::default()
    }
}

pub fn absence(external_id: &str, user: &str) -> TimeOffRecord {
    TimeOffRecord {
        external_id: external_id.to_owned(),
        external_user_id: user.to_owned(),
        start_date: "2027-02-01".to_owned(),
        end_date: "2027-02-03".to_owned(),
        status: "pending".to_owned(),
        ..TimeOffRecord::default()
    }
}
