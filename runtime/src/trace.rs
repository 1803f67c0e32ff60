//! A bounded record of what guests did to the world outside them, so that two
//! runs can be compared.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

/// One effect of a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceEvent {
    /// Monotonic time of the host's clock when the effect was over.
    pub at: Duration,
    pub component: String,
    pub effect: Effect,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// An outbound request; the outcome is the status or the error.
    Outbound {
        method: String,
        uri: String,
        outcome: Result<u16, String>,
    },
    /// An SQLite statement; the outcome is the number of rows it returned, or the error.
    Statement {
        database: String,
        sql: String,
        outcome: Result<usize, String>,
    },
}

/// The newest events, up to a capacity.
#[derive(Debug)]
pub(crate) struct Trace {
    capacity: usize,
    events: Mutex<VecDeque<TraceEvent>>,
}

impl Trace {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity,
            events: Mutex::default(),
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.capacity > 0
    }

    pub(crate) fn record(&self, event: TraceEvent) {
        let mut events = lock(&self.events);
        if events.len() >= self.capacity {
            events.pop_front();
        }
        events.push_back(event);
    }

    pub(crate) fn take(&self) -> Vec<TraceEvent> {
        lock(&self.events).drain(..).collect()
    }
}

/// Every lock of this crate guards plain data that no panic leaves half-changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
