//! Whether Employment Hero takes the grant of a connector, and which organisations its login sees.

use api::Problem;
use api::connectors::TestedConnector;
use domain::access::Tenant;
use domain::connector_state::ConnectorState::{Active, Error, Expired, Revoked};
use http::StatusCode;
use platform::access_tokens;
use platform::internal::TestCall;
use platform::{Context, Reply, SpinDatabase, clock, problems};
use providers::ProviderError;
use store::connectors::{self, Connector, StateChange};
use store::credentials;

use platform::employment_hero::{Account, Failure, Session, chosen};

/// How long a test may take, in milliseconds.
const TEST_MS: i64 = 8_000;

pub async fn test(context: &Context) -> Result<Reply, Problem> {
    let call: TestCall = context.json()?;
    let tenant = context.tenant(Some(&call.organization_id))?;
    let database = &context.database;
    let connector = connectors::get(database, &tenant, &call.connector_id)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("connector"))?;
    let used = credentials::list(database, &tenant, &connector.id)
        .await
        .map_err(|error| problems::database(&error))?;
    let used = access_tokens::lasting(&used);
    let (tested, state) = match seen(database, &tenant, &connector).await {
        Ok(detail) => (
            TestedConnector {
                success: true,
                detail,
            },
            Some(Active),
        ),
        Err(failure) => {
            let state = match &failure {
                Failure::Unusable(_)
                | Failure::Organisation(_)
                | Failure::Provider(ProviderError::Forbidden { .. }) => Some(Error),
                Failure::Provider(ProviderError::Unauthorized { .. }) => Some(Expired),
                // Whoever has asked for the token has set the state; the rest says nothing of the connector.
                _ => None,
            };
            let detail = failure.detail();
            (
                TestedConnector {
                    success: false,
                    detail,
                },
                state,
            )
        }
    };
    if let Some(to) = state {
        let change = StateChange {
            // A pause stays a pause.
            from: if to == Active {
                &[Active, Error, Expired, Revoked]
            } else {
                &[Active, Error]
            },
            to,
            reason: (to != Active).then_some(tested.detail.as_str()),
        };
        let now = clock::now();
        connectors::set_state_by_use(database, &tenant, &connector.id, &used, change, now)
            .await
            .map_err(|error| problems::database(&error))?;
    }
    Reply::json(StatusCode::OK, &tested)
}

async fn seen(
    database: &SpinDatabase,
    tenant: &Tenant,
    connector: &Connector,
) -> Result<String, Failure> {
    let account = Account::open(tenant, &connector.id, &connector.config).await?;
    let deadline_ms = clock::now_ms().saturating_add(TEST_MS);
    let session = Session::begin(&account, database, deadline_ms);
    let all = session.organisations().await?;
    let organisation =
        chosen(&all, account.config.organisation_id.as_deref()).map_err(Failure::Organisation)?;
    Ok(format!(
        "Employment Hero answered. The organisation is {} ({}).",
        organisation.name, organisation.id
    ))
}
