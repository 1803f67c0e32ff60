//! Random days: what a mirror built from the API holds equals the truth.

use std::collections::BTreeMap;

use serde_json::Value;
use simulators::seven_shifts::{Life, Mutation};

use crate::support::{LAKESHORE, NOW, World, ids, zulu};

fn by_id(rows: Vec<Value>) -> BTreeMap<i64, Value> {
    ids(&rows).into_iter().zip(rows).collect()
}

fn without_people(punches: &BTreeMap<i64, Value>) -> Vec<Value> {
    punches
        .values()
        .cloned()
        .map(|mut punch| {
            punch["user_id"].take();
            for taken in punch["breaks"].as_array_mut().unwrap() {
                taken["user_id"].take();
            }
            punch
        })
        .collect()
}

#[tokio::test]
async fn one_seed_makes_the_same_things_happen() {
    let happened = |seed| -> Vec<String> {
        let world = World::demo();
        let mut life = Life::new(seed);
        (0..200)
            .map(|_| {
                world.clock.advance_seconds(60);
                let mutation = life.happen(world.simulator.provider(), LAKESHORE);
                format!("{:?}", mutation.unwrap())
            })
            .collect()
    };
    assert_eq!(happened(4), happened(4));
    assert_ne!(happened(4), happened(5));
}

#[tokio::test]
async fn the_lists_show_the_truth_after_any_day_and_changes_are_all_found_by_their_stamps() {
    let world = World::demo();
    let mut punches = by_id(world.walk("time_punches?limit=500").await);
    let mut life = Life::new(11);
    let mut merged_silently = false;
    for _ in 0..600 {
        world.clock.advance_seconds(97);
        let mutation = life.happen(world.simulator.provider(), LAKESHORE).unwrap();
        merged_silently |= matches!(mutation, Mutation::MergeUsers { silent: true, .. });
    }
    // What changed, read by stamp alone, brings an old mirror up to date.
    let since = zulu(NOW);
    let changed = world
        .walk(&format!(
            "time_punches?limit=500&deleted=null&modified_since={since}"
        ))
        .await;
    for (id, punch) in by_id(changed) {
        if punch["deleted"] == true {
            punches.remove(&id);
        } else {
            punches.insert(id, punch);
        }
    }
    let listed = by_id(world.walk("time_punches?limit=500").await);
    if merged_silently {
        // Only whose they are may have changed without a stamp.
        assert_eq!(without_people(&punches), without_people(&listed));
    } else {
        assert_eq!(punches, listed);
    }
    let truth = world.truth();
    let expected: Vec<i64> = truth.time_punches.iter().map(|punch| punch.id).collect();
    assert_eq!(listed.keys().copied().collect::<Vec<_>>(), expected);
    let shifts = world.walk("shifts?limit=500").await;
    let expected: Vec<(i64, Option<i64>, String)> = truth
        .shifts
        .iter()
        .map(|shift| (shift.id, shift.details.user_id, zulu(shift.details.start)))
        .collect();
    let shown: Vec<(i64, Option<i64>, String)> = shifts
        .iter()
        .map(|shift| {
            (
                shift["id"].as_i64().unwrap(),
                shift["user_id"].as_i64(),
                shift["start"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert_eq!(shown, expected);
}
