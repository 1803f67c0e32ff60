//! What functions share that ask Employment Hero: an opened connector, and the way out.

mod account;

use serde::{Deserialize, Serialize};

pub use account::{Account, Failure, Session, chosen};

/// The component that syncs connectors of the type `employment_hero`.
pub const SYNC_FUNCTION: &str = "employment-hero-sync";

/// What a connector of the type `employment_hero` is configured with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// As the customer has registered the application in their developer portal.
    pub client_id: String,
    /// Which organisation of those that the login sees; `None`: the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation_id: Option<String>,
}

impl Config {
    /// As it was kept.
    ///
    /// # Errors
    /// For a manager.
    pub fn stored(config: &str) -> Result<Self, String> {
        serde_json::from_str(config).map_err(|_| {
            "The connector's configuration cannot be read: give it another.".to_owned()
        })
    }
}
