//! Members that only rules have: ids, pointers, templates and values of any kind.

use serde_json::Value;

use super::bounded_json::is_deeper_than;
use super::pointer::Pointer;
use super::template::{MAX_TEMPLATE_BYTES, Template};
use crate::fields::{Fields, Object, shown};

/// How deep a value may be that is compared with or sent, in arrays and objects.
pub(super) const MAX_VALUE_DEPTH: usize = 16;
/// The longest id, in bytes.
const MAX_ID_BYTES: usize = 64;

impl Fields {
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
        match object.get(name) {
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
}

/// What was wrong has been told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unreadable;
