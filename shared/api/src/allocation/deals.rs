//! Deals that are given to advisers: what asking for it answers, and the record of each.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What became of a deal that was to be given to an adviser.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Allocated {
    /// In a sentence, for a person.
    pub message: String,
    /// The record: `GET /api/allocations/{id}` explains it. Null where nothing was done, and of a dry run.
    pub allocation_id: Option<String>,
    pub deal_id: Option<String>,
    /// `received`: it is decided, or the deal changed, as soon as that is possible. `completed`: the deal is changed. `failed`: nobody
    /// gets it, and `reason` says why. Null where nothing was done.
    pub status: Option<String>,
    /// Whether the deal had this record before the call.
    pub is_repeat: bool,
    /// Who gets the deal.
    pub adviser: Option<ChosenAdviser>,
    /// The Monday of the first week in which the adviser has room.
    pub earliest_week: Option<String>,
    /// Why nobody gets it, by a name for programs.
    pub reason: Option<String>,
    pub detail: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
    /// Of a dry run: all that the decision rests on.
    pub decision: Option<Value>,
    /// Of a dry run: how old each source is, and which could not be read.
    pub sources: Option<Value>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChosenAdviser {
    pub email: String,
    pub name: String,
    /// What the deal is given.
    pub owner_id: String,
}

/// To whoever does not post.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AllocateHint {
    pub message: String,
}

/// A call about a deal. A workflow sends this form, or the whole deal as the CRM's API returns it; other members are
/// taken and kept, up to a size. Names of fields are those of the account, as the settings map them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct AllocateDeal {
    /// The same when a call is repeated: it is answered what the first one was.
    #[serde(rename = "callbackId", skip_serializing_if = "Option::is_none")]
    pub callback_id: Option<String>,
    /// Names the account (`portalId`), where the query does not name a connector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Value>,
    /// `objectType`, which is `DEAL`, and `objectId`. Without a type nothing is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<Value>,
    /// `service_package` (needed, or `renewal_service_package`), `household_type` (or `renewal_household_type`),
    /// `agreement_start_date` (milliseconds since 1970, or a date), `hs_deal_record_id`, `client_email`. What is blank is taken from the
    /// deal as the CRM has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Value>,
    /// The same; what is here counts first.
    #[serde(rename = "inputFields", skip_serializing_if = "Option::is_none")]
    pub input_fields: Option<Value>,
}

/// One allocation: what was asked, what was decided, what was written. Of each deal one record is live; others of it
/// are history.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Allocation {
    pub id: String,
    pub organization_id: String,
    /// The CRM's.
    pub connector_id: String,
    /// When it was asked for.
    pub timestamp: String,
    pub deal_id: String,
    /// `received`, `completed` or `failed`.
    pub status: String,
    /// `hubspot_webhook`, `api`, `manual` (a person has chosen) or `rerun`.
    pub source: String,
    /// The id of the key, or the subject of the token; of a webhook, `hubspot`.
    pub requested_by: String,
    /// Whether it is the deal's result.
    pub is_live: bool,
    /// The record whose place it took.
    pub replaces_id: Option<String>,
    pub client_email: Option<String>,
    pub adviser_email: Option<String>,
    pub adviser_name: Option<String>,
    /// The adviser's owner id.
    pub adviser_hubspot_id: Option<String>,
    pub adviser_service_packages: Vec<String>,
    pub adviser_household_types: Vec<String>,
    /// As it was decided by.
    pub service_package: Option<String>,
    /// As it came.
    pub service_package_raw: Option<String>,
    pub household_type: Option<String>,
    pub household_type_raw: Option<String>,
    pub agreement_start_date: Option<String>,
    pub agreement_start_raw: Option<String>,
    /// The Monday of the week that was promised.
    pub earliest_week: Option<String>,
    /// In a sentence.
    pub allocation_result: Option<String>,
    /// Why it failed, or why it waits, by a name for programs.
    pub reason: Option<String>,
    pub error_message: Option<String>,
    /// Of the settings: `corrected`, `compatible`, `compatible_sum` or `custom`.
    pub mode: Option<String>,
    pub settings_version: Option<i64>,
    /// Looks that came to nothing, because a source could not be read.
    pub tries: i64,
    pub decided_at: Option<String>,
    /// When the CRM took the change of the deal.
    pub written_at: Option<String>,
    pub finished_at: Option<String>,
    /// When it is decided, or looked at again.
    pub next_try_at: Option<String>,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    /// What was asked, as far as it is kept.
    pub request_data: Value,
    /// `reason`, `detail`, `remedy`.
    pub failure: Option<Value>,
    /// How old each source was when it was decided, and which could not be read.
    pub sources: Option<Value>,
    /// How long it waited, read and reckoned, in milliseconds.
    pub timings: Option<Value>,
    /// The properties that the deal is given.
    pub written: Option<Value>,
    /// The delivery by which the deal is changed.
    pub delivery_id: Option<String>,
    pub write_attempts: i64,
    /// What the CRM says of what it took.
    pub answer: Option<Value>,
}

/// A record with all that its decision rested on.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExplainedAllocation {
    pub allocation: Allocation,
    /// `candidates`, the best first, each with its weekly table, the steps to its earliest week, ratio and allocations;
    /// `left_out`, each with why; the outcome. It is kept for 180 days; null afterwards, and of what a person has chosen.
    pub decision: Option<Value>,
    /// All records of the deal, the newest first.
    pub history: Vec<AllocationOfDeal>,
}

/// One of a deal's records.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AllocationOfDeal {
    pub id: String,
    pub timestamp: String,
    pub source: String,
    pub status: String,
    pub is_live: bool,
    pub adviser_email: Option<String>,
    pub reason: Option<String>,
}

/// A page of the history, with how many records there are of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AllocationHistory {
    pub data: Vec<Allocation>,
    /// Null on the last page.
    pub next_cursor: Option<String>,
    pub counts: AllocationCounts,
}

/// Of the days, the deal and the adviser that were asked for, whatever their status.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AllocationCounts {
    pub total: i64,
    pub received: i64,
    pub completed: i64,
    pub failed: i64,
}

/// Who is to have the deal, whatever was decided.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OverrideAllocation {
    /// Of a user of the CRM with an owner id.
    pub adviser_email: String,
    /// Why; it is kept with the record.
    pub note: Option<String>,
}

/// Nothing needs to be said.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RerunAllocation {
    /// Why; it is kept with the record.
    pub note: Option<String>,
}

/// Who is told when a deal has got its adviser.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PutAllocationNotices {
    /// Up to 5 connectors; none: nobody is told.
    pub targets: Vec<NoticeTarget>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NoticeTarget {
    /// A connector of the type `slack` or `google_chat`.
    pub connector_id: String,
    /// Slack with a bot token: the channel, where it is not the connector's own.
    pub channel: Option<String>,
}

/// Who is told when a deal has got its adviser, and who has said so.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AllocationNotices {
    pub targets: Vec<NoticeTarget>,
    pub updated_by: Option<String>,
    pub updated_at: Option<String>,
}
