//! The integration log.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Something that an integration did.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// Goes up with every row; `after` takes it.
    pub id: String,
    pub organization_id: String,
    pub connector_id: Option<String>,
    /// `sync`, `delivery`, `webhook` (an event that was worked on), `webhook_refused` (a delivery that
    /// was not proven), `rule`, `connector` (a change of its state), `api_call`, or `log` (a rule's own).
    pub event_type: String,
    /// `success`, `partial`, `failed` or `info`.
    pub status: String,
    /// The run, the delivery, the event, the rule, the webhook or the connector.
    pub subject_id: Option<String>,
    pub duration_ms: Option<i64>,
    /// Numbers by name, such as `created` of a sync.
    pub counts: Option<Map<String, Value>>,
    /// Of a failure its code; otherwise what there is in one word.
    pub code: Option<String>,
    pub detail: Option<String>,
    pub request_id: Option<String>,
    pub occurred_at: String,
}

/// How the integrations fare. Rows with the status `info` are not counted.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LogStatistics {
    /// `YYYY-MM-DD`, UTC; both days are in it.
    pub from: String,
    pub to: String,
    #[serde(flatten)]
    pub all: LogFigures,
    /// In the order of their names.
    pub by_type: Vec<LogFiguresOfType>,
    /// Days on which something happened.
    pub by_day: Vec<LogFiguresOfDay>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LogFigures {
    pub total: i64,
    pub failed: i64,
    /// Share of those that did not fail, 0 to 1.
    pub success_rate: Option<f64>,
    /// Half took no longer, rounded up to the next of 1, 2, 3, 5, 7, 10, 15, 20, 30 … ms.
    pub p50_ms: Option<i64>,
    /// 95 in 100 took no longer.
    pub p95_ms: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LogFiguresOfType {
    pub event_type: String,
    #[serde(flatten)]
    pub figures: LogFigures,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LogFiguresOfDay {
    pub date: String,
    #[serde(flatten)]
    pub figures: LogFigures,
}

impl From<domain::log_statistics::Statistics> for LogFigures {
    fn from(statistics: domain::log_statistics::Statistics) -> Self {
        Self {
            total: statistics.total,
            failed: statistics.failed,
            success_rate: statistics.success_rate,
            p50_ms: statistics.p50_ms,
            p95_ms: statistics.p95_ms,
        }
    }
}
