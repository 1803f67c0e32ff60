//! What organisations hold.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, Days, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::DateForm;

/// A working day's hours in Australia.
const DAY_HOURS: f64 = 7.6;

/// All organisations, and who sees which.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Organisations {
    /// By id, in the order of the ids.
    list: BTreeMap<String, Organisation>,
    /// The ids of the organisations that a login sees.
    logins: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Organisation {
    pub id: String,
    pub name: String,
    pub country: String,
    pub time_zone: String,
    /// In the order in which the list gives them.
    pub employees: Vec<Employee>,
    pub leave_requests: Vec<LeaveRequest>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Employee {
    pub id: String,
    pub first_name: String,
    pub last_name: String,
    #[serde(default)]
    pub account_email: Option<String>,
    #[serde(default)]
    pub company_email: Option<String>,
    pub job_title: String,
    pub status: String,
    pub start_date: NaiveDate,
    #[serde(default)]
    pub termination_date: Option<NaiveDate>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaveRequest {
    pub id: String,
    pub employee_id: String,
    pub start_date: NaiveDate,
    /// Itself away.
    pub end_date: NaiveDate,
    pub status: String,
    pub category: String,
    /// The hours of one working day.
    #[serde(default = "day_hours")]
    pub hours_a_day: f64,
}

const fn day_hours() -> f64 {
    DAY_HOURS
}

impl Organisations {
    /// Adds an organisation that `login` sees.
    #[must_use]
    pub fn with(mut self, login: &str, organisation: Organisation) -> Self {
        self.logins
            .entry(login.to_owned())
            .or_default()
            .insert(organisation.id.clone());
        self.list.insert(organisation.id.clone(), organisation);
        self
    }

    /// Adds all of `other`.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.list.extend(other.list);
        for (login, ids) in other.logins {
            self.logins.entry(login).or_default().extend(ids);
        }
        self
    }

    pub fn get(&self, id: &str) -> Option<&Organisation> {
        self.list.get(id)
    }

    pub fn list(&self) -> Vec<&Organisation> {
        self.list.values().collect()
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Organisation> {
        self.list.get_mut(id)
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Organisation> {
        self.list.values_mut()
    }

    /// What a login sees.
    pub(super) fn of_login(&self, login: &str) -> Vec<&Organisation> {
        let ids = self.logins.get(login);
        ids.into_iter()
            .flatten()
            .filter_map(|id| self.list.get(id))
            .collect()
    }

    pub(super) fn sees(&self, login: &str, id: &str) -> bool {
        self.logins.get(login).is_some_and(|ids| ids.contains(id))
    }
}

impl Organisation {
    #[must_use]
    pub fn new(id: &str, name: &str, time_zone: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            country: "AU".to_owned(),
            time_zone: time_zone.to_owned(),
            employees: Vec::new(),
            leave_requests: Vec::new(),
        }
    }

    /// As the list gives it.
    pub(super) fn listed(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "phone": "+61280000000", "country": self.country,
            "logo_url": null,
        })
    }

    /// As it is given by itself.
    pub(super) fn detailed(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "phone": "+61280000000", "country": self.country,
            "logo_url": null, "primary_address": "1 Quay Street", "end_of_week": "Sunday",
            "typical_work_day": "9-5", "payroll_admin_ids": [], "subscription_plan": "Platinum",
            "superfund_name": null, "employees_count": self.employees.len(),
            "active_employees_count": self.employees.len(), "pending_employees_count": 0,
            "terminated_employees_count": 0, "time_zone": self.time_zone,
            "created_at": "2020-01-01T00:00:00+00:00",
        })
    }
}

impl Employee {
    /// With much that is nobody's business.
    pub(super) fn json(&self) -> Value {
        let full_name = format!("{} {}", self.first_name, self.last_name);
        let midnight = |date: NaiveDate| format!("{date}T00:00:00+00:00");
        json!({
            "id": self.id, "account_email": self.account_email, "company_email": self.company_email,
            "personal_email": "private@example.test", "first_name": self.first_name,
            "last_name": self.last_name, "full_name": full_name, "known_as": self.first_name,
            "middle_name": null, "title": "Mx", "job_title": self.job_title, "role": "employee",
            "status": self.status, "start_date": midnight(self.start_date),
            "termination_date": self.termination_date.map(midnight),
            "time_zone": "Australia/Sydney", "gender": "Not Stated", "country": "AU",
            "date_of_birth": "1990-01-01T00:00:00+00:00", "address": "1 Private Lane",
            "personal_mobile_number": "+61400000000", "marital_status": "Single",
            "tax_file_number": "000 000 000",
            "teams": [{"id": "1f1a7c55-0000-4000-8000-000000000031", "name": "Advice"}],
            "primary_manager": null, "secondary_manager": null,
        })
    }
}

impl LeaveRequest {
    /// The working days and their hours.
    pub(super) fn days(&self) -> impl Iterator<Item = (NaiveDate, f64)> {
        let first = self.start_date;
        (0..)
            .map_while(move |days| first.checked_add_days(Days::new(days)))
            .take_while(|day| *day <= self.end_date)
            .filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
            .map(|day| (day, self.hours_a_day))
    }

    pub(super) fn json(&self, form: DateForm) -> Value {
        let written = |date: NaiveDate| match form {
            DateForm::DateTime => format!("{date}T00:00:00+00:00"),
            DateForm::Local => format!("{date}T00:00:00+11:00"),
            DateForm::Date => date.to_string(),
        };
        let days: Vec<_> = self.days().collect();
        let total: f64 = days.iter().map(|(_, hours)| hours).sum();
        // Tenths: sums of floats have tails that nobody writes.
        let total = (total * 10.0).round() / 10.0;
        let days: Vec<_> = days
            .into_iter()
            .map(|(date, hours)| json!({"date": date.to_string(), "hours": hours}))
            .collect();
        json!({
            "id": self.id, "employee_id": self.employee_id,
            "start_date": written(self.start_date), "end_date": written(self.end_date),
            "total_hours": total, "status": self.status, "leave_category_name": self.category,
            "leave_balance_amount": 61.5, "reason": "a private reason",
            "comment": "a private comment", "hours_per_day": days,
        })
    }
}
