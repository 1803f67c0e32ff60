//! Bad days: what cannot be read is unknown, and nobody is free for want of it.

use http::StatusCode;
use serde_json::{Value, json};
use simulators::{ErrorShape, Fault, FaultRule};

use super::{DEALS, EARLIEST, MEETINGS, OWNERS, Stage, USERS, of, pass, problem, source};

fn status(status: u16) -> Fault {
    Fault::status(StatusCode::from_u16(status).unwrap())
}

fn html(status: u16) -> Fault {
    Fault::Status {
        status,
        retry_after: None,
        shape: ErrorShape::Html,
        detail: None,
    }
}

/// Nobody has a week, each for the want of this source.
fn assert_all_unknown(list: &Value, name: &str) {
    for row in list["data"].as_array().unwrap() {
        assert_eq!(row["earliest_open_week"], Value::Null, "{row}");
        // Who cannot be looked at anyway is told why.
        if row["because"] == "source_unknown" {
            assert_eq!(row["unknown"], json!([name]), "{row}");
        }
    }
    let unknown = list["data"].as_array().unwrap().iter();
    let unknown = unknown.filter(|row| row["because"] == "source_unknown");
    assert_eq!(unknown.count(), 10);
    let source = source(list, name);
    assert_eq!(source["is_unknown"], true);
    assert!(
        source["error"].is_string() && source["detail"].is_string(),
        "{source}"
    );
    assert_eq!(list["is_stale"], true);
    assert_eq!(list["synced_at"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_single_failure_is_tried_again() {
    for (seed, fault) in (3_301..).zip([
        status(423),
        status(503),
        status(500),
        html(502),
        Fault::Delay {
            milliseconds: 9_000,
        },
        Fault::NoAnswer,
        Fault::reset(),
        Fault::truncate(),
    ]) {
        let stage = Stage::set(seed).await;
        for path in [USERS, MEETINGS, DEALS] {
            let rule = FaultRule::once(path, fault.clone());
            assert!(stage.app.hubspot.add_fault(rule));
        }
        let list = stage.earliest().await;
        assert_eq!(list["is_stale"], false, "{fault:?}: {list:#}");
        assert!(of(&list, "mia.tan@example.test")["earliest_open_week"].is_string());
    }
}

#[tokio::test(start_paused = true)]
async fn without_its_meetings_nobody_is_free() {
    let faults = [
        status(503),
        html(502),
        Fault::NoAnswer,
        Fault::WrongJson,
        status(400),
        status(403),
        Fault::ListCutShort { keep: 1 },
    ];
    for (seed, fault) in (3_311..).zip(faults) {
        let stage = Stage::set(seed).await;
        stage.fault(MEETINGS, fault.clone());
        assert_all_unknown(&stage.earliest().await, "meetings");
        // As soon as they are there, they count.
        stage.app.hubspot.clear_faults();
        pass(5).await;
        let list = stage.earliest().await;
        assert_eq!(list["is_stale"], false, "{fault:?}: {list:#}");
        assert!(of(&list, "mia.tan@example.test")["earliest_open_week"].is_string());
    }
}

#[tokio::test(start_paused = true)]
async fn without_deals_nobody_is_free() {
    let stage = Stage::set(3_321).await;
    stage.fault(DEALS, status(503));
    assert_all_unknown(&stage.earliest().await, "deals");
    let path = "/availability/schedule?compute=1&email=mia.tan@example.test";
    let schedule = stage.told(path).await;
    assert_eq!(schedule["because"], "source_unknown");
    assert_eq!(schedule["earliest_open_week"], Value::Null);
    let marked = schedule["weeks"].as_array().unwrap().iter();
    assert_eq!(marked.filter(|week| week["is_earliest"] == true).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn without_users_there_is_no_answer() {
    let stage = Stage::set(3_322).await;
    stage.fault(USERS, html(502));
    for path in [
        EARLIEST,
        "/availability/matrix",
        "/availability/schedule?email=a@b.example",
    ] {
        let said = stage.get(path).await;
        problem(
            &said,
            StatusCode::BAD_GATEWAY,
            "It is not known who the advisers are.",
        );
    }
}

#[tokio::test(start_paused = true)]
async fn without_owners_users_are_believed() {
    let stage = Stage::set(3_323).await;
    stage.fault(OWNERS, status(403));
    let list = stage.earliest().await;
    assert!(of(&list, "mia.tan@example.test")["earliest_open_week"].is_string());
    assert_eq!(source(&list, "owners")["error"], "forbidden");
    assert_eq!(list["is_stale"], true);
}

#[tokio::test(start_paused = true)]
async fn a_failure_leaves_the_copy_which_is_used_for_an_hour() {
    let stage = Stage::set(3_324).await;
    let before = stage.earliest().await;
    stage.fault("/crm", status(503));
    pass(1_800).await;
    let list = stage.earliest().await;
    assert_eq!(list["data"], before["data"]);
    assert_eq!(list["is_stale"], true);
    for name in ["users", "meetings", "deals"] {
        let source = source(&list, name);
        assert_eq!(
            (&source["is_copy"], &source["is_unknown"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(source["error"], "server_error", "{source}");
        assert!(source["age_seconds"].as_i64().unwrap() >= 1_800);
    }
    let table = stage
        .get("/availability/earliest?compute=1&format=csv")
        .await;
    assert_eq!(table.headers["x-is-stale"], "true");
    // Longer ago than an hour nothing is known any more, and users neither.
    pass(1_800).await;
    let said = stage.get(EARLIEST).await;
    problem(
        &said,
        StatusCode::BAD_GATEWAY,
        "It is not known who the advisers are.",
    );
    stage.app.hubspot.clear_faults();
    pass(31).await;
    assert_eq!(stage.earliest().await["is_stale"], false);
}

#[tokio::test(start_paused = true)]
async fn only_those_whose_meetings_are_missing_are_unknown() {
    let stage = Stage::set(3_325).await;
    stage.settings(simulators::hubspot::Settings::lift_limits);
    for number in 0..150 {
        stage.hire(number, &super::first(&number.to_string()));
    }
    // A hundred owners are asked for at a time: the second search fails, and its tries.
    let rule = FaultRule::on(
        MEETINGS,
        simulators::When::Next {
            requests: 3,
            after: 1,
        },
        status(503),
    );
    assert!(stage.app.hubspot.add_fault(rule));
    let list = stage.told(&format!("{EARLIEST}&limit=500")).await;
    let rows = list["data"].as_array().unwrap();
    let unknown: Vec<_> = rows
        .iter()
        .filter(|row| row["because"] == "source_unknown")
        .collect();
    let free = rows
        .iter()
        .filter(|row| row["earliest_open_week"].is_string())
        .count();
    // Eleven have an owner, one of whom takes nobody on and is not listed.
    assert_eq!((unknown.len(), free), (61, 99));
    assert!(
        unknown
            .iter()
            .all(|row| row["unknown"] == json!(["meetings"]))
    );
    assert_eq!(source(&list, "meetings")["is_unknown"], true);
}

#[tokio::test(start_paused = true)]
async fn who_has_failed_a_moment_ago_is_not_waited_for_again() {
    let stage = Stage::set(3_326).await;
    stage.earliest().await;
    stage.fault("/crm", Fault::NoAnswer);
    pass(130).await;
    stage.asked();
    let list = stage.earliest().await;
    assert_eq!(source(&list, "deals")["error"], "timeout");
    assert!(!stage.asked().is_empty());
    let list = stage.earliest().await;
    assert_eq!(source(&list, "deals")["error"], "timeout");
    assert_eq!(list["is_stale"], true);
    assert_eq!(stage.asked(), [""; 0]);
    stage.app.hubspot.clear_faults();
    pass(31).await;
    assert_eq!(stage.earliest().await["is_stale"], false);
}
