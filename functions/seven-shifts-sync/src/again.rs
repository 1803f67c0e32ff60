//! Records in quarantine, asked for one by one: they are read as soon as they can be, though nobody
//! changes them at the provider.

use domain::stream::Stream;
use platform::seven_shifts::{Answered, Failure, FailureKind, call, records};
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
    let mut kept = Vec::new();
    let mut last = None;
    let mut is_cut = false;
    let is_ours = |location_id: Option<i64>| {
        source.location_id.is_none() || location_id == source.location_id
    };
    for id in &ids {
        let found = if source.stream == Stream::Shifts {
            let shift = readable(call(line, client.shift(*id, false)).await);
            shift.map(|found| {
                found.map(|shift| {
                    let is_wanted = !is_second_face(&shift) && is_ours(shift.location_id);
                    shifts.extend(is_wanted.then(|| records::shift(shift, now)));
                })
            })
        } else {
            let punch = readable(call(line, client.time_punch(*id)).await);
            punch.map(|found| {
                found.map(|punch| {
                    let is_wanted = is_ours(punch.location_id);
                    punches.extend(is_wanted.then(|| records::time_punch(punch, now)));
                })
            })
        };
        match found {
            Ok(Ok(())) => {}
            Ok(Err(Unreadable::Gone)) => {}
            Ok(Err(Unreadable::Still)) => kept.push(id.to_string()),
            // What came is kept: a slow provider must not make us ask for ever.
            Err(failure) if failure.is_late() && last.is_some() => {
                is_cut = true;
                break;
            }
            Err(failure) => return Err(failure),
        }
        last = Some(*id);
    }
    let found = if source.stream == Stream::Shifts {
        Records::Shifts(shifts)
    } else {
        Records::TimePunches(punches)
    };
    let count = before.saturating_add(ids.len());
    let has_more = is_cut
        || u32::try_from(ids.len()).is_ok_and(|ids| ids >= RECORDS_PER_PAGE) && count < MAX_RECORDS;
    Ok(Fetched {
        received: found.ids().len(),
        next: last
            .filter(|_| has_more)
            .map(|last| format!("{last} {count}")),
        asked: ids.iter().map(i64::to_string).collect(),
        kept,
        ..Fetched::of(found)
    })
}

/// Why a record is not here.
enum Unreadable {
    Gone,
    /// It stays in quarantine, as seen.
    Still,
}

/// A record that nobody can read must not keep the rest of the stream from us.
fn readable<T>(answer: Result<Answered<T>, Failure>) -> Result<Result<T, Unreadable>, Failure> {
    match answer {
        Ok(answer) => Ok(Ok(answer.value)),
        Err(failure) if failure.code == "not_found" => Ok(Err(Unreadable::Gone)),
        Err(failure) if failure.is_of_one() || failure.kind == FailureKind::Forbidden => {
            Ok(Err(Unreadable::Still))
        }
        Err(failure) => Err(failure),
    }
}
