//! The configuration of a connector whose list is synced: that of any REST API, the settings that its
//! texts may use, the mapping of the list, and what its events are called.

use domain::automation::{Event, EventName, Scope, Template};
use domain::field_error::child_pointer;
use domain::json_schema::Schema;
use domain::outbound_target::Policy;
use serde_json::{Map, Value, json};

use super::config::RestConfig;
use super::listing::ListMapping;
use domain::fields::Fields;

const SETTINGS: &str = "settings";
const SETTINGS_SCHEMA: &str = "settings_schema";
const LIST: &str = "list";
const EVENTS: &str = "events";
/// What is here beside the members of a [`RestConfig`].
const MEMBERS: [&str; 4] = [SETTINGS_SCHEMA, SETTINGS, LIST, EVENTS];

/// What happens to a record.
const CHANGES: [&str; 3] = ["created", "updated", "deleted"];

/// The longest text that a template may become, in bytes. What it becomes is bounded once more where
/// it stands.
const MAX_RENDERED_BYTES: usize = 8 * 1_024;

/// Stands for a text that is refused, so that nothing more is said of it.
const REFUSED: &str = "x";

/// A configuration whose templates are filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomConfig {
    rest: RestConfig,
    list: ListMapping,
    document: Value,
}

impl CustomConfig {
    /// From the document. It is read like this when it is saved and again whenever it is used, because
    /// the operator's policy may have changed.
    ///
    /// # Errors
    /// [`domain::Error::InvalidFields`] with every bad field.
    pub fn from_json(document: &Value, policy: &Policy) -> domain::Result<Self> {
        let mut fields = Fields::default();
        let config = Self::read(&mut fields, document, policy);
        fields.finish(config)
    }

    fn read(fields: &mut Fields, document: &Value, policy: &Policy) -> Option<Self> {
        let members = fields.any_object("", document)?.members();
        let settings = read_settings(fields, members);
        let events = read_events(fields, members);
        let rest = read_rest(fields, members, &settings, policy);
        let list = read_list(fields, members, &settings);
        let (rest, list) = (rest?, list?);
        let document = stored(&rest, members, events);
        Some(Self {
            rest,
            list,
            document,
        })
    }

    /// The document as it is stored and shown, with its templates.
    #[must_use]
    pub const fn to_json(&self) -> &Value {
        &self.document
    }

    #[must_use]
    pub const fn rest(&self) -> &RestConfig {
        &self.rest
    }

    #[must_use]
    pub const fn list(&self) -> &ListMapping {
        &self.list
    }

    #[must_use]
    pub fn into_parts(self) -> (RestConfig, ListMapping) {
        (self.rest, self.list)
    }
}

fn given<'v>(members: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    members.get(name).filter(|value| !value.is_null())
}

/// The settings, by their schema: `{}` where there are none, or none that can be used.
fn read_settings(fields: &mut Fields, members: &Map<String, Value>) -> Value {
    let none = || json!({});
    let pointer = child_pointer("", SETTINGS);
    let settings = given(members, SETTINGS);
    let Some(schema) = given(members, SETTINGS_SCHEMA) else {
        if settings.is_some_and(|settings| settings.as_object().is_none_or(|own| !own.is_empty())) {
            fields.push(
                pointer,
                "there is no settings_schema that says what they are",
                "give one, or leave the settings out",
            );
        }
        return none();
    };
    let settings = settings.cloned().unwrap_or_else(none);
    if fields.any_object(&pointer, &settings).is_none() {
        return none();
    }
    match Schema::parse(schema) {
        Ok(schema) => fields.below(&pointer, &schema.check(&settings)),
        Err(errors) => fields.below(&child_pointer("", SETTINGS_SCHEMA), &errors),
    }
    settings
}

fn read_events(fields: &mut Fields, members: &Map<String, Value>) -> Option<Value> {
    let events = given(members, EVENTS)?;
    let object = fields.object(&child_pointer("", EVENTS), events, &CHANGES)?;
    let mut names = Map::new();
    for change in CHANGES {
        let Some(value) = object.get(change) else {
            continue;
        };
        let Some(text) = fields.text(&object.at(change), value, 100) else {
            continue;
        };
        match EventName::parse(text) {
            Ok(name) if name.is_reserved() => fields.push(
                object.at(change),
                "its first word is one of Patchbay's own",
                "begin the name with another word",
            ),
            Ok(name) => {
                names.insert(change.to_owned(), name.as_str().into());
            }
            Err(error) => fields.push(object.at(change), error.to_string(), error.remedy()),
        }
    }
    Some(Value::Object(names))
}

fn read_rest(
    fields: &mut Fields,
    members: &Map<String, Value>,
    settings: &Value,
    policy: &Policy,
) -> Option<RestConfig> {
    let mut rest: Map<String, Value> = members
        .iter()
        .filter(|(name, _)| !MEMBERS.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if let Some(headers) = rest.get_mut("headers") {
        fill_members(fields, "/headers", headers, settings);
    }
    fields.inner("", RestConfig::from_json(&Value::Object(rest), policy))
}

fn read_list(
    fields: &mut Fields,
    members: &Map<String, Value>,
    settings: &Value,
) -> Option<ListMapping> {
    let Some(list) = given(members, LIST) else {
        fields.push(
            child_pointer("", LIST),
            "is missing",
            "say what asks for the list and where its rows are",
        );
        return None;
    };
    let mut list = list.clone();
    if let Some(path) = list.pointer_mut("/request/path") {
        fill(fields, "/list/request/path", path, settings);
    }
    if let Some(query) = list.pointer_mut("/request/query") {
        fill_members(fields, "/list/request/query", query, settings);
    }
    fields.inner("/list", ListMapping::from_json(&list))
}

fn fill_members(fields: &mut Fields, pointer: &str, object: &mut Value, settings: &Value) {
    for (name, value) in object.as_object_mut().into_iter().flatten() {
        fill(fields, &child_pointer(pointer, name), value, settings);
    }
}

/// Fills a text in. A value that is missing would make another request of it.
fn fill(fields: &mut Fields, pointer: &str, value: &mut Value, settings: &Value) {
    let Some(text) = value.as_str().filter(|text| text.contains("{{")) else {
        return;
    };
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => {
            fields.push(
                pointer,
                error.to_string(),
                "write a value as {{ settings.name }}",
            );
            *value = REFUSED.into();
            return;
        }
    };
    let payload = json!({ SETTINGS: settings });
    // There is no event: whatever names one is a gap.
    let event = Event {
        name: "",
        id: "",
        occurred_at: 0,
        depth: 0,
        payload: &payload,
    };
    let scope = Scope {
        event: &event,
        payload: &payload,
    };
    let rendered = template.render(&scope, |text| text.into(), MAX_RENDERED_BYTES);
    let is_whole = !rendered.has_gap && !rendered.is_cut;
    if rendered.has_gap {
        fields.push(
            pointer,
            "it inserts a value that is missing or empty",
            "insert values of settings only, and give each of them or a default",
        );
    } else if rendered.is_cut {
        fields.push(
            pointer,
            format!("it becomes longer than {MAX_RENDERED_BYTES} bytes"),
            "use shorter settings",
        );
    }
    *value = if is_whole {
        rendered.text.into()
    } else {
        REFUSED.into()
    };
}

/// As it was given where it may hold templates, and normalized where it may not.
fn stored(rest: &RestConfig, members: &Map<String, Value>, events: Option<Value>) -> Value {
    let mut document = match rest.to_json() {
        Value::Object(document) => document,
        _ => Map::new(),
    };
    let own = [SETTINGS_SCHEMA, SETTINGS, LIST, "headers"];
    for name in own {
        if let Some(value) = given(members, name) {
            document.insert(name.to_owned(), value.clone());
        }
    }
    let events = events.unwrap_or_else(|| json!({}));
    document.insert(EVENTS.to_owned(), events);
    Value::Object(document)
}
