//! Rows of a page.

use providers::rest::ListMapping;
use providers::rest::listing::{ListFailure, ListPage};
use serde_json::{Value, json};

use crate::support::{answer, config, config_with, mapping};

fn list() -> ListMapping {
    mapping(json!({
        "request": { "path": "/items" }, "rows": "/data/items", "id": "/ref/id", "changed": "/at",
        "paging": { "type": "none" }
    }))
}

fn read(body: impl Into<Vec<u8>>) -> Result<ListPage, ListFailure> {
    let config = config_with(json!({ "type": "none" }));
    list().read(&config, None, &answer(200, &[], body.into()))
}

fn rows(rows: &str) -> ListPage {
    read(format!("{{\"data\":{{\"items\":{rows}}}}}")).unwrap()
}

fn reasons(page: &ListPage) -> Vec<(usize, Option<&str>, &str)> {
    page.rejected
        .iter()
        .map(|row| (row.index, row.external_id.as_deref(), row.reason.as_str()))
        .collect()
}

#[test]
fn an_answer_without_the_list_is_a_failure() {
    for body in [
        "{}",
        "[]",
        "null",
        "7",
        "\"a\"",
        "{\"data\":[]}",
        "{\"data\":{\"items\":null}}",
        "{\"data\":{\"items\":{}}}",
        "{\"data\":{\"items\":\"[]\"}}",
        "{\"data\":\"{\\\"items\\\":[]}\"}",
    ] {
        assert_eq!(read(body), Err(ListFailure::NoRows), "{body}");
    }
    for body in [
        "",
        "<html>",
        "{\"data\":{\"items\":[",
        "{\"data\":{\"items\":[]}",
        "{\"data\":{\"items\":[}}",
        "{'data':{}}",
    ] {
        let failure = read(body).unwrap_err();
        assert!(
            matches!(failure, ListFailure::Malformed(_)),
            "{body}: {failure}"
        );
        assert!(failure.is_retryable() && !failure.remedy().is_empty());
    }
    let failure = read(vec![0xff, 0xfe]).unwrap_err();
    assert!(matches!(failure, ListFailure::Malformed(_)), "{failure}");
}

#[test]
fn a_status_and_a_size_are_checked_before_the_body() {
    let config = config(json!({
        "base_url": "https://api.example.com", "auth": { "type": "none" }, "max_response_bytes": 1_024
    }));
    let body = format!(
        "{{\"data\":{{\"items\":[]}},\"a\":\"{}\"}}",
        "a".repeat(1_024)
    );
    assert_eq!(
        list().read(&config, None, &answer(200, &[], body)),
        Err(ListFailure::TooLarge(1_024))
    );
    for status in [301, 404, 500] {
        let answer = answer(status, &[], "{\"data\":{\"items\":[]}}");
        assert_eq!(
            list().read(&config, None, &answer),
            Err(ListFailure::Status(status))
        );
    }
    let too_many = format!("{{\"data\":{{\"items\":[{}0]}}}}", "0,".repeat(10_000));
    assert_eq!(read(too_many), Err(ListFailure::TooManyRows));
}

#[test]
fn a_row_that_cannot_be_taken_costs_only_itself() {
    let deep = format!(
        "{{\"ref\":{{\"id\":9}},\"x\":{}1{}}}",
        "[".repeat(200),
        "]".repeat(200)
    );
    let page = rows(&format!(
        r#"[
            {{"ref":{{"id":"a"}}}},
            {{"ref":{{}}}},
            {{"ref":{{"id":null}}}},
            {{"ref":{{"id":1.5}}}},
            {{"ref":{{"id":""}}}},
            {{"ref":{{"id":{{}}}}}},
            [], "text", null,
            {{"ref":{{"id":"a"}},"second":true}},
            {{"ref":{{"id":7}},"x":"\ud800"}},
            {{"ref":{{"id":8}},"x":1e999}},
            {deep},
            {{"ref":{{"id":"b"}}}}
        ]"#
    ));
    let ids: Vec<_> = page
        .rows
        .iter()
        .map(|row| row.external_id.as_str())
        .collect();
    assert_eq!(ids, ["a", "b"]);
    assert!(!page.rows[0].data.contains_key("second"));
    assert_eq!(page.received, 14);
    let no_id = "the row has no id";
    let bad_id = "the row's id is not a whole number or a text of 1 to 255 bytes";
    let no_object = "the row is not an object";
    let found = reasons(&page);
    assert_eq!(
        found[..8],
        [
            (1, None, no_id),
            (2, None, no_id),
            (3, None, bad_id),
            (4, None, bad_id),
            (5, None, bad_id),
            (6, None, no_object),
            (7, None, no_object),
            (8, None, no_object),
        ]
    );
    assert_eq!(
        found[8..10],
        [
            (9, Some("a"), "an earlier row of the page has the same id"),
            (10, Some("7"), "the row has a text with a broken character"),
        ]
    );
    assert_eq!(
        found[10],
        (11, Some("8"), "the row has a number that is too large")
    );
    assert_eq!((found[11].0, found[11].1), (12, Some("9")));
    assert!(found[11].2.contains("recursion"), "{}", found[11].2);
}

#[test]
fn a_broken_byte_costs_its_row() {
    let mut body = b"{\"data\":{\"items\":[{\"ref\":{\"id\":1},\"x\":\"".to_vec();
    body.extend([0xff, 0xc3]);
    body.extend(b"\"},{\"ref\":{\"id\":2}}]}}");
    let page = read(body).unwrap();
    assert_eq!(page.rows.len(), 1);
    assert_eq!(
        reasons(&page),
        [(0, Some("1"), "the row has a text with a broken character")]
    );
}

#[test]
fn a_number_and_its_text_are_one_id() {
    let page = rows(r#"[{"ref":{"id":7}},{"ref":{"id":"7"}}]"#);
    assert_eq!(page.rows.len(), 1);
    assert_eq!(page.rejected[0].index, 1);
}

#[test]
fn a_row_is_kept_whole_with_its_time_of_change() {
    let page = rows(
        r#"[
            {"ref":{"id":1},"at":"2026-03-14T22:00:00Z","x":[{"å":1e2}]},
            {"ref":{"id":2},"at":1773525600750},
            {"ref":{"id":3},"at":"soon"},
            {"ref":{"id":4}}
        ]"#,
    );
    let times: Vec<_> = page.rows.iter().map(|row| row.changed_at).collect();
    assert_eq!(
        times,
        [Some(1_773_525_600), Some(1_773_525_600), None, None]
    );
    assert_eq!(page.unmarked, 2);
    assert_eq!(
        Value::from(page.rows[0].data.clone()),
        json!({ "ref": { "id": 1 }, "at": "2026-03-14T22:00:00Z", "x": [{ "å": 100.0 }] })
    );
    assert_eq!(page.next, None);
}

#[test]
fn a_mapping_without_a_mark_misses_none() {
    let list = mapping(json!({
        "request": { "path": "/items" }, "rows": "", "id": "/id", "paging": { "type": "none" }
    }));
    let config = config_with(json!({ "type": "none" }));
    let page = list
        .read(&config, None, &answer(200, &[], r#"[{"id":1,"at":7}]"#))
        .unwrap();
    assert_eq!((page.unmarked, page.rows[0].changed_at), (0, None));
}

#[test]
fn depth_outside_the_rows_does_no_harm() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let page = read(format!("{{\"x\":{deep},\"data\":{{\"items\":[]}}}}")).unwrap();
    assert_eq!(page.received, 0);
    assert!(matches!(read(deep), Err(ListFailure::NoRows)));
}
