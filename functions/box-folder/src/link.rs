//! The link of a folder, on its way to a property of a deal or a contact at HubSpot. To write it twice does no harm.

use domain::access::Tenant;
use platform::SpinDatabase;
use platform::delivering::Outcome;
use platform::hubspot::{Account, Session};
use platform::run::RunReport;
use serde::{Deserialize, Serialize};
use store::outbox::Effect;

use crate::failing;

pub const DEAL: &str = "deal";
pub const CONTACT: &str = "contact";

/// What is written where.
#[derive(Serialize, Deserialize)]
pub struct Link {
    pub client_folder_id: String,
    pub object: String,
    pub id: String,
    pub property: String,
    pub link: String,
}

pub async fn send(
    database: &SpinDatabase,
    tenant: &Tenant,
    effect: &Effect,
    until_ms: i64,
) -> Outcome {
    let Ok(link) = serde_json::from_str::<Link>(&effect.payload) else {
        let report = RunReport::failed("configuration", "The stored link cannot be read.");
        return Outcome::of(report, false);
    };
    let account = match Account::open(database, tenant, &effect.connector_id, &effect.config).await
    {
        Ok(account) => account,
        Err(failure) => return failing::of_hubspot(failure, false),
    };
    let session = Session::begin(&account, database, until_ms).await;
    let changes = [(link.property.as_str(), link.link.as_str())];
    let result = session
        .request(|client| match link.object.as_str() {
            CONTACT => client.update_contact(&link.id, &changes),
            _ => client.update_deal(&link.id, &changes),
        })
        .await;
    match result {
        Ok(_) => Outcome::delivered(200, None),
        Err(failure) => failing::of_hubspot(failure, session.calls() > 0),
    }
}
