//! The organization's policy.

use api::body::Document;
use api::{FieldError, Problem, ProblemKind};
use domain::attendance::policy::Policy;
use http::StatusCode;
use platform::attendance::Ruling;
use platform::{Context, Reply, clock, problems};
use store::attendance::policies;

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let ruling = Ruling::of(&context.database, &tenant).await?;
    Reply::json(StatusCode::OK, &ruling.shown()?)
}

pub async fn replace(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let Document(document) = context.json()?;
    let policy = Policy::from_json(&document).map_err(refused)?;
    let document = policy.to_json().to_string();
    let by = context.caller()?.subject().to_owned();
    let shown = context
        .transaction(async |transaction| {
            // Whether there is such an organization is known before anything is written.
            Ruling::of(transaction, &tenant).await?;
            policies::put(transaction, &tenant, &document, &by, clock::now())
                .await
                .map_err(|error| problems::database(&error))?;
            Ruling::of(transaction, &tenant).await?.shown()
        })
        .await?;
    Reply::json(StatusCode::OK, &shown)
}

fn refused(error: domain::Error) -> Problem {
    match error {
        domain::Error::InvalidFields(wrong) => Problem::invalid(FieldError::all("", &wrong)),
        other => Problem::new(ProblemKind::InvalidRequest, other.to_string()),
    }
}
