//! The installation's own jobs: credentials under the current key, old rows gone, purges finished.

use domain::access::Caller;
use domain::automation::DefaultRule;
use domain::sync_settings::KEEP_SHIFTS_DAYS;
use platform::advisers::copies;
use platform::run::{RunReport, WORK_BUDGET_MS};
use platform::vault::{Place, Secret, Vault};
use platform::{SpinDatabase, clock, default_rules, log, random, webhook_copies};
use store::allocation::records as allocations;
use store::automation::{self, notices, rules, work};
use store::inbox::events;
use store::jobs::{self, Claimed, PURGE_ORGANIZATION};
use store::records::retention::{self, EndedShifts};
use store::{
    Database, DatabaseError, api_keys, audit, credentials, idempotency, logs, oauth_flows,
    organizations, outbox, rate_budgets, records, sync_runs,
};

const RESEAL: &str = "reseal_credentials";
const PRUNE: &str = "prune";

const EVERY_SECONDS: i64 = 3_600;
/// Runs are kept this long, in seconds: 90 days.
const KEEP_RUNS_SECONDS: i64 = 90 * 86_400;
/// Shifts of connectors at fixed times are kept this long after their end, in seconds.
const KEEP_SHIFTS_SECONDS: i64 = KEEP_SHIFTS_DAYS * 86_400;
const ROWS: u32 = 1_000;

/// Makes the permanent jobs, unless they are there.
///
/// # Errors
/// The database's.
pub async fn ensure(database: &SpinDatabase) -> Result<(), DatabaseError> {
    for name in [RESEAL, PRUNE] {
        jobs::ensure_maintenance_job(
            database,
            &random::id(),
            name,
            "scheduled-sync",
            clock::now(),
        )
        .await?;
    }
    Ok(())
}

/// When a maintenance job that has ended is due again.
pub fn next_due_at(name: &str, now: i64) -> Option<i64> {
    (name != PURGE_ORGANIZATION).then(|| now.saturating_add(EVERY_SECONDS))
}

pub async fn run(database: &SpinDatabase, claimed: &Claimed) -> RunReport {
    let deadline_ms = clock::now_ms().saturating_add(WORK_BUDGET_MS);
    let result = match claimed.name.as_str() {
        RESEAL => reseal(database, deadline_ms).await,
        PRUNE => prune(database, deadline_ms).await,
        PURGE_ORGANIZATION => purge(database, claimed, deadline_ms).await,
        other => {
            return RunReport::failed(
                "unknown_job",
                &format!("This version has no maintenance job {other}."),
            );
        }
    };
    match result {
        Ok(true) => RunReport::done(),
        Ok(false) => RunReport::more(),
        Err(error) => RunReport::retry_at(clock::now(), "database", &error.to_string()),
    }
}

fn is_late(deadline_ms: i64) -> bool {
    clock::now_ms() >= deadline_ms
}

/// Seals what older keys have sealed with the current one, so that the old key can be removed.
async fn reseal(database: &SpinDatabase, deadline_ms: i64) -> Result<bool, DatabaseError> {
    let vault = match Vault::open().await {
        Ok(vault) => vault,
        Err(error) => {
            log::error("reseal", &error.to_string());
            return Ok(true);
        }
    };
    let mut after = None;
    loop {
        if is_late(deadline_ms) {
            return Ok(false);
        }
        let page = credentials::sealed_by_other_keys(
            database,
            vault.sealing_key(),
            after.as_ref(),
            i64::from(ROWS),
        )
        .await?;
        for stale in &page {
            let place = Place {
                organization_id: &stale.organization_id,
                connector_id: &stale.connector_id,
                field: &stale.field,
            };
            let sealed = vault
                .unseal(place, &stale.sealed)
                .and_then(|secret: Secret| vault.seal(place, &secret));
            match sealed {
                Ok(sealed) => {
                    credentials::replace(
                        database,
                        stale,
                        &sealed.token,
                        &sealed.sealed_by,
                        clock::now(),
                    )
                    .await?;
                }
                // It stays as it is: its key may come back.
                Err(error) => log::error(
                    "reseal",
                    &format!(
                        "connector {} field {}: {error}",
                        stale.connector_id, stale.field
                    ),
                ),
            }
        }
        after = page.into_iter().next_back();
        if after.is_none() {
            return Ok(true);
        }
    }
}

/// Removes what nobody asks for any more, in bounded statements.
async fn prune(database: &SpinDatabase, deadline_ms: i64) -> Result<bool, DatabaseError> {
    let now = clock::now();
    webhook_copies::forget_all().await;
    copies::forget_old(clock::now_ms()).await;
    for organization_id in organizations::purging(database, i64::from(ROWS)).await? {
        if let Ok(tenant) = Caller::internal("scheduled-sync").tenant_named(&organization_id) {
            jobs::ensure_organization_job(
                database,
                &tenant,
                &random::id(),
                PURGE_ORGANIZATION,
                "scheduled-sync",
                now,
            )
            .await?;
        }
    }
    let mut budget = Some(String::new());
    while let Some(after) = budget {
        if is_late(deadline_ms) {
            return Ok(false);
        }
        budget = rate_budgets::prune(database, &after, ROWS, clock::now_ms()).await?;
    }
    loop {
        if is_late(deadline_ms) {
            return Ok(false);
        }
        let keys = idempotency::prune(database, now).await?;
        let flows = oauth_flows::prune(database, now).await?;
        let runs = sync_runs::prune(
            database,
            now.saturating_sub(KEEP_RUNS_SECONDS),
            i64::from(ROWS),
        )
        .await?;
        let before = now.saturating_sub(events::KEEP_SECONDS);
        let events = events::prune(database, before, i64::from(ROWS)).await?;
        let before = now.saturating_sub(outbox::KEEP_SECONDS);
        let deliveries = database
            .transaction(async |transaction| outbox::prune(transaction, before, ROWS.into()).await)
            .await?;
        let before = now.saturating_sub(automation::KEEP_SECONDS);
        let worked = work::prune(database, before, ROWS.into()).await?;
        let notices = notices::prune(database, before, ROWS.into()).await?;
        let before = now.saturating_sub(logs::KEEP_SECONDS);
        let logged = logs::prune(database, before, ROWS.into()).await?;
        let pass = records::ended_pass(database).await?;
        if let Some(pass_id) = &pass {
            while records::forget_pass(database, pass_id, ROWS).await? && !is_late(deadline_ms) {}
        }
        let before = now.saturating_sub(audit::KEEP_SECONDS);
        let audited = audit::prune(database, before, ROWS.into()).await?;
        let allocated = allocations::prune(database, now, ROWS.into()).await?;
        let rows = [
            keys, flows, runs, events, deliveries, worked, logged, notices, audited, allocated,
        ];
        if rows.iter().all(|rows| *rows == 0) && pass.is_none() {
            break;
        }
    }
    api_keys::remind(database, now).await?;
    if !give_default_rules(database, deadline_ms).await? {
        return Ok(false);
    }
    retain(database, deadline_ms).await?;
    Ok(true)
}

/// Organizations that are older than the rules that every one has.
async fn give_default_rules(
    database: &SpinDatabase,
    deadline_ms: i64,
) -> Result<bool, DatabaseError> {
    let defaults = i64::try_from(DefaultRule::ALL.len()).unwrap_or(i64::MAX);
    let mut after = String::new();
    loop {
        if is_late(deadline_ms) {
            return Ok(false);
        }
        let page = rules::without_defaults(database, &after, ROWS.into(), defaults).await?;
        let Some(last) = page.last() else {
            return Ok(true);
        };
        after.clone_from(&last.organization_id);
        for organization in page.iter().filter(|one| one.is_without) {
            let caller = Caller::internal("scheduled-sync");
            if let Ok(tenant) = caller.tenant_named(&organization.organization_id) {
                default_rules::give(database, &tenant).await?;
            }
        }
    }
}

/// Removes shifts that are over long enough, where the schedule says so. Those that a punch rests on
/// are looked at every time; whoever is not reached in time is so in another hour, because each hour
/// begins with another connector.
async fn retain(database: &SpinDatabase, deadline_ms: i64) -> Result<(), DatabaseError> {
    let now = clock::now();
    let before = now.saturating_sub(KEEP_SHIFTS_SECONDS);
    let mut after = String::new();
    loop {
        let mut connectors = retention::connectors_at_fixed_times(database, &after, ROWS).await?;
        let Some(last) = connectors.last() else {
            return Ok(());
        };
        after.clone_from(&last.connector_id);
        let hour = usize::try_from(now.div_euclid(EVERY_SECONDS)).unwrap_or_default();
        let turn = hour.checked_rem(connectors.len()).unwrap_or_default();
        connectors.rotate_left(turn);
        for connector in &connectors {
            let Ok(tenant) =
                Caller::internal("scheduled-sync").tenant_named(&connector.organization_id)
            else {
                continue;
            };
            let mut place = None;
            loop {
                if is_late(deadline_ms) {
                    return Ok(());
                }
                let ended = EndedShifts {
                    connector_id: &connector.connector_id,
                    before,
                    after: place.as_ref(),
                    limit: ROWS,
                };
                place = retention::remove_ended_shifts(database, &tenant, ended)
                    .await?
                    .next;
                if place.is_none() {
                    break;
                }
            }
        }
    }
}

/// Removes everything of an organization that is being purged, its own row last.
async fn purge(
    database: &SpinDatabase,
    claimed: &Claimed,
    deadline_ms: i64,
) -> Result<bool, DatabaseError> {
    let Ok(tenant) = Caller::internal("scheduled-sync").tenant_named(&claimed.subject) else {
        return Ok(true);
    };
    while !is_late(deadline_ms) {
        if records::purge(database, &tenant, ROWS).await?.done {
            organizations::remove(database, &tenant).await?;
            log::info(
                "purged",
                &format!("organization {} is gone", claimed.subject),
            );
            return Ok(true);
        }
    }
    Ok(false)
}
