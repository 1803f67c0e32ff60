//! Whether messages for people at work are sent to some of them, and who is on shift. Two statements,
//! however many are asked about: one for the account, one for the people, their shifts and the stores.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use api::body::{checked_email, checked_name};
use api::seven_shifts_integration::{
    CheckShifts, CheckedEmployee, CheckedShift, EmployeeOnShift, OnShift, ShiftCheck,
    ShiftCheckAnswer, ShiftCheckBasis, ShiftChecks,
};
use api::{FieldError, Problem, moment};
use domain::access::Tenant;
use domain::shift_check::{self, Reason};
use http::StatusCode;
use platform::seven_shifts::PROVIDER;
use platform::{Context, Reply, clock, problems, time};
use store::shift_checks::{self as rows, Asked, Found, HeldShift, Named, Person};

use crate::account::{self, KEY};
use crate::{lists, refusal};

/// Recipients of one request.
const MAX_RECIPIENTS: usize = 1_000;

pub async fn check(context: &Context) -> Result<Reply, Problem> {
    let (tenant, (email, store, at)) = account::tenant_and(context, |query| {
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
        store: store.as_deref(),
    };
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let (answers, basis) =
        answers(context, &tenant, at, &[recipient], |_| "store".to_owned()).await?;
    let answer = answers
        .into_iter()
        .next()
        .ok_or_else(|| problems::internal("a check without an answer"))?;
    Reply::json(StatusCode::OK, &ShiftCheck { answer, basis })
}

pub async fn check_all(context: &Context) -> Result<Reply, Problem> {
    let tenant = account::tenant(context)?;
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
    let field = |index| format!("/recipients/{index}/store");
    let (answers, basis) = answers(context, &tenant, at, &recipients, field).await?;
    Reply::json(StatusCode::OK, &ShiftChecks { answers, basis })
}

pub async fn on_shift(context: &Context) -> Result<Reply, Problem> {
    let (tenant, (store, at)) =
        account::tenant_and(context, |query| (query.text("store"), query.time("at")))?;
    let basis = Basis::load(context, &tenant, at).await?;
    let Some(account) = &basis.account else {
        let answer = OnShift {
            employees: Vec::new(),
            reason: basis.doubt.map(text),
            basis: basis.shown(),
        };
        return Reply::json(StatusCode::OK, &answer);
    };
    let named = store.as_deref().map(lists::without_case);
    let found = rows::on_shift(
        &context.database,
        &tenant,
        account,
        named.as_deref(),
        basis.at,
    )
    .await
    .map_err(|error| problems::database(&error))?;
    let store = match found.stores.first() {
        Some(store) => Some(rule_store(store).ok_or_else(|| unknown_store("store"))?),
        None => None,
    };
    let held = Held::of(&found, &tenant, account);
    let employees = found.people.iter().filter_map(|person| {
        let shifts = held.shifts_of(person);
        let times: Vec<_> = shifts.iter().map(|shift| shift.times()).collect();
        let current = shift_check::current_shift(&times, store.map(|store| store.id), basis.at)?;
        Some(EmployeeOnShift {
            employee: held.employee(person),
            shift: shown_shift(shifts.get(current)?),
        })
    });
    let is_nowhere = store.is_some_and(|store| !store.is_mapped);
    let answer = OnShift {
        employees: employees.collect(),
        reason: basis
            .doubt
            .or(is_nowhere.then_some(Reason::StoreNotMapped))
            .map(text),
        basis: basis.shown(),
    };
    Reply::json(StatusCode::OK, &answer)
}

/// Who a message is for, checked.
struct Recipient<'a> {
    email: &'a str,
    store: Option<&'a str>,
}

/// An answer for each recipient, in their order. `store_field` names the store of one, by its place.
async fn answers(
    context: &Context,
    tenant: &Tenant,
    at: Option<i64>,
    recipients: &[Recipient<'_>],
    store_field: impl Fn(usize) -> String,
) -> Result<(Vec<ShiftCheckAnswer>, ShiftCheckBasis), Problem> {
    let basis = Basis::load(context, tenant, at).await?;
    let account = match &basis.account {
        Some(account) if account.enforces() => account,
        other => {
            // Nothing depends on people, shifts or stores.
            let reason = match other {
                Some(_) => Reason::NotEnforced,
                None => Reason::NotConfigured,
            };
            let all = recipients.iter().map(|_| answer(reason, None, None));
            return Ok((all.collect(), basis.shown()));
        }
    };
    let placeholder = account
        .has_placeholders()
        .then(|| account::placeholder(tenant));
    let placeholder = placeholder
        .as_ref()
        .map(|(before, after)| (*before, after.as_str()));
    let mut people = Vec::with_capacity(recipients.len());
    for (number, recipient) in recipients.iter().enumerate() {
        sought(number, recipient.email, placeholder, &mut people);
    }
    let mut places = BTreeMap::new();
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
    };
    let found = rows::find(&context.database, tenant, account, asked)
        .await
        .map_err(|error| problems::database(&error))?;
    let held = Held::of(&found, tenant, account);
    let mut by_number: Vec<Vec<&Person>> = Vec::new();
    by_number.resize_with(recipients.len(), Vec::new);
    for person in &found.people {
        if let Some(people) = by_number.get_mut(person.number)
            && people.iter().all(|other| other.id != person.id)
        {
            people.push(person);
        }
    }
    let mut errors = Vec::new();
    let mut all = Vec::with_capacity(recipients.len());
    for (number, (recipient, people)) in recipients.iter().zip(&by_number).enumerate() {
        let store = match recipient.store.and_then(|store| places.get(store)) {
            Some(place) => match found.stores.get(*place).and_then(rule_store) {
                Some(store) => Some(store),
                None => {
                    errors.push(no_store(store_field(number)));
                    continue;
                }
            },
            None => None,
        };
        let times: Vec<Vec<_>> = people
            .iter()
            .map(|person| {
                held.shifts_of(person)
                    .iter()
                    .map(|shift| shift.times())
                    .collect()
            })
            .collect();
        let verdict = shift_check::decide(basis.doubt, &times, store, basis.at);
        let person = verdict.person.and_then(|place| people.get(place));
        let shift = verdict.shift.zip(person).and_then(|(place, person)| {
            held.shifts_of(person)
                .get(place)
                .map(|shift| shown_shift(shift))
        });
        let person = person.map(|person| held.employee(person));
        all.push(answer(verdict.reason, person, shift));
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    Ok((all, basis.shown()))
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
                is_stale: true,
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

/// What a look-up has brought, by person.
struct Held<'a> {
    shifts: HashMap<&'a str, Vec<&'a HeldShift>>,
    placeholder: Option<(&'static str, String)>,
}

impl<'a> Held<'a> {
    fn of(found: &'a Found, tenant: &Tenant, account: &rows::Account) -> Self {
        let mut shifts: HashMap<&str, Vec<&HeldShift>> = HashMap::new();
        for shift in &found.shifts {
            shifts.entry(&shift.person_id).or_default().push(shift);
        }
        Self {
            shifts,
            placeholder: account
                .has_placeholders()
                .then(|| account::placeholder(tenant)),
        }
    }

    fn shifts_of(&self, person: &Person) -> &[&'a HeldShift] {
        self.shifts
            .get(person.id.as_str())
            .map_or(&[], Vec::as_slice)
    }

    fn employee(&self, person: &Person) -> CheckedEmployee {
        let placeholder = || {
            let (before, after) = self.placeholder.as_ref()?;
            Some(format!("{before}{}{after}", person.external_id))
        };
        let full_name = format!("{} {}", person.first_name, person.last_name);
        CheckedEmployee {
            id: person.id.clone(),
            seven_shifts_id: person.external_id.clone(),
            email: person
                .email
                .clone()
                .or_else(placeholder)
                .unwrap_or_default(),
            first_name: person.first_name.clone(),
            last_name: person.last_name.clone(),
            full_name: full_name.trim().to_owned(),
        }
    }
}

fn answer(
    reason: Reason,
    employee: Option<CheckedEmployee>,
    shift: Option<CheckedShift>,
) -> ShiftCheckAnswer {
    ShiftCheckAnswer {
        should_send: reason.should_send(),
        reason: text(reason),
        employee,
        shift,
    }
}

fn text(reason: Reason) -> String {
    reason.as_str().to_owned()
}

fn shown_shift(shift: &HeldShift) -> CheckedShift {
    CheckedShift {
        id: shift.id.clone(),
        seven_shifts_shift_id: shift.external_id.clone(),
        store: shift.product_ref.clone().or_else(|| shift.store_id.clone()),
        store_name: shift.store_name.clone(),
        start_time: time::rfc3339(shift.starts_at),
        end_time: time::rfc3339(shift.ends_at),
        is_close: shift.is_close,
        role: shift.role.clone().unwrap_or_default(),
    }
}

/// `None` where there is no such store.
fn rule_store(store: &rows::Store) -> Option<shift_check::Store<'_>> {
    Some(shift_check::Store {
        id: store.id.as_deref()?,
        is_mapped: store.is_mapped,
    })
}

fn no_store(field: impl Into<String>) -> FieldError {
    FieldError::new(
        field,
        "is no store: create it first, with PUT /api/stores, or leave it out for any store",
    )
}

fn unknown_store(field: &str) -> Problem {
    Problem::invalid(vec![no_store(field)])
}
