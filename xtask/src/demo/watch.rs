//! Follows the first run of every stream, and shows how far each is.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use api::records::SyncRun;
use api::routes::SEVEN_SHIFTS_STREAMS;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::tenant::{self, Tenant};
use crate::children::Background;
use crate::table::number;
use crate::{interrupt, style};

const POLL: Duration = Duration::from_millis(200);
const SPIN: Duration = Duration::from_millis(100);

/// Per organization, in the order given, the run of each stream as it was last seen.
pub type Runs = Vec<BTreeMap<String, SyncRun>>;

/// Returns when every promised run has ended, or with what there is when the time is up.
///
/// # Errors
/// If the application cannot be asked, or a background program ended.
pub fn until_finished(
    tenants: &[Tenant],
    children: &mut [&mut Background],
    timeout: Duration,
) -> anyhow::Result<Runs> {
    let end = Instant::now() + timeout;
    let mut progress = Progress::new(tenants);
    loop {
        for child in children.iter_mut() {
            child.check()?;
        }
        let runs = tenants.iter().map(look).collect::<anyhow::Result<Runs>>()?;
        progress.show(tenants, &runs);
        if runs.iter().all(all_finished) || Instant::now() > end {
            progress.clear();
            return Ok(runs);
        }
        interrupt::sleep(POLL)?;
    }
}

pub fn is_finished(run: &SyncRun) -> bool {
    run.status != "running"
}

fn all_finished(runs: &BTreeMap<String, SyncRun>) -> bool {
    SEVEN_SHIFTS_STREAMS
        .iter()
        .all(|stream| runs.get(*stream).is_some_and(is_finished))
}

/// Only the runs that were promised: a kept database has older ones too.
fn look(tenant: &Tenant) -> anyhow::Result<BTreeMap<String, SyncRun>> {
    let path = format!(
        "/api/sync-runs?limit=100&connector_id={}",
        tenant.connector_id
    );
    let runs: Vec<SyncRun> = tenant::rows(tenant.client.get(&path)?)?;
    Ok(runs
        .into_iter()
        .filter(|run| tenant.run_ids.get(&run.stream) == Some(&run.id))
        .map(|run| (run.stream.clone(), run))
        .collect())
}

/// A line that moves for each stream on a terminal; elsewhere a line when a stream is finished.
struct Progress {
    screen: MultiProgress,
    bars: BTreeMap<(usize, &'static str), ProgressBar>,
    is_terminal: bool,
}

impl Progress {
    fn new(tenants: &[Tenant]) -> Self {
        let screen = MultiProgress::new();
        let is_terminal = !screen.is_hidden();
        let style = ProgressStyle::with_template("{spinner:>12} {prefix} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let mut bars = BTreeMap::new();
        for (index, tenant) in tenants.iter().enumerate() {
            for stream in SEVEN_SHIFTS_STREAMS {
                let bar = screen.add(ProgressBar::new_spinner());
                bar.set_style(style.clone());
                bar.set_prefix(format!("{:20} {stream:13}", tenant.organization.name));
                bar.set_message("waiting");
                if is_terminal {
                    bar.enable_steady_tick(SPIN);
                }
                bars.insert((index, *stream), bar);
            }
        }
        Self {
            screen,
            bars,
            is_terminal,
        }
    }

    fn show(&mut self, tenants: &[Tenant], runs: &Runs) {
        for ((index, stream), bar) in &self.bars {
            let Some(run) = runs.get(*index).and_then(|runs| runs.get(*stream)) else {
                continue;
            };
            if bar.is_finished() {
                continue;
            }
            let message = describe(run);
            if !is_finished(run) {
                bar.set_message(message);
                continue;
            }
            if !self.is_terminal
                && let Some(tenant) = tenants.get(*index)
            {
                style::note(&format!("{} {stream}: {message}", tenant.organization.name));
            }
            bar.finish_with_message(message);
        }
    }

    /// The summary says it all again.
    fn clear(self) {
        let _ = self.screen.clear();
    }
}

fn describe(run: &SyncRun) -> String {
    let fetched = number(run.fetched);
    if is_finished(run) {
        format!("{}, {fetched} fetched", run.status)
    } else {
        format!("{fetched} fetched")
    }
}
