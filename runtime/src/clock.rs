//! The time that guests and schedules see.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::time::Instant;

/// A source of time. Sleeping is tokio's business, so that a paused tokio
/// clock moves guests and host alike.
pub trait Clock: Send + Sync + 'static {
    /// Time since the Unix epoch.
    fn wall(&self) -> Duration;
    /// Time since some moment of the past; never goes back.
    fn monotonic(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn wall(&self) -> Duration {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A clock that starts when it is told to and advances with tokio's.
///
/// On a runtime built with `start_paused`, an hour of sleep passes at once
/// whenever nothing else is left to do.
#[derive(Debug)]
pub struct VirtualClock {
    epoch: Duration,
    started: Instant,
    /// What [`VirtualClock::jump`] added, in milliseconds.
    jumped: AtomicI64,
}

impl VirtualClock {
    /// A clock whose wall time is `epoch` (since the Unix epoch) now. Call it
    /// on the tokio runtime that will run the guests.
    pub fn starting_at(epoch: Duration) -> Self {
        Self {
            epoch,
            started: Instant::now(),
            jumped: AtomicI64::new(0),
        }
    }

    /// Moves the wall clock alone, as an operator or a time server does:
    /// forward by a positive number of milliseconds, back by a negative one.
    pub fn jump(&self, milliseconds: i64) {
        self.jumped.fetch_add(milliseconds, Ordering::Relaxed);
    }
}

impl Clock for VirtualClock {
    fn wall(&self) -> Duration {
        let jumped = self.jumped.load(Ordering::Relaxed);
        let distance = Duration::from_millis(jumped.unsigned_abs());
        let straight = self.epoch + self.started.elapsed();
        if jumped >= 0 {
            straight.saturating_add(distance)
        } else {
            straight.saturating_sub(distance)
        }
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}
