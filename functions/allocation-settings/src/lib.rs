//! What an organization sets up for allocations: days on which the office is closed, other limits of single advisers,
//! and the settings.

mod capacity_overrides;
mod closures;
mod settings;

use api::allocation::Deleted;
use api::body::Document;
use api::{FieldError, Operation, Problem, ProblemKind};
use domain::access::Tenant;
use http::StatusCode;
use platform::{Answer, Context, Reply, problems, serve};
use serde_json::Value;
use spin_sdk::http::Request;
use spin_sdk::http_service;
use store::Execute;
use store::allocation::MAX_ROWS;
use store::organizations::{self, OrganizationState};

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("allocation-settings"),
        request,
        async |context: Context| match context.operation {
            Operation::CreateClosure => closures::create(&context).await,
            Operation::ReadClosure => closures::read(&context).await,
            Operation::UpdateClosure => closures::update(&context).await,
            Operation::DeleteClosure => closures::delete(&context).await,
            Operation::ListCapacityOverrides => capacity_overrides::list(&context).await,
            Operation::CreateCapacityOverride => capacity_overrides::create(&context).await,
            Operation::ReadCapacityOverride => capacity_overrides::read(&context).await,
            Operation::UpdateCapacityOverride => capacity_overrides::update(&context).await,
            Operation::DeleteCapacityOverride => capacity_overrides::delete(&context).await,
            Operation::ReadAllocationSettings => settings::read(&context).await,
            Operation::ReplaceAllocationSettings => settings::replace(&context).await,
            _ => closures::list(&context).await,
        },
    )
    .await
}

/// The body: an object, whose members the domain reads.
fn given(context: &Context) -> Result<Value, Problem> {
    match context.json()? {
        Document(document @ Value::Object(_)) => Ok(document),
        Document(_) => Err(Problem::field("", "must be a JSON object")),
    }
}

/// What is wrong with a document.
fn refused(error: domain::Error) -> Problem {
    match error {
        domain::Error::InvalidFields(wrong) => Problem::invalid(FieldError::all("", &wrong)),
        other => Problem::new(ProblemKind::InvalidRequest, other.to_string()),
    }
}

/// Why a row was not made; `what` are the rows.
async fn not_made<E: Execute>(transaction: &E, tenant: &Tenant, what: &str) -> Problem {
    match organizations::get(transaction, tenant).await {
        Err(error) => problems::database(&error),
        Ok(Some(organization)) if organization.state == OrganizationState::Active => Problem::new(
            ProblemKind::Conflict,
            format!(
                "An organization has {MAX_ROWS} {what} at the most: delete some that are over first."
            ),
        ),
        Ok(_) => no_organization(),
    }
}

fn no_organization() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "There is no such organization, or it is being removed.",
    )
}

/// Who deletes what is not there is told so.
fn deleted(was_there: bool, what: &str) -> Result<Reply, Problem> {
    if was_there {
        Reply::json(StatusCode::OK, &Deleted { ok: true })
    } else {
        Err(Problem::not_found(what))
    }
}
