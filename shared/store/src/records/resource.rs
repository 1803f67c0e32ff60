//! The tables that streams land in, described once for all statements.

use domain::stream::Stream;

/// One kind of provider record, and so one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    Locations,
    Departments,
    Roles,
    TeamMembers,
    Shifts,
    TimePunches,
    Wages,
    RoleAssignments,
    Availability,
    TimeOff,
    CustomRecords,
    Employees,
    LeaveRequests,
}

/// A column that holds our id of a row of another table, found by the provider's id.
pub(super) struct Link {
    pub column: &'static str,
    pub via: &'static str,
    pub target: Resource,
}

impl Resource {
    pub const ALL: [Self; 13] = [
        Self::Locations,
        Self::Departments,
        Self::Roles,
        Self::TeamMembers,
        Self::Shifts,
        Self::TimePunches,
        Self::Wages,
        Self::RoleAssignments,
        Self::Availability,
        Self::TimeOff,
        Self::CustomRecords,
        Self::Employees,
        Self::LeaveRequests,
    ];

    /// Where a stream lands.
    #[must_use]
    pub const fn of(stream: Stream) -> Self {
        match stream {
            Stream::Locations => Self::Locations,
            Stream::Departments => Self::Departments,
            Stream::Roles => Self::Roles,
            Stream::Users => Self::TeamMembers,
            Stream::Shifts => Self::Shifts,
            Stream::TimePunches => Self::TimePunches,
            Stream::Wages => Self::Wages,
            Stream::Assignments => Self::RoleAssignments,
            Stream::Availability => Self::Availability,
            Stream::TimeOff => Self::TimeOff,
            Stream::Records => Self::CustomRecords,
            Stream::Employees => Self::Employees,
            Stream::LeaveRequests => Self::LeaveRequests,
        }
    }

    #[must_use]
    pub const fn stream(self) -> Stream {
        match self {
            Self::Locations => Stream::Locations,
            Self::Departments => Stream::Departments,
            Self::Roles => Stream::Roles,
            Self::TeamMembers => Stream::Users,
            Self::Shifts => Stream::Shifts,
            Self::TimePunches => Stream::TimePunches,
            Self::Wages => Stream::Wages,
            Self::RoleAssignments => Stream::Assignments,
            Self::Availability => Stream::Availability,
            Self::TimeOff => Stream::TimeOff,
            Self::CustomRecords => Stream::Records,
            Self::Employees => Stream::Employees,
            Self::LeaveRequests => Stream::LeaveRequests,
        }
    }

    pub(crate) const fn table(self) -> &'static str {
        match self {
            Self::Locations => "locations",
            Self::Departments => "departments",
            Self::Roles => "roles",
            Self::TeamMembers => "team_members",
            Self::Shifts => "schedule_shifts",
            Self::TimePunches => "time_punches",
            Self::Wages => "team_member_wages",
            Self::RoleAssignments => "team_member_role_assignments",
            Self::Availability => "team_member_availability",
            Self::TimeOff => "time_off_requests",
            Self::CustomRecords => "custom_records",
            Self::Employees => "employees",
            Self::LeaveRequests => "leave_requests",
        }
    }

    /// The columns that a record brings, named as in the record's struct.
    pub(super) const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Locations => &[
                "name",
                "time_zone",
                "country",
                "region",
                "city",
                "address",
                "provider_modified_at",
            ],
            Self::Departments => &["external_location_id", "name", "provider_modified_at"],
            Self::Roles => &[
                "external_location_id",
                "external_department_id",
                "name",
                "color",
                "job_code",
                "is_tipped",
                "provider_modified_at",
            ],
            Self::TeamMembers => &[
                "first_name",
                "last_name",
                "preferred_first_name",
                "preferred_last_name",
                "email",
                "mobile_number",
                "employee_number",
                "user_type",
                "is_active",
                "invite_status",
                "language",
                "time_zone",
                "hire_date",
                "photo_url",
                "provider_modified_at",
            ],
            Self::Shifts => &[
                "external_user_id",
                "external_location_id",
                "external_department_id",
                "external_role_id",
                "starts_at",
                "ends_at",
                "is_open",
                "is_close",
                "is_business_decline",
                "station_name",
                "notes",
                "attendance_status",
                "late_minutes",
                "break_minutes",
                "unpaid_break_minutes",
                "breaks",
                "provider_modified_at",
            ],
            Self::TimePunches => &[
                "external_user_id",
                "external_shift_id",
                "external_location_id",
                "external_department_id",
                "external_role_id",
                "clocked_in_at",
                "clocked_out_at",
                "auto_clocked_out",
                "worked_minutes",
                "worked_seconds",
                "break_minutes",
                "paid_break_minutes",
                "unpaid_break_minutes",
                "breaks",
                "tips_cents",
                "is_approved",
                "notes",
                "pos_type",
                "provider_modified_at",
            ],
            Self::Wages => &[
                "external_user_id",
                "external_role_id",
                "wage_type",
                "wage_cents",
                "effective_date",
                "provider_modified_at",
            ],
            Self::RoleAssignments => &[
                "external_user_id",
                "external_role_id",
                "external_department_id",
                "external_location_id",
                "is_primary",
                "skill_level",
                "provider_modified_at",
            ],
            Self::Availability => &[
                "external_user_id",
                "external_availability_id",
                "day_of_week",
                "is_available",
                "available_from",
                "available_to",
                "is_recurring",
                "valid_from",
                "valid_to",
                "specific_date",
                "reason",
                "comments",
                "status",
                "provider_modified_at",
            ],
            Self::TimeOff => &[
                "external_user_id",
                "start_date",
                "end_date",
                "is_partial_day",
                "partial_start",
                "partial_end",
                "provider_category",
                "status",
                "comments",
                "total_minutes",
                "days",
                "external_action_user_id",
                "action_message",
                "requested_at",
                "provider_modified_at",
            ],
            Self::CustomRecords => &["record", "provider_modified_at"],
            Self::Employees => &[
                "name",
                "first_name",
                "last_name",
                "known_as",
                "company_email",
                "account_email",
                "job_title",
                "status",
                "start_date",
                "termination_date",
                "time_zone",
                "teams",
            ],
            Self::LeaveRequests => &[
                "external_employee_id",
                "start_date",
                "end_date",
                "status",
                "leave_category",
                "total_minutes",
                "days",
            ],
        }
    }

    pub(super) const fn links(self) -> &'static [Link] {
        const MEMBER: Link = Link {
            column: "team_member_id",
            via: "external_user_id",
            target: Resource::TeamMembers,
        };
        const SHIFT: Link = Link {
            column: "schedule_shift_id",
            via: "external_shift_id",
            target: Resource::Shifts,
        };
        const ACTION_MEMBER: Link = Link {
            column: "action_member_id",
            via: "external_action_user_id",
            target: Resource::TeamMembers,
        };
        match self {
            Self::Shifts | Self::Wages | Self::RoleAssignments | Self::Availability => &[MEMBER],
            Self::TimePunches => &[MEMBER, SHIFT],
            Self::TimeOff => &[MEMBER, ACTION_MEMBER],
            Self::Locations
            | Self::Departments
            | Self::Roles
            | Self::TeamMembers
            | Self::CustomRecords
            | Self::Employees
            // Read with the employee of the same connector: hours may pass until who is new comes.
            | Self::LeaveRequests => &[],
        }
    }

    /// The column that a window of a pass is compared with.
    pub(super) const fn time_column(self) -> Option<&'static str> {
        match self {
            Self::Shifts => Some("starts_at"),
            Self::TimePunches => Some("clocked_in_at"),
            Self::Locations
            | Self::Departments
            | Self::Roles
            | Self::TeamMembers
            | Self::Wages
            | Self::RoleAssignments
            | Self::Availability
            | Self::TimeOff
            | Self::CustomRecords
            | Self::Employees
            | Self::LeaveRequests => None,
        }
    }

    /// Whether the provider lists it person by person, so that a pass knows only of the people that
    /// it has asked for.
    #[must_use]
    pub const fn is_of_one_person(self) -> bool {
        matches!(self, Self::Wages | Self::RoleAssignments)
    }
}
