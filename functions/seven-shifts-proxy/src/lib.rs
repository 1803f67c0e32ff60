//! `POST /functions/v1/7shifts-proxy`: one action per call, named in the body, with the error
//! codes that the callers of the replaced system know.

mod account;
mod assignments;
mod connect;
mod health;
mod labor_settings;
mod names;
mod params;
mod person;
mod preview;
mod reach;
mod read;
mod refusal;
mod shown;
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
    serve(api::served!("seven-shifts-proxy"), request, act).await
}

#[derive(Clone, Copy)]
enum Action {
    Connect,
    TestConnection,
    HealthCheck,
    ScheduledSync,
    PreviewShifts,
    Get(read::List),
    GetUserWages,
    GetUserAssignments,
    GetAssignments,
    GetLaborSettings,
    ListWebhooks,
    RepairWebhooks,
    DeleteWebhooks,
}

const ACTIONS: [(&str, Action); 20] = [
    ("connect", Action::Connect),
    ("test_connection", Action::TestConnection),
    ("health_check", Action::HealthCheck),
    ("scheduled_sync", Action::ScheduledSync),
    ("preview_shifts", Action::PreviewShifts),
    ("get_shifts", Action::Get(read::List::Shifts)),
    ("get_users", Action::Get(read::List::Users)),
    ("get_time_punches", Action::Get(read::List::TimePunches)),
    ("get_locations", Action::Get(read::List::Locations)),
    ("get_roles", Action::Get(read::List::Roles)),
    ("get_departments", Action::Get(read::List::Departments)),
    ("get_user_wages", Action::GetUserWages),
    ("get_user_assignments", Action::GetUserAssignments),
    ("get_assignments", Action::GetAssignments),
    (
        "get_availabilities",
        Action::Get(read::List::Availabilities),
    ),
    ("get_time_off", Action::Get(read::List::TimeOff)),
    ("get_labor_settings", Action::GetLaborSettings),
    ("list_webhooks", Action::ListWebhooks),
    ("repair_webhooks", Action::RepairWebhooks),
    ("delete_webhooks", Action::DeleteWebhooks),
];

impl Action {
    fn named(name: &str) -> Option<Self> {
        ACTIONS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, action)| *action)
    }

    fn scope(self) -> Scope {
        match self {
            Self::Connect | Self::TestConnection | Self::RepairWebhooks | Self::DeleteWebhooks => {
                Scope::ConnectorsWrite
            }
            // What is shown of the settings is how hours are counted, and nobody's pay.
            Self::HealthCheck | Self::GetLaborSettings | Self::ListWebhooks => {
                Scope::ConnectorsRead
            }
            Self::ScheduledSync => Scope::SyncRun,
            Self::PreviewShifts => Scope::ShiftsRead,
            Self::Get(list) => list.scope(),
            Self::GetUserWages => Scope::WagesRead,
            Self::GetUserAssignments | Self::GetAssignments => Scope::RoleAssignmentsRead,
        }
    }
}

/// The names of all actions, for who sends another one.
fn action_names() -> String {
    ACTIONS.map(|(name, _)| name).join(", ")
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
        Action::PreviewShifts => preview::preview(&context, &call).await,
        Action::Get(list) => read::get(&context, &call, list).await,
        Action::GetUserWages => person::wages(&context, &call).await,
        Action::GetUserAssignments => person::assignments(&context, &call).await,
        Action::GetAssignments => assignments::get(&context, &call).await,
        Action::GetLaborSettings => labor_settings::get(&context, &call).await,
        Action::ListWebhooks => webhooks::list(&context, &call).await,
        Action::RepairWebhooks => webhooks::repair(&context, &call).await,
        Action::DeleteWebhooks => webhooks::delete(&context, &call).await,
    }
}
