//! The quota of an address, for requests of nobody that is known.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use simulators::seven_shifts::demo_data;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use whole_system::{Answer, App, Settings, send_raw};

use super::{header, pass, throttled, used_up};
use crate::api::problem;
use crate::inbox::{EPOCH, id, send, standard};

/// Behind one proxy, with four refusals a minute.
async fn behind_a_proxy() -> App {
    let settings = Settings::default()
        .variable("trusted_proxy_hops", "1")
        .variable("refused_per_minute", "4");
    App::simulate_with(settings, EPOCH, demo_data(1, EPOCH)).await
}

async fn from(app: &App, address: &str, method: Method, path: &str, key: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if !address.is_empty() {
        request = request.header("x-forwarded-for", address);
    }
    if !key.is_empty() {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    send_raw(&app.runtime, request.body(Bytes::new()).expect("a request")).await
}

#[tokio::test(start_paused = true)]
async fn an_address_that_guesses_is_told_to_stop_and_a_good_key_from_there_works() {
    let app = behind_a_proxy().await;
    let organization = app.organization("Guessed", "America/Toronto").await;
    let get =
        async |address: &str, key: &str| from(&app, address, Method::GET, "/api/shifts", key).await;
    let guess = format!("pb_live_{}", "A".repeat(43));
    for key in ["", "nonsense", &guess, "a.b.c"] {
        problem(&get("203.0.113.9", key).await, 401, "unauthenticated");
    }
    assert_eq!(used_up(&get("203.0.113.9", &guess).await, "address", 4), 15);
    // What the client writes before the proxy's own entry is the client's to choose.
    for forged in [
        "198.51.100.7, 203.0.113.9",
        "203.0.113.9:4711",
        "::ffff:203.0.113.9",
    ] {
        used_up(&get(forged, &guess).await, "address", 4);
    }
    let answer = get("203.0.113.9", &organization.key).await;
    answer.expect(StatusCode::OK);
    assert!(header(&answer, "ratelimit").starts_with(r#""caller";"#));
    // Others are not meant, and neither is who has no address.
    problem(&get("203.0.113.10", &guess).await, 401, "unauthenticated");
    for _ in 0..10 {
        problem(&get("", &guess).await, 401, "unauthenticated");
        problem(&get("unknown", &guess).await, 401, "unauthenticated");
    }
    pass(15).await;
    problem(&get("203.0.113.9", &guess).await, 401, "unauthenticated");
    used_up(&get("203.0.113.9", &guess).await, "address", 4);

    // One subscriber has many addresses of IPv6.
    for number in 1..=4 {
        let address = format!("2001:db8:1:2::{number}");
        problem(&get(&address, &guess).await, 401, "unauthenticated");
    }
    used_up(&get("2001:db8:1:2:3:4:5:6", &guess).await, "address", 4);
    problem(
        &get("2001:db8:1:3::1", &guess).await,
        401,
        "unauthenticated",
    );
}

#[tokio::test(start_paused = true)]
async fn who_calls_webhooks_that_are_not_there_or_not_proven_is_told_to_stop() {
    let app = behind_a_proxy().await;
    let organization = app.organization("Inbox", "America/Toronto").await;
    let webhook = standard(&app, &organization).await;
    let path = format!("/hooks/{}", id(&webhook));
    let call = async |path: &str| from(&app, "203.0.113.9", Method::POST, path, "").await;
    problem(&call(&path).await, 401, "unauthenticated");
    let nowhere = "/hooks/0190f3a0-0000-7000-8000-000000000000";
    problem(&call(nowhere).await, 404, "not-found");
    problem(&call("/hooks/a-path-of-7shifts").await, 404, "not-found");
    problem(&call(&path).await, 401, "unauthenticated");
    for path in [path.as_str(), nowhere, "/hooks/a-path-of-7shifts"] {
        throttled(&call(path).await, 4);
    }
    // From other functions it is the same address.
    let answer = from(&app, "203.0.113.9", Method::GET, "/api/shifts", "none").await;
    used_up(&answer, "address", 4);
    send(&app, &webhook, "m-1", "{}")
        .await
        .expect(StatusCode::OK);
}

/// Over a socket, because the address is the host's to tell.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_address_is_nobody_elses() {
    let settings = Settings::default().variable("refused_per_minute", "4");
    let app = App::start_with(settings, demo_data(1, whole_system::now())).await;
    let organization = app.organization("Forged", "America/Toronto").await;
    let server = app
        .runtime
        .serve("127.0.0.1:0".parse().expect("an address"))
        .await
        .expect("it listens");
    let status = async |key: &str, number: usize| {
        let mut socket = tokio::net::TcpStream::connect(server.address())
            .await
            .expect("a connection");
        let request = format!(
            "GET /api/shifts HTTP/1.1\r\nhost: patchbay\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\
             spin-client-addr: 203.0.113.{number}:7\r\nx-forwarded-for: 203.0.113.{number}\r\nforwarded: for=203.0.113.{number}\r\n\r\n"
        );
        socket.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.expect("an answer");
        answer[9..12].to_owned()
    };
    for number in 0..4 {
        assert_eq!(status("none", number).await, "401");
    }
    // In real time one more is there after a quarter of a minute.
    assert_eq!(status("none", 5).await, "429");
    assert_eq!(status(&organization.key, 6).await, "200");
}
