//! Each kind of misbehaviour, once, in process.

use std::time::Duration;

use http::{Method, StatusCode};
use simulators::{ErrorShape, Fault, FaultRule, NetworkError, RetryAfter, When};

use crate::support::{LAKESHORE, NOW, TOKEN, World, escape, ids, request};

const PUNCHES: &str = "/v2/company/4410/time_punches";

async fn ask(world: &World) -> crate::support::Answer {
    world.get(PUNCHES).await
}

#[tokio::test]
async fn each_status_comes_once_as_a_problem_and_then_all_is_well() {
    let world = World::demo();
    for status in [401, 403, 404, 409, 410, 429, 500, 502] {
        let status = StatusCode::from_u16(status).unwrap();
        world
            .simulator
            .add_fault(FaultRule::once(PUNCHES, Fault::status(status)));
        assert_eq!(world.get("/v2/whoami").await.status, StatusCode::OK);
        let answer = ask(&world).await;
        assert_eq!(answer.status, status);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(answer.json()["status"], status.as_u16());
        assert_eq!(ask(&world).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn an_injected_429_says_when_to_come_back_in_any_form_or_not_at_all() {
    let world = World::demo();
    let ask_with = async |retry_after: Option<RetryAfter>| {
        world.simulator.add_fault(FaultRule::once(
            PUNCHES,
            Fault::Status {
                status: 429,
                retry_after,
                shape: ErrorShape::Native,
                detail: None,
            },
        ));
        ask(&world).await.header("retry-after").map(str::to_owned)
    };
    assert_eq!(ask_with(None).await, None);
    assert_eq!(
        ask_with(Some(RetryAfter::Seconds(7))).await.as_deref(),
        Some("7")
    );
    assert_eq!(
        ask_with(Some(RetryAfter::DateIn(60))).await.as_deref(),
        Some("Mon, 21 Sep 2026 14:14:20 GMT")
    );
    assert_eq!(
        ask_with(Some(RetryAfter::Text("soon".to_owned())))
            .await
            .as_deref(),
        Some("soon")
    );
}

#[tokio::test]
async fn an_injected_error_takes_the_older_form_that_of_a_proxy_or_none() {
    let world = World::demo();
    let ask_with = async |shape| {
        world.simulator.add_fault(FaultRule::once(
            PUNCHES,
            Fault::Status {
                status: 502,
                retry_after: None,
                shape,
                detail: Some("upstream is down".to_owned()),
            },
        ));
        ask(&world).await
    };
    let legacy = ask_with(ErrorShape::Legacy).await;
    assert_eq!(legacy.json()["message"], "upstream is down");
    let html = ask_with(ErrorShape::Html).await;
    assert!(html.body.starts_with(b"<html>"));
    assert_eq!(
        html.header("content-type"),
        Some("text/html; charset=UTF-8")
    );
    assert!(ask_with(ErrorShape::Empty).await.body.is_empty());
}

#[tokio::test(start_paused = true)]
async fn no_answer_never_ends_and_a_delay_does() {
    let world = World::demo();
    world
        .simulator
        .add_fault(FaultRule::once(PUNCHES, Fault::NoAnswer));
    let hour = Duration::from_secs(3_600);
    assert!(tokio::time::timeout(hour, ask(&world)).await.is_err());
    world.simulator.add_fault(FaultRule::once(
        PUNCHES,
        Fault::Delay {
            milliseconds: 5_000,
        },
    ));
    let before = tokio::time::Instant::now();
    assert_eq!(ask(&world).await.status, StatusCode::OK);
    assert_eq!(before.elapsed(), Duration::from_secs(5));
}

#[tokio::test]
async fn a_reset_loses_the_answer_and_with_it_maybe_the_knowledge_of_what_was_done() {
    let world = World::demo();
    let id = world.truth().time_punches[0].id;
    let delete = || request(Method::DELETE, &format!("{PUNCHES}/{id}"), TOKEN, "");
    world
        .simulator
        .add_fault(FaultRule::once(PUNCHES, Fault::reset()));
    assert_eq!(world.ask(delete()).await.err(), Some(NetworkError::Reset));
    assert_eq!(world.truth().time_punches[0].id, id);
    world.simulator.add_fault(FaultRule::once(
        PUNCHES,
        Fault::Reset {
            after_handling: true,
        },
    ));
    assert_eq!(world.ask(delete()).await.err(), Some(NetworkError::Reset));
    assert_ne!(world.truth().time_punches[0].id, id);
}

#[tokio::test]
async fn a_truncated_body_is_an_error_while_it_is_read() {
    let world = World::demo();
    world
        .simulator
        .add_fault(FaultRule::once(PUNCHES, Fault::truncate()));
    let outcome = world.ask(request(Method::GET, PUNCHES, TOKEN, "")).await;
    assert_eq!(outcome.err(), Some(NetworkError::Truncated));
}

#[tokio::test]
async fn bodies_can_be_no_json_or_json_of_another_shape() {
    let world = World::demo();
    world
        .simulator
        .add_fault(FaultRule::once(PUNCHES, Fault::WrongJson));
    let answer = ask(&world).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).is_err());
    world
        .simulator
        .add_fault(FaultRule::once(PUNCHES, Fault::WrongShape));
    assert!(ask(&world).await.json()["data"].is_string());
}

#[tokio::test]
async fn one_record_carries_a_lone_surrogate_or_a_huge_number() {
    let world = World::demo();
    let text = async || String::from_utf8(ask(&world).await.body.to_vec()).unwrap();
    let clean = text().await;
    world
        .simulator
        .add_fault(FaultRule::once(PUNCHES, Fault::lone_surrogate()));
    let spoilt = text().await;
    assert_eq!(spoilt.matches(r"\ud800").count(), 1);
    world.simulator.add_fault(FaultRule::once(
        PUNCHES,
        Fault::HugeNumber {
            record: 2,
            field: Some("tips".to_owned()),
            number: "1180591620717411303424".to_owned(),
        },
    ));
    let spoilt = text().await;
    assert_eq!(
        spoilt.matches(r#""tips":1180591620717411303424"#).count(),
        1
    );
    world
        .simulator
        .add_fault(FaultRule::once(PUNCHES, Fault::huge_number()));
    assert_eq!(text().await.matches("1e400").count(), 1);
    assert_eq!(text().await, clean);
}

#[tokio::test]
async fn a_page_comes_twice_and_the_walk_then_goes_on() {
    for list in ["time_punches?limit=500", "departments?limit=4"] {
        let world = World::demo();
        let expected = ids(&world.walk(list).await);
        world.simulator.add_fault(FaultRule::on(
            "/v2/company",
            When::Next {
                requests: 1,
                after: 1,
            },
            Fault::DuplicatePage,
        ));
        let walked = ids(&world.walk(list).await);
        assert!(walked.len() > expected.len(), "{list}");
        let mut distinct = walked.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let mut sorted = expected.clone();
        sorted.sort_unstable();
        assert_eq!(distinct, sorted, "{list}");
    }
}

#[tokio::test]
async fn an_empty_page_with_a_next_hides_no_row() {
    for list in ["time_punches?limit=500", "departments?limit=4"] {
        let world = World::demo();
        let expected = ids(&world.walk(list).await);
        world
            .simulator
            .add_fault(FaultRule::next(2, "/v2/company", Fault::EmptyPage));
        let first = world.own(list).await;
        assert_eq!(first["meta"]["cursor"]["count"], 0);
        assert!(first["meta"]["cursor"]["next"].is_string());
        assert_eq!(ids(&world.walk(list).await), expected, "{list}");
    }
}

#[tokio::test]
async fn a_cursor_can_have_no_end_with_or_without_rows_the_same_or_another() {
    for list in ["users", "locations"] {
        for (repeat_rows, same_cursor) in
            [(false, false), (false, true), (true, false), (true, true)]
        {
            let world = World::demo();
            world.simulator.add_fault(FaultRule::always(
                format!("/v2/company/{LAKESHORE}/{list}"),
                Fault::NeverEndingCursor {
                    repeat_rows,
                    same_cursor,
                },
            ));
            let mut cursors = Vec::new();
            let mut page = world.own(list).await;
            for _ in 0..5 {
                let next = page["meta"]["cursor"]["next"].as_str().unwrap().to_owned();
                page = world.own(&format!("{list}?cursor={}", escape(&next))).await;
                let rows = page["data"].as_array().unwrap().len();
                assert_eq!(rows > 0, repeat_rows, "{list}");
                cursors.push(next);
            }
            cursors.dedup();
            assert_eq!(cursors.len() == 1, same_cursor, "{list} {cursors:?}");
        }
    }
}

#[tokio::test]
async fn the_date_can_be_off() {
    let world = World::demo();
    let honest = ask(&world).await;
    assert_eq!(
        honest.header("date"),
        Some("Mon, 21 Sep 2026 14:13:20 GMT"),
        "the simulator's clock: {NOW}"
    );
    world.simulator.add_fault(FaultRule::once(
        PUNCHES,
        Fault::DateSkew { seconds: -7_200 },
    ));
    assert_eq!(
        ask(&world).await.header("date"),
        Some("Mon, 21 Sep 2026 12:13:20 GMT")
    );
}
