//! How far the list of a connector is read, as it is saved between pages.

use providers::rest::listing::Position;
use serde::{Deserialize, Serialize};

/// How far before its mark a list of changes begins, in seconds: clocks differ, and a change may come
/// into the list a while after its time.
const LOOK_BACK_SECONDS: i64 = 15 * 60;
/// A day begins at 02:00 as far as complete passes are concerned, in seconds.
pub const NIGHT_SECONDS: i64 = 2 * 3_600;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Checkpoint {
    /// The digest of what the list was asked for with: of another list nothing is known.
    pub list: String,
    /// What had changed until then is here, Unix seconds.
    pub current_until: Option<i64>,
    /// When the last complete pass that came to its end began, Unix seconds.
    pub complete_from: Option<i64>,
    pub pass: Option<Pass>,
    /// The last pass that came to its end.
    pub closed: Option<Closed>,
}

/// One reading of the list, from its first page to its last.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Pass {
    pub run_id: String,
    pub started_at: i64,
    /// Only what has changed since then, Unix seconds; `None` is everything.
    pub since: Option<i64>,
    /// The next page; `None` is the first one.
    pub position: Option<Position>,
    pub is_read: bool,
    /// Notes of what was seen are kept.
    pub is_noting: bool,
    /// Rows without a readable id: any of those that were not seen may be one of them.
    pub unidentified: u64,
    pub errors: u64,
    pub sweep: Sweep,
    pub held_back: Option<HeldBack>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sweep {
    Ahead,
    /// Behind this id.
    After(String),
    Done,
}

/// Why nothing was deleted that a pass has not seen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldBack {
    Unreadable,
    NotesLost,
    /// The brake's own words.
    TooMany(String),
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
    pub list: &'a str,
    pub now: i64,
    /// The list can be asked for what has changed.
    pub is_incremental: bool,
    /// Somebody has asked for everything.
    pub is_full: bool,
    /// The last complete pass began in an earlier night than this one.
    pub is_new_night: bool,
}

impl Checkpoint {
    /// The pass of this run: the one in progress, or a new one.
    pub fn pass(&self, start: Start<'_>) -> Pass {
        let is_same_list = self.list == start.list;
        let held = self.pass.as_ref();
        if let Some(pass) = held.filter(|pass| is_same_list && pass.run_id == start.run_id) {
            return pass.clone();
        }
        let reads_changes =
            start.is_incremental && !start.is_full && !start.is_new_night && is_same_list;
        let since = self
            .current_until
            .filter(|_| reads_changes && self.complete_from.is_some())
            // A clock that was ahead says nothing.
            .map(|until| until.min(start.now).saturating_sub(LOOK_BACK_SECONDS));
        Pass {
            run_id: start.run_id.to_owned(),
            started_at: start.now,
            since,
            position: None,
            is_read: false,
            is_noting: false,
            unidentified: 0,
            errors: 0,
            sweep: Sweep::Ahead,
            held_back: None,
        }
    }

    /// When the pass has come to its end.
    pub fn finished(&self, list: &str, pass: &Pass) -> Self {
        Self {
            list: list.to_owned(),
            // What changes while pages are read may be on those before: for the next pass to find.
            current_until: Some(pass.started_at),
            complete_from: if pass.is_complete() {
                Some(pass.started_at)
            } else {
                self.complete_from
            },
            pass: None,
            closed: Some(Closed {
                run_id: pass.run_id.clone(),
                is_complete: pass.is_complete() && pass.held_back.is_none(),
                errors: pass.errors,
                held_back: pass.held_back.clone(),
            }),
        }
    }

    pub fn with(&self, list: &str, pass: &Pass) -> Self {
        Self {
            list: list.to_owned(),
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
    /// Whether it reads the whole list, so that what it does not see is gone.
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
        }
    }

    pub fn reason(&self) -> String {
        match self {
            Self::Unreadable => "Records without a readable id may be among those that seem to be gone: nothing was deleted. Look at `/api/quarantined-records`, and check the pointer `id`.".to_owned(),
            Self::NotesLost => "What this sync had seen is not known any more: nothing was deleted. The next complete sync will.".to_owned(),
            Self::TooMany(words) => format!("{words}."),
        }
    }
}
