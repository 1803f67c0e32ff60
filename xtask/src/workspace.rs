//! Where things are: the root of the workspace, its target folder, its crates.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use cargo_metadata::MetadataCommand;

use crate::process;

/// The crates that only exist as components.
const FUNCTIONS: &str = "functions";
/// The crates that functions and native tests share.
const SHARED: &str = "shared";
const SYSTEM_TESTS: &str = "whole-system";

#[derive(Debug)]
pub struct Workspace {
    pub root: PathBuf,
    /// `CARGO_TARGET_DIR` or what cargo's configuration says, `target` by default.
    pub target: PathBuf,
    packages: Vec<Package>,
}

#[derive(Debug)]
struct Package {
    name: String,
    /// Below the root.
    folder: PathBuf,
    /// Its integration tests.
    tests: Vec<String>,
}

impl Workspace {
    /// Asks cargo, from wherever the command was called.
    pub fn find() -> anyhow::Result<Self> {
        let manifest_folder = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = root_of(&manifest_folder)?;
        let metadata = MetadataCommand::new()
            .cargo_path(process::cargo_program())
            .manifest_path(root.join("Cargo.toml"))
            .no_deps()
            .exec()
            .context("cargo metadata could not read the workspace")?;
        let packages = metadata
            .packages
            .iter()
            .filter_map(|package| {
                let folder = package.manifest_path.parent()?;
                let tests = package.targets.iter().filter(|target| target.is_test());
                Some(Package {
                    tests: tests.map(|target| target.name.clone()).collect(),
                    name: package.name.to_string(),
                    folder: folder.as_std_path().strip_prefix(&root).ok()?.to_owned(),
                })
            })
            .collect();
        Ok(Self {
            target: metadata.target_directory.into_std_path_buf(),
            root,
            packages,
        })
    }

    /// The components of spin.toml, in the order of their names.
    pub fn functions(&self) -> Vec<&str> {
        self.below(FUNCTIONS)
    }

    /// The crates that are linked into the functions.
    pub fn shared(&self) -> Vec<&str> {
        self.below(SHARED)
    }

    /// What is built and tested natively.
    ///
    /// Cargo turns on those features of a dependency that any of the crates it is asked for wants.
    /// So whoever asks for fewer crates builds wasmtime again: always ask for all, and choose among
    /// their programs and tests.
    pub fn native(&self) -> Vec<&str> {
        self.names(|package| !package.folder.starts_with(FUNCTIONS))
    }

    /// What has tests that need no built functions of this application.
    pub fn unit_tested(&self) -> Vec<&str> {
        self.names(|package| !package.folder.starts_with(FUNCTIONS) && package.name != SYSTEM_TESTS)
    }

    /// The tests that need the built functions.
    ///
    /// # Errors
    /// If there are none: then nothing would be tested.
    pub fn system_tests(&self) -> anyhow::Result<Vec<&str>> {
        let tests: Vec<&str> = self
            .packages
            .iter()
            .filter(|package| package.name == SYSTEM_TESTS)
            .flat_map(|package| package.tests.iter().map(String::as_str))
            .collect();
        if tests.is_empty() {
            bail!("the crate {SYSTEM_TESTS} has no tests");
        }
        Ok(tests)
    }

    fn below(&self, folder: &str) -> Vec<&str> {
        self.names(|package| package.folder.starts_with(folder))
    }

    fn names(&self, wanted: impl Fn(&Package) -> bool) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .packages
            .iter()
            .filter(|package| wanted(package))
            .map(|package| package.name.as_str())
            .collect();
        names.sort_unstable();
        names
    }
}

fn root_of(manifest_folder: &Path) -> anyhow::Result<PathBuf> {
    match manifest_folder.parent() {
        Some(root) if root.join("Cargo.toml").is_file() && root.join(FUNCTIONS).is_dir() => {
            Ok(root.to_owned())
        }
        _ => bail!(
            "{} is not inside Patchbay's repository: call this as `cargo xtask …` from a folder of the repository",
            manifest_folder.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_folder_is_refused_with_what_to_do() {
        let elsewhere = tempfile::tempdir().unwrap();
        let error = root_of(&elsewhere.path().join("xtask")).unwrap_err();
        assert!(error.to_string().contains("cargo xtask"), "{error}");
    }

    #[test]
    fn every_crate_has_its_place() {
        let workspace = Workspace::find().unwrap();
        assert!(workspace.root.join("xtask/Cargo.toml").is_file());
        assert!(workspace.functions().contains(&"status"));
        assert!(workspace.shared().contains(&"domain"));
        let native = workspace.native();
        assert!(native.contains(&"xtask") && native.contains(&"domain"));
        assert!(native.contains(&SYSTEM_TESTS) && !native.contains(&"status"));
        assert!(!workspace.unit_tested().contains(&SYSTEM_TESTS));
    }
}
