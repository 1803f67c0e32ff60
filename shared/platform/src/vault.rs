//! Seals credentials before they touch the database.
//!
//! The format is Fernet by its published specification (AES-128-CBC and HMAC-SHA256), so that any
//! Fernet library opens a backup. Fernet binds nothing to the place where a token is stored, so
//! what is sealed contains organization, connector and field beside the secret, and opening checks
//! them: a row moved elsewhere opens nothing.
//!
//! Keys come from the variable `vault_keys`, separated by commas or blanks: the first seals, all
//! open. To rotate, put a new key first, let the sweep re-seal, then remove the old one.

use std::fmt;

use fernet::Fernet;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::variables;

/// Where a sealed secret lives; opening anywhere else fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    pub organization_id: &'a str,
    pub connector_id: &'a str,
    pub field: &'a str,
}

/// A secret in the clear. Prints as `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// A sealed secret and the fingerprint of the key that sealed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub token: String,
    pub sealed_by: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    #[error(
        "the variable vault_keys is not set: give it at least one Fernet key (32 random bytes in URL-safe base64)"
    )]
    NoKeys,
    #[error(
        "key {position} of the variable vault_keys is not a Fernet key (32 random bytes in URL-safe base64)"
    )]
    BadKey { position: usize },
    #[error(
        "no key of vault_keys opens this credential: put the key that sealed it back into the list"
    )]
    CannotOpen,
    #[error("this credential was sealed for another place and is refused")]
    WrongPlace,
}

/// The keys in force.
pub struct Vault {
    keys: Vec<Key>,
}

struct Key {
    fernet: Fernet,
    fingerprint: String,
}

#[derive(Serialize, Deserialize)]
struct Contents<'a> {
    organization_id: &'a str,
    connector_id: &'a str,
    field: &'a str,
    secret: &'a str,
}

#[derive(Deserialize)]
struct OpenedContents {
    organization_id: String,
    connector_id: String,
    field: String,
    secret: String,
}

impl Vault {
    /// The vault with the keys of the variable `vault_keys`.
    ///
    /// # Errors
    /// When the variable is missing or a key is malformed; the error never shows a key.
    pub async fn open() -> Result<Self, VaultError> {
        Self::with_keys(&variables::get("vault_keys").await.unwrap_or_default())
    }

    fn with_keys(text: &str) -> Result<Self, VaultError> {
        let keys = text
            .split(|character: char| character == ',' || character.is_whitespace())
            .filter(|key| !key.is_empty())
            .enumerate()
            .map(|(index, key)| {
                let fernet = Fernet::new(key).ok_or(VaultError::BadKey {
                    position: index + 1,
                })?;
                let fingerprint = hex::encode(Sha256::digest(key.trim_end_matches('=')).as_slice());
                Ok(Key {
                    fernet,
                    fingerprint: fingerprint.chars().take(16).collect(),
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(VaultError::NoKeys);
        }
        Ok(Self { keys })
    }

    /// The fingerprint of the key that seals now.
    #[must_use]
    pub fn sealing_key(&self) -> &str {
        self.keys.first().map_or("", |key| key.fingerprint.as_str())
    }

    /// # Errors
    /// [`VaultError::NoKeys`] only, which [`Vault::open`] has excluded.
    pub fn seal(&self, place: Place<'_>, secret: &Secret) -> Result<Sealed, VaultError> {
        let key = self.keys.first().ok_or(VaultError::NoKeys)?;
        let contents = Contents {
            organization_id: place.organization_id,
            connector_id: place.connector_id,
            field: place.field,
            secret: secret.expose(),
        };
        let clear = serde_json::to_vec(&contents).map_err(|_| VaultError::CannotOpen)?;
        Ok(Sealed {
            token: key.fernet.encrypt(&clear),
            sealed_by: key.fingerprint.clone(),
        })
    }

    /// # Errors
    /// [`VaultError::CannotOpen`] when no key fits, [`VaultError::WrongPlace`] when the contents
    /// belong elsewhere.
    pub fn unseal(&self, place: Place<'_>, token: &str) -> Result<Secret, VaultError> {
        let clear = self
            .keys
            .iter()
            .find_map(|key| key.fernet.decrypt(token).ok())
            .ok_or(VaultError::CannotOpen)?;
        let opened: OpenedContents =
            serde_json::from_slice(&clear).map_err(|_| VaultError::CannotOpen)?;
        let fits = opened.organization_id == place.organization_id
            && opened.connector_id == place.connector_id
            && opened.field == place.field;
        if !fits {
            return Err(VaultError::WrongPlace);
        }
        Ok(Secret(opened.secret))
    }
}

impl Secret {
    #[must_use]
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key and the token of the specification's test vectors.
    const SPEC_KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    const SPEC_TOKEN: &str = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
    const OTHER_KEY: &str = "cGF0Y2hiYXktdGVzdC12YXVsdC1rZXktbnVtYmVyLTE=";

    const PLACE: Place<'static> = Place {
        organization_id: "o",
        connector_id: "c",
        field: "f",
    };

    fn vault(keys: &str) -> Vault {
        Vault::with_keys(keys).unwrap()
    }

    fn secret() -> Secret {
        Secret::new("s3cr3t".to_owned())
    }

    #[test]
    fn the_specifications_token_opens() {
        let key = Fernet::new(SPEC_KEY).unwrap();
        assert_eq!(key.decrypt(SPEC_TOKEN).unwrap(), b"hello");
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let vault = vault(SPEC_KEY);
        let sealed = vault.seal(PLACE, &secret()).unwrap();
        assert!(!sealed.token.contains("s3cr3t"));
        assert_eq!(vault.unseal(PLACE, &sealed.token), Ok(secret()));
        for elsewhere in [
            Place {
                organization_id: "p",
                ..PLACE
            },
            Place {
                connector_id: "d",
                ..PLACE
            },
            Place {
                field: "g",
                ..PLACE
            },
        ] {
            assert_eq!(
                vault.unseal(elsewhere, &sealed.token),
                Err(VaultError::WrongPlace)
            );
        }
    }

    #[test]
    fn a_new_key_in_front_seals_and_the_old_one_still_opens() {
        let old = vault(SPEC_KEY).seal(PLACE, &secret()).unwrap();
        let both = vault(&format!("{OTHER_KEY}, {SPEC_KEY}"));
        assert_eq!(both.unseal(PLACE, &old.token), Ok(secret()));
        let new = both.seal(PLACE, &secret()).unwrap();
        assert_eq!(new.sealed_by, both.sealing_key());
        assert_ne!(new.sealed_by, old.sealed_by);
        assert_eq!(vault(OTHER_KEY).unseal(PLACE, &new.token), Ok(secret()));
        assert_eq!(
            vault(OTHER_KEY).unseal(PLACE, &old.token),
            Err(VaultError::CannotOpen)
        );
    }

    #[test]
    fn garbage_is_an_error_that_shows_no_key() {
        assert_eq!(Vault::with_keys(" , ").err(), Some(VaultError::NoKeys));
        let error = Vault::with_keys(&format!("{SPEC_KEY},not-a-key"))
            .err()
            .unwrap();
        assert_eq!(error, VaultError::BadKey { position: 2 });
        assert!(!error.to_string().contains("not-a-key"));
        for token in ["", "gAAAAA", "\u{0}", &"A".repeat(10_000)] {
            assert_eq!(
                vault(SPEC_KEY).unseal(PLACE, token),
                Err(VaultError::CannotOpen)
            );
        }
    }

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", secret()), "[redacted]");
    }
}
