//! The time a simulator believes it is: given by its owner, so that it can be
//! the wall clock, a virtual clock, or a clock that is wrong on purpose.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Unix time in milliseconds, UTC.
pub trait Clock: Send + Sync {
    fn now_ms(&self) -> i64;

    /// Unix time in whole seconds, UTC: what stamps are made of.
    fn now_seconds(&self) -> i64 {
        self.now_ms().div_euclid(1000)
    }
}

impl<F: Fn() -> i64 + Send + Sync> Clock for F {
    fn now_ms(&self) -> i64 {
        self()
    }
}

/// The machine's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| i64::try_from(since.as_millis()).ok())
            .unwrap_or(0)
    }
}

/// A clock that moves when its owner says so.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    #[must_use]
    pub const fn at_seconds(unix_seconds: i64) -> Self {
        Self(AtomicI64::new(unix_seconds.saturating_mul(1000)))
    }

    pub fn advance_ms(&self, by_ms: i64) {
        self.0.fetch_add(by_ms, Ordering::SeqCst);
    }

    pub fn advance_seconds(&self, by_seconds: i64) {
        self.advance_ms(by_seconds.saturating_mul(1000));
    }

    pub fn set_seconds(&self, unix_seconds: i64) {
        self.0
            .store(unix_seconds.saturating_mul(1000), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}
