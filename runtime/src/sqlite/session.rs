//! A guest's connection: statement by statement, each at once, in the pool of threads for blocking
//! work, or in its turn as the one writer.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::sync::{Mutex as AsyncMutex, OwnedSemaphorePermit};

use super::database::{BUSY_TIMEOUT, Bound, Database, MAX_RESULT_BYTES, Pooled};
use super::group::Change;
use super::statement::{
    Kind, explain, first_keyword, from_sql, is_one_of, is_premature, kind, leaves_nothing, size,
    to_sql,
};
use crate::{
    bindings::spin::sqlite::sqlite::{Error, QueryResult, RowResult, Value},
    instance::ComponentContext,
};

const HELD_TOO_LONG: &str =
    "the transaction was rolled back: it held the database's only writer for too long";

/// A guest's connection. Clones share it.
#[derive(Clone)]
pub struct Connection {
    /// Dropped with the last clone, which no thread of the pool has: what still runs there then
    /// runs for nobody. Dropped before the session, which goes back to the database.
    _wanted: Arc<Wanted>,
    pub(super) database: Arc<Database>,
    pub(super) session: Arc<AsyncMutex<Session>>,
}

struct Wanted(Arc<Bound>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

pub(super) struct Session {
    /// Dropped before the permit: closing rolls back.
    pub(super) sqlite: Pooled,
    bound: Arc<Bound>,
    /// Held while a transaction is open.
    permit: Option<OwnedSemaphorePermit>,
    /// Counts the transactions of this connection.
    transactions: u64,
    /// The transaction was rolled back because it held the writer for too
    /// long, and the guest does not know yet.
    expired: bool,
    /// Of the last change, if it was made together with those of others: the
    /// id of the last row, and how many rows.
    written: Option<(i64, u64)>,
}

struct Statement {
    sql: String,
    parameters: Vec<Value>,
    /// How long it may run in the pool.
    time: Duration,
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

impl Step {
    fn failed(error: Error) -> Self {
        Self::Done {
            result: Err(error),
            began: None,
        }
    }
}

impl Connection {
    pub(super) fn new(database: Arc<Database>, sqlite: Pooled) -> Self {
        let bound = sqlite.bound();
        Self {
            database,
            _wanted: Arc::new(Wanted(Arc::clone(&bound))),
            session: Arc::new(AsyncMutex::new(Session {
                sqlite,
                bound,
                permit: None,
                transactions: 0,
                expired: false,
                written: None,
            })),
        }
    }

    pub(super) async fn execute(
        &self,
        sql: String,
        parameters: Vec<Value>,
        context: &ComponentContext,
    ) -> Result<QueryResult, Error> {
        let kind = kind(&sql);
        let mut statement = Statement {
            sql,
            parameters,
            time: context.limits.request,
        };
        let mut permit = None;
        if kind == Kind::Query {
            match self.session.lock().await.step_if_short(statement) {
                Step::Done { result, .. } => return result,
                Step::NeedsWriter(again) | Step::TooLong(again) => statement = again,
            }
        }
        // A guess that spares writers a first attempt; SQLite itself decides below.
        if matches!(kind, Kind::Change | Kind::Other) {
            // The session is left alone while others write: who has the turn may need it.
            let session = self.session.lock().await;
            let (has_turn, is_as_new) = (session.permit.is_some(), session.is_as_new());
            drop(session);
            if !has_turn {
                // Where nobody waits there is nobody to wait for.
                permit = self.database.free_turn();
                if permit.is_none() && kind == Kind::Change && is_as_new {
                    return self.write(statement, context).await;
                }
                if permit.is_none() {
                    permit = Some(self.database.writer_turn().await?);
                }
            }
        }
        loop {
            let mut session = Arc::clone(&self.session).lock_owned().await;
            let turn = permit.take();
            if turn.is_some() || session.permit.is_some() {
                // Others wait for this one's end.
                statement.time = statement.time.min(context.limits.writer_hold);
            }
            let database = Arc::clone(&self.database);
            let step = context
                .execution
                .run(move || {
                    session.bound.allow(statement.time);
                    let step = session.step(statement, turn);
                    database.note_log();
                    step
                })
                .await
                .map_err(Error::Io)?;
            self.database.shorten_log(context.execution);
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

    /// A change that is a transaction of its own.
    async fn write(
        &self,
        statement: Statement,
        context: &ComponentContext,
    ) -> Result<QueryResult, Error> {
        let change = Change {
            sql: statement.sql,
            parameters: statement.parameters,
            // Others wait for this one's end.
            time: statement.time.min(context.limits.writer_hold),
        };
        let written = self.database.write(change, context.execution).await?;
        self.session.lock().await.written = Some((written.last_insert_rowid, written.changes));
        Ok(written.result)
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
    /// Whether a statement does the same by any other connection: there is no transaction, no setting
    /// and no temporary table.
    fn is_as_new(&self) -> bool {
        self.permit.is_none() && !self.expired && !self.sqlite.is_altered
    }

    pub(super) fn last_insert_rowid(&self) -> i64 {
        let own = || self.sqlite.last_insert_rowid();
        self.written.map_or_else(own, |(rowid, _)| rowid)
    }

    pub(super) fn changes(&self) -> u64 {
        let own = || self.sqlite.changes();
        self.written.map_or_else(own, |(_, changes)| changes)
    }

    /// Runs a statement that is expected to be a short read.
    fn step_if_short(&mut self, statement: Statement) -> Step {
        if self.sqlite.is_known_to_be_long(&statement.sql) {
            return Step::TooLong(statement);
        }
        // Whoever holds the file is not waited for here.
        let patience = self.sqlite.busy_timeout(Duration::ZERO);
        self.bound.hurry();
        let step = self.step(statement, None);
        if let Step::TooLong(statement) = &step {
            self.sqlite.note_long(&statement.sql);
        }
        match patience.and(self.sqlite.busy_timeout(BUSY_TIMEOUT)) {
            Ok(()) => step,
            Err(error) => Step::failed(explain(&error)),
        }
    }

    fn step(&mut self, statement: Statement, permit: Option<OwnedSemaphorePermit>) -> Step {
        let keyword = first_keyword(&statement.sql);
        if let Some(result) = self.after_expiry(keyword) {
            return Step::Done {
                result,
                began: None,
            };
        }
        let mut prepared = match self.sqlite.prepare_cached(&statement.sql) {
            Ok(prepared) => prepared,
            Err(error) if is_premature(&error) && self.bound.is_hurried() => {
                return Step::TooLong(statement);
            }
            Err(error) => return Step::failed(explain(&error)),
        };
        let writes = !prepared.readonly() || is_one_of(keyword, &["BEGIN", "SAVEPOINT"]);
        if writes && self.permit.is_none() && permit.is_none() {
            drop(prepared);
            return Step::NeedsWriter(statement);
        }
        if writes && self.bound.is_hurried() {
            // A write that a limit interrupts would come back as a failure.
            drop(prepared);
            return Step::TooLong(statement);
        }
        let was_open = self.permit.is_some();
        if !was_open {
            self.permit = permit;
        }
        let result = query(&mut prepared, &statement.parameters);
        drop(prepared);
        if writes {
            self.written = None;
        }
        if !leaves_nothing(keyword) {
            self.sqlite.is_altered = true;
        }
        let result = match result {
            Err(error) if !writes && is_premature(&error) && self.bound.is_hurried() => {
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

    /// The answer to a statement of a transaction that has expired: nothing of it took effect, so
    /// nothing after it may until the guest has heard of it and ends or begins one.
    fn after_expiry(&mut self, keyword: &str) -> Option<Result<QueryResult, Error>> {
        if !self.expired {
            return None;
        }
        self.expired = !is_one_of(keyword, &["BEGIN", "COMMIT", "END", "ROLLBACK"]);
        if is_one_of(keyword, &["BEGIN"]) {
            None
        } else if is_one_of(keyword, &["ROLLBACK"]) {
            Some(Ok(QueryResult {
                columns: Vec::new(),
                rows: Vec::new(),
            }))
        } else {
            Some(Err(Error::Io(HELD_TOO_LONG.to_owned())))
        }
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

pub(super) fn query(
    prepared: &mut rusqlite::CachedStatement<'_>,
    parameters: &[Value],
) -> Result<QueryResult, rusqlite::Error> {
    let expected = prepared.parameter_count();
    if expected != parameters.len() {
        return Err(rusqlite::Error::InvalidParameterCount(
            parameters.len(),
            expected,
        ));
    }
    for (index, value) in (1..).zip(parameters) {
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
        if i32::try_from(bytes).map_or(true, |bytes| bytes > MAX_RESULT_BYTES) {
            return Err(rusqlite::Error::ToSqlConversionFailure(
                format!("the result exceeds {MAX_RESULT_BYTES} bytes").into(),
            ));
        }
        rows.push(RowResult { values });
    }
    Ok(QueryResult { columns, rows })
}
