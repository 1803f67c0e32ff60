//! Addresses that outbound requests must not reach: a guest that is told a URL
//! by a stranger must not become that stranger's way into the host's network.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::LazyLock,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Every block that the IANA special-purpose registries
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>, and the same
/// for IPv6) do not call globally reachable, and multicast. Of IPv6 only what
/// is in [`GLOBAL_UNICAST`] has rows: the rest is private anyway.
static PRIVATE: LazyLock<Vec<IpNet>> = LazyLock::new(|| {
    let v4 = [
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        ([224, 0, 0, 0], 4),
        ([240, 0, 0, 0], 4),
    ];
    let v6 = [
        ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
        ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
        ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
        ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
    ];
    let v4 = v4.map(|(octets, length)| Ipv4Net::new(Ipv4Addr::from(octets), length).map(IpNet::V4));
    let v6 = v6.map(|(groups, length)| Ipv6Net::new(Ipv6Addr::from(groups), length).map(IpNet::V6));
    v4.into_iter().chain(v6).flatten().collect()
});

/// The first three bits of every IPv6 address that is global unicast: 2000::/3
/// (RFC 4291 section 2.4).
const GLOBAL_UNICAST: u16 = 0b001;

/// Whether `address` belongs to no public host.
pub(crate) fn is_private(address: IpAddr) -> bool {
    let address = match address {
        IpAddr::V6(address) => embedded_v4(address).map_or(IpAddr::V6(address), IpAddr::V4),
        IpAddr::V4(address) => IpAddr::V4(address),
    };
    let is_elsewhere = match address {
        IpAddr::V6(address) => {
            let [first, ..] = address.segments();
            first >> 13 != GLOBAL_UNICAST
        }
        IpAddr::V4(_) => false,
    };
    is_elsewhere || PRIVATE.iter().any(|network| network.contains(&address))
}

/// The IPv4 address that a connection to an IPv6 address ends at: mapped
/// (`::ffff:a.b.c.d`) or translated by a gateway (`64:ff9b::a.b.c.d`). Other forms
/// that hold one, such as `::a.b.c.d`, stay what they are.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let embeds = matches!(
        [a, b, c, d, e, f],
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0]
    );
    embeds.then(|| {
        let [first, second] = high.to_be_bytes();
        let [third, fourth] = low.to_be_bytes();
        Ipv4Addr::new(first, second, third, fourth)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known_in_every_spelling() {
        for address in [
            "127.0.0.1",
            "127.255.0.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:0:8.8.8.8",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "1fff::1",
            "4000::1",
            "5f00::1",
            "fec0::1",
            "2001:db8::1",
            "2002:808:808::1",
            "3fff::1",
            "64:ff9b::10.0.0.1",
            "fe80::1",
            "fd00::1",
            "fc00::1",
            "ff02::1",
            "2002:7f00:1::",
            "2001::1",
        ] {
            assert!(is_private(address.parse().expect(address)), "{address}");
        }
    }

    #[test]
    fn public_addresses_are_not_private() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "11.0.0.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "2000::1",
            "3ffe::1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
        ] {
            assert!(!is_private(address.parse().expect(address)), "{address}");
        }
    }
}
