//! Plain text tables.

use std::fmt::Write as _;

use anstyle::Style;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    pub fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::new())
    }
}

/// Renders a heading, a rule and the rows; columns are as wide as their widest cell. Cells that a
/// row lacks are empty.
pub fn render(columns: &[(&str, Align)], rows: &[Vec<Cell>]) -> String {
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(index, (heading, _))| {
            rows.iter()
                .filter_map(|row| row.get(index))
                .map(|cell| cell.text.chars().count())
                .chain(std::iter::once(heading.chars().count()))
                .max()
                .unwrap_or_default()
        })
        .collect();
    let heading: Vec<Cell> = columns
        .iter()
        .map(|(heading, _)| Cell::styled(*heading, crate::style::HEADING))
        .collect();
    let rule: Vec<Cell> = widths
        .iter()
        .map(|width| "─".repeat(*width).into())
        .collect();

    let mut text = String::new();
    for row in std::iter::once(&heading)
        .chain(std::iter::once(&rule))
        .chain(rows)
    {
        let line: Vec<String> = columns
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(index, ((_, align), width))| padded(row.get(index), *align, *width))
            .collect();
        let _ = writeln!(text, "{}", line.join("  ").trim_end());
    }
    text
}

/// The padding stays outside the style.
fn padded(cell: Option<&Cell>, align: Align, width: usize) -> String {
    let Some(Cell { text, style }) = cell else {
        return " ".repeat(width);
    };
    let padding = " ".repeat(width.saturating_sub(text.chars().count()));
    match align {
        Align::Left => format!("{style}{text}{style:#}{padding}"),
        Align::Right => format!("{padding}{style}{text}{style:#}"),
    }
}

/// `1,234,567`.
pub fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0 {
        text.insert(0, '-');
    }
    text
}

/// `850 ms`, `12.3 s`, `3 min 05 s`.
pub fn duration(milliseconds: u128) -> String {
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..100_000 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => {
            let seconds = milliseconds / 1_000;
            format!("{} min {:02} s", seconds / 60, seconds % 60)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_numbers_stand_right() {
        let rows = vec![
            vec!["shifts".into(), "1,204".into()],
            vec!["time_punches".into(), "7".into()],
            vec!["ünïcödé".into()],
        ];
        let text = render(&[("stream", Align::Left), ("fetched", Align::Right)], &rows);
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(
            plain,
            "stream        fetched\n\
             ────────────  ───────\n\
             shifts          1,204\n\
             time_punches        7\n\
             ünïcödé\n"
        );
    }

    #[test]
    fn numbers_are_grouped() {
        let groups = [0, 7, 999, 1_000, 12_345, 1_234_567, -4_200].map(number);
        assert_eq!(
            groups,
            ["0", "7", "999", "1,000", "12,345", "1,234,567", "-4,200"]
        );
    }

    #[test]
    fn durations_keep_the_digits_that_matter() {
        assert_eq!(duration(0), "0 ms");
        assert_eq!(duration(999), "999 ms");
        assert_eq!(duration(12_345), "12.3 s");
        assert_eq!(duration(185_999), "3 min 05 s");
    }
}
