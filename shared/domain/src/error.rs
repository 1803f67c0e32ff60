//! The one error of this crate.

use crate::{access::Scope, connector_state::ConnectorState, field_error::FieldErrors};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a rule refuses. Every message says what is wrong and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("'{given}' is not a {what}; known: {known}")]
    UnknownName {
        what: &'static str,
        given: String,
        known: &'static str,
    },

    #[error("'{0}' is not a time zone; use an IANA name such as America/Toronto")]
    UnknownZone(String),

    #[error("{0}")]
    InvalidFields(FieldErrors),

    #[error("an organization id is a UUID such as 0190a5c0-7e1b-7c3e-8f00-5d5f6d1b2a3c")]
    OrganizationId,

    #[error(
        "this is not an API key: it starts with pb_live_ and has 36 letters and digits after it"
    )]
    KeyShape,

    #[error("the API key is mistyped or cut: its checksum does not match")]
    KeyChecksum,

    #[error("the random bytes given were too few to make an API key")]
    KeyEntropy,

    #[error("'{given}' is not a network: {problem}")]
    Network { given: String, problem: String },

    #[error("an allow list has 1 to {max} networks; leave it out to allow any address")]
    AllowListSize { max: usize },

    #[error("this needs the scope {0}, which the caller does not have")]
    MissingScope(Scope),

    #[error("the scope {0} cannot be granted by a caller that does not have it")]
    ScopeNotGrantable(Scope),

    #[error("the caller is bound to no organization; name one")]
    NoOrganization,

    /// Answered as *not found*: whether the organization exists is not the caller's to know.
    #[error("no such organization")]
    ForeignOrganization,

    #[error("a caller with the role operator belongs to no organization, every other role to one")]
    RoleBinding,

    #[error("a connector that is {from} cannot become {to}")]
    Transition {
        from: ConnectorState,
        to: ConnectorState,
    },
}
