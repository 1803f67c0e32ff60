//! When each adviser has room for another client.

use api::Problem;
use api::advisers::{EarliestWeek, EarliestWeeks, ShownLimit};
use domain::allocation::availability::{self, EarliestRow};
use domain::allocation::reason::LeftOutBecause;
use domain::allocation::week::Week;
use http::StatusCode;
use platform::advisers::Wanted;
use platform::table::{self, Table};
use platform::{Context, Reply, lists};
use serde_json::json;

use crate::asked::{Asked, Found};
use crate::told;

const TABLE: Table<'_> = Table {
    name: "earliest-weeks",
    columns: &[
        "email",
        "service_packages",
        "household_types",
        "pod_type",
        "client_monthly_limit",
        "earliest_open_week",
        "earliest_label",
        "name",
        "taking_on_clients",
        "limit_override",
        "limit_override_from",
        "found",
        "because",
        "unknown",
    ],
};

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        let asked = Asked::parse(query);
        let include_no = query.boolean("include_no").unwrap_or(false);
        (asked, include_no, table::is_wanted(query))
    })?;
    asked.paging.after()?;
    let (wanted, include_no, is_table) = asked.filter;
    let found = Found::of(context, asked.tenant, wanted.connector.as_deref()).await?;
    let connector_id = found.connector.id.clone();
    let lists = if wanted.is_computed {
        &Wanted::TO_LOOK
    } else {
        &Wanted::USERS
    };
    let known = found.known(context, lists).await?;
    let gathered = &known.gathered;
    let agreement_start = wanted.agreement_start.unwrap_or(gathered.today);
    let (view, allocations) = (gathered.view(), known.allocations());
    let input = view.input(&allocations);
    let settings = &gathered.settings;
    let rows = availability::earliest_weeks(&input, settings, Some(agreement_start), include_no);
    let mut rows: Vec<EarliestWeek> = rows
        .into_iter()
        .map(|row| shown(row, wanted.is_computed))
        .collect();
    if !wanted.is_computed {
        rows.sort_by(|one, other| one.email.cmp(&other.email));
    }
    let freshness = told::freshness(&gathered.readings);
    if is_table {
        let rows: Vec<_> = rows.iter().map(cells).collect();
        return TABLE.reply_with(&rows, &freshness);
    }
    let (data, next_cursor) = told::page(rows, &asked.paging)?;
    Reply::json(
        StatusCode::OK,
        &EarliestWeeks {
            data,
            next_cursor,
            connector_id,
            today: gathered.today.to_string(),
            agreement_start_date: agreement_start.to_string(),
            is_computed: wanted.is_computed,
            synced_at: freshness.synced_at,
            is_stale: freshness.is_stale,
            sources: told::sources_of(gathered),
        },
    )
}

/// Without weeks nothing of them is told.
fn shown(row: EarliestRow, is_computed: bool) -> EarliestWeek {
    let week = row.earliest_open_week.filter(|_| is_computed);
    let because = row.because.filter(|_| is_computed);
    EarliestWeek {
        email: row.email,
        name: row.name,
        service_packages: row.service_packages,
        household_types: row.household_types,
        pod_type: row.pod_type,
        taking_on_clients: row.taking_on_clients,
        client_monthly_limit: row.client_monthly_limit,
        limit_override: row.limit_override.map(|shown| ShownLimit {
            client_limit_monthly: shown.monthly,
            effective_week: shown.from.to_string(),
            is_active: shown.is_active,
        }),
        earliest_open_week: week.as_ref().map(ToString::to_string),
        earliest_label: week.map(Week::label),
        found: row
            .found
            .filter(|_| is_computed)
            .map(|found| found.as_str().to_owned()),
        because: because.map(|because| because.as_str().to_owned()),
        detail: because.map(detail),
        unknown: if is_computed {
            told::names(&row.unknown)
        } else {
            Vec::new()
        },
    }
}

/// Why somebody has no week, for a person.
pub fn detail(because: LeftOutBecause) -> String {
    because.detail().to_owned()
}

fn cells(row: &EarliestWeek) -> serde_json::Value {
    let shown = row.limit_override.as_ref();
    json!({
        "email": row.email,
        "service_packages": row.service_packages,
        "household_types": row.household_types,
        "pod_type": row.pod_type,
        "client_monthly_limit": row.client_monthly_limit,
        "earliest_open_week": row.earliest_open_week,
        "earliest_label": row.earliest_label,
        "name": row.name,
        "taking_on_clients": row.taking_on_clients,
        "limit_override": shown.map(|shown| shown.client_limit_monthly),
        "limit_override_from": shown.map(|shown| &shown.effective_week),
        "found": row.found,
        "because": row.because,
        "unknown": row.unknown,
    })
}
