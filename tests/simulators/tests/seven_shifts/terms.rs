//! What the demo accounts have agreed with their people, and what life makes of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use simulators::seven_shifts::{
    Life, Mutation, RequestStatus, Truth, User, WageType, demo_data, scale,
};

use crate::support::{LAKESHORE, NOW, World};

fn active(truth: &Truth) -> impl Iterator<Item = &User> {
    truth.users.iter().filter(|user| user.active)
}

#[tokio::test]
async fn every_active_person_has_one_to_three_roles_one_of_them_primary() {
    for seed in 0..3 {
        let world = World::of(demo_data(seed, NOW));
        let truth = world.truth();
        let mut counts = BTreeSet::new();
        for user in active(&truth) {
            let assigned = &user.assignments;
            counts.insert(assigned.role_ids.len());
            let primary = assigned.primary_role_id.unwrap();
            assert!(assigned.role_ids.contains(&primary), "{user:?}");
        }
        assert_eq!(counts, BTreeSet::from([1, 2, 3]));
    }
    let world = World::demo();
    let user = world.truth().users[1].clone();
    let data = world.own(&format!("users/{}/assignments", user.id)).await["data"].clone();
    let role = &data["roles"][0];
    assert_eq!(role["is_primary"], json!(true));
    assert_eq!(role["skill_level"], json!(user.skill_level));
    assert!(role["sort"].is_i64());
}

#[test]
fn every_active_person_is_paid_for_every_role_or_has_a_salary() {
    for seed in 0..3 {
        let truth = World::of(demo_data(seed, NOW)).truth();
        let mut paid: BTreeMap<i64, Vec<Option<i64>>> = BTreeMap::new();
        for wage in &truth.current_wages {
            paid.entry(wage.user_id).or_default().push(wage.role_id);
        }
        let mut salaried = 0;
        for user in active(&truth) {
            let roles = &paid[&user.id];
            if roles == &[None] {
                salaried += 1;
                continue;
            }
            let expected: BTreeSet<Option<i64>> = user
                .assignments
                .role_ids
                .iter()
                .copied()
                .map(Some)
                .collect();
            assert_eq!(roles.iter().copied().collect::<BTreeSet<_>>(), expected);
            let primary = truth
                .current_wages
                .iter()
                .find(|wage| {
                    wage.user_id == user.id && wage.role_id == user.assignments.primary_role_id
                })
                .unwrap();
            assert_eq!(primary.wage_cents, user.hourly_wage);
        }
        assert_eq!(salaried, 3);
        let kinds: BTreeSet<String> = truth
            .current_wages
            .iter()
            .map(|wage| format!("{:?}", wage.wage_type))
            .collect();
        assert_eq!(kinds.len(), 3, "{kinds:?}");
        assert!(!truth.past_wages.is_empty() && !truth.upcoming_wages.is_empty());
        for wage in truth.current_wages.iter().chain(&truth.past_wages) {
            assert!(wage.created <= NOW && wage.wage_cents > 0, "{wage:?}");
        }
    }
}

#[test]
fn most_have_told_when_they_can_work_and_time_off_is_of_every_kind() {
    for seed in 0..3 {
        let truth = World::of(demo_data(seed, NOW)).truth();
        let told: BTreeSet<i64> = truth
            .availabilities
            .iter()
            .filter(|row| row.repeat)
            .map(|row| row.user_id)
            .collect();
        assert!(told.len() * 2 > active(&truth).count());
        assert!(truth.availabilities.iter().any(|row| !row.repeat));
        for row in &truth.availabilities {
            assert!(
                row.created <= row.modified && row.modified <= NOW,
                "{row:?}"
            );
        }
        for off in &truth.time_off {
            assert!(
                off.created <= NOW && off.from_date <= off.to_date,
                "{off:?}"
            );
        }
    }
    let mut categories = BTreeSet::new();
    let mut statuses = BTreeSet::new();
    let mut partial = 0;
    for off in World::demo().truth().time_off {
        categories.insert(off.category);
        statuses.insert(match off.status {
            RequestStatus::Pending => 0,
            RequestStatus::Approved => 1,
            RequestStatus::Declined => 2,
        });
        partial += usize::from(off.partial.is_some());
    }
    let expected = ["paid", "paid_sick", "study_leave", "unpaid"];
    assert_eq!(categories, expected.map(str::to_owned).into());
    assert_eq!(statuses, [0, 1, 2].into());
    assert!(partial > 0);
}

#[test]
fn the_many_of_a_large_account_are_paid_too() {
    let accounts = scale(10, NOW);
    let company = accounts.list()[0].company_id;
    let world = World::of(accounts);
    let truth = world.simulator.provider().truth(company).unwrap();
    assert_eq!(truth.current_wages.len(), truth.users.len());
    assert!(
        truth
            .current_wages
            .iter()
            .all(|wage| wage.wage_type == WageType::Hourly)
    );
}

#[tokio::test]
async fn life_changes_terms_too_and_the_lists_show_the_truth_of_it() {
    let world = World::demo();
    let before = world.truth();
    let mut life = Life::new(3);
    for _ in 0..300 {
        world.clock.advance_seconds(97);
        life.happen(world.simulator.provider(), LAKESHORE).unwrap();
    }
    let truth = world.truth();
    assert_ne!(before.current_wages, truth.current_wages);
    assert_ne!(before.availabilities, truth.availabilities);
    assert_ne!(before.time_off, truth.time_off);
    let assigned = |truth: &Truth| -> BTreeMap<i64, simulators::seven_shifts::Assignments> {
        truth
            .users
            .iter()
            .map(|user| (user.id, user.assignments.clone()))
            .collect()
    };
    assert_ne!(assigned(&before), assigned(&truth));
    let availabilities = world.walk("availabilities?limit=50").await;
    assert_eq!(
        crate::support::ids(&availabilities),
        truth
            .availabilities
            .iter()
            .map(|row| row.id)
            .collect::<Vec<_>>()
    );
    for user in &truth.users {
        let data = world.own(&format!("users/{}/wages", user.id)).await["data"].clone();
        for (list, wages) in [
            ("current_wages", &truth.current_wages),
            ("upcoming_wages", &truth.upcoming_wages),
        ] {
            let expected: Vec<i64> = wages
                .iter()
                .filter(|wage| wage.user_id == user.id)
                .map(|wage| wage.id)
                .collect();
            assert_eq!(
                crate::support::ids(data[list].as_array().unwrap()),
                expected
            );
        }
    }
}

#[tokio::test]
async fn a_merge_keeps_the_hours_and_the_time_off_and_drops_the_wages() {
    let world = World::demo();
    let truth = world.truth();
    let from = truth
        .users
        .iter()
        .find(|user| {
            truth.time_off.iter().any(|off| off.user_id == user.id)
                && truth
                    .availabilities
                    .iter()
                    .any(|row| row.user_id == user.id)
        })
        .unwrap()
        .id;
    let into = truth.users.iter().find(|user| user.id != from).unwrap().id;
    world.change(Mutation::MergeUsers {
        from,
        into,
        silent: false,
    });
    let after = world.truth();
    assert_eq!(after.time_off.len(), truth.time_off.len());
    assert!(after.time_off.iter().all(|off| off.user_id != from));
    assert!(after.availabilities.iter().all(|row| row.user_id != from));
    assert!(after.current_wages.iter().all(|wage| wage.user_id != from));
}
