//! One row per credential says when its next call may leave, for all streams and instances; and one
//! per caller, address and webhook says how much of its quota of what comes in is used.
//!
//! The generic cell rate algorithm: with a burst of one for what goes out, as [`domain::gcra`] has
//! it, and with a burst of the whole quota for what comes in, as [`domain::inbound_limit`] has it.

use domain::gcra::MAX_AHEAD_MS;
use domain::inbound_limit::Quota;

use crate::database::{DatabaseError, Execute, Value};
use crate::parameters;

/// A budget that nobody has used for so long says nothing any more.
pub const KEEP_MS: i64 = 86_400_000;

/// The longest block that is obeyed: longer ones were written by a clock that jumped.
pub const MAX_BLOCK_MS: i64 = 3_600_000;

/// What a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The call may leave at this time: now or later. The slot is taken.
    At(i64),
    /// Nothing was taken: the next slot is at this time, which is longer than the caller waits.
    Later(i64),
}

/// How fast requests leave under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// From one to the next, in the long run.
    pub interval_ms: i64,
    /// So many may leave at once after a pause; 1 or more. In any time `t` no more leave than `burst + t / interval`.
    pub burst: i64,
}

impl Pace {
    /// One after the other.
    #[must_use]
    pub const fn steady(interval_ms: i64) -> Self {
        Self {
            interval_ms,
            burst: 1,
        }
    }
}

/// Times further ahead than any wait were written by a clock that jumped, and count for nothing.
macro_rules! believed {
    ($time:literal) => {
        concat!("iif(", $time, " > ?2 + ?3, 0, ", $time, ")")
    };
}

/// The next slot, seen from the row as it is.
macro_rules! earliest {
    () => {
        concat!(
            "max(?2, ",
            believed!("tat_ms"),
            " - ?5, ",
            believed!("blocked_until_ms"),
            ")"
        )
    };
}

/// What a slot was can be told from the row after it: where the burst is not used up, it is now or the end of a block.
const RESERVE: &str = concat!(
    "INSERT INTO rate_budgets (key, tat_ms) VALUES (?1, ?2 + ?4)
     ON CONFLICT (key) DO UPDATE SET tat_ms = max(",
    believed!("tat_ms"),
    ", ",
    earliest!(),
    ") + ?4 WHERE ",
    earliest!(),
    " <= ?2 + ?6 RETURNING max(?2, tat_ms - ?4 - ?5, ",
    believed!("blocked_until_ms"),
    ")"
);

const EARLIEST: &str = concat!(
    "SELECT ",
    earliest!(),
    " FROM rate_budgets WHERE key = ?1 AND ?4 IS ?4"
);

/// Takes the next slot of `key`, at this pace and never while the key is blocked; concurrent callers get different ones. A
/// wait of more than `max_wait_ms` takes none.
///
/// # Errors
/// The failure of the statement.
pub async fn reserve_at<E: Execute>(
    database: &E,
    key: &str,
    now_ms: i64,
    pace: Pace,
    max_wait_ms: i64,
) -> Result<Slot, DatabaseError> {
    let interval_ms = pace.interval_ms.max(1);
    let ahead_ms = interval_ms.saturating_mul(pace.burst.saturating_sub(1).max(0));
    let parameters = parameters![
        key,
        now_ms,
        MAX_AHEAD_MS,
        interval_ms,
        ahead_ms,
        max_wait_ms.clamp(0, MAX_AHEAD_MS / 2),
    ];
    if let Some(row) = database.execute(RESERVE, parameters).await?.first() {
        return Ok(Slot::At(row.integer(0)?));
    }
    let parameters = parameters![key, now_ms, MAX_AHEAD_MS, interval_ms, ahead_ms];
    let rows = database.execute(EARLIEST, parameters).await?;
    match rows.first() {
        Some(row) => Ok(Slot::Later(row.integer(0)?)),
        // Removed in between: free.
        None => Ok(Slot::Later(now_ms)),
    }
}

/// [`reserve_at`], one `interval_ms` after the other.
///
/// # Errors
/// The failure of the statement.
pub async fn reserve<E: Execute>(
    database: &E,
    key: &str,
    now_ms: i64,
    interval_ms: i64,
    max_wait_ms: i64,
) -> Result<Slot, DatabaseError> {
    let pace = Pace::steady(interval_ms);
    reserve_at(database, key, now_ms, pace, max_wait_ms).await
}

const BLOCK: &str = "
INSERT INTO rate_budgets (key, tat_ms, blocked_until_ms) VALUES (?1, 0, ?3)
ON CONFLICT (key) DO UPDATE SET
  blocked_until_ms = max(excluded.blocked_until_ms, iif(blocked_until_ms > ?2 + ?4, 0, blocked_until_ms))";

/// Nobody sends under `key` before `until_ms`, an hour from now at the most: the provider said so.
///
/// # Errors
/// The failure of the statement.
pub async fn block<E: Execute>(
    database: &E,
    key: &str,
    now_ms: i64,
    until_ms: i64,
) -> Result<(), DatabaseError> {
    let until_ms = until_ms.min(now_ms.saturating_add(MAX_BLOCK_MS));
    let parameters = parameters![key, now_ms, until_ms, MAX_AHEAD_MS];
    database.execute(BLOCK, parameters).await.map(drop)
}

/// What spending from an inbound quota came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The request that asks is let in.
    pub is_taken: bool,
    /// The state of the bucket after it, Unix microseconds.
    pub tat_us: i64,
}

/// What an inbound bucket is at, seen from the row as it is; see `Quota::level`.
macro_rules! level {
    () => {
        "iif(tat_us > ?2 + ?4, ?2, max(?2, tat_us))"
    };
}

const TAKE: &str = concat!(
    "INSERT INTO rate_budgets (key, tat_ms, tat_us) VALUES (?1, (?2 + ?3) / 1000, ?2 + ?3)
     ON CONFLICT (key) DO UPDATE SET tat_us = ",
    level!(),
    " + ?3, tat_ms = (",
    level!(),
    " + ?3) / 1000 WHERE ",
    level!(),
    " + ?3 <= ?2 + ?5 RETURNING tat_us"
);

const OWE: &str = concat!(
    "INSERT INTO rate_budgets (key, tat_ms, tat_us) VALUES (?1, (?2 + ?3) / 1000, ?2 + ?3)
     ON CONFLICT (key) DO UPDATE SET tat_us = min(",
    level!(),
    " + ?3, ?2 + ?5), tat_ms = min(",
    level!(),
    " + ?3, ?2 + ?5) / 1000 RETURNING tat_us"
);

const USED: &str = "SELECT tat_us FROM rate_budgets WHERE key = ?1";

/// Spends one request from the quota of `key`, together with what was let in before and is not
/// written yet (`owed_us`). Where there is not so much, only what is owed is written, and the
/// request is not taken. With nothing owed that writes nothing.
///
/// # Errors
/// The failure of a statement.
pub async fn spend<E: Execute>(
    database: &E,
    key: &str,
    quota: Quota,
    now_us: i64,
    owed_us: i64,
) -> Result<Spent, DatabaseError> {
    let of = |cost_us: i64, most_us: i64| {
        [
            Value::from(key),
            now_us.into(),
            cost_us.into(),
            quota.max_ahead_us().into(),
            most_us.into(),
        ]
    };
    let cost_us = owed_us.saturating_add(quota.cost_us());
    let taken = database
        .execute(TAKE, &of(cost_us, quota.window_us()))
        .await?;
    if let Some(row) = taken.first() {
        return Ok(Spent {
            is_taken: true,
            tat_us: row.integer(0)?,
        });
    }
    let (sql, count) = if owed_us > 0 { (OWE, 5) } else { (USED, 1) };
    let parameters = of(owed_us, quota.max_debt_us());
    let rows = database
        .execute(sql, parameters.get(..count).unwrap_or_default())
        .await?;
    Ok(Spent {
        is_taken: false,
        // Removed in between: untouched.
        tat_us: rows.first().map_or(Ok(now_us), |row| row.integer(0))?,
    })
}

/// The last key of the next so many.
const CHUNK: &str = "
SELECT max(key) FROM (SELECT key FROM rate_budgets WHERE key > ?1 ORDER BY key LIMIT ?2)";

const PRUNE: &str = "
DELETE FROM rate_budgets WHERE key > ?1 AND key <= ?2 AND tat_ms <= ?3 AND blocked_until_ms <= ?3";

/// Looks at up to `limit` budgets after the key `after` (`""` at first) and removes those that
/// have been idle for [`KEEP_MS`]. Returns the last key that it looked at; `None` when there are no
/// more. It goes by key, because an index of times would be written at every call of a provider.
///
/// # Errors
/// The failure of a statement.
pub async fn prune<E: Execute>(
    database: &E,
    after: &str,
    limit: u32,
    now_ms: i64,
) -> Result<Option<String>, DatabaseError> {
    let rows = database
        .execute(CHUNK, parameters![after, i64::from(limit)])
        .await?;
    let last = match rows.first() {
        Some(row) => row.optional_text(0)?.map(str::to_owned),
        None => None,
    };
    if let Some(last) = &last {
        let before = now_ms.saturating_sub(KEEP_MS);
        database
            .execute(PRUNE, parameters![after, last.as_str(), before])
            .await?;
    }
    Ok(last)
}
