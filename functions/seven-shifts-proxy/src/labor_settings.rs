//! `get_labor_settings`: how the company counts hours, and whether its wages differ by role.

use api::Problem;
use api::seven_shifts_proxy::{ObjectAnswer, SevenShiftsCall};
use http::StatusCode;
use platform::seven_shifts;
use platform::{Context, Reply};
use providers::seven_shifts::SingleQuery;

use crate::reach::Reach;
use crate::{account, shown};

/// # Errors
/// The refusals of the proxy.
pub async fn get(context: &Context, call: &SevenShiftsCall) -> Result<Reply, Problem> {
    let reach = Reach::of(context, call).await?;
    let account = reach.account(context).await?;
    let settings = account.client.raw_single(SingleQuery::LaborSettings);
    match seven_shifts::call(&account.line, settings).await {
        Ok(answer) => {
            let mut data = answer.value;
            shown::labor_settings(&mut data);
            Reply::json(StatusCode::OK, &ObjectAnswer { data })
        }
        Err(failure) => Err(account::failed(&account, "labor settings", failure).await),
    }
}
