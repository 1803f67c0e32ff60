//! A database file and the connections to it.
//!
//! A connection that a guest has done with is kept for the next one: to open another means to read
//! the schema and to prepare every statement again, which takes longer than what most guests do
//! with it.

use std::{
    collections::HashSet,
    ops::Deref,
    path::PathBuf,
    sync::{
        Arc, LazyLock, Mutex, Weak,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::{
    hooks::{AuthAction, AuthContext, Authorization},
    limits::Limit,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::checkpoint::{Log, on_commit};
use super::group::Group;
use super::session::Connection;
use super::statement::{explain, is_busy};
use crate::{
    bindings::spin::sqlite::sqlite::Error,
    storage::{Execution, open_private},
    trace::lock,
};

/// Another process may write to the same file.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const CACHED_STATEMENTS: usize = 128;
/// Connections that wait for their next guest: as many as a busy component has instances.
const IDLE_CONNECTIONS: usize = 64;
/// How often a statement asks whether it has become too long, in instructions
/// of SQLite's virtual machine.
const INSTRUCTIONS_PER_STEP: i32 = 1000;
/// Such steps that a short read has; well below a millisecond.
pub(super) const STEPS_OF_A_SHORT_READ: i64 = 20;
/// Steps of a statement that may block.
const UNBOUNDED: i64 = i64::MAX;
/// What one value may hold, and what one statement may return, in bytes.
pub(super) const MAX_RESULT_BYTES: i32 = 128 << 20;
/// Pages in memory, in KiB: more than a page of rows touches.
const CACHE_KIB: u32 = 8_192;

/// A database file.
pub(crate) struct Database {
    pub(super) label: String,
    pub(super) path: PathBuf,
    writer: Arc<Semaphore>,
    /// A connection that is always open: when the last one closes, SQLite
    /// writes the whole log back, which would happen after every request of a
    /// host that does not reuse instances.
    keeper: Mutex<Option<rusqlite::Connection>>,
    idle: Arc<Mutex<Vec<Opened>>>,
    pub(super) group: Group,
    pub(super) log: Log,
}

/// An open connection.
pub(super) struct Opened {
    pub(super) sqlite: rusqlite::Connection,
    pub(super) bound: Arc<Bound>,
    /// Reads that did not turn out to be short.
    long: HashSet<String>,
}

/// What the statement that runs on a connection may still take.
pub(super) struct Bound {
    steps: AtomicI64,
    /// In milliseconds since [`START`].
    deadline: AtomicU64,
    /// Nobody waits for the statement any more.
    is_cancelled: AtomicBool,
}

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Bound {
    fn is_reached(&self) -> bool {
        self.steps.fetch_sub(1, Ordering::Relaxed) <= 0
            || self.is_cancelled.load(Ordering::Relaxed)
            || milliseconds(START.elapsed()) > self.deadline.load(Ordering::Relaxed)
    }

    /// Begins a statement that is expected to be a short read.
    pub(super) fn hurry(&self) {
        self.steps.store(STEPS_OF_A_SHORT_READ, Ordering::Relaxed);
        self.deadline.store(u64::MAX, Ordering::Relaxed);
    }

    /// Begins a statement that may take `time`.
    pub(super) fn allow(&self, time: Duration) {
        let deadline = milliseconds(START.elapsed().saturating_add(time));
        self.deadline.store(deadline, Ordering::Relaxed);
        self.steps.store(UNBOUNDED, Ordering::Relaxed);
    }

    /// Begins a statement that ends whatever it takes.
    pub(super) fn release(&self) {
        self.deadline.store(u64::MAX, Ordering::Relaxed);
        self.steps.store(UNBOUNDED, Ordering::Relaxed);
    }

    pub(super) fn is_hurried(&self) -> bool {
        self.steps.load(Ordering::Relaxed) <= STEPS_OF_A_SHORT_READ
    }

    pub(super) fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A connection that goes back to its database when it is dropped, if the next guest will not
/// notice that it is not new.
pub(super) struct Pooled {
    /// `Some` until it is dropped.
    opened: Option<Opened>,
    home: Weak<Mutex<Vec<Opened>>>,
    /// A statement may have left something behind: a setting, a temporary table.
    pub(super) is_altered: bool,
}

impl Pooled {
    #[expect(
        clippy::expect_used,
        reason = "it is taken out when the connection is dropped, and nobody has it then"
    )]
    fn opened(&self) -> &Opened {
        self.opened.as_ref().expect("an open connection")
    }

    pub(super) fn bound(&self) -> Arc<Bound> {
        Arc::clone(&self.opened().bound)
    }

    pub(super) fn is_known_to_be_long(&self, sql: &str) -> bool {
        let long = &self.opened().long;
        !long.is_empty() && long.contains(sql)
    }

    pub(super) fn note_long(&mut self, sql: &str) {
        if let Some(opened) = &mut self.opened {
            if opened.long.len() >= CACHED_STATEMENTS {
                opened.long.clear();
            }
            opened.long.insert(sql.to_owned());
        }
    }
}

impl Deref for Pooled {
    type Target = rusqlite::Connection;

    fn deref(&self) -> &rusqlite::Connection {
        &self.opened().sqlite
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let (Some(opened), Some(home)) = (self.opened.take(), self.home.upgrade()) else {
            return;
        };
        // An open transaction ends with its connection.
        if self.is_altered || !opened.sqlite.is_autocommit() {
            return;
        }
        let mut idle = lock(&home);
        if idle.len() < IDLE_CONNECTIONS {
            opened.bound.is_cancelled.store(false, Ordering::Relaxed);
            idle.push(opened);
        }
    }
}

impl Database {
    pub(crate) fn new(label: &str, path: PathBuf) -> Self {
        Self {
            label: label.to_owned(),
            path,
            writer: Arc::new(Semaphore::new(1)),
            keeper: Mutex::default(),
            idle: Arc::default(),
            group: Group::default(),
            log: Log::default(),
        }
    }

    pub(super) async fn connect(
        self: Arc<Self>,
        execution: Execution,
    ) -> Result<Connection, Error> {
        let idle = lock(&self.idle).pop();
        let opened = match idle {
            Some(opened) => opened,
            None => {
                let database = Arc::clone(&self);
                execution
                    .run(move || database.open())
                    .await
                    .map_err(Error::Io)?
                    .map_err(|error| explain(&error))?
            }
        };
        let pooled = Pooled {
            opened: Some(opened),
            home: Arc::downgrade(&self.idle),
            is_altered: false,
        };
        Ok(Connection::new(self, pooled))
    }

    pub(super) fn open(&self) -> rusqlite::Result<Opened> {
        let mut keeper = lock(&self.keeper);
        let kept = match keeper.take() {
            Some(kept) => kept,
            None => open_private(&self.path)?,
        };
        // The log is kept only by a connection that has read the database.
        kept.prepare_cached("PRAGMA schema_version")?
            .query_row([], |_| Ok(()))
            .or_else(|error| if is_busy(&error) { Ok(()) } else { Err(error) })?;
        *keeper = Some(kept);
        drop(keeper);

        let sqlite = open_private(&self.path)?;
        sqlite.busy_timeout(BUSY_TIMEOUT)?;
        sqlite.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
        sqlite.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_RESULT_BYTES)?;
        sqlite.wal_hook(Some(on_commit));
        sqlite.pragma_update(None, "cache_size", -i64::from(CACHE_KIB))?;
        sqlite.authorizer(Some(authorize))?;
        let bound = Arc::new(Bound {
            steps: AtomicI64::new(UNBOUNDED),
            deadline: AtomicU64::new(u64::MAX),
            is_cancelled: AtomicBool::new(false),
        });
        let asked = Arc::clone(&bound);
        sqlite.progress_handler(INSTRUCTIONS_PER_STEP, Some(move || asked.is_reached()))?;
        Ok(Opened {
            sqlite,
            bound,
            long: HashSet::new(),
        })
    }

    /// The writer's turn, if nobody has it or waits for it.
    pub(super) fn free_turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.writer).try_acquire_owned().ok()
    }

    pub(super) async fn writer_turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.writer)
            .acquire_owned()
            .await
            .map_err(|error| Error::Io(error.to_string()))
    }
}

/// A guest reaches the databases of its manifest and no other file. `VACUUM` attaches too: a file
/// without a name, except `VACUUM INTO`.
fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Attach { filename: "" } => Authorization::Allow,
        AuthAction::Attach { .. }
        | AuthAction::Unknown {
            code: rusqlite::ffi::SQLITE_ATTACH,
            ..
        } => Authorization::Deny,
        _ => Authorization::Allow,
    }
}
