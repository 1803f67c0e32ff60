//! Automation rules and notices.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::body::{Document, Object};

/// A rule; the README has the conditions and actions.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateAutomationRule {
    /// 1 to 100 characters.
    pub name: String,
    /// A name such as `webhook.received`, or `prefix.*`.
    pub event: String,
    /// Comparisons of the payload, below `all` or `any`; left out, it always fires.
    pub conditions: Option<Value>,
    /// 1 to 10, done in their order.
    pub actions: Vec<Value>,
    /// True when left out.
    pub is_enabled: Option<bool>,
    /// How often it does something that others notice, at the most: 1 to 6,000, 60 when left out.
    pub firings_per_minute: Option<u32>,
    /// The lower fires first; 100 when left out.
    pub position: Option<i64>,
}

/// What is to be different; the rest stays.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateAutomationRule {
    pub name: Option<String>,
    pub event: Option<String>,
    /// Replaces all of them; null: it always fires.
    pub conditions: Option<Value>,
    /// Replaces all of them.
    pub actions: Option<Vec<Value>>,
    pub is_enabled: Option<bool>,
    pub firings_per_minute: Option<u32>,
    pub position: Option<i64>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AutomationRule {
    pub id: String,
    pub organization_id: String,
    pub name: String,
    pub event: String,
    pub conditions: Option<Value>,
    pub actions: Vec<Value>,
    pub firings_per_minute: u32,
    pub is_enabled: bool,
    pub position: i64,
    /// Of a rule that every organization has, its name; such a one is switched off, not deleted.
    pub default_rule: Option<String>,
    pub fired_count: i64,
    pub failed_count: i64,
    pub last_fired_at: Option<String>,
    pub created_by: String,
    pub created_at: String,
    pub updated_at: String,
}

/// An event that might happen.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DryRunAutomationRules {
    /// Its name.
    pub event: String,
    /// Its payload.
    #[cfg_attr(feature = "openapi", schemars(with = "Map<String, Value>"))]
    pub payload: Object<Map<String, Value>>,
    /// Try this rule instead of those that are stored.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Map<String, Value>>"))]
    pub rule: Option<Document>,
}

/// What an event would do. Nothing was done.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct DryRun {
    /// The rules that would fire, in their order.
    pub fires: Vec<DryFiring>,
    /// Rules that are enabled and would not.
    pub others: usize,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct DryFiring {
    /// Null: the rule that was given.
    pub rule_id: Option<String>,
    pub name: String,
    pub effects: Vec<DryEffect>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct DryEffect {
    /// Which of the rule's actions, from 0.
    pub action: usize,
    /// What would be done; null where nothing would.
    pub effect: Option<Value>,
    /// Why nothing would be done, and what to do about it. Then the rule does nothing of the rest, either.
    pub error: Option<String>,
    /// A text ends early.
    pub is_cut: bool,
    /// A value is missing, and nothing stands in its place.
    pub has_gap: bool,
}

/// Something that needs a person.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Notice {
    pub id: String,
    pub organization_id: String,
    /// `rule`, or what it is about: `connector.expired`, `delivery.failed`, `api_key.expiring`,
    /// `event.dead`, `webhook.failing`, `rule.cut_off`, `rule.too_often` …
    pub kind: String,
    pub connector_id: Option<String>,
    pub title: String,
    /// What to do.
    pub remedy: String,
    /// How often it came up while it was open.
    pub count: i64,
    pub created_at: String,
    /// When it came up last.
    pub updated_at: String,
    pub read_at: Option<String>,
    pub dismissed_at: Option<String>,
}
