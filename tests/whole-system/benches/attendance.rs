//! The Delta Engine: alone over a million shifts, and as the function over one organization's day and year.

use std::hint::black_box;
use std::time::{Duration, Instant};

use domain::attendance::policy::Policy;
use domain::attendance::{Punch, Shift, delta, event, matching};
use http::StatusCode;
use serde_json::json;
use whole_system::{App, Organization, now};

use runtime::Limits;
use simulators::seven_shifts::demo_data;

use crate::load;
use crate::table::{Mark, Measured, Row};

pub const NATIVE_ROWS: &[Row] = &[
    Row {
        id: "delta_native",
        what: "Delta Engine alone: 1,000,000 shifts × 1,000,000 punches of 20,000 people",
        unit: "s",
        mark: Mark::Below(2.0),
    },
    Row {
        id: "delta_native_memory",
        what: "its memory, input and what it found together",
        unit: "MB",
        mark: Mark::Below(500.0),
    },
    Row {
        id: "delta_native_growth",
        what: "time for twice as much, as a ratio (n log n: about 2.1)",
        unit: "×",
        mark: Mark::Below(2.6),
    },
];

pub const DAY_ROWS: &[Row] = &[
    Row {
        id: "delta_day",
        what: "the same in the function: one organization's day of 10,000 shifts, decided before",
        unit: "ms",
        mark: Mark::Below(100.0),
    },
    Row {
        id: "delta_day_first",
        what: "the same for the first time, with everything written",
        unit: "ms",
        mark: Mark::Context,
    },
    Row {
        id: "delta_day_memory",
        what: "guest memory that it needs at the most",
        unit: "MiB",
        mark: Mark::Below(64.0),
    },
];

pub const YEAR_ROWS: &[Row] = &[
    Row {
        id: "delta_after_sync",
        what: "run after 50 changed punches, with 500,000 punches of a year",
        unit: "ms",
        mark: Mark::Below(50.0),
    },
    Row {
        id: "delta_touched",
        what: "works that it wrote, of all 500,000",
        unit: "rows",
        mark: Mark::AtMost(50.0),
    },
    Row {
        id: "attendance_summary",
        what: "summary of a month, 500 people",
        unit: "ms",
        mark: Mark::Below(50.0),
    },
];

const PEOPLE: usize = 20_000;
const SHIFTS: usize = 1_000_000;
const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;
const ROUNDS: usize = 7;
/// A machine that others use as well has slow seconds.
const ROUNDS_OF_A_DAY: usize = 21;
const PATIENCE: Duration = Duration::from_secs(600);
/// Limits of guest memory that are tried in turn, in MiB.
const MEMORY_MIB: [u16; 7] = [8, 12, 16, 24, 32, 48, 64];
/// A guest without enough memory is started again and again.
const PATIENCE_FOR_MEMORY: Duration = Duration::from_secs(6);

/// A number that looks like chance and is the same on every run, from 0 to 2^31.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap_or(0) % limit
    }
}

/// The days of one person: a shift each, and a punch that is a little off; a third of them names its shift.
fn days(chance: &mut Chance, count: usize) -> (Vec<Shift<'static>>, Vec<Punch<'static>>) {
    let mut shifts = Vec::with_capacity(count);
    let mut punches = Vec::with_capacity(count);
    for day in 0..count {
        let start = 1_790_000_000 + i64::try_from(day).unwrap_or(0) * DAY + chance.below(8) * HOUR;
        let day = i32::try_from(day).unwrap_or(0);
        shifts.push(Shift {
            key: "",
            starts_at: start,
            expected_at: start,
            ends_at: start + 8 * HOUR,
            is_close: false,
            absence_noted: false,
            unpaid_break_seconds: 1_800,
            day,
        });
        let (came, went) = (
            start - 600 + chance.below(1_800),
            start + 8 * HOUR - 1_800 + chance.below(3_600),
        );
        punches.push(Punch {
            key: "",
            clocked_in_at: came,
            clocked_out_at: Some(went),
            worked_seconds: Some(went - came - 1_800),
            auto_clocked_out: false,
            shift: (chance.below(3) == 0).then(|| shifts.len() - 1),
            day,
        });
    }
    (shifts, punches)
}

/// Seconds, and how many events there were.
fn decide(
    people: &[(Vec<Shift<'static>>, Vec<Punch<'static>>)],
    kept: &mut Vec<delta::Delta>,
) -> (f64, usize) {
    let policy = Policy::default();
    let begun = Instant::now();
    let mut found = 0;
    for (shifts, punches) in people {
        for work in matching::works(shifts, punches, policy.thresholds.window()) {
            let delta = delta::delta(&work, shifts, punches, &policy.thresholds);
            let review = delta::review(&work, &delta, shifts, punches);
            found += event::events(&delta, review, &policy, event::Exemption::Nothing).len();
            kept.push(delta);
        }
    }
    (begun.elapsed().as_secs_f64(), found)
}

pub fn native() -> Vec<Measured> {
    let before = resident_bytes();
    let mut chance = Chance(7);
    let people: Vec<_> = (0..PEOPLE)
        .map(|_| days(&mut chance, SHIFTS / PEOPLE))
        .collect();
    let mut kept = Vec::new();
    let (half, _) = decide(people.get(..PEOPLE / 2).unwrap_or_default(), &mut kept);
    kept.clear();
    let (whole, found) = decide(&people, &mut kept);
    let memory = resident_bytes() - before;
    black_box((&people, &kept, found));
    vec![
        Measured::new("delta_native", whole),
        Measured::new("delta_native_memory", memory / 1e6),
        Measured::new("delta_native_growth", whole / half),
    ]
}

/// Of this process.
fn resident_bytes() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<f64>().ok());
    pages.unwrap_or(0.0) * 4_096.0
}

/// An organization with a connector that is well, these people, and so many days of one shift and one punch each
/// that end today.
pub async fn filled(people: i64, days: i64) -> anyhow::Result<(App, Organization)> {
    let mut app = App::start_with(load::unlimited(), demo_data(1, now())).await;
    let (organization, connector_id) = app.synced("Peak", whole_system::LAKESHORE).await;
    app.crash().await;
    let database = app.database();
    let now = now();
    database.execute_batch("DELETE FROM attendance_deltas; DELETE FROM attendance_records; DELETE FROM time_punches; DELETE FROM schedule_shifts; DELETE FROM team_members;")?;
    let numbers = "WITH RECURSIVE numbers (number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM numbers WHERE number + 1 < ?1)";
    database.execute(
        &format!("{numbers} INSERT INTO team_members (id, organization_id, connector_id, source, external_id, first_name, last_name, is_active, created_seq, changed_seq)
          SELECT printf('0190a5c0-0000-7000-8000-%012x', number), ?2, ?3, '7shifts', 'b' || number, 'A', 'B', 1, 1, 1 FROM numbers"),
        rusqlite::params![people, organization.id, connector_id],
    )?;
    // A shift of eight hours that begins at some hour of the day, and ended before now.
    database.execute(
        &format!("{numbers} INSERT INTO schedule_shifts (id, organization_id, connector_id, source, external_id, team_member_id, external_user_id,
            starts_at, ends_at, is_open, is_close, is_business_decline, break_minutes, unpaid_break_minutes, breaks, created_seq, changed_seq)
          SELECT printf('0190a5c0-0000-7000-9000-%012x', number), ?2, ?3, '7shifts', 's' || number,
            printf('0190a5c0-0000-7000-8000-%012x', number % ?4), 'b' || (number % ?4),
            ?5 - 86400 * (1 + number / ?4) + 3600 * (number % 8), ?5 - 86400 * (1 + number / ?4) + 3600 * (number % 8) + 28800,
            0, 0, 0, 30, 30, '[]', 1, 1 FROM numbers"),
        rusqlite::params![people * days, organization.id, connector_id, people, now - HOUR],
    )?;
    database.execute(
        &format!("{numbers} INSERT INTO time_punches (id, organization_id, connector_id, source, external_id, team_member_id, external_user_id,
            clocked_in_at, clocked_out_at, auto_clocked_out, worked_minutes, worked_seconds, break_minutes, paid_break_minutes,
            unpaid_break_minutes, breaks, is_approved, created_seq, changed_seq)
          SELECT printf('0190a5c0-0000-7000-a000-%012x', number), ?2, ?3, '7shifts', 'p' || number,
            printf('0190a5c0-0000-7000-8000-%012x', number % ?4), 'b' || (number % ?4),
            ?5 - 86400 * (1 + number / ?4) + 3600 * (number % 8) + number % 900, ?5 - 86400 * (1 + number / ?4) + 3600 * (number % 8) + 28800,
            0, (28800 - 1800 - number % 900) / 60, 28800 - 1800 - number % 900, 30, 0, 30, '[]', 1, 1, 1 FROM numbers"),
        rusqlite::params![people * days, organization.id, connector_id, people, now - HOUR],
    )?;
    app.restart(load::unlimited()).await;
    Ok((app, organization))
}

/// Milliseconds of a run, until it is through.
async fn run(
    app: &App,
    organization: &Organization,
    everything: bool,
    patience: Duration,
) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let body = json!({"everything": everything});
    let mut answer = app
        .post("/api/attendance/runs", &organization.key, body)
        .await;
    while answer.status == StatusCode::ACCEPTED {
        anyhow::ensure!(begun.elapsed() < patience, "it does not end");
        app.tick().await;
        answer = app
            .post("/api/attendance/runs", &organization.key, json!({}))
            .await;
    }
    answer.expect(StatusCode::OK);
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}

pub async fn one_day() -> anyhow::Result<Vec<Measured>> {
    let (mut app, organization) = filled(10_000, 1).await?;
    let first = run(&app, &organization, true, PATIENCE).await?;
    let mut again = Vec::new();
    for _ in 0..ROUNDS_OF_A_DAY {
        again.push(run(&app, &organization, true, PATIENCE).await?);
    }
    again.sort_unstable_by(f64::total_cmp);
    let works: i64 =
        app.database()
            .query_row("SELECT count(*) FROM attendance_deltas", [], |row| {
                row.get(0)
            })?;
    anyhow::ensure!(works >= 10_000, "{works} works");
    let mut measured = vec![
        Measured::new("delta_day", again[ROUNDS_OF_A_DAY / 2]),
        Measured::new("delta_day_first", first),
    ];
    for mib in MEMORY_MIB {
        app.crash().await;
        let mut settings = load::unlimited();
        settings.limits = Limits {
            memory_per_instance: usize::from(mib) << 20,
            ..settings.limits
        };
        app.restart(settings).await;
        if run(&app, &organization, true, PATIENCE_FOR_MEMORY)
            .await
            .is_ok()
        {
            measured.push(Measured::new("delta_day_memory", f64::from(mib)));
            break;
        }
    }
    Ok(measured)
}

pub async fn one_year() -> anyhow::Result<Vec<Measured>> {
    let (app, organization) = filled(2_000, 250).await?;
    run(&app, &organization, true, PATIENCE).await?;
    let mut times = Vec::new();
    let mut touched = 0_i32;
    for round in 0..ROUNDS {
        let seq: i64 = app.database().query_row(
            "UPDATE sequences SET value = value + 1 WHERE name = 'change' RETURNING value",
            [],
            |row| row.get(0),
        )?;
        let changed = fifty(&app, seq, i64::try_from(round)?)?;
        anyhow::ensure!(changed == 50, "{changed} punches changed");
        times.push(run(&app, &organization, false, PATIENCE).await?);
        touched = app.database().query_row(
            "SELECT count(*) FROM attendance_deltas WHERE changed_seq > ?1",
            [seq],
            |row| row.get(0),
        )?;
    }
    times.sort_unstable_by(f64::total_cmp);
    let touched = f64::from(touched);
    // A month of 500 people.
    let (app, organization) = filled(500, 30).await?;
    run(&app, &organization, true, PATIENCE).await?;
    let path = "/api/attendance/summary?limit=500";
    let mut summaries = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let page = app
            .get(path, &organization.key)
            .await
            .expect(StatusCode::OK);
        summaries.push(begun.elapsed().as_secs_f64() * 1e3);
        let rows = page["data"].as_array().map_or(0, Vec::len);
        anyhow::ensure!(rows == 500, "{rows} people");
    }
    summaries.sort_unstable_by(f64::total_cmp);
    Ok(vec![
        Measured::new("delta_after_sync", times[ROUNDS / 2]),
        Measured::new("delta_touched", touched),
        Measured::new("attendance_summary", summaries[ROUNDS / 2]),
    ])
}

/// Fifty punches of fifty people are a minute later; how many there were.
fn fifty(app: &App, seq: i64, round: i64) -> anyhow::Result<usize> {
    let database = app.database();
    let mut changed = 0;
    for number in 0..50 {
        changed += database.execute(
            "UPDATE time_punches SET clocked_in_at = clocked_in_at + 60, worked_seconds = worked_seconds - 60, changed_seq = ?1 WHERE external_id = ?2",
            rusqlite::params![seq, format!("p{}", 11 + round + 9_973 * number)],
        )?;
    }
    Ok(changed)
}
