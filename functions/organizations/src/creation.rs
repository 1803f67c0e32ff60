//! A new organization; an `Idempotency-Key` makes the request safe to repeat.

use api::body::checked_name;
use api::organizations::CreateOrganization;
use api::{Problem, ProblemKind};
use http::StatusCode;
use platform::{Context, Reply, clock, default_rules, idempotent, problems, random};
use store::organizations;

use crate::{answered, checked_zone, found};

pub async fn create(context: &Context) -> Result<Reply, Problem> {
    let body: CreateOrganization = context.json()?;
    let mut errors = Vec::new();
    let name = checked_name("/name", &body.name, &mut errors);
    let time_zone = checked_zone(&body.time_zone, &mut errors);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    // The operator belongs to no organization, so its keys are kept under the nil id.
    let keys_of = context.tenant(Some(idempotent::NOBODY))?;
    idempotent::once(context, &keys_of, async |transaction| {
        let id = random::id();
        let tenant = context.tenant(Some(&id))?;
        let is_new = organizations::create(transaction, &tenant, name, &time_zone, clock::now())
            .await
            .map_err(|error| problems::database(&error))?;
        if !is_new {
            return Err(Problem::new(
                ProblemKind::Conflict,
                "This id is taken: try again.",
            ));
        }
        default_rules::give(transaction, &tenant)
            .await
            .map_err(|error| problems::database(&error))?;
        let organization = answered(&found(transaction, &tenant).await?);
        Ok((StatusCode::CREATED, organization.clone(), organization))
    })
    .await
}
