//! Secrets in every form in which they are sent or could be echoed.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use domain::redact;

use crate::Secret;

/// The forms, the longest first: a secret that contains another must not leave its rest.
#[derive(Clone, Debug)]
pub(crate) struct WrittenForms(Vec<Secret>);

impl WrittenForms {
    /// `pairs` are a user and a password each, which are sent in Base64.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>, pairs: &[String]) -> Self {
        let mut forms: Vec<String> = secrets.into_iter().flat_map(written_forms).collect();
        forms.extend(
            pairs
                .iter()
                .flat_map(|pair| [STANDARD.encode(pair), STANDARD_NO_PAD.encode(pair)]),
        );
        forms.sort_unstable_by(|one, other| (other.len(), one).cmp(&(one.len(), other)));
        forms.dedup();
        Self(forms.into_iter().map(Secret::new).collect())
    }

    /// The longest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Secret::expose)
    }

    /// At most `max_chars` characters on one line, without control characters and secrets.
    pub(crate) fn excerpt(&self, text: &str, max_chars: usize) -> String {
        let forms: Vec<&str> = self.iter().collect();
        redact::excerpt(text, max_chars, &forms)
    }
}

/// A client's id and secret, as both kinds of `Basic` send them.
pub(crate) fn basic_pairs(id: &str, secret: &str) -> [String; 2] {
    [
        format!("{id}:{secret}"),
        format!("{}:{}", form_encoded(id), form_encoded(secret)),
    ]
}

pub(crate) fn form_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// As it is, in a URL or a form (with either blank and either case of digits), and in JSON.
fn written_forms(secret: &str) -> Vec<String> {
    let form = form_encoded(secret);
    let url = form.replace('+', "%20");
    let json = serde_json::to_string(secret).unwrap_or_default();
    let json = json
        .strip_prefix('"')
        .and_then(|json| json.strip_suffix('"'))
        .unwrap_or_default()
        .to_owned();
    let lower = [lower_digits(&form), lower_digits(&url)];
    let mut forms = vec![secret.to_owned(), form, url, json];
    forms.extend(lower);
    forms.retain(|form| !form.is_empty());
    forms
}

/// `%2F` as `%2f`.
fn lower_digits(encoded: &str) -> String {
    let mut digits = 0;
    encoded
        .chars()
        .map(|c| match c {
            '%' => {
                digits = 2;
                c
            }
            _ if digits > 0 => {
                digits -= 1;
                c.to_ascii_lowercase()
            }
            _ => c,
        })
        .collect()
}
