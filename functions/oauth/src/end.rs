//! From the provider back: the state is taken, the browser is known again, the code is exchanged, and the account is there.

use api::Problem;
use domain::connector_state::ConnectorState::{Active, Disconnected, Error, Expired, Revoked};
use platform::access_tokens::{self, Failure};
use platform::outbound::{CallError, Line};
use platform::public_url::PublicUrl;
use platform::{
    Context, Reply, SpinDatabase, change_as, clients, clock, oauth, planning, problems,
};
use providers::Secret;
use providers::oauth::{Callback, CallbackFault, Token};
use store::DatabaseError;
use store::audit::Actor;
use store::connectors::{self, StateChange};
use store::oauth_flows::{self, Returned};

use crate::cookie;
use crate::outcome::{Audience, Connected, Failed};
use crate::start::Asking;

/// How long the exchange may take, in milliseconds: longer than one request.
const EXCHANGE_MS: i64 = 20_000;
const EXCHANGES_PER_SECOND: std::num::NonZeroU32 = std::num::NonZeroU32::MIN;

pub async fn end(context: &Context) -> Result<Reply, Problem> {
    let mut audience = Audience::of(context);
    let callback = match Callback::read(&context.query) {
        Ok(callback) => callback,
        Err(fault) => return audience.tell(Err(unreadable(fault))),
    };
    let hash = oauth::hash(callback.state().expose());
    let returned = oauth_flows::take(&context.database, &hash)
        .await
        .map_err(|error| problems::database(&error))?;
    let Some(returned) = returned.filter(|returned| is_the_browser(context, returned)) else {
        return audience.tell(Err(Failed::new(
            "state_mismatch",
            "The answer belongs to no link that is open in this browser: it came before, or the link was opened in another browser. Ask for another link.",
        )));
    };
    if let Ok(public_url) = PublicUrl::configured().await {
        audience.cookie = Some(cookie::forget(&returned.id, &public_url));
    }
    audience.return_to = returned
        .return_url
        .as_deref()
        .map(|url| (url, returned.connector_id.as_str()));
    let outcome = connected(context, &returned, callback).await?;
    audience.tell(outcome)
}

fn unreadable(fault: CallbackFault) -> Failed {
    let code = match fault {
        CallbackFault::NoState => "state_mismatch",
        CallbackFault::Empty => "missing_code",
        CallbackFault::TooLong | CallbackFault::Repeated => "invalid_answer",
    };
    Failed::new(
        code,
        format!("The provider's answer cannot be used: {fault}. Ask for another link."),
    )
}

/// The cookie is compared by its hash, so how long that takes says nothing of it.
fn is_the_browser(context: &Context, returned: &Returned) -> bool {
    cookie::of(&context.headers, &returned.id)
        .is_some_and(|value| oauth::hash(value) == returned.browser_hash)
}

async fn connected(
    context: &Context,
    returned: &Returned,
    callback: Callback,
) -> Result<Result<Connected, Failed>, Problem> {
    if returned.expires_at <= clock::now() {
        return Ok(Err(Failed::new(
            "link_is_spent",
            "It took longer than ten minutes. Ask for another link.",
        )));
    }
    let code = match callback {
        Callback::Code { code, .. } => code,
        Callback::Refused { error, detail, .. } => {
            let said = detail
                .map(|detail| format!(" ({detail})"))
                .unwrap_or_default();
            return Ok(Err(Failed {
                detail: format!(
                    "The provider answered {error}{said}. Nothing was connected; the link can be asked for again."
                ),
                code: error,
            }));
        }
    };
    let asking =
        match Asking::of(context, &returned.organization_id, &returned.connector_id).await? {
            Ok(asking) => asking,
            Err(failed) => return Ok(Err(failed)),
        };
    let (token, received_at) = match exchanged(&context.database, &asking, returned, &code).await {
        Ok(token) => token,
        Err(why) => return Ok(Err(Failed::new("token_exchange_failed", why))),
    };
    let is_kept = keep(&context.database, &asking, returned, &token, received_at).await?;
    if !is_kept {
        return Ok(Err(Failed::new(
            "connector_is_gone",
            "The connector was disconnected or changed meanwhile. Ask for another link.",
        )));
    }
    let (tenant, connector) = (&asking.tenant, &asking.connector);
    let test = clients::test(&connector.provider, tenant, &connector.id)
        .await
        .and_then(Result::ok);
    Ok(Ok(Connected {
        connector_id: connector.id.clone(),
        name: connector.name.clone(),
        test,
    }))
}

/// Asks for the tokens, once.
async fn exchanged(
    database: &SpinDatabase,
    asking: &Asking,
    returned: &Returned,
    code: &Secret,
) -> Result<(Token, i64), String> {
    let verifier = asking
        .verifier(&returned.sealed_verifier)
        .ok_or("what was kept of the link cannot be opened any more; ask for another one")?;
    let call = asking
        .client
        .exchange(code, &verifier, &returned.redirect_uri)
        .map_err(|error| error.to_string())?;
    let budget = format!("oauth:{}", asking.connector.id);
    let deadline_ms = clock::now_ms().saturating_add(EXCHANGE_MS);
    let line = Line::new(database, budget, EXCHANGES_PER_SECOND, deadline_ms);
    match access_tokens::send(&line, call).await {
        Ok(Ok(token)) => Ok(token),
        Ok(Err(failure)) => Err(failure.to_string()),
        Err(Failure::Call(error)) => Err(format!(
            "the token endpoint did not answer: {error}. Ask for another link."
        )),
        Err(_) => Err("the token endpoint could not be asked. Ask for another link.".to_owned()),
    }
}

/// Keeps the tokens and makes the connector active, in the name of whoever asked for the link; false when the client that
/// the owner has agreed to is not the connector's any more.
async fn keep(
    database: &SpinDatabase,
    asking: &Asking,
    returned: &Returned,
    token: &Token,
    received_at: i64,
) -> Result<bool, Problem> {
    let actor: Option<Actor> = serde_json::from_str(&returned.begun_by).unwrap_or_default();
    let (tenant, id) = (&asking.tenant, asking.connector.id.as_str());
    let active = StateChange {
        from: &[Active, Error, Expired, Revoked, Disconnected],
        to: Active,
        reason: None,
    };
    let kept = change_as(database, actor.as_ref(), async |transaction| {
        let held = connectors::get(transaction, tenant, id).await?;
        let is_same = held.as_ref().is_some_and(|held| {
            held.config == asking.connector.config
                && held.state_changed_at == asking.connector.state_changed_at
        });
        if !is_same {
            return Err(NotKept::Changed);
        }
        let tokens = asking.tokens();
        tokens.keep_first(transaction, token, received_at).await?;
        connectors::set_state(transaction, tenant, id, active, received_at).await?;
        let by = actor.as_ref().map(|actor| actor.name.as_str());
        connectors::set_connected(transaction, tenant, id, Some(received_at), by).await?;
        planning::schedule(transaction, tenant, &asking.connector.provider, id).await?;
        Ok(())
    })
    .await;
    match kept {
        Ok(()) => Ok(true),
        Err(NotKept::Changed) => Ok(false),
        Err(NotKept::Tokens(Failure::Unusable(why))) => Err(problems::internal(&why)),
        Err(NotKept::Tokens(Failure::Call(CallError::Database(error)))) => {
            Err(problems::database(&error))
        }
        Err(NotKept::Tokens(_)) => Err(problems::internal("the tokens could not be kept")),
    }
}

/// Why nothing was kept.
enum NotKept {
    /// The connector is another one by now.
    Changed,
    Tokens(Failure),
}

impl From<Failure> for NotKept {
    fn from(failure: Failure) -> Self {
        Self::Tokens(failure)
    }
}

impl From<DatabaseError> for NotKept {
    fn from(error: DatabaseError) -> Self {
        Self::Tokens(error.into())
    }
}
