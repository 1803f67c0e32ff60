//! When people can work, and why not.

use bytes::Bytes;
use chrono::{Days, NaiveDate};

use super::wanted;
use crate::seven_shifts::availability::Availability;
use crate::seven_shifts::model::Company;
use crate::seven_shifts::paging::{Paging, Selected, SortKey};
use crate::seven_shifts::problem::Problem;
use crate::seven_shifts::query::Query;
use crate::seven_shifts::request_status::RequestStatus;
use crate::seven_shifts::wire::{self, AvailabilityReasonWire, AvailabilityWire};

/// The object is named in the singular, unlike any other list's.
pub fn availabilities(
    company: &Company,
    query: &Query,
    paging: &Paging<'_>,
) -> Result<Bytes, Problem> {
    let filter = Filter::read(company, query)?;
    let selected = |row| {
        filter
            .matches(row)
            .then(|| AvailabilityWire::new(company.id, row))
    };
    let page = match order(query)? {
        None => paging.by_id(&company.availabilities, None, selected)?,
        Some((field, descending)) => paging.by_key(
            company.availabilities.iter().filter_map(|row| {
                selected(row).map(|wire| Selected {
                    key: Some(field.of(row)),
                    id: row.id,
                    row: wire,
                })
            }),
            descending,
        )?,
    };
    Ok(wire::list("availability", &page.rows, page.cursor))
}

pub fn availability_reasons(company: &Company, paging: &Paging<'_>) -> Result<Bytes, Problem> {
    let page = paging.by_id(&company.availability_reasons, None, |row| {
        Some(AvailabilityReasonWire::new(company.id, row))
    })?;
    Ok(wire::list("availability_reasons", &page.rows, page.cursor))
}

struct Filter<'a> {
    company: &'a Company,
    location: Option<i64>,
    user: Option<i64>,
    status: Option<RequestStatus>,
    repeating: Option<bool>,
    week: Option<NaiveDate>,
    week_to: Option<NaiveDate>,
}

impl<'a> Filter<'a> {
    fn read(company: &'a Company, query: &Query) -> Result<Self, Problem> {
        Ok(Self {
            company,
            location: query.id("location_id")?,
            user: query.id("user_id")?,
            status: query.one_of("status", &RequestStatus::NAMES)?,
            repeating: query.boolean("repeating")?,
            week: query.day("week_gte")?,
            week_to: query.day("week_to_include_repeating_gte")?,
        })
    }

    fn matches(&self, row: &Availability) -> bool {
        wanted(self.user, row.user_id)
            && self
                .location
                .is_none_or(|id| self.company.works_at(row.user_id, id))
            && self.status.is_none_or(|status| row.status == status)
            && self
                .repeating
                .is_none_or(|repeating| row.repeat == repeating)
            && self
                .week
                .is_none_or(|date| row.week.is_some_and(|week| week >= date))
            && self.week_to.is_none_or(|date| is_in_force(row, date))
    }
}

/// Not over before `date`. What repeats without an end never is.
fn is_in_force(row: &Availability, date: NaiveDate) -> bool {
    let end_of_week = || {
        row.week
            .and_then(|week| week.checked_add_days(Days::new(6)))
    };
    match row.week_to {
        Some(last) => last >= date,
        None => row.repeat || end_of_week().is_some_and(|last| last >= date),
    }
}

#[derive(Clone, Copy)]
enum Order {
    Week,
    Created,
    Modified,
}

impl Order {
    fn of(self, row: &Availability) -> SortKey {
        match self {
            // Without a week first: the empty text.
            Self::Week => SortKey::Text(row.week.map(|week| week.to_string()).unwrap_or_default()),
            Self::Created => SortKey::Number(row.created),
            Self::Modified => SortKey::Number(row.modified),
        }
    }
}

/// `order_field` with `order_dir`. The fields are not documented: these are
/// inferred.
fn order(query: &Query) -> Result<Option<(Order, bool)>, Problem> {
    let field = query.one_of(
        "order_field",
        &[
            ("week", Order::Week),
            ("created", Order::Created),
            ("modified", Order::Modified),
        ],
    )?;
    let descending = query
        .one_of("order_dir", &[("asc", false), ("desc", true)])?
        .unwrap_or(false);
    Ok(field.map(|field| (field, descending)))
}
