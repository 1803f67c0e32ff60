//! A brake on deletion by absence: a provider that answers with half its list
//! must not empty our tables.

/// When a pass deletes too much: only beyond both limits, so that small accounts
/// can change much and large ones a little.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brake {
    pub max_rows: u64,
    /// Of the rows that are alive before the pass.
    pub max_percent: u64,
}

impl Brake {
    /// For what a list lacks and nobody can ask for.
    pub const OF_LISTS: Self = Self {
        max_rows: 20,
        max_percent: 30,
    };
    /// For what a list lacks and the provider does not have either when it is asked for by its id.
    /// One that answers so for most of what it had may have lost its data, or we our rights.
    pub const OF_ANSWERS: Self = Self {
        max_rows: 20,
        max_percent: 50,
    };
}

/// The pass would delete too much and nobody said that it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{missing} of {live} rows are gone at the provider, more than the {max_rows} rows and {max_percent} % \
     that one pass may delete; nothing was deleted. Check the account, then ask for the sync with `force_deletions` to accept it"
)]
pub struct TooManyDeletions {
    pub missing: u64,
    pub live: u64,
    pub max_rows: u64,
    pub max_percent: u64,
}

impl Brake {
    /// Whether a complete pass that did not see `missing` of `live` rows may delete them.
    ///
    /// # Errors
    /// [`TooManyDeletions`], unless `forced`.
    pub fn check(&self, live: u64, missing: u64, forced: bool) -> Result<(), TooManyDeletions> {
        let &Self {
            max_rows,
            max_percent,
        } = self;
        let too_many = missing > max_rows
            && u128::from(missing) * 100 > u128::from(live) * u128::from(max_percent);
        if too_many && !forced {
            Err(TooManyDeletions {
                missing,
                live,
                max_rows,
                max_percent,
            })
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn braked(live: u64, missing: u64) -> bool {
        Brake::OF_LISTS.check(live, missing, false).is_err()
    }

    #[test]
    fn both_limits_must_be_passed() {
        assert!(braked(70, 22));
        assert!(!braked(70, 21), "30 % exactly");
        assert!(!braked(20, 20), "a small account may go whole");
        assert!(braked(21, 21));
        assert!(!braked(1_000, 300) && braked(1_000, 301));
        assert!(!braked(0, 0) && braked(u64::MAX, u64::MAX));
    }

    #[test]
    fn force_releases_it() {
        assert_eq!(Brake::OF_LISTS.check(100, 100, true), Ok(()));
    }

    #[test]
    fn the_refusal_tells_a_manager_what_to_do() {
        let message = Brake::OF_LISTS
            .check(100, 80, false)
            .unwrap_err()
            .to_string();
        assert!(message.starts_with("80 of 100 rows are gone"), "{message}");
        assert!(
            message.ends_with("ask for the sync with `force_deletions` to accept it"),
            "{message}"
        );
    }
}
