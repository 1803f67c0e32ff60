//! The counter that orders changes.

use crate::database::{DatabaseError, Execute};
use crate::parameters;

/// The sequence value of the next change: above every earlier one, and at least `now_micros`.
///
/// One value serves a whole write. Rows that share it became visible together, so a reader that
/// pages by (`changed_seq`, `id`) misses none of them.
pub(crate) async fn next_change<E: Execute>(
    transaction: &E,
    now_micros: i64,
) -> Result<i64, DatabaseError> {
    let rows = transaction
        .execute(
            "UPDATE sequences SET value = max(value + 1, ?1) WHERE name = 'change' RETURNING value",
            parameters![now_micros],
        )
        .await?;
    rows.first()
        .ok_or_else(|| DatabaseError::Shape("no change sequence".to_owned()))?
        .integer(0)
}
