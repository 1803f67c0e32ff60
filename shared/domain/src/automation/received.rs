//! What rules see of something that a webhook has brought.

use serde_json::{Map, Value, json};

/// Something that was proven and stored.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    pub event_id: &'a str,
    pub webhook_id: &'a str,
    /// `None` where the webhook has been deleted meanwhile.
    pub webhook_name: Option<&'a str>,
    pub scheme: Option<&'a str>,
    /// The sender's name of it.
    pub event: Option<&'a str>,
    pub delivery_id: Option<&'a str>,
    /// Not signed: a reason to ask the sender, never data.
    pub is_hint: bool,
    /// Only these items of the member `value` were proven.
    pub items: Option<&'a [usize]>,
    pub content_type: Option<&'a str>,
    pub body: &'a [u8],
}

impl Received<'_> {
    /// The payload of `webhook.received`: `webhook` (`id`, `name`, `scheme`), `event_id`, `type` (the
    /// sender's name of it), `delivery_id`, and `body`: what it is as JSON or as a form, where it is
    /// either, was signed, and was proven.
    #[must_use]
    pub fn payload(&self) -> Value {
        let body = if self.is_hint {
            Value::Null
        } else {
            self.proven(self.body())
        };
        json!({
            "webhook": {"id": self.webhook_id, "name": self.webhook_name, "scheme": self.scheme},
            "event_id": self.event_id,
            "type": self.event,
            "delivery_id": self.delivery_id,
            "body": body,
        })
    }

    fn body(&self) -> Value {
        let is_form = self.content_type.is_some_and(|content_type| {
            let essence = content_type.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        if is_form {
            return form(self.body);
        }
        serde_json::from_slice(self.body).unwrap_or_default()
    }

    fn proven(&self, mut body: Value) -> Value {
        let Some(items) = self.items else {
            return body;
        };
        if let Some(Value::Array(value)) = body.get_mut("value") {
            let mut index = 0_usize;
            value.retain(|_| {
                let is_proven = items.contains(&index);
                index = index.saturating_add(1);
                is_proven
            });
        }
        body
    }
}

/// Names and values of a form, as texts; of a name that comes more than once the last. A form may
/// have a member that is JSON in turn, as `payload` of Slack's interactions is: it becomes that.
fn form(body: &[u8]) -> Value {
    let members: Map<String, Value> = form_urlencoded::parse(body)
        .map(|(name, value)| {
            let inner = (name == "payload")
                .then(|| serde_json::from_str(&value).ok())
                .flatten()
                .filter(Value::is_object);
            let value = inner.unwrap_or_else(|| Value::String(value.into_owned()));
            (name.into_owned(), value)
        })
        .collect();
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn received<'a>(content_type: &'a str, body: &'a [u8]) -> Received<'a> {
        Received {
            event_id: "e",
            webhook_id: "w",
            webhook_name: Some("GitHub"),
            scheme: Some("github"),
            event: Some("push"),
            delivery_id: Some("d"),
            is_hint: false,
            items: None,
            content_type: Some(content_type),
            body,
        }
    }

    #[test]
    fn a_body_is_what_it_is() {
        for (content_type, body, seen) in [
            ("application/json", r#"{"a":1}"#, json!({"a": 1})),
            ("text/plain", "[1,2]", json!([1, 2])),
            ("application/json", "no", json!(null)),
            ("application/json", "", json!(null)),
            (
                "application/x-www-form-urlencoded",
                "From=%2B1&Body=a+b&Body=c",
                json!({"From": "+1", "Body": "c"}),
            ),
            (
                "Application/X-WWW-Form-Urlencoded; charset=UTF-8",
                "payload=%7B%22a%22%3A1%7D",
                json!({"payload": {"a": 1}}),
            ),
            (
                "application/x-www-form-urlencoded",
                "payload=7",
                json!({"payload": "7"}),
            ),
        ] {
            let payload = received(content_type, body.as_bytes()).payload();
            assert_eq!(payload["body"], seen, "{content_type} {body}");
        }
        assert_eq!(received("", b"\xff\xfe").payload()["body"], json!(null));
    }

    #[test]
    fn the_rest_is_what_the_receiver_knows() {
        let payload = received("application/json", b"1").payload();
        assert_eq!(
            payload,
            json!({
                "webhook": {"id": "w", "name": "GitHub", "scheme": "github"},
                "event_id": "e", "type": "push", "delivery_id": "d", "body": 1,
            })
        );
    }

    #[test]
    fn what_is_not_proven_is_not_seen() {
        let hint = Received {
            is_hint: true,
            ..received("application/json", br#"{"a":1}"#)
        };
        assert_eq!(hint.payload()["body"], json!(null));
        let body = br#"{"value":[{"id":0},{"id":1},{"id":2}],"more":1}"#;
        let part = Received {
            items: Some(&[2, 0, 9]),
            ..received("application/json", body)
        };
        assert_eq!(
            part.payload()["body"],
            json!({"value": [{"id": 0}, {"id": 2}], "more": 1})
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(
            body in prop::collection::vec(any::<u8>(), 0..200), is_form: bool,
        ) {
            let content_type = if is_form { "application/x-www-form-urlencoded" } else { "" };
            let payload = received(content_type, &body).payload();
            prop_assert!(payload.is_object());
        }
    }
}
