//! Who may come in how often: a quota for each caller, for each webhook, and for each address of
//! requests that are refused because nothing proves who sends them.
//!
//! The buckets are rows that all instances share. Each instance goes by copies of them, which it
//! writes at first sight, and then once for a hundredth of the quota or a second, whichever comes
//! first; a refusal writes nothing. So a quota is exact where an instance serves one request, and
//! where it is below 200; otherwise each instance may let in a hundredth of the quota more, once.

use std::cell::RefCell;

use api::rate_limit::RateLimit;
use api::{Problem, ProblemKind};
use domain::api_key::sha256_hex;
use domain::inbound_limit::{Bucket, Next, Quota, Standing};
use domain::network;
use http::HeaderMap;
use store::rate_budgets;

use crate::auth::{self, Authenticated};
use crate::database::SpinDatabase;
use crate::{clock, log, variables};

/// Requests a minute of a caller whose key says nothing else, unless the variable
/// `requests_per_minute` does.
const REQUESTS_PER_MINUTE: u32 = 6_000;
/// Refused requests a minute of one address, unless the variable `refused_per_minute` says otherwise.
const REFUSED_PER_MINUTE: u32 = 300;
/// Buckets that one instance has copies of: more than an instance serves requests, as it is by default.
const MAX_KEPT: usize = 256;

thread_local! {
    /// Few enough to look through.
    static KEPT: RefCell<Vec<(String, Bucket)>> = const { RefCell::new(Vec::new()) };
}

/// Spends one request of a caller: of its key, or of the user of a token; the operator has no quota.
/// Returns what is left.
///
/// # Errors
/// 429 when the quota is used up; 503 for a variable that is no number.
pub async fn caller(
    database: &SpinDatabase,
    known: &Authenticated,
) -> Result<Option<RateLimit>, Problem> {
    let caller = &known.caller;
    let Some(organization_id) = caller.organization_id() else {
        return Ok(None);
    };
    let requests = match known.requests_per_minute {
        Some(requests) => requests,
        None => requests_per_minute().await?,
    };
    let subject = if caller.role().is_none() {
        caller.subject().to_owned()
    } else {
        // What the product calls its users by may be an address of theirs.
        sha256_hex(format!("{}\n{}", organization_id.as_str(), caller.subject()).as_bytes())
    };
    let who = "This caller may send";
    let remedy = "and spread them; the operator can make a key with a larger `requests_per_minute`";
    spend(database, "caller", &subject, requests)
        .await
        .map_err(|spent| used_up(spent, who, "requests", remedy))
}

/// The variable `requests_per_minute`; 0 is no limit.
///
/// # Errors
/// 503 where it is no number.
pub async fn requests_per_minute() -> Result<u32, Problem> {
    variable("requests_per_minute", REQUESTS_PER_MINUTE).await
}

/// What a request is answered whose sender is not known: `problem`, which says why, or 429 when too
/// many of its address were refused. Where no address is known there is no limit.
pub async fn refused(headers: &HeaderMap, database: &SpinDatabase, problem: Problem) -> Problem {
    let address = match auth::client_address(headers).await {
        Ok(Some(address)) => network::subscriber(address),
        Ok(None) => return problem,
        Err(wrong) => return wrong,
    };
    let refused = match variable("refused_per_minute", REFUSED_PER_MINUTE).await {
        Ok(refused) => refused,
        Err(wrong) => return wrong,
    };
    match spend(database, "address", &address, refused).await {
        Ok(left) => Problem {
            rate_limit: left.map(Box::new),
            ..problem
        },
        Err(spent) => used_up(
            spent,
            "This address may be refused",
            "requests",
            "with a key or a signature that is valid",
        ),
    }
}

/// Spends one delivery of a webhook.
///
/// # Errors
/// 429 when the quota is used up.
pub async fn webhook(
    database: &SpinDatabase,
    id: &str,
    events_per_minute: u32,
) -> Result<(), Problem> {
    let spent = spend(database, "webhook", id, events_per_minute).await;
    spent.map(drop).map_err(|spent| {
        let remedy = "or have its `events_per_minute` raised";
        used_up(spent, "This webhook takes", "deliveries", remedy)
    })
}

async fn variable(name: &'static str, default: u32) -> Result<u32, Problem> {
    variables::parsed(name, default, "a whole number; 0 is no limit")
        .await
        .map_err(|wrong| Problem::new(ProblemKind::Unavailable, format!("{wrong}.")))
}

fn used_up(limit: RateLimit, who: &str, what: &str, remedy: &str) -> Problem {
    let Standing {
        quota,
        more_in_seconds,
        ..
    } = limit.standing;
    let detail = format!(
        "{who} {quota} {what} a minute, and that is used up. Try again in {more_in_seconds} s, {remedy}."
    );
    Problem {
        rate_limit: Some(Box::new(limit)),
        ..Problem::new(ProblemKind::RateLimited, detail).retry_after(more_in_seconds)
    }
}

/// Lets in a request of `subject` and says what is left, or that its quota is used up. A database that does not answer
/// refuses nobody: the instance counts by itself meanwhile.
async fn spend(
    database: &SpinDatabase,
    policy: &'static str,
    subject: &str,
    per_minute: u32,
) -> Result<Option<RateLimit>, RateLimit> {
    let Some(quota) = Quota::per_minute(per_minute) else {
        return Ok(None);
    };
    let key = format!("inbound:{policy}:{subject}");
    let now_us = clock::now_micros();
    let (next, mut tat_us) = KEPT.with_borrow_mut(|kept| match find(kept, &key) {
        Some(bucket) => (bucket.ask(quota, now_us), bucket.tat_us()),
        None => (Next::Write { owed_us: 0 }, now_us),
    });
    let mut is_taken = next != Next::Refuse;
    if let Next::Write { owed_us } = next {
        tat_us = match rate_budgets::spend(database, &key, quota, now_us, owed_us).await {
            Ok(spent) => {
                is_taken = spent.is_taken;
                spent.tat_us
            }
            Err(error) => {
                log::error("inbound_limits", &error.to_string());
                now_us.saturating_add(quota.cost_us())
            }
        };
        KEPT.with_borrow_mut(|kept| {
            if let Some(bucket) = find(kept, &key) {
                bucket.written(quota, owed_us, tat_us, is_taken, now_us);
                tat_us = bucket.tat_us();
            } else {
                make_room(kept);
                kept.push((key, Bucket::seen(tat_us, now_us)));
            }
        });
    }
    let limit = RateLimit {
        policy,
        standing: quota.standing(tat_us, now_us),
    };
    is_taken.then_some(Some(limit)).ok_or(limit)
}

fn find<'a>(kept: &'a mut [(String, Bucket)], key: &str) -> Option<&'a mut Bucket> {
    kept.iter_mut()
        .find(|(known, _)| known == key)
        .map(|(_, bucket)| bucket)
}

fn make_room(kept: &mut Vec<(String, Bucket)>) {
    if kept.len() < MAX_KEPT {
        return;
    }
    // The one that is idle for longest, or will be first.
    let first = (0..kept.len()).min_by_key(|index| kept.get(*index).map(|(_, of)| of.tat_us()));
    if let Some(first) = first {
        kept.swap_remove(first);
    }
}
