//! The rates against a slow and obvious way to them, and what they give away.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::place_name::folded;

const TODAY: &str = "2026-03-14";

fn role(external_id: &str, name: &str) -> StaffRole {
    StaffRole {
        id: format!("id-{external_id}"),
        connector_id: "c".to_owned(),
        external_id: external_id.to_owned(),
        name: name.to_owned(),
    }
}

fn wage(role: Option<&str>, cents: i64, effective_date: &str, number: i64) -> Wage {
    Wage {
        external_role_id: role.map(str::to_owned),
        is_hourly: true,
        cents,
        effective_date: effective_date.to_owned(),
        number,
    }
}

/// Somebody with one wage for whatever they do.
fn works_as(roles: &[&str], cents: i64) -> StaffMember {
    person(vec![wage(None, cents, "2026-01-01", 1)], roles)
}

fn person(wages: Vec<Wage>, roles: &[&str]) -> StaffMember {
    StaffMember {
        connector_id: "c".to_owned(),
        wages,
        assignments: roles
            .iter()
            .map(|role| Assignment {
                external_role_id: (*role).to_owned(),
                location_id: Some("here".to_owned()),
            })
            .collect(),
    }
}

fn rates(roles: &[StaffRole], people: Vec<StaffMember>) -> Rates {
    let roles = roles.to_vec();
    Rates::of(&Staff { roles, people }, TODAY)
}

fn rate(rates: &Rates, name: &str) -> Option<(i64, i64, i64, u32)> {
    let rate = rates.find(name).unwrap().rate?;
    Some((
        rate.average_cents,
        rate.minimum_cents,
        rate.maximum_cents,
        rate.head_count,
    ))
}

#[test]
fn the_current_wage_of_a_role_is_the_latest_that_has_come() {
    let roles = [role("1", "Cook")];
    let of = |wages| rate(&rates(&roles, vec![person(wages, &["1"])]), "cook");
    let one = |cents| Some((cents, cents, cents, 1));
    let own = |cents, date, number| wage(Some("1"), cents, date, number);
    assert_eq!(
        of(vec![own(1_500, "2025-01-01", 1), own(1_700, TODAY, 2)]),
        one(1_700)
    );
    assert_eq!(
        of(vec![
            own(1_500, "2025-01-01", 1),
            own(1_700, "2026-03-15", 2)
        ]),
        one(1_500),
        "a raise of tomorrow"
    );
    assert_eq!(
        of(vec![own(1_600, TODAY, 9), own(1_700, TODAY, 10)]),
        one(1_700),
        "two of one day"
    );
    assert_eq!(
        of(vec![
            wage(None, 1_500, TODAY, 1),
            own(1_700, "2020-01-01", 2)
        ]),
        one(1_700),
        "its own wage before the one for everything"
    );
    assert_eq!(
        of(vec![
            wage(None, 1_500, TODAY, 1),
            own(1_700, "2027-01-01", 2)
        ]),
        one(1_500),
        "its own wage has not come"
    );
    let mut salary = own(6_500_000, TODAY, 3);
    salary.is_hourly = false;
    assert_eq!(of(vec![own(1_500, "2025-01-01", 1), salary.clone()]), None);
    assert_eq!(of(vec![wage(None, 1_500, TODAY, 1), salary]), None);
    assert_eq!(of(Vec::new()), None);
}

#[test]
fn a_name_is_one_role_wherever_it_is_and_a_person_counts_once_in_it() {
    let roles = [
        role("1", "Line Cook"),
        role("2", "LINE  cook"),
        role("3", "Dish"),
    ];
    let both = person(
        vec![
            wage(Some("1"), 1_800, TODAY, 1),
            wage(Some("2"), 1_901, TODAY, 2),
        ],
        &["1", "2"],
    );
    let rates = rates(&roles, vec![both, works_as(&["2"], 2_000)]);
    // 18.505 goes up, and so does (18.51 + 20.00) / 2.
    assert_eq!(rate(&rates, "line cook"), Some((1_926, 1_851, 2_000, 2)));
    let found = rates.find("id-2").unwrap();
    assert_eq!((found.name.as_str(), found.ids.len()), ("LINE  cook", 2));
    assert_eq!(rates.find("Sommelier"), None);
    assert_eq!(rate(&rates, "dish"), None);
}

#[test]
fn one_who_is_everywhere_gives_nobody_away_by_subtraction() {
    let roles = [role("1", "Cook"), role("2", "Chef"), role("3", "Kitchen")];
    let cooks = || (0..5).map(|more| works_as(&["1", "3"], 1_500 + more));
    let told = |people: Vec<StaffMember>| -> Vec<_> {
        let rates = rates(&roles, people);
        let told = rates.roles.iter().filter(|role| role.is_told);
        told.map(|role| role.name.clone()).collect()
    };
    // Kitchen less cooks is the chef: the smaller of the two is not told.
    let chef = works_as(&["2", "3"], 4_000);
    assert_eq!(told(cooks().chain([chef]).collect()), ["Kitchen"]);
    // Somebody else in the kitchen, and nothing is known of the chef.
    let chef = works_as(&["2", "3"], 4_000);
    let porter = works_as(&["3"], 1_400);
    assert_eq!(
        told(cooks().chain([chef, porter]).collect()),
        ["Cook", "Kitchen"]
    );
    // Nor where the chef has a wage of the role's own.
    let own = person(
        vec![
            wage(Some("2"), 4_000, TODAY, 1),
            wage(Some("3"), 3_000, TODAY, 2),
        ],
        &["2", "3"],
    );
    assert_eq!(told(cooks().chain([own]).collect()), ["Cook", "Kitchen"]);
}

#[test]
fn a_role_that_is_too_small_is_priced_by_those_that_are_told() {
    let roles = [role("1", "Cook"), role("2", "Chef"), role("3", "Host")];
    let mut people: Vec<_> = (0..4).map(|_| works_as(&["1"], 1_800)).collect();
    people.extend((0..3).map(|_| works_as(&["3"], 1_500)));
    people.extend([works_as(&["2"], 4_000), works_as(&["2"], 5_000)]);
    let rates = rates(&roles, people);
    let price = |reads_wages, name| {
        let view = View::of(&rates, reads_wages);
        view.role(rates.find(name).unwrap()).unwrap()
    };
    let is = |cents, basis, head_count| Price {
        cents,
        basis,
        head_count,
    };
    assert_eq!(price(true, "chef"), is(4_500, Basis::Role, 2));
    // (4 × 18.00 + 3 × 15.00) / 7 = 16.714…
    assert_eq!(price(false, "chef"), is(1_671, Basis::Blended, 7));
    assert_eq!(price(false, "cook"), is(1_800, Basis::Role, 4));
    let chef = rates.find("chef").unwrap();
    assert_eq!(View::of(&rates, false).range(chef), None);
    assert_eq!(View::of(&rates, true).range(chef), Some((4_000, 5_000)));
    let here = |reads_wages, place| View::of(&rates, reads_wages).location(place).unwrap();
    assert_eq!(here(false, "here"), is(1_671, Basis::LocationAverage, 7));
    assert_eq!(here(true, "here"), is(2_300, Basis::LocationAverage, 9));
    assert_eq!(here(false, "elsewhere"), is(1_671, Basis::Blended, 7));
    let view = View::of(&rates, false);
    for place in [Some("here"), None] {
        assert_eq!(view.work(Some(chef), place), view.role(chef));
    }
    assert_eq!(view.work(None, Some("here")), view.location("here"));
    assert_eq!(view.work(None, None), view.blended());
}

#[test]
fn where_nothing_is_told_nothing_is_priced() {
    let rates = rates(&[role("1", "Chef")], vec![works_as(&["1"], 4_000)]);
    let view = View::of(&rates, false);
    assert_eq!(view.role(rates.find("chef").unwrap()), None);
    assert_eq!((view.blended(), view.location("here")), (None, None));
}

/// The people that count in a role, each with the wages that do, by their places: role by role.
fn obvious(staff: &Staff, name: &str) -> Vec<(usize, Vec<usize>)> {
    let mut found = Vec::new();
    for (index, person) in staff.people.iter().enumerate() {
        let current = |role: Option<&str>| {
            let mut of: Vec<_> = (0..person.wages.len())
                .filter(|place| {
                    let wage = &person.wages[*place];
                    wage.external_role_id.as_deref() == role
                        && wage.effective_date.as_str() <= TODAY
                })
                .collect();
            of.sort_by_key(|place| {
                let wage = &person.wages[*place];
                (wage.effective_date.clone(), wage.number, *place)
            });
            of.last().copied()
        };
        let mut counting = BTreeSet::new();
        for role in &staff.roles {
            if folded(&role.name) != name || role.connector_id != person.connector_id {
                continue;
            }
            let is_assigned = person
                .assignments
                .iter()
                .any(|work| work.external_role_id == role.external_id);
            let own = current(Some(role.external_id.as_str()));
            let wage = own.or_else(|| current(None).filter(|_| is_assigned));
            counting.extend(wage.filter(|place| person.wages[*place].is_hourly));
        }
        if !counting.is_empty() {
            found.push((index, counting.into_iter().collect()));
        }
    }
    found
}

fn obvious_mean(sum: i64, count: usize) -> i64 {
    let count = i64::try_from(count).unwrap();
    (2 * sum + count).div_euclid(2 * count)
}

const NAMES: [&str; 6] = ["Cook", "cook ", "Chef", "Host", "Dish", "Bar"];

fn any_wage() -> impl Strategy<Value = Wage> {
    let role = prop::option::of(0_usize..NAMES.len());
    let date = prop::sample::select(vec!["2025-06-01", "2026-03-13", TODAY, "2026-03-15"]);
    (role, any::<bool>(), 1_000_i64..5_000, date, 0_i64..4).prop_map(
        |(role, is_hourly, cents, date, number)| Wage {
            is_hourly: is_hourly || cents < 4_000,
            ..wage(
                role.map(|role| role.to_string()).as_deref(),
                cents,
                date,
                number,
            )
        },
    )
}

fn any_person() -> impl Strategy<Value = StaffMember> {
    let work = (0_usize..NAMES.len(), prop::option::of(0_u8..3));
    (
        prop::collection::vec(any_wage(), 0..4),
        prop::collection::vec(work, 0..4),
        prop::sample::select(vec!["c", "c", "c", "d"]),
    )
        .prop_map(|(wages, work, connector)| StaffMember {
            connector_id: connector.to_owned(),
            wages,
            assignments: work
                .into_iter()
                .map(|(role, location)| Assignment {
                    external_role_id: role.to_string(),
                    location_id: location.map(|location| format!("l{location}")),
                })
                .collect(),
        })
}

fn any_staff(people: std::ops::Range<usize>) -> impl Strategy<Value = Staff> {
    prop::collection::vec(any_person(), people).prop_map(|people| Staff {
        roles: (0..NAMES.len())
            .map(|index| role(&index.to_string(), NAMES[index]))
            .collect(),
        people,
    })
}

/// Few people with one wage each for several roles: who has much in common.
fn entangled() -> impl Strategy<Value = Staff> {
    let roles = prop::collection::btree_set(0_usize..NAMES.len(), 1..5);
    let extra = prop::option::of(0_usize..NAMES.len());
    let people = prop::collection::vec((roles, extra), 3..9);
    people.prop_map(|people| Staff {
        roles: (0..NAMES.len())
            .map(|index| role(&index.to_string(), NAMES[index]))
            .collect(),
        people: people
            .into_iter()
            .map(|(roles, extra)| {
                let roles: Vec<_> = roles.iter().map(ToString::to_string).collect();
                let roles: Vec<_> = roles.iter().map(String::as_str).collect();
                let mut person = works_as(&roles, 0);
                let own = extra.map(|role| wage(Some(&role.to_string()), 0, TODAY, 2));
                person.wages.extend(own);
                person
            })
            .collect(),
    })
}

proptest! {
    #[test]
    fn rates_are_what_the_obvious_way_finds(staff in any_staff(0..12)) {
        let rates = Rates::of(&staff, TODAY);
        let names: BTreeSet<_> = NAMES.iter().map(|name| folded(name)).collect();
        prop_assert!(rates.roles.iter().map(|role| &role.folded_name).eq(names.iter()));
        for role in &rates.roles {
            let people = obvious(&staff, &role.folded_name);
            let cents: Vec<_> = people
                .iter()
                .map(|(person, wages)| {
                    let of = wages.iter().map(|place| staff.people[*person].wages[*place].cents);
                    obvious_mean(of.sum(), wages.len())
                })
                .collect();
            let expected = (!cents.is_empty()).then(|| Rate {
                average_cents: obvious_mean(cents.iter().sum(), cents.len()),
                minimum_cents: *cents.iter().min().unwrap(),
                maximum_cents: *cents.iter().max().unwrap(),
                head_count: u32::try_from(cents.len()).unwrap(),
            });
            prop_assert_eq!(role.rate, expected, "{}", role.name);
            let mut places: BTreeMap<_, u32> = BTreeMap::new();
            for (person, _) in people {
                let here: BTreeSet<_> = staff.people[person]
                    .assignments
                    .iter()
                    .filter(|work| {
                        let of: usize = work.external_role_id.parse().unwrap();
                        folded(NAMES[of]) == role.folded_name
                    })
                    .filter_map(|work| work.location_id.clone())
                    .collect();
                for place in here {
                    *places.entry(place).or_default() += 1;
                }
            }
            let found: BTreeMap<_, _> = role
                .places
                .iter()
                .map(|place| (place.location_id.clone(), place.head_count))
                .collect();
            prop_assert_eq!(found, places);
        }
    }

    #[test]
    fn order_changes_nothing(staff in any_staff(0..12)) {
        let mut other = staff.clone();
        other.roles.reverse();
        other.people.reverse();
        prop_assert_eq!(Rates::of(&other, TODAY), Rates::of(&staff, TODAY));
    }

    /// Whatever is told, there are other wages by which all of it would be the same, and the rate that is
    /// withheld another.
    #[test]
    fn no_withheld_rate_can_be_solved(staff in prop_oneof![any_staff(3..12), entangled()]) {
        let rates = Rates::of(&staff, TODAY);
        let told: Vec<_> = rates
            .roles
            .iter()
            .filter(|role| role.is_told)
            .map(|role| sums(&staff, &role.folded_name))
            .collect();
        for role in &rates.roles {
            let Some(rate) = role.rate else {
                prop_assert!(!role.is_told);
                continue;
            };
            prop_assert!(!role.is_told || rate.head_count >= TOLD_FROM);
            if role.is_told {
                continue;
            }
            let withheld = sums(&staff, &role.folded_name);
            let raises = other_wages(&told, &withheld);
            let raises = raises.expect("the rate follows from what is told");
            let other = Rates::of(&raised(&staff, &raises), TODAY);
            prop_assert_eq!(shown(&other, false), shown(&rates, false));
            let average = |rates: &Rates| rates.find(&role.name).unwrap().rate.unwrap().average_cents;
            prop_assert_ne!(average(&other), average(&rates), "{}", role.name);
        }
    }

    /// Nobody is withheld for nothing: a role that is large enough would give another away.
    #[test]
    fn what_gives_nothing_away_is_told(staff in prop_oneof![any_staff(3..12), entangled()]) {
        let rates = Rates::of(&staff, TODAY);
        let of = |wanted: fn(&RoleRate) -> bool| -> Vec<_> {
            let roles = rates.roles.iter().filter(|role| wanted(role));
            roles.map(|role| sums(&staff, &role.folded_name)).collect()
        };
        let small = of(|role| role.rate.is_some_and(|rate| rate.head_count < TOLD_FROM));
        let mut told = of(|role| role.is_told);
        for role in &rates.roles {
            if role.is_told || role.rate.is_none_or(|rate| rate.head_count < TOLD_FROM) {
                continue;
            }
            told.push(sums(&staff, &role.folded_name));
            let gives_away = small.iter().any(|small| other_wages(&told, small).is_none());
            prop_assert!(gives_away, "{} was withheld for nothing", role.name);
            told.pop();
        }
    }
}

/// Everything that a caller is shown of the rates.
fn shown(rates: &Rates, reads_wages: bool) -> Vec<String> {
    let view = View::of(rates, reads_wages);
    let roles = rates.roles.iter().map(|role| {
        let told = view
            .told(role)
            .map(|rate| (rate.average_cents, rate.head_count));
        format!(
            "{} {told:?} {:?} {:?}",
            role.name,
            view.role(role),
            view.range(role)
        )
    });
    let places = ["l0", "l1", "l2", "here"].map(|place| format!("{:?}", view.location(place)));
    roles
        .chain(places)
        .chain([format!("{:?}", view.blended())])
        .collect()
}

/// A wage: whose, and which of theirs.
type Variable = (usize, usize);

/// The sum of a role as shares of single wages, in sixtieths.
fn sums(staff: &Staff, name: &str) -> BTreeMap<Variable, i128> {
    let mut sums = BTreeMap::new();
    for (person, wages) in obvious(staff, name) {
        for place in &wages {
            let share = 60 / i128::try_from(wages.len()).unwrap();
            sums.insert((person, *place), share);
        }
    }
    sums
}

fn raised(staff: &Staff, raises: &BTreeMap<Variable, i64>) -> Staff {
    let mut staff = staff.clone();
    for (person, member) in staff.people.iter_mut().enumerate() {
        for (place, wage) in member.wages.iter_mut().enumerate() {
            wage.cents += raises.get(&(person, place)).copied().unwrap_or_default();
        }
    }
    staff
}

/// Raises that leave the told sums as they are and change the withheld one; by exact fractions.
fn other_wages(
    told: &[BTreeMap<Variable, i128>],
    withheld: &BTreeMap<Variable, i128>,
) -> Option<BTreeMap<Variable, i64>> {
    let variables: Vec<Variable> = told
        .iter()
        .chain([withheld])
        .flat_map(BTreeMap::keys)
        .copied()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let dense = |row: &BTreeMap<Variable, i128>| -> Vec<i128> {
        let values = variables.iter().map(|variable| row.get(variable).copied());
        values.map(Option::unwrap_or_default).collect()
    };
    // Reduced, without fractions: each row has the only value of its pivot's column.
    let mut rows: Vec<(usize, Vec<i128>)> = Vec::new();
    for row in told {
        let mut row = dense(row);
        for (pivot, before) in &rows {
            eliminate(&mut row, *pivot, before);
        }
        let Some(pivot) = row.iter().position(|value| *value != 0) else {
            continue;
        };
        for (_, before) in &mut rows {
            eliminate(before, pivot, &row);
        }
        rows.push((pivot, row));
    }
    // One free wage raised by 1 at a time, and the others by what keeps the sums.
    let free = (0..variables.len()).filter(|column| rows.iter().all(|(pivot, _)| pivot != column));
    let withheld = dense(withheld);
    for column in free {
        let scale: i128 = rows
            .iter()
            .map(|(pivot, row)| row[*pivot].abs())
            .fold(1, lcm);
        let mut raise = vec![0; variables.len()];
        raise[column] = scale;
        for (pivot, row) in &rows {
            raise[*pivot] = -row[column] * (scale / row[*pivot]);
        }
        let change: i128 = raise.iter().zip(&withheld).map(|(a, b)| a * b).sum();
        if change != 0 {
            // So much that means of up to 12 wages, and averages of up to 12 people, change by whole cents.
            let cents = raise
                .iter()
                .map(|raise| i64::try_from(raise * 27_720 * 60).unwrap());
            return Some(variables.iter().copied().zip(cents).collect());
        }
    }
    None
}

fn eliminate(row: &mut [i128], pivot: usize, by: &[i128]) {
    let (mine, theirs) = (row[pivot], by[pivot]);
    for (value, other) in row.iter_mut().zip(by) {
        *value = *value * theirs - other * mine;
    }
    let divisor = row.iter().fold(0, |divisor, value| gcd(divisor, *value));
    if divisor != 0 {
        row.iter_mut().for_each(|value| *value /= divisor);
    }
}

fn gcd(one: i128, other: i128) -> i128 {
    if other == 0 {
        one.abs()
    } else {
        gcd(other, one % other)
    }
}

fn lcm(one: i128, other: i128) -> i128 {
    one / gcd(one, other) * other
}
