//! Reads the members of a document that a person has written, and collects what is wrong with all of them.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::field_error::{FieldErrors, child_pointer};
use crate::redact;

/// An object of the document, and where it stands.
pub struct Object<'v> {
    pointer: String,
    members: &'v Map<String, Value>,
}

impl<'v> Object<'v> {
    /// A member that can be left out. Clients that send every member send such a one as null.
    pub fn get(&self, name: &str) -> Option<&'v Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// A member as it is.
    pub fn member(&self, name: &str) -> Option<&'v Value> {
        self.members.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'v String, &'v Value)> {
        self.members.iter()
    }

    pub fn member_count(&self) -> usize {
        self.members.len()
    }

    pub fn members(&self) -> &'v Map<String, Value> {
        self.members
    }

    /// Where a member stands.
    pub fn at(&self, name: &str) -> String {
        child_pointer(&self.pointer, name)
    }
}

/// A value that is `None` although it is required has left an error.
#[derive(Default)]
pub struct Fields {
    errors: FieldErrors,
}

impl Fields {
    /// The document's value, if nothing was wrong.
    pub fn finish<T>(self, value: Option<T>) -> crate::Result<T> {
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(crate::Error::InvalidFields(self.errors)),
        }
    }

    pub fn push(
        &mut self,
        pointer: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.errors.push(pointer, detail, remedy);
    }

    /// Errors of a part of the document that stands at `pointer`.
    pub fn below(&mut self, pointer: &str, errors: &FieldErrors) {
        for error in errors.as_slice() {
            let pointer = format!("{pointer}{}", error.pointer);
            self.push(pointer, error.detail.clone(), error.remedy.clone());
        }
    }

    /// A part of the document that was read apart, from what stands at `pointer`.
    pub fn inner<T>(&mut self, pointer: &str, read: crate::Result<T>) -> Option<T> {
        match read {
            Ok(value) => return Some(value),
            Err(crate::Error::InvalidFields(errors)) => self.below(pointer, &errors),
            Err(other) => self.push(pointer, other.to_string(), "change it"),
        }
        None
    }

    /// An object with these members and no others.
    pub fn object<'v>(
        &mut self,
        pointer: &str,
        value: &'v Value,
        known: &[&str],
    ) -> Option<Object<'v>> {
        let object = self.any_object(pointer, value)?;
        self.known(&object, known);
        Some(object)
    }

    /// A member that is an object with these members and no others, if it is there.
    pub fn part<'v>(
        &mut self,
        object: &Object<'v>,
        name: &str,
        known: &[&str],
    ) -> Option<Object<'v>> {
        let value = object.get(name)?;
        self.object(&object.at(name), value, known)
    }

    /// No members but these.
    pub fn known(&mut self, object: &Object<'_>, known: &[&str]) {
        for name in object.members.keys() {
            if !known.contains(&name.as_str()) {
                let remedy = format!("remove it; known: {}", known.join(", "));
                self.push(object.at(name), "unknown field", remedy);
            }
        }
    }

    /// An object whose members are not known yet, or have names of the tenant's.
    pub fn any_object<'v>(&mut self, pointer: &str, value: &'v Value) -> Option<Object<'v>> {
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

    /// A member that is there and not null.
    pub fn required<'v>(
        &mut self,
        object: &Object<'v>,
        name: &str,
        remedy: &str,
    ) -> Option<&'v Value> {
        let detail = match object.member(name) {
            None => "is missing",
            Some(Value::Null) => "is null",
            value => return value,
        };
        self.push(object.at(name), detail, remedy);
        None
    }

    /// A text of 1 to `max_bytes` bytes without control characters.
    pub fn text<'v>(
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

    pub fn any_text<'v>(&mut self, pointer: &str, value: &'v Value) -> Option<&'v str> {
        let text = value.as_str();
        if text.is_none() {
            let detail = format!("{} is not a text", shown(value));
            self.push(pointer, detail, "give a text, in quotes");
        }
        text
    }

    pub fn required_text<'v>(
        &mut self,
        object: &Object<'v>,
        name: &str,
        max_bytes: usize,
        remedy: &str,
    ) -> Option<&'v str> {
        let value = self.required(object, name, remedy)?;
        self.text(&object.at(name), value, max_bytes)
    }

    pub fn optional_text<'v>(
        &mut self,
        object: &Object<'v>,
        name: &str,
        max_bytes: usize,
    ) -> Option<&'v str> {
        object
            .get(name)
            .and_then(|value| self.text(&object.at(name), value, max_bytes))
    }

    /// A whole number in a range, or the default.
    pub fn whole(
        &mut self,
        object: &Object<'_>,
        name: &str,
        range: &RangeInclusive<u32>,
        default: u32,
    ) -> u32 {
        let Some(value) = object.get(name) else {
            return default;
        };
        let number = value.as_u64().and_then(|number| number.try_into().ok());
        match number.filter(|number| range.contains(number)) {
            Some(number) => number,
            None => {
                self.push(
                    object.at(name),
                    format!("{} is not a whole number in range", shown(value)),
                    format!(
                        "use a whole number from {} to {}",
                        range.start(),
                        range.end()
                    ),
                );
                default
            }
        }
    }

    /// True or false, or the default.
    pub fn flag(&mut self, object: &Object<'_>, name: &str, default: bool) -> bool {
        let Some(value) = object.get(name) else {
            return default;
        };
        value.as_bool().unwrap_or_else(|| {
            let detail = format!("{} is neither true nor false", shown(value));
            self.push(object.at(name), detail, "send true or false");
            default
        })
    }

    /// One of the names, or the default where there is one.
    pub fn choice<T: Copy>(
        &mut self,
        object: &Object<'_>,
        name: &str,
        choices: &[(&str, T)],
        default: Option<T>,
    ) -> Option<T> {
        let names = choices
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join(", ");
        let remedy = format!("use one of: {names}");
        let value = match (object.get(name), default) {
            (None, Some(default)) => return Some(default),
            (None, None) => return self.required(object, name, &remedy).and(None),
            (Some(value), _) => value,
        };
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

/// A value for an error message: scalars as they are, the rest by kind.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        scalar => redact::excerpt(&scalar.to_string(), 60, &[]),
    }
}
