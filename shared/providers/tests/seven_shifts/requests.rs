//! What is sent.

use http::Method;
use providers::ProviderError;
use providers::Secret;
use providers::seven_shifts::{
    AvailabilitiesQuery, AvailabilityReasonsQuery, Client, Credential, DepartmentsQuery,
    LocationsQuery, NewWebhook, Paging, PunchSelection, RequestStatus, RolesQuery, ShiftSelection,
    ShiftsQuery, TimeOffQuery, TimePunchesQuery, UserStatus, UsersQuery, WebhooksQuery,
};

use crate::support::{SATURDAY_22H, TOKEN, account, client};

#[test]
fn every_request_names_its_version_its_form_and_its_credential() {
    let call = client().time_punch(720_001).unwrap();
    let request = &call.request;
    assert_eq!(request.method(), Method::GET);
    assert!(request.body().is_empty());
    let header = |name: &str| request.headers().get(name).map(|v| v.to_str().unwrap());
    assert_eq!(header("accept"), Some("application/json"));
    assert_eq!(header("x-api-version"), Some("2026-01-01"));
    assert_eq!(
        header("authorization"),
        Some(format!("Bearer {TOKEN}").as_str())
    );
    assert_eq!(header("x-company-guid"), None);
    assert!(header("user-agent").unwrap().starts_with("patchbay/"));
}

#[test]
fn an_oauth_token_brings_the_guid_of_its_company() {
    let guid = "0d5f6a3e-1c55-4b0a-9a53-2f0f7c1b9a10";
    let credential = Credential::oauth("jwt.jwt.jwt", guid).unwrap();
    let client = Client::new("http://127.0.0.1:4010", credential).unwrap();
    let call = client.whoami().unwrap();
    assert_eq!(call.request.uri(), "http://127.0.0.1:4010/v2/whoami");
    assert_eq!(call.request.headers()["x-company-guid"], guid);
}

#[test]
fn each_resource_has_its_path() {
    let account = account();
    let client = client();
    for (uri, path) in [
        (account.whoami().unwrap().request.uri().clone(), "/whoami"),
        (
            account.companies().unwrap().request.uri().clone(),
            "/companies",
        ),
        (
            client.company().unwrap().request.uri().clone(),
            "/companies/4410",
        ),
        (
            client
                .locations(&LocationsQuery::default())
                .unwrap()
                .request
                .uri()
                .clone(),
            "/company/4410/locations",
        ),
        (
            client
                .departments(&DepartmentsQuery::default())
                .unwrap()
                .request
                .uri()
                .clone(),
            "/company/4410/departments",
        ),
        (
            client
                .roles(&RolesQuery::default())
                .unwrap()
                .request
                .uri()
                .clone(),
            "/company/4410/roles",
        ),
        (
            client
                .users(&UsersQuery::default())
                .unwrap()
                .request
                .uri()
                .clone(),
            "/company/4410/users",
        ),
        (
            client
                .shifts(&ShiftsQuery::default())
                .unwrap()
                .request
                .uri()
                .clone(),
            "/company/4410/shifts",
        ),
        (
            client
                .time_punches(&TimePunchesQuery::default())
                .unwrap()
                .request
                .uri()
                .clone(),
            "/company/4410/time_punches",
        ),
        (
            client.user(881_002).unwrap().request.uri().clone(),
            "/company/4410/users/881002?include_inactive=true",
        ),
        (
            client.shift(910_001, false).unwrap().request.uri().clone(),
            "/company/4410/shifts/910001",
        ),
        (
            client.shift(910_001, true).unwrap().request.uri().clone(),
            "/company/4410/shifts/910001?include_deleted=true",
        ),
        (
            client.time_punch(720_001).unwrap().request.uri().clone(),
            "/company/4410/time_punches/720001",
        ),
    ] {
        assert_eq!(uri, *format!("https://api.7shifts.com/v2{path}"));
    }
}

#[test]
fn what_is_agreed_with_people_has_its_paths() {
    let client = client();
    for (request, path) in [
        (
            client.user_wages(881_002).unwrap().request,
            "/company/4410/users/881002/wages",
        ),
        (
            client.user_assignments(881_002).unwrap().request,
            "/company/4410/users/881002/assignments",
        ),
        (
            client
                .availabilities(&AvailabilitiesQuery::default())
                .unwrap()
                .request,
            "/company/4410/availabilities",
        ),
        (
            client.availability(3_301).unwrap().request,
            "/company/4410/availabilities/3301",
        ),
        (
            client
                .availability_reasons(&AvailabilityReasonsQuery::default())
                .unwrap()
                .request,
            "/company/4410/availability_reasons",
        ),
        (
            client.time_off(&TimeOffQuery::default()).unwrap().request,
            "/time_off?company_id=4410",
        ),
        (
            client.one_time_off(2_201).unwrap().request,
            "/time_off/2201",
        ),
        (
            client.time_off_settings().unwrap().request,
            "/time_off_settings/4410",
        ),
        (
            client.labor_settings().unwrap().request,
            "/company/4410/labor_settings",
        ),
        (
            client
                .webhooks(&WebhooksQuery {
                    modified_since: Some(SATURDAY_22H),
                    ..WebhooksQuery::default()
                })
                .unwrap()
                .request,
            "/company/4410/webhooks?modified_since=2026-03-14",
        ),
    ] {
        assert_eq!(request.method(), Method::GET);
        assert_eq!(request.uri(), &*format!("https://api.7shifts.com/v2{path}"));
    }
}

#[test]
fn availability_and_time_off_are_filtered_by_day_and_by_the_number_of_a_status() {
    let day = Some("2026-03-14".parse().unwrap());
    let client = client();
    let availabilities = client.availabilities(&AvailabilitiesQuery {
        location_id: Some(5501),
        user_id: Some(881_002),
        status: Some(RequestStatus::Pending),
        repeating: Some(true),
        week_gte: day,
        week_to_include_repeating_gte: day,
        paging: Paging {
            cursor: None,
            limit: Some(500),
        },
    });
    assert_eq!(
        availabilities.unwrap().request.uri().query(),
        Some(
            "location_id=5501&user_id=881002&status=0&repeating=true&week_gte=2026-03-14\
             &week_to_include_repeating_gte=2026-03-14&limit=500"
        )
    );
    let time_off = client.time_off(&TimeOffQuery {
        location_id: Some(5501),
        user_id: Some(881_002),
        status: Some(RequestStatus::Approved),
        category: Some("study & leave".to_owned()),
        to_date_gte: day,
        by_from_date: true,
        paging: Paging {
            cursor: Some("eyJ=".to_owned()),
            limit: None,
        },
    });
    assert_eq!(
        time_off.unwrap().request.uri().query(),
        Some(
            "company_id=4410&location_id=5501&user_id=881002&status=1&category=study+%26+leave\
             &to_date_gte=2026-03-14&sort_by=from_date&sort_dir=asc&cursor=eyJ%3D"
        )
    );
}

#[test]
fn a_webhook_is_made_with_its_url_in_the_body_and_nowhere_else() {
    let call = client()
        .create_webhook(&NewWebhook {
            url: Secret::new("https://hooks.example.test/7s?key=hunter2"),
            event: "user.modified".to_owned(),
        })
        .unwrap();
    assert_eq!(call.request.method(), Method::POST);
    assert_eq!(call.request.uri().path(), "/v2/company/4410/webhooks");
    assert_eq!(call.request.headers()["content-type"], "application/json");
    let body: serde_json::Value = serde_json::from_slice(call.request.body()).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "url": "https://hooks.example.test/7s?key=hunter2",
            "method": "post",
            "event": "user.modified",
        })
    );
    let call = client().delete_webhook(81).unwrap();
    assert_eq!(call.request.method(), Method::DELETE);
    assert_eq!(call.request.uri().path(), "/v2/company/4410/webhooks/81");
    assert!(call.request.body().is_empty());
}

fn shifts(query: &ShiftsQuery) -> String {
    let call = client().shifts(query).unwrap();
    call.request.uri().query().unwrap_or_default().to_owned()
}

fn punches(query: &TimePunchesQuery) -> String {
    let call = client().time_punches(query).unwrap();
    call.request.uri().query().unwrap_or_default().to_owned()
}

#[test]
fn shift_filters_are_the_bracketed_ones_in_utc() {
    assert_eq!(
        shifts(&ShiftsQuery {
            modified_since: Some(SATURDAY_22H),
            start_gte: Some(SATURDAY_22H),
            start_lte: Some(SATURDAY_22H + 3600),
            location_id: Some(5501),
            user_id: Some(881_002),
            open: true,
            ..ShiftsQuery::default()
        }),
        "modified_since=2026-03-14T22%3A00%3A00Z&start%5Bgte%5D=2026-03-14T22%3A00%3A00Z\
         &start%5Blte%5D=2026-03-14T23%3A00%3A00Z&location_id=5501&user_id=881002&open=true"
    );
}

#[test]
fn one_switch_at_most_selects_shifts_because_they_override_each_other() {
    for (selection, query) in [
        (ShiftSelection::Published, ""),
        (ShiftSelection::Deleted, "deleted=true"),
        (ShiftSelection::Draft, "draft=true"),
        (ShiftSelection::PublishedAndDraft, "include_draft=true"),
    ] {
        let sent = shifts(&ShiftsQuery {
            selection,
            ..ShiftsQuery::default()
        });
        assert_eq!(sent, query);
    }
}

#[test]
fn punch_filters_ask_for_deleted_rows_in_so_many_words() {
    for (selection, query) in [
        (PunchSelection::Live, ""),
        (PunchSelection::Deleted, "deleted=true&"),
        (PunchSelection::LiveAndDeleted, "deleted=null&"),
    ] {
        let sent = punches(&TimePunchesQuery {
            selection,
            modified_since: Some(SATURDAY_22H),
            clocked_in_gte: Some(SATURDAY_22H),
            clocked_in_lte: Some(SATURDAY_22H),
            ..TimePunchesQuery::default()
        });
        assert_eq!(
            sent,
            format!(
                "{query}modified_since=2026-03-14T22%3A00%3A00Z\
                 &clocked_in%5Bgte%5D=2026-03-14T22%3A00%3A00Z\
                 &clocked_in%5Blte%5D=2026-03-14T22%3A00%3A00Z"
            )
        );
    }
}

#[test]
fn people_and_places_are_filtered_by_date_only() {
    // 22:00 UTC: the 14th has begun everywhere.
    let since = Some(SATURDAY_22H);
    let client = client();
    let locations = client.locations(&LocationsQuery {
        modified_since: since,
        deleted: Some(true),
        ..LocationsQuery::default()
    });
    let departments = client.departments(&DepartmentsQuery {
        modified_since: since,
        location_id: Some(5501),
        ..DepartmentsQuery::default()
    });
    let roles = client.roles(&RolesQuery {
        modified_since: since,
        location_id: Some(5501),
        department_id: Some(6601),
        ..RolesQuery::default()
    });
    let users = client.users(&UsersQuery {
        modified_since: since,
        status: Some(UserStatus::Inactive),
        ..UsersQuery::default()
    });
    for (uri, query) in [
        (
            locations.unwrap().request.uri().clone(),
            "modified_since=2026-03-14&deleted=true",
        ),
        (
            departments.unwrap().request.uri().clone(),
            "modified_since=2026-03-14&location_id=5501",
        ),
        (
            roles.unwrap().request.uri().clone(),
            "modified_since=2026-03-14&location_id=5501&department_id=6601",
        ),
        (
            users.unwrap().request.uri().clone(),
            "modified_since=2026-03-14&status=inactive",
        ),
    ] {
        assert_eq!(uri.query(), Some(query));
    }
}

#[test]
fn a_cursor_travels_unchanged_and_the_limit_stays_within_bounds() {
    for (limit, sent) in [
        (0, "1"),
        (1, "1"),
        (250, "250"),
        (501, "500"),
        (u16::MAX, "500"),
    ] {
        let query = punches(&TimePunchesQuery {
            paging: Paging {
                cursor: Some("eyJ+/a=&limit=9 é".to_owned()),
                limit: Some(limit),
            },
            ..TimePunchesQuery::default()
        });
        assert_eq!(
            query,
            format!("cursor=eyJ%2B%2Fa%3D%26limit%3D9+%C3%A9&limit={sent}")
        );
    }
}

#[test]
fn a_cursor_of_absurd_length_is_not_sent() {
    let query = TimePunchesQuery {
        paging: Paging {
            cursor: Some("x".repeat(4097)),
            limit: None,
        },
        ..TimePunchesQuery::default()
    };
    assert_eq!(
        client().time_punches(&query).unwrap_err(),
        ProviderError::Request {
            what: "the cursor is longer than 4096 bytes".to_owned()
        }
    );
}

#[test]
fn a_company_id_is_positive() {
    for id in [0, -4410] {
        assert!(matches!(
            account().company(id),
            Err(ProviderError::Request { .. })
        ));
    }
}

#[test]
fn a_token_that_no_header_may_carry_is_refused_without_repeating_it() {
    let too_long = "x".repeat(8193);
    for (token, why) in [
        ("", "the token is empty"),
        ("hunter2\n", "character 8 "),
        ("hunter2\r\nx-company-guid: evil", "character 8 "),
        (" hunter2", "character 1 "),
        ("hunter\u{0}2", "character 7 "),
        ("hüntér2", "character 2 "),
        (too_long.as_str(), "longer than 8 KiB"),
    ] {
        let error = Credential::access_token(token).unwrap_err();
        assert!(matches!(error, ProviderError::Credential { .. }));
        let message = error.to_string();
        assert!(message.contains(why), "{message}");
        assert!(
            !message.contains("hunter") && !message.contains("ntér"),
            "{message}"
        );
        assert!(!error.is_retryable());
    }
}

#[test]
fn a_company_guid_has_the_form_of_one() {
    for guid in [
        "",
        "4410",
        "0d5f6a3e-1c55-4b0a-9a53-2f0f7c1b9a1\n",
        "0d5f6a3e-1c55-4b0a-9a53-2f0f7c1b9a100",
    ] {
        let error = Credential::oauth("jwt", guid).unwrap_err();
        assert!(error.to_string().contains("company GUID"), "{error}");
    }
}

#[test]
fn nothing_that_prints_shows_the_token() {
    let client = client();
    let call = client.users(&UsersQuery::default()).unwrap();
    let credential = Credential::access_token(TOKEN).unwrap();
    let printed = format!("{client:?} {call:?} {credential:?}");
    assert!(printed.contains("[redacted]"));
    assert!(!printed.contains("secret"), "{printed}");
}
