//! A message is checked, decided, and sent at once where that is possible. Whoever calls gets the
//! delivery, and within a second what Slack says.

use api::deliveries::{Delivery, SlackNotified, SlackNotify};
use api::{FieldError, Problem, ProblemKind};
use domain::access::Tenant;
use domain::connector_state::ConnectorState;
use domain::slack_message;
use futures::future::{Either, select};
use http::StatusCode;
use platform::slack::{self, Config, SLACK};
use platform::{Context, Reply, clock, idempotent, lists, on_demand, outbound, problems, random};
use store::lists::Kind;
use store::outbox::{self, MAX_PENDING, NewDelivery, OUTBOX};
use store::{Execute, connectors};

/// How long the answer waits for Slack's.
const WAIT_MS: i64 = 1_000;
const LOOK_EVERY_MS: i64 = 50;
/// When a caller may try again who finds the outbox full.
const RETRY_FULL_SECONDS: i64 = 60;
const PENDING: &str = "pending";

pub async fn notify(context: &Context) -> Result<Reply, Problem> {
    let until_ms = clock::now_ms().saturating_add(WAIT_MS);
    let tenant = context.tenant_of_query()?;
    let call: SlackNotify = context.json()?;
    if !api::query::is_id(&call.connector_id) {
        return Err(Problem::field("/connector_id", "must be an id (UUID)"));
    }
    let connector_id = call.connector_id.to_ascii_lowercase();
    let connector = connectors::get(&context.database, &tenant, &connector_id)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("connector"))?;
    if connector.provider != SLACK {
        return Err(Problem::field(
            "/connector_id",
            "is not a connector of the type slack",
        ));
    }
    if !matches!(
        connector.state,
        ConnectorState::Active | ConnectorState::Error
    ) {
        let reason = connector
            .state_reason
            .as_deref()
            .or(connector.state.remedy());
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!(
                "The connector is {} and sends nothing. {}",
                connector.state.as_str(),
                reason.unwrap_or_default()
            ),
        ));
    }
    let config: Config = serde_json::from_str(&connector.config)
        .map_err(|error| problems::internal(&error.to_string()))?;
    let mut message = call.message.with_icon();
    if message.channel.is_none() {
        message.channel.clone_from(&config.default_channel);
    }
    let wrong = slack_message::check(&message, config.method.target());
    if !wrong.is_empty() {
        return Err(Problem::invalid(FieldError::all("", &wrong)));
    }
    let payload =
        serde_json::to_string(&message).map_err(|error| problems::internal(&error.to_string()))?;
    let concurrency_key = slack::concurrency_key(&connector_id, &message);
    let caller = context.caller()?.subject();
    let decided = idempotent::once(context, &tenant, async |transaction| {
        let (id, job_id) = (random::id(), random::id());
        let new = NewDelivery {
            id: &id,
            job_id: &job_id,
            kind: SLACK,
            connector_id: &connector_id,
            requested_by: caller,
            payload: &payload,
            depth: 0,
            job: slack::job(&concurrency_key),
        };
        let is_decided = outbox::enqueue(transaction, &tenant, new, clock::now())
            .await
            .map_err(|error| problems::database(&error))?;
        // The connector was there a moment ago.
        if !is_decided {
            let problem = Problem::new(
                ProblemKind::RateLimited,
                format!("{MAX_PENDING} messages of the organization wait already. `GET /api/deliveries?state=pending` shows them; try again when some have gone."),
            );
            return Err(problem.retry_after(RETRY_FULL_SECONDS));
        }
        let answer = SlackNotified {
            success: true,
            delivery: delivery(transaction, &tenant, &id).await?,
        };
        Ok((StatusCode::ACCEPTED, answer.clone(), answer))
    })
    .await?;
    let decided: SlackNotified = serde_json::from_slice(decided.body())
        .map_err(|error| problems::internal(&error.to_string()))?;
    let known = wait(context, &tenant, decided.delivery, until_ms).await?;
    answered(known)
}

/// The delivery when it has an end, or as it is when the wait is over.
async fn wait(
    context: &Context,
    tenant: &Tenant,
    decided: Delivery,
    until_ms: i64,
) -> Result<Delivery, Problem> {
    let left_ms = until_ms.saturating_sub(clock::now_ms());
    let nudge = std::pin::pin!(on_demand::nudge(
        OUTBOX,
        tenant,
        &decided.connector_id,
        left_ms
    ));
    let look = std::pin::pin!(async {
        loop {
            outbound::sleep_ms(LOOK_EVERY_MS).await;
            let known = delivery(&context.database, tenant, &decided.id).await?;
            if known.state != PENDING || clock::now_ms() >= until_ms {
                return Ok(known);
            }
        }
    });
    match select(nudge, look).await {
        Either::Left(((), look)) => {
            let known = delivery(&context.database, tenant, &decided.id).await?;
            if known.state != PENDING {
                return Ok(known);
            }
            // Another tick has it, or another message of the channel goes first.
            look.await
        }
        Either::Right((known, _)) => known,
    }
}

fn answered(delivery: Delivery) -> Result<Reply, Problem> {
    let status = match delivery.state.as_str() {
        "delivered" => StatusCode::OK,
        PENDING => StatusCode::ACCEPTED,
        _ => {
            return Err(Problem::new(
                ProblemKind::ProviderFailed,
                format!(
                    "{} It is kept as the delivery {}.",
                    delivery.error_detail.unwrap_or_default(),
                    delivery.id
                ),
            ));
        }
    };
    let answer = SlackNotified {
        success: true,
        delivery,
    };
    Reply::json(status, &answer)
}

async fn delivery<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<Delivery, Problem> {
    let row = lists::row(database, tenant, Kind::Delivery, id, "delivery").await?;
    serde_json::from_str(&row).map_err(|error| problems::internal(&error.to_string()))
}
