//! What a perfect mirror of an account would hold, to compare tables with.

use serde::Serialize;

use super::model::{Company, Department, Location, Role, TimePunch, User};
use super::shift::{Shift, ShiftDetails};

/// Every list is in the order of ids. Times are Unix seconds, money is cents.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Truth {
    /// Not deleted.
    pub locations: Vec<Location>,
    pub departments: Vec<Department>,
    pub roles: Vec<Role>,
    /// Active or not; people who were merged into another are gone.
    pub users: Vec<User>,
    /// As employees see them: published and not deleted. An edit that is not
    /// published yet does not show.
    pub shifts: Vec<PublishedShift>,
    /// Not deleted.
    pub time_punches: Vec<TimePunch>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublishedShift {
    pub id: i64,
    pub created: i64,
    #[serde(flatten)]
    pub details: ShiftDetails,
}

impl From<&Company> for Truth {
    fn from(company: &Company) -> Self {
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
        }
    }
}
