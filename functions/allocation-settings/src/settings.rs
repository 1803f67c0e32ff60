//! By what an organization's deals are allocated.

use api::Problem;
use api::allocation::AllocationSettings;
use domain::access::Tenant;
use domain::allocation::Settings;
use http::StatusCode;
use platform::{Context, Reply, clock, problems, time};
use store::Execute;
use store::allocation::settings::{self, StoredSettings};
use store::organizations::OrganizationState;

use crate::{given, no_organization, refused};

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let stored = stored(&context.database, &tenant).await?;
    Reply::json(StatusCode::OK, &shown(stored)?)
}

/// Repeating it changes nothing.
pub async fn replace(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let document = Settings::from_json(&given(context)?)
        .map_err(refused)?
        .to_json()
        .to_string();
    let by = context.caller()?.subject();
    let stored = context
        .transaction(async |transaction| {
            settings::put(transaction, &tenant, &document, by, clock::now())
                .await
                .map_err(|error| problems::database(&error))?;
            stored(transaction, &tenant).await
        })
        .await?;
    Reply::json(StatusCode::OK, &shown(stored)?)
}

async fn stored<E: Execute>(
    database: &E,
    tenant: &Tenant,
) -> Result<Option<StoredSettings>, Problem> {
    settings::get(database, tenant)
        .await
        .map_err(|error| problems::database(&error))?
        .filter(|found| found.state == OrganizationState::Active)
        .map(|found| found.settings)
        .ok_or_else(no_organization)
}

fn shown(stored: Option<StoredSettings>) -> Result<AllocationSettings, Problem> {
    let settings = match &stored {
        None => Settings::default(),
        Some(stored) => Settings::from_json(&stored.document)
            .map_err(|_| problems::internal("stored allocation settings cannot be read"))?,
    };
    Ok(AllocationSettings {
        settings: settings.to_json(),
        mode: settings.mode().to_owned(),
        version: stored.as_ref().map_or(0, |stored| stored.version),
        updated_at: stored
            .as_ref()
            .map(|stored| time::rfc3339(stored.updated_at)),
        updated_by: stored.map(|stored| stored.updated_by),
    })
}
