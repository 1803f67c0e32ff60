//! `POST {c}/users/{id}/wages`

use chrono::NaiveDate;
use http::Method;
use serde::Deserialize;

use super::{Write, method_not_allowed, read, required};
use crate::seven_shifts::model::Resource;
use crate::seven_shifts::mutation::{Mutation, NewWage};
use crate::seven_shifts::problem::Problem;
use crate::seven_shifts::routes::{Reply, require_plan};
use crate::seven_shifts::wage::WageType;
use crate::seven_shifts::wire::{self, WageWire};

#[derive(Deserialize)]
struct WageBody {
    effective_date: Option<NaiveDate>,
    wage_type: Option<WageType>,
    wage_cents: Option<i64>,
    role_id: Option<i64>,
}

pub fn answer(
    write: &mut Write<'_>,
    method: &Method,
    user_id: &str,
    body: &[u8],
) -> Result<Reply, Problem> {
    require_plan(write.company()?, Resource::Users)?;
    require_plan(write.company()?, Resource::Wages)?;
    let user_id = user_id
        .parse()
        .ok()
        .filter(|id| {
            write
                .company()
                .is_ok_and(|company| company.users.contains(*id))
        })
        .ok_or_else(|| Problem::not_found("User", user_id))?;
    if method != Method::POST {
        return Err(method_not_allowed());
    }
    let body: WageBody = read(body)?;
    let id = write.apply(Mutation::AddWage(NewWage {
        user_id,
        role_id: body.role_id.filter(|id| *id != 0),
        effective_date: required(body.effective_date, "effective_date")?,
        wage_type: required(body.wage_type, "wage_type")?,
        wage_cents: required(body.wage_cents, "wage_cents")?,
        force: false,
    }))?;
    let company = write.company()?;
    company
        .wages
        .get(id)
        .map(|wage| Reply::created(wire::single("user_wage", WageWire::from(wage))))
        .ok_or_else(|| Problem::not_found("Wage", id))
}
