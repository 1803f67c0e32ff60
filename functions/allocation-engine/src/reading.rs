//! What a decision rests on: everything that is known of advisers, what we have decided ourselves, and the deals as they are now.

use domain::access::Tenant;
use domain::allocation::Settings;
use domain::allocation::decide::COUNTED_DAYS;
use platform::advisers::reading::{DealNow, DealsCall, DealsNow, Told, deals_now};
use platform::advisers::{self, Gathered, Reading, Wanted};
use platform::{SpinDatabase, clock};
use serde_json::{Value, json};
use store::DatabaseError;
use store::allocation::Documents;
use store::allocation::records::{self, OwnRow};

use crate::judging::Why;

const DAY_SECONDS: i64 = 86_400;

/// Whose deals are decided, and until when anybody is asked.
#[derive(Clone, Copy)]
pub struct Of<'a> {
    pub tenant: &'a Tenant,
    pub connector_id: &'a str,
    /// Unix milliseconds.
    pub deadline_ms: i64,
}

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
        of: Of<'_>,
        documents: Documents,
        wanted: &Wanted,
    ) -> Result<Self, DatabaseError> {
        let now_ms = clock::now_ms();
        let days = i64::try_from(COUNTED_DAYS)
            .unwrap_or(i64::MAX)
            .saturating_add(1);
        let since = now_ms
            .div_euclid(1_000)
            .saturating_sub(days.saturating_mul(DAY_SECONDS));
        let gathered = advisers::gather(
            database,
            of.tenant,
            of.connector_id,
            documents,
            now_ms,
            of.deadline_ms,
            wanted,
        )
        .await?;
        // Behind the lists: what was written before they were read is in them or here.
        let own = records::own(database, of.tenant, of.connector_id, since).await?;
        Ok(Self { gathered, own })
    }

    /// Whether who there is was not read now.
    pub fn are_users_copied(&self) -> bool {
        let mut readings = self.gathered.readings.iter();
        readings.any(|one| one.is_copy && matches!(one.source, "users" | "owners"))
    }

    /// What whoever cannot be judged without it is told.
    pub fn why_users_are_unknown(&self) -> Why {
        let causes: Vec<_> = self.causes().collect();
        Why::unknown(format!(
            "It cannot be read now who there is. {}",
            causes.join(" ")
        ))
    }

    /// Whether it cannot be read who there is.
    pub fn are_users_unknown(&self) -> bool {
        let mut readings = self.gathered.readings.iter();
        readings.any(|one| one.is_unknown && matches!(one.source, "users" | "owners"))
    }

    /// Why sources are not known, for a person.
    pub fn causes(&self) -> impl Iterator<Item = String> {
        let unknown = self.gathered.readings.iter().filter(|one| one.is_unknown);
        unknown.filter_map(|one| {
            let told = one.failure.as_ref()?;
            Some(format!("{}: {}", one.source, told.detail))
        })
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

/// Deals as they are now.
pub struct Deals(DealsNow);

/// One deal as it is now.
pub enum Deal<'a> {
    Found(&'a DealNow),
    Missing,
    /// Why it could not be read.
    Unknown(String),
}

impl Deals {
    pub async fn read(of: Of<'_>, ids: Vec<String>, settings: &Settings) -> Self {
        let call = DealsCall {
            organization_id: of.tenant.as_str().to_owned(),
            connector_id: of.connector_id.to_owned(),
            ids,
            properties: properties(settings),
            deadline_ms: of.deadline_ms,
        };
        Self(deals_now(&call).await)
    }

    pub fn get(&self, id: &str) -> Deal<'_> {
        let Self(now) = self;
        if let Some(Told { detail, .. }) = &now.failure {
            return Deal::Unknown(detail.clone());
        }
        match now.found.iter().find(|deal| deal.id == id) {
            Some(deal) if deal.archived => Deal::Missing,
            Some(deal) => Deal::Found(deal),
            None if now.missing.iter().any(|one| one == id) => Deal::Missing,
            None => Deal::Unknown("HubSpot does not say whether the deal is there.".to_owned()),
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
