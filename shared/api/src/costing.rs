//! Labour cost: what an hour of a role costs, what work costs by it, and what was planned and worked.

use serde::{Deserialize, Serialize};
use serde_json::Number;

use crate::freshness::Freshness;

/// What a price rests on: `role`, the role's own rate; `blended`, the average of all rates that the caller
/// may see, by people; `location_average`, the same by the people of one location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PriceBasis {
    Role,
    Blended,
    LocationAverage,
}

impl From<domain::labor_cost::Basis> for PriceBasis {
    fn from(basis: domain::labor_cost::Basis) -> Self {
        use domain::labor_cost::Basis;
        match basis {
            Basis::Role => Self::Role,
            Basis::Blended => Self::Blended,
            Basis::LocationAverage => Self::LocationAverage,
        }
    }
}

/// What an hour of a role costs today.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LaborRate {
    /// The role's name. Roles of one name, whatever its case, are one, wherever they are.
    pub role: String,
    /// Of all roles of the name.
    pub role_ids: Vec<String>,
    /// The average of what the people in the role earn an hour, in cents, halves upwards; wages of 0 and people
    /// of disconnected connectors do not count. Of a role that is withheld the blended rate. Null: nobody is paid
    /// by the hour for it, or no rate may be seen at all. Without the scope `wages:read` whole 25 cents, here and
    /// wherever a price is computed from it.
    pub rate_cents: Option<i64>,
    pub basis: Option<PriceBasis>,
    /// Null without the scope `wages:read`.
    pub minimum_cents: Option<i64>,
    pub maximum_cents: Option<i64>,
    /// People who are paid by the hour for the role itself, whatever `basis` says: behind a blended rate there
    /// are others, whom `head_count` of a priced item counts. Where a connector has one or two of them the rate is
    /// withheld from whoever lacks `wages:read`, and so is one that would give such a rate away.
    pub head_count: u32,
    /// The day that the rates are of: by wages that have come into effect.
    pub rate_date: String,
}

/// Work to price.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PriceLabor {
    /// What the items are of; only repeated in the answer.
    pub kind: Option<WorkKind>,
    /// Our id, from `/api/locations`: whose average prices what has no rate of its own.
    pub location_id: Option<String>,
    /// From 1 to 500.
    #[serde(deserialize_with = "crate::body::objects")]
    pub items: Vec<WorkItem>,
    /// What becomes of roles that are not known, or that nobody is paid by the hour for: `error`, or
    /// `location_average`, for which `location_id` is needed.
    #[serde(default)]
    pub unknown_roles: UnknownRoles,
    /// From 0 to 1,000,000,000,000.
    pub ingredient_cost_cents: Option<i64>,
    /// From 0 to 1,000,000,000,000.
    pub menu_price_cents: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    Recipe,
    PrepList,
    Tasks,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownRoles {
    #[default]
    Error,
    LocationAverage,
}

#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WorkItem {
    /// A role's name, whatever its case, or our id of a role.
    pub role: String,
    /// Of one batch, from 0 to 100,000 with at most two decimals. Read as a double: digits beyond its precision are
    /// not seen.
    pub minutes: Number,
    /// From 0.01 to 10,000 with at most two decimals, read as `minutes` is; 1 when left out.
    pub batches: Option<Number>,
    /// Only repeated in the answer.
    pub name: Option<String>,
}

/// What work costs. Each item is rounded to whole cents, halves upwards; the total is the sum of the items.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LaborPrice {
    pub kind: Option<WorkKind>,
    pub location_id: Option<String>,
    pub items: Vec<PricedItem>,
    pub labor_cost_cents: i64,
    pub ingredient_cost_cents: Option<i64>,
    pub menu_price_cents: Option<i64>,
    /// Ingredients and labour. Null without `ingredient_cost_cents`.
    pub total_cost_cents: Option<i64>,
    /// Labour of the total cost, in percent to two decimals. Null where there is no total, or it is 0.
    pub labor_share_percent: Option<f64>,
    /// Ingredients of the menu price. Null where one of them is not given, or the price is 0.
    pub food_cost_percent: Option<f64>,
    /// Ingredients and labour of the menu price.
    pub food_cost_with_labor_percent: Option<f64>,
    #[serde(flatten)]
    pub freshness: Freshness,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PricedItem {
    pub name: Option<String>,
    /// As the organization has it, or as it was sent where it is not known.
    pub role: String,
    pub minutes: Number,
    pub batches: Number,
    /// An hour; in whole 25 cents without the scope `wages:read`.
    pub rate_cents: i64,
    pub basis: PriceBasis,
    /// The people whose rates `rate_cents` is made of: those of the role where `basis` is `role`; behind an average
    /// everybody whose rate went into it, once in each of their roles, and not the people of this role, whom
    /// `GET /api/costing/rates` counts.
    pub head_count: u32,
    pub rate_date: String,
    pub cost_cents: i64,
}

/// Scheduled and actual labour of what began on one local day: that of the location's zone, or else of the
/// organization's. Priced by today's rates of the roles, never by anybody's wage.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct DailyLaborCost {
    pub date: String,
    /// Sums of the items.
    #[serde(flatten)]
    pub total: LaborFigures,
    /// Minutes of items without a price, which are in no cost.
    pub unpriced_scheduled_minutes: i64,
    pub unpriced_actual_minutes: i64,
    /// By the names of location and role.
    pub items: Vec<DailyLaborItem>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct DailyLaborItem {
    /// Null: the location is not known.
    pub location_id: Option<String>,
    pub location_name: Option<String>,
    /// Null: it is not said, or not known. Then the location's average is the price.
    pub role: Option<String>,
    /// An hour; in whole 25 cents without the scope `wages:read`. Null: no rate may be seen that could be its price.
    pub rate_cents: Option<i64>,
    pub basis: Option<PriceBasis>,
    #[serde(flatten)]
    pub figures: LaborFigures,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct LaborFigures {
    /// Start to end less unpaid breaks, of published shifts that are somebody's. A shift until closing counts to
    /// the end that was entered for it.
    pub scheduled_minutes: i64,
    /// In to out less unpaid breaks, of punches that have ended.
    pub actual_minutes: i64,
    /// Null: without a price.
    pub scheduled_cost_cents: Option<i64>,
    pub actual_cost_cents: Option<i64>,
    /// Those of these shifts that last until closing: their minutes are an estimate.
    pub shifts_until_close: i64,
    /// People on the clock now, whose minutes are not counted yet.
    pub running_punches: i64,
}
