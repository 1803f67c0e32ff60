//! Who may come in how often: a quota for each caller, for each webhook, and for each address of
//! requests that are refused because nothing proves who sends them.
//!
//! The buckets are rows that all instances share. Each instance goes by copies of them, which it
//! writes at first sight, and then once for a hundredth of the quota or a second, whichever comes
//! first; a refusal writes nothing. So a quota is exact where an instance serves one request, and
//! where it is below 200; otherwise each instance may let in a hundredth of the quota more, once.

use std::cell::RefCell;
use std::collections::HashMap;

use api::rate_limit::RateLimit;
use api::{Problem, ProblemKind};
use domain::access::Role;
use domain::api_key::sha256_hex;
use domain::inbound_limit::{Bucket, Next, Quota};
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
/// Buckets that one instance has copies of.
const MAX_KEPT: usize = 1_024;

const CALLER: &str = "caller";
const ADDRESS: &str = "address";
const WEBHOOK: &str = "webhook";

thread_local! {
    static KEPT: RefCell<HashMap<String, Bucket>> = RefCell::default();
}

/// Spends one request of a caller: of its key, or of the user of a token. The operator has no quota.
///
/// # Errors
/// 429 when the quota is used up; 503 for a variable that is no number.
pub async fn caller(
    database: &SpinDatabase,
    known: &Authenticated,
) -> Result<Option<RateLimit>, Problem> {
    let caller = &known.caller;
    let Some(organization_id) = caller
        .organization_id()
        .filter(|_| caller.role() != Some(Role::Operator))
    else {
        return Ok(None);
    };
    let requests = match known.requests_per_minute {
        Some(requests) => requests,
        None => requests_per_minute().await?,
    };
    let Some(quota) = Quota::per_minute(requests) else {
        return Ok(None);
    };
    let subject = if caller.role().is_none() {
        caller.subject().to_owned()
    } else {
        // What the product calls its users by may be an address of theirs.
        sha256_hex(format!("{}\n{}", organization_id.as_str(), caller.subject()).as_bytes())
    };
    let (is_taken, limit) = spend(database, CALLER, &subject, quota).await;
    if is_taken {
        return Ok(Some(limit));
    }
    Err(used_up(
        limit,
        "This caller may send {q} requests a minute, and has. Try again in {t} s, and spread them; the operator can make a key with a larger `requests_per_minute`.",
    ))
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
    let of_address = async {
        let Some(address) = auth::client_address(headers).await? else {
            return Ok(());
        };
        let refused = variable("refused_per_minute", REFUSED_PER_MINUTE).await?;
        let Some(quota) = Quota::per_minute(refused) else {
            return Ok(());
        };
        let subject = network::subscriber(address);
        let (is_taken, limit) = spend(database, ADDRESS, &subject, quota).await;
        if is_taken {
            return Ok(());
        }
        Err(used_up(
            limit,
            "Too many requests of this address were refused: {q} a minute are answered. Try again in {t} s, with a key or a signature that is valid.",
        ))
    };
    of_address.await.err().unwrap_or(problem)
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
    let Some(quota) = Quota::per_minute(events_per_minute) else {
        return Ok(());
    };
    let (is_taken, limit) = spend(database, WEBHOOK, id, quota).await;
    if is_taken {
        return Ok(());
    }
    Err(used_up(
        limit,
        "This webhook takes {q} deliveries a minute, and has. Send it again in {t} s; its `events_per_minute` can be raised.",
    ))
}

async fn variable(name: &'static str, default: u32) -> Result<u32, Problem> {
    variables::parsed(name, default, "a whole number; 0 is no limit")
        .await
        .map_err(|wrong| Problem::new(ProblemKind::Unavailable, format!("{wrong}.")))
}

fn used_up(limit: RateLimit, detail: &str) -> Problem {
    let seconds = limit.standing.more_in_seconds.max(1);
    let detail = detail
        .replace("{q}", &limit.standing.quota.to_string())
        .replace("{t}", &seconds.to_string());
    let mut problem = Problem::new(ProblemKind::RateLimited, detail).retry_after(seconds);
    problem.rate_limit = Some(Box::new(limit));
    problem
}

/// Whether a request of `subject` is let in, and what is left then. A database that does not answer
/// refuses nobody: the instance counts by itself meanwhile.
async fn spend(
    database: &SpinDatabase,
    policy: &'static str,
    subject: &str,
    quota: Quota,
) -> (bool, RateLimit) {
    let key = format!("inbound:{policy}:{subject}");
    let now_us = clock::now_micros();
    let next = KEPT.with_borrow_mut(|kept| match kept.get_mut(&key) {
        Some(bucket) => bucket.ask(quota, now_us),
        None => Next::Write { owed_us: 0 },
    });
    let is_taken = match next {
        Next::Admit => true,
        Next::Refuse => false,
        Next::Write { owed_us } => {
            let spent = rate_budgets::spend(database, &key, quota, now_us, owed_us).await;
            let spent = spent.unwrap_or_else(|error| {
                log::error("inbound_limits", &error.to_string());
                rate_budgets::Spent {
                    is_taken: true,
                    tat_us: now_us.saturating_add(quota.cost_us()),
                }
            });
            seen(&key, quota, spent, now_us);
            spent.is_taken
        }
    };
    let tat_us = KEPT.with_borrow(|kept| kept.get(&key).map_or(now_us, Bucket::tat_us));
    let standing = quota.standing(tat_us, now_us);
    (is_taken, RateLimit { policy, standing })
}

fn seen(key: &str, quota: Quota, spent: rate_budgets::Spent, now_us: i64) {
    KEPT.with_borrow_mut(|kept| {
        if let Some(bucket) = kept.get_mut(key) {
            bucket.written(quota, spent.tat_us, spent.is_taken, now_us);
            return;
        }
        if kept.len() >= MAX_KEPT {
            kept.retain(|_, bucket| !bucket.is_idle(now_us));
        }
        if kept.len() >= MAX_KEPT {
            // The one that will be idle first.
            let first = kept.iter().min_by_key(|(_, bucket)| bucket.tat_us());
            if let Some(first) = first.map(|(key, _)| key.clone()) {
                kept.remove(&first);
            }
        }
        kept.insert(key.to_owned(), Bucket::seen(spent.tat_us, now_us));
    });
}
