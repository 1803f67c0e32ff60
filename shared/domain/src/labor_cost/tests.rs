//! The rates against a slow and obvious way to them, and what they give away.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::place_name::folded;

const TODAY: &str = "2026-03-14";

fn role(external_id: &str, name: &str) -> StaffRole {
    role_at("c", external_id, name)
}

/// Of an account.
fn role_at(connector_id: &str, external_id: &str, name: &str) -> StaffRole {
    let id = match connector_id {
        "c" => format!("id-{external_id}"),
        other => format!("id-{other}-{external_id}"),
    };
    StaffRole {
        id,
        connector_id: connector_id.to_owned(),
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

/// The same at another account.
fn at(connector_id: &str, person: StaffMember) -> StaffMember {
    StaffMember {
        connector_id: connector_id.to_owned(),
        ..person
    }
}

fn told(rates: &Rates) -> Vec<&str> {
    let told = rates.roles.iter().filter(|role| role.told_cents.is_some());
    told.map(|role| role.name.as_str()).collect()
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

/// Providers write 0 where nothing is set.
#[test]
fn a_wage_of_nothing_is_none() {
    let roles = [role("1", "Cook")];
    let of = |wages| rate(&rates(&roles, vec![person(wages, &["1"])]), "cook");
    let own = |cents, date, number| wage(Some("1"), cents, date, number);
    for nothing in [0, -1, i64::MIN] {
        assert_eq!(of(vec![own(nothing, TODAY, 1)]), None);
        assert_eq!(of(vec![wage(None, nothing, TODAY, 1)]), None);
        for before in [wage(None, 1_500, TODAY, 1), own(1_500, "2025-01-01", 1)] {
            let wages = vec![before, own(nothing, TODAY, 2)];
            assert_eq!(of(wages), Some((1_500, 1_500, 1_500, 1)), "{nothing}");
        }
    }
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
    assert_eq!(rates.find("ID-2"), Some(found), "ids have no case");
    assert_eq!(rates.find("Sommelier"), None);
    assert_eq!(rate(&rates, "dish"), None);
}

#[test]
fn one_who_is_everywhere_gives_nobody_away_by_subtraction() {
    let roles = [role("1", "Cook"), role("2", "Chef"), role("3", "Kitchen")];
    let cooks = || (0..5).map(|more| works_as(&["1", "3"], 1_500 + more));
    let told = |people: Vec<StaffMember>| -> Vec<_> {
        let rates = rates(&roles, people);
        told(&rates).into_iter().map(str::to_owned).collect()
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

/// Whoever has connected the other account knows what it holds.
#[test]
fn no_account_gives_another_one_away_by_subtraction() {
    let roles = [
        role("1", "Cook"),
        role("2", "Chef"),
        role("3", "Kitchen"),
        role_at("d", "1", "Cook"),
        role_at("d", "2", "Chef"),
        role_at("d", "3", "Kitchen"),
    ];
    let known = |roles: &[&str], count| vec![at("d", works_as(roles, 1_000)); count];
    let seen = |people: Vec<Vec<StaffMember>>| -> Vec<String> {
        let rates = rates(&roles, people.concat());
        told(&rates).into_iter().map(str::to_owned).collect()
    };
    let cooks = |count| vec![works_as(&["1"], 1_500); count];
    // Seven cooks, whose average less the five that are known is the other two.
    for (here, there, expected) in [
        (2, 5, &[][..]),
        (5, 1, &[]),
        (3, 0, &["Cook"]),
        (3, 3, &["Cook"]),
        (0, 3, &["Cook"]),
    ] {
        assert_eq!(seen(vec![cooks(here), known(&["1"], there)]), expected);
    }
    // Kitchen less cooks is the chef, also where the other account has cooks and chefs enough.
    let kitchen = || {
        let mut people = vec![works_as(&["1", "3"], 1_500); 5];
        people.push(works_as(&["2", "3"], 4_000));
        people
    };
    assert_eq!(seen(vec![kitchen()]), ["Kitchen"]);
    assert_eq!(seen(vec![kitchen(), known(&["2", "3"], 9)]), ["Kitchen"]);
    // However many cooks are added, and whatever is kept back by it: cooks are not told in the place of the kitchen.
    assert_eq!(seen(vec![kitchen(), known(&["1"], 99)]), ["Kitchen"]);
    assert!(seen(vec![kitchen(), known(&["1"], 99), known(&["3"], 1)]).is_empty());
}

/// What is told is off by up to half a step for each person, so that one who comes is not the difference.
#[test]
fn what_is_told_is_rounded_and_what_owners_see_is_not() {
    let roles = [
        role("1", "Cook"),
        role("2", "Host"),
        role_at("d", "1", "Cook"),
    ];
    let cooks =
        |cents: &[i64]| -> Vec<_> { cents.iter().map(|cents| works_as(&["1"], *cents)).collect() };
    let seen = |people: Vec<StaffMember>, reads_wages| {
        let rates = rates(&roles, people);
        let view = View::of(&rates, reads_wages);
        view.role(rates.find("cook").unwrap()).unwrap().cents
    };
    for (cents, exact, told) in [
        ([1_800, 1_800, 1_800], 1_800, 1_800),
        ([1_800, 1_801, 1_836], 1_812, 1_800),
        ([1_800, 1_801, 1_837], 1_813, 1_825),
        ([1, 1, 1], 1, 0),
    ] {
        assert_eq!(seen(cooks(&cents), true), exact, "{cents:?}");
        assert_eq!(seen(cooks(&cents), false), told, "{cents:?}");
    }
    // Averages of them are rounded again: (3 × 18.25 + 3 × 15.00) / 6 = 16.625.
    let mut people = cooks(&[1_813, 1_813, 1_813]);
    people.extend((0..3).map(|_| works_as(&["2"], 1_500)));
    let rates = rates(&roles, people);
    let cents = |reads_wages| View::of(&rates, reads_wages).blended().unwrap().cents;
    assert_eq!((cents(true), cents(false)), (1_657, 1_675));
}

/// Whoever chooses the wages of one account cannot find where the sum of another one is rounded up.
#[test]
fn no_account_shifts_the_rounding_of_another_one() {
    let roles = [role("1", "Cook"), role_at("d", "1", "Cook")];
    let told = |unknown: i64, chosen: i64| {
        let mut people = vec![works_as(&["1"], unknown); 3];
        people.extend(vec![at("d", works_as(&["1"], chosen)); 3]);
        rates(&roles, people).find("cook").unwrap().told_cents
    };
    for chosen in 1_000..1_100 {
        assert_eq!(told(1_988, chosen), told(2_012, chosen), "{chosen}");
    }
    assert_ne!(told(1_987, 1_000), told(2_013, 1_000));
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
    assert_eq!(price(false, "chef"), is(1_675, Basis::Blended, 7));
    assert_eq!(price(false, "cook"), is(1_800, Basis::Role, 4));
    let chef = rates.find("chef").unwrap();
    assert_eq!(View::of(&rates, false).range(chef), None);
    assert_eq!(View::of(&rates, true).range(chef), Some((4_000, 5_000)));
    let here = |reads_wages, place| View::of(&rates, reads_wages).location(place).unwrap();
    assert_eq!(here(false, "here"), is(1_675, Basis::LocationAverage, 7));
    assert_eq!(here(true, "here"), is(2_300, Basis::LocationAverage, 9));
    assert_eq!(here(false, "elsewhere"), is(1_675, Basis::Blended, 7));
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
                        && (wage.cents > 0 || !wage.is_hourly)
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

/// All of them at both accounts.
fn all_roles() -> Vec<StaffRole> {
    let roles = |connector_id| {
        let names = NAMES.iter().enumerate();
        names.map(move |(number, name)| role_at(connector_id, &number.to_string(), name))
    };
    roles("c").chain(roles("d")).collect()
}

fn any_wage() -> impl Strategy<Value = Wage> {
    let role = prop::option::of(0_usize..NAMES.len());
    let date = prop::sample::select(vec!["2025-06-01", "2026-03-13", TODAY, "2026-03-15"]);
    let cents = prop_oneof![9 => 1_000_i64..5_000, 1 => -1_i64..1];
    (role, any::<bool>(), cents, date, 0_i64..4).prop_map(
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
        roles: all_roles(),
        people,
    })
}

/// Few people with one wage each for several roles: who has much in common. Most are of one account.
fn entangled() -> impl Strategy<Value = Staff> {
    let roles = prop::collection::btree_set(0_usize..NAMES.len(), 1..5);
    let extra = prop::option::of(0_usize..NAMES.len());
    let account = prop::sample::select(vec!["c", "c", "d"]);
    let people = prop::collection::vec((roles, extra, account), 3..12);
    people.prop_map(|people| Staff {
        roles: all_roles(),
        people: people
            .into_iter()
            .map(|(roles, extra, account)| {
                let roles: Vec<_> = roles.iter().map(ToString::to_string).collect();
                let roles: Vec<_> = roles.iter().map(String::as_str).collect();
                let mut person = at(account, works_as(&roles, 1));
                let own = extra.map(|role| wage(Some(&role.to_string()), 1, TODAY, 2));
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

    /// Whatever is told, and whatever other accounts hold: there are other wages of one account by which all of it
    /// would be the same, and the rate that is withheld another.
    #[test]
    fn no_withheld_rate_can_be_solved(staff in prop_oneof![any_staff(3..12), entangled()]) {
        // So much that no raise makes a wage nothing.
        let staff = raised(&staff, &BTreeMap::new(), 1_000_000_000_000_000);
        let rates = Rates::of(&staff, TODAY);
        for role in rates.roles.iter().filter(|role| role.told_cents.is_none()) {
            if role.rate.is_none() {
                continue;
            }
            let is_secret = |account: &&str| {
                let told: Vec<_> = told(&rates)
                    .into_iter()
                    .map(|name| sums(&staff, &folded(name), account))
                    .collect();
                let withheld = sums(&staff, &role.folded_name, account);
                let Some(raises) = other_wages(&told, &withheld) else {
                    return false;
                };
                let other = Rates::of(&raised(&staff, &raises, 0), TODAY);
                assert_eq!(shown(&other, false), shown(&rates, false));
                let average = |rates: &Rates| {
                    rates.find(&role.name).unwrap().rate.unwrap().average_cents
                };
                assert_ne!(average(&other), average(&rates), "{}", role.name);
                true
            };
            let secret: Vec<_> = ["c", "d"].into_iter().filter(is_secret).collect();
            prop_assert!(!secret.is_empty(), "{} follows from what is told", role.name);
            // Few people of an account stay secret also where all others are known.
            for account in ["c", "d"] {
                let people = obvious_at(&staff, &role.folded_name, account).len();
                prop_assert!(
                    !(1..3).contains(&people) || secret.contains(&account),
                    "{} people of {account} are known as {}", people, role.name
                );
            }
        }
        for role in &rates.roles {
            for account in ["c", "d"] {
                let people = obvious_at(&staff, &role.folded_name, account).len();
                prop_assert!(role.told_cents.is_none() || !(1..3).contains(&people));
            }
        }
    }

    /// Nobody is withheld for nothing: a role that is large enough would give another away, by the people of an account.
    #[test]
    fn what_gives_nothing_away_is_told(staff in prop_oneof![any_staff(3..12), entangled()]) {
        let rates = Rates::of(&staff, TODAY);
        let alone = ["c", "d"].map(|account| (account, Rates::of(&only(&staff, account), TODAY)));
        for role in rates.roles.iter().filter(|role| role.rate.is_some()) {
            let of_accounts = alone.iter().filter_map(|(account, rates)| {
                let role = rates.find(&role.name)?;
                role.rate.map(|_| (*account, rates, role))
            });
            let mut kept_back = of_accounts.filter(|(.., role)| role.told_cents.is_none());
            let Some((account, alone, kept)) = kept_back.next() else {
                prop_assert!(role.told_cents.is_some(), "{} was withheld for nothing", role.name);
                continue;
            };
            prop_assert_eq!(role.told_cents, None, "{}", role.name);
            if kept.rate.is_none_or(|rate| rate.head_count < TOLD_FROM) {
                continue;
            }
            let mut told: Vec<_> = told(alone)
                .into_iter()
                .map(|name| sums(&staff, &folded(name), account))
                .collect();
            told.push(sums(&staff, &kept.folded_name, account));
            let mut small = alone
                .roles
                .iter()
                .filter(|role| role.rate.is_some_and(|rate| rate.head_count < TOLD_FROM))
                .map(|role| sums(&staff, &role.folded_name, account));
            let gives_away = small.any(|small| other_wages(&told, &small).is_none());
            prop_assert!(gives_away, "{} was withheld for nothing", role.name);
        }
    }

    /// Nothing that is added to one account has another one say what it has not said before.
    #[test]
    fn what_an_account_tells_is_its_own_to_say(staff in prop_oneof![any_staff(3..12), entangled()]) {
        let rates = Rates::of(&staff, TODAY);
        for account in ["c", "d"] {
            let alone = Rates::of(&only(&staff, account), TODAY);
            for name in told(&rates) {
                let of_account = alone.find(name).unwrap();
                prop_assert!(of_account.rate.is_none() || of_account.told_cents.is_some(), "{name}");
            }
        }
    }
}

/// The people of one account, and the roles of all.
fn only(staff: &Staff, account: &str) -> Staff {
    let people = staff.people.iter();
    Staff {
        roles: staff.roles.clone(),
        people: people
            .filter(|person| person.connector_id == account)
            .cloned()
            .collect(),
    }
}

/// Everything that a caller is shown of the rates.
fn shown(rates: &Rates, reads_wages: bool) -> Vec<String> {
    let view = View::of(rates, reads_wages);
    let roles = rates.roles.iter().map(|role| {
        let told = view.told(role).map(|price| (price.cents, price.head_count));
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

/// The people of an account among [`obvious`].
fn obvious_at(staff: &Staff, name: &str, account: &str) -> Vec<(usize, Vec<usize>)> {
    let mut people = obvious(staff, name);
    people.retain(|(person, _)| staff.people[*person].connector_id == account);
    people
}

/// The sum of a role at an account as shares of single wages, in sixtieths.
fn sums(staff: &Staff, name: &str, account: &str) -> BTreeMap<Variable, i128> {
    let mut sums = BTreeMap::new();
    for (person, wages) in obvious_at(staff, name, account) {
        for place in &wages {
            let share = 60 / i128::try_from(wages.len()).unwrap();
            sums.insert((person, *place), share);
        }
    }
    sums
}

/// Each wage by its raise, and all of them by `more`.
fn raised(staff: &Staff, raises: &BTreeMap<Variable, i64>, more: i64) -> Staff {
    let mut staff = staff.clone();
    for (person, member) in staff.people.iter_mut().enumerate() {
        for (place, wage) in member.wages.iter_mut().enumerate() {
            if wage.cents > 0 {
                wage.cents += more + raises.get(&(person, place)).copied().unwrap_or_default();
            }
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
