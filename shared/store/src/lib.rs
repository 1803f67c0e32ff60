//! The SQL: migrations and one module per table family, over a small async [`Database`].
//!
//! Nothing here knows a provider, HTTP or Spin. Statements never call the database's clock or
//! random generator: time and chance come from the caller. Sets come back as one JSON text,
//! because a row crossing the host boundary costs more than the query that found it.

pub mod allocation;
pub mod api_keys;
pub mod attendance;
pub mod audit;
pub mod automation;
pub mod checkpoints;
pub mod client_folders;
pub mod connectors;
pub mod credentials;
pub mod database;
pub mod employees;
pub mod health;
pub mod idempotency;
pub mod inbox;
pub mod jobs;
mod json;
pub mod labor_cost;
pub mod lists;
pub mod location_mappings;
pub mod logs;
pub mod migrations;
pub mod oauth_flows;
pub mod organizations;
pub mod outbox;
pub mod outgoing_webhooks;
pub mod portals;
pub mod product_refs;
pub mod rate_budgets;
pub mod records;
pub mod scheduler_ticks;
pub mod shift_checks;
pub mod staff;
pub mod staff_policies;
pub mod stores;
pub mod sync_runs;
pub mod token_leases;
pub mod webhook_secrets;
pub mod webhooks;

pub use database::{Database, DatabaseError, Execute, Row, Value};
