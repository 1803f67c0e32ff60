//! Folders of clients in Box: from the call of a workflow to the folder and back to the deal, whatever happens in between.

mod asking;
mod connecting;
mod failing;
mod finding;
mod naming;
mod weather;

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use simulators::box_folders::{self, CLIENT_ID, CLIENTS, Change, Item, OPS_LOGIN, OPS_USER};
use simulators::hubspot;
use simulators::hubspot::workflow::{Delivery, Workflow};
use simulators::seven_shifts::demo_data;
use whole_system::{Answer, App, Organization, Settings, send_raw};

/// When the simulations of this module begin: 2026-09-21T14:13:20Z.
pub const EPOCH: i64 = 1_790_000_000;
pub const PUBLIC_URL: &str = "https://patchbay.example.test";
pub const PATH: &str = "/post/create_box_folder";

/// The application with one organization that has a connector to Box and one to HubSpot.
pub struct Stage {
    pub app: App,
    pub organization: Organization,
    pub box_id: String,
    pub hubspot_id: String,
}

pub async fn start(seed: u64) -> App {
    let settings = Settings {
        seed,
        ..Settings::default()
    }
    .variable("public_url", PUBLIC_URL);
    App::simulate_with(settings, EPOCH, demo_data(seed, EPOCH)).await
}

impl Stage {
    pub async fn set(seed: u64) -> Self {
        Self::with(seed, json!({})).await
    }

    /// With more in the configuration of the connector to Box.
    pub async fn with(seed: u64, more: Value) -> Self {
        let app = start(seed).await;
        let organization = app.organization("Harbour", "Australia/Sydney").await;
        let hubspot_id = connect(&app, &organization, hubspot_connector()).await;
        let box_id = connect(&app, &organization, box_connector(&app, more)).await;
        Self {
            app,
            organization,
            box_id,
            hubspot_id,
        }
    }

    /// Asks with a key.
    pub async fn ask(&self, body: Value) -> Answer {
        self.app.post(PATH, &self.organization.key, body).await
    }

    /// Asks with a key, and is answered with 200.
    pub async fn told(&self, body: Value) -> Value {
        self.ask(body).await.expect(StatusCode::OK)
    }

    /// A workflow enrolls a deal, which HubSpot signs.
    pub async fn enrol(&self, deal: u64) -> Answer {
        self.call(&self.delivery(deal)).await
    }

    pub fn delivery(&self, deal: u64) -> Delivery {
        let workflow = Workflow::signed(&format!("{PUBLIC_URL}{PATH}"), hubspot::CLIENT_SECRET);
        self.app.hubspot.provider().enrol(&workflow, deal).unwrap()
    }

    pub async fn call(&self, delivery: &Delivery) -> Answer {
        call(&self.app, delivery).await
    }

    pub async fn read(&self, id: &Value) -> Value {
        let path = format!("/api/client-folders/{}", id.as_str().unwrap());
        self.app
            .get(&path, &self.organization.key)
            .await
            .expect(StatusCode::OK)
    }

    pub async fn retry(&self, id: &Value) -> Answer {
        let path = format!("/api/client-folders/{}/retry", id.as_str().unwrap());
        self.app
            .request(Method::POST, &path, &self.organization.key, None)
            .await
    }

    pub async fn folders(&self) -> Vec<Value> {
        self.app
            .all("/api/client-folders", &self.organization.key)
            .await
    }

    /// Ticks, as a scheduler would, until no folder waits.
    pub async fn settle(&self) -> Vec<Value> {
        for _ in 0..400 {
            self.app.tick().await.expect(StatusCode::OK);
            let all = self.folders().await;
            if all.iter().all(|one| one["status"] != "pending") {
                return all;
            }
            pass(20).await;
        }
        panic!("it never ends: {:#?}", self.folders().await);
    }

    /// The names of the clients' folders at Box, but for the one that is there from the beginning.
    pub fn names(&self) -> Vec<String> {
        let names = self
            .app
            .box_folders
            .provider()
            .names(OPS_USER, &format!("/{CLIENTS}"));
        names
            .into_iter()
            .filter(|name| name != "Noor Rahman")
            .collect()
    }

    pub fn at_box(&self, name: &str) -> Option<Item> {
        let path = format!("/{CLIENTS}/{name}");
        self.app.box_folders.provider().at(OPS_USER, &path)
    }

    pub fn change(&self, change: Change) {
        self.app
            .box_folders
            .provider()
            .change(change)
            .expect("the change is possible");
    }

    pub fn parent(&self) -> u64 {
        id_of(&self.app, CLIENTS)
    }

    pub fn template(&self) -> u64 {
        id_of(&self.app, box_folders::TEMPLATE)
    }

    /// The paths that Box was asked for with this method, without those for tokens.
    pub fn calls(&self, method: &str, suffix: &str) -> usize {
        let requests = self.app.box_folders.requests();
        requests
            .iter()
            .filter(|request| request.method == method && request.path.ends_with(suffix))
            .count()
    }

    /// A property of a deal or a contact at HubSpot.
    pub fn at_hubspot(&self, kind: hubspot::Kind, id: u64, property: &str) -> Option<String> {
        let account = self.app.hubspot.provider().account();
        let record = account.records(kind).get(&id)?;
        record.properties().get(property).cloned()
    }
}

pub async fn call(app: &App, delivery: &Delivery) -> Answer {
    let now_ms = app_now_ms(app);
    let signed = delivery.request(now_ms).unwrap();
    let (mut parts, body) = signed.into_parts();
    let path = parts.uri.path_and_query().unwrap().to_string();
    parts.uri = path.parse().unwrap();
    send_raw(&app.runtime, Request::from_parts(parts, body)).await
}

pub fn app_now_ms(app: &App) -> i64 {
    let clock = app.clock.as_ref().expect("a simulation");
    let since = runtime::Clock::wall(&**clock).as_millis();
    i64::try_from(since).unwrap()
}

fn id_of(app: &App, path: &str) -> u64 {
    let found = app.box_folders.provider().at(OPS_USER, &format!("/{path}"));
    found.expect("the demo has it").id
}

pub fn hubspot_connector() -> Value {
    json!({"type": "hubspot", "name": "HubSpot", "config": {"portal_id": hubspot::PORTAL},
        "credentials": {"token": hubspot::TOKEN, "signature_secret": hubspot::CLIENT_SECRET}})
}

pub fn box_connector(app: &App, more: Value) -> Value {
    let mut config = json!({
        "template_folder_id": id_of(app, box_folders::TEMPLATE).to_string(),
        "parent_folder_id": id_of(app, CLIENTS).to_string(),
        "as_user": OPS_LOGIN,
        "deal_property": "box_folder",
        "contact_property": "box_folder",
    });
    let members = config.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    let file = app.box_folders.provider().config(CLIENT_ID).unwrap();
    json!({"type": "box", "name": "Client folders", "config": config, "credentials": {"app_config": file}})
}

pub async fn connect(app: &App, organization: &Organization, body: Value) -> String {
    let made = app
        .post("/api/connectors", &organization.key, body)
        .await
        .expect(StatusCode::CREATED);
    made["id"].as_str().expect("an id").to_owned()
}

pub async fn connector(app: &App, organization: &Organization, id: &str) -> Value {
    app.get(&format!("/api/connectors/{id}"), &organization.key)
        .await
        .expect(StatusCode::OK)
}

pub async fn pass(seconds: u64) {
    tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
}

/// A deal with these people, which nobody at HubSpot knows.
pub fn of_people(deal: &str, people: &[(&str, &str, &str)]) -> Value {
    let contacts: Vec<_> = people
        .iter()
        .map(|(id, first, last)| json!({"id": id, "first_name": first, "last_name": last}))
        .collect();
    json!({"deal_id": deal, "contacts": contacts})
}
