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
    /// Takes the folder for this demo.
    ///
    /// # Errors
    /// If another demo uses it, or it cannot be written.
    pub fn hold(target: &Path) -> anyhow::Result<Self> {
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
        Ok(Self { path, _lock: lock })
    }

    /// Removes what an earlier demo has left.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn empty(&self) -> anyhow::Result<()> {
        let state = self.state();
        if state.exists() {
            fs::remove_dir_all(&state)
                .with_context(|| format!("cannot empty {}", state.display()))?;
        }
        Ok(())
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
    fn only_an_emptied_folder_forgets_the_state() {
        let target = tempfile::tempdir().unwrap();
        let first = DemoFolder::hold(target.path()).unwrap();
        let database = first.state().join("app.db");
        fs::create_dir_all(first.state()).unwrap();
        fs::write(&database, "rows").unwrap();
        drop(first);

        let second = DemoFolder::hold(target.path()).unwrap();
        assert!(database.exists());
        second.empty().unwrap();
        assert!(!database.exists());
        second.empty().unwrap();
    }

    #[test]
    fn a_second_demo_does_not_pull_the_state_from_under_the_first() {
        let target = tempfile::tempdir().unwrap();
        let first = DemoFolder::hold(target.path()).unwrap();
        fs::create_dir_all(first.state()).unwrap();
        let error = DemoFolder::hold(target.path()).unwrap_err();
        assert!(error.to_string().contains("another demo"), "{error}");
        assert!(first.state().exists());
    }
}
