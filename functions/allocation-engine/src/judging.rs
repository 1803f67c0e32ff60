//! One deal, judged by what is known.

use api::Problem;
use api::allocation::deals::{Allocated, ChosenAdviser};
use domain::NaiveDate;
use domain::access::Tenant;
use domain::allocation::reason::Failure;
use domain::allocation::{
    self as allocation, Adviser, Decision, Outcome, OwnAllocation, Settings, Source, agreement,
    eligibility,
};
use http::StatusCode;
use platform::advisers::reading::DealNow;
use platform::advisers::{View, Wanted};
use platform::allocating::{Preview, Request};
use platform::{Context, Reply, clock, problems};
use serde_json::{Value, json};
use store::allocation::documents;
use store::allocation::records::{self, MANUAL, OwnRow, RERUN};

use crate::reading::{Deal, Deals, Known, Of};

/// The owner of a deal in the CRM's own sense, who need not be its adviser.
const OWNER: &str = "hubspot_owner_id";

/// How long a dry run may read, in milliseconds.
const PREVIEW_MS: i64 = 10_000;

/// What a deal came to.
pub struct Judged {
    pub verdict: Verdict,
    /// All that it rests on, where it was decided by the rules.
    pub decision: Option<Decision>,
    pub service_package: String,
    pub household_type: String,
    pub client_email: Option<String>,
    pub agreement_start: Option<NaiveDate>,
}

pub enum Verdict {
    Given(Given),
    /// Nobody gets it.
    Failed(Why),
    /// What would have to be known is not, and may be by and by.
    Later(Why),
}

/// Who gets the deal.
pub struct Given {
    pub email: String,
    pub name: String,
    pub owner_id: String,
    pub packages: Vec<String>,
    pub households: Vec<String>,
    pub earliest_week: Option<NaiveDate>,
    /// In a sentence.
    pub result: String,
}

/// Why nobody gets it.
#[derive(Clone)]
pub struct Why {
    pub reason: String,
    pub detail: String,
    pub remedy: String,
}

impl Why {
    pub fn new(reason: &str, detail: impl Into<String>, remedy: &str) -> Self {
        Self {
            reason: reason.to_owned(),
            detail: detail.into(),
            remedy: remedy.to_owned(),
        }
    }

    pub fn unknown(detail: impl Into<String>) -> Self {
        Self::new(
            "source_unknown",
            detail,
            "Wait for the next attempt, or look at the connector that the source belongs to.",
        )
    }

    /// Whether another list of users could have made it another one.
    pub fn is_about_people(&self) -> bool {
        matches!(
            self.reason.as_str(),
            "unknown_service_package"
                | "no_advisers"
                | "household_mismatch"
                | "no_eligible_adviser"
                | "unknown_adviser"
                | "several_advisers"
                | "no_owner_id"
        )
    }

    pub fn json(&self) -> Value {
        json!({"reason": self.reason, "detail": self.detail, "remedy": self.remedy})
    }
}

impl From<&Failure> for Why {
    fn from(failure: &Failure) -> Self {
        Self::new(failure.reason(), failure.detail(), failure.remedy())
    }
}

/// What is asked of a deal.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub deal_id: &'a str,
    /// [`RERUN`] goes by the deal as it is now, [`MANUAL`] by what a person has chosen.
    pub source: &'a str,
    /// Ours already, whatever the deal says: see [`records::Waiting::was_decided`].
    pub was_decided: bool,
    pub request: &'a Request,
}

/// Judges a deal; `view` is of what `known` has gathered.
pub fn judge(
    asked: Asked<'_>,
    deal: &Deal<'_>,
    view: &View<'_>,
    known: &Known,
    own: &[OwnRow],
) -> Judged {
    let settings = &known.gathered.settings;
    let mut judged = Judged {
        verdict: Verdict::Later(Why::unknown(String::new())),
        decision: None,
        service_package: String::new(),
        household_type: String::new(),
        client_email: None,
        agreement_start: None,
    };
    let deal = match deal {
        Deal::Found(deal) => *deal,
        Deal::Missing => {
            judged.verdict = Verdict::Failed(Why::new(
                "deal_not_found",
                format!("HubSpot has no deal {}.", asked.deal_id),
                "Enrol a deal that is there; one that was archived is not allocated.",
            ));
            return judged;
        }
        Deal::Unknown(why) => {
            judged.verdict =
                Verdict::Later(Why::unknown(format!("The deal cannot be read now. {why}")));
            return judged;
        }
    };
    let values = Values::of(asked, deal, settings);
    judged.service_package = values.service_package;
    judged.household_type = values.household_type;
    judged.client_email = values.client_email;
    let local_date = |at| known.gathered.zone.date(at);
    match agreement::parse(&values.agreement_start, &settings.fixes, local_date) {
        Ok(date) => judged.agreement_start = date,
        // A person's choice stands, whatever date was sent.
        Err(_) if asked.request.adviser_email.is_some() => {}
        Err(failure) => {
            judged.verdict = Verdict::Failed((&failure).into());
            return judged;
        }
    }
    let is_first = matches!(asked.source, "hubspot_webhook" | "api") && !asked.was_decided;
    let held_by = if is_first {
        held_by(deal, settings, &view.advisers)
    } else {
        String::new()
    };
    let request = allocation::Request {
        deal_id: asked.deal_id,
        service_package: &judged.service_package,
        household_type: &judged.household_type,
        agreement_start: judged.agreement_start,
        held_by: &held_by,
    };
    let allocations: Vec<OwnAllocation<'_>> = own.iter().map(OwnRow::own).collect();
    let decision = allocation::decide(&request, &view.input(&allocations), settings);
    judged.verdict = match &asked.request.adviser_email {
        Some(email) => chosen_by_hand(email, view, &decision),
        None => by_the_rules(&decision, known),
    };
    judged.decision = Some(decision);
    judged
}

/// What the deal is decided by.
struct Values {
    service_package: String,
    household_type: String,
    agreement_start: String,
    client_email: Option<String>,
}

impl Values {
    /// What was sent counts, and what is blank there is taken from the deal; what people ask for goes by the deal first.
    fn of(asked: Asked<'_>, deal: &DealNow, settings: &Settings) -> Self {
        let names = &settings.properties;
        let get = |name: &str| {
            let text = deal.get(name).unwrap_or_default().trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let pick = |sent: &Option<String>, held: Option<String>| {
            if matches!(asked.source, RERUN | MANUAL) {
                held.or_else(|| sent.clone())
            } else {
                sent.clone().or(held)
            }
        };
        let sent = asked.request;
        let package =
            get(&names.deal_service_package).or_else(|| get(&names.deal_renewal_service_package));
        let household =
            get(&names.deal_household_type).or_else(|| get(&names.deal_renewal_household_type));
        let agreement = get(&names.deal_agreement_start_date);
        Self {
            service_package: pick(&sent.service_package, package).unwrap_or_default(),
            household_type: pick(&sent.household_type, household).unwrap_or_default(),
            agreement_start: pick(&sent.agreement_start_date, agreement).unwrap_or_default(),
            client_email: pick(&sent.client_email, get(&names.deal_client_email)),
        }
    }
}

/// Who has the deal already. The owner in the CRM's own sense may be who sold it: where another property names the adviser, that one
/// counts, and otherwise the owner if it is an adviser.
fn held_by(deal: &DealNow, settings: &Settings, advisers: &[Adviser<'_>]) -> String {
    let get = |name: &str| deal.get(name).unwrap_or_default().trim();
    let known = |owner_id: &str| {
        let adviser = advisers.iter().find(|one| one.owner_id.trim() == owner_id);
        adviser.map(|one| one.email.trim().to_owned())
    };
    let own: Vec<&String> = settings
        .written_properties
        .iter()
        .filter(|name| *name != OWNER)
        .collect();
    for name in &own {
        let holder = get(name);
        if !holder.is_empty() {
            return known(holder).unwrap_or_else(|| holder.to_owned());
        }
    }
    let email = get(&settings.properties.deal_adviser_email);
    if !email.is_empty() {
        return known(email).unwrap_or_else(|| email.to_owned());
    }
    if own.is_empty() {
        return known(get(OWNER)).unwrap_or_default();
    }
    String::new()
}

fn by_the_rules(decision: &Decision, known: &Known) -> Verdict {
    let chosen = match &decision.outcome {
        Outcome::Chosen(chosen) => chosen,
        Outcome::Failed(failure) if failure.is_passing() => {
            let mut why = Why::from(failure);
            for cause in known.causes() {
                why.detail = format!("{} {cause}", why.detail);
            }
            return Verdict::Later(why);
        }
        Outcome::Failed(failure) => return Verdict::Failed(failure.into()),
    };
    let candidate = decision
        .candidates
        .iter()
        .find(|one| one.owner_id == chosen.owner_id && one.email == chosen.email);
    Verdict::Given(Given {
        email: chosen.email.clone(),
        name: chosen.name.clone(),
        owner_id: chosen.owner_id.clone(),
        packages: candidate
            .map(|one| one.service_packages.clone())
            .unwrap_or_default(),
        households: candidate
            .map(|one| one.household_types.clone())
            .unwrap_or_default(),
        earliest_week: Some(chosen.earliest_week.monday()),
        result: format!(
            "{} gets the deal, with room from the week of {} ({}): decided by {} among {}.",
            chosen.name,
            chosen.earliest_week.monday(),
            chosen.earliest_label,
            chosen.by.as_str(),
            decision.candidates.len(),
        ),
    })
}

/// A person's choice stands, whatever room the adviser has; the week is that of the rules, where they know one.
fn chosen_by_hand(email: &str, view: &View<'_>, decision: &Decision) -> Verdict {
    let is_unknown = view
        .unknown
        .iter()
        .any(|unknown| unknown.source == Source::Users && unknown.adviser.is_none());
    if is_unknown {
        return Verdict::Later(Why::unknown("The users of HubSpot cannot be read now."));
    }
    let is_meant =
        |one: &&Adviser<'_>| one.email.trim().to_lowercase() == email.trim().to_lowercase();
    let mut meant = view.advisers.iter().filter(is_meant);
    let Some(adviser) = meant.next() else {
        return Verdict::Failed(Why::new(
            "unknown_adviser",
            format!("HubSpot has no adviser with the mail address {email}."),
            "Choose a user of HubSpot who has the properties of an adviser.",
        ));
    };
    if meant.any(|other| other.owner_id.trim() != adviser.owner_id.trim()) {
        return Verdict::Failed(Why::new(
            "several_advisers",
            format!("HubSpot has several advisers with the mail address {email}."),
            "Give each of them a mail address of their own in HubSpot.",
        ));
    }
    let owner_id = adviser.owner_id.trim();
    if owner_id.is_empty() {
        return Verdict::Failed(Why::new(
            "no_owner_id",
            format!("{email} has no owner id in HubSpot: there is nothing to write to the deal."),
            "Make the user an owner in HubSpot, or choose somebody else.",
        ));
    }
    let candidate = decision
        .candidates
        .iter()
        .find(|one| one.owner_id == owner_id);
    let name = allocation::display_name(adviser.email.trim());
    let against = decision
        .left_out
        .iter()
        .find(|one| one.email.trim().to_lowercase() == adviser.email.trim().to_lowercase());
    let against = against.map_or_else(String::new, |one| format!(", who {},", one.detail));
    let by_rules = match &decision.outcome {
        Outcome::Chosen(chosen) if chosen.owner_id.trim() != owner_id => {
            format!(" By the rules it would be {}.", chosen.name)
        }
        _ => String::new(),
    };
    let listed = |list| eligibility::names(list).map(str::to_owned).collect();
    Verdict::Given(Given {
        email: adviser.email.trim().to_owned(),
        owner_id: owner_id.to_owned(),
        packages: listed(adviser.packages),
        households: listed(adviser.households),
        earliest_week: candidate.map(|one| one.earliest_week.monday()),
        result: format!("{name}{against} gets the deal: chosen by hand.{by_rules}"),
        name,
    })
}

/// What would be decided now, with everything that it rests on; nothing is written.
///
/// # Errors
/// The database's.
pub async fn preview(context: &Context, tenant: &Tenant, call: &Preview) -> Result<Reply, Problem> {
    let database = &context.database;
    let (connector_id, deal_id) = (&call.connector_id, &call.deal_id);
    let documents = documents(database, tenant)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("organization"))?;
    records::connector(database, tenant, connector_id)
        .await
        .map_err(|error| problems::database(&error))?
        .ok_or_else(|| Problem::not_found("connector"))?;
    let live = records::live(database, tenant, connector_id, deal_id)
        .await
        .map_err(|error| problems::database(&error))?;
    // What we have given to somebody ourselves is decided as a re-run would.
    let is_ours = live.is_some_and(|live| live.status != "failed");
    let mut answer = Allocated {
        deal_id: Some(deal_id.to_owned()),
        ..Allocated::default()
    };
    let failed = |answer: &mut Allocated, status: &str, why: &Why| {
        answer.status = Some(status.to_owned());
        answer.message = format!("A dry run: nothing is written. {}", why.detail);
        answer.reason = Some(why.reason.clone());
        answer.detail = Some(why.detail.clone());
        answer.remedy = Some(why.remedy.clone());
    };
    let of = Of {
        tenant,
        connector_id,
        deadline_ms: clock::now_ms().saturating_add(PREVIEW_MS),
    };
    let deals = Deals::read(of, vec![deal_id.clone()], &documents.settings).await;
    let read = async |documents, wanted: &Wanted| {
        let known = Known::read(database, of, documents, wanted).await;
        known.map_err(|error| problems::database(&error))
    };
    let mut known = read(documents.clone(), &Wanted::TO_DECIDE).await?;
    let asked = Asked {
        deal_id,
        source: "api",
        was_decided: is_ours,
        request: &call.request,
    };
    let deal = deals.get(deal_id);
    let mut judged = judge(asked, &deal, &known.gathered.view(), &known, &known.own);
    // As it is decided.
    let is_for_nobody = matches!(&judged.verdict, Verdict::Failed(why) if why.is_about_people());
    if is_for_nobody && known.are_users_copied() {
        let of_now = read(documents, &Wanted::TO_DECIDE.of_users_now()).await?;
        if of_now.are_users_unknown() {
            judged.verdict = Verdict::Later(of_now.why_users_are_unknown());
        } else {
            known = of_now;
            judged = judge(asked, &deal, &known.gathered.view(), &known, &known.own);
        }
    }
    match &judged.verdict {
        Verdict::Given(given) => {
            answer.status = Some("completed".to_owned());
            answer.message = format!("A dry run: nothing is written. {}", given.result);
            answer.adviser = Some(ChosenAdviser {
                email: given.email.clone(),
                name: given.name.clone(),
                owner_id: given.owner_id.clone(),
            });
            answer.earliest_week = given.earliest_week.map(|week| week.to_string());
        }
        Verdict::Failed(why) => failed(&mut answer, "failed", why),
        Verdict::Later(why) => failed(&mut answer, "received", why),
    }
    answer.sources = Some(known.sources());
    // Large, and written once: by the same code that stores it.
    let decision = judged.decision.as_ref().map(serde_json::to_string);
    let failed = |error: serde_json::Error| problems::internal(&error.to_string());
    let decision = decision.transpose().map_err(failed)?;
    let body = serde_json::to_string(&answer).map_err(failed)?;
    let body = match decision {
        None => body,
        Some(decision) => {
            body.replacen("\"decision\":null", &format!("\"decision\":{decision}"), 1)
        }
    };
    Ok(Reply::json_bytes(StatusCode::OK, body.into_bytes()))
}
