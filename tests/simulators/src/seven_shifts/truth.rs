//! What a perfect mirror of an account would hold, to compare tables with.

use serde::Serialize;

use super::availability::{Availability, AvailabilityReason};
use super::model::{Company, Department, Location, Role, TimePunch, User};
use super::shift::{Shift, ShiftDetails};
use super::time_off::TimeOff;
use super::wage::{Wage, WagesOn};
use super::webhook::Webhook;

/// Every list is in the order of ids. Times are Unix seconds, money is cents.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Truth {
    /// Not deleted.
    pub locations: Vec<Location>,
    pub departments: Vec<Department>,
    pub roles: Vec<Role>,
    /// Active or not, each with where they work; people who were merged into
    /// another are gone.
    pub users: Vec<User>,
    /// As employees see them: published and not deleted. An edit that is not
    /// published yet does not show.
    pub shifts: Vec<PublishedShift>,
    /// Not deleted.
    pub time_punches: Vec<TimePunch>,
    /// Paid now, on the calendar of the first location.
    pub current_wages: Vec<Wage>,
    pub upcoming_wages: Vec<Wage>,
    /// No longer paid: the API lists them nowhere.
    pub past_wages: Vec<Wage>,
    pub availabilities: Vec<Availability>,
    pub availability_reasons: Vec<AvailabilityReason>,
    pub time_off: Vec<TimeOff>,
    pub webhooks: Vec<Webhook>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublishedShift {
    pub id: i64,
    pub created: i64,
    #[serde(flatten)]
    pub details: ShiftDetails,
}

impl Truth {
    pub(super) fn of(company: &Company, now: i64) -> Self {
        let wages = WagesOn::day(company.wages.iter(), company.today(now));
        let owned = |wages: Vec<&Wage>| wages.into_iter().cloned().collect();
        Self {
            locations: company
                .locations
                .iter()
                .filter(|location| !location.deleted)
                .cloned()
                .collect(),
            departments: company.departments.iter().cloned().collect(),
            roles: company.roles.iter().cloned().collect(),
            users: company.users.iter().cloned().collect(),
            shifts: company
                .shifts
                .iter()
                .filter_map(Shift::published)
                .map(|face| PublishedShift {
                    id: face.id,
                    created: face.created,
                    details: face.details.clone(),
                })
                .collect(),
            time_punches: company
                .time_punches
                .iter()
                .filter(|punch| !punch.deleted)
                .cloned()
                .collect(),
            current_wages: owned(wages.current),
            upcoming_wages: owned(wages.upcoming),
            past_wages: owned(wages.past),
            availabilities: company.availabilities.iter().cloned().collect(),
            availability_reasons: company.availability_reasons.iter().cloned().collect(),
            time_off: company.time_off.iter().cloned().collect(),
            webhooks: company.webhooks.iter().cloned().collect(),
        }
    }
}
