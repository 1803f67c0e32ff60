//! `patchbay-simulators`: the provider simulators on loopback, for the demo,
//! for benchmarks and for looking around with curl.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser;
use serde_json::{Value, json};
use simulators::seven_shifts::{Account, SevenShifts, demo_data, scale};
use simulators::slack::{self, Slack, Workspaces};
use simulators::{Clock as _, Provider, RateLimit, Server, Simulator, SystemClock};

/// Runs the simulated providers until it is interrupted.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Address of the 7shifts simulator; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:3900")]
    listen: SocketAddr,
    /// Address of the Slack simulator; without it there is none. Port 0 takes a
    /// free one.
    #[arg(long, value_name = "ADDRESS")]
    slack_listen: Option<SocketAddr>,
    /// Makes the demo accounts; the same seed makes the same ones.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Answer as fast as possible instead of as the providers limit.
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
    let server = serve(&simulator, arguments.listen).await?;
    let slack = start_slack(&arguments).await?;
    announce(
        &server.base_url(),
        &simulator.provider().accounts(),
        slack
            .as_ref()
            .map(|(server, workspaces)| (server.base_url(), workspaces)),
        arguments.json,
    );
    tokio::signal::ctrl_c()
        .await
        .context("cannot wait for an interrupt")?;
    server.stop().await;
    if let Some((server, _)) = slack {
        server.stop().await;
    }
    Ok(())
}

async fn start_slack(arguments: &Arguments) -> anyhow::Result<Option<(Server, Workspaces)>> {
    let Some(listen) = arguments.slack_listen else {
        return Ok(None);
    };
    let provider = Slack::new(slack::demo_data(), Arc::new(SystemClock));
    if arguments.no_rate_limit {
        provider.change_settings(|settings| settings.burst = None);
    }
    let workspaces = provider.workspaces();
    let server = serve(&Simulator::new(provider), listen).await?;
    Ok(Some((server, workspaces)))
}

async fn serve<P: Provider>(
    simulator: &Simulator<P>,
    listen: SocketAddr,
) -> anyhow::Result<Server> {
    let listener = tokio::net::TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}: is the port in use?"))?;
    Ok(simulator.serve(listener)?)
}

fn announce(
    base_url: &str,
    accounts: &[Account],
    slack: Option<(String, &Workspaces)>,
    as_json: bool,
) {
    if as_json {
        let mut running = json!({"seven_shifts": {"base_url": base_url, "accounts": accounts}});
        if let (Some((base_url, workspaces)), Value::Object(running)) = (slack, &mut running) {
            let slack = json!({"base_url": base_url, "workspaces": workspaces.list()});
            running.insert("slack".to_owned(), slack);
        }
        println!("{running}");
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
    if let Some((base_url, workspaces)) = slack {
        announce_slack(&base_url, workspaces);
    }
}

fn announce_slack(base_url: &str, workspaces: &Workspaces) {
    println!("Slack simulator on {base_url} (control plane under {base_url}/_sim)");
    for team in workspaces.list() {
        println!("  workspace {} {}", team.id, team.name);
        for channel in team.channels.values() {
            println!("    channel {} #{}", channel.id, channel.name);
        }
        for (url, channel) in team.webhook_urls() {
            println!("    webhook {url} (#{channel})");
        }
        for bot in team.bots.values() {
            println!("    token {} ({})", bot.token, bot.user);
        }
    }
}
