//! `POST {c}/webhooks`, `PUT` and `DELETE {c}/webhooks/{id}`

use http::Method;
use serde::Deserialize;

use super::{Write, method_not_allowed, read, required};
use crate::seven_shifts::mutation::{Mutation, NewWebhook};
use crate::seven_shifts::problem::Problem;
use crate::seven_shifts::routes::Reply;
use crate::seven_shifts::wire::{self, WebhookWire};

#[derive(Deserialize)]
struct WebhookBody {
    url: Option<String>,
    method: Option<String>,
    event: Option<String>,
}

pub fn answer(
    write: &mut Write<'_>,
    method: &Method,
    id: Option<i64>,
    body: &[u8],
) -> Result<Reply, Problem> {
    match (method, id) {
        (&Method::POST, None) => create(write, read(body)?),
        (&Method::PUT, Some(id)) => {
            // Whatever else is sent has no effect.
            let body: WebhookBody = read(body)?;
            let url = required(body.url, "url")?;
            write.apply(Mutation::EditWebhook { id, url })?;
            shown(write, id).map(Reply::ok)
        }
        (&Method::DELETE, Some(id)) => write.delete(Mutation::DeleteWebhook { id }),
        _ => Err(method_not_allowed()),
    }
}

fn create(write: &mut Write<'_>, body: WebhookBody) -> Result<Reply, Problem> {
    let method = required(body.method, "method")?;
    if !method.eq_ignore_ascii_case("post") {
        return Err(Problem::bad_field("method", "method must be post."));
    }
    let id = write.apply(Mutation::AddWebhook(NewWebhook {
        url: required(body.url, "url")?,
        event: required(body.event, "event")?,
    }))?;
    shown(write, id).map(Reply::created)
}

fn shown(write: &Write<'_>, id: i64) -> Result<bytes::Bytes, Problem> {
    let company = write.company()?;
    company
        .webhooks
        .get(id)
        .map(|row| wire::single("webhook", WebhookWire::new(company.id, row)))
        .ok_or_else(|| Problem::not_found("Webhook", id))
}
