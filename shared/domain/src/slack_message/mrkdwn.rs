//! Text in Slack's own markup.

/// The entities that [`escape`] makes, and no others exist.
const ENTITIES: [&str; 3] = ["&amp;", "&lt;", "&gt;"];
const ELLIPSIS: char = '…';
const SCHEMES: [&str; 3] = ["http://", "https://", "mailto:"];

/// Foreign text as mrkdwn: `&`, `<` and `>` become entities, and nothing else changes. So it
/// mentions and links nobody; `*`, `_`, `~` and backticks still format.
///
/// Once and at the edge: what is escaped already is escaped again.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        push_escaped(&mut escaped, character);
    }
    escaped
}

/// At most `max_chars` characters of mrkdwn, the last one `…` when it was cut. An entity and a
/// sequence in angle brackets stay whole or go whole.
#[must_use]
pub fn cut(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let Some(mut left) = max_chars.checked_sub(1) else {
        return String::new();
    };
    let mut kept = String::new();
    let mut rest = text;
    while let Some((piece, after)) = split_piece(rest) {
        let Some(after_piece) = left.checked_sub(piece.chars().count()) else {
            break;
        };
        left = after_piece;
        kept.push_str(piece);
        rest = after;
    }
    kept.push(ELLIPSIS);
    kept
}

/// A link, with a label that is plain text. An address that is none of the web or of mail gives
/// the label alone: in brackets it could be a mention.
#[must_use]
pub fn link(url: &str, label: &str) -> String {
    let label = escape(&label.split_whitespace().collect::<Vec<_>>().join(" "));
    let url = url.trim();
    if !SCHEMES.iter().any(|scheme| starts_with(url, scheme)) {
        return label;
    }
    let mut linked = String::from("<");
    for character in url.chars() {
        push_url_character(&mut linked, character);
    }
    if !label.is_empty() {
        linked.push('|');
        linked.push_str(&label);
    }
    linked.push('>');
    linked
}

fn push_escaped(text: &mut String, character: char) {
    match character {
        '&' => text.push_str("&amp;"),
        '<' => text.push_str("&lt;"),
        '>' => text.push_str("&gt;"),
        other => text.push(other),
    }
}

/// What would end the address early is percent-encoded (RFC 3986 section 2.1).
fn push_url_character(url: &mut String, character: char) {
    let ends_it = matches!(character, '|' | '<' | '>') || character.is_whitespace();
    if ends_it || character.is_control() {
        for byte in character.encode_utf8(&mut [0; 4]).bytes() {
            url.push_str(&format!("%{byte:02X}"));
        }
    } else {
        push_escaped(url, character);
    }
}

fn starts_with(url: &str, scheme: &str) -> bool {
    url.get(..scheme.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// The first character, entity or bracketed sequence, and what follows it.
fn split_piece(text: &str) -> Option<(&str, &str)> {
    let first = text.chars().next()?;
    let length = match first {
        '&' => ENTITIES
            .iter()
            .find(|entity| text.starts_with(**entity))
            .map_or(1, |entity| entity.len()),
        '<' => text
            .char_indices()
            .skip(1)
            .find(|(_, character)| matches!(character, '<' | '>'))
            .filter(|(_, character)| *character == '>')
            .map_or(1, |(at, _)| at + 1),
        other => other.len_utf8(),
    };
    text.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn exactly_three_characters_are_escaped() {
        for (text, escaped) in [
            ("Tom & <b>Jerry</b>", "Tom &amp; &lt;b&gt;Jerry&lt;/b&gt;"),
            ("<!channel> late", "&lt;!channel&gt; late"),
            ("a &amp; b", "a &amp;amp; b"),
            ("Zoë \"5'9\" — ok", "Zoë \"5'9\" — ok"),
            ("*_~`@channel #ops", "*_~`@channel #ops"),
            ("", ""),
        ] {
            assert_eq!(escape(text), escaped);
        }
    }

    #[test]
    fn a_cut_text_is_marked_and_an_uncut_one_is_not() {
        assert_eq!(cut("åäöåäö", 6), "åäöåäö");
        assert_eq!(cut("åäöåäö", 5), "åäöå…");
        assert_eq!(cut("ab", 1), "…");
        assert_eq!(cut("ab", 0), "");
        assert_eq!(cut("", 0), "");
    }

    #[test]
    fn no_entity_and_no_bracketed_sequence_is_cut_in_two() {
        for (text, max, kept) in [
            ("a &amp; b", 7, "a …"),
            ("a &amp; b", 8, "a &amp;…"),
            ("a &lt;&gt;", 9, "a &lt;…"),
            ("<!here> all", 7, "…"),
            ("<!here> all", 8, "<!here>…"),
            ("see <https://a.b|c>, d", 12, "see …"),
            ("see <https://a.b|c>, d", 20, "see <https://a.b|c>…"),
            // Neither is one: each character stands for itself.
            ("a < b & c", 6, "a < b…"),
            ("&nbsp;&nbsp;", 4, "&nb…"),
            ("<<<<a>", 4, "<<<…"),
        ] {
            assert_eq!(cut(text, max), kept, "{text} {max}");
        }
    }

    #[test]
    fn a_link_keeps_to_its_brackets() {
        for (url, label, linked) in [
            ("https://a.b", "c", "<https://a.b|c>"),
            ("https://a.b", "", "<https://a.b>"),
            ("https://a.b", " \n", "<https://a.b>"),
            (
                "https://a.b/?q=a|b&c=<d>",
                "A > B\n& C",
                "<https://a.b/?q=a%7Cb&amp;c=%3Cd%3E|A &gt; B &amp; C>",
            ),
            ("https://a.b/c d\u{a0}", "e", "<https://a.b/c%20d|e>"),
            ("HTTPS://a.b", "c", "<HTTPS://a.b|c>"),
            ("mailto:a@b.c", "a", "<mailto:a@b.c|a>"),
        ] {
            assert_eq!(link(url, label), linked);
        }
    }

    #[test]
    fn what_is_no_address_is_no_link() {
        for url in ["!channel", "@U123", "#C123", "javascript:alert(1)", "", "å"] {
            assert_eq!(link(url, "<x>"), "&lt;x&gt;", "{url}");
        }
    }

    fn unescape(text: &str) -> String {
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    }

    proptest! {
        #[test]
        fn escaping_loses_nothing_and_leaves_no_bracket(text in "\\PC{0,40}|[&<>amplgt;]{0,40}") {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains(['<', '>']));
            prop_assert_eq!(unescape(&escaped), text);
        }

        #[test]
        fn a_cut_keeps_whole_pieces_from_the_start(
            pieces in prop::collection::vec(
                prop_oneof!["[a-zå;😀]", "&(amp|lt|gt);", "<[@!#a-z:/.|]{0,12}>"], 0..20
            ),
            max in 0usize..80,
        ) {
            let text = pieces.concat();
            let shown = cut(&text, max);
            prop_assert!(shown.chars().count() <= max);
            if text.chars().count() <= max {
                prop_assert_eq!(shown, text);
            } else if max > 0 {
                let kept = shown.strip_suffix('…').unwrap();
                let whole = (0..=pieces.len()).rev().map(|count| pieces[..count].concat());
                let longest = whole.into_iter().find(|start| start.chars().count() < max).unwrap();
                prop_assert_eq!(kept, longest);
            }
        }

        #[test]
        fn any_text_is_cut_without_panic(text in "[&<>amp;|å ]{0,60}", max in 0usize..60) {
            prop_assert!(cut(&text, max).chars().count() <= max);
        }

        #[test]
        fn escaped_text_that_is_cut_is_still_escaped_text(text in "\\PC{0,30}", max in 1usize..60) {
            let shown = cut(&escape(&text), max);
            prop_assert_eq!(escape(&unescape(&shown)), shown);
        }

        #[test]
        fn a_link_is_one_bracketed_sequence(url in "https?://[^\\pC]{0,20}", label in "\\PC{0,20}") {
            let linked = link(&url, &label);
            prop_assert_eq!(linked.matches('<').count(), 1);
            prop_assert_eq!(linked.matches('>').count(), 1);
            prop_assert!(linked.starts_with('<') && linked.ends_with('>'));
            let bars = linked.matches('|').count();
            prop_assert_eq!(bars, label.matches('|').count() + usize::from(!label.trim().is_empty()));
        }
    }
}
