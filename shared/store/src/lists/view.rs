//! What a row of each kind looks like to a reader.

use super::field::Field::{self, Bool, Change, Hours, Json, Minutes, Plain, Time};

/// A kind of row that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Organization,
    Connector,
    ApiKey,
    WebhookRegistration,
    Webhook,
    WebhookEvent,
    OutgoingWebhook,
    Delivery,
    AutomationRule,
    Notice,
    Log,
    AuditEntry,
    Location,
    Department,
    Role,
    TeamMember,
    Shift,
    TimePunch,
    Wage,
    RoleAssignment,
    Availability,
    TimeOff,
    Employee,
    LeaveRequest,
    CustomRecord,
    Store,
    LocationMapping,
    StaffPolicy,
    AttendancePolicy,
    AttendanceDelta,
    AttendanceRecord,
    AllocationSettings,
    Closure,
    CapacityOverride,
    ClientFolder,
    AllocationNotices,
    Allocation,
    AllocationExplanation,
    SyncRun,
    QuarantinedRecord,
}

impl Kind {
    /// All kinds, in the order of an export.
    pub const ALL: [Self; 40] = [
        Self::Organization,
        Self::Connector,
        Self::ApiKey,
        Self::WebhookRegistration,
        Self::Webhook,
        Self::WebhookEvent,
        Self::OutgoingWebhook,
        Self::Delivery,
        Self::AutomationRule,
        Self::Notice,
        Self::Log,
        Self::AuditEntry,
        Self::Location,
        Self::Department,
        Self::Role,
        Self::TeamMember,
        Self::Shift,
        Self::TimePunch,
        Self::Wage,
        Self::RoleAssignment,
        Self::Availability,
        Self::TimeOff,
        Self::Employee,
        Self::LeaveRequest,
        Self::CustomRecord,
        Self::Store,
        Self::LocationMapping,
        Self::StaffPolicy,
        Self::AttendancePolicy,
        Self::AttendanceDelta,
        Self::AttendanceRecord,
        Self::AllocationSettings,
        Self::Closure,
        Self::CapacityOverride,
        Self::ClientFolder,
        Self::AllocationNotices,
        Self::Allocation,
        Self::AllocationExplanation,
        Self::SyncRun,
        Self::QuarantinedRecord,
    ];

    /// The name of a list of them.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Organization => "organizations",
            Self::Connector => "connectors",
            Self::ApiKey => "api_keys",
            Self::WebhookRegistration => "webhook_registrations",
            Self::Webhook => "webhooks",
            Self::WebhookEvent => "webhook_events",
            Self::OutgoingWebhook => "outgoing_webhooks",
            Self::Delivery => "deliveries",
            Self::AutomationRule => "automation_rules",
            Self::Notice => "notices",
            Self::Log => "integration_logs",
            Self::AuditEntry => "audit_entries",
            Self::Location => "locations",
            Self::Department => "departments",
            Self::Role => "roles",
            Self::TeamMember => "team_members",
            Self::Shift => "shifts",
            Self::TimePunch => "time_punches",
            Self::Wage => "wages",
            Self::RoleAssignment => "role_assignments",
            Self::Availability => "availability",
            Self::TimeOff => "time_off",
            Self::Employee => "employees",
            Self::LeaveRequest => "leave_requests",
            Self::CustomRecord => "custom_records",
            Self::Store => "stores",
            Self::LocationMapping => "location_mappings",
            Self::StaffPolicy => "staff_policies",
            Self::AttendancePolicy => "attendance_policies",
            Self::AttendanceDelta => "attendance_deltas",
            Self::AttendanceRecord => "attendance_records",
            Self::AllocationSettings => "allocation_settings",
            Self::Closure => "closures",
            Self::CapacityOverride => "capacity_overrides",
            Self::ClientFolder => "client_folders",
            Self::AllocationNotices => "allocation_notices",
            Self::Allocation => "allocations",
            Self::AllocationExplanation => "allocation_explanations",
            Self::SyncRun => "sync_runs",
            Self::QuarantinedRecord => "quarantined_records",
        }
    }

    pub(super) const fn table(self) -> &'static str {
        match self {
            Self::Shift => "schedule_shifts",
            Self::Wage => "team_member_wages",
            Self::RoleAssignment => "team_member_role_assignments",
            Self::Availability => "team_member_availability",
            Self::TimeOff => "time_off_requests",
            Self::Closure => "office_closures",
            // A location is listed whether anything has been decided about it or not.
            Self::LocationMapping => "locations",
            other => other.name(),
        }
    }

    /// The expression that the tenant is compared with.
    pub(super) const fn tenant_column(self) -> &'static str {
        match self {
            Self::Organization => "record.id",
            _ => "record.organization_id",
        }
    }

    /// What names a row within its list. In quarantine a record has no id of ours; the parts
    /// before the last contain no `|`.
    pub(super) const fn id_column(self) -> &'static str {
        match self {
            Self::Connector => "record.integration_key",
            Self::StaffPolicy => "record.connector_id",
            Self::AttendancePolicy | Self::AllocationSettings | Self::AllocationNotices => {
                "record.organization_id"
            }
            Self::AllocationExplanation => "record.allocation_id",
            Self::Log | Self::AuditEntry => "CAST(record.seq AS TEXT)",
            Self::QuarantinedRecord => {
                "record.connector_id || '|' || record.stream || '|' || record.external_id"
            }
            _ => "record.id",
        }
    }

    /// The columns that order a list by id.
    pub(super) const fn id_order(self) -> &'static str {
        match self {
            Self::QuarantinedRecord => "record.connector_id, record.stream, record.external_id",
            other => other.id_column(),
        }
    }

    /// Where names and our ids of other rows come from. Each join finds at most one row.
    pub(super) const fn joins(self) -> &'static str {
        macro_rules! by_external_id {
            ($table:literal, $column:literal) => {
                concat!(
                    " LEFT JOIN ",
                    $table,
                    " ON ",
                    $table,
                    ".connector_id = record.connector_id AND ",
                    $table,
                    ".external_id = record.",
                    $column
                )
            };
        }
        macro_rules! location {
            () => {
                by_external_id!("locations", "external_location_id")
            };
        }
        macro_rules! department {
            () => {
                by_external_id!("departments", "external_department_id")
            };
        }
        macro_rules! role {
            () => {
                by_external_id!("roles", "external_role_id")
            };
        }
        macro_rules! member {
            () => {
                " LEFT JOIN team_members AS member ON member.id = record.team_member_id"
            };
        }
        match self {
            Self::Department => location!(),
            Self::Role => concat!(location!(), department!()),
            Self::Shift => concat!(location!(), department!(), role!(), member!()),
            Self::TimePunch => concat!(
                location!(),
                department!(),
                role!(),
                member!(),
                " LEFT JOIN schedule_shifts AS shift ON shift.id = record.schedule_shift_id"
            ),
            Self::AttendanceDelta | Self::AttendanceRecord => {
                concat!(location!(), role!(), member!())
            }
            Self::Wage => concat!(role!(), member!()),
            Self::RoleAssignment => concat!(location!(), department!(), role!(), member!()),
            Self::Availability => member!(),
            // The organization says what the provider's categories are here.
            Self::TimeOff => concat!(
                member!(),
                " LEFT JOIN organizations ON organizations.id = record.organization_id"
            ),
            Self::LeaveRequest => {
                " LEFT JOIN employees AS employee ON employee.connector_id = record.connector_id
                   AND employee.external_id = record.external_employee_id"
            }
            Self::Location | Self::LocationMapping => {
                " LEFT JOIN location_mappings AS mapping ON mapping.connector_id = record.connector_id
                   AND mapping.external_location_id = record.external_id
                 LEFT JOIN stores ON stores.id = mapping.store_id"
            }
            Self::Organization
            | Self::Connector
            | Self::ApiKey
            | Self::Store
            | Self::StaffPolicy
            | Self::AttendancePolicy
            | Self::AllocationSettings
            | Self::Closure
            | Self::CapacityOverride
            | Self::ClientFolder
            | Self::AllocationNotices
            | Self::Allocation
            | Self::AllocationExplanation
            | Self::WebhookRegistration
            | Self::Webhook
            | Self::WebhookEvent
            | Self::OutgoingWebhook
            | Self::Delivery
            | Self::AutomationRule
            | Self::Notice
            | Self::Log
            | Self::AuditEntry
            | Self::TeamMember
            | Self::Employee
            | Self::CustomRecord
            | Self::SyncRun
            | Self::QuarantinedRecord => "",
        }
    }

    /// The members of the row as a JSON object.
    pub(super) const fn fields(self) -> &'static [Field] {
        match self {
            Self::Organization => ORGANIZATION,
            Self::Connector => CONNECTOR,
            Self::ApiKey => API_KEY,
            Self::WebhookRegistration => WEBHOOK_REGISTRATION,
            Self::Webhook => WEBHOOK,
            Self::WebhookEvent => WEBHOOK_EVENT,
            Self::OutgoingWebhook => OUTGOING_WEBHOOK,
            Self::Delivery => DELIVERY,
            Self::AutomationRule => AUTOMATION_RULE,
            Self::Notice => NOTICE,
            Self::Log => LOG,
            Self::AuditEntry => AUDIT_ENTRY,
            Self::Location => LOCATION,
            Self::Department => DEPARTMENT,
            Self::Role => ROLE,
            Self::TeamMember => TEAM_MEMBER,
            Self::Shift => SHIFT,
            Self::TimePunch => TIME_PUNCH,
            Self::Wage => WAGE,
            Self::RoleAssignment => ROLE_ASSIGNMENT,
            Self::Availability => AVAILABILITY,
            Self::TimeOff => TIME_OFF,
            Self::Employee => EMPLOYEE,
            Self::LeaveRequest => LEAVE_REQUEST,
            Self::CustomRecord => CUSTOM_RECORD,
            Self::Store => STORE,
            Self::LocationMapping => LOCATION_MAPPING,
            Self::StaffPolicy => STAFF_POLICY,
            Self::AttendancePolicy => ATTENDANCE_POLICY,
            Self::AttendanceDelta => ATTENDANCE_DELTA,
            Self::AttendanceRecord => ATTENDANCE_RECORD,
            Self::AllocationSettings => ALLOCATION_SETTINGS,
            Self::Closure => CLOSURE,
            Self::CapacityOverride => CAPACITY_OVERRIDE,
            Self::ClientFolder => CLIENT_FOLDER,
            Self::AllocationNotices => ALLOCATION_NOTICES,
            Self::Allocation => ALLOCATION,
            Self::AllocationExplanation => ALLOCATION_EXPLANATION,
            Self::SyncRun => SYNC_RUN,
            Self::QuarantinedRecord => QUARANTINED_RECORD,
        }
    }
}

/// The name that a person goes by.
const FULL_NAME_OF_RECORD: &str = "nullif(trim(coalesce(record.preferred_first_name, record.first_name) || ' ' || coalesce(record.preferred_last_name, record.last_name)), '')";
pub(crate) const FULL_NAME_OF_MEMBER: &str = "nullif(trim(coalesce(member.preferred_first_name, member.first_name) || ' ' || coalesce(member.preferred_last_name, member.last_name)), '')";

/// Planned working time: like worked time, without the unpaid breaks. Nobody can say it of a
/// shift that ends at closing time.
const PLANNED_SECONDS: &str = "CASE record.is_close WHEN 0 THEN max(0, record.ends_at - record.starts_at - record.unpaid_break_minutes * 60) END";
/// A row that was written before its seconds were kept has only minutes.
macro_rules! worked_seconds {
    () => {
        "coalesce(record.worked_seconds, record.worked_minutes * 60)"
    };
}
/// Planned time of the shift that the provider names; a shift that was deleted plans nothing.
macro_rules! scheduled_seconds {
    () => {
        "CASE WHEN shift.is_close = 0 AND shift.deleted_at IS NULL THEN max(0, shift.ends_at - shift.starts_at - shift.unpaid_break_minutes * 60) END"
    };
}
/// What the provider says of a punch's shift, until the Delta Engine has looked at it.
const SHIFT_OF_PUNCH: &str = "iif(record.attendance_anchor_at IS NULL, record.schedule_shift_id, record.attendance_shift_id)";
const SCHEDULED_OF_PUNCH: &str = concat!(
    "iif(record.attendance_anchor_at IS NULL, ",
    scheduled_seconds!(),
    ", record.attendance_scheduled_seconds)"
);
/// Of the minutes that stand beside it, so that who subtracts them gets the same.
const DELTA_MINUTES: &str = concat!(
    "iif(record.attendance_anchor_at IS NULL, (",
    worked_seconds!(),
    " + 30) / 60 - ((",
    scheduled_seconds!(),
    ") + 30) / 60, record.attendance_delta_minutes)"
);

const SHIFT_BREAKS: &str = "CASE record.breaks WHEN '[]' THEN '[]' ELSE (
  SELECT json_group_array(json_object('name', value ->> 'name',
    'starts_at', strftime('%Y-%m-%dT%H:%M:%SZ', value ->> 'starts_at', 'unixepoch'),
    'ends_at', strftime('%Y-%m-%dT%H:%M:%SZ', value ->> 'ends_at', 'unixepoch'),
    'minutes', value ->> 'minutes', 'is_paid', json(iif(value ->> 'is_paid', 'true', 'false'))))
  FROM json_each(record.breaks)) END";
const PUNCH_BREAKS: &str = "CASE record.breaks WHEN '[]' THEN '[]' ELSE (
  SELECT json_group_array(json_object(
    'started_at', strftime('%Y-%m-%dT%H:%M:%SZ', value ->> 'started_at', 'unixepoch'),
    'ended_at', strftime('%Y-%m-%dT%H:%M:%SZ', value ->> 'ended_at', 'unixepoch'),
    'is_paid', json(iif(value ->> 'is_paid', 'true', 'false'))))
  FROM json_each(record.breaks)) END";

const ORGANIZATION: &[Field] = &[
    Plain("id", "record.id"),
    Plain("name", "record.name"),
    Plain("time_zone", "record.time_zone"),
    Plain("state", "record.state"),
    Json("time_off_categories", "record.time_off_categories"),
    Time("created_at", "record.created_at"),
    Time("updated_at", "record.updated_at"),
];

const CONNECTOR: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("provider", "record.provider"),
    Plain("integration_key", "record.integration_key"),
    Plain("name", "record.name"),
    Plain("state", "record.state"),
    Plain("state_reason", "record.state_reason"),
    Time("state_changed_at", "record.state_changed_at"),
    Json("config", "record.config"),
    Json("sync_settings", "record.sync_settings"),
    Time("connected_at", "record.connected_at"),
    Plain("connected_by", "record.connected_by"),
    Time("created_at", "record.created_at"),
    Time("updated_at", "record.updated_at"),
];

const API_KEY: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("name", "record.name"),
    Plain("display_prefix", "record.display_prefix"),
    Plain("last_four", "record.last_four"),
    Json("scopes", "record.scopes"),
    Json("networks", "record.networks"),
    Plain("created_by", "record.created_by"),
    Time("created_at", "record.created_at"),
    Time("expires_at", "record.expires_at"),
    Time("revoked_at", "record.revoked_at"),
    Time("last_used_at", "record.last_used_at"),
    Plain("requests_per_minute", "record.requests_per_minute"),
];

/// Without the secret path, and without its hash.
const WEBHOOK_REGISTRATION: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("topic", "record.topic"),
    Plain("external_id", "record.external_id"),
    Plain("base_url", "record.base_url"),
    Plain("state", "record.state"),
    Plain("reason", "record.reason"),
    Time("created_at", "record.created_at"),
    Time("last_checked_at", "record.last_checked_at"),
];

const WEBHOOK: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("name", "record.name"),
    Plain("path", "'/hooks/' || record.id"),
    Plain("scheme", "record.scheme"),
    Json("options", "record.options"),
    Json("events", "record.events"),
    Plain("state", "record.state"),
    Plain("state_reason", "record.state_reason"),
    Plain("failure_limit", "record.failure_limit"),
    Plain("events_per_minute", "record.events_per_minute"),
    Plain("failures_in_row", "record.failures_in_row"),
    Plain("ignored_count", "record.ignored_count"),
    Json("secrets", WEBHOOK_SECRETS),
    Plain("created_by", "record.created_by"),
    Time("created_at", "record.created_at"),
    Time("updated_at", "record.updated_at"),
];

/// When the keys of a webhook began and end; never what they are.
const WEBHOOK_SECRETS: &str = "(
  SELECT json_group_array(json_object('id', id,
    'created_at', strftime('%Y-%m-%dT%H:%M:%SZ', created_at, 'unixepoch'),
    'expires_at', strftime('%Y-%m-%dT%H:%M:%SZ', expires_at, 'unixepoch')))
  FROM webhook_secrets WHERE webhook_id = record.id)";

const WEBHOOK_EVENT: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("webhook_id", "record.webhook_id"),
    Plain("event", "record.event"),
    Plain("delivery_id", "record.delivery_id"),
    Plain("ordering_key", "record.ordering_key"),
    Plain("secret_id", "record.key_id"),
    Bool("is_hint", "record.is_hint"),
    Json("items", "record.items"),
    Plain("content_type", "record.content_type"),
    Plain("size_bytes", "length(record.body)"),
    Plain("state", "record.state"),
    Plain("error_code", "record.error_code"),
    Plain("error_detail", "record.error_detail"),
    Time("processed_at", "record.processed_at"),
    Time("sent_at", "record.sent_at"),
    Time("received_at", "record.received_at"),
];

const OUTGOING_WEBHOOK: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("name", "record.name"),
    Plain("url", "record.url"),
    Json("events", "record.events"),
    Plain("state", "record.state"),
    Plain("state_reason", "record.state_reason"),
    Time("failing_since", "record.failing_since"),
    Plain("missed_count", "record.missed_count"),
    Json("secrets", WEBHOOK_SECRETS),
    Plain("created_by", "record.created_by"),
    Time("created_at", "record.created_at"),
    Time("updated_at", "record.updated_at"),
];

const DELIVERY: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("kind", "record.kind"),
    Plain(
        "connector_id",
        "iif(record.kind = 'webhook', NULL, record.connector_id)",
    ),
    Plain(
        "endpoint_id",
        "iif(record.kind = 'webhook', record.connector_id, NULL)",
    ),
    Plain("requested_by", "record.requested_by"),
    Json("payload", "record.payload"),
    Plain("state", "record.state"),
    Json("attempts", DELIVERY_ATTEMPTS),
    Json("result", "record.result"),
    Plain("error_code", "record.error_code"),
    Plain("error_detail", "record.error_detail"),
    Time("next_attempt_at", NEXT_ATTEMPT_AT),
    Time("created_at", "record.created_at"),
    Time("finished_at", "record.finished_at"),
];

const DELIVERY_ATTEMPTS: &str = "(
  SELECT json_group_array(json_object('number', number,
    'started_at', strftime('%Y-%m-%dT%H:%M:%SZ', started_ms / 1000, 'unixepoch'),
    'duration_ms', duration_ms, 'status', status, 'code', code, 'detail', detail,
    'may_have_happened', json(iif(may_have_happened, 'true', 'false'))))
  FROM (SELECT * FROM delivery_attempts WHERE delivery_id = record.id ORDER BY number))";

/// Of one that is on its way, when its lease ends.
const NEXT_ATTEMPT_AT: &str = "(
  SELECT next_due_at FROM jobs
  WHERE jobs.kind = 'outbox' AND jobs.subject = record.connector_id AND jobs.name = record.id)";

const AUTOMATION_RULE: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("name", "record.document ->> 'name'"),
    Plain("event", "record.document ->> 'event'"),
    Json("conditions", "record.document -> 'conditions'"),
    Json("actions", "record.document -> 'actions'"),
    Plain(
        "firings_per_minute",
        "coalesce(record.document ->> 'firings_per_minute', 60)",
    ),
    Bool("is_enabled", "record.is_enabled"),
    Plain("position", "record.position"),
    Plain("default_rule", "record.default_rule"),
    Plain("fired_count", "record.fired_count"),
    Plain("failed_count", "record.failed_count"),
    Time("last_fired_at", "record.last_fired_at"),
    Plain("created_by", "record.created_by"),
    Time("created_at", "record.created_at"),
    Time("updated_at", "record.updated_at"),
];

const NOTICE: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("kind", "record.kind"),
    Plain("connector_id", "record.connector_id"),
    Plain("title", "record.title"),
    Plain("remedy", "record.remedy"),
    Plain("count", "record.count"),
    Time("created_at", "record.created_at"),
    Time("updated_at", "record.updated_at"),
    Time("read_at", "record.read_at"),
    Time("dismissed_at", "record.dismissed_at"),
];

const LOG: &[Field] = &[
    Plain("id", "CAST(record.seq AS TEXT)"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("event_type", "record.event_type"),
    Plain("status", "record.status"),
    Plain("subject_id", "record.subject_id"),
    Plain("duration_ms", "record.duration_ms"),
    Json("counts", "record.counts"),
    Plain("code", "record.code"),
    Plain("detail", "record.detail"),
    Plain("request_id", "record.request_id"),
    Time("occurred_at", "record.occurred_at"),
];

const AUDIT_ENTRY: &[Field] = &[
    Plain("id", "CAST(record.seq AS TEXT)"),
    Plain("organization_id", "record.organization_id"),
    Plain("resource", "record.resource"),
    Plain("resource_id", "record.resource_id"),
    Plain("action", "record.action"),
    Json("before", "record.before"),
    Json("after", "record.after"),
    Plain("actor_kind", "record.actor_kind"),
    Plain("actor", "record.actor"),
    Plain("request_id", "record.request_id"),
    Time("occurred_at", "record.occurred_at"),
];

const LOCATION: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("source", "record.source"),
    Plain("external_id", "record.external_id"),
    Plain("name", "record.name"),
    Plain("time_zone", "record.time_zone"),
    Plain("country", "record.country"),
    Plain("region", "record.region"),
    Plain("city", "record.city"),
    Plain("address", "record.address"),
    Plain("store_id", "stores.id"),
    Plain("store_name", "stores.name"),
    Time("provider_modified_at", "record.provider_modified_at"),
    Time("deleted_at", "record.deleted_at"),
    Change("created_at", "record.created_seq"),
    Change("updated_at", "record.changed_seq"),
];

const DEPARTMENT: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("source", "record.source"),
    Plain("external_id", "record.external_id"),
    Plain("location_id", "locations.id"),
    Plain("external_location_id", "record.external_location_id"),
    Plain("location_name", "locations.name"),
    Plain("name", "record.name"),
    Time("provider_modified_at", "record.provider_modified_at"),
    Time("deleted_at", "record.deleted_at"),
    Change("created_at", "record.created_seq"),
    Change("updated_at", "record.changed_seq"),
];

const ROLE: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("source", "record.source"),
    Plain("external_id", "record.external_id"),
    Plain("location_id", "locations.id"),
    Plain("external_location_id", "record.external_location_id"),
    Plain("location_name", "locations.name"),
    Plain("department_id", "departments.id"),
    Plain("external_department_id", "record.external_department_id"),
    Plain("department_name", "departments.name"),
    Plain("name", "record.name"),
    Plain("color", "record.color"),
    Plain("job_code", "record.job_code"),
    Bool("is_tipped", "record.is_tipped"),
    Time("provider_modified_at", "record.provider_modified_at"),
    Time("deleted_at", "record.deleted_at"),
    Change("created_at", "record.created_seq"),
    Change("updated_at", "record.changed_seq"),
];

const TEAM_MEMBER: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("source", "record.source"),
    Plain("external_id", "record.external_id"),
    Plain("first_name", "record.first_name"),
    Plain("last_name", "record.last_name"),
    Plain("preferred_first_name", "record.preferred_first_name"),
    Plain("preferred_last_name", "record.preferred_last_name"),
    Plain("full_name", FULL_NAME_OF_RECORD),
    Plain("email", "record.email"),
    Plain("mobile_number", "record.mobile_number"),
    Plain("employee_number", "record.employee_number"),
    Plain("user_type", "record.user_type"),
    Bool("is_active", "record.is_active"),
    Plain("invite_status", "record.invite_status"),
    Plain("language", "record.language"),
    Plain("time_zone", "record.time_zone"),
    Plain("hire_date", "record.hire_date"),
    Plain("photo_url", "record.photo_url"),
    Plain("product_ref", "record.product_ref"),
    Time("provider_modified_at", "record.provider_modified_at"),
    Time("deleted_at", "record.deleted_at"),
    Change("created_at", "record.created_seq"),
    Change("updated_at", "record.changed_seq"),
];

macro_rules! shift {
    ($attendance_status:literal, $late_minutes:literal) => {
        &[
            Plain("id", "record.id"),
            Plain("organization_id", "record.organization_id"),
            Plain("connector_id", "record.connector_id"),
            Plain("source", "record.source"),
            Plain("external_id", "record.external_id"),
            Plain("team_member_id", "record.team_member_id"),
            Plain("external_user_id", "record.external_user_id"),
            Plain("employee_name", FULL_NAME_OF_MEMBER),
            Plain("role_id", "roles.id"),
            Plain("external_role_id", "record.external_role_id"),
            Plain("role_name", "roles.name"),
            Plain("department_id", "departments.id"),
            Plain("external_department_id", "record.external_department_id"),
            Plain("department_name", "departments.name"),
            Plain("location_id", "locations.id"),
            Plain("external_location_id", "record.external_location_id"),
            Plain("location_name", "locations.name"),
            Time("starts_at", "record.starts_at"),
            Time("ends_at", "record.ends_at"),
            Minutes("scheduled_minutes", PLANNED_SECONDS),
            Plain("break_minutes", "record.break_minutes"),
            Plain("unpaid_break_minutes", "record.unpaid_break_minutes"),
            Json("breaks", SHIFT_BREAKS),
            Bool("is_open", "record.is_open"),
            Bool("is_close", "record.is_close"),
            Bool("is_business_decline", "record.is_business_decline"),
            Plain("station_name", "record.station_name"),
            Plain("notes", "record.notes"),
            Plain("attendance_status", $attendance_status),
            Plain("late_minutes", $late_minutes),
            Time("provider_modified_at", "record.provider_modified_at"),
            Time("deleted_at", "record.deleted_at"),
            Change("created_at", "record.created_seq"),
            Change("updated_at", "record.changed_seq"),
        ]
    };
}
const SHIFT: &[Field] = shift!("record.attendance_status", "record.late_minutes");
/// The same for who may know of the attendance of one person only, whom the product calls `?2`.
pub(super) const SHIFT_FOR_ONE: &[Field] = shift!(
    "iif(member.product_ref = ?2 AND member.deleted_at IS NULL, record.attendance_status, NULL)",
    "iif(member.product_ref = ?2 AND member.deleted_at IS NULL, record.late_minutes, NULL)"
);

const TIME_PUNCH: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("source", "record.source"),
    Plain("external_id", "record.external_id"),
    Plain("team_member_id", "record.team_member_id"),
    Plain("external_user_id", "record.external_user_id"),
    Plain("employee_name", FULL_NAME_OF_MEMBER),
    Plain("schedule_shift_id", SHIFT_OF_PUNCH),
    Plain("external_shift_id", "record.external_shift_id"),
    Plain("role_id", "roles.id"),
    Plain("external_role_id", "record.external_role_id"),
    Plain("role_name", "roles.name"),
    Plain("department_id", "departments.id"),
    Plain("external_department_id", "record.external_department_id"),
    Plain("department_name", "departments.name"),
    Plain("location_id", "locations.id"),
    Plain("external_location_id", "record.external_location_id"),
    Plain("location_name", "locations.name"),
    Time("clocked_in_at", "record.clocked_in_at"),
    Time("clocked_out_at", "record.clocked_out_at"),
    Bool("auto_clocked_out", "record.auto_clocked_out"),
    Plain("break_minutes", "record.break_minutes"),
    Plain("paid_break_minutes", "record.paid_break_minutes"),
    Plain("unpaid_break_minutes", "record.unpaid_break_minutes"),
    Json("breaks", PUNCH_BREAKS),
    Minutes("worked_minutes", worked_seconds!()),
    Hours("total_hours", worked_seconds!()),
    Minutes("scheduled_minutes", SCHEDULED_OF_PUNCH),
    Hours("scheduled_hours", SCHEDULED_OF_PUNCH),
    Plain("delta_minutes", DELTA_MINUTES),
    Plain("tips_cents", "record.tips_cents"),
    Plain(
        "status",
        "CASE WHEN record.disputed_at IS NOT NULL THEN 'disputed' WHEN record.is_approved THEN 'approved' ELSE 'pending' END",
    ),
    Bool("is_approved", "record.is_approved"),
    Time("disputed_at", "record.disputed_at"),
    Plain("disputed_by", "record.disputed_by"),
    Plain("dispute_note", "record.dispute_note"),
    Plain("notes", "record.notes"),
    Plain("pos_type", "record.pos_type"),
    Time("provider_modified_at", "record.provider_modified_at"),
    Time("deleted_at", "record.deleted_at"),
    Change("created_at", "record.created_seq"),
    Change("updated_at", "record.changed_seq"),
];

/// The last day on which a wage counted: the one before the next of the same person in the same role.
/// Of two of one day the later one counts, and the other one ends on that day, for none ends before it
/// begins.
/// A wage that was withdrawn has no end: it would move with those that are paid.
const WAGE_END: &str = "(
  SELECT max(record.effective_date, date(min(later.effective_date), '-1 day'))
  FROM team_member_wages AS later
  WHERE record.deleted_at IS NULL AND later.connector_id = record.connector_id
    AND later.external_user_id = record.external_user_id
    AND later.external_role_id IS record.external_role_id
    AND later.deleted_at IS NULL
    AND (later.effective_date, CAST(later.external_id AS INTEGER))
      > (record.effective_date, CAST(record.external_id AS INTEGER)))";
/// What the organization says, or else what the words suggest.
pub(crate) const TIME_OFF_CATEGORY: &str = "coalesce(
  (SELECT value FROM json_each(organizations.time_off_categories) WHERE key = record.provider_category),
  CASE WHEN record.provider_category LIKE '%sick%' THEN 'sick'
    WHEN record.provider_category LIKE '%personal%' THEN 'personal'
    WHEN record.provider_category LIKE '%vacation%' OR record.provider_category LIKE '%holiday%'
      OR record.provider_category LIKE 'paid' THEN 'vacation'
    ELSE 'other' END)";
const TIME_OFF_DAYS: &str = "(
  SELECT json_group_array(json_object('date', value ->> 'date', 'minutes', value ->> 'minutes'))
  FROM json_each(record.days))";

const WAGE: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("source", "record.source"),
    Plain("external_id", "record.external_id"),
    Plain("team_member_id", "record.team_member_id"),
    Plain("external_user_id", "record.external_user_id"),
    Plain("employee_name", FULL_NAME_OF_MEMBER),
    Plain("role_id", "roles.id"),
    Plain("external_role_id", "record.external_role_id"),
    Plain("role_name", "roles.name"),
    Plain("wage_type", "record.wage_type"),
    Plain(
        "wage_rate",
        "printf('%s%d.%02d', iif(record.wage_cents < 0, '-', ''), abs(record.wage_cents / 100), abs(record.wage_cents % 100))",
    ),
    Plain("wage_cents", "record.wage_cents"),
    Plain("effective_date", "record.effective_date"),
    Plain("end_date", WAGE_END),
    Time("provider_modified_at", "record.provider_modified_at"),
    Time("deleted_at", "record.deleted_at"),
    Change("created_at", "record.created_seq"),
    Change("updated_at", "record.changed_seq"),
];

const ROLE_ASSIGNMENT: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("source", "record.source"),
    Plain("external_id", "record.external_id"),
    Plain("team_member_id", "record.team_member_id"),
    Plain("external_user_id", "record.external_user_id"),
    Plain("employee_name", FULL_NAME_OF_MEMBER),
    Plain("role_id", "roles.id"),
    Plain("external_role_id", "record.external_role_id"),
    Plain("role_name", "roles.name"),
    Plain("department_id", "departments.id"),
    Plain("external_department_id", "record.external_department_id"),
    Plain("department_name", "departments.name"),
    Plain("location_id", "locations.id"),
    Plain("external_location_id", "record.external_location_id"),
    Plain("location_name", "locations.name"),
    Bool("is_primary", "record.is_primary"),
    Plain("skill_level", "record.skill_level"),
    Time("deleted_at", "record.deleted_at"),
    Change("created_at", "record.created_seq"),
    Change("updated_at", "record.changed_seq"),
];

const AVAILABILITY: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("source", "record.source"),
    Plain("external_id", "record.external_id"),
    Plain(
        "external_availability_id",
        "record.external_availability_id",
    ),
    Plain("team_member_id", "record.team_member_id"),
    Plain("external_user_id", "record.external_user_id"),
    Plain("employee_name", FULL_NAME_OF_MEMBER),
    Plain("day_of_week", "record.day_of_week"),
    Bool("is_available", "record.is_available"),
    Plain("available_from", "record.available_from"),
    Plain("available_to", "record.available_to"),
    Bool("is_recurring", "record.is_recurring"),
    Plain("valid_from", "record.valid_from"),
    Plain("valid_to", "record.valid_to"),
    Plain("specific_date", "record.specific_date"),
    Plain("reason", "record.reason"),
    Plain("comments", "record.comments"),
    Plain("status", "record.status"),
    Time("provider_modified_at", "record.provider_modified_at"),
    Time("deleted_at", "record.deleted_at"),
    Change("created_at", "record.created_seq"),
    Change("updated_at", "record.changed_seq"),
];

const TIME_OFF: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("source", "record.source"),
    Plain("external_id", "record.external_id"),
    Plain("team_member_id", "record.team_member_id"),
    Plain("external_user_id", "record.external_user_id"),
    Plain("employee_name", FULL_NAME_OF_MEMBER),
    Plain("start_date", "record.start_date"),
    Plain("end_date", "record.end_date"),
    Bool("partial_day", "record.is_partial_day"),
    Plain("partial_start", "record.partial_start"),
    Plain("partial_end", "record.partial_end"),
    Plain("category", TIME_OFF_CATEGORY),
    Plain("provider_category", "record.provider_category"),
    Plain("status", "record.status"),
    Plain("comments", "record.comments"),
    Hours("total_hours", "record.total_minutes * 60"),
    Plain("total_minutes", "record.total_minutes"),
    Json("days", TIME_OFF_DAYS),
    Plain("action_member_id", "record.action_member_id"),
    Plain("external_action_user_id", "record.external_action_user_id"),
    Plain("action_message", "record.action_message"),
    Time("requested_at", "record.requested_at"),
    Time("provider_modified_at", "record.provider_modified_at"),
    Time("deleted_at", "record.deleted_at"),
    Change("created_at", "record.created_seq"),
    Change("updated_at", "record.changed_seq"),
];

const EMPLOYEE: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("source", "record.source"),
    Plain("external_id", "record.external_id"),
    Plain("name", "record.name"),
    Plain("first_name", "record.first_name"),
    Plain("last_name", "record.last_name"),
    Plain("known_as", "record.known_as"),
    Plain("company_email", "record.company_email"),
    Plain("account_email", "record.account_email"),
    Plain("job_title", "record.job_title"),
    Plain("status", "record.status"),
    Plain("start_date", "record.start_date"),
    Plain("termination_date", "record.termination_date"),
    Plain("time_zone", "record.time_zone"),
    Json("teams", "record.teams"),
    Time("deleted_at", "record.deleted_at"),
    Change("created_at", "record.created_seq"),
    Change("updated_at", "record.changed_seq"),
];

/// Hours beside the minutes: that is what the provider says.
const LEAVE_DAYS: &str = "(
  SELECT json_group_array(json_object('date', value ->> 'date', 'hours', (value ->> 'minutes') / 60.0,
    'minutes', value ->> 'minutes'))
  FROM json_each(record.days))";

const LEAVE_REQUEST: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("source", "record.source"),
    Plain("external_id", "record.external_id"),
    Plain("employee_id", "employee.id"),
    Plain("external_employee_id", "record.external_employee_id"),
    Plain("employee_name", "employee.name"),
    Plain("start_date", "record.start_date"),
    Plain("end_date", "record.end_date"),
    Plain("status", "record.status"),
    Plain("leave_category", "record.leave_category"),
    Hours("total_hours", "record.total_minutes * 60"),
    Plain("total_minutes", "record.total_minutes"),
    Json("days", LEAVE_DAYS),
    Time("deleted_at", "record.deleted_at"),
    Change("created_at", "record.created_seq"),
    Change("updated_at", "record.changed_seq"),
];

const CUSTOM_RECORD: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("source", "record.source"),
    Plain("external_id", "record.external_id"),
    Json("record", "record.record"),
    Time("provider_modified_at", "record.provider_modified_at"),
    Time("deleted_at", "record.deleted_at"),
    Change("created_at", "record.created_seq"),
    Change("updated_at", "record.changed_seq"),
];

const STORE: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("name", "record.name"),
    Plain("product_ref", "record.product_ref"),
    Time("deleted_at", "record.deleted_at"),
    Change("created_at", "record.created_seq"),
    Change("updated_at", "record.changed_seq"),
];

const LOCATION_MAPPING: &[Field] = &[
    Plain("location_id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("external_location_id", "record.external_id"),
    Plain("location_name", "record.name"),
    Plain("store_id", "stores.id"),
    Plain("store_name", "stores.name"),
    Plain("store_product_ref", "stores.product_ref"),
    Plain("mapped_by", "mapping.mapped_by"),
    Time("updated_at", "mapping.updated_at"),
    // Names are compared by the function.
    Plain("suggestion", "NULL"),
];

const STAFF_POLICY: &[Field] = &[
    Plain("connector_id", "record.connector_id"),
    Plain("organization_id", "record.organization_id"),
    Bool("enforce_shift_schedule", "record.enforce_shift_schedule"),
    Json("sync_role_names", "record.sync_role_names"),
    Bool(
        "create_users_without_email",
        "record.create_users_without_email",
    ),
    Time("created_at", "record.created_at"),
    Time("updated_at", "record.updated_at"),
];

const SYNC_RUN: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("stream", "record.stream"),
    Plain("trigger", "record.trigger"),
    Plain("status", "record.status"),
    Plain("kind", "nullif(record.kind, '')"),
    Time("started_at", "record.started_at"),
    Time("finished_at", "record.finished_at"),
    Plain("duration_ms", "record.duration_ms"),
    Plain("pages", "record.pages"),
    Plain("provider_calls", "record.provider_calls"),
    Plain("fetched", "record.fetched"),
    Plain("created", "record.created"),
    Plain("updated", "record.updated"),
    Plain("unchanged", "record.unchanged"),
    Plain("deleted", "record.deleted"),
    Plain("errors", "record.errors"),
    Plain("error_code", "record.error_code"),
    Plain("error_detail", "record.error_detail"),
];

const QUARANTINED_RECORD: &[Field] = &[
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("stream", "record.stream"),
    Plain("external_id", "record.external_id"),
    Plain("reason", "record.reason"),
    Plain("run_id", "record.run_id"),
    Time("first_seen_at", "record.first_seen_at"),
    Time("last_seen_at", "record.last_seen_at"),
];

const ATTENDANCE_POLICY: &[Field] = &[
    Plain("organization_id", "record.organization_id"),
    Json("policy", "record.document"),
    Plain("version", "record.version"),
    Plain("updated_by", "record.updated_by"),
    Time("created_at", "record.created_at"),
    Time("updated_at", "record.updated_at"),
];

/// The bits of [`domain::attendance::delta::Categories`], in the order in which they are told.
const CATEGORIES: &str = "(
  SELECT json_group_array(name) FROM (
    SELECT 1 AS bit, 'on_time' AS name UNION ALL SELECT 2, 'late_arrival' UNION ALL SELECT 4, 'early_departure'
    UNION ALL SELECT 8, 'no_show' UNION ALL SELECT 16, 'unscheduled' UNION ALL SELECT 32, 'overtime'
    UNION ALL SELECT 64, 'short_shift')
  WHERE record.categories & bit)";

/// Seconds as whole minutes that are over, in one direction.
macro_rules! minutes_over {
    ($seconds:literal) => {
        concat!("max(0, ", $seconds, ") / 60")
    };
}

const ATTENDANCE_DELTA: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("team_member_id", "record.team_member_id"),
    Plain("employee_name", FULL_NAME_OF_MEMBER),
    Plain("event_date", "record.event_date"),
    Plain("location_id", "locations.id"),
    Plain("location_name", "locations.name"),
    Plain("role_id", "roles.id"),
    Plain("role_name", "roles.name"),
    Json("categories", CATEGORIES),
    Plain("matched_by", "record.matched_by"),
    Json("schedule_shift_ids", "record.shift_ids"),
    Json("time_punch_ids", "record.punch_ids"),
    Time("scheduled_start", "record.scheduled_start"),
    Time("scheduled_end", "record.scheduled_end"),
    Time("actual_start", "record.actual_start"),
    Time("actual_end", "record.actual_end"),
    Minutes("scheduled_minutes", "record.scheduled_seconds"),
    Minutes("worked_minutes", "record.worked_seconds"),
    Plain("late_minutes", minutes_over!("record.arrival_seconds")),
    Plain(
        "early_arrival_minutes",
        minutes_over!("-record.arrival_seconds"),
    ),
    Plain(
        "late_stay_minutes",
        minutes_over!("record.departure_seconds"),
    ),
    Plain(
        "early_departure_minutes",
        minutes_over!("-record.departure_seconds"),
    ),
    Plain("delta_minutes", "record.delta_minutes"),
    Plain("arrival_seconds", "record.arrival_seconds"),
    Plain("departure_seconds", "record.departure_seconds"),
    Bool("is_running", "record.is_running"),
    Plain("review", "record.review"),
    Change("updated_at", "record.changed_seq"),
];

const ATTENDANCE_RECORD: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("source", "record.source"),
    Plain("team_member_id", "record.team_member_id"),
    Plain("employee_name", FULL_NAME_OF_MEMBER),
    Plain("event_type", "record.event_type"),
    Plain("event_date", "record.event_date"),
    Plain("location_id", "locations.id"),
    Plain("location_name", "locations.name"),
    Plain("role_id", "roles.id"),
    Plain("role_name", "roles.name"),
    Json("schedule_shift_ids", "record.shift_ids"),
    Json("time_punch_ids", "record.punch_ids"),
    Plain("matched_by", "record.matched_by"),
    Time("scheduled_start", "record.scheduled_start"),
    Time("scheduled_end", "record.scheduled_end"),
    Time("actual_start", "record.actual_start"),
    Time("actual_end", "record.actual_end"),
    Plain("minutes", "record.minutes"),
    Plain("delta_minutes", "record.delta_minutes"),
    Plain("points", "record.points"),
    Plain("points_assessed", "record.points_assessed"),
    Plain("tier_minutes", "record.tier_minutes"),
    Plain("policy_version", "record.policy_version"),
    Plain("review", "record.review"),
    Plain(
        "explanation",
        "record.explanation || CASE record.excused WHEN 1 THEN ' A manager has excused it.' WHEN 0 THEN ' A manager has said that it counts.' ELSE '' END",
    ),
    Bool(
        "is_excused",
        "coalesce(record.excused, record.time_off_request_id IS NOT NULL AND record.counts = 0)",
    ),
    Plain("time_off_request_id", "record.time_off_request_id"),
    Bool("excused", "record.excused"),
    Plain("note", "record.note"),
    Plain("resolution", "record.resolution"),
    Plain("resolved_by", "record.resolved_by"),
    Time("resolved_at", "record.resolved_at"),
    Time("deleted_at", "record.deleted_at"),
    Change("created_at", "record.created_seq"),
    Change("updated_at", "record.changed_seq"),
];

const ALLOCATION_SETTINGS: &[Field] = &[
    Plain("organization_id", "record.organization_id"),
    Json("settings", "record.document"),
    Plain("version", "record.version"),
    Plain("updated_by", "record.updated_by"),
    Time("created_at", "record.created_at"),
    Time("updated_at", "record.updated_at"),
];

const ALLOCATION_NOTICES: &[Field] = &[
    Plain("organization_id", "record.organization_id"),
    Json("targets", "record.targets"),
    Plain("updated_by", "record.updated_by"),
    Time("created_at", "record.created_at"),
    Time("updated_at", "record.updated_at"),
];

/// With the columns of the replaced system's record, by its names.
const ALLOCATION: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Time("timestamp", "record.received_at"),
    Plain("deal_id", "record.deal_id"),
    Plain("status", "record.status"),
    Plain("source", "record.source"),
    Plain("requested_by", "record.requested_by"),
    Bool("is_live", "record.superseded_at IS NULL"),
    Plain("replaces_id", "record.replaces_id"),
    Plain("client_email", "record.client_email"),
    Plain("adviser_email", "record.adviser_email"),
    Plain("adviser_name", "record.adviser_name"),
    Plain("adviser_hubspot_id", "record.adviser_owner_id"),
    Json(
        "adviser_service_packages",
        "coalesce(record.adviser_packages, '[]')",
    ),
    Json(
        "adviser_household_types",
        "coalesce(record.adviser_households, '[]')",
    ),
    Plain("service_package", "record.service_package"),
    Plain(
        "service_package_raw",
        "record.request ->> 'service_package'",
    ),
    Plain("household_type", "record.household_type"),
    Plain("household_type_raw", "record.request ->> 'household_type'"),
    Plain("agreement_start_date", "record.agreement_start"),
    Plain(
        "agreement_start_raw",
        "record.request ->> 'agreement_start_date'",
    ),
    Plain("earliest_week", "record.earliest_week"),
    Plain("allocation_result", "record.result"),
    Plain("reason", "record.failure ->> 'reason'"),
    Plain("error_message", "record.failure ->> 'detail'"),
    Plain("mode", "record.mode"),
    Plain("settings_version", "record.settings_version"),
    Plain("tries", "record.tries"),
    Time("decided_at", "record.decided_at"),
    Time("written_at", "record.written_at"),
    Time("finished_at", "record.finished_at"),
    Time("next_try_at", "record.next_try_at"),
    Plain("ip_address", "record.request ->> 'ip_address'"),
    Plain("user_agent", "record.request ->> 'user_agent'"),
    Json("request_data", "record.request"),
    Json("failure", "record.failure"),
    Json("sources", "record.sources"),
    Json("timings", "record.timings"),
    Json("written", "record.written"),
    Plain("delivery_id", "record.delivery_id"),
    Plain("write_attempts", "record.write_attempts"),
    Json("answer", "record.answer"),
];

/// Every adviser's table and each step of it.
const ALLOCATION_EXPLANATION: &[Field] = &[
    Plain("allocation_id", "record.allocation_id"),
    Plain("organization_id", "record.organization_id"),
    Time("decided_at", "record.decided_at"),
    Json("decision", "record.decision"),
];

const CLOSURE: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("start_date", "record.start_date"),
    Plain("end_date", "record.end_date"),
    Plain("description", "record.description"),
    Json("tags", "record.tags"),
    Plain("workdays", "record.workdays"),
    Plain("created_by", "record.created_by"),
    Time("created_at", "record.created_at"),
    Time("updated_at", "record.updated_at"),
];

const CLIENT_FOLDER: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("connector_id", "record.connector_id"),
    Plain("hubspot_connector_id", "record.crm_connector_id"),
    Plain("portal_id", "record.portal"),
    Plain("deal_id", "record.deal_id"),
    Json("contacts", "record.contacts"),
    Plain("requested_name", "record.requested_name"),
    Plain("status", "record.status"),
    Plain("folder_id", "record.folder_id"),
    Plain("name", "record.name"),
    Json("path", "record.path"),
    Plain(
        "link",
        "iif(record.folder_id IS NULL, NULL, 'https://app.box.com/folder/' || record.folder_id)",
    ),
    Plain("copies", "record.copies"),
    Plain("failure_code", "record.failure_code"),
    Plain("failure_detail", "record.failure_detail"),
    Time("next_attempt_at", NEXT_COPY_AT),
    Json("links", FOLDER_LINKS),
    Plain("delivery_id", "record.delivery_id"),
    Plain("requested_by", "record.requested_by"),
    Time("created_at", "record.created_at"),
    Time("updated_at", "record.updated_at"),
    Time("finished_at", "record.finished_at"),
];

/// Whom its link was passed on to.
const FOLDER_LINKS: &str = "(
  SELECT json_group_array(json_object('delivery_id', deliveries.id, 'object', payload ->> 'object', 'id', payload ->> 'id',
    'property', payload ->> 'property', 'state', state, 'error_detail', error_detail))
  FROM json_each(record.link_deliveries) AS link
  CROSS JOIN deliveries ON deliveries.id = link.value AND deliveries.organization_id = record.organization_id)";

/// Of one that is being made, when its lease ends.
const NEXT_COPY_AT: &str = "(
  SELECT next_due_at FROM jobs
  WHERE jobs.kind = 'outbox' AND jobs.subject = record.connector_id AND jobs.name = record.delivery_id)";

/// As [`domain::allocation::capacity_override`] has it: the Monday on or after the day.
const EFFECTIVE_WEEK: &str = "date(record.effective_date, 'weekday 1')";

const CAPACITY_OVERRIDE: &[Field] = &[
    Plain("id", "record.id"),
    Plain("organization_id", "record.organization_id"),
    Plain("adviser_email", "record.adviser_email"),
    Plain("effective_date", "record.effective_date"),
    Plain("effective_week", EFFECTIVE_WEEK),
    Plain("client_limit_monthly", "record.client_limit_monthly"),
    Plain("pod_type", "record.pod_type"),
    Plain("notes", "record.notes"),
    Plain("created_by", "record.created_by"),
    Time("created_at", "record.created_at"),
    Time("updated_at", "record.updated_at"),
];
