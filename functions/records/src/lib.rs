//! Reading back what was synced: lists with filters, changes and cursors, and single rows.

mod audit;
mod disputes;
mod lists;
mod logs;
mod shifts;

use api::{Operation, Problem};
use http::StatusCode;
use platform::{Answer, Context, Reply, problems, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;
use store::lists::{Kind, get};
use store::{DatabaseError, sync_runs};

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("records"),
        request,
        async |context: Context| match context.operation {
            Operation::ReadTeamMember => read(&context, Kind::TeamMember, "person").await,
            Operation::ReadShift => shifts::read(&context).await,
            Operation::ReadTimePunch => read(&context, Kind::TimePunch, "time punch").await,
            Operation::UpdateTimePunch => disputes::update(&context).await,
            Operation::ReadLocation => read(&context, Kind::Location, "location").await,
            Operation::ReadRole => read(&context, Kind::Role, "role").await,
            Operation::ReadDepartment => read(&context, Kind::Department, "department").await,
            Operation::ReadWage => read(&context, Kind::Wage, "wage").await,
            Operation::ReadRoleAssignment => {
                read(&context, Kind::RoleAssignment, "role assignment").await
            }
            Operation::ReadAvailability => {
                read(&context, Kind::Availability, "day of an availability").await
            }
            Operation::ReadCustomRecord => {
                read(&context, Kind::CustomRecord, "custom record").await
            }
            Operation::ReadEmployeeRecord => read(&context, Kind::Employee, "employee").await,
            Operation::ReadLeaveRequest => {
                read(&context, Kind::LeaveRequest, "leave request").await
            }
            Operation::ReadTimeOff => read(&context, Kind::TimeOff, "time off").await,
            Operation::ListAuditEntries => audit::list(&context).await,
            Operation::ListLogs => logs::list(&context).await,
            Operation::ShowLogStatistics => logs::statistics(&context).await,
            Operation::ReadSyncRun => read_sync_run(&context).await,
            _ => lists::list(&context).await,
        },
    )
    .await
}

/// A run that was promised can be asked for before it has begun.
async fn read_sync_run(context: &Context) -> Result<Reply, Problem> {
    let what = "sync run";
    let tenant = context.tenant_of_query()?;
    let id = context.id(what)?;
    let run = async {
        match get(&context.database, &tenant, Kind::SyncRun, &id).await? {
            Some(run) => Ok(Some(run)),
            None => sync_runs::queued(&context.database, &tenant, &id).await,
        }
    };
    found(run.await, what)
}

async fn read(context: &Context, kind: Kind, what: &str) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let id = context.id(what)?;
    found(get(&context.database, &tenant, kind, &id).await, what)
}

fn found(row: Result<Option<String>, DatabaseError>, what: &str) -> Result<Reply, Problem> {
    let row = row.map_err(|error| problems::database(&error))?;
    let row = row.ok_or_else(|| Problem::not_found(what))?;
    Ok(Reply::json_bytes(StatusCode::OK, row.into_bytes()))
}
