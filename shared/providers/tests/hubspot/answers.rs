//! What comes back.

use proptest::prelude::*;
use providers::ProviderError;
use providers::hubspot::{
    AccountDetails, AssociatedContact, DealsQuery, Meeting, MeetingsQuery, Owner, OwnersQuery,
    UsersQuery,
};
use serde_json::{Value, json};

use crate::support::{RECEIVED_AT, answer, client, read, read_bytes, texts};

fn meetings(after: Option<&str>) -> MeetingsQuery {
    MeetingsQuery {
        owner_ids: texts(&["7001"]),
        after: after.map(str::to_owned),
        ..MeetingsQuery::default()
    }
}

fn meeting(id: u64) -> Value {
    json!({"id": id.to_string(), "properties": {
        "hs_activity_type": "Clarify", "hs_createdate": "2026-03-01T03:20:11.004Z",
        "hs_meeting_outcome": "SCHEDULED", "hs_meeting_start_time": "2026-03-17T01:00:00Z",
        "hs_meeting_title": "Clarify - Lee", "hs_object_id": id.to_string(),
        "hubspot_owner_id": "7001"}, "archived": false, "of_tomorrow": [1]})
}

fn malformed(error: ProviderError) -> String {
    assert!(error.is_retryable());
    match error {
        ProviderError::Malformed { what } => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn users_come_with_their_properties_and_the_next_page() {
    let call = client().users(&UsersQuery::default()).unwrap();
    let page = read(
        &call,
        &json!({"results": [
            {"id": "90210001", "properties": {"client_types": "Seed;Series A", "pod_type": null,
             "household_type": "", "hubspot_owner_id": "7001", "seats": 3},
             "createdAt": "2024-01-30T02:11:09.120Z", "archived": false},
            {"id": 90210002, "properties": null},
        ], "paging": {"next": {"after": "90210003", "link": "https://x"}}}),
    )
    .unwrap();
    assert_eq!(page.next.as_deref(), Some("90210003"));
    assert_eq!((page.received, page.rejected.len()), (2, 0));
    let [first, second] = page.rows.as_slice() else {
        panic!("{:?}", page.rows);
    };
    assert_eq!(first.id, "90210001");
    assert_eq!(first.get("client_types"), Some("Seed;Series A"));
    assert_eq!(first.get("seats"), Some("3"));
    assert_eq!(first.get("pod_type"), None);
    assert_eq!(first.get("household_type"), None);
    assert_eq!(
        (second.id.as_str(), second.properties.len()),
        ("90210002", 0)
    );
    let last = read(&call, &json!({"results": []})).unwrap();
    assert_eq!((last.next, last.received), (None, 0));
}

#[test]
fn owners_are_read_also_when_they_are_queues_or_archived() {
    let call = client().owners(&OwnersQuery::default()).unwrap();
    let page = read(
        &call,
        &json!({"results": [
            {"id": "7001", "email": "mia.tan@example.test", "type": "PERSON", "firstName": "Mia",
             "lastName": "Tan", "userId": 510001, "archived": false, "teams": [{"id": "31"}]},
            {"id": "7002", "email": null, "type": "QUEUE", "userId": null, "archived": true},
            {"email": "nobody@example.test"},
        ]}),
    )
    .unwrap();
    assert_eq!(
        page.rows,
        [
            Owner {
                id: "7001".to_owned(),
                email: Some("mia.tan@example.test".to_owned()),
                first_name: Some("Mia".to_owned()),
                last_name: Some("Tan".to_owned()),
                r#type: Some("PERSON".to_owned()),
                user_id: Some(510_001),
                archived: false,
            },
            Owner {
                id: "7002".to_owned(),
                email: None,
                first_name: None,
                last_name: None,
                r#type: Some("QUEUE".to_owned()),
                user_id: None,
                archived: true,
            },
        ]
    );
    assert_eq!(page.rejected[0].reason, "id is missing");
}

#[test]
fn a_meeting_that_cannot_be_read_costs_itself_only() {
    let call = client().meetings(&meetings(None)).unwrap();
    let with = |id: u64, property: &str, value: Value| {
        let mut meeting = meeting(id);
        meeting["properties"][property] = value;
        meeting
    };
    let page = read(
        &call,
        &json!({"total": 7, "results": [
            meeting(1),
            with(2, "hs_meeting_start_time", json!("soon")),
            with(3, "hs_meeting_start_time", Value::Null),
            with(4, "hubspot_owner_id", json!({"a": 1})),
            with(5, "hs_meeting_start_time", json!("1773709200000")),
            with(6, "hs_meeting_outcome", Value::Null),
            "no meeting",
        ]}),
    )
    .unwrap();
    let rows: Vec<_> = page
        .rows
        .iter()
        .map(|row| (row.id.as_str(), row.starts_at, row.outcome.as_deref()))
        .collect();
    assert_eq!(
        rows,
        [
            ("1", 1_773_709_200, Some("SCHEDULED")),
            ("5", 1_773_709_200, Some("SCHEDULED")),
            ("6", 1_773_709_200, None),
        ]
    );
    let rejected: Vec<_> = page
        .rejected
        .iter()
        .map(|one| (one.external_id.as_deref(), one.reason.as_str()))
        .collect();
    assert_eq!(
        rejected,
        [
            (Some("2"), "hs_meeting_start_time is not a date-time"),
            (Some("3"), "hs_meeting_start_time is missing"),
            (Some("4"), "hubspot_owner_id is not text"),
            (None, "the record is not an object"),
        ]
    );
    assert_eq!(page.received, 7);
}

#[test]
fn a_broken_character_costs_its_record_only() {
    let call = client().meetings(&meetings(None)).unwrap();
    let good = meeting(1).to_string();
    let bad = meeting(2).to_string().replace("Clarify - Lee", "\\ud800");
    let body = format!("{{\"total\":2,\"results\":[{good},{bad}]}}");
    let page = read_bytes(&call, body).unwrap();
    assert_eq!(page.rows.len(), 1);
    assert_eq!(page.rejected[0].external_id.as_deref(), Some("2"));
    let mut bytes = format!("{{\"total\":1,\"results\":[{}]}}", meeting(3)).into_bytes();
    let at = bytes.windows(3).position(|part| part == b"Lee").unwrap();
    bytes[at] = 0xff;
    let page = read_bytes(&call, bytes).unwrap();
    assert_eq!(page.rejected[0].external_id.as_deref(), Some("3"));
}

#[test]
fn a_search_that_is_cut_short_never_looks_complete() {
    let read_page = |after: Option<&str>, body: Value| {
        read(&client().meetings(&meetings(after)).unwrap(), &body)
    };
    let ends = json!({"total": 3, "results": [meeting(1), meeting(2)]});
    assert_eq!(
        malformed(read_page(None, ends.clone()).unwrap_err()),
        "it ends after 2 of 3 results"
    );
    assert_eq!(read_page(Some("1"), ends).unwrap().rows.len(), 2);
    let next = |after: Value| json!({"total": 500, "results": [meeting(1)], "paging": {"next": {"after": after}}});
    assert_eq!(
        read_page(Some("200"), next(json!(400)))
            .unwrap()
            .next
            .as_deref(),
        Some("400")
    );
    for (after, what) in [
        (json!("200"), "does not lie ahead"),
        (json!("0"), "does not lie ahead"),
        (json!("abc"), "not a number"),
        (Value::Null, "paging.next.after is missing"),
    ] {
        let error = malformed(read_page(Some("200"), next(after)).unwrap_err());
        assert!(error.contains(what), "{error}");
    }
    assert!(malformed(read_page(None, json!({"results": []})).unwrap_err()).contains("total"));
    assert!(malformed(read_page(None, json!({"total": 0})).unwrap_err()).contains("results"));
    let many =
        json!({"total": 10_001, "results": [meeting(1)], "paging": {"next": {"after": "1"}}});
    assert!(read_page(None, many).is_ok());
}

#[test]
fn a_list_whose_next_page_is_itself_is_no_list() {
    let query = UsersQuery {
        after: Some("7".to_owned()),
        ..UsersQuery::default()
    };
    let call = client().users(&query).unwrap();
    let body = |after: &str| json!({"results": [], "paging": {"next": {"after": after}}});
    assert!(malformed(read(&call, &body("7")).unwrap_err()).contains("itself"));
    assert!(read(&call, &body("8")).is_ok());
    let long = malformed(read(&call, &body(&"x".repeat(5_000))).unwrap_err());
    assert!(long.contains("too long"));
}

#[test]
fn one_record_is_read_or_says_why_not() {
    let call = client().deal("501", &["advisor"]).unwrap();
    let deal = json!({"id": "501", "properties": {"advisor": "7001", "dealname": "Zoë"},
                      "createdAt": "2026-03-09T22:01:00.000Z", "archived": false});
    assert_eq!(read(&call, &deal).unwrap().get("advisor"), Some("7001"));
    let changed = client().update_deal("501", &[("advisor", "7001")]).unwrap();
    assert_eq!(read(&changed, &deal).unwrap().id, "501");
    for (body, what) in [
        (json!({"properties": {}}), "id is missing"),
        (
            json!({"id": "501", "properties": {"advisor": []}}),
            "advisor is not text",
        ),
        (json!([deal]), "unexpected shape"),
        (json!("<html>"), "unexpected shape"),
    ] {
        let error = malformed(read(&call, &body).unwrap_err());
        assert!(error.contains(what), "{error}");
    }
    assert!(malformed(read_bytes(&call, "<html>").unwrap_err()).contains("JSON"));
}

#[test]
fn contacts_of_a_deal_come_with_their_labels() {
    let contact = |id: &str, labels: &[&str]| AssociatedContact {
        contact_id: id.to_owned(),
        labels: texts(labels),
    };
    let to = json!([
        {"toObjectId": 80001, "associationTypes":
            [{"category": "HUBSPOT_DEFINED", "typeId": 3, "label": null}]},
        {"toObjectId": "80002", "associationTypes":
            [{"category": "USER_DEFINED", "typeId": 27, "label": "Spouse"}]},
        {"toObjectId": null},
    ]);
    let single = client().contacts_of_deal("501", None).unwrap();
    let page = read(&single, &json!({"results": to})).unwrap();
    assert_eq!(
        page.rows,
        [contact("80001", &[]), contact("80002", &["Spouse"])]
    );
    assert_eq!(page.rejected[0].reason, "toObjectId is missing");

    let batch = client().contacts_of_deals(&["501", "502", "503"]).unwrap();
    let body = json!({"status": "COMPLETE", "numErrors": 1, "results": [
        {"from": {"id": "501"}, "to": to, "paging": {"next": {"after": "9"}}},
        {"from": {"id": 502}, "to": []},
    ], "errors": [{"status": "error", "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": "No contact is associated with deal 503.",
        "context": {"fromObjectId": ["503"], "toObjectType": ["contact"]}}]});
    let read_as = |status: u16, body: &Value| {
        batch
            .reply
            .read(&answer(status, &[], body.to_string()), RECEIVED_AT)
    };
    let found = read_as(207, &body).unwrap();
    let [first, second] = found.deals.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!((first.deal_id.as_str(), first.contacts.len()), ("501", 2));
    assert_eq!(
        (first.rejected.len(), first.next.as_deref()),
        (1, Some("9"))
    );
    assert_eq!((second.deal_id.as_str(), second.contacts.len()), ("502", 0));
    assert_eq!(found.failures[0].external_id.as_deref(), Some("503"));
    assert!(found.failures[0].reason.contains("No contact"));
    assert!(read_as(200, &json!({"status": "PROCESSING", "results": []})).is_err());
    assert!(read_as(200, &json!({"status": "COMPLETE"})).is_err());
    // Only a batch may be answered in part.
    let part = answer(207, &[], json!({"results": []}).to_string());
    assert!(single.reply.read(&part, RECEIVED_AT).is_err());
}

#[test]
fn several_deals_are_read_at_once_and_those_that_are_not_there_are_told() {
    let call = client()
        .deals_by_id(&["501", "502", "503"], &["advisor"])
        .unwrap();
    let deal = json!({"id": "501", "properties": {"advisor": "7001"}, "archived": false});
    let error = |category: &str, id: &str| json!({"status": "error", "category": category, "message": "no", "context": {"ids": [id]}});
    let body = json!({"status": "COMPLETE", "results": [deal], "numErrors": 2,
        "errors": [error("OBJECT_NOT_FOUND", "502"), error("RATE_LIMITS", "503")]});
    let response = answer(207, &[], body.to_string());
    let read = call.reply.read(&response, RECEIVED_AT).unwrap();
    assert_eq!(read.deals[0].get("advisor"), Some("7001"));
    assert_eq!(
        (read.deals.len(), read.missing),
        (1, vec!["502".to_owned()])
    );
    for body in [
        json!({"results": [], "status": "PENDING"}),
        json!({"status": "COMPLETE"}),
    ] {
        let response = answer(200, &[], body.to_string());
        assert!(call.reply.read(&response, RECEIVED_AT).is_err());
    }
}

#[test]
fn the_account_is_named() {
    let call = client().account().unwrap();
    let body = json!({"portalId": 62515, "accountType": "STANDARD", "timeZone": "Australia/Sydney",
        "companyCurrency": "AUD", "additionalCurrencies": [], "utcOffset": "+11:00",
        "utcOffsetMilliseconds": 39_600_000, "uiDomain": "app.hubspot.com", "dataHostingLocation": "na1"});
    assert_eq!(
        read(&call, &body).unwrap(),
        AccountDetails {
            portal_id: 62_515,
            time_zone: Some("Australia/Sydney".to_owned()),
            utc_offset_ms: Some(39_600_000),
            account_type: Some("STANDARD".to_owned()),
            ui_domain: Some("app.hubspot.com".to_owned()),
        }
    );
    assert!(read(&call, &json!({"timeZone": "Australia/Sydney"})).is_err());
}

#[test]
fn a_meeting_has_what_an_allocation_looks_at() {
    let call = client().meetings(&meetings(None)).unwrap();
    let page = read(&call, &json!({"total": 1, "results": [meeting(4_410_001)]})).unwrap();
    assert_eq!(
        page.rows,
        [Meeting {
            id: "4410001".to_owned(),
            owner_id: Some("7001".to_owned()),
            starts_at: 1_773_709_200,
            activity_type: Some("Clarify".to_owned()),
            outcome: Some("SCHEDULED".to_owned()),
            title: Some("Clarify - Lee".to_owned()),
        }]
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[0-9]{1,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let name = prop_oneof![
            Just("results".to_owned()),
            Just("total".to_owned()),
            Just("paging".to_owned()),
            Just("next".to_owned()),
            Just("after".to_owned()),
            Just("id".to_owned()),
            Just("properties".to_owned()),
            Just("from".to_owned()),
            Just("to".to_owned()),
            Just("toObjectId".to_owned()),
            Just("errors".to_owned()),
            Just("context".to_owned()),
            "[a-z]{1,6}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..6)
                .prop_map(|members| Value::from(serde_json::Map::from_iter(members))),
        ]
    })
}

proptest! {
    #[test]
    fn no_answer_panics(body in any_json(), status in prop_oneof![Just(200_u16), Just(207), 400_u16..600]) {
        let client = client();
        let response = answer(status, &[], body.to_string());
        let deals = DealsQuery { adviser_property: "a".to_owned(), ..DealsQuery::default() };
        drop(client.users(&UsersQuery::default()).unwrap().reply.read(&response, 0));
        drop(client.owners(&OwnersQuery::default()).unwrap().reply.read(&response, 0));
        drop(client.meetings(&meetings(None)).unwrap().reply.read(&response, 0));
        drop(client.deals(&deals).unwrap().reply.read(&response, 0));
        drop(client.deal("1", &["a"]).unwrap().reply.read(&response, 0));
        drop(client.account().unwrap().reply.read(&response, 0));
        drop(client.contacts_of_deal("1", None).unwrap().reply.read(&response, 0));
        drop(client.contacts_of_deals(&["1"]).unwrap().reply.read(&response, 0));
    }
}
