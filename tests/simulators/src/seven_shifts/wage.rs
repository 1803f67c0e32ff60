//! What people are paid, and from when.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wage {
    pub id: i64,
    pub user_id: i64,
    /// None when it is tied to no role, as a salary is.
    pub role_id: Option<i64>,
    /// The first day on which it is paid.
    pub effective_date: NaiveDate,
    pub wage_type: WageType,
    pub wage_cents: i64,
    pub created: i64,
    pub modified: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WageType {
    #[default]
    Hourly,
    WeeklySalary,
    AnnualSalary,
}

/// Wages by what they are on one day. Each list is in the order of ids.
#[derive(Debug, Default)]
pub struct WagesOn<'a> {
    /// For each person and role the latest that has begun. Two that began on
    /// one day are both current: which of them counts is not documented.
    pub current: Vec<&'a Wage>,
    pub upcoming: Vec<&'a Wage>,
    /// Those a later one has replaced: the API does not list them.
    pub past: Vec<&'a Wage>,
}

impl<'a> WagesOn<'a> {
    pub fn day(wages: impl Iterator<Item = &'a Wage> + Clone, today: NaiveDate) -> Self {
        let begun = |wage: &&Wage| wage.effective_date <= today;
        let mut latest: BTreeMap<(i64, Option<i64>), NaiveDate> = BTreeMap::new();
        for wage in wages.clone().filter(begun) {
            let date = latest
                .entry((wage.user_id, wage.role_id))
                .or_insert(wage.effective_date);
            *date = (*date).max(wage.effective_date);
        }
        let mut on = Self::default();
        for wage in wages {
            let list = if !begun(&wage) {
                &mut on.upcoming
            } else if latest.get(&(wage.user_id, wage.role_id)) == Some(&wage.effective_date) {
                &mut on.current
            } else {
                &mut on.past
            };
            list.push(wage);
        }
        on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wage(id: i64, role_id: Option<i64>, date: &str) -> Wage {
        Wage {
            id,
            user_id: 1,
            role_id,
            effective_date: date.parse().unwrap(),
            wage_type: WageType::Hourly,
            wage_cents: 1_800,
            created: 0,
            modified: 0,
        }
    }

    fn ids(wages: &[&Wage]) -> Vec<i64> {
        wages.iter().map(|wage| wage.id).collect()
    }

    #[test]
    fn the_latest_of_each_role_counts_and_later_ones_wait_for_their_day() {
        let wages = [
            wage(1, Some(7), "2026-01-01"),
            wage(2, Some(7), "2026-03-01"),
            wage(3, Some(8), "2025-01-01"),
            wage(4, None, "2026-03-02"),
        ];
        let on = WagesOn::day(wages.iter(), "2026-03-01".parse().unwrap());
        assert_eq!(ids(&on.current), [2, 3]);
        assert_eq!(ids(&on.upcoming), [4]);
        assert_eq!(ids(&on.past), [1]);
        let before = WagesOn::day(wages.iter(), "2026-02-28".parse().unwrap());
        assert_eq!(ids(&before.current), [1, 3]);
    }

    #[test]
    fn two_of_one_day_are_both_current() {
        let wages = [
            wage(1, Some(7), "2026-01-01"),
            wage(2, Some(7), "2026-01-01"),
        ];
        let on = WagesOn::day(wages.iter(), "2026-03-01".parse().unwrap());
        assert_eq!(ids(&on.current), [1, 2]);
    }
}
