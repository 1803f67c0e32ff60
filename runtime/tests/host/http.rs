//! The way of a request: routes, headers, bodies.

use std::time::Duration;

use http::Request;
use runtime::{Limits, Runtime};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{application, get, post, read, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_reaches_the_component_of_its_route() {
    let runtime = start(&[]);
    assert_eq!(get(&runtime, "/hello").await, (200, "hello".to_owned()));
    assert_eq!(get(&runtime, "/hello/x/y").await, (200, "hello".to_owned()));
    assert_eq!(
        get(&runtime, "/misbehaving/x").await,
        (200, "well-behaved".to_owned())
    );
    assert_eq!(get(&runtime, "/helloo").await.0, 404);
    assert_eq!(get(&runtime, "/hidden").await.0, 404);
    assert_eq!(
        get(&runtime, "/.well-known/spin/health").await,
        (200, "OK".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_told_how_it_was_reached_and_cannot_be_lied_to() {
    let runtime = start(&[]);
    let request = Request::get("/hello/headers/a?b=c")
        .header("host", "shop.example:8080")
        .header("spin-client-addr", "6.6.6.6:6")
        .header("Spin-Path-Info", "/forged")
        .header("spin-anything", "forged")
        .header("x-kept", "kept")
        .body("")
        .expect("a request");
    let (_, body) = read(&runtime.handle(request).await);
    for line in [
        "spin-full-url: http://shop.example:8080/hello/headers/a?b=c",
        "spin-path-info: /headers/a",
        "spin-matched-route: /hello/...",
        "spin-raw-component-route: /hello/...",
        "spin-component-route: /hello",
        "spin-base-path: /",
        "x-kept: kept",
    ] {
        assert_eq!(
            body.matches(&format!("{line}\n")).count(),
            1,
            "{line} in {body}"
        );
    }
    assert!(
        !body.contains("6.6.6.6") && !body.contains("forged"),
        "{body}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_socket_the_client_address_is_the_hosts_word_alone() {
    let runtime = start(&[]);
    let server = runtime
        .serve("127.0.0.1:0".parse().expect("address"))
        .await
        .expect("a listener");
    let answer = raw(
        &server,
        "GET /hello/headers HTTP/1.1\r\nhost: a.test\r\nspin-client-addr: 6.6.6.6:6\r\n\
         SPIN-CLIENT-ADDR: 7.7.7.7:7\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.contains("spin-client-addr: 127.0.0.1:"), "{answer}");
    assert_eq!(answer.matches("spin-client-addr").count(), 1, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_response_has_its_length() {
    let runtime = start(&[]);
    let server = runtime
        .serve("127.0.0.1:0".parse().expect("address"))
        .await
        .expect("a listener");
    let answer = raw(
        &server,
        "GET /hello HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains("\r\ncontent-length: 5\r\n") && !answer.contains("transfer-encoding"),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_arrive_whole_and_are_bounded() {
    let runtime = Runtime::builder(&application(&[]))
        .limits(Limits {
            request_body: 100_000,
            buffered_request: 50_000,
            ..Limits::default()
        })
        .start()
        .expect("a start");
    let body = "x".repeat(100_000);
    assert_eq!(
        post(&runtime, "/hello/echo", &body).await,
        (200, body.clone())
    );
    let (status, answer) = post(&runtime, "/hello/echo", &format!("{body}y")).await;
    assert!(
        status == 413 || answer.contains("failed"),
        "{status} {answer}"
    );
    let (status, large) = get(&runtime, "/hello/large/1000000").await;
    assert_eq!((status, large.len()), (200, 1_000_000));

    let server = runtime
        .serve("127.0.0.1:0".parse().expect("address"))
        .await
        .expect("a listener");
    let head = "POST /hello/echo HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n";
    let declared = raw(&server, &format!("{head}content-length: 100001\r\n\r\n")).await;
    assert!(declared.starts_with("HTTP/1.1 413"), "{declared}");
    let chunk = format!("186a1\r\n{}\r\n0\r\n\r\n", "x".repeat(100_001));
    let undeclared = raw(
        &server,
        &format!("{head}transfer-encoding: chunked\r\n\r\n{chunk}"),
    )
    .await;
    assert!(undeclared.contains("the body failed"), "{undeclared}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_turns_out_too_large_at_its_beginning_reaches_no_guest() {
    let runtime = Runtime::builder(&application(&[]))
        .limits(Limits {
            request_body: 1000,
            ..Limits::default()
        })
        .start()
        .expect("a start");
    let server = runtime
        .serve("127.0.0.1:0".parse().expect("address"))
        .await
        .expect("a listener");
    let answer = raw(
        &server,
        &format!(
            "POST /hello/echo HTTP/1.1\r\nhost: a.test\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n{}\r\n0\r\n\r\n",
            "x".repeat(1001)
        ),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

/// A guest that answers before it has read the body: whoever is still sending gets rid of the rest, hears the answer, and may go on.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_answered_early_is_not_cut_off() {
    let runtime = Runtime::builder(&application(&[]))
        .limits(Limits {
            buffered_request: 1_000,
            ..Limits::default()
        })
        .start()
        .expect("a start");
    let server = runtime
        .serve("127.0.0.1:0".parse().expect("address"))
        .await
        .expect("a listener");
    let mut client = TcpStream::connect(server.address())
        .await
        .expect("a connection");
    let head = "POST /hello/clock HTTP/1.1\r\nhost: a.test\r\ncontent-length: 400000\r\n\r\n";
    client.write_all(head.as_bytes()).await.expect("a write");
    let part = vec![b'x'; 100_000];
    for number in 0..4 {
        client
            .write_all(&part)
            .await
            .unwrap_or_else(|error| panic!("part {number}: {error}"));
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    let second = b"GET /hello/clock HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n";
    client.write_all(second).await.expect("a write");
    let mut answers = String::new();
    client.read_to_string(&mut answers).await.expect("an end");
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 2, "{answers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_upload_holds_no_place() {
    let runtime = Runtime::builder(&application(&[]))
        .limits(Limits {
            concurrent_requests: 2,
            client_stall: Duration::from_secs(2),
            ..Limits::default()
        })
        .start()
        .expect("a start");
    let server = runtime
        .serve("127.0.0.1:0".parse().expect("address"))
        .await
        .expect("a listener");
    // More than there are places, of each kind.
    let uploads: Vec<_> = [
        "content-length: 1000\r\n\r\n",
        "content-length: 10000000\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\nffff\r\n",
    ]
    .into_iter()
    .cycle()
    .take(9)
    .map(|head| {
        let head = format!("POST /hello/echo HTTP/1.1\r\nhost: a.test\r\n{head}");
        tokio::spawn(trickle(server.address(), head, ""))
    })
    .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let hello = tokio::time::timeout(Duration::from_secs(1), get(&runtime, "/hello")).await;
    assert_eq!(hello.expect("an answer at once").0, 200);
    for upload in uploads {
        let answer = tokio::time::timeout(Duration::from_secs(10), upload).await;
        let answer = answer.expect("it is given up").expect("a client");
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_upload_must_keep_a_pace() {
    let runtime = Runtime::builder(&application(&[]))
        .limits(Limits {
            buffered_request: 1000,
            client_stall: Duration::from_millis(500),
            ..Limits::default()
        })
        .start()
        .expect("a start");
    let server = runtime
        .serve("127.0.0.1:0".parse().expect("address"))
        .await
        .expect("a listener");
    let head = "POST /hello/echo HTTP/1.1\r\nhost: a.test\r\ncontent-length: 10000\r\n\r\n";
    let begun: &'static str = "x".repeat(5000).leak();
    let answer = tokio::time::timeout(
        Duration::from_secs(10),
        trickle(server.address(), head.to_owned(), begun),
    );
    let answer = answer.await.expect("it is given up");
    assert!(answer.contains("the body failed"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_stalls_is_cut_off() {
    let runtime = Runtime::builder(&application(&[]))
        .limits(Limits {
            request_headers: Duration::from_millis(300),
            client_stall: Duration::from_millis(300),
            buffered_request: 2,
            ..Limits::default()
        })
        .start()
        .expect("a start");
    let server = runtime
        .serve("127.0.0.1:0".parse().expect("address"))
        .await
        .expect("a listener");
    let patience = Duration::from_secs(5);

    let silent = tokio::time::timeout(patience, raw(&server, "")).await;
    assert_eq!(silent.expect("an idle connection is closed"), "");
    let headers = tokio::time::timeout(patience, raw(&server, "GET / HTTP/1.1\r\nhost: a")).await;
    let headers = headers.expect("half a head is not waited for");
    assert!(!headers.contains("200"), "{headers}");
    let body = "POST /hello/echo HTTP/1.1\r\nhost: a.test\r\ncontent-length: 10\r\n\r\nhalf";
    let body = tokio::time::timeout(patience, raw(&server, body))
        .await
        .expect("half a body is not waited for");
    assert!(body.contains("the body failed"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_slowly_does_not_hold_a_guest() {
    let runtime = Runtime::builder(&application(&[]))
        .limits(Limits {
            concurrent_requests: 1,
            concurrent_requests_per_instance: 1,
            ..Limits::default()
        })
        .start()
        .expect("a start");
    let server = runtime
        .serve("127.0.0.1:0".parse().expect("address"))
        .await
        .expect("a listener");
    let mut slow = Vec::new();
    for _ in 0..10 {
        let mut client = TcpStream::connect(server.address())
            .await
            .expect("a connection");
        let request = b"GET /hello/large/200000 HTTP/1.1\r\nhost: a.test\r\n\r\n";
        client.write_all(request).await.expect("a write");
        slow.push(client);
    }
    let hello = tokio::time::timeout(Duration::from_secs(5), get(&runtime, "/hello")).await;
    assert_eq!(
        hello
            .expect("an answer while the slow clients read nothing")
            .0,
        200
    );
}

/// Linux lets no more wait than the listener has asked for. Who comes beyond that is not refused but forgotten, some of
/// them after they believe that they have connected.
#[tokio::test]
async fn a_burst_of_connections_waits_until_it_is_accepted() {
    const BURST: usize = 300;
    // The system's own limit: as low as 128 before Linux 5.4, and elsewhere.
    let limit = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap_or_default();
    if limit.trim().parse().unwrap_or(0) < BURST {
        return;
    }
    let runtime = start(&[]);
    let server = runtime
        .serve("127.0.0.1:0".parse().expect("address"))
        .await
        .expect("a listener");
    // Nothing is accepted meanwhile: this thread is the only one, and it does not await.
    let burst: Vec<_> = (0..BURST)
        .map(|number| {
            let patience = Duration::from_millis(500);
            std::net::TcpStream::connect_timeout(&server.address(), patience)
                .unwrap_or_else(|error| panic!("connection {number}: {error}"))
        })
        .collect();
    for client in burst {
        client.set_nonblocking(true).expect("a socket");
        let mut client = TcpStream::from_std(client).expect("a socket");
        let request =
            b"GET /.well-known/spin/health HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n";
        client.write_all(request).await.expect("a write");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

/// Sends `head` and `begun`, then a byte now and again, and returns the answer.
async fn trickle(server: std::net::SocketAddr, head: String, begun: &str) -> String {
    let client = TcpStream::connect(server).await.expect("a connection");
    let (mut reader, mut writer) = client.into_split();
    writer.write_all(head.as_bytes()).await.expect("a write");
    writer.write_all(begun.as_bytes()).await.expect("a write");
    let trickling = async {
        while writer.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        std::future::pending::<()>().await;
    };
    let reading = async {
        let mut answer = Vec::new();
        let mut buffer = [0; 1024];
        // A connection that is reset has been closed as well.
        while let Ok(read @ 1..) = reader.read(&mut buffer).await {
            answer.extend_from_slice(buffer.get(..read).unwrap_or_default());
        }
        String::from_utf8_lossy(&answer).into_owned()
    };
    tokio::select! {
        answer = reading => answer,
        () = trickling => String::new(),
    }
}

/// Sends `bytes` and reads until the server closes the connection.
async fn raw(server: &runtime::Server, bytes: &str) -> String {
    let mut client = TcpStream::connect(server.address())
        .await
        .expect("a connection");
    client.write_all(bytes.as_bytes()).await.expect("a write");
    let mut answer = Vec::new();
    // A connection that is reset has been closed as well.
    let _ = client.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}
