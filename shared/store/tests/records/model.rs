//! Any history of pages, tombstones and arrivals, against a model that is too simple to be wrong.

use std::collections::BTreeMap;

use proptest::prelude::*;
use store::records::{Page, Resource, TimePunchRecord, tombstone};

use crate::fixture::{Fixture, NOW, NOW_MICROS, Party, counts, member, party, punch, shift};

/// What happens to the punches of one connector.
#[derive(Clone, Debug)]
enum Step {
    Page(Vec<Entry>),
    Tombstone(Vec<u8>),
    PersonArrives(u8),
    ShiftArrives(u8),
}

/// A punch as a page has it: few ids and few values, so that they meet.
#[derive(Clone, Copy, Debug)]
struct Entry {
    id: u8,
    user: u8,
    shift: Option<u8>,
    notes: u8,
    deleted: bool,
    poison: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    user: u8,
    shift: Option<u8>,
    notes: u8,
    alive: bool,
    linked_user: bool,
    linked_shift: bool,
    /// The step that changed it last.
    changed: usize,
}

#[derive(Default)]
struct Model {
    punches: BTreeMap<u8, Row>,
    people: Vec<u8>,
    shifts: Vec<u8>,
}

impl Model {
    /// Returns created, updated, unchanged, deleted.
    fn page(&mut self, entries: &[Entry], step: usize) -> [u64; 4] {
        let last: BTreeMap<u8, Entry> = entries.iter().map(|entry| (entry.id, *entry)).collect();
        let mut counts = [0; 4];
        for (id, entry) in last {
            let old = self.punches.get(&id);
            if entry.deleted {
                if old.is_some_and(|row| row.alive) {
                    let row = self.punches.get_mut(&id).unwrap();
                    (row.alive, row.changed) = (false, step);
                    counts[3] += 1;
                } else {
                    counts[2] += 1;
                }
                continue;
            }
            if entry.poison {
                continue;
            }
            let mut row = Row {
                user: entry.user,
                shift: entry.shift,
                notes: entry.notes,
                alive: true,
                linked_user: self.people.contains(&entry.user),
                linked_shift: entry
                    .shift
                    .is_some_and(|shift| self.shifts.contains(&shift)),
                changed: old.map_or(step, |row| row.changed),
            };
            match old {
                None => counts[0] += 1,
                Some(old) if *old == row => counts[2] += 1,
                Some(_) => {
                    row.changed = step;
                    counts[1] += 1;
                }
            }
            self.punches.insert(id, row);
        }
        counts
    }

    fn tombstone(&mut self, ids: &[u8], step: usize) -> u64 {
        let mut count = 0;
        for (id, row) in &mut self.punches {
            if row.alive && ids.contains(id) {
                (row.alive, row.changed) = (false, step);
                count += 1;
            }
        }
        count
    }

    fn person(&mut self, user: u8, step: usize) {
        self.people.push(user);
        for row in self.punches.values_mut() {
            if row.user == user && !row.linked_user {
                (row.linked_user, row.changed) = (true, step);
            }
        }
    }

    fn shift(&mut self, shift: u8, step: usize) {
        self.shifts.push(shift);
        for row in self.punches.values_mut() {
            if row.shift == Some(shift) && !row.linked_shift {
                (row.linked_shift, row.changed) = (true, step);
            }
        }
    }
}

fn entry() -> impl Strategy<Value = Entry> {
    (
        0..6u8,
        0..3u8,
        proptest::option::of(0..3u8),
        0..3u8,
        0..5u8,
        0..12u8,
    )
        .prop_map(|(id, user, shift, notes, deleted, poison)| Entry {
            id,
            user,
            shift,
            notes,
            deleted: deleted == 0,
            poison: poison == 0,
        })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => proptest::collection::vec(entry(), 0..10).prop_map(Step::Page),
        1 => proptest::collection::vec(0..6u8, 0..4).prop_map(Step::Tombstone),
        1 => (0..3u8).prop_map(Step::PersonArrives),
        1 => (0..3u8).prop_map(Step::ShiftArrives),
    ]
}

fn record(entry: &Entry) -> TimePunchRecord {
    let shift = entry.shift.map(|shift| shift.to_string());
    let mut record = punch(
        &entry.id.to_string(),
        &entry.user.to_string(),
        shift.as_deref(),
        if entry.poison { i64::MAX } else { NOW },
    );
    record.notes = (entry.notes > 0).then(|| entry.notes.to_string());
    record.deleted_at = entry.deleted.then_some(NOW);
    record
}

/// The punches of a connector as the table has them, with the step that changed them last.
fn stored(fixture: &Fixture, party: &Party) -> BTreeMap<u8, Row> {
    fixture
        .query(
            "SELECT external_id, external_user_id, external_shift_id, coalesce(notes, '0'),
                    deleted_at IS NULL, team_member_id IS NOT NULL, schedule_shift_id IS NOT NULL,
                    changed_seq
             FROM time_punches WHERE connector_id = ?1",
            &[party.connector_id.as_str().into()],
        )
        .iter()
        .map(|row| {
            let number = |index| row.text(index).unwrap().parse().unwrap();
            let shift = row.optional_text(2).unwrap();
            let found = Row {
                user: number(1),
                shift: shift.map(|shift| shift.parse().unwrap()),
                notes: number(3),
                alive: row.integer(4) == Ok(1),
                linked_user: row.integer(5) == Ok(1),
                linked_shift: row.integer(6) == Ok(1),
                changed: usize::try_from((row.integer(7).unwrap() - NOW_MICROS) / 1_000_000)
                    .unwrap(),
            };
            (number(0), found)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn tables_and_counts_are_the_models(steps in proptest::collection::vec(step(), 1..12)) {
        let fixture = Fixture::new();
        let (ours, bystander) = (party(1), party(2));
        let everything: Vec<_> = (0..6).map(|id| punch(&id.to_string(), "0", Some("0"), NOW)).collect();
        fixture.write(&bystander, Page::TimePunches(&everything));
        let untouched = stored(&fixture, &bystander);
        let mut model = Model::default();
        for (number, step) in (1..).zip(&steps) {
            // A second per step, so that the sequence tells which step it was.
            let now_micros = NOW_MICROS + i64::try_from(number).unwrap() * 1_000_000;
            match step {
                Step::Page(entries) => {
                    let records: Vec<_> = entries.iter().map(record).collect();
                    let outcome = fixture.write_at(&ours, Page::TimePunches(&records), now_micros);
                    prop_assert_eq!(counts(&outcome), model.page(entries, number));
                    // The same page once more changes nothing.
                    let before = fixture.dump(Resource::TimePunches);
                    let again = fixture.write_at(&ours, Page::TimePunches(&records), now_micros);
                    prop_assert_eq!((again.created, again.updated, again.deleted), (0, 0, 0));
                    prop_assert_eq!(fixture.dump(Resource::TimePunches), before);
                }
                Step::Tombstone(ids) => {
                    let names: Vec<String> = ids.iter().map(u8::to_string).collect();
                    let count = fixture.transact(async |transaction| {
                        tombstone(transaction, &ours.scope(), Resource::TimePunches, &names, NOW, now_micros).await
                    });
                    prop_assert_eq!(count, model.tombstone(ids, number));
                }
                Step::PersonArrives(user) => {
                    fixture.write_at(&ours, Page::TeamMembers(&[member(&user.to_string())]), now_micros);
                    model.person(*user, number);
                }
                Step::ShiftArrives(id) => {
                    fixture.write_at(&ours, Page::Shifts(&[shift(&id.to_string(), None, NOW)]), now_micros);
                    model.shift(*id, number);
                }
            }
            prop_assert_eq!(stored(&fixture, &ours), model.punches.clone());
        }
        prop_assert_eq!(stored(&fixture, &bystander), untouched);
    }
}
