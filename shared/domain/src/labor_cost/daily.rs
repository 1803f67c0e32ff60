//! Planned and actual work, by local day, location and role.

use serde::Deserialize;

/// What was planned, or worked, as one role at one location, of what began on one of the days that were
/// asked for.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Work {
    /// Its place among the days.
    pub day: usize,
    pub location_id: Option<String>,
    pub role_name: Option<String>,
    pub seconds: i64,
    /// How many of them end when they end: shifts until closing, whose seconds are those until the end that was
    /// entered for them, and punches that are running, which have none.
    pub open_ended: i64,
}

/// Scheduled, and actual.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Worked {
    pub shifts: Vec<Work>,
    pub punches: Vec<Work>,
}

/// Where, and as what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Post {
    pub location_id: Option<String>,
    /// [Folded](crate::place_name::folded).
    pub role: Option<String>,
}

/// Of one post on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayOfPost {
    /// As one of the rows has it.
    pub role_name: Option<String>,
    pub scheduled_seconds: i64,
    pub actual_seconds: i64,
    pub shifts_until_close: i64,
    pub running_punches: i64,
}

#[cfg(feature = "zones")]
pub use by_day::by_day;

#[cfg(feature = "zones")]
mod by_day {
    use std::collections::BTreeMap;

    use chrono::NaiveDate;

    use super::{DayOfPost, Post, Work, Worked};
    use crate::labor_cost::Workday;
    use crate::place_name::folded;
    use crate::zone::Zone;

    type ByDay = BTreeMap<NaiveDate, BTreeMap<Post, DayOfPost>>;

    /// The same work may have been found on days of several zones: it counts on that of its location's
    /// zone.
    #[must_use]
    pub fn by_day(
        worked: &Worked,
        days: &[(Zone, Workday)],
        zone_of: impl Fn(Option<&str>) -> Zone,
    ) -> ByDay {
        let mut found = ByDay::new();
        for shift in &worked.shifts {
            if let Some(post) = post(&mut found, shift, days, &zone_of) {
                post.scheduled_seconds = post.scheduled_seconds.saturating_add(shift.seconds);
                post.shifts_until_close += shift.open_ended;
            }
        }
        for punch in &worked.punches {
            if let Some(post) = post(&mut found, punch, days, &zone_of) {
                post.actual_seconds = post.actual_seconds.saturating_add(punch.seconds);
                post.running_punches += punch.open_ended;
            }
        }
        found
    }

    fn post<'a>(
        found: &'a mut ByDay,
        work: &Work,
        days: &[(Zone, Workday)],
        zone_of: &impl Fn(Option<&str>) -> Zone,
    ) -> Option<&'a mut DayOfPost> {
        let (_, day) = days
            .get(work.day)
            .filter(|(zone, _)| *zone == zone_of(work.location_id.as_deref()))?;
        let post = Post {
            location_id: work.location_id.clone(),
            role: work.role_name.as_deref().map(folded),
        };
        let of_post = found.entry(day.date).or_default().entry(post).or_default();
        if of_post.role_name.is_none() {
            of_post.role_name.clone_from(&work.role_name);
        }
        Some(of_post)
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::labor_cost::workdays;

        #[test]
        fn work_counts_on_the_day_of_its_location_alone_and_by_the_name_of_its_role() {
            let zones =
                ["America/Toronto", "Australia/Sydney"].map(|name| Zone::parse(name).unwrap());
            let date = "2026-03-14".parse().unwrap();
            let days: Vec<_> = zones
                .into_iter()
                .flat_map(|zone| workdays(zone, date, date).map(move |day| (zone, day)))
                .collect();
            let work =
                |day, location: Option<&str>, role: Option<&str>, seconds, open_ended| Work {
                    day,
                    location_id: location.map(str::to_owned),
                    role_name: role.map(str::to_owned),
                    seconds,
                    open_ended,
                };
            let quay = Some("quay");
            let worked = Worked {
                shifts: vec![
                    work(0, quay, Some("Cook"), 7, 1),
                    work(1, quay, Some("Cook"), 60, 2),
                    work(1, quay, Some("COOK "), 30, 0),
                    work(0, None, None, 5, 0),
                    work(9, None, None, 5, 0),
                ],
                punches: vec![work(1, quay, Some("cook"), 80, 1)],
            };
            let found = by_day(&worked, &days, |id| zones[usize::from(id == Some("quay"))]);
            let post = |location: Option<&str>, role: Option<&str>| Post {
                location_id: location.map(str::to_owned),
                role: role.map(str::to_owned),
            };
            let expected = BTreeMap::from([
                (
                    post(None, None),
                    DayOfPost {
                        scheduled_seconds: 5,
                        ..DayOfPost::default()
                    },
                ),
                (
                    post(quay, Some("cook")),
                    DayOfPost {
                        role_name: Some("Cook".to_owned()),
                        scheduled_seconds: 90,
                        actual_seconds: 80,
                        shifts_until_close: 2,
                        running_punches: 1,
                    },
                ),
            ]);
            assert_eq!(found, BTreeMap::from([(date, expected)]));
        }
    }
}
