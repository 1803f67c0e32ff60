//! Where the simulators of the providers listen, and how the application is told.

use std::ffi::OsString;
use std::net::SocketAddr;

use crate::listen;

const FLAG: &str = "--sim-listen";

/// An address of each.
#[derive(Clone, Copy, Debug)]
pub struct Simulators {
    pub seven_shifts: SocketAddr,
    pub slack: SocketAddr,
    pub employment_hero: SocketAddr,
    pub hubspot: SocketAddr,
    pub box_folders: SocketAddr,
}

impl Simulators {
    /// 7shifts at an address that is checked already, and the others wherever there is room.
    ///
    /// # Errors
    /// If no port is free.
    pub fn beside(seven_shifts: SocketAddr) -> anyhow::Result<Self> {
        let free = || listen::resolve(listen::ANY_PORT, FLAG);
        Ok(Self {
            seven_shifts,
            slack: free()?,
            employment_hero: free()?,
            hubspot: free()?,
            box_folders: free()?,
        })
    }

    /// The same on the ports that follow, which can be written down.
    ///
    /// # Errors
    /// If one of them is in use.
    pub fn behind(seven_shifts: SocketAddr) -> anyhow::Result<Self> {
        let next = |distance: u16| {
            let port = seven_shifts.port().checked_add(distance).unwrap_or(0);
            listen::resolve(SocketAddr::new(seven_shifts.ip(), port), "--listen")
        };
        Ok(Self {
            seven_shifts,
            slack: next(1)?,
            employment_hero: next(2)?,
            hubspot: next(3)?,
            box_folders: next(4)?,
        })
    }

    /// How the program of the simulators is started.
    pub fn arguments(&self, seed: u64) -> Vec<OsString> {
        let listen = [
            ("--listen", self.seven_shifts),
            ("--slack-listen", self.slack),
            ("--employment-hero-listen", self.employment_hero),
            ("--hubspot-listen", self.hubspot),
            ("--box-listen", self.box_folders),
        ];
        listen
            .into_iter()
            .flat_map(|(flag, address)| [flag.into(), address.to_string().into()])
            .chain(["--seed".into(), seed.to_string().into()])
            .collect()
    }

    /// The variables of the application that name the providers' origins.
    pub fn variables(&self) -> [(&'static str, String); 8] {
        let origin = |address: SocketAddr| format!("http://{address}");
        [
            ("SPIN_VARIABLE_SEVEN_SHIFTS_URL", origin(self.seven_shifts)),
            ("SPIN_VARIABLE_SLACK_WEBHOOKS_URL", origin(self.slack)),
            ("SPIN_VARIABLE_SLACK_API_URL", origin(self.slack)),
            (
                "SPIN_VARIABLE_EMPLOYMENT_HERO_URL",
                origin(self.employment_hero),
            ),
            (
                "SPIN_VARIABLE_EMPLOYMENT_HERO_OAUTH_URL",
                origin(self.employment_hero),
            ),
            ("SPIN_VARIABLE_HUBSPOT_URL", origin(self.hubspot)),
            ("SPIN_VARIABLE_HUBSPOT_APP_URL", origin(self.hubspot)),
            ("SPIN_VARIABLE_BOX_URL", origin(self.box_folders)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_provider_has_a_port_of_its_own_and_is_named_to_the_application() {
        let first = listen::resolve(listen::ANY_PORT, FLAG).unwrap();
        let simulators = Simulators::beside(first).unwrap();
        let arguments = simulators.arguments(7);
        let mut addresses: Vec<_> = arguments.iter().skip(1).step_by(2).take(5).collect();
        addresses.sort();
        addresses.dedup();
        assert_eq!(addresses.len(), 5, "{arguments:?}");
        assert_eq!(arguments.last().unwrap(), "7");
        for (name, origin) in simulators.variables() {
            let address = origin.strip_prefix("http://").unwrap();
            assert!(
                arguments.iter().any(|one| one == address),
                "{name}: {origin}"
            );
        }
    }
}
