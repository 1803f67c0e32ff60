//! `/api/integrations/7shifts/…`: the API of a replaced system, with its member names and shapes.
//! Lists are plain arrays; the ids of stores are those that the product has given.

use serde::{Deserialize, Serialize};

/// The answer of `status/`. Without an account only `is_configured` and `message` are there.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum IntegrationStatus {
    Configured(Box<ConfiguredStatus>),
    NotConfigured(NotConfigured),
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NotConfigured {
    /// False.
    pub is_configured: bool,
    pub message: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ConfiguredStatus {
    #[serde(flatten)]
    pub configuration: IntegrationConfiguration,
    /// Active people, of the roles in `sync_role_names`.
    pub employee_count: i64,
    /// Their shifts that have not begun.
    pub upcoming_shifts_count: i64,
}

/// How the account is set up; the token is in no answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct IntegrationConfiguration {
    pub id: String,
    /// The organization.
    pub account: String,
    pub company_id: String,
    /// False once disconnected, paused, or when access was withdrawn.
    pub is_active: bool,
    pub last_sync_at: Option<String>,
    pub sync_employees_enabled: bool,
    pub sync_shifts_enabled: bool,
    pub enforce_shift_schedule: bool,
    /// Only who works as one of these is an employee; empty: everybody is.
    pub sync_role_names: Vec<String>,
    pub create_users_without_email: bool,
    pub created_at: String,
    pub updated_at: String,
    /// True.
    pub is_configured: bool,
    pub last_sync_status: Option<LastSync>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LastSync {
    /// `EMPLOYEES`, `SHIFTS` or `FULL`.
    pub sync_type: String,
    /// `SUCCESS`, `PARTIAL` or `FAILED`.
    pub status: String,
    pub items_synced: i64,
    pub started_at: String,
    pub completed_at: String,
}

/// What `configure/` takes. Without an account yet, what is left out is true, or empty; with one it
/// stays as it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Configure {
    /// The number that 7shifts shows, as a number or as text.
    pub company_id: Option<TextOrNumber>,
    /// Needed while none is held: at first, and after `disconnect/`.
    pub access_token: Option<String>,
    pub sync_employees_enabled: Option<bool>,
    pub sync_shifts_enabled: Option<bool>,
    pub enforce_shift_schedule: Option<bool>,
    /// At most 100 names of roles.
    pub sync_role_names: Option<Vec<String>>,
    pub create_users_without_email: Option<bool>,
}

/// The answer of `configure/`; with 202 the first sync goes on, and its runs are named.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Configured {
    #[serde(flatten)]
    pub configuration: IntegrationConfiguration,
    #[serde(flatten)]
    pub running: Option<RunningSync>,
}

/// A sync that goes on: each run is read at `/api/sync-runs/{id}`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct RunningSync {
    /// The run that ends last.
    pub run_id: String,
    /// All of them, by stream.
    pub run_ids: std::collections::BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct TestConnection {
    pub access_token: Option<String>,
    pub company_id: Option<TextOrNumber>,
}

/// `error` stands where the token is good and the company could not be read.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConnectionTested {
    pub success: bool,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<TestedCompany>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TestedCompany {
    pub id: i64,
    pub name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SyncNow {
    /// `employees`, `shifts`, or `full` when left out.
    pub sync_type: Option<String>,
}

/// The answer of `sync/`; with 202 it goes on, and instead of `result` its runs are named.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Synced {
    pub success: bool,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<SyncResult>,
    #[serde(flatten)]
    pub running: Option<RunningSync>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum SyncResult {
    Full(Box<FullResult>),
    Employees(Box<EmployeesResult>),
    Shifts(ShiftsResult),
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FullResult {
    /// Nothing while the sync of people is switched off, with no error.
    pub employees: EmployeesResult,
    pub shifts: ShiftsResult,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EmployeesResult {
    pub employees_synced: i64,
    pub errors_count: i64,
    /// The first five.
    pub errors: Vec<String>,
    pub user_mapping: UserMapping,
}

/// How the people stand to the accounts of the product, which makes and maps them itself: by
/// `PUT /api/product-refs`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UserMapping {
    /// Without a `product_ref`.
    pub total_unmapped: i64,
    pub mapped: i64,
    /// 0: accounts are the product's to make.
    pub created: i64,
    /// Unmapped for whom none is to be made.
    pub skipped: i64,
    /// People without an address, who have a placeholder.
    pub temp_email_count: i64,
    /// The first five of the unmapped.
    pub unmapped_details: Vec<UnmappedPerson>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UnmappedPerson {
    pub seven_shifts_id: String,
    pub name: String,
    pub email: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ShiftsResult {
    pub shifts_synced: i64,
    pub errors_count: i64,
    /// The first five.
    pub errors: Vec<String>,
}

/// The answer of `disconnect/` and `locations/{id}/unmap/`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Done {
    pub success: bool,
    pub message: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Employee {
    pub id: String,
    pub account: String,
    /// Where they work: at the location of their primary role, if it is mapped.
    pub store: Option<String>,
    pub store_name: Option<String>,
    pub seven_shifts_id: String,
    pub seven_shifts_location_id: Option<String>,
    /// Of people without an address a placeholder that nothing can be sent to, or empty where
    /// `create_users_without_email` is off.
    pub email: String,
    pub phone: String,
    pub first_name: String,
    pub last_name: String,
    pub full_name: String,
    pub is_active: bool,
    pub synced_at: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EmployeeShift {
    pub id: String,
    pub employee: String,
    pub employee_name: String,
    pub employee_email: String,
    pub store: Option<String>,
    pub store_name: Option<String>,
    pub seven_shifts_shift_id: String,
    pub start_time: String,
    pub end_time: String,
    pub role: String,
    pub synced_at: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SyncLog {
    pub id: String,
    pub account: String,
    pub sync_type: String,
    pub status: String,
    pub items_synced: i64,
    pub errors_count: i64,
    pub error_details: Vec<String>,
    pub started_at: String,
    pub completed_at: String,
    pub duration_seconds: i64,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MappableLocation {
    pub id: String,
    pub name: String,
    pub is_mapped: bool,
    pub mapped_store_id: Option<String>,
    pub mapped_store_name: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NamedRole {
    pub id: String,
    pub name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct MapLocationToStore {
    pub seven_shifts_location_id: Option<TextOrNumber>,
    pub seven_shifts_location_name: Option<String>,
    /// The product's own id of the store, or ours.
    pub store_id: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MappedLocation {
    pub success: bool,
    pub message: String,
    pub seven_shifts_location_id: String,
    pub seven_shifts_location_name: String,
    pub store: String,
    pub store_name: String,
}

/// Whether a message that is for people at work is sent to one of them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ShiftCheck {
    #[serde(flatten)]
    pub answer: ShiftCheckAnswer,
    #[serde(flatten)]
    pub basis: ShiftCheckBasis,
}

/// The same for many, in the order in which they were asked for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ShiftChecks {
    pub answers: Vec<ShiftCheckAnswer>,
    #[serde(flatten)]
    pub basis: ShiftCheckBasis,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ShiftCheckAnswer {
    /// False only for an employee who is known not to be on shift.
    pub should_send: bool,
    /// `employee_on_shift`, `employee_not_on_shift`, `employee_not_in_7shifts`,
    /// `shift_enforcement_disabled`; or why nothing is decided by shifts: `integration_not_configured`,
    /// `connector_not_healthy`, `data_stale`, `time_not_covered` or `store_not_mapped`.
    pub reason: String,
    /// Who has the address; of several, the one who is on shift.
    pub employee: Option<CheckedEmployee>,
    /// The shift that they are on; of several at once, the one that began last.
    pub shift: Option<CheckedShift>,
}

/// What checks rest on.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ShiftCheckBasis {
    /// The time that was asked about.
    pub at: String,
    /// Null while 7shifts is not set up.
    pub connector_state: Option<String>,
    /// The last success of the syncs of people and of shifts, the older of the two; null until both have
    /// had one.
    pub synced_at: Option<String>,
    /// People or shifts have never been synced, or are too old to decide by. False while 7shifts is not set up: nothing
    /// is old then.
    pub is_stale: bool,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckedEmployee {
    pub id: String,
    pub seven_shifts_id: String,
    /// As in `employees/`.
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub full_name: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckedShift {
    pub id: String,
    pub seven_shifts_shift_id: String,
    pub store: Option<String>,
    pub store_name: Option<String>,
    pub start_time: String,
    pub end_time: String,
    /// It ends at closing, so `end_time` is no promise: it counts for twelve hours at least.
    pub is_close: bool,
    pub role: String,
}

/// Who is on shift.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct OnShift {
    /// By last and first name.
    pub employees: Vec<EmployeeOnShift>,
    /// Why the list is not to be relied on: `integration_not_configured`, `connector_not_healthy`,
    /// `data_stale`, `time_not_covered` or `store_not_mapped`; null where nothing speaks against it.
    pub reason: Option<String>,
    #[serde(flatten)]
    pub basis: ShiftCheckBasis,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EmployeeOnShift {
    pub employee: CheckedEmployee,
    pub shift: CheckedShift,
}

/// Who a message is for.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckShifts {
    /// RFC 3339; now when left out.
    #[serde(default)]
    pub at: Option<String>,
    /// At most 1,000.
    #[serde(deserialize_with = "crate::body::objects")]
    pub recipients: Vec<Recipient>,
}

#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    pub email: String,
    /// The product's own id of the store, or ours; any store when left out.
    #[serde(default)]
    pub store: Option<String>,
}

/// Callers send 7shifts' numbers as numbers or as text.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "must be the number that 7shifts shows")]
pub enum TextOrNumber {
    Text(String),
    Number(i64),
}

impl TextOrNumber {
    /// Whether a form has left it empty.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }

    /// The number, if it is one that 7shifts could show.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        let number = match self {
            Self::Text(text) => text.trim().parse().ok()?,
            Self::Number(number) => *number,
        };
        (number > 0).then_some(number)
    }
}
