//! The Box simulator as its callers see it: tokens, folders, copies, every fault.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod client;
mod control_plane;
mod copies;
mod folders;
mod support;
mod tokens;
