//! Which folders there are.

use api::Problem;
use api::routes::CLIENT_FOLDER_STATUSES;
use http::StatusCode;
use platform::{Context, Reply, lists};
use store::lists::{self as rows, ClientFolderFilter, Kind};

pub const WHAT: &str = "client folder";

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        (
            query.text("deal_id"),
            query.one_of("status", CLIENT_FOLDER_STATUSES),
        )
    })?;
    asked
        .reply(context, |asked, paging| {
            let (deal_id, status) = &asked.filter;
            let filter = ClientFolderFilter {
                deal_id: deal_id.as_deref(),
                status: status.as_deref(),
            };
            rows::client_folders(&asked.tenant, &filter, paging)
        })
        .await
}

pub async fn read(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id(WHAT)?;
    let row = lists::row(&context.database, &tenant, Kind::ClientFolder, &id, WHAT).await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}
