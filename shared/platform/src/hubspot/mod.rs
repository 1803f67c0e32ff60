//! What functions share that ask HubSpot: the connector's configuration and credentials, and the way out.
//!
//! Limits are of a portal: searches and all else each have one budget for all connectors of an organization to it. How
//! much there is of it HubSpot says in headers ([`Learnt`]).

mod learnt;
mod session;
pub mod signed;

use std::collections::BTreeMap;

use api::FieldError;
use domain::access::Tenant;
use providers::Secret;
use providers::hubspot::AccessToken;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::jobs::SealedCredential;

use crate::clients::{CheckCall, Checked};
use crate::oauth::CLIENT_SECRET;
use crate::vault::{Place, Vault};

pub use crate::clients::HUBSPOT;
pub use learnt::{LEARNT, Learnt};
pub use session::{Account, Failure, Session};

/// The component that checks and tests connectors, and shows what advisers have to do.
pub const FUNCTION: &str = "advisers";

/// Of a private app.
const TOKEN: &str = "token";
/// With it HubSpot signs what workflows send in the name of a private app.
const SIGNATURE_SECRET: &str = "signature_secret";
const MAX_SECRET_BYTES: usize = 200;
const MAX_CLIENT_ID_BYTES: usize = 200;

/// How a connector asks, and of which account it is. Stored in `connectors.config`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    pub method: Method,
    /// By which workflows name the account.
    pub portal_id: i64,
    /// Of the app that the account's owner agrees to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A token that does not end.
    PrivateApp,
    Oauth,
}

impl Method {
    /// The field of the credential with which calls of workflows are signed.
    #[must_use]
    pub const fn signature_field(self) -> &'static str {
        match self {
            Self::PrivateApp => SIGNATURE_SECRET,
            Self::Oauth => CLIENT_SECRET,
        }
    }
}

impl Config {
    /// # Errors
    /// What is stored and cannot be read, for an operator.
    pub fn parse(stored: &str) -> Result<Self, String> {
        serde_json::from_str(stored)
            .map_err(|error| format!("the configuration of the connector cannot be read: {error}"))
    }
}

/// The secret that calls of workflows are signed with; `None` where the connector was given none.
///
/// # Errors
/// The vault's, for an operator.
pub fn signing_secret(
    tenant: &Tenant,
    connector_id: &str,
    config: &Config,
    vault: &Vault,
    sealed: &[SealedCredential],
) -> Result<Option<Secret>, String> {
    let field = config.method.signature_field();
    let Some(stored) = sealed.iter().find(|stored| stored.field == field) else {
        return Ok(None);
    };
    let place = Place {
        organization_id: tenant.as_str(),
        connector_id,
        field,
    };
    vault
        .unseal(place, &stored.sealed)
        .map(|secret| Some(Secret::new(secret.expose())))
        .map_err(|error| error.to_string())
}

/// What a connector is to be made of: the configuration as it is stored, or every field that is wrong. A text of a
/// credential never comes back.
#[must_use]
pub fn check(call: &CheckCall) -> Checked {
    let mut errors = Vec::new();
    let config = config(&call.config, &mut errors);
    match (&config, &call.credentials, &call.before) {
        (Some(config), Some(given), _) => credentials(config, given, &mut errors),
        (Some(config), None, before) => kept(config, before.as_ref(), &mut errors),
        (None, _, _) => {}
    }
    match config.and_then(|config| serde_json::to_value(config).ok()) {
        Some(config) if errors.is_empty() => Checked::Config(config),
        _ => Checked::Errors(errors.into_iter().map(Into::into).collect()),
    }
}

fn config(given: &Map<String, Value>, errors: &mut Vec<FieldError>) -> Option<Config> {
    let before = errors.len();
    let mut wrong = |member: &str, detail: &str| {
        let field = format!("/config/{}", api::body::segment(member));
        errors.push(FieldError::new(field, detail));
    };
    for member in given.keys() {
        if !matches!(member.as_str(), "method" | "portal_id" | "client_id") {
            wrong(
                member,
                "is not known: a connector to HubSpot has method, portal_id and client_id. What deals are allocated by is set at /api/allocation/settings",
            );
        }
    }
    let method = match given.get("method").map(|value| value.as_str()) {
        None | Some(Some("private_app")) => Some(Method::PrivateApp),
        Some(Some("oauth")) => Some(Method::Oauth),
        Some(_) => {
            wrong("method", "must be private_app or oauth");
            None
        }
    };
    let portal_id = given.get("portal_id").and_then(portal_id);
    if portal_id.is_none() {
        wrong(
            "portal_id",
            "must be the number of the account, the Hub ID in the menu of HubSpot's account",
        );
    }
    let client_id = match (method, given.get("client_id")) {
        (_, None | Some(Value::Null)) if method != Some(Method::Oauth) => None,
        (Some(Method::PrivateApp), Some(_)) => {
            wrong(
                "client_id",
                "has no effect with a private app, whose token needs nobody's consent: leave it out, or set method to oauth",
            );
            None
        }
        (_, value) => {
            let text = value.and_then(Value::as_str).map(str::trim);
            let is_id = |text: &&str| {
                (1..=MAX_CLIENT_ID_BYTES).contains(&text.len())
                    && text.bytes().all(|byte| byte.is_ascii_graphic())
            };
            let id = text.filter(is_id).map(str::to_owned);
            if id.is_none() {
                wrong(
                    "client_id",
                    "must be the client ID of the app, from its page Auth",
                );
            }
            id
        }
    };
    if errors.len() > before {
        return None;
    }
    Some(Config {
        method: method?,
        portal_id: portal_id?,
        client_id,
    })
}

/// As a number, or as the text that people copy.
fn portal_id(value: &Value) -> Option<i64> {
    let id = match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_i64(),
    };
    id.filter(|id| *id > 0)
}

fn credentials(config: &Config, given: &BTreeMap<String, String>, errors: &mut Vec<FieldError>) {
    let (known, remedy): (&[&str], _) = match config.method {
        Method::PrivateApp => (
            &[TOKEN, SIGNATURE_SECRET],
            "is not known: with a private app give token, and signature_secret, its client secret, for the calls of workflows",
        ),
        Method::Oauth => (
            &[CLIENT_SECRET],
            "is not known: with oauth give client_secret; the tokens come when the account's owner agrees",
        ),
    };
    for name in given.keys().filter(|name| !known.contains(&name.as_str())) {
        let field = format!("/credentials/{}", api::body::segment(name));
        errors.push(FieldError::new(field, remedy));
    }
    match config.method {
        Method::PrivateApp => {
            let token = given.get(TOKEN).map(String::as_str).unwrap_or_default();
            if let Err(error) = AccessToken::parse(token) {
                errors.push(FieldError::new("/credentials/token", error.to_string()));
            } else if token.trim() != token {
                errors.push(FieldError::new(
                    "/credentials/token",
                    "has blanks around it: send it without them",
                ));
            }
            if let Some(secret) = given.get(SIGNATURE_SECRET) {
                secret_is_usable(SIGNATURE_SECRET, secret, errors);
            }
        }
        Method::Oauth => {
            let secret = given.get(CLIENT_SECRET).map(String::as_str);
            secret_is_usable(CLIENT_SECRET, secret.unwrap_or_default(), errors);
        }
    }
}

fn secret_is_usable(field: &str, secret: &str, errors: &mut Vec<FieldError>) {
    let is_usable = (1..=MAX_SECRET_BYTES).contains(&secret.len())
        && secret.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_usable {
        errors.push(FieldError::new(
            format!("/credentials/{field}"),
            "must be the client secret of the app, from its page Auth, without blanks",
        ));
    }
}

/// Stored credentials are of one account and one way to ask it.
fn kept(config: &Config, before: Option<&Value>, errors: &mut Vec<FieldError>) {
    let before = before.and_then(|before| serde_json::from_value::<Config>(before.clone()).ok());
    if before.as_ref() != Some(config) {
        errors.push(FieldError::new(
            "/credentials",
            "must be given again, because with this configuration they are of another account or app",
        ));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(config: &Value, credentials: Option<&Value>, before: Option<Value>) -> Vec<String> {
        let call = CheckCall {
            r#type: HUBSPOT.to_owned(),
            config: config.as_object().unwrap().clone(),
            credentials: credentials.map(|given| serde_json::from_value(given.clone()).unwrap()),
            before,
        };
        match check(&call) {
            Checked::Config(_) => Vec::new(),
            Checked::Errors(errors) => errors.into_iter().map(|error| error.field).collect(),
        }
    }

    #[test]
    fn a_connector_is_of_a_private_app_or_of_an_app_with_consent() {
        let token = json!({"token": "pat-sim-1", "signature_secret": "s"});
        let secret = json!({"client_secret": "s"});
        let of_app = json!({"method": "oauth", "portal_id": "62515", "client_id": "abc"});
        assert_eq!(
            checked(&json!({"portal_id": 62515}), Some(&token), None),
            [""; 0]
        );
        assert_eq!(checked(&of_app, Some(&secret), None), [""; 0]);
        for (config, credentials, expected) in [
            (json!({}), &token, vec!["/config/portal_id"]),
            (json!({"portal_id": -1}), &token, vec!["/config/portal_id"]),
            (
                json!({"portal_id": 1, "method": "key"}),
                &token,
                vec!["/config/method"],
            ),
            (
                json!({"portal_id": 1, "client_id": "x"}),
                &token,
                vec!["/config/client_id"],
            ),
            (
                json!({"portal_id": 1, "method": "oauth"}),
                &secret,
                vec!["/config/client_id"],
            ),
            (
                json!({"portal_id": 1, "pipeline": "x"}),
                &token,
                vec!["/config/pipeline"],
            ),
            (
                json!({"portal_id": 1}),
                &secret,
                vec!["/credentials/client_secret", "/credentials/token"],
            ),
            (
                of_app.clone(),
                &token,
                vec![
                    "/credentials/signature_secret",
                    "/credentials/token",
                    "/credentials/client_secret",
                ],
            ),
            (
                json!({"portal_id": 1}),
                &json!({"token": " pat-1"}),
                vec!["/credentials/token"],
            ),
            (
                json!({"portal_id": 1}),
                &json!({"token": "pat-1", "signature_secret": "a b"}),
                vec!["/credentials/signature_secret"],
            ),
        ] {
            assert_eq!(
                checked(&config, Some(credentials), None),
                expected,
                "{config}"
            );
        }
    }

    #[test]
    fn stored_credentials_are_of_the_account_that_they_were_given_for() {
        let config = json!({"method": "private_app", "portal_id": 1});
        assert_eq!(checked(&config, None, Some(config.clone())), [""; 0]);
        let other = json!({"portal_id": 2});
        assert_eq!(checked(&other, None, Some(config)), ["/credentials"]);
    }
}
