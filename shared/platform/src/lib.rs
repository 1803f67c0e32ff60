//! What a function stands on: Spin's SQLite behind [`store::Database`], the vault, the one way
//! out, authentication, routing, problems and logs.

pub mod access_tokens;
#[cfg(feature = "zones")]
pub mod advisers;
pub mod allocating;
#[cfg(feature = "zones")]
pub mod attendance;
pub mod auth;
pub mod box_folders;
pub mod clients;
pub mod clock;
pub mod coalesce;
pub mod database;
pub mod default_rules;
pub mod deliveries;
pub mod delivering;
pub mod disconnecting;
pub mod employment_hero;
#[cfg(feature = "zones")]
pub mod freshness;
pub mod health;
pub mod hubspot;
pub mod idempotent;
pub mod inbound_limits;
pub mod internal;
#[cfg(feature = "zones")]
pub mod labor_rates;
pub mod lists;
pub mod log;
pub mod oauth;
pub mod on_demand;
pub mod outbound;
pub mod outgoing_webhooks;
pub mod place_names;
#[cfg(feature = "zones")]
pub mod planning;
pub mod problems;
pub mod public_url;
pub mod random;
pub mod rest_api;
pub mod run;
pub mod serve;
pub mod seven_shifts;
pub mod slack;
pub mod table;
pub mod targets;
pub mod time;
pub mod variables;
pub mod vault;
pub mod wake;
pub mod webhook_copies;
pub mod webhook_setup;

pub use database::SpinDatabase;
pub use serve::{Answer, Context, Reply, change_as, serve, serve_functions, serve_internal};
