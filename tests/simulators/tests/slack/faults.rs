//! Misbehaviour of the network and of proxies.

use http::StatusCode;
use serde_json::json;
use simulators::slack::REDIRECTED;
use simulators::{ErrorShape, Fault, FaultRule, RetryAfter};

use crate::support::{HOOK, OPS, TOKEN, World};

fn status(status: u16, shape: ErrorShape, detail: Option<&str>) -> Fault {
    Fault::Status {
        status,
        retry_after: None,
        shape,
        detail: detail.map(str::to_owned),
    }
}

#[tokio::test]
async fn a_429_comes_with_a_wait_or_without() {
    let world = World::demo();
    for wait in [Some(1), Some(30), None] {
        world.simulator.add_fault(FaultRule::once(
            "/services/",
            Fault::too_many_requests(wait),
        ));
        let answer = world.hook(HOOK, &json!({"text": "a"})).await;
        assert_eq!(answer.word(), (429, "rate_limited".to_owned()));
        let expected = wait.map(|seconds| seconds.to_string());
        assert_eq!(answer.header("retry-after"), expected.as_deref());
    }
    world.simulator.add_fault(FaultRule::once(
        "/api/",
        Fault::Status {
            status: 429,
            retry_after: Some(RetryAfter::Seconds(30)),
            shape: ErrorShape::Empty,
            detail: None,
        },
    ));
    let answer = world.api("chat.postMessage", TOKEN, &json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (429, 0));
}

#[tokio::test]
async fn a_fault_speaks_in_either_shape() {
    let world = World::demo();
    let say = async |fault| {
        world.simulator.add_fault(FaultRule::once("/", fault));
        world.hook(HOOK, &json!({"text": "a"})).await.word()
    };
    for (fault, answer) in [
        (status(500, ErrorShape::Native, None), (500, "rollup_error")),
        (
            status(503, ErrorShape::Native, None),
            (503, "service_unavailable"),
        ),
        (status(502, ErrorShape::Native, None), (502, "")),
        (
            status(403, ErrorShape::Native, Some("invalid_token")),
            (403, "invalid_token"),
        ),
        (
            status(200, ErrorShape::Legacy, Some("fatal_error")),
            (200, "{\"error\":\"fatal_error\",\"ok\":false}"),
        ),
    ] {
        let (status, word) = say(fault).await;
        assert_eq!((status, word.as_str()), answer);
    }
    let page = say(status(200, ErrorShape::Html, None)).await;
    assert!(page.0 == 200 && page.1.starts_with("<html>"), "{page:?}");
    assert!(world.messages(OPS).is_empty());
}

#[tokio::test]
async fn a_redirect_leads_where_it_would_be_seen() {
    let world = World::demo();
    world
        .simulator
        .add_fault(FaultRule::once("/", Fault::status(StatusCode::FOUND)));
    let answer = world.hook(HOOK, &json!({"text": "a"})).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (302, Some(REDIRECTED))
    );
    assert_eq!(world.simulator.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_may_be_lost_after_the_message_was_posted() {
    let world = World::demo();
    world.simulator.add_fault(FaultRule::once(
        "/services/",
        Fault::Reset {
            after_handling: true,
        },
    ));
    let sent = crate::support::request(http::Method::POST, HOOK, &[], "{\"text\":\"a\"}");
    assert!(world.ask(sent).await.is_err());
    assert_eq!(world.say(&json!({"text": "a"})).await.0, 200);
    assert_eq!(world.texts(OPS), ["a", "a"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_be_late_after_the_message_was_posted() {
    let world = World::demo();
    world.simulator.add_fault(FaultRule::once(
        "/services/",
        Fault::Delay {
            milliseconds: 60_000,
        },
    ));
    let message = json!({"text": "a"});
    let late = world.hook(HOOK, &message);
    assert!(
        tokio::time::timeout(std::time::Duration::from_secs(15), late)
            .await
            .is_err()
    );
    assert_eq!(world.texts(OPS), ["a"]);
}

#[tokio::test]
async fn a_rule_names_a_token_or_the_team_and_service_of_a_webhook() {
    let world = World::demo();
    let fault = || Fault::status(StatusCode::INTERNAL_SERVER_ERROR);
    world
        .simulator
        .add_fault(FaultRule::always("/", fault()).token("T0LAKESHR/B0OPSHOOK"));
    assert_eq!(world.say(&json!({"text": "a"})).await.0, 500);
    assert_eq!(world.api("auth.test", TOKEN, &json!({})).await.status, 200);
    world.simulator.clear_faults();
    world
        .simulator
        .add_fault(FaultRule::always("/", fault()).token(TOKEN));
    assert_eq!(world.say(&json!({"text": "a"})).await.0, 200);
    assert_eq!(world.api("auth.test", TOKEN, &json!({})).await.status, 500);
    let log = world.simulator.requests();
    assert_eq!(log[0].token.as_deref(), Some("T0LAKESHR/B0OPSHOOK"));
}
