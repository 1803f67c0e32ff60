//! Copies of webhooks in the key-value store, with their keys sealed: what the receiver knows them by
//! without asking the database. A copy may be missing or old at any time.

use spin_sdk::key_value::{Error, Store};
use store::inbox::webhooks::Receiving;

use crate::log;

const PREFIX: &str = "webhook:";

fn name(id: &str) -> String {
    format!("{PREFIX}{id}")
}

/// The copy, if there is one that can be read.
pub async fn get(id: &str) -> Option<Receiving> {
    let store = Store::open_default().await.ok()?;
    let bytes = store.get(name(id)).await.ok()??;
    serde_json::from_slice(&bytes).ok()
}

pub async fn put(id: &str, held: &Receiving) {
    let Ok(bytes) = serde_json::to_vec(held) else {
        return;
    };
    let put = async { Store::open_default().await?.set(name(id), bytes).await };
    noted(put.await);
}

pub async fn forget(id: &str) {
    let forgotten = async { Store::open_default().await?.delete(name(id)).await };
    noted(forgotten.await);
}

/// Forgets all of them: those of webhooks that are gone, and what old keys have sealed. The rest comes
/// back with the next delivery.
pub async fn forget_all() {
    let forgotten = async {
        let store = Store::open_default().await?;
        let names = store.get_keys().await.collect().await?;
        for name in names.iter().filter(|name| name.starts_with(PREFIX)) {
            store.delete(name).await?;
        }
        Ok(())
    };
    noted(forgotten.await);
}

fn noted(result: Result<(), Error>) {
    if let Err(error) = result {
        log::error("webhook_copies", &format!("{error:?}"));
    }
}
