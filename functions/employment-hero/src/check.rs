//! What a connector of the type `employment_hero` is made of.

use api::{FieldError, Problem};
use http::StatusCode;
use platform::clients::{CheckCall, Checked};
use platform::employment_hero::Config;
use platform::oauth::CLIENT_SECRET;
use platform::{Context, Reply, problems};
use serde_json::{Map, Value};

const MAX_CLIENT_CHARS: usize = 512;
/// UUIDs are 36 characters long.
const MAX_ID_CHARS: usize = 64;
const MEMBERS: [&str; 2] = ["client_id", "organisation_id"];

/// The configuration that is given, if it can be one.
fn checked(given: &Map<String, Value>, errors: &mut Vec<FieldError>) -> Option<Config> {
    let before = errors.len();
    for name in given
        .keys()
        .filter(|name| !MEMBERS.contains(&name.as_str()))
    {
        let name = domain::redact::excerpt(name, 60, &[]);
        errors.push(FieldError::new(
                format!("/config/{name}"),
                "is unknown: use client_id and, where the login sees several organisations, organisation_id",
            ));
    }
    let client_id = given
        .get("client_id")
        .and_then(Value::as_str)
        .map(str::trim);
    if !client_id.is_some_and(|text| is_plain(text, MAX_CLIENT_CHARS)) {
        errors.push(FieldError::new(
                "/config/client_id",
                "must be the client id of the application that was registered in Employment Hero's developer portal",
            ));
    }
    let organisation_id = match given.get("organisation_id") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) if is_id(id.trim()) => Some(id.trim().to_owned()),
        Some(_) => {
            errors.push(FieldError::new(
                    "/config/organisation_id",
                    "must be the id of an organisation: GET /test/organisations lists those that the login sees",
                ));
            None
        }
    };
    (errors.len() == before).then(|| Config {
        client_id: client_id.unwrap_or_default().to_owned(),
        organisation_id,
    })
}

/// Answers what is to be kept of a connector, or what is wrong with it.
pub fn check(context: &Context) -> Result<Reply, Problem> {
    let call: CheckCall = context.json()?;
    let mut errors = Vec::new();
    let config = checked(&call.config, &mut errors);
    match &call.credentials {
        Some(given) => {
            let secret = given.get(CLIENT_SECRET).map(String::as_str);
            if !secret.is_some_and(|text| is_plain(text, MAX_CLIENT_CHARS)) {
                errors.push(FieldError::new(
                    "/credentials/client_secret",
                    "must be the secret that was given with the client id",
                ));
            }
            for name in given.keys().filter(|name| *name != CLIENT_SECRET) {
                let name = domain::redact::excerpt(name, 60, &[]);
                errors.push(FieldError::new(
                    format!("/credentials/{name}"),
                    "is unknown: give client_secret; the tokens come when the account's owner has agreed",
                ));
            }
        }
        None => {
            let is_same = call
                .before
                .as_ref()
                .and_then(|before| before.get("client_id"))
                == call.config.get("client_id");
            if config.is_some() && !is_same {
                errors.push(FieldError::new(
                    "/credentials",
                    "must be given with another client_id: client_secret",
                ));
            }
        }
    }
    let checked = match config {
        Some(config) if errors.is_empty() => Checked::Config(
            serde_json::to_value(&config)
                .map_err(|error| problems::internal(&error.to_string()))?,
        ),
        _ => Checked::Errors(errors.into_iter().map(Into::into).collect()),
    };
    Reply::json(StatusCode::OK, &checked)
}

fn is_plain(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.chars().all(|character| !character.is_control())
}

fn is_id(text: &str) -> bool {
    (1..=MAX_ID_CHARS).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
