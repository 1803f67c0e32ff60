//! What is kept of users, meetings and deals: as much as allocations go by. As arrays, because there are thousands.

use domain::allocation::settings::Settings;
use domain::allocation::{Adviser, MeetingKind};
use providers::hubspot::{Meeting, Record};
use serde::{Deserialize, Serialize};

/// A title is shown only; what is longer is cut.
const MAX_TITLE_CHARS: usize = 120;
/// Ids are whole numbers of 64 bits.
const MAX_ID_DIGITS: usize = 19;

/// A user with the properties of an adviser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "UserRow", into = "UserRow")]
pub struct User {
    pub id: String,
    pub email: String,
    pub owner_id: String,
    pub taking_on_clients: String,
    pub packages: String,
    pub households: String,
    pub pod_type: String,
    pub start_date: String,
}

type UserRow = (
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    String,
);

impl User {
    /// `None` for a user who has nothing of an adviser.
    pub fn read(record: &Record, settings: &Settings) -> Option<Self> {
        let properties = &settings.properties;
        let text = |name: &str| record.get(name).unwrap_or_default().to_owned();
        let user = Self {
            id: record.id.clone(),
            email: text(&properties.adviser_email),
            owner_id: owner_id(&text(&properties.adviser_owner_id)),
            taking_on_clients: text(&properties.adviser_taking_on_clients),
            packages: text(&properties.adviser_packages),
            households: text(&properties.adviser_households),
            pod_type: text(&properties.adviser_pod_type),
            start_date: text(&properties.adviser_start_date),
        };
        let is_adviser =
            !user.taking_on_clients.trim().is_empty() || !user.packages.trim().is_empty();
        (is_adviser && !record.archived).then_some(user)
    }

    pub fn adviser(&self) -> Adviser<'_> {
        Adviser {
            email: &self.email,
            owner_id: &self.owner_id,
            id: &self.id,
            taking_on_clients: &self.taking_on_clients,
            packages: &self.packages,
            households: &self.households,
            pod_type: &self.pod_type,
            start_date: &self.start_date,
        }
    }
}

/// What is no id would make every search for meetings fail.
fn owner_id(text: &str) -> String {
    let id = text.trim();
    let is_id =
        (1..=MAX_ID_DIGITS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    if is_id { id.to_owned() } else { String::new() }
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.0,
            email: row.1,
            owner_id: row.2,
            taking_on_clients: row.3,
            packages: row.4,
            households: row.5,
            pod_type: row.6,
            start_date: row.7,
        }
    }
}

impl From<User> for UserRow {
    fn from(user: User) -> Self {
        (
            user.id,
            user.email,
            user.owner_id,
            user.taking_on_clients,
            user.packages,
            user.households,
            user.pod_type,
            user.start_date,
        )
    }
}

/// A meeting of one of the two types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "MetRow", into = "MetRow")]
pub struct Met {
    pub id: String,
    pub owner_id: String,
    pub kind: MeetingKind,
    pub starts_at: i64,
    pub outcome: String,
    pub title: String,
}

/// The kind as whether it is a first meeting.
type MetRow = (String, String, bool, i64, String, String);

impl Met {
    /// `None` for a meeting of another type, and for one of nobody.
    pub fn read(meeting: Meeting, settings: &Settings) -> Option<Self> {
        let kind = settings.meeting_kind(meeting.activity_type.as_deref()?)?;
        let title = meeting.title.unwrap_or_default();
        Some(Self {
            id: meeting.id,
            owner_id: meeting.owner_id?,
            kind,
            starts_at: meeting.starts_at,
            outcome: meeting.outcome.unwrap_or_default(),
            title: domain::redact::excerpt(&title, MAX_TITLE_CHARS, &[]),
        })
    }
}

impl From<MetRow> for Met {
    fn from((id, owner_id, is_clarify, starts_at, outcome, title): MetRow) -> Self {
        let kind = if is_clarify {
            MeetingKind::Clarify
        } else {
            MeetingKind::KickOff
        };
        Self {
            id,
            owner_id,
            kind,
            starts_at,
            outcome,
            title,
        }
    }
}

impl From<Met> for MetRow {
    fn from(met: Met) -> Self {
        let is_clarify = met.kind == MeetingKind::Clarify;
        (
            met.id,
            met.owner_id,
            is_clarify,
            met.starts_at,
            met.outcome,
            met.title,
        )
    }
}

/// A deal that waits for its first meeting with an adviser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting(
    /// Its id.
    pub String,
    /// The adviser's mail.
    pub String,
    /// When its agreement starts, as it is written there.
    pub String,
);

impl Waiting {
    pub fn read(record: &Record, settings: &Settings) -> Self {
        let properties = &settings.properties;
        let text = |name: &str| record.get(name).unwrap_or_default().to_owned();
        Self(
            record.id.clone(),
            text(&properties.deal_adviser_email),
            text(&properties.deal_agreement_start_date),
        )
    }
}
