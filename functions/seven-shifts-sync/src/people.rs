//! What 7shifts lists person by person: wages and role assignments. A page is what some people
//! have, in the order of their ids.

use std::cell::RefCell;

use futures::stream::{self, StreamExt as _};
use platform::seven_shifts::{Answered, Failure, call, records};
use providers::Rejected;
use store::records as rows;

use crate::fetch::{Fetched, Records, Source, Unread};

/// People of one page: two seconds of the documented rate, so that a page is never far from saved.
const PEOPLE_PER_PAGE: u32 = 20;
/// Requests on their way at a time: a slow answer leaves no slot of the budget unused.
const AT_A_TIME: usize = 6;
/// So few people are no page of their own at the end of the list: of one who is not answered nobody
/// could tell whose fault it is.
const FEW: u32 = 6;
/// With this many rows a page is full, whoever is left: a page of rows is one statement.
const ROWS_ENOUGH: usize = 500;

/// The people of a page, in the order of their ids.
struct People<T> {
    answers: Vec<(String, Answer<T>)>,
    /// Somebody is left for the next page.
    has_more: bool,
    provider_time: Option<i64>,
}

enum Answer<T> {
    Found(i64, T),
    /// 7shifts does not know this person any more: the stream that lists people finds out.
    Gone,
    /// No good answer, though others got theirs.
    Failed(i64, Failure),
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
    let planned = RefCell::new(Vec::new());
    let page = people.page(|id, wages| {
        let unread = wages.rejected.into_iter().map(Unread::of_row).collect();
        let upcoming = wages.upcoming.iter().map(|wage| wage.id.to_string());
        planned.borrow_mut().extend(upcoming);
        let listed = wages.current.into_iter().chain(wages.upcoming);
        (listed.map(|wage| records::wage(wage, id)).collect(), unread)
    });
    Ok(Fetched {
        planned: planned.into_inner(),
        ..page.fetched(Records::Wages)
    })
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
    let page = people.page(|id, assignments| {
        let unread = assignments
            .rejected
            .into_iter()
            .map(|mut entry| {
                entry.external_id = entry.external_id.map(|role| format!("{id}:{role}"));
                Unread::of_row(entry)
            })
            .collect();
        let roles = assignments
            .roles
            .iter()
            // Of a person who works in several locations, only what this connector brings.
            .filter(|role| source.location_id.is_none() || role.location_id == source.location_id)
            .map(|role| records::role_assignment(role, id))
            .collect();
        (roles, unread)
    });
    Ok(page.fetched(Records::RoleAssignments))
}

async fn ask<T>(
    source: Source<'_>,
    after: Option<&str>,
    one: impl AsyncFn(i64) -> Result<Answered<T>, Failure>,
) -> Result<People<T>, Failure> {
    let database = source.account.line.database;
    let mut ids = rows::people_at_work(
        database,
        &source.scope,
        after.unwrap_or_default(),
        PEOPLE_PER_PAGE + FEW + 1,
    )
    .await?;
    let has_more = u32::try_from(ids.len()).is_ok_and(|people| people > PEOPLE_PER_PAGE + FEW);
    if has_more {
        ids.truncate(usize::try_from(PEOPLE_PER_PAGE).unwrap_or(usize::MAX));
    }
    let mut people = People {
        answers: Vec::with_capacity(ids.len()),
        has_more,
        provider_time: None,
    };
    let numbered = ids
        .iter()
        .filter_map(|id| Some((id.clone(), id.parse::<i64>().ok()?)));
    let mut answers = std::pin::pin!(
        stream::iter(numbered)
            .map(async |(id, number)| (id, number, one(number).await))
            .buffered(AT_A_TIME)
    );
    let last = ids.last().filter(|_| !has_more);
    while let Some((id, number, answer)) = answers.next().await {
        let is_last = last == Some(&id);
        let answer = match answer {
            Ok(answer) => {
                people.provider_time = people.provider_time.or(answer.provider_time);
                Answer::Found(number, answer.value)
            }
            Err(failure) if failure.code == "not_found" => Answer::Gone,
            // What came is kept, however little: a slow provider must not make us ask for ever.
            // The very last one would be a page alone, and the others have shown whose fault it is.
            Err(failure)
                if failure.is_late()
                    && people.has_answers()
                    && !(is_last && failure.code == "timeout") =>
            {
                people.has_more = true;
                break;
            }
            // One who keeps every page waiting is asked first on the next, where it shows whether the
            // others are answered.
            Err(failure) if failure.is_of_one() || failure.code == "timeout" => {
                Answer::Failed(number, failure)
            }
            Err(failure) => return Err(failure),
        };
        people.answers.push((id, answer));
    }
    // A bad moment, or this person's data: asked again when the others are through, it shows which.
    // Who keeps us waiting would use up the call's time with it.
    for (_, answer) in &mut people.answers {
        let number = match answer {
            Answer::Failed(number, failure) if !failure.is_late() => *number,
            _ => continue,
        };
        match one(number).await {
            Ok(again) => *answer = Answer::Found(number, again.value),
            Err(again) if again.code == "not_found" => *answer = Answer::Gone,
            Err(again) if again.is_of_one() || again.is_late() => {}
            Err(again) => return Err(again),
        }
    }
    // With nobody answered it is not the person.
    if !people.has_answers() {
        let failed = people.answers.iter_mut().find_map(|(_, answer)| {
            match std::mem::replace(answer, Answer::Gone) {
                Answer::Failed(_, failure) => Some(failure),
                Answer::Found(..) | Answer::Gone => None,
            }
        });
        return failed.map_or(Ok(people), Err);
    }
    Ok(people)
}

impl<T> People<T> {
    fn has_answers(&self) -> bool {
        let is_answer = |answer: &Answer<T>| !matches!(answer, Answer::Failed(..));
        self.answers.iter().any(|(_, answer)| is_answer(answer))
    }

    /// The rows that these people have, as far as a page reaches.
    fn page<Record>(
        self,
        of_one: impl Fn(i64, T) -> (Vec<Record>, Vec<Unread>),
    ) -> PageOfPeople<Record> {
        let mut page = PageOfPeople {
            records: Vec::new(),
            unread: Vec::new(),
            asked: Vec::new(),
            last: None,
            has_more: self.has_more,
            provider_time: self.provider_time,
        };
        for (id, answer) in self.answers {
            if page.records.len() >= ROWS_ENOUGH {
                page.has_more = true;
                break;
            }
            match answer {
                Answer::Found(number, found) => {
                    let (records, unread) = of_one(number, found);
                    page.records.extend(records);
                    page.unread.extend(unread);
                    page.asked.push(id.clone());
                }
                Answer::Gone => {}
                // Not asked, as far as the sweep is concerned: what this person has stays.
                Answer::Failed(_, failure) => page.unread.push(Unread {
                    rejected: Rejected {
                        external_id: Some(format!("person-{id}")),
                        reason: failure.reason,
                    },
                    rows: vec![format!("person-{id}")],
                }),
            }
            page.last = Some(id);
        }
        page
    }
}

struct PageOfPeople<Record> {
    records: Vec<Record>,
    unread: Vec<Unread>,
    /// Whose rows are all here.
    asked: Vec<String>,
    last: Option<String>,
    has_more: bool,
    provider_time: Option<i64>,
}

impl<Record> PageOfPeople<Record> {
    fn fetched(self, records: fn(Vec<Record>) -> Records) -> Fetched {
        Fetched {
            received: self.records.len().saturating_add(self.unread.len()),
            next: self.last.filter(|_| self.has_more),
            asked: self.asked,
            unread: self.unread,
            provider_time: self.provider_time,
            ..Fetched::of(records(self.records))
        }
    }
}
