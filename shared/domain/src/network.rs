//! From where a caller may come.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net};

use crate::{Error, Result, redact};

/// Networks in one allow list.
pub const MAX_NETWORKS: usize = 64;
/// IPv4 addresses written as IPv6 lie in `::ffff:0:0/96` (RFC 4291 section 2.5.5.2).
const MAPPED_PREFIX_LEN: u8 = 96;

/// The networks that a caller may come from. It is never empty: *any address* is
/// the absence of a list, so that nobody opens a key by clearing one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowList(Vec<IpNet>);

impl AllowList {
    /// From text such as `203.0.113.0/24`; a bare address stands for itself alone.
    ///
    /// # Errors
    /// [`Error::Network`] names the bad entry; [`Error::AllowListSize`].
    pub fn parse<S: AsRef<str>>(entries: &[S]) -> Result<Self> {
        if entries.is_empty() || entries.len() > MAX_NETWORKS {
            return Err(Error::AllowListSize { max: MAX_NETWORKS });
        }
        entries
            .iter()
            .map(|entry| parse_network(entry.as_ref()))
            .collect::<Result<_>>()
            .map(Self)
    }

    /// IPv4 written as IPv6 is taken as IPv4. `0.0.0.0/0` holds no IPv6 address.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The canonical texts, to store and show.
    pub fn networks(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(ToString::to_string)
    }
}

/// The address of a client as hosts give it: with or without port, IPv6 with or
/// without brackets. Zone ids are refused.
#[must_use]
pub fn parse_client_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|t| t.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok().or_else(|| {
        without_zone_id(text)?
            .parse::<SocketAddr>()
            .ok()
            .map(|a| a.ip())
    })?;
    Some(address.to_canonical())
}

/// Who is behind an address, as far as can be told: an IPv4 address, or the 64 bits of an IPv6
/// address that one subscriber has to choose from (RFC 6177, RFC 4291 section 2.5.4).
#[must_use]
pub fn subscriber(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = address.to_bits() & (u128::MAX << 64);
            format!("{}/64", Ipv6Addr::from_bits(network))
        }
    }
}

/// `SocketAddr` reads `[fe80::1%1]:80`; we do not.
fn without_zone_id(text: &str) -> Option<&str> {
    (!text.contains('%')).then_some(text)
}

fn parse_network(text: &str) -> Result<IpNet> {
    let refuse = |problem: String| Error::Network {
        given: redact::excerpt(text, 60, &[]),
        problem,
    };
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text
            .parse::<IpNet>()
            .map_err(|_| refuse("use CIDR such as 203.0.113.0/24 or 2001:db8::/32".to_owned()))?,
    };
    let canonical = network.trunc();
    if canonical.addr() != network.addr() {
        return Err(refuse(format!("it has host bits set; use {canonical}")));
    }
    Ok(unmapped(canonical))
}

/// A network of IPv4-mapped addresses as the IPv4 network that it is: matching unwraps too.
fn unmapped(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else {
        return network;
    };
    v6.addr()
        .to_ipv4_mapped()
        .zip(v6.prefix_len().checked_sub(MAPPED_PREFIX_LEN))
        .and_then(|(address, prefix_len)| Ipv4Net::new(address, prefix_len).ok())
        .map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allows(network: &str, address: &str) -> bool {
        AllowList::parse(&[network])
            .unwrap()
            .allows(address.parse().unwrap())
    }

    #[test]
    fn host_bits_are_refused_with_the_network_that_was_meant() {
        let message = AllowList::parse(&["10.0.0.1/8"]).unwrap_err().to_string();
        assert!(
            message.contains("10.0.0.1/8") && message.contains("use 10.0.0.0/8"),
            "{message}"
        );
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "10.0.0.0/33",
            "2001:db8::/129",
            "fe80::1%eth0",
            "fe80::%1/64",
            "10.0.0",
            "a.b",
            "10.0.0.0/-1",
        ] {
            assert!(
                matches!(AllowList::parse(&[text]), Err(Error::Network { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn an_empty_list_is_not_a_list() {
        assert_eq!(
            AllowList::parse::<&str>(&[]),
            Err(Error::AllowListSize { max: 64 })
        );
        assert_eq!(
            AllowList::parse(&["10.0.0.0/8"; 65]),
            Err(Error::AllowListSize { max: 64 })
        );
    }

    #[test]
    fn addresses_match_their_networks() {
        assert!(allows("203.0.113.0/24", "203.0.113.0"));
        assert!(allows("203.0.113.0/24", "203.0.113.255"));
        assert!(!allows("203.0.113.0/24", "203.0.114.0"));
        assert!(allows("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!allows("2001:db8::/32", "2001:db9::"));
        assert!(!allows("0.0.0.0/0", "2001:db8::1"));
        assert!(!allows("::/0", "203.0.113.7"));
        assert!(allows("203.0.113.7", "203.0.113.7") && !allows("203.0.113.7", "203.0.113.8"));
    }

    #[test]
    fn ipv4_written_as_ipv6_is_ipv4() {
        assert!(allows("203.0.113.0/24", "::ffff:203.0.113.7"));
        assert!(!allows("::/0", "::ffff:203.0.113.7"));
        let list = AllowList::parse(&["::ffff:203.0.113.0/120", "::ffff:198.51.100.1"]).unwrap();
        assert_eq!(
            list.networks().collect::<Vec<_>>(),
            ["203.0.113.0/24", "198.51.100.1/32"]
        );
        assert!(list.allows("203.0.113.9".parse().unwrap()));
    }

    #[test]
    fn client_addresses_come_in_several_spellings() {
        let v4: IpAddr = "203.0.113.7".parse().unwrap();
        for text in [
            "203.0.113.7",
            " 203.0.113.7:51000 ",
            "::ffff:203.0.113.7",
            "[::ffff:203.0.113.7]:443",
        ] {
            assert_eq!(parse_client_address(text), Some(v4), "{text}");
        }
        assert_eq!(
            parse_client_address("[2001:db8::1]"),
            "2001:db8::1".parse().ok()
        );
        for text in [
            "",
            "unknown",
            "203.0.113.7:x",
            "fe80::1%eth0",
            "[fe80::1%1]:80",
        ] {
            assert_eq!(parse_client_address(text), None, "{text}");
        }
    }

    #[test]
    fn the_addresses_of_one_subscriber_are_one() {
        let of = |text: &str| subscriber(text.parse().unwrap());
        assert_eq!(of("203.0.113.7"), "203.0.113.7");
        assert_eq!(of("::ffff:203.0.113.7"), "203.0.113.7");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(of("2001:db8:1:2::"), "2001:db8:1:2::/64");
    }

    proptest! {
        #[test]
        fn a_canonical_network_is_stored_as_it_is_shown(bits: u32, prefix in 0u8..=32) {
            let network = Ipv4Net::new(bits.into(), prefix).unwrap().trunc();
            let list = AllowList::parse(&[network.to_string()]).unwrap();
            prop_assert_eq!(list.networks().collect::<Vec<_>>(), [network.to_string()]);
            prop_assert!(list.allows(network.addr().into()) && list.allows(network.broadcast().into()));
        }

        #[test]
        fn no_text_panics(text in "[0-9a-f:./%\\[\\]]{0,40}") {
            let _ = parse_client_address(&text);
            let _ = AllowList::parse(&[text]).is_ok();
        }
    }
}
