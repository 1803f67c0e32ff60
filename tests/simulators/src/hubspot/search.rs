//! Search: filters as they are documented, over records as the index holds them.

use std::cmp::Ordering;

use bytes::Bytes;
use http::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::{Problem, ok};
use super::model::{Kind, Property, Record, Table, ValueType, Version};
use super::paging::{Slice, paging};
use super::properties::epoch_ms;
use super::settings::Settings;
use super::{Asked, State};

const UNASKED_LIMIT: usize = 10;

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Search {
    filter_groups: Vec<Group>,
    sorts: Vec<Value>,
    query: Option<String>,
    properties: Vec<String>,
    limit: Option<u64>,
    after: Option<Value>,
}

#[derive(Deserialize)]
struct Group {
    filters: Vec<FilterBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FilterBody {
    property_name: String,
    operator: String,
    value: Option<Value>,
    high_value: Option<Value>,
    values: Option<Vec<Value>>,
}

/// A filter that was found right.
struct Filter {
    property: String,
    r#type: ValueType,
    test: Test,
}

enum Test {
    /// Between the two, both of them included.
    Range(Option<Bound>, Option<Bound>),
    /// Whether it is one of these.
    OneOf(Vec<String>, bool),
    Is(String, bool),
    Token(String, bool),
    IsSet(bool),
}

/// An end of a range, and whether it is inside.
struct Bound {
    value: String,
    is_inside: bool,
}

impl State {
    pub(super) fn search_objects(
        &mut self,
        asked: &Asked<'_>,
        kind: Kind,
    ) -> Result<Response<Bytes>, Problem> {
        asked.needs(kind.scope(false))?;
        let text = String::from_utf8_lossy(asked.request.body());
        if text.chars().count() > self.settings.search_body_chars_max {
            return Err(Problem::validation("The request body is too large"));
        }
        // A list would be read as an object whose members come in order.
        let search: Search = serde_json::from_str::<Map<String, Value>>(&text)
            .and_then(|body| serde_json::from_value(body.into()))
            .map_err(|error| Problem::validation(&format!("Invalid input JSON: {error}")))?;
        let (begin, limit) = search.page(&self.settings)?;
        let table = self.account.table(kind);
        let groups = search.filters(table, &self.settings)?;
        let order = search.order(table)?;
        let indexed_ms = asked.now_ms - i64::from(self.settings.search_delay_ms);
        let mut found: Vec<(&Record, &Version)> = table
            .records
            .values()
            .filter(|record| !record.is_archived)
            .filter_map(|record| Some((record, record.indexed_at(indexed_ms)?)))
            .filter(|(record, version)| {
                let value = |name: &str| record.value(kind, version, name);
                (groups.is_empty()
                    || groups.iter().any(|filters| {
                        filters
                            .iter()
                            .all(|filter| filter.takes(value(&filter.property)))
                    }))
                    && search
                        .query
                        .as_deref()
                        .is_none_or(|query| has_words(version, query))
            })
            .collect();
        if let Some((property, r#type, is_descending)) = order {
            found.sort_by(|(one, of_one), (other, of_other)| {
                let one = one.value(kind, of_one, &property);
                let other = other.value(kind, of_other, &property);
                let order = compare_optional(r#type, one.as_deref(), other.as_deref());
                if is_descending {
                    order.reverse()
                } else {
                    order
                }
            });
        }
        let slice = Slice::new(begin, limit, found.len(), asked.fault);
        let results: Vec<Value> = found
            .get(slice.begin..slice.end)
            .unwrap_or_default()
            .iter()
            .map(|(record, version)| self.render(kind, record, version, &search.properties))
            .collect();
        let mut body = json!({"total": found.len(), "results": results});
        if let (Some(next), Some(body)) = (slice.next, body.as_object_mut()) {
            let after = next.to_string();
            let mut paging = paging(&after, "");
            if let Some(next) = paging.get_mut("next").and_then(Value::as_object_mut) {
                next.remove("link");
            }
            body.insert("paging".to_owned(), paging);
        }
        Ok(ok(&body))
    }
}

impl Search {
    /// Where the page begins, and how long it is.
    fn page(&self, settings: &Settings) -> Result<(usize, usize), Problem> {
        let max = settings.search_page_max;
        let limit = match self.limit {
            None => UNASKED_LIMIT,
            Some(limit) => usize::try_from(limit)
                .ok()
                .filter(|limit| (1..=max).contains(limit))
                .ok_or_else(|| Problem::validation(&format!("limit must be from 1 to {max}")))?,
        };
        let begin: usize = match &self.after {
            None | Some(Value::Null) => 0,
            Some(after) => text(after)
                .parse()
                .map_err(|_| Problem::validation("after must be a number"))?,
        };
        if begin.saturating_add(limit) > settings.search_results_max {
            return Err(Problem::validation(&format!(
                "There was a problem with the request: paging is limited to {} results",
                settings.search_results_max
            )));
        }
        Ok((begin, limit))
    }

    fn filters(&self, table: &Table, settings: &Settings) -> Result<Vec<Vec<Filter>>, Problem> {
        let count = |group: &Group| group.filters.len();
        let is_too_much = self.filter_groups.len() > settings.filter_groups_max
            || self
                .filter_groups
                .iter()
                .map(count)
                .any(|count| count > settings.filters_per_group_max)
            || self.filter_groups.iter().map(count).sum::<usize>() > settings.filters_max;
        if is_too_much {
            return Err(Problem::validation(
                "There was a problem with the request: too many filters",
            ));
        }
        self.filter_groups
            .iter()
            .map(|group| {
                let filters = group.filters.iter();
                filters.map(|filter| Filter::read(filter, table)).collect()
            })
            .collect()
    }

    /// The property that sorts, its type, and whether the last comes first.
    fn order(&self, table: &Table) -> Result<Option<(String, ValueType, bool)>, Problem> {
        let sort = match self.sorts.as_slice() {
            [] => return Ok(None),
            [one] => one,
            _ => return Err(Problem::validation("Only one sort is supported")),
        };
        let (name, is_descending) = match sort {
            Value::String(name) => match name.strip_prefix('-') {
                Some(name) => (name.to_owned(), true),
                None => (name.clone(), false),
            },
            sort => {
                let direction = sort.get("direction").and_then(Value::as_str);
                let name = sort.get("propertyName").and_then(Value::as_str);
                let is_descending = match direction {
                    Some("DESCENDING") => true,
                    None | Some("ASCENDING") => false,
                    Some(_) => return Err(Problem::validation("direction is not known")),
                };
                (name.unwrap_or_default().to_owned(), is_descending)
            }
        };
        let property = known(table, &name)?;
        Ok(Some((name, property.r#type, is_descending)))
    }
}

impl Filter {
    fn read(body: &FilterBody, table: &Table) -> Result<Self, Problem> {
        let property = known(table, &body.property_name)?;
        let r#type = property.r#type;
        let missing = || {
            Problem::validation(&format!(
                "There was a problem with the request: {} needs a value",
                body.operator
            ))
        };
        let operand = |value: &Option<Value>| {
            let value = value.as_ref().filter(|value| !value.is_null());
            let value = text(value.ok_or_else(missing)?);
            checked(r#type, value)
        };
        let bound = |value: &Option<Value>, is_inside| {
            Ok::<_, Problem>(Some(Bound {
                value: operand(value)?,
                is_inside,
            }))
        };
        let list = || {
            let values = body.values.as_ref().filter(|values| !values.is_empty());
            let values = values.ok_or_else(missing)?.iter().map(text);
            values
                .map(|value| checked(r#type, value))
                .collect::<Result<Vec<_>, _>>()
        };
        let test = match body.operator.as_str() {
            "EQ" => Test::Is(operand(&body.value)?, true),
            "NEQ" => Test::Is(operand(&body.value)?, false),
            "LT" => Test::Range(None, bound(&body.value, false)?),
            "LTE" => Test::Range(None, bound(&body.value, true)?),
            "GT" => Test::Range(bound(&body.value, false)?, None),
            "GTE" => Test::Range(bound(&body.value, true)?, None),
            "BETWEEN" => Test::Range(bound(&body.value, true)?, bound(&body.high_value, true)?),
            "IN" => Test::OneOf(list()?, true),
            "NOT_IN" => Test::OneOf(list()?, false),
            "HAS_PROPERTY" => Test::IsSet(true),
            "NOT_HAS_PROPERTY" => Test::IsSet(false),
            "CONTAINS_TOKEN" => Test::Token(operand(&body.value)?, true),
            "NOT_CONTAINS_TOKEN" => Test::Token(operand(&body.value)?, false),
            other => {
                return Err(Problem::validation(&format!(
                    "There was a problem with the request: {other} is no operator"
                )));
            }
        };
        Ok(Self {
            property: body.property_name.clone(),
            r#type,
            test,
        })
    }

    /// What has no value is not equal to anything and lies in no range.
    fn takes(&self, value: Option<String>) -> bool {
        let value = value.filter(|value| !value.is_empty());
        let Some(value) = value else {
            return match &self.test {
                Test::IsSet(wanted)
                | Test::Is(_, wanted)
                | Test::OneOf(_, wanted)
                | Test::Token(_, wanted) => !wanted,
                Test::Range(..) => false,
            };
        };
        match &self.test {
            Test::IsSet(wanted) => *wanted,
            Test::Is(operand, wanted) => self.is_equal(&value, operand) == *wanted,
            Test::OneOf(operands, wanted) => {
                operands
                    .iter()
                    .any(|operand| self.is_within(&value, operand))
                    == *wanted
            }
            Test::Token(operand, wanted) => has_token(&value, operand) == *wanted,
            Test::Range(low, high) => {
                let low = low.as_ref().is_none_or(|bound| {
                    let order = compare(self.r#type, &value, &bound.value);
                    order == Ordering::Greater || bound.is_inside && order == Ordering::Equal
                });
                let high = high.as_ref().is_none_or(|bound| {
                    let order = compare(self.r#type, &value, &bound.value);
                    order == Ordering::Less || bound.is_inside && order == Ordering::Equal
                });
                low && high
            }
        }
    }

    /// Case counts for enumerations only.
    fn is_equal(&self, value: &str, operand: &str) -> bool {
        match self.r#type {
            ValueType::Enumeration => {
                value.split(';').any(|one| one == operand) || value == operand
            }
            other => compare(other, value, operand) == Ordering::Equal,
        }
    }

    /// A text is compared in lower case with the operand as it is, which so has to be in lower case.
    fn is_within(&self, value: &str, operand: &str) -> bool {
        match self.r#type {
            ValueType::Text => value.to_lowercase() == operand,
            _ => self.is_equal(value, operand),
        }
    }
}

fn known<'t>(table: &'t Table, name: &str) -> Result<&'t Property, Problem> {
    table.properties.get(name).ok_or_else(|| {
        Problem::validation(&format!(
            "There was a problem with the request: property \"{name}\" does not exist"
        ))
    })
}

/// Dates are given in milliseconds.
fn checked(r#type: ValueType, operand: String) -> Result<String, Problem> {
    let is_right = match r#type {
        ValueType::Date | ValueType::DateTime => operand.parse::<i64>().is_ok(),
        ValueType::Number => operand.parse::<f64>().is_ok(),
        ValueType::Text | ValueType::Enumeration | ValueType::Owner => true,
    };
    if is_right {
        Ok(operand)
    } else {
        Err(Problem::validation(&format!(
            "There was a problem with the request: {operand} is not a valid value"
        )))
    }
}

fn compare_optional(r#type: ValueType, one: Option<&str>, other: Option<&str>) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) => compare(r#type, one, other),
        (one, other) => one.is_some().cmp(&other.is_some()),
    }
}

fn compare(r#type: ValueType, one: &str, other: &str) -> Ordering {
    match r#type {
        ValueType::Date | ValueType::DateTime => {
            // An operand is in milliseconds, whichever of the two.
            let ms = |text: &str| text.parse().ok().or_else(|| epoch_ms(r#type, text));
            ms(one).cmp(&ms(other))
        }
        ValueType::Number | ValueType::Owner => {
            let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
            number(one).total_cmp(&number(other))
        }
        ValueType::Text | ValueType::Enumeration => one.to_lowercase().cmp(&other.to_lowercase()),
    }
}

/// Words, with `*` at either end for what may stand there.
fn has_token(value: &str, token: &str) -> bool {
    let token = token.to_lowercase();
    let bare = token.trim_matches('*');
    words(value).any(
        |word| match (token.starts_with('*'), token.ends_with('*')) {
            (true, true) => word.contains(bare),
            (true, false) => word.ends_with(bare),
            (false, true) => word.starts_with(bare),
            (false, false) => word == bare,
        },
    )
}

fn has_words(version: &Version, query: &str) -> bool {
    words(query).all(|word| {
        let mut values = version.properties.values();
        values.any(|value| words(value).any(|one| one.starts_with(&word)))
    })
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
