//! What an organization wants of a webhook that it receives: which events, and what is a repeat.

use std::borrow::Cow;

use serde_json::Value;

use crate::api_key::sha256_hex;
use crate::field_error::FieldErrors;
use crate::text_enum::text_enum;
use crate::webhook_signature::{Scheme, Verified};

/// Names in one filter.
pub const MAX_EVENTS: usize = 100;
/// Bytes of one name.
pub const MAX_EVENT_BYTES: usize = 200;

/// Deliveries a minute that a webhook takes which says no other number.
pub const EVENTS_PER_MINUTE: u32 = 60_000;

/// What ends an entry that stands for all names which begin like it.
const ANY: &str = ".*";

text_enum! {
    /// Whether a webhook takes what is sent to it.
    pub enum State, "state of a webhook" {
        Active = "active",
        /// By a person: senders are told to come again.
        Paused = "paused",
    }
}

/// The events that are kept; the others are acknowledged, counted and forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter(Option<Vec<String>>);

impl EventFilter {
    /// Names, and `prefix.*` for all names that begin with `prefix.`; `None` keeps everything.
    ///
    /// # Errors
    /// Each entry that is none, by its pointer below `/events`.
    pub fn parse(entries: Option<Vec<String>>) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        if let Some(entries) = &entries {
            if !(1..=MAX_EVENTS).contains(&entries.len()) {
                errors.push(
                    "/events",
                    format!("it has not 1 to {MAX_EVENTS} entries"),
                    "name the events that are wanted, or leave it out for all",
                );
            }
            for (index, entry) in entries.iter().enumerate().take(MAX_EVENTS) {
                if !is_entry(entry) {
                    errors.push(
                        format!("/events/{index}"),
                        format!(
                            "it is no name of 1 to {MAX_EVENT_BYTES} bytes without blanks, or has `*` elsewhere than in a `.*` at its end"
                        ),
                        "send a name such as order.paid, or order.* for all that begin with it",
                    );
                }
            }
        }
        if errors.is_empty() {
            Ok(Self(entries))
        } else {
            Err(errors)
        }
    }

    /// The entries, as [`Self::parse`] takes them.
    #[must_use]
    pub fn entries(&self) -> Option<&[String]> {
        self.0.as_deref()
    }

    /// Whether an event is kept. One that tells no name is: nobody could know that it is unwanted.
    #[must_use]
    pub fn keeps(&self, event: Option<&str>) -> bool {
        let (Some(entries), Some(event)) = (&self.0, event) else {
            return true;
        };
        entries.iter().any(|entry| match entry.strip_suffix('*') {
            // The dot is part of the prefix, so `order.*` keeps neither `orders.paid` nor `order`.
            Some(prefix) => event.len() > prefix.len() && event.starts_with(prefix),
            None => event == entry,
        })
    }
}

fn is_entry(entry: &str) -> bool {
    let name = entry.strip_suffix(ANY).unwrap_or(entry);
    !name.is_empty()
        && entry.len() <= MAX_EVENT_BYTES
        && !name
            .chars()
            .any(|c| c == '*' || c.is_whitespace() || c.is_control())
}

/// What a repeat of a delivery has in common with it, and another delivery has not: the provider's id
/// of the delivery, or else the hash of the body. `None`: a hint without an id, which may come as
/// often as it likes.
#[must_use]
pub fn dedupe_key(scheme: Scheme, verified: &Verified, body: &[u8]) -> Option<String> {
    match (&verified.delivery_id, scheme) {
        // What Twilio tells of a call is not always an id of the delivery: two steps of one call may
        // share it, and a repeat has the same body.
        (Some(id), Scheme::Twilio) => Some(format!("id:{id}:{}", sha256_hex(body))),
        (Some(id), _) => Some(format!("id:{id}")),
        (None, _) if verified.is_hint => None,
        (None, Scheme::Hubspot) => {
            let body = without_attempts(body);
            Some(format!("sha256:{}", sha256_hex(&body)))
        }
        (None, _) => Some(format!("sha256:{}", sha256_hex(body))),
    }
}

/// The events of HubSpot say how often they were sent, so that a repeat differs in that alone.
fn without_attempts(body: &[u8]) -> Cow<'_, [u8]> {
    let Ok(Value::Array(mut events)) = serde_json::from_slice(body) else {
        return Cow::Borrowed(body);
    };
    for event in events.iter_mut().filter_map(Value::as_object_mut) {
        event.remove("attemptNumber");
    }
    serde_json::to_vec(&events).map_or(Cow::Borrowed(body), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filter(entries: &[&str]) -> EventFilter {
        let entries = entries.iter().map(|&entry| entry.to_owned()).collect();
        EventFilter::parse(Some(entries)).unwrap()
    }

    #[test]
    fn names_are_kept_exactly_and_prefixes_with_what_follows_their_dot() {
        let filter = filter(&["order.paid", "contact.*"]);
        for (event, is_kept) in [
            (Some("order.paid"), true),
            (Some("order.paid.late"), false),
            (Some("Order.paid"), false),
            (Some("contact.created"), true),
            (Some("contact.property.changed"), true),
            (Some("contact."), false),
            (Some("contact"), false),
            (Some("contacts.created"), false),
            (Some(""), false),
            (None, true),
        ] {
            assert_eq!(filter.keeps(event), is_kept, "{event:?}");
        }
        assert!(EventFilter::default().keeps(Some("anything")));
    }

    #[test]
    fn an_entry_that_could_keep_nothing_or_too_much_is_refused_by_its_place() {
        for entry in ["", "*", ".*", "a*", "a.*.b", "*.a", "a b", "a\n", "a.**"] {
            let entries = Some(vec!["good".to_owned(), entry.to_owned()]);
            let errors = EventFilter::parse(entries).unwrap_err();
            assert_eq!(errors.as_slice()[0].pointer, "/events/1", "{entry:?}");
        }
        for entries in [Vec::new(), vec!["a".to_owned(); MAX_EVENTS + 1]] {
            let errors = EventFilter::parse(Some(entries)).unwrap_err();
            assert_eq!(errors.as_slice()[0].pointer, "/events");
        }
        let long = "a".repeat(MAX_EVENT_BYTES + 1);
        assert!(EventFilter::parse(Some(vec![long])).is_err());
        assert_eq!(EventFilter::parse(None), Ok(EventFilter::default()));
    }

    #[test]
    fn a_repeat_is_known_by_its_id_or_its_body() {
        let with_id = Verified {
            delivery_id: Some("msg_1".to_owned()),
            ..Verified::default()
        };
        let key = |verified: &Verified, body: &str| {
            dedupe_key(Scheme::Standard, verified, body.as_bytes())
        };
        assert_eq!(key(&with_id, "a"), Some("id:msg_1".to_owned()));
        assert_eq!(key(&with_id, "a"), key(&with_id, "b"));
        let without = Verified::default();
        assert_eq!(key(&without, "a"), key(&without, "a"));
        assert_ne!(key(&without, "a"), key(&without, "b"));
        let hint = Verified {
            is_hint: true,
            ..Verified::default()
        };
        assert_eq!(key(&hint, "a"), None);
        let hint_with_id = Verified {
            is_hint: true,
            ..with_id.clone()
        };
        assert_eq!(key(&hint_with_id, "a"), key(&with_id, "a"));
        let step = |body: &str| dedupe_key(Scheme::Twilio, &with_id, body.as_bytes());
        assert_eq!(step("Digits=1"), step("Digits=1"));
        assert_ne!(step("Digits=1"), step("Digits=2"));
    }

    #[test]
    fn hubspot_counts_its_attempts_and_a_repeat_is_one_all_the_same() {
        let key = |body: &str| dedupe_key(Scheme::Hubspot, &Verified::default(), body.as_bytes());
        let sent = |id: u32, attempt: u32| {
            format!(
                r#"[{{"eventId":{id},"attemptNumber":{attempt},"subscriptionType":"deal.creation"}}]"#
            )
        };
        assert_eq!(key(&sent(1, 0)), key(&sent(1, 1)));
        assert_ne!(key(&sent(1, 0)), key(&sent(2, 0)));
        // A workflow's body is an object, and its own.
        assert_ne!(key(r#"{"attemptNumber":1}"#), key(r#"{"attemptNumber":2}"#));
        assert_ne!(key("no json"), key("nor this"));
    }

    proptest! {
        #[test]
        fn what_a_filter_takes_it_gives_back(entries in proptest::collection::vec("\\PC{0,12}", 0..5)) {
            if let Ok(filter) = EventFilter::parse(Some(entries.clone())) {
                prop_assert_eq!(filter.entries(), Some(entries.as_slice()));
                for entry in &entries {
                    let name = entry.replace(".*", ".x");
                    prop_assert!(filter.keeps(Some(&name)));
                }
            }
        }
    }
}
