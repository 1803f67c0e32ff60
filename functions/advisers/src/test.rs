//! Whether HubSpot takes the credential of a connector, and whose account it is.

use api::connectors::TestedConnector;
use api::{Problem, ProblemKind};
use domain::connector_state::ConnectorState::{Active, Error, Expired, Revoked};
use http::StatusCode;
use platform::hubspot::{Account, Failure, Session};
use platform::internal::TestCall;
use platform::{Context, Reply, clock, problems};
use providers::hubspot::AccountDetails;
use store::connectors::{self, StateChange};

/// How long a test may take, in milliseconds.
const TEST_MS: i64 = 8_000;

pub async fn test(context: &Context) -> Result<Reply, Problem> {
    let call: TestCall = context.json()?;
    let tenant = context.tenant(Some(&call.organization_id))?;
    let database = &context.database;
    let connector = connectors::get(database, &tenant, &call.connector_id)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("connector"))?;
    let opened = Account::open(database, &tenant, &connector.id, &connector.config).await;
    let account = match opened {
        Ok(account) => account,
        Err(failure) => return answer(false, failure.detail()),
    };
    let deadline_ms = clock::now_ms().saturating_add(TEST_MS);
    let session = Session::begin(&account, database, deadline_ms).await;
    let tested = session.account_details().await;
    let (is_good, detail, change) = match &tested {
        Ok(details) => (true, said(details), Some((Active, None))),
        // With another account's credential nothing is asked any more.
        Err(Failure::Unusable(why)) => (false, why.clone(), Some((Revoked, Some(why.clone())))),
        Err(failure) if failure.is_refused() => {
            let why = failure.detail();
            (false, why.clone(), Some((Error, Some(why))))
        }
        // It says nothing of the credential, and is over with the day: nobody is to mend anything.
        Err(failure @ Failure::DayUsedUp { .. }) => {
            return Err(Problem::new(ProblemKind::Unavailable, failure.detail()));
        }
        Err(failure) => (false, failure.detail(), None),
    };
    if let Some((to, reason)) = change {
        // A pause stays a pause.
        let change = StateChange {
            from: &[Active, Error, Expired, Revoked],
            to,
            reason: reason.as_deref(),
        };
        let sealed = &account.sealed;
        let id = &connector.id;
        connectors::set_state_by_use(database, &tenant, id, sealed, change, clock::now())
            .await
            .map_err(|error| problems::database(&error))?;
    }
    answer(is_good, detail)
}

fn said(details: &AccountDetails) -> String {
    let zone = details.time_zone.as_deref();
    let zone = zone.map_or_else(String::new, |zone| format!(", whose days end in {zone}"));
    format!("HubSpot knows the account {}{zone}.", details.portal_id)
}

fn answer(success: bool, detail: String) -> Result<Reply, Problem> {
    Reply::json(StatusCode::OK, &TestedConnector { success, detail })
}
