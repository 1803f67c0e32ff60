//! The rules a second time: with dates instead of numbers of weeks, one week after the other from all rows, and
//! fractions as they come. It is slow, and shares nothing with what it is held against but the rows and the settings.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Weekday};
use proptest::prelude::*;

use super::super::settings::{Absences, Preset, Settings, UnknownSources};
use super::super::{
    Adviser, Closed, Deal, HoursOfDay, Leave, LimitOverride, Meeting, MeetingKind, Outcome,
    OwnAllocation, Request, Source, Unknown,
};
use super::{MIA, World, date, id};

fn monday(day: NaiveDate) -> NaiveDate {
    day.week(Weekday::Mon).first_day()
}

fn later(day: NaiveDate, weeks: u64) -> NaiveDate {
    day + Days::new(7 * weeks)
}

fn sooner(day: NaiveDate, weeks: u64) -> NaiveDate {
    day - Days::new(7 * weeks)
}

#[derive(Clone, Debug, PartialEq)]
struct Line {
    monday: NaiveDate,
    clarify: f64,
    /// Days, five of them are a full week.
    away: f64,
    deals: f64,
    target: f64,
    actual: f64,
}

impl Line {
    fn is_full(&self) -> bool {
        self.away >= 5.0
    }

    fn difference(&self) -> f64 {
        self.actual - self.target
    }
}

struct Sheet {
    lines: Vec<Line>,
    waiting_before: f64,
    stumbles: bool,
}

/// An adviser's limit of a month in a week.
fn limit(world: &World, settings: &Settings, adviser: &Adviser<'_>, week: NaiveDate) -> i64 {
    let starts = adviser.start_date.parse::<NaiveDate>().is_ok();
    let mut limit = i64::from(settings.limits.monthly);
    if settings.fixes.pod_limit_without_start_date || starts {
        for (pod, of_pod) in &settings.limits.by_pod_type {
            if pod == adviser.pod_type {
                limit = i64::from(*of_pod);
            }
        }
    }
    let mut best: Option<(NaiveDate, NaiveDate, &str)> = None;
    for one in &world.overrides {
        let is_readable = one.client_limit_monthly > 0
            || (one.client_limit_monthly == 0 && settings.fixes.zero_override_counts);
        let mut from = one.effective_date;
        while from.weekday() != Weekday::Mon {
            from = from.succ_opt().unwrap();
        }
        let rank = (from, one.effective_date, one.id);
        if one.adviser_email == adviser.email
            && is_readable
            && from <= week
            && best.is_none_or(|best| best < rank)
        {
            best = Some(rank);
            limit = one.client_limit_monthly;
        }
    }
    limit
}

/// Days away on one day by one entry: 0, a half or 1.
fn away(leave: &Leave<'_>, day: NaiveDate, settings: &Settings) -> f64 {
    if day < leave.first || leave.last < day || day.weekday().number_from_monday() > 5 {
        return 0.0;
    }
    let told: Vec<i64> = leave
        .hours
        .iter()
        .filter(|one| one.day == day)
        .map(|one| one.minutes)
        .collect();
    if told.is_empty() || !settings.fixes.half_days_by_hours {
        return 1.0;
    }
    let minutes: i64 = told.iter().sum();
    if minutes == 0 {
        0.0
    } else if minutes > 0 && minutes <= i64::from(settings.half_day_up_to_minutes) {
        0.5
    } else {
        1.0
    }
}

fn absence(world: &World, settings: &Settings, adviser: &Adviser<'_>, week: NaiveDate) -> f64 {
    let as_leave = |closed: &Closed| Leave {
        id: "",
        email: adviser.email,
        first: closed.first,
        last: closed.last,
        hours: &[],
    };
    let entries: Vec<Leave<'_>> = world
        .leave
        .iter()
        .filter(|leave| leave.email == adviser.email)
        .copied()
        .chain(world.closures.iter().map(as_leave))
        .collect();
    let days: Vec<NaiveDate> = week.iter_days().take(7).collect();
    let of_entry = |entry: &Leave<'_>| {
        days.iter()
            .map(|day| away(entry, *day, settings))
            .sum::<f64>()
    };
    let of_day = |day: &NaiveDate| {
        let all = entries
            .iter()
            .map(|entry| away(entry, *day, settings))
            .sum::<f64>();
        all.min(1.0)
    };
    match settings.fixes.absences {
        Absences::Largest => entries.iter().map(of_entry).fold(0.0, f64::max),
        Absences::Sum => entries.iter().map(of_entry).sum::<f64>().min(5.0),
        Absences::Union => days.iter().map(of_day).sum(),
    }
}

/// The deals that wait for an adviser, by the week from which on they are known.
fn waiting(
    world: &World,
    settings: &Settings,
    adviser: &Adviser<'_>,
    without: &str,
) -> Vec<NaiveDate> {
    let ids: BTreeSet<&str> = world
        .deals
        .iter()
        .map(|deal| deal.id)
        .chain(world.allocations.iter().map(|one| one.deal_id))
        .collect();
    let mut weeks = Vec::new();
    for deal_id in ids {
        if deal_id == without && settings.fixes.leave_out_deal_itself {
            continue;
        }
        let shown = world.deals.iter().find(|deal| deal.id == deal_id);
        let ours = world
            .allocations
            .iter()
            .filter(|one| one.deal_id == deal_id && settings.fixes.count_own_allocations)
            .max_by_key(|one| one.decided_at);
        let is_fresh = ours.is_some_and(|one| {
            let lag = i64::from(settings.search_lag_seconds);
            one.written_at
                .is_none_or(|at| world.deals_read_at - at < lag)
        });
        let holder = match (shown, ours) {
            (_, Some(ours)) if is_fresh => ours.adviser_email,
            (Some(shown), _) => shown.adviser_email,
            (None, _) => continue,
        };
        if holder != adviser.email {
            continue;
        }
        let ours = ours.filter(|ours| ours.adviser_email == holder);
        let now = shown.and_then(|shown| shown.agreement_start);
        let then = ours.and_then(|ours| ours.agreement_start);
        let Some(day) = now.or(then).or(ours.map(|ours| ours.decided_on)) else {
            continue;
        };
        let mut week = monday(day);
        if let Some(promised) = ours.and_then(|ours| ours.earliest_week)
            && settings.fixes.hold_promised_weeks
            && (now.is_none() || now == then)
        {
            week = week.min(sooner(monday(promised), 2));
        }
        weeks.push(week);
    }
    weeks
}

fn sheet(world: &World, settings: &Settings, adviser: &Adviser<'_>, without: &str) -> Sheet {
    let now = monday(world.today);
    let last_week = sooner(now, 1);
    let mut first = last_week;
    if let Ok(start) = adviser.start_date.parse::<NaiveDate>()
        && start > world.today
    {
        first = first.max(sooner(monday(start), u64::from(settings.prestart_weeks)));
    }
    let meetings: Vec<(NaiveDate, &Meeting<'_>)> = world
        .meetings
        .iter()
        .filter(|one| one.owner_id == adviser.owner_id && one.kind == MeetingKind::Clarify)
        .filter(|one| one.day >= last_week)
        .filter(|one| !(settings.fixes.skip_cancelled_meetings && one.outcome == "CANCELED"))
        .map(|one| {
            let utc = DateTime::from_timestamp(one.starts_at, 0)
                .unwrap()
                .date_naive();
            let day = if settings.fixes.local_meeting_days {
                one.day
            } else {
                utc
            };
            (monday(day), one)
        })
        .collect();
    let deals = waiting(world, settings, adviser, without);
    let of_last_week = deals.iter().filter(|week| **week == last_week).count();
    let of_the_past = deals.iter().filter(|week| **week < last_week).count();
    let disappears = of_last_week > 0 && !settings.fixes.keep_past_backlog;
    let past = if disappears {
        0
    } else {
        of_last_week + of_the_past
    };

    // As far as anything is known, or as far as is looked at.
    let mut last = later(first, u64::from(settings.horizon_weeks));
    let mut week = first;
    let mut is_known = !meetings.is_empty() || deals.iter().any(|week| *week >= now);
    let far = last.max(later(now, 60));
    while week <= far {
        let known = meetings.iter().any(|(at, _)| *at == week)
            || deals.contains(&week)
            || absence(world, settings, adviser, week) > 0.0;
        if known && !settings.fixes.fixed_horizon {
            last = last.max(week);
        }
        let is_looked_at = week <= last || !settings.fixes.fixed_horizon;
        is_known |= is_looked_at && absence(world, settings, adviser, week) > 0.0;
        week = later(week, 1);
    }

    let mut lines: Vec<Line> = Vec::new();
    let mut week = first;
    while week <= last {
        let fortnight = (limit(world, settings, adviser, week) / 2) as f64;
        let away = absence(world, settings, adviser, week);
        let clarify = meetings.iter().filter(|(at, _)| *at == week).count() as f64;
        let worked = lines.iter().rev().find(|line| !line.is_full());
        let earlier = worked.map_or(0.0, |line| line.clarify);
        lines.push(Line {
            monday: week,
            clarify,
            away,
            deals: if week == last_week {
                past as f64
            } else {
                deals.iter().filter(|at| **at == week).count() as f64
            },
            target: match away {
                5.0.. => 0.0,
                3.0.. => (fortnight / 2.0).ceil(),
                _ => fortnight,
            },
            actual: if lines.is_empty() {
                clarify
            } else if away >= 5.0 {
                0.0
            } else {
                clarify + earlier
            },
        });
        week = later(week, 1);
    }
    let mut before = deals
        .iter()
        .filter(|week| **week >= now && **week < first)
        .count();
    if first > last_week {
        before += past;
    }
    Sheet {
        lines,
        waiting_before: if settings.fixes.keep_deals_before_start {
            before as f64
        } else {
            0.0
        },
        stumbles: disappears && !is_known && !settings.fixes.empty_is_free,
    }
}

/// `None`: never.
fn earliest(
    world: &World,
    settings: &Settings,
    adviser: &Adviser<'_>,
    sheet: &Sheet,
    agreement: Option<NaiveDate>,
) -> Option<NaiveDate> {
    let lines = &sheet.lines;
    let now = monday(world.today);
    let mut floor = later(now, u64::from(settings.buffer_weeks));
    if let Some(agreement) = agreement {
        floor = floor.max(later(monday(agreement), 1));
    }
    let last = lines.last().unwrap().monday;
    let start = floor.max(lines[0].monday);
    let Some(b) = lines.iter().position(|line| line.monday >= start) else {
        return Some(start.max(later(last, 2)));
    };
    let limit_at = |week| limit(world, settings, adviser, week) / 2;
    if settings.fixes.zero_target_is_never && lines[b..].iter().all(|line| line.target == 0.0) {
        return None;
    }
    let before = &lines[..b];
    let over = |back: usize| {
        b.checked_sub(back)
            .map_or(0.0, |at| lines[at].clarify - lines[at].target / 2.0)
    };
    let mut backlog = sheet.waiting_before
        + before
            .iter()
            .rev()
            .skip(2)
            .map(|line| line.deals)
            .sum::<f64>()
        + over(3).max(0.0)
        + over(2)
        + over(1);
    let mut c: f64 = before.iter().map(|line| line.clarify).sum();
    let mut t: f64 = before.iter().map(|line| line.target / 2.0).sum();
    let (mut previous, mut delayed) = (0.0, 0.0);
    for w in b..lines.len() {
        let line = &lines[w];
        let due = w.checked_sub(2).map_or(0.0, |at| lines[at].deals);
        if line.is_full() {
            delayed += due;
            continue;
        }
        let mut new = due;
        if settings.fixes.carry_over_full_weeks {
            new += delayed;
            delayed = 0.0;
        }
        backlog += new;
        let p = lines[..w].iter().rfind(|line| !line.is_full());
        let n = lines[w + 1..].iter().find(|line| !line.is_full());
        let (p_clarify, p_free) = p.map_or((0.0, 0.0), |line| (line.clarify, -line.difference()));
        let n_free = n.map_or(0.0, |line| -line.difference());
        let room = f64::min(line.target - p_clarify - line.clarify - previous, n_free);
        let may = f64::max(
            0.0,
            room.min(f64::from(settings.clarifies_per_week) - line.clarify),
        );
        let placed = may.min(backlog).min(p_free.max(n_free)).max(0.0);
        backlog -= placed;
        previous = placed;
        let spare = room - placed;
        backlog += line.clarify.max(placed) - line.target / 2.0;
        t += line.target / 2.0;
        c += line.clarify + new;
        if backlog <= 0.0 && spare > 0.5 && t > c {
            return Some(line.monday.max(floor));
        }
    }
    if settings.fixes.zero_target_is_never && limit_at(last) == 0 {
        return None;
    }
    if settings.fixes.carry_over_full_weeks {
        backlog += delayed;
    }
    let f = limit_at(lines[b].monday).max(1) as f64;
    let mut reckoned = last;
    while backlog > 0.0 {
        reckoned = later(reckoned, 2);
        backlog -= f;
    }
    let reckoned = reckoned.max(floor);
    let has_room = |line: &Line| line.difference() < 0.0;
    let found = (1..lines.len())
        .find(|w| lines[*w].monday >= reckoned && has_room(&lines[*w]) && has_room(&lines[*w - 1]));
    Some(found.map_or(reckoned, |w| lines[w].monday))
}

/// The mail of who is chosen and the week; an error is a reason.
fn choose(
    world: &World,
    settings: &Settings,
    request: &Request<'_>,
) -> Result<(String, NaiveDate), ()> {
    let end = later(monday(world.today), u64::from(settings.horizon_weeks) - 1);
    let beyond = |agreement| later(monday(agreement), 1) > end;
    if settings.fixes.refuse_beyond_horizon && request.agreement_start.is_some_and(beyond) {
        return Err(());
    }
    let is_wanted = |list: &str, name: &str| {
        list.split([';', ',', '/', '|'])
            .any(|one| one.trim().eq_ignore_ascii_case(name))
    };
    let mut found: Vec<(NaiveDate, f64, usize, &str)> = Vec::new();
    for adviser in &world.advisers {
        let ignores =
            ["series c", "ipo"].contains(&request.service_package.to_lowercase().as_str());
        let takes = adviser.taking_on_clients == "True"
            || (settings.fixes.taking_on_clients_in_any_case
                && adviser.taking_on_clients.eq_ignore_ascii_case("true"));
        let household = ignores
            || request.household_type.is_empty()
            || adviser.households.is_empty()
            || is_wanted(adviser.households, request.household_type);
        if !takes || !is_wanted(adviser.packages, request.service_package) || !household {
            continue;
        }
        let sheet = sheet(world, settings, adviser, request.deal_id);
        if settings.fixes.fixed_horizon && sheet.lines[0].monday > end {
            continue;
        }
        let unknown = world.unknown.iter().any(|one| {
            one.adviser
                .is_none_or(|who| who == adviser.email || who == adviser.owner_id)
        });
        match settings.fixes.unknown_sources {
            UnknownSources::Fail if unknown => return Err(()),
            UnknownSources::LeaveOut if unknown => continue,
            _ => {}
        }
        if sheet.stumbles {
            return Err(());
        }
        let Some(week) = earliest(world, settings, adviser, &sheet, request.agreement_start) else {
            continue;
        };
        let upto = sheet.lines.iter().filter(|line| line.monday <= week);
        let (clarifies, targets) = upto.fold((0.0, 0.0), |(clarifies, targets), line| {
            (clarifies + line.clarify, targets + line.target)
        });
        let mut latest: BTreeMap<&str, &OwnAllocation<'_>> = BTreeMap::new();
        for one in &world.allocations {
            if latest
                .get(one.deal_id)
                .is_none_or(|kept| kept.decided_at < one.decided_at)
            {
                latest.insert(one.deal_id, one);
            }
        }
        let mine = latest
            .values()
            .filter(|one| one.adviser_email == adviser.email)
            .count();
        found.push((
            week,
            clarifies / f64::max(1.0, targets / 2.0),
            mine,
            adviser.email,
        ));
    }
    let earliest = found.iter().map(|one| one.0).min().ok_or(())?;
    found.retain(|one| one.0 == earliest);
    let least = found.iter().map(|one| one.1).fold(f64::MAX, f64::min);
    found.retain(|one| one.1 - least <= 0.000_001);
    found.sort_by_key(|one| (one.2, one.3));
    Ok((found[0].3.to_owned(), earliest))
}

const TODAY: &str = "2026-03-09";
const PEOPLE: [(&str, &str); 4] = [
    ("mia.tan@example.com", "7001"),
    ("tom.lee@example.com", "7002"),
    ("ann.ho@example.com", "7003"),
    ("eva.roy@example.com", "7004"),
];

fn day(ahead: i64) -> NaiveDate {
    date(TODAY) + chrono::TimeDelta::days(ahead)
}

fn start_text(ahead: i64) -> &'static str {
    static TEXTS: std::sync::OnceLock<Vec<String>> = std::sync::OnceLock::new();
    let texts = TEXTS.get_or_init(|| (-200..500).map(|ahead| day(ahead).to_string()).collect());
    &texts[usize::try_from(ahead + 200).unwrap()]
}

fn hours_of(first: i64, pattern: u8) -> &'static [HoursOfDay] {
    static HOURS: std::sync::OnceLock<BTreeMap<(i64, u8), Vec<HoursOfDay>>> =
        std::sync::OnceLock::new();
    let all = HOURS.get_or_init(|| {
        let keys = (-40..120).flat_map(|first| (0..4).map(move |pattern| (first, pattern)));
        keys.map(|(first, pattern)| {
            let minutes: &[(i64, i64)] = match pattern {
                0 => &[],
                1 => &[(0, 228)],
                2 => &[(0, 456), (1, 200), (2, 0), (3, -7)],
                _ => &[(1, 120), (1, 120), (2, 300), (9, 100)],
            };
            let hours = minutes
                .iter()
                .map(|(ahead, minutes)| HoursOfDay {
                    day: day(first + ahead),
                    minutes: *minutes,
                })
                .collect();
            ((first, pattern), hours)
        })
        .collect()
    });
    &all[&(first, pattern)]
}

fn an_adviser() -> impl Strategy<Value = Adviser<'static>> {
    (
        prop::sample::select(vec!["True", "True", "True", "true", "False"]),
        prop::sample::select(vec!["Seed", "seed; Series A", "IPO|Seed", "IPO"]),
        prop::sample::select(vec!["", "Single", "Single;Couple"]),
        prop::sample::select(vec!["Solo Adviser", "Team Pod", ""]),
        prop_oneof![3 => Just(None), 2 => (-200..200i64).prop_map(Some), 1 => (200..490i64).prop_map(Some)],
    )
        .prop_map(|(taking_on_clients, packages, households, pod_type, start)| Adviser {
            taking_on_clients,
            packages,
            households,
            pod_type,
            start_date: start.map_or("", start_text),
            ..MIA
        })
}

/// What is read, of some weeks around a day in March.
pub(super) fn a_world() -> impl Strategy<Value = World> {
    let person = 0..4usize;
    let meeting = (
        person.clone(),
        -15..90i64,
        0..24i64,
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.1),
    );
    let deal = (person.clone(), prop::option::weighted(0.9, -60..90i64));
    let leave = (person.clone(), -40..120i64, -2..25i64, 0..4u8);
    let closure = (-40..120i64, 0..12i64);
    let limit = (person.clone(), -60..100i64, 0..14i64);
    let allocation = (
        (0..40usize, person.clone(), -30..7i64),
        prop::option::weighted(0.8, 0..2_000i64),
        prop::option::weighted(0.7, -20..90i64),
        prop::option::weighted(0.8, 0..90i64),
    );
    let unknown = (prop::option::weighted(0.8, person), any::<bool>());
    let many = |most: usize| prop_oneof![2 => 0..=most / 8 + 1, 3 => 0..=most];
    let vec = prop::collection::vec::<_>;
    (
        0..7i64,
        prop::collection::vec(an_adviser(), 1..=4),
        many(60).prop_flat_map(move |count| vec(meeting.clone(), count)),
        many(40).prop_flat_map(move |count| prop::collection::vec(deal.clone(), count)),
        prop::collection::vec(leave, 0..8),
        prop::collection::vec(closure, 0..3),
        prop::collection::vec(limit, 0..4),
        prop::collection::vec(allocation, 0..8),
        prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(unknown, 1..2)],
    )
        .prop_map(
            |(today, advisers, meetings, deals, leave, closures, limits, allocations, unknown)| {
                let mut world = World::new();
                world.today = day(today);
                world.advisers = advisers;
                for (adviser, (email, owner_id)) in world.advisers.iter_mut().zip(PEOPLE) {
                    (adviser.email, adviser.owner_id, adviser.id) = (email, owner_id, owner_id);
                }
                world.meetings = (0..)
                    .zip(meetings)
                    .map(
                        |(at, (person, ahead, hour, is_cancelled, is_kick_off))| Meeting {
                            id: id(at),
                            owner_id: PEOPLE[person].1,
                            kind: if is_kick_off {
                                MeetingKind::KickOff
                            } else {
                                MeetingKind::Clarify
                            },
                            // Ten hours ahead of UTC.
                            starts_at: day(ahead)
                                .and_hms_opt(0, 0, 0)
                                .unwrap()
                                .and_utc()
                                .timestamp()
                                + (hour - 10) * 3_600,
                            day: day(ahead),
                            outcome: if is_cancelled {
                                "CANCELED"
                            } else {
                                "SCHEDULED"
                            },
                            title: "",
                        },
                    )
                    .collect();
                world.deals = (0..)
                    .zip(deals)
                    .map(|(at, (person, ahead))| Deal {
                        id: id(at),
                        adviser_email: PEOPLE[person].0,
                        agreement_start: ahead.map(day),
                    })
                    .collect();
                world.leave = (0..)
                    .zip(leave)
                    .map(|(at, (person, ahead, length, pattern))| Leave {
                        id: id(at),
                        email: PEOPLE[person].0,
                        first: day(ahead),
                        last: day(ahead + length),
                        hours: hours_of(ahead, pattern),
                    })
                    .collect();
                world.closures = closures
                    .into_iter()
                    .map(|(ahead, length)| Closed {
                        first: day(ahead),
                        last: day(ahead + length),
                    })
                    .collect();
                world.overrides = (0..)
                    .zip(limits)
                    .map(|(at, (person, ahead, limit))| LimitOverride {
                        adviser_email: PEOPLE[person].0,
                        effective_date: day(ahead),
                        id: id(at),
                        client_limit_monthly: limit,
                    })
                    .collect();
                world.allocations = (0..)
                    .zip(allocations)
                    .map(
                        |(at, ((deal, person, ago), written, agreement, promised))| OwnAllocation {
                            // Some of them are of deals that the search shows.
                            deal_id: id(deal),
                            decided_at: at,
                            adviser_email: PEOPLE[person].0,
                            decided_on: day(ago.min(today)),
                            written_at: written.map(|ago| world.deals_read_at - ago),
                            agreement_start: agreement.map(day),
                            earliest_week: promised.map(day),
                        },
                    )
                    .collect();
                world.unknown = unknown
                    .into_iter()
                    .map(|(person, by_email)| Unknown {
                        source: Source::Meetings,
                        adviser: person.map(|person| {
                            if by_email {
                                PEOPLE[person].0
                            } else {
                                PEOPLE[person].1
                            }
                        }),
                    })
                    .collect();
                world
            },
        )
}

pub(super) fn some_settings() -> impl Strategy<Value = Settings> {
    let preset = prop::sample::select(Preset::ALL.to_vec());
    let absences = prop::sample::select(Absences::ALL.to_vec());
    let unknown = prop::sample::select(UnknownSources::ALL.to_vec());
    let switches =
        prop::collection::vec(any::<bool>(), super::super::settings::Fixes::SWITCHES.len());
    (
        preset,
        any::<bool>(),
        absences,
        unknown,
        switches,
        8..30u32,
        0..4u32,
        0..5u32,
    )
        .prop_map(
            |(preset, is_mixed, absences, unknown, switches, horizon, buffer, prestart)| {
                let mut settings = Settings::preset(preset);
                settings.horizon_weeks = horizon;
                settings.buffer_weeks = buffer;
                settings.prestart_weeks = prestart;
                if is_mixed {
                    settings.fixes.absences = absences;
                    settings.fixes.unknown_sources = unknown;
                    let switch = settings.fixes.switches();
                    for ((_, on), value) in switch.into_iter().zip(switches) {
                        *on = value;
                    }
                }
                settings
            },
        )
}

pub(super) fn a_request() -> impl Strategy<Value = Request<'static>> {
    (
        prop::sample::select(vec!["Seed", "IPO", "series a"]),
        prop::sample::select(vec!["", "", "couple"]),
        prop_oneof![2 => Just(None), 2 => (-30..120i64).prop_map(Some), 1 => (120..300i64).prop_map(Some)],
        0..60usize,
    )
        .prop_map(|(service_package, household_type, agreement, deal)| Request {
            deal_id: id(deal),
            service_package,
            household_type,
            agreement_start: agreement.map(day),
            held_by: "",
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn both_programs_agree(world in a_world(), settings in some_settings(), request in a_request()) {
        let which: Vec<usize> = (0..world.advisers.len()).collect();
        let tables = super::super::table::tables(&which, Some(&request), &world.input(), &settings);
        for (adviser, table) in world.advisers.iter().zip(&tables) {
            let sheet = sheet(&world, &settings, adviser, request.deal_id);
            let lines: Vec<Line> = table
                .rows()
                .map(|(week, row)| Line {
                    monday: week.monday(),
                    clarify: row.clarify as f64,
                    away: days_of(&row.absence.to_string()),
                    deals: row.deals as f64,
                    target: row.target as f64,
                    actual: row.actual as f64,
                })
                .collect();
            prop_assert_eq!(&lines, &sheet.lines);
            prop_assert_eq!(table.deals_before as f64, sheet.waiting_before);
            prop_assert_eq!(table.is_empty, sheet.stumbles);
            let now = super::super::Week::of(world.today);
            let agreement = request.agreement_start.map(super::super::Week::of);
            let answer = super::super::earliest::earliest(table, now, agreement, &settings);
            prop_assert_eq!(
                answer.week.map(super::super::Week::monday),
                earliest(&world, &settings, adviser, &sheet, request.agreement_start)
            );
        }
        let expected = choose(&world, &settings, &request);
        match (world.decide(&request, &settings).outcome, expected) {
            (Outcome::Chosen(chosen), Ok((email, week))) => {
                prop_assert_eq!((chosen.email, chosen.earliest_week.monday()), (email, week));
            }
            (Outcome::Failed(_), Err(())) => {}
            (outcome, expected) => prop_assert!(false, "{outcome:?} is not {expected:?}"),
        }
    }
}

fn days_of(absence: &str) -> f64 {
    match absence {
        "No" => 0.0,
        "Full" => 5.0,
        partial => partial.strip_prefix("Partial: ").unwrap().parse().unwrap(),
    }
}
