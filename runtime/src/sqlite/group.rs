//! Group commit: statements that change rows, each a transaction of its own, and that wait for the
//! writer at the same time, become one transaction on the disk, with one sync for all of them.
//!
//! Each stays what it was: it takes effect whole or not at all, whatever becomes of the others, and
//! its caller hears of it when the disk has it. They take their turn as one writer among the others.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::database::{Database, Opened};
use super::session::query;
use super::statement::explain;
use crate::{
    bindings::spin::sqlite::sqlite::{Error, QueryResult, Value},
    storage::Execution,
    trace::lock,
};

/// Statements of one transaction.
const MAX_STATEMENTS: usize = 64;
/// No further statement begins when those before it have taken so long: other writers wait.
const MAX_TIME: Duration = Duration::from_millis(20);

/// Those that wait, and the connection that writes them.
#[derive(Default)]
pub(super) struct Group {
    queue: Mutex<Queue>,
    writer: Mutex<Option<Opened>>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// A task sees to it that they are written.
    is_led: bool,
}

/// A statement that changes rows.
pub(super) struct Change {
    pub(super) sql: String,
    pub(super) parameters: Vec<Value>,
    /// How long it may run.
    pub(super) time: Duration,
}

/// What a statement did, as its connection would tell.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) result: QueryResult,
    pub(super) last_insert_rowid: i64,
    pub(super) changes: u64,
}

struct Waiting {
    change: Change,
    /// Closed when the caller has gone: then nobody wants it.
    reply: oneshot::Sender<Result<Written, Error>>,
}

impl Waiting {
    fn answer(self, result: Result<Written, Error>) {
        // Whoever has gone meanwhile is told nothing.
        let _ = self.reply.send(result);
    }
}

impl Database {
    /// Makes the change, together with what else waits. It is on the disk when this returns.
    ///
    /// # Errors
    /// The statement's own, or that of the commit.
    pub(super) async fn write(
        self: &Arc<Self>,
        change: Change,
        execution: Execution,
    ) -> Result<Written, Error> {
        let (reply, written) = oneshot::channel();
        let leads = {
            let mut queue = lock(&self.group.queue);
            queue.waiting.push_back(Waiting { change, reply });
            !mem::replace(&mut queue.is_led, true)
        };
        if leads {
            // Not in the task of this caller: it may be dropped, and the others wait all the same.
            tokio::spawn(Arc::clone(self).lead(execution));
        }
        written
            .await
            .map_err(|_| Error::Io("the write was broken off".to_owned()))?
    }

    async fn lead(self: Arc<Self>, execution: Execution) {
        loop {
            let turn = self.writer_turn().await;
            let batch: Vec<_> = {
                let mut queue = lock(&self.group.queue);
                let count = queue.waiting.len().min(MAX_STATEMENTS);
                if count == 0 {
                    queue.is_led = false;
                    return;
                }
                queue.waiting.drain(..count).collect()
            };
            if let Err(error) = turn {
                batch
                    .into_iter()
                    .for_each(|one| one.answer(Err(error.clone())));
                continue;
            }
            let database = Arc::clone(&self);
            // What a panic breaks off, its callers hear of.
            let written = execution.run(move || database.write_all(batch)).await;
            self.shorten_log(execution);
            if let Ok(rest) = written {
                let mut queue = lock(&self.group.queue);
                rest.into_iter()
                    .rev()
                    .for_each(|one| queue.waiting.push_front(one));
            }
        }
    }

    /// Writes and answers; returns those for which there was no time.
    fn write_all(&self, mut batch: Vec<Waiting>) -> Vec<Waiting> {
        batch.retain(|one| !one.reply.is_closed());
        let mut writer = lock(&self.group.writer);
        let opened = match writer.take().map_or_else(|| self.open(), Ok) {
            Ok(opened) => opened,
            Err(error) => {
                let error = explain(&error);
                batch
                    .into_iter()
                    .for_each(|one| one.answer(Err(error.clone())));
                return Vec::new();
            }
        };
        let rest = if batch.len() == 1 {
            write_alone(&opened, batch);
            Vec::new()
        } else {
            write_together(&opened, batch)
        };
        self.note_log();
        // A connection that is left within a transaction is closed, which rolls it back.
        *writer = Some(opened).filter(|opened| opened.sqlite.is_autocommit());
        rest
    }
}

fn write_alone(opened: &Opened, batch: Vec<Waiting>) {
    for one in batch {
        let result = write(opened, &one.change);
        one.answer(result);
    }
}

fn write_together(opened: &Opened, mut batch: Vec<Waiting>) -> Vec<Waiting> {
    let began = Instant::now();
    if let Err(error) = run(opened, "BEGIN IMMEDIATE") {
        batch
            .into_iter()
            .for_each(|one| one.answer(Err(error.clone())));
        return Vec::new();
    }
    let mut results = Vec::with_capacity(batch.len());
    for one in &batch {
        if !results.is_empty() && began.elapsed() > MAX_TIME {
            break;
        }
        let result = write(opened, &one.change);
        let is_lost = result.is_err() && opened.sqlite.is_autocommit();
        results.push(result);
        if is_lost {
            break;
        }
    }
    let rest = batch.split_off(results.len());
    if opened.sqlite.is_autocommit() {
        // The last one has taken the transaction with it, and so what came before: nothing of it was
        // answered, and each is written once more, by itself.
        if let (Some(one), Some(result)) = (batch.pop(), results.pop()) {
            one.answer(result);
        }
        write_alone(opened, batch);
        return rest;
    }
    let committed = run(opened, "COMMIT");
    if committed.is_err() && !opened.sqlite.is_autocommit() {
        // If this fails, the connection is closed.
        let _ = run(opened, "ROLLBACK");
    }
    for (one, result) in batch.into_iter().zip(results) {
        one.answer(committed.clone().and(result));
    }
    rest
}

fn run(opened: &Opened, sql: &str) -> Result<(), Error> {
    opened.bound.release();
    let prepared = opened.sqlite.prepare_cached(sql);
    prepared
        .and_then(|mut prepared| prepared.raw_execute())
        .map(drop)
        .map_err(|error| explain(&error))
}

fn write(opened: &Opened, change: &Change) -> Result<Written, Error> {
    opened.bound.allow(change.time);
    let sqlite = &opened.sqlite;
    let result = sqlite
        .prepare_cached(&change.sql)
        .and_then(|mut prepared| query(&mut prepared, &change.parameters))
        .map_err(|error| explain(&error))?;
    Ok(Written {
        result,
        last_insert_rowid: sqlite.last_insert_rowid(),
        changes: sqlite.changes(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Storage;

    const TIME: Duration = Duration::from_secs(5);

    fn change(sql: &str, parameters: &[i64]) -> Change {
        Change {
            sql: sql.to_owned(),
            parameters: parameters.iter().copied().map(Value::Integer).collect(),
            time: TIME,
        }
    }

    async fn database() -> (Storage, Arc<Database>) {
        let storage = Storage::temporary().unwrap();
        let database = storage.database("default");
        let opened = database.open().unwrap();
        let schema = "PRAGMA journal_mode = WAL;
            CREATE TABLE numbers (number INTEGER PRIMARY KEY, half INTEGER UNIQUE) STRICT";
        opened.sqlite.execute_batch(schema).unwrap();
        (storage, database)
    }

    fn numbers(database: &Database) -> Vec<i64> {
        let opened = database.open().unwrap();
        let sql = "SELECT number FROM numbers ORDER BY number";
        let mut statement = opened.sqlite.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// Makes the changes while another writer is busy, so that they wait together.
    async fn together(
        database: &Arc<Database>,
        changes: Vec<Change>,
    ) -> Vec<Result<Written, Error>> {
        let turn = database.writer_turn().await.unwrap();
        let tasks = asked(database, changes).await;
        drop(turn);
        let mut results = Vec::new();
        for task in tasks {
            results.push(task.await.unwrap());
        }
        results
    }

    /// The callers of changes that wait.
    async fn asked(
        database: &Arc<Database>,
        changes: Vec<Change>,
    ) -> Vec<tokio::task::JoinHandle<Result<Written, Error>>> {
        let tasks: Vec<_> = changes
            .into_iter()
            .map(|change| {
                let database = Arc::clone(database);
                tokio::spawn(async move { database.write(change, Execution::Pool).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(lock(&database.group.queue).waiting.len(), tasks.len());
        tasks
    }

    const INSERT: &str = "INSERT INTO numbers VALUES (?1, ?2) RETURNING number";

    /// The commits so far, as frames in the log that end one.
    fn commits(storage: &Storage) -> usize {
        let log = storage.database_path("default").display().to_string() + "-wal";
        let log = std::fs::read(log).unwrap_or_default();
        if log.is_empty() {
            return 0;
        }
        let page = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
        log[32..]
            .chunks_exact(24 + page)
            .filter(|frame| frame[4..8] != [0; 4])
            .count()
    }

    #[tokio::test]
    async fn what_waits_together_is_one_commit_and_each_has_its_own_result() {
        let (storage, database) = database().await;
        // Whoever closes the last connection empties the log.
        let _kept = database.open().unwrap();
        let before = commits(&storage);
        let changes = (1..=100).map(|number| change(INSERT, &[number, -number]));
        let results = together(&database, changes.collect()).await;
        for (number, result) in (1..).zip(results) {
            let written = result.unwrap();
            assert!(matches!(
                written.result.rows[0].values[..],
                [Value::Integer(returned)] if returned == number
            ));
            assert_eq!((written.last_insert_rowid, written.changes), (number, 1));
        }
        assert_eq!(numbers(&database), (1..=100).collect::<Vec<_>>());
        assert_eq!(commits(&storage) - before, 2, "sixty-four, and the rest");
    }

    #[tokio::test]
    async fn one_that_fails_takes_nobody_along() {
        let (_storage, database) = database().await;
        let twice = "INSERT INTO numbers VALUES (?1, ?2), (?1 + 1, 1)";
        for (failing, also) in [
            (twice, "a constraint"),
            (
                "INSERT OR ROLLBACK INTO numbers VALUES (?1, 1)",
                "the transaction goes",
            ),
            ("INSERT INTO nothing VALUES (1)", "no such table"),
        ] {
            let parameters: &[i64] = match failing {
                sql if sql == twice => &[20, 2],
                sql if sql.contains("?1") => &[20],
                _ => &[],
            };
            let changes = vec![
                change(INSERT, &[1, 1]),
                change(failing, parameters),
                change(INSERT, &[3, 3]),
            ];
            let results = together(&database, changes).await;
            let good: Vec<_> = results.iter().map(Result::is_ok).collect();
            assert_eq!(good, [true, false, true], "{also}");
            assert_eq!(numbers(&database), [1, 3], "{also}");
            let clear = change("DELETE FROM numbers", &[]);
            database.write(clear, Execution::Pool).await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_nobody_wants_any_more_is_not_written() {
        let (_storage, database) = database().await;
        let turn = database.writer_turn().await.unwrap();
        let changes = [1, 2, 3].map(|number| change(INSERT, &[number, number]));
        let mut tasks = asked(&database, changes.into()).await;
        let gone = tasks.remove(1);
        gone.abort();
        assert!(gone.await.is_err());
        drop(turn);
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(numbers(&database), [1, 3]);
    }

    #[tokio::test]
    async fn a_statement_that_takes_too_long_is_ended_alone() {
        let (_storage, database) = database().await;
        let endless = Change {
            time: Duration::from_millis(100),
            ..change(
                "INSERT INTO numbers WITH RECURSIVE endless (number) AS (
                   SELECT 10 UNION ALL SELECT number + 1 FROM endless)
                 SELECT number, number FROM endless",
                &[],
            )
        };
        let changes = vec![change(INSERT, &[1, 1]), endless, change(INSERT, &[2, 2])];
        let results = together(&database, changes).await;
        let good: Vec<_> = results.iter().map(Result::is_ok).collect();
        assert_eq!(good, [true, false, true], "{results:?}");
        assert_eq!(numbers(&database), [1, 2]);
    }

    /// A long log is copied into the database while others write, and begun anew.
    #[tokio::test]
    async fn a_long_log_is_copied_and_begun_anew() {
        let (storage, database) = database().await;
        let _kept = database.open().unwrap();
        let table = "CREATE TABLE blobs (number INTEGER PRIMARY KEY, bytes BLOB) STRICT";
        database
            .write(change(table, &[]), Execution::Pool)
            .await
            .unwrap();
        // Pages of 4 KiB: 26 MB in all, of which the log never holds half.
        let insert = "INSERT INTO blobs VALUES (?1, zeroblob(65536))";
        let mut longest = 0;
        for number in 1..=400 {
            database
                .write(change(insert, &[number]), Execution::Pool)
                .await
                .unwrap();
            if number % 50 == 0 {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            let log = storage.database_path("default").display().to_string() + "-wal";
            longest = longest.max(std::fs::metadata(log).unwrap().len());
        }
        assert!(longest > 10 << 20, "{longest}: it is copied rarely");
        assert!(longest < 22 << 20, "{longest}: it is never begun anew");
        let opened = database.open().unwrap();
        let count = opened.sqlite.query_row(
            "SELECT count(*) FROM blobs WHERE bytes = zeroblob(65536)",
            [],
            |row| row.get::<_, i64>(0),
        );
        assert_eq!(count, Ok(400));
    }
}
