//! PKCE (RFC 7636): who exchanges a code is who asked for it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::{ProviderError, Secret};

const MIN_CHARS: usize = 43;
const MAX_CHARS: usize = 128;

/// A code verifier: kept until the code comes, and sent with it. It prints as `[redacted]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier(Secret);

impl Verifier {
    /// From 32 random bytes, as RFC 7636 section 4.1 recommends: 43 characters.
    #[must_use]
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// One that was kept.
    ///
    /// # Errors
    /// [`ProviderError::Credential`] if it is not 43 to 128 unreserved characters.
    pub fn parse(text: &str) -> Result<Self, ProviderError> {
        let is_verifier = (MIN_CHARS..=MAX_CHARS).contains(&text.len())
            && text.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
            });
        if is_verifier {
            Ok(Self(Secret::new(text)))
        } else {
            Err(ProviderError::Credential {
                what: "a code verifier is 43 to 128 letters, digits and -._~ (RFC 7636)".to_owned(),
            })
        }
    }

    /// What the authorization request shows of it, by the method `S256`.
    #[must_use]
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.expose()))
    }

    /// The verifier itself, to be kept as a secret is kept.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}
