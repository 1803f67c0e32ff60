//! The frequency model: one selection of the manager, three tiers of streams.

use crate::{
    retry::MAX_RETRY_SECS,
    stream::{Stream, Tier},
    sync_settings::SyncSettings,
    text_enum::text_enum,
};

const HOUR_SECS: i64 = 3_600;

text_enum! {
    /// What the manager selects.
    pub enum Frequency, "frequency" {
        Every15Min = "every_15_min",
        Every30Min = "every_30_min",
        Hourly = "hourly",
        Every4Hours = "every_4_hours",
        Daily = "daily",
        Manual = "manual",
    }
}

/// What the selection means to one tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cadence {
    /// Seconds from one start to the next.
    Every(i64),
    /// Once per local date, at night.
    Nightly,
    /// Only when asked.
    Never,
}

/// The table of the seed's *User-Facing Frequency Model*, exactly.
#[must_use]
pub const fn cadence(frequency: Frequency, tier: Tier) -> Cadence {
    use Cadence::{Every, Never, Nightly};
    match (frequency, tier) {
        (Frequency::Manual, _) => Never,
        (Frequency::Daily, _) | (_, Tier::Cool) => Nightly,
        (Frequency::Every15Min, Tier::Hot) => Every(HOUR_SECS / 4),
        (Frequency::Every30Min, Tier::Hot) => Every(HOUR_SECS / 2),
        (Frequency::Every15Min, Tier::Warm) | (Frequency::Hourly, Tier::Hot) => Every(HOUR_SECS),
        (Frequency::Every4Hours, Tier::Hot)
        | (Frequency::Every30Min | Frequency::Hourly | Frequency::Every4Hours, Tier::Warm) => {
            Every(4 * HOUR_SECS)
        }
    }
}

/// A local day is at most this long where clocks change by up to two hours.
const LONGEST_DAY_SECS: i64 = 26 * HOUR_SECS;

/// Seconds that the next run of `stream` can lie ahead under these settings, at
/// the most; `None` where nothing is scheduled. Needs no time zone database.
#[must_use]
pub fn furthest_ahead_secs(settings: &SyncSettings, stream: Stream) -> Option<i64> {
    if !settings.enabled || !settings.streams.is_enabled(stream) {
        return None;
    }
    match cadence(settings.frequency, stream.tier()) {
        Cadence::Never => None,
        Cadence::Nightly => Some(LONGEST_DAY_SECS),
        Cadence::Every(secs) => {
            let closed = if settings.active_hours_only {
                LONGEST_DAY_SECS
            } else {
                0
            };
            Some(secs.max(MAX_RETRY_SECS) + closed)
        }
    }
}

/// True when `next_due_at` was planned by a clock that has since jumped back, or
/// under a policy that no longer holds: it lies further ahead than the policy
/// allows. Planning again heals it and is harmless when it was right.
#[must_use]
pub fn needs_replan(
    next_due_at: Option<i64>,
    settings: &SyncSettings,
    stream: Stream,
    now: i64,
) -> bool {
    match (next_due_at, furthest_ahead_secs(settings, stream)) {
        (Some(due), Some(ahead)) => due > now.saturating_add(ahead),
        // Nothing is scheduled; what is due was asked for, and that means now.
        (Some(due), None) => due > now.saturating_add(MAX_RETRY_SECS),
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_seeds() {
        use Cadence::{Every, Never, Nightly};
        let table = [
            (Frequency::Every15Min, Every(900), Every(3_600), Nightly),
            (Frequency::Every30Min, Every(1_800), Every(14_400), Nightly),
            (Frequency::Hourly, Every(3_600), Every(14_400), Nightly),
            (
                Frequency::Every4Hours,
                Every(14_400),
                Every(14_400),
                Nightly,
            ),
            (Frequency::Daily, Nightly, Nightly, Nightly),
            (Frequency::Manual, Never, Never, Never),
        ];
        assert_eq!(table.len(), Frequency::ALL.len());
        for (frequency, hot, warm, cool) in table {
            assert_eq!(cadence(frequency, Tier::Hot), hot, "{frequency} hot");
            assert_eq!(cadence(frequency, Tier::Warm), warm, "{frequency} warm");
            assert_eq!(cadence(frequency, Tier::Cool), cool, "{frequency} cool");
        }
    }

    #[test]
    fn a_due_time_beyond_the_policy_is_planned_again() {
        let settings = SyncSettings::default();
        let now = 1_800_000_000;
        // Every 30 minutes; a retry may be asked for up to an hour ahead.
        assert!(!needs_replan(
            Some(now + 3_600),
            &settings,
            Stream::TimePunches,
            now
        ));
        assert!(needs_replan(
            Some(now + 3_601),
            &settings,
            Stream::TimePunches,
            now
        ));
        // A night is at most a day and its clock change away.
        assert!(!needs_replan(
            Some(now + 25 * 3_600),
            &settings,
            Stream::Users,
            now
        ));
        assert!(needs_replan(
            Some(now + 27 * 3_600),
            &settings,
            Stream::Users,
            now
        ));
        assert!(!needs_replan(None, &settings, Stream::Users, now));
    }

    #[test]
    fn what_manual_settings_left_far_ahead_is_planned_again() {
        let settings = SyncSettings {
            frequency: Frequency::Manual,
            ..SyncSettings::default()
        };
        assert!(needs_replan(Some(10_000), &settings, Stream::Users, 0));
        assert!(!needs_replan(Some(0), &settings, Stream::Users, 0));
    }
}
