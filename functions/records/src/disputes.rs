//! Time punches that a manager disputes.

use api::attendance::UpdateTimePunch;
use api::body::checked_text;
use api::{FieldError, Problem};
use http::StatusCode;
use platform::{Context, Reply, clock, lists, problems};
use serde::Deserialize;
use store::attendance::resolve;
use store::lists::Kind;

const MAX_NOTE: usize = 1_000;
const PUNCH: &str = "time punch";

/// What is known of the punch.
#[derive(Deserialize)]
struct Known {
    dispute_note: Option<String>,
}

pub async fn update(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id(PUNCH)?;
    let body: UpdateTimePunch = context.json()?;
    let said = said(&body)?;
    let by = context.caller()?.subject();
    let row = context
        .transaction(async |transaction| {
            let row = lists::row(transaction, &tenant, Kind::TimePunch, &id, PUNCH).await?;
            let known: Known = serde_json::from_str(&row)
                .map_err(|error| problems::internal(&error.to_string()))?;
            // What is left out stays.
            let note = said.unwrap_or(known.dispute_note.as_deref());
            let dispute = (body.disputed, note);
            let is_there = resolve::punch(transaction, &tenant, &id, dispute, by, clock::now_ms())
                .await
                .map_err(|error| problems::database(&error))?;
            if !is_there {
                return Err(Problem::not_found(PUNCH));
            }
            lists::row(transaction, &tenant, Kind::TimePunch, &id, PUNCH).await
        })
        .await?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}

/// The note, if something is said of it.
fn said(body: &UpdateTimePunch) -> Result<Option<Option<&str>>, Problem> {
    let Some(note) = &body.note else {
        return Ok(None);
    };
    let Some(text) = note else {
        return Ok(Some(None));
    };
    let mut errors = Vec::new();
    let text = checked_text("/note", text, MAX_NOTE, &mut errors);
    if !body.disputed {
        errors.push(FieldError::new(
            "/note",
            "says why a punch is disputed, and this one is not to be: leave it out, or send `disputed` as true",
        ));
    }
    if errors.is_empty() {
        Ok(Some(Some(text)))
    } else {
        Err(Problem::invalid(errors))
    }
}
