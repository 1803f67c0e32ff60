//! Where a demo keeps its state and its logs.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// `demo` in the target folder, held by one demo at a time.
#[derive(Debug)]
pub struct DemoFolder {
    path: PathBuf,
    /// Released by the system when the process ends, however it ends.
    _lock: File,
}

impl DemoFolder {
    /// Empties the state unless it is to be kept.
    ///
    /// # Errors
    /// If another demo uses the folder, or it cannot be written.
    pub fn prepare(target: &Path, keep: bool) -> anyhow::Result<Self> {
        let path = target.join("demo");
        let cannot_write = || format!("cannot write {}", path.display());
        fs::create_dir_all(&path).with_context(cannot_write)?;
        let lock = File::create(path.join("lock")).with_context(cannot_write)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "another demo of this checkout is running: stop it first (its folder is {})",
                path.display()
            ),
            Err(TryLockError::Error(error)) => return Err(error).with_context(cannot_write),
        }
        let folder = Self { path, _lock: lock };
        let state = folder.state();
        if !keep && state.exists() {
            fs::remove_dir_all(&state)
                .with_context(|| format!("cannot empty {}", state.display()))?;
        }
        Ok(folder)
    }

    pub fn state(&self) -> PathBuf {
        self.path.join("state")
    }

    pub fn log(&self, program: &str) -> PathBuf {
        self.path.join(program).with_extension("log")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_emptied_unless_it_is_to_be_kept() {
        let target = tempfile::tempdir().unwrap();
        let first = DemoFolder::prepare(target.path(), false).unwrap();
        let database = first.state().join("app.db");
        fs::create_dir_all(first.state()).unwrap();
        fs::write(&database, "rows").unwrap();
        drop(first);

        drop(DemoFolder::prepare(target.path(), true).unwrap());
        assert!(database.exists());
        drop(DemoFolder::prepare(target.path(), false).unwrap());
        assert!(!database.exists());
    }

    #[test]
    fn a_second_demo_does_not_pull_the_state_from_under_the_first() {
        let target = tempfile::tempdir().unwrap();
        let first = DemoFolder::prepare(target.path(), false).unwrap();
        fs::create_dir_all(first.state()).unwrap();
        let error = DemoFolder::prepare(target.path(), false).unwrap_err();
        assert!(error.to_string().contains("another demo"), "{error}");
        assert!(first.state().exists());
    }
}
