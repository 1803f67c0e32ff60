//! Contacts of deals.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Problem, ok};
use super::model::{Association, Kind};
use super::objects::{after, listed};
use super::paging::Slice;
use super::{Asked, State};
use crate::control;

const LIST_LIMIT: usize = 500;
const BATCH_MAX: usize = 100;

#[derive(Deserialize)]
struct Batch {
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
struct Input {
    id: Value,
}

impl State {
    pub(super) fn contacts_of_deal(
        &mut self,
        asked: &Asked<'_>,
        from: &str,
        id: &str,
        to: &str,
    ) -> Result<Response<Bytes>, Problem> {
        check_kinds(asked, from, to)?;
        let id: u64 = id.parse().map_err(|_| Problem::object_not_found())?;
        if !self.account.records(Kind::Deal).contains_key(&id) {
            return Err(Problem::not_found());
        }
        let limit = self.list_limit(asked, LIST_LIMIT)?;
        let from = after(asked)?;
        let serial = self.next_serial();
        let rows = self.associations(id);
        let begin = rows.iter().take_while(|row| row.contact < from).count();
        let slice = Slice::new(begin, limit, rows.len(), asked.fault);
        let results: Vec<Value> = rows
            .get(slice.begin..slice.end)
            .unwrap_or_default()
            .iter()
            .map(|row| self.render_association(row))
            .collect();
        let next = slice.next.and_then(|at| {
            let last = rows.last()?;
            Some(rows.get(at).map_or(last.contact + 1, |row| row.contact))
        });
        let path = asked.request.uri().path();
        Ok(ok(&listed(
            &results,
            next,
            slice.is_odd.then_some(serial),
            path,
        )))
    }

    /// A deal without contacts is an error among results, and so is one that is not there.
    pub(super) fn contacts_of_deals(
        &mut self,
        asked: &Asked<'_>,
        from: &str,
        to: &str,
    ) -> Result<Response<Bytes>, Problem> {
        check_kinds(asked, from, to)?;
        let batch: Batch = serde_json::from_slice(asked.request.body())
            .map_err(|error| Problem::validation(&format!("Invalid input JSON: {error}")))?;
        if !(1..=BATCH_MAX).contains(&batch.inputs.len()) {
            return Err(Problem::validation("A batch has 1 to 100 inputs."));
        }
        let mut results = Vec::new();
        let mut errors = Vec::new();
        for Input { id } in batch.inputs {
            let id = match id {
                Value::String(id) => id,
                other => other.to_string(),
            };
            let rows = id.parse().map(|id| self.associations(id));
            match rows {
                Ok(rows) if !rows.is_empty() => {
                    let to: Vec<Value> = rows
                        .iter()
                        .map(|row| self.render_association(row))
                        .collect();
                    results.push(json!({"from": {"id": id}, "to": to}));
                }
                _ => errors.push(json!({
                    "status": "error", "category": "OBJECT_NOT_FOUND",
                    "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                    "message": format!("No contact is associated with deal {id}."),
                    "context": {"fromObjectId": [id], "fromObjectType": ["deal"], "toObjectType": ["contact"]},
                })),
            }
        }
        let mut body = json!({
            "status": "COMPLETE", "results": results,
            "startedAt": super::model::stamp(asked.now_ms),
            "completedAt": super::model::stamp(asked.now_ms),
        });
        if errors.is_empty() {
            return Ok(ok(&body));
        }
        if let Some(body) = body.as_object_mut() {
            body.insert("numErrors".to_owned(), errors.len().into());
            body.insert("errors".to_owned(), errors.into());
        }
        Ok(control::json(StatusCode::MULTI_STATUS, &body))
    }

    /// In the order of contacts.
    fn associations(&self, deal: u64) -> Vec<&Association> {
        let mut rows: Vec<_> = self
            .account
            .associations
            .get(&deal)
            .into_iter()
            .flatten()
            .collect();
        rows.sort_by_key(|row| row.contact);
        rows
    }

    fn render_association(&self, row: &Association) -> Value {
        let id = if self.settings.association_ids_are_text {
            json!(row.contact.to_string())
        } else {
            json!(row.contact)
        };
        let mut types = vec![json!({"category": "HUBSPOT_DEFINED", "typeId": 3, "label": null})];
        if let Some(label) = &row.label {
            types.push(json!({"category": "USER_DEFINED", "typeId": 27, "label": label}));
        }
        json!({"toObjectId": id, "associationTypes": types})
    }
}

/// Only deals with their contacts are simulated.
fn check_kinds(asked: &Asked<'_>, from: &str, to: &str) -> Result<(), Problem> {
    let is_simulated =
        Kind::of_path(from) == Some(Kind::Deal) && Kind::of_path(to) == Some(Kind::Contact);
    if !is_simulated {
        return Err(Problem::no_such_kind());
    }
    asked.needs(Kind::Deal.scope(false))?;
    asked.needs(Kind::Contact.scope(false))
}
