//! Whose rows a caller may see: everybody's, or those of the person that the caller is.

use api::{Problem, ProblemKind};
use domain::access::{Scope, Tenant};
use store::attendance::answers;

use crate::{Context, problems};

/// What a caller may see.
pub enum Sight {
    Everybody,
    /// Our ids of the one person, one for each account that knows them.
    Own(Vec<String>),
}

impl Sight {
    /// # Errors
    /// 404 for a caller who is no person that is known here.
    pub async fn of(context: &Context, tenant: &Tenant) -> Result<Self, Problem> {
        let caller = context.caller()?;
        if caller.may(Scope::AttendanceRead) {
            return Ok(Self::Everybody);
        }
        if !caller.is_person() {
            return Err(Problem::new(
                ProblemKind::NotFound,
                format!(
                    "You see your own attendance only, and an API key is no person: use a token (JWT) whose `sub` is mapped to one by PUT /api/product-refs, or a key with the scope `{}`.",
                    Scope::AttendanceRead
                ),
            ));
        }
        let ids = answers::called(&context.database, tenant, caller.subject())
            .await
            .map_err(|error| problems::database(&error))?;
        if ids.is_empty() {
            return Err(Problem::new(
                ProblemKind::NotFound,
                "You see your own attendance only, and no person is known by your id: have one mapped to it by PUT /api/product-refs.",
            ));
        }
        Ok(Self::Own(ids))
    }

    /// Whether a person may be seen.
    #[must_use]
    pub fn has(&self, team_member_id: &str) -> bool {
        match self {
            Self::Everybody => true,
            Self::Own(ids) => ids.iter().any(|id| id == team_member_id),
        }
    }

    /// The person that a list is to be kept to may be seen.
    ///
    /// # Errors
    /// 404 for the id of somebody who may not be seen.
    pub fn check(&self, asked: Option<&str>) -> Result<(), Problem> {
        match asked {
            Some(id) if !self.has(id) => Err(Problem::new(
                ProblemKind::NotFound,
                "You see your own attendance only: leave `team_member_id` out.",
            )),
            _ => Ok(()),
        }
    }

    /// The people that a list is to be kept to; `None`: everybody who is at work.
    ///
    /// # Errors
    /// Those of [`Sight::check`].
    pub fn people<'a>(&'a self, asked: Option<&'a str>) -> Result<Option<Vec<&'a str>>, Problem> {
        self.check(asked)?;
        Ok(match (asked, self) {
            (Some(id), _) => Some(vec![id]),
            (None, Self::Own(ids)) => Some(ids.iter().map(String::as_str).collect()),
            (None, Self::Everybody) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_ones_own_accounts_can_be_asked_for_and_nobody_elses() {
        let own = Sight::Own(vec!["here".to_owned(), "there".to_owned()]);
        assert_eq!(own.people(None), Ok(Some(vec!["here", "there"])));
        assert_eq!(own.people(Some("there")), Ok(Some(vec!["there"])));
        let refused = own.people(Some("elsewhere")).unwrap_err();
        assert_eq!(refused.kind, ProblemKind::NotFound);
        assert_eq!(Sight::Everybody.people(None), Ok(None));
        assert_eq!(
            Sight::Everybody.people(Some("elsewhere")),
            Ok(Some(vec!["elsewhere"]))
        );
    }
}
