//! `object: "user_wages"`

use chrono::NaiveDate;
use serde::Serialize;

use super::Offset;
use crate::seven_shifts::model::{Company, User};
use crate::seven_shifts::wage::{Wage, WageType, WagesOn};

/// Past wages are not listed.
#[derive(Serialize)]
pub struct WagesWire<'a> {
    /// That of what is paid now; without a wage the user's own.
    wage_type: Option<TypeWire<'a>>,
    current_wages: Vec<WageWire>,
    upcoming_wages: Vec<WageWire>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum TypeWire<'a> {
    Wage(WageType),
    User(&'a str),
}

#[derive(Serialize)]
pub struct WageWire {
    id: i64,
    effective_date: NaiveDate,
    role_id: Option<i64>,
    wage_type: WageType,
    wage_cents: i64,
    created: Offset,
    modified: Offset,
}

impl<'a> WagesWire<'a> {
    pub fn new(company: &'a Company, user: &'a User, now: i64) -> Self {
        let own = company.wages.iter().filter(|wage| wage.user_id == user.id);
        let on = WagesOn::day(own, company.today(now));
        Self {
            wage_type: on
                .current
                .first()
                .map(|wage| TypeWire::Wage(wage.wage_type))
                .or_else(|| user.wage_type.as_deref().map(TypeWire::User)),
            current_wages: on.current.into_iter().map(WageWire::from).collect(),
            upcoming_wages: on.upcoming.into_iter().map(WageWire::from).collect(),
        }
    }
}

impl From<&Wage> for WageWire {
    fn from(wage: &Wage) -> Self {
        Self {
            id: wage.id,
            effective_date: wage.effective_date,
            role_id: wage.role_id,
            wage_type: wage.wage_type,
            wage_cents: wage.wage_cents,
            created: Offset(wage.created),
            modified: Offset(wage.modified),
        }
    }
}
