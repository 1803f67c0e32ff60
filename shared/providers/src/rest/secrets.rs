//! The secrets of a connector, apart from its configuration.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::auth::Auth;
use super::header;
use crate::Secret;
use domain::fields::Fields;

/// Servers refuse longer headers.
const MAX_SECRET_BYTES: usize = 8 * 1024;

/// The name of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretName {
    ApiKey,
    Token,
    Password,
    ClientSecret,
    RefreshToken,
}

impl SecretName {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Token => "token",
            Self::Password => "password",
            Self::ClientSecret => "client_secret",
            Self::RefreshToken => "refresh_token",
        }
    }
}

/// The secrets that a way to prove oneself needs, and the access token that was got with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    given: BTreeMap<SecretName, Secret>,
    access_token: Option<Secret>,
}

impl Secrets {
    /// From an object that has exactly the members that [`Auth::secret_names`] names.
    ///
    /// # Errors
    /// [`domain::Error::InvalidFields`] with every bad member and nothing of its value.
    pub fn from_json(auth: &Auth, document: &Value) -> domain::Result<Self> {
        let mut fields = Fields::default();
        let names = auth.secret_names();
        let known: Vec<_> = names.iter().map(|name| name.as_str()).collect();
        let Some(members) = document.as_object() else {
            // It could be the secret itself, so it is not shown.
            fields.push(
                "",
                "it is not an object",
                "send the secrets as a JSON object",
            );
            return fields.finish(None);
        };
        let object = fields.object("", document, &known);
        let mut given = BTreeMap::new();
        for name in names {
            let pointer = format!("/{}", name.as_str());
            match members.get(name.as_str()).filter(|value| !value.is_null()) {
                None => fields.push(pointer, "is missing", "give the secret as a text"),
                Some(Value::String(text)) => match fault(*name, auth, text) {
                    None => {
                        given.insert(*name, Secret::new(text));
                    }
                    Some((detail, remedy)) => fields.push(pointer, detail, remedy),
                },
                Some(_) => fields.push(pointer, "is not a text", "give the secret as a text"),
            }
        }
        fields.finish(object.map(|_| Self {
            given,
            access_token: None,
        }))
    }

    /// The document, to be sealed. The access token is not in it: it is kept by itself, because it
    /// changes by itself.
    #[must_use]
    pub fn to_json(&self) -> Secret {
        let members: Map<String, Value> = self
            .given
            .iter()
            .map(|(name, secret)| (name.as_str().to_owned(), secret.expose().into()))
            .collect();
        Secret::new(Value::Object(members).to_string())
    }

    #[must_use]
    pub fn get(&self, name: SecretName) -> Option<&Secret> {
        self.given.get(&name)
    }

    #[must_use]
    pub fn access_token(&self) -> Option<&Secret> {
        self.access_token.as_ref()
    }

    #[must_use]
    pub fn with_access_token(mut self, token: Secret) -> Self {
        self.access_token = Some(token);
        self
    }

    /// With the refresh token that a server gave in place of the one it was sent.
    #[must_use]
    pub fn with_refresh_token(mut self, token: Secret) -> Self {
        self.given.insert(SecretName::RefreshToken, token);
        self
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Secret> {
        self.given.values().chain(&self.access_token)
    }
}

/// What is wrong with a secret and what to do, without a word of it.
fn fault(name: SecretName, auth: &Auth, text: &str) -> Option<(&'static str, &'static str)> {
    // Some APIs take their key as the user name, and no password.
    if text.is_empty() && name != SecretName::Password {
        return Some(("it is empty", "give the whole secret"));
    }
    if text.len() > MAX_SECRET_BYTES {
        return Some((
            "it is longer than 8192 bytes",
            "give the secret alone, without anything around it",
        ));
    }
    if text.chars().any(char::is_control) {
        return Some((
            "it holds a line break or another control character",
            "copy the secret again, without anything around it",
        ));
    }
    let is_in_header = matches!(auth, Auth::ApiKeyHeader { .. });
    if name == SecretName::ApiKey
        && is_in_header
        && !(header::is_printable(text) && text.trim() == text)
    {
        return Some((
            "it cannot travel in a header: it holds a letter that is not ASCII, or a blank at an end",
            "copy the key again, without anything around it",
        ));
    }
    if name == SecretName::Token && !is_bearer_token(text) {
        return Some((
            "a bearer token has only letters, digits and -._~+/, and = at its end (RFC 6750)",
            "copy the token again, without the word Bearer; for a token with other characters use api_key in the header Authorization with the prefix \"Bearer \"",
        ));
    }
    None
}

/// RFC 6750 section 2.1: b64token.
fn is_bearer_token(text: &str) -> bool {
    let front = text.trim_end_matches('=');
    !front.is_empty()
        && front.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
        })
}
