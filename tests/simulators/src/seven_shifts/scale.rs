//! One large account, for measurements: many punches, little else.

use std::collections::{BTreeMap, BTreeSet};

use super::accounts::{Accounts, Credential, TokenKind, take};
use super::model::{
    Assignments, Company, Department, Location, PosType, PunchBreak, Role, TimePunch, User,
    UserType,
};
use super::people::People;
use super::table::Table;
use super::time_off::TimeOffSettings;
use super::wage::{Wage, WageType};
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

const COMPANY_ID: i64 = 4_900;
const TOKEN: &str = "sim7s_scale_1";
const PEOPLE: usize = 200;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// A person works at most once in this time.
const BETWEEN_PUNCHES: i64 = 10 * HOUR;

/// An account of `punches` finished punches by 200 people at one location,
/// the newest ending shortly before `now` (Unix seconds).
#[must_use]
pub fn scale(punches: usize, now: i64) -> Accounts {
    let mut accounts = Accounts::default();
    // Apart from the demo accounts, so that both can stand side by side.
    accounts.ids.location = 9_500_001;
    accounts.ids.department = 9_600_001;
    accounts.ids.role = 9_700_001;
    accounts.ids.user = 9_800_001;
    accounts.ids.punch = 100_000_001;
    accounts.ids.punch_break = 200_000_001;
    accounts.ids.wage = 300_000_001;

    let opened = now - 1_500 * DAY;
    let location_id = take(&mut accounts.ids.location);
    let department_id = take(&mut accounts.ids.department);
    let role_id = take(&mut accounts.ids.role);
    let mut company = Company {
        id: COMPANY_ID,
        guid: "a7c1e4b2-93d0-4f6a-8b15-6e2d9c0f4900".to_owned(),
        name: "Scale".to_owned(),
        country: "CA".to_owned(),
        timezone: chrono_tz::America::Toronto,
        created: opened,
        modified: opened,
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
        corrupted: BTreeMap::new(),
    };
    company.locations.insert(Location {
        id: location_id,
        name: "Hall".to_owned(),
        country: "CA".to_owned(),
        state: "ON".to_owned(),
        city: "Toronto".to_owned(),
        formatted_address: "1 Long Hall, Toronto, ON".to_owned(),
        lat: 43.7,
        lng: -79.4,
        timezone: company.timezone,
        deleted: false,
        created: opened,
        modified: opened,
    });
    company.departments.insert(Department {
        id: department_id,
        location_id,
        name: "Kitchen".to_owned(),
        default: true,
        created: opened,
        modified: opened,
    });
    company.roles.insert(Role {
        id: role_id,
        location_id,
        department_id,
        name: "Line Cook".to_owned(),
        color: None,
        job_code: None,
        sort: 1,
        is_tipped_role: false,
        stations: Vec::new(),
        created: opened,
        modified: opened,
    });
    let user_ids = hire(
        &mut accounts,
        &mut company,
        now,
        location_id,
        department_id,
        role_id,
    );
    let workplace = Workplace {
        location_id,
        department_id,
        role_id,
    };
    for (number, user_id) in (0..punches).zip(user_ids.iter().copied().cycle()) {
        let older = i64::try_from(punches - number).unwrap_or(0);
        let people = i64::try_from(PEOPLE).unwrap_or(1);
        // Everyone once, then everyone again ten hours later.
        let clocked_in = now - BETWEEN_PUNCHES - older * BETWEEN_PUNCHES / people;
        let punch = workplace.punch(
            take(&mut accounts.ids.punch),
            take(&mut accounts.ids.punch_break),
            user_id,
            clocked_in,
        );
        company.time_punches.insert(punch);
    }
    accounts.tokens.insert(
        TOKEN.to_owned(),
        Credential {
            company_id: COMPANY_ID,
            kind: TokenKind::Access,
            user_id: user_ids.first().copied().unwrap_or_default(),
            revoked: false,
        },
    );
    accounts.companies.insert(COMPANY_ID, company);
    accounts
}

fn hire(
    accounts: &mut Accounts,
    company: &mut Company,
    now: i64,
    location_id: i64,
    department_id: i64,
    role_id: i64,
) -> Vec<i64> {
    let mut people = People::new("scale.example.test");
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut hired = Vec::with_capacity(PEOPLE);
    for number in 0..PEOPLE {
        let kind = if number == 0 {
            UserType::Employer
        } else {
            UserType::Employee
        };
        let user: User = people.hire(
            &mut random,
            &mut accounts.ids,
            now,
            kind,
            2_000,
            Assignments {
                location_ids: BTreeSet::from([location_id]),
                department_ids: BTreeSet::from([department_id]),
                role_ids: BTreeSet::from([role_id]),
                primary_role_id: Some(role_id),
            },
        );
        let wage_id = take(&mut accounts.ids.wage);
        company.wages.insert(Wage {
            id: wage_id,
            user_id: user.id,
            role_id: Some(role_id),
            effective_date: user.hire_date.parse().unwrap_or_default(),
            wage_type: WageType::Hourly,
            wage_cents: user.hourly_wage,
            created: user.created,
            modified: user.created,
        });
        hired.push(user.id);
        company.users.insert(user);
    }
    hired
}

struct Workplace {
    location_id: i64,
    department_id: i64,
    role_id: i64,
}

impl Workplace {
    /// Eight hours with half an hour of unpaid break.
    fn punch(&self, id: i64, break_id: i64, user_id: i64, clocked_in: i64) -> TimePunch {
        let clocked_out = clocked_in + 8 * HOUR;
        TimePunch {
            id,
            user_id,
            location_id: self.location_id,
            department_id: Some(self.department_id),
            role_id: Some(self.role_id),
            shift_id: None,
            clocked_in,
            clocked_out: Some(clocked_out),
            hourly_wage: 2_000,
            approved: true,
            editable_punch: true,
            auto_clocked_out: false,
            clocked_in_offline: false,
            clocked_out_offline: false,
            tips: 0,
            notes: "".into(),
            pos_type: Some(PosType::Web),
            breaks: Box::new([PunchBreak {
                id: break_id,
                paid: false,
                started: clocked_in + 3 * HOUR,
                ended: Some(clocked_in + 3 * HOUR + HOUR / 2),
                deleted: false,
            }]),
            deleted: false,
            created: clocked_in,
            modified: clocked_out,
        }
    }
}
