//! The weeks of one adviser.

use api::Problem;
use api::advisers::{AdviserSchedule, ScheduleWeek};
use api::query::Query;
use domain::allocation::availability;
use domain::allocation::week::Week;
use http::StatusCode;
use platform::advisers::Wanted;
use platform::table::{self, Table};
use platform::{Context, Reply};

use crate::asked::{Asked, Found, email, needed, no_adviser};
use crate::{earliest, told};

const TABLE: Table<'_> = Table {
    name: "schedule",
    columns: &[
        "week",
        "monday",
        "clarify_count",
        "ooo",
        "deal_no_clarify",
        "target",
        "actual",
        "difference",
        "kick_off_count",
        "is_earliest",
    ],
};

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let mut query = Query::parse(&context.query);
    let organization_id = query.id("organization_id");
    let asked = Asked::parse(&mut query);
    let email = email(&mut query);
    let is_table = table::is_wanted(&mut query);
    query.finish()?;
    let tenant = context.tenant(organization_id.as_deref())?;
    let email = needed(email)?;
    let found = Found::of(context, tenant, asked.connector.as_deref()).await?;
    let connector_id = found.connector.id.clone();
    let lists = if asked.is_computed {
        &Wanted::TO_LOOK
    } else {
        &Wanted::USERS
    };
    let known = found.known(context, lists).await?;
    let gathered = &known.gathered;
    let agreement_start = asked.agreement_start.unwrap_or(gathered.today);
    let (view, allocations) = (gathered.view(), known.allocations());
    let input = view.input(&allocations);
    let schedule =
        availability::schedule(&input, &gathered.settings, &email, Some(agreement_start))
            .ok_or_else(|| no_adviser(&email))?;
    let because = schedule.because.filter(|_| asked.is_computed);
    let week = schedule.earliest_open_week.filter(|_| asked.is_computed);
    let mut weeks = Vec::new();
    if asked.is_computed {
        weeks.extend(schedule.weeks.into_iter().map(|row| ScheduleWeek {
            week: row.week,
            monday: row.monday.to_string(),
            clarify_count: row.clarify_count,
            kick_off_count: row.kick_off_count,
            ooo: row.ooo.to_string(),
            deal_no_clarify: row.deal_no_clarify,
            target: row.target,
            actual: row.actual,
            difference: row.difference,
            is_earliest: row.is_earliest,
        }));
    }
    let freshness = told::freshness(&gathered.readings);
    if is_table {
        return TABLE.reply_with(&weeks, &freshness);
    }
    let answer = AdviserSchedule {
        connector_id,
        email: schedule.email,
        name: schedule.name,
        today: gathered.today.to_string(),
        agreement_start_date: agreement_start.to_string(),
        is_computed: asked.is_computed,
        earliest_open_week: week.as_ref().map(ToString::to_string),
        earliest_label: week.map(Week::label),
        found: schedule
            .found
            .filter(|_| asked.is_computed)
            .map(|found| found.as_str().to_owned()),
        because: because.map(|because| because.as_str().to_owned()),
        detail: because.map(earliest::detail),
        unknown: if asked.is_computed {
            told::names(&schedule.unknown)
        } else {
            Vec::new()
        },
        undated_deals: schedule.undated_deals,
        weeks,
        synced_at: freshness.synced_at,
        is_stale: freshness.is_stale,
        sources: told::sources_of(gathered),
    };
    Reply::json(StatusCode::OK, &answer)
}
