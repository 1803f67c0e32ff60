//! The rates as a caller may see them.

use serde::{Deserialize, Serialize};

use super::amount::half_up;
use super::rates::{Rates, RoleRate, in_steps};

/// What an hour costs, and what that rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    pub cents: i64,
    pub basis: Basis,
    /// The people behind it: one counts in each of their roles.
    pub head_count: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The role's own rate.
    Role,
    /// The average of all rates that the caller is told, by people.
    Blended,
    /// The same average by the people of one location.
    LocationAverage,
}

/// Whoever may not read wages is told some rates only, and everything else that they see is computed
/// from these and from counts of people, so that there is nothing more to be learnt from it. All of it is in whole steps of
/// [`TOLD_STEP_CENTS`](super::TOLD_STEP_CENTS).
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    rates: &'a Rates,
    reads_wages: bool,
}

impl<'a> View<'a> {
    #[must_use]
    pub const fn of(rates: &'a Rates, reads_wages: bool) -> Self {
        Self { rates, reads_wages }
    }

    /// The role of a name, or of an id of ours.
    #[must_use]
    pub fn find(&self, name_or_id: &str) -> Option<&'a RoleRate> {
        self.rates.find(name_or_id)
    }

    /// The rate of a role where it is told.
    #[must_use]
    pub fn told(&self, role: &'a RoleRate) -> Option<Price> {
        let rate = role.rate.as_ref()?;
        let cents = if self.reads_wages {
            rate.average_cents
        } else {
            role.told_cents?
        };
        Some(Price {
            cents,
            basis: Basis::Role,
            head_count: rate.head_count,
        })
    }

    /// The least and the most that somebody in the role earns.
    #[must_use]
    pub fn range(&self, role: &'a RoleRate) -> Option<(i64, i64)> {
        let rate = role.rate.as_ref().filter(|_| self.reads_wages)?;
        Some((rate.minimum_cents, rate.maximum_cents))
    }

    /// The price of a role. `None`: nobody is paid by the hour for it, or its rate is withheld and no
    /// other one is told either.
    #[must_use]
    pub fn role(&self, role: &'a RoleRate) -> Option<Price> {
        self.told(role)
            .or_else(|| role.rate.and_then(|_| self.blended()))
    }

    /// The price of what was worked somewhere. What nobody is paid by the hour for is priced by the average of
    /// where it was.
    #[must_use]
    pub fn work(&self, role: Option<&'a RoleRate>, location_id: Option<&str>) -> Option<Price> {
        match role.filter(|role| role.rate.is_some()) {
            Some(role) => self.role(role),
            None => location_id.map_or_else(|| self.blended(), |id| self.location(id)),
        }
    }

    /// The average of all rates that are told.
    #[must_use]
    pub fn blended(&self) -> Option<Price> {
        let told = self.rates.roles.iter().filter_map(|role| self.told(role));
        self.average(
            told.map(|price| (price.cents, price.head_count)),
            Basis::Blended,
        )
    }

    /// The average by the people of one location, or else of all of them.
    #[must_use]
    pub fn location(&self, location_id: &str) -> Option<Price> {
        let there = self.rates.roles.iter().filter_map(|role| {
            let place = role
                .places
                .iter()
                .find(|place| place.location_id == location_id)?;
            Some((self.told(role)?.cents, place.head_count))
        });
        self.average(there, Basis::LocationAverage)
            .or_else(|| self.blended())
    }

    fn average(&self, rates: impl Iterator<Item = (i64, u32)>, basis: Basis) -> Option<Price> {
        let (sum, count) = rates.fold((0_i128, 0_u32), |(sum, count), (cents, people)| {
            (
                sum + i128::from(cents) * i128::from(people),
                count.saturating_add(people),
            )
        });
        if count == 0 {
            return None;
        }
        let people = i128::from(count);
        let cents = if self.reads_wages {
            half_up(sum, people)
        } else {
            in_steps(sum, people)
        };
        Some(Price {
            cents: i64::try_from(cents).ok()?,
            basis,
            head_count: count,
        })
    }
}
