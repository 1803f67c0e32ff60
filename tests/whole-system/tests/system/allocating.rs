//! Deals that are given to advisers: from the call of a workflow to the property of the deal, whatever happens in between.

mod asking;
mod bad_days;
mod dying;
mod looking;
mod many;
mod telling;
mod weather;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use simulators::hubspot::workflow::{Delivery, Form, Workflow};
use simulators::hubspot::{self, Change, Kind};
use simulators::seven_shifts::demo_data;
use whole_system::{Answer, App, Organization, Settings, send_raw};

/// When the simulations of this module begin: Monday 2026-09-21, 14:13:20 UTC; in Sydney it is Tuesday.
pub const EPOCH: i64 = 1_790_000_000;
pub const PUBLIC_URL: &str = "https://patchbay.example.test";
pub const PATH: &str = "/post/allocate";
pub const DEALS: &str = "/crm/v3/objects/deals";

/// The application with one organization that has a connector to HubSpot.
pub struct Stage {
    pub app: App,
    pub organization: Organization,
    pub connector_id: String,
}

pub fn settings(seed: u64) -> Settings {
    Settings {
        seed,
        ..Settings::default()
    }
    .variable("public_url", PUBLIC_URL)
}

impl Stage {
    pub async fn set(seed: u64) -> Self {
        Self::with(settings(seed)).await
    }

    pub async fn with(settings: Settings) -> Self {
        let seed = settings.seed;
        let app = App::simulate_with(settings, EPOCH, demo_data(seed, EPOCH)).await;
        Self::on(app).await
    }

    pub async fn on(app: App) -> Self {
        let organization = app.organization("Harbour Wealth", "Australia/Sydney").await;
        let made = app
            .post("/api/connectors", &organization.key, hubspot_connector())
            .await
            .expect(StatusCode::CREATED);
        let connector_id = made["id"].as_str().expect("an id").to_owned();
        let stage = Self {
            app,
            organization,
            connector_id,
        };
        stage.set_up(json!({})).await;
        stage
    }

    /// Sets the settings of allocations, with what differs from the demo's.
    pub async fn set_up(&self, more: Value) {
        let mut document = json!({"pipeline": hubspot::PIPELINE, "stages": hubspot::STAGES});
        let members = document.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        self.app
            .request(
                Method::PUT,
                "/api/allocation/settings",
                &self.organization.key,
                Some(document),
            )
            .await
            .expect(StatusCode::OK);
    }

    /// A workflow enrols a deal, and HubSpot signs.
    pub fn delivery(&self, deal: u64, form: Form) -> Delivery {
        self.delivery_to(&format!("{PUBLIC_URL}{PATH}"), deal, form)
    }

    pub fn delivery_to(&self, url: &str, deal: u64, form: Form) -> Delivery {
        let workflow = Workflow::signed(url, hubspot::CLIENT_SECRET).form(form);
        self.app.hubspot.provider().enrol(&workflow, deal).unwrap()
    }

    pub async fn enrol(&self, deal: u64) -> Answer {
        self.call(&self.delivery(deal, Form::Envelope)).await
    }

    pub async fn call(&self, delivery: &Delivery) -> Answer {
        call(&self.app, delivery).await
    }

    /// Asks with a key about a deal, with these fields.
    pub async fn ask(&self, query: &str, deal: u64, fields: Value) -> Answer {
        let body = json!({"object": {"objectId": deal, "objectType": "DEAL"}, "fields": fields});
        self.app
            .post(&format!("{PATH}{query}"), &self.organization.key, body)
            .await
    }

    /// An owner has a deal decided again.
    pub async fn rerun(&self, id: &Value) -> Answer {
        let path = format!("/api/allocations/{}/rerun", id.as_str().unwrap());
        let key = &self.organization.key;
        self.app.request(Method::POST, &path, key, None).await
    }

    /// An owner gives a deal to the adviser of this mail.
    pub async fn give(&self, id: &Value, email: &str) -> Answer {
        let path = format!("/api/allocations/{}/override", id.as_str().unwrap());
        let body = json!({"adviser_email": email});
        self.app.post(&path, &self.organization.key, body).await
    }

    pub async fn explained(&self, id: &Value) -> Value {
        let path = format!("/api/allocations/{}", id.as_str().unwrap());
        self.app
            .get(&path, &self.organization.key)
            .await
            .expect(StatusCode::OK)
    }

    pub async fn records(&self) -> Vec<Value> {
        self.app
            .all("/api/allocations", &self.organization.key)
            .await
    }

    /// The live record of a deal.
    pub async fn live(&self, deal: u64) -> Value {
        let path = format!("/api/allocations?deal={deal}&is_live=true");
        let found = self.app.all(&path, &self.organization.key).await;
        assert_eq!(found.len(), 1, "{found:#?}");
        found[0].clone()
    }

    /// Ticks, as a scheduler would, until every record has its end.
    pub async fn settle(&self) -> Vec<Value> {
        for _ in 0..400 {
            self.app.tick().await.expect(StatusCode::OK);
            let all = self.records().await;
            if all.iter().all(|one| one["status"] != "received") {
                return all;
            }
            pass(20).await;
        }
        panic!("it never ends: {:#?}", self.records().await);
    }

    pub fn change(&self, change: Change) {
        self.app
            .hubspot
            .provider()
            .change(change)
            .expect("the change is possible");
    }

    /// Sets properties of a record as the firm's people do.
    pub fn put(&self, kind: Kind, id: u64, properties: &[(&str, &str)]) {
        let properties: BTreeMap<String, Option<String>> = properties
            .iter()
            .map(|(name, value)| {
                let value = (!value.is_empty()).then(|| (*value).to_owned());
                ((*name).to_owned(), value)
            })
            .collect();
        self.change(Change::PutRecord {
            kind,
            id,
            properties,
        });
    }

    /// A new deal that nobody has.
    pub fn put_deal(&self, id: u64, package: &str, household: &str, agreement: &str) {
        let text = id.to_string();
        self.put(
            Kind::Deal,
            id,
            &[
                ("dealname", "A deal of the tests"),
                ("pipeline", hubspot::PIPELINE),
                ("dealstage", hubspot::STAGES[0]),
                ("service_package", package),
                ("household_type", household),
                ("agreement_start_date", agreement),
                ("hs_deal_record_id", &text),
            ],
        );
    }

    /// Only these users of the demo's advisers take on clients.
    pub fn only(&self, takers: &[u64]) {
        for number in 1..=12 {
            let takes = if takers.contains(&number) {
                "True"
            } else {
                "False"
            };
            self.put(
                Kind::User,
                90_210_000 + number,
                &[("taking_on_clients", takes)],
            );
        }
    }

    pub fn at_hubspot(&self, deal: u64, property: &str) -> Option<String> {
        self.app
            .hubspot
            .provider()
            .value(Kind::Deal, deal, property)
            .filter(|value| !value.is_empty())
    }

    /// How often deals were changed.
    pub fn patches(&self, deal: u64) -> usize {
        let patches = self.app.hubspot.provider().patches();
        patches
            .iter()
            .filter(|patch| patch.kind == Kind::Deal && patch.id == deal)
            .count()
    }
}

pub fn hubspot_connector() -> Value {
    json!({"type": "hubspot", "name": "HubSpot", "config": {"portal_id": hubspot::PORTAL},
        "credentials": {"token": hubspot::TOKEN, "signature_secret": hubspot::CLIENT_SECRET}})
}

pub fn now_ms(app: &App) -> i64 {
    match &app.clock {
        Some(clock) => i64::try_from(runtime::Clock::wall(&**clock).as_millis()).unwrap(),
        None => whole_system::now() * 1_000,
    }
}

/// The request of a delivery, as it reaches the host.
pub fn signed(app: &App, delivery: &Delivery) -> Request<Bytes> {
    let signed = delivery.request(now_ms(app)).unwrap();
    let (mut parts, body) = signed.into_parts();
    let path = parts.uri.path_and_query().unwrap().to_string();
    parts.uri = path.parse().unwrap();
    Request::from_parts(parts, body)
}

pub async fn call(app: &App, delivery: &Delivery) -> Answer {
    send_raw(&app.runtime, signed(app, delivery)).await
}

pub async fn pass(seconds: u64) {
    tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
}

pub fn reason(answer: &Value) -> &str {
    answer["reason"].as_str().unwrap_or("none")
}
