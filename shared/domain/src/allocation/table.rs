//! One adviser's weeks: what is booked, who is away, what waits, and what could be taken.

use std::collections::BTreeMap;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::absence::{self, Absence, WeekOfAbsences};
use super::capacity::{self, Limits};
use super::demand;
use super::input::{Adviser, Input, LimitOverride, Meeting, MeetingKind, Request};
use super::mail::folded;
use super::settings::Settings;
use super::{MAX_WEEKS, Week, dates};

/// The weeks of one adviser without a gap, from the first that counts to the horizon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    first: Week,
    rows: Vec<Row>,
    /// Deals from before the first row that wait for it.
    pub deals_before: i64,
    /// Deals that do not count, because no date says from when on.
    pub undated_deals: i64,
    /// What the replaced system stumbled over: its backlog has disappeared, and nothing else is there.
    pub is_empty: bool,
    pub limits: Limits,
}

/// One week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// First meetings.
    pub clarify: i64,
    /// Shown, never used.
    pub kick_off: i64,
    pub absence: Absence,
    /// Deals without a first meeting whose agreement starts in the week; in the week before the current one, all
    /// from before it too.
    pub deals: i64,
    /// First meetings that this week and the working week before it may hold.
    pub target: i64,
    /// First meetings that they do hold.
    pub actual: i64,
}

impl Row {
    /// Below zero there is room.
    #[must_use]
    pub const fn difference(&self) -> i64 {
        self.actual.saturating_sub(self.target)
    }
}

impl Table {
    #[must_use]
    pub const fn first(&self) -> Week {
        self.first
    }

    #[must_use]
    pub fn last(&self) -> Week {
        let after = i32::try_from(self.rows.len()).unwrap_or(MAX_WEEKS);
        self.first.plus(after.saturating_sub(1))
    }

    pub fn rows(&self) -> impl Iterator<Item = (Week, &Row)> {
        (0..)
            .zip(&self.rows)
            .map(|(ahead, row)| (self.first.plus(ahead), row))
    }

    /// A week that is not in the table has nothing.
    #[must_use]
    pub fn row(&self, week: Week) -> Row {
        usize::try_from(week.weeks_since(self.first))
            .ok()
            .and_then(|at| self.rows.get(at))
            .copied()
            .unwrap_or_default()
    }

    pub(super) fn slice(&self) -> &[Row] {
        &self.rows
    }
}

/// As columns, which a record of many advisers has room for.
impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let column = |value: fn(&Row) -> i64| self.rows.iter().map(value).collect::<Vec<_>>();
        let absences: Vec<Absence> = self.rows.iter().map(|row| row.absence).collect();
        let mut object = serializer.serialize_struct("Table", 9)?;
        object.serialize_field("first_week", &self.first)?;
        object.serialize_field("clarify", &column(|row| row.clarify))?;
        object.serialize_field("kick_off", &column(|row| row.kick_off))?;
        object.serialize_field("ooo", &absences)?;
        object.serialize_field("deals", &column(|row| row.deals))?;
        object.serialize_field("target", &column(|row| row.target))?;
        object.serialize_field("actual", &column(|row| row.actual))?;
        object.serialize_field("deals_before", &self.deals_before)?;
        object.serialize_field("undated_deals", &self.undated_deals)?;
        object.end()
    }
}

/// The tables of advisers of the input, each by its place there. `request` is the deal that is allocated, if one is.
///
/// Every source is walked once, whatever it holds.
#[must_use]
pub fn tables(
    which: &[usize],
    request: Option<&Request<'_>>,
    input: &Input<'_>,
    settings: &Settings,
) -> Vec<Table> {
    let advisers: Vec<&Adviser<'_>> = which
        .iter()
        .filter_map(|at| input.advisers.get(*at))
        .collect();
    let now = Week::of(input.today);
    let mut drafts: Vec<Draft> = advisers
        .iter()
        .map(|adviser| {
            let first = first_row(adviser, input, settings).min(now.plus(MAX_WEEKS));
            Draft::new(first, now, settings)
        })
        .collect();
    let by_owner = index(&advisers, |adviser| adviser.owner_id.trim().to_owned());
    let by_email = index(&advisers, |adviser| folded(adviser.email).into_owned());
    let of_email = |email: &str| {
        by_email
            .get(folded(email).as_ref())
            .map_or(&[][..], Vec::as_slice)
    };
    add_meetings(&mut drafts, &by_owner, input, settings);
    add_absences(&mut drafts, of_email, input, settings);
    for waiting in demand::waiting(request, input, settings) {
        for &at in of_email(waiting.adviser_email) {
            if let Some(draft) = drafts.get_mut(at) {
                draft.add_deal(waiting.week);
            }
        }
    }
    let mut overrides: Vec<Vec<LimitOverride<'_>>> = vec![Vec::new(); drafts.len()];
    for one in input.overrides {
        for &at in of_email(one.adviser_email) {
            if let Some(own) = overrides.get_mut(at) {
                own.push(*one);
            }
        }
    }
    drafts
        .into_iter()
        .zip(advisers)
        .zip(overrides)
        .map(|((draft, adviser), own)| draft.finish(Limits::new(adviser, &own, settings), settings))
        .collect()
}

/// Last week, or the first week of somebody who is new. It may be beyond every horizon.
#[must_use]
pub fn first_row(adviser: &Adviser<'_>, input: &Input<'_>, settings: &Settings) -> Week {
    let last_week = Week::of(input.today).plus(-1);
    let start = dates::day(adviser.start_date);
    capacity::first_week(start, input.today, settings)
        .map_or(last_week, |first| first.max(last_week))
}

type Index = BTreeMap<String, Vec<usize>>;

fn index(advisers: &[&Adviser<'_>], key: impl Fn(&Adviser<'_>) -> String) -> Index {
    let mut index = Index::new();
    for (at, adviser) in advisers.iter().enumerate() {
        let key = key(adviser);
        if !key.is_empty() {
            index.entry(key).or_default().push(at);
        }
    }
    index
}

fn add_meetings(drafts: &mut [Draft], by_owner: &Index, input: &Input<'_>, settings: &Settings) {
    let since = Week::of(input.today).plus(-1).monday();
    let mut meetings: Vec<&Meeting<'_>> = input
        .meetings
        .iter()
        .filter(|meeting| meeting.day >= since && settings.counts_outcome(meeting.outcome))
        .collect();
    meetings.sort_unstable();
    meetings.dedup_by_key(|meeting| meeting.id);
    for meeting in meetings {
        let day = if settings.fixes.local_meeting_days {
            Some(meeting.day)
        } else {
            chrono::DateTime::from_timestamp(meeting.starts_at, 0).map(|at| at.date_naive())
        };
        let Some(day) = day else { continue };
        for &at in by_owner.get(meeting.owner_id.trim()).into_iter().flatten() {
            if let Some(draft) = drafts.get_mut(at) {
                draft.add_meeting(Week::of(day), meeting.kind);
            }
        }
    }
}

fn add_absences<'i>(
    drafts: &mut [Draft],
    of_email: impl Fn(&str) -> &'i [usize],
    input: &Input<'_>,
    settings: &Settings,
) {
    // Closures are everybody's: put together once, and joined with each one's leave.
    let last_week = Week::of(input.today).plus(-1);
    let to = drafts
        .iter()
        .map(|draft| draft.reach)
        .max()
        .unwrap_or(last_week);
    let mut closed: BTreeMap<Week, WeekOfAbsences> = BTreeMap::new();
    let mut closures: Vec<_> = input.closures.to_vec();
    closures.sort_unstable();
    for closure in &closures {
        absence::of_closure(closure, last_week, to, |week, absences| {
            closed.entry(week).or_default().join(&absences);
        });
    }
    for draft in &mut *drafts {
        for (week, absences) in closed.range(draft.first..) {
            draft.add_absences(*week, absences);
        }
    }
    let mut leave: Vec<_> = input.leave.iter().collect();
    leave.sort_unstable();
    leave.dedup_by_key(|leave| leave.id);
    for leave in leave {
        for &at in of_email(leave.email) {
            if let Some(draft) = drafts.get_mut(at) {
                let (first, reach) = (draft.first, draft.reach);
                absence::of_leave(leave, settings, first, reach, |week, absences| {
                    draft.add_absences(week, &absences);
                });
            }
        }
    }
}

/// A table that is being filled.
struct Draft {
    first: Week,
    now: Week,
    /// The last week that data may extend the table to.
    reach: Week,
    weeks: Vec<DraftWeek>,
    deals_before: i64,
    undated_deals: i64,
    /// Of the week before the current one, and of all before that: kept apart because of what they did to each
    /// other.
    deals_of_last_week: i64,
    deals_of_the_past: i64,
    has_other_data: bool,
}

#[derive(Clone, Copy, Default)]
struct DraftWeek {
    clarify: i64,
    kick_off: i64,
    absences: WeekOfAbsences,
    deals: i64,
}

impl Draft {
    fn new(first: Week, now: Week, settings: &Settings) -> Self {
        let horizon = settings.horizon();
        let last = first.plus(horizon);
        let reach = if settings.fixes.fixed_horizon {
            last
        } else {
            last.max(now.plus(MAX_WEEKS))
        };
        let length = usize::try_from(horizon)
            .unwrap_or_default()
            .saturating_add(1);
        Self {
            first,
            now,
            reach,
            weeks: vec![DraftWeek::default(); length],
            deals_before: 0,
            undated_deals: 0,
            deals_of_last_week: 0,
            deals_of_the_past: 0,
            has_other_data: false,
        }
    }

    /// A week of the table, which grows as far as it may. What is before it or too far away is dropped.
    fn week(&mut self, week: Week) -> Option<&mut DraftWeek> {
        if week > self.reach {
            return None;
        }
        let at = usize::try_from(week.weeks_since(self.first)).ok()?;
        if at >= self.weeks.len() {
            self.weeks
                .resize(at.saturating_add(1), DraftWeek::default());
        }
        self.weeks.get_mut(at)
    }

    fn add_meeting(&mut self, week: Week, kind: MeetingKind) {
        match kind {
            MeetingKind::Clarify => {
                self.has_other_data = true;
                if let Some(week) = self.week(week) {
                    week.clarify = week.clarify.saturating_add(1);
                }
            }
            // It is shown where there is a row, and makes none.
            MeetingKind::KickOff if week <= self.last() => {
                if let Some(week) = self.week(week) {
                    week.kick_off = week.kick_off.saturating_add(1);
                }
            }
            MeetingKind::KickOff => {}
        }
    }

    fn last(&self) -> Week {
        let rows = i32::try_from(self.weeks.len()).unwrap_or(MAX_WEEKS);
        self.first.plus(rows.saturating_sub(1))
    }

    fn add_absences(&mut self, week: Week, absences: &WeekOfAbsences) {
        if absences.is_nothing() {
            return;
        }
        if let Some(week) = self.week(week) {
            week.absences.join(absences);
            self.has_other_data = true;
        }
    }

    fn add_deal(&mut self, week: Option<Week>) {
        let Some(week) = week else {
            self.undated_deals = self.undated_deals.saturating_add(1);
            return;
        };
        let last_week = self.now.plus(-1);
        if week < last_week {
            self.deals_of_the_past = self.deals_of_the_past.saturating_add(1);
        } else if week == last_week {
            self.deals_of_last_week = self.deals_of_last_week.saturating_add(1);
        } else {
            self.has_other_data = true;
            if week < self.first {
                self.deals_before = self.deals_before.saturating_add(1);
            } else if let Some(week) = self.week(week) {
                week.deals = week.deals.saturating_add(1);
            }
        }
    }

    fn finish(mut self, limits: Limits, settings: &Settings) -> Table {
        let fixes = &settings.fixes;
        let disappears = !fixes.keep_past_backlog && self.deals_of_last_week > 0;
        let past = if disappears {
            0
        } else {
            self.deals_of_the_past
                .saturating_add(self.deals_of_last_week)
        };
        let last_week = self.now.plus(-1);
        if self.first > last_week {
            self.deals_before = self.deals_before.saturating_add(past);
        } else if let Some(week) = self.week(last_week) {
            week.deals = past;
        }
        if !fixes.keep_deals_before_start {
            self.deals_before = 0;
        }
        Table {
            first: self.first,
            rows: rows(self.first, &self.weeks, &limits, settings),
            deals_before: self.deals_before,
            undated_deals: self.undated_deals,
            is_empty: disappears && !fixes.empty_is_free && !self.has_other_data,
            limits,
        }
    }
}

fn rows(first: Week, weeks: &[DraftWeek], limits: &Limits, settings: &Settings) -> Vec<Row> {
    // First meetings of the nearest earlier week that was worked.
    let mut before = 0;
    (0..)
        .zip(weeks)
        .map(|(ahead, week)| {
            let absence = week.absences.absence(settings.fixes.absences);
            let actual = if absence.is_full() && ahead > 0 {
                0
            } else {
                week.clarify.saturating_add(before)
            };
            if !absence.is_full() {
                before = week.clarify;
            }
            let fortnight = limits.fortnight(first.plus(ahead));
            Row {
                clarify: week.clarify,
                kick_off: week.kick_off,
                absence,
                deals: week.deals,
                target: capacity::target(fortnight, absence),
                actual,
            }
        })
        .collect()
}
