//! How many requests a minute are taken from one caller, one address or one webhook: a token bucket,
//! kept as the generic cell rate algorithm (ITU-T I.371) does, with a burst of the whole quota. Its
//! one number is the theoretical arrival time, `tat_us`, in Unix microseconds.
//!
//! Many instances share a bucket that `store` keeps. An instance goes by its own copy, and writes
//! what it has let in since only now and then ([`Bucket::ask`]). So all of them together let in no
//! more than the quota, a burst of the quota, and a [`Quota::batch`] for each instance.

use std::num::NonZeroU32;

/// Of every quota.
pub const WINDOW_SECONDS: i64 = 60;
/// The largest quota, in requests a minute.
pub const MAX_PER_MINUTE: u32 = 1_000_000;
/// An instance writes what it has let in at least so often while it lets in, in microseconds.
pub const WRITE_EVERY_US: i64 = SECOND_US;

const SECOND_US: i64 = 1_000_000;
/// An instance lets in this share of the quota before it writes.
const BATCH_SHARE: u32 = 100;
/// Debts of more than so many windows are forgiven: instances that did not know of each other have
/// made them.
const MAX_DEBT_WINDOWS: i64 = 2;
/// A state that is this much further ahead was written by a clock that has since jumped back.
const CLOCK_MARGIN_US: i64 = 10 * SECOND_US;

/// Requests a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota(NonZeroU32);

impl Quota {
    /// `None` for 0, which is no limit; more than [`MAX_PER_MINUTE`] is that.
    #[must_use]
    pub fn per_minute(requests: u32) -> Option<Self> {
        NonZeroU32::new(requests.min(MAX_PER_MINUTE)).map(Self)
    }

    #[must_use]
    pub const fn requests(self) -> u32 {
        self.0.get()
    }

    /// What one request takes of the bucket, in microseconds: rounded up, so that it is never more
    /// than the quota.
    #[must_use]
    pub fn cost_us(self) -> i64 {
        let requests = i64::from(self.requests());
        (WINDOW_SECONDS * SECOND_US + requests - 1) / requests
    }

    /// What the bucket holds, in microseconds: the costs of the whole quota.
    #[must_use]
    pub fn window_us(self) -> i64 {
        self.cost_us() * i64::from(self.requests())
    }

    /// Requests that an instance lets in before it writes.
    #[must_use]
    pub fn batch(self) -> u32 {
        (self.requests() / BATCH_SHARE).max(1)
    }

    /// The furthest that a debt goes ahead of now, in microseconds.
    #[must_use]
    pub fn max_debt_us(self) -> i64 {
        self.window_us() * MAX_DEBT_WINDOWS
    }

    /// A state further ahead of now than this, in microseconds, counts for nothing.
    #[must_use]
    pub fn max_ahead_us(self) -> i64 {
        self.max_debt_us() + CLOCK_MARGIN_US
    }

    /// The state as it counts at this moment: `now_us` is an untouched bucket.
    #[must_use]
    pub fn level(self, tat_us: i64, now_us: i64) -> i64 {
        if tat_us > now_us.saturating_add(self.max_ahead_us()) {
            now_us
        } else {
            tat_us.max(now_us)
        }
    }

    /// The state after another `cost_us`; `None` when the bucket does not hold so much.
    ///
    /// Nobody is let in by this function alone: the shared bucket is changed by one statement of
    /// `store`. It is the rule that the statement is tested against.
    #[must_use]
    pub fn take(self, tat_us: i64, now_us: i64, cost_us: i64) -> Option<i64> {
        let after = self.level(tat_us, now_us).saturating_add(cost_us);
        (after <= now_us.saturating_add(self.window_us())).then_some(after)
    }

    /// The state after `cost_us` that were let in already.
    #[must_use]
    pub fn owe(self, tat_us: i64, now_us: i64, cost_us: i64) -> i64 {
        self.level(tat_us, now_us)
            .saturating_add(cost_us)
            .min(now_us.saturating_add(self.max_debt_us()))
    }

    /// What whoever spends from a bucket in this state is told.
    #[must_use]
    pub fn standing(self, tat_us: i64, now_us: i64) -> Standing {
        let used_us = self.level(tat_us, now_us).saturating_sub(now_us);
        let left = (self.window_us() - used_us).max(0) / self.cost_us();
        // The next request is there when so much is used at the most.
        let next_us = self.window_us() - (left + 1) * self.cost_us();
        let wait_us = if used_us == 0 { 0 } else { used_us - next_us };
        Standing {
            quota: self.requests(),
            left: u32::try_from(left).unwrap_or_default(),
            more_in_seconds: wait_us.max(0).saturating_add(SECOND_US - 1) / SECOND_US,
        }
    }
}

/// How much is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Requests a minute.
    pub quota: u32,
    /// Requests that may come at once.
    pub left: u32,
    /// Until there are more, rounded up; 0 when the whole quota is there.
    pub more_in_seconds: i64,
}

/// What is done about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is let in, and noted here.
    Admit,
    /// The shared bucket decides: so much was let in and is not written yet, in microseconds. Until
    /// the write is through, the copy has it all.
    Write { owed_us: i64 },
    /// It is refused, and nothing is written: the shared bucket is no fuller than its copy.
    Refuse,
}

/// An instance's copy of a shared bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// With what is not written yet.
    tat_us: i64,
    owed_us: i64,
    /// What is being written at the moment.
    in_hand_us: i64,
    written_at_us: i64,
}

impl Bucket {
    /// As the shared bucket has just been seen.
    #[must_use]
    pub const fn seen(tat_us: i64, now_us: i64) -> Self {
        Self {
            tat_us,
            owed_us: 0,
            in_hand_us: 0,
            written_at_us: now_us,
        }
    }

    /// Asks for one request.
    pub fn ask(&mut self, quota: Quota, now_us: i64) -> Next {
        let cost_us = quota.cost_us();
        let Some(after) = quota.take(self.tat_us, now_us, cost_us) else {
            return Next::Refuse;
        };
        self.tat_us = after;
        let owed_us = self.owed_us.saturating_add(cost_us);
        let age_us = now_us.saturating_sub(self.written_at_us);
        if !(0..WRITE_EVERY_US).contains(&age_us) {
            // A write that was broken off is never through.
            self.in_hand_us = 0;
        } else if owed_us.saturating_add(self.in_hand_us)
            < cost_us.saturating_mul(i64::from(quota.batch()))
        {
            self.owed_us = owed_us;
            return Next::Admit;
        }
        // Whoever comes while this one writes owes only what comes after.
        let owed_us = std::mem::take(&mut self.owed_us);
        self.in_hand_us = self.in_hand_us.saturating_add(owed_us);
        self.written_at_us = now_us;
        Next::Write { owed_us }
    }

    /// After a write of `owed_us`, the shared bucket was in this state, with the request that asked
    /// for it or without.
    pub fn written(
        &mut self,
        quota: Quota,
        owed_us: i64,
        tat_us: i64,
        is_taken: bool,
        now_us: i64,
    ) {
        self.in_hand_us = self.in_hand_us.saturating_sub(owed_us).max(0);
        if !is_taken {
            self.tat_us = self.tat_us.saturating_sub(quota.cost_us());
        }
        let shared = quota
            .level(tat_us, now_us)
            .saturating_add(self.owed_us)
            .min(now_us.saturating_add(quota.max_debt_us()));
        self.tat_us = quota.level(self.tat_us, now_us).max(shared);
    }

    #[must_use]
    pub const fn tat_us(&self) -> i64 {
        self.tat_us
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW_US: i64 = 1_800_000_000_000_000;

    fn quota(requests: u32) -> Quota {
        Quota::per_minute(requests).unwrap()
    }

    /// The shared bucket and the instances that go by copies of it.
    struct World {
        quota: Quota,
        shared_us: i64,
        instances: Vec<Option<Bucket>>,
    }

    impl World {
        fn of(quota: Quota, instances: usize) -> Self {
            Self {
                quota,
                shared_us: 0,
                instances: vec![None; instances],
            }
        }

        /// As `store` does it.
        fn spend(&mut self, owed_us: i64, now_us: i64) -> bool {
            let cost_us = owed_us + self.quota.cost_us();
            match self.quota.take(self.shared_us, now_us, cost_us) {
                Some(after) => {
                    self.shared_us = after;
                    true
                }
                None => {
                    self.shared_us = self.quota.owe(self.shared_us, now_us, owed_us);
                    false
                }
            }
        }

        fn ask(&mut self, instance: usize, now_us: i64) -> bool {
            let next = match &mut self.instances[instance] {
                None => Next::Write { owed_us: 0 },
                Some(bucket) => bucket.ask(self.quota, now_us),
            };
            match next {
                Next::Admit => true,
                Next::Refuse => false,
                Next::Write { owed_us } => {
                    let is_admitted = self.spend(owed_us, now_us);
                    let Some(bucket) = &mut self.instances[instance] else {
                        self.instances[instance] = Some(Bucket::seen(self.shared_us, now_us));
                        return is_admitted;
                    };
                    bucket.written(self.quota, owed_us, self.shared_us, is_admitted, now_us);
                    is_admitted
                }
            }
        }
    }

    #[test]
    fn no_quota_is_no_limit_and_there_is_a_largest() {
        assert_eq!(Quota::per_minute(0), None);
        assert_eq!(quota(u32::MAX).requests(), MAX_PER_MINUTE);
        assert_eq!((quota(6_000).cost_us(), quota(6_000).batch()), (10_000, 60));
        assert_eq!((quota(7).cost_us(), quota(7).batch()), (8_571_429, 1));
    }

    #[test]
    fn the_quota_may_come_at_once_and_the_next_one_is_told_when() {
        let mut world = World::of(quota(3), 1);
        assert_eq!((0..4).filter(|_| world.ask(0, NOW_US)).count(), 3);
        let told = quota(3).standing(world.shared_us, NOW_US);
        assert_eq!(
            told,
            Standing {
                quota: 3,
                left: 0,
                more_in_seconds: 20
            }
        );
        assert!(!world.ask(0, NOW_US + 19_999_999));
        assert!(world.ask(0, NOW_US + 20_000_000));
        assert!(!world.ask(0, NOW_US + 20_000_000));
    }

    #[test]
    fn an_untouched_bucket_has_it_all() {
        let told = quota(10).standing(0, NOW_US);
        assert_eq!((told.left, told.more_in_seconds), (10, 0));
        let told = quota(10).standing(NOW_US + 6_000_000, NOW_US);
        assert_eq!((told.left, told.more_in_seconds), (9, 6));
    }

    #[test]
    fn a_state_of_a_clock_that_has_jumped_counts_for_nothing() {
        let quota = quota(10);
        let ahead = NOW_US + quota.max_ahead_us() + 1;
        assert_eq!(quota.standing(ahead, NOW_US).left, 10);
        let mut bucket = Bucket::seen(ahead, ahead);
        assert_eq!(bucket.ask(quota, NOW_US), Next::Write { owed_us: 0 });
        bucket.written(quota, 0, NOW_US + quota.cost_us(), true, NOW_US);
        assert_eq!(bucket.tat_us(), NOW_US + quota.cost_us());
    }

    /// Of many requests at a time, none is let in on the strength of what is not through.
    #[test]
    fn what_is_being_written_counts_as_not_written() {
        let quota = quota(400);
        let mut bucket = Bucket::seen(0, NOW_US);
        let asked: Vec<_> = (0..16).map(|_| bucket.ask(quota, NOW_US)).collect();
        let admitted = asked.iter().filter(|next| **next == Next::Admit).count();
        assert_eq!(admitted, 3);
        let owed_us = 3 * quota.cost_us();
        assert_eq!(asked.get(3), Some(&Next::Write { owed_us }));
        assert_eq!(asked.get(4), Some(&Next::Write { owed_us: 0 }));
        bucket.written(quota, owed_us, NOW_US, true, NOW_US);
        assert_eq!(bucket.ask(quota, NOW_US), Next::Admit);
    }

    #[test]
    fn most_requests_of_a_large_quota_write_nothing() {
        let quota = quota(6_000);
        let mut bucket = Bucket::seen(0, NOW_US);
        let writes = (0..6_000)
            .filter(|_| match bucket.ask(quota, NOW_US) {
                Next::Write { owed_us } => {
                    bucket.written(quota, owed_us, NOW_US, true, NOW_US);
                    true
                }
                _ => false,
            })
            .count();
        assert_eq!(writes, 100);
        assert_eq!(bucket.ask(quota, NOW_US), Next::Refuse);
    }

    proptest! {
        /// However the asks are spread over time, whichever instance they come to.
        #[test]
        fn no_stretch_of_time_holds_more_than_a_burst_and_the_pace(
            requests in prop_oneof![1u32..20, 20u32..2_000, Just(6_000), Just(60_000)],
            instances in 1usize..5,
            asks in prop::collection::vec((0i64..3_000_000, 0usize..5), 1..600),
        ) {
            let quota = quota(requests);
            let mut world = World::of(quota, instances);
            let (mut now, mut admitted) = (NOW_US, Vec::new());
            for (pause, instance) in asks {
                // Most come in bursts.
                now += if pause % 7 == 0 { pause } else { pause % 100 };
                if world.ask(instance % instances, now) {
                    admitted.push(now);
                }
            }
            let unknown = usize::try_from(quota.batch()).unwrap() * instances;
            let unknown = if quota.batch() == 1 { 0 } else { unknown };
            for (index, from) in admitted.iter().enumerate() {
                let Some(to) = admitted.last() else { break };
                let pace = usize::try_from((to - from) / quota.cost_us()).unwrap();
                let allowed = usize::try_from(requests).unwrap() + pace + unknown;
                prop_assert!(admitted.len() - index <= allowed);
            }
        }

        /// Long hammering at more than one instance gets nobody more than the pace.
        #[test]
        fn what_instances_let_in_too_much_is_paid_back(
            requests in 200u32..2_000, instances in 1usize..6, step in 500i64..5_000,
        ) {
            let quota = quota(requests);
            let mut world = World::of(quota, instances);
            let asks = 300_000_000 / (step * 10);
            let mut admitted = 0;
            for ask in 0..asks {
                let now = NOW_US + ask * step * 10;
                for instance in 0..instances {
                    admitted += usize::from(world.ask(instance, now));
                }
            }
            let unknown = usize::try_from(quota.batch()).unwrap() * instances;
            let allowed = usize::try_from(requests).unwrap() * 6 + unknown;
            prop_assert!(admitted <= allowed, "{admitted} of {allowed}");
        }

        #[test]
        fn who_waits_as_told_is_let_in(
            requests in 1u32..100_000, used in 0i64..200_000_000,
        ) {
            let quota = quota(requests);
            let tat = NOW_US + used.min(quota.window_us());
            let told = quota.standing(tat, NOW_US);
            prop_assert!(told.left <= requests);
            let is_taken = quota.take(tat, NOW_US, quota.cost_us()).is_some();
            prop_assert_eq!(is_taken, told.left > 0);
            let later = NOW_US + told.more_in_seconds * 1_000_000;
            prop_assert!(quota.standing(tat, later).left >= (told.left + 1).min(requests));
        }

        #[test]
        fn no_state_overflows(
            requests in 1u32.., tat: i64, other: i64, now in 0..i64::MAX / 2, cost in 0..i64::MAX / 2,
        ) {
            let quota = quota(requests);
            let _ = (quota.standing(tat, now), quota.take(tat, now, cost), quota.owe(tat, now, cost));
            let mut bucket = Bucket::seen(tat, other);
            let _ = bucket.ask(quota, now);
            bucket.written(quota, other, tat, requests % 2 == 0, now);
            prop_assert!(bucket.tat_us() <= now + quota.max_ahead_us());
        }
    }
}
