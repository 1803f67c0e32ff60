//! Who of certain addresses, or of a store, is on shift at a time: the account, people, their shifts and
//! the stores that are asked for, by one statement. What follows from it is `domain::shift_check`'s to say.

use std::borrow::Cow;

use domain::access::Tenant;
use domain::connector_state::ConnectorState;
use domain::shift_check::{LONGEST_SHIFT_SECS, Shift};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::database::{DatabaseError, Execute, Row, Value};
use crate::staff::{MAX_EMPLOYEES, seconds};
use crate::{json, parameters};

/// The account that people and shifts come from, as far as checks depend on it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Account {
    pub connector_id: String,
    pub provider: String,
    pub state: ConnectorState,
    /// JSON.
    pub sync_settings: String,
    enforces: i64,
    role_names: Vec<String>,
    pub connected_at: Option<i64>,
    pub users_synced_at: Option<i64>,
    pub shifts_synced_at: Option<i64>,
}

impl Account {
    /// People are asked only while they are on shift.
    #[must_use]
    pub fn enforces(&self) -> bool {
        self.enforces != 0
    }

    /// Keeps the people who work in a role that counts, whatever its case: SQLite knows the case of ASCII
    /// letters only. With no roles named everybody counts.
    fn keep_employees(&self, people: &mut Vec<Person<'_>>) {
        if self.role_names.is_empty() {
            return;
        }
        let wanted: Vec<String> = self
            .role_names
            .iter()
            .map(|name| name.to_lowercase())
            .collect();
        people.retain(|person| {
            let mut names = person.works_as.iter().map(|name| name.to_lowercase());
            names.any(|name| wanted.contains(&name))
        });
    }
}

/// By what a person is sought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named<'a> {
    /// Whatever the case of its ASCII letters.
    Email(Cow<'a, str>),
    /// The provider's id of a person who has no address.
    WithoutEmail(&'a str),
}

/// Who is looked up, and which stores.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// A number of the caller's, and what leads to the people that are found under it.
    pub people: &'a [(usize, Named<'a>)],
    /// The product's ids of stores, or ours.
    pub stores: &'a [&'a str],
    pub at: i64,
    /// What stands for the address of a person who has none, in an account whose policy has that: before and
    /// after the provider's id.
    pub placeholder: (&'a str, &'a str),
}

/// What a look-up has brought, as the database has written it.
#[derive(Debug)]
pub struct Rows(String);

impl Rows {
    /// # Errors
    /// Rows of another shape, which is a bug of ours.
    pub fn read(&self) -> Result<Found<'_>, DatabaseError> {
        let mut found: Found<'_> = json::parse(&self.0)?;
        if let Some(account) = &found.account {
            account.keep_employees(&mut found.people);
        }
        Ok(found)
    }
}

/// The rows of a look-up. Each but the account comes as an array, in the order of the members; what is
/// shown of it is JSON already.
#[derive(Clone, Debug, Deserialize)]
pub struct Found<'t> {
    /// `None`: there is none of this key, and so no people and no shifts.
    pub account: Option<Account>,
    /// One for each store that was asked for, in their order.
    #[serde(borrow)]
    pub stores: Vec<Store<'t>>,
    pub people: Vec<Person<'t>>,
    pub shifts: Vec<HeldShift<'t>>,
}

/// A store that was asked for.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Store<'t> {
    /// Ours; `None` where there is no such store.
    pub id: Option<&'t str>,
    /// A location of the account is this store.
    #[serde(deserialize_with = "flag")]
    pub is_mapped: bool,
}

/// An employee.
#[derive(Clone, Debug, Deserialize)]
pub struct Person<'t> {
    /// The number under which they were sought.
    pub number: usize,
    pub id: &'t str,
    /// The names of their roles, where only some roles count.
    works_as: Vec<String>,
    #[serde(borrow)]
    pub shown: &'t RawValue,
}

/// A shift of one of the people that may not be over.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct HeldShift<'t> {
    pub person_id: &'t str,
    pub id: &'t str,
    pub starts_at: i64,
    pub ends_at: i64,
    #[serde(deserialize_with = "flag")]
    pub is_close: bool,
    /// Ours.
    pub store_id: Option<&'t str>,
    #[serde(borrow)]
    pub shown: &'t RawValue,
}

impl<'t> HeldShift<'t> {
    /// As the rules see it.
    #[must_use]
    pub const fn times(&self) -> Shift<'t> {
        Shift {
            id: self.id,
            store_id: self.store_id,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            is_close: self.is_close,
        }
    }
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    i64::deserialize(deserializer).map(|number| number != 0)
}

/// The account of the key `?2`, for the statement to look at.
macro_rules! with_account {
    () => {
        "
WITH account AS MATERIALIZED (
  SELECT connectors.id, connectors.provider, connectors.state, connectors.sync_settings,
    connectors.connected_at, coalesce(policy.enforce_shift_schedule, 1) AS enforces,
    coalesce(policy.create_users_without_email, 1) AS creates_users,
    coalesce(policy.sync_role_names, '[]') AS role_names
  FROM connectors LEFT JOIN staff_policies AS policy
    ON policy.connector_id = connectors.id AND policy.organization_id = connectors.organization_id
  WHERE connectors.organization_id = ?1 AND connectors.integration_key = ?2)"
    };
}

macro_rules! of_account {
    ($column:literal) => {
        concat!("(SELECT ", $column, " FROM account)")
    };
}

/// What is told of the account.
macro_rules! account {
    () => {
        "(SELECT json_object('connector_id', account.id, 'provider', provider, 'state', state,
     'sync_settings', sync_settings, 'connected_at', connected_at, 'enforces', enforces,
     'role_names', json(role_names),
     'users_synced_at', (SELECT last_success_at FROM jobs
       WHERE kind = 'sync' AND subject = account.id AND name = 'users'),
     'shifts_synced_at', (SELECT last_success_at FROM jobs
       WHERE kind = 'sync' AND subject = account.id AND name = 'shifts'))
   FROM account)"
    };
}

/// The store that the product calls so, or that we do.
macro_rules! store_id {
    ($named:literal) => {
        concat!(
            "coalesce(
      (SELECT id FROM stores WHERE organization_id = ?1 AND product_ref = ",
            $named,
            "
         AND product_ref IS NOT NULL AND deleted_at IS NULL),
      (SELECT id FROM stores WHERE id = ",
            $named,
            " AND organization_id = ?1 AND deleted_at IS NULL))"
        )
    };
}

/// The stores of the names in a parameter, with whether a location is theirs.
macro_rules! stores {
    ($names:literal) => {
        concat!(
            "(SELECT json_group_array(json_array(wanted.id, EXISTS (
     SELECT 1 FROM location_mappings
     WHERE organization_id = ?1 AND store_id = wanted.id AND connector_id = ",
            of_account!("id"),
            ")))
   FROM (SELECT ",
            store_id!("name.value"),
            " AS id FROM json_each(",
            $names,
            ") AS name ORDER BY name.key) AS wanted)"
        )
    };
}

/// The columns of a person under a number.
macro_rules! person {
    ($number:literal) => {
        concat!(
            $number,
            " AS number, person.id, person.external_id, person.email, person.first_name, person.last_name"
        )
    };
}

/// `person` is active and there. Whether their roles count is seen when the rows are read.
macro_rules! is_there {
    () => {
        "person.is_active = 1 AND person.deleted_at IS NULL"
    };
}

/// The people with their roles, and what is shown of them; of who has no address, the placeholder of these
/// parameters.
macro_rules! people {
    ($before:literal, $after:literal) => {
        concat!(
            "(SELECT json_group_array(json_array(number, id,
      json(iif(",
            of_account!("role_names"),
            " = '[]', '[]', (
        SELECT json_group_array(roles.name)
        FROM team_member_role_assignments AS work
        CROSS JOIN roles ON roles.connector_id = work.connector_id
          AND roles.external_id = work.external_role_id AND roles.deleted_at IS NULL
        WHERE work.organization_id = ?1 AND work.team_member_id = person.id
          AND work.deleted_at IS NULL))),
      json_object('id', id, 'seven_shifts_id', external_id,
      'email', coalesce(email, iif(",
            of_account!("creates_users"),
            ", ",
            $before,
            " || external_id || ",
            $after,
            ", NULL), ''),
      'first_name', first_name, 'last_name', last_name,
      'full_name', trim(first_name || ' ' || last_name)))) FROM person)"
        )
    };
}

/// A shift may still be on at a time: whether it is, the rules say.
macro_rules! may_be_on {
    ($at:literal) => {
        concat!(
            "shift.connector_id = ",
            of_account!("id"),
            " AND shift.deleted_at IS NULL AND shift.is_open = 0
      AND (shift.ends_at >= ",
            $at,
            " OR shift.is_close = 1)"
        )
    };
}

/// What is shown of a shift, from what leads to it.
macro_rules! shifts {
    ($from:expr) => {
        concat!(
            "(SELECT json_group_array(json_array(shift.team_member_id, shift.id, shift.starts_at, shift.ends_at,
      shift.is_close, stores.id, json_object('id', shift.id, 'seven_shifts_shift_id', shift.external_id,
        'store', coalesce(stores.product_ref, stores.id), 'store_name', stores.name,
        'start_time', ",
            seconds!("shift.starts_at"),
            ", 'end_time', ",
            seconds!("shift.ends_at"),
            ",
        'is_close', json(iif(shift.is_close, 'true', 'false')), 'role', coalesce(roles.name, ''))))
   FROM ",
            $from,
            "
   LEFT JOIN roles ON roles.connector_id = shift.connector_id
     AND roles.external_id = shift.external_role_id
   LEFT JOIN location_mappings AS mapping ON mapping.connector_id = shift.connector_id
     AND mapping.external_location_id = shift.external_location_id
   LEFT JOIN stores ON stores.id = mapping.store_id)"
        )
    };
}

const FIND: &str = concat!(
    with_account!(),
    ",
person AS MATERIALIZED (
  SELECT ",
    person!("asked.value ->> 0"),
    "
  FROM json_each(?3) AS asked CROSS JOIN team_members AS person INDEXED BY team_members_email
    ON person.organization_id = ?1 AND person.email = asked.value ->> 1 COLLATE NOCASE
      AND person.email IS NOT NULL
  WHERE person.connector_id = ",
    of_account!("id"),
    " AND ",
    of_account!("enforces"),
    " AND ",
    is_there!(),
    "
  UNION ALL
  SELECT ",
    person!("asked.value ->> 0"),
    "
  FROM json_each(?4) AS asked CROSS JOIN team_members AS person INDEXED BY team_members_external
    ON person.connector_id = ",
    of_account!("id"),
    " AND person.external_id = asked.value ->> 1
  WHERE person.organization_id = ?1 AND person.email IS NULL AND ",
    of_account!("enforces AND creates_users"),
    " AND ",
    is_there!(),
    ")
SELECT json_object(
  'account', ",
    account!(),
    ",
  'stores', ",
    stores!("?5"),
    ",
  'people', ",
    people!("?8", "?9"),
    ",
  'shifts', ",
    shifts!(concat!(
        "(SELECT DISTINCT id FROM person) AS who
   CROSS JOIN schedule_shifts AS shift INDEXED BY schedule_shifts_member
     ON shift.organization_id = ?1 AND shift.team_member_id = who.id
       AND shift.starts_at BETWEEN ?6 AND ?7 AND ",
        may_be_on!("?7")
    )),
    ")"
);

/// So few people are read at once, while the instance waits.
const FEW: usize = 4;

/// The account of this key, the employees that are sought in it, their shifts that may be on, and the
/// stores. Where the account does not ask for shifts nobody is looked up.
///
/// # Errors
/// The failure of the statement.
pub async fn find<E: Execute>(
    database: &E,
    tenant: &Tenant,
    integration_key: &str,
    asked: Asked<'_>,
) -> Result<Rows, DatabaseError> {
    let (mut by_email, mut by_id) = (Vec::new(), Vec::new());
    for (number, named) in asked.people {
        match named {
            Named::Email(email) => by_email.push((number, email)),
            Named::WithoutEmail(id) => by_id.push((number, id)),
        }
    }
    let (before, after) = asked.placeholder;
    let parameters = parameters![
        tenant.as_str(),
        integration_key,
        json::write(&by_email)?,
        json::write(&by_id)?,
        json::write(asked.stores)?,
        asked.at.saturating_sub(LONGEST_SHIFT_SECS),
        asked.at,
        before,
        after,
    ];
    let row = if asked.people.len() <= FEW {
        database.read_row(FIND, parameters).await?
    } else {
        database.execute(FIND, parameters).await?.into_iter().next()
    };
    rows(row)
}

fn rows(row: Option<Row>) -> Result<Rows, DatabaseError> {
    match row.map(|Row(columns)| columns.into_iter().next()) {
        Some(Some(Value::Text(text))) => Ok(Rows(text)),
        _ => Err(DatabaseError::Shape("no rows of a check".to_owned())),
    }
}

const ON_SHIFT: &str = concat!(
    with_account!(),
    ",
store AS MATERIALIZED (
  SELECT ",
    store_id!("?3"),
    " AS id),
working AS MATERIALIZED (
  SELECT shift.id, shift.team_member_id
  FROM schedule_shifts AS shift INDEXED BY schedule_shifts_assigned
  WHERE shift.organization_id = ?1 AND shift.starts_at BETWEEN ?4 AND ?5
    AND shift.team_member_id IS NOT NULL AND ",
    may_be_on!("?5"),
    "
    AND (?3 IS NULL OR shift.external_location_id IN (
      SELECT external_location_id FROM location_mappings
      WHERE organization_id = ?1 AND store_id = (SELECT id FROM store) AND connector_id = ",
    of_account!("id"),
    "))),
person AS MATERIALIZED (
  SELECT ",
    person!("0"),
    "
  FROM (SELECT DISTINCT team_member_id FROM working) AS who
  CROSS JOIN team_members AS person ON person.id = who.team_member_id
  WHERE person.organization_id = ?1 AND ",
    is_there!(),
    "
  ORDER BY person.last_name COLLATE NOCASE, person.first_name COLLATE NOCASE, person.id
  LIMIT ?7)
SELECT json_object(
  'account', ",
    account!(),
    ",
  'stores', ",
    stores!("?6"),
    ",
  'people', ",
    people!("?8", "?9"),
    ",
  'shifts', ",
    shifts!("working CROSS JOIN schedule_shifts AS shift ON shift.id = working.id"),
    ")"
);

/// What [`on_shift`] is asked.
#[derive(Clone, Copy, Debug)]
pub struct AskedList<'a> {
    /// The product's id of a store, or ours; any store where none is named.
    pub store: Option<&'a str>,
    pub at: i64,
    /// As in [`Asked`].
    pub placeholder: (&'a str, &'a str),
}

/// The account of this key, and everybody in it who has a shift that may be on, at the store if one is
/// named, by last and first name.
///
/// # Errors
/// The failure of the statement.
pub async fn on_shift<E: Execute>(
    database: &E,
    tenant: &Tenant,
    integration_key: &str,
    asked: AskedList<'_>,
) -> Result<Rows, DatabaseError> {
    let names: Vec<&str> = asked.store.into_iter().collect();
    let (before, after) = asked.placeholder;
    let parameters = parameters![
        tenant.as_str(),
        integration_key,
        asked.store,
        asked.at.saturating_sub(LONGEST_SHIFT_SECS),
        asked.at,
        json::write(&names)?,
        MAX_EMPLOYEES,
        before,
        after,
    ];
    let found = database.execute(ON_SHIFT, parameters).await?;
    rows(found.into_iter().next())
}
