//! What is wrong with a value by a schema.

use serde_json::{Map, Value};

use super::MAX_SETTINGS_BYTES;
use super::parse::{compiled, referred};
use crate::field_error::{FieldErrors, child_pointer};

/// Schemas that one check may apply: each reference may double them.
const MAX_STEPS: u32 = 20_000;
/// How deep schemas are applied in each other, references included.
const MAX_DEPTH: u32 = 64;

pub(super) fn errors(root: &Value, value: &Value) -> FieldErrors {
    let mut errors = FieldErrors::default();
    let bytes = value.to_string().len();
    if bytes > MAX_SETTINGS_BYTES {
        errors.push(
            "",
            format!("it has {bytes} bytes"),
            format!("use at most {MAX_SETTINGS_BYTES}"),
        );
        return errors;
    }
    let mut budget = Budget { root, steps: 0 };
    budget.apply(&mut errors, Place::root(), root, value);
    if budget.steps > MAX_STEPS {
        errors.push(
            "",
            "its schema takes too long to apply",
            "refer to fewer schemas, and to none in a circle",
        );
    }
    errors
}

struct Budget<'v> {
    root: &'v Value,
    steps: u32,
}

/// Where a value stands, and how deep the schema that is applied to it does.
#[derive(Clone, Copy)]
struct Place<'p> {
    pointer: &'p str,
    depth: u32,
}

impl Place<'_> {
    const fn root() -> Self {
        Self {
            pointer: "",
            depth: 0,
        }
    }
}

impl Budget<'_> {
    fn apply(&mut self, errors: &mut FieldErrors, place: Place<'_>, schema: &Value, value: &Value) {
        self.steps = self.steps.saturating_add(1);
        if self.steps > MAX_STEPS || place.depth > MAX_DEPTH {
            self.steps = MAX_STEPS.saturating_add(1);
            return;
        }
        let keywords = match schema {
            Value::Bool(false) => {
                return errors.push(place.pointer, "it is not known", "take it out");
            }
            Value::Object(keywords) => keywords,
            _ => return,
        };
        let place = Place {
            depth: place.depth.saturating_add(1),
            ..place
        };
        check_any(errors, place.pointer, keywords, value);
        match value {
            Value::Number(_) => check_number(errors, place.pointer, keywords, value),
            Value::String(text) => check_text(errors, place.pointer, keywords, text),
            Value::Array(items) => self.check_array(errors, place, keywords, items),
            Value::Object(members) => self.check_object(errors, place, keywords, members),
            Value::Null | Value::Bool(_) => {}
        }
        self.check_combined(errors, place, keywords, value);
    }

    /// Whether the schema takes the value.
    fn takes(&mut self, place: Place<'_>, schema: &Value, value: &Value) -> bool {
        let mut errors = FieldErrors::default();
        self.apply(&mut errors, place, schema, value);
        errors.is_empty()
    }

    fn check_combined(
        &mut self,
        errors: &mut FieldErrors,
        place: Place<'_>,
        keywords: &Map<String, Value>,
        value: &Value,
    ) {
        let list = |name: &str| keywords.get(name).and_then(Value::as_array);
        for schema in list("allOf").into_iter().flatten() {
            self.apply(errors, place, schema, value);
        }
        if let Some(schemas) = list("anyOf")
            && !schemas
                .iter()
                .any(|schema| self.takes(place, schema, value))
        {
            errors.push(
                place.pointer,
                "it is none of what it may be",
                "see anyOf in the schema",
            );
        }
        if let Some(schemas) = list("oneOf") {
            let fitting = schemas
                .iter()
                .filter(|schema| self.takes(place, schema, value))
                .count();
            if fitting != 1 {
                errors.push(
                    place.pointer,
                    format!("it is {fitting} of what it may be one of"),
                    "see oneOf in the schema",
                );
            }
        }
        if let Some(schema) = keywords.get("not")
            && self.takes(place, schema, value)
        {
            errors.push(
                place.pointer,
                "it is what it may not be",
                "see not in the schema",
            );
        }
        if let Some(schema) = keywords
            .get("$ref")
            .and_then(|reference| referred(self.root, reference))
        {
            // Of the root, which outlives every step.
            let schema = schema.clone();
            self.apply(errors, place, &schema, value);
        }
    }

    fn check_array(
        &mut self,
        errors: &mut FieldErrors,
        place: Place<'_>,
        keywords: &Map<String, Value>,
        items: &[Value],
    ) {
        check_count(
            errors,
            place.pointer,
            keywords,
            ("minItems", "maxItems"),
            "items",
            items.len(),
        );
        if keywords.get("uniqueItems") == Some(&Value::Bool(true)) {
            let is_repeated = |(index, item)| items.iter().take(index).any(|other| other == item);
            if let Some((index, _)) = items.iter().enumerate().find(|item| is_repeated(*item)) {
                let pointer = child_pointer(place.pointer, &index.to_string());
                errors.push(pointer, "it is there twice", "give it once");
            }
        }
        let first = keywords.get("prefixItems").and_then(Value::as_array);
        let first = first.map_or(&[][..], Vec::as_slice);
        for (index, item) in items.iter().enumerate() {
            let Some(schema) = first.get(index).or_else(|| keywords.get("items")) else {
                continue;
            };
            let pointer = child_pointer(place.pointer, &index.to_string());
            let place = Place {
                pointer: &pointer,
                ..place
            };
            self.apply(errors, place, schema, item);
        }
    }

    fn check_object(
        &mut self,
        errors: &mut FieldErrors,
        place: Place<'_>,
        keywords: &Map<String, Value>,
        members: &Map<String, Value>,
    ) {
        let bounds = ("minProperties", "maxProperties");
        check_count(
            errors,
            place.pointer,
            keywords,
            bounds,
            "members",
            members.len(),
        );
        let required = keywords.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                errors.push(child_pointer(place.pointer, name), "is missing", "give it");
            }
        }
        let known = keywords.get("properties").and_then(Value::as_object);
        for (name, value) in members {
            let own = known.and_then(|known| known.get(name));
            let Some(schema) = own.or_else(|| keywords.get("additionalProperties")) else {
                continue;
            };
            let pointer = child_pointer(place.pointer, name);
            let place = Place {
                pointer: &pointer,
                ..place
            };
            self.apply(errors, place, schema, value);
        }
    }
}

fn check_any(
    errors: &mut FieldErrors,
    pointer: &str,
    keywords: &Map<String, Value>,
    value: &Value,
) {
    if let Some(types) = keywords.get("type") {
        let names: Vec<&str> = match types {
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        if !names.iter().any(|name| is_of_type(value, name)) {
            let detail = format!("it is not of the type {}", names.join(" or "));
            errors.push(pointer, detail, "give a value of that type");
        }
    }
    if let Some(allowed) = keywords.get("enum").and_then(Value::as_array)
        && !allowed.iter().any(|one| is_equal(one, value))
    {
        let allowed = Value::from(allowed.clone()).to_string();
        let allowed = crate::redact::excerpt(&allowed, 200, &[]);
        errors.push(
            pointer,
            "it is none of the values",
            format!("use one of {allowed}"),
        );
    }
    if let Some(only) = keywords.get("const")
        && !is_equal(only, value)
    {
        let only = crate::redact::excerpt(&only.to_string(), 200, &[]);
        errors.push(pointer, "it is another value", format!("use {only}"));
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match (name, value) {
        ("null", Value::Null)
        | ("boolean", Value::Bool(_))
        | ("number", Value::Number(_))
        | ("string", Value::String(_))
        | ("array", Value::Array(_))
        | ("object", Value::Object(_)) => true,
        // 1.0 is a whole number.
        ("integer", Value::Number(number)) => {
            number.is_i64()
                || number.is_u64()
                || number.as_f64().is_some_and(|float| float.fract() == 0.0)
        }
        _ => false,
    }
}

/// 1 and 1.0 are one number.
fn is_equal(one: &Value, other: &Value) -> bool {
    one == other
        || matches!((one, other), (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64())
}

fn check_number(
    errors: &mut FieldErrors,
    pointer: &str,
    keywords: &Map<String, Value>,
    value: &Value,
) {
    let Some(number) = value.as_f64() else {
        return;
    };
    let bound = |name: &str| keywords.get(name).and_then(Value::as_f64);
    let mut refuse = |is_wrong: bool, detail: String| {
        if is_wrong {
            errors.push(pointer, detail, "give a number in range");
        }
    };
    if let Some(least) = bound("minimum") {
        refuse(number < least, format!("it is below {least}"));
    }
    if let Some(most) = bound("maximum") {
        refuse(number > most, format!("it is above {most}"));
    }
    if let Some(least) = bound("exclusiveMinimum") {
        refuse(number <= least, format!("it is not above {least}"));
    }
    if let Some(most) = bound("exclusiveMaximum") {
        refuse(number >= most, format!("it is not below {most}"));
    }
    if let Some(step) = bound("multipleOf") {
        let parts = number / step;
        let is_whole = (parts - parts.round()).abs() < 1e-9;
        refuse(!is_whole, format!("it is not a multiple of {step}"));
    }
}

fn check_text(errors: &mut FieldErrors, pointer: &str, keywords: &Map<String, Value>, text: &str) {
    let bounds = ("minLength", "maxLength");
    check_count(
        errors,
        pointer,
        keywords,
        bounds,
        "characters",
        text.chars().count(),
    );
    let pattern = keywords.get("pattern").and_then(Value::as_str);
    if let Some(pattern) = pattern
        && compiled(pattern).is_none_or(|regex| !regex.is_match(text))
    {
        let detail = format!("it does not match {pattern}");
        errors.push(pointer, detail, "write it in that form");
    }
}

fn check_count(
    errors: &mut FieldErrors,
    pointer: &str,
    keywords: &Map<String, Value>,
    (least, most): (&str, &str),
    what: &str,
    count: usize,
) {
    let bound = |name: &str| keywords.get(name).and_then(Value::as_u64);
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    if let Some(least) = bound(least).filter(|least| count < *least) {
        let remedy = format!("give at least {least}");
        errors.push(pointer, format!("it has {count} {what}"), remedy);
    }
    if let Some(most) = bound(most).filter(|most| count > *most) {
        let remedy = format!("give at most {most}");
        errors.push(pointer, format!("it has {count} {what}"), remedy);
    }
}
