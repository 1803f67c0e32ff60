//! Builds requests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::outbound_target::{OutboundTarget, Refusal};
use form_urlencoded::Serializer;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, USER_AGENT};
use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;

use super::auth::Auth;
use super::call::{RestCall, assemble, unusable};
use super::config::RestConfig;
use super::secrets::{SecretName, Secrets};
use super::verdict::Sent;
use crate::{ProviderError, Secret};

/// Some edges in front of APIs refuse requests without one.
pub(super) const PRODUCT: &str = concat!("patchbay/", env!("CARGO_PKG_VERSION"));

const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

const MAX_IDEMPOTENCY_KEY_BYTES: usize = 255;

/// What is asked of the API.
#[derive(Clone, Debug)]
pub struct NewRequest<'a> {
    pub method: Method,
    /// Below the base URL's path; it may begin with a slash and is percent-encoded where it must be.
    pub path: &'a str,
    /// Names and values as they are meant.
    pub query: &'a [(String, String)],
    pub body: Body<'a>,
    /// Sent where the configuration names a header for it: one key for each thing that shall happen
    /// once, the same in every try.
    pub idempotency_key: Option<&'a str>,
}

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    None,
    Json(&'a Value),
    Form(&'a [(String, String)]),
}

impl RestConfig {
    /// The request, below the base URL.
    ///
    /// # Errors
    /// [`ProviderError::Request`] says what of the request cannot be sent, [`ProviderError::Credential`]
    /// what of the secrets; neither repeats a value.
    pub fn request(
        &self,
        new: &NewRequest<'_>,
        secrets: &Secrets,
    ) -> Result<RestCall, ProviderError> {
        let query = self.encode_query(new.query)?;
        let target = self.base_url.join(new.path, &query).map_err(refused)?;
        self.request_to(&target, new, secrets)
    }

    /// The request to a target of the base URL's origin. The request's own path and query are part of
    /// the target already.
    pub(super) fn request_to(
        &self,
        target: &OutboundTarget,
        new: &NewRequest<'_>,
        secrets: &Secrets,
    ) -> Result<RestCall, ProviderError> {
        if !target.is_same_origin(&self.base_url) {
            return Err(unusable("the URL is of another origin than the base URL"));
        }
        refuse_method(&new.method, &new.body)?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, JSON);
        headers.insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
        let (content_type, body) = encode_body(&new.body)?;
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, content_type);
        }
        for (name, value) in &self.headers {
            // A type without content says nothing, and that of a form is not the tenant's to change.
            if name != CONTENT_TYPE || matches!(new.body, Body::Json(_)) {
                headers.insert(name.clone(), value.clone());
            }
        }
        let mut has_idempotency_key = false;
        if let (Some(name), Some(key)) = (&self.idempotency_header, new.idempotency_key) {
            headers.insert(name.clone(), idempotency_value(key)?);
            has_idempotency_key = true;
        }
        if let Some((name, value)) = authorization(&self.auth, secrets)? {
            headers.insert(name, value);
        }
        let keyed;
        let target = match self.auth.query_parameter() {
            None => target,
            Some(name) => {
                let key = secret(secrets, SecretName::ApiKey)?;
                let pair = encode_pairs([(name, key.expose())]);
                keyed = target.join("", &pair).map_err(refused)?;
                &keyed
            }
        };
        Ok(RestCall {
            request: assemble(new.method.clone(), target, headers, body)?,
            timeout: self.timeout(),
            max_response_bytes: self.max_response_bytes(),
            sent: Sent {
                is_repeatable: new.method.is_idempotent() || has_idempotency_key,
                has_idempotency_key,
                may_renew: self.auth.has_access_token(),
            },
        })
    }

    pub(super) fn encode_query(&self, query: &[(String, String)]) -> Result<String, ProviderError> {
        let key = self.auth.query_parameter();
        if query.iter().any(|(name, _)| key == Some(name)) {
            return Err(unusable(
                "a parameter of the query has the name of the API key's",
            ));
        }
        Ok(encode_pairs(
            query
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        ))
    }
}

pub(super) fn encode_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

pub(super) fn refused(refusal: Refusal) -> ProviderError {
    unusable(&format!("{refusal}; {}", refusal.remedy()))
}

pub(super) fn secret(secrets: &Secrets, name: SecretName) -> Result<&Secret, ProviderError> {
    secrets.get(name).ok_or_else(|| ProviderError::Credential {
        what: format!("the secret {} is not there", name.as_str()),
    })
}

/// The value of a `Basic` header, with the pair as it is (RFC 7617).
pub(super) fn basic(user: &str, password: &str) -> Result<HeaderValue, ProviderError> {
    sensitive(format!(
        "Basic {}",
        STANDARD.encode(format!("{user}:{password}"))
    ))
}

/// TRACE and CONNECT are no business of an API, and other methods are unknown to retries.
fn refuse_method(method: &Method, body: &Body<'_>) -> Result<(), ProviderError> {
    let takes_body = match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => false,
        Method::POST | Method::PUT | Method::PATCH | Method::DELETE => true,
        _ => {
            return Err(unusable(
                "the method is not one of GET, HEAD, OPTIONS, POST, PUT, PATCH and DELETE",
            ));
        }
    };
    if !takes_body && !matches!(body, Body::None) {
        return Err(unusable(
            "a request with this method has no body (RFC 9110 section 9.3)",
        ));
    }
    Ok(())
}

fn encode_body(body: &Body<'_>) -> Result<(Option<HeaderValue>, Bytes), ProviderError> {
    match body {
        Body::None => Ok((None, Bytes::new())),
        Body::Json(value) => serde_json::to_vec(value)
            .map(|body| (Some(JSON), body.into()))
            .map_err(|error| unusable(&error.to_string())),
        Body::Form(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()));
            Ok((Some(FORM), encode_pairs(pairs).into()))
        }
    }
}

/// The bare key: most APIs take it so, although the draft would have it quoted.
fn idempotency_value(key: &str) -> Result<HeaderValue, ProviderError> {
    let is_plain = (1..=MAX_IDEMPOTENCY_KEY_BYTES).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
    HeaderValue::try_from(key)
        .ok()
        .filter(|_| is_plain)
        .ok_or_else(|| {
            unusable("an idempotency key is 1 to 255 visible ASCII characters without quotes")
        })
}

fn authorization(
    auth: &Auth,
    secrets: &Secrets,
) -> Result<Option<(HeaderName, HeaderValue)>, ProviderError> {
    Ok(match auth {
        Auth::None | Auth::ApiKeyQuery { .. } => None,
        Auth::ApiKeyHeader { name, prefix } => {
            let key = secret(secrets, SecretName::ApiKey)?;
            let value = sensitive(format!("{prefix}{}", key.expose()))?;
            Some((name.clone(), value))
        }
        Auth::Bearer => {
            let token = secret(secrets, SecretName::Token)?;
            Some((AUTHORIZATION, bearer(token)?))
        }
        Auth::Basic { username } => {
            let password = secret(secrets, SecretName::Password)?;
            Some((AUTHORIZATION, basic(username, password.expose())?))
        }
        Auth::ClientCredentials(_) | Auth::RefreshToken(_) => {
            let token = secrets
                .access_token()
                .ok_or_else(|| ProviderError::Credential {
                    what: "there is no access token yet; ask for one first".to_owned(),
                })?;
            Some((AUTHORIZATION, bearer(token)?))
        }
    })
}

fn bearer(token: &Secret) -> Result<HeaderValue, ProviderError> {
    if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(no_header());
    }
    sensitive(format!("Bearer {}", token.expose()))
}

fn sensitive(text: String) -> Result<HeaderValue, ProviderError> {
    let mut value = HeaderValue::try_from(text).map_err(|_| no_header())?;
    value.set_sensitive(true);
    Ok(value)
}

fn no_header() -> ProviderError {
    ProviderError::Credential {
        what: "the secret holds a character that no header may carry".to_owned(),
    }
}
