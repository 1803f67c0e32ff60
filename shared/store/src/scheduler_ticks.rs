//! When the scheduler last ran, and whether its clock can be believed.

use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// What a tick finds when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// How many there have been, this one included.
    pub ticks: i64,
    /// The last finished tick began so many seconds after now: the clock has gone back. Stays
    /// until a tick is finished, so that one that dies while it puts things right is not the last
    /// to know. A few seconds are the difference of two machines.
    pub clock_back_secs: i64,
    /// A job is due after `horizon`.
    pub due_too_far: bool,
    /// A job is due now.
    pub is_due: bool,
}

/// How the scheduler is doing.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub struct Lag {
    /// `None` before the first tick ever.
    pub last_started_at: Option<i64>,
    pub last_finished_at: Option<i64>,
    /// Since when the longest due job waits; a job that waits for another of its connector
    /// included, a delivery not: it waits for the pace of who takes it. `None`: nothing is due.
    pub oldest_due_at: Option<i64>,
    /// Jobs that are due, counted up to 1,000.
    pub due: i64,
}

const BEGIN: &str = "
INSERT INTO scheduler_ticks (id, started_at, ticks) VALUES (1, ?1, 1)
ON CONFLICT (id) DO UPDATE SET
  ticks = ticks + 1,
  started_at = max(started_at, excluded.started_at)
RETURNING ticks, started_at, EXISTS (SELECT 1 FROM jobs WHERE next_due_at > ?2),
  EXISTS (SELECT 1 FROM jobs WHERE next_due_at <= ?1)";

/// Notes that a tick begins. `horizon` is the latest time for which a job can be due if every
/// plan was made by a right clock.
///
/// # Errors
/// The failure of the statement.
pub async fn begin<E: Execute>(
    database: &E,
    now: i64,
    horizon: i64,
) -> Result<Begun, DatabaseError> {
    let rows = database.execute(BEGIN, parameters![now, horizon]).await?;
    let row = rows
        .first()
        .ok_or_else(|| DatabaseError::Shape("no tick".to_owned()))?;
    Ok(Begun {
        ticks: row.integer(0)?,
        clock_back_secs: row.integer(1)?.saturating_sub(now),
        due_too_far: row.integer(2)? != 0,
        is_due: row.integer(3)? != 0,
    })
}

const FINISH: &str = "
UPDATE scheduler_ticks SET
  started_at = iif(started_at > ?2, ?1, max(started_at, ?1)),
  finished_at = ?2
WHERE id = 1";

/// Notes that the tick that began at `started_at` has done all of its work.
///
/// # Errors
/// The failure of the statement.
pub async fn finish<E: Execute>(
    database: &E,
    started_at: i64,
    now: i64,
) -> Result<(), DatabaseError> {
    database
        .execute(FINISH, parameters![started_at, now])
        .await
        .map(drop)
}

const LAG: &str = "
SELECT json_object(
  'last_started_at', (SELECT started_at FROM scheduler_ticks WHERE id = 1),
  'last_finished_at', (SELECT finished_at FROM scheduler_ticks WHERE id = 1),
  'oldest_due_at', (
    SELECT next_due_at FROM (
      SELECT next_due_at, kind FROM jobs WHERE next_due_at <= ?1 ORDER BY next_due_at LIMIT 20000)
    WHERE kind <> 'outbox' LIMIT 1),
  'due', (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE next_due_at <= ?1 LIMIT 1000)))";

/// For health: how long ago the last tick was, and what waits.
///
/// # Errors
/// The failure of the statement.
pub async fn lag<E: Execute>(database: &E, now: i64) -> Result<Lag, DatabaseError> {
    json::read(&database.execute(LAG, parameters![now]).await?)
}
