//! The rate budget over a long backfill.

use api::routes::SEVEN_SHIFTS_STREAMS;
use http::StatusCode;
use simulators::seven_shifts::{demo_data, scale};
use whole_system::{Account, App, Settings, now};

use super::mirror;

const SCALE: Account = Account {
    company_id: 4900,
    token: "sim7s_scale_1",
    zone: "America/Toronto",
};
const PUNCHES: usize = 15_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_long_backfill_uses_its_budget_and_never_goes_over() {
    let accounts = demo_data(1, now()).with(scale(PUNCHES, now()));
    let app = App::start_with(Settings::default(), accounts).await;
    let (organization, _) = app.synced("Scale", SCALE.by_day()).await;
    let requests = app.simulator.requests();
    assert!(
        requests.iter().all(|request| request.status == Some(200)),
        "nothing was refused"
    );
    assert!(app.simulator.peak_requests_in_a_second(None) <= 10);
    let pages: Vec<_> = requests
        .iter()
        .filter(|request| request.path.ends_with("/time_punches"))
        .map(|request| request.at_ms)
        .collect();
    assert_eq!(pages.len(), PUNCHES / 500);
    let span_ms = pages.last().expect("pages") - pages[0];
    let rate = (pages.len() - 1) as f64 * 1_000.0 / span_ms as f64;
    assert!(rate >= 9.5, "{rate:.2} requests a second of 10");
    let runs = app.runs(&organization.key).await;
    assert_eq!(runs["time_punches"]["created"], PUNCHES);
    // A tick ends after thirty seconds; what it did not come to is the next one's.
    for _ in 0..20 {
        let runs = app.runs(&organization.key).await;
        if runs.len() == SEVEN_SHIFTS_STREAMS.len()
            && runs.values().all(|run| run["status"] != "running")
        {
            break;
        }
        app.tick().await.expect(StatusCode::OK);
    }
    mirror::assert_account_equal(&app, &organization, SCALE.company_id).await;
}
