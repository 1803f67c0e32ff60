//! Answers as Box writes them.

use bytes::Bytes;
use chrono::{DateTime, FixedOffset};
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};

use super::model::{Enterprise, Item, Kind, User};
use crate::control;

/// Hours west of Greenwich that Box's servers write times in.
const OFFSET_HOURS_WEST: i32 = 7;

/// Why a call is refused.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub status: u16,
    pub code: String,
    /// Seconds.
    pub retry_after: Option<u64>,
    pub context: Option<Value>,
}

impl Refusal {
    pub fn new(status: u16, code: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            retry_after: None,
            context: None,
        }
    }

    pub fn into_response(self) -> Response<Bytes> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut answer = if status == StatusCode::UNAUTHORIZED {
            unauthorized()
        } else {
            let mut body = json!({
                "type": "error",
                "status": self.status,
                "code": self.code,
                "message": message(&self.code),
                "help_url": "https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/",
                "request_id": "simbox0001",
            });
            if let (Some(context), Value::Object(body)) = (self.context, &mut body) {
                body.insert("context_info".to_owned(), context);
            }
            control::json(status, &body)
        };
        if let Some(seconds) = self.retry_after {
            answer
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }
}

/// Without a body; the header says what is wrong.
fn unauthorized() -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = StatusCode::UNAUTHORIZED;
    answer.headers_mut().insert(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static(
            r#"Bearer realm="Service", error="invalid_token", error_description="The access token provided is invalid.""#,
        ),
    );
    answer
}

/// The token endpoint's errors (RFC 6749).
pub fn token_refusal(code: &str, description: &str) -> Response<Bytes> {
    control::json(
        StatusCode::BAD_REQUEST,
        &json!({"error": code, "error_description": description}),
    )
}

/// The word of a status that was not given one.
pub fn usual_code(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "bad_request",
        401 => "unauthorized",
        403 => "access_denied_insufficient_permissions",
        404 => "not_found",
        405 => "method_not_allowed",
        409 => "conflict",
        412 => "precondition_failed",
        429 => "rate_limit_exceeded",
        502 => "bad_gateway",
        503 => "unavailable",
        _ => "internal_server_error",
    }
}

fn message(code: &str) -> &'static str {
    match code {
        "not_found" => "Not Found",
        "trashed" => "Item is trashed",
        "item_name_in_use" => "Item with the same name already exists",
        "item_name_invalid" => "Item name invalid",
        "item_name_too_long" => "Item name too long",
        "name_temporarily_reserved" => {
            "The item name is reserved by another processing item. Wait and then retry, or use a different item name"
        }
        "operation_blocked_temporary" => "The operation is blocked by another on-going operation",
        "rate_limit_exceeded" => "Request rate limit exceeded, please try again later",
        "access_denied_insufficient_permissions" => "Access denied - insufficient permission",
        "tuple_already_exists" => "Tuple already exists",
        "user_already_collaborator" => "User is already a collaborator",
        "precondition_failed" => "The resource has been modified",
        "bad_request" => "Bad Request",
        _ => "The request failed",
    }
}

/// An item as it stands in lists and in conflicts.
pub fn mini(item: &Item) -> Value {
    let mut mini = json!({
        "type": item.kind.as_str(),
        "id": item.id.to_string(),
        "etag": item.etag.to_string(),
        "name": item.name,
    });
    if let (Kind::Folder | Kind::File, Value::Object(mini)) = (item.kind, &mut mini) {
        mini.insert("sequence_id".to_owned(), json!(item.etag.to_string()));
    }
    mini
}

fn all_files() -> Value {
    json!({"type": "folder", "id": "0", "sequence_id": null, "etag": null, "name": "All Files"})
}

pub fn user(user: &User) -> Value {
    json!({
        "type": "user",
        "id": user.id,
        "name": user.name,
        "login": user.login,
        "status": if user.is_active { "active" } else { "inactive" },
    })
}

fn mini_user(enterprise: &Enterprise, id: &str) -> Value {
    enterprise.users.get(id).map_or(
        Value::Null,
        |user| json!({"type": "user", "id": user.id, "name": user.name, "login": user.login}),
    )
}

/// A folder as `viewer` is shown it. What they cannot see above it is left out.
pub fn folder(enterprise: &Enterprise, item: &Item, viewer: &str) -> Value {
    let mut path: Vec<Value> = enterprise
        .lineage(item.id)
        .skip(1)
        .take_while(|ancestor| enterprise.sees(viewer, ancestor.id))
        .map(mini)
        .collect();
    path.push(all_files());
    path.reverse();
    let parent = path.last().cloned().unwrap_or(Value::Null);
    let mut full = mini(item);
    if let (Value::Object(full), Value::Object(more)) = (
        &mut full,
        json!({
            "created_at": time(item.created_at),
            "modified_at": time(item.modified_at),
            "description": item.description,
            "size": 0,
            "path_collection": {"total_count": path.len(), "entries": path},
            "created_by": mini_user(enterprise, &item.created_by),
            "owned_by": mini_user(enterprise, &item.owned_by),
            "parent": parent,
            "item_status": if item.is_trashed { "trashed" } else { "active" },
        }),
    ) {
        full.extend(more);
    }
    full
}

/// Everybody's root.
pub fn root(enterprise: &Enterprise, viewer: &str) -> Value {
    let mut root = all_files();
    if let Value::Object(root) = &mut root {
        root.insert("parent".to_owned(), Value::Null);
        root.insert("description".to_owned(), json!(""));
        root.insert("owned_by".to_owned(), mini_user(enterprise, viewer));
        root.insert("item_status".to_owned(), json!("active"));
        root.insert(
            "path_collection".to_owned(),
            json!({"total_count": 0, "entries": []}),
        );
    }
    root
}

/// What `fields` leaves: the base fields, and those it names.
pub fn shaped(value: Value, fields: Option<&str>) -> Value {
    let (Some(fields), Value::Object(all)) = (fields, &value) else {
        return value;
    };
    let names: Vec<&str> = fields.split(',').map(str::trim).collect();
    let kept: Map<String, Value> = all
        .iter()
        .filter(|(name, _)| {
            matches!(name.as_str(), "id" | "type" | "etag") || names.contains(&name.as_str())
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Value::Object(kept)
}

fn time(unix_seconds: i64) -> Value {
    FixedOffset::west_opt(OFFSET_HOURS_WEST * 3_600)
        .zip(DateTime::from_timestamp(unix_seconds, 0))
        .map_or(Value::Null, |(offset, time)| {
            json!(time.with_timezone(&offset).to_rfc3339())
        })
}
