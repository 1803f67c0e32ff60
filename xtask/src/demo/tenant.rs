//! The demo's organizations, set up as an operator and a customer would.

use std::collections::BTreeMap;

use anyhow::Context;
use api::organizations::{CreatedApiKey, Organization};
use api::seven_shifts_proxy::ConnectedAnswer;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::http::Client;

/// An organization and the simulator's account that is its own.
#[derive(Debug)]
pub struct DemoTenant {
    pub name: &'static str,
    time_zone: &'static str,
    company_id: i64,
    access_token: &'static str,
}

pub const DEMO_TENANTS: [DemoTenant; 2] = [
    DemoTenant {
        name: "Lakeshore Kitchens",
        time_zone: "America/Toronto",
        company_id: 4410,
        access_token: "sim7s_lakeshore_1",
    },
    DemoTenant {
        name: "Harbour Plates",
        time_zone: "Australia/Sydney",
        company_id: 4420,
        access_token: "sim7s_harbour_1",
    },
];

/// An organization that is connected.
#[derive(Debug)]
pub struct Tenant {
    pub organization: Organization,
    pub company_id: i64,
    /// An owner's key, shown so that people can look around.
    pub api_key: String,
    pub connector_id: String,
    /// The first run of each stream; it may not have begun.
    pub run_ids: BTreeMap<String, String>,
    pub client: Client,
}

impl Tenant {
    /// Creates the organization unless an earlier demo has, gives its owner a key, and connects
    /// its account with that key.
    ///
    /// # Errors
    /// If the application refuses one of these calls.
    pub fn set_up(
        demo: &DemoTenant,
        operator: &Client,
        anonymous: &Client,
    ) -> anyhow::Result<Self> {
        let Firm {
            organization,
            api_key,
            client,
        } = Firm::set_up(demo.name, demo.time_zone, operator, anonymous)?;
        let connected: ConnectedAnswer = read(client.post(
            "/functions/v1/7shifts-proxy",
            &json!({
                "action": "connect",
                "apiKey": demo.access_token,
                "companyId": demo.company_id,
                "name": format!("7shifts of {}", demo.name),
            }),
        )?)?;
        Ok(Self {
            organization,
            company_id: demo.company_id,
            api_key,
            connector_id: connected.connector_id,
            run_ids: connected.run_ids,
            client,
        })
    }
}

/// An organization with an owner's key.
#[derive(Debug)]
pub struct Firm {
    pub organization: Organization,
    pub api_key: String,
    pub client: Client,
}

impl Firm {
    /// Creates the organization unless an earlier demo has, and gives its owner a key.
    ///
    /// # Errors
    /// If the application refuses one of these calls.
    pub fn set_up(
        name: &str,
        time_zone: &str,
        operator: &Client,
        anonymous: &Client,
    ) -> anyhow::Result<Self> {
        let organization = match find(name, operator)? {
            Some(organization) => organization,
            None => read(operator.post(
                "/api/organizations",
                &json!({"name": name, "time_zone": time_zone}),
            )?)?,
        };
        let created: CreatedApiKey = read(operator.post(
            &format!("/api/api-keys?organization_id={}", organization.id),
            &json!({"name": "Demo", "role": "owner"}),
        )?)?;
        let api_key = created
            .key
            .context("the application does not show the key it created")?;
        Ok(Self {
            organization,
            client: anonymous.with_token(&api_key),
            api_key,
        })
    }
}

fn find(name: &str, operator: &Client) -> anyhow::Result<Option<Organization>> {
    let page = operator.get("/api/organizations?limit=500")?;
    let organizations: Vec<Organization> = rows(page)?;
    Ok(organizations
        .into_iter()
        .find(|organization| organization.name == name && organization.state == "active"))
}

/// The rows of a page.
pub fn rows<T: DeserializeOwned>(mut page: Value) -> anyhow::Result<Vec<T>> {
    read(page.get_mut("data").map(Value::take).unwrap_or_default())
}

/// An answer of the application.
pub fn read<T: DeserializeOwned>(answer: Value) -> anyhow::Result<T> {
    serde_json::from_value(answer).with_context(|| {
        format!(
            "an answer of the application is not {} as described",
            std::any::type_name::<T>()
        )
    })
}
