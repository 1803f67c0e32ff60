//! Copies the log of what was committed into the database, beside the writers: a writer whose commit
//! has to do it keeps everybody waiting for as long as thousands of pages take.

use std::{
    cell::Cell,
    ffi::c_int,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI32, Ordering},
    },
};

use rusqlite::hooks::Wal;

use super::database::Database;
use crate::storage::{Execution, open_private};

/// What the log may hold before it is copied, in pages: many commits write the same pages, which are
/// copied once.
const LONG_PAGES: c_int = 4_000;
/// From here on, commits copy it themselves, which ends what outruns the copying.
const TOO_LONG_PAGES: c_int = 16 * LONG_PAGES;

thread_local! {
    /// Pages of the log after the last commit that this thread has made; 0 when it is noted.
    static PAGES: Cell<c_int> = const { Cell::new(0) };
}

/// What is known of a database's log.
#[derive(Default)]
pub(super) struct Log {
    pages: AtomicI32,
    is_copied: AtomicBool,
}

/// To be called on each commit of a connection.
pub(super) fn on_commit(log: &Wal, pages: c_int) -> rusqlite::Result<()> {
    PAGES.set(pages);
    if pages >= TOO_LONG_PAGES {
        // Where it cannot be copied now, a later commit does it. An error of this hook would be told as
        // the commit's, which has happened.
        let _ = log.checkpoint();
    }
    Ok(())
}

impl Database {
    /// To be called in the thread that may have committed.
    pub(super) fn note_log(&self) {
        let pages = PAGES.take();
        if pages > 0 {
            self.log.pages.store(pages, Ordering::Relaxed);
        }
    }

    /// Has the log copied if it has become long. Whoever has committed does not wait for that.
    pub(super) fn shorten_log(self: &Arc<Self>, execution: Execution) {
        let is_long = self.log.pages.load(Ordering::Relaxed) >= LONG_PAGES;
        if is_long && !self.log.is_copied.swap(true, Ordering::Relaxed) {
            tokio::spawn(Arc::clone(self).copy_log(execution));
        }
    }

    async fn copy_log(self: Arc<Self>, execution: Execution) {
        // Most of it while others write, and then, while nobody does, what they have written
        // meanwhile: only when all of it is copied the next writer begins the log anew.
        let copied = self.copy_once(execution).await;
        if copied.is_ok()
            && let Ok(turn) = self.writer_turn().await
        {
            let _ = self.copy_once(execution).await;
            drop(turn);
        }
        self.log.pages.store(0, Ordering::Relaxed);
        self.log.is_copied.store(false, Ordering::Relaxed);
    }

    /// If this fails, the log stays long, and is copied after a later commit.
    async fn copy_once(self: &Arc<Self>, execution: Execution) -> Result<(), String> {
        let database = Arc::clone(self);
        execution
            .run(move || {
                let sqlite = open_private(&database.path)?;
                sqlite.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
            })
            .await?
            .map_err(|error| error.to_string())
    }
}
