//! What a manager says: of a record, and of a punch. It stands whatever is decided or synced again.

use domain::access::Tenant;

use crate::database::{DatabaseError, Execute};
use crate::parameters;
use crate::records::next_change;

/// What of a record is said anew; `None` leaves it as it is, and `Some(None)` takes it back.
#[derive(Clone, Debug, Default)]
pub struct Said<'a> {
    pub excused: Option<Option<bool>>,
    pub note: Option<Option<&'a str>>,
    pub resolution: Option<Option<&'a str>>,
}

/// Parameters: 1 organization, 2 record, 3 to 8 whether and what, 9 by whom, 10 now, 11 sequence value.
const RECORD: &str = "
UPDATE attendance_records SET
  excused = iif(?3, ?4, excused),
  note = iif(?5, ?6, note),
  resolution = iif(?7, ?8, resolution),
  resolved_by = CASE WHEN coalesce(iif(?3, ?4, excused), iif(?7, ?8, resolution)) IS NULL THEN NULL WHEN ?3 OR ?7 THEN ?9 ELSE resolved_by END,
  resolved_at = CASE WHEN coalesce(iif(?3, ?4, excused), iif(?7, ?8, resolution)) IS NULL THEN NULL WHEN ?3 OR ?7 THEN ?10 ELSE resolved_at END,
  points_assessed = CASE iif(?3, ?4, excused) WHEN 1 THEN 0 WHEN 0 THEN points ELSE iif(counts, points, 0) END,
  changed_seq = ?11
WHERE organization_id = ?1 AND id = ?2 AND deleted_at IS NULL
RETURNING id";

/// Returns whether there is such a record.
///
/// # Errors
/// The failure of a statement.
pub async fn record<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
    said: &Said<'_>,
    by: &str,
    now_ms: i64,
) -> Result<bool, DatabaseError> {
    let seq = next_change(transaction, now_ms.saturating_mul(1_000)).await?;
    let parameters = parameters![
        tenant.as_str(),
        id,
        said.excused.is_some(),
        said.excused.flatten(),
        said.note.is_some(),
        said.note.flatten(),
        said.resolution.is_some(),
        said.resolution.flatten(),
        by,
        now_ms.div_euclid(1_000),
        seq,
    ];
    let rows = transaction.execute(RECORD, parameters).await?;
    Ok(!rows.is_empty())
}

const PUNCH: &str = "
UPDATE time_punches SET
  disputed_at = iif(?3, coalesce(disputed_at, ?6), NULL),
  disputed_by = iif(?3, ?4, NULL),
  dispute_note = iif(?3, ?5, NULL),
  changed_seq = ?7
WHERE organization_id = ?1 AND id = ?2 AND deleted_at IS NULL
RETURNING id";

/// Sets a punch disputed, with a note, or takes that back. Returns whether there is such a punch.
///
/// # Errors
/// The failure of a statement.
pub async fn punch<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
    (is_disputed, note): (bool, Option<&str>),
    by: &str,
    now_ms: i64,
) -> Result<bool, DatabaseError> {
    let seq = next_change(transaction, now_ms.saturating_mul(1_000)).await?;
    let parameters = parameters![
        tenant.as_str(),
        id,
        is_disputed,
        by,
        note,
        now_ms.div_euclid(1_000),
        seq,
    ];
    let rows = transaction.execute(PUNCH, parameters).await?;
    Ok(!rows.is_empty())
}
