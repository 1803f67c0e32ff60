//! The records, for people who look.

use api::allocation::deals::{AllocationCounts, AllocationOfDeal};
use api::body::checked_email;
use api::freshness::Freshness;
use api::query::Query;
use api::routes::ALLOCATION_STATES;
use api::{Problem, page};
use http::StatusCode;
use platform::table::{self, Table};
use platform::{Context, Reply, clock, lists, problems};
use serde_json::{Map, Value, json};
use store::allocation::records::{self, Counted};
use store::lists::{self as rows, AllocationFilter, Kind, MAX_LIMIT, Paging};

const WHAT: &str = "allocation";
const DAY_SECONDS: i64 = 86_400;
/// The history, unless it is said otherwise: so many days, in pages of so many.
const DAYS: i64 = 30;
const MAX_DAYS: i64 = 730;
const PAGE: i64 = 25;
const PAGES: std::ops::RangeInclusive<i64> = 5..=200;

/// What the history and the list are narrowed by.
#[derive(Default)]
struct Asked {
    status: Option<String>,
    deal_id: Option<String>,
    adviser_email: Option<String>,
    connector_id: Option<String>,
    is_live: bool,
}

impl Asked {
    fn parse(query: &mut Query<'_>) -> Self {
        Self {
            status: query.one_of("status", ALLOCATION_STATES),
            deal_id: query.text("deal"),
            adviser_email: adviser(query),
            connector_id: None,
            is_live: false,
        }
    }

    fn filter(&self, received_from: Option<i64>) -> AllocationFilter<'_> {
        AllocationFilter {
            status: self.status.as_deref(),
            deal_id: self.deal_id.as_deref(),
            adviser_email: self.adviser_email.as_deref(),
            connector_id: self.connector_id.as_deref(),
            received_from,
            is_live: self.is_live,
        }
    }
}

/// As addresses are stored: trimmed, in lower case.
fn adviser(query: &mut Query<'_>) -> Option<String> {
    const NAME: &str = "adviser";
    let text = query.text(NAME)?;
    let mut errors = Vec::new();
    let email = checked_email(NAME, &text, &mut errors).to_lowercase();
    for error in errors {
        query.refuse(NAME, error.detail);
    }
    Some(email)
}

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    lists::Asked::parse(context, |query| {
        let connector_id = query.id("connector_id");
        let is_live = query.boolean("is_live").unwrap_or(false);
        Asked {
            connector_id,
            is_live,
            ..Asked::parse(query)
        }
    })?
    .reply(context, |asked, paging| {
        rows::allocations(&asked.tenant, &asked.filter.filter(None), paging)
    })
    .await
}

/// A record with all that its decision rested on, and the other records of its deal.
pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id(WHAT)?;
    let database = &context.database;
    let row = lists::row(database, &tenant, Kind::Allocation, &id, WHAT).await?;
    let failed = |error| problems::database(&error);
    let decision = records::explanation(database, &tenant, &id)
        .await
        .map_err(failed)?;
    let parsed: Map<String, Value> =
        serde_json::from_str(&row).map_err(|error| problems::internal(&error.to_string()))?;
    let deal_id = parsed.get("deal_id").and_then(Value::as_str);
    let filter = AllocationFilter {
        deal_id,
        connector_id: parsed.get("connector_id").and_then(Value::as_str),
        ..AllocationFilter::default()
    };
    let history = rows::allocations(&tenant, &filter, &Paging::default())
        .read(database)
        .await
        .map_err(failed)?;
    let history: Vec<AllocationOfDeal> = table::rows(&history.data_json)?
        .iter()
        .map(of_deal)
        .collect();
    let history =
        serde_json::to_string(&history).map_err(|error| problems::internal(&error.to_string()))?;
    let decision = decision.as_deref().unwrap_or("null");
    // Large, and JSON already.
    let body = format!("{{\"allocation\":{row},\"decision\":{decision},\"history\":{history}}}");
    Ok(Reply::json_bytes(StatusCode::OK, body.into_bytes()))
}

fn of_deal(row: &Map<String, Value>) -> AllocationOfDeal {
    let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
    AllocationOfDeal {
        id: text("id").unwrap_or_default(),
        timestamp: text("timestamp").unwrap_or_default(),
        source: text("source").unwrap_or_default(),
        status: text("status").unwrap_or_default(),
        is_live: row
            .get("is_live")
            .and_then(Value::as_bool)
            .unwrap_or_default(),
        adviser_email: text("adviser_email"),
        reason: text("reason"),
    }
}

const HISTORY: Table<'_> = Table {
    name: "allocations",
    columns: &[
        "timestamp",
        "deal_id",
        "client_email",
        "adviser_email",
        "adviser_name",
        "adviser_hubspot_id",
        "adviser_service_packages",
        "adviser_household_types",
        "service_package",
        "service_package_raw",
        "household_type",
        "household_type_raw",
        "agreement_start_date",
        "agreement_start_raw",
        "allocation_result",
        "earliest_week",
        "status",
        "source",
        "reason",
        "error_message",
        "requested_by",
        "is_live",
        "decided_at",
        "written_at",
        "ip_address",
        "user_agent",
        "id",
    ],
};

/// The last days, with how many there are; as a table all of them.
pub async fn history(context: &Context) -> Result<Reply, Problem> {
    let mut query = Query::parse(&context.query);
    let named = query.id("organization_id");
    let limit = query.number("limit", PAGES).unwrap_or(PAGE);
    let days = query.number("days", 1..=MAX_DAYS).unwrap_or(DAYS);
    let paging = lists::Paging::parse(context, &mut query);
    let asked = Asked::parse(&mut query);
    let is_table = table::is_wanted(&mut query);
    query.finish()?;
    let tenant = context.tenant(named.as_deref())?;
    let from = clock::now().saturating_sub(days.saturating_mul(DAY_SECONDS));
    let failed = |error| problems::database(&error);
    let database = &context.database;
    let mut after = paging.after()?;
    if is_table {
        let mut all: Vec<Map<String, Value>> = Vec::new();
        loop {
            let place = Paging {
                limit: MAX_LIMIT,
                after: after.as_ref(),
            };
            let found = rows::allocations(&tenant, &asked.filter(Some(from)), &place)
                .read(database)
                .await
                .map_err(failed)?;
            all.extend(table::rows(&found.data_json)?);
            table::check(all.len())?;
            after = found.next;
            if after.is_none() {
                // It is ours, and as current as it can be.
                return HISTORY.reply(&all, &Freshness::default());
            }
        }
    }
    let place = Paging {
        limit: u32::try_from(limit).unwrap_or(MAX_LIMIT),
        after: after.as_ref(),
    };
    let found = rows::allocations(&tenant, &asked.filter(Some(from)), &place)
        .read(database)
        .await
        .map_err(failed)?;
    let counted = Counted {
        from,
        deal_id: asked.deal_id.as_deref(),
        adviser_email: asked.adviser_email.as_deref(),
    };
    let counts = records::counts(database, &tenant, counted)
        .await
        .map_err(failed)?;
    let counts = AllocationCounts {
        total: counts
            .received
            .saturating_add(counts.completed)
            .saturating_add(counts.failed),
        received: counts.received,
        completed: counts.completed,
        failed: counts.failed,
    };
    let cursor = found.next.as_ref().map(|key| paging.cursor(key));
    let mut body = page::to_json(&found.data_json, cursor.as_deref());
    body.pop();
    body.extend_from_slice(format!(",\"counts\":{}}}", json!(counts)).as_bytes());
    Ok(Reply::json_bytes(StatusCode::OK, body))
}
