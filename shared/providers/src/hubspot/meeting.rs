//! Meetings, by HubSpot's own properties.

use serde::Deserialize;

use super::Record;
use crate::field::{Fault, Field, Integer, OptionalObject, Text};
use crate::record::Row;
use crate::timestamp;

const START: &str = "hs_meeting_start_time";
const OUTCOME: &str = "hs_meeting_outcome";
const OWNER: &str = "hubspot_owner_id";
const TYPE: &str = "hs_activity_type";
const TITLE: &str = "hs_meeting_title";

/// What is asked for.
pub(super) const PROPERTIES: [&str; 5] = [TITLE, START, OUTCOME, OWNER, TYPE];
pub(super) const FILTERED_BY_OWNER: &str = OWNER;
pub(super) const FILTERED_BY_START: &str = START;
pub(super) const FILTERED_BY_TYPE: &str = TYPE;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    pub id: String,
    pub owner_id: Option<String>,
    /// Unix seconds.
    pub starts_at: i64,
    /// The account's own name of the type.
    pub activity_type: Option<String>,
    /// `SCHEDULED`, `COMPLETED`, `RESCHEDULED`, `NO_SHOW`, `CANCELED`.
    pub outcome: Option<String>,
    pub title: Option<String>,
}

impl Meeting {
    /// The same of a record that was read as all others are. `None`: nobody can say when it starts.
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        let text = |name: &str| record.get(name).map(str::to_owned);
        Some(Self {
            id: record.id.clone(),
            owner_id: text(OWNER),
            starts_at: time(record.get(START)?)?,
            activity_type: text(TYPE),
            outcome: text(OUTCOME),
            title: text(TITLE),
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct MeetingWire {
    id: Field<Integer>,
    properties: OptionalObject<PropertiesWire>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PropertiesWire {
    hs_meeting_start_time: Field<Text>,
    hs_meeting_outcome: Field<Text>,
    hubspot_owner_id: Field<Text>,
    hs_activity_type: Field<Text>,
    hs_meeting_title: Field<Text>,
}

impl Row for Meeting {
    type Wire = MeetingWire;
    type Id = String;

    fn wire_id(wire: &MeetingWire) -> Option<String> {
        wire.id.as_id().map(|id| id.to_string())
    }

    fn from_wire(wire: MeetingWire) -> Result<Self, Fault> {
        let OptionalObject(properties) = wire.properties;
        let start = properties.hs_meeting_start_time.required(START)?;
        Ok(Self {
            id: wire.id.id("id")?.to_string(),
            owner_id: properties.hubspot_owner_id.optional(OWNER)?,
            starts_at: time(&start).ok_or_else(|| Fault::not(START, "a date-time"))?,
            activity_type: properties.hs_activity_type.optional(TYPE)?,
            outcome: properties.hs_meeting_outcome.optional(OUTCOME)?,
            title: properties.hs_meeting_title.optional(TITLE)?,
        })
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn owner(&self) -> Option<i64> {
        None
    }
}

/// A date-time, or milliseconds since 1970, which is how the same property is written.
fn time(text: &str) -> Option<i64> {
    timestamp::parse(text).or_else(|| {
        let milliseconds: i64 = text.parse().ok()?;
        Some(milliseconds.div_euclid(1_000))
    })
}
