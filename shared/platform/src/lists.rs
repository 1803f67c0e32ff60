//! Lists: the organization, the filters and the place that a query asks for, and the page around
//! the rows.

use api::Problem;
use api::cursor::Cursor;
use api::freshness::Freshness;
use api::page;
use api::query::Query;
use domain::access::Tenant;
use domain::api_key::sha256_hex;
use http::StatusCode;
use serde::Serialize;
use store::Execute;
use store::lists::{self as rows, Key, Kind, List, ListPage};

use crate::{Context, Reply, problems};

/// One row of the tenant's, as JSON. `what` names it in the answer to who asks for one that is not
/// there.
///
/// # Errors
/// 404, and the database's.
pub async fn row<E: Execute>(
    database: &E,
    tenant: &Tenant,
    kind: Kind,
    id: &str,
    what: &str,
) -> Result<String, Problem> {
    rows::get(database, tenant, kind, id)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found(what))
}

/// What the query of a list asks for.
pub struct Asked<F> {
    pub tenant: Tenant,
    pub paging: Paging,
    /// What `read` took from the query.
    pub filter: F,
}

impl<F> Asked<F> {
    /// # Errors
    /// Every parameter that is wrong, or that the list does not take; a caller without a right to
    /// the organization.
    pub fn parse(
        context: &Context,
        read: impl FnOnce(&mut Query<'_>) -> F,
    ) -> Result<Self, Problem> {
        let mut query = Query::parse(&context.query);
        let organization_id = query.id("organization_id");
        let paging = Paging::parse(context, &mut query);
        let filter = read(&mut query);
        query.finish()?;
        Ok(Self {
            tenant: context.tenant(organization_id.as_deref())?,
            paging,
            filter,
        })
    }

    /// The page of `list` that was asked for.
    ///
    /// # Errors
    /// A cursor of another list, or the failure of the statement.
    pub async fn page(
        &self,
        context: &Context,
        list: impl FnOnce(&Self, &rows::Paging<'_>) -> List,
    ) -> Result<ListPage, Problem> {
        let after = self.paging.after()?;
        let paging = rows::Paging {
            limit: self.paging.limit(),
            after: after.as_ref(),
        };
        list(self, &paging)
            .read(&context.database)
            .await
            .map_err(|error| problems::database(&error))
    }

    /// That page as it is answered.
    ///
    /// # Errors
    /// Those of [`Self::page`].
    pub async fn reply(
        &self,
        context: &Context,
        list: impl FnOnce(&Self, &rows::Paging<'_>) -> List,
    ) -> Result<Reply, Problem> {
        let page = self.page(context, list).await?;
        let body = self.paging.page(&page.data_json, page.next.as_ref());
        Ok(Reply::json_bytes(StatusCode::OK, body))
    }
}

/// Where a page begins and how long it is.
pub struct Paging {
    limit: u32,
    cursor: Option<String>,
    /// Names the list and its filters, so that a cursor is used only where it came from.
    fingerprint: String,
}

impl Paging {
    pub fn parse(context: &Context, query: &mut Query<'_>) -> Self {
        // The filters without the place in the list, in any order.
        let mut filters: Vec<_> = context
            .query
            .split('&')
            .filter(|pair| {
                !pair.is_empty() && !pair.starts_with("cursor=") && !pair.starts_with("limit=")
            })
            .collect();
        filters.sort_unstable();
        let list = format!("{:?}&{}", context.operation, filters.join("&"));
        Self {
            limit: query.limit(),
            cursor: query.text("cursor"),
            fingerprint: sha256_hex(list.as_bytes()).chars().take(12).collect(),
        }
    }

    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// The key of the last row of the page before.
    ///
    /// # Errors
    /// A problem that names `cursor`.
    pub fn after(&self) -> Result<Option<Key>, Problem> {
        let Some(text) = &self.cursor else {
            return Ok(None);
        };
        let cursor = Cursor::decode(text, &self.fingerprint)?;
        Ok(Some(Key {
            order: cursor.key,
            id: cursor.id,
        }))
    }

    /// The cursor after the row of `key`.
    #[must_use]
    pub fn cursor(&self, key: &Key) -> String {
        Cursor {
            query: self.fingerprint.clone(),
            key: key.order,
            id: key.id.clone(),
        }
        .encode()
    }

    /// A page of values.
    ///
    /// # Errors
    /// A value that cannot be JSON, which is a bug of ours.
    pub fn reply<T: Serialize>(&self, rows: &[T], next: Option<&Key>) -> Result<Reply, Problem> {
        let data =
            serde_json::to_string(rows).map_err(|error| problems::internal(&error.to_string()))?;
        Ok(Reply::json_bytes(StatusCode::OK, self.page(&data, next)))
    }

    /// A page of values that were computed, with how current they are.
    ///
    /// # Errors
    /// A value that cannot be JSON, which is a bug of ours.
    pub fn fresh_reply<T: Serialize>(
        &self,
        rows: &[T],
        next: Option<&Key>,
        freshness: &Freshness,
    ) -> Result<Reply, Problem> {
        let data =
            serde_json::to_string(rows).map_err(|error| problems::internal(&error.to_string()))?;
        let cursor = next.map(|key| self.cursor(key));
        let body = page::to_fresh_json(&data, cursor.as_deref(), freshness);
        Ok(Reply::json_bytes(StatusCode::OK, body))
    }

    /// The page as it is answered.
    #[must_use]
    pub fn page(&self, data_json: &str, next: Option<&Key>) -> Vec<u8> {
        page::to_json(data_json, next.map(|key| self.cursor(key)).as_deref())
    }
}
