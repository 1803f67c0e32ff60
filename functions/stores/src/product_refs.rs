//! Who people are in the product: many at once, all of them or none.

use std::collections::BTreeMap;

use api::body::checked_name;
use api::stores::{ProductRefsSet, SetProductRef, SetProductRefs};
use api::{FieldError, Problem, ProblemKind, query};
use http::StatusCode;
use platform::{Context, Reply, clock, problems};
use store::product_refs::{self, Named, ProductRef};

use crate::checked_count;

/// Repeating it changes nothing.
pub async fn set(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let body: SetProductRefs = context.json()?;
    let mut errors = Vec::new();
    checked_count("/people", body.people.len(), &mut errors);
    let mut first_of = BTreeMap::new();
    let mut wanted = Vec::new();
    for (index, person) in body.people.iter().enumerate() {
        let name = named(index, person, &mut errors);
        let field = format!("/people/{index}/product_ref");
        if person.product_ref.is_none() {
            errors.push(FieldError::new(
                &*field,
                "is missing: send the product's id of the person, or null to take it away",
            ));
        }
        let product_ref = person
            .product_ref
            .as_ref()
            .and_then(Option::as_deref)
            .map(|text| checked_name(&field, text, &mut errors));
        if let Some(product_ref) = product_ref {
            let first = *first_of.entry(product_ref).or_insert(index);
            if first != index {
                errors.push(FieldError::new(
                    field,
                    format!("is that of /people/{first} too: no two people have the same"),
                ));
            }
        }
        wanted.push((name, product_ref));
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let updated = context
        .transaction(async |transaction| {
            let names: Vec<_> = wanted.iter().map(|(name, _)| name.clone()).collect();
            let found = product_refs::find(transaction, &tenant, &names)
                .await
                .map_err(|error| problems::database(&error))?;
            let mut errors = Vec::new();
            let mut refs = Vec::new();
            let mut first_of = BTreeMap::new();
            for (index, ((name, product_ref), found)) in wanted.iter().zip(&found).enumerate() {
                let mut refuse =
                    |why: String| errors.push(FieldError::new(field_of(index, name), why));
                match found.team_member_ids.as_slice() {
                    [one] => {
                        let first = *first_of.entry(one.as_str()).or_insert(index);
                        if first == index {
                            refs.push(ProductRef {
                                team_member_id: one,
                                product_ref: *product_ref,
                            });
                        } else {
                            refuse(format!("is the person of /people/{first}: send each once"));
                        }
                    }
                    [] => refuse("is nobody of your organization".to_owned()),
                    _ => refuse(
                        "is more than one person: name the one that is meant by team_member_id"
                            .to_owned(),
                    ),
                }
            }
            if !errors.is_empty() {
                return Err(Problem::invalid(errors));
            }
            let set = product_refs::set(transaction, &tenant, &refs, clock::now_micros())
                .await
                .map_err(|error| problems::database(&error))?;
            if set.doubled.is_empty() {
                return Ok(set.updated);
            }
            let errors: Vec<_> = wanted
                .iter()
                .enumerate()
                .filter(|(_, (_, product_ref))| {
                    product_ref.is_some_and(|text| set.doubled.iter().any(|other| other == text))
                })
                .map(|(index, _)| {
                    FieldError::new(
                        format!("/people/{index}/product_ref"),
                        "is that of another person: take it from them first",
                    )
                })
                .collect();
            let detail = Problem::invalid(errors.clone()).detail;
            Err(Problem {
                errors,
                ..Problem::new(ProblemKind::Conflict, detail)
            })
        })
        .await?;
    Reply::json(
        StatusCode::OK,
        &ProductRefsSet {
            updated: u64::try_from(updated).unwrap_or(u64::MAX),
            unchanged: u64::try_from(wanted.len().saturating_sub(updated)).unwrap_or(u64::MAX),
        },
    )
}

/// The name by which the person is sought: exactly one of the three.
fn named<'a>(index: usize, person: &'a SetProductRef, errors: &mut Vec<FieldError>) -> Named<'a> {
    let name = Named {
        team_member_id: person.team_member_id.as_deref(),
        external_id: person.external_id.as_deref(),
        email: person.email.as_deref(),
    };
    let given = [name.team_member_id, name.external_id, name.email];
    if given.iter().flatten().count() != 1 {
        errors.push(FieldError::new(
            format!("/people/{index}"),
            "must name the person by one of team_member_id, external_id and email",
        ));
    } else if name.team_member_id.is_some_and(|id| !query::is_id(id)) {
        errors.push(FieldError::new(
            format!("/people/{index}/team_member_id"),
            "must be an id (UUID) from an earlier answer",
        ));
    }
    name
}

fn field_of(index: usize, name: &Named<'_>) -> String {
    let member = match name {
        Named {
            team_member_id: Some(_),
            ..
        } => "team_member_id",
        Named {
            external_id: Some(_),
            ..
        } => "external_id",
        _ => "email",
    };
    format!("/people/{index}/{member}")
}
