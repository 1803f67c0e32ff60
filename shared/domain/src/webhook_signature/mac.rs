//! Codes of authentication, how they are written, and the search for the key that made one.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use super::{Key, Rejection};

/// HMAC-SHA256 of the parts one after the other. `None` for an empty key: anybody could sign with it.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(non_empty(key)?).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().into())
}

/// HMAC-SHA1, as [`hmac_sha256`]; only Twilio still signs with it.
pub fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> Option<[u8; 20]> {
    let mut mac = Hmac::<Sha1>::new_from_slice(non_empty(key)?).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().into())
}

/// The SHA-256 of the key and the parts, which is how HubSpot signs in its older versions.
pub fn keyed_sha256(key: &[u8], parts: &[&[u8]]) -> Option<[u8; 32]> {
    let mut hash = Sha256::new_with_prefix(non_empty(key)?);
    for part in parts {
        hash.update(part);
    }
    Some(hash.finalize().into())
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn non_empty(key: &[u8]) -> Option<&[u8]> {
    (!key.is_empty()).then_some(key)
}

/// Exactly `N` bytes as lower-case hex: the providers compare the text, so capitals are wrong.
pub fn lower_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    any_hex(text)
}

/// Exactly `N` bytes as hex in either case.
pub fn any_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

/// Exactly `N` bytes as base64 with its padding, in the one way that they are written.
pub fn base64<const N: usize>(text: &str) -> Option<[u8; N]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// The search for the key that made a signature. It goes on when it has found one, so that its
/// time does not tell which.
pub struct Search {
    found: Choice,
    index: u64,
    has_usable: bool,
}

impl Search {
    pub fn new() -> Self {
        Self {
            found: Choice::from(0),
            index: 0,
            has_usable: false,
        }
    }

    /// Notes that a key can be used with the scheme.
    pub fn note_usable(&mut self) {
        self.has_usable = true;
    }

    /// Notes whether the key at `index` made a signature.
    pub fn note(&mut self, index: usize, made: Choice) {
        let is_first = made & !self.found;
        // An index is no wider than 64 bits on any machine there is.
        self.index
            .conditional_assign(&u64::try_from(index).unwrap_or(u64::MAX), is_first);
        self.found |= made;
    }

    /// The first of the keys that made a signature.
    ///
    /// # Errors
    /// [`Rejection::NoKey`], [`Rejection::UnusableKey`], or `otherwise`.
    pub fn found<'k>(
        self,
        keys: &[Key<'k>],
        otherwise: Rejection,
    ) -> Result<(usize, &'k str), Rejection> {
        if keys.is_empty() {
            return Err(Rejection::NoKey);
        }
        if !self.has_usable {
            return Err(Rejection::UnusableKey);
        }
        if !bool::from(self.found) {
            return Err(otherwise);
        }
        usize::try_from(self.index)
            .ok()
            .and_then(|index| Some((index, keys.get(index)?.id)))
            .ok_or(otherwise)
    }
}

/// The id of the key that made one of the signatures. `codes` gives what a key makes of the
/// delivery, once for each text that the provider may have signed; `None` where a key cannot be used.
///
/// # Errors
/// [`Rejection::NoKey`], [`Rejection::UnusableKey`], [`Rejection::WrongSignature`].
pub fn signer<const N: usize, const TEXTS: usize>(
    keys: &[Key<'_>],
    signatures: &[[u8; N]],
    codes: impl Fn(&Key<'_>) -> Option<[[u8; N]; TEXTS]>,
) -> Result<String, Rejection> {
    let mut search = Search::new();
    for (index, key) in keys.iter().enumerate() {
        let Some(codes) = codes(key) else { continue };
        search.note_usable();
        for code in codes {
            for signature in signatures {
                search.note(index, code.ct_eq(signature));
            }
        }
    }
    let (_, id) = search.found(keys, Rejection::WrongSignature)?;
    Ok(id.to_owned())
}

/// The key whose secret is this token. Their hashes are compared, so that the time does not tell
/// the length of the secret either.
///
/// # Errors
/// [`Rejection::NoKey`], [`Rejection::UnusableKey`], [`Rejection::WrongToken`].
pub fn bearer(keys: &[Key<'_>], token: &str) -> Result<String, Rejection> {
    let token = sha256(token.as_bytes());
    let mut search = Search::new();
    for (index, key) in keys.iter().enumerate() {
        if !key.secret.is_empty() {
            search.note_usable();
            search.note(index, sha256(key.secret.as_bytes()).ct_eq(&token));
        }
    }
    let (_, id) = search.found(keys, Rejection::WrongToken)?;
    Ok(id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key<'a>(id: &'a str, secret: &'a str) -> Key<'a> {
        Key { id, secret }
    }

    #[test]
    fn hex_and_base64_are_read_strictly() {
        assert_eq!(lower_hex::<2>("0aff"), Some([0x0a, 0xff]));
        for text in ["0aFF", "0af", "0aff0", "0aff00", "0agg", "", " 0aff"] {
            assert_eq!(lower_hex::<2>(text), None, "{text:?}");
        }
        assert_eq!(any_hex::<2>("0aFF"), Some([0x0a, 0xff]));
        assert_eq!(base64::<2>("Cv8="), Some([0x0a, 0xff]));
        // Without padding, too much of it, bits that no byte holds, the URL alphabet, a line break.
        for text in ["Cv8", "Cv8==", "Cv9=", "Cv-_", "Cv8=\n", "", "Cv8A"] {
            assert_eq!(base64::<2>(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_first_of_the_keys_that_signed_is_named() {
        let code = |text: &str| hmac_sha256(text.as_bytes(), &[b"body"]).unwrap();
        let keys = [key("a", "1"), key("b", "2"), key("c", "2"), key("d", "3")];
        let search = |signatures: &[[u8; 32]]| {
            signer(&keys, signatures, |key| {
                Some([hmac_sha256(key.secret.as_bytes(), &[b"bo", b"dy"])?])
            })
        };
        assert_eq!(search(&[code("2")]), Ok("b".to_owned()));
        assert_eq!(search(&[code("3"), code("2")]), Ok("b".to_owned()));
        assert_eq!(search(&[code("x"), code("1")]), Ok("a".to_owned()));
        assert_eq!(search(&[code("x")]), Err(Rejection::WrongSignature));
        assert_eq!(search(&[]), Err(Rejection::WrongSignature));
    }

    #[test]
    fn an_empty_key_signs_nothing() {
        assert_eq!(hmac_sha256(b"", &[b"body"]), None);
        assert_eq!(hmac_sha1(b"", &[b"body"]), None);
        assert_eq!(keyed_sha256(b"", &[b"body"]), None);
        assert_eq!(bearer(&[], "t"), Err(Rejection::NoKey));
        assert_eq!(bearer(&[key("a", "")], ""), Err(Rejection::UnusableKey));
        assert_eq!(
            bearer(&[key("a", ""), key("b", "t")], "t"),
            Ok("b".to_owned())
        );
        assert_eq!(bearer(&[key("b", "t")], ""), Err(Rejection::WrongToken));
        assert_eq!(bearer(&[key("b", "t")], "tt"), Err(Rejection::WrongToken));
    }
}
