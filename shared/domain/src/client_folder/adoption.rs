//! Which folder that is in the way is the one that was wanted.

use super::{Mark, is_same_name};

/// How far Box's clock and ours may be apart.
pub const CLOCK_ALLOWANCE_S: i64 = 60;

/// The folder that a deal needs.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    pub name: &'a str,
    pub parent_id: &'a str,
    pub mark: &'a Mark,
    /// The attempt whose answer we do not have, if there was one.
    pub attempt: Option<Attempt<'a>>,
}

/// A copy that was asked for and not answered, as it was recorded before it was asked for.
///
/// A copy that was answered, with 409 too, is no attempt: what was in the way then was there before.
/// Two deals must not try for one name at once, or one could take the folder that the other has made
/// and not yet marked: who records attempts lets one deal have a name below a parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt<'a> {
    /// When it was first asked for, by our clock.
    pub since: i64,
    /// As whom.
    pub user_id: &'a str,
}

/// A folder that is there.
#[derive(Clone, Debug)]
pub struct Existing<'a> {
    pub name: &'a str,
    pub parent_id: Option<&'a str>,
    pub description: &'a str,
    pub created_at: Option<i64>,
    pub created_by: Option<&'a str>,
    /// Whether it is neither in the trash nor deleted.
    pub is_active: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is this client's: use it.
    Ours,
    /// We made it and did not come to mark it: mark it, and use it.
    Unmarked,
    /// It has another name, or is elsewhere, or in the trash: it is not what is in the way.
    Elsewhere,
    /// It is another client's, or a person's: take another name.
    Foreign,
}

/// Whether a folder is the wanted one.
///
/// It is, if it lies where it should, has the name without regard to case, and its mark is of the same
/// client ([`Mark::is_of_same_client`]). A copy and its mark are two calls: after a crash between them
/// the folder has no mark. Then it is ours only if we had asked for it, the user we acted as made it,
/// and not before we asked. A folder without a mark that a person made is never taken.
#[must_use]
pub fn judge(wanted: &Wanted<'_>, existing: &Existing<'_>) -> Verdict {
    if !existing.is_active
        || existing.parent_id != Some(wanted.parent_id)
        || !is_same_name(existing.name, wanted.name)
    {
        return Verdict::Elsewhere;
    }
    match Mark::find(existing.description) {
        Some(mark) if mark.is_of_same_client(wanted.mark) => Verdict::Ours,
        Some(_) => Verdict::Foreign,
        None if was_made_by(wanted.attempt, existing) => Verdict::Unmarked,
        None => Verdict::Foreign,
    }
}

fn was_made_by(attempt: Option<Attempt<'_>>, existing: &Existing<'_>) -> bool {
    attempt.is_some_and(|attempt| {
        existing.created_by == Some(attempt.user_id)
            && existing
                .created_at
                .is_some_and(|at| at >= attempt.since.saturating_sub(CLOCK_ALLOWANCE_S))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINCE: i64 = 1_790_000_000;

    fn existing() -> Existing<'static> {
        Existing {
            name: "Sam & Kim Lee",
            parent_id: Some("310000001"),
            description: "[patchbay portal=77 deal=9001 contact=501]",
            created_at: Some(SINCE + 5),
            created_by: Some("22000001"),
            is_active: true,
        }
    }

    fn verdict(existing: &Existing<'_>, attempt: Option<Attempt<'_>>) -> Verdict {
        let mark = Mark::new("77", "9001", Some("501")).unwrap();
        let wanted = Wanted {
            name: "Sam & Kim Lee",
            parent_id: "310000001",
            mark: &mark,
            attempt,
        };
        judge(&wanted, existing)
    }

    #[test]
    fn a_mark_decides() {
        for (description, expected) in [
            ("[patchbay portal=77 deal=9001 contact=501]", Verdict::Ours),
            ("[patchbay portal=77 deal=9001]", Verdict::Ours),
            ("[patchbay portal=77 deal=8 contact=501] vip", Verdict::Ours),
            ("[patchbay portal=77 deal=8 contact=9]", Verdict::Foreign),
            ("[patchbay portal=78 deal=9001]", Verdict::Foreign),
            ("", Verdict::Foreign),
            ("deal 9001", Verdict::Foreign),
        ] {
            let folder = Existing {
                description,
                ..existing()
            };
            assert_eq!(verdict(&folder, None), expected, "{description}");
        }
        // An attempt of ours does not make another client's folder ours.
        let folder = Existing {
            description: "[patchbay portal=77 deal=8 contact=9]",
            ..existing()
        };
        let attempt = Attempt {
            since: SINCE,
            user_id: "22000001",
        };
        assert_eq!(verdict(&folder, Some(attempt)), Verdict::Foreign);
    }

    #[test]
    fn place_name_and_trash_come_first() {
        for folder in [
            Existing {
                parent_id: Some("310000002"),
                ..existing()
            },
            Existing {
                parent_id: None,
                ..existing()
            },
            Existing {
                name: "Sam & Kim Lee (2)",
                ..existing()
            },
            Existing {
                is_active: false,
                ..existing()
            },
        ] {
            assert_eq!(verdict(&folder, None), Verdict::Elsewhere, "{folder:?}");
        }
        let folder = Existing {
            name: "SAM & kim Lee",
            ..existing()
        };
        assert_eq!(verdict(&folder, None), Verdict::Ours);
    }

    #[test]
    fn without_a_mark_only_what_we_asked_for_is_ours() {
        let attempt = Attempt {
            since: SINCE,
            user_id: "22000001",
        };
        let unmarked = || Existing {
            description: "Template",
            ..existing()
        };
        assert_eq!(verdict(&unmarked(), Some(attempt)), Verdict::Unmarked);
        assert_eq!(verdict(&unmarked(), None), Verdict::Foreign);
        for (created_at, created_by, expected) in [
            (
                Some(SINCE - CLOCK_ALLOWANCE_S),
                Some("22000001"),
                Verdict::Unmarked,
            ),
            (
                Some(SINCE - CLOCK_ALLOWANCE_S - 1),
                Some("22000001"),
                Verdict::Foreign,
            ),
            (Some(SINCE + 5), Some("22000002"), Verdict::Foreign),
            (None, Some("22000001"), Verdict::Foreign),
            (Some(SINCE + 5), None, Verdict::Foreign),
        ] {
            let folder = Existing {
                created_at,
                created_by,
                ..unmarked()
            };
            assert_eq!(verdict(&folder, Some(attempt)), expected, "{folder:?}");
        }
    }
}
