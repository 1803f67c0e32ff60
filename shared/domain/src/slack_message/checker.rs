//! Collects what is wrong with the parts of a message.

use serde_json::{Map, Value};

use crate::field_error::FieldErrors;

#[derive(Default)]
pub(super) struct Checker {
    errors: FieldErrors,
}

impl Checker {
    pub(super) fn into_errors(self) -> FieldErrors {
        self.errors
    }

    pub(super) fn push(
        &mut self,
        pointer: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.errors.push(pointer, detail, remedy);
    }

    /// A text has at most `max` characters.
    pub(super) fn length(&mut self, pointer: &str, text: &str, max: usize) {
        let length = text.chars().count();
        if length > max {
            self.push(
                pointer,
                format!("has {length} characters"),
                format!("use at most {max}"),
            );
        }
    }

    /// A member, where there is one, is a text of at most `max` characters.
    pub(super) fn text(
        &mut self,
        pointer: &str,
        object: &Map<String, Value>,
        name: &str,
        max: usize,
    ) {
        let Some(value) = given(object, name) else {
            return;
        };
        let pointer = format!("{pointer}/{name}");
        match value {
            Value::String(text) => self.length(&pointer, text, max),
            _ => self.push(pointer, "is no text", "give a text, in quotes"),
        }
    }

    /// One of these members is given, and is no empty list.
    pub(super) fn required(&mut self, pointer: &str, object: &Map<String, Value>, names: &[&str]) {
        let is_given = |name: &&str| {
            given(object, name)
                .is_some_and(|value| value.as_array().is_none_or(|list| !list.is_empty()))
        };
        if let (false, Some(first)) = (names.iter().any(is_given), names.first()) {
            self.push(
                format!("{pointer}/{first}"),
                "is missing or empty",
                format!("give {}", names.join(" or ")),
            );
        }
    }

    /// A member, where there is one, is a text object (`{"type": …, "text": …}`) of at most `max`
    /// characters.
    pub(super) fn text_object(
        &mut self,
        pointer: &str,
        object: &Map<String, Value>,
        name: &str,
        max: usize,
        kind: TextKind,
    ) {
        if let Some(value) = given(object, name) {
            self.one_text_object(&format!("{pointer}/{name}"), value, max, kind);
        }
    }

    pub(super) fn one_text_object(
        &mut self,
        pointer: &str,
        value: &Value,
        max: usize,
        kind: TextKind,
    ) {
        let Some(object) = self.object(pointer, value) else {
            return;
        };
        let (allowed, remedy): (&[&str], _) = match kind {
            TextKind::Any => (&["plain_text", "mrkdwn"], "use plain_text or mrkdwn"),
            TextKind::Plain => (&["plain_text"], "use plain_text"),
        };
        if !object
            .get("type")
            .and_then(Value::as_str)
            .is_some_and(|given| allowed.contains(&given))
        {
            self.push(
                format!("{pointer}/type"),
                "is not a type of text that is allowed here",
                remedy,
            );
        }
        match object.get("text") {
            Some(Value::String(text)) if text.is_empty() => {
                self.push(format!("{pointer}/text"), "is empty", "give a text");
            }
            Some(Value::String(_)) => self.text(pointer, object, "text", max),
            _ => self.push(
                format!("{pointer}/text"),
                "is missing or no text",
                "give a text, in quotes",
            ),
        }
    }

    /// A member, where there is one, is a list of at most `max` things; those are given.
    pub(super) fn list<'a>(
        &mut self,
        pointer: &str,
        object: &'a Map<String, Value>,
        name: &str,
        max: usize,
    ) -> impl Iterator<Item = (String, &'a Value)> + use<'a> {
        let pointer = format!("{pointer}/{name}");
        let things = match given(object, name) {
            None => [].as_slice(),
            Some(Value::Array(things)) => things,
            Some(_) => {
                self.push(pointer.clone(), "is no list", "give a list");
                [].as_slice()
            }
        };
        self.count(&pointer, things.len(), max);
        things
            .iter()
            .take(max)
            .enumerate()
            .map(move |(index, thing)| (format!("{pointer}/{index}"), thing))
    }

    pub(super) fn count(&mut self, pointer: &str, count: usize, max: usize) {
        if count > max {
            self.push(
                pointer,
                format!("has {count} items"),
                format!("use at most {max}"),
            );
        }
    }

    pub(super) fn object<'a>(
        &mut self,
        pointer: &str,
        value: &'a Value,
    ) -> Option<&'a Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.push(pointer, "is no object", "give an object");
        }
        object
    }
}

#[derive(Clone, Copy)]
pub(super) enum TextKind {
    /// Plain text or mrkdwn.
    Any,
    Plain,
}

/// A member that is there and not null.
pub(super) fn given<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}
