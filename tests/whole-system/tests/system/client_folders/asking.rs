//! Who asks, what for, and what they are told.

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use simulators::box_folders::Change;
use simulators::hubspot::workflow::{Form, Workflow};
use simulators::hubspot::{self, Kind};
use simulators::{Fault, FaultRule};
use whole_system::{OPERATOR_KEY, send_raw};

use super::{
    PATH, PUBLIC_URL, Stage, app_now_ms, box_connector, connect, hubspot_connector, of_people,
    pass, start,
};

#[tokio::test(start_paused = true)]
async fn a_deal_gets_its_folder_and_the_deal_its_link() {
    let stage = Stage::set(6_111).await;
    let answer = stage.enrol(502).await.expect(StatusCode::OK);
    let folder = &answer["client_folder"];
    assert_eq!(
        (&answer["success"], &answer["status"], &answer["reason"]),
        (&json!(true), &json!("created"), &Value::Null),
        "{answer:#}"
    );
    assert_eq!(stage.names(), ["Priya & Arun Nair"]);
    let made = stage.at_box("Priya & Arun Nair").unwrap();
    let link = format!("https://app.box.com/folder/{}", made.id);
    assert_eq!(
        (
            &folder["name"],
            &folder["link"],
            &folder["folder_id"],
            &folder["path"],
            &folder["copies"]
        ),
        (
            &json!("Priya & Arun Nair"),
            &json!(link),
            &json!(made.id.to_string()),
            &json!(["1. Active Clients"]),
            &json!(1)
        )
    );
    assert_eq!(
        answer["outputFields"],
        json!({"folder_status": "created", "folder_id": made.id.to_string(), "folder_name": "Priya & Arun Nair",
            "folder_url": link, "hs_execution_state": "SUCCESS"})
    );
    // It says whose it is, and has what the template has.
    assert_eq!(
        made.description,
        "[patchbay portal=62515 deal=502 contact=80020]"
    );
    let inside = stage.app.box_folders.provider().names(
        simulators::box_folders::OPS_USER,
        "/1. Active Clients/Priya & Arun Nair",
    );
    assert_eq!(inside, ["1. Advice", "2. Correspondence", "Client Sharing"]);
    // HubSpot was asked for the contacts, and is told.
    let people = folder["contacts"].as_array().unwrap();
    let ids: Vec<_> = people
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["80020", "80021"]);
    stage.app.tick().await;
    for (kind, id) in [
        (Kind::Deal, 502),
        (Kind::Contact, 80_020),
        (Kind::Contact, 80_021),
    ] {
        assert_eq!(
            stage.at_hubspot(kind, id, "box_folder").as_deref(),
            Some(link.as_str())
        );
    }
    // What was sent is recorded a moment later.
    pass(2).await;
    let shown = stage.read(&folder["id"]).await;
    let links = shown["links"].as_array().unwrap();
    assert_eq!(links.len(), 3);
    assert!(
        links.iter().all(|link| link["state"] == "delivered"),
        "{links:#?}"
    );
    assert_eq!(
        (&links[0]["object"], &links[0]["id"], &links[0]["property"]),
        (&json!("deal"), &json!("502"), &json!("box_folder"))
    );
    // One token, one look for the user, one copy and one mark.
    let requests = stage.app.box_folders.requests();
    let paths: Vec<_> = requests.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths.len(), 4, "{paths:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_is_taken_in_every_form_and_by_signature_only() {
    let stage = Stage::set(6_112).await;
    let url = format!("{PUBLIC_URL}{PATH}");
    for (deal, form, signs_v3) in [
        (501, Form::Envelope, true),
        (503, Form::Object, false),
        (504, Form::OlderObject, true),
    ] {
        // An object names no portal: the URL names the connector.
        let url = if form == Form::Object {
            format!("{url}?connector={}", stage.hubspot_id)
        } else {
            url.clone()
        };
        let mut workflow = Workflow::signed(&url, hubspot::CLIENT_SECRET).form(form);
        workflow.signs_v3 = signs_v3;
        let delivery = stage.app.hubspot.provider().enrol(&workflow, deal).unwrap();
        let answer = stage.call(&delivery).await.expect(StatusCode::OK);
        assert_eq!(answer["status"], "created", "{form:?} {answer:#}");
        assert_eq!(answer["client_folder"]["deal_id"], deal.to_string());
    }
    assert_eq!(
        stage.names(),
        ["Grace & Owen Evans", "Hugo Costa", "Sam Lee"]
    );
    // Every other proof is none.
    let delivery = stage.delivery(505);
    let now_ms = app_now_ms(&stage.app);
    let signed = |secret: &str| {
        let workflow = Workflow::signed(&url, secret);
        stage.app.hubspot.provider().enrol(&workflow, 505).unwrap()
    };
    let old = delivery.request(now_ms - 400_000).unwrap();
    let wrong = signed("another secret").request(now_ms).unwrap();
    let mut changed = delivery.request(now_ms).unwrap();
    *changed.body_mut() = String::from_utf8_lossy(changed.body())
        .replace("505", "506")
        .into();
    let mut bare = delivery.request(now_ms).unwrap();
    bare.headers_mut().retain_hubspot(false);
    for (what, request) in [
        ("old", old),
        ("wrong", wrong),
        ("changed", changed),
        ("bare", bare),
    ] {
        let (mut parts, body) = request.into_parts();
        parts.uri = PATH.parse().unwrap();
        parts.headers.remove("content-length");
        let answer = send_raw(&stage.app.runtime, Request::from_parts(parts, body)).await;
        let problem = answer.expect(StatusCode::UNAUTHORIZED);
        assert_eq!(
            problem["type"], "urn:patchbay:problem:unauthenticated",
            "{what}"
        );
    }
    assert_eq!(stage.folders().await.len(), 3);
}

/// `HeaderMap` without HubSpot's own.
trait Retain {
    fn retain_hubspot(&mut self, keep: bool);
}

impl Retain for http::HeaderMap {
    fn retain_hubspot(&mut self, keep: bool) {
        let names: Vec<_> = self
            .keys()
            .filter(|name| name.as_str().starts_with("x-hubspot") != keep)
            .cloned()
            .collect();
        for name in names {
            self.remove(name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_answered_with_what_is_there() {
    let stage = Stage::set(6_113).await;
    let delivery = stage.delivery(502);
    let first = stage.call(&delivery).await.expect(StatusCode::OK);
    stage.app.tick().await;
    stage.app.box_folders.clear_requests();
    pass(600).await;
    let again = stage.call(&delivery).await.expect(StatusCode::OK);
    assert_eq!(again["status"], "created");
    assert_eq!(again["client_folder"]["id"], first["client_folder"]["id"]);
    assert_eq!(
        again["client_folder"]["folder_id"],
        first["client_folder"]["folder_id"]
    );
    // By hand, and enrolled anew, too: nobody asks Box.
    let by_hand = stage
        .told(json!({"deal_id": "502", "folder_name": "Other"}))
        .await;
    assert_eq!(by_hand["client_folder"]["id"], first["client_folder"]["id"]);
    let anew = stage.enrol(502).await.expect(StatusCode::OK);
    assert_eq!(anew["client_folder"]["id"], first["client_folder"]["id"]);
    assert!(stage.app.box_folders.requests().is_empty());
    assert_eq!(stage.names(), ["Priya & Arun Nair"]);
}

/// The CRM is connected, disconnected and connected again: a deal has one folder all the while.
#[tokio::test(start_paused = true)]
async fn a_deal_has_one_folder_whether_its_portal_is_known_or_not() {
    let app = start(6_121).await;
    let organization = app.organization("Harbour", "Australia/Sydney").await;
    let box_id = connect(&app, &organization, box_connector(&app, json!({}))).await;
    let mut stage = Stage {
        app,
        organization,
        box_id,
        hubspot_id: String::new(),
    };
    let body = json!({"deal_id": "501", "folder_name": "Early Bird"});
    let first = stage.told(body.clone()).await;
    assert_eq!(first["status"], "created", "{first:#}");
    let folder = &first["client_folder"];
    assert_eq!(folder["portal_id"], stage.organization.id);
    stage.hubspot_id = connect(&stage.app, &stage.organization, hubspot_connector()).await;
    let adopted = stage.told(body.clone()).await;
    assert_eq!(adopted["client_folder"]["id"], folder["id"], "{adopted:#}");
    assert_eq!(adopted["client_folder"]["portal_id"], "62515");
    assert_eq!(
        adopted["client_folder"]["hubspot_connector_id"],
        stage.hubspot_id.as_str()
    );
    let enrolled = stage.enrol(501).await.expect(StatusCode::OK);
    assert_eq!(enrolled["client_folder"]["id"], folder["id"]);
    let path = format!("/api/connectors/{}/disconnect", stage.hubspot_id);
    let done = stage
        .app
        .post(&path, &stage.organization.key, json!({}))
        .await;
    done.expect(StatusCode::OK);
    assert_eq!(stage.told(body).await["client_folder"]["id"], folder["id"]);
    assert_eq!(stage.folders().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn three_calls_at_once_make_one_folder() {
    let stage = Stage::set(6_114).await;
    let delivery = stage.delivery(502);
    let calls = (0..3).map(|_| stage.call(&delivery));
    let answers = futures::future::join_all(calls).await;
    let ids: std::collections::BTreeSet<_> = answers
        .iter()
        .map(|answer| {
            let said = answer.expect(StatusCode::OK);
            assert_eq!(said["status"], "created", "{said:#}");
            said["client_folder"]["id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!((stage.names().len(), stage.calls("POST", "/copy")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn deals_at_once_each_get_their_own() {
    let stage = Stage::set(6_115).await;
    stage
        .app
        .box_folders
        .provider()
        .change_settings(|settings| settings.copy_ms = 300);
    let answers = futures::future::join_all((501..=506).map(|deal| stage.enrol(deal))).await;
    for answer in &answers {
        assert!(answer.status.is_success(), "{answer:?}");
    }
    let all = stage.settle().await;
    assert!(all.iter().all(|one| one["status"] == "created"), "{all:#?}");
    assert_eq!(stage.names().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn who_may_not_ask_is_told_so_and_a_foreign_tenant_sees_nothing() {
    let stage = Stage::set(6_116).await;
    let app = &stage.app;
    let made = stage.enrol(501).await.expect(StatusCode::OK);
    let id = made["client_folder"]["id"].as_str().unwrap();
    let other = app.organization("Other", "Australia/Sydney").await;
    for (method, path) in [
        (Method::GET, format!("/api/client-folders/{id}")),
        (Method::POST, format!("/api/client-folders/{id}/retry")),
        (
            Method::POST,
            format!("{PATH}?box_connector={}", stage.box_id),
        ),
        (
            Method::POST,
            format!("{PATH}?connector={}", stage.hubspot_id),
        ),
    ] {
        let body = path.starts_with(PATH).then(|| json!({"deal_id": "501"}));
        let answer = app.request(method, &path, &other.key, body).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(app.all("/api/client-folders", &other.key).await.is_empty());
    // Its own deal of that number has another folder, in a Box of its own.
    let nothing = app.post(PATH, &other.key, json!({"deal_id": "501"})).await;
    let problem = nothing.expect(StatusCode::CONFLICT);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("no connector to Box")
    );
    let member = app.key(&stage.organization.id, "member").await;
    let refused = app.post(PATH, &member, json!({"deal_id": "1"})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let operator = format!("{PATH}?organization_id={}", stage.organization.id);
    let by_operator = app
        .post(&operator, OPERATOR_KEY, json!({"deal_id": "501"}))
        .await;
    assert_eq!(
        by_operator.expect(StatusCode::OK)["client_folder"]["id"],
        id
    );
    // Two organizations with one portal: the secret decides whose it is, and one secret of two is nobody's.
    let twin = app.organization("Twin", "Australia/Sydney").await;
    let mut theirs = hubspot_connector();
    theirs["credentials"]["signature_secret"] = json!("another-secret");
    connect(app, &twin, theirs).await;
    assert_eq!(
        stage.enrol(501).await.expect(StatusCode::OK)["client_folder"]["id"],
        id
    );
    let same = app.organization("Same", "Australia/Sydney").await;
    connect(app, &same, hubspot_connector()).await;
    let answer = stage.enrol(501).await.expect(StatusCode::UNAUTHORIZED);
    assert!(
        answer["detail"].as_str().unwrap().contains("?connector="),
        "{answer:#}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_begun_is_said_with_200_to_a_workflow() {
    let app = start(6_117).await;
    let organization = app.organization("Harbour", "Australia/Sydney").await;
    connect(&app, &organization, hubspot_connector()).await;
    let workflow = Workflow::signed(&format!("{PUBLIC_URL}{PATH}"), hubspot::CLIENT_SECRET);
    let delivery = app.hubspot.provider().enrol(&workflow, 501).unwrap();
    let answer = super::call(&app, &delivery).await.expect(StatusCode::OK);
    assert_eq!(
        (
            &answer["success"],
            &answer["status"],
            &answer["client_folder"]
        ),
        (&json!(false), &json!("failed"), &Value::Null)
    );
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("no connector to Box")
    );
    assert_eq!(
        answer["outputFields"]["hs_execution_state"],
        "FAIL_CONTINUE"
    );
    connect(&app, &organization, box_connector(&app, json!({}))).await;
    let mut second = box_connector(&app, json!({}));
    second["integration_key"] = json!("box-2");
    let second = connect(&app, &organization, second).await;
    let answer = super::call(&app, &delivery).await.expect(StatusCode::OK);
    assert!(
        answer["reason"].as_str().unwrap().contains("several"),
        "{answer:#}"
    );
    let url = format!("{PUBLIC_URL}{PATH}?box_connector={second}&src=hs%3Awf");
    let workflow = Workflow::signed(&url, hubspot::CLIENT_SECRET);
    let delivery = app.hubspot.provider().enrol(&workflow, 501).unwrap();
    let answer = super::call(&app, &delivery).await.expect(StatusCode::OK);
    assert_eq!(answer["status"], "created", "{answer:#}");
    assert_eq!(answer["client_folder"]["connector_id"], second);
}

#[tokio::test(start_paused = true)]
async fn a_bad_body_is_refused_by_its_field() {
    let stage = Stage::set(6_118).await;
    for (body, field) in [
        (json!({}), "/deal_id"),
        (json!({"object": {}}), "/object/objectId"),
        (json!({"deal_id": "D-501"}), "/deal_id"),
        (json!({"deal_id": 5.5}), "/deal_id"),
        (json!({"deal_id": -501}), "/deal_id"),
        (json!({"deal_id": "501", "name": "x"}), "/name"),
        (
            json!({"deal_id": "501", "folder_name": "x".repeat(301)}),
            "/folder_name",
        ),
        (
            json!({"deal_id": "501", "contacts": [{"id": "x"}]}),
            "/contacts/0/id",
        ),
        (
            json!({"deal_id": "501", "contacts": [{"first": "x"}]}),
            "/contacts/0/first",
        ),
        (
            json!({"deal_id": "501", "contacts": vec![json!({}); 11]}),
            "/contacts",
        ),
        (
            json!({"object": {"objectId": 501, "objectType": "CONTACT"}}),
            "/object/objectId",
        ),
        (
            json!({"origin": {"portalId": 99}, "object": {"objectId": 501, "objectType": "DEAL"}}),
            "/origin/portalId",
        ),
    ] {
        let problem = stage
            .ask(body.clone())
            .await
            .expect(StatusCode::BAD_REQUEST);
        assert_eq!(problem["errors"][0]["field"], field, "{body} {problem:#}");
    }
    assert!(stage.folders().await.is_empty());
    // An id is a number to many.
    let body =
        json!({"deal_id": 501, "contacts": [{"id": 7, "first_name": "Noor", "last_name": "Sato"}]});
    let made = stage.told(body).await;
    assert_eq!(made["client_folder"]["contacts"][0]["id"], "7", "{made:#}");
}

/// A copy that takes long is not waited for: it goes on, and the record says when it is there.
#[tokio::test(start_paused = true)]
async fn a_long_copy_is_told_of_after_ten_seconds_and_goes_on() {
    let stage = Stage::set(6_119).await;
    stage.app.box_folders.add_fault(
        FaultRule::once(
            "/2.0/folders",
            Fault::Delay {
                milliseconds: 14_000,
            },
        )
        .path_suffix("/copy"),
    );
    let began = tokio::time::Instant::now();
    let answer = stage.enrol(501).await.expect(StatusCode::ACCEPTED);
    assert!(
        began.elapsed().as_millis() < 10_000,
        "{:?}",
        began.elapsed()
    );
    assert_eq!(
        (&answer["success"], &answer["status"]),
        (&json!(false), &json!("pending"))
    );
    let id = &answer["client_folder"]["id"];
    pass(8).await;
    let shown = stage.read(id).await;
    assert_eq!(
        (&shown["status"], &shown["copies"]),
        (&json!("created"), &json!(1)),
        "{shown:#}"
    );
    assert_eq!(stage.names(), ["Sam Lee"]);
}

/// A template of more than 500 items is still being copied when the answer comes.
#[tokio::test(start_paused = true)]
async fn a_large_template_is_answered_before_it_is_copied_whole() {
    let stage = Stage::set(6_120).await;
    stage.change(Change::SetFurtherItems {
        item: stage.template(),
        count: 600,
    });
    let first = stage.enrol(501).await.expect(StatusCode::OK);
    assert_eq!(first["status"], "created", "{first:#}");
    // The next waits for its lock: half a minute.
    let second = stage.enrol(502).await.expect(StatusCode::ACCEPTED);
    assert!(second["reason"].is_string());
    let all = stage.settle().await;
    assert!(all.iter().all(|one| one["status"] == "created"), "{all:#?}");
    assert_eq!(stage.names(), ["Priya & Arun Nair", "Sam Lee"]);
    pass(60).await;
    let inside = stage.app.box_folders.provider().names(
        simulators::box_folders::OPS_USER,
        "/1. Active Clients/Priya & Arun Nair",
    );
    assert_eq!(inside.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn lists_are_filtered_and_what_people_do_is_in_the_audit() {
    let stage = Stage::set(6_121).await;
    stage.enrol(501).await.expect(StatusCode::OK);
    stage.told(of_people("9001", &[("1", "Kim", "Park")])).await;
    let count = async |query: &str| {
        let path = format!("/api/client-folders?{query}");
        stage.app.all(&path, &stage.organization.key).await.len()
    };
    assert_eq!(count("deal_id=501").await, 1);
    assert_eq!(count("status=created").await, 2);
    assert_eq!(count("status=failed").await, 0);
    let page = stage
        .app
        .get("/api/client-folders?limit=1", &stage.organization.key)
        .await
        .expect(StatusCode::OK);
    assert_eq!(page["data"][0]["deal_id"], "9001", "the newest first");
    assert!(page["next_cursor"].is_string());
    let audit = stage
        .app
        .all("/api/audit?resource=client_folder", &stage.organization.key)
        .await;
    assert_eq!(audit.len(), 1, "a workflow is nobody: {audit:#?}");
    assert_eq!(audit[0]["after"]["deal_id"], "9001");
}
