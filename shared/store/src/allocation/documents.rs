//! All that people have written for allocations, for one of them.

use domain::NaiveDate;
use domain::access::Tenant;
use domain::allocation::{Closed, LimitOverride, Settings};
use serde::Deserialize;

use crate::database::{DatabaseError, Execute};
use crate::{json, parameters};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Documents {
    /// IANA name; the organization's.
    pub time_zone: String,
    /// Those that hold: the default where nothing was set.
    pub settings: Settings,
    /// 0 where nothing was set.
    pub settings_version: i64,
    /// By their start.
    pub closures: Vec<ClosureRow>,
    /// By the day from which they hold.
    pub capacity_overrides: Vec<OverrideRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ClosureRow {
    pub id: String,
    pub start_date: NaiveDate,
    /// Included.
    pub end_date: NaiveDate,
    pub description: String,
}

impl ClosureRow {
    #[must_use]
    pub const fn closed(&self) -> Closed {
        Closed {
            first: self.start_date,
            last: self.end_date,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OverrideRow {
    pub id: String,
    pub adviser_email: String,
    pub effective_date: NaiveDate,
    pub client_limit_monthly: i64,
}

impl OverrideRow {
    #[must_use]
    pub fn limit(&self) -> LimitOverride<'_> {
        LimitOverride {
            adviser_email: &self.adviser_email,
            effective_date: self.effective_date,
            id: &self.id,
            client_limit_monthly: self.client_limit_monthly,
        }
    }
}

/// As it is read.
#[derive(Deserialize)]
struct Read {
    time_zone: String,
    settings: Option<serde_json::Value>,
    settings_version: Option<i64>,
    closures: Vec<ClosureRow>,
    capacity_overrides: Vec<OverrideRow>,
}

/// The lists are JSON text in the subqueries already; `json` says so of it.
const DOCUMENTS: &str = "
SELECT json_object('time_zone', organizations.time_zone, 'settings', json(settings.document),
  'settings_version', settings.version,
  'closures', json((
    SELECT json_group_array(json_object('id', id, 'start_date', start_date, 'end_date', end_date,
      'description', description))
    FROM (SELECT * FROM office_closures WHERE organization_id = ?1
      ORDER BY CAST(replace(start_date, '-', '') AS INTEGER), id))),
  'capacity_overrides', json((
    SELECT json_group_array(json_object('id', id, 'adviser_email', adviser_email, 'effective_date', effective_date,
      'client_limit_monthly', client_limit_monthly))
    FROM (SELECT * FROM capacity_overrides WHERE organization_id = ?1
      ORDER BY CAST(replace(effective_date, '-', '') AS INTEGER), id))))
FROM organizations LEFT JOIN allocation_settings AS settings ON settings.organization_id = organizations.id
WHERE organizations.id = ?1 AND organizations.state = 'active'";

/// One statement; `None` where there is no such organization, or it is being removed.
///
/// # Errors
/// The failure of the statement.
pub async fn documents<E: Execute>(
    database: &E,
    tenant: &Tenant,
) -> Result<Option<Documents>, DatabaseError> {
    let rows = database
        .execute(DOCUMENTS, parameters![tenant.as_str()])
        .await?;
    let Some(read) = json::read_optional::<Read>(&rows)? else {
        return Ok(None);
    };
    let settings = match &read.settings {
        None => Settings::default(),
        Some(document) => Settings::from_json(document).map_err(|_| {
            DatabaseError::Shape("stored allocation settings cannot be read".to_owned())
        })?,
    };
    Ok(Some(Documents {
        time_zone: read.time_zone,
        settings,
        settings_version: read.settings_version.unwrap_or(0),
        closures: read.closures,
        capacity_overrides: read.capacity_overrides,
    }))
}
