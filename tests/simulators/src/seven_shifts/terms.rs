//! What is agreed with the people of a demo account besides their shifts: pay,
//! availability and time off.
//!
//! Drawn from random numbers of its own, after everything else, so that people,
//! shifts and punches are the same with it and without it.

mod absence;
mod hours;
mod pay;

use chrono::{DateTime, NaiveDate};
use rand_chacha::ChaCha8Rng;

use super::accounts::Ids;
use super::model::{Company, User};

const DAY: i64 = 86_400;

/// Agrees on everything with everyone who is active; who left keeps the last
/// wage.
///
/// `salaried` are paid by the year.
pub fn agree(
    company: &mut Company,
    ids: &mut Ids,
    random: &mut ChaCha8Rng,
    now: i64,
    salaried: &[i64],
) {
    let mut terms = Terms {
        today: company.today(now),
        company,
        ids,
        random,
        now,
        salaried,
    };
    terms.settle_categories();
    terms.settle_reasons();
    let people: Vec<User> = terms.company.users.iter().cloned().collect();
    for user in &people {
        terms.agree_on_pay(user);
        if user.active {
            terms.agree_on_hours(user);
            terms.agree_on_absence(user);
        }
    }
}

struct Terms<'a> {
    company: &'a mut Company,
    ids: &'a mut Ids,
    random: &'a mut ChaCha8Rng,
    now: i64,
    salaried: &'a [i64],
    /// In the company's zone.
    today: NaiveDate,
}

impl Terms<'_> {
    /// Who approves and declines.
    fn owner_id(&self) -> Option<i64> {
        self.company.users.iter().next().map(|user| user.id)
    }
}

fn utc_date(unix_seconds: i64) -> NaiveDate {
    DateTime::from_timestamp(unix_seconds, 0)
        .unwrap_or_default()
        .date_naive()
}

fn midnight(date: NaiveDate) -> i64 {
    date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp()
}
