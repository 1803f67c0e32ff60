//! What is deployed: its size, and how fast it is there.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use runtime::manifest::Manifest;
use whole_system::process::Process;
use whole_system::{Settings, root};

use crate::table::{Mark, Measured, Row};

pub const START_ROWS: &[Row] = &[Row {
    id: "start_ms",
    what: "process start to first answer, warm code cache",
    unit: "ms",
    mark: Mark::Below(250.0),
}];

pub const SIZE_ROWS: &[Row] = &[
    Row {
        id: "component_size",
        what: "the largest component",
        unit: "MiB",
        mark: Mark::Below(1.5),
    },
    Row {
        id: "total_size",
        what: "all components",
        unit: "MiB",
        mark: Mark::Below(20.0),
    },
];

pub const DEMO_ROWS: &[Row] = &[
    Row {
        id: "demo_fresh",
        what: "fresh clone to demo summary",
        unit: "min",
        mark: Mark::ByHand("< 12 min"),
    },
    Row {
        id: "demo_again",
        what: "second start of the demo",
        unit: "s",
        mark: Mark::ByHand("< 15 s"),
    },
];

const STARTS: usize = 5;

pub async fn measure_start() -> anyhow::Result<Vec<Measured>> {
    let median = tokio::task::spawn_blocking(median_start).await??;
    Ok(vec![Measured::new("start_ms", median.as_secs_f64() * 1e3)])
}

fn median_start() -> anyhow::Result<Duration> {
    let program = program()?;
    let state = tempfile::tempdir()?;
    // Fills the code cache and applies the migrations.
    start_once(&program, state.path())?;
    let mut times = (0..STARTS)
        .map(|_| start_once(&program, state.path()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    times.sort_unstable();
    times.get(STARTS / 2).copied().context("no start")
}

/// The program that was built beside this one.
///
/// # Errors
/// When it is not there.
pub fn program() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name("patchbay-runtime");
    anyhow::ensure!(
        program.exists(),
        "{} is not built: cargo build -p runtime",
        program.display()
    );
    Ok(program)
}

fn start_once(program: &Path, state: &Path) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let process = Process::start(program, state, &Settings::default());
    let answer = process.request("GET", "/", "", None);
    anyhow::ensure!(answer.is_some(), "the process is gone");
    Ok(started.elapsed())
}

pub fn measure_sizes() -> anyhow::Result<Vec<Measured>> {
    let manifest = Manifest::load(&root().join("spin.toml"))?;
    let sizes = manifest
        .components
        .values()
        .map(|component| {
            let path = manifest.folder.join(&component.source);
            let bytes = std::fs::metadata(&path)
                .with_context(|| format!("{} is not built", path.display()))?
                .len();
            Ok(f64::from(u32::try_from(bytes)?) / f64::from(1 << 20))
        })
        .collect::<anyhow::Result<Vec<f64>>>()?;
    Ok(vec![
        Measured::new("component_size", sizes.iter().copied().fold(0.0, f64::max)),
        Measured::new("total_size", sizes.iter().sum()),
    ])
}
