//! From a body to the message it holds.

use bytes::Bytes;
use http::{Request, header};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::answer::Refusal;
use super::limits;
use super::settings::Settings;

/// Slack cuts a longer text.
const MAX_TEXT_CHARS: usize = 40_000;

/// The media type of a body, in lower case, and its charset.
pub struct ContentType {
    pub media_type: String,
    pub charset: Option<String>,
}

impl ContentType {
    pub fn of(request: &Request<Bytes>) -> Option<Self> {
        let value = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
        let value = value.to_ascii_lowercase();
        let mut parts = value.split(';').map(str::trim);
        let media_type = parts.next()?.to_owned();
        let charset = parts
            .find_map(|part| part.strip_prefix("charset="))
            .map(|charset| charset.trim_matches('"').to_owned());
        Some(Self {
            media_type,
            charset,
        })
    }

    pub fn is_form(&self) -> bool {
        self.media_type == "application/x-www-form-urlencoded"
    }
}

/// A JSON object.
pub fn object(body: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(body).ok()
}

/// The fields of a form, each a text.
pub fn form(body: &[u8]) -> Map<String, Value> {
    form_urlencoded::parse(body)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}

/// The body byte for byte. What is posted is JSON or a form: both are UTF-8.
pub fn raw(request: &Request<Bytes>) -> String {
    String::from_utf8_lossy(request.body()).into_owned()
}

/// A message that can be shown, with what Slack says about it.
#[derive(Debug)]
pub struct Checked {
    pub message: Map<String, Value>,
    pub warnings: Vec<&'static str>,
}

/// Refuses what has nothing to show or breaks a limit, and cuts a text that is
/// too long.
pub fn check(mut message: Map<String, Value>, settings: &Settings) -> Result<Checked, Refusal> {
    message.retain(|_, value| !value.is_null());
    let shows = |name: &str| match message.get(name) {
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(things)) => !things.is_empty(),
        _ => false,
    };
    if !["text", "blocks", "attachments"].into_iter().any(shows) {
        return Err(Refusal::word("no_text"));
    }
    limits::check(&message, settings.max_blocks_chars)?;
    let mut warnings = Vec::new();
    if let Some(Value::String(text)) = message.get_mut("text")
        && let Some((end, _)) = text.char_indices().nth(MAX_TEXT_CHARS)
    {
        text.truncate(end);
        warnings.push("message_truncated");
    }
    Ok(Checked { message, warnings })
}
