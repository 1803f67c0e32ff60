//! Answers of the API.

use std::time::Duration;

use domain::client_folder::FolderName;
use proptest::prelude::*;
use providers::Page;
use providers::box_folders::{BoxFailure, Class, Folder, Item, User, with_login};
use serde_json::{Value, json};

use crate::support::{RECEIVED_AT, TOKEN, answer, client, id};

fn copy(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Folder, BoxFailure> {
    let name = FolderName::clean("Sam & Kim Lee").unwrap();
    let call = client().copy_folder(&id("32"), &id("31"), &name).unwrap();
    call.reply
        .read(&answer(status, headers, body.to_owned()), RECEIVED_AT)
}

fn read(status: u16, body: &str) -> Result<Folder, BoxFailure> {
    let call = client().folder(&id("33")).unwrap();
    call.reply
        .read(&answer(status, &[], body.to_owned()), RECEIVED_AT)
}

fn items(body: &Value) -> Result<Page<Item>, BoxFailure> {
    let call = client().items(&id("31"), None).unwrap();
    call.reply
        .read(&answer(200, &[], body.to_string()), RECEIVED_AT)
}

fn error(status: u16, code: &str, context: Option<&Value>) -> String {
    let mut body = json!({
        "type": "error", "status": status, "code": code, "message": format!("It says {TOKEN}."),
        "help_url": "https://example.test", "request_id": "a1b2c3",
    });
    if let Some(context) = context {
        body["context_info"] = context.clone();
    }
    body.to_string()
}

#[test]
fn a_folder_is_read() {
    let body = r#"{"type":"folder","id":"310000777","sequence_id":"0","etag":"4","name":"Sam & Kim Lee",
        "created_at":"2026-03-11T11:10:00-07:00","modified_at":"2026-03-11T11:10:00-07:00","description":"","size":0,
        "path_collection":{"total_count":2,"entries":[
            {"type":"folder","id":"0","sequence_id":null,"etag":null,"name":"All Files"},
            {"type":"folder","id":"310000001","sequence_id":"0","etag":"0","name":"1. Active Clients"}]},
        "created_by":{"type":"user","id":"22000001","name":"Ops","login":"ops@example.test"},
        "owned_by":{"type":"user","id":"22000001","name":"Ops","login":"ops@example.test"},
        "parent":{"type":"folder","id":"310000001","sequence_id":"0","etag":"0","name":"1. Active Clients"},
        "item_status":"active","of_tomorrow":[1]}"#;
    let folder = copy(201, &[], body).unwrap();
    assert_eq!(
        folder,
        Folder {
            id: id("310000777"),
            name: "Sam & Kim Lee".to_owned(),
            description: String::new(),
            parent_id: Some(id("310000001")),
            etag: Some("4".to_owned()),
            created_at: Some(1_773_252_600),
            created_by: Some(id("22000001")),
            is_active: true,
            path: vec!["1. Active Clients".to_owned()],
        }
    );
    assert_eq!(folder.url(), "https://app.box.com/folder/310000777");
    let trashed =
        r#"{"id":"1","name":"a","item_status":"trashed","parent":null,"description":null}"#;
    let folder = read(200, trashed).unwrap();
    assert!(!folder.is_active);
    assert_eq!(folder.parent_id, None);
    let bare = read(200, r#"{"id":7,"name":"a"}"#).unwrap();
    assert_eq!((bare.id, bare.is_active), (id("7"), true));
}

#[test]
fn a_page_is_read_and_leads_to_the_next() {
    let folder = json!({"type": "folder", "id": "1", "etag": "0", "name": "a"});
    let page = items(&json!({"entries": [folder], "limit": 1000, "next_marker": "abc"})).unwrap();
    assert_eq!(page.next.as_deref(), Some("abc"));
    assert!(page.rows[0].is_folder());
    for end in [json!(null), json!("")] {
        let page = items(&json!({"entries": [], "limit": 1000, "next_marker": end})).unwrap();
        assert_eq!((page.next, page.received), (None, 0));
    }
    let page = items(&json!({"entries": [{"type": "file", "id": "2"}, 7, folder]})).unwrap();
    assert_eq!((page.rows.len(), page.received), (1, 3));
    assert_eq!(page.rejected[0].external_id.as_deref(), Some("2"));
    for body in [
        json!({}),
        json!([]),
        json!({"entries": {}}),
        json!({"entries": [], "next_marker": 7}),
        json!({"entries": [], "next_marker": "m".repeat(5_000)}),
        json!({"entries": vec![folder; 1_001]}),
    ] {
        let failure = items(&body).unwrap_err();
        assert_eq!(failure.code, "unreadable_answer");
        assert!(failure.is_retryable() && !failure.may_have_happened);
    }
}

#[test]
fn a_user_is_found_by_the_whole_login() {
    let body = json!({"total_count": 3, "offset": 0, "limit": 1000, "entries": [
        {"type": "user", "id": "1", "name": "Ops Archive", "login": "ops@example.test.archive", "status": "active"},
        {"type": "user", "id": "2", "name": "Ops", "login": "Ops@example.test", "status": "inactive"},
        {"type": "user", "id": "3"},
    ]});
    let call = client().users("ops@example.test").unwrap();
    let page = call
        .reply
        .read(&answer(200, &[], body.to_string()), RECEIVED_AT)
        .unwrap();
    assert_eq!(page.rows.len(), 3);
    let user = with_login(&page.rows, " ops@EXAMPLE.test").unwrap();
    assert_eq!(
        user,
        &User {
            id: id("2"),
            name: Some("Ops".to_owned()),
            login: Some("Ops@example.test".to_owned()),
            is_active: false,
        }
    );
    assert_eq!(with_login(&page.rows, "ops"), None);
}

#[test]
fn every_documented_error_has_its_class() {
    for (status, code, class, may_have_happened) in [
        (400, "bad_request", Class::BadRequest, false),
        (400, "item_name_invalid", Class::BadRequest, false),
        (400, "item_name_too_long", Class::BadRequest, false),
        (401, "unauthorized", Class::NewToken, false),
        (
            403,
            "access_denied_insufficient_permissions",
            Class::Refused,
            false,
        ),
        (403, "insufficient_scope", Class::Refused, false),
        (403, "forbidden_by_policy", Class::Refused, false),
        (404, "not_found", Class::MissingOrNoAccess, false),
        (404, "trashed", Class::MissingOrNoAccess, false),
        (405, "method_not_allowed", Class::BadRequest, false),
        (409, "item_name_in_use", Class::NameInUse, false),
        (409, "name_temporarily_reserved", Class::WaitAndLook, true),
        (
            409,
            "operation_blocked_temporary",
            Class::WaitAndLook,
            false,
        ),
        (409, "tuple_already_exists", Class::AlreadyThere, false),
        (400, "user_already_collaborator", Class::AlreadyThere, false),
        (409, "of_tomorrow", Class::WaitAndLook, false),
        (412, "precondition_failed", Class::Changed, false),
        (429, "rate_limit_exceeded", Class::Later, false),
        (500, "internal_server_error", Class::Later, true),
        (502, "bad_gateway", Class::Later, true),
        (503, "unavailable", Class::Later, true),
        (202, "accepted", Class::Later, true),
        (302, "found", Class::Unexpected, false),
    ] {
        let failure = copy(status, &[], &error(status, code, None)).unwrap_err();
        assert_eq!(failure.class, class, "{status} {code}");
        assert_eq!(
            failure.may_have_happened, may_have_happened,
            "{status} {code}"
        );
        assert_eq!(failure.code, code);
        assert_eq!(failure.detail.as_deref(), Some("It says [redacted]."));
        assert_eq!(failure.request_id.as_deref(), Some("a1b2c3"));
        // What only reads has done nothing, whatever happened.
        let failure = read(status, &error(status, code, None)).unwrap_err();
        assert!(!failure.may_have_happened);
    }
}

#[test]
fn errors_without_a_body_have_a_class_too() {
    for (status, class) in [
        (401, Class::NewToken),
        (404, Class::MissingOrNoAccess),
        (503, Class::Later),
    ] {
        for body in ["", "<html></html>", "[]", "{\"code\":7}"] {
            let failure = copy(status, &[], body).unwrap_err();
            assert_eq!(failure.class, class);
            assert_eq!(failure.code, format!("http_{status}"));
        }
    }
    let failure = copy(201, &[], "{}").unwrap_err();
    assert_eq!(failure.code, "unreadable_answer");
    assert!(failure.may_have_happened);
}

#[test]
fn waits_are_in_seconds() {
    let wait = |seconds: &str| {
        copy(
            429,
            &[("retry-after", seconds)],
            &error(429, "rate_limit_exceeded", None),
        )
        .unwrap_err()
        .retry_after
    };
    assert_eq!(wait("17"), Some(Duration::from_secs(17)));
    assert_eq!(wait("99999"), Some(Duration::from_secs(3_600)));
    assert_eq!(wait("soon"), None);
}

#[test]
fn what_has_the_name_is_read_in_every_form() {
    let taken = json!({"type": "folder", "id": "310000777", "sequence_id": "0", "etag": "0", "name": "Sam & Kim Lee"});
    let conflicts = |context: Option<Value>| {
        let failure =
            copy(409, &[], &error(409, "item_name_in_use", context.as_ref())).unwrap_err();
        assert_eq!(failure.class, Class::NameInUse);
        failure
            .conflicts
            .into_iter()
            .map(|item| item.id.as_str().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        conflicts(Some(json!({"conflicts": [taken]}))),
        ["310000777"]
    );
    assert_eq!(conflicts(Some(json!({"conflicts": taken}))), ["310000777"]);
    for context in [
        None,
        Some(json!(null)),
        Some(json!({})),
        Some(json!({"conflicts": null})),
        Some(json!({"conflicts": []})),
        Some(json!({"conflicts": {}})),
        Some(json!({"conflicts": "x"})),
        Some(json!({"conflicts": [{"id": "a"}]})),
    ] {
        assert_eq!(conflicts(context), [] as [&str; 0]);
    }
}

proptest! {
    #[test]
    fn any_answer_is_read_without_panic(status in 200u16..600, body in prop::collection::vec(any::<u8>(), 0..64)) {
        let call = client().folder(&id("33")).unwrap();
        let _ = call.reply.read(&answer(status, &[], body), RECEIVED_AT);
    }
}
