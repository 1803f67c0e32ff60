//! One organization's 7shifts account: its credential, its client, and calls that end in a reason
//! a manager can act on.

pub mod checkpoint;
pub mod connecting;
pub mod records;
pub mod webhooks;

use std::num::NonZeroU32;

use api::{Problem, ProblemKind};
use bytes::Bytes;
use domain::access::Tenant;
use domain::api_key::sha256_hex;
use http::{Response, header};
use providers::seven_shifts::{
    Client, CompanyClient, Credential, DEFAULT_BASE_URL, REQUESTS_PER_SECOND,
};
use providers::{Call, ProviderError};
use serde::{Deserialize, Serialize};
use store::jobs::SealedCredential;
use store::{Database, DatabaseError};

use crate::outbound::{CallError, Line};
use crate::vault::{Place, Secret, Vault, VaultError};
use crate::{clock, variables};

/// The provider's name in `connectors.provider`.
pub const PROVIDER: &str = "seven_shifts";
/// The provider's name in the rows: `source`.
pub const SOURCE: &str = "7shifts";
/// The component that syncs it.
pub const SYNC_FUNCTION: &str = "seven-shifts-sync";
/// The sealed field.
pub const ACCESS_TOKEN: &str = "access_token";

/// `connectors.config` of a 7shifts connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    pub company_id: i64,
    pub company_name: Option<String>,
    /// With an OAuth token.
    pub company_guid: Option<String>,
    /// Only this location, where the organization has connected one of several.
    pub location_id: Option<i64>,
}

/// A client of one company, and the line that its requests go through.
pub struct Account<'a, D> {
    pub client: CompanyClient,
    pub line: Line<'a, D>,
}

/// Why a call, or a connection, did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub kind: FailureKind,
    /// Stable, for code.
    pub code: &'static str,
    /// For a manager.
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The token is not accepted: somebody must reconnect.
    Unauthorized,
    /// The plan lacks the feature, or the token has no right to this company.
    Forbidden,
    /// The provider refuses the request as it is.
    Refused,
    /// Passes by itself; not before this time, Unix seconds.
    Later(i64),
    /// The time for this call is over; nothing is wrong.
    OutOfTime,
    /// Ours: a setting, the vault, the database.
    Ours,
}

impl Failure {
    /// Whether there was no time, or too little of it, for an answer.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.kind == FailureKind::OutOfTime || self.code == "timeout"
    }

    /// The failure as the answer to a caller who waits for 7shifts.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self.kind {
            FailureKind::Later(at) if self.code == "rate_limited" => {
                let wait = at.saturating_sub(clock::now());
                Problem::new(ProblemKind::RateLimited, self.later()).retry_after(wait)
            }
            FailureKind::Later(_) => Problem::new(ProblemKind::ProviderFailed, self.later()),
            FailureKind::Ours => Problem::new(ProblemKind::Internal, &self.reason),
            _ => Problem::new(ProblemKind::ProviderFailed, &self.reason),
        }
    }

    fn later(&self) -> String {
        format!("{} Try again in a minute.", self.reason)
    }

    /// Whether it may be that of the one thing that was asked for: it must not keep everything else
    /// from us.
    #[must_use]
    pub fn is_of_one(&self) -> bool {
        match self.kind {
            FailureKind::Later(_) => !matches!(self.code, "rate_limited" | "database" | "timeout"),
            FailureKind::Refused => true,
            FailureKind::Unauthorized
            | FailureKind::Forbidden
            | FailureKind::OutOfTime
            | FailureKind::Ours => false,
        }
    }
}

/// The stored account of a connector.
///
/// # Errors
/// A missing or unreadable credential or configuration, as a [`Failure`] of kind `Ours`.
pub async fn account<'a, D: Database>(
    database: &'a D,
    tenant: &Tenant,
    connector_id: &str,
    config: &str,
    credentials: &[SealedCredential],
    deadline_ms: i64,
) -> Result<Account<'a, D>, Failure> {
    let config: Config = serde_json::from_str(config).map_err(|_| {
        ours(
            "configuration",
            "The connector's configuration cannot be read: connect the account again.",
        )
    })?;
    let sealed = credentials
        .iter()
        .find(|credential| credential.field == ACCESS_TOKEN)
        .ok_or_else(|| {
            ours(
                "no_credentials",
                "The connector has no access token: connect the account.",
            )
        })?;
    let place = Place {
        organization_id: tenant.as_str(),
        connector_id,
        field: ACCESS_TOKEN,
    };
    let vault = Vault::open().await.map_err(|error| vault_failure(&error))?;
    let token = vault
        .unseal(place, &sealed.sealed)
        .map_err(|error| vault_failure(&error))?;
    open(database, &token, &config, deadline_ms).await
}

/// An account by a token that is not stored (yet).
///
/// # Errors
/// A token or setting from which no request can be built.
pub async fn open<'a, D: Database>(
    database: &'a D,
    token: &Secret,
    config: &Config,
    deadline_ms: i64,
) -> Result<Account<'a, D>, Failure> {
    let client = client(token, config.company_guid.as_deref()).await?;
    let client = client
        .company(config.company_id)
        .map_err(|error| provider_failure(&error))?;
    Ok(Account {
        client,
        line: line(database, token, deadline_ms).await?,
    })
}

/// A client that does not know its company yet.
///
/// # Errors
/// As [`open`].
pub async fn client(token: &Secret, company_guid: Option<&str>) -> Result<Client, Failure> {
    let credential = match company_guid {
        Some(guid) => Credential::oauth(token.expose(), guid),
        None => Credential::access_token(token.expose()),
    };
    let credential = credential.map_err(|error| provider_failure(&error))?;
    let base_url = variables::get("seven_shifts_url")
        .await
        .unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
    Client::new(&base_url, credential).map_err(|error| provider_failure(&error))
}

/// The line of a token: its budget is shared by whoever uses the same token.
///
/// # Errors
/// A variable that is not a number.
pub async fn line<'a, D: Database>(
    database: &'a D,
    token: &Secret,
    deadline_ms: i64,
) -> Result<Line<'a, D>, Failure> {
    let documented = NonZeroU32::new(REQUESTS_PER_SECOND).unwrap_or(NonZeroU32::MIN);
    let rate = variables::parsed(
        "seven_shifts_requests_per_second",
        documented,
        "a whole number of 1 or more",
    )
    .await
    .map_err(|reason| ours("configuration", &reason))?;
    let fingerprint: String = sha256_hex(token.expose().as_bytes())
        .chars()
        .take(32)
        .collect();
    Ok(Line::new(
        database,
        format!("{PROVIDER}:{fingerprint}"),
        rate,
        deadline_ms,
    ))
}

/// What came back, and when the provider's clock says that it did.
#[derive(Debug)]
pub struct Answered<T> {
    pub value: T,
    /// Unix seconds, from the `Date` header.
    pub provider_time: Option<i64>,
}

/// Sends a call and reads its answer.
///
/// # Errors
/// [`Failure`].
pub async fn call<D: Database, T>(
    line: &Line<'_, D>,
    call: Result<Call<T>, ProviderError>,
) -> Result<Answered<T>, Failure> {
    let call = call.map_err(|error| provider_failure(&error))?;
    let answer = line
        .call(&call.request)
        .await
        .map_err(|error| call_failure(&error))?;
    let provider_time = provider_time(&answer);
    match call.reply.read(&answer, clock::now()) {
        Ok(value) => Ok(Answered {
            value,
            provider_time,
        }),
        Err(error) => Err(provider_failure(&error)),
    }
}

/// A 403 says little: whose token it is tells a plan without the feature from a foreign company.
/// `wanted` is what was asked for.
pub async fn explained<D: Database>(
    account: &Account<'_, D>,
    wanted: &str,
    failure: Failure,
) -> Failure {
    if failure.kind != FailureKind::Forbidden {
        return failure;
    }
    let company_id = account.client.company_id();
    let Ok(whoami) = call(&account.line, account.client.whoami()).await else {
        return failure;
    };
    if whoami.value.active_member_of(company_id).is_some() {
        let reason = format!(
            "The 7shifts plan of this company, or the token's permissions, do not include {wanted}."
        );
        return Failure {
            code: "plan_or_permission",
            reason,
            ..failure
        };
    }
    Failure {
        kind: FailureKind::Unauthorized,
        code: "foreign_company",
        reason: format!(
            "The access token does not belong to company {company_id}. Connect with a token of this company."
        ),
    }
}

fn provider_time(answer: &Response<Bytes>) -> Option<i64> {
    let date = answer.headers().get(header::DATE)?.to_str().ok()?;
    let time = httpdate::parse_http_date(date).ok()?;
    let seconds = time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    i64::try_from(seconds).ok()
}

fn provider_failure(error: &ProviderError) -> Failure {
    let said = error
        .detail()
        .map(|detail| format!(" 7shifts says: {}", sentence(&detail)))
        .unwrap_or_default();
    let (kind, code, reason) = match error {
        ProviderError::Unauthorized { .. } => (
            FailureKind::Unauthorized,
            "unauthorized",
            format!(
                "7shifts does not accept the access token. Check that its technical contact is still an active admin, or reconnect with a new token.{said}"
            ),
        ),
        ProviderError::Forbidden { .. } => (
            FailureKind::Forbidden,
            "forbidden",
            format!(
                "7shifts refuses access: the plan lacks this feature, or the token has no right to it.{said}"
            ),
        ),
        ProviderError::NotFound { .. } | ProviderError::Gone { .. } => (
            FailureKind::Refused,
            "not_found",
            format!(
                "7shifts does not know this company. Check the company id and reconnect.{said}"
            ),
        ),
        error if error.is_retryable() => {
            let wait = error
                .retry_after()
                .map_or(0, |wait| i64::try_from(wait.as_secs()).unwrap_or(0));
            (
                FailureKind::Later(clock::now().saturating_add(wait)),
                error.code(),
                sentence(error),
            )
        }
        error
            if error
                .detail()
                .is_some_and(|detail| detail.contains(providers::seven_shifts::COMPANY_GUID)) =>
        {
            (
                FailureKind::Refused,
                "company_guid",
                format!(
                    "An OAuth token needs the GUID of the company that has granted it: connect with the proxy's `companyGuid`.{said}"
                ),
            )
        }
        error => (
            FailureKind::Refused,
            error.code(),
            format!("{} Ask support to look into it.", sentence(error)),
        ),
    };
    Failure { kind, code, reason }
}

fn call_failure(error: &CallError) -> Failure {
    let later = || FailureKind::Later(clock::now());
    let (kind, code) = match error {
        CallError::OutOfTime => (FailureKind::OutOfTime, "out_of_time"),
        // Rounded up: a second too early would only be turned away again.
        CallError::RateLimited { at_ms } => (
            FailureKind::Later(at_ms.saturating_add(999).div_euclid(1000)),
            "rate_limited",
        ),
        CallError::Timeout => (later(), "timeout"),
        CallError::Connect(_) => (later(), "connect"),
        CallError::Broken(_) => (later(), "connection_broken"),
        CallError::Database(_) => (later(), "database"),
        CallError::TooLarge { .. } => (FailureKind::Refused, "too_large"),
        CallError::NotAllowed(_) => (FailureKind::Ours, "not_allowed"),
    };
    let reason = match error {
        CallError::RateLimited { .. } => "The rate limit of 7shifts is reached.".to_owned(),
        CallError::Database(error) => {
            format!("Our database failed: {error}.")
        }
        CallError::Timeout => "7shifts did not answer in time.".to_owned(),
        CallError::Connect(why) => {
            format!("No connection to 7shifts: {why}.")
        }
        CallError::Broken(why) => {
            format!("The connection to 7shifts broke: {why}.")
        }
        error => sentence(error),
    };
    Failure { kind, code, reason }
}

fn vault_failure(error: &VaultError) -> Failure {
    ours(
        "vault",
        &format!("The stored access token cannot be opened: {error}."),
    )
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        call_failure(&CallError::Database(error))
    }
}

fn ours(code: &'static str, reason: &str) -> Failure {
    Failure {
        kind: FailureKind::Ours,
        code,
        reason: reason.to_owned(),
    }
}

/// An error as a sentence. What a provider says may end like one already.
fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut characters = text.trim_end_matches(['.', ' ']).chars();
    let capital = characters.next().map(char::to_uppercase);
    capital
        .into_iter()
        .flatten()
        .chain(characters)
        .chain(['.'])
        .collect()
}
