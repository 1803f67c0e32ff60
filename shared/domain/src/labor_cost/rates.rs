//! The rates themselves, from wages and assignments.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::amount::half_up;
use super::{TOLD_STEP_CENTS, privacy};
use crate::place_name::folded;

/// What rates are computed from: the people who are at work, and the roles, as they stand.
#[derive(Clone, Debug, Default)]
pub struct Staff {
    pub roles: Vec<StaffRole>,
    pub people: Vec<StaffMember>,
}

/// A role of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffRole {
    /// Our id.
    pub id: String,
    pub connector_id: String,
    pub external_id: String,
    pub name: String,
}

/// A person of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaffMember {
    pub connector_id: String,
    pub wages: Vec<Wage>,
    pub assignments: Vec<Assignment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wage {
    /// `None`: for whatever the person works as.
    pub external_role_id: Option<String>,
    /// Or a salary.
    pub is_hourly: bool,
    /// Of an hour, none at all where it is not above zero: that is how providers write that nothing is set.
    pub cents: i64,
    /// `YYYY-MM-DD`.
    pub effective_date: String,
    /// Of two of one day the one with the higher number counts.
    pub number: i64,
}

/// A role that a person works as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    pub external_role_id: String,
    /// Our id.
    pub location_id: Option<String>,
}

/// Every role of an organization by its name, in the order of the folded names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    pub roles: Vec<RoleRate>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleRate {
    /// As the first of the spellings has it.
    pub name: String,
    pub folded_name: String,
    /// Ours, of all roles of the name.
    pub ids: Vec<String>,
    /// `None`: nobody is paid by the hour for it.
    pub rate: Option<Rate>,
    /// What may be told to whoever may not read wages, if anything, in whole steps of [`TOLD_STEP_CENTS`].
    pub told_cents: Option<i64>,
    /// Who is in the rate, by where they work as this.
    pub places: Vec<Place>,
}

/// Cents an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    pub average_cents: i64,
    pub minimum_cents: i64,
    pub maximum_cents: i64,
    /// Each person once.
    pub head_count: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub location_id: String,
    pub head_count: u32,
}

impl Rates {
    /// The rates of a day, `YYYY-MM-DD`, local to the organization.
    #[must_use]
    pub fn of(staff: &Staff, today: &str) -> Self {
        let names = Names::of(&staff.roles);
        let mut sums: Vec<Sum<'_>> = vec![Sum::default(); names.roles.len()];
        let mut shared = privacy::Shares::default();
        for person in &staff.people {
            let paid = paid(person, &names, today);
            for (role, wages) in &paid {
                let Some(sum) = sums.get_mut(*role) else {
                    continue;
                };
                sum.add(&person.connector_id, mean(wages.values().copied()));
                for place in places(person, &names, *role) {
                    *sum.places.entry(place).or_default() += 1;
                }
            }
            shared.add(&person.connector_id, &paid);
        }
        let told = shared.told(sums.len());
        let roles = names
            .roles
            .into_iter()
            .zip(sums)
            .zip(told)
            .map(|(((folded_name, role), sum), is_told)| RoleRate {
                name: role.name.to_owned(),
                folded_name,
                ids: role.ids.into_iter().map(str::to_owned).collect(),
                rate: sum.rate(),
                told_cents: sum.told_cents().filter(|_| is_told),
                places: sum.places(),
            })
            .collect();
        Self { roles }
    }

    /// The role of a name, however it is written, or of an id of ours.
    #[must_use]
    pub fn find(&self, name_or_id: &str) -> Option<&RoleRate> {
        let wanted = folded(name_or_id);
        let named = self
            .roles
            .binary_search_by(|role| role.folded_name.as_str().cmp(&wanted));
        match named {
            Ok(index) => self.roles.get(index),
            Err(_) => self.roles.iter().find(|role| {
                role.ids
                    .iter()
                    .any(|id| id.eq_ignore_ascii_case(name_or_id))
            }),
        }
    }
}

/// The wages that count for each role of a person, by the place of the wage: its value is what two
/// roles have in common.
type Paid = BTreeMap<usize, BTreeMap<usize, i64>>;

/// Current is, of each role, the wage with the latest day that has come. One without a role holds for
/// what the person works as and has no current wage of its own for; a salary takes the person out.
fn paid(person: &StaffMember, names: &Names<'_>, today: &str) -> Paid {
    let mut current: BTreeMap<Option<&str>, (usize, &Wage)> = BTreeMap::new();
    for (place, wage) in person.wages.iter().enumerate() {
        let is_set = !wage.is_hourly || wage.cents > 0;
        if !is_set || wage.effective_date.as_str() > today {
            continue;
        }
        let later = (wage.effective_date.as_str(), wage.number, place);
        let held = current
            .entry(wage.external_role_id.as_deref())
            .or_insert((place, wage));
        if later > (held.1.effective_date.as_str(), held.1.number, held.0) {
            *held = (place, wage);
        }
    }
    let everywhere = current.get(&None).copied();
    let own = current
        .iter()
        .filter_map(|(role, paid)| Some(((*role)?, *paid)));
    let by_assignment = person
        .assignments
        .iter()
        .map(|work| work.external_role_id.as_str())
        .filter(|role| !current.contains_key(&Some(role)))
        .filter_map(|role| Some((role, everywhere?)));
    let mut paid = Paid::new();
    for (external_id, (place, wage)) in own.chain(by_assignment) {
        let role = names.find(&person.connector_id, external_id);
        if let Some(role) = role.filter(|_| wage.is_hourly) {
            paid.entry(role).or_default().insert(place, wage.cents);
        }
    }
    paid
}

/// Where a person works as a role, each location once.
fn places<'a>(person: &'a StaffMember, names: &Names<'_>, role: usize) -> BTreeSet<&'a str> {
    person
        .assignments
        .iter()
        .filter(|work| names.find(&person.connector_id, &work.external_role_id) == Some(role))
        .filter_map(|work| work.location_id.as_deref())
        .collect()
}

/// In whole cents.
fn mean(cents: impl ExactSizeIterator<Item = i64>) -> i64 {
    let count = i128::try_from(cents.len()).unwrap_or(i128::MAX).max(1);
    let sum: i128 = cents.map(i128::from).sum();
    // Between the lowest and the highest of them.
    i64::try_from(half_up(sum, count)).unwrap_or(i64::MAX)
}

/// `sum / count` in whole steps of what is told, halves upwards.
pub(super) fn in_steps(sum: i128, count: i128) -> i128 {
    let step = i128::from(TOLD_STEP_CENTS);
    half_up(sum, count * step) * step
}

/// The roles by their names.
struct Names<'a> {
    roles: Vec<(String, Named<'a>)>,
    by_external_id: HashMap<(&'a str, &'a str), usize>,
}

struct Named<'a> {
    name: &'a str,
    ids: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(roles: &'a [StaffRole]) -> Self {
        let mut by_name: BTreeMap<String, Named<'a>> = BTreeMap::new();
        let folded: Vec<_> = roles.iter().map(|role| folded(&role.name)).collect();
        for (role, name) in roles.iter().zip(&folded) {
            let named = by_name.entry(name.clone()).or_insert_with(|| Named {
                name: &role.name,
                ids: BTreeSet::new(),
            });
            named.name = named.name.min(&role.name);
            named.ids.insert(&role.id);
        }
        let places: HashMap<_, _> = by_name.keys().zip(0..).collect();
        let by_external_id = roles
            .iter()
            .zip(&folded)
            .filter_map(|(role, name)| {
                let key = (role.connector_id.as_str(), role.external_id.as_str());
                Some((key, *places.get(name)?))
            })
            .collect();
        Self {
            by_external_id,
            roles: by_name.into_iter().collect(),
        }
    }

    fn find(&self, connector_id: &str, external_id: &str) -> Option<usize> {
        self.by_external_id
            .get(&(connector_id, external_id))
            .copied()
    }
}

/// Of what the people in a role earn.
#[derive(Clone, Default)]
struct Sum<'a> {
    cents: i128,
    minimum: i64,
    maximum: i64,
    head_count: u32,
    /// Cents and people of each account.
    accounts: BTreeMap<&'a str, (i128, u32)>,
    places: BTreeMap<&'a str, u32>,
}

impl<'a> Sum<'a> {
    fn add(&mut self, connector_id: &'a str, cents: i64) {
        if self.head_count == 0 {
            (self.minimum, self.maximum) = (cents, cents);
        }
        self.minimum = self.minimum.min(cents);
        self.maximum = self.maximum.max(cents);
        self.cents += i128::from(cents);
        self.head_count += 1;
        let (sum, count) = self.accounts.entry(connector_id).or_default();
        *sum += i128::from(cents);
        *count += 1;
    }

    /// Each account is rounded by itself first: whoever knows the wages of one could otherwise choose them so
    /// that the rounding of all gives away those of another.
    fn told_cents(&self) -> Option<i64> {
        let rounded = self.accounts.values().map(|(sum, count)| {
            let count = i128::from(*count);
            in_steps(*sum, count) * count
        });
        let cents = in_steps(rounded.sum(), i128::from(self.head_count.max(1)));
        i64::try_from(cents).ok().filter(|_| self.head_count > 0)
    }

    fn rate(&self) -> Option<Rate> {
        let average = || half_up(self.cents, i128::from(self.head_count));
        (self.head_count > 0).then(|| Rate {
            average_cents: i64::try_from(average()).unwrap_or(self.maximum),
            minimum_cents: self.minimum,
            maximum_cents: self.maximum,
            head_count: self.head_count,
        })
    }

    fn places(&self) -> Vec<Place> {
        self.places
            .iter()
            .map(|(location_id, head_count)| Place {
                location_id: (*location_id).to_owned(),
                head_count: *head_count,
            })
            .collect()
    }
}
