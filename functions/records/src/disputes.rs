//! Time punches that a manager disputes.

use api::Problem;
use api::attendance::UpdateTimePunch;
use http::StatusCode;
use platform::{Context, Reply, clock, lists, problems};
use store::DatabaseError;
use store::attendance::resolve;
use store::lists::Kind;

const MAX_NOTE: usize = 1_000;
const PUNCH: &str = "time punch";

pub async fn update(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id(PUNCH)?;
    let body: UpdateTimePunch = context.json()?;
    if let Some(note) = &body.note
        && !(1..=MAX_NOTE).contains(&note.trim().chars().count())
    {
        return Err(Problem::field(
            "/note",
            format!("must have 1 to {MAX_NOTE} characters; leave it out for none"),
        ));
    }
    let by = context.caller()?.subject();
    let said = (body.disputed, body.note.as_deref());
    let is_there = context
        .change(async |transaction| {
            resolve::punch(transaction, &tenant, &id, said, by, clock::now_ms()).await
        })
        .await
        .map_err(|error: DatabaseError| problems::database(&error))?;
    if !is_there {
        return Err(Problem::not_found(PUNCH));
    }
    let row = lists::row(&context.database, &tenant, Kind::TimePunch, &id, PUNCH).await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}
