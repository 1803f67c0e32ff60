//! When each person can work in one week: a row for each day.

use api::Problem;
use api::attendance::AvailabilityDay;
use chrono::{Days, NaiveDate};
use domain::access::Tenant;
use domain::attendance::week::{self, Availability, Away, Day, Said};
use domain::stream::Stream;
use platform::attendance::{Ruling, Sight};
use platform::table::{self, Table};
use platform::{Context, Reply, freshness, lists, problems};
use store::attendance::answers::{self, ApprovedTimeOff, SaidAvailability};

use crate::people::{self, Wanted};

/// What a week rests on.
const RESTS_ON: &[Stream] = &[Stream::Users, Stream::Availability, Stream::TimeOff];
/// People of one page: each has seven rows.
const MAX_PEOPLE: u32 = 70;

const TABLE: Table<'_> = Table {
    name: "availability",
    columns: &[
        "employee_name",
        "date",
        "availability",
        "available_from",
        "available_to",
        "time_off_from",
        "time_off_to",
        "time_off_request_id",
        "team_member_id",
    ],
};

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        let week = query.week("week");
        let member = query.id("team_member_id");
        let location = query.id("location_id");
        (week, member, location, table::is_wanted(query))
    })?;
    let (first, member, location, is_table) = &asked.filter;
    let tenant = &asked.tenant;
    let sight = Sight::of(context, tenant).await?;
    let first: Option<NaiveDate> = first.as_deref().and_then(|day| day.parse().ok());
    let first = match first {
        Some(first) => first,
        None => Ruling::of(&context.database, tenant).await?.today,
    };
    let wanted = Wanted {
        team_member_id: member.as_deref(),
        location_id: location.as_deref(),
        limit: (!is_table).then(|| asked.paging.limit().div_ceil(7).clamp(1, MAX_PEOPLE)),
        rows: 7,
    };
    let people = people::page(context, tenant, &asked.paging, &sight, wanted).await?;
    let rows = weeks(context, tenant, first, &people.ids).await?;
    let freshness = freshness::of(context, tenant, RESTS_ON).await?;
    if *is_table {
        return TABLE.reply_with(&rows, &freshness);
    }
    asked
        .paging
        .fresh_reply(&rows, people.next.as_ref(), &freshness)
}

async fn weeks(
    context: &Context,
    tenant: &Tenant,
    first: NaiveDate,
    ids: &[String],
) -> Result<Vec<AvailabilityDay>, Problem> {
    let failed = |error| problems::database(&error);
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let last = first.checked_add_days(Days::new(6)).unwrap_or(first);
    let (from, to) = (first.to_string(), last.to_string());
    let names = answers::people_names(&context.database, tenant, &ids)
        .await
        .map_err(failed)?;
    let said = answers::availability(&context.database, tenant, &ids)
        .await
        .map_err(failed)?;
    let time_off = answers::time_off(&context.database, tenant, &ids, (&from, &to))
        .await
        .map_err(failed)?;
    let mut rows = Vec::with_capacity(ids.len().saturating_mul(7));
    for id in ids {
        let name = names
            .iter()
            .find(|person| person.id == id)
            .and_then(|person| person.name.clone());
        let of_person: Vec<Said<'_>> = said
            .iter()
            .filter(|said| said.team_member_id == id)
            .map(said_of)
            .collect();
        let away: Vec<Away<'_>> = time_off
            .iter()
            .filter(|off| off.team_member_id == id)
            .filter_map(away_of)
            .collect();
        let days = week::week(first, &of_person, &away);
        rows.extend(days.iter().map(|day| row(id, name.clone(), day)));
    }
    Ok(rows)
}

fn said_of(row: &SaidAvailability) -> Said<'_> {
    let day = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
    Said {
        day_of_week: row.day_of_week,
        is_available: row.is_available != 0,
        from: row.available_from.as_deref(),
        to: row.available_to.as_deref(),
        is_recurring: row.is_recurring != 0,
        valid_from: day(&row.valid_from),
        valid_to: day(&row.valid_to),
        specific_date: day(&row.specific_date),
        changed_seq: row.changed_seq,
    }
}

fn away_of(row: &ApprovedTimeOff) -> Option<Away<'_>> {
    let part = (row.is_partial_day != 0).then(|| {
        (
            row.partial_start.as_deref().unwrap_or("00:00:00"),
            row.partial_end.as_deref().unwrap_or("24:00:00"),
        )
    });
    Some(Away {
        id: &row.id,
        first: row.start_date.parse().ok()?,
        last: row.end_date.parse().ok()?,
        part,
    })
}

fn row(team_member_id: &str, employee_name: Option<String>, day: &Day<'_>) -> AvailabilityDay {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let (from, to) = match day.availability {
        Availability::Between(from, to) => (owned(from), owned(to)),
        _ => (None, None),
    };
    let part = day.away.as_ref().and_then(|away| away.part);
    AvailabilityDay {
        team_member_id: team_member_id.to_owned(),
        employee_name,
        date: day.date.to_string(),
        availability: day.availability.as_str().to_owned(),
        available_from: from,
        available_to: to,
        time_off_request_id: day.away.as_ref().map(|away| away.id.to_owned()),
        time_off_from: owned(part.map(|(from, _)| from)),
        time_off_to: owned(part.map(|(_, to)| to)),
    }
}
