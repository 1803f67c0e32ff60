//! What the browser comes back with (RFC 6749 section 4.1.2).

use crate::Secret;

/// A longer query is nobody's answer.
const MAX_QUERY_BYTES: usize = 16 * 1024;
const MAX_VALUE_BYTES: usize = 4 * 1024;
const MAX_CODE_BYTES: usize = 64;
const MAX_DETAIL_CHARS: usize = 300;

/// The provider's answer to an authorization request. The state comes first: without the one that
/// was sent, nothing else in it is to be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callback {
    /// The person agreed.
    Code { state: Secret, code: Secret },
    /// The person, or the provider, refused: `access_denied` and others (RFC 6749 section 4.1.2.1).
    Refused {
        state: Secret,
        error: String,
        /// At most 300 characters. Whoever made the link wrote it.
        detail: Option<String>,
    },
}

/// Why a query is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackFault {
    #[error("the answer is too long")]
    TooLong,
    /// RFC 6749 section 3.1.
    #[error("the answer has a parameter twice")]
    Repeated,
    #[error("the answer has no state")]
    NoState,
    #[error("the answer has neither a code nor an error")]
    Empty,
}

impl Callback {
    /// Reads the query of the redirect, without its question mark.
    ///
    /// # Errors
    /// [`CallbackFault`].
    pub fn read(query: &str) -> Result<Self, CallbackFault> {
        if query.len() > MAX_QUERY_BYTES {
            return Err(CallbackFault::TooLong);
        }
        let (mut state, mut code, mut error, mut detail) = (None, None, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match &*name {
                "state" => &mut state,
                "code" => &mut code,
                "error" => &mut error,
                "error_description" => &mut detail,
                _ => continue,
            };
            if value.len() > MAX_VALUE_BYTES {
                return Err(CallbackFault::TooLong);
            }
            if slot.replace(value.into_owned()).is_some() {
                return Err(CallbackFault::Repeated);
            }
        }
        let given = |value: Option<String>| value.filter(|value| !value.is_empty());
        let state = Secret::new(given(state).ok_or(CallbackFault::NoState)?);
        if let Some(error) = given(error) {
            let clean = |text: &str, max_chars| domain::redact::excerpt(text, max_chars, &[]);
            return Ok(Self::Refused {
                state,
                error: clean(&error, MAX_CODE_BYTES),
                detail: given(detail).map(|detail| clean(&detail, MAX_DETAIL_CHARS)),
            });
        }
        let code = Secret::new(given(code).ok_or(CallbackFault::Empty)?);
        Ok(Self::Code { state, code })
    }

    /// What was sent along.
    #[must_use]
    pub fn state(&self) -> &Secret {
        match self {
            Self::Code { state, .. } | Self::Refused { state, .. } => state,
        }
    }
}
