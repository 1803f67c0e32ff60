//! What a connector is made of, before it is kept.

use std::collections::BTreeMap;

use api::{FieldError, Problem};
use domain::field_error::FieldErrors;
use domain::outbound_target::{OutboundTarget, Policy};
use http::StatusCode;
use platform::clients::{CheckCall, Checked, CheckedField};
use platform::rest_api::{API, CUSTOM};
use platform::{Context, Reply, problems, targets};
use providers::rest::{CustomConfig, RestConfig, Secrets};
use serde_json::{Value, json};

use crate::clientless::{self, GOOGLE_WORKSPACE, ODOO};

/// A configuration that can be kept.
pub struct Described {
    /// As it is stored.
    pub config: Value,
    /// All the secrets that go with it.
    pub secrets: Vec<&'static str>,
    /// Whoever is sent one of them, by origin.
    pub recipients: Vec<String>,
}

pub async fn check(context: &Context) -> Result<Reply, Problem> {
    let call: CheckCall = context.json()?;
    let policy = targets::policy()
        .await
        .map_err(|why| problems::internal(&why))?;
    let mut errors = Vec::new();
    let described = match describe(&call.r#type, &Value::Object(call.config), &policy) {
        Ok(described) => Some(described),
        Err(wrong) => {
            errors.extend(below("/config", &wrong));
            None
        }
    };
    if let Some(described) = &described {
        match (&call.credentials, &call.before) {
            (Some(given), _) => {
                errors.extend(wrong_secrets(&call.r#type, described, given, &policy));
            }
            (None, Some(before)) => {
                errors.extend(kept_secrets(&call.r#type, described, before, &policy));
            }
            (None, None) => {}
        }
    }
    let checked = match described {
        Some(described) if errors.is_empty() => Checked::Config(described.config),
        _ => Checked::Errors(errors),
    };
    Reply::json(StatusCode::OK, &checked)
}

fn describe(kind: &str, config: &Value, policy: &Policy) -> Result<Described, FieldErrors> {
    match kind {
        API => RestConfig::from_json(config, policy)
            .map(|config| described(config.to_json(), &config))
            .map_err(fields),
        CUSTOM => CustomConfig::from_json(config, policy)
            .map(|config| described(config.to_json().clone(), config.rest()))
            .map_err(fields),
        GOOGLE_WORKSPACE => clientless::google_workspace(config),
        ODOO => clientless::odoo(config, policy),
        _ => Err(FieldErrors::default()),
    }
}

fn described(config: Value, rest: &RestConfig) -> Described {
    let secrets = rest.auth().secret_names();
    Described {
        config,
        secrets: secrets.iter().map(|name| name.as_str()).collect(),
        recipients: recipients(rest),
    }
}

fn wrong_secrets(
    kind: &str,
    described: &Described,
    given: &BTreeMap<String, String>,
    policy: &Policy,
) -> Vec<CheckedField> {
    let rest = match kind {
        API => Some(RestConfig::from_json(&described.config, policy)),
        CUSTOM => {
            let config = CustomConfig::from_json(&described.config, policy);
            Some(config.map(|config| config.into_parts().0))
        }
        _ => None,
    };
    let wrong = match rest {
        Some(rest) => rest
            .and_then(|config| Secrets::from_json(config.auth(), &json!(given)))
            .err()
            .map(fields),
        None => clientless::wrong_secrets(kind, &described.secrets, given),
    };
    wrong.map_or_else(Vec::new, |wrong| below("/credentials", &wrong))
}

/// Secrets that are stored are used by another configuration only if they go to the same hosts: or
/// whoever may change a connector could have them sent to a host of their own.
fn kept_secrets(
    kind: &str,
    described: &Described,
    before: &Value,
    policy: &Policy,
) -> Vec<CheckedField> {
    let stay = describe(kind, before, policy).is_ok_and(|before| {
        let has_all = described
            .secrets
            .iter()
            .all(|secret| before.secrets.contains(secret));
        let goes_nowhere_else = described
            .recipients
            .iter()
            .all(|recipient| before.recipients.contains(recipient));
        has_all && goes_nowhere_else
    });
    if stay || described.secrets.is_empty() {
        return Vec::new();
    }
    vec![CheckedField {
        field: "/credentials".to_owned(),
        detail: format!(
            "must be given again, because with this configuration they are others or go to another host: {}",
            described.secrets.join(", ")
        ),
    }]
}

fn recipients(config: &RestConfig) -> Vec<String> {
    let document = config.to_json();
    let token_url = document
        .pointer("/auth/token_url")
        .and_then(Value::as_str)
        .map(origin);
    let base_url = config.base_url().origin().to_owned();
    std::iter::once(base_url).chain(token_url).collect()
}

/// Of a URL as it was normalized.
fn origin(url: &str) -> String {
    url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}

/// The target's origin, where secrets are sent to it.
pub fn recipient(target: &OutboundTarget) -> Vec<String> {
    vec![target.origin().to_owned()]
}

fn fields(error: domain::Error) -> FieldErrors {
    match error {
        domain::Error::InvalidFields(fields) => fields,
        other => {
            let mut fields = FieldErrors::default();
            fields.push("", other.to_string(), "change it");
            fields
        }
    }
}

fn below(pointer: &str, wrong: &FieldErrors) -> Vec<CheckedField> {
    wrong
        .as_slice()
        .iter()
        .map(|error| {
            let field = format!("{pointer}{}", error.pointer);
            let FieldError { field, detail } =
                FieldError::new(field, format!("{}: {}", error.detail, error.remedy));
            CheckedField { field, detail }
        })
        .collect()
}
