//! The HubSpot simulator as its callers see it: search, limits, faults, workflows.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod client;
mod control_plane;
mod demo;
mod faults;
mod limits;
mod records;
mod search;
mod support;
mod workflows;
