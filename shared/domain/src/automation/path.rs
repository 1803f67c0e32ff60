//! The path of a request, with values in it. Each value is one segment or a part of one: it cannot
//! lead elsewhere.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::template::Template;

/// All but the unreserved characters of RFC 3986 section 2.3.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Stands for a value while the text around it is checked: no digit of hexadecimal, so that the
/// author's percent sign does not borrow it.
const STAND_IN: &str = "x";

/// A value as one segment, or a part of one.
pub(super) fn escape(value: &str) -> Cow<'_, str> {
    utf8_percent_encode(value, ENCODED).into()
}

/// What is wrong with a path as its author wrote it, and what to do.
pub(super) fn check(template: &Template) -> Result<(), (&'static str, &'static str)> {
    let text = template.with_stand_ins(STAND_IN);
    if !text.starts_with('/') {
        return Err((
            "it does not begin with /",
            "begin with /; the connector's base URL comes before it",
        ));
    }
    if text.contains(['?', '#']) {
        return Err((
            "it holds a query or a fragment",
            "give the query as query; percent-encode a ? or # that is part of a name",
        ));
    }
    let is_encoded = is_encoded(&text)
        && template
            .defaults()
            .all(|default| is_encoded(default) && !default.contains('/'));
    if !is_encoded {
        return Err((
            "a character of it may not stand in a path",
            "percent-encode it as UTF-8; values that are inserted are encoded by themselves",
        ));
    }
    if leads_elsewhere(&text) {
        return Err((
            "it has a segment that is empty, . or .., or holds a control character",
            "write the path that is meant, without detours",
        ));
    }
    Ok(())
}

/// Whether a server could take a segment of the path for none, for a step upwards, or for several.
/// Servers decode before they resolve such segments, and not all read parameters behind a semicolon
/// as a part of them.
pub(super) fn leads_elsewhere(path: &str) -> bool {
    let has_no_name = path
        .strip_prefix('/')
        .and_then(|segments| segments.rsplit_once('/'))
        .is_some_and(|(front, _)| front.split('/').any(str::is_empty));
    has_no_name
        || path.split('/').any(|segment| {
            let decoded: Cow<'_, [u8]> = percent_decode_str(segment).into();
            decoded.iter().any(u8::is_ascii_control)
                || decoded
                    .split(|byte| matches!(byte, b'/' | b'\\'))
                    .filter_map(|piece| piece.split(|byte| *byte == b';').next())
                    .any(|piece| matches!(piece, b"." | b".."))
        })
}

/// RFC 3986 section 3.3: `pchar`, and the slashes between segments.
fn is_encoded(path: &str) -> bool {
    let mut pieces = path.split('%');
    let is_plain = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte))
    };
    pieces.next().is_none_or(is_plain)
        && pieces.all(|piece| match piece.split_at_checked(2) {
            Some((digits, rest)) => {
                digits.bytes().all(|digit| digit.is_ascii_hexdigit()) && is_plain(rest)
            }
            None => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_good(path: &str) -> bool {
        check(&Template::parse(path).unwrap()).is_ok()
    }

    #[test]
    fn a_path_is_one_as_its_author_wrote_it() {
        for path in [
            "",
            "users",
            "{{ a }}",
            "{{ a }}/users",
            "https://a.b/c",
            "//a.b/c",
            "/a//b",
            "/a/./b",
            "/..",
            "/a/..",
            "/a?b=c",
            "/a#b",
            "/a b",
            "/é",
            "/a\\b",
            "/a%",
            "/a%2",
            "/a%zz",
            "/%{{ a }}",
            "/%a{{ a }}",
            "/a\n",
            "/[a]",
            "/%2e%2e/a",
            "/a%00",
            r#"/{{ a | "b c" }}"#,
            r#"/{{ a | "b/c" }}"#,
            r#"/{{ a | "%" }}"#,
            r#"/{{ a | "b?c" }}"#,
        ] {
            assert!(!is_good(path), "{path}");
        }
        for path in [
            "/",
            "/users",
            "/users/",
            "/users/{{ a }}",
            "/users/{{ a }}/",
            "/a.{{ b }}.json",
            "/{{ a }}{{ b }}",
            "/a%2fb",
            "/a:b@c;d=e",
            "/...",
            r#"/{{ a | "b-c%20" }}"#,
        ] {
            assert!(is_good(path), "{path}");
        }
    }

    #[test]
    fn a_value_leaves_its_segment_by_no_character() {
        for (value, encoded) in [
            ("a-b_c.d~e9", "a-b_c.d~e9"),
            ("a/b?c#d", "a%2Fb%3Fc%23d"),
            ("a b+c%2f", "a%20b%2Bc%252f"),
            ("å\\;\u{0}", "%C3%A5%5C%3B%00"),
        ] {
            assert_eq!(escape(value), encoded);
        }
    }

    #[test]
    fn steps_are_whole_segments() {
        for (path, is_step) in [
            ("/a/..", true),
            ("/./a", true),
            ("/a/../b", true),
            ("/a//b", true),
            ("//a", true),
            ("/a/%2E%2e/b", true),
            ("/a%2F..%2Fb", true),
            ("/a%5c..", true),
            ("/..;a/b", true),
            ("/..%3Ba", true),
            ("/a%0a", true),
            ("/", false),
            ("/a/", false),
            ("/a/...", false),
            ("/a.b/..c", false),
            ("/%252E%252E", false),
            ("/a%2Fb", false),
        ] {
            assert_eq!(leads_elsewhere(path), is_step, "{path}");
        }
    }
}
