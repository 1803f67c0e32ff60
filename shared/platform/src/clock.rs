//! The host's clock; under simulation it is virtual.

use std::time::{SystemTime, UNIX_EPOCH};

/// Unix time in milliseconds.
#[must_use]
pub fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
}

/// Unix time in seconds.
#[must_use]
pub fn now() -> i64 {
    now_ms().div_euclid(1000)
}

/// Unix time in microseconds, as `changed_seq` counts.
#[must_use]
pub fn now_micros() -> i64 {
    now_ms().saturating_mul(1000)
}
