//! The table: what is measured, its mark, and whether it holds.

use serde_json::{Value, json};

/// One line of the table.
pub struct Row {
    pub id: &'static str,
    pub what: &'static str,
    pub unit: &'static str,
    pub mark: Mark,
}

pub enum Mark {
    AtLeast(f64),
    AtMost(f64),
    Below(f64),
    /// Shown for what it explains; another row has the mark.
    Context,
    /// Measured by a person.
    ByHand(&'static str),
}

/// What a row came to.
pub struct Measured {
    id: &'static str,
    value: f64,
}

impl Measured {
    pub fn new(id: &'static str, value: f64) -> Self {
        Self { id, value }
    }

    pub fn of(measured: &[Self], id: &str) -> Option<f64> {
        measured
            .iter()
            .find(|measured| measured.id == id)
            .map(|measured| measured.value)
    }
}

impl Mark {
    fn holds(&self, value: Option<f64>) -> Option<bool> {
        let is_met = |met: fn(&f64, &f64) -> bool, mark: &f64| {
            Some(value.is_some_and(|value| met(&value, mark)))
        };
        match self {
            Self::AtLeast(mark) => is_met(f64::ge, mark),
            Self::AtMost(mark) => is_met(f64::le, mark),
            Self::Below(mark) => is_met(f64::lt, mark),
            Self::Context | Self::ByHand(_) => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::AtLeast(mark) => format!("≥ {}", number(*mark)),
            Self::AtMost(mark) => format!("≤ {}", number(*mark)),
            Self::Below(mark) => format!("< {}", number(*mark)),
            Self::Context => String::new(),
            Self::ByHand(mark) => (*mark).to_owned(),
        }
    }
}

/// One JSON object; `value` and `holds` are null where there is nothing to say.
pub fn json(row: &Row, value: Option<f64>) -> Value {
    json!({
        "id": row.id,
        "value": value,
        "unit": row.unit,
        "mark": row.mark.text(),
        "holds": row.mark.holds(value),
    })
}

/// The table as Markdown.
pub fn markdown(lines: &[(&Row, Option<f64>)]) -> String {
    let mut text = "| what | value | mark | holds |\n|---|---|---|---|\n".to_owned();
    for (row, value) in lines {
        let value_text = match (value, &row.mark) {
            (Some(value), _) => format!("{} {}", number(*value), row.unit),
            (None, Mark::ByHand(_)) => "see README".to_owned(),
            (None, _) => "not measured".to_owned(),
        };
        let holds = match row.mark.holds(*value) {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        let line = format!(
            "| {} | {} | {} | {holds} |\n",
            row.what,
            value_text.trim_end(),
            row.mark.text()
        );
        text.push_str(&line);
    }
    text
}

/// Three digits that mean something, thousands kept apart.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}
