//! Removing an organization with everything it has.

use domain::access::Tenant;

use super::unsigned;
use crate::database::{DatabaseError, Execute};
use crate::parameters;

/// Where an organization has rows, in the order of removal: secrets first, then what could still
/// write, then the data.
const TABLES: &[Table] = &[
    Table::new("credentials", "connector_id, field").by(
        "connector_id IN (SELECT id FROM connectors WHERE organization_id = ?1
             UNION ALL SELECT id FROM webhooks WHERE organization_id = ?1
             UNION ALL SELECT id FROM outgoing_webhooks WHERE organization_id = ?1)",
    ),
    Table::new("webhook_secrets", "id"),
    Table::new("webhook_registrations", "id"),
    Table::new("webhook_endpoints", "id"),
    Table::new("api_key_reminders", "key_id, days"),
    Table::new("api_keys", "id"),
    Table::new("webhook_events", "seq"),
    Table::new("integration_logs", "seq"),
    Table::new(
        "log_statistics",
        "organization_id, day, connector_id, event_type, status, up_to_ms",
    ),
    Table::new("events", "seq"),
    Table::new("rule_firings", "event_id, rule_id"),
    Table::new("notices", "id"),
    Table::new("automation_rules", "id"),
    Table::new("delivery_attempts", "delivery_id, number"),
    Table::new("deliveries", "id"),
    // Whatever drives the purge may be a job itself, so only these go here.
    Table::new("jobs", "id")
        .by("organization_id = ?1 AND kind IN ('sync', 'outbox', 'inbox', 'automation', 'probe', 'attendance', 'allocation')"),
    Table::new("sync_seen", "pass_id, external_id")
        .by("pass_id IN (SELECT id FROM sync_runs WHERE organization_id = ?1)"),
    Table::new("quarantined_records", "connector_id, stream, external_id"),
    Table::new("idempotency_keys", "organization_id, caller, key"),
    Table::new("oauth_flows", "id"),
    Table::new("role_labor_rates", "organization_id"),
    Table::new("staff_policies", "connector_id"),
    Table::new("attendance_policies", "organization_id"),
    Table::new("allocation_settings", "organization_id"),
    Table::new("allocation_notices", "organization_id"),
    Table::new("allocation_explanations", "allocation_id"),
    Table::new("allocations", "id"),
    Table::new("capacity_overrides", "id"),
    Table::new("office_closures", "id"),
    Table::new("client_folders", "id"),
    Table::new("attendance_records", "id"),
    Table::new("attendance_deltas", "id"),
    Table::new("location_mappings", "connector_id, external_location_id"),
    Table::new("stores", "id"),
    Table::new("custom_records", "id"),
    Table::new("leave_requests", "id"),
    Table::new("employees", "id"),
    Table::new("time_off_requests", "id"),
    Table::new("team_member_availability", "id"),
    Table::new("team_member_role_assignments", "id"),
    Table::new("team_member_wages", "id"),
    Table::new("time_punches", "id"),
    Table::new("schedule_shifts", "id"),
    Table::new("team_members", "id"),
    Table::new("roles", "id"),
    Table::new("departments", "id"),
    Table::new("locations", "id"),
    Table::new("sync_runs", "id"),
    Table::new("webhooks", "id"),
    Table::new("outgoing_webhooks", "id"),
    Table::new("connectors", "id"),
    Table::new("audit_entries", "seq"),
    Table::new("jobs", "id"),
];

/// What one step of a purge did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purge {
    pub deleted: u64,
    /// Nothing is left but the organization's own row.
    pub done: bool,
}

/// Removes at most `limit` rows of an organization; call it until it is `done`, and then
/// [`crate::organizations::remove`]: by that last row an unfinished purge is found. Every
/// statement is bounded and may run on its own, so that a purge never holds up other writers.
///
/// # Errors
/// The failure of a statement; what was removed before stays removed.
pub async fn purge<E: Execute>(
    database: &E,
    tenant: &Tenant,
    limit: u32,
) -> Result<Purge, DatabaseError> {
    let mut left = i64::from(limit);
    for table in TABLES {
        let parameters = parameters![tenant.as_str(), left];
        let found = database.execute(&table.count(), parameters).await?;
        let found = found
            .first()
            .ok_or_else(|| DatabaseError::Shape("no count".to_owned()))?
            .integer(0)?;
        if found > 0 {
            database.execute(&table.delete(), parameters).await?;
        }
        left -= found;
        if left <= 0 {
            return Ok(Purge {
                deleted: u64::from(limit),
                done: false,
            });
        }
    }
    Ok(Purge {
        deleted: unsigned(i64::from(limit) - left),
        done: true,
    })
}

/// The tables that a purge empties of an organization's rows.
pub fn purged_tables() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|table| table.name)
}

struct Table {
    name: &'static str,
    key: &'static str,
    belongs: &'static str,
}

impl Table {
    const fn new(name: &'static str, key: &'static str) -> Self {
        Self {
            name,
            key,
            belongs: "organization_id = ?1",
        }
    }

    const fn by(mut self, belongs: &'static str) -> Self {
        self.belongs = belongs;
        self
    }

    fn count(&self) -> String {
        let Self { name, belongs, .. } = self;
        format!("SELECT count(*) FROM (SELECT 1 FROM {name} WHERE {belongs} LIMIT ?2)")
    }

    fn delete(&self) -> String {
        let Self { name, key, belongs } = self;
        format!(
            "DELETE FROM {name} WHERE ({key}) IN (SELECT {key} FROM {name} WHERE {belongs} LIMIT ?2)"
        )
    }
}
