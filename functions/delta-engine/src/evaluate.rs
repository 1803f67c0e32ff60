//! From the rows of some people to what has to be written. Nothing here reads or writes.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hash};

use chrono::NaiveDateTime;
use domain::NaiveDate;
use domain::attendance::delta::{self, Delta, Review};
use domain::attendance::event::{self, Event, WallTime};
use domain::attendance::excuse::{self, Excuse, TimeOff};
use domain::attendance::matching::{self, Work};
use domain::attendance::policy::{Policy, Thresholds};
use domain::attendance::span::Span;
use domain::attendance::{Few, Punch, Shift, notes_absence};
use domain::zone::Zone;
use foldhash::quality::FixedState;
use store::attendance::{
    self, DeltaRow, Member, Person, PunchMark, PunchRow, RecordRow, Rows, Settled, ShiftMark,
    ShiftRow, TimeOffRow, Whose,
};

/// What the provider's ids stand for, by connector.
pub type Places = BTreeMap<String, PlacesOfConnector>;

/// What the provider's ids of one connector stand for.
#[derive(Default)]
pub struct PlacesOfConnector {
    /// By location.
    pub zones: BTreeMap<String, Zone>,
    /// Names, by role.
    pub roles: BTreeMap<String, String>,
}

/// By what it is decided.
pub struct Means<'a> {
    pub policy: &'a Policy,
    pub policy_version: i64,
    /// Where a row names no location, or one without a zone.
    pub zone: Zone,
    pub places: &'a Places,
    /// Until when nobody's punch is missing, by connector: no shift is a no-show beyond it.
    pub punches_until: &'a BTreeMap<String, i64>,
    /// From when on all shifts are there, by connector: what is older stays as it was decided.
    pub shifts_from: &'a BTreeMap<String, i64>,
}

/// Adds to `settled` what has to be written so that these parts of people's time stand as they are decided now.
pub fn evaluate<'a>(
    rows: &'a Rows<'a>,
    people: &[Person<'a>],
    means: &Means<'_>,
    mut new_id: impl FnMut() -> String,
    settled: &mut Settled<'a>,
) {
    let mut members = OfPerson(&rows.members);
    let mut shifts = OfPerson(&rows.shifts);
    let mut punches = OfPerson(&rows.punches);
    let mut time_off = OfPerson(&rows.time_off);
    let mut deltas = OfPerson(&rows.deltas);
    let mut records = OfPerson(&rows.records);
    for (place, person) in people.iter().enumerate() {
        let part = (place, person);
        let member = members.next(part, |row| row.0).first();
        let shifts = shifts.next(part, |row| row.whose);
        let punches = punches.next(part, |row| row.whose);
        let time_off = time_off.next(part, |row| row.whose);
        let mut deltas = Known::new(deltas.next(part, |row| row.whose), |row| {
            (row.subject_id, "")
        });
        let mut records = Known::new(records.next(part, |row| row.whose), |row| {
            (row.subject_id, row.event_type)
        });
        let Some(member) = member else { continue };
        let one = OnePart::new(person, member, shifts, punches, time_off);
        one.decide(means, |decided| {
            let mut row = decided.row();
            row.fingerprint = fingerprint(&row);
            let known = deltas.find((row.subject_id, ""));
            if known.map(|known| known.fingerprint) != Some(row.fingerprint) {
                row.id = new_id();
                settled.deltas.push(row);
            }
            for event in &decided.events {
                let mut row = decided.record(event);
                let rule = event.0.event.threshold(&means.policy.thresholds);
                row.fingerprint = fingerprint(&(&row, decided.local, rule));
                // What another policy decides in the same way stays as it was.
                row.policy_version = means.policy_version;
                let known = records.find((row.subject_id, row.event_type));
                if known.and_then(|known| known.fingerprint) != Some(row.fingerprint) {
                    row.id = new_id();
                    row.explanation = decided.explanation(event, &means.policy.thresholds);
                    settled.records.push(row);
                }
            }
            decided.marks(settled);
        });
        settled.gone_deltas.extend(
            deltas
                .left()
                .filter(|known| means.is_decidable(member.1, known.anchor_at))
                .map(|known| known.subject_id),
        );
        settled.gone_records.extend(
            records
                .left()
                .filter(|known| means.is_decidable(member.1, known.anchor_at))
                .filter(|known| known.fingerprint.is_some())
                .map(|known| (known.subject_id, known.event_type, person.member_id)),
        );
    }
}

/// A row whose own id and fingerprint are not set yet. It need not be the same in another version of the program:
/// what differs is written once more.
fn fingerprint<T: Hash>(row: &T) -> i64 {
    FixedState::default().hash_one(row).cast_signed()
}

/// Rows that are ordered by whose they are, one person after the other.
struct OfPerson<'a, R>(&'a [R]);

impl<'a, R> OfPerson<'a, R> {
    /// The rows of a person; to be asked for people in order.
    fn next(
        &mut self,
        (place, person): (usize, &Person<'_>),
        whose: impl Fn(&R) -> Whose<'a>,
    ) -> &'a [R] {
        let (mut skipped, mut taken) = (0_usize, 0_usize);
        for row in self.0 {
            match whose(row).compare(place, person) {
                // Who came after it was asked who there is, is looked at as a change.
                Ordering::Less => skipped = skipped.saturating_add(1),
                Ordering::Equal => taken = taken.saturating_add(1),
                Ordering::Greater => break,
            }
        }
        let rows = self.0.get(skipped..).unwrap_or_default();
        let (of_person, left) = rows.split_at_checked(taken).unwrap_or_default();
        self.0 = left;
        of_person
    }
}

/// What was decided of a person before, and which of it was decided again.
struct Known<'a, R> {
    by_key: Few<((&'a str, &'a str), &'a R, bool)>,
}

impl<'a, R> Known<'a, R> {
    fn new(rows: &'a [R], key: impl Fn(&'a R) -> (&'a str, &'a str)) -> Self {
        let mut by_key: Few<_> = rows.iter().map(|row| (key(row), row, false)).collect();
        by_key.sort_unstable_by(|known, other| compare_keys(known.0, other.0));
        Self { by_key }
    }

    fn find(&mut self, key: (&str, &str)) -> Option<&'a R> {
        let place = self
            .by_key
            .binary_search_by(|known| compare_keys(known.0, key));
        let known = self.by_key.get_mut(place.ok()?)?;
        known.2 = true;
        Some(known.1)
    }

    /// What was not found again.
    fn left(&self) -> impl Iterator<Item = &'a R> {
        self.by_key
            .iter()
            .filter(|known| !known.2)
            .map(|known| known.1)
    }
}

fn compare_keys(key: (&str, &str), other: (&str, &str)) -> Ordering {
    attendance::compare_ids(key.0, other.0).then_with(|| key.1.cmp(other.1))
}

/// A part of one person's time, with what is around it.
struct OnePart<'a> {
    member_id: &'a str,
    member: &'a Member<'a>,
    span: Span,
    shifts: Few<&'a ShiftRow<'a>>,
    punches: &'a [PunchRow<'a>],
    time_off: Few<TimeOff<'a>>,
}

impl<'a> OnePart<'a> {
    fn new(
        person: &Person<'a>,
        member: &'a Member<'a>,
        shifts: &'a [ShiftRow<'a>],
        punches: &'a [PunchRow<'a>],
        time_off: &'a [TimeOffRow<'a>],
    ) -> Self {
        let gone_at = member.3.unwrap_or(i64::MAX);
        Self {
            member_id: person.member_id,
            member,
            span: person.span,
            // Nobody expects who has gone.
            shifts: shifts
                .iter()
                .filter(|row| row.starts_at <= gone_at)
                .collect(),
            punches,
            time_off: time_off.iter().filter_map(off).collect(),
        }
    }
}

/// A work of a person, and all that is said of it.
struct Decided<'a> {
    member_id: &'a str,
    connector_id: &'a str,
    subject: &'a str,
    anchor_at: i64,
    zone: Zone,
    /// When it began, by the wall clock: the day that it is of, and what an explanation says of the zone.
    local: NaiveDateTime,
    shifts: Few<&'a ShiftRow<'a>>,
    punches: Few<&'a PunchRow<'a>>,
    matched_by: &'static str,
    delta: Delta,
    review: Option<Review>,
    events: Few<(Event, Option<Excuse<'a>>)>,
}

impl<'a> OnePart<'a> {
    fn decide(&self, means: &Means<'_>, mut each: impl FnMut(Decided<'a>)) {
        let window = means.policy.thresholds.window();
        let connector_id = self.member.1;
        // Which day it is matters only where midnight parts what belongs together.
        let day = |location: Option<&str>, at: i64| {
            if window.across_midnight {
                0
            } else {
                day_number(means.zone_of(connector_id, location).date(at))
            }
        };
        let shifts: Few<Shift<'_>> = self
            .shifts
            .iter()
            .map(|row| {
                let location = row.external_location_id.as_deref();
                let mut shift = Shift {
                    key: &row.external_id,
                    starts_at: row.starts_at,
                    expected_at: row.starts_at,
                    ends_at: row.ends_at,
                    is_close: row.is_close != 0,
                    unpaid_break_seconds: row.unpaid_break_minutes.saturating_mul(60),
                    absence_noted: row.attendance_status.as_deref().is_some_and(notes_absence),
                    day: day(location, row.starts_at),
                };
                if !self.time_off.is_empty() {
                    let zone = means.zone_of(connector_id, location);
                    let local = |at| local_seconds(zone, at);
                    shift.expected_at =
                        excuse::expected_at(&shift, means.policy, &self.time_off, local);
                }
                shift
            })
            .collect();
        let mut places: Few<(&str, usize)> = self
            .shifts
            .iter()
            .enumerate()
            .map(|(index, row)| (row.id, index))
            .collect();
        places.sort_unstable_by(|place, other| attendance::compare_ids(place.0, other.0));
        let place = |id: &str| {
            let found = places.binary_search_by(|place| attendance::compare_ids(place.0, id));
            places.get(found.ok()?).map(|place| place.1)
        };
        let punches: Few<Punch<'_>> = self
            .punches
            .iter()
            .map(|row| Punch {
                key: &row.external_id,
                clocked_in_at: row.clocked_in_at,
                clocked_out_at: row.clocked_out_at,
                worked_seconds: row.worked_seconds,
                auto_clocked_out: row.auto_clocked_out != 0,
                shift: row.schedule_shift_id.and_then(place),
                day: day(row.external_location_id.as_deref(), row.clocked_in_at),
            })
            .collect();
        let works = matching::works(&shifts, &punches, window);
        for work in &works {
            if let Some(decided) = self.one(work, &shifts, &punches, means) {
                each(decided);
            }
        }
    }

    fn one(
        &self,
        work: &Work,
        shifts: &[Shift<'_>],
        punches: &[Punch<'_>],
        means: &Means<'_>,
    ) -> Option<Decided<'a>> {
        let of_shifts: Few<&'a ShiftRow<'a>> = work
            .shifts
            .iter()
            .filter_map(|&place| self.shifts.get(place).copied())
            .collect();
        let of_punches: Few<&'a PunchRow<'a>> = work
            .punches
            .iter()
            .filter_map(|&place| self.punches.get(place))
            .collect();
        let (shift, punch) = (of_shifts.first().copied(), of_punches.first().copied());
        let anchor_at = shift
            .map(|row| row.starts_at)
            .or(punch.map(|row| row.clocked_in_at))?;
        let connector_id = self.member.1;
        if !self.span.has(anchor_at) || !means.is_decidable(connector_id, anchor_at) {
            return None;
        }
        let policy = means.policy;
        if punch.is_none() {
            let until = means.punches_until.get(connector_id).copied()?;
            let planned = work.shifts.first().and_then(|&place| shifts.get(place));
            let expected_at = planned.map_or(anchor_at, |shift| shift.expected_at);
            if delta::no_show_due_at(expected_at, &policy.thresholds) > until {
                return None;
            }
        }
        let location = shift
            .map(|row| row.external_location_id.as_deref())
            .or(punch.map(|row| row.external_location_id.as_deref()))
            .flatten();
        let role = shift
            .map(|row| row.external_role_id.as_deref())
            .or(punch.map(|row| row.external_role_id.as_deref()))
            .flatten();
        let zone = means.zone_of(connector_id, location);
        let delta = delta::delta(work, shifts, punches, &policy.thresholds);
        let review = delta::review(work, &delta, shifts, punches);
        let role_name = role.and_then(|role| {
            let places = means.places.get(connector_id)?;
            places.roles.get(role).map(String::as_str)
        });
        let level = self.member.2.as_deref();
        let exemption = event::exemption(policy, level, role_name.as_slice());
        let events = event::events(&delta, review, policy, exemption)
            .into_iter()
            .map(|event| {
                let local = |at| local_seconds(zone, at);
                let excuse = excuse::excuse(&event, &delta, policy, &self.time_off, local);
                (excuse::judged(event, excuse.as_ref(), policy), excuse)
            })
            .collect();
        Some(Decided {
            member_id: self.member_id,
            connector_id,
            subject: shift.map_or_else(|| punch.map_or("", |row| row.id), |row| row.id),
            anchor_at,
            zone,
            local: zone.local(anchor_at),
            shifts: of_shifts,
            punches: of_punches,
            matched_by: work.matched_by.as_str(),
            delta,
            review,
            events,
        })
    }
}

impl Means<'_> {
    /// Whether what decides it is there.
    fn is_decidable(&self, connector_id: &str, anchor_at: i64) -> bool {
        let from = self.shifts_from.get(connector_id).copied();
        anchor_at >= from.unwrap_or(i64::MIN)
    }

    fn zone_of(&self, connector_id: &str, location: Option<&str>) -> Zone {
        location
            .and_then(|location| self.places.get(connector_id)?.zones.get(location))
            .copied()
            .unwrap_or(self.zone)
    }
}

impl<'a> Decided<'a> {
    fn location(&self) -> Option<&'a str> {
        match self.shifts.first() {
            Some(shift) => shift.external_location_id.as_deref(),
            None => self.punches.first()?.external_location_id.as_deref(),
        }
    }

    fn role(&self) -> Option<&'a str> {
        match self.shifts.first() {
            Some(shift) => shift.external_role_id.as_deref(),
            None => self.punches.first()?.external_role_id.as_deref(),
        }
    }

    fn shift_ids(&self) -> Few<&'a str> {
        self.shifts.iter().map(|row| row.id).collect()
    }

    fn punch_ids(&self) -> Few<&'a str> {
        self.punches.iter().map(|row| row.id).collect()
    }

    fn row(&self) -> DeltaRow<'a> {
        let delta = &self.delta;
        DeltaRow {
            id: String::new(),
            connector_id: self.connector_id,
            team_member_id: self.member_id,
            subject_id: self.subject,
            anchor_at: self.anchor_at,
            event_date: self.local.date(),
            external_location_id: self.location(),
            external_role_id: self.role(),
            shift_ids: self.shift_ids(),
            punch_ids: self.punch_ids(),
            matched_by: self.matched_by,
            categories: delta.categories.bits(),
            scheduled_start: delta.scheduled_start,
            scheduled_end: delta.scheduled_end,
            scheduled_seconds: delta.scheduled_seconds,
            actual_start: delta.actual_start,
            actual_end: delta.actual_end,
            worked_seconds: delta.worked_seconds,
            arrival_seconds: delta.arrival_seconds,
            departure_seconds: delta.departure_seconds,
            delta_minutes: delta.delta_minutes(),
            is_running: delta.is_running,
            review: self.review.map(Review::as_str),
            fingerprint: 0,
        }
    }

    fn record(&self, (event, excuse): &(Event, Option<Excuse<'a>>)) -> RecordRow<'a> {
        let delta = &self.delta;
        RecordRow {
            id: String::new(),
            connector_id: self.connector_id,
            team_member_id: self.member_id,
            subject_id: self.subject,
            event_type: event.event.as_str(),
            anchor_at: self.anchor_at,
            event_date: self.local.date(),
            external_location_id: self.location(),
            external_role_id: self.role(),
            shift_ids: self.shift_ids(),
            punch_ids: self.punch_ids(),
            matched_by: self.matched_by,
            scheduled_start: delta.scheduled_start,
            scheduled_end: delta.scheduled_end,
            actual_start: delta.actual_start,
            actual_end: delta.actual_end,
            minutes: event.minutes(delta),
            delta_minutes: delta.delta_minutes(),
            points: i64::from(event.points),
            tier_minutes: event.tier_minutes,
            policy_version: 0,
            review: event.review.map(Review::as_str),
            time_off_request_id: excuse.map(|excuse| excuse.id),
            counts: event.review.is_none() && !excuse.is_some_and(|excuse| excuse.is_whole()),
            explanation: String::new(),
            fingerprint: 0,
        }
    }

    fn explanation(
        &self,
        (event, excuse): &(Event, Option<Excuse<'a>>),
        thresholds: &Thresholds,
    ) -> String {
        let clock = |at: i64| {
            let local = self.zone.local(at);
            WallTime {
                shown: local.format("%H:%M").to_string(),
                offset_seconds: local.and_utc().timestamp().saturating_sub(at),
            }
        };
        event::explain(event, &self.delta, excuse.as_ref(), thresholds, clock)
    }

    fn marks(&self, settled: &mut Settled<'a>) {
        let member_id = self.member_id;
        let is_marked = |counted_at: Option<i64>| counted_at == Some(self.anchor_at);
        for row in &self.shifts {
            if !is_marked(row.counted_at) {
                settled.shifts.push(ShiftMark {
                    id: row.id,
                    member_id,
                    anchor_at: self.anchor_at,
                });
            }
        }
        let shift_id = self.shifts.first().map(|row| row.id);
        for (place, row) in self.punches.iter().enumerate() {
            // Of several punches the first one has the numbers of all, so that sums over punches are true.
            let is_first = place == 0 && shift_id.is_some();
            let scheduled_seconds = self.delta.scheduled_seconds.filter(|_| is_first);
            let delta_minutes = self.delta.delta_minutes().filter(|_| is_first);
            let is_written = is_same(row.written_shift_id, shift_id)
                && row.written_scheduled_seconds == scheduled_seconds
                && row.written_delta_minutes == delta_minutes;
            if !is_written || !is_marked(row.counted_at) {
                settled.punches.push(PunchMark {
                    id: row.id,
                    member_id,
                    anchor_at: self.anchor_at,
                    shift_id,
                    scheduled_seconds,
                    delta_minutes,
                });
            }
        }
    }
}

fn is_same(id: Option<&str>, other: Option<&str>) -> bool {
    match (id, other) {
        (Some(id), Some(other)) => attendance::compare_ids(id, other).is_eq(),
        (None, None) => true,
        _ => false,
    }
}

/// `None` where its dates cannot be read: the table takes any text.
fn off<'a>(row: &'a TimeOffRow<'_>) -> Option<TimeOff<'a>> {
    let day = |text: &str| text.parse::<NaiveDate>().ok().map(day_number);
    let second = |text: &Option<String>| {
        let time = text.as_deref()?.parse().ok()?;
        Some(second_of_day(time))
    };
    let part = (row.is_partial_day != 0).then(|| {
        let from = second(&row.partial_start).unwrap_or(0);
        let to = second(&row.partial_end).unwrap_or(86_399);
        (from, to)
    });
    Some(TimeOff {
        id: row.id,
        first_day: day(&row.start_date)?,
        last_day: day(&row.end_date)?,
        part,
    })
}

/// Of the wall clock, days as [`day_number`] counts them.
fn local_seconds(zone: Zone, at: i64) -> i64 {
    let local = zone.local(at);
    i64::from(day_number(local.date()))
        .saturating_mul(86_400)
        .saturating_add(i64::from(second_of_day(local.time())))
}

fn day_number(date: NaiveDate) -> i32 {
    use chrono::Datelike as _;
    date.num_days_from_ce()
}

fn second_of_day(time: chrono::NaiveTime) -> u32 {
    use chrono::Timelike as _;
    time.num_seconds_from_midnight()
}
