//! What a request proves itself with.

use http::HeaderValue;

use crate::{ProviderError, Secret};

const PRIVATE_APP_PREFIX: &str = "pat-";
/// OAuth tokens grow with the scopes they carry; a larger one would be refused by servers as a
/// header.
const MAX_TOKEN_BYTES: usize = 4 * 1024;
const UUID_LENGTH: usize = 36;

/// The access token of a private app (`pat-…`), or one that OAuth gave. It prints as `[redacted]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken(Secret);

impl AccessToken {
    /// # Errors
    /// [`ProviderError::Credential`] says what is wrong and what to do, without the token.
    pub fn parse(token: &str) -> Result<Self, ProviderError> {
        let token = token.trim();
        let refuse = |what: &str| {
            Err(ProviderError::Credential {
                what: format!("{what}; copy the access token from the private app's page Auth"),
            })
        };
        if token.is_empty() || token == PRIVATE_APP_PREFIX || token.len() > MAX_TOKEN_BYTES {
            return refuse("the token is cut, or is more than a token");
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return refuse("the token holds a space, a line break or a letter that is not ASCII");
        }
        if is_uuid(token) {
            // Both the API keys that ended in 2022 and the secrets of apps look so.
            return refuse("this is an API key of old or an app's client secret");
        }
        Ok(Self(Secret::new(token)))
    }

    /// The token itself, to be kept as a secret is kept.
    #[must_use]
    pub fn expose(&self) -> &Secret {
        &self.0
    }

    /// Whether it is of a private app, which never expires by itself.
    #[must_use]
    pub fn is_of_private_app(&self) -> bool {
        self.0.expose().starts_with(PRIVATE_APP_PREFIX)
    }

    pub(super) fn authorization(&self) -> Result<HeaderValue, ProviderError> {
        let mut value =
            HeaderValue::try_from(format!("Bearer {}", self.0.expose())).map_err(|_| {
                ProviderError::Credential {
                    what: "the token holds a character that no header may carry".to_owned(),
                }
            })?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == UUID_LENGTH
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
