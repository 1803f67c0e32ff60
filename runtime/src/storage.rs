//! Where guests' data lives: one file per SQLite database and one for all
//! key-value stores, in one folder.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use crate::{error::Error, key_value::KeyValueFile, sqlite::Database, trace::lock};

/// A folder of databases. Clones share it, and with it the turn of the one
/// writer of each database: runtimes that follow each other in a test, as a
/// process and its successor do, take clones of one `Storage`.
#[derive(Clone)]
pub struct Storage(Arc<Folder>);

struct Folder {
    path: PathBuf,
    databases: Mutex<BTreeMap<String, Arc<Database>>>,
    key_value: KeyValueFile,
    /// Removes the folder of a temporary storage.
    _temporary: Option<tempfile::TempDir>,
}

impl Storage {
    /// Keeps the data in `path`, which is created for its owner alone if it does not exist.
    ///
    /// # Errors
    /// If the folder cannot be created.
    pub fn directory(path: &Path) -> Result<Self, Error> {
        let mut folder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder
            .recursive(true)
            .create(path)
            .map_err(|error| Error::State {
                path: path.to_owned(),
                message: error.to_string(),
            })?;
        Ok(Self::in_folder(path.to_owned(), None))
    }

    /// Keeps the data until the last clone is dropped; in memory, where the
    /// system offers a file system in memory.
    ///
    /// # Errors
    /// If no folder can be created.
    pub fn temporary() -> Result<Self, Error> {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir())
        } else {
            tempfile::tempdir()
        };
        let folder = folder.map_err(|error| Error::State {
            path: std::env::temp_dir(),
            message: error.to_string(),
        })?;
        Ok(Self::in_folder(folder.path().to_owned(), Some(folder)))
    }

    fn in_folder(path: PathBuf, temporary: Option<tempfile::TempDir>) -> Self {
        Self(Arc::new(Folder {
            key_value: KeyValueFile::new(path.join("sqlite_key_value.db")),
            databases: Mutex::default(),
            path,
            _temporary: temporary,
        }))
    }

    /// The file of the database `label`, for a test that reads it beside the
    /// guests. The names are Spin's.
    pub fn database_path(&self, label: &str) -> PathBuf {
        if label == "default" {
            self.0.path.join("sqlite_db.db")
        } else {
            self.0.path.join(format!("sqlite_db_{label}.db"))
        }
    }

    pub(crate) fn database(&self, label: &str) -> Arc<Database> {
        let mut databases = lock(&self.0.databases);
        let database = databases
            .entry(label.to_owned())
            .or_insert_with(|| Arc::new(Database::new(label, self.database_path(label))));
        Arc::clone(database)
    }

    pub(crate) fn key_value(&self) -> &KeyValueFile {
        &self.0.key_value
    }
}

/// Opens a database file; one that is new belongs to who runs this and to nobody else, and so do
/// the files that SQLite puts beside it.
pub(crate) fn open_private(path: &Path) -> rusqlite::Result<rusqlite::Connection> {
    let mut file = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    // What cannot be created, SQLite says better.
    drop(file.write(true).create_new(true).open(path));
    rusqlite::Connection::open(path)
}

/// How calls into SQLite run, which block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Execution {
    /// On tokio's threads for blocking work.
    Pool,
    /// At once, so that a simulation in one thread is repeatable.
    Inline,
}

impl Execution {
    /// # Errors
    /// A message, if the work panicked.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        match self {
            Self::Inline => Ok(work()),
            Self::Pool => tokio::task::spawn_blocking(work)
                .await
                .map_err(|error| error.to_string()),
        }
    }
}
