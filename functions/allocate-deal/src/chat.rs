//! Google Chat: an incoming webhook of a space, whose URL is a secret.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use api::connectors::TestedConnector;
use api::{FieldError, Problem};
use domain::access::Tenant;
use http::{Method, Request, StatusCode, Uri, header};
use platform::clients::{CheckCall, Checked};
use platform::delivering::Outcome;
use platform::internal::TestCall;
use platform::outbound::{Again, CallError, Line, Terms, retry_after_ms};
use platform::run::RunReport;
use platform::vault::{Place, Vault};
use platform::{Context, Reply, SpinDatabase, clock, problems, variables};
use serde_json::{Value, json};
use store::credentials;
use store::jobs::SealedCredential;
use store::outbox::Effect;

pub use platform::clients::GOOGLE_CHAT;

const WEBHOOK_URL: &str = "webhook_url";
const HOST: &str = "chat.googleapis.com";
const ORIGIN: &str = "https://chat.googleapis.com";
const MAX_URL_BYTES: usize = 2_000;
const LIMIT: &str = "Google Chat takes one message a second of a space.";
const PER_SECOND: NonZeroU32 = NonZeroU32::MIN;
const TRY_TIMEOUT_MS: i64 = 10_000;
const BLOCK_MS: i64 = 10_000;
const MAX_BODY_BYTES: usize = 64 * 1024;
const MAX_DETAIL_CHARS: usize = 200;

/// As the engine names what goes one after the other.
fn concurrency_key(connector_id: &str) -> String {
    platform::allocating::chat_key(connector_id)
}

/// # Errors
/// A body that is no such call.
pub fn check(context: &Context) -> Result<Reply, Problem> {
    let call: CheckCall = context.json()?;
    let mut errors = Vec::new();
    for member in call.config.keys() {
        errors.push(FieldError::new(
            format!("/config/{}", api::body::segment(member)),
            "is not known: a connector to Google Chat has no configuration",
        ));
    }
    if let Some(given) = &call.credentials {
        credential(given, &mut errors);
    }
    let checked = if errors.is_empty() {
        Checked::Config(json!({}))
    } else {
        Checked::Errors(errors.into_iter().map(Into::into).collect())
    };
    Reply::json(StatusCode::OK, &checked)
}

fn credential(given: &BTreeMap<String, String>, errors: &mut Vec<FieldError>) {
    for name in given.keys().filter(|name| *name != WEBHOOK_URL) {
        errors.push(FieldError::new(
            format!("/credentials/{}", api::body::segment(name)),
            "is not known: give webhook_url",
        ));
    }
    let url = given.get(WEBHOOK_URL).map(String::as_str);
    if path(url.unwrap_or_default()).is_none() {
        errors.push(FieldError::new(
            "/credentials/webhook_url",
            "must be the URL of an incoming webhook, as the space shows it: https://chat.googleapis.com/v1/spaces/…/messages?key=…&token=…",
        ));
    }
}

/// Path and query of the URL of an incoming webhook.
fn path(url: &str) -> Option<String> {
    if url.len() > MAX_URL_BYTES || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let uri: Uri = url.parse().ok()?;
    let is_theirs = uri.scheme_str() == Some("https")
        && uri
            .authority()
            .is_some_and(|authority| authority.as_str() == HOST);
    let path = uri.path();
    let is_webhook = path.starts_with("/v1/spaces/") && path.ends_with("/messages");
    let query = uri.query().unwrap_or_default();
    let has_secrets = query.contains("key=") && query.contains("token=");
    (is_theirs && is_webhook && has_secrets).then(|| format!("{path}?{query}"))
}

/// Whether the stored URL can be used; no message is sent, because everybody in the space would see it.
///
/// # Errors
/// The database's.
pub async fn test(context: &Context) -> Result<Reply, Problem> {
    let call: TestCall = context.json()?;
    let tenant = context.tenant(Some(&call.organization_id))?;
    let sealed = credentials::list(&context.database, &tenant, &call.connector_id)
        .await
        .map_err(|error| problems::database(&error))?;
    let answer = match opened(&tenant, &call.connector_id, &sealed).await {
        Ok(_) => TestedConnector {
            success: true,
            detail:
                "The URL can be used. Whether Google Chat takes it shows with the first message."
                    .to_owned(),
        },
        Err(why) => TestedConnector {
            success: false,
            detail: why,
        },
    };
    Reply::json(StatusCode::OK, &answer)
}

/// Path and query of the stored URL.
async fn opened(
    tenant: &Tenant,
    connector_id: &str,
    sealed: &[SealedCredential],
) -> Result<String, String> {
    let stored = sealed
        .iter()
        .find(|stored| stored.field == WEBHOOK_URL)
        .ok_or("The connector has no credential: give it one.")?;
    let place = Place {
        organization_id: tenant.as_str(),
        connector_id,
        field: WEBHOOK_URL,
    };
    let vault = Vault::open().await.map_err(|error| error.to_string())?;
    let url = vault
        .unseal(place, &stored.sealed)
        .map_err(|error| error.to_string())?;
    path(url.expose()).ok_or_else(|| {
        "The stored credential cannot be used: give the connector another.".to_owned()
    })
}

/// Posts one message. Google Chat has no key by which it would know it again: one whose answer was lost is sent again.
pub async fn send(
    database: &SpinDatabase,
    tenant: &Tenant,
    effect: &Effect,
    until_ms: i64,
) -> Outcome {
    let refused = |code: &str, why: &str| Outcome::of(RunReport::failed(code, why), false);
    if effect.kind != GOOGLE_CHAT {
        return refused("configuration", "This function sends nothing of this kind.");
    }
    let path = match opened(tenant, &effect.connector_id, &effect.credentials).await {
        Ok(path) => path,
        Err(why) => return refused("configuration", &why),
    };
    let origin = variables::get("google_chat_url").await;
    let origin = origin.filter(|url| !url.is_empty());
    let origin = origin.as_deref().unwrap_or(ORIGIN);
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{origin}{path}"))
        .header(header::CONTENT_TYPE, "application/json; charset=UTF-8")
        .body(effect.payload.clone().into_bytes());
    let Ok(request) = request else {
        return refused("configuration", "The stored URL cannot be called.");
    };
    let line = Line::new(
        database,
        concurrency_key(&effect.connector_id),
        PER_SECOND,
        until_ms,
    );
    let terms = Terms {
        try_timeout_ms: TRY_TIMEOUT_MS,
        max_body_bytes: MAX_BODY_BYTES,
        block_ms: BLOCK_MS,
        waits_as_asked: false,
    };
    let answer = line.send(&request, terms, |_| Again::No).await;
    let is_attempt = line.calls() > 0;
    let now = clock::now();
    let again = |code: &str, why: &str| {
        RunReport::retry_at(
            now,
            code,
            &format!("Google Chat: {why}. It is tried again by itself."),
        )
    };
    match answer {
        Ok(answer) if answer.status().is_success() => {
            Outcome::delivered(answer.status().as_u16(), None)
        }
        Ok(answer) => {
            let status = answer.status().as_u16();
            // The URL is a secret, and what is echoed of it too.
            let said = said(answer.body(), &path);
            let report = match status {
                429 => {
                    let wait_ms = retry_after_ms(answer.headers()).unwrap_or(BLOCK_MS);
                    let at = now.saturating_add(wait_ms.div_euclid(1_000));
                    let mut report = RunReport::retry_at(at, "rate_limited", LIMIT);
                    report.progressed = true;
                    report
                }
                408 | 425 | 500..=599 => again("server_error", &format!("it answers {status}")),
                _ => RunReport::failed(
                    "refused",
                    &format!(
                        "Google Chat answers {status}. {said} Give the connector the URL of a webhook that is there."
                    ),
                ),
            };
            Outcome {
                status: Some(status),
                may_have_happened: status >= 500,
                ..Outcome::of(report, true)
            }
        }
        Err(error) => match Outcome::of_call(error, is_attempt, LIMIT) {
            Ok(outcome) => outcome,
            Err(error) => Outcome {
                may_have_happened: !matches!(error, CallError::Connect(_)),
                ..Outcome::of(again("no_answer", &error.to_string()), is_attempt)
            },
        },
    }
}

fn said(body: &[u8], path: &str) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = body.pointer("/error/message").and_then(Value::as_str);
    let secrets: Vec<&str> = path
        .split(['?', '&', '='])
        .filter(|part| part.len() > 5)
        .collect();
    domain::redact::excerpt(message.unwrap_or_default(), MAX_DETAIL_CHARS, &secrets)
}
