//! The members of a JSON answer, each as the SQL that makes it.

/// One member: its name and the expression behind it.
pub(super) enum Field {
    /// As the column holds it.
    Plain(&'static str, &'static str),
    /// Unix seconds, as RFC 3339 in UTC.
    Time(&'static str, &'static str),
    /// A value of the change sequence, as the time that it stands for.
    Change(&'static str, &'static str),
    /// 0 or 1, as a JSON boolean.
    Bool(&'static str, &'static str),
    /// Seconds, as whole minutes, rounded to the nearest: as in [`domain::worked_time`].
    Minutes(&'static str, &'static str),
    /// Seconds, as decimal hours with two places, rounded to the nearest.
    Hours(&'static str, &'static str),
    /// JSON text, as the value that it is.
    Json(&'static str, &'static str),
}

/// `json_object(…)` of the members.
pub(super) fn object(fields: &[Field]) -> String {
    let members: Vec<String> = fields.iter().map(Field::sql).collect();
    format!("json_object({})", members.join(", "))
}

impl Field {
    fn sql(&self) -> String {
        match self {
            Self::Plain(name, sql) => format!("'{name}', {sql}"),
            Self::Time(name, sql) => format!("'{name}', {}", time(sql)),
            Self::Change(name, sql) => format!("'{name}', {}", time(&format!("{sql} / 1000000"))),
            Self::Bool(name, sql) => format!("'{name}', {}", boolean(sql)),
            Self::Minutes(name, sql) => format!("'{name}', (({sql}) + 30) / 60"),
            Self::Hours(name, sql) => format!("'{name}', (({sql}) + 18) / 36 / 100.0"),
            Self::Json(name, sql) => format!("'{name}', json({sql})"),
        }
    }
}

fn time(seconds: &str) -> String {
    format!("strftime('%Y-%m-%dT%H:%M:%SZ', {seconds}, 'unixepoch')")
}

fn boolean(sql: &str) -> String {
    format!("json(CASE {sql} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)")
}
