//! What runs here, and whether it is well.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Status {
    pub name: String,
    pub version: String,
    pub routes: Vec<StatusRoute>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct StatusRoute {
    pub method: String,
    pub path: String,
    pub summary: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Health {
    /// `ok`, `waiting` (no tick yet) or `degraded`.
    pub status: String,
    pub services: HealthServices,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct HealthServices {
    pub database: String,
    pub scheduler: SchedulerHealth,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct SchedulerHealth {
    pub status: String,
    /// Seconds since the last tick began; null before the first.
    pub last_tick_seconds_ago: Option<i64>,
    /// How long the longest-waiting due job has been due, in seconds. Deliveries aside: they wait for the
    /// pace of who takes them.
    pub lag_seconds: i64,
}
