//! Whether the tables, as the API shows them, are a mirror of the provider's account.

mod pay_and_absence;

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat};
use domain::worked_time::{self, worked_time};
use serde::Serialize;
use serde_json::{Map, Value, json};
use simulators::seven_shifts::{
    Department, Location, PublishedShift, Role, TimePunch, Truth, User,
};

use crate::App;

/// Differences that a message shows; more of them say nothing more.
const SHOWN: usize = 12;

/// The shifts that punches name at the provider, as the table has them: ours, by our id of the punch. Readers are told
/// the shift that the Delta Engine has found.
///
/// # Panics
/// When the table cannot be read.
#[must_use]
pub fn shifts_that_punches_name(app: &App) -> BTreeMap<String, Option<String>> {
    let database = app.database();
    let mut statement = database
        .prepare("SELECT id, schedule_shift_id FROM time_punches")
        .expect("there is such a table");
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("the table can be read");
    rows.collect::<Result<_, _>>().expect("rows of text")
}

/// What is compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mirror<'a> {
    /// Shifts and punches that begin earlier are outside of the window; Unix seconds.
    pub since: i64,
    /// Members that may differ.
    pub ignoring: &'a [&'a str],
}

/// Rows by the provider's id.
type Rows = BTreeMap<String, Map<String, Value>>;

impl Mirror<'_> {
    /// Where an organization's rows differ from its account.
    pub async fn differences(&self, app: &App, key: &str, company_id: i64) -> Vec<String> {
        let truth = app
            .simulator
            .provider()
            .truth(company_id)
            .expect("the company exists");
        let locations = live(app, "/api/locations", key).await;
        let departments = live(app, "/api/departments", key).await;
        let roles = live(app, "/api/roles", key).await;
        let people = live(app, "/api/team-members", key).await;
        let shifts = live(app, "/api/shifts", key).await;
        let mut punches = live(app, "/api/time-punches", key).await;
        let named = shifts_that_punches_name(app);
        for punch in punches.values_mut() {
            let id = punch["id"].as_str().unwrap_or_default();
            let shift_id = named.get(id).cloned().flatten();
            punch.insert("schedule_shift_id".to_owned(), shift_id.into());
        }
        let links = Links {
            locations: &locations,
            departments: &departments,
            roles: &roles,
            people: &people,
            shifts: &shifts,
        };
        let expected = Expected::of(&truth, &links);
        let in_window = |rows: Rows, begins: &str| -> Rows {
            rows.into_iter()
                .filter(|(_, row)| seconds(&row[begins]) >= self.since)
                .collect()
        };
        let of_people = pay_and_absence::tables(app, key, &truth, &links, self.since).await;
        let tables = [
            ("locations", expected.locations, locations.clone()),
            ("departments", expected.departments, departments.clone()),
            ("roles", expected.roles, roles.clone()),
            ("team members", expected.people, people.clone()),
            (
                "shifts",
                in_window(expected.shifts, "starts_at"),
                in_window(shifts.clone(), "starts_at"),
            ),
            (
                "time punches",
                in_window(expected.punches, "clocked_in_at"),
                in_window(punches, "clocked_in_at"),
            ),
        ];
        tables
            .iter()
            .chain(&of_people)
            .flat_map(|(table, expected, found)| self.compare(table, expected, found))
            .collect()
    }

    /// Where the four tables of what people agree on differ: wages, assignments, availability, time
    /// off.
    async fn differences_of_people(&self, app: &App, key: &str, company_id: i64) -> Vec<String> {
        let truth = app
            .simulator
            .provider()
            .truth(company_id)
            .expect("the company exists");
        let links = Links {
            locations: &live(app, "/api/locations", key).await,
            departments: &live(app, "/api/departments", key).await,
            roles: &live(app, "/api/roles", key).await,
            people: &live(app, "/api/team-members", key).await,
            shifts: &Rows::new(),
        };
        pay_and_absence::tables(app, key, &truth, &links, self.since)
            .await
            .iter()
            .flat_map(|(table, expected, found)| self.compare(table, expected, found))
            .collect()
    }

    /// # Panics
    /// When there are differences; the message shows the first of them.
    pub async fn assert(&self, app: &App, key: &str, company_id: i64, when: &str) {
        let differences = self.differences(app, key, company_id).await;
        assert_none(&differences, company_id, when);
    }

    /// [`Self::assert`] of what people agree on alone.
    ///
    /// # Panics
    /// When there are differences; the message shows the first of them.
    pub async fn assert_of_people(&self, app: &App, key: &str, company_id: i64, when: &str) {
        let differences = self.differences_of_people(app, key, company_id).await;
        assert_none(&differences, company_id, when);
    }

    fn compare(&self, table: &str, expected: &Rows, found: &Rows) -> Vec<String> {
        let mut differences = Vec::new();
        for (id, row) in expected {
            let Some(found) = found.get(id) else {
                differences.push(format!(
                    "{table} {id} is missing: {}",
                    Value::from(row.clone())
                ));
                continue;
            };
            for (name, value) in row {
                let is_equal = found.get(name) == Some(value);
                let is_free = value == ANYTHING;
                if !is_equal && !is_free && !self.ignoring.contains(&name.as_str()) {
                    differences.push(format!(
                        "{table} {id} {name}: {value} at the provider, {} here",
                        found.get(name).unwrap_or(&Value::Null)
                    ));
                }
            }
        }
        let surplus = found.keys().filter(|id| !expected.contains_key(*id));
        differences.extend(
            surplus.map(|id| format!("{table} {id} is not, or no longer, at the provider")),
        );
        differences
    }
}

fn assert_none(differences: &[String], company_id: i64, when: &str) {
    assert!(
        differences.is_empty(),
        "{when}: company {company_id} differs in {} places:\n{}",
        differences.len(),
        differences[..differences.len().min(SHOWN)].join("\n")
    );
}

/// The rows of a list that are not deleted.
async fn live(app: &App, path: &str, key: &str) -> Rows {
    app.all(path, key)
        .await
        .into_iter()
        .filter(|row| row["deleted_at"].is_null())
        .map(|row| {
            let Value::Object(row) = row else {
                panic!("{path} has a row that is no object");
            };
            (row["external_id"].as_str().expect("an id").to_owned(), row)
        })
        .collect()
}

/// Our ids of what rows refer to.
struct Links<'a> {
    locations: &'a Rows,
    departments: &'a Rows,
    roles: &'a Rows,
    people: &'a Rows,
    shifts: &'a Rows,
}

/// Stands for whatever is there: the row that is referred to is not live, and a link to a
/// tombstone is as good as none.
const ANYTHING: &str = "(anything)";

fn link(rows: &Rows, id: Option<i64>) -> Value {
    let Some(id) = id else {
        return Value::Null;
    };
    rows.get(&id.to_string())
        .map_or_else(|| ANYTHING.into(), |row| row["id"].clone())
}

struct Expected {
    locations: Rows,
    departments: Rows,
    roles: Rows,
    people: Rows,
    shifts: Rows,
    punches: Rows,
}

impl Expected {
    fn of(truth: &Truth, links: &Links<'_>) -> Self {
        Self {
            locations: rows(&truth.locations, |row| row.id, location),
            departments: rows(
                &truth.departments,
                |row| row.id,
                |row| department(row, links),
            ),
            roles: rows(&truth.roles, |row| row.id, |row| role(row, links)),
            people: rows(&truth.users, |row| row.id, person),
            shifts: rows(&truth.shifts, |row| row.id, |row| shift(row, links)),
            punches: rows(&truth.time_punches, |row| row.id, |row| punch(row, links)),
        }
    }
}

fn rows<Row>(truth: &[Row], id: fn(&Row) -> i64, expected: impl Fn(&Row) -> Value) -> Rows {
    truth
        .iter()
        .map(|row| {
            let Value::Object(members) = expected(row) else {
                unreachable!("expectations are objects");
            };
            (id(row).to_string(), members)
        })
        .collect()
}

fn location(row: &Location) -> Value {
    json!({
        "source": "7shifts",
        "name": row.name,
        "time_zone": row.timezone.name(),
        "country": text(&row.country),
        "region": text(&row.state),
        "city": text(&row.city),
        "address": text(&row.formatted_address),
        "provider_modified_at": time(row.modified),
    })
}

fn department(row: &Department, links: &Links<'_>) -> Value {
    json!({
        "name": row.name,
        "external_location_id": row.location_id.to_string(),
        "location_id": link(links.locations, Some(row.location_id)),
    })
}

fn role(row: &Role, links: &Links<'_>) -> Value {
    json!({
        "name": row.name,
        "external_location_id": row.location_id.to_string(),
        "location_id": link(links.locations, Some(row.location_id)),
        "external_department_id": row.department_id.to_string(),
        "department_id": link(links.departments, Some(row.department_id)),
        "color": row.color,
        "job_code": row.job_code,
        "is_tipped": row.is_tipped_role,
    })
}

fn person(row: &User) -> Value {
    json!({
        "first_name": row.first_name,
        "last_name": row.last_name,
        "preferred_first_name": row.preferred_first_name,
        "email": text(&row.email),
        "mobile_number": text(&row.mobile_number),
        "employee_number": row.employee_id,
        "user_type": name(row.kind),
        "is_active": row.active,
        "invite_status": name(row.invite_status),
    })
}

fn shift(row: &PublishedShift, links: &Links<'_>) -> Value {
    let shift = &row.details;
    let minutes = |wanted: fn(bool) -> bool| -> i64 {
        let planned = shift.breaks.iter();
        planned
            .filter(|planned| wanted(planned.paid))
            .map(|planned| planned.length)
            .sum()
    };
    let unpaid = minutes(|paid| !paid);
    json!({
        "external_user_id": id(shift.user_id),
        "team_member_id": link(links.people, shift.user_id),
        "external_location_id": shift.location_id.to_string(),
        "location_id": link(links.locations, Some(shift.location_id)),
        "external_department_id": id(shift.department_id),
        "department_id": link(links.departments, shift.department_id),
        "external_role_id": id(shift.role_id),
        "role_id": link(links.roles, shift.role_id),
        "starts_at": time(shift.start),
        "ends_at": time(shift.end),
        "is_open": shift.open,
        "is_close": shift.close,
        "is_business_decline": shift.business_decline,
        "notes": text(&shift.notes),
        "attendance_status": name(shift.attendance_status),
        "late_minutes": shift.late_minutes,
        "break_minutes": minutes(|_| true),
        "unpaid_break_minutes": unpaid,
    })
}

fn punch(row: &TimePunch, links: &Links<'_>) -> Value {
    let breaks: Vec<_> = row
        .breaks
        .iter()
        .map(|taken| worked_time::Break {
            started_at: taken.started,
            ended_at: taken.ended,
            paid: taken.paid,
            deleted: taken.deleted,
        })
        .collect();
    let worked = worked_time(&worked_time::Punch {
        clocked_in: row.clocked_in,
        clocked_out: row.clocked_out,
        breaks: &breaks,
    });
    json!({
        "external_user_id": row.user_id.to_string(),
        "team_member_id": link(links.people, Some(row.user_id)),
        "external_shift_id": id(row.shift_id),
        "schedule_shift_id": link(links.shifts, row.shift_id),
        "external_location_id": row.location_id.to_string(),
        "location_id": link(links.locations, Some(row.location_id)),
        "external_department_id": id(row.department_id),
        "department_id": link(links.departments, row.department_id),
        "external_role_id": id(row.role_id),
        "role_id": link(links.roles, row.role_id),
        "clocked_in_at": time(row.clocked_in),
        "clocked_out_at": row.clocked_out.map(time),
        "auto_clocked_out": row.auto_clocked_out,
        "worked_minutes": worked.worked_minutes,
        "total_hours": worked.total_hours(),
        "break_minutes": worked.break_minutes(),
        "unpaid_break_minutes": worked.unpaid_break_minutes,
        "tips_cents": row.tips,
        "is_approved": row.approved,
        "notes": text(&row.notes),
        "pos_type": row.pos_type.map(name),
    })
}

/// The provider's word for a value.
fn name(value: impl Serialize) -> Value {
    json!(value)
}

fn id(id: Option<i64>) -> Value {
    id.map_or(Value::Null, |id| id.to_string().into())
}

/// The provider's empty text is no value.
fn text(text: &str) -> Value {
    if text.is_empty() {
        Value::Null
    } else {
        text.into()
    }
}

fn time(at: i64) -> Value {
    DateTime::from_timestamp(at, 0)
        .expect("a time within the calendar")
        .to_rfc3339_opts(SecondsFormat::Secs, true)
        .into()
}

fn seconds(time: &Value) -> i64 {
    DateTime::parse_from_rfc3339(time.as_str().expect("a time"))
        .expect("an RFC 3339 time")
        .timestamp()
}
