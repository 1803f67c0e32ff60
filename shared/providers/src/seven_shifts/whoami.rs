//! Who a credential belongs to.

use serde::Deserialize;

use super::User;
use crate::field::{Field, Integer};
use crate::json::{malformed, read_data};
use crate::record::{Expected, Records};
use crate::{ProviderError, Rejected};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whoami {
    pub identity_id: Option<i64>,
    /// One for each company the person belongs to.
    pub users: Vec<User>,
    pub rejected: Vec<Rejected>,
}

impl Whoami {
    /// The person's active membership of `company_id`. `None`: the credential does not
    /// speak for that company.
    #[must_use]
    pub fn active_member_of(&self, company_id: i64) -> Option<&User> {
        self.users
            .iter()
            .find(|user| user.active && user.company_id == Some(company_id))
    }

    /// The companies of the active memberships, in 7shifts' order.
    pub fn active_company_ids(&self) -> impl Iterator<Item = i64> {
        self.users
            .iter()
            .filter(|user| user.active)
            .filter_map(|user| user.company_id)
    }

    pub(super) fn read(body: &[u8], expected: Expected) -> Result<Self, ProviderError> {
        let wire: WhoamiWire = read_data(body)?;
        let page = wire
            .users
            .ok_or_else(|| malformed("it has no `data.users`"))?
            .into_page(expected, None);
        Ok(Self {
            identity_id: wire
                .identity_id
                .link("identity_id")
                .map_err(|fault| malformed(&fault.into_reason()))?,
            users: page.rows,
            rejected: page.rejected,
        })
    }
}

#[derive(Deserialize)]
struct WhoamiWire {
    #[serde(default)]
    identity_id: Field<Integer>,
    users: Option<Records<User>>,
}
