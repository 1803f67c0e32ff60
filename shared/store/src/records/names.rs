//! What people and roles are called, as far as a connector has brought them.

use std::collections::BTreeMap;

use domain::access::Tenant;
use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::lists::FULL_NAME_OF_MEMBER;
use crate::{json, parameters};

/// Names by the provider's ids. Who is not in it is not in our tables.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Names {
    /// `None`: a person without a name.
    pub people: BTreeMap<String, Option<String>>,
    pub roles: BTreeMap<String, String>,
}

/// The names of these people and roles, by the provider's ids. Those that are gone have theirs still.
///
/// # Errors
/// The failure of the statement.
pub async fn names<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
    people: &[String],
    roles: &[String],
) -> Result<Names, DatabaseError> {
    let statement = format!(
        "SELECT json_object(
           'people', json((
             SELECT json_group_object(member.external_id, {FULL_NAME_OF_MEMBER})
             FROM json_each(?3) AS wanted CROSS JOIN team_members AS member
               ON member.connector_id = ?2 AND member.external_id = wanted.value
             WHERE member.organization_id = ?1)),
           'roles', json((
             SELECT json_group_object(roles.external_id, roles.name)
             FROM json_each(?4) AS wanted CROSS JOIN roles
               ON roles.connector_id = ?2 AND roles.external_id = wanted.value
             WHERE roles.organization_id = ?1)))"
    );
    let parameters = parameters![
        tenant.as_str(),
        connector_id,
        json::write(people)?,
        json::write(roles)?,
    ];
    json::read(&database.execute(&statement, parameters).await?)
}
