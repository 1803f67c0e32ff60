//! Connecting an account: whose token it is, and all that a connector consists of in one
//! transaction.

use domain::access::Tenant;
use domain::run::Trigger;
use domain::stream::Stream;
use domain::sync_settings::SyncSettings;
use providers::seven_shifts::{LocationsQuery, MAX_LIMIT, Paging};
use store::connectors::{self, Connect, Connector, NewConnector};
use store::credentials::{self, Sealed};
use store::jobs::plan::{self, StreamJob, StreamJobs};
use store::jobs::{self, PromisedRun, RunRequest};
use store::{Database, DatabaseError, Execute, checkpoints, records};

use super::checkpoint::Checkpoint;
use super::{ACCESS_TOKEN, Account, Config, Failure, PROVIDER, SYNC_FUNCTION, explained};
use crate::vault::{Place, Secret, Vault};
use crate::{clock, random};

/// Pages of locations that are looked through for one: ten thousand locations.
const MAX_LOCATION_PAGES: u32 = 20;

/// Which part of 7shifts is meant.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sought<'a> {
    /// `None`: the token's only company.
    pub company_id: Option<i64>,
    /// With an OAuth token.
    pub company_guid: Option<&'a str>,
    pub location_id: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    pub id: i64,
    pub name: String,
}

/// Why a token opens nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// 7shifts, or the way to it, said no.
    Failed(Failure),
    /// The token belongs to no active company, and none is named.
    NoCompany,
    /// The token belongs to several companies, and none is named.
    SeveralCompanies,
    /// The number is none that a company could have.
    InvalidCompanyId,
    /// The company has no such location.
    NoLocation,
}

impl From<Failure> for Unresolved {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// The company that the token opens, as 7shifts has it now.
///
/// # Errors
/// [`Unresolved`].
pub async fn resolve<D: Database>(
    database: &D,
    token: &Secret,
    sought: Sought<'_>,
    deadline_ms: i64,
) -> Result<Company, Unresolved> {
    let client = super::client(token, sought.company_guid).await?;
    let line = super::line(database, token, deadline_ms).await?;
    let company_id = match sought.company_id {
        Some(company_id) => company_id,
        None => {
            let whoami = super::call(&line, client.whoami()).await?.value;
            let mut companies = whoami.active_company_ids();
            match (companies.next(), companies.next()) {
                (Some(only), None) => only,
                (None, _) => return Err(Unresolved::NoCompany),
                (Some(_), Some(_)) => return Err(Unresolved::SeveralCompanies),
            }
        }
    };
    let client = client
        .company(company_id)
        .map_err(|_| Unresolved::InvalidCompanyId)?;
    let account = Account { client, line };
    let company = profile(&account).await?;
    if let Some(location_id) = sought.location_id {
        match has_location(&account, location_id).await {
            Ok(true) => {}
            Ok(false) => return Err(Unresolved::NoLocation),
            Err(failure) => return Err(explained(&account, "locations", failure).await.into()),
        }
    }
    Ok(company)
}

/// The account's company as 7shifts has it.
///
/// # Errors
/// [`Failure`].
pub async fn profile<D: Database>(account: &Account<'_, D>) -> Result<Company, Failure> {
    match super::call(&account.line, account.client.company()).await {
        Ok(answer) => Ok(Company {
            id: answer.value.id,
            name: answer.value.name,
        }),
        Err(failure) => Err(explained(account, "the company's profile", failure).await),
    }
}

/// Whether the company has this location. To a run that is kept to one that does not exist, all of
/// the account would seem to be gone.
///
/// # Errors
/// [`Failure`].
pub async fn has_location<D: Database>(
    account: &Account<'_, D>,
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
        let page = super::call(&account.line, account.client.locations(&query))
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

/// What is to be stored.
#[derive(Clone, Copy)]
pub struct NewAccount<'a> {
    pub key: &'a str,
    pub name: &'a str,
    pub token: &'a Secret,
    pub config: &'a Config,
    /// Of a connector that is new; one that is connected again keeps its own.
    pub settings: &'a SyncSettings,
    pub connected_by: &'a str,
}

pub enum Stored {
    Connected {
        id: String,
        is_new: bool,
        runs: Vec<PromisedRun>,
    },
    /// The connector of this key holds the data of this one.
    OtherCompany(Config),
    KeyTaken,
    NoOrganization,
}

/// Connector, credential, jobs and first runs: to be called in one transaction, so that no failure
/// in between leaves a connector whose streams are never due. Connecting again replaces the token
/// and goes on where the connector was; a connector that holds the data of one company stays with
/// it.
///
/// # Errors
/// The failure of a statement.
pub async fn store<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    vault: &Vault,
    account: NewAccount<'_>,
) -> Result<Stored, DatabaseError> {
    let config = serde_json::to_string(account.config).map_err(shape)?;
    let settings = serde_json::to_string(&account.settings.to_json()).map_err(shape)?;
    let now = clock::now();
    let before = connectors::get_by_key(transaction, tenant, account.key).await?;
    let change = match &before {
        Some(before) if before.provider == PROVIDER => {
            change(transaction, tenant, before, account.config).await?
        }
        _ => Change::None,
    };
    if let Change::OtherCompany(held) = change {
        return Ok(Stored::OtherCompany(held));
    }
    let new = NewConnector {
        id: &random::id(),
        provider: PROVIDER,
        integration_key: account.key,
        name: account.name,
        config: &config,
        sync_settings: &settings,
        connected_by: account.connected_by,
    };
    let (id, is_new) = match connectors::connect(transaction, tenant, new, now).await? {
        Connect::Created { id } => (id, true),
        Connect::Reconnected { id } => (id, false),
        Connect::KeyTaken => return Ok(Stored::KeyTaken),
        Connect::NoOrganization => return Ok(Stored::NoOrganization),
    };
    let place = Place {
        organization_id: tenant.as_str(),
        connector_id: &id,
        field: ACCESS_TOKEN,
    };
    let sealed = vault.seal(place, account.token).map_err(shape)?;
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
    let runs = ask_for_runs(transaction, tenant, &id, now).await?;
    Ok(Stored::Connected { id, is_new, runs })
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
    Location,
    /// Another company than the one whose data is held.
    OtherCompany(Config),
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
        Change::Location
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
    let streams: Vec<_> = Stream::SEVEN_SHIFTS
        .iter()
        .map(|stream| StreamJob::unplanned(random::id(), *stream))
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
        params: None,
        trigger: Trigger::Manual,
    };
    jobs::request_run(transaction, tenant, request, now).await
}

/// The streams that the connector's settings switch on, in run order; `None` for settings that
/// this version cannot read.
#[must_use]
pub fn streams_of(connector: &Connector) -> Option<Vec<Stream>> {
    let json = serde_json::from_str(&connector.sync_settings).ok()?;
    let settings = SyncSettings::from_json(&json).ok()?;
    let enabled = |stream: &Stream| settings.streams.is_enabled(*stream);
    Some(
        Stream::SEVEN_SHIFTS
            .iter()
            .copied()
            .filter(enabled)
            .collect(),
    )
}
