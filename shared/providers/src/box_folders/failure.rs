//! Why a call did not do what it should, and what follows.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;

use super::item::Item;
use super::token::is_transient;
use super::wire::{clean, is_code, json, text};
use crate::{Secret, problem};

/// Conflicts kept of one answer.
const MAX_CONFLICTS: usize = 10;
const MAX_REQUEST_ID_CHARS: usize = 64;

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 401: ask for a new token, and call once more.
    NewToken,
    /// 403: the app or the user lacks a right. A person must look.
    Refused,
    /// 404: it is not there, or in the trash, or the user cannot see it. Box does not say which.
    MissingOrNoAccess,
    /// 409: the name is taken, by one of [`BoxFailure::conflicts`] where Box says by what.
    NameInUse,
    /// 409: a request like this one is being worked on, or a copy has locked the folder. Wait, look
    /// whether it is there, and call again if not.
    WaitAndLook,
    /// 409: what should be made is there already (metadata, a collaborator).
    AlreadyThere,
    /// 412: the folder has changed since it was read. Read it again.
    Changed,
    /// Box refuses the request as it stands.
    BadRequest,
    /// 429, 5xx, 202: the same call may pass later.
    Later,
    /// A status that no rule covers (a redirect, for one), or an answer that cannot be read.
    Unexpected,
}

/// What went wrong. Nothing in it holds the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxFailure {
    pub class: Class,
    pub status: u16,
    /// Box's own word, such as `item_name_in_use`; where it gave none, a name of ours: `http_502`,
    /// `unreadable_answer`.
    pub code: String,
    /// Box's explanation, at most 300 characters.
    pub detail: Option<String>,
    /// What Box asked for, at most one hour.
    pub retry_after: Option<Duration>,
    /// What has the name, with [`Class::NameInUse`]. Box leaves it out at times.
    pub conflicts: Vec<Item>,
    /// Whether the call may have done its work all the same: look before it is made again.
    pub may_have_happened: bool,
    /// Names the request to Box's support.
    pub request_id: Option<String>,
}

impl BoxFailure {
    /// Whether the same call may succeed later without anyone changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.class {
            Class::NewToken | Class::WaitAndLook | Class::Later => true,
            Class::Unexpected => self.code == UNREADABLE,
            Class::Refused
            | Class::MissingOrNoAccess
            | Class::NameInUse
            | Class::AlreadyThere
            | Class::Changed
            | Class::BadRequest => false,
        }
    }

    /// What a person can do.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self.class {
            Class::NewToken => "A new token is asked for. If it stays so, connect Box again.",
            Class::Refused => {
                "Check in Box that the app may act as users and write files and folders, that an administrator has authorized it since, and that the user may edit the folder."
            }
            Class::MissingOrNoAccess if self.code == "trashed" => {
                "It is in the trash: restore it, or choose another folder."
            }
            Class::MissingOrNoAccess => {
                "It is not there, or the user that Patchbay acts as cannot see it: check the id, and invite the user to the folder."
            }
            Class::NameInUse => "Another item in the folder has this name.",
            Class::WaitAndLook | Class::Later => "It is tried again later.",
            Class::AlreadyThere => "Nothing is to be done: it is there already.",
            Class::Changed => "It was changed meanwhile, and is read again.",
            Class::BadRequest => "Check the name and the ids that are configured.",
            Class::Unexpected => "If it stays so, check the base URL of Box.",
        }
    }

    /// `is_write` says whether the call changes anything.
    pub(super) fn read(
        response: &Response<Bytes>,
        secret: &Secret,
        is_write: bool,
        received_at: i64,
    ) -> Self {
        let body = json(response.body());
        let status = response.status();
        let code = body
            .get("code")
            .or_else(|| body.get("error"))
            .and_then(Value::as_str)
            .filter(|code| is_code(code) && *code != secret.expose());
        let class = class(status, code);
        let detail = body
            .get("message")
            .or_else(|| body.get("error_description"));
        Self {
            class,
            status: status.as_u16(),
            detail: clean(detail, &[secret.expose()]),
            retry_after: problem::retry_after(response.headers(), received_at),
            conflicts: match class {
                Class::NameInUse => conflicts(&body),
                _ => Vec::new(),
            },
            may_have_happened: is_write
                && (status.is_server_error()
                    || matches!(
                        status,
                        StatusCode::ACCEPTED | StatusCode::REQUEST_TIMEOUT
                    )
                    // The twin may be this very call, sent again on the way.
                    || code == Some("name_temporarily_reserved")),
            request_id: text(&body, "request_id")
                .map(|id| domain::redact::excerpt(&id, MAX_REQUEST_ID_CHARS, &[secret.expose()])),
            code: code.map_or_else(|| format!("http_{}", status.as_u16()), str::to_owned),
        }
    }

    /// A success whose body is not what was asked for.
    pub(super) fn unreadable(status: StatusCode, is_write: bool) -> Self {
        Self {
            class: Class::Unexpected,
            status: status.as_u16(),
            code: UNREADABLE.to_owned(),
            detail: None,
            retry_after: None,
            conflicts: Vec::new(),
            may_have_happened: is_write,
            request_id: None,
        }
    }
}

const UNREADABLE: &str = "unreadable_answer";

impl fmt::Display for BoxFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Box answered {}", self.code)?;
        if let Some(detail) = &self.detail {
            write!(f, " ({detail})")?;
        }
        write!(f, ": {}", self.remedy())
    }
}

impl std::error::Error for BoxFailure {}

fn class(status: StatusCode, code: Option<&str>) -> Class {
    match (status, code) {
        (StatusCode::UNAUTHORIZED, _) => Class::NewToken,
        (_, Some("tuple_already_exists" | "user_already_collaborator")) => Class::AlreadyThere,
        (StatusCode::FORBIDDEN, _) => Class::Refused,
        (StatusCode::NOT_FOUND | StatusCode::GONE, _) => Class::MissingOrNoAccess,
        (StatusCode::CONFLICT, Some("item_name_in_use")) => Class::NameInUse,
        // What clashes without a word that is known is found by looking.
        (StatusCode::CONFLICT, _) => Class::WaitAndLook,
        (StatusCode::PRECONDITION_FAILED, _) => Class::Changed,
        _ if is_transient(status) => Class::Later,
        _ if status.is_client_error() => Class::BadRequest,
        _ => Class::Unexpected,
    }
}

/// A list for folders, an object for files, and sometimes nothing.
fn conflicts(body: &Value) -> Vec<Item> {
    let conflicts = body.pointer("/context_info/conflicts");
    match conflicts {
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(Item::read)
            .take(MAX_CONFLICTS)
            .collect(),
        Some(one) => Item::read(one).into_iter().collect(),
        None => Vec::new(),
    }
}
