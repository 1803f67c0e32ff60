//! Copies of what HubSpot has listed, in the key-value store, by organization and connector. One may be missing, or old,
//! at any time; what it says of its age is when reading it began.
//!
//! A copy has a head, and its rows in parts, because a value is of a mebibyte at the most. Parts of two copies that were
//! written at once do not fit together, and are none then.

use domain::access::Tenant;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use spin_sdk::key_value::{Error, Store};

use super::Age;
use super::reading::Told;
use crate::hubspot::LEARNT;
use crate::{log, random};

const HEAD: &str = "advisers:head:";
const PART: &str = "advisers:part:";
const FAILED: &str = "advisers:failed:";
/// Rows of so many bytes are one part; the last of them makes it a little longer.
const PART_BYTES: usize = 512 * 1024;
/// What is larger is not kept, and read anew each time.
const PARTS_MAX: usize = 16;
/// For so long after a failure a copy that can be used is used without another try, in milliseconds: each may take as long as
/// somebody waits.
const LATELY_MS: i64 = 30_000;
/// Nobody uses a copy that is older, in milliseconds.
const KEPT_MS: i64 = 24 * 3_600_000;

/// Which copy.
#[derive(Clone, Debug)]
pub struct Name(String);

impl Name {
    pub fn new(tenant: &Tenant, connector_id: &str, list: &str) -> Self {
        Self(format!("{}:{connector_id}:{list}", tenant.as_str()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn head(&self) -> String {
        format!("{HEAD}{}", self.0)
    }

    fn failed(&self) -> String {
        format!("{FAILED}{}", self.0)
    }

    fn part(&self, number: usize) -> String {
        format!("{PART}{}:{number}", self.0)
    }
}

/// What a list was asked for, and what came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    pub about: About,
    pub rows: Vec<Row>,
}

/// A record as texts in an order of its list's own: thousands are kept, and all lists the same way.
pub type Row = Vec<String>;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// When reading it began, in Unix milliseconds.
    pub read_at_ms: i64,
    /// The question: with another one it is another list.
    pub asked: String,
    /// Only what is at this time or later, in Unix seconds.
    pub since: i64,
    /// Of these only; none: of all.
    pub of: Vec<String>,
    /// Records that could not be read, and are not among the rows.
    pub unreadable: usize,
}

#[derive(Serialize, Deserialize)]
struct Head {
    about: About,
    stamp: String,
    parts: usize,
}

#[derive(Serialize, Deserialize)]
struct Part {
    stamp: String,
    rows: Vec<Row>,
}

impl Copied {
    #[must_use]
    pub fn is_younger(&self, age_ms: i64, now_ms: i64) -> bool {
        now_ms.saturating_sub(self.about.read_at_ms) <= age_ms
    }

    /// Whether nothing needs to be read.
    #[must_use]
    pub fn is_fresh(&self, asked: &About, age: Age, now_ms: i64) -> bool {
        let is_of = |one: &String| self.about.of.contains(one);
        self.is_younger(age.fresh_ms, now_ms) && asked.of.iter().all(is_of)
    }
}

/// The copy, if there is one of this question that can be read, and that goes back as far.
pub async fn get(name: &Name, asked: &About) -> Option<Copied> {
    let store = Store::open_default().await.ok()?;
    let head: Head = read(&store, &name.head()).await?;
    if head.about.asked != asked.asked || head.about.since > asked.since {
        return None;
    }
    let mut rows = Vec::new();
    for number in 0..head.parts {
        let part: Part = read(&store, &name.part(number)).await?;
        if part.stamp != head.stamp {
            return None;
        }
        rows.extend(part.rows);
    }
    Some(Copied {
        about: head.about,
        rows,
    })
}

async fn read<T: DeserializeOwned>(store: &Store, name: &str) -> Option<T> {
    let bytes = store.get(name).await.ok()??;
    serde_json::from_slice(&bytes).ok()
}

/// Keeps a copy in the place of the one before; the head comes last, so that nobody reads half of it.
pub async fn put(name: &Name, copied: &Copied) {
    let stamp = random::id();
    let Some(parts) = parts(&stamp, &copied.rows) else {
        log::error("adviser_copies", "a list is too large to be kept");
        return;
    };
    let head = Head {
        about: copied.about.clone(),
        stamp,
        parts: parts.len(),
    };
    let put = async {
        let store = Store::open_default().await?;
        for (number, part) in parts.iter().enumerate() {
            store.set(name.part(number), part).await?;
        }
        let head = serde_json::to_vec(&head).unwrap_or_default();
        store.set(name.head(), head).await
    };
    noted(put.await);
}

#[derive(Serialize, Deserialize)]
struct Failed {
    at_ms: i64,
    told: Told,
}

/// Why the list could not be read a moment ago.
pub async fn failed_lately(name: &Name, now_ms: i64) -> Option<Told> {
    let store = Store::open_default().await.ok()?;
    let failed: Failed = read(&store, &name.failed()).await?;
    (0..LATELY_MS)
        .contains(&now_ms.saturating_sub(failed.at_ms))
        .then_some(failed.told)
}

pub async fn note_failure(name: &Name, told: &Told, now_ms: i64) {
    let failed = Failed {
        at_ms: now_ms,
        told: told.clone(),
    };
    let bytes = serde_json::to_vec(&failed).unwrap_or_default();
    let put = async { Store::open_default().await?.set(name.failed(), bytes).await };
    noted(put.await);
}

/// The rows by parts, as they are written; `None` where they are too many.
fn parts(stamp: &str, rows: &[Row]) -> Option<Vec<Vec<u8>>> {
    let mut parts = Vec::new();
    let begin = || {
        let mut part = br#"{"stamp":""#.to_vec();
        part.extend_from_slice(stamp.as_bytes());
        part.extend_from_slice(br#"","rows":["#);
        part
    };
    let mut part = begin();
    let mut is_first = true;
    for row in rows {
        if !is_first {
            part.push(b',');
        }
        is_first = false;
        serde_json::to_writer(&mut part, row).ok()?;
        if part.len() >= PART_BYTES {
            part.extend_from_slice(b"]}");
            parts.push(std::mem::replace(&mut part, begin()));
            is_first = true;
        }
    }
    if !is_first {
        part.extend_from_slice(b"]}");
        parts.push(part);
    }
    (parts.len() <= PARTS_MAX).then_some(parts)
}

/// Forgets what nobody uses any more: copies that are a day old, of connectors and organizations that are gone too; and all
/// that is of the moment, such as what was learnt of limits, which comes back with the next request.
pub async fn forget_old(now_ms: i64) {
    let forgotten = async {
        let store = Store::open_default().await?;
        let names = store.get_keys().await.collect().await?;
        let mut kept = Vec::new();
        for name in names.iter().filter(|name| name.starts_with(HEAD)) {
            let head: Option<Head> = read(&store, name).await;
            let is_used = head.is_some_and(|head| {
                let age_ms = now_ms.saturating_sub(head.about.read_at_ms);
                (-KEPT_MS..KEPT_MS).contains(&age_ms)
            });
            if is_used {
                kept.push(name.trim_start_matches(HEAD));
            } else {
                store.delete(name).await?;
            }
        }
        let is_of_now = |name: &&String| name.starts_with(LEARNT) || name.starts_with(FAILED);
        for name in names.iter().filter(is_of_now) {
            store.delete(name).await?;
        }
        for name in names.iter().filter(|name| name.starts_with(PART)) {
            let of = name.trim_start_matches(PART).rsplit_once(':');
            if !of.is_some_and(|(of, _)| kept.contains(&of)) {
                store.delete(name).await?;
            }
        }
        Ok(())
    };
    noted(forgotten.await);
}

fn noted(result: Result<(), Error>) {
    if let Err(error) = result {
        log::error("adviser_copies", &format!("{error:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hold_all_rows_in_order_and_are_smaller_than_a_mebibyte() {
        let rows: Vec<Row> = (0..20_000)
            .map(|id: u32| vec![id.to_string(), "x".repeat(60)])
            .collect();
        let parts = parts("s", &rows).unwrap();
        assert!(parts.len() > 2);
        let mut read = Vec::new();
        for part in &parts {
            assert!(part.len() < 1 << 20);
            let part: Part = serde_json::from_slice(part).unwrap();
            assert_eq!(part.stamp, "s");
            assert!(!part.rows.is_empty());
            read.extend(part.rows);
        }
        assert_eq!(read, rows);
    }

    #[test]
    fn nothing_has_no_part_and_too_much_is_not_kept() {
        assert_eq!(parts("s", &[]), Some(Vec::new()));
        let rows = vec![vec!["x".repeat(PART_BYTES)]; PARTS_MAX + 1];
        assert_eq!(parts("s", &rows), None);
    }
}
