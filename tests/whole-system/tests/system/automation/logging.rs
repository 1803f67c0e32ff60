//! The integration log: rows of everything, as it happens, and counted.

use http::StatusCode;
use serde_json::{Value, json};

use super::{settle, start, tells};
use crate::api::problem;
use crate::inbox::{deliver, id, send, standard};
use crate::notify::{notify, pass};

#[tokio::test(start_paused = true)]
async fn what_was_done_is_there_as_rows_and_counted() {
    let (app, organization, slack) = start(731).await;
    let key = &organization.key;
    let webhook = standard(&app, &organization).await;
    tells(&app, &organization, "Tell", "n {{ body.n }}").await;
    for n in 1..=3 {
        let body = json!({ "n": n }).to_string();
        send(&app, &webhook, &format!("m-{n}"), &body)
            .await
            .expect(StatusCode::OK);
    }
    settle(&app, &organization).await;
    // Somebody who has no key, many times.
    let path = format!("/hooks/{}", id(&webhook));
    for _ in 0..20 {
        pass(1).await;
        let refused = deliver(&app, &path, &Vec::new(), "{}").await;
        assert_eq!(refused.status, 401);
    }
    let said = notify(
        &app,
        &organization,
        &slack,
        json!({"text": "", "channel": "#gone"}),
    )
    .await;
    assert_eq!(said.status, 400);
    let rows = app.all("/api/logs?after=0", key).await;
    let of = |event_type: &str| {
        let rows = rows.iter().filter(|row| row["event_type"] == event_type);
        rows.map(|row| row["status"].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("delivery"), ["success"; 3]);
    assert_eq!(of("webhook"), ["success"; 3]);
    // The rule, and the one that every organization has.
    assert_eq!(of("rule"), ["success"; 6]);
    assert_eq!(of("log"), ["info"; 3]);
    assert!((1..=3).contains(&of("webhook_refused").len()), "{rows:#?}");
    let ids: Vec<i64> = rows
        .iter()
        .map(|row| row["id"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(ids.is_sorted());
    let text = json!(rows).to_string();
    for secret in [webhook["secret"].as_str().unwrap(), "xoxb-", "n 1"] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
    let failed = app.all("/api/logs?status=failed", key).await;
    assert!(
        failed
            .iter()
            .all(|row| row["event_type"] == "webhook_refused")
    );
    let statistics = app.get("/api/logs/stats", key).await.expect(StatusCode::OK);
    let total = rows.iter().filter(|row| row["status"] != "info").count();
    assert_eq!(statistics["total"], total);
    assert_eq!(statistics["failed"], failed.len());
    let delivery = &statistics["by_type"][0];
    assert_eq!(
        (
            &delivery["event_type"],
            &delivery["total"],
            &delivery["success_rate"]
        ),
        (&json!("delivery"), &json!(3), &json!(1.0))
    );
    assert!(delivery["p95_ms"].as_i64() >= delivery["p50_ms"].as_i64());
    assert_eq!(statistics["by_day"][0]["total"], total);
    let of_nobody = "/api/logs/stats?connector_id=0190f3a0-0000-7000-8000-000000000000";
    let nothing = app.get(of_nobody, key).await.expect(StatusCode::OK);
    assert_eq!(
        (&nothing["total"], &nothing["success_rate"]),
        (&json!(0), &Value::Null)
    );
    for query in [
        "from=2026-02-30",
        "from=2026-09-22&to=2026-09-01",
        "from=2020-01-01",
    ] {
        let answer = app.get(&format!("/api/logs/stats?{query}"), key).await;
        problem(&answer, 400, "invalid-request");
    }
}

#[tokio::test(start_paused = true)]
async fn a_live_view_waits_for_the_next_row() {
    let (app, organization, slack) = start(732).await;
    let key = &organization.key;
    let last = app.all("/api/logs?after=0", key).await.last().map_or_else(
        || "0".to_owned(),
        |row| row["id"].as_str().unwrap().to_owned(),
    );
    let started = tokio::time::Instant::now();
    let path = format!("/api/logs?after={last}&wait_s=3");
    let nothing = app.get(&path, key).await.expect(StatusCode::OK);
    assert_eq!(nothing["data"], json!([]));
    assert!(started.elapsed().as_secs() >= 3);
    let path = format!("/api/logs?after={last}&wait_s=20");
    let waiting = app.get(&path, key);
    let posting = async {
        pass(2).await;
        notify(&app, &organization, &slack, json!({"text": "Hello"})).await
    };
    let started = tokio::time::Instant::now();
    let (seen, said) = futures::future::join(waiting, posting).await;
    said.expect(StatusCode::OK);
    let seen = seen.expect(StatusCode::OK);
    assert_eq!(seen["data"][0]["event_type"], "delivery");
    assert!((2..6).contains(&started.elapsed().as_secs()));
}
