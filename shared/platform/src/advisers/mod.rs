//! What is known of advisers at one moment: the users, owners, meetings and deals of a HubSpot account, leave of the HR
//! systems, closures and limits; and of each of them when it was read, and why it could not be.
//!
//! Lists of HubSpot are read anew where their copies are too old ([`Wanted`]); one that cannot be read leaves its copy as
//! it is, which is used for a while longer. What is neither read nor copied is unknown, which is not the same as nothing:
//! whoever it concerns is in [`domain::allocation::Input::unknown`], and is never free.

pub mod copies;
mod gathered;
mod lists;
mod rows;

use domain::NaiveDate;
use domain::access::Tenant;
use domain::allocation::week::Week;
use domain::zone::Zone;
use store::allocation::Documents;
use store::employees;
use store::{Database, DatabaseError};

pub use gathered::{Gathered, OwnedLeave, Reading, Unknown, View};
pub use lists::{Copied, meetings_of};
pub use rows::{Met, User, Waiting};

use crate::SpinDatabase;
use crate::hubspot::Session;
use lists::Lists;

/// How old a list may be, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// A copy that is no older is not read anew.
    pub fresh_ms: i64,
    /// Where it cannot be read anew, a copy that is no older is used all the same.
    pub usable_ms: i64,
}

/// How old each list of HubSpot may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub users: Age,
    pub owners: Age,
    pub meetings: Age,
    pub deals: Age,
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
        owners: Age {
            fresh_ms: HOUR_MS,
            usable_ms: 24 * HOUR_MS,
        },
        meetings: Age {
            fresh_ms: 2 * MINUTE_MS,
            usable_ms: HOUR_MS,
        },
        deals: Age {
            fresh_ms: 2 * MINUTE_MS,
            usable_ms: HOUR_MS,
        },
    };

    /// To decide by: what we have decided ourselves since is counted besides, so only what people change in HubSpot within
    /// this time is not seen.
    pub const TO_DECIDE: Self = Self {
        users: Age {
            fresh_ms: 2 * MINUTE_MS,
            usable_ms: 15 * MINUTE_MS,
        },
        owners: Self::TO_LOOK.owners,
        meetings: Age {
            fresh_ms: MINUTE_MS,
            usable_ms: 5 * MINUTE_MS,
        },
        deals: Age {
            fresh_ms: MINUTE_MS,
            usable_ms: 5 * MINUTE_MS,
        },
    };
}

/// Gathers what decisions go by. `documents` are the organization's, `now_ms` is the moment that it is all for; how many
/// requests it took says [`Session::calls`], and until when it goes on is the session's deadline. A list of HubSpot that
/// cannot be read is no error.
///
/// # Errors
/// The database's.
pub async fn gather(
    database: &SpinDatabase,
    session: &Session<'_>,
    documents: Documents,
    now_ms: i64,
    wanted: &Wanted,
) -> Result<Gathered, DatabaseError> {
    let tenant = session.account.tenant;
    let now = now_ms.div_euclid(1_000);
    let zone = Zone::parse(&documents.time_zone).unwrap_or(Zone::UTC);
    let today = zone.date(now);
    let since = first_day(today);
    let lists = Lists {
        database,
        session,
        settings: &documents.settings,
        now_ms,
    };
    let (read, leave) = futures::future::join(
        lists.read(wanted, zone.first_instant(since, chrono::NaiveTime::MIN)),
        leave(database, tenant, since),
    )
    .await;
    let leave = leave?;
    let mut gathered = Gathered::new(read, zone, today, now, documents);
    gathered.add_leave(&leave);
    Ok(gathered)
}

/// Tables begin last week at the earliest.
fn first_day(today: NaiveDate) -> NaiveDate {
    Week::of(today).plus(-1).monday()
}

async fn leave<D: Database>(
    database: &D,
    tenant: &Tenant,
    since: NaiveDate,
) -> Result<employees::Absences, DatabaseError> {
    employees::absences(database, tenant, since).await
}
