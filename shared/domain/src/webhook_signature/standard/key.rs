//! The keys of Standard Webhooks as they are shown: `whsec_`, `whsk_`, `whpk_`.

use std::fmt;
use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

/// So many random bytes are in a secret.
pub const SECRET_BYTES: RangeInclusive<usize> = 24..=64;

const SECRET_PREFIX: &str = "whsec_";
const SEED_PREFIX: &str = "whsk_";
const PUBLIC_PREFIX: &str = "whpk_";

/// The libraries read a secret without its padding, so people have such.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("what follows the prefix of the key is not base64; copy the whole key again")]
    Base64,
    #[error("a secret of Standard Webhooks holds 24 to 64 bytes; copy the whole key again")]
    SecretLength,
    #[error("a key that starts with whsk_ or whpk_ holds 32 bytes; copy the whole key again")]
    Ed25519Length,
    #[error("the public key is none of Ed25519; copy the whole key again")]
    Ed25519Point,
    #[error("a key that starts with whpk_ is public and signs nothing; use the one with whsk_")]
    PublicCannotSign,
}

/// A new secret that both sides share, from random bytes.
#[must_use]
pub fn secret_from(bytes: &[u8; 32]) -> String {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes))
}

/// A new private key that only we have, from random bytes; who receives gets
/// [`SigningKey::public_text`].
#[must_use]
pub fn signing_seed_from(bytes: &[u8; 32]) -> String {
    format!("{SEED_PREFIX}{}", STANDARD.encode(bytes))
}

/// A key to sign with. It does not print itself.
#[derive(Clone)]
pub struct SigningKey(Signing);

#[derive(Clone)]
pub(super) enum Signing {
    Hmac(Vec<u8>),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

impl SigningKey {
    /// From `whsec_…`, the same without the prefix, or `whsk_…`.
    ///
    /// # Errors
    /// [`KeyError`], without the text.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if text.starts_with(PUBLIC_PREFIX) {
            return Err(KeyError::PublicCannotSign);
        }
        if let Some(seed) = text.strip_prefix(SEED_PREFIX) {
            let seed = ed25519_dalek::SigningKey::from_bytes(&ed25519_bytes(seed)?);
            return Ok(Self(Signing::Ed25519(Box::new(seed))));
        }
        secret_bytes(text).map(|bytes| Self(Signing::Hmac(bytes)))
    }

    /// The `whpk_…` with which others verify; `None` for a shared secret, which nobody may see.
    #[must_use]
    pub fn public_text(&self) -> Option<String> {
        match &self.0 {
            Signing::Hmac(_) => None,
            Signing::Ed25519(seed) => Some(format!(
                "{PUBLIC_PREFIX}{}",
                STANDARD.encode(seed.verifying_key().as_bytes())
            )),
        }
    }

    pub(super) fn material(&self) -> &Signing {
        &self.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey([redacted])")
    }
}

/// A key to verify with. It does not print itself.
#[derive(Clone)]
pub struct VerifyingKey(Verifying);

#[derive(Clone)]
pub(super) enum Verifying {
    Hmac(Vec<u8>),
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
}

impl VerifyingKey {
    /// From `whsec_…`, the same without the prefix, `whpk_…`, or the `whsk_…` that belongs to one.
    ///
    /// # Errors
    /// [`KeyError`], without the text.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        if let Some(public) = text.strip_prefix(PUBLIC_PREFIX) {
            let public = ed25519_dalek::VerifyingKey::from_bytes(&ed25519_bytes(public)?)
                .ok()
                // With such a point, somebody who has no key at all can sign.
                .filter(|public| !public.is_weak())
                .ok_or(KeyError::Ed25519Point)?;
            return Ok(Self(Verifying::Ed25519(Box::new(public))));
        }
        SigningKey::parse(text).map(|key| match key.0 {
            Signing::Hmac(bytes) => Self(Verifying::Hmac(bytes)),
            Signing::Ed25519(seed) => Self(Verifying::Ed25519(Box::new(seed.verifying_key()))),
        })
    }

    pub(super) fn material(&self) -> &Verifying {
        &self.0
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifyingKey([redacted])")
    }
}

fn secret_bytes(text: &str) -> Result<Vec<u8>, KeyError> {
    let encoded = text.strip_prefix(SECRET_PREFIX).unwrap_or(text);
    let bytes = LENIENT.decode(encoded).map_err(|_| KeyError::Base64)?;
    if SECRET_BYTES.contains(&bytes.len()) {
        Ok(bytes)
    } else {
        Err(KeyError::SecretLength)
    }
}

fn ed25519_bytes(encoded: &str) -> Result<[u8; 32], KeyError> {
    LENIENT
        .decode(encoded)
        .map_err(|_| KeyError::Base64)?
        .try_into()
        .map_err(|_| KeyError::Ed25519Length)
}
