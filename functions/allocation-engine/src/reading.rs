//! What a decision rests on: everything that is known of advisers, what we have decided ourselves, and the deals as they are now.

use std::collections::BTreeMap;

use domain::access::Tenant;
use domain::allocation::Settings;
use domain::allocation::decide::COUNTED_DAYS;
use platform::advisers::{self, Gathered, Reading, Wanted};
use platform::hubspot::{Account, Failure, Session};
use platform::{SpinDatabase, clock};
use providers::hubspot::Record;
use serde_json::{Value, json};
use store::DatabaseError;
use store::allocation::Documents;
use store::allocation::records::{self, OwnRow};

const DAY_SECONDS: i64 = 86_400;

/// All that is known at one moment.
pub struct Known {
    pub gathered: Gathered,
    /// Those that came to nothing are not among them.
    pub own: Vec<OwnRow>,
}

impl Known {
    /// # Errors
    /// The database's; what the CRM does not tell is unknown, which is no error.
    pub async fn read(
        database: &SpinDatabase,
        session: &Session<'_>,
        documents: Documents,
    ) -> Result<Self, DatabaseError> {
        let account = session.account;
        let now_ms = clock::now_ms();
        let days = i64::try_from(COUNTED_DAYS)
            .unwrap_or(i64::MAX)
            .saturating_add(1);
        let since = now_ms
            .div_euclid(1_000)
            .saturating_sub(days.saturating_mul(DAY_SECONDS));
        let (tenant, id) = (account.tenant, account.connector_id);
        let (until_ms, wanted) = (session.deadline_ms(), &Wanted::TO_DECIDE);
        let gathered =
            advisers::gather(database, tenant, id, documents, now_ms, until_ms, wanted).await?;
        // Behind the lists: what was written before they were read is in them or here.
        let own = records::own(database, account.tenant, account.connector_id, since).await?;
        Ok(Self { gathered, own })
    }

    /// How old each source is, and which could not be read.
    pub fn sources(&self) -> Value {
        let now = self.gathered.now;
        let rows: Vec<Value> = self
            .gathered
            .readings
            .iter()
            .map(|reading| source(reading, now))
            .collect();
        Value::Array(rows)
    }
}

fn source(reading: &Reading, now: i64) -> Value {
    json!({
        "source": reading.source,
        "read_at": reading.read_at_text(),
        "age_seconds": reading.read_at.map(|read_at| now.saturating_sub(read_at).max(0)),
        "is_copy": reading.is_copy,
        "rows": reading.rows,
        "unreadable": reading.unreadable,
        "is_unknown": reading.is_unknown,
        "failure": reading.failure.as_ref().map(|told| json!({"code": told.code, "detail": told.detail})),
    })
}

/// Deals as they are now, by their ids.
pub enum Deals {
    Read {
        found: BTreeMap<String, Record>,
        missing: Vec<String>,
    },
    Unknown(Failure),
}

/// One deal as it is now.
pub enum Deal<'a> {
    Found(&'a Record),
    Missing,
    /// Why it could not be read.
    Unknown(String),
}

impl Deals {
    pub async fn read(session: &Session<'_>, ids: &[&str], settings: &Settings) -> Self {
        let properties = properties(settings);
        let read = session.request(|client| client.deals_by_id(ids, &properties));
        match read.await {
            Ok(read) => Self::Read {
                found: read
                    .deals
                    .into_iter()
                    .map(|deal| (deal.id.clone(), deal))
                    .collect(),
                missing: read.missing,
            },
            Err(failure) => Self::Unknown(failure),
        }
    }

    pub fn get(&self, id: &str) -> Deal<'_> {
        match self {
            Self::Unknown(failure) => Deal::Unknown(failure.detail()),
            Self::Read { found, missing } => match found.get(id) {
                Some(deal) if deal.archived => Deal::Missing,
                Some(deal) => Deal::Found(deal),
                None if missing.iter().any(|one| one == id) => Deal::Missing,
                None => Deal::Unknown("HubSpot does not say whether the deal is there.".to_owned()),
            },
        }
    }
}

fn properties(settings: &Settings) -> Vec<String> {
    let names = &settings.properties;
    let mut properties: Vec<String> = [
        &names.deal_service_package,
        &names.deal_renewal_service_package,
        &names.deal_household_type,
        &names.deal_renewal_household_type,
        &names.deal_agreement_start_date,
        &names.deal_client_email,
        &names.deal_adviser_email,
    ]
    .into_iter()
    .chain(&settings.written_properties)
    .cloned()
    .collect();
    properties.sort_unstable();
    properties.dedup();
    properties
}

/// The connector, opened; for whoever asks it on behalf of the tenant.
///
/// # Errors
/// Why it cannot be asked, for a manager.
pub async fn open<'a>(
    database: &SpinDatabase,
    tenant: &'a Tenant,
    connector_id: &'a str,
    config: &str,
) -> Result<Account<'a>, Failure> {
    Account::open(database, tenant, connector_id, config).await
}
