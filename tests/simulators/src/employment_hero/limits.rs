//! Requests a second and a minute, of each grant.

use std::collections::{BTreeMap, VecDeque};

use super::Settings;

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60_000;

/// Who asked when, within the last minute.
#[derive(Debug, Default)]
pub struct Usage(BTreeMap<u64, VecDeque<i64>>);

impl Usage {
    /// Lets a request through, or says in how many milliseconds to come back. What is refused does not
    /// count.
    pub fn admit(&mut self, grant: u64, settings: &Settings, now_ms: i64) -> Result<(), i64> {
        let times = self.0.entry(grant).or_default();
        while times
            .front()
            .is_some_and(|oldest| now_ms - oldest >= MINUTE_MS)
        {
            times.pop_front();
        }
        for (limit, window_ms) in [
            (settings.per_minute, MINUTE_MS),
            (settings.per_second, SECOND_MS),
        ] {
            let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) else {
                continue;
            };
            let first = times.partition_point(|at| now_ms - at >= window_ms);
            if times.len() - first >= limit {
                let oldest = times.get(first).copied().unwrap_or(now_ms);
                return Err(oldest + window_ms - now_ms);
            }
        }
        times.push_back(now_ms);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_windows_slide() {
        let settings = Settings {
            per_second: Some(2),
            per_minute: Some(4),
            ..Settings::default()
        };
        let mut usage = Usage::default();
        for (at, wait) in [
            (0, None),
            (500, None),
            (999, Some(1)),
            (1_000, None),
            (1_100, Some(400)),
            (1_500, None),
            (59_999, Some(1)),
            (60_000, None),
            (60_001, Some(499)),
        ] {
            assert_eq!(usage.admit(1, &settings, at).err(), wait, "{at}");
        }
        assert_eq!(usage.admit(2, &settings, 60_001), Ok(()));
        let off = Settings {
            per_second: None,
            per_minute: None,
            ..settings
        };
        for _ in 0..1_000 {
            assert_eq!(usage.admit(1, &off, 60_001), Ok(()));
        }
    }
}
