//! Load over kept-alive connections: each sends its next request when it has its last answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use whole_system::Settings;

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

    pub fn count(&self) -> usize {
        self.latencies.len()
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

/// An application that takes as much as it can.
pub fn unlimited() -> Settings {
    Settings::default().variable("requests_per_minute", "0")
}

/// Makes the request of a number, each number once.
pub type Make = Arc<dyn Fn(u64) -> Request<Full<Bytes>> + Send + Sync>;

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
    let mut pattern = Request::get(path);
    if let Some(key) = key {
        pattern = pattern.header("authorization", format!("Bearer {key}"));
    }
    let pattern = pattern.body(Full::<Bytes>::default())?;
    run_with(address, Arc::new(move |_| pattern.clone()), measured).await
}

/// Sends what `make` makes on [`CONNECTIONS`] connections for `measured`, after a warm-up.
///
/// # Errors
/// When a connection breaks or an answer is not 200.
pub async fn run_with(address: SocketAddr, make: Make, measured: Duration) -> anyhow::Result<Load> {
    let starts = Instant::now() + WARM_UP;
    let ends = starts + measured;
    let number = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            tokio::spawn(client(
                address,
                make.clone(),
                number.clone(),
                starts,
                ends,
                None,
            ))
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

/// Sends what `make` makes on one connection for `measured`, after a warm-up: how long one caller waits.
///
/// # Errors
/// When the connection breaks or an answer is not 200.
pub async fn alone(address: SocketAddr, make: Make, measured: Duration) -> anyhow::Result<Load> {
    let starts = Instant::now() + WARM_UP;
    let ends = starts + measured;
    let latencies = client(address, make, Arc::default(), starts, ends, None).await?;
    Ok(Load {
        measured,
        latencies,
    })
}

/// Sends `per_second` requests a second, evenly and whatever the answers do, on [`CONNECTIONS`]
/// connections. A latency counts from the moment at which its request was due, so that a slow answer
/// does not hide the ones behind it.
///
/// # Errors
/// When a connection breaks or an answer is not 200.
pub async fn run_paced(
    address: SocketAddr,
    make: Make,
    per_second: u32,
    measured: Duration,
) -> anyhow::Result<Load> {
    let starts = Instant::now() + WARM_UP;
    let ends = starts + measured;
    let number = Arc::new(AtomicU64::new(0));
    let every = Duration::from_secs(1) / per_second * u32::try_from(CONNECTIONS)?;
    let tasks: Vec<_> = (0..u32::try_from(CONNECTIONS)?)
        .map(|index| {
            let first = Instant::now() + Duration::from_secs(1) / per_second * index;
            let pace = Some((first, every));
            tokio::spawn(client(
                address,
                make.clone(),
                number.clone(),
                starts,
                ends,
                pace,
            ))
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

/// Sends what `make` makes, from the number `first` on, until the other side is gone. Returns the
/// numbers of those that were answered with 200.
pub async fn until_it_breaks(address: SocketAddr, make: Make, first: u64) -> Vec<u64> {
    let number = Arc::new(AtomicU64::new(first));
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| tokio::spawn(acknowledged(address, make.clone(), number.clone())))
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap_or_default());
    }
    all
}

async fn acknowledged(address: SocketAddr, make: Make, number: Arc<AtomicU64>) -> Vec<u64> {
    let mut taken = Vec::new();
    let (Ok(host), Ok(stream)) = (
        HeaderValue::from_str(&address.to_string()),
        TcpStream::connect(address).await,
    ) else {
        return taken;
    };
    let Ok((mut sender, connection)) = http1::handshake(TokioIo::new(stream)).await else {
        return taken;
    };
    tokio::spawn(connection);
    while sender.ready().await.is_ok() {
        let number = number.fetch_add(1, Ordering::Relaxed);
        let mut request = make(number);
        request.headers_mut().insert("host", host.clone());
        let Ok(response) = sender.send_request(request).await else {
            break;
        };
        let status = response.status();
        if response.into_body().collect().await.is_ok() && status == StatusCode::OK {
            taken.push(number);
        }
    }
    taken
}

/// When the first request of a connection is due, and the time from one to the next.
type Pace = (Instant, Duration);

async fn client(
    address: SocketAddr,
    make: Make,
    number: Arc<AtomicU64>,
    starts: Instant,
    ends: Instant,
    mut pace: Option<Pace>,
) -> anyhow::Result<Vec<Duration>> {
    let host = HeaderValue::from_str(&address.to_string())?;
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let mut latencies = Vec::new();
    loop {
        let mut request = make(number.fetch_add(1, Ordering::Relaxed));
        request.headers_mut().insert("host", host.clone());
        let path = request.uri().path().to_owned();
        let sent = match &mut pace {
            Some((due, every)) => {
                let at = *due;
                *due += *every;
                tokio::time::sleep_until(at.into()).await;
                at
            }
            None => Instant::now(),
        };
        if sent >= ends {
            break;
        }
        sender.ready().await?;
        let response = sender.send_request(request).await?;
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
