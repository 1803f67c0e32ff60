//! Application variables, read through Spin and kept for a few seconds per instance: a request
//! reads several, and a variable that is rotated at its provider is seen without a restart.

use std::cell::RefCell;
use std::collections::HashMap;

use spin_sdk::variables;

use crate::clock;

/// How long a value is kept, in milliseconds.
const KEPT_MS: i64 = 5_000;

thread_local! {
    static KEPT: RefCell<HashMap<&'static str, (i64, Option<String>)>> = RefCell::default();
}

/// The variable, or `None` when it is not set or empty.
pub async fn get(name: &'static str) -> Option<String> {
    let now_ms = clock::now_ms();
    let kept = KEPT.with_borrow(|kept| {
        kept.get(name)
            .filter(|(read_at_ms, _)| (0..KEPT_MS).contains(&now_ms.saturating_sub(*read_at_ms)))
            .map(|(_, value)| value.clone())
    });
    if let Some(value) = kept {
        return value;
    }
    let value = variables::get(name)
        .await
        .ok()
        .filter(|value| !value.is_empty());
    KEPT.with_borrow_mut(|kept| kept.insert(name, (now_ms, value.clone())));
    value
}

/// The variable, parsed; `default` when it is not set. A value that does not parse is the
/// operator's mistake and is reported as such.
///
/// # Errors
/// The variable's name and what it should look like.
pub async fn parsed<T: std::str::FromStr>(
    name: &'static str,
    default: T,
    form: &str,
) -> Result<T, String> {
    match get(name).await {
        None => Ok(default),
        Some(text) => text
            .trim()
            .parse()
            .map_err(|_| format!("the variable {name} must be {form}")),
    }
}
