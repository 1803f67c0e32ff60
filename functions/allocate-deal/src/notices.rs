//! Who is told when a deal has got its adviser.

use api::allocation::deals::{AllocationNotices, NoticeTarget, PutAllocationNotices};
use api::{FieldError, Problem};
use http::StatusCode;
use platform::slack::SLACK;
use platform::{Context, Reply, clock, problems, time};
use store::allocation::notices::{self, StoredNotices, Target};
use store::connectors;

use crate::chat::GOOGLE_CHAT;

const MAX_TARGETS: usize = 5;
const MAX_CHANNEL_CHARS: usize = 80;

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let stored = notices::get(&context.database, &tenant)
        .await
        .map_err(|error| problems::database(&error))?;
    Reply::json(StatusCode::OK, &shown(stored))
}

/// Repeating it changes nothing.
pub async fn replace(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let given: PutAllocationNotices = context.json()?;
    let mut errors = Vec::new();
    if given.targets.len() > MAX_TARGETS {
        errors.push(FieldError::new(
            "/targets",
            format!("must have up to {MAX_TARGETS} entries"),
        ));
    }
    let mut targets: Vec<Target> = Vec::new();
    for (index, target) in given.targets.into_iter().take(MAX_TARGETS).enumerate() {
        let at = |member: &str| format!("/targets/{index}/{member}");
        let channel = target.channel.filter(|channel| !channel.trim().is_empty());
        let is_channel = channel.as_ref().is_none_or(|channel| {
            channel.chars().count() <= MAX_CHANNEL_CHARS && !channel.chars().any(char::is_control)
        });
        if !is_channel {
            errors.push(FieldError::new(
                at("channel"),
                format!("must be the id of a channel, or its name with #, of up to {MAX_CHANNEL_CHARS} characters"),
            ));
        }
        let id = target.connector_id.to_ascii_lowercase();
        let connector = if api::query::is_id(&id) {
            connectors::get(&context.database, &tenant, &id)
                .await
                .map_err(|error| problems::database(&error))?
        } else {
            None
        };
        let can_tell = connector
            .is_some_and(|connector| matches!(connector.provider.as_str(), SLACK | GOOGLE_CHAT));
        if !can_tell {
            errors.push(FieldError::new(
                at("connector_id"),
                "must be the id of a connector of the type slack or google_chat",
            ));
        }
        let target = Target {
            connector_id: id,
            channel,
        };
        if targets.contains(&target) {
            errors.push(FieldError::new(
                format!("/targets/{index}"),
                "is there twice: keep one of them",
            ));
        }
        targets.push(target);
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let by = context.caller()?.subject();
    let stored = context
        .transaction(async |transaction| {
            notices::put(transaction, &tenant, &targets, by, clock::now())
                .await
                .map_err(|error| problems::database(&error))?;
            notices::get(transaction, &tenant)
                .await
                .map_err(|error| problems::database(&error))
        })
        .await?;
    Reply::json(StatusCode::OK, &shown(stored))
}

fn shown(stored: Option<StoredNotices>) -> AllocationNotices {
    let Some(stored) = stored else {
        return AllocationNotices {
            targets: Vec::new(),
            updated_by: None,
            updated_at: None,
        };
    };
    AllocationNotices {
        targets: stored
            .targets
            .into_iter()
            .map(|target| NoticeTarget {
                connector_id: target.connector_id,
                channel: target.channel,
            })
            .collect(),
        updated_by: Some(stored.updated_by),
        updated_at: Some(time::rfc3339(stored.updated_at)),
    }
}
