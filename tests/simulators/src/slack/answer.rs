//! Answers as Slack writes them: a webhook a bare word, the Web API JSON with
//! 200 whatever happened.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

use super::model::ScriptedFailure;
use super::settings::Settings;
use crate::control;

/// Statuses of a webhook's words. Those of `invalid_payload`, `user_not_found`,
/// `action_prohibited`, `channel_not_found`, `channel_is_archived` and
/// `rollup_error` are documented.
pub const WEBHOOK_STATUSES: [(&str, u16); 20] = [
    ("invalid_payload", 400),
    ("user_not_found", 400),
    ("no_text", 400),
    ("too_many_attachments", 400),
    ("invalid_blocks", 400),
    ("invalid_attachments", 400),
    ("msg_blocks_too_long", 400),
    ("action_prohibited", 403),
    ("posting_to_general_channel_denied", 403),
    ("invalid_token", 403),
    ("team_disabled", 403),
    ("channel_not_found", 404),
    ("no_service", 404),
    ("no_service_id", 404),
    ("no_active_hooks", 404),
    ("no_team", 404),
    ("channel_is_archived", 410),
    ("rate_limited", 429),
    ("rollup_error", 500),
    ("service_unavailable", 503),
];

/// Why a message is not posted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    pub word: String,
    /// Instead of the usual one.
    pub status: Option<u16>,
    /// Seconds.
    pub retry_after: Option<u64>,
    /// Where and why, such as `must be less than 151 characters [json-pointer:/blocks/0/text/text]`.
    pub hints: Vec<String>,
    /// The scope that is missing, and those that are there.
    pub scopes: Option<(&'static str, String)>,
}

impl Refusal {
    pub fn word(word: &str) -> Self {
        Self {
            word: word.to_owned(),
            ..Self::default()
        }
    }

    pub fn hinted(word: &str, hints: Vec<String>) -> Self {
        Self {
            hints,
            ..Self::word(word)
        }
    }

    pub fn scripted(failure: &ScriptedFailure) -> Self {
        Self {
            status: failure.status,
            retry_after: failure.retry_after,
            ..Self::word(&failure.word)
        }
    }

    /// The word alone, with a status that says a little.
    pub fn as_text(&self, settings: &Settings) -> Response<Bytes> {
        let status = self
            .status
            .or_else(|| settings.statuses.get(&self.word).copied())
            .unwrap_or(400);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        self.with_retry_after(text(status, &self.word))
    }

    /// The word as `error`, with 200 but for the rate limit.
    pub fn as_json(&self) -> Response<Bytes> {
        let usual = match self.word.as_str() {
            "ratelimited" | "rate_limited" => 429,
            _ => 200,
        };
        let status = StatusCode::from_u16(self.status.unwrap_or(usual)).unwrap_or(StatusCode::OK);
        let (needed, provided) = self.scopes.clone().unzip();
        let body = Failure {
            ok: false,
            error: &self.word,
            needed,
            provided,
            errors: &self.hints,
            response_metadata: Metadata {
                messages: self
                    .hints
                    .iter()
                    .map(|hint| format!("[ERROR] {hint}"))
                    .collect(),
                warnings: &[],
            },
        };
        self.with_retry_after(control::json(status, &body))
    }

    fn with_retry_after(&self, mut answer: Response<Bytes>) -> Response<Bytes> {
        if let Some(seconds) = self.retry_after {
            answer
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }
}

pub fn text(status: StatusCode, word: &str) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::from(word.to_owned()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    answer
}

pub fn failure_json(status: StatusCode, word: &str) -> Response<Bytes> {
    control::json(status, &json!({"ok": false, "error": word}))
}

pub fn success_json(body: &Value, warnings: &[&str]) -> Response<Bytes> {
    let success = Success {
        ok: true,
        body,
        warning: (!warnings.is_empty()).then(|| warnings.join(",")),
        response_metadata: Metadata {
            messages: Vec::new(),
            warnings,
        },
    };
    control::json(StatusCode::OK, &success)
}

#[derive(Serialize)]
struct Success<'a> {
    ok: bool,
    #[serde(flatten)]
    body: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    response_metadata: Metadata<'a>,
}

#[derive(Serialize)]
struct Failure<'a> {
    ok: bool,
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    needed: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provided: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [String],
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    response_metadata: Metadata<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [&'a str],
}

impl Metadata<'_> {
    fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.warnings.is_empty()
    }
}
