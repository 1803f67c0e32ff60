//! The first week in which an adviser has room for one more client.
//!
//! The idea: every deal without a first meeting will need one. Walk the weeks; place what waits into the room that
//! each of them has, up to a few a week; the first week in which nothing waits any more and room is left is the
//! answer. It is not before the buffer, nor before the week after the agreement starts. What follows is the replaced
//! system's way to compute this, number by number, because its answers are what people are used to.
//!
//! It looks at the weeks before the walk only in sum: of an agreement far ahead all that waits today is carried in,
//! whatever room there will be until then, and only the two weeks before are set against it. So a later agreement
//! can make an answer later than the agreement asks for.

use serde::Serialize;

use super::Week;
use super::number::{Halves, Ratio};
use super::settings::Settings;
use super::table::{Row, Table};
use crate::text_enum::text_enum;

/// How a week came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// `None`: never.
    pub week: Option<Week>,
    pub found: Found,
    /// No answer is before this week.
    pub floor: Week,
    /// What waits when the walk begins; below zero, room that was not used.
    pub carried_in: Halves,
    /// Half the targets and all meetings before the walk begins.
    pub aimed_at_before: Halves,
    pub clarifies_before: i64,
    /// What was walked: weeks of absence are passed over.
    pub steps: Vec<Step>,
}

text_enum! {
    pub enum Found, "way to find a week" {
        /// A week of the table has room.
        Open = "open",
        /// No week has; it was reckoned when the rest of the backlog will be done.
        Projected = "projected",
        /// The agreement starts after the table.
        BeyondTable = "beyond_table",
        /// Away in all weeks that come into question.
        OnLeave = "on_leave",
        /// A target of 0 in all weeks that come into question.
        TargetIsZero = "target_is_zero",
    }
}

/// One week of the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    pub week: Week,
    /// Deals that begin to wait.
    pub new: i64,
    pub room: Halves,
    /// How much of what waits is given a place in the week.
    pub placed: Halves,
    pub spare: Halves,
    /// What waits afterwards.
    pub backlog: Halves,
    /// Half the targets up to here, and what they are held against: meetings and deals.
    pub aimed_at: Halves,
    pub taken: i64,
    pub is_open: bool,
}

/// `now` is the current week, `agreement` that in which the deal's agreement starts.
#[must_use]
pub fn earliest(table: &Table, now: Week, agreement: Option<Week>, settings: &Settings) -> Answer {
    let buffered = now.plus(settings.buffer());
    let floor = agreement.map_or(buffered, |agreement| buffered.max(agreement.plus(1)));
    let begin = floor.max(table.first());
    let mut answer = Answer {
        week: None,
        found: Found::BeyondTable,
        floor,
        carried_in: Halves::default(),
        aimed_at_before: Halves::default(),
        clarifies_before: 0,
        steps: Vec::new(),
    };
    if begin > table.last() {
        answer.week = Some(begin.max(table.last().plus(2)));
        return answer;
    }
    if settings.fixes.zero_target_is_never
        && let Some(never) = never(table, begin)
    {
        answer.found = never;
        return answer;
    }
    let mut walk = Walk::begin(table, begin);
    answer.carried_in = Halves(walk.backlog);
    answer.aimed_at_before = Halves(walk.aimed_at);
    answer.clarifies_before = walk.taken;
    let mut week = begin;
    while week <= table.last() {
        if let Some(step) = walk.step(week, settings) {
            answer.steps.push(step);
            if step.is_open {
                answer.found = Found::Open;
                answer.week = Some(week);
                return answer;
            }
        }
        week = week.plus(1);
    }
    if settings.fixes.zero_target_is_never && table.limits.fortnight(table.last()) == 0 {
        answer.found = Found::TargetIsZero;
        return answer;
    }
    answer.found = Found::Projected;
    answer.week = Some(projected(table, begin, walk.remaining(settings)).max(floor));
    answer
}

/// How full an adviser is up to and including a week.
#[must_use]
pub fn ratio(table: &Table, week: Week) -> Ratio {
    let (mut clarifies, mut targets) = (0_i64, 0_i64);
    for (_, row) in table.rows().take_while(|(at, _)| *at <= week) {
        clarifies = clarifies.saturating_add(row.clarify);
        targets = targets.saturating_add(row.target);
    }
    Ratio::new(clarifies, targets)
}

/// Why nothing can ever be placed from a week on, if nothing can.
fn never(table: &Table, begin: Week) -> Option<Found> {
    let mut has_limit = false;
    for (week, row) in table.rows().filter(|(week, _)| *week >= begin) {
        if row.target > 0 {
            return None;
        }
        has_limit |= table.limits.fortnight(week) > 0;
    }
    Some(if has_limit {
        Found::OnLeave
    } else {
        Found::TargetIsZero
    })
}

/// Two weeks for every fortnight's worth of what is left, after the last row.
fn projected(table: &Table, begin: Week, backlog: i64) -> Week {
    let fortnight = table.limits.fortnight(begin).max(1).saturating_mul(2);
    let left = backlog.max(0);
    let fortnights = left / fortnight + i64::from(left % fortnight > 0);
    let weeks = i32::try_from(fortnights.saturating_mul(2)).unwrap_or(i32::MAX);
    table.last().plus(weeks)
}

/// The walk; a target is of a fortnight, so in halves of a client it is what one week is to take.
struct Walk<'t> {
    table: &'t Table,
    /// In halves.
    backlog: i64,
    aimed_at: i64,
    taken: i64,
    /// What was placed in the working week before, in halves.
    previous: i64,
    /// Deals that fell due in weeks of absence.
    delayed: i64,
}

impl<'t> Walk<'t> {
    fn begin(table: &'t Table, begin: Week) -> Self {
        let over = |weeks: i32| {
            let row = table.row(begin.plus(-weeks));
            2 * row.clarify - row.target
        };
        let (mut waiting, mut aimed_at, mut taken) = (table.deals_before, 0_i64, 0_i64);
        for (week, row) in table.rows().take_while(|(week, _)| *week < begin) {
            if week < begin.plus(-2) {
                waiting = waiting.saturating_add(row.deals);
            }
            aimed_at = aimed_at.saturating_add(row.target);
            taken = taken.saturating_add(row.clarify);
        }
        Self {
            table,
            backlog: 2 * waiting + over(3).max(0) + over(2) + over(1),
            aimed_at,
            taken,
            previous: 0,
            delayed: 0,
        }
    }

    /// `None` for a week of absence.
    fn step(&mut self, week: Week, settings: &Settings) -> Option<Step> {
        let row = self.table.row(week);
        let due = self.table.row(week.plus(-2)).deals;
        if row.absence.is_full() {
            if settings.fixes.carry_over_full_weeks {
                self.delayed += due;
            }
            return None;
        }
        let new = due + std::mem::take(&mut self.delayed);
        self.backlog += 2 * new;
        let (before, after) = self.neighbours(week);
        let room = (2 * (row.target - before.clarify - row.clarify) - self.previous)
            .min(-2 * after.difference());
        let cap = 2 * (i64::from(settings.clarifies_per_week) - row.clarify);
        let placed = room
            .min(cap)
            .max(0)
            .min(self.backlog)
            .min(2 * (-before.difference()).max(-after.difference()))
            .max(0);
        self.backlog -= placed;
        self.previous = placed;
        let spare = room - placed;
        self.backlog += (2 * row.clarify).max(placed) - row.target;
        self.aimed_at += row.target;
        self.taken += row.clarify + new;
        Some(Step {
            week,
            new,
            room: Halves(room),
            placed: Halves(placed),
            spare: Halves(spare),
            backlog: Halves(self.backlog),
            aimed_at: Halves(self.aimed_at),
            taken: self.taken,
            is_open: self.backlog <= 0 && spare > 1 && self.aimed_at > 2 * self.taken,
        })
    }

    /// The nearest weeks before and after that are worked; nothing where there is none.
    fn neighbours(&self, week: Week) -> (Row, Row) {
        let at = usize::try_from(week.weeks_since(self.table.first())).unwrap_or_default();
        let rows = self.table.slice();
        let is_worked = |row: &&Row| !row.absence.is_full();
        let before = rows.iter().take(at).rev().find(is_worked);
        let after = rows.iter().skip(at.saturating_add(1)).find(is_worked);
        (
            before.copied().unwrap_or_default(),
            after.copied().unwrap_or_default(),
        )
    }

    /// What waits after the last row, in halves.
    fn remaining(&self, settings: &Settings) -> i64 {
        if settings.fixes.carry_over_full_weeks {
            self.backlog + 2 * self.delayed
        } else {
            self.backlog
        }
    }
}
