//! All accounts a simulator holds, and the credentials that open them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::model::Company;

/// The state of the provider.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    pub(super) companies: BTreeMap<i64, Company>,
    pub(super) tokens: BTreeMap<String, Credential>,
    pub(super) ids: Ids,
}

/// What a token opens.
#[derive(Clone, Debug)]
pub(super) struct Credential {
    pub company_id: i64,
    pub kind: TokenKind,
    /// Whose token it is: whoami answers with this person.
    pub user_id: i64,
    pub revoked: bool,
}

/// An account as a test or a demo needs to know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    pub company_id: i64,
    pub company_guid: String,
    pub name: String,
    pub country: String,
    pub timezone: String,
    pub tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Token {
    pub value: String,
    pub kind: TokenKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// Self-made, of one company.
    Access,
    /// A partner's; requests carry `x-company-guid`.
    #[serde(rename = "oauth")]
    OAuth,
}

/// The next number of each kind, apart from one another as in a real account.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    pub location: i64,
    pub department: i64,
    pub role: i64,
    pub station: i64,
    pub user: i64,
    pub shift: i64,
    pub punch: i64,
    pub punch_break: i64,
    pub wage: i64,
    pub availability: i64,
    pub availability_reason: i64,
    pub time_off: i64,
    pub webhook: i64,
}

impl Default for Ids {
    fn default() -> Self {
        Self {
            location: 5_501,
            department: 66_001,
            role: 77_001,
            station: 91_001,
            user: 881_001,
            shift: 910_000_001,
            punch: 85_000_001,
            punch_break: 55_000_001,
            wage: 40_100_001,
            availability: 3_300_001,
            availability_reason: 11,
            time_off: 2_200_001,
            webhook: 81,
        }
    }
}

/// Takes a number and moves on.
pub(super) const fn take(next: &mut i64) -> i64 {
    let id = *next;
    *next += 1;
    id
}

impl Accounts {
    /// What opens which company; revoked tokens are left out.
    pub fn list(&self) -> Vec<Account> {
        self.companies
            .values()
            .map(|company| Account {
                company_id: company.id,
                company_guid: company.guid.clone(),
                name: company.name.clone(),
                country: company.country.clone(),
                timezone: company.timezone.name().to_owned(),
                tokens: self
                    .tokens
                    .iter()
                    .filter(|(_, token)| token.company_id == company.id && !token.revoked)
                    .map(|(value, token)| Token {
                        value: value.clone(),
                        kind: token.kind,
                    })
                    .collect(),
            })
            .collect()
    }

    /// Adds another set of accounts, as made by the same generators.
    ///
    /// Ids go on from the higher of each pair, so that no later row takes the
    /// id of an existing one.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.companies.extend(other.companies);
        self.tokens.extend(other.tokens);
        let (ours, theirs) = (&mut self.ids, other.ids);
        for (our, their) in [
            (&mut ours.location, theirs.location),
            (&mut ours.department, theirs.department),
            (&mut ours.role, theirs.role),
            (&mut ours.station, theirs.station),
            (&mut ours.user, theirs.user),
            (&mut ours.shift, theirs.shift),
            (&mut ours.punch, theirs.punch),
            (&mut ours.punch_break, theirs.punch_break),
            (&mut ours.wage, theirs.wage),
            (&mut ours.availability, theirs.availability),
            (&mut ours.availability_reason, theirs.availability_reason),
            (&mut ours.time_off, theirs.time_off),
            (&mut ours.webhook, theirs.webhook),
        ] {
            *our = (*our).max(their);
        }
        self
    }
}
