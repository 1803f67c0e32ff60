//! rusqlite behind [`Database`], for native tests of the SQL and of its query plans.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use rusqlite::types::{Value as SqliteValue, ValueRef};
use rusqlite::{Connection, ErrorCode, StatementStatus, params_from_iter};
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
    /// The statements whose plan has been looked at; `None` where plans are not looked at.
    planned: Option<Rc<RefCell<HashSet<String>>>>,
    /// Steps of SQLite's virtual machine: the work done, whatever else the machine does.
    steps: Rc<Cell<i64>>,
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

    /// As [`new`](Self::new); every statement that runs, in transactions too, must be indexed.
    pub fn checked() -> Self {
        let mut database = Self::new();
        database.connection.planned = Some(Rc::default());
        database
    }

    /// The statements run in autocommit since the last call.
    pub fn take_statements(&self) -> Vec<String> {
        self.connection.statements.take()
    }

    /// The steps of SQLite's virtual machine since the last call, in transactions too. Unlike time
    /// they are the same on every run.
    pub fn take_steps(&self) -> i64 {
        self.connection.steps.take()
    }

    /// The lines of the query plan of `sql`, with every parameter bound to NULL.
    pub fn plan(&self, sql: &str) -> Vec<String> {
        self.connection.plan(sql)
    }
}

impl TestConnection {
    fn plan(&self, sql: &str) -> Vec<String> {
        let plan = self.nested_plan(sql).into_iter();
        plan.map(|(_, line)| line).collect()
    }

    /// With the parent of each line.
    fn nested_plan(&self, sql: &str) -> Vec<(i64, String)> {
        let connection = self.connection.borrow();
        let mut statement = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let count = statement.parameter_count();
        statement
            .query_map(params_from_iter(vec![SqliteValue::Null; count]), |row| {
                Ok((row.get(1)?, row.get(3)?))
            })
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }
}

/// Fails when a plan reads a whole table or a whole index, or finds rows by their kind alone, of
/// which there are a few. Parameters, constants and the results of subqueries are read whole.
pub fn assert_indexed(plan: &[String]) {
    let subqueries: Vec<&str> = plan
        .iter()
        .filter_map(|line| {
            let name = line.strip_prefix("CO-ROUTINE ");
            name.or_else(|| line.strip_prefix("MATERIALIZE "))
        })
        .collect();
    for line in plan {
        assert!(!line.ends_with("(kind=?)"), "all of a kind in {plan:#?}");
        let Some(scanned) = line.strip_prefix("SCAN ") else {
            continue;
        };
        let allowed = scanned.contains("VIRTUAL TABLE")
            || scanned.contains("CONSTANT ROW")
            || scanned
                .split_whitespace()
                .next()
                .is_some_and(|name| name.starts_with("(subquery") || subqueries.contains(&name));
        assert!(allowed, "full scan in {plan:#?}");
    }
}

/// Fails when a list of JSON is read once for each row of a table, instead of a row being looked up for
/// each of the list: `(parent, line)` of a plan. What is asked for once comes first.
fn assert_lists_come_first(sql: &str, plan: &[(i64, String)]) {
    for (index, (parent, line)) in plan.iter().enumerate() {
        let is_list = line.starts_with("SCAN ") && line.contains("VIRTUAL TABLE");
        let mut before = plan.iter().take(index).filter(|(other, _)| other == parent);
        let is_inner =
            before.any(|(_, line)| line.starts_with("SEARCH ") && !line.contains(" EXISTS "));
        assert!(
            !is_list || !is_inner,
            "a list for each row of {sql}\n{plan:#?}"
        );
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
            planned: None,
            steps: Rc::default(),
        }
    }

    fn check_plan(&self, sql: &str) {
        let Some(planned) = &self.planned else { return };
        if ["BEGIN", "COMMIT", "ROLLBACK"].contains(&sql)
            || !planned.borrow_mut().insert(sql.to_owned())
        {
            return;
        }
        let plan = self.plan(sql);
        if std::env::var_os("SHOW_PLANS").is_some() {
            println!("{sql}\n{plan:#?}");
        }
        assert_indexed(&plan);
        assert_lists_come_first(sql, &self.nested_plan(sql));
    }
}

impl Execute for TestConnection {
    async fn execute(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        self.statements.borrow_mut().push(sql.to_owned());
        self.check_plan(sql);
        let connection = self.connection.borrow();
        let mut statement = connection.prepare_cached(sql).map_err(|e| error(&e))?;
        let columns = statement.column_count();
        let values = parameters.iter().map(|value| match value {
            Value::Null => SqliteValue::Null,
            Value::Integer(value) => SqliteValue::Integer(*value),
            Value::Real(value) => SqliteValue::Real(*value),
            Value::Text(value) => SqliteValue::Text(value.clone()),
            Value::Blob(value) => SqliteValue::Blob(value.clone()),
        });
        let mut rows = statement
            .query(params_from_iter(values))
            .map_err(|e| error(&e))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(|e| error(&e))? {
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
        drop(rows);
        let steps = i64::from(statement.reset_status(StatementStatus::VmStep));
        self.steps.set(self.steps.get() + steps);
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
        let mut connection = TestConnection::open(&self.path);
        connection.planned.clone_from(&self.connection.planned);
        connection.steps = Rc::clone(&self.connection.steps);
        connection.execute("BEGIN IMMEDIATE", &[]).await?;
        let result = body(&connection).await;
        let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
        connection.execute(end, &[]).await?;
        result
    }
}

fn error(error: &rusqlite::Error) -> DatabaseError {
    match error {
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
