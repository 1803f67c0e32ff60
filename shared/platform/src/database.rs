//! Spin's SQLite behind [`store::Database`].
//!
//! Three kinds of connection, never mixed. The *shared* one is opened once per instance and is
//! autocommit only: every request of the instance uses it, and Spin locks it per statement, so a
//! transaction on it would take in the neighbours' statements. A *transaction* opens a connection
//! of its own and always ends in COMMIT or ROLLBACK. The *reader* reads single rows by key through
//! the interface's synchronous functions: the rows of the asynchronous ones come by a stream and a
//! future, which suspend the request three times and cost several times what the row costs. The
//! whole instance waits for such a read. So it never writes, for it would wait for a writer that
//! may be a neighbour; and it has its own connection, so that it never waits for a neighbour's
//! statement on the shared one.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use spin_sdk::sqlite::wit::sqlite as wit;
use spin_sdk::sqlite::{self, Connection};
use store::{Database, DatabaseError, Execute, Row, Value, migrations};

use crate::clock;

/// The label in `spin.toml`; Spin's operators map it to a file or to libSQL.
const LABEL: &str = "default";

thread_local! {
    static SHARED: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
    static READER: RefCell<Option<wit::Connection>> = const { RefCell::new(None) };
    /// Whether the database behind [`SHARED`] has the schema of this code.
    static MIGRATED: Cell<bool> = const { Cell::new(false) };
}

/// The database of the application, migrated to the version of this code.
#[derive(Clone, Copy, Debug)]
pub struct SpinDatabase {
    _opened: (),
}

/// The private connection of one transaction.
pub struct SpinTransaction(Connection);

impl SpinDatabase {
    /// Opens the instance's shared connection on first use and applies missing migrations.
    ///
    /// Requests that come meanwhile migrate too, as other instances do, rather than wait for this
    /// one or run on half a schema: each migration is looked up again in its own transaction.
    ///
    /// # Errors
    /// When the database cannot be opened or migrated; the next request tries again.
    pub async fn open() -> Result<Self, DatabaseError> {
        let database = Self { _opened: () };
        if !MIGRATED.get() {
            migrations::migrate(&database, clock::now()).await?;
            MIGRATED.set(true);
        }
        Ok(database)
    }
}

impl Execute for SpinDatabase {
    async fn execute(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        let connection = shared().await?;
        let result = run(&connection, sql, parameters).await;
        if matches!(result, Err(DatabaseError::Io(_))) {
            // The connection may be what is broken: the next statement opens a new one, perhaps on
            // another file.
            SHARED.set(None);
            MIGRATED.set(false);
        }
        result
    }

    async fn read_row(
        &self,
        sql: &str,
        parameters: &[Value],
    ) -> Result<Option<Row>, DatabaseError> {
        let parameters: Vec<_> = parameters.iter().cloned().map(to_spin).collect();
        let connection = match READER.take() {
            Some(connection) => connection,
            None => wit::Connection::open(LABEL).map_err(error)?,
        };
        // After an error the connection is not kept: it may be what is broken.
        let result = connection.execute(sql, &parameters).map_err(error)?;
        READER.set(Some(connection));
        Ok(result.rows.into_iter().next().map(from_spin_row))
    }
}

impl Execute for SpinTransaction {
    async fn execute(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        run(&self.0, sql, parameters).await
    }
}

impl Database for SpinDatabase {
    type Transaction = SpinTransaction;

    async fn transaction<T, E, F>(&self, body: F) -> Result<T, E>
    where
        E: From<DatabaseError>,
        F: AsyncFnOnce(&SpinTransaction) -> Result<T, E>,
    {
        let transaction = SpinTransaction(connect().await?);
        transaction.execute("BEGIN IMMEDIATE", &[]).await?;
        // Dropping the connection, as a cancelled request does, rolls back too.
        match body(&transaction).await {
            Ok(value) => {
                transaction.execute("COMMIT", &[]).await?;
                Ok(value)
            }
            Err(error) => {
                // The body's own error says more than a failed rollback would.
                let _ = transaction.execute("ROLLBACK", &[]).await;
                Err(error)
            }
        }
    }
}

async fn shared() -> Result<Rc<Connection>, DatabaseError> {
    if let Some(connection) = SHARED.with_borrow(Clone::clone) {
        return Ok(connection);
    }
    let connection = Rc::new(connect().await?);
    // Another request of this instance may have come first while this one waited.
    Ok(SHARED.with_borrow_mut(|shared| shared.get_or_insert(connection).clone()))
}

async fn connect() -> Result<Connection, DatabaseError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that opens connections"
    )]
    Connection::open(LABEL).await.map_err(error)
}

/// Runs one statement to its end: an error may come only after the rows.
async fn run(
    connection: &Connection,
    sql: &str,
    parameters: &[Value],
) -> Result<Vec<Row>, DatabaseError> {
    let parameters = parameters.iter().cloned().map(to_spin);
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that runs statements"
    )]
    let result = connection.execute(sql, parameters).await.map_err(error)?;
    let rows = result.collect().await.map_err(error)?;
    Ok(rows.into_iter().map(from_spin_row).collect())
}

fn to_spin(value: Value) -> sqlite::Value {
    match value {
        Value::Null => sqlite::Value::Null,
        Value::Integer(value) => sqlite::Value::Integer(value),
        Value::Real(value) => sqlite::Value::Real(value),
        Value::Text(value) => sqlite::Value::Text(value),
        Value::Blob(value) => sqlite::Value::Blob(value),
    }
}

fn from_spin_row(row: wit::RowResult) -> Row {
    Row(row.values.into_iter().map(from_spin).collect())
}

fn from_spin(value: sqlite::Value) -> Value {
    match value {
        sqlite::Value::Null => Value::Null,
        sqlite::Value::Integer(value) => Value::Integer(value),
        sqlite::Value::Real(value) => Value::Real(value),
        sqlite::Value::Text(value) => Value::Text(value),
        sqlite::Value::Blob(value) => Value::Blob(value),
    }
}

fn error(error: sqlite::Error) -> DatabaseError {
    match error {
        sqlite::Error::Io(text) => DatabaseError::from_sqlite_text(&text),
        other => DatabaseError::Io(other.to_string()),
    }
}
