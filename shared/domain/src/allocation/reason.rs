//! Why there is no adviser, and why somebody was left out. The texts are stored: they stay as they are.

use chrono::NaiveDate;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::input::Source;
use crate::text_enum::text_enum;

/// Why a deal is given to nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    MissingPackage,
    /// No adviser has the package, and the settings do not name it.
    UnknownPackage {
        package: String,
    },
    MalformedAgreementDate {
        given: String,
    },
    /// After the weeks that are looked at.
    AgreementBeyondHorizon {
        agreement_start: NaiveDate,
        last_week: NaiveDate,
    },
    AlreadyAllocated {
        to: String,
    },
    /// There is no adviser at all.
    NoAdvisers,
    /// Advisers have the package, and none of them the household.
    HouseholdMismatch {
        package: String,
        household: String,
    },
    NoEligibleAdviser {
        package: String,
    },
    /// Everybody who may take the deal is away in all weeks that come into question.
    EveryoneOnLeave,
    /// Everybody who may take the deal has a target of 0 in all weeks that come into question.
    LimitsAreZero,
    /// What would have to be known is not: it may be by and by.
    SourceUnknown {
        sources: Vec<Source>,
    },
    /// Only without [`super::settings::Fixes::empty_is_free`].
    EmptyTable {
        email: String,
    },
}

impl Failure {
    /// The name by which programs know it.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::MissingPackage => "missing_service_package",
            Self::UnknownPackage { .. } => "unknown_service_package",
            Self::MalformedAgreementDate { .. } => "malformed_agreement_date",
            Self::AgreementBeyondHorizon { .. } => "agreement_beyond_horizon",
            Self::AlreadyAllocated { .. } => "already_allocated",
            Self::NoAdvisers => "no_advisers",
            Self::HouseholdMismatch { .. } => "household_mismatch",
            Self::NoEligibleAdviser { .. } => "no_eligible_adviser",
            Self::EveryoneOnLeave => "everyone_on_leave",
            Self::LimitsAreZero => "limits_are_zero",
            Self::SourceUnknown { .. } => "source_unknown",
            Self::EmptyTable { .. } => "empty_table",
        }
    }

    /// What is wrong, for a person.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::MissingPackage => "The deal has no service package.".to_owned(),
            Self::UnknownPackage { package } => {
                format!(
                    "No adviser has the service package \"{package}\", and the settings do not name it."
                )
            }
            Self::MalformedAgreementDate { given } => {
                format!("\"{given}\" is not the date that an agreement starts.")
            }
            Self::AgreementBeyondHorizon {
                agreement_start,
                last_week,
            } => format!(
                "The agreement starts on {agreement_start}; weeks are looked at up to that of {last_week}."
            ),
            Self::AlreadyAllocated { to } => format!("The deal is {to}'s already."),
            Self::NoAdvisers => "There is no adviser.".to_owned(),
            Self::HouseholdMismatch { package, household } => format!(
                "No adviser who takes clients for \"{package}\" takes the household \"{household}\"."
            ),
            Self::NoEligibleAdviser { package } => {
                format!("No adviser can take a client for \"{package}\".")
            }
            Self::EveryoneOnLeave => {
                "Everybody who may take the deal is away in all weeks that are looked at."
                    .to_owned()
            }
            Self::LimitsAreZero => {
                "Everybody who may take the deal has a target of 0 in all weeks that are looked at."
                    .to_owned()
            }
            Self::SourceUnknown { sources } => {
                let names: Vec<_> = sources.iter().map(|source| source.as_str()).collect();
                format!(
                    "Nobody can be chosen while this cannot be read: {}.",
                    names.join(", ")
                )
            }
            Self::EmptyTable { email } => {
                format!("Nothing is left of the backlog of {email}, and nothing else is known.")
            }
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::MissingPackage => "Set the deal's service package and enrol it again.",
            Self::UnknownPackage { .. } => {
                "Correct the deal's service package, or give the package to an adviser or the settings."
            }
            Self::MalformedAgreementDate { .. } => {
                "Send a date such as 2026-04-20, or milliseconds since 1970, of a year from 1990 to 2199."
            }
            Self::AgreementBeyondHorizon { .. } => {
                "Enrol the deal nearer to that date, set horizon_weeks higher, or choose an adviser by hand."
            }
            Self::AlreadyAllocated { .. } => {
                "Nothing, unless it shall be decided again: then ask for a re-run."
            }
            Self::NoAdvisers => "Give users of the CRM the properties of an adviser.",
            Self::HouseholdMismatch { .. } => {
                "Correct the deal's household type, or add it to an adviser who has the package."
            }
            Self::NoEligibleAdviser { .. } => {
                "Look at who was left out and why; set an adviser to take clients, or choose one by hand."
            }
            Self::EveryoneOnLeave => "Look at leave and closures, or choose an adviser by hand.",
            Self::LimitsAreZero => {
                "Raise a limit: of 2 clients a month at least, because a target is of a fortnight."
            }
            Self::SourceUnknown { .. } => {
                "Wait for the next attempt, or look at the connector that the source belongs to."
            }
            Self::EmptyTable { .. } => "Turn the switch empty_is_free on.",
        }
    }

    /// Whether it may go by itself, with the same deal.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::SourceUnknown { .. })
    }
}

/// `reason`, `detail`, `remedy`.
impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Failure", 3)?;
        object.serialize_field("reason", self.reason())?;
        object.serialize_field("detail", &self.detail())?;
        object.serialize_field("remedy", self.remedy())?;
        object.end()
    }
}

text_enum! {
    /// Why an adviser was not among those who could be chosen.
    pub enum LeftOutBecause, "reason to leave somebody out" {
        NotTakingClients = "not_taking_on_clients",
        PackageNotServed = "package_not_served",
        HouseholdNotServed = "household_not_served",
        /// There is nothing that could be written to the deal.
        NoOwnerId = "no_owner_id",
        /// Leave and deals are found by it.
        NoEmail = "no_email",
        /// Another adviser has it too.
        EmailNotUnique = "email_not_unique",
        /// The user is there twice: the same mail, and the same owner id.
        SameUserTwice = "same_user_twice",
        StartDateUnreadable = "start_date_unreadable",
        StartsBeyondHorizon = "starts_beyond_horizon",
        SourceUnknown = "source_unknown",
        /// In all weeks that come into question.
        OnLeave = "on_leave",
        /// In all weeks that come into question.
        TargetIsZero = "target_is_zero",
    }
}

impl LeftOutBecause {
    /// For a person.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::NotTakingClients => "does not take on clients",
            Self::PackageNotServed => "does not have the service package",
            Self::HouseholdNotServed => "does not take this household",
            Self::NoOwnerId => "has no owner id in the CRM: there is nothing to write to the deal",
            Self::NoEmail => "has no mail address: leave and deals cannot be found",
            Self::EmailNotUnique => {
                "has the mail address of another adviser: whose leave and deals they are cannot be told"
            }
            Self::SameUserTwice => "is there twice, and was looked at once",
            Self::StartDateUnreadable => {
                "has a start date that cannot be read: use one such as 2026-05-04"
            }
            Self::StartsBeyondHorizon => "starts after the weeks that are looked at",
            Self::SourceUnknown => "might be busy: a source could not be read",
            Self::OnLeave => "is away in all weeks that are looked at",
            Self::TargetIsZero => "has a target of 0 in all weeks that are looked at",
        }
    }

    /// Whether the adviser would have been one who may take the deal, but for this.
    pub(super) const fn may_take_the_deal(self) -> bool {
        !matches!(
            self,
            Self::NotTakingClients
                | Self::PackageNotServed
                | Self::HouseholdNotServed
                | Self::SameUserTwice
        )
    }
}

/// An adviser who was not among those who could be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    pub email: String,
    pub owner_id: String,
    pub because: LeftOutBecause,
    pub detail: &'static str,
    /// What could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_to_do() {
        let failure = Failure::SourceUnknown {
            sources: vec![Source::Deals, Source::Leave],
        };
        let json = serde_json::to_value(&failure).unwrap();
        assert_eq!(json["reason"], "source_unknown");
        assert_eq!(
            json["detail"],
            "Nobody can be chosen while this cannot be read: deals, leave."
        );
        assert!(json["remedy"].as_str().unwrap().len() > 10);
        assert!(failure.is_passing() && !Failure::NoAdvisers.is_passing());
    }
}
