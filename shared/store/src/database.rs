//! What the SQL runs on: Spin's SQLite in a function, rusqlite in a native test.

/// One SQLite value, as a parameter or as a column of a result.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

/// Why a statement, or the connection under it, failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// A unique index, `CHECK` or `STRICT` type refused a value; the statement changed nothing.
    #[error("constraint: {0}")]
    Constraint(String),
    /// Another writer held the database for longer than the busy timeout. Retryable.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// The connection or the disk failed. Whether the statement was applied is unknown.
    #[error("database i/o: {0}")]
    Io(String),
    /// A row does not have the shape its reader expects: code and schema disagree.
    #[error("unexpected result: {0}")]
    Shape(String),
    /// The database was written by a newer version of the code.
    #[error(
        "the database is at migration {found}, this code knows {known}: deploy the newer code, or restore a backup from before its migration"
    )]
    Newer { found: i64, known: i64 },
}

/// One row of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(pub Vec<Value>);

/// A handle on which one statement at a time runs.
///
/// The trait has two implementors: a shared autocommit connection, and the private connection of
/// a transaction.
pub trait Execute {
    /// Runs one statement and returns all of its rows. Callers keep result sets small: a set is
    /// asked for as one JSON text.
    ///
    /// # Errors
    /// Whatever the statement ended with, also when it failed after some rows.
    fn execute(
        &self,
        sql: &str,
        parameters: &[Value],
    ) -> impl Future<Output = Result<Vec<Row>, DatabaseError>>;

    /// [`Execute::execute`] for one row by its key: a statement that only reads, and so little that
    /// nobody minds if the whole instance waits for it.
    ///
    /// # Errors
    /// As [`Execute::execute`].
    fn read_row(
        &self,
        sql: &str,
        parameters: &[Value],
    ) -> impl Future<Output = Result<Option<Row>, DatabaseError>> {
        async move { Ok(self.execute(sql, parameters).await?.into_iter().next()) }
    }
}

/// A database: autocommit statements through [`Execute`], and transactions.
pub trait Database: Execute {
    type Transaction: Execute;

    /// Runs `body` between `BEGIN IMMEDIATE` and `COMMIT` on a connection of its own; an `Err`
    /// from `body` rolls back. Never await the network inside.
    ///
    /// # Errors
    /// What `body` returned, or the failure of begin or commit.
    fn transaction<T, E, F>(&self, body: F) -> impl Future<Output = Result<T, E>>
    where
        E: From<DatabaseError>,
        F: AsyncFnOnce(&Self::Transaction) -> Result<T, E>;
}

impl Row {
    fn column(&self, index: usize) -> Result<&Value, DatabaseError> {
        self.0
            .get(index)
            .ok_or_else(|| DatabaseError::Shape(format!("no column {index}")))
    }

    /// # Errors
    /// [`DatabaseError::Shape`] when the column is missing or not an integer.
    pub fn integer(&self, index: usize) -> Result<i64, DatabaseError> {
        self.optional_integer(index)?
            .ok_or_else(|| DatabaseError::Shape(format!("column {index} is NULL")))
    }

    /// # Errors
    /// [`DatabaseError::Shape`] when the column is missing or neither an integer nor NULL.
    pub fn optional_integer(&self, index: usize) -> Result<Option<i64>, DatabaseError> {
        match self.column(index)? {
            Value::Null => Ok(None),
            Value::Integer(value) => Ok(Some(*value)),
            other => Err(other.unexpected(index, "an integer")),
        }
    }

    /// # Errors
    /// [`DatabaseError::Shape`] when the column is missing or not text.
    pub fn text(&self, index: usize) -> Result<&str, DatabaseError> {
        self.optional_text(index)?
            .ok_or_else(|| DatabaseError::Shape(format!("column {index} is NULL")))
    }

    /// # Errors
    /// [`DatabaseError::Shape`] when the column is missing or neither text nor NULL.
    pub fn optional_text(&self, index: usize) -> Result<Option<&str>, DatabaseError> {
        match self.column(index)? {
            Value::Null => Ok(None),
            Value::Text(value) => Ok(Some(value)),
            other => Err(other.unexpected(index, "text")),
        }
    }

    /// # Errors
    /// [`DatabaseError::Shape`] when the column is missing or not bytes.
    pub fn blob(&self, index: usize) -> Result<&[u8], DatabaseError> {
        match self.column(index)? {
            Value::Blob(value) => Ok(value),
            other => Err(other.unexpected(index, "a blob")),
        }
    }
}

impl Value {
    fn unexpected(&self, index: usize, wanted: &str) -> DatabaseError {
        // Names the kind only: the value may be a secret.
        let kind = match self {
            Self::Null => "NULL",
            Self::Integer(_) => "an integer",
            Self::Real(_) => "a real",
            Self::Text(_) => "text",
            Self::Blob(_) => "a blob",
        };
        DatabaseError::Shape(format!("column {index} is {kind}, not {wanted}"))
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Integer(i64::from(value))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The parameters of a statement, each converted into a [`Value`].
#[macro_export]
macro_rules! parameters {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] };
}

impl DatabaseError {
    /// Sorts an error text of SQLite (the only thing that Spin's interface hands over) into a class.
    #[must_use]
    pub fn from_sqlite_text(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        if lower.contains("constraint failed")
            || lower.contains("cannot store")
            || lower.contains("datatype mismatch")
        {
            Self::Constraint(text.to_owned())
        } else if lower.contains("database is locked")
            || lower.contains("database table is locked")
            || lower.contains("busy")
        {
            Self::Busy(text.to_owned())
        } else {
            Self::Io(text.to_owned())
        }
    }
}
