//! The HTTP contract: which routes exist, who may call them, what goes in and what comes out.
//!
//! Pure data and parsing, so that the functions, the OpenAPI document and the tests read one
//! table. Nothing here does I/O.

pub mod advisers;
pub mod allocation;
pub mod attendance;
pub mod audit;
pub mod automation;
pub mod body;
pub mod client_folders;
pub mod connectors;
pub mod cors;
pub mod costing;
pub mod cursor;
pub mod days;
pub mod deliveries;
pub mod employees;
pub mod freshness;
pub mod logs;
pub mod moment;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod organizations;
pub mod outgoing_webhooks;
pub mod page;
pub mod problem;
pub mod query;
pub mod rate_limit;
pub mod records;
pub mod routes;
pub mod seven_shifts_integration;
pub mod seven_shifts_proxy;
pub mod status;
pub mod stores;
pub mod webhooks;

pub use problem::{FieldError, Problem, ProblemKind};
pub use routes::{Access, Operation, ROUTES, Route};
