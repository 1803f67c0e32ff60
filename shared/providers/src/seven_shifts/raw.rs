//! What is only handed on: 7shifts' own rows, whatever is in them.

use serde_json::{Map, Value};

use super::query::Query as _;
use super::{
    AvailabilitiesQuery, CompanyClient, DepartmentsQuery, LocationsQuery, RolesQuery, ShiftsQuery,
    TimeOffQuery, TimePunchesQuery, UsersQuery,
};
use crate::json::{read_raw_object, read_raw_page};
use crate::{Call, ProviderError, RawPage};

/// A list, with what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListQuery {
    Locations(LocationsQuery),
    Departments(DepartmentsQuery),
    Roles(RolesQuery),
    Users(UsersQuery),
    Shifts(ShiftsQuery),
    TimePunches(TimePunchesQuery),
    Availabilities(AvailabilitiesQuery),
    TimeOff(TimeOffQuery),
}

/// What 7shifts has one object for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SingleQuery {
    /// Of this user.
    UserWages(i64),
    /// Of this user.
    UserAssignments(i64),
    LaborSettings,
}

impl CompanyClient {
    /// One page of a list.
    ///
    /// # Errors
    /// See [`CompanyClient::locations`].
    pub fn raw_list(&self, list: &ListQuery) -> Result<Call<RawPage>, ProviderError> {
        let (name, query) = match list {
            ListQuery::Locations(query) => ("locations", query.encode()?),
            ListQuery::Departments(query) => ("departments", query.encode()?),
            ListQuery::Roles(query) => ("roles", query.encode()?),
            ListQuery::Users(query) => ("users", query.encode()?),
            ListQuery::Shifts(query) => ("shifts", query.encode()?),
            ListQuery::TimePunches(query) => ("time_punches", query.encode()?),
            ListQuery::Availabilities(query) => ("availabilities", query.encode()?),
            ListQuery::TimeOff(query) => {
                return self.get(&self.time_off_path(&query.encode()?), read_raw_page);
            }
        };
        self.get(&self.list_path(name, &query), read_raw_page)
    }

    /// The `data` of a single answer.
    ///
    /// # Errors
    /// See [`Client::whoami`](super::Client::whoami).
    pub fn raw_single(
        &self,
        single: SingleQuery,
    ) -> Result<Call<Map<String, Value>>, ProviderError> {
        let name = match single {
            SingleQuery::UserWages(user_id) => format!("users/{user_id}/wages"),
            SingleQuery::UserAssignments(user_id) => format!("users/{user_id}/assignments"),
            SingleQuery::LaborSettings => "labor_settings".to_owned(),
        };
        self.get(&self.path(&name), read_raw_object)
    }
}
