//! When people are away.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::NaiveDate;

use super::wanted;
use crate::seven_shifts::model::Company;
use crate::seven_shifts::paging::{Paging, Selected, SortKey};
use crate::seven_shifts::problem::Problem;
use crate::seven_shifts::query::Query;
use crate::seven_shifts::request_status::RequestStatus;
use crate::seven_shifts::time_off::TimeOff;
use crate::seven_shifts::wire::{self, TimeOffWire, TotalHoursWire};

/// No `object`, no `modified_since`.
pub fn time_off(company: &Company, query: &Query, paging: &Paging<'_>) -> Result<Bytes, Problem> {
    let filter = Filter::read(company, query)?;
    let selected = |off| {
        filter
            .matches(off)
            .then(|| TimeOffWire::new(company.id, off))
    };
    let sort = query.one_of("sort_by", &[("created", true), ("from_date", false)])?;
    let descending = query
        .one_of("sort_dir", &[("asc", false), ("desc", true)])?
        .unwrap_or(false);
    let page = match sort {
        None => paging.by_id(&company.time_off, None, selected)?,
        Some(by_created) => paging.by_key(
            company.time_off.iter().filter_map(|off| {
                selected(off).map(|row| Selected {
                    key: Some(if by_created {
                        SortKey::Number(off.created)
                    } else {
                        SortKey::Text(off.from_date.to_string())
                    }),
                    id: off.id,
                    row,
                })
            }),
            descending,
        )?,
    };
    Ok(wire::list_without_object(&page.rows, page.cursor))
}

struct Filter<'a> {
    company: &'a Company,
    location: Option<i64>,
    user: Option<i64>,
    status: Option<RequestStatus>,
    /// Any text: a company has categories of its own.
    category: Option<&'a str>,
    to_date: Option<NaiveDate>,
}

impl<'a> Filter<'a> {
    fn read(company: &'a Company, query: &'a Query) -> Result<Self, Problem> {
        Ok(Self {
            company,
            location: query.id("location_id")?,
            user: query.id("user_id")?,
            status: query.one_of("status", &RequestStatus::NAMES)?,
            category: query.text("category"),
            to_date: query.day("to_date_gte")?,
        })
    }

    fn matches(&self, off: &TimeOff) -> bool {
        wanted(self.user, off.user_id)
            && self
                .location
                .is_none_or(|id| self.company.works_at(off.user_id, id))
            && self.status.is_none_or(|status| off.status == status)
            && self
                .category
                .is_none_or(|category| off.category == category)
            && self.to_date.is_none_or(|date| off.to_date >= date)
    }
}

/// Approved hours of people in a range of days, by category.
pub fn total_hours(company: &Company, query: &Query) -> Result<Bytes, Problem> {
    let required = |name| {
        query
            .day(name)?
            .ok_or_else(|| Problem::bad_parameter(name, format!("{name} is required.")))
    };
    let first = required("date_start")?;
    let last = required("date_end")?;
    let people = query.repeated_ids("employee_id")?;
    if people.is_empty() {
        return Err(Problem::bad_parameter(
            "employee_id",
            "employee_id is required.",
        ));
    }
    let mut totals: BTreeMap<(i64, &str), i64> = BTreeMap::new();
    let approved = company
        .time_off
        .iter()
        .filter(|off| off.status == RequestStatus::Approved && people.contains(&off.user_id));
    for off in approved {
        let minutes: i64 = off
            .hours
            .iter()
            .filter(|day| (first..=last).contains(&day.date))
            .map(|day| day.minutes)
            .sum();
        if minutes > 0 {
            *totals.entry((off.user_id, &off.category)).or_default() += minutes;
        }
    }
    let rows: Vec<TotalHoursWire<'_>> = totals
        .into_iter()
        .map(|((user_id, category), minutes)| TotalHoursWire::new(user_id, category, minutes))
        .collect();
    Ok(wire::data_only(&rows))
}
