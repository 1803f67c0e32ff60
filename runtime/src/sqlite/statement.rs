//! Statements, values and errors, between Spin's interface and rusqlite.

use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::bindings::spin::sqlite::sqlite::{Error, Value};

/// What a statement does, most likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It returns rows, and only reads.
    Query,
    /// It changes rows, and nothing else.
    Change,
    /// It needs no turn as the writer: it reads a setting, or ends what had one.
    NoTurn,
    /// It begins a transaction, or changes the schema.
    Other,
}

/// A guess by the words of the statement.
pub(super) fn kind(sql: &str) -> Kind {
    const CHANGES: [&str; 4] = ["INSERT", "REPLACE", "UPDATE", "DELETE"];
    let keyword = first_keyword(sql);
    let mut words = sql.split_ascii_whitespace();
    if is_one_of(keyword, &CHANGES)
        || is_one_of(keyword, &["WITH"]) && words.any(|word| is_one_of(word, &CHANGES))
    {
        Kind::Change
    } else if is_one_of(keyword, &["SELECT", "VALUES", "WITH"]) {
        Kind::Query
    } else if is_one_of(
        keyword,
        &["EXPLAIN", "PRAGMA", "COMMIT", "END", "ROLLBACK", "RELEASE"],
    ) {
        Kind::NoTurn
    } else {
        Kind::Other
    }
}

/// Whether the connection is as before once the statement, and the transaction it belongs to, has
/// ended: no setting, no temporary table.
pub(super) fn leaves_nothing(keyword: &str) -> bool {
    is_one_of(
        keyword,
        &[
            "SELECT", "VALUES", "WITH", "INSERT", "UPDATE", "DELETE", "REPLACE", "BEGIN", "COMMIT",
            "END", "ROLLBACK",
        ],
    )
}

pub(super) fn is_one_of(keyword: &str, words: &[&str]) -> bool {
    words.iter().any(|word| keyword.eq_ignore_ascii_case(word))
}

/// The first word of the statement, past white space and comments.
pub(super) fn first_keyword(sql: &str) -> &str {
    let mut rest = sql.trim_start();
    loop {
        let after = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map(|(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map(|(_, after)| after)
        } else {
            break;
        };
        rest = after.unwrap_or_default().trim_start();
    }
    rest.split(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or_default()
}

pub(super) fn to_sql(value: &Value) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match value {
        Value::Null => ValueRef::Null,
        Value::Integer(integer) => ValueRef::Integer(*integer),
        Value::Real(real) => ValueRef::Real(*real),
        Value::Text(text) => ValueRef::Text(text.as_bytes()),
        Value::Blob(blob) => ValueRef::Blob(blob),
    })
}

pub(super) fn from_sql(column: usize, value: ValueRef<'_>) -> Result<Value, rusqlite::Error> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Text(text) => Value::Text(
            std::str::from_utf8(text)
                .map_err(|error| rusqlite::Error::Utf8Error(column, error))?
                .to_owned(),
        ),
        ValueRef::Blob(blob) => Value::Blob(blob.to_owned()),
    })
}

pub(super) fn size(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Text(text) => text.len(),
            Value::Blob(blob) => blob.len(),
            Value::Null | Value::Integer(_) | Value::Real(_) => 0,
        }
}

/// Whether a statement ended because it was not given the time it needs.
pub(super) fn is_premature(error: &rusqlite::Error) -> bool {
    is_interrupted(error) || is_busy(error)
}

pub(super) fn is_interrupted(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted)
}

pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

pub(super) fn explain(error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::OperationInterrupted) => {
            Error::Io("the statement took too long and was ended".to_owned())
        }
        Some(rusqlite::ErrorCode::DiskFull) => Error::DatabaseFull,
        _ => Error::Io(error.to_string()),
    }
}
