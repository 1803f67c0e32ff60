//! Pages of other origins: none by default, and those that the variable lists.

use api::routes::{Operation, ROUTES, Route};
use http::{Method, StatusCode};
use simulators::seven_shifts::demo_data;
use whole_system::{Answer, App, Settings};

use super::{EPOCH, NO_ID, path, raw};

const PAGE: &str = "https://app.example";

fn grants(answer: &Answer) -> Vec<String> {
    answer
        .headers
        .keys()
        .map(|name| name.as_str().to_owned())
        .filter(|name| name.starts_with("access-control-"))
        .collect()
}

/// Whether its function knows of pages; those that only other functions call do not.
fn is_of_pages(route: &Route) -> bool {
    !matches!(
        route.operation,
        Operation::RunSevenShiftsSync
            | Operation::RunCustomSync
            | Operation::RunEmploymentHeroSync
            | Operation::RunAllocationEngine
            | Operation::RunBoxFolder
            | Operation::TestBox
            | Operation::CheckBox
            | Operation::ReadHubspotLists
            | Operation::ReadHubspotDeals
            | Operation::TestHubspot
            | Operation::CheckHubspot
    )
}

#[tokio::test(start_paused = true)]
async fn by_default_no_page_may_read_anything() {
    let app = App::simulate(61, EPOCH).await;
    for route in ROUTES {
        let headers = [
            ("origin", PAGE),
            ("access-control-request-method", route.method),
        ];
        let answer = raw(&app, Method::OPTIONS, &path(route, NO_ID), &headers, "").await;
        if !is_of_pages(route) {
            // Nobody but the functions calls it, and it knows nothing else.
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
            assert!(grants(&answer).is_empty());
            continue;
        }
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", route.path);
        // RFC 9110, 8.6: there is no content whose length could be told.
        assert!(
            !answer.headers.contains_key("content-length"),
            "{}: {:?}",
            route.path,
            answer.headers
        );
        let allow = answer.headers["allow"].to_str().unwrap();
        assert!(
            allow.contains(route.method) && allow.ends_with("OPTIONS"),
            "{allow}"
        );
        assert!(
            grants(&answer).is_empty(),
            "{}: {:?}",
            route.path,
            grants(&answer)
        );
    }
    assert!(grants(&raw(&app, Method::GET, "/", &[("origin", PAGE)], "").await).is_empty());
    let unknown = raw(&app, Method::OPTIONS, "/api/nothing", &[], "").await;
    super::problem(&unknown, 404, "not-found");
}

#[tokio::test(start_paused = true)]
async fn a_listed_origin_may_and_another_gets_nothing() {
    let settings = Settings::default().variable(
        "allowed_origins",
        "https://app.example, https://other.example",
    );
    let app = App::simulate_with(settings, EPOCH, demo_data(1, EPOCH)).await;
    for route in ROUTES.iter().filter(|route| is_of_pages(route)) {
        let path = path(route, NO_ID);
        let preflight = raw(&app, Method::OPTIONS, &path, &[("origin", PAGE)], "").await;
        assert_eq!(preflight.headers["access-control-allow-origin"], PAGE);
        let methods = preflight.headers["access-control-allow-methods"]
            .to_str()
            .unwrap();
        assert!(methods.contains(route.method), "{path}: {methods}");
        let headers = preflight.headers["access-control-allow-headers"]
            .to_str()
            .unwrap();
        assert!(headers.contains("authorization") && headers.contains("content-type"));
        // An error can be read as well, or nobody would know what is wrong.
        let refused = raw(&app, Method::GET, &path, &[("origin", PAGE)], "").await;
        assert_eq!(
            refused.headers["access-control-allow-origin"], PAGE,
            "{path}"
        );
        assert!(
            !refused
                .headers
                .contains_key("access-control-allow-credentials")
        );
        assert!(refused.headers["vary"].to_str().unwrap().contains("Origin"));
        for foreign in [
            "https://evil.example",
            "https://app.example.evil",
            "null",
            "http://app.example",
            "*",
        ] {
            for method in [Method::OPTIONS, Method::GET] {
                let answer = raw(&app, method, &path, &[("origin", foreign)], "").await;
                assert!(grants(&answer).is_empty(), "{foreign} at {path}");
            }
        }
    }
}
