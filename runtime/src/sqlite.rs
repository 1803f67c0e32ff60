//! `spin:sqlite`: one file per database, any number of readers, one writer.
//!
//! Writers wait for each other in a fair queue of this host, not in SQLite's
//! busy handler: a statement that changes data, or that begins a transaction,
//! first takes its database's one permit. The permit is kept while a
//! transaction is open, and taken away when it stays open for too long.
//!
//! A short read runs at once, in the thread of the guest's task: handing it to
//! a thread for blocking work takes longer than the read. What turns out not
//! to be short is interrupted and begun again there.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio::sync::{Mutex as AsyncMutex, OwnedSemaphorePermit, Semaphore};
use wasmtime::component::{Accessor, FutureReader, HasSelf, Resource, StreamReader};

use crate::{
    bindings::spin::sqlite::sqlite::{
        Error, Host, HostConnection, HostConnectionWithStore, QueryResult, RowResult, Value,
    },
    faults::StatementFault,
    instance::{ComponentContext, InstanceState},
    storage::Execution,
    trace::{Effect, lock},
};

/// Another process may write to the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const CACHED_STATEMENTS: usize = 128;
/// How often a statement asks whether it has become too long, in instructions
/// of SQLite's virtual machine.
const INSTRUCTIONS_PER_STEP: i32 = 1000;
/// Such steps that a short read has; well below a millisecond.
const STEPS_OF_A_SHORT_READ: i64 = 20;
/// Steps of a statement that may block.
const UNBOUNDED: i64 = i64::MAX;
/// What one statement may return, in bytes of its values.
const MAX_RESULT_BYTES: usize = 128 << 20;
/// Connections that one instance has open at a time.
const MAX_OPEN_CONNECTIONS: usize = 256;

/// A database file.
pub(crate) struct Database {
    label: String,
    path: PathBuf,
    writer: Arc<Semaphore>,
    /// A connection that is always open: when the last one closes, SQLite
    /// writes the whole log back, which would happen after every request of a
    /// host that does not reuse instances.
    keeper: Arc<Mutex<Option<rusqlite::Connection>>>,
}

impl Database {
    pub(crate) fn new(label: &str, path: PathBuf) -> Self {
        Self {
            label: label.to_owned(),
            path,
            writer: Arc::new(Semaphore::new(1)),
            keeper: Arc::default(),
        }
    }

    async fn connect(self: Arc<Self>, execution: Execution) -> Result<Connection, Error> {
        let database = Arc::clone(&self);
        let steps = Arc::new(AtomicI64::new(UNBOUNDED));
        let counted = Arc::clone(&steps);
        let sqlite = execution
            .run(move || database.open(counted))
            .await
            .map_err(Error::Io)?
            .map_err(|error| explain(&error))?;
        Ok(Connection {
            database: self,
            session: Arc::new(AsyncMutex::new(Session {
                sqlite,
                steps,
                permit: None,
                transactions: 0,
                expired: false,
            })),
        })
    }

    fn open(&self, steps: Arc<AtomicI64>) -> rusqlite::Result<rusqlite::Connection> {
        let mut keeper = lock(&self.keeper);
        let kept = match keeper.take() {
            Some(kept) => kept,
            None => rusqlite::Connection::open(&self.path)?,
        };
        // The log is kept only by a connection that has read the database.
        kept.prepare_cached("PRAGMA schema_version")?
            .query_row([], |_| Ok(()))
            .or_else(|error| if is_busy(&error) { Ok(()) } else { Err(error) })?;
        *keeper = Some(kept);
        drop(keeper);

        let sqlite = rusqlite::Connection::open(&self.path)?;
        sqlite.busy_timeout(BUSY_TIMEOUT)?;
        sqlite.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
        let is_too_long = move || steps.fetch_sub(1, Ordering::Relaxed) <= 0;
        sqlite.progress_handler(INSTRUCTIONS_PER_STEP, Some(is_too_long))?;
        Ok(sqlite)
    }

    async fn writer_turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.writer)
            .acquire_owned()
            .await
            .map_err(|error| Error::Io(error.to_string()))
    }
}

/// A guest's connection. Clones share it.
#[derive(Clone)]
pub struct Connection {
    database: Arc<Database>,
    session: Arc<AsyncMutex<Session>>,
}

struct Session {
    /// Dropped before the permit: closing rolls back.
    sqlite: rusqlite::Connection,
    /// How long the current statement may still become.
    steps: Arc<AtomicI64>,
    /// Held while a transaction is open.
    permit: Option<OwnedSemaphorePermit>,
    /// Counts the transactions of this connection.
    transactions: u64,
    /// The transaction was rolled back because it held the writer for too
    /// long, and the guest does not know yet.
    expired: bool,
}

struct Statement {
    sql: String,
    parameters: Vec<Value>,
}

enum Step {
    /// The statement writes: it needs the permit first.
    NeedsWriter(Statement),
    /// The statement only reads, but takes too long to run at once.
    TooLong(Statement),
    Done {
        result: Result<QueryResult, Error>,
        /// The transaction that this statement began.
        began: Option<u64>,
    },
}

impl Connection {
    async fn execute(
        &self,
        sql: String,
        parameters: Vec<Value>,
        context: &ComponentContext,
    ) -> Result<QueryResult, Error> {
        let mut statement = Statement { sql, parameters };
        let mut permit = None;
        if is_query(&statement.sql) {
            match self.session.lock().await.step_if_short(statement) {
                Step::Done { result, .. } => return result,
                Step::NeedsWriter(again) | Step::TooLong(again) => statement = again,
            }
        }
        // A guess that spares writers a first attempt; SQLite itself decides below.
        if !looks_read_only(&statement.sql) && self.session.lock().await.permit.is_none() {
            permit = Some(self.database.writer_turn().await?);
        }
        loop {
            let mut session = Arc::clone(&self.session).lock_owned().await;
            let turn = permit.take();
            let step = context
                .execution
                .run(move || session.step(statement, turn))
                .await
                .map_err(Error::Io)?;
            match step {
                Step::TooLong(again) => statement = again,
                Step::NeedsWriter(again) => {
                    statement = again;
                    permit = Some(self.database.writer_turn().await?);
                }
                Step::Done { result, began } => {
                    if let Some(transaction) = began {
                        self.watch(transaction, context);
                    }
                    return result;
                }
            }
        }
    }

    /// Ends the transaction if it is still open after the longest hold.
    fn watch(&self, transaction: u64, context: &ComponentContext) {
        let session = Arc::downgrade(&self.session);
        let (execution, hold) = (context.execution, context.limits.writer_hold);
        let component = context.id.clone();
        tokio::spawn(async move {
            tokio::time::sleep(hold).await;
            let Some(session) = Weak::upgrade(&session) else {
                return;
            };
            let mut session = session.lock_owned().await;
            let expired = execution.run(move || session.expire(transaction)).await;
            if expired == Ok(true) {
                tracing::warn!(%component, ?hold, "rolled back a transaction that held the writer for too long");
            }
        });
    }
}

impl Session {
    /// Runs a statement that is expected to be a short read.
    fn step_if_short(&mut self, statement: Statement) -> Step {
        // Whoever holds the file is not waited for here.
        let patience = self.sqlite.busy_timeout(Duration::ZERO);
        self.steps.store(STEPS_OF_A_SHORT_READ, Ordering::Relaxed);
        let step = self.step(statement, None);
        self.steps.store(UNBOUNDED, Ordering::Relaxed);
        match patience.and(self.sqlite.busy_timeout(BUSY_TIMEOUT)) {
            Ok(()) => step,
            Err(error) => Step::Done {
                result: Err(explain(&error)),
                began: None,
            },
        }
    }

    fn step(&mut self, statement: Statement, permit: Option<OwnedSemaphorePermit>) -> Step {
        let keyword = first_keyword(&statement.sql);
        if self.expired {
            // Nothing of the transaction took effect, so nothing after it may
            // until the guest has heard of it and ends or begins one.
            self.expired = !matches!(keyword.as_str(), "BEGIN" | "COMMIT" | "END" | "ROLLBACK");
            let result = match keyword.as_str() {
                "BEGIN" => None,
                "ROLLBACK" => Some(Ok(QueryResult { columns: Vec::new(), rows: Vec::new() })),
                _ => Some(Err(Error::Io(
                    "the transaction was rolled back: it held the database's only writer for too long".to_owned(),
                ))),
            };
            if let Some(result) = result {
                return Step::Done {
                    result,
                    began: None,
                };
            }
        }
        let writes = match self.sqlite.prepare_cached(&statement.sql) {
            Ok(prepared) => {
                !prepared.readonly() || matches!(keyword.as_str(), "BEGIN" | "SAVEPOINT")
            }
            Err(error) if is_premature(&error) && self.is_hurried() => {
                return Step::TooLong(statement);
            }
            Err(error) => {
                return Step::Done {
                    result: Err(explain(&error)),
                    began: None,
                };
            }
        };
        if writes && self.permit.is_none() && permit.is_none() {
            return Step::NeedsWriter(statement);
        }
        if writes && self.is_hurried() {
            // A write that a limit interrupts would come back as a failure.
            return Step::TooLong(statement);
        }
        let was_open = self.permit.is_some();
        if !was_open {
            self.permit = permit;
        }
        let result = match self.query(&statement) {
            Err(error) if !writes && is_premature(&error) && self.is_hurried() => {
                return Step::TooLong(statement);
            }
            result => result.map_err(|error| explain(&error)),
        };
        let began = if self.sqlite.is_autocommit() {
            self.permit = None;
            None
        } else if was_open {
            None
        } else {
            self.transactions += 1;
            Some(self.transactions)
        };
        Step::Done { result, began }
    }

    /// Whether the current statement must be short.
    fn is_hurried(&self) -> bool {
        self.steps.load(Ordering::Relaxed) <= STEPS_OF_A_SHORT_READ
    }

    fn query(&self, statement: &Statement) -> Result<QueryResult, rusqlite::Error> {
        let mut prepared = self.sqlite.prepare_cached(&statement.sql)?;
        let expected = prepared.parameter_count();
        if expected != statement.parameters.len() {
            return Err(rusqlite::Error::InvalidParameterCount(
                statement.parameters.len(),
                expected,
            ));
        }
        for (index, value) in (1..).zip(&statement.parameters) {
            prepared.raw_bind_parameter(index, to_sql(value))?;
        }
        let columns: Vec<String> = prepared
            .column_names()
            .into_iter()
            .map(str::to_owned)
            .collect();
        let mut read = prepared.raw_query();
        let mut rows = Vec::new();
        let mut bytes = 0;
        while let Some(row) = read.next()? {
            let values = (0..columns.len())
                .map(|column| from_sql(column, row.get_ref(column)?))
                .collect::<Result<Vec<_>, _>>()?;
            bytes += values.iter().map(size).sum::<usize>();
            if bytes > MAX_RESULT_BYTES {
                return Err(rusqlite::Error::ToSqlConversionFailure(
                    format!("the result exceeds {MAX_RESULT_BYTES} bytes").into(),
                ));
            }
            rows.push(RowResult { values });
        }
        Ok(QueryResult { columns, rows })
    }

    /// Rolls `transaction` back if it is the open one.
    fn expire(&mut self, transaction: u64) -> bool {
        let open = self.permit.is_some() && self.transactions == transaction;
        if open {
            // If this fails, SQLite has already rolled back.
            let _ = self.sqlite.execute_batch("ROLLBACK");
            self.permit = None;
            self.expired = true;
        }
        open
    }
}

/// Whether the statement returns rows and, most likely, only reads.
fn is_query(sql: &str) -> bool {
    matches!(first_keyword(sql).as_str(), "SELECT" | "VALUES" | "WITH")
}

fn looks_read_only(sql: &str) -> bool {
    matches!(
        first_keyword(sql).as_str(),
        "SELECT"
            | "WITH"
            | "VALUES"
            | "EXPLAIN"
            | "PRAGMA"
            | "COMMIT"
            | "END"
            | "ROLLBACK"
            | "RELEASE"
    )
}

/// The first word of the statement, upper-case, past white space and comments.
fn first_keyword(sql: &str) -> String {
    let mut rest = sql.trim_start();
    loop {
        let after = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map(|(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map(|(_, after)| after)
        } else {
            break;
        };
        rest = after.unwrap_or_default().trim_start();
    }
    rest.chars()
        .take_while(char::is_ascii_alphabetic)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

fn to_sql(value: &Value) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match value {
        Value::Null => ValueRef::Null,
        Value::Integer(integer) => ValueRef::Integer(*integer),
        Value::Real(real) => ValueRef::Real(*real),
        Value::Text(text) => ValueRef::Text(text.as_bytes()),
        Value::Blob(blob) => ValueRef::Blob(blob),
    })
}

fn from_sql(column: usize, value: ValueRef<'_>) -> Result<Value, rusqlite::Error> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Real(real) => Value::Real(real),
        ValueRef::Text(text) => Value::Text(
            std::str::from_utf8(text)
                .map_err(|error| rusqlite::Error::Utf8Error(column, error))?
                .to_owned(),
        ),
        ValueRef::Blob(blob) => Value::Blob(blob.to_owned()),
    })
}

fn size(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Text(text) => text.len(),
            Value::Blob(blob) => blob.len(),
            Value::Null | Value::Integer(_) | Value::Real(_) => 0,
        }
}

/// Whether a statement ended because it was not given the time it needs.
fn is_premature(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) || is_busy(error)
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

fn explain(error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => Error::DatabaseFull,
        _ => Error::Io(error.to_string()),
    }
}

/// Opens a connection for a component, if its manifest allows the label.
async fn open(context: &ComponentContext, label: String) -> Result<Connection, Error> {
    if !context.sqlite_databases.contains(&label) {
        return Err(Error::AccessDenied);
    }
    context
        .storage
        .database(&label)
        .connect(context.execution)
        .await
}

/// Runs a statement under the faults of a test, and records it.
async fn execute(
    context: &ComponentContext,
    connection: &Connection,
    sql: String,
    parameters: Vec<Value>,
) -> Result<QueryResult, Error> {
    let database = &connection.database.label;
    let fault = context.faults.statement(&context.id, database, &sql);
    let traced = context.trace.is_on().then(|| sql.clone());
    let result = match fault {
        StatementFault::FailBefore(message) => Err(Error::Io(message)),
        StatementFault::FailAfter(message) => {
            match connection.execute(sql, parameters, context).await {
                Ok(_) => Err(Error::Io(message)),
                Err(error) => Err(error),
            }
        }
        StatementFault::Delay(time) => {
            tokio::time::sleep(time).await;
            connection.execute(sql, parameters, context).await
        }
        StatementFault::None => connection.execute(sql, parameters, context).await,
    };
    if let Some(sql) = traced {
        let outcome = result
            .as_ref()
            .map(|result| result.rows.len())
            .map_err(ToString::to_string);
        context.record(Effect::Statement {
            database: database.clone(),
            sql,
            outcome,
        });
    }
    result
}

impl InstanceState {
    fn keep(
        &mut self,
        connection: Connection,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        if self.open_connections >= MAX_OPEN_CONNECTIONS {
            return Ok(Err(Error::Io(format!(
                "more than {MAX_OPEN_CONNECTIONS} open connections"
            ))));
        }
        self.open_connections += 1;
        Ok(Ok(self.table.push(connection)?))
    }

    fn connection(
        &self,
        resource: &Resource<Connection>,
    ) -> wasmtime::Result<(Arc<ComponentContext>, Connection)> {
        Ok((Arc::clone(&self.context), self.table.get(resource)?.clone()))
    }
}

impl HostConnectionWithStore<InstanceState> for HasSelf<InstanceState> {
    async fn open_async(
        accessor: &Accessor<InstanceState, Self>,
        database: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        let context = accessor.with(|mut access| Arc::clone(&access.get().context));
        match open(&context, database).await {
            Ok(connection) => accessor.with(|mut access| access.get().keep(connection)),
            Err(error) => Ok(Err(error)),
        }
    }

    /// As in Spin, an error of the statement arrives in the future, after the
    /// (empty) stream of rows.
    async fn execute_async(
        accessor: &Accessor<InstanceState, Self>,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<
        Result<
            (
                Vec<String>,
                StreamReader<RowResult>,
                FutureReader<Result<(), Error>>,
            ),
            Error,
        >,
    > {
        let (context, connection) =
            accessor.with(|mut access| access.get().connection(&connection))?;
        let (set, outcome) = match execute(&context, &connection, statement, parameters).await {
            Ok(set) => (set, Ok(())),
            Err(error) => (
                QueryResult {
                    columns: Vec::new(),
                    rows: Vec::new(),
                },
                Err(error),
            ),
        };
        accessor.with(|mut access| {
            let rows = StreamReader::new(&mut access, set.rows)?;
            let outcome =
                FutureReader::new(&mut access, async move { wasmtime::error::Ok(outcome) })?;
            Ok(Ok((set.columns, rows, outcome)))
        })
    }

    async fn last_insert_rowid_async(
        accessor: &Accessor<InstanceState, Self>,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<i64> {
        let (_, connection) = accessor.with(|mut access| access.get().connection(&connection))?;
        Ok(connection.session.lock().await.sqlite.last_insert_rowid())
    }

    async fn changes_async(
        accessor: &Accessor<InstanceState, Self>,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<u64> {
        let (_, connection) = accessor.with(|mut access| access.get().connection(&connection))?;
        Ok(connection.session.lock().await.sqlite.changes())
    }
}

/// The synchronous twins, for guests that know nothing of WASI 0.3.
impl HostConnection for InstanceState {
    async fn open(
        &mut self,
        database: String,
    ) -> wasmtime::Result<Result<Resource<Connection>, Error>> {
        match open(&self.context, database).await {
            Ok(connection) => self.keep(connection),
            Err(error) => Ok(Err(error)),
        }
    }

    async fn execute(
        &mut self,
        connection: Resource<Connection>,
        statement: String,
        parameters: Vec<Value>,
    ) -> wasmtime::Result<Result<QueryResult, Error>> {
        let (context, connection) = self.connection(&connection)?;
        Ok(execute(&context, &connection, statement, parameters).await)
    }

    async fn last_insert_rowid(
        &mut self,
        connection: Resource<Connection>,
    ) -> wasmtime::Result<i64> {
        let (_, connection) = self.connection(&connection)?;
        Ok(connection.session.lock().await.sqlite.last_insert_rowid())
    }

    async fn changes(&mut self, connection: Resource<Connection>) -> wasmtime::Result<u64> {
        let (_, connection) = self.connection(&connection)?;
        Ok(connection.session.lock().await.sqlite.changes())
    }

    async fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        self.open_connections -= 1;
        Ok(())
    }
}

impl Host for InstanceState {}
