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
}

/// A column that holds our id of a row of another table, found by the provider's id.
pub(super) struct Link {
    pub column: &'static str,
    pub via: &'static str,
    pub target: Resource,
}

impl Resource {
    pub const ALL: [Self; 6] = [
        Self::Locations,
        Self::Departments,
        Self::Roles,
        Self::TeamMembers,
        Self::Shifts,
        Self::TimePunches,
    ];

    /// Where a stream lands; `None` for a stream that no table exists for.
    #[must_use]
    pub const fn of(stream: Stream) -> Option<Self> {
        match stream {
            Stream::Locations => Some(Self::Locations),
            Stream::Departments => Some(Self::Departments),
            Stream::Roles => Some(Self::Roles),
            Stream::Users => Some(Self::TeamMembers),
            Stream::Shifts => Some(Self::Shifts),
            Stream::TimePunches => Some(Self::TimePunches),
            Stream::Wages | Stream::Assignments | Stream::Availability | Stream::TimeOff => None,
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
        match self {
            Self::Shifts => &[MEMBER],
            Self::TimePunches => &[MEMBER, SHIFT],
            Self::Locations | Self::Departments | Self::Roles | Self::TeamMembers => &[],
        }
    }

    /// The column that a window of a pass is compared with.
    pub(super) const fn time_column(self) -> Option<&'static str> {
        match self {
            Self::Shifts => Some("starts_at"),
            Self::TimePunches => Some("clocked_in_at"),
            Self::Locations | Self::Departments | Self::Roles | Self::TeamMembers => None,
        }
    }
}
