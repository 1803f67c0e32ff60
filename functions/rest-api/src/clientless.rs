//! Types of connectors whose settings are kept although no client of theirs exists yet.

use std::collections::BTreeMap;

use domain::field_error::{FieldErrors, child_pointer};
use domain::outbound_target::{OutboundTarget, Policy};
use serde_json::{Map, Value, json};

use crate::check::{Described, recipient};

pub const GOOGLE_WORKSPACE: &str = "google_workspace";
pub const ODOO: &str = "odoo";

const SERVICE_ACCOUNT_KEY: &str = "service_account_key";
const API_KEY: &str = "api_key";
const GOOGLE_SCOPE: &str = "https://www.googleapis.com/auth/";

const MAX_TEXT_BYTES: usize = 320;
const MAX_SECRET_BYTES: usize = 16 * 1024;
const MAX_SCOPES: usize = 50;

/// A service account, and whom it acts for.
pub fn google_workspace(config: &Value) -> Result<Described, FieldErrors> {
    let mut errors = FieldErrors::default();
    let Some(members) = members(config, &["subject", "scopes"], &mut errors) else {
        return Err(errors);
    };
    let subject = text(
        members,
        "subject",
        "give the address of the administrator that the service account acts for",
        &mut errors,
    );
    if subject.is_some_and(|subject| !is_address(subject)) {
        errors.push(
            "/subject",
            "it is not an e-mail address",
            "give one such as admin@example.com",
        );
    }
    let scopes: Vec<&Value> = match members.get("scopes") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(scopes)) if scopes.len() <= MAX_SCOPES => scopes.iter().collect(),
        Some(_) => {
            errors.push(
                "/scopes",
                "it is not a list of up to 50 scopes",
                "give an array of texts",
            );
            Vec::new()
        }
    };
    for (index, scope) in scopes.iter().enumerate() {
        let is_scope = scope.as_str().is_some_and(|scope| {
            scope
                .strip_prefix(GOOGLE_SCOPE)
                .is_some_and(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic()))
        });
        if !is_scope {
            errors.push(
                format!("/scopes/{index}"),
                "it is not a scope of Google",
                format!("give one that begins with {GOOGLE_SCOPE}"),
            );
        }
    }
    finish(
        errors,
        Described {
            config: json!({"subject": subject, "scopes": scopes}),
            secrets: vec![SERVICE_ACCOUNT_KEY],
            recipients: Vec::new(),
        },
    )
}

/// A database of an Odoo server, and a user of it.
pub fn odoo(config: &Value, policy: &Policy) -> Result<Described, FieldErrors> {
    let mut errors = FieldErrors::default();
    let known = ["base_url", "database", "username"];
    let Some(members) = members(config, &known, &mut errors) else {
        return Err(errors);
    };
    let base_url = text(
        members,
        "base_url",
        "give the URL of the server, such as https://example.odoo.com",
        &mut errors,
    );
    let database = text(members, "database", "give the database's name", &mut errors);
    let username = text(
        members,
        "username",
        "give the name that the user signs in with",
        &mut errors,
    );
    let target = base_url.and_then(|url| match OutboundTarget::parse(url, policy) {
        Ok(target) => Some(target),
        Err(refusal) => {
            errors.push("/base_url", refusal.to_string(), refusal.remedy());
            None
        }
    });
    finish(
        errors,
        Described {
            config: json!({
                "base_url": target.as_ref().map(OutboundTarget::as_str),
                "database": database,
                "username": username,
            }),
            secrets: vec![API_KEY],
            recipients: target.as_ref().map(recipient).unwrap_or_default(),
        },
    )
}

/// What is wrong with the secrets, if anything; nothing of them is repeated.
pub fn wrong_secrets(
    kind: &str,
    names: &[&str],
    given: &BTreeMap<String, String>,
) -> Option<FieldErrors> {
    let mut errors = FieldErrors::default();
    for name in given.keys() {
        if !names.contains(&name.as_str()) {
            let remedy = format!("remove it; known: {}", names.join(", "));
            errors.push(child_pointer("", name), "unknown field", remedy);
        }
    }
    for name in names {
        let pointer = child_pointer("", name);
        match given.get(*name) {
            None => errors.push(pointer, "is missing", "give the secret as a text"),
            Some(secret) if secret.is_empty() || secret.len() > MAX_SECRET_BYTES => {
                errors.push(pointer, "it is empty or too long", "give the whole secret");
            }
            Some(secret) if kind == GOOGLE_WORKSPACE && !is_service_account_key(secret) => {
                errors.push(
                    pointer,
                    "it is not the key of a service account",
                    "give the whole JSON file that Google made, as a text",
                );
            }
            Some(secret) if kind == ODOO && secret.chars().any(char::is_control) => {
                errors.push(
                    pointer,
                    "it holds a line break or another control character",
                    "copy the key again, without anything around it",
                );
            }
            Some(_) => {}
        }
    }
    (!errors.is_empty()).then_some(errors)
}

fn is_service_account_key(text: &str) -> bool {
    let Ok(key) = serde_json::from_str::<Value>(text) else {
        return false;
    };
    let member = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default();
    member("type") == "service_account"
        && is_address(member("client_email"))
        && member("private_key").starts_with("-----BEGIN PRIVATE KEY-----")
}

fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty()
            && domain.contains('.')
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && !domain.contains('@')
    })
}

fn members<'v>(
    config: &'v Value,
    known: &[&str],
    errors: &mut FieldErrors,
) -> Option<&'v Map<String, Value>> {
    let Some(members) = config.as_object() else {
        errors.push("", "it is not an object", "send a JSON object");
        return None;
    };
    for name in members.keys() {
        if !known.contains(&name.as_str()) {
            let remedy = format!("remove it; known: {}", known.join(", "));
            errors.push(child_pointer("", name), "unknown field", remedy);
        }
    }
    Some(members)
}

fn text<'v>(
    members: &'v Map<String, Value>,
    name: &str,
    remedy: &str,
    errors: &mut FieldErrors,
) -> Option<&'v str> {
    let pointer = child_pointer("", name);
    match members.get(name) {
        None | Some(Value::Null) => errors.push(pointer, "is missing", remedy),
        Some(Value::String(text))
            if (1..=MAX_TEXT_BYTES).contains(&text.len())
                && !text.chars().any(char::is_control) =>
        {
            return Some(text);
        }
        Some(_) => errors.push(
            pointer,
            "it is not a text of 1 to 320 bytes on one line",
            remedy,
        ),
    }
    None
}

fn finish(errors: FieldErrors, described: Described) -> Result<Described, FieldErrors> {
    if errors.is_empty() {
        Ok(described)
    } else {
        Err(errors)
    }
}
