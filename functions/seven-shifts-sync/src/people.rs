//! What 7shifts lists person by person: wages and role assignments. A page is what some people
//! have, in the order of their ids.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use platform::seven_shifts::{Answered, Failure, call, records};
use store::records as rows;

use crate::fetch::{Fetched, Records, Source, Unread};

/// People of one page: two seconds of the documented rate, so that a page is never far from saved.
const PEOPLE_PER_PAGE: u32 = 20;
/// Requests on their way at a time: a slow answer leaves no slot of the budget unused.
const AT_A_TIME: usize = 6;

/// The people of a page, and what those have whom 7shifts still knows.
struct People<T> {
    asked: Vec<String>,
    found: Vec<(i64, T)>,
    provider_time: Option<i64>,
}

/// The wages of the people after `after`.
///
/// # Errors
/// As [`crate::fetch::page`].
pub async fn wages(source: Source<'_>, after: Option<&str>) -> Result<Fetched, Failure> {
    let client = &source.account.client;
    let people = ask(source, after, async |id| {
        call(&source.account.line, client.user_wages(id)).await
    })
    .await?;
    let mut records = Vec::new();
    let mut unread = Vec::new();
    for (id, wages) in people.found {
        unread.extend(wages.rejected.into_iter().map(Unread::of_row));
        let listed = wages.current.into_iter().chain(wages.upcoming);
        records.extend(listed.map(|wage| records::wage(wage, id)));
    }
    Ok(fetched(
        people.asked,
        people.provider_time,
        Records::Wages(records),
        unread,
    ))
}

/// The role assignments of the people after `after`.
///
/// # Errors
/// As [`crate::fetch::page`].
pub async fn role_assignments(source: Source<'_>, after: Option<&str>) -> Result<Fetched, Failure> {
    let client = &source.account.client;
    let people = ask(source, after, async |id| {
        call(&source.account.line, client.user_assignments(id)).await
    })
    .await?;
    let mut records = Vec::new();
    let mut unread = Vec::new();
    for (id, assignments) in people.found {
        unread.extend(assignments.rejected.into_iter().map(|mut entry| {
            entry.external_id = entry.external_id.map(|role| format!("{id}:{role}"));
            Unread::of_row(entry)
        }));
        let roles = assignments.roles.iter();
        records.extend(roles.map(|role| records::role_assignment(role, id)));
    }
    Ok(fetched(
        people.asked,
        people.provider_time,
        Records::RoleAssignments(records),
        unread,
    ))
}

async fn ask<T>(
    source: Source<'_>,
    after: Option<&str>,
    one: impl AsyncFn(i64) -> Result<Answered<T>, Failure>,
) -> Result<People<T>, Failure> {
    let database = source.account.line.database;
    let asked = rows::people_at_work(
        database,
        &source.scope,
        after.unwrap_or_default(),
        PEOPLE_PER_PAGE,
    )
    .await?;
    let answers: Vec<_> = stream::iter(asked.iter().filter_map(|id| id.parse().ok()))
        .map(async |id: i64| match one(id).await {
            Ok(answer) => Ok(Some((id, answer))),
            // Removed since we listed the people: the stream that lists them finds out.
            Err(failure) if failure.code == "not_found" => Ok(None),
            Err(failure) => Err(failure),
        })
        .buffered(AT_A_TIME)
        .try_collect()
        .await?;
    let answers = answers.into_iter().flatten();
    let mut people = People {
        asked,
        found: Vec::new(),
        provider_time: None,
    };
    for (id, answer) in answers {
        people.provider_time = people.provider_time.or(answer.provider_time);
        people.found.push((id, answer.value));
    }
    Ok(people)
}

fn fetched(
    asked: Vec<String>,
    provider_time: Option<i64>,
    records: Records,
    unread: Vec<Unread>,
) -> Fetched {
    let is_full = u32::try_from(asked.len()).is_ok_and(|people| people >= PEOPLE_PER_PAGE);
    Fetched {
        received: records.ids().len().saturating_add(unread.len()),
        next: asked.last().filter(|_| is_full).cloned(),
        asked,
        unread,
        provider_time,
        ..Fetched::of(records)
    }
}
