//! The SQL: migrations and one module per table family, over a small async [`Database`].
//!
//! Nothing here knows a provider, HTTP or Spin. Statements never call the database's clock or
//! random generator: time and chance come from the caller. Sets come back as one JSON text,
//! because a row crossing the host boundary costs more than the query that found it.

pub mod database;
pub mod migrations;

pub use database::{Database, DatabaseError, Execute, Row, Value};
