//! Every route of the application, in one table: which function serves it, who may call it, and
//! what goes in and out. The functions route by it, the OpenAPI document is made from it, and the
//! tests walk it.

use domain::access::Scope;
use domain::stream::Stream;

/// What a route does; the functions match on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    ShowStatus,
    CheckHealth,
    ShowOpenapi,
    CreateOrganization,
    ListOrganizations,
    ReadOrganization,
    UpdateOrganization,
    PurgeOrganization,
    ExportOrganization,
    CreateApiKey,
    ListApiKeys,
    RevokeApiKey,
    RotateApiKey,
    ListConnectors,
    ReadConnector,
    CreateConnector,
    UpdateConnector,
    TestConnector,
    DeleteConnector,
    CallApi,
    AskForConsent,
    OfferConsent,
    StartConsent,
    EndConsent,
    RunConnectorHealth,
    TestWebhookConnector,
    SyncConnector,
    RunRestApi,
    TestRestApi,
    CheckRestApi,
    RequestRestApi,
    NotifySlack,
    RunSlackNotify,
    TestSlack,
    ListDeliveries,
    ReadDelivery,
    RetryDelivery,
    PauseConnector,
    ResumeConnector,
    DisconnectConnector,
    ReadSyncSettings,
    ReplaceSyncSettings,
    ListSyncStatus,
    CallSevenShifts,
    ListTeamMembers,
    ReadTeamMember,
    ListShifts,
    ReadShift,
    ListTimePunches,
    ReadTimePunch,
    UpdateTimePunch,
    ReadAttendancePolicy,
    ReplaceAttendancePolicy,
    RunAttendanceNow,
    RunDeltaEngine,
    ListAttendanceDeltas,
    ListAttendanceRecords,
    ReadAttendanceRecord,
    UpdateAttendanceRecord,
    ListAttendanceSummary,
    ListSickLeave,
    ListAvailabilityWeek,
    ListLocations,
    ReadLocation,
    ListRoles,
    ReadRole,
    ListDepartments,
    ReadDepartment,
    ListWages,
    ReadWage,
    ListRoleAssignments,
    ReadRoleAssignment,
    ListAvailability,
    ReadAvailability,
    ListTimeOff,
    ReadTimeOff,
    ListEmployeeRecords,
    ReadEmployeeRecord,
    ListLeaveRequests,
    ReadLeaveRequest,
    ListOrganisations,
    SyncEmployees,
    SyncEmployeesByGet,
    SyncLeaveRequests,
    SyncLeaveRequestsByGet,
    GetEmployees,
    GetLeaveRequests,
    GetEmployeeId,
    GetEmployeeLeaveRequests,
    GetLeaveRequestsByEmail,
    GetLeaveRequestsList,
    RunEmploymentHeroSync,
    CheckEmploymentHero,
    TestEmploymentHero,
    ListCustomRecords,
    ReadCustomRecord,
    ListClosures,
    CreateClosure,
    ReadClosure,
    UpdateClosure,
    DeleteClosure,
    ListCapacityOverrides,
    CreateCapacityOverride,
    ReadCapacityOverride,
    UpdateCapacityOverride,
    DeleteCapacityOverride,
    CreateClientFolder,
    ListClientFolders,
    ReadClientFolder,
    RetryClientFolder,
    RunBoxFolder,
    TestBox,
    CheckBox,
    ReadAllocationSettings,
    ReplaceAllocationSettings,
    ListEarliestWeeks,
    ReadAdviserSchedule,
    ListAdviserMeetings,
    ReadAdviserMatrix,
    ReadHubspotLists,
    ReadHubspotDeals,
    CheckHubspot,
    TestHubspot,
    ReadAllocationNotices,
    ReplaceAllocationNotices,
    AllocateDeal,
    ExplainAllocateDeal,
    ListAllocations,
    ReadAllocation,
    OverrideAllocation,
    RerunAllocation,
    ListAllocationHistory,
    RunAllocateDeal,
    RunAllocationEngine,
    CheckGoogleChat,
    TestGoogleChat,
    CreateStore,
    ListStores,
    UpsertStores,
    ReadStore,
    UpdateStore,
    DeleteStore,
    ListLocationMappings,
    MapLocation,
    TakeLocationOff,
    SetProductRefs,
    ListLaborRates,
    PriceLabor,
    ListDailyLaborCosts,
    ShowIntegration,
    ConfigureIntegration,
    TestIntegration,
    SyncIntegration,
    DisconnectIntegration,
    ListEmployees,
    ListEmployeeShifts,
    CheckShift,
    CheckShifts,
    ListOnShift,
    ListSyncLogs,
    ListMappableLocations,
    ListNamedRoles,
    MapIntegrationLocation,
    UnmapIntegrationLocation,
    ListSyncRuns,
    ReadSyncRun,
    ListQuarantinedRecords,
    Tick,
    RunSevenShiftsSync,
    RunCustomSync,
    RemoveSevenShiftsWebhooks,
    CreateWebhook,
    ListWebhooks,
    ReadWebhook,
    UpdateWebhook,
    DeleteWebhook,
    RotateWebhookSecret,
    ListWebhookEvents,
    ReadWebhookEvent,
    ReplayWebhookEvent,
    ReplayWebhookEvents,
    CreateAutomationRule,
    ListAutomationRules,
    ReadAutomationRule,
    UpdateAutomationRule,
    DeleteAutomationRule,
    DryRunAutomationRules,
    ListNotices,
    ListAuditEntries,
    ReadNotice,
    MarkNoticeRead,
    DismissNotice,
    RunAutomation,
    ListLogs,
    ShowLogStatistics,
    ReceiveWebhook,
    ReceiveWebhookByGet,
    ReceiveWebhookCall,
    CreateOutgoingWebhook,
    ListOutgoingWebhooks,
    ReadOutgoingWebhook,
    UpdateOutgoingWebhook,
    DeleteOutgoingWebhook,
    RotateOutgoingWebhookSecret,
    TestOutgoingWebhook,
    RunOutgoingWebhook,
}

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody; says nothing about any tenant.
    Public,
    /// Providers, by a path that only they know; the function checks it.
    Provider,
    /// The functions among themselves, by the internal token.
    Internal,
    /// Whoever is authenticated; the scope depends on the action in the body.
    Caller,
    /// Whoever has the scope; which organization comes from the caller, never from the request.
    Scope(Scope),
    /// Whoever has one of the scopes.
    AnyScope(&'static [Scope]),
    /// Whoever has the scope; without a key, a provider that signs what it sends: the function checks the signature, and
    /// finds the organization by it.
    SignedOr(Scope),
}

impl Access {
    /// The scopes of which a caller needs one; none where no scope decides.
    #[must_use]
    pub const fn scopes(&self) -> &[Scope] {
        match self {
            Self::Scope(scope) | Self::SignedOr(scope) => std::slice::from_ref(scope),
            Self::AnyScope(scopes) => scopes,
            Self::Public | Self::Provider | Self::Internal | Self::Caller => &[],
        }
    }

    /// Whether the route may change what is set up.
    #[must_use]
    pub fn is_setup(&self) -> bool {
        matches!(self, Self::Caller) || self.scopes().iter().any(|scope| scope.is_setup())
    }

    /// Whether every caller has a quota: those that are known from outside.
    #[must_use]
    pub const fn is_limited(&self) -> bool {
        matches!(
            self,
            Self::Caller | Self::Scope(_) | Self::AnyScope(_) | Self::SignedOr(_)
        )
    }
}

/// The rows of a list, for the OpenAPI document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Nothing,
    /// One object of the named schema.
    One(&'static str),
    /// A page of objects of the named schema.
    Page(&'static str),
    /// The same of what is computed, with how current it is (`Freshness`).
    FreshPage(&'static str),
    /// All objects of the named schema at once, as a replaced system lists them.
    Array(&'static str),
}

/// One query parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: &'static str,
    pub form: ParameterForm,
    pub description: &'static str,
    pub is_required: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterForm {
    Text,
    Email,
    Id,
    Time,
    /// `YYYY-MM-DD`.
    Date,
    /// One or the other.
    DateOrTime,
    Boolean,
    Limit,
    /// Whole, not below zero.
    Number,
    OneOf(&'static [&'static str]),
}

#[derive(Clone, Copy, Debug)]
pub struct Route {
    pub operation: Operation,
    /// The component that serves it.
    pub function: &'static str,
    pub method: &'static str,
    /// In `matchit`'s and OpenAPI's common syntax.
    pub path: &'static str,
    pub access: Access,
    /// A scope that is needed besides: what is answered is read by it.
    pub and: Option<Scope>,
    pub summary: &'static str,
    pub query: &'static [Parameter],
    /// The schema of the body, where there is one.
    pub body: Option<&'static str>,
    /// The status and shape of success.
    pub success: (u16, Shape),
    /// Other statuses that have the same shape.
    pub also: &'static [u16],
    /// Of a body, in bytes.
    pub max_body: usize,
}

impl Route {
    const fn new(
        operation: Operation,
        function: &'static str,
        method: &'static str,
        path: &'static str,
        access: Access,
        summary: &'static str,
    ) -> Self {
        Self {
            operation,
            function,
            method,
            path,
            access,
            and: None,
            summary,
            query: &[],
            body: None,
            success: (200, Shape::Nothing),
            also: &[],
            max_body: crate::body::MAX_BYTES,
        }
    }

    const fn takes(mut self, body: &'static str) -> Self {
        self.body = Some(body);
        self
    }

    const fn query(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }

    const fn answers(mut self, status: u16, shape: Shape) -> Self {
        self.success = (status, shape);
        self
    }

    /// For whoever has this scope as well.
    const fn and(mut self, scope: Scope) -> Self {
        self.and = Some(scope);
        self
    }

    /// For whoever has one of these scopes.
    const fn by_any(mut self, scopes: &'static [Scope]) -> Self {
        self.access = Access::AnyScope(scopes);
        self
    }

    /// Takes bodies of providers, which are larger than a caller's.
    const fn takes_deliveries(mut self) -> Self {
        self.max_body = crate::body::MAX_DELIVERY_BYTES;
        self
    }

    const fn or(mut self, also: &'static [u16]) -> Self {
        self.also = also;
        self
    }
}

const fn parameter(
    name: &'static str,
    form: ParameterForm,
    description: &'static str,
) -> Parameter {
    Parameter {
        name,
        form,
        description,
        is_required: false,
    }
}

const LIMIT: Parameter = parameter(
    "limit",
    ParameterForm::Limit,
    "Rows of a page, 1 to 500; 100 by default.",
);
const CURSOR: Parameter = parameter(
    "cursor",
    ParameterForm::Text,
    "`next_cursor` of the page before.",
);
const UPDATED_SINCE: Parameter = parameter(
    "updated_since",
    ParameterForm::Time,
    "Only rows that changed since then, in the order of their changes, deleted ones included (`deleted_at` is set). What a row shows of another one, such as a name, is no change of it.",
);
const INCLUDE_DELETED: Parameter = parameter(
    "include_deleted",
    ParameterForm::Boolean,
    "Also rows that were deleted at the provider; false by default.",
);
const ORGANIZATION_ID: Parameter = parameter(
    "organization_id",
    ParameterForm::Id,
    "For the operator key, which belongs to no organization: whose data is meant. Other callers leave it out.",
);
const CONNECTOR_ID: Parameter = parameter(
    "connector_id",
    ParameterForm::Id,
    "Only rows of this connector.",
);
const TEAM_MEMBER_ID: Parameter = parameter(
    "team_member_id",
    ParameterForm::Id,
    "Only rows of this person.",
);
const LOCATION_ID: Parameter = parameter(
    "location_id",
    ParameterForm::Id,
    "Only rows of this location.",
);

const PRODUCT_REF: Parameter = parameter(
    "product_ref",
    ParameterForm::Text,
    "Only what has this id in the product.",
);

const PLAIN_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    UPDATED_SINCE,
    INCLUDE_DELETED,
    ORGANIZATION_ID,
];
const TEAM_MEMBER_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    UPDATED_SINCE,
    INCLUDE_DELETED,
    ORGANIZATION_ID,
    parameter(
        "is_active",
        ParameterForm::Boolean,
        "Only active, or only deactivated people.",
    ),
    parameter(
        "email",
        ParameterForm::Text,
        "Only people with this address, whatever its case.",
    ),
    PRODUCT_REF,
];
const SHIFT_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    UPDATED_SINCE,
    INCLUDE_DELETED,
    ORGANIZATION_ID,
    parameter(
        "starts_from",
        ParameterForm::Time,
        "Only shifts that start then or later.",
    ),
    parameter(
        "starts_to",
        ParameterForm::Time,
        "Only shifts that start before then.",
    ),
    TEAM_MEMBER_ID,
    LOCATION_ID,
    parameter(
        "is_open",
        ParameterForm::Boolean,
        "Only open shifts, or only assigned ones.",
    ),
];
const TIME_PUNCH_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    UPDATED_SINCE,
    INCLUDE_DELETED,
    ORGANIZATION_ID,
    parameter(
        "clocked_in_from",
        ParameterForm::Time,
        "Only punches that began then or later.",
    ),
    parameter(
        "clocked_in_to",
        ParameterForm::Time,
        "Only punches that began before then.",
    ),
    TEAM_MEMBER_ID,
    LOCATION_ID,
    parameter(
        "is_running",
        ParameterForm::Boolean,
        "Only people on the clock now, or only finished punches.",
    ),
    parameter(
        "is_approved",
        ParameterForm::Boolean,
        "Only approved, or only unapproved punches.",
    ),
    parameter(
        "is_disputed",
        ParameterForm::Boolean,
        "Only punches that a manager disputes, or only others.",
    ),
];
/// Headers of a table, which has no member for how current it is.
pub const SYNCED_AT: &str = "x-synced-at";
pub const IS_STALE: &str = "x-is-stale";
const FORMAT: Parameter = parameter(
    "format",
    ParameterForm::OneOf(&["json", "csv"]),
    "`csv`: all rows as a table, of at most 20,000, whatever `limit` says, with `synced_at` and `is_stale` in the last columns and in headers; `json` by default.",
);
const FROM_DAY: Parameter = parameter(
    "from",
    ParameterForm::Date,
    "The first day, local to where the work was; 29 days before the last when left out.",
);
const TO_DAY: Parameter = parameter(
    "to",
    ParameterForm::Date,
    "The last day; the organization's today when left out.",
);
/// The categories of a delta.
pub const CATEGORIES: &[&str] = &[
    "on_time",
    "late_arrival",
    "early_departure",
    "no_show",
    "unscheduled",
    "overtime",
    "short_shift",
];
/// The types of a record.
pub const EVENT_TYPES: &[&str] = &[
    "late_arrival",
    "early_departure",
    "no_show",
    "unscheduled",
    "overtime",
    "short_shift",
    "early_arrival",
    "late_stay",
    "auto_clock_out",
];
const ATTENDANCE_DELTA_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    FROM_DAY,
    TO_DAY,
    TEAM_MEMBER_ID,
    LOCATION_ID,
    parameter(
        "category",
        ParameterForm::OneOf(CATEGORIES),
        "Only work of which this holds.",
    ),
    FORMAT,
];
const ATTENDANCE_RECORD_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    UPDATED_SINCE,
    INCLUDE_DELETED,
    ORGANIZATION_ID,
    parameter(
        "from",
        ParameterForm::Date,
        "Only events of this day or later, local to where the work was.",
    ),
    parameter(
        "to",
        ParameterForm::Date,
        "Only events of this day or earlier.",
    ),
    TEAM_MEMBER_ID,
    LOCATION_ID,
    parameter(
        "event_type",
        ParameterForm::OneOf(EVENT_TYPES),
        "Only events of this type.",
    ),
    parameter(
        "is_excused",
        ParameterForm::Boolean,
        "Only what is excused, or only what is not.",
    ),
    parameter(
        "needs_review",
        ParameterForm::Boolean,
        "Only what a person has to look at and has not, or only the rest.",
    ),
    FORMAT,
];
const ATTENDANCE_SUMMARY_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    FROM_DAY,
    TO_DAY,
    TEAM_MEMBER_ID,
    LOCATION_ID,
    parameter(
        "by",
        ParameterForm::OneOf(&["person", "location"]),
        "A row for each person and location, or for each location; `person` by default. Who may see only their own sees locations.",
    ),
    FORMAT,
];
const SICK_LEAVE_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    parameter(
        "year",
        ParameterForm::Number,
        "The year in which the policy's year begins; the one of the organization's today when left out.",
    ),
    TEAM_MEMBER_ID,
    LOCATION_ID,
    FORMAT,
];
const AVAILABILITY_WEEK_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    parameter(
        "week",
        ParameterForm::Date,
        "The first of the seven days, whichever day of the week it is, 9999-12-25 at the latest; the organization's today when left out.",
    ),
    TEAM_MEMBER_ID,
    LOCATION_ID,
    FORMAT,
];
const MEMBER_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    UPDATED_SINCE,
    INCLUDE_DELETED,
    ORGANIZATION_ID,
    TEAM_MEMBER_ID,
];
const TIME_OFF_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    UPDATED_SINCE,
    INCLUDE_DELETED,
    ORGANIZATION_ID,
    TEAM_MEMBER_ID,
    parameter(
        "from",
        ParameterForm::Date,
        "Only time off with a day on this date or later.",
    ),
    parameter(
        "to",
        ParameterForm::Date,
        "Only time off with a day on this date or earlier.",
    ),
    parameter(
        "status",
        ParameterForm::OneOf(REQUEST_STATUSES),
        "Only time off that stands like this.",
    ),
];
const LEAVE_FROM: Parameter = parameter(
    "from",
    ParameterForm::Date,
    "Only leave with a day off on this date or later.",
);
const LEAVE_TO: Parameter = parameter(
    "to",
    ParameterForm::Date,
    "Only leave with a day off on this date or earlier.",
);
const HR_STATUS: Parameter = parameter(
    "status",
    ParameterForm::Text,
    "Only those whose status is this word of the provider, whatever its case.",
);
const EMPLOYEE_EMAIL: Parameter = parameter(
    "email",
    ParameterForm::Text,
    "Only those whose company's or account's mail this is, whatever its case.",
);
const EMPLOYEE_RECORD_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    UPDATED_SINCE,
    INCLUDE_DELETED,
    ORGANIZATION_ID,
    CONNECTOR_ID,
    EMPLOYEE_EMAIL,
    HR_STATUS,
];
const LEAVE_REQUEST_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    UPDATED_SINCE,
    INCLUDE_DELETED,
    ORGANIZATION_ID,
    CONNECTOR_ID,
    parameter(
        "employee_id",
        ParameterForm::Id,
        "Only leave of this employee.",
    ),
    LEAVE_FROM,
    LEAVE_TO,
    HR_STATUS,
];
const CONNECTOR: Parameter = parameter(
    "connector",
    ParameterForm::Text,
    "The connector of the type employment_hero that is meant, by its id or integration key; needed where there are several.",
);
const ORGANISATION_LIST: &[Parameter] = &[ORGANIZATION_ID, CONNECTOR];
const HR_SYNC: &[Parameter] = &[
    ORGANIZATION_ID,
    CONNECTOR,
    parameter(
        "full",
        ParameterForm::Boolean,
        "Read everything, where otherwise what is over long ago would be left out.",
    ),
    parameter(
        "force_deletions",
        ParameterForm::Boolean,
        "Delete what is gone at the provider even if it is much.",
    ),
];
const KNOWN_EMPLOYEES: &[Parameter] = &[LIMIT, CURSOR, ORGANIZATION_ID, CONNECTOR, HR_STATUS];
const KNOWN_LEAVE: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    CONNECTOR,
    parameter(
        "from",
        ParameterForm::Date,
        "Only leave with a day off on this date or later; the organization's today when left out.",
    ),
    LEAVE_TO,
    parameter(
        "status",
        ParameterForm::Text,
        "Only leave whose status is this word of the provider, whatever its case; `approved` when left out.",
    ),
];
const BY_EMAIL: &[Parameter] = &[
    ORGANIZATION_ID,
    CONNECTOR,
    Parameter {
        name: "email",
        form: ParameterForm::Text,
        description: "The person's mail, whatever its case: that of the company, else that of the account.",
        is_required: true,
    },
];
const BY_EMPLOYEE: &[Parameter] = &[
    ORGANIZATION_ID,
    CONNECTOR,
    Parameter {
        name: "employee_id",
        form: ParameterForm::Text,
        description: "The provider's id of the person, or our row's.",
        is_required: true,
    },
];
const PROVIDER_LEAVE: &[Parameter] = &[
    ORGANIZATION_ID,
    CONNECTOR,
    parameter(
        "page_index",
        ParameterForm::Number,
        "Which page of 100, from 1 on; 1 when left out.",
    ),
    parameter(
        "start_date",
        ParameterForm::Date,
        "Passed on to the provider, which selects by it in a way that it does not document.",
    ),
    parameter(
        "end_date",
        ParameterForm::Date,
        "Passed on to the provider as well.",
    ),
];
const CUSTOM_RECORD_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    UPDATED_SINCE,
    INCLUDE_DELETED,
    ORGANIZATION_ID,
    CONNECTOR_ID,
    parameter(
        "external_id",
        ParameterForm::Text,
        "Only the record of this id at the API.",
    ),
];
/// How a request of a person stands; `unknown` is a number that 7shifts does not document.
pub const REQUEST_STATUSES: &[&str] = &["pending", "approved", "declined", "unknown"];
const SYNC_RUN_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    CONNECTOR_ID,
    parameter(
        "stream",
        ParameterForm::OneOf(STREAMS),
        "Only runs of this stream.",
    ),
    parameter(
        "status",
        ParameterForm::OneOf(&["running", "success", "partial", "failed"]),
        "Only runs that ended like this.",
    ),
    parameter(
        "trigger",
        ParameterForm::OneOf(&["cron", "manual", "nightly", "webhook", "retry"]),
        "Only runs that were started by this.",
    ),
    parameter(
        "started_from",
        ParameterForm::Time,
        "Only runs that started then or later.",
    ),
];
const LABOR_RATE_LIST: &[Parameter] = &[LIMIT, CURSOR, ORGANIZATION_ID];
const DAILY_LABOR_COST_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    parameter(
        "from",
        ParameterForm::Date,
        "The first day; 6 days before the last when left out.",
    ),
    parameter(
        "to",
        ParameterForm::Date,
        "The last day, up to 92 days after the first; when left out the organization's today, or as many days after the first as there may be.",
    ),
    parameter(
        "location_id",
        ParameterForm::Id,
        "Only work at this location. An id that is no location of the organization is refused.",
    ),
    parameter(
        "role",
        ParameterForm::Text,
        "Only work as this role: its name or our id of it, whatever their case. One that the organization never had is refused (422 `unknown-role`).",
    ),
];
const WEBHOOK_LIST: &[Parameter] = &[LIMIT, CURSOR, ORGANIZATION_ID];
const WEBHOOK_EVENT_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    parameter(
        "webhook_id",
        ParameterForm::Id,
        "Only what this webhook has brought.",
    ),
    parameter("event", ParameterForm::Text, "Only events of this name."),
    parameter(
        "state",
        ParameterForm::OneOf(WEBHOOK_EVENT_STATES),
        "Only events in this state.",
    ),
    parameter(
        "received_from",
        ParameterForm::Time,
        "Only what came then or later.",
    ),
    parameter(
        "received_to",
        ParameterForm::Time,
        "Only what came then or earlier.",
    ),
    parameter(
        "oldest_first",
        ParameterForm::Boolean,
        "In the order in which they were stored: who keeps the last cursor misses none. Otherwise the newest come first.",
    ),
];
const CLOSURE_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    parameter(
        "from",
        ParameterForm::Date,
        "Only closures with a day on this date or later.",
    ),
    parameter(
        "to",
        ParameterForm::Date,
        "Only closures with a day on this date or earlier.",
    ),
];
const CAPACITY_OVERRIDE_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    parameter(
        "adviser_email",
        ParameterForm::Email,
        "Only those of this adviser, whatever the case of the address.",
    ),
];
pub const ALLOCATION_STATES: &[&str] = &["received", "completed", "failed"];
const ALLOCATION_STATUS: Parameter = parameter(
    "status",
    ParameterForm::OneOf(ALLOCATION_STATES),
    "Only records with this status.",
);
const ALLOCATION_DEAL: Parameter = parameter(
    "deal",
    ParameterForm::Text,
    "Only records of the deal with this id.",
);
const ALLOCATION_ADVISER: Parameter = parameter(
    "adviser",
    ParameterForm::Email,
    "Only deals that were given to this adviser, whatever the case of the address.",
);
const ALLOCATION_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    CONNECTOR_ID,
    ALLOCATION_STATUS,
    ALLOCATION_DEAL,
    ALLOCATION_ADVISER,
    parameter(
        "is_live",
        ParameterForm::Boolean,
        "True: only the results of deals, without the records that they have replaced.",
    ),
];
const ALLOCATION_HISTORY: &[Parameter] = &[
    parameter(
        "limit",
        ParameterForm::Number,
        "Rows of a page, 5 to 200; 25 by default. A table has all rows.",
    ),
    CURSOR,
    ORGANIZATION_ID,
    parameter(
        "days",
        ParameterForm::Number,
        "Only the last so many days, 1 to 730; 30 by default.",
    ),
    ALLOCATION_STATUS,
    ALLOCATION_DEAL,
    ALLOCATION_ADVISER,
    FORMAT,
];
/// Which HubSpot account is meant.
const OF_CONNECTOR: Parameter = parameter(
    "connector",
    ParameterForm::Id,
    "The connector to HubSpot. It may be left out where the organization has one only.",
);
const COMPUTE: Parameter = parameter(
    "compute",
    ParameterForm::Boolean,
    "`1`: look for the weeks, which reads meetings and deals. Without it the answer says who there is, and no weeks.",
);
const AGREEMENT_START: Parameter = parameter(
    "agreement_start_date",
    ParameterForm::Date,
    "The date that the agreement of the deal starts; the organization's today when left out.",
);
const ADVISER_EMAIL: Parameter = Parameter {
    is_required: true,
    ..parameter(
        "email",
        ParameterForm::Email,
        "The adviser's, whatever its case.",
    )
};
const EARLIEST_WEEKS: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    OF_CONNECTOR,
    COMPUTE,
    parameter(
        "include_no",
        ParameterForm::Boolean,
        "`1`: also those who take on no clients.",
    ),
    AGREEMENT_START,
    FORMAT,
];
const ADVISER_SCHEDULE: &[Parameter] = &[
    ORGANIZATION_ID,
    OF_CONNECTOR,
    ADVISER_EMAIL,
    COMPUTE,
    AGREEMENT_START,
    FORMAT,
];
const ADVISER_MEETINGS: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    OF_CONNECTOR,
    ADVISER_EMAIL,
    parameter(
        "weeks_back",
        ParameterForm::Number,
        "From the Monday so many weeks before the current week on, 1 to 52; 8 by default.",
    ),
    FORMAT,
];
const ADVISER_MATRIX: &[Parameter] = &[ORGANIZATION_ID, OF_CONNECTOR, FORMAT];
const ALLOCATE_DEAL: &[Parameter] = &[
    ORGANIZATION_ID,
    parameter(
        "connector",
        ParameterForm::Id,
        "The connector of the CRM. Without it the account that the body names (`origin.portalId`) is looked for.",
    ),
    parameter(
        "dry_run",
        ParameterForm::Boolean,
        "Decide, tell what the decision rests on, and write nothing.",
    ),
    parameter(
        "send_chat_alert",
        ParameterForm::Text,
        "`0`, `false`, `no` or `off`: nobody is told of it.",
    ),
];
const STORE_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    UPDATED_SINCE,
    INCLUDE_DELETED,
    ORGANIZATION_ID,
    PRODUCT_REF,
];
const LOCATION_MAPPING_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    CONNECTOR_ID,
    parameter(
        "store_id",
        ParameterForm::Id,
        "Only locations that are this store.",
    ),
    parameter(
        "is_mapped",
        ParameterForm::Boolean,
        "Only locations with a store, or only those without.",
    ),
];
const STORE_ID: Parameter = parameter(
    "store_id",
    ParameterForm::Text,
    "Only of this store: the product's own id, or ours.",
);
const EMPLOYEE_LIST: &[Parameter] = &[
    ORGANIZATION_ID,
    STORE_ID,
    parameter(
        "active_only",
        ParameterForm::Boolean,
        "Only active people; true by default.",
    ),
];
const EMPLOYEE_SHIFT_LIST: &[Parameter] = &[
    ORGANIZATION_ID,
    STORE_ID,
    parameter(
        "start_date",
        ParameterForm::DateOrTime,
        "Only shifts that start then or later, a date (in UTC) or a time; from now on by default.",
    ),
    parameter(
        "end_date",
        ParameterForm::DateOrTime,
        "Only shifts that start then or earlier, a date (in UTC) or a time.",
    ),
];
const STORE: Parameter = parameter(
    "store",
    ParameterForm::Text,
    "The product's own id of a store, or ours; any store when left out.",
);
const AT: Parameter = parameter(
    "at",
    ParameterForm::Time,
    "The time that is asked about; now by default.",
);
const SHIFT_CHECK: &[Parameter] = &[
    ORGANIZATION_ID,
    Parameter {
        is_required: true,
        ..parameter(
            "email",
            ParameterForm::Email,
            "Who the message is for; case and surrounding blanks make no difference.",
        )
    },
    STORE,
    AT,
];
const ON_SHIFT: &[Parameter] = &[ORGANIZATION_ID, STORE, AT];
const DELIVERY_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    CONNECTOR_ID,
    parameter(
        "endpoint_id",
        ParameterForm::Id,
        "Only what is sent to this outgoing webhook.",
    ),
    parameter(
        "state",
        ParameterForm::OneOf(DELIVERY_STATES),
        "Only deliveries in this state.",
    ),
    parameter(
        "created_from",
        ParameterForm::Time,
        "Only what was decided then or later.",
    ),
    parameter(
        "created_to",
        ParameterForm::Time,
        "Only what was decided then or before.",
    ),
];
/// `pending`: not worked on yet; `dead`: a rule failed on it, and nobody has replayed it.
pub const WEBHOOK_EVENT_STATES: &[&str] = &["pending", "processed", "dead"];
/// Which events can be replayed.
pub const REPLAYABLE_STATES: &[&str] = &["processed", "dead"];
const AUTOMATION_RULE_LIST: &[Parameter] = &[LIMIT, CURSOR, ORGANIZATION_ID];
pub const NOTICE_STATES: &[&str] = &["open", "dismissed"];
const NOTICE_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    parameter(
        "state",
        ParameterForm::OneOf(NOTICE_STATES),
        "Only notices in this state.",
    ),
    parameter(
        "is_read",
        ParameterForm::Boolean,
        "Only notices that were read, or only those that were not.",
    ),
];
pub const LOG_TYPES: &[&str] = &[
    "sync",
    "delivery",
    "webhook",
    "webhook_refused",
    "rule",
    "connector",
    "api_call",
    "log",
];
pub const AUDITED: &[&str] = &[
    "organization",
    "api_key",
    "connector",
    "credential",
    "webhook",
    "webhook_secret",
    "outgoing_webhook",
    "automation_rule",
    "staff_policy",
    "attendance_policy",
    "attendance_record",
    "time_punch",
    "allocation_settings",
    "closure",
    "capacity_override",
    "client_folder",
    "allocation",
    "allocation_notices",
    "store",
    "location_mapping",
    "team_member",
];
const AUDIT_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    parameter(
        "resource",
        ParameterForm::OneOf(AUDITED),
        "Only changes of this kind of thing.",
    ),
    parameter(
        "resource_id",
        ParameterForm::Text,
        "Only changes of the thing with this id.",
    ),
    parameter(
        "actor",
        ParameterForm::Text,
        "Only changes by this key (its id) or person (the subject of the token).",
    ),
];
pub const LOG_STATUSES: &[&str] = &["success", "partial", "failed", "info"];
const LOG_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    CONNECTOR_ID,
    parameter(
        "event_type",
        ParameterForm::OneOf(LOG_TYPES),
        "Only rows of this type.",
    ),
    parameter(
        "status",
        ParameterForm::OneOf(LOG_STATUSES),
        "Only rows with this status.",
    ),
    parameter(
        "after",
        ParameterForm::Number,
        "Only rows behind the one of this id, the oldest first; the newest first without it. 0 is before all.",
    ),
    parameter(
        "wait_s",
        ParameterForm::Number,
        "With `after`: how long to wait for a row when there is none, 0 to 25 seconds.",
    ),
];
const LOG_STATISTICS: &[Parameter] = &[
    ORGANIZATION_ID,
    CONNECTOR_ID,
    parameter(
        "from",
        ParameterForm::Date,
        "The first day, UTC; 29 days before the last when left out.",
    ),
    parameter(
        "to",
        ParameterForm::Date,
        "The last day, UTC; today when left out.",
    ),
];
const CONNECTOR_LIST: &[Parameter] = &[LIMIT, CURSOR, ORGANIZATION_ID];
const QUARANTINE_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    CONNECTOR_ID,
    parameter(
        "stream",
        ParameterForm::OneOf(STREAMS),
        "Only records of this stream.",
    ),
];
const ORGANIZATION_LIST: &[Parameter] = &[LIMIT, CURSOR];
const ONE: &[Parameter] = &[ORGANIZATION_ID];
const TICKET: &[Parameter] = &[Parameter {
    name: "ticket",
    form: ParameterForm::Text,
    description: "What the link came with; good once and for ten minutes.",
    is_required: true,
}];
/// As the provider sends it (RFC 6749 section 4.1.2).
const CALLBACK: &[Parameter] = &[
    Parameter {
        name: "state",
        form: ParameterForm::Text,
        description: "What was sent along; good once, in the browser that opened the link.",
        is_required: false,
    },
    Parameter {
        name: "code",
        form: ParameterForm::Text,
        description: "What is exchanged for the tokens.",
        is_required: false,
    },
    Parameter {
        name: "error",
        form: ParameterForm::Text,
        description: "Why the owner or the provider refused.",
        is_required: false,
    },
    Parameter {
        name: "error_description",
        form: ParameterForm::Text,
        description: "The same in words.",
        is_required: false,
    },
];

/// Who asked for a sync may see what came of it.
const OF_A_RUN: &[Scope] = &[Scope::SyncRunsRead, Scope::SyncRun];

/// What becomes of a delivery.
pub const CLIENT_FOLDER_STATUSES: &[&str] = &["pending", "created", "existing", "failed"];
const CLIENT_FOLDER_LIST: &[Parameter] = &[
    LIMIT,
    CURSOR,
    ORGANIZATION_ID,
    parameter("deal_id", ParameterForm::Text, "Only those of this deal."),
    parameter(
        "status",
        ParameterForm::OneOf(CLIENT_FOLDER_STATUSES),
        "Only folders in this status.",
    ),
];
const CLIENT_FOLDER_CALL: &[Parameter] = &[
    ORGANIZATION_ID,
    parameter(
        "connector",
        ParameterForm::Id,
        "The connector to HubSpot whose secret signs the call, or whose deal it is, where the portal in the body does not say.",
    ),
    parameter(
        "box_connector",
        ParameterForm::Id,
        "The connector to Box, where an organization has several.",
    ),
];
pub const DELIVERY_STATES: &[&str] = &["pending", "delivered", "failed"];

/// The streams that are synced.
pub const STREAMS: &[&str] = &names::<{ Stream::ALL.len() }>(Stream::ALL);

/// Those of 7shifts.
pub const SEVEN_SHIFTS_STREAMS: &[&str] =
    &names::<{ Stream::SEVEN_SHIFTS.len() }>(Stream::SEVEN_SHIFTS);

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const fn names<const COUNT: usize>(streams: &[Stream]) -> [&'static str; COUNT] {
    let mut names = [""; COUNT];
    let mut index = 0;
    while index < COUNT {
        names[index] = streams[index].as_str();
        index += 1;
    }
    names
}

const fn list(
    operation: Operation,
    path: &'static str,
    scope: Scope,
    summary: &'static str,
    query: &'static [Parameter],
    schema: &'static str,
) -> Route {
    Route::new(
        operation,
        "records",
        "GET",
        path,
        Access::Scope(scope),
        summary,
    )
    .query(query)
    .answers(200, Shape::Page(schema))
}

const fn read(
    operation: Operation,
    path: &'static str,
    scope: Scope,
    summary: &'static str,
    schema: &'static str,
) -> Route {
    Route::new(
        operation,
        "records",
        "GET",
        path,
        Access::Scope(scope),
        summary,
    )
    .query(ONE)
    .answers(200, Shape::One(schema))
}

const fn employment_hero(
    operation: Operation,
    method: &'static str,
    path: &'static str,
    scope: Scope,
    summary: &'static str,
    query: &'static [Parameter],
) -> Route {
    Route::new(
        operation,
        "employment-hero",
        method,
        path,
        Access::Scope(scope),
        summary,
    )
    .query(query)
}

/// Everybody's, or one's own.
const OF_ONESELF: &[Scope] = &[Scope::AttendanceRead, Scope::AttendanceOwn];

const fn attendance(
    operation: Operation,
    method: &'static str,
    path: &'static str,
    access: Access,
    summary: &'static str,
) -> Route {
    Route::new(operation, "attendance", method, path, access, summary)
}

const fn attendance_report(
    operation: Operation,
    path: &'static str,
    summary: &'static str,
) -> Route {
    let access = Access::AnyScope(OF_ONESELF);
    Route::new(
        operation,
        "attendance-reports",
        "GET",
        path,
        access,
        summary,
    )
}

const fn allocation_settings(
    operation: Operation,
    method: &'static str,
    path: &'static str,
    scope: Scope,
    summary: &'static str,
) -> Route {
    Route::new(
        operation,
        "allocation-settings",
        method,
        path,
        Access::Scope(scope),
        summary,
    )
    .query(ONE)
}

const fn allocations(
    operation: Operation,
    method: &'static str,
    path: &'static str,
    access: Access,
    summary: &'static str,
) -> Route {
    Route::new(operation, "allocate-deal", method, path, access, summary)
}

const fn advisers(
    operation: Operation,
    path: &'static str,
    summary: &'static str,
    query: &'static [Parameter],
    schema: &'static str,
) -> Route {
    let access = Access::Scope(Scope::AdvisersRead);
    Route::new(operation, "availability", "GET", path, access, summary)
        .query(query)
        .answers(200, Shape::One(schema))
}

/// A route of the replaced system under `/api/integrations/`, which its callers call with a slash
/// in the end.
const fn integration(
    operation: Operation,
    method: &'static str,
    path: &'static str,
    scope: Scope,
    summary: &'static str,
) -> Route {
    Route::new(
        operation,
        "seven-shifts-integration",
        method,
        path,
        Access::Scope(scope),
        summary,
    )
    .query(ONE)
}

use Operation as O;

/// All routes, with what is said of them for the description of the API.
pub static ROUTES: &[Route] = ALL;

/// The components that have routes.
pub const FUNCTIONS: &[&str] = &[
    "advisers",
    "allocate-deal",
    "allocation-engine",
    "allocation-settings",
    "api-keys",
    "attendance",
    "attendance-reports",
    "automation",
    "availability",
    "box-folder",
    "client-folders",
    "connector-health",
    "connectors",
    "custom-sync",
    "delta-engine",
    "employment-hero",
    "employment-hero-sync",
    "labor-cost",
    "oauth",
    "organizations",
    "outgoing-webhooks",
    "records",
    "rest-api",
    "scheduled-sync",
    "seven-shifts-integration",
    "seven-shifts-proxy",
    "seven-shifts-sync",
    "slack-notify",
    "status",
    "stores",
    "webhook-receiver",
    "webhooks",
];

/// What one component serves; [`served!`](crate::served) makes it.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    pub function: &'static str,
    /// Its routes, without what only their description says.
    pub routes: &'static [Route],
}

/// The routes of one component, found by the compiler: it links no others.
#[macro_export]
macro_rules! served {
    ($function:literal) => {{
        static ROUTES: [$crate::Route; $crate::routes::count($function)] =
            $crate::routes::of_function($function);
        $crate::routes::Served {
            function: $function,
            routes: &ROUTES,
        }
    }};
}

/// How many routes a component has.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
pub const fn count(function: &str) -> usize {
    let (mut index, mut count) = (0, 0);
    while index < ALL.len() {
        if is_same(ALL[index].function, function) {
            count += 1;
        }
        index += 1;
    }
    count
}

/// The routes of a component, which are so many.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
pub const fn of_function<const COUNT: usize>(function: &str) -> [Route; COUNT] {
    let mut routes = [ALL[0]; COUNT];
    let (mut index, mut count) = (0, 0);
    while index < ALL.len() {
        if is_same(ALL[index].function, function) {
            routes[count] = ALL[index];
            routes[count].summary = "";
            routes[count].query = &[];
            routes[count].body = None;
            routes[count].success = (200, Shape::Nothing);
            routes[count].also = &[];
            count += 1;
        }
        index += 1;
    }
    routes
}

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut index = 0;
    while index < one.len() && index < other.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    one.len() == other.len()
}

const ALL: &[Route] = &[
    Route::new(
        O::ShowStatus,
        "status",
        "GET",
        "/",
        Access::Public,
        "What runs here and which routes it has",
    )
    .answers(200, Shape::One("Status")),
    Route::new(
        O::CheckHealth,
        "status",
        "GET",
        "/health",
        Access::Public,
        "Database and scheduler; 503 when one of them needs attention",
    )
    .answers(200, Shape::One("Health"))
    .or(&[503]),
    Route::new(
        O::ShowOpenapi,
        "status",
        "GET",
        "/openapi.json",
        Access::Public,
        "This document",
    ),
    Route::new(
        O::CreateOrganization,
        "organizations",
        "POST",
        "/api/organizations",
        Access::Scope(Scope::OrganizationsWrite),
        "Create an organization",
    )
    .takes("CreateOrganization")
    .answers(201, Shape::One("Organization")),
    Route::new(
        O::ListOrganizations,
        "organizations",
        "GET",
        "/api/organizations",
        Access::Scope(Scope::OrganizationsRead),
        "List organizations",
    )
    .query(ORGANIZATION_LIST)
    .answers(200, Shape::Page("Organization")),
    Route::new(
        O::ReadOrganization,
        "organizations",
        "GET",
        "/api/organizations/{id}",
        Access::Scope(Scope::OrganizationsRead),
        "Read an organization",
    )
    .answers(200, Shape::One("Organization")),
    Route::new(
        O::UpdateOrganization,
        "organizations",
        "PATCH",
        "/api/organizations/{id}",
        Access::Scope(Scope::OrganizationsWrite),
        "Change an organization's name, time zone or categories of time off",
    )
    .takes("UpdateOrganization")
    .answers(200, Shape::One("Organization")),
    Route::new(
        O::PurgeOrganization,
        "organizations",
        "DELETE",
        "/api/organizations/{id}",
        Access::Scope(Scope::OrganizationsPurge),
        "Remove an organization and everything it has, in the background",
    )
    .answers(202, Shape::One("Organization")),
    Route::new(
        O::ExportOrganization,
        "organizations",
        "GET",
        "/api/organizations/{id}/export",
        Access::Scope(Scope::OrganizationsExport),
        "Everything an organization has, page by page through all tables",
    )
    .query(&[LIMIT, CURSOR])
    .answers(200, Shape::One("ExportPage")),
    Route::new(
        O::CreateApiKey,
        "api-keys",
        "POST",
        "/api/api-keys",
        Access::Scope(Scope::ApiKeysWrite),
        "Create an API key; the key is shown this once",
    )
    .query(ONE)
    .takes("CreateApiKey")
    .answers(201, Shape::One("CreatedApiKey")),
    Route::new(
        O::ListApiKeys,
        "api-keys",
        "GET",
        "/api/api-keys",
        Access::Scope(Scope::ApiKeysRead),
        "List API keys, never the keys themselves",
    )
    .query(CONNECTOR_LIST)
    .answers(200, Shape::Page("ApiKey")),
    Route::new(
        O::RevokeApiKey,
        "api-keys",
        "DELETE",
        "/api/api-keys/{id}",
        Access::Scope(Scope::ApiKeysWrite),
        "Revoke an API key at once",
    )
    .query(ONE)
    .answers(200, Shape::One("ApiKey")),
    Route::new(
        O::RotateApiKey,
        "api-keys",
        "POST",
        "/api/api-keys/{id}/rotate",
        Access::Scope(Scope::ApiKeysWrite),
        "Make another key like it; both work for a while",
    )
    .query(ONE)
    .takes("RotateApiKey")
    .answers(201, Shape::One("CreatedApiKey")),
    Route::new(
        O::ListConnectors,
        "connectors",
        "GET",
        "/api/connectors",
        Access::Scope(Scope::ConnectorsRead),
        "List connectors with their state",
    )
    .query(CONNECTOR_LIST)
    .answers(200, Shape::Page("Connector")),
    Route::new(
        O::ReadConnector,
        "connectors",
        "GET",
        "/api/connectors/{id}",
        Access::Scope(Scope::ConnectorsRead),
        "Read a connector",
    )
    .query(ONE)
    .answers(200, Shape::One("Connector")),
    Route::new(
        O::CreateConnector,
        "connectors",
        "POST",
        "/api/connectors",
        Access::Scope(Scope::ConnectorsWrite),
        "Make a connector; its credential is sealed and never shown",
    )
    .query(ONE)
    .takes("CreateConnector")
    .answers(201, Shape::One("Connector")),
    Route::new(
        O::UpdateConnector,
        "connectors",
        "PATCH",
        "/api/connectors/{id}",
        Access::Scope(Scope::ConnectorsWrite),
        "Change a connector that was made here",
    )
    .query(ONE)
    .takes("UpdateConnector")
    .answers(200, Shape::One("Connector")),
    Route::new(
        O::TestConnector,
        "connectors",
        "POST",
        "/api/connectors/{id}/test",
        Access::Scope(Scope::ConnectorsWrite),
        "Ask the provider whether it takes the credential",
    )
    .query(ONE)
    .answers(200, Shape::One("TestedConnector")),
    Route::new(
        O::DeleteConnector,
        "connectors",
        "DELETE",
        "/api/connectors/{id}",
        Access::Scope(Scope::ConnectorsWrite),
        "Remove a connector that was made here; what it has sent is kept",
    )
    .query(ONE)
    .answers(200, Shape::One("Connector")),
    Route::new(
        O::CallApi,
        "connectors",
        "POST",
        "/api/connectors/{id}/request",
        Access::Scope(Scope::ConnectorsCall),
        "Call the API of a connector of the type api",
    )
    .query(ONE)
    .takes("ApiRequest")
    .answers(200, Shape::One("ApiAnswer")),
    Route::new(
        O::SyncConnector,
        "connectors",
        "POST",
        "/api/connectors/{id}/sync",
        Access::Scope(Scope::SyncRun),
        "Sync the list of a connector of the type custom now",
    )
    .query(ONE)
    .takes("SyncConnector")
    .answers(202, Shape::One("SyncAsked")),
    Route::new(
        O::AskForConsent,
        "connectors",
        "POST",
        "/api/connectors/{id}/authorizations",
        Access::Scope(Scope::ConnectorsWrite),
        "A link by which the owner of an account connects it: of Employment Hero, and of HubSpot with the method oauth",
    )
    .query(ONE)
    .takes("AskForConsent")
    .answers(201, Shape::One("ConsentAsked")),
    Route::new(
        O::OfferConsent,
        "oauth",
        "GET",
        "/auth/start",
        Access::Public,
        "Show who asks by such a link, and for what",
    )
    .query(TICKET)
    .answers(200, Shape::One("ConsentOffered")),
    Route::new(
        O::StartConsent,
        "oauth",
        "POST",
        "/auth/start",
        Access::Public,
        "Send the browser on to the provider; the link is spent by that",
    )
    .query(TICKET)
    .answers(303, Shape::Nothing),
    Route::new(
        O::EndConsent,
        "oauth",
        "GET",
        "/auth/callback",
        Access::Public,
        "Take a browser back from the provider, and connect the account",
    )
    .query(CALLBACK)
    .answers(200, Shape::One("ConsentGiven"))
    .or(&[303]),
    Route::new(
        O::PauseConnector,
        "connectors",
        "POST",
        "/api/connectors/{id}/pause",
        Access::Scope(Scope::ConnectorsWrite),
        "Stop the schedule, keep credentials and data",
    )
    .query(ONE)
    .answers(200, Shape::One("Connector")),
    Route::new(
        O::ResumeConnector,
        "connectors",
        "POST",
        "/api/connectors/{id}/resume",
        Access::Scope(Scope::ConnectorsWrite),
        "Start the schedule again",
    )
    .query(ONE)
    .answers(200, Shape::One("Connector")),
    Route::new(
        O::DisconnectConnector,
        "connectors",
        "POST",
        "/api/connectors/{id}/disconnect",
        Access::Scope(Scope::ConnectorsWrite),
        "Stop the schedule and purge the credentials; the data stays",
    )
    .query(ONE)
    .answers(200, Shape::One("Connector")),
    Route::new(
        O::ReadSyncSettings,
        "connectors",
        "GET",
        "/api/connectors/{id}/sync-settings",
        Access::Scope(Scope::SyncSettingsRead),
        "Frequency, operating hours and streams",
    )
    .query(ONE)
    .answers(200, Shape::One("SyncSettings")),
    Route::new(
        O::ReplaceSyncSettings,
        "connectors",
        "PUT",
        "/api/connectors/{id}/sync-settings",
        Access::Scope(Scope::SyncSettingsWrite),
        "Replace them; only an owner may switch streams",
    )
    .query(ONE)
    .takes("SyncSettings")
    .answers(200, Shape::One("SyncSettings")),
    Route::new(
        O::ListSyncStatus,
        "connectors",
        "GET",
        "/api/sync-status",
        Access::Scope(Scope::SyncStatusRead),
        "When each connector's streams last came, and whether they are behind",
    )
    .query(CONNECTOR_LIST)
    .answers(200, Shape::Page("SyncStatus")),
    Route::new(
        O::CallSevenShifts,
        "seven-shifts-proxy",
        "POST",
        "/functions/v1/7shifts-proxy",
        Access::Caller,
        "One action of the 7shifts proxy, named by `action`",
    )
    .takes("SevenShiftsCall")
    .answers(200, Shape::One("SevenShiftsAnswer"))
    .or(&[202]),
    list(
        O::ListTeamMembers,
        "/api/team-members",
        Scope::TeamMembersRead,
        "List people",
        TEAM_MEMBER_LIST,
        "TeamMember",
    ),
    read(
        O::ReadTeamMember,
        "/api/team-members/{id}",
        Scope::TeamMembersRead,
        "Read a person",
        "TeamMember",
    ),
    list(
        O::ListShifts,
        "/api/shifts",
        Scope::ShiftsRead,
        "List scheduled shifts",
        SHIFT_LIST,
        "Shift",
    ),
    read(
        O::ReadShift,
        "/api/shifts/{id}",
        Scope::ShiftsRead,
        "Read a shift",
        "Shift",
    ),
    list(
        O::ListTimePunches,
        "/api/time-punches",
        Scope::TimePunchesRead,
        "List time punches",
        TIME_PUNCH_LIST,
        "TimePunch",
    ),
    read(
        O::ReadTimePunch,
        "/api/time-punches/{id}",
        Scope::TimePunchesRead,
        "Read a time punch",
        "TimePunch",
    ),
    Route::new(
        O::UpdateTimePunch,
        "records",
        "PATCH",
        "/api/time-punches/{id}",
        Access::Scope(Scope::AttendanceWrite),
        "Set a time punch disputed, or take that back; no sync changes it",
    )
    .and(Scope::TimePunchesRead)
    .query(ONE)
    .takes("UpdateTimePunch")
    .answers(200, Shape::One("TimePunch")),
    attendance(
        O::ReadAttendancePolicy,
        "GET",
        "/api/attendance/policy",
        Access::Scope(Scope::AttendanceRead),
        "Read the attendance policy",
    )
    .query(ONE)
    .answers(200, Shape::One("AttendancePolicy")),
    attendance(
        O::ReplaceAttendancePolicy,
        "PUT",
        "/api/attendance/policy",
        Access::Scope(Scope::AttendancePolicyWrite),
        "Set the whole attendance policy; `{}` is the default, and everything is decided again by it",
    )
    .query(ONE)
    .takes("PutAttendancePolicy")
    .answers(200, Shape::One("AttendancePolicy")),
    attendance(
        O::RunAttendanceNow,
        "POST",
        "/api/attendance/runs",
        Access::Scope(Scope::AttendanceWrite),
        "Run the Delta Engine now; it also runs by itself after each sync",
    )
    .query(ONE)
    .takes("RunAttendance")
    .answers(200, Shape::One("AttendanceRun"))
    .or(&[202]),
    Route::new(
        O::RunDeltaEngine,
        "delta-engine",
        "POST",
        "/internal/delta-engine/run",
        Access::Internal,
        "Run the Delta Engine of one organization",
    ),
    attendance(
        O::ListAttendanceDeltas,
        "GET",
        "/api/attendance/deltas",
        Access::Scope(Scope::AttendanceDeltasRead),
        "List what was scheduled against what was worked",
    )
    .query(ATTENDANCE_DELTA_LIST)
    .answers(200, Shape::FreshPage("AttendanceDelta")),
    attendance(
        O::ListAttendanceRecords,
        "GET",
        "/api/attendance/records",
        Access::AnyScope(OF_ONESELF),
        "List attendance events with their points",
    )
    .query(ATTENDANCE_RECORD_LIST)
    .answers(200, Shape::FreshPage("AttendanceRecord")),
    attendance(
        O::ReadAttendanceRecord,
        "GET",
        "/api/attendance/records/{id}",
        Access::AnyScope(OF_ONESELF),
        "Read an attendance event",
    )
    .query(ONE)
    .answers(200, Shape::One("FreshAttendanceRecord")),
    attendance(
        O::UpdateAttendanceRecord,
        "PATCH",
        "/api/attendance/records/{id}",
        Access::Scope(Scope::AttendanceWrite),
        "Excuse an event, note something, or say what came of it",
    )
    .and(Scope::AttendanceRead)
    .query(ONE)
    .takes("UpdateAttendanceRecord")
    .answers(200, Shape::One("FreshAttendanceRecord")),
    attendance_report(
        O::ListAttendanceSummary,
        "/api/attendance/summary",
        "What attendance comes to, for each person and location",
    )
    .query(ATTENDANCE_SUMMARY_LIST)
    .answers(200, Shape::FreshPage("AttendanceSummary")),
    attendance_report(
        O::ListSickLeave,
        "/api/attendance/sick-leave",
        "Sick leave of each person: what there is, what was taken, what is left",
    )
    .query(SICK_LEAVE_LIST)
    .answers(200, Shape::FreshPage("SickLeave")),
    attendance_report(
        O::ListAvailabilityWeek,
        "/api/attendance/availability",
        "When each person can work in one week: a row for each day",
    )
    .query(AVAILABILITY_WEEK_LIST)
    .answers(200, Shape::FreshPage("AvailabilityDay")),
    list(
        O::ListLocations,
        "/api/locations",
        Scope::LocationsRead,
        "List locations",
        PLAIN_LIST,
        "Location",
    ),
    read(
        O::ReadLocation,
        "/api/locations/{id}",
        Scope::LocationsRead,
        "Read a location",
        "Location",
    ),
    list(
        O::ListRoles,
        "/api/roles",
        Scope::RolesRead,
        "List roles",
        PLAIN_LIST,
        "Role",
    ),
    read(
        O::ReadRole,
        "/api/roles/{id}",
        Scope::RolesRead,
        "Read a role",
        "Role",
    ),
    list(
        O::ListDepartments,
        "/api/departments",
        Scope::DepartmentsRead,
        "List departments",
        PLAIN_LIST,
        "Department",
    ),
    read(
        O::ReadDepartment,
        "/api/departments/{id}",
        Scope::DepartmentsRead,
        "Read a department",
        "Department",
    ),
    list(
        O::ListWages,
        "/api/wages",
        Scope::WagesRead,
        "List what people earn, with what they earned before",
        MEMBER_LIST,
        "Wage",
    ),
    read(
        O::ReadWage,
        "/api/wages/{id}",
        Scope::WagesRead,
        "Read a wage",
        "Wage",
    ),
    list(
        O::ListRoleAssignments,
        "/api/role-assignments",
        Scope::RoleAssignmentsRead,
        "List the roles that people work in",
        MEMBER_LIST,
        "RoleAssignment",
    ),
    read(
        O::ReadRoleAssignment,
        "/api/role-assignments/{id}",
        Scope::RoleAssignmentsRead,
        "Read a role assignment",
        "RoleAssignment",
    ),
    list(
        O::ListAvailability,
        "/api/availability",
        Scope::AvailabilityRead,
        "List when people can work, a row for each day of the week",
        MEMBER_LIST,
        "Availability",
    ),
    read(
        O::ReadAvailability,
        "/api/availability/{id}",
        Scope::AvailabilityRead,
        "Read a day of an availability",
        "Availability",
    ),
    list(
        O::ListTimeOff,
        "/api/time-off",
        Scope::TimeOffRead,
        "List time off",
        TIME_OFF_LIST,
        "TimeOff",
    ),
    read(
        O::ReadTimeOff,
        "/api/time-off/{id}",
        Scope::TimeOffRead,
        "Read a time off",
        "TimeOff",
    ),
    list(
        O::ListEmployeeRecords,
        "/api/employees",
        Scope::EmployeesRead,
        "List employees, as HR systems have them",
        EMPLOYEE_RECORD_LIST,
        "EmployeeRecord",
    ),
    read(
        O::ReadEmployeeRecord,
        "/api/employees/{id}",
        Scope::EmployeesRead,
        "Read an employee",
        "EmployeeRecord",
    ),
    list(
        O::ListLeaveRequests,
        "/api/leave-requests",
        Scope::LeaveRequestsRead,
        "List leave, approved or not, as HR systems have it",
        LEAVE_REQUEST_LIST,
        "LeaveRequest",
    ),
    read(
        O::ReadLeaveRequest,
        "/api/leave-requests/{id}",
        Scope::LeaveRequestsRead,
        "Read a leave request",
        "LeaveRequest",
    ),
    employment_hero(
        O::ListOrganisations,
        "GET",
        "/test/organisations",
        Scope::ConnectorsCall,
        "Ask Employment Hero which organisations the connector's login sees",
        ORGANISATION_LIST,
    )
    .answers(200, Shape::One("EmployerOrganisations")),
    employment_hero(
        O::SyncEmployees,
        "POST",
        "/sync/employees",
        Scope::SyncRun,
        "Sync the employees of Employment Hero now; the answer waits for up to five seconds",
        HR_SYNC,
    )
    .answers(200, Shape::One("EmployerSynced"))
    .or(&[202]),
    employment_hero(
        O::SyncEmployeesByGet,
        "GET",
        "/sync/employees",
        Scope::SyncRun,
        "The same by GET, as timers of a replaced system ask for it",
        HR_SYNC,
    )
    .answers(200, Shape::One("EmployerSynced"))
    .or(&[202]),
    employment_hero(
        O::SyncLeaveRequests,
        "POST",
        "/sync/leave_requests",
        Scope::SyncRun,
        "Sync the leave of Employment Hero now; the answer waits for up to five seconds",
        HR_SYNC,
    )
    .answers(200, Shape::One("EmployerSynced"))
    .or(&[202]),
    employment_hero(
        O::SyncLeaveRequestsByGet,
        "GET",
        "/sync/leave_requests",
        Scope::SyncRun,
        "The same by GET, as timers of a replaced system ask for it",
        HR_SYNC,
    )
    .answers(200, Shape::One("EmployerSynced"))
    .or(&[202]),
    employment_hero(
        O::GetEmployees,
        "GET",
        "/get/employees",
        Scope::EmployeesRead,
        "List the employees of Employment Hero as they were synced last",
        KNOWN_EMPLOYEES,
    )
    .answers(200, Shape::One("KnownEmployees")),
    employment_hero(
        O::GetLeaveRequests,
        "GET",
        "/get/leave_requests",
        Scope::LeaveRequestsRead,
        "List approved leave that is not over, as it was synced last",
        KNOWN_LEAVE,
    )
    .answers(200, Shape::One("KnownLeaveRequests")),
    employment_hero(
        O::GetEmployeeId,
        "GET",
        "/get/employee_id",
        Scope::EmployeesRead,
        "Find the employee who has a mail address",
        BY_EMAIL,
    )
    .answers(200, Shape::One("FoundEmployee")),
    employment_hero(
        O::GetEmployeeLeaveRequests,
        "GET",
        "/get/employee_leave_requests",
        Scope::LeaveRequestsRead,
        "List approved leave of one employee that is not over",
        BY_EMPLOYEE,
    )
    .answers(200, Shape::One("EmployeeLeave")),
    employment_hero(
        O::GetLeaveRequestsByEmail,
        "GET",
        "/get/leave_requests_by_email",
        Scope::LeaveRequestsRead,
        "List approved leave that is not over of whoever has a mail address",
        BY_EMAIL,
    )
    .answers(200, Shape::One("EmployeeLeave")),
    employment_hero(
        O::GetLeaveRequestsList,
        "GET",
        "/get/leave_requests_list",
        Scope::LeaveRequestsRead,
        "Read a page of leave from Employment Hero now, without storing it",
        PROVIDER_LEAVE,
    )
    .answers(200, Shape::One("ProviderLeave")),
    Route::new(
        O::CheckEmploymentHero,
        "employment-hero",
        "POST",
        "/internal/employment-hero/check",
        Access::Internal,
        "Check what a connector of the type employment_hero is made of",
    ),
    Route::new(
        O::TestEmploymentHero,
        "employment-hero",
        "POST",
        "/internal/employment-hero/test",
        Access::Internal,
        "Test the connection of one connector of the type employment_hero",
    ),
    list(
        O::ListCustomRecords,
        "/api/custom-records",
        Scope::CustomRecordsRead,
        "List what connectors of the type custom have listed",
        CUSTOM_RECORD_LIST,
        "CustomRecord",
    ),
    read(
        O::ReadCustomRecord,
        "/api/custom-records/{id}",
        Scope::CustomRecordsRead,
        "Read a custom record",
        "CustomRecord",
    ),
    Route::new(
        O::ListLaborRates,
        "labor-cost",
        "GET",
        "/api/costing/rates",
        Access::Scope(Scope::CostingRead),
        "List what an hour of each role costs, as far as the caller may see",
    )
    .query(LABOR_RATE_LIST)
    .answers(200, Shape::FreshPage("LaborRate")),
    Route::new(
        O::PriceLabor,
        "labor-cost",
        "POST",
        "/api/costing/labor",
        Access::Scope(Scope::CostingRead),
        "Price a recipe, a prep list or tasks",
    )
    .query(ONE)
    .takes("PriceLabor")
    .answers(200, Shape::One("LaborPrice")),
    advisers(
        O::ListEarliestWeeks,
        "/availability/earliest",
        "List advisers with the first week in which each has room for a client, the earliest first. Every source says how old it is; whoever a source that failed says nothing of has no week. `format=csv` gives a table",
        EARLIEST_WEEKS,
        "EarliestWeeks",
    ),
    advisers(
        O::ReadAdviserSchedule,
        "/availability/schedule",
        "Read the weeks of one adviser: first meetings, absences, deals that wait, targets, and the first week with room. `format=csv` gives a table",
        ADVISER_SCHEDULE,
        "AdviserSchedule",
    ),
    advisers(
        O::ListAdviserMeetings,
        "/availability/meetings",
        "List the meetings of one adviser, the latest first, with whether each takes up room. `format=csv` gives a table",
        ADVISER_MEETINGS,
        "AdviserMeetings",
    ),
    advisers(
        O::ReadAdviserMatrix,
        "/availability/matrix",
        "Read which advisers take clients of which service package and household. `format=csv` gives a table",
        ADVISER_MATRIX,
        "AdviserMatrix",
    ),
    Route::new(
        O::ReadHubspotLists,
        "advisers",
        "POST",
        "/internal/advisers/read",
        Access::Internal,
        "Read the lists of an account of HubSpot that are too old",
    ),
    Route::new(
        O::ReadHubspotDeals,
        "advisers",
        "POST",
        "/internal/advisers/deals",
        Access::Internal,
        "Read deals of HubSpot as they are now",
    ),
    Route::new(
        O::CheckHubspot,
        "advisers",
        "POST",
        "/internal/advisers/check",
        Access::Internal,
        "Check what a connector to HubSpot is made of",
    ),
    Route::new(
        O::TestHubspot,
        "advisers",
        "POST",
        "/internal/advisers/test",
        Access::Internal,
        "Test a connector to HubSpot",
    ),
    allocations(
        O::AllocateDeal,
        "POST",
        "/post/allocate",
        Access::SignedOr(Scope::AllocationsRun),
        "Give a deal to the adviser who has room first: what a workflow of HubSpot calls, signed by it, or whoever has an API key with the scope `allocations:run`. A deal is allocated once; who calls again is told what came of it. 202: it is decided as soon as that is possible",
    )
    .takes("AllocateDeal")
    .query(ALLOCATE_DEAL)
    .answers(200, Shape::One("Allocated"))
    .or(&[202]),
    allocations(
        O::ExplainAllocateDeal,
        "GET",
        "/post/allocate",
        Access::Public,
        "Say that deals are posted here",
    )
    .answers(200, Shape::One("AllocateHint")),
    allocations(
        O::ListAllocationHistory,
        "GET",
        "/allocations/history",
        Access::Scope(Scope::AllocationsRead),
        "List what deals were allocated lately, the newest first, with how many there are; `format=csv` gives a table of all of it",
    )
    .query(ALLOCATION_HISTORY)
    .answers(200, Shape::One("AllocationHistory")),
    allocations(
        O::ListAllocations,
        "GET",
        "/api/allocations",
        Access::Scope(Scope::AllocationsRead),
        "List the records of allocations, the newest first",
    )
    .query(ALLOCATION_LIST)
    .answers(200, Shape::Page("Allocation")),
    allocations(
        O::ReadAllocation,
        "GET",
        "/api/allocations/{id}",
        Access::Scope(Scope::AllocationsRead),
        "Read a record with all that its decision rests on: every candidate's table and earliest week, and who was left out and why",
    )
    .query(ONE)
    .answers(200, Shape::One("ExplainedAllocation")),
    allocations(
        O::OverrideAllocation,
        "POST",
        "/api/allocations/{id}/override",
        Access::Scope(Scope::AllocationsWrite),
        "Give the deal of a record to an adviser of one's choice: a further record, which takes the place of this one",
    )
    .query(ONE)
    .takes("OverrideAllocation")
    .answers(200, Shape::One("Allocated"))
    .or(&[202]),
    allocations(
        O::RerunAllocation,
        "POST",
        "/api/allocations/{id}/rerun",
        Access::Scope(Scope::AllocationsWrite),
        "Decide the deal of a record again, by what is known now: a further record, which takes the place of this one",
    )
    .query(ONE)
    .takes("RerunAllocation")
    .answers(200, Shape::One("Allocated"))
    .or(&[202]),
    allocations(
        O::ReadAllocationNotices,
        "GET",
        "/api/allocation/notices",
        Access::Scope(Scope::AllocationSettingsRead),
        "Read who is told when a deal has got its adviser",
    )
    .query(ONE)
    .answers(200, Shape::One("AllocationNotices")),
    allocations(
        O::ReplaceAllocationNotices,
        "PUT",
        "/api/allocation/notices",
        Access::Scope(Scope::AllocationSettingsWrite),
        "Set who is told when a deal has got its adviser",
    )
    .query(ONE)
    .takes("PutAllocationNotices")
    .answers(200, Shape::One("AllocationNotices")),
    allocations(
        O::RunAllocateDeal,
        "POST",
        "/internal/allocate-deal/run",
        Access::Internal,
        "Tell a space of Google Chat of an allocation",
    ),
    allocations(
        O::CheckGoogleChat,
        "POST",
        "/internal/allocate-deal/check",
        Access::Internal,
        "Check the configuration of a connector to Google Chat",
    ),
    allocations(
        O::TestGoogleChat,
        "POST",
        "/internal/allocate-deal/test",
        Access::Internal,
        "Test a connector to Google Chat",
    ),
    Route::new(
        O::ListDailyLaborCosts,
        "labor-cost",
        "GET",
        "/api/costing/daily",
        Access::Scope(Scope::CostingRead),
        "List scheduled against actual labour cost by day, location and role",
    )
    .query(DAILY_LABOR_COST_LIST)
    .answers(200, Shape::FreshPage("DailyLaborCost")),
    allocation_settings(
        O::ListClosures,
        "GET",
        "/closures",
        Scope::ClosuresRead,
        "List the days on which the office is closed, by their start",
    )
    .query(CLOSURE_LIST)
    .answers(200, Shape::Page("Closure")),
    allocation_settings(
        O::CreateClosure,
        "POST",
        "/closures",
        Scope::ClosuresWrite,
        "Close the office for some days",
    )
    .takes("CreateClosure")
    .answers(201, Shape::One("Closure")),
    allocation_settings(
        O::ReadClosure,
        "GET",
        "/closures/{id}",
        Scope::ClosuresRead,
        "Read a closure",
    )
    .answers(200, Shape::One("Closure")),
    allocation_settings(
        O::UpdateClosure,
        "PUT",
        "/closures/{id}",
        Scope::ClosuresWrite,
        "Change a closure; what is left out stays",
    )
    .takes("UpdateClosure")
    .answers(200, Shape::One("Closure")),
    allocation_settings(
        O::DeleteClosure,
        "DELETE",
        "/closures/{id}",
        Scope::ClosuresWrite,
        "Delete a closure",
    )
    .answers(200, Shape::One("Deleted")),
    allocation_settings(
        O::ListCapacityOverrides,
        "GET",
        "/capacity_overrides",
        Scope::CapacityOverridesRead,
        "List the limits of advisers that differ from some day on, by that day",
    )
    .query(CAPACITY_OVERRIDE_LIST)
    .answers(200, Shape::Page("CapacityOverride")),
    allocation_settings(
        O::CreateCapacityOverride,
        "POST",
        "/capacity_overrides",
        Scope::CapacityOverridesWrite,
        "Give an adviser another limit from some day on",
    )
    .takes("CreateCapacityOverride")
    .answers(201, Shape::One("CapacityOverride")),
    allocation_settings(
        O::ReadCapacityOverride,
        "GET",
        "/capacity_overrides/{id}",
        Scope::CapacityOverridesRead,
        "Read a capacity override",
    )
    .answers(200, Shape::One("CapacityOverride")),
    allocation_settings(
        O::UpdateCapacityOverride,
        "PUT",
        "/capacity_overrides/{id}",
        Scope::CapacityOverridesWrite,
        "Change a capacity override; what is left out stays",
    )
    .takes("UpdateCapacityOverride")
    .answers(200, Shape::One("CapacityOverride")),
    allocation_settings(
        O::DeleteCapacityOverride,
        "DELETE",
        "/capacity_overrides/{id}",
        Scope::CapacityOverridesWrite,
        "Delete a capacity override",
    )
    .answers(200, Shape::One("Deleted")),
    Route::new(
        O::CreateClientFolder,
        "client-folders",
        "POST",
        "/post/create_box_folder",
        Access::SignedOr(Scope::ClientFoldersWrite),
        "Have the folder of a deal's client made in Box, or say which one it is: by a key, or by a workflow that HubSpot signs",
    )
    .query(CLIENT_FOLDER_CALL)
    .takes("ClientFolderBody")
    .answers(200, Shape::One("ClientFolderAsked"))
    .or(&[202]),
    Route::new(
        O::ListClientFolders,
        "client-folders",
        "GET",
        "/api/client-folders",
        Access::Scope(Scope::ClientFoldersRead),
        "List the folders of clients, the newest first",
    )
    .query(CLIENT_FOLDER_LIST)
    .answers(200, Shape::Page("ClientFolder")),
    Route::new(
        O::ReadClientFolder,
        "client-folders",
        "GET",
        "/api/client-folders/{id}",
        Access::Scope(Scope::ClientFoldersRead),
        "Read the folder of a client, and what keeps it from being there",
    )
    .query(ONE)
    .answers(200, Shape::One("ClientFolder")),
    Route::new(
        O::RetryClientFolder,
        "client-folders",
        "POST",
        "/api/client-folders/{id}/retry",
        Access::Scope(Scope::ClientFoldersWrite),
        "Try again to make a folder that failed, once what kept it is put right",
    )
    .query(ONE)
    .answers(200, Shape::One("ClientFolderAsked"))
    .or(&[202]),
    Route::new(
        O::RunBoxFolder,
        "box-folder",
        "POST",
        "/internal/box-folder/run",
        Access::Internal,
        "Make one folder, or pass on its link",
    ),
    Route::new(
        O::TestBox,
        "box-folder",
        "POST",
        "/internal/box-folder/test",
        Access::Internal,
        "Test the credential of one connector to Box, and what it may see",
    ),
    Route::new(
        O::CheckBox,
        "box-folder",
        "POST",
        "/internal/box-folder/check",
        Access::Internal,
        "Check the configuration and the credential of a connector to Box",
    ),
    allocation_settings(
        O::ReadAllocationSettings,
        "GET",
        "/api/allocation/settings",
        Scope::AllocationSettingsRead,
        "Read by what deals are allocated",
    )
    .answers(200, Shape::One("AllocationSettings")),
    allocation_settings(
        O::ReplaceAllocationSettings,
        "PUT",
        "/api/allocation/settings",
        Scope::AllocationSettingsWrite,
        "Set all of the allocation settings; `{}` is the default. What was allocated stays",
    )
    .takes("PutAllocationSettings")
    .answers(200, Shape::One("AllocationSettings")),
    Route::new(
        O::CreateStore,
        "stores",
        "POST",
        "/api/stores",
        Access::Scope(Scope::StoresWrite),
        "Create a store",
    )
    .query(ONE)
    .takes("CreateStore")
    .answers(201, Shape::One("Store")),
    Route::new(
        O::ListStores,
        "stores",
        "GET",
        "/api/stores",
        Access::Scope(Scope::StoresRead),
        "List stores",
    )
    .query(STORE_LIST)
    .answers(200, Shape::Page("Store")),
    Route::new(
        O::UpsertStores,
        "stores",
        "PUT",
        "/api/stores",
        Access::Scope(Scope::StoresWrite),
        "Create many stores, or rename those whose `product_ref` is there; others stay",
    )
    .query(ONE)
    .takes("UpsertStores")
    .answers(200, Shape::One("Upserted")),
    Route::new(
        O::ReadStore,
        "stores",
        "GET",
        "/api/stores/{id}",
        Access::Scope(Scope::StoresRead),
        "Read a store",
    )
    .query(ONE)
    .answers(200, Shape::One("Store")),
    Route::new(
        O::UpdateStore,
        "stores",
        "PATCH",
        "/api/stores/{id}",
        Access::Scope(Scope::StoresWrite),
        "Change a store's name or `product_ref`",
    )
    .query(ONE)
    .takes("UpdateStore")
    .answers(200, Shape::One("Store")),
    Route::new(
        O::DeleteStore,
        "stores",
        "DELETE",
        "/api/stores/{id}",
        Access::Scope(Scope::StoresWrite),
        "Delete a store; its locations are mapped to none",
    )
    .query(ONE)
    .answers(200, Shape::One("Store")),
    Route::new(
        O::ListLocationMappings,
        "stores",
        "GET",
        "/api/location-mappings",
        Access::Scope(Scope::StoresRead),
        "List which location is which store, the unmapped ones too",
    )
    .query(LOCATION_MAPPING_LIST)
    .answers(200, Shape::Page("LocationMapping")),
    Route::new(
        O::MapLocation,
        "stores",
        "PUT",
        "/api/location-mappings/{id}",
        Access::Scope(Scope::StoresWrite),
        "Map a location (by its id) to a store by hand",
    )
    .query(ONE)
    .takes("MapLocation")
    .answers(200, Shape::One("LocationMapping")),
    Route::new(
        O::TakeLocationOff,
        "stores",
        "DELETE",
        "/api/location-mappings/{id}",
        Access::Scope(Scope::StoresWrite),
        "Take a location (by its id) off its store; its name does not put it back",
    )
    .query(ONE)
    .answers(200, Shape::One("LocationMapping")),
    Route::new(
        O::SetProductRefs,
        "stores",
        "PUT",
        "/api/product-refs",
        Access::Scope(Scope::StoresWrite),
        "Say who people are in the product",
    )
    .query(ONE)
    .takes("SetProductRefs")
    .answers(200, Shape::One("ProductRefsSet")),
    integration(
        O::ShowIntegration,
        "GET",
        "/api/integrations/7shifts/status",
        Scope::ConnectorsRead,
        "Whether 7shifts is set up, and how it stands",
    )
    .answers(200, Shape::One("IntegrationStatus")),
    integration(
        O::ConfigureIntegration,
        "POST",
        "/api/integrations/7shifts/configure",
        Scope::ConnectorsWrite,
        "Set 7shifts up, or change it, and sync",
    )
    .takes("Configure")
    .answers(200, Shape::One("Configured"))
    .or(&[201, 202]),
    integration(
        O::TestIntegration,
        "POST",
        "/api/integrations/7shifts/test-connection",
        Scope::ConnectorsWrite,
        "Try a token",
    )
    .takes("TestConnection")
    .answers(200, Shape::One("ConnectionTested")),
    integration(
        O::SyncIntegration,
        "POST",
        "/api/integrations/7shifts/sync",
        Scope::SyncRun,
        "Sync people, shifts or both now",
    )
    .takes("SyncNow")
    .answers(200, Shape::One("Synced"))
    .or(&[202]),
    integration(
        O::DisconnectIntegration,
        "DELETE",
        "/api/integrations/7shifts/disconnect",
        Scope::ConnectorsWrite,
        "Stop the schedule and purge the token; the data stays",
    )
    .answers(200, Shape::One("Done")),
    integration(
        O::ListEmployees,
        "GET",
        "/api/integrations/7shifts/employees",
        Scope::TeamMembersRead,
        "People by last and first name",
    )
    .query(EMPLOYEE_LIST)
    .answers(200, Shape::Array("Employee")),
    integration(
        O::ListEmployeeShifts,
        "GET",
        "/api/integrations/7shifts/shifts",
        Scope::ShiftsRead,
        "The first 100 shifts of people by start",
    )
    .query(EMPLOYEE_SHIFT_LIST)
    .answers(200, Shape::Array("EmployeeShift")),
    integration(
        O::CheckShift,
        "GET",
        "/api/integrations/7shifts/should-send",
        Scope::ShiftChecksRead,
        "Whether a message that is for people at work is sent to one of them",
    )
    .query(SHIFT_CHECK)
    .answers(200, Shape::One("ShiftCheck")),
    integration(
        O::CheckShifts,
        "POST",
        "/api/integrations/7shifts/should-send",
        Scope::ShiftChecksRead,
        "Whether it is sent to each of up to 1,000",
    )
    .takes("CheckShifts")
    .answers(200, Shape::One("ShiftChecks")),
    integration(
        O::ListOnShift,
        "GET",
        "/api/integrations/7shifts/on-shift",
        Scope::ShiftChecksRead,
        "Who is on shift, by last and first name",
    )
    .query(ON_SHIFT)
    .answers(200, Shape::One("OnShift")),
    integration(
        O::ListSyncLogs,
        "GET",
        "/api/integrations/7shifts/sync-logs",
        Scope::ConnectorsRead,
        "The newest 20 syncs of people and shifts",
    )
    .answers(200, Shape::Array("SyncLog")),
    integration(
        O::ListMappableLocations,
        "GET",
        "/api/integrations/7shifts/locations",
        Scope::ConnectorsRead,
        "The locations at 7shifts now, and the stores that they are",
    )
    .answers(200, Shape::Array("MappableLocation")),
    integration(
        O::ListNamedRoles,
        "GET",
        "/api/integrations/7shifts/roles",
        Scope::ConnectorsRead,
        "The roles at 7shifts now",
    )
    .answers(200, Shape::Array("NamedRole")),
    integration(
        O::MapIntegrationLocation,
        "POST",
        "/api/integrations/7shifts/locations/map",
        Scope::StoresWrite,
        "Map a location to a store by hand",
    )
    .takes("MapLocationToStore")
    .answers(200, Shape::One("MappedLocation"))
    .or(&[201]),
    integration(
        O::UnmapIntegrationLocation,
        "DELETE",
        "/api/integrations/7shifts/locations/{external_id}/unmap",
        Scope::StoresWrite,
        "Take a location (by 7shifts' id) off its store",
    )
    .answers(200, Shape::One("Done")),
    list(
        O::ListSyncRuns,
        "/api/sync-runs",
        Scope::SyncRunsRead,
        "List sync runs, newest first",
        SYNC_RUN_LIST,
        "SyncRun",
    ),
    read(
        O::ReadSyncRun,
        "/api/sync-runs/{id}",
        Scope::SyncRunsRead,
        "Read a sync run",
        "SyncRun",
    )
    .by_any(OF_A_RUN),
    list(
        O::ListQuarantinedRecords,
        "/api/quarantined-records",
        Scope::SyncRunsRead,
        "Records that could not be stored, with the reason",
        QUARANTINE_LIST,
        "QuarantinedRecord",
    )
    .by_any(OF_A_RUN),
    Route::new(
        O::Tick,
        "scheduled-sync",
        "POST",
        "/internal/tick",
        Access::Internal,
        "Run what is due",
    )
    .answers(200, Shape::One("TickSummary")),
    RUN_SEVEN_SHIFTS_SYNC,
    RUN_CUSTOM_SYNC,
    RUN_EMPLOYMENT_HERO_SYNC,
    RUN_ALLOCATION_ENGINE,
    Route::new(
        O::CreateWebhook,
        "webhooks",
        "POST",
        "/api/webhooks",
        Access::Scope(Scope::WebhooksWrite),
        "Set up a webhook to receive; its secret is in this answer only",
    )
    .query(ONE)
    .takes("CreateWebhook")
    .answers(201, Shape::One("WebhookWithSecret")),
    Route::new(
        O::ListWebhooks,
        "webhooks",
        "GET",
        "/api/webhooks",
        Access::Scope(Scope::WebhooksRead),
        "List the webhooks that are received",
    )
    .query(WEBHOOK_LIST)
    .answers(200, Shape::Page("Webhook")),
    Route::new(
        O::ReadWebhook,
        "webhooks",
        "GET",
        "/api/webhooks/{id}",
        Access::Scope(Scope::WebhooksRead),
        "Read a webhook",
    )
    .query(ONE)
    .answers(200, Shape::One("Webhook")),
    Route::new(
        O::UpdateWebhook,
        "webhooks",
        "PATCH",
        "/api/webhooks/{id}",
        Access::Scope(Scope::WebhooksWrite),
        "Change a webhook's name, options or events, pause it or resume it",
    )
    .query(ONE)
    .takes("UpdateWebhook")
    .answers(200, Shape::One("Webhook")),
    Route::new(
        O::DeleteWebhook,
        "webhooks",
        "DELETE",
        "/api/webhooks/{id}",
        Access::Scope(Scope::WebhooksWrite),
        "Delete a webhook and its secrets; what it has brought stays",
    )
    .query(ONE)
    .answers(200, Shape::One("Webhook")),
    Route::new(
        O::RotateWebhookSecret,
        "webhooks",
        "POST",
        "/api/webhooks/{id}/rotate-secret",
        Access::Scope(Scope::WebhooksWrite),
        "Give a webhook another secret; the one before counts for a while",
    )
    .query(ONE)
    .takes("RotateWebhookSecret")
    .answers(200, Shape::One("WebhookWithSecret")),
    Route::new(
        O::ListWebhookEvents,
        "webhooks",
        "GET",
        "/api/webhook-events",
        Access::Scope(Scope::WebhookEventsRead),
        "List what webhooks have brought, for 30 days",
    )
    .query(WEBHOOK_EVENT_LIST)
    .answers(200, Shape::Page("WebhookEvent")),
    Route::new(
        O::ReadWebhookEvent,
        "webhooks",
        "GET",
        "/api/webhook-events/{id}",
        Access::Scope(Scope::WebhookEventsRead),
        "Read what a webhook has brought, with its body",
    )
    .query(ONE)
    .answers(200, Shape::One("WebhookEventWithBody")),
    Route::new(
        O::ReplayWebhookEvent,
        "webhooks",
        "POST",
        "/api/webhook-events/{id}/replay",
        Access::Scope(Scope::WebhookEventsReplay),
        "Have an event worked on again, from what is stored",
    )
    .query(ONE)
    .takes("ReplayWebhookEvent")
    .answers(202, Shape::One("Replayed")),
    Route::new(
        O::ReplayWebhookEvents,
        "webhooks",
        "POST",
        "/api/webhook-events/replay",
        Access::Scope(Scope::WebhookEventsReplay),
        "Have events worked on again, by webhook, name, state and time; up to 1,000 at a time",
    )
    .query(ONE)
    .takes("ReplayWebhookEvents")
    .answers(202, Shape::One("Replayed")),
    Route::new(
        O::CreateAutomationRule,
        "automation",
        "POST",
        "/api/automation-rules",
        Access::Scope(Scope::AutomationRulesWrite),
        "Make a rule: on an event, under conditions, do this",
    )
    .query(ONE)
    .takes("CreateAutomationRule")
    .answers(201, Shape::One("AutomationRule")),
    Route::new(
        O::ListAutomationRules,
        "automation",
        "GET",
        "/api/automation-rules",
        Access::Scope(Scope::AutomationRulesRead),
        "List the rules in the order in which they fire",
    )
    .query(AUTOMATION_RULE_LIST)
    .answers(200, Shape::Page("AutomationRule")),
    Route::new(
        O::DryRunAutomationRules,
        "automation",
        "POST",
        "/api/automation-rules/dry-run",
        Access::Scope(Scope::AutomationRulesRead),
        "Say which rules an event would fire and what they would do; nothing is done",
    )
    .query(ONE)
    .takes("DryRunAutomationRules")
    .answers(200, Shape::One("DryRun")),
    Route::new(
        O::ReadAutomationRule,
        "automation",
        "GET",
        "/api/automation-rules/{id}",
        Access::Scope(Scope::AutomationRulesRead),
        "Read a rule",
    )
    .query(ONE)
    .answers(200, Shape::One("AutomationRule")),
    Route::new(
        O::UpdateAutomationRule,
        "automation",
        "PATCH",
        "/api/automation-rules/{id}",
        Access::Scope(Scope::AutomationRulesWrite),
        "Change a rule, or switch it on or off",
    )
    .query(ONE)
    .takes("UpdateAutomationRule")
    .answers(200, Shape::One("AutomationRule")),
    Route::new(
        O::DeleteAutomationRule,
        "automation",
        "DELETE",
        "/api/automation-rules/{id}",
        Access::Scope(Scope::AutomationRulesWrite),
        "Delete a rule",
    )
    .query(ONE)
    .answers(200, Shape::One("AutomationRule")),
    Route::new(
        O::ListNotices,
        "automation",
        "GET",
        "/api/notices",
        Access::Scope(Scope::NoticesRead),
        "List what needs a person, newest first",
    )
    .query(NOTICE_LIST)
    .answers(200, Shape::Page("Notice")),
    Route::new(
        O::ReadNotice,
        "automation",
        "GET",
        "/api/notices/{id}",
        Access::Scope(Scope::NoticesRead),
        "Read a notice",
    )
    .query(ONE)
    .answers(200, Shape::One("Notice")),
    Route::new(
        O::MarkNoticeRead,
        "automation",
        "POST",
        "/api/notices/{id}/read",
        Access::Scope(Scope::NoticesWrite),
        "Note that a notice was read",
    )
    .query(ONE)
    .answers(200, Shape::One("Notice")),
    Route::new(
        O::DismissNotice,
        "automation",
        "POST",
        "/api/notices/{id}/dismiss",
        Access::Scope(Scope::NoticesWrite),
        "Take a notice down; the next time it is a new one",
    )
    .query(ONE)
    .answers(200, Shape::One("Notice")),
    Route::new(
        O::ListLogs,
        "records",
        "GET",
        "/api/logs",
        Access::Scope(Scope::LogsRead),
        "List what the integrations did, for 90 days; with `after` and `wait_s` as it happens",
    )
    .query(LOG_LIST)
    .answers(200, Shape::Page("LogEntry")),
    Route::new(
        O::ListAuditEntries,
        "records",
        "GET",
        "/api/audit",
        Access::Scope(Scope::AuditRead),
        "List who changed what is set up, before and after, newest first, for 400 days",
    )
    .query(AUDIT_LIST)
    .answers(200, Shape::Page("AuditEntry")),
    Route::new(
        O::ShowLogStatistics,
        "records",
        "GET",
        "/api/logs/stats",
        Access::Scope(Scope::LogsRead),
        "How the integrations fare: success rate, durations, counts by type and day",
    )
    .query(LOG_STATISTICS)
    .answers(200, Shape::One("LogStatistics")),
    Route::new(
        O::RunAutomation,
        "automation",
        "POST",
        "/internal/automation/run",
        Access::Internal,
        "Work on the next events of one organization or webhook",
    ),
    Route::new(
        O::ReceiveWebhook,
        "webhook-receiver",
        "POST",
        "/hooks/{path}",
        Access::Provider,
        "Take what a provider sends to the path that it was told",
    )
    .takes_deliveries()
    .answers(200, Shape::One("Received"))
    .or(&[202]),
    Route::new(
        O::ReceiveWebhookByGet,
        "webhook-receiver",
        "GET",
        "/hooks/{path}",
        Access::Provider,
        "Take what a provider sends by GET, as Twilio may",
    )
    .answers(200, Shape::One("Received")),
    Route::new(
        O::ReceiveWebhookCall,
        "webhook-receiver",
        "POST",
        "/functions/v1/webhook-receiver",
        Access::Provider,
        "Take what a sender of a replaced system sends, with the webhook's id in its body",
    )
    .takes_deliveries()
    .takes("WebhookCall")
    .answers(200, Shape::One("Received")),
    Route::new(
        O::CreateOutgoingWebhook,
        "outgoing-webhooks",
        "POST",
        "/api/outgoing-webhooks",
        Access::Scope(Scope::OutgoingWebhooksWrite),
        "Set up an endpoint to send webhooks to; its secret is in this answer only",
    )
    .query(ONE)
    .takes("CreateOutgoingWebhook")
    .answers(201, Shape::One("OutgoingWebhookWithSecret")),
    Route::new(
        O::ListOutgoingWebhooks,
        "outgoing-webhooks",
        "GET",
        "/api/outgoing-webhooks",
        Access::Scope(Scope::OutgoingWebhooksRead),
        "List the endpoints that webhooks are sent to",
    )
    .query(WEBHOOK_LIST)
    .answers(200, Shape::Page("OutgoingWebhook")),
    Route::new(
        O::ReadOutgoingWebhook,
        "outgoing-webhooks",
        "GET",
        "/api/outgoing-webhooks/{id}",
        Access::Scope(Scope::OutgoingWebhooksRead),
        "Read an endpoint that webhooks are sent to",
    )
    .query(ONE)
    .answers(200, Shape::One("OutgoingWebhook")),
    Route::new(
        O::UpdateOutgoingWebhook,
        "outgoing-webhooks",
        "PATCH",
        "/api/outgoing-webhooks/{id}",
        Access::Scope(Scope::OutgoingWebhooksWrite),
        "Change an endpoint's name, URL or events, pause it, resume it or enable it again",
    )
    .query(ONE)
    .takes("UpdateOutgoingWebhook")
    .answers(200, Shape::One("OutgoingWebhook")),
    Route::new(
        O::DeleteOutgoingWebhook,
        "outgoing-webhooks",
        "DELETE",
        "/api/outgoing-webhooks/{id}",
        Access::Scope(Scope::OutgoingWebhooksWrite),
        "Delete an endpoint and its secrets, and give up what it was still to be sent",
    )
    .query(ONE)
    .answers(200, Shape::One("OutgoingWebhook")),
    Route::new(
        O::RotateOutgoingWebhookSecret,
        "outgoing-webhooks",
        "POST",
        "/api/outgoing-webhooks/{id}/rotate-secret",
        Access::Scope(Scope::OutgoingWebhooksWrite),
        "Give an endpoint another secret; the one before signs beside it for a while",
    )
    .query(ONE)
    .takes("RotateWebhookSecret")
    .answers(200, Shape::One("OutgoingWebhookWithSecret")),
    Route::new(
        O::TestOutgoingWebhook,
        "outgoing-webhooks",
        "POST",
        "/api/outgoing-webhooks/{id}/test",
        Access::Scope(Scope::OutgoingWebhooksWrite),
        "Send an endpoint an event of the type patchbay.test",
    )
    .query(ONE)
    .answers(200, Shape::One("Delivery"))
    .or(&[202]),
    Route::new(
        O::RunOutgoingWebhook,
        "outgoing-webhooks",
        "POST",
        "/internal/outgoing-webhooks/run",
        Access::Internal,
        "Send one delivery",
    ),
    Route::new(
        O::NotifySlack,
        "slack-notify",
        "POST",
        "/functions/v1/slack-notify",
        Access::Scope(Scope::NotificationsSend),
        "Post a message to Slack",
    )
    .query(ONE)
    .takes("SlackNotify")
    .answers(200, Shape::One("SlackNotified"))
    .or(&[202]),
    Route::new(
        O::RunSlackNotify,
        "slack-notify",
        "POST",
        "/internal/slack-notify/run",
        Access::Internal,
        "Send one delivery",
    ),
    Route::new(
        O::TestSlack,
        "slack-notify",
        "POST",
        "/internal/slack-notify/test",
        Access::Internal,
        "Test the credential of one connector",
    ),
    Route::new(
        O::RunConnectorHealth,
        "connector-health",
        "POST",
        "/internal/connector-health/run",
        Access::Internal,
        "Probe one connector",
    ),
    Route::new(
        O::TestWebhookConnector,
        "connector-health",
        "POST",
        "/internal/connector-health/test",
        Access::Internal,
        "Test one connector that watches a webhook",
    ),
    Route::new(
        O::RunRestApi,
        "rest-api",
        "POST",
        "/internal/rest-api/run",
        Access::Internal,
        "Send one request from the outbox",
    ),
    Route::new(
        O::TestRestApi,
        "rest-api",
        "POST",
        "/internal/rest-api/test",
        Access::Internal,
        "Test the credential of one connector",
    ),
    Route::new(
        O::CheckRestApi,
        "rest-api",
        "POST",
        "/internal/rest-api/check",
        Access::Internal,
        "Check the configuration and the secrets of a connector",
    ),
    Route::new(
        O::RequestRestApi,
        "rest-api",
        "POST",
        "/internal/rest-api/request",
        Access::Internal,
        "Send one request",
    ),
    Route::new(
        O::ListDeliveries,
        "connectors",
        "GET",
        "/api/deliveries",
        Access::Scope(Scope::DeliveriesRead),
        "List what was sent and is to be sent, newest first",
    )
    .query(DELIVERY_LIST)
    .answers(200, Shape::Page("Delivery")),
    Route::new(
        O::ReadDelivery,
        "connectors",
        "GET",
        "/api/deliveries/{id}",
        Access::Scope(Scope::DeliveriesRead),
        "Read a delivery with its attempts",
    )
    .query(ONE)
    .answers(200, Shape::One("Delivery")),
    Route::new(
        O::RetryDelivery,
        "connectors",
        "POST",
        "/api/deliveries/{id}/retry",
        Access::Scope(Scope::DeliveriesWrite),
        "Have a delivery that was given up sent again",
    )
    .query(ONE)
    .answers(202, Shape::One("Delivery")),
    Route::new(
        O::RemoveSevenShiftsWebhooks,
        "seven-shifts-proxy",
        "POST",
        "/internal/seven-shifts-webhooks/remove",
        Access::Internal,
        "Delete the webhooks of one connector at 7shifts",
    ),
];

/// On its own as well: who serves nothing else does without the table.
pub const RUN_SEVEN_SHIFTS_SYNC: Route = Route::new(
    Operation::RunSevenShiftsSync,
    "seven-shifts-sync",
    "POST",
    "/internal/seven-shifts-sync/run",
    Access::Internal,
    "Run one stream of one connector",
);

/// As [`RUN_SEVEN_SHIFTS_SYNC`].
pub const RUN_ALLOCATION_ENGINE: Route = Route::new(
    Operation::RunAllocationEngine,
    "allocation-engine",
    "POST",
    "/internal/allocation-engine/run",
    Access::Internal,
    "Decide what waits of one connector, change a deal, or say what would be decided",
);

/// As [`RUN_SEVEN_SHIFTS_SYNC`].
pub const RUN_CUSTOM_SYNC: Route = Route::new(
    Operation::RunCustomSync,
    "custom-sync",
    "POST",
    "/internal/custom-sync/run",
    Access::Internal,
    "Sync the list of one connector",
);

/// As [`RUN_SEVEN_SHIFTS_SYNC`].
pub const RUN_EMPLOYMENT_HERO_SYNC: Route = Route::new(
    Operation::RunEmploymentHeroSync,
    "employment-hero-sync",
    "POST",
    "/internal/employment-hero-sync/run",
    Access::Internal,
    "Sync employees or leave of one connector",
);

/// Whether a path is one of a replaced system, whose callers expect its error members everywhere.
#[must_use]
pub fn is_compatible(path: &str) -> bool {
    path.starts_with("/functions/v1/") || path.starts_with("/api/integrations/")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_function_is_known_and_has_its_routes() {
        let functions: BTreeSet<_> = ROUTES.iter().map(|route| route.function).collect();
        assert_eq!(functions, FUNCTIONS.iter().copied().collect());
        let served = served!("stores");
        let paths = |routes: &mut dyn Iterator<Item = &Route>| {
            routes
                .map(|route| (route.method, route.path))
                .collect::<Vec<_>>()
        };
        let of_stores = &mut ROUTES.iter().filter(|route| route.function == "stores");
        assert_eq!(paths(&mut served.routes.iter()), paths(of_stores));
    }

    #[test]
    fn every_operation_method_and_path_is_there_once() {
        let operations: BTreeSet<_> = ROUTES
            .iter()
            .map(|route| format!("{:?}", route.operation))
            .collect();
        let paths: BTreeSet<_> = ROUTES
            .iter()
            .map(|route| (route.method, route.path))
            .collect();
        assert_eq!(operations.len(), ROUTES.len());
        assert_eq!(paths.len(), ROUTES.len());
    }

    #[test]
    fn only_internal_paths_are_internal() {
        for route in ROUTES {
            assert_eq!(
                route.path.starts_with("/internal/"),
                route.access == Access::Internal,
                "{}",
                route.path
            );
        }
    }

    #[test]
    fn only_the_actions_of_replaced_systems_decide_by_their_body() {
        for route in ROUTES.iter().filter(|route| route.access == Access::Caller) {
            assert!(is_compatible(route.path), "{}", route.path);
        }
    }

    #[test]
    fn every_list_has_the_one_shape() {
        for route in ROUTES
            .iter()
            .filter(|route| matches!(route.success.1, Shape::Page(_) | Shape::FreshPage(_)))
        {
            let names: Vec<_> = route.query.iter().map(|parameter| parameter.name).collect();
            assert!(
                names.contains(&"limit") && names.contains(&"cursor"),
                "{}",
                route.path
            );
        }
    }
}
