//! Names and values of headers that a configuration may set.

use http::{HeaderName, HeaderValue};

use domain::fields::Fields;

const MAX_NAME_BYTES: usize = 64;

/// Headers of the connection (RFC 9110 section 7.6.1 and its older kin) and of the message's framing,
/// which are the sender's; one that would have the answer compressed, which nobody here unpacks; and
/// cookies, which belong to browsers.
const RESERVED: [&str; 17] = [
    "accept-encoding",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether the values of a header are secret by its name.
pub(super) fn is_secret(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "authorization",
        "proxy-authorization",
        "cookie",
        "cookie2",
        "set-cookie",
        "api-key",
        "apikey",
        "token",
        "secret",
    ];
    const ENDS: [&str; 5] = ["-token", "-secret", "-signature", "-api-key", "-apikey"];
    let name = name.to_ascii_lowercase().replace('_', "-");
    NAMES.contains(&name.as_str()) || ENDS.iter().any(|end| name.ends_with(end))
}

/// The name of a header that a request may carry.
pub(super) fn name(fields: &mut Fields, pointer: &str, text: &str) -> Option<HeaderName> {
    let name = HeaderName::try_from(text)
        .ok()
        .filter(|name| name.as_str().len() <= MAX_NAME_BYTES);
    let Some(name) = name else {
        fields.push(
            pointer,
            "it is not the name of a header",
            format!("use letters, digits and hyphens, at most {MAX_NAME_BYTES}"),
        );
        return None;
    };
    if RESERVED.contains(&name.as_str()) {
        fields.push(
            pointer,
            format!("the header {name} is not for a configuration to set"),
            "leave it out",
        );
        return None;
    }
    Some(name)
}

/// A value: printable ASCII that neither begins nor ends with a blank.
pub(super) fn value(fields: &mut Fields, pointer: &str, text: &str) -> Option<HeaderValue> {
    let value = HeaderValue::try_from(text)
        .ok()
        .filter(|_| is_printable(text) && text.trim() == text);
    if value.is_none() {
        fields.push(
            pointer,
            "it is not the value of a header",
            "use printable ASCII without a blank at either end",
        );
    }
    value
}

pub(super) fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}
