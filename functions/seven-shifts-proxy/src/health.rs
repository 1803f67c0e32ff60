//! `health_check`: always 200, as its callers expect; what is wrong is in the answer.

use api::Problem;
use api::seven_shifts_proxy::{HealthAnswer, SevenShiftsCall};
use http::StatusCode;
use platform::seven_shifts::{self, Failure, FailureKind};
use platform::{Context, Reply, clock, time};

use crate::account;

pub async fn check(context: &Context, call: &SevenShiftsCall) -> Result<Reply, Problem> {
    let tenant = account::tenant(context, call)?;
    let connector = account::connector(context, &tenant, call).await?;
    let account = account::stored(context, &tenant, &connector).await?;
    let result = seven_shifts::call(&account.line, account.client.company()).await;
    Reply::json(StatusCode::OK, &answer(result.err().as_ref()))
}

fn answer(failure: Option<&Failure>) -> HealthAnswer {
    let (status, error_code, http_status) = match failure.map(|failure| failure.kind) {
        None => ("active", None, None),
        Some(FailureKind::Unauthorized) => ("expired", Some("AUTH_EXPIRED"), Some(401)),
        Some(FailureKind::Forbidden) => ("expired", Some("AUTH_EXPIRED"), Some(403)),
        Some(_) => ("error", Some("API_ERROR"), None),
    };
    HealthAnswer {
        status: status.to_owned(),
        error_code: error_code.map(str::to_owned),
        http_status,
        detail: failure.map(|failure| failure.reason.clone()),
        checked_at: time::rfc3339(clock::now()),
    }
}
