//! Changes of what is agreed with people.

use chrono::{Datelike as _, Days, NaiveDate};
use rand::Rng as _;
use rand::SeedableRng as _;
use rand::seq::IteratorRandom as _;
use rand_chacha::ChaCha8Rng;

use crate::seven_shifts::accounts::Accounts;
use crate::seven_shifts::availability::{AVAILABLE_ALL_DAY, AvailabilityDay, UNAVAILABLE_ALL_DAY};
use crate::seven_shifts::model::{Assignments, Company, User};
use crate::seven_shifts::mutation::{
    AvailabilityChanges, Mutation, NewAvailability, NewTimeOff, NewWage, TimeOffChanges,
    WageChanges,
};
use crate::seven_shifts::request_status::RequestStatus;
use crate::seven_shifts::wage::WageType;

/// How often something happens beside the rest.
const CHANCE: f64 = 0.25;
/// Apart from the numbers that draw the rest.
const SEED: u64 = 0x11fe_7e12;
/// Roles that one person has at most.
const ROLES_MAX: usize = 3;

#[derive(Clone, Debug)]
pub struct Terms {
    random: ChaCha8Rng,
}

impl Terms {
    pub fn new(seed: u64) -> Self {
        Self {
            random: ChaCha8Rng::seed_from_u64(seed ^ SEED),
        }
    }

    /// Maybe. What cannot happen does not.
    pub fn happen(&mut self, accounts: &mut Accounts, company_id: i64, now: i64) {
        if !self.random.random_bool(CHANCE) {
            return;
        }
        let mutation = accounts
            .companies
            .get(&company_id)
            .and_then(|company| self.draw(company, now));
        if let Some(mutation) = mutation {
            // A wage of that day may be there already: then there is no raise.
            let _impossible = accounts.apply(company_id, mutation, now);
        }
    }

    fn draw(&mut self, company: &Company, now: i64) -> Option<Mutation> {
        let today = company.today(now);
        match self.random.random_range(0..100) {
            0..20 => self.raise(company, today),
            20..28 => self.correct_wage(company),
            28..32 => Some(Mutation::DeleteWage {
                id: company.wages.iter().choose(&mut self.random)?.id,
            }),
            32..45 => self.assign(company),
            45..53 => self.tell_hours(company, today),
            53..62 => self.change_hours(company),
            62..66 => Some(Mutation::DeleteAvailability {
                id: company.availabilities.iter().choose(&mut self.random)?.id,
            }),
            66..80 => self.ask_for_time_off(company, today),
            80..88 => self.decide(company),
            88..95 => self.move_time_off(company),
            _ => Some(Mutation::DeleteTimeOff {
                id: company.time_off.iter().choose(&mut self.random)?.id,
            }),
        }
    }

    /// From some day around now on: agreed in advance, or late.
    fn raise(&mut self, company: &Company, today: NaiveDate) -> Option<Mutation> {
        let user = self.someone(company)?;
        let role_id = user
            .assignments
            .role_ids
            .iter()
            .choose(&mut self.random)
            .copied();
        let wage_type = if role_id.is_some() {
            WageType::Hourly
        } else {
            WageType::WeeklySalary
        };
        Some(Mutation::AddWage(NewWage {
            user_id: user.id,
            role_id,
            effective_date: self.around(today, 20),
            wage_type,
            wage_cents: self.random.random_range(1_700..4_000),
            force: false,
        }))
    }

    fn correct_wage(&mut self, company: &Company) -> Option<Mutation> {
        let wage = company.wages.iter().choose(&mut self.random)?;
        Some(Mutation::EditWage {
            id: wage.id,
            changes: WageChanges {
                wage_cents: Some(wage.wage_cents + self.random.random_range(1..50)),
                ..WageChanges::default()
            },
        })
    }

    /// One role more, or one less; one of them stays the main one.
    fn assign(&mut self, company: &Company) -> Option<Mutation> {
        let user = self.someone(company)?;
        let mut role_ids = user.assignments.role_ids.clone();
        if role_ids.len() > 1 && (role_ids.len() >= ROLES_MAX || self.random.random_bool(0.4)) {
            let lost = role_ids.iter().choose(&mut self.random).copied()?;
            role_ids.remove(&lost);
        } else {
            role_ids.insert(company.roles.iter().choose(&mut self.random)?.id);
        }
        let roles = || role_ids.iter().filter_map(|id| company.roles.get(*id));
        let mut location_ids = user.assignments.location_ids.clone();
        location_ids.extend(roles().map(|role| role.location_id));
        let assignments = Assignments {
            location_ids,
            department_ids: roles().map(|role| role.department_id).collect(),
            primary_role_id: user
                .assignments
                .primary_role_id
                .filter(|id| role_ids.contains(id))
                .or_else(|| role_ids.first().copied()),
            role_ids,
        };
        Some(Mutation::AssignUser {
            id: user.id,
            assignments,
        })
    }

    fn tell_hours(&mut self, company: &Company, today: NaiveDate) -> Option<Mutation> {
        let user_id = self.someone(company)?.id;
        let repeat = self.random.random_bool(0.6);
        let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()))
            + Days::new(7 * self.random.random_range(0..4));
        Some(Mutation::AddAvailability(NewAvailability {
            user_id,
            week: Some(monday),
            week_to: (!repeat).then(|| monday + Days::new(6)),
            repeat,
            status: RequestStatus::Pending,
            days: self.days(),
        }))
    }

    fn change_hours(&mut self, company: &Company) -> Option<Mutation> {
        let id = company.availabilities.iter().choose(&mut self.random)?.id;
        let days = self.random.random_bool(0.5).then(|| self.days());
        Some(Mutation::EditAvailability {
            id,
            changes: AvailabilityChanges {
                status: Some(self.verdict()),
                days,
                ..AvailabilityChanges::default()
            },
        })
    }

    fn ask_for_time_off(&mut self, company: &Company, today: NaiveDate) -> Option<Mutation> {
        let user_id = self.someone(company)?.id;
        let from_date = self.around(today, 40);
        let category = company
            .time_off_settings
            .categories
            .iter()
            .choose(&mut self.random)
            .map_or("paid", |category| &category.value)
            .to_owned();
        Some(Mutation::AddTimeOff(NewTimeOff {
            user_id,
            from_date,
            to_date: from_date + Days::new(self.random.random_range(0..6)),
            category,
            ..NewTimeOff::default()
        }))
    }

    fn decide(&mut self, company: &Company) -> Option<Mutation> {
        let off = company.time_off.iter().choose(&mut self.random)?;
        Some(Mutation::EditTimeOff {
            id: off.id,
            changes: TimeOffChanges {
                status: Some(self.verdict()),
                status_action_user_id: company.users.iter().next().map(|user| user.id),
                ..TimeOffChanges::default()
            },
        })
    }

    fn move_time_off(&mut self, company: &Company) -> Option<Mutation> {
        let off = company.time_off.iter().choose(&mut self.random)?;
        let by = Days::new(self.random.random_range(1..5));
        Some(Mutation::EditTimeOff {
            id: off.id,
            changes: TimeOffChanges {
                from_date: Some(off.from_date + by),
                to_date: Some(off.to_date + by),
                ..TimeOffChanges::default()
            },
        })
    }

    fn days(&mut self) -> [AvailabilityDay; 7] {
        std::array::from_fn(|_| AvailabilityDay {
            code: if self.random.random_bool(0.3) {
                UNAVAILABLE_ALL_DAY
            } else {
                AVAILABLE_ALL_DAY
            },
            ..AvailabilityDay::default()
        })
    }

    fn verdict(&mut self) -> RequestStatus {
        match self.random.random_range(0..10) {
            0..7 => RequestStatus::Approved,
            7..9 => RequestStatus::Declined,
            _ => RequestStatus::Pending,
        }
    }

    fn around(&mut self, today: NaiveDate, days: u64) -> NaiveDate {
        today - Days::new(days) + Days::new(self.random.random_range(0..=2 * days))
    }

    fn someone<'a>(&mut self, company: &'a Company) -> Option<&'a User> {
        company
            .users
            .iter()
            .filter(|user| user.active)
            .choose(&mut self.random)
    }
}
