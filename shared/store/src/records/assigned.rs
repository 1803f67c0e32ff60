//! Who works as what, as far as a connector has brought it.

use domain::access::Tenant;
use domain::stream::Stream;
use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Assigned {
    /// A person's roles together, in the order of the ids as text.
    pub rows: Vec<AssignedRole>,
    /// Not all of them: the limit came first.
    #[serde(skip)]
    pub has_more: bool,
    /// The end of the last sync of them that was a success or partial, Unix seconds.
    pub as_of: Option<i64>,
}

/// One role of one person, by the provider's ids.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct AssignedRole {
    /// What the list is ordered by.
    pub external_id: String,
    pub external_user_id: String,
    pub external_role_id: String,
    pub external_department_id: Option<String>,
    pub external_location_id: Option<String>,
    pub role_name: Option<String>,
    pub is_primary: bool,
    pub skill_level: Option<i64>,
}

const ASSIGNED: &str = "
SELECT json_object(
  'as_of', (
    SELECT last_success_at FROM jobs
    WHERE kind = 'sync' AND subject = ?2 AND name = ?5 AND organization_id = ?1),
  'rows', json((
    SELECT json_group_array(json_object(
      'external_id', external_id, 'external_user_id', external_user_id, 'external_role_id', external_role_id,
      'external_department_id', external_department_id,
      'external_location_id', external_location_id, 'role_name', role_name,
      'is_primary', json(iif(is_primary, 'true', 'false')), 'skill_level', skill_level))
    FROM (
      SELECT record.external_id, external_user_id, external_role_id, record.external_department_id,
        record.external_location_id, roles.name AS role_name, is_primary, skill_level
      FROM team_member_role_assignments AS record
        LEFT JOIN roles ON roles.connector_id = record.connector_id
          AND roles.external_id = record.external_role_id
      WHERE record.connector_id = ?2 AND record.organization_id = ?1
        AND record.external_id > ?6
        AND record.deleted_at IS NULL AND (?3 IS NULL OR record.external_location_id = ?3)
      ORDER BY record.external_id LIMIT ?4 + 1))))";

/// Which part of them.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// At one location; at all when `None`.
    pub external_location_id: Option<&'a str>,
    /// Behind this external id; from the first on when `None`.
    pub after: Option<&'a str>,
    /// As many at the most.
    pub limit: u16,
}

/// The roles of people.
///
/// # Errors
/// The failure of the statement.
pub async fn assigned<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: &str,
    wanted: Wanted<'_>,
) -> Result<Assigned, DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        connector_id,
        wanted.external_location_id,
        i64::from(wanted.limit),
        Stream::Assignments.as_str(),
        wanted.after.unwrap_or_default(),
    ];
    let mut assigned: Assigned = json::read(&database.execute(ASSIGNED, parameters).await?)?;
    let limit = usize::from(wanted.limit);
    assigned.has_more = assigned.rows.len() > limit;
    assigned.rows.truncate(limit);
    Ok(assigned)
}
