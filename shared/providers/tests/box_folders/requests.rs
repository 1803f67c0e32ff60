//! The requests, byte for byte.

use domain::client_folder::FolderName;
use http::Request;
use providers::Secret;
use providers::box_folders::{Client, DEFAULT_BASE_URL, FolderChange, Id, MetadataTemplate, Role};
use serde_json::{Map, Value, json};

use crate::support::{TOKEN, client, id};

fn name() -> FolderName {
    FolderName::clean("Sam & Kim Lee").unwrap()
}

fn line(request: &Request<Vec<u8>>) -> String {
    let uri = request.uri().to_string();
    assert!(uri.starts_with("https://api.box.com/2.0/"), "{uri}");
    assert_eq!(
        request.headers()["authorization"],
        format!("Bearer {TOKEN}").as_str()
    );
    assert!(request.headers()["authorization"].is_sensitive());
    assert!(!format!("{request:?}").contains(TOKEN));
    format!(
        "{} {}",
        request.method(),
        uri.trim_start_matches("https://api.box.com/2.0")
    )
}

fn body(request: &Request<Vec<u8>>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

#[test]
fn what_is_read() {
    let client = client();
    let template = MetadataTemplate::parse("enterprise_27335.clientFolder").unwrap();
    assert_eq!(
        line(&client.current_user().unwrap().request),
        "GET /users/me?fields=name%2Clogin%2Cstatus"
    );
    assert_eq!(
        line(&client.users("ops+box@example.test").unwrap().request),
        "GET /users?filter_term=ops%2Bbox%40example.test&fields=name%2Clogin%2Cstatus&limit=1000"
    );
    assert_eq!(
        line(&client.items(&Id::root(), None).unwrap().request),
        "GET /folders/0/items?usemarker=true&fields=name&limit=1000"
    );
    assert_eq!(
        line(&client.items(&id("31"), Some("a&b")).unwrap().request),
        "GET /folders/31/items?usemarker=true&fields=name&limit=1000&marker=a%26b"
    );
    assert_eq!(
        line(&client.folder(&id("31")).unwrap().request),
        "GET /folders/31?fields=name%2Cdescription%2Cparent%2Ccreated_at%2Ccreated_by%2Citem_status%2Cpath_collection"
    );
    let call = client
        .find_by_metadata(&template, "dealId", "9001", &id("31"))
        .unwrap();
    assert_eq!(line(&call.request), "POST /metadata_queries/execute_read");
    assert_eq!(
        body(&call.request),
        json!({
            "from": "enterprise_27335.clientFolder",
            "query": "dealId = :value",
            "query_params": {"value": "9001"},
            "ancestor_folder_id": "31",
            "fields": ["type", "id", "name"],
            "limit": 100,
        })
    );
    assert!(!call.reply.is_write());
    assert!(
        client
            .find_by_metadata(&template, "a = b OR c", "x", &id("31"))
            .is_err()
    );
}

#[test]
fn what_is_written() {
    let client = client();
    let call = client.create_folder(&id("31"), &name()).unwrap();
    assert_eq!(line(&call.request), "POST /folders");
    assert_eq!(
        body(&call.request),
        json!({"name": "Sam & Kim Lee", "parent": {"id": "31"}})
    );
    assert!(call.reply.is_write());

    let call = client.copy_folder(&id("32"), &id("31"), &name()).unwrap();
    assert_eq!(line(&call.request), "POST /folders/32/copy");
    assert_eq!(
        body(&call.request),
        json!({"name": "Sam & Kim Lee", "parent": {"id": "31"}})
    );
    assert_eq!(call.request.headers()["content-type"], "application/json");

    let call = client
        .update_folder(
            &id("33"),
            FolderChange {
                description: Some("mark"),
                if_etag: Some("3"),
                ..FolderChange::default()
            },
        )
        .unwrap();
    assert_eq!(line(&call.request), "PUT /folders/33");
    assert_eq!(body(&call.request), json!({"description": "mark"}));
    assert_eq!(call.request.headers()["if-match"], "3");

    let call = client
        .share(&id("33"), "sam@example.test", Role::Viewer)
        .unwrap();
    assert_eq!(line(&call.request), "POST /collaborations");
    assert_eq!(
        body(&call.request),
        json!({
            "item": {"type": "folder", "id": "33"},
            "accessible_by": {"type": "user", "login": "sam@example.test"},
            "role": "viewer",
        })
    );
}

#[test]
fn metadata_is_made_or_set() {
    let template = MetadataTemplate::parse(" global.properties ").unwrap();
    let values: Map<String, Value> =
        serde_json::from_value(json!({"deal/id": "9001", "b~": "x"})).unwrap();
    let call = client()
        .create_metadata(&id("33"), &template, &values)
        .unwrap();
    assert_eq!(
        line(&call.request),
        "POST /folders/33/metadata/global/properties"
    );
    assert_eq!(body(&call.request), json!(values));
    let call = client()
        .update_metadata(&id("33"), &template, &values)
        .unwrap();
    assert_eq!(
        line(&call.request),
        "PUT /folders/33/metadata/global/properties"
    );
    assert_eq!(
        call.request.headers()["content-type"],
        "application/json-patch+json"
    );
    assert_eq!(
        body(&call.request),
        json!([
            {"op": "add", "path": "/b~0", "value": "x"},
            {"op": "add", "path": "/deal~1id", "value": "9001"},
        ])
    );
    for text in ["", "a", ".", "a.", "a.b/c", "a/../b.c"] {
        assert!(MetadataTemplate::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_user_may_be_acted_as() {
    let service_account = client();
    let ops = service_account.acting_as(&id("22000001"));
    let call = ops.folder(&id("31")).unwrap();
    assert_eq!(call.request.headers()["as-user"], "22000001");
    let call = service_account.folder(&id("31")).unwrap();
    assert!(!call.request.headers().contains_key("as-user"));
}

#[test]
fn what_cannot_be_sent_is_refused() {
    assert!(Client::new("https://api.box.com/2.0", Secret::new("a")).is_err());
    let error = Client::new(DEFAULT_BASE_URL, Secret::new("hunter2\n"))
        .unwrap()
        .folder(&Id::root())
        .unwrap_err();
    assert_eq!(error.code(), "unusable_credential");
    assert!(!error.to_string().contains("hunter2"));
    for text in ["", "a", "-1", "1/../2", " 1", "1".repeat(21).as_str()] {
        assert_eq!(Id::parse(text), None, "{text}");
    }
}
