//! `patchbay-simulators`: the provider simulators on loopback, for the demo,
//! for benchmarks and for looking around with curl.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser;
use serde_json::{Value, json};
use simulators::box_folders::{self, BoxFolders};
use simulators::employment_hero::{self, EmploymentHero};
use simulators::hubspot::{self, HubSpot};
use simulators::seven_shifts::{Account, SevenShifts, demo_data, scale};
use simulators::slack::{self, Slack, Workspaces};
use simulators::{Clock as _, Provider, RateLimit, Server, Simulator, SystemClock};

/// Runs the simulated providers until it is interrupted.
#[derive(Parser)]
#[command(version, args_override_self = true)]
struct Arguments {
    /// Address of the 7shifts simulator; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:3900")]
    listen: SocketAddr,
    /// Address of the Slack simulator; without it there is none. Port 0 takes a
    /// free one.
    #[arg(long, value_name = "ADDRESS")]
    slack_listen: Option<SocketAddr>,
    /// The same of Employment Hero: its API and its authorization server.
    #[arg(long, value_name = "ADDRESS")]
    employment_hero_listen: Option<SocketAddr>,
    /// The same of HubSpot.
    #[arg(long, value_name = "ADDRESS")]
    hubspot_listen: Option<SocketAddr>,
    /// The same of Box.
    #[arg(long, value_name = "ADDRESS")]
    box_listen: Option<SocketAddr>,
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
    let of_advisers = start_those_of_advisers(&arguments, now).await?;
    announce(
        &server.base_url(),
        &simulator.provider().accounts(),
        slack
            .as_ref()
            .map(|(server, workspaces)| (server.base_url(), workspaces)),
        &of_advisers,
        arguments.json,
    );
    tokio::signal::ctrl_c()
        .await
        .context("cannot wait for an interrupt")?;
    server.stop().await;
    if let Some((server, _)) = slack {
        server.stop().await;
    }
    for one in of_advisers {
        one.server.stop().await;
    }
    Ok(())
}

/// A provider that deals and their advisers come from.
struct OfAdvisers {
    name: &'static str,
    key: &'static str,
    server: Server,
    /// What it is connected with.
    credentials: Value,
}

async fn start_those_of_advisers(
    arguments: &Arguments,
    now: i64,
) -> anyhow::Result<Vec<OfAdvisers>> {
    let mut started = Vec::new();
    if let Some(listen) = arguments.employment_hero_listen {
        let provider = EmploymentHero::new(employment_hero::demo_data(now), Arc::new(SystemClock));
        if arguments.no_rate_limit {
            provider.change_settings(|settings| {
                (settings.per_second, settings.per_minute) = (None, None);
            });
        }
        started.push(OfAdvisers {
            name: "Employment Hero",
            key: "employment_hero",
            server: serve(&Simulator::new(provider), listen).await?,
            credentials: json!({
                "client_id": employment_hero::CLIENT_ID,
                "client_secret": employment_hero::CLIENT_SECRET,
                "organisation_id": employment_hero::HARBOUR,
            }),
        });
    }
    if let Some(listen) = arguments.hubspot_listen {
        let provider = HubSpot::new(hubspot::demo_data(now), Arc::new(SystemClock));
        if arguments.no_rate_limit {
            provider.change_settings(hubspot::Settings::lift_limits);
        }
        started.push(OfAdvisers {
            name: "HubSpot",
            key: "hubspot",
            server: serve(&Simulator::new(provider), listen).await?,
            credentials: json!({
                "portal_id": hubspot::PORTAL,
                "token": hubspot::TOKEN,
                "client_secret": hubspot::CLIENT_SECRET,
            }),
        });
    }
    if let Some(listen) = arguments.box_listen {
        let enterprise = box_folders::demo_data(now);
        let id_of = |name: &str| {
            let folder = enterprise.named(None, box_folders::OPS_USER, name);
            folder.map(|folder| folder.id.to_string())
        };
        let app = enterprise.apps.get(box_folders::CLIENT_ID);
        let credentials = json!({
            "jwt_config": app.map(|app| app.config(&enterprise.id)),
            "template_folder_id": id_of(box_folders::TEMPLATE),
            "parent_folder_id": id_of(box_folders::CLIENTS),
            "as_user": box_folders::OPS_LOGIN,
        });
        let provider = BoxFolders::new(enterprise, Arc::new(SystemClock));
        started.push(OfAdvisers {
            name: "Box",
            key: "box",
            server: serve(&Simulator::new(provider), listen).await?,
            credentials,
        });
    }
    Ok(started)
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
    of_advisers: &[OfAdvisers],
    as_json: bool,
) {
    if as_json {
        let mut running = json!({"seven_shifts": {"base_url": base_url, "accounts": accounts}});
        if let (Some((base_url, workspaces)), Value::Object(running)) = (slack, &mut running) {
            let slack = json!({"base_url": base_url, "workspaces": workspaces.list()});
            running.insert("slack".to_owned(), slack);
        }
        if let Value::Object(running) = &mut running {
            for one in of_advisers {
                let shown =
                    json!({"base_url": one.server.base_url(), "credentials": one.credentials});
                running.insert(one.key.to_owned(), shown);
            }
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
    for one in of_advisers {
        let base_url = one.server.base_url();
        println!(
            "{} simulator on {base_url} (control plane under {base_url}/_sim)",
            one.name
        );
        if let Value::Object(credentials) = &one.credentials {
            for (name, value) in credentials.iter().filter(|(_, value)| !value.is_object()) {
                println!("  {name} {value}");
            }
        }
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
