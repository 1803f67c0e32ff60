//! One page of a stream into its table.

use std::collections::HashMap;

use serde::Serialize;

use super::links::link_arrivals;
use super::resource::Resource;
use super::rows::{Page, Record};
use super::sequence::next_change;
use super::tombstones::bury;
use super::{MAX_ROWS, Scope};
use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

/// What a page did. `created + updated + unchanged + deleted + refused` are the distinct records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageOutcome {
    pub created: u64,
    /// Changed rows, rows that came back from deletion among them.
    pub updated: u64,
    pub unchanged: u64,
    /// Rows that were alive and that the provider says are deleted.
    pub deleted: u64,
    /// Rows of other tables that referred to a row of this page before it was known.
    pub linked: u64,
    /// More such rows are left than one page links: call `heal_links` while `links_wait`.
    pub links_left: bool,
    /// `changed_seq` of every row that this page touched.
    pub changed_seq: i64,
    /// Records that the database refused, for the quarantine; the others landed.
    pub refused: Vec<Refused>,
}

/// A record that cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub external_id: String,
    /// Names the constraint, never a value.
    pub reason: String,
}

/// Writes a page of at most [`MAX_ROWS`] records; call it inside a transaction.
///
/// A record that occurs twice counts once, as it was last. A deleted record that was never seen
/// alive leaves no row. `new_id` gives a fresh UUIDv7; `now_micros` is Unix microseconds.
///
/// # Errors
/// The failure of a statement, after which the transaction must be rolled back;
/// [`DatabaseError::Shape`] when the page is longer than [`MAX_ROWS`].
pub async fn write_page<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    page: Page<'_>,
    new_id: impl FnMut() -> String,
    now_micros: i64,
) -> Result<PageOutcome, DatabaseError> {
    if page.len() > MAX_ROWS {
        return Err(DatabaseError::Shape(format!(
            "{} records in a page of at most {MAX_ROWS}",
            page.len()
        )));
    }
    if page.is_empty() {
        return Ok(PageOutcome::default());
    }
    let records = match page {
        Page::Locations(rows) => Records::new(rows, new_id),
        Page::Departments(rows) => Records::new(rows, new_id),
        Page::Roles(rows) => Records::new(rows, new_id),
        Page::TeamMembers(rows) => Records::new(rows, new_id),
        Page::Shifts(rows) => Records::new(rows, new_id),
        Page::TimePunches(rows) => Records::new(rows, new_id),
        Page::Wages(rows) => Records::new(rows, new_id),
        Page::RoleAssignments(rows) => Records::new(rows, new_id),
        Page::Availability(rows) => Records::new(rows, new_id),
        Page::TimeOff(rows) => Records::new(rows, new_id),
        Page::Custom(rows) => Records::new(rows, new_id),
        Page::Employees(rows) => Records::new(rows, new_id),
        Page::LeaveRequests(rows) => Records::new(rows, new_id),
    }?;
    let resource = page.resource();
    let seq = next_change(transaction, now_micros).await?;
    if resource == Resource::TeamMembers {
        revive_wages(transaction, scope, &records.alive, seq).await?;
    }
    let before = predecessors(transaction, scope, resource, &records.ids()).await?;
    let hidden = if resource == Resource::Wages {
        hidden_history(transaction, scope, &records.alive).await?
    } else {
        String::new()
    };
    let refused = upsert(transaction, scope, resource, &records.alive, seq).await?;
    bury(transaction, scope, resource, &records.deleted, seq).await?;
    let mut outcome = count(transaction, scope, resource, seq).await?;
    let settled = outcome.created + outcome.updated + outcome.deleted;
    let landed = records.len().saturating_sub(refused.len());
    outcome.unchanged = u64::try_from(landed)
        .unwrap_or(u64::MAX)
        .saturating_sub(settled);
    outcome.refused = refused;
    if resource == Resource::Wages {
        revive_history(transaction, scope, &hidden, seq).await?;
    }
    move_predecessors(transaction, scope, resource, &before, seq).await?;
    if outcome.created > 0 {
        let arrivals = link_arrivals(transaction, scope, resource, seq).await?;
        outcome.linked = arrivals.linked;
        outcome.links_left = arrivals.more;
    }
    Ok(outcome)
}

/// Who comes back has the wages that went with them: the provider does not list those again that
/// another has taken the place of. Before the people are written, while it is known who was gone.
async fn revive_wages<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    people: &[Alive<'_>],
    seq: i64,
) -> Result<(), DatabaseError> {
    let ids: Vec<&str> = people.iter().map(|person| person.external_id).collect();
    let gone = transaction
        .execute(
            "SELECT json_group_array(json_array(member.id, member.deleted_at))
             FROM json_each(?3) AS page CROSS JOIN team_members AS member
               ON member.connector_id = ?2 AND member.external_id = page.value
             WHERE member.organization_id = ?1 AND member.deleted_at IS NOT NULL",
            parameters![
                scope.tenant.as_str(),
                scope.connector_id,
                json::write(&ids)?
            ],
        )
        .await?;
    let gone = gone
        .first()
        .ok_or_else(|| DatabaseError::Shape("no list".to_owned()))?
        .text(0)?;
    // Nearly every page.
    if gone == "[]" {
        return Ok(());
    }
    transaction
        .execute(
            "UPDATE team_member_wages SET deleted_at = NULL, changed_seq = ?3
             WHERE id IN (
               SELECT wage.id
               FROM json_each(?2) AS back CROSS JOIN team_member_wages AS wage
                 ON wage.organization_id = ?1 AND wage.team_member_id = back.value ->> 0
               WHERE wage.deleted_at = back.value ->> 1)",
            parameters![scope.tenant.as_str(), gone, seq],
        )
        .await
        .map(drop)
}

/// What went though it was history, to come back with a wage that had taken its place: an odd answer
/// had hidden that one, with no wages or with another role, and the provider does not list those before
/// it again. It was history if the later one was known already when it went, and counted by then.
/// Before the wages are written, while it is known which were hidden and from when they counted. Pairs
/// of the later one and the one that may come back, as JSON.
async fn hidden_history<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    wages: &[Alive<'_>],
) -> Result<String, DatabaseError> {
    let ids: Vec<&str> = wages.iter().map(|wage| wage.external_id).collect();
    // As of the sweep: where the day begins first, tomorrow is today.
    let follows = follows("record.deleted_at + 86400");
    let sql = format!(
        "SELECT json_group_array(json_array(later.id, record.id))
         FROM json_each(?3) AS page CROSS JOIN team_member_wages AS later
           ON later.connector_id = ?2 AND later.external_id = page.value
         CROSS JOIN team_member_wages AS record
           ON record.organization_id = ?1 AND record.team_member_id = later.team_member_id
         WHERE later.organization_id = ?1
           AND (later.deleted_at IS NOT NULL
             OR later.external_role_id IS NOT record.external_role_id)
           AND record.deleted_at IS NOT NULL AND later.created_seq < record.changed_seq
           AND {follows}"
    );
    let parameters = parameters![
        scope.tenant.as_str(),
        scope.connector_id,
        json::write(&ids)?
    ];
    let rows = transaction.execute(&sql, parameters).await?;
    rows.first()
        .ok_or_else(|| DatabaseError::Shape("no list".to_owned()))?
        .text(0)
        .map(str::to_owned)
}

/// Brings back those of `hidden`, from [`hidden_history`], whose place the later wages take now. After
/// the wages are written and counted.
async fn revive_history<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    hidden: &str,
    seq: i64,
) -> Result<(), DatabaseError> {
    // Nearly every page.
    if hidden == "[]" {
        return Ok(());
    }
    let took_its_place = took_the_place("record.deleted_at + 86400");
    let sql = format!(
        "UPDATE team_member_wages SET deleted_at = NULL, changed_seq = ?3
         WHERE organization_id = ?1 AND id IN (
           SELECT record.id FROM json_each(?2) AS pair
           CROSS JOIN team_member_wages AS later ON later.id = pair.value ->> 0
           CROSS JOIN team_member_wages AS record ON record.id = pair.value ->> 1
           WHERE later.deleted_at IS NULL AND {took_its_place})"
    );
    let parameters = parameters![scope.tenant.as_str(), hidden, seq];
    transaction.execute(&sql, parameters).await.map(drop)
}

/// Whether the wage `later` takes the place of `record` by the day of `by`, Unix seconds in SQL.
pub(super) fn took_the_place(by: &str) -> String {
    format!(
        "{} AND later.external_role_id IS record.external_role_id",
        follows(by)
    )
}

/// The same whatever the role.
fn follows(by: &str) -> String {
    format!(
        "later.connector_id = record.connector_id
         AND later.external_user_id = record.external_user_id
         AND later.effective_date > record.effective_date
         AND later.effective_date <= date({by}, 'unixepoch')"
    )
}

/// The wage before another one, of the same person and role; `later` is that one.
const PREDECESSOR: &str = "SELECT earlier.id FROM team_member_wages AS earlier
     WHERE earlier.connector_id = later.connector_id
       AND earlier.external_user_id = later.external_user_id
       AND earlier.external_role_id IS later.external_role_id
       AND earlier.deleted_at IS NULL
       AND (earlier.effective_date, CAST(earlier.external_id AS INTEGER))
         < (later.effective_date, CAST(later.external_id AS INTEGER))
     ORDER BY earlier.effective_date DESC, CAST(earlier.external_id AS INTEGER) DESC LIMIT 1";

/// The predecessors of wages that are about to be written, for [`move_predecessors`]: afterwards
/// nobody knows which wage came before one whose date or role has changed. Empty for other resources.
pub(super) async fn predecessors<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    resource: Resource,
    external_ids: &[&str],
) -> Result<String, DatabaseError> {
    if resource != Resource::Wages {
        return Ok(String::new());
    }
    let sql = format!(
        "SELECT json_group_array(json_array(later.id, ({PREDECESSOR})))
         FROM json_each(?3) AS page CROSS JOIN team_member_wages AS later
           ON later.connector_id = ?2 AND later.external_id = page.value
         WHERE later.organization_id = ?1 AND later.deleted_at IS NULL"
    );
    let parameters = parameters![
        scope.tenant.as_str(),
        scope.connector_id,
        json::write(external_ids)?
    ];
    let rows = transaction.execute(&sql, parameters).await?;
    rows.first()
        .ok_or_else(|| DatabaseError::Shape("no list".to_owned()))?
        .text(0)
        .map(str::to_owned)
}

/// A wage ends where the next one begins: what changes the next one changes it for readers. `before`
/// is from [`predecessors`].
pub(super) async fn move_predecessors<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    resource: Resource,
    before: &str,
    seq: i64,
) -> Result<(), DatabaseError> {
    if resource != Resource::Wages {
        return Ok(());
    }
    let sql = format!(
        "UPDATE team_member_wages SET changed_seq = ?3
         WHERE deleted_at IS NULL AND changed_seq < ?3 AND id IN (
           SELECT ({PREDECESSOR}) FROM team_member_wages AS later
           WHERE later.organization_id = ?1 AND later.changed_seq = ?3
             AND later.connector_id = ?2
           UNION ALL
           SELECT pair.value ->> 1 FROM json_each(?4) AS pair
           CROSS JOIN team_member_wages AS later ON later.id = pair.value ->> 0
           WHERE later.changed_seq = ?3)"
    );
    let parameters = parameters![scope.tenant.as_str(), scope.connector_id, seq, before];
    transaction.execute(&sql, parameters).await.map(drop)
}

/// The distinct records of a page.
struct Records<'a> {
    alive: Vec<Alive<'a>>,
    deleted: Vec<(&'a str, i64)>,
}

struct Alive<'a> {
    external_id: &'a str,
    json: String,
}

impl<'a> Records<'a> {
    fn new<R: Record>(
        rows: &'a [R],
        mut new_id: impl FnMut() -> String,
    ) -> Result<Self, DatabaseError> {
        #[derive(Serialize)]
        struct WithId<'a, R> {
            id: String,
            #[serde(flatten)]
            record: &'a R,
        }

        let last: HashMap<&str, usize> = rows
            .iter()
            .enumerate()
            .map(|(index, row)| (row.external_id(), index))
            .collect();
        let mut records = Self {
            alive: Vec::with_capacity(last.len()),
            deleted: Vec::new(),
        };
        for (index, record) in rows.iter().enumerate() {
            let external_id = record.external_id();
            if last.get(external_id) != Some(&index) {
                continue;
            }
            if let Some(deleted_at) = record.deleted_at() {
                records.deleted.push((external_id, deleted_at));
            } else {
                let id = new_id();
                records.alive.push(Alive {
                    external_id,
                    json: json::write(&WithId { id, record })?,
                });
            }
        }
        Ok(records)
    }

    fn ids(&self) -> Vec<&'a str> {
        let alive = self.alive.iter().map(|record| record.external_id);
        alive
            .chain(self.deleted.iter().map(|(id, _)| *id))
            .collect()
    }

    fn len(&self) -> usize {
        self.alive.len() + self.deleted.len()
    }
}

/// Upserts all records in one statement; when a constraint refuses it, halves the page until
/// only the records at fault are left out. A statement that fails changes nothing and leaves the
/// transaction usable.
async fn upsert<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    resource: Resource,
    records: &[Alive<'_>],
    seq: i64,
) -> Result<Vec<Refused>, DatabaseError> {
    let sql = upsert_sql(resource);
    let mut refused = Vec::new();
    let mut pending = vec![records];
    while let Some(part) = pending.pop() {
        if part.is_empty() {
            continue;
        }
        let result = transaction
            .execute(
                &sql,
                parameters![
                    array(part),
                    scope.tenant.as_str(),
                    scope.connector_id,
                    scope.source,
                    seq
                ],
            )
            .await;
        match (result, part) {
            (Ok(_), _) => {}
            (Err(DatabaseError::Constraint(reason)), [one]) => refused.push(Refused {
                external_id: one.external_id.to_owned(),
                reason,
            }),
            (Err(DatabaseError::Constraint(_)), many) => {
                let (first, second) = many.split_at(many.len() / 2);
                pending.extend([second, first]);
            }
            (Err(error), _) => return Err(error),
        }
    }
    Ok(refused)
}

fn array(records: &[Alive<'_>]) -> String {
    let length = records
        .iter()
        .map(|record| record.json.len() + 1)
        .sum::<usize>()
        + 2;
    let mut text = String::with_capacity(length);
    text.push('[');
    for (index, record) in records.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&record.json);
    }
    text.push(']');
    text
}

/// Parameters: 1 the records, 2 organization, 3 connector, 4 source, 5 sequence value.
///
/// Without the CTE, `json_each` would write every record out again for every column that is taken
/// from it: half the speed. `WHERE true` keeps the parser from reading `ON CONFLICT` as a join
/// condition. The last `WHERE` leaves an equal row untouched, and a row of another organization.
fn upsert_sql(resource: Resource) -> String {
    let table = resource.table();
    let columns = || resource.columns().iter().copied();
    let links = || resource.links().iter();
    let comparable: Vec<&str> = links().map(|link| link.column).chain(columns()).collect();
    let values = links()
        .map(|link| {
            format!(
                "(SELECT target.id FROM {} AS target WHERE target.connector_id = ?3 AND target.external_id = value ->> '{}')",
                link.target.table(),
                link.via
            )
        })
        .chain(columns().map(|column| format!("value ->> '{column}'")))
        .collect::<Vec<_>>()
        .join(", ");
    let set = comparable
        .iter()
        .map(|column| format!("{column} = excluded.{column}"))
        .collect::<Vec<_>>()
        .join(", ");
    let list = |prefix: &str| {
        comparable
            .iter()
            .map(|column| format!("{prefix}.{column}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    format!(
        "WITH page AS MATERIALIZED (SELECT value FROM json_each(?1))
         INSERT INTO {table} (id, organization_id, connector_id, source, external_id, {names}, deleted_at, created_seq, changed_seq)
         SELECT value ->> 'id', ?2, ?3, ?4, value ->> 'external_id', {values}, NULL, ?5, ?5
         FROM page WHERE true
         ON CONFLICT (connector_id, external_id) DO UPDATE
         SET {set}, deleted_at = NULL, changed_seq = excluded.changed_seq
         WHERE {table}.organization_id = excluded.organization_id
           AND ({table}.deleted_at, {stored}) IS NOT (NULL, {brought})",
        names = comparable.join(", "),
        stored = list(table),
        brought = list("excluded"),
    )
}

/// What carries the sequence value of this write is what it touched.
async fn count<E: Execute>(
    transaction: &E,
    scope: &Scope<'_>,
    resource: Resource,
    seq: i64,
) -> Result<PageOutcome, DatabaseError> {
    let sql = format!(
        "SELECT count(*) FILTER (WHERE deleted_at IS NULL AND created_seq = ?2),
                count(*) FILTER (WHERE deleted_at IS NULL AND created_seq < ?2),
                count(*) FILTER (WHERE deleted_at IS NOT NULL)
         FROM {} WHERE organization_id = ?1 AND changed_seq = ?2",
        resource.table()
    );
    let rows = transaction
        .execute(&sql, parameters![scope.tenant.as_str(), seq])
        .await?;
    let row = rows
        .first()
        .ok_or_else(|| DatabaseError::Shape("no counts".to_owned()))?;
    Ok(PageOutcome {
        created: super::unsigned(row.integer(0)?),
        updated: super::unsigned(row.integer(1)?),
        deleted: super::unsigned(row.integer(2)?),
        changed_seq: seq,
        ..PageOutcome::default()
    })
}
