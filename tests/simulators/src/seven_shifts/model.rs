//! What an account holds. Times are Unix seconds UTC, money is integer cents.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use serde::{Deserialize, Serialize};

use super::availability::{Availability, AvailabilityReason};
use super::table::{Row, Table};
use super::time_off::{TimeOff, TimeOffSettings};
use super::wage::Wage;
use super::webhook::Webhook;

/// The kinds of data an account lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    Locations,
    Departments,
    Roles,
    Users,
    Shifts,
    TimePunches,
    Wages,
    /// Its ids are those of the users.
    Assignments,
    Availability,
    TimeOff,
    Webhooks,
}

/// One account.
#[derive(Clone, Debug)]
pub struct Company {
    pub id: i64,
    /// The grant's GUID that OAuth callers name in `x-company-guid`.
    pub guid: String,
    pub name: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    pub timezone: chrono_tz::Tz,
    pub created: i64,
    pub modified: i64,
    pub locations: Table<Location>,
    pub departments: Table<Department>,
    pub roles: Table<Role>,
    pub users: Table<User>,
    pub shifts: Table<super::shift::Shift>,
    pub time_punches: Table<TimePunch>,
    pub wages: Table<Wage>,
    pub availabilities: Table<Availability>,
    pub availability_reasons: Table<AvailabilityReason>,
    pub time_off: Table<TimeOff>,
    pub time_off_settings: TimeOffSettings,
    pub webhooks: Table<Webhook>,
    /// Whether wages differ by role.
    pub wage_based_roles: bool,
    /// What the plan does not include: 403.
    pub not_in_plan: BTreeSet<Resource>,
    /// Raw JSON that stands in for a field of a record, on every answer.
    pub corrupted: BTreeMap<(Resource, i64), BTreeMap<String, String>>,
}

impl Company {
    /// The date on the first location's calendar, else on the company's.
    pub fn today(&self, now: i64) -> NaiveDate {
        let zone = self
            .locations
            .iter()
            .find(|location| !location.deleted)
            .map_or(self.timezone, |location| location.timezone);
        DateTime::from_timestamp(now, 0)
            .unwrap_or_default()
            .with_timezone(&zone)
            .date_naive()
    }

    /// Whether someone is assigned to a location.
    pub fn works_at(&self, user_id: i64, location_id: i64) -> bool {
        self.users
            .get(user_id)
            .is_some_and(|user| user.assignments.location_ids.contains(&location_id))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Location {
    pub id: i64,
    pub name: String,
    pub country: String,
    pub state: String,
    pub city: String,
    pub formatted_address: String,
    pub lat: f64,
    pub lng: f64,
    /// IANA.
    pub timezone: chrono_tz::Tz,
    pub deleted: bool,
    pub created: i64,
    pub modified: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Department {
    pub id: i64,
    pub location_id: i64,
    pub name: String,
    pub default: bool,
    pub created: i64,
    pub modified: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Role {
    pub id: i64,
    pub location_id: i64,
    pub department_id: i64,
    pub name: String,
    /// Six hexadecimal digits.
    pub color: Option<String>,
    pub job_code: Option<String>,
    pub sort: i64,
    pub is_tipped_role: bool,
    pub stations: Vec<Station>,
    pub created: i64,
    pub modified: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Station {
    pub id: i64,
    pub station_number: i64,
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserType {
    Employee,
    AsstManager,
    Manager,
    Employer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InviteStatus {
    Accepted,
    Pending,
    Required,
    MissingContactInfo,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct User {
    pub id: i64,
    pub identity_id: i64,
    pub first_name: String,
    pub last_name: String,
    pub preferred_first_name: Option<String>,
    /// Empty when there is none.
    pub email: String,
    pub mobile_number: String,
    #[serde(rename = "type")]
    pub kind: UserType,
    pub active: bool,
    pub invite_status: InviteStatus,
    /// Digits; leading zeros matter.
    pub punch_id: Option<String>,
    /// Payroll id.
    pub employee_id: Option<String>,
    /// Text, empty when unset.
    pub max_weekly_hours: String,
    pub hourly_wage: i64,
    pub wage_type: Option<String>,
    pub skill_level: i64,
    /// `YYYY-MM-DD`.
    pub hire_date: String,
    pub birth_date: Option<String>,
    pub last_login: Option<i64>,
    pub reactivation_status: Option<String>,
    pub notes: String,
    pub assignments: Assignments,
    pub created: i64,
    pub modified: i64,
}

/// Where someone works. The API shows it only in the assignments of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Assignments {
    pub location_ids: BTreeSet<i64>,
    pub department_ids: BTreeSet<i64>,
    pub role_ids: BTreeSet<i64>,
    pub primary_role_id: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimePunch {
    pub id: i64,
    pub user_id: i64,
    pub location_id: i64,
    /// None on a loose punch; the wire says 0.
    pub department_id: Option<i64>,
    pub role_id: Option<i64>,
    pub shift_id: Option<i64>,
    pub clocked_in: i64,
    /// None while on the clock.
    pub clocked_out: Option<i64>,
    pub hourly_wage: i64,
    pub approved: bool,
    pub editable_punch: bool,
    pub auto_clocked_out: bool,
    pub clocked_in_offline: bool,
    pub clocked_out_offline: bool,
    /// May be negative.
    pub tips: i64,
    /// Mostly empty, so not a `String` of three words.
    pub notes: Box<str>,
    pub pos_type: Option<PosType>,
    pub breaks: Box<[PunchBreak]>,
    pub deleted: bool,
    pub created: i64,
    pub modified: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PosType {
    Web,
    Mobile,
    Toast,
}

/// A break as it was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PunchBreak {
    pub id: i64,
    pub paid: bool,
    #[serde(rename = "in")]
    pub started: i64,
    /// None while on the break.
    #[serde(rename = "out")]
    pub ended: Option<i64>,
    pub deleted: bool,
}

macro_rules! row {
    ($($kind:ty),+) => {$(
        impl Row for $kind {
            fn id(&self) -> i64 {
                self.id
            }
            fn modified(&self) -> i64 {
                self.modified
            }
        }
    )+};
}

row!(
    Location,
    Department,
    Role,
    User,
    TimePunch,
    Wage,
    Availability,
    AvailabilityReason,
    TimeOff,
    Webhook
);
