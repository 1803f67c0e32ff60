//! Times as answers write them.

use chrono::{DateTime, SecondsFormat, Utc};

/// RFC 3339 in UTC with `Z`, from Unix seconds.
#[must_use]
pub fn rfc3339(seconds: i64) -> String {
    DateTime::<Utc>::from_timestamp(seconds, 0)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Secs, true)
}
