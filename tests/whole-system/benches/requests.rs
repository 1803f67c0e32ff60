//! Requests over kept-alive connections: a bare hyper handler, the hello function, and a request
//! that reads one row, in turns, so that the machine's mood is shared.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use runtime::{Application, Runtime};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use whole_system::{App, LAKESHORE, root};

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
        what: "request that reads one row, beside hello",
        unit: "",
        mark: Mark::AtLeast(0.5),
    },
];

const ROUNDS: u32 = 3;
const ROUND: Duration = Duration::from_millis(1_200);

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    let bare = Bare::start().await?;
    let guest = tokio::task::spawn_blocking(hello_guest).await??;
    let (hello, _folder) = hello(&guest)?;
    let hello_server = hello.serve(any_port()).await?;
    let app = App::start().await;
    let (organization, _) = app.synced("Lakeshore", LAKESHORE).await;
    let rows = app.all("/api/locations", &organization.key).await;
    let id = rows
        .first()
        .and_then(|row| row["id"].as_str())
        .context("no location was synced")?;
    let row_path = format!("/api/locations/{id}");
    let app_server = app.runtime.serve(any_port()).await?;

    let [mut bare_load, mut hello_load, mut row_load] = [const { None::<Load> }; 3];
    for _ in 0..ROUNDS {
        add(
            &mut bare_load,
            load::run(bare.address, "/hello", None, ROUND).await?,
        );
        add(
            &mut hello_load,
            load::run(hello_server.address(), "/hello", None, ROUND).await?,
        );
        let key = Some(organization.key.as_str());
        add(
            &mut row_load,
            load::run(app_server.address(), &row_path, key, ROUND).await?,
        );
    }
    bare.serving.abort();
    let (Some(bare), Some(hello), Some(row)) = (bare_load, hello_load, row_load) else {
        anyhow::bail!("no round was run");
    };
    let mut measured = vec![
        Measured::new("bare_hyper", bare.per_second()),
        Measured::new("hello", hello.per_second()),
        Measured::new("hello_ratio", hello.per_second() / bare.per_second()),
        Measured::new("row_ratio", row.per_second() / hello.per_second()),
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

/// Builds the guest that the host's own tests use.
fn hello_guest() -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe()?;
    let target = this
        .ancestors()
        .nth(2)
        .context("the program lies in no target folder")?
        .join("guests");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--release", "-p", "hello"])
        .args(["--target", "wasm32-wasip2", "--target-dir"])
        .arg(&target)
        .current_dir(root().join("runtime/tests/guests"))
        .status()
        .context("cargo does not run")?;
    anyhow::ensure!(status.success(), "the hello function does not build");
    Ok(target.join("wasm32-wasip2/release/hello.wasm"))
}

fn hello(guest: &std::path::Path) -> anyhow::Result<(Runtime, tempfile::TempDir)> {
    let folder = tempfile::tempdir()?;
    let manifest = folder.path().join("spin.toml");
    let text = format!(
        "spin_manifest_version = 2\n[application]\nname = \"hello\"\n\
         [[trigger.http]]\nroute = \"/hello/...\"\ncomponent = \"hello\"\n\
         [component.hello]\nsource = \"{}\"\n",
        guest.display()
    );
    std::fs::write(&manifest, text)?;
    let application = Application::load(&manifest)?;
    Ok((Runtime::builder(&application).start()?, folder))
}
