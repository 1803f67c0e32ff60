//! What a recipe costs, to the cent.

use serde_json::{Value, json};
use whole_system::{App, HARBOUR, Organization};

use super::{TODAY, add_role, half_up, hire, later, priced, rates, truth};
use crate::api::{fields, problem};
use crate::sync::{restaurant, sync};

/// With bakers at 20.00 an hour on the average, and one pastry chef.
async fn bakery(seed: u64) -> (App, Organization) {
    let (app, organization, _) = restaurant(seed).await;
    hire(&app, &add_role(&app, "Baker"), &[1_800, 2_000, 2_201]);
    hire(&app, &add_role(&app, "Pastry Chef"), &[4_000]);
    add_role(&app, "Stagiaire");
    later().await;
    sync(&app, &organization).await;
    (app, organization)
}

#[tokio::test(start_paused = true)]
async fn a_recipe_has_its_labour_its_total_and_its_shares() {
    let (app, organization) = bakery(511).await;
    let baker = rates(&app, &organization.key)
        .await
        .remove("Baker")
        .unwrap();
    let body = json!({
        "kind": "recipe",
        "items": [
            {"role": "baker", "minutes": 45, "name": "Knead"},
            {"role": " BAKER ", "minutes": 7.25, "batches": 2.5},
            {"role": baker["role_ids"][0].as_str().unwrap().to_uppercase(), "minutes": 0.01},
            {"role": "Pastry Chef", "minutes": 10, "batches": 3, "name": null},
        ],
        "ingredient_cost_cents": 1_234,
        "menu_price_cents": 9_900,
    });
    let answer = priced(&app, &organization.key, body).await;
    // 20.003… is 20.00; 7.25 × 2.5 minutes of it are 6.0416…, a hundredth of a minute is 0.33 cents.
    let item = |name: Value,
                role: &str,
                minutes: Value,
                batches: Value,
                rate: i64,
                heads: i64,
                cost: i64| {
        json!({"name": name, "role": role, "minutes": minutes, "batches": batches, "rate_cents": rate,
            "basis": "role", "head_count": heads, "rate_date": TODAY, "cost_cents": cost})
    };
    let expected = json!({
        "kind": "recipe",
        "location_id": null,
        "items": [
            item(json!("Knead"), "Baker", json!(45), json!(1), 2_000, 3, 1_500),
            item(Value::Null, "Baker", json!(7.25), json!(2.5), 2_000, 3, 604),
            item(Value::Null, "Baker", json!(0.01), json!(1), 2_000, 3, 0),
            item(Value::Null, "Pastry Chef", json!(10), json!(3), 4_000, 1, 2_000),
        ],
        "labor_cost_cents": 4_104,
        "ingredient_cost_cents": 1_234,
        "menu_price_cents": 9_900,
        "total_cost_cents": 5_338,
        "labor_share_percent": 76.88,
        "food_cost_percent": 12.46,
        "food_cost_with_labor_percent": 53.92,
        "synced_at": answer["synced_at"],
        "is_stale": false,
    });
    assert_eq!(answer, expected);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_said_is_null() {
    let (app, organization) = bakery(512).await;
    let shares = async |ingredients: Value, price: Value, minutes: i64| {
        let mut body = json!({"items": [{"role": "Baker", "minutes": minutes}]});
        for (name, value) in [
            ("ingredient_cost_cents", ingredients),
            ("menu_price_cents", price),
        ] {
            if value != "left out" {
                body[name] = value;
            }
        }
        let answer = priced(&app, &organization.key, body).await;
        let names = [
            "total_cost_cents",
            "labor_share_percent",
            "food_cost_percent",
            "food_cost_with_labor_percent",
        ];
        json!(names.map(|name| answer[name].clone()))
    };
    let out = || json!("left out");
    for (ingredients, price, minutes, expected) in [
        (out(), out(), 30, json!([null, null, null, null])),
        (
            Value::Null,
            json!(1_000),
            30,
            json!([null, null, null, null]),
        ),
        (json!(500), out(), 30, json!([1_500, 66.67, null, null])),
        (json!(500), json!(0), 30, json!([1_500, 66.67, null, null])),
        (json!(0), json!(4_000), 30, json!([1_000, 100.0, 0.0, 25.0])),
        (json!(0), json!(4_000), 0, json!([0, null, 0.0, 0.0])),
        (
            json!(9_000),
            json!(3_000),
            60,
            json!([11_000, 18.18, 300.0, 366.67]),
        ),
    ] {
        let found = shares(ingredients.clone(), price.clone(), minutes).await;
        assert_eq!(found, expected, "{ingredients} {price} {minutes}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_that_nobody_knows_is_named_or_priced_by_the_location() {
    let (app, organization) = bakery(513).await;
    let ask = async |body: Value| {
        app.post("/api/costing/labor", &organization.key, body)
            .await
    };
    let item = |role: &str| json!({"role": role, "minutes": 60});
    let items = json!([
        item("Baker"),
        item("Sommelier"),
        item("Baker"),
        item("Juggler")
    ]);
    let said = problem(&ask(json!({"items": items})).await, 422, "unknown-role");
    let errors = said["errors"].as_array().unwrap();
    assert_eq!(errors[0]["field"], "/items/1/role");
    assert_eq!(errors[1]["field"], "/items/3/role");
    assert_eq!(errors.len(), 2);
    let detail = errors[0]["detail"].as_str().unwrap();
    for name in ["Baker", "Line Cook", "Pastry Chef", "location_average"] {
        assert!(detail.contains(name), "{detail}");
    }
    let said = problem(
        &ask(json!({"items": [item("stagiaire")]})).await,
        422,
        "no-labor-rate",
    );
    assert_eq!(said["errors"][0]["field"], "/items/0/role");
    assert!(
        said["detail"]
            .as_str()
            .unwrap()
            .contains("nobody is paid by the hour"),
        "{said}"
    );
    // By the people of one location, in each of their roles.
    let truth = truth(&app);
    let place = truth.locations[1].id;
    let locations = app.all("/api/locations", &organization.key).await;
    let location = locations
        .iter()
        .find(|location| location["external_id"] == place.to_string().as_str())
        .unwrap();
    let (mut sum, mut count) = (0, 0);
    for (name, earners) in super::earners(&truth) {
        let average = super::average(earners.values().copied());
        let here = earners.keys().filter(|user_id| {
            let user = truth
                .users
                .iter()
                .find(|user| user.id == **user_id)
                .unwrap();
            let mut roles = truth.roles.iter().filter(|role| role.name == name);
            roles.any(|role| {
                role.location_id == place && user.assignments.role_ids.contains(&role.id)
            })
        });
        let here = i64::try_from(here.count()).unwrap();
        sum += average.unwrap_or(0) * here;
        count += here;
    }
    let body = json!({"unknown_roles": "location_average", "location_id": location["id"],
        "items": [item("Juggler"), item("Stagiaire"), item("Baker")]});
    let answer = priced(&app, &organization.key, body).await;
    let shown: Vec<_> = answer["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            json!([
                item["role"],
                item["rate_cents"],
                item["basis"],
                item["head_count"]
            ])
        })
        .collect();
    let average = half_up(sum, count);
    assert_eq!(
        shown,
        [
            json!(["Juggler", average, "location_average", count]),
            json!(["Stagiaire", average, "location_average", count]),
            json!(["Baker", 2_000, "role", 3]),
        ]
    );
    assert_eq!(answer["location_id"], location["id"]);
    assert_eq!(answer["labor_cost_cents"], 2 * average + 2_000);
}

#[tokio::test(start_paused = true)]
async fn nobody_prices_by_another_organizations_roles_or_places() {
    let (app, organization) = bakery(514).await;
    let (theirs, _) = app.synced("Theirs", HARBOUR).await;
    let location = app.all("/api/locations", &organization.key).await.remove(0);
    let role = app.all("/api/roles", &organization.key).await.remove(0);
    let ask = async |body: Value| app.post("/api/costing/labor", &theirs.key, body).await;
    let body = json!({"location_id": location["id"], "items": [{"role": "Host", "minutes": 1}]});
    assert_eq!(fields(&ask(body).await), ["/location_id"]);
    for name in [&json!("Baker"), &role["id"]] {
        let body = json!({"items": [{"role": name, "minutes": 1}]});
        let said = problem(&ask(body).await, 422, "unknown-role");
        assert!(
            !said["detail"].as_str().unwrap().contains("Pastry"),
            "{said}"
        );
    }
    let daily = format!(
        "/api/costing/daily?location_id={}",
        location["id"].as_str().unwrap()
    );
    assert_eq!(fields(&app.get(&daily, &theirs.key).await), ["location_id"]);
    let daily = format!("/api/costing/daily?role={}", role["id"].as_str().unwrap());
    problem(&app.get(&daily, &theirs.key).await, 422, "unknown-role");
    for path in ["rates", "daily"] {
        let named = format!("/api/costing/{path}?organization_id={}", organization.id);
        problem(&app.get(&named, &theirs.key).await, 404, "not-found");
    }
}

#[tokio::test(start_paused = true)]
async fn every_bad_number_is_named() {
    let (app, organization, _) = restaurant(515).await;
    let ask = async |body: Value| {
        app.post("/api/costing/labor", &organization.key, body)
            .await
    };
    let good = json!({"role": "Host", "minutes": 1});
    for (name, value, field) in [
        ("minutes", json!(-1), "/items/0/minutes"),
        ("minutes", json!(0.001), "/items/0/minutes"),
        ("minutes", json!(100_000.01), "/items/0/minutes"),
        ("minutes", json!(1e300), "/items/0/minutes"),
        ("minutes", json!("5"), "/items/0/minutes"),
        ("minutes", json!(null), "/items/0/minutes"),
        ("batches", json!(0), "/items/0/batches"),
        ("batches", json!(10_000.5), "/items/0/batches"),
        ("batches", json!(-2), "/items/0/batches"),
        ("role", json!(""), "/items/0/role"),
        ("role", json!("x".repeat(201)), "/items/0/role"),
        ("role", json!(7), "/items/0/role"),
        ("name", json!("a\u{7}"), "/items/0/name"),
        ("wage", json!(1), "/items/0/wage"),
    ] {
        let mut item = good.clone();
        item[name] = value;
        let answer = ask(json!({"items": [item.clone()]})).await;
        assert_eq!(fields(&answer), [field], "{item}");
    }
    let with = |name: &str, value: Value| {
        let mut body = json!({"items": [good]});
        body[name] = value;
        body
    };
    for (name, value, field) in [
        ("items", json!([]), "/items"),
        ("items", json!(vec![good.clone(); 501]), "/items"),
        ("items", json!([["Host", 1]]), "/items/0"),
        ("kind", json!("soup"), "/kind"),
        ("unknown_roles", json!("ignore"), "/unknown_roles"),
        ("unknown_roles", json!("location_average"), "/location_id"),
        ("location_id", json!("7"), "/location_id"),
        (
            "location_id",
            json!("0190f3a0-0000-7000-8000-000000000000"),
            "/location_id",
        ),
        ("ingredient_cost_cents", json!(-1), "/ingredient_cost_cents"),
        (
            "ingredient_cost_cents",
            json!(1.5),
            "/ingredient_cost_cents",
        ),
        (
            "menu_price_cents",
            json!(1_000_000_000_001_i64),
            "/menu_price_cents",
        ),
        ("price", json!(1), "/price"),
    ] {
        let body = with(name, value);
        assert_eq!(fields(&ask(body.clone()).await), [field], "{name}");
    }
    let all =
        json!({"items": [{"role": " ", "minutes": -1, "batches": 0}], "menu_price_cents": -1});
    let named = fields(&ask(all).await);
    let expected = [
        "/items/0/role",
        "/items/0/minutes",
        "/items/0/batches",
        "/menu_price_cents",
    ];
    assert_eq!(named, expected);
    let told = async |items: Value| {
        let said = problem(&ask(json!({"items": items})).await, 400, "invalid-request");
        said["errors"][0]["detail"].as_str().unwrap().to_owned()
    };
    assert!(!told(json!([])).await.contains("several requests"));
    let many = told(json!(vec![good.clone(); 501])).await;
    assert!(many.contains("at most 500"), "{many}");
    // At the bounds it is priced.
    let none = json!({"role": "Host", "minutes": -0.0});
    let answer = priced(&app, &organization.key, json!({"items": [none]})).await;
    assert_eq!(answer["labor_cost_cents"], 0);
    let most = json!({"role": "Host", "minutes": 100_000, "batches": 10_000});
    let answer = priced(&app, &organization.key, json!({"items": vec![most; 500]})).await;
    let one = answer["items"][0]["cost_cents"].as_i64().unwrap();
    assert_eq!(answer["labor_cost_cents"], 500 * one);
    for (query, field) in [
        ("from=2026-13-01", "from"),
        ("from=2026-09-02&to=2026-09-01", "from"),
        ("from=2026-06-01&to=2026-09-02", "from"),
        ("to=tomorrow", "to"),
        ("location_id=7", "location_id"),
        (
            "location_id=0190f3a0-0000-7000-8000-000000000000",
            "location_id",
        ),
        ("role=", "role"),
        ("person=7", "person"),
        ("cursor=x", "cursor"),
    ] {
        let answer = app
            .get(&format!("/api/costing/daily?{query}"), &organization.key)
            .await;
        assert_eq!(fields(&answer), [field], "{query}");
    }
    let answer = app
        .get(
            "/api/costing/daily?from=2026-06-01&to=2026-09-02",
            &organization.key,
        )
        .await
        .json();
    let detail = answer["errors"][0]["detail"].as_str().unwrap();
    assert_eq!(
        detail,
        "must not be after `to`, nor more than 92 days before it"
    );
    let answer = app.get("/api/costing/daily?role=Juggler", &organization.key);
    let said = problem(&answer.await, 422, "unknown-role");
    assert_eq!(said["errors"][0]["field"], "role");
    let detail = said["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("Line Cook"), "{detail}");
    for query in [
        "from=0000-01-01&to=0000-01-02",
        "from=9999-12-31&to=9999-12-31",
        "to=0000-01-01",
        "from=0000-01-01",
        "from=2030-01-01",
    ] {
        let answer = app
            .get(&format!("/api/costing/daily?{query}"), &organization.key)
            .await;
        assert_eq!(answer.json()["data"], json!([]), "{query}");
    }
}
