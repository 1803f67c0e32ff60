//! Text with values of an event in it.

mod parse;

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat};
use serde_json::Value;

use super::bounded_json;
use super::event::Event;
use super::pointer::Pointer;

pub use parse::{TemplateError, TemplateProblem};

/// The longest template, in bytes.
pub const MAX_TEMPLATE_BYTES: usize = 8 * 1024;
/// The most values that one template inserts.
pub const MAX_PLACEHOLDERS: usize = 100;

/// Makes a value fit for where it is inserted. Of the start of a text it makes no more than of more of
/// it.
pub type Escape = fn(&str) -> Cow<'_, str>;

/// A text in which values are inserted, and nothing is computed.
///
/// | written | inserts |
/// |---|---|
/// | `{{ user.name }}` | the payload's member `name` of `user`; names of letters, digits, `_` and `-`, and indexes of arrays |
/// | `{{ /user/first name }}` | the same by an RFC 6901 pointer, up to `\|` or `}}` |
/// | `{{ "/odd \| name" }}` | the same by a pointer that is quoted as in JSON; `""` is the whole payload |
/// | `{{ event.name }}`, `{{ event.id }}`, `{{ event.occurred_at }}` | of the event itself; a member `event` of the payload is `/event` |
/// | `{{ user.name \| "nobody" }}` | the quoted text when the value is missing or null |
/// | `{{{{` | the two braces |
///
/// A missing value and null insert nothing without such a default. Texts are inserted as they are,
/// arrays and objects as JSON. Blanks and line breaks inside of the braces do not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    source: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Placeholder(Placeholder),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placeholder {
    reference: Reference,
    default: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reference {
    Payload(Pointer),
    EventName,
    EventId,
    EventOccurredAt,
}

/// What a template can name.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub event: &'a Event<'a>,
    /// The event's, or what transforms have made of it.
    pub payload: &'a Value,
}

/// What became of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    pub text: String,
    /// Whether the text ends early, because it would have been too long.
    pub is_cut: bool,
    /// Whether a value was missing, null or empty, and nothing stands in its place.
    pub has_gap: bool,
}

impl Template {
    /// # Errors
    /// [`TemplateError`] with the place.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        parse::parts(source).map(|parts| Self {
            source: source.to_owned(),
            parts,
        })
    }

    /// As it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text, at most `max_bytes` long. `escape` is applied to every value that is inserted, and
    /// to nothing that the rule's author wrote: neither to the text around nor to defaults.
    ///
    /// A text that is too long is cut between two characters, and inside of a value before it is
    /// escaped, so that no escape sequence is cut in two.
    #[must_use]
    pub fn render(&self, scope: &Scope<'_>, escape: Escape, max_bytes: usize) -> Rendered {
        let mut rendered = Rendered::default();
        for part in &self.parts {
            let room = max_bytes.saturating_sub(rendered.text.len());
            let is_whole = match part {
                Part::Literal(text) => rendered.push_literal(text, room),
                Part::Placeholder(placeholder) => match placeholder.text(scope, room) {
                    Some((value, is_whole)) => {
                        rendered.has_gap |= value.is_empty() && is_whole;
                        rendered.push_value(&value, escape, room) && is_whole
                    }
                    None => {
                        rendered.has_gap |= placeholder.default.is_none();
                        let default = placeholder.default.as_deref().unwrap_or_default();
                        rendered.push_literal(default, room)
                    }
                },
            };
            if !is_whole {
                rendered.is_cut = true;
                break;
            }
        }
        rendered
    }

    /// The placeholder, if the template is nothing else.
    pub(super) fn as_placeholder(&self) -> Option<&Placeholder> {
        match self.parts.as_slice() {
            [Part::Placeholder(placeholder)] => Some(placeholder),
            _ => None,
        }
    }

    /// What the author wrote, with `stand_in` where values are inserted.
    pub(super) fn with_stand_ins(&self, stand_in: &str) -> String {
        let mut text = String::new();
        for part in &self.parts {
            text.push_str(match part {
                Part::Literal(literal) => literal,
                Part::Placeholder(_) => stand_in,
            });
        }
        text
    }

    pub(super) fn defaults(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Placeholder(placeholder) => placeholder.default.as_deref(),
        })
    }
}

impl Placeholder {
    /// The value with its own type; null when it is missing and there is no default.
    pub(super) fn value<'a>(&'a self, scope: &Scope<'a>) -> Cow<'a, Value> {
        let found = match &self.reference {
            Reference::Payload(pointer) => pointer.find(scope.payload).map(Cow::Borrowed),
            of_event => of_event
                .event_text(scope.event)
                .map(|text| Cow::Owned(Value::String(text.into_owned()))),
        };
        match (found, &self.default) {
            (Some(value), _) if !value.is_null() => value,
            (_, Some(default)) => Cow::Owned(Value::String(default.clone())),
            (_, None) => Cow::Owned(Value::Null),
        }
    }

    /// The value as text, and whether it is all there within `max_bytes`. `None` when it is missing or
    /// null.
    fn text<'a>(&self, scope: &Scope<'a>, max_bytes: usize) -> Option<(Cow<'a, str>, bool)> {
        let Reference::Payload(pointer) = &self.reference else {
            let text = self.reference.event_text(scope.event)?;
            let (kept, is_whole) = prefix(&text, max_bytes);
            return Some((Cow::Owned(kept.to_owned()), is_whole));
        };
        match pointer.find(scope.payload)? {
            Value::Null => None,
            Value::String(text) => {
                let (kept, is_whole) = prefix(text, max_bytes);
                Some((Cow::Borrowed(kept), is_whole))
            }
            other => {
                let (text, is_whole) = bounded_json::to_text(other, max_bytes);
                Some((Cow::Owned(text), is_whole))
            }
        }
    }
}

impl Reference {
    fn event_text<'a>(&self, event: &Event<'a>) -> Option<Cow<'a, str>> {
        match self {
            Self::Payload(_) => None,
            Self::EventName => Some(Cow::Borrowed(event.name)),
            Self::EventId => Some(Cow::Borrowed(event.id)),
            Self::EventOccurredAt => DateTime::from_timestamp(event.occurred_at, 0)
                .map(|at| Cow::Owned(at.to_rfc3339_opts(SecondsFormat::Secs, true))),
        }
    }
}

impl Rendered {
    /// Adds as much as there is room for, and says whether that is all of it.
    fn push_literal(&mut self, text: &str, room: usize) -> bool {
        let (kept, is_whole) = prefix(text, room);
        self.text.push_str(kept);
        is_whole
    }

    /// Adds the longest start of the value that fits when it is escaped, and says whether that is all
    /// of it.
    fn push_value(&mut self, value: &str, escape: Escape, room: usize) -> bool {
        let whole = escape(value);
        if whole.len() <= room {
            self.text.push_str(&whole);
            return true;
        }
        let fits = |end: &usize| escape(start_of(value, *end)).len() <= room;
        let ends: Vec<usize> = value.char_indices().map(|(at, _)| at).collect();
        let fitting = ends.partition_point(fits);
        if let Some(end) = fitting.checked_sub(1).and_then(|last| ends.get(last)) {
            self.text.push_str(&escape(start_of(value, *end)));
        }
        false
    }
}

fn start_of(text: &str, end: usize) -> &str {
    text.get(..end).unwrap_or_default()
}

/// The start of a text that is at most `max_bytes` long, and whether it is the whole.
fn prefix(text: &str, max_bytes: usize) -> (&str, bool) {
    if text.len() <= max_bytes {
        return (text, true);
    }
    (start_of(text, text.floor_char_boundary(max_bytes)), false)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::slack_message;

    fn as_is(text: &str) -> Cow<'_, str> {
        Cow::Borrowed(text)
    }

    fn slack(text: &str) -> Cow<'_, str> {
        Cow::Owned(slack_message::escape(text))
    }

    fn render(template: &str, payload: &Value, escape: Escape, max: usize) -> Rendered {
        let event = Event {
            name: "order.created",
            id: "e1",
            occurred_at: 1_770_737_400,
            depth: 0,
            payload,
        };
        let scope = Scope {
            event: &event,
            payload,
        };
        Template::parse(template)
            .unwrap()
            .render(&scope, escape, max)
    }

    #[test]
    fn what_is_inserted() {
        let payload = json!({
            "user": {"name": "Zoë", "first name": "Z", "tags": ["a", {"b": 1}], "none": null, "no": ""},
            "n": 5, "f": 1.0, "big": 18_446_744_073_709_551_615_u64, "yes": true,
            "a|b": "bar", "a}}b": "braces", "event": {"name": "mine"}, "0": "zero", "é": "accent",
        });
        for (template, text, has_gap) in [
            ("", "", false),
            ("plain { } }} text", "plain { } }} text", false),
            ("{{ user.name }}", "Zoë", false),
            ("{{user.name}}", "Zoë", false),
            ("{{\n\tuser.name\n}}", "Zoë", false),
            ("{{ /user/name }}", "Zoë", false),
            ("{{/user/name}}", "Zoë", false),
            ("{{ /user/first name }}!", "Z!", false),
            ("{{ user.tags.0 }}", "a", false),
            ("{{ user.tags.1.b }}", "1", false),
            ("{{ user.tags }}", r#"["a",{"b":1}]"#, false),
            ("{{ user.tags.1 }}", r#"{"b":1}"#, false),
            (
                "{{ n }} {{ f }} {{ big }} {{ yes }}",
                "5 1.0 18446744073709551615 true",
                false,
            ),
            ("{{ 0 }} {{ é }}", "zero accent", false),
            (r#"{{ "/a|b" }} {{ "/a}}b" }}"#, "bar braces", false),
            (r#"{{ "/user/n\u0061me" }}"#, "Zoë", false),
            ("{{ event.name }} {{ event.id }}", "order.created e1", false),
            ("{{ event.occurred_at }}", "2026-02-10T15:30:00Z", false),
            ("{{ /event/name }}", "mine", false),
            ("[{{ user.none }}{{ nothing }}]", "[]", true),
            ("[{{ user.no }}]", "[]", true),
            (r#"{{ nothing | "n/a" }}"#, "n/a", false),
            (r#"{{ user.none | "n/a" }}"#, "n/a", false),
            (r#"{{ nothing|"" }}"#, "", false),
            (r#"[{{ user.no | "n/a" }}]"#, "[]", true),
            (r#"{{ nothing | "\"}}|\n" }}"#, "\"}}|\n", false),
            (r#"{{ user.name | "n/a" }}"#, "Zoë", false),
            ("{{{{", "{{", false),
            ("{{{{ user.name }}", "{{ user.name }}", false),
            ("{{{{{{ user.name }}", "{{Zoë", false),
            ("{{{{{{{{", "{{{{", false),
            ("{{{{{ n }}", "{{{ n }}", false),
            ("{ {{ n }} }", "{ 5 }", false),
            ("{{ n }}}", "5}", false),
        ] {
            let rendered = render(template, &payload, as_is, 1_000);
            let expected = Rendered {
                text: text.to_owned(),
                is_cut: false,
                has_gap,
            };
            assert_eq!(rendered, expected, "{template}");
        }
    }

    #[test]
    fn the_whole_payload_is_the_empty_pointer() {
        assert_eq!(render(r#"{{ "" }}"#, &json!([1]), as_is, 100).text, "[1]");
        assert_eq!(render(r#"{{ "" }}"#, &json!("a"), as_is, 100).text, "a");
    }

    #[test]
    fn values_are_escaped_and_what_the_author_wrote_is_not() {
        let payload = json!({"a": "<!channel> & co", "b": ["<b>"]});
        let rendered = render(
            r#"<!here> {{ a }} {{ b }} {{ c | "<none>" }}"#,
            &payload,
            slack,
            1_000,
        );
        assert_eq!(
            rendered.text,
            "<!here> &lt;!channel&gt; &amp; co [\"&lt;b&gt;\"] <none>"
        );
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_says_so() {
        let payload = json!({"a": "åäö", "b": "a<b", "c": ["å"]});
        for (template, max, text, is_cut) in [
            ("åäö", 6, "åäö", false),
            ("åäö", 5, "åä", true),
            ("åäö", 0, "", true),
            ("", 0, "", false),
            ("x{{ a }}", 7, "xåäö", false),
            ("x{{ a }}", 6, "xåä", true),
            ("x{{ a }}", 1, "x", true),
            ("x{{ a }}y", 7, "xåäö", true),
            // No entity is cut in two.
            ("{{ b }}", 6, "a&lt;b", false),
            ("{{ b }}", 5, "a&lt;", true),
            ("{{ b }}", 4, "a", true),
            ("{{ b }}", 1, "a", true),
            ("{{ b }}", 0, "", true),
            ("{{ c }}", 4, "[\"å", true),
            ("{{ c }}", 3, "[\"", true),
            (r#"{{ d | "åäö" }}"#, 3, "å", true),
            ("{{ event.name }}", 5, "order", true),
        ] {
            let rendered = render(template, &payload, slack, max);
            assert_eq!(
                (rendered.text.as_str(), rendered.is_cut),
                (text, is_cut),
                "{template} {max}"
            );
        }
    }

    #[test]
    fn a_time_that_cannot_be_written_is_missing() {
        let payload = json!({});
        let event = Event {
            name: "a.b",
            id: "",
            occurred_at: i64::MAX,
            depth: 0,
            payload: &payload,
        };
        let scope = Scope {
            event: &event,
            payload: &payload,
        };
        let rendered = Template::parse("{{ event.occurred_at }}")
            .unwrap()
            .render(&scope, as_is, 100);
        assert!(rendered.text.is_empty() && rendered.has_gap);
    }
}
