//! rusqlite behind [`Database`], for native tests of the SQL and of its query plans.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use rusqlite::types::{Value as SqliteValue, ValueRef};
use rusqlite::{Connection, ErrorCode, params_from_iter};
use store::{Database, DatabaseError, Execute, Row, Value};

/// A database in a temporary file, removed when the test ends.
pub struct TestDatabase {
    connection: TestConnection,
    path: PathBuf,
    _directory: Option<tempfile::TempDir>,
}

pub struct TestConnection {
    connection: RefCell<Connection>,
    statements: RefCell<Vec<String>>,
}

impl TestDatabase {
    /// An empty database.
    pub fn empty() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("patchbay.db");
        Self {
            connection: TestConnection::open(&path),
            path,
            _directory: Some(directory),
        }
    }

    /// A second handle on the file at `path`, as a second instance would have.
    pub fn at(path: &Path) -> Self {
        Self {
            connection: TestConnection::open(path),
            path: path.to_owned(),
            _directory: None,
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A database with the current schema.
    pub fn new() -> Self {
        let database = Self::empty();
        wait(store::migrations::migrate(&database, 1_700_000_000)).unwrap();
        database.connection.statements.borrow_mut().clear();
        database
    }

    /// The statements run in autocommit since the last call.
    pub fn take_statements(&self) -> Vec<String> {
        self.connection.statements.take()
    }

    /// The lines of the query plan of `sql`, with every parameter bound to NULL.
    pub fn plan(&self, sql: &str) -> Vec<String> {
        let connection = self.connection.connection.borrow();
        let mut statement = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let count = statement.parameter_count();
        statement
            .query_map(params_from_iter(vec![SqliteValue::Null; count]), |row| {
                row.get::<_, String>(3)
            })
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }
}

/// Fails when a plan reads a whole table or sorts without need.
pub fn assert_indexed(plan: &[String]) {
    for line in plan {
        let scan = line.starts_with("SCAN")
            && !line.contains("USING")
            && !line.contains("json_each")
            && !line.contains("VIRTUAL TABLE")
            && !line.contains("SCAN page")
            && !line.contains("CONSTANT ROW");
        assert!(!scan, "full scan in {plan:#?}");
    }
}

impl TestConnection {
    fn open(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap();
        connection
            .busy_timeout(std::time::Duration::from_secs(5))
            .unwrap();
        Self {
            connection: RefCell::new(connection),
            statements: RefCell::default(),
        }
    }
}

impl Execute for TestConnection {
    async fn execute(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        self.statements.borrow_mut().push(sql.to_owned());
        let connection = self.connection.borrow();
        let mut statement = connection.prepare_cached(sql).map_err(error)?;
        let columns = statement.column_count();
        let values = parameters.iter().map(|value| match value {
            Value::Null => SqliteValue::Null,
            Value::Integer(value) => SqliteValue::Integer(*value),
            Value::Real(value) => SqliteValue::Real(*value),
            Value::Text(value) => SqliteValue::Text(value.clone()),
            Value::Blob(value) => SqliteValue::Blob(value.clone()),
        });
        let mut rows = statement.query(params_from_iter(values)).map_err(error)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(error)? {
            found.push(Row((0..columns)
                .map(|index| match row.get_ref(index).unwrap() {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(value) => Value::Integer(value),
                    ValueRef::Real(value) => Value::Real(value),
                    ValueRef::Text(value) => {
                        Value::Text(String::from_utf8(value.to_vec()).unwrap())
                    }
                    ValueRef::Blob(value) => Value::Blob(value.to_vec()),
                })
                .collect()));
        }
        Ok(found)
    }
}

impl Execute for TestDatabase {
    async fn execute(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        self.connection.execute(sql, parameters).await
    }
}

impl Database for TestDatabase {
    type Transaction = TestConnection;

    async fn transaction<T, E, F>(&self, body: F) -> Result<T, E>
    where
        E: From<DatabaseError>,
        F: AsyncFnOnce(&TestConnection) -> Result<T, E>,
    {
        let connection = TestConnection::open(&self.path);
        connection.execute("BEGIN IMMEDIATE", &[]).await?;
        let result = body(&connection).await;
        let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
        connection.execute(end, &[]).await?;
        result
    }
}

fn error(error: rusqlite::Error) -> DatabaseError {
    match &error {
        rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch => {
                DatabaseError::Constraint(error.to_string())
            }
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                DatabaseError::Busy(error.to_string())
            }
            _ => DatabaseError::Io(error.to_string()),
        },
        _ => DatabaseError::Io(error.to_string()),
    }
}

/// Runs a future that never waits for anything: rusqlite answers at once.
pub fn wait<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a rusqlite future waited"),
    }
}
