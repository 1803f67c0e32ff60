//! Who may ask, in which forms, and what is answered.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_workflow_enrols_a_deal_which_gets_its_adviser_once() {
    let stage = Stage::set(900).await;
    let delivery = stage.delivery(501, Form::Envelope);
    let answer = stage.call(&delivery).await.expect(StatusCode::OK);
    assert_eq!(answer["status"], "completed", "{answer:#}");
    assert_eq!(answer["is_repeat"], false);
    let owner = answer["adviser"]["owner_id"].as_str().unwrap();
    for property in ["advisor", "hubspot_owner_id"] {
        assert_eq!(stage.at_hubspot(501, property).as_deref(), Some(owner));
    }
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .contains("gets the deal")
    );
    // HubSpot calls again, and so does the workflow when the deal is enrolled again.
    let again = stage.call(&delivery).await.expect(StatusCode::OK);
    assert_eq!(
        (&again["is_repeat"], &again["allocation_id"]),
        (&json!(true), &answer["allocation_id"])
    );
    let enrolled_again = stage.enrol(501).await.expect(StatusCode::OK);
    assert_eq!(enrolled_again["adviser"], answer["adviser"]);
    assert_eq!(stage.patches(501), 1);

    let explained = stage.explained(&answer["allocation_id"]).await;
    let record = &explained["allocation"];
    for (member, expected) in [
        ("deal_id", "501"),
        ("status", "completed"),
        ("source", "hubspot_webhook"),
        ("requested_by", "hubspot"),
        ("service_package", "Seed"),
        ("service_package_raw", "Seed"),
        ("household_type", "Single"),
        ("mode", "corrected"),
    ] {
        assert_eq!(record[member], expected, "{member}");
    }
    assert_eq!(record["adviser_email"], answer["adviser"]["email"]);
    assert_eq!(record["answer"]["properties"]["advisor"], owner);
    assert_eq!(record["written"]["hubspot_owner_id"], owner);
    assert_eq!(record["user_agent"], "HubSpot Connect 2.0");
    assert!(record["written_at"].is_string() && record["timings"]["read_ms"].is_i64());
    // What it rests on.
    let decision = &explained["decision"];
    assert_eq!(decision["candidates"][0]["owner_id"], owner);
    assert!(
        decision["candidates"][0]["table"]["target"]
            .as_array()
            .unwrap()
            .len()
            >= 52
    );
    let left_out = decision["left_out"].as_array().unwrap();
    let why = |email: &str| {
        let one = left_out.iter().find(|one| one["email"] == email);
        one.map(|one| one["because"].as_str().unwrap().to_owned())
    };
    assert_eq!(
        why("jude.mori@example.test").as_deref(),
        Some("not_taking_on_clients")
    );
    assert_eq!(
        why("tess.vogt@example.test").as_deref(),
        Some("no_owner_id")
    );
    assert_eq!(
        why("ruby.shah@example.test").as_deref(),
        Some("package_not_served")
    );
    let sources = record["sources"].as_array().unwrap();
    for source in ["users", "meetings", "deals", "leave", "closures"] {
        let one = sources.iter().find(|one| one["source"] == source);
        assert_eq!(one.expect(source)["is_unknown"], false, "{source}");
    }
    assert_eq!(explained["history"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_form_of_a_body_is_read() {
    let stage = Stage::set(901).await;
    for (deal, form) in [
        (501, Form::Envelope),
        (502, Form::Object),
        (503, Form::OlderObject),
    ] {
        let url = match form {
            // An object that stands alone does not say whose it is.
            Form::Object => format!("{PUBLIC_URL}{PATH}?connector={}", stage.connector_id),
            _ => format!("{PUBLIC_URL}{PATH}"),
        };
        let delivery = stage.delivery_to(&url, deal, form);
        let answer = stage.call(&delivery).await.expect(StatusCode::OK);
        assert_eq!(answer["status"], "completed", "{form:?} {answer:#}");
        let again = stage.call(&delivery).await.expect(StatusCode::OK);
        assert_eq!(again["is_repeat"], true, "{form:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_is_part_of_what_is_signed_as_it_was_sent() {
    let stage = Stage::set(902).await;
    let url = format!("{PUBLIC_URL}{PATH}?src=hs%3Awf%2F7&n=%28a%29&sp=a%20b&send_chat_alert=no");
    for signs_v3 in [true, false] {
        let workflow = Workflow {
            signs_v3,
            ..Workflow::signed(&url, hubspot::CLIENT_SECRET)
        };
        let deal = if signs_v3 { 501 } else { 502 };
        let delivery = stage.app.hubspot.provider().enrol(&workflow, deal).unwrap();
        let answer = stage.call(&delivery).await.expect(StatusCode::OK);
        assert_eq!(answer["status"], "completed");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_proves_nothing_learns_nothing() {
    let stage = Stage::set(903).await;
    let app = &stage.app;
    let other = app.organization("Other", "Australia/Sydney").await;
    let body = json!({"type": "hubspot", "name": "Other", "config": {"portal_id": 777},
        "credentials": {"token": hubspot::OAUTH_TOKEN, "signature_secret": "another-secret-of-the-tests"}});
    let made = app.post("/api/connectors", &other.key, body).await;
    let others = made.expect(StatusCode::CREATED)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let url = format!("{PUBLIC_URL}{PATH}");
    let mut answers = Vec::new();
    let mut refuse = async |url: String, secret: &str, age_ms: i64, portal: Option<u64>| {
        let workflow = Workflow::signed(&url, secret);
        let mut delivery = app.hubspot.provider().enrol(&workflow, 501).unwrap();
        if let Some(portal) = portal {
            let text = String::from_utf8(delivery.body.to_vec()).unwrap();
            let text = text.replace(&hubspot::PORTAL.to_string(), &portal.to_string());
            delivery.body = Bytes::from(text);
        }
        let request = delivery.request(now_ms(app) - age_ms).unwrap();
        let (mut parts, body) = request.into_parts();
        parts.uri = parts
            .uri
            .path_and_query()
            .unwrap()
            .to_string()
            .parse()
            .unwrap();
        let answer = send_raw(&app.runtime, Request::from_parts(parts, body)).await;
        let mut problem = answer.expect(StatusCode::UNAUTHORIZED);
        problem["request_id"] = Value::Null;
        answers.push(problem);
    };
    let ours = hubspot::CLIENT_SECRET;
    // Another secret, a portal that nobody has, a connector that is not there, one of another organization, and one whose
    // portal the body does not name.
    refuse(url.clone(), "wrong-secret", 0, None).await;
    refuse(url.clone(), ours, 0, Some(999_999)).await;
    refuse(url.clone(), ours, 0, Some(777)).await;
    refuse(
        format!("{url}?connector=0190a5c0-0000-7000-8000-000000000099"),
        ours,
        0,
        None,
    )
    .await;
    refuse(format!("{url}?connector={others}"), ours, 0, None).await;
    refuse(
        format!("{url}?connector={others}"),
        "another-secret-of-the-tests",
        0,
        None,
    )
    .await;
    refuse(format!("{url}?connector=%27or%201"), ours, 0, None).await;
    // Too old, and from the future.
    refuse(url.clone(), ours, 301_000, None).await;
    refuse(url.clone(), ours, -301_000, None).await;
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    assert!(stage.records().await.is_empty());
    assert!(app.all("/api/allocations", &other.key).await.is_empty());
    // Just in time.
    let delivery = stage.delivery(501, Form::Envelope);
    let request = delivery.request(now_ms(app) - 299_000).unwrap();
    let (mut parts, body) = request.into_parts();
    parts.uri = PATH.parse().unwrap();
    send_raw(&app.runtime, Request::from_parts(parts, body))
        .await
        .expect(StatusCode::OK);
    // Without any proof.
    let bare = app
        .post(
            PATH,
            "",
            json!({"object": {"objectId": 501, "objectType": "DEAL"}}),
        )
        .await;
    bare.expect(StatusCode::UNAUTHORIZED);
}

/// However many organizations have named a portal, by mistake or not.
#[tokio::test(start_paused = true)]
async fn the_twelfth_organization_of_a_portal_is_found_by_its_secret() {
    let stage = Stage::set(897).await;
    for number in 0..11 {
        let other = stage
            .app
            .organization(&format!("Other {number}"), "Australia/Sydney")
            .await;
        let mut body = hubspot_connector();
        body["credentials"]["signature_secret"] = json!(format!("a-secret-of-number-{number}"));
        stage
            .app
            .post("/api/connectors", &other.key, body)
            .await
            .expect(StatusCode::CREATED);
    }
    let last = stage.app.organization("The last", "Australia/Sydney").await;
    let mut body = hubspot_connector();
    body["credentials"]["signature_secret"] = json!("the-secret-of-the-last");
    stage
        .app
        .post("/api/connectors", &last.key, body)
        .await
        .expect(StatusCode::CREATED);
    let workflow = Workflow::signed(&format!("{PUBLIC_URL}{PATH}"), "the-secret-of-the-last");
    let delivery = stage.app.hubspot.provider().enrol(&workflow, 501).unwrap();
    stage.call(&delivery).await.expect(StatusCode::OK);
    assert_eq!(stage.app.all("/api/allocations", &last.key).await.len(), 1);
}

/// Nobody needs to ask: a token that is taken no more is found out and told of.
#[tokio::test(start_paused = true)]
async fn a_connector_to_hubspot_is_asked_now_and_then() {
    let stage = Stage::set(896).await;
    stage.change(Change::RevokeToken {
        token: hubspot::TOKEN.to_owned(),
    });
    for _ in 0..6 {
        pass(600).await;
        stage.app.tick().await.expect(StatusCode::OK);
    }
    let path = format!("/api/connectors/{}", stage.connector_id);
    let shown = stage
        .app
        .get(&path, &stage.organization.key)
        .await
        .expect(StatusCode::OK);
    assert!(
        shown["state"] != "active" && shown["state_reason"].is_string(),
        "{shown:#}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_asks_for_its_own_organization() {
    let stage = Stage::set(904).await;
    let app = &stage.app;
    let answer = stage.ask("", 501, json!({"service_package": "Seed"})).await;
    let answer = answer.expect(StatusCode::OK);
    assert_eq!(answer["status"], "completed", "{answer:#}");
    let record = stage.live(501).await;
    assert_eq!(record["source"], "api");
    // What is blank is the deal's own.
    assert_eq!(record["household_type"], "Single");
    assert!(record["agreement_start_date"].is_string());
    assert_eq!(record["household_type_raw"], Value::Null);
    let other = app.organization("Other", "Australia/Sydney").await;
    let body = json!({"object": {"objectId": 502, "objectType": "DEAL"}});
    let theirs = app
        .post(
            &format!("{PATH}?connector={}", stage.connector_id),
            &other.key,
            body.clone(),
        )
        .await;
    theirs.expect(StatusCode::NOT_FOUND);
    // Another portal's deal of the same number is another deal.
    let foreign =
        json!({"origin": {"portalId": 99}, "object": {"objectId": 503, "objectType": "DEAL"}});
    let path = format!("{PATH}?connector={}", stage.connector_id);
    let foreign = app.post(&path, &stage.organization.key, foreign).await;
    assert_eq!(
        foreign.expect(StatusCode::BAD_REQUEST)["errors"][0]["field"],
        "connector"
    );
    let none = app
        .post(PATH, &other.key, body.clone())
        .await
        .expect(StatusCode::BAD_REQUEST);
    assert_eq!(none["errors"][0]["field"], "connector");
    let member = app.key(&stage.organization.id, "member").await;
    app.post(PATH, &member, body)
        .await
        .expect(StatusCode::FORBIDDEN);
    // The records of one are nobody else's.
    let id = record["id"].as_str().unwrap();
    for path in [
        format!("/api/allocations/{id}"),
        format!("/api/allocations/{id}/rerun"),
        format!("/api/allocations/{id}/override"),
    ] {
        let (method, body) = if path.ends_with(id) {
            (Method::GET, None)
        } else if path.ends_with("override") {
            (
                Method::POST,
                Some(json!({"adviser_email": "mia.tan@example.test"})),
            )
        } else {
            (Method::POST, Some(json!({})))
        };
        app.request(method, &path, &other.key, body)
            .await
            .expect(StatusCode::NOT_FOUND);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_deal_is_told_and_nothing_is_done() {
    let stage = Stage::set(905).await;
    let app = &stage.app;
    let hint = app.get(PATH, "").await.expect(StatusCode::OK);
    assert!(hint["message"].as_str().unwrap().contains("POST"));
    let request = Request::post(PATH)
        .header(
            "authorization",
            format!("Bearer {}", stage.organization.key),
        )
        .header("content-type", "text/plain")
        .body(Bytes::from_static(b"hello"))
        .unwrap();
    let refused = send_raw(&app.runtime, request).await;
    let refused = refused.expect(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(refused["message"], "Invalid Content-Type");
    for object in [
        json!({"objectId": 501, "objectType": ""}),
        json!({"objectId": 501}),
        json!({}),
        Value::Null,
    ] {
        let body =
            json!({"callbackId": "ap-1", "object": object, "fields": {"service_package": "Seed"}});
        let nothing = app
            .post(PATH, &stage.organization.key, body)
            .await
            .expect(StatusCode::OK);
        assert_eq!(
            (&nothing["status"], &nothing["allocation_id"]),
            (&Value::Null, &Value::Null)
        );
    }
    for (body, word) in [
        (json!([]), "list"),
        (json!([{}]), "list"),
        (
            json!({"object": {"objectType": "DEAL"}}),
            "no deal is named",
        ),
        (
            json!({"object": {"objectType": "DEAL", "objectId": -3}}),
            "/object/objectId",
        ),
        (json!({"object": 7}), "nothing"),
    ] {
        let answer = app.post(PATH, &stage.organization.key, body).await;
        if word == "nothing" {
            answer.expect(StatusCode::OK);
            continue;
        }
        let problem = answer.expect(StatusCode::BAD_REQUEST);
        assert!(
            problem["detail"].as_str().unwrap().contains(word),
            "{problem}"
        );
    }
    // Of a member that is there twice, one would win unseen.
    let twice = r#"{"object": {"objectType": "DEAL", "objectId": 501, "objectId": 502}}"#;
    let request = Request::post(PATH)
        .header(
            "authorization",
            format!("Bearer {}", stage.organization.key),
        )
        .header("content-type", "application/json")
        .body(Bytes::from_static(twice.as_bytes()))
        .unwrap();
    let refused = send_raw(&app.runtime, request)
        .await
        .expect(StatusCode::BAD_REQUEST);
    assert_eq!(
        refused["errors"][0]["field"], "/object/objectId",
        "{refused:#}"
    );
    assert!(stage.records().await.is_empty());
}

/// Each connector has a lease, records and a count of its own: two of them would give one deal to two advisers.
#[tokio::test(start_paused = true)]
async fn an_account_of_hubspot_is_connected_once_by_an_organization() {
    let stage = Stage::set(907).await;
    let app = &stage.app;
    let key = &stage.organization.key;
    let second = |portal: u64| {
        let mut body = hubspot_connector();
        body["integration_key"] = json!("second");
        body["config"]["portal_id"] = json!(portal);
        body
    };
    let taken = app
        .post("/api/connectors", key, second(hubspot::PORTAL))
        .await;
    let taken = taken.expect(StatusCode::CONFLICT);
    assert!(
        taken["detail"]
            .as_str()
            .unwrap()
            .contains(&stage.connector_id),
        "{taken:#}"
    );
    let other = app
        .post("/api/connectors", key, second(777))
        .await
        .expect(StatusCode::CREATED);
    let path = format!("/api/connectors/{}", other["id"].as_str().unwrap());
    let body =
        json!({"config": {"portal_id": hubspot::PORTAL}, "credentials": {"token": hubspot::TOKEN}});
    app.request(Method::PATCH, &path, key, Some(body))
        .await
        .expect(StatusCode::CONFLICT);
    // Nor while the first is disconnected, which keeps its records; its own key is no other connector.
    let path = format!("/api/connectors/{}", stage.connector_id);
    app.post(&format!("{path}/disconnect"), key, json!({}))
        .await
        .expect(StatusCode::OK);
    let mut third = second(hubspot::PORTAL);
    third["integration_key"] = json!("third");
    app.post("/api/connectors", key, third.clone())
        .await
        .expect(StatusCode::CONFLICT);
    let again = app
        .post("/api/connectors", key, hubspot_connector())
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(again["id"], stage.connector_id.as_str());
    // Another organization may have the same account.
    let stranger = app.organization("Other", "Australia/Sydney").await;
    app.post("/api/connectors", &stranger.key, third.clone())
        .await
        .expect(StatusCode::CREATED);
    let gone = app.request(Method::DELETE, &path, key, None).await;
    assert!(gone.status.is_success(), "{}", gone.status);
    app.post("/api/connectors", key, third)
        .await
        .expect(StatusCode::CREATED);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_explains_and_writes_nothing() {
    let stage = Stage::set(906).await;
    // One that is mistyped would be no dry run.
    for query in [
        "?dry-run=1",
        "?dryrun=true",
        "?dry_run=1&dry_run=1",
        "?dry_run=maybe",
    ] {
        let refused = stage
            .ask(query, 501, json!({}))
            .await
            .expect(StatusCode::BAD_REQUEST);
        assert!(
            refused["errors"][0]["field"]
                .as_str()
                .unwrap()
                .starts_with("dry"),
            "{refused:#}"
        );
    }
    let preview = stage
        .ask("?dry_run=1", 501, json!({}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(preview["status"], "completed", "{preview:#}");
    assert!(
        preview["message"]
            .as_str()
            .unwrap()
            .starts_with("A dry run")
    );
    assert!(preview["decision"]["candidates"].as_array().unwrap().len() > 2);
    assert!(preview["sources"].as_array().unwrap().len() >= 6);
    assert!(stage.records().await.is_empty() && stage.patches(501) == 0);
    // What it says is what happens.
    let real = stage.enrol(501).await.expect(StatusCode::OK);
    assert_eq!(real["adviser"], preview["adviser"]);
    assert_eq!(real["earliest_week"], preview["earliest_week"]);
    let again = stage
        .ask("?dry_run=true", 501, json!({}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(again["status"], "completed", "{again:#}");
    assert_eq!(stage.records().await.len(), 1);
    let unknown = stage
        .ask("?dry_run=1", 999, json!({}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(reason(&unknown), "deal_not_found");
}
