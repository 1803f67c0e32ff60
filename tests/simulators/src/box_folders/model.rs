//! What an enterprise holds: apps, users, and a tree of folders.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::app::App;

/// Above every tree. It is no item: each user has one of their own.
pub const ROOT: &str = "0";

/// The state of the provider.
#[derive(Clone, Debug, Default)]
pub struct Enterprise {
    pub id: String,
    /// By client id.
    pub apps: BTreeMap<String, App>,
    /// By id.
    pub users: BTreeMap<String, User>,
    /// By id.
    pub items: BTreeMap<u64, Item>,
    /// Templates of metadata that were set up, such as `enterprise_27335.clientFolder`.
    pub templates: BTreeSet<String>,
    pub(super) tokens: BTreeMap<String, Token>,
    /// The nonces that were used, and until when they could be used again.
    pub(super) nonces: BTreeMap<String, i64>,
    pub(super) locks: Vec<Lock>,
    pub(super) copies: Vec<UnfinishedCopy>,
    pub(super) scripted: Vec<Scripted>,
    /// When each user called, in milliseconds.
    pub(super) calls: BTreeMap<String, VecDeque<i64>>,
    pub(super) tokens_made: u64,
    pub(super) last_id: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct User {
    pub id: String,
    pub name: String,
    pub login: String,
    pub is_active: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Folder,
    File,
}

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::File => "file",
        }
    }
}

/// A folder or a file.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    pub id: u64,
    pub kind: Kind,
    pub name: String,
    pub description: String,
    /// None lies in its owner's root.
    pub parent: Option<u64>,
    pub owned_by: String,
    pub created_by: String,
    pub created_at: i64,
    pub modified_at: i64,
    pub etag: u64,
    pub is_trashed: bool,
    /// Users who were invited, and as what. What they see goes all the way down.
    pub collaborators: BTreeMap<String, String>,
    /// By scope and template, such as `global.properties`.
    pub metadata: BTreeMap<String, Map<String, Value>>,
    /// Items below it that are only counted, so that a template can be large.
    pub further_items: u32,
}

#[derive(Clone, Debug)]
pub struct Token {
    pub user: String,
    pub client_id: String,
    pub expires_at: i64,
}

/// What a copy has locked.
#[derive(Clone, Debug)]
pub struct Lock {
    pub source: u64,
    pub made: u64,
    pub until_ms: i64,
}

/// A copy of more than 500 items, whose answer is out.
#[derive(Clone, Debug)]
pub struct UnfinishedCopy {
    pub source: u64,
    pub made: u64,
    pub user: String,
    pub done_at_ms: i64,
}

/// A failure on demand.
#[derive(Clone, Debug)]
pub struct Scripted {
    pub method: Option<String>,
    pub path_suffix: String,
    pub failure: ScriptedFailure,
    pub times: u32,
}

/// What a call is answered with, whatever it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedFailure {
    pub status: u16,
    pub code: String,
    /// Seconds.
    #[serde(default)]
    pub retry_after: Option<u64>,
    /// The call does its work, and only the answer is another.
    #[serde(default)]
    pub after_handling: bool,
}

impl Enterprise {
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            last_id: 310_000_000,
            ..Self::default()
        }
    }

    #[must_use]
    pub fn with_app(mut self, app: App) -> Self {
        self.apps.insert(app.client_id.clone(), app);
        self
    }

    #[must_use]
    pub fn with_user(mut self, id: &str, name: &str, login: &str) -> Self {
        let user = User {
            id: id.to_owned(),
            name: name.to_owned(),
            login: login.to_owned(),
            is_active: true,
        };
        self.users.insert(id.to_owned(), user);
        self
    }

    /// Puts an item into the tree without asking whether it may be there.
    pub fn put(
        &mut self,
        kind: Kind,
        name: &str,
        parent: Option<u64>,
        user: &str,
        now: i64,
    ) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        let owner = parent
            .and_then(|parent| self.items.get(&parent))
            .map_or(user, |parent| &parent.owned_by)
            .to_owned();
        let item = Item {
            id,
            kind,
            name: name.to_owned(),
            description: String::new(),
            parent,
            owned_by: owner,
            created_by: user.to_owned(),
            created_at: now,
            modified_at: now,
            etag: 0,
            is_trashed: false,
            collaborators: BTreeMap::new(),
            metadata: BTreeMap::new(),
            further_items: 0,
        };
        self.items.insert(id, item);
        id
    }

    /// Ends copies and locks whose time has come.
    pub(super) fn settle(&mut self, now_ms: i64) {
        self.locks.retain(|lock| lock.until_ms > now_ms);
        let (done, unfinished) = std::mem::take(&mut self.copies)
            .into_iter()
            .partition(|copy| copy.done_at_ms <= now_ms);
        self.copies = unfinished;
        for copy in done {
            let UnfinishedCopy {
                source,
                made,
                user,
                done_at_ms,
            } = copy;
            self.copy_inside(source, made, &user, done_at_ms.div_euclid(1000));
        }
    }

    /// Copies what is in one folder into another.
    pub(super) fn copy_inside(&mut self, from: u64, into: u64, user: &str, now: i64) {
        let children: Vec<Item> = self.children(from).cloned().collect();
        let further = self.items.get(&from).map_or(0, |item| item.further_items);
        if let Some(made) = self.items.get_mut(&into) {
            made.further_items = further;
        }
        for child in children {
            let copy = self.put(child.kind, &child.name, Some(into), user, now);
            if let Some(item) = self.items.get_mut(&copy) {
                item.description.clone_from(&child.description);
            }
            self.copy_inside(child.id, copy, user, now);
        }
    }

    /// What is directly in a folder and not in the trash.
    pub fn children(&self, parent: u64) -> impl Iterator<Item = &Item> {
        self.items
            .values()
            .filter(move |item| item.parent == Some(parent) && !item.is_trashed)
    }

    /// Everything in a folder, counted.
    pub fn size(&self, folder: u64) -> u32 {
        let further = self.items.get(&folder).map_or(0, |item| item.further_items);
        self.children(folder).fold(further, |sum, child| {
            sum.saturating_add(1).saturating_add(self.size(child.id))
        })
    }

    /// The item and what it lies in, from below.
    pub fn lineage(&self, id: u64) -> impl Iterator<Item = &Item> {
        std::iter::successors(self.items.get(&id), |item| {
            item.parent.and_then(|parent| self.items.get(&parent))
        })
    }

    pub fn is_within(&self, id: u64, ancestor: u64) -> bool {
        self.lineage(id).any(|item| item.id == ancestor)
    }

    pub fn sees(&self, user: &str, id: u64) -> bool {
        self.lineage(id)
            .any(|item| item.owned_by == user || item.collaborators.contains_key(user))
    }

    /// Whether the user may change it: owners and those invited as more than a viewer.
    pub fn may_edit(&self, user: &str, id: u64) -> bool {
        self.lineage(id).any(|item| {
            item.owned_by == user
                || item
                    .collaborators
                    .get(user)
                    .is_some_and(|role| matches!(role.as_str(), "editor" | "co-owner"))
        })
    }

    /// The folder that a user names in a path, if they can see it.
    pub(super) fn folder(&self, user: &str, id: &str) -> Result<&Item, Refusal> {
        let number: u64 = id
            .parse()
            .map_err(|_| Refusal::new(405, "method_not_allowed"))?;
        let item = self
            .items
            .get(&number)
            .filter(|item| item.kind == Kind::Folder && self.sees(user, number))
            .ok_or_else(|| Refusal::new(404, "not_found"))?;
        if self.lineage(number).any(|item| item.is_trashed) {
            return Err(Refusal::new(404, "trashed"));
        }
        Ok(item)
    }

    /// What a user finds in a folder, or in their root, as Box sorts it.
    pub fn listed(&self, user: &str, folder: Option<u64>) -> Vec<&Item> {
        let mut items: Vec<&Item> = match folder {
            Some(id) => self.children(id).collect(),
            None => self
                .items
                .values()
                .filter(|item| !item.is_trashed && self.is_at_top(user, item))
                .collect(),
        };
        items.sort_by_cached_key(|item| (item.kind, item.name.to_lowercase(), item.id));
        items
    }

    /// What lies in nothing that the user can see.
    fn is_at_top(&self, user: &str, item: &Item) -> bool {
        self.sees(user, item.id) && item.parent.is_none_or(|parent| !self.sees(user, parent))
    }

    /// The item in a folder (in the owner's root) that has a name, without regard to case.
    pub fn named(&self, parent: Option<u64>, owner: &str, name: &str) -> Option<&Item> {
        let name = name.to_lowercase();
        self.items.values().find(|item| {
            item.parent == parent
                && !item.is_trashed
                && (parent.is_some() || item.owned_by == owner)
                && item.name.to_lowercase() == name
        })
    }

    /// The item at a path of names from an owner's root, such as `/1. Active Clients/Sam Lee`.
    pub fn at(&self, owner: &str, path: &str) -> Option<&Item> {
        let mut names = path.split('/').filter(|name| !name.is_empty());
        let top = self.named(None, owner, names.next()?)?;
        names.try_fold(top, |item, name| self.named(Some(item.id), owner, name))
    }

    /// Whether a copy that is going on keeps others from copying or moving a folder.
    pub(super) fn is_locked(&self, id: u64) -> bool {
        self.locks.iter().any(|lock| {
            [lock.source, lock.made]
                .into_iter()
                .any(|locked| self.is_within(id, locked) || self.is_within(locked, id))
        })
    }
}
