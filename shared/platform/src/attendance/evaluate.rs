//! From the rows of some people to what has to be written. Nothing here reads or writes.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use domain::NaiveDate;
use domain::attendance::delta::{self, Delta, Review};
use domain::attendance::event::{self, Event, EventType, LocalMoment, TimeOff};
use domain::attendance::matching::{self, Work};
use domain::attendance::policy::Policy;
use domain::attendance::{Punch, Shift};
use domain::zone::Zone;
use store::attendance::{
    DeltaRow, Member, Person, PunchMark, PunchRow, RecordRow, Rows, Settled, ShiftMark, ShiftRow,
    TimeOffRow,
};

/// What the provider's ids of one connector stand for: zones of locations, and names of roles.
#[derive(Default)]
pub struct Places {
    /// By connector and location.
    pub zones: HashMap<(String, String), Zone>,
    /// By connector and role.
    pub roles: HashMap<(String, String), String>,
}

/// By what it is decided.
pub struct Means<'a> {
    pub policy: &'a Policy,
    pub policy_version: i64,
    /// Where a row names no location, or one without a zone.
    pub zone: Zone,
    pub places: &'a Places,
    /// Until when nobody's punch is missing, by connector: no shift is a no-show beyond it.
    pub punches_until: &'a HashMap<String, i64>,
    /// From when on all shifts are there, by connector: what is older stays as it was decided.
    pub shifts_from: &'a HashMap<String, i64>,
}

/// What has to be written so that these parts of people's time stand as they are decided now.
pub fn evaluate<'a>(
    rows: &'a Rows,
    people: &[Person<'_>],
    means: &Means<'_>,
    mut new_id: impl FnMut() -> String,
) -> Settled<'a> {
    let of_members = ByMember::new(rows);
    let known_deltas: HashMap<&str, i64> = rows
        .deltas
        .iter()
        .map(|known| (known.1.as_str(), known.2))
        .collect();
    let known_records: HashMap<(&str, &str), Option<i64>> = rows
        .records
        .iter()
        .map(|known| ((known.1.as_str(), known.2.as_str()), known.3))
        .collect();
    let mut settled = Settled::default();
    let mut subjects: HashSet<&str> = HashSet::new();
    let mut events: HashSet<(&str, &str)> = HashSet::new();
    for person in people {
        let Some(one) = of_members.of(person) else {
            continue;
        };
        for decided in one.decide(means) {
            subjects.insert(decided.subject);
            let mut row = decided.row();
            row.fingerprint = fingerprint(&row);
            if known_deltas.get(row.subject_id) != Some(&row.fingerprint) {
                row.id = new_id();
                settled.deltas.push(row);
            }
            for event in &decided.events {
                let mut row = decided.record(event, means);
                events.insert((row.subject_id, row.event_type));
                row.fingerprint = fingerprint(&row);
                let known = known_records.get(&(row.subject_id, row.event_type));
                if known.copied().flatten() != Some(row.fingerprint) {
                    row.id = new_id();
                    settled.records.push(row);
                }
            }
            decided.marks(&mut settled);
        }
    }
    settled.gone_deltas = rows
        .deltas
        .iter()
        .filter(|known| means.is_decidable(&known.3, known.4))
        .filter(|known| !subjects.contains(known.1.as_str()))
        .map(|known| known.0.as_str())
        .collect();
    settled.gone_records = rows
        .records
        .iter()
        .filter(|known| means.is_decidable(&known.4, known.5))
        .filter(|known| {
            known.3.is_some() && !events.contains(&(known.1.as_str(), known.2.as_str()))
        })
        .map(|known| known.0.as_str())
        .collect();
    settled
}

/// A row whose own id and fingerprint are not set yet. It need not be the same in another version of the program:
/// what differs is written once more.
fn fingerprint<T: Hash>(row: &T) -> i64 {
    let mut hasher = DefaultHasher::new();
    row.hash(&mut hasher);
    hasher.finish().cast_signed()
}

/// The rows, by whose they are.
struct ByMember<'a> {
    members: HashMap<&'a str, &'a Member>,
    shifts: HashMap<&'a str, Vec<&'a ShiftRow>>,
    punches: HashMap<&'a str, Vec<&'a PunchRow>>,
    time_off: HashMap<&'a str, Vec<&'a TimeOffRow>>,
}

impl<'a> ByMember<'a> {
    fn new(rows: &'a Rows) -> Self {
        Self {
            members: rows
                .members
                .iter()
                .map(|row| (row.0.as_str(), row))
                .collect(),
            shifts: grouped(&rows.shifts, |row| row.member_id.as_str()),
            punches: grouped(&rows.punches, |row| row.member_id.as_str()),
            time_off: grouped(&rows.time_off, |row| row.member_id.as_str()),
        }
    }

    fn of<'p>(&self, person: &'p Person<'p>) -> Option<OnePart<'a, 'p>> {
        let member = *self.members.get(person.member_id)?;
        let read = person.span.to_read();
        let gone_at = member.3.unwrap_or(i64::MAX);
        let shifts = self.shifts.get(person.member_id).into_iter().flatten();
        let punches = self.punches.get(person.member_id).into_iter().flatten();
        Some(OnePart {
            member,
            person,
            // Nobody expects who has gone.
            shifts: shifts
                .copied()
                .filter(|row| read.has(row.starts_at) && row.starts_at <= gone_at)
                .collect(),
            punches: punches
                .copied()
                .filter(|row| read.has(row.clocked_in_at))
                .collect(),
            time_off: self
                .time_off
                .get(person.member_id)
                .into_iter()
                .flatten()
                .filter_map(|row| time_off(row))
                .collect(),
        })
    }
}

fn grouped<'a, R>(rows: &'a [R], key: impl Fn(&'a R) -> &'a str) -> HashMap<&'a str, Vec<&'a R>> {
    let mut groups: HashMap<&str, Vec<&R>> = HashMap::new();
    for row in rows {
        groups.entry(key(row)).or_default().push(row);
    }
    groups
}

/// A part of one person's time, with what is around it.
struct OnePart<'a, 'p> {
    member: &'a Member,
    person: &'p Person<'p>,
    shifts: Vec<&'a ShiftRow>,
    punches: Vec<&'a PunchRow>,
    time_off: Vec<TimeOff<'a>>,
}

/// A work of a person, and all that is said of it.
struct Decided<'a> {
    member: &'a Member,
    subject: &'a str,
    anchor_at: i64,
    zone: Zone,
    date: NaiveDate,
    shifts: Vec<&'a ShiftRow>,
    punches: Vec<&'a PunchRow>,
    matched_by: &'static str,
    delta: Delta,
    review: Option<Review>,
    events: Vec<(Event, Option<&'a str>)>,
}

impl<'a> OnePart<'a, '_> {
    fn decide(&self, means: &Means<'_>) -> Vec<Decided<'a>> {
        let window = means.policy.thresholds.window();
        let connector_id = self.member.1.as_str();
        // Which day it is matters only where midnight parts what belongs together.
        let day = |location: Option<&str>, at: i64| {
            if window.across_midnight {
                0
            } else {
                day_number(means.zone_of(connector_id, location).date(at))
            }
        };
        let shifts: Vec<Shift<'_>> = self
            .shifts
            .iter()
            .map(|row| Shift {
                key: &row.external_id,
                starts_at: row.starts_at,
                ends_at: row.ends_at,
                is_close: row.is_close != 0,
                unpaid_break_seconds: row.unpaid_break_minutes.saturating_mul(60),
                day: day(row.external_location_id.as_deref(), row.starts_at),
            })
            .collect();
        let places: HashMap<&str, usize> = self
            .shifts
            .iter()
            .enumerate()
            .map(|(index, row)| (row.id.as_str(), index))
            .collect();
        let punches: Vec<Punch<'_>> = self
            .punches
            .iter()
            .map(|row| Punch {
                key: &row.external_id,
                clocked_in_at: row.clocked_in_at,
                clocked_out_at: row.clocked_out_at,
                worked_seconds: row.worked_seconds,
                auto_clocked_out: row.auto_clocked_out != 0,
                shift: row
                    .schedule_shift_id
                    .as_deref()
                    .and_then(|id| places.get(id).copied()),
                day: day(row.external_location_id.as_deref(), row.clocked_in_at),
            })
            .collect();
        let works = matching::works(&shifts, &punches, window);
        works
            .iter()
            .filter_map(|work| self.one(work, &shifts, &punches, means))
            .collect()
    }

    fn one(
        &self,
        work: &Work,
        shifts: &[Shift<'_>],
        punches: &[Punch<'_>],
        means: &Means<'_>,
    ) -> Option<Decided<'a>> {
        let of_shifts: Vec<&'a ShiftRow> = pick(&self.shifts, &work.shifts);
        let of_punches: Vec<&'a PunchRow> = pick(&self.punches, &work.punches);
        let (shift, punch) = (of_shifts.first().copied(), of_punches.first().copied());
        let anchor_at = shift
            .map(|row| row.starts_at)
            .or(punch.map(|row| row.clocked_in_at))?;
        let connector_id = self.member.1.as_str();
        if !self.person.span.has(anchor_at) || !means.is_decidable(connector_id, anchor_at) {
            return None;
        }
        let policy = means.policy;
        if punch.is_none() {
            let until = means.punches_until.get(connector_id).copied()?;
            if delta::no_show_due_at(anchor_at, &policy.thresholds) > until {
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
            means
                .places
                .roles
                .get(&(connector_id.to_owned(), role.to_owned()))
        });
        let roles: Vec<&str> = role_name.map(String::as_str).into_iter().collect();
        let exemption = event::exemption(policy, self.member.2.as_deref(), &roles);
        let events = event::events(&delta, review, policy, exemption)
            .into_iter()
            .map(|event| (event, self.excuse(&event, &delta, zone, policy)))
            .collect();
        Some(Decided {
            member: self.member,
            subject: shift.map_or_else(
                || punch.map_or("", |row| row.id.as_str()),
                |row| row.id.as_str(),
            ),
            anchor_at,
            zone,
            date: zone.date(anchor_at),
            shifts: of_shifts,
            punches: of_punches,
            matched_by: work.matched_by.as_str(),
            delta,
            review,
            events,
        })
    }

    /// The approved time off that excuses an event, if the policy has it so.
    fn excuse(&self, event: &Event, delta: &Delta, zone: Zone, policy: &Policy) -> Option<&'a str> {
        if !policy.excuse_time_off || self.time_off.is_empty() {
            return None;
        }
        let at = match event.event {
            EventType::EarlyDeparture => delta.scheduled_end.or(delta.scheduled_start),
            _ => delta.scheduled_start,
        }?;
        let local = zone.local(at);
        let moment = LocalMoment {
            day: day_number(local.date()),
            second_of_day: second_of_day(local.time()),
        };
        event::excuse(event.event, moment, &self.time_off).map(|off| off.id)
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
            .and_then(|location| {
                self.places
                    .zones
                    .get(&(connector_id.to_owned(), location.to_owned()))
            })
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

    fn shift_ids(&self) -> Vec<&'a str> {
        self.shifts.iter().map(|row| row.id.as_str()).collect()
    }

    fn punch_ids(&self) -> Vec<&'a str> {
        self.punches.iter().map(|row| row.id.as_str()).collect()
    }

    fn row(&self) -> DeltaRow<'a> {
        let delta = &self.delta;
        DeltaRow {
            id: String::new(),
            connector_id: &self.member.1,
            team_member_id: &self.member.0,
            subject_id: self.subject,
            anchor_at: self.anchor_at,
            event_date: self.date.to_string(),
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

    fn record(
        &self,
        (event, time_off): &(Event, Option<&'a str>),
        means: &Means<'_>,
    ) -> RecordRow<'a> {
        let delta = &self.delta;
        let clock = |at: i64| self.zone.local(at).format("%H:%M").to_string();
        RecordRow {
            id: String::new(),
            connector_id: &self.member.1,
            team_member_id: &self.member.0,
            subject_id: self.subject,
            event_type: event.event.as_str(),
            anchor_at: self.anchor_at,
            event_date: self.date.to_string(),
            external_location_id: self.location(),
            external_role_id: self.role(),
            shift_ids: self.shift_ids(),
            punch_ids: self.punch_ids(),
            matched_by: self.matched_by,
            scheduled_start: delta.scheduled_start,
            scheduled_end: delta.scheduled_end,
            actual_start: delta.actual_start,
            actual_end: delta.actual_end,
            minutes: event.minutes(),
            delta_minutes: delta.delta_minutes(),
            points: i64::from(event.points),
            tier_minutes: event.tier_minutes,
            policy_version: means.policy_version,
            review: self.review.map(Review::as_str),
            time_off_request_id: *time_off,
            explanation: event::explain(event, delta, self.review, time_off.is_some(), clock),
            fingerprint: 0,
        }
    }

    fn marks(&self, settled: &mut Settled<'a>) {
        let member_id = self.member.0.as_str();
        let is_marked = |was: &store::attendance::Assessed| {
            was.0.as_deref() == Some(member_id) && was.1 == Some(self.anchor_at)
        };
        for row in &self.shifts {
            if !is_marked(&row.was) {
                settled.shifts.push(ShiftMark {
                    id: &row.id,
                    member_id,
                    anchor_at: self.anchor_at,
                });
            }
        }
        let shift_id = self.shifts.first().map(|row| row.id.as_str());
        for (place, row) in self.punches.iter().enumerate() {
            // Of several punches the first one has the numbers of all, so that sums over punches are true.
            let is_first = place == 0 && shift_id.is_some();
            let scheduled_seconds = self.delta.scheduled_seconds.filter(|_| is_first);
            let delta_minutes = self.delta.delta_minutes().filter(|_| is_first);
            let (written_shift, written_scheduled, written_delta) = &row.written;
            let is_written = written_shift.as_deref() == shift_id
                && *written_scheduled == scheduled_seconds
                && *written_delta == delta_minutes;
            if !is_written || !is_marked(&row.was) {
                settled.punches.push(PunchMark {
                    id: &row.id,
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

fn pick<'a, R>(rows: &[&'a R], indices: &[usize]) -> Vec<&'a R> {
    indices
        .iter()
        .filter_map(|&index| rows.get(index).copied())
        .collect()
}

/// `None` where its dates cannot be read: the table takes any text.
fn time_off(row: &TimeOffRow) -> Option<TimeOff<'_>> {
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
        id: &row.id,
        first_day: day(&row.start_date)?,
        last_day: day(&row.end_date)?,
        part,
    })
}

fn day_number(date: NaiveDate) -> i32 {
    use chrono::Datelike as _;
    date.num_days_from_ce()
}

fn second_of_day(time: chrono::NaiveTime) -> u32 {
    use chrono::Timelike as _;
    time.num_seconds_from_midnight()
}
