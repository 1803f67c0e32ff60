//! The meetings of one adviser, also those of weeks that no table has any more.

use api::Problem;
use api::advisers::{AdviserMeeting, AdviserMeetings};
use domain::allocation::availability::{self, MeetingRow, WEEKS_BACK};
use domain::allocation::display_name;
use http::StatusCode;
use platform::table::{self, Table};
use platform::{Context, Reply, lists, time};

use crate::asked::{Found, email, monday, needed, no_adviser};
use crate::told;

const WEEKS_BACK_BY_DEFAULT: u32 = 8;
const TABLE: Table<'_> = Table {
    name: "meetings",
    columns: &[
        "week",
        "monday",
        "date",
        "starts_at",
        "kind",
        "outcome",
        "counts",
        "title",
        "id",
    ],
};

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        let connector = query.id("connector");
        let weeks = i64::from(*WEEKS_BACK.start())..=i64::from(*WEEKS_BACK.end());
        let weeks_back = query.number("weeks_back", weeks);
        (connector, email(query), weeks_back, table::is_wanted(query))
    })?;
    asked.paging.after()?;
    let (connector, email, weeks_back, is_table) = asked.filter;
    let email = needed(email)?;
    let weeks_back = weeks_back
        .and_then(|weeks| u32::try_from(weeks).ok())
        .unwrap_or(WEEKS_BACK_BY_DEFAULT);
    let found = Found::of(context, asked.tenant, connector.as_deref()).await?;
    let connector_id = found.connector.id.clone();
    let known = found
        .known_with_meetings(context, &email, weeks_back)
        .await?;
    let gathered = &known.gathered;
    let from = monday(gathered.today, weeks_back);
    let view = gathered.view();
    let input = view.input(&[]);
    let rows = availability::meetings(&input, &gathered.settings, &email, weeks_back)
        .ok_or_else(|| no_adviser(&email))?;
    let freshness = told::freshness(&gathered.readings);
    let rows: Vec<AdviserMeeting> = rows.into_iter().map(shown).collect();
    if is_table {
        return TABLE.reply_with(&rows, &freshness);
    }
    let (data, next_cursor) = told::page(rows, &asked.paging)?;
    let answer = AdviserMeetings {
        data,
        next_cursor,
        connector_id,
        name: display_name(&email),
        email,
        from: from.to_string(),
        synced_at: freshness.synced_at,
        is_stale: freshness.is_stale,
        sources: told::sources_of(gathered),
    };
    Reply::json(StatusCode::OK, &answer)
}

fn shown(row: MeetingRow) -> AdviserMeeting {
    AdviserMeeting {
        id: row.id,
        title: row.title,
        kind: row.kind.as_str().to_owned(),
        outcome: row.outcome,
        starts_at: time::rfc3339(row.starts_at),
        date: row.date.to_string(),
        week: row.week,
        monday: row.monday.to_string(),
        counts: row.counts,
    }
}
