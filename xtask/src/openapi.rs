//! `cargo xtask openapi`: the description that the status function serves.

use std::fs;

use anyhow::{Context, bail};

use crate::style;
use crate::workspace::Workspace;

const FILE: &str = "functions/status/openapi.json";

/// Writes the file, or with `check` only compares it.
pub fn run(workspace: &Workspace, check: bool) -> anyhow::Result<()> {
    let path = workspace.root.join(FILE);
    let mut current = serde_json::to_string_pretty(&api::openapi::document())?;
    current.push('\n');
    if fs::read_to_string(&path).is_ok_and(|there| there == current) {
        style::step("Checked", &format!("{FILE} is current"));
        return Ok(());
    }
    if check {
        bail!("{FILE} is not what the route table says: run `cargo xtask openapi` and commit it");
    }
    fs::write(&path, current).with_context(|| format!("cannot write {}", path.display()))?;
    style::step("Wrote", FILE);
    Ok(())
}
