//! The Employment Hero simulator as its callers see it: codes, tokens, lists, limits and faults.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod client;
mod control_plane;
mod lists;
mod oauth;
mod support;
