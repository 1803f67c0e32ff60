//! A request that a caller waits for.

use api::Problem;
use api::connectors::{ApiAnswer, ApiRequest};
use domain::access::Tenant;
use http::{Method, StatusCode};
use platform::clients::CheckedField;
use platform::outbound::CallError;
use platform::rest_api::{Refused, RequestCall};
use platform::{Context, Reply, clock, log, problems};
use providers::rest::{Body, NewRequest, TokenFailureClass};
use store::connectors;
use store::logs::{self, NewLog};

use crate::answer;
use platform::rest_api::account::{Account, Failure};
use platform::rest_api::call::in_words;

/// What a call may take beyond the time of its first try, in milliseconds: for an access token, or for
/// another try.
const MORE_MS: i64 = 10_000;

pub async fn request(context: &Context) -> Result<Reply, Problem> {
    let call: RequestCall = context.json()?;
    let tenant = context.tenant(Some(&call.organization_id))?;
    let connector = connectors::get(&context.database, &tenant, &call.connector_id)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("connector"))?;
    let started_ms = clock::now_ms();
    let result = match Account::open(&tenant, &connector.id, &connector.config).await {
        Ok(account) => send(context, &account, &call).await,
        Err(failure) => Err(refused(failure)),
    };
    note(context, &tenant, &connector.id, &result, started_ms).await;
    match result {
        Ok(answer) => Reply::json(StatusCode::OK, &answer),
        Err(refused) => Reply::json(StatusCode::UNPROCESSABLE_ENTITY, &refused),
    }
}

/// A row of the log: never what was asked for, nor what was answered.
async fn note(
    context: &Context,
    tenant: &Tenant,
    connector_id: &str,
    result: &Result<ApiAnswer, Refused>,
    started_ms: i64,
) {
    let (is_good, code) = match result {
        Ok(answer) => (answer.status < 400, format!("http_{}", answer.status)),
        // Nothing was asked.
        Err(Refused::Invalid(_)) => return,
        Err(Refused::Unusable(_)) => (false, "unusable".to_owned()),
        Err(Refused::Failed(_)) => (false, "no_answer".to_owned()),
        Err(Refused::Limited(_)) => (false, "rate_limited".to_owned()),
    };
    let row = NewLog {
        connector_id: Some(connector_id),
        event_type: "api_call",
        status: if is_good { "success" } else { "failed" },
        duration_ms: Some(clock::now_ms().saturating_sub(started_ms)),
        code: Some(&code),
        request_id: Some(&context.request_id),
        ..NewLog::default()
    };
    if let Err(error) = logs::append(&context.database, tenant, &[row], clock::now()).await {
        log::error("log", &error.to_string());
    }
}

async fn send(
    context: &Context,
    account: &Account<'_>,
    call: &RequestCall,
) -> Result<ApiAnswer, Refused> {
    let new = new_request(account, &call.request, call.idempotency_key.as_deref())
        .map_err(Refused::Invalid)?;
    let started_ms = clock::now_ms();
    let timeout_ms = i64::try_from(account.config.timeout().as_millis()).unwrap_or(i64::MAX);
    let deadline_ms = started_ms
        .saturating_add(timeout_ms)
        .saturating_add(MORE_MS);
    let (result, _) = account.call(&context.database, &new, deadline_ms).await;
    let answered = result.map_err(refused)?;
    let duration_ms = clock::now_ms().saturating_sub(started_ms);
    Ok(answer::passed_on(&answered, duration_ms))
}

/// The request as the client takes it, or the field that keeps it from being one.
pub fn new_request<'a>(
    account: &Account<'_>,
    request: &'a ApiRequest,
    idempotency_key: Option<&'a str>,
) -> Result<NewRequest<'a>, CheckedField> {
    let wrong = |field: &str, detail: String| CheckedField {
        field: field.to_owned(),
        detail,
    };
    let method = match request.method.as_str() {
        "GET" => Method::GET,
        "HEAD" => Method::HEAD,
        "OPTIONS" => Method::OPTIONS,
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        "PATCH" => Method::PATCH,
        "DELETE" => Method::DELETE,
        _ => {
            let known = "must be GET, HEAD, OPTIONS, POST, PUT, PATCH or DELETE";
            return Err(wrong("/method", known.to_owned()));
        }
    };
    if request.body.is_some() && matches!(method, Method::GET | Method::HEAD | Method::OPTIONS) {
        let why = "a request with this method has no body: leave it out, or use another method";
        return Err(wrong("/body", why.to_owned()));
    }
    if let Err(refusal) = account.config.base_url().join(&request.path, "") {
        let why = format!("{refusal}: {}", refusal.remedy());
        return Err(wrong("/path", why));
    }
    Ok(NewRequest {
        method,
        path: &request.path,
        query: &request.query,
        body: request.body.as_ref().map_or(Body::None, Body::Json),
        idempotency_key,
    })
}

fn refused(failure: Failure) -> Refused {
    match failure {
        Failure::Request(why) => Refused::Invalid(CheckedField {
            field: String::new(),
            detail: why,
        }),
        Failure::Unusable(why) => Refused::Unusable(why),
        Failure::Token(failure) if failure.class == TokenFailureClass::Transient => {
            Refused::Failed(format!("There is no access token: {failure}"))
        }
        Failure::Token(failure) => {
            Refused::Unusable(format!("There is no access token: {failure}"))
        }
        Failure::TokenBusy => {
            Refused::Failed("The access token is being renewed. Try again in a moment.".to_owned())
        }
        Failure::Call(CallError::RateLimited { at_ms }, _) => {
            let wait_ms = at_ms.saturating_sub(clock::now_ms());
            Refused::Limited(wait_ms.saturating_add(999).div_euclid(1_000).max(1))
        }
        Failure::Call(error, _) => Refused::Failed(in_words(&error)),
    }
}
