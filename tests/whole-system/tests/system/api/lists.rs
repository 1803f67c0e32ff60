//! Reading back: every row once, in its documented form, and changes with their tombstones.

use std::collections::BTreeSet;

use api::records;
use api::routes::SEVEN_SHIFTS_STREAMS;
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use simulators::seven_shifts::Mutation;
use whole_system::{App, LAKESHORE};

use super::EPOCH;

fn all_are<T: DeserializeOwned>(rows: &[Value]) {
    assert!(!rows.is_empty());
    for row in rows {
        if let Err(error) = serde_json::from_value::<T>(row.clone()) {
            panic!("{error} in {row:#}");
        }
    }
}

fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The pages of a list, one after the other.
async fn pages(app: &App, key: &str, path: &str, limit: usize) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app
            .get(&format!("{path}limit={limit}{cursor}"), key)
            .await
            .expect(StatusCode::OK);
        let page_rows = page["data"].as_array().unwrap();
        assert!(page_rows.len() <= limit);
        rows.extend(page_rows.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_row_is_there_once_whatever_the_page_and_has_its_documented_form() {
    let app = App::simulate(111, EPOCH).await;
    let (organization, _) = app.synced("Rows", LAKESHORE).await;
    let key = organization.key.as_str();
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .unwrap();
    for (path, limit, count) in [
        ("/api/team-members?", 7, Some(truth.users.len())),
        ("/api/shifts?", 97, None),
        ("/api/time-punches?", 97, None),
        ("/api/locations?", 1, Some(truth.locations.len())),
        ("/api/roles?", 1, Some(truth.roles.len())),
        ("/api/departments?", 2, Some(truth.departments.len())),
        ("/api/sync-runs?", 1, Some(SEVEN_SHIFTS_STREAMS.len())),
        ("/api/shifts?updated_since=2026-01-01T00:00:00Z&", 101, None),
        (
            "/api/time-punches?updated_since=2026-01-01T00:00:00Z&",
            101,
            None,
        ),
    ] {
        let small = pages(&app, key, path, limit).await;
        let large = pages(&app, key, path, 500).await;
        assert_eq!(ids(&small), ids(&large), "{path}");
        let unique: BTreeSet<_> = ids(&small).into_iter().collect();
        assert_eq!(unique.len(), small.len(), "{path} shows a row twice");
        if let Some(count) = count {
            assert_eq!(small.len(), count, "{path}");
        }
        match path.split(['/', '?']).nth(2).unwrap() {
            "team-members" => all_are::<records::TeamMember>(&small),
            "shifts" => all_are::<records::Shift>(&small),
            "time-punches" => all_are::<records::TimePunch>(&small),
            "locations" => all_are::<records::Location>(&small),
            "roles" => all_are::<records::Role>(&small),
            "departments" => all_are::<records::Department>(&small),
            _ => all_are::<records::SyncRun>(&small),
        }
        let first = &small[0];
        let one = path.split('?').next().unwrap();
        let single = app
            .get(&format!("{one}/{}", first["id"].as_str().unwrap()), key)
            .await
            .expect(StatusCode::OK);
        assert_eq!(&single, first, "{one} and its list differ");
    }
    // A database that goes on filling does not disturb who pages through it.
    let all = app.all("/api/connectors", key).await;
    all_are::<api::connectors::Connector>(&all);
    let status = app.all("/api/sync-status", key).await;
    all_are::<api::connectors::SyncStatus>(&status);
    let ids = |rows: &[Value], name: &str| -> Vec<Value> {
        rows.iter().map(|row| row[name].clone()).collect()
    };
    assert_eq!(ids(&status, "connector_id"), ids(&all, "id"));
}

#[tokio::test(start_paused = true)]
async fn the_filters_keep_what_they_say_and_nothing_else() {
    let app = App::simulate(112, EPOCH).await;
    let (organization, connector_id) = app.synced("Filters", LAKESHORE).await;
    let all = async |path: &str| app.all(path, &organization.key).await;
    let (shifts, punches, people) = (
        all("/api/shifts").await,
        all("/api/time-punches").await,
        all("/api/team-members").await,
    );
    let is = |name: &'static str, value: Value| move |row: &Value| row[name] == value;
    let between = |name: &'static str| {
        move |row: &Value| {
            ("2026-09-10T00:00:00Z".."2026-09-15T00:00:00Z").contains(&row[name].as_str().unwrap())
        }
    };
    let person = people
        .iter()
        .find(|person| person["is_active"] == true)
        .unwrap()["id"]
        .clone();
    let location = shifts[0]["location_id"].clone();
    let email = people
        .iter()
        .find_map(|person| person["email"].as_str())
        .unwrap()
        .to_owned();
    let (of_person, of_place) = (
        person.as_str().unwrap().to_owned(),
        location.as_str().unwrap().to_owned(),
    );
    type Keeps = Box<dyn Fn(&Value) -> bool>;
    let cases: Vec<(String, &[Value], Keeps)> = vec![
        ("/api/shifts?is_open=true".into(), &shifts, Box::new(is("is_open", json!(true)))),
        ("/api/shifts?is_open=false".into(), &shifts, Box::new(is("is_open", json!(false)))),
        (format!("/api/shifts?team_member_id={of_person}"), &shifts, Box::new(is("team_member_id", person.clone()))),
        (format!("/api/shifts?location_id={of_place}"), &shifts, Box::new(is("location_id", location.clone()))),
        ("/api/shifts?starts_from=2026-09-10T00:00:00Z&starts_to=2026-09-15T00:00:00Z".into(), &shifts, Box::new(between("starts_at"))),
        ("/api/time-punches?is_running=true".into(), &punches, Box::new(is("clocked_out_at", Value::Null))),
        ("/api/time-punches?is_running=false".into(), &punches, Box::new(|row| row["clocked_out_at"].is_string())),
        ("/api/time-punches?is_approved=true".into(), &punches, Box::new(is("is_approved", json!(true)))),
        ("/api/time-punches?is_approved=0".into(), &punches, Box::new(is("is_approved", json!(false)))),
        (format!("/api/time-punches?team_member_id={of_person}"), &punches, Box::new(is("team_member_id", person))),
        (format!("/api/time-punches?location_id={of_place}"), &punches, Box::new(is("location_id", location))),
        ("/api/time-punches?clocked_in_from=2026-09-10T00:00:00Z&clocked_in_to=2026-09-15T00:00:00Z".into(), &punches, Box::new(between("clocked_in_at"))),
        ("/api/team-members?is_active=true".into(), &people, Box::new(is("is_active", json!(true)))),
        ("/api/team-members?is_active=false".into(), &people, Box::new(is("is_active", json!(false)))),
        (format!("/api/team-members?email={}", email.to_uppercase().replace('+', "%2B")), &people, Box::new(is("email", json!(email)))),
    ];
    for (path, unfiltered, keeps) in cases {
        let expected: BTreeSet<_> = unfiltered
            .iter()
            .filter(|row| keeps(row))
            .map(|row| row["id"].to_string())
            .collect();
        let got: BTreeSet<_> = all(&path)
            .await
            .iter()
            .map(|row| row["id"].to_string())
            .collect();
        assert_eq!(got, expected, "{path}");
    }
    for (query, count) in [
        ("stream=users", 1),
        ("status=success", SEVEN_SHIFTS_STREAMS.len()),
        ("status=failed", 0),
        ("trigger=nightly", 0),
        ("started_from=2030-01-01T00:00:00Z", 0),
        (
            &format!("connector_id={connector_id}"),
            SEVEN_SHIFTS_STREAMS.len(),
        ),
    ] {
        assert_eq!(
            all(&format!("/api/sync-runs?{query}")).await.len(),
            count,
            "{query}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn every_run_says_what_started_it_and_is_found_by_it() {
    let app = App::simulate(114, EPOCH).await;
    // 10:13 in Toronto; the night's batch is at 02:00.
    let (organization, _) = app.synced("Triggers", LAKESHORE).await;
    for _ in 0..18 {
        tokio::time::sleep(std::time::Duration::from_secs(3_600)).await;
        app.tick().await.expect(StatusCode::OK);
    }
    let all = app.all("/api/sync-runs", &organization.key).await;
    let mut found = 0;
    for (trigger, is_there) in [
        ("manual", true),
        ("cron", true),
        ("nightly", true),
        ("webhook", false),
        ("retry", false),
    ] {
        let path = format!("/api/sync-runs?trigger={trigger}");
        let runs = app.all(&path, &organization.key).await;
        assert_eq!(!runs.is_empty(), is_there, "{trigger}");
        for run in &runs {
            assert_eq!(run["trigger"], trigger);
        }
        let expected: Vec<_> = all.iter().filter(|run| run["trigger"] == trigger).collect();
        assert_eq!(runs.iter().collect::<Vec<_>>(), expected, "{trigger}");
        found += runs.len();
    }
    assert_eq!(found, all.len(), "a run has a trigger that no filter knows");
    // Connecting asked for every stream once; by itself a stream runs by day or by night.
    let of = |trigger: &str, stream: &str| {
        all.iter()
            .filter(|run| run["trigger"] == trigger && run["stream"] == stream)
            .count()
    };
    for stream in SEVEN_SHIFTS_STREAMS {
        assert_eq!(of("manual", stream), 1, "{stream}");
        let by_day = ["shifts", "time_punches", "time_off"].contains(stream);
        assert_eq!(of("nightly", stream), usize::from(!by_day), "{stream}");
        assert_eq!(of("cron", stream) > 0, by_day, "{stream}");
    }
    assert!(of("cron", "time_punches") > of("cron", "shifts"));
    let unknown = app
        .get("/api/sync-runs?trigger=Manual", &organization.key)
        .await;
    assert_eq!(super::fields(&unknown), ["trigger"]);
}

#[tokio::test(start_paused = true)]
async fn changes_come_in_order_with_tombstones_and_nothing_that_did_not_change() {
    let app = App::simulate(113, EPOCH).await;
    let (organization, _) = app.synced("Changes", LAKESHORE).await;
    let key = organization.key.as_str();
    let live = app.all("/api/shifts", key).await;
    let victim = live.last().unwrap().clone();
    let external: i64 = victim["external_id"].as_str().unwrap().parse().unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    let since = "2026-09-21T14:20:00Z";
    assert_eq!(
        app.all(&format!("/api/shifts?updated_since={since}"), key)
            .await,
        [] as [Value; 0]
    );
    app.simulator
        .provider()
        .mutate(
            LAKESHORE.company_id,
            Mutation::DeleteShift {
                id: external,
                publish: true,
            },
        )
        .unwrap();
    let call = json!({"action": "scheduled_sync", "streams": ["shifts"]});
    app.proxy(key, call).await.expect(StatusCode::OK);
    let changed = app
        .all(&format!("/api/shifts?updated_since={since}"), key)
        .await;
    assert_eq!(
        ids(&changed),
        [victim["id"].as_str().unwrap()],
        "{changed:#?}"
    );
    assert!(changed[0]["deleted_at"].is_string());
    let path = format!("/api/shifts/{}", victim["id"].as_str().unwrap());
    let single = app.get(&path, key).await.expect(StatusCode::OK);
    assert!(single["deleted_at"].is_string());
    let now = app.all("/api/shifts", key).await;
    assert_eq!(now.len(), live.len() - 1);
    assert!(!ids(&now).contains(&victim["id"].as_str().unwrap().to_owned()));
    assert_eq!(
        app.all("/api/shifts?include_deleted=true", key).await.len(),
        live.len()
    );

    // A record that cannot be stored is shown with the reason; the rest lands.
    app.simulator
        .provider()
        .mutate(
            LAKESHORE.company_id,
            serde_json::from_value(json!({"op": "corrupt", "resource": "users", "id": first_user(&app), "field": "id", "raw": "\"seven\""})).unwrap(),
        )
        .unwrap();
    app.proxy(key, json!({"action": "scheduled_sync", "streams": ["users"], "params": {"sync_window_hours": 87_600}}))
        .await
        .expect(StatusCode::OK);
    let quarantined = app.all("/api/quarantined-records?stream=users", key).await;
    all_are::<records::QuarantinedRecord>(&quarantined);
    assert_eq!(
        app.all("/api/quarantined-records?stream=shifts", key)
            .await
            .len(),
        0
    );
    app.request(Method::GET, "/api/sync-runs?status=partial", key, None)
        .await
        .expect(StatusCode::OK);
}

fn first_user(app: &App) -> i64 {
    app.simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .unwrap()
        .users[0]
        .id
}
