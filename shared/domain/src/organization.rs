//! The identity of a tenant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Error, Result};

/// The id of an organization: a UUID, as lower-case hyphenated text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrganizationId(String);

impl OrganizationId {
    /// Only the hyphenated form; other spellings of a UUID (braces, `urn:`) would
    /// let one organization have several ids. Capitals are folded.
    ///
    /// # Errors
    /// [`Error::OrganizationId`].
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() != uuid::fmt::Hyphenated::LENGTH {
            return Err(Error::OrganizationId);
        }
        Uuid::try_parse(text)
            .map(|id| Self(id.hyphenated().to_string()))
            .map_err(|_| Error::OrganizationId)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrganizationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for OrganizationId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TryFrom<String> for OrganizationId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<OrganizationId> for String {
    fn from(id: OrganizationId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        for text in [
            "",
            "demo",
            "0190a5c07e1b7c3e8f005d5f6d1b2a3c",
            "{0190a5c0-7e1b-7c3e-8f00-5d5f6d1b2a3c}",
            "urn:uuid:0190a5c0-7e1b-7c3e-8f00-5d5f6d1b2a3c",
            "0190a5c0-7e1b-7c3e-8f00-5d5f6d1b2a3g",
            "0190a5c0-7e1b-7c3e-8f00-5d5f6d1b2a3c'--",
        ] {
            assert_eq!(
                OrganizationId::parse(text),
                Err(Error::OrganizationId),
                "{text}"
            );
        }
        let id = OrganizationId::parse("0190A5C0-7E1B-7C3E-8F00-5D5F6D1B2A3C").unwrap();
        assert_eq!(id.as_str(), "0190a5c0-7e1b-7c3e-8f00-5d5f6d1b2a3c");
    }
}
