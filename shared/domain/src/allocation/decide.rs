//! The choice among advisers, with everything that it rests on.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde::Serialize;

use super::earliest::{self, Answer, Found};
use super::eligibility;
use super::input::{Adviser, Input, OwnAllocation, Request, Source};
use super::mail::{display_name, folded};
use super::number::Ratio;
use super::reason::{Failure, LeftOut, LeftOutBecause};
use super::settings::{Settings, UnknownSources};
use super::table::{self, Table};
use super::{MAX_WEEKS, Week};
use crate::text_enum::text_enum;

/// Allocations of so many days are held against each other where all else is equal.
pub const COUNTED_DAYS: u64 = 90;

/// What was decided on a deal, and why: it is stored as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    pub deal_id: String,
    pub service_package: String,
    pub household_type: String,
    pub agreement_start: Option<NaiveDate>,
    /// `corrected`, `compatible`, `compatible_sum` or `custom`.
    pub mode: &'static str,
    pub today: NaiveDate,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Who could be chosen, the best first.
    pub candidates: Vec<Candidate>,
    /// In the order of their mails.
    pub left_out: Vec<LeftOut>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Chosen(Chosen),
    Failed(Failure),
}

/// Who gets the deal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chosen {
    pub email: String,
    pub name: String,
    pub owner_id: String,
    pub earliest_week: Week,
    pub earliest_label: String,
    /// What decided.
    pub by: Criterion,
    /// How many were left after each criterion that was asked.
    pub left_after: Vec<(Criterion, usize)>,
}

text_enum! {
    /// What candidates are compared by, in this order.
    pub enum Criterion, "criterion" {
        /// There was only one.
        OnlyCandidate = "only_candidate",
        EarliestWeek = "earliest_week",
        /// Meetings against targets, up to that week.
        Ratio = "ratio",
        FewestAllocations = "fewest_allocations",
        /// The order of the alphabet, so that the same question has the same answer.
        Email = "email",
    }
}

/// Somebody who could be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    pub email: String,
    pub name: String,
    pub owner_id: String,
    pub service_packages: Vec<String>,
    pub household_types: Vec<String>,
    pub pod_type: String,
    /// As of the current week.
    pub client_limit_monthly: i64,
    pub earliest_week: Week,
    pub earliest_label: String,
    pub ratio: Ratio,
    /// Of the last 90 days.
    pub allocations: usize,
    /// What could not be read, where that is taken for nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<Source>,
    pub answer: Answer,
    pub table: Table,
}

/// Decides who gets a deal. The same input gives the same decision, whatever order its rows are in.
#[must_use]
pub fn decide(request: &Request<'_>, input: &Input<'_>, settings: &Settings) -> Decision {
    let mut left_out = Vec::new();
    let mut candidates = Vec::new();
    let outcome = match refusal(request, input, settings) {
        Some(failure) => Outcome::Failed(failure),
        None => choose(request, input, settings, &mut candidates, &mut left_out)
            .map_or_else(Outcome::Failed, Outcome::Chosen),
    };
    left_out.sort_by(|one, other| {
        (&one.email, &one.owner_id, one.because).cmp(&(
            &other.email,
            &other.owner_id,
            other.because,
        ))
    });
    Decision {
        deal_id: request.deal_id.to_owned(),
        service_package: request.service_package.trim().to_owned(),
        household_type: request.household_type.trim().to_owned(),
        agreement_start: request.agreement_start,
        mode: settings.mode(),
        today: input.today,
        outcome,
        candidates,
        left_out,
    }
}

/// The last week that an agreement may start before.
fn last_week(input: &Input<'_>, settings: &Settings) -> Week {
    Week::of(input.today).plus(settings.horizon() - 1)
}

/// Why nobody needs to be looked at.
fn refusal(request: &Request<'_>, input: &Input<'_>, settings: &Settings) -> Option<Failure> {
    let package = request.service_package.trim();
    if !request.held_by.trim().is_empty() {
        return Some(Failure::AlreadyAllocated {
            to: request.held_by.trim().to_owned(),
        });
    }
    if package.is_empty() {
        return Some(Failure::MissingPackage);
    }
    let last = last_week(input, settings);
    if let Some(agreement_start) = request.agreement_start
        && settings.fixes.refuse_beyond_horizon
        && Week::of(agreement_start).plus(1) > last
    {
        return Some(Failure::AgreementBeyondHorizon {
            agreement_start,
            last_week: last.plus(-1).monday(),
        });
    }
    // Without the list of users there is nobody to leave out.
    let is_unknown = |source| {
        input
            .unknown
            .iter()
            .any(|unknown| unknown.source == source && unknown.adviser.is_none())
    };
    if is_unknown(Source::Users) {
        return Some(Failure::SourceUnknown {
            sources: vec![Source::Users],
        });
    }
    if input.advisers.is_empty() {
        return Some(Failure::NoAdvisers);
    }
    None
}

fn choose(
    request: &Request<'_>,
    input: &Input<'_>,
    settings: &Settings,
    candidates: &mut Vec<Candidate>,
    left_out: &mut Vec<LeftOut>,
) -> Result<Chosen, Failure> {
    let mut which = Vec::new();
    let mut unknown_sources = BTreeMap::new();
    for (at, because) in eligibility::judge(request, input, settings)
        .into_iter()
        .enumerate()
    {
        let Some(adviser) = input.advisers.get(at) else {
            continue;
        };
        let sources = unknown(adviser, input);
        let because = because
            .or_else(|| starts_too_late(adviser, input, settings))
            .or_else(|| is_unknown(&sources, settings));
        match because {
            Some(because) => left_out.push(out(adviser, because, &sources)),
            None => {
                unknown_sources.insert(at, sources);
                which.push(at);
            }
        }
    }
    if settings.fixes.unknown_sources == UnknownSources::Fail {
        let sources = sources_of(left_out);
        if !sources.is_empty() {
            return Err(Failure::SourceUnknown { sources });
        }
    }
    let counts = allocations_by_email(input);
    let now = Week::of(input.today);
    let tables = table::tables(&which, Some(request), input, settings);
    let stumbled = which
        .iter()
        .zip(&tables)
        .filter(|(_, table)| table.is_empty)
        .filter_map(|(at, _)| input.advisers.get(*at))
        .map(|adviser| adviser.email.trim().to_owned())
        .min();
    if let Some(email) = stumbled {
        return Err(Failure::EmptyTable { email });
    }
    for (&at, table) in which.iter().zip(tables) {
        let Some(adviser) = input.advisers.get(at) else {
            continue;
        };
        let agreement = request.agreement_start.map(Week::of);
        let answer = earliest::earliest(&table, now, agreement, settings);
        let Some(week) = answer.week else {
            let because = match answer.found {
                Found::OnLeave => LeftOutBecause::OnLeave,
                _ => LeftOutBecause::TargetIsZero,
            };
            left_out.push(out(adviser, because, &[]));
            continue;
        };
        let allocations = counts.get(folded(adviser.email).as_ref());
        candidates.push(Candidate {
            email: adviser.email.trim().to_owned(),
            name: display_name(adviser.email.trim()),
            owner_id: adviser.owner_id.trim().to_owned(),
            service_packages: eligibility::listed(adviser.packages),
            household_types: eligibility::listed(adviser.households),
            pod_type: adviser.pod_type.to_owned(),
            client_limit_monthly: table.limits.monthly(now),
            earliest_week: week,
            earliest_label: week.label(),
            ratio: earliest::ratio(&table, week),
            allocations: allocations.copied().unwrap_or_default(),
            unknown: unknown_sources.remove(&at).unwrap_or_default(),
            answer,
            table,
        });
    }
    candidates.sort_by(compare);
    pick(candidates).ok_or_else(|| nobody(request, input, settings, left_out))
}

fn out(adviser: &Adviser<'_>, because: LeftOutBecause, sources: &[Source]) -> LeftOut {
    LeftOut {
        email: adviser.email.trim().to_owned(),
        owner_id: adviser.owner_id.trim().to_owned(),
        because,
        detail: because.detail(),
        sources: if because == LeftOutBecause::SourceUnknown {
            sources.to_vec()
        } else {
            Vec::new()
        },
    }
}

pub(super) fn starts_too_late(
    adviser: &Adviser<'_>,
    input: &Input<'_>,
    settings: &Settings,
) -> Option<LeftOutBecause> {
    let ahead = if settings.fixes.fixed_horizon {
        settings.horizon() - 1
    } else {
        MAX_WEEKS
    };
    let first = table::first_row(adviser, input, settings);
    (first > Week::of(input.today).plus(ahead)).then_some(LeftOutBecause::StartsBeyondHorizon)
}

/// What is not known of an adviser.
pub(super) fn unknown(adviser: &Adviser<'_>, input: &Input<'_>) -> Vec<Source> {
    let email = folded(adviser.email);
    let concerns = |who: &str| {
        let who = who.trim();
        !who.is_empty() && (who == adviser.owner_id.trim() || folded(who) == email)
    };
    let mut sources: Vec<_> = input
        .unknown
        .iter()
        .filter(|unknown| unknown.adviser.is_none_or(concerns))
        .map(|unknown| unknown.source)
        .collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

pub(super) fn is_unknown(sources: &[Source], settings: &Settings) -> Option<LeftOutBecause> {
    let counts_as_free = settings.fixes.unknown_sources == UnknownSources::CountAsFree;
    (!sources.is_empty() && !counts_as_free).then_some(LeftOutBecause::SourceUnknown)
}

fn sources_of(left_out: &[LeftOut]) -> Vec<Source> {
    let mut sources: Vec<_> = left_out
        .iter()
        .flat_map(|one| one.sources.iter().copied())
        .collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

/// How many deals we have given to each adviser lately; one that went from one to another is the last one's.
fn allocations_by_email(input: &Input<'_>) -> BTreeMap<String, usize> {
    let since = input.today.checked_sub_days(Days::new(COUNTED_DAYS));
    let mut latest: BTreeMap<&str, &OwnAllocation<'_>> = BTreeMap::new();
    for one in input.allocations {
        if since.is_none_or(|since| one.decided_on >= since) {
            let kept = latest.entry(one.deal_id).or_insert(one);
            *kept = (*kept).max(one);
        }
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in latest.values() {
        let count = counts
            .entry(folded(one.adviser_email).into_owned())
            .or_default();
        *count = count.saturating_add(1);
    }
    counts
}

fn compare(one: &Candidate, other: &Candidate) -> Ordering {
    let who = |candidate: &Candidate| {
        (
            candidate.allocations,
            folded(&candidate.email).into_owned(),
            candidate.owner_id.clone(),
        )
    };
    one.earliest_week
        .cmp(&other.earliest_week)
        .then_with(|| one.ratio.compare(other.ratio))
        .then_with(|| who(one).cmp(&who(other)))
}

/// The first by every criterion in turn; it is moved to the front of the candidates, which are sorted.
fn pick(candidates: &mut [Candidate]) -> Option<Chosen> {
    let best = candidates.first()?;
    let (week, ratio) = (best.earliest_week, best.ratio);
    let mut left: Vec<usize> = (0..candidates.len()).collect();
    let mut by = Criterion::OnlyCandidate;
    let mut left_after = Vec::new();
    let mut keep = |criterion: Criterion, is_kept: &dyn Fn(&Candidate) -> bool| {
        if left.len() > 1 {
            left.retain(|at| candidates.get(*at).is_some_and(is_kept));
            left_after.push((criterion, left.len()));
            by = criterion;
        }
        left.clone()
    };
    keep(Criterion::EarliestWeek, &|one| one.earliest_week == week);
    // Ratios that are nearly equal are equal, so the first in order may not be the one.
    let left = keep(Criterion::Ratio, &|one| one.ratio.is_at_most(ratio));
    let of_left = || left.iter().filter_map(|at| candidates.get(*at));
    let fewest = of_left().map(|one| one.allocations).min()?;
    let left = keep(Criterion::FewestAllocations, &|one| {
        one.allocations == fewest
    });
    let of_left = || left.iter().filter_map(|at| candidates.get(*at));
    let first = of_left()
        .map(|one| (folded(&one.email).into_owned(), one.owner_id.clone()))
        .min()?;
    let left = keep(Criterion::Email, &|one| {
        (folded(&one.email).as_ref(), &one.owner_id) == (first.0.as_str(), &first.1)
    });
    let &at = left.first()?;
    let chosen = candidates.get(at).map(|one| Chosen {
        email: one.email.clone(),
        name: one.name.clone(),
        owner_id: one.owner_id.clone(),
        earliest_week: one.earliest_week,
        earliest_label: one.earliest_label.clone(),
        by,
        left_after,
    });
    if let Some(front) = candidates.get_mut(..=at) {
        front.rotate_right(1);
    }
    chosen
}

/// Why nobody is left.
fn nobody(
    request: &Request<'_>,
    input: &Input<'_>,
    settings: &Settings,
    left_out: &[LeftOut],
) -> Failure {
    let package = request.service_package.trim().to_owned();
    // Who is unknown might be the one.
    let sources = sources_of(left_out);
    if !sources.is_empty() {
        return Failure::SourceUnknown { sources };
    }
    let mut could = left_out
        .iter()
        .map(|one| one.because)
        .filter(|because| because.may_take_the_deal())
        .peekable();
    if could.peek().is_some() {
        let all: Vec<_> = could.collect();
        let are_all = |because| all.iter().all(|one| *one == because);
        return if are_all(LeftOutBecause::OnLeave) {
            Failure::EveryoneOnLeave
        } else if are_all(LeftOutBecause::TargetIsZero) {
            Failure::LimitsAreZero
        } else {
            Failure::NoEligibleAdviser { package }
        };
    }
    if left_out
        .iter()
        .any(|one| one.because == LeftOutBecause::HouseholdNotServed)
    {
        return Failure::HouseholdMismatch {
            package,
            household: request.household_type.trim().to_owned(),
        };
    }
    if eligibility::is_known_package(&package, input, settings) {
        Failure::NoEligibleAdviser { package }
    } else {
        Failure::UnknownPackage { package }
    }
}
