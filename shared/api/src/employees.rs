//! Employees and their leave, as an HR system has them: the rows that products read, and what a replaced system answered.

use serde::{Deserialize, Serialize};

/// Somebody who works there. No birth date, address, private mail or phone is kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EmployeeRecord {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub source: String,
    /// The provider's id.
    pub external_id: String,
    /// The full name, or what there is of it.
    pub name: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub known_as: Option<String>,
    /// In lower case.
    pub company_email: Option<String>,
    /// In lower case: what they log in with, which may be a private one.
    pub account_email: Option<String>,
    pub job_title: Option<String>,
    /// The provider's word in lower case: `active`; former and pending people are listed too.
    pub status: Option<String>,
    pub start_date: Option<String>,
    pub termination_date: Option<String>,
    /// IANA name.
    pub time_zone: Option<String>,
    pub teams: Vec<EmployeeTeam>,
    pub deleted_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct EmployeeTeam {
    /// The provider's.
    pub id: Option<String>,
    pub name: Option<String>,
}

/// When somebody is away, or has asked to be. Why is not kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LeaveRequest {
    pub id: String,
    pub organization_id: String,
    pub connector_id: String,
    pub source: String,
    /// The provider's id.
    pub external_id: String,
    /// Our row's; null until the person is known.
    pub employee_id: Option<String>,
    pub external_employee_id: String,
    pub employee_name: Option<String>,
    pub start_date: String,
    /// Included.
    pub end_date: String,
    /// The provider's word in lower case: `approved`, `pending`, `declined`, `cancelled` …
    pub status: String,
    /// In the provider's words, such as `Annual Leave`.
    pub leave_category: Option<String>,
    /// Two decimals.
    pub total_hours: Option<f64>,
    pub total_minutes: Option<i64>,
    /// How much of each day is off, so that half days count as such. A day that is not listed is a whole one, where none is.
    pub days: Vec<LeaveDay>,
    pub deleted_at: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LeaveDay {
    pub date: String,
    pub hours: f64,
    pub minutes: i64,
}

/// The organisations that the login of a connector sees, read from the provider now.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct EmployerOrganisations {
    pub connector_id: String,
    pub organisations: Vec<EmployerOrganisation>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct EmployerOrganisation {
    pub id: String,
    pub name: String,
    /// For example `AU`.
    pub country: Option<String>,
    /// What is synced is this one's: the only one, or that of `config.organisation_id`.
    pub is_used: bool,
}

/// What a sync that was asked for came to, or where it stands.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct EmployerSynced {
    /// Records that are here now as the provider has them; null while the run goes on.
    pub synced: Option<i64>,
    pub connector_id: String,
    /// For `/api/sync-runs/{id}`.
    pub run_id: String,
    /// `queued`, `running`, `success` or `partial`.
    pub status: String,
    pub fetched: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    /// Withdrawn or removed at the provider.
    pub deleted: i64,
    /// Records that could not be read; `/api/quarantined-records` says why.
    pub errors: i64,
    /// Why it is partial, or why it waits.
    pub error: Option<String>,
}

/// An employee by the names of the replaced system.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct KnownEmployee {
    /// The provider's id.
    pub employee_id: String,
    /// Our row's.
    pub id: String,
    pub name: Option<String>,
    pub company_email: Option<String>,
    pub account_email: Option<String>,
    pub status: Option<String>,
}

/// Leave by the names of the replaced system.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct KnownLeave {
    /// The provider's id.
    pub leave_request_id: String,
    /// Our row's.
    pub id: String,
    /// The provider's id of the person.
    pub employee_id: String,
    pub start_date: String,
    /// Included.
    pub end_date: String,
    pub status: String,
    pub leave_category_name: Option<String>,
    pub total_hours: Option<f64>,
    pub hours_per_day: Vec<LeaveDay>,
}

/// A page of employees.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct KnownEmployees {
    pub data: Vec<EmployeeRecord>,
    pub next_cursor: Option<String>,
    /// The same rows by the names of the replaced system.
    pub employees: Vec<KnownEmployee>,
    /// The oldest last success of what the answer rests on; null: never.
    pub synced_at: Option<String>,
    /// It should have been synced by now and was not.
    pub is_stale: bool,
}

/// A page of leave.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct KnownLeaveRequests {
    pub data: Vec<LeaveRequest>,
    pub next_cursor: Option<String>,
    /// The same rows by the names of the replaced system.
    pub leave_requests: Vec<KnownLeave>,
    /// The oldest last success of what the answer rests on; null: never.
    pub synced_at: Option<String>,
    /// It should have been synced by now and was not.
    pub is_stale: bool,
}

/// Who has a mail address.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct FoundEmployee {
    #[serde(flatten)]
    pub employee: KnownEmployee,
    pub connector_id: String,
    /// `company_email` or `account_email`: whose mail it is.
    pub matched_by: String,
    /// The oldest last success of what the answer rests on; null: never.
    pub synced_at: Option<String>,
    /// It should have been synced by now and was not.
    pub is_stale: bool,
}

/// Approved leave of one person, or of all that share a mail address, which ends today or later.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct EmployeeLeave {
    /// The provider's id of the first of `employees`.
    pub employee_id: String,
    /// Whose leave it is: one person, unless several share the mail.
    pub employees: Vec<KnownEmployee>,
    pub leave_requests: Vec<KnownLeave>,
    /// The oldest last success of what the answer rests on; null: never.
    pub synced_at: Option<String>,
    /// It should have been synced by now and was not.
    pub is_stale: bool,
}

/// One page of leave as the provider has it now; nothing of it is stored by this.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ProviderLeave {
    pub connector_id: String,
    pub page_index: i64,
    /// The next `page_index`; null on the last page.
    pub next_page_index: Option<i64>,
    pub leave_requests: Vec<ProviderLeaveRequest>,
    /// Records of the page that cannot be read.
    pub unreadable: u64,
}

/// As the provider has it, without reason and comment.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ProviderLeaveRequest {
    pub id: String,
    pub employee_id: String,
    pub start_date: String,
    pub end_date: String,
    /// As the provider writes it.
    pub status: String,
    pub leave_category_name: Option<String>,
    pub total_hours: Option<f64>,
    pub hours_per_day: Vec<LeaveDay>,
}
