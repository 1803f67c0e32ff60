//! What of a list is in the table: by each rule of paging, whole and by what has changed, on bad days, and
//! never less than the API has.

use http::StatusCode;
use serde_json::{Value, json};
use simulators::{Fault, FaultRule};

use super::{
    assert_true, connect, connector, custom, ended, incremental, pass, put, records, remove, start,
    sync,
};

const RULES: [&str; 6] = ["none", "cursor", "next-url", "pages", "offset", "link"];

#[tokio::test(start_paused = true)]
async fn every_rule_of_paging_brings_the_whole_list() {
    for (rule, seed) in RULES.into_iter().zip(761..) {
        let (app, organization) = start(seed).await;
        put(
            &app,
            1..=25,
            &json!({"total": 2.5, "lines": [{"sku": "é"}]}),
        );
        let id = connect(&app, &organization, custom(rule)).await;
        let run = sync(&app, &organization, &id, json!({})).await;
        assert_eq!(
            (
                &run["status"],
                &run["kind"],
                &run["created"],
                &run["stream"]
            ),
            (
                &json!("success"),
                &json!("complete"),
                &json!(25),
                &json!("records")
            ),
            "{rule} {run:#}"
        );
        assert_true(&app, &organization, rule).await;
        put(&app, 3..=4, &json!({"total": 3}));
        put(&app, 26..=30, &json!({}));
        remove(&app, [1, 10]);
        let run = sync(&app, &organization, &id, json!({})).await;
        assert_eq!(
            [
                &run["created"],
                &run["updated"],
                &run["deleted"],
                &run["unchanged"]
            ],
            [5, 2, 2, 21],
            "{rule} {run:#}"
        );
        assert_true(&app, &organization, rule).await;
        // What comes back is here again.
        put(&app, [10], &json!({}));
        sync(&app, &organization, &id, json!({})).await;
        assert_true(&app, &organization, rule).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_schedule_asks_for_what_has_changed_and_at_night_for_everything() {
    let (app, organization) = start(771).await;
    put(&app, 1..=25, &json!({}));
    let id = connect(&app, &organization, incremental("cursor")).await;
    // The first sync is due at once, those after it every quarter of an hour.
    // Longer than what a list of changes looks back.
    for _ in 0..150 {
        app.tick().await.expect(StatusCode::OK);
        pass(20).await;
    }
    assert_true(&app, &organization, "at first").await;
    put(&app, [7], &json!({"paid": true}));
    remove(&app, [8]);
    for _ in 0..60 {
        app.tick().await.expect(StatusCode::OK);
        pass(20).await;
    }
    let here = records(&app, &organization).await;
    assert_eq!(here["0007"]["paid"], true);
    // Nothing says that it is gone yet.
    assert!(here.contains_key("0008"));
    let path = format!("/api/sync-runs?connector_id={id}");
    let runs = app.all(&path, &organization.key).await;
    let kinds: Vec<_> = runs.iter().map(|run| run["kind"].clone()).collect();
    assert_eq!(kinds.last(), Some(&json!("complete")), "{runs:#?}");
    assert_eq!(kinds.first(), Some(&json!("incremental")), "{runs:#?}");
    assert_eq!(runs[0]["fetched"], 1, "{runs:#?}");
    // 02:00 of Toronto is 16 hours away.
    pass(16 * 3_600).await;
    app.tick().await.expect(StatusCode::OK);
    pass(20).await;
    app.tick().await.expect(StatusCode::OK);
    assert_true(&app, &organization, "after a night").await;
}

#[tokio::test(start_paused = true)]
async fn much_that_is_gone_is_deleted_only_when_somebody_says_so() {
    let (app, organization) = start(772).await;
    put(&app, 1..=60, &json!({}));
    let id = connect(&app, &organization, incremental("offset")).await;
    sync(&app, &organization, &id, json!({})).await;
    remove(&app, 1..=30);
    let run = sync(&app, &organization, &id, json!({"full": true})).await;
    assert_eq!(
        (&run["status"], &run["error_code"], &run["deleted"]),
        (&json!("partial"), &json!("deletion_brake"), &json!(0)),
        "{run:#}"
    );
    assert_eq!(records(&app, &organization).await.len(), 60);
    let run = sync(&app, &organization, &id, json!({"force_deletions": true})).await;
    assert_eq!(
        (&run["status"], &run["deleted"]),
        (&json!("success"), &json!(30)),
        "{run:#}"
    );
    assert_true(&app, &organization, "forced").await;
}

#[tokio::test(start_paused = true)]
async fn a_row_that_cannot_be_stored_is_in_quarantine_and_deletes_nothing() {
    let (app, organization) = start(773).await;
    put(&app, 1..=5, &json!({}));
    let id = connect(&app, &organization, custom("cursor")).await;
    sync(&app, &organization, &id, json!({})).await;
    // One is too long by now, and stays as it was; one has lost its id, and may be any.
    put(&app, [2], &json!({"text": "a".repeat(70_000)}));
    let run = sync(&app, &organization, &id, json!({})).await;
    assert_eq!(
        (&run["status"], &run["error_code"], &run["deleted"]),
        (&json!("partial"), &json!("quarantined"), &json!(0)),
        "{run:#}"
    );
    put(&app, [3], &json!({"id": null}));
    remove(&app, [4]);
    let run = sync(&app, &organization, &id, json!({})).await;
    assert_eq!(
        (&run["status"], &run["error_code"], &run["deleted"]),
        (&json!("partial"), &json!("quarantined"), &json!(0)),
        "{run:#}"
    );
    let here = records(&app, &organization).await;
    assert_eq!(here.len(), 5);
    assert_eq!(here["0002"].get("text"), None);
    let quarantined = app.all("/api/quarantined-records", &organization.key).await;
    assert_eq!(quarantined.len(), 2, "{quarantined:#?}");
    pass(2).await;
    // When all can be read again, all is true again.
    put(&app, [2, 3], &json!({}));
    let run = sync(&app, &organization, &id, json!({})).await;
    assert_eq!(
        (&run["status"], &run["deleted"]),
        (&json!("success"), &json!(1)),
        "{run:#}"
    );
    assert_true(&app, &organization, "mended").await;
    let quarantined = app.all("/api/quarantined-records", &organization.key).await;
    assert_eq!(quarantined, [] as [Value; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_not_read_to_its_end_deletes_nothing() {
    for (rule, fault, code) in [
        ("cursor", Fault::DuplicatePage, "pages_in_a_circle"),
        ("next-url", Fault::DuplicatePage, "pages_in_a_circle"),
        (
            "cursor",
            Fault::NeverEndingCursor {
                repeat_rows: true,
                same_cursor: true,
            },
            "pages_in_a_circle",
        ),
        (
            "cursor",
            Fault::NeverEndingCursor {
                repeat_rows: false,
                same_cursor: false,
            },
            "too_many_pages",
        ),
        ("link", Fault::WrongShape, "unreadable_list"),
        ("offset", Fault::status(StatusCode::NOT_FOUND), "not_found"),
    ] {
        let (app, organization) = start(774).await;
        put(&app, 1..=25, &json!({}));
        let id = connect(&app, &organization, custom(rule)).await;
        sync(&app, &organization, &id, json!({})).await;
        remove(&app, [1]);
        let path = format!("/open/records/{rule}");
        app.rest.add_fault(FaultRule::always(path, fault));
        let run = sync(&app, &organization, &id, json!({})).await;
        assert_eq!(
            (&run["status"], &run["error_code"], &run["deleted"]),
            (&json!("failed"), &json!(code), &json!(0)),
            "{rule} {run:#}"
        );
        assert_eq!(records(&app, &organization).await.len(), 25, "{rule}");
        app.rest.clear_faults();
        let run = sync(&app, &organization, &id, json!({})).await;
        assert_eq!(run["deleted"], 1, "{rule} {run:#}");
        assert_true(&app, &organization, rule).await;
    }
}

#[tokio::test(start_paused = true)]
async fn bad_weather_passes_and_leaves_the_truth() {
    for (rule, seed) in [("cursor", 775), ("pages", 776), ("link", 777)] {
        let (app, organization) = start(seed).await;
        put(&app, 1..=45, &json!({}));
        let id = connect(&app, &organization, custom(rule)).await;
        sync(&app, &organization, &id, json!({})).await;
        put(&app, 40..=60, &json!({"new": true}));
        remove(&app, 1..=9);
        for rule in FaultRule::bad_weather(seed, 0.05) {
            app.rest.add_fault(rule);
        }
        for _ in 0..90 {
            app.tick().await.expect(StatusCode::OK);
            pass(20).await;
        }
        app.rest.clear_faults();
        // What the API has now is never deleted here by what it has said wrongly.
        let here = records(&app, &organization).await;
        for row in app.rest.provider().records().list() {
            let key = row["id"].as_str().expect("an id");
            assert!(key > "0045" || here.contains_key(key), "{rule} {key}");
        }
        sync(&app, &organization, &id, json!({})).await;
        assert_true(&app, &organization, rule).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_pages_goes_on_where_it_was() {
    let (mut app, organization) = start(778).await;
    put(&app, 1..=45, &json!({}));
    let id = connect(&app, &organization, custom("cursor")).await;
    let slow = Fault::Delay {
        milliseconds: 120_000,
    };
    app.rest
        .add_fault(FaultRule::once("/open/records", slow).query_contains("cursor=20"));
    let path = format!("/api/connectors/{id}/sync");
    let asked = app.post(&path, &organization.key, json!({})).await;
    let run = asked.expect(StatusCode::ACCEPTED)["run_id"].clone();
    let run = run.as_str().expect("a run");
    let before = records(&app, &organization).await.len();
    assert_eq!(before, 20);
    app.crash().await;
    let run = ended(&app, &organization, run).await;
    assert_eq!(
        (&run["status"], &run["created"], &run["pages"]),
        (&json!("success"), &json!(45), &json!(5)),
        "{run:#}"
    );
    let asked_for_first = app
        .rest
        .requests()
        .iter()
        .filter(|request| request.query.is_empty())
        .count();
    assert_eq!(asked_for_first, 1, "pages were asked for again");
    assert_true(&app, &organization, "after the crash").await;
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_not_taken_expires_the_connector_until_it_is() {
    let (app, organization) = start(779).await;
    put(&app, 1..=3, &json!({}));
    let mut body = custom("none");
    let base_url = body["config"]["base_url"].as_str().expect("a URL");
    let base_url = base_url.replace("/open", "/bearer");
    body["config"]["base_url"] = json!(base_url);
    body["config"]["auth"] = json!({"type": "bearer"});
    body["credentials"] = json!({"token": simulators::rest::TOKEN});
    let id = connect(&app, &organization, body).await;
    app.rest.add_fault(FaultRule::next(
        1,
        "/bearer/records",
        Fault::status(StatusCode::FORBIDDEN),
    ));
    let run = sync(&app, &organization, &id, json!({})).await;
    assert_eq!(
        (&run["status"], &run["error_code"]),
        (&json!("failed"), &json!("forbidden"))
    );
    let shown = connector(&app, &organization, &id).await;
    assert_eq!(shown["state"], "expired", "{shown:#}");
    let status = app.all("/api/sync-status", &organization.key).await;
    assert_eq!(
        status[0]["streams"]["records"]["last_status"], "failed",
        "{status:#?}"
    );
    sync(&app, &organization, &id, json!({})).await;
    let shown = connector(&app, &organization, &id).await;
    assert_eq!(
        (&shown["state"], &shown["state_reason"]),
        (&json!("active"), &Value::Null)
    );
    assert_true(&app, &organization, "mended").await;
}

#[tokio::test(start_paused = true)]
async fn a_paused_connector_syncs_nothing() {
    let (app, organization) = start(780).await;
    put(&app, 1..=3, &json!({}));
    let id = connect(&app, &organization, custom("none")).await;
    let path = format!("/api/connectors/{id}");
    app.post(&format!("{path}/pause"), &organization.key, json!({}))
        .await
        .expect(StatusCode::OK);
    let answer = app
        .post(&format!("{path}/sync"), &organization.key, json!({}))
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.json());
    for _ in 0..60 {
        app.tick().await.expect(StatusCode::OK);
        pass(20).await;
    }
    assert_eq!(records(&app, &organization).await.len(), 0);
    app.post(&format!("{path}/resume"), &organization.key, json!({}))
        .await
        .expect(StatusCode::OK);
    app.tick().await.expect(StatusCode::OK);
    assert_true(&app, &organization, "resumed").await;
}
