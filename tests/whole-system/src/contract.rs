//! Every answer of the suite against the API's own description: a status and a body that
//! `/openapi.json` does not promise fail the test that got them.

use std::sync::OnceLock;

use api::routes::{Access, ROUTES, Route};
use http::{Method, header};
use serde_json::Value;

use crate::Answer;

const PROBLEM: &str = "application/problem+json";

/// # Panics
/// When the answer is not what the description promises.
pub fn check(method: &Method, path: &str, request_id: Option<&str>, answer: &Answer) {
    let content_type = answer
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let said = || String::from_utf8_lossy(&answer.body).into_owned();
    if content_type == Some(PROBLEM) {
        let problem = answer.json();
        holds(&problem, "Problem", &format!("{method} {path}"));
        assert_eq!(
            problem["status"],
            answer.status.as_u16(),
            "{method} {path}: {}",
            said()
        );
        let header = answer
            .headers
            .get("x-request-id")
            .and_then(|value| value.to_str().ok());
        assert_eq!(
            problem["request_id"].as_str(),
            header,
            "{method} {path}: {}",
            said()
        );
        if let Some(given) = request_id.filter(|given| is_plain(given)) {
            assert_eq!(header, Some(given), "{method} {path} lost the caller's id");
        }
        quotas(method, path, answer);
        return;
    }
    let Some(route) = route(method, path) else {
        return;
    };
    // What the host answers for an instance that it had to end is not the application's.
    if route.access == Access::Internal
        || content_type != Some("application/json")
        || method == Method::HEAD
    {
        return;
    }
    let status = answer.status.as_u16();
    quotas(method, path, answer);
    let described = described(route, status);
    assert!(
        !described.is_null(),
        "{method} {path}: {status} is not described: {}",
        said()
    );
    let schema = &described["content"]["application/json"]["schema"];
    if let Err(why) = walk(&answer.json(), schema, &mut String::new()) {
        panic!("{method} {path}: {why}");
    }
}

fn described(route: &Route, status: u16) -> &'static Value {
    &document()["paths"][route.path][route.method.to_ascii_lowercase()]["responses"]
        [status.to_string()]
}

/// What is told of a quota is described, and whoever is refused for one is told when to come again.
fn quotas(method: &Method, path: &str, answer: &Answer) {
    let Some(route) = route(method, path).filter(|route| route.access != Access::Internal) else {
        return;
    };
    let status = answer.status.as_u16();
    let is_told = answer.headers.contains_key("ratelimit");
    assert_eq!(
        is_told,
        answer.headers.contains_key("ratelimit-policy"),
        "{method} {path}"
    );
    let mut described = described(route, status);
    if described.is_null() {
        described = &document()["paths"][route.path][route.method.to_ascii_lowercase()]["responses"]
            ["default"];
    }
    let names = described["headers"].as_object();
    if is_told {
        assert!(
            names.is_some_and(|names| names.contains_key("ratelimit")),
            "{method} {path}: {status} is not described with a quota"
        );
    }
    if status == 429 && is_told {
        assert!(
            names.is_some_and(|names| names.contains_key("retry-after"))
                && answer.headers.contains_key("retry-after"),
            "{method} {path}: nobody says when to come again"
        );
    }
}

/// Whether a value is what the named schema of the description says.
///
/// # Panics
/// When it is not.
pub fn holds(value: &Value, schema: &str, what: &str) {
    let schema = &document()["components"]["schemas"][schema];
    if let Err(why) = walk(value, schema, &mut String::new()) {
        panic!("{what}: {why} in {value}");
    }
}

/// The route of a path, with or without a query.
#[must_use]
pub fn route(method: &Method, path: &str) -> Option<&'static Route> {
    let path = path.split('?').next().unwrap_or_default();
    let path = if path.len() > 1 {
        path.trim_end_matches('/')
    } else {
        path
    };
    ROUTES.iter().find(|route| {
        route.method == method.as_str()
            && route.path.split('/').count() == path.split('/').count()
            && route
                .path
                .split('/')
                .zip(path.split('/'))
                .all(|(pattern, part)| pattern.starts_with('{') || pattern == part)
    })
}

fn is_plain(request_id: &str) -> bool {
    (8..=64).contains(&request_id.len())
        && request_id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(api::openapi::document)
}

/// The part of JSON Schema that our document uses; a keyword beyond it fails, so that nothing is
/// taken for checked that is not.
fn walk(value: &Value, schema: &Value, at: &mut String) -> Result<(), String> {
    let schema = match schema {
        Value::Bool(true) => return Ok(()),
        Value::Object(schema) => schema,
        other => return Err(format!("{at}: {other} allows nothing")),
    };
    for (keyword, argument) in schema {
        match keyword.as_str() {
            "$ref" => {
                let name = argument
                    .as_str()
                    .and_then(|reference| reference.strip_prefix("#"))
                    .unwrap_or_default();
                let referred = document()
                    .pointer(name)
                    .ok_or_else(|| format!("{argument} is missing"))?;
                walk(value, referred, at)?;
            }
            "type" => {
                let fits = match argument {
                    Value::String(name) => is_type(value, name),
                    Value::Array(names) => names
                        .iter()
                        .any(|name| name.as_str().is_some_and(|name| is_type(value, name))),
                    _ => false,
                };
                if !fits {
                    return Err(wrong(at, value, &format!("wants {argument}")));
                }
            }
            "enum" if !argument.as_array().is_some_and(|all| all.contains(value)) => {
                return Err(wrong(at, value, &format!("wants one of {argument}")));
            }
            "const" if argument != value => {
                return Err(wrong(at, value, &format!("wants {argument}")));
            }
            "minimum" if value.is_number() && value.as_f64() < argument.as_f64() => {
                return Err(wrong(at, value, &format!("wants {argument} or more")));
            }
            "maximum" if value.is_number() && value.as_f64() > argument.as_f64() => {
                return Err(wrong(at, value, &format!("wants {argument} or less")));
            }
            "maxItems"
                if value
                    .as_array()
                    .is_some_and(|items| items.len() as u64 > argument.as_u64().unwrap_or(0)) =>
            {
                return Err(format!("{at}: more than {argument} items"));
            }
            "minLength"
                if value.as_str().is_some_and(|text| {
                    (text.chars().count() as u64) < argument.as_u64().unwrap_or(0)
                }) =>
            {
                return Err(wrong(at, value, &format!("wants {argument} characters")));
            }
            "required" => {
                for name in argument.as_array().into_iter().flatten() {
                    let name = name.as_str().unwrap_or_default();
                    if value.is_object() && value.get(name).is_none() {
                        return Err(format!("{at}/{name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, schema) in argument.as_object().into_iter().flatten() {
                    if let Some(value) = value.get(name) {
                        inside(value, schema, at, name)?;
                    }
                }
            }
            "additionalProperties" | "unevaluatedProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                for (name, value) in value.as_object().into_iter().flatten() {
                    if known.is_none_or(|known| !known.contains_key(name)) {
                        inside(value, argument, at, name)?;
                    }
                }
            }
            "items" => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    inside(value, argument, at, &index.to_string())?;
                }
            }
            "anyOf" => {
                let mut reasons = Vec::new();
                for schema in argument.as_array().into_iter().flatten() {
                    match walk(value, schema, at) {
                        Ok(()) => {
                            reasons.clear();
                            break;
                        }
                        Err(reason) => reasons.push(reason),
                    }
                }
                if !reasons.is_empty() {
                    return Err(reasons.join("; or "));
                }
            }
            "allOf" => {
                for schema in argument.as_array().into_iter().flatten() {
                    walk(value, schema, at)?;
                }
            }
            "enum" | "const" | "minimum" | "maximum" | "description" | "title" | "format"
            | "default" | "minLength" | "maxLength" | "maxItems" | "pattern" | "$defs" => {}
            other => return Err(format!("{at}: the keyword {other} is not checked")),
        }
    }
    Ok(())
}

fn wrong(at: &str, value: &Value, what: &str) -> String {
    format!("{at}: {what}, not {value}")
}

fn inside(value: &Value, schema: &Value, at: &mut String, name: &str) -> Result<(), String> {
    let length = at.len();
    at.push('/');
    at.push_str(name);
    let result = walk(value, schema, at);
    at.truncate(length);
    result
}

fn is_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fits(value: &Value, schema: &Value) -> bool {
        walk(value, schema, &mut String::new()).is_ok()
    }

    #[test]
    fn what_the_schema_does_not_allow_is_found() {
        let schema = json!({"type": "object", "required": ["a"], "additionalProperties": false, "properties": {
            "a": {"type": ["string", "null"]}, "b": {"type": "array", "items": {"enum": [1, 2]}},
            "c": {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 1}]}}});
        assert!(fits(&json!({"a": null, "b": [1, 2], "c": 1}), &schema));
        for bad in [
            json!([]),
            json!({}),
            json!({"a": 1}),
            json!({"a": "", "z": 1}),
            json!({"a": "", "b": [3]}),
            json!({"a": "", "c": 0}),
        ] {
            assert!(!fits(&bad, &schema), "{bad}");
        }
        assert!(!fits(&json!(1), &json!({"multipleOf": 2})));
    }

    #[test]
    fn a_path_finds_its_route() {
        let found = |path| route(&Method::GET, path).map(|route| route.path);
        assert_eq!(found("/"), Some("/"));
        assert_eq!(found("/api/shifts?limit=1"), Some("/api/shifts"));
        assert_eq!(found("/api/shifts/7/"), Some("/api/shifts/{id}"));
        assert_eq!(found("/api/shifts/7/8"), None);
    }
}
