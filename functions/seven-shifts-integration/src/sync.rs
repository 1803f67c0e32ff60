//! A sync now, through the engine as every other. What takes longer than five seconds goes on.

use std::collections::BTreeMap;

use api::Problem;
use api::body::Document;
use api::seven_shifts_integration::{
    EmployeesResult, FullResult, RunningSync, ShiftsResult, SyncNow, SyncResult, Synced,
    UnmappedPerson, UserMapping,
};
use domain::access::Tenant;
use domain::stream::Stream;
use http::StatusCode;
use platform::{Context, Reply, clock, on_demand, problems, random, run};
use store::staff;
use store::sync_runs::RunState;

use crate::account::{self, Integration};
use crate::refusal;

/// Errors, and people, that an answer names.
const MAX_DETAILS: i64 = 5;

/// What is synced.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Employees,
    Shifts,
    Full,
}

impl Part {
    /// The streams that bring it, and what they refer to.
    fn streams(self) -> &'static [Stream] {
        const EMPLOYEES: &[Stream] = &[
            Stream::Locations,
            Stream::Roles,
            Stream::Users,
            Stream::Assignments,
        ];
        const SHIFTS: &[Stream] = &[Stream::Locations, Stream::Roles, Stream::Shifts];
        const FULL: &[Stream] = &[
            Stream::Locations,
            Stream::Roles,
            Stream::Users,
            Stream::Shifts,
            Stream::Assignments,
        ];
        match self {
            Self::Employees => EMPLOYEES,
            Self::Shifts => SHIFTS,
            Self::Full => FULL,
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Employees => "Employee sync completed",
            Self::Shifts => "Shift sync completed",
            Self::Full => "Full sync completed",
        }
    }
}

pub async fn sync(context: &Context) -> Result<Reply, Problem> {
    let started_ms = clock::now_ms();
    let tenant = account::tenant(context)?;
    let body: SyncNow = if context.body.is_empty() {
        SyncNow::default()
    } else {
        // A member that is there twice is refused, also one that nobody reads.
        let Document(_) = context.json()?;
        context.json()?
    };
    let part = match body.sync_type.as_deref() {
        None | Some("full") => Part::Full,
        Some("employees") => Part::Employees,
        Some("shifts") => Part::Shifts,
        Some(_) => {
            return Err(refusal::field(
                "sync_type",
                "must be employees, shifts or full",
            ));
        }
    };
    let integration = account::set_up(context, &tenant).await?;
    let connector = &integration.connector;
    if !run::may_run(connector.state) {
        return Err(refusal::bad_request(format!(
            "7shifts integration is not active: it is {}. {}",
            connector.state.as_str(),
            connector.state.remedy().unwrap_or_default()
        )));
    }
    let is_on = |stream: Stream| integration.settings.streams.is_enabled(stream);
    match part {
        Part::Employees if !is_on(Stream::Users) => {
            return Err(refusal::bad_request(
                "The sync of employees is switched off: set sync_employees_enabled with `configure/`.",
            ));
        }
        Part::Shifts if !is_on(Stream::Shifts) => {
            return Err(refusal::bad_request(
                "The sync of shifts is switched off: set sync_shifts_enabled with `configure/`.",
            ));
        }
        Part::Full if !is_on(Stream::Users) && !is_on(Stream::Shifts) => {
            return Err(refusal::bad_request(
                "The syncs of employees and of shifts are both switched off: set one with `configure/`.",
            ));
        }
        _ => {}
    }
    let started =
        Started::begin(context, &tenant, &integration, part.streams(), started_ms).await?;
    let finished = started.running().is_none();
    if let Some(failed) = started.failure().filter(|_| finished) {
        return Err(refusal::sync_failed(failed));
    }
    let answer = Synced {
        success: true,
        message: if finished {
            part.done().to_owned()
        } else {
            "Sync started; its runs are read at /api/sync-runs/{id}".to_owned()
        },
        result: match finished {
            true => Some(result(context, &tenant, &integration, part, &started).await?),
            false => None,
        },
        running: started.running(),
    };
    let status = if finished {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    Reply::json(status, &answer)
}

/// Runs that were asked for, and how those that somebody waits for have come out.
pub struct Started {
    run_ids: BTreeMap<String, String>,
    /// The runs of people and of shifts; the rest goes on behind them.
    states: Vec<RunState>,
    awaited: usize,
}

impl Started {
    /// Asks for runs of the streams that are switched on, and waits for up to five seconds.
    pub async fn begin(
        context: &Context,
        tenant: &Tenant,
        integration: &Integration,
        streams: &[Stream],
        started_ms: i64,
    ) -> Result<Self, Problem> {
        let connector_id = &integration.connector.id;
        let streams: Vec<_> = streams
            .iter()
            .copied()
            .filter(|stream| integration.settings.streams.is_enabled(*stream))
            .collect();
        // What was asked for as one is one entry of the log.
        let params = serde_json::json!({ "request_id": random::id() }).to_string();
        let is_full = [Stream::Users, Stream::Shifts]
            .iter()
            .all(|stream| streams.contains(stream));
        let params = is_full.then_some(params.as_str());
        let run_ids = on_demand::request(context, tenant, connector_id, &streams, params).await?;
        // Who is staff is not known before it is known who works as what.
        let has_roles = !integration.policy.sync_role_names.is_empty();
        let awaited: Vec<_> = [Stream::Users, Stream::Shifts, Stream::Assignments]
            .iter()
            .filter(|stream| has_roles || **stream != Stream::Assignments)
            .filter_map(|stream| run_ids.get(stream.as_str()).map(String::as_str))
            .collect();
        let states = on_demand::wait(context, tenant, connector_id, &awaited, started_ms).await?;
        // Nor where: of few people that is known in time, of many it follows.
        let place = run_ids
            .get(Stream::Assignments.as_str())
            .filter(|_| !has_roles);
        if let Some(place) = place
            && on_demand::have_ended(&states, awaited.len())
        {
            on_demand::wait(context, tenant, connector_id, &[place], started_ms).await?;
        }
        Ok(Self {
            awaited: awaited.len(),
            states,
            run_ids,
        })
    }

    /// The runs, while not all that were waited for have ended.
    pub fn running(&self) -> Option<RunningSync> {
        if on_demand::have_ended(&self.states, self.awaited) {
            return None;
        }
        let last = [Stream::Shifts, Stream::Users]
            .iter()
            .find_map(|stream| self.run_ids.get(stream.as_str()))
            .or_else(|| self.run_ids.values().next_back())?;
        Some(RunningSync {
            run_id: last.clone(),
            run_ids: self.run_ids.clone(),
        })
    }

    /// Why nothing came of it. Where one part has failed, the others are in, and the result says
    /// why it has not.
    fn failure(&self) -> Option<&str> {
        if self.states.iter().any(|state| state.status != "failed") {
            return None;
        }
        self.states.first().map(|state| {
            state
                .error_detail
                .as_deref()
                .unwrap_or("the run did not come to its end")
        })
    }

    fn of(&self, stream: Stream) -> Option<&RunState> {
        self.states
            .iter()
            .find(|state| state.stream == stream.as_str())
    }
}

async fn result(
    context: &Context,
    tenant: &Tenant,
    integration: &Integration,
    part: Part,
    started: &Started,
) -> Result<SyncResult, Problem> {
    let employees = match started.of(Stream::Users).filter(|_| part != Part::Shifts) {
        Some(state) => Some(EmployeesResult {
            employees_synced: synced(state),
            errors_count: errors_count(state),
            errors: errors(context, tenant, state).await?,
            user_mapping: user_mapping(context, tenant, integration).await?,
        }),
        None => None,
    };
    let shifts = match started
        .of(Stream::Shifts)
        .filter(|_| part != Part::Employees)
    {
        Some(state) => Some(ShiftsResult {
            shifts_synced: synced(state),
            errors_count: errors_count(state),
            errors: errors(context, tenant, state).await?,
        }),
        None => None,
    };
    match (part, employees, shifts) {
        (Part::Employees, Some(employees), _) => Ok(SyncResult::Employees(Box::new(employees))),
        (Part::Shifts, _, Some(shifts)) => Ok(SyncResult::Shifts(shifts)),
        // A part that is switched off did nothing, and its members are read all the same.
        (_, employees, shifts) => Ok(SyncResult::Full(Box::new(FullResult {
            employees: employees.unwrap_or_default(),
            shifts: shifts.unwrap_or_default(),
        }))),
    }
}

fn synced(state: &RunState) -> i64 {
    state
        .created
        .saturating_add(state.updated)
        .saturating_add(state.unchanged)
}

/// Records that could not be stored, or the one error of a run that failed.
fn errors_count(state: &RunState) -> i64 {
    state.errors.max(i64::from(state.status == "failed"))
}

/// The first reasons: records that could not be stored, then what the run says of itself.
async fn errors(
    context: &Context,
    tenant: &Tenant,
    state: &RunState,
) -> Result<Vec<String>, Problem> {
    if state.errors == 0 {
        return Ok(state.error_detail.iter().cloned().collect());
    }
    let run = (state.stream.as_str(), state.id.as_str());
    let mut reasons = staff::reasons(
        &context.database,
        tenant,
        &state.connector_id,
        run,
        MAX_DETAILS,
    )
    .await
    .map_err(|error| problems::database(&error))?;
    reasons.extend(state.error_detail.iter().cloned());
    reasons.truncate(usize::try_from(MAX_DETAILS).unwrap_or_default());
    Ok(reasons)
}

async fn user_mapping(
    context: &Context,
    tenant: &Tenant,
    integration: &Integration,
) -> Result<UserMapping, Problem> {
    let found = staff::user_mapping(&context.database, integration.staff(tenant), MAX_DETAILS)
        .await
        .map_err(|error| problems::database(&error))?;
    let placeholder = integration.placeholder(tenant);
    let has_placeholder = placeholder.is_some();
    let unmapped_details = found
        .unmapped_people
        .into_iter()
        .map(|person| {
            let email = person.email.unwrap_or_else(|| {
                placeholder
                    .as_ref()
                    .map_or_else(String::new, |(before, after)| {
                        format!("{before}{}{after}", person.external_id)
                    })
            });
            UnmappedPerson {
                seven_shifts_id: person.external_id,
                name: person.name,
                email,
            }
        })
        .collect();
    Ok(UserMapping {
        total_unmapped: found.unmapped,
        mapped: found.mapped,
        created: 0,
        skipped: if has_placeholder {
            0
        } else {
            found.unmapped_without_email
        },
        temp_email_count: if has_placeholder {
            found.without_email
        } else {
            0
        },
        unmapped_details,
    })
}
