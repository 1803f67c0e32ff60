//! Metadata on folders, for enterprises that have a template for it.

use serde_json::{Map, Value, json};

use crate::ProviderError;

const MAX_PART_BYTES: usize = 64;

/// A metadata template: `enterprise_27335.clientFolder`, or `global.properties`, which takes anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataTemplate {
    scope: String,
    key: String,
}

impl MetadataTemplate {
    /// Reads `scope.key`.
    ///
    /// # Errors
    /// [`ProviderError::Request`] if it is not that.
    pub fn parse(text: &str) -> Result<Self, ProviderError> {
        let is_part = |part: &str| {
            (1..=MAX_PART_BYTES).contains(&part.len())
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        };
        match text.trim().split_once('.') {
            Some((scope, key)) if is_part(scope) && is_part(key) => Ok(Self {
                scope: scope.to_owned(),
                key: key.to_owned(),
            }),
            _ => Err(ProviderError::Request {
                what: "a metadata template is a scope and a key, such as enterprise_27335.clientFolder"
                    .to_owned(),
            }),
        }
    }

    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.scope, self.key)
    }

    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.scope, self.key)
    }
}

/// JSON Patch that sets each value, whether it is there or not.
pub(super) fn patch(values: &Map<String, Value>) -> Value {
    values
        .iter()
        .map(|(name, value)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            json!({"op": "add", "path": format!("/{name}"), "value": value})
        })
        .collect()
}

/// A query for what has `field` at `value`.
pub(super) fn query(
    template: &MetadataTemplate,
    field: &str,
    value: &str,
    below: &str,
) -> Result<Value, ProviderError> {
    let is_name = !field.is_empty()
        && field
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name {
        return Err(ProviderError::Request {
            what: "a metadata field has letters, digits and _ only".to_owned(),
        });
    }
    Ok(json!({
        "from": template.name(),
        "query": format!("{field} = :value"),
        "query_params": {"value": value},
        "ancestor_folder_id": below,
        "fields": ["type", "id", "name"],
        "limit": 100,
    }))
}
