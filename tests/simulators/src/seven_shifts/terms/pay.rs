//! Wages with a history.

use chrono::{Days, NaiveDate};
use rand::Rng as _;

use super::{DAY, Terms, midnight, utc_date};
use crate::seven_shifts::accounts::take;
use crate::seven_shifts::demo;
use crate::seven_shifts::model::{User, UserType};
use crate::seven_shifts::wage::{Wage, WageType};

impl Terms<'_> {
    /// What the user says of itself is what its main role pays now.
    pub(super) fn agree_on_pay(&mut self, user: &User) {
        if let Some((wage_type, cents)) = self.salary(user) {
            self.pay(user, None, wage_type, cents);
            return;
        }
        let primary = user.assignments.primary_role_id;
        self.pay(user, primary, WageType::Hourly, user.hourly_wage);
        let others: Vec<(i64, i64)> = user
            .assignments
            .role_ids
            .iter()
            .filter(|id| Some(**id) != primary)
            .filter_map(|id| self.company.roles.get(*id))
            .map(|role| {
                (
                    role.id,
                    demo::usual_wage(&role.name).unwrap_or(user.hourly_wage),
                )
            })
            .collect();
        for (role_id, cents) in others {
            self.pay(user, Some(role_id), WageType::Hourly, cents);
        }
    }

    /// The owner by the week, some by the year.
    fn salary(&self, user: &User) -> Option<(WageType, i64)> {
        if user.kind == UserType::Employer {
            return Some((WageType::WeeklySalary, user.hourly_wage));
        }
        self.salaried
            .contains(&user.id)
            .then_some((WageType::AnnualSalary, user.hourly_wage * 40 * 52))
    }

    /// `cents` is what is paid today. Most have been raised in the last months,
    /// some will be.
    fn pay(&mut self, user: &User, role_id: Option<i64>, wage_type: WageType, cents: i64) {
        let hired = utc_date(user.created);
        let raised = self.today - Days::new(self.random.random_range(10..150));
        let wage = |effective_date, wage_cents| (effective_date, wage_cents);
        let mut history = Vec::new();
        if raised > hired && self.random.random_bool(0.7) {
            history.push(wage(hired, cents * 95 / 100));
            history.push(wage(raised, cents));
        } else {
            history.push(wage(hired, cents));
        }
        if user.active && self.random.random_bool(0.25) {
            let date = self.today + Days::new(self.random.random_range(3..40));
            history.push(wage(date, cents * 104 / 100));
        }
        for (effective_date, wage_cents) in history {
            let created = self.agreed_at(effective_date, user.created);
            let id = take(&mut self.ids.wage);
            self.company.wages.insert(Wage {
                id,
                user_id: user.id,
                role_id,
                effective_date,
                wage_type,
                wage_cents,
                created,
                modified: created,
            });
        }
    }

    /// Some days ahead, but not before the hire and not in the future.
    fn agreed_at(&mut self, effective_date: NaiveDate, hired: i64) -> i64 {
        let ahead = self.random.random_range(DAY..9 * DAY);
        (midnight(effective_date) - ahead)
            .min(self.now - ahead)
            .max(hired)
    }
}
