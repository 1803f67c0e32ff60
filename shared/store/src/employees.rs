//! Who of an organization is away, by its HR systems, and how far that is known.
//!
//! What is not known is never "here": [`Absences::of`] says which of its answers rest on a source that is not
//! in order, too old, or not read to its end yet.

use domain::NaiveDate;
use domain::access::Tenant;
use domain::connector_state::ConnectorState;
use domain::freshness;
use domain::stream::Stream;
use domain::sync_settings::SyncSettings;
use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::records::Scope;
use crate::{json, parameters};

/// Everybody's approved leave, and where it is from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Absences {
    /// The connectors that bring employees, whatever their state, in the order of their ids.
    pub sources: Vec<Source>,
    /// Those whom their sources have, in no order.
    pub employees: Vec<Employee>,
    /// In the order of the last days.
    pub leave: Vec<Leave>,
}

/// One connector that brings employees and leave.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Source {
    pub connector_id: String,
    pub integration_key: String,
    pub name: String,
    pub state: String,
    /// In the manager's words.
    pub state_reason: Option<String>,
    /// JSON.
    pub sync_settings: String,
    /// Unix seconds: when the last run ended that brought something, and that has read everything.
    pub employees_synced_at: Option<i64>,
    pub employees_complete_at: Option<i64>,
    pub leave_synced_at: Option<i64>,
    pub leave_complete_at: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Employee {
    /// Our row's.
    pub id: String,
    pub connector_id: String,
    /// The provider's id.
    pub external_id: String,
    pub name: Option<String>,
    /// In lower case, without blanks around it; as is `account_email`.
    pub company_email: Option<String>,
    pub account_email: Option<String>,
    /// The provider's word, in lower case.
    pub status: Option<String>,
}

/// An approved request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Leave {
    pub connector_id: String,
    /// Whose it is, by the provider's id.
    pub external_employee_id: String,
    /// The provider's id of the request.
    pub external_id: String,
    pub start_date: NaiveDate,
    /// Included.
    pub end_date: NaiveDate,
    /// For example `Annual Leave`.
    pub category: Option<String>,
    /// How much of each day is off. Of a day of the request that is not there, nothing is known: it counts as a whole
    /// one. Where there is none at all, each day is whole.
    pub days: Vec<LeaveDay>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct LeaveDay {
    pub date: NaiveDate,
    pub minutes: i64,
}

/// What is known of when somebody is away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// No connector brings employees.
    NoSource,
    /// Nobody has this mail, and all sources are in order.
    Nobody,
    /// It cannot be said, for this reason. Whoever that is must not count as here.
    Unknown { reason: String },
    /// By sources that are in order.
    Away(Person<'a>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person<'a> {
    /// All that have the mail: one as a rule, one in each of several accounts, or several of one account.
    pub employees: Vec<&'a Employee>,
    /// The leave of all of them, so that a mail that two share makes nobody look here.
    pub leave: Vec<&'a Leave>,
    /// Two employees of one account have the mail.
    pub is_ambiguous: bool,
    /// The oldest last complete run of leave that this rests on, Unix seconds.
    pub complete_at: Option<i64>,
}

/// From the connectors, by their jobs, to what they have brought; a set each.
const ABSENCES: &str = "
SELECT json_object(
  'sources', (
    SELECT json_group_array(json_object('connector_id', connectors.id, 'integration_key', integration_key, 'name', connectors.name,
      'state', connectors.state, 'state_reason', state_reason, 'sync_settings', sync_settings,
      'employees_synced_at', people.last_success_at, 'employees_complete_at', people.last_complete_at,
      'leave_synced_at', leave.last_success_at, 'leave_complete_at', leave.last_complete_at) ORDER BY connectors.id)
    FROM jobs AS people
    CROSS JOIN connectors ON connectors.id = people.subject AND connectors.organization_id = ?1
    LEFT JOIN jobs AS leave ON leave.kind = 'sync' AND leave.subject = people.subject AND leave.name = 'leave_requests'
    WHERE people.organization_id = ?1 AND people.kind = 'sync' AND people.name = 'employees'),
  'employees', (
    SELECT json_group_array(json_object('id', id, 'connector_id', connector_id, 'external_id', external_id, 'name', name,
      'company_email', company_email, 'account_email', account_email, 'status', status))
    FROM employees WHERE organization_id = ?1 AND deleted_at IS NULL),
  'leave', (
    SELECT json_group_array(json_object('connector_id', connector_id, 'external_employee_id', external_employee_id,
      'external_id', external_id, 'start_date', start_date, 'end_date', end_date, 'category', leave_category, 'days', json(days))
      ORDER BY end_date, id)
    FROM leave_requests
    WHERE organization_id = ?1 AND end_date >= ?2 AND status = 'approved' AND deleted_at IS NULL))";

/// The organization's employees, their approved leave that ends on this day or later, and the sources of both. One
/// statement, one JSON text.
///
/// # Errors
/// The failure of the statement.
pub async fn absences<E: Execute>(
    database: &E,
    tenant: &Tenant,
    from: NaiveDate,
) -> Result<Absences, DatabaseError> {
    let parameters = parameters![tenant.as_str(), from.to_string()];
    json::read(&database.execute(ABSENCES, parameters).await?)
}

impl Source {
    /// Why nobody may rely on it at `now`; `None` where it is in order. The reason is for people.
    #[must_use]
    pub fn doubt(&self, now: i64) -> Option<String> {
        let name = &self.name;
        if self.state != ConnectorState::Active.as_str() {
            let reason = self.state_reason.as_deref();
            let reason = reason.map_or(String::new(), |reason| format!(" ({reason})"));
            return Some(format!(
                "the connector '{name}' is {}{reason}",
                self.state.replace('_', " ")
            ));
        }
        let settings = serde_json::from_str(&self.sync_settings)
            .ok()
            .and_then(|document| SyncSettings::from_json(&document).ok());
        let Some(settings) = settings else {
            return Some(format!(
                "the sync settings of the connector '{name}' cannot be read"
            ));
        };
        [
            (
                Stream::Employees,
                "employees",
                self.employees_synced_at,
                self.employees_complete_at,
            ),
            (
                Stream::LeaveRequests,
                "leave",
                self.leave_synced_at,
                self.leave_complete_at,
            ),
        ]
        .into_iter()
        .find_map(|(stream, what, synced_at, complete_at)| {
            if complete_at.is_none() {
                Some(format!(
                    "the {what} of the connector '{name}' have not been read to the end yet"
                ))
            } else if freshness::is_trusted(stream, &settings, synced_at, now) {
                None
            } else {
                Some(format!(
                    "the {what} of the connector '{name}' were read too long ago"
                ))
            }
        })
    }
}

impl Absences {
    /// When whoever has this mail is away, as far as it can be said at `now`. Company mails are looked at first, then the
    /// mails of accounts; blanks around it and case do not matter.
    #[must_use]
    pub fn of(&self, mail: &str, now: i64) -> Known<'_> {
        let mail = mail.trim().to_lowercase();
        if self.sources.is_empty() {
            return Known::NoSource;
        }
        let with = |of: fn(&Employee) -> Option<&String>| -> Vec<&Employee> {
            let employees = self.employees.iter();
            employees
                .filter(|employee| of(employee).is_some_and(|held| *held == mail))
                .collect()
        };
        let mut employees = with(|employee| employee.company_email.as_ref());
        if employees.is_empty() {
            employees = with(|employee| employee.account_email.as_ref());
        }
        // Whoever is not found may be in a source that cannot be relied on.
        let rests_on: Vec<&Source> = self
            .sources
            .iter()
            .filter(|source| {
                employees.is_empty()
                    || employees
                        .iter()
                        .any(|employee| employee.connector_id == source.connector_id)
            })
            .collect();
        // Those that are left behind by an account that was given up say nothing of who is not in them.
        let is_left = |source: &Source| source.state == ConnectorState::Disconnected.as_str();
        let has_others = rests_on.iter().any(|source| !is_left(source));
        let doubt = rests_on
            .iter()
            .filter(|source| !(has_others && is_left(source)))
            .find_map(|source| source.doubt(now));
        if let Some(reason) = doubt {
            return Known::Unknown { reason };
        }
        if employees.is_empty() {
            return Known::Nobody;
        }
        let leave = self
            .leave
            .iter()
            .filter(|leave| {
                employees.iter().any(|employee| {
                    employee.connector_id == leave.connector_id
                        && employee.external_id == leave.external_employee_id
                })
            })
            .collect();
        let is_ambiguous = employees.iter().enumerate().any(|(place, one)| {
            employees
                .iter()
                .skip(place + 1)
                .any(|other| other.connector_id == one.connector_id)
        });
        let complete_at = rests_on
            .iter()
            .filter(|source| !(has_others && is_left(source)))
            .filter_map(|source| source.leave_complete_at)
            .min();
        Known::Away(Person {
            employees,
            leave,
            is_ambiguous,
            complete_at,
        })
    }
}

const REMOVE_ENDED: &str = "
DELETE FROM leave_requests WHERE id IN (
  SELECT id FROM leave_requests WHERE connector_id = ?2 AND end_date < ?3 AND organization_id = ?1 LIMIT ?4)
RETURNING 1";

/// Removes at most `limit` of the connector's requests that ended before this day, deleted ones too, without a tombstone:
/// that they are not kept is a policy here. Returns whether there may be more.
///
/// # Errors
/// The failure of the statement.
pub async fn remove_ended_leave<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    before: NaiveDate,
    limit: u32,
) -> Result<bool, DatabaseError> {
    let parameters = parameters![
        scope.tenant.as_str(),
        scope.connector_id,
        before.to_string(),
        i64::from(limit)
    ];
    let removed = transaction.execute(REMOVE_ENDED, parameters).await?.len();
    Ok(u32::try_from(removed).unwrap_or(u32::MAX) >= limit)
}

/// From the organization's connectors, each with the index that its ids have.
const IDS_OF: &str = "
SELECT id FROM employees WHERE id = ?2 AND organization_id = ?1 AND deleted_at IS NULL AND ?3 IN ('', connector_id)
UNION
SELECT employees.id FROM connectors
CROSS JOIN employees ON employees.connector_id = connectors.id AND employees.external_id = ?2
WHERE connectors.organization_id = ?1 AND employees.deleted_at IS NULL AND ?3 IN ('', connectors.id)
ORDER BY 1 LIMIT 20";

/// Our ids of the employees with this id, ours or the provider's; of one connector if it is given.
///
/// # Errors
/// The failure of the statement.
pub async fn ids_of<E: Execute>(
    database: &E,
    tenant: &Tenant,
    connector_id: Option<&str>,
    id: &str,
) -> Result<Vec<String>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), id, connector_id.unwrap_or_default()];
    database
        .execute(IDS_OF, parameters)
        .await?
        .iter()
        .map(|row| row.text(0).map(str::to_owned))
        .collect()
}
