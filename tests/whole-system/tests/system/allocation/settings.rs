//! By what deals are allocated.

use super::super::api::{fields, problem};
use super::*;

const PATH: &str = "/api/allocation/settings";

#[tokio::test(start_paused = true)]
async fn settings_are_set_whole_and_audited() {
    let (app, organization) = advisers(821).await;
    let key = organization.key.as_str();
    let read = async || app.get(PATH, key).await.expect(StatusCode::OK);
    let first = read().await;
    assert_eq!(
        (&first["mode"], &first["version"], &first["updated_by"]),
        (&json!("corrected"), &json!(0), &Value::Null)
    );
    assert_eq!(first["settings"]["horizon_weeks"], 52);
    let body = json!({"preset": "compatible", "buffer_weeks": 3, "limits": {"by_pod_type": {"Team Pod": 10}}});
    let set = put(&app, PATH, key, body.clone())
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        (&set["mode"], &set["version"]),
        (&json!("compatible"), &json!(1))
    );
    assert!(set["updated_by"].is_string() && set["updated_at"].is_string());
    assert_eq!(
        (&set["settings"]["buffer_weeks"], &set["settings"]["limits"]),
        (
            &json!(3),
            &json!({"monthly": 6, "by_pod_type": {"Team Pod": 10}})
        )
    );
    assert_eq!(read().await, set);
    // The same again is no change, as it was sent and as it is shown.
    for same in [body, set["settings"].clone()] {
        let answer = put(&app, PATH, key, same).await;
        assert_eq!(answer.expect(StatusCode::OK), set);
    }
    // What is left out is the preset's, not what was set before.
    let mixed = json!({"fixes": {"local_meeting_days": false}});
    let mixed = put(&app, PATH, key, mixed).await.expect(StatusCode::OK);
    assert_eq!(
        (
            &mixed["mode"],
            &mixed["version"],
            &mixed["settings"]["buffer_weeks"]
        ),
        (&json!("custom"), &json!(2), &json!(2))
    );
    let back = put(&app, PATH, key, json!({})).await.expect(StatusCode::OK);
    assert_eq!(
        (&back["settings"], &back["version"]),
        (&first["settings"], &json!(3))
    );
    let told = app
        .all("/api/audit?resource=allocation_settings", key)
        .await;
    assert_eq!(texts(&told, "action"), ["updated", "updated", "created"]);
    assert_eq!(told[2]["after"]["buffer_weeks"], 3);
}

#[tokio::test(start_paused = true)]
async fn settings_that_are_wrong_name_every_member_and_change_nothing() {
    let (app, organization) = advisers(822).await;
    let key = organization.key.as_str();
    let wrong = json!({"horizon_weeks": 3, "fixes": {"absences": "most"}, "written_properties": [], "colour": "red"});
    let answer = put(&app, PATH, key, wrong).await;
    let mut named = fields(&answer);
    named.sort();
    assert_eq!(
        named,
        [
            "/colour",
            "/fixes/absences",
            "/horizon_weeks",
            "/written_properties"
        ]
    );
    for body in [json!([]), json!("x"), json!(null), json!(7)] {
        assert_eq!(fields(&put(&app, PATH, key, body).await), [""]);
    }
    let read = app.get(PATH, key).await.expect(StatusCode::OK);
    assert_eq!(read["version"], 0);
}

#[tokio::test(start_paused = true)]
async fn admins_read_and_owners_set() {
    let (app, organization) = advisers(823).await;
    let other = app.organization("Other", "Australia/Perth").await;
    let roles = [
        (Method::GET, PATH, [403, 200, 200]),
        (Method::PUT, PATH, [403, 403, 200]),
    ];
    assert_roles(&app, &organization, &roles).await;
    put(&app, PATH, &organization.key, json!({"buffer_weeks": 5}))
        .await
        .expect(StatusCode::OK);
    let theirs = app.get(PATH, &other.key).await.expect(StatusCode::OK);
    assert_eq!(
        (&theirs["version"], &theirs["settings"]["buffer_weeks"]),
        (&json!(0), &json!(2))
    );
    let named = format!("{PATH}?organization_id={}", organization.id);
    problem(&app.get(&named, &other.key).await, 404, "not-found");
}
