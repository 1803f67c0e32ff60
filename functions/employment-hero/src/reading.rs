//! What was synced last, by the paths and names of a replaced system.

use api::employees::{EmployeeLeave, FoundEmployee, KnownEmployee, KnownLeave, LeaveDay};
use api::freshness::Freshness;
use api::{Problem, ProblemKind, page};
use domain::access::Tenant;
use domain::stream::Stream;
use domain::zone::Zone;
use http::StatusCode;
use platform::{Context, Reply, clock, freshness, lists, problems};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::employees;
use store::lists::{self as rows, EmployeeFilter, LeaveRequestFilter, List, MAX_LIMIT, Paging};
use store::organizations;

use crate::connector::{Asked, id_of};

const APPROVED: &str = "approved";
/// Employees with one mail that are looked at.
const MAX_SHARING: usize = 20;

/// What is read of a listed employee.
#[derive(Deserialize)]
struct EmployeeRow {
    id: String,
    external_id: String,
    connector_id: String,
    name: Option<String>,
    company_email: Option<String>,
    account_email: Option<String>,
    status: Option<String>,
}

/// What is read of listed leave.
#[derive(Deserialize)]
struct LeaveRow {
    id: String,
    external_id: String,
    external_employee_id: String,
    start_date: String,
    end_date: String,
    status: String,
    leave_category: Option<String>,
    total_hours: Option<f64>,
    days: Vec<LeaveDay>,
}

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
    let known: Vec<_> = parsed::<Vec<EmployeeRow>>(&page.data_json)?
        .into_iter()
        .map(known)
        .collect();
    let fresh = freshness::of(context, &asked.tenant, &[Stream::Employees]).await?;
    let cursor = page.next.as_ref().map(|key| asked.paging.cursor(key));
    both(
        &page.data_json,
        cursor.as_deref(),
        &fresh,
        "employees",
        &known,
    )
}

/// A page as all lists are answered, and the same rows by the names of the replaced system.
fn both<T: Serialize>(
    data_json: &str,
    cursor: Option<&str>,
    fresh: &Freshness,
    name: &str,
    known: &[T],
) -> Result<Reply, Problem> {
    let known =
        serde_json::to_string(known).map_err(|error| problems::internal(&error.to_string()))?;
    let mut body = page::to_fresh_json(data_json, cursor, fresh);
    body.pop();
    body.extend_from_slice(format!(",\"{name}\":{known}}}").as_bytes());
    Ok(Reply::json_bytes(StatusCode::OK, body))
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
    let known: Vec<_> = parsed::<Vec<LeaveRow>>(&page.data_json)?
        .into_iter()
        .map(known_leave)
        .collect();
    let fresh = freshness::of(context, &asked.tenant, &[Stream::LeaveRequests]).await?;
    let cursor = page.next.as_ref().map(|key| asked.paging.cursor(key));
    both(
        &page.data_json,
        cursor.as_deref(),
        &fresh,
        "leave_requests",
        &known,
    )
}

/// Who has a mail address.
pub async fn employee_id(context: &Context) -> Result<Reply, Problem> {
    let asked = by_mail(context)?;
    let (mail, matched_by, mut found) = with_mail(context, &asked).await?;
    let is_active = |employee: &EmployeeRow| employee.status.as_deref() == Some("active");
    if found.iter().filter(|one| is_active(one)).count() == 1 {
        found.retain(is_active);
    }
    if found.len() > 1 {
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
    let employee = found
        .pop()
        .ok_or_else(|| problems::internal("nobody is left"))?;
    let fresh = freshness::of(context, &asked.tenant, &[Stream::Employees]).await?;
    let answer = FoundEmployee {
        connector_id: employee.connector_id.clone(),
        employee: known(employee),
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
        if !is_given(context, "employee_id") {
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
        found.extend(row.map(|row| parsed::<EmployeeRow>(&row)).transpose()?);
    }
    if found.is_empty() {
        return Err(unknown("No employee has this id"));
    }
    leave_of(context, &asked.tenant, found).await
}

/// Leave of all that have a mail address.
pub async fn leave_requests_by_email(context: &Context) -> Result<Reply, Problem> {
    let asked = by_mail(context)?;
    let (_, _, found) = with_mail(context, &asked).await?;
    leave_of(context, &asked.tenant, found).await
}

async fn leave_of(
    context: &Context,
    tenant: &Tenant,
    found: Vec<EmployeeRow>,
) -> Result<Reply, Problem> {
    let from = today(context, tenant).await?;
    let mut leave: Vec<LeaveRow> = Vec::new();
    for employee in &found {
        let filter = LeaveRequestFilter {
            employee_id: Some(&employee.id),
            from: Some(&from),
            status: Some(APPROVED),
            ..LeaveRequestFilter::default()
        };
        let list = rows::leave_requests(tenant, &filter, &whole());
        leave.extend(read::<LeaveRow>(context, &list).await?);
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
        employees: found.into_iter().map(known).collect(),
        leave_requests: leave.into_iter().map(known_leave).collect(),
        synced_at: fresh.synced_at,
        is_stale: fresh.is_stale,
    };
    Reply::json(StatusCode::OK, &answer)
}

/// Whether a parameter is there at all: what is wrong with one that is has been said.
fn is_given(context: &Context, name: &str) -> bool {
    context
        .query
        .split('&')
        .any(|pair| pair.split('=').next() == Some(name))
}

fn by_mail(context: &Context) -> Result<Asked<String>, Problem> {
    Asked::parse(context, |query| {
        let mail = lower(query.text("email"));
        if !is_given(context, "email") {
            query.refuse("email", "is missing: give the mail address of an employee");
        }
        mail.unwrap_or_default()
    })
}

/// Those who have the mail that is asked for: by their company's mail, else by their account's.
async fn with_mail<'a>(
    context: &Context,
    asked: &'a Asked<String>,
) -> Result<(&'a str, &'static str, Vec<EmployeeRow>), Problem> {
    let mail = asked.of_query.as_str();
    let connector_id = asked.connector_id(context).await?;
    let filter = EmployeeFilter {
        email: Some(mail),
        connector_id: connector_id.as_deref(),
        ..EmployeeFilter::default()
    };
    let list = rows::employees(&asked.tenant, &filter, &whole());
    let all: Vec<EmployeeRow> = read(context, &list).await?;
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

fn known(employee: EmployeeRow) -> KnownEmployee {
    KnownEmployee {
        employee_id: employee.external_id,
        id: employee.id,
        name: employee.name,
        company_email: employee.company_email,
        account_email: employee.account_email,
        status: employee.status,
    }
}

fn known_leave(leave: LeaveRow) -> KnownLeave {
    KnownLeave {
        leave_request_id: leave.external_id,
        id: leave.id,
        employee_id: leave.external_employee_id,
        start_date: leave.start_date,
        end_date: leave.end_date,
        status: leave.status,
        leave_category_name: leave.leave_category,
        total_hours: leave.total_hours,
        hours_per_day: leave.days,
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
