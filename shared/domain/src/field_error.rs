//! Errors of single fields in a JSON document, as RFC 9457's `errors` member lists them.

use std::fmt;

use serde::Serialize;

use crate::redact;

/// More errors than this in one document help nobody.
pub const MAX_FIELD_ERRORS: usize = 20;

/// One bad field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Where: an RFC 6901 JSON pointer, `/operating_hours/start`. The whole document is the empty pointer.
    pub pointer: String,
    /// What is wrong.
    pub detail: String,
    /// What to do.
    pub remedy: String,
}

/// All bad fields of one document, at most [`MAX_FIELD_ERRORS`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    #[must_use]
    pub fn as_slice(&self) -> &[FieldError] {
        &self.0
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds an error; beyond the limit it is dropped.
    pub fn push(
        &mut self,
        pointer: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        if self.0.len() < MAX_FIELD_ERRORS {
            self.0.push(FieldError {
                pointer: pointer.into(),
                detail: detail.into(),
                remedy: remedy.into(),
            });
        }
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { "; " };
            write!(
                f,
                "{separator}{}: {} ({})",
                error.pointer, error.detail, error.remedy
            )?;
        }
        Ok(())
    }
}

/// `parent` extended by one member name, escaped as RFC 6901 section 3 says.
/// The name is foreign text: long ones are cut.
#[must_use]
pub fn child_pointer(parent: &str, name: &str) -> String {
    let name = redact::excerpt(name, 60, &[]);
    format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_escapes_the_two_reserved_characters() {
        assert_eq!(child_pointer("/a", "b~c/d"), "/a/b~0c~1d");
    }

    #[test]
    fn errors_are_bounded() {
        let mut errors = FieldErrors::default();
        for i in 0..100 {
            errors.push(format!("/{i}"), "unknown field", "remove it");
        }
        assert_eq!(errors.as_slice().len(), MAX_FIELD_ERRORS);
    }
}
