//! Faults that a test injects between a guest and the world.

use std::time::Duration;

use http::{Method, Uri};

/// Decides which effects of guests go wrong. Every method is asked once per
/// effect, before it happens.
pub trait Faults: Send + Sync + 'static {
    /// What befalls an outbound request, chained calls included.
    fn outbound(&self, _component: &str, _method: &Method, _uri: &Uri) -> OutboundFault {
        OutboundFault::None
    }

    /// What befalls an SQLite statement.
    fn statement(&self, _component: &str, _database: &str, _sql: &str) -> StatementFault {
        StatementFault::None
    }
}

/// The absence of faults.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFaults;

impl Faults for NoFaults {}

#[derive(Clone, Debug, Default)]
pub enum OutboundFault {
    #[default]
    None,
    /// The connection breaks before the other side sees the request.
    FailBefore,
    /// The other side handles the request, and its answer is lost.
    FailAfter,
    /// The request is sent later.
    Delay(Duration),
}

#[derive(Clone, Debug, Default)]
pub enum StatementFault {
    #[default]
    None,
    /// The statement fails with this message and has no effect.
    FailBefore(String),
    /// The statement takes effect, and the guest is told that it failed.
    FailAfter(String),
    /// The statement runs later.
    Delay(Duration),
}
