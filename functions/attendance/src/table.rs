//! Rows as a table of comma-separated values (RFC 4180), for who opens them in a spreadsheet.

use api::freshness::Freshness;
use api::query::Query;
use api::{Problem, ProblemKind};
use http::StatusCode;
use platform::{Reply, problems};
use serde::Serialize;
use serde_json::{Map, Value};

/// Rows of one table.
pub const MAX_ROWS: usize = 20_000;

/// Whether a table is asked for.
pub fn is_wanted(query: &mut Query<'_>) -> bool {
    query.one_of("format", &["json", "csv"]).as_deref() == Some("csv")
}

/// # Errors
/// More rows than a table has.
pub fn check(rows: usize) -> Result<(), Problem> {
    if rows > MAX_ROWS {
        return Err(Problem::new(
            ProblemKind::InvalidRequest,
            format!(
                "There are more than {MAX_ROWS} rows: narrow the days, the people or the location, or read the pages as JSON."
            ),
        ));
    }
    Ok(())
}

/// The rows of a page, as it is answered.
///
/// # Errors
/// What is no JSON array of objects, which is a bug of ours.
pub fn rows(data_json: &str) -> Result<Vec<Map<String, Value>>, Problem> {
    serde_json::from_str(data_json).map_err(|error| problems::internal(&error.to_string()))
}

/// [`reply`] of values.
///
/// # Errors
/// Those of [`reply`].
pub fn reply_with<T: Serialize>(
    columns: &[&str],
    values: &[T],
    freshness: &Freshness,
) -> Result<Reply, Problem> {
    let data_json =
        serde_json::to_string(values).map_err(|error| problems::internal(&error.to_string()))?;
    reply(columns, &rows(&data_json)?, freshness)
}

/// `columns` are members of the rows, in this order; how current the rows are stands in the last two.
///
/// # Errors
/// Those of [`check`], and what cannot be written, which is a bug of ours.
pub fn reply(
    columns: &[&str],
    rows: &[Map<String, Value>],
    freshness: &Freshness,
) -> Result<Reply, Problem> {
    check(rows.len())?;
    let failed = |error: csv::Error| problems::internal(&error.to_string());
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let header = columns.iter().copied().chain(["synced_at", "is_stale"]);
    writer.write_record(header).map_err(failed)?;
    let synced_at = freshness.synced_at.as_deref().unwrap_or_default();
    let is_stale = freshness.is_stale.to_string();
    for row in rows {
        let cells = columns.iter().map(|column| cell(row.get(*column)));
        let tail = [synced_at.to_owned(), is_stale.clone()];
        writer.write_record(cells.chain(tail)).map_err(failed)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| problems::internal(&error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| problems::internal(&error.to_string()))?;
    Ok(Reply::text(StatusCode::OK, "text/csv; charset=utf-8", text))
}

/// A text that a spreadsheet would take for a formula has a quote before it (OWASP, CSV injection).
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => {
            if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
                format!("'{text}")
            } else {
                text.clone()
            }
        }
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| cell(Some(item)))
            .collect::<Vec<_>>()
            .join(" "),
        Some(other) => other.to_string(),
    }
}
