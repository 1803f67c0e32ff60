//! Setting the account up, or changing it: the token is tried before anything is stored.

use api::seven_shifts_integration::{Configure, Configured};
use api::{FieldError, Problem, ProblemKind};
use domain::access::{Scope, Tenant};
use domain::stream::Stream;
use domain::sync_settings::{KEEP_SHIFTS_DAYS, Schedule, SyncSettings};
use futures::future::join;
use http::StatusCode;
use platform::seven_shifts::connecting::{self, NewAccount, Sought, Stored, Unresolved};
use platform::seven_shifts::{ACCESS_TOKEN, Config, FailureKind, webhooks};
use platform::vault::{Place, Secret, Vault, VaultError};
use platform::{Context, Reply, clock, log, problems, run};
use store::staff_policies::{self, StaffPolicy};
use store::{DatabaseError, connectors, credentials};

use crate::account::{self, Integration};
use crate::sync::Started;
use crate::{DEADLINE_MS, connection, refusal};

const MAX_ROLE_NAMES: usize = 100;
const MAX_NAME: usize = 200;

pub async fn configure(context: &Context) -> Result<Reply, Problem> {
    let started_ms = clock::now_ms();
    let tenant = account::tenant(context)?;
    let body: Configure = context.json()?;
    let company_id = checked(&body)?;
    let given = connection::token(body.access_token.as_deref())?;
    let before = account::find(context, &tenant).await?;
    // Who may not is told before the provider is asked.
    settings(context, &body, before.as_ref())?;
    // Without it nothing could be stored: the provider need not be asked.
    let vault = Vault::open().await.map_err(|error| closed_vault(&error))?;
    let token = match given {
        Some(token) => Token::Given(token),
        None => stored_token(context, &tenant, before.as_ref(), &vault)
            .await?
            .ok_or_else(connection::missing_token)?,
    };
    let kept = before
        .as_ref()
        .filter(|before| before.config.company_id == company_id)
        .map(|before| &before.config);
    let sought = Sought {
        company_id: Some(company_id),
        company_guid: kept.and_then(|config| config.company_guid.as_deref()),
        location_id: kept.and_then(|config| config.location_id),
    };
    let deadline_ms = clock::now_ms().saturating_add(DEADLINE_MS);
    let company = connecting::resolve(&context.database, token.secret(), sought, deadline_ms)
        .await
        .map_err(|why| bad_credentials(&why))?;
    let config = Config {
        company_id: company.id,
        company_name: Some(company.name),
        company_guid: sought.company_guid.map(str::to_owned),
        location_id: sought.location_id,
    };
    let wanted = Wanted {
        body: &body,
        token: &token,
        config: &config,
    };
    let is_new = context
        .transaction(async |transaction| store(context, transaction, &tenant, &vault, wanted).await)
        .await?;
    let integration = account::set_up(context, &tenant).await?;
    let webhooks =
        webhooks::answer::connected(&context.database, &tenant, &integration.connector.id);
    let running = if run::may_run(integration.connector.state) {
        let started = Started::begin(
            context,
            &tenant,
            &integration,
            Stream::SEVEN_SHIFTS,
            started_ms,
        );
        // Whatever becomes of the webhooks, it is connected; the proxy's `list_webhooks` says why.
        let (started, _) = join(started, webhooks).await;
        started?.running()
    } else {
        // Paused by somebody: what is set counts when it is resumed.
        None
    };
    let status = match (&running, is_new) {
        (Some(_), _) => StatusCode::ACCEPTED,
        (None, true) => StatusCode::CREATED,
        (None, false) => StatusCode::OK,
    };
    // As it is now: the runs have moved `last_sync_at`, and a failed one has left its reason.
    let integration = account::set_up(context, &tenant).await?;
    Reply::json(
        status,
        &Configured {
            configuration: account::configuration(context, &tenant, &integration).await?,
            running,
        },
    )
}

/// The token that opens the account.
enum Token {
    Given(Secret),
    /// The one that is held, and how it is held.
    Held {
        secret: Secret,
        sealed: String,
    },
}

impl Token {
    fn secret(&self) -> &Secret {
        match self {
            Self::Given(secret) | Self::Held { secret, .. } => secret,
        }
    }
}

#[derive(Clone, Copy)]
struct Wanted<'a> {
    body: &'a Configure,
    token: &'a Token,
    config: &'a Config,
}

/// Account, settings and policy, all of it or nothing, on top of what is there when this is
/// written: of two who change different members at once neither takes the other's back. Returns
/// whether the account is new.
async fn store<E: store::Execute>(
    context: &Context,
    transaction: &E,
    tenant: &Tenant,
    vault: &Vault,
    wanted: Wanted<'_>,
) -> Result<bool, Problem> {
    let Wanted {
        body,
        token,
        config,
    } = wanted;
    let now = clock::now();
    let failed = |error: DatabaseError| problems::database(&error);
    let before = account::find_in(transaction, tenant).await?;
    let settings = settings(context, body, before.as_ref())?;
    let policy = policy(body, before.as_ref());
    if let Token::Held { sealed, .. } = token {
        let held = match &before {
            Some(before) => credentials::list(transaction, tenant, &before.connector.id)
                .await
                .map_err(failed)?,
            None => Vec::new(),
        };
        if !held.iter().any(|held| held.sealed == *sealed) {
            return Err(refusal::conflict(
                "The account was disconnected, or got another token, meanwhile: try again.",
            ));
        }
    }
    let is_same = before
        .as_ref()
        .is_some_and(|before| before.config.company_id == config.company_id);
    let (connector_id, is_new) = match (&before, token) {
        // Nothing but settings: the token stays, and so does a pause.
        (Some(before), Token::Held { .. }) if is_same => (before.connector.id.clone(), false),
        _ => {
            let account = NewAccount {
                key: account::KEY,
                name: before
                    .as_ref()
                    .filter(|_| is_same)
                    .map(|before| before.connector.name.as_str())
                    .or(config.company_name.as_deref())
                    .unwrap_or(account::KEY),
                token: token.secret(),
                config,
                settings: &settings,
                connected_by: context.caller()?.subject(),
            };
            let stored = connecting::store(transaction, tenant, vault, account)
                .await
                .map_err(failed)?;
            connected(stored)?
        }
    };
    if !is_new {
        let text = settings.to_json().to_string();
        connectors::set_sync_settings(transaction, tenant, &connector_id, &text, now)
            .await
            .map_err(failed)?;
    }
    staff_policies::put(transaction, tenant, &connector_id, &policy, now)
        .await
        .map_err(failed)?;
    Ok(is_new)
}

/// The connector, and whether it is new; a refusal takes back what was written.
fn connected(stored: Stored) -> Result<(String, bool), Problem> {
    match stored {
        Stored::Connected { id, is_new, .. } => Ok((id, is_new)),
        Stored::OtherCompany(held) => Err(refusal::field(
            "company_id",
            format!(
                "is another company than {}, whose data is held: connect it under another name with the 7shifts proxy",
                held.company_id
            ),
        )),
        Stored::KeyTaken => Err(refusal::bad_request(
            "The name `7shifts` belongs to a connector of another provider.",
        )),
        Stored::NoOrganization => Err(Problem::new(
            ProblemKind::NotFound,
            "There is no such organization, or it is being removed.",
        )),
    }
}

fn checked(body: &Configure) -> Result<i64, Problem> {
    let mut errors = Vec::new();
    let company_id = body
        .company_id
        .as_ref()
        .and_then(api::seven_shifts_integration::TextOrNumber::number);
    if company_id.is_none() {
        errors.push(FieldError::new(
            "/company_id",
            "is missing, or no number that 7shifts shows",
        ));
    }
    let names = body.sync_role_names.as_deref().unwrap_or_default();
    let is_name = |name: &String| {
        let length = name.trim().chars().count();
        (1..=MAX_NAME).contains(&length) && !name.chars().any(char::is_control)
    };
    if names.len() > MAX_ROLE_NAMES || !names.iter().all(is_name) {
        errors.push(FieldError::new(
            "/sync_role_names",
            format!("must have at most {MAX_ROLE_NAMES} names of 1 to {MAX_NAME} characters"),
        ));
    }
    match company_id.filter(|_| errors.is_empty()) {
        Some(company_id) => Ok(company_id),
        None => Err(Problem::invalid(errors)),
    }
}

/// What the switches of the call make of the settings. Switching streams takes the same right here
/// as everywhere.
fn settings(
    context: &Context,
    body: &Configure,
    before: Option<&Integration>,
) -> Result<SyncSettings, Problem> {
    let held = before.map_or_else(of_replaced_system, |before| before.settings.clone());
    let mut settings = held.clone();
    if let Some(enabled) = body.sync_employees_enabled {
        settings.streams.set(Stream::Users, enabled);
        settings.streams.set(Stream::Assignments, enabled);
    }
    if let Some(enabled) = body.sync_shifts_enabled {
        settings.streams.set(Stream::Shifts, enabled);
    }
    if settings.streams != held.streams {
        context.require(Scope::SyncStreamsWrite)?;
    }
    Ok(settings)
}

/// That system synced people and shifts, at its own times, and nothing else.
fn of_replaced_system() -> SyncSettings {
    let mut settings = SyncSettings {
        schedule: Schedule::FixedTimes,
        backfill_days: KEEP_SHIFTS_DAYS
            .unsigned_abs()
            .try_into()
            .unwrap_or(u16::MAX),
        ..SyncSettings::default()
    };
    for stream in [
        Stream::TimePunches,
        Stream::Wages,
        Stream::Availability,
        Stream::TimeOff,
    ] {
        settings.streams.set(stream, false);
    }
    settings
}

fn policy(body: &Configure, before: Option<&Integration>) -> StaffPolicy {
    let held = before.map_or_else(StaffPolicy::default, |before| before.policy.clone());
    StaffPolicy {
        enforce_shift_schedule: body
            .enforce_shift_schedule
            .unwrap_or(held.enforce_shift_schedule),
        sync_role_names: body
            .sync_role_names
            .as_ref()
            .map_or(held.sync_role_names, |names| {
                names.iter().map(|name| name.trim().to_owned()).collect()
            }),
        create_users_without_email: body
            .create_users_without_email
            .unwrap_or(held.create_users_without_email),
    }
}

async fn stored_token(
    context: &Context,
    tenant: &Tenant,
    before: Option<&Integration>,
    vault: &Vault,
) -> Result<Option<Token>, Problem> {
    let Some(before) = before else {
        return Ok(None);
    };
    let connector_id = &before.connector.id;
    let sealed = credentials::list(&context.database, tenant, connector_id)
        .await
        .map_err(|error| problems::database(&error))?;
    let Some(sealed) = sealed.iter().find(|sealed| sealed.field == ACCESS_TOKEN) else {
        return Ok(None);
    };
    let place = Place {
        organization_id: tenant.as_str(),
        connector_id,
        field: ACCESS_TOKEN,
    };
    let secret = vault
        .unseal(place, &sealed.sealed)
        .map_err(|error| closed_vault(&error))?;
    Ok(Some(Token::Held {
        secret,
        sealed: sealed.sealed.clone(),
    }))
}

fn closed_vault(error: &VaultError) -> Problem {
    log::error("vault", &error.to_string());
    Problem::new(
        ProblemKind::Internal,
        format!("The vault does not open, so no token can be stored or read: {error}."),
    )
}

/// A token that does not open the company is the caller's mistake; a provider that is down is not.
fn bad_credentials(why: &Unresolved) -> Problem {
    match why {
        Unresolved::Failed(failure)
            if !matches!(
                failure.kind,
                FailureKind::Unauthorized | FailureKind::Forbidden | FailureKind::Refused
            ) =>
        {
            refusal::failed(failure, None)
        }
        why => refusal::bad_request(format!(
            "Invalid credentials: {}",
            connection::unresolved(why)
        )),
    }
}
