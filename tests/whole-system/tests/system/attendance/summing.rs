//! What it all comes to: sums, sick leave, weeks, as JSON and as a table.

use std::collections::{BTreeMap, BTreeSet};

use simulators::seven_shifts::{Mutation, NewAvailability, NewTimeOff, RequestStatus};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_summary_is_the_sum_of_its_deltas_and_records() {
    let (app, organization, _) = restaurant(751).await;
    let (from, to) = (day(EPOCH - 20 * DAY), day(EPOCH));
    let range = format!("from={from}&to={to}");
    let deltas = all(
        &app,
        &organization,
        &format!("/api/attendance/deltas?{range}"),
    )
    .await;
    let records = all(
        &app,
        &organization,
        &format!("/api/attendance/records?{range}"),
    )
    .await;
    let summary = all(
        &app,
        &organization,
        &format!("/api/attendance/summary?{range}"),
    )
    .await;
    let key = |row: &Value| {
        (
            row["team_member_id"].as_str().expect("a person").to_owned(),
            row["location_id"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let mut sums: BTreeMap<(String, String), BTreeMap<String, i64>> = BTreeMap::new();
    for row in &deltas {
        let sum = sums.entry(key(row)).or_default();
        *sum.entry("works".to_owned()).or_default() += 1;
        for name in row["categories"].as_array().expect("names") {
            *sum.entry(name.as_str().expect("text").to_owned())
                .or_default() += 1;
        }
        let has = |category: &str| {
            let names = row["categories"].as_array().expect("names");
            names.contains(&json!(category))
        };
        let mut add = |name: &str, minutes: i64| {
            *sum.entry(name.to_owned()).or_default() += minutes;
        };
        let minutes = |name: &str| row[name].as_i64();
        for (category, name, of) in [
            ("late_arrival", "late_minutes", "late_minutes"),
            (
                "early_departure",
                "early_departure_minutes",
                "early_departure_minutes",
            ),
            ("overtime", "overtime_minutes", "delta_minutes"),
            ("short_shift", "short_shift_minutes", "delta_minutes"),
        ] {
            if has(category) {
                add(name, minutes(of).expect("minutes").abs());
            }
        }
        for name in ["scheduled_minutes", "worked_minutes"] {
            add(name, minutes(name).unwrap_or(0));
        }
        add("net_minutes", minutes("delta_minutes").unwrap_or(0));
        let is_compared =
            minutes("scheduled_minutes").is_some() && minutes("worked_minutes").is_some();
        if !is_compared && !has("no_show") && !has("unscheduled") {
            assert!(
                row["is_running"] == true || row["scheduled_end"].is_null(),
                "{row:#}"
            );
            add("works_not_compared", 1);
        }
    }
    // What the records of a person say of minutes; who is exempt has none.
    let mut of_records: BTreeMap<(String, String), BTreeMap<String, i64>> = BTreeMap::new();
    for row in &records {
        let name = match row["event_type"].as_str().expect("a type") {
            "late_arrival" => "late_minutes",
            "early_departure" => "early_departure_minutes",
            "overtime" => "overtime_minutes",
            "short_shift" => "short_shift_minutes",
            _ => continue,
        };
        *of_records
            .entry(key(row))
            .or_default()
            .entry(name.to_owned())
            .or_default() += row["minutes"].as_i64().expect("minutes");
    }
    assert!(of_records.len() > 5);
    for row in &summary {
        for (name, minutes) in of_records.remove(&key(row)).into_iter().flatten() {
            assert_eq!(row[name.as_str()], minutes, "{name} of {row:#}");
        }
    }
    for row in &records {
        *sums
            .entry(key(row))
            .or_default()
            .entry("points".to_owned())
            .or_default() += row["points_assessed"].as_i64().expect("points");
    }
    assert!(summary.len() > 20);
    for row in &summary {
        let sum = sums.remove(&key(row)).unwrap_or_default();
        for name in [
            "works",
            "on_time",
            "late_arrival",
            "early_departure",
            "no_show",
            "unscheduled",
            "overtime",
            "short_shift",
            "scheduled_minutes",
            "worked_minutes",
            "net_minutes",
            "works_not_compared",
            "late_minutes",
            "early_departure_minutes",
            "overtime_minutes",
            "short_shift_minutes",
            "points",
        ] {
            assert_eq!(
                row[name].as_i64(),
                Some(sum.get(name).copied().unwrap_or(0)),
                "{name} of {row:#}"
            );
        }
    }
    assert!(sums.is_empty(), "{sums:#?}");
    // By location: the same in all.
    let places = all(
        &app,
        &organization,
        &format!("/api/attendance/summary?by=location&{range}"),
    )
    .await;
    for name in [
        "works",
        "late_arrival",
        "no_show",
        "overtime_minutes",
        "points",
    ] {
        let sum = |rows: &[Value]| {
            rows.iter()
                .map(|row| row[name].as_i64().unwrap_or(0))
                .sum::<i64>()
        };
        assert_eq!(sum(&places), sum(&summary), "{name}");
    }
    // Page by page.
    let mut paged = Vec::new();
    let mut path = format!("/api/attendance/summary?limit=7&{range}");
    loop {
        let page = app
            .get(&path, &organization.key)
            .await
            .expect(StatusCode::OK);
        assert!(
            page["synced_at"].is_string() && page["is_stale"] == false,
            "{page:#}"
        );
        paged.extend(page["data"].as_array().expect("rows").clone());
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/attendance/summary?limit=7&{range}&cursor={cursor}");
    }
    assert_eq!(paged, summary);
    for wrong in [
        "from=2026-09-20&to=2026-09-19",
        "from=2024-01-01&to=2026-01-01",
        "from=yesterday",
        "by=role",
        "format=xml",
    ] {
        let answer = app
            .get(
                &format!("/api/attendance/summary?{wrong}"),
                &organization.key,
            )
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn sick_leave_is_what_was_approved_against_what_there_is() {
    let (app, organization, _) = restaurant(752).await;
    let person = hire(&app);
    let today = chrono::DateTime::from_timestamp(EPOCH, 0)
        .expect("a time")
        .date_naive();
    let off = |ahead: i64, days: i64, category: &str, status: Option<RequestStatus>| {
        let first = today + chrono::TimeDelta::days(ahead);
        let id = change(
            &app,
            Mutation::AddTimeOff(NewTimeOff {
                user_id: person.0,
                from_date: first,
                to_date: first + chrono::TimeDelta::days(days - 1),
                category: category.to_owned(),
                ..NewTimeOff::default()
            }),
        );
        if let Some(status) = status {
            change(&app, decide(id, status));
        }
    };
    // Long before the connector's shifts and punches begin.
    off(-200, 1, "sick", Some(RequestStatus::Approved));
    off(-20, 1, "sick", Some(RequestStatus::Approved));
    off(-10, 1, "sick", None);
    off(-12, 1, "sick", Some(RequestStatus::Declined));
    off(-8, 3, "vacation", Some(RequestStatus::Approved));
    off(14, 2, "sick", Some(RequestStatus::Approved));
    sync(&app, &organization).await;
    let member = member(&app, &organization, person.0).await;
    let path = format!("/api/attendance/sick-leave?year=2026&team_member_id={member}");
    let rows = all(&app, &organization, &path).await;
    let row = &rows[0];
    let numbers = |names: [&str; 5]| names.map(|name| row[name].as_f64().expect("days"));
    assert_eq!(
        numbers([
            "entitled_days",
            "used_days",
            "booked_days",
            "remaining_days",
            "over_days"
        ]),
        [3.0, 2.0, 2.0, 0.0, 1.0],
        "{row:#}"
    );
    let everybody = all(&app, &organization, "/api/attendance/sick-leave").await;
    let active = truth(&app).users.iter().filter(|user| user.active).count();
    assert_eq!(everybody.len(), active);
}

#[tokio::test(start_paused = true)]
async fn a_week_says_of_each_day_whether_somebody_can_work() {
    let (app, organization, _) = restaurant(753).await;
    let person = hire(&app);
    let monday: chrono::NaiveDate = "2026-09-28".parse().expect("a date");
    let id = change(
        &app,
        Mutation::AddTimeOff(NewTimeOff {
            user_id: person.0,
            from_date: monday,
            to_date: monday,
            category: "vacation".to_owned(),
            ..NewTimeOff::default()
        }),
    );
    change(&app, decide(id, RequestStatus::Approved));
    // Of one week, Monday to Sunday.
    let date = |text: &str| text.parse::<chrono::NaiveDate>().expect("a date");
    change(
        &app,
        Mutation::AddAvailability(NewAvailability {
            user_id: person.0,
            week: Some(date("2026-11-23")),
            week_to: Some(date("2026-11-29")),
            repeat: true,
            status: RequestStatus::Approved,
            ..NewAvailability::default()
        }),
    );
    sync(&app, &organization).await;
    let member = member(&app, &organization, person.0).await;
    for (first, said) in [("2026-11-16", 0), ("2026-11-23", 7), ("2026-11-30", 0)] {
        let path = format!("/api/attendance/availability?week={first}&team_member_id={member}");
        let week = all(&app, &organization, &path).await;
        let count = week
            .iter()
            .filter(|day| day["availability"] != "not_said")
            .count();
        assert_eq!((week.len(), count), (7, said), "{week:#?}");
    }
    let path = format!("/api/attendance/availability?team_member_id={member}");
    let last = all(&app, &organization, &format!("{path}&week=9999-12-25")).await;
    assert_eq!(last[6]["date"], "9999-12-31");
    for beyond in ["9999-12-26", "9999-12-31"] {
        let refused = app
            .get(&format!("{path}&week={beyond}"), &organization.key)
            .await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{beyond}");
        assert_eq!(refused.json()["errors"][0]["field"], "week");
    }
    let week = all(
        &app,
        &organization,
        &format!("/api/attendance/availability?week={monday}&team_member_id={member}"),
    )
    .await;
    assert_eq!(week.len(), 7);
    assert_eq!(
        (&week[0]["date"], &week[0]["availability"]),
        (&json!("2026-09-28"), &json!("time_off"))
    );
    assert_ne!(week[1]["availability"], "time_off");
    // Everybody who has said something, as the rows say it.
    let said = all(&app, &organization, "/api/availability").await;
    let everybody = all(
        &app,
        &organization,
        &format!("/api/attendance/availability?week={monday}"),
    )
    .await;
    let recurring: Vec<_> = said
        .iter()
        .filter(|row| {
            row["status"] == "approved"
                && row["is_recurring"] == true
                && row["is_available"] == false
                && row["valid_to"].is_null()
        })
        .collect();
    assert!(!recurring.is_empty(), "somebody cannot work on some day");
    for row in recurring {
        let of: Vec<_> = everybody
            .iter()
            .filter(|day| day["team_member_id"] == row["team_member_id"])
            .collect();
        if of.is_empty() {
            continue; // Not at work any more.
        }
        let number = row["day_of_week"].as_i64().expect("a day");
        let place = usize::try_from((number + 6) % 7).expect("a place");
        assert!(
            ["unavailable", "time_off"]
                .contains(&of[place]["availability"].as_str().expect("text")),
            "{row:#} {:#}",
            of[place]
        );
    }
    // What ends says something of its last day, and nothing of the days behind it.
    let approved = || said.iter().filter(|row| row["status"] == "approved");
    let ends = |row: &Value| row["valid_to"].as_str().map(date);
    let mut ended = 0;
    for last in approved()
        .filter(|row| row["is_recurring"] == true)
        .filter_map(ends)
        .collect::<BTreeSet<_>>()
    {
        let next = last + chrono::TimeDelta::days(1);
        let before = last - chrono::TimeDelta::days(6);
        let path = |first| format!("/api/attendance/availability?week={first}");
        let after = all(&app, &organization, &path(next)).await;
        let until = all(&app, &organization, &path(before)).await;
        for row in approved().filter(|row| row["is_recurring"] == true && ends(row) == Some(last)) {
            // Nothing else that this person has said is of those days.
            let others = approved().any(|other| {
                other["team_member_id"] == row["team_member_id"]
                    && (other["is_recurring"] != true || ends(other) != Some(last))
            });
            if others {
                continue;
            }
            let of = |days: &[Value]| -> Vec<String> {
                days.iter()
                    .filter(|day| day["team_member_id"] == row["team_member_id"])
                    .map(|day| day["availability"].as_str().expect("text").to_owned())
                    .collect()
            };
            let is_of = |day: &String, words: &[&str]| words.contains(&day.as_str());
            assert!(
                of(&after)
                    .iter()
                    .all(|day| is_of(day, &["not_said", "time_off"])),
                "{row:#} {after:#?}"
            );
            assert!(
                of(&until).iter().all(|day| day != "not_said"),
                "{row:#} {until:#?}"
            );
            ended += of(&after).len();
        }
    }
    assert!(ended > 0, "somebody's ends");
}

#[tokio::test(start_paused = true)]
async fn tables_have_all_rows_and_no_formulas() {
    let (app, organization, _) = restaurant(754).await;
    for list in ["deltas", "records", "summary", "sick-leave", "availability"] {
        let rows = all(&app, &organization, &format!("/api/attendance/{list}")).await;
        let answer = app
            .get(
                &format!("/api/attendance/{list}?format=csv"),
                &organization.key,
            )
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
        let text = String::from_utf8(answer.body.to_vec()).expect("text");
        let mut lines = text.split("\r\n").filter(|line| !line.is_empty());
        let header = lines.next().expect("a header");
        assert!(header.ends_with("synced_at,is_stale"), "{header}");
        assert_eq!(lines.count(), rows.len(), "{list}");
        let file = answer.headers["content-disposition"]
            .to_str()
            .expect("text");
        assert!(
            file.starts_with("attachment; filename=\"") && file.ends_with(".csv\""),
            "{file}"
        );
        let path = format!("/api/attendance/{list}?limit=1");
        let page = app
            .get(&path, &organization.key)
            .await
            .expect(StatusCode::OK);
        assert_eq!(
            page["synced_at"],
            answer.headers["x-synced-at"].to_str().expect("text")
        );
        assert_eq!(
            page["is_stale"].to_string(),
            answer.headers["x-is-stale"].to_str().expect("text")
        );
    }
    let table = async |query: &str| {
        let path = format!("/api/attendance/records?format=csv&{query}");
        let answer = app.get(&path, &organization.key).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer
    };
    // One without a row says how current it is as well, and one with tombstones which they are.
    let empty = table("from=1999-01-01&to=1999-01-02&limit=7").await;
    let text = String::from_utf8(empty.body.to_vec()).expect("text");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(empty.headers.contains_key("x-synced-at"));
    assert!(text.contains(",deleted_at,"), "{text}");
    // What somebody says is no formula, whatever is before it.
    let record = records(&app, &organization).await.remove(0);
    let path = format!(
        "/api/attendance/records/{}",
        record["id"].as_str().expect("an id")
    );
    let said = json!({"note": "=1+1", "resolution": "ok\n=1"});
    patch(&app, &path, &organization.key, said)
        .await
        .expect(StatusCode::OK);
    let all = table("limit=1").await;
    let text = String::from_utf8(all.body.to_vec()).expect("text");
    assert!(text.contains(",'=1+1,\"ok\n=1\","), "{text:.2000}");
}
