//! What HubSpot has said of an account's limits, kept in the key-value store: it may be missing at any time, and is
//! learnt again then.

use providers::hubspot::{REQUESTS_PER_TEN_SECONDS, SEARCHES_PER_SECOND};
use serde::{Deserialize, Serialize};
use spin_sdk::key_value::{Error, Store};
use store::rate_budgets::Pace;

use crate::log;

/// What the names of all that is kept begin with.
pub const LEARNT: &str = "learnt:";
/// Of the requests in ten seconds so many are for searches.
const SEARCHES: u64 = SEARCHES_PER_SECOND as u64 * 10;
const WINDOW_MS: i64 = 10_000;
const DAY_SECONDS: i64 = 86_400;
/// No more than so many in a window are made use of.
const LEFT_MAX: u64 = 1_000;
/// For so long nothing is asked after HubSpot has said that the day's requests are used up; then one request looks
/// whether that still holds, for somebody may have bought more.
const LOOK_AGAIN_SECONDS: i64 = 900;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learnt {
    /// Requests in ten seconds, as the last header said.
    #[serde(default)]
    pub max_per_window: Option<u64>,
    /// How far the account's clocks were ahead of UTC: its day ends at midnight there, give or take an hour twice a year.
    #[serde(default)]
    pub utc_offset_ms: Option<i64>,
    /// Marks of tokens that were found to be of this account.
    #[serde(default)]
    pub verified: Vec<String>,
    /// When the day's requests were used up, in Unix seconds.
    #[serde(default)]
    pub day_used_up_at: Option<i64>,
}

impl Learnt {
    /// How fast requests leave that are no searches: half of what a window holds may leave at once, the rest is spread over it.
    #[must_use]
    pub fn pace(&self) -> Pace {
        let max = self
            .max_per_window
            .unwrap_or_else(|| u64::from(REQUESTS_PER_TEN_SECONDS));
        let left = max.saturating_sub(SEARCHES).clamp(2, LEFT_MAX);
        let left = i64::try_from(left).unwrap_or(2);
        let burst = left / 2;
        Pace {
            interval_ms: WINDOW_MS
                .div_euclid(left.saturating_sub(burst))
                .saturating_add(1),
            burst,
        }
    }

    /// Whether it is known that HubSpot would refuse.
    #[must_use]
    pub fn is_used_up(&self, now: i64) -> bool {
        self.day_used_up_at
            .is_some_and(|at| (0..LOOK_AGAIN_SECONDS).contains(&now.saturating_sub(at)))
    }

    /// When the account's day ends after `now`; `None` where its clocks are not known. Without the database of zones, which is
    /// larger than all else that writes to HubSpot.
    #[must_use]
    pub fn day_ends_at(&self, now: i64) -> Option<i64> {
        let offset = self.utc_offset_ms?.div_euclid(1_000);
        let day = now.saturating_add(offset).div_euclid(DAY_SECONDS);
        let next = day.saturating_add(1).saturating_mul(DAY_SECONDS);
        Some(next.saturating_sub(offset))
    }

    pub(super) async fn read(key: &str) -> Self {
        let read = async { Store::open_default().await?.get(name(key)).await };
        match read.await {
            Ok(bytes) => bytes
                .and_then(|bytes| serde_json::from_slice(&bytes).ok())
                .unwrap_or_default(),
            Err(error) => {
                noted(&error);
                Self::default()
            }
        }
    }

    pub(super) async fn keep(&self, key: &str) {
        let Ok(bytes) = serde_json::to_vec(self) else {
            return;
        };
        let kept = async { Store::open_default().await?.set(name(key), bytes).await };
        if let Err(error) = kept.await {
            noted(&error);
        }
    }
}

fn name(key: &str) -> String {
    format!("{LEARNT}{key}")
}

fn noted(error: &Error) {
    log::error("hubspot_learnt", &format!("{error:?}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_window_holds_more_than_there_is_beside_searches() {
        for (max, burst) in [
            (None, 25),
            (Some(100), 25),
            (Some(110), 30),
            (Some(190), 70),
            (Some(250), 100),
            (Some(10), 1),
            (Some(u64::MAX), 500),
        ] {
            let learnt = Learnt {
                max_per_window: max,
                ..Learnt::default()
            };
            let pace = learnt.pace();
            assert_eq!(pace.burst, burst, "{max:?}");
            let left = max.unwrap_or(100).saturating_sub(50).clamp(2, 1_000);
            assert!(pace.burst + WINDOW_MS / pace.interval_ms <= i64::try_from(left).unwrap());
        }
    }

    #[test]
    fn what_is_used_up_is_looked_at_again() {
        let learnt = Learnt {
            day_used_up_at: Some(1_000),
            ..Learnt::default()
        };
        assert!(learnt.is_used_up(1_000) && learnt.is_used_up(1_899));
        assert!(!learnt.is_used_up(1_900) && !learnt.is_used_up(999));
        assert!(!Learnt::default().is_used_up(1_000));
    }

    #[test]
    fn a_day_ends_at_midnight_in_the_accounts_zone() {
        let learnt = Learnt {
            utc_offset_ms: Some(39_600_000),
            ..Learnt::default()
        };
        // 2026-03-11T00:10:00Z is 11:10 in Sydney.
        assert_eq!(learnt.day_ends_at(1_773_187_800), Some(1_773_234_000));
        assert_eq!(Learnt::default().day_ends_at(1_773_187_800), None);
    }
}
