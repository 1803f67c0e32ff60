//! The rows that decide a part of people's time. They come as arrays, not as objects: there may be tens of thousands
//! of them.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use domain::access::Tenant;
use domain::attendance::span::{MARGIN_SECONDS, Span};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

use crate::database::{DatabaseError, Execute, Row, Value};
use crate::{json, parameters};

/// A part of one person's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person<'a> {
    pub member_id: &'a str,
    pub span: Span,
}

/// Whose part of time a row is of.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    /// By its place among the parts that were asked for: a person may have several.
    Place(u64),
    /// By the person's id, where each person's whole time was.
    Id(&'a str),
}

impl Whose<'_> {
    /// The order of the parts that were asked for.
    fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Place(place), Self::Place(other)) => place.cmp(&other),
            (Self::Id(id), Self::Id(other)) => compare_ids(id, other),
            (Self::Place(_), Self::Id(_)) => Ordering::Less,
            (Self::Id(_), Self::Place(_)) => Ordering::Greater,
        }
    }

    /// Before, of or behind this part, which has this place among those asked for.
    #[must_use]
    pub fn compare(self, place: usize, person: &Person<'_>) -> Ordering {
        match self {
            Self::Place(of) => of.cmp(&u64::try_from(place).unwrap_or(u64::MAX)),
            Self::Id(id) => compare_ids(id, person.member_id),
        }
    }
}

/// As [`str::cmp`]. Ids have much of their beginning in common, and a guest's `memcmp` goes byte by byte.
#[must_use]
pub fn compare_ids(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let (words, others) = (left.as_chunks::<4>().0, right.as_chunks::<4>().0);
    for (&word, &other) in words.iter().zip(others) {
        if word != other {
            return u32::from_be_bytes(word).cmp(&u32::from_be_bytes(other));
        }
    }
    let common = words.len().min(others.len()).saturating_mul(4);
    left.get(common..).cmp(&right.get(common..))
}

impl<'de: 'a, 'a> Deserialize<'de> for Whose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Whose<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a place or an id")
            }

            fn visit_u64<E>(self, place: u64) -> Result<Self::Value, E> {
                Ok(Whose::Place(place))
            }

            fn visit_borrowed_str<E>(self, id: &'de str) -> Result<Self::Value, E> {
                Ok(Whose::Id(id))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// `(whose, connector id, level, gone since)`. The fields of this and the next ones are in the order of [`READS`].
#[derive(Clone, Debug, Deserialize)]
pub struct Member<'a>(
    #[serde(borrow)] pub Whose<'a>,
    pub &'a str,
    pub Option<String>,
    pub Option<i64>,
);

#[derive(Clone, Debug, Deserialize)]
pub struct ShiftRow<'a> {
    #[serde(borrow)]
    pub whose: Whose<'a>,
    pub id: &'a str,
    #[serde(borrow)]
    pub external_id: Cow<'a, str>,
    pub starts_at: i64,
    pub ends_at: i64,
    pub is_close: i64,
    pub unpaid_break_minutes: i64,
    pub external_location_id: Option<String>,
    pub external_role_id: Option<String>,
    /// Of the provider, none where it is `none`.
    pub attendance_status: Option<String>,
    /// When it was when it was counted last; none if it was never counted as this person's.
    pub counted_at: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct PunchRow<'a> {
    #[serde(borrow)]
    pub whose: Whose<'a>,
    pub id: &'a str,
    #[serde(borrow)]
    pub external_id: Cow<'a, str>,
    pub clocked_in_at: i64,
    pub clocked_out_at: Option<i64>,
    pub worked_seconds: Option<i64>,
    pub auto_clocked_out: i64,
    pub schedule_shift_id: Option<&'a str>,
    pub external_location_id: Option<String>,
    pub external_role_id: Option<String>,
    /// As of a shift.
    pub counted_at: Option<i64>,
    /// As written back last.
    pub written_shift_id: Option<&'a str>,
    pub written_scheduled_seconds: Option<i64>,
    pub written_delta_minutes: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct TimeOffRow<'a> {
    #[serde(borrow)]
    pub whose: Whose<'a>,
    pub id: &'a str,
    pub start_date: String,
    pub end_date: String,
    pub is_partial_day: i64,
    pub partial_start: Option<String>,
    pub partial_end: Option<String>,
}

/// A work, as it was decided before.
#[derive(Clone, Debug, Deserialize)]
pub struct KnownDelta<'a> {
    #[serde(borrow)]
    pub whose: Whose<'a>,
    pub subject_id: &'a str,
    pub fingerprint: i64,
    pub anchor_at: i64,
}

/// An event, as it was decided before.
#[derive(Clone, Debug, Deserialize)]
pub struct KnownRecord<'a> {
    #[serde(borrow)]
    pub whose: Whose<'a>,
    pub subject_id: &'a str,
    pub event_type: &'a str,
    /// None of one that is deleted.
    pub fingerprint: Option<i64>,
    pub anchor_at: i64,
}

/// Everything about parts of people's time, ordered by the people asked for.
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    pub members: Vec<Member<'a>>,
    pub shifts: Vec<ShiftRow<'a>>,
    pub punches: Vec<PunchRow<'a>>,
    pub time_off: Vec<TimeOffRow<'a>>,
    pub deltas: Vec<KnownDelta<'a>>,
    pub records: Vec<KnownRecord<'a>>,
}

/// What is read of a table: a column of the answer, for SQLite would read nested JSON once more.
struct Read {
    table: &'static str,
    index: &'static str,
    /// The column that names the person, behind the organization in the index.
    member: &'static str,
    /// In the order of the row's type, behind whose it is.
    fields: &'static str,
    /// Which rows matter to a part of a person's time: to what is decided from `a` to `z`, with `?3` around it.
    in_part: &'static str,
    is_there: &'static str,
}

/// In the order of [`Rows`].
const READS: [Read; 6] = [
    Read {
        table: "team_members",
        index: "team_members_organization",
        member: "id",
        fields: "row.connector_id, row.user_type, row.deleted_at",
        in_part: "true",
        is_there: "true",
    },
    Read {
        table: "schedule_shifts",
        index: "schedule_shifts_member",
        member: "team_member_id",
        fields: "row.id, row.external_id, row.starts_at, row.ends_at, row.is_close, row.unpaid_break_minutes,
          row.external_location_id, row.external_role_id, nullif(row.attendance_status, 'none'),
          iif(row.attendance_member_id = row.team_member_id, row.attendance_anchor_at, NULL)",
        in_part: "row.starts_at BETWEEN a - ?3 AND z + ?3",
        is_there: "row.deleted_at IS NULL",
    },
    Read {
        table: "time_punches",
        index: "time_punches_member",
        member: "team_member_id",
        fields: "row.id, row.external_id, row.clocked_in_at, row.clocked_out_at,
          coalesce(row.worked_seconds, row.worked_minutes * 60), row.auto_clocked_out, row.schedule_shift_id,
          row.external_location_id, row.external_role_id,
          iif(row.attendance_member_id = row.team_member_id, row.attendance_anchor_at, NULL),
          row.attendance_shift_id, row.attendance_scheduled_seconds, row.attendance_delta_minutes",
        in_part: "row.clocked_in_at BETWEEN a - ?3 AND z + ?3",
        is_there: "row.deleted_at IS NULL",
    },
    Read {
        table: "time_off_requests",
        index: "time_off_requests_member",
        member: "team_member_id",
        fields: "row.id, row.start_date, row.end_date, row.is_partial_day, row.partial_start, row.partial_end",
        in_part: "row.end_date >= date(max(a - ?3, 0), 'unixepoch', '-2 days')
          AND row.start_date <= date(min(z + ?3, 253402000000), 'unixepoch', '+2 days')",
        is_there: "row.deleted_at IS NULL AND row.status = 'approved'",
    },
    Read {
        table: "attendance_deltas",
        index: "attendance_deltas_member",
        member: "team_member_id",
        fields: "row.subject_id, row.fingerprint, row.anchor_at",
        in_part: "row.anchor_at BETWEEN a AND z",
        is_there: "true",
    },
    Read {
        table: "attendance_records",
        index: "attendance_records_member",
        member: "team_member_id",
        fields: "row.subject_id, row.event_type, iif(row.deleted_at IS NULL, row.fingerprint, NULL), row.anchor_at",
        in_part: "row.anchor_at BETWEEN a AND z",
        is_there: "true",
    },
];

/// Of parts of some people's time, each seeked by itself: `CROSS JOIN` keeps SQLite from reading the table first.
/// Where a part is a person's whole time, `?4` is on both sides.
static READ_PARTS: LazyLock<String> = LazyLock::new(|| {
    let columns = READS.map(|read| {
        let Read {
            table,
            index,
            member,
            fields,
            in_part,
            is_there,
        } = read;
        format!(
            "(SELECT json_group_array(json_array(k, {fields}))
              FROM wanted CROSS JOIN {table} AS row INDEXED BY {index}
                ON row.organization_id = ?1 AND row.{member} = m AND {in_part}
              WHERE {is_there})"
        )
    });
    format!(
        "WITH wanted AS MATERIALIZED (
           SELECT key AS k, iif(type = 'text', value, value ->> 0) AS m, iif(type = 'text', -?4, value ->> 1) AS a,
             iif(type = 'text', ?4, value ->> 2) AS z
           FROM json_each(?2))
         SELECT {}",
        columns.join(", ")
    )
});

/// Of the whole time of everybody from one id to another, which is a piece of each index.
static READ_EVERYBODY: LazyLock<String> = LazyLock::new(|| {
    let columns = READS.map(|read| {
        let Read {
            table,
            index,
            member,
            fields,
            is_there,
            ..
        } = read;
        format!(
            "(SELECT json_group_array(json_array(row.{member}, {fields}))
              FROM {table} AS row INDEXED BY {index}
              WHERE row.organization_id = ?1 AND row.{member} BETWEEN ?2 AND ?3 AND {is_there})"
        )
    });
    format!("SELECT {}", columns.join(", "))
});

/// Beyond every time in a table, and far enough from where sums end.
const FAR: i64 = 1 << 60;

/// A person, as [`READ_PARTS`] takes one.
#[derive(Serialize)]
#[serde(untagged)]
enum Wanted<'a> {
    Always(&'a str),
    Between(&'a str, i64, i64),
}

impl<'a> Wanted<'a> {
    fn of(person: &Person<'a>) -> Self {
        let Span { from, to } = person.span;
        if person.span == Span::ALWAYS {
            Self::Always(person.member_id)
        } else {
            Self::Between(person.member_id, from.clamp(-FAR, FAR), to.clamp(-FAR, FAR))
        }
    }
}

/// What the database has answered; [`Found::rows`] reads it, in its own time.
#[derive(Debug)]
pub struct Found(Row);

/// Reads what decides the whole time of everybody from the first to the last of these ids, and what was decided of
/// them before.
///
/// # Errors
/// The failure of the statement.
pub async fn read_everybody<E: Execute>(
    database: &E,
    tenant: &Tenant,
    first: &str,
    last: &str,
) -> Result<Found, DatabaseError> {
    let parameters = parameters![tenant.as_str(), first, last];
    found(database, &READ_EVERYBODY, parameters).await
}

/// Reads what decides these parts of people's time, and what was decided of them before.
///
/// # Errors
/// The failure of the statement.
pub async fn read<E: Execute>(
    database: &E,
    tenant: &Tenant,
    people: &[Person<'_>],
) -> Result<Found, DatabaseError> {
    let wanted: Vec<_> = people.iter().map(Wanted::of).collect();
    let parameters = parameters![tenant.as_str(), json::write(&wanted)?, MARGIN_SECONDS, FAR,];
    found(database, &READ_PARTS, parameters).await
}

async fn found<E: Execute>(
    database: &E,
    statement: &str,
    parameters: &[Value],
) -> Result<Found, DatabaseError> {
    let rows = database.execute(statement, parameters).await?;
    let row = rows.into_iter().next();
    row.map(Found)
        .ok_or_else(|| DatabaseError::Shape("no row".to_owned()))
}

impl Found {
    /// # Errors
    /// [`DatabaseError::Shape`].
    pub fn rows(&self) -> Result<Rows<'_>, DatabaseError> {
        let row = &self.0;
        let mut rows = Rows {
            members: json::parse(row.text(0)?)?,
            shifts: json::parse(row.text(1)?)?,
            punches: json::parse(row.text(2)?)?,
            time_off: json::parse(row.text(3)?)?,
            deltas: json::parse(row.text(4)?)?,
            records: json::parse(row.text(5)?)?,
        };
        // That is how SQLite reads them, but it does not promise it.
        rows.members.sort_by(|row, other| row.0.order(other.0));
        rows.shifts
            .sort_by(|row, other| row.whose.order(other.whose));
        rows.punches
            .sort_by(|row, other| row.whose.order(other.whose));
        rows.time_off
            .sort_by(|row, other| row.whose.order(other.whose));
        rows.deltas
            .sort_by(|row, other| row.whose.order(other.whose));
        rows.records
            .sort_by(|row, other| row.whose.order(other.whose));
        Ok(rows)
    }
}
