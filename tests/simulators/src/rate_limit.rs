//! Requests a second per credential, with a block for those who go over.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

/// How a provider limits and punishes. Absent parts are switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Requests allowed in any sliding second; no limit when absent.
    pub requests_per_second: Option<u32>,
    /// How long every request is refused after one went over; when absent only
    /// the request that went over is.
    pub block_ms: Option<u32>,
    /// Whether a refusal says when to come back.
    pub retry_after: bool,
}

impl RateLimit {
    /// No limit at all, for benchmarks.
    pub const OFF: Self = Self {
        requests_per_second: None,
        block_ms: None,
        retry_after: false,
    };
}

/// Who asked when.
#[derive(Debug, Default)]
pub struct Limiter(HashMap<String, Usage>);

#[derive(Debug, Default)]
struct Usage {
    recent_ms: VecDeque<i64>,
    blocked_until_ms: Option<i64>,
}

impl Limiter {
    /// Lets a request through, or says in how many milliseconds to come back.
    pub fn admit(&mut self, limit: RateLimit, token: &str, now_ms: i64) -> Result<(), i64> {
        let Some(allowed) = limit.requests_per_second else {
            return Ok(());
        };
        if !self.0.contains_key(token) {
            self.0.insert(token.to_owned(), Usage::default());
        }
        match self.0.get_mut(token) {
            Some(usage) => usage.admit(limit, allowed, now_ms),
            None => Ok(()),
        }
    }

    /// Forgets all use and lifts all blocks.
    pub fn forgive(&mut self) {
        self.0.clear();
    }
}

impl Usage {
    fn admit(&mut self, limit: RateLimit, allowed: u32, now_ms: i64) -> Result<(), i64> {
        if let Some(until) = self.blocked_until_ms {
            if now_ms < until {
                return Err(until - now_ms);
            }
            self.blocked_until_ms = None;
        }
        while self
            .recent_ms
            .front()
            .is_some_and(|oldest| now_ms - oldest >= 1000)
        {
            self.recent_ms.pop_front();
        }
        if self.recent_ms.len() < usize::try_from(allowed).unwrap_or(usize::MAX) {
            self.recent_ms.push_back(now_ms);
            return Ok(());
        }
        let wait_ms = match limit.block_ms {
            Some(block) => {
                self.blocked_until_ms = Some(now_ms + i64::from(block));
                i64::from(block)
            }
            None => self
                .recent_ms
                .front()
                .map_or(0, |oldest| oldest + 1000 - now_ms),
        };
        Err(wait_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimit = RateLimit {
        requests_per_second: Some(2),
        block_ms: Some(60_000),
        retry_after: true,
    };

    #[test]
    fn going_over_blocks_for_the_whole_minute_and_then_forgives() {
        let mut limiter = Limiter::default();
        assert_eq!(limiter.admit(LIMIT, "a", 0), Ok(()));
        assert_eq!(limiter.admit(LIMIT, "a", 1), Ok(()));
        assert_eq!(limiter.admit(LIMIT, "a", 2), Err(60_000));
        assert_eq!(limiter.admit(LIMIT, "a", 30_000), Err(30_002));
        assert_eq!(limiter.admit(LIMIT, "b", 30_000), Ok(()));
        assert_eq!(limiter.admit(LIMIT, "a", 60_002), Ok(()));
    }

    #[test]
    fn without_a_block_the_window_slides() {
        let limit = RateLimit {
            block_ms: None,
            ..LIMIT
        };
        let mut limiter = Limiter::default();
        assert_eq!(limiter.admit(limit, "a", 0), Ok(()));
        assert_eq!(limiter.admit(limit, "a", 600), Ok(()));
        assert_eq!(limiter.admit(limit, "a", 999), Err(1));
        assert_eq!(limiter.admit(limit, "a", 1000), Ok(()));
        assert_eq!(limiter.admit(limit, "a", 1001), Err(599));
    }

    #[test]
    fn switched_off_it_lets_everything_through() {
        let mut limiter = Limiter::default();
        for _ in 0..10_000 {
            assert_eq!(limiter.admit(RateLimit::OFF, "a", 0), Ok(()));
        }
    }
}
