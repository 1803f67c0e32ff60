//! Every request a simulator received, and how close together they came.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

/// Requests kept; older ones are forgotten. At 10 requests a second this is
/// five and a half hours.
pub const LOGGED_MAX: usize = 200_000;

/// One request as it arrived, and what it was answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoggedRequest {
    /// Arrival, Unix milliseconds by the simulator's clock.
    pub at_ms: i64,
    pub token: Option<String>,
    pub method: String,
    pub path: String,
    pub query: String,
    /// None while it waits, and for good when the connection was broken
    /// before a status could be sent.
    pub status: Option<u16>,
}

#[derive(Debug, Default)]
pub struct RequestLog {
    entries: VecDeque<LoggedRequest>,
    /// Number of the first entry that is still kept.
    first: u64,
}

impl RequestLog {
    /// Notes an arrival; the number is for [`RequestLog::answered`].
    pub fn arrived(&mut self, request: LoggedRequest) -> u64 {
        if self.entries.len() >= LOGGED_MAX {
            self.entries.pop_front();
            self.first += 1;
        }
        self.entries.push_back(request);
        self.first + self.entries.len() as u64 - 1
    }

    pub fn answered(&mut self, number: u64, status: u16) {
        let entry = number
            .checked_sub(self.first)
            .and_then(|offset| usize::try_from(offset).ok())
            .and_then(|offset| self.entries.get_mut(offset));
        if let Some(entry) = entry {
            entry.status = Some(status);
        }
    }

    pub fn entries(&self) -> impl Iterator<Item = &LoggedRequest> {
        self.entries.iter()
    }

    pub fn clear(&mut self) {
        self.first += self.entries.len() as u64;
        self.entries.clear();
    }

    /// The highest number of requests in any half-open second `[t, t + 1 s)`,
    /// of one credential or of all.
    pub fn peak_in_a_second(&self, token: Option<&str>) -> usize {
        peak(
            self.entries()
                .filter(|entry| token.is_none() || entry.token.as_deref() == token)
                .map(|entry| entry.at_ms),
        )
    }

    /// The same for each credential seen.
    pub fn peaks_by_token(&self) -> BTreeMap<String, usize> {
        let mut arrivals: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for entry in self.entries() {
            let token = entry.token.as_deref().unwrap_or_default();
            arrivals.entry(token).or_default().push(entry.at_ms);
        }
        arrivals
            .into_iter()
            .map(|(token, times)| (token.to_owned(), peak(times)))
            .collect()
    }
}

fn peak(arrivals_ms: impl IntoIterator<Item = i64>) -> usize {
    let mut times: Vec<i64> = arrivals_ms.into_iter().collect();
    times.sort_unstable();
    let mut window: VecDeque<i64> = VecDeque::new();
    let mut highest = 0;
    for at in times {
        while window.front().is_some_and(|oldest| at - oldest >= 1000) {
            window.pop_front();
        }
        window.push_back(at);
        highest = highest.max(window.len());
    }
    highest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(at_ms: i64, token: &str) -> LoggedRequest {
        LoggedRequest {
            at_ms,
            token: Some(token.to_owned()),
            method: "GET".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            status: None,
        }
    }

    #[test]
    fn the_peak_is_found_across_the_borders_of_whole_seconds() {
        let mut log = RequestLog::default();
        for at in [0, 900, 950, 999, 1000, 1001, 1899, 3000] {
            log.arrived(request(at, "a"));
        }
        // 900, 950, 999, 1000, 1001, 1899 lie within one second.
        assert_eq!(log.peak_in_a_second(None), 6);
    }

    #[test]
    fn requests_a_whole_second_apart_do_not_share_a_window() {
        let mut log = RequestLog::default();
        log.arrived(request(0, "a"));
        log.arrived(request(1000, "a"));
        assert_eq!(log.peak_in_a_second(None), 1);
    }

    #[test]
    fn each_credential_has_its_own_peak() {
        let mut log = RequestLog::default();
        for at in [0, 10, 20] {
            log.arrived(request(at, "a"));
        }
        log.arrived(request(5, "b"));
        assert_eq!(log.peak_in_a_second(Some("b")), 1);
        assert_eq!(
            log.peaks_by_token(),
            BTreeMap::from([("a".to_owned(), 3), ("b".to_owned(), 1)])
        );
    }

    #[test]
    fn an_answer_finds_its_request_after_the_log_was_cleared() {
        let mut log = RequestLog::default();
        let first = log.arrived(request(0, "a"));
        log.clear();
        let second = log.arrived(request(1, "a"));
        log.answered(first, 500);
        log.answered(second, 200);
        let statuses: Vec<_> = log.entries().map(|entry| entry.status).collect();
        assert_eq!(statuses, [Some(200)]);
    }
}
