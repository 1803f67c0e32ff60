//! What 7shifts answers about one person: wages, and assignments.

use api::Problem;
use api::seven_shifts_proxy::{ObjectAnswer, SevenShiftsCall};
use http::StatusCode;
use platform::seven_shifts::{self, Account, Failure};
use platform::{Context, Reply, SpinDatabase};
use providers::seven_shifts::SingleQuery;
use serde_json::{Map, Value};

use crate::reach::Reach;
use crate::{account, params, refusal, shown};

/// `get_user_wages`: what is paid now, and what is agreed for later.
///
/// # Errors
/// The refusals of the proxy.
pub async fn wages(context: &Context, call: &SevenShiftsCall) -> Result<Reply, Problem> {
    let user_id = params::required_user_id(call)?;
    let reach = Reach::of(context, call).await?;
    let account = reach.account(context).await?;
    if reach.location_id.is_some() {
        // Wages do not say where they are paid: whether the person works here is asked first. Then
        // all are shown, as the sync keeps all of them.
        assignments_of(&account, user_id, reach.location_id).await?;
    }
    let wages = account.client.raw_single(SingleQuery::UserWages(user_id));
    match seven_shifts::call(&account.line, wages).await {
        Ok(answer) => Reply::json(StatusCode::OK, &ObjectAnswer { data: answer.value }),
        Err(failure) => Err(failed(&account, "wages", user_id, reach.location_id, failure).await),
    }
}

/// `get_user_assignments`: where somebody works, and as what.
///
/// # Errors
/// The refusals of the proxy.
pub async fn assignments(context: &Context, call: &SevenShiftsCall) -> Result<Reply, Problem> {
    let user_id = params::required_user_id(call)?;
    let reach = Reach::of(context, call).await?;
    assignments_within(context, &reach, user_id).await
}

/// The same, for a call whose reach is known.
///
/// # Errors
/// The refusals of the proxy.
pub async fn assignments_within(
    context: &Context,
    reach: &Reach,
    user_id: i64,
) -> Result<Reply, Problem> {
    let account = reach.account(context).await?;
    let data = assignments_of(&account, user_id, reach.location_id).await?;
    Reply::json(StatusCode::OK, &ObjectAnswer { data })
}

/// The assignments of a person, of a location only those there. Who has none there is nobody there.
async fn assignments_of(
    account: &Account<'_, SpinDatabase>,
    user_id: i64,
    location_id: Option<i64>,
) -> Result<Map<String, Value>, Problem> {
    let assignments = account
        .client
        .raw_single(SingleQuery::UserAssignments(user_id));
    match seven_shifts::call(&account.line, assignments).await {
        Ok(answer) => {
            let mut data = answer.value;
            if !shown::assignments(&mut data, location_id) && location_id.is_some() {
                return Err(refusal::no_such_user(user_id, location_id));
            }
            Ok(data)
        }
        Err(failure) => Err(failed(account, "assignments", user_id, location_id, failure).await),
    }
}

async fn failed(
    account: &Account<'_, SpinDatabase>,
    wanted: &str,
    user_id: i64,
    location_id: Option<i64>,
    failure: Failure,
) -> Problem {
    // The path names the company and the user. A company that is not known is a 403 already.
    if failure.code == "not_found" {
        return refusal::no_such_user(user_id, location_id);
    }
    account::failed(account, wanted, failure).await
}
