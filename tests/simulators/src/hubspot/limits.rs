//! Requests in ten seconds, searches in one, and all of a day.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use chrono::{DateTime, NaiveDate};
use http::{HeaderName, HeaderValue, Response};

use super::State;
use super::answer::Problem;

const WINDOW_MS: i64 = 10_000;
const SECOND_MS: i64 = 1_000;
/// What OAuth tokens are counted as.
const OAUTH: &str = "oauth";
/// What all tokens are counted as together.
const ALL: &str = "all";

/// Who asked when.
#[derive(Debug, Default)]
pub(super) struct Limits {
    requests: HashMap<String, VecDeque<i64>>,
    searches: HashMap<String, VecDeque<i64>>,
    day: Option<(NaiveDate, u32)>,
}

impl State {
    /// Lets a request through and counts it. One that is refused counts in the day only.
    pub(super) fn take(
        &mut self,
        token: &str,
        is_oauth: bool,
        is_search: bool,
        now_ms: i64,
    ) -> Result<(), Problem> {
        let today = self.today(now_ms);
        let settings = &self.settings;
        let refuse = |policy| {
            Err(Problem::limit(
                policy,
                settings.older_limit_shape,
                settings.retry_after,
            ))
        };
        let used = match self.limits.day {
            Some((day, used)) if day == today => used,
            _ => 0,
        };
        if settings.requests_per_day.is_some_and(|limit| used >= limit) {
            return refuse("DAILY");
        }
        self.limits.day = Some((today, used.saturating_add(1)));
        if is_search {
            let who = if settings.searches_are_shared {
                ALL
            } else {
                token
            };
            let searches = self.limits.searches.entry(who.to_owned()).or_default();
            if !admit(searches, settings.searches_per_second, SECOND_MS, now_ms) {
                return refuse("SECONDLY");
            }
        }
        let (who, limit) = if is_oauth {
            (OAUTH, settings.oauth_requests_per_ten_seconds)
        } else {
            (token, settings.requests_per_ten_seconds)
        };
        let requests = self.limits.requests.entry(who.to_owned()).or_default();
        if !admit(requests, limit, WINDOW_MS, now_ms) {
            return refuse("TEN_SECONDLY_ROLLING");
        }
        Ok(())
    }

    /// The headers that answers have, but for those of searches.
    pub(super) fn with_limits(
        &self,
        mut answer: Response<Bytes>,
        token: &str,
        now_ms: i64,
    ) -> Response<Bytes> {
        let Some(known) = self.account.tokens.get(token) else {
            return answer;
        };
        let settings = &self.settings;
        let (who, limit) = if known.is_oauth {
            (OAUTH, settings.oauth_requests_per_ten_seconds)
        } else {
            (token, settings.requests_per_ten_seconds)
        };
        let headers = answer.headers_mut();
        let mut say = |name: &'static str, value: u32| {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        };
        if let Some(limit) = limit {
            let used = self.limits.requests.get(who).map_or(0, |times| {
                times.iter().filter(|at| now_ms - **at < WINDOW_MS).count()
            });
            let used = u32::try_from(used).unwrap_or(u32::MAX);
            say("x-hubspot-ratelimit-interval-milliseconds", 10_000);
            say("x-hubspot-ratelimit-max", limit);
            say("x-hubspot-ratelimit-remaining", limit.saturating_sub(used));
        }
        if let Some(limit) = settings.requests_per_day.filter(|_| !known.is_oauth) {
            let today = self.today(now_ms);
            let used = match self.limits.day {
                Some((day, used)) if day == today => used,
                _ => 0,
            };
            say("x-hubspot-ratelimit-daily", limit);
            say(
                "x-hubspot-ratelimit-daily-remaining",
                limit.saturating_sub(used),
            );
        }
        answer
    }

    /// The date where the account is.
    fn today(&self, now_ms: i64) -> NaiveDate {
        DateTime::from_timestamp_millis(now_ms)
            .unwrap_or(DateTime::UNIX_EPOCH)
            .with_timezone(&self.account.time_zone)
            .date_naive()
    }
}

fn admit(times: &mut VecDeque<i64>, limit: Option<u32>, window_ms: i64, now_ms: i64) -> bool {
    let Some(limit) = limit else {
        return true;
    };
    while times.front().is_some_and(|at| now_ms - at >= window_ms) {
        times.pop_front();
    }
    let has_room = times.len() < usize::try_from(limit).unwrap_or(usize::MAX);
    if has_room {
        times.push_back(now_ms);
    }
    has_room
}
