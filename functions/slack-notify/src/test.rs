//! Whether Slack takes the credential of a connector.

use api::Problem;
use api::connectors::TestedConnector;
use domain::connector_state::ConnectorState::{Active, Error, Expired, Revoked};
use http::StatusCode;
use platform::internal::TestCall;
use platform::slack::{self, Account, Config, Failure};
use platform::{Context, Reply, clock, problems};
use providers::slack::Class;
use store::connectors::{self, StateChange};
use store::credentials;

/// How long a test may take, in milliseconds.
const TEST_MS: i64 = 8_000;

pub async fn test(context: &Context) -> Result<Reply, Problem> {
    let call: TestCall = context.json()?;
    let tenant = context.tenant(Some(&call.organization_id))?;
    let database = &context.database;
    let connector = connectors::get(database, &tenant, &call.connector_id)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("connector"))?;
    let sealed = credentials::list(database, &tenant, &connector.id)
        .await
        .map_err(|error| problems::database(&error))?;
    let config: Config = serde_json::from_str(&connector.config)
        .map_err(|error| problems::internal(&error.to_string()))?;
    let deadline_ms = clock::now_ms().saturating_add(TEST_MS);
    let line = slack::line(
        database,
        format!("slack:{}:test", connector.id),
        deadline_ms,
    );
    let tested = match slack::account(&tenant, &connector.id, &config, &sealed).await {
        Ok(account) => account
            .test(&line)
            .await
            .map(|identity| (account, identity)),
        Err(failure) => Err(failure),
    };
    let (answer, change) = match tested {
        Ok((account, identity)) => {
            let detail = match (&account, identity) {
                (_, Some(bot)) => format!("Slack knows the bot {} of {}.", bot.user, bot.team),
                (Account::Webhook { webhook, .. }, _) => {
                    format!("Slack takes messages of the webhook {webhook}.")
                }
                (Account::Bot(_), None) => "Slack takes the token.".to_owned(),
            };
            (tested_as(true, detail), Some((Active, None)))
        }
        Err(Failure::Slack(failure)) => {
            let is_broken = failure.class == Class::Broken;
            let reason = failure.to_string();
            (
                tested_as(false, reason.clone()),
                is_broken.then_some((Revoked, Some(reason))),
            )
        }
        Err(Failure::Call(error)) => (tested_as(false, format!("Slack: {error}.")), None),
        Err(Failure::Ours(reason)) => (tested_as(false, reason), None),
    };
    if let Some((to, reason)) = change {
        // A pause stays a pause.
        let change = StateChange {
            from: &[Active, Error, Expired, Revoked],
            to,
            reason: reason.as_deref(),
        };
        connectors::set_state_by_use(
            database,
            &tenant,
            &connector.id,
            &sealed,
            change,
            clock::now(),
        )
        .await
        .map_err(|error| problems::database(&error))?;
    }
    Reply::json(StatusCode::OK, &answer)
}

fn tested_as(success: bool, detail: String) -> TestedConnector {
    TestedConnector { success, detail }
}
