//! The filters of each list, parsed from the query.

use api::query::Query;
use api::routes::{REQUEST_STATUSES, STREAMS};
use api::{Operation, Problem};
use platform::{Context, Reply, lists};
use store::lists::{
    self as rows, AttendanceOf, CustomRecordFilter, EmployeeFilter, LeaveRequestFilter, List,
    MemberFilter, PlaceFilter, QuarantineFilter, ShiftFilter, SyncRunFilter, TeamMemberFilter,
    TimeOffFilter, TimePunchFilter,
};

use crate::shifts::attendance_of;

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let operation = context.operation;
    let asked = lists::Asked::parse(context, |query| Filters::parse(operation, query))?;
    let attendance_of = attendance_of(context)?;
    asked
        .reply(context, |asked, paging| {
            asked
                .filter
                .list(operation, &asked.tenant, attendance_of, paging)
        })
        .await
}

/// The union of what the lists can be filtered by.
#[derive(Default)]
struct Filters {
    updated_since: Option<i64>,
    include_deleted: bool,
    is_active: Option<bool>,
    email: Option<String>,
    product_ref: Option<String>,
    from: Option<i64>,
    to: Option<i64>,
    team_member_id: Option<String>,
    location_id: Option<String>,
    is_open: Option<bool>,
    is_running: Option<bool>,
    is_approved: Option<bool>,
    is_disputed: Option<bool>,
    connector_id: Option<String>,
    external_id: Option<String>,
    employee_id: Option<String>,
    start_date: Option<String>,
    end_date: Option<String>,
    stream: Option<String>,
    status: Option<String>,
    trigger: Option<String>,
}

impl Filters {
    fn parse(operation: Operation, query: &mut Query<'_>) -> Self {
        let mut filters = Self::default();
        match operation {
            Operation::ListSyncRuns => {
                filters.connector_id = query.id("connector_id");
                filters.stream = query.one_of("stream", STREAMS);
                filters.status =
                    query.one_of("status", &["running", "success", "partial", "failed"]);
                filters.trigger = query.one_of(
                    "trigger",
                    &["cron", "manual", "nightly", "webhook", "retry"],
                );
                filters.from = query.time("started_from");
                return filters;
            }
            Operation::ListQuarantinedRecords => {
                filters.connector_id = query.id("connector_id");
                filters.stream = query.one_of("stream", STREAMS);
                return filters;
            }
            _ => {}
        }
        filters.updated_since = query.time("updated_since");
        filters.include_deleted = query.boolean("include_deleted").unwrap_or(false);
        match operation {
            Operation::ListCustomRecords => {
                filters.connector_id = query.id("connector_id");
                filters.external_id = query.text("external_id");
            }
            Operation::ListEmployeeRecords => {
                filters.connector_id = query.id("connector_id");
                filters.email = in_lower_case(query.text("email"));
                filters.status = in_lower_case(query.text("status"));
            }
            Operation::ListLeaveRequests => {
                filters.connector_id = query.id("connector_id");
                filters.employee_id = query.id("employee_id");
                filters.start_date = query.date("from");
                filters.end_date = query.date("to");
                filters.status = in_lower_case(query.text("status"));
            }
            Operation::ListTeamMembers => {
                filters.is_active = query.boolean("is_active");
                filters.email = query.text("email");
                filters.product_ref = query.text("product_ref");
            }
            Operation::ListShifts => {
                filters.from = query.time("starts_from");
                filters.to = query.time("starts_to");
                filters.is_open = query.boolean("is_open");
            }
            Operation::ListTimePunches => {
                filters.from = query.time("clocked_in_from");
                filters.to = query.time("clocked_in_to");
                filters.is_running = query.boolean("is_running");
                filters.is_approved = query.boolean("is_approved");
                filters.is_disputed = query.boolean("is_disputed");
            }
            _ => {}
        }
        if operation == Operation::ListTimeOff {
            filters.start_date = query.date("from");
            filters.end_date = query.date("to");
            filters.status = query.one_of("status", REQUEST_STATUSES);
        }
        if matches!(
            operation,
            Operation::ListShifts
                | Operation::ListTimePunches
                | Operation::ListWages
                | Operation::ListRoleAssignments
                | Operation::ListAvailability
                | Operation::ListTimeOff
        ) {
            filters.team_member_id = query.id("team_member_id");
        }
        if matches!(
            operation,
            Operation::ListShifts | Operation::ListTimePunches
        ) {
            filters.location_id = query.id("location_id");
        }
        filters
    }

    fn list(
        &self,
        operation: Operation,
        tenant: &domain::access::Tenant,
        attendance_of: AttendanceOf<'_>,
        paging: &rows::Paging<'_>,
    ) -> List {
        let Self {
            updated_since,
            include_deleted,
            ..
        } = *self;
        let (team_member_id, location_id) =
            (self.team_member_id.as_deref(), self.location_id.as_deref());
        let place = PlaceFilter {
            updated_since,
            include_deleted,
        };
        let of_member = MemberFilter {
            updated_since,
            include_deleted,
            team_member_id,
        };
        match operation {
            Operation::ListWages => rows::wages(tenant, &of_member, paging),
            Operation::ListRoleAssignments => rows::role_assignments(tenant, &of_member, paging),
            Operation::ListAvailability => rows::availability(tenant, &of_member, paging),
            Operation::ListCustomRecords => {
                let filter = CustomRecordFilter {
                    updated_since,
                    include_deleted,
                    connector_id: self.connector_id.as_deref(),
                    external_id: self.external_id.as_deref(),
                };
                rows::custom_records(tenant, &filter, paging)
            }
            Operation::ListEmployeeRecords => {
                let filter = EmployeeFilter {
                    updated_since,
                    include_deleted,
                    connector_id: self.connector_id.as_deref(),
                    email: self.email.as_deref(),
                    status: self.status.as_deref(),
                };
                rows::employees(tenant, &filter, paging)
            }
            Operation::ListLeaveRequests => {
                let filter = LeaveRequestFilter {
                    updated_since,
                    include_deleted,
                    connector_id: self.connector_id.as_deref(),
                    employee_id: self.employee_id.as_deref(),
                    from: self.start_date.as_deref(),
                    to: self.end_date.as_deref(),
                    status: self.status.as_deref(),
                };
                rows::leave_requests(tenant, &filter, paging)
            }
            Operation::ListTimeOff => {
                let filter = TimeOffFilter {
                    updated_since,
                    include_deleted,
                    team_member_id,
                    from: self.start_date.as_deref(),
                    to: self.end_date.as_deref(),
                    status: self.status.as_deref(),
                };
                rows::time_off(tenant, &filter, paging)
            }
            Operation::ListTeamMembers => {
                let filter = TeamMemberFilter {
                    updated_since,
                    include_deleted,
                    is_active: self.is_active,
                    email: self.email.as_deref(),
                    product_ref: self.product_ref.as_deref(),
                };
                rows::team_members(tenant, &filter, paging)
            }
            Operation::ListShifts => {
                let filter = ShiftFilter {
                    updated_since,
                    include_deleted,
                    starts_from: self.from,
                    starts_to: self.to,
                    team_member_id,
                    location_id,
                    is_open: self.is_open,
                    attendance_of,
                };
                rows::shifts(tenant, &filter, paging)
            }
            Operation::ListTimePunches => {
                let filter = TimePunchFilter {
                    updated_since,
                    include_deleted,
                    clocked_in_from: self.from,
                    clocked_in_to: self.to,
                    team_member_id,
                    location_id,
                    is_running: self.is_running,
                    is_approved: self.is_approved,
                    is_disputed: self.is_disputed,
                };
                rows::time_punches(tenant, &filter, paging)
            }
            Operation::ListRoles => rows::roles(tenant, &place, paging),
            Operation::ListDepartments => rows::departments(tenant, &place, paging),
            Operation::ListSyncRuns => {
                let filter = SyncRunFilter {
                    connector_id: self.connector_id.as_deref(),
                    stream: parsed(self.stream.as_deref()),
                    status: parsed(self.status.as_deref()),
                    trigger: parsed(self.trigger.as_deref()),
                    started_from: self.from,
                };
                rows::sync_runs(tenant, &filter, paging)
            }
            Operation::ListQuarantinedRecords => {
                let filter = QuarantineFilter {
                    connector_id: self.connector_id.as_deref(),
                    stream: parsed(self.stream.as_deref()),
                };
                rows::quarantined_records(tenant, &filter, paging)
            }
            _ => rows::locations(tenant, &place, paging),
        }
    }
}

/// As such words and mails are stored.
fn in_lower_case(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_lowercase())
}

/// The query parser lets only known names through.
fn parsed<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
    text.and_then(|text| text.parse().ok())
}
