//! Brings a database to the version of the code, on first use, whoever comes first.

use crate::database::{Database, DatabaseError, Execute};
use crate::parameters;

/// One step of the schema, applied whole or not at all.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    pub version: i64,
    pub name: &'static str,
    pub sql: &'static str,
}

/// Between two statements of a migration. Spin runs only the first statement of a string, and a
/// trigger contains `;`, so the split is on a marker of its own.
const STATEMENT_MARKER: &str = "--; statement";

/// Every migration, in order.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "foundation",
        sql: include_str!("../../../migrations/0001_foundation.sql"),
    },
    Migration {
        version: 2,
        name: "people_and_schedule",
        sql: include_str!("../../../migrations/0002_people_and_schedule.sql"),
    },
    Migration {
        version: 3,
        name: "worked_seconds",
        sql: include_str!("../../../migrations/0003_worked_seconds.sql"),
    },
    Migration {
        version: 4,
        name: "pay_and_absence",
        sql: include_str!("../../../migrations/0004_pay_and_absence.sql"),
    },
    Migration {
        version: 5,
        name: "stores",
        sql: include_str!("../../../migrations/0005_stores.sql"),
    },
    Migration {
        version: 6,
        name: "webhook_registrations",
        sql: include_str!("../../../migrations/0006_webhook_registrations.sql"),
    },
    Migration {
        version: 7,
        name: "retention",
        sql: include_str!("../../../migrations/0007_retention.sql"),
    },
    Migration {
        version: 8,
        name: "webhooks",
        sql: include_str!("../../../migrations/0008_webhooks.sql"),
    },
    Migration {
        version: 9,
        name: "outbox",
        sql: include_str!("../../../migrations/0009_outbox.sql"),
    },
    Migration {
        version: 10,
        name: "automation",
        sql: include_str!("../../../migrations/0010_automation.sql"),
    },
    Migration {
        version: 11,
        name: "outgoing_webhooks",
        sql: include_str!("../../../migrations/0011_outgoing_webhooks.sql"),
    },
    Migration {
        version: 12,
        name: "access_tokens",
        sql: include_str!("../../../migrations/0012_access_tokens.sql"),
    },
    Migration {
        version: 13,
        name: "integration_logs",
        sql: include_str!("../../../migrations/0013_integration_logs.sql"),
    },
    Migration {
        version: 14,
        name: "inbound_limits",
        sql: include_str!("../../../migrations/0014_inbound_limits.sql"),
    },
    Migration {
        version: 15,
        name: "audit",
        sql: include_str!("../../../migrations/0015_audit.sql"),
    },
    Migration {
        version: 16,
        name: "connector_health",
        sql: include_str!("../../../migrations/0016_connector_health.sql"),
    },
    Migration {
        version: 17,
        name: "custom_records",
        sql: include_str!("../../../migrations/0017_custom_records.sql"),
    },
];

/// Applies what is missing and returns how many migrations that were.
///
/// Two instances may start at once: each migration runs under `BEGIN IMMEDIATE` and is looked up
/// again inside, so the second finds it done.
///
/// # Errors
/// [`DatabaseError::Newer`] when the database knows a migration that this code does not; the
/// failure of a statement otherwise, with nothing of that migration applied.
pub async fn migrate<D: Database>(database: &D, now: i64) -> Result<usize, DatabaseError> {
    migrate_with(database, MIGRATIONS, now).await
}

/// [`migrate`] with a list of its own, for tests of the runner.
///
/// # Errors
/// As [`migrate`].
pub async fn migrate_with<D: Database>(
    database: &D,
    migrations: &[Migration],
    now: i64,
) -> Result<usize, DatabaseError> {
    let known = migrations.last().map_or(0, |last| last.version);
    if let Ok(found) = version(database).await
        && found >= known
    {
        return refuse_newer(found, known).map(|()| 0);
    }
    // WAL is a property of the file and is set outside a transaction. A host that refuses it
    // (libSQL) has a journal of its own.
    let _ = database.execute("PRAGMA journal_mode = WAL", &[]).await;
    database
        .execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (
               version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT",
            &[],
        )
        .await?;
    let mut applied = 0;
    for migration in migrations {
        let new = database
            .transaction(async |transaction| {
                let found = version(transaction).await?;
                refuse_newer(found, known)?;
                if found >= migration.version {
                    return Ok::<_, DatabaseError>(false);
                }
                for statement in statements(migration.sql) {
                    transaction.execute(statement, &[]).await?;
                }
                transaction
                    .execute(
                        "INSERT INTO schema_migrations (version, name, applied_at) VALUES (?1, ?2, ?3)",
                        parameters![migration.version, migration.name, now],
                    )
                    .await?;
                Ok(true)
            })
            .await?;
        applied += usize::from(new);
    }
    Ok(applied)
}

/// The version of the database; an error when it has no migrations table yet.
///
/// # Errors
/// The failure of the statement.
pub async fn version<E: Execute>(database: &E) -> Result<i64, DatabaseError> {
    let rows = database
        .execute(
            "SELECT coalesce(max(version), 0) FROM schema_migrations",
            &[],
        )
        .await?;
    rows.first()
        .ok_or_else(|| DatabaseError::Shape("no version row".to_owned()))?
        .integer(0)
}

fn refuse_newer(found: i64, known: i64) -> Result<(), DatabaseError> {
    if found > known {
        return Err(DatabaseError::Newer { found, known });
    }
    Ok(())
}

fn statements(sql: &str) -> impl Iterator<Item = &str> {
    sql.split(STATEMENT_MARKER)
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
}
