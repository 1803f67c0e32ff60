//! What happened, and which of it a rule is for.

use std::{fmt, str::FromStr};

use serde_json::Value;

use crate::text_enum::text_enum;

/// The longest name of an event, in bytes.
pub const MAX_EVENT_NAME_BYTES: usize = 100;

/// The deepest event on which rules fire.
pub const MAX_DEPTH: u32 = 5;

const ANY_BEHIND: &str = "*";

text_enum! {
    /// The events that Patchbay raises. Others are an organization's own.
    pub enum KnownEvent, "event" {
        SyncCompleted = "sync.completed",
        SyncFailed = "sync.failed",
        WebhookReceived = "webhook.received",
        ConnectorExpired = "connector.expired",
        ConnectorFailing = "connector.failing",
        ApiKeyExpiring = "api_key.expiring",
        DeliveryFailed = "delivery.failed",
    }
}

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    pub name: &'a str,
    pub id: &'a str,
    /// Unix seconds UTC.
    pub occurred_at: i64,
    /// How many rules are behind it: 0 from outside.
    pub depth: u32,
    /// As the reader of JSON made it, which refuses more than 128 levels.
    pub payload: &'a Value,
}

impl Event<'_> {
    /// The depth of every event that is raised by what a rule does on this one.
    #[must_use]
    pub const fn raised_depth(&self) -> u32 {
        self.depth.saturating_add(1)
    }
}

/// The name of an event: two or more words of lower-case letters, digits and `_` with dots between
/// them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventName(String);

/// Why a text names no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventNameError {
    #[error("it is not two or more lower-case words with dots between them")]
    Form,
    #[error("it has more than {MAX_EVENT_NAME_BYTES} bytes")]
    TooLong,
    #[error("* stands for the rest of a name only behind a dot at its end")]
    Wildcard,
    #[error("its first word is one of Patchbay's own, and Patchbay raises no such event")]
    Unknown,
}

impl EventNameError {
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Form => "write it as in order.created; words hold a to z, 0 to 9 and _",
            Self::TooLong => "use a shorter name",
            Self::Wildcard => "write it as in order.*, which is every name that begins with order.",
            Self::Unknown => {
                "use sync.completed, sync.failed, webhook.received, connector.expired, connector.failing, \
                 api_key.expiring or delivery.failed, or begin a name of your own with another word"
            }
        }
    }
}

impl EventName {
    /// # Errors
    /// [`EventNameError::Form`], [`EventNameError::TooLong`].
    pub fn parse(text: &str) -> Result<Self, EventNameError> {
        if text.len() > MAX_EVENT_NAME_BYTES {
            return Err(EventNameError::TooLong);
        }
        if text.contains('.') && text.split('.').all(is_word) {
            Ok(Self(text.to_owned()))
        } else {
            Err(EventNameError::Form)
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the first word is that of an event of Patchbay's. Others who raise events take another,
    /// so that theirs are not taken for Patchbay's, now or later.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        is_reserved(&self.0)
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<EventName> for String {
    fn from(name: EventName) -> Self {
        name.0
    }
}

impl FromStr for EventName {
    type Err = EventNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Which events a rule is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventPattern {
    Exact(EventName),
    /// Every name that begins so; the dot at the end is part of it.
    Prefix(String),
}

impl EventPattern {
    /// Reads a name, or `prefix.*`.
    ///
    /// # Errors
    /// [`EventNameError`]. A name of Patchbay's own kind that it does not raise is refused: it would
    /// be a misspelling.
    pub fn parse(text: &str) -> Result<Self, EventNameError> {
        let pattern = match text.strip_suffix(ANY_BEHIND) {
            Some(prefix) => Self::prefix(prefix)?,
            None if text.contains(ANY_BEHIND) => return Err(EventNameError::Wildcard),
            None => Self::Exact(EventName::parse(text)?),
        };
        let is_known = || {
            KnownEvent::ALL
                .iter()
                .any(|event| pattern.matches(event.as_str()))
        };
        if is_reserved(text) && !is_known() {
            return Err(EventNameError::Unknown);
        }
        Ok(pattern)
    }

    fn prefix(prefix: &str) -> Result<Self, EventNameError> {
        if prefix.len() > MAX_EVENT_NAME_BYTES {
            return Err(EventNameError::TooLong);
        }
        let words = prefix.strip_suffix('.').ok_or(EventNameError::Wildcard)?;
        if words.contains(ANY_BEHIND) {
            return Err(EventNameError::Wildcard);
        }
        if words.split('.').all(is_word) {
            Ok(Self::Prefix(prefix.to_owned()))
        } else {
            Err(EventNameError::Form)
        }
    }

    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(exact) => exact.as_str() == name,
            Self::Prefix(prefix) => name.starts_with(prefix),
        }
    }
}

impl fmt::Display for EventPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name.as_str()),
            Self::Prefix(prefix) => write!(f, "{prefix}{ANY_BEHIND}"),
        }
    }
}

fn is_word(word: &str) -> bool {
    !word.is_empty()
        && word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn is_reserved(text: &str) -> bool {
    KnownEvent::ALL
        .iter()
        .any(|event| first_word(event.as_str()) == first_word(text))
}

fn first_word(name: &str) -> &str {
    name.split_once('.').map_or(name, |(first, _)| first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_names_no_event_is_refused() {
        let long = format!("a.{}", "b".repeat(99));
        let long_prefix = format!("{}.*", "b".repeat(100));
        for (text, error) in [
            ("", EventNameError::Form),
            ("order", EventNameError::Form),
            ("order.", EventNameError::Form),
            (".created", EventNameError::Form),
            ("order..created", EventNameError::Form),
            ("Order.created", EventNameError::Form),
            ("order.created ", EventNameError::Form),
            ("order-created.now", EventNameError::Form),
            ("ordre.créé", EventNameError::Form),
            (long.as_str(), EventNameError::TooLong),
            (long_prefix.as_str(), EventNameError::TooLong),
            ("*", EventNameError::Wildcard),
            ("order*", EventNameError::Wildcard),
            ("*.created", EventNameError::Wildcard),
            ("order.*.now", EventNameError::Wildcard),
            ("order.*.*", EventNameError::Wildcard),
            ("order.**", EventNameError::Wildcard),
            (".*", EventNameError::Form),
            ("Order.*", EventNameError::Form),
            ("sync.complete", EventNameError::Unknown),
            ("sync.completed.*", EventNameError::Unknown),
            ("api_key.created", EventNameError::Unknown),
            ("webhook.rec.*", EventNameError::Unknown),
        ] {
            assert_eq!(EventPattern::parse(text), Err(error), "{text}");
            assert!(!error.remedy().is_empty());
        }
    }

    #[test]
    fn a_pattern_matches_a_name_or_what_begins_so() {
        for (pattern, name, is_match) in [
            ("sync.completed", "sync.completed", true),
            ("sync.completed", "sync.failed", false),
            ("sync.*", "sync.failed", true),
            ("sync.*", "sync", false),
            ("sync.*", "synced.now", false),
            ("a.b.*", "a.b.c", true),
            ("a.b.*", "a.b.c.d", true),
            ("a.b.*", "a.bc.d", false),
            ("a.b", "a.b.c", false),
            ("api_keys.used", "api_keys.used", true),
        ] {
            let parsed = EventPattern::parse(pattern).unwrap();
            assert_eq!(parsed.matches(name), is_match, "{pattern} {name}");
            assert_eq!(parsed.to_string(), pattern);
        }
    }

    #[test]
    fn the_events_of_patchbay_are_names_and_their_first_words_are_reserved() {
        for event in KnownEvent::ALL {
            assert!(EventName::parse(event.as_str()).unwrap().is_reserved());
            assert!(EventPattern::parse(event.as_str()).is_ok());
        }
        let own: EventName = "order.created".parse().unwrap();
        assert!(!own.is_reserved());
        assert!(EventName::parse("sync.mine").unwrap().is_reserved());
    }

    #[test]
    fn what_the_remedy_names_is_what_there_is() {
        for event in KnownEvent::ALL {
            assert!(EventNameError::Unknown.remedy().contains(event.as_str()));
        }
    }

    #[test]
    fn the_depth_does_not_wrap() {
        let event = |depth| {
            Event {
                name: "a.b",
                id: "1",
                occurred_at: 0,
                depth,
                payload: &json!(null),
            }
            .raised_depth()
        };
        assert_eq!((event(0), event(u32::MAX)), (1, u32::MAX));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "[a-z.*_é ]{0,12}|.{0,20}") {
            if let Ok(pattern) = EventPattern::parse(&text) {
                prop_assert_eq!(pattern.to_string(), text);
            }
        }
    }
}
