//! What HubSpot says of advisers, how old it is, and what becomes of it on bad days.

mod answering;
mod connecting;
mod failing;
mod leave;
mod limits;
mod reading;

use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use simulators::hubspot::{Change, Kind, Owner, PIPELINE, PORTAL, STAGES, Settings, TOKEN};
use simulators::{Fault, FaultRule};
use whole_system::{Answer, App, Organization};

/// When the simulations of this module begin: 2026-09-21T14:13:20Z, which is Tuesday morning in Sydney.
pub const EPOCH: i64 = 1_790_000_000;
pub const ZONE: &str = "Australia/Sydney";
pub const EARLIEST: &str = "/availability/earliest?compute=1";

const USERS: &str = "/crm/v3/objects/users";
const OWNERS: &str = "/crm/v3/owners";
const MEETINGS: &str = "/crm/v3/objects/meetings/search";
const DEALS: &str = "/crm/v3/objects/deals/search";

/// The application with one organization that has a connector to HubSpot.
pub struct Stage {
    pub app: App,
    pub organization: Organization,
    pub connector_id: String,
}

impl Stage {
    pub async fn set(seed: u64) -> Self {
        let app = App::simulate(seed, EPOCH).await;
        let organization = app.organization("Harbour", ZONE).await;
        let connector_id = connect(&app, &organization, "hubspot").await;
        let settings = json!({"pipeline": PIPELINE, "stages": STAGES});
        put_settings(&app, &organization, settings).await;
        Self {
            app,
            organization,
            connector_id,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.app.get(path, &self.organization.key).await
    }

    pub async fn told(&self, path: &str) -> Value {
        self.get(path).await.expect(StatusCode::OK)
    }

    /// The list of earliest weeks.
    pub async fn earliest(&self) -> Value {
        self.told(EARLIEST).await
    }

    /// Paths that HubSpot was asked since the last time, in order.
    pub fn asked(&self) -> Vec<String> {
        let requests = self.app.hubspot.requests();
        self.app.hubspot.clear_requests();
        requests
            .into_iter()
            .map(|request| request.path.split('?').next().unwrap().to_owned())
            .collect()
    }

    pub fn fault(&self, path: &str, fault: Fault) {
        self.app.hubspot.add_fault(FaultRule::always(path, fault));
    }

    pub fn change(&self, change: Change) {
        self.app.hubspot.provider().change(change).unwrap();
    }

    pub fn put(&self, kind: Kind, id: u64, properties: &[(&str, &str)]) {
        let properties: BTreeMap<String, Option<String>> = properties
            .iter()
            .map(|&(name, value)| {
                let value = (!value.is_empty()).then(|| value.to_owned());
                (name.to_owned(), value)
            })
            .collect();
        self.change(Change::PutRecord {
            kind,
            id,
            properties,
        });
    }

    /// An adviser who takes everybody, with an owner.
    pub fn hire(&self, number: u64, email: &str) {
        let owner = 8_000 + number;
        self.change(Change::PutOwner {
            owner: Owner {
                id: owner,
                email: email.to_owned(),
                first_name: "New".to_owned(),
                last_name: number.to_string(),
                user_id: 600_000 + number,
                is_archived: false,
            },
        });
        self.put(
            Kind::User,
            91_000_000 + number,
            &[
                ("hs_email", email),
                ("hubspot_owner_id", &owner.to_string()),
                ("taking_on_clients", "True"),
                ("client_types", "Seed"),
            ],
        );
    }

    pub fn settings(&self, change: impl FnOnce(&mut Settings)) {
        self.app.hubspot.provider().change_settings(change);
    }
}

/// Time goes by in the simulation.
pub async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

pub fn connector() -> Value {
    json!({
        "type": "hubspot", "name": "HubSpot", "integration_key": "hubspot",
        "config": {"portal_id": PORTAL},
        "credentials": {"token": TOKEN},
    })
}

pub async fn connect(app: &App, organization: &Organization, key: &str) -> String {
    let mut connector = connector();
    connector["integration_key"] = key.into();
    let made = app
        .post("/api/connectors", &organization.key, connector)
        .await
        .expect(StatusCode::CREATED);
    made["id"].as_str().unwrap().to_owned()
}

pub async fn put_settings(app: &App, organization: &Organization, settings: Value) {
    app.request(
        http::Method::PUT,
        "/api/allocation/settings",
        &organization.key,
        Some(settings),
    )
    .await
    .expect(StatusCode::OK);
}

/// A row of the list of earliest weeks.
pub fn of<'a>(list: &'a Value, email: &str) -> &'a Value {
    let rows = list["data"].as_array().unwrap();
    rows.iter()
        .find(|row| row["email"] == email)
        .unwrap_or_else(|| panic!("{email} is not in {list:#}"))
}

pub fn source<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let sources = answer["sources"].as_array().unwrap();
    sources
        .iter()
        .find(|source| source["source"] == name)
        .unwrap_or_else(|| panic!("{name} is not in {answer:#}"))
}

pub fn first(number: &str) -> String {
    format!("new.{number}@example.test")
}

pub fn problem(answer: &Answer, status: StatusCode, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.json());
    let said = answer.json().to_string();
    assert!(said.contains(words), "{said}");
}
