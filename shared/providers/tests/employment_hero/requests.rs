//! What is sent.

use http::Method;
use providers::employment_hero::{Client, LeaveRequestsQuery, oauth_client};
use providers::oauth::{Authorization, Verifier};
use providers::{Call, Secret};

use crate::support::{LEAVE, MIA, ORGANISATION, TOKEN, account, client, date};

fn url<T>(call: &Call<T>) -> String {
    assert_eq!(call.request.method(), Method::GET);
    let headers = call.request.headers();
    assert_eq!(headers["authorization"], format!("Bearer {TOKEN}"));
    assert!(headers["authorization"].is_sensitive());
    assert_eq!(headers["accept"], "application/json");
    let url = call.request.uri().to_string();
    url.strip_prefix("https://api.employmenthero.com/api/v1/organisations")
        .unwrap()
        .to_owned()
}

#[test]
fn lists_are_asked_for_by_the_hundred() {
    let organisations = account().organisations(None).unwrap();
    assert_eq!(url(&organisations), "?page_index=1&item_per_page=100");
    let employees = client().employees(Some("3")).unwrap();
    assert_eq!(
        url(&employees),
        format!("/{ORGANISATION}/employees?page_index=3&item_per_page=100")
    );
    let query = LeaveRequestsQuery {
        cursor: Some("2".to_owned()),
        start_date: Some(date("2026-03-11")),
        end_date: Some(date("2027-03-11")),
    };
    assert_eq!(
        url(&client().leave_requests(&query).unwrap()),
        format!(
            "/{ORGANISATION}/leave_requests?page_index=2&item_per_page=100&start_date=2026-03-11&end_date=2027-03-11"
        )
    );
    let all = client().leave_requests(&LeaveRequestsQuery::default());
    assert!(url(&all.unwrap()).ends_with("leave_requests?page_index=1&item_per_page=100"));
}

#[test]
fn what_is_in_lists_is_asked_for_by_its_id() {
    let of = |rest: &str| format!("/{ORGANISATION}{rest}");
    assert_eq!(url(&client().organisation().unwrap()), of(""));
    let employee = client().employee(MIA).unwrap();
    assert_eq!(url(&employee), of(&format!("/employees/{MIA}")));
    let leave = client().leave_request(LEAVE).unwrap();
    assert_eq!(url(&leave), of(&format!("/leave_requests/{LEAVE}")));
}

#[test]
fn ids_and_cursors_cannot_change_the_path() {
    for id in ["", "..", "a/b", "a?b", "a b", "é", &"a".repeat(65)] {
        assert_eq!(
            account().organisation(id).unwrap_err().code(),
            "unusable_request",
            "{id}"
        );
        assert!(client().employee(id).is_err());
        assert!(client().leave_request(id).is_err());
    }
    for cursor in ["", "0", "-1", "1.5", "2&item_per_page=1", "10001", "next"] {
        let error = client().employees(Some(cursor)).unwrap_err();
        assert_eq!(error.code(), "unusable_request", "{cursor}");
    }
}

#[test]
fn a_token_that_no_header_carries_is_refused_and_none_is_shown() {
    for token in ["", "a b", "a\nb", "é", &"a".repeat(8_193)] {
        let error = Client::new("https://api.example.com", Secret::new(token)).unwrap_err();
        assert_eq!(error.code(), "unusable_credential");
    }
    let call = client().employees(None).unwrap();
    let shown = format!("{:?} {call:?}", client());
    assert!(!shown.contains(TOKEN), "{shown}");
}

#[test]
fn people_are_asked_without_scopes_and_the_client_proves_itself_in_the_body() {
    let client = oauth_client("http://127.0.0.1:3905/", "id", "hunter2").unwrap();
    let url = client
        .authorization_url(&Authorization {
            state: "s",
            verifier: &Verifier::from_random([7; 32]),
            redirect_uri: "https://patchbay.example.com/back",
            scopes: &[],
            extra: &[],
        })
        .unwrap();
    assert!(
        url.starts_with("http://127.0.0.1:3905/oauth2/authorize?response_type=code&client_id=id&")
    );
    assert!(!url.contains("scope"));
    let call = client.refresh(&Secret::new("rt")).unwrap();
    assert_eq!(call.request.uri(), "http://127.0.0.1:3905/oauth2/token");
    assert_eq!(
        call.request.body(),
        "grant_type=refresh_token&refresh_token=rt&client_id=id&client_secret=hunter2"
    );
    assert!(oauth_client("https://a.example.com/path", "id", "secret").is_err());
}
