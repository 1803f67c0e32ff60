//! `object: "webhooks"` / `"webhook"`

use serde::Serialize;

use super::Offset;
use crate::seven_shifts::webhook::Webhook;

#[derive(Serialize)]
pub struct WebhookWire<'a> {
    id: i64,
    company_id: i64,
    url: &'a str,
    method: &'static str,
    event: &'a str,
    created: Offset,
    modified: Offset,
}

impl<'a> WebhookWire<'a> {
    pub fn new(company_id: i64, webhook: &'a Webhook) -> Self {
        Self {
            id: webhook.id,
            company_id,
            url: &webhook.url,
            method: "post",
            event: &webhook.event,
            created: Offset(webhook.created),
            modified: Offset(webhook.modified),
        }
    }
}
