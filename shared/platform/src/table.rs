//! Rows as a table of comma-separated values (RFC 4180), for who opens them in a spreadsheet.

use api::freshness::Freshness;
use api::query::Query;
use api::routes::{IS_STALE, SYNCED_AT};
use api::{Problem, ProblemKind};
use domain::spreadsheet;
use http::{HeaderName, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Reply, problems};

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

/// A table and what it is called.
pub struct Table<'a> {
    /// Of the file, without its ending.
    pub name: &'a str,
    /// Members of the rows, in this order.
    pub columns: &'a [&'a str],
}

impl Table<'_> {
    /// [`Table::reply`] of values.
    ///
    /// # Errors
    /// Those of [`Table::reply`].
    pub fn reply_with<T: Serialize>(
        &self,
        values: &[T],
        freshness: &Freshness,
    ) -> Result<Reply, Problem> {
        let data_json = serde_json::to_string(values)
            .map_err(|error| problems::internal(&error.to_string()))?;
        self.reply(&rows(&data_json)?, freshness)
    }

    /// How current the rows are stands in the last two columns, and, for a table without rows, in the headers.
    ///
    /// # Errors
    /// Those of [`check`], and what cannot be written, which is a bug of ours.
    pub fn reply(
        &self,
        rows: &[Map<String, Value>],
        freshness: &Freshness,
    ) -> Result<Reply, Problem> {
        check(rows.len())?;
        let failed = |error: csv::Error| problems::internal(&error.to_string());
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(Vec::new());
        let columns = self.columns.iter().copied();
        let header = columns.chain(["synced_at", "is_stale"]);
        writer.write_record(header).map_err(failed)?;
        let synced_at = freshness.synced_at.as_deref().unwrap_or_default();
        let is_stale = freshness.is_stale.to_string();
        for row in rows {
            let cells = self.columns.iter().map(|column| cell(row.get(*column)));
            let tail = [synced_at.to_owned(), is_stale.clone()];
            writer.write_record(cells.chain(tail)).map_err(failed)?;
        }
        let bytes = writer
            .into_inner()
            .map_err(|error| problems::internal(&error.to_string()))?;
        let text =
            String::from_utf8(bytes).map_err(|error| problems::internal(&error.to_string()))?;
        let file = format!("attachment; filename=\"{}.csv\"", self.name);
        let mut reply = Reply::text(StatusCode::OK, "text/csv; charset=utf-8", text)
            .header(header::CONTENT_DISPOSITION, &file)
            .header(HeaderName::from_static(IS_STALE), &is_stale);
        if freshness.synced_at.is_some() {
            reply = reply.header(HeaderName::from_static(SYNCED_AT), synced_at);
        }
        Ok(reply)
    }
}

/// Several values are parted by semicolons: names have blanks in them.
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => spreadsheet::cell(text).into_owned(),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| cell(Some(item)))
            .collect::<Vec<_>>()
            .join("; "),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_is_a_file_that_says_how_current_it_is_even_when_it_is_empty() {
        let table = Table {
            name: "notes",
            columns: &["note", "ids", "minutes", "deleted_at"],
        };
        let freshness = Freshness {
            synced_at: Some("2026-09-21T14:13:20Z".to_owned()),
            is_stale: true,
        };
        let rows = [json!({"note": " \n=HYPERLINK(\"x\")", "ids": ["a", "-b"], "minutes": -5})];
        let reply = table.reply_with(&rows, &freshness).unwrap();
        assert_eq!(
            String::from_utf8_lossy(reply.body()),
            "note,ids,minutes,deleted_at,synced_at,is_stale\r\n\"' \n=HYPERLINK(\"\"x\"\")\",a; '-b,-5,,2026-09-21T14:13:20Z,true\r\n"
        );
        let empty: [Value; 0] = [];
        for (freshness, expected) in [
            (
                &freshness,
                vec![
                    ("content-disposition", "attachment; filename=\"notes.csv\""),
                    ("x-is-stale", "true"),
                    ("x-synced-at", "2026-09-21T14:13:20Z"),
                ],
            ),
            (
                &Freshness::default(),
                vec![
                    ("content-disposition", "attachment; filename=\"notes.csv\""),
                    ("x-is-stale", "false"),
                ],
            ),
        ] {
            let reply = table.reply_with(&empty, freshness).unwrap();
            let headers: Vec<_> = reply
                .headers()
                .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
                .collect();
            assert_eq!(headers, expected);
        }
        let many = vec![json!({}); MAX_ROWS + 1];
        assert!(table.reply_with(&many, &Freshness::default()).is_err());
    }
}
