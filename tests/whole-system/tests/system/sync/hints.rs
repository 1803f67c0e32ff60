//! What 7shifts sends to the path that it was told: never believed, and a reason to look.

use bytes::Bytes;
use domain::stream::Stream;
use domain::webhook_topic::{Hint, WebhookTopic};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use simulators::seven_shifts::{Mutation, UserChanges};
use simulators::{Fault, FaultRule};
use whole_system::{Answer, App, LAKESHORE, Organization, send_raw};

use super::webhooks::{connect, path, restaurant};
use super::{connector, mirror, pass, settle};

/// Between the starts of two runs that hints ask for.
const GAP_SECONDS: u64 = 30;

/// An account whose first sync is over, the path that 7shifts was told, and the connector.
async fn synced(seed: u64) -> (App, Organization, String, String) {
    let (app, organization) = restaurant(seed).await;
    connect(&app, &organization, LAKESHORE).await;
    settle(&app, &organization).await;
    let connectors = app.all("/api/connectors", &organization.key).await;
    let id = connectors[0]["id"].as_str().expect("an id").to_owned();
    let path = path(&app, LAKESHORE);
    pass(60).await;
    (app, organization, path, id)
}

async fn send(app: &App, path: &str, topic: &str, body: impl Into<Bytes>) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/hooks/{path}"))
        .header("content-type", "application/json")
        .header("x-webhook-topic", topic)
        .header("x-company-id", LAKESHORE.company_id.to_string());
    let request = request.body(body.into()).expect("a request");
    send_raw(&app.runtime, request).await
}

fn rename_somebody(app: &App) {
    let truth = app.simulator.provider().truth(LAKESHORE.company_id);
    let user = truth.expect("the account").users[0].id;
    let changes = UserChanges {
        last_name: Some("Newname".to_owned()),
        ..UserChanges::default()
    };
    super::change(app, Mutation::EditUser { id: user, changes });
}

/// Streams that a run was made due for by a hint.
fn promised(app: &App) -> Vec<String> {
    let database = app.database();
    let mut statement = database
        .prepare(
            "SELECT name FROM jobs WHERE next_run_id IS NOT NULL AND planned_trigger = 'webhook' ORDER BY rank",
        )
        .expect("a statement");
    statement
        .query_map([], |row| row.get(0))
        .and_then(Iterator::collect)
        .expect("names")
}

async fn runs_by_webhook(app: &App, organization: &Organization, stream: &str) -> Vec<Value> {
    let path = format!("/api/sync-runs?trigger=webhook&stream={stream}");
    app.all(&path, &organization.key).await
}

#[tokio::test(start_paused = true)]
async fn every_topic_makes_its_streams_due_and_no_others() {
    let (app, organization, path, _) = synced(301).await;
    for topic in WebhookTopic::ALL {
        let expected: Vec<_> = match topic.hint() {
            Hint::Streams(streams) => streams.iter().map(|stream| stream.as_str()).collect(),
            Hint::Connector | Hint::Unknown => vec![Stream::Locations.as_str()],
        };
        let said = send(&app, &path, topic.as_str(), "{}").await;
        let said = said.expect(StatusCode::ACCEPTED);
        assert_eq!(said, json!({"received": true, "streams": expected}));
        let mut expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
        expected.sort_by_key(|name| name.parse::<Stream>().map(Stream::rank).ok());
        assert_eq!(promised(&app), expected, "{topic}");
        settle(&app, &organization).await;
        for stream in &expected {
            let runs = runs_by_webhook(&app, &organization, stream).await;
            assert_eq!(runs[0]["status"], "success", "{topic}: {stream}");
        }
        pass(60).await;
    }
    // What is no topic that we know is taken, and nothing follows.
    for topic in ["weather.changed", "", "x".repeat(5_000).as_str()] {
        let said = send(&app, &path, topic, "{}").await;
        assert_eq!(said.expect(StatusCode::ACCEPTED)["streams"], json!([]));
    }
    assert_eq!(promised(&app), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn nothing_in_a_body_is_believed_and_none_can_do_harm() {
    let (app, organization, path, _) = synced(302).await;
    let people = app.all("/api/team-members", &organization.key).await;
    let lie =
        json!({"user_id": people[0]["external_id"], "company_id": 1, "first_name": "Mallory"});
    for body in [
        Bytes::new(),
        Bytes::from_static(&[0xff, 0xfe, 0x00]),
        Bytes::from("[".repeat(100_000)),
        Bytes::from(lie.to_string()),
    ] {
        let said = send(&app, &path, "user.modified", body).await;
        said.expect(StatusCode::ACCEPTED);
    }
    settle(&app, &organization).await;
    assert_eq!(
        app.all("/api/team-members", &organization.key).await,
        people
    );
    // And who does not know the path is told nothing.
    for wrong in [
        "x",
        &path.to_uppercase(),
        &path[1..],
        "..%2f..",
        &"a".repeat(4_000),
    ] {
        let said = send(&app, wrong, "user.modified", "{}").await;
        assert_eq!(said.status, StatusCode::NOT_FOUND, "{wrong}");
    }
    let large = send(&app, &path, "user.modified", vec![b'x'; 1_024 * 1_024 + 1]).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(promised(&app), Vec::<String>::new());
    assert!(!app.output.text().contains(&path), "the path is in the log");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_7shifts_tells_of_is_here_with_the_next_tick() {
    let (app, organization, path, _) = synced(303).await;
    rename_somebody(&app);
    send(&app, &path, "user.modified", "{}").await;
    app.tick().await;
    let people = app.all("/api/team-members", &organization.key).await;
    assert!(people.iter().any(|person| person["last_name"] == "Newname"));
    mirror::assert_equal(&app, &organization).await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_hints_spends_two_runs_a_minute_and_loses_none() {
    let (app, organization, path, _) = synced(304).await;
    let started = tokio::time::Instant::now();
    for second in 0..180 {
        send(&app, &path, "user.modified", "{}").await;
        if second % 5 == 0 {
            app.tick().await;
        }
        pass(1).await;
    }
    let took = started.elapsed().as_secs();
    let runs = runs_by_webhook(&app, &organization, "users").await.len() as u64;
    let most = took / GAP_SECONDS + 1;
    assert!((4..=most).contains(&runs), "{runs} runs in {took} s");
    // The last hint of all is served like the first.
    rename_somebody(&app);
    send(&app, &path, "user.modified", "{}").await;
    pass(GAP_SECONDS).await;
    app.tick().await;
    mirror::assert_equal(&app, &organization).await;
}

/// A run in progress may have read before the change: another follows, and one that a person asks for
/// does not wait for the gap.
#[tokio::test(start_paused = true)]
async fn a_hint_during_a_run_is_followed_by_another() {
    let (app, organization, path, _) = synced(305).await;
    send(&app, &path, "location.modified", "{}").await;
    app.simulator.add_fault(FaultRule::next(
        1,
        "/v2/company/4410/locations",
        Fault::Delay {
            milliseconds: 4_000,
        },
    ));
    let (_, ()) = tokio::join!(app.tick(), async {
        pass(2).await;
        send(&app, &path, "location.modified", "{}").await;
    });
    assert_eq!(promised(&app), ["locations"]);
    app.tick().await;
    assert_eq!(
        runs_by_webhook(&app, &organization, "locations")
            .await
            .len(),
        1,
        "not before half a minute has passed"
    );
    pass(GAP_SECONDS).await;
    app.tick().await;
    assert_eq!(
        runs_by_webhook(&app, &organization, "locations")
            .await
            .len(),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_switched_off_or_over_stays_so() {
    let (app, organization, path, id) = synced(306).await;
    let settings_path = format!("/api/connectors/{id}/sync-settings");
    let mut settings = app
        .get(&settings_path, &organization.key)
        .await
        .expect(StatusCode::OK);
    settings["streams"]["wages"]["enabled"] = json!(false);
    let put = app
        .request(
            Method::PUT,
            &settings_path,
            &organization.key,
            Some(settings),
        )
        .await;
    put.expect(StatusCode::OK);
    send(&app, &path, "user.created", "{}").await;
    assert_eq!(promised(&app), ["users", "assignments"]);
    settle(&app, &organization).await;
    pass(60).await;
    for (action, state) in [("pause", "paused"), ("disconnect", "disconnected")] {
        app.post(
            &format!("/api/connectors/{id}/{action}"),
            &organization.key,
            json!({}),
        )
        .await
        .expect(StatusCode::OK);
        let said = send(&app, &path, "user.created", "{}").await;
        let is_gone = state == "disconnected";
        let expected = if is_gone {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::ACCEPTED
        };
        assert_eq!(said.status, expected, "{state}");
        assert_eq!(promised(&app), Vec::<String>::new(), "{state}");
    }
}

#[tokio::test(start_paused = true)]
async fn consent_that_was_withdrawn_is_noticed_at_once() {
    let (app, organization, path, id) = synced(307).await;
    let gone = Mutation::SetToken {
        token: LAKESHORE.token.to_owned(),
        revoked: true,
    };
    super::change(&app, gone);
    send(&app, &path, "authorization.revoked", "{}").await;
    app.tick().await;
    let shown = connector(&app, &organization, &id).await;
    assert_eq!(shown["state"], "expired", "{shown:#}");
}

#[tokio::test(start_paused = true)]
async fn one_organizations_path_moves_nothing_of_another() {
    let (app, _, path, _) = synced(308).await;
    let other = app.organization("Other", LAKESHORE.zone).await;
    let call =
        json!({"action": "connect", "apiKey": LAKESHORE.token, "companyId": LAKESHORE.company_id});
    app.proxy(&other.key, call).await.expect(StatusCode::OK);
    settle(&app, &other).await;
    pass(60).await;
    send(&app, &path, "role.created", "{}").await;
    let waiting: Vec<String> = {
        let database = app.database();
        let mut statement = database
            .prepare("SELECT organization_id FROM jobs WHERE next_run_id IS NOT NULL")
            .expect("a statement");
        statement
            .query_map([], |row| row.get(0))
            .and_then(Iterator::collect)
            .expect("ids")
    };
    assert_eq!(waiting.len(), 1);
    assert_ne!(waiting[0], other.id);
}
