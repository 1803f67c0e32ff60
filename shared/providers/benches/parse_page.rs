//! How long a page of 500 punches takes to read: `cargo bench -p providers`.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Response;
use providers::seven_shifts::{Client, Credential, DEFAULT_BASE_URL, TimePunchesQuery};
use providers::{Call, Page, ProviderError};

const ROWS: usize = 500;
const ROUNDS: usize = 200;

fn main() -> Result<(), ProviderError> {
    let call = Client::new(DEFAULT_BASE_URL, Credential::access_token("token")?)?
        .company(4410)?
        .time_punches(&TimePunchesQuery::default())?;
    let good = page(|_| "0");
    // One record that JSON itself cannot hold sends the whole page the slow way.
    let damaged = page(|row| if row == 250 { "1e400" } else { "0" });
    for (name, body, rows) in [("good", good, ROWS), ("quarantine", damaged, ROWS - 1)] {
        let kib = body.len() / 1024;
        let median = median(&call, &Response::new(Bytes::from(body)), rows)?;
        println!("{name}: {ROWS} punches, {kib} KiB, median {median:?}");
    }
    Ok(())
}

fn page(tips: impl Fn(usize) -> &'static str) -> String {
    let rows: Vec<String> = (0..ROWS)
        .map(|row| {
            let (id, tips) = (720_000 + row, tips(row));
            format!(
                r#"{{"id":{id},"company_id":4410,"shift_id":910001,"user_id":881002,"editable_punch":true,"role_id":7701,"location_id":5501,"department_id":6601,"hourly_wage":1800,"approved":false,"clocked_in":"2026-03-14T22:12:00+00:00","clocked_out":"2026-03-15T05:31:00+00:00","notes":"","auto_clocked_out":false,"clocked_in_offline":false,"clocked_out_offline":false,"tips":{tips},"created":"2026-03-14T22:12:04+00:00","modified":"2026-03-15T01:30:20+00:00","deleted":false,"pos_type":"web","breaks":[{{"id":55001,"user_id":881002,"custom_break_id":0,"paid":false,"in":"2026-03-15T01:00:00+00:00","out":"2026-03-15T01:30:00+00:00","deleted":false}}]}}"#
            )
        })
        .collect();
    format!(
        r#"{{"data":[{}],"meta":{{"cursor":{{"next":"eyJpZCI6OTEwMDAxfQ=="}}}},"object":"time_punches"}}"#,
        rows.join(",")
    )
}

fn median<T>(
    call: &Call<Page<T>>,
    response: &Response<Bytes>,
    rows: usize,
) -> Result<Duration, ProviderError> {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let page = call.reply.read(response, 0)?;
        times.push(started.elapsed());
        assert_eq!(page.rows.len(), rows);
    }
    times.sort();
    Ok(times.get(ROUNDS / 2).copied().unwrap_or_default())
}
