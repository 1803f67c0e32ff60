//! A message to Slack, by `slack-notify` and straight to the simulator, in turns.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;
use whole_system::App;

use crate::table::{Mark, Measured, Row};

pub const ROWS: &[Row] = &[
    Row {
        id: "slack_direct",
        what: "message straight to the simulated Slack, half of them within",
        unit: "ms",
        mark: Mark::Context,
    },
    Row {
        id: "slack_added",
        what: "the same by slack-notify: decided, on the disk, sent and answered; what it adds",
        unit: "ms",
        mark: Mark::Below(5.0),
    },
];

const MESSAGES: usize = 21;
/// A channel takes one message a second.
const PAUSE: Duration = Duration::from_millis(1_100);
const HOOK: &str = "/services/T0LAKESHR/B0OPSHOOK/simslackLakeshoreOps0001";

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    let app = App::start().await;
    let organization = app.organization("Notify", "America/Toronto").await;
    let url = format!("https://hooks.slack.com{HOOK}");
    let body = json!({"type": "slack", "name": "Ops", "credentials": {"webhook_url": url}});
    let connector = app
        .post("/api/connectors", &organization.key, body)
        .await
        .expect(StatusCode::CREATED);
    let mut slack = Slack::connect(app.variable("slack_webhooks_url")).await?;
    let (mut by_us, mut direct) = (Vec::new(), Vec::new());
    for number in 0..MESSAGES {
        let message = json!({"text": format!("Message {number}")});
        direct.push(slack.post(message.to_string()).await?);
        tokio::time::sleep(PAUSE).await;
        let body = json!({"connector_id": connector["id"], "message": message});
        let begun = Instant::now();
        let answer = app
            .post("/functions/v1/slack-notify", &organization.key, body)
            .await;
        by_us.push(begun.elapsed());
        anyhow::ensure!(answer.status == StatusCode::OK, "{answer:?}");
        tokio::time::sleep(PAUSE).await;
    }
    let (by_us, direct) = (median_ms(by_us), median_ms(direct));
    Ok(vec![
        Measured::new("slack_direct", direct),
        Measured::new("slack_added", by_us - direct),
    ])
}

fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times
        .get(times.len() / 2)
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

/// A connection that is kept alive, as the runtime's are.
struct Slack {
    address: String,
    sender: SendRequest<Full<Bytes>>,
}

impl Slack {
    async fn connect(base_url: &str) -> anyhow::Result<Self> {
        let address = base_url
            .strip_prefix("http://")
            .context("the simulator is at no http URL")?;
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self {
            address: address.to_owned(),
            sender,
        })
    }

    async fn post(&mut self, body: String) -> anyhow::Result<Duration> {
        let request = Request::post(HOOK)
            .header("host", &self.address)
            .header("content-type", "application/json")
            .body(Full::from(body))?;
        let begun = Instant::now();
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        response.into_body().collect().await?;
        anyhow::ensure!(status == StatusCode::OK, "{status}");
        Ok(begun.elapsed())
    }
}
