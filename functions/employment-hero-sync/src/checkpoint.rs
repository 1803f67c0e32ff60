//! How far a list is read, as it is saved between pages.

use domain::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

/// Leave that is over for so many days is kept in any case, whatever the settings say: what is decided about this week
/// rests on it.
const LEAST_KEPT_DAYS: u64 = 31;
/// How far before today the leave begins that a run between two complete ones asks for, in days. Whether the provider
/// selects by the first day or by the last is not documented: by either, all leave of the future comes.
const SINCE_DAYS: u64 = 31;
/// A list of so many pages at the most is read whole every time, so that what was withdrawn goes within the hour. A longer
/// one is so once a night.
const SHORT_LIST_PAGES: u32 = 10;
/// A day begins at 02:00 as far as complete passes are concerned, in seconds.
pub const NIGHT_SECONDS: i64 = 2 * 3_600;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Checkpoint {
    /// Whose list it is: of another organisation nothing is known.
    pub organisation_id: String,
    /// When the last complete pass that came to its end began, Unix seconds.
    pub complete_from: Option<i64>,
    /// How many pages it had.
    pub pages: u32,
    /// For how many days leave that is over was kept by it.
    pub kept_days: u64,
    pub pass: Option<Pass>,
    /// The last pass that came to its end.
    pub closed: Option<Closed>,
}

/// One reading of the list, from its first page to its last.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Pass {
    pub run_id: String,
    pub started_at: i64,
    pub organisation_id: String,
    /// Only leave that the provider selects by this day; `None` is the whole list.
    pub since: Option<NaiveDate>,
    /// Leave that ended before is not kept.
    pub keep_from: NaiveDate,
    pub kept_days: u64,
    /// What is not kept any more is removed.
    pub is_tidied: bool,
    /// The next page; `None` is the first one.
    pub cursor: Option<String>,
    pub pages: u32,
    pub is_read: bool,
    /// Records of this reading, repeated ones too.
    pub received: u64,
    /// The list is read once more.
    pub is_second: bool,
    /// Notes of what was seen are kept.
    pub is_noting: bool,
    /// Rows without a readable id: any of those that were not seen may be one of them.
    pub unidentified: u64,
    pub errors: u64,
    pub missing: Missing,
    pub sweep: Sweep,
    pub held_back: Option<HeldBack>,
}

/// Records that the list lacks are asked for one by one: one that has moved to a page that was read before is in none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Missing {
    /// Behind this id.
    pub after: String,
    pub asked: usize,
    pub is_through: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sweep {
    Ahead,
    /// Behind this id.
    After(String),
    Done,
}

/// Why nothing was deleted that a pass has not seen, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldBack {
    Unreadable,
    NotesLost,
    /// The brake's own words.
    TooMany(String),
    /// More are missing than one pass asks for one by one.
    Left,
    /// Records came twice and others not at all, in two readings.
    Moving,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Closed {
    pub run_id: String,
    pub is_complete: bool,
    pub errors: u64,
    pub held_back: Option<HeldBack>,
}

/// What decides how a list is read.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    pub run_id: &'a str,
    pub now: i64,
    /// The organization's local day.
    pub today: NaiveDate,
    /// The settings' `backfill_days`.
    pub backfill_days: u16,
    /// The organisation that the configuration names.
    pub organisation_id: Option<&'a str>,
    /// The list can be asked for a part.
    pub is_leave: bool,
    /// Somebody has asked for everything.
    pub is_full: bool,
    /// The last complete pass began in an earlier night than this one.
    pub is_new_night: bool,
}

impl Start<'_> {
    fn kept_days(&self) -> u64 {
        u64::from(self.backfill_days).max(LEAST_KEPT_DAYS)
    }
}

impl Checkpoint {
    /// The pass of this run in progress.
    pub fn held(&self, start: &Start<'_>) -> Option<Pass> {
        let is_meant = |pass: &Pass| {
            pass.run_id == start.run_id
                && start
                    .organisation_id
                    .is_none_or(|id| id == pass.organisation_id)
        };
        self.pass.clone().filter(is_meant)
    }

    /// Whether a new pass reads a part of the list only.
    pub fn reads_a_part(&self, start: &Start<'_>) -> bool {
        let is_same = start
            .organisation_id
            .is_none_or(|id| id == self.organisation_id);
        start.is_leave
            && is_same
            && !self.organisation_id.is_empty()
            && !start.is_full
            && !start.is_new_night
            && self.complete_from.is_some_and(|from| from <= start.now)
            && self.pages > SHORT_LIST_PAGES
            && self.kept_days >= start.kept_days()
    }

    /// When the pass has come to its end.
    pub fn finished(&self, pass: &Pass) -> Self {
        let is_complete = pass.is_complete();
        Self {
            organisation_id: pass.organisation_id.clone(),
            complete_from: if is_complete {
                Some(pass.started_at)
            } else {
                self.complete_from
            },
            pages: if is_complete { pass.pages } else { self.pages },
            kept_days: if is_complete {
                pass.kept_days
            } else {
                self.kept_days
            },
            pass: None,
            closed: Some(Closed {
                run_id: pass.run_id.clone(),
                is_complete: is_complete && pass.held_back.is_none(),
                errors: pass.errors,
                held_back: pass.held_back.clone(),
            }),
        }
    }

    pub fn with(&self, pass: &Pass) -> Self {
        Self {
            pass: Some(pass.clone()),
            ..self.clone()
        }
    }

    /// The end of this run's pass, if it has been reached.
    pub fn closed(&self, run_id: &str) -> Option<&Closed> {
        self.closed
            .as_ref()
            .filter(|closed| closed.run_id == run_id)
    }
}

impl Pass {
    pub fn new(start: &Start<'_>, organisation_id: String, is_part: bool) -> Self {
        let before = |days| {
            let day = start.today.checked_sub_days(Days::new(days));
            day.unwrap_or(NaiveDate::MIN)
        };
        Self {
            run_id: start.run_id.to_owned(),
            started_at: start.now,
            organisation_id,
            since: is_part.then(|| before(SINCE_DAYS)),
            keep_from: before(start.kept_days()),
            kept_days: start.kept_days(),
            is_tidied: !start.is_leave,
            cursor: None,
            pages: 0,
            is_read: false,
            received: 0,
            is_second: false,
            is_noting: false,
            unidentified: 0,
            errors: 0,
            missing: Missing::default(),
            sweep: Sweep::Ahead,
            held_back: None,
        }
    }

    /// The same for another reading of the list. What was seen stays noted.
    pub fn again(&self) -> Self {
        Self {
            cursor: None,
            pages: 0,
            is_read: false,
            received: 0,
            is_second: true,
            missing: Missing::default(),
            held_back: None,
            ..self.clone()
        }
    }

    /// Whether it reads the whole list, so that what it does not see may be gone.
    pub const fn is_complete(&self) -> bool {
        self.since.is_none()
    }

    pub const fn kind(&self) -> &'static str {
        if self.is_complete() {
            "complete"
        } else {
            "incremental"
        }
    }
}

impl HeldBack {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable => "quarantined",
            Self::NotesLost => "notes_lost",
            Self::TooMany(_) => "deletion_brake",
            Self::Left => "deletions_left",
            Self::Moving => "list_moving",
        }
    }

    pub fn reason(&self) -> String {
        match self {
            Self::Unreadable => "Records without a readable id may be among those that seem to be gone: nothing was deleted. Look at `/api/quarantined-records`.".to_owned(),
            Self::NotesLost => "What this sync had seen is not known any more: nothing was deleted. The next complete sync will.".to_owned(),
            Self::TooMany(words) => format!("{words}."),
            Self::Moving => "The list gave records twice and left others out, and did so again when it was read once more: nothing was deleted. The next complete sync reads it again.".to_owned(),
            Self::Left => "More records are missing than one sync asks for one by one: the rest is looked at by the next complete one.".to_owned(),
        }
    }
}
