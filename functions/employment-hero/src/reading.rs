//! What was synced last, by the paths and names of a replaced system.

use api::employees::{
    EmployeeLeave, EmployeeRecord, FoundEmployee, KnownEmployee, KnownEmployees, KnownLeave,
    KnownLeaveRequests, LeaveDay, LeaveRequest,
};
use api::{Problem, ProblemKind};
use domain::access::Tenant;
use domain::stream::Stream;
use domain::zone::Zone;
use http::StatusCode;
use platform::{Context, Reply, clock, freshness, lists, problems};
use serde::de::DeserializeOwned;
use store::employees;
use store::lists::{self as rows, EmployeeFilter, LeaveRequestFilter, List, MAX_LIMIT, Paging};
use store::organizations;

use crate::connector::{Asked, id_of};

const APPROVED: &str = "approved";
/// Employees with one mail that are looked at.
const MAX_SHARING: usize = 20;

/// A page of employees.
pub async fn employees(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        (query.text("connector"), lower(query.text("status")))
    })?;
    let (named, status) = &asked.filter;
    let connector_id = id_of(context, &asked.tenant, named.as_deref()).await?;
    let filter = EmployeeFilter {
        connector_id: connector_id.as_deref(),
        status: status.as_deref(),
        ..EmployeeFilter::default()
    };
    let page = asked
        .page(context, |asked, paging| {
            rows::employees(&asked.tenant, &filter, paging)
        })
        .await?;
    let data: Vec<EmployeeRecord> = parsed(&page.data_json)?;
    let fresh = freshness::of(context, &asked.tenant, &[Stream::Employees]).await?;
    let answer = KnownEmployees {
        employees: data.iter().map(known).collect(),
        data,
        next_cursor: page.next.as_ref().map(|key| asked.paging.cursor(key)),
        synced_at: fresh.synced_at,
        is_stale: fresh.is_stale,
    };
    Reply::json(StatusCode::OK, &answer)
}

/// A page of leave: approved, and not over, unless something else is asked for.
pub async fn leave_requests(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        (
            query.text("connector"),
            query.date("from"),
            query.date("to"),
            lower(query.text("status")),
        )
    })?;
    let (named, from, to, status) = &asked.filter;
    let connector_id = id_of(context, &asked.tenant, named.as_deref()).await?;
    let from = match from {
        Some(from) => from.clone(),
        None => today(context, &asked.tenant).await?,
    };
    let filter = LeaveRequestFilter {
        connector_id: connector_id.as_deref(),
        from: Some(&from),
        to: to.as_deref(),
        status: Some(status.as_deref().unwrap_or(APPROVED)),
        ..LeaveRequestFilter::default()
    };
    let page = asked
        .page(context, |asked, paging| {
            rows::leave_requests(&asked.tenant, &filter, paging)
        })
        .await?;
    let data: Vec<LeaveRequest> = parsed(&page.data_json)?;
    let fresh = freshness::of(context, &asked.tenant, &[Stream::LeaveRequests]).await?;
    let answer = KnownLeaveRequests {
        leave_requests: data.iter().map(known_leave).collect(),
        data,
        next_cursor: page.next.as_ref().map(|key| asked.paging.cursor(key)),
        synced_at: fresh.synced_at,
        is_stale: fresh.is_stale,
    };
    Reply::json(StatusCode::OK, &answer)
}

/// Who has a mail address.
pub async fn employee_id(context: &Context) -> Result<Reply, Problem> {
    let asked = by_mail(context)?;
    let (mail, matched_by, found) = with_mail(context, &asked).await?;
    let mut active = found
        .iter()
        .filter(|employee| employee.status.as_deref() == Some("active"));
    let employee = match (found.as_slice(), active.next(), active.next()) {
        ([one], _, _) => one,
        (_, Some(one), None) => one,
        _ => {
            let ids: Vec<_> = found.iter().map(|one| one.external_id.as_str()).collect();
            return Err(Problem::new(
                ProblemKind::Conflict,
                format!(
                    "{} employees have the mail {mail}: {}. Ask by employee_id, or name a connector.",
                    found.len(),
                    ids.join(", ")
                ),
            ));
        }
    };
    let fresh = freshness::of(context, &asked.tenant, &[Stream::Employees]).await?;
    let answer = FoundEmployee {
        employee: known(employee),
        connector_id: employee.connector_id.clone(),
        matched_by: matched_by.to_owned(),
        synced_at: fresh.synced_at,
        is_stale: fresh.is_stale,
    };
    Reply::json(StatusCode::OK, &answer)
}

/// Leave of one person.
pub async fn employee_leave_requests(context: &Context) -> Result<Reply, Problem> {
    let asked = Asked::parse(context, |query| {
        let id = query.text("employee_id");
        if id.is_none() {
            query.refuse(
                "employee_id",
                "is missing: give the provider's id of an employee, or ours; GET /get/employee_id finds it by mail",
            );
        }
        id.unwrap_or_default()
    })?;
    let connector_id = asked.connector_id(context).await?;
    let id = asked.of_query.trim();
    let ids = employees::ids_of(
        &context.database,
        &asked.tenant,
        connector_id.as_deref(),
        id,
    )
    .await
    .map_err(|error| problems::database(&error))?;
    let mut found = Vec::new();
    for id in &ids {
        let row = rows::get(&context.database, &asked.tenant, rows::Kind::Employee, id)
            .await
            .map_err(|error| problems::database(&error))?;
        found.extend(row.map(|row| parsed::<EmployeeRecord>(&row)).transpose()?);
    }
    if found.is_empty() {
        return Err(unknown("No employee has this id"));
    }
    leave_of(context, &asked.tenant, &found).await
}

/// Leave of all that have a mail address.
pub async fn leave_requests_by_email(context: &Context) -> Result<Reply, Problem> {
    let asked = by_mail(context)?;
    let (_, _, found) = with_mail(context, &asked).await?;
    leave_of(context, &asked.tenant, &found).await
}

async fn leave_of(
    context: &Context,
    tenant: &Tenant,
    found: &[EmployeeRecord],
) -> Result<Reply, Problem> {
    let from = today(context, tenant).await?;
    let mut leave: Vec<LeaveRequest> = Vec::new();
    for employee in found {
        let filter = LeaveRequestFilter {
            employee_id: Some(&employee.id),
            from: Some(&from),
            status: Some(APPROVED),
            ..LeaveRequestFilter::default()
        };
        let list = rows::leave_requests(tenant, &filter, &whole());
        leave.extend(read::<LeaveRequest>(context, &list).await?);
    }
    leave.sort_by(|one, other| {
        (&one.start_date, &one.external_id).cmp(&(&other.start_date, &other.external_id))
    });
    let streams = [Stream::Employees, Stream::LeaveRequests];
    let fresh = freshness::of(context, tenant, &streams).await?;
    let answer = EmployeeLeave {
        employee_id: found
            .first()
            .map(|employee| employee.external_id.clone())
            .unwrap_or_default(),
        employees: found.iter().map(known).collect(),
        leave_requests: leave.iter().map(known_leave).collect(),
        synced_at: fresh.synced_at,
        is_stale: fresh.is_stale,
    };
    Reply::json(StatusCode::OK, &answer)
}

fn by_mail(context: &Context) -> Result<Asked<String>, Problem> {
    Asked::parse(context, |query| {
        let mail = lower(query.text("email")).filter(|mail| !mail.is_empty());
        if mail.is_none() {
            query.refuse("email", "is missing: give the mail address of an employee");
        }
        mail.unwrap_or_default()
    })
}

/// Those who have the mail that is asked for: by their company's mail, else by their account's.
async fn with_mail<'a>(
    context: &Context,
    asked: &'a Asked<String>,
) -> Result<(&'a str, &'static str, Vec<EmployeeRecord>), Problem> {
    let mail = asked.of_query.as_str();
    let connector_id = asked.connector_id(context).await?;
    let filter = EmployeeFilter {
        email: Some(mail),
        connector_id: connector_id.as_deref(),
        ..EmployeeFilter::default()
    };
    let list = rows::employees(&asked.tenant, &filter, &whole());
    let all: Vec<EmployeeRecord> = read(context, &list).await?;
    let (company, account): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|employee| employee.company_email.as_deref() == Some(mail));
    let (matched_by, mut found) = if company.is_empty() {
        ("account_email", account)
    } else {
        ("company_email", company)
    };
    if found.is_empty() {
        return Err(unknown(&format!("No employee has the mail {mail}")));
    }
    found.truncate(MAX_SHARING);
    Ok((mail, matched_by, found))
}

fn unknown(what: &str) -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        format!(
            "{what} as far as employees were synced: ask for POST /sync/employees if they are new, and for POST /sync/leave_requests then."
        ),
    )
}

/// The organization's local day.
async fn today(context: &Context, tenant: &Tenant) -> Result<String, Problem> {
    let organization = organizations::get(&context.database, tenant)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("organization"))?;
    let zone = Zone::parse(&organization.time_zone).unwrap_or(Zone::UTC);
    Ok(zone.date(clock::now()).to_string())
}

/// All that one person can have, for answers without pages.
fn whole() -> Paging<'static> {
    Paging {
        limit: MAX_LIMIT,
        after: None,
    }
}

async fn read<T: DeserializeOwned>(context: &Context, list: &List) -> Result<Vec<T>, Problem> {
    let page = list
        .read(&context.database)
        .await
        .map_err(|error| problems::database(&error))?;
    parsed(&page.data_json)
}

fn parsed<T: DeserializeOwned>(json: &str) -> Result<T, Problem> {
    serde_json::from_str(json).map_err(|error| problems::internal(&error.to_string()))
}

/// As words and mails are stored.
fn lower(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_lowercase())
}

fn known(employee: &EmployeeRecord) -> KnownEmployee {
    KnownEmployee {
        employee_id: employee.external_id.clone(),
        id: employee.id.clone(),
        name: employee.name.clone(),
        company_email: employee.company_email.clone(),
        account_email: employee.account_email.clone(),
        status: employee.status.clone(),
    }
}

fn known_leave(leave: &LeaveRequest) -> KnownLeave {
    KnownLeave {
        leave_request_id: leave.external_id.clone(),
        id: leave.id.clone(),
        employee_id: leave.external_employee_id.clone(),
        start_date: leave.start_date.clone(),
        end_date: leave.end_date.clone(),
        status: leave.status.clone(),
        leave_category_name: leave.leave_category.clone(),
        total_hours: leave.total_hours,
        hours_per_day: leave.days.clone(),
    }
}

pub fn leave_day(date: String, minutes: i64) -> LeaveDay {
    LeaveDay {
        date,
        hours: hours(minutes),
        minutes,
    }
}

/// Minutes as hours with two decimals.
pub fn hours(minutes: i64) -> f64 {
    let minutes = i32::try_from(minutes).unwrap_or(i32::MAX);
    (f64::from(minutes) / 60.0 * 100.0).round() / 100.0
}
