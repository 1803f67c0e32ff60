//! Which addresses are public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Refusal;

/// What the IANA special-purpose registry does not call globally reachable
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>), and multicast. 192.0.0.0/24 is
/// refused whole, although single addresses of it are reachable.
const V4: [([u8; 4], u8, &str); 15] = [
    ([0, 0, 0, 0], 8, "this network"),
    ([10, 0, 0, 0], 8, "a private network"),
    ([100, 64, 0, 0], 10, "a provider's inner network"),
    ([127, 0, 0, 0], 8, "this machine"),
    ([169, 254, 0, 0], 16, "link-local, as metadata services are"),
    ([172, 16, 0, 0], 12, "a private network"),
    ([192, 0, 0, 0], 24, "a protocol assignment"),
    ([192, 0, 2, 0], 24, "documentation"),
    ([192, 88, 99, 0], 24, "a relay of 6to4"),
    ([192, 168, 0, 0], 16, "a private network"),
    ([198, 18, 0, 0], 15, "benchmarking"),
    ([198, 51, 100, 0], 24, "documentation"),
    ([203, 0, 113, 0], 24, "documentation"),
    ([224, 0, 0, 0], 4, "multicast"),
    ([240, 0, 0, 0], 4, "reserved or broadcast"),
];

/// The same of IPv6 (<https://www.iana.org/assignments/iana-ipv6-special-registry>).
/// What has no row is refused too unless it is in 2000::/3, all that is global unicast.
const V6: [([u16; 8], u8, &str); 14] = [
    ([0, 0, 0, 0, 0, 0, 0, 0], 128, "no address"),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, "this machine"),
    ([0, 0, 0, 0, 0, 0, 0, 0], 96, "an IPv4-compatible address"),
    (
        [0x64, 0xff9b, 1, 0, 0, 0, 0, 0],
        48,
        "a private translation to IPv4",
    ),
    ([0x100, 0, 0, 0, 0, 0, 0, 0], 64, "discard-only"),
    (
        [0x2001, 0, 0, 0, 0, 0, 0, 0],
        23,
        "a protocol assignment, such as Teredo",
    ),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, "documentation"),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, "an address of 6to4"),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, "documentation"),
    ([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16, "segment routing"),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, "a private network"),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "link-local"),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, "site-local"),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "multicast"),
];

/// Whether an address may be connected to.
///
/// An IPv4 address inside an IPv6 one is judged as itself where the host or a gateway would connect
/// to it: mapped (`::ffff:a.b.c.d`) and translated (`64:ff9b::a.b.c.d`). The other forms that hold one
/// (compatible, 6to4, Teredo) are refused whatever they hold: no public service has one.
pub(super) fn judge_address(address: IpAddr) -> Result<(), Refusal> {
    match unwrapped(address) {
        IpAddr::V4(address) => judge_v4(address),
        IpAddr::V6(address) => judge_v6(address),
    }
}

fn unwrapped(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if matches!(v6.segments(), [0x64, 0xff9b, 0, 0, 0, 0, _, _]) => {
            IpAddr::V4(last_32_bits(v6))
        }
        canonical => canonical,
    }
}

fn last_32_bits(address: Ipv6Addr) -> Ipv4Addr {
    let [.., first, second, third, fourth] = address.octets();
    Ipv4Addr::new(first, second, third, fourth)
}

fn judge_v4(address: Ipv4Addr) -> Result<(), Refusal> {
    let bits = u32::from(address);
    let row = V4.iter().find(|(network, length, _)| {
        let shift = 32_u32.saturating_sub(u32::from(*length));
        bits >> shift == u32::from(Ipv4Addr::from(*network)) >> shift
    });
    row.map_or(Ok(()), |(_, _, what)| Err(Refusal::Address(what)))
}

fn judge_v6(address: Ipv6Addr) -> Result<(), Refusal> {
    let bits = u128::from(address);
    let row = V6.iter().find(|(network, length, _)| {
        let shift = 128_u32.saturating_sub(u32::from(*length));
        bits >> shift == u128::from(Ipv6Addr::from(*network)) >> shift
    });
    match row {
        Some((_, _, what)) => Err(Refusal::Address(what)),
        None if bits >> 125 == 0b001 => Ok(()),
        None => Err(Refusal::Address("not global unicast")),
    }
}
