//! Shifts and punches that move between locations, with edits that are not published beside them: a
//! shift is where it is published.

use std::collections::BTreeMap;

use serde_json::json;
use simulators::seven_shifts::{Mutation, PublishedShift, Resource, ShiftChanges};
use whole_system::{App, Organization};

use super::{EPOCH, assert_place, change, one_location, pass, rows, sync, truth, try_sync};

const DAY: i64 = 86_400;

/// Published.
fn move_to(shift: &PublishedShift, place: i64) -> Mutation {
    Mutation::MoveShift {
        id: shift.id,
        start: shift.details.start,
        end: shift.details.end,
        location_id: Some(place),
    }
}

/// Published, and where it is.
fn move_by_an_hour(shift: &PublishedShift) -> Mutation {
    Mutation::MoveShift {
        id: shift.id,
        start: shift.details.start + 3_600,
        end: shift.details.end + 3_600,
        location_id: None,
    }
}

/// Not published.
fn draft_at(shift: &PublishedShift, place: i64) -> Mutation {
    Mutation::EditShift {
        id: shift.id,
        changes: ShiftChanges {
            location_id: Some(place),
            ..ShiftChanges::default()
        },
        publish: false,
    }
}

fn publish(shift: &PublishedShift) -> Mutation {
    Mutation::PublishShift { id: shift.id }
}

fn withdraw(shift: &PublishedShift) -> Mutation {
    Mutation::UnpublishShift { id: shift.id }
}

fn delete(shift: &PublishedShift, publish: bool) -> Mutation {
    Mutation::DeleteShift {
        id: shift.id,
        publish,
    }
}

fn punch_to(id: i64, place: i64) -> Mutation {
    Mutation::EditPunch {
        id,
        changes: serde_json::from_value(json!({"location_id": place})).expect("changes"),
    }
}

/// What happens between two syncs, and what it is called.
type Story = Vec<(&'static str, Vec<Mutation>)>;

/// After each step of the stories, which happen at once, the next sync has what is here at 7shifts.
async fn assert_each(app: &App, organization: &Organization, here: i64, stories: Vec<Story>) {
    let steps = stories.iter().map(Vec::len).max().unwrap_or_default();
    for step in 0..steps {
        pass(3_600).await;
        let now: Vec<_> = stories.iter().filter_map(|story| story.get(step)).collect();
        for (_, mutations) in &now {
            for mutation in mutations {
                change(app, mutation.clone());
            }
        }
        let runs = sync(app, organization).await;
        assert_eq!(runs["shifts"]["kind"], "incremental");
        let names: Vec<_> = now.iter().map(|(name, _)| *name).collect();
        assert_place(app, organization, here, &names.join(", ")).await;
        assert_starts(app, organization, here).await;
    }
}

/// Each shift begins as it is published.
async fn assert_starts(app: &App, organization: &Organization, here: i64) {
    let ours: BTreeMap<String, String> = rows(app, organization, "shifts")
        .await
        .iter()
        .filter_map(|row| {
            Some((
                row["external_id"].as_str()?.to_owned(),
                row["starts_at"].as_str()?.to_owned(),
            ))
        })
        .collect();
    for shift in truth(app).shifts {
        if shift.details.location_id == here {
            let start = chrono::DateTime::from_timestamp(shift.details.start, 0)
                .expect("a time")
                .to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            assert_eq!(ours[&shift.id.to_string()], start, "{}", shift.id);
        }
    }
}

/// Shifts of a place that nobody has worked yet.
fn coming(app: &App, place: i64, count: usize) -> Vec<PublishedShift> {
    let found: Vec<_> = truth(app)
        .shifts
        .into_iter()
        .filter(|row| row.details.location_id == place && row.details.start > EPOCH + DAY)
        .take(count)
        .collect();
    assert_eq!(found.len(), count);
    found
}

#[tokio::test(start_paused = true)]
async fn what_is_published_elsewhere_leaves_whatever_is_drafted() {
    let (app, organization, here, there) = one_location(139).await;
    let shifts = coming(&app, here, 10);
    let stories = vec![
        vec![(
            "moved, and edited",
            vec![move_to(&shifts[0], there), draft_at(&shifts[0], there)],
        )],
        vec![(
            "moved, and drafted back",
            vec![move_to(&shifts[1], there), draft_at(&shifts[1], here)],
        )],
        vec![(
            "moved, and a deletion not published",
            vec![move_to(&shifts[2], there), delete(&shifts[2], false)],
        )],
        vec![(
            "moved, and withdrawn there",
            vec![move_to(&shifts[3], there), withdraw(&shifts[3])],
        )],
        vec![(
            "moved, withdrawn, and drafted back",
            vec![
                move_to(&shifts[4], there),
                withdraw(&shifts[4]),
                draft_at(&shifts[4], here),
            ],
        )],
        vec![(
            "moved, withdrawn, and thrown away",
            vec![
                move_to(&shifts[5], there),
                withdraw(&shifts[5]),
                delete(&shifts[5], true),
            ],
        )],
        vec![(
            "withdrawn, and thrown away",
            vec![withdraw(&shifts[6]), delete(&shifts[6], true)],
        )],
        vec![
            ("drafted elsewhere", vec![draft_at(&shifts[7], there)]),
            ("published there", vec![publish(&shifts[7])]),
            ("drafted back", vec![draft_at(&shifts[7], here)]),
            ("published here", vec![publish(&shifts[7])]),
        ],
        vec![
            (
                "drafted elsewhere, published there, and drafted back",
                vec![
                    draft_at(&shifts[8], there),
                    publish(&shifts[8]),
                    draft_at(&shifts[8], here),
                ],
            ),
            ("published here", vec![publish(&shifts[8])]),
        ],
        vec![
            ("moved", vec![move_to(&shifts[9], there)]),
            ("withdrawn there", vec![withdraw(&shifts[9])]),
            ("published there", vec![publish(&shifts[9])]),
            ("moved back", vec![move_to(&shifts[9], here)]),
        ],
    ];
    assert_each(&app, &organization, here, stories).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_published_here_comes_whatever_is_drafted() {
    let (app, organization, here, there) = one_location(140).await;
    let theirs = coming(&app, there, 3);
    let ours = coming(&app, here, 4);
    let stories = vec![
        vec![(
            "moved in, and drafted elsewhere",
            vec![move_to(&theirs[0], here), draft_at(&theirs[0], there)],
        )],
        vec![(
            "moved in, and edited",
            vec![move_to(&theirs[1], here), draft_at(&theirs[1], here)],
        )],
        vec![(
            "moved in, and a deletion not published",
            vec![move_to(&theirs[2], here), delete(&theirs[2], false)],
        )],
        vec![
            (
                "changed, and drafted elsewhere",
                vec![move_by_an_hour(&ours[0]), draft_at(&ours[0], there)],
            ),
            ("published there", vec![publish(&ours[0])]),
        ],
        vec![(
            "away and back",
            vec![move_to(&ours[1], there), move_to(&ours[1], here)],
        )],
        vec![
            (
                "withdrawn and drafted elsewhere",
                vec![withdraw(&ours[2]), draft_at(&ours[2], there)],
            ),
            ("published there", vec![publish(&ours[2])]),
            ("moved back", vec![move_to(&ours[2], here)]),
        ],
        vec![
            (
                "away, back, and drafted away",
                vec![
                    move_to(&ours[3], there),
                    move_to(&ours[3], here),
                    draft_at(&ours[3], there),
                ],
            ),
            (
                "the deletion of the draft not published",
                vec![delete(&ours[3], false)],
            ),
            ("published", vec![publish(&ours[3])]),
        ],
    ];
    assert_each(&app, &organization, here, stories).await;
}

#[tokio::test(start_paused = true)]
async fn punches_go_to_and_fro() {
    let (app, organization, here, there) = one_location(141).await;
    let ours: Vec<i64> = truth(&app)
        .time_punches
        .iter()
        .rev()
        .filter(|row| row.location_id == here && row.clocked_out.is_some())
        .take(4)
        .map(|row| row.id)
        .collect();
    let stories = vec![
        vec![
            ("away", vec![punch_to(ours[0], there)]),
            ("back", vec![punch_to(ours[0], here)]),
        ],
        vec![(
            "away and back",
            vec![punch_to(ours[1], there), punch_to(ours[1], here)],
        )],
        vec![
            ("away", vec![punch_to(ours[2], there)]),
            ("deleted there", vec![Mutation::DeletePunch { id: ours[2] }]),
        ],
        vec![(
            "away and deleted",
            vec![
                punch_to(ours[3], there),
                Mutation::DeletePunch { id: ours[3] },
            ],
        )],
    ];
    assert_each(&app, &organization, here, stories).await;
}

/// What cannot be read when it leaves waits in quarantine and is asked for by its id; what cannot be
/// read elsewhere is no trouble of this connector.
#[tokio::test(start_paused = true)]
async fn what_leaves_and_cannot_be_read_is_not_forgotten() {
    let (app, organization, here, there) = one_location(145).await;
    let shifts = coming(&app, here, 2);
    let foreign = coming(&app, there, 1);
    let punches: Vec<_> = truth(&app).time_punches;
    let of = |place: i64| punches.iter().filter(move |row| row.location_id == place);
    let (ours, theirs) = (
        of(here).next_back().expect("one"),
        of(there).next_back().expect("one"),
    );
    let put = |resource: Resource, id: i64, time: &str| {
        let field = match resource {
            Resource::Shifts => "start",
            _ => "clocked_in",
        };
        Mutation::Corrupt {
            resource,
            id,
            field: field.to_owned(),
            raw: format!("\"{time}\""),
        }
    };
    let corrupt = |resource: Resource, id: i64| put(resource, id, "soon");
    pass(3_600).await;
    change(&app, move_to(&shifts[0], there));
    change(&app, corrupt(Resource::Shifts, shifts[0].id));
    change(&app, move_to(&shifts[1], there));
    change(&app, withdraw(&shifts[1]));
    change(&app, corrupt(Resource::Shifts, shifts[1].id));
    change(&app, punch_to(ours.id, there));
    change(&app, corrupt(Resource::TimePunches, ours.id));
    change(&app, move_by_an_hour(&foreign[0]));
    change(&app, corrupt(Resource::Shifts, foreign[0].id));
    change(&app, punch_to(theirs.id, there));
    change(&app, corrupt(Resource::TimePunches, theirs.id));
    let runs = try_sync(&app, &organization).await;
    for (stream, errors) in [("shifts", 2), ("time_punches", 1)] {
        let run = &runs[stream];
        assert_eq!(
            (&run["status"], &run["error_code"], &run["errors"]),
            (&json!("partial"), &json!("quarantined"), &json!(errors)),
            "{run:#}"
        );
    }
    // No list of changes has them any more, and nobody changes them.
    pass(86_400).await;
    for (resource, id) in [
        (Resource::Shifts, shifts[0].id),
        (Resource::Shifts, shifts[1].id),
        (Resource::TimePunches, ours.id),
    ] {
        change(&app, put(resource, id, "2026-09-22T16:00:00Z"));
    }
    let runs = sync(&app, &organization).await;
    assert_eq!(runs["shifts"]["kind"], "incremental");
    assert_place(&app, &organization, here, "healed").await;
    let waiting = rows(&app, &organization, "quarantined-records").await;
    assert!(waiting.is_empty(), "{waiting:#?}");
}
