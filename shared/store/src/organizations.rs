//! The tenants.

use std::collections::BTreeMap;

use domain::access::Tenant;
use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::records::next_change;
use crate::{json, parameters};

/// Organizations on a page of [`list`] at the most.
pub const MAX_PAGE: i64 = 500;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationState {
    Active,
    /// Its data is being removed; nothing can be added.
    Purging,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Organization {
    pub id: String,
    pub name: String,
    /// IANA name.
    pub time_zone: String,
    pub state: OrganizationState,
    /// What the provider's categories of time off are here.
    pub time_off_categories: BTreeMap<String, String>,
    pub created_at: i64,
    pub updated_at: i64,
}

const CREATE: &str = "
INSERT INTO organizations (id, name, time_zone, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
ON CONFLICT (id) DO NOTHING RETURNING id";

/// Creates the tenant's row; false when there is one.
///
/// # Errors
/// The failure of the statement.
pub async fn create<E: Execute>(
    database: &E,
    tenant: &Tenant,
    name: &str,
    time_zone: &str,
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![tenant.as_str(), name, time_zone, now];
    database
        .execute(CREATE, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

macro_rules! organization_json {
    () => {
        "json_object('id', id, 'name', name, 'time_zone', time_zone, 'state', state,
           'time_off_categories', json(time_off_categories), 'created_at', created_at, 'updated_at', updated_at)"
    };
}

const GET: &str = concat!(
    "SELECT ",
    organization_json!(),
    " FROM organizations WHERE id = ?1"
);

/// # Errors
/// The failure of the statement.
pub async fn get<E: Execute>(
    database: &E,
    tenant: &Tenant,
) -> Result<Option<Organization>, DatabaseError> {
    json::read_optional(&database.execute(GET, parameters![tenant.as_str()]).await?)
}

const LIST: &str = concat!(
    "SELECT json_group_array(",
    organization_json!(),
    ") FROM (SELECT * FROM organizations WHERE id > ?1 ORDER BY id LIMIT ?2)"
);

/// For the operator: up to `limit` organizations (500 at the most) in the order of their ids,
/// after the id `after`; all of them from `""`.
///
/// # Errors
/// The failure of the statement.
pub async fn list<E: Execute>(
    database: &E,
    after: &str,
    limit: i64,
) -> Result<Vec<Organization>, DatabaseError> {
    let parameters = parameters![after, limit.clamp(0, MAX_PAGE)];
    json::read(&database.execute(LIST, parameters).await?)
}

/// What is to be set; the rest stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change<'a> {
    pub name: Option<&'a str>,
    /// IANA name.
    pub time_zone: Option<&'a str>,
    /// A JSON object of text.
    pub time_off_categories: Option<&'a str>,
}

const UPDATE: &str = "
UPDATE organizations SET
  name = coalesce(?2, name), time_zone = coalesce(?3, time_zone),
  time_off_categories = coalesce(?5, time_off_categories), updated_at = ?4
WHERE id = ?1 AND state = 'active' RETURNING id";

/// Sets what is given; false when there is no such organization, or it is being purged. After
/// another time zone the streams of all its connectors are to be planned again.
///
/// # Errors
/// The failure of the statement.
pub async fn update<E: Execute>(
    database: &E,
    tenant: &Tenant,
    change: Change<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![
        tenant.as_str(),
        change.name,
        change.time_zone,
        now,
        change.time_off_categories
    ];
    database
        .execute(UPDATE, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

/// Marks the time off whose category is another one with these `categories` than with those that are
/// stored: whoever reads what has changed sees it again. To be called before [`update`] stores them.
///
/// # Errors
/// The failure of a statement.
pub async fn recategorize<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    categories: &BTreeMap<String, String>,
    now_micros: i64,
) -> Result<(), DatabaseError> {
    let Some(held) = get(transaction, tenant).await? else {
        return Ok(());
    };
    let held = held.time_off_categories;
    let moved: Vec<_> = held
        .keys()
        .chain(categories.keys())
        .filter(|name| held.get(*name) != categories.get(*name))
        .collect();
    if moved.is_empty() {
        return Ok(());
    }
    let seq = next_change(transaction, now_micros).await?;
    let parameters = parameters![tenant.as_str(), json::write(&moved)?, seq];
    transaction.execute(RECATEGORIZE, parameters).await?;
    Ok(())
}

const RECATEGORIZE: &str = "
UPDATE time_off_requests SET changed_seq = ?3
WHERE organization_id = ?1 AND deleted_at IS NULL
  AND provider_category IN (SELECT value FROM json_each(?2))";

const BEGIN_PURGE: &str =
    "UPDATE organizations SET state = 'purging', updated_at = ?2 WHERE id = ?1 RETURNING id";

/// From here on nothing can be added for the tenant and its keys open nothing; false when there
/// is no such organization.
///
/// # Errors
/// The failure of the statement.
pub async fn begin_purge<E: Execute>(
    database: &E,
    tenant: &Tenant,
    now: i64,
) -> Result<bool, DatabaseError> {
    database
        .execute(BEGIN_PURGE, parameters![tenant.as_str(), now])
        .await
        .map(|rows| !rows.is_empty())
}

const PURGING: &str = "
SELECT json_group_array(id) FROM (
  SELECT id FROM organizations WHERE state = 'purging' AND id > '' ORDER BY id LIMIT ?1)";

/// For maintenance, over all organizations: up to `limit` of those whose removal has begun and is
/// not over. One whose job was lost in a crash is found here.
///
/// # Errors
/// The failure of the statement.
pub async fn purging<E: Execute>(database: &E, limit: i64) -> Result<Vec<String>, DatabaseError> {
    json::read(&database.execute(PURGING, parameters![limit]).await?)
}

const REMOVE: &str = "DELETE FROM organizations WHERE id = ?1 AND state = 'purging' RETURNING id";

/// The last step of a purge; false when it never began, or is over.
///
/// # Errors
/// The failure of the statement.
pub async fn remove<E: Execute>(database: &E, tenant: &Tenant) -> Result<bool, DatabaseError> {
    database
        .execute(REMOVE, parameters![tenant.as_str()])
        .await
        .map(|rows| !rows.is_empty())
}
