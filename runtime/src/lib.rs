//! Runs a Spin manifest without the Spin CLI: for development, tests and
//! single machines.
//!
//! [`Application::load`] compiles what a manifest names, [`Runtime::builder`]
//! starts it, [`Runtime::serve`] listens. A test replaces clock, network,
//! randomness and storage, injects faults, kills the runtime in the middle of
//! its work and starts another on the same data, all without touching the
//! `.wasm` files.

mod allowed_hosts;
mod application;
mod bindings;
mod body;
mod clock;
mod cron;
mod error;
mod faults;
mod http_component;
mod http_server;
mod instance;
mod key_value;
mod kill;
mod limits;
pub mod manifest;
mod network;
mod outbound;
mod output;
mod private_networks;
mod routes;
mod runtime;
mod spin_headers;
mod sqlite;
mod storage;
mod trace;
mod variables;

pub use allowed_hosts::Allowance;
pub use application::Application;
pub use body::{Body, OutboundError, adapt, full};
pub use clock::{Clock, SystemClock, VirtualClock};
pub use error::Error;
pub use faults::{Faults, NoFaults, OutboundFault, StatementFault};
pub use http_server::Server;
pub use limits::Limits;
pub use network::{Answer, InProcessNetwork, Internet, Network};
pub use output::{CapturedOutput, GuestOutput};
pub use runtime::{Runtime, RuntimeBuilder, Schedules};
pub use storage::Storage;
pub use trace::{Effect, TraceEvent};
