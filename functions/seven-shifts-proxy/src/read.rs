//! The `get_…` actions: one page of the provider's own rows, read through at once.

use api::Problem;
use api::seven_shifts_proxy::{SevenShiftsCall, SevenShiftsParams};
use chrono::{DateTime, NaiveDate, NaiveTime};
use domain::access::Scope;
use http::StatusCode;
use platform::seven_shifts::{Account, Config, raw_rows};
use platform::{Context, Reply, SpinDatabase};
use providers::seven_shifts::{
    DepartmentsQuery, LocationsQuery, Paging, RolesQuery, ShiftsQuery, TimePunchesQuery, UsersQuery,
};

use store::connectors::Connector;

use crate::{account, refusal};

/// Rows when the call does not say.
const DEFAULT_LIMIT: u32 = 250;
const MAX_LIMIT: u32 = 500;
/// The same, as 7shifts takes it.
const MAX_PAGE: u16 = 500;

#[derive(Clone, Copy)]
pub enum List {
    Shifts,
    Users,
    TimePunches,
    Locations,
    Roles,
    Departments,
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
        }
    }
}

pub async fn get(context: &Context, call: &SevenShiftsCall, list: List) -> Result<Reply, Problem> {
    let tenant = account::tenant(context, call)?;
    let window = Window::of(&call.params)?;
    let location_id = account::number("/locationId", call.location_id.as_deref())?;
    let connector = account::connector(context, &tenant, call).await?;
    let location_id = within(&connector, location_id)?;
    let account = account::stored(context, &tenant, &connector).await?;
    let body = rows(&account, list, &window, location_id).await?;
    Ok(Reply::json_bytes(StatusCode::OK, body))
}

/// The location that is asked for, or the one that the connector is kept to: whoever connected one
/// of several sees nothing of the others.
fn within(connector: &Connector, asked: Option<i64>) -> Result<Option<i64>, Problem> {
    let config: Config = serde_json::from_str(&connector.config).map_err(|_| {
        platform::problems::internal("the connector's configuration cannot be read")
    })?;
    match (config.location_id, asked) {
        (Some(own), Some(asked)) if own != asked => Err(refusal::bad_request(Problem::field(
            "/locationId",
            format!("is outside of this connector, which is kept to location {own}"),
        ))),
        (own, asked) => Ok(own.or(asked)),
    }
}

/// What `params` ask for.
struct Window {
    from: Option<i64>,
    to: Option<i64>,
    limit: u16,
}

impl Window {
    fn of(params: &SevenShiftsParams) -> Result<Self, Problem> {
        let limit = match params.limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=MAX_LIMIT => u16::try_from(limit).unwrap_or(1),
            _ => {
                return Err(refusal::bad_request(Problem::field(
                    "/params/limit",
                    format!("must be a number from 1 to {MAX_LIMIT}"),
                )));
            }
        };
        Ok(Self {
            from: moment(
                "/params/startDate",
                params.start_date.as_deref(),
                NaiveTime::MIN,
            )?,
            to: moment(
                "/params/endDate",
                params.end_date.as_deref(),
                NaiveTime::from_hms_opt(23, 59, 59).unwrap_or(NaiveTime::MIN),
            )?,
            limit,
        })
    }
}

/// A time, or a date, which begins and ends in UTC as the replaced system had it.
fn moment(field: &str, text: Option<&str>, of_day: NaiveTime) -> Result<Option<i64>, Problem> {
    let Some(text) = text else {
        return Ok(None);
    };
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.timestamp());
    let date = || {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map(|date| date.and_time(of_day).and_utc().timestamp())
    };
    let moment = time.or_else(|_| date()).map_err(|_| {
        refusal::bad_request(Problem::field(
            field,
            "must be a date like 2026-03-14 or a time like 2026-03-14T22:00:00Z",
        ))
    })?;
    Ok(Some(moment))
}

async fn rows(
    account: &Account<'_, SpinDatabase>,
    list: List,
    window: &Window,
    location_id: Option<i64>,
) -> Result<Vec<u8>, Problem> {
    let (client, line) = (&account.client, &account.line);
    let paging = Paging {
        cursor: None,
        limit: Some(window.limit),
    };
    let rows = match list {
        List::Shifts => {
            let query = ShiftsQuery {
                start_gte: window.from,
                start_lte: window.to,
                location_id,
                paging,
                ..ShiftsQuery::default()
            };
            raw_rows(line, client.shifts(&query)).await
        }
        List::TimePunches => {
            let query = TimePunchesQuery {
                clocked_in_gte: window.from,
                clocked_in_lte: window.to,
                location_id,
                paging,
                ..TimePunchesQuery::default()
            };
            raw_rows(line, client.time_punches(&query)).await
        }
        List::Users => {
            raw_rows(
                line,
                client.users(&UsersQuery {
                    location_id,
                    paging,
                    ..UsersQuery::default()
                }),
            )
            .await
        }
        List::Locations => {
            raw_rows(
                line,
                client.locations(&LocationsQuery {
                    // The one that is wanted may be any of them.
                    paging: Paging {
                        limit: location_id.map_or(paging.limit, |_| Some(MAX_PAGE)),
                        ..paging
                    },
                    ..LocationsQuery::default()
                }),
            )
            .await
        }
        List::Roles => {
            raw_rows(
                line,
                client.roles(&RolesQuery {
                    location_id,
                    paging,
                    ..RolesQuery::default()
                }),
            )
            .await
        }
        List::Departments => {
            raw_rows(
                line,
                client.departments(&DepartmentsQuery {
                    location_id,
                    paging,
                    ..DepartmentsQuery::default()
                }),
            )
            .await
        }
    };
    let rows = match rows {
        Ok(rows) => rows,
        Err(failure) => return Err(account::failed(account, list.name(), failure).await),
    };
    let rows: Vec<_> = rows
        .into_iter()
        // 7shifts has no filter of locations by location.
        .filter(|row| {
            !matches!(list, List::Locations)
                || location_id
                    .is_none_or(|id| row.get("id").and_then(serde_json::Value::as_i64) == Some(id))
        })
        .map(|row| without_secrets(list, row))
        .collect();
    serde_json::to_vec(&serde_json::json!({ "data": rows }))
        .map_err(|error| platform::problems::internal(&error.to_string()))
}

/// Who may see names sees of a person what `/api/team-members` shows: no home address, no birthday,
/// no notes of managers, no pay, and no clock-in code, which opens the time clock.
const OF_A_PERSON: &[&str] = &[
    "id",
    "company_id",
    "first_name",
    "last_name",
    "preferred_first_name",
    "preferred_last_name",
    "email",
    "mobile_number",
    "employee_id",
    "type",
    "active",
    "invite_status",
    "language",
    "timezone",
    "hire_date",
    "photo",
    "created",
    "modified",
];

fn without_secrets(list: List, mut row: serde_json::Value) -> serde_json::Value {
    if let Some(row) = row.as_object_mut() {
        if matches!(list, List::Users) {
            row.retain(|member, _| OF_A_PERSON.contains(&member.as_str()));
        }
        row.remove("hourly_wage");
    }
    row
}
