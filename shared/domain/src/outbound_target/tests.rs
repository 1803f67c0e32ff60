use super::address::judge_address;
use super::*;

fn refused(text: &str) -> Refusal {
    refused_by(text, &Policy::default())
}

fn refused_by(text: &str, policy: &Policy) -> Refusal {
    match OutboundTarget::parse(text, policy) {
        Err(refusal) => refusal,
        Ok(target) => panic!("{text} is accepted as {}", target.as_str()),
    }
}

fn accepted(text: &str) -> OutboundTarget {
    accepted_by(text, &Policy::default())
}

fn accepted_by(text: &str, policy: &Policy) -> OutboundTarget {
    OutboundTarget::parse(text, policy).unwrap_or_else(|refusal| panic!("{text}: {refusal}"))
}

fn judged(address: &str) -> Result<(), Refusal> {
    judge_address(address.parse().unwrap())
}

#[test]
fn what_is_no_https_url_is_refused() {
    for (text, refusal) in [
        ("", Refusal::NotAbsolute),
        ("example.com", Refusal::NotAbsolute),
        ("//example.com/", Refusal::NotAbsolute),
        ("/path", Refusal::NotAbsolute),
        ("https:example.com", Refusal::NotAbsolute),
        ("https:/example.com", Refusal::NotAbsolute),
        ("javascript:alert(1)", Refusal::NotAbsolute),
        ("ftp://example.com", Refusal::Scheme),
        ("file:///etc/passwd", Refusal::Scheme),
        ("gopher://example.com", Refusal::Scheme),
        ("httpss://example.com", Refusal::Scheme),
        ("://example.com", Refusal::Scheme),
        ("a/https://example.com", Refusal::Scheme),
        ("http://example.com", Refusal::Http),
        ("https://", Refusal::NoHost),
        ("https:///example.com", Refusal::NoHost),
        ("https://?a=b", Refusal::NoHost),
        ("https://:443/", Refusal::NoHost),
        (" https://example.com", Refusal::Blank),
        ("https://example.com\n", Refusal::Blank),
        ("https://exam ple.com", Refusal::Blank),
        ("https://example.com/a\tb", Refusal::Blank),
        ("https://example.com/a\0b", Refusal::Blank),
        ("https://example.com/a\u{7f}", Refusal::Blank),
        ("https://example.com\u{a0}/", Refusal::Blank),
        ("https://example.com\u{3000}/", Refusal::Blank),
        ("https://example.com\\@127.0.0.1/", Refusal::Backslash),
        ("https:\\\\example.com", Refusal::Backslash),
        ("https://example.com/a#b", Refusal::Fragment),
        ("https://example.com#@127.0.0.1/", Refusal::Fragment),
        ("https://user@example.com/", Refusal::UserInformation),
        ("https://user:word@example.com/", Refusal::UserInformation),
        ("https://a@b@127.0.0.1/", Refusal::UserInformation),
        ("https://@example.com/", Refusal::UserInformation),
        (
            "https://127.0.0.1%2f@example.com/",
            Refusal::UserInformation,
        ),
    ] {
        assert_eq!(refused(text), refusal, "{text}");
    }
    let long = format!("https://example.com/{}", "a".repeat(MAX_TARGET_BYTES));
    assert_eq!(refused(&long), Refusal::TooLong);
    // What is encoded grows.
    let growing = format!("https://example.com/{}", "|".repeat(MAX_TARGET_BYTES / 2));
    assert_eq!(refused(&growing), Refusal::TooLong);
}

#[test]
fn an_unusual_spelling_of_an_address_is_refused() {
    for host in [
        "2130706433",
        "134744072",
        "0x7f.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "0X7F000001",
        "0x",
        "0177.0.0.1",
        "0177.1",
        "127.1",
        "127.0.1",
        "0",
        "00",
        "1",
        "0x100000000",
        "4294967296",
        "127.0.0.01",
        "127.0.0.0x1",
        "127.0.0.256",
        "127.0.0.1.1",
        "8.8.8",
        "example.1",
        "example.0x1",
        "a.1b",
    ] {
        assert_eq!(
            refused(&format!("https://{host}/")),
            Refusal::NumericHost,
            "{host}"
        );
    }
}

#[test]
fn a_host_that_parsers_would_have_to_decode_is_refused() {
    for (host, refusal) in [
        ("①②⑦.⓪.⓪.①", Refusal::HostNotAscii),
        ("１２７.０.０.１", Refusal::HostNotAscii),
        ("127。0。0。1", Refusal::HostNotAscii),
        ("ｌｏｃａｌｈｏｓｔ", Refusal::HostNotAscii),
        ("bücher.example", Refusal::HostNotAscii),
        ("exam\u{ad}ple.com", Refusal::HostNotAscii),
        ("exam\u{200b}ple.com", Refusal::HostNotAscii),
        ("127%2e0.0.1", Refusal::HostPercent),
        ("%31%32%37.0.0.1", Refusal::HostPercent),
        ("localhost%00.example.com", Refusal::HostPercent),
        ("[fe80::1%25eth0]", Refusal::HostPercent),
        ("[fe80::1%eth0]", Refusal::HostPercent),
        ("127.0.0.1.", Refusal::TrailingDot),
        ("LOCALHOST.", Refusal::TrailingDot),
        ("example.com.", Refusal::TrailingDot),
        (".", Refusal::TrailingDot),
        ("example..com", Refusal::BadHost),
        (".example.com", Refusal::BadHost),
        ("-a.example.com", Refusal::BadHost),
        ("a-.example.com", Refusal::BadHost),
        ("exa*mple.com", Refusal::BadHost),
        ("exam!ple.com", Refusal::BadHost),
        ("a,b.com", Refusal::BadHost),
        ("[::1", Refusal::BadHost),
        ("::1]", Refusal::BadHost),
        ("[]", Refusal::BadHost),
        ("[127.0.0.1]", Refusal::BadHost),
        ("[::1]a", Refusal::BadHost),
        ("a[::1]", Refusal::BadHost),
        ("[[::1]]", Refusal::BadHost),
        ("[::ffff:0x7f.0.0.1]", Refusal::BadHost),
        ("[v1.a]", Refusal::BadHost),
    ] {
        assert_eq!(refused(&format!("https://{host}/")), refusal, "{host}");
    }
    let label = "a".repeat(64);
    assert_eq!(refused(&format!("https://{label}.com")), Refusal::BadHost);
    let name = "a.".repeat(126);
    assert_eq!(refused(&format!("https://{name}com")), Refusal::BadHost);
}

#[test]
fn an_address_that_is_not_public_is_refused_where_it_is_the_host() {
    for host in [
        "127.0.0.1",
        "0.0.0.0",
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "10.0.0.1",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::FFFF:7F00:1]",
        "[::ffff:169.254.169.254]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[fd00:ec2::254]",
        "[fe80::1]",
    ] {
        let refusal = refused(&format!("https://{host}/"));
        assert!(matches!(refusal, Refusal::Address(_)), "{host}: {refusal}");
    }
}

#[test]
fn a_name_that_leads_inside_is_refused() {
    for host in [
        "localhost",
        "LocalHost",
        "a.localhost",
        "printer.local",
        "local.local",
        "metadata.google.internal",
        "instance-data.ec2.internal",
        "scheduled-sync.spin.internal",
        "router.home.arpa",
        "localhost.localdomain",
        "metadata.goog",
        "metadata.tencentyun.com",
        "metadata",
        "vault",
        "com",
    ] {
        assert_eq!(
            refused(&format!("https://{host}/")),
            Refusal::LocalName,
            "{host}"
        );
    }
    for host in [
        "localhost.example.com",
        "local.example.com",
        "notlocal.dev",
        "mylocalhost.dev",
        "internal.example.com",
        "arpa.example",
    ] {
        accepted(&format!("https://{host}/"));
    }
}

#[test]
fn ports_come_from_the_list() {
    for (authority, refusal) in [
        ("example.com:80", Refusal::Port),
        ("example.com:22", Refusal::Port),
        ("example.com:8443", Refusal::Port),
        ("example.com:", Refusal::NoPort),
        ("example.com:0", Refusal::NoPort),
        ("example.com:+443", Refusal::NoPort),
        ("example.com:-1", Refusal::NoPort),
        ("example.com:65536", Refusal::NoPort),
        ("example.com:443a", Refusal::NoPort),
        ("example.com:４４３", Refusal::NoPort),
        ("example.com:443:443", Refusal::BadHost),
        ("[2606:4700::1111]:22", Refusal::Port),
    ] {
        assert_eq!(
            refused(&format!("https://{authority}/")),
            refusal,
            "{authority}"
        );
    }
    for (authority, origin) in [
        ("example.com:443", "https://example.com"),
        ("example.com:0443", "https://example.com"),
        ("[2606:4700::1111]:443", "https://[2606:4700::1111]"),
    ] {
        assert_eq!(accepted(&format!("https://{authority}/")).origin(), origin);
    }
    let policy = Policy::default().with_ports(&[8443]);
    let target = accepted_by("https://example.com:8443/a", &policy);
    assert_eq!(
        (target.origin(), target.port()),
        ("https://example.com:8443", 8443)
    );
    assert_eq!(
        refused_by("https://example.com:80/", &policy),
        Refusal::Port
    );
}

#[test]
fn http_is_for_the_origin_of_the_operator() {
    let policy = Policy::default()
        .with_origin("HTTP://Example.com:80")
        .unwrap();
    for (text, normalized) in [
        ("http://example.com", "http://example.com/"),
        ("http://example.com:80/", "http://example.com/"),
        ("HTTP://example.com/", "http://example.com/"),
    ] {
        assert_eq!(accepted_by(text, &policy).as_str(), normalized);
    }
    for (text, refusal) in [
        ("http://example.com:443/", Refusal::Http),
        ("http://a.example.com/", Refusal::Http),
        ("http://127.0.0.1/", Refusal::Http),
        ("https://example.com:80/", Refusal::Port),
    ] {
        assert_eq!(refused_by(text, &policy), refusal, "{text}");
    }
}

#[test]
fn what_is_accepted_is_normalized() {
    for (text, normalized) in [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://EXAMPLE.com/Path", "https://example.com/Path"),
        ("https://example.com?a=b", "https://example.com/?a=b"),
        ("https://example.com/?", "https://example.com/?"),
        (
            "https://example.com?@127.0.0.1/",
            "https://example.com/?@127.0.0.1/",
        ),
        (
            "https://example.com/@127.0.0.1",
            "https://example.com/@127.0.0.1",
        ),
        ("https://example.com/a/", "https://example.com/a/"),
        (
            "https://xn--bcher-kva.example/",
            "https://xn--bcher-kva.example/",
        ),
        (
            "https://my_bucket.example.com/",
            "https://my_bucket.example.com/",
        ),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        (
            "https://[2606:4700:0:0:0:0:0:1111]/",
            "https://[2606:4700::1111]/",
        ),
        ("https://[::ffff:8.8.8.8]/", "https://[::ffff:8.8.8.8]/"),
        ("https://example.com/a|b", "https://example.com/a%7Cb"),
        ("https://example.com/%e4%2F", "https://example.com/%e4%2F"),
        (
            "https://example.com/?page[size]=10&q=\"a\"&j={}",
            "https://example.com/?page[size]=10&q=%22a%22&j=%7B%7D",
        ),
        ("https://example.com/...", "https://example.com/..."),
        ("https://example.com/a/.b", "https://example.com/a/.b"),
    ] {
        let target = accepted(text);
        assert_eq!(target.as_str(), normalized);
        assert_eq!(accepted(target.as_str()), target);
    }
    let target = accepted("https://Example.com/a/b?c=d?e");
    assert_eq!(target.scheme(), Scheme::Https);
    assert_eq!(target.host(), &Host::Name("example.com".to_owned()));
    assert_eq!(target.port(), 443);
    assert_eq!(target.path(), "/a/b");
    assert_eq!(target.query(), Some("c=d?e"));
    assert_eq!(target.path_and_query(), "/a/b?c=d?e");
}

#[test]
fn a_path_says_one_thing_to_everybody() {
    for (tail, refusal) in [
        ("//evil.example", Refusal::EmptySegment),
        ("/a//b", Refusal::EmptySegment),
        ("/a//", Refusal::EmptySegment),
        ("/..//", Refusal::EmptySegment),
        ("/..", Refusal::DotSegment),
        ("/.", Refusal::DotSegment),
        ("/a/../b", Refusal::DotSegment),
        ("/a/./b", Refusal::DotSegment),
        ("/%2e%2e/b", Refusal::DotSegment),
        ("/%2E./b", Refusal::DotSegment),
        ("/.%2e", Refusal::DotSegment),
        ("/a/..%2fb", Refusal::DotSegment),
        ("/a%2F..%2Fb", Refusal::DotSegment),
        ("/a/..%5cb", Refusal::DotSegment),
        ("/..;a=b/c", Refusal::DotSegment),
        ("/..%3b/c", Refusal::DotSegment),
        ("/a%00b", Refusal::EncodedControl),
        ("/a%0d%0ab", Refusal::EncodedControl),
        ("/a%7f", Refusal::EncodedControl),
        ("/a%", Refusal::BrokenPercent),
        ("/a%4", Refusal::BrokenPercent),
        ("/a%zz", Refusal::BrokenPercent),
        ("/å", Refusal::NotAscii),
        ("/?a=%", Refusal::BrokenPercent),
        ("/?å", Refusal::NotAscii),
        ("/?a=b\\", Refusal::Backslash),
    ] {
        assert_eq!(
            refused(&format!("https://example.com{tail}")),
            refusal,
            "{tail}"
        );
    }
}

#[test]
fn what_is_joined_lies_below() {
    let base = accepted("https://example.com:443/api/v2");
    for (path, query, joined) in [
        ("", "", "https://example.com/api/v2"),
        ("/", "", "https://example.com/api/v2"),
        ("items", "", "https://example.com/api/v2/items"),
        ("/items/", "", "https://example.com/api/v2/items/"),
        (
            "/items",
            "a=b&c=%20",
            "https://example.com/api/v2/items?a=b&c=%20",
        ),
        ("", "a=b", "https://example.com/api/v2?a=b"),
        (
            "evil.example:80",
            "",
            "https://example.com/api/v2/evil.example:80",
        ),
        (
            "@evil.example",
            "",
            "https://example.com/api/v2/@evil.example",
        ),
        (
            "/x",
            "u=https://evil.example//?",
            "https://example.com/api/v2/x?u=https://evil.example//?",
        ),
        (
            "%2F%2Fevil.example",
            "",
            "https://example.com/api/v2/%2F%2Fevil.example",
        ),
    ] {
        assert_eq!(base.join(path, query).unwrap().as_str(), joined);
    }
    for (path, query, refusal) in [
        ("//evil.example", "", Refusal::EmptySegment),
        ("/..//", "", Refusal::EmptySegment),
        ("https://evil.example", "", Refusal::EmptySegment),
        ("/../admin", "", Refusal::DotSegment),
        ("..", "", Refusal::DotSegment),
        ("%2e%2e/admin", "", Refusal::DotSegment),
        ("%2e%2e%2fadmin", "", Refusal::DotSegment),
        ("/\\evil.example", "", Refusal::Backslash),
        ("items?a=b", "", Refusal::QueryInPath),
        ("items#a", "", Refusal::Fragment),
        ("items", "a=b#c", Refusal::Fragment),
        ("items", "a= b", Refusal::Blank),
        ("items\r\nHost: evil.example", "", Refusal::Blank),
    ] {
        assert_eq!(base.join(path, query), Err(refusal), "{path} {query}");
    }
    let with_query = accepted("https://example.com/token?version=2");
    assert_eq!(
        with_query.join("", "a=b").unwrap().as_str(),
        "https://example.com/token?version=2&a=b"
    );
    let root = accepted("https://example.com");
    assert_eq!(
        root.join("a", "").unwrap().as_str(),
        "https://example.com/a"
    );
    assert_eq!(root.join("//evil.example", ""), Err(Refusal::EmptySegment));
}

#[test]
fn another_place_of_the_origin_begins_at_its_root() {
    let base = accepted("https://example.com/api/v2?a=b");
    assert_eq!(
        base.at("/other?page=2").unwrap().as_str(),
        "https://example.com/other?page=2"
    );
    for (text, refusal) in [
        ("", Refusal::NotFromTheRoot),
        ("other", Refusal::NotFromTheRoot),
        ("?page=2", Refusal::NotFromTheRoot),
        (".evil.example/", Refusal::NotFromTheRoot),
        (":80/", Refusal::NotFromTheRoot),
        ("@evil.example/", Refusal::NotFromTheRoot),
        ("https://evil.example/", Refusal::NotFromTheRoot),
        ("//evil.example/", Refusal::EmptySegment),
        ("/\\evil.example/", Refusal::Backslash),
    ] {
        assert_eq!(base.at(text), Err(refusal), "{text}");
    }
}

#[test]
fn a_reference_of_another_origin_is_refused() {
    let policy = Policy::default()
        .with_origin("http://10.0.0.5:8069")
        .unwrap();
    let here = accepted_by("http://10.0.0.5:8069/api/items?page=1", &policy);
    for (reference, target) in [
        ("/items?page=2", "http://10.0.0.5:8069/items?page=2"),
        ("?page=2", "http://10.0.0.5:8069/api/items?page=2"),
        ("http://10.0.0.5:8069/a", "http://10.0.0.5:8069/a"),
        ("HTTP://10.0.0.5:08069/a", "http://10.0.0.5:8069/a"),
    ] {
        assert_eq!(here.resolve(reference).unwrap().as_str(), target);
    }
    for (reference, refusal) in [
        ("https://10.0.0.5:8069/a", Refusal::OtherOrigin),
        ("http://10.0.0.5/a", Refusal::OtherOrigin),
        ("http://10.0.0.5:8070/a", Refusal::OtherOrigin),
        ("http://10.0.0.6:8069/a", Refusal::OtherOrigin),
        ("http://[::ffff:10.0.0.5]:8069/a", Refusal::OtherOrigin),
        ("https://example.com/a", Refusal::OtherOrigin),
        ("http://user@10.0.0.5:8069/a", Refusal::UserInformation),
        ("http://167772165:8069/a", Refusal::NumericHost),
        ("//10.0.0.5:8069/a", Refusal::EmptySegment),
        ("//evil.example/a", Refusal::EmptySegment),
        ("items", Refusal::NotAbsolute),
        ("", Refusal::NotAbsolute),
        ("javascript:alert(1)", Refusal::NotAbsolute),
        ("/../admin", Refusal::DotSegment),
        ("/a#b", Refusal::Fragment),
    ] {
        assert_eq!(here.resolve(reference), Err(refusal), "{reference}");
    }
}

#[test]
fn origins_are_compared_as_they_are_connected_to() {
    let one = accepted("https://Example.com:443/a");
    assert!(one.is_same_origin(&accepted("https://example.com/b?c")));
    assert!(!one.is_same_origin(&accepted("https://example.org/a")));
    let policy = Policy::default()
        .with_ports(&[8443])
        .with_origin("http://example.com")
        .unwrap();
    assert!(!one.is_same_origin(&accepted_by("https://example.com:8443/a", &policy)));
    assert!(!one.is_same_origin(&accepted_by("http://example.com/a", &policy)));
}

#[test]
fn every_range_is_refused_to_its_edges() {
    for (first, last) in [
        ("0.0.0.0", "0.255.255.255"),
        ("10.0.0.0", "10.255.255.255"),
        ("100.64.0.0", "100.127.255.255"),
        ("127.0.0.0", "127.255.255.255"),
        ("169.254.0.0", "169.254.255.255"),
        ("172.16.0.0", "172.31.255.255"),
        ("192.0.0.0", "192.0.0.255"),
        ("192.0.2.0", "192.0.2.255"),
        ("192.88.99.0", "192.88.99.255"),
        ("192.168.0.0", "192.168.255.255"),
        ("198.18.0.0", "198.19.255.255"),
        ("198.51.100.0", "198.51.100.255"),
        ("203.0.113.0", "203.0.113.255"),
        ("224.0.0.0", "239.255.255.255"),
        ("240.0.0.0", "255.255.255.255"),
        ("::", "::"),
        ("::1", "::1"),
        ("::2", "::ffff:ffff"),
        ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
        ("100::", "100::ffff:ffff:ffff:ffff"),
        ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        // Without a row: what is neither global unicast nor anything else.
        ("::ffff:0:7f00:1", "::ffff:0:7f00:1"),
        ("100:0:0:1::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("6000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ] {
        assert!(judged(first).is_err(), "{first}");
        assert!(judged(last).is_err(), "{last}");
    }
    for address in [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "8.8.8.8",
        "2000::",
        "2001:200::",
        "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db9::",
        "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2003::",
        "2606:4700::1111",
        "2a00:1450::1",
        "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "3fff:1000::",
    ] {
        assert_eq!(judged(address), Ok(()), "{address}");
    }
}

#[test]
fn what_library_helpers_take_for_public_is_refused() {
    for address in [
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "::7f00:1",
        "fec0::1",
        "224.0.0.1",
        "192.0.0.8",
        "192.0.0.9",
        "::ffff:127.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "198.18.0.1",
        "2001::1",
        "fd00:ec2::254",
        "64:ff9b::169.254.169.254",
        "::ffff:10.0.0.1",
        // Teredo, with 127.0.0.1 inverted at its end; 6to4 and compatible with a public one.
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "2002:808:808::1",
        "::8.8.8.8",
    ] {
        assert!(judged(address).is_err(), "{address}");
    }
    for address in ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8"] {
        assert_eq!(judged(address), Ok(()), "{address}");
    }
}

#[test]
fn an_origin_opens_itself_and_nothing_else() {
    let policy = Policy::default()
        .with_origin("http://127.0.0.1:39121")
        .and_then(|policy| policy.with_origin("https://Odoo.internal:8069/"))
        .and_then(|policy| policy.with_origin("https://[fd12::1]"))
        .unwrap();
    for text in [
        "http://127.0.0.1:39121/a?b=c",
        "https://odoo.internal:8069/",
        "https://[fd12::1]/",
        "https://[FD12:0::1]:443/",
        "https://example.com/",
    ] {
        accepted_by(text, &policy);
    }
    for (text, refusal) in [
        ("https://127.0.0.1:39121/", Some(Refusal::Port)),
        ("http://127.0.0.1/", Some(Refusal::Http)),
        ("http://127.0.0.2:39121/", Some(Refusal::Http)),
        ("http://[::ffff:127.0.0.1]:39121/", Some(Refusal::Http)),
        ("http://127.1:39121/", Some(Refusal::NumericHost)),
        ("https://127.0.0.1/", None),
        ("https://odoo.internal/", Some(Refusal::LocalName)),
        ("https://a.odoo.internal:8069/", Some(Refusal::Port)),
        ("https://[fd12::2]/", None),
        ("https://169.254.169.254/", None),
    ] {
        let given = refused_by(text, &policy);
        match refusal {
            Some(refusal) => assert_eq!(given, refusal, "{text}"),
            None => assert!(matches!(given, Refusal::Address(_)), "{text}"),
        }
    }
}

#[test]
fn what_is_no_origin_is_none() {
    for (origin, refusal) in [
        ("", Refusal::NotAbsolute),
        ("odoo.internal:8069", Refusal::NotAbsolute),
        ("ftp://10.0.0.1", Refusal::Scheme),
        ("http://10.0.0.1/api", Refusal::OtherOrigin),
        ("http://10.0.0.1?a", Refusal::OtherOrigin),
        ("http://user@10.0.0.1", Refusal::UserInformation),
        ("http://10.1", Refusal::NumericHost),
        ("http://10.0.0.1:0", Refusal::NoPort),
        ("http://*.internal", Refusal::BadHost),
    ] {
        assert_eq!(
            Policy::default().with_origin(origin),
            Err(refusal),
            "{origin}"
        );
    }
}

#[test]
fn neither_a_refusal_nor_debug_shows_the_url() {
    let secret = "hunter2";
    for text in [
        format!("https://{secret}:{secret}@example.com/"),
        format!("https://example.com/{secret}#{secret}"),
        format!("ftp://example.com/{secret}"),
        format!("https://127.1/{secret}"),
    ] {
        let refusal = refused(&text);
        let shown = format!("{refusal} {refusal:?} {}", refusal.remedy());
        assert!(!shown.contains(secret), "{shown}");
    }
    let target = accepted(&format!("https://example.com/{secret}?{secret}"));
    assert_eq!(
        format!("{target:?}"),
        "OutboundTarget(https://example.com …)"
    );
}
