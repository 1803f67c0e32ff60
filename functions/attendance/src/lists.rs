//! Deltas and records.

use api::query::Query;
use api::routes::{CATEGORIES, EVENT_TYPES};
use api::{Problem, page};
use chrono::{Days, NaiveDate, NaiveTime};
use domain::access::Tenant;
use domain::attendance::delta::{Categories, Category};
use http::StatusCode;
use platform::{Context, Reply, clock, freshness, lists, problems};
use serde_json::{Map, Value};
use store::lists::{
    self as rows, AttendanceFilter, AttendanceRecordFilter, Kind, List, MAX_LIMIT, Paging,
};

use crate::own::Sight;
use crate::{STREAMS, table};

/// Days that are read when nobody says which.
const DEFAULT_DAYS: u64 = 30;
/// Days that are read at once.
const MAX_DAYS: i64 = 366;

/// The first and last day, local to where the work was.
#[derive(Clone, Debug, Default)]
pub struct Span {
    pub from: String,
    pub to: String,
}

impl Span {
    /// Takes `from` and `to` from a query; the last 30 days when nobody says.
    pub fn parse(query: &mut Query<'_>) -> Self {
        let (from, to) = (query.date("from"), query.date("to"));
        let day = |text: &Option<String>| {
            text.as_deref()
                .and_then(|text| text.parse::<NaiveDate>().ok())
        };
        let to = day(&to)
            .or_else(|| today().max(day(&from)))
            .unwrap_or_default();
        let from = day(&from)
            .or_else(|| to.checked_sub_days(Days::new(DEFAULT_DAYS.saturating_sub(1))))
            .unwrap_or_default();
        let days = to.signed_duration_since(from).num_days();
        if !(0..MAX_DAYS).contains(&days) {
            let detail = format!(
                "must be the day of `to` or one of up to {} before it",
                MAX_DAYS.saturating_sub(1)
            );
            query.refuse("from", detail);
        }
        Self {
            from: from.to_string(),
            to: to.to_string(),
        }
    }
}

/// Of the clock's day, UTC.
pub fn today() -> Option<NaiveDate> {
    NaiveDate::from_epoch_days(i32::try_from(clock::now().div_euclid(86_400)).ok()?)
}

/// Unix seconds from before which, and until after which, a local day may be.
fn around(from: Option<&str>, to: Option<&str>) -> (Option<i64>, Option<i64>) {
    let midnight = |text: Option<&str>| {
        let date: NaiveDate = text?.parse().ok()?;
        Some(date.and_time(NaiveTime::MIN).and_utc().timestamp())
    };
    (
        midnight(from).map(|at| at.saturating_sub(86_400)),
        midnight(to).map(|at| at.saturating_add(2 * 86_400)),
    )
}

const DELTA_COLUMNS: &[&str] = &[
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
];

pub async fn deltas(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        let span = Span::parse(query);
        let member = query.id("team_member_id");
        let location = query.id("location_id");
        let category = query.one_of("category", CATEGORIES);
        (span, member, location, category, table::is_wanted(query))
    })?;
    let (span, member, location, category, is_table) = &asked.filter;
    let bit = category
        .as_deref()
        .and_then(|name| name.parse::<Category>().ok())
        .map(Categories::mask);
    let filter = AttendanceFilter {
        from: Some(&span.from),
        to: Some(&span.to),
        between: around(Some(&span.from), Some(&span.to)),
        team_member_id: member.as_deref(),
        location_id: location.as_deref(),
    };
    let list = |paging: &Paging<'_>| rows::attendance_deltas(&asked.tenant, &filter, bit, paging);
    answer(
        context,
        &asked.tenant,
        &asked.paging,
        list,
        is_table.then_some(DELTA_COLUMNS),
    )
    .await
}

const RECORD_COLUMNS: &[&str] = &[
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
];

#[derive(Default)]
struct RecordsAsked {
    updated_since: Option<i64>,
    include_deleted: bool,
    from: Option<String>,
    to: Option<String>,
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
        from: query.date("from"),
        to: query.date("to"),
        team_member_id: query.id("team_member_id"),
        location_id: query.id("location_id"),
        event_type: query.one_of("event_type", EVENT_TYPES),
        is_excused: query.boolean("is_excused"),
        needs_review: query.boolean("needs_review"),
        is_table: table::is_wanted(query),
    })?;
    let sight = Sight::of(context, &asked.tenant).await?;
    let wanted = &asked.filter;
    sight.kept_to(wanted.team_member_id.as_deref())?;
    let product_ref = match &sight {
        Sight::Everybody => None,
        Sight::Own(_) => Some(context.caller()?.subject()),
    };
    let (from, to) = (wanted.from.as_deref(), wanted.to.as_deref());
    let filter = AttendanceRecordFilter {
        updated_since: wanted.updated_since,
        include_deleted: wanted.include_deleted,
        of: AttendanceFilter {
            from,
            to,
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
    let columns = wanted.is_table.then_some(RECORD_COLUMNS);
    answer(context, &asked.tenant, &asked.paging, list, columns).await
}

/// The page that was asked for, or, with columns, all pages as one table.
async fn answer(
    context: &Context,
    tenant: &Tenant,
    paging: &lists::Paging,
    list: impl Fn(&Paging<'_>) -> List,
    columns: Option<&[&str]>,
) -> Result<Reply, Problem> {
    let database = |error| problems::database(&error);
    let freshness = freshness::of(context, tenant, STREAMS).await?;
    let Some(columns) = columns else {
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
            return table::reply(columns, &all, &freshness);
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
    let freshness = freshness::of(context, tenant, STREAMS).await?;
    row.insert("synced_at".to_owned(), freshness.synced_at.into());
    row.insert("is_stale".to_owned(), freshness.is_stale.into());
    Reply::json(StatusCode::OK, &row)
}
