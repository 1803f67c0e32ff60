//! Whether a document is a schema that can be enforced.

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::{MAX_PATTERN_BYTES, MAX_SCHEMA_BYTES, MAX_SCHEMA_DEPTH};
use crate::field_error::{FieldErrors, child_pointer};

/// The dialect, where a schema names one.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Where a schema finds another of its own.
pub(super) const DEFINITIONS: &str = "$defs";

pub(super) const TYPES: [&str; 7] = [
    "null", "boolean", "integer", "number", "string", "array", "object",
];

/// Keywords that decide nothing.
const DESCRIBING: [&str; 10] = [
    "$comment",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "format",
    "$id",
];

const KNOWN: &str = "type, enum, const, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, \
    maxLength, pattern, properties, required, additionalProperties, minProperties, maxProperties, prefixItems, items, \
    minItems, maxItems, uniqueItems, allOf, anyOf, oneOf, not, $ref, $defs, and those that describe";

pub(super) fn errors(document: &Value) -> Result<(), FieldErrors> {
    let mut reader = Reader {
        root: document,
        errors: FieldErrors::default(),
    };
    let bytes = document.to_string().len();
    if bytes > MAX_SCHEMA_BYTES {
        reader.errors.push(
            "",
            format!("it has {bytes} bytes"),
            format!("use at most {MAX_SCHEMA_BYTES}"),
        );
    } else {
        reader.schema("", document, 0);
    }
    if reader.errors.is_empty() {
        Ok(())
    } else {
        Err(reader.errors)
    }
}

struct Reader<'v> {
    root: &'v Value,
    errors: FieldErrors,
}

impl Reader<'_> {
    fn schema(&mut self, pointer: &str, schema: &Value, depth: usize) {
        if depth > MAX_SCHEMA_DEPTH {
            self.errors.push(
                pointer,
                format!("schemas stand in each other more than {MAX_SCHEMA_DEPTH} deep"),
                "make it flatter",
            );
            return;
        }
        let keywords = match schema {
            Value::Bool(_) => return,
            Value::Object(keywords) => keywords,
            _ => {
                let remedy = "give an object of keywords, true or false";
                self.errors.push(pointer, "it is not a schema", remedy);
                return;
            }
        };
        for (keyword, value) in keywords {
            let pointer = child_pointer(pointer, keyword);
            self.keyword(&pointer, keyword, value, depth);
        }
    }

    fn keyword(&mut self, pointer: &str, keyword: &str, value: &Value, depth: usize) {
        let inner = depth.saturating_add(1);
        match keyword {
            "type" => self.types(pointer, value),
            "enum" => {
                if value.as_array().is_none_or(Vec::is_empty) {
                    self.refuse(pointer, "it is not an array of values");
                }
            }
            "const" => {}
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
                if !value.is_number() {
                    self.refuse(pointer, "it is not a number");
                }
            }
            "multipleOf" => {
                if value.as_f64().is_none_or(|step| step <= 0.0) {
                    self.refuse(pointer, "it is not a number above 0");
                }
            }
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties"
            | "maxProperties" => {
                if !value.is_u64() {
                    self.refuse(pointer, "it is not a whole number from 0 on");
                }
            }
            "uniqueItems" => {
                if !value.is_boolean() {
                    self.refuse(pointer, "it is neither true nor false");
                }
            }
            "pattern" => self.pattern(pointer, value),
            "required" => {
                let names = value.as_array();
                if names.is_none_or(|names| !names.iter().all(Value::is_string)) {
                    self.refuse(pointer, "it is not an array of names");
                }
            }
            "properties" | DEFINITIONS => self.by_name(pointer, value, inner),
            "additionalProperties" | "items" | "not" => self.schema(pointer, value, inner),
            "prefixItems" | "allOf" | "anyOf" | "oneOf" => self.each(pointer, value, inner),
            "$ref" => self.reference(pointer, value),
            "$schema" => {
                if value
                    .as_str()
                    .is_none_or(|text| text.trim_end_matches('#') != DIALECT)
                {
                    self.errors.push(
                        pointer,
                        "it is another dialect",
                        format!("use {DIALECT}, or leave it out"),
                    );
                }
            }
            known if DESCRIBING.contains(&known) => {}
            _ => self.errors.push(
                pointer,
                "this keyword is not enforced here",
                format!("take it out; known are {KNOWN}"),
            ),
        }
    }

    fn types(&mut self, pointer: &str, value: &Value) {
        let is_type = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
        let is_good = match value {
            Value::Array(names) => !names.is_empty() && names.iter().all(is_type),
            one => is_type(one),
        };
        if !is_good {
            self.errors.push(
                pointer,
                "it names no type",
                format!("use one or more of {}", TYPES.join(", ")),
            );
        }
    }

    fn pattern(&mut self, pointer: &str, value: &Value) {
        let Some(text) = value.as_str() else {
            self.refuse(pointer, "it is not a text");
            return;
        };
        if text.len() > MAX_PATTERN_BYTES {
            self.errors.push(
                pointer,
                format!("it has {} bytes", text.len()),
                format!("use at most {MAX_PATTERN_BYTES}"),
            );
        } else if compiled(text).is_none() {
            self.errors.push(
                pointer,
                "it is no regular expression that is searched in linear time, or it is too large",
                "do without look-around, backreferences and large counts of repetition",
            );
        }
    }

    fn by_name(&mut self, pointer: &str, value: &Value, depth: usize) {
        match value.as_object() {
            Some(schemas) => {
                for (name, schema) in schemas {
                    self.schema(&child_pointer(pointer, name), schema, depth);
                }
            }
            None => self.refuse(pointer, "it is not an object of schemas"),
        }
    }

    fn each(&mut self, pointer: &str, value: &Value, depth: usize) {
        match value.as_array() {
            Some(schemas) if !schemas.is_empty() => {
                for (index, schema) in schemas.iter().enumerate() {
                    self.schema(&child_pointer(pointer, &index.to_string()), schema, depth);
                }
            }
            _ => self.refuse(pointer, "it is not an array of schemas"),
        }
    }

    fn reference(&mut self, pointer: &str, value: &Value) {
        if referred(self.root, value).is_none() {
            self.errors.push(
                pointer,
                "it leads to no schema in $defs, and none is ever fetched",
                "write it as #/$defs/name",
            );
        }
    }

    fn refuse(&mut self, pointer: &str, detail: &str) {
        let remedy = "change it, or take it out";
        self.errors.push(pointer, detail, remedy);
    }
}

/// The schema that a `$ref` means: one of the root's `$defs`.
pub(super) fn referred<'v>(root: &'v Value, reference: &Value) -> Option<&'v Value> {
    let name = reference.as_str()?.strip_prefix("#/$defs/")?;
    let name = name.replace("~1", "/").replace("~0", "~");
    root.get(DEFINITIONS)
        .and_then(Value::as_object)
        .and_then(|definitions: &Map<String, Value>| definitions.get(&name))
}

pub(super) fn compiled(pattern: &str) -> Option<Regex> {
    regex_lite::RegexBuilder::new(pattern)
        .size_limit(64 * 1_024)
        .nest_limit(32)
        .build()
        .ok()
}
