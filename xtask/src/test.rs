//! `cargo xtask test`: everything that a change must pass, in the order in which failures are
//! cheapest to find.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::cli::{TestArguments, TestPart};
use crate::table::{self, Align, Cell};
use crate::toolchain::{self, WASM_TARGET};
use crate::workspace::Workspace;
use crate::{demo, functions, interrupt, openapi, process, style};

/// Tests of what a provider or a clock does to rows, in virtual days: what an instance remembers from
/// one request to the next is nothing to them, so they run with the usual instances only.
const WHATEVER_INSTANCES_SERVE: [&str; 17] = [
    "allocation::",
    "attendance::deciding",
    "attendance::keeping",
    "attendance::summing",
    "client_folders::naming",
    "costing::",
    "employment_hero::syncing",
    "schedule::",
    "sync::bad_days",
    "sync::budget",
    "sync::changes",
    "sync::crashes",
    "sync::cut_short",
    "sync::mirror",
    "sync::one_location",
    "sync::pay_and_absence",
    "sync::quarantine",
];
/// A dot a test; what fails is shown whole.
const BRIEFLY: [&str; 2] = ["--", "--quiet"];

/// Runs the steps until one fails, then prints what was run.
///
/// # Errors
/// The first failure, with how to run only that part again.
pub fn run(workspace: &Workspace, arguments: &TestArguments) -> anyhow::Result<()> {
    prepare(workspace, arguments.only)?;
    let steps: Vec<Step> = steps()
        .into_iter()
        .filter(|step| arguments.only.is_none_or(|part| part == step.part))
        .collect();
    let mut results = Vec::with_capacity(steps.len());
    let mut failure = None;
    for (index, step) in steps.iter().enumerate() {
        style::step(
            "Testing",
            &format!("{} ({} of {})", step.name, index + 1, steps.len()),
        );
        let start = Instant::now();
        let result = (step.run)(workspace);
        results.push((step.name, start.elapsed(), result.is_ok()));
        if let Err(error) = result {
            failure = Some(error.context(rerun(step)));
            break;
        }
    }
    anstream::eprint!("\n{}", durations(&results));
    interrupt::check()?;
    match failure {
        Some(error) => Err(error),
        None => {
            style::step("Passed", "every step");
            Ok(())
        }
    }
}

struct Step {
    part: TestPart,
    name: &'static str,
    run: fn(&Workspace) -> anyhow::Result<()>,
}

fn steps() -> Vec<Step> {
    let step = |part, name, run| Step { part, name, run };
    vec![
        step(TestPart::Fmt, "formatting", formatting),
        step(TestPart::Clippy, "lints, native", native_lints),
        step(TestPart::Clippy, "lints, wasm32-wasip2", wasm_lints),
        step(TestPart::Unit, "openapi.json is current", |workspace| {
            openapi::run(workspace, true)
        }),
        step(TestPart::Unit, "unit, property and store tests", unit),
        step(TestPart::System, "functions build", |workspace| {
            functions::build(workspace).map(|_| ())
        }),
        step(
            TestPart::System,
            "whole system, an instance a request",
            |workspace| whole_system(workspace, "1", &WHATEVER_INSTANCES_SERVE),
        ),
        step(
            TestPart::System,
            "whole system, 128 requests an instance",
            |workspace| whole_system(workspace, "128", &[]),
        ),
        step(TestPart::System, "demo to its summary", demo::prove),
    ]
}

fn prepare(workspace: &Workspace, only: Option<TestPart>) -> anyhow::Result<()> {
    let wants = |part| only.is_none_or(|only| only == part);
    if wants(TestPart::Fmt) {
        toolchain::ensure_component(workspace, "rustfmt", "fmt")?;
    }
    if wants(TestPart::Clippy) {
        toolchain::ensure_component(workspace, "clippy", "clippy")?;
    }
    if only != Some(TestPart::Fmt) {
        // The unit tests of the runtime build functions too.
        toolchain::ensure_wasm_target(workspace)?;
    }
    Ok(())
}

fn formatting(workspace: &Workspace) -> anyhow::Result<()> {
    process::run(process::cargo(workspace).args(["fmt", "--all", "--check"]))
        .context("`cargo fmt --all` puts it right")
}

fn native_lints(workspace: &Workspace) -> anyhow::Result<()> {
    lint(
        process::cargo(workspace)
            .args(["clippy", "--keep-going", "--all-targets"])
            .args(process::packages(&workspace.native())),
    )
}

fn wasm_lints(workspace: &Workspace) -> anyhow::Result<()> {
    let crates = [workspace.functions(), workspace.shared()].concat();
    lint(
        process::cargo(workspace)
            .args(["clippy", "--keep-going", "--target", WASM_TARGET])
            .args(process::packages(&crates)),
    )
}

fn lint(command: &mut Command) -> anyhow::Result<()> {
    process::run(command.args(["--", "-D", "warnings"]))
}

fn unit(workspace: &Workspace) -> anyhow::Result<()> {
    process::run(
        process::cargo(workspace)
            .arg("test")
            .args(process::packages(&workspace.unit_tested()))
            .args(BRIEFLY),
    )
}

/// With so many requests that one instance of a function may serve: the answers must not depend on it.
fn whole_system(workspace: &Workspace, reuse: &str, skipped: &[&str]) -> anyhow::Result<()> {
    let tests = workspace.system_tests()?;
    process::run(
        process::cargo(workspace)
            .arg("test")
            .args(process::packages(&workspace.native()))
            .args(tests.iter().flat_map(|test| ["--test", test]))
            .args(BRIEFLY)
            .args(skipped.iter().flat_map(|name| ["--skip", name]))
            .env("PATCHBAY_INSTANCE_REUSE", reuse),
    )
}

fn rerun(step: &Step) -> String {
    let part = clap::ValueEnum::to_possible_value(&step.part)
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default();
    format!(
        "{} failed; only this part again: cargo xtask test --only {part}",
        step.name
    )
}

fn durations(results: &[(&str, Duration, bool)]) -> String {
    let rows: Vec<Vec<Cell>> = results
        .iter()
        .map(|(name, duration, passed)| {
            vec![
                (*name).into(),
                table::duration(duration.as_millis()).into(),
                if *passed {
                    Cell::styled("passed", style::GOOD)
                } else {
                    Cell::styled("failed", style::BAD)
                },
            ]
        })
        .collect();
    table::render(
        &[
            ("step", Align::Left),
            ("duration", Align::Right),
            ("result", Align::Left),
        ],
        &rows,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_step_and_how_to_repeat_it() {
        for step in steps() {
            let text = rerun(&step);
            assert!(text.starts_with(step.name), "{text}");
            let part = text.rsplit(' ').next().unwrap();
            let parsed = <TestPart as clap::ValueEnum>::from_str(part, false);
            assert_eq!(parsed, Ok(step.part));
        }
    }

    #[test]
    fn every_part_has_a_step() {
        for part in <TestPart as clap::ValueEnum>::value_variants() {
            assert!(steps().iter().any(|step| step.part == *part), "{part:?}");
        }
    }

    #[test]
    fn the_table_shows_what_failed() {
        let text = durations(&[
            ("formatting", Duration::from_millis(420), true),
            ("lints, native", Duration::from_secs(62), false),
        ]);
        let text = anstream::adapter::strip_str(&text).to_string();
        assert!(text.contains("formatting       420 ms  passed"), "{text}");
        assert!(text.contains("lints, native    62.0 s  failed"), "{text}");
    }
}
