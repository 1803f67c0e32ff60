//! Whether messages for people at work are sent to some of them, and who is on shift. Two statements,
//! however many are asked about: one for the account, one for the people, their shifts and the stores.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use api::body::{checked_email, checked_name};
use api::seven_shifts_integration::{CheckShifts, ShiftCheckBasis};
use api::{FieldError, Problem, moment};
use domain::access::Tenant;
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
    let known = look_up(context, &tenant, at, &recipients).await?;
    let answer = known
        .answers(&recipients, |_| "store".to_owned())?
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
    let known = look_up(context, &tenant, at, &recipients).await?;
    let answers = known.answers(&recipients, |index| format!("/recipients/{index}/store"))?;
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
    let basis = Basis::load(context, &tenant, at).await?;
    let Some(account) = &basis.account else {
        let answer = List {
            employees: Vec::new(),
            reason: basis.doubt,
            basis: basis.shown(),
        };
        return Reply::json(StatusCode::OK, &answer);
    };
    let placeholder = basis.placeholder(&tenant);
    let named = store.map(lists::without_case);
    let asked = AskedList {
        store: named.as_deref(),
        at: basis.at,
        placeholder: parts(placeholder.as_ref()),
    };
    let rows = rows::on_shift(&context.database, &tenant, account, asked)
        .await
        .map_err(|error| problems::database(&error))?;
    let found = rows.read().map_err(|error| problems::database(&error))?;
    let store = match found.stores.first() {
        Some(store) => {
            Some(rule_store(store).ok_or_else(|| Problem::invalid(vec![no_store("store")]))?)
        }
        None => None,
    };
    let shifts = by_person(&found);
    let employees = found.people.iter().filter_map(|person| {
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

/// What is known of recipients.
struct Known<'a> {
    basis: Basis,
    /// `None` where nothing depends on people, shifts and stores.
    rows: Option<Rows>,
    /// The place of each store in the rows.
    places: BTreeMap<&'a str, usize>,
}

async fn look_up<'a>(
    context: &Context,
    tenant: &Tenant,
    at: Option<i64>,
    recipients: &[Recipient<'a>],
) -> Result<Known<'a>, Problem> {
    let basis = Basis::load(context, tenant, at).await?;
    let mut places = BTreeMap::new();
    let Some(account) = basis.account.as_ref().filter(|account| account.enforces()) else {
        return Ok(Known {
            basis,
            rows: None,
            places,
        });
    };
    let placeholder = basis.placeholder(tenant);
    let placeholder = parts(placeholder.as_ref());
    let mut people = Vec::with_capacity(recipients.len());
    for (number, recipient) in recipients.iter().enumerate() {
        sought(number, recipient.email, placeholder, &mut people);
    }
    let mut stores = Vec::new();
    for store in recipients.iter().filter_map(|recipient| recipient.store) {
        places.entry(store).or_insert_with(|| {
            stores.push(lists::without_case(store));
            stores.len() - 1
        });
    }
    let stores: Vec<&str> = stores.iter().map(Cow::as_ref).collect();
    let asked = Asked {
        people: &people,
        stores: &stores,
        at: basis.at,
        placeholder,
    };
    let rows = rows::find(&context.database, tenant, account, asked)
        .await
        .map_err(|error| problems::database(&error))?;
    Ok(Known {
        basis,
        rows: Some(rows),
        places,
    })
}

impl Known<'_> {
    /// An answer for each recipient, in their order. `store_field` names the store of one, by its place.
    fn answers(
        &self,
        recipients: &[Recipient<'_>],
        store_field: impl Fn(usize) -> String,
    ) -> Result<Vec<Answer<'_>>, Problem> {
        let Some(rows) = &self.rows else {
            let reason = match &self.basis.account {
                Some(_) => Reason::NotEnforced,
                None => Reason::NotConfigured,
            };
            let all = recipients.iter().map(|_| Answer::new(reason, None, None));
            return Ok(all.collect());
        };
        let found = rows.read().map_err(|error| problems::database(&error))?;
        let shifts = by_person(&found);
        let mut by_number: Vec<Vec<Person<'_>>> = Vec::new();
        by_number.resize_with(recipients.len(), Vec::new);
        for person in &found.people {
            if let Some(people) = by_number.get_mut(person.number)
                && people.iter().all(|other| other.id != person.id)
            {
                people.push(*person);
            }
        }
        let mut errors = Vec::new();
        let mut all = Vec::with_capacity(recipients.len());
        for (number, (recipient, people)) in recipients.iter().zip(&by_number).enumerate() {
            let place = recipient.store.and_then(|store| self.places.get(store));
            let store = place.map(|place| found.stores.get(*place).and_then(rule_store));
            if let Some(None) = store {
                errors.push(no_store(store_field(number)));
                continue;
            }
            let held = |person: &Person<'_>| shifts.get(person.id).map_or(&[][..], Vec::as_slice);
            let times: Vec<Vec<_>> = people
                .iter()
                .map(|person| held(person).iter().map(HeldShift::times).collect())
                .collect();
            let Basis { doubt, at, .. } = self.basis;
            let verdict = shift_check::decide(doubt, &times, store.flatten(), at);
            let person = verdict.person.and_then(|place| people.get(place));
            let shift = person
                .zip(verdict.shift)
                .and_then(|(person, place)| held(person).get(place));
            all.push(Answer::new(
                verdict.reason,
                person.map(|person| person.shown),
                shift.map(|shift| shift.shown),
            ));
        }
        if errors.is_empty() {
            Ok(all)
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

/// What leads to the people who have this address. A placeholder is that of one person.
fn sought<'a>(
    number: usize,
    email: &'a str,
    placeholder: Option<(&str, &str)>,
    people: &mut Vec<(usize, Named<'a>)>,
) {
    if let Some(id) = placeholder.and_then(|placeholder| without_email(email, placeholder)) {
        people.push((number, Named::WithoutEmail(id)));
        return;
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

/// The account, and what speaks against deciding by it.
struct Basis {
    at: i64,
    account: Option<rows::Account>,
    doubt: Option<Reason>,
    synced_at: Option<i64>,
    is_stale: bool,
}

impl Basis {
    async fn load(context: &Context, tenant: &Tenant, at: Option<i64>) -> Result<Self, Problem> {
        let now = clock::now();
        let at = at.unwrap_or(now);
        let account = rows::account(&context.database, tenant, KEY)
            .await
            .map_err(|error| problems::database(&error))?
            .filter(|account| account.provider == PROVIDER);
        let Some(account) = account else {
            return Ok(Self {
                at,
                account: None,
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
            doubt: known.doubt(at, now),
            synced_at: known.synced_at(),
            is_stale: known.is_stale(now),
            account: Some(account),
        })
    }

    /// What stands before and after the id of a person without an address.
    fn placeholder(&self, tenant: &Tenant) -> Option<(&'static str, String)> {
        let account = self.account.as_ref()?;
        account
            .has_placeholders()
            .then(|| account::placeholder(tenant))
    }

    fn shown(&self) -> ShiftCheckBasis {
        ShiftCheckBasis {
            at: time::rfc3339(self.at),
            connector_state: self
                .account
                .as_ref()
                .map(|account| account.state.as_str().to_owned()),
            synced_at: self.synced_at.map(time::rfc3339),
            is_stale: self.is_stale,
        }
    }
}

fn parts<'a>(placeholder: Option<&'a (&'static str, String)>) -> Option<(&'a str, &'a str)> {
    placeholder.map(|(before, after)| (*before, after.as_str()))
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
