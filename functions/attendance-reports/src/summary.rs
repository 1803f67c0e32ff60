//! What attendance comes to: of each person at each location, or of each location.

use std::collections::{BTreeMap, HashMap};

use api::Problem;
use api::attendance::AttendanceSummary;
use api::days::DaysAsked;
use chrono::{Days, NaiveDate};
use domain::access::Scope;
use domain::labor_cost::{Basis, View, overtime_cents};
use domain::stream::Stream;
use platform::attendance::{Ruling, STREAMS, Sight};
use platform::labor_rates::Today;
use platform::table::{self, Table};
use platform::{Context, Reply, freshness, lists, problems};
use store::attendance::answers::{self, Asked, Names, Points, Sums};
use store::lists::Key;

const TABLE: Table<'_> = Table {
    name: "attendance-summary",
    columns: &[
        "employee_name",
        "location_name",
        "works",
        "on_time",
        "late_arrival",
        "early_departure",
        "no_show",
        "unscheduled",
        "overtime",
        "short_shift",
        "scheduled_minutes",
        "worked_minutes",
        "net_minutes",
        "works_not_compared",
        "late_minutes",
        "early_departure_minutes",
        "overtime_minutes",
        "short_shift_minutes",
        "overtime_cost_cents",
        "overtime_cost_basis",
        "points",
        "window_points",
        "team_member_id",
        "location_id",
    ],
};

/// A person, or nobody, at a location of a connector.
type Place = (String, String, String);

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        let days = DaysAsked::parse(query);
        let member = query.id("team_member_id");
        let location = query.id("location_id");
        let by = query.one_of("by", &["person", "location"]);
        (days, member, location, by, table::is_wanted(query))
    })?;
    let (days, member, location, by, is_table) = &asked.filter;
    let tenant = &asked.tenant;
    let sight = Sight::of(context, tenant).await?;
    sight.check(member.as_deref())?;
    let ruling = Ruling::of(&context.database, tenant).await?;
    let policy = ruling.policy()?;
    let span = days.span(ruling.today)?;
    let (from, to) = (span.from.to_string(), span.to.to_string());
    let wanted = Asked {
        from: &from,
        to: &to,
        team_member_id: member.as_deref(),
        location_id: location.as_deref(),
    };
    let failed = |error| problems::database(&error);
    let window_from = window(span.to, policy.rolling_window_days);
    let mut sums = answers::sums(&context.database, tenant, wanted)
        .await
        .map_err(failed)?;
    let mut points = answers::points(&context.database, tenant, wanted, &window_from)
        .await
        .map_err(failed)?;
    let by_location = matches!(sight, Sight::Own(_)) || by.as_deref() == Some("location");
    if let Sight::Own(own) = &sight {
        let places = answers::works_at(&context.database, tenant, own)
            .await
            .map_err(failed)?;
        let is_own = |connector: &str, location: Option<&str>| {
            places.iter().any(|place| {
                place.connector_id == connector
                    && Some(place.external_location_id.as_str()) == location
            })
        };
        sums.retain(|sum| is_own(&sum.connector_id, sum.external_location_id.as_deref()));
        points.clear();
    }
    let people: Vec<&str> = if by_location {
        Vec::new()
    } else {
        let ids = sums.iter().map(|sum| sum.team_member_id.as_str());
        ids.chain(points.iter().map(|one| one.team_member_id.as_str()))
            .collect()
    };
    let names = answers::names(&context.database, tenant, &people)
        .await
        .map_err(failed)?;
    let mut rows = add_up(&sums, &points, &names, by_location);
    let mut besides: &[Stream] = &[];
    if context.caller()?.may(Scope::CostingRead) {
        besides = &[Stream::Roles, Stream::Wages];
        let today = Today::of(context, tenant).await?;
        price(
            &mut rows,
            &sums,
            &names,
            &today.view(),
            policy.overtime_cost_percent,
            by_location,
        );
    }
    let freshness = freshness::of_decided(context, tenant, STREAMS, besides).await?;
    if *is_table {
        let rows: Vec<AttendanceSummary> = rows.into_iter().map(|(_, row)| row).collect();
        return TABLE.reply_with(&rows, &freshness);
    }
    let after = asked.paging.after()?.map(|key| key.id);
    let limit = usize::try_from(asked.paging.limit()).unwrap_or(usize::MAX);
    let mut page: Vec<(String, AttendanceSummary)> = rows
        .into_iter()
        .filter(|(key, _)| after.as_ref().is_none_or(|after| key > after))
        .take(limit.saturating_add(1))
        .collect();
    let has_more = page.len() > limit;
    page.truncate(limit);
    let next = page.last().filter(|_| has_more).map(|(key, _)| Key {
        order: 0,
        id: key.clone(),
    });
    let rows: Vec<AttendanceSummary> = page.into_iter().map(|(_, row)| row).collect();
    asked.paging.fresh_reply(&rows, next.as_ref(), &freshness)
}

/// The first day of the rolling window that ends on `to`.
fn window(to: NaiveDate, days: u32) -> String {
    let before = Days::new(u64::from(days.saturating_sub(1)));
    to.checked_sub_days(before).unwrap_or(to).to_string()
}

/// Puts the price of overtime to the rows that have some: at the rate of the role in which it was worked, as far as
/// the caller may be told of it.
fn price(
    rows: &mut [(String, AttendanceSummary)],
    sums: &[Sums],
    names: &Names,
    view: &View<'_>,
    percent: u32,
    by_location: bool,
) {
    let roles: HashMap<(&str, &str), &str> = names.roles.iter().map(by_external_id).collect();
    let locations: HashMap<(&str, &str), &str> =
        names.locations.iter().map(by_external_id).collect();
    let mut costs: HashMap<String, Option<(i64, bool)>> = HashMap::new();
    for sum in sums.iter().filter(|sum| sum.overtime_minutes > 0) {
        let id = |of: &HashMap<(&str, &str), &str>, external: Option<&str>| -> Option<String> {
            let id = of.get(&(sum.connector_id.as_str(), external?))?;
            Some((*id).to_owned())
        };
        let role = id(&roles, sum.external_role_id.as_deref());
        let location = id(&locations, sum.external_location_id.as_deref());
        let found = role.as_deref().and_then(|id| view.find(id));
        let price = view.work(found, location.as_deref()).and_then(|price| {
            let cents = overtime_cents(price.cents, sum.overtime_minutes, percent)?;
            Some((cents, price.basis == Basis::Role))
        });
        let member = if by_location {
            ""
        } else {
            sum.team_member_id.as_str()
        };
        let key = key(
            member,
            &sum.connector_id,
            sum.external_location_id.as_deref().unwrap_or_default(),
        );
        let cost = costs.entry(key).or_insert(Some((0, true)));
        // What has no price has none in all.
        *cost = match (*cost, price) {
            (Some((sum, is_role)), Some((cents, is_roles))) => {
                Some((sum.saturating_add(cents), is_role && is_roles))
            }
            _ => None,
        };
    }
    for (key, row) in rows {
        match costs.get(key.as_str()) {
            None => row.overtime_cost_cents = Some(0),
            Some(None) => {}
            Some(Some((cents, is_role))) => {
                let basis = if *is_role { "role" } else { "blended" };
                row.overtime_cost_cents = Some(*cents);
                row.overtime_cost_basis = Some(basis.to_owned());
            }
        }
    }
}

fn by_external_id(place: &answers::PlaceName) -> ((&str, &str), &str) {
    ((&place.connector_id, &place.external_id), &place.id)
}

/// Of a row; nobody's is a location's.
fn key(member: &str, connector: &str, location: &str) -> String {
    format!("{member}|{connector}|{location}")
}

/// The rows, in the order of their keys: by person and location.
fn add_up(
    sums: &[Sums],
    points: &[Points],
    names: &Names,
    by_location: bool,
) -> Vec<(String, AttendanceSummary)> {
    let mut rows: BTreeMap<Place, AttendanceSummary> = BTreeMap::new();
    let place = |member: &str, connector: &str, location: Option<&str>| {
        let member = if by_location { "" } else { member };
        (
            member.to_owned(),
            connector.to_owned(),
            location.unwrap_or_default().to_owned(),
        )
    };
    for sum in sums {
        let key = place(
            &sum.team_member_id,
            &sum.connector_id,
            sum.external_location_id.as_deref(),
        );
        let row = rows.entry(key).or_default();
        let add = |slot: &mut i64, value: i64| *slot = slot.saturating_add(value);
        add(&mut row.works, sum.works);
        add(&mut row.on_time, sum.on_time);
        add(&mut row.late_arrival, sum.late_arrival);
        add(&mut row.early_departure, sum.early_departure);
        add(&mut row.no_show, sum.no_show);
        add(&mut row.unscheduled, sum.unscheduled);
        add(&mut row.overtime, sum.overtime);
        add(&mut row.short_shift, sum.short_shift);
        add(&mut row.scheduled_minutes, sum.scheduled_minutes);
        add(&mut row.worked_minutes, sum.worked_minutes);
        add(&mut row.net_minutes, sum.net_minutes);
        add(&mut row.works_not_compared, sum.works_not_compared);
        add(&mut row.late_minutes, sum.late_minutes);
        add(
            &mut row.early_departure_minutes,
            sum.early_departure_minutes,
        );
        add(&mut row.short_shift_minutes, sum.short_shift_minutes);
        add(&mut row.overtime_minutes, sum.overtime_minutes);
    }
    for one in points {
        let key = place(
            &one.team_member_id,
            &one.connector_id,
            one.external_location_id.as_deref(),
        );
        let row = rows.entry(key).or_default();
        row.points = Some(row.points.unwrap_or(0).saturating_add(one.points));
        row.window_points = Some(
            row.window_points
                .unwrap_or(0)
                .saturating_add(one.window_points),
        );
    }
    let people: HashMap<&str, Option<&str>> = names
        .people
        .iter()
        .map(|person| (person.id.as_str(), person.name.as_deref()))
        .collect();
    let locations: HashMap<(&str, &str), (&str, &str)> = names
        .locations
        .iter()
        .map(|place| {
            let key = (place.connector_id.as_str(), place.external_id.as_str());
            (key, (place.id.as_str(), place.name.as_str()))
        })
        .collect();
    rows.into_iter()
        .map(|((member, connector, location), mut row)| {
            if !by_location {
                row.employee_name = people
                    .get(member.as_str())
                    .copied()
                    .flatten()
                    .map(str::to_owned);
                row.team_member_id = Some(member.clone());
                row.points = row.points.or(Some(0));
                row.window_points = row.window_points.or(Some(0));
            }
            if let Some((id, name)) = locations.get(&(connector.as_str(), location.as_str())) {
                row.location_id = Some((*id).to_owned());
                row.location_name = Some((*name).to_owned());
            }
            (key(&member, &connector, &location), row)
        })
        .collect()
}
