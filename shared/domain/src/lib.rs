//! The rules of Patchbay, and nothing else: no I/O, no clock, no randomness.
//!
//! Time and chance are arguments. A time is an `i64` of Unix seconds UTC; a name
//! that ends in `_ms` holds milliseconds. A duration names its unit.
//!
//! | module | rule |
//! |---|---|
//! | [`stream`], [`frequency`] | what is synced, and how often |
//! | [`sync_settings`] | the settings document of a connector |
//! | `schedule` (feature `zones`) | when a stream is due next |
//! | [`freshness`] | how old data may be before nothing is decided by it |
//! | [`job`], [`retry`], [`retry_after`], [`run`] | what follows from an attempt |
//! | [`gcra`] | the pace that a provider allows |
//! | [`deletion_brake`] | when a pass would delete too much |
//! | [`availability`], [`time_off`] | when people can work, and what a category of time off is |
//! | [`place_name`] | which location is which store, by their names |
//! | [`allocation`] | which adviser a deal goes to, and why |
//! | [`client_folder`] | the folder of a client: its name, and which one it is |
//! | [`attendance`] | what was scheduled against what was worked, and what follows |
//! | [`labor_cost`] | what an hour of a role costs, and who may be told |
//! | [`shift_check`] | who is on shift, and whether a message is sent to them |
//! | [`worked_time`] | a punch and its breaks, as hours worked |
//! | [`access`], [`api_key`], [`network`] | who may do what, for which organization |
//! | [`connector_state`] | the states of a connector and what they mean to a manager |
//! | [`webhook_topic`], [`webhook_plan`] | what a webhook makes due, and which of them a provider shall have |
//! | [`slack_message`] | what a message to Slack may hold, and its markup |
//! | [`inbound_webhook`] | which events a webhook keeps, and what is a repeat |
//! | [`webhook_signature`] | whether a webhook comes from whom it names, and how ours are signed |
//! | [`outgoing_webhook`] | when a webhook that we send is tried again, and what an answer means |
//! | [`outbound_target`] | which URLs a tenant may have us call |
//! | [`automation`] | which rules an event fires, and what they do |
//! | [`log_statistics`] | what counted rows of the integration log come to |
//! | [`redact`] | foreign text that is about to be shown or logged |
//! | [`spreadsheet`] | foreign text in a table |

mod error;
mod text_enum;

pub mod access;
pub mod allocation;
pub mod api_key;
pub mod attendance;
pub mod automation;
pub mod availability;
pub mod client_folder;
pub mod connector_health;
pub mod connector_state;
pub mod deletion_brake;
pub mod field_error;
pub mod fields;
pub mod frequency;
pub mod freshness;
pub mod gcra;
pub mod inbound_limit;
pub mod inbound_webhook;
pub mod job;
pub mod json_schema;
pub mod labor_cost;
pub mod log_statistics;
pub mod network;
pub mod organization;
pub mod outbound_target;
pub mod outgoing_webhook;
pub mod place_name;
pub mod redact;
pub mod retry;
pub mod retry_after;
pub mod run;
pub mod running;
#[cfg(feature = "zones")]
pub mod schedule;
pub mod shift_check;
pub mod slack_message;
pub mod spreadsheet;
pub mod stream;
pub mod sync_settings;
pub mod time_off;
pub mod webhook_plan;
pub mod webhook_signature;
pub mod webhook_topic;
pub mod worked_time;
pub mod zone;

pub use chrono::{Days, NaiveDate};
pub use error::{Error, Result};
