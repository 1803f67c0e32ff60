//! The records that streams bring, as their tables hold them.
//!
//! Times are Unix seconds UTC. `external_…` are the provider's ids. A record with `deleted_at`
//! turns the row into a tombstone and changes nothing else of it; the row keeps its last content.

use serde::Serialize;

use super::resource::Resource;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LocationRecord {
    pub external_id: String,
    pub name: String,
    /// IANA name.
    pub time_zone: Option<String>,
    pub country: Option<String>,
    pub region: Option<String>,
    pub city: Option<String>,
    pub address: Option<String>,
    pub provider_modified_at: Option<i64>,
    #[serde(skip)]
    pub deleted_at: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DepartmentRecord {
    pub external_id: String,
    pub external_location_id: Option<String>,
    pub name: String,
    pub provider_modified_at: Option<i64>,
    #[serde(skip)]
    pub deleted_at: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RoleRecord {
    pub external_id: String,
    pub external_location_id: Option<String>,
    pub external_department_id: Option<String>,
    pub name: String,
    pub color: Option<String>,
    pub job_code: Option<String>,
    pub is_tipped: Option<bool>,
    pub provider_modified_at: Option<i64>,
    #[serde(skip)]
    pub deleted_at: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TeamMemberRecord {
    pub external_id: String,
    pub first_name: String,
    pub last_name: String,
    pub preferred_first_name: Option<String>,
    pub preferred_last_name: Option<String>,
    pub email: Option<String>,
    pub mobile_number: Option<String>,
    pub employee_number: Option<String>,
    pub user_type: Option<String>,
    pub is_active: bool,
    pub invite_status: Option<String>,
    pub language: Option<String>,
    pub time_zone: Option<String>,
    /// `YYYY-MM-DD`.
    pub hire_date: Option<String>,
    pub photo_url: Option<String>,
    pub provider_modified_at: Option<i64>,
    #[serde(skip)]
    pub deleted_at: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ShiftRecord {
    pub external_id: String,
    pub external_user_id: Option<String>,
    pub external_location_id: Option<String>,
    pub external_department_id: Option<String>,
    pub external_role_id: Option<String>,
    pub starts_at: i64,
    pub ends_at: i64,
    pub is_open: bool,
    /// Ends at closing time: `ends_at` is then no promise.
    pub is_close: bool,
    pub is_business_decline: bool,
    pub station_name: Option<String>,
    pub notes: Option<String>,
    pub attendance_status: Option<String>,
    pub late_minutes: Option<i64>,
    pub break_minutes: i64,
    pub unpaid_break_minutes: i64,
    pub breaks: Vec<ShiftBreak>,
    pub provider_modified_at: Option<i64>,
    #[serde(skip)]
    pub deleted_at: Option<i64>,
}

/// A planned break.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ShiftBreak {
    pub name: Option<String>,
    pub starts_at: Option<i64>,
    pub ends_at: Option<i64>,
    pub minutes: Option<i64>,
    pub is_paid: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TimePunchRecord {
    pub external_id: String,
    pub external_user_id: Option<String>,
    pub external_shift_id: Option<String>,
    pub external_location_id: Option<String>,
    pub external_department_id: Option<String>,
    pub external_role_id: Option<String>,
    pub clocked_in_at: i64,
    /// `None` while the person is on the clock.
    pub clocked_out_at: Option<i64>,
    pub auto_clocked_out: bool,
    /// `None` while the person is on the clock.
    pub worked_minutes: Option<i64>,
    pub worked_seconds: Option<i64>,
    pub break_minutes: i64,
    pub paid_break_minutes: i64,
    pub unpaid_break_minutes: i64,
    pub breaks: Vec<PunchBreak>,
    pub tips_cents: Option<i64>,
    pub is_approved: bool,
    pub notes: Option<String>,
    pub pos_type: Option<String>,
    pub provider_modified_at: Option<i64>,
    #[serde(skip)]
    pub deleted_at: Option<i64>,
}

/// A break that was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PunchBreak {
    pub started_at: i64,
    /// `None` while the person is on the break.
    pub ended_at: Option<i64>,
    pub is_paid: bool,
}

/// What a person earns in a role, from a day on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WageRecord {
    pub external_id: String,
    pub external_user_id: String,
    /// `None`: whatever the person works as.
    pub external_role_id: Option<String>,
    pub wage_type: String,
    /// An hour, a week or a year of it.
    pub wage_cents: i64,
    /// `YYYY-MM-DD`.
    pub effective_date: String,
    pub provider_modified_at: Option<i64>,
    #[serde(skip)]
    pub deleted_at: Option<i64>,
}

/// A role that a person works in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RoleAssignmentRecord {
    pub external_id: String,
    pub external_user_id: String,
    pub external_role_id: String,
    pub external_department_id: Option<String>,
    pub external_location_id: Option<String>,
    pub is_primary: bool,
    pub skill_level: Option<i64>,
    pub provider_modified_at: Option<i64>,
    #[serde(skip)]
    pub deleted_at: Option<i64>,
}

/// One day of the week of an availability.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AvailabilityRecord {
    pub external_id: String,
    pub external_user_id: String,
    pub external_availability_id: String,
    /// 0 is Sunday, 6 is Saturday.
    pub day_of_week: i64,
    pub is_available: bool,
    /// `HH:MM:SS` local; `None`: the whole day, or not at all.
    pub available_from: Option<String>,
    pub available_to: Option<String>,
    pub is_recurring: bool,
    /// `YYYY-MM-DD`: the week that it begins with.
    pub valid_from: Option<String>,
    /// The last week of one that recurs; `None`: for good.
    pub valid_to: Option<String>,
    /// The day of one that does not recur.
    pub specific_date: Option<String>,
    pub reason: Option<String>,
    pub comments: Option<String>,
    pub status: String,
    pub provider_modified_at: Option<i64>,
    #[serde(skip)]
    pub deleted_at: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TimeOffRecord {
    pub external_id: String,
    pub external_user_id: String,
    /// `YYYY-MM-DD`.
    pub start_date: String,
    /// Included.
    pub end_date: String,
    pub is_partial_day: bool,
    /// `HH:MM:SS` local.
    pub partial_start: Option<String>,
    pub partial_end: Option<String>,
    /// In the provider's words.
    pub provider_category: Option<String>,
    pub status: String,
    pub comments: Option<String>,
    pub total_minutes: Option<i64>,
    pub days: Vec<TimeOffDay>,
    pub external_action_user_id: Option<String>,
    pub action_message: Option<String>,
    pub requested_at: Option<i64>,
    pub provider_modified_at: Option<i64>,
    #[serde(skip)]
    pub deleted_at: Option<i64>,
}

/// How much of one day is off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TimeOffDay {
    /// `YYYY-MM-DD`.
    pub date: String,
    pub minutes: i64,
}

/// A record as the API of a connector of the type `custom` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CustomRecord {
    pub external_id: String,
    /// A JSON object.
    pub record: String,
    pub provider_modified_at: Option<i64>,
    #[serde(skip)]
    pub deleted_at: Option<i64>,
}

/// Somebody who works there, by Employment Hero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EmployeeRecord {
    pub external_id: String,
    pub name: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub known_as: Option<String>,
    /// In lower case, as is `account_email`.
    pub company_email: Option<String>,
    pub account_email: Option<String>,
    pub job_title: Option<String>,
    /// The provider's word, in lower case: `active` …
    pub status: Option<String>,
    /// `YYYY-MM-DD`.
    pub start_date: Option<String>,
    pub termination_date: Option<String>,
    pub time_zone: Option<String>,
    pub teams: Vec<EmployeeTeam>,
    #[serde(skip)]
    pub deleted_at: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EmployeeTeam {
    /// The provider's.
    pub id: Option<String>,
    pub name: Option<String>,
}

/// When somebody is away, or asks to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeaveRequestRecord {
    pub external_id: String,
    pub external_employee_id: String,
    /// `YYYY-MM-DD`.
    pub start_date: String,
    /// Included.
    pub end_date: String,
    /// The provider's word, in lower case: `approved`, `pending`, `declined` …
    pub status: String,
    /// In the provider's words.
    pub leave_category: Option<String>,
    pub total_minutes: Option<i64>,
    /// How much of each day is off; of a day that is not there nothing is known.
    pub days: Vec<TimeOffDay>,
    #[serde(skip)]
    pub deleted_at: Option<i64>,
}

/// Records of one stream.
#[derive(Clone, Copy, Debug)]
pub enum Page<'a> {
    Locations(&'a [LocationRecord]),
    Departments(&'a [DepartmentRecord]),
    Roles(&'a [RoleRecord]),
    TeamMembers(&'a [TeamMemberRecord]),
    Shifts(&'a [ShiftRecord]),
    TimePunches(&'a [TimePunchRecord]),
    Wages(&'a [WageRecord]),
    RoleAssignments(&'a [RoleAssignmentRecord]),
    Availability(&'a [AvailabilityRecord]),
    TimeOff(&'a [TimeOffRecord]),
    Custom(&'a [CustomRecord]),
    Employees(&'a [EmployeeRecord]),
    LeaveRequests(&'a [LeaveRequestRecord]),
}

impl Page<'_> {
    #[must_use]
    pub const fn resource(&self) -> Resource {
        match self {
            Self::Locations(_) => Resource::Locations,
            Self::Departments(_) => Resource::Departments,
            Self::Roles(_) => Resource::Roles,
            Self::TeamMembers(_) => Resource::TeamMembers,
            Self::Shifts(_) => Resource::Shifts,
            Self::TimePunches(_) => Resource::TimePunches,
            Self::Wages(_) => Resource::Wages,
            Self::RoleAssignments(_) => Resource::RoleAssignments,
            Self::Availability(_) => Resource::Availability,
            Self::TimeOff(_) => Resource::TimeOff,
            Self::Custom(_) => Resource::CustomRecords,
            Self::Employees(_) => Resource::Employees,
            Self::LeaveRequests(_) => Resource::LeaveRequests,
        }
    }

    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Locations(rows) => rows.len(),
            Self::Departments(rows) => rows.len(),
            Self::Roles(rows) => rows.len(),
            Self::TeamMembers(rows) => rows.len(),
            Self::Shifts(rows) => rows.len(),
            Self::TimePunches(rows) => rows.len(),
            Self::Wages(rows) => rows.len(),
            Self::RoleAssignments(rows) => rows.len(),
            Self::Availability(rows) => rows.len(),
            Self::TimeOff(rows) => rows.len(),
            Self::Custom(rows) => rows.len(),
            Self::Employees(rows) => rows.len(),
            Self::LeaveRequests(rows) => rows.len(),
        }
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What the write side needs to know of every record.
pub(super) trait Record: Serialize {
    fn external_id(&self) -> &str;
    fn deleted_at(&self) -> Option<i64>;
}

macro_rules! records {
    ($($record:ty),*) => {$(
        impl Record for $record {
            fn external_id(&self) -> &str {
                &self.external_id
            }

            fn deleted_at(&self) -> Option<i64> {
                self.deleted_at
            }
        }
    )*};
}

records!(
    LocationRecord,
    DepartmentRecord,
    RoleRecord,
    TeamMemberRecord,
    ShiftRecord,
    TimePunchRecord,
    WageRecord,
    RoleAssignmentRecord,
    AvailabilityRecord,
    TimeOffRecord,
    CustomRecord,
    EmployeeRecord,
    LeaveRequestRecord
);
