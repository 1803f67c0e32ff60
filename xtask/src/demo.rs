//! `cargo xtask demo`: from nothing to two organizations whose data is in our tables.

mod advisers;
mod automation;
mod client_folder;
mod folder;
mod look_around;
mod people;
mod proof;
mod slack;
mod summary;
mod tenant;
mod watch;

use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;

use self::folder::DemoFolder;
use self::summary::Summary;
use self::tenant::{DEMO_TENANTS, Tenant};
use crate::children::Background;
use crate::cli::DemoArguments;
use crate::http::Client;
use crate::secrets::Secrets;
use crate::simulators::Simulators as Addresses;
use crate::workspace::Workspace;
use crate::{functions, interrupt, listen, native, process, style};

/// For one call; the longest is a tick, which works until its own budget ends.
const CALL_TIMEOUT: Duration = Duration::from_secs(90);
const START_TIMEOUT: Duration = Duration::from_secs(60);
const SYNC_TIMEOUT: Duration = Duration::from_secs(120);
/// What is cut off at the end of a demo is taken up by the next tick of the next.
const GRACE_SECONDS: u64 = 2;
const POLL: Duration = Duration::from_millis(50);
const ANY_PORT: &str = "127.0.0.1:0";
/// How often a demo that stays up looks whether everything still runs.
const WATCH_OVER: Duration = Duration::from_secs(1);

/// Builds, starts, shows; stays up unless told to end.
///
/// # Errors
/// If anything on the way fails; with `--exit` also if a stream did not succeed.
pub fn run(workspace: &Workspace, arguments: &DemoArguments) -> anyhow::Result<()> {
    let listen = listen::resolve(arguments.listen, "--listen")?;
    let sim_listen = listen::resolve(arguments.sim_listen, "--sim-listen")?;
    let addresses = Addresses::beside(sim_listen)?;
    // Before the build, which may take minutes.
    let folder = DemoFolder::hold(&workspace.target)?;
    if arguments.no_build {
        functions::refuse_stale(workspace)?;
    } else {
        functions::build(workspace)?;
    }
    let [runtime, simulators] = native::build(workspace, [native::RUNTIME, native::SIMULATORS])?;

    let start = Instant::now();
    if !arguments.keep {
        folder.empty()?;
    }
    // Never the developer's own secrets.
    let secrets = Secrets::provide(&folder.state(), |_| false)?;

    style::step(
        "Starting",
        &format!(
            "7shifts simulator on http://{sim_listen}, Slack simulator on http://{}",
            addresses.slack
        ),
    );
    let mut sim = Background::start(
        "simulators",
        &simulators,
        addresses.arguments(arguments.seed),
        [],
        &workspace.root,
        folder.log("simulators"),
    )?;
    let at = |address: SocketAddr| Client::new(&format!("http://{address}"), CALL_TIMEOUT);
    let sim_client = at(addresses.seven_shifts);
    let slack_client = at(addresses.slack);
    let employment_hero = at(addresses.employment_hero);
    let hubspot = at(addresses.hubspot);
    let box_folders = at(addresses.box_folders);
    for simulator in [
        &sim_client,
        &slack_client,
        &employment_hero,
        &hubspot,
        &box_folders,
    ] {
        wait_until_ready(&mut sim, simulator, "/_sim/health")?;
    }

    style::step("Starting", &format!("application on http://{listen}"));
    let origin = format!("http://{listen}");
    let ticks = native::tick_values(listen);
    let ticks = native::TICK_VARIABLES
        .into_iter()
        .zip(ticks.iter().map(String::as_str));
    let variables = addresses.variables();
    let mut app = Background::start(
        "application",
        &runtime,
        native::runtime_arguments(workspace, listen, &folder.state())
            .into_iter()
            .chain([native::ALLOW_PRIVATE_NETWORKS.into()])
            .chain(["--grace".into(), GRACE_SECONDS.to_string().into()]),
        secrets
            .environment()
            .chain(
                variables
                    .iter()
                    .map(|(name, origin)| (*name, origin.as_str())),
            )
            // Where browsers come back to, and what HubSpot signs.
            .chain([("SPIN_VARIABLE_PUBLIC_URL", origin.as_str())])
            .chain(ticks),
        &workspace.root,
        folder.log("application"),
    )?;
    let client = Client::new(&origin, CALL_TIMEOUT);
    let shown = wait_until_ready(&mut app, &client, "/health").and_then(|()| {
        let simulators = Simulators {
            seven_shifts: &sim_client,
            slack: &slack_client,
            employment_hero: &employment_hero,
            hubspot: &hubspot,
            box_folders: &box_folders,
        };
        show(&client, &simulators, &secrets, &mut [&mut app, &mut sim])
    });
    let mut summary = shown.with_context(|| logs(&folder))?;
    summary.seconds = start.elapsed().as_secs_f64();

    if arguments.json {
        println!("{}", serde_json::to_string(&summary)?);
    } else {
        anstream::println!("\n{summary}");
    }
    if arguments.exit {
        return verdict(&summary).with_context(|| logs(&folder));
    }
    if let Err(error) = verdict(&summary) {
        style::error(&error);
        style::note(&logs(&folder));
    }
    if !arguments.json {
        anstream::println!("{}", look_around::commands(&summary, &client));
    }
    style::step(
        "Running",
        &format!("{origin} until Ctrl-C ({})", logs(&folder)),
    );
    loop {
        if interrupt::sleep(WATCH_OVER).is_err() {
            style::step("Stopping", "the application and the simulators");
            return Ok(());
        }
        app.check()?;
        sim.check()?;
    }
}

/// Runs the command as it is typed, on whatever ports are free and with what is built already, and
/// reads its summary as a program would.
///
/// # Errors
/// If the command fails, or its summary is not that of two organizations that are all there.
pub fn prove(workspace: &Workspace) -> anyhow::Result<()> {
    let summary = process::output(process::cargo(workspace).args([
        "xtask",
        "demo",
        "--exit",
        "--json",
        "--no-build",
        "--listen",
        ANY_PORT,
        "--sim-listen",
        ANY_PORT,
    ]))?;
    proof::check(&summary)
}

/// The simulated providers.
struct Simulators<'a> {
    seven_shifts: &'a Client,
    slack: &'a Client,
    employment_hero: &'a Client,
    hubspot: &'a Client,
    box_folders: &'a Client,
}

/// Sets the organizations up and waits for their first runs.
fn show(
    client: &Client,
    simulators: &Simulators<'_>,
    secrets: &Secrets,
    children: &mut [&mut Background],
) -> anyhow::Result<Summary> {
    let secret = |name: &str| {
        secrets
            .get(name)
            .with_context(|| format!("no secret {name} was generated"))
    };
    let operator = client.with_token(secret("operator_key")?);
    let tenants = DEMO_TENANTS
        .iter()
        .map(|demo| {
            interrupt::check()?;
            style::step("Connecting", &format!("{} to 7shifts", demo.name));
            Tenant::set_up(demo, &operator, client)
        })
        .collect::<anyhow::Result<Vec<_>>>()?;

    style::step("Syncing", "the scheduler runs what is due");
    let tick = first_tick(client.with_token(secret("internal_token")?));
    let runs = watch::until_finished(&tenants, children, SYNC_TIMEOUT)?;
    if let Some(Err(error)) = finished(tick) {
        style::note(&format!(
            "the first tick failed, the scheduler's own went on: {error:#}"
        ));
    }
    let mut summary = Summary::new(
        client.origin(),
        simulators.seven_shifts.origin(),
        &tenants,
        runs,
    );
    if let Some(first) = tenants.first() {
        style::step(
            "Comparing",
            &format!("schedule and punches of {}", first.organization.name),
        );
        summary.people = Some(people::look(first)?);
        style::step(
            "Posting",
            &format!("to Slack for {}", first.organization.name),
        );
        summary.slack = Some(slack::post(first, simulators.slack)?);
        style::step(
            "Sending",
            "signed events to two webhooks, on which three rules fire",
        );
        summary.automation = Some(automation::run(first, simulators.slack)?);
    }
    style::step(
        "Allocating",
        "deals that HubSpot sends to the advisers of a firm",
    );
    let providers = advisers::Providers {
        employment_hero: simulators.employment_hero,
        hubspot: simulators.hubspot,
    };
    let firm = advisers::set_up(&operator, client)?;
    summary.advisers = Some(advisers::allocate(&firm, client, &providers)?);
    style::step("Copying", "a folder in Box for the client of a deal");
    summary.client_folder = Some(client_folder::make(&firm.client, simulators.box_folders)?);
    summary.ok = summary.failures().is_empty();
    Ok(summary)
}

/// The scheduler ticks every 20 s by itself; asking it once more spares the first wait, and a
/// doubled tick is harmless.
fn first_tick(client: Client) -> JoinHandle<anyhow::Result<Value>> {
    std::thread::spawn(move || client.post_nothing("/internal/tick"))
}

fn finished<T>(thread: JoinHandle<T>) -> Option<T> {
    if thread.is_finished() {
        thread.join().ok()
    } else {
        None
    }
}

fn wait_until_ready(child: &mut Background, client: &Client, path: &str) -> anyhow::Result<()> {
    let end = Instant::now() + START_TIMEOUT;
    loop {
        child.check()?;
        match client.get(path) {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() > end => {
                return Err(error.context(format!(
                    "not ready after {} s; {}",
                    START_TIMEOUT.as_secs(),
                    child.tail()
                )));
            }
            Err(_) => interrupt::sleep(POLL)?,
        }
    }
}

fn verdict(summary: &Summary) -> anyhow::Result<()> {
    let failures = summary.failures();
    if failures.is_empty() {
        return Ok(());
    }
    bail!("not every stream succeeded:\n  {}", failures.join("\n  "))
}

fn logs(folder: &DemoFolder) -> String {
    format!(
        "logs: {} and {}",
        folder.log("application").display(),
        folder.log("simulators").display()
    )
}
