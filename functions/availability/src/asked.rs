//! Whom a request is about: the organization, its account of HubSpot, and what is known of its advisers.

use api::body::checked_email;
use api::query::Query;
use api::{Problem, ProblemKind};
use chrono::NaiveTime;
use domain::NaiveDate;
use domain::access::Tenant;
use domain::allocation::decide::COUNTED_DAYS;
use domain::allocation::week::Week;
use domain::allocation::{OwnAllocation, day};
use domain::connector_state::ConnectorState::{Active, Error, Expired};
use domain::redact::excerpt;
use platform::advisers::reading::Of;
use platform::advisers::{self, Gathered, Reading, User, Wanted};
use platform::clients::HUBSPOT;
use platform::{Context, clock, problems};
use store::allocation::records::{self, OwnRow};
use store::allocation::{Documents, documents};
use store::connectors::{self, Connector, MAX_LISTED};

/// How long HubSpot is waited for, in milliseconds.
const WAIT_MS: i64 = 20_000;
const DAY_SECONDS: i64 = 86_400;

/// Parameters that several routes have.
pub struct Asked {
    pub connector: Option<String>,
    pub is_computed: bool,
    pub agreement_start: Option<NaiveDate>,
}

impl Asked {
    pub fn parse(query: &mut Query<'_>) -> Self {
        const AGREEMENT_START: &str = "agreement_start_date";
        let agreement_start = query.date(AGREEMENT_START).and_then(|text| {
            let date = day(&text);
            if date.is_none() {
                query.refuse(AGREEMENT_START, "must be a date from 1970 to 2199");
            }
            date
        });
        Self {
            connector: query.id("connector"),
            is_computed: query.boolean("compute").unwrap_or(false),
            agreement_start,
        }
    }
}

const EMAIL: &str = "email";

/// The adviser's address.
pub fn email(query: &mut Query<'_>) -> Option<String> {
    let text = query.text(EMAIL)?;
    let mut errors = Vec::new();
    let email = checked_email(EMAIL, &text, &mut errors).to_owned();
    for error in errors {
        query.refuse(EMAIL, error.detail);
    }
    Some(email)
}

/// It must be there, which is told when nothing else is wrong.
pub fn needed(email: Option<String>) -> Result<String, Problem> {
    email.ok_or_else(|| Problem::field(EMAIL, "must be there: the address of the adviser"))
}

/// Where nobody of the account has this address.
pub fn no_adviser(email: &str) -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        format!(
            "No adviser has the mail address {}: `GET /availability/earliest?include_no=true` lists all that HubSpot has.",
            excerpt(email, 100, &[])
        ),
    )
}

/// An organization, with the account that is asked.
pub struct Found {
    pub tenant: Tenant,
    pub connector: Connector,
    documents: Documents,
}

/// What is known, and what was allocated here.
pub struct Known {
    pub gathered: Gathered,
    allocations: Vec<OwnRow>,
}

impl Found {
    /// # Errors
    /// 404 where there is no such organization or connector; 400 where several are meant, 409 where none can be asked.
    pub async fn of(
        context: &Context,
        tenant: Tenant,
        connector_id: Option<&str>,
    ) -> Result<Self, Problem> {
        let failed = |error| problems::database(&error);
        let documents = documents(&context.database, &tenant)
            .await
            .map_err(failed)?
            .ok_or_else(|| {
                Problem::new(
                    ProblemKind::NotFound,
                    "There is no such organization, or it is being removed.",
                )
            })?;
        let connectors = connectors::list(&context.database, &tenant, &[HUBSPOT], "", MAX_LISTED)
            .await
            .map_err(failed)?;
        let connector = chosen(connectors, connector_id)?;
        if !matches!(connector.state, Active | Error | Expired) {
            let reason = connector.state_reason.as_deref();
            let reason = reason.or(connector.state.remedy()).unwrap_or_default();
            let state = connector.state.as_str();
            return Err(Problem::new(
                ProblemKind::Conflict,
                format!("The connector to HubSpot is {state} and asks nothing. {reason}"),
            ));
        }
        Ok(Self {
            tenant,
            connector,
            documents,
        })
    }

    /// # Errors
    /// Where it is not even known who there is.
    pub async fn known(self, context: &Context, wanted: &Wanted) -> Result<Known, Problem> {
        self.known_with(context, wanted, None).await
    }

    /// Beside users the meetings of one of them, since the Monday so many weeks before this week.
    ///
    /// # Errors
    /// Where it is not even known who there is.
    pub async fn known_with_meetings(
        self,
        context: &Context,
        email: &str,
        weeks_back: u32,
    ) -> Result<Known, Problem> {
        self.known_with(context, &Wanted::USERS, Some((email, weeks_back)))
            .await
    }

    async fn known_with(
        self,
        context: &Context,
        wanted: &Wanted,
        meetings: Option<(&str, u32)>,
    ) -> Result<Known, Problem> {
        let database = &context.database;
        let Self {
            tenant,
            connector,
            documents,
        } = self;
        let (id, now_ms) = (&connector.id, clock::now_ms());
        let deadline_ms = now_ms.saturating_add(WAIT_MS);
        let mut gathered = advisers::gather(
            database,
            &tenant,
            id,
            documents,
            now_ms,
            deadline_ms,
            wanted,
        )
        .await
        .map_err(|error| problems::database(&error))?;
        is_known(&gathered)?;
        if let Some((email, weeks_back)) = meetings {
            add_meetings(&tenant, id, &mut gathered, email, weeks_back, deadline_ms).await;
        }
        let allocations = if wanted.deals.is_some() {
            let since = gathered.now.saturating_sub(counted_seconds());
            let allocations = records::own(database, &tenant, id, since)
                .await
                .map_err(|error| problems::database(&error))?;
            let reading = Reading::now("allocations", allocations.len(), gathered.now);
            gathered.readings.push(reading);
            allocations
        } else {
            Vec::new()
        };
        Ok(Known {
            gathered,
            allocations,
        })
    }
}

impl Known {
    pub fn allocations(&self) -> Vec<OwnAllocation<'_>> {
        self.allocations.iter().map(OwnRow::own).collect()
    }
}

/// The Monday so many weeks before the current week.
pub fn monday(today: NaiveDate, weeks_back: u32) -> NaiveDate {
    let weeks = i32::try_from(weeks_back).unwrap_or(i32::MAX);
    Week::of(today).plus(-weeks).monday()
}

/// The first of several advisers with one address is meant, as in every answer.
async fn add_meetings(
    tenant: &Tenant,
    connector_id: &str,
    gathered: &mut Gathered,
    email: &str,
    weeks_back: u32,
    deadline_ms: i64,
) {
    let is_meant = |user: &&User| user.email.trim().to_lowercase() == email.to_lowercase();
    let users = gathered.users.iter().filter(is_meant);
    let Some(user) = users.min_by_key(|user| user.adviser()) else {
        return;
    };
    if user.owner_id.is_empty() {
        gathered.readings.push(Reading {
            note: Some("The adviser has no owner id in HubSpot, by which meetings are found."),
            ..Reading::now("meetings", 0, gathered.now)
        });
        return;
    }
    let from = monday(gathered.today, weeks_back);
    let of = Of {
        tenant,
        connector_id,
        settings: &gathered.settings,
        since: gathered.zone.first_instant(from, NaiveTime::MIN),
        now_ms: clock::now_ms(),
    };
    let age = Wanted::MEETINGS;
    let meetings = of.meetings_of(&user.owner_id, age, deadline_ms).await;
    gathered.set_meetings(meetings);
}

fn counted_seconds() -> i64 {
    i64::try_from(COUNTED_DAYS)
        .unwrap_or(i64::MAX)
        .saturating_mul(DAY_SECONDS)
}

fn chosen(mut connectors: Vec<Connector>, id: Option<&str>) -> Result<Connector, Problem> {
    if let Some(id) = id {
        return connectors
            .into_iter()
            .find(|connector| connector.id == id)
            .ok_or_else(|| Problem::not_found("connector to HubSpot"));
    }
    match connectors.len() {
        0 => Err(Problem::new(
            ProblemKind::Conflict,
            "The organization has no connector to HubSpot: make one at /api/connectors, with the type hubspot.",
        )),
        1 => connectors
            .pop()
            .ok_or_else(|| Problem::not_found("connector to HubSpot")),
        _ => {
            let ids: Vec<_> = connectors
                .iter()
                .map(|one| format!("{} ({})", one.id, one.name))
                .collect();
            Err(Problem::field(
                "connector",
                format!(
                    "must name one of the connectors to HubSpot: {}",
                    ids.join(", ")
                ),
            ))
        }
    }
}

/// Without the list of users nothing can be said of anybody, and an empty answer would say that there is nobody.
fn is_known(gathered: &Gathered) -> Result<(), Problem> {
    let users = gathered
        .readings
        .iter()
        .find(|reading| reading.source == "users");
    match users {
        Some(users) if users.is_unknown => {
            let (code, detail) = users.failure.as_ref().map_or_else(
                || ("unknown", "The users could not be read.".to_owned()),
                |told| (told.code.as_str(), told.detail.clone()),
            );
            let kind = match code {
                "daily_limit" | "rate_limited" | "timeout" => ProblemKind::Unavailable,
                _ => ProblemKind::ProviderFailed,
            };
            Err(Problem::new(
                kind,
                format!("It is not known who the advisers are. {detail}"),
            ))
        }
        _ => Ok(()),
    }
}
