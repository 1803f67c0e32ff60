//! Lists, single records and changes of them.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::{Problem, ok};
use super::model::{Kind, Patch, Record, Version, stamp};
use super::paging::{Slice, cursor, id_of_cursor, paging};
use super::properties::{check, unasked};
use super::{Asked, State};
use crate::control;

const LIST_LIMIT: usize = 10;

const BATCH_MAX: usize = 100;

#[derive(Deserialize)]
struct BatchRead {
    inputs: Vec<Input>,
    #[serde(default)]
    properties: Vec<String>,
}

#[derive(Deserialize)]
struct Input {
    id: String,
}

#[derive(Deserialize)]
struct PatchBody {
    properties: BTreeMap<String, Value>,
}

impl State {
    pub(super) fn list_objects(
        &mut self,
        asked: &Asked<'_>,
        kind: Kind,
    ) -> Result<Response<Bytes>, Problem> {
        asked.needs(kind.scope(false))?;
        let limit = self.list_limit(asked, LIST_LIMIT)?;
        let from = after(asked)?;
        let is_archived = asked.parameter("archived").as_deref() == Some("true");
        let properties = asked.properties();
        let serial = self.next_serial();
        let rows: Vec<&Record> = self
            .account
            .records(kind)
            .values()
            .filter(|record| record.is_archived == is_archived)
            .collect();
        let begin = rows.iter().take_while(|record| record.id < from).count();
        let slice = Slice::new(begin, limit, rows.len(), asked.fault);
        let results: Vec<Value> = rows
            .get(slice.begin..slice.end)
            .unwrap_or_default()
            .iter()
            .filter_map(|record| Some(self.render(kind, record, record.now()?, &properties)))
            .collect();
        let next = slice.next.and_then(|at| {
            // At the end there is no row: one behind the last stands for it.
            let last = rows.last()?;
            Some(rows.get(at).map_or(last.id + 1, |record| record.id))
        });
        let path = asked.request.uri().path();
        Ok(ok(&listed(
            &results,
            next,
            slice.is_odd.then_some(serial),
            path,
        )))
    }

    pub(super) fn one_object(
        &mut self,
        asked: &Asked<'_>,
        kind: Kind,
        id: &str,
    ) -> Result<Response<Bytes>, Problem> {
        asked.needs(kind.scope(false))?;
        let id = id.parse().map_err(|_| Problem::object_not_found())?;
        let is_archived = asked.parameter("archived").as_deref() == Some("true");
        let record = self
            .account
            .records(kind)
            .get(&id)
            .filter(|record| record.is_archived == is_archived)
            .ok_or_else(Problem::not_found)?;
        let now = record.now().ok_or_else(Problem::not_found)?;
        Ok(ok(&self.render(kind, record, now, &asked.properties())))
    }

    /// Several at once; one that is not there is an error among results.
    pub(super) fn read_objects(
        &mut self,
        asked: &Asked<'_>,
        kind: Kind,
    ) -> Result<Response<Bytes>, Problem> {
        asked.needs(kind.scope(false))?;
        let batch: BatchRead = serde_json::from_slice(asked.request.body())
            .map_err(|error| Problem::validation(&format!("Invalid input JSON: {error}")))?;
        if !(1..=BATCH_MAX).contains(&batch.inputs.len()) {
            return Err(Problem::validation("A batch has 1 to 100 inputs."));
        }
        let (mut results, mut missing) = (Vec::new(), Vec::new());
        for Input { id } in batch.inputs {
            let record = id
                .parse()
                .ok()
                .and_then(|id: u64| self.account.records(kind).get(&id))
                .filter(|record| !record.is_archived)
                .and_then(|record| Some((record, record.now()?)));
            match record {
                Some((record, now)) => {
                    results.push(self.render(kind, record, now, &batch.properties));
                }
                None => missing.push(id),
            }
        }
        let mut body = json!({"status": "COMPLETE", "results": results,
            "startedAt": stamp(asked.now_ms), "completedAt": stamp(asked.now_ms)});
        if missing.is_empty() {
            return Ok(ok(&body));
        }
        if let Some(body) = body.as_object_mut() {
            body.insert("numErrors".to_owned(), 1.into());
            let error = json!({"status": "error", "category": "OBJECT_NOT_FOUND",
                "message": "Could not get some objects, they may be deleted or not exist. Check that ids are valid.",
                "context": {"ids": missing}});
            body.insert("errors".to_owned(), json!([error]));
        }
        Ok(control::json(StatusCode::MULTI_STATUS, &body))
    }

    pub(super) fn patch_object(
        &mut self,
        asked: &Asked<'_>,
        kind: Kind,
        id: &str,
    ) -> Result<Response<Bytes>, Problem> {
        asked.needs(kind.scope(true))?;
        let id: u64 = id.parse().map_err(|_| Problem::object_not_found())?;
        let record = self.account.records(kind).get(&id);
        let before = record
            .filter(|record| !record.is_archived)
            .map(|record| record.properties().clone())
            .ok_or_else(Problem::not_found)?;
        let body: PatchBody = serde_json::from_slice(asked.request.body())
            .map_err(|error| Problem::validation(&format!("Invalid input JSON: {error}")))?;
        let changes = check(&self.account, kind, &body.properties)?;
        self.check_mail(kind, id, &changes)?;
        let mut all = changes.clone();
        self.follow_adviser(kind, &mut all);
        self.account.patches.push(Patch {
            at_ms: asked.now_ms,
            kind,
            id,
            before: changes
                .keys()
                .map(|name| (name.clone(), before.get(name).cloned()))
                .collect(),
            properties: changes.clone(),
        });
        if let Some(record) = self.account.table_mut(kind).records.get_mut(&id) {
            record.set(&all, asked.now_ms);
        }
        let record = self.account.records(kind).get(&id);
        let now = record.and_then(|record| Some((record, record.now()?)));
        let (record, now) = now.ok_or_else(Problem::not_found)?;
        // Only what was sent, and what every record has.
        let names: Vec<String> = changes.into_keys().collect();
        let mut answer = self.render(kind, record, now, &names);
        if let Some(properties) = answer.get_mut("properties").and_then(Value::as_object_mut) {
            let [created, _] = kind.stamps();
            properties.remove(created);
            for name in unasked(kind) {
                if !names.iter().any(|sent| sent == name) {
                    properties.remove(*name);
                }
            }
        }
        Ok(ok(&answer))
    }

    /// Two contacts never have one mail.
    fn check_mail(
        &self,
        kind: Kind,
        id: u64,
        changes: &BTreeMap<String, String>,
    ) -> Result<(), Problem> {
        let Some(mail) = changes.get("email").filter(|mail| !mail.is_empty()) else {
            return Ok(());
        };
        let other = self.account.records(kind).values().find(|record| {
            let own = record.properties().get("email");
            record.id != id && own.is_some_and(|own| own.eq_ignore_ascii_case(mail))
        });
        match other.filter(|_| kind == Kind::Contact) {
            None => Ok(()),
            Some(other) => Err(Problem::new(
                409,
                Some("CONFLICT"),
                &format!("Contact already exists. Existing ID: {}", other.id),
            )),
        }
    }

    /// What the account's own workflow does.
    fn follow_adviser(&self, kind: Kind, changes: &mut BTreeMap<String, String>) {
        let known = self
            .account
            .table(kind)
            .properties
            .contains_key("advisor_email");
        let follows = self.settings.adviser_email_follows && kind == Kind::Deal && known;
        let Some(adviser) = changes.get("advisor").filter(|_| follows) else {
            return;
        };
        let owner = adviser
            .parse()
            .ok()
            .and_then(|id: u64| self.account.owners.get(&id));
        let mail = owner.map(|owner| owner.email.clone()).unwrap_or_default();
        changes.entry("advisor_email".to_owned()).or_insert(mail);
    }

    /// A record as the API returns it. Names that are not known are left out, and what is empty is
    /// null.
    pub(super) fn render(
        &self,
        kind: Kind,
        record: &Record,
        version: &Version,
        properties: &[String],
    ) -> Value {
        let known = &self.account.table(kind).properties;
        let mut given = Map::new();
        let asked = properties.iter().map(String::as_str);
        let names: Vec<&str> = if properties.is_empty() {
            unasked(kind).to_vec()
        } else {
            asked.collect()
        };
        for name in names
            .into_iter()
            .chain(["hs_object_id"])
            .chain(kind.stamps())
            .filter(|name| known.contains_key(*name))
        {
            given.insert(name.to_owned(), json!(record.value(kind, version, name)));
        }
        json!({
            "id": record.id.to_string(),
            "properties": given,
            "createdAt": stamp(record.created_ms),
            "updatedAt": stamp(version.updated_ms),
            "archived": record.is_archived,
        })
    }

    /// `limit` of a plain list.
    pub(super) fn list_limit(&self, asked: &Asked<'_>, unasked: usize) -> Result<usize, Problem> {
        let max = self.settings.list_page_max;
        match asked.parameter("limit").map(|limit| limit.parse::<usize>()) {
            None => Ok(unasked),
            Some(Ok(limit)) if (1..=max.max(unasked)).contains(&limit) => Ok(limit),
            Some(_) => Err(Problem::validation(&format!(
                "limit must be a number from 1 to {max}"
            ))),
        }
    }
}

/// Where a plain list goes on.
pub(super) fn after(asked: &Asked<'_>) -> Result<u64, Problem> {
    match asked.parameter("after") {
        None => Ok(0),
        Some(after) => {
            id_of_cursor(&after).ok_or_else(|| Problem::validation("after is not a cursor"))
        }
    }
}

/// A page of a plain list.
pub(super) fn listed(
    results: &[Value],
    next: Option<u64>,
    serial: Option<u64>,
    path: &str,
) -> Value {
    let mut body = json!({"results": results});
    if let (Some(next), Some(body)) = (next, body.as_object_mut()) {
        let after = cursor(next, serial);
        let link = format!("https://api.hubapi.com{path}?after={after}");
        body.insert("paging".to_owned(), paging(&after, &link));
    }
    body
}
