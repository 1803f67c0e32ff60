//! A random life of a connector that is kept to one location, from one seed: shifts and punches move
//! between the locations, people come and go, and now and then the connector is widened to all of them
//! and narrowed again.
//!
//! `PATCHBAY_SEEDS=50` tries more seeds; a seed that fails is named.

use std::collections::BTreeSet;

use http::StatusCode;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use simulators::seven_shifts::{Assignments, Life, Mutation, ShiftChanges, Truth};
use simulators::{Fault, FaultRule, When};
use whole_system::{App, LAKESHORE, Organization};

use super::{
    assert_place, one_location, pass, rows, settle, sync, truth, try_sync, with_role_at,
    without_role,
};
use crate::sync::mirror;

const ROUNDS: usize = 8;
const CHANGES: usize = 12;
/// The provider spoils each request with this probability, in each of its ways.
const SPOILT: f64 = 0.01;
/// A list ends early with this probability.
const CUT_SHORT: f64 = 0.05;
const WEEK: u64 = 8 * 86_400;

fn seeds(default: u64) -> u64 {
    let asked = std::env::var("PATCHBAY_SEEDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Nothing goes wrong, so every sync is exact: what only the weekly reading of everything finds would
/// show. Merges of people alone are for it.
#[tokio::test(start_paused = true)]
async fn every_sync_of_a_random_life_is_exact() {
    for seed in 1..=seeds(1) {
        let mut days = Days::begin(seed).await;
        for round in 0..ROUNDS {
            days.live().await;
            if days.random.random_bool(0.25) {
                days.connect_elsewhere().await;
                settle(&days.app, &days.organization).await;
            }
            pass(60).await;
            sync(&days.app, &days.organization).await;
            days.check(&format!("round {round}")).await;
        }
    }
}

/// Lists end early and answers go wrong; then the weather clears, and what is read whole is the truth.
#[tokio::test(start_paused = true)]
async fn after_a_random_life_in_bad_weather_the_tables_are_the_accounts() {
    for seed in 101..=100 + seeds(1) {
        let mut days = Days::begin(seed).await;
        for _ in 0..ROUNDS {
            days.live().await;
            days.spoil();
            if days.random.random_bool(0.4) {
                days.connect_elsewhere().await;
            }
            try_sync(&days.app, &days.organization).await;
            days.app.simulator.clear_faults();
        }
        pass(WEEK).await;
        settle(&days.app, &days.organization).await;
        pass(60).await;
        sync(&days.app, &days.organization).await;
        days.check("at the end").await;
    }
}

struct Days {
    app: App,
    organization: Organization,
    here: i64,
    there: i64,
    /// The only location that the connector brings now.
    place: Option<i64>,
    life: Life,
    random: ChaCha8Rng,
    seed: u64,
}

impl Days {
    async fn begin(seed: u64) -> Self {
        let (app, organization, here, there) = one_location(seed).await;
        Self {
            app,
            organization,
            here,
            there,
            place: Some(here),
            life: Life::new(seed),
            random: ChaCha8Rng::seed_from_u64(seed),
            seed,
        }
    }

    /// Some changes, each after a while. What is impossible does not happen.
    async fn live(&mut self) {
        for _ in 0..CHANGES {
            pass(self.random.random_range(1..1_800)).await;
            let provider = self.app.simulator.provider();
            if self.random.random_bool(0.4) {
                let _what = self.life.happen(provider, LAKESHORE.company_id);
                continue;
            }
            let truth = truth(&self.app);
            let mutations = self.moves(&truth);
            for mutation in mutations {
                let _impossible = self
                    .app
                    .simulator
                    .provider()
                    .mutate(LAKESHORE.company_id, mutation);
            }
        }
    }

    /// A person, a punch, or a shift that moves, which happens in several steps.
    fn moves(&mut self, truth: &Truth) -> Vec<Mutation> {
        match self.random.random_range(0..10) {
            0..2 => vec![self.assign(truth)],
            2..4 => {
                let punch = truth.time_punches.choose(&mut self.random);
                let changes = json!({"location_id": self.anywhere()});
                punch
                    .map(|punch| Mutation::EditPunch {
                        id: punch.id,
                        changes: serde_json::from_value(changes).expect("changes"),
                    })
                    .into_iter()
                    .collect()
            }
            _ => {
                let Some(shift) = truth.shifts.choose(&mut self.random) else {
                    return Vec::new();
                };
                let (id, details) = (shift.id, &shift.details);
                let steps = self.random.random_range(1..4);
                (0..steps)
                    .map(|_| match self.random.random_range(0..8) {
                        0..2 => Mutation::MoveShift {
                            id,
                            start: details.start + 900 * self.random.random_range(0..4),
                            end: details.end + 2_700,
                            location_id: Some(self.anywhere()),
                        },
                        2..5 => Mutation::EditShift {
                            id,
                            changes: ShiftChanges {
                                location_id: Some(self.anywhere()),
                                ..ShiftChanges::default()
                            },
                            publish: self.random.random_bool(0.3),
                        },
                        5 => Mutation::PublishShift { id },
                        6 => Mutation::UnpublishShift { id },
                        _ => Mutation::DeleteShift {
                            id,
                            publish: self.random.random_bool(0.5),
                        },
                    })
                    .collect()
            }
        }
    }

    fn anywhere(&mut self) -> i64 {
        if self.random.random_bool(0.5) {
            self.here
        } else {
            self.there
        }
    }

    /// Somebody works here, there, in both, or nowhere, with a role or without.
    fn assign(&mut self, truth: &Truth) -> Mutation {
        let id = truth
            .users
            .choose(&mut self.random)
            .map_or(0, |user| user.id);
        let (here, there) = (self.here, self.there);
        let all = [&[][..], &[here], &[there], &[here, there]];
        let locations = all.choose(&mut self.random).copied().unwrap_or_default();
        let assignments = match locations.choose(&mut self.random) {
            None => Assignments::default(),
            Some(_) if self.random.random_bool(0.3) => without_role(locations),
            Some(place) => with_role_at(&self.app, locations, *place),
        };
        Mutation::AssignUser { id, assignments }
    }

    /// To one location, to the other one, or to all of them.
    async fn connect_elsewhere(&mut self) {
        let places = [Some(self.here), Some(self.there), None];
        let place = places.choose(&mut self.random).copied().unwrap_or_default();
        let call = json!({"action": "connect", "apiKey": LAKESHORE.token,
            "companyId": LAKESHORE.company_id, "locationId": place});
        let answer = self.app.proxy(&self.organization.key, call).await;
        // In bad weather the account cannot be looked at, and nothing changes.
        if answer.status == StatusCode::OK {
            self.place = place;
        }
    }

    fn spoil(&mut self) {
        let simulator = &self.app.simulator;
        let seed = self.random.random();
        for rule in FaultRule::bad_weather(seed, SPOILT) {
            simulator.add_fault(rule);
        }
        let keep = self.random.random_range(0..40);
        simulator.add_fault(FaultRule {
            query_contains: Some("limit=".to_owned()),
            ..FaultRule::on(
                "/v2/",
                When::Probability { p: CUT_SHORT, seed },
                Fault::ListCutShort { keep },
            )
        });
    }

    async fn check(&self, when: &str) {
        let when = format!("seed {} {when}", self.seed);
        println!("{when}: {:?}", self.place);
        let Some(place) = self.place else {
            mirror::assert_equal_but_for_merges(&self.app, &self.organization).await;
            return;
        };
        assert_place(&self.app, &self.organization, place, &when).await;
        let truth = truth(&self.app);
        let of_place: BTreeSet<i64> = truth
            .roles
            .iter()
            .filter(|role| role.location_id == place)
            .map(|role| role.id)
            .collect();
        let at_work: Vec<_> = truth
            .users
            .iter()
            .filter(|user| user.active && user.assignments.location_ids.contains(&place))
            .collect();
        let expected: BTreeSet<String> = at_work
            .iter()
            .flat_map(|user| {
                let roles = user.assignments.role_ids.intersection(&of_place);
                roles.map(|role| format!("{}:{role}", user.id))
            })
            .collect();
        // Of who does not work any more what was known last stays.
        let people: BTreeSet<String> = at_work.iter().map(|user| user.id.to_string()).collect();
        let is_of_them = |row: &serde_json::Value| {
            let person = row["external_user_id"].as_str().unwrap_or_default();
            people.contains(person)
        };
        let ids = |rows: Vec<serde_json::Value>| -> BTreeSet<String> {
            rows.iter()
                .filter(|row| is_of_them(row))
                .filter_map(|row| row["external_id"].as_str().map(str::to_owned))
                .collect()
        };
        let ours = ids(rows(&self.app, &self.organization, "role-assignments").await);
        assert_eq!(ours, expected, "{when}: role assignments");
        let wages = ids(rows(&self.app, &self.organization, "wages").await);
        let listed = truth.current_wages.iter().chain(&truth.upcoming_wages);
        for wage in listed.filter(|wage| people.contains(&wage.user_id.to_string())) {
            assert!(wages.contains(&wage.id.to_string()), "{when}: {wage:?}");
        }
    }
}
