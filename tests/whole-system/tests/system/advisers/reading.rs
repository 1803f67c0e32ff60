//! What is read, and how often.

use serde_json::{Value, json};
use simulators::hubspot::{Change, Kind, PIPELINE, STAGES, Settings};

use super::{
    DEALS, EARLIEST, MEETINGS, OWNERS, Stage, USERS, first, of, pass, put_settings, source,
};

#[tokio::test(start_paused = true)]
async fn a_second_look_asks_nothing_and_says_how_old_it_is() {
    let stage = Stage::set(3_201).await;
    stage.earliest().await;
    let asked = stage.asked();
    let count = |path: &str| asked.iter().filter(|asked| *asked == path).count();
    assert_eq!(count("/account-info/v3/details"), 1);
    assert_eq!(
        [USERS, OWNERS, MEETINGS, DEALS].map(count),
        [1, 1, 1, 1],
        "{asked:?}"
    );
    pass(60).await;
    let list = stage.earliest().await;
    assert_eq!(stage.asked(), [""; 0]);
    for name in ["users", "owners", "meetings", "deals"] {
        let source = source(&list, name);
        assert_eq!(source["is_copy"], true);
        let age = source["age_seconds"].as_i64().unwrap();
        assert!((60..=62).contains(&age), "{source}");
    }
    assert_eq!(list["is_stale"], false);
    // Meetings and deals are read anew after two minutes, users after five, owners after an hour.
    pass(65).await;
    stage.earliest().await;
    let mut asked = stage.asked();
    asked.sort_unstable();
    assert_eq!(asked, [DEALS, MEETINGS]);
    pass(200).await;
    let list = stage.earliest().await;
    let asked = stage.asked();
    assert!(asked.contains(&USERS.to_owned()) && !asked.contains(&OWNERS.to_owned()));
    assert_eq!(source(&list, "users")["is_copy"], false);
    assert_eq!(source(&list, "owners")["is_copy"], true);
}

#[tokio::test(start_paused = true)]
async fn lists_are_read_to_their_end() {
    let stage = Stage::set(3_202).await;
    stage.settings(|settings| {
        settings.search_results_max = 400;
        Settings::lift_limits(settings);
    });
    for number in 0..250 {
        stage.hire(number, &first(&number.to_string()));
    }
    for number in 0..1_100_u64 {
        // The last one's, week after week.
        let day = 1 + number % 27;
        let time = format!("2026-10-{day:02}T01:00:00Z");
        stage.put(
            Kind::Meeting,
            9_000_000 + number,
            &[
                ("hs_meeting_start_time", &time),
                ("hs_activity_type", "Clarify"),
                ("hubspot_owner_id", "8249"),
                ("hs_meeting_title", "T"),
            ],
        );
        stage.put(
            Kind::Deal,
            9_000_000 + number,
            &[
                ("pipeline", PIPELINE),
                ("dealstage", STAGES[0]),
                ("advisor_email", &first("248")),
                ("agreement_start_date", "2026-09-01"),
            ],
        );
    }
    let list = stage.told(&format!("{EARLIEST}&limit=500")).await;
    assert_eq!(source(&list, "users")["rows"], 262);
    assert_eq!(source(&list, "owners")["rows"], 262);
    assert_eq!(source(&list, "deals")["rows"], 1_107);
    let path = format!("/availability/schedule?compute=1&email={}", first("249"));
    let schedule = stage.told(&path).await;
    let weeks = schedule["weeks"].as_array().unwrap();
    let clarifies: i64 = weeks
        .iter()
        .map(|week| week["clarify_count"].as_i64().unwrap())
        .sum();
    assert_eq!(clarifies, 1_100);
    let path = format!("/availability/schedule?compute=1&email={}", first("248"));
    let schedule = stage.told(&path).await;
    assert_eq!(schedule["weeks"][0]["deal_no_clarify"], 1_100);
    // Three pages of users and owners each; meetings of a hundred owners at a time, 200 on a page.
    let asked = stage.asked();
    let count = |path: &str| asked.iter().filter(|asked| *asked == path).count();
    assert_eq!(
        (count(USERS), count(OWNERS), count(DEALS)),
        (3, 3, 6),
        "{asked:?}"
    );
    assert_eq!(count(MEETINGS), 8);
}

#[tokio::test(start_paused = true)]
async fn five_searches_leave_in_a_second_at_the_most() {
    let stage = Stage::set(3_203).await;
    for number in 0..2_400_u64 {
        stage.put(
            Kind::Deal,
            9_000_000 + number,
            &[
                ("pipeline", PIPELINE),
                ("dealstage", STAGES[0]),
                ("advisor_email", "mia.tan@example.test"),
            ],
        );
    }
    let list = stage.earliest().await;
    assert_eq!(source(&list, "deals")["rows"], 2_407);
    assert_eq!(list["is_stale"], false);
    let requests = stage.app.hubspot.requests();
    assert!(
        requests.iter().all(|request| request.status == Some(200)),
        "{requests:?}"
    );
    let searches: Vec<i64> = requests
        .iter()
        .filter(|request| request.path.ends_with("/search"))
        .map(|request| request.at_ms)
        .collect();
    assert_eq!(searches.len(), 14);
    for (at, time) in searches.iter().enumerate().skip(5) {
        assert!(time - searches[at - 5] >= 1_000, "{searches:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_ask_at_once_wait_for_one_reader() {
    let stage = Stage::set(3_204).await;
    let asking = (0..20).map(|_| stage.earliest());
    let lists = futures::future::join_all(asking).await;
    for list in &lists {
        assert_eq!(list["data"], lists[0]["data"]);
        assert_eq!(list["is_stale"], false);
    }
    let asked = stage.asked();
    let count = |path: &str| asked.iter().filter(|asked| *asked == path).count();
    assert_eq!(
        [USERS, OWNERS, MEETINGS, DEALS].map(count),
        [1, 1, 1, 1],
        "{asked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_is_new_is_seen_with_their_meetings() {
    let stage = Stage::set(3_205).await;
    stage.earliest().await;
    pass(310).await;
    let email = first("1");
    stage.hire(1, &email);
    for (id, day) in [(1, 5), (2, 6), (3, 7), (4, 12), (5, 13), (6, 14)] {
        let time = format!("2026-10-{day:02}T01:00:00Z");
        stage.put(
            Kind::Meeting,
            id,
            &[
                ("hs_meeting_start_time", &time),
                ("hs_activity_type", "Clarify"),
                ("hubspot_owner_id", "8001"),
            ],
        );
    }
    let list = stage.earliest().await;
    // Owners were read five minutes ago, and the new one is not among them: they are read again.
    let new = of(&list, &email);
    assert_eq!(new["because"], Value::Null, "{new}");
    assert!(
        new["earliest_open_week"].as_str().unwrap() > "2026-10-12",
        "{new}"
    );
    assert_eq!(source(&list, "owners")["is_copy"], false);
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_told_apart_or_written_has_no_week() {
    let stage = Stage::set(3_206).await;
    // Another user with Mia's address; Leo's owner is gone, and Omar's is no number.
    stage.hire(1, "mia.tan@example.test");
    stage.change(Change::ArchiveOwner { id: 7_004 });
    stage.put(Kind::User, 90_210_010, &[("hubspot_owner_id", "omar")]);
    stage.put(Kind::User, 90_210_002, &[("adviser_start_date", "soon")]);
    let list = stage.earliest().await;
    for (email, because) in [
        ("mia.tan@example.test", "email_not_unique"),
        ("leo.park@example.test", "no_owner_id"),
        ("omar.aziz@example.test", "no_owner_id"),
        ("tess.vogt@example.test", "no_owner_id"),
        ("noah.reid@example.test", "start_date_unreadable"),
    ] {
        let row = of(&list, email);
        assert_eq!(
            (&row["because"], &row["earliest_open_week"]),
            (&json!(because), &Value::Null)
        );
        assert!(row["detail"].as_str().unwrap().len() > 10);
    }
    assert!(of(&list, "ava.lim@example.test")["earliest_open_week"].is_string());
}

#[tokio::test(start_paused = true)]
async fn what_searches_do_not_show_yet_comes_with_a_later_look() {
    let stage = Stage::set(3_207).await;
    stage.settings(|settings| settings.search_delay_ms = 60_000);
    let path = "/availability/schedule?compute=1&email=kai.lund@example.test";
    let waiting = |schedule: &Value| schedule["weeks"][0]["deal_no_clarify"].as_i64().unwrap();
    stage.put(
        Kind::Deal,
        7_777,
        &[
            ("pipeline", PIPELINE),
            ("dealstage", STAGES[0]),
            ("advisor_email", "kai.lund@example.test"),
            ("agreement_start_date", "2026-09-01"),
        ],
    );
    assert_eq!(waiting(&stage.told(path).await), 0);
    pass(125).await;
    assert_eq!(waiting(&stage.told(path).await), 1);
}

#[tokio::test(start_paused = true)]
async fn other_settings_are_other_questions() {
    let stage = Stage::set(3_208).await;
    let list = stage.earliest().await;
    assert_eq!(source(&list, "deals")["rows"], 7);
    stage.asked();
    let one = json!({"pipeline": PIPELINE, "stages": [STAGES[1]]});
    put_settings(&stage.app, &stage.organization, one).await;
    let list = stage.earliest().await;
    assert_eq!(stage.asked(), [DEALS]);
    assert!(source(&list, "deals")["rows"].as_u64().unwrap() < 7);
    // Stages that do not fit into one search are asked for in several.
    let stages: Vec<String> = (0..50)
        .map(|number| format!("{number:0>60}"))
        .chain([STAGES[0].to_owned()])
        .skip(1)
        .collect();
    let many = json!({"pipeline": PIPELINE, "stages": stages});
    put_settings(&stage.app, &stage.organization, many).await;
    let list = stage.earliest().await;
    assert_eq!(source(&list, "deals")["error"], Value::Null, "{list:#}");
    assert_eq!(source(&list, "deals")["rows"], 2);
    assert!(stage.asked().len() > 1);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_asks_for_is_forgotten_after_a_day() {
    let stage = Stage::set(3_209).await;
    stage.earliest().await;
    let kept = || {
        let names = stage.app.key_value_names();
        let copies = names.iter().filter(|name| name.starts_with("advisers:"));
        copies.count()
    };
    assert_eq!(kept(), 8);
    for hours in 1..=26_u64 {
        pass(3_600).await;
        for _ in 0..3 {
            stage.app.tick().await;
        }
        // A look in the evening keeps what it has read for another day.
        if hours == 20 {
            stage.told("/availability/matrix").await;
        }
    }
    assert_eq!(kept(), 2);
    assert_eq!(stage.earliest().await["is_stale"], false);
}
