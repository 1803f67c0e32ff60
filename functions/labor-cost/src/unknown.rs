//! Names and ids of nothing that the organization has.

use api::{FieldError, Problem, ProblemKind};
use domain::labor_cost::Rates;

/// Names of roles that are told to who asks for another.
const MAX_NAMES: usize = 100;

/// The names are told once: there may be many of both.
pub fn roles(fields: Vec<String>, rates: &Rates, remedy: &str) -> Problem {
    let mut names: Vec<_> = rates
        .roles
        .iter()
        .take(MAX_NAMES)
        .map(|role| role.name.as_str())
        .collect();
    if rates.roles.len() > MAX_NAMES {
        names.push("…");
    }
    let known = if names.is_empty() {
        "it has none now".to_owned()
    } else {
        format!("it has {}", names.join(", "))
    };
    let known = format!("is no role of the organization: {known}. {remedy}");
    let first = fields.first().cloned().unwrap_or_default();
    let rest = format!("is no role of the organization: see {first}");
    let errors = fields
        .into_iter()
        .enumerate()
        .map(|(index, field)| FieldError::new(field, if index == 0 { &known } else { &rest }));
    Problem::fields(ProblemKind::UnknownRole, errors.collect())
}

pub fn location(field: &str) -> Problem {
    Problem::field(
        field,
        "is no location of the organization: take an id from /api/locations",
    )
}
