//! What the receiver knows of a webhook: kept in this instance, then in the key-value store, then in
//! the database.
//!
//! A copy may be old, and nothing comes of it: whatever is acknowledged is written under the version
//! by which it was proven, and whatever is refused is looked at once more with what the database has.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use api::Problem;
use domain::inbound_webhook::{EventFilter, State};
use domain::webhook_signature::{Key, Options, Scheme};
use platform::vault::{Place, Secret, Vault};
use platform::{Context, clock, log, problems, webhook_copies};
use store::inbox::webhooks::{self, Receiving};

/// Webhooks that one instance keeps: their keys are in the clear there.
const MAX_KEPT: usize = 256;
/// A copy is not read again for a refusal more often than this, in milliseconds, so that whoever
/// sends rubbish does not make us read.
const READ_AGAIN_MS: i64 = 1_000;

thread_local! {
    static KEPT: RefCell<HashMap<String, Rc<Known>>> = RefCell::default();
}

/// A webhook whose keys are open.
pub struct Known {
    pub organization_id: String,
    pub version: i64,
    pub scheme: Scheme,
    pub options: Options,
    pub filter: EventFilter,
    pub state: State,
    /// Deliveries that are taken in a minute.
    pub events_per_minute: u32,
    keys: Vec<LiveKey>,
    /// When the database was asked, Unix milliseconds.
    read_at_ms: i64,
}

struct LiveKey {
    id: String,
    secret: Secret,
    /// Unix seconds.
    expires_at: Option<i64>,
}

impl Known {
    /// The keys that count at this moment.
    pub fn keys(&self, now: i64) -> Vec<Key<'_>> {
        let live = self.keys.iter();
        live.filter(|key| key.expires_at.is_none_or(|expires_at| now < expires_at))
            .map(|key| Key {
                id: &key.id,
                secret: key.secret.expose(),
            })
            .collect()
    }

    /// Whether the database may have another one by now.
    pub fn may_be_old(&self) -> bool {
        let age_ms = clock::now_ms().saturating_sub(self.read_at_ms);
        !(0..READ_AGAIN_MS).contains(&age_ms)
    }

    async fn open(id: &str, held: Receiving, read_at_ms: i64) -> Result<Rc<Self>, Problem> {
        let unreadable =
            |what: &str| problems::internal(&format!("webhook {id}: its {what} cannot be read"));
        let vault = Vault::open().await.map_err(|error| {
            log::error("vault", &error.to_string());
            problems::internal("the vault does not open")
        })?;
        let mut keys = Vec::with_capacity(held.secrets.len());
        for secret in held.secrets {
            let place = Place {
                organization_id: &held.organization_id,
                connector_id: id,
                field: &secret.id,
            };
            match vault.unseal(place, &secret.sealed) {
                Ok(opened) => keys.push(LiveKey {
                    id: secret.id,
                    secret: opened,
                    expires_at: secret.expires_at,
                }),
                // Another one may be right.
                Err(error) => log::error("webhook_secret", &format!("{}: {error}", secret.id)),
            }
        }
        Ok(Rc::new(Self {
            version: held.version,
            scheme: held.scheme.parse().map_err(|_| unreadable("scheme"))?,
            options: serde_json::from_value(held.options).map_err(|_| unreadable("options"))?,
            filter: EventFilter::parse(held.events).map_err(|_| unreadable("events"))?,
            state: held.state.parse().map_err(|_| unreadable("state"))?,
            events_per_minute: held.events_per_minute,
            organization_id: held.organization_id,
            keys,
            read_at_ms,
        }))
    }
}

/// The webhook, from wherever it is nearest.
///
/// # Errors
/// 404 when there is none.
pub async fn find(context: &Context, id: &str) -> Result<Rc<Known>, Problem> {
    if let Some(known) = KEPT.with_borrow(|kept| kept.get(id).cloned()) {
        return Ok(known);
    }
    if let Some(held) = webhook_copies::get(id).await {
        // When the database was asked is not known any more.
        return keep(id, Known::open(id, held, 0).await?);
    }
    read(context, id).await
}

/// The webhook as the database has it, for whoever comes next, too.
///
/// # Errors
/// 404 when there is none.
pub async fn read(context: &Context, id: &str) -> Result<Rc<Known>, Problem> {
    let read_at_ms = clock::now_ms();
    let held = webhooks::receiving(&context.database, id, clock::now())
        .await
        .map_err(|error| problems::database(&error))?;
    let Some(held) = held else {
        // Whoever calls what never was makes us write nothing.
        if KEPT.with_borrow_mut(|kept| kept.remove(id)).is_some() {
            webhook_copies::forget(id).await;
        }
        return Err(Problem::not_found("webhook"));
    };
    webhook_copies::put(id, &held).await;
    keep(id, Known::open(id, held, read_at_ms).await?)
}

fn keep(id: &str, known: Rc<Known>) -> Result<Rc<Known>, Problem> {
    KEPT.with_borrow_mut(|kept| {
        if kept.len() >= MAX_KEPT && !kept.contains_key(id) {
            kept.clear();
        }
        kept.insert(id.to_owned(), known.clone());
    });
    Ok(known)
}
