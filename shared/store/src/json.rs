//! Sets cross the host boundary as one JSON text, in both directions.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Row};

/// `value` as the parameter of a `json_each`.
pub(crate) fn write<T: Serialize + ?Sized>(value: &T) -> Result<String, DatabaseError> {
    serde_json::to_string(value).map_err(|error| shape(&error))
}

/// The first column of the only row.
pub(crate) fn read<T: DeserializeOwned>(rows: &[Row]) -> Result<T, DatabaseError> {
    read_optional(rows)?.ok_or_else(|| DatabaseError::Shape("no row".to_owned()))
}

/// The first column of the only row, or nothing where there is no row.
pub(crate) fn read_optional<T: DeserializeOwned>(rows: &[Row]) -> Result<Option<T>, DatabaseError> {
    rows.first().map(|row| parse(row.text(0)?)).transpose()
}

/// JSON that we wrote.
pub(crate) fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, DatabaseError> {
    serde_json::from_str(text).map_err(|error| shape(&error))
}

/// Says where, never what: the value may be a secret.
fn shape(error: &serde_json::Error) -> DatabaseError {
    DatabaseError::Shape(format!(
        "JSON {:?} error at line {} column {}",
        error.classify(),
        error.line(),
        error.column()
    ))
}
