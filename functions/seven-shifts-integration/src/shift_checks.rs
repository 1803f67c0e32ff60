//! Whether messages for people at work are sent to some of them, and who is on shift. One statement,
//! however many are asked about, brings the account, the people, their shifts and the stores.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use api::body::{checked_email, checked_name};
use api::seven_shifts_integration::{CheckShifts, ShiftCheckBasis};
use api::{FieldError, Problem, moment};
use domain::access::Tenant;
use domain::connector_state::ConnectorState;
use domain::shift_check::{self, Reason};
use http::StatusCode;
use platform::seven_shifts::PROVIDER;
use platform::{Context, Reply, clock, problems, time};
use serde::Serialize;
use serde_json::value::RawValue;
use store::shift_checks::{self as rows, Asked, AskedList, Found, HeldShift, Named, Person, Rows};

use crate::account::{self, KEY};
use crate::{lists, refusal};

/// Recipients of one request.
const MAX_RECIPIENTS: usize = 1_000;

pub async fn check(context: &Context) -> Result<Reply, Problem> {
    let (tenant, (email, store, at)) = account::strict_tenant_and(context, |query| {
        (query.text("email"), query.text("store"), query.time("at"))
    })?;
    let Some(email) = email else {
        return Err(Problem::field(
            "email",
            "is missing: send the address of who the message is for",
        ));
    };
    let mut errors = Vec::new();
    let recipient = Recipient {
        email: checked_email("email", &email, &mut errors),
        store: store
            .as_deref()
            .map(|store| checked_name("store", store, &mut errors)),
    };
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let recipients = [recipient];
    let rows = look_up(context, &tenant, at, &recipients).await?;
    let known = rows.known()?;
    let answer = known
        .answers(|_| "store".to_owned())?
        .into_iter()
        .next()
        .ok_or_else(|| problems::internal("a check without an answer"))?;
    let basis = known.basis.shown();
    Reply::json(StatusCode::OK, &Single { answer, basis })
}

pub async fn check_all(context: &Context) -> Result<Reply, Problem> {
    let (tenant, ()) = account::strict_tenant_and(context, |_| ())?;
    let body: CheckShifts = context.json()?;
    if body.recipients.len() > MAX_RECIPIENTS {
        return Err(refusal::too_many("recipients", MAX_RECIPIENTS));
    }
    let mut errors = Vec::new();
    let at = body.at.as_deref().and_then(|text| {
        let read = moment::time(text);
        read.map_err(|expected| errors.push(FieldError::new("/at", expected)))
            .ok()
    });
    let recipients: Vec<_> = body
        .recipients
        .iter()
        .enumerate()
        .map(|(index, recipient)| {
            let field = |member: &str| format!("/recipients/{index}/{member}");
            Recipient {
                email: checked_email(&field("email"), &recipient.email, &mut errors),
                store: recipient
                    .store
                    .as_deref()
                    .map(|store| checked_name(&field("store"), store, &mut errors)),
            }
        })
        .collect();
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let rows = look_up(context, &tenant, at, &recipients).await?;
    let known = rows.known()?;
    let answers = known.answers(|index| format!("/recipients/{index}/store"))?;
    let basis = known.basis.shown();
    Reply::json(StatusCode::OK, &Batch { answers, basis })
}

pub async fn on_shift(context: &Context) -> Result<Reply, Problem> {
    let (tenant, (store, at)) =
        account::strict_tenant_and(context, |query| (query.text("store"), query.time("at")))?;
    let mut errors = Vec::new();
    let store = store
        .as_deref()
        .map(|store| checked_name("store", store, &mut errors));
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let placeholder = account::placeholder(&tenant);
    let named = store.map(lists::without_case);
    let now = clock::now();
    let asked = AskedList {
        store: named.as_deref(),
        at: at.unwrap_or(now),
        placeholder: parts(&placeholder),
    };
    let rows = rows::on_shift(&context.database, &tenant, KEY, asked)
        .await
        .map_err(|error| problems::database(&error))?;
    let found = rows.read().map_err(|error| problems::database(&error))?;
    let basis = Basis::of(found.account.as_ref(), asked.at, now)?;
    let store = match found.stores.first() {
        Some(store) => {
            Some(rule_store(store).ok_or_else(|| Problem::invalid(vec![no_store("store")]))?)
        }
        None => None,
    };
    let shifts = by_person(&found);
    // Those of another provider's account are none of 7shifts'.
    let people = if basis.is_set_up() {
        found.people.as_slice()
    } else {
        &[]
    };
    let employees = people.iter().filter_map(|person| {
        let shifts = shifts.get(person.id)?;
        let times: Vec<_> = shifts.iter().map(HeldShift::times).collect();
        let current = shift_check::current_shift(&times, store.map(|store| store.id), basis.at)?;
        Some(Working {
            employee: person.shown,
            shift: shifts.get(current)?.shown,
        })
    });
    let is_nowhere = store.is_some_and(|store| !store.is_mapped);
    let answer = List {
        employees: employees.collect(),
        reason: basis.doubt.or(is_nowhere.then_some(Reason::StoreNotMapped)),
        basis: basis.shown(),
    };
    Reply::json(StatusCode::OK, &answer)
}

/// [`api::seven_shifts_integration::ShiftCheck`], of what the database has written.
#[derive(Serialize)]
struct Single<'t> {
    #[serde(flatten)]
    answer: Answer<'t>,
    #[serde(flatten)]
    basis: ShiftCheckBasis,
}

#[derive(Serialize)]
struct Batch<'t> {
    answers: Vec<Answer<'t>>,
    #[serde(flatten)]
    basis: ShiftCheckBasis,
}

#[derive(Serialize)]
struct Answer<'t> {
    should_send: bool,
    reason: Reason,
    employee: Option<&'t RawValue>,
    shift: Option<&'t RawValue>,
}

#[derive(Serialize)]
struct List<'t> {
    employees: Vec<Working<'t>>,
    reason: Option<Reason>,
    #[serde(flatten)]
    basis: ShiftCheckBasis,
}

#[derive(Serialize)]
struct Working<'t> {
    employee: &'t RawValue,
    shift: &'t RawValue,
}

impl<'t> Answer<'t> {
    const fn new(
        reason: Reason,
        employee: Option<&'t RawValue>,
        shift: Option<&'t RawValue>,
    ) -> Self {
        Self {
            should_send: reason.should_send(),
            reason,
            employee,
            shift,
        }
    }
}

/// Who a message is for, checked.
struct Recipient<'a> {
    email: &'a str,
    store: Option<&'a str>,
}

/// What was brought for recipients.
struct Brought<'a> {
    recipients: &'a [Recipient<'a>],
    rows: Rows,
    /// The place of each recipient's store in the rows.
    places: Vec<Option<usize>>,
    at: i64,
    now: i64,
}

async fn look_up<'a>(
    context: &Context,
    tenant: &Tenant,
    at: Option<i64>,
    recipients: &'a [Recipient<'a>],
) -> Result<Brought<'a>, Problem> {
    let placeholder = account::placeholder(tenant);
    let placeholder = parts(&placeholder);
    let mut people = Vec::with_capacity(recipients.len());
    for (number, recipient) in recipients.iter().enumerate() {
        sought(number, recipient.email, placeholder, &mut people);
    }
    // Each store is looked up once.
    let mut stores = Vec::new();
    let mut known = BTreeMap::new();
    let places = recipients.iter().map(|recipient| {
        let store = recipient.store?;
        let place = known.entry(store).or_insert_with(|| {
            stores.push(lists::without_case(store));
            stores.len() - 1
        });
        Some(*place)
    });
    let places = places.collect();
    let stores: Vec<&str> = stores.iter().map(Cow::as_ref).collect();
    let now = clock::now();
    let asked = Asked {
        people: &people,
        stores: &stores,
        at: at.unwrap_or(now),
        placeholder,
    };
    let rows = rows::find(&context.database, tenant, KEY, asked)
        .await
        .map_err(|error| problems::database(&error))?;
    Ok(Brought {
        recipients,
        rows,
        places,
        at: asked.at,
        now,
    })
}

impl Brought<'_> {
    fn known(&self) -> Result<Known<'_>, Problem> {
        let found = self
            .rows
            .read()
            .map_err(|error| problems::database(&error))?;
        let basis = Basis::of(found.account.as_ref(), self.at, self.now)?;
        Ok(Known {
            basis,
            found,
            recipients: self.recipients,
            places: &self.places,
        })
    }
}

/// What is known of recipients.
struct Known<'t> {
    basis: Basis,
    found: Found<'t>,
    recipients: &'t [Recipient<'t>],
    places: &'t [Option<usize>],
}

impl<'t> Known<'t> {
    /// An answer for each recipient, in their order. `store_field` names the store of one, by its place.
    fn answers(&self, store_field: impl Fn(usize) -> String) -> Result<Vec<Answer<'t>>, Problem> {
        let stores = self.stores(store_field)?;
        if let Some(reason) = self.basis.undecided() {
            let all = stores.iter().map(|_| Answer::new(reason, None, None));
            return Ok(all.collect());
        }
        let shifts = by_person(&self.found);
        let mut by_number: Vec<Vec<&Person<'t>>> = Vec::new();
        by_number.resize_with(self.recipients.len(), Vec::new);
        for person in &self.found.people {
            if let Some(people) = by_number.get_mut(person.number)
                && people.iter().all(|other| other.id != person.id)
            {
                people.push(person);
            }
        }
        let held = |person: &Person<'_>| shifts.get(person.id).map_or(&[][..], Vec::as_slice);
        let answers = by_number.iter().zip(stores).map(|(people, store)| {
            let times: Vec<Vec<_>> = people
                .iter()
                .map(|person| held(person).iter().map(HeldShift::times).collect())
                .collect();
            let Basis { doubt, at, .. } = self.basis;
            let verdict = shift_check::decide(doubt, &times, store, at);
            let person = verdict.person.and_then(|place| people.get(place));
            let shift = person
                .zip(verdict.shift)
                .and_then(|(person, place)| held(person).get(place));
            Answer::new(
                verdict.reason,
                person.map(|person| person.shown),
                shift.map(|shift| shift.shown),
            )
        });
        Ok(answers.collect())
    }

    /// The store of each recipient, if one is named. One that is not there is an error, whatever is
    /// answered by.
    fn stores(
        &self,
        field: impl Fn(usize) -> String,
    ) -> Result<Vec<Option<shift_check::Store<'t>>>, Problem> {
        let mut errors = Vec::new();
        let mut stores = Vec::with_capacity(self.places.len());
        for (number, place) in self.places.iter().enumerate() {
            let store = place.map(|place| self.found.stores.get(place).and_then(rule_store));
            if let Some(None) = store {
                errors.push(no_store(field(number)));
            }
            stores.push(store.flatten());
        }
        if errors.is_empty() {
            Ok(stores)
        } else {
            Err(Problem::invalid(errors))
        }
    }
}

fn by_person<'t>(found: &Found<'t>) -> HashMap<&'t str, Vec<HeldShift<'t>>> {
    let mut shifts: HashMap<_, Vec<_>> = HashMap::new();
    for shift in &found.shifts {
        shifts.entry(shift.person_id).or_default().push(*shift);
    }
    shifts
}

/// What leads to the people who have this address. A placeholder leads to one person more, where the account's
/// policy has placeholders.
fn sought<'a>(
    number: usize,
    email: &'a str,
    placeholder: (&str, &str),
    people: &mut Vec<(usize, Named<'a>)>,
) {
    if let Some(id) = without_email(email, placeholder) {
        people.push((number, Named::WithoutEmail(id)));
    }
    people.push((number, Named::Email(email.into())));
    // SQLite knows the case of ASCII letters only.
    if !email.is_ascii() {
        for other in [email.to_lowercase(), email.to_uppercase()] {
            people.push((number, Named::Email(other.into())));
        }
    }
}

/// 7shifts' id in a placeholder.
fn without_email<'a>(email: &'a str, (before, after): (&str, &str)) -> Option<&'a str> {
    let (start, rest) = email.split_at_checked(before.len())?;
    let (id, end) = rest.split_at_checked(rest.len().checked_sub(after.len())?)?;
    (start.eq_ignore_ascii_case(before) && end.eq_ignore_ascii_case(after)).then_some(id)
}

/// How the account stands, and what speaks against deciding by it.
struct Basis {
    at: i64,
    /// `None` where 7shifts is not set up.
    connector_state: Option<ConnectorState>,
    enforces: bool,
    doubt: Option<Reason>,
    synced_at: Option<i64>,
    is_stale: bool,
}

impl Basis {
    fn of(account: Option<&rows::Account>, at: i64, now: i64) -> Result<Self, Problem> {
        let Some(account) = account.filter(|account| account.provider == PROVIDER) else {
            return Ok(Self {
                at,
                connector_state: None,
                enforces: false,
                doubt: Some(Reason::NotConfigured),
                synced_at: None,
                // Nothing is there that could be old.
                is_stale: false,
            });
        };
        let settings = account::stored_settings(&account.sync_settings)?;
        let known = shift_check::Account {
            state: account.state,
            settings: &settings,
            connected_at: account.connected_at,
            users_synced_at: account.users_synced_at,
            shifts_synced_at: account.shifts_synced_at,
        };
        Ok(Self {
            at,
            connector_state: Some(account.state),
            enforces: account.enforces(),
            doubt: known.doubt(at, now),
            synced_at: known.synced_at(),
            is_stale: known.is_stale(now),
        })
    }

    const fn is_set_up(&self) -> bool {
        self.connector_state.is_some()
    }

    /// Why nothing depends on people and shifts.
    fn undecided(&self) -> Option<Reason> {
        if !self.is_set_up() {
            Some(Reason::NotConfigured)
        } else if !self.enforces {
            Some(Reason::NotEnforced)
        } else {
            None
        }
    }

    fn shown(&self) -> ShiftCheckBasis {
        ShiftCheckBasis {
            at: time::rfc3339(self.at),
            connector_state: self.connector_state.map(|state| state.as_str().to_owned()),
            synced_at: self.synced_at.map(time::rfc3339),
            is_stale: self.is_stale,
        }
    }
}

fn parts<'a>((before, after): &'a (&'static str, String)) -> (&'a str, &'a str) {
    (before, after)
}

/// `None` where there is no such store.
fn rule_store<'t>(store: &rows::Store<'t>) -> Option<shift_check::Store<'t>> {
    Some(shift_check::Store {
        id: store.id?,
        is_mapped: store.is_mapped,
    })
}

fn no_store(field: impl Into<String>) -> FieldError {
    FieldError::new(
        field,
        "is no store: create it first, with PUT /api/stores, or leave it out for any store",
    )
}
