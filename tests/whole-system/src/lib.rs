//! The application as it is deployed, under test: the built components in the embedded runtime,
//! against simulated providers.
//!
//! [`App::start`] runs in real time and meets the simulator over loopback. [`App::simulate`] runs
//! in virtual time, with the simulator in process and one seed for everything: days pass in
//! seconds, and the same seed gives the same run.

pub mod consent;
pub mod contract;
pub mod mirror;
pub mod process;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use runtime::{
    Application, CapturedOutput, GuestOutput, Limits, OutboundError, Runtime, RuntimeBuilder,
    Storage, VirtualClock,
};
use serde_json::{Value, json};
use simulators::box_folders::{self, BoxFolders};
use simulators::employment_hero::{self, EmploymentHero};
use simulators::hubspot::{self, HubSpot};
use simulators::receiver::Receiver;
use simulators::rest::Rest;
use simulators::seven_shifts::{Accounts, SevenShifts, demo_data};
use simulators::slack::{self, Slack};
use simulators::{Clock, NetworkError, Provider, Simulator};

pub const OPERATOR_KEY: &str = "operator-key-of-the-tests";
pub const INTERNAL_TOKEN: &str = "internal-token-of-the-tests";
pub const JWT_SECRET: &str = "a-secret-of-the-tests-that-is-long-enough";
/// A Fernet key: 32 bytes in URL-safe base64.
pub const VAULT_KEY: &str = "cGF0Y2hiYXktdGVzdC12YXVsdC1rZXktbnVtYmVyLTE=";
/// Where the simulated 7shifts is in a simulation.
pub const SIMULATED_ORIGIN: &str = "http://127.0.0.1:9";
/// Where the simulated Slack is in a simulation.
pub const SIMULATED_SLACK_ORIGIN: &str = "http://127.0.0.1:10";
/// Where the simulated Employment Hero is in a simulation: its API and its authorization server.
pub const SIMULATED_EMPLOYMENT_HERO_ORIGIN: &str = "http://127.0.0.1:12";
/// Where the simulated HubSpot is in a simulation.
pub const SIMULATED_HUBSPOT_ORIGIN: &str = "http://127.0.0.1:13";
/// Where the simulated Box is in a simulation.
pub const SIMULATED_BOX_ORIGIN: &str = "http://127.0.0.1:14";
/// Where webhooks are received in a simulation.
pub const SIMULATED_RECEIVER_ORIGIN: &str = "https://receiver.example.com";

/// Where the simulated REST API is in a simulation: the origin of the operator's own network.
pub const SIMULATED_REST_ORIGIN: &str = "http://127.0.0.1:11";
/// Where it is on the public internet of a simulation.
pub const PUBLIC_REST_ORIGIN: &str = "https://api.example.com";

/// The demo accounts of the simulator.
pub const LAKESHORE: Account = Account {
    company_id: 4410,
    token: "sim7s_lakeshore_1",
    zone: "America/Toronto",
};
pub const HARBOUR: Account = Account {
    company_id: 4420,
    token: "sim7s_harbour_1",
    zone: "Australia/Sydney",
};

/// A simulated 7shifts account.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    pub company_id: i64,
    pub token: &'static str,
    pub zone: &'static str,
}

impl Account {
    /// Of an organization for which it is noon now. In real time a night that begins during a test
    /// adds its own runs to those that the test counts.
    #[must_use]
    pub fn by_day(self) -> Self {
        let hour = usize::try_from(now().rem_euclid(86_400) / 3_600).unwrap_or_default();
        Self {
            zone: NOON_ZONES[hour],
            ..self
        }
    }
}

/// By hour of UTC, the zone whose clocks are at twelve (POSIX: `+` is west of Greenwich).
const NOON_ZONES: [&str; 24] = [
    "Etc/GMT-12",
    "Etc/GMT-11",
    "Etc/GMT-10",
    "Etc/GMT-9",
    "Etc/GMT-8",
    "Etc/GMT-7",
    "Etc/GMT-6",
    "Etc/GMT-5",
    "Etc/GMT-4",
    "Etc/GMT-3",
    "Etc/GMT-2",
    "Etc/GMT-1",
    "Etc/GMT",
    "Etc/GMT+1",
    "Etc/GMT+2",
    "Etc/GMT+3",
    "Etc/GMT+4",
    "Etc/GMT+5",
    "Etc/GMT+6",
    "Etc/GMT+7",
    "Etc/GMT+8",
    "Etc/GMT+9",
    "Etc/GMT+10",
    "Etc/GMT+11",
];

/// The running application and the world around it.
pub struct App {
    pub runtime: Runtime,
    pub simulator: Simulator<SevenShifts>,
    pub slack: Simulator<Slack>,
    /// Takes the webhooks that are sent.
    pub receiver: Simulator<Receiver>,
    pub rest: Simulator<Rest>,
    pub employment_hero: Simulator<EmploymentHero>,
    pub hubspot: Simulator<HubSpot>,
    pub box_folders: Simulator<BoxFolders>,
    pub storage: Storage,
    /// What the components wrote to standard output and error.
    pub output: CapturedOutput,
    /// Set in a simulation: jumps, and tells the virtual time.
    pub clock: Option<Arc<VirtualClock>>,
    settings: Settings,
    /// Runtimes that were started beside the first.
    others: AtomicU64,
    _servers: Vec<simulators::Server>,
}

/// How to start the application; kept to start it again on the same data.
#[derive(Clone)]
pub struct Settings {
    pub variables: Vec<(String, String)>,
    pub limits: Limits,
    pub seed: u64,
    pub network: Option<Arc<dyn runtime::Network>>,
    pub faults: Option<Arc<dyn runtime::Faults>>,
    /// As a host on the internet does; the simulators are on loopback.
    pub blocks_private_networks: bool,
    /// Effects that the runtime keeps for [`Runtime::take_trace`]; none by default.
    pub trace: usize,
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: http::HeaderMap,
    pub body: Bytes,
}

/// An organization with an owner's API key.
#[derive(Clone, Debug)]
pub struct Organization {
    pub id: String,
    pub key: String,
}

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The application, compiled once for all tests of the process.
///
/// # Panics
/// When the components are not built: `cargo xtask build`.
#[must_use]
pub fn application() -> Application {
    static APPLICATION: OnceLock<Application> = OnceLock::new();
    APPLICATION
        .get_or_init(|| {
            Application::load(root().join("spin.toml")).unwrap_or_else(|error| {
                panic!("{error}\nBuild the functions first: cargo xtask build")
            })
        })
        .clone()
}

/// Requests that one instance serves in its life: 128, or what PATCHBAY_INSTANCE_REUSE says.
#[must_use]
pub fn instance_reuse() -> usize {
    std::env::var("PATCHBAY_INSTANCE_REUSE")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(128)
}

/// Unix seconds by the machine's clock.
#[must_use]
pub fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() as i64)
}

impl Default for Settings {
    fn default() -> Self {
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Self {
            variables: vec![
                variable("vault_keys", VAULT_KEY),
                variable("operator_key", OPERATOR_KEY),
                variable("internal_token", INTERNAL_TOKEN),
                variable("jwt_secret", JWT_SECRET),
            ],
            limits: Limits::default(),
            seed: 1,
            network: None,
            faults: None,
            blocks_private_networks: false,
            trace: 0,
        }
    }
}

impl Settings {
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl App {
    /// In real time, with the demo accounts behind a simulator on loopback.
    pub async fn start() -> Self {
        Self::start_with(Settings::default(), demo_data(1, now())).await
    }

    /// In real time, with settings and accounts of its own.
    pub async fn start_with(settings: Settings, accounts: Accounts) -> Self {
        let simulator = Simulator::new(SevenShifts::new(
            accounts,
            Arc::new(simulators::SystemClock),
        ));
        let storage = Storage::temporary().expect("a temporary folder");
        Self::start_on(settings, simulator, storage).await
    }

    /// In real time, with accounts and data that are there already.
    pub async fn start_on(
        settings: Settings,
        simulator: Simulator<SevenShifts>,
        storage: Storage,
    ) -> Self {
        let slack = Simulator::new(Slack::new(
            slack::demo_data(),
            Arc::new(simulators::SystemClock),
        ));
        let receiver = Simulator::new(Receiver::new(Arc::new(simulators::SystemClock)));
        let rest = Simulator::new(Rest::new(Arc::new(simulators::SystemClock)));
        let (employment_hero, hubspot, box_folders) = of_advisers(
            now(),
            &(Arc::new(simulators::SystemClock) as Arc<dyn Clock>),
        );
        let servers = vec![
            served(&simulator).await,
            served(&slack).await,
            served(&receiver).await,
            served(&rest).await,
            served(&employment_hero).await,
            served(&hubspot).await,
            served(&box_folders).await,
        ];
        let settings = settings
            .variable("seven_shifts_url", &servers[0].base_url())
            .variable("slack_webhooks_url", &servers[1].base_url())
            .variable("slack_api_url", &servers[1].base_url())
            .variable("private_origin", &servers[3].base_url())
            .variable("employment_hero_url", &servers[4].base_url())
            .variable("employment_hero_oauth_url", &servers[4].base_url())
            .variable("hubspot_url", &servers[5].base_url())
            .variable("hubspot_app_url", &servers[5].base_url())
            .variable("box_url", &servers[6].base_url());
        let output = CapturedOutput::default();
        let runtime = build(&settings, &storage, &output)
            .start()
            .expect("the runtime starts");
        Self {
            runtime,
            simulator,
            slack,
            receiver,
            rest,
            employment_hero,
            hubspot,
            box_folders,
            storage,
            output,
            clock: None,
            settings,
            others: AtomicU64::new(0),
            _servers: servers,
        }
    }

    /// The value of a variable that the application was started with; empty when it has none.
    #[must_use]
    pub fn variable(&self, name: &str) -> &str {
        let found = self
            .settings
            .variables
            .iter()
            .find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// In virtual time that begins at `epoch` (Unix seconds), everything from one seed. The test
    /// runs on `#[tokio::test(start_paused = true)]`.
    pub async fn simulate(seed: u64, epoch: i64) -> Self {
        Self::simulate_with(
            Settings {
                seed,
                ..Settings::default()
            },
            epoch,
            demo_data(seed, epoch),
        )
        .await
    }

    /// [`App::simulate`] with settings and accounts of its own.
    pub async fn simulate_with(settings: Settings, epoch: i64, accounts: Accounts) -> Self {
        let clock = Arc::new(VirtualClock::starting_at(Duration::from_secs(epoch as u64)));
        let told = clock.clone();
        // The provider's clock is right while ours jumps.
        let tells: Arc<dyn Clock> = Arc::new(move || {
            let since = runtime::Clock::monotonic(&*told).as_millis();
            epoch * 1_000 + i64::try_from(since).unwrap_or(i64::MAX / 2)
        });
        let slack = Simulator::new(Slack::new(slack::demo_data(), tells.clone()));
        let receiver = Simulator::new(Receiver::new(tells.clone()));
        let rest = Simulator::new(Rest::new(tells.clone()));
        let (employment_hero, hubspot, box_folders) = of_advisers(epoch, &tells);
        let simulator = Simulator::new(SevenShifts::new(accounts, tells));
        let network = SimulatedNetwork {
            seven_shifts: simulator.clone(),
            slack: slack.clone(),
            receiver: receiver.clone(),
            rest: rest.clone(),
            employment_hero: employment_hero.clone(),
            hubspot: hubspot.clone(),
            box_folders: box_folders.clone(),
        };
        let names_origin = settings
            .variables
            .iter()
            .any(|(name, _)| name == "private_origin");
        let settings = if names_origin {
            settings
        } else {
            settings.variable("private_origin", SIMULATED_REST_ORIGIN)
        };
        let settings = Settings {
            network: Some(Arc::new(network)),
            ..settings
        }
        .variable("seven_shifts_url", SIMULATED_ORIGIN)
        .variable("slack_webhooks_url", SIMULATED_SLACK_ORIGIN)
        .variable("slack_api_url", SIMULATED_SLACK_ORIGIN)
        .variable("employment_hero_url", SIMULATED_EMPLOYMENT_HERO_ORIGIN)
        .variable(
            "employment_hero_oauth_url",
            SIMULATED_EMPLOYMENT_HERO_ORIGIN,
        )
        .variable("hubspot_url", SIMULATED_HUBSPOT_ORIGIN)
        .variable("hubspot_app_url", SIMULATED_HUBSPOT_ORIGIN)
        .variable("box_url", SIMULATED_BOX_ORIGIN);
        let storage = Storage::temporary().expect("a temporary folder");
        let output = CapturedOutput::default();
        let runtime = simulated(build(&settings, &storage, &output), &clock, settings.seed)
            .start()
            .expect("the runtime starts");
        Self {
            runtime,
            simulator,
            slack,
            receiver,
            rest,
            employment_hero,
            hubspot,
            box_folders,
            storage,
            output,
            clock: Some(clock),
            settings,
            others: AtomicU64::new(0),
            _servers: Vec::new(),
        }
    }

    /// Ends the runtime as a crash would, in the middle of whatever it does, and starts another on
    /// the same data.
    pub async fn crash(&mut self) {
        self.runtime.kill().await;
        self.restart(self.settings.clone()).await;
    }

    /// Starts another runtime on the same data, with other settings.
    pub async fn restart(&mut self, settings: Settings) {
        let known = |name: &str| {
            settings
                .variables
                .iter()
                .any(|(variable, _)| variable == name)
        };
        let providers = [
            "seven_shifts_url",
            "slack_webhooks_url",
            "slack_api_url",
            "private_origin",
            "employment_hero_url",
            "employment_hero_oauth_url",
            "hubspot_url",
            "hubspot_app_url",
            "box_url",
        ];
        let urls: Vec<_> = self
            .settings
            .variables
            .iter()
            .filter(|(name, _)| providers.contains(&name.as_str()) && !known(name))
            .cloned()
            .collect();
        let mut settings = Settings {
            network: settings
                .network
                .clone()
                .or_else(|| self.settings.network.clone()),
            ..settings.clone()
        };
        settings.variables.extend(urls);
        let builder = build(&settings, &self.storage, &self.output);
        let builder = match &self.clock {
            // Another seed, or the same ids would be drawn twice.
            Some(clock) => simulated(builder, clock, settings.seed.wrapping_add(0x9e37_79b9)),
            None => builder,
        };
        settings.seed = settings.seed.wrapping_add(0x9e37_79b9);
        self.runtime = builder.start().expect("the runtime starts again");
        self.settings = settings;
    }

    /// Another runtime on the same data, beside the first, in the same time as it.
    #[must_use]
    pub fn another(&self) -> Runtime {
        self.beside(&self.storage)
    }

    /// [`App::another`] as in a process of its own: it shares nothing but the files, not even the
    /// turn of the one writer. In real time only: virtual time stands still while SQLite waits.
    #[must_use]
    pub fn another_process(&self) -> Runtime {
        let file = self.storage.database_path("default");
        let folder = file.parent().expect("a folder");
        self.beside(&Storage::directory(folder).expect("the folder is there"))
    }

    fn beside(&self, storage: &Storage) -> Runtime {
        let number = self.others.fetch_add(1, Ordering::Relaxed) + 1;
        let builder = build(&self.settings, storage, &self.output);
        let builder = match &self.clock {
            // Another seed, or the same ids would be drawn twice.
            Some(clock) => simulated(
                builder,
                clock,
                self.settings
                    .seed
                    .wrapping_add(number.wrapping_mul(0x85eb_ca6b)),
            ),
            None => builder,
        };
        builder.start().expect("another runtime starts")
    }

    pub async fn request(
        &self,
        method: Method,
        path: &str,
        key: &str,
        body: Option<Value>,
    ) -> Answer {
        send(&self.runtime, method, path, key, body).await
    }

    pub async fn get(&self, path: &str, key: &str) -> Answer {
        self.request(Method::GET, path, key, None).await
    }

    pub async fn post(&self, path: &str, key: &str, body: Value) -> Answer {
        self.request(Method::POST, path, key, Some(body)).await
    }

    /// One tick of the scheduler.
    pub async fn tick(&self) -> Answer {
        self.request(Method::POST, "/internal/tick", INTERNAL_TOKEN, None)
            .await
    }

    /// Creates an organization and an owner's key.
    pub async fn organization(&self, name: &str, zone: &str) -> Organization {
        let created = self
            .post(
                "/api/organizations",
                OPERATOR_KEY,
                json!({"name": name, "time_zone": zone}),
            )
            .await
            .expect(StatusCode::CREATED);
        let id = created["id"].as_str().expect("an id").to_owned();
        let key = self.key(&id, "owner").await;
        Organization { id, key }
    }

    /// Creates an API key with all scopes of a role.
    pub async fn key(&self, organization_id: &str, role: &str) -> String {
        let path = format!("/api/api-keys?organization_id={organization_id}");
        let created = self
            .post(
                &path,
                OPERATOR_KEY,
                json!({"name": format!("{role} of the tests"), "role": role}),
            )
            .await
            .expect(StatusCode::CREATED);
        created["key"].as_str().expect("a key").to_owned()
    }

    /// Calls an action of the 7shifts proxy.
    pub async fn proxy(&self, key: &str, call: Value) -> Answer {
        self.post("/functions/v1/7shifts-proxy", key, call).await
    }

    /// Connects a simulated account and returns the connector's id. Nothing is synced before a tick.
    pub async fn connect(&self, organization: &Organization, account: Account) -> String {
        let answer = self.proxy(&organization.key, json!({"action": "connect", "apiKey": account.token, "companyId": account.company_id})).await.expect(StatusCode::OK);
        answer["connector_id"]
            .as_str()
            .expect("a connector id")
            .to_owned()
    }

    /// An organization whose account is connected and synced once.
    pub async fn synced(&self, name: &str, account: Account) -> (Organization, String) {
        let organization = self.organization(name, account.zone).await;
        let connector_id = self.connect(&organization, account).await;
        self.tick().await.expect(StatusCode::OK);
        (organization, connector_id)
    }

    /// Every row of a list, through all of its pages.
    pub async fn all(&self, path: &str, key: &str) -> Vec<Value> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut rows = Vec::new();
        let mut cursor = String::new();
        for _ in 0..10_000 {
            let page = self
                .get(&format!("{path}{separator}limit=500{cursor}"), key)
                .await
                .expect(StatusCode::OK);
            rows.extend(page["data"].as_array().expect("data").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return rows,
            }
        }
        panic!("{path} does not end");
    }

    /// The newest run of each stream, by stream.
    pub async fn runs(&self, key: &str) -> std::collections::BTreeMap<String, Value> {
        let mut runs = std::collections::BTreeMap::new();
        for run in self.all("/api/sync-runs", key).await {
            runs.entry(run["stream"].as_str().unwrap_or_default().to_owned())
                .or_insert(run);
        }
        runs
    }

    /// The application's database, to look into; never to write while the runtime runs.
    #[must_use]
    pub fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.storage.database_path("default"))
            .expect("the database opens")
    }

    /// The names in the key-value store.
    ///
    /// # Panics
    /// When it cannot be read.
    #[must_use]
    pub fn key_value_names(&self) -> Vec<String> {
        let path = self.storage.database_path("default");
        let store = rusqlite::Connection::open(path.with_file_name("sqlite_key_value.db"))
            .expect("the store opens");
        let mut statement = store
            .prepare("SELECT key FROM spin_key_value ORDER BY key")
            .expect("a table");
        let names = statement.query_map([], |row| row.get(0)).expect("names");
        names.collect::<Result<_, _>>().expect("names")
    }
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// The body as JSON, of an answer that must have this status.
    ///
    /// # Panics
    /// When it has another; the message shows the body.
    #[track_caller]
    pub fn expect(&self, status: StatusCode) -> Value {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        if self.body.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }
}

/// The simulators as the whole of the network, in process: other addresses refuse.
struct SimulatedNetwork {
    seven_shifts: Simulator<SevenShifts>,
    slack: Simulator<Slack>,
    receiver: Simulator<Receiver>,
    rest: Simulator<Rest>,
    employment_hero: Simulator<EmploymentHero>,
    hubspot: Simulator<HubSpot>,
    box_folders: Simulator<BoxFolders>,
}

impl runtime::Network for SimulatedNetwork {
    fn send(
        &self,
        request: Request<runtime::Body>,
        _allowance: runtime::Allowance,
    ) -> runtime::Answer {
        let (seven_shifts, slack) = (self.seven_shifts.clone(), self.slack.clone());
        let receiver = self.receiver.clone();
        let rest = self.rest.clone();
        let (employment_hero, hubspot) = (self.employment_hero.clone(), self.hubspot.clone());
        let box_folders = self.box_folders.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let request = Request::from_parts(parts, body);
            let url = request.uri().to_string();
            let is_at = |origin: &str| url.starts_with(&format!("{origin}/"));
            let answer = if is_at(SIMULATED_ORIGIN) {
                seven_shifts.send(request).await
            } else if is_at(SIMULATED_SLACK_ORIGIN) {
                slack.send(request).await
            } else if is_at(SIMULATED_RECEIVER_ORIGIN) {
                receiver.send(request).await
            } else if is_at(SIMULATED_REST_ORIGIN) || is_at(PUBLIC_REST_ORIGIN) {
                rest.send(request).await
            } else if is_at(SIMULATED_EMPLOYMENT_HERO_ORIGIN) {
                employment_hero.send(request).await
            } else if is_at(SIMULATED_HUBSPOT_ORIGIN) {
                hubspot.send(request).await
            } else if is_at(SIMULATED_BOX_ORIGIN) {
                box_folders.send(request).await
            } else {
                return Err(OutboundError::ConnectionRefused);
            };
            match answer {
                Ok(answer) => Ok(answer.map(runtime::full)),
                Err(NetworkError::Truncated) => Err(OutboundError::HttpResponseIncomplete),
                Err(NetworkError::Reset) => Err(OutboundError::ConnectionTerminated),
            }
        })
    }
}

/// The providers that deals and their advisers come from, with their demo data.
fn of_advisers(
    now: i64,
    clock: &Arc<dyn Clock>,
) -> (
    Simulator<EmploymentHero>,
    Simulator<HubSpot>,
    Simulator<BoxFolders>,
) {
    (
        Simulator::new(EmploymentHero::new(
            employment_hero::demo_data(now),
            clock.clone(),
        )),
        Simulator::new(HubSpot::new(hubspot::demo_data(now), clock.clone())),
        Simulator::new(BoxFolders::new(box_folders::demo_data(now), clock.clone())),
    )
}

async fn served<P: Provider>(simulator: &Simulator<P>) -> simulators::Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    simulator.serve(listener).expect("the simulator listens")
}

/// A request to a runtime, in process.
pub async fn send(
    runtime: &Runtime,
    method: Method,
    path: &str,
    key: &str,
    body: Option<Value>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if !key.is_empty() {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let body = match body {
        Some(body) => {
            request = request.header("content-type", "application/json");
            body.to_string()
        }
        None => String::new(),
    };
    send_raw(runtime, request.body(Bytes::from(body)).expect("a request")).await
}

/// A request as it is.
pub async fn send_raw(runtime: &Runtime, request: Request<Bytes>) -> Answer {
    let (method, path) = (request.method().clone(), request.uri().to_string());
    let request_id = request.headers().get("x-request-id").cloned();
    let (parts, body) = runtime.handle(request).await.into_parts();
    let answer = Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    };
    let request_id = request_id.as_ref().and_then(|value| value.to_str().ok());
    contract::check(&method, &path, request_id, &answer);
    answer
}

fn build(settings: &Settings, storage: &Storage, output: &CapturedOutput) -> RuntimeBuilder {
    let mut builder = Runtime::builder(&application())
        .storage(storage.clone())
        .limits(settings.limits.clone())
        .instance_reuse(instance_reuse())
        .trace(settings.trace)
        .guest_output(GuestOutput::Capture(output.clone()));
    if !settings.blocks_private_networks {
        builder = builder.allow_private_networks();
    }
    for (name, value) in &settings.variables {
        builder = builder.variable(name, value.clone());
    }
    if let Some(network) = &settings.network {
        builder = builder.network(network.clone());
    }
    if let Some(faults) = &settings.faults {
        builder = builder.faults(faults.clone());
    }
    builder
}

fn simulated(builder: RuntimeBuilder, clock: &Arc<VirtualClock>, seed: u64) -> RuntimeBuilder {
    builder
        .clock(clock.clone())
        .seed(seed)
        .simulation()
        .own_origin("http://127.0.0.1:3000")
}
