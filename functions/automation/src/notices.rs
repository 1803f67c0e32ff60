//! What needs a person.

use api::Problem;
use api::routes::NOTICE_STATES;
use http::StatusCode;
use platform::{Context, Reply, clock, lists, problems};
use store::automation::notices;
use store::lists::{self as rows, Kind, NoticeFilter};

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        (
            query.one_of("state", NOTICE_STATES),
            query.boolean("is_read"),
        )
    })?;
    asked
        .reply(context, |asked, paging| {
            let (state, is_read) = &asked.filter;
            let filter = NoticeFilter {
                is_dismissed: state.as_deref().map(|state| state == "dismissed"),
                is_read: *is_read,
            };
            rows::notices(&asked.tenant, filter, paging)
        })
        .await
}

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("notice")?;
    let row = lists::row(&context.database, &tenant, Kind::Notice, &id, "notice").await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}

pub async fn mark_read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("notice")?;
    notices::read(&context.database, &tenant, &id, clock::now())
        .await
        .map_err(|error| problems::database(&error))?;
    read(context).await
}

pub async fn dismiss(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id("notice")?;
    notices::dismiss(&context.database, &tenant, &id, clock::now())
        .await
        .map_err(|error| problems::database(&error))?;
    read(context).await
}
