//! `connect` and `test_connection`: the token is tried before anything is stored.

use api::seven_shifts_proxy::{CompanyAnswer, ConnectedAnswer, SevenShiftsCall, TestedAnswer};
use api::{Problem, ProblemKind};
use domain::sync_settings::{BACKFILL_DAYS, SyncSettings};
use http::StatusCode;
use platform::seven_shifts::connecting::{self, Company, NewAccount, Sought, Stored, Unresolved};
use platform::seven_shifts::webhooks;
use platform::vault::{Secret, Vault};
use platform::{Context, Reply, clock, problems};
use store::DatabaseError;

use crate::{DEADLINE_MS, account, refusal};

const MAX_NAME: usize = 200;
const MAX_KEY: usize = 64;

/// Tries the token in the call, or the stored one when there is none.
pub async fn test(context: &Context, call: &SevenShiftsCall) -> Result<Reply, Problem> {
    let tenant = account::tenant(context, call)?;
    let company = if call.api_key.is_some() {
        let token = account::token(call)?;
        company(context, call, &token).await?
    } else {
        let connector = account::connector(context, &tenant, call).await?;
        let account = account::stored(context, &tenant, &connector).await?;
        connecting::profile(&account)
            .await
            .map_err(|failure| refusal::failed(&failure))?
    };
    Reply::json(
        StatusCode::OK,
        &TestedAnswer {
            success: true,
            company: answered(company),
        },
    )
}

/// Stores the account and makes its first syncs due. Connecting again replaces the token and goes
/// on where the connector was; a connector that holds the data of one company stays with it.
pub async fn connect(context: &Context, call: &SevenShiftsCall) -> Result<Reply, Problem> {
    let tenant = account::tenant(context, call)?;
    let token = account::token(call)?;
    let key = account::integration_key(call);
    if key.len() > MAX_KEY
        || !key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    {
        return Err(refusal::bad_request(Problem::field(
            "/integrationKey",
            format!("must have 1 to {MAX_KEY} letters, digits, '-', '_' or '.'"),
        )));
    }
    let given = call
        .name
        .as_deref()
        .map(|name| domain::redact::excerpt(name.trim(), MAX_NAME, &[]));
    if given.as_deref() == Some("") {
        return Err(refusal::bad_request(Problem::field(
            "/name",
            "is empty: send a name for people, or leave it out for the company's",
        )));
    }
    if call
        .params
        .backfill_days
        .is_some_and(|days| !BACKFILL_DAYS.contains(&days))
    {
        return Err(refusal::bad_request(Problem::field(
            "/params/backfill_days",
            format!(
                "must be a number from {} to {}",
                BACKFILL_DAYS.start(),
                BACKFILL_DAYS.end()
            ),
        )));
    }
    // Without it nothing could be stored: the provider need not be asked.
    let vault = Vault::open()
        .await
        .map_err(|error| refusal::closed_vault(&error))?;
    let company = company(context, call, &token).await?;
    let config = account::config(call, company.id, Some(company.name.clone()))?;
    let mut settings = SyncSettings::default();
    settings.backfill_days = call.params.backfill_days.unwrap_or(settings.backfill_days);
    let account = NewAccount {
        key,
        name: given.as_deref().unwrap_or(&company.name),
        token: &token,
        config: &config,
        settings: &settings,
        connected_by: context.caller()?.subject(),
    };
    let stored = context
        .change(async |transaction| connecting::store(transaction, &tenant, &vault, account).await)
        .await
        .map_err(|error: DatabaseError| problems::database(&error))?;
    let conflict = |why: String| {
        Problem::new(ProblemKind::Conflict, why).with_legacy(StatusCode::CONFLICT, "UNKNOWN")
    };
    let (connector_id, runs) = match stored {
        Stored::Connected { id, runs, .. } => (id, runs),
        Stored::OtherCompany(held) => {
            let name = held.company_name.unwrap_or_default();
            return Err(conflict(format!(
                "The connector {key:?} holds the data of company {} ({name}), and rows of two companies would be mixed. Send another integrationKey for company {}; to give up the old data, remove the organization.",
                held.company_id, company.id
            )));
        }
        Stored::KeyTaken => {
            return Err(conflict(
                "The organization uses this integrationKey for another provider.".to_owned(),
            ));
        }
        Stored::NoOrganization => {
            return Err(Problem::new(
                ProblemKind::NotFound,
                "There is no such organization, or it is being removed.",
            )
            .with_legacy(StatusCode::NOT_FOUND, "UNKNOWN"));
        }
    };
    let webhooks = webhooks::answer::connected(&context.database, &tenant, &connector_id).await;
    let answer = ConnectedAnswer {
        success: true,
        connector_id,
        status: "active".to_owned(),
        company: answered(company),
        run_ids: runs
            .into_iter()
            .map(|run| (run.stream, run.run_id))
            .collect(),
        webhooks,
    };
    Reply::json(StatusCode::OK, &answer)
}

fn answered(company: Company) -> CompanyAnswer {
    CompanyAnswer {
        id: company.id,
        name: company.name,
    }
}

/// The company of the token: the one that the call names, or the token's only one.
pub async fn company(
    context: &Context,
    call: &SevenShiftsCall,
    token: &Secret,
) -> Result<Company, Problem> {
    let sought = Sought {
        company_id: account::number("/companyId", call.company_id.as_deref())?,
        company_guid: account::company_guid(call),
        location_id: account::number("/locationId", call.location_id.as_deref())?,
    };
    let deadline_ms = clock::now_ms().saturating_add(DEADLINE_MS);
    let refuse = |field, detail| refusal::bad_request(Problem::field(field, detail));
    connecting::resolve(&context.database, token, sought, deadline_ms)
        .await
        .map_err(|why| match why {
            Unresolved::Failed(failure) => refusal::failed(&failure),
            Unresolved::NoCompany => refuse(
                "/companyId",
                "is missing, and the token belongs to no active company: send the company's number",
            ),
            Unresolved::SeveralCompanies => refuse(
                "/companyId",
                "is missing, and the token belongs to several companies: send the number of one",
            ),
            Unresolved::InvalidCompanyId => {
                refuse("/companyId", "must be the number that 7shifts shows")
            }
            Unresolved::NoLocation => refuse(
                "/locationId",
                "is no location of this company: send a number that get_locations shows, or leave it out for all locations",
            ),
        })
}
