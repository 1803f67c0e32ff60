//! One page of any list, as one statement.

use std::sync::OnceLock;

use domain::access::Tenant;

use super::field::{Field, object};
use super::view::{Kind, SHIFT_FOR_ONE};
use crate::database::{DatabaseError, Execute, Value};
use crate::parameters;

/// Rows of a page when the caller does not say.
pub const DEFAULT_LIMIT: u32 = 100;
/// Most rows of a page.
pub const MAX_LIMIT: u32 = 500;

/// The place of a row in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The number that the list is ordered by; 0 where it is ordered by id alone.
    pub order: i64,
    /// The row's id, which breaks ties.
    pub id: String,
}

/// Which page.
#[derive(Clone, Copy, Debug)]
pub struct Paging<'a> {
    /// Held between 1 and [`MAX_LIMIT`].
    pub limit: u32,
    /// The `next` of the page before; `None` for the first.
    pub after: Option<&'a Key>,
}

impl Default for Paging<'_> {
    fn default() -> Self {
        Self {
            limit: DEFAULT_LIMIT,
            after: None,
        }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPage {
    /// The rows as the text of one JSON array.
    pub data_json: String,
    pub count: u32,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<Key>,
}

/// A page to read.
#[derive(Debug)]
pub struct List {
    sql: String,
    parameters: Vec<Value>,
    limit: u32,
}

impl List {
    /// # Errors
    /// The failure of the statement.
    pub async fn read<E: Execute>(&self, database: &E) -> Result<ListPage, DatabaseError> {
        let rows = database.execute(&self.sql, &self.parameters).await?;
        let row = rows
            .first()
            .ok_or_else(|| DatabaseError::Shape("no page".to_owned()))?;
        let found = u32::try_from(row.integer(1)?).unwrap_or(u32::MAX);
        let next = if found > self.limit {
            Some(Key {
                order: row.integer(2)?,
                id: row.text(3)?.to_owned(),
            })
        } else {
            None
        };
        Ok(ListPage {
            data_json: row.text(0)?.to_owned(),
            count: found.min(self.limit),
            next,
        })
    }
}

/// One row as the text of a JSON object, deleted ones too; `None` when the tenant has no such row.
/// A quarantined record, a row of the log or the audit, a policy and settings have no id of their own, so there is none.
///
/// # Errors
/// The failure of the statement.
pub async fn get<E: Execute>(
    database: &E,
    tenant: &Tenant,
    kind: Kind,
    id: &str,
) -> Result<Option<String>, DatabaseError> {
    if matches!(
        kind,
        Kind::QuarantinedRecord
            | Kind::StaffPolicy
            | Kind::AttendancePolicy
            | Kind::AllocationSettings
            | Kind::AllocationNotices
            | Kind::AllocationExplanation
            | Kind::Log
            | Kind::AuditEntry
    ) {
        return Ok(None);
    }
    database
        .read_row(get_sql(kind), parameters![tenant.as_str(), id])
        .await?
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()
}

/// Of whom a reader of shifts may know how they attended; of others that is null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AttendanceOf<'a> {
    #[default]
    Everybody,
    /// The person whom the product calls so.
    Person(&'a str),
    Nobody,
}

impl AttendanceOf<'_> {
    /// The `?2` of [`SHIFT_FOR_ONE`], where that is what is shown: nobody is called null.
    fn one(self) -> Option<Value> {
        match self {
            Self::Everybody => None,
            Self::Person(product_ref) => Some(product_ref.into()),
            Self::Nobody => Some(Value::Null),
        }
    }
}

/// One shift, as [`get`] has it, with the attendance that its reader may know of.
///
/// # Errors
/// The failure of the statement.
pub async fn get_shift<E: Execute>(
    database: &E,
    tenant: &Tenant,
    id: &str,
    attendance_of: AttendanceOf<'_>,
) -> Result<Option<String>, DatabaseError> {
    static STATEMENT: OnceLock<String> = OnceLock::new();
    let Some(one) = attendance_of.one() else {
        return get(database, tenant, Kind::Shift, id).await;
    };
    let sql = STATEMENT.get_or_init(|| row_sql(Kind::Shift, SHIFT_FOR_ONE, "?3"));
    database
        .read_row(sql, parameters![tenant.as_str(), one, id])
        .await?
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()
}

fn row_sql(kind: Kind, fields: &[Field], id: &str) -> String {
    format!(
        "SELECT {} FROM {} AS record{} WHERE record.id = {id} AND {} = ?1",
        object(fields),
        kind.table(),
        kind.joins(),
        kind.tenant_column(),
    )
}

/// Written once: it is as long as the row has fields.
fn get_sql(kind: Kind) -> &'static str {
    static STATEMENTS: [OnceLock<String>; Kind::ALL.len()] =
        [const { OnceLock::new() }; Kind::ALL.len()];
    let write = || row_sql(kind, kind.fields(), "?2");
    Kind::ALL
        .iter()
        .position(|one| *one == kind)
        .and_then(|position| STATEMENTS.get(position))
        .map_or("", |statement| statement.get_or_init(write))
}

/// How a list is ordered, and the index that has that order.
pub(super) enum Order {
    /// By id alone.
    Id { index: &'static str },
    Ascending {
        column: &'static str,
        index: &'static str,
    },
    Descending {
        column: &'static str,
        index: &'static str,
    },
}

/// Collects the conditions of a list of one tenant.
pub(super) struct Builder {
    kind: Kind,
    fields: &'static [Field],
    conditions: Vec<String>,
    parameters: Vec<Value>,
}

impl Builder {
    pub(super) fn new(kind: Kind, tenant: &Tenant) -> Self {
        let mut builder = Self {
            kind,
            fields: kind.fields(),
            conditions: Vec::new(),
            parameters: Vec::new(),
        };
        builder.compare(kind.tenant_column(), "=", Some(tenant.as_str()));
        builder
    }

    /// Of shifts, with the attendance that the reader may know of.
    pub(super) fn of_shifts(tenant: &Tenant, attendance_of: AttendanceOf<'_>) -> Self {
        let mut builder = Self::new(Kind::Shift, tenant);
        if let Some(one) = attendance_of.one() {
            builder.fields = SHIFT_FOR_ONE;
            builder.bind(one);
        }
        builder
    }

    /// Adds a condition without a value.
    pub(super) fn only(&mut self, condition: &str) {
        self.conditions.push(condition.to_owned());
    }

    /// Adds `column operator value`, or nothing where there is no value.
    pub(super) fn compare(
        &mut self,
        column: &str,
        operator: &str,
        value: Option<impl Into<Value>>,
    ) {
        if let Some(value) = value {
            let parameter = self.bind(value);
            self.conditions
                .push(format!("{column} {operator} {parameter}"));
        }
    }

    /// Narrows the list by each column that has a value. One statement takes one index: the first of
    /// them has it, whose place is returned, and `+` keeps the others from taking theirs.
    pub(super) fn narrow<const COUNT: usize>(
        &mut self,
        columns: [(&str, Option<&str>); COUNT],
    ) -> Option<usize> {
        let mut first = None;
        for (place, (column, value)) in columns.into_iter().enumerate() {
            let plus = if first.is_some() { "+" } else { "" };
            self.compare(&format!("{plus}{column}"), "=", value);
            if value.is_some() {
                first = first.or(Some(place));
            }
        }
        first
    }

    /// Binds a value and returns its name in the statement.
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.parameters.push(value.into());
        format!("?{}", self.parameters.len())
    }

    pub(super) fn page(mut self, order: &Order, paging: &Paging<'_>) -> List {
        let id = self.kind.id_column();
        let (index, key, direction) = match order {
            Order::Id { index } => (index, "0", None),
            Order::Ascending { column, index } => (index, *column, Some(("ASC", ">"))),
            Order::Descending { column, index } => (index, *column, Some(("DESC", "<"))),
        };
        let order_by = direction.map_or_else(
            || self.kind.id_order().to_owned(),
            |(direction, _)| format!("{key} {direction}, {id} {direction}"),
        );
        if let Some(after) = paging.after {
            match direction {
                Some((_, beyond)) => {
                    let (order, last) = (self.bind(after.order), self.bind(after.id.as_str()));
                    self.conditions
                        .push(format!("({key}, {id}) {beyond} ({order}, {last})"));
                }
                None => self.after_id(&after.id),
            }
        }
        let limit = paging.limit.clamp(1, MAX_LIMIT);
        let limit_parameter = self.bind(i64::from(limit));
        // One row more than the page tells whether there is another page. The subquery has the
        // order, and the aggregates take its rows as they come.
        let sql = format!(
            "SELECT '[' || coalesce(group_concat(item, ',') FILTER (WHERE place <= {limit_parameter}), '') || ']',
                    count(*),
                    max(key) FILTER (WHERE place = {limit_parameter}),
                    max(id) FILTER (WHERE place = {limit_parameter})
             FROM (SELECT row_number() OVER () AS place, key, id, item
                   FROM (SELECT {key} AS key, {id} AS id, {item} AS item
                         FROM {table} AS record INDEXED BY {index}{joins}
                         WHERE {conditions}
                         ORDER BY {order_by} LIMIT {limit_parameter} + 1))",
            item = object(self.fields),
            table = self.kind.table(),
            joins = self.kind.joins(),
            conditions = self.conditions.join(" AND "),
        );
        List {
            sql,
            parameters: self.parameters,
            limit,
        }
    }

    fn after_id(&mut self, last: &str) {
        if self.kind == Kind::QuarantinedRecord {
            let mut parts = last.splitn(3, '|');
            let mut part = || self.bind(parts.next().unwrap_or_default());
            let (connector, stream, external) = (part(), part(), part());
            self.conditions.push(format!(
                "(record.connector_id, record.stream, record.external_id) > ({connector}, {stream}, {external})"
            ));
        } else {
            self.compare(self.kind.id_column(), ">", Some(last));
        }
    }
}
