//! What runs here, whether it is well, and the description of the API.

use api::routes::{Access, ROUTES};
use api::status::{Health, HealthServices, SchedulerHealth, Status, StatusRoute};
use api::{Operation, Problem};
use http::StatusCode;
use platform::{Answer, Context, Reply, clock, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;
use store::scheduler_ticks;

/// The scheduler ticks every 20 s; three missed ones are worth a look.
const LATE_TICK_SECONDS: i64 = 90;
/// A job that has been due for this long is waiting for more than its turn.
const LATE_JOB_SECONDS: i64 = 900;

/// The OpenAPI document, as the build script packs it.
static OPENAPI: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.deflate"));

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("status"),
        request,
        async |context: Context| match context.operation {
            Operation::CheckHealth => health(&context).await,
            Operation::ShowOpenapi => openapi(),
            _ => status(),
        },
    )
    .await
}

fn openapi() -> Result<Reply, Problem> {
    let document = miniz_oxide::inflate::decompress_to_vec(OPENAPI)
        .map_err(|error| platform::problems::internal(&error.to_string()))?;
    Ok(Reply::json_bytes(StatusCode::OK, document))
}

fn status() -> Result<Reply, Problem> {
    let routes = ROUTES
        .iter()
        .filter(|route| route.access != Access::Internal)
        .map(|route| StatusRoute {
            method: route.method.to_owned(),
            path: route.path.to_owned(),
            summary: route.summary.to_owned(),
        })
        .collect();
    Reply::json(
        StatusCode::OK,
        &Status {
            name: "Patchbay".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            routes,
        },
    )
}

/// A database that cannot be opened never comes here: the answer is a 503 problem.
async fn health(context: &Context) -> Result<Reply, Problem> {
    let now = clock::now();
    let lag = scheduler_ticks::lag(&context.database, now)
        .await
        .map_err(|error| platform::problems::database(&error))?;
    let last_tick_seconds_ago = lag
        .last_started_at
        .map(|started| now.saturating_sub(started).max(0));
    let lag_seconds = lag
        .oldest_due_at
        .map_or(0, |due| now.saturating_sub(due).max(0));
    let scheduler = match last_tick_seconds_ago {
        // A new installation has this long for its first tick, from the first job on.
        None if lag_seconds > LATE_TICK_SECONDS => "stopped",
        None => "waiting",
        Some(ago) if ago > LATE_TICK_SECONDS => "stopped",
        Some(_) if lag_seconds > LATE_JOB_SECONDS => "behind",
        Some(_) => "ok",
    };
    let is_well = matches!(scheduler, "ok" | "waiting");
    let health = Health {
        status: if is_well { scheduler } else { "degraded" }.to_owned(),
        services: HealthServices {
            database: "ok".to_owned(),
            scheduler: SchedulerHealth {
                status: scheduler.to_owned(),
                last_tick_seconds_ago,
                lag_seconds,
            },
        },
    };
    Reply::json(
        if is_well {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        },
        &health,
    )
}
