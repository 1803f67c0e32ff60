//! Days of operation, tick by tick, against the promises of the frequency model and of fixed times.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveTime};
use proptest::prelude::*;

use super::*;
use crate::sync_settings::OperatingHours;

const TICK_SECS: i64 = 20;
const RUN_SECS: i64 = 7;
const DAY_SECS: i64 = 86_400;
/// 2026-01-10T15:00:00Z.
const CONNECTED_AT: i64 = 1_768_057_200;
const DAYS: i64 = 420;
/// Four zones of customers, two whose clocks change in unusual ways.
const ZONES: [&str; 6] = [
    "America/Toronto",
    "Australia/Sydney",
    "Europe/London",
    "Asia/Kolkata",
    "America/St_Johns",
    "Australia/Lord_Howe",
];

#[derive(Clone, Copy, Debug)]
struct Run {
    started_at: i64,
    trigger: Trigger,
    succeeded: bool,
}

/// One stream of one connector, operated as the engine does it.
struct Operation<'a> {
    stream: Stream,
    settings: &'a SyncSettings,
    zone: Zone,
    phase_seed: u64,
    /// From and to, in seconds after the connection: nothing ticks within.
    outages: &'a [(i64, i64)],
    /// One run in so many fails; 0 for none.
    fails_one_in: u64,
}

#[derive(Default)]
struct Row {
    last_started_at: Option<i64>,
    last_success_at: Option<i64>,
    last_outcome: Option<Outcome>,
    last_nightly_date: Option<NaiveDate>,
}

/// A local day is at most this long where clocks change by up to two hours.
const LONGEST_DAY_SECS: i64 = 26 * 3_600;

/// Whether the due time lies further ahead than these settings allow, so that only a clock which
/// has since jumped back can have planned it.
fn needs_replan(
    next_due_at: Option<i64>,
    settings: &SyncSettings,
    stream: Stream,
    now: i64,
) -> bool {
    let is_scheduled = settings.enabled && settings.streams.is_enabled(stream);
    let furthest_ahead_secs = match cadence(settings.frequency, stream.tier()) {
        // What is due was asked for, and that means now.
        _ if !is_scheduled => MAX_RETRY_SECS,
        Cadence::Nightly | Cadence::Every(_) if settings.schedule == Schedule::FixedTimes => {
            DAY_SECS
        }
        Cadence::Nightly => LONGEST_DAY_SECS,
        Cadence::Every(secs) if settings.active_hours_only => {
            secs.max(MAX_RETRY_SECS) + LONGEST_DAY_SECS
        }
        Cadence::Every(secs) => secs.max(MAX_RETRY_SECS),
        Cadence::Never => MAX_RETRY_SECS,
    };
    next_due_at.is_some_and(|due| due > now + furthest_ahead_secs)
}

impl Operation<'_> {
    fn plan(&self, row: &Row, now: i64) -> Plan {
        plan(&PlanInput {
            stream: self.stream,
            settings: self.settings,
            zone: self.zone,
            connector_active: true,
            phase_seed: self.phase_seed,
            requested: None,
            last_started_at: row.last_started_at,
            last_success_at: row.last_success_at,
            last_outcome: row.last_outcome.as_ref(),
            last_nightly_date: row.last_nightly_date,
            now,
        })
    }

    fn is_out(&self, at: i64) -> bool {
        let at = at - CONNECTED_AT;
        self.outages
            .iter()
            .any(|&(from, to)| (from..to).contains(&at))
    }

    /// The first tick at or after `at`.
    fn tick_from(&self, at: i64) -> i64 {
        let mut tick = at + (CONNECTED_AT - at).rem_euclid(TICK_SECS);
        while self.is_out(tick) {
            tick += TICK_SECS;
        }
        tick
    }

    fn runs(&self, days: i64) -> Vec<Run> {
        let (mut row, mut runs) = (Row::default(), Vec::new());
        let mut planned = self.plan(&row, CONNECTED_AT);
        while let Some(due) = planned.next_due_at {
            let tick = self.tick_from(due);
            if tick >= CONNECTED_AT + days * DAY_SECS {
                break;
            }
            planned = self.plan(&row, tick);
            if planned.is_due(tick) {
                let run = self.run(&mut row, tick, planned.trigger, runs.len());
                runs.push(run);
                planned = self.plan(&row, tick + RUN_SECS);
            }
            assert!(
                planned.next_due_at.is_none_or(|due| due > tick),
                "due twice in one tick"
            );
            let ahead = needs_replan(
                planned.next_due_at,
                self.settings,
                self.stream,
                tick + RUN_SECS,
            );
            assert!(
                !ahead,
                "a right plan is not planned again: {planned:?} at {tick}"
            );
        }
        runs
    }

    fn run(&self, row: &mut Row, at: i64, trigger: Trigger, number: usize) -> Run {
        let chance = phase_seed(&format!("{} {number}", self.phase_seed));
        let failed = self.fails_one_in > 0 && chance.is_multiple_of(self.fails_one_in);
        row.last_started_at = Some(at);
        row.last_outcome = Some(if failed {
            Outcome::Failed {
                reason: "the provider had a bad minute".to_owned(),
            }
        } else {
            Outcome::Done
        });
        if !failed {
            row.last_success_at = Some(at + RUN_SECS);
        }
        if trigger == Trigger::Nightly {
            row.last_nightly_date = Some(self.zone.date(at));
        }
        Run {
            started_at: at,
            trigger,
            succeeded: !failed,
        }
    }

    fn two_o_clock(&self, date: NaiveDate) -> i64 {
        self.zone
            .first_instant(date, NaiveTime::from_hms_opt(2, 0, 0).unwrap())
    }

    /// The starts of nightly runs by local date, and every date between the ends.
    fn nights(&self, runs: &[Run], days: i64) -> BTreeMap<NaiveDate, Vec<i64>> {
        let first = self.zone.date(CONNECTED_AT).succ_opt().unwrap();
        let last = self.zone.date(CONNECTED_AT + days * DAY_SECS);
        let dates = first.iter_days().take_while(|&date| date < last);
        let mut nights: BTreeMap<NaiveDate, Vec<i64>> =
            dates.map(|date| (date, Vec::new())).collect();
        for run in runs.iter().filter(|run| run.trigger == Trigger::Nightly) {
            nights
                .entry(self.zone.date(run.started_at))
                .or_default()
                .push(run.started_at);
        }
        nights.retain(|&date, _| date < last);
        nights
    }

    /// Each local date on which a tick came when the night was due has one
    /// nightly run, started on time when ticks came in time; no date has two.
    fn assert_one_run_per_night(&self, runs: &[Run], days: i64) {
        for (date, started) in self.nights(runs, days) {
            let midnight = self
                .zone
                .first_instant(date.succ_opt().unwrap(), NaiveTime::MIN);
            let latest_start = self.two_o_clock(date) + SPREAD_SECS;
            let could_run = self.tick_from(latest_start) < midnight;
            assert!(started.len() <= 1, "{date}: nights at {started:?}");
            assert!(
                started.len() == 1 || !could_run,
                "{date} has no nightly run"
            );
            for at in started {
                assert!(at >= self.two_o_clock(date), "{date}: before 02:00");
                assert!(
                    at <= self.tick_from(latest_start),
                    "{date}: a tick was not used"
                );
            }
        }
    }

    /// Of each fixed time, the first tick that was not too late for it has the only regular run;
    /// every other run follows one that failed.
    fn assert_one_run_per_fixed_time(&self, runs: &[Run], days: i64) {
        let end = CONNECTED_AT + days * DAY_SECS;
        let times = FixedTimes::of(self.stream.tier(), self.phase_seed);
        let mut expected = Vec::new();
        let mut time = times.after(CONNECTED_AT);
        while time < end {
            let (tick, next) = (self.tick_from(time), times.after(time));
            if tick < next.min(end) {
                expected.push(tick);
            }
            time = next;
        }
        let regular: Vec<i64> = runs
            .iter()
            .skip(1)
            .filter(|run| run.trigger == Trigger::Cron)
            .map(|run| run.started_at)
            .collect();
        assert_eq!(regular, expected, "{}", self.stream);
        for pair in runs.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            if to.trigger == Trigger::Retry {
                assert!(!from.succeeded, "{}: {to:?} after a success", self.stream);
            } else {
                assert_eq!(to.trigger, Trigger::Cron);
            }
            let latest = self.tick_from(from.started_at + RECOVERY_SECS);
            assert!(
                from.succeeded || to.started_at <= latest,
                "{}: {to:?} after {from:?}",
                self.stream
            );
        }
    }

    fn opening(&self) -> Opening {
        let hours = self.settings.operating_hours.as_ref().unwrap();
        Opening::new(hours, self.zone, self.phase_seed)
    }
}

fn operation<'a>(
    stream: Stream,
    settings: &'a SyncSettings,
    zone: &str,
    seed: u64,
) -> Operation<'a> {
    let zone = Zone::parse(zone).unwrap();
    Operation {
        stream,
        settings,
        zone,
        phase_seed: seed,
        outages: &[],
        fails_one_in: 0,
    }
}

fn with_hours(frequency: Frequency, start: &str, end: &str) -> SyncSettings {
    let operating_hours = OperatingHours {
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
        timezone: None,
    };
    SyncSettings {
        frequency,
        active_hours_only: true,
        operating_hours: Some(operating_hours),
        ..SyncSettings::default()
    }
}

/// The frequency and the hours are kept, and are no part of it.
fn with_fixed_times() -> SyncSettings {
    SyncSettings {
        schedule: Schedule::FixedTimes,
        ..with_hours(Frequency::Every15Min, "09:00", "10:00")
    }
}

/// Minutes to days without a tick, anywhere in the whole time.
fn outages() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let length = prop_oneof![30i64..600, 600i64..14_400, 14_400i64..3 * DAY_SECS];
    proptest::collection::vec((DAY_SECS..DAYS * DAY_SECS, length), 0..60).prop_map(|windows| {
        windows
            .into_iter()
            .map(|(from, length)| (from, from + length))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn each_local_date_has_exactly_one_nightly_run(
        seed: u64, outages in outages(), fails_one_in in prop_oneof![Just(0u64), 2u64..6]
    ) {
        let settings = SyncSettings::default();
        for zone in ZONES {
            let users = Operation {
                outages: &outages, fails_one_in, ..operation(Stream::Users, &settings, zone, seed)
            };
            users.assert_one_run_per_night(&users.runs(DAYS), DAYS);
        }
    }

    #[test]
    fn daily_means_one_run_per_night_for_every_tier(seed: u64, outages in outages()) {
        // Hours gate what runs by day; a nightly batch is not held back by them.
        let settings = with_hours(Frequency::Daily, "06:00", "23:00");
        for zone in ZONES {
            for stream in [Stream::TimePunches, Stream::Shifts, Stream::Roles] {
                let op = Operation { outages: &outages, ..operation(stream, &settings, zone, seed) };
                let runs = op.runs(DAYS);
                op.assert_one_run_per_night(&runs, DAYS);
                prop_assert!(runs.iter().skip(1).all(|run| run.trigger == Trigger::Nightly));
            }
        }
    }

    #[test]
    fn each_fixed_time_has_exactly_one_run_and_missed_ones_have_one_together(
        seed: u64, outages in outages(), fails_one_in in prop_oneof![Just(0u64), 1u64..6]
    ) {
        let settings = with_fixed_times();
        for stream in [Stream::Users, Stream::Shifts, Stream::TimePunches] {
            // Whatever the zone: the times are of UTC.
            for zone in ["America/Toronto", "Australia/Lord_Howe"] {
                let op = Operation { outages: &outages, fails_one_in, ..operation(stream, &settings, zone, seed) };
                op.assert_one_run_per_fixed_time(&op.runs(DAYS), DAYS);
            }
        }
    }

    #[test]
    fn hot_runs_start_within_hours_and_no_interval_is_exceeded(
        seed: u64, outages in outages(), over_midnight: bool,
        frequency in proptest::sample::select(vec![Frequency::Every15Min, Frequency::Hourly])
    ) {
        let (start, end) = if over_midnight { ("16:30", "02:15") } else { ("06:00", "23:00") };
        let settings = with_hours(frequency, start, end);
        let Cadence::Every(secs) = cadence(frequency, Tier::Hot) else { unreachable!() };
        for zone in ZONES {
            let op = Operation { outages: &outages, ..operation(Stream::TimePunches, &settings, zone, seed) };
            let opening = op.opening();
            let runs = op.runs(DAYS);
            for run in runs.iter().skip(1) {
                prop_assert!(opening.is_open(run.started_at), "{zone}: closed at {}", run.started_at);
            }
            for pair in runs.windows(2) {
                let (from, to) = (pair[0].started_at, pair[1].started_at);
                prop_assert!(to - from >= secs - secs / 10, "{zone}: only {} s apart", to - from);
                // The run is due a tenth of an interval early at the earliest and one interval
                // later at the latest, or within the spread of the opening that follows either.
                let latest = opening.at_or_after(from + secs - secs / 10).max(opening.at_or_after(from + secs));
                let tick = op.tick_from(latest);
                prop_assert!(to <= tick || !opening.is_open(tick), "{zone}: {from} then {to}, latest {latest}");
            }
            // And it does run, every day that had ticks: 420 days of at least 9 open hours.
            prop_assert!(runs.len() > 400);
        }
    }

    #[test]
    fn warm_streams_that_the_hours_held_back_are_swept_along_once_a_night(seed: u64, outages in outages()) {
        let settings = with_hours(Frequency::Every30Min, "09:00", "17:00");
        let interval = 4 * 3_600;
        for zone in ZONES {
            let op = Operation { outages: &outages, ..operation(Stream::Shifts, &settings, zone, seed) };
            let opening = op.opening();
            let runs = op.runs(DAYS);
            for run in runs.iter().skip(1) {
                let by_day = run.trigger == Trigger::Cron && opening.is_open(run.started_at);
                prop_assert!(by_day || run.trigger == Trigger::Nightly, "{zone}: {run:?}");
            }
            for pair in runs.windows(2).filter(|pair| pair[1].trigger == Trigger::Nightly) {
                prop_assert!(pair[1].started_at - pair[0].started_at > interval, "not missed: {pair:?}");
            }
            // Once the night's tick has come, nobody's schedule is older than the interval at that night.
            for (date, started) in op.nights(&runs, DAYS) {
                prop_assert!(started.len() <= 1, "{zone} {date}: {started:?}");
                let night = op.two_o_clock(date) + SPREAD_SECS;
                let tick = op.tick_from(night);
                let fresh = |run: &Run| (night - SPREAD_SECS - interval - RUN_SECS..=tick).contains(&run.started_at);
                prop_assert!(op.zone.date(tick) > date || runs.iter().any(fresh), "{zone} {date}: stale");
            }
        }
    }
}

#[test]
fn what_runs_on_its_schedule_is_never_stale() {
    for settings in [
        SyncSettings::default(),
        with_hours(Frequency::Every15Min, "06:00", "23:00"),
        with_hours(Frequency::Hourly, "16:30", "02:15"),
        with_hours(Frequency::Daily, "09:00", "17:00"),
        with_fixed_times(),
    ] {
        for zone in ZONES {
            for stream in [Stream::TimePunches, Stream::Shifts, Stream::Users] {
                let op = operation(stream, &settings, zone, 4_321);
                for pair in op.runs(120).windows(2) {
                    let next = pair[1].started_at + RUN_SECS;
                    let stale = is_stale(&StaleInput {
                        stream,
                        settings: &settings,
                        zone: op.zone,
                        phase_seed: op.phase_seed,
                        last_success_at: Some(pair[0].started_at + RUN_SECS),
                        connected_at: Some(CONNECTED_AT),
                        now: next,
                    });
                    assert!(!stale, "{zone} {stream}: {pair:?}");
                }
            }
        }
    }
}

#[test]
fn every_night_sweeps_along_what_closed_in_the_afternoon() {
    let settings = with_hours(Frequency::Hourly, "09:00", "17:00");
    for zone in ZONES {
        let shifts = operation(Stream::Shifts, &settings, zone, 99);
        let runs = shifts.runs(DAYS);
        shifts.assert_one_run_per_night(&runs, DAYS);
    }
}

#[test]
fn a_night_of_fresh_warm_streams_sweeps_nothing() {
    let settings = SyncSettings::default();
    for zone in ZONES {
        let runs = operation(Stream::Shifts, &settings, zone, 77).runs(60);
        assert!(
            runs.iter().all(|run| run.trigger == Trigger::Cron),
            "{zone}"
        );
        assert!(
            (360..=400).contains(&runs.len()),
            "{zone}: {} runs of 4 h in 60 days",
            runs.len()
        );
    }
}

#[test]
fn a_warm_stream_that_fails_all_day_is_swept_along_at_night() {
    let settings = SyncSettings::default();
    let op = Operation {
        fails_one_in: 1,
        ..operation(Stream::Shifts, &settings, "Europe/London", 3)
    };
    let runs = op.runs(30);
    op.assert_one_run_per_night(&runs, 30);
    assert!(
        runs.iter()
            .skip(1)
            .all(|run| matches!(run.trigger, Trigger::Retry | Trigger::Nightly))
    );
}

#[test]
fn a_failed_night_is_tried_again_within_the_hour_and_not_as_a_second_night() {
    let settings = SyncSettings::default();
    let op = Operation {
        fails_one_in: 3,
        ..operation(Stream::Users, &settings, "Asia/Kolkata", 11)
    };
    let runs = op.runs(90);
    op.assert_one_run_per_night(&runs, 90);
    let mut failures = 0;
    for pair in runs.windows(2).filter(|pair| !pair[0].succeeded) {
        failures += 1;
        let gap = pair[1].started_at - pair[0].started_at;
        assert!(gap <= RECOVERY_SECS + TICK_SECS, "{gap} s after a failure");
    }
    assert!(failures > 10, "the simulation did fail");
}

#[test]
fn operations_that_fail_from_the_start_do_not_spin() {
    let settings = SyncSettings::default();
    for stream in [Stream::Users, Stream::TimePunches] {
        let op = Operation {
            fails_one_in: 1,
            ..operation(stream, &settings, "Europe/London", 5)
        };
        let runs = op.runs(10);
        for pair in runs.windows(2) {
            // A night may come soon after a failed try.
            let soon = pair[1].started_at - pair[0].started_at < 1_600;
            assert!(
                !soon || pair[1].trigger == Trigger::Nightly,
                "{stream}: {pair:?}"
            );
        }
    }
}

#[test]
fn organizations_that_were_started_together_drift_apart() {
    let settings = SyncSettings {
        frequency: Frequency::Every15Min,
        ..SyncSettings::default()
    };
    let mut seconds: Vec<i64> = (0..200)
        .map(|n| {
            let seed = phase_seed(&format!("connector {n}"));
            let op = operation(Stream::TimePunches, &settings, "America/Toronto", seed);
            op.runs(1).last().unwrap().started_at.rem_euclid(900)
        })
        .collect();
    seconds.sort_unstable();
    // 45 ticks in 15 minutes: no tick starts more than a tenth of all.
    let busiest = seconds
        .chunk_by(|a, b| a == b)
        .map(<[i64]>::len)
        .max()
        .unwrap();
    assert!(busiest <= 20, "{busiest} of 200 in one tick");
}

#[test]
fn nights_openings_and_fixed_times_are_spread_over_ten_minutes() {
    let settings = with_hours(Frequency::Every15Min, "06:00", "23:00");
    let fixed = with_fixed_times();
    for (settings, stream, hour) in [
        (&settings, Stream::Users, 2),
        (&settings, Stream::TimePunches, 6),
        (&fixed, Stream::Users, 3),
        (&fixed, Stream::Shifts, 18),
    ] {
        let offsets: Vec<i64> = (0..200)
            .map(|n| {
                let op = operation(
                    stream,
                    settings,
                    "Europe/London",
                    phase_seed(&format!("{n}")),
                );
                let date = op
                    .zone
                    .date(CONNECTED_AT)
                    .checked_add_days(Days::new(3))
                    .unwrap();
                let moment = op
                    .zone
                    .first_instant(date, NaiveTime::from_hms_opt(hour, 0, 0).unwrap());
                let runs = op.runs(6);
                runs.iter()
                    .map(|run| run.started_at - moment)
                    .find(|&offset| offset >= 0)
                    .unwrap()
            })
            .collect();
        assert!(
            offsets
                .iter()
                .all(|&offset| offset < SPREAD_SECS + TICK_SECS),
            "{stream}"
        );
        for minute in 0..10 {
            let within = offsets
                .iter()
                .filter(|&&offset| offset / 60 == minute)
                .count();
            assert!(
                (5..50).contains(&within),
                "{stream}: {within} of 200 in minute {minute}"
            );
        }
    }
}

#[test]
fn planning_again_at_every_tick_changes_no_run() {
    for (settings, stream) in [
        (SyncSettings::default(), Stream::Users),
        (SyncSettings::default(), Stream::TimePunches),
        (SyncSettings::default(), Stream::Shifts),
        (
            with_hours(Frequency::Daily, "06:00", "23:00"),
            Stream::TimePunches,
        ),
        (with_fixed_times(), Stream::Users),
        (with_fixed_times(), Stream::Shifts),
    ] {
        let op = operation(stream, &settings, "America/St_Johns", 123_456_789);
        let (mut row, mut runs) = (Row::default(), Vec::new());
        for tick in (CONNECTED_AT..CONNECTED_AT + 5 * DAY_SECS).step_by(20) {
            let planned = op.plan(&row, tick);
            if planned.is_due(tick) {
                runs.push(
                    op.run(&mut row, tick, planned.trigger, runs.len())
                        .started_at,
                );
            }
        }
        let planned_once: Vec<i64> = op.runs(5).iter().map(|run| run.started_at).collect();
        assert_eq!(runs, planned_once, "{stream}");
    }
}

mod single_plans {
    use super::*;

    fn input(stream: Stream, settings: &SyncSettings, now: i64) -> PlanInput<'_> {
        PlanInput {
            stream,
            settings,
            zone: Zone::parse("America/Toronto").unwrap(),
            connector_active: true,
            phase_seed: 0,
            requested: None,
            last_started_at: None,
            last_success_at: None,
            last_outcome: None,
            last_nightly_date: None,
            now,
        }
    }

    const NOW: i64 = CONNECTED_AT;

    #[test]
    fn what_is_switched_off_is_never_due() {
        let mut off = SyncSettings::default();
        off.streams.set(Stream::Users, false);
        let disabled = SyncSettings {
            enabled: false,
            ..SyncSettings::default()
        };
        let manual = SyncSettings {
            frequency: Frequency::Manual,
            ..SyncSettings::default()
        };
        for settings in [&off, &disabled, &manual] {
            for &schedule in Schedule::ALL {
                let settings = SyncSettings {
                    schedule,
                    ..settings.clone()
                };
                assert_eq!(plan(&input(Stream::Users, &settings, NOW)), Plan::NEVER);
            }
        }
        let settings = SyncSettings::default();
        let paused = PlanInput {
            connector_active: false,
            ..input(Stream::Users, &settings, NOW)
        };
        assert_eq!(plan(&paused), Plan::NEVER);
    }

    #[test]
    fn what_is_asked_for_runs_now_unless_its_stream_or_connector_is_off() {
        let asked = |settings, active| {
            plan(&PlanInput {
                requested: Some(Trigger::Manual),
                connector_active: active,
                ..input(Stream::Users, settings, NOW)
            })
        };
        let now = Plan::at(NOW, Trigger::Manual);
        let manual = SyncSettings {
            frequency: Frequency::Manual,
            ..SyncSettings::default()
        };
        let disabled = SyncSettings {
            enabled: false,
            ..SyncSettings::default()
        };
        let mut off = SyncSettings::default();
        off.streams.set(Stream::Users, false);
        assert_eq!(asked(&manual, true), now);
        assert_eq!(asked(&disabled, true), now);
        assert_eq!(asked(&off, true), Plan::NEVER);
        assert_eq!(asked(&manual, false), Plan::NEVER);
    }

    #[test]
    fn a_first_sync_does_not_wait_for_hours_or_night() {
        // 10:00 in Toronto; the hours are in the evening.
        let settings = with_hours(Frequency::Every30Min, "18:00", "19:00");
        for settings in [settings, with_fixed_times()] {
            for &stream in Stream::ALL {
                assert_eq!(
                    plan(&input(stream, &settings, NOW)),
                    Plan::at(NOW, Trigger::Cron),
                    "{stream}"
                );
            }
        }
    }

    #[test]
    fn a_run_that_has_more_or_waits_goes_on() {
        goes_on(&with_hours(Frequency::Every30Min, "18:00", "19:00"));
        goes_on(&with_fixed_times());
    }

    fn goes_on(settings: &SyncSettings) {
        let go_on = |outcome: Outcome| {
            let input = PlanInput {
                last_started_at: Some(NOW - 60),
                last_success_at: Some(NOW - DAY_SECS),
                last_outcome: Some(&outcome),
                ..input(Stream::TimePunches, settings, NOW)
            };
            plan(&input).next_due_at
        };
        let wait = |at| Outcome::RetryAt {
            at,
            reason: "429".to_owned(),
        };
        assert_eq!(go_on(Outcome::More), Some(NOW));
        assert_eq!(go_on(wait(NOW + 61)), Some(NOW + 61));
        assert_eq!(go_on(wait(NOW - 61)), Some(NOW));
        assert_eq!(go_on(wait(i64::MAX)), Some(NOW + 3_600));
    }

    #[test]
    fn a_clock_that_jumped_ahead_and_back_heals() {
        heals(&SyncSettings::default());
        heals(&with_fixed_times());
    }

    fn heals(settings: &SyncSettings) {
        let future = NOW + 5 * 365 * DAY_SECS;
        for stream in [Stream::TimePunches, Stream::Shifts, Stream::Users] {
            let left_behind = PlanInput {
                last_started_at: Some(future),
                last_success_at: Some(future),
                last_outcome: Some(&Outcome::Done),
                last_nightly_date: Some(Zone::UTC.date(future)),
                ..input(stream, settings, future)
            };
            let planned = plan(&left_behind);
            assert!(
                needs_replan(planned.next_due_at, settings, stream, NOW),
                "{stream}"
            );
            // However late the tick is: what is due is planned once more before it starts.
            for now in [NOW, NOW + 20, NOW + DAY_SECS] {
                let healed = plan(&PlanInput { now, ..left_behind });
                assert!(healed.is_due(now), "{stream}: {healed:?}");
            }
            // Its run was planned by the right clock: from here all is as ever.
            let ended = plan(&PlanInput {
                last_success_at: Some(NOW + 5),
                now: NOW + 5,
                ..left_behind
            });
            assert!(!ended.is_due(NOW + 5), "{stream}: {ended:?}");
        }
    }

    #[test]
    fn a_new_frequency_counts_from_the_last_start() {
        let slow = SyncSettings {
            frequency: Frequency::Every4Hours,
            ..SyncSettings::default()
        };
        let fast = SyncSettings {
            frequency: Frequency::Every15Min,
            ..SyncSettings::default()
        };
        let due = |settings| {
            plan(&PlanInput {
                last_started_at: Some(NOW - 1_800),
                last_success_at: Some(NOW - 1_790),
                last_outcome: Some(&Outcome::Done),
                ..input(Stream::TimePunches, settings, NOW)
            })
            .next_due_at
            .unwrap()
        };
        assert_eq!(due(&fast), NOW, "more than 15 minutes ago");
        assert!(due(&slow) > NOW + 10_000);
    }

    #[test]
    fn another_schedule_counts_from_the_last_start() {
        // 15:00 UTC.
        let due = |settings: &SyncSettings, stream, started| {
            plan(&PlanInput {
                last_started_at: Some(started),
                last_success_at: Some(started + 10),
                last_outcome: Some(&Outcome::Done),
                ..input(stream, settings, NOW)
            })
            .next_due_at
        };
        let fixed = with_fixed_times();
        let evening = Some(NOW + 3 * 3_600);
        assert_eq!(due(&fixed, Stream::TimePunches, NOW - 600), evening);
        // The morning's time has passed since.
        assert_eq!(
            due(&fixed, Stream::TimePunches, NOW - DAY_SECS / 2),
            Some(NOW)
        );
        let frequency = SyncSettings::default();
        assert_eq!(due(&frequency, Stream::TimePunches, NOW - 3_600), Some(NOW));
    }

    proptest! {
        #[test]
        fn no_input_panics_or_lies_in_the_past(
            stream in proptest::sample::select(Stream::ALL), frequency in proptest::sample::select(Frequency::ALL),
            schedule in proptest::sample::select(Schedule::ALL),
            seed: u64, started: Option<i64>, success: Option<i64>, now: i64, failed: bool,
        ) {
            let settings = SyncSettings { schedule, frequency, ..SyncSettings::default() };
            let outcome = if failed { Outcome::Failed { reason: String::new() } } else { Outcome::Done };
            let planned = plan(&PlanInput {
                phase_seed: seed,
                last_started_at: started,
                last_success_at: success,
                last_outcome: Some(&outcome),
                ..input(stream, &settings, now)
            });
            prop_assert!(planned.next_due_at.is_none_or(|due| due >= now));
        }
    }
}
