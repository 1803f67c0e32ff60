//! Which account a call is about: the stored one, or one whose token is in the call.

use api::Problem;
use api::seven_shifts_proxy::SevenShiftsCall;
use domain::access::Tenant;
use platform::seven_shifts::{self, Account, Config, Failure};
use platform::vault::Secret;
use platform::{Context, SpinDatabase, clock, problems};
use providers::ProviderError;
use providers::seven_shifts::Credential;
use store::connectors::{self, Connector};
use store::credentials;

use crate::{DEADLINE_MS, refusal};

/// `integrationKey` when the call names none.
pub const DEFAULT_KEY: &str = "7shifts";

pub fn tenant(context: &Context, call: &SevenShiftsCall) -> Result<Tenant, Problem> {
    context
        .tenant(call.organization_id.as_deref())
        .map_err(|mut problem| {
            // Here it is a member of the body, in the words of the replaced system.
            if problem.errors.iter().any(|error| error.field == "organization_id") {
                problem = Problem::field(
                    "/organizationId",
                    "is missing: the operator key belongs to no organization, so name the one that is meant",
                );
            }
            let status = problem.status();
            problem.with_legacy(status, "UNKNOWN")
        })
}

pub fn integration_key(call: &SevenShiftsCall) -> &str {
    call.integration_key
        .as_deref()
        .filter(|key| !key.is_empty())
        .unwrap_or(DEFAULT_KEY)
}

/// The connector that the call names.
pub async fn connector(
    context: &Context,
    tenant: &Tenant,
    call: &SevenShiftsCall,
) -> Result<Connector, Problem> {
    if call.api_key.is_some() {
        return Err(refusal::bad_request(Problem::field(
            "/apiKey",
            "is not for this action, which works with the stored account: leave it out",
        )));
    }
    connectors::get_by_key(&context.database, tenant, integration_key(call))
        .await
        .map_err(|error| problems::database(&error))?
        .filter(|connector| {
            connector.provider == seven_shifts::PROVIDER && connector.state.has_credentials()
        })
        .ok_or_else(refusal::no_credentials)
}

/// The account of a stored connector.
pub async fn stored<'a>(
    context: &'a Context,
    tenant: &Tenant,
    connector: &Connector,
) -> Result<Account<'a, SpinDatabase>, Problem> {
    let sealed = credentials::list(&context.database, tenant, &connector.id)
        .await
        .map_err(|error| problems::database(&error))?;
    if sealed.is_empty() {
        return Err(refusal::no_credentials());
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
    .map_err(|failure| refusal::failed(&failure))
}

/// What 7shifts, or the way to it, answered when it was asked for `wanted`.
pub async fn failed(
    account: &Account<'_, SpinDatabase>,
    wanted: &str,
    failure: Failure,
) -> Problem {
    refusal::failed(&seven_shifts::explained(account, wanted, failure).await)
}

/// The token in the call, which can be sent as it is and with the company's GUID.
pub fn token(call: &SevenShiftsCall) -> Result<Secret, Problem> {
    let token = call
        .api_key
        .as_deref()
        .map(str::trim)
        .filter(|token| !token.is_empty())
        .ok_or_else(|| {
            refusal::missing_auth("/apiKey", "is missing: send the 7shifts access token")
        })?;
    usable("/apiKey", Credential::access_token(token))?;
    if let Some(guid) = company_guid(call) {
        usable("/companyGuid", Credential::oauth(token, guid))?;
    }
    Ok(Secret::new(token.to_owned()))
}

fn usable(field: &str, credential: Result<Credential, ProviderError>) -> Result<(), Problem> {
    credential.map(drop).map_err(|error| {
        let why = error.detail().unwrap_or("cannot be sent in a header");
        refusal::bad_request(Problem::field(field, format!("cannot be used: {why}")))
    })
}

pub fn company_guid(call: &SevenShiftsCall) -> Option<&str> {
    call.company_guid
        .as_deref()
        .map(str::trim)
        .filter(|guid| !guid.is_empty())
}

/// A positive number in the call.
pub fn number(field: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    match text.map(str::trim).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => match text.parse() {
            Ok(number @ 1..) => Ok(Some(number)),
            _ => Err(refusal::bad_request(Problem::field(
                field,
                "must be the number that 7shifts shows",
            ))),
        },
    }
}

/// The configuration that the call describes, once the company is known.
pub fn config(
    call: &SevenShiftsCall,
    company_id: i64,
    company_name: Option<String>,
) -> Result<Config, Problem> {
    Ok(Config {
        company_id,
        company_name,
        company_guid: company_guid(call).map(str::to_owned),
        location_id: number("/locationId", call.location_id.as_deref())?,
    })
}
