//! Ctrl-C, SIGTERM and SIGHUP: the first asks for an orderly end, the second ends at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// What a shell reports for a program that Ctrl-C ended.
pub const EXIT_CODE: u8 = 130;
/// How soon a wait notices.
const GLANCE: Duration = Duration::from_millis(50);

static REQUESTED: AtomicBool = AtomicBool::new(false);

pub fn install() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::SeqCst) {
            // Children started in the background die with this process.
            std::process::exit(i32::from(EXIT_CODE));
        }
    })
    .context("cannot handle Ctrl-C")
}

pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// # Errors
/// If an end was asked for.
pub fn check() -> anyhow::Result<()> {
    if requested() {
        bail!("stopped on request");
    }
    Ok(())
}

/// Sleeps, but wakes and fails as soon as an end is asked for.
pub fn sleep(duration: Duration) -> anyhow::Result<()> {
    let end = Instant::now() + duration;
    loop {
        check()?;
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(GLANCE));
    }
}
