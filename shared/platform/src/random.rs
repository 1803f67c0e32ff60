//! The host's randomness; under simulation it is seeded.

use uuid::{Builder, Uuid};

use crate::clock;

/// # Panics
/// Never on a WASI host: `wasi:random` cannot fail, and on a host without it the component does not link.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(
        clippy::expect_used,
        reason = "wasi:random is infallible by its interface"
    )]
    getrandom::fill(&mut bytes).expect("wasi:random");
    bytes
}

/// Fills a buffer.
///
/// # Panics
/// As [`bytes`]: never.
pub fn fill(buffer: &mut [u8]) {
    #[expect(
        clippy::expect_used,
        reason = "wasi:random is infallible by its interface"
    )]
    getrandom::fill(buffer).expect("wasi:random");
}

#[must_use]
pub fn number() -> u64 {
    u64::from_le_bytes(bytes())
}

/// A new UUIDv7 as text: sortable by time of creation, so that inserts append.
#[must_use]
pub fn id() -> String {
    uuid_at(clock::now_ms(), bytes()).to_string()
}

/// `count` new ids, with one call for all their randomness.
#[must_use]
pub fn ids(count: usize) -> Vec<String> {
    let now_ms = clock::now_ms();
    let mut random = vec![0_u8; count.saturating_mul(10)];
    #[expect(
        clippy::expect_used,
        reason = "wasi:random is infallible by its interface"
    )]
    getrandom::fill(&mut random).expect("wasi:random");
    random
        .as_chunks::<10>()
        .0
        .iter()
        .map(|random| uuid_at(now_ms, *random).to_string())
        .collect()
}

fn uuid_at(now_ms: i64, random: [u8; 10]) -> Uuid {
    Builder::from_unix_timestamp_millis(u64::try_from(now_ms).unwrap_or(0), &random).into_uuid()
}
