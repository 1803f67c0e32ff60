//! What proves a webhook, in a function: the digest of its body.

use bytes::Bytes;
use http::Request;

use crate::guests;
use crate::table::{Mark, Measured, Row};

pub const ROWS: &[Row] = &[Row {
    id: "hmac",
    what: "HMAC-SHA256 of a body of 4 KiB, in a function",
    unit: "\u{b5}s",
    mark: Mark::Below(25.0),
}];

const ROUNDS: usize = 7;

pub async fn measure() -> anyhow::Result<Vec<Measured>> {
    let guests = guests::built(&["digest-guest"]).await?;
    let (functions, _folder) = guests::start(&guests, &["digest"])?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let request = Request::get("http://bench.example/digest/4096").body(Bytes::new())?;
        let answer = functions.handle(request).await;
        anyhow::ensure!(answer.status().is_success(), "{}", answer.status());
        let body = answer.into_body();
        rounds.push(std::str::from_utf8(&body)?.parse::<f64>()? / 1e3);
    }
    rounds.sort_unstable_by(f64::total_cmp);
    Ok(vec![Measured::new("hmac", rounds[ROUNDS / 2])])
}
