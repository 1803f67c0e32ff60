//! A clock that jumped leaves due times that no policy would give. They are planned again.

use platform::{SpinDatabase, planning};
use store::DatabaseError;
use store::jobs::plan;
use store::scheduler_ticks::Begun;

/// No plan reaches further ahead: a nightly stream is due in 24 hours and a little, one that a
/// daylight saving change moves in 25.
pub const HORIZON_SECONDS: i64 = 30 * 3_600;
/// Two machines may differ by this, in seconds, without anything being wrong.
const TOLERANCE_SECONDS: i64 = 60;
/// Leases and retries of runs end within the hour, and this is well after it, in seconds.
const RUN_HORIZON_SECONDS: i64 = 7_200;
/// The longest pause of a webhook is eleven hours with its jitter; this is in seconds.
const DELIVERY_HORIZON_SECONDS: i64 = 12 * 3_600;
/// Pages of jobs that one tick puts right at the most.
const MAX_PAGES: usize = 40;

pub fn is_suspected(begun: &Begun) -> bool {
    begun.due_too_far || begun.clock_back_secs > TOLERANCE_SECONDS
}

/// Plans again what lies ahead of `now`. Only rows whose time changes are written.
///
/// # Errors
/// The database's; the next tick goes on.
pub async fn heal(database: &SpinDatabase, now: i64) -> Result<(), DatabaseError> {
    // What lies later was written by the other clock.
    let runs = now.saturating_add(RUN_HORIZON_SECONDS);
    let deliveries = now.saturating_add(DELIVERY_HORIZON_SECONDS);
    while plan::hasten_unfinished(database, runs, deliveries, now).await? > 0 {}
    let mut after = None;
    for _ in 0..MAX_PAGES {
        let page = plan::due_too_far(database, now, after.as_ref()).await?;
        let moved = planning::replan(&page, now);
        plan::replan(database, &moved, now).await?;
        after = page.into_iter().next_back();
        if after.is_none() {
            break;
        }
    }
    Ok(())
}
