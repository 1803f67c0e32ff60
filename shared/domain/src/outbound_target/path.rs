//! The path and the query of a URL.

use super::Refusal;

/// A path with what may not stand in one percent-encoded. It begins with a slash and has no empty
/// segment but the last, and none that a server could take for `.` or `..`.
pub(super) fn normalized_path(path: &str) -> Result<String, Refusal> {
    let Some(segments) = path.strip_prefix('/') else {
        // With a query right behind the host there is no path.
        return if path.is_empty() {
            Ok("/".to_owned())
        } else {
            Err(Refusal::NotFromTheRoot)
        };
    };
    let normalized = encoded(path, |byte| {
        is_unreserved(byte) || is_sub_delimiter(byte) || matches!(byte, b'/' | b':' | b'@')
    })?;
    let is_empty_inside = segments
        .rsplit_once('/')
        .is_some_and(|(front, _)| front.split('/').any(str::is_empty));
    if is_empty_inside {
        return Err(Refusal::EmptySegment);
    }
    for segment in segments.split('/') {
        refuse_disguise(&decoded(segment))?;
    }
    Ok(normalized)
}

/// A query with what may not stand in one percent-encoded. Brackets, which should be encoded and
/// which many APIs write as they are, stay as they are.
pub(super) fn normalized_query(query: &str) -> Result<String, Refusal> {
    encoded(query, |byte| {
        is_unreserved(byte)
            || is_sub_delimiter(byte)
            || matches!(byte, b'/' | b':' | b'@' | b'?' | b'[' | b']')
    })
}

/// What is meant as one segment and could be read as several, or as a step upwards. Parameters
/// behind a semicolon do not make `..;a` another segment to every server.
fn refuse_disguise(segment: &[u8]) -> Result<(), Refusal> {
    if segment.iter().any(u8::is_ascii_control) {
        return Err(Refusal::EncodedControl);
    }
    let is_step = segment
        .split(|byte| matches!(byte, b'/' | b'\\'))
        .filter_map(|piece| piece.split(|byte| *byte == b';').next())
        .any(|piece| matches!(piece, b"." | b".."));
    if is_step {
        return Err(Refusal::DotSegment);
    }
    Ok(())
}

/// Keeps `%` with two hexadecimal digits behind it and what `stays`; encodes the rest of visible
/// ASCII; refuses anything else.
fn encoded(text: &str, stays: impl Fn(u8) -> bool) -> Result<String, Refusal> {
    const HEX: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or('0');
    let mut encoded = String::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, behind @ ..] = rest {
        rest = behind;
        match *byte {
            b'%' => match behind {
                [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    encoded.push('%');
                }
                _ => return Err(Refusal::BrokenPercent),
            },
            byte if stays(byte) => encoded.push(char::from(byte)),
            byte if byte.is_ascii_graphic() => {
                encoded.extend(['%', digit(byte >> 4), digit(byte & 0xf)]);
            }
            byte if byte.is_ascii() => return Err(Refusal::Blank),
            _ => return Err(Refusal::NotAscii),
        }
    }
    Ok(encoded)
}

fn decoded(segment: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [byte, behind @ ..] = rest {
        rest = behind;
        match (*byte, behind) {
            (b'%', [high, low, after @ ..]) => {
                let nibble = |digit: u8| char::from(digit).to_digit(16).unwrap_or(0);
                let value = nibble(*high) << 4 | nibble(*low);
                decoded.push(u8::try_from(value).unwrap_or(0));
                rest = after;
            }
            (byte, _) => decoded.push(byte),
        }
    }
    decoded
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// RFC 3986 section 2.2.
const fn is_sub_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
    )
}
