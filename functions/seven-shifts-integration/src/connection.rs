//! Trying a token, and taking it away.

use api::Problem;
use api::seven_shifts_integration::{ConnectionTested, Done, TestConnection, TestedCompany};
use domain::access::Tenant;
use http::StatusCode;
use platform::seven_shifts::{self, Failure, FailureKind, connecting};
use platform::vault::Secret;
use platform::{Context, Reply, clock, disconnecting};
use providers::seven_shifts::Credential;

use crate::{DEADLINE_MS, account, refusal};

/// The token of a call, which can be sent as it is.
pub fn token(given: Option<&str>) -> Result<Option<Secret>, Problem> {
    let Some(token) = given.map(str::trim).filter(|token| !token.is_empty()) else {
        return Ok(None);
    };
    Credential::access_token(token).map_err(|error| {
        let why = error.detail().unwrap_or("cannot be sent in a header");
        refusal::field("access_token", format!("cannot be used: {why}"))
    })?;
    Ok(Some(Secret::new(token.to_owned())))
}

/// The token is good or it is not; whether the company can be read is said beside it.
pub async fn test(context: &Context) -> Result<Reply, Problem> {
    account::tenant(context)?;
    let body: TestConnection = context.json()?;
    let Some(token) = token(body.access_token.as_deref())? else {
        return Err(missing_token());
    };
    let company_id = match body.company_id.as_ref().filter(|given| !given.is_blank()) {
        Some(given) => Some(given.number().ok_or_else(|| {
            refusal::field("company_id", "must be the number that 7shifts shows")
        })?),
        None => None,
    };
    let deadline_ms = clock::now_ms().saturating_add(DEADLINE_MS);
    let failed = |failure: Failure| rejected(&failure);
    let client = seven_shifts::client(&token, None).await.map_err(failed)?;
    let line = seven_shifts::line(&context.database, &token, deadline_ms)
        .await
        .map_err(failed)?;
    seven_shifts::call(&line, client.whoami())
        .await
        .map_err(failed)?;
    let sought = connecting::Sought {
        company_id,
        ..connecting::Sought::default()
    };
    let (company, error) =
        match connecting::resolve(&context.database, &token, sought, deadline_ms).await {
            Ok(company) => (
                Some(TestedCompany {
                    id: company.id,
                    name: company.name,
                }),
                None,
            ),
            Err(why) => (None, Some(unresolved(&why))),
        };
    let answer = ConnectionTested {
        success: true,
        message: if company.is_some() {
            "Connection successful".to_owned()
        } else {
            "The access token is accepted, but the company could not be read".to_owned()
        },
        company,
        error,
    };
    Reply::json(StatusCode::OK, &answer)
}

pub fn missing_token() -> Problem {
    refusal::field("access_token", "is missing: send the 7shifts access token")
}

/// Why a token opens no company, in a sentence.
pub fn unresolved(why: &connecting::Unresolved) -> String {
    use connecting::Unresolved;
    match why {
        Unresolved::Failed(failure) => failure.reason.clone(),
        Unresolved::NoCompany => {
            "The token belongs to no active company: send the company's number as company_id."
                .to_owned()
        }
        Unresolved::SeveralCompanies => {
            "The token belongs to several companies: send the number of one as company_id."
                .to_owned()
        }
        Unresolved::InvalidCompanyId => "company_id is no number of a company.".to_owned(),
        Unresolved::NoLocation => "The company has no such location.".to_owned(),
    }
}

/// A token that is refused is the caller's mistake; anything else is not.
pub fn rejected(failure: &Failure) -> Problem {
    let status = matches!(
        failure.kind,
        FailureKind::Unauthorized | FailureKind::Forbidden | FailureKind::Refused
    )
    .then_some(StatusCode::BAD_REQUEST);
    refusal::failed(failure, status).with_legacy_member("success", false)
}

/// Purges the token; the data stays. Repeating it is harmless.
pub async fn disconnect(context: &Context) -> Result<Reply, Problem> {
    let tenant: Tenant = account::tenant(context)?;
    let integration = account::set_up(context, &tenant).await?;
    disconnecting::disconnect(context, &tenant, &integration.connector.id).await?;
    Reply::json(
        StatusCode::OK,
        &Done {
            success: true,
            message: "7shifts integration disconnected".to_owned(),
        },
    )
}
