//! The Slack simulator as its callers see it: every word, limit and fault.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod client;
mod control_plane;
mod faults;
mod limits;
mod support;
mod web_api;
mod webhook;
