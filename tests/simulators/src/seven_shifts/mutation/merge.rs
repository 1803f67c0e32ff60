//! Two entries of one person become one.

use super::{Change, Outcome, unknown};
use crate::Error;
use crate::seven_shifts::table::{Row, Table};

impl Change<'_> {
    pub(super) fn merge_users(&mut self, from: i64, into: i64, silent: bool) -> Outcome {
        let now = self.now;
        self.user(into)?;
        if from == into {
            return Err(Error::Impossible("a user cannot be merged into itself"));
        }
        self.company
            .users
            .remove(from)
            .ok_or(unknown("user", from))?;
        let shifts: Vec<i64> = self.company.shifts.iter().map(|shift| shift.id).collect();
        for id in shifts {
            self.company.shifts.update(id, |shift| {
                shift.state.each_details(|details| {
                    if details.user_id == Some(from) {
                        details.user_id = Some(into);
                        details.modified = if silent { details.modified } else { now };
                    }
                });
            });
        }
        let punches: Vec<i64> = self
            .company
            .time_punches
            .iter()
            .filter(|punch| punch.user_id == from)
            .map(|punch| punch.id)
            .collect();
        for id in punches {
            self.company.time_punches.update(id, |punch| {
                punch.user_id = into;
                punch.modified = if silent { punch.modified } else { now };
            });
        }
        self.merge_terms(from, into, silent);
        self.change_user(into, |_| ())
    }

    fn merge_terms(&mut self, from: i64, into: i64, silent: bool) {
        let now = self.now;
        let stamp = |modified: &mut i64| {
            if !silent {
                *modified = now;
            }
        };
        let company = &mut self.company;
        for id in ids_of(&company.wages, from, |wage| wage.user_id) {
            company.wages.remove(id);
        }
        for id in ids_of(&company.availabilities, from, |row| row.user_id) {
            company.availabilities.update(id, |row| {
                row.user_id = into;
                stamp(&mut row.modified);
            });
        }
        for id in ids_of(&company.time_off, from, |off| off.user_id) {
            company.time_off.update(id, |off| {
                off.user_id = into;
                stamp(&mut off.modified);
            });
        }
    }
}

/// The rows of one person.
fn ids_of<T: Row>(table: &Table<T>, user_id: i64, of: impl Fn(&T) -> i64) -> Vec<i64> {
    table
        .iter()
        .filter(|row| of(row) == user_id)
        .map(Row::id)
        .collect()
}
