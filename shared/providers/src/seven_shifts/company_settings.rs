//! What a company has set about time off and labor.

use serde::Deserialize;

use crate::ProviderError;
use crate::field::{Fault, Field, Flag, Integer, Items, Text};
use crate::json::{malformed, read_data, read_object};
use crate::record::Expected;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeOffSettings {
    pub company_id: Option<i64>,
    /// Whether a request must say why.
    pub time_off_request_comment: Option<bool>,
    /// Days of notice.
    pub time_off_request_notice: Option<i64>,
    pub categories: Vec<TimeOffCategory>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeOffCategory {
    pub label: Option<String>,
    /// What [`TimeOff::category`](super::TimeOff::category) says.
    pub value: String,
    pub require_hours: bool,
    pub active: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TimeOffSettingsWire {
    company_id: Field<Integer>,
    time_off_request_comment: Field<Flag>,
    time_off_request_notice: Field<Integer>,
    categories: Items<TimeOffCategoryWire>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TimeOffCategoryWire {
    label: Field<Text>,
    value: Field<Text>,
    require_hours: Field<Flag>,
    active: Field<Flag>,
}

impl TimeOffSettings {
    pub(super) fn read(body: &[u8], expected: Expected) -> Result<Self, ProviderError> {
        let settings = Self::from_wire(read_object(body)?).map_err(refuse)?;
        own(settings.company_id, expected)?;
        Ok(settings)
    }

    fn from_wire(wire: TimeOffSettingsWire) -> Result<Self, Fault> {
        Ok(Self {
            company_id: wire.company_id.link("company_id")?,
            time_off_request_comment: wire
                .time_off_request_comment
                .optional("time_off_request_comment")?,
            time_off_request_notice: wire
                .time_off_request_notice
                .optional("time_off_request_notice")?,
            categories: wire.categories.convert("categories", category)?,
        })
    }
}

fn category(wire: TimeOffCategoryWire) -> Result<Option<TimeOffCategory>, Fault> {
    Ok(Some(TimeOffCategory {
        label: wire.label.optional("label")?,
        value: wire.value.required("value")?,
        require_hours: wire.require_hours.or_default("require_hours")?,
        active: wire.active.optional("active")?,
    }))
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaborSettings {
    pub company_id: Option<i64>,
    /// Whether wages differ by role.
    pub wage_based_roles_enabled: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct LaborSettingsWire {
    company_id: Field<Integer>,
    wage_based_roles_enabled: Field<Flag>,
}

impl LaborSettings {
    pub(super) fn read(body: &[u8], expected: Expected) -> Result<Self, ProviderError> {
        let settings = Self::from_wire(read_data(body)?).map_err(refuse)?;
        own(settings.company_id, expected)?;
        Ok(settings)
    }

    fn from_wire(wire: LaborSettingsWire) -> Result<Self, Fault> {
        Ok(Self {
            company_id: wire.company_id.link("company_id")?,
            wage_based_roles_enabled: wire
                .wage_based_roles_enabled
                .optional("wage_based_roles_enabled")?,
        })
    }
}

fn refuse(fault: Fault) -> ProviderError {
    malformed(&fault.into_reason())
}

/// One tenant never takes another account's settings, whatever the provider sends.
fn own(company_id: Option<i64>, expected: Expected) -> Result<(), ProviderError> {
    match (expected.owner, company_id) {
        (Some(asked), Some(found)) if asked != found => {
            Err(malformed("the settings belong to another account"))
        }
        _ => Ok(()),
    }
}
