//! Sick leave of each person in one year.

use api::Problem;
use api::attendance::SickLeave;
use chrono::{Datelike as _, NaiveDate};
use domain::access::Tenant;
use domain::attendance::policy::SickLeavePolicy;
use domain::attendance::sick_leave::{self, Ledger, SickTime, Year};
use domain::stream::Stream;
use platform::attendance::{Ruling, Sight};
use platform::table::{self, Table};
use platform::{Context, Reply, freshness, lists, problems};
use store::attendance::answers::{self, ApprovedTimeOff};

use crate::people::{self, Wanted};

/// What sick leave rests on.
const RESTS_ON: &[Stream] = &[Stream::Users, Stream::TimeOff];
/// A whole day of a person whose provider says no hours, in minutes.
const DAY_MINUTES: i64 = 8 * 60;

const TABLE: Table<'_> = Table {
    name: "sick-leave",
    columns: &[
        "employee_name",
        "year",
        "from",
        "to",
        "entitled_days",
        "used_days",
        "booked_days",
        "remaining_days",
        "over_days",
        "entitled_from",
        "team_member_id",
    ],
};

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        let year = query.number("year", 1..=9_998);
        let member = query.id("team_member_id");
        let location = query.id("location_id");
        (year, member, location, table::is_wanted(query))
    })?;
    let (year, member, location, is_table) = &asked.filter;
    let tenant = &asked.tenant;
    let sight = Sight::of(context, tenant).await?;
    let ruling = Ruling::of(&context.database, tenant).await?;
    let policy = &ruling.policy()?.sick_leave;
    let today = ruling.today;
    let number = year
        .and_then(|year| i32::try_from(year).ok())
        .unwrap_or_else(|| sick_leave::year_of(policy, today));
    let year = sick_leave::year(policy, number)
        .ok_or_else(|| Problem::field("year", "must be a year of the calendar"))?;
    let wanted = Wanted {
        team_member_id: member.as_deref(),
        location_id: location.as_deref(),
        limit: (!is_table).then(|| asked.paging.limit()),
        rows: 1,
    };
    let people = people::page(context, tenant, &asked.paging, &sight, wanted).await?;
    let rows = ledgers(context, tenant, policy, (number, year), &people.ids, today).await?;
    let freshness = freshness::of(context, tenant, RESTS_ON).await?;
    if *is_table {
        return TABLE.reply_with(&rows, &freshness);
    }
    asked
        .paging
        .fresh_reply(&rows, people.next.as_ref(), &freshness)
}

async fn ledgers(
    context: &Context,
    tenant: &Tenant,
    policy: &SickLeavePolicy,
    (number, year): (i32, Year),
    ids: &[String],
    today: NaiveDate,
) -> Result<Vec<SickLeave>, Problem> {
    let failed = |error| problems::database(&error);
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let names = answers::people_names(&context.database, tenant, &ids)
        .await
        .map_err(failed)?;
    let (from, to) = (year.first.to_string(), year.last.to_string());
    let time_off = answers::time_off(&context.database, tenant, &ids, (&from, &to))
        .await
        .map_err(failed)?;
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(person) = names.iter().find(|person| person.id == id) else {
            continue;
        };
        let taken: Vec<SickTime> = time_off
            .iter()
            .filter(|row| row.team_member_id == id && row.category == policy.category.as_str())
            .filter_map(sick_time)
            .collect();
        let hired = person.hire_date.as_deref().and_then(|day| day.parse().ok());
        let ledger = sick_leave::ledger(policy, year, hired, &taken, today);
        rows.push(row(person, number, year, &ledger));
    }
    Ok(rows)
}

fn sick_time(row: &ApprovedTimeOff) -> Option<SickTime> {
    Some(SickTime {
        first: row.start_date.parse().ok()?,
        last: row.end_date.parse().ok()?,
        part: (row.is_partial_day != 0).then(|| part(row)).flatten(),
    })
}

/// How much of a day a part is, in hundredths.
fn part(row: &ApprovedTimeOff) -> Option<u32> {
    let time = |text: Option<&str>| text.and_then(|text| text.parse::<chrono::NaiveTime>().ok());
    let from = time(row.partial_start.as_deref())?;
    let to = time(row.partial_end.as_deref())?;
    let minutes = to.signed_duration_since(from).num_minutes().max(0);
    let hundredths = minutes.saturating_mul(100).checked_div(DAY_MINUTES)?;
    u32::try_from(hundredths.min(100)).ok()
}

fn row(person: &answers::PersonName, number: i32, year: Year, ledger: &Ledger) -> SickLeave {
    let days = |hundredths: i64| {
        // Two decimals, which print as they are.
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
            .parse()
            .unwrap_or_default()
    };
    debug_assert!(year.first.year() >= number);
    SickLeave {
        team_member_id: person.id.clone(),
        employee_name: person.name.clone(),
        year: i64::from(number),
        from: year.first.to_string(),
        to: year.last.to_string(),
        entitled_days: days(ledger.entitled),
        used_days: days(ledger.used),
        booked_days: days(ledger.booked),
        remaining_days: days(ledger.remaining),
        over_days: days(ledger.over),
        entitled_from: ledger.entitled_from.map(|day| day.to_string()),
    }
}
