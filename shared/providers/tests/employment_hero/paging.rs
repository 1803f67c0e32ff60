//! Where a list ends.

use providers::employment_hero::{Employee, MAX_PAGES};
use providers::{Page, ProviderError};
use serde_json::{Value, json};

use crate::support::{client, employee, read};

fn asked(page: u32, data: Value) -> Result<Page<Employee>, ProviderError> {
    let call = client().employees(Some(&page.to_string())).unwrap();
    read(call, json!({ "data": data }).to_string())
}

fn next(page: u32, data: Value) -> Option<String> {
    asked(page, data).unwrap().next
}

#[test]
fn a_list_ends_with_the_last_of_its_pages() {
    let data = |page: u32, total: Value| {
        json!({"items": [employee()], "page_index": page, "item_per_page": 100,
            "total_pages": total, "total_items": 300})
    };
    assert_eq!(next(1, data(1, json!(3))).as_deref(), Some("2"));
    assert_eq!(next(2, data(2, json!("3"))).as_deref(), Some("3"));
    assert_eq!(next(3, data(3, json!(3))), None);
    // The list became shorter meanwhile.
    assert_eq!(next(4, data(4, json!(3))), None);
    for of_an_empty_list in [0, 1] {
        let data = json!({"items": [], "page_index": 1, "total_pages": of_an_empty_list});
        assert_eq!(next(1, data), None);
    }
}

#[test]
fn an_empty_page_ends_a_list_that_does_not_say_how_long_it_is() {
    assert_eq!(
        next(1, json!({"items": [employee()]})).as_deref(),
        Some("2")
    );
    assert_eq!(next(2, json!({"items": []})), None);
    // A page of nothing but rejects is not empty.
    assert_eq!(next(2, json!({"items": [7]})).as_deref(), Some("3"));
}

/// Else whatever is on the pages behind it would be taken for deleted.
#[test]
fn an_empty_page_before_the_last_one_is_no_end() {
    let data = json!({"items": [], "page_index": 1, "total_pages": 2});
    assert_eq!(next(1, data).as_deref(), Some("2"));
}

#[test]
fn what_is_not_the_page_is_malformed() {
    for data in [
        json!({}),
        json!({"items": null, "total_pages": 1}),
        json!({"items": {}, "total_pages": 1}),
        json!({"items": "see attachment"}),
        json!([]),
        json!(null),
        json!({"items": [], "page_index": 2, "total_pages": 1}),
        json!({"items": [], "page_index": "one", "total_pages": 1}),
        json!({"items": [], "total_pages": {}}),
    ] {
        let error = asked(1, data.clone()).unwrap_err();
        assert_eq!(error.code(), "malformed_answer", "{data}");
        assert!(error.is_retryable());
    }
    for body in ["", "<html>", "{\"data\":{\"items\":[{}", "[]", "\u{0}"] {
        let error = read(client().employees(None).unwrap(), body).unwrap_err();
        assert_eq!(error.code(), "malformed_answer", "{body}");
    }
}

#[test]
fn no_list_is_without_an_end() {
    let data = json!({"items": [employee()], "page_index": MAX_PAGES, "total_pages": u32::MAX});
    assert_eq!(
        asked(MAX_PAGES, data).unwrap_err().code(),
        "malformed_answer"
    );
    let data = json!({"items": vec![employee(); 1_001], "total_pages": 1});
    assert_eq!(asked(1, data).unwrap_err().code(), "malformed_answer");
}
