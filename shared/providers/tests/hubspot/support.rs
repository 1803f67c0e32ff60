//! A client, and answers to it.

use bytes::Bytes;
use http::Response;
use providers::ProviderError;
use providers::hubspot::{AccessToken, Call, Client, DEFAULT_API_BASE_URL};
use serde_json::Value;

pub const TOKEN: &str = "pat-na1-hunter2-hunter2";
pub const RECEIVED_AT: i64 = 1_773_187_800;

pub fn client() -> Client {
    Client::new(DEFAULT_API_BASE_URL, AccessToken::parse(TOKEN).unwrap()).unwrap()
}

pub fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap()
}

pub fn read<T>(call: &Call<T>, body: &Value) -> Result<T, ProviderError> {
    read_bytes(call, body.to_string())
}

pub fn read_bytes<T>(call: &Call<T>, body: impl Into<Bytes>) -> Result<T, ProviderError> {
    call.reply.read(&answer(200, &[], body), RECEIVED_AT)
}

pub fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}
