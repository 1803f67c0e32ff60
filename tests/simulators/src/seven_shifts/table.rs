//! Rows by id, with an index by when they last changed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// Up to this many changed rows are looked up one by one; beyond, a walk over
/// all rows from the cursor on finds a page sooner.
const INDEXED_ROWS_MAX: usize = 4_096;

/// Something that has an id and changes.
pub trait Row {
    fn id(&self) -> i64;
    /// Unix seconds. Never earlier than any stamp a filter may look at.
    fn modified(&self) -> i64;
}

/// Where a page begins, in the order of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    After(i64),
    Before(i64),
}

#[derive(Clone, Debug)]
pub struct Table<T> {
    rows: BTreeMap<i64, T>,
    by_modified: BTreeSet<(i64, i64)>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            by_modified: BTreeSet::new(),
        }
    }
}

impl<T: Row> Table<T> {
    pub fn insert(&mut self, row: T) {
        self.remove(row.id());
        self.by_modified.insert((row.modified(), row.id()));
        self.rows.insert(row.id(), row);
    }

    pub fn remove(&mut self, id: i64) -> Option<T> {
        let row = self.rows.remove(&id)?;
        self.by_modified.remove(&(row.modified(), id));
        Some(row)
    }

    /// Changes a row and keeps the index true.
    pub fn update<R>(&mut self, id: i64, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let row = self.rows.get_mut(&id)?;
        let before = row.modified();
        let result = change(row);
        let after = row.modified();
        if before != after {
            self.by_modified.remove(&(before, id));
            self.by_modified.insert((after, id));
        }
        Some(result)
    }

    pub fn get(&self, id: i64) -> Option<&T> {
        self.rows.get(&id)
    }

    pub fn contains(&self, id: i64) -> bool {
        self.rows.contains_key(&id)
    }

    /// All rows in the order of ids.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.rows.values()
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The rows from a position on, nearest first. With `since`, rows that
    /// cannot have changed since may be left out; rows that did never are.
    pub fn walk(&self, from: Position, since: Option<i64>) -> Box<dyn Iterator<Item = &T> + '_> {
        if let Some(ids) = since.and_then(|since| self.few_changed_since(since)) {
            let rows = ids.into_iter().filter_map(|id| self.rows.get(&id));
            return match from {
                Position::After(bound) => Box::new(rows.filter(move |row| row.id() > bound)),
                Position::Before(bound) => Box::new(rows.rev().filter(move |row| row.id() < bound)),
            };
        }
        match from {
            Position::After(bound) => Box::new(
                self.rows
                    .range((Bound::Excluded(bound), Bound::Unbounded))
                    .map(|(_, row)| row),
            ),
            Position::Before(bound) => Box::new(self.rows.range(..bound).rev().map(|(_, row)| row)),
        }
    }

    /// The ids of what changed, ascending, when they are few.
    fn few_changed_since(&self, since: i64) -> Option<Vec<i64>> {
        let mut ids: Vec<i64> = self
            .by_modified
            .range((since, i64::MIN)..)
            .take(INDEXED_ROWS_MAX + 1)
            .map(|(_, id)| *id)
            .collect();
        if ids.len() > INDEXED_ROWS_MAX {
            return None;
        }
        ids.sort_unstable();
        Some(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Thing {
        id: i64,
        modified: i64,
    }

    impl Row for Thing {
        fn id(&self) -> i64 {
            self.id
        }
        fn modified(&self) -> i64 {
            self.modified
        }
    }

    fn table(rows: i64) -> Table<Thing> {
        let mut table = Table::default();
        for id in 1..=rows {
            table.insert(Thing {
                id,
                modified: id * 10,
            });
        }
        table
    }

    fn ids<'a>(rows: impl Iterator<Item = &'a Thing>) -> Vec<i64> {
        rows.map(Row::id).collect()
    }

    #[test]
    fn a_change_moves_the_row_in_the_index_and_not_in_the_order() {
        let mut table = table(5);
        table.update(2, |row| row.modified = 100);
        assert_eq!(ids(table.walk(Position::After(i64::MIN), Some(50))), [2, 5]);
        assert_eq!(ids(table.walk(Position::Before(5), Some(50))), [2]);
        table.remove(2);
        assert_eq!(ids(table.walk(Position::After(0), Some(50))), [5]);
    }

    #[test]
    fn a_walk_over_many_changes_leaves_none_out() {
        let table = table(10_000);
        let changed = ids(table.walk(Position::After(9_990), Some(0)));
        assert_eq!(changed, (9_991..=10_000).collect::<Vec<_>>());
    }
}
