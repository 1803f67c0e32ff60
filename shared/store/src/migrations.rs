//! Brings a database to the version of the code, on first use, whoever comes first.

use crate::database::{Database, DatabaseError, Execute};
use crate::parameters;

include!(concat!(env!("OUT_DIR"), "/current.rs"));

/// All migrations, as the build script packs them.
static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/migrations.deflate"));

/// Before the version and the name of each migration.
const MIGRATION_MARKER: &str = "--; migration ";

/// One step of the schema, applied whole or not at all.
#[derive(Clone, Debug)]
pub struct Migration {
    pub version: i64,
    pub name: String,
    pub sql: String,
}

/// Between two statements of a migration. Spin runs only the first statement of a string, and a
/// trigger contains `;`, so the split is on a marker of its own.
const STATEMENT_MARKER: &str = "--; statement";

/// Every migration, in order.
///
/// # Errors
/// What cannot be unpacked, which is a bug of ours.
pub fn all() -> Result<Vec<Migration>, DatabaseError> {
    let unreadable = |why: &str| DatabaseError::Shape(format!("the migrations: {why}"));
    let text = miniz_oxide::inflate::decompress_to_vec(PACKED)
        .map_err(|error| unreadable(&error.to_string()))?;
    let text = String::from_utf8(text).map_err(|error| unreadable(&error.to_string()))?;
    text.split(MIGRATION_MARKER)
        .skip(1)
        .map(|migration| {
            let (title, sql) = migration.split_once('\n')?;
            let (version, name) = title.split_once(' ')?;
            Some(Migration {
                version: version.parse().ok()?,
                name: name.to_owned(),
                sql: sql.to_owned(),
            })
        })
        .collect::<Option<_>>()
        .ok_or_else(|| unreadable("one has no title"))
}

/// Applies what is missing and returns how many migrations that were.
///
/// Two instances may start at once: each migration runs under `BEGIN IMMEDIATE` and is looked up
/// again inside, so the second finds it done.
///
/// # Errors
/// [`DatabaseError::Newer`] when the database knows a migration that this code does not; the
/// failure of a statement otherwise, with nothing of that migration applied.
pub async fn migrate<D: Database>(database: &D, now: i64) -> Result<usize, DatabaseError> {
    if is_current(database, CURRENT).await? {
        return Ok(0);
    }
    migrate_with(database, &all()?, now).await
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
    if is_current(database, known).await? {
        return Ok(0);
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
                for statement in statements(&migration.sql) {
                    transaction.execute(statement, &[]).await?;
                }
                transaction
                    .execute(
                        "INSERT INTO schema_migrations (version, name, applied_at) VALUES (?1, ?2, ?3)",
                        parameters![migration.version, migration.name.as_str(), now],
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

/// # Errors
/// [`DatabaseError::Newer`].
async fn is_current<E: Execute>(database: &E, known: i64) -> Result<bool, DatabaseError> {
    match version(database).await {
        Ok(found) if found >= known => refuse_newer(found, known).map(|()| true),
        // An error, too: there is no table of them yet.
        _ => Ok(false),
    }
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
