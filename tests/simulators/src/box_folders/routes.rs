//! The API under `/2.0`.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::answer::{self, Refusal};
use super::listing::{self, PageRequest};
use super::model::{Enterprise, Kind, Lock, ROOT, UnfinishedCopy};
use super::settings::{Conflicts, Settings};
use crate::{PageFault, control};

/// A copy of more goes on after its answer.
const ITEMS_COPIED_AT_ONCE: u32 = 500;
const MAX_NAME_CHARS: usize = 255;
const MAX_DESCRIPTION_CHARS: usize = 256;

/// One call, as what it is answered by needs it.
pub struct Asked<'a> {
    pub user: &'a str,
    pub settings: &'a Settings,
    pub now_ms: i64,
    pub page_fault: Option<PageFault>,
    query: Vec<(String, String)>,
    body: Value,
    if_match: Option<String>,
}

type Answer = Result<(StatusCode, Value), Refusal>;

impl<'a> Asked<'a> {
    pub fn new(
        request: &Request<Bytes>,
        user: &'a str,
        settings: &'a Settings,
        now_ms: i64,
        page_fault: Option<PageFault>,
    ) -> Self {
        let query = request.uri().query().unwrap_or_default();
        Self {
            user,
            settings,
            now_ms,
            page_fault,
            query: form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            body: serde_json::from_slice(request.body()).unwrap_or_default(),
            if_match: request
                .headers()
                .get(header::IF_MATCH)
                .and_then(|etag| etag.to_str().ok())
                .map(str::to_owned),
        }
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(parameter, _)| parameter == name)
            .map(|(_, value)| value.as_str())
    }

    fn fields(&self) -> Option<&str> {
        self.parameter("fields")
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer).and_then(Value::as_str)
    }

    fn now(&self) -> i64 {
        self.now_ms.div_euclid(1000)
    }
}

/// `path` is what follows `/2.0`.
pub fn answer(
    enterprise: &mut Enterprise,
    method: &Method,
    path: &str,
    asked: &Asked<'_>,
) -> Result<Response<Bytes>, Refusal> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (status, body) = match (method.as_str(), segments.as_slice()) {
        ("GET", ["users"]) => users(enterprise, asked),
        ("GET", ["users", "me"]) => me(enterprise, asked),
        ("POST", ["folders"]) => create(enterprise, asked),
        ("GET", ["folders", id]) => read(enterprise, id, asked),
        ("PUT", ["folders", id]) => update(enterprise, id, asked),
        ("GET", ["folders", id, "items"]) => items(enterprise, id, asked),
        ("POST", ["folders", id, "copy"]) => copy(enterprise, id, asked),
        ("GET", ["folders", id, "metadata", scope, key]) => {
            read_metadata(enterprise, id, &format!("{scope}.{key}"), asked)
        }
        ("POST", ["folders", id, "metadata", scope, key]) => {
            create_metadata(enterprise, id, &format!("{scope}.{key}"), asked)
        }
        ("PUT", ["folders", id, "metadata", scope, key]) => {
            update_metadata(enterprise, id, &format!("{scope}.{key}"), asked)
        }
        ("POST", ["metadata_queries", "execute_read"]) => query(enterprise, asked),
        ("POST", ["collaborations"]) => collaborate(enterprise, asked),
        _ => Err(Refusal::new(404, "not_found")),
    }?;
    Ok(control::json(status, &body))
}

fn me(enterprise: &Enterprise, asked: &Asked<'_>) -> Answer {
    let user = enterprise
        .users
        .get(asked.user)
        .ok_or_else(|| Refusal::new(404, "not_found"))?;
    Ok((
        StatusCode::OK,
        answer::shaped(answer::user(user), asked.fields()),
    ))
}

/// Only the service account and other administrators may list users; here, who is an app.
fn users(enterprise: &Enterprise, asked: &Asked<'_>) -> Answer {
    let is_app = enterprise
        .apps
        .values()
        .any(|app| app.service_account == asked.user);
    if !is_app {
        return Err(Refusal::new(403, "access_denied_insufficient_permissions"));
    }
    let term = asked
        .parameter("filter_term")
        .unwrap_or_default()
        .to_lowercase();
    let found: Vec<Value> = enterprise
        .users
        .values()
        .filter(|user| {
            [&user.name, &user.login]
                .into_iter()
                .any(|text| text.to_lowercase().starts_with(&term))
        })
        .map(|user| answer::shaped(answer::user(user), asked.fields()))
        .collect();
    Ok((
        StatusCode::OK,
        listing::by_offset(&found, &PageRequest::of(asked)?),
    ))
}

fn items(enterprise: &Enterprise, id: &str, asked: &Asked<'_>) -> Answer {
    let folder = match id {
        ROOT => None,
        id => Some(enterprise.folder(asked.user, id)?.id),
    };
    let listed: Vec<Value> = enterprise
        .listed(asked.user, folder)
        .into_iter()
        .map(|item| match asked.fields() {
            None => answer::mini(item),
            fields => answer::shaped(answer::folder(enterprise, item, asked.user), fields),
        })
        .collect();
    let page = PageRequest::of(asked)?;
    let body = if page.uses_marker {
        listing::by_marker(&listed, &page, asked.page_fault)
    } else {
        listing::by_offset(&listed, &page)
    };
    Ok((StatusCode::OK, body))
}

fn read(enterprise: &Enterprise, id: &str, asked: &Asked<'_>) -> Answer {
    let body = match id {
        ROOT => answer::root(enterprise, asked.user),
        id => answer::folder(enterprise, enterprise.folder(asked.user, id)?, asked.user),
    };
    Ok((StatusCode::OK, answer::shaped(body, asked.fields())))
}

fn create(enterprise: &mut Enterprise, asked: &Asked<'_>) -> Answer {
    let name = checked_name(asked.text("/name"))?.to_owned();
    let parent = destination(enterprise, asked)?;
    check_free(enterprise, parent, &name, None, asked)?;
    let id = enterprise.put(Kind::Folder, &name, parent, asked.user, asked.now());
    made(enterprise, id, asked)
}

fn copy(enterprise: &mut Enterprise, id: &str, asked: &Asked<'_>) -> Answer {
    if id == ROOT {
        return Err(Refusal::new(500, "internal_server_error"));
    }
    let source = enterprise.folder(asked.user, id)?;
    let (source_id, name) = (source.id, source.name.clone());
    let name = match asked.body.get("name") {
        None | Some(Value::Null) => name,
        Some(name) => checked_name(name.as_str())?.to_owned(),
    };
    let parent = destination(enterprise, asked)?;
    if parent.is_some_and(|parent| enterprise.is_within(parent, source_id)) {
        return Err(Refusal::new(400, "cyclical_folder_structure"));
    }
    if enterprise.is_locked(source_id) {
        return Err(Refusal::new(409, "operation_blocked_temporary"));
    }
    check_free(enterprise, parent, &name, None, asked)?;
    let description = enterprise
        .items
        .get(&source_id)
        .map(|source| source.description.clone())
        .unwrap_or_default();
    let is_large = enterprise.size(source_id) > ITEMS_COPIED_AT_ONCE;
    let id = enterprise.put(Kind::Folder, &name, parent, asked.user, asked.now());
    if let Some(item) = enterprise.items.get_mut(&id) {
        item.description = description;
    }
    let locked_ms = if is_large {
        asked.settings.large_copy_ms
    } else {
        asked.settings.copy_ms
    };
    let until_ms = asked.now_ms.saturating_add(i64::from(locked_ms));
    enterprise.locks.push(Lock {
        source: source_id,
        made: id,
        until_ms,
    });
    if is_large {
        enterprise.copies.push(UnfinishedCopy {
            source: source_id,
            made: id,
            user: asked.user.to_owned(),
            done_at_ms: until_ms,
        });
    } else {
        enterprise.copy_inside(source_id, id, asked.user, asked.now());
    }
    made(enterprise, id, asked)
}

fn update(enterprise: &mut Enterprise, id: &str, asked: &Asked<'_>) -> Answer {
    let item = enterprise.folder(asked.user, id)?;
    let (id, parent) = (item.id, item.parent);
    if !enterprise.may_edit(asked.user, id) {
        return Err(Refusal::new(403, "access_denied_insufficient_permissions"));
    }
    if asked
        .if_match
        .as_ref()
        .is_some_and(|etag| *etag != item.etag.to_string())
    {
        return Err(Refusal::new(412, "precondition_failed"));
    }
    let name = match asked.body.get("name") {
        None => None,
        Some(name) => Some(checked_name(name.as_str())?.to_owned()),
    };
    let description = asked.text("/description").map(str::to_owned);
    if description
        .as_ref()
        .is_some_and(|text| text.chars().count() > MAX_DESCRIPTION_CHARS)
    {
        return Err(Refusal::new(400, "bad_request"));
    }
    if let Some(name) = &name {
        check_free(enterprise, parent, name, Some(id), asked)?;
    }
    if let Some(item) = enterprise.items.get_mut(&id) {
        if let Some(name) = name {
            item.name = name;
        }
        if let Some(description) = description {
            item.description = description;
        }
        item.etag += 1;
        item.modified_at = asked.now();
    }
    made(enterprise, id, asked).map(|(_, body)| (StatusCode::OK, body))
}

fn read_metadata(enterprise: &Enterprise, id: &str, template: &str, asked: &Asked<'_>) -> Answer {
    let item = enterprise.folder(asked.user, id)?;
    let values = item
        .metadata
        .get(template)
        .ok_or_else(|| Refusal::new(404, "instance_not_found"))?;
    Ok((StatusCode::OK, instance(item.id, template, values)))
}

fn create_metadata(
    enterprise: &mut Enterprise,
    id: &str,
    template: &str,
    asked: &Asked<'_>,
) -> Answer {
    let id = editable(enterprise, id, asked)?;
    if template != "global.properties" && !enterprise.templates.contains(template) {
        return Err(Refusal::new(404, "not_found"));
    }
    let Value::Object(values) = &asked.body else {
        return Err(Refusal::new(400, "bad_request"));
    };
    let item = enterprise
        .items
        .get_mut(&id)
        .ok_or_else(|| Refusal::new(404, "not_found"))?;
    if item.metadata.contains_key(template) {
        return Err(Refusal::new(409, "tuple_already_exists"));
    }
    item.metadata.insert(template.to_owned(), values.clone());
    Ok((StatusCode::CREATED, instance(id, template, values)))
}

/// `add`, `replace` and `remove` of JSON Patch, on the top level.
fn update_metadata(
    enterprise: &mut Enterprise,
    id: &str,
    template: &str,
    asked: &Asked<'_>,
) -> Answer {
    let id = editable(enterprise, id, asked)?;
    let Value::Array(operations) = &asked.body else {
        return Err(Refusal::new(400, "bad_request"));
    };
    let item = enterprise
        .items
        .get_mut(&id)
        .ok_or_else(|| Refusal::new(404, "not_found"))?;
    let current = item
        .metadata
        .get_mut(template)
        .ok_or_else(|| Refusal::new(404, "instance_not_found"))?;
    let mut values = current.clone();
    for operation in operations {
        let name = operation
            .get("path")
            .and_then(Value::as_str)
            .and_then(|path| path.strip_prefix('/'))
            .map(|name| name.replace("~1", "/").replace("~0", "~"))
            .ok_or_else(|| Refusal::new(400, "bad_request"))?;
        let value = operation.get("value").cloned().unwrap_or_default();
        match operation.get("op").and_then(Value::as_str) {
            Some("add") => {
                values.insert(name, value);
            }
            Some("replace") if values.contains_key(&name) => {
                values.insert(name, value);
            }
            Some("remove") if values.contains_key(&name) => {
                values.remove(&name);
            }
            _ => return Err(Refusal::new(400, "bad_request")),
        }
    }
    current.clone_from(&values);
    Ok((StatusCode::OK, instance(id, template, &values)))
}

/// Understands `field = :parameter`.
fn query(enterprise: &Enterprise, asked: &Asked<'_>) -> Answer {
    let wrong = || Refusal::new(400, "bad_request");
    let template = asked.text("/from").ok_or_else(wrong)?;
    let (field, parameter) = asked
        .text("/query")
        .and_then(|query| query.split_once(" = :"))
        .ok_or_else(wrong)?;
    let value = asked
        .body
        .get("query_params")
        .and_then(|parameters| parameters.get(parameter))
        .ok_or_else(wrong)?;
    let below = match asked.text("/ancestor_folder_id").ok_or_else(wrong)? {
        ROOT => None,
        id => Some(enterprise.folder(asked.user, id)?.id),
    };
    let found: Vec<Value> = enterprise
        .items
        .values()
        .filter(|item| {
            !item.is_trashed
                && enterprise.sees(asked.user, item.id)
                && below.is_none_or(|below| enterprise.is_within(item.id, below))
                && item
                    .metadata
                    .get(template)
                    .and_then(|values| values.get(field))
                    == Some(value)
        })
        .map(answer::mini)
        .collect();
    Ok((
        StatusCode::OK,
        json!({"entries": found, "limit": 100, "next_marker": null}),
    ))
}

fn collaborate(enterprise: &mut Enterprise, asked: &Asked<'_>) -> Answer {
    let id = asked.text("/item/id").unwrap_or_default().to_owned();
    let id = editable(enterprise, &id, asked)?;
    let login = asked
        .text("/accessible_by/login")
        .ok_or_else(|| Refusal::new(400, "bad_request"))?;
    let role = asked
        .text("/role")
        .ok_or_else(|| Refusal::new(400, "bad_request"))?;
    // Who is nobody here is invited by mail, and has no id yet.
    let user = enterprise
        .users
        .values()
        .find(|user| user.login.eq_ignore_ascii_case(login))
        .map_or_else(|| login.to_lowercase(), |user| user.id.clone());
    let item = enterprise
        .items
        .get_mut(&id)
        .ok_or_else(|| Refusal::new(404, "not_found"))?;
    if item.owned_by == user || item.collaborators.contains_key(&user) {
        return Err(Refusal::new(400, "user_already_collaborator"));
    }
    item.collaborators.insert(user, role.to_owned());
    Ok((
        StatusCode::CREATED,
        json!({"type": "collaboration", "id": format!("9{id}"), "role": role, "status": "accepted"}),
    ))
}

fn editable(enterprise: &Enterprise, id: &str, asked: &Asked<'_>) -> Result<u64, Refusal> {
    let id = enterprise.folder(asked.user, id)?.id;
    if enterprise.may_edit(asked.user, id) {
        Ok(id)
    } else {
        Err(Refusal::new(403, "access_denied_insufficient_permissions"))
    }
}

fn instance(id: u64, template: &str, values: &Map<String, Value>) -> Value {
    let (scope, key) = template.split_once('.').unwrap_or((template, ""));
    let mut instance = values.clone();
    instance.insert("$scope".to_owned(), json!(scope));
    instance.insert("$template".to_owned(), json!(key));
    instance.insert("$parent".to_owned(), json!(format!("folder_{id}")));
    Value::Object(instance)
}

/// Where something shall go: a folder that the user may change, or their root.
fn destination(enterprise: &Enterprise, asked: &Asked<'_>) -> Result<Option<u64>, Refusal> {
    match asked.text("/parent/id") {
        None => Err(Refusal::new(400, "bad_request")),
        Some(ROOT) => Ok(None),
        Some(id) => editable(enterprise, id, asked).map(Some),
    }
}

fn checked_name(name: Option<&str>) -> Result<&str, Refusal> {
    let name = name.ok_or_else(|| Refusal::new(400, "bad_request"))?;
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(Refusal::new(400, "item_name_too_long"));
    }
    let is_valid = !name.is_empty()
        && !name.contains(['/', '\\'])
        && !name.chars().any(|c| c.is_ascii_control())
        && name.trim_matches(' ') == name
        && !matches!(name, "." | "..");
    if is_valid {
        Ok(name)
    } else {
        Err(Refusal::new(400, "item_name_invalid"))
    }
}

fn check_free(
    enterprise: &Enterprise,
    parent: Option<u64>,
    name: &str,
    but: Option<u64>,
    asked: &Asked<'_>,
) -> Result<(), Refusal> {
    let Some(taken) = enterprise
        .named(parent, asked.user, name)
        .filter(|taken| Some(taken.id) != but)
    else {
        return Ok(());
    };
    let conflicts = match asked.settings.conflicts {
        Conflicts::List => Some(json!([answer::mini(taken)])),
        Conflicts::Object => Some(answer::mini(taken)),
        Conflicts::Empty => Some(json!([])),
        Conflicts::Missing => None,
    };
    Err(Refusal {
        context: conflicts.map(|conflicts| json!({"conflicts": conflicts})),
        ..Refusal::new(409, "item_name_in_use")
    })
}

fn made(enterprise: &Enterprise, id: u64, asked: &Asked<'_>) -> Answer {
    let item = enterprise
        .items
        .get(&id)
        .ok_or_else(|| Refusal::new(404, "not_found"))?;
    Ok((
        StatusCode::CREATED,
        answer::shaped(answer::folder(enterprise, item, asked.user), asked.fields()),
    ))
}
