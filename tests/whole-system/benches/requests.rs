//! Requests over kept-alive connections, in turns, so that the machine's mood is shared: a bare
//! hyper handler, the hello function, a function that reads one row, and a row of the application's
//! own API, which is authenticated, routed and checked before it is read.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use runtime::Runtime;
use simulators::seven_shifts::demo_data;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use whole_system::{App, LAKESHORE, now};

use crate::guests;
use crate::load::{self, Load};
use crate::table::{Mark, Measured, Row};

pub const ROWS: &[Row] = &[
    Row {
        id: "bare_hyper",
        what: "bare hyper handler, 64 kept-alive connections",
        unit: "req/s",
        mark: Mark::Context,
    },
    Row {
        id: "hello",
        what: "hello function, 64 kept-alive connections",
        unit: "req/s",
        mark: Mark::Context,
    },
    Row {
        id: "hello_ratio",
        what: "hello function beside the bare handler",
        unit: "",
        mark: Mark::AtLeast(0.18),
    },
    Row {
        id: "hello_p99",
        what: "hello function, 99 % of the answers within",
        unit: "ms",
        mark: Mark::Below(10.0),
    },
    Row {
        id: "row_ratio",
        what: "function that reads one row, beside hello",
        unit: "",
        mark: Mark::AtLeast(0.5),
    },
    Row {
        id: "api_row_ratio",
        what: "row of the API by an API key (two reads), beside hello",
        unit: "",
        mark: Mark::Context,
    },
];

const ROUNDS: u32 = 3;
const ROUND: Duration = Duration::from_millis(1_200);

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    let bare = Bare::start().await?;
    let guests = guests::built(&["hello", "data"]).await?;
    let (functions, _folder) = guests::start(&guests, &["hello", "data"])?;
    one_row(&functions).await?;
    let functions_server = functions.serve(any_port()).await?;
    let app = App::start_with(load::unlimited(), demo_data(1, now())).await;
    let (organization, _) = app.synced("Lakeshore", LAKESHORE).await;
    let rows = app.all("/api/locations", &organization.key).await;
    let id = rows
        .first()
        .and_then(|row| row["id"].as_str())
        .context("no location was synced")?;
    let row_path = format!("/api/locations/{id}");
    let app_server = app.runtime.serve(any_port()).await?;

    let [mut bare_load, mut hello_load, mut row_load, mut api_load] = [const { None::<Load> }; 4];
    for _ in 0..ROUNDS {
        add(
            &mut bare_load,
            load::run(bare.address, "/hello", None, ROUND).await?,
        );
        add(
            &mut hello_load,
            load::run(functions_server.address(), "/hello", None, ROUND).await?,
        );
        add(
            &mut row_load,
            load::run(functions_server.address(), "/data/row", None, ROUND).await?,
        );
        let key = Some(organization.key.as_str());
        add(
            &mut api_load,
            load::run(app_server.address(), &row_path, key, ROUND).await?,
        );
    }
    bare.serving.abort();
    let (Some(bare), Some(hello), Some(row), Some(api)) =
        (bare_load, hello_load, row_load, api_load)
    else {
        anyhow::bail!("no round was run");
    };
    let mut measured = vec![
        Measured::new("bare_hyper", bare.per_second()),
        Measured::new("hello", hello.per_second()),
        Measured::new("hello_ratio", hello.per_second() / bare.per_second()),
        Measured::new("row_ratio", row.per_second() / hello.per_second()),
        Measured::new("api_row_ratio", api.per_second() / hello.per_second()),
    ];
    measured.extend(hello.p99_ms().map(|p99| Measured::new("hello_p99", p99)));
    Ok(measured)
}

fn add(sum: &mut Option<Load>, round: Load) {
    match sum {
        Some(sum) => sum.add(round),
        None => *sum = Some(round),
    }
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// hyper as the runtime uses it, with nothing behind it.
struct Bare {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Bare {
    async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(any_port()).await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let service = service_fn(async |_: Request<Incoming>| {
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello"))))
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(Self { address, serving })
    }
}

/// The row that `/data/row` reads, as the application reads single rows.
async fn one_row(functions: &Runtime) -> anyhow::Result<()> {
    let script = "PRAGMA journal_mode = WAL\nCREATE TABLE item (id INTEGER PRIMARY KEY, value TEXT) STRICT\n\
                  INSERT INTO item VALUES (1, 'a value')";
    let request =
        Request::post("http://bench.example/data/sql/default").body(Bytes::from(script))?;
    let status = functions.handle(request).await.status();
    anyhow::ensure!(status.is_success(), "the row cannot be written: {status}");
    Ok(())
}
