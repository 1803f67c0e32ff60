//! The functions: built for wasm32-wasip2, in the places that spin.toml names, within their sizes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::table::{self, Align, Cell};
use crate::toolchain::{self, WASM_TARGET};
use crate::workspace::Workspace;
use crate::{process, stale, style};

/// What one component may weigh: 1.5 MiB.
const MAX_BYTES: u64 = 3 * 512 * 1024;
/// What all components may weigh together: 38 MiB. It grows with the number of functions; each is held to its own size.
const MAX_TOTAL_BYTES: u64 = 38 * 1024 * 1024;
/// How functions are built: small.
const PROFILE: &str = "release";
/// How those are built that decide thousands of rows in a call.
const SPEED_PROFILE: &str = "speed";
const FOR_SPEED: [&str; 1] = ["delta-engine"];

#[derive(Debug)]
pub struct Component {
    pub name: String,
    pub bytes: u64,
}

/// Builds every function, those of one profile in one go, and checks the sizes.
///
/// # Errors
/// If the target is missing and cannot be added, cargo fails, or a component is too large.
pub fn build(workspace: &Workspace) -> anyhow::Result<Vec<Component>> {
    toolchain::ensure_wasm_target(workspace)?;
    let names = workspace.functions();
    style::step("Building", &format!("{} functions", names.len()));
    for profile in [PROFILE, SPEED_PROFILE] {
        let names: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| profile_of(name) == profile)
            .collect();
        process::run(
            process::cargo(workspace)
                .args(["build", "--profile", profile, "--target", WASM_TARGET])
                .args(process::packages(&names)),
        )?;
    }
    let components = measured(workspace)?;
    anstream::eprint!("{}", sizes(&components));
    check_sizes(&components)?;
    place(workspace)?;
    Ok(components)
}

/// Checks that every function was built from the sources as they are.
///
/// # Errors
/// If one was not; says what to run.
pub fn refuse_stale(workspace: &Workspace) -> anyhow::Result<()> {
    for name in workspace.functions() {
        stale::refuse_stale(&product(&workspace.target, name))?;
    }
    place(workspace)
}

fn profile_of(name: &str) -> &'static str {
    if FOR_SPEED.contains(&name) {
        SPEED_PROFILE
    } else {
        PROFILE
    }
}

/// Where cargo puts a component, and spin.toml expects it below `target`.
fn product(target: &Path, name: &str) -> PathBuf {
    target
        .join(WASM_TARGET)
        .join(profile_of(name))
        .join(format!("{}.wasm", name.replace('-', "_")))
}

/// With another target folder, copies the components to where spin.toml names them.
fn place(workspace: &Workspace) -> anyhow::Result<()> {
    let named = workspace.root.join("target");
    if workspace.target == named {
        return Ok(());
    }
    for name in workspace.functions() {
        let from = product(&workspace.target, name);
        let to = product(&named, name);
        let bytes = fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?;
        if fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        let cannot_write = || format!("cannot write {}", to.display());
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).with_context(cannot_write)?;
        }
        fs::write(&to, bytes).with_context(cannot_write)?;
    }
    Ok(())
}

fn measured(workspace: &Workspace) -> anyhow::Result<Vec<Component>> {
    workspace
        .functions()
        .into_iter()
        .map(|name| {
            let path = product(&workspace.target, name);
            let bytes = fs::metadata(&path)
                .with_context(|| {
                    format!(
                        "{} was not built: has functions/{name} `crate-type = [\"cdylib\"]`?",
                        path.display()
                    )
                })?
                .len();
            Ok(Component {
                name: name.to_owned(),
                bytes,
            })
        })
        .collect()
}

fn sizes(components: &[Component]) -> String {
    let total: u64 = components.iter().map(|component| component.bytes).sum();
    let mut rows: Vec<Vec<Cell>> = components
        .iter()
        .map(|component| {
            let style = if component.bytes > MAX_BYTES {
                style::BAD
            } else {
                anstyle::Style::new()
            };
            vec![
                component.name.as_str().into(),
                Cell::styled(kib(component.bytes), style),
            ]
        })
        .collect();
    rows.push(vec!["all".into(), kib(total).into()]);
    table::render(&[("component", Align::Left), ("KiB", Align::Right)], &rows)
}

fn check_sizes(components: &[Component]) -> anyhow::Result<()> {
    let too_large: Vec<&str> = components
        .iter()
        .filter(|component| component.bytes > MAX_BYTES)
        .map(|component| component.name.as_str())
        .collect();
    if !too_large.is_empty() {
        bail!(
            "larger than {} KiB: {} (the zone database alone weighs 300 KiB: only what computes local time may link it)",
            kib(MAX_BYTES),
            too_large.join(", ")
        );
    }
    let total: u64 = components.iter().map(|component| component.bytes).sum();
    if total > MAX_TOTAL_BYTES {
        bail!(
            "all components weigh {} KiB, more than {} KiB",
            kib(total),
            kib(MAX_TOTAL_BYTES)
        );
    }
    Ok(())
}

fn kib(bytes: u64) -> String {
    table::number(i64::try_from(bytes.div_ceil(1024)).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(name: &str, bytes: u64) -> Component {
        Component {
            name: name.to_owned(),
            bytes,
        }
    }

    #[test]
    fn a_component_that_is_too_large_is_named() {
        check_sizes(&[component("hub", MAX_BYTES)]).unwrap();
        let error = check_sizes(&[component("status", 9), component("hub", MAX_BYTES + 1)]);
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("larger than 1,536 KiB: hub"), "{error}");
    }

    #[test]
    fn many_small_components_may_be_too_large_together() {
        let many: Vec<_> = (0..26).map(|_| component("one", MAX_BYTES)).collect();
        let error = check_sizes(&many).unwrap_err().to_string();
        assert!(
            error.contains("39,936 KiB, more than 38,912 KiB"),
            "{error}"
        );
    }

    #[test]
    fn a_product_is_where_cargo_puts_it() {
        assert_eq!(
            product(Path::new("/t"), "cron-tick"),
            Path::new("/t/wasm32-wasip2/release/cron_tick.wasm")
        );
        assert_eq!(
            product(Path::new("/t"), "delta-engine"),
            Path::new("/t/wasm32-wasip2/speed/delta_engine.wasm")
        );
    }
}
