//! What the actions of a rule would do on one event.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::action::{
    Action, MAX_BODY_BYTES, MAX_LOG_BYTES, MAX_NOTICE_REMEDY_BYTES, MAX_NOTICE_TITLE_BYTES,
    MAX_PATH_BYTES, MAX_QUERY_VALUE_BYTES, MAX_SLACK_TEXT_BYTES, Method,
};
use super::body::Body;
use super::event::{Event, EventName};
use super::path;
use super::template::{Escape, Scope, Template};
use crate::redact;
use crate::slack_message::{self, Message};

/// One thing that is to be done. Who sends it checks that what it names belongs to the organization.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Effect<'a> {
    SlackMessage {
        /// `None`: the organization's own Slack connector.
        connector_id: Option<&'a str>,
        message: Message,
    },
    OutgoingWebhook {
        endpoint_id: &'a str,
        event_type: &'a str,
        /// The event's, or what the transforms before have made of it.
        payload: Cow<'a, Value>,
    },
    RunSync {
        connector_id: &'a str,
        /// Empty: all.
        streams: &'a [String],
    },
    CallApi {
        connector_id: &'a str,
        method: Method,
        /// Percent-encoded, from behind the connector's base URL; it begins with a slash.
        path: String,
        /// Names and values as they are meant, not encoded.
        query: Vec<(&'a str, String)>,
        body: Option<Value>,
    },
    /// A row for people. One line each, as [`Effect::Log`].
    Notice { title: String, remedy: String },
    /// A row of the integration log.
    Log { text: String },
}

/// What became of an action. Transforms are not among them: they are seen in what comes after.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedEffect<'a> {
    /// Which of the rule's actions it is, from 0. With the ids of the event and the rule it names the
    /// effect for good.
    pub action: usize,
    /// Whether a text of it ends early.
    pub is_cut: bool,
    /// Whether a value was missing, null or empty, and nothing stands in its place.
    pub has_gap: bool,
    pub effect: Result<Effect<'a>, Unsendable>,
}

/// Why an action does nothing on this event. The actions after it are not held up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    #[error("nothing is left of the {0}, because values of the payload are missing")]
    Empty(&'static str),
    #[error("a value in the path is missing, and without it the path is another one")]
    PathGap,
    #[error("with the values of the payload the path would lead elsewhere")]
    PathStep,
    #[error("the {member} would have more than {max_bytes} bytes, and a part of it is of no use")]
    TooLong {
        member: &'static str,
        max_bytes: usize,
    },
}

impl Unsendable {
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Empty(_) => r#"give a default as in {{ user.name | "nobody" }}"#,
            Self::PathGap => "add a condition that the value exists, or give a default",
            Self::PathStep => "add a condition that the value is not . or ..",
            Self::TooLong { .. } => "insert less, or transform the payload before",
        }
    }
}

/// What each action would do, in order.
pub(super) fn plan<'a>(actions: &'a [Action], event: Event<'a>) -> Vec<PlannedEffect<'a>> {
    let mut payload = Cow::Borrowed(event.payload);
    let mut planned = Vec::new();
    for (index, action) in actions.iter().enumerate() {
        if let Action::Transform { steps } = action {
            let changed = payload.to_mut();
            for step in steps {
                step.apply(changed);
            }
        }
        let mut writer = Writer {
            event: &event,
            payload: &payload,
            is_cut: false,
            has_gap: false,
        };
        if let Some(effect) = writer.effect(action).transpose() {
            planned.push(PlannedEffect {
                action: index,
                is_cut: writer.is_cut,
                has_gap: writer.has_gap,
                effect,
            });
        }
    }
    planned
}

/// Fills the templates of one action, and notes what became of them.
struct Writer<'p, 'a> {
    event: &'p Event<'a>,
    payload: &'p Cow<'a, Value>,
    is_cut: bool,
    has_gap: bool,
}

impl<'a> Writer<'_, 'a> {
    fn scope(&self) -> Scope<'_> {
        Scope {
            event: self.event,
            payload: self.payload,
        }
    }

    /// `None`: a transform, which sends nothing.
    fn effect(&mut self, action: &'a Action) -> Result<Option<Effect<'a>>, Unsendable> {
        let effect = match action {
            Action::SlackMessage {
                connector_id,
                text,
                channel,
            } => Effect::SlackMessage {
                connector_id: connector_id.as_deref(),
                message: Message {
                    text: Some(self.shown("text", text, escape_slack, MAX_SLACK_TEXT_BYTES)?),
                    channel: channel.clone(),
                    ..Message::default()
                },
            },
            Action::OutgoingWebhook {
                endpoint_id,
                event_type,
            } => Effect::OutgoingWebhook {
                endpoint_id,
                event_type: event_type
                    .as_ref()
                    .map_or(self.event.name, EventName::as_str),
                payload: self.payload.clone(),
            },
            Action::RunSync {
                connector_id,
                streams,
            } => Effect::RunSync {
                connector_id,
                streams,
            },
            Action::CallApi {
                connector_id,
                method,
                path,
                query,
                body,
            } => Effect::CallApi {
                connector_id,
                method: *method,
                path: self.path(path)?,
                query: query
                    .iter()
                    .map(|(name, value)| Ok((name.as_str(), self.parameter(value)?)))
                    .collect::<Result<_, _>>()?,
                body: body.as_ref().map(|body| self.body(body)).transpose()?,
            },
            Action::Notice { title, remedy } => Effect::Notice {
                title: self.shown("title", title, one_line, MAX_NOTICE_TITLE_BYTES)?,
                remedy: self.shown("remedy", remedy, one_line, MAX_NOTICE_REMEDY_BYTES)?,
            },
            Action::Log { text } => Effect::Log {
                text: self.shown("text", text, one_line, MAX_LOG_BYTES)?,
            },
            Action::Transform { .. } => return Ok(None),
        };
        Ok(Some(effect))
    }

    /// A text for people: cut rather than not sent.
    fn shown(
        &mut self,
        member: &'static str,
        template: &Template,
        escape: Escape,
        max_bytes: usize,
    ) -> Result<String, Unsendable> {
        let rendered = template.render(&self.scope(), escape, max_bytes);
        self.is_cut |= rendered.is_cut;
        self.has_gap |= rendered.has_gap;
        if rendered.text.trim().is_empty() {
            return Err(Unsendable::Empty(member));
        }
        Ok(rendered.text)
    }

    fn path(&mut self, template: &Template) -> Result<String, Unsendable> {
        let rendered = template.render(&self.scope(), path::escape, MAX_PATH_BYTES);
        self.has_gap |= rendered.has_gap;
        if rendered.is_cut {
            return Err(Unsendable::TooLong {
                member: "path",
                max_bytes: MAX_PATH_BYTES,
            });
        }
        if rendered.has_gap {
            return Err(Unsendable::PathGap);
        }
        if path::leads_elsewhere(&rendered.text) {
            return Err(Unsendable::PathStep);
        }
        Ok(rendered.text)
    }

    fn parameter(&mut self, template: &Template) -> Result<String, Unsendable> {
        let rendered = template.render(&self.scope(), |text| text.into(), MAX_QUERY_VALUE_BYTES);
        self.has_gap |= rendered.has_gap;
        if rendered.is_cut {
            return Err(Unsendable::TooLong {
                member: "value of a parameter",
                max_bytes: MAX_QUERY_VALUE_BYTES,
            });
        }
        Ok(rendered.text)
    }

    fn body(&mut self, body: &Body) -> Result<Value, Unsendable> {
        let (body, has_gap) =
            body.render(&self.scope(), MAX_BODY_BYTES)
                .ok_or(Unsendable::TooLong {
                    member: "body",
                    max_bytes: MAX_BODY_BYTES,
                })?;
        self.has_gap |= has_gap;
        Ok(body)
    }
}

fn escape_slack(text: &str) -> Cow<'_, str> {
    if text.contains(['&', '<', '>']) {
        Cow::Owned(slack_message::escape(text))
    } else {
        Cow::Borrowed(text)
    }
}

/// A value cannot break a notice into lines, nor turn the direction in which it is read.
fn one_line(text: &str) -> Cow<'_, str> {
    Cow::Owned(redact::excerpt(text, usize::MAX, &[]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fields::Fields;

    fn actions(documents: &[Value]) -> Vec<Action> {
        let mut fields = Fields::default();
        let actions = documents
            .iter()
            .map(|document| Action::read(&mut fields, "", document))
            .collect();
        fields.finish(actions).unwrap()
    }

    fn planned(documents: &[Value], payload: &Value) -> Vec<(usize, Result<Value, Unsendable>)> {
        let event = Event {
            name: "order.created",
            id: "e1",
            occurred_at: 0,
            depth: 0,
            payload,
        };
        plan(&actions(documents), event)
            .into_iter()
            .map(|planned| {
                let effect = planned.effect.map(|one| serde_json::to_value(one).unwrap());
                (planned.action, effect)
            })
            .collect()
    }

    fn one(document: Value, payload: &Value) -> Result<Value, Unsendable> {
        planned(&[document], payload).remove(0).1
    }

    #[test]
    fn what_each_action_sends() {
        let payload = json!({"user": {"id": 7, "name": "<Zoë>\n& co"}, "path": "a/b c"});
        for (action, effect) in [
            (
                json!({"type": "slack_message", "text": "*{{ user.name }}*"}),
                json!({
                    "type": "slack_message", "connector_id": null,
                    "message": {"text": "*&lt;Zoë&gt;\n&amp; co*"},
                }),
            ),
            (
                json!({"type": "slack_message", "connector_id": "s", "text": "a", "channel": "#b"}),
                json!({"type": "slack_message", "connector_id": "s", "message": {"text": "a", "channel": "#b"}}),
            ),
            (
                json!({"type": "outgoing_webhook", "endpoint_id": "e"}),
                json!({"type": "outgoing_webhook", "endpoint_id": "e", "event_type": "order.created", "payload": payload}),
            ),
            (
                json!({"type": "outgoing_webhook", "endpoint_id": "e", "event_type": "mine.too"}),
                json!({"type": "outgoing_webhook", "endpoint_id": "e", "event_type": "mine.too", "payload": payload}),
            ),
            (
                json!({"type": "run_sync", "connector_id": "c", "streams": ["users"]}),
                json!({"type": "run_sync", "connector_id": "c", "streams": ["users"]}),
            ),
            (
                json!({
                    "type": "call_api", "connector_id": "c", "method": "PUT",
                    "path": "/v1/{{ user.id }}/{{ path }}",
                    "query": {"q": "{{ path }}&x", "none": "{{ none }}"},
                    "body": {"id": "{{ user.id }}", "name": "{{ user.name }}", "at": "{{ event.name }} "},
                }),
                json!({
                    "type": "call_api", "connector_id": "c", "method": "PUT", "path": "/v1/7/a%2Fb%20c",
                    "query": [["none", ""], ["q", "a/b c&x"]],
                    "body": {"id": 7, "name": "<Zoë>\n& co", "at": "order.created "},
                }),
            ),
            (
                json!({"type": "call_api", "connector_id": "c", "method": "GET", "path": "/"}),
                json!({"type": "call_api", "connector_id": "c", "method": "GET", "path": "/", "query": [], "body": null}),
            ),
            (
                json!({"type": "notice", "title": "Of {{ user.name }}", "remedy": "Do {{ user.id }}"}),
                json!({"type": "notice", "title": "Of <Zoë> & co", "remedy": "Do 7"}),
            ),
            (
                json!({"type": "log", "text": "{{ user }}"}),
                json!({"type": "log", "text": r#"{"id":7,"name":"<Zoë>\n& co"}"#}),
            ),
        ] {
            assert_eq!(one(action.clone(), &payload), Ok(effect), "{action}");
        }
    }

    #[test]
    fn later_actions_see_what_transforms_made() {
        let payload = json!({"a": 1, "b": 2});
        let log = json!({"type": "log", "text": r#"{{ "" }}"#});
        let pick = json!({"type": "transform", "steps": [
            {"type": "pick", "pointers": ["/a"]}, {"type": "rename", "pointer": "/a", "to": "c"},
        ]});
        let default = json!({"type": "transform", "steps": [
            {"type": "default", "pointer": "/d", "value": "x"},
        ]});
        let webhook = json!({"type": "outgoing_webhook", "endpoint_id": "e"});
        let planned = planned(
            &[log.clone(), pick, log.clone(), default, log, webhook],
            &payload,
        );
        let text = |text: &str| Ok(json!({"type": "log", "text": text}));
        let sent = json!({
            "type": "outgoing_webhook", "endpoint_id": "e", "event_type": "order.created",
            "payload": {"c": 1, "d": "x"},
        });
        assert_eq!(
            planned,
            [
                (0, text(r#"{"a":1,"b":2}"#)),
                (2, text(r#"{"c":1}"#)),
                (4, text(r#"{"c":1,"d":"x"}"#)),
                (5, Ok(sent)),
            ]
        );
    }

    #[test]
    fn a_path_with_a_missing_value_is_not_called() {
        let call = |path: &str| json!({"type": "call_api", "connector_id": "c", "method": "DELETE", "path": path});
        for (path, payload, reason) in [
            ("/users/{{ id }}", json!({}), Unsendable::PathGap),
            ("/users/{{ id }}", json!({"id": null}), Unsendable::PathGap),
            ("/users/{{ id }}", json!({"id": ""}), Unsendable::PathGap),
            ("/users/{{ id }}", json!({"id": ".."}), Unsendable::PathStep),
            ("/users/{{ id }}", json!({"id": "."}), Unsendable::PathStep),
            ("/users/.{{ id }}", json!({"id": "."}), Unsendable::PathStep),
            (
                "/users/{{ id }}/x",
                json!({"id": "../x"}),
                Unsendable::PathStep,
            ),
            (
                "/users/{{ id }}/x",
                json!({"id": "..\\x"}),
                Unsendable::PathStep,
            ),
            (
                "/users/{{ id }}/x",
                json!({"id": "..;a"}),
                Unsendable::PathStep,
            ),
            (
                "/users/{{ id }}/x",
                json!({"id": "a\u{0}"}),
                Unsendable::PathStep,
            ),
            (
                "/users/{{ id }}",
                json!({"id": "å".repeat(400)}),
                Unsendable::TooLong {
                    member: "path",
                    max_bytes: MAX_PATH_BYTES,
                },
            ),
        ] {
            assert_eq!(one(call(path), &payload), Err(reason), "{path} {payload}");
            assert!(!reason.remedy().is_empty());
        }
        for (path, payload) in [
            ("/users/{{ id }}", json!({"id": "..."})),
            ("/users/a{{ id }}", json!({"id": "."})),
            ("/users/{{ id }}", json!({"id": "%2e%2e"})),
            (r#"/users/{{ id | "all" }}"#, json!({})),
            (r#"/users/{{ id | "" }}"#, json!({})),
        ] {
            assert!(one(call(path), &payload).is_ok(), "{path} {payload}");
        }
    }

    #[test]
    fn nothing_to_show_is_not_sent_and_holds_nothing_up() {
        let gone = "{{ gone }} ";
        let planned = planned(
            &[
                json!({"type": "slack_message", "text": gone}),
                json!({"type": "notice", "title": gone, "remedy": "a"}),
                json!({"type": "notice", "title": "a", "remedy": gone}),
                json!({"type": "log", "text": gone}),
                json!({"type": "run_sync", "connector_id": "c"}),
            ],
            &json!({}),
        );
        let reasons: Vec<_> = planned
            .into_iter()
            .map(|(_, effect)| effect.err())
            .collect();
        assert_eq!(
            reasons,
            [
                Some(Unsendable::Empty("text")),
                Some(Unsendable::Empty("title")),
                Some(Unsendable::Empty("remedy")),
                Some(Unsendable::Empty("text")),
                None,
            ]
        );
    }

    #[test]
    fn texts_are_cut_and_requests_are_not_sent_in_part() {
        let payload = json!({"long": "a".repeat(300_000)});
        let sent = |document: Value| {
            let event = Event {
                name: "a.b",
                id: "",
                occurred_at: 0,
                depth: 0,
                payload: &payload,
            };
            let actions = actions(&[document]);
            let planned = plan(&actions, event).remove(0);
            let size = planned
                .effect
                .as_ref()
                .map(|effect| serde_json::to_string(effect).unwrap().len());
            (planned.is_cut, size.map_err(|reason| *reason))
        };
        for (document, max) in [
            (
                json!({"type": "slack_message", "text": "{{ long }}"}),
                MAX_SLACK_TEXT_BYTES,
            ),
            (
                json!({"type": "notice", "title": "{{ long }}", "remedy": "a"}),
                MAX_NOTICE_TITLE_BYTES,
            ),
            (
                json!({"type": "notice", "title": "a", "remedy": "{{ long }}"}),
                MAX_NOTICE_REMEDY_BYTES,
            ),
            (json!({"type": "log", "text": "{{ long }}"}), MAX_LOG_BYTES),
        ] {
            let (is_cut, size) = sent(document.clone());
            assert!(is_cut, "{document}");
            assert!((max..max + 100).contains(&size.unwrap()), "{document}");
        }
        for (member, value, reason) in [
            ("path", json!("/{{ long }}"), ("path", MAX_PATH_BYTES)),
            (
                "query",
                json!({"q": "{{ long }}"}),
                ("value of a parameter", MAX_QUERY_VALUE_BYTES),
            ),
            ("body", json!({"a": "{{ long }}"}), ("body", MAX_BODY_BYTES)),
            (
                "body",
                json!({"a": "x{{ long }}"}),
                ("body", MAX_BODY_BYTES),
            ),
            (
                "body",
                json!({"a": [r#"{{ "" }}"#]}),
                ("body", MAX_BODY_BYTES),
            ),
        ] {
            let mut call =
                json!({"type": "call_api", "connector_id": "c", "method": "POST", "path": "/a"});
            call[member] = value;
            let reason = Unsendable::TooLong {
                member: reason.0,
                max_bytes: reason.1,
            };
            assert_eq!(sent(call.clone()), (false, Err(reason)), "{call}");
        }
    }
}
