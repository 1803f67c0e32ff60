//! Where people work and as what.

use serde::Deserialize;

use crate::field::{Fault, Field, Flag, Integer, Text};
use crate::json::{malformed, read_lists};
use crate::record::{Expected, Quarantined, Records, Row};
use crate::{ProviderError, Rejected};

/// The roles of one user. The answer lists places and departments beside them; the roles name
/// theirs, so those lists are not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAssignments {
    pub roles: Vec<RoleAssignment>,
    /// The entries that could not be read.
    pub rejected: Vec<Rejected>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleAssignment {
    /// The role's.
    pub id: i64,
    pub company_id: Option<i64>,
    pub location_id: Option<i64>,
    pub department_id: Option<i64>,
    pub name: Option<String>,
    pub is_primary: bool,
    /// 1 to 3; 0 when unset.
    pub skill_level: Option<i64>,
    pub sort: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct RoleAssignmentWire {
    id: Field<Integer>,
    company_id: Field<Integer>,
    location_id: Field<Integer>,
    department_id: Field<Integer>,
    name: Field<Text>,
    is_primary: Field<Flag>,
    skill_level: Field<Integer>,
    sort: Field<Integer>,
}

impl Row for RoleAssignment {
    type Wire = RoleAssignmentWire;

    fn wire_id(wire: &RoleAssignmentWire) -> Option<i64> {
        wire.id.as_id()
    }

    fn from_wire(wire: RoleAssignmentWire) -> Result<Self, Fault> {
        Ok(Self {
            id: wire.id.id("id")?,
            company_id: wire.company_id.link("company_id")?,
            location_id: wire.location_id.link("location_id")?,
            department_id: wire.department_id.link("department_id")?,
            name: wire.name.optional("name")?,
            is_primary: wire.is_primary.or_default("is_primary")?,
            skill_level: wire.skill_level.optional("skill_level")?,
            sort: wire.sort.optional("sort")?,
        })
    }

    fn id(&self) -> i64 {
        self.id
    }

    fn owner(&self) -> Option<i64> {
        self.company_id
    }
}

impl UserAssignments {
    pub(super) fn read(body: &[u8], expected: Expected) -> Result<Self, ProviderError> {
        let lists = read_lists::<
            Lists<Records<RoleAssignment>>,
            Lists<Quarantined<RoleAssignment>>,
            Lists<Records<RoleAssignment>>,
        >(body)?;
        // Taken for an empty list, a missing one would take every role from this user.
        let records = lists
            .roles
            .ok_or_else(|| malformed("it has no `data.roles`"))?;
        let (roles, rejected) = records.into_parts(expected);
        Ok(Self { roles, rejected })
    }
}

#[derive(Deserialize)]
struct Lists<L> {
    roles: Option<L>,
}

impl From<Lists<Quarantined<RoleAssignment>>> for Lists<Records<RoleAssignment>> {
    fn from(lists: Lists<Quarantined<RoleAssignment>>) -> Self {
        Self {
            roles: lists.roles.map(Records::from),
        }
    }
}
