//! Bad input and bad days: each ends in one allocation or one clear reason, and the record says which.

use simulators::{Fault, FaultRule};

use super::*;

/// Enrols the deal, which nobody gets for this reason; HubSpot is answered 200, so that it does not come again for days.
async fn fails(stage: &Stage, deal: u64, expected: &str) -> Value {
    let answer = stage.enrol(deal).await.expect(StatusCode::OK);
    assert_eq!(
        (answer["status"].as_str(), reason(&answer)),
        (Some("failed"), expected),
        "{answer:#}"
    );
    assert!(answer["remedy"].as_str().unwrap().len() > 10);
    let record = stage.live(deal).await;
    assert_eq!(
        (&record["status"], &record["reason"]),
        (&json!("failed"), &json!(expected))
    );
    assert_eq!(stage.patches(deal), 0);
    answer
}

#[tokio::test(start_paused = true)]
async fn a_deal_that_cannot_be_allocated_has_its_reason() {
    let stage = Stage::set(910).await;
    // Each of them has households; Leo Park takes any.
    stage.only(&[1, 2, 6]);
    stage.put_deal(700, "", "Single", "2026-09-28");
    fails(&stage, 700, "missing_service_package").await;
    stage.put_deal(701, "Series Z", "Single", "2026-09-28");
    fails(&stage, 701, "unknown_service_package").await;
    stage.put_deal(702, "Seed", "Polycule", "2026-09-28");
    fails(&stage, 702, "household_mismatch").await;
    stage.put_deal(703, "Seed", "Single", "2027-11-01");
    fails(&stage, 703, "agreement_beyond_horizon").await;
    // A date that a person has typed into a field of text.
    let text = json!({"service_package": "Seed", "agreement_start_date": "next Tuesday"});
    let malformed = stage.ask("", 501, text).await.expect(StatusCode::OK);
    assert_eq!(reason(&malformed), "malformed_agreement_date");
    // A time without a zone is a local one.
    let zoneless =
        json!({"service_package": "Seed", "agreement_start_date": "2026-09-28T09:00:00"});
    let zoneless = stage.ask("", 502, zoneless).await.expect(StatusCode::OK);
    assert_eq!(zoneless["status"], "completed", "{zoneless:#}");
    assert_eq!(stage.live(502).await["agreement_start_date"], "2026-09-28");
    let gone = json!({"service_package": "Seed"});
    let gone = stage.ask("", 4_040, gone).await.expect(StatusCode::OK);
    assert_eq!(reason(&gone), "deal_not_found");
    stage.change(Change::ArchiveRecord {
        kind: Kind::Deal,
        id: 503,
    });
    let archived = stage.ask("", 503, json!({"service_package": "Seed"})).await;
    assert_eq!(reason(&archived.expect(StatusCode::OK)), "deal_not_found");
}

/// A call without an id of its own is the same one for five minutes, in which HubSpot would repeat it.
#[tokio::test(start_paused = true)]
async fn a_call_without_an_id_is_decided_again_after_a_while() {
    let stage = Stage::set(909).await;
    stage.put_deal(703, "Seed", "Single", "2027-11-01");
    let ask = async || {
        stage
            .ask("", 703, json!({"service_package": "Seed"}))
            .await
            .expect(StatusCode::OK)
    };
    let failed = ask().await;
    assert_eq!(reason(&failed), "agreement_beyond_horizon");
    stage.set_up(json!({"horizon_weeks": 80})).await;
    pass(290).await;
    let repeated = ask().await;
    assert_eq!(
        (reason(&repeated), &repeated["is_repeat"]),
        ("agreement_beyond_horizon", &json!(true))
    );
    pass(20).await;
    let again = ask().await;
    assert_eq!(
        (&again["status"], &again["is_repeat"]),
        (&json!("completed"), &json!(false)),
        "{again:#}"
    );
    pass(400).await;
    assert_eq!(ask().await["allocation_id"], again["allocation_id"]);
    assert_eq!(stage.patches(703), 1);
}

/// HubSpot repeats a call for days: whatever people have had decided meanwhile, it is the same call.
#[tokio::test(start_paused = true)]
async fn a_repeat_of_a_call_is_its_own_record_whatever_came_later() {
    let stage = Stage::set(908).await;
    stage.put_deal(700, "Series Z", "Single", "2026-09-28");
    let delivery = stage.delivery(700, Form::Envelope);
    let failed = stage.call(&delivery).await.expect(StatusCode::OK);
    let again = stage.rerun(&failed["allocation_id"]).await;
    assert_eq!(
        reason(&again.expect(StatusCode::OK)),
        "unknown_service_package"
    );
    pass(3_600).await;
    let repeated = stage.call(&delivery).await.expect(StatusCode::OK);
    assert_eq!(
        (&repeated["allocation_id"], &repeated["is_repeat"]),
        (&failed["allocation_id"], &json!(true))
    );
    assert_eq!(stage.records().await.len(), 2);
    // So is one without an id, for its five minutes.
    stage.put_deal(701, "Series Z", "Single", "2026-09-28");
    let ask = async || {
        stage
            .ask("", 701, json!({"service_package": "Series Z"}))
            .await
            .expect(StatusCode::OK)
    };
    let failed = ask().await;
    let again = stage.rerun(&failed["allocation_id"]).await;
    again.expect(StatusCode::OK);
    assert_eq!(ask().await["allocation_id"], failed["allocation_id"]);
}

/// Somebody who was added a minute ago is not seen in a copy, and HubSpot does not send a deal again that has failed.
#[tokio::test(start_paused = true)]
async fn nobody_fails_a_deal_by_a_copy_of_who_there_is() {
    let stage = Stage::set(907).await;
    stage.enrol(501).await.expect(StatusCode::OK);
    stage.put_deal(700, "Series Z", "Single", "2026-09-28");
    stage.put(Kind::User, 90_210_006, &[("client_types", "Seed;Series Z")]);
    let tried = stage
        .ask("?dry_run=1", 700, json!({}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        tried["adviser"]["email"], "finn.cole@example.test",
        "{tried:#}"
    );
    let given = stage.enrol(700).await.expect(StatusCode::OK);
    assert_eq!(
        given["adviser"]["email"], "finn.cole@example.test",
        "{given:#}"
    );
    // Nor by one that cannot be read anew: it waits, and those beside it do not.
    pass(5).await;
    stage.put_deal(702, "Series Y", "Single", "2026-09-28");
    stage.put(Kind::User, 90_210_006, &[("client_types", "Seed;Series Y")]);
    let fault = Fault::status(StatusCode::INTERNAL_SERVER_ERROR);
    let rule = FaultRule::always("/crm/v3/objects/users", fault);
    assert!(stage.app.hubspot.add_fault(rule));
    let (waits, beside) = tokio::join!(stage.enrol(702), stage.enrol(502));
    let waits = waits.expect(StatusCode::ACCEPTED);
    assert_eq!(reason(&waits), "source_unknown", "{waits:#}");
    assert_eq!(beside.expect(StatusCode::OK)["status"], "completed");
    stage.app.hubspot.clear_faults();
    stage.settle().await;
    assert_eq!(
        stage.live(702).await["adviser_email"],
        "finn.cole@example.test"
    );
}

/// What a workflow sent once is no reason for ever.
#[tokio::test(start_paused = true)]
async fn a_person_gives_a_deal_whose_date_was_bad() {
    let stage = Stage::set(899).await;
    let bad = json!({"service_package": "Seed", "agreement_start_date": "31/31/2026"});
    let failed = stage.ask("", 501, bad).await.expect(StatusCode::OK);
    assert_eq!(reason(&failed), "malformed_agreement_date");
    let given = stage
        .give(&failed["allocation_id"], "mia.tan@example.test")
        .await
        .expect(StatusCode::OK);
    assert_eq!(given["status"], "completed", "{given:#}");
    // By the deal's own.
    assert_ne!(stage.live(501).await["agreement_start_date"], Value::Null);
}

/// An account without a workflow that keeps the mail address current: deals are found by a property that is written.
#[tokio::test(start_paused = true)]
async fn deals_are_found_by_the_id_of_an_owner_too() {
    let stage = Stage::set(898).await;
    stage
        .app
        .hubspot
        .provider()
        .change_settings(|settings| settings.adviser_email_follows = false);
    stage.only(&[6]);
    stage
        .set_up(json!({"search_lag_seconds": 1, "properties": {"deal_adviser_email": "advisor"}}))
        .await;
    for deal in [700, 701, 702] {
        stage.put_deal(deal, "Seed", "Single", "2026-09-21");
        stage.enrol(deal).await.expect(StatusCode::OK);
    }
    pass(300).await;
    stage.put_deal(703, "Seed", "Single", "2026-09-21");
    let explained = stage
        .ask("?dry_run=1", 703, json!({}))
        .await
        .expect(StatusCode::OK);
    let table = &explained["decision"]["candidates"][0]["table"]["deals"];
    let waiting: i64 = table
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_i64)
        .sum();
    assert!(waiting >= 3, "{table}");
}

#[tokio::test(start_paused = true)]
async fn a_failed_deal_is_decided_again_when_it_is_enrolled_again() {
    let stage = Stage::set(911).await;
    stage.put_deal(700, "", "Single", "2026-09-28");
    let delivery = stage.delivery(700, Form::Envelope);
    let first = stage.call(&delivery).await.expect(StatusCode::OK);
    assert_eq!(reason(&first), "missing_service_package");
    stage.put(
        Kind::Deal,
        700,
        &[
            ("renewal_service_package", "Series A"),
            ("renewal_household_type", "Couple"),
            ("household_type", ""),
        ],
    );
    // The same call has the same answer, however often HubSpot repeats it.
    let repeated = stage.call(&delivery).await.expect(StatusCode::OK);
    assert_eq!(
        (reason(&repeated), &repeated["is_repeat"]),
        ("missing_service_package", &json!(true))
    );
    let second = stage.enrol(700).await.expect(StatusCode::OK);
    assert_eq!(second["status"], "completed", "{second:#}");
    let record = stage.live(700).await;
    assert_eq!(
        (&record["service_package"], &record["household_type"]),
        (&json!("Series A"), &json!("Couple"))
    );
    assert_eq!(record["replaces_id"], first["allocation_id"]);
    let history = stage.explained(&record["id"]).await["history"].clone();
    let live: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["is_live"].as_bool().unwrap())
        .collect();
    assert_eq!(live, [true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_deal_that_somebody_else_has_is_left_alone() {
    let stage = Stage::set(912).await;
    stage.put(Kind::Deal, 501, &[("advisor", "7006")]);
    let held = fails(&stage, 501, "already_allocated").await;
    assert!(
        held["detail"]
            .as_str()
            .unwrap()
            .contains("finn.cole@example.test"),
        "{held}"
    );
    // Who has sold it owns it in HubSpot, and is not its adviser by that.
    stage.put(Kind::Deal, 502, &[("hubspot_owner_id", "7001")]);
    let sold = stage.enrol(502).await.expect(StatusCode::OK);
    assert_eq!(sold["status"], "completed", "{sold:#}");
}

#[tokio::test(start_paused = true)]
async fn nobody_to_choose_from_has_a_reason_of_its_own() {
    let stage = Stage::set(913).await;
    stage.only(&[]);
    fails(&stage, 501, "no_eligible_adviser").await;
    // Mia alone, and the office is closed for all weeks that are looked at, 100 days at a time.
    stage.only(&[1]);
    pass(130).await;
    let mut first = chrono::NaiveDate::from_ymd_opt(2026, 9, 1).unwrap();
    for _ in 0..6 {
        let last = first + chrono::Days::new(90);
        let body = json!({"start_date": first.to_string(), "end_date": last.to_string()});
        stage
            .app
            .post("/closures", &stage.organization.key, body)
            .await
            .expect(StatusCode::CREATED);
        first = last + chrono::Days::new(1);
    }
    fails(&stage, 502, "everyone_on_leave").await;
}

#[tokio::test(start_paused = true)]
async fn users_that_cannot_be_told_apart_or_have_no_room_are_left_out() {
    let stage = Stage::set(914).await;
    // Two with one mail, one whose limit is a target of none, and one without an owner id: nobody is left.
    stage.only(&[1, 2, 6, 11]);
    stage.put(
        Kind::User,
        90_210_002,
        &[("hs_email", "mia.tan@example.test")],
    );
    let limit = json!({"adviser_email": "finn.cole@example.test", "effective_date": "2026-09-01", "client_limit_monthly": 1});
    stage
        .app
        .post("/capacity_overrides", &stage.organization.key, limit)
        .await
        .expect(StatusCode::CREATED);
    let answer = fails(&stage, 501, "no_eligible_adviser").await;
    let explained = stage.explained(&answer["allocation_id"]).await;
    let left_out = explained["decision"]["left_out"].as_array().unwrap();
    let because = |id: &str| {
        let one = left_out.iter().find(|one| one["owner_id"] == id);
        one.unwrap()["because"].as_str().unwrap().to_owned()
    };
    assert_eq!(because("7001"), "email_not_unique");
    assert_eq!(because("7002"), "email_not_unique");
    assert_eq!(because("7006"), "target_is_zero");
    assert_eq!(because(""), "no_owner_id");
}

#[tokio::test(start_paused = true)]
async fn a_refused_change_fails_the_record_and_frees_the_place() {
    let stage = Stage::set(915).await;
    stage.change(Change::RemoveProperty {
        kind: Kind::Deal,
        name: "advisor".to_owned(),
    });
    let answer = stage.enrol(501).await.expect(StatusCode::OK);
    assert_eq!(
        (answer["status"].as_str(), reason(&answer)),
        (Some("failed"), "write_refused"),
        "{answer:#}"
    );
    assert!(
        answer["detail"].as_str().unwrap().contains("advisor"),
        "{answer}"
    );
    let failed = stage.explained(&answer["allocation_id"]).await;
    assert_eq!(failed["allocation"]["write_attempts"], 1);
    assert!(failed["decision"]["candidates"][0].is_object());
    // Nobody's place is taken by it: the next deal finds what this one found.
    stage
        .set_up(json!({"written_properties": ["hubspot_owner_id"]}))
        .await;
    let path = format!(
        "/api/allocations/{}/rerun",
        answer["allocation_id"].as_str().unwrap()
    );
    let again = stage
        .app
        .post(
            &path,
            &stage.organization.key,
            json!({"note": "the property is back"}),
        )
        .await
        .expect(StatusCode::OK);
    assert_eq!(again["status"], "completed", "{again:#}");
    assert_eq!(again["adviser"], answer["adviser"]);
    assert_eq!(again["earliest_week"], answer["earliest_week"]);
    assert!(stage.at_hubspot(501, "hubspot_owner_id").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_bad_minute_of_hubspot_delays_the_change_and_nothing_else() {
    let stage = Stage::set(916).await;
    for (deal, fault) in [
        (501, Fault::status(StatusCode::SERVICE_UNAVAILABLE)),
        (502, Fault::status(StatusCode::LOCKED)),
        (503, Fault::reset()),
        (504, Fault::too_many_requests(None)),
        (505, Fault::truncate()),
        (506, Fault::status(StatusCode::UNAUTHORIZED)),
    ] {
        let rule = FaultRule::next(4, format!("{DEALS}/{deal}"), fault).method(&Method::PATCH);
        assert!(stage.app.hubspot.add_fault(rule));
        let answer = stage.enrol(deal).await.expect(StatusCode::OK);
        assert!(answer["adviser"].is_object(), "{deal} {answer:#}");
        stage.settle().await;
        let record = stage.live(deal).await;
        assert_eq!(record["status"], "completed", "{deal} {record:#}");
        assert_eq!(
            record["adviser_hubspot_id"], answer["adviser"]["owner_id"],
            "{deal}"
        );
        assert_eq!(
            stage.at_hubspot(deal, "advisor").as_deref(),
            answer["adviser"]["owner_id"].as_str()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_decided_on_nothing() {
    let stage = Stage::set(917).await;
    let rule = FaultRule::always(
        "/crm/v3/objects/users",
        Fault::status(StatusCode::BAD_GATEWAY),
    );
    assert!(stage.app.hubspot.add_fault(rule));
    let answer = stage.enrol(501).await.expect(StatusCode::ACCEPTED);
    assert_eq!(
        (answer["status"].as_str(), reason(&answer)),
        (Some("received"), "source_unknown"),
        "{answer:#}"
    );
    assert!(answer["detail"].as_str().unwrap().contains("users"));
    // HubSpot has been told that it is taken; the record says when it is looked at again.
    let waiting = stage.live(501).await;
    assert!(waiting["next_try_at"].is_string() && waiting["tries"].as_i64() >= Some(1));
    let again = stage.enrol(501).await.expect(StatusCode::ACCEPTED);
    assert_eq!(again["is_repeat"], true);
    pass(600).await;
    stage.app.tick().await.expect(StatusCode::OK);
    assert_eq!(stage.live(501).await["status"], "received");
    stage.app.hubspot.clear_faults();
    stage.settle().await;
    let record = stage.live(501).await;
    assert_eq!(record["status"], "completed", "{record:#}");
    assert_eq!((stage.patches(501), stage.records().await.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn whose_meetings_are_unknown_is_never_free() {
    let stage = Stage::set(918).await;
    let rule = FaultRule::always(
        "/crm/v3/objects/meetings/search",
        Fault::status(StatusCode::BAD_GATEWAY),
    );
    assert!(stage.app.hubspot.add_fault(rule));
    let answer = stage.enrol(501).await.expect(StatusCode::ACCEPTED);
    assert_eq!(reason(&answer), "source_unknown", "{answer:#}");
    // A day later nobody waits any more, and the record says so.
    for _ in 0..110 {
        pass(900).await;
        stage.app.tick().await.expect(StatusCode::OK);
    }
    let record = stage.live(501).await;
    assert_eq!(
        (&record["status"], &record["reason"]),
        (&json!("failed"), &json!("source_unknown")),
        "{record:#}"
    );
    assert!(
        record["error_message"]
            .as_str()
            .unwrap()
            .contains("for a day")
    );
    assert_eq!(stage.patches(501), 0);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_days_requests_is_waited_for() {
    let stage = Stage::set(919).await;
    // The lists are read, and then nothing more may be asked.
    stage
        .ask("?dry_run=1", 501, json!({}))
        .await
        .expect(StatusCode::OK);
    stage
        .app
        .hubspot
        .provider()
        .change_settings(|settings| settings.requests_per_day = Some(0));
    let answer = stage.enrol(501).await.expect(StatusCode::ACCEPTED);
    assert_eq!(reason(&answer), "source_unknown", "{answer:#}");
    assert!(
        answer["detail"].as_str().unwrap().contains("day"),
        "{answer}"
    );
    stage
        .app
        .hubspot
        .provider()
        .change_settings(|settings| settings.requests_per_day = Some(625_000));
    stage.settle().await;
    assert_eq!(stage.live(501).await["status"], "completed");
}

#[tokio::test(start_paused = true)]
async fn a_paused_connector_decides_later_and_one_that_is_gone_never() {
    let stage = Stage::set(920).await;
    let path = |action: &str| format!("/api/connectors/{}/{action}", stage.connector_id);
    stage
        .app
        .request(Method::POST, &path("pause"), &stage.organization.key, None)
        .await
        .expect(StatusCode::OK);
    let answer = stage.enrol(501).await.expect(StatusCode::ACCEPTED);
    assert!(
        answer["detail"].as_str().unwrap().contains("paused"),
        "{answer:#}"
    );
    stage
        .app
        .request(Method::POST, &path("resume"), &stage.organization.key, None)
        .await
        .expect(StatusCode::OK);
    stage.settle().await;
    assert_eq!(stage.live(501).await["status"], "completed");
}
