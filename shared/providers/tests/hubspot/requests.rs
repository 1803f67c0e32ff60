//! What is asked, byte for byte.

use http::Request;
use providers::ProviderError;
use providers::hubspot::{
    AccessToken, Client, DealsQuery, MAX_OWNERS_PER_SEARCH, MeetingsQuery, OwnersQuery, UsersQuery,
};
use serde_json::{Value, json};

use crate::support::{TOKEN, client, texts};

fn line(request: &Request<Vec<u8>>) -> String {
    format!("{} {}", request.method(), request.uri())
}

fn body(request: &Request<Vec<u8>>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

fn meetings() -> MeetingsQuery {
    MeetingsQuery {
        owner_ids: texts(&["7001"]),
        types: texts(&["Clarify", "Kick Off"]),
        starts_from: 1_772_370_000,
        above_id: None,
        after: None,
    }
}

fn deals() -> DealsQuery {
    DealsQuery {
        pipeline: Some("onboarding".to_owned()),
        stages: texts(&["101", "102", "103"]),
        unset: texts(&[
            "most_recent_clarify_booked_date",
            "most_recent_clarify_call_date",
        ]),
        adviser_property: "advisor_email".to_owned(),
        adviser_email: None,
        properties: texts(&["agreement_start_date", "advisor_email"]),
        above_id: None,
        after: None,
    }
}

#[test]
fn lists_and_single_records_are_asked_for_by_their_paths() {
    let client = client();
    let users = UsersQuery {
        properties: texts(&["hs_email", "pod_type"]),
        after: Some("9021&x=1".to_owned()),
    };
    let owners = OwnersQuery {
        email: Some("mia+a@example.test".to_owned()),
        after: None,
    };
    let base = "https://api.hubapi.com";
    for (call, expected) in [
        (
            client.account().unwrap().request,
            "GET {base}/account-info/v3/details",
        ),
        (
            client.users(&users).unwrap().request,
            "GET {base}/crm/v3/objects/users?limit=100&after=9021%26x%3D1&properties=hs_email%2Cpod_type",
        ),
        (
            client.owners(&owners).unwrap().request,
            "GET {base}/crm/v3/owners?limit=100&email=mia%2Ba%40example.test",
        ),
        (
            client.deal("501", &["advisor"]).unwrap().request,
            "GET {base}/crm/v3/objects/deals/501?properties=advisor",
        ),
        (
            client.contact("80001", &[""; 0]).unwrap().request,
            "GET {base}/crm/v3/objects/contacts/80001",
        ),
        (
            client.contacts_of_deal("501", Some("7")).unwrap().request,
            "GET {base}/crm/v4/objects/deals/501/associations/contacts?limit=500&after=7",
        ),
    ] {
        assert_eq!(line(&call), expected.replace("{base}", base));
        assert!(call.body().is_empty());
        assert_eq!(call.headers()["authorization"], format!("Bearer {TOKEN}"));
        assert!(call.headers()["authorization"].is_sensitive());
        assert!(!call.headers().contains_key("content-type"));
    }
}

#[test]
fn meetings_are_searched_of_one_owner_or_of_several() {
    let client = client();
    let request = client.meetings(&meetings()).unwrap().request;
    assert_eq!(
        line(&request),
        "POST https://api.hubapi.com/crm/v3/objects/meetings/search"
    );
    assert_eq!(request.headers()["content-type"], "application/json");
    assert_eq!(
        body(&request),
        json!({
            "filterGroups": [{"filters": [
                {"propertyName": "hubspot_owner_id", "operator": "EQ", "value": "7001"},
                {"propertyName": "hs_meeting_start_time", "operator": "GTE", "value": "1772370000000"},
                {"propertyName": "hs_activity_type", "operator": "IN", "values": ["Clarify", "Kick Off"]},
            ]}],
            "properties": ["hs_meeting_title", "hs_meeting_start_time", "hs_meeting_outcome",
                           "hubspot_owner_id", "hs_activity_type"],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "limit": 200, "after": "0",
        })
    );
    let several = MeetingsQuery {
        owner_ids: texts(&["7001", "7002"]),
        types: Vec::new(),
        above_id: Some("4410001".to_owned()),
        after: Some("200".to_owned()),
        ..meetings()
    };
    let body = body(&client.meetings(&several).unwrap().request);
    assert_eq!(
        body["filterGroups"][0]["filters"],
        json!([
            {"propertyName": "hubspot_owner_id", "operator": "IN", "values": ["7001", "7002"]},
            {"propertyName": "hs_meeting_start_time", "operator": "GTE", "value": "1772370000000"},
            {"propertyName": "hs_object_id", "operator": "GT", "value": "4410001"},
        ])
    );
    assert_eq!(body["after"], "200");
}

#[test]
fn deals_are_searched_of_one_adviser_or_of_all() {
    let client = client();
    let filters = |query: &DealsQuery| {
        let body = body(&client.deals(query).unwrap().request);
        body["filterGroups"][0]["filters"].clone()
    };
    let unset = |name: &str| json!({"propertyName": name, "operator": "NOT_HAS_PROPERTY"});
    assert_eq!(
        filters(&deals()),
        json!([
            {"propertyName": "pipeline", "operator": "EQ", "value": "onboarding"},
            {"propertyName": "dealstage", "operator": "IN", "values": ["101", "102", "103"]},
            unset("most_recent_clarify_booked_date"),
            unset("most_recent_clarify_call_date"),
            {"propertyName": "advisor_email", "operator": "HAS_PROPERTY"},
        ])
    );
    let of_one = DealsQuery {
        pipeline: None,
        stages: texts(&["101"]),
        unset: Vec::new(),
        adviser_email: Some("mia.tan@example.test".to_owned()),
        ..deals()
    };
    assert_eq!(
        filters(&of_one),
        json!([
            {"propertyName": "dealstage", "operator": "EQ", "value": "101"},
            {"propertyName": "advisor_email", "operator": "EQ", "value": "mia.tan@example.test"},
        ])
    );
}

#[test]
fn changes_are_sent_as_properties_and_an_empty_one_clears() {
    let client = client();
    let changes = [("advisor", "7001"), ("advisor_email", "")];
    let request = client.update_deal("501", &changes).unwrap().request;
    assert_eq!(
        line(&request),
        "PATCH https://api.hubapi.com/crm/v3/objects/deals/501"
    );
    assert_eq!(
        body(&request),
        json!({"properties": {"advisor": "7001", "advisor_email": ""}})
    );
    let request = client.update_contact("80001", &changes).unwrap().request;
    assert_eq!(
        line(&request),
        "PATCH https://api.hubapi.com/crm/v3/objects/contacts/80001"
    );
    let request = client.contacts_of_deals(&["501", "502"]).unwrap().request;
    assert_eq!(
        line(&request),
        "POST https://api.hubapi.com/crm/v4/associations/deals/contacts/batch/read"
    );
    assert_eq!(
        body(&request),
        json!({"inputs": [{"id": "501"}, {"id": "502"}]})
    );
}

#[test]
fn what_hubspot_would_refuse_is_not_sent() {
    let client = client();
    let refused = |error: ProviderError| match error {
        ProviderError::Request { what } => what,
        other => panic!("{other:?}"),
    };
    let many = |count: usize| MeetingsQuery {
        owner_ids: (0..count)
            .map(|id| format!("{}", 7_000_000_000 + id))
            .collect(),
        ..meetings()
    };
    assert!(client.meetings(&many(MAX_OWNERS_PER_SEARCH)).is_ok());
    let search_after = |after: &str| {
        let query = DealsQuery {
            after: Some(after.to_owned()),
            ..deals()
        };
        refused(client.deals(&query).unwrap_err())
    };
    let long = DealsQuery {
        stages: (0..400).map(|stage| format!("stage-{stage}")).collect(),
        ..deals()
    };
    let wide = DealsQuery {
        unset: texts(&["a", "b", "c", "d"]),
        ..deals()
    };
    let no_properties: [&str; 0] = [];
    for (what, expected) in [
        (
            refused(
                client
                    .meetings(&many(MAX_OWNERS_PER_SEARCH + 1))
                    .unwrap_err(),
            ),
            "more than 100 owners",
        ),
        (refused(client.meetings(&many(0)).unwrap_err()), "no owner"),
        (search_after("10000"), "10,000 records at the most"),
        (search_after("next"), "not one of a search"),
        (search_after("-1"), "not one of a search"),
        (
            refused(client.deals(&long).unwrap_err()),
            "3,000 characters",
        ),
        (refused(client.deals(&wide).unwrap_err()), "6 filters"),
        (
            refused(client.deal("501/../7", &no_properties).unwrap_err()),
            "the id",
        ),
        (
            refused(client.deal("", &no_properties).unwrap_err()),
            "the id",
        ),
        (
            refused(client.update_deal("501", &[("", ""); 0]).unwrap_err()),
            "no property",
        ),
        (
            refused(client.contacts_of_deals(&[""; 0]).unwrap_err()),
            "1 to 100",
        ),
        (
            refused(client.contacts_of_deals(&["1"; 101]).unwrap_err()),
            "1 to 100",
        ),
        (
            refused(
                client
                    .contacts_of_deal("501", Some(&"x".repeat(5_000)))
                    .unwrap_err(),
            ),
            "cursor",
        ),
    ] {
        assert!(what.contains(expected), "{what}");
    }
}

#[test]
fn a_token_is_taken_as_it_is_and_never_shown() {
    for (token, is_private) in [
        ("pat-na1-11111111-2222-3333-4444-555555555555", true),
        (" pat-eu1-x \n", true),
        (
            "CJSP5qf1KhICAQEYs-gDIIGOBii1hQIyGQAf3xBKmlwHjX7OIpuIFEavB2-qYAGQsF4",
            false,
        ),
    ] {
        let parsed = AccessToken::parse(token).unwrap();
        assert_eq!(parsed.expose().expose(), token.trim());
        assert_eq!(parsed.is_of_private_app(), is_private);
        assert!(!format!("{parsed:?}").contains(token.trim()));
    }
    for token in [
        "",
        "pat-",
        "Bearer pat-na1-hunter2",
        "pat-na1-hunter2\nx",
        "pat-na1-hüntér2",
        "11111111-2222-3333-4444-555555555555",
        &"x".repeat(5_000),
    ] {
        let error = AccessToken::parse(token).unwrap_err().to_string();
        assert!(error.contains("copy the access token"), "{error}");
        assert!(!error.contains("nter2"), "{error}");
    }
    let client = Client::new("http://127.0.0.1:1", AccessToken::parse(TOKEN).unwrap()).unwrap();
    let call = client.account().unwrap();
    assert!(!format!("{client:?} {call:?}").contains("hunter2"));
    assert!(
        Client::new(
            "https://api.hubapi.com/crm",
            AccessToken::parse(TOKEN).unwrap()
        )
        .is_err()
    );
}
