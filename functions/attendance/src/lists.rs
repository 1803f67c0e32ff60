//! Deltas and records.

use api::days::{DaysAsked, Span};
use api::routes::{CATEGORIES, EVENT_TYPES};
use api::{Problem, page};
use chrono::{NaiveDate, NaiveTime};
use domain::access::Tenant;
use domain::attendance::delta::{Categories, Category};
use http::StatusCode;
use platform::attendance::{Ruling, STREAMS, Sight};
use platform::table::{self, Table};
use platform::{Context, Reply, freshness, lists, problems};
use serde_json::{Map, Value};
use store::lists::{
    self as rows, AttendanceFilter, AttendanceRecordFilter, Kind, List, MAX_LIMIT, Paging,
};

/// The days of a list that always has some.
async fn span(context: &Context, tenant: &Tenant, days: DaysAsked) -> Result<Span, Problem> {
    let today = match days.to {
        Some(to) => to,
        None => Ruling::of(&context.database, tenant).await?.today,
    };
    days.span(today)
}

/// Unix seconds from before which, and until after which, a local day may be.
fn around(from: Option<NaiveDate>, to: Option<NaiveDate>) -> (Option<i64>, Option<i64>) {
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc().timestamp();
    (
        from.map(|date| midnight(date).saturating_sub(86_400)),
        to.map(|date| midnight(date).saturating_add(2 * 86_400)),
    )
}

const DELTAS: Table<'_> = Table {
    name: "attendance-deltas",
    columns: &[
        "event_date",
        "employee_name",
        "location_name",
        "role_name",
        "categories",
        "scheduled_start",
        "scheduled_end",
        "actual_start",
        "actual_end",
        "scheduled_minutes",
        "worked_minutes",
        "late_minutes",
        "early_arrival_minutes",
        "late_stay_minutes",
        "early_departure_minutes",
        "delta_minutes",
        "matched_by",
        "review",
        "is_running",
        "id",
        "team_member_id",
        "schedule_shift_ids",
        "time_punch_ids",
    ],
};

pub async fn deltas(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        let days = DaysAsked::parse(query);
        let member = query.id("team_member_id");
        let location = query.id("location_id");
        let category = query.one_of("category", CATEGORIES);
        (days, member, location, category, table::is_wanted(query))
    })?;
    let (days, member, location, category, is_table) = &asked.filter;
    let Span { from, to } = span(context, &asked.tenant, *days).await?;
    let (first, last) = (from.to_string(), to.to_string());
    let bit = category
        .as_deref()
        .and_then(|name| name.parse::<Category>().ok())
        .map(Categories::mask);
    let filter = AttendanceFilter {
        from: Some(&first),
        to: Some(&last),
        between: around(Some(from), Some(to)),
        team_member_id: member.as_deref(),
        location_id: location.as_deref(),
    };
    let list = |paging: &Paging<'_>| rows::attendance_deltas(&asked.tenant, &filter, bit, paging);
    let table = is_table.then_some(&DELTAS);
    answer(context, &asked.tenant, &asked.paging, list, table).await
}

const RECORDS: Table<'_> = Table {
    name: "attendance-records",
    columns: &[
        "event_date",
        "employee_name",
        "location_name",
        "role_name",
        "event_type",
        "minutes",
        "points",
        "points_assessed",
        "is_excused",
        "explanation",
        "note",
        "resolution",
        "resolved_by",
        "resolved_at",
        "review",
        "scheduled_start",
        "scheduled_end",
        "actual_start",
        "actual_end",
        "delta_minutes",
        "policy_version",
        "id",
        "team_member_id",
        "schedule_shift_ids",
        "time_punch_ids",
        "time_off_request_id",
        "deleted_at",
    ],
};

#[derive(Default)]
struct RecordsAsked {
    updated_since: Option<i64>,
    include_deleted: bool,
    days: DaysAsked,
    team_member_id: Option<String>,
    location_id: Option<String>,
    event_type: Option<String>,
    is_excused: Option<bool>,
    needs_review: Option<bool>,
    is_table: bool,
}

pub async fn records(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| RecordsAsked {
        updated_since: query.time("updated_since"),
        include_deleted: query.boolean("include_deleted").unwrap_or(false),
        days: DaysAsked::parse(query),
        team_member_id: query.id("team_member_id"),
        location_id: query.id("location_id"),
        event_type: query.one_of("event_type", EVENT_TYPES),
        is_excused: query.boolean("is_excused"),
        needs_review: query.boolean("needs_review"),
        is_table: table::is_wanted(query),
    })?;
    let sight = Sight::of(context, &asked.tenant).await?;
    let wanted = &asked.filter;
    sight.check(wanted.team_member_id.as_deref())?;
    let product_ref = match &sight {
        Sight::Everybody => None,
        Sight::Own(_) => Some(context.caller()?.subject()),
    };
    let DaysAsked { from, to } = wanted.days;
    let day = |date: Option<NaiveDate>| date.map(|date| date.to_string());
    let (first, last) = (day(from), day(to));
    let filter = AttendanceRecordFilter {
        updated_since: wanted.updated_since,
        include_deleted: wanted.include_deleted,
        of: AttendanceFilter {
            from: first.as_deref(),
            to: last.as_deref(),
            between: around(from, to),
            team_member_id: wanted.team_member_id.as_deref(),
            location_id: wanted.location_id.as_deref(),
        },
        event_type: wanted.event_type.as_deref(),
        is_excused: wanted.is_excused,
        needs_review: wanted.needs_review,
        product_ref,
    };
    let list = |paging: &Paging<'_>| rows::attendance_records(&asked.tenant, &filter, paging);
    let table = wanted.is_table.then_some(&RECORDS);
    answer(context, &asked.tenant, &asked.paging, list, table).await
}

/// The page that was asked for, or all pages as one table.
async fn answer(
    context: &Context,
    tenant: &Tenant,
    paging: &lists::Paging,
    list: impl Fn(&Paging<'_>) -> List,
    as_table: Option<&Table<'_>>,
) -> Result<Reply, Problem> {
    let database = |error| problems::database(&error);
    let freshness = freshness::of_decided(context, tenant, STREAMS, &[]).await?;
    let Some(as_table) = as_table else {
        let after = paging.after()?;
        let asked = Paging {
            limit: paging.limit(),
            after: after.as_ref(),
        };
        let found = list(&asked)
            .read(&context.database)
            .await
            .map_err(database)?;
        let cursor = found.next.as_ref().map(|key| paging.cursor(key));
        let body = page::to_fresh_json(&found.data_json, cursor.as_deref(), &freshness);
        return Ok(Reply::json_bytes(StatusCode::OK, body));
    };
    let mut all: Vec<Map<String, Value>> = Vec::new();
    let mut after = paging.after()?;
    loop {
        let asked = Paging {
            limit: MAX_LIMIT,
            after: after.as_ref(),
        };
        let found = list(&asked)
            .read(&context.database)
            .await
            .map_err(database)?;
        all.extend(table::rows(&found.data_json)?);
        table::check(all.len())?;
        after = found.next;
        if after.is_none() {
            return as_table.reply(&all, &freshness);
        }
    }
}

pub async fn record(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id(RECORD)?;
    one(context, &tenant, &id).await
}

/// What a record is called in errors.
pub const RECORD: &str = "attendance record";

/// One record, with how current it is.
///
/// # Errors
/// 404, also for somebody else's record where only one's own may be seen.
pub async fn one(context: &Context, tenant: &Tenant, id: &str) -> Result<Reply, Problem> {
    let sight = Sight::of(context, tenant).await?;
    let row = lists::row(
        &context.database,
        tenant,
        Kind::AttendanceRecord,
        id,
        RECORD,
    )
    .await?;
    let mut row: Map<String, Value> =
        serde_json::from_str(&row).map_err(|error| problems::internal(&error.to_string()))?;
    let member = row.get("team_member_id").and_then(Value::as_str);
    if !member.is_some_and(|member| sight.has(member)) {
        return Err(Problem::not_found(RECORD));
    }
    let freshness = freshness::of_decided(context, tenant, STREAMS, &[]).await?;
    row.insert("synced_at".to_owned(), freshness.synced_at.into());
    row.insert("is_stale".to_owned(), freshness.is_stale.into());
    Reply::json(StatusCode::OK, &row)
}
