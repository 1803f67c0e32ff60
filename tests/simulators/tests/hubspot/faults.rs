//! Misbehaviour, and what our client makes of it.

use std::time::Duration;

use http::{Method, StatusCode};
use providers::ProviderError;
use providers::hubspot::{MeetingsQuery, UsersQuery};
use simulators::hubspot::Kind;
use simulators::{ErrorShape, Fault, FaultRule, NetworkError};

use crate::support::{DEALS, MEETINGS, USERS, World, client, request, texts};

fn status(status: u16, shape: ErrorShape, detail: Option<&str>) -> Fault {
    Fault::Status {
        status,
        retry_after: None,
        shape,
        detail: detail.map(str::to_owned),
    }
}

async fn fails(world: &World, fault: Fault) -> ProviderError {
    world.simulator.add_fault(FaultRule::once(DEALS, fault));
    let call = client().update_deal("501", &[("advisor", "7001")]).unwrap();
    world.call(call).await.unwrap_err()
}

#[tokio::test]
async fn a_lock_a_move_and_an_outage_are_told_apart() {
    let world = World::demo();
    let locked = fails(&world, status(423, ErrorShape::Native, None)).await;
    assert_eq!(locked.retry_after(), Some(Duration::from_secs(2)));
    let moving = fails(&world, status(477, ErrorShape::Native, None)).await;
    assert!(matches!(moving, ProviderError::Server { status: 477, .. }));
    for outage in [502, 503, 504, 521, 524] {
        let failed = fails(&world, status(outage, ErrorShape::Html, None)).await;
        assert_eq!(failed.detail(), None);
        assert!(failed.is_retryable());
    }
    let limited = fails(&world, status(429, ErrorShape::Native, Some("SECONDLY"))).await;
    assert_eq!(limited.retry_after(), Some(Duration::from_secs(1)));
    let limited = fails(&world, status(429, ErrorShape::Legacy, Some("DAILY"))).await;
    assert_eq!(limited.retry_after(), None);
    let refused = fails(&world, status(400, ErrorShape::Native, Some("no"))).await;
    assert_eq!(refused.detail(), Some("no"));
    assert!(world.hubspot().patches().is_empty());
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_was_made() {
    let world = World::demo();
    let fault = Fault::Reset {
        after_handling: true,
    };
    let rule = FaultRule::once(DEALS, fault).method(&Method::PATCH);
    world.simulator.add_fault(rule);
    let body = r#"{"properties":{"advisor":"7001"}}"#;
    let path = format!("{DEALS}/501");
    let patch = || request(Method::PATCH, &path, simulators::hubspot::TOKEN, body);
    assert_eq!(world.ask(patch()).await.unwrap_err(), NetworkError::Reset);
    assert_eq!(
        world.hubspot().value(Kind::Deal, 501, "advisor").as_deref(),
        Some("7001")
    );
    // Made again, it is the same.
    assert_eq!(world.ask(patch()).await.unwrap().status, StatusCode::OK);
    assert_eq!(world.hubspot().patches().len(), 2);
}

#[tokio::test]
async fn a_page_that_goes_wrong_is_never_the_last() {
    let world = World::free();
    for id in 1..=150 {
        world.put(Kind::User, id, &[]);
    }
    let users = async |after: Option<String>| {
        let query = UsersQuery {
            properties: Vec::new(),
            after,
        };
        world.call(client().users(&query).unwrap()).await
    };
    for fault in [Fault::DuplicatePage, Fault::EmptyPage] {
        world.simulator.add_fault(FaultRule::once(USERS, fault));
        let odd = users(None).await.unwrap();
        let page = users(odd.next).await.unwrap();
        assert_eq!(page.rows.first().map(|row| row.id.as_str()), Some("1"));
        assert_eq!(page.rows.len(), 100);
    }
    let meetings = async || {
        let query = MeetingsQuery {
            owner_ids: texts(&["7012"]),
            ..MeetingsQuery::default()
        };
        world.call(client().meetings(&query).unwrap()).await
    };
    assert!(meetings().await.unwrap().rows.len() > 2);
    let never = |same_cursor| Fault::NeverEndingCursor {
        repeat_rows: true,
        same_cursor,
    };
    for fault in [
        Fault::DuplicatePage,
        Fault::EmptyPage,
        Fault::ListCutShort { keep: 1 },
        never(true),
        never(false),
        Fault::WrongJson,
        Fault::WrongShape,
    ] {
        world
            .simulator
            .add_fault(FaultRule::once(MEETINGS, fault.clone()));
        let error = meetings().await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Malformed { .. }),
            "{fault:?} {error}"
        );
    }
}
