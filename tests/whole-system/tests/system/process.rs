//! The program itself, `patchbay-runtime`, killed by the system and started again on the same files.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::routes::SEVEN_SHIFTS_STREAMS;
use runtime::Storage;
use rusqlite::OpenFlags;
use serde_json::{Value, json};
use simulators::seven_shifts::{SevenShifts, demo_data};
use simulators::{Fault, FaultRule, Simulator, SystemClock, When};
use whole_system::process::Process;
use whole_system::{App, LAKESHORE, OPERATOR_KEY, Organization, Settings, now, root};

use crate::sync::mirror;

const PROGRAM: &str = "patchbay-runtime";
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Deaths of the first sync, each when the provider has been asked so often in that life.
const DEATHS: [u64; 3] = [2, 1, 3];

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_in_its_first_sync_finishes_it_when_it_is_back() {
    let program = program();
    let state = tempfile::tempdir().expect("a folder");
    let simulator = Simulator::new(SevenShifts::new(demo_data(1, now()), Arc::new(SystemClock)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let provider = simulator.serve(listener).expect("the simulator listens");
    let settings = Settings::default().variable("seven_shifts_url", &provider.base_url());
    let start = || Process::start(&program, state.path(), &settings);

    let mut process = start();
    let organization = connected(&process);
    for requests in DEATHS {
        simulator.clear_requests();
        // The last answer is kept back: the death is in the middle of a run, however slow this
        // machine looks.
        simulator.add_fault(FaultRule::on(
            "/v2/",
            When::Next {
                requests: 1_000,
                after: requests - 1,
            },
            Fault::NoAnswer,
        ));
        let tick = process.tick();
        eventually("the provider is asked", || {
            simulator.requests().len() as u64 >= requests
        });
        process.kill();
        simulator.clear_faults();
        assert!(
            tick.join().expect("no panic").is_none(),
            "a tick came to its end"
        );
        end_leases(state.path());
        process = start();
    }
    // Once more between two pages of a list: the provider keeps the second back.
    simulator.add_fault(
        FaultRule::always(
            format!("/v2/company/{}/time_punches", LAKESHORE.company_id),
            Fault::NoAnswer,
        )
        .query_contains("cursor="),
    );
    let _breaks_off = process.tick();
    eventually("a page is stored", || punches(state.path()) > 0);
    process.kill();
    simulator.clear_faults();
    let truth = simulator.provider().truth(LAKESHORE.company_id);
    let there_are = truth.expect("the account").time_punches.len();
    let stored = punches(state.path());
    assert!(
        0 < stored && stored < there_are,
        "{stored} of {there_are}: not in the middle"
    );
    end_leases(state.path());

    process = start();
    eventually("every stream is synced", || {
        process.tick().join().expect("no panic");
        let runs = process.request("GET", "/api/sync-runs", &organization.key, None);
        let runs = runs.expect("an answer")["data"].clone();
        let runs = runs.as_array().expect("runs");
        assert!(
            runs.len() <= SEVEN_SHIFTS_STREAMS.len(),
            "a run that is taken over stays one: {runs:#?}"
        );
        runs.len() == SEVEN_SHIFTS_STREAMS.len()
            && runs.iter().all(|run| run["status"] == "success")
    });
    process.kill();

    let app = App::start_on(
        Settings::default(),
        simulator,
        Storage::directory(state.path()).expect("the folder"),
    )
    .await;
    mirror::assert_equal(&app, &organization).await;
    let counted: i64 = app
        .database()
        .query_row("SELECT count(*) FROM time_punches", [], |row| row.get(0))
        .unwrap();
    assert_eq!(usize::try_from(counted), Ok(there_are));
}

/// An organization with a connected account, made over HTTP.
fn connected(process: &Process) -> Organization {
    let post = |path: &str, key: &str, body: Value| {
        process
            .request("POST", path, key, Some(body))
            .expect("an answer")
    };
    let made = post(
        "/api/organizations",
        OPERATOR_KEY,
        json!({"name": "Lakeshore", "time_zone": LAKESHORE.by_day().zone}),
    );
    let id = made["id"].as_str().expect("an id").to_owned();
    let made = post(
        &format!("/api/api-keys?organization_id={id}"),
        OPERATOR_KEY,
        json!({"name": "of the test", "role": "owner"}),
    );
    let key = made["key"].as_str().expect("a key").to_owned();
    let made = post(
        "/functions/v1/7shifts-proxy",
        &key,
        json!({"action": "connect", "apiKey": LAKESHORE.token, "companyId": LAKESHORE.company_id}),
    );
    assert_eq!(made["status"], "active", "{made:#}");
    Organization { id, key }
}

/// Lets the dead one's leases be over, which virtual time tests to the second, without the wait.
fn end_leases(state: &Path) {
    let database = rusqlite::Connection::open(database(state)).expect("the database opens");
    let ended = database
        .execute(
            "UPDATE jobs SET lease_expires_at = ?1, next_due_at = ?1 WHERE lease_holder IS NOT NULL",
            [now() - 1],
        )
        .expect("the leases end");
    assert!(ended >= 1, "nothing was in progress");
}

/// Punches that are stored, by a look beside the process; none while there is no table.
fn punches(state: &Path) -> usize {
    let counted: i64 =
        rusqlite::Connection::open_with_flags(database(state), OpenFlags::SQLITE_OPEN_READ_ONLY)
            .and_then(|database| {
                database.query_row("SELECT count(*) FROM time_punches", [], |row| row.get(0))
            })
            .unwrap_or(0);
    usize::try_from(counted).expect("a number of rows")
}

fn database(state: &Path) -> PathBuf {
    Storage::directory(state)
        .expect("the folder")
        .database_path("default")
}

#[track_caller]
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(
            started.elapsed() < PATIENCE,
            "{what}: not within {PATIENCE:?}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The program of this commit: cargo builds it for a test of its own crate only.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a program");
    // target/<profile>/deps/system-…
    let profile = test.ancestors().nth(2).expect("a profile's folder");
    let target = profile.parent().expect("the target folder");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(root())
        .args(["build", "--quiet", "--bin", PROGRAM, "--target-dir"])
        .arg(target);
    if profile.file_name() == Some(OsStr::new("release")) {
        command.arg("--release");
    }
    // As `cargo xtask` asks: for all native crates, or their dependencies would be built again
    // with other features.
    command.arg("--workspace");
    for function in std::fs::read_dir(root().join("functions")).expect("the functions") {
        command
            .arg("--exclude")
            .arg(function.expect("a folder").file_name());
    }
    // What cargo says of this crate makes some build scripts run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&*name);
        }
    }
    let status = command.status().expect("cargo runs");
    assert!(status.success(), "{PROGRAM} is not built");
    profile.join(PROGRAM)
}
