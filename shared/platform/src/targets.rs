//! Which URLs tenants may have us call: the public internet by https, and one origin of the
//! operator's own network where the variable `private_origin` names it.

use domain::outbound_target::Policy;

use crate::variables;

/// What the operator allows.
///
/// # Errors
/// The variable that cannot be read, and what it should look like.
pub async fn policy() -> Result<Policy, String> {
    let mut policy = Policy::default();
    if let Some(ports) = variables::get("outbound_ports").await {
        let ports: Result<Vec<u16>, _> = ports.split(',').map(|port| port.trim().parse()).collect();
        let ports = ports.map_err(|_| {
            "the variable outbound_ports must be port numbers, separated by commas".to_owned()
        })?;
        policy = policy.with_ports(&ports);
    }
    match variables::get("private_origin").await {
        None => Ok(policy),
        Some(origin) => policy.with_origin(&origin).map_err(|_| {
            "the variable private_origin must be an origin, such as http://10.0.0.5:8069".to_owned()
        }),
    }
}
