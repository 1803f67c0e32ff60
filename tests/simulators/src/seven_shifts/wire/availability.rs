//! Availabilities and their reasons.

use chrono::NaiveDate;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::Offset;
use crate::seven_shifts::availability::{Availability, AvailabilityDay, AvailabilityReason, DAYS};

#[derive(Serialize)]
pub struct AvailabilityWire<'a> {
    id: i64,
    user_id: i64,
    company_id: i64,
    week: Option<NaiveDate>,
    week_to: Option<NaiveDate>,
    repeat: bool,
    status: i64,
    status_action_user_id: Option<i64>,
    status_action_message: Option<&'a str>,
    #[serde(flatten)]
    days: Days<'a>,
    created: Offset,
    modified: Offset,
}

impl<'a> AvailabilityWire<'a> {
    pub fn new(company_id: i64, availability: &'a Availability) -> Self {
        Self {
            id: availability.id,
            user_id: availability.user_id,
            company_id,
            week: availability.week,
            week_to: availability.week_to,
            repeat: availability.repeat,
            status: availability.status.code(),
            status_action_user_id: availability.status_action_user_id,
            status_action_message: availability.status_action_message.as_deref(),
            days: Days(&availability.days),
            created: Offset(availability.created),
            modified: Offset(availability.modified),
        }
    }
}

/// `mon, mon_from, mon_to, mon_comments, mon_reason` and so on.
struct Days<'a>(&'a [AvailabilityDay; 7]);

impl Serialize for Days<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(35))?;
        for (name, day) in DAYS.iter().zip(self.0) {
            map.serialize_entry(name, &day.code)?;
            map.serialize_entry(&format!("{name}_from"), &day.from)?;
            map.serialize_entry(&format!("{name}_to"), &day.to)?;
            map.serialize_entry(&format!("{name}_comments"), &day.comments)?;
            // Text, although it is an id.
            let reason = day.reason_id.map(|id| id.to_string());
            map.serialize_entry(&format!("{name}_reason"), &reason)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
pub struct AvailabilityReasonWire<'a> {
    id: i64,
    company_id: i64,
    reason: &'a str,
    comments_required: bool,
    sort: i64,
    created: Offset,
    modified: Offset,
}

impl<'a> AvailabilityReasonWire<'a> {
    pub fn new(company_id: i64, reason: &'a AvailabilityReason) -> Self {
        Self {
            id: reason.id,
            company_id,
            reason: &reason.reason,
            comments_required: reason.comments_required,
            sort: reason.sort,
            created: Offset(reason.created),
            modified: Offset(reason.modified),
        }
    }
}
