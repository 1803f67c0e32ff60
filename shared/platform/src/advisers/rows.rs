//! What is kept of users, owners, meetings and deals: as much as allocations go by, each as a row of texts.

use domain::allocation::settings::Settings;
use domain::allocation::{Adviser, MeetingKind};
use providers::hubspot::{Meeting, Record};

use super::copies::Row;

/// A title is shown only; what is longer is cut.
const MAX_TITLE_CHARS: usize = 120;
/// Ids are whole numbers of 64 bits.
const MAX_ID_DIGITS: usize = 19;

/// What becomes of a record.
pub(super) enum Kept {
    Row(Row),
    /// Nothing that counts.
    Nothing,
    /// It cannot be said what it is.
    Unreadable,
}

/// A user with the properties of an adviser.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl User {
    /// Not of a user who has nothing of an adviser.
    pub(super) fn keep(record: &Record, settings: &Settings) -> Kept {
        let properties = &settings.properties;
        let text = |name: &str| record.get(name).unwrap_or_default().to_owned();
        let taking_on_clients = text(&properties.adviser_taking_on_clients);
        let packages = text(&properties.adviser_packages);
        let is_adviser = !taking_on_clients.trim().is_empty() || !packages.trim().is_empty();
        if !is_adviser || record.archived {
            return Kept::Nothing;
        }
        Kept::Row(vec![
            record.id.clone(),
            text(&properties.adviser_email),
            owner_id(&text(&properties.adviser_owner_id)),
            taking_on_clients,
            packages,
            text(&properties.adviser_households),
            text(&properties.adviser_pod_type),
            text(&properties.adviser_start_date),
        ])
    }

    pub(super) fn of(row: Row) -> Option<Self> {
        let [
            id,
            email,
            owner_id,
            taking_on_clients,
            packages,
            households,
            pod_type,
            start_date,
        ] = row.try_into().ok()?;
        Some(Self {
            id,
            email,
            owner_id,
            taking_on_clients,
            packages,
            households,
            pod_type,
            start_date,
        })
    }

    #[must_use]
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

/// The place of an owner's id in a row of a user.
pub(super) const USER_OWNER_ID: usize = 2;

/// What is no id would make every search for meetings fail.
fn owner_id(text: &str) -> String {
    let id = text.trim();
    let is_id =
        (1..=MAX_ID_DIGITS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    if is_id { id.to_owned() } else { String::new() }
}

/// Of owners only the id.
pub(super) fn keep_owner(record: &Record) -> Kept {
    if record.archived {
        Kept::Nothing
    } else {
        Kept::Row(vec![record.id.clone()])
    }
}

/// A meeting of one of the two types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Met {
    pub id: String,
    pub owner_id: String,
    pub kind: MeetingKind,
    pub starts_at: i64,
    pub outcome: String,
    pub title: String,
}

impl Met {
    /// Not of another type, nor of nobody.
    pub(super) fn keep(record: &Record, settings: &Settings) -> Kept {
        let Some(meeting) = Meeting::of(record) else {
            return Kept::Unreadable;
        };
        let kind = meeting.activity_type.as_deref();
        let kind = kind.and_then(|kind| settings.meeting_kind(kind));
        let (Some(kind), Some(owner_id)) = (kind, meeting.owner_id) else {
            return Kept::Nothing;
        };
        let title = meeting.title.unwrap_or_default();
        Kept::Row(vec![
            meeting.id,
            owner_id,
            kind.as_str().to_owned(),
            meeting.starts_at.to_string(),
            meeting.outcome.unwrap_or_default(),
            domain::redact::excerpt(&title, MAX_TITLE_CHARS, &[]),
        ])
    }

    pub(super) fn of(row: Row) -> Option<Self> {
        let [id, owner_id, kind, starts_at, outcome, title] = row.try_into().ok()?;
        let kind = if kind == MeetingKind::Clarify.as_str() {
            MeetingKind::Clarify
        } else {
            MeetingKind::KickOff
        };
        Some(Self {
            id,
            owner_id,
            kind,
            starts_at: starts_at.parse().ok()?,
            outcome,
            title,
        })
    }
}

/// A deal that waits for its first meeting with an adviser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub id: String,
    pub adviser_email: String,
    /// As it is written there.
    pub agreement_start: String,
}

impl Waiting {
    pub(super) fn keep(record: &Record, settings: &Settings) -> Kept {
        let properties = &settings.properties;
        let text = |name: &str| record.get(name).unwrap_or_default().to_owned();
        Kept::Row(vec![
            record.id.clone(),
            text(&properties.deal_adviser_email),
            text(&properties.deal_agreement_start_date),
        ])
    }

    pub(super) fn of(row: Row) -> Option<Self> {
        let [id, adviser_email, agreement_start] = row.try_into().ok()?;
        Some(Self {
            id,
            adviser_email,
            agreement_start,
        })
    }
}
