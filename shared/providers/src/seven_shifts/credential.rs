//! What a request proves itself with.

use http::HeaderValue;

use crate::{ProviderError, Secret};

/// No token seen is near this; a larger one would be refused by servers as a header.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

const GUID_LENGTH: usize = 36;

/// A 7shifts credential. It prints as `[redacted]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    token: Secret,
    company_guid: Option<String>,
}

impl Credential {
    /// An access token made in Company Settings → Developer Tools; it speaks for one company.
    ///
    /// # Errors
    /// [`ProviderError::Credential`] if the token cannot travel in a header.
    pub fn access_token(token: &str) -> Result<Self, ProviderError> {
        Ok(Self {
            token: checked_token(token)?,
            company_guid: None,
        })
    }

    /// A partner's OAuth token and the GUID of the company that granted it.
    ///
    /// # Errors
    /// [`ProviderError::Credential`] if the token cannot travel in a header or the GUID is
    /// not one.
    pub fn oauth(token: &str, company_guid: &str) -> Result<Self, ProviderError> {
        let is_guid = company_guid.len() == GUID_LENGTH
            && company_guid
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if !is_guid {
            return Err(unusable(
                "the company GUID must have the form 00000000-0000-0000-0000-000000000000",
            ));
        }
        Ok(Self {
            token: checked_token(token)?,
            company_guid: Some(company_guid.to_owned()),
        })
    }

    pub(super) fn secret(&self) -> &Secret {
        &self.token
    }

    pub(super) fn authorization(&self) -> Result<HeaderValue, ProviderError> {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.token.expose()))
            .map_err(|_| unusable("the token holds a character that no header may carry"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    pub(super) fn company_guid(&self) -> Option<&str> {
        self.company_guid.as_deref()
    }
}

fn checked_token(token: &str) -> Result<Secret, ProviderError> {
    if token.is_empty() {
        return Err(unusable("the token is empty"));
    }
    if token.len() > MAX_TOKEN_BYTES {
        return Err(unusable("the token is longer than 8 KiB"));
    }
    match token.chars().position(|c| !c.is_ascii_graphic()) {
        None => Ok(Secret::new(token)),
        Some(position) => Err(unusable(&format!(
            "character {} of the token is a space, a line break or not ASCII; copy the token again, without anything around it",
            position + 1
        ))),
    }
}

fn unusable(what: &str) -> ProviderError {
    ProviderError::Credential {
        what: what.to_owned(),
    }
}
