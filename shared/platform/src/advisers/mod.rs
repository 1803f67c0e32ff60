//! What is known of advisers at one moment: the users, owners, meetings and deals of a HubSpot account, leave of the HR
//! systems, closures and limits; and of each of them when it was read, and why it could not be.
//!
//! Lists of HubSpot are read anew where their copies are too old ([`Wanted`]); one that cannot be read leaves its copy as
//! it is, which is used for a while longer. What is neither read nor copied is unknown, which is not the same as nothing:
//! whoever it concerns is in [`domain::allocation::Input::unknown`], and is never free.

pub mod copies;
mod gathered;
mod lists;
mod questions;
pub mod reading;
mod rows;

use chrono::NaiveTime;
use domain::NaiveDate;
use domain::access::Tenant;
use domain::allocation::Settings;
use domain::allocation::week::Week;
use domain::zone::Zone;
use futures::future::join;
use serde::{Deserialize, Serialize};
use store::DatabaseError;
use store::allocation::Documents;
use store::employees;

pub use gathered::{Gathered, OwnedLeave, Reading, Unknown, View};
pub use rows::{Met, User, Waiting};

use crate::hubspot::Session;
use crate::{SpinDatabase, clock};
use lists::Lists;
use reading::{DealNow, DealsCall, DealsNow, Of, Read, ReadCall};

/// How old a list may be, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Age {
    /// A copy that is no older is not read anew.
    pub fresh_ms: i64,
    /// Where it cannot be read anew, a copy that is no older is used all the same.
    pub usable_ms: i64,
}

/// How old each list of HubSpot may be. One that is not wanted is not read, and is unknown then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub users: Age,
    pub owners: Option<Age>,
    pub meetings: Option<Age>,
    pub deals: Option<Age>,
}

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

impl Wanted {
    /// For people who look.
    pub const TO_LOOK: Self = Self {
        users: Age {
            fresh_ms: 5 * MINUTE_MS,
            usable_ms: HOUR_MS,
        },
        owners: Some(Age {
            fresh_ms: HOUR_MS,
            usable_ms: 24 * HOUR_MS,
        }),
        meetings: Some(Self::MEETINGS),
        deals: Some(Age {
            fresh_ms: 2 * MINUTE_MS,
            usable_ms: HOUR_MS,
        }),
    };

    /// Who there is, and nothing of what they have to do.
    pub const USERS: Self = Self {
        owners: None,
        meetings: None,
        deals: None,
        ..Self::TO_LOOK
    };

    /// To decide by: what we have decided ourselves since is counted besides, so only what people change in HubSpot within
    /// this time is not seen.
    pub const TO_DECIDE: Self = Self {
        users: Age {
            fresh_ms: 2 * MINUTE_MS,
            usable_ms: 15 * MINUTE_MS,
        },
        owners: Self::TO_LOOK.owners,
        meetings: Some(Age {
            fresh_ms: MINUTE_MS,
            usable_ms: 5 * MINUTE_MS,
        }),
        deals: Some(Age {
            fresh_ms: MINUTE_MS,
            usable_ms: 5 * MINUTE_MS,
        }),
    };

    /// The same, but a copy that is older than this, in milliseconds, counts for nothing.
    #[must_use]
    pub fn no_older_than(self, ms: i64) -> Self {
        let bounded = |age: Age| Age {
            fresh_ms: age.fresh_ms.min(ms),
            usable_ms: age.usable_ms.min(ms),
        };
        Self {
            users: bounded(self.users),
            owners: self.owners.map(bounded),
            meetings: self.meetings.map(bounded),
            deals: self.deals.map(bounded),
        }
    }

    /// The same, with who there is as it is now: of users and owners no copy counts.
    #[must_use]
    pub fn of_users_now(self) -> Self {
        let now = |_: Age| Age {
            fresh_ms: 0,
            usable_ms: 0,
        };
        Self {
            users: now(self.users),
            owners: self.owners.map(now),
            ..self
        }
    }

    /// Of meetings, for people who look.
    pub const MEETINGS: Age = Age {
        fresh_ms: 2 * MINUTE_MS,
        usable_ms: HOUR_MS,
    };
}

/// Gathers what decisions go by. `documents` are the organization's, `now_ms` is the moment that it is all for, and HubSpot
/// is waited for until `deadline_ms`. A list of HubSpot that cannot be read is no error. Leave is read with deals.
///
/// # Errors
/// The database's.
pub async fn gather(
    database: &SpinDatabase,
    tenant: &Tenant,
    connector_id: &str,
    documents: Documents,
    now_ms: i64,
    deadline_ms: i64,
    wanted: &Wanted,
) -> Result<Gathered, DatabaseError> {
    let now = now_ms.div_euclid(1_000);
    let zone = Zone::parse(&documents.time_zone).unwrap_or(Zone::UTC);
    let today = zone.date(now);
    let since = first_day(today);
    let of = Of {
        tenant,
        connector_id,
        settings: &documents.settings,
        since: zone.first_instant(since, NaiveTime::MIN),
        now_ms,
    };
    let leave = async {
        if wanted.deals.is_none() {
            return Ok(None);
        }
        let absences = employees::absences(database, tenant, since).await;
        absences.map(Some)
    };
    let (read, leave) = join(of.read(wanted, deadline_ms), leave).await;
    let leave = leave?;
    let mut gathered = Gathered::new(read, zone, today, now, documents);
    if let Some(leave) = leave {
        gathered.add_leave(&leave);
    }
    Ok(gathered)
}

/// Reads for whoever calls [`READ_PATH`](reading::READ_PATH).
pub async fn read(
    database: &SpinDatabase,
    session: &Session<'_>,
    settings: &Settings,
    call: &ReadCall,
) -> Read {
    let lists = Lists {
        database,
        session,
        settings,
        now_ms: clock::now_ms(),
        refused: session.verify().await.err(),
    };
    let mut read = match (&call.owner_id, call.wanted.meetings) {
        (Some(owner_id), Some(age)) => {
            let list = questions::meetings_of(owner_id);
            let owners = [owner_id.clone()];
            let meetings = lists.meetings(&list, age, &owners, call.since).await;
            Read {
                meetings: Some(meetings),
                ..Read::default()
            }
        }
        _ => lists.read(&call.wanted, call.since).await,
    };
    read.calls = session.calls();
    read
}

/// Reads deals for whoever calls [`DEALS_PATH`](reading::DEALS_PATH).
pub async fn read_deals(session: &Session<'_>, call: &DealsCall) -> DealsNow {
    let read = session
        .request(|client| client.deals_by_id(&call.ids, &call.properties))
        .await;
    let mut now = match read {
        Ok(read) => DealsNow {
            found: read
                .deals
                .into_iter()
                .map(|deal| DealNow {
                    id: deal.id,
                    properties: deal.properties,
                    archived: deal.archived,
                })
                .collect(),
            missing: read.missing,
            ..DealsNow::default()
        },
        Err(failure) => DealsNow {
            failure: Some((&failure).into()),
            ..DealsNow::default()
        },
    };
    now.calls = session.calls();
    now
}

/// Tables begin last week at the earliest.
fn first_day(today: NaiveDate) -> NaiveDate {
    Week::of(today).plus(-1).monday()
}
