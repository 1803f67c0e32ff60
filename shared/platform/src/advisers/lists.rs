//! The lists of HubSpot, from copies that are fresh enough or read anew, by one reader at a time.

use std::collections::BTreeSet;

use domain::allocation::Settings;
use futures::future::join;
use providers::hubspot::{DealsQuery, MeetingsQuery, OwnersQuery, UsersQuery};
use providers::{Page, ProviderError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::rate_budgets::{self, Slot};

use super::copies::{self, About, Name};
use super::gathered::Reading;
use super::rows::{Met, User, Waiting};
use super::{Age, MINUTE_MS, Wanted};
use crate::hubspot::{Failure, Session};
use crate::outbound::{CallError, sleep_ms};
use crate::{SpinDatabase, clock};

use copies::Copied;

/// A search for meetings names so many owners, and so many characters of their ids, at the most: its body is of 3,000.
const OWNERS_PER_SEARCH: usize = 100;
const OWNER_CHARS_PER_SEARCH: usize = 1_300;
/// A search for deals names stages of so many characters.
const STAGE_CHARS_PER_SEARCH: usize = 1_300;
/// Pages of one list: more is no list of an adviser firm.
const PAGES_MAX: usize = 1_000;
/// For so long others wait for one who reads a list, in milliseconds, before they read it themselves.
const LEASE_MS: i64 = 4_000;
/// How often they look whether it is there.
const LOOK_EVERY_MS: i64 = 50;
/// An owner who is not in a list that is older than this may be a new one.
const OWNERS_LOOK_AGAIN_MS: i64 = 5 * MINUTE_MS;

/// What is needed to read.
pub(super) struct Lists<'a> {
    pub database: &'a SpinDatabase,
    pub session: &'a Session<'a>,
    pub settings: &'a Settings,
    pub now_ms: i64,
}

/// A list as far as it is there.
#[derive(Debug)]
pub(super) struct Taken<T> {
    /// `None`: nothing is known.
    pub copied: Option<Copied<T>>,
    pub failure: Option<Failure>,
    /// Not read now.
    pub is_copy: bool,
}

/// All lists.
pub(super) struct Read {
    pub users: Taken<User>,
    /// Of owners only the ids.
    pub owners: Option<Taken<String>>,
    pub meetings: Option<Taken<Met>>,
    pub deals: Option<Taken<Waiting>>,
    /// Whose meetings were asked for.
    pub owner_ids: Vec<String>,
}

/// What was read anew, in part where it failed on the way.
struct Fresh<T> {
    rows: Vec<T>,
    unreadable: usize,
    /// Of those the rows are complete; without meaning where rows are of all.
    of: Vec<String>,
    failure: Option<Failure>,
}

impl Lists<'_> {
    /// Whom it is about decides what else is asked for, so users come first.
    pub async fn read(&self, wanted: &Wanted, since: i64) -> Read {
        let deals = async {
            match wanted.deals {
                Some(age) => Some(self.deals(age).await),
                None => None,
            }
        };
        let (users, deals) = join(self.users(wanted.users), deals).await;
        let owner_ids: Vec<String> = users
            .copied
            .iter()
            .flat_map(|copied| &copied.rows)
            .map(|user| user.owner_id.trim().to_owned())
            .filter(|id| !id.is_empty())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let owners = async {
            match wanted.owners {
                Some(age) => Some(self.owners(age, &owner_ids).await),
                None => None,
            }
        };
        let meetings = async {
            match wanted.meetings {
                Some(age) => Some(self.meetings("meetings", age, &owner_ids, since).await),
                None => None,
            }
        };
        let (owners, meetings) = join(owners, meetings).await;
        Read {
            users,
            owners,
            meetings,
            deals,
            owner_ids,
        }
    }

    async fn users(&self, age: Age) -> Taken<User> {
        let properties = &self.settings.properties;
        let properties: Vec<String> = [
            &properties.adviser_email,
            &properties.adviser_owner_id,
            &properties.adviser_taking_on_clients,
            &properties.adviser_packages,
            &properties.adviser_households,
            &properties.adviser_pod_type,
            &properties.adviser_start_date,
        ]
        .into_iter()
        .cloned()
        .collect();
        let about = About {
            asked: properties.join(","),
            ..About::default()
        };
        let settings = self.settings;
        self.list("users", age, about, async || {
            let mut query = UsersQuery {
                properties: properties.clone(),
                after: None,
            };
            let mut fresh = Fresh::default();
            if let Err(failure) = self.session.verify().await {
                return fresh.failed(failure);
            }
            for _ in 0..PAGES_MAX {
                match self.session.request(|client| client.users(&query)).await {
                    Ok(page) => {
                        fresh.unreadable += page.rejected.len();
                        let users = page.rows.iter();
                        fresh
                            .rows
                            .extend(users.filter_map(|user| User::read(user, settings)));
                        match page.next {
                            None => return fresh,
                            next => query.after = next,
                        }
                    }
                    Err(failure) => return fresh.failed(failure),
                }
            }
            fresh.failed(endless())
        })
        .await
    }

    /// An owner who is not among those of a copy may have come since.
    async fn owners(&self, age: Age, needed: &[String]) -> Taken<String> {
        let read = async || {
            let mut query = OwnersQuery::default();
            let mut fresh = Fresh::default();
            for _ in 0..PAGES_MAX {
                match self.session.request(|client| client.owners(&query)).await {
                    Ok(page) => {
                        fresh.unreadable += page.rejected.len();
                        let owners = page.rows.into_iter().filter(|owner| !owner.archived);
                        fresh.rows.extend(owners.map(|owner| owner.id));
                        match page.next {
                            None => return fresh,
                            next => query.after = next,
                        }
                    }
                    Err(failure) => return fresh.failed(failure),
                }
            }
            fresh.failed(endless())
        };
        let taken = self.list("owners", age, About::default(), read).await;
        let is_missed = |copied: &Copied<String>| {
            let is_old = self.now_ms.saturating_sub(copied.about.read_at_ms) > OWNERS_LOOK_AGAIN_MS;
            is_old && needed.iter().any(|id| !copied.rows.contains(id))
        };
        if taken.is_copy && taken.failure.is_none() && taken.copied.as_ref().is_some_and(is_missed)
        {
            let anew = Age {
                fresh_ms: OWNERS_LOOK_AGAIN_MS,
                ..age
            };
            return self.list("owners", anew, About::default(), read).await;
        }
        taken
    }

    /// Of these owners, that start at this time or later.
    async fn meetings(&self, list: &str, age: Age, owner_ids: &[String], since: i64) -> Taken<Met> {
        let settings = self.settings;
        let types = vec![
            settings.clarify_type.clone(),
            settings.kick_off_type.clone(),
        ];
        let about = About {
            asked: types.join("\n"),
            since,
            of: owner_ids.to_vec(),
            ..About::default()
        };
        self.list(list, age, about, async || {
            let mut fresh = Fresh::default();
            for owners in chunks(owner_ids, OWNERS_PER_SEARCH, OWNER_CHARS_PER_SEARCH) {
                let query = MeetingsQuery {
                    owner_ids: owners.to_vec(),
                    types: types.clone(),
                    starts_from: since,
                    ..MeetingsQuery::default()
                };
                let found = self
                    .found(async |above_id| {
                        let query = MeetingsQuery {
                            above_id,
                            ..query.clone()
                        };
                        self.session.search(|client| client.meetings(&query)).await
                    })
                    .await;
                match found {
                    Ok((meetings, unreadable)) => {
                        fresh.unreadable += unreadable;
                        fresh.of.extend_from_slice(owners);
                        let meetings = meetings.into_iter();
                        fresh
                            .rows
                            .extend(meetings.filter_map(|met| Met::read(met, settings)));
                    }
                    Err(failure) => return fresh.failed(failure),
                }
            }
            fresh
        })
        .await
    }

    async fn deals(&self, age: Age) -> Taken<Waiting> {
        let settings = self.settings;
        let properties = &settings.properties;
        let query = DealsQuery {
            pipeline: settings.pipeline.clone(),
            stages: settings.stages.clone(),
            unset: vec![
                properties.deal_clarify_booked.clone(),
                properties.deal_clarify_held.clone(),
            ],
            adviser_property: properties.deal_adviser_email.clone(),
            properties: vec![
                properties.deal_adviser_email.clone(),
                properties.deal_agreement_start_date.clone(),
            ],
            ..DealsQuery::default()
        };
        let about = About {
            asked: format!("{query:?}"),
            ..About::default()
        };
        self.list("deals", age, about, async || {
            let mut fresh = Fresh::default();
            let mut parts = chunks(&settings.stages, usize::MAX, STAGE_CHARS_PER_SEARCH);
            if parts.is_empty() {
                parts.push(&[]);
            }
            for stages in parts {
                let query = DealsQuery {
                    stages: stages.to_vec(),
                    ..query.clone()
                };
                let found = self
                    .found(async |above_id| {
                        let query = DealsQuery {
                            above_id,
                            ..query.clone()
                        };
                        self.session.search(|client| client.deals(&query)).await
                    })
                    .await;
                match found {
                    Ok((deals, unreadable)) => {
                        fresh.unreadable += unreadable;
                        let deals = deals.iter();
                        fresh
                            .rows
                            .extend(deals.map(|deal| Waiting::read(deal, settings)));
                    }
                    Err(failure) => return fresh.failed(failure),
                }
            }
            fresh
        })
        .await
    }

    /// All that a search finds, however many, each page from the last id on; and how many could not be read.
    async fn found<R: HasId>(
        &self,
        page: impl AsyncFn(Option<String>) -> Result<Page<R>, Failure>,
    ) -> Result<(Vec<R>, usize), Failure> {
        let (mut rows, mut unreadable, mut last) = (Vec::new(), 0, 0_u64);
        let mut above_id = None;
        for _ in 0..PAGES_MAX {
            let found = page(above_id).await?;
            unreadable += found.rejected.len();
            let ids = found.rows.iter().map(HasId::id);
            let rejected = found.rejected.iter();
            let ids = ids.chain(rejected.filter_map(|one| one.external_id.as_deref()));
            let end = ids.filter_map(|id| id.parse().ok()).max().unwrap_or(0);
            rows.extend(found.rows);
            if found.next.is_none() {
                return Ok((rows, unreadable));
            }
            if end <= last {
                return Err(endless());
            }
            last = end;
            above_id = Some(end.to_string());
        }
        Err(endless())
    }

    /// The list: its copy if that is fresh enough, otherwise read anew, and kept. `about` is what is asked for.
    async fn list<T: Clone + Serialize + DeserializeOwned>(
        &self,
        list: &str,
        age: Age,
        about: About,
        read: impl AsyncFn() -> Fresh<T>,
    ) -> Taken<T> {
        let account = self.session.account;
        let name = Name::new(account.tenant, account.connector_id, list);
        let look = async || {
            let copied = copies::get::<T>(&name, &about.asked).await?;
            let is_of_then = copied.about.since <= about.since;
            is_of_then.then_some(copied)
        };
        let is_fresh = |copied: &Copied<T>| {
            let age_ms = self.now_ms.saturating_sub(copied.about.read_at_ms);
            age_ms <= age.fresh_ms && covers(&copied.about, &about)
        };
        let mut held = look().await;
        if let Some(copied) = held.take_if(|copied| is_fresh(copied)) {
            return Taken::copy(copied, None);
        }
        // A reader at a time, where what another reads now would be fresh enough.
        let mut is_failed = None;
        while age.fresh_ms > LEASE_MS && clock::now_ms() < self.session.deadline_ms() {
            match self.turn(&name).await {
                Ok(None) => break,
                Ok(Some(until_ms)) => {
                    while clock::now_ms() < until_ms {
                        sleep_ms(LOOK_EVERY_MS).await;
                        held = look().await;
                        if let Some(copied) = held.take_if(|copied| is_fresh(copied)) {
                            return Taken::copy(copied, None);
                        }
                    }
                }
                Err(failure) => {
                    is_failed = Some(failure);
                    break;
                }
            }
        }
        let read_at_ms = clock::now_ms();
        let fresh = match is_failed {
            None => read().await,
            Some(failure) => Fresh::default().failed(failure),
        };
        let is_whole = fresh.failure.is_none();
        let copied = Copied {
            about: About {
                read_at_ms,
                of: if is_whole { about.of.clone() } else { fresh.of },
                unreadable: fresh.unreadable,
                ..about.clone()
            },
            rows: fresh.rows,
        };
        let Some(failure) = fresh.failure else {
            copies::put(&name, &copied).await;
            return Taken {
                copied: Some(copied),
                failure: None,
                is_copy: false,
            };
        };
        // What is there of before is better than nothing.
        let is_usable = |copied: &Copied<T>| {
            self.now_ms.saturating_sub(copied.about.read_at_ms) <= age.usable_ms
        };
        match held.filter(is_usable) {
            Some(copied) => Taken::copy(copied, Some(failure)),
            None => Taken {
                // A part is of use where it says of whom it is.
                copied: (!copied.about.of.is_empty()).then_some(copied),
                failure: Some(failure),
                is_copy: false,
            },
        }
    }

    /// `None`: it is this one's turn to read the list; otherwise until when another has it.
    async fn turn(&self, name: &Name) -> Result<Option<i64>, Failure> {
        let key = format!("reading:{}", name.as_str());
        let now_ms = clock::now_ms();
        let slot = rate_budgets::reserve(self.database, &key, now_ms, LEASE_MS, 0)
            .await
            .map_err(|error| Failure::Call(CallError::Database(error)))?;
        Ok(match slot {
            Slot::At(_) => None,
            Slot::Later(at_ms) => Some(at_ms),
        })
    }
}

/// The meetings of one owner since then, which may be long ago; and how they were read.
pub async fn meetings_of(
    database: &SpinDatabase,
    session: &Session<'_>,
    settings: &Settings,
    owner_id: &str,
    since: i64,
    age: Age,
) -> (Vec<Met>, Reading) {
    let lists = Lists {
        database,
        session,
        settings,
        now_ms: clock::now_ms(),
    };
    let list = format!("meetings-of-{owner_id}");
    let taken = lists
        .meetings(&list, age, &[owner_id.to_owned()], since)
        .await;
    let reading = Reading::of("meetings", &taken);
    let rows = taken.copied.map(|copied| copied.rows);
    (rows.unwrap_or_default(), reading)
}

/// Whether a copy is of everybody who is asked for.
fn covers(copy: &About, asked: &About) -> bool {
    asked.of.iter().all(|one| copy.of.contains(one))
}

impl<T> Taken<T> {
    fn copy(copied: Copied<T>, failure: Option<Failure>) -> Self {
        Self {
            copied: Some(copied),
            failure,
            is_copy: true,
        }
    }
}

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            unreadable: 0,
            of: Vec::new(),
            failure: None,
        }
    }
}

impl<T> Fresh<T> {
    fn failed(mut self, failure: Failure) -> Self {
        self.failure = Some(failure);
        self
    }
}

fn endless() -> Failure {
    Failure::HubSpot(ProviderError::Malformed {
        what: "its pages do not end".to_owned(),
    })
}

/// In order, so many texts and so many characters at a time; one that is longer stands alone.
fn chunks(texts: &[String], most: usize, chars: usize) -> Vec<&[String]> {
    let mut chunks = Vec::new();
    let mut rest = texts;
    while !rest.is_empty() {
        let mut length = 0_usize;
        let fitting = rest
            .iter()
            .take(most)
            .take_while(|text| {
                // Quotes and a comma.
                length = length
                    .saturating_add(text.chars().count())
                    .saturating_add(3);
                length <= chars
            })
            .count();
        let (chunk, others) = rest.split_at(fitting.clamp(1, rest.len()));
        chunks.push(chunk);
        rest = others;
    }
    chunks
}

trait HasId {
    fn id(&self) -> &str;
}

impl HasId for providers::hubspot::Meeting {
    fn id(&self) -> &str {
        &self.id
    }
}

impl HasId for providers::hubspot::Record {
    fn id(&self) -> &str {
        &self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_for_one_search_is_asked_for_in_turn() {
        let texts: Vec<String> = (0..250).map(|id| format!("{id:04}")).collect();
        let parts = chunks(&texts, 100, 1_300);
        assert_eq!(
            parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
            [100, 100, 50]
        );
        assert_eq!(parts.concat(), texts);
        let long = ["a".repeat(2_000), "b".to_owned(), "c".to_owned()];
        assert_eq!(
            chunks(&long, 100, 1_300)
                .iter()
                .map(|part| part.len())
                .collect::<Vec<_>>(),
            [1, 2]
        );
        assert!(chunks(&[], 100, 1_300).is_empty());
    }
}
