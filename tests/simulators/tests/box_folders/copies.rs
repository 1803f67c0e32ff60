//! Copies: what they bring, what they lock, and answers that get lost.

use http::StatusCode;
use serde_json::json;
use simulators::box_folders::{Change, OPS_USER, ScriptedFailure, TEMPLATE};
use simulators::{Fault, FaultRule};

use crate::support::World;

#[tokio::test]
async fn a_copy_brings_everything_in_the_template() {
    let world = World::demo();
    let answer = world.copy("Sam & Kim Lee").await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.json()["name"], "Sam & Kim Lee");
    let names = |path: &str| world.provider().names(OPS_USER, path);
    assert_eq!(
        names("1. Active Clients/Sam & Kim Lee"),
        ["1. Advice", "2. Correspondence", "Client Sharing"]
    );
    assert_eq!(
        names("1. Active Clients/Sam & Kim Lee/2. Correspondence"),
        ["Welcome.pdf"]
    );
    assert_eq!(names(TEMPLATE).len(), 3);
    let again = world.copy("sam & kim lee").await;
    assert_eq!(again.word(), (409, "item_name_in_use".to_owned()));
    assert_eq!(
        again.json()["context_info"]["conflicts"][0]["id"],
        answer.json()["id"]
    );
}

#[tokio::test]
async fn what_cannot_be_copied_is_refused() {
    let world = World::demo();
    let copy = |source: String, parent: String| {
        let world = &world;
        async move {
            let path = format!("/folders/{source}/copy");
            let body = json!({"name": "a", "parent": {"id": parent}});
            world.call(http::Method::POST, &path, &body).await.word()
        }
    };
    let (template, clients) = (world.template(), world.clients());
    assert_eq!(copy("0".to_owned(), clients.clone()).await.0, 500);
    assert_eq!(
        copy("999".to_owned(), clients).await,
        (404, "not_found".to_owned())
    );
    assert_eq!(copy(template.clone(), "999".to_owned()).await.0, 404);
    let inside = world.id("Client Folder Template/1. Advice").to_string();
    assert_eq!(
        copy(template, inside).await,
        (400, "cyclical_folder_structure".to_owned())
    );
}

#[tokio::test]
async fn one_template_is_copied_once_at_a_time() {
    let world = World::demo();
    world
        .provider()
        .change_settings(|settings| settings.copy_ms = 2_000);
    assert_eq!(world.copy("Sam Lee").await.status, StatusCode::CREATED);
    let blocked = (409, "operation_blocked_temporary".to_owned());
    assert_eq!(world.copy("Kim Park").await.word(), blocked);
    world.clock.advance_ms(1_999);
    assert_eq!(world.copy("Kim Park").await.word(), blocked);
    // Another folder, into the same one, is not kept waiting.
    let path = format!(
        "/folders/{}/copy",
        world.id("1. Active Clients/Noor Rahman")
    );
    let body = json!({"name": "Noor Rahman 2", "parent": {"id": world.clients()}});
    let other = world.call(http::Method::POST, &path, &body).await;
    assert_eq!(other.status, StatusCode::CREATED);
    world.clock.advance_ms(1);
    assert_eq!(world.copy("Kim Park").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_large_copy_is_answered_before_it_is_done() {
    let world = World::demo();
    world.change(Change::SetFurtherItems {
        item: world.id(TEMPLATE),
        count: 500,
    });
    assert_eq!(world.copy("Sam Lee").await.status, StatusCode::CREATED);
    let names = || {
        world
            .provider()
            .names(OPS_USER, "1. Active Clients/Sam Lee")
    };
    assert_eq!(names(), [] as [&str; 0]);
    world.clock.advance_ms(29_999);
    assert_eq!(world.copy("Kim Park").await.word().0, 409);
    assert_eq!(names(), [] as [&str; 0]);
    world.clock.advance_ms(1);
    assert_eq!(
        names(),
        ["1. Advice", "2. Correspondence", "Client Sharing"]
    );
    assert_eq!(world.copy("Kim Park").await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn an_answer_is_lost_after_the_work_was_done() {
    let world = World::demo();
    let fail = |status, code: &str, after_handling| {
        world.change(Change::FailNext {
            method: Some("POST".to_owned()),
            path_suffix: "/copy".to_owned(),
            failure: ScriptedFailure {
                status,
                code: code.to_owned(),
                retry_after: Some(3),
                after_handling,
            },
            times: 1,
        });
    };
    fail(409, "name_temporarily_reserved", false);
    assert_eq!(
        world.copy("Sam Lee").await.word(),
        (409, "name_temporarily_reserved".to_owned())
    );
    assert!(
        world
            .provider()
            .at(OPS_USER, "1. Active Clients/Sam Lee")
            .is_none()
    );
    fail(503, "unavailable", true);
    let lost = world.copy("Sam Lee").await;
    assert_eq!(lost.word(), (503, "unavailable".to_owned()));
    assert_eq!(lost.header("retry-after"), Some("3"));
    assert_eq!(
        world.copy("Sam Lee").await.word(),
        (409, "item_name_in_use".to_owned())
    );
    let rule = FaultRule::once(
        "/2.0/folders",
        Fault::Reset {
            after_handling: true,
        },
    );
    world.simulator.add_fault(rule);
    let token = world.token().await;
    let request = http::Request::post(format!("/2.0/folders/{}/copy", world.template()))
        .header("authorization", format!("Bearer {token}"))
        .header("as-user", OPS_USER)
        .body(
            json!({"name": "Kim Park", "parent": {"id": world.clients()}})
                .to_string()
                .into(),
        )
        .unwrap();
    assert!(world.ask(request).await.is_err());
    assert!(
        world
            .provider()
            .at(OPS_USER, "1. Active Clients/Kim Park")
            .is_some()
    );
}
