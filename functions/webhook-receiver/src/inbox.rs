//! Writing down what was proven: what comes at the same time is one statement.

use std::collections::BTreeMap;
use std::rc::Rc;

use api::Problem;
use platform::coalesce::{self, Coalescer};
use platform::{Context, SpinDatabase, problems};
use store::DatabaseError;
use store::inbox::events::{self, Arrival, Stored};
use store::inbox::webhooks::{self, Ignored};

/// Bytes of bodies in one statement.
const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;

type Written<T> = Result<T, DatabaseError>;

/// One delivery that is not kept, by webhook and version.
type NotKept = (String, i64);

thread_local! {
    static ARRIVALS: Rc<Coalescer<Arrival, Written<Stored>>> = Rc::default();
    static NOT_KEPT: Rc<Coalescer<NotKept, Written<bool>>> = Rc::default();
}

/// Stores an event; when this returns, it cannot be lost any more.
///
/// # Errors
/// 503: it may be stored or not, and the sender is to come again.
pub async fn store(context: &Context, arrival: Arrival) -> Result<Stored, Problem> {
    let arrivals = ARRIVALS.with(Rc::clone);
    let database = &context.database;
    arrivals
        .submit(arrival, async |batch| store_all(database, &batch).await)
        .await
        .map_err(|error| problems::unavailable(&error.to_string()))?
        .map_err(|error| problems::database(&error))
}

async fn store_all(database: &SpinDatabase, batch: &[Arrival]) -> Vec<Written<Stored>> {
    let mut results = Vec::with_capacity(batch.len());
    let mut rest = batch;
    while !rest.is_empty() {
        let mut bytes = 0_usize;
        let fitting = rest
            .iter()
            .take_while(|arrival| {
                bytes = bytes.saturating_add(arrival.body.len());
                bytes <= MAX_BATCH_BYTES
            })
            .count();
        let (part, later) = rest.split_at(fitting.clamp(1, events::MAX_BATCH).min(rest.len()));
        rest = later;
        results.extend(
            coalesce::each_on_its_own(
                part,
                async |part: &[Arrival]| events::store(database, part).await,
                is_of_all,
            )
            .await,
        );
    }
    results
}

/// Counts a delivery that is not kept; false when the webhook has changed meanwhile.
///
/// # Errors
/// 503, as [`store`].
pub async fn count(context: &Context, webhook_id: &str, version: i64) -> Result<bool, Problem> {
    let not_kept = NOT_KEPT.with(Rc::clone);
    let database = &context.database;
    not_kept
        .submit((webhook_id.to_owned(), version), async |batch| {
            coalesce::each_on_its_own(
                &batch,
                async |part: &[NotKept]| count_all(database, part).await,
                is_of_all,
            )
            .await
        })
        .await
        .map_err(|error| problems::unavailable(&error.to_string()))?
        .map_err(|error| problems::database(&error))
}

async fn count_all(database: &SpinDatabase, batch: &[NotKept]) -> Written<Vec<bool>> {
    let mut counts: BTreeMap<&NotKept, i64> = BTreeMap::new();
    for one in batch {
        let count = counts.entry(one).or_default();
        *count = count.saturating_add(1);
    }
    let ignored: Vec<_> = counts
        .into_iter()
        .map(|((id, version), count)| Ignored {
            id: id.clone(),
            version: *version,
            count,
        })
        .collect();
    let counted = webhooks::count_ignored(database, &ignored).await?;
    Ok(batch
        .iter()
        .map(|(id, version)| counted.contains(&(id.clone(), *version)))
        .collect())
}

/// Smaller writes would wait just as long for another writer's end.
fn is_of_all(error: &DatabaseError) -> bool {
    matches!(error, DatabaseError::Busy(_) | DatabaseError::Newer { .. })
}
