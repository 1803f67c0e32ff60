//! The API keys that Patchbay issues.
//!
//! `pb_live_`, 30 random characters of Base62 (178 bits), and six that hold a
//! CRC-32 of the random ones: the design of GitHub's tokens, so that a scanner
//! knows a real key offline and a typing error costs no database query. The
//! checksum is no security. At 178 bits a plain SHA-256 is the right thing to
//! store (NIST SP 800-63B section 5.1.2.2); the key itself is shown once.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{Error, Result};

pub const PREFIX: &str = "pb_live_";
const RANDOM_CHARS: usize = 30;
const CHECKSUM_CHARS: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Random bytes that [`ApiKey::from_random`] wants: it leaves out one in 32 and
/// needs 30, so running short is out of the question.
pub const ENTROPY_BYTES: usize = 64;

/// A whole key. It prints as `[redacted]`; only [`ApiKey::reveal`] shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// A new key from random bytes.
    ///
    /// # Errors
    /// [`Error::KeyEntropy`] when fewer than 30 of the bytes could be used, which no random source gives.
    pub fn from_random(bytes: &[u8; ENTROPY_BYTES]) -> Result<Self> {
        // 248 = 4 · 62: a byte above would make the first letters likelier.
        let random: String = bytes
            .iter()
            .filter(|&&byte| byte < 248)
            .filter_map(|&byte| BASE62.get(usize::from(byte % 62)))
            .take(RANDOM_CHARS)
            .map(|&digit| char::from(digit))
            .collect();
        if random.len() < RANDOM_CHARS {
            return Err(Error::KeyEntropy);
        }
        let checksum = checksum(&random);
        Ok(Self(format!("{PREFIX}{random}{checksum}")))
    }

    /// A key that a caller sent; nothing says yet that we issued it.
    ///
    /// # Errors
    /// [`Error::KeyShape`] or [`Error::KeyChecksum`]; neither message contains the text.
    pub fn parse(text: &str) -> Result<Self> {
        let rest = text.strip_prefix(PREFIX).ok_or(Error::KeyShape)?;
        if rest.len() != RANDOM_CHARS + CHECKSUM_CHARS
            || !rest.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            return Err(Error::KeyShape);
        }
        let (random, given) = rest.split_at_checked(RANDOM_CHARS).ok_or(Error::KeyShape)?;
        if checksum(random) == given {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::KeyChecksum)
        }
    }

    /// The key itself, for the one answer that shows it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored and looked up: the SHA-256 of the whole key, 64 hex digits.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        sha256_hex(self.0.as_bytes())
    }

    /// What a list shows to tell keys apart: `pb_live_` and the first four characters.
    #[must_use]
    pub fn display_prefix(&self) -> &str {
        self.0.get(..PREFIX.len() + 4).unwrap_or(PREFIX)
    }

    #[must_use]
    pub fn last_four(&self) -> &str {
        self.0
            .len()
            .checked_sub(4)
            .and_then(|at| self.0.get(at..))
            .unwrap_or_default()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([redacted])")
    }
}

/// Lower-case hex of the SHA-256 of any bytes.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// CRC-32 (the polynomial of zlib) in six digits of Base62, leading zeros kept.
fn checksum(random: &str) -> String {
    let mut crc = crc32fast::hash(random.as_bytes());
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        let value = usize::try_from(crc % 62).unwrap_or_default();
        *digit = BASE62.get(value).copied().unwrap_or(b'0');
        crc /= 62;
    }
    digits.iter().map(|&digit| char::from(digit)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_checksum_is_the_published_one() {
        // The first is GitHub's published sample; the last keeps its zeros.
        for (random, expected) in [
            ("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ", "0mLq17"),
            ("0123456789abcdefghijABCDEFGHIJ", "3mpbCX"),
            ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "0uCPlr"),
            ("K00000000000000000000000000313", "00eZXi"),
        ] {
            assert_eq!(checksum(random), expected, "{random}");
        }
    }

    #[test]
    fn the_digest_is_sha_256() {
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn other_shapes_are_refused() {
        let good = "pb_live_0123456789abcdefghijABCDEFGHIJ3mpbCX";
        assert_eq!(ApiKey::parse(good).unwrap().reveal(), good);
        for bad in [
            "",
            "pb_live_",
            "pb_test_0123456789abcdefghijABCDEFGHIJ3mpbCX",
            "pb_live_0123456789abcdefghijABCDEFGHIJ3mpbC",
            "pb_live_0123456789abcdefghijABCDEFGHIJ3mpbCX ",
            "pb_live_0123456789abcdefghijABCDEFGHI-3mpbCX",
            "pb_live_0123456789abcdefghijABCDEFGHÅ3mpbCX",
        ] {
            assert_eq!(ApiKey::parse(bad), Err(Error::KeyShape), "{bad}");
        }
        let mistyped = "pb_live_0123456789abcdefghijABCDEFGHIK3mpbCX";
        assert_eq!(ApiKey::parse(mistyped), Err(Error::KeyChecksum));
    }

    #[test]
    fn a_key_shows_only_its_ends() {
        let key = ApiKey::parse("pb_live_0123456789abcdefghijABCDEFGHIJ3mpbCX").unwrap();
        assert_eq!(
            (key.display_prefix(), key.last_four()),
            ("pb_live_0123", "pbCX")
        );
        assert_eq!(format!("{key:?}"), "ApiKey([redacted])");
        assert_eq!(key.sha256_hex(), sha256_hex(key.reveal().as_bytes()));
    }

    #[test]
    fn bytes_that_would_bias_the_letters_are_left_out() {
        let mut bytes = [248; ENTROPY_BYTES];
        assert_eq!(ApiKey::from_random(&bytes), Err(Error::KeyEntropy));
        for byte in bytes.iter_mut().skip(34) {
            *byte = 247;
        }
        let key = ApiKey::from_random(&bytes).unwrap();
        assert!(
            key.reveal()
                .starts_with(&format!("{PREFIX}{}", "z".repeat(30)))
        );
    }

    proptest! {
        #[test]
        fn a_new_key_is_a_key_and_one_wrong_letter_is_not(
            bytes in proptest::collection::vec(0u8..248, ENTROPY_BYTES), at in 0usize..36, by in 1usize..62
        ) {
            let key = ApiKey::from_random(&bytes.try_into().unwrap()).unwrap();
            prop_assert_eq!(ApiKey::parse(key.reveal()).unwrap(), key.clone());
            let mut typo = key.reveal().as_bytes().to_vec();
            let digit = BASE62.iter().position(|&d| d == typo[PREFIX.len() + at]).unwrap();
            typo[PREFIX.len() + at] = BASE62[(digit + by) % 62];
            let typo = String::from_utf8(typo).unwrap();
            prop_assert_eq!(ApiKey::parse(&typo), Err(Error::KeyChecksum));
        }

        #[test]
        fn no_text_panics(text in "(pb_live_)?\\PC{0,50}") {
            let _ = ApiKey::parse(&text).is_ok();
        }
    }
}
