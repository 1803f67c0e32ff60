//! The states of a connector: one enum for everything that speaks of them.

use crate::{Result, text_enum::text_enum};

text_enum! {
    pub enum ConnectorState, "connector state" {
        /// No credentials are held. Synced data stays.
        Disconnected = "disconnected",
        Active = "active",
        /// By a manager.
        Paused = "paused",
        /// The provider no longer takes the credentials because of their age.
        Expired = "expired",
        /// The provider no longer takes the credentials because someone withdrew them.
        Revoked = "revoked",
        /// Syncs fail for a reason other than the credentials. They go on being tried.
        Error = "error",
    }
}

impl ConnectorState {
    /// Whether streams run. In `error` they do, so that a provider's bad day ends by itself.
    #[must_use]
    pub const fn syncs(self) -> bool {
        matches!(self, Self::Active | Self::Error)
    }

    /// Whether sealed credentials are held.
    #[must_use]
    pub const fn has_credentials(self) -> bool {
        !matches!(self, Self::Disconnected)
    }

    /// Whether the step from here to `to` exists. A state may be set again.
    #[must_use]
    pub const fn may_become(self, to: Self) -> bool {
        use ConnectorState::{Active, Disconnected, Error, Expired, Paused, Revoked};
        match (self, to) {
            // Anyone can disconnect, and (re)connecting with good credentials mends everything.
            (_, Disconnected | Active)
            | (Active | Error, Paused | Expired | Revoked | Error)
            | (Paused, Paused | Expired | Revoked)
            // A provider may first say expired and then revoked, or the reverse.
            | (Expired | Revoked, Expired | Revoked)
            // An expired one is tried on, on its schedule: whoever wants no more of it can stop it.
            | (Expired, Paused) => true,
            (Disconnected, _) | (Paused | Expired | Revoked, Error) | (Revoked, Paused) => false,
        }
    }

    /// # Errors
    /// [`crate::Error::Transition`].
    pub fn become_state(self, to: Self) -> Result<Self> {
        if self.may_become(to) {
            Ok(to)
        } else {
            Err(crate::Error::Transition { from: self, to })
        }
    }

    /// What it means, in a manager's words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Disconnected => "Not connected. Data that was synced before is kept.",
            Self::Active => "Connected. Data is kept current on the schedule.",
            Self::Paused => "Paused. Nothing is synced until someone resumes it.",
            Self::Expired => "The connection has expired. Data is no longer updated.",
            Self::Revoked => "Access was withdrawn at the provider. Data is no longer updated.",
            Self::Error => "The last syncs failed. They are tried again on the schedule.",
        }
    }

    /// What a manager can do, if anything.
    #[must_use]
    pub const fn remedy(self) -> Option<&'static str> {
        match self {
            Self::Active => None,
            Self::Disconnected => Some("Connect the account."),
            Self::Paused => Some("Resume the connection."),
            Self::Expired => Some("Reconnect with a new access token."),
            Self::Revoked => Some("Create a new access token at the provider and reconnect."),
            Self::Error => {
                Some("Read the reason of the last run; if it lasts, test the connection.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_are_these() {
        // To: disconnected, active, paused, expired, revoked, error.
        let table = [
            (ConnectorState::Disconnected, "da...."),
            (ConnectorState::Active, "dapxre"),
            (ConnectorState::Paused, "dapxr."),
            (ConnectorState::Expired, "dapxr."),
            (ConnectorState::Revoked, "da.xr."),
            (ConnectorState::Error, "dapxre"),
        ];
        assert_eq!(table.len(), ConnectorState::ALL.len());
        for (from, row) in table {
            for (&to, letter) in ConnectorState::ALL.iter().zip(row.chars()) {
                assert_eq!(
                    from.become_state(to).is_ok(),
                    letter != '.',
                    "{from} to {to}"
                );
            }
        }
    }

    #[test]
    fn a_refused_step_names_both_ends() {
        let error = ConnectorState::Disconnected
            .become_state(ConnectorState::Paused)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "a connector that is disconnected cannot become paused"
        );
    }

    #[test]
    fn every_state_but_active_tells_the_manager_what_to_do() {
        for &state in ConnectorState::ALL {
            assert_eq!(
                state.remedy().is_none(),
                state == ConnectorState::Active,
                "{state}"
            );
            assert!(!state.meaning().is_empty());
        }
    }

    #[test]
    fn a_bad_day_at_the_provider_does_not_stop_the_schedule() {
        let syncing: Vec<_> = ConnectorState::ALL.iter().filter(|s| s.syncs()).collect();
        assert_eq!(syncing, [&ConnectorState::Active, &ConnectorState::Error]);
        assert!(
            ConnectorState::ALL
                .iter()
                .all(|s| !s.syncs() || s.has_credentials())
        );
    }
}
