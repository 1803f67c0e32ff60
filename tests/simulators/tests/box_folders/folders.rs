//! The tree: who sees what, lists, names, changes, metadata.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::box_folders::{CLIENTS, Change, Conflicts, OPS_USER, SERVICE_ACCOUNT, TEMPLATE};
use simulators::{Fault, FaultRule};

use crate::support::{NOW, World};

fn names(body: &Value) -> Vec<&str> {
    body["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_user_sees_what_they_own_or_were_invited_to() {
    let world = World::demo();
    let listed = world.get("/folders/0/items").await.json();
    assert_eq!(names(&listed), [CLIENTS, TEMPLATE]);
    assert_eq!(listed["total_count"], 2);
    let token = world.token().await;
    let own = |path: String| {
        let world = &world;
        let token = &token;
        async move {
            world
                .call_as(token, None, Method::GET, &path, &Value::Null)
                .await
        }
    };
    let clients = world.clients();
    assert_eq!(
        names(&own("/folders/0/items".to_owned()).await.json()),
        [] as [&str; 0]
    );
    assert_eq!(
        own(format!("/folders/{clients}")).await.word(),
        (404, "not_found".to_owned())
    );
    world.change(Change::Invite {
        item: world.id(CLIENTS),
        user: SERVICE_ACCOUNT.to_owned(),
        role: "viewer".to_owned(),
    });
    assert_eq!(
        names(&own("/folders/0/items".to_owned()).await.json()),
        [CLIENTS]
    );
    let folder = own(format!("/folders/{clients}/items")).await.json();
    assert_eq!(names(&folder), ["Noor Rahman"]);
    // Who only views makes nothing.
    let body = json!({"name": "a", "parent": {"id": clients}});
    let made = world
        .call_as(&token, None, Method::POST, "/folders", &body)
        .await;
    assert_eq!(made.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_folder_says_where_it_is_and_who_made_it() {
    let world = World::demo();
    let id = world.id("1. Active Clients/Noor Rahman");
    let folder = world.get(&format!("/folders/{id}")).await.json();
    assert_eq!(folder["created_by"]["id"], OPS_USER);
    assert_eq!(folder["parent"]["name"], CLIENTS);
    assert_eq!(folder["path_collection"]["total_count"], 2);
    assert_eq!(folder["item_status"], "active");
    let created = folder["created_at"].as_str().unwrap();
    assert!(created.ends_with("-07:00"), "{created}");
    let at = chrono::DateTime::parse_from_rfc3339(created).unwrap();
    assert_eq!(at.timestamp(), NOW);
    let part = world
        .get(&format!("/folders/{id}?fields=name,parent"))
        .await
        .json();
    let mut members: Vec<_> = part.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["etag", "id", "name", "parent", "type"]);
    world.change(Change::Trash { item: id });
    let trashed = world.get(&format!("/folders/{id}")).await;
    assert_eq!(trashed.word(), (404, "trashed".to_owned()));
    assert_eq!(world.get("/folders/abc").await.word().0, 405);
    assert_eq!(world.get("/folders/0").await.json()["name"], "All Files");
}

#[tokio::test]
async fn lists_have_pages() {
    let world = World::demo();
    let parent = world.id(CLIENTS);
    for number in 0..25 {
        world.change(Change::AddFolder {
            name: format!("client {number:02}"),
            parent: Some(parent),
            user: OPS_USER.to_owned(),
        });
    }
    let mut seen = Vec::new();
    let mut marker = String::new();
    loop {
        let path = format!("/folders/{parent}/items?usemarker=true&limit=10&marker={marker}");
        let path = path.trim_end_matches("&marker=");
        let page = world.get(path).await.json();
        assert!(page.get("total_count").is_none());
        seen.extend(names(&page).into_iter().map(str::to_owned));
        page["next_marker"]
            .as_str()
            .unwrap()
            .clone_into(&mut marker);
        if marker.is_empty() {
            break;
        }
    }
    assert_eq!(seen.len(), 26);
    assert_eq!(
        (seen[0].as_str(), seen[25].as_str()),
        ("client 00", "Noor Rahman")
    );
    let page = world
        .get(&format!("/folders/{parent}/items?limit=5000&offset=20"))
        .await
        .json();
    assert_eq!(
        (page["limit"].clone(), names(&page).len()),
        (json!(1_000), 6)
    );
    let beyond = world
        .get(&format!("/folders/{parent}/items?offset=900"))
        .await
        .json();
    assert_eq!(names(&beyond), [] as [&str; 0]);
    for wrong in ["usemarker=true&marker=x", "limit=a", "offset=-1"] {
        let answer = world.get(&format!("/folders/{parent}/items?{wrong}")).await;
        assert_eq!(answer.word().0, 400, "{wrong}");
    }
    world.simulator.add_fault(FaultRule::once(
        "/2.0/folders",
        Fault::ListCutShort { keep: 3 },
    ));
    let cut = world
        .get(&format!("/folders/{parent}/items?usemarker=true&limit=10"))
        .await
        .json();
    assert_eq!((names(&cut).len(), &cut["next_marker"]), (3, &json!("")));
}

#[tokio::test]
async fn names_follow_the_rules() {
    let world = World::demo();
    let create = |name: String| {
        let world = &world;
        async move {
            let body = json!({"name": name, "parent": {"id": world.clients()}});
            world.call(Method::POST, "/folders", &body).await
        }
    };
    for name in ["", ".", "..", "a/b", "a\\b", "a ", " a", "a\nb"] {
        let answer = create(name.to_owned()).await;
        assert_eq!(
            answer.word(),
            (400, "item_name_invalid".to_owned()),
            "{name:?}"
        );
    }
    let answer = create("å".repeat(256)).await;
    assert_eq!(answer.word(), (400, "item_name_too_long".to_owned()));
    assert_eq!(create("å".repeat(255)).await.status, StatusCode::CREATED);
    let taken = create("noor RAHMAN".to_owned()).await;
    assert_eq!(taken.word(), (409, "item_name_in_use".to_owned()));
    let conflict = &taken.json()["context_info"]["conflicts"][0];
    assert_eq!(conflict["name"], "Noor Rahman");
    let forms = [
        (Conflicts::Object, "/context_info/conflicts/name", true),
        (Conflicts::Empty, "/context_info/conflicts/0", false),
        (Conflicts::Missing, "/context_info", false),
    ];
    for (form, pointer, is_there) in forms {
        world
            .provider()
            .change_settings(|settings| settings.conflicts = form);
        let body = create("Noor Rahman".to_owned()).await.json();
        assert_eq!(body.pointer(pointer).is_some(), is_there, "{form:?} {body}");
    }
    // What is in the trash is in nobody's way.
    world.change(Change::Trash {
        item: world.id("1. Active Clients/Noor Rahman"),
    });
    assert_eq!(
        create("Noor Rahman".to_owned()).await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn a_folder_is_renamed_and_described() {
    let world = World::demo();
    let id = world.id("1. Active Clients/Noor Rahman");
    let path = format!("/folders/{id}");
    let put = |body: Value| {
        let world = &world;
        let path = &path;
        async move { world.call(Method::PUT, path, &body).await }
    };
    let changed = put(json!({"description": "vip"})).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert_eq!(changed.json()["etag"], "1");
    assert_eq!(
        put(json!({"description": "a".repeat(257)})).await.word().0,
        400
    );
    // Its own name is not in its way, another case of it neither.
    assert_eq!(
        put(json!({"name": "NOOR Rahman"})).await.status,
        StatusCode::OK
    );
    world.change(Change::AddFolder {
        name: "Sam Lee".to_owned(),
        parent: Some(world.id(CLIENTS)),
        user: OPS_USER.to_owned(),
    });
    assert_eq!(put(json!({"name": "sam lee"})).await.word().0, 409);
    let folder = world
        .provider()
        .at(OPS_USER, "1. Active Clients/noor rahman")
        .unwrap();
    assert_eq!(
        (folder.name.as_str(), folder.description.as_str()),
        ("NOOR Rahman", "vip")
    );
}

#[tokio::test]
async fn metadata_is_made_once_then_changed_and_found() {
    let world = World::demo();
    let id = world.id("1. Active Clients/Noor Rahman");
    let path = format!("/folders/{id}/metadata/enterprise_27335/clientFolder");
    let values = json!({"dealId": "9001"});
    let patch = json!([{"op": "add", "path": "/dealId", "value": "9002"}]);
    assert_eq!(world.call(Method::PUT, &path, &patch).await.word().0, 404);
    assert_eq!(
        world.call(Method::POST, &path, &values).await.status,
        StatusCode::CREATED
    );
    let again = world.call(Method::POST, &path, &values).await;
    assert_eq!(again.word(), (409, "tuple_already_exists".to_owned()));
    assert_eq!(
        world.call(Method::PUT, &path, &patch).await.status,
        StatusCode::OK
    );
    assert_eq!(world.get(&path).await.json()["dealId"], "9002");
    let unknown = format!("/folders/{id}/metadata/enterprise_27335/nothing");
    assert_eq!(
        world.call(Method::POST, &unknown, &values).await.word().0,
        404
    );
    for (value, found) in [("9002", 1), ("9001", 0)] {
        let query = json!({
            "from": "enterprise_27335.clientFolder",
            "query": "dealId = :value",
            "query_params": {"value": value},
            "ancestor_folder_id": world.clients(),
        });
        let answer = world
            .call(Method::POST, "/metadata_queries/execute_read", &query)
            .await
            .json();
        assert_eq!(names(&answer).len(), found, "{answer}");
    }
}

#[tokio::test]
async fn people_are_invited_once() {
    let world = World::demo();
    let invite = |login: &'static str| {
        let world = &world;
        async move {
            let body = json!({
                "item": {"type": "folder", "id": world.clients()},
                "accessible_by": {"type": "user", "login": login},
                "role": "viewer",
            });
            world.call(Method::POST, "/collaborations", &body).await
        }
    };
    assert_eq!(
        invite("mara.quist@harbour.example").await.status,
        StatusCode::CREATED
    );
    let again = invite("Mara.Quist@harbour.example").await;
    assert_eq!(again.word(), (400, "user_already_collaborator".to_owned()));
    assert_eq!(
        invite("client@example.test").await.status,
        StatusCode::CREATED
    );
}
