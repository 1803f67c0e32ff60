//! The rules of an organization.

use api::automation::AutomationRule;
use api::body::Document;
use api::{FieldError, Problem, ProblemKind};
use domain::access::Tenant;
use domain::automation::{MAX_RULES, Rule, TargetKind};
use domain::stream::Stream;
use http::StatusCode;
use platform::rest_api::API;
use platform::slack::SLACK;
use platform::{Context, Reply, clock, idempotent, lists, problems, random};
use serde_json::{Map, Value};
use store::automation::rules::{self, Change, Held, NewRule};
use store::lists::{self as rows, Kind};
use store::{Execute, connectors, outgoing_webhooks};

/// Of a rule that says none: behind those that every organization has.
const DEFAULT_POSITION: i64 = 100;
const POSITIONS: std::ops::RangeInclusive<i64> = 0..=1_000_000;

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    lists::Asked::parse(context, |_| ())?
        .reply(context, |asked, paging| {
            rows::automation_rules(&asked.tenant, paging)
        })
        .await
}

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("rule")?;
    let row = row(&context.database, &tenant, &id).await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}

/// An `Idempotency-Key` makes it safe to repeat.
pub async fn create(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let given = given(context)?;
    let (rule, position) = checked(given)?;
    idempotent::once(context, &tenant, async |transaction| {
        check_targets(transaction, &tenant, &rule).await?;
        let id = random::id();
        let new = NewRule {
            id: &id,
            position: position.unwrap_or(DEFAULT_POSITION),
            is_enabled: rule.is_enabled,
            document: &rule.to_json().to_string(),
            created_by: context.caller()?.subject(),
        };
        let is_made = rules::create(transaction, &tenant, new, clock::now())
            .await
            .map_err(|error| problems::database(&error))?;
        if !is_made {
            let organization = store::organizations::get(transaction, &tenant)
                .await
                .map_err(|error| problems::database(&error))?;
            if organization.is_none() {
                return Err(Problem::not_found("organization"));
            }
            return Err(Problem::new(
                ProblemKind::Conflict,
                format!("The organization has {MAX_RULES} rules, or is being removed: delete a rule first."),
            ));
        }
        let made = row(transaction, &tenant, &id).await?;
        let answer: AutomationRule = serde_json::from_str(&made)
            .map_err(|error| problems::internal(&error.to_string()))?;
        Ok((StatusCode::CREATED, answer.clone(), answer))
    })
    .await
}

/// What is given replaces what was; of a rule that every organization has, only whether it is enabled.
pub async fn update(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("rule")?;
    held(&context.database, &tenant, &id).await?;
    let given = given(context)?;
    let row = context
        .transaction(async |transaction| {
            let held = held(transaction, &tenant, &id).await?;
            if held.default_rule.is_some() {
                let errors: Vec<_> = given
                    .keys()
                    .filter(|name| !matches!(name.as_str(), "is_enabled" | "position" | "firings_per_minute"))
                    .map(|name| {
                        FieldError::new(
                            format!("/{}", api::body::segment(name)),
                            "cannot be changed of a rule that every organization has: switch it off, and make one of your own",
                        )
                    })
                    .collect();
                if !errors.is_empty() {
                    return Err(Problem::invalid(errors));
                }
            }
            let Value::Object(mut document) = held.document else {
                return Err(problems::internal("a stored rule is no object"));
            };
            document.insert("is_enabled".to_owned(), held.is_enabled.into());
            document.extend(given.clone());
            let (rule, position) = checked(document)?;
            check_targets(transaction, &tenant, &rule).await?;
            let change = Change {
                position,
                is_enabled: Some(rule.is_enabled),
                document: Some(&rule.to_json().to_string()),
            };
            rules::update(transaction, &tenant, &id, change, clock::now())
                .await
                .map_err(|error| problems::database(&error))?;
            row(transaction, &tenant, &id).await
        })
        .await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}

/// The answer is the rule as it was.
pub async fn delete(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("rule")?;
    let row = context
        .transaction(async |transaction| {
            let held = held(transaction, &tenant, &id).await?;
            if held.default_rule.is_some() {
                return Err(Problem::new(
                    ProblemKind::Conflict,
                    "Every organization has this rule: switch it off with {\"is_enabled\": false}.",
                ));
            }
            let row = row(transaction, &tenant, &id).await?;
            rules::delete(transaction, &tenant, &id)
                .await
                .map_err(|error| problems::database(&error))?;
            Ok(row)
        })
        .await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}

fn given(context: &Context) -> Result<Map<String, Value>, Problem> {
    match context.json()? {
        Document(Value::Object(members)) => Ok(members),
        Document(_) => Err(Problem::field("", "must be an object")),
    }
}

/// The rule and its position, which is no part of the rule itself.
fn checked(mut members: Map<String, Value>) -> Result<(Rule, Option<i64>), Problem> {
    let mut errors = Vec::new();
    let position = match members.remove("position") {
        None => None,
        Some(value) => {
            let position = value
                .as_i64()
                .filter(|position| POSITIONS.contains(position));
            if position.is_none() {
                errors.push(FieldError::new(
                    "/position",
                    format!(
                        "must be a number from {} to {}",
                        POSITIONS.start(),
                        POSITIONS.end()
                    ),
                ));
            }
            position
        }
    };
    match read_rule(&Value::Object(members)) {
        Ok(rule) if errors.is_empty() => Ok((rule, position)),
        Ok(_) => Err(Problem::invalid(errors)),
        Err(wrong) => {
            errors.extend(wrong);
            Err(Problem::invalid(errors))
        }
    }
}

/// Reads a rule; what is wrong with it is told by its fields.
pub fn read_rule(document: &Value) -> Result<Rule, Vec<FieldError>> {
    Rule::from_json(document).map_err(|error| match error {
        domain::Error::InvalidFields(wrong) => FieldError::all("", &wrong),
        other => vec![FieldError::new("", other.to_string())],
    })
}

/// What a rule names must be there, and the organization's.
pub async fn check_targets<E: Execute>(
    database: &E,
    tenant: &Tenant,
    rule: &Rule,
) -> Result<(), Problem> {
    let mut errors = Vec::new();
    for target in rule.targets() {
        let (is_of, what): (fn(&str) -> bool, _) = match target.kind {
            TargetKind::SlackConnector => (
                |provider| provider == SLACK,
                "a connector of the type slack",
            ),
            TargetKind::ApiConnector => (|provider| provider == API, "a connector of the type api"),
            TargetKind::SyncConnector => (
                |provider| !Stream::of_type(provider).is_empty(),
                "a connector that syncs",
            ),
            TargetKind::OutgoingEndpoint => {
                let state = outgoing_webhooks::state(database, tenant, target.id)
                    .await
                    .map_err(|error| problems::database(&error))?;
                if state.is_none() {
                    errors.push(FieldError::new(
                        target.pointer,
                        "must be the id of an outgoing webhook of this organization",
                    ));
                }
                continue;
            }
        };
        let connector = connectors::get(database, tenant, target.id)
            .await
            .map_err(|error| problems::database(&error))?;
        let Some(connector) = connector.filter(|connector| is_of(&connector.provider)) else {
            errors.push(FieldError::new(
                target.pointer,
                format!("must be the id of {what} of this organization"),
            ));
            continue;
        };
        let there = Stream::names_of_type(&connector.provider);
        for (index, stream) in target.streams.iter().enumerate() {
            if !there.contains(&stream.as_str()) {
                errors.push(FieldError::new(
                    format!("{}/{index}", target.streams_pointer),
                    format!("must be a stream of the connector: {}", there.join(", ")),
                ));
            }
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(errors))
    }
}

async fn held<E: Execute>(database: &E, tenant: &Tenant, id: &str) -> Result<Held, Problem> {
    rules::held(database, tenant, id)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("rule"))
}

async fn row<E: Execute>(database: &E, tenant: &Tenant, id: &str) -> Result<String, Problem> {
    lists::row(database, tenant, Kind::AutomationRule, id, "rule").await
}
