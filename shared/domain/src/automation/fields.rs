//! Reads the members of a rule, and collects what is wrong with all of them.

use serde_json::{Map, Value};

use super::bounded_json::is_deeper_than;
use super::pointer::Pointer;
use super::template::{MAX_TEMPLATE_BYTES, Template};
use crate::field_error::{FieldErrors, child_pointer};
use crate::redact;

/// How deep a value may be that is compared with or sent, in arrays and objects.
pub(super) const MAX_VALUE_DEPTH: usize = 16;
/// The longest id, in bytes.
const MAX_ID_BYTES: usize = 64;

/// An object of the rule, and where it stands.
pub(super) struct Object<'v> {
    pointer: String,
    members: &'v Map<String, Value>,
}

impl<'v> Object<'v> {
    /// A member that can be left out. Clients that send every member send such a one as null.
    pub(super) fn optional(&self, name: &str) -> Option<&'v Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// A member as it is.
    pub(super) fn get(&self, name: &str) -> Option<&'v Value> {
        self.members.get(name)
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (&'v String, &'v Value)> + use<'v> {
        self.members.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// Where a member stands.
    pub(super) fn at(&self, name: &str) -> String {
        child_pointer(&self.pointer, name)
    }
}

/// A value that is `None` although it is required has left an error.
#[derive(Default)]
pub(super) struct Fields {
    errors: FieldErrors,
}

impl Fields {
    /// What was read, if nothing was wrong.
    pub(super) fn finish<T>(self, value: Option<T>) -> crate::Result<T> {
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(crate::Error::InvalidFields(self.errors)),
        }
    }

    pub(super) fn push(
        &mut self,
        pointer: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.errors.push(pointer, detail, remedy);
    }

    /// An object with these members and no others.
    pub(super) fn object<'v>(
        &mut self,
        pointer: &str,
        value: &'v Value,
        known: &[&str],
    ) -> Option<Object<'v>> {
        let object = self.any_object(pointer, value)?;
        self.known(&object, known);
        Some(object)
    }

    /// An object whose members are not known yet.
    pub(super) fn any_object<'v>(&mut self, pointer: &str, value: &'v Value) -> Option<Object<'v>> {
        let Some(members) = value.as_object() else {
            self.push(
                pointer,
                format!("{} is not an object", shown(value)),
                "send a JSON object",
            );
            return None;
        };
        Some(Object {
            pointer: pointer.to_owned(),
            members,
        })
    }

    pub(super) fn known(&mut self, object: &Object<'_>, known: &[&str]) {
        for (name, _) in object.members() {
            if !known.contains(&name.as_str()) {
                let remedy = format!("remove it; known: {}", known.join(", "));
                self.push(object.at(name), "unknown field", remedy);
            }
        }
    }

    /// A member that is there and not null.
    pub(super) fn required<'v>(
        &mut self,
        object: &Object<'v>,
        name: &str,
        remedy: &str,
    ) -> Option<&'v Value> {
        let value = object.get(name);
        match value {
            None => self.push(object.at(name), "is missing", remedy),
            Some(Value::Null) => self.push(object.at(name), "is null", remedy),
            Some(_) => return value,
        }
        None
    }

    /// A text of 1 to `max_bytes` bytes without control characters.
    pub(super) fn text<'v>(
        &mut self,
        pointer: &str,
        value: &'v Value,
        max_bytes: usize,
    ) -> Option<&'v str> {
        let text = self.any_text(pointer, value)?;
        if text.is_empty() || text.len() > max_bytes {
            self.push(
                pointer,
                format!("it has {} bytes", text.len()),
                format!("use 1 to {max_bytes} bytes"),
            );
            return None;
        }
        if text.chars().any(char::is_control) {
            self.push(
                pointer,
                "it holds a line break or another control character",
                "take it out",
            );
            return None;
        }
        Some(text)
    }

    pub(super) fn any_text<'v>(&mut self, pointer: &str, value: &'v Value) -> Option<&'v str> {
        let text = value.as_str();
        if text.is_none() {
            let detail = format!("{} is not a text", shown(value));
            self.push(pointer, detail, "give a text, in quotes");
        }
        text
    }

    /// A list of 1 to `max` things, each with where it stands.
    pub(super) fn list<'v>(
        &mut self,
        pointer: &str,
        value: &'v Value,
        max: usize,
    ) -> Option<impl Iterator<Item = (String, &'v Value)> + use<'v>> {
        let Some(things) = value.as_array() else {
            let detail = format!("{} is not a list", shown(value));
            self.push(pointer, detail, "give a list, in square brackets");
            return None;
        };
        if things.is_empty() {
            self.push(pointer, "it is empty", "give at least one item");
            return None;
        }
        if things.len() > max {
            self.push(
                pointer,
                format!("it has {} items", things.len()),
                format!("use at most {max}"),
            );
            return None;
        }
        let pointer = pointer.to_owned();
        let with_pointers = things.iter().enumerate();
        Some(with_pointers.map(move |(index, thing)| (format!("{pointer}/{index}"), thing)))
    }

    /// Who or what is meant. Whether it exists, and whose it is, is the caller's to know.
    pub(super) fn id(&mut self, pointer: &str, value: &Value) -> Option<String> {
        let id = self.text(pointer, value, MAX_ID_BYTES)?;
        let is_plain = id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !is_plain {
            self.push(
                pointer,
                format!("{} is not an id", shown(value)),
                "give the id as it is listed",
            );
        }
        is_plain.then(|| id.to_owned())
    }

    pub(super) fn required_id(&mut self, object: &Object<'_>, name: &str) -> Option<String> {
        let value = self.required(object, name, "give the id as it is listed")?;
        self.id(&object.at(name), value)
    }

    pub(super) fn optional_id(
        &mut self,
        object: &Object<'_>,
        name: &str,
    ) -> Result<Option<String>, Unreadable> {
        self.optional(object, name, |fields, pointer, value| {
            fields.id(pointer, value)
        })
    }

    /// A member that can be left out. An error when it is there and cannot be read: it has been told.
    pub(super) fn optional<T>(
        &mut self,
        object: &Object<'_>,
        name: &str,
        read: impl FnOnce(&mut Self, &str, &Value) -> Option<T>,
    ) -> Result<Option<T>, Unreadable> {
        match object.optional(name) {
            None => Ok(None),
            Some(value) => read(self, &object.at(name), value)
                .map(Some)
                .ok_or(Unreadable),
        }
    }

    pub(super) fn pointer(&mut self, object: &Object<'_>, name: &str) -> Option<Pointer> {
        let value = self.required(
            object,
            name,
            "name the value by a pointer such as /user/name",
        )?;
        self.one_pointer(&object.at(name), value)
    }

    pub(super) fn one_pointer(&mut self, pointer: &str, value: &Value) -> Option<Pointer> {
        let text = self.any_text(pointer, value)?;
        Pointer::parse(text)
            .map_err(|error| self.push(pointer, error.to_string(), error.remedy()))
            .ok()
    }

    /// A required template that is not empty.
    pub(super) fn template(&mut self, object: &Object<'_>, name: &str) -> Option<Template> {
        let value = self.required(object, name, "give a text; {{ user.name }} inserts a value")?;
        let template = self.one_template(&object.at(name), value)?;
        if template.source().trim().is_empty() {
            self.push(object.at(name), "it is empty", "give a text");
            return None;
        }
        Some(template)
    }

    pub(super) fn one_template(&mut self, pointer: &str, value: &Value) -> Option<Template> {
        let text = self.any_text(pointer, value)?;
        if text.len() > MAX_TEMPLATE_BYTES {
            self.push(
                pointer,
                format!("it has {} bytes", text.len()),
                format!("use at most {MAX_TEMPLATE_BYTES} bytes"),
            );
            return None;
        }
        Template::parse(text)
            .map_err(|error| self.push(pointer, error.to_string(), error.problem.remedy()))
            .ok()
    }

    /// A value of any kind that is not too deep.
    pub(super) fn value(&mut self, pointer: &str, value: &Value) -> Option<Value> {
        if is_deeper_than(value, MAX_VALUE_DEPTH) {
            self.push(
                pointer,
                format!("it is nested deeper than {MAX_VALUE_DEPTH} levels"),
                "make it flatter",
            );
            return None;
        }
        Some(value.clone())
    }

    /// One of the names.
    pub(super) fn choice<T: Copy>(
        &mut self,
        object: &Object<'_>,
        name: &str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let remedy = format!("use one of: {}", names.join(", "));
        let value = self.required(object, name, &remedy)?;
        let chosen = value
            .as_str()
            .and_then(|text| choices.iter().find(|(name, _)| *name == text));
        if chosen.is_none() {
            let detail = format!("{} is not known", shown(value));
            self.push(object.at(name), detail, remedy);
        }
        chosen.map(|(_, choice)| *choice)
    }
}

/// What was wrong has been told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unreadable;

/// A value for an error message: scalars as they are, the rest by kind.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        scalar => redact::excerpt(&scalar.to_string(), 60, &[]),
    }
}
