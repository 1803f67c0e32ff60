//! What an organization sets up for allocations: a document that a person writes.

mod document;
mod fixes;
mod properties;

use std::collections::BTreeMap;

pub use fixes::{Absences, Fixes, UnknownSources};
pub use properties::Properties;

use super::MAX_WEEKS;
use super::input::MeetingKind;
use crate::text_enum::text_enum;

text_enum! {
    /// Settings that come whole.
    pub enum Preset, "preset" {
        /// Every fault of the replaced system is mended.
        Corrected = "corrected",
        /// As the replaced system did it, where the longest of several absences in a week counts.
        Compatible = "compatible",
        /// The same after its own correction: absences in a week are added up.
        CompatibleSum = "compatible_sum",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub fixes: Fixes,
    /// A table has so many weeks after its first one.
    pub horizon_weeks: u32,
    /// Nobody gets a deal for a week before the current one and so many more.
    pub buffer_weeks: u32,
    /// New advisers have room so many weeks before they start.
    pub prestart_weeks: u32,
    /// The backlog is placed up to so many meetings in a week. The new deal itself is not held to it.
    pub clarifies_per_week: u32,
    /// What was written so shortly before the deals were searched may not be in what was found.
    pub search_lag_seconds: u32,
    pub limits: Limits,
    /// Internal ids; `None` and nothing: all of them.
    pub pipeline: Option<String>,
    pub stages: Vec<String>,
    /// The account's own names for its types of meetings.
    pub clarify_type: String,
    pub kick_off_type: String,
    /// Outcomes of meetings that take up no room. Who did not come was waited for: `NO_SHOW` is not among them.
    pub cancelled_outcomes: Vec<String>,
    /// Leave of so many minutes on one day is half a day, and more is a whole one, because a short day may be all
    /// that somebody works.
    pub half_day_up_to_minutes: u32,
    /// What is not here is checked for households, of any type.
    pub packages: Vec<PackageRule>,
    pub properties: Properties,
    /// The deal's properties that get the adviser's owner id.
    pub written_properties: Vec<String>,
}

/// How many clients in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    pub monthly: u32,
    /// By the exact name of the pod type.
    pub by_pod_type: BTreeMap<String, u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageRule {
    /// Compared without case.
    pub name: String,
    /// Any adviser of the package takes any household.
    pub ignores_household: bool,
    /// The households that come with it: columns of the matrix, and no rule.
    pub household_types: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self::preset(Preset::Corrected)
    }
}

impl Settings {
    #[must_use]
    pub fn preset(preset: Preset) -> Self {
        let (fixes, horizon_weeks) = match preset {
            Preset::Corrected => (Fixes::corrected(), 52),
            Preset::Compatible => (Fixes::compatible(), 26),
            Preset::CompatibleSum => (
                Fixes {
                    absences: Absences::Sum,
                    ..Fixes::compatible()
                },
                26,
            ),
        };
        let rule = |name: &str, household_types: &[&str]| PackageRule {
            name: name.to_owned(),
            ignores_household: household_types.is_empty(),
            household_types: texts(household_types),
        };
        Self {
            fixes,
            horizon_weeks,
            buffer_weeks: 2,
            prestart_weeks: 3,
            clarifies_per_week: 2,
            search_lag_seconds: 900,
            limits: Limits {
                monthly: 6,
                by_pod_type: BTreeMap::from([("Solo Adviser".to_owned(), 4)]),
            },
            pipeline: None,
            stages: Vec::new(),
            clarify_type: "Clarify".to_owned(),
            kick_off_type: "Kick Off".to_owned(),
            cancelled_outcomes: texts(&["CANCELED"]),
            half_day_up_to_minutes: 240,
            packages: vec![
                rule("Seed", &["single", "couple"]),
                rule("Series A", &["single", "couple"]),
                rule("Series C", &[]),
                rule("IPO", &[]),
            ],
            properties: Properties::default(),
            written_properties: texts(&["advisor", "hubspot_owner_id"]),
        }
    }

    /// The preset that all switches are of, or `custom`.
    #[must_use]
    pub fn mode(&self) -> &'static str {
        Preset::ALL
            .iter()
            .find(|preset| Self::preset(**preset).fixes == self.fixes)
            .map_or("custom", |preset| preset.as_str())
    }

    /// What a type of meeting is to us; `None`: nothing.
    #[must_use]
    pub fn meeting_kind(&self, activity_type: &str) -> Option<MeetingKind> {
        let is = |name: &str| activity_type.trim().eq_ignore_ascii_case(name.trim());
        if is(&self.clarify_type) {
            Some(MeetingKind::Clarify)
        } else if is(&self.kick_off_type) {
            Some(MeetingKind::KickOff)
        } else {
            None
        }
    }

    /// Whether a meeting with this outcome takes up room.
    #[must_use]
    pub fn counts_outcome(&self, outcome: &str) -> bool {
        !self.fixes.skip_cancelled_meetings
            || !self
                .cancelled_outcomes
                .iter()
                .any(|one| one.trim().eq_ignore_ascii_case(outcome.trim()))
    }

    pub(super) fn horizon(&self) -> i32 {
        weeks(self.horizon_weeks)
    }

    pub(super) fn buffer(&self) -> i32 {
        weeks(self.buffer_weeks)
    }

    pub(super) fn prestart(&self) -> i32 {
        weeks(self.prestart_weeks)
    }
}

fn weeks(weeks: u32) -> i32 {
    i32::try_from(weeks).unwrap_or(MAX_WEEKS).min(MAX_WEEKS)
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}
