//! Scheduled against actual labour cost, by local day, location and role.

use std::collections::BTreeMap;

use api::Problem;
use api::costing::{DailyLaborCost, DailyLaborItem, LaborFigures};
use domain::labor_cost::{DayOfPost, Post, Workday, by_day, cents_of_seconds, workdays};
use domain::place_name::folded;
use domain::stream::Stream;
use domain::zone::Zone;
use domain::{Days, NaiveDate};
use platform::{Context, Reply, freshness, lists, problems};
use store::labor_cost::{self, Location};
use store::lists::Key;

use platform::labor_rates::Today;

use crate::unknown;

const MAX_DAYS: u64 = 93;
const DEFAULT_DAYS: u64 = 6;

/// What the answer rests on.
const STREAMS: [Stream; 6] = [
    Stream::Roles,
    Stream::Users,
    Stream::Wages,
    Stream::Assignments,
    Stream::Shifts,
    Stream::TimePunches,
];

/// Days on which nothing was planned or worked are left out.
pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        let span = (query.date("from"), query.date("to"));
        (span, query.id("location_id"), query.text("role"))
    })?;
    let ((from, to), location_id, role) = &asked.filter;
    let after = asked.paging.after()?;
    let today = Today::of(context, &asked.tenant).await?;
    let (from, to) = span(from.as_deref(), to.as_deref(), today.date)?;
    // A page begins on the day after the last one of the page before.
    let first = after
        .and_then(|key| NaiveDate::from_epoch_days(i32::try_from(key.order).ok()?))
        .and_then(|last| last.checked_add_days(Days::new(1)))
        .map_or(from, |next| next.max(from));
    let database = |error| problems::database(&error);
    let known = labor_cost::places(&context.database, &asked.tenant)
        .await
        .map_err(database)?;
    let places = Places::of(&known.locations, today.zone);
    if let Some(location_id) = location_id {
        places.check(location_id)?;
    }
    let role = match role {
        Some(role) => Some(folded_name(role, &known.roles, &today)?),
        None => None,
    };
    let days = places.days(first, to);
    let bounds: Vec<_> = days.iter().map(|(_, day)| (day.from, day.to)).collect();
    let worked = labor_cost::worked(
        &context.database,
        &asked.tenant,
        &bounds,
        location_id.as_deref(),
    )
    .await
    .map_err(database)?;
    let freshness = freshness::of(context, &asked.tenant, &STREAMS).await?;
    let mut found = by_day(&worked, &days, |location_id| places.zone(location_id));
    if let Some(role) = role {
        for posts in found.values_mut() {
            posts.retain(|post, _| post.role.as_ref() == Some(&role));
        }
        found.retain(|_, posts| !posts.is_empty());
    }
    let limit = usize::try_from(asked.paging.limit()).unwrap_or(usize::MAX);
    let has_more = found.len() > limit;
    let rows: Vec<_> = found
        .into_iter()
        .take(limit)
        .map(|(date, posts)| row(date, posts, &places, &today))
        .collect();
    let last = rows
        .last()
        .and_then(|row| row.date.parse::<NaiveDate>().ok());
    let next = last.filter(|_| has_more).map(|date| Key {
        order: i64::from(date.to_epoch_days()),
        id: String::new(),
    });
    asked.paging.fresh_reply(&rows, next.as_ref(), &freshness)
}

/// The role of a name or an id, deleted or not.
fn folded_name(asked: &str, roles: &[(String, String)], today: &Today) -> Result<String, Problem> {
    let wanted = folded(asked);
    let mut names = roles.iter();
    let found = names.find_map(|(id, name)| {
        let name = folded(name);
        (name == wanted || id.eq_ignore_ascii_case(asked)).then_some(name)
    });
    found.ok_or_else(|| unknown::roles(vec!["role".to_owned()], &today.rates, "Send one of them"))
}

fn span(
    from: Option<&str>,
    to: Option<&str>,
    today: NaiveDate,
) -> Result<(NaiveDate, NaiveDate), Problem> {
    let day = |text: Option<&str>| text.and_then(|text| text.parse::<NaiveDate>().ok());
    let from = day(from);
    let last_of = |from: NaiveDate| from.checked_add_days(Days::new(MAX_DAYS - 1));
    let to = day(to).unwrap_or_else(|| match from {
        Some(from) => last_of(from).map_or(from, |last| last.min(today).max(from)),
        None => today,
    });
    let from = from
        .or_else(|| to.checked_sub_days(Days::new(DEFAULT_DAYS)))
        .unwrap_or(to);
    let days = to.signed_duration_since(from).num_days();
    if u64::try_from(days).is_ok_and(|days| days < MAX_DAYS) {
        return Ok((from, to));
    }
    Err(Problem::field(
        "from",
        format!(
            "must not be after `to`, nor more than {} days before it",
            MAX_DAYS - 1
        ),
    ))
}

/// The locations, and what time it is there.
struct Places<'a> {
    by_id: BTreeMap<&'a str, (&'a Location, Zone)>,
    /// Of the organization: of locations without one that is known, and of what is nowhere.
    zone: Zone,
}

impl<'a> Places<'a> {
    fn of(locations: &'a [Location], zone: Zone) -> Self {
        let zone_of = |location: &Location| {
            let own = location.time_zone.as_deref();
            own.and_then(|name| Zone::parse(name).ok()).unwrap_or(zone)
        };
        let with_zones = locations
            .iter()
            .map(|location| (location.id.as_str(), (location, zone_of(location))));
        Self {
            by_id: with_zones.collect(),
            zone,
        }
    }

    /// The days of every zone that there is.
    fn days(&self, from: NaiveDate, to: NaiveDate) -> Vec<(Zone, Workday)> {
        let zones: BTreeMap<_, _> = self
            .by_id
            .values()
            .map(|(_, zone)| *zone)
            .chain([self.zone])
            .map(|zone| (zone.name(), zone))
            .collect();
        let zones = zones.into_values();
        zones
            .flat_map(|zone| workdays(zone, from, to).map(move |day| (zone, day)))
            .collect()
    }

    fn zone(&self, location_id: Option<&str>) -> Zone {
        location_id
            .and_then(|id| self.by_id.get(id))
            .map_or(self.zone, |(_, zone)| *zone)
    }

    fn check(&self, location_id: &str) -> Result<(), Problem> {
        if self.by_id.contains_key(location_id) {
            return Ok(());
        }
        Err(unknown::location("location_id"))
    }

    fn name(&self, location_id: &str) -> Option<&'a str> {
        let (location, _) = self.by_id.get(location_id)?;
        Some(&location.name)
    }
}

fn row(
    date: NaiveDate,
    posts: BTreeMap<Post, DayOfPost>,
    places: &Places<'_>,
    today: &Today,
) -> DailyLaborCost {
    let mut items: Vec<_> = posts
        .into_iter()
        .map(|(post, day)| item(post, day, places, today))
        .collect();
    items.sort_by(|one, other| {
        (&one.location_name, &one.location_id, &one.role).cmp(&(
            &other.location_name,
            &other.location_id,
            &other.role,
        ))
    });
    summed(date, items)
}

fn item(post: Post, day: DayOfPost, places: &Places<'_>, today: &Today) -> DailyLaborItem {
    let role = post.role.as_deref().and_then(|name| today.rates.find(name));
    let price = today.view().work(role, post.location_id.as_deref());
    let cost = |seconds| price.and_then(|price| cents_of_seconds(price.cents, seconds));
    let location_name = post.location_id.as_deref().and_then(|id| places.name(id));
    DailyLaborItem {
        location_name: location_name.map(str::to_owned),
        location_id: post.location_id,
        role: role.map(|role| role.name.clone()).or(day.role_name),
        rate_cents: price.map(|price| price.cents),
        basis: price.map(|price| price.basis.into()),
        figures: LaborFigures {
            scheduled_minutes: minutes(day.scheduled_seconds),
            actual_minutes: minutes(day.actual_seconds),
            scheduled_cost_cents: cost(day.scheduled_seconds),
            actual_cost_cents: cost(day.actual_seconds),
            shifts_until_close: day.shifts_until_close,
            running_punches: day.running_punches,
        },
    }
}

/// As the lists of shifts and punches have it.
const fn minutes(seconds: i64) -> i64 {
    (seconds + 30).div_euclid(60)
}

/// A day is the sum of its items, as they are told.
fn summed(date: NaiveDate, items: Vec<DailyLaborItem>) -> DailyLaborCost {
    let mut day = DailyLaborCost {
        date: date.to_string(),
        total: LaborFigures::default(),
        unpriced_scheduled_minutes: 0,
        unpriced_actual_minutes: 0,
        items,
    };
    let add = |sum: &mut Option<i64>, cents: Option<i64>| {
        if let Some(cents) = cents {
            *sum = Some(sum.unwrap_or(0).saturating_add(cents));
        }
    };
    for item in &day.items {
        let (total, figures) = (&mut day.total, &item.figures);
        total.scheduled_minutes += figures.scheduled_minutes;
        total.actual_minutes += figures.actual_minutes;
        total.shifts_until_close += figures.shifts_until_close;
        total.running_punches += figures.running_punches;
        add(
            &mut total.scheduled_cost_cents,
            figures.scheduled_cost_cents,
        );
        add(&mut total.actual_cost_cents, figures.actual_cost_cents);
        if item.rate_cents.is_none() {
            day.unpriced_scheduled_minutes += figures.scheduled_minutes;
            day.unpriced_actual_minutes += figures.actual_minutes;
        }
    }
    day
}
