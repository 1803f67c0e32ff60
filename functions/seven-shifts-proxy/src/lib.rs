//! `POST /functions/v1/7shifts-proxy`: one action per call, named in the body, with the error
//! codes that the callers of the replaced system know.

mod account;
mod connect;
mod health;
mod read;
mod refusal;
mod sync;
mod webhooks;

use api::seven_shifts_proxy::SevenShiftsCall;
use api::{Operation, Problem, body};
use domain::access::Scope;
use http::header;
use platform::{Answer, Context, Reply, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

/// A call to a provider from an interactive request ends after this, in milliseconds.
const DEADLINE_MS: i64 = 25_000;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve("seven-shifts-proxy", request, act).await
}

#[derive(Clone, Copy)]
enum Action {
    Connect,
    TestConnection,
    HealthCheck,
    ScheduledSync,
    Get(read::List),
    ListWebhooks,
    RepairWebhooks,
    DeleteWebhooks,
}

impl Action {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "connect" => Self::Connect,
            "test_connection" => Self::TestConnection,
            "health_check" => Self::HealthCheck,
            "scheduled_sync" => Self::ScheduledSync,
            "get_shifts" => Self::Get(read::List::Shifts),
            "get_users" => Self::Get(read::List::Users),
            "get_time_punches" => Self::Get(read::List::TimePunches),
            "get_locations" => Self::Get(read::List::Locations),
            "get_roles" => Self::Get(read::List::Roles),
            "get_departments" => Self::Get(read::List::Departments),
            "list_webhooks" => Self::ListWebhooks,
            "repair_webhooks" => Self::RepairWebhooks,
            "delete_webhooks" => Self::DeleteWebhooks,
            _ => return None,
        })
    }

    fn scope(self) -> Scope {
        match self {
            Self::Connect | Self::TestConnection => Scope::ConnectorsWrite,
            Self::HealthCheck => Scope::ConnectorsRead,
            Self::ScheduledSync => Scope::SyncRun,
            Self::Get(list) => list.scope(),
            Self::ListWebhooks => Scope::ConnectorsRead,
            Self::RepairWebhooks | Self::DeleteWebhooks => Scope::ConnectorsWrite,
        }
    }
}

async fn act(context: Context) -> Result<Reply, Problem> {
    if context.operation == Operation::RemoveSevenShiftsWebhooks {
        return webhooks::remove(&context).await;
    }
    let content_type = context
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let call: SevenShiftsCall =
        body::parse(content_type, &context.body).map_err(refusal::bad_request)?;
    let Some(name) = call.action.as_deref().filter(|name| !name.is_empty()) else {
        return Err(refusal::missing_action());
    };
    let action = Action::named(name).ok_or_else(|| refusal::unknown_action(name))?;
    context
        .require(action.scope())
        .map_err(refusal::forbidden)?;
    match action {
        Action::Connect => connect::connect(&context, &call).await,
        Action::TestConnection => connect::test(&context, &call).await,
        Action::HealthCheck => health::check(&context, &call).await,
        Action::ScheduledSync => sync::scheduled_sync(&context, &call).await,
        Action::Get(list) => read::get(&context, &call, list).await,
        Action::ListWebhooks => webhooks::list(&context, &call).await,
        Action::RepairWebhooks => webhooks::repair(&context, &call).await,
        Action::DeleteWebhooks => webhooks::delete(&context, &call).await,
    }
}
