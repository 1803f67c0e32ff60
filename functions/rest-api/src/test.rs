//! Whether the API takes the credential of a connector.

use api::Problem;
use api::connectors::TestedConnector;
use domain::connector_state::ConnectorState::{Active, Error, Expired, Revoked};
use http::{Method, StatusCode};
use platform::internal::TestCall;
use platform::rest_api::CUSTOM;
use platform::{Context, Reply, clock, problems};
use providers::rest::{Body, NewRequest, Reason, Verdict};
use store::connectors::{self, StateChange};

use platform::rest_api::account::{Account, Failure};
use platform::rest_api::call::{Answered, in_words};

/// How long a test may take, in milliseconds.
const TEST_MS: i64 = 8_000;
const MAX_EXCERPT_CHARS: usize = 200;

pub async fn test(context: &Context) -> Result<Reply, Problem> {
    let call: TestCall = context.json()?;
    let tenant = context.tenant(Some(&call.organization_id))?;
    let database = &context.database;
    let connector = connectors::get(database, &tenant, &call.connector_id)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("connector"))?;
    let opened = if connector.provider == CUSTOM {
        let opened = Account::open_custom(&tenant, &connector.id, &connector.config).await;
        opened.map(|(account, _)| account)
    } else {
        Account::open(&tenant, &connector.id, &connector.config).await
    };
    let result = match opened {
        Ok(account) => {
            let deadline_ms = clock::now_ms().saturating_add(TEST_MS);
            let new = NewRequest {
                method: Method::GET,
                path: account.config.test_path(),
                query: &[],
                body: Body::None,
                idempotency_key: None,
            };
            account.call(database, &new, deadline_ms).await.0
        }
        Err(failure) => Err(failure),
    };
    let tested = match &result {
        Ok(answered) => said(answered),
        Err(failure) => TestedConnector {
            success: false,
            detail: why(failure),
        },
    };
    let change = match &result {
        // A pause stays a pause.
        _ if tested.success => Some(StateChange {
            from: &[Active, Error, Expired, Revoked],
            to: Active,
            reason: None,
        }),
        Ok(answered) if answered.verdict == Verdict::GiveUp(Reason::Credential) => {
            Some(StateChange {
                from: &[Active, Error],
                to: Error,
                reason: Some(&tested.detail),
            })
        }
        _ => None,
    };
    if let Some(change) = change {
        connectors::set_state(database, &tenant, &connector.id, change, clock::now())
            .await
            .map_err(|error| problems::database(&error))?;
    }
    Reply::json(StatusCode::OK, &tested)
}

fn said(answered: &Answered) -> TestedConnector {
    let status = answered.answer.status().as_u16();
    let detail = match answered.verdict {
        Verdict::Success => format!("The API answered {status}."),
        verdict => {
            let excerpt = answered.redactor.body(&answered.answer, MAX_EXCERPT_CHARS);
            let excerpt = if excerpt.is_empty() {
                String::new()
            } else {
                format!(" ({excerpt})")
            };
            let remedy = match verdict {
                Verdict::GiveUp(why) => why.remedy(),
                _ => "Try again later.",
            };
            format!("The API answered {status}{excerpt}. {remedy}")
        }
    };
    TestedConnector {
        success: answered.verdict == Verdict::Success,
        detail,
    }
}

fn why(failure: &Failure) -> String {
    match failure {
        Failure::Request(why) | Failure::Unusable(why) => why.clone(),
        Failure::Token(failure) => format!("There is no access token: {failure}"),
        Failure::TokenBusy => {
            "The access token is being renewed. Try again in a moment.".to_owned()
        }
        Failure::Call(error, _) => in_words(error),
    }
}
