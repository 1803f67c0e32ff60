//! Standard Webhooks 1.0.0: what arrives is verified, what we send is signed.
//!
//! The signed text is `{id}.{timestamp}.{body}`. Version `v1` is HMAC-SHA256 with a secret that both
//! sides have, `v1a` is Ed25519. A header holds one signature for each live key of the sender.
//! Svix, where the standard comes from, sends the same under names of its own.

mod key;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer as _;
use subtle::ConstantTimeEq as _;

pub use key::{KeyError, SECRET_BYTES, SigningKey, VerifyingKey, secret_from, signing_seed_from};

use super::{Delivery, Key, MAX_ID_BYTES, Options, Outcome, Rejection, Verified};
use super::{clock, headers, mac, payload};

/// More signatures than this in one header are none of a rotation, and each costs time.
pub const MAX_SIGNATURES: usize = 16;

const VERSION: &str = "v1";
const VERSION_ED25519: &str = "v1a";

/// The names of the three headers.
struct Names {
    id: &'static str,
    timestamp: &'static str,
    signature: &'static str,
}

const NAMES: Names = Names {
    id: "webhook-id",
    timestamp: "webhook-timestamp",
    signature: "webhook-signature",
};

const SVIX_NAMES: Names = Names {
    id: "svix-id",
    timestamp: "svix-timestamp",
    signature: "svix-signature",
};

/// Why something cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    #[error("the id of a webhook is 1 to 255 letters, digits and signs without a full stop")]
    Id,
    #[error("the time of a webhook is in Unix seconds, not before 1970")]
    Timestamp,
    #[error("a webhook is signed with at least one key and at most 16; there were {0}")]
    Keys(usize),
}

/// The value of the header `webhook-signature`, with one signature for each key. `id` stays the
/// same when a webhook is sent again; `timestamp` is that of the attempt, in Unix seconds.
///
/// # Errors
/// [`SigningError`]: nobody could verify the signature, or tell one text from another.
pub fn sign(
    keys: &[SigningKey],
    id: &str,
    timestamp: i64,
    body: &[u8],
) -> Result<String, SigningError> {
    if !is_id(id) {
        return Err(SigningError::Id);
    }
    if timestamp < 0 {
        return Err(SigningError::Timestamp);
    }
    if !(1..=MAX_SIGNATURES).contains(&keys.len()) {
        return Err(SigningError::Keys(keys.len()));
    }
    let timestamp = timestamp.to_string();
    let text = SignedText {
        id,
        timestamp: &timestamp,
        body,
    };
    let entries: Vec<_> = keys.iter().filter_map(|key| text.entry(key)).collect();
    Ok(entries.join(" "))
}

pub(super) fn verify(
    options: &Options,
    delivery: &Delivery<'_>,
    keys: &[Key<'_>],
    now: i64,
) -> Result<Outcome, Rejection> {
    let names = names(delivery)?;
    let id = headers::required_id(delivery, names.id)?;
    if !is_id(id) {
        return Err(Rejection::malformed(
            names.id,
            "has a full stop in it, which would make the signed text ambiguous",
        ));
    }
    let timestamp = headers::required(delivery, names.timestamp)?;
    let sent_at = clock::timestamp(names.timestamp, timestamp)?;
    let signatures = Signatures::read(
        names.signature,
        headers::required(delivery, names.signature)?,
    )?;
    let text = SignedText {
        id,
        timestamp,
        body: delivery.body,
    };
    let key_id = signer(keys, &signatures, &text)?;
    clock::check(
        sent_at.saturating_mul(1_000),
        options.tolerance_seconds(),
        now,
    )?;
    let event = payload::members(delivery.body, ["type"]).and_then(|[event]| event);
    Ok(Outcome::Event(Verified {
        key_id: Some(key_id),
        delivery_id: Some(id.to_owned()),
        event: payload::label(event),
        sent_at: Some(sent_at),
        ..Verified::default()
    }))
}

/// Svix's names where its signature is there, as its libraries prefer them.
fn names(delivery: &Delivery<'_>) -> Result<Names, Rejection> {
    let svix = headers::optional(delivery, SVIX_NAMES.signature)?;
    Ok(if svix.is_some() { SVIX_NAMES } else { NAMES })
}

/// The standard forbids a full stop in the id, which would let the id and the timestamp of one text
/// be read in two ways.
fn is_id(id: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'.')
}

struct SignedText<'a> {
    id: &'a str,
    timestamp: &'a str,
    body: &'a [u8],
}

impl SignedText<'_> {
    fn parts(&self) -> [&[u8]; 5] {
        let Self {
            id,
            timestamp,
            body,
        } = self;
        [id.as_bytes(), b".", timestamp.as_bytes(), b".", body]
    }

    fn hmac(&self, secret: &[u8]) -> Option<[u8; 32]> {
        mac::hmac_sha256(secret, &self.parts())
    }

    /// One entry of the header. There is one for every key: a secret that was parsed is not empty.
    fn entry(&self, key: &SigningKey) -> Option<String> {
        Some(match key.material() {
            key::Signing::Hmac(secret) => {
                format!("{VERSION},{}", STANDARD.encode(self.hmac(secret)?))
            }
            key::Signing::Ed25519(seed) => {
                let signature = seed.sign(&self.joined()).to_bytes();
                format!("{VERSION_ED25519},{}", STANDARD.encode(signature))
            }
        })
    }

    /// Ed25519 reads its text twice, so it has to lie in one piece.
    fn joined(&self) -> Vec<u8> {
        self.parts().concat()
    }
}

#[derive(Default)]
struct Signatures {
    hmac: Vec<[u8; 32]>,
    ed25519: Vec<[u8; 64]>,
}

impl Signatures {
    /// Entries of other versions are somebody else's to read; those of ours have to be well formed.
    fn read(header: &'static str, text: &str) -> Result<Self, Rejection> {
        let mut signatures = Self::default();
        for (index, entry) in text.split(' ').enumerate() {
            if index >= MAX_SIGNATURES {
                return Err(Rejection::malformed(header, "has more than 16 signatures"));
            }
            let malformed = |problem| Rejection::malformed(header, problem);
            let (version, signature) = entry
                .split_once(',')
                .ok_or_else(|| malformed("has an entry without a comma"))?;
            let not_base64 = || malformed("has a signature that is not base64 of its length");
            match version {
                VERSION => signatures
                    .hmac
                    .push(mac::base64(signature).ok_or_else(not_base64)?),
                VERSION_ED25519 => signatures
                    .ed25519
                    .push(mac::base64(signature).ok_or_else(not_base64)?),
                _ => {}
            }
        }
        if signatures.hmac.is_empty() && signatures.ed25519.is_empty() {
            return Err(Rejection::version(header, "v1 and v1a"));
        }
        Ok(signatures)
    }
}

fn signer(
    keys: &[Key<'_>],
    signatures: &Signatures,
    text: &SignedText<'_>,
) -> Result<String, Rejection> {
    let mut search = mac::Search::new();
    let mut joined = None;
    for (index, key) in keys.iter().enumerate() {
        let Ok(key) = VerifyingKey::parse(key.secret) else {
            continue;
        };
        match key.material() {
            key::Verifying::Hmac(secret) => {
                let Some(code) = text.hmac(secret) else {
                    continue;
                };
                search.note_usable();
                for signature in &signatures.hmac {
                    search.note(index, code.ct_eq(signature));
                }
            }
            key::Verifying::Ed25519(public) => {
                search.note_usable();
                for signature in &signatures.ed25519 {
                    let text = joined.get_or_insert_with(|| text.joined());
                    let signature = ed25519_dalek::Signature::from_bytes(signature);
                    // Nothing here is secret: the key is public.
                    let made = public.verify_strict(text, &signature).is_ok();
                    search.note(index, u8::from(made).into());
                }
            }
        }
    }
    let (_, id) = search.found(keys, Rejection::WrongSignature)?;
    Ok(id.to_owned())
}

#[cfg(test)]
mod tests;
