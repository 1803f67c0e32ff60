//! Tokens of an account that is connected: renewed by one at a time over all instances, and no grant is burnt.

use futures::future::join_all;
use simulators::employment_hero::{Rotation, ScriptedAnswer, ScriptedRefusal};
use whole_system::send;

use super::*;

const ASK: &str = "/test/organisations";

async fn started(seed: u64) -> (App, Organization, String) {
    let (app, organization) = start(seed).await;
    let id = connector(&app, &organization).await;
    connect(&app, &organization, &id).await;
    (app, organization, id)
}

fn counts(app: &App) -> simulators::employment_hero::Counts {
    app.employment_hero.provider().counts()
}

/// Many ask at once, in several instances of the application, when the access token has ended.
#[tokio::test(start_paused = true)]
async fn of_many_one_renews() {
    let (app, organization, id) = started(1631).await;
    let others = [app.another(), app.another()];
    for round in 1..=5 {
        pass(900).await;
        let runtimes = [&app.runtime, &others[0], &others[1]];
        let asks = (0..12).map(|number| {
            send(
                runtimes[number % 3],
                Method::GET,
                ASK,
                &organization.key,
                None,
            )
        });
        for answer in join_all(asks).await {
            answer.expect(StatusCode::OK);
        }
        assert_eq!(counts(&app).refreshed, round);
        assert_eq!((counts(&app).reused, counts(&app).burnt_grants), (0, 0));
    }
    assert_eq!(read(&app, &organization, &id).await["state"], "active");
}

/// Two refreshers, and a server on a bad day: whatever it says, no spent token is shown to it, and the first good answer
/// mends everything.
#[tokio::test(start_paused = true)]
async fn bad_answers_cost_no_grant() {
    let grant_is_over = ScriptedAnswer::Status(400);
    let unclear = ScriptedAnswer::Refusal(ScriptedRefusal {
        status: 400,
        error: None,
        message: Some("something went wrong".to_owned()),
        after_handling: false,
    });
    for (seed, bad) in [(1632, grant_is_over), (1633, unclear)] {
        let (app, organization, id) = started(seed).await;
        let other = app.another();
        app.employment_hero.provider().script([
            bad.clone(),
            bad.clone(),
            ScriptedAnswer::Status(200),
            bad.clone(),
        ]);
        pass(900).await;
        let mut answered = 0;
        for _ in 0..6 {
            let asks = [&app.runtime, &other]
                .map(|runtime| send(runtime, Method::GET, ASK, &organization.key, None));
            let answers = join_all(asks).await;
            answered += answers
                .iter()
                .filter(|answer| answer.status == StatusCode::OK)
                .count();
            pass(60).await;
        }
        // A tick goes on with what is due, also of a connector that was said to be expired.
        app.tick().await.expect(StatusCode::OK);
        let counts = counts(&app);
        assert_eq!(
            (counts.reused, counts.burnt_grants, counts.live_grants),
            (0, 0, 1),
            "{bad:?}"
        );
        assert!(answered >= 6, "{answered} with {bad:?}");
        assert_eq!(
            read(&app, &organization, &id).await["state"],
            "active",
            "{bad:?}"
        );
    }
}

/// A passing failure of the token endpoint never disconnects.
#[tokio::test(start_paused = true)]
async fn a_passing_failure_is_no_reason_to_ask_the_owner_again() {
    let (app, organization, id) = started(1634).await;
    for status in [500, 503, 429, 408] {
        pass(900).await;
        app.employment_hero
            .provider()
            .script(vec![ScriptedAnswer::Status(status); 3]);
        let answer = app.get(ASK, &organization.key).await;
        assert_ne!(answer.status, StatusCode::OK, "{status}");
        assert_eq!(
            read(&app, &organization, &id).await["state"],
            "active",
            "{status}"
        );
        app.employment_hero.provider().script([]);
        pass(120).await;
        for _ in 0..3 {
            app.get(ASK, &organization.key).await;
            pass(60).await;
        }
        app.get(ASK, &organization.key).await.expect(StatusCode::OK);
    }
    assert_eq!(counts(&app).burnt_grants, 0);
}

/// The server has spent the token, and its answer was lost: with a grace for such an answer, the token before still works.
#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_costs_no_grant() {
    let (app, organization, id) = started(1635).await;
    app.employment_hero.provider().change_settings(|settings| {
        settings.rotation = Rotation::Grace { seconds: 300 };
    });
    let lost = ScriptedAnswer::Refusal(ScriptedRefusal {
        status: 502,
        error: Some("server_error".to_owned()),
        message: None,
        after_handling: true,
    });
    app.employment_hero.provider().script([lost]);
    pass(900).await;
    app.get(ASK, &organization.key).await;
    pass(30).await;
    app.get(ASK, &organization.key).await.expect(StatusCode::OK);
    assert_eq!(
        (counts(&app).burnt_grants, counts(&app).live_grants),
        (0, 1)
    );
    assert_eq!(read(&app, &organization, &id).await["state"], "active");
}

/// A grant that was withdrawn: the owner is asked again, and the data stays.
#[tokio::test(start_paused = true)]
async fn a_withdrawn_grant_asks_for_its_owner() {
    let (app, organization, id) = started(1636).await;
    app.tick().await.expect(StatusCode::OK);
    let people = app.all("/api/employees", &organization.key).await;
    app.employment_hero.provider().withdraw_grants();
    app.get(ASK, &organization.key).await;
    let connector = read(&app, &organization, &id).await;
    assert_eq!(connector["state"], "expired", "{connector}");
    assert!(
        connector["state_reason"]
            .as_str()
            .unwrap()
            .contains("Connect again"),
        "{connector}"
    );
    assert_eq!(app.all("/api/employees", &organization.key).await, people);
    connect(&app, &organization, &id).await;
    app.get(ASK, &organization.key).await.expect(StatusCode::OK);
}
