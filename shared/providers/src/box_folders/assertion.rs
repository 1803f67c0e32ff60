//! The assertion with which an app asks for a token: a JWT (RFC 7523), signed with RS256.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::Id;
use super::config::AppConfig;
use super::key::SigningKey;
use crate::{ProviderError, Secret};

/// How long an assertion can be used. Box takes 60 seconds at most; half of it leaves room for a clock
/// that is off either way.
pub const LIFE_S: i64 = 30;

/// Whom the token is for. It is the same whichever host is asked.
const AUDIENCE: &str = "https://api.box.com/oauth2/token";
const NONCE_BYTES: usize = 32;

/// Whom the token acts as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The app's service account.
    ServiceAccount,
    /// A user, for apps that may make tokens for users.
    User(Id),
}

/// A signed assertion. It can be used once, and prints as `[redacted]`.
#[derive(Clone, Debug)]
pub struct Assertion(Secret);

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    box_sub_type: &'static str,
    aud: &'static str,
    jti: &'a str,
    exp: i64,
}

impl Assertion {
    /// Signs an assertion that ends [`LIFE_S`] after `now` (Unix seconds). After a failure about the
    /// time, `now` is the server's: see
    /// [`TokenFailureClass::SignAnew`](super::TokenFailureClass::SignAnew).
    ///
    /// `random` fills a buffer with bytes nobody can guess, such as those of the operating system.
    ///
    /// # Errors
    /// [`ProviderError::Request`] if the key cannot sign, which no key that was opened shows.
    pub fn sign(
        config: &AppConfig,
        key: &SigningKey,
        subject: &Subject,
        now: i64,
        mut random: impl FnMut(&mut [u8]),
    ) -> Result<Self, ProviderError> {
        let mut nonce = [0; NONCE_BYTES];
        random(&mut nonce);
        let nonce = URL_SAFE_NO_PAD.encode(nonce);
        let (sub, box_sub_type) = match subject {
            Subject::ServiceAccount => (config.enterprise_id.as_str(), "enterprise"),
            Subject::User(id) => (id.as_str(), "user"),
        };
        let header = part(&Header {
            alg: "RS256",
            typ: "JWT",
            kid: &config.public_key_id,
        })?;
        let claims = part(&Claims {
            iss: &config.client_id,
            sub,
            box_sub_type,
            aud: AUDIENCE,
            jti: &nonce,
            exp: now.saturating_add(LIFE_S),
        })?;
        let signed = format!("{header}.{claims}");
        let signature = key.sign(signed.as_bytes(), &mut random)?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        Ok(Self(Secret::new(format!("{signed}.{signature}"))))
    }

    pub(super) fn expose(&self) -> &Secret {
        &self.0
    }
}

fn part(value: &impl Serialize) -> Result<String, ProviderError> {
    serde_json::to_vec(value)
        .map(|json| URL_SAFE_NO_PAD.encode(json))
        .map_err(|error| ProviderError::Request {
            what: error.to_string(),
        })
}
