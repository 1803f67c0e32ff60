//! Questions that the replaced system was asked, with its answers, and what its faults made of some of them.

use super::super::earliest::{self, Found, Step};
use super::super::number::Halves;
use super::super::reason::Failure;
use super::super::settings::{Absences, Preset, Settings};
use super::super::{Outcome, Week};
use super::{World, date, seed};

/// The number, the situation, the agreement of the deal, the week and the ratio.
type Example = (&'static str, World, Option<&'static str>, &'static str, f64);

fn examples() -> Vec<Example> {
    let nothing = World::new;
    let mut solo = nothing();
    solo.advisers[0].pod_type = "Solo Adviser";
    let sixteen = || nothing().weekly("2026-03-16", &[2, 2, 2, 2, 1]);
    vec![
        ("1", nothing(), None, "2026-03-23", 0.0),
        ("1, limit 4", solo, None, "2026-03-23", 0.0),
        (
            "2",
            nothing().weekly("2026-03-09", &[2, 2, 2, 2]),
            None,
            "2026-04-13",
            0.7619,
        ),
        (
            "3",
            nothing().weekly("2026-03-09", &[1, 1, 1, 1, 1]),
            None,
            "2026-03-23",
            0.5,
        ),
        (
            "4",
            nothing().leave("2026-03-23", "2026-03-27"),
            None,
            "2026-03-30",
            0.0,
        ),
        (
            "5",
            nothing().leave("2026-03-23", "2026-04-03"),
            None,
            "2026-04-06",
            0.0,
        ),
        (
            "6",
            nothing().leave("2026-03-23", "2026-03-25"),
            None,
            "2026-03-23",
            0.0,
        ),
        (
            "8",
            nothing().closure("2026-04-03", "2026-04-06"),
            None,
            "2026-03-23",
            0.0,
        ),
        (
            "9",
            nothing().deals("2026-02-16", 6),
            None,
            "2026-04-06",
            0.0,
        ),
        (
            "10, 12 deals",
            nothing().deals("2026-02-16", 12),
            None,
            "2026-05-04",
            0.0,
        ),
        (
            "10, 30 deals",
            nothing().deals("2026-02-16", 30),
            None,
            "2026-07-27",
            0.0,
        ),
        (
            "10, 60 deals",
            nothing().deals("2026-02-16", 60),
            None,
            "2026-12-07",
            0.0,
        ),
        (
            "11",
            nothing().deals("2026-03-10", 4),
            None,
            "2026-03-23",
            0.0,
        ),
        (
            "12",
            nothing().starts("2026-05-04"),
            None,
            "2026-04-13",
            0.0,
        ),
        (
            "13",
            nothing().starts("2026-03-25"),
            None,
            "2026-03-23",
            0.0,
        ),
        ("14", nothing(), Some("2026-04-20"), "2026-04-27", 0.0),
        ("15, soon", nothing(), Some("2026-03-11"), "2026-03-23", 0.0),
        ("15, late", nothing(), Some("2026-12-01"), "2026-12-07", 0.0),
        ("16", sixteen(), None, "2026-04-20", 0.75),
        (
            "17",
            sixteen().limit("2026-04-06", 10),
            None,
            "2026-04-06",
            0.8,
        ),
        (
            "18",
            nothing().limit("2026-03-02", 1),
            None,
            "2026-08-31",
            0.0,
        ),
    ]
}

fn seven() -> World {
    World::new()
        .leave("2026-03-23", "2026-03-24")
        .closure("2026-03-25", "2026-03-27")
}

fn compatible() -> Settings {
    Settings::preset(Preset::Compatible)
}

fn answers(settings: &Settings) -> Vec<(&'static str, Option<String>, f64)> {
    examples()
        .into_iter()
        .map(|(number, world, agreement, _, _)| {
            let week = world.answer(agreement, settings).week;
            let table = world.table(settings);
            let ratio = week.map_or(0.0, |week| earliest::ratio(&table, week).value());
            (number, week.map(|week| week.to_string()), ratio)
        })
        .collect()
}

fn expected() -> Vec<(&'static str, Option<String>, f64)> {
    examples()
        .into_iter()
        .map(|(number, _, _, week, ratio)| (number, Some(week.to_owned()), ratio))
        .collect()
}

#[test]
fn the_examples_are_answered_as_they_were() {
    assert_eq!(answers(&compatible()), expected());
    assert_eq!(
        answers(&Settings::preset(Preset::CompatibleSum)),
        expected()
    );
}

#[test]
fn the_first_three_corrections_change_none_of_them() {
    let mut settings = compatible();
    settings.fixes.keep_past_backlog = true;
    settings.fixes.carry_over_full_weeks = true;
    settings.fixes.absences = Absences::Sum;
    assert_eq!(answers(&settings), expected());
}

#[test]
fn all_corrections_change_what_the_end_of_the_table_decided() {
    let mut expected = expected();
    for (number, week, _) in &mut expected {
        match *number {
            // A week of the longer table instead of one beyond the shorter.
            "10, 60 deals" => *week = Some("2026-12-14".to_owned()),
            // Never.
            "18" => *week = None,
            _ => {}
        }
    }
    assert_eq!(answers(&Settings::default()), expected);
}

#[test]
fn the_seventh_example_goes_by_how_absences_are_counted() {
    for (preset, shown, week) in [
        (Preset::Compatible, "Partial: 3", "2026-03-23"),
        (Preset::CompatibleSum, "Full", "2026-03-30"),
        (Preset::Corrected, "Full", "2026-03-30"),
    ] {
        let settings = Settings::preset(preset);
        let row = seven().table(&settings).row(Week::of(date("2026-03-23")));
        assert_eq!(row.absence.to_string(), shown);
        let answer = seven().answer(None, &settings);
        assert_eq!(answer.week.unwrap().to_string(), week);
    }
}

/// The situations that the faults spoil: what was answered, and what is answered with three of them mended.
#[test]
fn faults_are_there_and_can_be_mended() {
    let all = World::new().deals("2026-02-16", 6).deals("2026-03-04", 1);
    let mut mended = compatible();
    mended.fixes.keep_past_backlog = true;
    mended.fixes.carry_over_full_weeks = true;
    mended.fixes.absences = Absences::Sum;
    let lost = World::new()
        .deals("2026-03-10", 8)
        .leave("2026-03-23", "2026-03-27");
    for (world, before, after) in [
        (
            all.clone().clarifies("2026-03-10", 1),
            "2026-03-23",
            "2026-04-20",
        ),
        (lost, "2026-03-30", "2026-04-27"),
        (seven(), "2026-03-23", "2026-03-30"),
    ] {
        let week = |settings: &Settings| world.answer(None, settings).week.unwrap().to_string();
        assert_eq!(week(&compatible()), before);
        assert_eq!(week(&mended), after);
        assert_eq!(week(&Settings::default()), after);
    }
    // Without the meeting there is nothing left, and the whole allocation failed.
    let failed = all.decide(&seed(), &compatible()).outcome;
    let Outcome::Failed(Failure::EmptyTable { email }) = failed else {
        panic!("{failed:?}")
    };
    assert_eq!(email, "mia.tan@example.com");
    for settings in [mended, Settings::default()] {
        let Outcome::Chosen(chosen) = all.decide(&seed(), &settings).outcome else {
            panic!("nobody")
        };
        assert_eq!(chosen.earliest_week.to_string(), "2026-04-06");
    }
    // That the backlog disappears is one fault, that nothing is a failure another.
    let mut half = compatible();
    half.fixes.empty_is_free = true;
    assert_eq!(
        all.answer(None, &half).week.unwrap().to_string(),
        "2026-03-23"
    );
}

/// Week, room, placed, spare, backlog afterwards, half the targets, open.
type Line = (&'static str, f64, f64, f64, f64, f64, bool);

fn lines(steps: &[Step]) -> Vec<(String, f64, f64, f64, f64, f64, bool)> {
    let number = |halves: Halves| serde_json::to_value(halves).unwrap().as_f64().unwrap();
    steps
        .iter()
        .map(|step| {
            (
                step.week.to_string(),
                number(step.room),
                number(step.placed),
                number(step.spare),
                number(step.backlog),
                number(step.aimed_at),
                step.is_open,
            )
        })
        .collect()
}

fn named(lines: &[Line]) -> Vec<(String, f64, f64, f64, f64, f64, bool)> {
    lines
        .iter()
        .map(|&(week, room, placed, spare, backlog, aimed, open)| {
            (week.to_owned(), room, placed, spare, backlog, aimed, open)
        })
        .collect()
}

#[test]
fn the_ninth_example_step_by_step() {
    for settings in [compatible(), Settings::default()] {
        let answer = World::new().deals("2026-02-16", 6).answer(None, &settings);
        assert_eq!(
            (
                answer.carried_in,
                answer.aimed_at_before,
                answer.clarifies_before
            ),
            (Halves::whole(3), Halves(9), 0)
        );
        assert_eq!(
            lines(&answer.steps),
            named(&[
                ("2026-03-23", 3.0, 2.0, 1.0, 1.5, 6.0, false),
                ("2026-03-30", 1.0, 1.0, 0.0, 0.0, 7.5, false),
                ("2026-04-06", 2.0, 0.0, 2.0, -1.5, 9.0, true),
            ])
        );
        assert_eq!(answer.found, Found::Open);
    }
}

#[test]
fn the_second_example_step_by_step() {
    for settings in [compatible(), Settings::default()] {
        let world = World::new().weekly("2026-03-09", &[2, 2, 2, 2]);
        let answer = world.answer(None, &settings);
        assert_eq!(
            (
                answer.carried_in,
                answer.aimed_at_before,
                answer.clarifies_before
            ),
            (Halves::whole(1), Halves(9), 4)
        );
        assert_eq!(
            lines(&answer.steps),
            named(&[
                ("2026-03-23", -1.0, 0.0, -1.0, 1.5, 6.0, false),
                ("2026-03-30", -1.0, 0.0, -1.0, 2.0, 7.5, false),
                ("2026-04-06", 1.0, 1.0, 0.0, 0.5, 9.0, false),
                ("2026-04-13", 2.0, 0.5, 1.5, -1.0, 10.5, true),
            ])
        );
        assert_eq!(answer.steps[3].taken, 8);
    }
}

/// The examples are answered alike by programs that get what follows wrong.
mod beyond_the_examples {
    use super::*;

    #[test]
    fn as_many_taken_as_aimed_at_is_not_open() {
        // Six meetings last week: 4.5 too many, less 3, leave 1.5.
        let answer = World::new()
            .clarifies("2026-03-04", 6)
            .answer(None, &compatible());
        assert_eq!(answer.carried_in, Halves(3));
        assert_eq!(
            lines(&answer.steps),
            named(&[
                // Nothing waits and room is left, but six are taken of six.
                ("2026-03-23", 3.0, 1.5, 1.5, 0.0, 6.0, false),
                ("2026-03-30", 1.5, 0.0, 1.5, -1.5, 7.5, true),
            ])
        );
        assert_eq!(answer.steps[0].taken, 6);
    }

    #[test]
    fn what_is_placed_in_a_week_leaves_room_for_its_own_meetings() {
        let world = World::new()
            .deals("2026-02-16", 8)
            .clarifies("2026-03-25", 1);
        let answer = world.answer(None, &compatible());
        let first = answer.steps[0];
        assert_eq!(
            (first.room, first.placed),
            (Halves::whole(2), Halves::whole(1))
        );
        let mut more = compatible();
        more.clarifies_per_week = 3;
        assert_eq!(world.answer(None, &more).steps[0].placed, Halves::whole(2));
    }

    #[test]
    fn deals_that_begin_to_wait_are_taken() {
        let answer = World::new()
            .deals("2026-03-10", 4)
            .answer(None, &compatible());
        let first = answer.steps[0];
        assert_eq!((first.new, first.taken), (4, 4));
        // Seven against six: not open, whatever else there is.
        let busy = World::new()
            .deals("2026-03-10", 7)
            .answer(None, &compatible());
        assert_eq!(busy.steps[0].taken, 7);
        assert!(!busy.steps[0].is_open);
    }

    #[test]
    fn a_table_that_begins_with_a_week_of_absence() {
        let world = World::new()
            .leave("2026-03-02", "2026-03-06")
            .weekly("2026-03-02", &[2, 1]);
        for settings in [compatible(), Settings::default()] {
            let table = world.table(&settings);
            let rows: Vec<_> = table.rows().take(3).map(|(_, row)| *row).collect();
            let numbers: Vec<_> = rows
                .iter()
                .map(|row| (row.clarify, row.target, row.actual))
                .collect();
            // The second week has no working week before it; the third has the second.
            assert_eq!(numbers, [(2, 0, 2), (1, 3, 1), (0, 3, 1)]);
            let answer = world.answer(None, &settings);
            // 2 − 0 of the first, 1 − 1.5 and 0 − 1.5 of the others.
            assert_eq!(answer.carried_in, Halves(0));
            assert_eq!(answer.clarifies_before, 3);
            assert_eq!(answer.aimed_at_before, Halves(6));
        }
    }

    #[test]
    fn a_table_that_ends_with_weeks_of_absence() {
        let world = World::new().leave("2026-03-30", "2027-12-31");
        // The only week that is worked has none after it, so it has no room.
        let mut settings = compatible();
        settings.fixes.fixed_horizon = true;
        let answer = world.answer(None, &settings);
        assert_eq!(
            lines(&answer.steps),
            named(&[("2026-03-23", 0.0, 0.0, 0.0, -4.5, 6.0, false)])
        );
        assert_eq!(answer.found, Found::Projected);
        assert_eq!(answer.week.unwrap().to_string(), "2026-08-31");
        // With two of them the first has.
        let two = World::new().leave("2026-04-06", "2027-12-31");
        assert_eq!(
            two.answer(None, &settings).week.unwrap().to_string(),
            "2026-03-23"
        );
    }

    #[test]
    fn data_makes_the_table_longer_as_far_as_it_may() {
        let world = World::new()
            .closure("2027-01-01", "2027-01-01")
            .closure("2199-01-01", "2199-01-10");
        assert_eq!(world.table(&compatible()).last().to_string(), "2026-12-28");
        assert_eq!(
            World::new().table(&compatible()).last().to_string(),
            "2026-08-31"
        );
        assert_eq!(
            world.table(&Settings::default()).last().to_string(),
            "2027-03-01"
        );
        let ten_years = World::new().closure("2026-01-01", "2199-01-10");
        assert_eq!(
            ten_years.table(&compatible()).last().to_string(),
            "2036-02-25"
        );
    }

    #[test]
    fn absence_ends_with_the_working_week() {
        let world = World::new().leave("2026-03-28", "2026-03-29");
        assert!(
            world
                .table(&compatible())
                .rows()
                .all(|(_, row)| row.absence.is_nothing())
        );
    }

    #[test]
    fn without_an_end_in_sight_the_backlog_is_reckoned_in_fortnights() {
        let settings = Settings {
            horizon_weeks: 8,
            ..Settings::default()
        };
        let answer = World::new().deals("2026-02-16", 30).answer(None, &settings);
        assert_eq!(answer.found, Found::Projected);
        let left = answer.steps.last().unwrap().backlog.0;
        let fortnights = u64::try_from((left + 5) / 6).unwrap();
        let expected = date("2026-04-27") + chrono::Days::new(14 * fortnights);
        assert_eq!(answer.week.unwrap().monday(), expected);
        assert_eq!(answer.week.unwrap().to_string(), "2026-07-20");
    }
}
