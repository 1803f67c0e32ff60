//! Load over kept-alive connections: each sends its next request when it has its last answer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub const CONNECTIONS: usize = 64;
const WARM_UP: Duration = Duration::from_millis(700);

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Load {
    measured: Duration,
    latencies: Vec<Duration>,
}

impl Load {
    pub fn per_second(&self) -> f64 {
        let count = u32::try_from(self.latencies.len()).unwrap_or(u32::MAX);
        f64::from(count) / self.measured.as_secs_f64().max(f64::EPSILON)
    }

    /// The time within which 99 % of the answers came, in milliseconds.
    pub fn p99_ms(&self) -> Option<f64> {
        self.within_ms(99)
    }

    /// The time within which half of the answers came, in milliseconds.
    pub fn p50_ms(&self) -> Option<f64> {
        self.within_ms(50)
    }

    fn within_ms(&self, percent: usize) -> Option<f64> {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        sorted
            .get(sorted.len() * percent / 100)
            .map(|latency| latency.as_secs_f64() * 1e3)
    }

    /// Several rounds as one.
    pub fn add(&mut self, other: Self) {
        self.measured += other.measured;
        self.latencies.extend(other.latencies);
    }
}

/// Asks for `path` on [`CONNECTIONS`] connections for `measured`, after a warm-up.
///
/// # Errors
/// When a connection breaks or an answer is not 200.
pub async fn run(
    address: SocketAddr,
    path: &str,
    key: Option<&str>,
    measured: Duration,
) -> anyhow::Result<Load> {
    let starts = Instant::now() + WARM_UP;
    let ends = starts + measured;
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let client = client(
                address,
                path.to_owned(),
                key.map(str::to_owned),
                starts,
                ends,
            );
            tokio::spawn(client)
        })
        .collect();
    let mut load = Load {
        measured,
        latencies: Vec::new(),
    };
    for task in tasks {
        load.latencies.extend(task.await??);
    }
    Ok(load)
}

async fn client(
    address: SocketAddr,
    path: String,
    key: Option<String>,
    starts: Instant,
    ends: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let mut latencies = Vec::new();
    loop {
        let sent = Instant::now();
        if sent >= ends {
            break;
        }
        let mut request = Request::get(&path).header("host", address.to_string());
        if let Some(key) = &key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        sender.ready().await?;
        let response = sender
            .send_request(request.body(Empty::<Bytes>::new())?)
            .await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        anyhow::ensure!(
            status == StatusCode::OK,
            "{path} answered {status}: {}",
            String::from_utf8_lossy(&body)
        );
        if sent >= starts {
            latencies.push(sent.elapsed());
        }
    }
    drop(sender);
    connection.await?.context("the connection broke")?;
    Ok(latencies)
}
