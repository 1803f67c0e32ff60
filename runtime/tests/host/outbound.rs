//! What components may call, and what becomes of it.

use std::time::Duration;

use axum::{Router, routing::get as on_get};
use runtime::{InProcessNetwork, Limits, Runtime};

use crate::support::{application, get, post, start};

const CHAINING: &str = "allowed_outbound_hosts = ['http://*.spin.internal']";

#[tokio::test(flavor = "multi_thread")]
async fn components_call_each_other() {
    let runtime = start(&[("caller", CHAINING)]);
    let urls = "http://hello.spin.internal/x\nhttp://hidden.spin.internal/headers\nhttp://nobody.spin.internal/";
    let (status, body) = post(&runtime, "/caller/x", urls).await;
    assert_eq!(status, 200);
    assert!(body.starts_with("200 hello\n200 "), "{body}");
    assert!(body.contains("spin-path-info: /headers\n"), "{body}");
    assert!(body.ends_with("DestinationNotFound"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_of_wasi_0_2_is_served_and_calls_others() {
    let runtime = start(&[("blocking", CHAINING)]);
    let answers = futures::future::join_all((0..8).map(|_| get(&runtime, "/blocking/x"))).await;
    assert!(
        answers
            .iter()
            .all(|answer| *answer == (200, "hello".to_owned())),
        "{answers:?}"
    );
    for (path, answer) in [
        ("call/hello.spin.internal/x", "200"),
        ("call/nobody.spin.internal/", "DestinationNotFound"),
        ("call/elsewhere.test/", "HttpRequestDenied"),
    ] {
        let (_, body) = get(&runtime, &format!("/blocking/{path}")).await;
        assert!(body.contains(answer), "{path}: {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_is_bounded_and_needs_no_place_of_its_own() {
    let limits = Limits {
        chain_depth: 3,
        concurrent_requests: 1,
        ..Limits::default()
    };
    for reuse in [1, 128] {
        let runtime = Runtime::builder(&application(&[("caller", CHAINING)]))
            .limits(limits.clone())
            .instance_reuse(reuse)
            .start()
            .expect("a start");
        for _ in 0..3 {
            let (_, body) = get(&runtime, "/caller/deep").await;
            assert_eq!(body, "200 200 200 ErrorCode::LoopDetected");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_has_ended_makes_no_chain_deeper() {
    let runtime = Runtime::builder(&application(&[
        ("caller", CHAINING),
        ("blocking", CHAINING),
    ]))
    .limits(Limits {
        chain_depth: 1,
        ..Limits::default()
    })
    .start()
    .expect("a start");
    let call = "/call/hello.spin.internal/x";
    let (_, chained) = post(
        &runtime,
        "/caller/x",
        &format!("http://blocking.spin.internal/blocking{call}"),
    )
    .await;
    assert!(chained.contains("LoopDetected"), "{chained}");
    // By the same instance.
    let direct = get(&runtime, &format!("/blocking{call}")).await;
    assert_eq!(direct, (200, "200".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_is_called_in_whatever_case() {
    let runtime = start(&[("caller", CHAINING)]);
    let urls = "http://Hello.SPIN.Internal/x\nhttp://NOBODY.SPIN.INTERNAL/";
    let (_, body) = post(&runtime, "/caller/x", urls).await;
    assert_eq!(body, "200 hello\nErrorCode::DestinationNotFound");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wildcard_opens_no_component_however_it_is_written() {
    let runtime = start(&[("caller", "allowed_outbound_hosts = ['http://*']")]);
    let urls =
        "http://hello.spin.internal/\nhttp://HELLO.SPIN.INTERNAL/\nhttp://hello.spin.internal./";
    let (_, body) = post(&runtime, "/caller/x", urls).await;
    assert_eq!(body, ["ErrorCode::HttpRequestDenied"; 3].join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_callee_does_wrong_is_a_status_for_the_caller() {
    let runtime = start(&[("caller", CHAINING)]);
    let (_, body) = post(
        &runtime,
        "/caller/x",
        "http://misbehaving.spin.internal/trap\nhttp://hello.spin.internal/",
    )
    .await;
    assert_eq!(body, "503 the component's instance ended\n200 hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_allowed_origins_are_called() {
    let network = InProcessNetwork::new()
        .with(
            "https://allowed.test",
            Router::new().fallback(|| async { "reached" }),
        )
        .with(
            "https://other.test",
            Router::new().fallback(|| async { "reached" }),
        );
    let runtime = Runtime::builder(&application(&[(
        "caller",
        "allowed_outbound_hosts = ['https://allowed.test']",
    )]))
    .network(std::sync::Arc::new(network))
    .start()
    .expect("a start");
    let urls = "https://allowed.test/x\nhttps://other.test/\nhttp://allowed.test/\nhttp://hello.spin.internal/";
    let (_, body) = post(&runtime, "/caller/x", urls).await;
    let denied = "ErrorCode::HttpRequestDenied";
    assert_eq!(body, format!("200 reached\n{denied}\n{denied}\n{denied}"));
}

/// A server on loopback, and its origin.
async fn server(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a listener");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn private_networks_are_closed_unless_they_are_named_and_opened() {
    let origin = server(Router::new().fallback(|| async { "reached" })).await;
    let port = origin.rsplit(':').next().expect("a port");
    let by_name = format!("http://localhost:{port}/");
    let urls = format!("{origin}/\n{by_name}\nhttp://169.254.169.254/latest/");
    let prohibited = "ErrorCode::DestinationIpProhibited";

    let named =
        format!("allowed_outbound_hosts = ['{origin}', '{by_name}', 'http://169.254.169.254']");
    let closed = start(&[("caller", &named)]);
    let (_, body) = post(&closed, "/caller/x", &urls).await;
    assert_eq!(body, [prohibited; 3].join("\n"));

    let opened = Runtime::builder(&application(&[("caller", &named)])).allow_private_networks();
    let opened = opened.start().expect("a start");
    let (_, body) = post(&opened, "/caller/x", &format!("{origin}/\n{by_name}")).await;
    assert_eq!(body, "200 reached\n200 reached");

    let wildcard = "allowed_outbound_hosts = ['http://*:*']";
    let wildcard = Runtime::builder(&application(&[("caller", wildcard)])).allow_private_networks();
    let wildcard = wildcard.start().expect("a start");
    let (_, body) = post(&wildcard, "/caller/x", &urls).await;
    assert_eq!(body, [prohibited; 3].join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_itself_can_be_named() {
    let reserved = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = reserved.local_addr().expect("an address");
    drop(reserved);
    let runtime = start(&[(
        "caller",
        &format!("allowed_outbound_hosts = ['http://{address}']"),
    )]);
    let _server = runtime.serve(address).await.expect("a listener");
    let (_, body) = post(&runtime, "/caller/x", &format!("http://{address}/hello")).await;
    assert_eq!(body, "200 hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_come_is_an_error() {
    let slow = || async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        "late"
    };
    let origin = server(Router::new().route("/slow", on_get(slow))).await;
    let refused = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = format!("http://{}", refused.local_addr().expect("an address"));
    drop(refused);
    let hosts = format!(
        "allowed_outbound_hosts = ['{origin}', '{nobody}', 'http://does-not-exist.invalid']"
    );
    let runtime = Runtime::builder(&application(&[("caller", &hosts)]))
        .allow_private_networks()
        .limits(Limits {
            first_byte: Duration::from_millis(300),
            ..Limits::default()
        })
        .start()
        .expect("a start");
    let urls = format!("{origin}/slow\n{nobody}/");
    let (_, body) = post(&runtime, "/caller/x", &urls).await;
    assert_eq!(
        body,
        "ErrorCode::ConnectionReadTimeout\nErrorCode::ConnectionRefused"
    );
}
