//! The audit trail.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A change of what is set up.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    /// Goes up with every entry.
    pub id: String,
    pub organization_id: String,
    /// What was changed: `organization`, `api_key`, `connector`, `credential`, `webhook`, `webhook_secret`,
    /// `outgoing_webhook`, `automation_rule`, `staff_policy`, `attendance_policy`, `attendance_record`, `time_punch`,
    /// `allocation_settings`, `closure`, `capacity_override`, `store`, `location_mapping` or `team_member`.
    pub resource: String,
    /// Its id; of a credential and a staff policy the connector's, of a location mapping the provider's id of
    /// the location.
    pub resource_id: String,
    /// `created`, `updated` or `deleted`.
    pub action: String,
    /// How it was; secrets are `[redacted]`.
    pub before: Option<Map<String, Value>>,
    pub after: Option<Map<String, Value>>,
    /// `api_key`, `jwt`, `session`, `operator`, or `system` where it was nobody's request.
    pub actor_kind: String,
    /// The id of the key, or the subject of the token.
    pub actor: Option<String>,
    pub request_id: Option<String>,
    pub occurred_at: String,
}
