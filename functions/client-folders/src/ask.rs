//! A folder is asked for: by a workflow that HubSpot signs, or by whoever has a key. A deal has one, however often and by
//! whomever it is asked for; the first call decides it, and has it made at once.

use api::body::Document;
use api::client_folders::{ClientFolder, ClientFolderAsked, CreateClientFolder, OutputFields};
use api::query::Query;
use api::{FieldError, Problem, ProblemKind};
use domain::access::Tenant;
use domain::allocation::settings::Properties as DealProperties;
use domain::client_folder::Settings;
use domain::client_folder::settings::Properties;
use domain::connector_state::ConnectorState;
use http::StatusCode;
use platform::box_folders::{self, BOX, FolderToMake};
use platform::hubspot::signed::{signed, workflow_call};
use platform::hubspot::{Config as HubSpotConfig, HUBSPOT};
use platform::{
    Context, Reply, SpinDatabase, clock, deliveries, lists, on_demand, problems, random,
};
use providers::hubspot::workflow::{Names, WorkflowCall};
use serde_json::Value;
use store::Execute;
use store::allocation::records::SAME_BODY_SECONDS;
use store::client_folders::{
    self, Again, CLIENT_FOLDER, CREATED, DealKey, EXISTING, Known, NewClientFolder, Person,
};
use store::connectors::{self, Connector};
use store::lists::Kind;
use store::outbox::{self, Enqueued, NewDelivery, OUTBOX, Sender};

use crate::show::WHAT;

const PATH: &str = "/post/create_box_folder";
/// How long an answer waits for the folder, in milliseconds. HubSpot waits for thirty seconds.
const WAIT_MS: i64 = 9_000;
const FAILED: &str = "failed";
const PENDING: &str = "pending";
/// By which the body of a workflow is known.
const OF_WORKFLOWS: [&str; 9] = [
    "object",
    "origin",
    "properties",
    "fields",
    "inputFields",
    "dealId",
    "objectId",
    "id",
    "hs_object_id",
];
const MAX_CONNECTORS: i64 = 50;
const MAX_CONTACTS: usize = 10;
const MAX_TEXT_CHARS: usize = 300;
const MAX_ID_DIGITS: usize = 19;

/// What is asked for, and for whom.
struct Asked {
    tenant: Tenant,
    /// A workflow is told of business failures with 200: it calls again after anything else.
    is_workflow: bool,
    by: String,
    crm: Option<Crm>,
    call: Call,
    box_connector: Option<String>,
}

/// HubSpot's account that the deal is of.
struct Crm {
    connector_id: String,
    portal_id: i64,
}

/// The body, in any of its forms.
enum Call {
    Ours(CreateClientFolder),
    Workflow(WorkflowCall),
}

/// What of the call makes the folder.
struct Wish {
    deal_id: String,
    name: Option<String>,
    contacts: Option<Vec<Person>>,
    callback_id: Option<String>,
}

pub async fn create(context: &Context) -> Result<Reply, Problem> {
    let until_ms = clock::now_ms().saturating_add(WAIT_MS);
    let asked = asked(context).await?;
    let connectors = usable(context, &asked.tenant).await?;
    let chosen = match chosen(&asked, &connectors) {
        Ok(chosen) => chosen,
        Err(why) if asked.is_workflow => return nothing(&why.detail),
        Err(why) => return Err(why),
    };
    let settings = read_settings(chosen)?;
    let crm = match &asked.crm {
        Some(_) => asked.crm,
        None => crm_of(&settings, &connectors),
    };
    if let (Call::Workflow(call), Some(crm)) = (&asked.call, &crm)
        && call.portal_id.is_some_and(|portal| portal != crm.portal_id)
    {
        return Err(Problem::field(
            "/origin/portalId",
            "is another portal than the one that the organization is connected to: name the connector (?connector=)",
        ));
    }
    let portal = crm.as_ref().map_or_else(
        || asked.tenant.as_str().to_owned(),
        |crm| crm.portal_id.to_string(),
    );
    let wish = wish(asked.call, &settings, crm.as_ref())?;
    let key = DealKey {
        connector_id: &chosen.id,
        portal: &portal,
        deal_id: &wish.deal_id,
    };
    let new = NewClientFolder {
        id: &random::id(),
        key,
        crm_connector_id: crm.as_ref().map(|crm| crm.connector_id.as_str()),
        contacts: wish.contacts.as_deref(),
        requested_name: wish.name.as_deref(),
        delivery_id: &random::id(),
        callback_id: wish.callback_id.as_deref(),
        requested_by: &asked.by,
    };
    let tenant = &asked.tenant;
    let (id, delivery_id) = context
        .transaction(async |transaction| {
            let known = client_folders::find(transaction, tenant, key)
                .await
                .map_err(|error| problems::database(&error))?;
            let now = clock::now();
            if let Some(known) = known.as_ref().filter(|known| known.is_of_no_portal) {
                client_folders::adopt(
                    transaction,
                    tenant,
                    &known.id,
                    key.portal,
                    new.crm_connector_id,
                )
                .await
                .map_err(|error| problems::database(&error))?;
            }
            match known {
                Some(known) if !is_another_call(&known, &wish, now) => {
                    Ok((known.id, known.delivery_id))
                }
                // The deal was enrolled once more, after what kept its folder was put right.
                Some(known) => {
                    let again = Again {
                        delivery_id: new.delivery_id,
                        callback_id: new.callback_id,
                        contacts: new.contacts,
                        requested_name: new.requested_name,
                    };
                    client_folders::again(transaction, tenant, &known.id, again, now)
                        .await
                        .map_err(|error| problems::database(&error))?;
                    decide(transaction, tenant, &new, &known.id).await?;
                    Ok((known.id, new.delivery_id.to_owned()))
                }
                None => {
                    let is_new = client_folders::create(transaction, tenant, new, now)
                        .await
                        .map_err(|error| problems::database(&error))?;
                    if !is_new {
                        return Err(Problem::not_found("connector"));
                    }
                    decide(transaction, tenant, &new, new.id).await?;
                    Ok((new.id.to_owned(), new.delivery_id.to_owned()))
                }
            }
        })
        .await?;
    let waits = Waits {
        connector_id: &chosen.id,
        delivery_id: &delivery_id,
        until_ms,
    };
    answered(context, tenant, &id, waits).await
}

/// Makes one again that failed.
pub async fn retry(context: &Context) -> Result<Reply, Problem> {
    let until_ms = clock::now_ms().saturating_add(WAIT_MS);
    let tenant = context.tenant_of_query()?;
    let id = context.id(WHAT)?;
    let delivery_id = random::id();
    let by = context.caller()?.subject().to_owned();
    let connector_id = context
        .transaction(async |transaction| {
            let held = read(transaction, &tenant, &id).await?;
            let again = Again {
                delivery_id: &delivery_id,
                callback_id: None,
                contacts: None,
                requested_name: None,
            };
            let connector_id =
                client_folders::again(transaction, &tenant, &id, again, clock::now())
                    .await
                    .map_err(|error| problems::database(&error))?
                    .ok_or_else(|| {
                        Problem::new(
                            ProblemKind::Conflict,
                            format!(
                                "The folder is {}: only one that failed is tried again.",
                                held.status
                            ),
                        )
                    })?;
            let key = DealKey {
                connector_id: &connector_id,
                portal: &held.portal_id,
                deal_id: &held.deal_id,
            };
            let new = NewClientFolder {
                id: &id,
                key,
                crm_connector_id: None,
                contacts: None,
                requested_name: None,
                delivery_id: &delivery_id,
                callback_id: None,
                requested_by: &by,
            };
            decide(transaction, &tenant, &new, &id).await?;
            Ok(connector_id)
        })
        .await?;
    let waits = Waits {
        connector_id: &connector_id,
        delivery_id: &delivery_id,
        until_ms,
    };
    answered(context, &tenant, &id, waits).await
}

/// Who asks, and what for.
async fn asked(context: &Context) -> Result<Asked, Problem> {
    let mut query = Query::parse(&context.query);
    let organization_id = query.id("organization_id");
    let connector = query.id("connector");
    let box_connector = query.id("box_connector");
    let Some(caller) = context.known_caller() else {
        return of_workflow(context, connector, box_connector).await;
    };
    query.finish()?;
    let tenant = context.tenant(organization_id.as_deref())?;
    let by = caller.subject().to_owned();
    let Document(body) = context.json()?;
    let Value::Object(members) = &body else {
        return Err(Problem::field("", "must be a JSON object"));
    };
    let is_ours = members.contains_key("deal_id")
        || !OF_WORKFLOWS.iter().any(|name| members.contains_key(*name));
    let call = if is_ours {
        Call::Ours(context.json()?)
    } else {
        Call::Workflow(deal_call(&context.body)?)
    };
    let crm = match connector {
        None => None,
        Some(id) => Some(crm(&context.database, &tenant, &id).await?),
    };
    if let (Some(crm), Call::Workflow(call)) = (&crm, &call)
        && call.portal_id.is_some_and(|portal| portal != crm.portal_id)
    {
        return Err(Problem::field(
            "connector",
            "is a connector to another portal than the one that the body names",
        ));
    }
    Ok(Asked {
        tenant,
        is_workflow: false,
        by,
        crm,
        call,
        box_connector,
    })
}

/// A workflow may have more in its URL than we know.
async fn of_workflow(
    context: &Context,
    connector: Option<String>,
    box_connector: Option<String>,
) -> Result<Asked, Problem> {
    let portal_id = portal(&context.body);
    let signed = signed(context, PATH, connector.as_deref(), portal_id).await?;
    let call = deal_call(&context.body)?;
    Ok(Asked {
        is_workflow: true,
        by: format!("connector:{}", signed.connector_id),
        crm: Some(Crm {
            connector_id: signed.connector_id,
            portal_id: signed.portal_id,
        }),
        tenant: signed.tenant,
        call: Call::Workflow(call),
        box_connector,
    })
}

/// The account that a body names, before anything else of it is believed.
fn portal(body: &[u8]) -> Option<i64> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let named = body
        .pointer("/origin/portalId")
        .or_else(|| body.get("portalId"))?;
    named
        .as_i64()
        .or_else(|| named.as_str().and_then(|text| text.trim().parse().ok()))
}

fn deal_call(body: &[u8]) -> Result<WorkflowCall, Problem> {
    let names = DealProperties::default();
    let call = workflow_call(body, &Names::from(&names))?;
    if call.is_about_a_deal() {
        Ok(call)
    } else {
        Err(Problem::field(
            "/object/objectType",
            "is another object than a deal: enroll deals in the workflow",
        ))
    }
}

async fn crm(database: &SpinDatabase, tenant: &Tenant, id: &str) -> Result<Crm, Problem> {
    let connector = connectors::get(database, tenant, id)
        .await
        .map_err(|error| problems::database(&error))?
        .filter(|connector| connector.provider == HUBSPOT)
        .ok_or_else(|| Problem::not_found("connector to HubSpot"))?;
    let config = HubSpotConfig::parse(&connector.config).map_err(|why| problems::internal(&why))?;
    Ok(Crm {
        connector_id: connector.id,
        portal_id: config.portal_id,
    })
}

/// The connectors to Box and to HubSpot that are not disconnected.
async fn usable(context: &Context, tenant: &Tenant) -> Result<Vec<Connector>, Problem> {
    let providers = [BOX, HUBSPOT];
    let all = connectors::list(&context.database, tenant, &providers, "", MAX_CONNECTORS)
        .await
        .map_err(|error| problems::database(&error))?;
    let is_usable = |connector: &Connector| connector.state != ConnectorState::Disconnected;
    Ok(all.into_iter().filter(is_usable).collect())
}

/// The connector to Box: the one that is named, or the only one.
fn chosen<'c>(asked: &Asked, connectors: &'c [Connector]) -> Result<&'c Connector, Problem> {
    let mut all = connectors.iter().filter(|one| one.provider == BOX);
    if let Some(id) = &asked.box_connector {
        return all.find(|one| one.id == *id).ok_or_else(|| {
            Problem::new(
                ProblemKind::NotFound,
                "There is no such connector to Box that is connected: check `box_connector`.",
            )
        });
    }
    match (all.next(), all.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(Problem::new(
            ProblemKind::Conflict,
            "The organization has no connector to Box: make one by POST /api/connectors with the type box.",
        )),
        (Some(_), Some(_)) => Err(Problem::field(
            "box_connector",
            "must name one of the connectors to Box, of which the organization has several",
        )),
    }
}

fn read_settings(connector: &Connector) -> Result<Settings, Problem> {
    serde_json::from_str(&connector.config)
        .ok()
        .and_then(|config| Settings::from_json(&config).ok())
        .ok_or_else(|| problems::internal("the configuration of a connector cannot be read"))
}

/// The connector to HubSpot that the settings name, or the only one.
fn crm_of(settings: &Settings, connectors: &[Connector]) -> Option<Crm> {
    let mut all = connectors.iter().filter(|one| one.provider == HUBSPOT);
    let connector = match &settings.hubspot_connector_id {
        Some(id) => all.find(|one| one.id == *id)?,
        None => {
            let only = all.next()?;
            if all.next().is_some() {
                return None;
            }
            only
        }
    };
    let config = HubSpotConfig::parse(&connector.config).ok()?;
    Some(Crm {
        connector_id: connector.id.clone(),
        portal_id: config.portal_id,
    })
}

fn wish(call: Call, settings: &Settings, crm: Option<&Crm>) -> Result<Wish, Problem> {
    let mut wish = match call {
        Call::Ours(call) => of_ours(call)?,
        Call::Workflow(call) => of_fields(call, &settings.properties),
    };
    // Nobody could be asked.
    if crm.is_none() && wish.contacts.is_none() {
        wish.contacts = Some(Vec::new());
    }
    Ok(wish)
}

fn of_ours(call: CreateClientFolder) -> Result<Wish, Problem> {
    let mut errors = Vec::new();
    if !is_id(&call.deal_id) {
        errors.push(FieldError::new(
            "/deal_id",
            format!("must be HubSpot's id of a deal: up to {MAX_ID_DIGITS} digits"),
        ));
    }
    if call.folder_name.as_deref().is_some_and(is_long) {
        errors.push(FieldError::new(
            "/folder_name",
            format!("must have up to {MAX_TEXT_CHARS} characters"),
        ));
    }
    let contacts = call.contacts.map(|contacts| {
        if contacts.len() > MAX_CONTACTS {
            errors.push(FieldError::new(
                "/contacts",
                format!("must be up to {MAX_CONTACTS} contacts"),
            ));
        }
        let people = contacts.into_iter().enumerate().map(|(at, contact)| {
            let mut wrong = |member: &str, detail: String| {
                let field = format!("/contacts/{at}/{member}");
                errors.push(FieldError::new(field, detail));
            };
            if contact.id.as_deref().is_some_and(|id| !is_id(id)) {
                let detail =
                    format!("must be HubSpot's id of a contact: up to {MAX_ID_DIGITS} digits");
                wrong("id", detail);
            }
            for (member, text) in [
                ("first_name", &contact.first_name),
                ("last_name", &contact.last_name),
                ("email", &contact.email),
            ] {
                if text.as_deref().is_some_and(is_long) {
                    wrong(
                        member,
                        format!("must have up to {MAX_TEXT_CHARS} characters"),
                    );
                }
            }
            Person {
                id: contact.id,
                first_name: contact.first_name.unwrap_or_default(),
                last_name: contact.last_name.unwrap_or_default(),
                email: contact.email.unwrap_or_default(),
            }
        });
        people.collect()
    });
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    Ok(Wish {
        deal_id: call.deal_id,
        name: call.folder_name,
        contacts,
        callback_id: None,
    })
}

/// What a workflow sends along. Without a name of the client HubSpot is asked.
fn of_fields(call: WorkflowCall, properties: &Properties) -> Wish {
    let field = |name: &str| shortened(call.fields.get(name).map(String::as_str));
    let person = |id: &str, first: &str, last: &str, email: &str| Person {
        id: call.fields.get(id).filter(|id| is_id(id)).cloned(),
        first_name: field(first).unwrap_or_default(),
        last_name: field(last).unwrap_or_default(),
        email: field(email).unwrap_or_default(),
    };
    let client = person(
        &properties.contact_id,
        &properties.contact_first_name,
        &properties.contact_last_name,
        &properties.contact_email,
    );
    let partner = person(
        &properties.partner_id,
        &properties.partner_first_name,
        &properties.partner_last_name,
        &properties.partner_email,
    );
    let is_named = !client.first_name.is_empty() || !client.last_name.is_empty();
    let contacts = is_named.then(|| {
        let is_there = partner != Person::default();
        std::iter::once(client)
            .chain(is_there.then_some(partner))
            .collect()
    });
    Wish {
        name: field(&properties.folder_name),
        contacts,
        callback_id: call.callback_id.clone(),
        deal_id: call.deal_id,
    }
}

fn shortened(text: Option<&str>) -> Option<String> {
    let text: String = text?.chars().take(MAX_TEXT_CHARS).collect();
    (!text.trim().is_empty()).then_some(text)
}

fn is_id(text: &str) -> bool {
    (1..=MAX_ID_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_long(text: &str) -> bool {
    text.chars().count() > MAX_TEXT_CHARS
}

/// A repeat of a call is answered with what is stored; another call has one that failed tried again. A call without an id is the same
/// for a while, as it is where deals are allocated, unless it says whose folder it is: that may be what was missing.
fn is_another_call(known: &Known, wish: &Wish, now: i64) -> bool {
    known.status == FAILED
        && match &wish.callback_id {
            Some(id) => known.callback_id.as_ref() != Some(id),
            None if wish.name.is_some()
                || wish.contacts.as_ref().is_some_and(|all| !all.is_empty()) =>
            {
                true
            }
            None => known
                .finished_at
                .is_some_and(|at| now >= at.saturating_add(SAME_BODY_SECONDS)),
        }
}

/// Has the folder made, as soon as the scheduler comes to it.
async fn decide<E: Execute>(
    transaction: &E,
    tenant: &Tenant,
    new: &NewClientFolder<'_>,
    id: &str,
) -> Result<(), Problem> {
    let payload = serde_json::to_string(&FolderToMake {
        client_folder_id: id.to_owned(),
        deal_id: new.key.deal_id.to_owned(),
    })
    .map_err(|error| problems::internal(&error.to_string()))?;
    let concurrency_key = box_folders::concurrency_key(new.key.connector_id);
    let delivery = NewDelivery {
        id: new.delivery_id,
        job_id: &random::id(),
        kind: CLIENT_FOLDER,
        sender: Sender::Connector(new.key.connector_id),
        requested_by: new.requested_by,
        payload: &payload,
        depth: 0,
        job: box_folders::job(&concurrency_key),
        lease: None,
    };
    let decided = outbox::enqueue(transaction, tenant, delivery, clock::now())
        .await
        .map_err(|error| problems::database(&error))?;
    match decided {
        Enqueued::Done | Enqueued::Leased => {}
        Enqueued::NoSender => return Err(Problem::not_found("connector")),
        Enqueued::Full => return Err(deliveries::too_many("connector")),
    }
    Ok(())
}

/// What an answer waits for.
struct Waits<'a> {
    connector_id: &'a str,
    delivery_id: &'a str,
    until_ms: i64,
}

async fn answered(
    context: &Context,
    tenant: &Tenant,
    id: &str,
    waits: Waits<'_>,
) -> Result<Reply, Problem> {
    if read(&context.database, tenant, id).await?.status == PENDING {
        let (connector_id, delivery_id) = (waits.connector_id, waits.delivery_id);
        deliveries::wait(context, tenant, connector_id, delivery_id, waits.until_ms).await?;
    }
    let folder = read(&context.database, tenant, id).await?;
    if let Some(crm) = folder
        .hubspot_connector_id
        .clone()
        .filter(|_| !folder.links.is_empty())
    {
        // The link goes out at once; nobody waits for it.
        let tenant = tenant.clone();
        spin_sdk::wasip3::spawn(async move {
            on_demand::nudge(OUTBOX, &tenant, &crm, WAIT_MS).await;
        });
    }
    let status = if folder.status == PENDING {
        StatusCode::ACCEPTED
    } else {
        StatusCode::OK
    };
    Reply::json(status, &told(folder))
}

async fn read<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
) -> Result<ClientFolder, Problem> {
    let row = lists::row(database, tenant, Kind::ClientFolder, id, WHAT).await?;
    serde_json::from_str(&row).map_err(|error| problems::internal(&error.to_string()))
}

/// An answer without a folder.
fn nothing(why: &str) -> Result<Reply, Problem> {
    let answer = ClientFolderAsked {
        success: false,
        status: FAILED.to_owned(),
        reason: Some(why.to_owned()),
        client_folder: None,
        output_fields: OutputFields {
            folder_status: FAILED.to_owned(),
            hs_execution_state: "FAIL_CONTINUE".to_owned(),
            ..OutputFields::default()
        },
    };
    Reply::json(StatusCode::OK, &answer)
}

fn told(folder: ClientFolder) -> ClientFolderAsked {
    let success = matches!(folder.status.as_str(), CREATED | EXISTING);
    let reason = match folder.status.as_str() {
        PENDING => Some(folder.failure_detail.clone().unwrap_or_else(|| {
            "The folder is being made: read it by its id in a moment.".to_owned()
        })),
        FAILED => folder.failure_detail.clone(),
        _ => None,
    };
    let shown = |text: &Option<String>| text.clone().filter(|_| success).unwrap_or_default();
    ClientFolderAsked {
        success,
        status: folder.status.clone(),
        reason,
        output_fields: OutputFields {
            folder_status: folder.status.clone(),
            folder_id: shown(&folder.folder_id),
            folder_name: shown(&folder.name),
            folder_url: shown(&folder.link),
            hs_execution_state: if folder.status == FAILED {
                "FAIL_CONTINUE"
            } else {
                "SUCCESS"
            }
            .to_owned(),
        },
        client_folder: Some(folder),
    }
}
