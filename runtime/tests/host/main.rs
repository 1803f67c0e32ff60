//! The host as its users see it: guests built from `tests/guests`, run by the
//! library and by the binary.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests stop at the first surprise, as tests do"
)]

mod data;
mod http;
mod limits;
mod manifest;
mod outbound;
mod process;
mod simulation;
mod support;
