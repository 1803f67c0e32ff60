//! `connect` and `test_connection`: the token is tried before anything is stored.

use api::seven_shifts_proxy::{CompanyAnswer, ConnectedAnswer, SevenShiftsCall, TestedAnswer};
use api::{Problem, ProblemKind};
use domain::run::Trigger;
use domain::stream::Stream;
use domain::sync_settings::SyncSettings;
use http::StatusCode;
use platform::seven_shifts::{self, ACCESS_TOKEN, Config, PROVIDER, SYNC_FUNCTION};
use platform::vault::{Place, Secret, Vault};
use platform::{Context, Reply, clock, problems, random};
use store::connectors::{self, Connect, NewConnector};
use store::credentials::{self, Sealed};
use store::jobs::plan::{self, StreamJob, StreamJobs};
use store::jobs::{self, RunRequest};
use store::{Database, DatabaseError};

use crate::{DEADLINE_MS, account, refusal};

const MAX_NAME: usize = 200;
const MAX_KEY: usize = 64;

/// Tries the token in the call, or the stored one when there is none.
pub async fn test(context: &Context, call: &SevenShiftsCall) -> Result<Reply, Problem> {
    let tenant = account::tenant(context, call)?;
    let company = if call.api_key.is_some() {
        let token = account::token(call)?;
        company(context, call, &token).await?
    } else {
        let connector = account::connector(context, &tenant, call).await?;
        let account = account::stored(context, &tenant, &connector).await?;
        let answer = seven_shifts::call(&account.line, account.client.company())
            .await
            .map_err(|failure| refusal::failed(&failure))?;
        CompanyAnswer {
            id: answer.value.id,
            name: answer.value.name,
        }
    };
    Reply::json(
        StatusCode::OK,
        &TestedAnswer {
            success: true,
            company,
        },
    )
}

/// Stores the account and makes its first syncs due. Connecting again replaces the token and goes
/// on where the connector was.
pub async fn connect(context: &Context, call: &SevenShiftsCall) -> Result<Reply, Problem> {
    let tenant = account::tenant(context, call)?;
    let token = account::token(call)?;
    let key = account::integration_key(call);
    if key.len() > MAX_KEY
        || !key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    {
        return Err(refusal::bad_request(Problem::field(
            "/integrationKey",
            format!("must have 1 to {MAX_KEY} letters, digits, '-', '_' or '.'"),
        )));
    }
    // Without it nothing could be stored: the provider need not be asked.
    let vault = Vault::open()
        .await
        .map_err(|error| refusal::closed_vault(&error))?;
    let company = company(context, call, &token).await?;
    let config = account::config(call, company.id, Some(company.name.clone()))?;
    let name = call.name.as_deref().map_or_else(
        || company.name.clone(),
        |name| domain::redact::excerpt(name, MAX_NAME, &[]),
    );
    let stored = store(context, &tenant, key, &name, &vault, &token, &config)
        .await
        .map_err(|error| problems::database(&error))?;
    let connector_id = match stored {
        Connect::Created { id } | Connect::Reconnected { id } => id,
        Connect::KeyTaken => {
            return Err(Problem::new(
                ProblemKind::Conflict,
                "The organization uses this integrationKey for another provider.",
            )
            .with_legacy(StatusCode::CONFLICT, "UNKNOWN"));
        }
        Connect::NoOrganization => {
            return Err(Problem::new(
                ProblemKind::NotFound,
                "There is no such organization, or it is being removed.",
            )
            .with_legacy(StatusCode::NOT_FOUND, "UNKNOWN"));
        }
    };
    let streams = enabled_streams(context, &tenant, &connector_id).await?;
    let fresh: Vec<_> = streams
        .iter()
        .map(|stream| (stream.as_str(), random::id()))
        .collect();
    let request = RunRequest {
        connector_id: &connector_id,
        streams: &fresh,
        params: None,
        trigger: Trigger::Manual,
    };
    let runs = jobs::request_run(&context.database, &tenant, request, clock::now())
        .await
        .map_err(|error| problems::database(&error))?;
    let answer = ConnectedAnswer {
        success: true,
        connector_id,
        status: "active".to_owned(),
        company,
        run_ids: runs
            .into_iter()
            .map(|run| (run.stream, run.run_id))
            .collect(),
    };
    Reply::json(StatusCode::OK, &answer)
}

/// The company of the token: the one that the call names, or the token's only one.
async fn company(
    context: &Context,
    call: &SevenShiftsCall,
    token: &Secret,
) -> Result<CompanyAnswer, Problem> {
    let failed = |failure| refusal::failed(&failure);
    let deadline_ms = clock::now_ms().saturating_add(DEADLINE_MS);
    let client = seven_shifts::client(token, call.company_guid.as_deref())
        .await
        .map_err(failed)?;
    let line = seven_shifts::line(&context.database, token, deadline_ms)
        .await
        .map_err(failed)?;
    let company_id = match account::number("/companyId", call.company_id.as_deref())? {
        Some(company_id) => company_id,
        None => {
            let whoami = seven_shifts::call(&line, client.whoami())
                .await
                .map_err(failed)?
                .value;
            let mut companies = whoami.active_company_ids();
            match (companies.next(), companies.next()) {
                (Some(only), None) => only,
                (None, _) => {
                    return Err(refusal::bad_request(Problem::field(
                        "/companyId",
                        "is missing, and the token belongs to no active company: send the company's number",
                    )));
                }
                (Some(_), Some(_)) => {
                    return Err(refusal::bad_request(Problem::field(
                        "/companyId",
                        "is missing, and the token belongs to several companies: send the number of one",
                    )));
                }
            }
        }
    };
    let client = client.company(company_id).map_err(|_| {
        refusal::bad_request(Problem::field(
            "/companyId",
            "must be the number that 7shifts shows",
        ))
    })?;
    let answer = seven_shifts::call(&line, client.company())
        .await
        .map_err(failed)?;
    Ok(CompanyAnswer {
        id: answer.value.id,
        name: answer.value.name,
    })
}

async fn store(
    context: &Context,
    tenant: &domain::access::Tenant,
    key: &str,
    name: &str,
    vault: &Vault,
    token: &Secret,
    config: &Config,
) -> Result<Connect, DatabaseError> {
    let shape = |error: String| DatabaseError::Shape(error);
    let config = serde_json::to_string(config).map_err(|error| shape(error.to_string()))?;
    let settings = serde_json::to_string(&SyncSettings::default().to_json())
        .map_err(|error| shape(error.to_string()))?;
    let id = random::id();
    let now = clock::now();
    let connected_by = context
        .caller()
        .map(|caller| caller.subject().to_owned())
        .unwrap_or_default();
    context
        .database
        .transaction(async |transaction| {
            let new = NewConnector {
                id: &id,
                provider: PROVIDER,
                integration_key: key,
                name,
                config: &config,
                sync_settings: &settings,
                connected_by: &connected_by,
            };
            let connected = connectors::connect(transaction, tenant, new, now).await?;
            let (Connect::Created { id } | Connect::Reconnected { id }) = &connected else {
                return Ok(connected);
            };
            let place = Place {
                organization_id: tenant.as_str(),
                connector_id: id,
                field: ACCESS_TOKEN,
            };
            let sealed = vault
                .seal(place, token)
                .map_err(|error| shape(error.to_string()))?;
            let field = Sealed {
                field: ACCESS_TOKEN,
                sealed: &sealed.token,
                sealed_by: &sealed.sealed_by,
            };
            credentials::put(transaction, tenant, id, &[field], now).await?;
            let streams: Vec<_> = Stream::SYNCED
                .iter()
                .map(|stream| StreamJob {
                    id: random::id(),
                    stream: stream.as_str(),
                    rank: i64::from(stream.rank()),
                    next_due_at: None,
                    planned_trigger: Trigger::Cron,
                })
                .collect();
            let jobs = StreamJobs {
                connector_id: id,
                function: SYNC_FUNCTION,
                concurrency_key: id,
                streams: &streams,
            };
            plan::ensure_stream_jobs(transaction, tenant, jobs, now).await?;
            Ok(connected)
        })
        .await
}

/// The streams that the connector's settings switch on, in run order.
pub async fn enabled_streams(
    context: &Context,
    tenant: &domain::access::Tenant,
    connector_id: &str,
) -> Result<Vec<Stream>, Problem> {
    let connector = connectors::get(&context.database, tenant, connector_id)
        .await
        .map_err(|error| problems::database(&error))?;
    let settings = connector
        .and_then(|connector| serde_json::from_str(&connector.sync_settings).ok())
        .and_then(|json| SyncSettings::from_json(&json).ok())
        .ok_or_else(|| problems::internal("stored sync settings cannot be read"))?;
    Ok(Stream::SYNCED
        .into_iter()
        .filter(|stream| settings.streams.is_enabled(*stream))
        .collect())
}
