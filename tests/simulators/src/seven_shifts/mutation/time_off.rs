//! Changes of when people are away. None of them leaves a stamp on the wire.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Change, Outcome, unknown};
use crate::Error;
use crate::seven_shifts::accounts::take;
use crate::seven_shifts::request_status::RequestStatus;
use crate::seven_shifts::time_off::{PartOfDay, TimeOff, spread};

const WHOLE_DAY_MINUTES: i64 = 8 * 60;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewTimeOff {
    pub user_id: i64,
    /// `YYYY-MM-DD`
    pub from_date: NaiveDate,
    pub to_date: NaiveDate,
    pub partial: Option<PartOfDay>,
    pub comments: String,
    pub status: RequestStatus,
    pub category: String,
    pub minutes_per_day: i64,
}

impl Default for NewTimeOff {
    fn default() -> Self {
        Self {
            user_id: 0,
            from_date: NaiveDate::default(),
            to_date: NaiveDate::default(),
            partial: None,
            comments: String::new(),
            status: RequestStatus::Pending,
            category: "paid".to_owned(),
            minutes_per_day: WHOLE_DAY_MINUTES,
        }
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeOffChanges {
    pub from_date: Option<NaiveDate>,
    pub to_date: Option<NaiveDate>,
    pub status: Option<RequestStatus>,
    /// Who approved or declined it.
    pub status_action_user_id: Option<i64>,
    pub status_action_message: Option<String>,
    pub category: Option<String>,
    pub comments: Option<String>,
}

impl Change<'_> {
    pub(super) fn add_time_off(&mut self, new: NewTimeOff) -> Outcome {
        self.user(new.user_id)?;
        in_order(new.from_date, new.to_date)?;
        let id = take(&mut self.ids.time_off);
        self.company.time_off.insert(TimeOff {
            id,
            user_id: new.user_id,
            from_date: new.from_date,
            to_date: new.to_date,
            partial: new.partial,
            comments: new.comments,
            status: new.status,
            status_action_user_id: None,
            status_action_message: String::new(),
            category: new.category,
            hours: spread(new.from_date, new.to_date, new.minutes_per_day),
            created: self.now,
            modified: self.now,
        });
        Ok(Some(id))
    }

    /// Other dates keep the hours of a day.
    pub(super) fn edit_time_off(&mut self, id: i64, changes: TimeOffChanges) -> Outcome {
        let now = self.now;
        let off = self
            .company
            .time_off
            .get(id)
            .ok_or(unknown("time off", id))?;
        let from_date = changes.from_date.unwrap_or(off.from_date);
        let to_date = changes.to_date.unwrap_or(off.to_date);
        in_order(from_date, to_date)?;
        self.company.time_off.update(id, |off| {
            if (from_date, to_date) != (off.from_date, off.to_date) {
                let minutes = off
                    .hours
                    .first()
                    .map_or(WHOLE_DAY_MINUTES, |day| day.minutes);
                off.hours = spread(from_date, to_date, minutes);
            }
            off.from_date = from_date;
            off.to_date = to_date;
            off.status = changes.status.unwrap_or(off.status);
            off.status_action_user_id = changes.status_action_user_id.or(off.status_action_user_id);
            for (field, change) in [
                (
                    &mut off.status_action_message,
                    changes.status_action_message,
                ),
                (&mut off.category, changes.category),
                (&mut off.comments, changes.comments),
            ] {
                if let Some(value) = change {
                    *field = value;
                }
            }
            off.modified = now;
        });
        Ok(Some(id))
    }

    pub(super) fn delete_time_off(&mut self, id: i64) -> Outcome {
        self.company
            .time_off
            .remove(id)
            .map(|_| Some(id))
            .ok_or(unknown("time off", id))
    }
}

fn in_order(from_date: NaiveDate, to_date: NaiveDate) -> Result<(), Error> {
    if to_date < from_date {
        return Err(Error::Impossible("time off ends after it begins"));
    }
    Ok(())
}
