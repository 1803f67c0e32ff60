//! Folders, what is in them, and users.

use serde_json::Value;

use super::Id;
use super::wire::text;
use crate::{MAX_CURSOR_BYTES, MAX_PAGE_RECORDS, Page, Rejected, timestamp};

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub id: Id,
    /// `folder`, `file` or `web_link`.
    pub kind: String,
    pub name: String,
}

impl Item {
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.kind == "folder"
    }

    pub(super) fn read(value: &Value) -> Option<Self> {
        Some(Self {
            id: id(value)?,
            kind: text(value, "type")?,
            name: text(value, "name")?,
        })
    }
}

/// A folder, with what tells whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    pub id: Id,
    pub name: String,
    pub description: String,
    /// None of the root, and of a folder whose parent the user cannot see.
    pub parent_id: Option<Id>,
    /// Changes with every change of the folder.
    pub etag: Option<String>,
    /// Unix seconds.
    pub created_at: Option<i64>,
    pub created_by: Option<Id>,
    /// Neither in the trash nor deleted.
    pub is_active: bool,
    /// The names from the top to the parent, without `All Files`, as far as the user can see them.
    pub path: Vec<String>,
}

impl Folder {
    /// What is asked for where the whole folder would come with a hundred items.
    pub(super) const FIELDS: &'static str =
        "name,description,parent,created_at,created_by,item_status,path_collection";

    /// Where people open it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://app.box.com/folder/{}", self.id)
    }

    pub(super) fn read(value: &Value) -> Option<Self> {
        let named = |name: &str| value.get(name).and_then(id);
        let path = value
            .pointer("/path_collection/entries")
            .and_then(Value::as_array);
        Some(Self {
            id: id(value)?,
            name: text(value, "name")?,
            description: text(value, "description").unwrap_or_default(),
            parent_id: named("parent"),
            etag: text(value, "etag"),
            created_at: text(value, "created_at").and_then(|time| timestamp::parse(&time)),
            created_by: named("created_by"),
            is_active: text(value, "item_status").is_none_or(|status| status == "active"),
            path: path
                .into_iter()
                .flatten()
                .filter(|folder| id(folder) != Some(Id::root()))
                .filter_map(|folder| text(folder, "name"))
                .collect(),
        })
    }
}

/// A user of the enterprise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: Id,
    pub name: Option<String>,
    /// A mail address.
    pub login: Option<String>,
    pub is_active: bool,
}

impl User {
    pub(super) fn read(value: &Value) -> Option<Self> {
        Some(Self {
            id: id(value)?,
            name: text(value, "name"),
            login: text(value, "login"),
            is_active: text(value, "status").is_none_or(|status| status == "active"),
        })
    }
}

/// The user with exactly this login, without regard to case. A search finds what begins with a term:
/// it is no answer to whom one may act as.
#[must_use]
pub fn with_login<'a>(users: &'a [User], login: &str) -> Option<&'a User> {
    let login = login.trim().to_lowercase();
    users
        .iter()
        .find(|user| user.login.as_deref().map(str::to_lowercase).as_ref() == Some(&login))
}

/// `entries` as rows and rejects, with the marker of the next page. `None` if it is no list.
pub(super) fn page<T>(body: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Page<T>> {
    let entries = body.get("entries")?.as_array()?;
    if entries.len() > MAX_PAGE_RECORDS {
        return None;
    }
    let next = match body.get("next_marker") {
        None | Some(Value::Null) => None,
        Some(Value::String(marker)) if marker.is_empty() => None,
        Some(Value::String(marker)) if marker.len() <= MAX_CURSOR_BYTES => Some(marker.clone()),
        // Taken for the last page it would make a list that is cut look whole.
        Some(_) => return None,
    };
    let mut rows = Vec::with_capacity(entries.len());
    let mut rejected = Vec::new();
    for entry in entries {
        match read(entry) {
            Some(row) => rows.push(row),
            None => rejected.push(Rejected {
                external_id: id(entry).map(|id| id.as_str().to_owned()),
                reason: "the entry has no id, no type or no name".to_owned(),
            }),
        }
    }
    Some(Page {
        received: entries.len(),
        rows,
        rejected,
        next,
    })
}

fn id(value: &Value) -> Option<Id> {
    match value.get("id")? {
        Value::String(id) => Id::parse(id),
        Value::Number(id) => Id::parse(&id.to_string()),
        _ => None,
    }
}
