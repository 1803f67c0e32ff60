//! What became of a request that someone made of their managers.

use serde::{Deserialize, Serialize};

/// A number on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestStatus {
    #[default]
    Pending,
    Approved,
    Declined,
}

impl RequestStatus {
    /// The values a filter takes.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("0", Self::Pending),
        ("1", Self::Approved),
        ("2", Self::Declined),
    ];

    /// 1 and 2 are documented; that 0 is pending is, for time off, inferred.
    pub const fn code(self) -> i64 {
        match self {
            Self::Pending => 0,
            Self::Approved => 1,
            Self::Declined => 2,
        }
    }
}
