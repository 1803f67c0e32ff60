//! A configuration file, a client, and answers to it.

use bytes::Bytes;
use http::Response;
use providers::Secret;
use providers::box_folders::{AppConfig, Client, DEFAULT_BASE_URL, Id};
use serde_json::{Value, json};

use crate::keys;

pub const CLIENT_SECRET: &str = "hunter2hunter2hunter2";
pub const TOKEN: &str = "T9cE5asGnuyYhunter2";
pub const RECEIVED_AT: i64 = 784_111_777;

pub fn file() -> Value {
    json!({
        "boxAppSettings": {
            "clientID": "ly1nj6n11vionaie65emwzk575hnnmrk",
            "clientSecret": CLIENT_SECRET,
            "appAuth": {
                "publicKeyID": "8hmm4h82",
                "privateKey": keys::pem(),
                "passphrase": keys::PASSPHRASE,
            },
        },
        "enterpriseID": "27335",
        "webhooks": {},
    })
}

pub fn config() -> AppConfig {
    AppConfig::parse(&file().to_string()).unwrap()
}

pub fn client() -> Client {
    Client::new(DEFAULT_BASE_URL, Secret::new(TOKEN)).unwrap()
}

pub fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap()
}
