//! Foreign text that is about to be shown, stored or logged.

const REPLACEMENT: &str = "[redacted]";
const ELLIPSIS: char = '…';

/// At most `max_chars` characters of `text` (the last one `…` when it was cut),
/// on one line, without control characters or direction overrides, and with
/// every one of `secrets` replaced by `[redacted]`. Empty secrets are ignored.
#[must_use]
pub fn excerpt(text: &str, max_chars: usize, secrets: &[&str]) -> String {
    let mut clean = one_line(text);
    // The longest first: a secret that contains another must not leave its rest.
    let mut secrets: Vec<String> = secrets
        .iter()
        .map(|secret| one_line(secret))
        .filter(|secret| !secret.is_empty())
        .collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets {
        clean = clean.replace(&secret, REPLACEMENT);
    }
    cut(&clean, max_chars)
}

/// Line breaks and tabs become spaces, what cannot be seen goes.
fn one_line(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\n' | '\r' | '\t' => Some(' '),
            c if c.is_control() || is_invisible(c) => None,
            c => Some(c),
        })
        .collect::<String>()
        .trim()
        .to_owned()
}

/// Direction marks and overrides can make a message read as another one;
/// zero-width characters can split a secret so that it is not recognized.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn cut(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(max_chars.saturating_sub(1)).collect();
    if max_chars > 0 {
        cut.push(ELLIPSIS);
    }
    cut
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_secret_split_by_control_characters_is_still_found() {
        assert_eq!(
            excerpt("token sec\u{0}ret\u{200b}-1 failed", 100, &["secret-1"]),
            "token [redacted] failed"
        );
    }

    #[test]
    fn the_longer_of_two_overlapping_secrets_goes_first() {
        assert_eq!(
            excerpt("abc abcdef", 100, &["abc", "abcdef", ""]),
            "[redacted] [redacted]"
        );
    }

    #[test]
    fn a_secret_is_removed_before_the_text_is_cut() {
        assert_eq!(
            excerpt("key: 0123456789", 10, &["0123456789"]),
            "key: [red…"
        );
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(excerpt("åäöåäö", 4, &[]), "åäö…");
        assert_eq!(excerpt("åäöåäö", 6, &[]), "åäöåäö");
        assert_eq!(excerpt("x", 0, &[]), "");
    }

    #[test]
    fn lines_and_escapes_do_not_reach_a_terminal() {
        assert_eq!(excerpt("a\r\nb\x1b[31m\u{202e}c", 100, &[]), "a  b[31mc");
    }

    proptest! {
        #[test]
        fn no_secret_survives(
            before in "\\PC{0,40}", secret in "[a-z0-9]{12,40}", after in "\\PC{0,40}", max in 0usize..120
        ) {
            let shown = excerpt(&format!("{before}{secret}{after}"), max, &[&secret]);
            prop_assert!(!shown.contains(&secret));
            prop_assert!(shown.chars().count() <= max);
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}
