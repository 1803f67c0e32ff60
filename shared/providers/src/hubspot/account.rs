//! The account that a token belongs to.

use serde::Deserialize;

use super::call::Asked;
use super::page::parse;
use crate::ProviderError;
use crate::field::{Fault, Field, Integer, Object, Text};
use crate::json::malformed;

/// What `account-info` tells of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDetails {
    /// By which workflows name the account.
    pub portal_id: i64,
    /// The IANA name, such as `Australia/Sydney`; older accounts have `US/Eastern`. The day of the
    /// daily limit ends at its midnight.
    pub time_zone: Option<String>,
    /// How far its clocks are ahead of UTC, as of the answer.
    pub utc_offset_ms: Option<i64>,
    /// `STANDARD`, `SANDBOX`, `DEVELOPER_TEST`, `APP_DEVELOPER`.
    pub account_type: Option<String>,
    /// Where people see it, such as `app.hubspot.com`.
    pub ui_domain: Option<String>,
}

impl AccountDetails {
    pub(super) fn read(body: &[u8], _: &Asked) -> Result<Self, ProviderError> {
        let Object(wire) = parse::<Object<AccountWire>>(body)?;
        wire.details()
            .map_err(|fault| malformed(&fault.into_reason()))
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct AccountWire {
    portal_id: Field<Integer>,
    time_zone: Field<Text>,
    utc_offset_milliseconds: Field<Integer>,
    account_type: Field<Text>,
    ui_domain: Field<Text>,
}

impl AccountWire {
    fn details(self) -> Result<AccountDetails, Fault> {
        Ok(AccountDetails {
            portal_id: self.portal_id.id("portalId")?,
            time_zone: self.time_zone.optional("timeZone")?,
            utc_offset_ms: self
                .utc_offset_milliseconds
                .optional("utcOffsetMilliseconds")?,
            account_type: self.account_type.optional("accountType")?,
            ui_domain: self.ui_domain.optional("uiDomain")?,
        })
    }
}
