//! Connectors that are asked something: whether their credential is taken, or whatever a caller wants
//! of an API.

use api::connectors::{ApiRequest, TestedConnector};
use api::{Problem, ProblemKind};
use domain::connector_state::ConnectorState::{Active, Error, Expired, Paused, Revoked};
use http::StatusCode;
use platform::outbound::CallError;
use platform::rest_api::{self, API, Refused, RequestCall};
use platform::{Context, Reply, clients, internal, problems};

use crate::found;
use crate::making::{GOOGLE_WORKSPACE, ODOO, is_made_here, made_elsewhere};

/// How long a request is waited for, in milliseconds: longer than any configuration lets it take.
const REQUEST_TIMEOUT_MS: i64 = 50_000;
const MAX_IDEMPOTENCY_KEY_BYTES: usize = 255;

/// Asks the provider, and keeps what it says as the connector's state.
pub async fn test(context: &Context) -> Result<Reply, Problem> {
    let (tenant, connector) = found(context).await?;
    if !is_made_here(&connector) {
        return Err(made_elsewhere(&connector));
    }
    if matches!(connector.provider.as_str(), GOOGLE_WORKSPACE | ODOO) {
        let tested = TestedConnector {
            success: false,
            detail: format!(
                "Nothing was asked: this version has no client for {} yet. The settings and the credential are kept.",
                connector.provider
            ),
        };
        return Reply::json(StatusCode::OK, &tested);
    }
    if !matches!(connector.state, Active | Error | Expired | Revoked | Paused) {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "The connector is disconnected: give it a credential first.",
        ));
    }
    match clients::test(&connector.provider, &tenant, &connector.id).await {
        Some(Ok(tested)) => Reply::json(StatusCode::OK, &tested),
        Some(Err(why)) => Err(problems::unavailable(&why)),
        None => Err(made_elsewhere(&connector)),
    }
}

/// Calls the API of a connector. An `Idempotency-Key` is passed on where the configuration names a
/// header for it.
pub async fn request(context: &Context) -> Result<Reply, Problem> {
    let (tenant, connector) = found(context).await?;
    let request: ApiRequest = context.json()?;
    if connector.provider != API {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!(
                "A connector of the type {} has no requests of its own: only those of the type api do.",
                connector.provider
            ),
        ));
    }
    if !matches!(connector.state, Active | Error) {
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
    let call = RequestCall {
        organization_id: tenant.as_str().to_owned(),
        connector_id: connector.id,
        request,
        idempotency_key: idempotency_key(context)?,
    };
    let answer = internal::post(
        rest_api::FUNCTION,
        rest_api::REQUEST_PATH,
        &call,
        REQUEST_TIMEOUT_MS,
    )
    .await
    .map_err(|error| match error {
        CallError::TooLarge { .. } => Problem::new(
            ProblemKind::ProviderFailed,
            "The API's answer is too long to be passed on as JSON: ask for less at a time.",
        ),
        error => problems::unavailable(&error.to_string()),
    })?;
    match answer.status() {
        StatusCode::OK => Ok(Reply::json_bytes(StatusCode::OK, answer.body().to_vec())),
        StatusCode::UNPROCESSABLE_ENTITY => {
            let refused: Refused = serde_json::from_slice(answer.body())
                .map_err(|error| problems::internal(&error.to_string()))?;
            Err(problem(refused))
        }
        _ => Err(problems::unavailable("the request did not come to its end")),
    }
}

fn problem(refused: Refused) -> Problem {
    match refused {
        Refused::Invalid(wrong) => Problem::invalid(vec![wrong.into()]),
        Refused::Unusable(why) => Problem::new(ProblemKind::Conflict, why),
        Refused::Failed(why) => Problem::new(ProblemKind::ProviderFailed, why),
        Refused::Limited(seconds) => Problem::new(
            ProblemKind::RateLimited,
            "The connector's rate limit is reached: the API asked for a pause, or requests_per_second are used up.",
        )
        .retry_after(seconds),
    }
}

fn idempotency_key(context: &Context) -> Result<Option<String>, Problem> {
    let Some(value) = context.headers.get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim().trim_matches('"');
    let is_plain = (1..=MAX_IDEMPOTENCY_KEY_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
    if is_plain {
        Ok(Some(text.to_owned()))
    } else {
        Err(Problem::field(
            "Idempotency-Key",
            "must have 1 to 255 visible ASCII characters without quotes",
        ))
    }
}
