//! Lists, single records, changes of them, owners and associations.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::hubspot::{Change, Kind, OAUTH_TOKEN, Patch, Property, TOKEN, Token, ValueType};

use crate::support::{DEALS, NOW, USERS, World, request};

#[tokio::test]
async fn a_list_pages_to_its_end() {
    let world = World::free();
    let mut ids = Vec::new();
    let mut after = String::new();
    loop {
        let page = world.get(&format!("{USERS}?limit=5{after}")).await;
        ids.extend(page.ids());
        match page.json()["paging"]["next"]["after"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let expected: Vec<String> = (90_210_001..=90_210_012)
        .chain([90_210_100])
        .map(|id: u64| id.to_string())
        .collect();
    assert_eq!(ids, expected);
    assert_eq!(world.get(USERS).await.ids().len(), 10);
    for query in ["limit=101", "limit=0", "limit=x", "after=x"] {
        let answer = world.get(&format!("{USERS}?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
    }
}

#[tokio::test]
async fn a_record_has_what_was_asked_for() {
    let world = World::free();
    let user = world
        .get(&format!(
            "{USERS}/90210004?properties=hs_email,household_type,of_tomorrow"
        ))
        .await;
    assert_eq!(
        user.json(),
        json!({"id": "90210004", "properties": {
            "hs_email": "leo.park@example.test", "household_type": null,
            "hs_object_id": "90210004", "hs_createdate": "2026-02-09T00:10:00.000Z",
            "hs_lastmodifieddate": "2026-02-09T00:10:00.000Z"},
            "createdAt": "2026-02-09T00:10:00.000Z", "updatedAt": "2026-02-09T00:10:00.000Z",
            "archived": false})
    );
    let deal = world.get(&format!("{DEALS}/501")).await.json();
    let names: Vec<&String> = deal["properties"].as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "amount",
            "closedate",
            "createdate",
            "dealname",
            "dealstage",
            "hs_lastmodifieddate",
            "hs_object_id",
            "pipeline"
        ]
    );
    // The type's id is a name as well.
    assert_eq!(world.get("/crm/v3/objects/0-3/501").await.json(), deal);
    let missing = world.get(&format!("{DEALS}/999")).await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.json()["message"], "resource not found");
    assert_eq!(missing.json().get("category"), None);
    let wrong = world.get(&format!("{DEALS}/abc")).await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.json()["category"].as_str()),
        (404, Some("OBJECT_NOT_FOUND"))
    );
    assert_eq!(world.get("/crm/v3/objects/ships/1").await.status, 400);
    assert_eq!(world.get("/elsewhere").await.status, 404);
    world.change(Change::ArchiveRecord {
        kind: Kind::Deal,
        id: 501,
    });
    assert_eq!(world.get(&format!("{DEALS}/501")).await.status, 404);
    assert_eq!(
        world
            .get(&format!("{DEALS}/501?archived=true"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_change_is_kept_logged_and_answered_with_what_was_sent() {
    let world = World::free();
    world.clock.advance_ms(1_250);
    let answer = world
        .patch(
            &format!("{DEALS}/501"),
            &json!({"advisor": "7001", "agreement_start_date": "1776643200000", "deal_salutation": ""}),
        )
        .await;
    assert_eq!(
        answer.json(),
        json!({"id": "501", "properties": {"advisor": "7001", "agreement_start_date": "2026-04-20",
            "deal_salutation": null, "hs_lastmodifieddate": "2026-03-11T00:10:01.250Z",
            "hs_object_id": "501"},
            "createdAt": "2026-02-09T00:10:00.000Z", "updatedAt": "2026-03-11T00:10:01.250Z",
            "archived": false})
    );
    let value = |name: &str| world.hubspot().value(Kind::Deal, 501, name);
    assert_eq!(value("advisor").as_deref(), Some("7001"));
    assert_eq!(value("deal_salutation"), None);
    assert_eq!(value("service_package").as_deref(), Some("Seed"));
    // The account's own workflow.
    assert_eq!(
        value("advisor_email").as_deref(),
        Some("mia.tan@example.test")
    );
    let patches = world.hubspot().patches();
    let [
        Patch {
            at_ms,
            kind,
            id,
            properties,
            before,
        },
    ] = patches.as_slice()
    else {
        panic!("{patches:?}");
    };
    assert_eq!((*at_ms, *kind, *id), (NOW * 1_000 + 1_250, Kind::Deal, 501));
    assert_eq!(properties["advisor"], "7001");
    assert_eq!(before["advisor"], None);
    assert_eq!(before["deal_salutation"].as_deref(), Some("Sam"));
    assert_eq!(properties.len(), 3);
    world.hubspot().clear_patches();
    world
        .hubspot()
        .change_settings(|settings| settings.adviser_email_follows = false);
    world
        .patch(&format!("{DEALS}/501"), &json!({"advisor": "7002"}))
        .await;
    assert_eq!(
        world
            .hubspot()
            .value(Kind::Deal, 501, "advisor_email")
            .as_deref(),
        Some("mia.tan@example.test")
    );
}

#[tokio::test]
async fn a_change_that_is_refused_changes_nothing() {
    let world = World::free();
    for (properties, code) in [
        (json!({"advisr": "7001"}), "PROPERTY_DOESNT_EXIST"),
        (json!({"hs_object_id": "7"}), "READ_ONLY_VALUE"),
        // Of the account's settings, as is easily mixed up.
        (json!({"hubspot_owner_id": "510001"}), "INVALID_OWNER_ID"),
        (json!({"agreement_start_date": "soon"}), "INVALID_DATE"),
        (
            json!({"agreement_start_date": "1776643200001"}),
            "INVALID_DATE",
        ),
        (json!({"amount": "much"}), "INVALID_INTEGER"),
        (json!({"dealname": ["x"]}), "INVALID_VALUE"),
    ] {
        let with_more = {
            let mut more = properties.clone();
            more["deal_salutation"] = "x".into();
            more
        };
        let answer = world.patch(&format!("{DEALS}/501"), &with_more).await;
        assert_eq!(answer.status, 400);
        let body = answer.json();
        assert_eq!(body["category"], "VALIDATION_ERROR");
        assert_eq!(body["errors"][0]["code"], code);
        let name = properties.as_object().unwrap().keys().next().unwrap();
        assert_eq!(body["errors"][0]["context"]["propertyName"], json!([name]));
        assert!(
            body["message"]
                .as_str()
                .unwrap()
                .starts_with("Property values were not valid: [{")
        );
    }
    let outcome = world
        .patch(
            "/crm/v3/objects/meetings/4410001",
            &json!({"hs_meeting_outcome": "CANCELLED"}),
        )
        .await;
    assert_eq!(outcome.json()["errors"][0]["code"], "INVALID_OPTION");
    let body = request(
        Method::PATCH,
        &format!("{DEALS}/501"),
        TOKEN,
        "{\"advisor\":1}",
    );
    assert_eq!(world.ask(body).await.unwrap().status, 400);
    assert_eq!(
        world
            .patch(&format!("{DEALS}/999"), &json!({}))
            .await
            .status,
        404
    );
    let mail = world
        .hubspot()
        .value(Kind::Contact, 80_020, "email")
        .unwrap();
    let conflict = world
        .patch(
            "/crm/v3/objects/contacts/80010",
            &json!({"email": mail.to_uppercase()}),
        )
        .await;
    assert_eq!(
        (
            conflict.status.as_u16(),
            conflict.json()["category"].as_str()
        ),
        (409, Some("CONFLICT"))
    );
    assert!(world.hubspot().patches().is_empty());
    assert_eq!(
        world
            .hubspot()
            .value(Kind::Deal, 501, "deal_salutation")
            .as_deref(),
        Some("Sam")
    );
}

#[tokio::test]
async fn a_token_opens_what_its_scopes_allow() {
    let world = World::free();
    for token in ["pat-of-nobody", ""] {
        let answer = world
            .ask(request(Method::GET, USERS, token, ""))
            .await
            .unwrap();
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.json()["category"], "INVALID_AUTHENTICATION");
        let id = answer.json()["correlationId"].as_str().unwrap().len();
        assert_eq!(id, 36);
    }
    let scopes = ["crm.objects.deals.read".to_owned()].into();
    world.change(Change::PutToken {
        token: "pat-narrow".to_owned(),
        grant: Token {
            scopes,
            ..Token::default()
        },
    });
    let ask = async |method, path: &str, body: &str| {
        world
            .ask(request(method, path, "pat-narrow", body))
            .await
            .unwrap()
    };
    assert_eq!(
        ask(Method::GET, "/crm/v3/objects/deals/501", "")
            .await
            .status,
        200
    );
    assert_eq!(
        ask(Method::GET, "/account-info/v3/details", "")
            .await
            .status,
        200
    );
    for (method, path, scope) in [
        (Method::GET, USERS, "crm.objects.users.read"),
        (Method::GET, "/crm/v3/owners", "crm.objects.owners.read"),
        (
            Method::PATCH,
            "/crm/v3/objects/deals/501",
            "crm.objects.deals.write",
        ),
        (
            Method::POST,
            "/crm/v3/objects/meetings/search",
            "crm.objects.contacts.read",
        ),
        (
            Method::PATCH,
            "/crm/v3/objects/contacts/80010",
            "crm.objects.contacts.write",
        ),
    ] {
        let answer = ask(method, path, "{\"properties\":{}}").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        let body = answer.json();
        assert_eq!(body["category"], "MISSING_SCOPES");
        let named = &body["errors"][0]["context"]["requiredGranularScopes"];
        assert_eq!(named, &json!([scope]));
    }
    world.change(Change::RevokeToken {
        token: TOKEN.to_owned(),
    });
    assert_eq!(world.get(USERS).await.status, StatusCode::UNAUTHORIZED);
    let answer = world
        .ask(request(Method::GET, USERS, OAUTH_TOKEN, ""))
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn owners_are_listed_found_by_mail_and_archived() {
    let world = World::free();
    let all = world.get("/crm/v3/owners?limit=7").await;
    assert_eq!(all.ids().len(), 7);
    assert_eq!(all.json()["paging"]["next"]["after"], "7008");
    let by_mail = world
        .get("/crm/v3/owners?email=Mia.Tan%40example.test")
        .await;
    assert_eq!(by_mail.ids(), ["7001"]);
    assert_eq!(by_mail.json()["results"][0]["userId"], 510_001);
    assert_eq!(
        world.get("/crm/v3/owners/7001").await.json()["email"],
        "mia.tan@example.test"
    );
    let by_user = world.get("/crm/v3/owners/510001?idProperty=userId").await;
    assert_eq!(by_user.json()["id"], "7001");
    assert_eq!(world.get("/crm/v3/owners/510001").await.status, 404);
    world.change(Change::ArchiveOwner { id: 7_001 });
    assert!(
        !world
            .get("/crm/v3/owners")
            .await
            .ids()
            .contains(&"7001".to_owned())
    );
    let archived = world.get("/crm/v3/owners?archived=true").await.json();
    assert_eq!(archived["results"][0]["userId"], Value::Null);
    assert_eq!(archived["results"][0]["userIdIncludingInactive"], 510_001);
    let refused = world
        .patch(&format!("{DEALS}/501"), &json!({"advisor": "7001"}))
        .await;
    assert_eq!(refused.json()["errors"][0]["code"], "INVALID_OWNER_ID");
}

#[tokio::test]
async fn contacts_of_deals_are_given_one_by_one_and_together() {
    let world = World::free();
    let of_one = world
        .get("/crm/v4/objects/deals/502/associations/contacts")
        .await
        .json();
    let spouse = json!({"category": "USER_DEFINED", "typeId": 27, "label": "Spouse"});
    assert_eq!(of_one["results"][0]["toObjectId"], 80_020);
    assert_eq!(of_one["results"][1]["toObjectId"], 80_021);
    assert_eq!(of_one["results"][1]["associationTypes"][1], spouse);
    world
        .hubspot()
        .change_settings(|settings| settings.association_ids_are_text = true);
    let path = "/crm/v4/associations/deals/contacts/batch/read";
    let both = json!({"inputs": [{"id": "501"}, {"id": "502"}]});
    let answer = world.post(path, &both).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["results"][0]["to"][0]["toObjectId"], "80010");
    world.change(Change::Dissociate {
        deal: 501,
        contact: 80_010,
    });
    let answer = world.post(path, &both).await;
    assert_eq!(answer.status, 207);
    assert_eq!(answer.json()["numErrors"], 1);
    assert_eq!(
        answer.json()["errors"][0]["context"]["fromObjectId"],
        json!(["501"])
    );
    let many: Vec<Value> = (0..101).map(|id| json!({"id": id.to_string()})).collect();
    assert_eq!(world.post(path, &json!({"inputs": many})).await.status, 400);
    let missing = world
        .get("/crm/v4/objects/deals/999/associations/contacts")
        .await;
    assert_eq!(missing.status, 404);
}

#[tokio::test]
async fn deals_are_read_several_at_a_time() {
    let world = World::free();
    let path = "/crm/v3/objects/deals/batch/read";
    let body = json!({"properties": ["service_package"], "inputs": [{"id": "501"}, {"id": "999"}]});
    let answer = world.post(path, &body).await;
    assert_eq!(answer.status, 207);
    let body = answer.json();
    assert_eq!(body["results"][0]["properties"]["service_package"], "Seed");
    assert_eq!(body["errors"][0]["context"]["ids"], json!(["999"]));
    let one = json!({"properties": ["advisor"], "inputs": [{"id": "501"}]});
    assert_eq!(world.post(path, &one).await.status, 200);
}

#[tokio::test]
async fn the_account_has_the_properties_that_it_was_given() {
    let world = World::free();
    let path = format!("{DEALS}/501");
    world.change(Change::DefineProperty {
        kind: Kind::Deal,
        name: "berater".to_owned(),
        property: Property {
            r#type: ValueType::Enumeration,
            options: vec!["Mia".to_owned(), "Noah".to_owned()],
            is_read_only: false,
        },
    });
    assert_eq!(
        world.patch(&path, &json!({"berater": "mia"})).await.status,
        400
    );
    assert_eq!(
        world
            .patch(&path, &json!({"berater": "Mia;Noah"}))
            .await
            .status,
        200
    );
    world.change(Change::RemoveProperty {
        kind: Kind::Deal,
        name: "advisor".to_owned(),
    });
    let refused = world.patch(&path, &json!({"advisor": "7001"})).await;
    assert_eq!(refused.json()["errors"][0]["code"], "PROPERTY_DOESNT_EXIST");
}
