//! The sync settings of a connector: the seed's JSON document, parsed and checked.

mod document;
mod local_time;

use std::collections::BTreeSet;

pub use document::SyncTimes;
pub use local_time::LocalTime;

use crate::{frequency::Frequency, stream::Stream, zone::ZoneName};

/// How deep the first sync reaches back, in days.
pub const BACKFILL_DAYS: std::ops::RangeInclusive<u16> = 1..=3_650;

/// When and what a connector syncs by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncSettings {
    /// False: nothing runs by itself; a manager can still ask for a sync.
    pub enabled: bool,
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
            frequency: Frequency::Every30Min,
            active_hours_only: false,
            operating_hours: None,
            streams: EnabledStreams::default(),
            backfill_days: 90,
        }
    }
}
