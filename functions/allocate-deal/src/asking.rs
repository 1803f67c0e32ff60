//! A call about a deal: proven, kept once, and answered with what is decided if that comes soon enough.

use api::allocation::deals::Allocated;
use api::query::Query;
use api::{Problem, ProblemKind};
use domain::access::Tenant;
use domain::api_key::sha256_hex;
use domain::inbound_webhook::EVENTS_PER_MINUTE;
use http::{StatusCode, header};
use platform::allocating::{ENGINE, ENGINE_PATH, Preview, Request};
use platform::hubspot::signed::{signed, workflow_call};
use platform::hubspot::{Config, HUBSPOT};
use platform::{
    Context, Reply, auth, clock, deliveries, inbound_limits, internal, problems, random,
};
use providers::hubspot::workflow::Names;
use serde::Deserialize;
use serde_json::{Map, Value};
use store::allocation::documents;
use store::allocation::records::{self, NewRecord, Received, SAME_BODY};
use store::connectors::{self, Connector};

use crate::waiting;

/// As HubSpot is told it.
const PATH: &str = "/post/allocate";
/// Texts that switch the notice of a call off.
const OFF: &[&str] = &["0", "false", "no", "off"];
/// How long a dry run is waited for, in milliseconds.
const PREVIEW_MS: i64 = 20_000;
/// Characters of a header that are kept.
const MAX_HEADER_CHARS: usize = 200;

/// What the query says.
struct Parameters {
    connector: Option<String>,
    organization_id: Option<String>,
    is_dry_run: bool,
    is_told: bool,
}

impl Parameters {
    /// Who has a key is told of a name that is mistyped, above all of `dry_run`. A workflow's URL may have more in it.
    fn parse(text: &str, is_workflow: bool) -> Result<Self, Problem> {
        let mut query = Query::parse(text);
        if is_workflow {
            query.lenient();
        }
        let parameters = Self {
            connector: query.text("connector"),
            organization_id: query.id("organization_id"),
            is_dry_run: query.boolean("dry_run").unwrap_or(false),
            is_told: query
                .text("send_chat_alert")
                .is_none_or(|text| !OFF.contains(&text.trim().to_ascii_lowercase().as_str())),
        };
        query.finish()?;
        Ok(parameters)
    }
}

/// Whose deal it is.
struct Asker {
    tenant: Tenant,
    connector_id: String,
    source: &'static str,
    name: String,
}

/// # Errors
/// 401 for a call that nobody has proven, 415 for a body that is no JSON, 400 for one that names no deal.
pub async fn allocate(context: &Context) -> Result<Reply, Problem> {
    let until_ms = clock::now_ms().saturating_add(waiting::WAIT_MS);
    let is_signed = ["x-hubspot-signature", "x-hubspot-signature-v3"]
        .iter()
        .any(|name| context.headers.contains_key(*name));
    if context.known_caller().is_none() && !is_signed {
        let problem = Problem::new(
            ProblemKind::Unauthenticated,
            "Have the workflow sign its request, or send `Authorization: Bearer` with an API key.",
        );
        return Err(inbound_limits::refused(&context.headers, &context.database, problem).await);
    }
    if !is_json(context) {
        return Err(Problem::new(
            ProblemKind::UnsupportedMediaType,
            "Send the body as JSON, with the content type application/json.",
        )
        .with_legacy(StatusCode::UNSUPPORTED_MEDIA_TYPE, "INVALID_CONTENT_TYPE")
        .with_legacy_member("message", "Invalid Content-Type"));
    }
    let parameters = Parameters::parse(&context.query, context.known_caller().is_none())?;
    // Serde would take the entries of a list for the members.
    let is_list = context.body.trim_ascii_start().first() == Some(&b'[');
    let peeked: Peeked = if is_list {
        Peeked::default()
    } else {
        serde_json::from_slice(&context.body).unwrap_or_default()
    };
    let asker = match context.known_caller() {
        Some(_) => by_key(context, &parameters, peeked.portal_id()).await?,
        None => by_signature(context, &parameters, peeked.portal_id()).await?,
    };
    if peeked.is_of_nothing() {
        return Reply::json(
            StatusCode::OK,
            &Allocated {
                message: "Nothing is done: the body names no object (object.objectType)."
                    .to_owned(),
                ..Allocated::default()
            },
        );
    }
    let documents = documents(&context.database, &asker.tenant)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("organization"))?;
    let names = Names::from(&documents.settings.properties);
    let call = workflow_call(&context.body, &names)?;
    let call_id = call.callback_id.clone().unwrap_or_else(|| {
        // The same body is the same call.
        let digest = sha256_hex(&context.body);
        format!("{SAME_BODY}{}", digest.get(..32).unwrap_or_default())
    });
    let deal_id = call.deal_id.clone();
    let mut request = Request::of(call, parameters.is_told);
    if parameters.is_dry_run {
        return preview(&asker, deal_id, request).await;
    }
    let address = auth::client_address(&context.headers).await.ok().flatten();
    request.ip_address = address.map(|address| address.to_string());
    request.user_agent = context
        .headers
        .get(header::USER_AGENT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .map(|text| domain::redact::excerpt(&text, MAX_HEADER_CHARS, &[]));
    let (id, is_repeat) = receive(context, &asker, &deal_id, &call_id, &request).await?;
    waiting::answer(
        context,
        &asker.tenant,
        &asker.connector_id,
        &id,
        is_repeat,
        until_ms,
    )
    .await
}

/// What would be decided, as the engine says it.
async fn preview(asker: &Asker, deal_id: String, request: Request) -> Result<Reply, Problem> {
    let call = Preview {
        organization_id: asker.tenant.as_str().to_owned(),
        connector_id: asker.connector_id.clone(),
        deal_id,
        request,
    };
    let answer = internal::post(ENGINE, ENGINE_PATH, &call, PREVIEW_MS)
        .await
        .map_err(|error| problems::unavailable(&error.to_string()))?;
    if answer.status() != StatusCode::OK {
        return Err(problems::unavailable("the engine did not answer"));
    }
    Ok(Reply::json_bytes(
        StatusCode::OK,
        answer.into_body().to_vec(),
    ))
}

/// Keeps the call, unless the deal has its result already; the id of the record that answers it.
async fn receive(
    context: &Context,
    asker: &Asker,
    deal_id: &str,
    call_id: &str,
    request: &Request,
) -> Result<(String, bool), Problem> {
    let tenant = &asker.tenant;
    let call = (asker.connector_id.as_str(), deal_id, call_id);
    let answer = records::answer(&context.database, tenant, call, clock::now())
        .await
        .map_err(|error| problems::database(&error))?;
    if let Some(id) = answer {
        return Ok((id, true));
    }
    let kept =
        serde_json::to_string(request).map_err(|error| problems::internal(&error.to_string()))?;
    let id = random::id();
    let new = NewRecord {
        id: &id,
        connector_id: &asker.connector_id,
        deal_id,
        source: asker.source,
        requested_by: &asker.name,
        call_id,
        request: &kept,
        client_email: request.client_email.as_deref(),
    };
    let received = context
        .transaction(async |transaction| {
            records::receive(transaction, tenant, new, clock::now())
                .await
                .map_err(|error| problems::database(&error))
        })
        .await?;
    match received {
        Received::New => Ok((id, false)),
        Received::Stored(id) => Ok((id, true)),
        Received::Full => Err(deliveries::too_many("connector")),
        Received::NoConnector => Err(Problem::not_found("connector")),
    }
}

/// Of whoever has a key: the connector that is named, the one to the portal that is named, or the only one.
async fn by_key(
    context: &Context,
    parameters: &Parameters,
    portal_id: Option<i64>,
) -> Result<Asker, Problem> {
    let tenant = context.tenant(parameters.organization_id.as_deref())?;
    let connectors = connectors::list(
        &context.database,
        &tenant,
        &[HUBSPOT],
        "",
        connectors::MAX_LISTED,
    )
    .await
    .map_err(|error| problems::database(&error))?;
    let is_of_portal = |connector: &Connector| {
        let config = Config::parse(&connector.config);
        portal_id.is_none_or(|id| config.is_ok_and(|config| config.portal_id == id))
    };
    let mut fitting = connectors.into_iter().filter(|connector| {
        let named = parameters.connector.as_deref();
        named.map_or_else(
            || is_of_portal(connector),
            |named| connector.id.eq_ignore_ascii_case(named),
        )
    });
    let name = context.caller()?.subject().to_owned();
    match (fitting.next(), fitting.next()) {
        (Some(connector), None) if !is_of_portal(&connector) => Err(Problem::field(
            "connector",
            "is a connector to another portal than the one that the body names",
        )),
        (Some(connector), None) => Ok(Asker {
            tenant,
            connector_id: connector.id,
            source: "api",
            name,
        }),
        (Some(_), Some(_)) => Err(Problem::field(
            "connector",
            "is needed: there are several connectors to HubSpot",
        )),
        (None, _) if parameters.connector.is_some() => Err(Problem::not_found("connector")),
        (None, _) => Err(Problem::field(
            "connector",
            match portal_id {
                Some(_) => {
                    "there is no connector to HubSpot of the portal that the body names: make one with POST /api/connectors, or leave origin.portalId out"
                }
                None => "there is no connector to HubSpot: make one with POST /api/connectors",
            },
        )),
    }
}

async fn by_signature(
    context: &Context,
    parameters: &Parameters,
    portal_id: Option<i64>,
) -> Result<Asker, Problem> {
    let named = parameters.connector.as_deref().map(str::to_ascii_lowercase);
    let signed = signed(context, PATH, named.as_deref(), portal_id).await?;
    inbound_limits::webhook(&context.database, &signed.connector_id, EVENTS_PER_MINUTE).await?;
    Ok(Asker {
        tenant: signed.tenant,
        connector_id: signed.connector_id,
        source: "hubspot_webhook",
        name: HUBSPOT.to_owned(),
    })
}

fn is_json(context: &Context) -> bool {
    let value = context.headers.get(header::CONTENT_TYPE);
    let kind = value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// As much of a body as is looked at before it is believed.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Peeked {
    origin: Value,
    object: Option<Value>,
    #[serde(rename = "portalId")]
    portal_id: Value,
    #[serde(rename = "callbackId")]
    callback_id: Value,
    fields: Value,
    #[serde(rename = "inputFields")]
    input_fields: Value,
}

impl Peeked {
    fn portal_id(&self) -> Option<i64> {
        let of = |value: &Value| match value {
            Value::String(text) => text.trim().parse().ok(),
            value => value.as_i64(),
        };
        of(self.origin.get("portalId").unwrap_or(&Value::Null)).or_else(|| of(&self.portal_id))
    }

    /// Whether it is an envelope without an object in it.
    fn is_of_nothing(&self) -> bool {
        let is_envelope = self.object.is_some()
            || [
                &self.origin,
                &self.callback_id,
                &self.fields,
                &self.input_fields,
            ]
            .iter()
            .any(|part| !part.is_null());
        let empty = Map::new();
        let object = self.object.as_ref().and_then(Value::as_object);
        let kind = object.unwrap_or(&empty).get("objectType");
        is_envelope
            && kind
                .and_then(Value::as_str)
                .unwrap_or_default()
                .trim()
                .is_empty()
    }
}
