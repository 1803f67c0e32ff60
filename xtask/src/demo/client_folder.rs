//! A folder in Box for the client of one deal, with whose portal the firm is connected already.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use api::client_folders::{ClientFolder, ClientFolderAsked};
use api::connectors::Connector;
use serde::Serialize;
use serde_json::{Value, json};

use super::tenant;
use crate::http::Client;
use crate::interrupt;

const DEAL: &str = "502";
/// The app that is registered at the simulated Box, the user as whom it acts, what is copied, and where to.
const APP: &str = "simboxclient0001";
const AS_USER: &str = "ops@harbour.example";
const TEMPLATE: &str = "Client Folder Template";
const PARENT: &str = "1. Active Clients";
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(200);

#[derive(Debug, Serialize)]
pub struct ClientFolderSummary {
    pub deal_id: String,
    pub status: String,
    pub name: Option<String>,
    pub folder_id: Option<String>,
    pub failure: Option<String>,
    /// Folders of this name that Box shows where the clients are.
    pub at_box: usize,
}

impl ClientFolderSummary {
    pub fn failure(&self) -> Option<String> {
        let is_there = matches!(self.status.as_str(), "created" | "existing") && self.at_box == 1;
        (!is_there).then(|| {
            format!(
                "Folder of deal {}: {} ({}), and {} at Box",
                self.deal_id,
                self.status,
                self.failure.as_deref().unwrap_or("no reason is given"),
                self.at_box
            )
        })
    }
}

/// # Errors
/// If the application or the simulator refuses one of these calls, or does not come to its end.
pub fn make(client: &Client, box_folders: &Client) -> anyhow::Result<ClientFolderSummary> {
    let parent = item(&items(box_folders)?, PARENT)?;
    connect(client, box_folders, &parent)?;
    let asked: ClientFolderAsked =
        tenant::read(client.post("/post/create_box_folder", &json!({"deal_id": DEAL}))?)?;
    let begun = asked
        .client_folder
        .with_context(|| format!("no folder was begun: {:?}", asked.reason))?;
    let folder = until_made(client, begun)?;
    let is_it = |item: &&Value| {
        item["parent"].to_string().trim_matches('"') == parent
            && item["name"].as_str() == folder.name.as_deref()
    };
    let at_box = items(box_folders)?.iter().filter(is_it).count();
    Ok(ClientFolderSummary {
        deal_id: folder.deal_id,
        status: folder.status,
        name: folder.name,
        folder_id: folder.folder_id,
        failure: folder.failure_detail,
        at_box,
    })
}

/// With the configuration file of the app, as its console offers it.
fn connect(client: &Client, box_folders: &Client, parent: &str) -> anyhow::Result<()> {
    let known: Vec<Connector> = tenant::rows(client.get("/api/connectors?limit=500")?)?;
    if known.iter().any(|one| one.provider == "box") {
        return Ok(());
    }
    let template = item(&items(box_folders)?, TEMPLATE)?;
    let app_config = box_folders.get(&format!("/_sim/apps/{APP}/config"))?;
    client.post(
        "/api/connectors",
        &json!({
            "type": "box", "name": "Folders of the firm",
            "config": {"template_folder_id": template, "parent_folder_id": parent, "as_user": AS_USER},
            "credentials": {"app_config": app_config},
        }),
    )?;
    Ok(())
}

fn until_made(client: &Client, begun: ClientFolder) -> anyhow::Result<ClientFolder> {
    let until = Instant::now() + PATIENCE;
    let path = format!("/api/client-folders/{}", begun.id);
    let mut folder = begun;
    while folder.status == "pending" {
        ensure!(Instant::now() < until, "the folder is not made: {folder:?}");
        interrupt::sleep(POLL)?;
        folder = tenant::read(client.get(&path)?)?;
    }
    Ok(folder)
}

fn items(box_folders: &Client) -> anyhow::Result<Vec<Value>> {
    let items = box_folders.get("/_sim/items")?;
    items.as_array().cloned().context("Box shows no items")
}

/// The id of the folder of this name, as text.
fn item(items: &[Value], name: &str) -> anyhow::Result<String> {
    let item = items.iter().find(|item| item["name"] == name);
    let id = item.with_context(|| format!("Box has no folder {name}"))?;
    Ok(id["id"].to_string().trim_matches('"').to_owned())
}
