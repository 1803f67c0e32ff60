//! Several deals at once, each as it is now.

use super::Record;
use super::call::Asked;
use super::page::read_envelope;
use crate::ProviderError;
use crate::field::OptionalObject;
use crate::json::malformed;
use crate::record::{Expected, Quarantined, Records};

const NOT_FOUND: &str = "OBJECT_NOT_FOUND";

/// What became of the deals that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DealsRead {
    /// Those that are there.
    pub deals: Vec<Record>,
    /// Ids of those that are not. One that is neither here nor there could not be read.
    pub missing: Vec<String>,
}

impl DealsRead {
    pub(super) fn read(body: &[u8], _: &Asked) -> Result<Self, ProviderError> {
        let envelope =
            read_envelope::<Records<Record>, Quarantined<Record>, Records<Record>>(body)?;
        let status = envelope
            .status
            .optional("status")
            .map_err(|fault| malformed(&fault.into_reason()))?;
        if status.is_some_and(|status| status != "COMPLETE") {
            return Err(malformed("the batch is not complete"));
        }
        let records = envelope
            .results
            .ok_or_else(|| malformed("it has no `results`"))?;
        let missing = envelope
            .errors
            .convert("errors", |error| {
                let category = error.category.optional("category")?;
                let OptionalObject(context) = error.context;
                let ids = context
                    .ids
                    .filter(|_| category.as_deref() == Some(NOT_FOUND));
                Ok(Some(ids.unwrap_or_default()))
            })
            .map_err(|fault| malformed(&fault.into_reason()))?
            .into_iter()
            .flatten()
            .filter_map(|id| id.optional("ids").ok().flatten())
            .collect();
        Ok(Self {
            deals: records.into_page(Expected::default(), None).rows,
            missing,
        })
    }
}
