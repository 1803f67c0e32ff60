//! Connectors to HubSpot by what a workflow's call names, before its signature says of which organization it is.

use domain::access::Tenant;
use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::jobs::SealedCredential;
use crate::{json, parameters};

/// Connectors to one portal that a call is checked against at the most: a portal may be of several organizations, of which some may
/// have named it by mistake.
pub const MAX_CANDIDATES: i64 = 100;

/// A connector whose secret may have signed a call.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Candidate {
    pub organization_id: String,
    pub connector_id: String,
    pub state: String,
    /// JSON.
    pub config: String,
    pub credentials: Vec<SealedCredential>,
}

macro_rules! candidates {
    ($which:literal) => {
        concat!(
            "SELECT json_group_array(json_object('organization_id', connectors.organization_id,
               'connector_id', connectors.id, 'state', connectors.state, 'config', connectors.config,
               'credentials', json((
                 SELECT json_group_array(json_object('field', field, 'sealed', sealed)) FROM credentials
                 WHERE credentials.connector_id = connectors.id
                   AND credentials.organization_id = connectors.organization_id))))
             FROM (SELECT * FROM connectors ",
            $which,
            ") AS connectors
             JOIN organizations ON organizations.id = connectors.organization_id AND organizations.state = 'active'"
        )
    };
}

const OF_PORTAL: &str = candidates!(
    "INDEXED BY connectors_portal WHERE provider = 'hubspot' AND config ->> 'portal_id' = ?1
       AND EXISTS (SELECT 1 FROM credentials WHERE credentials.connector_id = connectors.id)
       ORDER BY id LIMIT ?2"
);

/// Takes no tenant: nothing is known of who calls but the number of the portal, which proves nothing.
///
/// # Errors
/// The failure of the statement.
pub async fn of_portal<E: Execute>(
    database: &E,
    portal_id: i64,
) -> Result<Vec<Candidate>, DatabaseError> {
    let parameters = parameters![portal_id, MAX_CANDIDATES];
    json::read(&database.execute(OF_PORTAL, parameters).await?)
}

const HOLDER: &str = "
SELECT id FROM connectors INDEXED BY connectors_portal
WHERE provider = 'hubspot' AND config ->> 'portal_id' = ?2 AND organization_id = ?1 AND integration_key <> ?3 LIMIT 1";

/// The other connector of the organization, whatever its key but this one, that is to the portal already.
///
/// # Errors
/// The failure of the statement.
pub async fn holder<E: Execute>(
    database: &E,
    tenant: &Tenant,
    portal_id: i64,
    integration_key: &str,
) -> Result<Option<String>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), portal_id, integration_key];
    let rows = database.execute(HOLDER, parameters).await?;
    rows.first()
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()
}

const OF_ID: &str = candidates!("WHERE id = ?1 AND provider = 'hubspot'");

/// The same by the id of the connector, which proves nothing either.
///
/// # Errors
/// The failure of the statement.
pub async fn of_connector<E: Execute>(
    database: &E,
    connector_id: &str,
) -> Result<Vec<Candidate>, DatabaseError> {
    json::read(&database.execute(OF_ID, parameters![connector_id]).await?)
}
