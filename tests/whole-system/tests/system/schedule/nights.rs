//! Fourteen days around each change of the clocks: one night per local date, and operating hours
//! by the wall.

use chrono::{NaiveDate, Timelike};
use chrono_tz::Tz;
use serde_json::json;
use whole_system::{Account, App, HARBOUR, LAKESHORE, Organization};

use super::{
    COOL, DAY, HOT, HOUR, MINUTE, Run, WARM, assert_one_a_night, assert_well, connected, let_pass,
    local, now, of, runs, zone,
};

/// What a night's rules do not depend on is how often somebody looks, so these long runs tick
/// every ten minutes: 2,000 ticks instead of 60,000.
const TICK_SECONDS: i64 = 10 * MINUTE;

#[tokio::test(start_paused = true)]
async fn toronto_in_march_leaves_out_two_o_clock() {
    fourteen_days(LAKESHORE, "2026-03-01T11:00:00-05:00", "2026-03-08", 3).await;
}

#[tokio::test(start_paused = true)]
async fn toronto_in_november_has_one_o_clock_twice() {
    fourteen_days(LAKESHORE, "2026-10-25T11:00:00-04:00", "2026-11-01", 2).await;
}

#[tokio::test(start_paused = true)]
async fn sydney_in_april_has_two_o_clock_twice() {
    fourteen_days(HARBOUR, "2026-03-29T11:00:00+11:00", "2026-04-05", 2).await;
}

#[tokio::test(start_paused = true)]
async fn sydney_in_october_leaves_out_two_o_clock() {
    fourteen_days(HARBOUR, "2026-09-27T11:00:00+10:00", "2026-10-04", 3).await;
}

/// `hour` is the local one at which the night of the change begins.
async fn fourteen_days(account: Account, begins: &str, change: &str, hour: u32) {
    let app = App::simulate(21, super::at(begins)).await;
    let daily = connected(&app, "Daily", account, json!({"frequency": "daily"})).await;
    let settings = json!({"frequency": "every_4_hours"});
    let four_hourly = connected(&app, "Every 4 hours", account, settings).await;
    let mut places = Vec::new();
    for hours in [CAFE, BAR] {
        places.push((hours, hours.connected(&app, account).await));
    }
    let began = now(&app);
    let_pass(&app, 14 * DAY, TICK_SECONDS).await;

    let place = zone(account);
    let change: NaiveDate = change.parse().expect("a date");
    let first = local(began, place).date_naive().succ_opt().expect("a date");
    let last = local(now(&app), place).date_naive();
    assert!(first < change && change < last);
    assert_eq!((last - first).num_days(), 13);

    let of_daily = runs(&app, &daily).await;
    assert_well(&of_daily);
    for stream in COOL.into_iter().chain([WARM, HOT]) {
        assert_one_a_night(&of_daily, stream, place, first, last);
        // Beside the nights there is only the first sync.
        assert_eq!(of(&of_daily, stream, began).len(), 15, "{stream}");
        for run in &of(&of_daily, stream, began)[1..] {
            let (date, time) = (run.date(place), run.time(place));
            let expected = if date == change { hour } else { 2 };
            assert!(
                time.hour() == expected && time.minute() < 25,
                "{stream} on {date} at {time}"
            );
        }
    }

    let of_four_hourly = runs(&app, &four_hourly).await;
    assert_well(&of_four_hourly);
    for stream in COOL {
        assert_one_a_night(&of_four_hourly, stream, place, first, last);
    }
    for stream in [WARM, HOT] {
        // An hour more or less on the wall is none between two runs.
        for pair in of(&of_four_hourly, stream, began).windows(2) {
            let gap = pair[1].started_at - pair[0].started_at;
            assert!(
                gap <= 4 * HOUR + 2 * TICK_SECONDS,
                "{stream}: {gap} s without a run"
            );
        }
    }

    for (hours, organization) in places {
        let runs = runs(&app, &organization).await;
        assert_well(&runs);
        for stream in COOL {
            assert_one_a_night(&runs, stream, place, first, last);
        }
        hours.assert_kept(&runs, place, began, now(&app));
    }
}

/// Operating hours that end or begin where the clocks change.
#[derive(Clone, Copy, Debug)]
struct Hours {
    start: &'static str,
    end: &'static str,
}

const CAFE: Hours = Hours {
    start: "02:30",
    end: "10:30",
};
const BAR: Hours = Hours {
    start: "17:00",
    end: "02:30",
};

/// A run may start this long after an opening: as organizations are spread, a tick's distance, and
/// its turn behind the other streams.
const LATE_SECONDS: i64 = 10 * MINUTE + TICK_SECONDS + MINUTE;

impl Hours {
    async fn connected(self, app: &App, account: Account) -> Organization {
        let Self { start, end } = self;
        let settings = json!({
            "active_hours_only": true,
            "operating_hours": {"start": start, "end": end, "timezone": account.zone},
        });
        connected(app, &format!("From {start} to {end}"), account, settings).await
    }

    /// What the wall shows, on which an hour may be missing or come twice.
    fn are_open(self, at: i64, zone: Tz) -> bool {
        let time = local(at, zone).format("%H:%M").to_string();
        let (after_start, before_end) = (*time >= *self.start, *time < *self.end);
        if self.start < self.end {
            after_start && before_end
        } else {
            after_start || before_end
        }
    }

    /// Hot and warm streams ran within the hours alone, and soon after every opening.
    #[track_caller]
    fn assert_kept(self, runs: &[Run], zone: Tz, began: i64, end: i64) {
        for stream in [HOT, WARM] {
            // The first sync waits for nobody.
            for run in &of(runs, stream, began)[1..] {
                // The night takes along warm streams that are old.
                if stream == WARM && run.trigger == "nightly" {
                    assert!((2..=3).contains(&run.time(zone).hour()), "{run:?}");
                    continue;
                }
                assert!(
                    self.are_open(run.started_at, zone),
                    "{self:?} {stream} on {} at {}",
                    run.date(zone),
                    run.time(zone)
                );
            }
        }
        let minutes = (began..end - LATE_SECONDS).filter(|at| at % MINUTE == 0);
        let openings: Vec<_> = minutes
            .filter(|at| self.are_open(*at, zone) && !self.are_open(at - MINUTE, zone))
            .collect();
        assert!(openings.len() >= 13, "{} openings", openings.len());
        for opening in openings {
            let soon = opening..opening + LATE_SECONDS;
            let run = of(runs, HOT, opening).first().map(|run| run.started_at);
            assert!(
                run.is_some_and(|run| soon.contains(&run)),
                "{self:?} open at {}, the first run is at {:?}",
                local(opening, zone),
                run.map(|run| local(run, zone))
            );
        }
    }
}
