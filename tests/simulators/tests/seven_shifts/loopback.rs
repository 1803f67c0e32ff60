//! Over real sockets: what a client sees when connections really break.

use std::io;
use std::time::Duration;

use simulators::{Fault, FaultRule, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{TOKEN, World};

async fn serve(world: &World) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    world.simulator.serve(listener).unwrap()
}

/// Sends one GET and reads until the connection ends.
async fn get(server: &Server, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(server.address()).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: simulator\r\nauthorization: Bearer {TOKEN}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn content_length(answer: &str) -> usize {
    let line = answer
        .lines()
        .find(|line| line.to_lowercase().starts_with("content-length:"))
        .unwrap();
    line.split(':').nth(1).unwrap().trim().parse().unwrap()
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn an_answer_has_its_length_its_date_and_its_whole_body() {
    let world = World::demo();
    let server = serve(&world).await;
    assert_eq!(server.base_url(), format!("http://{}", server.address()));
    let answer = get(&server, "/v2/whoami").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(content_length(&answer), body(&answer).len());
    // The simulator's clock, not the machine's, and only once.
    let dates: Vec<&str> = answer
        .lines()
        .filter(|line| line.to_lowercase().starts_with("date:"))
        .collect();
    assert_eq!(dates, ["date: Mon, 21 Sep 2026 14:13:20 GMT"]);
    serde_json::from_str::<serde_json::Value>(body(&answer)).unwrap();
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let world = World::demo();
    let server = serve(&world).await;
    world
        .simulator
        .add_fault(FaultRule::once("/v2/whoami", Fault::reset()));
    let error = get(&server, "/v2/whoami").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert!(get(&server, "/v2/whoami").await.is_ok());
}

#[tokio::test]
async fn a_truncated_body_is_shorter_than_it_was_promised() {
    let world = World::demo();
    let server = serve(&world).await;
    world.simulator.add_fault(FaultRule::once(
        "/v2/whoami",
        Fault::Truncate { keep: Some(10) },
    ));
    let answer = get(&server, "/v2/whoami").await.unwrap();
    assert!(content_length(&answer) > 10);
    assert_eq!(body(&answer).len(), 10);
}

#[tokio::test]
async fn no_answer_keeps_the_connection_open_and_hurts_no_other() {
    let world = World::demo();
    let server = serve(&world).await;
    world
        .simulator
        .add_fault(FaultRule::once("/v2/whoami", Fault::NoAnswer));
    let waiting = tokio::time::timeout(Duration::from_millis(300), get(&server, "/v2/whoami"));
    let (waited, other) = tokio::join!(waiting, get(&server, "/v2/companies"));
    assert!(waited.is_err(), "nothing may come");
    assert!(other.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_stopped_server_frees_its_port_and_ends_its_connections() {
    let world = World::demo();
    let server = serve(&world).await;
    let address = server.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    // The connection is served before the server stops.
    get(&server, "/v2/whoami").await.unwrap();
    server.stop().await;
    let mut buffer = [0; 1];
    let ended = tokio::time::timeout(Duration::from_secs(2), idle.read(&mut buffer)).await;
    assert!(matches!(ended, Ok(Ok(0) | Err(_))));
    assert!(TcpListener::bind(address).await.is_ok());
}
