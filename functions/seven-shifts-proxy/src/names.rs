//! What the people and roles of some shifts are called. Our tables know nearly all of them, in one
//! statement and without a call; only for those whom no sync has met yet are 7shifts' lists read,
//! page by page until nobody is left.

use std::collections::{BTreeMap, BTreeSet};

use api::Problem;
use platform::seven_shifts::{self, Account};
use platform::{Context, SpinDatabase, problems};
use providers::seven_shifts::{MAX_LIMIT, Paging, RolesQuery, User, UserStatus, UsersQuery};
use store::records;

use crate::account;
use crate::reach::Reach;

/// Pages of each list: two thousand people at work, as many who are gone, and two thousand roles.
const MAX_PAGES: usize = 4;

#[derive(Default)]
pub struct Names {
    /// `None`: known, and without a name.
    people: BTreeMap<i64, Option<String>>,
    roles: BTreeMap<i64, String>,
}

impl Names {
    /// # Errors
    /// The database's, or 7shifts'.
    pub async fn of(
        context: &Context,
        reach: &Reach,
        account: &Account<'_, SpinDatabase>,
        people: &BTreeSet<i64>,
        roles: &BTreeSet<i64>,
    ) -> Result<Self, Problem> {
        if people.is_empty() && roles.is_empty() {
            return Ok(Self::default());
        }
        let text = |ids: &BTreeSet<i64>| ids.iter().map(i64::to_string).collect::<Vec<_>>();
        let mut names = Self::default();
        if let Some((tenant, connector_id)) = reach.synced() {
            let (people, roles) = (text(people), text(roles));
            let known =
                records::names(&context.database, tenant, connector_id, &people, &roles).await;
            let known = known.map_err(|error| problems::database(&error))?;
            names.people = numbered(known.people);
            names.roles = numbered(known.roles);
        }
        for status in [UserStatus::Active, UserStatus::Inactive] {
            names.ask_for_people(account, people, status).await?;
        }
        names
            .ask_for_roles(account, roles, reach.location_id)
            .await?;
        Ok(names)
    }

    pub fn person(&self, id: i64) -> Option<String> {
        self.people.get(&id).cloned().flatten()
    }

    pub fn role(&self, id: i64) -> Option<String> {
        self.roles.get(&id).cloned()
    }

    /// Of the whole company: somebody may help out where they are not assigned.
    async fn ask_for_people(
        &mut self,
        account: &Account<'_, SpinDatabase>,
        wanted: &BTreeSet<i64>,
        status: UserStatus,
    ) -> Result<(), Problem> {
        let mut cursor = None;
        for _ in 0..MAX_PAGES {
            if wanted.iter().all(|id| self.people.contains_key(id)) {
                break;
            }
            let query = UsersQuery {
                status: Some(status),
                paging: page(cursor),
                ..UsersQuery::default()
            };
            let answer = seven_shifts::call(&account.line, account.client.users(&query)).await;
            let page = match answer {
                Ok(answer) => answer.value,
                Err(failure) => return Err(account::failed(account, "users", failure).await),
            };
            let new = page.rows.iter().filter(|user| wanted.contains(&user.id));
            self.people
                .extend(new.map(|user| (user.id, full_name(user))));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(())
    }

    async fn ask_for_roles(
        &mut self,
        account: &Account<'_, SpinDatabase>,
        wanted: &BTreeSet<i64>,
        location_id: Option<i64>,
    ) -> Result<(), Problem> {
        let mut cursor = None;
        for _ in 0..MAX_PAGES {
            if wanted.iter().all(|id| self.roles.contains_key(id)) {
                break;
            }
            let query = RolesQuery {
                location_id,
                paging: page(cursor),
                ..RolesQuery::default()
            };
            let answer = seven_shifts::call(&account.line, account.client.roles(&query)).await;
            let page = match answer {
                Ok(answer) => answer.value,
                Err(failure) => return Err(account::failed(account, "roles", failure).await),
            };
            let new = page.rows.into_iter();
            let new = new.filter(|role| wanted.contains(&role.id));
            self.roles.extend(new.map(|role| (role.id, role.name)));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(())
    }
}

fn page(cursor: Option<String>) -> Paging {
    Paging {
        cursor,
        limit: Some(MAX_LIMIT),
    }
}

/// By 7shifts' numbers, which our tables hold as text.
fn numbered<T>(named: BTreeMap<String, T>) -> BTreeMap<i64, T> {
    named
        .into_iter()
        .filter_map(|(id, name)| Some((id.parse().ok()?, name)))
        .collect()
}

/// The name that a person goes by, as our lists have it.
fn full_name(user: &User) -> Option<String> {
    let first = user.preferred_first_name.as_ref();
    let last = user.preferred_last_name.as_ref();
    let name = format!(
        "{} {}",
        first.unwrap_or(&user.first_name),
        last.unwrap_or(&user.last_name)
    );
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}
