//! The `get_…` actions for lists: the provider's own rows, read through at once.

use api::Problem;
use api::moment::{self, Edge};
use api::seven_shifts_proxy::{RowsAnswer, SevenShiftsCall};
use domain::access::Scope;
use http::StatusCode;
use platform::seven_shifts::{self, Account, FailureKind};
use platform::{Context, Reply, SpinDatabase};
use providers::seven_shifts::{
    AvailabilitiesQuery, DepartmentsQuery, ListQuery, LocationsQuery, MAX_LIMIT, Paging,
    RolesQuery, ShiftsQuery, TimeOffQuery, TimePunchesQuery, UsersQuery,
};
use serde_json::{Map, Value};

use crate::params::Window;
use crate::reach::Reach;
use crate::{account, params, refusal, shown};

/// 7shifts states no bound for this list; its general page says 200.
const TIME_OFF_PER_PAGE: u16 = 200;

type Row = Map<String, Value>;

#[derive(Clone, Copy)]
pub enum List {
    Shifts,
    Users,
    TimePunches,
    Locations,
    Roles,
    Departments,
    Availabilities,
    TimeOff,
}

impl List {
    fn name(self) -> &'static str {
        match self {
            Self::Shifts => "shifts",
            Self::Users => "users",
            Self::TimePunches => "time punches",
            Self::Locations => "locations",
            Self::Roles => "roles",
            Self::Departments => "departments",
            Self::Availabilities => "availabilities",
            Self::TimeOff => "time off",
        }
    }

    pub fn scope(self) -> Scope {
        match self {
            Self::Shifts => Scope::ShiftsRead,
            Self::Users => Scope::TeamMembersRead,
            Self::TimePunches => Scope::TimePunchesRead,
            Self::Locations => Scope::LocationsRead,
            Self::Roles => Scope::RolesRead,
            Self::Departments => Scope::DepartmentsRead,
            Self::Availabilities => Scope::AvailabilityRead,
            Self::TimeOff => Scope::TimeOffRead,
        }
    }
}

/// What a call asks of a list.
struct Asked {
    list: List,
    window: Window,
    limit: u16,
    user_id: Option<i64>,
    location_id: Option<i64>,
}

/// # Errors
/// The refusals of the proxy.
pub async fn get(context: &Context, call: &SevenShiftsCall, list: List) -> Result<Reply, Problem> {
    let window = Window::of(&call.params)?;
    let limit = params::limit(&call.params)?;
    let cursor = params::cursor(&call.params)?;
    let user_id = params::user_id(call)?;
    let reach = Reach::of(context, call).await?;
    let account = reach.account(context).await?;
    let asked = Asked {
        list,
        window,
        limit,
        user_id,
        location_id: reach.location_id,
    };
    let (rows, next_cursor) = asked.rows(&account, cursor).await?;
    let sees_attendance = context.caller()?.may(Scope::AttendanceRead);
    let data = rows
        .into_iter()
        .filter(|row| asked.wants(row))
        .map(|row| shown::row(list, row, sees_attendance))
        .collect();
    Reply::json(StatusCode::OK, &RowsAnswer { data, next_cursor })
}

impl Asked {
    /// As many pages as the limit needs: one, where a page may have that many rows. With where the
    /// list goes on.
    async fn rows(
        &self,
        account: &Account<'_, SpinDatabase>,
        mut cursor: Option<String>,
    ) -> Result<(Vec<Row>, Option<String>), Problem> {
        let most = self.per_page();
        let mut rows = Vec::new();
        let mut left = self.limit.max(most);
        while left > 0 {
            let per_page = left.min(most);
            left -= per_page;
            let is_given = cursor.is_some() && rows.is_empty();
            let query = self.query(Paging {
                cursor,
                limit: Some(per_page),
            });
            let page = match seven_shifts::call(&account.line, account.client.raw_list(&query))
                .await
            {
                Ok(answer) => answer.value,
                Err(failure) if is_given && failure.kind == FailureKind::Refused => {
                    return Err(refusal::bad_request(Problem::field(
                        "/params/cursor",
                        "is refused by 7shifts: begin again without one, and send the same other params with each `next_cursor`",
                    )));
                }
                Err(failure) => {
                    return Err(account::failed(account, self.list.name(), failure).await);
                }
            };
            rows.extend(page.rows);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok((rows, cursor))
    }

    fn per_page(&self) -> u16 {
        match self.list {
            // The one that is wanted may be any of them.
            List::Locations if self.location_id.is_some() => MAX_LIMIT,
            List::TimeOff => self.limit.min(TIME_OFF_PER_PAGE),
            _ => self.limit,
        }
    }

    fn query(&self, paging: Paging) -> ListQuery {
        let Self {
            window,
            user_id,
            location_id,
            ..
        } = self;
        let (user_id, location_id) = (*user_id, *location_id);
        match self.list {
            List::Shifts => ListQuery::Shifts(ShiftsQuery {
                start_gte: window.from,
                start_lte: window.to,
                location_id,
                user_id,
                paging,
                ..ShiftsQuery::default()
            }),
            List::TimePunches => ListQuery::TimePunches(TimePunchesQuery {
                clocked_in_gte: window.from,
                clocked_in_lte: window.to,
                location_id,
                user_id,
                paging,
                ..TimePunchesQuery::default()
            }),
            List::Users => ListQuery::Users(UsersQuery {
                location_id,
                paging,
                ..UsersQuery::default()
            }),
            List::Locations => ListQuery::Locations(LocationsQuery {
                paging,
                ..LocationsQuery::default()
            }),
            List::Roles => ListQuery::Roles(RolesQuery {
                location_id,
                paging,
                ..RolesQuery::default()
            }),
            List::Departments => ListQuery::Departments(DepartmentsQuery {
                location_id,
                paging,
                ..DepartmentsQuery::default()
            }),
            List::Availabilities => ListQuery::Availabilities(AvailabilitiesQuery {
                location_id,
                user_id,
                paging,
                ..AvailabilitiesQuery::default()
            }),
            List::TimeOff => ListQuery::TimeOff(TimeOffQuery {
                location_id,
                user_id,
                to_date_gte: window.first_day(),
                // What begins too late is then at the end, and keeps no row from its place.
                by_from_date: window.to.is_some(),
                paging,
                ..TimeOffQuery::default()
            }),
        }
    }

    /// Whether a row that 7shifts sent is one that was asked for, where it has no filter for it.
    fn wants(&self, row: &Row) -> bool {
        match self.list {
            List::Locations => self
                .location_id
                .is_none_or(|id| row.get("id").and_then(Value::as_i64) == Some(id)),
            List::TimeOff => self.window.last_day().is_none_or(|last| {
                row.get("from_date")
                    .and_then(Value::as_str)
                    .is_none_or(|day| day <= last.to_string().as_str())
            }),
            // 7shifts has been seen to send rows from outside of the bounds.
            List::Shifts => self.window_holds(row, "start"),
            List::TimePunches => self.window_holds(row, "clocked_in"),
            List::Users => self
                .user_id
                .is_none_or(|id| row.get("id").and_then(Value::as_i64) == Some(id)),
            _ => true,
        }
    }

    fn window_holds(&self, row: &Row, member: &str) -> bool {
        row.get(member)
            .and_then(Value::as_str)
            .and_then(|text| moment::parse(text, Edge::First))
            .is_none_or(|moment| self.window.holds(moment))
    }
}
