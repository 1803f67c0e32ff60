//! Stores and locations: by name, by hand, and never two ways.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::seven_shifts::Mutation;
use simulators::{Fault, FaultRule};
use whole_system::{App, LAKESHORE, Organization};

use super::shapes::{self, fits};
use super::{account, configured, delete, get, post, refused, settle, texts};

fn change(app: &App, mutation: Mutation) -> i64 {
    app.simulator
        .provider()
        .mutate(LAKESHORE.company_id, mutation)
        .expect("the change is possible")
        .id
        .unwrap_or_default()
}

async fn mappings(app: &App, organization: &Organization, filter: &str) -> Vec<Value> {
    app.all(
        &format!("/api/location-mappings{filter}"),
        &organization.key,
    )
    .await
}

async fn mapping(app: &App, organization: &Organization, location: &str) -> Value {
    mappings(app, organization, "")
        .await
        .into_iter()
        .find(|row| row["location_name"] == location)
        .unwrap_or_else(|| panic!("no location {location}"))
}

/// The product's stores, by their ids there.
async fn stores(app: &App, organization: &Organization, stores: &[(&str, &str)]) -> Value {
    let stores: Vec<_> = stores
        .iter()
        .map(|(product_ref, name)| json!({"product_ref": product_ref, "name": name}))
        .collect();
    app.request(
        Method::PUT,
        "/api/stores",
        &organization.key,
        Some(json!({"stores": stores})),
    )
    .await
    .expect(StatusCode::OK)
}

/// Brings the locations, and with them their names.
async fn sync(app: &App, organization: &Organization) {
    post(
        app,
        organization,
        "sync/",
        json!({"sync_type": "employees"}),
    )
    .await;
    settle(app).await;
}

#[tokio::test(start_paused = true)]
async fn locations_become_stores_by_their_names_whichever_comes_first() {
    let (app, organization) = account(411).await;
    // A store before the account, and one after it.
    stores(
        &app,
        &organization,
        &[("s-1", "HARBOURFRONT"), ("s-9", "Nowhere")],
    )
    .await;
    configured(&app, &organization, json!({})).await;
    let harbourfront = mapping(&app, &organization, "Harbourfront").await;
    assert_eq!(harbourfront["store_product_ref"], "s-1");
    assert_eq!(harbourfront["mapped_by"], "name");
    assert_eq!(
        mappings(&app, &organization, "?is_mapped=false")
            .await
            .len(),
        2
    );
    let done = stores(
        &app,
        &organization,
        &[("s-1", "Harbourfront"), ("s-2", "Port  Crédit")],
    )
    .await;
    assert_eq!(done, json!({"created": 1, "updated": 1, "unchanged": 0}));
    assert_eq!(
        mapping(&app, &organization, "Port Credit").await["store_product_ref"],
        "s-2"
    );
    let open = mappings(&app, &organization, "?is_mapped=false").await;
    assert_eq!(open.len(), 1);
    assert_eq!(open[0]["location_name"], "Distillery");
    assert_eq!(open[0]["suggestion"], Value::Null);
    // The old API shows the same, and the product's own ids.
    let places = get(&app, &organization, "locations/")
        .await
        .expect(StatusCode::OK);
    fits(&places, &shapes::LOCATIONS);
    let places = places.as_array().expect("an array");
    assert_eq!(places.len(), 3);
    let of = |name: &str| {
        places
            .iter()
            .find(|place| place["name"] == name)
            .expect("a place")
    };
    assert_eq!(of("Port Credit")["mapped_store_id"], "s-2");
    assert_eq!(of("Port Credit")["mapped_store_name"], "Port  Crédit");
    assert_eq!(of("Distillery")["is_mapped"], false);
    assert_eq!(of("Distillery")["mapped_store_id"], Value::Null);
    let roles = get(&app, &organization, "roles/")
        .await
        .expect(StatusCode::OK);
    let truth = app
        .simulator
        .provider()
        .truth(LAKESHORE.company_id)
        .expect("the account");
    assert_eq!(roles.as_array().map(Vec::len), Some(truth.roles.len()));
    fits(&roles, &shapes::ROLES);
    // 7shifts is asked for both, and its failure is 500 as that system had it.
    app.simulator.add_fault(FaultRule::always(
        "/",
        Fault::status(StatusCode::BAD_GATEWAY),
    ));
    for path in ["locations/", "roles/"] {
        refused(&get(&app, &organization, path).await, 500);
    }
}

#[tokio::test(start_paused = true)]
async fn names_that_could_be_two_ways_are_left_to_a_person() {
    let (app, organization) = account(412).await;
    configured(&app, &organization, json!({})).await;
    stores(
        &app,
        &organization,
        &[
            ("s-1", "Harbourfront"),
            ("s-2", "harbourfront"),
            ("s-3", "Distillery"),
        ],
    )
    .await;
    assert_eq!(
        mapping(&app, &organization, "Harbourfront").await["store_id"],
        Value::Null
    );
    // A second location of the name, in other letters.
    let twin = change(
        &app,
        Mutation::AddLocation {
            name: "PORT CREDIT".to_owned(),
        },
    );
    sync(&app, &organization).await;
    stores(&app, &organization, &[("s-4", "Port Credit")]).await;
    for name in ["Port Credit", "PORT CREDIT"] {
        let open = mapping(&app, &organization, name).await;
        assert_eq!(open["store_id"], Value::Null, "{name}");
        assert_eq!(open["suggestion"]["store_name"], "Port Credit");
    }
    // With the twin gone, the name is one location's again.
    change(&app, Mutation::DeleteLocation { id: twin });
    sync(&app, &organization).await;
    assert_eq!(
        mapping(&app, &organization, "Port Credit").await["store_product_ref"],
        "s-4"
    );

    // A location that is renamed so that it matches another store stays what it is, and shows it.
    let distillery = mapping(&app, &organization, "Distillery").await;
    assert_eq!(distillery["store_product_ref"], "s-3");
    let id = distillery["external_location_id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .expect("a number");
    stores(&app, &organization, &[("s-5", "Union Station")]).await;
    change(
        &app,
        Mutation::RenameLocation {
            id,
            name: "union station".to_owned(),
        },
    );
    sync(&app, &organization).await;
    let renamed = mapping(&app, &organization, "union station").await;
    assert_eq!(renamed["store_product_ref"], "s-3");
    assert_eq!(renamed["suggestion"]["store_name"], "Union Station");
    // And a new location with the old name is not the second one of that store.
    change(
        &app,
        Mutation::AddLocation {
            name: "Distillery".to_owned(),
        },
    );
    sync(&app, &organization).await;
    assert_eq!(
        mapping(&app, &organization, "Distillery").await["store_id"],
        Value::Null
    );
}

#[tokio::test(start_paused = true)]
async fn a_person_maps_and_unmaps_and_their_word_stands() {
    let (app, organization) = account(413).await;
    configured(&app, &organization, json!({})).await;
    stores(
        &app,
        &organization,
        &[("s-1", "Harbourfront"), ("s-2", "Elsewhere")],
    )
    .await;
    let place = mapping(&app, &organization, "Distillery").await;
    let external = place["external_location_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let map = async |body: Value| post(&app, &organization, "locations/map/", body).await;
    let body = |store: &str| json!({"seven_shifts_location_id": external, "seven_shifts_location_name": "Distillery", "store_id": store});
    let mapped = map(body("s-2")).await.expect(StatusCode::CREATED);
    fits(&mapped, &shapes::MAPPED);
    assert_eq!(mapped["store"], "s-2");
    assert_eq!(
        map(body("s-1")).await.expect(StatusCode::OK)["store"],
        "s-1"
    );
    // Our id names a store as well, and a number names a location.
    let store = app
        .all("/api/stores?product_ref=s-2", &organization.key)
        .await
        .remove(0);
    let store_id = store["id"].as_str().expect("an id").to_owned();
    let number: i64 = external.parse().expect("a number");
    let by_number = json!({"seven_shifts_location_id": number, "seven_shifts_location_name": "D", "store_id": store_id});
    assert_eq!(map(by_number).await.expect(StatusCode::OK)["store"], "s-2");
    for (member, bad) in [
        (
            "seven_shifts_location_id",
            json!({"seven_shifts_location_name": "D", "store_id": "s-1"}),
        ),
        (
            "seven_shifts_location_name",
            json!({"seven_shifts_location_id": external, "store_id": "s-1"}),
        ),
        (
            "store_id",
            json!({"seven_shifts_location_id": external, "seven_shifts_location_name": "D"}),
        ),
        ("store_id", body("s-77")),
        (
            "seven_shifts_location_id",
            json!({"seven_shifts_location_id": "999999", "seven_shifts_location_name": "D", "store_id": "s-1"}),
        ),
    ] {
        texts(&refused(&map(bad).await, 400), member);
    }
    // One that was opened since the last sync can be mapped at once.
    let new = change(
        &app,
        Mutation::AddLocation {
            name: "Brand New".to_owned(),
        },
    )
    .to_string();
    let early = json!({"seven_shifts_location_id": new, "seven_shifts_location_name": "Brand New", "store_id": "s-1"});
    map(early).await.expect(StatusCode::CREATED);
    sync(&app, &organization).await;
    assert_eq!(
        mapping(&app, &organization, "Brand New").await["store_product_ref"],
        "s-1"
    );

    let unmap =
        async |id: &str| delete(&app, &organization, &format!("locations/{id}/unmap/")).await;
    fits(
        &unmap(&external).await.expect(StatusCode::OK),
        &shapes::DONE,
    );
    refused(&unmap(&external).await, 404);
    refused(&unmap("abc").await, 404);
    // Its name does not put it back.
    stores(&app, &organization, &[("s-3", "Distillery")]).await;
    sync(&app, &organization).await;
    let off = mapping(&app, &organization, "Distillery").await;
    assert_eq!(
        (&off["store_id"], &off["mapped_by"]),
        (&Value::Null, &json!("hand"))
    );
    assert_eq!(off["suggestion"]["store_name"], "Distillery");
    // Our own routes do the same, by our ids.
    let path = format!(
        "/api/location-mappings/{}",
        off["location_id"].as_str().expect("an id")
    );
    let put = async |body: Value| {
        app.request(Method::PUT, &path, &organization.key, Some(body))
            .await
    };
    assert_eq!(
        put(json!({"store_id": store_id}))
            .await
            .expect(StatusCode::OK)["store_id"],
        store_id.as_str()
    );
    for bad in [
        json!({"store_id": "s-2"}),
        json!({"store_id": "0190f3a0-0000-7000-8000-000000000000"}),
    ] {
        put(bad).await.expect(StatusCode::BAD_REQUEST);
    }
    for _ in 0..2 {
        let off = app
            .request(Method::DELETE, &path, &organization.key, None)
            .await
            .expect(StatusCode::OK);
        assert_eq!(off["store_id"], Value::Null);
    }
    // A store that goes frees its locations for another of the name.
    put(json!({"store_id": store_id}))
        .await
        .expect(StatusCode::OK);
    app.request(
        Method::DELETE,
        &format!("/api/stores/{store_id}"),
        &organization.key,
        None,
    )
    .await
    .expect(StatusCode::OK);
    assert_eq!(
        mapping(&app, &organization, "Distillery").await["store_product_ref"],
        "s-3"
    );
}
