//! A rule, from JSON and to JSON.

use serde_json::{Map, Value, json};

use super::action::{Action, MAX_ACTIONS};
use super::bounded_json::{is_deeper_than, length_within};
use super::condition::Condition;
use super::event::EventPattern;
use super::firing_rate::{FIRINGS_PER_MINUTE, FIRINGS_PER_MINUTE_RANGE};
use crate::Result;
use crate::fields::{Fields, Object, shown};

/// The longest name of a rule, in characters.
pub const MAX_RULE_NAME_CHARS: usize = 100;
/// The largest rule, in bytes of JSON.
pub const MAX_RULE_BYTES: usize = 64 * 1024;

/// The reader of JSON refuses more.
const MAX_DOCUMENT_DEPTH: usize = 128;

const MEMBERS: [&str; 6] = [
    "name",
    "event",
    "conditions",
    "actions",
    "is_enabled",
    "firings_per_minute",
];

/// On which events, under which conditions, what is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub name: String,
    pub event: EventPattern,
    pub is_enabled: bool,
    /// How often it does something that others notice.
    pub firings_per_minute: u32,
    /// `None`: always.
    pub(super) conditions: Option<Condition>,
    pub(super) actions: Vec<Action>,
}

/// What a rule names of the organization's. Whoever saves the rule checks that it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// Where in the rule: `/actions/0/connector_id`.
    pub pointer: String,
    pub kind: TargetKind,
    pub id: &'a str,
    /// Those of its streams that a sync is kept to, and where in the rule; none is all of them.
    pub streams: &'a [String],
    pub streams_pointer: String,
}

/// What an id stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// A connector of the type `slack`.
    SlackConnector,
    /// An endpoint for outgoing webhooks.
    OutgoingEndpoint,
    /// A connector that syncs.
    SyncConnector,
    /// A connector of the type `api`.
    ApiConnector,
}

impl Rule {
    /// Reads a rule. `conditions`, `is_enabled` and `firings_per_minute` can be left out: then it always
    /// fires, is enabled, and does so [`FIRINGS_PER_MINUTE`] times a minute at the most.
    ///
    /// # Errors
    /// [`crate::Error::InvalidFields`] with every bad field.
    pub fn from_json(document: &Value) -> Result<Self> {
        let mut fields = Fields::default();
        let rule = Self::read(&mut fields, document);
        fields.finish(rule)
    }

    fn read(fields: &mut Fields, document: &Value) -> Option<Self> {
        if is_deeper_than(document, MAX_DOCUMENT_DEPTH) {
            let detail = format!("the rule is nested deeper than {MAX_DOCUMENT_DEPTH} levels");
            fields.push("", detail, "make it flatter");
            return None;
        }
        if length_within(document, MAX_RULE_BYTES).is_none() {
            let detail = format!("the rule has more than {MAX_RULE_BYTES} bytes");
            fields.push("", detail, "make two rules of it");
            return None;
        }
        let object = fields.object("", document, &MEMBERS)?;
        let name = read_name(fields, &object);
        let event = read_event(fields, &object);
        let conditions = fields.optional(&object, "conditions", Condition::read);
        let actions = read_actions(fields, &object);
        let is_enabled = read_is_enabled(fields, &object);
        let range = FIRINGS_PER_MINUTE_RANGE;
        let pace = fields.whole(&object, "firings_per_minute", &range, FIRINGS_PER_MINUTE);
        Some(Self {
            name: name?,
            event: event?,
            is_enabled: is_enabled?,
            firings_per_minute: pace,
            conditions: conditions.ok()?,
            actions: actions?,
        })
    }

    /// The rule as it is stored and shown.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut document = Map::new();
        document.insert("name".to_owned(), json!(self.name));
        document.insert("event".to_owned(), json!(self.event.to_string()));
        if let Some(conditions) = &self.conditions {
            document.insert("conditions".to_owned(), conditions.to_json());
        }
        let actions = self.actions.iter().map(Action::to_json).collect();
        document.insert("actions".to_owned(), actions);
        document.insert("is_enabled".to_owned(), json!(self.is_enabled));
        if self.firings_per_minute != FIRINGS_PER_MINUTE {
            let pace = json!(self.firings_per_minute);
            document.insert("firings_per_minute".to_owned(), pace);
        }
        document.into()
    }

    /// Whether it fires on such an event with such a payload. One that is not enabled does not.
    #[must_use]
    pub fn fires_on(&self, event: &str, payload: &Value) -> bool {
        self.is_enabled && self.event.matches(event) && self.allows(payload)
    }

    pub(super) fn allows(&self, payload: &Value) -> bool {
        self.conditions
            .as_ref()
            .is_none_or(|conditions| conditions.holds(payload))
    }

    /// What the rule names of the organization's, in the order of its actions.
    pub fn targets(&self) -> impl Iterator<Item = Target<'_>> {
        self.actions
            .iter()
            .enumerate()
            .filter_map(|(index, action)| {
                let streams = match action {
                    Action::RunSync { streams, .. } => streams.as_slice(),
                    _ => &[],
                };
                let (kind, member, id) = match action {
                    Action::SlackMessage { connector_id, .. } => (
                        TargetKind::SlackConnector,
                        "connector_id",
                        connector_id.as_ref()?,
                    ),
                    Action::OutgoingWebhook { endpoint_id, .. } => {
                        (TargetKind::OutgoingEndpoint, "endpoint_id", endpoint_id)
                    }
                    Action::RunSync { connector_id, .. } => {
                        (TargetKind::SyncConnector, "connector_id", connector_id)
                    }
                    Action::CallApi { connector_id, .. } => {
                        (TargetKind::ApiConnector, "connector_id", connector_id)
                    }
                    Action::Notice { .. } | Action::Log { .. } | Action::Transform { .. } => {
                        return None;
                    }
                };
                Some(Target {
                    pointer: format!("/actions/{index}/{member}"),
                    kind,
                    id,
                    streams,
                    streams_pointer: format!("/actions/{index}/streams"),
                })
            })
    }
}

fn read_name(fields: &mut Fields, object: &Object<'_>) -> Option<String> {
    let at = object.at("name");
    let value = fields.required(object, "name", "give a name that people know the rule by")?;
    // A character has at most four bytes.
    let name = fields.text(&at, value, 4 * MAX_RULE_NAME_CHARS)?;
    let length = name.chars().count();
    if length > MAX_RULE_NAME_CHARS {
        fields.push(
            at,
            format!("it has {length} characters"),
            format!("use at most {MAX_RULE_NAME_CHARS}"),
        );
        return None;
    }
    if name.trim().is_empty() {
        fields.push(
            at,
            "it is blank",
            "give a name that people know the rule by",
        );
        return None;
    }
    Some(name.to_owned())
}

fn read_event(fields: &mut Fields, object: &Object<'_>) -> Option<EventPattern> {
    let at = object.at("event");
    let value = fields.required(
        object,
        "event",
        "name an event, such as sync.failed, or a family of them, such as sync.*",
    )?;
    let text = fields.any_text(&at, value)?;
    EventPattern::parse(text)
        .map_err(|error| {
            let detail = format!("{} names no event: {error}", shown(value));
            fields.push(at, detail, error.remedy());
        })
        .ok()
}

fn read_actions(fields: &mut Fields, object: &Object<'_>) -> Option<Vec<Action>> {
    let list = fields.required(object, "actions", "list what is to be done")?;
    let list = fields.list(&object.at("actions"), list, MAX_ACTIONS)?;
    let actions: Vec<_> = list
        .map(|(pointer, value)| Action::read(fields, &pointer, value))
        .collect();
    actions.into_iter().collect()
}

/// Null is not taken for enabled: a switch is on or off.
fn read_is_enabled(fields: &mut Fields, object: &Object<'_>) -> Option<bool> {
    let Some(value) = object.member("is_enabled") else {
        return Some(true);
    };
    let is_enabled = value.as_bool();
    if is_enabled.is_none() {
        fields.push(
            object.at("is_enabled"),
            format!("{} is not a boolean", shown(value)),
            "use true or false",
        );
    }
    is_enabled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::field_error::FieldError;

    fn errors(document: &Value) -> Vec<FieldError> {
        match Rule::from_json(document) {
            Err(Error::InvalidFields(errors)) => errors.as_slice().to_vec(),
            other => panic!("{other:?}"),
        }
    }

    fn log() -> Value {
        json!({"type": "log", "text": "a"})
    }

    fn whole() -> Value {
        json!({
            "name": "Orders", "event": "order.*", "is_enabled": false,
            "conditions": {"all": [
                {"pointer": "/total", "op": "greater", "value": 100},
                {"any": [
                    {"pointer": "/state", "op": "in", "value": ["new", null]},
                    {"pointer": "/at", "op": "less", "value": "2026-01-01T00:00:00Z"},
                    {"pointer": "/note", "op": "exists", "value": false},
                ]},
            ]},
            "actions": [
                {"type": "transform", "steps": [
                    {"type": "filter", "pointer": "/items", "conditions": {"pointer": "/n", "op": "not_equals", "value": 0}},
                    {"type": "default", "pointer": "/a/b", "value": {"c": [1]}},
                ]},
                {"type": "slack_message", "connector_id": "s", "text": "{{ total }}"},
                {"type": "outgoing_webhook", "endpoint_id": "e"},
                {"type": "run_sync", "connector_id": "r"},
                {"type": "call_api", "connector_id": "c", "method": "POST", "path": "/a", "body": "{{ total }}"},
                {"type": "notice", "title": "a", "remedy": "b"},
                {"type": "slack_message", "text": "a"},
                log(),
            ],
        })
    }

    #[test]
    fn every_bad_field_is_named_with_what_to_do() {
        let found = errors(&json!({
            "name": "", "event": "sync.complete", "is_enabled": "yes", "colour": "red",
            "conditions": {"pointer": "a", "op": "is"},
            "actions": [{"type": "log"}, {"type": "notice", "title": "{{", "remedy": 1}, null],
        }));
        let pointers: Vec<_> = found.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "/colour",
                "/name",
                "/event",
                "/conditions/pointer",
                "/conditions/op",
                "/actions/0/text",
                "/actions/1/title",
                "/actions/1/remedy",
                "/actions/2",
                "/is_enabled",
            ]
        );
        assert!(
            found
                .iter()
                .all(|error| !error.detail.is_empty() && !error.remedy.is_empty())
        );
        let event = &found[2];
        assert!(
            event.detail.starts_with("\"sync.complete\" names no event"),
            "{event:?}"
        );
        assert!(event.remedy.contains("sync.completed"), "{event:?}");
        assert_eq!(found[6].detail, "at character 1: {{ is not closed");
    }

    #[test]
    fn what_is_missing_null_or_of_the_wrong_type_is_named() {
        for document in [json!(null), json!([]), json!("rule"), json!(1)] {
            assert_eq!(errors(&document)[0].pointer, "", "{document}");
        }
        let details = |document: Value| -> Vec<(String, String)> {
            errors(&document)
                .into_iter()
                .map(|error| (error.pointer, error.detail))
                .collect()
        };
        let pair = |pointer: &str, detail: &str| (pointer.to_owned(), detail.to_owned());
        assert_eq!(
            details(json!({})),
            [
                pair("/name", "is missing"),
                pair("/event", "is missing"),
                pair("/actions", "is missing")
            ]
        );
        assert_eq!(
            details(json!({"name": null, "event": null, "actions": null, "is_enabled": null})),
            [
                pair("/name", "is null"),
                pair("/event", "is null"),
                pair("/actions", "is null"),
                pair("/is_enabled", "null is not a boolean"),
            ]
        );
        assert_eq!(
            details(json!({"name": 1, "event": [], "actions": {}, "conditions": []})),
            [
                pair("/name", "1 is not a text"),
                pair("/event", "an array is not a text"),
                pair("/conditions", "an array is not an object"),
                pair("/actions", "an object is not a list"),
            ]
        );
    }

    #[test]
    fn what_is_too_long_or_too_deep_is_named() {
        let with = |member: &str, value: Value| {
            let mut rule = json!({"name": "a", "event": "a.b", "actions": [log()]});
            rule[member] = value;
            rule
        };
        assert!(Rule::from_json(&with("name", json!("é".repeat(100)))).is_ok());
        assert!(Rule::from_json(&with("actions", json!(vec![log(); 10]))).is_ok());
        let deep = (0..130).fold(json!(1), |inner, _| json!([inner]));
        for (rule, pointer) in [
            (with("name", json!("é".repeat(101))), "/name"),
            (with("name", json!("n".repeat(401))), "/name"),
            (with("name", json!(" ")), "/name"),
            (with("name", json!("a\nb")), "/name"),
            (
                with("event", json!(format!("a.{}", "b".repeat(100)))),
                "/event",
            ),
            (with("actions", json!([])), "/actions"),
            (with("actions", json!(vec![log(); 11])), "/actions"),
            (with("x", deep), ""),
            (with("x", json!("x".repeat(65_536))), ""),
        ] {
            let found = errors(&rule);
            assert_eq!(found[0].pointer, pointer, "{:?}", found[0]);
        }
    }

    #[test]
    fn a_rule_is_what_was_sent() {
        assert_eq!(Rule::from_json(&whole()).unwrap().to_json(), whole());
        let least = json!({"name": "a", "event": "a.b", "actions": [log()], "conditions": null});
        let rule = Rule::from_json(&least).unwrap();
        assert!(rule.is_enabled && rule.conditions.is_none());
        assert_eq!(
            rule.to_json(),
            json!({"name": "a", "event": "a.b", "actions": [log()], "is_enabled": true})
        );
    }

    #[test]
    fn what_a_rule_names_is_listed_with_its_place() {
        let rule = Rule::from_json(&whole()).unwrap();
        let targets: Vec<_> = rule
            .targets()
            .map(|target| (target.pointer, target.kind, target.id))
            .collect();
        let place = |index: usize, member: &str| format!("/actions/{index}/{member}");
        assert_eq!(
            targets,
            [
                (place(1, "connector_id"), TargetKind::SlackConnector, "s"),
                (place(2, "endpoint_id"), TargetKind::OutgoingEndpoint, "e"),
                (place(3, "connector_id"), TargetKind::SyncConnector, "r"),
                (place(4, "connector_id"), TargetKind::ApiConnector, "c"),
            ]
        );
    }

    #[test]
    fn a_rule_fires_when_everything_fits() {
        let mut rule = Rule::from_json(&json!({
            "name": "a", "event": "order.*", "actions": [log()],
            "conditions": {"pointer": "/n", "op": "equals", "value": 1},
        }))
        .unwrap();
        let fits = json!({"n": 1});
        assert!(rule.fires_on("order.created", &fits));
        assert!(!rule.fires_on("orders.created", &fits));
        assert!(!rule.fires_on("order.created", &json!({"n": 2})));
        rule.is_enabled = false;
        assert!(!rule.fires_on("order.created", &fits));
    }
}
