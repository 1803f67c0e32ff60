//! What a manager says of a record.

use api::attendance::UpdateAttendanceRecord;
use api::body::checked_text;
use api::{FieldError, Problem};
use platform::{Context, Reply, clock, problems};
use store::attendance::resolve::{self, Said};

use crate::lists;

const MAX_NOTE: usize = 1_000;
const MAX_RESOLUTION: usize = 500;

pub async fn update(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id(lists::RECORD)?;
    let body: UpdateAttendanceRecord = context.json()?;
    let mut errors = Vec::new();
    let note = checked("/note", body.note.as_ref(), MAX_NOTE, &mut errors);
    let resolution = checked(
        "/resolution",
        body.resolution.as_ref(),
        MAX_RESOLUTION,
        &mut errors,
    );
    if body.excused.is_none() && body.note.is_none() && body.resolution.is_none() {
        errors.push(FieldError::new(
            "",
            "says nothing: give excused, note or resolution",
        ));
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let said = Said {
        excused: body.excused,
        note,
        resolution,
    };
    let by = context.caller()?.subject();
    let is_there = context
        .change(async |transaction| {
            resolve::record(transaction, &tenant, &id, &said, by, clock::now_ms()).await
        })
        .await
        .map_err(|error: store::DatabaseError| problems::database(&error))?;
    if !is_there {
        return Err(Problem::not_found(lists::RECORD));
    }
    lists::one(context, &tenant, &id).await
}

fn checked<'a>(
    pointer: &str,
    given: Option<&'a Option<String>>,
    most: usize,
    errors: &mut Vec<FieldError>,
) -> Option<Option<&'a str>> {
    let given = given?.as_deref();
    Some(given.map(|text| checked_text(pointer, text, most, errors)))
}
