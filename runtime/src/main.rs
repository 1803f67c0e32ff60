//! `patchbay-runtime`: serves a Spin manifest.

use std::{io::IsTerminal, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Context;
use clap::Parser;
use runtime::{Application, Limits, Runtime, Storage};
use tracing_subscriber::EnvFilter;

/// A request makes many small allocations, on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long the host that stops waits for calls of the system.
const BLOCKING_GRACE: Duration = Duration::from_secs(1);

/// Runs the components of a Spin manifest, without the Spin CLI.
///
/// Variables come from --variable, from SPIN_VARIABLE_* and from the file .env
/// beside the manifest, in this order. RUST_LOG sets what is logged.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// The manifest.
    #[arg(default_value = "spin.toml")]
    manifest: PathBuf,
    /// Where to listen.
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:3000",
        env = "SPIN_HTTP_LISTEN_ADDR"
    )]
    listen: SocketAddr,
    /// Sets a variable of the application; repeatable.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_variable)]
    variable: Vec<(String, String)>,
    /// Where SQLite databases and key-value stores are kept.
    /// [default: .spin beside the manifest]
    #[arg(long, value_name = "FOLDER")]
    state_dir: Option<PathBuf>,
    /// Lets components reach private, loopback and link-local addresses,
    /// through allowed_outbound_hosts entries that name the host.
    #[arg(long)]
    allow_private_networks: bool,
    /// Does not run cron triggers.
    #[arg(long)]
    no_cron: bool,
    /// Requests that an instance handles before it is replaced.
    #[arg(long, value_name = "REQUESTS", default_value_t = Limits::default().requests_per_instance)]
    instance_reuse: usize,
    /// Requests that an instance handles at a time.
    #[arg(long, value_name = "REQUESTS", default_value_t = Limits::default().concurrent_requests_per_instance)]
    instance_concurrency: usize,
    /// Inbound requests that are handled at a time.
    #[arg(long, value_name = "REQUESTS", default_value_t = Limits::default().concurrent_requests)]
    concurrency: usize,
    /// How long a component may take to answer.
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::default().request.as_secs())]
    request_timeout: u64,
    /// Memory of an instance.
    #[arg(long, value_name = "MIB", default_value_t = Limits::default().memory_per_instance >> 20)]
    memory: usize,
    /// How long requests may go on after a signal to stop.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    grace: u64,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| EnvFilter::new("warn,runtime=info")),
        )
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start tokio")?;
    let result = tokio.block_on(run(options));
    // A statement or a look-up that blocks a thread ends with the process.
    tokio.shutdown_timeout(BLOCKING_GRACE);
    result
}

async fn run(options: Options) -> anyhow::Result<()> {
    let application = Application::load(&options.manifest)?;
    let folder = &application.manifest().folder;
    let state = options.state_dir.unwrap_or_else(|| folder.join(".spin"));
    let mut builder = Runtime::builder(&application)
        .read_environment()
        .storage(Storage::directory(&state)?)
        .limits(Limits {
            requests_per_instance: options.instance_reuse,
            concurrent_requests_per_instance: options.instance_concurrency,
            concurrent_requests: options.concurrency,
            request: Duration::from_secs(options.request_timeout),
            memory_per_instance: options.memory << 20,
            ..Limits::default()
        });
    for (name, value) in options.variable {
        builder = builder.variable(&name, value);
    }
    if options.allow_private_networks {
        builder = builder.allow_private_networks();
    }
    let runtime = builder.start()?;
    let server = runtime.serve(options.listen).await?;
    let schedules = (!options.no_cron).then(|| runtime.keep_schedules());
    let mut signals = Signals::listen()?;
    announce(&application, server.address());
    signals.next().await;
    drop(schedules);
    eprintln!("stopping");
    tokio::select! {
        biased;
        all_answered = server.stop(Duration::from_secs(options.grace)) => {
            if !all_answered {
                eprintln!("stopped with requests unanswered after {} s", options.grace);
            }
        }
        () = signals.next() => {
            eprintln!("stopped at once, with requests unanswered: a second signal came");
        }
    }
    runtime.kill().await;
    Ok(())
}

fn announce(application: &Application, address: SocketAddr) {
    let manifest = application.manifest();
    println!("{} listens on http://{address}", manifest.name);
    let width = manifest
        .http
        .iter()
        .map(|trigger| trigger.component.len())
        .max()
        .unwrap_or(0);
    for trigger in &manifest.http {
        let route = trigger.route.to_string();
        let route = if route.is_empty() {
            "(private)"
        } else {
            &route
        };
        println!("  {:width$}  {route}", trigger.component);
    }
    for trigger in &manifest.cron {
        println!(
            "  {:width$}  cron {}",
            trigger.component, trigger.expression
        );
    }
}

/// The signals that stop a host: the first one gracefully, the next one at once.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?,
            terminate: signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn parse_variable(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "write NAME=VALUE".to_owned())
}
