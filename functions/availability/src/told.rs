//! What an answer says of its sources, and tables.

use api::Problem;
use api::advisers::AdviserSource;
use api::freshness::Freshness;
use domain::allocation::Source;
use platform::advisers::{Gathered, Reading};
use platform::lists::Paging;
use platform::{clock, time};
use store::lists::Key;

/// How old a whole answer is.
pub fn freshness(readings: &[Reading]) -> Freshness {
    let oldest = readings.iter().map(|reading| reading.read_at).min();
    Freshness {
        // `None` is the least of them.
        synced_at: oldest.flatten().map(time::rfc3339),
        is_stale: readings
            .iter()
            .any(|reading| reading.is_unknown || reading.failure.is_some()),
    }
}

pub fn sources(readings: &[Reading], now: i64) -> Vec<AdviserSource> {
    readings
        .iter()
        .map(|reading| {
            let failure = reading.failure.as_ref();
            AdviserSource {
                source: reading.source.to_owned(),
                read_at: reading.read_at.map(time::rfc3339),
                age_seconds: reading.read_at.map(|at| now.saturating_sub(at).max(0)),
                is_copy: reading.is_copy,
                rows: u64::try_from(reading.rows).unwrap_or(u64::MAX),
                unreadable: u64::try_from(reading.unreadable).unwrap_or(u64::MAX),
                is_unknown: reading.is_unknown,
                error: failure.map(|told| told.code.clone()),
                detail: failure
                    .map(|told| told.detail.clone())
                    .or_else(|| reading.note.map(str::to_owned)),
            }
        })
        .collect()
}

pub fn sources_of(gathered: &Gathered) -> Vec<AdviserSource> {
    sources(&gathered.readings, clock::now())
}

pub fn names(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .map(|source| source.as_str().to_owned())
        .collect()
}

/// The rows of the page that was asked for, and the cursor of the next one. A place is a count of rows: what is computed
/// anew has no other.
pub fn page<T>(rows: Vec<T>, paging: &Paging) -> Result<(Vec<T>, Option<String>), Problem> {
    let begin = paging.after()?.map_or(0, |key| key.order);
    let begin = usize::try_from(begin).unwrap_or(0);
    let limit = usize::try_from(paging.limit()).unwrap_or(usize::MAX);
    let end = begin.saturating_add(limit);
    let has_more = rows.len() > end;
    let page = rows.into_iter().skip(begin).take(limit).collect();
    let next = has_more.then(|| {
        paging.cursor(&Key {
            order: i64::try_from(end).unwrap_or(i64::MAX),
            id: String::new(),
        })
    });
    Ok((page, next))
}
