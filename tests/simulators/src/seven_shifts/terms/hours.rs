//! When people can work.

use chrono::{Datelike as _, Days, NaiveDate, NaiveTime};
use rand::Rng as _;
use rand::seq::IndexedRandom as _;

use super::{DAY, Terms};
use crate::seven_shifts::accounts::take;
use crate::seven_shifts::availability::{
    AVAILABLE_BETWEEN, Availability, AvailabilityDay, AvailabilityReason, UNAVAILABLE_ALL_DAY,
};
use crate::seven_shifts::model::User;
use crate::seven_shifts::request_status::RequestStatus;

const REASONS: [(&str, bool); 4] = [
    ("School", false),
    ("Second job", false),
    ("Family", false),
    ("Other", true),
];

impl Terms<'_> {
    pub(super) fn settle_reasons(&mut self) {
        let created = self.company.created;
        for (sort, (reason, comments_required)) in (1..).zip(REASONS) {
            let id = take(&mut self.ids.availability_reason);
            self.company
                .availability_reasons
                .insert(AvailabilityReason {
                    id,
                    reason: reason.to_owned(),
                    comments_required,
                    sort,
                    created,
                    modified: created,
                });
        }
    }

    /// Most have told once for every week, some for one week to come.
    pub(super) fn agree_on_hours(&mut self, user: &User) {
        if self.random.random_bool(0.75) {
            let told = (self.now - self.random.random_range(5 * DAY..120 * DAY)).max(user.created);
            let week = monday(super::utc_date(told));
            let ends = self.random.random_bool(0.1);
            let week_to = ends.then(|| self.this_monday() + Days::new(10 * 7 + 6));
            self.tell(user, week, week_to, true, told);
        }
        if self.random.random_bool(0.2) {
            let told = (self.now - self.random.random_range(DAY..12 * DAY)).max(user.created);
            let week = self.this_monday() + Days::new(7 * self.random.random_range(0..4));
            self.tell(user, week, Some(week + Days::new(6)), false, told);
        }
    }

    fn tell(
        &mut self,
        user: &User,
        week: NaiveDate,
        week_to: Option<NaiveDate>,
        repeat: bool,
        told: i64,
    ) {
        let status = match self.random.random_range(0..100) {
            0..78 => RequestStatus::Approved,
            78..92 => RequestStatus::Pending,
            _ => RequestStatus::Declined,
        };
        let decided = status != RequestStatus::Pending;
        let days = std::array::from_fn(|_| self.day());
        let id = take(&mut self.ids.availability);
        self.company.availabilities.insert(Availability {
            id,
            user_id: user.id,
            week: Some(week),
            week_to,
            repeat,
            status,
            status_action_user_id: self.owner_id().filter(|_| decided),
            status_action_message: decided.then(|| "Thanks".to_owned()),
            days,
            created: told,
            modified: if decided {
                (told + DAY / 2).min(self.now)
            } else {
                told
            },
        });
    }

    fn day(&mut self) -> AvailabilityDay {
        let at = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        match self.random.random_range(0..10) {
            0..6 => AvailabilityDay::default(),
            6..8 => {
                let from = self.random.random_range(7..14);
                AvailabilityDay {
                    code: AVAILABLE_BETWEEN,
                    from: at(from),
                    to: at(from + self.random.random_range(5..10)),
                    ..AvailabilityDay::default()
                }
            }
            _ => {
                let reasons: Vec<i64> = self
                    .company
                    .availability_reasons
                    .iter()
                    .map(|reason| reason.id)
                    .collect();
                AvailabilityDay {
                    code: UNAVAILABLE_ALL_DAY,
                    comments: self
                        .random
                        .random_bool(0.2)
                        .then(|| "Every week".to_owned()),
                    reason_id: reasons.choose(self.random).copied(),
                    ..AvailabilityDay::default()
                }
            }
        }
    }

    fn this_monday(&self) -> NaiveDate {
        monday(self.today)
    }
}

fn monday(date: NaiveDate) -> NaiveDate {
    date - Days::new(u64::from(date.weekday().num_days_from_monday()))
}
