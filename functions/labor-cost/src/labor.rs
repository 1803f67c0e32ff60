//! What a recipe, a prep list or tasks cost in labour.

use api::body::checked_name;
use api::costing::{LaborPrice, PriceLabor, PricedItem, UnknownRoles, WorkItem};
use api::query::is_id;
use api::{FieldError, Problem, ProblemKind};
use domain::access::Tenant;
use domain::labor_cost::{Hundredths, Price, TOLD_FROM, cents_of_work, percent};
use http::StatusCode;
use platform::{Context, Reply, freshness, problems};
use store::lists::{Kind, get};

use platform::labor_rates::{STREAMS, Today};

use crate::unknown;

const MAX_ITEMS: usize = 500;
const MAX_MINUTES: u32 = 100_000;
const MAX_BATCHES: u32 = 10_000;
const MAX_CENTS: i64 = 1_000_000_000_000;

pub async fn price(context: &Context) -> Result<Reply, Problem> {
    let tenant = context.tenant_of_query()?;
    let body: PriceLabor = context.json()?;
    let work = checked(&body)?;
    if let Some(location_id) = &work.location_id {
        location(context, &tenant, location_id).await?;
    }
    let today = Today::of(context, &tenant).await?;
    let items = priced(&body, &work, &today)?;
    let answer = LaborPrice {
        freshness: freshness::of_connected(context, &tenant, &STREAMS).await?,
        ..totals(&body, work.location_id, items)
    };
    Reply::json(StatusCode::OK, &answer)
}

/// The numbers of a request, read.
struct Work {
    /// Minutes and batches of each item.
    amounts: Vec<(Hundredths, Hundredths)>,
    location_id: Option<String>,
}

fn checked(body: &PriceLabor) -> Result<Work, Problem> {
    let mut errors = Vec::new();
    if body.items.is_empty() {
        errors.push(FieldError::new("/items", "must have at least one item"));
    } else if body.items.len() > MAX_ITEMS {
        let most = format!("must have at most {MAX_ITEMS} items: send more in several requests");
        errors.push(FieldError::new("/items", most));
    }
    let items = body.items.iter().take(MAX_ITEMS).enumerate();
    let amounts = items.map(|(index, item)| amounts(index, item, &mut errors));
    let amounts = amounts.collect();
    for (field, cents) in [
        ("/ingredient_cost_cents", body.ingredient_cost_cents),
        ("/menu_price_cents", body.menu_price_cents),
    ] {
        if cents.is_some_and(|cents| !(0..=MAX_CENTS).contains(&cents)) {
            errors.push(FieldError::new(
                field,
                "must be whole cents from 0 to 1,000,000,000,000",
            ));
        }
    }
    match &body.location_id {
        Some(id) if !is_id(id) => errors.push(FieldError::new(
            "/location_id",
            "must be an id (UUID) from /api/locations",
        )),
        None if body.unknown_roles == UnknownRoles::LocationAverage => {
            errors.push(FieldError::new(
                "/location_id",
                "is missing: say whose average is the price of unknown roles",
            ));
        }
        _ => {}
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    Ok(Work {
        amounts,
        location_id: body.location_id.as_deref().map(str::to_ascii_lowercase),
    })
}

fn amounts(
    index: usize,
    item: &WorkItem,
    errors: &mut Vec<FieldError>,
) -> (Hundredths, Hundredths) {
    let at = |member: &str| format!("/items/{index}/{member}");
    checked_name(&at("role"), &item.role, errors);
    if let Some(name) = &item.name {
        checked_name(&at("name"), name, errors);
    }
    let read = |number: &serde_json::Number| number.as_f64().and_then(Hundredths::parse);
    let minutes = read(&item.minutes).filter(|given| *given <= Hundredths::whole(MAX_MINUTES));
    if minutes.is_none() {
        errors.push(FieldError::new(
            at("minutes"),
            "must be a number from 0 to 100,000 with at most two decimals",
        ));
    }
    let batches = match &item.batches {
        Some(number) => read(number)
            .filter(|given| !given.is_zero() && *given <= Hundredths::whole(MAX_BATCHES)),
        None => Some(Hundredths::ONE),
    };
    if batches.is_none() {
        errors.push(FieldError::new(
            at("batches"),
            "must be a number from 0.01 to 10,000 with at most two decimals",
        ));
    }
    (
        minutes.unwrap_or(Hundredths::ONE),
        batches.unwrap_or(Hundredths::ONE),
    )
}

async fn location(context: &Context, tenant: &Tenant, location_id: &str) -> Result<(), Problem> {
    let found = get(&context.database, tenant, Kind::Location, location_id)
        .await
        .map_err(|error| problems::database(&error))?;
    match found {
        Some(_) => Ok(()),
        None => Err(unknown::location("/location_id")),
    }
}

/// Every item with its price, or every item that has none.
fn priced(body: &PriceLabor, work: &Work, today: &Today) -> Result<Vec<PricedItem>, Problem> {
    let view = today.view();
    let average = work
        .location_id
        .as_deref()
        .filter(|_| body.unknown_roles == UnknownRoles::LocationAverage);
    let (mut unknown, mut without_rate) = (Vec::new(), Vec::new());
    let mut items = Vec::new();
    for ((index, item), (minutes, batches)) in body.items.iter().enumerate().zip(&work.amounts) {
        let field = || format!("/items/{index}/role");
        let role = today.rates.find(item.role.trim());
        let own = role.and_then(|role| view.role(role));
        // A role that is withheld is not unknown: its price is the blended rate, or none.
        let is_withheld = role.is_some_and(|role| role.rate.is_some());
        let price = own.or_else(|| {
            let location_id = average.filter(|_| !is_withheld)?;
            view.location(location_id)
        });
        match (price, role) {
            (Some(price), _) => {
                let name = role.map_or(item.role.trim(), |role| &role.name);
                let Some(item) = item_at(price, item, name, (*minutes, *batches), today) else {
                    let why = "costs more than can be said: send fewer minutes or batches";
                    return Err(Problem::field(format!("/items/{index}/minutes"), why));
                };
                items.push(item);
            }
            (None, None) if average.is_none() => unknown.push(field()),
            (None, _) => without_rate.push(FieldError::new(
                field(),
                no_rate(is_withheld, average.is_some()),
            )),
        }
    }
    if !unknown.is_empty() {
        let remedy = "Send one of its roles, or `unknown_roles`: `location_average`";
        return Err(unknown::roles(unknown, &today.rates, remedy));
    }
    if !without_rate.is_empty() {
        return Err(Problem::fields(ProblemKind::NoLaborRate, without_rate));
    }
    Ok(items)
}

fn item_at(
    price: Price,
    item: &WorkItem,
    role: &str,
    (minutes, batches): (Hundredths, Hundredths),
    today: &Today,
) -> Option<PricedItem> {
    Some(PricedItem {
        name: item.name.clone(),
        role: role.to_owned(),
        minutes: item.minutes.clone(),
        batches: item.batches.clone().unwrap_or_else(|| 1.into()),
        rate_cents: price.cents,
        basis: price.basis.into(),
        head_count: price.head_count,
        rate_date: today.date.to_string(),
        cost_cents: cents_of_work(price.cents, minutes, batches)?,
    })
}

fn no_rate(is_withheld: bool, is_average_asked_for: bool) -> String {
    if is_withheld {
        format!(
            "has a rate that only callers with wages:read may see, for fewer than {TOLD_FROM} people of a connector are in it or it would give such a rate away; and no other rate may be seen that it could be priced by"
        )
    } else if is_average_asked_for {
        "cannot be priced: nobody at the location, or anywhere else, has a rate that may be seen"
            .to_owned()
    } else {
        "has no rate: nobody is paid by the hour for it. Send another role, or `unknown_roles`: `location_average`"
            .to_owned()
    }
}

fn totals(body: &PriceLabor, location_id: Option<String>, items: Vec<PricedItem>) -> LaborPrice {
    let labor = items
        .iter()
        .fold(0_i64, |sum, item| sum.saturating_add(item.cost_cents));
    let ingredients = body.ingredient_cost_cents;
    let total = ingredients.map(|ingredients| ingredients.saturating_add(labor));
    let of_price = |cents: Option<i64>| percent(cents?, body.menu_price_cents?);
    LaborPrice {
        kind: body.kind,
        location_id,
        labor_cost_cents: labor,
        ingredient_cost_cents: ingredients,
        menu_price_cents: body.menu_price_cents,
        total_cost_cents: total,
        labor_share_percent: total.and_then(|total| percent(labor, total)),
        food_cost_percent: of_price(ingredients),
        food_cost_with_labor_percent: of_price(total),
        items,
        freshness: api::freshness::Freshness::default(),
    }
}
