//! Whether a connector works: who we are at Box, and whether the template and the parent are there for the user that we
//! act as.

use api::Problem;
use api::connectors::TestedConnector;
use domain::connector_state::ConnectorState::{Active, Error, Expired, Revoked};
use http::StatusCode;
use platform::box_folders::{Account, As, Failure, Session};
use platform::internal::TestCall;
use platform::{Context, Reply, clock, problems};
use providers::box_folders::{Class, Client, Folder, Id};
use store::connectors::{self, StateChange};
use store::credentials;

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
    let sealed = credentials::list(database, &tenant, &connector.id)
        .await
        .map_err(|error| problems::database(&error))?;
    let deadline_ms = clock::now_ms().saturating_add(TEST_MS);
    let opened = Account::open(&tenant, &connector.id, &connector.config, &sealed).await;
    let result = match &opened {
        Ok(account) => {
            let session = Session::begin(account, database, deadline_ms);
            seen(&session).await
        }
        Err(failure) => Err(Said {
            detail: failure.to_string(),
            is_of_the_connector: failure.is_of_the_connector(),
        }),
    };
    let change = match &result {
        // A pause stays a pause.
        Ok(_) => Some(StateChange {
            from: &[Active, Error, Expired, Revoked],
            to: Active,
            reason: None,
        }),
        Err(said) if said.is_of_the_connector => Some(StateChange {
            from: &[Active, Error],
            to: Error,
            reason: Some(&said.detail),
        }),
        Err(_) => None,
    };
    if let Some(change) = change {
        connectors::set_state(database, &tenant, &connector.id, change, clock::now())
            .await
            .map_err(|error| problems::database(&error))?;
    }
    let tested = match result {
        Ok(detail) => TestedConnector {
            success: true,
            detail,
        },
        Err(said) => TestedConnector {
            success: false,
            detail: said.detail,
        },
    };
    Reply::json(StatusCode::OK, &tested)
}

/// What is wrong, and whether it stays so until somebody sees to it.
struct Said {
    detail: String,
    is_of_the_connector: bool,
}

async fn seen(session: &Session<'_>) -> Result<String, Said> {
    let settings = &session.account.settings;
    let said = |failure: Failure| Said {
        is_of_the_connector: failure.is_of_the_connector(),
        detail: failure.to_string(),
    };
    session.user().await.map_err(said)?;
    let who = session
        .send(As::User, Client::current_user)
        .await
        .map_err(said)?;
    let name = |name: Option<String>, login: Option<String>| match (name, login) {
        (Some(name), Some(login)) => format!("{name} ({login})"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => who.id.to_string(),
    };
    let who = name(who.name, who.login);
    let template = folder(session, "template", &settings.template_folder_id, &who).await?;
    let (parent, is_root) = if settings.parent_folder_id == "0" {
        ("their own top folder".to_owned(), true)
    } else {
        let parent = folder(session, "parent", &settings.parent_folder_id, &who).await?;
        (parent.name, false)
    };
    let acting = if settings.as_user.is_some() {
        "acts as"
    } else {
        "is"
    };
    let quote = if is_root { "" } else { "\"" };
    Ok(format!(
        "Box knows the app of the enterprise {}, which {acting} {who}: it copies \"{}\" into {quote}{parent}{quote}.",
        session.account.enterprise_id(),
        template.name,
    ))
}

/// A folder that must be there.
async fn folder(session: &Session<'_>, what: &str, id: &str, who: &str) -> Result<Folder, Said> {
    let wrong = |detail: String| Said {
        detail,
        is_of_the_connector: true,
    };
    let Some(folder) = Id::parse(id) else {
        return Err(wrong(format!("{what}_folder_id is no id of a folder.")));
    };
    match session
        .send(As::User, |client| client.folder(&folder))
        .await
    {
        Ok(found) if found.is_active => Ok(found),
        Ok(found) => Err(wrong(format!(
            "The {what} \"{}\" ({id}) is in the trash of Box: restore it, or set {what}_folder_id to another.",
            found.name
        ))),
        Err(Failure::Box(failure)) if failure.class == Class::MissingOrNoAccess => {
            Err(wrong(format!(
                "{who} does not see the {what} {id} at Box ({}): check {what}_folder_id, and invite this user to the folder.",
                failure.code
            )))
        }
        Err(failure) => Err(Said {
            is_of_the_connector: failure.is_of_the_connector(),
            detail: format!("The {what} {id} cannot be read. {failure}"),
        }),
    }
}
