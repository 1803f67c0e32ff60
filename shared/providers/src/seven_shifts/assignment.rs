//! Where people work and as what.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::field::{Fault, Field, Flag, Integer, Object, Text};
use crate::json::{malformed, read_lists};
use crate::record::{Expected, Quarantined, Records, Row};
use crate::{ProviderError, Rejected};

/// The roles and locations of one user. The answer lists departments beside them; the roles name
/// theirs, so that list is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAssignments {
    pub roles: Vec<RoleAssignment>,
    /// The ids of the locations, with those where the user has no role; `None` when they cannot be
    /// read.
    pub locations: Option<Vec<i64>>,
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
    type Id = i64;

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
    /// Whether the user works at a location; `None` when the answer does not tell.
    #[must_use]
    pub fn are_at(&self, location_id: i64) -> Option<bool> {
        let mut roles = self.roles.iter();
        if roles.any(|role| role.location_id == Some(location_id)) {
            return Some(true);
        }
        let locations = self.locations.as_ref()?;
        if locations.contains(&location_id) {
            return Some(true);
        }
        // One that cannot be read may be a role there.
        self.rejected.is_empty().then_some(false)
    }

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
        Ok(Self {
            roles,
            locations: lists.locations.as_deref().and_then(ids),
            rejected,
        })
    }
}

#[derive(Deserialize)]
struct Lists<L> {
    roles: Option<L>,
    /// Read by itself: an odd one must not cost the roles.
    locations: Option<Box<RawValue>>,
}

fn ids(locations: &RawValue) -> Option<Vec<i64>> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Located {
        id: Field<Integer>,
    }
    let locations: Vec<Object<Located>> = serde_json::from_str(locations.get()).ok()?;
    locations
        .iter()
        .map(|Object(location)| location.id.as_id())
        .collect()
}

impl From<Lists<Quarantined<RoleAssignment>>> for Lists<Records<RoleAssignment>> {
    fn from(lists: Lists<Quarantined<RoleAssignment>>) -> Self {
        Self {
            roles: lists.roles.map(Records::from),
            locations: lists.locations,
        }
    }
}
