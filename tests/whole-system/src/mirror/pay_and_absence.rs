//! What people earn, what they work as, when they can work and when they are away.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, Days, NaiveDate, NaiveTime, Weekday};
use serde_json::{Value, json};
use simulators::seven_shifts::{
    Availability, RequestStatus, TimeOff, Truth, UNAVAILABLE_ALL_DAY, Wage,
};

use super::{Links, Rows, id, link, live, name, rows, text, time};
use crate::App;

/// The tables, each with what is expected of it and what was found.
pub(super) async fn tables(
    app: &App,
    key: &str,
    truth: &Truth,
    links: &Links<'_>,
    since: i64,
) -> [(&'static str, Rows, Rows); 4] {
    let wages = live(app, "/api/wages", key).await;
    let assignments = live(app, "/api/role-assignments", key).await;
    let availability = live(app, "/api/availability", key).await;
    let time_off = live(app, "/api/time-off", key).await;
    // Who does not work here any more is not asked about: what was known last stays. Who is not there
    // at all has left nothing.
    let at_work: BTreeSet<i64> = truth
        .users
        .iter()
        .filter(|user| user.active)
        .map(|user| user.id)
        .collect();
    let inactive: BTreeSet<i64> = truth
        .users
        .iter()
        .filter(|user| !user.active)
        .map(|user| user.id)
        .collect();
    let without_inactive = |rows: Rows| -> Rows {
        rows.into_iter()
            .filter(|(_, row)| {
                let user = row["external_user_id"].as_str().expect("a person");
                !inactive.contains(&user.parse().expect("a number"))
            })
            .collect()
    };
    let known: Vec<&Wage> = truth
        .current_wages
        .iter()
        .chain(&truth.upcoming_wages)
        .filter(|wage| at_work.contains(&wage.user_id))
        .collect();
    // What is not paid any more is listed nowhere: whatever became of it at the provider, here it is
    // as it was read last. What is taken for paid today has to be listed.
    let today = today(truth);
    let mut wages = without_inactive(wages);
    wages.retain(|id, row| {
        let is_listed = known.iter().any(|wage| wage.id.to_string() == *id);
        let end = row["end_date"].as_str();
        is_listed || end.is_none_or(|end| end >= today.as_str())
    });
    let expected_wages = rows(&known, |wage| wage.id, |row| wage(row, &known, links));
    let begins = chrono::DateTime::from_timestamp(since.max(0), 0)
        .expect("a time")
        .date_naive();
    let in_window: Vec<&TimeOff> = truth
        .time_off
        .iter()
        .filter(|off| off.to_date > begins)
        .collect();
    let ends_later = |rows: Rows| -> Rows {
        rows.into_iter()
            .filter(|(_, row)| {
                let end: NaiveDate = row["end_date"].as_str().unwrap().parse().unwrap();
                end > begins
            })
            .collect()
    };
    [
        ("wages", expected_wages, wages),
        (
            "role assignments",
            role_assignments(truth, &at_work, links),
            without_inactive(assignments),
        ),
        (
            "availability",
            availability_days(truth, links),
            availability,
        ),
        (
            "time off",
            rows(&in_window, |off| off.id, |off| time_off_row(off, links)),
            ends_later(time_off),
        ),
    ]
}

/// The day on which the current wages are current, or one before: the latest that one of them began.
fn today(truth: &Truth) -> String {
    let latest = truth.current_wages.iter().map(|wage| wage.effective_date);
    latest.max().unwrap_or_default().to_string()
}

fn wage(row: &Wage, known: &[&Wage], links: &Links<'_>) -> Value {
    let next = known
        .iter()
        .filter(|other| (other.user_id, other.role_id) == (row.user_id, row.role_id))
        .filter(|other| (other.effective_date, other.id) > (row.effective_date, row.id))
        .map(|other| (other.effective_date - Days::new(1)).max(row.effective_date))
        .min();
    let sign = if row.wage_cents < 0 { "-" } else { "" };
    let cents = row.wage_cents.unsigned_abs();
    json!({
        "external_user_id": row.user_id.to_string(),
        "team_member_id": link(links.people, Some(row.user_id)),
        "external_role_id": id(row.role_id),
        "role_id": link(links.roles, row.role_id),
        "wage_type": name(row.wage_type),
        "wage_cents": row.wage_cents,
        "wage_rate": format!("{sign}{}.{:02}", cents / 100, cents % 100),
        "effective_date": row.effective_date.to_string(),
        "end_date": next.map(|day| day.to_string()),
        "provider_modified_at": time(row.modified),
    })
}

fn role_assignments(truth: &Truth, at_work: &BTreeSet<i64>, links: &Links<'_>) -> Rows {
    let roles: BTreeMap<i64, _> = truth.roles.iter().map(|role| (role.id, role)).collect();
    let mut expected = Rows::new();
    for user in truth.users.iter().filter(|user| at_work.contains(&user.id)) {
        for role_id in &user.assignments.role_ids {
            let Some(role) = roles.get(role_id) else {
                continue;
            };
            let row = json!({
                "external_user_id": user.id.to_string(),
                "team_member_id": link(links.people, Some(user.id)),
                "external_role_id": role_id.to_string(),
                "role_id": link(links.roles, Some(*role_id)),
                "external_department_id": role.department_id.to_string(),
                "department_id": link(links.departments, Some(role.department_id)),
                "external_location_id": role.location_id.to_string(),
                "location_id": link(links.locations, Some(role.location_id)),
                "is_primary": user.assignments.primary_role_id == Some(*role_id),
            });
            let Value::Object(row) = row else {
                unreachable!("it is an object");
            };
            expected.insert(format!("{}:{role_id}", user.id), row);
        }
    }
    expected
}

fn availability_days(truth: &Truth, links: &Links<'_>) -> Rows {
    let reasons: BTreeMap<i64, &str> = truth
        .availability_reasons
        .iter()
        .map(|reason| (reason.id, reason.reason.as_str()))
        .collect();
    let week = [
        Weekday::Mon,
        Weekday::Tue,
        Weekday::Wed,
        Weekday::Thu,
        Weekday::Fri,
        Weekday::Sat,
        Weekday::Sun,
    ];
    let mut expected = Rows::new();
    for row in &truth.availabilities {
        for (weekday, day) in week.into_iter().zip(&row.days) {
            let is_available = day.code != UNAVAILABLE_ALL_DAY;
            let is_bounded = is_available && day.from != day.to;
            let hour = |at: NaiveTime| is_bounded.then(|| at.format("%H:%M:%S").to_string());
            let value = json!({
                "external_availability_id": row.id.to_string(),
                "external_user_id": row.user_id.to_string(),
                "team_member_id": link(links.people, Some(row.user_id)),
                "day_of_week": weekday.num_days_from_sunday(),
                "is_available": is_available,
                "available_from": hour(day.from),
                "available_to": hour(day.to),
                "is_recurring": row.repeat,
                "valid_from": row.week.map(|day| day.to_string()),
                "valid_to": row.week_to.map(|day| day.to_string()),
                "specific_date": specific_date(row, weekday),
                "reason": day.reason_id.and_then(|id| reasons.get(&id)),
                "comments": day.comments,
                "status": status(row.status),
                "provider_modified_at": time(row.modified),
            });
            let Value::Object(value) = value else {
                unreachable!("it is an object");
            };
            let short = weekday.to_string().to_lowercase();
            expected.insert(format!("{}:{short}", row.id), value);
        }
    }
    expected
}

fn specific_date(row: &Availability, weekday: Weekday) -> Option<String> {
    let first = row.week.filter(|_| !row.repeat)?;
    (0..7)
        .map(|ahead| first + Days::new(ahead))
        .find(|day| day.weekday() == weekday)
        .map(|day| day.to_string())
}

fn time_off_row(row: &TimeOff, links: &Links<'_>) -> Value {
    let minutes = |hours: &[simulators::seven_shifts::TimeOffDay]| -> i64 {
        hours.iter().map(|day| day.minutes).sum()
    };
    json!({
        "external_user_id": row.user_id.to_string(),
        "team_member_id": link(links.people, Some(row.user_id)),
        "start_date": row.from_date.to_string(),
        "end_date": row.to_date.to_string(),
        "partial_day": row.partial.is_some(),
        "partial_start": row.partial.map(|part| part.from.format("%H:%M:%S").to_string()),
        "partial_end": row.partial.map(|part| part.to.format("%H:%M:%S").to_string()),
        "provider_category": text(&row.category),
        "status": status(row.status),
        "comments": text(&row.comments),
        "total_minutes": minutes(&row.hours),
        "days": row
            .hours
            .iter()
            .map(|day| json!({"date": day.date.to_string(), "minutes": day.minutes}))
            .collect::<Vec<_>>(),
        "external_action_user_id": id(row.status_action_user_id),
        "action_member_id": link(links.people, row.status_action_user_id),
        "action_message": text(&row.status_action_message),
        "requested_at": time(row.created),
    })
}

fn status(status: RequestStatus) -> &'static str {
    match status {
        RequestStatus::Pending => "pending",
        RequestStatus::Approved => "approved",
        RequestStatus::Declined => "declined",
    }
}
