//! A name that is taken: by the client's own folder, or by another's.

use http::StatusCode;
use serde_json::json;
use simulators::box_folders::{Change, Conflicts, OPS_USER};

use super::{Stage, of_people};

/// A person at Box makes a folder of this name for the clients.
fn add(stage: &Stage, name: &str, description: &str) -> u64 {
    stage.change(Change::AddFolder {
        name: name.to_owned(),
        parent: Some(stage.parent()),
        user: OPS_USER.to_owned(),
    });
    let item = stage.at_box(name).unwrap().id;
    stage.change(Change::Describe {
        item,
        description: description.to_owned(),
    });
    item
}

#[tokio::test(start_paused = true)]
async fn a_folder_with_our_mark_is_used_whatever_form_the_conflict_has() {
    let stage = Stage::set(6_141).await;
    for (number, form) in [
        (1_u32, Conflicts::List),
        (2, Conflicts::Object),
        (3, Conflicts::Empty),
        (4, Conflicts::Missing),
    ] {
        stage
            .app
            .box_folders
            .provider()
            .change_settings(|settings| settings.conflicts = form);
        let deal = (9_000 + number).to_string();
        let name = format!("SAM lee{number}");
        let mark = format!("Since 2019 [patchbay portal=62515 deal={deal}] vip");
        let item = add(&stage, &name, &mark);
        let surname = format!("Lee{number}");
        let contact = number.to_string();
        let answer = stage
            .told(of_people(&deal, &[(&contact, "Sam", &surname)]))
            .await;
        assert_eq!(answer["status"], "existing", "{form:?} {answer:#}");
        assert_eq!(answer["client_folder"]["folder_id"], item.to_string());
        // What people wrote stays.
        assert_eq!(stage.at_box(&name).unwrap().description, mark);
    }
    assert_eq!(stage.names().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_strangers_folder_is_never_taken() {
    let stage = Stage::set(6_142).await;
    add(&stage, "Sam Lee", "");
    add(
        &stage,
        "sam lee (2)",
        "[patchbay portal=62515 deal=777 contact=778]",
    );
    // A folder of ours that was numbered, of an installation whose records are gone.
    let ours = add(&stage, "Kim Park (3)", "[patchbay portal=62515 deal=9002]");
    add(&stage, "Kim Park", "[patchbay portal=1 deal=9002]");
    add(&stage, "Kim Park (2)", "");
    let answer = stage.told(of_people("9001", &[("1", "Sam", "Lee")])).await;
    assert_eq!(
        (&answer["status"], &answer["client_folder"]["name"]),
        (&json!("created"), &json!("Sam Lee (3)")),
        "{answer:#}"
    );
    let answer = stage.told(of_people("9002", &[("2", "Kim", "Park")])).await;
    assert_eq!(
        (&answer["status"], &answer["client_folder"]["folder_id"]),
        (&json!("existing"), &json!(ours.to_string())),
        "{answer:#}"
    );
    assert_eq!(stage.at_box("Sam Lee").unwrap().description, "");
}

#[tokio::test(start_paused = true)]
async fn a_second_deal_of_a_client_gets_the_folder_of_the_first() {
    let stage = Stage::set(6_143).await;
    let first = stage.told(of_people("9001", &[("1", "Sam", "Lee")])).await;
    let id = first["client_folder"]["folder_id"].clone();
    // Renamed since, and under another name at HubSpot: it is the client's all the same.
    let item = stage.at_box("Sam Lee").unwrap().id;
    stage.change(Change::Rename {
        item,
        name: "Lee Family".to_owned(),
    });
    let second = stage
        .told(of_people(
            "9002",
            &[("1", "Samuel", "Lee"), ("2", "Kim", "Lee")],
        ))
        .await;
    assert_eq!(
        (&second["status"], &second["client_folder"]["folder_id"]),
        (&json!("existing"), &id),
        "{second:#}"
    );
    assert_eq!(second["client_folder"]["name"], "Lee Family");
    // In the trash it is nobody's.
    stage.change(Change::Trash { item });
    let third = stage.told(of_people("9003", &[("1", "Sam", "Lee")])).await;
    assert_eq!(
        (&third["status"], &third["client_folder"]["name"]),
        (&json!("created"), &json!("Sam Lee")),
        "{third:#}"
    );
    // Another client of the same name has another.
    let other = stage.told(of_people("9004", &[("7", "Sam", "Lee")])).await;
    assert_eq!(other["client_folder"]["name"], "Sam Lee (2)", "{other:#}");
}

#[tokio::test(start_paused = true)]
async fn with_all_names_taken_a_person_is_asked() {
    let stage = Stage::set(6_144).await;
    add(&stage, "Sam Lee", "");
    for number in 2..=100 {
        add(&stage, &format!("Sam Lee ({number})"), "");
    }
    let answer = stage.ask(of_people("9001", &[("1", "Sam", "Lee")])).await;
    let id = if answer.status == StatusCode::OK {
        answer.json()["client_folder"]["id"].clone()
    } else {
        answer.expect(StatusCode::ACCEPTED)["client_folder"]["id"].clone()
    };
    stage.settle().await;
    let shown = stage.read(&id).await;
    assert_eq!(
        (&shown["status"], &shown["failure_code"]),
        (&json!("failed"), &json!("name_taken")),
        "{shown:#}"
    );
    assert_eq!(stage.names().len(), 100);
}
