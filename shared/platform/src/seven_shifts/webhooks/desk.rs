//! One connector's account, and the calls about its webhooks.

use std::cell::RefCell;
use std::collections::BTreeSet;

use domain::access::Tenant;
use domain::api_key::sha256_hex;
use domain::webhook_plan::{self, Listed, PATH, Plan, RegistrationState, Standing};
use domain::webhook_topic::WebhookTopic;
use futures::stream::{self, StreamExt as _};
use providers::seven_shifts::{NewWebhook, Paging, Webhook, WebhooksQuery};
use providers::{Call, ProviderError};
use store::connectors::Connector;
use store::credentials::{self, Sealed};
use store::jobs::SealedCredential;
use store::webhooks::{self as registry, Endpoint, Finding, NewEndpoint, Registration};
use store::{Database, DatabaseError};

use super::{AtProvider, LEFT_BEHIND, WEBHOOK_PATH, is_of_all, retire, state_of};
use crate::public_url::PublicUrl;
use crate::seven_shifts::{
    self, Account, Failure, FailureKind, account, explained, ours, vault_failure,
};
use crate::vault::{Place, Secret, Vault};
use crate::{clock, random};

/// 192 bits: who is not told the path does not find it.
const PATH_BYTES: usize = 24;
/// Webhooks of a page: no bound is documented for their list, and elsewhere 100 is the default.
const PAGE: u16 = 100;
/// Pages that are read: two thousand webhooks. A list that goes on is none.
const MAX_PAGES: usize = 20;
/// Requests on their way at a time: a slow answer leaves no slot of the budget unused.
const AT_A_TIME: usize = 4;

pub(super) struct Desk<'a, D> {
    database: &'a D,
    tenant: &'a Tenant,
    connector: &'a Connector,
    account: Account<'a, D>,
}

/// Where 7shifts calls the connector.
pub(super) struct Target {
    pub endpoint_id: String,
    pub path_hash: String,
    base_url: String,
    path: Secret,
}

/// One change at 7shifts; what comes of it is the webhook's id.
#[derive(Clone, Copy)]
enum Step {
    Create(WebhookTopic),
    Delete(i64),
}

impl<'a, D: Database> Desk<'a, D> {
    pub(super) async fn open(
        database: &'a D,
        tenant: &'a Tenant,
        connector: &'a Connector,
        deadline_ms: i64,
    ) -> Result<Self, Failure> {
        let sealed = credentials::list(database, tenant, &connector.id).await?;
        let config = &connector.config;
        let account = account(
            database,
            tenant,
            &connector.id,
            config,
            &sealed,
            deadline_ms,
        )
        .await?;
        Ok(Self {
            database,
            tenant,
            connector,
            account,
        })
    }

    /// Where the connector is called: at the path that it has, or at a new one if it has none, one
    /// that cannot be opened, or one that another company was told.
    pub(super) async fn target(&self, base: &PublicUrl) -> Result<Target, Failure> {
        let vault = Vault::open().await.map_err(|error| vault_failure(&error))?;
        let company = self.account.client.company_id().to_string();
        let (tenant, connector_id) = (self.tenant, self.connector.id.as_str());
        let place = Place {
            organization_id: tenant.as_str(),
            connector_id,
            field: WEBHOOK_PATH,
        };
        let new_path = Secret::new(hex::encode(random::bytes::<PATH_BYTES>()));
        let new_id = random::id();
        let now = clock::now();
        let found = self
            .database
            .transaction(async |transaction| {
                let endpoint = registry::endpoint(transaction, tenant, connector_id).await?;
                let held = endpoint.filter(|endpoint| endpoint.account == company);
                let sealed = credentials::list(transaction, tenant, connector_id).await?;
                if let Some(endpoint) = held
                    && let Some(path) = opened(&vault, place, &sealed, &endpoint)
                {
                    return Ok(Some((endpoint.id, path)));
                }
                retire(transaction, tenant, connector_id, now).await?;
                let new = NewEndpoint {
                    id: &new_id,
                    connector_id,
                    path_hash: &sha256_hex(new_path.expose().as_bytes()),
                    account: &company,
                };
                if !registry::open(transaction, tenant, new, now).await? {
                    return Ok(None);
                }
                let sealed = vault
                    .seal(place, &new_path)
                    .map_err(|error| DatabaseError::Shape(error.to_string()))?;
                let field = Sealed {
                    field: WEBHOOK_PATH,
                    sealed: &sealed.token,
                    sealed_by: &sealed.sealed_by,
                };
                credentials::put(transaction, tenant, connector_id, &[field], now).await?;
                Ok::<_, DatabaseError>(Some((new_id.clone(), new_path.clone())))
            })
            .await?;
        let (endpoint_id, path) = found.ok_or_else(|| {
            ours(
                "disconnected",
                "The connector was disconnected meanwhile: connect the account.",
            )
        })?;
        Ok(Target {
            endpoint_id,
            path_hash: sha256_hex(path.expose().as_bytes()),
            base_url: base.as_str().to_owned(),
            path,
        })
    }

    /// What 7shifts has of ours, from all pages.
    pub(super) async fn listed(
        &self,
        base: Option<&PublicUrl>,
        own_hash: &str,
    ) -> Result<Vec<AtProvider>, Failure> {
        let webhooks = match self.pages().await {
            Ok(webhooks) => webhooks,
            Err(failure) => return Err(explained(&self.account, "webhooks", failure).await),
        };
        let hashes: BTreeSet<String> = webhooks
            .iter()
            .filter_map(|webhook| webhook_plan::path_hash(webhook.url.expose()))
            .collect();
        let hashes: Vec<_> = hashes.into_iter().collect();
        let retired = registry::retired(self.database, self.tenant, &hashes).await?;
        let base = base.map(PublicUrl::as_str);
        let is_retired = |hash: &str| retired.iter().any(|retired| retired == hash);
        let of_ours = |webhook: Webhook| {
            let url = webhook.url.expose();
            let standing = webhook_plan::standing(url, base, own_hash, is_retired);
            let (base_url, _) = url.rsplit_once(PATH)?;
            (standing != Standing::Foreign).then(|| AtProvider {
                base_url: base_url.to_owned(),
                is_own: webhook_plan::path_hash(url).as_deref() == Some(own_hash),
                webhook: Listed {
                    id: webhook.id,
                    topic: webhook.event.clone(),
                    standing,
                },
            })
        };
        Ok(webhooks.into_iter().filter_map(of_ours).collect())
    }

    async fn pages(&self) -> Result<Vec<Webhook>, Failure> {
        let mut webhooks = Vec::new();
        let mut cursor = None;
        for _ in 0..MAX_PAGES {
            let query = WebhooksQuery {
                paging: Paging {
                    cursor,
                    limit: Some(PAGE),
                },
                ..WebhooksQuery::default()
            };
            let page = self.call(self.account.client.webhooks(&query)).await?;
            webhooks.extend(page.rows);
            cursor = page.next;
            if cursor.is_none() {
                return Ok(webhooks);
            }
        }
        Err(Failure {
            kind: FailureKind::Refused,
            code: "endless_list",
            reason: "The list of webhooks at 7shifts does not end. Ask support to look into it."
                .to_owned(),
        })
    }

    /// Creates what is missing, and says how every topic stands. Who hears that a webhook is there
    /// already, or hears nothing, looks again: another repair may have been faster, or only the
    /// answer was lost.
    pub(super) async fn register(
        &self,
        base: &PublicUrl,
        target: &Target,
        plan: &Plan,
    ) -> Vec<Finding> {
        let url = format!("{}{PATH}{}", target.base_url, target.path.expose());
        let steps: Vec<_> = plan.create.iter().copied().map(Step::Create).collect();
        let made = self.take(&steps, &url).await;
        let is_unsure = |failure: &Failure| {
            failure.code == "conflict" || matches!(failure.kind, FailureKind::Later(_))
        };
        let mut there = Plan::default();
        let is_any_unsure = made.iter().any(|made| made.as_ref().is_err_and(is_unsure));
        if is_any_unsure && let Ok(again) = self.listed(Some(base), &target.path_hash).await {
            there = plan_of(&again);
        }
        let kept = plan
            .keep
            .iter()
            .map(|(topic, id)| registered(*topic, &target.base_url, *id));
        let made = plan.create.iter().zip(made).map(|(topic, made)| {
            let found = there.keep.get(topic).copied();
            match made.or_else(|failure| found.ok_or(failure)) {
                Ok(id) => registered(*topic, &target.base_url, id),
                Err(failure) => refused(topic.as_str(), &target.base_url, &failure),
            }
        });
        kept.chain(made).collect()
    }

    /// Deletes these of what is listed; what is left of them, and why the first of those is.
    pub(super) async fn delete<'l>(
        &self,
        listed: &'l [AtProvider],
        ids: &[i64],
    ) -> (Vec<&'l AtProvider>, Option<Failure>) {
        let steps: Vec<_> = ids.iter().copied().map(Step::Delete).collect();
        let deleted = self.take(&steps, "").await;
        let mut left = Vec::new();
        let mut kept = None;
        for (id, deleted) in ids.iter().zip(deleted) {
            match deleted {
                Ok(_) => {}
                Err(failure) if failure.code == "not_found" => {}
                Err(failure) => {
                    left.extend(listed.iter().filter(|ours| ours.webhook.id == *id));
                    kept = kept.or(Some(failure));
                }
            }
        }
        (left, kept)
    }

    /// Nothing can be registered: says so of every topic that is not known to be.
    pub(super) async fn give_up(
        &self,
        target: &Target,
        failure: &Failure,
    ) -> Result<(), DatabaseError> {
        let rows = registry::list(self.database, self.tenant, &self.connector.id).await?;
        let is_registered = |topic: &str| {
            rows.iter()
                .any(|row| row.topic == topic && row.state == RegistrationState::Registered)
        };
        let findings: Vec<_> = WebhookTopic::REGISTERED
            .iter()
            .map(|topic| topic.as_str())
            .filter(|topic| !is_registered(topic))
            .map(|topic| refused(topic, &target.base_url, failure))
            .collect();
        self.record(&target.endpoint_id, &findings).await
    }

    /// Notes how topics stand; those of an endpoint that was given up meanwhile are left behind.
    pub(super) async fn record(
        &self,
        endpoint_id: &str,
        findings: &[Finding],
    ) -> Result<(), DatabaseError> {
        let (database, now) = (self.database, clock::now());
        registry::record(
            database,
            self.tenant,
            endpoint_id,
            findings,
            LEFT_BEHIND,
            now,
        )
        .await
    }

    /// What the company may still have of connectors that were given up. To be read before 7shifts
    /// lists what it has: what is orphaned later was not in that list for sure.
    pub(super) async fn orphaned(&self) -> Result<Vec<Registration>, DatabaseError> {
        let company = self.account.client.company_id().to_string();
        registry::orphaned(self.database, self.tenant, &company).await
    }

    /// Takes out the rows of what 7shifts has no longer: what was orphaned in this account, and of
    /// this endpoint what is over.
    pub(super) async fn forget(
        &self,
        left: &[&AtProvider],
        orphaned: &[Registration],
        endpoint_id: &str,
        is_over: impl Fn(&Registration) -> bool,
    ) -> Result<(), DatabaseError> {
        let rows = registry::list(self.database, self.tenant, &self.connector.id).await?;
        let left: BTreeSet<_> = left
            .iter()
            .map(|ours| ours.webhook.id.to_string())
            .collect();
        let is_left =
            |row: &Registration| row.external_id.as_ref().is_some_and(|id| left.contains(id));
        let own = rows
            .iter()
            .filter(|row| row.endpoint_id == endpoint_id && is_over(row));
        let ids: Vec<_> = own
            .chain(orphaned)
            .filter(|row| !is_left(row))
            .map(|row| row.id.as_str())
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        registry::remove(self.database, self.tenant, &ids).await
    }

    /// Takes out the rows of what was never registered: nothing has to be deleted for them.
    pub(super) async fn forget_unregistered(&self) -> Result<(), DatabaseError> {
        let rows = registry::list(self.database, self.tenant, &self.connector.id).await?;
        let ids: Vec<_> = rows
            .iter()
            .filter(|row| row.external_id.is_none())
            .map(|row| row.id.as_str())
            .collect();
        registry::remove(self.database, self.tenant, &ids).await
    }

    /// Takes one step after the other, some at a time. A failure of one is its own; one that all
    /// would meet ends it, so that a plan without webhooks is not asked for each topic.
    async fn take(&self, steps: &[Step], url: &str) -> Vec<Result<i64, Failure>> {
        let ended: RefCell<Option<Failure>> = RefCell::new(None);
        stream::iter(steps)
            .map(async |step| {
                let before = ended.borrow().clone();
                if let Some(failure) = before {
                    return Err(failure);
                }
                let result = self.step(*step, url).await;
                if let Err(failure) = &result
                    && is_of_all(failure)
                {
                    ended.replace(Some(failure.clone()));
                }
                result
            })
            .buffered(AT_A_TIME)
            .collect()
            .await
    }

    async fn step(&self, step: Step, url: &str) -> Result<i64, Failure> {
        let client = &self.account.client;
        match step {
            Step::Create(topic) => {
                let new = NewWebhook {
                    url: providers::Secret::new(url.to_owned()),
                    event: topic.as_str().to_owned(),
                };
                let made = self.call(client.create_webhook(&new)).await?;
                Ok(made.id)
            }
            Step::Delete(id) => {
                self.call(client.delete_webhook(id)).await?;
                Ok(id)
            }
        }
    }

    /// A provider may repeat the URL that it complains of, whose path nobody shall read.
    async fn call<T>(&self, call: Result<Call<T>, ProviderError>) -> Result<T, Failure> {
        match seven_shifts::call(&self.account.line, call).await {
            Ok(answer) => Ok(answer.value),
            Err(failure) => Err(Failure {
                reason: webhook_plan::without_paths(&failure.reason),
                ..failure
            }),
        }
    }
}

/// The stored path of an endpoint, if it can be opened and is the endpoint's.
fn opened(
    vault: &Vault,
    place: Place<'_>,
    sealed: &[SealedCredential],
    endpoint: &Endpoint,
) -> Option<Secret> {
    let field = sealed.iter().find(|sealed| sealed.field == WEBHOOK_PATH)?;
    let path = vault.unseal(place, &field.sealed).ok()?;
    (sha256_hex(path.expose().as_bytes()) == endpoint.path_hash).then_some(path)
}

pub(super) fn plan_of(listed: &[AtProvider]) -> Plan {
    let listed: Vec<_> = listed.iter().map(|ours| ours.webhook.clone()).collect();
    webhook_plan::plan(&listed, WebhookTopic::REGISTERED)
}

fn registered(topic: WebhookTopic, base_url: &str, id: i64) -> Finding {
    Finding {
        id: random::id(),
        topic: topic.as_str().to_owned(),
        external_id: Some(id.to_string()),
        base_url: base_url.to_owned(),
        state: RegistrationState::Registered,
        reason: None,
    }
}

pub(super) fn refused(topic: &str, base_url: &str, failure: &Failure) -> Finding {
    Finding {
        id: random::id(),
        topic: topic.to_owned(),
        external_id: None,
        base_url: base_url.to_owned(),
        state: state_of(failure),
        reason: Some(failure.reason.clone()),
    }
}
