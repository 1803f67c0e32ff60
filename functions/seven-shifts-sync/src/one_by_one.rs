//! Records that are asked for one by one, by their ids: those in quarantine, which are read as soon
//! as they can be, though nobody changes them at the provider; and those that a complete list does
//! not have, for a list that is cut short must not delete what is there. What 7shifts does not have
//! when it is asked for, or has in another location, is deleted.

use std::collections::BTreeSet;

use domain::stream::Stream;
use platform::seven_shifts::checkpoint::Pass;
use platform::seven_shifts::{Failure, FailureKind, call, records};
use providers::Rejected;
use store::records::{self as rows, Resource, Sweep, Window};

use crate::fetch::{Fetched, Records, Source, Unread, date, is_second_face, reasons_of};

/// Records of one page.
const RECORDS_PER_PAGE: u32 = 10;
/// An availability is a row for each day of the week.
const ROWS_OF_A_WEEK: u32 = 7;
/// Records in quarantine of one run: the rest waits for the next complete pass.
const MAX_QUARANTINED: usize = 50;
/// Records that one pass asks for because the list lacks them: each is a request. The rest waits for
/// the next one.
const MAX_MISSING: usize = 300;
const SECONDS_OF_A_DAY: i64 = 86_400;

/// The records in quarantine after the one of the cursor.
///
/// # Errors
/// As [`crate::fetch::page`].
pub async fn quarantined(source: Source<'_>, cursor: Option<&str>) -> Result<Fetched, Failure> {
    let (after, before) = place(cursor);
    let ids = rows::quarantined_numbers(
        source.account.line.database,
        &source.scope,
        source.stream,
        after,
        RECORDS_PER_PAGE,
    )
    .await?;
    let found = ask(source, &ids).await?;
    let count = before.saturating_add(ids.len());
    let has_more = found.is_cut || is_full(ids.len(), RECORDS_PER_PAGE) && count < MAX_QUARANTINED;
    let is_there = |id: &i64| {
        let text = id.to_string();
        found.records.ids().contains(&text.as_str())
            || found.unreadable.iter().any(|(unread, _)| unread == id)
    };
    Ok(Fetched {
        received: found.records.ids().len(),
        gone: found
            .answered(&ids)
            .iter()
            .filter(|id| !is_there(id))
            .map(i64::to_string)
            .collect(),
        next: found
            .last
            .filter(|_| has_more)
            .map(|last| format!("{last} {count}")),
        asked: ids.iter().map(i64::to_string).collect(),
        kept: found
            .unreadable
            .into_iter()
            .map(|(id, _)| id.to_string())
            .collect(),
        ..Fetched::of(found.records)
    })
}

/// The last id and how many were asked for before, of a cursor.
fn place(cursor: Option<&str>) -> (&str, usize) {
    cursor
        .and_then(|cursor| cursor.split_once(' '))
        .and_then(|(id, count)| Some((id, count.parse().ok()?)))
        .unwrap_or_default()
}

/// The records after the one of the cursor that are in our table and that the complete list of this
/// pass does not have. What is not there when it is asked for is gone.
///
/// # Errors
/// As [`crate::fetch::page`].
pub async fn missing(
    source: Source<'_>,
    pass: &Pass,
    cursor: Option<&str>,
) -> Result<Fetched, Failure> {
    let database = source.account.line.database;
    let resource = Resource::of(source.stream);
    let location = source.location_id.map(|id| id.to_string());
    let (after, before) = place(cursor);
    let sweep = Sweep {
        resource,
        pass_id: &pass.run_id,
        window: window(pass, resource, location.as_deref()),
        after: Some(after),
    };
    let nothing = || Fetched::of(Records::none(source.stream));
    // A record without an id may be any of those: nothing is deleted, so nothing has to be asked.
    if pass.unidentified > 0 {
        return Ok(nothing());
    }
    let rows_per_page = match source.stream {
        Stream::Availability => RECORDS_PER_PAGE * ROWS_OF_A_WEEK,
        _ => RECORDS_PER_PAGE,
    };
    let mut absent = rows::absent_ids(database, &source.scope, &sweep, rows_per_page).await?;
    let is_full = is_full(absent.len(), rows_per_page);
    // The rows of a week are one record.
    let mut ids: Vec<i64> = absent.iter().filter_map(|id| number(id)).collect();
    ids.dedup();
    let mut found = ask(source, &ids).await?;
    // What has moved beyond the days that are kept is as good as gone.
    if let (Some(to), Records::Shifts(shifts)) = (pass.window_to, &mut found.records) {
        shifts.retain(|shift| shift.starts_at < to);
    }
    if let Some(last) = found.last.filter(|_| found.is_cut) {
        let reached = absent.iter().rposition(|id| number(id) == Some(last));
        absent.truncate(reached.map_or(0, |index| index.saturating_add(1)));
        ids.truncate(found.answered(&ids).len());
    }
    let count = before.saturating_add(ids.len());
    let has_more = (found.is_cut || is_full) && count < MAX_MISSING;
    let unread_as = match source.stream {
        Stream::Availability => Unread::of_week,
        _ => Unread::of_row,
    };
    let rejected = found.unreadable.into_iter().map(|(id, reason)| Rejected {
        external_id: Some(id.to_string()),
        reason,
    });
    let unread: Vec<_> = rejected.map(unread_as).collect();
    let there: BTreeSet<&str> = found
        .records
        .ids()
        .into_iter()
        .chain(
            unread
                .iter()
                .flat_map(|unread| &unread.rows)
                .map(String::as_str),
        )
        .collect();
    let gone = absent
        .iter()
        .filter(|id| number(id).is_some() && !there.contains(id.as_str()))
        .cloned()
        .collect();
    Ok(Fetched {
        received: found.records.ids().len().saturating_add(unread.len()),
        next: absent
            .last()
            .filter(|_| has_more)
            .map(|last| format!("{last} {count}")),
        left_out: belonging(&found.records, sweep.window),
        gone,
        asked: absent,
        unread,
        ..Fetched::of(found.records)
    })
}

/// The part of the table that a complete pass covers.
pub fn window<'a>(pass: &Pass, resource: Resource, location: Option<&'a str>) -> Window<'a> {
    Window {
        from: pass.window_from.unwrap_or(i64::MIN),
        // Where the day begins first, tomorrow is today.
        to: match resource {
            Resource::Wages => pass.started_at.saturating_add(SECONDS_OF_A_DAY),
            _ => pass.window_to.unwrap_or(i64::MAX),
        },
        location,
    }
}

/// How many of the records a list of this window should have had.
fn belonging(records: &Records, window: Window<'_>) -> u64 {
    let is_within = |time: i64| (window.from..window.to).contains(&time);
    let count = match records {
        Records::Locations(rows) => rows.iter().filter(|row| row.deleted_at.is_none()).count(),
        Records::Departments(rows) => rows.iter().filter(|row| row.deleted_at.is_none()).count(),
        Records::Shifts(rows) => rows
            .iter()
            .filter(|row| row.deleted_at.is_none() && is_within(row.starts_at))
            .count(),
        Records::TimePunches(rows) => rows
            .iter()
            .filter(|row| is_within(row.clocked_in_at))
            .count(),
        // The list was asked for what ends on that day or later.
        Records::TimeOff(rows) => {
            let from = date(window.from).map(|date| date.to_string());
            rows.iter()
                .filter(|row| Some(&row.end_date) >= from.as_ref())
                .count()
        }
        // The rows of a week are one record.
        Records::Availability(rows) => {
            let mut ids: Vec<_> = rows.iter().map(|row| number(&row.external_id)).collect();
            ids.dedup();
            ids.len()
        }
        Records::Roles(_)
        | Records::TeamMembers(_)
        | Records::Wages(_)
        | Records::RoleAssignments(_) => records.ids().len(),
    };
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn is_full(rows: usize, limit: u32) -> bool {
    u32::try_from(rows).is_ok_and(|rows| rows >= limit)
}

/// The number under which the provider knows what a row is of.
fn number(row_id: &str) -> Option<i64> {
    row_id.split(':').next()?.parse().ok()
}

/// What came of asking.
struct Found {
    records: Records,
    /// Those that could not be read, with the reason.
    unreadable: Vec<(i64, String)>,
    last: Option<i64>,
    /// The time was over before the last one.
    is_cut: bool,
}

impl Found {
    /// Those of `ids` that were asked for before the time was over.
    fn answered<'a>(&self, ids: &'a [i64]) -> &'a [i64] {
        let last = ids.iter().position(|id| Some(*id) == self.last);
        last.and_then(|last| ids.get(..=last)).unwrap_or(ids)
    }
}

async fn ask(source: Source<'_>, ids: &[i64]) -> Result<Found, Failure> {
    let mut found = Found {
        records: Records::none(source.stream),
        unreadable: Vec::new(),
        last: None,
        is_cut: false,
    };
    for id in ids {
        match one(source, *id, &mut found.records).await {
            Ok(()) => {}
            Err(failure) if failure.code == "not_found" => {}
            // What came is kept: a slow provider must not make us ask for ever.
            Err(failure) if failure.is_late() && found.last.is_some() => {
                found.is_cut = true;
                break;
            }
            // A record that nobody can read must not keep the rest of the stream from us.
            Err(failure) if failure.is_of_one() || failure.kind == FailureKind::Forbidden => {
                found.unreadable.push((*id, failure.reason));
            }
            Err(failure) => return Err(failure),
        }
        found.last = Some(*id);
    }
    Ok(found)
}

/// Whether a connector that is kept to one location brings what this person has.
async fn is_of_ours(source: Source<'_>, user_id: i64) -> Result<bool, Failure> {
    if source.location_id.is_none() {
        return Ok(true);
    }
    let database = source.account.line.database;
    let people = Resource::TeamMembers;
    let alive = rows::alive(database, &source.scope, people, &[&user_id.to_string()]).await?;
    Ok(!alive.is_empty())
}

/// The answer is of no use, for this reason.
fn unclear(reason: &str) -> Failure {
    Failure {
        kind: FailureKind::Refused,
        code: "unreadable",
        reason: reason.to_owned(),
    }
}

/// Asks for a record and puts it to `records`, if it is for this connector to bring.
async fn one(source: Source<'_>, id: i64, records: &mut Records) -> Result<(), Failure> {
    let (client, line, now) = (&source.account.client, &source.account.line, source.now);
    let is_ours = |location_id: Option<i64>| {
        source.location_id.is_none() || location_id == source.location_id
    };
    match records {
        Records::Locations(found) => {
            let row = call(line, client.location(id)).await?.value;
            found.extend(is_ours(Some(row.id)).then(|| records::location(row, now)));
        }
        Records::Departments(found) => {
            let row = call(line, client.department(id)).await?.value;
            found.extend(is_ours(row.location_id).then(|| records::department(row, now)));
        }
        Records::Roles(found) => {
            let row = call(line, client.role(id)).await?.value;
            found.extend(is_ours(row.location_id).then(|| records::role(row)));
        }
        Records::TeamMembers(found) => {
            let is_here = match source.location_id {
                None => true,
                Some(location_id) => {
                    let assignments = call(line, client.user_assignments(id)).await?.value;
                    assignments.are_at(location_id).ok_or_else(|| {
                        unclear("7shifts' answer about the locations and roles of this person cannot be read, so nobody can tell whether they work at the connector's location.")
                    })?
                }
            };
            if is_here {
                let row = call(line, client.user(id)).await?.value;
                found.push(records::team_member(row));
            }
        }
        Records::Shifts(found) => {
            let row = call(line, client.shift(id, false)).await?.value;
            // There is a published shift beside it, and nothing here says how that one is.
            if is_second_face(&row) {
                return Err(unclear(
                    "7shifts answered with an edit of this shift that is not published, which does not tell how the shift is published.",
                ));
            }
            found.extend(is_ours(row.location_id).then(|| records::shift(row, now)));
        }
        Records::TimePunches(found) => {
            let row = call(line, client.time_punch(id)).await?.value;
            found.extend(is_ours(row.location_id).then(|| records::time_punch(row, now)));
        }
        Records::Availability(found) => {
            let row = call(line, client.availability(id)).await?.value;
            if !is_of_ours(source, row.user_id).await? {
                return Ok(());
            }
            let reasons = reasons_of(source, std::slice::from_ref(&row)).await?;
            found.extend(records::availability(&row, reasons));
        }
        Records::TimeOff(found) => {
            let row = call(line, client.one_time_off(id)).await?.value;
            if is_of_ours(source, row.user_id).await? {
                found.push(records::time_off(row));
            }
        }
        // Nobody numbers them: they are listed person by person.
        Records::Wages(_) | Records::RoleAssignments(_) => {}
    }
    Ok(())
}
