//! The sync settings of a connector: the replaced system's JSON document, parsed and checked.

mod document;
mod local_time;

use std::collections::BTreeSet;

pub use document::SyncTimes;
pub use local_time::LocalTime;

use crate::{frequency::Frequency, stream::Stream, text_enum::text_enum, zone::ZoneName};

/// How deep the first sync reaches back, in days.
pub const BACKFILL_DAYS: std::ops::RangeInclusive<u16> = 1..=3_650;

/// How long a shift is kept after its end under [`Schedule::FixedTimes`], in days.
pub const KEEP_SHIFTS_DAYS: i64 = 30;

text_enum! {
    /// What decides when streams run.
    pub enum Schedule, "schedule" {
        /// The frequency model.
        Frequency = "frequency",
        /// People and places at 03:00 UTC, schedules and punches at 06:00 and 18:00 UTC. Shifts are
        /// kept for 30 days and brought for 14 days ahead.
        FixedTimes = "fixed_times",
    }
}

/// When and what a connector syncs by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncSettings {
    /// False: nothing runs by itself; a manager can still ask for a sync.
    pub enabled: bool,
    /// Under fixed times the frequency and the hours are kept and do not apply, except that
    /// [`Frequency::Manual`] stops everything under either.
    pub schedule: Schedule,
    pub frequency: Frequency,
    /// True: hot and warm streams run within `operating_hours` only, which must then be given.
    pub active_hours_only: bool,
    pub operating_hours: Option<OperatingHours>,
    pub streams: EnabledStreams,
    /// In [`BACKFILL_DAYS`].
    pub backfill_days: u16,
}

/// The part of the local day in which people work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatingHours {
    pub start: LocalTime,
    /// Exclusive. Before `start`: the hours cross midnight. Equal to `start`: the whole day.
    pub end: LocalTime,
    /// `None`: the organization's zone.
    pub timezone: Option<ZoneName>,
}

/// Which streams are on. Only an owner may change it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnabledStreams {
    /// The disabled ones are kept, so that a stream added later starts enabled.
    disabled: BTreeSet<Stream>,
}

impl EnabledStreams {
    #[must_use]
    pub fn is_enabled(&self, stream: Stream) -> bool {
        !self.disabled.contains(&stream)
    }

    pub fn set(&mut self, stream: Stream, enabled: bool) {
        if enabled {
            self.disabled.remove(&stream);
        } else {
            self.disabled.insert(stream);
        }
    }
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            schedule: Schedule::Frequency,
            frequency: Frequency::Every30Min,
            active_hours_only: false,
            operating_hours: None,
            streams: EnabledStreams::default(),
            backfill_days: 90,
        }
    }
}
