//! `patchbay-simulators`: the provider simulators on loopback, for the demo,
//! for benchmarks and for looking around with curl.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser;
use serde_json::json;
use simulators::seven_shifts::{Account, SevenShifts, demo_data, scale};
use simulators::{Clock as _, RateLimit, Simulator, SystemClock};

/// Runs the simulated providers until it is interrupted.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Address of the 7shifts simulator; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:3900")]
    listen: SocketAddr,
    /// Makes the demo accounts; the same seed makes the same ones.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Answer as fast as possible instead of 10 requests a second per token.
    #[arg(long)]
    no_rate_limit: bool,
    /// Adds an account with this many punches.
    #[arg(long, value_name = "N")]
    punches: Option<usize>,
    /// Print what is running as one line of JSON.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let now = SystemClock.now_seconds();
    let mut accounts = demo_data(arguments.seed, now);
    if let Some(punches) = arguments.punches {
        accounts = accounts.with(scale(punches, now));
    }
    let provider = SevenShifts::new(accounts, Arc::new(SystemClock));
    if arguments.no_rate_limit {
        provider.change_settings(|settings| settings.rate_limit = RateLimit::OFF);
    }
    let simulator = Simulator::new(provider);
    let listener = tokio::net::TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}: is the port in use?", arguments.listen))?;
    let server = simulator.serve(listener)?;
    announce(
        &server.base_url(),
        &simulator.provider().accounts(),
        arguments.json,
    );
    tokio::signal::ctrl_c()
        .await
        .context("cannot wait for an interrupt")?;
    server.stop().await;
    Ok(())
}

fn announce(base_url: &str, accounts: &[Account], as_json: bool) {
    if as_json {
        println!(
            "{}",
            json!({"seven_shifts": {"base_url": base_url, "accounts": accounts}})
        );
        return;
    }
    println!("7shifts simulator on {base_url} (control plane under {base_url}/_sim)");
    for account in accounts {
        println!(
            "  company {} {} ({}), guid {}",
            account.company_id, account.name, account.timezone, account.company_guid
        );
        for token in &account.tokens {
            println!("    token {} ({:?})", token.value, token.kind);
        }
    }
}
