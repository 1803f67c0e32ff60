//! `connect` and `test_connection`: the token is tried before anything is stored.

use api::seven_shifts_proxy::{CompanyAnswer, ConnectedAnswer, SevenShiftsCall, TestedAnswer};
use api::{Problem, ProblemKind};
use domain::access::Tenant;
use domain::run::Trigger;
use domain::stream::Stream;
use domain::sync_settings::{BACKFILL_DAYS, SyncSettings};
use http::StatusCode;
use platform::seven_shifts::checkpoint::Checkpoint;
use platform::seven_shifts::{
    self, ACCESS_TOKEN, Account, Config, Failure, PROVIDER, SYNC_FUNCTION, webhooks,
};
use platform::vault::{Place, Secret, Vault};
use platform::{Context, Reply, SpinDatabase, clock, problems, random};
use providers::seven_shifts::{LocationsQuery, MAX_LIMIT, Paging};
use store::connectors::{self, Connect, Connector, NewConnector};
use store::credentials::{self, Sealed};
use store::jobs::plan::{self, StreamJob, StreamJobs};
use store::jobs::{self, PromisedRun, RunRequest};
use store::{Database, DatabaseError, Execute, checkpoints, records};

use crate::{DEADLINE_MS, account, refusal};

const MAX_NAME: usize = 200;
const MAX_KEY: usize = 64;
/// Pages of locations that are looked through for one: ten thousand locations.
const MAX_LOCATION_PAGES: u32 = 20;

/// Tries the token in the call, or the stored one when there is none.
pub async fn test(context: &Context, call: &SevenShiftsCall) -> Result<Reply, Problem> {
    let tenant = account::tenant(context, call)?;
    let company = if call.api_key.is_some() {
        let token = account::token(call)?;
        company(context, call, &token).await?
    } else {
        let connector = account::connector(context, &tenant, call).await?;
        let account = account::stored(context, &tenant, &connector).await?;
        profile(&account).await?
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
/// on where the connector was; a connector that holds the data of one company stays with it.
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
    let given = call
        .name
        .as_deref()
        .map(|name| domain::redact::excerpt(name.trim(), MAX_NAME, &[]));
    if given.as_deref() == Some("") {
        return Err(refusal::bad_request(Problem::field(
            "/name",
            "is empty: send a name for people, or leave it out for the company's",
        )));
    }
    if call
        .params
        .backfill_days
        .is_some_and(|days| !BACKFILL_DAYS.contains(&days))
    {
        return Err(refusal::bad_request(Problem::field(
            "/params/backfill_days",
            format!(
                "must be a number from {} to {}",
                BACKFILL_DAYS.start(),
                BACKFILL_DAYS.end()
            ),
        )));
    }
    // Without it nothing could be stored: the provider need not be asked.
    let vault = Vault::open()
        .await
        .map_err(|error| refusal::closed_vault(&error))?;
    let company = company(context, call, &token).await?;
    let config = account::config(call, company.id, Some(company.name.clone()))?;
    let wanted = Wanted {
        key,
        name: given.as_deref().unwrap_or(&company.name),
        token: &token,
        config: &config,
        backfill_days: call.params.backfill_days,
    };
    let stored = store(context, &tenant, &vault, wanted)
        .await
        .map_err(|error| problems::database(&error))?;
    let conflict = |why: String| {
        Problem::new(ProblemKind::Conflict, why).with_legacy(StatusCode::CONFLICT, "UNKNOWN")
    };
    let (connector_id, runs) = match stored {
        Stored::Connected { id, runs } => (id, runs),
        Stored::OtherCompany(held) => {
            let name = held.company_name.unwrap_or_default();
            return Err(conflict(format!(
                "The connector {key:?} holds the data of company {} ({name}), and rows of two companies would be mixed. Send another integrationKey for company {}; to give up the old data, remove the organization.",
                held.company_id, company.id
            )));
        }
        Stored::KeyTaken => {
            return Err(conflict(
                "The organization uses this integrationKey for another provider.".to_owned(),
            ));
        }
        Stored::NoOrganization => {
            return Err(Problem::new(
                ProblemKind::NotFound,
                "There is no such organization, or it is being removed.",
            )
            .with_legacy(StatusCode::NOT_FOUND, "UNKNOWN"));
        }
    };
    let webhooks = webhooks::answer::connected(&context.database, &tenant, &connector_id).await;
    let answer = ConnectedAnswer {
        success: true,
        connector_id,
        status: "active".to_owned(),
        company,
        run_ids: runs
            .into_iter()
            .map(|run| (run.stream, run.run_id))
            .collect(),
        webhooks,
    };
    Reply::json(StatusCode::OK, &answer)
}

/// The company as 7shifts has it.
async fn profile(account: &Account<'_, SpinDatabase>) -> Result<CompanyAnswer, Problem> {
    match seven_shifts::call(&account.line, account.client.company()).await {
        Ok(answer) => Ok(CompanyAnswer {
            id: answer.value.id,
            name: answer.value.name,
        }),
        Err(failure) => Err(account::failed(account, "the company's profile", failure).await),
    }
}

/// The company of the token: the one that the call names, or the token's only one.
async fn company(
    context: &Context,
    call: &SevenShiftsCall,
    token: &Secret,
) -> Result<CompanyAnswer, Problem> {
    let failed = |failure| refusal::failed(&failure);
    let deadline_ms = clock::now_ms().saturating_add(DEADLINE_MS);
    let client = seven_shifts::client(token, account::company_guid(call))
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
    let account = Account { client, line };
    let company = profile(&account).await?;
    if let Some(location_id) = account::number("/locationId", call.location_id.as_deref())? {
        match has_location(&account, location_id).await {
            Ok(true) => {}
            Ok(false) => {
                return Err(refusal::bad_request(Problem::field(
                    "/locationId",
                    "is no location of this company: send a number that get_locations shows, or leave it out for all locations",
                )));
            }
            Err(failure) => return Err(account::failed(&account, "locations", failure).await),
        }
    }
    Ok(company)
}

/// Whether the company has this location. To a run that is kept to one that does not exist, all of
/// the account would seem to be gone.
async fn has_location(
    account: &Account<'_, SpinDatabase>,
    location_id: i64,
) -> Result<bool, Failure> {
    let mut paging = Paging {
        cursor: None,
        limit: Some(MAX_LIMIT),
    };
    for _ in 0..MAX_LOCATION_PAGES {
        let query = LocationsQuery {
            paging,
            ..LocationsQuery::default()
        };
        let page = seven_shifts::call(&account.line, account.client.locations(&query))
            .await?
            .value;
        if page.rows.iter().any(|location| location.id == location_id) {
            return Ok(true);
        }
        if page.next.is_none() {
            break;
        }
        paging = Paging {
            cursor: page.next,
            limit: Some(MAX_LIMIT),
        };
    }
    Ok(false)
}

/// What a call asks to be stored.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    key: &'a str,
    name: &'a str,
    token: &'a Secret,
    config: &'a Config,
    /// Of a connector that is new.
    backfill_days: Option<u16>,
}

enum Stored {
    Connected {
        id: String,
        runs: Vec<PromisedRun>,
    },
    /// The connector of this key holds the data of this one.
    OtherCompany(Config),
    KeyTaken,
    NoOrganization,
}

/// Connector, credential, jobs and first runs: all of it or nothing, so that no failure in between
/// leaves a connector whose streams are never due.
async fn store(
    context: &Context,
    tenant: &Tenant,
    vault: &Vault,
    wanted: Wanted<'_>,
) -> Result<Stored, DatabaseError> {
    let config = serde_json::to_string(wanted.config).map_err(shape)?;
    let mut settings = SyncSettings::default();
    settings.backfill_days = wanted.backfill_days.unwrap_or(settings.backfill_days);
    let settings = serde_json::to_string(&settings.to_json()).map_err(shape)?;
    let id = random::id();
    let now = clock::now();
    let connected_by = context
        .caller()
        .map(|caller| caller.subject().to_owned())
        .unwrap_or_default();
    context
        .database
        .transaction(async |transaction| {
            let before = connectors::get_by_key(transaction, tenant, wanted.key).await?;
            let change = match &before {
                Some(before) if before.provider == PROVIDER => {
                    change(transaction, tenant, before, wanted.config).await?
                }
                _ => Change::None,
            };
            if let Change::OtherCompany(held) = change {
                return Ok(Stored::OtherCompany(held));
            }
            let new = NewConnector {
                id: &id,
                provider: PROVIDER,
                integration_key: wanted.key,
                name: wanted.name,
                config: &config,
                sync_settings: &settings,
                connected_by: &connected_by,
            };
            let id = match connectors::connect(transaction, tenant, new, now).await? {
                Connect::Created { id } | Connect::Reconnected { id } => id,
                Connect::KeyTaken => return Ok(Stored::KeyTaken),
                Connect::NoOrganization => return Ok(Stored::NoOrganization),
            };
            let place = Place {
                organization_id: tenant.as_str(),
                connector_id: &id,
                field: ACCESS_TOKEN,
            };
            let sealed = vault.seal(place, wanted.token).map_err(shape)?;
            let field = Sealed {
                field: ACCESS_TOKEN,
                sealed: &sealed.token,
                sealed_by: &sealed.sealed_by,
            };
            credentials::put(transaction, tenant, &id, &[field], now).await?;
            if change != Change::None {
                begin_elsewhere(transaction, tenant, &id, &change).await?;
            }
            make_jobs(transaction, tenant, &id, now).await?;
            let runs = ask_for_runs(transaction, tenant, &id, change.params(), now).await?;
            Ok(Stored::Connected { id, runs })
        })
        .await
}

fn shape(error: impl std::fmt::Display) -> DatabaseError {
    DatabaseError::Shape(error.to_string())
}

/// What a connector that is connected again shall bring, compared with before.
#[derive(PartialEq, Eq)]
enum Change {
    None,
    /// Another company, and there is nothing yet of the one before.
    Company,
    /// Another location, or all of them.
    Location {
        is_narrowed: bool,
    },
    /// Another company than the one whose data is held.
    OtherCompany(Config),
}

impl Change {
    /// Who narrows a connector to one location wants the rest to go, however much it is.
    fn params(&self) -> Option<&'static str> {
        (*self == Self::Location { is_narrowed: true }).then_some(r#"{"force_deletions":true}"#)
    }
}

async fn change<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    before: &Connector,
    config: &Config,
) -> Result<Change, DatabaseError> {
    let Ok(held) = serde_json::from_str::<Config>(&before.config) else {
        return Ok(Change::None);
    };
    if held.company_id != config.company_id {
        let holds_rows = records::holds_rows(transaction, tenant, &before.id).await?;
        return Ok(if holds_rows {
            Change::OtherCompany(held)
        } else {
            Change::Company
        });
    }
    Ok(if held.location_id == config.location_id {
        Change::None
    } else {
        Change::Location {
            is_narrowed: config.location_id.is_some(),
        }
    })
}

/// Ends what runs, so that it can no longer write what is not wanted any more, and has the next runs
/// read everything.
async fn begin_elsewhere<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
    change: &Change,
) -> Result<(), DatabaseError> {
    let now_ms = clock::now_ms();
    let stopped = jobs::Failure {
        code: "reconnected".to_owned(),
        detail:
            "The connector was connected to another part of 7shifts meanwhile; it is run again."
                .to_owned(),
    };
    plan::stop_stream_jobs(transaction, tenant, connector_id, &stopped, now_ms).await?;
    let mut streams = checkpoints::list(transaction, tenant, connector_id).await?;
    for stream in &mut streams {
        let before: Checkpoint = serde_json::from_str(&stream.checkpoint).unwrap_or_default();
        let after = if *change == Change::Company {
            Checkpoint::default()
        } else {
            before.elsewhere()
        };
        stream.checkpoint = serde_json::to_string(&after).map_err(shape)?;
    }
    let now = now_ms.div_euclid(1_000);
    checkpoints::replace(transaction, tenant, connector_id, &streams, now).await
}

async fn make_jobs<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
    now: i64,
) -> Result<(), DatabaseError> {
    let streams: Vec<_> = Stream::ALL
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
        connector_id,
        function: SYNC_FUNCTION,
        concurrency_key: connector_id,
        streams: &streams,
    };
    plan::ensure_stream_jobs(transaction, tenant, jobs, now).await
}

async fn ask_for_runs<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    connector_id: &str,
    params: Option<&str>,
    now: i64,
) -> Result<Vec<PromisedRun>, DatabaseError> {
    let connector = connectors::get(transaction, tenant, connector_id).await?;
    let streams = connector
        .as_ref()
        .and_then(streams_of)
        .ok_or_else(|| shape("stored sync settings cannot be read"))?;
    let fresh: Vec<_> = streams
        .iter()
        .map(|stream| (stream.as_str(), random::id()))
        .collect();
    let request = RunRequest {
        connector_id,
        streams: &fresh,
        params,
        trigger: Trigger::Manual,
    };
    jobs::request_run(transaction, tenant, request, now).await
}

/// The streams that the connector's settings switch on, in run order.
pub async fn enabled_streams(
    context: &Context,
    tenant: &Tenant,
    connector_id: &str,
) -> Result<Vec<Stream>, Problem> {
    let connector = connectors::get(&context.database, tenant, connector_id)
        .await
        .map_err(|error| problems::database(&error))?;
    connector
        .as_ref()
        .and_then(streams_of)
        .ok_or_else(|| problems::internal("stored sync settings cannot be read"))
}

fn streams_of(connector: &Connector) -> Option<Vec<Stream>> {
    let json = serde_json::from_str(&connector.sync_settings).ok()?;
    let settings = SyncSettings::from_json(&json).ok()?;
    let enabled = |stream: &Stream| settings.streams.is_enabled(*stream);
    Some(Stream::ALL.iter().copied().filter(enabled).collect())
}
