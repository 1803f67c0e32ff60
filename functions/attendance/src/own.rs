//! Whose rows a caller may see: everybody's, or those of the person that the caller is.

use api::{Problem, ProblemKind};
use domain::access::{CallerKind, Scope, Tenant};
use platform::{Context, problems};
use store::attendance::answers;

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
        let is_person = matches!(caller.kind(), CallerKind::Jwt | CallerKind::Session);
        let ids = if is_person {
            answers::called(&context.database, tenant, caller.subject())
                .await
                .map_err(|error| problems::database(&error))?
        } else {
            Vec::new()
        };
        if ids.is_empty() {
            return Err(Problem::new(
                ProblemKind::NotFound,
                "You see your own attendance only, and no person is known by your id: have one mapped to it by PUT /api/product-refs.",
            ));
        }
        Ok(Self::Own(ids))
    }

    /// Whether a person may be seen.
    pub fn has(&self, team_member_id: &str) -> bool {
        match self {
            Self::Everybody => true,
            Self::Own(ids) => ids.iter().any(|id| id == team_member_id),
        }
    }

    /// The person that a list is to be kept to; somebody else's id finds nothing.
    ///
    /// # Errors
    /// 404 for the id of somebody who may not be seen.
    pub fn kept_to(&self, asked: Option<&str>) -> Result<(), Problem> {
        match asked {
            Some(id) if !self.has(id) => Err(Problem::new(
                ProblemKind::NotFound,
                "You see your own attendance only: leave `team_member_id` out.",
            )),
            _ => Ok(()),
        }
    }
}
