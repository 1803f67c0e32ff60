//! `preview_shifts`: the published shifts of a window with the names of people and roles, before
//! anything is done with them.

use std::collections::BTreeSet;

use api::Problem;
use api::seven_shifts_proxy::{PreviewAnswer, PreviewMeta, PreviewShift, SevenShiftsCall};
use http::StatusCode;
use platform::seven_shifts::{self, Account};
use platform::{Context, Reply, SpinDatabase, time};
use providers::seven_shifts::{MAX_LIMIT, Paging, Shift, ShiftsQuery};

use crate::names::Names;
use crate::params::Window;
use crate::reach::Reach;
use crate::{account, params, refusal};

/// Pages of a window whose call sets no limit: a second of the budget, and 5,000 shifts.
const MAX_PAGES: usize = 10;

/// # Errors
/// The refusals of the proxy; 400 for a window of more shifts than are read.
pub async fn preview(context: &Context, call: &SevenShiftsCall) -> Result<Reply, Problem> {
    let window = Window::of(&call.params)?;
    let limit = params::asked_limit(&call.params)?;
    let user_id = params::user_id(call)?;
    let reach = Reach::of(context, call).await?;
    let account = reach.account(context).await?;
    let query = ShiftsQuery {
        start_gte: window.from,
        start_lte: window.to,
        location_id: reach.location_id,
        user_id,
        ..ShiftsQuery::default()
    };
    let found = shifts(&account, query, &window, limit).await?;
    let users: BTreeSet<_> = found.shifts.iter().filter_map(|row| row.user_id).collect();
    let roles: BTreeSet<_> = found.shifts.iter().filter_map(|row| row.role_id).collect();
    let names = Names::of(context, &reach, &account, &users, &roles).await?;
    let answer = PreviewAnswer {
        meta: PreviewMeta {
            shift_count: found.shifts.len(),
            user_count: users.len(),
            role_count: roles.len(),
            unreadable_count: (found.unreadable > 0).then_some(found.unreadable),
        },
        data: found
            .shifts
            .into_iter()
            .map(|shift| shown(shift, &names))
            .collect(),
    };
    Reply::json(StatusCode::OK, &answer)
}

fn shown(shift: Shift, names: &Names) -> PreviewShift {
    PreviewShift {
        id: shift.id,
        user_id: shift.user_id,
        role_id: shift.role_id,
        start: time::rfc3339(shift.start),
        end: time::rfc3339(shift.end),
        employee_name: shift.user_id.and_then(|id| names.person(id)),
        role_name: shift.role_id.and_then(|id| names.role(id)),
        notes: shift.notes.unwrap_or_default(),
    }
}

struct Found {
    shifts: Vec<Shift>,
    unreadable: usize,
}

/// The shifts of the window: the first `limit`, or all.
async fn shifts(
    account: &Account<'_, SpinDatabase>,
    query: ShiftsQuery,
    window: &Window,
    limit: Option<u16>,
) -> Result<Found, Problem> {
    let mut found = Found {
        shifts: Vec::new(),
        unreadable: 0,
    };
    let mut cursor = None;
    for _ in 0..limit.map_or(MAX_PAGES, |_| 1) {
        let query = ShiftsQuery {
            paging: Paging {
                cursor,
                limit: Some(limit.unwrap_or(MAX_LIMIT)),
            },
            ..query.clone()
        };
        let page = match seven_shifts::call(&account.line, account.client.shifts(&query)).await {
            Ok(answer) => answer.value,
            Err(failure) => return Err(account::failed(account, "shifts", failure).await),
        };
        found.unreadable = found.unreadable.saturating_add(page.rejected.len());
        // 7shifts has been seen to send rows from outside of the bounds.
        let inside = page.rows.into_iter().filter(|row| window.holds(row.start));
        found.shifts.extend(inside);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    // Cut off, its counts would be those of no window.
    if cursor.is_some() && limit.is_none() {
        let most = MAX_PAGES.saturating_mul(usize::from(MAX_LIMIT));
        return Err(refusal::bad_request(Problem::field(
            "/params/endDate",
            format!(
                "ends a window of more than {most} shifts: ask for a shorter one, or send a limit"
            ),
        )));
    }
    Ok(found)
}
