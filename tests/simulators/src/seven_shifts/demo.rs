//! Two restaurant groups with everything that makes real accounts awkward.
//!
//! Deterministic: the same seed and the same now give the same accounts, ids
//! included. Companies, guids and tokens are the same for every seed.

use std::collections::BTreeSet;

use chrono_tz::Tz;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::accounts::{Accounts, Credential, Ids, TokenKind, take};
use super::model::{Assignments, Company, Department, Location, Role, Station, UserType};
use super::people::{self, People};
use super::season;
use super::table::Table;
use super::terms;
use super::time_off::TimeOffSettings;

const DAY_SECONDS: i64 = 86_400;
/// Apart from the numbers that draw people and shifts.
const TERMS_SEED: u64 = 0x7e12_5000;

struct Group {
    company_id: i64,
    guid: &'static str,
    name: &'static str,
    country: &'static str,
    timezone: Tz,
    mail_domain: &'static str,
    locations: &'static [Place],
    tokens: &'static [(&'static str, TokenKind)],
}

struct Place {
    name: &'static str,
    city: &'static str,
    state: &'static str,
    address: &'static str,
    lat: f64,
    lng: f64,
}

const LAKESHORE: Group = Group {
    company_id: 4_410,
    guid: "0d5f6a3e-1c55-4b0a-9a53-2f0f7c1b9a10",
    name: "Lakeshore Kitchens",
    country: "CA",
    timezone: chrono_tz::America::Toronto,
    mail_domain: "lakeshore.example.test",
    locations: &[
        Place {
            name: "Harbourfront",
            city: "Toronto",
            state: "ON",
            address: "12 Quay St, Toronto, ON",
            lat: 43.64,
            lng: -79.38,
        },
        Place {
            name: "Distillery",
            city: "Toronto",
            state: "ON",
            address: "7 Mill Lane, Toronto, ON",
            lat: 43.65,
            lng: -79.36,
        },
        Place {
            name: "Port Credit",
            city: "Mississauga",
            state: "ON",
            address: "90 Lighthouse Rd, Mississauga, ON",
            lat: 43.55,
            lng: -79.58,
        },
    ],
    tokens: &[
        ("sim7s_lakeshore_1", TokenKind::Access),
        ("sim7s_lakeshore_2", TokenKind::Access),
    ],
};

const HARBOUR: Group = Group {
    company_id: 4_420,
    guid: "5f0c2a9e-7d41-4b3e-9c58-1a2b3c4d5e6f",
    name: "Harbour Plates",
    country: "AU",
    timezone: chrono_tz::Australia::Sydney,
    mail_domain: "harbour.example.test",
    locations: &[
        Place {
            name: "Circular Quay",
            city: "Sydney",
            state: "NSW",
            address: "3 Ferry Walk, Sydney NSW",
            lat: -33.86,
            lng: 151.21,
        },
        Place {
            name: "Newtown",
            city: "Sydney",
            state: "NSW",
            address: "210 King Rd, Newtown NSW",
            lat: -33.9,
            lng: 151.18,
        },
    ],
    tokens: &[
        ("sim7s_harbour_1", TokenKind::Access),
        ("sim7s_harbour_oauth", TokenKind::OAuth),
    ],
};

/// A role, the department it is in, and how it is staffed at each location.
struct Job {
    name: &'static str,
    department: &'static str,
    color: &'static str,
    tipped: bool,
    hourly_wage: i64,
    kind: UserType,
    people: usize,
    stations: &'static [&'static str],
}

/// See [`stand_in`].
const STAND_IN_JOB: &str = "Shift Manager";

const JOBS: [Job; 7] = [
    Job {
        name: "Line Cook",
        department: "Kitchen",
        color: "3c78d8",
        tipped: false,
        hourly_wage: 2_150,
        kind: UserType::Employee,
        people: 4,
        stations: &["Grill", "Sauté"],
    },
    Job {
        name: "Prep Cook",
        department: "Kitchen",
        color: "6aa84f",
        tipped: false,
        hourly_wage: 1_900,
        kind: UserType::Employee,
        people: 1,
        stations: &[],
    },
    Job {
        name: "Dishwasher",
        department: "Kitchen",
        color: "999999",
        tipped: false,
        hourly_wage: 1_760,
        kind: UserType::Employee,
        people: 1,
        stations: &[],
    },
    Job {
        name: "Server",
        department: "Front of House",
        color: "e69138",
        tipped: true,
        hourly_wage: 1_760,
        kind: UserType::Employee,
        people: 4,
        stations: &[],
    },
    Job {
        name: "Host",
        department: "Front of House",
        color: "f1c232",
        tipped: false,
        hourly_wage: 1_800,
        kind: UserType::Employee,
        people: 1,
        stations: &[],
    },
    Job {
        name: "Bartender",
        department: "Bar",
        color: "674ea7",
        tipped: true,
        hourly_wage: 1_850,
        kind: UserType::AsstManager,
        people: 1,
        stations: &[],
    },
    Job {
        name: "Shift Manager",
        department: "Front of House",
        color: "cc0000",
        tipped: false,
        hourly_wage: 2_900,
        kind: UserType::Manager,
        people: 2,
        stations: &[],
    },
];

/// A restaurant group in Toronto and one in Sydney: six weeks of past, two
/// weeks of future around `now` (Unix seconds).
#[must_use]
pub fn demo_data(seed: u64, now: i64) -> Accounts {
    let mut accounts = Accounts::default();
    for group in [&LAKESHORE, &HARBOUR] {
        let mut random = ChaCha8Rng::seed_from_u64(seed ^ group.company_id.unsigned_abs());
        add_group(&mut accounts, group, &mut random, seed, now);
    }
    accounts
}

fn add_group(accounts: &mut Accounts, group: &Group, random: &mut ChaCha8Rng, seed: u64, now: i64) {
    let mut company = found(group, now);
    let ids = &mut accounts.ids;
    for place in group.locations {
        open_location(&mut company, ids, place, now);
    }
    let mut people = People::new(group.mail_domain);
    let owner = people.hire(
        random,
        ids,
        now,
        UserType::Employer,
        150_000,
        Assignments {
            location_ids: company.locations.iter().map(|place| place.id).collect(),
            ..Assignments::default()
        },
    );
    let owner_id = owner.id;
    company.users.insert(owner);
    staff(&mut company, ids, &mut people, random, now);
    let roamers = [
        roamer(&mut company, ids, &mut people, random, now),
        roamer(&mut company, ids, &mut people, random, now),
    ];
    let leavers = let_some_go(&mut company, now);
    season::play(&mut company, ids, random, now, &leavers, roamers);
    // Only now, so that the rota that was drawn does not ask for them.
    for id in [owner_id].into_iter().chain(roamers) {
        stand_in(&mut company, id);
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ TERMS_SEED ^ company.id.unsigned_abs());
    terms::agree(&mut company, ids, &mut random, now, &roamers);
    for (value, kind) in group.tokens {
        accounts.tokens.insert(
            (*value).to_owned(),
            Credential {
                company_id: company.id,
                kind: *kind,
                user_id: owner_id,
                revoked: false,
            },
        );
    }
    accounts.companies.insert(company.id, company);
}

fn found(group: &Group, now: i64) -> Company {
    Company {
        id: group.company_id,
        guid: group.guid.to_owned(),
        name: group.name.to_owned(),
        country: group.country.to_owned(),
        timezone: group.timezone,
        created: now - 1_100 * DAY_SECONDS,
        modified: now - 60 * DAY_SECONDS,
        locations: Table::default(),
        departments: Table::default(),
        roles: Table::default(),
        users: Table::default(),
        shifts: Table::default(),
        time_punches: Table::default(),
        wages: Table::default(),
        availabilities: Table::default(),
        availability_reasons: Table::default(),
        time_off: Table::default(),
        time_off_settings: TimeOffSettings::default(),
        webhooks: Table::default(),
        wage_based_roles: true,
        not_in_plan: BTreeSet::new(),
        corrupted: std::collections::BTreeMap::new(),
    }
}

fn open_location(company: &mut Company, ids: &mut Ids, place: &Place, now: i64) {
    let created = now - 1_050 * DAY_SECONDS;
    let location_id = take(&mut ids.location);
    company.locations.insert(Location {
        id: location_id,
        name: place.name.to_owned(),
        country: company.country.clone(),
        state: place.state.to_owned(),
        city: place.city.to_owned(),
        formatted_address: place.address.to_owned(),
        lat: place.lat,
        lng: place.lng,
        timezone: company.timezone,
        deleted: false,
        created,
        modified: now - 90 * DAY_SECONDS,
    });
    for (sort, job) in (1..).zip(&JOBS) {
        let department_id = department(company, ids, location_id, job.department, created);
        let role_id = take(&mut ids.role);
        company.roles.insert(Role {
            id: role_id,
            location_id,
            department_id,
            name: job.name.to_owned(),
            color: Some(job.color.to_owned()),
            job_code: None,
            sort,
            is_tipped_role: job.tipped,
            stations: (1..)
                .zip(job.stations)
                .map(|(station_number, name)| Station {
                    id: take(&mut ids.station),
                    station_number,
                    name: (*name).to_owned(),
                })
                .collect(),
            created,
            modified: created,
        });
    }
}

/// The department of this name at this location, made if it is not there yet.
fn department(
    company: &mut Company,
    ids: &mut Ids,
    location_id: i64,
    name: &str,
    created: i64,
) -> i64 {
    let existing = company
        .departments
        .iter()
        .find(|department| department.location_id == location_id && department.name == name);
    if let Some(department) = existing {
        return department.id;
    }
    let id = take(&mut ids.department);
    company.departments.insert(Department {
        id,
        location_id,
        name: name.to_owned(),
        default: name == "Kitchen",
        created,
        modified: created,
    });
    id
}

/// Everyone has a home location and role; every third person can do another
/// job there, every fifth the same job at another location.
fn staff(
    company: &mut Company,
    ids: &mut Ids,
    people: &mut People,
    random: &mut ChaCha8Rng,
    now: i64,
) {
    let location_ids: Vec<i64> = company.locations.iter().map(|place| place.id).collect();
    let mut number = 0_usize;
    for home in &location_ids {
        for (job, next_job) in JOBS.iter().zip(JOBS.iter().cycle().skip(1)) {
            for _ in 0..job.people {
                number += 1;
                let mut assignments = Assignments::default();
                assign(company, &mut assignments, *home, job.name);
                if number.is_multiple_of(3) {
                    assign(company, &mut assignments, *home, next_job.name);
                }
                if number.is_multiple_of(5)
                    && let Some(elsewhere) = location_ids.iter().find(|id| *id != home)
                {
                    assign(company, &mut assignments, *elsewhere, job.name);
                }
                let mut user =
                    people.hire(random, ids, now, job.kind, job.hourly_wage, assignments);
                if number % 13 == 6 {
                    people::without_contact(&mut user);
                }
                company.users.insert(user);
            }
        }
    }
}

fn assign(company: &Company, assignments: &mut Assignments, location_id: i64, job: &str) {
    let role = company
        .roles
        .iter()
        .find(|role| role.location_id == location_id && role.name == job);
    if let Some(role) = role {
        assignments.location_ids.insert(location_id);
        assignments.department_ids.insert(role.department_id);
        assignments.role_ids.insert(role.id);
        assignments.primary_role_id.get_or_insert(role.id);
    }
}

/// Whoever is in no rota can lead a shift at their first location.
fn stand_in(company: &mut Company, id: i64) {
    let Some(user) = company.users.get(id) else {
        return;
    };
    let mut assignments = user.assignments.clone();
    if let Some(location_id) = assignments.location_ids.first().copied() {
        assign(company, &mut assignments, location_id, STAND_IN_JOB);
    }
    company
        .users
        .update(id, |user| user.assignments = assignments);
}

/// What a job of the demo pays.
pub(super) fn usual_wage(role: &str) -> Option<i64> {
    JOBS.iter()
        .find(|job| job.name == role)
        .map(|job| job.hourly_wage)
}

/// Someone without a role in the rota, who is at work whatever the hour.
fn roamer(
    company: &mut Company,
    ids: &mut Ids,
    people: &mut People,
    random: &mut ChaCha8Rng,
    now: i64,
) -> i64 {
    let location_ids: BTreeSet<i64> = company.locations.iter().map(|place| place.id).collect();
    let user = people.hire(
        random,
        ids,
        now,
        UserType::Manager,
        3_200,
        Assignments {
            location_ids,
            ..Assignments::default()
        },
    );
    let id = user.id;
    company.users.insert(user);
    id
}

/// Every twelfth person left three weeks ago, every seventeenth came back.
/// Gives the ids of those who are gone.
fn let_some_go(company: &mut Company, now: i64) -> Vec<i64> {
    let employees: Vec<i64> = company
        .users
        .iter()
        .filter(|user| user.kind == UserType::Employee)
        .map(|user| user.id)
        .collect();
    let mut gone = Vec::new();
    for (number, id) in (1..).zip(employees) {
        if number % 12 == 5 {
            company.users.update(id, |user| {
                user.active = false;
                user.modified = now - 21 * DAY_SECONDS;
            });
            gone.push(id);
        } else if number % 17 == 2 {
            company.users.update(id, |user| {
                user.reactivation_status = Some("accepted".to_owned());
                user.modified = now - 9 * DAY_SECONDS;
            });
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::super::shift::{AttendanceStatus, ShiftState};
    use super::*;

    const NOW: i64 = 1_790_000_000;

    fn group(seed: u64, company_id: i64) -> Company {
        demo_data(seed, NOW).companies.remove(&company_id).unwrap()
    }

    #[test]
    fn one_seed_makes_the_same_accounts_and_another_does_not() {
        let shifts = |seed| {
            group(seed, 4_410)
                .shifts
                .iter()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(shifts(1), shifts(1));
        assert_ne!(shifts(1), shifts(2));
    }

    #[test]
    fn the_groups_are_of_the_size_that_was_asked_for() {
        let accounts = demo_data(7, NOW);
        let sizes: Vec<(usize, usize)> = accounts
            .companies
            .values()
            .map(|company| (company.locations.len(), company.users.len()))
            .collect();
        assert_eq!(sizes, [(3, 45), (2, 31)]);
    }

    #[test]
    fn every_awkward_case_is_there_whatever_the_seed() {
        for seed in 0..6 {
            for company_id in [4_410, 4_420] {
                check_awkward_cases(&group(seed, company_id));
            }
        }
    }

    fn check_awkward_cases(company: &Company) {
        let user = |wanted: &dyn Fn(&super::super::User) -> bool| company.users.iter().any(wanted);
        assert!(user(&|user| user.email.is_empty()), "no e-mail");
        assert!(user(&|user| !user.active), "deactivated");
        assert!(user(&|user| user.reactivation_status.is_some()), "rehired");
        assert!(
            user(&|user| user.assignments.location_ids.len() > 1),
            "two locations"
        );
        assert!(
            user(&|user| user.assignments.role_ids.len() > 1),
            "two roles"
        );
        let punch = |wanted: &dyn Fn(&super::super::TimePunch) -> bool| {
            company.time_punches.iter().any(wanted)
        };
        assert!(punch(&|punch| punch.clocked_out.is_none()), "running");
        assert!(
            punch(&|punch| punch.breaks.iter().any(|taken| taken.ended.is_none())),
            "on a break"
        );
        assert!(punch(&|punch| punch.shift_id.is_none()), "loose");
        assert!(punch(&|punch| punch.auto_clocked_out), "auto clocked out");
        assert!(punch(&|punch| punch.deleted), "deleted punch");
        assert!(punch(&|punch| punch.tips < 0), "negative tips");
        assert!(
            punch(&|punch| punch
                .clocked_out
                .is_some_and(|out| punch.modified > out + 2 * DAY_SECONDS)),
            "edited long after"
        );
        assert!(punch(&|punch| punch.breaks.iter().any(|taken| taken.paid)));
        let shift = |wanted: &dyn Fn(&ShiftState) -> bool| {
            company.shifts.iter().any(|shift| wanted(&shift.state))
        };
        assert!(shift(&|state| matches!(state, ShiftState::Draft(_))));
        assert!(shift(&|state| matches!(state, ShiftState::Edited { .. })));
        assert!(shift(&|state| matches!(state, ShiftState::Deleted(_))));
        let published = |wanted: &dyn Fn(&super::super::ShiftDetails) -> bool| {
            shift(&|state| matches!(state, ShiftState::Published(details) if wanted(details)))
        };
        assert!(published(&|details| details.open), "open");
        assert!(published(&|details| details.start > NOW), "ahead");
        for status in [
            AttendanceStatus::Late,
            AttendanceStatus::NoShow,
            AttendanceStatus::Sick,
        ] {
            assert!(
                published(&|details| details.attendance_status == status),
                "{status:?}"
            );
        }
    }

    #[test]
    fn nothing_is_stamped_in_the_future_and_nobody_is_in_two_places() {
        for company in demo_data(3, NOW).companies.values() {
            for punch in company.time_punches.iter() {
                assert!(punch.created <= NOW && punch.modified <= NOW, "{punch:?}");
                assert!(punch.clocked_in <= NOW, "{punch:?}");
                assert!(punch.clocked_out.is_none_or(|out| out <= NOW), "{punch:?}");
                assert!(punch.created <= punch.modified, "{punch:?}");
                for taken in &punch.breaks {
                    assert!(taken.started > punch.clocked_in, "{punch:?}");
                    assert!(
                        taken.ended.is_none_or(|ended| ended > taken.started
                            && punch.clocked_out.is_none_or(|out| ended <= out)),
                        "{punch:?}"
                    );
                }
            }
            let mut by_user: Vec<(i64, i64, i64)> = company
                .time_punches
                .iter()
                .filter(|punch| !punch.deleted)
                .map(|punch| {
                    (
                        punch.user_id,
                        punch.clocked_in,
                        punch.clocked_out.unwrap_or(NOW),
                    )
                })
                .collect();
            by_user.sort_unstable();
            for pair in by_user.windows(2) {
                let [(user, _, out), (next_user, next_in, _)] = pair else {
                    panic!("pairs");
                };
                assert!(user != next_user || out <= next_in, "{pair:?}");
            }
            for shift in company.shifts.iter() {
                let newest = shift.newest().details;
                assert!(shift.created <= NOW && newest.modified <= NOW, "{shift:?}");
                assert!(shift.created <= newest.modified, "{shift:?}");
                assert!(newest.start < newest.end, "{shift:?}");
            }
        }
    }
}
