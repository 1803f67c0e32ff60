//! What the account is asked to call. It calls nobody: deliveries are not
//! simulated.

use serde::Serialize;

/// The methods are `post` and no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Webhook {
    pub id: i64,
    pub url: String,
    pub event: String,
    pub created: i64,
    pub modified: i64,
}
