//! Misbehaviour on demand: which requests go wrong, and how.

use std::fmt;

use http::{Method, StatusCode};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// More rules than any test needs; a bound so that a loop that adds rules is
/// noticed.
const RULES_MAX: usize = 1_000;

/// One kind of misbehaviour for the requests that match.
///
/// Every condition that is given must hold. The first rule that matches and
/// strikes decides; a request meets one fault at most.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Any method when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Every path when empty.
    #[serde(default)]
    pub path_prefix: String,
    /// Every path that begins so when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_suffix: Option<String>,
    /// Text the query must contain, as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_contains: Option<String>,
    /// Only requests with this credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    pub when: When,
    pub fault: Fault,
}

impl FaultRule {
    /// The next request whose path begins with `path_prefix`, once.
    pub fn once(path_prefix: impl Into<String>, fault: Fault) -> Self {
        Self::next(1, path_prefix, fault)
    }

    /// The next `requests` whose path begins with `path_prefix`.
    pub fn next(requests: u64, path_prefix: impl Into<String>, fault: Fault) -> Self {
        Self::on(path_prefix, When::Next { requests, after: 0 }, fault)
    }

    /// Every request whose path begins with `path_prefix`.
    pub fn always(path_prefix: impl Into<String>, fault: Fault) -> Self {
        Self::on(path_prefix, When::Always, fault)
    }

    pub fn on(path_prefix: impl Into<String>, when: When, fault: Fault) -> Self {
        Self {
            method: None,
            path_prefix: path_prefix.into(),
            path_suffix: None,
            query_contains: None,
            token: None,
            when,
            fault,
        }
    }

    #[must_use]
    pub fn method(mut self, method: &Method) -> Self {
        self.method = Some(method.to_string());
        self
    }

    #[must_use]
    pub fn path_suffix(mut self, text: impl Into<String>) -> Self {
        self.path_suffix = Some(text.into());
        self
    }

    #[must_use]
    pub fn query_contains(mut self, text: impl Into<String>) -> Self {
        self.query_contains = Some(text.into());
        self
    }

    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Every kind of misbehaviour a client must survive without help, each
    /// with probability `p_each`, all drawn from one seed: add the rules and
    /// let days of operation pass, clear them and see that all heals.
    ///
    /// What needs a person (401, 403, 404, 410) and what never ends by itself
    /// (a cursor without an end) is left out.
    #[must_use]
    pub fn bad_weather(seed: u64, p_each: f64) -> Vec<Self> {
        let faults = [
            Fault::NoAnswer,
            Fault::Delay {
                milliseconds: 2_000,
            },
            Fault::status(StatusCode::INTERNAL_SERVER_ERROR),
            Fault::status(StatusCode::BAD_GATEWAY),
            Fault::too_many_requests(None),
            Fault::too_many_requests(Some(5)),
            Fault::reset(),
            Fault::Reset {
                after_handling: true,
            },
            Fault::truncate(),
            Fault::WrongJson,
            Fault::WrongShape,
            Fault::DuplicatePage,
            Fault::EmptyPage,
            Fault::DateSkew { seconds: -7_200 },
        ];
        (seed..)
            .zip(faults)
            .map(|(seed, fault)| Self::on("/", When::Probability { p: p_each, seed }, fault))
            .collect()
    }

    fn matches(&self, method: &Method, path: &str, query: &str, token: Option<&str>) -> bool {
        path.starts_with(&self.path_prefix)
            && self
                .path_suffix
                .as_deref()
                .is_none_or(|suffix| path.ends_with(suffix))
            && self
                .method
                .as_deref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method.as_str()))
            && self
                .query_contains
                .as_deref()
                .is_none_or(|text| query.contains(text))
            && self
                .token
                .as_deref()
                .is_none_or(|wanted| token == Some(wanted))
    }
}

/// Which of the matching requests are struck.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum When {
    /// `requests` of them, after the first `after` went through.
    Next {
        requests: u64,
        #[serde(default)]
        after: u64,
    },
    /// Each with probability `p` (0 to 1), drawn from `seed`.
    Probability {
        p: f64,
        seed: u64,
    },
    Always,
}

/// How a request goes wrong.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The connection stays open and nothing ever comes.
    NoAnswer,
    /// The right answer, this much later.
    Delay { milliseconds: u64 },
    /// An error instead of the answer.
    Status {
        status: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<RetryAfter>,
        #[serde(default)]
        shape: ErrorShape,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// The connection is reset. With `after_handling` the provider has done
    /// what was asked and only the answer is lost.
    Reset {
        #[serde(default)]
        after_handling: bool,
    },
    /// The head promises the whole body, the connection ends after `keep`
    /// bytes of it (half of it when absent).
    Truncate {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keep: Option<usize>,
    },
    /// 200 with a body that is not JSON.
    WrongJson,
    /// 200 with JSON of a shape nobody documented.
    WrongShape,
    /// One record of the page carries `"\ud800"`, a lone surrogate, in a text.
    LoneSurrogate {
        #[serde(default)]
        record: usize,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
    },
    /// One record of the page carries a number no integer type holds.
    HugeNumber {
        #[serde(default)]
        record: usize,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        /// As it stands on the wire: `1e400`, `1180591620717411303424`, `1.5`.
        number: String,
    },
    /// The page's `next` leads to the same page again.
    DuplicatePage,
    /// A page without rows whose `next` leads to where the rows are.
    EmptyPage,
    /// The list ends after the first `keep` rows of the page, as if there were no more.
    ListCutShort { keep: usize },
    /// The last page has a `next`.
    NeverEndingCursor {
        /// The last page's rows come again and again, instead of none.
        #[serde(default)]
        repeat_rows: bool,
        /// The very same cursor text each time, instead of a new one.
        #[serde(default)]
        same_cursor: bool,
    },
    /// The right answer with a `Date` this far off.
    DateSkew { seconds: i64 },
}

impl Fault {
    /// A problem document with this status.
    #[must_use]
    pub fn status(status: StatusCode) -> Self {
        Self::Status {
            status: status.as_u16(),
            retry_after: None,
            shape: ErrorShape::Native,
            detail: None,
        }
    }

    /// 429, with `Retry-After` in seconds if given.
    #[must_use]
    pub fn too_many_requests(retry_after_seconds: Option<u64>) -> Self {
        Self::Status {
            status: StatusCode::TOO_MANY_REQUESTS.as_u16(),
            retry_after: retry_after_seconds.map(RetryAfter::Seconds),
            shape: ErrorShape::Native,
            detail: None,
        }
    }

    #[must_use]
    pub fn reset() -> Self {
        Self::Reset {
            after_handling: false,
        }
    }

    #[must_use]
    pub fn truncate() -> Self {
        Self::Truncate { keep: None }
    }

    #[must_use]
    pub fn lone_surrogate() -> Self {
        Self::LoneSurrogate {
            record: 0,
            field: None,
        }
    }

    #[must_use]
    pub fn huge_number() -> Self {
        Self::HugeNumber {
            record: 0,
            field: None,
            number: "1e400".to_owned(),
        }
    }
}

/// What `Retry-After` says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    Seconds(u64),
    /// An HTTP date this many seconds from the simulator's now.
    DateIn(u64),
    /// Whatever text, to see what a client does with nonsense.
    Text(String),
}

/// The body of an injected error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorShape {
    /// As the provider documents its errors.
    #[default]
    Native,
    /// As the provider's older documents do.
    Legacy,
    /// As a proxy in front of it would.
    Html,
    Empty,
}

/// The rules in force.
#[derive(Default)]
pub struct Faults(Vec<ActiveRule>);

struct ActiveRule {
    rule: FaultRule,
    seen: u64,
    random: ChaCha8Rng,
}

impl Faults {
    /// Adds a rule; refuses past a bound.
    pub fn add(&mut self, rule: FaultRule) -> bool {
        if self.0.len() >= RULES_MAX {
            return false;
        }
        let seed = match rule.when {
            When::Probability { seed, .. } => seed,
            When::Next { .. } | When::Always => 0,
        };
        self.0.push(ActiveRule {
            rule,
            seen: 0,
            random: ChaCha8Rng::seed_from_u64(seed),
        });
        true
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Rules that can still strike.
    pub fn rules(&self) -> Vec<FaultRule> {
        self.0.iter().map(|active| active.rule.clone()).collect()
    }

    /// What happens to this request. Spent rules are dropped.
    pub fn strike(
        &mut self,
        method: &Method,
        path: &str,
        query: &str,
        token: Option<&str>,
    ) -> Option<Fault> {
        let struck = self
            .0
            .iter_mut()
            .filter(|active| active.rule.matches(method, path, query, token))
            .find_map(ActiveRule::strike);
        if struck.is_some() {
            self.0.retain(|active| !active.is_spent());
        }
        struck
    }
}

impl ActiveRule {
    fn strike(&mut self) -> Option<Fault> {
        let strikes = match self.rule.when {
            When::Next { requests, after } => {
                self.seen += 1;
                self.seen > after && self.seen <= after.saturating_add(requests)
            }
            When::Probability { p, .. } => self.random.random::<f64>() < p,
            When::Always => true,
        };
        strikes.then(|| self.rule.fault.clone())
    }

    fn is_spent(&self) -> bool {
        match self.rule.when {
            When::Next { requests, after } => self.seen >= after.saturating_add(requests),
            When::Probability { .. } | When::Always => false,
        }
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.rules()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(faults: &mut Faults, path: &str) -> bool {
        faults.strike(&Method::GET, path, "", Some("t1")).is_some()
    }

    #[test]
    fn next_counts_only_what_matches_and_then_is_spent() {
        let mut faults = Faults::default();
        faults.add(FaultRule::on(
            "/a",
            When::Next {
                requests: 2,
                after: 1,
            },
            Fault::NoAnswer,
        ));
        let seen: Vec<bool> = ["/b", "/a", "/a", "/b", "/a/x", "/a"]
            .iter()
            .map(|path| strikes(&mut faults, path))
            .collect();
        assert_eq!(seen, [false, false, true, false, true, false]);
        assert!(faults.rules().is_empty());
    }

    #[test]
    fn every_condition_must_hold() {
        let mut faults = Faults::default();
        faults.add(
            FaultRule::always("/a", Fault::NoAnswer)
                .method(&Method::POST)
                .token("t1")
                .query_contains("deleted=true"),
        );
        let mut strike = |method: &Method, query: &str, token| {
            faults.strike(method, "/a", query, token).is_some()
        };
        assert!(strike(&Method::POST, "x=1&deleted=true", Some("t1")));
        assert!(!strike(&Method::GET, "deleted=true", Some("t1")));
        assert!(!strike(&Method::POST, "", Some("t1")));
        assert!(!strike(&Method::POST, "deleted=true", Some("t2")));
        assert!(!strike(&Method::POST, "deleted=true", None));
    }

    #[test]
    fn one_seed_draws_the_same_strikes() {
        let draw = |seed| {
            let mut faults = Faults::default();
            faults.add(FaultRule::on(
                "",
                When::Probability { p: 0.3, seed },
                Fault::NoAnswer,
            ));
            (0..200)
                .map(|_| strikes(&mut faults, "/"))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let struck = draw(7).iter().filter(|struck| **struck).count();
        assert!((30..90).contains(&struck), "struck {struck} of 200");
    }

    #[test]
    fn bad_weather_strikes_in_every_way_sooner_or_later() {
        let mut faults = Faults::default();
        for rule in FaultRule::bad_weather(3, 0.02) {
            assert!(faults.add(rule));
        }
        let mut seen = std::collections::BTreeSet::new();
        let mut calm = 0;
        for _ in 0..5_000 {
            match faults.strike(&Method::GET, "/v2", "", None) {
                Some(fault) => {
                    seen.insert(format!("{fault:?}"));
                }
                None => calm += 1,
            }
        }
        assert_eq!(seen.len(), FaultRule::bad_weather(3, 0.02).len());
        assert!((3_500..4_100).contains(&calm), "{calm} of 5000 went well");
    }

    #[test]
    fn a_rule_reads_as_the_control_plane_writes_it() {
        let rule: FaultRule = serde_json::from_str(
            r#"{"path_prefix":"/v2","when":{"next":{"requests":2}},
                "fault":{"kind":"status","status":429,"retry_after":{"seconds":3}}}"#,
        )
        .unwrap();
        assert!(matches!(
            rule.fault,
            Fault::Status {
                status: 429,
                retry_after: Some(RetryAfter::Seconds(3)),
                ..
            }
        ));
        let misspelt =
            r#"{"path_prefix":"/v2","when":"always","fault":{"kind":"delay","millis":3}}"#;
        assert!(serde_json::from_str::<FaultRule>(misspelt).is_err());
    }
}
