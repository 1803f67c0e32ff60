//! The lists and what they can be narrowed by. Times are Unix seconds; ids are ours.

use domain::access::Tenant;
use domain::run::{RunStatus, Trigger};
use domain::stream::Stream;

use super::list::{AttendanceOf, Builder, List, Order, Paging};
use super::view::Kind;

/// Narrows locations, departments and roles.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlaceFilter {
    /// Rows that changed then or later, in the order of their changes, deleted ones included.
    pub updated_since: Option<i64>,
    pub include_deleted: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct TeamMemberFilter<'a> {
    /// As in [`PlaceFilter`].
    pub updated_since: Option<i64>,
    pub include_deleted: bool,
    pub is_active: Option<bool>,
    /// Whatever its case (of ASCII letters).
    pub email: Option<&'a str>,
    pub product_ref: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct ShiftFilter<'a> {
    /// As in [`PlaceFilter`].
    pub updated_since: Option<i64>,
    pub include_deleted: bool,
    pub starts_from: Option<i64>,
    /// Not included.
    pub starts_to: Option<i64>,
    pub team_member_id: Option<&'a str>,
    pub location_id: Option<&'a str>,
    pub is_open: Option<bool>,
    pub attendance_of: AttendanceOf<'a>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct TimePunchFilter<'a> {
    /// As in [`PlaceFilter`].
    pub updated_since: Option<i64>,
    pub include_deleted: bool,
    pub clocked_in_from: Option<i64>,
    /// Not included.
    pub clocked_in_to: Option<i64>,
    pub team_member_id: Option<&'a str>,
    pub location_id: Option<&'a str>,
    /// Whether the person is still on the clock.
    pub is_running: Option<bool>,
    pub is_approved: Option<bool>,
    /// Whether a manager disputes it.
    pub is_disputed: Option<bool>,
}

/// Narrows what belongs to one person: wages, role assignments, availability.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemberFilter<'a> {
    /// As in [`PlaceFilter`].
    pub updated_since: Option<i64>,
    pub include_deleted: bool,
    pub team_member_id: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct TimeOffFilter<'a> {
    /// As in [`PlaceFilter`].
    pub updated_since: Option<i64>,
    pub include_deleted: bool,
    pub team_member_id: Option<&'a str>,
    /// `YYYY-MM-DD`: with a day off then or later.
    pub from: Option<&'a str>,
    /// `YYYY-MM-DD`: with a day off then or earlier.
    pub to: Option<&'a str>,
    pub status: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct EmployeeFilter<'a> {
    /// As in [`PlaceFilter`].
    pub updated_since: Option<i64>,
    pub include_deleted: bool,
    pub connector_id: Option<&'a str>,
    /// In lower case: the company's mail or the account's.
    pub email: Option<&'a str>,
    /// In lower case.
    pub status: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct LeaveRequestFilter<'a> {
    /// As in [`PlaceFilter`].
    pub updated_since: Option<i64>,
    pub include_deleted: bool,
    pub connector_id: Option<&'a str>,
    /// Our row's.
    pub employee_id: Option<&'a str>,
    /// `YYYY-MM-DD`: with a day off then or later.
    pub from: Option<&'a str>,
    /// `YYYY-MM-DD`: with a day off then or earlier.
    pub to: Option<&'a str>,
    /// In lower case.
    pub status: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct CustomRecordFilter<'a> {
    /// As in [`PlaceFilter`].
    pub updated_since: Option<i64>,
    pub include_deleted: bool,
    pub connector_id: Option<&'a str>,
    /// The API's id.
    pub external_id: Option<&'a str>,
}

/// Narrows what the Delta Engine has found.
#[derive(Clone, Copy, Debug, Default)]
pub struct AttendanceFilter<'a> {
    /// `YYYY-MM-DD`, local to where the work was; both included.
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    /// Unix seconds between which that is, wherever it is local: what an index can find.
    pub between: (Option<i64>, Option<i64>),
    pub team_member_id: Option<&'a str>,
    pub location_id: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct AttendanceRecordFilter<'a> {
    /// As in [`PlaceFilter`].
    pub updated_since: Option<i64>,
    pub include_deleted: bool,
    pub of: AttendanceFilter<'a>,
    pub event_type: Option<&'a str>,
    /// Only what is excused, or only what is not.
    pub is_excused: Option<bool>,
    /// Only what a person still has to look at, or only what not.
    pub needs_review: Option<bool>,
    /// Only people whom the product calls so.
    pub product_ref: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct StoreFilter<'a> {
    /// As in [`PlaceFilter`].
    pub updated_since: Option<i64>,
    pub include_deleted: bool,
    pub product_ref: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct LocationMappingFilter<'a> {
    pub connector_id: Option<&'a str>,
    pub store_id: Option<&'a str>,
    /// Only locations with a store, or only those without.
    pub is_mapped: Option<bool>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct ClosureFilter<'a> {
    /// `YYYY-MM-DD`: with a closed day then or later.
    pub from: Option<&'a str>,
    /// `YYYY-MM-DD`: with a closed day then or earlier.
    pub to: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct CapacityOverrideFilter<'a> {
    /// Trimmed, in lower case.
    pub adviser_email: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct AllocationFilter<'a> {
    pub status: Option<&'a str>,
    pub deal_id: Option<&'a str>,
    /// In lower case.
    pub adviser_email: Option<&'a str>,
    pub connector_id: Option<&'a str>,
    pub received_from: Option<i64>,
    /// Only the results of deals, without what they replace.
    pub is_live: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct SyncRunFilter<'a> {
    pub connector_id: Option<&'a str>,
    pub stream: Option<Stream>,
    pub status: Option<RunStatus>,
    pub trigger: Option<Trigger>,
    pub started_from: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct QuarantineFilter<'a> {
    pub connector_id: Option<&'a str>,
    pub stream: Option<Stream>,
}

/// By id.
#[must_use]
pub fn locations(tenant: &Tenant, filter: &PlaceFilter, paging: &Paging<'_>) -> List {
    places(
        Kind::Location,
        tenant,
        filter,
        paging,
        "locations_changed",
        "locations_organization",
    )
}

/// By id.
#[must_use]
pub fn departments(tenant: &Tenant, filter: &PlaceFilter, paging: &Paging<'_>) -> List {
    places(
        Kind::Department,
        tenant,
        filter,
        paging,
        "departments_changed",
        "departments_organization",
    )
}

/// By id.
#[must_use]
pub fn roles(tenant: &Tenant, filter: &PlaceFilter, paging: &Paging<'_>) -> List {
    places(
        Kind::Role,
        tenant,
        filter,
        paging,
        "roles_changed",
        "roles_organization",
    )
}

fn places(
    kind: Kind,
    tenant: &Tenant,
    filter: &PlaceFilter,
    paging: &Paging<'_>,
    changed: &'static str,
    by_id: &'static str,
) -> List {
    let mut builder = Builder::new(kind, tenant);
    let order = changes(
        &mut builder,
        filter.updated_since,
        filter.include_deleted,
        changed,
    )
    .unwrap_or(Order::Id { index: by_id });
    builder.page(&order, paging)
}

/// By id.
#[must_use]
pub fn team_members(tenant: &Tenant, filter: &TeamMemberFilter<'_>, paging: &Paging<'_>) -> List {
    let mut builder = Builder::new(Kind::TeamMember, tenant);
    builder.compare("record.is_active", "=", filter.is_active);
    builder.compare("record.email COLLATE NOCASE", "=", filter.email);
    builder.compare("record.product_ref", "=", filter.product_ref);
    let order = changes(
        &mut builder,
        filter.updated_since,
        filter.include_deleted,
        "team_members_changed",
    )
    .unwrap_or(Order::Id {
        index: if filter.email.is_some() {
            "team_members_email"
        } else if filter.product_ref.is_some() {
            "team_members_product_ref"
        } else {
            "team_members_organization"
        },
    });
    builder.page(&order, paging)
}

/// By start.
#[must_use]
pub fn shifts(tenant: &Tenant, filter: &ShiftFilter<'_>, paging: &Paging<'_>) -> List {
    let mut builder = Builder::of_shifts(tenant, filter.attendance_of);
    builder.compare("record.starts_at", ">=", filter.starts_from);
    builder.compare("record.starts_at", "<", filter.starts_to);
    builder.compare("record.team_member_id", "=", filter.team_member_id);
    at_location(&mut builder, filter.location_id);
    builder.compare("record.is_open", "=", filter.is_open);
    let order = changes(
        &mut builder,
        filter.updated_since,
        filter.include_deleted,
        "schedule_shifts_changed",
    )
    .unwrap_or(Order::Ascending {
        column: "record.starts_at",
        index: if filter.team_member_id.is_some() {
            "schedule_shifts_member"
        } else {
            "schedule_shifts_start"
        },
    });
    builder.page(&order, paging)
}

/// By clock-in.
#[must_use]
pub fn time_punches(tenant: &Tenant, filter: &TimePunchFilter<'_>, paging: &Paging<'_>) -> List {
    let mut builder = Builder::new(Kind::TimePunch, tenant);
    builder.compare("record.clocked_in_at", ">=", filter.clocked_in_from);
    builder.compare("record.clocked_in_at", "<", filter.clocked_in_to);
    builder.compare("record.team_member_id", "=", filter.team_member_id);
    at_location(&mut builder, filter.location_id);
    match filter.is_running {
        Some(true) => builder.only("record.clocked_out_at IS NULL"),
        Some(false) => builder.only("record.clocked_out_at IS NOT NULL"),
        None => {}
    }
    builder.compare("record.is_approved", "=", filter.is_approved);
    match filter.is_disputed {
        Some(true) => builder.only("record.disputed_at IS NOT NULL"),
        Some(false) => builder.only("record.disputed_at IS NULL"),
        None => {}
    }
    let order = changes(
        &mut builder,
        filter.updated_since,
        filter.include_deleted,
        "time_punches_changed",
    )
    .unwrap_or(Order::Ascending {
        column: "record.clocked_in_at",
        index: if filter.team_member_id.is_some() {
            "time_punches_member"
        } else {
            "time_punches_clocked_in"
        },
    });
    builder.page(&order, paging)
}

/// By id.
#[must_use]
pub fn wages(tenant: &Tenant, filter: &MemberFilter<'_>, paging: &Paging<'_>) -> List {
    of_members(
        Kind::Wage,
        tenant,
        filter,
        paging,
        [
            "team_member_wages_changed",
            "team_member_wages_member",
            "team_member_wages_organization",
        ],
    )
}

/// By id.
#[must_use]
pub fn role_assignments(tenant: &Tenant, filter: &MemberFilter<'_>, paging: &Paging<'_>) -> List {
    of_members(
        Kind::RoleAssignment,
        tenant,
        filter,
        paging,
        [
            "team_member_role_assignments_changed",
            "team_member_role_assignments_member",
            "team_member_role_assignments_organization",
        ],
    )
}

/// By id.
#[must_use]
pub fn availability(tenant: &Tenant, filter: &MemberFilter<'_>, paging: &Paging<'_>) -> List {
    of_members(
        Kind::Availability,
        tenant,
        filter,
        paging,
        [
            "team_member_availability_changed",
            "team_member_availability_member",
            "team_member_availability_organization",
        ],
    )
}

/// `indexes`: by change, by person, by id.
fn of_members(
    kind: Kind,
    tenant: &Tenant,
    filter: &MemberFilter<'_>,
    paging: &Paging<'_>,
    [changed, by_member, by_id]: [&'static str; 3],
) -> List {
    let mut builder = Builder::new(kind, tenant);
    builder.compare("record.team_member_id", "=", filter.team_member_id);
    let order = changes(
        &mut builder,
        filter.updated_since,
        filter.include_deleted,
        changed,
    )
    .unwrap_or(Order::Id {
        index: if filter.team_member_id.is_some() {
            by_member
        } else {
            by_id
        },
    });
    builder.page(&order, paging)
}

/// By id.
#[must_use]
pub fn time_off(tenant: &Tenant, filter: &TimeOffFilter<'_>, paging: &Paging<'_>) -> List {
    let mut builder = Builder::new(Kind::TimeOff, tenant);
    builder.compare("record.team_member_id", "=", filter.team_member_id);
    builder.compare("record.end_date", ">=", filter.from);
    builder.compare("record.start_date", "<=", filter.to);
    builder.compare("record.status", "=", filter.status);
    let order = changes(
        &mut builder,
        filter.updated_since,
        filter.include_deleted,
        "time_off_requests_changed",
    )
    .unwrap_or(Order::Id {
        index: if filter.team_member_id.is_some() {
            "time_off_requests_member"
        } else {
            "time_off_requests_organization"
        },
    });
    builder.page(&order, paging)
}

/// By id.
#[must_use]
pub fn employees(tenant: &Tenant, filter: &EmployeeFilter<'_>, paging: &Paging<'_>) -> List {
    let mut builder = Builder::new(Kind::Employee, tenant);
    builder.compare("record.connector_id", "=", filter.connector_id);
    builder.compare("record.status", "=", filter.status);
    if let Some(email) = filter.email {
        let email = builder.bind(email);
        builder.only(&format!(
            "{email} IN (record.company_email, record.account_email)"
        ));
    }
    let order = changes(
        &mut builder,
        filter.updated_since,
        filter.include_deleted,
        "employees_changed",
    )
    .unwrap_or(Order::Id {
        index: "employees_organization",
    });
    builder.page(&order, paging)
}

/// By id.
#[must_use]
pub fn leave_requests(
    tenant: &Tenant,
    filter: &LeaveRequestFilter<'_>,
    paging: &Paging<'_>,
) -> List {
    let mut builder = Builder::new(Kind::LeaveRequest, tenant);
    builder.compare("record.connector_id", "=", filter.connector_id);
    if let Some(employee_id) = filter.employee_id {
        let employee_id = builder.bind(employee_id);
        let of_employee = |column: &str| {
            format!(
                "(SELECT wanted.{column} FROM employees AS wanted
                  WHERE wanted.id = {employee_id} AND wanted.organization_id = ?1)"
            )
        };
        builder.only(&format!(
            "record.external_employee_id = {} AND record.connector_id = {}",
            of_employee("external_id"),
            of_employee("connector_id")
        ));
    }
    builder.compare("record.end_date", ">=", filter.from);
    builder.compare("record.start_date", "<=", filter.to);
    builder.compare("record.status", "=", filter.status);
    let order = changes(
        &mut builder,
        filter.updated_since,
        filter.include_deleted,
        "leave_requests_changed",
    )
    .unwrap_or(Order::Id {
        index: if filter.employee_id.is_some() {
            "leave_requests_employee"
        } else {
            "leave_requests_organization"
        },
    });
    builder.page(&order, paging)
}

/// By id.
#[must_use]
pub fn custom_records(
    tenant: &Tenant,
    filter: &CustomRecordFilter<'_>,
    paging: &Paging<'_>,
) -> List {
    let mut builder = Builder::new(Kind::CustomRecord, tenant);
    builder.compare("record.connector_id", "=", filter.connector_id);
    builder.compare("record.external_id", "=", filter.external_id);
    let order = changes(
        &mut builder,
        filter.updated_since,
        filter.include_deleted,
        "custom_records_changed",
    )
    .unwrap_or(Order::Id {
        index: match (filter.external_id, filter.connector_id) {
            (Some(_), _) => "custom_records_named",
            (None, Some(_)) => "custom_records_connector",
            (None, None) => "custom_records_organization",
        },
    });
    builder.page(&order, paging)
}

/// By id.
#[must_use]
pub fn stores(tenant: &Tenant, filter: &StoreFilter<'_>, paging: &Paging<'_>) -> List {
    let mut builder = Builder::new(Kind::Store, tenant);
    builder.compare("record.product_ref", "=", filter.product_ref);
    let order = changes(
        &mut builder,
        filter.updated_since,
        filter.include_deleted,
        "stores_changed",
    )
    .unwrap_or(Order::Id {
        index: "stores_organization",
    });
    builder.page(&order, paging)
}

/// By the location's id.
#[must_use]
pub fn location_mappings(
    tenant: &Tenant,
    filter: &LocationMappingFilter<'_>,
    paging: &Paging<'_>,
) -> List {
    let mut builder = Builder::new(Kind::LocationMapping, tenant);
    builder.only("record.deleted_at IS NULL");
    builder.compare("record.connector_id", "=", filter.connector_id);
    builder.compare("mapping.store_id", "=", filter.store_id);
    match filter.is_mapped {
        Some(true) => builder.only("mapping.store_id IS NOT NULL"),
        Some(false) => builder.only("mapping.store_id IS NULL"),
        None => {}
    }
    let order = Order::Id {
        index: "locations_organization",
    };
    builder.page(&order, paging)
}

/// By their start.
#[must_use]
pub fn closures(tenant: &Tenant, filter: &ClosureFilter<'_>, paging: &Paging<'_>) -> List {
    let mut builder = Builder::new(Kind::Closure, tenant);
    builder.compare("record.end_date", ">=", filter.from);
    builder.compare("record.start_date", "<=", filter.to);
    let order = Order::Ascending {
        column: "CAST(replace(record.start_date, '-', '') AS INTEGER)",
        index: "office_closures_start",
    };
    builder.page(&order, paging)
}

/// Which folders of clients are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClientFolderFilter<'a> {
    pub deal_id: Option<&'a str>,
    pub status: Option<&'a str>,
}

/// Newest first.
#[must_use]
pub fn client_folders(
    tenant: &Tenant,
    filter: &ClientFolderFilter<'_>,
    paging: &Paging<'_>,
) -> List {
    let mut builder = Builder::new(Kind::ClientFolder, tenant);
    builder.compare("record.deal_id", "=", filter.deal_id);
    builder.compare("record.status", "=", filter.status);
    let order = Order::Descending {
        column: "record.created_at",
        index: match (filter.deal_id, filter.status) {
            (Some(_), _) => "client_folders_deals",
            (None, Some(_)) => "client_folders_status",
            (None, None) => "client_folders_organization",
        },
    };
    builder.page(&order, paging)
}

/// By the day from which they hold.
#[must_use]
pub fn capacity_overrides(
    tenant: &Tenant,
    filter: &CapacityOverrideFilter<'_>,
    paging: &Paging<'_>,
) -> List {
    let mut builder = Builder::new(Kind::CapacityOverride, tenant);
    builder.compare("record.adviser_email", "=", filter.adviser_email);
    let order = Order::Ascending {
        column: "CAST(replace(record.effective_date, '-', '') AS INTEGER)",
        index: if filter.adviser_email.is_some() {
            "capacity_overrides_adviser"
        } else {
            "capacity_overrides_start"
        },
    };
    builder.page(&order, paging)
}

/// Newest first.
#[must_use]
pub fn allocations(tenant: &Tenant, filter: &AllocationFilter<'_>, paging: &Paging<'_>) -> List {
    let mut builder = Builder::new(Kind::Allocation, tenant);
    let indexed = builder.narrow([
        ("record.deal_id", filter.deal_id),
        ("record.adviser_email", filter.adviser_email),
        ("record.status", filter.status),
    ]);
    // `+`: the connector must not keep the planner from using the index for the order.
    builder.compare("+record.connector_id", "=", filter.connector_id);
    builder.compare("record.received_at", ">=", filter.received_from);
    if filter.is_live {
        builder.only("record.superseded_at IS NULL");
    }
    let order = Order::Descending {
        column: "record.received_at",
        index: match indexed {
            Some(0) => "allocations_deal",
            Some(1) => "allocations_adviser",
            Some(_) => "allocations_status",
            None => "allocations_organization",
        },
    };
    builder.page(&order, paging)
}

/// Newest first.
#[must_use]
pub fn sync_runs(tenant: &Tenant, filter: &SyncRunFilter<'_>, paging: &Paging<'_>) -> List {
    let mut builder = Builder::new(Kind::SyncRun, tenant);
    builder.compare("record.connector_id", "=", filter.connector_id);
    builder.compare("record.stream", "=", filter.stream.map(Stream::as_str));
    builder.compare("record.status", "=", filter.status.map(RunStatus::as_str));
    builder.compare("record.trigger", "=", filter.trigger.map(Trigger::as_str));
    builder.compare("record.started_at", ">=", filter.started_from);
    let order = Order::Descending {
        column: "record.started_at",
        index: if filter.connector_id.is_some() && filter.stream.is_some() {
            "sync_runs_connector"
        } else {
            "sync_runs_organization"
        },
    };
    builder.page(&order, paging)
}

/// By connector, stream and external id.
#[must_use]
pub fn quarantined_records(
    tenant: &Tenant,
    filter: &QuarantineFilter<'_>,
    paging: &Paging<'_>,
) -> List {
    let mut builder = Builder::new(Kind::QuarantinedRecord, tenant);
    builder.compare("record.connector_id", "=", filter.connector_id);
    // `+`: a fixed stream must not keep the planner from using the index for the order.
    builder.compare("+record.stream", "=", filter.stream.map(Stream::as_str));
    let order = Order::Id {
        index: "quarantined_records_organization",
    };
    builder.page(&order, paging)
}

/// What of the inbox is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebhookEventFilter<'a> {
    pub webhook_id: Option<&'a str>,
    pub event: Option<&'a str>,
    /// Unix seconds; both bounds are in it.
    pub received_from: Option<i64>,
    pub received_to: Option<i64>,
    pub state: Option<&'a str>,
    /// In the order in which they were stored, so that who keeps the last cursor misses none; the
    /// newest first otherwise.
    pub is_oldest_first: bool,
}

/// By the order in which they were stored.
#[must_use]
pub fn webhook_events(
    tenant: &Tenant,
    filter: &WebhookEventFilter<'_>,
    paging: &Paging<'_>,
) -> List {
    let mut builder = Builder::new(Kind::WebhookEvent, tenant);
    builder.compare("record.webhook_id", "=", filter.webhook_id);
    builder.compare("record.event", "=", filter.event);
    builder.compare("record.received_at", ">=", filter.received_from);
    builder.compare("record.received_at", "<=", filter.received_to);
    // Few are dead, and theirs is an index of their own.
    let is_dead = filter.state == Some("dead");
    if is_dead {
        builder.only("record.state = 'dead'");
    } else {
        builder.compare("+record.state", "=", filter.state);
    }
    let column = "record.seq";
    let index = if is_dead {
        "webhook_events_dead"
    } else if filter.webhook_id.is_some() {
        "webhook_events_webhook"
    } else {
        "webhook_events_organization"
    };
    let order = if filter.is_oldest_first {
        Order::Ascending { column, index }
    } else {
        Order::Descending { column, index }
    };
    builder.page(&order, paging)
}

/// What of the outbox is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeliveryFilter<'a> {
    pub connector_id: Option<&'a str>,
    pub endpoint_id: Option<&'a str>,
    pub state: Option<&'a str>,
    /// Unix seconds; both bounds are in it.
    pub created_from: Option<i64>,
    pub created_to: Option<i64>,
}

/// Newest first.
#[must_use]
pub fn deliveries(tenant: &Tenant, filter: &DeliveryFilter<'_>, paging: &Paging<'_>) -> List {
    let mut builder = Builder::new(Kind::Delivery, tenant);
    if let Some(id) = filter.connector_id {
        builder.compare("record.connector_id", "=", Some(id));
        builder.only("record.kind <> 'webhook'");
    }
    if let Some(id) = filter.endpoint_id {
        builder.compare("record.connector_id", "=", Some(id));
        builder.only("record.kind = 'webhook'");
    }
    builder.compare("record.state", "=", filter.state);
    builder.compare("record.created_at", ">=", filter.created_from);
    builder.compare("record.created_at", "<=", filter.created_to);
    let order = Order::Descending {
        column: "record.created_at",
        index: match (filter.connector_id.or(filter.endpoint_id), filter.state) {
            (Some(_), _) => "deliveries_connector",
            (None, Some(_)) => "deliveries_state",
            (None, None) => "deliveries_organization",
        },
    };
    builder.page(&order, paging)
}

/// What of the integration log is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogFilter<'a> {
    pub event_type: Option<&'a str>,
    pub status: Option<&'a str>,
    pub connector_id: Option<&'a str>,
    /// Only rows behind this one, the oldest first; the newest first otherwise.
    pub after: Option<i64>,
}

#[must_use]
pub fn logs(tenant: &Tenant, filter: &LogFilter<'_>, paging: &Paging<'_>) -> List {
    let mut builder = Builder::new(Kind::Log, tenant);
    let indexed = builder.narrow([
        ("record.connector_id", filter.connector_id),
        ("record.event_type", filter.event_type),
        ("record.status", filter.status),
    ]);
    builder.compare("record.seq", ">", filter.after);
    let column = "record.seq";
    let index = match indexed {
        Some(0) => "integration_logs_connector",
        Some(1) => "integration_logs_type",
        Some(_) => "integration_logs_status",
        None => "integration_logs_organization",
    };
    let order = if filter.after.is_some() {
        Order::Ascending { column, index }
    } else {
        Order::Descending { column, index }
    };
    builder.page(&order, paging)
}

/// Which changes are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditFilter<'a> {
    pub resource: Option<&'a str>,
    pub resource_id: Option<&'a str>,
    pub actor: Option<&'a str>,
}

/// Newest first.
#[must_use]
pub fn audit_entries(tenant: &Tenant, filter: &AuditFilter<'_>, paging: &Paging<'_>) -> List {
    let mut builder = Builder::new(Kind::AuditEntry, tenant);
    let indexed = builder.narrow([
        ("record.resource_id", filter.resource_id),
        ("record.actor", filter.actor),
        ("record.resource", filter.resource),
    ]);
    let order = Order::Descending {
        column: "record.seq",
        index: match indexed {
            Some(0) => "audit_entries_resource_id",
            Some(1) => "audit_entries_actor",
            Some(_) => "audit_entries_resource",
            None => "audit_entries_organization",
        },
    };
    builder.page(&order, paging)
}

/// In the order of the work. `category` is a bit of [`domain::attendance::delta::Categories`].
#[must_use]
pub fn attendance_deltas(
    tenant: &Tenant,
    filter: &AttendanceFilter<'_>,
    category: Option<i64>,
    paging: &Paging<'_>,
) -> List {
    let mut builder = Builder::new(Kind::AttendanceDelta, tenant);
    let index = at_work(
        &mut builder,
        filter,
        "attendance_deltas_member",
        "attendance_deltas_anchor",
    );
    if let Some(bit) = category {
        let bit = builder.bind(bit);
        builder.only(&format!("record.categories & {bit} <> 0"));
    }
    let column = "record.anchor_at";
    builder.page(&Order::Ascending { column, index }, paging)
}

/// In the order of the work, or of changes.
#[must_use]
pub fn attendance_records(
    tenant: &Tenant,
    filter: &AttendanceRecordFilter<'_>,
    paging: &Paging<'_>,
) -> List {
    let mut builder = Builder::new(Kind::AttendanceRecord, tenant);
    let changes = changes(
        &mut builder,
        filter.updated_since,
        filter.include_deleted,
        "attendance_records_changed",
    );
    // The order of changes has an index of its own.
    let plus = changes.is_some();
    let index = if plus {
        builder.compare("+record.team_member_id", "=", filter.of.team_member_id);
        builder.compare("+record.anchor_at", ">=", filter.of.between.0);
        builder.compare("+record.anchor_at", "<=", filter.of.between.1);
        on_days(&mut builder, &filter.of);
        ""
    } else {
        at_work(
            &mut builder,
            &filter.of,
            "attendance_records_member",
            "attendance_records_anchor",
        )
    };
    builder.compare("record.event_type", "=", filter.event_type);
    builder.compare(
        "coalesce(record.excused, record.time_off_request_id IS NOT NULL AND record.counts = 0)",
        "=",
        filter.is_excused,
    );
    match filter.needs_review {
        Some(true) => builder.only("record.review IS NOT NULL AND record.resolved_at IS NULL"),
        Some(false) => builder.only("(record.review IS NULL OR record.resolved_at IS NOT NULL)"),
        None => {}
    }
    if let Some(product_ref) = filter.product_ref {
        let product_ref = builder.bind(product_ref);
        builder.only(&format!(
            "record.team_member_id IN (SELECT id FROM team_members
               WHERE team_members.organization_id = ?1 AND team_members.product_ref = {product_ref})"
        ));
    }
    let column = "record.anchor_at";
    let order = changes.unwrap_or(Order::Ascending { column, index });
    builder.page(&order, paging)
}

/// Narrows to a person, a place and days; returns the index of the order of work.
fn at_work(
    builder: &mut Builder,
    filter: &AttendanceFilter<'_>,
    of_member: &'static str,
    of_all: &'static str,
) -> &'static str {
    builder.compare("record.team_member_id", "=", filter.team_member_id);
    builder.compare("record.anchor_at", ">=", filter.between.0);
    builder.compare("record.anchor_at", "<=", filter.between.1);
    on_days(builder, filter);
    if filter.team_member_id.is_some() {
        of_member
    } else {
        of_all
    }
}

fn on_days(builder: &mut Builder, filter: &AttendanceFilter<'_>) {
    builder.compare("record.event_date", ">=", filter.from);
    builder.compare("record.event_date", "<=", filter.to);
    at_location(builder, filter.location_id);
}

/// In the order in which they fire.
#[must_use]
pub fn automation_rules(tenant: &Tenant, paging: &Paging<'_>) -> List {
    let order = Order::Ascending {
        column: "record.position",
        index: "automation_rules_organization",
    };
    Builder::new(Kind::AutomationRule, tenant).page(&order, paging)
}

/// Which notices are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoticeFilter {
    /// Those that are dismissed, or those that are not.
    pub is_dismissed: Option<bool>,
    pub is_read: Option<bool>,
}

/// Newest first.
#[must_use]
pub fn notices(tenant: &Tenant, filter: NoticeFilter, paging: &Paging<'_>) -> List {
    let mut builder = Builder::new(Kind::Notice, tenant);
    match filter.is_dismissed {
        Some(true) => builder.only("+record.dismissed_at IS NOT NULL"),
        Some(false) => builder.only("+record.dismissed_at IS NULL"),
        None => {}
    }
    match filter.is_read {
        Some(true) => builder.only("record.read_at IS NOT NULL"),
        Some(false) => builder.only("record.read_at IS NULL"),
        None => {}
    }
    let order = Order::Descending {
        column: "record.created_at",
        index: "notices_organization",
    };
    builder.page(&order, paging)
}

/// By id, which is the order in which they were made.
#[must_use]
pub fn webhooks(tenant: &Tenant, paging: &Paging<'_>) -> List {
    own(Kind::Webhook, tenant, paging)
}

/// By id, which is the order in which they were made.
#[must_use]
pub fn outgoing_webhooks(tenant: &Tenant, paging: &Paging<'_>) -> List {
    own(Kind::OutgoingWebhook, tenant, paging)
}

/// Connectors by key, API keys and webhooks by id, staff policies by connector, or what is one document, for the export.
pub(super) fn own(kind: Kind, tenant: &Tenant, paging: &Paging<'_>) -> List {
    let index = match kind {
        Kind::Connector => "connectors_key",
        Kind::StaffPolicy => "staff_policies_organization",
        Kind::AttendancePolicy => "attendance_policies_organization",
        Kind::AllocationSettings => "allocation_settings_organization",
        Kind::AllocationNotices => "allocation_notices_organization",
        Kind::AllocationExplanation => "allocation_explanations_organization",
        Kind::WebhookRegistration => "webhook_registrations_organization",
        Kind::Webhook => "webhooks_organization",
        Kind::OutgoingWebhook => "outgoing_webhooks_organization",
        _ => "api_keys_organization",
    };
    Builder::new(kind, tenant).page(&Order::Id { index }, paging)
}

/// The order of changes where `updated_since` asks for it; otherwise leaves deleted rows out
/// unless they are asked for.
fn changes(
    builder: &mut Builder,
    updated_since: Option<i64>,
    include_deleted: bool,
    index: &'static str,
) -> Option<Order> {
    if updated_since.is_none() && !include_deleted {
        builder.only("record.deleted_at IS NULL");
    }
    let since = updated_since?;
    // The change sequence is at least Unix microseconds.
    builder.compare(
        "record.changed_seq",
        ">=",
        Some(since.saturating_mul(1_000_000)),
    );
    Some(Order::Ascending {
        column: "record.changed_seq",
        index,
    })
}

fn at_location(builder: &mut Builder, location_id: Option<&str>) {
    if let Some(id) = location_id {
        // Another tenant's location is one without rows here: connectors are not shared.
        let id = builder.bind(id);
        builder.only(&format!(
            "(record.connector_id, record.external_location_id) = (
               SELECT connector_id, external_id FROM locations WHERE locations.id = {id})"
        ));
    }
}
