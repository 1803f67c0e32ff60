//! How many jobs run at the same time, and whose.

use std::collections::BTreeMap;

/// Jobs that run at the same time.
pub const CONCURRENT_JOBS: usize = 24;
/// Of one organization: what hangs there does not keep everybody else waiting.
pub const CONCURRENT_JOBS_OF_ONE: usize = 16;

/// How many jobs of each organization run.
#[derive(Clone, Debug, Default)]
pub struct Running(BTreeMap<String, usize>);

impl Running {
    pub fn begin(&mut self, organization_id: &str) {
        let count = self.0.entry(organization_id.to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    pub fn end(&mut self, organization_id: &str) {
        if let Some(count) = self.0.get_mut(organization_id) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.0.remove(organization_id);
            }
        }
    }

    /// How many jobs may begin, whosever they are but of these organizations, which have their share.
    /// None of the others gets more than its own, even if all of them are of one.
    #[must_use]
    pub fn room(&self) -> (usize, Vec<String>) {
        let free = CONCURRENT_JOBS.saturating_sub(self.0.values().sum());
        let (full, others): (Vec<_>, Vec<_>) = self
            .0
            .iter()
            .partition(|(_, count)| **count >= CONCURRENT_JOBS_OF_ONE);
        let most = others.iter().map(|(_, count)| **count).max();
        let share = CONCURRENT_JOBS_OF_ONE.saturating_sub(most.unwrap_or_default());
        let full = full.into_iter().map(|(id, _)| id.clone()).collect();
        (free.min(share), full)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_gets_its_share_and_the_rest_is_for_others() {
        let mut running = Running::default();
        assert_eq!(running.room(), (16, vec![]));
        for _ in 0..15 {
            running.begin("a");
        }
        assert_eq!(running.room(), (1, vec![]));
        running.begin("a");
        assert_eq!(running.room(), (8, vec!["a".to_owned()]));
        for _ in 0..8 {
            running.begin("b");
        }
        assert_eq!(running.room(), (0, vec!["a".to_owned()]));
        running.end("a");
        assert_eq!(running.room(), (1, vec![]));
        running.end("nobody");
        assert_eq!(running.room(), (1, vec![]));
    }

    proptest! {
        #[test]
        fn nobody_has_more_than_a_share_and_whoever_waits_has_room_when_there_is_any(
            steps in prop::collection::vec((0_u8..4, 0_usize..30), 1..200)
        ) {
            let mut running = Running::default();
            for (organization, count) in steps {
                let id = organization.to_string();
                if count % 3 == 0 {
                    running.end(&id);
                }
                let (room, full) = running.room();
                let has = |id: &str| running.0.get(id).copied().unwrap_or_default();
                let is_free = running.0.values().sum::<usize>() < CONCURRENT_JOBS;
                prop_assert_eq!(full.contains(&id), has(&id) >= CONCURRENT_JOBS_OF_ONE);
                prop_assert_eq!(room > 0, is_free);
                if !full.contains(&id) {
                    (0..count.min(room)).for_each(|_| running.begin(&id));
                }
                prop_assert!(running.0.values().all(|count| *count <= CONCURRENT_JOBS_OF_ONE));
                prop_assert!(running.0.values().sum::<usize>() <= CONCURRENT_JOBS);
            }
        }
    }
}
