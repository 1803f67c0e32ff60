//! Labour cost, as its callers see it: against what the simulated account holds.

mod daily;
mod pricing;
mod rates;
mod seen;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use http::StatusCode;
use serde_json::Value;
use simulators::seven_shifts::{
    Assignments, Mutation, NewUser, NewWage, Role, Truth, Wage, WageType,
};
use whole_system::{Account, App, LAKESHORE};

use crate::sync::pass;

/// A Monday in Toronto, 10:13.
const TODAY: &str = "2026-09-21";

fn truth(app: &App) -> Truth {
    truth_of(app, LAKESHORE)
}

fn truth_of(app: &App, account: Account) -> Truth {
    let provider = app.simulator.provider();
    provider.truth(account.company_id).expect("the account")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn half_up(sum: i64, count: i64) -> i64 {
    (2 * sum + count).div_euclid(2 * count)
}

/// What people earn an hour in a role: each person once.
type Earners = BTreeMap<i64, i64>;

/// By the name of the role, from the account itself: person by person and role by role.
fn earners(truth: &Truth) -> BTreeMap<String, Earners> {
    let mut found: BTreeMap<String, Earners> = BTreeMap::new();
    let names: BTreeSet<_> = truth.roles.iter().map(|role| role.name.as_str()).collect();
    for name in names {
        let roles: Vec<&Role> = truth
            .roles
            .iter()
            .filter(|role| role.name == name)
            .collect();
        let of_name = found.entry(name.to_owned()).or_default();
        for user in truth.users.iter().filter(|user| user.active) {
            let paid = |role_id: Option<i64>| -> Option<&Wage> {
                let of = truth
                    .current_wages
                    .iter()
                    .filter(|wage| wage.user_id == user.id);
                of.filter(|wage| wage.role_id == role_id)
                    .max_by_key(|wage| (wage.effective_date, wage.id))
            };
            let mut wages = BTreeMap::new();
            for role in &roles {
                let everywhere = || {
                    let works = user.assignments.role_ids.contains(&role.id);
                    paid(None).filter(|_| works)
                };
                if let Some(wage) = paid(Some(role.id)).or_else(everywhere)
                    && wage.wage_type == WageType::Hourly
                    && wage.wage_cents > 0
                {
                    wages.insert(wage.id, wage.wage_cents);
                }
            }
            if let Ok(count @ 1..) = i64::try_from(wages.len()) {
                of_name.insert(user.id, half_up(wages.values().sum(), count));
            }
        }
    }
    found
}

fn average(cents: impl ExactSizeIterator<Item = i64>) -> Option<i64> {
    let count = i64::try_from(cents.len()).expect("few");
    (count > 0).then(|| half_up(cents.sum(), count))
}

/// Every row of the list of rates.
async fn rates(app: &App, key: &str) -> BTreeMap<String, Value> {
    let rows = app.all("/api/costing/rates", key).await;
    rows.into_iter()
        .map(|row| (row["role"].as_str().expect("a name").to_owned(), row))
        .collect()
}

/// Hires people for one role, at these wages an hour.
fn hire(app: &App, role: &Role, wages: &[i64]) -> Vec<i64> {
    hire_at(app, LAKESHORE, role, wages)
}

fn hire_at(app: &App, account: Account, role: &Role, wages: &[i64]) -> Vec<i64> {
    let hired = wages.iter().map(|cents| {
        let user_id = change_at(
            app,
            account,
            Mutation::AddUser(NewUser {
                assignments: Assignments {
                    location_ids: BTreeSet::from([role.location_id]),
                    department_ids: BTreeSet::from([role.department_id]),
                    role_ids: BTreeSet::from([role.id]),
                    primary_role_id: Some(role.id),
                },
                ..NewUser::default()
            }),
        );
        change_at(app, account, paid(user_id, Some(role.id), *cents, TODAY));
        user_id
    });
    hired.collect()
}

fn paid(user_id: i64, role_id: Option<i64>, wage_cents: i64, from: &str) -> Mutation {
    Mutation::AddWage(NewWage {
        user_id,
        role_id,
        effective_date: day(from),
        wage_cents,
        ..NewWage::default()
    })
}

/// A new role of the first department.
fn add_role(app: &App, name: &str) -> Role {
    add_role_at(app, LAKESHORE, name)
}

fn add_role_at(app: &App, account: Account, name: &str) -> Role {
    let department_id = truth_of(app, account).departments[0].id;
    let name = name.to_owned();
    let id = change_at(
        app,
        account,
        Mutation::AddRole {
            department_id,
            name,
        },
    );
    let roles = truth_of(app, account).roles;
    roles
        .into_iter()
        .find(|role| role.id == id)
        .expect("it is there")
}

async fn priced(app: &App, key: &str, body: Value) -> Value {
    let answer = app.post("/api/costing/labor", key, body).await;
    answer.expect(StatusCode::OK)
}

/// Makes a change in any account.
fn change_at(app: &App, account: Account, mutation: Mutation) -> i64 {
    let changed = app
        .simulator
        .provider()
        .mutate(account.company_id, mutation);
    changed
        .expect("the change is possible")
        .id
        .unwrap_or_default()
}

/// What they are told who may not read wages: whole 25 cents.
fn told(cents: i64) -> i64 {
    half_up(cents, 25) * 25
}

/// Until the next look at the account.
async fn later() {
    pass(60).await;
}
