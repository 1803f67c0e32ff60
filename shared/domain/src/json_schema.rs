//! A schema of a connector's own settings: JSON Schema (draft 2020-12), as much of it as describes
//! settings.
//!
//! Taken are `type`, `enum`, `const`, the bounds of numbers, texts, arrays and objects, `pattern`,
//! `properties`, `required`, `additionalProperties`, `prefixItems`, `items`, `uniqueItems`, `allOf`,
//! `anyOf`, `oneOf`, `not`, and `$ref` into the schema's own `$defs`. What describes without deciding
//! (`title`, `default`, `format` …) is passed over. Any other keyword is an error: one that is ignored
//! would look as if it were enforced.
//!
//! Nothing is ever fetched. A pattern is searched in linear time, so what needs backtracking is none.

mod check;
mod parse;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::field_error::FieldErrors;

/// The longest schema, in bytes of its JSON text.
pub const MAX_SCHEMA_BYTES: usize = 16 * 1_024;
/// How deep schemas may stand in each other.
pub const MAX_SCHEMA_DEPTH: usize = 16;
/// The longest pattern, in bytes.
pub const MAX_PATTERN_BYTES: usize = 256;
/// The longest settings, in bytes of their JSON text.
pub const MAX_SETTINGS_BYTES: usize = 16 * 1_024;

/// A schema without errors.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    document: Value,
}

impl Schema {
    /// # Errors
    /// Every bad keyword, by its pointer into the schema.
    pub fn parse(document: &Value) -> Result<Self, FieldErrors> {
        parse::errors(document).map(|()| Self {
            document: document.clone(),
        })
    }

    /// What is wrong with a value, by pointers into it.
    #[must_use]
    pub fn check(&self, value: &Value) -> FieldErrors {
        check::errors(&self.document, value)
    }
}
