//! The history, and what people decide themselves.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_history_has_pages_counts_and_a_table() {
    let stage = Stage::set(950).await;
    for deal in 501..=507 {
        stage.enrol(deal).await.expect(StatusCode::OK);
        pass(1).await;
    }
    stage.put_deal(700, "", "Single", "2026-09-28");
    stage.enrol(700).await.expect(StatusCode::OK);
    let get = async |query: &str| {
        let path = format!("/allocations/history{query}");
        stage.app.get(&path, &stage.organization.key).await
    };
    let page = get("?limit=5").await.expect(StatusCode::OK);
    assert_eq!(page["data"].as_array().unwrap().len(), 5);
    assert_eq!(
        page["counts"],
        json!({"total": 8, "received": 0, "completed": 7, "failed": 1})
    );
    // The newest first.
    assert_eq!(page["data"][0]["deal_id"], "700");
    let next = page["next_cursor"].as_str().unwrap();
    let rest = get(&format!("?limit=5&cursor={next}"))
        .await
        .expect(StatusCode::OK);
    assert_eq!(rest["data"].as_array().unwrap().len(), 3);
    assert_eq!(rest["next_cursor"], Value::Null);
    let failed = get("?status=failed").await.expect(StatusCode::OK);
    assert_eq!(
        (
            failed["data"].as_array().unwrap().len(),
            &failed["data"][0]["reason"]
        ),
        (1, &json!("missing_service_package"))
    );
    let email = page["data"][1]["adviser_email"]
        .as_str()
        .unwrap()
        .to_uppercase();
    let of_one = get(&format!("?adviser={email}&days=1"))
        .await
        .expect(StatusCode::OK);
    assert!(
        of_one["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["adviser_email"] == email.to_lowercase())
    );
    assert_eq!(
        of_one["counts"]["total"].as_u64().unwrap() as usize,
        of_one["data"].as_array().unwrap().len()
    );
    assert_eq!(
        get("?deal=501").await.expect(StatusCode::OK)["counts"]["total"],
        1
    );
    for (query, field) in [
        ("?limit=4", "limit"),
        ("?limit=201", "limit"),
        ("?days=0", "days"),
        ("?status=x", "status"),
        ("?adviser=x", "adviser"),
        ("?x=1", "x"),
    ] {
        let refused = get(query).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused["errors"][0]["field"], field);
    }
    let table = get("?format=csv").await;
    assert_eq!(table.status, StatusCode::OK);
    assert_eq!(table.headers["content-type"], "text/csv; charset=utf-8");
    let text = String::from_utf8(table.body.to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 9);
    assert!(lines[0].starts_with(
        "timestamp,deal_id,client_email,adviser_email,adviser_name,adviser_hubspot_id,"
    ));
    assert!(lines[1].contains(",700,") && lines[1].contains("missing_service_package"));
    // Older than the days that are asked for.
    pass(2 * 86_400).await;
    assert_eq!(
        get("?days=1").await.expect(StatusCode::OK)["counts"]["total"],
        0
    );
    let member = stage.app.key(&stage.organization.id, "member").await;
    stage
        .app
        .get("/allocations/history", &member)
        .await
        .expect(StatusCode::FORBIDDEN);
    let other = stage.app.organization("Other", "Australia/Sydney").await;
    let theirs = stage
        .app
        .get("/allocations/history?days=30", &other.key)
        .await
        .expect(StatusCode::OK);
    assert_eq!(theirs["counts"]["total"], 0);
}

#[tokio::test(start_paused = true)]
async fn an_owner_gives_a_deal_to_somebody_else_and_the_audit_says_so() {
    let stage = Stage::set(951).await;
    let app = &stage.app;
    let answer = stage.enrol(501).await.expect(StatusCode::OK);
    let id = answer["allocation_id"].as_str().unwrap();
    let path = format!("/api/allocations/{id}/override");
    let admin = app.key(&stage.organization.id, "admin").await;
    let body = json!({"adviser_email": "Ruby.Shah@example.test", "note": "knows the client"});
    app.post(&path, &admin, body.clone())
        .await
        .expect(StatusCode::FORBIDDEN);
    let given = app
        .post(&path, &stage.organization.key, body.clone())
        .await
        .expect(StatusCode::OK);
    assert_eq!(given["status"], "completed", "{given:#}");
    assert_eq!(given["adviser"]["owner_id"], "7005");
    assert_eq!(stage.at_hubspot(501, "advisor").as_deref(), Some("7005"));
    let record = stage.live(501).await;
    assert_eq!(
        (&record["source"], &record["replaces_id"]),
        (&json!("manual"), &json!(id))
    );
    assert_eq!(record["request_data"]["note"], "knows the client");
    // Against the rules, which is said.
    let result = record["allocation_result"].as_str().unwrap();
    for part in [
        "Ruby Shah, who does not have the service package, gets",
        "By the rules it would be ",
    ] {
        assert!(result.contains(part), "{result}");
    }
    assert!(
        record["adviser_service_packages"].as_array().unwrap().len() > 1,
        "{record:#}"
    );
    // The record before is history, and is not changed any more.
    app.post(&path, &stage.organization.key, body)
        .await
        .expect(StatusCode::CONFLICT);
    let before = stage.explained(&json!(id)).await;
    assert_eq!(before["allocation"]["is_live"], false);
    assert_eq!(before["history"].as_array().unwrap().len(), 2);
    // The workflow's call is answered what holds now.
    let enrolled = stage.enrol(501).await.expect(StatusCode::OK);
    assert_eq!(
        (&enrolled["is_repeat"], &enrolled["adviser"]["owner_id"]),
        (&json!(true), &json!("7005"))
    );
    let audit = app
        .all("/api/audit?resource=allocation", &stage.organization.key)
        .await;
    assert_eq!(audit.len(), 1, "{audit:#?}");
    assert_eq!(audit[0]["after"]["note"], "knows the client");
    assert_eq!(audit[0]["after"]["adviser_email"], "ruby.shah@example.test");
    assert_eq!(audit[0]["actor_kind"], "api_key");
    let path = format!(
        "/api/allocations/{}/override",
        record["id"].as_str().unwrap()
    );
    let nobody = json!({"adviser_email": "nobody@example.test"});
    let nobody = app
        .post(&path, &stage.organization.key, nobody)
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (nobody["status"].as_str(), reason(&nobody)),
        (Some("failed"), "unknown_adviser")
    );
    // It came to nothing: whoever had the deal has it, and every call is told so.
    assert!(
        nobody["message"].as_str().unwrap().contains("as it was"),
        "{nobody:#}"
    );
    assert_eq!(stage.at_hubspot(501, "advisor").as_deref(), Some("7005"));
    assert_eq!(stage.live(501).await["id"], record["id"]);
    let delivery = stage.delivery(501, Form::Envelope);
    for _ in 0..2 {
        let told = stage.call(&delivery).await.expect(StatusCode::OK);
        assert_eq!(
            (&told["allocation_id"], &told["is_repeat"]),
            (&record["id"], &json!(true))
        );
        assert_eq!(told["adviser"]["owner_id"], "7005");
    }
    assert_eq!((stage.records().await.len(), stage.patches(501)), (3, 2));
    let path = format!(
        "/api/allocations/{}/override",
        record["id"].as_str().unwrap()
    );
    for (body, field) in [
        (json!({"adviser_email": "x"}), "/adviser_email"),
        (json!({"adviser_email": 5}), "/adviser_email"),
        (json!({}), "/adviser_email"),
        (
            json!({"adviser_email": "mia.tan@example.test", "note": 7}),
            "/note",
        ),
        (json!({"adviser": "mia.tan@example.test"}), "/adviser"),
        (json!([]), ""),
    ] {
        let bad = app.post(&path, &stage.organization.key, body.clone()).await;
        let problem = bad.expect(StatusCode::BAD_REQUEST);
        assert_eq!(problem["errors"][0]["field"], field, "{body} {problem:#}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rerun_goes_by_the_deal_as_it_is_now() {
    let stage = Stage::set(952).await;
    let answer = stage.enrol(501).await.expect(StatusCode::OK);
    stage.put(
        Kind::Deal,
        501,
        &[("service_package", "Series C"), ("household_type", "")],
    );
    let again = stage
        .rerun(&answer["allocation_id"])
        .await
        .expect(StatusCode::OK);
    assert_eq!(again["status"], "completed", "{again:#}");
    let record = stage.live(501).await;
    assert_eq!(
        (&record["source"], &record["service_package"]),
        (&json!("rerun"), &json!("Series C"))
    );
    assert_eq!(
        stage.at_hubspot(501, "advisor").as_deref(),
        again["adviser"]["owner_id"].as_str()
    );
    assert_eq!(stage.patches(501), 2);
}

#[tokio::test(start_paused = true)]
async fn a_rerun_that_comes_to_nothing_leaves_the_deal_with_whom_it_was() {
    let stage = Stage::set(954).await;
    let answer = stage.enrol(501).await.expect(StatusCode::OK);
    let rerun = async || {
        let again = stage.rerun(&answer["allocation_id"]).await;
        again.expect(StatusCode::OK)
    };
    stage.put(Kind::Deal, 501, &[("service_package", "Series Z")]);
    assert_eq!(reason(&rerun().await), "unknown_service_package");
    assert_eq!(stage.live(501).await["id"], answer["allocation_id"]);
    // HubSpot refuses what was decided.
    stage.put(Kind::Deal, 501, &[("service_package", "Seed")]);
    stage
        .set_up(json!({"written_properties": ["advisor", "nothing_like_it"]}))
        .await;
    let refused = rerun().await;
    assert_eq!(reason(&refused), "write_refused", "{refused:#}");
    let live = stage.live(501).await;
    assert_eq!(
        (&live["id"], &live["status"]),
        (&answer["allocation_id"], &json!("completed"))
    );
    let repeated = stage.enrol(501).await.expect(StatusCode::OK);
    assert_eq!(repeated["allocation_id"], answer["allocation_id"]);
    assert_eq!((stage.records().await.len(), stage.patches(501)), (3, 1));
}

/// A copy of before is not what HubSpot has at that moment, also where it cannot be read; nobody waits for that for hours.
#[tokio::test(start_paused = true)]
async fn a_rerun_waits_for_what_cannot_be_read_and_not_for_long() {
    let stage = Stage::set(956).await;
    let answer = stage.enrol(501).await.expect(StatusCode::OK);
    let users = "/crm/v3/objects/users";
    let fault = || {
        let fault = simulators::Fault::status(StatusCode::INTERNAL_SERVER_ERROR);
        stage
            .app
            .hubspot
            .add_fault(simulators::FaultRule::always(users, fault))
    };
    assert!(fault());
    let waits = stage
        .rerun(&answer["allocation_id"])
        .await
        .expect(StatusCode::ACCEPTED);
    assert_eq!(
        (&waits["status"], reason(&waits)),
        (&json!("received"), "source_unknown"),
        "{waits:#}"
    );
    assert!(
        waits["detail"].as_str().unwrap().contains("users: HubSpot"),
        "{waits:#}"
    );
    stage.app.hubspot.clear_faults();
    let records = stage.settle().await;
    assert!(
        records.iter().all(|one| one["status"] == "completed"),
        "{records:#?}"
    );
    let live = stage.live(501).await;
    assert_eq!(live["id"], waits["allocation_id"]);
    // One that goes on is given up after two minutes.
    assert!(fault());
    let waits = stage.rerun(&live["id"]).await.expect(StatusCode::ACCEPTED);
    let begun = now_ms(&stage.app);
    stage.settle().await;
    assert!(now_ms(&stage.app) - begun < 240_000);
    assert_eq!(stage.live(501).await["id"], live["id"]);
    let given_up = stage.explained(&waits["allocation_id"]).await["allocation"].clone();
    assert_eq!(
        (&given_up["status"], &given_up["is_live"]),
        (&json!("failed"), &json!(false)),
        "{given_up:#}"
    );
}

/// Whose choice it is cannot be told.
#[tokio::test(start_paused = true)]
async fn an_override_to_a_mail_of_two_advisers_is_refused() {
    let stage = Stage::set(957).await;
    let answer = stage.enrol(501).await.expect(StatusCode::OK);
    stage.put(
        Kind::User,
        90_210_005,
        &[("hs_email", " Finn.Cole@example.test")],
    );
    let refused = stage
        .give(&answer["allocation_id"], "finn.cole@example.test")
        .await
        .expect(StatusCode::OK);
    assert_eq!(reason(&refused), "several_advisers", "{refused:#}");
    assert_eq!(stage.live(501).await["id"], answer["allocation_id"]);
}

/// A person who has put something right at HubSpot is not answered by what was read a minute ago.
#[tokio::test(start_paused = true)]
async fn a_rerun_and_an_override_go_by_who_is_an_adviser_now() {
    let stage = Stage::set(955).await;
    stage.only(&[]);
    stage.put_deal(700, "Seed", "Single", "2026-09-28");
    let failed = stage.enrol(700).await.expect(StatusCode::OK);
    assert_eq!(reason(&failed), "no_eligible_adviser", "{failed:#}");
    let id = failed["allocation_id"].as_str().unwrap();
    assert!(
        failed["remedy"]
            .as_str()
            .unwrap()
            .contains(&format!("/api/allocations/{id}/rerun"))
    );
    stage.only(&[6]);
    let again = stage.rerun(&failed["allocation_id"]).await;
    let again = again.expect(StatusCode::OK);
    assert_eq!(
        again["adviser"]["email"], "finn.cole@example.test",
        "{again:#}"
    );
    stage.put(Kind::User, 90_210_006, &[("hs_email", "finn@example.test")]);
    let given = stage
        .give(&again["allocation_id"], "finn@example.test")
        .await
        .expect(StatusCode::OK);
    assert_eq!(given["status"], "completed", "{given:#}");
}

#[tokio::test(start_paused = true)]
async fn records_are_purged_with_their_organization_and_old_ones_go() {
    let stage = Stage::set(953).await;
    let answer = stage.enrol(501).await.expect(StatusCode::OK);
    let count = |table: &str| -> i64 {
        let database = stage.app.database();
        database
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                row.get(0)
            })
            .unwrap()
    };
    assert_eq!(
        (count("allocations"), count("allocation_explanations")),
        (1, 1)
    );
    pass(181 * 86_400).await;
    for _ in 0..3 {
        stage.app.tick().await.expect(StatusCode::OK);
        pass(3_700).await;
    }
    let explained = stage.explained(&answer["allocation_id"]).await;
    assert_eq!(
        (&explained["decision"], &explained["allocation"]["status"]),
        (&Value::Null, &json!("completed"))
    );
    let path = format!("/api/organizations/{}", stage.organization.id);
    let purged = stage
        .app
        .request(Method::DELETE, &path, whole_system::OPERATOR_KEY, None)
        .await;
    assert!(purged.status.is_success(), "{}", purged.status);
    for _ in 0..5 {
        stage.app.tick().await.expect(StatusCode::OK);
        pass(30).await;
    }
    assert_eq!(
        (count("allocations"), count("allocation_explanations")),
        (0, 0)
    );
}
