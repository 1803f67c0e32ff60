//! What 7shifts is asked to call: registered when an account is connected, put right by a repair,
//! and gone when it is disconnected. What is the customer's own is never touched.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::api_key::sha256_hex;
use domain::webhook_topic::WebhookTopic;
use http::{Method, StatusCode};
use runtime::{Faults, StatementFault};
use serde_json::{Value, json};
use simulators::seven_shifts::{Mutation, NewWebhook, Resource, demo_data};
use simulators::{Fault, FaultRule, When};
use whole_system::{
    Account, Answer, App, HARBOUR, LAKESHORE, OPERATOR_KEY, Organization, Settings,
};

use super::{EPOCH, connector, pass};

const BASE: &str = "https://patchbay.example.com";
const TOPICS: usize = WebhookTopic::REGISTERED.len();
/// The customer's own.
const CUSTOMERS: &str = "https://customer.example.com/7shifts";

fn settings(seed: u64) -> Settings {
    Settings {
        seed,
        ..Settings::default()
    }
    .variable("public_url", BASE)
}

pub async fn restaurant(seed: u64) -> (App, Organization) {
    with(seed, settings(seed)).await
}

async fn with(seed: u64, settings: Settings) -> (App, Organization) {
    let app = App::simulate_with(settings, EPOCH, demo_data(seed, EPOCH)).await;
    let organization = app.organization("Lakeshore", LAKESHORE.zone).await;
    (app, organization)
}

/// Connects, and says what became of the webhooks.
pub async fn connect(app: &App, organization: &Organization, account: Account) -> Value {
    connect_as(app, organization, account, "7shifts").await
}

async fn connect_as(app: &App, organization: &Organization, account: Account, key: &str) -> Value {
    let call = json!({"action": "connect", "apiKey": account.token, "companyId": account.company_id,
        "integrationKey": key});
    let answer = app.proxy(&organization.key, call).await;
    answer.expect(StatusCode::OK)["webhooks"].clone()
}

async fn act(app: &App, organization: &Organization, action: &str) -> Value {
    try_to(app, organization, action)
        .await
        .expect(StatusCode::OK)
}

async fn try_to(app: &App, organization: &Organization, action: &str) -> Answer {
    app.proxy(&organization.key, json!({"action": action}))
        .await
}

async fn disconnect(app: &App, organization: &Organization) {
    let listed = app.get("/api/connectors", &organization.key).await;
    let listed = listed.expect(StatusCode::OK);
    let id = listed["data"][0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/connectors/{id}/disconnect");
    app.request(Method::POST, &path, &organization.key, None)
        .await
        .expect(StatusCode::OK);
    let shown = connector(app, organization, &id).await;
    assert_eq!(shown["state"], "disconnected");
}

/// What the company has, as event and URL.
fn webhooks(app: &App, account: Account) -> Vec<(String, String)> {
    let truth = app.simulator.provider().truth(account.company_id);
    let webhooks = truth.expect("the account").webhooks;
    webhooks
        .into_iter()
        .map(|webhook| (webhook.event, webhook.url))
        .collect()
}

/// The paths under which it calls `base`, each of which has every topic once.
fn paths(app: &App, account: Account, base: &str) -> BTreeSet<String> {
    let prefix = format!("{base}/hooks/");
    let ours: Vec<_> = webhooks(app, account)
        .into_iter()
        .filter_map(|(event, url)| Some((url.strip_prefix(&prefix)?.to_owned(), event)))
        .collect();
    let paths: BTreeSet<String> = ours.iter().map(|(path, _)| path.clone()).collect();
    for path in &paths {
        let mut events: Vec<_> = ours
            .iter()
            .filter(|(of, _)| of == path)
            .map(|(_, event)| event.as_str())
            .collect();
        events.sort_unstable();
        let mut topics: Vec<_> = WebhookTopic::REGISTERED
            .iter()
            .map(|t| t.as_str())
            .collect();
        topics.sort_unstable();
        assert_eq!(events, topics, "{path}");
    }
    paths
}

/// The only path.
#[track_caller]
pub fn path(app: &App, account: Account) -> String {
    let paths = paths(app, account, BASE);
    assert_eq!(paths.len(), 1, "{paths:?}");
    paths.into_iter().next().expect("a path")
}

fn change(app: &App, account: Account, mutation: Mutation) -> i64 {
    let changed = app
        .simulator
        .provider()
        .mutate(account.company_id, mutation);
    changed
        .expect("the change is possible")
        .id
        .unwrap_or_default()
}

fn add(app: &App, account: Account, url: &str, event: &str) -> i64 {
    let new = NewWebhook {
        url: url.to_owned(),
        event: event.to_owned(),
    };
    change(app, account, Mutation::AddWebhook(new))
}

fn has_customers(app: &App, account: Account) -> bool {
    webhooks(app, account)
        .iter()
        .any(|(_, url)| url == CUSTOMERS)
}

/// Requests about webhooks since the log was cleared, as method and number.
fn asked(app: &App, method: &Method) -> usize {
    app.simulator
        .requests()
        .iter()
        .filter(|request| request.method == method.as_str() && request.path.contains("/webhooks"))
        .count()
}

fn on(method: &Method, when: When, fault: Fault) -> FaultRule {
    let path = format!("/v2/company/{}/webhooks", LAKESHORE.company_id);
    FaultRule::on(path, when, fault).method(method)
}

fn count(app: &App, what: &str) -> i64 {
    let database = app.database();
    let sql = format!("SELECT count(*) FROM {what}");
    database
        .query_row(&sql, [], |row| row.get(0))
        .expect("a count")
}

fn states(listed: &Value, state: &str) -> usize {
    let rows = listed["registrations"].as_array().expect("rows");
    rows.iter().filter(|row| row["state"] == state).count()
}

fn no_time(seconds: u64) -> std::time::Duration {
    std::time::Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn connecting_registers_every_topic_once() {
    let (app, organization) = restaurant(201).await;
    let said = connect(&app, &organization, LAKESHORE).await;
    assert_eq!(
        said,
        json!({"state": "registered", "registered": TOPICS, "topics": TOPICS})
    );
    let path = path(&app, LAKESHORE);
    assert!(path.len() == 48 && path.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(app.simulator.peak_requests_in_a_second(None) <= 10);
    let hash = sha256_hex(path.as_bytes());
    assert_eq!(
        count(
            &app,
            &format!("webhook_endpoints WHERE path_hash = '{hash}'")
        ),
        1
    );

    let listed = act(&app, &organization, "list_webhooks").await;
    assert_eq!(listed["webhooks"]["state"], "registered");
    let rows = listed["registrations"].as_array().expect("rows");
    assert_eq!(rows.len(), TOPICS);
    for row in rows {
        assert_eq!(row["state"], "registered", "{row}");
        assert_eq!(row["listed"], true, "{row}");
        assert_eq!(row["url"], format!("{BASE}/hooks/[redacted]"));
        assert!(row["external_id"].is_string() && row["last_checked_at"].is_string());
    }

    app.simulator.clear_requests();
    connect(&app, &organization, LAKESHORE).await;
    let repaired = act(&app, &organization, "repair_webhooks").await;
    assert_eq!(repaired["deleted"], 0);
    assert_eq!(asked(&app, &Method::POST), 0);
    assert_eq!(asked(&app, &Method::DELETE), 0);
    assert_eq!(self::path(&app, LAKESHORE), path);
    assert_eq!(count(&app, "webhook_registrations"), TOPICS as i64);
}

#[tokio::test(start_paused = true)]
async fn what_is_the_customers_stays_whatever_is_done() {
    let (app, organization) = restaurant(202).await;
    add(&app, LAKESHORE, CUSTOMERS, "user.created");
    // Ours look like this; this one is not.
    let alike = format!("{BASE}/hooks/made-by-hand");
    add(&app, LAKESHORE, &alike, "shift.created");
    // More of them than a page.
    for number in 0..150 {
        add(
            &app,
            LAKESHORE,
            &format!("{CUSTOMERS}/{number}"),
            "user.modified",
        );
    }
    connect(&app, &organization, LAKESHORE).await;
    act(&app, &organization, "repair_webhooks").await;
    assert_eq!(webhooks(&app, LAKESHORE).len(), TOPICS + 152);
    let deleted = act(&app, &organization, "delete_webhooks").await;
    assert_eq!(deleted["deleted"], TOPICS);
    assert_eq!(deleted["webhooks"]["state"], "unregistered");
    assert_eq!(deleted["registrations"], json!([]));
    assert_eq!(webhooks(&app, LAKESHORE).len(), 152);
    let repaired = act(&app, &organization, "repair_webhooks").await;
    assert_eq!(repaired["webhooks"]["state"], "registered");
    disconnect(&app, &organization).await;
    assert_eq!(webhooks(&app, LAKESHORE).len(), 152);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_changed_at_7shifts_is_shown_and_repaired() {
    let (app, organization) = restaurant(203).await;
    connect(&app, &organization, LAKESHORE).await;
    let path = path(&app, LAKESHORE);
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("the account");
    for webhook in truth.webhooks.iter().take(3) {
        change(&app, LAKESHORE, Mutation::DeleteWebhook { id: webhook.id });
    }
    // A topic that we do not register, at our URL.
    add(
        &app,
        LAKESHORE,
        &format!("{BASE}/hooks/{path}"),
        "shift.created",
    );
    let listed = act(&app, &organization, "list_webhooks").await;
    assert_eq!(listed["webhooks"]["state"], "incomplete");
    assert_eq!(listed["webhooks"]["registered"], TOPICS - 3);
    let reason = listed["webhooks"]["reason"].as_str().expect("a reason");
    assert!(reason.contains("repair_webhooks"), "{reason}");
    assert_eq!(states(&listed, "missing"), 3);
    assert_eq!(states(&listed, "unrecorded"), 1);
    // To look changes nothing.
    assert_eq!(act(&app, &organization, "list_webhooks").await, listed);

    let repaired = act(&app, &organization, "repair_webhooks").await;
    assert_eq!(repaired["webhooks"]["state"], "registered");
    assert_eq!(repaired["deleted"], 1);
    assert_eq!(self::path(&app, LAKESHORE), path);
    let listed = act(&app, &organization, "list_webhooks").await;
    assert_eq!(states(&listed, "registered"), TOPICS);
}

#[tokio::test(start_paused = true)]
async fn another_public_url_moves_them() {
    const NEW: &str = "https://new.example.com/in";
    let (mut app, organization) = restaurant(204).await;
    add(&app, LAKESHORE, CUSTOMERS, "user.created");
    connect(&app, &organization, LAKESHORE).await;
    let before = path(&app, LAKESHORE);
    app.runtime.kill().await;
    app.restart(settings(204).variable("public_url", &format!("{NEW}/")))
        .await;
    let listed = act(&app, &organization, "list_webhooks").await;
    assert_eq!(states(&listed, "missing"), TOPICS, "{listed:#}");
    let repaired = act(&app, &organization, "repair_webhooks").await;
    assert_eq!(repaired["webhooks"]["state"], "registered", "{repaired:#}");
    assert_eq!(repaired["deleted"], TOPICS);
    assert_eq!(paths(&app, LAKESHORE, BASE), BTreeSet::new());
    assert_eq!(paths(&app, LAKESHORE, NEW), BTreeSet::from([before]));
    assert!(has_customers(&app, LAKESHORE));

    // Without one nothing is done, and what there is can still be deleted.
    app.runtime.kill().await;
    app.restart(Settings::default()).await;
    app.simulator.clear_requests();
    for action in ["repair_webhooks", "list_webhooks"] {
        let said = act(&app, &organization, action).await;
        assert_eq!(said["webhooks"]["state"], "off");
        let reason = said["webhooks"]["reason"].as_str().expect("a reason");
        assert!(reason.contains("public_url"), "{reason}");
        assert_eq!(said["registrations"].as_array().map(Vec::len), Some(TOPICS));
    }
    assert_eq!(asked(&app, &Method::POST) + asked(&app, &Method::DELETE), 0);
    let deleted = act(&app, &organization, "delete_webhooks").await;
    assert_eq!(deleted["deleted"], TOPICS);
    assert_eq!(webhooks(&app, LAKESHORE).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_usable_public_url_nothing_is_registered_and_that_is_said() {
    for (seed, url) in [
        (205, ""),
        (206, "http://patchbay.example.com"),
        (207, "https://user:word@patchbay.example.com"),
    ] {
        let (app, organization) = with(seed, settings(seed).variable("public_url", url)).await;
        let said = connect(&app, &organization, LAKESHORE).await;
        assert_eq!(
            (&said["state"], &said["registered"]),
            (&json!("off"), &json!(0))
        );
        let reason = said["reason"].as_str().expect("a reason");
        assert!(
            reason.contains("public_url") && reason.contains("https"),
            "{reason}"
        );
        assert!(!reason.contains("word"), "{reason}");
        let listed = act(&app, &organization, "list_webhooks").await;
        assert_eq!(listed["webhooks"], said);
        act(&app, &organization, "repair_webhooks").await;
        act(&app, &organization, "delete_webhooks").await;
        for method in [Method::GET, Method::POST, Method::DELETE] {
            assert_eq!(asked(&app, &method), 0);
        }
        assert_eq!(count(&app, "webhook_endpoints"), 0);
        disconnect(&app, &organization).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_without_webhooks_keeps_nobody_from_connecting() {
    let (app, organization) = restaurant(208).await;
    let plan = |included| Mutation::SetPlan {
        resource: Resource::Webhooks,
        included,
    };
    change(&app, LAKESHORE, plan(false));
    let said = connect(&app, &organization, LAKESHORE).await;
    assert_eq!(said["state"], "not_in_plan");
    let reason = said["reason"].as_str().expect("a reason");
    assert!(
        reason.contains("plan") && reason.contains("webhooks"),
        "{reason}"
    );
    assert_eq!(asked(&app, &Method::GET), 1);
    assert_eq!(asked(&app, &Method::POST), 0);
    let listed = act(&app, &organization, "list_webhooks").await;
    assert_eq!(listed["webhooks"], said);
    assert_eq!(states(&listed, "not_in_plan"), TOPICS);
    assert_eq!(asked(&app, &Method::GET), 1, "it was said already");
    let repaired = act(&app, &organization, "repair_webhooks").await;
    assert_eq!(repaired["webhooks"], said);
    app.tick().await.expect(StatusCode::OK);

    change(&app, LAKESHORE, plan(true));
    let repaired = act(&app, &organization, "repair_webhooks").await;
    assert_eq!(repaired["webhooks"]["state"], "registered");
    // And the other way round: what is registered is not forgotten.
    change(&app, LAKESHORE, plan(false));
    disconnect(&app, &organization).await;
    assert_eq!(webhooks(&app, LAKESHORE).len(), TOPICS);
    assert_eq!(
        count(&app, "webhook_registrations WHERE state = 'orphaned'"),
        TOPICS as i64
    );
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_shows_webhooks_but_makes_none_is_not_asked_for_each() {
    let (app, organization) = restaurant(209).await;
    app.simulator.add_fault(on(
        &Method::POST,
        When::Always,
        Fault::status(StatusCode::FORBIDDEN),
    ));
    let said = connect(&app, &organization, LAKESHORE).await;
    assert_eq!(said["state"], "not_in_plan");
    assert!(asked(&app, &Method::POST) <= 4);
}

#[tokio::test(start_paused = true)]
async fn one_refused_topic_stops_no_other_and_a_repair_heals() {
    let (app, organization) = restaurant(210).await;
    let some = When::Next {
        requests: 2,
        after: 5,
    };
    app.simulator.add_fault(on(
        &Method::POST,
        some,
        Fault::status(StatusCode::INTERNAL_SERVER_ERROR),
    ));
    app.simulator.add_fault(on(
        &Method::POST,
        When::Next {
            requests: 1,
            after: 9,
        },
        Fault::status(StatusCode::UNPROCESSABLE_ENTITY),
    ));
    let said = connect(&app, &organization, LAKESHORE).await;
    assert_eq!(said["state"], "incomplete", "{said}");
    assert_eq!(said["registered"], TOPICS - 3);
    assert!(said["reason"].is_string());
    let listed = act(&app, &organization, "list_webhooks").await;
    assert_eq!(states(&listed, "failed"), 3);
    let repaired = act(&app, &organization, "repair_webhooks").await;
    assert_eq!(repaired["webhooks"]["state"], "registered");
    path(&app, LAKESHORE);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_is_no_webhook_lost() {
    let (app, organization) = restaurant(211).await;
    let lost = Fault::Reset {
        after_handling: true,
    };
    let some = When::Next {
        requests: 4,
        after: 3,
    };
    app.simulator.add_fault(on(&Method::POST, some, lost));
    let said = connect(&app, &organization, LAKESHORE).await;
    assert_eq!(said["state"], "registered", "{said}");
    path(&app, LAKESHORE);
    let listed = act(&app, &organization, "list_webhooks").await;
    assert_eq!(states(&listed, "registered"), TOPICS);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_fails_or_never_ends_costs_nothing_that_is_there() {
    let (app, organization) = restaurant(212).await;
    connect(&app, &organization, LAKESHORE).await;
    let path = path(&app, LAKESHORE);
    for fault in [
        Fault::status(StatusCode::UNAUTHORIZED),
        Fault::status(StatusCode::BAD_GATEWAY),
        Fault::WrongJson,
        Fault::NoAnswer,
        Fault::NeverEndingCursor {
            repeat_rows: true,
            same_cursor: false,
        },
    ] {
        app.simulator
            .add_fault(on(&Method::GET, When::Always, fault));
        let listed = act(&app, &organization, "list_webhooks").await;
        assert!(listed["provider_error"].is_string(), "{listed:#}");
        assert_eq!(states(&listed, "registered"), TOPICS);
        let refused = try_to(&app, &organization, "repair_webhooks").await;
        assert_eq!(refused.status, StatusCode::BAD_GATEWAY);
        let refused = try_to(&app, &organization, "delete_webhooks").await;
        assert_eq!(refused.status, StatusCode::BAD_GATEWAY);
        app.simulator.clear_faults();
        assert_eq!(self::path(&app, LAKESHORE), path);
        pass(60).await;
    }
    let listed = act(&app, &organization, "list_webhooks").await;
    assert_eq!(states(&listed, "registered"), TOPICS);
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_made_however_the_webhooks_fail() {
    for (seed, fault) in [
        (213, Fault::NoAnswer),
        (214, Fault::status(StatusCode::SERVICE_UNAVAILABLE)),
        (215, Fault::too_many_requests(Some(30))),
        (216, Fault::WrongShape),
    ] {
        let (app, organization) = restaurant(seed).await;
        app.simulator
            .add_fault(on(&Method::GET, When::Always, fault));
        let said = connect(&app, &organization, LAKESHORE).await;
        assert_eq!(said["state"], "failed", "{said}");
        assert!(said["reason"].is_string());
        app.simulator.clear_faults();
        let listed = act(&app, &organization, "list_webhooks").await;
        assert_eq!(states(&listed, "failed"), TOPICS, "{listed:#}");
        pass(60).await;
        let repaired = act(&app, &organization, "repair_webhooks").await;
        assert_eq!(repaired["webhooks"]["state"], "registered");
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_dies_half_way_leaves_nothing_that_a_repair_does_not_mend() {
    let (mut app, organization) = restaurant(217).await;
    let hangs = When::Next {
        requests: 12,
        after: 7,
    };
    app.simulator
        .add_fault(on(&Method::POST, hangs, Fault::NoAnswer));
    {
        let connecting = connect(&app, &organization, LAKESHORE);
        assert!(tokio::time::timeout(no_time(4), connecting).await.is_err());
    }
    app.crash().await;
    app.simulator.clear_faults();
    assert_eq!(webhooks(&app, LAKESHORE).len(), 7);
    assert_eq!(
        count(&app, "webhook_registrations"),
        0,
        "nobody could note it"
    );
    let listed = act(&app, &organization, "list_webhooks").await;
    assert_eq!(states(&listed, "unrecorded"), 7);
    app.simulator.clear_requests();
    let repaired = act(&app, &organization, "repair_webhooks").await;
    assert_eq!(repaired["webhooks"]["state"], "registered");
    assert_eq!(asked(&app, &Method::POST), TOPICS - 7);
    path(&app, LAKESHORE);
}

/// Statements that note what was registered fail.
#[derive(Default)]
struct NoNotes(AtomicBool);

impl Faults for NoNotes {
    fn statement(&self, _: &str, _: &str, sql: &str) -> StatementFault {
        if self.0.load(Ordering::SeqCst) && sql.contains("INSERT INTO webhook_registrations") {
            StatementFault::FailBefore("disk I/O error".to_owned())
        } else {
            StatementFault::None
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_noted_is_found_again() {
    let faults = Arc::new(NoNotes::default());
    let settings = Settings {
        faults: Some(faults.clone()),
        ..settings(218)
    };
    let (app, organization) = with(218, settings).await;
    faults.0.store(true, Ordering::SeqCst);
    let said = connect(&app, &organization, LAKESHORE).await;
    assert_eq!(said["state"], "failed");
    faults.0.store(false, Ordering::SeqCst);
    let path = path(&app, LAKESHORE);
    app.simulator.clear_requests();
    let repaired = act(&app, &organization, "repair_webhooks").await;
    assert_eq!(repaired["webhooks"]["state"], "registered");
    assert_eq!(asked(&app, &Method::POST), 0);
    assert_eq!(self::path(&app, LAKESHORE), path);
    // Also when they were never noted at all.
    faults.0.store(true, Ordering::SeqCst);
    change(
        &app,
        LAKESHORE,
        Mutation::DeleteWebhook { id: first_id(&app) },
    );
    try_to(&app, &organization, "repair_webhooks").await;
    faults.0.store(false, Ordering::SeqCst);
    disconnect(&app, &organization).await;
    assert_eq!(webhooks(&app, LAKESHORE), []);
}

fn first_id(app: &App) -> i64 {
    let truth = app.simulator.provider().truth(LAKESHORE.company_id);
    truth.expect("the account").webhooks[0].id
}

#[tokio::test(start_paused = true)]
async fn two_repairs_at_once_double_nothing() {
    let (app, organization) = restaurant(219).await;
    change(
        &app,
        LAKESHORE,
        Mutation::SetPlan {
            resource: Resource::Webhooks,
            included: false,
        },
    );
    connect(&app, &organization, LAKESHORE).await;
    change(
        &app,
        LAKESHORE,
        Mutation::SetPlan {
            resource: Resource::Webhooks,
            included: true,
        },
    );
    let (one, two) = tokio::join!(
        act(&app, &organization, "repair_webhooks"),
        act(&app, &organization, "repair_webhooks")
    );
    for said in [one, two] {
        assert_eq!(said["webhooks"]["state"], "registered", "{said:#}");
    }
    path(&app, LAKESHORE);
    assert_eq!(count(&app, "webhook_registrations"), TOPICS as i64);
    assert!(app.simulator.peak_requests_in_a_second(None) <= 10);
}

#[tokio::test(start_paused = true)]
async fn disconnecting_leaves_none_of_ours_behind() {
    let (app, organization) = restaurant(220).await;
    add(&app, LAKESHORE, CUSTOMERS, "user.created");
    connect(&app, &organization, LAKESHORE).await;
    let before = path(&app, LAKESHORE);
    disconnect(&app, &organization).await;
    assert_eq!(webhooks(&app, LAKESHORE).len(), 1);
    assert!(has_customers(&app, LAKESHORE));
    assert_eq!(count(&app, "webhook_registrations"), 0);
    assert_eq!(count(&app, "credentials"), 0);
    assert!(!app.output.text().contains("webhooks_orphaned"));
    disconnect(&app, &organization).await;
    connect(&app, &organization, LAKESHORE).await;
    assert_ne!(path(&app, LAKESHORE), before, "a path is not used again");
}

#[tokio::test(start_paused = true)]
async fn a_dead_provider_keeps_nobody_from_disconnecting() {
    for (seed, fault) in [
        (221, Fault::NoAnswer),
        (222, Fault::status(StatusCode::INTERNAL_SERVER_ERROR)),
        (223, Fault::status(StatusCode::UNAUTHORIZED)),
    ] {
        let (app, organization) = restaurant(seed).await;
        connect(&app, &organization, LAKESHORE).await;
        let before = path(&app, LAKESHORE);
        pass(10).await;
        app.simulator.add_fault(FaultRule::always("/v2", fault));
        let started = tokio::time::Instant::now();
        disconnect(&app, &organization).await;
        assert!(started.elapsed() < no_time(6), "{:?}", started.elapsed());
        app.simulator.clear_faults();
        assert_eq!(path(&app, LAKESHORE), before);
        let orphaned = "webhook_registrations WHERE state = 'orphaned'";
        assert_eq!(count(&app, orphaned), TOPICS as i64);
        assert_eq!(count(&app, "credentials"), 0);
        assert!(app.output.text().contains("webhooks_orphaned"));

        // Who connects the company again finds them, under whatever name.
        pass(60).await;
        connect_as(&app, &organization, LAKESHORE, "again").await;
        assert_ne!(path(&app, LAKESHORE), before);
        assert_eq!(webhooks(&app, LAKESHORE).len(), TOPICS);
        assert_eq!(count(&app, orphaned), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_left_behind_is_deleted_even_where_nothing_is_registered_any_more() {
    let (mut app, organization) = restaurant(240).await;
    connect(&app, &organization, LAKESHORE).await;
    let refusal = Fault::status(StatusCode::UNPROCESSABLE_ENTITY);
    app.simulator
        .add_fault(on(&Method::DELETE, When::Always, refusal));
    disconnect(&app, &organization).await;
    app.simulator.clear_faults();
    let orphaned = "webhook_registrations WHERE state = 'orphaned'";
    assert_eq!(count(&app, orphaned), TOPICS as i64);
    app.runtime.kill().await;
    app.restart(Settings::default()).await;
    assert_eq!(
        connect(&app, &organization, LAKESHORE).await["state"],
        "off"
    );
    let deleted = act(&app, &organization, "delete_webhooks").await;
    assert_eq!(deleted["deleted"], TOPICS, "{deleted:#}");
    assert_eq!(webhooks(&app, LAKESHORE).len(), 0);
    assert_eq!(count(&app, orphaned), 0);
}

#[tokio::test(start_paused = true)]
async fn a_webhook_that_cannot_be_deleted_stays_known() {
    let (app, organization) = restaurant(224).await;
    connect(&app, &organization, LAKESHORE).await;
    let some = || When::Next {
        requests: 6,
        after: 4,
    };
    let refusal = || Fault::status(StatusCode::UNPROCESSABLE_ENTITY);
    app.simulator
        .add_fault(on(&Method::DELETE, some(), refusal()));
    let said = act(&app, &organization, "delete_webhooks").await;
    assert_eq!(said["deleted"], TOPICS - 6);
    assert!(said["provider_error"].is_string());
    assert_eq!(states(&said, "failed"), 6);
    assert_eq!(webhooks(&app, LAKESHORE).len(), 6);
    let repaired = act(&app, &organization, "repair_webhooks").await;
    assert_eq!(repaired["webhooks"]["state"], "registered");
    app.simulator.clear_faults();
    app.simulator
        .add_fault(on(&Method::DELETE, some(), refusal()));
    disconnect(&app, &organization).await;
    assert_eq!(webhooks(&app, LAKESHORE).len(), 6);
    assert_eq!(
        count(&app, "webhook_registrations WHERE state = 'orphaned'"),
        6
    );
    connect(&app, &organization, LAKESHORE).await;
    path(&app, LAKESHORE);
}

#[tokio::test(start_paused = true)]
async fn another_company_or_token_is_repaired_under_the_new_one() {
    let (app, organization) = restaurant(225).await;
    connect(&app, &organization, HARBOUR).await;
    let before = path(&app, HARBOUR);
    // The wrong company, put right while there are no rows of it. Its token is gone, so its webhooks
    // stay until it is connected.
    connect(&app, &organization, LAKESHORE).await;
    assert_ne!(path(&app, LAKESHORE), before);
    assert_eq!(path(&app, HARBOUR), before);
    let orphaned = "webhook_registrations WHERE state = 'orphaned'";
    assert_eq!(count(&app, orphaned), TOPICS as i64);
    assert_eq!(
        states(&act(&app, &organization, "list_webhooks").await, "orphaned"),
        TOPICS
    );
    connect_as(&app, &organization, HARBOUR, "harbour").await;
    assert_ne!(path(&app, HARBOUR), before);
    assert_eq!(count(&app, orphaned), 0);

    let ours = path(&app, LAKESHORE);
    let all = app.simulator.provider().accounts();
    let lakeshore = all
        .iter()
        .find(|account| account.company_id == LAKESHORE.company_id);
    let lakeshore = lakeshore.expect("the account");
    let other = lakeshore
        .tokens
        .iter()
        .find(|token| token.value != LAKESHORE.token);
    let other = other.expect("another token");
    let call = json!({"action": "connect", "apiKey": other.value, "companyId": LAKESHORE.company_id,
        "companyGuid": lakeshore.company_guid});
    let said = app
        .proxy(&organization.key, call)
        .await
        .expect(StatusCode::OK);
    assert_eq!(said["webhooks"]["state"], "registered");
    assert_eq!(path(&app, LAKESHORE), ours);
}

#[tokio::test(start_paused = true)]
async fn one_organizations_webhooks_are_nothing_to_another() {
    let (app, first) = restaurant(226).await;
    let second = app.organization("Same company", LAKESHORE.zone).await;
    connect(&app, &first, LAKESHORE).await;
    let of_first = path(&app, LAKESHORE);
    connect(&app, &second, LAKESHORE).await;
    // And a second connector of the first, to the same company.
    connect_as(&app, &first, LAKESHORE, "twin").await;
    assert_eq!(paths(&app, LAKESHORE, BASE).len(), 3);
    for organization in [&first, &second] {
        let listed = act(&app, organization, "list_webhooks").await;
        assert_eq!(
            listed["registrations"].as_array().map(Vec::len),
            Some(TOPICS)
        );
        assert_eq!(
            act(&app, organization, "repair_webhooks").await["deleted"],
            0
        );
    }
    let named = json!({"action": "delete_webhooks", "organizationId": first.id});
    let refused = app.proxy(&second.key, named).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert_eq!(
        act(&app, &second, "delete_webhooks").await["deleted"],
        TOPICS
    );
    let left = paths(&app, LAKESHORE, BASE);
    assert!(left.len() == 2 && left.contains(&of_first));
    disconnect(&app, &second).await;
    assert_eq!(paths(&app, LAKESHORE, BASE), left);

    // What is left of a purged organization are none of the others' rows.
    let path = format!("/api/organizations/{}", first.id);
    app.request(Method::DELETE, &path, OPERATOR_KEY, None)
        .await
        .expect(StatusCode::ACCEPTED);
    for _ in 0..20 {
        pass(20).await;
        app.tick().await;
    }
    assert_eq!(count(&app, "webhook_registrations"), 0);
    let of_second = format!("webhook_endpoints WHERE organization_id <> '{}'", second.id);
    assert_eq!(count(&app, &of_second), 0);
}

#[tokio::test(start_paused = true)]
async fn the_secret_path_is_shown_to_nobody() {
    let (app, organization) = restaurant(227).await;
    connect(&app, &organization, LAKESHORE).await;
    let before = path(&app, LAKESHORE);
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("the account");
    for webhook in truth.webhooks.iter().take(4) {
        change(&app, LAKESHORE, Mutation::DeleteWebhook { id: webhook.id });
    }
    add(
        &app,
        LAKESHORE,
        &format!("{BASE}/hooks/{before}"),
        "shift.created",
    );
    // A provider that says what it does not like.
    let says_it = |status: StatusCode| Fault::Status {
        status: status.as_u16(),
        retry_after: None,
        shape: simulators::ErrorShape::Native,
        detail: Some(format!("The url {BASE}/hooks/{before} is not liked.")),
    };
    let mut said = Vec::new();
    for status in [
        StatusCode::UNPROCESSABLE_ENTITY,
        StatusCode::CONFLICT,
        StatusCode::FORBIDDEN,
        StatusCode::INTERNAL_SERVER_ERROR,
    ] {
        for methods in [&[Method::POST, Method::DELETE][..], &[Method::GET]] {
            for method in methods {
                app.simulator
                    .add_fault(on(method, When::Always, says_it(status)));
            }
            for action in ["repair_webhooks", "list_webhooks", "delete_webhooks"] {
                said.push(try_to(&app, &organization, action).await);
            }
            app.simulator.clear_faults();
            pass(60).await;
        }
    }
    act(&app, &organization, "repair_webhooks").await;
    said.push(try_to(&app, &organization, "list_webhooks").await);
    let export = format!("/api/organizations/{}/export?limit=500", organization.id);
    said.push(app.get(&export, OPERATOR_KEY).await);
    app.simulator
        .add_fault(FaultRule::always("/v2", says_it(StatusCode::BAD_GATEWAY)));
    disconnect(&app, &organization).await;
    let mut stored = std::fs::read(app.storage.database_path("default")).unwrap();
    let mut log = app.storage.database_path("default").into_os_string();
    log.push("-wal");
    stored.extend(std::fs::read(log).unwrap_or_default());
    let stored = String::from_utf8_lossy(&stored).into_owned();
    assert!(stored.contains("Lakeshore"), "this is not the database");
    let output = app.output.text();
    assert!(output.contains("webhooks_orphaned"));
    // Nor a piece of it.
    let (piece, _) = before.split_at(20);
    assert!(!stored.contains(piece), "the path is in the database");
    assert!(!output.contains(piece), "the path was printed");
    let hash = sha256_hex(before.as_bytes());
    for answer in &said {
        let text = String::from_utf8_lossy(&answer.body);
        assert!(!text.contains(piece) && !text.contains(&hash), "{text}");
    }
    assert!(
        said.iter()
            .any(|answer| String::from_utf8_lossy(&answer.body).contains("is not liked")),
        "the reason was shown"
    );
}
