//! The configuration of a connector to any REST API.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

use domain::outbound_target::{OutboundTarget, Policy};
use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use super::auth::{Auth, read_target};
use super::header;
use domain::fields::{Fields, Object, shown};

/// How long one request may take, in milliseconds.
pub const TIMEOUT_MS: RangeInclusive<u32> = 1_000..=30_000;
pub const DEFAULT_TIMEOUT_MS: u32 = 15_000;

/// How long an answer may be, in bytes.
pub const RESPONSE_BYTES: RangeInclusive<u32> = 1_024..=8_388_608;
pub const DEFAULT_RESPONSE_BYTES: u32 = 1_048_576;

/// Requests a second that go to an API at the most.
pub const REQUESTS_PER_SECOND: RangeInclusive<u32> = 1..=100;
pub const DEFAULT_REQUESTS_PER_SECOND: u32 = 10;

/// Headers that a configuration adds to every request.
pub const MAX_HEADERS: usize = 32;

const MAX_HEADER_VALUE_BYTES: usize = 1_024;
const MAX_BASE_URL_BYTES: usize = 2_048;
const MAX_TEST_PATH_BYTES: usize = 1_024;

const MEMBERS: [&str; 8] = [
    "base_url",
    "auth",
    "headers",
    "timeout_ms",
    "idempotency_header",
    "max_response_bytes",
    "requests_per_second",
    "test_path",
];

/// Where an API is, how a request proves itself, and what else goes with each. Nothing in it is
/// secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestConfig {
    /// Without a query; requests go below its path.
    pub(super) base_url: OutboundTarget,
    pub(super) auth: Auth,
    /// Each name once, in order.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) timeout_ms: u32,
    /// The header in which the API takes a key that makes a request safe to repeat.
    pub(super) idempotency_header: Option<HeaderName>,
    pub(super) max_response_bytes: u32,
    pub(super) requests_per_second: NonZeroU32,
    /// Below the base URL: what a test of the connector asks for.
    pub(super) test_path: Option<String>,
}

impl RestConfig {
    /// From the document. It is read like this when it is saved and again whenever it is used,
    /// because the operator's policy may have changed.
    ///
    /// # Errors
    /// [`domain::Error::InvalidFields`] with every bad field.
    pub fn from_json(document: &Value, policy: &Policy) -> domain::Result<Self> {
        let mut fields = Fields::default();
        let config = Self::read(&mut fields, document, policy);
        fields.finish(config)
    }

    fn read(fields: &mut Fields, document: &Value, policy: &Policy) -> Option<Self> {
        let object = fields.object("", document, &MEMBERS)?;
        let base_url = read_base_url(fields, &object, policy);
        let auth = fields
            .required(
                &object,
                "auth",
                "say how requests prove themselves: {\"type\": \"none\"}, for one",
            )
            .and_then(|value| Auth::read(fields, &object.at("auth"), value, policy));
        let headers = object
            .get("headers")
            .map(|value| read_headers(fields, &object.at("headers"), value))
            .unwrap_or_default();
        let timeout_ms = fields.whole(&object, "timeout_ms", &TIMEOUT_MS, DEFAULT_TIMEOUT_MS);
        let max_response_bytes = fields.whole(
            &object,
            "max_response_bytes",
            &RESPONSE_BYTES,
            DEFAULT_RESPONSE_BYTES,
        );
        let requests_per_second = fields.whole(
            &object,
            "requests_per_second",
            &REQUESTS_PER_SECOND,
            DEFAULT_REQUESTS_PER_SECOND,
        );
        let idempotency_header = read_idempotency_header(fields, &object);
        let test_path = read_test_path(fields, &object, base_url.as_ref());
        let auth = auth?;
        let taken = [
            auth.header().map(|name| (name, "the header of auth")),
            idempotency_header
                .as_ref()
                .map(|name| (name, "idempotency_header")),
        ];
        for (taken, by) in taken.into_iter().flatten() {
            for (name, _) in headers.iter().filter(|(name, _)| name == taken) {
                let pointer = domain::field_error::child_pointer("/headers", name.as_str());
                fields.push(pointer, format!("it is {by} already"), "leave it out");
            }
        }
        if idempotency_header.is_some() && idempotency_header.as_ref() == auth.header() {
            fields.push(
                object.at("idempotency_header"),
                "it is the header of auth already",
                "name another header",
            );
        }
        Some(Self {
            base_url: base_url?,
            auth,
            headers,
            timeout_ms,
            idempotency_header,
            max_response_bytes,
            requests_per_second: NonZeroU32::new(requests_per_second).unwrap_or(NonZeroU32::MIN),
            test_path,
        })
    }

    /// The document as it is stored and shown.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let headers: Map<String, Value> = self
            .headers
            .iter()
            .filter_map(|(name, value)| {
                let value = value.to_str().ok()?;
                Some((name.as_str().to_owned(), json!(value)))
            })
            .collect();
        json!({
            "base_url": self.base_url.as_str(),
            "auth": self.auth.to_json(),
            "headers": headers,
            "timeout_ms": self.timeout_ms,
            "idempotency_header": self.idempotency_header.as_ref().map(HeaderName::as_str),
            "max_response_bytes": self.max_response_bytes,
            "requests_per_second": self.requests_per_second,
            "test_path": self.test_path,
        })
    }

    #[must_use]
    pub const fn base_url(&self) -> &OutboundTarget {
        &self.base_url
    }

    #[must_use]
    pub const fn auth(&self) -> &Auth {
        &self.auth
    }

    #[must_use]
    pub const fn timeout(&self) -> Duration {
        // No `from` in a const function.
        Duration::from_millis(self.timeout_ms as u64)
    }

    #[must_use]
    pub const fn max_response_bytes(&self) -> usize {
        self.max_response_bytes as usize
    }

    #[must_use]
    pub const fn requests_per_second(&self) -> NonZeroU32 {
        self.requests_per_second
    }

    /// What a test asks for; empty is the base URL itself.
    #[must_use]
    pub fn test_path(&self) -> &str {
        self.test_path.as_deref().unwrap_or_default()
    }
}

fn read_base_url(
    fields: &mut Fields,
    object: &Object<'_>,
    policy: &Policy,
) -> Option<OutboundTarget> {
    let text = fields.required_text(
        object,
        "base_url",
        MAX_BASE_URL_BYTES,
        "give the URL that all paths are below, such as https://api.example.com/v1",
    )?;
    let pointer = object.at("base_url");
    let target = read_target(fields, &pointer, text, policy)?;
    if target.query().is_some() {
        fields.push(
            pointer,
            "it has a query",
            "leave out what begins with ?, and give it with each request",
        );
        return None;
    }
    Some(target)
}

fn read_test_path(
    fields: &mut Fields,
    object: &Object<'_>,
    base_url: Option<&OutboundTarget>,
) -> Option<String> {
    let text = fields.optional_text(object, "test_path", MAX_TEST_PATH_BYTES)?;
    if let Err(refusal) = base_url?.join(text, "") {
        fields.push(
            object.at("test_path"),
            refusal.to_string(),
            refusal.remedy(),
        );
        return None;
    }
    Some(text.to_owned())
}

fn read_headers(
    fields: &mut Fields,
    pointer: &str,
    value: &Value,
) -> Vec<(HeaderName, HeaderValue)> {
    let Some(object) = fields.any_object(pointer, value) else {
        return Vec::new();
    };
    if object.member_count() > MAX_HEADERS {
        fields.push(
            pointer,
            format!("it has {} headers", object.member_count()),
            format!("use at most {MAX_HEADERS}"),
        );
        return Vec::new();
    }
    let mut headers: Vec<(HeaderName, HeaderValue)> = Vec::new();
    for (name, value) in object.iter() {
        let pointer = object.at(name);
        let Some(name) = header::name(fields, &pointer, name) else {
            continue;
        };
        if header::is_secret(name.as_str()) {
            fields.push(
                pointer,
                "a configuration is shown to people, and this header holds a secret by its name",
                "give it as auth: an api_key in the header of this name",
            );
            continue;
        }
        if headers.iter().any(|(earlier, _)| *earlier == name) {
            fields.push(
                pointer,
                "it is named twice, in upper and in lower case",
                "give one of them",
            );
            continue;
        }
        let Some(text) = value.as_str() else {
            let detail = format!("{} is not a text", shown(value));
            fields.push(pointer, detail, "give a text, in quotes");
            continue;
        };
        if text.is_empty() || text.len() > MAX_HEADER_VALUE_BYTES {
            fields.push(
                pointer,
                format!("it has {} bytes", text.len()),
                format!("use 1 to {MAX_HEADER_VALUE_BYTES} bytes"),
            );
            continue;
        }
        if let Some(value) = header::value(fields, &pointer, text) {
            headers.push((name, value));
        }
    }
    headers.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
    headers
}

fn read_idempotency_header(fields: &mut Fields, object: &Object<'_>) -> Option<HeaderName> {
    const OURS: [&str; 4] = ["accept", "authorization", "content-type", "user-agent"];
    let name = fields.optional_text(object, "idempotency_header", 64)?;
    let pointer = object.at("idempotency_header");
    let name = header::name(fields, &pointer, name)?;
    if OURS.contains(&name.as_str()) {
        fields.push(
            pointer,
            format!("the header {name} has another meaning"),
            "name the header that the API documents, such as Idempotency-Key",
        );
        return None;
    }
    Some(name)
}
