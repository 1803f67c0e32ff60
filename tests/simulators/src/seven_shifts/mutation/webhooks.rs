//! Changes of what the account is asked to call.

use serde::{Deserialize, Serialize};

use super::{Change, Outcome, unknown};
use crate::Error;
use crate::seven_shifts::accounts::take;
use crate::seven_shifts::webhook::Webhook;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewWebhook {
    pub url: String,
    pub event: String,
}

impl Change<'_> {
    pub(super) fn add_webhook(&mut self, new: NewWebhook) -> Outcome {
        self.refuse_duplicate(None, &new.url, &new.event)?;
        let id = take(&mut self.ids.webhook);
        self.company.webhooks.insert(Webhook {
            id,
            url: new.url,
            event: new.event,
            created: self.now,
            modified: self.now,
        });
        Ok(Some(id))
    }

    pub(super) fn edit_webhook(&mut self, id: i64, url: String) -> Outcome {
        let now = self.now;
        let webhook = self
            .company
            .webhooks
            .get(id)
            .ok_or(unknown("webhook", id))?;
        self.refuse_duplicate(Some(id), &url, &webhook.event)?;
        self.company.webhooks.update(id, |webhook| {
            webhook.url = url;
            webhook.modified = now;
        });
        Ok(Some(id))
    }

    pub(super) fn delete_webhook(&mut self, id: i64) -> Outcome {
        self.company
            .webhooks
            .remove(id)
            .map(|_| Some(id))
            .ok_or(unknown("webhook", id))
    }

    fn refuse_duplicate(&self, except: Option<i64>, url: &str, event: &str) -> Result<(), Error> {
        let is_there = self.company.webhooks.iter().any(|webhook| {
            except != Some(webhook.id) && webhook.url == url && webhook.event == event
        });
        if is_there {
            return Err(Error::Clash("this URL is called for this event already"));
        }
        Ok(())
    }
}
