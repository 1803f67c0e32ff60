//! What an API says about its rate limit: a hint, never a promise.

use std::time::Duration;

use domain::retry::MAX_RETRY_SECS;
use http::HeaderMap;

/// The state of the tightest window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// What is left of the quota, in the API's units. More than 0 promises nothing.
    pub remaining: u64,
    /// When the window begins anew, at most one hour.
    pub resets_in: Option<Duration>,
}

/// Above, a reset is a Unix time and no number of seconds.
const LEAST_UNIX_SECONDS: u64 = 1_000_000_000;
/// Above, it is in milliseconds.
const LEAST_UNIX_MILLISECONDS: u64 = 100_000_000_000;

/// The largest integer of a structured field (RFC 9651 section 3.3.1).
const MAX_INTEGER_DIGITS: usize = 15;

const STATE: &str = "ratelimit";
/// Earlier drafts and older habits: what is left, and when the window begins anew.
const PAIRS: [(&str, &str); 3] = [
    ("ratelimit-remaining", "ratelimit-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("x-rate-limit-remaining", "x-rate-limit-reset"),
];

impl RateLimit {
    /// From the field `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11), or else one of the older
    /// pairs of fields. What cannot be read is ignored. `received_at` is in Unix seconds.
    #[must_use]
    pub fn read(headers: &HeaderMap, received_at: i64) -> Option<Self> {
        state(headers).or_else(|| {
            PAIRS
                .iter()
                .find_map(|(remaining, reset)| pair(headers, remaining, reset, received_at))
        })
    }
}

fn state(headers: &HeaderMap) -> Option<RateLimit> {
    let mut windows: Vec<RateLimit> = Vec::new();
    for value in headers.get_all(STATE) {
        for item in split(value.to_str().ok()?, ',')? {
            windows.push(window(item)?);
        }
    }
    // Of two that are as tight, the one that lasts longer.
    windows
        .into_iter()
        .min_by_key(|window| (window.remaining, std::cmp::Reverse(window.resets_in)))
}

/// `"minute";r=17;t=9`.
fn window(item: &str) -> Option<RateLimit> {
    let mut parts = split(item, ';')?.into_iter();
    if parts.next()?.is_empty() {
        return None;
    }
    let (mut remaining, mut seconds) = (None, None);
    for part in parts {
        match part.split_once('=') {
            Some(("r", number)) => remaining = Some(integer(number)?),
            Some(("t", number)) => seconds = Some(integer(number)?),
            _ => {}
        }
    }
    Some(RateLimit {
        remaining: remaining?,
        resets_in: seconds.map(wait),
    })
}

fn pair(headers: &HeaderMap, remaining: &str, reset: &str, received_at: i64) -> Option<RateLimit> {
    let number = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        match values.next() {
            None => integer(value.trim()),
            Some(_) => None,
        }
    };
    let now = u64::try_from(received_at).unwrap_or(0);
    let resets_in = number(reset).map(|reset| match reset {
        LEAST_UNIX_MILLISECONDS.. => wait((reset / 1_000).saturating_sub(now)),
        LEAST_UNIX_SECONDS.. => wait(reset.saturating_sub(now)),
        seconds => wait(seconds),
    });
    Some(RateLimit {
        remaining: number(remaining)?,
        resets_in,
    })
}

fn wait(seconds: u64) -> Duration {
    Duration::from_secs(seconds.min(MAX_RETRY_SECS.unsigned_abs()))
}

fn integer(text: &str) -> Option<u64> {
    let is_integer = (1..=MAX_INTEGER_DIGITS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_integer)
}

/// Parts between separators that are not inside a quoted text; without the blanks around them.
/// `None`: a quoted text does not end.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let parts = text
        .split(|c: char| {
            match c {
                _ if is_escaped => is_escaped = false,
                '\\' if is_quoted => is_escaped = true,
                '"' => is_quoted = !is_quoted,
                _ => return c == separator && !is_quoted,
            }
            false
        })
        .map(str::trim)
        .collect();
    (!is_quoted).then_some(parts)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_790_000_000;

    fn read(headers: &[(&'static str, &str)]) -> Option<(u64, Option<u64>)> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::try_from(*value).unwrap());
        }
        RateLimit::read(&map, NOW)
            .map(|limit| (limit.remaining, limit.resets_in.map(|wait| wait.as_secs())))
    }

    #[test]
    fn the_malformed_is_ignored() {
        for value in [
            "",
            "17",
            "\"minute\"",
            "\"minute\";r=-1",
            "\"minute\";r=1.5",
            "\"minute\";r=17;t=soon",
            "\"minute;r=17",
            "\"minute\";r=9999999999999999",
            "\"minute\";r=1, ",
            ";r=1",
        ] {
            assert_eq!(read(&[("ratelimit", value)]), None, "{value}");
        }
        for (remaining, reset) in [("", "1"), ("many", "1"), ("-1", "1"), ("1, 2", "1")] {
            let headers = [
                ("ratelimit-remaining", remaining),
                ("ratelimit-reset", reset),
            ];
            assert_eq!(read(&headers), None, "{remaining}");
        }
        let twice = [
            ("x-ratelimit-remaining", "1"),
            ("x-ratelimit-remaining", "1"),
        ];
        assert_eq!(read(&twice), None);
    }

    #[test]
    fn the_tightest_window_counts() {
        for (value, limit) in [
            ("\"minute\";r=17;t=9", (17, Some(9))),
            ("\"minute\";r=17", (17, None)),
            ("minute;r=17;t=9", (17, Some(9))),
            ("\"a;b,c\\\"\";r=3;t=4", (3, Some(4))),
            ("\"minute\";r=17;t=9, \"day\";r=4;t=80", (4, Some(80))),
            ("\"minute\";r=0;t=9, \"day\";r=0;t=80", (0, Some(80))),
            ("\"minute\";r=0;t=99999999;pk=:AAAA:", (0, Some(3_600))),
        ] {
            assert_eq!(read(&[("ratelimit", value)]), Some(limit), "{value}");
        }
    }

    #[test]
    fn older_fields_are_read_too() {
        for (headers, limit) in [
            (
                ["ratelimit-remaining", "ratelimit-reset"],
                ("5", "30", Some(30)),
            ),
            (
                ["x-ratelimit-remaining", "x-ratelimit-reset"],
                ("0", "1790000060", Some(60)),
            ),
            (
                ["x-ratelimit-remaining", "x-ratelimit-reset"],
                ("0", "1790000060000", Some(60)),
            ),
            (
                ["x-ratelimit-remaining", "x-ratelimit-reset"],
                ("0", "1780000000", Some(0)),
            ),
            (
                ["x-ratelimit-remaining", "x-ratelimit-reset"],
                ("0", "1999999999", Some(3_600)),
            ),
            (
                ["x-rate-limit-remaining", "x-rate-limit-reset"],
                ("7", "soon", None),
            ),
        ] {
            let [remaining_name, reset_name] = headers;
            let (remaining, reset, seconds) = limit;
            assert_eq!(
                read(&[(remaining_name, remaining), (reset_name, reset)]),
                Some((remaining.parse().unwrap(), seconds)),
                "{reset}"
            );
        }
        // The standard's field is the one that counts, if it can be read.
        let both = [
            ("ratelimit", "\"a\";r=1;t=2"),
            ("x-ratelimit-remaining", "9"),
        ];
        assert_eq!(read(&both), Some((1, Some(2))));
        let broken = [("ratelimit", "\"a\";r=x"), ("x-ratelimit-remaining", "9")];
        assert_eq!(read(&broken), Some((9, None)));
    }

    proptest! {
        #[test]
        fn no_field_panics_or_asks_for_more_than_an_hour(value in "[ -~]{0,40}", reset in "[0-9]{0,20}", now: i64) {
            let mut headers = HeaderMap::new();
            headers.insert("ratelimit", HeaderValue::try_from(value.as_str()).unwrap());
            headers.insert("x-ratelimit-remaining", HeaderValue::from_static("1"));
            headers.insert("x-ratelimit-reset", HeaderValue::try_from(reset.as_str()).unwrap());
            if let Some(wait) = RateLimit::read(&headers, now).and_then(|limit| limit.resets_in) {
                prop_assert!(wait <= Duration::from_secs(3_600));
            }
        }
    }
}
