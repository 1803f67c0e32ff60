//! Compares our tables, as the lists show them, with the account.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};
use simulators::seven_shifts::{TimePunch, Truth};
use whole_system::mirror::Mirror;
use whole_system::mirror::shifts_that_punches_name;
use whole_system::{App, LAKESHORE, Organization};

type Rows = BTreeMap<String, Value>;

/// Our tables equal the account of Lakeshore: every row, every mapped field, every link.
pub async fn assert_equal(app: &App, organization: &Organization) {
    assert_account_equal(app, organization, LAKESHORE.company_id).await;
}

pub async fn assert_account_equal(app: &App, organization: &Organization, company_id: i64) {
    assert_equal_but(app, organization, company_id, &[]).await;
}

/// The same before the weekly reading of everything: a merge of people changes whose shifts and
/// punches are without a trace on their rows.
pub async fn assert_equal_but_for_merges(app: &App, organization: &Organization) {
    let ignoring = ["external_user_id", "team_member_id"];
    assert_equal_but(app, organization, LAKESHORE.company_id, &ignoring).await;
}

async fn assert_equal_but(
    app: &App,
    organization: &Organization,
    company_id: i64,
    ignoring: &[&str],
) {
    let compare = |what: &str, expected: &Rows, actual: &Rows| {
        compare(what, expected, actual, ignoring);
    };
    let truth = app
        .simulator
        .provider()
        .truth(company_id)
        .expect("the account exists");
    let ours = Ours::read(app, organization).await;
    compare("locations", &locations(&truth), &ours.locations);
    compare("departments", &departments(&truth), &ours.departments);
    compare("roles", &roles(&truth, &ours), &ours.roles);
    compare("users", &users(&truth), &ours.users);
    compare("shifts", &shifts(&truth, &ours), &ours.shifts);
    compare(
        "time punches",
        &time_punches(&truth, &ours),
        &ours.time_punches,
    );
    Mirror::default()
        .assert_of_people(app, &organization.key, company_id, "what people agree on")
        .await;
}

struct Ours {
    locations: Rows,
    departments: Rows,
    roles: Rows,
    users: Rows,
    shifts: Rows,
    time_punches: Rows,
}

impl Ours {
    async fn read(app: &App, organization: &Organization) -> Self {
        let rows = async |path: &str| {
            let all = app.all(path, &organization.key).await;
            let count = all.len();
            let rows: Rows = all
                .into_iter()
                .map(|row| {
                    (
                        row["external_id"].as_str().unwrap_or_default().to_owned(),
                        row,
                    )
                })
                .collect();
            assert_eq!(rows.len(), count, "{path} has a row twice");
            rows
        };
        let mut time_punches = rows("/api/time-punches").await;
        let named = shifts_that_punches_name(app);
        for punch in time_punches.values_mut() {
            let id = punch["id"].as_str().unwrap_or_default();
            punch["schedule_shift_id"] = named.get(id).cloned().flatten().into();
        }
        Self {
            locations: rows("/api/locations").await,
            departments: rows("/api/departments").await,
            roles: rows("/api/roles").await,
            users: rows("/api/team-members").await,
            shifts: rows("/api/shifts").await,
            time_punches,
        }
    }
}

/// The same ids, and of each row every expected member that is not ignored.
fn compare(what: &str, expected: &Rows, actual: &Rows, ignoring: &[&str]) {
    let missing: Vec<_> = expected
        .keys()
        .filter(|id| !actual.contains_key(*id))
        .collect();
    let surplus: Vec<_> = actual
        .keys()
        .filter(|id| !expected.contains_key(*id))
        .collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "{what}: missing {missing:?}, too many {surplus:?}"
    );
    for (id, row) in expected {
        let row: &Map<_, _> = row.as_object().expect("an object");
        for (member, value) in row
            .iter()
            .filter(|(member, _)| !ignoring.contains(&member.as_str()))
        {
            assert_eq!(&actual[id][member], value, "{what} {id} {member}");
        }
    }
}

fn table<T>(rows: &[T], id: impl Fn(&T) -> i64, row: impl Fn(&T) -> Value) -> Rows {
    rows.iter()
        .map(|record| (id(record).to_string(), row(record)))
        .collect()
}

fn time(unix_seconds: i64) -> Value {
    DateTime::from_timestamp(unix_seconds, 0)
        .expect("a time")
        .to_rfc3339_opts(SecondsFormat::Secs, true)
        .into()
}

fn times(unix_seconds: Option<i64>) -> Value {
    unix_seconds.map_or(Value::Null, time)
}

fn text(text: &str) -> Value {
    if text.is_empty() {
        Value::Null
    } else {
        text.into()
    }
}

fn reference(id: Option<i64>) -> Value {
    id.map_or(Value::Null, |id| id.to_string().into())
}

/// Our id of the provider's, where the row is there.
fn linked(rows: &Rows, id: Option<i64>) -> Value {
    id.and_then(|id| rows.get(&id.to_string()))
        .map_or(Value::Null, |row| row["id"].clone())
}

fn locations(truth: &Truth) -> Rows {
    table(
        &truth.locations,
        |row| row.id,
        |row| {
            json!({
                "name": row.name, "time_zone": row.timezone.name(), "country": text(&row.country), "region": text(&row.state),
                "city": text(&row.city), "address": text(&row.formatted_address), "provider_modified_at": time(row.modified),
                "source": "7shifts", "deleted_at": null,
            })
        },
    )
}

fn departments(truth: &Truth) -> Rows {
    table(
        &truth.departments,
        |row| row.id,
        |row| {
            json!({
                "name": row.name, "external_location_id": row.location_id.to_string(),
                "provider_modified_at": time(row.modified), "deleted_at": null,
            })
        },
    )
}

fn roles(truth: &Truth, ours: &Ours) -> Rows {
    table(
        &truth.roles,
        |row| row.id,
        |row| {
            json!({
                "name": row.name, "color": row.color, "job_code": row.job_code, "is_tipped": row.is_tipped_role,
                "external_location_id": row.location_id.to_string(), "external_department_id": row.department_id.to_string(),
                "location_id": linked(&ours.locations, Some(row.location_id)),
                "department_id": linked(&ours.departments, Some(row.department_id)),
                "provider_modified_at": time(row.modified), "deleted_at": null,
            })
        },
    )
}

fn users(truth: &Truth) -> Rows {
    table(
        &truth.users,
        |row| row.id,
        |row| {
            json!({
                "first_name": row.first_name, "last_name": row.last_name, "preferred_first_name": row.preferred_first_name,
                "email": text(&row.email), "mobile_number": text(&row.mobile_number), "employee_number": row.employee_id,
                "user_type": row.kind, "is_active": row.active, "invite_status": row.invite_status,
                "provider_modified_at": time(row.modified), "deleted_at": null,
            })
        },
    )
}

fn shifts(truth: &Truth, ours: &Ours) -> Rows {
    table(
        &truth.shifts,
        |row| row.id,
        |row| {
            let details = &row.details;
            let breaks = |counts: fn(bool) -> bool| -> i64 {
                details
                    .breaks
                    .iter()
                    .filter(|planned| counts(planned.paid))
                    .map(|planned| planned.length)
                    .sum()
            };
            let unpaid = breaks(|paid| !paid);
            let scheduled = (!details.close).then(|| minutes(details.end - details.start) - unpaid);
            json!({
                "external_user_id": reference(details.user_id), "team_member_id": linked(&ours.users, details.user_id),
                "external_location_id": reference(Some(details.location_id)), "location_id": linked(&ours.locations, Some(details.location_id)),
                "external_department_id": reference(details.department_id), "external_role_id": reference(details.role_id),
                "starts_at": time(details.start), "ends_at": time(details.end), "is_open": details.open, "is_close": details.close,
                "is_business_decline": details.business_decline, "notes": text(&details.notes),
                "attendance_status": details.attendance_status, "late_minutes": details.late_minutes,
                "break_minutes": breaks(|_| true), "unpaid_break_minutes": unpaid, "scheduled_minutes": scheduled,
                "provider_modified_at": time(details.modified), "deleted_at": null,
            })
        },
    )
}

fn time_punches(truth: &Truth, ours: &Ours) -> Rows {
    table(
        &truth.time_punches,
        |row| row.id,
        |row| {
            let worked = row
                .clocked_out
                .map(|out| out - row.clocked_in - unpaid_seconds(row));
            // Hours with two decimals, from the seconds: 36 s are a hundredth.
            let hours = worked.map(|seconds| {
                format!(
                    "{}.{:02}",
                    (seconds + 18) / 3_600,
                    (seconds + 18) % 3_600 / 36
                )
                .parse::<f64>()
                .unwrap()
            });
            let mut expected = json!({
                "external_user_id": row.user_id.to_string(), "team_member_id": linked(&ours.users, Some(row.user_id)),
                "external_shift_id": reference(row.shift_id), "external_location_id": row.location_id.to_string(),
                "external_department_id": reference(row.department_id), "external_role_id": reference(row.role_id),
                "clocked_in_at": time(row.clocked_in), "clocked_out_at": times(row.clocked_out),
                "auto_clocked_out": row.auto_clocked_out, "worked_minutes": worked.map(minutes), "total_hours": hours,
                "unpaid_break_minutes": minutes(unpaid_seconds(row)), "tips_cents": row.tips, "is_approved": row.approved,
                "status": if row.approved { "approved" } else { "pending" },
                "notes": text(&row.notes), "pos_type": row.pos_type,
                "provider_modified_at": time(row.modified), "deleted_at": null,
            });
            // A punch may name a shift that was withdrawn since; the link then leads to its tombstone.
            if row
                .shift_id
                .is_none_or(|id| ours.shifts.contains_key(&id.to_string()))
            {
                expected["schedule_shift_id"] = linked(&ours.shifts, row.shift_id);
            }
            expected["breaks"] = row
            .breaks
            .iter()
            .filter(|taken| !taken.deleted)
            .map(|taken| json!({"started_at": time(taken.started), "ended_at": times(taken.ended), "is_paid": taken.paid}))
            .collect();
            expected
        },
    )
}

/// Seconds of unpaid breaks. Of a running break they are not known yet. Second by second where
/// breaks overlap, so that this is another way to the answer than the application's.
fn unpaid_seconds(punch: &TimePunch) -> i64 {
    let last = punch.clocked_out.unwrap_or(i64::MAX);
    let spans: Vec<(i64, i64)> = punch
        .breaks
        .iter()
        .filter(|taken| !taken.deleted && !taken.paid)
        .filter_map(|taken| {
            let ended = taken.ended.or(punch.clocked_out)?.min(last);
            Some((taken.started.max(punch.clocked_in), ended))
        })
        .collect();
    let is_covered = |second: i64| {
        spans
            .iter()
            .any(|(from, to)| (*from..*to).contains(&second))
    };
    let (from, to) = (
        spans.iter().map(|span| span.0).min().unwrap_or(0),
        spans.iter().map(|span| span.1).max().unwrap_or(0),
    );
    match spans.as_slice() {
        [(from, to)] => (to - from).max(0),
        _ => (from..to).filter(|second| is_covered(*second)).count() as i64,
    }
}

fn minutes(seconds: i64) -> i64 {
    (seconds.max(0) + 30).div_euclid(60)
}
