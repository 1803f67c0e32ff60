//! `get_assignments`: who works as what. 7shifts has one call for each person and no list, and a
//! company of two hundred people is twenty seconds of its budget: of everybody, our table tells.

use api::Problem;
use api::seven_shifts_proxy::{AssignedRole, AssignmentsAnswer, AssignmentsMeta, SevenShiftsCall};
use http::StatusCode;
use platform::{Context, Reply, problems, time};
use store::records;

use crate::reach::Reach;
use crate::{params, person, refusal};

/// # Errors
/// The refusals of the proxy.
pub async fn get(context: &Context, call: &SevenShiftsCall) -> Result<Reply, Problem> {
    let user_id = params::user_id(call)?;
    let limit = params::limit(&call.params)?;
    let cursor = params::cursor(&call.params)?;
    let reach = Reach::of(context, call).await?;
    if let Some(user_id) = user_id {
        return person::assignments_within(context, &reach, user_id).await;
    }
    let Some((tenant, connector_id)) = reach.synced() else {
        return Err(refusal::bad_request(Problem::field(
            "/apiKey",
            "brings an account of which nothing is synced: name one person as userId, or leave the token out for the stored account",
        )));
    };
    let location_id = reach.location_id.map(|id| id.to_string());
    let wanted = records::Wanted {
        external_location_id: location_id.as_deref(),
        after: cursor.as_deref(),
        limit,
    };
    let assigned = records::assigned(&context.database, tenant, connector_id, wanted)
        .await
        .map_err(|error| problems::database(&error))?;
    let last = assigned.rows.last().filter(|_| assigned.has_more);
    let answer = AssignmentsAnswer {
        next_cursor: last.map(|row| row.external_id.clone()),
        data: assigned
            .rows
            .into_iter()
            .filter_map(|row| of_provider(reach.company_id, row))
            .collect(),
        meta: AssignmentsMeta {
            source: "synced".to_owned(),
            as_of: assigned.as_of.map(time::rfc3339),
            has_more: assigned.has_more,
        },
    };
    Reply::json(StatusCode::OK, &answer)
}

/// A row as 7shifts would have it. Its ids are numbers.
fn of_provider(company_id: i64, row: records::AssignedRole) -> Option<AssignedRole> {
    let number = |id: Option<String>| id.and_then(|id| id.parse().ok());
    Some(AssignedRole {
        user_id: row.external_user_id.parse().ok()?,
        role_id: row.external_role_id.parse().ok()?,
        company_id,
        location_id: number(row.external_location_id),
        department_id: number(row.external_department_id),
        name: row.role_name,
        is_primary: row.is_primary,
        skill_level: row.skill_level,
    })
}
