//! One enterprise, so that there is something to connect to.

use super::app::{App, KeyPair};
use super::model::{Enterprise, Kind};

/// The user that the demo's app acts as: the owner of all folders.
pub const OPS_USER: &str = "22000001";
/// Their login.
pub const OPS_LOGIN: &str = "ops@harbour.example";
/// The user that the demo's app is.
pub const SERVICE_ACCOUNT: &str = "33000001";
/// The demo's app.
pub const CLIENT_ID: &str = "simboxclient0001";
/// What is copied.
pub const TEMPLATE: &str = "Client Folder Template";
/// Where it goes.
pub const CLIENTS: &str = "1. Active Clients";

/// An advice firm whose clients have folders below `1. Active Clients`, made from `Client Folder
/// Template`. Everything is owned by `ops@harbour.example`; the app's own account sees none of it.
#[must_use]
pub fn demo_data(now: i64) -> Enterprise {
    let mut enterprise = Enterprise::new("27335")
        .with_user(OPS_USER, "Ops", OPS_LOGIN)
        .with_user("22000002", "Ops Archive", "ops-archive@harbour.example")
        .with_user("22000003", "Mara Quist", "mara.quist@harbour.example")
        .with_user(
            SERVICE_ACCOUNT,
            "Patchbay",
            "AutomationUser_1_simbox@boxdevedition.example",
        )
        .with_app(App {
            client_id: CLIENT_ID.to_owned(),
            client_secret: "simboxsecret0001".to_owned(),
            public_key_id: "simkey01".to_owned(),
            passphrase: "simbox passphrase".to_owned(),
            service_account: SERVICE_ACCOUNT.to_owned(),
            is_authorized: true,
            may_act_as_users: true,
            key: KeyPair::demo(),
        });
    enterprise
        .templates
        .insert("enterprise_27335.clientFolder".to_owned());
    let mut folder = |name: &str, parent| enterprise.put(Kind::Folder, name, parent, OPS_USER, now);
    let clients = folder(CLIENTS, None);
    let template = folder(TEMPLATE, None);
    folder("Noor Rahman", Some(clients));
    folder("1. Advice", Some(template));
    let letters = folder("2. Correspondence", Some(template));
    folder("Client Sharing", Some(template));
    enterprise.put(Kind::File, "Welcome.pdf", Some(letters), OPS_USER, now);
    enterprise
}
