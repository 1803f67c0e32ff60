//! Folders of clients in Box, one for each deal. A folder is made by a delivery of the outbox ([`crate::outbox`]), whose
//! lease fences whatever is written of it; how it fares meanwhile, triggers copy from the delivery.

use domain::access::Tenant;
use serde::{Deserialize, Serialize};

use crate::database::{DatabaseError, Execute};
use crate::jobs::Lease;
use crate::{json, parameters};

/// It was copied from the template.
pub const CREATED: &str = "created";
/// The client had one already, which is used.
pub const EXISTING: &str = "existing";
/// The kind of a delivery that makes one.
pub const CLIENT_FOLDER: &str = "client_folder";

/// Names of folders above one that are kept, from the top.
const MAX_PATH: usize = 50;

/// A folder to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewClientFolder<'a> {
    /// UUIDv7.
    pub id: &'a str,
    pub key: DealKey<'a>,
    pub crm_connector_id: Option<&'a str>,
    /// As the caller gave them; `None`: the CRM is asked.
    pub contacts: Option<&'a [Person]>,
    pub requested_name: Option<&'a str>,
    /// Of what makes it.
    pub delivery_id: &'a str,
    pub callback_id: Option<&'a str>,
    pub requested_by: &'a str,
}

/// What a folder is one of.
#[derive(Clone, Copy, Debug)]
pub struct DealKey<'a> {
    /// Of Box.
    pub connector_id: &'a str,
    /// The CRM's account.
    pub portal: &'a str,
    pub deal_id: &'a str,
}

/// A contact of a deal. Empty is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: Option<String>,
    #[serde(default)]
    pub first_name: String,
    #[serde(default)]
    pub last_name: String,
    #[serde(default)]
    pub email: String,
}

/// A folder that somebody asks for again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Known {
    pub id: String,
    pub status: String,
    pub delivery_id: String,
    pub callback_id: Option<String>,
    pub finished_at: Option<i64>,
    /// It was asked for before it was known of which portal the deal is.
    pub is_of_no_portal: bool,
}

/// A folder as what makes it needs it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Record {
    pub id: String,
    pub crm_connector_id: Option<String>,
    pub portal: String,
    pub deal_id: String,
    pub contacts: Option<Vec<Person>>,
    pub requested_name: Option<String>,
    pub name: Option<String>,
    pub folder_id: Option<String>,
    pub status: String,
    /// The copy that was asked for and not answered.
    pub wanted: Option<Wanted>,
    pub requested_at: i64,
}

/// A copy that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Wanted {
    pub name: String,
    pub parent_id: String,
    /// Unix seconds.
    pub since: i64,
    /// As which user of Box.
    pub user_id: String,
}

const FIND: &str = "
SELECT json_object('id', id, 'status', status, 'delivery_id', delivery_id, 'callback_id', callback_id,
  'finished_at', finished_at, 'is_of_no_portal', json(iif(portal = organization_id, 'true', 'false')))
FROM client_folders INDEXED BY client_folders_deal
WHERE organization_id = ?1 AND deal_id = ?2 AND connector_id = ?4 AND (portal = ?3 OR portal = ?1 OR ?3 = ?1)
ORDER BY portal = ?3 DESC, id LIMIT 1";

/// The folder of a deal, whatever became of it: of this portal, or asked for while no portal was known. Where none is known, that of
/// any.
///
/// # Errors
/// The failure of the statement.
pub async fn find<E: Execute>(
    database: &E,
    tenant: &Tenant,
    key: DealKey<'_>,
) -> Result<Option<Known>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), key.deal_id, key.portal, key.connector_id];
    let rows = database.execute(FIND, parameters).await?;
    json::read_optional(&rows)
}

const CREATE: &str = "
INSERT INTO client_folders (id, organization_id, connector_id, crm_connector_id, portal, deal_id, contact_id, contacts,
  requested_name, status, delivery_id, callback_id, requested_by, requested_at, created_at, updated_at)
SELECT ?2, ?1, connectors.id, ?4, ?5, ?6, ?7, ?8, ?9, 'pending', ?10, ?11, ?12, ?13, ?13, ?13
FROM connectors WHERE connectors.id = ?3 AND connectors.organization_id = ?1
ON CONFLICT (organization_id, deal_id, portal, connector_id) DO NOTHING
RETURNING id";

/// Notes that a deal is to have a folder; false where it has one already, or the tenant has no such connector.
///
/// # Errors
/// The failure of the statement.
pub async fn create<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    new: NewClientFolder<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    let contacts = new.contacts.map(json::write).transpose()?;
    let parameters = parameters![
        tenant.as_str(),
        new.id,
        new.key.connector_id,
        new.crm_connector_id,
        new.key.portal,
        new.key.deal_id,
        new.contacts.and_then(primary),
        contacts,
        new.requested_name,
        new.delivery_id,
        new.callback_id,
        new.requested_by,
        now,
    ];
    transaction
        .execute(CREATE, parameters)
        .await
        .map(|rows| !rows.is_empty())
}

const ADOPT: &str = "
UPDATE client_folders SET portal = ?3, crm_connector_id = ?4
WHERE id = ?2 AND organization_id = ?1 AND portal = ?1 AND ?3 <> ?1";

/// It is known now of which portal the deal is.
///
/// # Errors
/// The failure of the statement.
pub async fn adopt<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
    portal: &str,
    crm_connector_id: Option<&str>,
) -> Result<(), DatabaseError> {
    let parameters = parameters![tenant.as_str(), id, portal, crm_connector_id];
    transaction.execute(ADOPT, parameters).await.map(drop)
}

const LOAD: &str = "
SELECT json_object('id', id, 'crm_connector_id', crm_connector_id, 'portal', portal, 'deal_id', deal_id,
  'contacts', json(contacts), 'requested_name', requested_name, 'name', name, 'folder_id', folder_id, 'status', status,
  'wanted', json(iif(wanted_key IS NULL, 'null', json_object('name', wanted_name, 'parent_id', parent_id,
    'since', wanted_since, 'user_id', wanted_as))),
  'requested_at', requested_at)
FROM client_folders WHERE id = ?2 AND organization_id = ?1";

/// # Errors
/// The failure of the statement.
pub async fn load<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<Record>, DatabaseError> {
    let rows = database
        .execute(LOAD, parameters![tenant.as_str(), id])
        .await?;
    json::read_optional(&rows)
}

const AGAIN: &str = "
UPDATE client_folders SET status = 'pending', delivery_id = ?3, requested_at = ?4, updated_at = ?4, finished_at = NULL,
  failure_code = NULL, failure_detail = NULL, callback_id = coalesce(?5, callback_id),
  contacts = coalesce(?6, contacts), requested_name = coalesce(?7, requested_name)
WHERE id = ?2 AND organization_id = ?1 AND status = 'failed'
RETURNING connector_id";

/// Has one that failed tried again; returns its connector, or nothing where there is none that failed. Contacts and a
/// name that come with it take the place of those before.
///
/// # Errors
/// The failure of the statement.
pub async fn again<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    id: &str,
    again: Again<'_>,
    now: i64,
) -> Result<Option<String>, DatabaseError> {
    let contacts = again.contacts.map(json::write).transpose()?;
    let parameters = parameters![
        tenant.as_str(),
        id,
        again.delivery_id,
        now,
        again.callback_id,
        contacts,
        again.requested_name
    ];
    let rows = transaction.execute(AGAIN, parameters).await?;
    rows.first()
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()
}

/// Another try.
#[derive(Clone, Copy, Debug)]
pub struct Again<'a> {
    pub delivery_id: &'a str,
    pub callback_id: Option<&'a str>,
    pub contacts: Option<&'a [Person]>,
    pub requested_name: Option<&'a str>,
}

/// The end of a statement that only the holder of the lease may run: ?1 the tenant, ?2 the folder, ?3 the job, ?4 the
/// version, ?5 now.
macro_rules! fenced {
    ($set:literal) => {
        concat!(
            "UPDATE client_folders SET updated_at = ?5, ",
            $set,
            " WHERE id = ?2 AND organization_id = ?1 AND status = 'pending'
              AND EXISTS (SELECT 1 FROM jobs WHERE jobs.id = ?3 AND jobs.organization_id = ?1
                AND jobs.lease_version = ?4 AND jobs.lease_holder IS NOT NULL AND jobs.lease_expires_at > ?5)
              RETURNING id"
        )
    };
}

const SET_CONTACTS: &str = fenced!("contacts = ?6, contact_id = ?7");

/// Keeps the contacts that the CRM has named; false when the lease has ended.
///
/// # Errors
/// The failure of the statement.
pub async fn set_contacts<E: Execute>(
    database: &E,
    lease: Lease<'_>,
    id: &str,
    contacts: &[Person],
    now: i64,
) -> Result<bool, DatabaseError> {
    let contact_id = primary(contacts);
    let contacts = json::write(contacts)?;
    let parameters = parameters![
        lease.tenant.as_str(),
        id,
        lease.job_id,
        lease.version,
        now,
        contacts,
        contact_id
    ];
    changed(database, SET_CONTACTS, parameters).await
}

const TAKEN: &str = "
SELECT status = 'pending' AND contact_id IS (SELECT contact_id FROM client_folders WHERE id = ?4 AND organization_id = ?1)
  AND contact_id IS NOT NULL
FROM client_folders INDEXED BY client_folders_wanted
WHERE organization_id = ?1 AND parent_id = ?2 AND wanted_key = ?3 AND id <> ?4";

/// A copy of the same name is still the same copy.
const WANT: &str = fenced!(
    "copies = copies + 1,
     wanted_since = iif(wanted_key IS ?8 AND parent_id IS ?7, wanted_since, ?5),
     wanted_as = iif(wanted_key IS ?8 AND parent_id IS ?7, wanted_as, ?9),
     wanted_name = ?6, parent_id = ?7, wanted_key = ?8"
);

/// Whether a copy may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    Noted,
    /// Another client's deal has asked for a folder of this name and has no answer.
    Taken,
    /// Another deal of the same client has, and goes on by itself: its folder is to be this one's.
    Awaited,
    LeaseLost,
}

/// The copy that is about to be asked for.
#[derive(Clone, Copy, Debug)]
pub struct NewWanted<'a> {
    pub name: &'a str,
    /// The name without case.
    pub key: &'a str,
    pub parent_id: &'a str,
    pub user_id: &'a str,
}

/// Notes a copy before it is asked for.
///
/// # Errors
/// The failure of a statement.
pub async fn want<E: Execute>(
    transaction: &E,
    lease: Lease<'_>,
    id: &str,
    wanted: NewWanted<'_>,
    now: i64,
) -> Result<Want, DatabaseError> {
    let tenant = lease.tenant.as_str();
    let taken = transaction
        .execute(TAKEN, parameters![tenant, wanted.parent_id, wanted.key, id])
        .await?;
    if let Some(row) = taken.first() {
        return Ok(if row.integer(0)? == 1 {
            Want::Awaited
        } else {
            Want::Taken
        });
    }
    let parameters = parameters![
        tenant,
        id,
        lease.job_id,
        lease.version,
        now,
        wanted.name,
        wanted.parent_id,
        wanted.key,
        wanted.user_id
    ];
    Ok(if changed(transaction, WANT, parameters).await? {
        Want::Noted
    } else {
        Want::LeaseLost
    })
}

const ANSWERED: &str =
    fenced!("wanted_name = NULL, wanted_key = NULL, wanted_since = NULL, wanted_as = NULL");

/// The copy was answered, and is not there: another deal may have the name.
///
/// # Errors
/// The failure of the statement.
pub async fn answered<E: Execute>(
    database: &E,
    lease: Lease<'_>,
    id: &str,
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![lease.tenant.as_str(), id, lease.job_id, lease.version, now];
    changed(database, ANSWERED, parameters).await
}

const MADE: &str = fenced!(
    "folder_id = ?6, name = ?7, parent_id = ?8, path = ?9,
     wanted_name = NULL, wanted_key = NULL, wanted_since = NULL, wanted_as = NULL"
);

/// A folder that is there.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    pub folder_id: &'a str,
    pub name: &'a str,
    pub parent_id: Option<&'a str>,
    /// The names of the folders above it.
    pub path: &'a [String],
}

/// Keeps which folder it is, before it is marked; false when the lease has ended.
///
/// # Errors
/// The failure of the statement.
pub async fn made<E: Execute>(
    database: &E,
    lease: Lease<'_>,
    id: &str,
    made: Made<'_>,
    now: i64,
) -> Result<bool, DatabaseError> {
    let path: Vec<_> = made.path.iter().take(MAX_PATH).collect();
    let parameters = parameters![
        lease.tenant.as_str(),
        id,
        lease.job_id,
        lease.version,
        now,
        made.folder_id,
        made.name,
        made.parent_id,
        json::write(&path)?
    ];
    changed(database, MADE, parameters).await
}

const FINISH: &str = fenced!(
    "status = ?6, finished_at = ?5, failure_code = NULL, failure_detail = NULL, link_deliveries = ?7"
);

/// It is there and marked; false when the lease has ended. `status` is `created` or `existing`, `link_deliveries` are the ids
/// of what passes on its link.
///
/// # Errors
/// The failure of the statement.
pub async fn finish<E: Execute>(
    transaction: &E,
    lease: Lease<'_>,
    id: &str,
    status: &str,
    link_deliveries: &[String],
    now: i64,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![
        lease.tenant.as_str(),
        id,
        lease.job_id,
        lease.version,
        now,
        status,
        json::write(link_deliveries)?
    ];
    changed(transaction, FINISH, parameters).await
}

const OF_CONTACT: &str = "
SELECT folder_id FROM client_folders INDEXED BY client_folders_contact
WHERE organization_id = ?1 AND contact_id = ?2 AND connector_id = (
    SELECT connector_id FROM client_folders WHERE id = ?3 AND organization_id = ?1)
  AND portal = (SELECT portal FROM client_folders WHERE id = ?3 AND organization_id = ?1)
  AND id <> ?3 AND folder_id IS NOT NULL
ORDER BY id LIMIT 1";

/// The folder that another deal of this contact has.
///
/// # Errors
/// The failure of the statement.
pub async fn of_contact<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
    contact_id: &str,
) -> Result<Option<String>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), contact_id, id];
    let rows = database.execute(OF_CONTACT, parameters).await?;
    rows.first()
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()
}

async fn changed<E: Execute>(
    database: &E,
    sql: &str,
    parameters: &[crate::database::Value],
) -> Result<bool, DatabaseError> {
    let rows = database.execute(sql, parameters).await?;
    Ok(!rows.is_empty())
}

/// The contact that a folder is known by: the first that has an id.
fn primary(contacts: &[Person]) -> Option<&str> {
    contacts.iter().find_map(|person| person.id.as_deref())
}
