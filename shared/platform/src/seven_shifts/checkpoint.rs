//! How far a stream is, between calls: the mark of the last sync, and the pass in progress.

use domain::stream::Stream;
use domain::sync_settings::KEEP_SHIFTS_DAYS;
use serde::{Deserialize, Serialize};

use super::{Failure, FailureKind};

/// How long after the last complete pass the next one is due: payroll corrects punches weeks
/// later, and what an incremental sync missed is found here.
const RECONCILE_AFTER_SECONDS: i64 = 7 * 86_400;
/// A complete pass that could not delete is made again after this: not with every run, for it costs
/// the whole list, and not only in a week.
const RETRY_HELD_BACK_SECONDS: i64 = 86_400;
/// Pages of one list at the most: two and a half million rows.
const MAX_PAGES: u32 = 5_000;
/// Pages in a row that may bring nothing new while another is promised.
const MAX_IDLE_PAGES: u32 = 20;
/// How far an incremental sync looks back before its mark: a row may become visible after rows
/// that were changed later.
const LOOK_BACK_SECONDS: i64 = 15 * 60;

/// Under fixed times shifts are read for so many days ahead, and as far back as they are kept.
const FIXED_TIMES_DAYS_AHEAD: i64 = 14;
/// Time off is read so far back in any case: what is left of a year's sick leave is told by all that was taken in it.
const TIME_OFF_DAYS: i64 = 366;

/// Saved in `jobs.checkpoint`, in the transaction that writes the rows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Checkpoint {
    /// Everything that the provider changed until then is in our table. Provider's clock, Unix
    /// seconds.
    pub current_until: Option<i64>,
    /// When the last pass that came to its end began: what the provider had by then was read, also where
    /// nothing has changed for long. By the slower of both clocks, Unix seconds.
    pub read_until: Option<i64>,
    pub last_complete_at: Option<i64>,
    /// The earliest window that a pass has read whole, Unix seconds. None when the last pass read no
    /// further than a time ahead; retention takes it away with the rows ([`store::records::retention`]).
    pub covered_from: Option<i64>,
    /// The connector brings another part of the account than it did, and not all that is outside of
    /// it is gone yet.
    pub is_elsewhere: bool,
    pub pass: Option<Pass>,
    /// What the last pass came to.
    pub closed: Option<Closed>,
}

/// The end of a pass. Should the report of it be lost, the same run reports it again and reads
/// nothing twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    pub run_id: String,
    pub complete: bool,
    pub errors: u64,
    pub held_back: Option<HeldBack>,
    #[serde(default)]
    pub left_out: u64,
    pub wanted: Vec<Stream>,
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
    /// Where that part ends, if it does.
    #[serde(default)]
    pub window_to: Option<i64>,
    /// How far the deletion of what was not seen has come.
    #[serde(default)]
    pub sweep: SweepState,
    /// Notes of what was seen are being kept.
    #[serde(default)]
    pub is_noting: bool,
    /// Records that were refused so far in this run.
    pub errors: u64,
    /// Those of them that do not say which record they are, so that nothing could be noted.
    #[serde(default)]
    pub unidentified: u64,
    /// Why what was not seen is still there.
    pub held_back: Option<HeldBack>,
    /// Records that the list should have had: each is there when it is asked for.
    #[serde(default)]
    pub left_out: u64,
    /// Rows that are gone because 7shifts said so of each when it was asked for.
    #[serde(default)]
    pub confirmed: u64,
    /// Streams that this one refers to and that lack rows.
    pub wanted: Vec<Stream>,
    /// As in [`Checkpoint`]: however much goes, a person has asked for it.
    #[serde(default)]
    pub is_elsewhere: bool,
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
    /// What is always read whole: a short list, or shifts under fixed times.
    Complete,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepState {
    /// Not begun.
    #[default]
    Ahead,
    /// Done up to this external id.
    After(String),
    /// Through: a retry does not sweep again.
    Done,
}

/// Why a complete pass did not delete all that it has not seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldBack {
    /// Records whose id could not be read may be among those that seem to be missing.
    Unreadable,
    /// The notes of what was seen are gone: everything would seem to be missing.
    NotesLost,
    /// A brake's own words.
    TooMany(String),
    /// Some are there when they are asked for, so the list says nothing of the rest: how many.
    CutShort(String),
    /// More than one pass asks for; those that were asked for are gone: how many.
    Left(String),
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
    /// Published or withdrawn from publication, and changed since then.
    #[serde(alias = "unpublished_since")]
    ChangedOrDraftSince(i64),
    /// Deleted, and changed since then.
    DeletedSince(i64),
    /// Changed since then in any location of the company: what has left the only one that the
    /// connector brings. The lists of that location do not have it any more. Of shifts, as they are
    /// published: where they are drafted to be tells nothing of it.
    MovedSince(i64),
    /// The same of shifts that were withdrawn from publication after they had left.
    MovedDraftSince(i64),
    /// The same of what was deleted after it had left.
    MovedDeletedSince(i64),
    /// What could not be read before, each record on its own: the cursor is the last one that was
    /// asked for. A list of changes does not bring it again while nobody changes it.
    Quarantined,
    /// What each person at work has, in the order of their ids as text: the cursor is the last one
    /// that was asked for.
    EachPerson,
    /// What is in our table and not in the complete list that was read, each record on its own: the
    /// cursor is the id of the last one that was asked for, and how many were. A list may be cut short.
    Missing,
}

impl Kind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backfill => "backfill",
            Self::Incremental => "incremental",
            Self::Reconciliation => "reconciliation",
            Self::Complete => "complete",
        }
    }

    /// Whether what was not seen is gone.
    #[must_use]
    pub fn sweeps(self) -> bool {
        matches!(self, Self::Reconciliation | Self::Complete)
    }
}

impl HeldBack {
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable => "quarantined",
            Self::NotesLost => "notes_lost",
            Self::TooMany(_) => "deletion_brake",
            Self::CutShort(_) => "list_cut_short",
            Self::Left(_) => "deletions_left",
        }
    }

    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Unreadable => {
                "Records whose id could not be read may be among those that are missing: nothing was deleted. `/api/quarantined-records` says why they could not be read; the rest is in."
            }
            Self::NotesLost => {
                "The notes of what this sync had seen were lost on our side, so nothing was deleted. The next complete sync makes up for it by itself; everything else is in."
            }
            Self::TooMany(reason) | Self::CutShort(reason) | Self::Left(reason) => reason,
        }
    }
}

impl Step {
    /// Names the list, in ids that we have to make up.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::ActiveUsers => "active",
            Self::InactiveUsers => "inactive",
            Self::ChangedSince(_) => "changed",
            Self::ChangedOrDraftSince(_) => "changed-or-draft",
            Self::DeletedSince(_) => "deleted",
            Self::MovedSince(_) => "moved",
            Self::MovedDraftSince(_) => "moved-draft",
            Self::MovedDeletedSince(_) => "moved-deleted",
            Self::Quarantined => "quarantined",
            Self::EachPerson => "person",
            Self::Missing => "missing",
        }
    }

    /// Whether the step lists the whole company for a connector of one location.
    #[must_use]
    pub fn is_of_what_moved(self) -> bool {
        matches!(
            self,
            Self::MovedSince(_) | Self::MovedDraftSince(_) | Self::MovedDeletedSince(_)
        )
    }

    /// Whether the pass notes what this step lists, for the sweep.
    #[must_use]
    pub fn is_noted(self, kind: Kind) -> bool {
        kind.sweeps()
            && matches!(
                self,
                Self::All
                    | Self::ActiveUsers
                    | Self::InactiveUsers
                    | Self::EachPerson
                    | Self::Missing
            )
    }
}

/// What a new pass is made from.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    pub run_id: &'a str,
    pub stream: Stream,
    pub now: i64,
    pub backfill_days: i64,
    /// Shifts are read for some days ahead, and kept for some days.
    pub fixed_times: bool,
    /// Asked for by a person: look back that far.
    pub window_hours: Option<i64>,
    /// Asked for by a person: delete what is gone, so read everything.
    pub force_deletions: bool,
    /// Records of the stream are in quarantine.
    pub has_quarantined: bool,
    /// The connector brings one location of the company.
    pub one_location: bool,
}

impl Start<'_> {
    /// The connector's shifts are only those of a time around now.
    fn is_limited(&self) -> bool {
        self.fixed_times && self.stream == Stream::Shifts
    }

    fn window_from(&self) -> i64 {
        let days = match self.stream {
            _ if self.is_limited() => self.backfill_days.min(KEEP_SHIFTS_DAYS),
            Stream::TimeOff => self.backfill_days.max(TIME_OFF_DAYS),
            _ => self.backfill_days,
        };
        self.now.saturating_sub(days.saturating_mul(86_400))
    }

    fn window_to(&self) -> Option<i64> {
        self.is_limited()
            .then(|| self.now.saturating_add(FIXED_TIMES_DAYS_AHEAD * 86_400))
    }
}

impl Checkpoint {
    /// The checkpoint when the connector shall bring another part of the account from now on: what
    /// is outside of it is found by a complete pass.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        Self {
            current_until: self.current_until,
            read_until: None,
            last_complete_at: Some(0),
            covered_from: None,
            is_elsewhere: true,
            pass: None,
            closed: None,
        }
    }

    /// The pass of this run: the one in progress, or a new one.
    #[must_use]
    pub fn pass(&self, start: Start<'_>) -> Pass {
        match &self.pass {
            Some(pass) if pass.run_id == start.run_id => pass.clone(),
            _ => self.new_pass(start),
        }
    }

    fn new_pass(&self, start: Start<'_>) -> Pass {
        let (kind, mut steps) = self.steps(start);
        let is_numbered = !matches!(start.stream, Stream::Wages | Stream::Assignments);
        if kind.sweeps() && is_numbered {
            steps.push(Step::Missing);
        }
        let has_window = matches!(
            start.stream,
            Stream::Shifts | Stream::TimePunches | Stream::TimeOff
        );
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
            window_from: has_window.then(|| start.window_from()),
            window_to: start.window_to(),
            sweep: SweepState::Ahead,
            is_noting: false,
            errors: 0,
            unidentified: 0,
            held_back: None,
            left_out: 0,
            confirmed: 0,
            wanted: Vec::new(),
            is_elsewhere: self.is_elsewhere,
        }
    }

    fn steps(&self, start: Start<'_>) -> (Kind, Vec<Step>) {
        match start.stream {
            Stream::Users => (Kind::Complete, vec![Step::ActiveUsers, Step::InactiveUsers]),
            Stream::Shifts if start.is_limited() => (Kind::Complete, vec![Step::All]),
            Stream::Shifts | Stream::TimePunches => {
                let Some(current_until) = self.current_until else {
                    // A first sync that began elsewhere, or did not come to its end, has left rows that
                    // may have to go.
                    let kind = if self.last_complete_at.is_some() || self.pass.is_some() {
                        Kind::Reconciliation
                    } else {
                        Kind::Backfill
                    };
                    return (kind, vec![Step::All]);
                };
                // A mark in the future was written by a clock that has jumped back since: what lies
                // between is not known. A little is within the look-back.
                let is_mark_wrong = current_until > start.now.saturating_add(LOOK_BACK_SECONDS);
                let asked = start
                    .window_hours
                    .map(|hours| start.now.saturating_sub(hours.saturating_mul(3_600)));
                let since = current_until
                    .min(start.now)
                    .saturating_sub(LOOK_BACK_SECONDS)
                    .min(asked.unwrap_or(i64::MAX));
                let has_drafts = start.stream == Stream::Shifts;
                let changed = if has_drafts {
                    Step::ChangedOrDraftSince(since)
                } else {
                    Step::ChangedSince(since)
                };
                let mut steps = vec![changed, Step::DeletedSince(since)];
                if start.one_location {
                    // An edit that is not published may be of another location, and then no draft in
                    // this one shows that the published list is needed as well.
                    if has_drafts {
                        steps.push(Step::ChangedSince(since));
                        steps.push(Step::MovedDraftSince(since));
                    }
                    steps.extend([Step::MovedSince(since), Step::MovedDeletedSince(since)]);
                }
                if start.has_quarantined {
                    steps.insert(0, Step::Quarantined);
                }
                // The setting reaches further back than what was read.
                let is_deeper = self
                    .covered_from
                    .is_none_or(|covered| start.window_from() < covered);
                let last_complete = self.last_complete_at.unwrap_or(0);
                if start.force_deletions
                    || is_deeper
                    || is_mark_wrong
                    || start.now.saturating_sub(last_complete) >= RECONCILE_AFTER_SECONDS
                    || last_complete > start.now
                {
                    steps.push(Step::All);
                    return (Kind::Reconciliation, steps);
                }
                (Kind::Incremental, steps)
            }
            Stream::Wages | Stream::Assignments => (Kind::Complete, vec![Step::EachPerson]),
            Stream::Locations
            | Stream::Departments
            | Stream::Roles
            | Stream::Availability
            | Stream::TimeOff
            // Not of 7shifts.
            | Stream::Records
            | Stream::Employees
            | Stream::LeaveRequests => (Kind::Complete, vec![Step::All]),
        }
    }

    /// The checkpoint after a pass that has reached its end.
    #[must_use]
    pub fn finished(&self, pass: &Pass, now: i64) -> Self {
        // Changes after the pass began may have hit pages that were read before: they are for the
        // next one to find.
        let seen = match pass.kind {
            Kind::Incremental => pass.newest_change.map(|newest| newest.min(pass.started_at)),
            Kind::Backfill | Kind::Reconciliation | Kind::Complete => Some(pass.started_at),
        };
        // Nothing is known of the time after the pass began, whatever an earlier clock has said.
        let before = self.current_until.map(|mark| mark.min(pass.started_at));
        let last_complete_at = match (pass.kind, &pass.held_back) {
            (Kind::Incremental, _) => self.last_complete_at,
            // A record that does not say which one it is can only be found by another complete pass.
            (_, None) if pass.unidentified == 0 => Some(now),
            // The next one goes on where this one has stopped asking.
            (_, Some(HeldBack::Left(_))) => Some(now.saturating_sub(RECONCILE_AFTER_SECONDS)),
            _ => Some(now.saturating_sub(RECONCILE_AFTER_SECONDS - RETRY_HELD_BACK_SECONDS)),
        };
        let covered_from = match (pass.kind, pass.window_from) {
            // Whoever reads without an end again finds what lies beyond it by a complete pass.
            _ if pass.window_to.is_some() => None,
            (Kind::Incremental, _) | (_, None) => self.covered_from,
            (_, Some(from)) => Some(self.covered_from.map_or(from, |before| before.min(from))),
        };
        Self {
            current_until: seen.max(before),
            read_until: Some(pass.started_at),
            last_complete_at,
            covered_from,
            is_elsewhere: self.is_elsewhere
                && (pass.kind == Kind::Incremental || pass.held_back.is_some()),
            pass: None,
            closed: Some(Closed {
                run_id: pass.run_id.clone(),
                complete: pass.is_complete(),
                errors: pass.errors,
                held_back: pass.held_back.clone(),
                left_out: pass.left_out,
                wanted: pass.wanted.clone(),
            }),
        }
    }

    /// The end of this run's pass, if it has been reached.
    #[must_use]
    pub fn closed(&self, run_id: &str) -> Option<&Closed> {
        self.closed
            .as_ref()
            .filter(|closed| closed.run_id == run_id)
    }
}

/// What a page tells of its list.
#[derive(Clone, Debug)]
pub struct PageSeen<'a> {
    pub ids: &'a [&'a str],
    /// Records on the page, the unreadable ones included.
    pub received: usize,
    pub next: Option<&'a str>,
    /// A list that the page shows to be needed as well.
    pub also: Option<Step>,
    /// The latest change among the records, Unix seconds.
    pub newest_change: Option<i64>,
    /// The provider's clock when it answered, Unix seconds.
    pub provider_time: Option<i64>,
}

impl Pass {
    /// Whether the run that ends with this pass has seen everything and acted on it.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.kind != Kind::Incremental && self.held_back.is_none()
    }

    /// Moves past a page of the current step, and to the next step after its last page.
    ///
    /// # Errors
    /// A list that does not end: the same cursor again, page after page without anything new, or
    /// more pages than any account has.
    pub fn advance(&mut self, page: &PageSeen<'_>, now: i64) -> Result<(), Failure> {
        self.started_at = self.started_at.min(page.provider_time.unwrap_or(i64::MAX));
        self.newest_change = self.newest_change.max(page.newest_change);
        self.pages = self.pages.saturating_add(1);
        let edges = page
            .ids
            .first()
            .zip(page.ids.last())
            .map(|(first, last)| ((*first).to_owned(), (*last).to_owned()));
        let is_idle = page.received == 0 || (edges.is_some() && edges == self.last_page);
        self.idle_pages = if is_idle {
            self.idle_pages.saturating_add(1)
        } else {
            0
        };
        self.last_page = edges;
        if let Some(also) = page.also
            && !self.steps.contains(&also)
        {
            self.steps.insert(1.min(self.steps.len()), also);
        }
        let Some(next) = page.next else {
            if !self.steps.is_empty() {
                self.steps.remove(0);
            }
            self.cursor = None;
            self.pages = 0;
            self.idle_pages = 0;
            self.last_page = None;
            return Ok(());
        };
        let repeats = self.cursor.as_deref() == Some(next);
        if repeats || self.idle_pages > MAX_IDLE_PAGES || self.pages >= MAX_PAGES {
            return Err(Failure {
                kind: FailureKind::Later(now),
                code: "endless_list",
                reason: "7shifts promises another page without end, so the list was cut off. What came is in.".to_owned(),
            });
        }
        self.cursor = Some(next.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000;
    const DAY: i64 = 86_400;

    fn start(stream: Stream) -> Start<'static> {
        Start {
            run_id: "run",
            stream,
            now: NOW,
            backfill_days: 90,
            fixed_times: false,
            window_hours: None,
            force_deletions: false,
            has_quarantined: false,
            one_location: false,
        }
    }

    fn page<'a>(ids: &'a [&'a str], next: Option<&'a str>) -> PageSeen<'a> {
        PageSeen {
            ids,
            received: ids.len(),
            next,
            also: None,
            newest_change: None,
            provider_time: None,
        }
    }

    fn current(last_complete_at: i64) -> Checkpoint {
        Checkpoint {
            current_until: Some(NOW - 3_600),
            last_complete_at: Some(last_complete_at),
            covered_from: Some(0),
            ..Checkpoint::default()
        }
    }

    #[test]
    fn a_connector_of_one_location_reads_what_has_moved_out_of_it() {
        let since = NOW - 3_600 - LOOK_BACK_SECONDS;
        let steps = |stream| {
            let one = Start {
                one_location: true,
                ..start(stream)
            };
            current(NOW - DAY).pass(one).steps
        };
        assert_eq!(
            steps(Stream::TimePunches),
            [
                Step::ChangedSince(since),
                Step::DeletedSince(since),
                Step::MovedSince(since),
                Step::MovedDeletedSince(since)
            ]
        );
        // Where a shift is published and where it is drafted to be are two things.
        assert_eq!(
            steps(Stream::Shifts),
            [
                Step::ChangedOrDraftSince(since),
                Step::DeletedSince(since),
                Step::ChangedSince(since),
                Step::MovedDraftSince(since),
                Step::MovedSince(since),
                Step::MovedDeletedSince(since)
            ]
        );
        // The first sync has nothing that could have moved.
        let one = Start {
            one_location: true,
            ..start(Stream::Shifts)
        };
        assert_eq!(Checkpoint::default().pass(one).steps, [Step::All]);
    }

    #[test]
    fn what_is_left_over_is_for_the_next_pass_and_a_short_list_for_the_next_day() {
        let checkpoint = current(NOW - 8 * DAY);
        let mut pass = checkpoint.pass(start(Stream::Shifts));
        let mut next = |held_back: HeldBack, after: i64| {
            pass.held_back = Some(held_back);
            let start = Start {
                run_id: "next",
                now: NOW + after,
                ..start(Stream::Shifts)
            };
            checkpoint.finished(&pass, NOW).pass(start).kind
        };
        let left = HeldBack::Left(String::new());
        assert_eq!(next(left, 60), Kind::Reconciliation);
        let short = || HeldBack::CutShort(String::new());
        assert_eq!(next(short(), 60), Kind::Incremental);
        assert_eq!(next(short(), DAY), Kind::Reconciliation);
    }

    #[test]
    fn the_first_sync_reads_the_window_and_the_next_one_what_changed() {
        let first = Checkpoint::default().pass(start(Stream::TimePunches));
        assert_eq!(
            (first.kind, first.window_from),
            (Kind::Backfill, Some(NOW - 90 * DAY))
        );
        assert_eq!(first.steps, [Step::All]);
        let next = current(NOW - DAY).pass(start(Stream::TimePunches));
        let since = NOW - 3_600 - LOOK_BACK_SECONDS;
        assert_eq!(next.kind, Kind::Incremental);
        assert_eq!(
            next.steps,
            [Step::ChangedSince(since), Step::DeletedSince(since)]
        );
        let shifts = current(NOW - DAY).pass(start(Stream::Shifts));
        assert_eq!(
            shifts.steps,
            [Step::ChangedOrDraftSince(since), Step::DeletedSince(since)]
        );
        for stream in [Stream::Wages, Stream::Assignments] {
            let pass = Checkpoint::default().pass(start(stream));
            assert_eq!((pass.kind, pass.window_from), (Kind::Complete, None));
            assert_eq!(pass.steps, [Step::EachPerson]);
        }
    }

    #[test]
    fn what_is_in_quarantine_is_asked_for_first() {
        let asks = Start {
            has_quarantined: true,
            ..start(Stream::TimePunches)
        };
        let pass = current(NOW - DAY).pass(asks);
        assert_eq!(pass.steps.first(), Some(&Step::Quarantined));
        assert_eq!(pass.kind, Kind::Incremental);
        assert!(!Step::Quarantined.is_noted(Kind::Reconciliation));
    }

    #[test]
    fn a_setting_that_reaches_further_back_is_followed_by_a_complete_pass() {
        let first = Checkpoint::default().pass(start(Stream::TimePunches));
        let read = Checkpoint::default().finished(&first, NOW);
        assert_eq!(read.covered_from, Some(NOW - 90 * DAY));
        let later = |days| Start {
            now: NOW + DAY,
            backfill_days: days,
            ..start(Stream::TimePunches)
        };
        assert_eq!(read.pass(later(90)).kind, Kind::Incremental);
        assert_eq!(read.pass(later(91)).kind, Kind::Incremental);
        let deeper = read.pass(later(120));
        assert_eq!(deeper.kind, Kind::Reconciliation);
        let read = read.finished(&deeper, NOW + DAY);
        assert_eq!(read.pass(later(120)).kind, Kind::Incremental);
        assert_eq!(read.pass(later(7)).kind, Kind::Incremental);
    }

    #[test]
    fn under_fixed_times_shifts_of_a_limited_window_are_read_whole_every_time() {
        let fixed = |stream, days| Start {
            fixed_times: true,
            backfill_days: days,
            ..start(stream)
        };
        for before in [Checkpoint::default(), current(NOW - DAY)] {
            for (days, back) in [(90, 30), (7, 7)] {
                let pass = before.pass(fixed(Stream::Shifts, days));
                assert_eq!(
                    (pass.kind, &*pass.steps),
                    (Kind::Complete, &[Step::All, Step::Missing][..])
                );
                assert_eq!(pass.window_from, Some(NOW - back * DAY));
                assert_eq!(pass.window_to, Some(NOW + 14 * DAY));
            }
        }
        let punches = current(NOW - DAY).pass(fixed(Stream::TimePunches, 90));
        assert_eq!((punches.kind, punches.window_to), (Kind::Incremental, None));
        let time_off = Checkpoint::default().pass(fixed(Stream::TimeOff, 90));
        // What is left of a year's sick leave is told by all that was taken in it.
        assert_eq!(time_off.window_from, Some(NOW - 366 * DAY));
        assert_eq!(time_off.window_to, None);
    }

    #[test]
    fn what_lies_beyond_a_limited_window_is_read_once_nothing_limits_it() {
        let fixed = Start {
            fixed_times: true,
            ..start(Stream::Shifts)
        };
        let later = Start {
            now: NOW + DAY,
            ..start(Stream::Shifts)
        };
        for before in [Checkpoint::default(), current(NOW - DAY)] {
            let limited = before.finished(&before.pass(fixed), NOW);
            let full = limited.pass(later);
            assert_eq!((full.kind, full.window_to), (Kind::Reconciliation, None));
            assert_eq!(full.window_from, Some(NOW - 89 * DAY));
            let after = limited.finished(&full, NOW + DAY);
            assert_eq!(after.pass(later).kind, Kind::Incremental);
        }
    }

    #[test]
    fn a_record_without_an_id_is_looked_for_again_on_the_next_day() {
        let mut pass = Checkpoint::default().pass(start(Stream::TimePunches));
        pass.unidentified = 1;
        let read = Checkpoint::default().finished(&pass, NOW);
        let at = |now| Start {
            now,
            ..start(Stream::TimePunches)
        };
        assert_eq!(read.pass(at(NOW + DAY - 1)).kind, Kind::Incremental);
        assert_eq!(read.pass(at(NOW + DAY)).kind, Kind::Reconciliation);
    }

    #[test]
    fn a_list_that_a_page_shows_to_be_needed_is_read_next_and_once() {
        let mut pass = current(NOW - DAY).pass(start(Stream::Shifts));
        let also = Step::ChangedSince(NOW);
        let shows = |next| PageSeen {
            also: Some(also),
            ..page(&["1"], next)
        };
        pass.advance(&shows(Some("a")), NOW).unwrap();
        pass.advance(&shows(None), NOW).unwrap();
        assert_eq!(pass.steps.first(), Some(&also));
        assert_eq!(pass.steps.len(), 2);
    }

    #[test]
    fn a_week_after_the_last_complete_pass_everything_is_read_again() {
        for last in [NOW - 7 * DAY, NOW + DAY] {
            let pass = current(last).pass(start(Stream::TimePunches));
            assert_eq!(pass.kind, Kind::Reconciliation);
            assert!(pass.steps.ends_with(&[Step::All, Step::Missing]));
        }
        assert_eq!(
            current(NOW - 7 * DAY + 1)
                .pass(start(Stream::TimePunches))
                .kind,
            Kind::Incremental
        );
    }

    #[test]
    fn deletions_that_were_held_back_are_looked_for_again_the_next_day() {
        let mut pass = current(NOW - 7 * DAY).pass(start(Stream::Shifts));
        pass.held_back = Some(HeldBack::TooMany("too many".to_owned()));
        assert!(!pass.is_complete());
        let after = current(NOW - 7 * DAY).finished(&pass, NOW);
        let kind = |now| {
            let start = Start {
                now,
                ..start(Stream::Shifts)
            };
            after.pass(start).kind
        };
        assert_eq!(kind(NOW + DAY - 1), Kind::Incremental);
        assert_eq!(kind(NOW + DAY), Kind::Reconciliation);
    }

    #[test]
    fn forced_deletions_read_everything() {
        let pass = current(NOW - DAY).pass(Start {
            force_deletions: true,
            ..start(Stream::TimePunches)
        });
        assert_eq!(pass.kind, Kind::Reconciliation);
        // The first sync has nothing to delete.
        let first = Checkpoint::default().pass(Start {
            force_deletions: true,
            ..start(Stream::TimePunches)
        });
        assert_eq!(first.kind, Kind::Backfill);
    }

    #[test]
    fn after_a_first_sync_that_failed_half_way_what_is_gone_is_looked_for() {
        for stream in [Stream::TimePunches, Stream::Shifts] {
            let failed = Checkpoint {
                pass: Some(Checkpoint::default().pass(start(stream))),
                ..Checkpoint::default()
            };
            let next = failed.pass(Start {
                run_id: "another",
                ..start(stream)
            });
            assert_eq!(next.kind, Kind::Reconciliation);
            assert_eq!(next.steps, [Step::All, Step::Missing]);
        }
    }

    #[test]
    fn an_asked_window_looks_back_further_but_never_less() {
        let wide = current(NOW - DAY).pass(Start {
            window_hours: Some(48),
            ..start(Stream::TimePunches)
        });
        assert_eq!(wide.steps.first(), Some(&Step::ChangedSince(NOW - 2 * DAY)));
        let narrow = current(NOW - DAY).pass(Start {
            window_hours: Some(1),
            ..start(Stream::TimePunches)
        });
        assert_eq!(
            narrow.steps.first(),
            Some(&Step::ChangedSince(NOW - 3_600 - LOOK_BACK_SECONDS))
        );
    }

    #[test]
    fn a_pass_goes_on_in_its_own_run_only() {
        let mut pass = Checkpoint::default().pass(start(Stream::TimePunches));
        pass.advance(&page(&["1"], Some("next")), NOW).unwrap();
        let saved = Checkpoint {
            pass: Some(pass),
            ..Checkpoint::default()
        };
        assert_eq!(
            saved.pass(start(Stream::TimePunches)).cursor.as_deref(),
            Some("next")
        );
        assert_eq!(
            saved
                .pass(Start {
                    run_id: "another",
                    ..start(Stream::TimePunches)
                })
                .cursor,
            None
        );
    }

    #[test]
    fn the_mark_never_passes_what_may_have_changed_unseen() {
        let mut pass = current(NOW - DAY).pass(start(Stream::TimePunches));
        // The provider's clock is behind ours, and a change came while the pass was under way.
        let answer = PageSeen {
            provider_time: Some(NOW - 100),
            newest_change: Some(NOW - 50),
            ..page(&["1"], None)
        };
        pass.advance(&answer, NOW).unwrap();
        assert_eq!(
            current(NOW - DAY).finished(&pass, NOW).current_until,
            Some(NOW - 100)
        );
        // Nothing seen: the mark stays.
        let idle = current(NOW - DAY).pass(start(Stream::TimePunches));
        assert_eq!(
            current(NOW - DAY).finished(&idle, NOW).current_until,
            Some(NOW - 3_600)
        );
    }

    #[test]
    fn a_mark_in_the_future_is_put_right_and_what_it_hid_is_looked_for() {
        let ahead = |seconds| Checkpoint {
            current_until: Some(NOW + seconds),
            ..current(NOW - DAY)
        };
        let far = ahead(6 * 3_600);
        let pass = far.pass(start(Stream::TimePunches));
        assert_eq!(pass.kind, Kind::Reconciliation);
        assert_eq!(
            pass.steps.first(),
            Some(&Step::ChangedSince(NOW - LOOK_BACK_SECONDS))
        );
        assert_eq!(far.finished(&pass, NOW).current_until, Some(NOW));
        // The clocks of two machines are never quite the same.
        let near = ahead(LOOK_BACK_SECONDS);
        let pass = near.pass(start(Stream::TimePunches));
        assert_eq!(pass.kind, Kind::Incremental);
        assert_eq!(near.finished(&pass, NOW).current_until, Some(NOW));
    }

    #[test]
    fn another_part_of_the_account_is_reconciled_even_before_the_first_sync_has_ended() {
        let began = Checkpoint {
            pass: Some(Checkpoint::default().pass(start(Stream::Shifts))),
            ..Checkpoint::default()
        };
        let pass = began.elsewhere().pass(start(Stream::Shifts));
        assert_eq!(
            (pass.kind, pass.steps),
            (Kind::Reconciliation, vec![Step::All, Step::Missing])
        );
        let synced = current(NOW - DAY).elsewhere();
        assert_eq!(synced.current_until, Some(NOW - 3_600));
        let mut pass = synced.pass(start(Stream::Shifts));
        assert_eq!(pass.kind, Kind::Reconciliation);
        // However many passes it takes until all of the other part is gone.
        pass.held_back = Some(HeldBack::Left("some".to_owned()));
        let next = synced.finished(&pass, NOW);
        let mut pass = next.pass(start(Stream::Shifts));
        assert!(pass.is_elsewhere);
        pass.held_back = None;
        let last = next.finished(&pass, NOW);
        assert!(!last.pass(start(Stream::Shifts)).is_elsewhere);
    }

    #[test]
    fn a_run_that_has_closed_its_pass_is_known_and_no_other() {
        let mut pass = current(NOW - DAY).pass(start(Stream::Roles));
        pass.errors = 2;
        pass.held_back = Some(HeldBack::Unreadable);
        let after = current(NOW - DAY).finished(&pass, NOW);
        let text = serde_json::to_string(&after).unwrap();
        let after: Checkpoint = serde_json::from_str(&text).unwrap();
        let closed = after.closed("run").unwrap();
        assert_eq!(
            (closed.complete, closed.errors, &closed.held_back),
            (false, 2, &Some(HeldBack::Unreadable))
        );
        assert_eq!(after.closed("another"), None);
    }

    /// As the version before this one saved it after its last step of a sweep.
    #[test]
    fn a_pass_of_an_earlier_version_is_read_and_has_no_notes() {
        let saved = r#"{"current_until":1789996400,"last_complete_at":1789300000,"pass":{"run_id":"run",
            "kind":"reconciliation","steps":[],"cursor":null,"pages":0,"idle_pages":0,"last_page":null,
            "started_at":1790000000,"newest_change":null,"window_from":1782224000,"sweep_after":null,
            "is_sweeping":true,"errors":0,"held_back":null,"wanted":[]}}"#;
        let saved: Checkpoint = serde_json::from_str(saved).unwrap();
        let pass = saved.pass(start(Stream::Shifts));
        assert_eq!(
            (pass.sweep, pass.is_noting, pass.steps),
            (SweepState::Ahead, false, Vec::new())
        );
    }

    #[test]
    fn a_list_that_does_not_end_is_cut_off() {
        let mut same = Checkpoint::default().pass(start(Stream::TimePunches));
        same.advance(&page(&["1"], Some("a")), NOW).unwrap();
        assert_eq!(
            same.advance(&page(&["2"], Some("a")), NOW)
                .unwrap_err()
                .code,
            "endless_list"
        );

        for ids in [&[][..], &["1", "2"][..]] {
            let mut idle = Checkpoint::default().pass(start(Stream::TimePunches));
            let cut = (0..1_000).find(|number| {
                idle.advance(&page(ids, Some(&number.to_string())), NOW)
                    .is_err()
            });
            assert!(
                cut.is_some_and(|pages| pages <= MAX_IDLE_PAGES + 1),
                "{cut:?}"
            );
        }

        let mut long = Checkpoint::default().pass(start(Stream::TimePunches));
        let cut = (0..10_000_u32).find(|number| {
            let id = number.to_string();
            long.advance(&page(&[id.as_str()], Some(&id)), NOW).is_err()
        });
        assert_eq!(cut, Some(MAX_PAGES - 1));
    }

    #[test]
    fn a_single_empty_or_repeated_page_is_not_the_end() {
        let mut pass = Checkpoint::default().pass(start(Stream::TimePunches));
        pass.advance(&page(&["1", "2"], Some("a")), NOW).unwrap();
        pass.advance(&page(&["1", "2"], Some("b")), NOW).unwrap();
        pass.advance(&page(&[], Some("c")), NOW).unwrap();
        pass.advance(&page(&["3"], None), NOW).unwrap();
        assert!(pass.steps.is_empty());
    }
}
