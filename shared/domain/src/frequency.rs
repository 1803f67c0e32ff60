//! The frequency model: one selection of the manager, three tiers of streams.

use crate::{stream::Tier, text_enum::text_enum};

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

/// The table of the replaced system's *User-Facing Frequency Model*, exactly; and every twelve hours what
/// another one read as often.
#[must_use]
pub const fn cadence(frequency: Frequency, tier: Tier) -> Cadence {
    use Cadence::{Every, Never, Nightly};
    match (frequency, tier) {
        (Frequency::Manual, _) => Never,
        (Frequency::Daily, _) | (_, Tier::Cool) => Nightly,
        (_, Tier::HalfDaily) => Every(12 * HOUR_SECS),
        (Frequency::Every15Min, Tier::Hot) => Every(HOUR_SECS / 4),
        (Frequency::Every30Min, Tier::Hot) => Every(HOUR_SECS / 2),
        (Frequency::Every15Min, Tier::Warm) | (Frequency::Hourly, Tier::Hot) => Every(HOUR_SECS),
        (Frequency::Every4Hours, Tier::Hot)
        | (Frequency::Every30Min | Frequency::Hourly | Frequency::Every4Hours, Tier::Warm) => {
            Every(4 * HOUR_SECS)
        }
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
            let half_daily = match frequency {
                Frequency::Daily | Frequency::Manual => hot,
                _ => Every(43_200),
            };
            assert_eq!(
                cadence(frequency, Tier::HalfDaily),
                half_daily,
                "{frequency}"
            );
        }
    }
}
