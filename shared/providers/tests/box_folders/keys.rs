//! A key pair that is made for the tests, and the ways in which it can be encrypted.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::EncodePrivateKey as _;
use pkcs8::der::Encode as _;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::pkcs5::pbes2::{EncryptionScheme, Kdf, Parameters, Pbkdf2Params, Pbkdf2Prf};
use rsa::rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest as _, Sha256};

pub const PASSPHRASE: &str = "correct horse é";

pub fn key() -> &'static rsa::PrivateKey {
    static KEY: OnceLock<rsa::PrivateKey> = OnceLock::new();
    KEY.get_or_init(|| rsa::PrivateKey::new(&mut Hashes::new(1), 2048).unwrap())
}

/// As the console encrypts today: HMAC-SHA-256 and triple DES.
pub fn pem() -> String {
    static PEM: OnceLock<String> = OnceLock::new();
    PEM.get_or_init(|| sealed(&parameters(Pbkdf2Prf::HmacWithSha256, 2_048, triple_des())))
        .clone()
}

pub fn triple_des() -> EncryptionScheme {
    EncryptionScheme::DesEde3Cbc { iv: *b"8 bytes." }
}

pub fn aes() -> EncryptionScheme {
    EncryptionScheme::Aes256Cbc {
        iv: *b"sixteen bytes...",
    }
}

pub fn parameters(prf: Pbkdf2Prf, rounds: u32, encryption: EncryptionScheme) -> Parameters {
    let mut pbkdf2 = Pbkdf2Params::hmac_sha256(rounds, b"saltsalt").unwrap();
    pbkdf2.prf = prf;
    Parameters {
        kdf: Kdf::Pbkdf2(pbkdf2),
        encryption,
    }
}

pub fn sealed(parameters: &Parameters) -> String {
    let plain = key().to_pkcs8_der().unwrap();
    let sealed = parameters.encrypt(PASSPHRASE, plain.as_bytes()).unwrap();
    in_pem(parameters, &sealed)
}

pub fn in_pem(parameters: &Parameters, sealed: &[u8]) -> String {
    let der = pkcs8::EncryptedPrivateKeyInfoRef {
        encryption_algorithm: parameters.clone().into(),
        encrypted_data: OctetStringRef::new(sealed).unwrap(),
    }
    .to_der()
    .unwrap();
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n{}\n-----END ENCRYPTED PRIVATE KEY-----\n",
        lines.join("\n")
    )
}

/// Bytes that look random, the same each time.
pub struct Hashes {
    seed: u64,
    count: u64,
}

impl Hashes {
    pub fn new(seed: u64) -> Self {
        Self { seed, count: 0 }
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            self.count += 1;
            let input = [self.seed.to_le_bytes(), self.count.to_le_bytes()].concat();
            chunk.copy_from_slice(&Sha256::digest(input)[..chunk.len()]);
        }
    }
}

impl TryRng for Hashes {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Hashes {}
