//! The headers of a delivery, read strictly.

use super::{Delivery, Rejection};

/// A header that proves or names something is at most so long.
pub const MAX_HEADER_BYTES: usize = 4_096;

/// The id of a delivery and the name of an event are at most so long.
pub const MAX_ID_BYTES: usize = 255;

const NOT_ASCII: &str = "has bytes that are not printable ASCII";

/// The value, `None` where the header is absent or empty.
///
/// # Errors
/// A header that was sent twice, is too long, or has bytes that are not printable ASCII.
pub fn optional<'a>(delivery: &Delivery<'a>, name: &str) -> Result<Option<&'a str>, Rejection> {
    let mut values = delivery
        .headers
        .iter()
        .filter(|(given, _)| given.eq_ignore_ascii_case(name));
    let Some(&(_, value)) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Rejection::malformed(name, "was sent more than once"));
    }
    if value.len() > MAX_HEADER_BYTES {
        return Err(Rejection::malformed(name, "is longer than 4096 bytes"));
    }
    let text = std::str::from_utf8(value).map_err(|_| Rejection::malformed(name, NOT_ASCII))?;
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(Rejection::malformed(name, NOT_ASCII));
    }
    Ok((!text.is_empty()).then_some(text))
}

/// The value; an empty one counts as missing.
pub fn required<'a>(delivery: &Delivery<'a>, name: &str) -> Result<&'a str, Rejection> {
    optional(delivery, name)?.ok_or_else(|| Rejection::missing(name))
}

/// The id of a delivery or the name of an event: one word of at most [`MAX_ID_BYTES`].
pub fn optional_id<'a>(delivery: &Delivery<'a>, name: &str) -> Result<Option<&'a str>, Rejection> {
    let id = optional(delivery, name)?;
    match id {
        Some(id) if id.len() > MAX_ID_BYTES => {
            Err(Rejection::malformed(name, "is longer than 255 bytes"))
        }
        Some(id) if id.contains(' ') => Err(Rejection::malformed(name, "has a blank in it")),
        _ => Ok(id),
    }
}

/// As [`optional_id`], and there must be one.
pub fn required_id<'a>(delivery: &Delivery<'a>, name: &str) -> Result<&'a str, Rejection> {
    optional_id(delivery, name)?.ok_or_else(|| Rejection::missing(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &[u8])]) -> Result<Option<String>, &'static str> {
        let delivery = Delivery {
            method: "POST",
            url: "https://example.test/hooks",
            headers,
            body: b"",
        };
        optional_id(&delivery, "x-id")
            .map(|id| id.map(str::to_owned))
            .map_err(|rejection| match rejection {
                Rejection::MalformedHeader { problem, .. } => problem,
                other => panic!("{other:?}"),
            })
    }

    #[test]
    fn a_header_is_read_once_and_only_as_printable_ascii() {
        let (long, longer) = ([b'x'; 256], [b'x'; MAX_HEADER_BYTES + 1]);
        for (headers, problem) in [
            (
                &[("x-id", &b"a"[..]), ("x-id", b"a")][..],
                "was sent more than once",
            ),
            (&[("x-id", b"a"), ("X-Id", b"")], "was sent more than once"),
            (&[("x-id", b"\xff")], NOT_ASCII),
            (&[("x-id", "é".as_bytes())], NOT_ASCII),
            (&[("x-id", b"a\0")], NOT_ASCII),
            (&[("x-id", b"a\tb")], NOT_ASCII),
            (&[("x-id", b"a\x7f")], NOT_ASCII),
            (&[("x-id", b"a b")], "has a blank in it"),
            (&[("x-id", &long)], "is longer than 255 bytes"),
            (&[("x-id", &longer)], "is longer than 4096 bytes"),
        ] {
            assert_eq!(read(headers), Err(problem), "{headers:?}");
        }
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[("x-other", b"a"), ("x-id", b"")]), Ok(None));
        assert_eq!(read(&[("X-ID", b"a")]), Ok(Some("a".to_owned())));
        assert_eq!(read(&[("x-id", &long[1..])]), Ok(Some("x".repeat(255))));
    }

    #[test]
    fn an_empty_id_is_a_missing_one() {
        let delivery = Delivery {
            method: "POST",
            url: "",
            headers: &[("x-id", b"")],
            body: b"",
        };
        assert_eq!(
            required_id(&delivery, "x-id"),
            Err(Rejection::missing("x-id"))
        );
        assert_eq!(required(&delivery, "x-id"), Err(Rejection::missing("x-id")));
    }
}
