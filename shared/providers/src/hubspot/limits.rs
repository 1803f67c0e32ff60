//! How much may be asked, as headers and 429s say it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde_json::Value;

/// A body that is longer is not looked into.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// Which limit a 429 is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitPolicy {
    /// Of the account, until midnight in its own zone.
    Daily,
    /// Of the app, over ten seconds that roll.
    TenSecondlyRolling,
    /// Of searches.
    Secondly,
    /// One that is not documented, or none that is named.
    Unknown,
}

impl LimitPolicy {
    /// `None`: the answer is no 429.
    #[must_use]
    pub fn of(response: &Response<Bytes>) -> Option<Self> {
        if response.status() != StatusCode::TOO_MANY_REQUESTS {
            return None;
        }
        let named = Some(response.body())
            .filter(|body| body.len() <= MAX_BODY_BYTES)
            .and_then(|body| serde_json::from_slice::<Value>(body).ok())
            .and_then(|body| Self::named(body.get("policyName")?.as_str()?));
        Some(named.unwrap_or_else(|| {
            if RateLimits::read(response.headers()).daily_remaining == Some(0) {
                Self::Daily
            } else {
                Self::Unknown
            }
        }))
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Daily, Self::TenSecondlyRolling, Self::Secondly]
            .into_iter()
            .find(|policy| policy.as_str().eq_ignore_ascii_case(name.trim()))
    }

    /// HubSpot's own name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "DAILY",
            Self::TenSecondlyRolling => "TEN_SECONDLY_ROLLING",
            Self::Secondly => "SECONDLY",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// After how long there is room again. `None`: not before midnight in the account's zone
    /// ([`AccountDetails::time_zone`](super::AccountDetails::time_zone)).
    ///
    /// HubSpot does not say when to come back: this is one whole window.
    #[must_use]
    pub const fn window(self) -> Option<Duration> {
        match self {
            Self::Daily => None,
            Self::TenSecondlyRolling | Self::Unknown => Some(Duration::from_secs(10)),
            Self::Secondly => Some(Duration::from_secs(1)),
        }
    }
}

/// What the headers of an answer say. Searches have none of them, and requests with an OAuth token
/// none of the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests of the account in a day.
    pub daily: Option<u64>,
    pub daily_remaining: Option<u64>,
    /// The window of the next two, in milliseconds.
    pub interval_ms: Option<u64>,
    /// Requests of the app in a window.
    pub max: Option<u64>,
    pub remaining: Option<u64>,
}

impl RateLimits {
    /// A header that comes twice, or is no number, says nothing.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Self {
        let number = |name: &str| {
            let mut values = headers.get_all(name).iter();
            let value = values.next()?.to_str().ok()?.trim();
            let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            match values.next() {
                None if is_number => value.parse().ok(),
                _ => None,
            }
        };
        Self {
            daily: number("x-hubspot-ratelimit-daily"),
            daily_remaining: number("x-hubspot-ratelimit-daily-remaining"),
            interval_ms: number("x-hubspot-ratelimit-interval-milliseconds"),
            max: number("x-hubspot-ratelimit-max"),
            remaining: number("x-hubspot-ratelimit-remaining"),
        }
    }
}
