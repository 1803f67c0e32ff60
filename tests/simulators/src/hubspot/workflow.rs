//! What a workflow posts when a deal is enrolled, how it signs, and when it tries again.
//!
//! Nothing is posted here: a test takes the request and sends it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use http::{HeaderName, HeaderValue, Method, Request, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::model::{Account, Kind, ValueType};
use super::properties::epoch_ms;
use super::{HubSpot, State};
use crate::Error;

const MINUTE_MS: i64 = 60_000;
const LONGEST_GAP_MS: i64 = 8 * 60 * MINUTE_MS;
/// How long a call is tried again.
const PERSISTENCE_MS: i64 = 3 * 24 * 60 * MINUTE_MS;

/// The escapes that version 3 decodes before it signs.
const ESCAPES: [(&str, &str); 12] = [
    ("%3A", ":"),
    ("%2F", "/"),
    ("%3F", "?"),
    ("%40", "@"),
    ("%21", "!"),
    ("%24", "$"),
    ("%27", "'"),
    ("%28", "("),
    ("%29", ")"),
    ("%2A", "*"),
    ("%2C", ","),
    ("%3B", ";"),
];

/// A workflow with one action: to call a URL.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// With its query, as it was entered.
    pub url: String,
    /// The client secret of the app that signs; none: it does not sign.
    #[serde(default)]
    pub secret: Option<String>,
    /// Whether version 3 is there beside version 2.
    #[serde(default = "yes")]
    pub signs_v3: bool,
    /// A header with a key, where that is the proof.
    #[serde(default)]
    pub api_key: Option<(String, String)>,
    #[serde(default)]
    pub form: Form,
    /// The properties that an envelope carries.
    #[serde(default = "fields")]
    pub fields: Vec<String>,
    #[serde(default = "workflow_id")]
    pub workflow_id: u64,
}

/// How the deal is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Of a custom action, and of a webhook with a body of its own. Dates are milliseconds.
    #[default]
    Envelope,
    /// Of a webhook with all properties: the record as the API returns it.
    Object,
    /// The same as older workflows send it: every value is an object.
    OlderObject,
}

impl Workflow {
    /// A workflow that signs in both versions and sends an envelope.
    #[must_use]
    pub fn signed(url: &str, secret: &str) -> Self {
        Self {
            url: url.to_owned(),
            secret: Some(secret.to_owned()),
            signs_v3: true,
            api_key: None,
            form: Form::default(),
            fields: fields(),
            workflow_id: workflow_id(),
        }
    }

    #[must_use]
    pub fn form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }
}

/// One call of a workflow. A repeat has the same body, and so the same `callbackId`.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub url: String,
    pub body: Bytes,
    /// An object that stands alone has none.
    pub callback_id: Option<String>,
    secret: Option<String>,
    signs_v3: bool,
    api_key: Option<(String, String)>,
}

impl Delivery {
    /// Its headers, signed as of `sent_at_ms`: every attempt is signed afresh.
    #[must_use]
    pub fn headers(&self, sent_at_ms: i64) -> Vec<(&str, String)> {
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", "HubSpot Connect 2.0".to_owned()),
        ];
        if let Some(secret) = &self.secret {
            headers.push(("x-hubspot-signature-version", "v2".to_owned()));
            headers.push((
                "x-hubspot-signature",
                sign_v2(secret, "POST", &self.url, &self.body),
            ));
            if self.signs_v3 {
                let timestamp = sent_at_ms.to_string();
                let signature = sign_v3(secret, "POST", &self.url, &self.body, &timestamp);
                headers.push(("x-hubspot-signature-v3", signature));
                headers.push(("x-hubspot-request-timestamp", timestamp));
            }
        }
        if let Some((name, key)) = &self.api_key {
            headers.push((name, key.clone()));
        }
        headers
    }

    /// The request of one attempt.
    ///
    /// # Errors
    /// When the workflow's URL or a header cannot be sent.
    pub fn request(&self, sent_at_ms: i64) -> Result<Request<Bytes>, Error> {
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self
            .url
            .parse()
            .map_err(|_| Error::Impossible("the workflow's URL is not one"))?;
        for (name, value) in self.headers(sent_at_ms) {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_str(&value);
            let (Ok(name), Ok(value)) = (name, value) else {
                return Err(Error::Impossible("a header cannot be sent"));
            };
            request.headers_mut().insert(name, value);
        }
        request
            .headers_mut()
            .insert(header::CONTENT_LENGTH, HeaderValue::from(self.body.len()));
        Ok(request)
    }
}

impl HubSpot {
    /// A deal is enrolled: what the workflow posts.
    ///
    /// # Errors
    /// When there is no such deal.
    pub fn enrol(&self, workflow: &Workflow, deal: u64) -> Result<Delivery, Error> {
        let mut state = self.lock();
        let serial = state.next_serial();
        let callback_id = (workflow.form == Form::Envelope)
            .then(|| format!("ap-{}-{deal}-{serial}-0", state.account.portal_id));
        let body = match &callback_id {
            Some(callback_id) => envelope(&state.account, workflow, deal, callback_id)?,
            None => object(&state, workflow, deal)?,
        };
        Ok(Delivery {
            url: workflow.url.clone(),
            body: Bytes::from(body.to_string()),
            callback_id,
            secret: workflow.secret.clone(),
            signs_v3: workflow.signs_v3,
            api_key: workflow.api_key.clone(),
        })
    }
}

fn envelope(
    account: &Account,
    workflow: &Workflow,
    deal: u64,
    callback_id: &str,
) -> Result<Value, Error> {
    let table = account.table(Kind::Deal);
    let record = table.records.get(&deal).ok_or_else(|| no_deal(deal))?;
    let mut fields = Map::new();
    for name in &workflow.fields {
        let Some(property) = table.properties.get(name) else {
            continue;
        };
        let value = match record.properties().get(name) {
            Some(value) if matches!(property.r#type, ValueType::Date | ValueType::DateTime) => {
                epoch_ms(property.r#type, value).map(|ms| ms.to_string())
            }
            // The account copies it there.
            None if name == "hs_deal_record_id" => Some(deal.to_string()),
            value => value.cloned(),
        };
        // What has no value is an empty text.
        fields.insert(name.clone(), value.unwrap_or_default().into());
    }
    Ok(json!({
        "callbackId": callback_id,
        "origin": {"portalId": account.portal_id, "actionDefinitionId": 1_179_053,
                   "actionDefinitionVersion": 1, "extensionDefinitionId": 1_179_053,
                   "extensionDefinitionVersionId": 1},
        "context": {"source": "WORKFLOWS", "workflowId": workflow.workflow_id},
        "object": {"objectId": deal, "objectType": "DEAL"},
        "fields": fields,
        "inputFields": fields,
    }))
}

fn object(state: &State, workflow: &Workflow, deal: u64) -> Result<Value, Error> {
    let table = state.account.table(Kind::Deal);
    let record = table.records.get(&deal).ok_or_else(|| no_deal(deal))?;
    let now = record.now().ok_or_else(|| no_deal(deal))?;
    let names: Vec<String> = table.properties.keys().cloned().collect();
    let object = state.render(Kind::Deal, record, now, &names);
    if workflow.form == Form::Object {
        return Ok(object);
    }
    let properties: Map<String, Value> = record
        .properties()
        .iter()
        .map(|(name, value)| {
            let is_date = table
                .properties
                .get(name)
                .is_some_and(|property| property.r#type == ValueType::Date);
            let ms = is_date.then(|| epoch_ms(ValueType::Date, value)).flatten();
            let value = ms.map_or_else(|| value.clone(), |ms| ms.to_string());
            (name.clone(), json!({"value": value, "source": "CRM_UI"}))
        })
        .collect();
    Ok(
        json!({"portalId": state.account.portal_id, "dealId": deal, "isDeleted": false,
              "properties": properties}),
    )
}

/// SHA-256 of secret, method, URL and body.
#[must_use]
pub fn sign_v2(secret: &str, method: &str, url: &str, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    for part in [secret.as_bytes(), method.as_bytes(), url.as_bytes(), body] {
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .fold(String::new(), |mut text, byte| {
            // Writing to a text does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// HMAC-SHA256 of method, decoded URL, body and timestamp.
#[must_use]
pub fn sign_v3(secret: &str, method: &str, url: &str, body: &[u8], timestamp: &str) -> String {
    let mut decoded = url.to_owned();
    for (escape, character) in ESCAPES {
        decoded = decoded.replace(escape, character);
        decoded = decoded.replace(&escape.to_lowercase(), character);
    }
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    for part in [
        method.as_bytes(),
        decoded.as_bytes(),
        body,
        timestamp.as_bytes(),
    ] {
        mac.update(part);
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Answered {
        status: u16,
        /// `Retry-After`, which HubSpot takes for milliseconds.
        retry_after_ms: Option<i64>,
    },
    /// Refused, broken, or not within 30 seconds.
    NoAnswer,
}

/// What HubSpot does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Done,
    GivenUp,
    /// It sends the same again then, in Unix milliseconds.
    At(i64),
}

/// The rules of retries. `attempts` counts those that were made, this one included.
///
/// That the gaps double is a guess: documented are the first, the longest and that they grow.
#[must_use]
pub fn next_attempt(first_ms: i64, attempts: u32, now_ms: i64, outcome: Outcome) -> Next {
    let gap_ms = match outcome {
        Outcome::Answered {
            status: 200..=299, ..
        } => return Next::Done,
        Outcome::Answered {
            status: 429,
            retry_after_ms: Some(wait_ms),
        } => wait_ms.max(0),
        Outcome::Answered { status, .. } if status != 429 && status < 500 => return Next::GivenUp,
        Outcome::Answered { .. } | Outcome::NoAnswer => {
            let doubled = 2_i64.saturating_pow(attempts.saturating_sub(1));
            MINUTE_MS.saturating_mul(doubled).min(LONGEST_GAP_MS)
        }
    };
    let at_ms = now_ms.saturating_add(gap_ms);
    if at_ms.saturating_sub(first_ms) > PERSISTENCE_MS {
        Next::GivenUp
    } else {
        Next::At(at_ms)
    }
}

fn no_deal(id: u64) -> Error {
    Error::UnknownName {
        what: "deal",
        name: id.to_string(),
    }
}

const fn yes() -> bool {
    true
}

const fn workflow_id() -> u64 {
    44_120_987
}

fn fields() -> Vec<String> {
    [
        "service_package",
        "renewal_service_package",
        "hs_deal_record_id",
        "household_type",
        "renewal_household_type",
        "agreement_start_date",
        "client_email",
    ]
    .map(str::to_owned)
    .to_vec()
}
