//! Addresses to listen on, checked before anything is built or started.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use anyhow::anyhow;

/// A free port of this machine.
pub const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Checks that `address` can be listened on; with port 0, finds a free one. `flag` is what the
/// caller would type to choose another.
pub fn resolve(address: SocketAddr, flag: &str) -> anyhow::Result<SocketAddr> {
    TcpListener::bind(address)
        .and_then(|listener| listener.local_addr())
        .map_err(|error| anyhow!(explain(address, flag, &error)))
}

fn explain(address: SocketAddr, flag: &str, error: &io::Error) -> String {
    let (ip, port) = (address.ip(), address.port());
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "port {port} on {ip} is in use: stop the program that listens there, or choose another port with {flag} {}",
            SocketAddr::new(ip, if port == u16::MAX { port - 1 } else { port + 1 }),
        ),
        ErrorKind::PermissionDenied => format!(
            "port {port} on {ip} needs privileges: choose one above 1023 with {flag} {}",
            SocketAddr::new(ip, 3000),
        ),
        ErrorKind::AddrNotAvailable => format!(
            "this machine has no address {ip}: choose one that it has with {flag} 127.0.0.1:{port}"
        ),
        _ => format!("cannot listen on {address} ({flag}): {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_named_with_the_flag_that_changes_it() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let error = resolve(address, "--listen").unwrap_err().to_string();
        let port = address.port();
        assert!(
            error.starts_with(&format!("port {port} on 127.0.0.1 is in use")),
            "{error}"
        );
        assert!(error.contains("--listen 127.0.0.1:"), "{error}");
    }

    #[test]
    fn a_free_port_is_found_and_can_be_taken() {
        let address = resolve("127.0.0.1:0".parse().unwrap(), "--listen").unwrap();
        assert_ne!(address.port(), 0);
        TcpListener::bind(address).unwrap();
    }

    #[test]
    fn an_address_of_another_machine_is_explained() {
        let error = resolve("192.0.2.1:3000".parse().unwrap(), "--listen").unwrap_err();
        assert!(
            error.to_string().contains("no address 192.0.2.1"),
            "{error}"
        );
    }
}
