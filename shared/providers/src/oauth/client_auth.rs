//! How a client proves itself to the token endpoint (RFC 6749 section 2.3.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use form_urlencoded::Serializer;
use http::HeaderValue;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, USER_AGENT};

use crate::written_forms::form_encoded;
use crate::{ProviderError, Secret};

/// Some edges in front of APIs refuse requests without one.
const PRODUCT: &str = concat!("patchbay/", env!("CARGO_PKG_VERSION"));

/// Where a client's id and secret go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// Id and secret are form-encoded, then sent as RFC 7617 says: what the RFC says.
    Basic,
    /// Without the form-encoding, as many servers have it.
    BasicRaw,
    /// As fields of the form.
    Body,
}

impl ClientAuth {
    pub(crate) const CHOICES: [(&'static str, Self); 3] = [
        ("basic", Self::Basic),
        ("basic_raw", Self::BasicRaw),
        ("body", Self::Body),
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::BasicRaw => "basic_raw",
            Self::Body => "body",
        }
    }
}

/// Headers and body of a request for a token: `form` and the client's proof.
pub(crate) fn token_form<'a>(
    mut form: Vec<(&'a str, &'a str)>,
    client_auth: ClientAuth,
    client_id: &'a str,
    client_secret: &'a Secret,
) -> Result<(HeaderMap, Bytes), ProviderError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    let client_secret = client_secret.expose();
    match client_auth {
        ClientAuth::Body => {
            form.extend([("client_id", client_id), ("client_secret", client_secret)]);
        }
        ClientAuth::BasicRaw => {
            headers.insert(AUTHORIZATION, basic(client_id, client_secret)?);
        }
        ClientAuth::Basic => {
            let value = basic(&form_encoded(client_id), &form_encoded(client_secret))?;
            headers.insert(AUTHORIZATION, value);
        }
    }
    let body = Serializer::new(String::new()).extend_pairs(form).finish();
    Ok((headers, body.into()))
}

/// The value of a `Basic` header, with the pair as it is (RFC 7617).
fn basic(user: &str, password: &str) -> Result<HeaderValue, ProviderError> {
    let pair = STANDARD.encode(format!("{user}:{password}"));
    let mut value =
        HeaderValue::try_from(format!("Basic {pair}")).map_err(|_| ProviderError::Credential {
            what: "the client's secret cannot be sent in a header".to_owned(),
        })?;
    value.set_sensitive(true);
    Ok(value)
}
