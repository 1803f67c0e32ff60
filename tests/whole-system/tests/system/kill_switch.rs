//! A death in the middle of something, in virtual time.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use runtime::{Faults, StatementFault};
use tokio::sync::Notify;

/// Stops the world at a statement: from there on nothing reaches the database.
#[derive(Default)]
pub struct KillSwitch {
    /// Only statements of this function count.
    pub component: Option<&'static str>,
    armed: AtomicBool,
    left: AtomicI64,
    pub reached: Notify,
}

impl KillSwitch {
    pub fn of(component: &'static str) -> Self {
        Self {
            component: Some(component),
            ..Self::default()
        }
    }

    pub fn arm(&self, statements: i64) {
        self.left.store(statements, Ordering::SeqCst);
        self.armed.store(true, Ordering::SeqCst);
    }

    /// True when it was not reached.
    pub fn disarm(&self) -> bool {
        self.armed.store(false, Ordering::SeqCst);
        self.left.load(Ordering::SeqCst) > 0
    }
}

impl Faults for KillSwitch {
    fn statement(&self, component: &str, _: &str, _: &str) -> StatementFault {
        let counts = self.component.is_none_or(|only| only == component);
        if !counts
            || !self.armed.load(Ordering::SeqCst)
            || self.left.fetch_sub(1, Ordering::SeqCst) > 1
        {
            return StatementFault::None;
        }
        self.reached.notify_one();
        StatementFault::Delay(Duration::from_secs(86_400))
    }
}
