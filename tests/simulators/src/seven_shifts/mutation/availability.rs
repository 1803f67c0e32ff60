//! Changes of when people can work.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Change, Outcome, unknown};
use crate::seven_shifts::accounts::take;
use crate::seven_shifts::availability::{Availability, AvailabilityDay};
use crate::seven_shifts::request_status::RequestStatus;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewAvailability {
    pub user_id: i64,
    /// `YYYY-MM-DD`
    pub week: Option<NaiveDate>,
    pub week_to: Option<NaiveDate>,
    pub repeat: bool,
    pub status: RequestStatus,
    /// Monday first; available all day unless said otherwise.
    pub days: [AvailabilityDay; 7],
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AvailabilityChanges {
    pub week: Option<NaiveDate>,
    pub week_to: Option<NaiveDate>,
    pub status: Option<RequestStatus>,
    /// Who approved or declined it.
    pub status_action_user_id: Option<i64>,
    pub status_action_message: Option<String>,
    pub days: Option<[AvailabilityDay; 7]>,
}

impl Change<'_> {
    pub(super) fn add_availability(&mut self, new: NewAvailability) -> Outcome {
        self.user(new.user_id)?;
        let id = take(&mut self.ids.availability);
        self.company.availabilities.insert(Availability {
            id,
            user_id: new.user_id,
            week: new.week,
            week_to: new.week_to,
            repeat: new.repeat,
            status: new.status,
            status_action_user_id: None,
            status_action_message: None,
            days: new.days,
            created: self.now,
            modified: self.now,
        });
        Ok(Some(id))
    }

    pub(super) fn edit_availability(&mut self, id: i64, changes: AvailabilityChanges) -> Outcome {
        let now = self.now;
        self.company
            .availabilities
            .update(id, |availability| {
                changes.apply(availability);
                availability.modified = now;
                Some(id)
            })
            .ok_or(unknown("availability", id))
    }

    pub(super) fn delete_availability(&mut self, id: i64) -> Outcome {
        self.company
            .availabilities
            .remove(id)
            .map(|_| Some(id))
            .ok_or(unknown("availability", id))
    }
}

impl AvailabilityChanges {
    fn apply(self, availability: &mut Availability) {
        availability.week = self.week.or(availability.week);
        availability.week_to = self.week_to.or(availability.week_to);
        availability.status = self.status.unwrap_or(availability.status);
        availability.status_action_user_id = self
            .status_action_user_id
            .or(availability.status_action_user_id);
        availability.status_action_message = self
            .status_action_message
            .or(availability.status_action_message.take());
        if let Some(days) = self.days {
            availability.days = days;
        }
    }
}
