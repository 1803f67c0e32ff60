//! The lists of HubSpot, wherever they come from: from copies where all of them are fresh enough, otherwise from the function
//! that reads them ([`FUNCTION`]). Whoever goes by them needs no client for HubSpot, which would be half of their component.

use std::collections::BTreeMap;

use domain::access::Tenant;
use domain::allocation::Settings;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::copies::{self, About, Copied, Name};
use super::{Age, Wanted, questions};
use crate::hubspot::FUNCTION;
use crate::{clock, internal, log};

/// Where [`FUNCTION`] reads.
pub const READ_PATH: &str = "/internal/advisers/read";
/// What the way there and back may take, in milliseconds.
const WAY_MS: i64 = 1_000;

/// What [`READ_PATH`] takes; it answers [`Read`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadCall {
    pub organization_id: String,
    pub connector_id: String,
    pub wanted: Wanted,
    /// Meetings that start then or later, in Unix seconds.
    pub since: i64,
    /// Only the meetings of this owner, in place of everybody's.
    pub owner_id: Option<String>,
    /// Nothing goes on longer, in Unix milliseconds.
    pub deadline_ms: i64,
}

/// All lists that were wanted.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Read {
    pub users: Taken,
    pub owners: Option<Taken>,
    pub meetings: Option<Taken>,
    pub deals: Option<Taken>,
    /// Whose meetings are needed.
    pub owner_ids: Vec<String>,
    /// How many requests went out for it.
    pub calls: u32,
}

/// A list as far as it is there.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Taken {
    /// `None`: nothing is known.
    pub copied: Option<Copied>,
    pub failure: Option<Told>,
    /// Not read now.
    pub is_copy: bool,
}

/// A failure by a name for programs, and for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub code: String,
    pub detail: String,
}

impl Told {
    #[must_use]
    pub fn new(code: &str, detail: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            detail: detail.into(),
        }
    }
}

impl From<&crate::hubspot::Failure> for Told {
    fn from(failure: &crate::hubspot::Failure) -> Self {
        Self::new(failure.code(), failure.detail())
    }
}

impl Read {
    /// Nothing of what was wanted.
    #[must_use]
    pub fn failed(wanted: &Wanted, failure: &Told) -> Self {
        let failed = |_| Taken::failed(failure);
        Self {
            users: Taken::failed(failure),
            owners: wanted.owners.map(failed),
            meetings: wanted.meetings.map(failed),
            deals: wanted.deals.map(failed),
            ..Self::default()
        }
    }
}

impl Taken {
    pub(super) const fn copy(copied: Option<Copied>, failure: Option<Told>) -> Self {
        Self {
            copied,
            failure,
            is_copy: true,
        }
    }

    fn failed(failure: &Told) -> Self {
        Self {
            failure: Some(failure.clone()),
            ..Self::default()
        }
    }
}

/// Whose lists are meant.
#[derive(Clone, Copy, Debug)]
pub struct Of<'a> {
    pub tenant: &'a Tenant,
    pub connector_id: &'a str,
    pub settings: &'a Settings,
    /// Meetings that start then or later, in Unix seconds.
    pub since: i64,
    pub now_ms: i64,
}

impl Of<'_> {
    /// All lists that are wanted.
    pub async fn read(&self, wanted: &Wanted, deadline_ms: i64) -> Read {
        if let Some(read) = self.copies(wanted).await {
            return read;
        }
        let call = ReadCall {
            organization_id: self.tenant.as_str().to_owned(),
            connector_id: self.connector_id.to_owned(),
            wanted: *wanted,
            since: self.since,
            owner_id: None,
            deadline_ms,
        };
        ask(&call)
            .await
            .unwrap_or_else(|failure| Read::failed(wanted, &failure))
    }

    /// The meetings of one owner, which may be long ago.
    pub async fn meetings_of(&self, owner_id: &str, age: Age, deadline_ms: i64) -> Taken {
        let owners = [owner_id.to_owned()];
        let asked = questions::meetings(self.settings, &owners, self.since);
        let list = questions::meetings_of(owner_id);
        if let Some(copied) = self.copy(&list, &asked, age).await {
            return Taken::copy(Some(copied), None);
        }
        let call = ReadCall {
            organization_id: self.tenant.as_str().to_owned(),
            connector_id: self.connector_id.to_owned(),
            wanted: Wanted {
                meetings: Some(age),
                ..Wanted::USERS
            },
            since: self.since,
            owner_id: Some(owner_id.to_owned()),
            deadline_ms,
        };
        match ask(&call).await {
            Ok(read) => read.meetings.unwrap_or_default(),
            Err(failure) => Taken::failed(&failure),
        }
    }

    /// All of them from copies; `None` where one is missing or too old.
    async fn copies(&self, wanted: &Wanted) -> Option<Read> {
        let asked = questions::users(self.settings);
        let users = self.copy(questions::USERS, &asked, wanted.users).await?;
        let owner_ids = questions::owner_ids(Some(&users));
        let mut read = Read {
            users: Taken::copy(Some(users), None),
            ..Read::default()
        };
        if let Some(age) = wanted.owners {
            let owners = self.copy(questions::OWNERS, &About::default(), age).await?;
            if questions::is_missed(&owners, &owner_ids, self.now_ms) {
                return None;
            }
            read.owners = Some(Taken::copy(Some(owners), None));
        }
        if let Some(age) = wanted.deals {
            let asked = questions::deals(self.settings);
            let deals = self.copy(questions::DEALS, &asked, age).await?;
            read.deals = Some(Taken::copy(Some(deals), None));
        }
        if let Some(age) = wanted.meetings {
            let asked = questions::meetings(self.settings, &owner_ids, self.since);
            let meetings = self.copy(questions::MEETINGS, &asked, age).await?;
            read.meetings = Some(Taken::copy(Some(meetings), None));
        }
        read.owner_ids = owner_ids;
        Some(read)
    }

    async fn copy(&self, list: &str, asked: &About, age: Age) -> Option<Copied> {
        let name = Name::new(self.tenant, self.connector_id, list);
        let copied = copies::get(&name, asked).await?;
        copied.is_fresh(asked, age, self.now_ms).then_some(copied)
    }
}

async fn ask(call: &ReadCall) -> Result<Read, Told> {
    post(READ_PATH, call, call.deadline_ms).await
}

async fn post<C: Serialize, A: DeserializeOwned>(
    path: &str,
    call: &C,
    deadline_ms: i64,
) -> Result<A, Told> {
    let timeout_ms = deadline_ms
        .saturating_sub(clock::now_ms())
        .saturating_add(WAY_MS);
    let unread = |why: &str| {
        log::error("advisers", why);
        Told::new("unavailable", "HubSpot could not be read just now.")
    };
    let answer = internal::post(FUNCTION, path, call, timeout_ms)
        .await
        .map_err(|error| unread(&error.to_string()))?;
    if answer.status() != StatusCode::OK {
        let status = answer.status().as_u16();
        return Err(unread(&format!("the reader answered {status}")));
    }
    serde_json::from_slice(answer.body()).map_err(|error| unread(&error.to_string()))
}

/// Where [`FUNCTION`] reads deals as they are now.
pub const DEALS_PATH: &str = "/internal/advisers/deals";

/// What [`DEALS_PATH`] takes; it answers [`DealsNow`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DealsCall {
    pub organization_id: String,
    pub connector_id: String,
    /// At the most [`providers::hubspot::MAX_BATCH`].
    pub ids: Vec<String>,
    pub properties: Vec<String>,
    /// Nothing goes on longer, in Unix milliseconds.
    pub deadline_ms: i64,
}

/// Deals as they are now, whatever searches show.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct DealsNow {
    pub found: Vec<DealNow>,
    pub missing: Vec<String>,
    /// Why nothing is known of them.
    pub failure: Option<Told>,
    /// How many requests went out for it.
    pub calls: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealNow {
    pub id: String,
    /// Those with a value.
    pub properties: BTreeMap<String, String>,
    pub archived: bool,
}

impl DealNow {
    /// The value of a property, if it has one.
    #[must_use]
    pub fn get(&self, property: &str) -> Option<&str> {
        self.properties.get(property).map(String::as_str)
    }
}

/// Reads deals by their ids, with one request.
pub async fn deals_now(call: &DealsCall) -> DealsNow {
    let read = post::<_, DealsNow>(DEALS_PATH, call, call.deadline_ms).await;
    read.unwrap_or_else(|failure| DealsNow {
        failure: Some(failure),
        ..DealsNow::default()
    })
}
