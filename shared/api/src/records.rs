//! The rows of the lists, as they are read back.
//!
//! The rows themselves are written as JSON by the database; these types are their contract, for
//! the OpenAPI document and for the tests that hold every answer against it. Members that the
//! replaced systems name keep those systems' units (`total_hours` in hours); ours stand beside
//! them (`worked_minutes`). `external_…` is the provider's id, `…_id` is ours.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SyncRun {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub stream: String,
    /// `cron`, `manual`, `nightly`, `webhook`, or `retry`: the next try after a run that failed.
    pub trigger: String,
    /// `running`, `success`, `partial` or `failed`. A run that is read by its id before it has come
    /// to its first page is `queued`; it is in no list yet.
    pub status: String,
    /// `backfill`, `incremental`, `reconciliation` or `complete`; null while it has not come
    /// to its first page.
    pub kind: Option<String>,
    /// Null while queued.
    pub started_at: Option<String>,
    pub finished_at: Option<String>,
    pub duration_ms: Option<i64>,
    pub pages: i64,
    /// Requests to the provider, those that failed included; without the last ones of a call that
    /// died or was stopped.
    pub provider_calls: i64,
    /// Records that the provider sent, without edits that it has not published. What it sent
    /// twice counts twice.
    pub fetched: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    /// Rows that the provider says are deleted, and rows that a complete pass did not meet: those are
    /// not in `fetched`.
    pub deleted: i64,
    /// Records that were quarantined.
    pub errors: i64,
    pub error_code: Option<String>,
    pub error_detail: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TeamMember {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub source: String,
    pub external_id: String,
    pub first_name: String,
    pub last_name: String,
    pub full_name: Option<String>,
    pub preferred_first_name: Option<String>,
    pub preferred_last_name: Option<String>,
    pub email: Option<String>,
    pub mobile_number: Option<String>,
    /// The payroll id.
    pub employee_number: Option<String>,
    /// `employee`, `asst_manager`, `manager` or `employer`; other values as the provider sends them.
    pub user_type: Option<String>,
    pub is_active: bool,
    pub invite_status: Option<String>,
    pub language: Option<String>,
    pub time_zone: Option<String>,
    pub hire_date: Option<String>,
    pub photo_url: Option<String>,
    /// The product's own id of the person.
    pub product_ref: Option<String>,
    pub provider_modified_at: Option<String>,
    pub deleted_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Shift {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub source: String,
    pub external_id: String,
    /// Null on an open shift, or while the person is not known yet.
    pub team_member_id: Option<String>,
    pub external_user_id: Option<String>,
    pub employee_name: Option<String>,
    pub external_location_id: Option<String>,
    pub location_id: Option<String>,
    pub location_name: Option<String>,
    pub external_department_id: Option<String>,
    pub department_id: Option<String>,
    pub department_name: Option<String>,
    pub external_role_id: Option<String>,
    pub role_id: Option<String>,
    pub role_name: Option<String>,
    pub starts_at: String,
    pub ends_at: String,
    pub is_open: bool,
    /// Ends at closing time; `ends_at` is then not meaningful.
    pub is_close: bool,
    pub is_business_decline: bool,
    pub station_name: Option<String>,
    pub notes: Option<String>,
    /// `none`, `late`, `no_show`, `sick`, … as a manager has set it at 7shifts. Null without the scope `attendance:read`,
    /// except on one's own shifts, by `sub` of the token and `PUT /api/product-refs`.
    pub attendance_status: Option<String>,
    /// As entered at 7shifts, with `attendance_status` and for those who see that; else null.
    pub late_minutes: Option<i64>,
    /// From start to end, less unpaid breaks; null when the shift ends at closing time.
    pub scheduled_minutes: Option<i64>,
    pub break_minutes: i64,
    pub unpaid_break_minutes: i64,
    pub breaks: Vec<serde_json::Value>,
    pub provider_modified_at: Option<String>,
    pub deleted_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TimePunch {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub source: String,
    pub external_id: String,
    pub team_member_id: Option<String>,
    pub external_user_id: Option<String>,
    pub employee_name: Option<String>,
    /// The shift that it is the work of, as the Delta Engine has found; until then the one that the provider names.
    pub schedule_shift_id: Option<String>,
    pub external_shift_id: Option<String>,
    pub external_location_id: Option<String>,
    pub location_id: Option<String>,
    pub location_name: Option<String>,
    pub external_department_id: Option<String>,
    pub department_id: Option<String>,
    pub department_name: Option<String>,
    pub external_role_id: Option<String>,
    pub role_id: Option<String>,
    pub role_name: Option<String>,
    pub clocked_in_at: String,
    /// Null while on the clock.
    pub clocked_out_at: Option<String>,
    pub auto_clocked_out: bool,
    /// Hours worked, two decimals; null while on the clock.
    pub total_hours: Option<f64>,
    pub worked_minutes: Option<i64>,
    /// Of the shift that it is the work of. Of several punches of one work the first has it, so that sums are true.
    pub scheduled_hours: Option<f64>,
    pub scheduled_minutes: Option<i64>,
    /// What all punches of the work come to, less what was scheduled; null without a shift or while on the clock.
    pub delta_minutes: Option<i64>,
    pub break_minutes: i64,
    pub paid_break_minutes: i64,
    pub unpaid_break_minutes: i64,
    pub breaks: Vec<serde_json::Value>,
    pub tips_cents: Option<i64>,
    pub is_approved: bool,
    /// `pending`, `approved`, or `disputed` by a manager.
    pub status: String,
    pub disputed_at: Option<String>,
    pub disputed_by: Option<String>,
    pub dispute_note: Option<String>,
    pub notes: Option<String>,
    pub pos_type: Option<String>,
    pub provider_modified_at: Option<String>,
    pub deleted_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Wage {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub source: String,
    pub external_id: String,
    pub team_member_id: Option<String>,
    pub external_user_id: String,
    pub employee_name: Option<String>,
    pub role_id: Option<String>,
    /// Null: whatever the person works as.
    pub external_role_id: Option<String>,
    pub role_name: Option<String>,
    /// `hourly`, `weekly_salary` or `annual_salary`; other values as the provider sends them.
    pub wage_type: String,
    /// In currency units with two decimals, for an hour, a week or a year.
    pub wage_rate: String,
    pub wage_cents: i64,
    pub effective_date: String,
    /// The last day on which it counts; null while nothing follows it. Never before `effective_date`: where
    /// another wage of the same day took its place, it is that day.
    pub end_date: Option<String>,
    pub provider_modified_at: Option<String>,
    pub deleted_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RoleAssignment {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub source: String,
    pub external_id: String,
    pub team_member_id: Option<String>,
    pub external_user_id: String,
    pub employee_name: Option<String>,
    pub role_id: Option<String>,
    pub external_role_id: String,
    pub role_name: Option<String>,
    pub department_id: Option<String>,
    pub external_department_id: Option<String>,
    pub department_name: Option<String>,
    pub location_id: Option<String>,
    pub external_location_id: Option<String>,
    pub location_name: Option<String>,
    pub is_primary: bool,
    pub skill_level: Option<i64>,
    pub deleted_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Availability {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub source: String,
    pub external_id: String,
    pub external_availability_id: String,
    pub team_member_id: Option<String>,
    pub external_user_id: String,
    pub employee_name: Option<String>,
    /// 0 is Sunday, 6 is Saturday.
    pub day_of_week: i64,
    pub is_available: bool,
    /// `HH:MM:SS` where the person works; null: the whole day, or not at all.
    pub available_from: Option<String>,
    pub available_to: Option<String>,
    pub is_recurring: bool,
    /// The first day of the week that it begins with.
    pub valid_from: Option<String>,
    /// The last day of the last week of one that recurs; null: for good.
    pub valid_to: Option<String>,
    /// The day of one that does not recur.
    pub specific_date: Option<String>,
    pub reason: Option<String>,
    pub comments: Option<String>,
    /// `pending`, `approved`, `declined` or `unknown`.
    pub status: String,
    pub provider_modified_at: Option<String>,
    pub deleted_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TimeOff {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub source: String,
    pub external_id: String,
    pub team_member_id: Option<String>,
    pub external_user_id: String,
    pub employee_name: Option<String>,
    pub start_date: String,
    /// Included.
    pub end_date: String,
    pub partial_day: bool,
    /// `HH:MM:SS` where the person works.
    pub partial_start: Option<String>,
    pub partial_end: Option<String>,
    /// `vacation`, `sick`, `personal` or `other`, by the organization's `time_off_categories`;
    /// when these change, `updated_at` does not.
    pub category: String,
    /// In the provider's words.
    pub provider_category: Option<String>,
    /// `pending`, `approved`, `declined` or `unknown`.
    pub status: String,
    pub comments: Option<String>,
    /// Hours off, two decimals.
    pub total_hours: Option<f64>,
    pub total_minutes: Option<i64>,
    /// `date` and `minutes` of each day.
    pub days: Vec<serde_json::Value>,
    /// Who approved or declined it.
    pub action_member_id: Option<String>,
    pub external_action_user_id: Option<String>,
    pub action_message: Option<String>,
    pub requested_at: Option<String>,
    pub provider_modified_at: Option<String>,
    pub deleted_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

/// A row of the list of a connector of the type `custom`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CustomRecord {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub source: String,
    /// The API's id.
    pub external_id: String,
    /// The row as the API has it.
    pub record: BTreeMap<String, serde_json::Value>,
    /// By the mapping's `changed`.
    pub provider_modified_at: Option<String>,
    pub deleted_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Location {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub source: String,
    pub external_id: String,
    pub name: String,
    pub time_zone: Option<String>,
    pub country: Option<String>,
    pub region: Option<String>,
    pub city: Option<String>,
    pub address: Option<String>,
    /// The store of the product that it is, as `/api/location-mappings` says.
    pub store_id: Option<String>,
    pub store_name: Option<String>,
    pub provider_modified_at: Option<String>,
    pub deleted_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Department {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub source: String,
    pub external_id: String,
    pub name: String,
    pub external_location_id: Option<String>,
    pub location_id: Option<String>,
    pub location_name: Option<String>,
    pub provider_modified_at: Option<String>,
    pub deleted_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub source: String,
    pub external_id: String,
    pub name: String,
    pub external_location_id: Option<String>,
    pub location_id: Option<String>,
    pub location_name: Option<String>,
    pub external_department_id: Option<String>,
    pub department_id: Option<String>,
    pub department_name: Option<String>,
    pub color: Option<String>,
    pub job_code: Option<String>,
    pub is_tipped: Option<bool>,
    pub provider_modified_at: Option<String>,
    pub deleted_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QuarantinedRecord {
    pub organization_id: String,
    pub connector_id: String,
    pub stream: String,
    pub external_id: String,
    pub reason: String,
    pub run_id: String,
    pub first_seen_at: String,
    pub last_seen_at: String,
}
