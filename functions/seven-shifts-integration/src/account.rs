//! Whose account it is, and how it stands.

use api::Problem;
use api::query::Query;
use api::seven_shifts_integration::{
    ConfiguredStatus, IntegrationConfiguration, IntegrationStatus, LastSync, NotConfigured,
};
use domain::access::Tenant;
use domain::connector_state::ConnectorState::{Disconnected, Paused, Revoked};
use domain::stream::Stream;
use domain::sync_settings::SyncSettings;
use http::StatusCode;
use platform::seven_shifts::{self, Account, Config, PROVIDER};
use platform::{Context, Reply, SpinDatabase, clock, problems, time};
use store::Execute;
use store::connectors::Connector;
use store::credentials;
use store::staff::{self, Staff};
use store::staff_policies::{self, StaffPolicy};

use crate::{DEADLINE_MS, refusal};

/// The connector that this API is about: the one that `connect` makes when no name is given.
pub const KEY: &str = "7shifts";

pub fn tenant(context: &Context) -> Result<Tenant, Problem> {
    tenant_and(context, |_| ()).map(|(tenant, ())| tenant)
}

/// The organization of a list whose other parameters are read by `read`.
pub fn tenant_and<T>(
    context: &Context,
    read: impl FnOnce(&mut Query<'_>) -> T,
) -> Result<(Tenant, T), Problem> {
    let mut query = Query::parse(&context.query);
    query.lenient();
    named(context, query, read)
}

/// The same of a route that the replaced system had not: what it does not take is refused, for a name that is
/// misspelt would ask for more than was meant.
pub fn strict_tenant_and<T>(
    context: &Context,
    read: impl FnOnce(&mut Query<'_>) -> T,
) -> Result<(Tenant, T), Problem> {
    named(context, Query::parse(&context.query), read)
}

fn named<T>(
    context: &Context,
    mut query: Query<'_>,
    read: impl FnOnce(&mut Query<'_>) -> T,
) -> Result<(Tenant, T), Problem> {
    let organization_id = query.id("organization_id");
    let read = read(&mut query);
    query.finish()?;
    let tenant = context
        .tenant(organization_id.as_deref())
        .map_err(refusal::no_account)?;
    Ok((tenant, read))
}

/// An account that is set up.
pub struct Integration {
    pub connector: Connector,
    pub policy: StaffPolicy,
    pub config: Config,
    pub settings: SyncSettings,
}

impl Integration {
    pub fn staff<'a>(&'a self, tenant: &'a Tenant) -> Staff<'a> {
        Staff {
            tenant,
            connector_id: &self.connector.id,
            role_names: &self.policy.sync_role_names,
        }
    }

    /// What stands before and after the id of a person without an address.
    pub fn placeholder(&self, tenant: &Tenant) -> Option<(&'static str, String)> {
        self.policy
            .create_users_without_email
            .then(|| placeholder(tenant))
    }
}

/// What stands before and after 7shifts' id in the address of a person who has none.
pub fn placeholder(tenant: &Tenant) -> (&'static str, String) {
    ("temp_7shifts_", format!("@{}.temp.local", tenant.as_str()))
}

/// Sync settings as they are stored.
pub fn stored_settings(text: &str) -> Result<SyncSettings, Problem> {
    serde_json::from_str(text)
        .ok()
        .and_then(|json| SyncSettings::from_json(&json).ok())
        .ok_or_else(|| problems::internal("stored sync settings cannot be read"))
}

/// The account, if it is set up.
pub async fn find(context: &Context, tenant: &Tenant) -> Result<Option<Integration>, Problem> {
    find_in(&context.database, tenant).await
}

/// [`find`], as a transaction sees it.
pub async fn find_in<E: Execute>(
    database: &E,
    tenant: &Tenant,
) -> Result<Option<Integration>, Problem> {
    let found = staff_policies::connector_with_policy(database, tenant, KEY)
        .await
        .map_err(|error| problems::database(&error))?;
    let Some((connector, policy)) = found.filter(|(found, _)| found.provider == PROVIDER) else {
        return Ok(None);
    };
    let config = serde_json::from_str(&connector.config)
        .map_err(|_| problems::internal("the connector's configuration cannot be read"))?;
    let settings = stored_settings(&connector.sync_settings)?;
    Ok(Some(Integration {
        connector,
        policy,
        config,
        settings,
    }))
}

/// The account that must be set up.
pub async fn set_up(context: &Context, tenant: &Tenant) -> Result<Integration, Problem> {
    find(context, tenant)
        .await?
        .ok_or_else(refusal::not_configured)
}

/// The same account at 7shifts; without a token there is none.
pub async fn opened<'a>(
    context: &'a Context,
    tenant: &Tenant,
    integration: &Integration,
) -> Result<Account<'a, SpinDatabase>, Problem> {
    let connector = &integration.connector;
    let sealed = credentials::list(&context.database, tenant, &connector.id)
        .await
        .map_err(|error| problems::database(&error))?;
    if sealed.is_empty() {
        return Err(refusal::disconnected());
    }
    let deadline_ms = clock::now_ms().saturating_add(DEADLINE_MS);
    seven_shifts::account(
        &context.database,
        tenant,
        &connector.id,
        &connector.config,
        &sealed,
        deadline_ms,
    )
    .await
    .map_err(|failure| refusal::failed(&failure, None))
}

pub async fn status(context: &Context) -> Result<Reply, Problem> {
    let tenant = tenant(context)?;
    let Some(integration) = find(context, &tenant).await? else {
        let answer = IntegrationStatus::NotConfigured(NotConfigured {
            is_configured: false,
            message: "7shifts integration not configured".to_owned(),
        });
        return Reply::json(StatusCode::OK, &answer);
    };
    let (employee_count, upcoming_shifts_count) =
        staff::counts(&context.database, integration.staff(&tenant), clock::now())
            .await
            .map_err(|error| problems::database(&error))?;
    let answer = IntegrationStatus::Configured(Box::new(ConfiguredStatus {
        configuration: configuration(context, &tenant, &integration).await?,
        employee_count,
        upcoming_shifts_count,
    }));
    Reply::json(StatusCode::OK, &answer)
}

/// How the account is set up, as `status/` and `configure/` show it.
pub async fn configuration(
    context: &Context,
    tenant: &Tenant,
    integration: &Integration,
) -> Result<IntegrationConfiguration, Problem> {
    let Integration {
        connector,
        policy,
        config,
        settings,
    } = integration;
    let newest = staff::log(&context.database, tenant, &connector.id, 1)
        .await
        .map_err(|error| problems::database(&error))?;
    let newest: Vec<LastSync> =
        serde_json::from_str(&newest).map_err(|error| problems::internal(&error.to_string()))?;
    Ok(IntegrationConfiguration {
        id: connector.id.clone(),
        account: tenant.as_str().to_owned(),
        company_id: config.company_id.to_string(),
        is_active: !matches!(connector.state, Disconnected | Paused | Revoked),
        last_sync_at: connector.last_sync_at.map(time::rfc3339),
        sync_employees_enabled: settings.streams.is_enabled(Stream::Users),
        sync_shifts_enabled: settings.streams.is_enabled(Stream::Shifts),
        enforce_shift_schedule: policy.enforce_shift_schedule,
        sync_role_names: policy.sync_role_names.clone(),
        create_users_without_email: policy.create_users_without_email,
        created_at: time::rfc3339(connector.created_at),
        updated_at: time::rfc3339(connector.updated_at),
        is_configured: true,
        last_sync_status: newest.into_iter().next(),
    })
}
