//! A webhook, a token, and answers to them.

use bytes::Bytes;
use domain::slack_message::Message;
use http::Response;
use providers::slack::{BotToken, Client, DEFAULT_API_BASE_URL, IncomingWebhook};

pub const SECRET: &str = "XXsecretXXsecretXXsecret";
pub const TOKEN: &str = "xoxb-hunter2-hunter2";
pub const RECEIVED_AT: i64 = 784_111_777;

pub fn webhook() -> IncomingWebhook {
    IncomingWebhook::parse(&format!(
        "https://hooks.slack.com/services/T024BE7LD/B024BE7LE/{SECRET}"
    ))
    .unwrap()
}

pub fn client() -> Client {
    Client::new(DEFAULT_API_BASE_URL, BotToken::parse(TOKEN).unwrap()).unwrap()
}

pub fn message() -> Message {
    Message {
        text: Some("Zoë & co".to_owned()),
        channel: Some("#ops".to_owned()),
        ..Message::default()
    }
}

pub fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap()
}
