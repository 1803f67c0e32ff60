//! Which rates may be told without giving away those that may not.
//!
//! A rate is a sum of wages over a count of people. One wage may be in several of these sums, for a wage
//! without a role holds for all that its person works as. So sums that are told may add up to one that is
//! not: a chef's wage is the difference between all cooks with the chef and all without. A role is
//! therefore told only if no combination of told sums is the sum of a role with fewer than [`TOLD_FROM`]
//! people, which is a question of linear algebra: whether one row of a matrix is in the span of others.
//!
//! Whoever connects accounts may know every wage of one, and subtract it: what is left are the sums of the
//! people of the others. So the question is asked of each account by itself, as if nobody else were there, and a role
//! is told only if all accounts with people in it say so. A combination that gives away the sum of a few people of
//! some accounts gives away that of each of these accounts alone, which makes this enough for any of them together. And
//! what an account says depends on its own rows only: whoever adds people to another one cannot have it say more.
//!
//! Wages that are in the same sums are one column: 20,000 people are a few hundred. By what share a wage is in a
//! sum makes no difference. It is less than a whole one only where a person has several wages for a role, and all of
//! these but one are the role's own and in no other sum: such a column decides the role by itself.
//! Most columns then answer the question by themselves ([`Matrix::peel`]); what is left is eliminated,
//! modulo a prime. A combination of fractions is one modulo the prime too, unless the prime divides a
//! denominator, which 2^61 - 1 does not by chance.

use std::collections::{BTreeMap, BTreeSet};

use super::TOLD_FROM;

/// 2^61 - 1.
const PRIME: u64 = 2_305_843_009_213_693_951;
/// Multiplications of one elimination. A role whose turn comes later is withheld: nobody's roles are
/// like that, but a run has an end.
const MAX_STEPS: usize = 50_000_000;

/// In which sums each wage is, account by account.
#[derive(Debug, Default)]
pub(super) struct Shares<'a> {
    accounts: BTreeMap<&'a str, Account>,
}

impl<'a> Shares<'a> {
    /// Adds a person of an account: the wages for each role, by their places.
    pub(super) fn add(
        &mut self,
        connector_id: &'a str,
        paid: &BTreeMap<usize, BTreeMap<usize, i64>>,
    ) {
        let account = self.accounts.entry(connector_id).or_default();
        let mut by_wage: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (role, wages) in paid {
            *account.head_counts.entry(*role).or_default() += 1;
            for wage in wages.keys() {
                by_wage.entry(*wage).or_default().push(*role);
            }
        }
        account.columns.extend(by_wage.into_values());
    }

    /// Which of so many roles may be told: those that all accounts with people in them tell.
    pub(super) fn told(&self, roles: usize) -> Vec<bool> {
        let mut told = vec![None; roles];
        for account in self.accounts.values() {
            for (role, is_told) in account.told(roles) {
                if let Some(so_far) = told.get_mut(role) {
                    *so_far = Some(is_told && so_far.unwrap_or(true));
                }
            }
        }
        told.into_iter().map(Option::unwrap_or_default).collect()
    }
}

#[derive(Debug, Default)]
struct Account {
    /// The roles of a wage, each such set once.
    columns: BTreeSet<Vec<usize>>,
    /// The people in each role.
    head_counts: BTreeMap<usize, u32>,
}

impl Account {
    /// Whether each role that somebody is in may be told: as many as may, the largest first.
    fn told(&self, roles: usize) -> impl Iterator<Item = (usize, bool)> {
        let head_counts: Vec<u32> = (0..roles)
            .map(|role| self.head_counts.get(&role).copied().unwrap_or_default())
            .collect();
        let mut matrix = Matrix {
            columns: self.columns.iter().map(Vec::as_slice).collect(),
            standing: head_counts
                .iter()
                .map(|count| match count {
                    0 => Standing::Withheld,
                    1..TOLD_FROM => Standing::Small,
                    _ => Standing::Open,
                })
                .collect(),
        };
        matrix.peel();
        if matrix.roles(Standing::Small).next().is_some() {
            matrix.eliminate(&head_counts);
        }
        matrix
            .standing
            .into_iter()
            .map(|standing| matches!(standing, Standing::Told | Standing::Open))
            .zip(head_counts)
            .enumerate()
            .filter(|(_, (_, head_count))| *head_count > 0)
            .map(|(role, (is_told, _))| (role, is_told))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// To be decided.
    Open,
    /// In no combination that gives away a small role.
    Told,
    /// Too small to be told, and some combination may give it away.
    Small,
    /// Too small, without a rate, or else it would give one away.
    Withheld,
}

struct Matrix<'a> {
    columns: Vec<&'a [usize]>,
    standing: Vec<Standing>,
}

impl Matrix<'_> {
    /// Decides what single columns decide, until none does. A small role with a wage that is in no open
    /// sum is safe. An open role with a wage that is in no other sum of those in question can be in no
    /// combination that is one of them.
    fn peel(&mut self) {
        let mut has_changed = true;
        while has_changed {
            has_changed = false;
            for column in &self.columns {
                let (mut open, mut small) = (Vec::new(), Vec::new());
                for role in *column {
                    match self.standing.get(*role) {
                        Some(Standing::Open) => open.push(*role),
                        Some(Standing::Small) => small.push(*role),
                        _ => {}
                    }
                }
                let (decided, standing) = match (open.as_slice(), small.is_empty()) {
                    ([], false) => (small, Standing::Withheld),
                    ([_], true) => (open, Standing::Told),
                    _ => continue,
                };
                for role in decided {
                    if let Some(before) = self.standing.get_mut(role) {
                        *before = standing;
                        has_changed = true;
                    }
                }
            }
        }
    }

    /// Decides the rest: from the largest role down, each is told unless a small one is then in the span
    /// of what is told.
    fn eliminate(&mut self, head_counts: &[u32]) {
        let mut open: Vec<_> = self.roles(Standing::Open).collect();
        let size = |role: &usize| head_counts.get(*role).copied().unwrap_or_default();
        open.sort_by_key(|role| (std::cmp::Reverse(size(role)), *role));
        let rows = self.rows();
        let row = |role: &usize| rows.get(role).cloned().unwrap_or_default();
        let mut small: Vec<Row> = self.roles(Standing::Small).map(|role| row(&role)).collect();
        let mut span = Span::default();
        for role in open {
            let standing = if span.takes(row(&role), &mut small) {
                Standing::Told
            } else {
                Standing::Withheld
            };
            if let Some(before) = self.standing.get_mut(role) {
                *before = standing;
            }
        }
    }

    fn roles(&self, standing: Standing) -> impl Iterator<Item = usize> {
        self.standing
            .iter()
            .enumerate()
            .filter(move |(_, of)| **of == standing)
            .map(|(role, _)| role)
    }

    /// The rows of the roles in question, over the columns that they are in.
    fn rows(&self) -> BTreeMap<usize, Row> {
        let is_in_question = |role: usize| {
            let standing = self.standing.get(role);
            matches!(standing, Some(Standing::Open | Standing::Small))
        };
        let columns = self
            .columns
            .iter()
            .filter(|column| column.iter().any(|role| is_in_question(*role)));
        let width = columns.clone().count();
        let mut rows: BTreeMap<usize, Row> = BTreeMap::new();
        for (place, column) in columns.enumerate() {
            for role in column.iter().filter(|role| is_in_question(**role)) {
                let row = rows.entry(*role).or_insert_with(|| vec![0; width]);
                if let Some(value) = row.get_mut(place) {
                    *value = 1;
                }
            }
        }
        rows
    }
}

/// Modulo [`PRIME`].
type Row = Vec<u64>;

/// What combinations of told rows there are.
#[derive(Default)]
struct Span {
    /// Each with its first value 1, at that place, where all later ones have none.
    rows: Vec<(usize, Row)>,
    steps: usize,
}

impl Span {
    /// Takes a row in unless one of the `small` ones, which are kept reduced, is in the span then.
    fn takes(&mut self, mut row: Row, small: &mut [Row]) -> bool {
        self.steps += row.len() * (self.rows.len() + small.len());
        if self.steps > MAX_STEPS {
            return false;
        }
        for (pivot, before) in &self.rows {
            clear(&mut row, *pivot, before);
        }
        let Some(pivot) = row.iter().position(|value| *value != 0) else {
            // It can be computed from what is told already, so telling it tells nothing.
            return true;
        };
        let scale = inverse(row.get(pivot).copied().unwrap_or(1));
        for value in &mut row {
            *value = times(*value, scale);
        }
        let mut reduced = small.to_vec();
        for one in &mut reduced {
            clear(one, pivot, &row);
            if one.iter().all(|value| *value == 0) {
                return false;
            }
        }
        small.clone_from_slice(&reduced);
        self.rows.push((pivot, row));
        true
    }
}

/// Subtracts so much of `by` that nothing is left at its pivot.
fn clear(row: &mut [u64], pivot: usize, by: &[u64]) {
    let factor = row.get(pivot).copied().unwrap_or_default();
    if factor == 0 {
        return;
    }
    let factor = PRIME - factor;
    for (value, other) in row.iter_mut().zip(by) {
        let sum = *value + times(*other, factor);
        *value = if sum >= PRIME { sum - PRIME } else { sum };
    }
}

fn times(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    let (low, high) = (product & u128::from(PRIME), product >> 61);
    let sum = low + high;
    let reduced = sum.checked_sub(u128::from(PRIME)).unwrap_or(sum);
    u64::try_from(reduced).unwrap_or_default()
}

/// By Fermat; of what is not 0.
fn inverse(value: u64) -> u64 {
    let (mut result, mut base, mut exponent) = (1, value % PRIME, PRIME - 2);
    while exponent > 0 {
        if exponent % 2 == 1 {
            result = times(result, base);
        }
        base = times(base, base);
        exponent /= 2;
    }
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_prime_is_what_it_says() {
        assert_eq!(PRIME, (1 << 61) - 1);
    }

    proptest! {
        #[test]
        fn products_and_inverses_are_those_of_the_field(one in 1..PRIME, other in 0..PRIME) {
            let expected = u128::from(one) * u128::from(other) % u128::from(PRIME);
            prop_assert_eq!(u128::from(times(one, other)), expected);
            prop_assert_eq!(times(one, inverse(one)), 1);
        }
    }
}
