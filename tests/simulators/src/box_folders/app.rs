//! Apps with a service account, and the keys they sign with.

use std::fmt;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::EncodePrivateKey as _;
use pkcs8::der::Encode as _;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::pkcs5::pbes2;
use rand::{RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::sha2::Sha256;
use serde::Serialize;
use serde_json::{Value, json};

const KEY_BITS: usize = 2048;
/// As Box's console does.
const ROUNDS: u32 = 2_048;

/// An app that was made in the developer console.
#[derive(Clone, Debug, Serialize)]
pub struct App {
    pub client_id: String,
    pub client_secret: String,
    pub public_key_id: String,
    pub passphrase: String,
    /// The user that the app is.
    pub service_account: String,
    /// Whether an administrator of the enterprise has authorized it.
    pub is_authorized: bool,
    /// Whether it may name a user to act as.
    pub may_act_as_users: bool,
    #[serde(skip)]
    pub key: KeyPair,
}

impl App {
    /// The file that the console offers for download.
    pub fn config(&self, enterprise_id: &str) -> Value {
        json!({
            "boxAppSettings": {
                "clientID": self.client_id,
                "clientSecret": self.client_secret,
                "appAuth": {
                    "publicKeyID": self.public_key_id,
                    "privateKey": self.key.encrypted_pem(&self.passphrase),
                    "passphrase": self.passphrase,
                },
            },
            "enterpriseID": enterprise_id,
        })
    }
}

/// A key pair that is good for nothing but simulators.
#[derive(Clone)]
pub struct KeyPair(Arc<rsa::PrivateKey>);

impl KeyPair {
    /// The pair that the demo has. It is made once in a process, and is the same in each.
    pub fn demo() -> Self {
        static DEMO: OnceLock<KeyPair> = OnceLock::new();
        DEMO.get_or_init(|| Self::generate(1)).clone()
    }

    /// The same seed makes the same pair.
    ///
    /// # Panics
    /// Never: the generator does not fail, and the size is one that keys have.
    #[must_use]
    pub fn generate(seed: u64) -> Self {
        let mut random = Random(ChaCha8Rng::seed_from_u64(seed));
        #[expect(
            clippy::expect_used,
            reason = "neither the generator nor the size can fail"
        )]
        let key = rsa::PrivateKey::new(&mut random, KEY_BITS).expect("a key of 2048 bits");
        Self(Arc::new(key))
    }

    /// Whether a signature (RS256) of a message is of this pair.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0
            .as_public_key()
            .pkcs1v15_verify::<Sha256>(message, signature)
            .is_ok()
    }

    /// A signature (RS256), for tests that sign what they like.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.pkcs1v15_sign::<Sha256>(message).unwrap_or_default()
    }

    /// PKCS#8, encrypted as Box's console does: PBKDF2 with HMAC-SHA-256, triple DES.
    #[must_use]
    pub fn encrypted_pem(&self, passphrase: &str) -> String {
        let der = self.encrypted_der(passphrase).unwrap_or_default();
        let text = STANDARD.encode(der);
        let lines: Vec<String> = text
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        format!(
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\n{}\n-----END ENCRYPTED PRIVATE KEY-----\n",
            lines.join("\n")
        )
    }

    fn encrypted_der(&self, passphrase: &str) -> Option<Vec<u8>> {
        let plain = self.0.to_pkcs8_der().ok()?;
        let parameters = pbes2::Parameters {
            kdf: pbes2::Pbkdf2Params::hmac_sha256(ROUNDS, b"salt4sim")
                .ok()?
                .into(),
            encryption: pbes2::EncryptionScheme::DesEde3Cbc { iv: *b"iv of 8b" },
        };
        let sealed = parameters.encrypt(passphrase, plain.as_bytes()).ok()?;
        pkcs8::EncryptedPrivateKeyInfoRef {
            encryption_algorithm: parameters.into(),
            encrypted_data: OctetStringRef::new(&sealed).ok()?,
        }
        .to_der()
        .ok()
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyPair")
    }
}

/// Our generator, as the key's crate wants one.
struct Random(ChaCha8Rng);

impl TryRng for Random {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Random {}
