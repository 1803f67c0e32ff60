//! What people decide themselves: a deal goes to somebody else, or is decided again. Each is a further record of the deal, decided in
//! its turn as every other.

use api::Problem;
use api::ProblemKind;
use api::allocation::deals::{OverrideAllocation, RerunAllocation};
use api::body::{Document, checked_email, of_document};
use domain::access::Tenant;
use domain::redact::excerpt;
use platform::allocating::Request;
use platform::{Context, Reply, clock, deliveries, problems, random};
use serde_json::{Map, Value};
use store::Execute;
use store::allocation::records::{self, Held, MANUAL, NewRecord, RERUN, Received};

use crate::waiting;

const WHAT: &str = "allocation";
const MAX_NOTE_CHARS: usize = 1_000;

/// # Errors
/// 404, 409 for a record that is history, 400 for an address or a note that cannot be taken.
pub async fn choose(context: &Context) -> Result<Reply, Problem> {
    let document = object(context.json()?)?;
    again(context, MANUAL, || {
        let given: OverrideAllocation = of_document(document)?;
        let mut errors = Vec::new();
        let email =
            checked_email("/adviser_email", &given.adviser_email, &mut errors).to_lowercase();
        if errors.is_empty() {
            Ok((Some(email), given.note))
        } else {
            Err(Problem::invalid(errors))
        }
    })
    .await
}

/// # Errors
/// 404, 409 for a record that is history, 400 for a note that cannot be taken.
pub async fn rerun(context: &Context) -> Result<Reply, Problem> {
    let document = if context.body.is_empty() {
        Document(Value::Object(Map::new()))
    } else {
        object(context.json()?)?
    };
    again(context, RERUN, || {
        let given: RerunAllocation = of_document(document)?;
        Ok((None, given.note))
    })
    .await
}

/// What is no object is refused before it is known whether there is such a record; its members are looked at afterwards.
fn object(document: Document) -> Result<Document, Problem> {
    if document.0.is_object() {
        Ok(document)
    } else {
        Err(Problem::field("", "must be a JSON object"))
    }
}

async fn again(
    context: &Context,
    source: &str,
    given: impl FnOnce() -> Result<(Option<String>, Option<String>), Problem>,
) -> Result<Reply, Problem> {
    let until_ms = clock::now_ms().saturating_add(waiting::WAIT_MS);
    let tenant = context.tenant_of_query()?;
    let id = context.id(WHAT)?;
    live(&context.database, &tenant, &id).await?;
    let (adviser_email, note) = given()?;
    let note = note
        .map(|note| note.trim().to_owned())
        .filter(|note| !note.is_empty());
    if note
        .as_ref()
        .is_some_and(|note| note.chars().count() > MAX_NOTE_CHARS)
    {
        return Err(Problem::field(
            "/note",
            format!("must have up to {MAX_NOTE_CHARS} characters"),
        ));
    }
    let note = note.map(|note| excerpt(&note, MAX_NOTE_CHARS, &[]));
    let by = context.caller()?.subject();
    let new_id = random::id();
    let connector_id = context
        .transaction(async |transaction| {
            let held = live(transaction, &tenant, &id).await?;
            let mut request: Request = serde_json::from_str(&held.request).unwrap_or_default();
            request.adviser_email = adviser_email;
            request.note = note;
            let kept = serde_json::to_string(&request)
                .map_err(|error| problems::internal(&error.to_string()))?;
            let new = NewRecord {
                id: &new_id,
                connector_id: &held.connector_id,
                deal_id: &held.deal_id,
                source,
                requested_by: by,
                call_id: &new_id,
                request: &kept,
                client_email: held.client_email.as_deref(),
            };
            let received = records::replace(transaction, &tenant, new, clock::now())
                .await
                .map_err(|error| problems::database(&error))?;
            match received {
                Received::New => Ok(held.connector_id),
                Received::Full => Err(deliveries::too_many("connector")),
                Received::NoConnector | Received::Stored(_) => Err(Problem::new(
                    ProblemKind::Conflict,
                    "The connector of the record is gone: its deals cannot be changed any more.",
                )),
            }
        })
        .await?;
    waiting::answer(context, &tenant, &connector_id, &new_id, false, until_ms).await
}

/// The record, which has to be its deal's result: two people who change a deal at once see of each other.
async fn live<E: Execute>(transaction: &E, tenant: &Tenant, id: &str) -> Result<Held, Problem> {
    let held = records::held(transaction, tenant, id)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found(WHAT))?;
    if held.is_live {
        return Ok(held);
    }
    Err(Problem::new(
        ProblemKind::Conflict,
        format!(
            "Another record has taken the place of this one. `GET /api/allocations?deal={}&is_live=true` shows it.",
            held.deal_id
        ),
    ))
}
