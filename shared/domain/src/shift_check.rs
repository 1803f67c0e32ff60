//! Who is on shift, and whether a message that is for people at work is sent to them.
//!
//! Only who is known to be off is left out. Where anything that this rests on is missing, old or in
//! doubt, the message is sent and the reason says so.

use crate::{
    connector_state::ConnectorState, freshness, stream::Stream, sync_settings::SyncSettings,
    text_enum::text_enum,
};

const HOUR_SECS: i64 = 3_600;
const DAY_SECS: i64 = 24 * HOUR_SECS;

/// A shift that began longer ago is over, whatever its end says: nobody works for two days.
pub const LONGEST_SHIFT_SECS: i64 = 48 * HOUR_SECS;
/// A shift until closing lasts so long at least: its end is no promise, and what closes late is still at
/// work then.
pub const CLOSING_SHIFT_SECS: i64 = 12 * HOUR_SECS;
/// Shifts are read so far ahead of a sync by every schedule …
pub const READ_AHEAD_SECS: i64 = 14 * DAY_SECS;
/// … and are kept so long by every one, from as far back as the first sync has read.
pub const KEPT_SECS: i64 = crate::sync_settings::KEEP_SHIFTS_DAYS * DAY_SECS;

text_enum! {
    /// Why a message is sent, or is not.
    pub enum Reason, "reason" {
        /// 7shifts is not set up.
        NotConfigured = "integration_not_configured",
        /// The account does not ask for shifts.
        NotEnforced = "shift_enforcement_disabled",
        /// The connector is in any state but `active`.
        NotHealthy = "connector_not_healthy",
        /// People or shifts have never been synced, or too long ago.
        DataStale = "data_stale",
        /// So far back or ahead no shifts are held.
        TimeNotCovered = "time_not_covered",
        NotAnEmployee = "employee_not_in_7shifts",
        /// No location of the account is this store, so nobody could be on shift there.
        StoreNotMapped = "store_not_mapped",
        OnShift = "employee_on_shift",
        NotOnShift = "employee_not_on_shift",
    }
}

impl Reason {
    /// Only one reason keeps a message back.
    #[must_use]
    pub const fn should_send(self) -> bool {
        !matches!(self, Self::NotOnShift)
    }
}

/// What is known of the account that people and shifts come from.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    pub state: ConnectorState,
    pub settings: &'a SyncSettings,
    /// When it was connected, or connected again.
    pub connected_at: Option<i64>,
    /// The last success of each stream.
    pub users_synced_at: Option<i64>,
    pub shifts_synced_at: Option<i64>,
}

impl Account<'_> {
    /// The older of the two: what is answered was so at that time at least.
    #[must_use]
    pub fn synced_at(&self) -> Option<i64> {
        Some(self.users_synced_at?.min(self.shifts_synced_at?))
    }

    /// Whether people or shifts are too old to decide by.
    #[must_use]
    pub fn is_stale(&self, now: i64) -> bool {
        [
            (Stream::Users, self.users_synced_at),
            (Stream::Shifts, self.shifts_synced_at),
        ]
        .into_iter()
        .any(|(stream, last)| !freshness::is_trusted(stream, self.settings, last, now))
    }

    /// Earlier shifts may not be held.
    fn covered_from(&self, now: i64) -> i64 {
        let kept = now.saturating_sub(KEPT_SECS);
        let first_sync = self.connected_at.map(|connected| {
            connected.saturating_sub(i64::from(self.settings.backfill_days) * DAY_SECS)
        });
        first_sync.map_or(kept, |first| kept.max(first))
    }

    /// Why nothing is decided by what is held of this account, if anything speaks against it.
    #[must_use]
    pub fn doubt(&self, at: i64, now: i64) -> Option<Reason> {
        let is_covered = |synced_at: i64| {
            (self.covered_from(now)..=synced_at.saturating_add(READ_AHEAD_SECS)).contains(&at)
        };
        if self.state != ConnectorState::Active {
            Some(Reason::NotHealthy)
        } else if self.is_stale(now) {
            Some(Reason::DataStale)
        } else if !self.shifts_synced_at.is_some_and(is_covered) {
            Some(Reason::TimeNotCovered)
        } else {
            None
        }
    }
}

/// A shift that somebody has. Open ones are nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift<'a> {
    pub id: &'a str,
    /// The store that its location is, if it is one's.
    pub store_id: Option<&'a str>,
    pub starts_at: i64,
    pub ends_at: i64,
    /// It ends at closing; `ends_at` is no promise then.
    pub is_close: bool,
}

impl Shift<'_> {
    /// Both ends belong to it.
    #[must_use]
    pub fn is_on(&self, at: i64) -> bool {
        (self.starts_at..=self.last_second()).contains(&at)
    }

    fn last_second(&self) -> i64 {
        let end = if self.is_close {
            let closing = self.starts_at.saturating_add(CLOSING_SHIFT_SECS);
            self.ends_at.max(closing)
        } else {
            self.ends_at
        };
        end.min(self.starts_at.saturating_add(LONGEST_SHIFT_SECS))
    }

    /// Of several at once the one counts that began last: it is what the person is doing now.
    fn rank(&self) -> (i64, i64, &str) {
        (self.starts_at, self.ends_at, self.id)
    }
}

/// A store that a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Store<'a> {
    pub id: &'a str,
    /// A location of the account is this store.
    pub is_mapped: bool,
}

/// The place of the shift that a person is on, at the store if one is asked for.
#[must_use]
pub fn current_shift(shifts: &[Shift<'_>], store_id: Option<&str>, at: i64) -> Option<usize> {
    shifts
        .iter()
        .enumerate()
        .filter(|(_, shift)| shift.is_on(at))
        .filter(|(_, shift)| store_id.is_none() || shift.store_id == store_id)
        .max_by_key(|(_, shift)| shift.rank())
        .map(|(place, _)| place)
}

/// What is decided, and by whom and which shift: their places in what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub reason: Reason,
    pub person: Option<usize>,
    pub shift: Option<usize>,
}

/// Decides about one address. `people` are the shifts of each employee who has it: one on shift is
/// enough. With a doubt, who is found is shown all the same.
#[must_use]
pub fn decide(
    doubt: Option<Reason>,
    people: &[Vec<Shift<'_>>],
    store: Option<Store<'_>>,
    at: i64,
) -> Verdict {
    let store_id = store.map(|store| store.id);
    let on_shift = people
        .iter()
        .enumerate()
        .filter_map(|(person, shifts)| {
            let shift = current_shift(shifts, store_id, at)?;
            Some((shifts.get(shift)?.rank(), person, shift))
        })
        .max();
    let reason = if let Some(doubt) = doubt {
        doubt
    } else if people.is_empty() {
        Reason::NotAnEmployee
    } else if on_shift.is_some() {
        Reason::OnShift
    } else if store.is_some_and(|store| !store.is_mapped) {
        Reason::StoreNotMapped
    } else {
        Reason::NotOnShift
    };
    Verdict {
        reason,
        person: on_shift
            .map(|(_, person, _)| person)
            .or_else(|| (!people.is_empty()).then_some(0)),
        shift: on_shift.map(|(_, _, shift)| shift),
    }
}

#[cfg(test)]
mod tests;
