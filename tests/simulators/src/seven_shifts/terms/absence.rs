//! When people are away.

use chrono::{Days, NaiveDate, NaiveTime};
use rand::Rng as _;

use super::{DAY, Terms, midnight};
use crate::seven_shifts::accounts::take;
use crate::seven_shifts::model::User;
use crate::seven_shifts::request_status::RequestStatus;
use crate::seven_shifts::time_off::{PartOfDay, TimeOff, TimeOffCategory, TimeOffSettings, spread};

/// Label, value, whether hours count. The last is the company's own.
const CATEGORIES: [(&str, &str, bool); 4] = [
    ("Vacation", "paid", true),
    ("Personal", "unpaid", false),
    ("Sick", "paid_sick", true),
    ("Study leave", "study_leave", false),
];

const WHOLE_DAY_MINUTES: i64 = 8 * 60;

/// What someone asks for.
struct Request {
    category: &'static str,
    comments: &'static str,
    from_date: NaiveDate,
    days: u64,
    partial: Option<PartOfDay>,
    /// Nobody decides on a sick day in advance.
    noted: bool,
}

impl Terms<'_> {
    pub(super) fn settle_categories(&mut self) {
        self.company.time_off_settings = TimeOffSettings {
            time_off_request_comment: false,
            time_off_request_notice: 7,
            categories: CATEGORIES
                .iter()
                .map(|(label, value, require_hours)| TimeOffCategory {
                    label: (*label).to_owned(),
                    value: (*value).to_owned(),
                    require_hours: *require_hours,
                    active: true,
                })
                .collect(),
        };
    }

    pub(super) fn agree_on_absence(&mut self, user: &User) {
        if self.random.random_bool(0.45) {
            let request = Request {
                category: "paid",
                comments: "Family visit",
                from_date: self.around_today(60),
                days: self.random.random_range(2..=12),
                partial: None,
                noted: false,
            };
            self.ask(user, &request);
        }
        if self.random.random_bool(0.25) {
            let request = Request {
                category: "paid_sick",
                comments: "",
                from_date: self.today - Days::new(self.random.random_range(1..50)),
                days: self.random.random_range(1..=2),
                partial: None,
                noted: true,
            };
            self.ask(user, &request);
        }
        if self.random.random_bool(0.3) {
            let from = self.random.random_range(9..15);
            let at = |hour| NaiveTime::from_hms_opt(hour, 30, 0).unwrap_or_default();
            let request = Request {
                category: "unpaid",
                comments: "Appointment",
                from_date: self.around_today(30),
                days: 1,
                partial: self.random.random_bool(0.7).then(|| PartOfDay {
                    from: at(from),
                    to: at(from + 4),
                }),
                noted: false,
            };
            self.ask(user, &request);
        }
        if self.random.random_bool(0.12) {
            let request = Request {
                category: "study_leave",
                comments: "Exam",
                from_date: self.around_today(45),
                days: 1,
                partial: None,
                noted: false,
            };
            self.ask(user, &request);
        }
    }

    /// Up to so many days before or after.
    fn around_today(&mut self, days: u64) -> NaiveDate {
        self.today - Days::new(days) + Days::new(self.random.random_range(0..=2 * days))
    }

    fn ask(&mut self, user: &User, request: &Request) {
        let ahead = self.random.random_range(8 * DAY..30 * DAY);
        let created = if request.noted {
            midnight(request.from_date)
        } else {
            (midnight(request.from_date) - ahead).min(self.now - ahead / 10)
        }
        .max(user.created);
        let status = match self.random.random_range(0..100) {
            _ if request.noted => RequestStatus::Approved,
            0..65 => RequestStatus::Approved,
            65..88 => RequestStatus::Pending,
            _ => RequestStatus::Declined,
        };
        let decided = status != RequestStatus::Pending;
        let to_date = request.from_date + Days::new(request.days.saturating_sub(1));
        let minutes = match request.partial {
            Some(part) => (part.to - part.from).num_minutes(),
            None => WHOLE_DAY_MINUTES,
        };
        let message = match status {
            RequestStatus::Declined => "We are short of people then",
            RequestStatus::Approved | RequestStatus::Pending => "",
        };
        let id = take(&mut self.ids.time_off);
        self.company.time_off.insert(TimeOff {
            id,
            user_id: user.id,
            from_date: request.from_date,
            to_date,
            partial: request.partial,
            comments: request.comments.to_owned(),
            status,
            status_action_user_id: self.owner_id().filter(|_| decided),
            status_action_message: message.to_owned(),
            category: request.category.to_owned(),
            hours: spread(request.from_date, to_date, minutes),
            created,
            modified: created,
        });
    }
}
