//! What follows from an event. Nothing is written here.
//!
//! A rule does all of what it does on an event, or nothing: then it has failed, and so has the event,
//! which is dead until somebody has it worked on again. What fired on it does not fire again then.

use std::collections::{HashMap, HashSet};

use api::connectors::ApiRequest;
use domain::automation::{CompiledRule, Effect, Event, MAX_DEPTH, Outcome, RuleSet, admit_firing};
use domain::connector_state::ConnectorState;
use domain::outgoing_webhook::EndpointState;
use domain::slack_message::{self, Message};
use domain::stream::Stream;
use platform::clock;
use platform::rest_api::{self, API};
use platform::run::may_run;
use platform::slack::{self, Config, SLACK};
use serde_json::Value;
use store::automation::work::{Connector, Ended, Firing, Means};
use store::outbox::MAX_PENDING;

use crate::told::{self, Notice};

/// What an event is about, beside its payload.
pub struct Subject {
    pub name: String,
    pub connector_id: Option<String>,
    pub depth: u32,
    pub occurred_at: i64,
    /// It happened here, and no webhook has brought it.
    pub is_own: bool,
}

/// What is to be written.
#[derive(Default)]
pub struct Decision {
    pub ended: Vec<Ended>,
    pub firings: Vec<Firing>,
    pub deliveries: Vec<NewEffect>,
    pub webhooks: Vec<NewWebhook>,
    /// What happened here, for the endpoints whose filter takes it.
    pub own: Vec<Own>,
    pub syncs: Vec<NewSync>,
    pub notices: Vec<Notice>,
    pub logs: Vec<Log>,
}

/// A webhook that a rule sends.
pub struct NewWebhook {
    pub endpoint_id: String,
    pub event_type: String,
    pub data: Value,
    pub occurred_at: i64,
    pub requested_by: String,
    pub depth: u32,
}

/// An event that happened here.
pub struct Own {
    pub name: String,
    pub payload: Value,
    pub occurred_at: i64,
    pub depth: u32,
}

/// A row that a rule has written in the log.
pub struct Log {
    pub rule_id: String,
    pub text: String,
}

impl Decision {
    /// Nothing follows from the events: nothing is to be written but that they have ended.
    pub fn only_ends(&self) -> bool {
        let Self {
            ended: _,
            firings,
            deliveries,
            webhooks,
            own,
            syncs,
            notices,
            logs,
        } = self;
        firings.is_empty()
            && deliveries.is_empty()
            && webhooks.is_empty()
            && own.is_empty()
            && syncs.is_empty()
            && notices.is_empty()
            && logs.is_empty()
    }

    /// Of the webhook whose events ended: how many died in a row, after this.
    pub fn failures_in_row(&self, before: i64) -> i64 {
        self.ended.iter().fold(before, |failures, ended| {
            if ended.code.is_some() {
                failures.saturating_add(1)
            } else {
                0
            }
        })
    }
}

/// Something that is to be sent.
pub struct NewEffect {
    pub kind: &'static str,
    pub connector_id: String,
    pub requested_by: String,
    pub payload: String,
    pub depth: u32,
    pub function: &'static str,
    pub concurrency_key: String,
}

/// A sync that is to run.
pub struct NewSync {
    pub connector_id: String,
    pub streams: Vec<String>,
    pub depth: u32,
}

/// What one rule does, before it is known that it can do all of it.
#[derive(Default)]
struct Effects {
    deliveries: Vec<NewEffect>,
    webhooks: Vec<NewWebhook>,
    syncs: Vec<NewSync>,
    notices: Vec<Notice>,
    logs: Vec<Log>,
}

impl Effects {
    /// Rows of the log are nothing that could come back as another event, nor that disturbs anybody.
    fn are_noticed(&self) -> bool {
        let Self {
            deliveries,
            webhooks,
            syncs,
            notices,
            logs: _,
        } = self;
        !(deliveries.is_empty() && webhooks.is_empty() && syncs.is_empty() && notices.is_empty())
    }

    fn is_nothing(&self) -> bool {
        self.logs.is_empty() && !self.are_noticed()
    }
}

/// Why a rule does nothing.
enum Refused {
    /// There is nothing to do it with.
    Without(&'static str),
    Failed(String),
}

pub struct Decider<'a> {
    rules: &'a RuleSet,
    means: &'a Means,
    /// Connectors and endpoints for which as many deliveries wait as may.
    full: &'a HashSet<String>,
    fired: &'a HashSet<(String, String)>,
    rates: HashMap<String, i64>,
    decision: Decision,
}

impl<'a> Decider<'a> {
    pub fn new(
        rules: &'a RuleSet,
        means: &'a Means,
        full: &'a HashSet<String>,
        fired: &'a HashSet<(String, String)>,
        rates: HashMap<String, i64>,
    ) -> Self {
        Self {
            rules,
            means,
            full,
            fired,
            rates,
            decision: Decision::default(),
        }
    }

    /// What is to be written, and the pace of the rules after it.
    pub fn finish(self) -> (Decision, HashMap<String, i64>) {
        (self.decision, self.rates)
    }

    pub fn decide(&mut self, seq: i64, id: &str, subject: &Subject, payload: &Value) {
        let event = Event {
            name: &subject.name,
            id,
            occurred_at: subject.occurred_at,
            depth: subject.depth,
            payload,
        };
        if let Some(notice) = told::of_event(subject, payload) {
            self.decision.notices.push(notice);
        }
        // Rules that send in a circle end here, too.
        if subject.is_own && subject.depth <= MAX_DEPTH {
            self.decision.own.push(Own {
                name: subject.name.clone(),
                payload: payload.clone(),
                occurred_at: subject.occurred_at,
                depth: event.raised_depth(),
            });
        }
        let mut failure = None;
        match self.rules.outcome(event) {
            Outcome::CutOff { rules } => {
                let names: Vec<_> = rules.iter().map(|rule| rule.name.as_str()).collect();
                self.decision
                    .notices
                    .push(told::cut_off(&subject.name, &names));
                for rule in rules {
                    self.note(id, rule, "cut_off", None);
                }
            }
            Outcome::Fires(firings) => {
                for firing in firings {
                    let rule = firing.rule;
                    if self.fired.contains(&(id.to_owned(), rule.id.clone())) {
                        continue;
                    }
                    let mut effects = firing.effects.into_iter().map(|planned| {
                        planned
                            .effect
                            .map_err(|reason| format!("{reason}: {}", reason.remedy()))
                    });
                    match self.effects(rule, event, &mut effects) {
                        Err(reason) => {
                            failure.get_or_insert_with(|| format!("{}: {reason}", rule.name));
                            self.note(id, rule, "failed", Some(reason));
                        }
                        // It is for those who have something to do it with.
                        Ok(effects) if effects.is_nothing() => {}
                        Ok(effects) => self.fire(id, rule, effects),
                    }
                }
            }
        }
        self.decision.ended.push(Ended {
            seq,
            code: failure.is_some().then_some("rule_failed"),
            detail: failure,
        });
    }

    fn fire(&mut self, id: &str, rule: &CompiledRule, effects: Effects) {
        let rate = self.rates.entry(rule.id.clone()).or_default();
        if effects.are_noticed() {
            match admit_firing(*rate, clock::now_ms(), rule.firings_per_minute) {
                Ok(tat_ms) => *rate = tat_ms,
                Err(reason) => {
                    self.decision.notices.push(told::too_often(rule));
                    return self.note(id, rule, "too_often", Some(reason.to_string()));
                }
            }
        }
        self.decision.deliveries.extend(effects.deliveries);
        self.decision.webhooks.extend(effects.webhooks);
        self.decision.syncs.extend(effects.syncs);
        self.decision.notices.extend(effects.notices);
        self.decision.logs.extend(effects.logs);
        self.note(id, rule, "fired", None);
    }

    fn note(
        &mut self,
        id: &str,
        rule: &CompiledRule,
        outcome: &'static str,
        detail: Option<String>,
    ) {
        self.decision.firings.push(Firing {
            event_id: id.to_owned(),
            rule_id: rule.id.clone(),
            outcome,
            detail,
            tat_ms: self.rates.get(&rule.id).copied().unwrap_or_default(),
        });
    }

    /// Why a rule could not do this, if so.
    pub fn refusal(
        &self,
        rule: &CompiledRule,
        event: Event<'_>,
        effect: Effect<'_>,
    ) -> Option<String> {
        match self.add(&mut Effects::default(), rule, event, effect) {
            Ok(()) => None,
            Err(Refused::Failed(reason)) => Some(reason),
            Err(Refused::Without(what)) => Some(what.to_owned()),
        }
    }

    /// All that a rule does, or why it does nothing. What every organization's rules have nothing for is
    /// left out: nobody has asked for it.
    fn effects<'e>(
        &self,
        rule: &CompiledRule,
        event: Event<'_>,
        planned: &mut dyn Iterator<Item = Result<Effect<'e>, String>>,
    ) -> Result<Effects, String> {
        let is_default = self
            .means
            .rules
            .iter()
            .any(|stored| stored.id == rule.id && stored.is_default);
        let mut effects = Effects::default();
        for effect in planned {
            match self.add(&mut effects, rule, event, effect?) {
                Ok(()) => {}
                Err(Refused::Without(_)) if is_default => {}
                Err(Refused::Without(what)) => return Err(what.to_owned()),
                Err(Refused::Failed(reason)) => return Err(reason),
            }
        }
        Ok(effects)
    }

    fn add(
        &self,
        effects: &mut Effects,
        rule: &CompiledRule,
        event: Event<'_>,
        effect: Effect<'_>,
    ) -> Result<(), Refused> {
        let depth = event.raised_depth();
        let requested_by = || format!("rule:{}", rule.id);
        match effect {
            Effect::SlackMessage {
                connector_id,
                message,
            } => {
                let (connector_id, message) = self.slack(connector_id, message)?;
                self.check_room(&connector_id)?;
                effects.deliveries.push(NewEffect {
                    kind: SLACK,
                    requested_by: requested_by(),
                    payload: serde_json::to_string(&message)
                        .map_err(|error| Refused::Failed(error.to_string()))?,
                    depth,
                    function: slack::FUNCTION,
                    concurrency_key: slack::concurrency_key(&connector_id, &message),
                    connector_id,
                });
            }
            Effect::RunSync {
                connector_id,
                streams,
            } => {
                let connector = self.connector(connector_id)?;
                if !state(connector).is_some_and(may_run) {
                    return Err(Refused::Failed(format!(
                        "the connector is {} and does not sync",
                        connector.state
                    )));
                }
                let all = Stream::names_of_type(&connector.provider);
                let is_unknown = |one: &&String| !all.contains(&one.as_str());
                let streams = if streams.is_empty() {
                    all.into_iter().map(str::to_owned).collect()
                } else if let Some(unknown) = streams.iter().find(is_unknown) {
                    return Err(Refused::Failed(format!(
                        "the connector has no stream {unknown}: name one of {}",
                        all.join(", ")
                    )));
                } else {
                    streams.to_vec()
                };
                effects.syncs.push(NewSync {
                    connector_id: connector_id.to_owned(),
                    streams,
                    depth,
                });
            }
            Effect::Notice { title, remedy } => effects.notices.push(Notice {
                kind: "rule".to_owned(),
                about: format!("{}:{title}", rule.id),
                connector_id: None,
                title,
                remedy,
            }),
            Effect::Log { text } => effects.logs.push(Log {
                rule_id: rule.id.clone(),
                text,
            }),
            Effect::OutgoingWebhook {
                endpoint_id,
                event_type,
                payload,
            } => {
                self.check_endpoint(endpoint_id)?;
                self.check_room(endpoint_id)?;
                effects.webhooks.push(NewWebhook {
                    endpoint_id: endpoint_id.to_owned(),
                    event_type: event_type.to_owned(),
                    data: payload.into_owned(),
                    occurred_at: event.occurred_at,
                    requested_by: requested_by(),
                    depth,
                });
            }
            Effect::CallApi {
                connector_id,
                method,
                path,
                query,
                body,
            } => {
                check_sending(self.connector(connector_id)?)?;
                self.check_room(connector_id)?;
                let request = ApiRequest {
                    method: method.as_str().to_owned(),
                    path,
                    query: query
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                    body,
                };
                effects.deliveries.push(NewEffect {
                    kind: API,
                    connector_id: connector_id.to_owned(),
                    requested_by: requested_by(),
                    payload: serde_json::to_string(&request)
                        .map_err(|error| Refused::Failed(error.to_string()))?,
                    depth,
                    function: rest_api::FUNCTION,
                    concurrency_key: rest_api::concurrency_key(connector_id),
                });
            }
        }
        Ok(())
    }

    fn connector(&self, id: &str) -> Result<&'a Connector, Refused> {
        self.means
            .connectors
            .iter()
            .find(|connector| connector.id == id)
            .ok_or_else(|| Refused::Failed("its connector is gone: name another one".to_owned()))
    }

    fn check_room(&self, sender_id: &str) -> Result<(), Refused> {
        if self.full.contains(sender_id) {
            return Err(Refused::Failed(format!(
                "{MAX_PENDING} deliveries wait for the same receiver, and no more may: mend what is in their way, then have the event worked on again"
            )));
        }
        Ok(())
    }

    fn check_endpoint(&self, id: &str) -> Result<(), Refused> {
        let endpoint = self
            .means
            .endpoints
            .iter()
            .find(|endpoint| endpoint.id == id);
        let why = match endpoint {
            None => "its endpoint is gone: name another one",
            Some(endpoint) if endpoint.state == EndpointState::Disabled.as_str() => {
                "the endpoint is disabled: set its state to active first"
            }
            Some(_) => return Ok(()),
        };
        Err(Refused::Failed(why.to_owned()))
    }

    /// The connector and the message as it is sent with it. Without a connector of the rule's own it is
    /// the first that sends, or will: one that is active before one that fails or is paused.
    fn slack(&self, id: Option<&str>, mut message: Message) -> Result<(String, Message), Refused> {
        let connector = match id {
            Some(id) => self.connector(id)?,
            None => self
                .means
                .connectors
                .iter()
                .filter(|one| one.provider == SLACK && check_sending(one).is_ok())
                .min_by_key(|one| match state(one) {
                    Some(ConnectorState::Active) => 0,
                    Some(ConnectorState::Error) => 1,
                    _ => 2,
                })
                .ok_or(Refused::Without(
                    "the organization has no Slack connector that sends: connect one",
                ))?,
        };
        check_sending(connector)?;
        let config: Config = serde_json::from_str(&connector.config)
            .map_err(|_| Refused::Failed("the connector cannot be read".to_owned()))?;
        if message.channel.is_none() {
            message.channel.clone_from(&config.default_channel);
        }
        match slack_message::check(&message, config.method.target())
            .as_slice()
            .first()
        {
            None => Ok((connector.id.clone(), message)),
            Some(wrong) => Err(Refused::Failed(format!(
                "{}: {}",
                wrong.detail, wrong.remedy
            ))),
        }
    }
}

fn state(connector: &Connector) -> Option<ConnectorState> {
    connector.state.parse().ok()
}

/// What a paused one has to send waits.
fn check_sending(connector: &Connector) -> Result<(), Refused> {
    match state(connector) {
        Some(ConnectorState::Active | ConnectorState::Error | ConnectorState::Paused) => Ok(()),
        _ => Err(Refused::Failed(format!(
            "the connector is {} and sends nothing",
            connector.state
        ))),
    }
}
