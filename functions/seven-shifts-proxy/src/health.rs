//! `health_check`: always 200, as its callers expect; what is wrong is in the answer.

use api::Problem;
use api::seven_shifts_proxy::{HealthAnswer, SevenShiftsCall};
use http::StatusCode;
use platform::seven_shifts::{self, FailureKind};
use platform::{Context, Reply, clock, time};

use crate::account;
use crate::reach::Reach;

/// Of what the replaced system had no code for.
const INTERNAL_ERROR: &str = "INTERNAL_ERROR";
const AUTH_EXPIRED: &str = "AUTH_EXPIRED";

pub async fn check(context: &Context, call: &SevenShiftsCall) -> Result<Reply, Problem> {
    account::tenant(context, call)?;
    let answer = match checked(context, call).await {
        Ok(answer) => answer,
        // No account, one whose token cannot be opened, a database that does not answer: findings.
        Err(problem) => {
            let code = problem.legacy.map_or(INTERNAL_ERROR, |legacy| legacy.code);
            let is_expired = code == AUTH_EXPIRED;
            HealthAnswer {
                status: if is_expired { "expired" } else { "error" }.to_owned(),
                error_code: Some(code.to_owned()),
                http_status: is_expired.then_some(401),
                detail: Some(problem.detail),
                checked_at: time::rfc3339(clock::now()),
            }
        }
    };
    Reply::json(StatusCode::OK, &answer)
}

async fn checked(context: &Context, call: &SevenShiftsCall) -> Result<HealthAnswer, Problem> {
    let account = Reach::of(context, call).await?.account(context).await?;
    let Err(failure) = seven_shifts::call(&account.line, account.client.company()).await else {
        return Ok(answer(None, None));
    };
    let kind = failure.kind;
    let failure = seven_shifts::explained(&account, "the company's profile", failure).await;
    Ok(answer(Some(kind), Some(failure.reason)))
}

fn answer(kind: Option<FailureKind>, detail: Option<String>) -> HealthAnswer {
    let (status, error_code, http_status) = match kind {
        None => ("active", None, None),
        Some(FailureKind::Unauthorized) => ("expired", Some(AUTH_EXPIRED), Some(401)),
        Some(FailureKind::Forbidden) => ("expired", Some(AUTH_EXPIRED), Some(403)),
        Some(_) => ("error", Some("API_ERROR"), None),
    };
    HealthAnswer {
        status: status.to_owned(),
        error_code: error_code.map(str::to_owned),
        http_status,
        detail,
        checked_at: time::rfc3339(clock::now()),
    }
}
