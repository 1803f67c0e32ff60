//! The tables for people who look: who has room when, one adviser's weeks and meetings, and who takes whom.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::Week;
use super::absence::Absence;
use super::capacity::ShownOverride;
use super::decide::{is_unknown, starts_too_late, unknown};
use super::earliest::{self, Answer, Found};
use super::eligibility::{self, Twins};
use super::input::{Adviser, Input, Meeting, MeetingKind, Source};
use super::mail::{display_name, folded};
use super::reason::LeftOutBecause;
use super::settings::Settings;
use super::table::{self, Table};

/// One adviser, in the list of earliest weeks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EarliestRow {
    pub email: String,
    pub name: String,
    pub service_packages: Vec<String>,
    pub household_types: Vec<String>,
    pub pod_type: String,
    pub taking_on_clients: bool,
    /// As of the current week.
    pub client_monthly_limit: i64,
    /// The override that holds, otherwise the next one.
    pub limit_override: Option<ShownOverride>,
    pub earliest_open_week: Option<Week>,
    pub earliest_label: Option<String>,
    pub found: Option<Found>,
    /// Why there is no week.
    pub because: Option<LeftOutBecause>,
    /// What could not be read.
    pub unknown: Vec<Source>,
}

/// When each adviser has room for a deal whose agreement starts then, the earliest first.
///
/// `include_no` also lists who is an adviser and takes no clients: who says something else than yes, whatever the
/// case.
#[must_use]
pub fn earliest_weeks(
    input: &Input<'_>,
    settings: &Settings,
    agreement_start: Option<NaiveDate>,
    include_no: bool,
) -> Vec<EarliestRow> {
    let is_listed = |adviser: &Adviser<'_>| {
        let says = adviser.taking_on_clients;
        eligibility::says_yes(says) || (include_no && !says.trim().is_empty())
    };
    let which: Vec<usize> = (0..)
        .zip(input.advisers)
        .filter(|(_, adviser)| is_listed(adviser))
        .map(|(at, _)| at)
        .collect();
    let mut rows: Vec<EarliestRow> = looked_at(&which, input, settings, agreement_start)
        .into_iter()
        .map(|look| {
            let now = Week::of(input.today);
            let week = look.answer.as_ref().and_then(|answer| answer.week);
            EarliestRow {
                email: look.adviser.email.trim().to_owned(),
                name: display_name(look.adviser.email.trim()),
                service_packages: eligibility::listed(look.adviser.packages),
                household_types: eligibility::listed(look.adviser.households),
                pod_type: look.adviser.pod_type.trim().to_owned(),
                taking_on_clients: eligibility::says_yes(look.adviser.taking_on_clients),
                client_monthly_limit: look.table.limits.monthly(now),
                limit_override: look.table.limits.shown(now),
                earliest_open_week: week,
                earliest_label: week.map(Week::label),
                found: look.answer.as_ref().map(|answer| answer.found),
                because: look.because,
                unknown: look.unknown,
            }
        })
        .collect();
    rows.sort_by(|one, other| {
        let key = |row: &EarliestRow| (row.earliest_open_week.is_none(), row.earliest_open_week);
        key(one)
            .cmp(&key(other))
            .then_with(|| one.email.cmp(&other.email))
    });
    rows
}

/// The weeks of one adviser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Schedule {
    pub email: String,
    pub name: String,
    pub earliest_open_week: Option<Week>,
    pub earliest_label: Option<String>,
    pub found: Option<Found>,
    /// Why there is no week.
    pub because: Option<LeftOutBecause>,
    pub unknown: Vec<Source>,
    /// Deals that do not count, because they have no date.
    pub undated_deals: i64,
    pub weeks: Vec<ScheduleRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScheduleRow {
    pub week: String,
    pub monday: Week,
    pub clarify_count: i64,
    pub kick_off_count: i64,
    pub ooo: Absence,
    pub deal_no_clarify: i64,
    pub target: i64,
    pub actual: i64,
    pub difference: i64,
    pub is_earliest: bool,
}

/// `None`: no adviser has this mail.
#[must_use]
pub fn schedule(
    input: &Input<'_>,
    settings: &Settings,
    email: &str,
    agreement_start: Option<NaiveDate>,
) -> Option<Schedule> {
    let at = of_email(input, email)?;
    let look = looked_at(&[at], input, settings, agreement_start).pop()?;
    let week = look.answer.as_ref().and_then(|answer| answer.week);
    let rows = look.table.rows().map(|(monday, row)| ScheduleRow {
        week: monday.label(),
        monday,
        clarify_count: row.clarify,
        kick_off_count: row.kick_off,
        ooo: row.absence,
        deal_no_clarify: row.deals,
        target: row.target,
        actual: row.actual,
        difference: row.difference(),
        is_earliest: week == Some(monday),
    });
    Some(Schedule {
        email: look.adviser.email.trim().to_owned(),
        name: display_name(look.adviser.email.trim()),
        earliest_open_week: week,
        earliest_label: week.map(Week::label),
        found: look.answer.as_ref().map(|answer| answer.found),
        because: look.because,
        undated_deals: look.table.undated_deals,
        weeks: rows.collect(),
        unknown: look.unknown,
    })
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeetingRow {
    pub id: String,
    pub title: String,
    pub kind: MeetingKind,
    pub outcome: String,
    /// Unix seconds.
    pub starts_at: i64,
    pub date: NaiveDate,
    pub week: String,
    pub monday: Week,
    /// Whether it takes up room, while its week is looked at.
    pub counts: bool,
}

/// So many weeks back may be asked for.
pub const WEEKS_BACK: std::ops::RangeInclusive<u32> = 1..=52;

/// The meetings of one adviser since the Monday so many weeks before the current week, the latest first. `None`: no
/// adviser has this mail.
#[must_use]
pub fn meetings(
    input: &Input<'_>,
    settings: &Settings,
    email: &str,
    weeks_back: u32,
) -> Option<Vec<MeetingRow>> {
    let adviser = of_email(input, email).and_then(|at| input.advisers.get(at))?;
    let weeks = weeks_back.clamp(*WEEKS_BACK.start(), *WEEKS_BACK.end());
    let since = Week::of(input.today).plus(i32::try_from(weeks).map_or(-52, |weeks| -weeks));
    let owner = adviser.owner_id.trim();
    let mut found: Vec<&Meeting<'_>> = input
        .meetings
        .iter()
        .filter(|one| !owner.is_empty() && one.owner_id.trim() == owner)
        .filter(|one| Week::of(one.day) >= since)
        .collect();
    found.sort_unstable();
    found.dedup_by_key(|one| one.id);
    found.sort_by_key(|one| std::cmp::Reverse(one.starts_at));
    let rows = found.into_iter().map(|one| MeetingRow {
        id: one.id.to_owned(),
        title: one.title.to_owned(),
        kind: one.kind,
        outcome: one.outcome.to_owned(),
        starts_at: one.starts_at,
        date: one.day,
        week: Week::of(one.day).label(),
        monday: Week::of(one.day),
        counts: one.kind == MeetingKind::Clarify && settings.counts_outcome(one.outcome),
    });
    Some(rows.collect())
}

/// Who takes clients of which package and household.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// The columns.
    pub household_types: Vec<String>,
    pub rows: Vec<MatrixRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MatrixRow {
    pub service_package: String,
    /// Any household is taken.
    pub ignores_household: bool,
    /// The names of the advisers, for each of the columns.
    pub advisers: Vec<Vec<String>>,
}

/// Packages and households are those of the settings and of advisers who take clients, as they were first written.
#[must_use]
pub fn matrix(advisers: &[Adviser<'_>], settings: &Settings) -> Matrix {
    let mut taking: Vec<&Adviser<'_>> = advisers
        .iter()
        .filter(|adviser| eligibility::says_yes(adviser.taking_on_clients))
        .collect();
    taking.sort_unstable();
    taking.dedup_by_key(|adviser| folded(adviser.email));
    let rules = &settings.packages;
    let packages = distinct(
        rules.iter().map(|rule| rule.name.as_str()),
        taking.iter().map(|adviser| adviser.packages),
    );
    let household_types = distinct(
        rules
            .iter()
            .flat_map(|rule| rule.household_types.iter().map(String::as_str)),
        taking.iter().map(|adviser| adviser.households),
    );
    let names = |package: &str, household: &str| -> Vec<String> {
        taking
            .iter()
            .filter(|one| eligibility::serves_package(one, package))
            .filter(|one| eligibility::serves_household(one, package, household, settings))
            .map(|one| display_name(one.email.trim()))
            .collect()
    };
    let rows = packages
        .into_iter()
        .map(|package| MatrixRow {
            ignores_household: eligibility::rule(&package, settings)
                .is_some_and(|rule| rule.ignores_household),
            advisers: household_types
                .iter()
                .map(|household| names(&package, household))
                .collect(),
            service_package: package,
        })
        .collect();
    Matrix {
        household_types,
        rows,
    }
}

/// Each name once, whatever its case: those of the settings first, then the others by the alphabet.
fn distinct<'a>(
    of_settings: impl Iterator<Item = &'a str>,
    lists: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for name in of_settings {
        if seen.insert(name.trim().to_lowercase()) {
            names.push(capitalized(name.trim()));
        }
    }
    let mut others: BTreeMap<String, String> = BTreeMap::new();
    for name in lists.flat_map(eligibility::names) {
        let folded = name.to_lowercase();
        if !seen.contains(&folded) {
            let kept = others.entry(folded).or_insert_with(|| name.to_owned());
            if name < kept.as_str() {
                name.clone_into(kept);
            }
        }
    }
    names.extend(others.into_values());
    names
}

fn capitalized(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// Of several advisers with one mail the first in order.
fn of_email(input: &Input<'_>, email: &str) -> Option<usize> {
    let email = folded(email);
    (0..)
        .zip(input.advisers)
        .filter(|(_, adviser)| !email.is_empty() && folded(adviser.email) == email)
        .min_by_key(|(_, adviser)| **adviser)
        .map(|(at, _)| at)
}

/// An adviser with a table, and an answer where there can be one.
struct Look<'a> {
    adviser: Adviser<'a>,
    table: Table,
    answer: Option<Answer>,
    because: Option<LeftOutBecause>,
    unknown: Vec<Source>,
}

fn looked_at<'a>(
    which: &[usize],
    input: &Input<'a>,
    settings: &Settings,
    agreement_start: Option<NaiveDate>,
) -> Vec<Look<'a>> {
    let twins = Twins::among(input.advisers, settings);
    let now = Week::of(input.today);
    which
        .iter()
        .zip(table::tables(which, None, input, settings))
        .filter_map(|(at, table)| {
            let adviser = input.advisers.get(*at)?;
            let unknown = unknown(adviser, input);
            let because = eligibility::not_clear(adviser, &twins, settings)
                .or_else(|| starts_too_late(adviser, input, settings))
                .or_else(|| is_unknown(&unknown, settings));
            let agreement = agreement_start.map(Week::of);
            let answer = because
                .is_none()
                .then(|| earliest::earliest(&table, now, agreement, settings));
            let because = because.or(match answer.as_ref().map(|answer| answer.found) {
                Some(Found::OnLeave) => Some(LeftOutBecause::OnLeave),
                Some(Found::TargetIsZero) => Some(LeftOutBecause::TargetIsZero),
                _ => None,
            });
            Some(Look {
                adviser: *adviser,
                table,
                answer,
                because,
                unknown,
            })
        })
        .collect()
}
