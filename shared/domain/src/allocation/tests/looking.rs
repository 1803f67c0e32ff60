//! What people see who look at the tables.

use serde_json::json;

use super::super::availability::{earliest_weeks, matrix, meetings, schedule};
use super::super::reason::LeftOutBecause;
use super::super::settings::Settings;
use super::super::{Adviser, Meeting, MeetingKind, Source, Unknown};
use super::{MIA, World, date};

const TOM: Adviser<'static> = Adviser {
    email: "tom.lee@example.com",
    owner_id: "7002",
    taking_on_clients: "true",
    packages: "series a;Gold",
    households: "",
    ..MIA
};
const ANN: Adviser<'static> = Adviser {
    email: "ann.ho@example.com",
    owner_id: "7003",
    taking_on_clients: "False",
    ..MIA
};
const NOBODY: Adviser<'static> = Adviser {
    email: "clerk@example.com",
    owner_id: "7004",
    taking_on_clients: "",
    ..MIA
};

fn world() -> World {
    World {
        advisers: vec![MIA, TOM, ANN, NOBODY],
        ..World::new()
    }
}

#[test]
fn everybody_is_listed_with_their_earliest_week() {
    let mut world = world().deals("2026-02-16", 6).limit("2026-06-01", 10);
    let settings = Settings::default();
    let rows = earliest_weeks(&world.input(), &settings, None, false);
    let weeks: Vec<_> = rows
        .iter()
        .map(|row| (row.name.as_str(), row.earliest_label.as_deref()))
        .collect();
    assert_eq!(
        weeks,
        [("Tom Lee", Some("2026-W13")), ("Mia Tan", Some("2026-W15"))]
    );
    let mia = serde_json::to_value(&rows[1]).unwrap();
    assert_eq!(mia["client_monthly_limit"], 6);
    assert_eq!(
        mia["limit_override"],
        json!({"monthly": 10, "from": "2026-06-01", "is_active": false})
    );
    assert_eq!(mia["earliest_open_week"], "2026-04-06");
    assert_eq!(mia["service_packages"], json!(["Seed", "Series A", "IPO"]));

    // Those who take no clients, if they are asked for; who is unknown has no week, and is last.
    world.unknown.push(Unknown {
        source: Source::Leave,
        adviser: Some(TOM.email),
    });
    let rows = earliest_weeks(&world.input(), &settings, Some(date("2026-04-20")), true);
    let weeks: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.name.as_str(),
                row.taking_on_clients,
                row.earliest_label.as_deref(),
                row.because,
            )
        })
        .collect();
    assert_eq!(
        weeks,
        [
            ("Ann Ho", false, Some("2026-W18"), None),
            ("Mia Tan", true, Some("2026-W20"), None),
            ("Tom Lee", true, None, Some(LeftOutBecause::SourceUnknown)),
        ]
    );
    assert_eq!(rows[2].unknown, [Source::Leave]);
}

#[test]
fn a_schedule_has_a_row_for_each_week() {
    let world = world()
        .clarifies("2026-03-25", 1)
        .leave("2026-03-25", "2026-03-27")
        .deals("2026-02-16", 2);
    let schedule_of = |email| schedule(&world.input(), &Settings::default(), email, None);
    let mia = schedule_of(" Mia.Tan@EXAMPLE.com").unwrap();
    assert_eq!(mia.weeks.len(), 53);
    let rows = serde_json::to_value(&mia.weeks).unwrap();
    assert_eq!(rows[0]["deal_no_clarify"], 2);
    assert_eq!(
        rows[3],
        json!({
            "week": "2026-W13", "monday": "2026-03-23", "clarify_count": 1, "kick_off_count": 0, "ooo": "Partial: 3",
            "deal_no_clarify": 0, "target": 2, "actual": 1, "difference": -1, "is_earliest": true,
        })
    );
    assert_eq!(mia.weeks.iter().filter(|row| row.is_earliest).count(), 1);
    assert_eq!(schedule_of("nobody@example.com"), None);
    assert_eq!(schedule_of(""), None);
}

#[test]
fn meetings_are_listed_from_so_many_weeks_back() {
    let mut world = world()
        .clarifies("2026-01-12", 1)
        .clarifies("2026-01-11", 1)
        .clarifies("2026-04-01", 1);
    world.meetings.push(Meeting {
        id: "k",
        kind: MeetingKind::KickOff,
        outcome: "CANCELED",
        ..world.meetings[2]
    });
    let days = |weeks| -> Vec<_> {
        meetings(&world.input(), &Settings::default(), MIA.email, weeks)
            .unwrap()
            .into_iter()
            .map(|row| (row.date.to_string(), row.kind, row.counts))
            .collect()
    };
    let recent = ("2026-04-01".to_owned(), MeetingKind::Clarify, true);
    let kick_off = ("2026-04-01".to_owned(), MeetingKind::KickOff, false);
    let old = ("2026-01-12".to_owned(), MeetingKind::Clarify, true);
    assert_eq!(days(8), [recent.clone(), kick_off.clone(), old]);
    assert_eq!(days(1), [recent.clone(), kick_off.clone()]);
    assert_eq!(days(0).len(), 2);
    assert_eq!(days(9).len(), 4);
    assert_eq!(days(u32::MAX).len(), 4);
    assert_eq!(
        meetings(&world.input(), &Settings::default(), "x@example.com", 8),
        None
    );
}

#[test]
fn the_matrix_says_who_takes_whom() {
    let table = matrix(&world().advisers, &Settings::default());
    assert_eq!(table.household_types, ["Single", "Couple"]);
    let rows: Vec<_> = table
        .rows
        .iter()
        .map(|row| (row.service_package.as_str(), row.advisers[0].join(", ")))
        .collect();
    assert_eq!(
        rows,
        [
            ("Seed", "Mia Tan".to_owned()),
            ("Series A", "Mia Tan, Tom Lee".to_owned()),
            ("Series C", String::new()),
            ("IPO", "Mia Tan".to_owned()),
            ("Gold", "Tom Lee".to_owned()),
        ]
    );
}
