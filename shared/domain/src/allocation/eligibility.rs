//! Who may take a deal of a package and a household, by what the adviser's own properties say.

use std::collections::BTreeMap;

use super::capacity;
use super::input::{Adviser, Input, Request};
use super::mail::folded;
use super::reason::LeftOutBecause;
use super::settings::{PackageRule, Settings};

/// What stands between the names of a list.
const SEPARATORS: [char; 4] = [';', ',', '/', '|'];

/// The names of a list as they are written.
pub fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(SEPARATORS)
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

pub(super) fn listed(list: &str) -> Vec<String> {
    names(list).map(str::to_owned).collect()
}

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Why each adviser may not take the deal; `None`: may.
pub(super) fn judge(
    request: &Request<'_>,
    input: &Input<'_>,
    settings: &Settings,
) -> Vec<Option<LeftOutBecause>> {
    let twins = Twins::among(input.advisers, settings);
    input
        .advisers
        .iter()
        .map(|adviser| {
            refused(adviser, request, settings).or_else(|| not_clear(adviser, &twins, settings))
        })
        .collect()
}

/// What the adviser's own choice of clients says against it.
fn refused(
    adviser: &Adviser<'_>,
    request: &Request<'_>,
    settings: &Settings,
) -> Option<LeftOutBecause> {
    if !takes_clients(adviser, settings) {
        Some(LeftOutBecause::NotTakingClients)
    } else if !serves_package(adviser, request.service_package) {
        Some(LeftOutBecause::PackageNotServed)
    } else if !serves_household(
        adviser,
        request.service_package,
        request.household_type,
        settings,
    ) {
        Some(LeftOutBecause::HouseholdNotServed)
    } else {
        None
    }
}

/// Why it cannot be told what is booked for an adviser.
pub(super) fn not_clear(
    adviser: &Adviser<'_>,
    twins: &Twins<'_>,
    settings: &Settings,
) -> Option<LeftOutBecause> {
    if adviser.owner_id.trim().is_empty() {
        Some(LeftOutBecause::NoOwnerId)
    } else if adviser.email.trim().is_empty() {
        Some(LeftOutBecause::NoEmail)
    } else if let Some(because) = twins.of(adviser) {
        Some(because)
    } else if capacity::has_unreadable_start(adviser, &settings.fixes) {
        Some(LeftOutBecause::StartDateUnreadable)
    } else {
        None
    }
}

#[must_use]
pub fn takes_clients(adviser: &Adviser<'_>, settings: &Settings) -> bool {
    if settings.fixes.taking_on_clients_in_any_case {
        says_yes(adviser.taking_on_clients)
    } else {
        adviser.taking_on_clients == "True"
    }
}

pub(super) fn says_yes(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("true")
}

#[must_use]
pub fn serves_package(adviser: &Adviser<'_>, package: &str) -> bool {
    lists(adviser.packages, package)
}

/// Households are asked for where the deal has one and the package's rule does not ignore it. Who names none
/// takes all.
#[must_use]
pub fn serves_household(
    adviser: &Adviser<'_>,
    package: &str,
    household: &str,
    settings: &Settings,
) -> bool {
    household.trim().is_empty()
        || rule(package, settings).is_some_and(|rule| rule.ignores_household)
        || names(adviser.households).next().is_none()
        || lists(adviser.households, household)
}

fn lists(list: &str, name: &str) -> bool {
    names(list).any(|one| same(one, name))
}

/// What the settings say of a package.
#[must_use]
pub fn rule<'s>(package: &str, settings: &'s Settings) -> Option<&'s PackageRule> {
    settings
        .packages
        .iter()
        .find(|rule| same(&rule.name, package))
}

/// Whether the settings or any adviser, whether they take clients or not, know the package.
pub(super) fn is_known_package(package: &str, input: &Input<'_>, settings: &Settings) -> bool {
    rule(package, settings).is_some()
        || input
            .advisers
            .iter()
            .any(|adviser| serves_package(adviser, package))
}

/// Advisers with one mail address.
pub(super) struct Twins<'a> {
    by_email: BTreeMap<String, Vec<&'a Adviser<'a>>>,
}

impl<'a> Twins<'a> {
    pub(super) fn among(advisers: &'a [Adviser<'a>], settings: &Settings) -> Self {
        let mut by_email: BTreeMap<String, Vec<&Adviser<'_>>> = BTreeMap::new();
        if settings.fixes.leave_out_ambiguous_advisers {
            for adviser in advisers {
                by_email
                    .entry(folded(adviser.email).into_owned())
                    .or_default()
                    .push(adviser);
            }
        }
        Self { by_email }
    }

    /// Of one user who is there twice the first in order stays; of two people nobody does.
    fn of(&self, adviser: &Adviser<'_>) -> Option<LeftOutBecause> {
        let all = self.by_email.get(folded(adviser.email).as_ref())?;
        if all
            .iter()
            .any(|other| other.owner_id.trim() != adviser.owner_id.trim())
        {
            return Some(LeftOutBecause::EmailNotUnique);
        }
        let first = all.iter().min()?;
        // Rows that are the same in everything are told apart by where they stand, and it does not matter which stays.
        (!std::ptr::eq(*first, adviser)).then_some(LeftOutBecause::SameUserTwice)
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::Preset;
    use super::*;

    fn adviser<'a>(packages: &'a str, households: &'a str) -> Adviser<'a> {
        Adviser {
            email: "mia.tan@example.com",
            owner_id: "7001",
            id: "1",
            taking_on_clients: "True",
            packages,
            households,
            ..Adviser::default()
        }
    }

    fn because(adviser: Adviser<'_>, package: &str, household: &str) -> Option<LeftOutBecause> {
        let request = Request {
            service_package: package,
            household_type: household,
            ..Request::default()
        };
        refused(&adviser, &request, &Settings::default())
    }

    #[test]
    fn packages_are_a_list_with_any_separator() {
        let mia = adviser("Seed; Series A ,IPO/Series b|  Series C;", "");
        for package in ["seed", " SERIES A ", "Ipo", "Series B", "series c"] {
            assert_eq!(because(mia, package, ""), None, "{package}");
        }
        for package in ["Series", "Series D", "Seed; Series A", ""] {
            assert_eq!(
                because(mia, package, ""),
                Some(LeftOutBecause::PackageNotServed),
                "{package}"
            );
        }
    }

    #[test]
    fn households_are_asked_for_where_the_package_asks() {
        let mia = adviser("Seed;Series C;IPO;Gold", "Single; Couple");
        let no = Some(LeftOutBecause::HouseholdNotServed);
        for (package, household, expected) in [
            ("Seed", "couple ", None),
            ("Seed", "Trust", no),
            ("Seed", " ", None),
            ("Series C", "Trust", None),
            ("ipo", "Trust", None),
            ("Gold", "Trust", no),
        ] {
            assert_eq!(
                because(mia, package, household),
                expected,
                "{package}, {household}"
            );
        }
        assert_eq!(because(adviser("Seed", " ; "), "Seed", "Trust"), None);
    }

    #[test]
    fn clients_are_taken_by_who_says_so() {
        let compatible = Settings::preset(Preset::Compatible);
        for (text, corrected, as_it_was) in [
            ("True", true, true),
            ("true", true, false),
            (" TRUE ", true, false),
            ("False", false, false),
            ("Yes", false, false),
            ("", false, false),
        ] {
            let mia = Adviser {
                taking_on_clients: text,
                ..adviser("Seed", "")
            };
            let takes = (
                takes_clients(&mia, &Settings::default()),
                takes_clients(&mia, &compatible),
            );
            assert_eq!(takes, (corrected, as_it_was), "{text}");
        }
    }

    #[test]
    fn of_two_people_with_one_address_neither_is_clear() {
        let settings = Settings::default();
        let (mia, twice) = (adviser("Seed", ""), adviser("Seed", ""));
        let other = Adviser {
            email: " MIA.TAN@example.com",
            owner_id: "7002",
            ..mia
        };
        let found = |advisers: &[Adviser<'_>]| -> Vec<_> {
            let twins = Twins::among(advisers, &settings);
            advisers.iter().map(|one| twins.of(one)).collect()
        };
        assert_eq!(
            found(&[mia, other]),
            [Some(LeftOutBecause::EmailNotUnique); 2]
        );
        assert_eq!(
            found(&[mia, twice]),
            [None, Some(LeftOutBecause::SameUserTwice)]
        );
        assert_eq!(found(&[mia]), [None]);
    }
}
