//! Records in quarantine, asked for one by one: they are read as soon as they can be, though nobody
//! changes them at the provider.

use domain::stream::Stream;
use platform::seven_shifts::{Failure, FailureKind, call, records};
use store::records as rows;

use crate::fetch::{Fetched, Records, Source, is_second_face};

/// Records of one page.
const RECORDS_PER_PAGE: u32 = 10;
/// Records of one run: the rest waits for the next complete pass.
const MAX_RECORDS: usize = 50;

/// The records after the one of the cursor.
///
/// # Errors
/// As [`crate::fetch::page`].
pub async fn page(source: Source<'_>, cursor: Option<&str>) -> Result<Fetched, Failure> {
    let (client, line, now) = (&source.account.client, &source.account.line, source.now);
    // The cursor is the last id and how many were asked for before.
    let (after, before) = cursor
        .and_then(|cursor| cursor.split_once(' '))
        .and_then(|(id, count)| Some((id, count.parse::<usize>().ok()?)))
        .unwrap_or(("", 0));
    let ids = rows::quarantined_numbers(
        line.database,
        &source.scope,
        source.stream,
        after,
        RECORDS_PER_PAGE,
    )
    .await?;
    let mut shifts = Vec::new();
    let mut punches = Vec::new();
    for id in &ids {
        if source.stream == Stream::Shifts {
            let shift = readable(call(line, client.shift(*id, false)).await)?;
            shifts.extend(
                shift
                    .map(|answer| answer.value)
                    .filter(|shift| !is_second_face(shift)),
            );
        } else {
            let punch = readable(call(line, client.time_punch(*id)).await)?;
            punches.extend(punch.map(|answer| answer.value));
        }
    }
    let found = if source.stream == Stream::Shifts {
        let shifts = shifts.into_iter();
        Records::Shifts(shifts.map(|row| records::shift(row, now)).collect())
    } else {
        let punches = punches.into_iter();
        Records::TimePunches(punches.map(|row| records::time_punch(row, now)).collect())
    };
    let count = before.saturating_add(ids.len());
    let has_more = u32::try_from(ids.len()).is_ok_and(|count| count >= RECORDS_PER_PAGE);
    Ok(Fetched {
        received: found.ids().len(),
        next: ids
            .last()
            .filter(|_| has_more && count < MAX_RECORDS)
            .map(|last| format!("{last} {count}")),
        asked: ids.iter().map(i64::to_string).collect(),
        ..Fetched::of(found)
    })
}

/// What still cannot be read, or is gone, stays where it is: the complete pass knows better.
fn readable<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.code == "not_found" || failure.code == "malformed_answer" => {
            Ok(None)
        }
        Err(failure) if failure.kind == FailureKind::Refused => Ok(None),
        Err(failure) => Err(failure),
    }
}
