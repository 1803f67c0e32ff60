//! The private key of an app.
//!
//! Box's console encrypts it by PBES2 with PBKDF2 (2,048 rounds of HMAC-SHA-1, in newer files SHA-256)
//! and triple DES; keys that people make themselves mostly come with AES.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::{DecodePrivateKey as _, EncryptedPrivateKeyInfoRef};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::sha2::Sha256;
use rsa::traits::PublicKeyParts as _;

use super::config::refused;
use crate::ProviderError;

const BEGIN: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
const END: &str = "-----END ENCRYPTED PRIVATE KEY-----";

/// A key of 4096 bits has 2.4 KiB.
const MAX_KEY_BYTES: usize = 4 * 1024;
/// Of 2048 to 4096 bits: less is not safe, more would keep the neighbours of a request waiting.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=512;
/// A hundred times what Box and OpenSSL use; some tenths of a second.
const MAX_ROUNDS: u32 = 200_000;
/// Blinding takes a number below the modulus, by trial. This is a hundred trials and more.
const MAX_RANDOM_BYTES: usize = 64 * 1024;

/// A private key, opened. It does not print.
#[derive(Clone)]
pub struct SigningKey(rsa::PrivateKey);

impl SigningKey {
    /// Opens an encrypted PKCS#8 key in PEM. Line ends do not matter, and may be written as `\n`.
    pub(super) fn open(pem: &str, passphrase: &str) -> Result<Self, ProviderError> {
        let der = der(pem)?;
        let sealed = EncryptedPrivateKeyInfoRef::try_from(der.as_slice())
            .map_err(|_| key_refused("is encrypted in a way that is not supported"))?;
        check_cost(&sealed.encryption_algorithm)?;
        // Padding betrays most wrong passphrases, and what the key is made of the rest.
        let opened = sealed
            .decrypt(passphrase)
            .map_err(|_| key_refused("cannot be opened with boxAppSettings.appAuth.passphrase"))?;
        let key = rsa::PrivateKey::from_pkcs8_der(opened.as_bytes()).map_err(|_| {
            key_refused(
                "is not an RSA key, or boxAppSettings.appAuth.passphrase is not the one it was encrypted with",
            )
        })?;
        if !MODULUS_BYTES.contains(&key.size()) {
            return Err(key_refused("has fewer than 2048 or more than 4096 bits"));
        }
        Ok(Self(key))
    }

    /// An RS256 signature. `random` fills a buffer with bytes nobody can guess: they blind the key's
    /// operation, so that how long it takes tells nothing about the key.
    pub(super) fn sign(
        &self,
        message: &[u8],
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<Vec<u8>, ProviderError> {
        let mut random = Random {
            fill: random,
            left: MAX_RANDOM_BYTES,
        };
        self.0
            .pkcs1v15_sign_with_rng::<Sha256, _>(&mut random, message)
            .map_err(|_| ProviderError::Request {
                what: "the assertion could not be signed".to_owned(),
            })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

fn key_refused(what: &str) -> ProviderError {
    refused(&format!("boxAppSettings.appAuth.privateKey {what}"))
}

fn der(pem: &str) -> Result<Vec<u8>, ProviderError> {
    // Environment variables and forms often keep the escapes of the file.
    let pem = pem.replace("\\r", "").replace("\\n", "\n");
    let Some((_, rest)) = pem.split_once(BEGIN) else {
        return Err(key_refused(if pem.contains("-----BEGIN") {
            "is not an encrypted PKCS#8 key (openssl pkcs8 -topk8 makes one of another)"
        } else {
            "is not a key in PEM"
        }));
    };
    let (body, _) = rest
        .split_once(END)
        .ok_or_else(|| key_refused("is cut: its last line is missing"))?;
    let body: String = body.split_ascii_whitespace().collect();
    STANDARD
        .decode(body)
        .ok()
        .filter(|der| der.len() <= MAX_KEY_BYTES)
        .ok_or_else(|| key_refused("is damaged, or is no key"))
}

/// How long opening takes is chosen by who wrote the key.
fn check_cost(scheme: &EncryptionScheme) -> Result<(), ProviderError> {
    let kdf = scheme
        .pbes2()
        .and_then(|parameters| parameters.kdf.pbkdf2())
        .ok_or_else(|| key_refused("is encrypted with something else than PBES2 and PBKDF2"))?;
    if kdf.iteration_count > MAX_ROUNDS {
        return Err(key_refused(
            "is encrypted with more than 200,000 rounds of PBKDF2",
        ));
    }
    Ok(())
}

/// The caller's randomness, as much as a signature may take.
struct Random<'a> {
    fill: &'a mut dyn FnMut(&mut [u8]),
    left: usize,
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the random bytes given do not look random")]
struct NotRandom;

impl TryRng for Random<'_> {
    type Error = NotRandom;

    fn try_next_u32(&mut self) -> Result<u32, NotRandom> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, NotRandom> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), NotRandom> {
        self.left = self.left.checked_sub(bytes.len()).ok_or(NotRandom)?;
        (self.fill)(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Random<'_> {}
