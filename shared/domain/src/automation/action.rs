//! What a rule does.

use serde_json::{Map, Value, json};

use super::body::Body;
use super::event::EventName;
use super::path;
use super::template::Template;
use super::transform::{MAX_STEPS, Step};
use crate::fields::{Fields, Object};
use crate::slack_message;
use crate::text_enum::text_enum;

/// The most actions of a rule.
pub const MAX_ACTIONS: usize = 10;
/// The longest text of a Slack message, in bytes. Slack counts characters, which are no more.
pub const MAX_SLACK_TEXT_BYTES: usize = slack_message::MAX_TEXT_CHARS;
/// In bytes.
pub const MAX_NOTICE_TITLE_BYTES: usize = 300;
/// In bytes.
pub const MAX_NOTICE_REMEDY_BYTES: usize = 2_000;
/// In bytes.
pub const MAX_LOG_BYTES: usize = 1_000;
/// The longest path of a request, in bytes.
pub const MAX_PATH_BYTES: usize = 2_000;
/// The longest value of a parameter, in bytes, before it is encoded.
pub const MAX_QUERY_VALUE_BYTES: usize = 2_000;
/// The most that is inserted in a body, with the texts around it, in bytes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// The most streams that one action asks for.
pub const MAX_STREAMS: usize = 20;

const MAX_PARAMETERS: usize = 50;
const MAX_NAME_BYTES: usize = 128;

text_enum! {
    /// How an API is called.
    pub enum Method, "method" {
        Get = "GET",
        Post = "POST",
        Put = "PUT",
        Patch = "PATCH",
        Delete = "DELETE",
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    SlackMessage {
        /// `None`: the organization's own Slack connector, which the caller knows.
        connector_id: Option<String>,
        /// mrkdwn; values are escaped.
        text: Template,
        channel: Option<String>,
    },
    OutgoingWebhook {
        endpoint_id: String,
        /// `None`: the name of the event.
        event_type: Option<EventName>,
    },
    RunSync {
        connector_id: String,
        /// Empty: all. Which there are depends on the connector.
        streams: Vec<String>,
    },
    CallApi {
        connector_id: String,
        method: Method,
        path: Template,
        query: Vec<(String, Template)>,
        body: Option<Body>,
    },
    Notice {
        title: Template,
        remedy: Template,
    },
    Log {
        text: Template,
    },
    Transform {
        steps: Vec<Step>,
    },
}

#[derive(Clone, Copy)]
enum Kind {
    SlackMessage,
    OutgoingWebhook,
    RunSync,
    CallApi,
    Notice,
    Log,
    Transform,
}

const KINDS: [(&str, Kind); 7] = [
    ("slack_message", Kind::SlackMessage),
    ("outgoing_webhook", Kind::OutgoingWebhook),
    ("run_sync", Kind::RunSync),
    ("call_api", Kind::CallApi),
    ("notice", Kind::Notice),
    ("log", Kind::Log),
    ("transform", Kind::Transform),
];

impl Kind {
    const fn members(self) -> &'static [&'static str] {
        match self {
            Self::SlackMessage => &["type", "connector_id", "text", "channel"],
            Self::OutgoingWebhook => &["type", "endpoint_id", "event_type"],
            Self::RunSync => &["type", "connector_id", "streams"],
            Self::CallApi => &["type", "connector_id", "method", "path", "query", "body"],
            Self::Notice => &["type", "title", "remedy"],
            Self::Log => &["type", "text"],
            Self::Transform => &["type", "steps"],
        }
    }
}

impl Action {
    pub(super) fn read(fields: &mut Fields, pointer: &str, value: &Value) -> Option<Self> {
        let object = fields.any_object(pointer, value)?;
        let kind = fields.choice(&object, "type", &KINDS, None)?;
        fields.known(&object, kind.members());
        match kind {
            Kind::SlackMessage => Self::read_slack_message(fields, &object),
            Kind::OutgoingWebhook => Self::read_outgoing_webhook(fields, &object),
            Kind::RunSync => Self::read_run_sync(fields, &object),
            Kind::CallApi => Self::read_call_api(fields, &object),
            Kind::Notice => {
                let title = fields.template(&object, "title");
                let remedy = fields.template(&object, "remedy");
                Some(Self::Notice {
                    title: title?,
                    remedy: remedy?,
                })
            }
            Kind::Log => {
                let text = fields.template(&object, "text")?;
                Some(Self::Log { text })
            }
            Kind::Transform => Self::read_transform(fields, &object),
        }
    }

    fn read_slack_message(fields: &mut Fields, object: &Object<'_>) -> Option<Self> {
        let connector_id = fields.optional_id(object, "connector_id");
        let text = fields.template(object, "text");
        let channel = fields.optional(object, "channel", |fields, pointer, value| {
            fields
                .text(pointer, value, MAX_NAME_BYTES)
                .map(str::to_owned)
        });
        Some(Self::SlackMessage {
            connector_id: connector_id.ok()?,
            text: text?,
            channel: channel.ok()?,
        })
    }

    fn read_outgoing_webhook(fields: &mut Fields, object: &Object<'_>) -> Option<Self> {
        let endpoint_id = fields.required_id(object, "endpoint_id");
        let event_type = fields.optional(object, "event_type", |fields, pointer, value| {
            let text = fields.any_text(pointer, value)?;
            EventName::parse(text)
                .map_err(|error| fields.push(pointer, error.to_string(), error.remedy()))
                .ok()
        });
        Some(Self::OutgoingWebhook {
            endpoint_id: endpoint_id?,
            event_type: event_type.ok()?,
        })
    }

    fn read_run_sync(fields: &mut Fields, object: &Object<'_>) -> Option<Self> {
        let connector_id = fields.required_id(object, "connector_id");
        let streams = fields.optional(object, "streams", read_streams);
        Some(Self::RunSync {
            connector_id: connector_id?,
            streams: streams.ok()?.unwrap_or_default(),
        })
    }

    fn read_call_api(fields: &mut Fields, object: &Object<'_>) -> Option<Self> {
        let connector_id = fields.required_id(object, "connector_id");
        let methods: Vec<_> = Method::ALL.iter().map(|one| (one.as_str(), *one)).collect();
        let method = fields.choice(object, "method", &methods, None);
        let path = fields.template(object, "path").filter(|path| {
            let checked = path::check(path);
            if let Err((detail, remedy)) = checked {
                fields.push(object.at("path"), detail, remedy);
            }
            checked.is_ok()
        });
        let query = fields.optional(object, "query", read_query);
        let body = fields.optional(object, "body", Body::read);
        if method == Some(Method::Get) && object.get("body").is_some() {
            fields.push(
                object.at("body"),
                "a GET has no body",
                "leave it out, or use another method",
            );
        }
        Some(Self::CallApi {
            connector_id: connector_id?,
            method: method?,
            path: path?,
            query: query.ok()?.unwrap_or_default(),
            body: body.ok()?,
        })
    }

    fn read_transform(fields: &mut Fields, object: &Object<'_>) -> Option<Self> {
        let list = fields.required(object, "steps", "list the steps")?;
        let list = fields.list(&object.at("steps"), list, MAX_STEPS)?;
        let steps: Vec<_> = list
            .map(|(pointer, value)| Step::read(fields, &pointer, value))
            .collect();
        let steps = steps.into_iter().collect::<Option<_>>()?;
        Some(Self::Transform { steps })
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::SlackMessage {
                connector_id,
                text,
                channel,
            } => without_null(json!({
                "type": "slack_message", "connector_id": connector_id, "text": text.source(),
                "channel": channel,
            })),
            Self::OutgoingWebhook {
                endpoint_id,
                event_type,
            } => without_null(json!({
                "type": "outgoing_webhook", "endpoint_id": endpoint_id,
                "event_type": event_type.as_ref().map(EventName::as_str),
            })),
            Self::RunSync {
                connector_id,
                streams,
            } => without_null(json!({
                "type": "run_sync", "connector_id": connector_id,
                "streams": (!streams.is_empty()).then_some(streams),
            })),
            Self::CallApi {
                connector_id,
                method,
                path,
                query,
                body,
            } => {
                let query: Map<_, Value> = query
                    .iter()
                    .map(|(name, value)| (name.clone(), value.source().into()))
                    .collect();
                without_null(json!({
                    "type": "call_api", "connector_id": connector_id, "method": method,
                    "path": path.source(), "query": (!query.is_empty()).then_some(query),
                    "body": body.as_ref().map(Body::to_json),
                }))
            }
            Self::Notice { title, remedy } => {
                json!({ "type": "notice", "title": title.source(), "remedy": remedy.source() })
            }
            Self::Log { text } => json!({ "type": "log", "text": text.source() }),
            Self::Transform { steps } => {
                let steps: Value = steps.iter().map(Step::to_json).collect();
                json!({ "type": "transform", "steps": steps })
            }
        }
    }
}

fn read_streams(fields: &mut Fields, pointer: &str, value: &Value) -> Option<Vec<String>> {
    let mut streams: Vec<String> = Vec::new();
    let mut is_whole = true;
    for (pointer, value) in fields.list(pointer, value, MAX_STREAMS)? {
        match fields.id(&pointer, value) {
            Some(stream) if streams.contains(&stream) => {
                fields.push(pointer, "it is named twice", "name each stream once");
                is_whole = false;
            }
            Some(stream) => streams.push(stream),
            None => is_whole = false,
        }
    }
    is_whole.then_some(streams)
}

fn read_query(
    fields: &mut Fields,
    pointer: &str,
    value: &Value,
) -> Option<Vec<(String, Template)>> {
    let object = fields.any_object(pointer, value)?;
    if object.member_count() > MAX_PARAMETERS {
        fields.push(
            pointer,
            format!("it has {} parameters", object.member_count()),
            format!("use at most {MAX_PARAMETERS}"),
        );
        return None;
    }
    let mut query = Vec::new();
    let mut is_whole = true;
    for (name, value) in object.iter() {
        let pointer = object.at(name);
        let template = fields.one_template(&pointer, value);
        if name.is_empty() || name.len() > MAX_NAME_BYTES {
            fields.push(
                pointer,
                format!("its name has {} bytes", name.len()),
                format!("use 1 to {MAX_NAME_BYTES} bytes"),
            );
            is_whole = false;
        }
        match template {
            Some(template) => query.push((name.clone(), template)),
            None => is_whole = false,
        }
    }
    is_whole.then_some(query)
}

/// Without the members of the object that are null.
fn without_null(mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(document: &Value) -> Result<Action, Vec<String>> {
        let mut fields = Fields::default();
        let action = Action::read(&mut fields, "/a", document);
        fields.finish(action).map_err(|error| match error {
            crate::Error::InvalidFields(errors) => errors
                .as_slice()
                .iter()
                .map(|error| error.pointer.clone())
                .collect(),
            other => panic!("{other}"),
        })
    }

    #[test]
    fn what_is_wrong_is_named() {
        let parameters: Map<String, Value> = (0..51).map(|n| (n.to_string(), json!("a"))).collect();
        let call = |member: &str, value: Value| {
            let mut call =
                json!({"type": "call_api", "connector_id": "c", "method": "POST", "path": "/a"});
            call[member] = value;
            call
        };
        for (document, pointers) in [
            (json!(null), vec!["/a"]),
            (json!([]), vec!["/a"]),
            (json!({}), vec!["/a/type"]),
            (json!({"type": null}), vec!["/a/type"]),
            (json!({"type": 1}), vec!["/a/type"]),
            (json!({"type": "eval", "code": "1"}), vec!["/a/type"]),
            (json!({"type": "slack_message"}), vec!["/a/text"]),
            (
                json!({"type": "slack_message", "connector_id": "a b", "text": "{{", "channel": "", "to": 1}),
                vec!["/a/to", "/a/connector_id", "/a/text", "/a/channel"],
            ),
            (
                json!({"type": "slack_message", "text": " \n"}),
                vec!["/a/text"],
            ),
            (
                json!({"type": "slack_message", "text": null}),
                vec!["/a/text"],
            ),
            (
                json!({"type": "slack_message", "text": "a".repeat(8_193)}),
                vec!["/a/text"],
            ),
            (
                json!({"type": "slack_message", "text": ["a"]}),
                vec!["/a/text"],
            ),
            (json!({"type": "outgoing_webhook"}), vec!["/a/endpoint_id"]),
            (
                json!({"type": "outgoing_webhook", "endpoint_id": 5, "event_type": "Order"}),
                vec!["/a/endpoint_id", "/a/event_type"],
            ),
            (
                json!({"type": "outgoing_webhook", "endpoint_id": "e".repeat(65)}),
                vec!["/a/endpoint_id"],
            ),
            (json!({"type": "run_sync"}), vec!["/a/connector_id"]),
            (
                json!({"type": "run_sync", "connector_id": ""}),
                vec!["/a/connector_id"],
            ),
            (
                json!({"type": "run_sync", "connector_id": "../c"}),
                vec!["/a/connector_id"],
            ),
            (
                json!({"type": "run_sync", "connector_id": "c", "streams": []}),
                vec!["/a/streams"],
            ),
            (
                json!({"type": "run_sync", "connector_id": "c", "streams": "all"}),
                vec!["/a/streams"],
            ),
            (
                json!({"type": "run_sync", "connector_id": "c", "streams": ["a", "a", 1, "b c"]}),
                vec!["/a/streams/1", "/a/streams/2", "/a/streams/3"],
            ),
            (
                json!({"type": "run_sync", "connector_id": "c", "streams": vec!["a"; 21]}),
                vec!["/a/streams"],
            ),
            (
                json!({"type": "call_api"}),
                vec!["/a/connector_id", "/a/method", "/a/path"],
            ),
            (call("method", json!("post")), vec!["/a/method"]),
            (call("method", json!("TRACE")), vec!["/a/method"]),
            (call("path", json!("a")), vec!["/a/path"]),
            (call("path", json!("/a?b")), vec!["/a/path"]),
            (call("path", json!("/{{ a")), vec!["/a/path"]),
            (call("query", json!("a=b")), vec!["/a/query"]),
            (
                call("query", json!({"a": 1, "b": "{{", "": "c"})),
                vec!["/a/query/", "/a/query/a", "/a/query/b"],
            ),
            (
                call("query", json!({"n".repeat(129): "a"})),
                vec![&format!("/a/query/{}…", "n".repeat(59))],
            ),
            (call("query", Value::Object(parameters)), vec!["/a/query"]),
            (call("body", json!({"a": ["{{ x"]})), vec!["/a/body/a/0"]),
            (call("headers", json!({})), vec!["/a/headers"]),
            (
                json!({"type": "call_api", "connector_id": "c", "method": "GET", "path": "/a", "body": {}}),
                vec!["/a/body"],
            ),
            (json!({"type": "notice"}), vec!["/a/title", "/a/remedy"]),
            (
                json!({"type": "notice", "title": "", "remedy": "{{ }}"}),
                vec!["/a/title", "/a/remedy"],
            ),
            (json!({"type": "log"}), vec!["/a/text"]),
            (json!({"type": "transform"}), vec!["/a/steps"]),
            (json!({"type": "transform", "steps": []}), vec!["/a/steps"]),
            (json!({"type": "transform", "steps": {}}), vec!["/a/steps"]),
            (
                json!({"type": "transform", "steps": [{"type": "x"}, 1]}),
                vec!["/a/steps/0/type", "/a/steps/1"],
            ),
        ] {
            assert_eq!(read(&document).unwrap_err(), pointers, "{document}");
        }
    }

    #[test]
    fn what_is_right_is_kept_as_it_was_written() {
        for document in [
            json!({"type": "slack_message", "text": "a {{ b }}"}),
            json!({"type": "slack_message", "connector_id": "c-1", "text": "a", "channel": "#ops"}),
            json!({"type": "outgoing_webhook", "endpoint_id": "e_1"}),
            json!({"type": "outgoing_webhook", "endpoint_id": "e", "event_type": "order.created"}),
            json!({"type": "run_sync", "connector_id": "c"}),
            json!({"type": "run_sync", "connector_id": "c", "streams": ["shifts", "users"]}),
            json!({"type": "call_api", "connector_id": "c", "method": "GET", "path": "/a/{{ b }}"}),
            json!({"type": "call_api", "connector_id": "c", "method": "DELETE", "path": "/a"}),
            json!({
                "type": "call_api", "connector_id": "c", "method": "POST", "path": "/a",
                "query": {"a": "{{ b }}", "c": ""}, "body": {"a": [1, null, "{{ b }}"], "c": false},
            }),
            json!({"type": "notice", "title": "a", "remedy": "b {{ c }}"}),
            json!({"type": "log", "text": "a"}),
            json!({"type": "transform", "steps": [{"type": "pick", "pointers": ["/a", ""]}]}),
        ] {
            assert_eq!(read(&document).unwrap().to_json(), document);
        }
    }

    #[test]
    fn null_is_absent_where_a_member_can_be_left_out() {
        let nulls = json!({
            "type": "call_api", "connector_id": "c", "method": "GET", "path": "/a", "query": null, "body": null,
        });
        let without =
            json!({"type": "call_api", "connector_id": "c", "method": "GET", "path": "/a"});
        assert_eq!(read(&nulls).unwrap().to_json(), without);
        let nulls =
            json!({"type": "slack_message", "connector_id": null, "text": "a", "channel": null});
        assert_eq!(
            read(&nulls).unwrap().to_json(),
            json!({"type": "slack_message", "text": "a"})
        );
        let nulls = json!({"type": "run_sync", "connector_id": "c", "streams": null});
        assert_eq!(
            read(&nulls).unwrap().to_json(),
            json!({"type": "run_sync", "connector_id": "c"})
        );
    }
}
