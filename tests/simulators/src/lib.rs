//! Simulators of the providers Patchbay talks to.
//!
//! A simulator keeps real state, pages, rate-limits and misbehaves on demand.
//! It is one origin, so one listener: [`Simulator::serve`] puts it on a
//! socket, [`Simulator::send`] (or the tower `Service`) asks it in process, on
//! whatever clock its owner gave it. Both run the same code.
//!
//! A provider is a module beside [`rest`], [`seven_shifts`], [`slack`] and [`receiver`] that implements
//! [`Provider`]: it answers requests from its state. Faults, the log of
//! requests, the control plane under `/_sim/` and the sockets are common.

pub mod box_folders;
pub mod employment_hero;
pub mod hubspot;
pub mod receiver;
pub mod rest;
pub mod seven_shifts;
pub mod slack;

mod clock;
mod control;
mod error;
mod fault;
mod provider;
mod rate_limit;
mod request_log;
mod server;
mod simulator;
mod spoil;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{Error, NetworkError};
pub use fault::{ErrorShape, Fault, FaultRule, RetryAfter, When};
pub use provider::{PageFault, Provider};
pub use rate_limit::RateLimit;
pub use request_log::LoggedRequest;
pub use server::Server;
pub use simulator::{Simulator, SimulatorBody};
