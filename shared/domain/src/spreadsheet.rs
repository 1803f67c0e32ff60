//! Foreign text in a table that somebody opens in a spreadsheet.

use std::borrow::Cow;

/// What a spreadsheet takes for the beginning of a formula, its wide forms included.
const BEGINS_FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// A text as a cell: what a spreadsheet could take for a formula has a quote before it (OWASP, CSV injection). Blanks and
/// line breaks before the formula hide it from nobody but the reader.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    let is_blank = |c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}';
    let is_formula = text
        .trim_start_matches(is_blank)
        .starts_with(BEGINS_FORMULA);
    if is_formula || text.starts_with(['\t', '\r', '\n']) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_quoted_wherever_it_hides() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            " =1",
            "\n=1",
            "\r\n\t =1",
            "\u{a0}@x",
            "\u{feff}=1",
            "\u{0}=1",
            "＝1",
            "\ttext",
            "\rtext",
            "\ntext",
        ] {
            assert_eq!(cell(text), format!("'{text}"), "{text:?}");
        }
        for text in ["", " ", "a=1", "1-1", "Noor", "'=1", "Bus, late\n=1"] {
            assert_eq!(cell(text), text, "{text:?}");
        }
    }
}
