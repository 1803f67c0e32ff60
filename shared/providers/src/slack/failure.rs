//! Why Slack took no message.

use std::fmt;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;

use super::word::{Meaning, WAIT, Word};
use crate::{Secret, problem};

/// A body that is longer is not looked into.
const MAX_BODY_BYTES: usize = 64 * 1024;
const MAX_WORD_BYTES: usize = 64;
const MAX_DETAILS: usize = 5;
const MAX_DETAIL_CHARS: usize = 300;

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The same message may pass later. `retry_after_s` is what Slack asked for, at most one
    /// hour; without it the caller backs off by itself.
    Later { retry_after_s: Option<u64> },
    /// The webhook or the token works no more: nothing will pass until somebody connects again.
    Broken,
    /// This channel takes no message of ours; others may.
    BadTarget,
    /// This message never passes as it is; others may.
    BadMessage,
    /// The request was built wrongly.
    Ours,
    /// Slack refuses with a reason that is not known here.
    Unknown,
}

/// Why Slack took no message. Nothing in it holds a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlackFailure {
    /// Slack's own word; where it gave none, a name of ours: `http_502`, `redirect`,
    /// `unreadable_answer`.
    pub word: String,
    pub status: u16,
    pub class: Class,
    /// What a person can do.
    pub remedy: &'static str,
    /// Slack's explanations, such as where a block is wrong: at most 5, each of 300 characters.
    pub details: Vec<String>,
    /// The message may have been posted all the same: to repeat it may post it twice.
    pub may_have_happened: bool,
    /// The message without its blocks and attachments may pass.
    pub plain_text_may_pass: bool,
}

impl SlackFailure {
    /// Whether the same message may pass later without anyone changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.class, Class::Later { .. })
    }

    /// Of an answer that is no success: by its word, else by its status.
    pub(super) fn read(response: &Response<Bytes>, secret: &Secret, received_at: i64) -> Self {
        let status = response.status();
        let said = Said::read(response.body(), secret);
        let later = || Class::Later {
            retry_after_s: problem::retry_after(response.headers(), received_at)
                .map(|wait| wait.as_secs()),
        };
        match said.word.as_deref().map(|word| (word, Word::find(word))) {
            Some((text, Some(word))) => Self {
                word: text.to_owned(),
                status: status.as_u16(),
                class: match word.meaning {
                    Meaning::Later | Meaning::LaterAndPerhapsDone => later(),
                    Meaning::Broken => Class::Broken,
                    Meaning::BadTarget => Class::BadTarget,
                    Meaning::BadMessage | Meaning::BadLayout => Class::BadMessage,
                    Meaning::Ours => Class::Ours,
                },
                remedy: word.remedy,
                details: said.details,
                may_have_happened: word.meaning == Meaning::LaterAndPerhapsDone,
                plain_text_may_pass: word.meaning == Meaning::BadLayout,
            },
            other => {
                let ByStatus {
                    name,
                    is_later,
                    remedy,
                    may_have_happened,
                } = ByStatus::of(status, other.is_some());
                Self {
                    word: other.map_or(name, |(text, _)| text.to_owned()),
                    status: status.as_u16(),
                    class: if is_later { later() } else { Class::Unknown },
                    remedy,
                    details: said.details,
                    may_have_happened,
                    plain_text_may_pass: false,
                }
            }
        }
    }
}

impl fmt::Display for SlackFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Slack answered {}: {}", self.word, self.remedy)?;
        for detail in &self.details {
            write!(f, " ({detail})")?;
        }
        Ok(())
    }
}

impl std::error::Error for SlackFailure {}

/// What a status says where no word is known.
struct ByStatus {
    name: String,
    is_later: bool,
    remedy: &'static str,
    may_have_happened: bool,
}

impl ByStatus {
    fn of(status: StatusCode, has_word: bool) -> Self {
        let http = format!("http_{}", status.as_u16());
        if status.is_success() && !has_word {
            // A page of a proxy, or an answer cut short: the message may have gone through.
            return Self {
                name: "unreadable_answer".to_owned(),
                is_later: true,
                remedy: "What came back is not Slack's answer; a proxy may be in the way. It is tried again later.",
                may_have_happened: true,
            };
        }
        if status.is_redirection() {
            return Self {
                name: "redirect".to_owned(),
                is_later: false,
                remedy: "Slack's address answered with a redirect, which is not followed. Check the configured base URL.",
                may_have_happened: false,
            };
        }
        let is_later = status.is_server_error()
            || matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY
            );
        Self {
            name: http,
            is_later,
            remedy: if is_later {
                WAIT
            } else {
                "Slack refused the message for a reason that Patchbay does not know. Look the word up in Slack's documentation."
            },
            may_have_happened: status.is_server_error()
                && status != StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// What the body says: a bare word, or JSON with the word as `error`.
#[derive(Default)]
struct Said {
    word: Option<String>,
    details: Vec<String>,
}

impl Said {
    fn read(body: &[u8], secret: &Secret) -> Self {
        if body.len() > MAX_BODY_BYTES {
            return Self::default();
        }
        let text = String::from_utf8_lossy(body);
        if is_word(text.trim()) {
            return Self {
                word: Some(text.trim().to_owned()).filter(|word| word != secret.expose()),
                details: Vec::new(),
            };
        }
        let Ok(json) = serde_json::from_str::<Value>(&text) else {
            return Self::default();
        };
        let clean =
            |text: &str| domain::redact::excerpt(text, MAX_DETAIL_CHARS, &[secret.expose()]);
        let named = |name: &str| {
            let text = json.get(name)?.as_str()?;
            Some(format!("{name}: {}", clean(text)))
        };
        let texts = |list: Option<&Value>| -> Vec<String> {
            list.and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(clean)
                .collect()
        };
        let mut details: Vec<String> = named("needed")
            .into_iter()
            .chain(named("provided"))
            .collect();
        for detail in texts(json.pointer("/response_metadata/messages"))
            .into_iter()
            .chain(texts(json.get("errors")))
        {
            if !details.contains(&detail) {
                details.push(detail);
            }
        }
        details.truncate(MAX_DETAILS);
        Self {
            word: json
                .get("error")
                .and_then(Value::as_str)
                .filter(|word| is_word(word) && *word != secret.expose())
                .map(str::to_owned),
            details,
        }
    }
}

/// Slack's words are lower-case letters, digits and underscores; anything else is no word.
/// `ok` is the word of a success, which with another status is none.
fn is_word(text: &str) -> bool {
    text != "ok"
        && (1..=MAX_WORD_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
