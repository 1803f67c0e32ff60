//! `POST /functions/v1/7shifts-proxy`: the call of the replaced system, with its member names.

use serde::{Deserialize, Serialize};

use crate::body::Object;

/// One call. Unknown members are ignored, as its callers expect.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SevenShiftsCall {
    /// `connect`, `test_connection`, `health_check`, `scheduled_sync`, `preview_shifts`, `get_shifts`,
    /// `get_users`, `get_time_punches`, `get_locations`, `get_roles`, `get_departments`,
    /// `get_user_wages`, `get_user_assignments`, `get_assignments`, `get_availabilities`,
    /// `get_time_off`, `get_labor_settings`, `list_webhooks`, `repair_webhooks` or `delete_webhooks`.
    pub action: Option<String>,
    /// Which organization; other callers than the operator may leave it out, or name their own.
    pub organization_id: Option<String>,
    /// Which connector of the organization; `7shifts` by default.
    pub integration_key: Option<String>,
    /// A token in the call: what `connect` stores. `test_connection`, `health_check`,
    /// `preview_shifts` and the `get_…` actions read the account that it opens, and nothing that is
    /// stored; without it they use the connector's.
    pub api_key: Option<String>,
    /// The 7shifts company; found through the token when left out.
    #[serde(default, deserialize_with = "text_or_number")]
    pub company_id: Option<String>,
    /// The company's GUID, with an OAuth token.
    pub company_guid: Option<String>,
    #[serde(default, deserialize_with = "text_or_number")]
    pub location_id: Option<String>,
    /// As `userId` in `params`, where either may stand.
    #[serde(default, deserialize_with = "text_or_number")]
    pub user_id: Option<String>,
    /// For `connect`: a name for people.
    pub name: Option<String>,
    /// For `scheduled_sync`: which streams; all enabled ones when left out.
    pub streams: Option<Vec<String>>,
    #[serde(default, deserialize_with = "object_or_null")]
    pub params: SevenShiftsParams,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SevenShiftsParams {
    /// RFC 3339 or `YYYY-MM-DD`; a date begins and ends in UTC. For shifts and time punches: the
    /// first start. For time off: what is over before this day is left out.
    #[serde(rename = "startDate")]
    pub start_date: Option<String>,
    /// In the same form. For shifts and time punches: the last start. For time off: what begins
    /// after this day is left out.
    #[serde(rename = "endDate")]
    pub end_date: Option<String>,
    /// The 7shifts user whose wages or assignments are meant. Users, shifts, time punches,
    /// availabilities and time off may be asked for of one user, too.
    #[serde(rename = "userId", default, deserialize_with = "text_or_number")]
    pub user_id: Option<String>,
    /// For `connect`: how many days back the first sync reads, 1 to 3,650; as `backfill_days` of the
    /// sync settings, where it can be changed later.
    pub backfill_days: Option<u16>,
    /// Rows, 1 to 500; 250 by default. `preview_shifts` shows the whole window by default.
    pub limit: Option<u32>,
    /// Where a list goes on: `next_cursor` of the answer before, with the same other params.
    pub cursor: Option<String>,
    /// How far back `scheduled_sync` looks for changes, in hours, 1 to 87,600.
    pub sync_window_hours: Option<u32>,
    /// `scheduled_sync` reads everything, and deletes wages and role assignments that are gone at the
    /// provider even if they are so many that a run without a person behind it holds them back. What
    /// can be asked for by its id is asked for, 300 records a run.
    pub force_deletions: Option<bool>,
}

/// What an action answers, by action.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum SevenShiftsAnswer {
    ScheduledSync(ScheduledSyncAnswer),
    Health(HealthAnswer),
    Connected(ConnectedAnswer),
    Webhooks(WebhooksAnswer),
    Tested(TestedAnswer),
    Preview(PreviewAnswer),
    Assignments(AssignmentsAnswer),
    Rows(RowsAnswer),
    Object(ObjectAnswer),
}

/// The answer of `health_check`, always with status 200.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct HealthAnswer {
    /// `active`, `expired` or `error`.
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    pub checked_at: String,
}

/// The answer of `connect`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ConnectedAnswer {
    pub success: bool,
    pub connector_id: String,
    pub status: String,
    pub company: CompanyAnswer,
    /// The first run of each stream, to be read at `/api/sync-runs/{id}`.
    pub run_ids: std::collections::BTreeMap<String, String>,
    /// Whether 7shifts calls when something changes. Without it everything is polled.
    pub webhooks: WebhooksSummary,
}

/// How the webhooks of a connector stand.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct WebhooksSummary {
    /// `registered`; `incomplete`: some are; `failed`: none is; `unregistered`: nobody has asked for
    /// them; `not_in_plan`: the company's plan has none; `off`: 7shifts is told no URL of this
    /// installation.
    pub state: String,
    /// Topics that are registered.
    pub registered: usize,
    /// Topics that there are.
    pub topics: usize,
    /// Why not all are, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The answer of `list_webhooks`, `repair_webhooks` and `delete_webhooks`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct WebhooksAnswer {
    pub connector_id: String,
    pub webhooks: WebhooksSummary,
    /// How many were deleted at 7shifts by this call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<usize>,
    /// Why something is left at 7shifts that was to be deleted, or why 7shifts could not be asked
    /// what it lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_error: Option<String>,
    /// By topic.
    pub registrations: Vec<WebhookRegistration>,
}

/// One webhook of ours.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct WebhookRegistration {
    pub topic: String,
    /// `registered`, `failed` or `not_in_plan`; `missing`: 7shifts has it no longer; `orphaned`: it is
    /// of a connection that was given up; `unrecorded`: 7shifts lists it, and it is to be deleted
    /// or taken over by `repair_webhooks`.
    pub state: String,
    /// Its id at 7shifts.
    pub external_id: Option<String>,
    /// The URL that 7shifts calls, its secret path left out.
    pub url: String,
    pub reason: Option<String>,
    pub last_checked_at: Option<String>,
    /// Whether 7shifts lists it; null when it was not asked.
    pub listed: Option<bool>,
}

/// The answer of `test_connection`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct TestedAnswer {
    pub success: bool,
    pub company: CompanyAnswer,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct CompanyAnswer {
    pub id: i64,
    pub name: String,
}

/// The answer of the `get_…` actions: the provider's rows in the provider's own form. In those of
/// `get_shifts`, `attendance_status` and `late_minutes` are null without the scope `attendance:read`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct RowsAnswer {
    pub data: Vec<serde_json::Map<String, serde_json::Value>>,
    /// Left out at the end of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// The answer of the `get_…` actions for which 7shifts has one object: `get_user_wages`,
/// `get_user_assignments`, `get_assignments` of one user, and `get_labor_settings`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ObjectAnswer {
    pub data: serde_json::Map<String, serde_json::Value>,
}

/// The answer of `get_assignments` of everybody. 7shifts has no list of them, so it is what was
/// synced.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct AssignmentsAnswer {
    pub data: Vec<AssignedRole>,
    /// Left out at the end of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    pub meta: AssignmentsMeta,
}

/// A role of a user, with the names that 7shifts gives its members.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct AssignedRole {
    pub user_id: i64,
    pub role_id: i64,
    pub company_id: i64,
    pub location_id: Option<i64>,
    pub department_id: Option<i64>,
    /// The role's.
    pub name: Option<String>,
    pub is_primary: bool,
    pub skill_level: Option<i64>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct AssignmentsMeta {
    /// `synced`: from our table, not from 7shifts at this moment.
    pub source: String,
    /// The end of the last sync of assignments; null before there was one.
    pub as_of: Option<String>,
    /// The limit came before the end.
    pub has_more: bool,
}

/// The answer of `preview_shifts`: the published shifts of a window, with names.
///
/// A window without shifts is a 200 with an empty list and zero counts; the store of the replaced
/// system treated zero rows as an error.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PreviewAnswer {
    pub data: Vec<PreviewShift>,
    pub meta: PreviewMeta,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PreviewShift {
    pub id: i64,
    /// Null on an open shift, as is `employee_name`.
    pub user_id: Option<i64>,
    pub role_id: Option<i64>,
    pub start: String,
    pub end: String,
    /// Null, as `role_name`, also where 7shifts does not list the person or role any more.
    pub employee_name: Option<String>,
    pub role_name: Option<String>,
    pub notes: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PreviewMeta {
    /// Of `data`.
    pub shift_count: usize,
    /// The different people of the shifts.
    pub user_count: usize,
    /// The different roles of the shifts.
    pub role_count: usize,
    /// Shifts that 7shifts sent and that cannot be read; they are not in `data`. Left out where
    /// there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable_count: Option<usize>,
}

/// The answer of `scheduled_sync`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ScheduledSyncAnswer {
    pub results: std::collections::BTreeMap<String, StreamResult>,
    /// The run of each stream, to be read at `/api/sync-runs/{id}`.
    pub run_ids: std::collections::BTreeMap<String, String>,
    /// False in a 202: the runs go on.
    pub finished: bool,
    pub duration_ms: i64,
    pub next_sync_at: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct StreamResult {
    pub status: String,
    /// Rows that were fetched and are in our table now.
    pub synced: i64,
    pub created: i64,
    pub updated: i64,
    pub errors: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Callers of the replaced system send `null` for what they leave out.
fn object_or_null<'de, D: serde::Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let given = Option::<Object<T>>::deserialize(deserializer)?;
    Ok(given.map_or_else(T::default, |Object(members)| members))
}

/// Callers of the replaced system send ids as text or as numbers.
fn text_or_number<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "must be the number that 7shifts shows")]
    enum TextOrNumber {
        Text(String),
        Number(i64),
    }
    Ok(
        Option::<TextOrNumber>::deserialize(deserializer)?.map(|value| match value {
            TextOrNumber::Text(text) => text,
            TextOrNumber::Number(number) => number.to_string(),
        }),
    )
}
