//! The guests that the host's own tests run, as functions of an application.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use runtime::{Application, Runtime};
use whole_system::root;

/// Builds them, and says where they are.
///
/// # Errors
/// When they do not build.
pub async fn built(packages: &'static [&'static str]) -> anyhow::Result<PathBuf> {
    tokio::task::spawn_blocking(|| build(packages)).await?
}

fn build(packages: &[&str]) -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe()?;
    let target = this
        .ancestors()
        .nth(2)
        .context("the program lies in no target folder")?
        .join("guests");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--release"]);
    for package in packages {
        command.args(["-p", package]);
    }
    let status = command
        .args(["--target", "wasm32-wasip2", "--target-dir"])
        .arg(&target)
        .current_dir(root().join("runtime/tests/guests"))
        .status()
        .context("cargo does not run")?;
    anyhow::ensure!(status.success(), "the functions do not build");
    Ok(target.join("wasm32-wasip2/release"))
}

/// Runs them, each at a path of its name. Only `data` has a database.
///
/// # Errors
/// When they cannot be loaded.
pub fn start(guests: &Path, components: &[&str]) -> anyhow::Result<(Runtime, tempfile::TempDir)> {
    let folder = tempfile::tempdir()?;
    let manifest = folder.path().join("spin.toml");
    let mut text = "spin_manifest_version = 2\n[application]\nname = \"bench\"\n".to_owned();
    for component in components {
        let table = match *component {
            "data" => "sqlite_databases = [\"default\"]\n",
            _ => "",
        };
        text.push_str(&format!(
            "[[trigger.http]]\nroute = \"/{component}/...\"\ncomponent = \"{component}\"\n\
             [component.{component}]\nsource = \"{}/{component}.wasm\"\n{table}",
            guests.display()
        ));
    }
    std::fs::write(&manifest, text)?;
    let application = Application::load(&manifest)?;
    Ok((Runtime::builder(&application).start()?, folder))
}
