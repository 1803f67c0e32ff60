//! What people do in Box meanwhile, and failures on demand.

use serde::{Deserialize, Serialize};

use super::model::{Enterprise, Item, Kind, Scripted, ScriptedFailure};
use crate::Error;

/// One change. As JSON: `{"op":"trash","item":310000001}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A person makes a folder: in another, or in their root.
    AddFolder {
        name: String,
        #[serde(default)]
        parent: Option<u64>,
        user: String,
    },
    Rename {
        item: u64,
        name: String,
    },
    Describe {
        item: u64,
        description: String,
    },
    Trash {
        item: u64,
    },
    Restore {
        item: u64,
    },
    /// `role` is `viewer`, `editor` or another of Box's.
    Invite {
        item: u64,
        user: String,
        role: String,
    },
    Uninvite {
        item: u64,
        user: String,
    },
    /// How many items a folder has beyond those that are listed.
    SetFurtherItems {
        item: u64,
        count: u32,
    },
    SetUserActive {
        user: String,
        is_active: bool,
    },
    AuthorizeApp {
        client_id: String,
        is_authorized: bool,
    },
    LetAppActAsUsers {
        client_id: String,
        is_allowed: bool,
    },
    /// All tokens are answered with 401 from now on.
    ExpireTokens,
    /// Another secret; the old one is refused.
    ReplaceSecret {
        client_id: String,
        client_secret: String,
    },
    /// The next calls that match are answered with this.
    FailNext {
        #[serde(default)]
        method: Option<String>,
        path_suffix: String,
        failure: ScriptedFailure,
        times: u32,
    },
}

impl Enterprise {
    pub(super) fn apply(&mut self, change: Change, now: i64) -> Result<(), Error> {
        match change {
            Change::AddFolder { name, parent, user } => {
                if !self.users.contains_key(&user) {
                    return Err(unknown("user", &user));
                }
                if let Some(parent) = parent {
                    self.item(parent)?;
                }
                self.put(Kind::Folder, &name, parent, &user, now);
            }
            Change::Rename { item, name } => self.change_item(item, |item| item.name = name)?,
            Change::Describe { item, description } => {
                self.change_item(item, |item| item.description = description)?;
            }
            Change::Trash { item } => self.change_item(item, |item| item.is_trashed = true)?,
            Change::Restore { item } => self.change_item(item, |item| item.is_trashed = false)?,
            Change::Invite { item, user, role } => {
                self.item(item)?.collaborators.insert(user, role);
            }
            Change::Uninvite { item, user } => {
                self.item(item)?.collaborators.remove(&user);
            }
            Change::SetFurtherItems { item, count } => self.item(item)?.further_items = count,
            Change::SetUserActive { user, is_active } => {
                let found = self.users.get_mut(&user);
                found.ok_or_else(|| unknown("user", &user))?.is_active = is_active;
            }
            Change::AuthorizeApp {
                client_id,
                is_authorized,
            } => self.app(&client_id)?.is_authorized = is_authorized,
            Change::LetAppActAsUsers {
                client_id,
                is_allowed,
            } => self.app(&client_id)?.may_act_as_users = is_allowed,
            Change::ExpireTokens => self.tokens.clear(),
            Change::ReplaceSecret {
                client_id,
                client_secret,
            } => self.app(&client_id)?.client_secret = client_secret,
            Change::FailNext {
                method,
                path_suffix,
                failure,
                times,
            } => self.scripted.push(Scripted {
                method,
                path_suffix,
                failure,
                times,
            }),
        }
        Ok(())
    }

    fn change_item(&mut self, id: u64, change: impl FnOnce(&mut Item)) -> Result<(), Error> {
        let item = self.item(id)?;
        change(item);
        item.etag += 1;
        Ok(())
    }

    fn item(&mut self, id: u64) -> Result<&mut Item, Error> {
        self.items
            .get_mut(&id)
            .ok_or_else(|| unknown("item", &id.to_string()))
    }

    fn app(&mut self, client_id: &str) -> Result<&mut super::App, Error> {
        self.apps
            .get_mut(client_id)
            .ok_or_else(|| unknown("app", client_id))
    }

    /// The failure that was scripted for a call.
    pub(super) fn take_scripted(&mut self, method: &str, path: &str) -> Option<ScriptedFailure> {
        let scripted = self.scripted.iter_mut().find(|scripted| {
            scripted.times > 0
                && path.ends_with(&scripted.path_suffix)
                && scripted
                    .method
                    .as_deref()
                    .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
        })?;
        scripted.times -= 1;
        let failure = scripted.failure.clone();
        self.scripted.retain(|scripted| scripted.times > 0);
        Some(failure)
    }
}

fn unknown(what: &'static str, name: &str) -> Error {
    Error::UnknownName {
        what,
        name: name.to_owned(),
    }
}
