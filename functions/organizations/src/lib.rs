//! Organizations: create, change, export, remove.

mod creation;
mod export;

use std::collections::BTreeMap;

use api::body;
use api::body::{MAX_NAME, checked_name};
use api::organizations::{Organization as Answered, UpdateOrganization};
use api::query::Query;
use api::{FieldError, Operation, Problem, ProblemKind};
use domain::access::{Role, Tenant};
use domain::time_off::TimeOffCategory;
use domain::zone::ZoneName;
use http::StatusCode;
use platform::{Answer, Context, Reply, clock, lists, planning, problems, random, serve, time};
use spin_sdk::http::Request;
use spin_sdk::http_service;
use store::jobs::{self, plan};
use store::lists::Key;
use store::organizations::{self, Change, Organization, OrganizationState};
use store::{DatabaseError, Execute, connectors};

/// Most categories of time off that are given a meaning.
const MAX_CATEGORIES: usize = 100;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("organizations"),
        request,
        async |context: Context| match context.operation {
            Operation::CreateOrganization => creation::create(&context).await,
            Operation::ListOrganizations => list(&context).await,
            Operation::UpdateOrganization => update(&context).await,
            Operation::PurgeOrganization => purge(&context).await,
            Operation::ExportOrganization => export::export(&context).await,
            _ => read(&context).await,
        },
    )
    .await
}

/// The organization of the path: any for the operator, one's own for everybody else.
fn tenant(context: &Context) -> Result<Tenant, Problem> {
    let id = context.id("organization")?;
    context.tenant(Some(&id))
}

async fn found<E: Execute>(database: &E, tenant: &Tenant) -> Result<Organization, Problem> {
    let organization = organizations::get(database, tenant)
        .await
        .map_err(|error| problems::database(&error))?;
    organization.ok_or_else(|| {
        Problem::new(
            ProblemKind::NotFound,
            "There is no such organization, or it is not yours.",
        )
    })
}

async fn read(context: &Context) -> Result<Reply, Problem> {
    let organization = found(&context.database, &tenant(context)?).await?;
    Reply::json(StatusCode::OK, &answered(&organization))
}

/// All of them for the operator; one's own for everybody else.
async fn list(context: &Context) -> Result<Reply, Problem> {
    let mut query = Query::parse(&context.query);
    let paging = lists::Paging::parse(context, &mut query);
    query.finish()?;
    let after = paging.after()?.map(|key| key.id).unwrap_or_default();
    if context.caller()?.role() != Some(Role::Operator) {
        let own = found(&context.database, &context.tenant(None)?).await?;
        return paging.reply(&[answered(&own)], None);
    }
    let limit = i64::from(paging.limit());
    let mut page = organizations::list(&context.database, &after, limit.saturating_add(1))
        .await
        .map_err(|error| problems::database(&error))?;
    let has_more = i64::try_from(page.len()).unwrap_or(i64::MAX) > limit;
    page.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = page.last().filter(|_| has_more).map(|last| Key {
        order: 0,
        id: last.id.clone(),
    });
    let page: Vec<_> = page.iter().map(answered).collect();
    paging.reply(&page, next.as_ref())
}

async fn update(context: &Context) -> Result<Reply, Problem> {
    let tenant = tenant(context)?;
    let body: UpdateOrganization = context.json()?;
    let mut errors = Vec::new();
    let name = body
        .name
        .as_deref()
        .map(|name| checked_name("/name", name, &mut errors));
    let time_zone = body
        .time_zone
        .as_deref()
        .map(|zone| checked_zone(zone, &mut errors));
    let categories = body
        .time_off_categories
        .as_ref()
        .map(|categories| checked_categories(categories, &mut errors));
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let now = clock::now();
    let changed = context
        .change(async |transaction| {
            let change = Change {
                name,
                time_zone: time_zone.as_deref(),
                time_off_categories: categories.as_deref(),
            };
            if let Some(categories) = &body.time_off_categories {
                organizations::recategorize(transaction, &tenant, categories, clock::now_micros())
                    .await?;
            }
            let changed = organizations::update(transaction, &tenant, change, now).await?;
            if changed && time_zone.is_some() {
                // Another zone has another night.
                for connector in
                    connectors::list(transaction, &tenant, &[], "", connectors::MAX_LISTED).await?
                {
                    let inputs =
                        plan::planning_inputs_of(transaction, &tenant, &connector.id).await?;
                    plan::replan(transaction, &planning::replan(&inputs, now), now).await?;
                }
            }
            Ok::<_, DatabaseError>(changed)
        })
        .await
        .map_err(|error| problems::database(&error))?;
    let organization = found(&context.database, &tenant).await?;
    if !changed {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "The organization is being removed and cannot be changed.",
        ));
    }
    Reply::json(StatusCode::OK, &answered(&organization))
}

/// Repeating it is harmless: the removal goes on where it was.
async fn purge(context: &Context) -> Result<Reply, Problem> {
    let tenant = tenant(context)?;
    let now = clock::now();
    let is_there = context
        .change(async |transaction| {
            let is_there = organizations::begin_purge(transaction, &tenant, now).await?;
            if is_there {
                jobs::ensure_organization_job(
                    transaction,
                    &tenant,
                    &random::id(),
                    jobs::PURGE_ORGANIZATION,
                    "scheduled-sync",
                    now,
                )
                .await?;
            }
            Ok::<_, DatabaseError>(is_there)
        })
        .await
        .map_err(|error| problems::database(&error))?;
    if !is_there {
        return Err(Problem::new(
            ProblemKind::NotFound,
            "There is no such organization, or it is not yours.",
        ));
    }
    Reply::json(
        StatusCode::ACCEPTED,
        &answered(&found(&context.database, &tenant).await?),
    )
}

fn checked_zone(zone: &str, errors: &mut Vec<FieldError>) -> String {
    if ZoneName::parse(zone).is_err() {
        errors.push(FieldError::new(
            "/time_zone",
            "must be the IANA name of a time zone, such as America/Toronto",
        ));
    }
    zone.to_owned()
}

/// The map as it is stored.
fn checked_categories(
    categories: &BTreeMap<String, String>,
    errors: &mut Vec<FieldError>,
) -> String {
    let at = |name: &str| format!("/time_off_categories/{}", body::segment(name));
    if categories.len() > MAX_CATEGORIES {
        errors.push(FieldError::new(
            "/time_off_categories",
            format!("has more than {MAX_CATEGORIES} members"),
        ));
    }
    for (name, category) in categories.iter().take(MAX_CATEGORIES) {
        if name.trim().is_empty() || name.chars().count() > MAX_NAME {
            errors.push(FieldError::new(
                at(name),
                format!("a category has 1 to {MAX_NAME} characters"),
            ));
        }
        if let Err(error) = category.parse::<TimeOffCategory>() {
            errors.push(FieldError::new(at(name), error.to_string()));
        }
    }
    serde_json::to_string(categories).unwrap_or_default()
}

fn answered(organization: &Organization) -> Answered {
    Answered {
        id: organization.id.clone(),
        name: organization.name.clone(),
        time_zone: organization.time_zone.clone(),
        state: match organization.state {
            OrganizationState::Active => "active",
            OrganizationState::Purging => "purging",
        }
        .to_owned(),
        time_off_categories: organization.time_off_categories.clone(),
        created_at: time::rfc3339(organization.created_at),
        updated_at: time::rfc3339(organization.updated_at),
    }
}
