//! What the account is asked to call.

use bytes::Bytes;

use super::changed;
use crate::seven_shifts::model::Company;
use crate::seven_shifts::paging::Paging;
use crate::seven_shifts::problem::Problem;
use crate::seven_shifts::query::Query;
use crate::seven_shifts::wire::{self, WebhookWire};

/// `modified_since` is a date.
pub fn webhooks(company: &Company, query: &Query, paging: &Paging<'_>) -> Result<Bytes, Problem> {
    let since = query.date("modified_since")?;
    let page = paging.by_id(&company.webhooks, since, |row| {
        changed(row.modified, since).then(|| WebhookWire::new(company.id, row))
    })?;
    Ok(wire::list("webhooks", &page.rows, page.cursor))
}
