//! Who sees what: nobody without the right to wages learns what one or two people earn.

use http::StatusCode;
use serde_json::{Value, json};
use whole_system::{App, HARBOUR, OPERATOR_KEY, Organization};

use super::{
    add_role, add_role_at, half_up, hire, hire_at, later, paid, priced, rates, told, truth,
};
use crate::api::{api_key, problem};
use crate::sync::{change, pass, restaurant, sync};

/// With two bakers, whom nobody may tell apart; nothing that is told in steps is what they earn.
async fn bakery(seed: u64) -> (App, Organization) {
    let (app, organization, _) = restaurant(seed).await;
    hire(&app, &add_role(&app, "Baker"), &[3_107, 3_311]);
    later().await;
    sync(&app, &organization).await;
    (app, organization)
}

#[tokio::test(start_paused = true)]
async fn every_route_shows_each_role_its_part() {
    let (app, organization) = bakery(531).await;
    let body = json!({"items": [{"role": "Baker", "minutes": 60}]});
    let ask = async |key: &str, path: &str| match path {
        "labor" => app.post("/api/costing/labor", key, body.clone()).await,
        _ => app.get(&format!("/api/costing/{path}"), key).await,
    };
    let only = async |scopes: Value| {
        let body = json!({"name": "k", "scopes": scopes});
        let key = api_key(&app, &organization, body).await;
        key["key"].as_str().unwrap().to_owned()
    };
    let (member, admin) = (
        app.key(&organization.id, "member").await,
        app.key(&organization.id, "admin").await,
    );
    let wages = only(json!(["wages:read", "roles:read"])).await;
    for path in ["rates", "labor", "daily"] {
        for key in [&member, &wages] {
            problem(&ask(key, path).await, 403, "forbidden");
        }
        problem(&ask("", path).await, 401, "unauthenticated");
    }
    let costing = only(json!(["costing:read"])).await;
    let both = only(json!(["costing:read", "wages:read"])).await;
    for path in ["rates", "labor", "daily"] {
        let seen = async |key: &str| ask(key, path).await.expect(StatusCode::OK);
        let (owner, admin) = (seen(&organization.key).await, seen(&admin).await);
        assert_eq!(seen(&costing).await, admin, "{path}");
        assert_eq!(seen(&both).await, owner, "{path}");
        let text = admin.to_string();
        for wage in ["3107", "3209", "3311"] {
            let told = format!("_cents\":{wage},");
            assert!(!text.contains(&told), "{path} tells {wage}: {admin:#}");
        }
    }
    let named = format!("/api/costing/rates?organization_id={}", organization.id);
    let operator = app.all(&named, OPERATOR_KEY).await;
    let owner = app.all("/api/costing/rates", &organization.key).await;
    assert_eq!(operator, owner);
}

/// Everything that is told beside the rates of large roles follows from these.
#[tokio::test(start_paused = true)]
async fn a_small_role_has_the_blended_price() {
    let (app, organization) = bakery(532).await;
    let admin = app.key(&organization.id, "admin").await;
    let (exact, seen) = (
        rates(&app, &organization.key).await,
        rates(&app, &admin).await,
    );
    assert_eq!(exact["Baker"]["rate_cents"], 3_209);
    assert_eq!(exact["Baker"]["minimum_cents"], 3_107);
    let (mut sum, mut people, mut small) = (0, 0, 0);
    for row in seen.values().filter(|row| row["basis"] == "role") {
        let count = row["head_count"].as_i64().unwrap();
        assert!(count >= 3, "{row}");
        sum += row["rate_cents"].as_i64().unwrap() * count;
        people += count;
    }
    // In steps, as all that is told.
    let blended = half_up(sum, 25 * people) * 25;
    for (name, row) in &seen {
        assert_eq!(row["head_count"], exact[name]["head_count"], "{name}");
        assert_eq!(
            (&row["minimum_cents"], &row["maximum_cents"]),
            (&Value::Null, &Value::Null)
        );
        if row["basis"] == "role" {
            let rate = exact[name]["rate_cents"].as_i64().unwrap();
            assert_eq!(row["rate_cents"], told(rate), "{name}");
        } else {
            assert_eq!(
                (&row["basis"], &row["rate_cents"]),
                (&json!("blended"), &json!(blended))
            );
            small += 1;
        }
    }
    assert!(small > 0 && people > 0);
    let body = json!({"items": [{"role": "Baker", "minutes": 30}]});
    let item = priced(&app, &admin, body.clone()).await["items"][0].clone();
    assert_eq!(item["basis"], "blended");
    assert_eq!(item["rate_cents"], blended);
    assert_eq!(item["cost_cents"], half_up(blended, 2));
    assert_eq!(item["head_count"], people);
    let item = priced(&app, &organization.key, body).await["items"][0].clone();
    assert_eq!(
        (&item["basis"], &item["cost_cents"]),
        (&json!("role"), &json!(1_605))
    );
    // With a third baker it is told.
    let baker = truth(&app)
        .roles
        .into_iter()
        .find(|role| role.name == "Baker")
        .unwrap();
    hire(&app, &baker, &[3_500]);
    later().await;
    sync(&app, &organization).await;
    let seen = rates(&app, &admin).await;
    assert_eq!(
        (&seen["Baker"]["basis"], &seen["Baker"]["rate_cents"]),
        (&json!("role"), &json!(3_300))
    );
}

/// Who connects an account may know what everybody earns there, and take it off.
#[tokio::test(start_paused = true)]
async fn an_account_of_ones_own_gives_nobody_of_another_one_away() {
    let (app, organization) = bakery(534).await;
    let admin = app.key(&organization.id, "admin").await;
    let baker = add_role_at(&app, HARBOUR, "Baker");
    hire_at(&app, HARBOUR, &baker, &[2_000; 5]);
    let connect = json!({"action": "connect", "apiKey": HARBOUR.token,
        "companyId": HARBOUR.company_id, "integrationKey": "mine"});
    let connected = app.proxy(&admin, connect).await.expect(StatusCode::OK);
    let head_count = async || rates(&app, &organization.key).await["Baker"]["head_count"].clone();
    for _ in 0..60 {
        app.tick().await.expect(StatusCode::OK);
        pass(20).await;
        if head_count().await == 7 {
            break;
        }
    }
    let baker = async |key: &str| {
        let row = rates(&app, key).await.remove("Baker").expect("the role");
        (
            row["basis"].clone(),
            row["rate_cents"].clone(),
            row["head_count"].clone(),
        )
    };
    let is = |cents: i64, head_count: i64| (json!("role"), json!(cents), json!(head_count));
    // (31.07 + 33.11 + 5 × 20.00) / 7
    assert_eq!(baker(&organization.key).await, is(2_345, 7));
    assert_eq!(baker(&admin).await.0, "blended");
    // With a third one it is told: (3 × 33.00 + 5 × 20.00) / 8 in steps.
    let mut roles = truth(&app).roles.into_iter();
    let ours = roles.find(|role| role.name == "Baker");
    hire(&app, &ours.expect("the role"), &[3_500]);
    later().await;
    sync(&app, &organization).await;
    assert_eq!(baker(&organization.key).await, is(2_490, 8));
    assert_eq!(baker(&admin).await, is(2_500, 8));
    // Who is disconnected counts no more, for anybody.
    let path = format!(
        "/api/connectors/{}/disconnect",
        connected["connector_id"].as_str().unwrap()
    );
    app.post(&path, &admin, json!({}))
        .await
        .expect(StatusCode::OK);
    assert_eq!(baker(&organization.key).await, is(3_306, 3));
    assert_eq!(baker(&admin).await, is(3_300, 3));
}

/// Whoever works in a large role and in a small one by one wage is the difference of two sums.
#[tokio::test(start_paused = true)]
async fn no_sum_of_large_roles_gives_a_small_one_away() {
    let (app, organization, _) = restaurant(533).await;
    let (kitchen, cook, chef) = (
        add_role(&app, "Whole Kitchen"),
        add_role(&app, "Kitchen Hand"),
        add_role(&app, "Chef"),
    );
    let hands = hire(&app, &cook, &[1_700, 1_800, 1_900, 1_700]);
    let chef_id = hire(&app, &chef, &[9_999])[0];
    for (user_id, roles) in hands
        .iter()
        .map(|id| (*id, [kitchen.id, cook.id]))
        .chain([(chef_id, [kitchen.id, chef.id])])
    {
        let users = truth(&app).users;
        let user = users.iter().find(|user| user.id == user_id).unwrap();
        let mut assignments = user.assignments.clone();
        assignments.role_ids = roles.into();
        let id = user_id;
        change(
            &app,
            simulators::seven_shifts::Mutation::AssignUser { id, assignments },
        );
        // One wage for all that they do, in the place of the one for the role.
        for wage in truth(&app).current_wages {
            if wage.user_id == user_id {
                let id = wage.id;
                change(&app, simulators::seven_shifts::Mutation::DeleteWage { id });
                change(&app, paid(user_id, None, wage.wage_cents, super::TODAY));
            }
        }
    }
    later().await;
    sync(&app, &organization).await;
    let admin = app.key(&organization.id, "admin").await;
    let (exact, seen) = (
        rates(&app, &organization.key).await,
        rates(&app, &admin).await,
    );
    assert_eq!(exact["Chef"]["rate_cents"], 9_999);
    let basis = |name: &str| {
        (
            exact[name]["head_count"].clone(),
            seen[name]["basis"].clone(),
        )
    };
    assert_eq!(basis("Whole Kitchen"), (json!(5), json!("role")));
    assert_eq!(basis("Kitchen Hand"), (json!(4), json!("blended")));
    assert_eq!(basis("Chef"), (json!(1), json!("blended")));
}
