//! The rules that every organization has.

use domain::access::Tenant;
use domain::automation::DefaultRule;
use store::automation::rules::{self, NewDefault};
use store::{DatabaseError, Execute};

use crate::{clock, random};

/// Gives an organization those that it lacks, switched on.
///
/// # Errors
/// The failure of the statement.
pub async fn give<E: Execute>(database: &E, tenant: &Tenant) -> Result<(), DatabaseError> {
    let defaults: Vec<_> = DefaultRule::ALL
        .iter()
        .map(|rule| NewDefault {
            id: random::id(),
            default_rule: rule.as_str(),
            document: rule.to_json(true),
            is_enabled: true,
        })
        .collect();
    rules::put_defaults(database, tenant, &defaults, clock::now()).await
}
