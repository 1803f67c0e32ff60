//! What Employment Hero is asked while a caller waits.

use api::Problem;
use api::employees::{
    EmployerOrganisation, EmployerOrganisations, ProviderLeave, ProviderLeaveRequest,
};
use domain::NaiveDate;
use http::StatusCode;
use platform::{Context, Reply, clock};
use providers::employment_hero::{LeaveRequestsQuery, MAX_PAGES};

use crate::connector::{ASK_MS, Asked, connected, problem};
use crate::reading::{hours, leave_day};
use platform::employment_hero::{Account, Session, chosen};

/// The organisations that the login sees.
pub async fn organisations(context: &Context) -> Result<Reply, Problem> {
    let asked = Asked::parse(context, |_| ())?;
    let connector = asked.connector(context).await?;
    connected(&connector)?;
    let account = Account::open(&asked.tenant, &connector.id, &connector.config)
        .await
        .map_err(problem)?;
    let deadline_ms = clock::now_ms().saturating_add(ASK_MS);
    let session = Session::begin(&account, &context.database, deadline_ms);
    let all = session.organisations().await.map_err(problem)?;
    let used = chosen(&all, account.config.organisation_id.as_deref())
        .ok()
        .map(|organisation| organisation.id.clone());
    let answer = EmployerOrganisations {
        connector_id: connector.id.clone(),
        organisations: all
            .into_iter()
            .map(|organisation| EmployerOrganisation {
                is_used: used.as_ref() == Some(&organisation.id),
                id: organisation.id,
                name: organisation.name,
                country: organisation.country,
            })
            .collect(),
    };
    Reply::json(StatusCode::OK, &answer)
}

/// One page of leave as it is there now.
pub async fn leave_requests_list(context: &Context) -> Result<Reply, Problem> {
    let asked = Asked::parse(context, |query| {
        let page_index = query.number("page_index", 1..=i64::from(MAX_PAGES));
        (page_index, query.date("start_date"), query.date("end_date"))
    })?;
    let (page_index, from, to) = &asked.of_query;
    let page_index = page_index.unwrap_or(1);
    let connector = asked.connector(context).await?;
    connected(&connector)?;
    let account = Account::open(&asked.tenant, &connector.id, &connector.config)
        .await
        .map_err(problem)?;
    let deadline_ms = clock::now_ms().saturating_add(ASK_MS);
    let session = Session::begin(&account, &context.database, deadline_ms);
    let organisation_id = session.organisation_id().await.map_err(problem)?;
    let date = |text: &Option<String>| {
        text.as_deref()
            .and_then(|text| text.parse::<NaiveDate>().ok())
    };
    let query = LeaveRequestsQuery {
        cursor: (page_index > 1).then(|| page_index.to_string()),
        start_date: date(from),
        end_date: date(to),
    };
    let page = session
        .ask(|client| {
            client
                .organisation(&organisation_id)?
                .leave_requests(&query)
        })
        .await
        .map_err(problem)?;
    let answer = ProviderLeave {
        connector_id: connector.id.clone(),
        page_index,
        next_page_index: page.next.and_then(|next| next.parse().ok()),
        unreadable: u64::try_from(page.rejected.len()).unwrap_or(u64::MAX),
        leave_requests: page
            .rows
            .into_iter()
            .map(|row| ProviderLeaveRequest {
                id: row.id,
                employee_id: row.employee_id,
                start_date: row.start_date.to_string(),
                end_date: row.end_date.to_string(),
                status: row.status,
                leave_category_name: row.leave_category_name,
                total_hours: row.total_minutes.map(hours),
                hours_per_day: row
                    .hours_per_day
                    .iter()
                    .map(|day| leave_day(day.date.to_string(), day.minutes))
                    .collect(),
            })
            .collect(),
    };
    Reply::json(StatusCode::OK, &answer)
}
