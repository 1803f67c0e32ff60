//! How far a stream is, between calls: the mark of the last sync, and the pass in progress.

use domain::stream::Stream;
use serde::{Deserialize, Serialize};

/// How long after the last complete pass the next one is due: payroll corrects punches weeks
/// later, and what an incremental sync missed is found here.
const RECONCILE_AFTER_SECONDS: i64 = 7 * 86_400;
/// How far an incremental sync looks back before its mark: a row may become visible after rows
/// that were changed later.
const LOOK_BACK_SECONDS: i64 = 15 * 60;

/// Saved in `jobs.checkpoint`, in the transaction that writes the rows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Checkpoint {
    /// Everything that the provider changed until then is in our table. Provider's clock, Unix
    /// seconds.
    pub current_until: Option<i64>,
    pub last_complete_at: Option<i64>,
    pub pass: Option<Pass>,
}

/// One walk over what the provider lists.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pass {
    /// The run that it belongs to: a pass is not carried into another run.
    pub run_id: String,
    pub kind: Kind,
    /// What is left to list, the current one first.
    pub steps: Vec<Step>,
    pub cursor: Option<String>,
    /// Pages of the current step.
    pub pages: u32,
    /// Pages in a row that brought nothing new, though another was promised.
    pub idle_pages: u32,
    /// The ids of the page before begin and end with these.
    pub last_page: Option<(String, String)>,
    /// When the first answer came, by the slower of both clocks.
    pub started_at: i64,
    /// The latest change that was seen.
    pub newest_change: Option<i64>,
    /// The part of the table that a complete pass covers.
    pub window_from: Option<i64>,
    /// Where the sweep of what was not seen continues.
    pub sweep_after: Option<String>,
    pub is_sweeping: bool,
    /// Records that were refused so far in this run.
    pub errors: u64,
    /// A reason why the run is not a plain success.
    pub remark: Option<String>,
    /// Streams that this one refers to and that lack rows.
    pub wanted: Vec<Stream>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The first sync: everything in the window.
    Backfill,
    /// What has changed since the last sync.
    Incremental,
    /// Incremental, and then everything in the window, so that what is missing can be deleted.
    Reconciliation,
    /// A short list, always read whole.
    Complete,
}

/// One list to walk from its first page to its last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The whole list, or its part within the window.
    All,
    ActiveUsers,
    InactiveUsers,
    /// Changed since then, Unix seconds.
    ChangedSince(i64),
    /// Withdrawn from publication, and changed since then.
    UnpublishedSince(i64),
    /// Deleted, and changed since then.
    DeletedSince(i64),
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backfill => "backfill",
            Self::Incremental => "incremental",
            Self::Reconciliation => "reconciliation",
            Self::Complete => "complete",
        }
    }

    /// Whether what was not seen is gone.
    pub fn sweeps(self) -> bool {
        matches!(self, Self::Reconciliation | Self::Complete)
    }
}

impl Step {
    /// Whether the pass notes what this step lists, for the sweep.
    pub fn is_noted(self, kind: Kind) -> bool {
        kind.sweeps() && matches!(self, Self::All | Self::ActiveUsers | Self::InactiveUsers)
    }
}

/// What a new pass is made from.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    pub run_id: &'a str,
    pub stream: Stream,
    pub now: i64,
    pub backfill_days: i64,
    /// Asked for by a person: look back that far.
    pub window_hours: Option<i64>,
}

impl Checkpoint {
    /// The pass of this run: the one in progress, or a new one.
    pub fn pass(&self, start: Start<'_>) -> Pass {
        match &self.pass {
            Some(pass) if pass.run_id == start.run_id => pass.clone(),
            _ => self.new_pass(start),
        }
    }

    fn new_pass(&self, start: Start<'_>) -> Pass {
        let (kind, steps) = self.steps(start);
        let has_window = matches!(start.stream, Stream::Shifts | Stream::TimePunches);
        Pass {
            run_id: start.run_id.to_owned(),
            kind,
            steps,
            cursor: None,
            pages: 0,
            idle_pages: 0,
            last_page: None,
            started_at: start.now,
            newest_change: None,
            window_from: has_window.then(|| {
                start
                    .now
                    .saturating_sub(start.backfill_days.saturating_mul(86_400))
            }),
            sweep_after: None,
            is_sweeping: false,
            errors: 0,
            remark: None,
            wanted: Vec::new(),
        }
    }

    fn steps(&self, start: Start<'_>) -> (Kind, Vec<Step>) {
        match start.stream {
            Stream::Users => (Kind::Complete, vec![Step::ActiveUsers, Step::InactiveUsers]),
            Stream::Shifts | Stream::TimePunches => {
                let Some(current_until) = self.current_until else {
                    return (Kind::Backfill, vec![Step::All]);
                };
                let asked = start
                    .window_hours
                    .map(|hours| start.now.saturating_sub(hours.saturating_mul(3_600)));
                let since = current_until
                    .saturating_sub(LOOK_BACK_SECONDS)
                    .min(asked.unwrap_or(i64::MAX));
                let mut steps = vec![Step::ChangedSince(since), Step::DeletedSince(since)];
                if start.stream == Stream::Shifts {
                    steps.insert(1, Step::UnpublishedSince(since));
                }
                let last_complete = self.last_complete_at.unwrap_or(0);
                // A time in the future was written by a clock that has jumped back since.
                if start.now.saturating_sub(last_complete) >= RECONCILE_AFTER_SECONDS
                    || last_complete > start.now
                {
                    steps.push(Step::All);
                    return (Kind::Reconciliation, steps);
                }
                (Kind::Incremental, steps)
            }
            _ => (Kind::Complete, vec![Step::All]),
        }
    }

    /// The checkpoint after a pass that has reached its end.
    pub fn finished(&self, pass: &Pass, now: i64) -> Self {
        // Changes after the pass began may have hit pages that were read before: they are for the
        // next one to find.
        let seen = match pass.kind {
            Kind::Incremental => pass.newest_change.map(|newest| newest.min(pass.started_at)),
            Kind::Backfill | Kind::Reconciliation | Kind::Complete => Some(pass.started_at),
        };
        let is_complete = pass.kind != Kind::Incremental;
        Self {
            current_until: seen.max(self.current_until),
            last_complete_at: if is_complete {
                Some(now)
            } else {
                self.last_complete_at
            },
            pass: None,
        }
    }
}
