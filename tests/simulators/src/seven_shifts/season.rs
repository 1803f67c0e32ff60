//! Weeks in the life of a restaurant group: who is scheduled, who turns up,
//! how late, and what the managers correct afterwards.

use chrono::{
    DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Weekday,
};
use chrono_tz::Tz;
use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;

use super::accounts::{Ids, take};
use super::model::{Company, PosType, PunchBreak, Role, TimePunch};
use super::shift::{
    AttendanceStatus, OpenOfferType, PlannedBreak, Shift, ShiftDetails, ShiftState,
};

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
const WEEKS_BEFORE: u64 = 6;
const WEEKS_AHEAD: u64 = 2;
/// People who left are not scheduled after this.
const LEFT_BEFORE_NOW: i64 = 21 * DAY;

/// A shift that is worked every day.
struct Slot {
    role: &'static str,
    /// Minutes after local midnight.
    start: u32,
    minutes: i64,
    on_weekdays: u32,
    on_weekends: u32,
}

const SLOTS: [Slot; 10] = [
    slot("Prep Cook", 8 * 60, 360, 1, 1),
    slot("Shift Manager", 9 * 60, 450, 1, 1),
    slot("Line Cook", 10 * 60, 420, 1, 1),
    slot("Server", 10 * 60 + 30, 330, 1, 2),
    slot("Shift Manager", 15 * 60 + 30, 525, 1, 1),
    slot("Line Cook", 16 * 60, 390, 2, 2),
    slot("Server", 16 * 60 + 30, 360, 2, 2),
    slot("Dishwasher", 17 * 60, 360, 1, 1),
    slot("Host", 17 * 60, 300, 0, 1),
    slot("Bartender", 18 * 60, 480, 1, 1),
];

const fn slot(
    role: &'static str,
    start: u32,
    minutes: i64,
    on_weekdays: u32,
    on_weekends: u32,
) -> Slot {
    Slot {
        role,
        start,
        minutes,
        on_weekdays,
        on_weekends,
    }
}

/// Fills a company with six weeks behind `now` and two ahead of it.
///
/// `leavers` work until they left; the two `roamers` are at work right now,
/// one of them on a break.
pub fn play(
    company: &mut Company,
    ids: &mut Ids,
    random: &mut ChaCha8Rng,
    now: i64,
    leavers: &[i64],
    roamers: [i64; 2],
) {
    let mut season = Season {
        zone: company.timezone,
        company,
        ids,
        random,
        now,
        leavers,
        punches: Vec::new(),
    };
    let today = DateTime::from_timestamp(now, 0)
        .unwrap_or_default()
        .with_timezone(&season.zone)
        .date_naive();
    let first = today - Days::new(7 * WEEKS_BEFORE);
    for date in first.iter_days().take(days(WEEKS_BEFORE + WEEKS_AHEAD)) {
        season.play_day(date);
    }
    let [working, on_a_break] = roamers;
    season.at_work_now(working, false);
    season.at_work_now(on_a_break, true);
    season.make_sure_of_the_rare();
    season.hand_in_punches();
}

fn days(weeks: u64) -> usize {
    usize::try_from(7 * weeks).unwrap_or(0)
}

struct Season<'a> {
    company: &'a mut Company,
    ids: &'a mut Ids,
    random: &'a mut ChaCha8Rng,
    zone: Tz,
    now: i64,
    leavers: &'a [i64],
    /// Without ids, which follow the order in which punches were made.
    punches: Vec<TimePunch>,
}

impl Season<'_> {
    fn play_day(&mut self, date: NaiveDate) {
        let weekend = matches!(date.weekday(), Weekday::Fri | Weekday::Sat | Weekday::Sun);
        let mut at_work: Vec<i64> = Vec::new();
        let location_ids: Vec<i64> = self
            .company
            .locations
            .iter()
            .map(|place| place.id)
            .collect();
        for location_id in location_ids {
            for slot in &SLOTS {
                let count = if weekend {
                    slot.on_weekends
                } else {
                    slot.on_weekdays
                };
                for position in 0..count {
                    self.schedule(date, location_id, slot, position, &mut at_work);
                }
            }
        }
    }

    fn schedule(
        &mut self,
        date: NaiveDate,
        location_id: i64,
        slot: &Slot,
        position: u32,
        at_work: &mut Vec<i64>,
    ) {
        let Some(role) = self
            .company
            .roles
            .iter()
            .find(|role| role.location_id == location_id && role.name == slot.role)
            .cloned()
        else {
            return;
        };
        let start = self.local(date, slot.start);
        let end = start + slot.minutes * MINUTE;
        let user_id = self.someone_for(role.id, start, at_work);
        at_work.extend(user_id);
        let details = self.planned(&role, position, user_id, start, end);
        self.publish_or_not(&role, details);
    }

    /// Whoever has the role and does not work that day. Now and then nobody:
    /// an open shift.
    fn someone_for(&mut self, role_id: i64, start: i64, at_work: &[i64]) -> Option<i64> {
        if self.random.random_bool(0.03) {
            return None;
        }
        let left = start > self.now - LEFT_BEFORE_NOW;
        let candidates: Vec<i64> = self
            .company
            .users
            .iter()
            .filter(|user| {
                user.assignments.role_ids.contains(&role_id)
                    && !at_work.contains(&user.id)
                    && !(left && self.leavers.contains(&user.id))
            })
            .map(|user| user.id)
            .collect();
        candidates.choose(self.random).copied()
    }

    fn planned(
        &mut self,
        role: &Role,
        position: u32,
        user_id: Option<i64>,
        start: i64,
        end: i64,
    ) -> ShiftDetails {
        let station = usize::try_from(position)
            .ok()
            .and_then(|position| role.stations.get(position));
        let breaks = if end - start >= 5 * HOUR {
            vec![PlannedBreak {
                name: "Meal".to_owned(),
                length: 30,
                paid: false,
            }]
        } else {
            Vec::new()
        };
        // The week's schedule is made eight to fourteen days before.
        let planned_at = start - self.random.random_range(8 * DAY..14 * DAY);
        let modified = planned_at.min(self.now - self.random.random_range(HOUR..2 * DAY));
        ShiftDetails {
            location_id: role.location_id,
            department_id: Some(role.department_id),
            role_id: Some(role.id),
            station_id: station.map(|station| station.id),
            user_id,
            start,
            end,
            close: role.name == "Bartender",
            business_decline: false,
            hourly_wage: user_id.map_or(0, |id| self.wage(id)),
            notes: String::new(),
            notified: user_id.is_some(),
            open: user_id.is_none(),
            unassigned: false,
            open_offer_type: user_id.is_none().then_some(OpenOfferType::AllRoleMembers),
            attendance_status: AttendanceStatus::None,
            late_minutes: 0,
            breaks,
            modified,
        }
    }

    /// What is past was published, with few exceptions; the second week ahead
    /// is a draft, except at the first location.
    fn publish_or_not(&mut self, role: &Role, mut details: ShiftDetails) {
        let id = take(&mut self.ids.shift);
        let created = details.modified;
        let first_location = self
            .company
            .locations
            .iter()
            .next()
            .is_some_and(|place| place.id == details.location_id);
        let chance: f64 = self.random.random();
        let state = if details.start > self.now + 7 * DAY && !first_location {
            ShiftState::Draft(details)
        } else if chance < 0.012 {
            self.deleted(details)
        } else if chance < 0.016 {
            ShiftState::Draft(details)
        } else if details.start > self.now && chance < 0.05 {
            self.edited(details)
        } else {
            if details.start <= self.now {
                self.turn_up(id, role, &mut details);
            }
            ShiftState::Published(details)
        };
        self.company.shifts.insert(Shift { id, created, state });
    }

    fn deleted(&mut self, details: ShiftDetails) -> ShiftState {
        ShiftState::Deleted(ShiftDetails {
            modified: self.between(details.modified, self.now),
            ..details
        })
    }

    /// An edit that waits for publication: half an hour later, and a note.
    fn edited(&mut self, published: ShiftDetails) -> ShiftState {
        ShiftState::Edited {
            draft: ShiftDetails {
                start: published.start + 30 * MINUTE,
                notes: "Come half an hour later".to_owned(),
                modified: self.between(published.modified, self.now),
                ..published.clone()
            },
            published,
        }
    }

    /// Whether someone comes, and when.
    fn turn_up(&mut self, shift_id: i64, role: &Role, details: &mut ShiftDetails) {
        let Some(user_id) = details.user_id else {
            return;
        };
        let chance: f64 = self.random.random();
        if chance < 0.025 {
            self.note_absence(details, AttendanceStatus::NoShow);
            return;
        }
        if chance < 0.04 {
            self.note_absence(details, AttendanceStatus::Sick);
            return;
        }
        let late = if chance < 0.14 {
            self.random.random_range(6..=35)
        } else {
            self.random.random_range(-8..=4)
        };
        let clocked_in = details.start + late * MINUTE + self.random.random_range(0..MINUTE);
        if clocked_in > self.now {
            return;
        }
        if late > 5 {
            details.attendance_status = AttendanceStatus::Late;
            details.late_minutes = late;
            details.modified = clocked_in;
        }
        let mut punch = self.punch(user_id, details, Some(shift_id), clocked_in);
        self.work(&mut punch, details, role);
        self.spoil(&mut punch);
        self.punches.push(punch);
    }

    fn note_absence(&mut self, details: &mut ShiftDetails, status: AttendanceStatus) {
        let noticed = details.start + self.random.random_range(20 * MINUTE..2 * HOUR);
        if noticed <= self.now {
            details.attendance_status = status;
            details.modified = noticed;
        }
    }

    fn punch(
        &self,
        user_id: i64,
        details: &ShiftDetails,
        shift_id: Option<i64>,
        clocked_in: i64,
    ) -> TimePunch {
        let created = (clocked_in + 4).min(self.now);
        TimePunch {
            id: 0,
            user_id,
            location_id: details.location_id,
            department_id: details.department_id,
            role_id: details.role_id,
            shift_id,
            clocked_in,
            clocked_out: None,
            hourly_wage: self.wage(user_id),
            approved: false,
            editable_punch: true,
            auto_clocked_out: false,
            clocked_in_offline: false,
            clocked_out_offline: false,
            tips: 0,
            notes: "".into(),
            pos_type: Some(PosType::Web),
            breaks: Box::default(),
            deleted: false,
            created,
            modified: created,
        }
    }

    /// Breaks and the way home, as far as they have happened.
    fn work(&mut self, punch: &mut TimePunch, details: &ShiftDetails, role: &Role) {
        let leaves =
            details.end + MINUTE * self.leaves_after_end() + self.random.random_range(0..MINUTE);
        let mut breaks = Vec::new();
        if details.end - details.start >= 5 * HOUR && leaves - punch.clocked_in > 4 * HOUR {
            let begins = punch.clocked_in + self.random.random_range(130 * MINUTE..180 * MINUTE);
            let lasts = self.random.random_range(25 * MINUTE..40 * MINUTE);
            breaks.extend(self.taken(begins, lasts, false));
            let second = begins + lasts + 20 * MINUTE;
            // Home comes after the break, even when the end is corrected.
            if second + 20 * MINUTE < leaves && self.random.random_bool(0.35) {
                breaks.extend(self.taken(second, 10 * MINUTE, true));
            }
        }
        punch.breaks = breaks.into();
        if role.is_tipped_role {
            punch.tips = self.random.random_range(900..9_000);
        }
        if leaves <= self.now {
            punch.clocked_out = Some(leaves);
            punch.modified = (leaves + 2).min(self.now);
            // Payroll approves after a week, most of the time.
            punch.approved = leaves < self.now - 7 * DAY && self.random.random_bool(0.95);
            if punch.approved {
                punch.modified = leaves + self.random.random_range(2 * HOUR..7 * DAY);
            }
        } else {
            let last_break = punch
                .breaks
                .iter()
                .map(|taken| taken.ended.unwrap_or(taken.started))
                .max();
            punch.modified = last_break.unwrap_or(punch.modified).max(punch.modified);
        }
    }

    /// Minutes; negative is an early departure.
    fn leaves_after_end(&mut self) -> i64 {
        match self.random.random::<f64>() {
            chance if chance < 0.06 => -self.random.random_range(16..=90),
            chance if chance < 0.18 => self.random.random_range(15..=75),
            _ => self.random.random_range(-5..=10),
        }
    }

    fn taken(&mut self, begins: i64, lasts: i64, paid: bool) -> Option<PunchBreak> {
        (begins <= self.now).then(|| PunchBreak {
            id: take(&mut self.ids.punch_break),
            paid,
            started: begins,
            ended: Some(begins + lasts).filter(|ends| *ends <= self.now),
            deleted: false,
        })
    }

    /// What goes wrong with punches, and what is corrected long after.
    fn spoil(&mut self, punch: &mut TimePunch) {
        let Some(clocked_out) = punch.clocked_out else {
            return;
        };
        match self.random.random::<f64>() {
            chance if chance < 0.02 => forget_to_link(punch),
            chance if chance < 0.035 => self.auto_clock_out(punch, clocked_out),
            chance if chance < 0.065 => self.correct_long_after(punch, clocked_out),
            chance if chance < 0.075 => {
                punch.clocked_in_offline = true;
                punch.pos_type = Some(PosType::Mobile);
                punch.created = clocked_out;
                punch.modified = punch.modified.max(clocked_out);
            }
            chance if chance < 0.12 => {
                punch.editable_punch = false;
                punch.pos_type = Some(PosType::Toast);
            }
            chance if chance < 0.13 => {
                if let Some(taken) = punch.breaks.first_mut() {
                    taken.deleted = true;
                }
            }
            chance if chance < 0.137 => {
                // Punched twice; the manager deleted one.
                punch.deleted = true;
                punch.notes = "Duplicate".into();
                let mut kept = punch.clone();
                kept.deleted = false;
                kept.breaks = Box::default();
                self.punches.push(kept);
            }
            _ => {}
        }
    }

    fn auto_clock_out(&self, punch: &mut TimePunch, clocked_out: i64) {
        let closed = (clocked_out + 3 * HOUR).min(self.now);
        punch.auto_clocked_out = true;
        punch.clocked_out = Some(closed);
        punch.modified = punch.modified.max(closed);
    }

    fn correct_long_after(&mut self, punch: &mut TimePunch, clocked_out: i64) {
        let corrected = clocked_out + self.random.random_range(3 * DAY..25 * DAY);
        if corrected <= self.now {
            punch.clocked_out = Some(clocked_out - 7 * MINUTE);
            for taken in &mut punch.breaks {
                taken.ended = taken.ended.map(|ended| ended.min(clocked_out - 7 * MINUTE));
            }
            punch.notes = "Corrected from the paper sheet".into();
            punch.modified = punch.modified.max(corrected);
        }
    }

    /// A stocktake that began an hour and a half ago and goes on, so that
    /// somebody is on the clock whatever the hour.
    fn at_work_now(&mut self, user_id: i64, on_a_break: bool) {
        let Some(location_id) = self.company.locations.iter().next().map(|place| place.id) else {
            return;
        };
        let start = (self.now - 90 * MINUTE).div_euclid(15 * MINUTE) * 15 * MINUTE;
        let shift_id = take(&mut self.ids.shift);
        let details = ShiftDetails {
            location_id,
            department_id: None,
            role_id: None,
            station_id: None,
            user_id: Some(user_id),
            start,
            end: start + 6 * HOUR,
            close: false,
            business_decline: false,
            hourly_wage: self.wage(user_id),
            notes: "Stocktake".to_owned(),
            notified: true,
            open: false,
            unassigned: false,
            open_offer_type: None,
            attendance_status: AttendanceStatus::None,
            late_minutes: 0,
            breaks: Vec::new(),
            modified: start - 3 * DAY,
        };
        let mut punch = self.punch(user_id, &details, Some(shift_id), start + 2 * MINUTE);
        if on_a_break {
            let begins = self.now - 10 * MINUTE;
            punch.breaks = self.taken(begins, HOUR, false).into_iter().collect();
            punch.modified = begins;
        }
        self.company.shifts.insert(Shift {
            id: shift_id,
            created: details.modified,
            state: ShiftState::Published(details),
        });
        self.punches.push(punch);
    }

    /// Chance may have left out what tests and demos rely on: the oldest
    /// punches become it.
    fn make_sure_of_the_rare(&mut self) {
        let now = self.now;
        let mut old = self.punches.iter_mut().filter(|punch| {
            !punch.deleted && punch.clocked_out.is_some_and(|out| out < now - 28 * DAY)
        });
        if let Some(punch) = old.next() {
            punch.tips = -1_250;
        }
        if let Some(punch) = old.next() {
            forget_to_link(punch);
        }
        if let Some(punch) = old.next() {
            punch.auto_clocked_out = true;
        }
        if let Some(punch) = old.next() {
            punch.deleted = true;
            punch.modified = now - 2 * DAY;
        }
        if let Some(punch) = old.next() {
            punch.notes = "Corrected from the paper sheet".into();
            punch.modified = now - 3 * DAY;
        }
    }

    fn hand_in_punches(&mut self) {
        self.punches
            .sort_by_key(|punch| (punch.created, punch.user_id, punch.deleted));
        for mut punch in self.punches.drain(..) {
            punch.id = take(&mut self.ids.punch);
            self.company.time_punches.insert(punch);
        }
    }

    fn wage(&self, user_id: i64) -> i64 {
        self.company
            .users
            .get(user_id)
            .map_or(0, |user| user.hourly_wage)
    }

    fn between(&mut self, earliest: i64, latest: i64) -> i64 {
        self.random.random_range(earliest..=latest.max(earliest))
    }

    /// A local time of day; where the clock skips it, the first moment after.
    fn local(&self, date: NaiveDate, minutes: u32) -> i64 {
        let time = date.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minutes));
        self.zone
            .from_local_datetime(&time)
            .earliest()
            .or_else(|| {
                self.zone
                    .from_local_datetime(&(time + TimeDelta::hours(1)))
                    .earliest()
            })
            .map_or(0, |moment| moment.timestamp())
    }
}

/// A loose punch: no shift, no role, no department.
fn forget_to_link(punch: &mut TimePunch) {
    punch.shift_id = None;
    punch.role_id = None;
    punch.department_id = None;
}
