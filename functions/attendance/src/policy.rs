//! The organization's policy.

use api::attendance::AttendancePolicy;
use api::{FieldError, Problem, ProblemKind};
use domain::access::Tenant;
use domain::attendance::policy::Policy;
use http::StatusCode;
use platform::{Context, Reply, clock, problems, time};
use serde_json::Value;
use store::Execute;
use store::attendance::policies;
use store::organizations::{self, OrganizationState};

/// The policy that holds, and its version.
///
/// # Errors
/// The database's, as a problem, and a stored document that cannot be read.
pub async fn of(context: &Context, tenant: &Tenant) -> Result<(Policy, AttendancePolicy), Problem> {
    stored(&context.database, tenant).await
}

async fn stored<E: Execute>(
    database: &E,
    tenant: &Tenant,
) -> Result<(Policy, AttendancePolicy), Problem> {
    let stored = policies::get(database, tenant)
        .await
        .map_err(|error| problems::database(&error))?;
    let Some(stored) = stored else {
        let policy = Policy::default();
        let shown = AttendancePolicy {
            policy: policy.to_json(),
            version: 0,
            updated_by: None,
            updated_at: None,
        };
        return Ok((policy, shown));
    };
    let policy = serde_json::from_str(&stored.document)
        .ok()
        .and_then(|document| Policy::from_json(&document).ok())
        .ok_or_else(|| problems::internal("a stored attendance policy cannot be read"))?;
    let shown = AttendancePolicy {
        policy: policy.to_json(),
        version: stored.version,
        updated_by: Some(stored.updated_by),
        updated_at: Some(time::rfc3339(stored.updated_at)),
    };
    Ok((policy, shown))
}

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    organization(&context.database, &tenant).await?;
    let (_, shown) = of(context, &tenant).await?;
    Reply::json(StatusCode::OK, &shown)
}

pub async fn replace(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let document: Value = context.json()?;
    let policy = Policy::from_json(&document).map_err(refused)?;
    let document = policy.to_json().to_string();
    let by = context.caller()?.subject().to_owned();
    let shown = context
        .transaction(async |transaction| {
            organization(transaction, &tenant).await?;
            policies::put(transaction, &tenant, &document, &by, clock::now())
                .await
                .map_err(|error| problems::database(&error))?;
            stored(transaction, &tenant).await
        })
        .await?
        .1;
    Reply::json(StatusCode::OK, &shown)
}

/// # Errors
/// 404 where there is no such organization.
async fn organization<E: Execute>(database: &E, tenant: &Tenant) -> Result<(), Problem> {
    let is_active = organizations::get(database, tenant)
        .await
        .map_err(|error| problems::database(&error))?
        .is_some_and(|organization| organization.state == OrganizationState::Active);
    if is_active {
        Ok(())
    } else {
        Err(Problem::new(
            ProblemKind::NotFound,
            "There is no such organization, or it is being removed.",
        ))
    }
}

fn refused(error: domain::Error) -> Problem {
    match error {
        domain::Error::InvalidFields(wrong) => Problem::invalid(FieldError::all("", &wrong)),
        other => Problem::new(ProblemKind::InvalidRequest, other.to_string()),
    }
}
