//! The 7shifts simulator as its callers see it: every quirk, fault and limit.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

mod access;
mod availability;
mod client;
mod control_plane;
mod cursors;
mod faults;
mod in_process;
mod life;
mod loopback;
mod mutations;
mod people_and_places;
mod shifts;
mod support;
mod terms;
mod time_off;
mod time_punches;
mod wages;
mod webhooks;
mod writes;
