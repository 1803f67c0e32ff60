//! Bodies of searches, within HubSpot's bounds.

use serde::Serialize;

use super::meeting;
use super::query::{DealsQuery, MeetingsQuery};
use crate::ProviderError;

/// The most results that HubSpot gives of one search.
pub const MAX_SEARCH_RESULTS: usize = 10_000;

/// The most owners of one search for meetings. HubSpot names no bound but that of the body.
pub const MAX_OWNERS_PER_SEARCH: usize = 100;

const ID: &str = "hs_object_id";
const PAGE_LIMIT: u16 = 200;
const MAX_BODY_CHARS: usize = 3_000;
const MAX_FILTERS: usize = 6;

/// What a search sends, and from where on it reads.
pub(super) struct Search {
    pub(super) body: Vec<u8>,
    pub(super) offset: usize,
}

pub(super) fn meetings(query: &MeetingsQuery) -> Result<Search, ProviderError> {
    let owner = meeting::FILTERED_BY_OWNER;
    let owners = match query.owner_ids.as_slice() {
        [] => return Err(refused("the search for meetings names no owner")),
        [one] => Filter::equal(owner, one),
        many if many.len() <= MAX_OWNERS_PER_SEARCH => Filter::within(owner, many),
        _ => {
            return Err(refused(&format!(
                "the search for meetings names more than {MAX_OWNERS_PER_SEARCH} owners; ask for them in turn"
            )));
        }
    };
    let start_ms = query.starts_from.saturating_mul(1_000).to_string();
    let mut filters = vec![owners, Filter::from(meeting::FILTERED_BY_START, &start_ms)];
    match query.types.as_slice() {
        [] => {}
        [one] => filters.push(Filter::equal(meeting::FILTERED_BY_TYPE, one)),
        many => filters.push(Filter::within(meeting::FILTERED_BY_TYPE, many)),
    }
    filters.extend(query.above_id.as_deref().map(Filter::above));
    encode(filters, &meeting::PROPERTIES, query.after.as_deref())
}

pub(super) fn deals(query: &DealsQuery) -> Result<Search, ProviderError> {
    let mut filters = Vec::new();
    if let Some(pipeline) = &query.pipeline {
        filters.push(Filter::equal("pipeline", pipeline));
    }
    match query.stages.as_slice() {
        [] => {}
        [one] => filters.push(Filter::equal("dealstage", one)),
        many => filters.push(Filter::within("dealstage", many)),
    }
    filters.extend(query.unset.iter().map(|name| Filter::unset(name)));
    filters.push(match &query.adviser_email {
        Some(email) => Filter::equal(&query.adviser_property, email),
        None => Filter::set(&query.adviser_property),
    });
    filters.extend(query.above_id.as_deref().map(Filter::above));
    encode(filters, &query.properties, query.after.as_deref())
}

fn encode<P: Serialize>(
    filters: Vec<Filter<'_>>,
    properties: &[P],
    after: Option<&str>,
) -> Result<Search, ProviderError> {
    if filters.len() > MAX_FILTERS {
        return Err(refused("the search has more than 6 filters"));
    }
    let offset: usize = match after {
        None => 0,
        Some(after) => after
            .parse()
            .map_err(|_| refused("the cursor is not one of a search"))?,
    };
    if offset >= MAX_SEARCH_RESULTS {
        return Err(refused(
            "a search gives 10,000 records at the most: read on from the last id",
        ));
    }
    let body = Body {
        filter_groups: [FilterGroup { filters }],
        properties,
        // By the age of records, so that new ones come last and move no page.
        sorts: [Sort {
            property_name: ID,
            direction: "ASCENDING",
        }],
        limit: PAGE_LIMIT,
        after: offset.to_string(),
    };
    let body = serde_json::to_string(&body).map_err(|error| refused(&error.to_string()))?;
    if body.chars().count() > MAX_BODY_CHARS {
        return Err(refused(
            "the search is longer than 3,000 characters; ask for less at a time",
        ));
    }
    Ok(Search {
        body: body.into_bytes(),
        offset,
    })
}

fn refused(what: &str) -> ProviderError {
    ProviderError::Request {
        what: what.to_owned(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a, P> {
    filter_groups: [FilterGroup<'a>; 1],
    properties: &'a [P],
    sorts: [Sort; 1],
    limit: u16,
    after: String,
}

#[derive(Serialize)]
struct FilterGroup<'a> {
    filters: Vec<Filter<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sort {
    property_name: &'static str,
    direction: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Filter<'a> {
    property_name: &'a str,
    operator: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    values: &'a [String],
}

impl<'a> Filter<'a> {
    const fn of(property_name: &'a str, operator: &'static str) -> Self {
        Self {
            property_name,
            operator,
            value: None,
            values: &[],
        }
    }

    const fn equal(property: &'a str, value: &'a str) -> Self {
        Self {
            value: Some(value),
            ..Self::of(property, "EQ")
        }
    }

    const fn above(id: &'a str) -> Self {
        Self {
            value: Some(id),
            ..Self::of(ID, "GT")
        }
    }

    const fn from(property: &'a str, value: &'a str) -> Self {
        Self {
            value: Some(value),
            ..Self::of(property, "GTE")
        }
    }

    /// Only for properties of options, whose values are compared as they are: of text they would have
    /// to be in lower case.
    const fn within(property: &'a str, values: &'a [String]) -> Self {
        Self {
            values,
            ..Self::of(property, "IN")
        }
    }

    const fn set(property: &'a str) -> Self {
        Self::of(property, "HAS_PROPERTY")
    }

    const fn unset(property: &'a str) -> Self {
        Self::of(property, "NOT_HAS_PROPERTY")
    }
}
