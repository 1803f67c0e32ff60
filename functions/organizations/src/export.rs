//! Everything an organization has, one page at a time through all its tables.

use api::Problem;
use api::query::Query;
use http::StatusCode;
use platform::{Context, Reply, lists, problems};
use store::lists::Export;

pub async fn export(context: &Context) -> Result<Reply, Problem> {
    let tenant = crate::tenant(context)?;
    let mut query = Query::parse(&context.query);
    let paging = lists::Paging::parse(context, &mut query);
    query.finish()?;
    crate::found(&context.database, &tenant).await?;
    let after = paging.after()?;
    let export = Export::after(after.as_ref())
        .ok_or_else(|| Problem::field("cursor", "is not a cursor of an export"))?;
    let page = export
        .read(&context.database, &tenant, paging.limit())
        .await
        .map_err(|error| problems::database(&error))?;
    let next = page.next.as_ref().map_or_else(
        || "null".to_owned(),
        |key| format!("\"{}\"", paging.cursor(key)),
    );
    let body = format!(
        "{{\"resource\":\"{}\",\"data\":{},\"next_cursor\":{next}}}",
        page.kind.name(),
        page.data_json
    );
    Ok(Reply::json_bytes(StatusCode::OK, body.into_bytes()))
}
