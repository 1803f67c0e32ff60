//! Deals that are given to advisers, by themselves: see `whole_system` for what they stand on.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod allocating;
#[path = "../system/kill_switch.rs"]
mod kill_switch;
