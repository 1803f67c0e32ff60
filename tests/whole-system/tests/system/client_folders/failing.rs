//! Bad days: locks, lost answers, tokens, clocks, crashes, and what a person has to put right.

use http::{Method, StatusCode};
use serde_json::json;
use simulators::box_folders::{CLIENT_ID, Change, ScriptedFailure};
use simulators::hubspot::{self, Kind};
use simulators::{Fault, FaultRule};

use super::{Stage, connector, of_people, pass};

fn sam() -> serde_json::Value {
    of_people("9001", &[("1", "Sam", "Lee")])
}

fn fail_copy(stage: &Stage, status: u16, code: &str, after_handling: bool, times: u32) {
    stage.change(Change::FailNext {
        method: Some("POST".to_owned()),
        path_suffix: "/copy".to_owned(),
        failure: ScriptedFailure {
            status,
            code: code.to_owned(),
            retry_after: None,
            after_handling,
        },
        times,
    });
}

#[tokio::test(start_paused = true)]
async fn a_lock_is_waited_for() {
    let stage = Stage::set(6_151).await;
    fail_copy(&stage, 409, "operation_blocked_temporary", false, 3);
    let answer = stage.told(sam()).await;
    assert_eq!(answer["status"], "created", "{answer:#}");
    assert_eq!(stage.calls("POST", "/copy"), 4);
    // For longer than a job is tried: a lock is nobody's failure.
    fail_copy(&stage, 409, "operation_blocked_temporary", false, 60);
    let other = of_people("9002", &[("2", "Kim", "Park")]);
    let waits = stage.ask(other).await.expect(StatusCode::ACCEPTED);
    pass(30).await;
    let shown = stage.read(&waits["client_folder"]["id"]).await;
    assert_eq!(
        (&shown["status"], &shown["failure_code"]),
        (&json!("pending"), &json!("operation_blocked_temporary"))
    );
    let all = stage.settle().await;
    assert!(all.iter().all(|one| one["status"] == "created"), "{all:#?}");
    assert_eq!(stage.names(), ["Kim Park", "Sam Lee"]);
}

/// Each way in which a copy is made and its answer is not there.
#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_makes_no_second_folder() {
    let stage = Stage::set(6_152).await;
    let people = [
        ("1", "Ann"),
        ("2", "Ben"),
        ("3", "Cat"),
        ("4", "Dan"),
        ("5", "Eve"),
    ];
    for (number, (contact, first)) in people.into_iter().enumerate() {
        match number {
            0 => fail_copy(&stage, 503, "unavailable", true, 1),
            1 => fail_copy(&stage, 500, "internal_server_error", true, 2),
            2 => fail_copy(&stage, 409, "name_temporarily_reserved", true, 1),
            3 => {
                stage.app.box_folders.add_fault(
                    FaultRule::once(
                        "/2.0/folders",
                        Fault::Reset {
                            after_handling: true,
                        },
                    )
                    .path_suffix("/copy"),
                );
            }
            _ => {
                stage.app.box_folders.add_fault(
                    FaultRule::once("/2.0/folders", Fault::truncate()).path_suffix("/copy"),
                );
            }
        }
        let deal = format!("900{number}");
        let answer = stage
            .ask(of_people(&deal, &[(contact, first, "Lee")]))
            .await;
        let id = answer.json()["client_folder"]["id"].clone();
        stage.settle().await;
        stage.app.box_folders.clear_faults();
        let shown = stage.read(&id).await;
        assert_eq!(shown["status"], "created", "{shown:#}");
        assert_eq!(shown["name"], format!("{first} Lee"), "{shown:#}");
        let made = stage.at_box(&format!("{first} Lee")).unwrap();
        assert_eq!(
            made.description,
            format!("[patchbay portal=62515 deal={deal} contact={contact}]")
        );
        let path = format!("/api/deliveries/{}", shown["delivery_id"].as_str().unwrap());
        let delivery = stage
            .app
            .get(&path, &stage.organization.key)
            .await
            .expect(StatusCode::OK);
        assert_eq!(
            (&delivery["kind"], &delivery["state"]),
            (&json!("client_folder"), &json!("delivered"))
        );
    }
    assert_eq!(stage.names().len(), people.len(), "{:?}", stage.names());
}

/// Another client of the same name does not take the folder whose answer was lost.
#[tokio::test(start_paused = true)]
async fn a_folder_that_is_not_marked_yet_is_its_own_deals() {
    let stage = Stage::set(6_153).await;
    fail_copy(&stage, 503, "unavailable", true, 1);
    let first = stage.ask(sam()).await.expect(StatusCode::ACCEPTED);
    let other = of_people("9002", &[("2", "Sam", "Lee")]);
    let second = stage.ask(other).await;
    assert!(second.status.is_success());
    stage.settle().await;
    let name = async |answer: &serde_json::Value| {
        stage.read(&answer["client_folder"]["id"]).await["name"].clone()
    };
    assert_eq!(name(&first).await, "Sam Lee");
    assert_eq!(name(&second.json()).await, "Sam Lee (2)");
    assert_eq!(stage.names(), ["Sam Lee", "Sam Lee (2)"]);
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_again_by_itself() {
    let stage = Stage::set(6_154).await;
    let faults = [
        Fault::status(StatusCode::INTERNAL_SERVER_ERROR),
        Fault::status(StatusCode::BAD_GATEWAY),
        Fault::too_many_requests(Some(40)),
        Fault::too_many_requests(None),
        Fault::reset(),
        Fault::NoAnswer,
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        println!("{fault:?}");
        pass(120).await;
        let (deal, surname) = (format!("90{number}"), format!("Lee {number}"));
        stage
            .app
            .box_folders
            .add_fault(FaultRule::next(2, "/2.0", fault));
        let answer = stage
            .ask(of_people(&deal, &[(&deal, "Sam", &surname)]))
            .await;
        assert!(answer.status.is_success(), "{answer:?}");
        let all = stage.settle().await;
        stage.app.box_folders.clear_faults();
        assert!(all.iter().all(|one| one["status"] == "created"), "{all:#?}");
    }
    assert_eq!(stage.names().len(), 6);
    // HubSpot's bad minute, too.
    stage.app.hubspot.add_fault(FaultRule::next(
        5,
        "/crm",
        Fault::status(StatusCode::BAD_GATEWAY),
    ));
    let answer = stage.enrol(502).await;
    assert!(answer.status.is_success(), "{answer:?}");
    stage.settle().await;
    assert!(stage.names().contains(&"Priya & Arun Nair".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_its_end_and_after_a_401() {
    let stage = Stage::set(6_155).await;
    stage.told(sam()).await;
    assert_eq!(stage.calls("POST", "/oauth2/token"), 1);
    // It is kept: the next call has it.
    stage.told(of_people("9002", &[("2", "Kim", "Park")])).await;
    assert_eq!(stage.calls("POST", "/oauth2/token"), 1);
    stage.change(Change::ExpireTokens);
    let answer = stage.told(of_people("9003", &[("3", "Jo", "Ng")])).await;
    assert_eq!(answer["status"], "created", "{answer:#}");
    assert_eq!(stage.calls("POST", "/oauth2/token"), 2);
    pass(4_200).await;
    let answer = stage.told(of_people("9004", &[("4", "Al", "Ng")])).await;
    assert_eq!(answer["status"], "created", "{answer:#}");
    assert_eq!(stage.calls("POST", "/oauth2/token"), 3);
    let unauthorized = stage.app.box_folders.requests();
    let refused = unauthorized
        .iter()
        .filter(|one| one.status == Some(401))
        .count();
    assert_eq!(refused, 1, "the token was renewed before its end");
    // Sealed: nothing of it is in the database in the clear.
    let clear: i64 = stage
        .app
        .database()
        .query_row(
            "SELECT count(*) FROM credentials WHERE sealed LIKE '%simbox%'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(clear, 0);
}

/// Our clock is off: the assertion is signed again by Box's.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_is_made_up_for_once() {
    let stage = Stage::set(6_156).await;
    stage.app.clock.as_ref().unwrap().jump(300_000);
    let answer = stage.told(sam()).await;
    assert_eq!(answer["status"], "created", "{answer:#}");
    assert_eq!(stage.calls("POST", "/oauth2/token"), 2);
    // Where Box's own time does not help it is given up for now, not tried without end.
    stage.change(Change::ExpireTokens);
    stage.app.box_folders.clear_requests();
    stage.app.box_folders.add_fault(FaultRule::next(
        2,
        "/oauth2",
        Fault::Status {
            status: 400,
            retry_after: None,
            shape: simulators::ErrorShape::Legacy,
            detail: Some("Please check the 'exp' claim.".to_owned()),
        },
    ));
    let waits = stage.ask(of_people("9002", &[("2", "Kim", "Park")])).await;
    let waits = waits.expect(StatusCode::ACCEPTED);
    assert!(
        waits["reason"].as_str().unwrap().contains("clock"),
        "{waits:#}"
    );
    assert_eq!(stage.calls("POST", "/oauth2/token"), 2);
    stage.settle().await;
    assert_eq!(stage.names(), ["Kim Park", "Sam Lee"]);
}

/// What a person has to put right is said with 200, and tried again when they ask for it.
#[tokio::test(start_paused = true)]
async fn what_a_person_puts_right_is_tried_again_when_they_say_so() {
    let stage = Stage::set(6_157).await;
    let (template, parent) = (stage.template(), stage.parent());
    let act_as = |is_allowed| Change::LetAppActAsUsers {
        client_id: CLIENT_ID.to_owned(),
        is_allowed,
    };
    let authorize = |is_authorized| Change::AuthorizeApp {
        client_id: CLIENT_ID.to_owned(),
        is_authorized,
    };
    let cases = [
        (
            Change::Trash { item: template },
            Change::Restore { item: template },
            "template_missing",
            "active",
        ),
        (
            Change::Trash { item: parent },
            Change::Restore { item: parent },
            "parent_missing",
            "active",
        ),
        (
            act_as(false),
            act_as(true),
            "access_denied_insufficient_permissions",
            "error",
        ),
        (authorize(false), authorize(true), "invalid_grant", "error"),
    ];
    for (number, (wrong, right, code, state)) in cases.into_iter().enumerate() {
        stage.change(Change::ExpireTokens);
        stage.change(wrong);
        let (deal, first) = (format!("900{number}"), format!("Sam {number}"));
        let answer = stage
            .told(of_people(&deal, &[(&deal, &first, "Lee")]))
            .await;
        let folder = &answer["client_folder"];
        assert_eq!(
            (
                &answer["success"],
                &answer["status"],
                &folder["failure_code"]
            ),
            (&json!(false), &json!("failed"), &json!(code)),
            "{answer:#}"
        );
        assert!(answer["reason"].is_string());
        let shown = connector(&stage.app, &stage.organization, &stage.box_id).await;
        assert_eq!(shown["state"], state, "{code}");
        // Put right, and tried again.
        stage.change(right);
        let again = stage.retry(&folder["id"]).await.expect(StatusCode::OK);
        assert_eq!(again["status"], "created", "{again:#}");
        let twice = stage.retry(&folder["id"]).await;
        assert_eq!(twice.status, StatusCode::CONFLICT);
        let shown = connector(&stage.app, &stage.organization, &stage.box_id).await;
        assert_eq!(shown["state"], "active", "{code}");
    }
    assert_eq!(stage.names().len(), 4);
    let audit = stage
        .app
        .all("/api/audit?resource=client_folder", &stage.organization.key)
        .await;
    let retries = audit
        .iter()
        .filter(|one| one["action"] == "updated")
        .count();
    assert_eq!(retries, 4);
}

/// A deal that is enrolled once more is tried again; a repeat of the same call is answered with what is stored.
#[tokio::test(start_paused = true)]
async fn a_workflow_that_enrolls_again_tries_again() {
    let stage = Stage::set(6_158).await;
    let template = stage.template();
    stage.change(Change::Trash { item: template });
    let delivery = stage.delivery(501);
    let failed = stage.call(&delivery).await.expect(StatusCode::OK);
    assert_eq!(
        failed["client_folder"]["failure_code"], "template_missing",
        "{failed:#}"
    );
    assert_eq!(
        failed["outputFields"]["hs_execution_state"],
        "FAIL_CONTINUE"
    );
    stage.change(Change::Restore { item: template });
    let repeated = stage.call(&delivery).await.expect(StatusCode::OK);
    assert_eq!(repeated["status"], "failed");
    let enrolled = stage.enrol(501).await.expect(StatusCode::OK);
    assert_eq!(enrolled["status"], "created", "{enrolled:#}");
    assert_eq!(
        enrolled["client_folder"]["id"],
        failed["client_folder"]["id"]
    );
}

/// What the remedy of an unknown deal names does help.
#[tokio::test(start_paused = true)]
async fn a_folder_of_an_unknown_deal_is_made_once_it_is_said_whose_it_is() {
    let stage = Stage::set(6_161).await;
    let failed = stage.told(json!({"deal_id": "4711"})).await;
    assert_eq!(failed["status"], "failed", "{failed:#}");
    let made = stage
        .told(json!({"deal_id": "4711", "folder_name": "Ann Other"}))
        .await;
    assert_eq!(made["status"], "created", "{made:#}");
    assert_eq!(made["client_folder"]["id"], failed["client_folder"]["id"]);
    assert_eq!(made["client_folder"]["name"], "Ann Other");
    let named = stage
        .told(json!({"deal_id": "4712", "folder_name": "Bo Other"}))
        .await;
    assert_eq!(named["status"], "created", "{named:#}");
    stage.told(json!({"deal_id": "4713"})).await;
    let contacts = json!([{"first_name": "Cy", "last_name": "Other"}]);
    let made = stage
        .told(json!({"deal_id": "4713", "contacts": contacts}))
        .await;
    assert_eq!(made["status"], "created", "{made:#}");
}

/// A call without an id is the same one for five minutes.
#[tokio::test(start_paused = true)]
async fn a_call_without_an_id_tries_again_after_a_while() {
    let stage = Stage::set(6_160).await;
    let template = stage.template();
    stage.change(Change::Trash { item: template });
    let body = json!({"deal_id": "501"});
    let failed = stage.told(body.clone()).await;
    assert_eq!(failed["status"], "failed", "{failed:#}");
    stage.change(Change::Restore { item: template });
    pass(290).await;
    assert_eq!(stage.told(body.clone()).await["status"], "failed");
    pass(20).await;
    let made = stage.told(body).await;
    assert_eq!(made["status"], "created", "{made:#}");
    assert_eq!(made["client_folder"]["id"], failed["client_folder"]["id"]);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_user_and_an_unknown_deal_are_named() {
    let stage = Stage::with(6_159, json!({"as_user": "nobody@harbour.example"})).await;
    let answer = stage.told(sam()).await;
    assert_eq!(answer["status"], "failed");
    assert!(
        answer["reason"]
            .as_str()
            .unwrap()
            .contains("nobody@harbour.example"),
        "{answer:#}"
    );
    let path = format!("/api/connectors/{}", stage.box_id);
    let mut config =
        connector(&stage.app, &stage.organization, &stage.box_id).await["config"].clone();
    config["as_user"] = json!(simulators::box_folders::OPS_USER);
    let changed = stage
        .app
        .request(
            Method::PATCH,
            &path,
            &stage.organization.key,
            Some(json!({"config": config})),
        )
        .await;
    changed.expect(StatusCode::OK);
    let again = stage
        .retry(&answer["client_folder"]["id"])
        .await
        .expect(StatusCode::OK);
    assert_eq!(again["status"], "created", "{again:#}");
    let unknown = stage.told(json!({"deal_id": "4711"})).await;
    assert_eq!(unknown["status"], "failed", "{unknown:#}");
    assert_eq!(unknown["client_folder"]["failure_code"], "deal_not_found");
    let why = unknown["reason"].as_str().unwrap();
    assert!(why.contains("no deal 4711"), "{why}");
}

/// The process dies in the middle: before the copy, after it, and before the mark.
#[tokio::test(start_paused = true)]
async fn a_crash_in_the_middle_leaves_one_folder() {
    let mut stage = Stage::set(6_160).await;
    let late = || Fault::Delay {
        milliseconds: 60_000,
    };
    // Before the copy; after it, with the answer on its way; before the mark; and after that.
    let moments = [
        ("POST", "/copy", Fault::NoAnswer),
        ("POST", "/copy", late()),
        ("PUT", "", Fault::NoAnswer),
        ("PUT", "", late()),
    ];
    for (number, (method, suffix, fault)) in moments.into_iter().enumerate() {
        let mut rule = FaultRule::once("/2.0/folders", fault).path_suffix(suffix);
        rule.method = Some(method.to_owned());
        stage.app.box_folders.add_fault(rule);
        let (deal, name) = (format!("900{number}"), format!("Sam{number} Lee"));
        let first = format!("Sam{number}");
        let answer = stage.ask(of_people(&deal, &[(&deal, &first, "Lee")])).await;
        let answer = answer.expect(StatusCode::ACCEPTED);
        let before = stage.at_box(&name).map(|item| item.description);
        let is_marked = before.as_ref().map(|description| !description.is_empty());
        assert_eq!(
            is_marked,
            [None, Some(false), Some(false), Some(true)][number]
        );
        stage.app.crash().await;
        stage.app.box_folders.clear_faults();
        pass(70).await;
        stage.settle().await;
        let shown = stage.read(&answer["client_folder"]["id"]).await;
        assert_eq!(shown["status"], "created", "{number} {shown:#}");
        let made = stage.at_box(&name).unwrap();
        assert!(
            made.description.contains(&format!("deal={deal}")),
            "{made:?}"
        );
    }
    assert_eq!(
        stage.names(),
        ["Sam0 Lee", "Sam1 Lee", "Sam2 Lee", "Sam3 Lee"]
    );
}

/// A property that is not there does no harm to the folder: its link waits for a person.
#[tokio::test(start_paused = true)]
async fn a_link_that_hubspot_refuses_is_shown() {
    let stage = Stage::with(6_161, json!({"deal_property": "no_such_property"})).await;
    let answer = stage.enrol(501).await.expect(StatusCode::OK);
    assert_eq!(answer["status"], "created");
    stage.app.tick().await;
    pass(2).await;
    let shown = stage.read(&answer["client_folder"]["id"]).await;
    let links = shown["links"].as_array().unwrap();
    assert_eq!(
        (&links[0]["object"], &links[0]["state"]),
        (&json!("deal"), &json!("failed")),
        "{links:#?}"
    );
    assert!(
        links[0]["error_detail"]
            .as_str()
            .unwrap()
            .contains("no_such_property")
    );
    assert_eq!(links[1]["state"], "delivered");
    assert!(
        stage
            .at_hubspot(Kind::Contact, 80_010, "box_folder")
            .is_some()
    );
    // Made there, and sent again.
    stage
        .app
        .hubspot
        .provider()
        .change(hubspot::Change::DefineProperty {
            kind: Kind::Deal,
            name: "no_such_property".to_owned(),
            property: hubspot::Property::default(),
        })
        .unwrap();
    let path = format!(
        "/api/deliveries/{}/retry",
        links[0]["delivery_id"].as_str().unwrap()
    );
    stage
        .app
        .post(&path, &stage.organization.key, json!({}))
        .await
        .expect(StatusCode::ACCEPTED);
    stage.app.tick().await;
    assert_eq!(
        stage.at_hubspot(Kind::Deal, 501, "no_such_property"),
        answer["client_folder"]["link"].as_str().map(str::to_owned)
    );
}

/// A pause holds back, and a connector that is disconnected gives up.
#[tokio::test(start_paused = true)]
async fn a_pause_holds_back_and_a_disconnect_gives_up() {
    let stage = Stage::set(6_162).await;
    let act = async |verb: &str| {
        let path = format!("/api/connectors/{}/{verb}", stage.box_id);
        stage
            .app
            .post(&path, &stage.organization.key, json!({}))
            .await
            .expect(StatusCode::OK)
    };
    act("pause").await;
    let waits = stage.ask(sam()).await.expect(StatusCode::ACCEPTED);
    assert!(
        waits["reason"].as_str().unwrap().contains("paused"),
        "{waits:#}"
    );
    act("resume").await;
    stage.settle().await;
    assert_eq!(stage.names(), ["Sam Lee"]);
    act("pause").await;
    let other = of_people("9002", &[("2", "Kim", "Park")]);
    let waits = stage.ask(other).await.expect(StatusCode::ACCEPTED);
    act("disconnect").await;
    let shown = stage.read(&waits["client_folder"]["id"]).await;
    assert_eq!(shown["status"], "failed", "{shown:#}");
    assert_eq!(stage.names(), ["Sam Lee"]);
}
