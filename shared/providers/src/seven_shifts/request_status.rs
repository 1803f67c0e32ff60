//! What became of a request that someone made of their managers.

/// The state of an availability or of time off; a number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestStatus {
    /// 0
    Pending,
    /// 1
    Approved,
    /// 2
    Declined,
    /// A number that no document explains, kept as it came.
    Unknown(i64),
}

impl RequestStatus {
    /// As on the wire.
    #[must_use]
    pub const fn code(self) -> i64 {
        match self {
            Self::Pending => 0,
            Self::Approved => 1,
            Self::Declined => 2,
            Self::Unknown(code) => code,
        }
    }
}

impl From<i64> for RequestStatus {
    fn from(code: i64) -> Self {
        match code {
            0 => Self::Pending,
            1 => Self::Approved,
            2 => Self::Declined,
            code => Self::Unknown(code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_kept() {
        for code in [i64::MIN, -1, 0, 1, 2, 3, i64::MAX] {
            assert_eq!(RequestStatus::from(code).code(), code);
        }
        assert_eq!(RequestStatus::from(3), RequestStatus::Unknown(3));
    }
}
