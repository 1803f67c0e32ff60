//! Scheduled against actual cost, against the account's own shifts and punches.

use std::collections::BTreeMap;

use domain::worked_time::{Break, Punch, worked_time};
use domain::zone::Zone;
use http::StatusCode;
use serde_json::{Value, json};
use simulators::seven_shifts::{Mutation, ShiftChanges, Truth};
use whole_system::{App, LAKESHORE, Organization};

use super::{half_up, later, rates, truth};
use crate::sync::{change, sync};

/// Three days after clocks went back in Toronto: 2026-11-04T14:13:20Z.
const AFTER_CHANGE: i64 = 1_793_801_600;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Seconds {
    scheduled: i64,
    actual: i64,
    shifts_until_close: i64,
    running_punches: i64,
}

/// By the day and by the names of location and role.
fn expected(truth: &Truth, zone: &str) -> BTreeMap<String, BTreeMap<String, Seconds>> {
    let zone = Zone::parse(zone).expect("a zone");
    let location = |id: i64| {
        let found = truth.locations.iter().find(|location| location.id == id);
        json!(found.map(|location| &location.name))
    };
    let role = |id: Option<i64>| {
        let found = truth.roles.iter().find(|role| Some(role.id) == id);
        json!(found.map(|role| &role.name))
    };
    let mut days: BTreeMap<String, BTreeMap<String, Seconds>> = BTreeMap::new();
    for shift in truth.shifts.iter().map(|shift| &shift.details) {
        if shift.user_id.is_none() || shift.open {
            continue;
        }
        let unpaid: i64 = shift
            .breaks
            .iter()
            .filter(|taken| !taken.paid)
            .map(|taken| taken.length * 60)
            .sum();
        let post = post_text(&location(shift.location_id), &role(shift.role_id));
        let day = days.entry(zone.date(shift.start).to_string()).or_default();
        let seconds = day.entry(post).or_default();
        // Until closing: to the end that was entered.
        seconds.scheduled += (shift.end - shift.start - unpaid).max(0);
        seconds.shifts_until_close += i64::from(shift.close);
    }
    for punch in &truth.time_punches {
        let breaks: Vec<_> = punch
            .breaks
            .iter()
            .map(|taken| Break {
                started_at: taken.started,
                ended_at: taken.ended,
                paid: taken.paid,
                deleted: taken.deleted,
            })
            .collect();
        let worked = worked_time(&Punch {
            clocked_in: punch.clocked_in,
            clocked_out: punch.clocked_out,
            breaks: &breaks,
        });
        let post = post_text(&location(punch.location_id), &role(punch.role_id));
        let day = days
            .entry(zone.date(punch.clocked_in).to_string())
            .or_default();
        let seconds = day.entry(post).or_default();
        match worked.worked_seconds {
            Some(worked) => seconds.actual += worked,
            None => seconds.running_punches += 1,
        }
    }
    days
}

fn post_text(location: &Value, role: &Value) -> String {
    format!("{location} {role}")
}

async fn daily(app: &App, key: &str, query: &str) -> Vec<Value> {
    app.all(&format!("/api/costing/daily?{query}"), key).await
}

/// Every item of every day is what the account says, and the days are the sums of their items.
async fn assert_days(app: &App, organization: &Organization, key: &str, from: &str, to: &str) {
    let truth = truth(app);
    let rates = rates(app, key).await;
    let rows = daily(app, key, &format!("from={from}&to={to}")).await;
    let expected = expected(&truth, LAKESHORE.zone);
    let dates: Vec<_> = rows
        .iter()
        .map(|row| row["date"].as_str().unwrap())
        .collect();
    let known: Vec<_> = expected
        .keys()
        .map(String::as_str)
        .filter(|date| (from..=to).contains(date))
        .collect();
    assert_eq!(dates, known);
    let mut loose = 0;
    for row in &rows {
        let mut left = expected[row["date"].as_str().unwrap()].clone();
        let mut sums = [0; 6];
        for item in row["items"].as_array().unwrap() {
            let post = post_text(&item["location_name"], &item["role"]);
            let seconds = left
                .remove(&post)
                .unwrap_or_else(|| panic!("{post} in {row:#}"));
            let rate = item["rate_cents"].as_i64().unwrap();
            let minutes = |seconds| half_up(seconds, 60);
            let cost = |seconds| half_up(rate * seconds, 3_600);
            let figures = [
                ("scheduled_minutes", minutes(seconds.scheduled)),
                ("actual_minutes", minutes(seconds.actual)),
                ("scheduled_cost_cents", cost(seconds.scheduled)),
                ("actual_cost_cents", cost(seconds.actual)),
                ("shifts_until_close", seconds.shifts_until_close),
                ("running_punches", seconds.running_punches),
            ];
            for ((name, value), sum) in figures.iter().zip(&mut sums) {
                assert_eq!(item[name], *value, "{name} of {item:#}");
                *sum += value;
            }
            match item["role"].as_str() {
                Some(role) => {
                    assert_eq!(item["rate_cents"], rates[role]["rate_cents"], "{item:#}");
                    assert_eq!(item["basis"], rates[role]["basis"], "{item:#}");
                }
                None => {
                    loose += 1;
                    assert_eq!(item["basis"], "location_average", "{item:#}");
                }
            }
        }
        assert!(left.is_empty(), "{left:?} are missing of {}", row["date"]);
        let names = [
            "scheduled_minutes",
            "actual_minutes",
            "scheduled_cost_cents",
            "actual_cost_cents",
            "shifts_until_close",
            "running_punches",
        ];
        for (name, sum) in names.iter().zip(sums) {
            assert_eq!(row[name], sum, "{name} of {}", row["date"]);
        }
        assert_eq!(row["unpriced_scheduled_minutes"], 0);
    }
    assert!(loose > 0, "every punch has a role in {}", organization.id);
}

/// Somebody who is not on the clock.
fn free(truth: &Truth) -> i64 {
    let is_free = |user_id: i64| {
        let mut punches = truth.time_punches.iter();
        punches.all(|punch| punch.user_id != user_id || punch.clocked_out.is_some())
    };
    let mut people = truth.users.iter().filter(|user| user.active);
    people.find(|user| is_free(user.id)).expect("somebody").id
}

#[tokio::test(start_paused = true)]
async fn days_are_those_of_the_account_also_when_clocks_change() {
    let app = App::simulate(521, AFTER_CHANGE).await;
    let (organization, _) = app.synced("Lakeshore", LAKESHORE).await;
    let admin = app.key(&organization.id, "admin").await;
    // One until closing, and one that is still worked.
    let known = truth(&app);
    let shift = known
        .shifts
        .iter()
        .rfind(|shift| shift.details.user_id.is_some());
    let changes = ShiftChanges {
        close: Some(true),
        ..ShiftChanges::default()
    };
    let id = shift.expect("a shift").id;
    change(
        &app,
        Mutation::EditShift {
            id,
            changes,
            publish: true,
        },
    );
    let punch = known.time_punches.last().expect("a punch");
    change(
        &app,
        Mutation::PunchIn {
            user_id: free(&known),
            location_id: punch.location_id,
            department_id: punch.department_id,
            role_id: punch.role_id,
            shift_id: None,
            at: None,
        },
    );
    // Where nobody says what somebody worked as.
    change(
        &app,
        Mutation::AddPunch(simulators::seven_shifts::NewPunch {
            user_id: punch.user_id,
            location_id: punch.location_id,
            clocked_in: AFTER_CHANGE - 40_000,
            clocked_out: Some(AFTER_CHANGE - 30_011),
            ..simulators::seven_shifts::NewPunch::default()
        }),
    );
    later().await;
    sync(&app, &organization).await;
    for key in [&organization.key, &admin] {
        assert_days(&app, &organization, key, "2026-10-28", "2026-11-18").await;
    }
    let rows = daily(&app, &organization.key, "from=2026-10-28&to=2026-11-18").await;
    let all = |name: &str| {
        rows.iter()
            .filter_map(|row| row[name].as_i64())
            .sum::<i64>()
    };
    assert!(all("shifts_until_close") > 0 && all("running_punches") > 0);
    // By pages, by location and by role it is the same.
    let path = "/api/costing/daily?from=2026-10-28&to=2026-11-18";
    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app
            .get(&format!("{path}&limit=4{cursor}"), &organization.key)
            .await;
        let page = page.expect(StatusCode::OK);
        paged.extend(page["data"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, rows);
    let items = |rows: &[Value]| -> Vec<Value> {
        let of = |row: &Value| {
            let items = row["items"].as_array().unwrap().clone();
            let date = row["date"].clone();
            items.into_iter().map(move |item| json!([date, item]))
        };
        rows.iter().flat_map(of).collect()
    };
    let location = rows[0]["items"][0]["location_id"].clone();
    let role = app.all("/api/roles", &organization.key).await.remove(0);
    let span = "from=2026-10-28&to=2026-11-18";
    for (query, member, value) in [
        (
            format!("location_id={}", location.as_str().unwrap()),
            "location_id",
            location,
        ),
        ("role=line%20%20COOK".to_owned(), "role", json!("Line Cook")),
        (
            format!("role={}", role["id"].as_str().unwrap()),
            "role",
            role["name"].clone(),
        ),
        (
            format!("role={}", role["id"].as_str().unwrap().to_uppercase()),
            "role",
            role["name"].clone(),
        ),
    ] {
        let found = daily(&app, &organization.key, &format!("{span}&{query}")).await;
        let mut expected = items(&rows);
        expected.retain(|item| item[1][member] == value);
        assert_eq!(items(&found), expected, "{query}");
        assert!(!found.is_empty(), "{query}");
    }
}

/// A day is the location's, whatever the organization's zone is.
#[tokio::test(start_paused = true)]
async fn days_are_local_to_the_location() {
    let app = App::simulate(522, AFTER_CHANGE).await;
    let organization = app.organization("Far away", "Pacific/Auckland").await;
    app.connect(&organization, LAKESHORE).await;
    app.tick().await.expect(StatusCode::OK);
    let punch = truth(&app).time_punches.pop().expect("a punch");
    change(
        &app,
        Mutation::AddPunch(simulators::seven_shifts::NewPunch {
            user_id: punch.user_id,
            location_id: punch.location_id,
            clocked_in: AFTER_CHANGE - 40_000,
            clocked_out: Some(AFTER_CHANGE - 30_011),
            ..simulators::seven_shifts::NewPunch::default()
        }),
    );
    later().await;
    sync(&app, &organization).await;
    assert_days(
        &app,
        &organization,
        &organization.key,
        "2026-10-28",
        "2026-11-10",
    )
    .await;
    // Today is the organization's, and the week before it is what is told when nothing is asked for.
    let rows = daily(&app, &organization.key, "role=line%20cook").await;
    let week = daily(
        &app,
        &organization.key,
        "role=line%20cook&from=2026-10-30&to=2026-11-05",
    )
    .await;
    assert_eq!(rows, week);
}

/// A role that is gone has been worked as, and its days are told still.
#[tokio::test(start_paused = true)]
async fn work_as_a_role_that_is_gone_is_found_by_its_name() {
    let app = App::simulate(523, AFTER_CHANGE).await;
    let (organization, _) = app.synced("Lakeshore", LAKESHORE).await;
    let query = "role=line%20cook";
    let before = daily(&app, &organization.key, query).await;
    assert!(!before.is_empty());
    for role in truth(&app).roles {
        if role.name == "Line Cook" {
            change(&app, Mutation::DeleteRole { id: role.id });
        }
    }
    later().await;
    sync(&app, &organization).await;
    let rates = rates(&app, &organization.key).await;
    assert!(!rates.contains_key("Line Cook"));
    let after = daily(&app, &organization.key, query).await;
    let minutes = |rows: &[Value]| -> Vec<Value> {
        let of = |row: &Value| json!([row["date"], row["scheduled_minutes"]]);
        rows.iter().map(of).collect()
    };
    assert_eq!(minutes(&after), minutes(&before));
}
