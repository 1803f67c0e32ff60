//! What the integrations did: as rows, as it happens, and counted.

use api::Problem;
use api::logs::{LogFiguresOfDay, LogFiguresOfType, LogStatistics};
use api::query::Query;
use api::routes::{LOG_STATUSES, LOG_TYPES};
use domain::log_statistics::{Counted, Statistics};
use domain::{Days, NaiveDate};
use http::StatusCode;
use platform::{Context, Reply, clock, lists, outbound, problems};
use store::lists::{self as rows, LogFilter};
use store::logs::{self, Span};

const MAX_WAIT_SECONDS: i64 = 25;
const LOOK_EVERY_MS: i64 = 500;
const MAX_DAYS: i64 = 366;
const DEFAULT_DAYS: u64 = 29;

pub async fn list(context: &Context) -> Result<Reply, Problem> {
    let asked = lists::Asked::parse(context, |query| {
        let filter = (
            query.id("connector_id"),
            query.one_of("event_type", LOG_TYPES),
            query.one_of("status", LOG_STATUSES),
            query.number("after", 0..=i64::MAX),
        );
        (filter, query.number("wait_s", 0..=MAX_WAIT_SECONDS))
    })?;
    let wait_ms = asked.filter.1.unwrap_or(0).saturating_mul(1_000);
    let until_ms = clock::now_ms().saturating_add(wait_ms);
    loop {
        let page = asked
            .page(context, |asked, paging| {
                let ((connector_id, event_type, status, after), _) = &asked.filter;
                let filter = LogFilter {
                    event_type: event_type.as_deref(),
                    status: status.as_deref(),
                    connector_id: connector_id.as_deref(),
                    after: *after,
                };
                rows::logs(&asked.tenant, &filter, paging)
            })
            .await?;
        let ((.., after), _) = &asked.filter;
        let left_ms = until_ms.saturating_sub(clock::now_ms());
        if page.count > 0 || after.is_none() || left_ms <= 0 {
            let body = asked.paging.page(&page.data_json, page.next.as_ref());
            return Ok(Reply::json_bytes(StatusCode::OK, body));
        }
        outbound::sleep_ms(left_ms.min(LOOK_EVERY_MS)).await;
    }
}

pub async fn statistics(context: &Context) -> Result<Reply, Problem> {
    let mut query = Query::parse(&context.query);
    let organization_id = query.id("organization_id");
    let connector_id = query.id("connector_id");
    let (from, to) = (query.date("from"), query.date("to"));
    query.finish()?;
    let tenant = context.tenant(organization_id.as_deref())?;
    let day = |text: Option<String>| text.and_then(|text| text.parse::<NaiveDate>().ok());
    let today =
        NaiveDate::from_epoch_days(i32::try_from(clock::now().div_euclid(86_400)).unwrap_or(0));
    let from = day(from);
    let to = day(to).or_else(|| today.max(from)).unwrap_or_default();
    let from = from
        .or_else(|| to.checked_sub_days(Days::new(DEFAULT_DAYS)))
        .unwrap_or_default();
    let days = to.signed_duration_since(from).num_days();
    if !(0..MAX_DAYS).contains(&days) {
        return Err(Problem::field(
            "from",
            format!(
                "must be the day of to or one of up to {} before it",
                MAX_DAYS - 1
            ),
        ));
    }
    let span = Span {
        from_day: i64::from(from.to_epoch_days()),
        to_day: i64::from(to.to_epoch_days()),
        connector_id: connector_id.as_deref(),
    };
    let counts = logs::counted(&context.database, &tenant, span)
        .await
        .map_err(|error| problems::database(&error))?;
    let figures = |counted: &[logs::Counted]| {
        Statistics::of(counted.iter().map(|one| Counted {
            up_to_ms: one.up_to_ms,
            total: one.total,
            failed: one.failed,
        }))
    };
    let by_day = counts.by_day.chunk_by(|one, next| one.of == next.of);
    let by_type = counts.by_type.chunk_by(|one, next| one.of == next.of);
    let answer = LogStatistics {
        from: from.to_string(),
        to: to.to_string(),
        all: figures(&counts.by_type).into(),
        by_type: by_type
            .filter_map(|of_type| {
                Some(LogFiguresOfType {
                    event_type: of_type.first()?.of.clone(),
                    figures: figures(of_type).into(),
                })
            })
            .collect(),
        by_day: by_day
            .filter_map(|of_day| {
                Some(LogFiguresOfDay {
                    date: of_day.first()?.of.clone(),
                    figures: figures(of_day).into(),
                })
            })
            .collect(),
    };
    Reply::json(StatusCode::OK, &answer)
}
