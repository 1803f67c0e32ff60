//! The rules that every organization has until it switches them off.

use serde_json::{Value, json};

use super::event::KnownEvent;
use super::rule::Rule;
use crate::Result;
use crate::text_enum::text_enum;

text_enum! {
    /// A rule that is there from the start. The name is its id.
    ///
    /// They read these members of the payload; where one is missing, a stated text stands in its
    /// place, so that they say something with any payload.
    ///
    /// | event | members |
    /// |---|---|
    /// | `sync.completed` | `connector.name`, `stream`, `rows_changed` |
    /// | `sync.failed` | `connector.name`, `stream`, `reason` |
    /// | `webhook.received` | `webhook.name`, `type` |
    /// | `api_key.expiring` | `api_key.name`, `days_left` |
    pub enum DefaultRule, "default rule" {
        /// A message by the organization's own Slack connector, where rows have changed.
        SyncCompleted = "default-sync-completed",
        /// A notice, which those see who may mend it.
        SyncFailed = "default-sync-failed",
        /// A row of the log and nothing else: what a webhook is to do is what the organization's own
        /// rules say.
        WebhookReceived = "default-webhook-received",
        /// A message by the organization's own Slack connector: there is a notice in any case.
        ApiKeyExpiring = "default-api-key-expiring",
    }
}

impl DefaultRule {
    #[must_use]
    pub const fn event(self) -> KnownEvent {
        match self {
            Self::SyncCompleted => KnownEvent::SyncCompleted,
            Self::SyncFailed => KnownEvent::SyncFailed,
            Self::WebhookReceived => KnownEvent::WebhookReceived,
            Self::ApiKeyExpiring => KnownEvent::ApiKeyExpiring,
        }
    }

    /// The rule as it is stored and shown, enabled or not.
    #[must_use]
    pub fn to_json(self, is_enabled: bool) -> Value {
        let (name, action) = match self {
            Self::SyncCompleted => (
                "Sync completed: tell Slack",
                json!({
                    "type": "slack_message",
                    "text": ":white_check_mark: {{ connector.name | \"A connector\" }}: \
                             {{ stream | \"the sync\" }} is up to date \
                             ({{ rows_changed | \"no count of\" }} rows changed)",
                }),
            ),
            Self::SyncFailed => (
                "Sync failed: tell the administrators",
                json!({
                    "type": "notice",
                    "title": "{{ connector.name | \"A connector\" }} could not sync \
                              {{ stream | \"its data\" }}: {{ reason | \"no reason was given\" }}",
                    "remedy": "Test the connector, and connect it again if the test fails.",
                }),
            ),
            Self::WebhookReceived => (
                "Webhook received: log it",
                json!({
                    "type": "log",
                    "text": "Webhook {{ webhook.name | \"without a name\" }} received \
                             {{ type | \"an event\" }}",
                }),
            ),
            Self::ApiKeyExpiring => (
                "API key expiring: remind in Slack",
                json!({
                    "type": "slack_message",
                    "text": ":hourglass: The API key {{ api_key.name | \"without a name\" }} expires \
                             (days left: {{ days_left | \"unknown\" }}). Rotate it and give the new one \
                             to whoever uses it.",
                }),
            ),
        };
        let mut document = json!({
            "name": name,
            "event": self.event(),
            "actions": [action],
            "is_enabled": is_enabled,
        });
        if self == Self::SyncCompleted
            && let Some(members) = document.as_object_mut()
        {
            // Most syncs of a day find nothing new.
            let changed = json!({"pointer": "/rows_changed", "op": "greater", "value": 0});
            members.insert("conditions".to_owned(), changed);
        }
        document
    }

    /// # Errors
    /// None: that each of them is a rule is tested.
    pub fn rule(self, is_enabled: bool) -> Result<Rule> {
        Rule::from_json(&self.to_json(is_enabled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::automation::{Effect, Event, Outcome, PlacedRule, RuleSet};

    fn effect(rule: DefaultRule, payload: &Value) -> Value {
        let set = RuleSet::new(vec![PlacedRule {
            id: rule.as_str().to_owned(),
            position: 0,
            rule: rule.rule(true).unwrap(),
        }]);
        let event = Event {
            name: rule.event().as_str(),
            id: "e1",
            occurred_at: 0,
            depth: 0,
            payload,
        };
        let Outcome::Fires(mut firings) = set.outcome(event) else {
            panic!("it is not deep");
        };
        let effects = firings.next().unwrap().effects;
        let effects: Vec<&Effect<'_>> = effects
            .iter()
            .map(|planned| {
                assert!(!planned.has_gap && !planned.is_cut);
                planned.effect.as_ref().unwrap()
            })
            .collect();
        serde_json::to_value(effects).unwrap()
    }

    #[test]
    fn what_they_say() {
        for (rule, payload, said) in [
            (
                DefaultRule::SyncCompleted,
                json!({"connector": {"name": "7shifts <main>"}, "stream": "shifts", "rows_changed": 12}),
                json!([{
                    "type": "slack_message", "connector_id": null,
                    "message": {"text": ":white_check_mark: 7shifts &lt;main&gt;: shifts is up to date (12 rows changed)"},
                }]),
            ),
            (
                DefaultRule::SyncFailed,
                json!({"connector": {"name": "7shifts"}, "stream": "shifts", "reason": "401"}),
                json!([{
                    "type": "notice", "title": "7shifts could not sync shifts: 401",
                    "remedy": "Test the connector, and connect it again if the test fails.",
                }]),
            ),
            (
                DefaultRule::WebhookReceived,
                json!({"webhook": {"name": "GitHub"}, "type": "push"}),
                json!([{"type": "log", "text": "Webhook GitHub received push"}]),
            ),
            (
                DefaultRule::ApiKeyExpiring,
                json!({"api_key": {"name": "till"}, "days_left": 3}),
                json!([{
                    "type": "slack_message", "connector_id": null,
                    "message": {"text": ":hourglass: The API key till expires (days left: 3). Rotate it and give the new one to whoever uses it."},
                }]),
            ),
        ] {
            assert_eq!(effect(rule, &payload), said);
        }
    }

    #[test]
    fn they_say_something_with_any_payload() {
        for &rule in DefaultRule::ALL {
            for mut payload in [
                json!({}),
                json!({"connector": null, "type": null}),
                json!({"connector": {}, "api_key": []}),
            ] {
                payload["rows_changed"] = json!(1);
                assert_eq!(effect(rule, &payload).as_array().unwrap().len(), 1);
            }
        }
    }

    #[test]
    fn each_can_be_switched_off_and_is_stored_as_it_is() {
        for &rule in DefaultRule::ALL {
            for is_enabled in [true, false] {
                let read = rule.rule(is_enabled).unwrap();
                assert_eq!(read.is_enabled, is_enabled);
                assert_eq!(read.to_json(), rule.to_json(is_enabled));
                assert_eq!(read.event.to_string(), rule.event().as_str());
            }
        }
    }

    #[test]
    fn the_ids_stay() {
        let ids: Vec<_> = DefaultRule::ALL.iter().map(|rule| rule.as_str()).collect();
        assert_eq!(
            ids,
            [
                "default-sync-completed",
                "default-sync-failed",
                "default-webhook-received",
                "default-api-key-expiring",
            ]
        );
    }
}
