//! What is true of every text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use url::{Host as UrlHost, Url};

use super::address::judge_address;
use super::*;

/// Text that is near to a URL.
fn near_url() -> impl Strategy<Value = String> {
    let scheme = prop_oneof![
        6 => Just("https://"),
        1 => Just("HTTPS://"),
        1 => Just("http://"),
        1 => Just("https:"),
        1 => Just("//"),
        1 => Just(""),
    ];
    let host = prop_oneof![
        3 => "[a-zA-Z0-9_-]{1,8}(\\.[a-zA-Z0-9-]{1,6}){0,3}\\.?",
        2 => any::<u32>().prop_flat_map(spelling_of_v4),
        2 => any::<[u16; 8]>().prop_map(|groups| format!("[{}]", Ipv6Addr::from(groups))),
        1 => "[0-9a-fA-Fx.:\\[\\]%]{1,20}",
        1 => "\\PC{1,12}",
        1 => prop::sample::select(vec![
            "localhost", "a.local", "xn--bcher-kva.example", "①②⑦.⓪.⓪.①", "user@example.com",
            "example.com\\@127.0.0.1", "127.0.0.1%2f@example.com", "a@b@127.0.0.1",
        ]).prop_map(str::to_owned),
    ];
    let port =
        prop_oneof![4 => Just(String::new()), 1 => "(:[0-9]{0,6})", 1 => Just(":443".to_owned())];
    (scheme, host, port, path_and_query())
        .prop_map(|(scheme, host, port, tail)| format!("{scheme}{host}{port}{tail}"))
}

fn path_and_query() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z0-9]{1,4}",
        1 => prop::sample::select(vec![
            "/", "//", ".", "..", "%2e", "%2E%2e", "%2f", "%5c", "\\", "?", "#", "@", ":", ";", "&",
            "=", "[", "]", "|", "%", "%00", " ", "\t", "é", "\"", "'", "//evil.example", "/..//",
        ]).prop_map(str::to_owned),
        2 => Just("/".to_owned()),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// One of the spellings that C libraries and browsers read as an IPv4 address.
fn spelling_of_v4(bits: u32) -> impl Strategy<Value = String> {
    let [a, b, c, d] = bits.to_be_bytes();
    let part = |value: u32| {
        prop_oneof![
            Just(format!("{value}")),
            Just(format!("0{value:o}")),
            Just(format!("0x{value:x}")),
            Just(format!("0X{value:X}")),
            Just(format!("0x000{value:x}")),
        ]
    };
    let last = move |parts: usize| match parts {
        1 => bits,
        2 => bits & 0xff_ffff,
        3 => bits & 0xffff,
        _ => u32::from(d),
    };
    let front = [a, b, c].map(u32::from);
    (1_usize..=4, "\\.?").prop_flat_map(move |(parts, dot)| {
        let mut spelled: Vec<_> = front
            .iter()
            .take(parts - 1)
            .map(|value| part(*value).boxed())
            .collect();
        spelled.push(part(last(parts)).boxed());
        spelled.prop_map(move |parts| format!("{}{dot}", parts.join(".")))
    })
}

fn policy() -> Policy {
    Policy::default()
        .with_ports(&[8443])
        .with_origin("http://[2606:4700::1111]")
        .unwrap()
}

/// As the parser of the WHATWG, which reads more than we do, reads a URL.
fn read_by_others(target: &OutboundTarget) -> Result<(), TestCaseError> {
    // It also checks what is behind `xn--`.
    let Ok(url) = Url::parse(target.as_str()) else {
        prop_assert!(target.as_str().contains("xn--"), "{}", target.as_str());
        return Ok(());
    };
    prop_assert_eq!(url.scheme(), target.scheme().as_str());
    prop_assert_eq!(url.port_or_known_default(), Some(target.port()));
    prop_assert_eq!(url.username(), "");
    prop_assert_eq!(url.password(), None);
    prop_assert_eq!(url.fragment(), None);
    let host = match url.host() {
        Some(UrlHost::Domain(name)) => Host::Name(name.to_owned()),
        Some(UrlHost::Ipv4(address)) => Host::V4(address),
        Some(UrlHost::Ipv6(address)) => Host::V6(address),
        None => return Err(TestCaseError::fail("no host")),
    };
    prop_assert_eq!(&host, target.host());
    let query = target.query().map(|query| query.replace('\'', "%27"));
    prop_assert_eq!(url.query(), query.as_deref());
    prop_assert_eq!(url.path(), target.path());
    Ok(())
}

/// The ranges, written again in another way.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_documentation()
                || a == 0
                || a >= 224
                || (a == 100 && b & 0xc0 == 64)
                || (a == 198 && b & 0xfe == 18)
                || matches!((a, b, c), (192, 0, 0) | (192, 88, 99)))
        }
        IpAddr::V6(v6) => match v6.segments() {
            [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                is_public(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)).into())
            }
            [0x2001, second, ..] => second >= 0x200 && second != 0xdb8,
            [0x3fff, second, ..] => second >= 0x1000,
            [first, ..] => (0x2000..0x4000).contains(&first) && first != 0x2002,
        },
    }
}

fn near_v6() -> impl Strategy<Value = Ipv6Addr> {
    let front = prop::sample::select(vec![
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0xffff],
        [0, 0, 0, 0, 0xffff, 0],
        [0x64, 0xff9b, 0, 0, 0, 0],
        [0x64, 0xff9b, 1, 0, 0, 0],
        [0x2001, 0, 0, 0, 0, 0],
        [0x2001, 0x1ff, 0, 0, 0, 0],
        [0x2001, 0xdb8, 0, 0, 0, 0],
        [0x2002, 0x7f00, 1, 0, 0, 0],
        [0x2606, 0x4700, 0, 0, 0, 0],
        [0x3fff, 0xfff, 0, 0, 0, 0],
        [0xfe80, 0, 0, 0, 0, 0],
    ]);
    prop_oneof![
        any::<u128>().prop_map(Ipv6Addr::from),
        (front, any::<u32>()).prop_map(|([a, b, c, d, e, f], low)| {
            let [high, low] = [low >> 16, low & 0xffff].map(|half| u16::try_from(half).unwrap());
            Ipv6Addr::new(a, b, c, d, e, f, high, low)
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_accepted_is_read_the_same_again_and_by_others(text in near_url()) {
        if let Ok(target) = OutboundTarget::parse(&text, &policy()) {
            prop_assert_eq!(&OutboundTarget::parse(target.as_str(), &policy()).unwrap(), &target);
            read_by_others(&target)?;
            if let Some(address) = target.host().address() {
                prop_assert!(is_public(address), "{}", text);
            }
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}", path in "\\PC{0,30}", query in "\\PC{0,30}") {
        let _ = OutboundTarget::parse(&text, &policy());
        let _ = policy().with_origin(&text);
        let base = OutboundTarget::parse("https://example.com/api", &policy()).unwrap();
        let _ = base.join(&path, &query);
        let _ = base.at(&text);
    }

    #[test]
    fn a_spelling_of_an_address_is_read_as_that_address_or_refused(
        (bits, spelling) in any::<u32>().prop_flat_map(|bits| (Just(bits), spelling_of_v4(bits)))
    ) {
        let text = format!("https://{spelling}/");
        // The spellings are what they are meant to be.
        let url = Url::parse(&text).unwrap();
        prop_assert_eq!(url.host(), Some(UrlHost::Ipv4(Ipv4Addr::from(bits))));
        if let Ok(target) = OutboundTarget::parse(&text, &policy()) {
            prop_assert_eq!(target.host(), &Host::V4(Ipv4Addr::from(bits)));
            prop_assert!(is_public(Ipv4Addr::from(bits).into()));
        }
    }

    #[test]
    fn an_address_is_judged_by_the_ranges(v4: u32, v6 in near_v6()) {
        for address in [IpAddr::V4(v4.into()), IpAddr::V6(v6)] {
            prop_assert_eq!(judge_address(address).is_ok(), is_public(address), "{}", address);
        }
        let mapped = Ipv4Addr::from(v4).to_ipv6_mapped().into();
        prop_assert_eq!(judge_address(mapped).is_ok(), is_public(Ipv4Addr::from(v4).into()));
    }

    #[test]
    fn what_is_joined_never_leaves_the_origin_or_the_path(
        base in prop::sample::select(vec![
            "https://example.com", "https://example.com/api", "https://example.com:8443/api/v2/",
            "http://[2606:4700::1111]/a?b=c",
        ]),
        path in path_and_query(), query in path_and_query(), reference in near_url(),
    ) {
        let base = OutboundTarget::parse(base, &policy()).unwrap();
        if let Ok(target) = base.join(&path, &query) {
            prop_assert!(target.path().starts_with(base.path()));
            prop_assert!(target.is_same_origin(&base));
            prop_assert_eq!(target.host(), base.host());
            prop_assert_eq!(&OutboundTarget::parse(target.as_str(), &policy()).unwrap(), &target);
            read_by_others(&target)?;
        }
        for target in [base.at(&path), base.resolve(&path), base.resolve(&reference)].into_iter().flatten() {
            prop_assert!(target.is_same_origin(&base));
            prop_assert_eq!(&OutboundTarget::parse(target.as_str(), &policy()).unwrap(), &target);
            read_by_others(&target)?;
        }
    }
}
