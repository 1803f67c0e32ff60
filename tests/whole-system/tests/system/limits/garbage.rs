//! Ten thousand senders of rubbish at once, over sockets: each is told what is wrong, nothing changes,
//! and those who mean it do not notice.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};
use runtime::Limits;
use serde_json::{Value, json};
use simulators::seven_shifts::demo_data;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use whole_system::{App, OPERATOR_KEY, Settings, now, send};

use crate::inbox::{Headers, create, id, secret, signing};

const SENDERS: usize = 10_000;
/// Each has two ends in this process, which may have 1,024 files open at most places: the other
/// senders wait for one of these.
const SOCKETS: usize = 320;
/// Enough for the bodies that one instance has at a time, and not for many more.
const MEMORY_BYTES: usize = 48 << 20;
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a sender of rubbish sends.
#[derive(Clone, Copy, Debug)]
enum Rubbish {
    NotProven,
    HalfSigned,
    UnknownWebhook,
    UnknownPath,
    UnknownKey,
    NoJsonType,
    NoUtf8,
    NoJson,
    Deep,
    WrongTypes,
    CutShort,
    LongHeaders,
    NoHttp,
    TooLong,
}

const ALL: [Rubbish; 13] = [
    Rubbish::NotProven,
    Rubbish::HalfSigned,
    Rubbish::UnknownWebhook,
    Rubbish::UnknownPath,
    Rubbish::UnknownKey,
    Rubbish::NoJsonType,
    Rubbish::NoUtf8,
    Rubbish::NoJson,
    Rubbish::Deep,
    Rubbish::WrongTypes,
    Rubbish::CutShort,
    Rubbish::LongHeaders,
    Rubbish::NoHttp,
];

/// What the senders know.
struct Target {
    address: SocketAddr,
    hook: String,
    key: String,
}

impl Rubbish {
    /// Of the sender with this number. Long bodies are few, or the test would only copy them.
    fn of(number: usize) -> Self {
        if number.is_multiple_of(200) {
            Self::TooLong
        } else {
            ALL[number % ALL.len()]
        }
    }

    fn request(self, to: &Target, number: usize) -> Vec<u8> {
        let hook = to.hook.as_str();
        let nowhere = format!("/hooks/0190f3a0-0000-7000-8000-{number:012}");
        let json = "content-type: application/json\r\n";
        let authorized = format!("authorization: Bearer {}\r\n", to.key);
        let by_key = format!("{authorized}{json}");
        let signed = "webhook-id: m\r\nwebhook-timestamp: 1\r\nwebhook-signature: v1,AAAA\r\n";
        let guessed = format!("authorization: Bearer pb_live_{number:043}\r\n{json}");
        match self {
            Self::NotProven => post(hook, json, b"{}"),
            Self::HalfSigned => post(hook, signed, b"{}"),
            Self::UnknownWebhook => post(&nowhere, signed, b"{}"),
            Self::UnknownPath => post(&format!("/hooks/{number}"), json, b"{}"),
            Self::UnknownKey => post("/api/webhooks", &guessed, b"{}"),
            Self::NoJsonType => {
                let headers = format!("{authorized}content-type: text/plain\r\n");
                post("/api/webhooks", &headers, b"{}")
            }
            Self::NoUtf8 => post("/api/webhooks", &by_key, b"{\"name\":\"\xff\xfe\"}"),
            Self::NoJson => post("/api/connectors", &by_key, b"{\"name\":"),
            Self::Deep => post("/api/webhooks", &by_key, &b"[".repeat(50_000)),
            Self::WrongTypes => {
                let body = br#"{"name":{"a":[]},"scheme":7,"options":"x","secret":[]}"#;
                post("/api/webhooks", &by_key, body)
            }
            Self::CutShort => {
                let mut request = post("/api/webhooks", &by_key, &[b' '; 100]);
                request.truncate(request.len() - 50);
                request
            }
            Self::LongHeaders => {
                let headers = format!("x-long: {}\r\n", "x".repeat(80_000));
                post(hook, &headers, b"{}")
            }
            Self::NoHttp => format!("\u{16}\u{3}\u{1} {number}\r\n\r\n").into_bytes(),
            Self::TooLong => post(hook, signed, &vec![b'x'; (1 << 20) + 1]),
        }
    }

    /// Whether this is a fit answer. What is no request of HTTP is the host's to refuse, in its words,
    /// or by hanging up.
    fn is_answered_by(self, answer: &Told) -> bool {
        let is_host = matches!(self, Self::CutShort | Self::LongHeaders | Self::NoHttp);
        match answer {
            Told::Nothing(_) => is_host,
            Told::Answer {
                status,
                is_problem,
                retries,
            } => match (self, *status) {
                // A busy host's.
                (_, 503) => *retries,
                (_, 429) => *is_problem && *retries,
                // Headers that the host still takes prove nothing either.
                (
                    Self::NotProven | Self::HalfSigned | Self::UnknownKey | Self::LongHeaders,
                    401,
                )
                | (Self::UnknownWebhook | Self::UnknownPath, 404)
                | (Self::NoJsonType, 415)
                | (Self::NoUtf8 | Self::NoJson | Self::Deep | Self::WrongTypes, 400)
                | (Self::TooLong, 413) => *is_problem,
                (Self::CutShort, 400 | 408) | (Self::LongHeaders, 431) | (Self::NoHttp, 400) => {
                    true
                }
                _ => false,
            },
        }
    }
}

fn post(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: patchbay\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// What a sender has heard.
#[derive(Debug)]
enum Told {
    /// And why, as far as it is known.
    Nothing(Option<io::ErrorKind>),
    Answer {
        status: u16,
        is_problem: bool,
        retries: bool,
    },
}

impl Told {
    fn words(&self) -> String {
        match self {
            Self::Nothing(why) => format!("nothing ({why:?})"),
            Self::Answer { status, .. } => status.to_string(),
        }
    }
}

async fn told(address: SocketAddr, request: &[u8], hangs_up: bool) -> Told {
    let mut socket = match TcpStream::connect(address).await {
        Ok(socket) => socket,
        Err(error) => return Told::Nothing(Some(error.kind())),
    };
    // Who is refused early may not get rid of the rest.
    let _ = socket.write_all(request).await;
    if hangs_up {
        let _ = socket.shutdown().await;
    }
    let mut answer = Vec::new();
    let end = tokio::time::timeout(PATIENCE, socket.read_to_end(&mut answer)).await;
    let text = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    let Some(status) = text
        .strip_prefix("http/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|status| status.parse().ok())
    else {
        let why = match end {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error.kind()),
            Err(_) => Some(io::ErrorKind::TimedOut),
        };
        return Told::Nothing(why);
    };
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
    Told::Answer {
        status,
        is_problem: head.contains("content-type: application/problem+json")
            && serde_json::from_str::<Value>(body).is_ok_and(|body| body["status"] == status),
        retries: head.contains("\r\nretry-after: "),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_senders_of_rubbish_harm_nobody() {
    let settings = Settings {
        limits: Limits {
            memory_per_instance: MEMORY_BYTES,
            ..Limits::default()
        },
        ..Settings::default()
    };
    let app = Arc::new(App::start_with(settings, demo_data(1, now())).await);
    let organization = app.organization("Attacked", "America/Toronto").await;
    let webhook = create(
        &app,
        &organization,
        json!({"name": "Orders", "scheme": "standard"}),
    )
    .await;
    // Rubbish that has a key has one of its own.
    let path = format!("/api/api-keys?organization_id={}", organization.id);
    let body = json!({"name": "rubbish", "role": "owner", "requests_per_minute": 1_000});
    let made = app.post(&path, OPERATOR_KEY, body).await;
    let made = made.expect(StatusCode::CREATED);
    let server = app
        .runtime
        .serve("127.0.0.1:0".parse().expect("an address"))
        .await
        .expect("it listens");
    let target = Arc::new(Target {
        address: server.address(),
        hook: format!("/hooks/{}", id(&webhook)),
        key: made["key"].as_str().expect("a key").to_owned(),
    });
    let before = counts(&app);

    let is_over = Arc::new(AtomicBool::new(false));
    let mut earnest = JoinSet::new();
    for worker in 0..4 {
        let (app, target, is_over) = (app.clone(), target.clone(), is_over.clone());
        let (key, secret) = (organization.key.clone(), secret(&webhook).to_owned());
        earnest.spawn(async move {
            let mut sent = Vec::new();
            while !is_over.load(Ordering::SeqCst) {
                let message = format!("m-{worker}-{}", sent.len());
                let headers = signing::standard(&secret, &message, now(), b"{}");
                let request = post(&target.hook, &lines(&headers), b"{}");
                let taken = told(target.address, &request, false).await;
                assert!(
                    matches!(taken, Told::Answer { status: 200, .. }),
                    "{message}: {taken:?}"
                );
                let read = send(&app.runtime, Method::GET, "/api/shifts", &key, None).await;
                read.expect(StatusCode::OK);
                sent.push(message);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            sent
        });
    }

    let sockets = Arc::new(Semaphore::new(SOCKETS));
    let mut senders = JoinSet::new();
    for number in 0..SENDERS {
        let (target, sockets) = (target.clone(), sockets.clone());
        senders.spawn(async move {
            let rubbish = Rubbish::of(number);
            let _socket = sockets.acquire_owned().await.expect("it stays open");
            let request = rubbish.request(&target, number);
            let hangs_up = matches!(rubbish, Rubbish::CutShort);
            let answer = told(target.address, &request, hangs_up).await;
            (!rubbish.is_answered_by(&answer)).then(|| format!("{rubbish:?}: {}", answer.words()))
        });
    }
    let mut unfit = Vec::new();
    while let Some(sender) = senders.join_next().await {
        unfit.extend(sender.expect("no panic"));
    }
    is_over.store(true, Ordering::SeqCst);
    let mut sent = Vec::new();
    while let Some(worker) = earnest.join_next().await {
        sent.extend(worker.expect("every earnest request succeeds"));
    }
    unfit.sort();
    unfit.dedup();
    // What is printed last is found first.
    assert!(unfit.is_empty(), "{}\n{unfit:#?}", app.output.text());

    let mut stored: Vec<String> = app
        .database()
        .prepare("SELECT delivery_id FROM webhook_events")
        .and_then(|mut events| events.query_map([], |row| row.get(0))?.collect())
        .expect("the inbox");
    stored.sort();
    sent.sort();
    assert_eq!(stored, sent, "each once, and nothing else");
    assert!(sent.len() >= 4, "{}", sent.len());
    assert_eq!(counts(&app), before, "nothing has changed");
    let said = app.output.text();
    assert!(!said.contains("panicked"), "{said}");
}

fn lines(headers: &Headers) -> String {
    headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect()
}

/// How many there are of what rubbish might have made.
fn counts(app: &App) -> Vec<i64> {
    [
        "webhooks",
        "webhook_secrets",
        "api_keys",
        "connectors",
        "deliveries",
        "idempotency_keys",
    ]
    .iter()
    .map(|table| {
        let sql = format!("SELECT count(*) FROM {table}");
        app.database()
            .query_row(&sql, [], |row| row.get(0))
            .expect("a count")
    })
    .collect()
}
