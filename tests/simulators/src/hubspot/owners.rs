//! Owners.

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use super::answer::{Problem, ok};
use super::model::{Owner, stamp};
use super::objects::{after, listed};
use super::paging::Slice;
use super::{Asked, State};

const SCOPE: &str = "crm.objects.owners.read";
const LIST_LIMIT: usize = 100;
/// Nobody asks when an owner came: it is the same for all.
const SINCE_MS: i64 = 1_706_580_669_120;

impl State {
    pub(super) fn list_owners(&mut self, asked: &Asked<'_>) -> Result<Response<Bytes>, Problem> {
        asked.needs(SCOPE)?;
        let limit = self.list_limit(asked, LIST_LIMIT)?;
        let from = after(asked)?;
        let email = asked.parameter("email");
        let is_archived = asked.parameter("archived").as_deref() == Some("true");
        let serial = self.next_serial();
        let rows: Vec<&Owner> = self
            .account
            .owners
            .values()
            .filter(|owner| owner.is_archived == is_archived)
            .filter(|owner| {
                email
                    .as_deref()
                    .is_none_or(|email| owner.email.eq_ignore_ascii_case(email))
            })
            .collect();
        let begin = rows.iter().take_while(|owner| owner.id < from).count();
        let slice = Slice::new(begin, limit, rows.len(), asked.fault);
        let results: Vec<Value> = rows
            .get(slice.begin..slice.end)
            .unwrap_or_default()
            .iter()
            .map(|owner| render(owner))
            .collect();
        let next = slice.next.and_then(|at| {
            let last = rows.last()?;
            Some(rows.get(at).map_or(last.id + 1, |owner| owner.id))
        });
        let path = asked.request.uri().path();
        Ok(ok(&listed(
            &results,
            next,
            slice.is_odd.then_some(serial),
            path,
        )))
    }

    pub(super) fn one_owner(
        &mut self,
        asked: &Asked<'_>,
        id: &str,
    ) -> Result<Response<Bytes>, Problem> {
        asked.needs(SCOPE)?;
        let id: u64 = id.parse().map_err(|_| Problem::object_not_found())?;
        let by_user = asked.parameter("idProperty").as_deref() == Some("userId");
        let is_it = |owner: &&Owner| {
            if by_user {
                owner.user_id == id
            } else {
                owner.id == id
            }
        };
        let owner = self.account.owners.values().find(is_it);
        owner
            .map(|owner| ok(&render(owner)))
            .ok_or_else(Problem::not_found)
    }
}

fn render(owner: &Owner) -> Value {
    json!({
        "id": owner.id.to_string(),
        "email": owner.email,
        "type": "PERSON",
        "firstName": owner.first_name,
        "lastName": owner.last_name,
        "userId": (!owner.is_archived).then_some(owner.user_id),
        "userIdIncludingInactive": owner.user_id,
        "createdAt": stamp(SINCE_MS),
        "updatedAt": stamp(SINCE_MS),
        "archived": owner.is_archived,
    })
}
