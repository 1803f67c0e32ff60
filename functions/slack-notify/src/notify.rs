//! A message is checked, decided, and sent at once where that is possible. Whoever calls gets the
//! delivery, and within a second what Slack says.

use std::cell::RefCell;
use std::pin::pin;

use api::deliveries::{SlackNotified, SlackNotify};
use api::{FieldError, Problem, ProblemKind};
use domain::connector_state::ConnectorState;
use domain::slack_message;
use futures::future::{Either, select};
use http::StatusCode;
use platform::delivering::{self, Decided};
use platform::run::LAST_ANSWER_MS;
use platform::slack::{self, Config, SLACK};
use platform::{
    Context, Reply, SpinDatabase, clock, deliveries, idempotent, outbound, problems, random,
};
use store::connectors;
use store::outbox::{self, Enqueued, NewDelivery, Sender};

use crate::send::send;

pub async fn notify(context: &Context) -> Result<Reply, Problem> {
    let until_ms = clock::now_ms().saturating_add(deliveries::WAIT_MS);
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
    let run_id = random::id();
    let leased = RefCell::new(None);
    let decided = idempotent::once(context, &tenant, async |transaction| {
        let (id, job_id) = (random::id(), random::id());
        let new = NewDelivery {
            id: &id,
            job_id: &job_id,
            kind: SLACK,
            sender: Sender::Connector(&connector_id),
            requested_by: caller,
            payload: &payload,
            depth: 0,
            job: slack::job(&concurrency_key),
            lease: Some(delivering::lease(&run_id, slack::FUNCTION)),
        };
        let decided = outbox::enqueue(transaction, &tenant, new, clock::now())
            .await
            .map_err(|error| problems::database(&error))?;
        match decided {
            Enqueued::Done => {}
            Enqueued::Leased => {
                leased.replace(Some(Decided {
                    delivery_id: id.clone(),
                    job_id,
                }));
            }
            Enqueued::NoSender => return Err(Problem::not_found("connector")),
            Enqueued::Full => return Err(deliveries::too_many("connector")),
        }
        let answer = SlackNotified {
            success: true,
            delivery: deliveries::read(transaction, &tenant, &id).await?,
        };
        Ok((StatusCode::ACCEPTED, answer.clone(), answer))
    })
    .await?;
    let decided: SlackNotified = serde_json::from_slice(decided.body())
        .map_err(|error| problems::internal(&error.to_string()))?;
    let id = &decided.delivery.id;
    let delivery = if let Some(decided) = leased.take() {
        send_until(context.database, decided, until_ms).await;
        deliveries::read(&context.database, &tenant, id).await?
    } else {
        // Others of the channel go first, or it was decided by an earlier call.
        deliveries::wait(context, &tenant, &connector_id, id, until_ms).await?
    };
    let status = deliveries::status(&delivery)?;
    let answer = SlackNotified {
        success: true,
        delivery,
    };
    Reply::json(status, &answer)
}

/// Sends the message, and waits for that until `until_ms`; then it goes on without anybody waiting.
async fn send_until(database: SpinDatabase, decided: Decided, until_ms: i64) {
    let sending = Box::pin(async move {
        delivering::send_at_once(
            &database,
            slack::FUNCTION,
            &decided,
            async |tenant, effect, deadline_ms| {
                let last_ms = deadline_ms.saturating_add(LAST_ANSWER_MS);
                send(&database, tenant, effect, last_ms).await
            },
        )
        .await;
    });
    let patience = outbound::sleep_ms(until_ms.saturating_sub(clock::now_ms()).max(0));
    if let Either::Right(((), sending)) = select(sending, pin!(patience)).await {
        spin_sdk::wasip3::spawn(sending);
    }
}
