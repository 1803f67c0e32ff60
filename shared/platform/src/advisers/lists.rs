//! The lists of HubSpot, from copies that are fresh enough or read anew, by one reader at a time.

use std::pin::Pin;

use domain::allocation::Settings;
use futures::future::join;
use providers::hubspot::{
    Call, Client, DealsQuery, MeetingsQuery, OwnersQuery, Record, UsersQuery,
};
use providers::{Page, ProviderError};
use store::rate_budgets::{self, Pace, Slot};

use super::copies::{self, About, Copied, Name, Row};
use super::questions;
use super::reading::{Read, Taken, Told};
use super::rows::{Kept, Met, User, Waiting, keep_owner};
use super::{Age, Wanted};
use crate::hubspot::{Failure, Session};
use crate::outbound::{CallError, sleep_ms};
use crate::{SpinDatabase, clock};

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
/// What is needed to read.
pub(super) struct Lists<'a> {
    pub database: &'a SpinDatabase,
    pub session: &'a Session<'a>,
    pub settings: &'a Settings,
    pub now_ms: i64,
    /// Why nothing can be read, if so: before anything is believed of an account it is known to be the right one.
    pub refused: Option<Failure>,
}

/// What was read anew, in part where it failed on the way.
#[derive(Default)]
struct Fresh {
    rows: Vec<Row>,
    unreadable: usize,
    /// Of those the rows are complete; without meaning where rows are of all.
    of: Vec<String>,
    failure: Option<Failure>,
}

type Later<'r> = Pin<Box<dyn Future<Output = Fresh> + 'r>>;
type Asks<'r> = &'r dyn Fn(&Client, Option<&str>) -> Result<Call<Page<Record>>, ProviderError>;
type Keeps<'r> = &'r dyn Fn(&Record) -> Kept;

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
        let owner_ids = questions::owner_ids(users.copied.as_ref());
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
            calls: self.session.calls(),
        }
    }

    async fn users(&self, age: Age) -> Taken {
        let properties = questions::user_properties(self.settings);
        let about = questions::users(self.settings);
        let read = Box::pin(async {
            let mut fresh = Fresh::default();
            let ask = |client: &Client, after: Option<&str>| {
                client.users(&UsersQuery {
                    properties: properties.clone(),
                    after: after.map(str::to_owned),
                })
            };
            let keep = |record: &Record| User::keep(record, self.settings);
            self.read_on(&mut fresh, false, &ask, &keep).await;
            fresh
        });
        self.list("users", age, about, read).await
    }

    async fn owners(&self, age: Age, needed: &[String]) -> Taken {
        let read = || {
            Box::pin(async {
                let mut fresh = Fresh::default();
                let ask = |client: &Client, after: Option<&str>| {
                    client.owner_records(&OwnersQuery {
                        after: after.map(str::to_owned),
                        ..OwnersQuery::default()
                    })
                };
                self.read_on(&mut fresh, false, &ask, &keep_owner).await;
                fresh
            })
        };
        let taken = self.list("owners", age, About::default(), read()).await;
        let is_missed = |copied: &Copied| questions::is_missed(copied, needed, self.now_ms);
        let is_whole = taken.failure.is_none();
        if taken.is_copy && is_whole && taken.copied.as_ref().is_some_and(is_missed) {
            let anew = Age {
                fresh_ms: questions::OWNERS_LOOK_AGAIN_MS,
                ..age
            };
            return self.list("owners", anew, About::default(), read()).await;
        }
        taken
    }

    /// Of these owners, that start at this time or later.
    pub async fn meetings(&self, list: &str, age: Age, owner_ids: &[String], since: i64) -> Taken {
        let types = questions::meeting_types(self.settings);
        let about = questions::meetings(self.settings, owner_ids, since);
        let read = Box::pin(async {
            let mut fresh = Fresh::default();
            for owners in chunks(owner_ids, OWNERS_PER_SEARCH, OWNER_CHARS_PER_SEARCH) {
                let ask = |client: &Client, above_id: Option<&str>| {
                    client.meeting_records(&MeetingsQuery {
                        owner_ids: owners.to_vec(),
                        types: types.clone(),
                        starts_from: since,
                        above_id: above_id.map(str::to_owned),
                        after: None,
                    })
                };
                let keep = |record: &Record| Met::keep(record, self.settings);
                self.read_on(&mut fresh, true, &ask, &keep).await;
                if fresh.failure.is_some() {
                    break;
                }
                fresh.of.extend_from_slice(owners);
            }
            fresh
        });
        self.list(list, age, about, read).await
    }

    async fn deals(&self, age: Age) -> Taken {
        let properties = &self.settings.properties;
        let stages = &self.settings.stages;
        let query = DealsQuery {
            pipeline: self.settings.pipeline.clone(),
            stages: Vec::new(),
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
        let about = questions::deals(self.settings);
        let read = Box::pin(async {
            let mut fresh = Fresh::default();
            let mut parts = chunks(stages, usize::MAX, STAGE_CHARS_PER_SEARCH);
            if parts.is_empty() {
                parts.push(&[]);
            }
            for stages in parts {
                let ask = |client: &Client, above_id: Option<&str>| {
                    client.deals(&DealsQuery {
                        stages: stages.to_vec(),
                        above_id: above_id.map(str::to_owned),
                        ..query.clone()
                    })
                };
                let keep = |record: &Record| Waiting::keep(record, self.settings);
                self.read_on(&mut fresh, true, &ask, &keep).await;
            }
            fresh
        });
        self.list("deals", age, about, read).await
    }

    /// All pages of a list, each from the cursor of the one before; of a search each from the last id on, because it gives
    /// no more than 10,000 records by cursors. After a failure nothing is read any more.
    async fn read_on(&self, fresh: &mut Fresh, is_search: bool, ask: Asks<'_>, keep: Keeps<'_>) {
        let (mut after, mut last) = (None::<String>, 0_u64);
        for _ in 0..PAGES_MAX {
            if fresh.failure.is_some() {
                return;
            }
            let build = |client: &Client| ask(client, after.as_deref());
            let read = if is_search {
                self.session.search(build).await
            } else {
                self.session.request(build).await
            };
            let page = match read {
                Ok(page) => page,
                Err(failure) => {
                    fresh.failure = Some(failure);
                    return;
                }
            };
            fresh.unreadable = fresh.unreadable.saturating_add(page.rejected.len());
            let ids = page.rows.iter().map(|row| row.id.as_str());
            let rejected = page.rejected.iter();
            let ids = ids.chain(rejected.filter_map(|one| one.external_id.as_deref()));
            let end = ids.filter_map(|id| id.parse().ok()).max().unwrap_or(0);
            for record in &page.rows {
                match keep(record) {
                    Kept::Row(row) => fresh.rows.push(row),
                    Kept::Nothing => {}
                    Kept::Unreadable => fresh.unreadable = fresh.unreadable.saturating_add(1),
                }
            }
            if page.next.is_none() {
                return;
            }
            if is_search && end <= last {
                break;
            }
            last = end;
            after = if is_search {
                Some(end.to_string())
            } else {
                page.next
            };
        }
        fresh.failure = Some(Failure::HubSpot(ProviderError::Malformed {
            what: "its pages do not end".to_owned(),
        }));
    }

    /// The list: its copy if that is fresh enough, otherwise read anew, and kept. `about` is what is asked for.
    async fn list(&self, list: &str, age: Age, about: About, read: Later<'_>) -> Taken {
        let account = self.session.account;
        let name = Name::new(account.tenant, account.connector_id, list);
        let look = async || copies::get(&name, &about).await;
        let is_fresh = |copied: &Copied| copied.is_fresh(&about, age, self.now_ms);
        let mut held = look().await;
        if held.as_ref().is_some_and(is_fresh) {
            return Taken::copy(held, None);
        }
        let is_usable = |held: &Copied| held.is_younger(age.usable_ms, self.now_ms);
        if held.as_ref().is_some_and(is_usable)
            && let Some(told) = copies::failed_lately(&name, self.now_ms).await
        {
            return Taken::copy(held, Some(told));
        }
        // A reader at a time, where what another reads now would be fresh enough.
        let mut is_failed = self.refused.clone();
        while is_failed.is_none()
            && age.fresh_ms > LEASE_MS
            && clock::now_ms() < self.session.deadline_ms()
        {
            let until_ms = match self.turn(&name).await {
                Ok(None) => break,
                Ok(Some(until_ms)) => until_ms,
                Err(failure) => {
                    is_failed = Some(failure);
                    break;
                }
            };
            while clock::now_ms() < until_ms {
                sleep_ms(LOOK_EVERY_MS).await;
                held = look().await;
                if held.as_ref().is_some_and(is_fresh) {
                    return Taken::copy(held, None);
                }
            }
        }
        let read_at_ms = clock::now_ms();
        let fresh = match is_failed {
            None => read.await,
            failure => Fresh {
                failure,
                ..Fresh::default()
            },
        };
        let mut copied = Copied {
            about: About {
                read_at_ms,
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
        let told = Told::from(&failure);
        copies::note_failure(&name, &told, clock::now_ms()).await;
        // What is there of before is better than a part.
        if let Some(held) = held.filter(is_usable) {
            return Taken::copy(Some(held), Some(told));
        }
        // A part is of use where it says of whom it is.
        copied.about.of = fresh.of;
        Taken {
            copied: (!copied.about.of.is_empty()).then_some(copied),
            failure: Some(told),
            is_copy: false,
        }
    }

    /// `None`: it is this one's turn to read the list; otherwise until when another has it.
    async fn turn(&self, name: &Name) -> Result<Option<i64>, Failure> {
        let key = format!("reading:{}", name.as_str());
        let now_ms = clock::now_ms();
        let slot = rate_budgets::reserve_at(self.database, &key, now_ms, Pace::steady(LEASE_MS), 0)
            .await
            .map_err(|error| Failure::Call(CallError::Database(error)))?;
        Ok(match slot {
            Slot::At(_) => None,
            Slot::Later(at_ms) => Some(at_ms),
        })
    }
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
