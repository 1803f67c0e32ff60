//! Makes what came back fit to be logged and shown.

use bytes::Bytes;
use domain::redact;
use http::{HeaderMap, HeaderName, Response, Uri};
use serde_json::Value;

use super::auth::Auth;
use super::config::RestConfig;
use super::header;
use super::secrets::{SecretName, Secrets};
use crate::Secret;
use crate::written_forms::{WrittenForms, basic_pairs};

/// A body that is longer is not looked into: where it would be cut, a piece of a secret could stay.
const MAX_BODY_BYTES: usize = 64 * 1024;

const MAX_VALUE_CHARS: usize = 200;
const MAX_URL_CHARS: usize = 500;
const HIDDEN: &str = "[redacted]";
/// Whoever asked for an answer needs it as it is. A shorter secret, such as the `x` that some take for
/// a password, is in it by chance, and hides nothing where it is not.
const MIN_BYTES_IN_ANSWERS: usize = 6;

/// Knows the secrets of a connector, in every form in which they are sent or could be echoed.
#[derive(Clone, Debug)]
pub struct Redactor {
    forms: WrittenForms,
    key_header: Option<HeaderName>,
}

impl RestConfig {
    /// What hides these secrets.
    #[must_use]
    pub fn redactor(&self, secrets: &Secrets) -> Redactor {
        let given = secrets.all().map(Secret::expose);
        Redactor {
            forms: WrittenForms::new(given, &pairs(&self.auth, secrets)),
            key_header: self.auth.header().cloned(),
        }
    }
}

impl Redactor {
    pub(super) fn into_forms(self) -> WrittenForms {
        self.forms
    }

    /// At most `max_chars` characters on one line, without control characters and secrets.
    #[must_use]
    pub fn text(&self, text: &str, max_chars: usize) -> String {
        self.forms.excerpt(text, max_chars)
    }

    /// The whole text, as it is but for the secrets.
    #[must_use]
    pub fn whole(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for form in self.long_forms() {
            if shown.contains(form) {
                shown = shown.replace(form, HIDDEN);
            }
        }
        shown
    }

    /// The longest first.
    fn long_forms(&self) -> impl Iterator<Item = &str> {
        self.forms
            .iter()
            .take_while(|form| form.len() >= MIN_BYTES_IN_ANSWERS)
    }

    /// A whole document, in which no text, name or number holds a secret.
    #[must_use]
    pub fn document(&self, document: Value) -> Value {
        match document {
            Value::String(text) => Value::String(self.whole(&text)),
            Value::Number(number) => {
                let text = number.to_string();
                let shown = self.whole(&text);
                if shown == text {
                    Value::Number(number)
                } else {
                    Value::String(shown)
                }
            }
            Value::Array(elements) => elements
                .into_iter()
                .map(|element| self.document(element))
                .collect(),
            Value::Object(members) => members
                .into_iter()
                .map(|(name, member)| (self.whole(&name), self.document(member)))
                .collect(),
            other @ (Value::Null | Value::Bool(_)) => other,
        }
    }

    /// Whether bytes that are no text hold a secret.
    #[must_use]
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.long_forms().any(|form| {
            let form = form.as_bytes();
            bytes
                .windows(form.len().max(1))
                .any(|window| window == form)
        })
    }

    /// The beginning of an answer's body, as one line.
    #[must_use]
    pub fn body(&self, answer: &Response<Bytes>, max_chars: usize) -> String {
        let body = answer.body();
        if body.len() > MAX_BODY_BYTES {
            return format!("{} bytes", body.len());
        }
        self.text(&String::from_utf8_lossy(body), max_chars)
    }

    /// Names and values. Those that are secret by their names are hidden whole, among them the header
    /// of the connector's own key.
    #[must_use]
    pub fn headers(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        let forms: Vec<_> = self.long_forms().collect();
        headers
            .iter()
            .map(|(name, value)| {
                let is_secret = value.is_sensitive()
                    || header::is_secret(name.as_str())
                    || self.key_header.as_ref() == Some(name);
                let shown = if is_secret {
                    HIDDEN.to_owned()
                } else {
                    let value = String::from_utf8_lossy(value.as_bytes());
                    redact::excerpt(&value, MAX_VALUE_CHARS, &forms)
                };
                (name.as_str().to_owned(), shown)
            })
            .collect()
    }

    /// Scheme, host, port and path, without the query.
    #[must_use]
    pub fn url(&self, uri: &Uri) -> String {
        let scheme = uri.scheme_str().unwrap_or_default();
        let authority = uri.authority().map_or("", http::uri::Authority::as_str);
        self.text(
            &format!("{scheme}://{authority}{}", uri.path()),
            MAX_URL_CHARS,
        )
    }
}

/// The pairs that are sent in Base64.
fn pairs(auth: &Auth, secrets: &Secrets) -> Vec<String> {
    let (user, name) = match auth {
        Auth::Basic { username } => (username, SecretName::Password),
        Auth::ClientCredentials(client) | Auth::RefreshToken(client) => {
            (&client.client_id, SecretName::ClientSecret)
        }
        _ => return Vec::new(),
    };
    let Some(secret) = secrets.get(name) else {
        return Vec::new();
    };
    basic_pairs(user, secret.expose()).into()
}
