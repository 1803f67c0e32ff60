//! Who of certain addresses, or of a store, is on shift at a time: people, their shifts and the stores
//! that are asked for, by one statement. What follows from it is `domain::shift_check`'s to say.

use std::borrow::Cow;

use domain::access::Tenant;
use domain::connector_state::ConnectorState;
use domain::shift_check::{LONGEST_SHIFT_SECS, Shift};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::database::{DatabaseError, Execute, Row, Value};
use crate::staff::{MAX_EMPLOYEES, is_staff, seconds, wanted_names};
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
    creates_users: i64,
    role_names: Vec<String>,
    /// Of the connector, where only some count.
    known_role_names: Vec<String>,
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

    /// People without an address have a placeholder in the product.
    #[must_use]
    pub fn has_placeholders(&self) -> bool {
        self.creates_users != 0
    }

    /// The names of roles that make an employee, as the connector writes them; `[]`: everybody is one.
    fn names_that_count(&self) -> Result<String, DatabaseError> {
        let known = self.known_role_names.iter().map(String::as_str);
        wanted_names(&self.role_names, known)
    }
}

const ACCOUNT: &str = "
SELECT json_object('connector_id', connectors.id, 'provider', connectors.provider,
  'state', connectors.state, 'sync_settings', connectors.sync_settings,
  'connected_at', connectors.connected_at,
  'enforces', coalesce(policy.enforce_shift_schedule, 1),
  'creates_users', coalesce(policy.create_users_without_email, 1),
  'role_names', json(coalesce(policy.sync_role_names, '[]')),
  'known_role_names', json((SELECT json_group_array(DISTINCT name) FROM roles
    WHERE connector_id = connectors.id AND organization_id = ?1 AND deleted_at IS NULL
      AND policy.sync_role_names <> '[]')),
  'users_synced_at', (SELECT last_success_at FROM jobs
    WHERE kind = 'sync' AND subject = connectors.id AND name = 'users'),
  'shifts_synced_at', (SELECT last_success_at FROM jobs
    WHERE kind = 'sync' AND subject = connectors.id AND name = 'shifts'))
FROM connectors LEFT JOIN staff_policies AS policy
  ON policy.connector_id = connectors.id AND policy.organization_id = connectors.organization_id
WHERE connectors.organization_id = ?1 AND connectors.integration_key = ?2";

/// The account of this key.
///
/// # Errors
/// The failure of the statement.
pub async fn account<E: Execute>(
    database: &E,
    tenant: &Tenant,
    integration_key: &str,
) -> Result<Option<Account>, DatabaseError> {
    let parameters = parameters![tenant.as_str(), integration_key];
    let row = database.read_row(ACCOUNT, parameters).await?;
    row.map(|row| json::parse(row.text(0)?)).transpose()
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
    /// What stands for the address of a person who has none: before and after the provider's id.
    pub placeholder: Option<(&'a str, &'a str)>,
}

/// What a look-up has brought, as the database has written it.
#[derive(Debug)]
pub struct Rows(String);

impl Rows {
    /// # Errors
    /// Rows of another shape, which is a bug of ours.
    pub fn read(&self) -> Result<Found<'_>, DatabaseError> {
        json::parse(&self.0)
    }
}

/// The rows of a look-up. Each comes as an array, in the order of the members; what is shown of it is
/// JSON already.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Found<'t> {
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
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Person<'t> {
    /// The number under which they were sought.
    pub number: usize,
    pub id: &'t str,
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
     WHERE organization_id = ?1 AND store_id = wanted.id AND connector_id = ?2)))
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

/// `person` is an employee: active, there, and of the roles that count.
macro_rules! is_employee {
    () => {
        concat!(
            "person.is_active = 1 AND person.deleted_at IS NULL AND ",
            is_staff!("person.id")
        )
    };
}

/// The people, with what is shown of them; of who has no address, the placeholder of these parameters.
macro_rules! people {
    ($before:literal, $after:literal) => {
        concat!(
            "(SELECT json_group_array(json_array(number, id, json_object('id', id, 'seven_shifts_id', external_id,
      'email', coalesce(email, ",
            $before,
            " || external_id || ",
            $after,
            ", ''),
      'first_name', first_name, 'last_name', last_name,
      'full_name', trim(first_name || ' ' || last_name)))) FROM person)"
        )
    };
}

/// A shift may still be on at a time: whether it is, the rules say.
macro_rules! may_be_on {
    ($at:literal) => {
        concat!(
            "shift.connector_id = ?2 AND shift.deleted_at IS NULL AND shift.is_open = 0
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
    "
WITH person AS MATERIALIZED (
  SELECT ",
    person!("asked.value ->> 0"),
    "
  FROM json_each(?4) AS asked CROSS JOIN team_members AS person INDEXED BY team_members_email
    ON person.organization_id = ?1 AND person.email = asked.value ->> 1 COLLATE NOCASE
      AND person.email IS NOT NULL
  WHERE person.connector_id = ?2 AND ",
    is_employee!(),
    "
  UNION ALL
  SELECT ",
    person!("asked.value ->> 0"),
    "
  FROM json_each(?5) AS asked CROSS JOIN team_members AS person INDEXED BY team_members_external
    ON person.connector_id = ?2 AND person.external_id = asked.value ->> 1
  WHERE person.organization_id = ?1 AND person.email IS NULL AND ",
    is_employee!(),
    ")
SELECT json_object(
  'stores', ",
    stores!("?6"),
    ",
  'people', ",
    people!("?9", "?10"),
    ",
  'shifts', ",
    shifts!(concat!(
        "(SELECT DISTINCT id FROM person) AS who
   CROSS JOIN schedule_shifts AS shift INDEXED BY schedule_shifts_member
     ON shift.organization_id = ?1 AND shift.team_member_id = who.id
       AND shift.starts_at BETWEEN ?7 AND ?8 AND ",
        may_be_on!("?8")
    )),
    ")"
);

/// So few people are read at once, while the instance waits.
const FEW: usize = 4;

/// The employees that are sought, their shifts that may be on, and the stores.
///
/// # Errors
/// The failure of the statement.
pub async fn find<E: Execute>(
    database: &E,
    tenant: &Tenant,
    account: &Account,
    asked: Asked<'_>,
) -> Result<Rows, DatabaseError> {
    let (mut by_email, mut by_id) = (Vec::new(), Vec::new());
    for (number, named) in asked.people {
        match named {
            Named::Email(email) => by_email.push((number, email)),
            Named::WithoutEmail(id) => by_id.push((number, id)),
        }
    }
    let parameters = parameters![
        tenant.as_str(),
        account.connector_id.as_str(),
        account.names_that_count()?,
        json::write(&by_email)?,
        json::write(&by_id)?,
        json::write(asked.stores)?,
        asked.at.saturating_sub(LONGEST_SHIFT_SECS),
        asked.at,
        asked.placeholder.map(|(before, _)| before),
        asked.placeholder.map(|(_, after)| after),
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
    "
WITH store AS MATERIALIZED (
  SELECT ",
    store_id!("?4"),
    " AS id),
working AS MATERIALIZED (
  SELECT shift.id, shift.team_member_id
  FROM schedule_shifts AS shift INDEXED BY schedule_shifts_assigned
  WHERE shift.organization_id = ?1 AND shift.starts_at BETWEEN ?5 AND ?6
    AND shift.team_member_id IS NOT NULL AND ",
    may_be_on!("?6"),
    "
    AND (?4 IS NULL OR shift.external_location_id IN (
      SELECT external_location_id FROM location_mappings
      WHERE organization_id = ?1 AND store_id = (SELECT id FROM store) AND connector_id = ?2))),
person AS MATERIALIZED (
  SELECT ",
    person!("0"),
    "
  FROM (SELECT DISTINCT team_member_id FROM working) AS who
  CROSS JOIN team_members AS person ON person.id = who.team_member_id
  WHERE person.organization_id = ?1 AND ",
    is_employee!(),
    "
  ORDER BY person.last_name COLLATE NOCASE, person.first_name COLLATE NOCASE, person.id
  LIMIT ?8)
SELECT json_object(
  'stores', ",
    stores!("?7"),
    ",
  'people', ",
    people!("?9", "?10"),
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
    pub placeholder: Option<(&'a str, &'a str)>,
}

/// Everybody who has a shift that may be on, at the store if one is named, by last and first name.
///
/// # Errors
/// The failure of the statement.
pub async fn on_shift<E: Execute>(
    database: &E,
    tenant: &Tenant,
    account: &Account,
    asked: AskedList<'_>,
) -> Result<Rows, DatabaseError> {
    let names: Vec<&str> = asked.store.into_iter().collect();
    let parameters = parameters![
        tenant.as_str(),
        account.connector_id.as_str(),
        account.names_that_count()?,
        asked.store,
        asked.at.saturating_sub(LONGEST_SHIFT_SECS),
        asked.at,
        json::write(&names)?,
        MAX_EMPLOYEES,
        asked.placeholder.map(|(before, _)| before),
        asked.placeholder.map(|(_, after)| after),
    ];
    rows(
        database
            .execute(ON_SHIFT, parameters)
            .await?
            .into_iter()
            .next(),
    )
}
