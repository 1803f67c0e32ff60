//! Which punch is the work of which shift, of one person.
//!
//! 1. The provider says so: the punch carries the id of the shift ("External shift ID", seed). It counts
//!    where the clock-in lies within a day of the shift; a name that is further off is a slip.
//! 2. The times say so: the punch began within the window of the shift's start, 2 h either way, on the same
//!    local day ("fuzzy match", seed). Where several compete, as many pairs as can be are made, and of all
//!    ways to do so the one whose starts differ least in all. A pair across midnight is one of the same day
//!    unless the rules say otherwise: who clocks in at 23:55 for a shift at 00:00 is on time. Where approved time off
//!    covers the start, the person was to come when it ends: that time counts for the start, and the start itself only
//!    for what is left over then, shifts and punches.
//! 3. A further punch belongs to a shift that has one, if it began before that shift's end: a shift that was
//!    worked in two punches. One that began before the shift does only if it was running at its start: who taps in
//!    and out before it is not there when it begins.
//! 4. A shift without a punch during whose start a punch of another shift ran, and went on for half an hour or half of
//!    the shift, was worked with it: two shifts in one punch. Who goes home a little after the next shift has begun did
//!    not come to that one.
//!
//! What is left over is an unscheduled punch, or a shift that nobody came to. Nothing here depends on the
//! order in which rows come.

use smallvec::smallvec;

use super::{Few, Punch, Shift};

/// How far a clock-in may lie from the shift that the provider names, in seconds.
pub const MAX_LINK_SECONDS: i64 = 24 * 3_600;
/// A shift until closing time, and a punch without an end, last this long at the most, in seconds.
const MAX_OPEN_SECONDS: i64 = 16 * 3_600;
/// Nothing that began longer ago than this is still going on, in seconds.
pub const MAX_LOOK_SECONDS: i64 = 48 * 3_600;
/// What competes with each other of one person; more than this is no schedule. It bounds time and memory.
const MAX_COMPETING: usize = 256;
/// Of a shift, or half of it: who was on the clock for so long has worked it, in seconds.
const WORKED_THROUGH_SECONDS: i64 = 1_800;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Between the starts of a shift and a punch of the same work, in seconds, both ends included.
    pub seconds: i64,
    /// Whether midnight may lie between them.
    pub across_midnight: bool,
}

impl Default for Window {
    /// Two hours, as in the replaced system.
    fn default() -> Self {
        Self {
            seconds: 2 * 3_600,
            across_midnight: true,
        }
    }
}

/// How the punches of a work were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchedBy {
    /// The provider named the shift.
    ShiftId,
    /// The times.
    Time,
    /// Not at all: an unscheduled punch, or a shift that nobody came to.
    Nothing,
}

impl MatchedBy {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ShiftId => "shift_id",
            Self::Time => "time",
            Self::Nothing => "nothing",
        }
    }
}

/// Shifts and punches of one piece of work, as indices, each in the order of their starts. One of the two
/// may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    pub shifts: Few<usize>,
    pub punches: Few<usize>,
    pub matched_by: MatchedBy,
}

/// All work of one person, in the order of its start: every shift and every punch is in exactly one.
#[must_use]
pub fn works(shifts: &[Shift<'_>], punches: &[Punch<'_>], window: Window) -> Vec<Work> {
    let mut matching = Matching::new(shifts, punches, window);
    matching.by_shift_id();
    matching.by_expected();
    matching.by_start();
    matching.split_punches();
    matching.shifts_worked_through();
    matching.works()
}

/// The pairs that the times alone give, as shift and punch: the base of everything else. First by when people were to
/// come, then those that the starts add.
#[cfg(test)]
pub(super) fn pairs_by_time(
    shifts: &[Shift<'_>],
    punches: &[Punch<'_>],
    window: Window,
) -> [Vec<(usize, usize)>; 2] {
    fn pairs(matching: &Matching<'_>) -> Vec<(usize, usize)> {
        let of_punches = matching.shift_of.iter().enumerate();
        of_punches
            .filter_map(|(punch, shift)| shift.map(|shift| (shift, punch)))
            .collect()
    }
    let mut matching = Matching::new(shifts, punches, window);
    matching.by_expected();
    let by_expected = pairs(&matching);
    matching.by_start();
    let mut by_start = pairs(&matching);
    by_start.retain(|pair| !by_expected.contains(pair));
    [by_expected, by_start]
}

/// The time of a shift that a clock-in is held against.
type Moment = fn(&Shift<'_>) -> i64;

const EXPECTED: Moment = |shift| shift.expected_at;
const START: Moment = |shift| shift.starts_at;

/// Whether time off covers its start, so that the two differ.
const fn begins_off(shift: &Shift<'_>) -> bool {
    shift.expected_at != shift.starts_at
}

struct Matching<'a> {
    shifts: &'a [Shift<'a>],
    punches: &'a [Punch<'a>],
    window: Window,
    /// Indices in the order of starts.
    shift_order: Few<usize>,
    punch_order: Few<usize>,
    /// By shift: whether it has a punch, and how that was found.
    found: Few<Option<MatchedBy>>,
    /// By punch.
    shift_of: Few<Option<usize>>,
    /// By shift: the shift that it was worked together with.
    joined: Few<Option<usize>>,
}

impl<'a> Matching<'a> {
    fn new(shifts: &'a [Shift<'a>], punches: &'a [Punch<'a>], window: Window) -> Self {
        let mut shift_order: Few<usize> = (0..shifts.len()).collect();
        shift_order.sort_by_key(|&index| {
            shifts
                .get(index)
                .map(|shift| (shift.starts_at, shift.ends_at, shift.key.len(), shift.key))
        });
        let mut punch_order: Few<usize> = (0..punches.len()).collect();
        punch_order.sort_by_key(|&index| {
            punches.get(index).map(|punch| {
                let out = punch.clocked_out_at.unwrap_or(i64::MAX);
                (punch.clocked_in_at, out, punch.key.len(), punch.key)
            })
        });
        Self {
            shifts,
            punches,
            window,
            shift_order,
            punch_order,
            found: smallvec![None; shifts.len()],
            shift_of: smallvec![None; punches.len()],
            joined: smallvec![None; shifts.len()],
        }
    }

    fn give(&mut self, punch: usize, shift: usize, by: MatchedBy) {
        if let Some(slot) = self.shift_of.get_mut(punch) {
            *slot = Some(shift);
        }
        if let Some(found) = self.found.get_mut(shift)
            && found.is_none()
        {
            *found = Some(by);
        }
    }

    fn has_punch(&self, shift: usize) -> bool {
        self.found.get(shift).is_some_and(Option::is_some)
    }

    fn is_free(&self, punch: usize) -> bool {
        self.shift_of.get(punch).is_some_and(Option::is_none)
    }

    fn by_shift_id(&mut self) {
        for (index, punch) in self.punches.iter().enumerate() {
            let Some(named) = punch.shift else { continue };
            let is_near = self.shifts.get(named).is_some_and(|shift| {
                let at = punch.clocked_in_at;
                at >= shift.starts_at.saturating_sub(MAX_LINK_SECONDS)
                    && at <= last_end(shift).saturating_add(MAX_LINK_SECONDS)
            });
            if is_near {
                self.give(index, named, MatchedBy::ShiftId);
            }
        }
    }

    fn by_expected(&mut self) {
        let mut open: Few<usize> = self
            .shift_order
            .iter()
            .copied()
            .filter(|&shift| !self.has_punch(shift))
            .collect();
        if self.shifts.iter().any(begins_off) {
            open.sort_by_key(|&shift| self.moment_of(shift, EXPECTED));
        }
        self.by_time(&open, EXPECTED);
    }

    /// Who came for the start, although they had time off then.
    fn by_start(&mut self) {
        let open: Few<usize> = self
            .shift_order
            .iter()
            .copied()
            .filter(|&shift| self.shifts.get(shift).is_some_and(begins_off))
            .filter(|&shift| !self.has_punch(shift))
            .collect();
        if !open.is_empty() {
            self.by_time(&open, START);
        }
    }

    /// Pairs these shifts, in the order of `moment`, with punches that are free.
    fn by_time(&mut self, open: &[usize], moment: Moment) {
        let free: Few<usize> = self
            .punch_order
            .iter()
            .copied()
            .filter(|&punch| self.is_free(punch))
            .collect();
        let (mut rest_of_shifts, mut rest_of_punches) = (open, free.as_slice());
        while let (Some(&shift), Some(&punch)) = (rest_of_shifts.first(), rest_of_punches.first()) {
            let starts = (self.moment_of(shift, moment), self.clock_in_of(punch));
            if starts.1.saturating_sub(starts.0) > self.window.seconds {
                rest_of_shifts = rest_of_shifts.get(1..).unwrap_or_default();
            } else if starts.0.saturating_sub(starts.1) > self.window.seconds {
                rest_of_punches = rest_of_punches.get(1..).unwrap_or_default();
            } else {
                let (shifts, punches) = self.competing(rest_of_shifts, rest_of_punches, moment);
                let pairs = self.best_pairs(
                    rest_of_shifts.get(..shifts).unwrap_or_default(),
                    rest_of_punches.get(..punches).unwrap_or_default(),
                    moment,
                );
                for (shift, punch) in pairs {
                    self.give(punch, shift, MatchedBy::Time);
                }
                rest_of_shifts = rest_of_shifts.get(shifts..).unwrap_or_default();
                rest_of_punches = rest_of_punches.get(punches..).unwrap_or_default();
            }
        }
    }

    /// How many of the next shifts and punches compete with each other: what comes behind them is further
    /// from all of them than the window.
    fn competing(&self, shifts: &[usize], punches: &[usize], moment: Moment) -> (usize, usize) {
        let mut counts = (0_usize, 0_usize);
        let mut reached = i64::MIN;
        loop {
            let next_shift = shifts
                .get(counts.0)
                .map(|&index| self.moment_of(index, moment));
            let next_punch = punches.get(counts.1).map(|&index| self.clock_in_of(index));
            let (is_shift, next) = match (next_shift, next_punch) {
                (Some(shift), Some(punch)) if shift <= punch => (true, shift),
                (Some(shift), None) => (true, shift),
                (_, Some(punch)) => (false, punch),
                (None, None) => return counts,
            };
            let is_apart =
                reached != i64::MIN && next.saturating_sub(reached) > self.window.seconds;
            if is_apart || counts.0.max(counts.1) >= MAX_COMPETING {
                return counts;
            }
            reached = next;
            if is_shift {
                counts.0 = counts.0.saturating_add(1);
            } else {
                counts.1 = counts.1.saturating_add(1);
            }
        }
    }

    /// The most pairs, and of all ways to make so many the one whose starts differ least in all.
    ///
    /// Two pairs that cross can be uncrossed: the earlier shift with the earlier punch, the later with the
    /// later, differ no more in all, and neither pair is wider than the wider one was. So it is enough to
    /// look at pairs in order, as when two texts are compared.
    fn best_pairs(
        &self,
        shifts: &[usize],
        punches: &[usize],
        moment: Moment,
    ) -> Few<(usize, usize)> {
        let width = punches.len().saturating_add(1);
        // For the first `i` shifts and `j` punches: how many pairs fewer than could be, and the sum of differences.
        let mut best: Few<(i64, i64)> =
            smallvec![(0, 0); width.saturating_mul(shifts.len().saturating_add(1))];
        let at = |i: usize, j: usize| i.saturating_mul(width).saturating_add(j);
        for (i, &shift) in shifts.iter().enumerate() {
            for (j, &punch) in punches.iter().enumerate() {
                let get = |cell: usize| best.get(cell).copied().unwrap_or_default();
                let mut cell = get(at(i, j.saturating_add(1))).min(get(at(i.saturating_add(1), j)));
                if let Some(difference) = self.difference(shift, punch, moment) {
                    let (pairs, sum) = get(at(i, j));
                    cell = cell.min((pairs.saturating_sub(1), sum.saturating_add(difference)));
                }
                if let Some(slot) = best.get_mut(at(i.saturating_add(1), j.saturating_add(1))) {
                    *slot = cell;
                }
            }
        }
        let get = |i: usize, j: usize| best.get(at(i, j)).copied().unwrap_or_default();
        let mut pairs = Few::new();
        let (mut i, mut j) = (shifts.len(), punches.len());
        // Of equally good ways the one with the earlier punch, then the earlier shift.
        while i > 0 && j > 0 {
            let here = get(i, j);
            let (before_i, before_j) = (i.saturating_sub(1), j.saturating_sub(1));
            if here == get(i, before_j) {
                j = before_j;
            } else if here == get(before_i, j) {
                i = before_i;
            } else {
                if let (Some(&shift), Some(&punch)) = (shifts.get(before_i), punches.get(before_j))
                {
                    pairs.push((shift, punch));
                }
                (i, j) = (before_i, before_j);
            }
        }
        pairs
    }

    /// Between the starts, where they can be a pair.
    fn difference(&self, shift: usize, punch: usize, moment: Moment) -> Option<i64> {
        let (shift, punch) = (self.shifts.get(shift)?, self.punches.get(punch)?);
        may_pair_by(shift, punch, self.window, moment).then(|| apart(shift, punch, moment))
    }

    fn split_punches(&mut self) {
        for &punch in &self.punch_order.clone() {
            if !self.is_free(punch) {
                continue;
            }
            let at = self.clock_in_of(punch);
            let next = self
                .shift_order
                .partition_point(|&shift| self.start_of(shift) <= at);
            let (begun, coming) = self.shift_order.split_at(next);
            // Of those that have begun the last one, else the first that is to come.
            let begun = begun
                .iter()
                .rev()
                .copied()
                .take_while(|&shift| at.saturating_sub(self.start_of(shift)) <= MAX_LOOK_SECONDS)
                .find(|&shift| {
                    self.has_punch(shift)
                        && self
                            .shifts
                            .get(shift)
                            .is_some_and(|shift| at < last_end(shift))
                });
            let coming = coming
                .iter()
                .copied()
                .take_while(|&shift| self.start_of(shift).saturating_sub(at) <= self.window.seconds)
                .find(|&shift| {
                    self.has_punch(shift)
                        && self
                            .punches
                            .get(punch)
                            .is_some_and(|punch| runs_at(punch, self.start_of(shift)))
                });
            if let Some(shift) = begun.or(coming) {
                self.give(punch, shift, MatchedBy::Time);
            }
        }
    }

    fn shifts_worked_through(&mut self) {
        for &index in &self.shift_order.clone() {
            if self.has_punch(index) {
                continue;
            }
            let Some(shift) = self.shifts.get(index) else {
                continue;
            };
            let mut through = self.running_through(shift, shift.starts_at);
            if through.is_none() && begins_off(shift) {
                through = self.running_through(shift, shift.expected_at);
            }
            let with = through.and_then(|punch| self.shift_of.get(punch).copied().flatten());
            if let (Some(with), Some(slot)) = (with, self.joined.get_mut(index)) {
                *slot = Some(with);
            }
        }
    }

    /// A punch of another shift that ran at this time of a shift, and went on for half an hour or half of what was left.
    fn running_through(&self, shift: &Shift<'_>, at: i64) -> Option<usize> {
        let half = last_end(shift).saturating_sub(at).max(0) / 2;
        let until = at.saturating_add(half.min(WORKED_THROUGH_SECONDS));
        let next = self
            .punch_order
            .partition_point(|&punch| self.clock_in_of(punch) <= at);
        self.punch_order
            .iter()
            .take(next)
            .rev()
            .copied()
            .take_while(|&punch| at.saturating_sub(self.clock_in_of(punch)) <= MAX_LOOK_SECONDS)
            .find(|&punch| {
                !self.is_free(punch)
                    && self
                        .punches
                        .get(punch)
                        .is_some_and(|punch| runs_at(punch, at) && runs_at(punch, until))
            })
    }

    fn works(self) -> Vec<Work> {
        // By its first shift, or by its only punch.
        let mut of_shift: Few<Option<usize>> = smallvec![None; self.shifts.len()];
        let mut works: Vec<Work> = Vec::new();
        for &shift in &self.shift_order {
            if self.joined.get(shift).copied().flatten().is_some() {
                continue;
            }
            if let Some(slot) = of_shift.get_mut(shift) {
                *slot = Some(works.len());
            }
            works.push(Work {
                shifts: smallvec![shift],
                punches: Few::new(),
                matched_by: self
                    .found
                    .get(shift)
                    .copied()
                    .flatten()
                    .unwrap_or(MatchedBy::Nothing),
            });
        }
        for &shift in &self.shift_order {
            let with = self.joined.get(shift).copied().flatten();
            let place = with.and_then(|with| of_shift.get(with).copied().flatten());
            if let Some(work) = place.and_then(|place| works.get_mut(place)) {
                work.shifts.push(shift);
            }
        }
        for &punch in &self.punch_order {
            let shift = self.shift_of.get(punch).copied().flatten();
            let place = shift.and_then(|shift| of_shift.get(shift).copied().flatten());
            match place.and_then(|place| works.get_mut(place)) {
                Some(work) => work.punches.push(punch),
                None => works.push(Work {
                    shifts: Few::new(),
                    punches: smallvec![punch],
                    matched_by: MatchedBy::Nothing,
                }),
            }
        }
        for work in &mut works {
            work.shifts.sort_by_key(|&shift| {
                self.shifts
                    .get(shift)
                    .map(|shift| (shift.starts_at, shift.ends_at, shift.key.len(), shift.key))
            });
        }
        works.sort_by_key(|work| {
            let shift = work
                .shifts
                .first()
                .and_then(|&index| self.shifts.get(index));
            let punch = work
                .punches
                .first()
                .and_then(|&index| self.punches.get(index));
            let start = shift
                .map(|shift| shift.starts_at)
                .or(punch.map(|punch| punch.clocked_in_at));
            let key = shift
                .map(|shift| shift.key)
                .or(punch.map(|punch| punch.key))
                .unwrap_or_default();
            (start, shift.is_none(), key.len(), key)
        });
        works
    }

    fn start_of(&self, shift: usize) -> i64 {
        self.moment_of(shift, START)
    }

    fn moment_of(&self, shift: usize, moment: Moment) -> i64 {
        self.shifts.get(shift).map_or(0, moment)
    }

    fn clock_in_of(&self, punch: usize) -> i64 {
        self.punches
            .get(punch)
            .map_or(0, |punch| punch.clocked_in_at)
    }
}

/// Whether the times let a punch be the work of a shift.
#[must_use]
pub fn may_pair(shift: &Shift<'_>, punch: &Punch<'_>, window: Window) -> bool {
    may_pair_by(shift, punch, window, EXPECTED) || may_pair_by(shift, punch, window, START)
}

/// Both times are of the shift's local day: time off of a part of a day ends on it.
fn may_pair_by(shift: &Shift<'_>, punch: &Punch<'_>, window: Window, moment: Moment) -> bool {
    apart(shift, punch, moment) <= window.seconds
        && (window.across_midnight || shift.day == punch.day)
}

fn apart(shift: &Shift<'_>, punch: &Punch<'_>, moment: Moment) -> i64 {
    punch
        .clocked_in_at
        .saturating_sub(moment(shift))
        .saturating_abs()
}

/// Whether somebody was on the clock then. A punch without an end may have been forgotten.
#[must_use]
pub fn runs_at(punch: &Punch<'_>, at: i64) -> bool {
    let out = punch
        .clocked_out_at
        .unwrap_or_else(|| punch.clocked_in_at.saturating_add(MAX_OPEN_SECONDS));
    punch.clocked_in_at <= at && at < out
}

/// Until when a shift may last.
#[must_use]
pub fn last_end(shift: &Shift<'_>) -> i64 {
    if shift.is_close {
        shift
            .ends_at
            .max(shift.starts_at.saturating_add(MAX_OPEN_SECONDS))
    } else {
        shift.ends_at.max(shift.starts_at)
    }
}
