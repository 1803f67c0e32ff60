//! Everything a guest can do wrong.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use spin_sdk::{
    http::{Request, Response},
    http_service,
};

#[http_service]
async fn handle(request: Request) -> Result<Response<Full<Bytes>>, String> {
    let path = request.uri().path().to_owned();
    if ["/trap", "/loop", "/memory"]
        .iter()
        .any(|end| path.ends_with(end))
    {
        // Neighbours may arrive first.
        spin_sdk::time::sleep(Duration::from_millis(200)).await;
    }
    if path.ends_with("/trap") {
        std::process::abort();
    }
    if path.ends_with("/loop") {
        let mut number = 1_u64;
        loop {
            number = std::hint::black_box(number.wrapping_mul(3));
        }
    }
    if path.ends_with("/memory") {
        let mut hoard = Vec::new();
        loop {
            hoard.push(std::hint::black_box(vec![1_u8; 1 << 20]));
        }
    }
    if path.ends_with("/fail") {
        return Err("deliberately".to_owned());
    }
    if path.ends_with("/wait") {
        spin_sdk::time::sleep(Duration::from_secs(3600)).await;
    }
    if path.ends_with("/neighbour") {
        spin_sdk::time::sleep(Duration::from_millis(800)).await;
    }
    Ok(Response::new(Full::new(Bytes::from_static(
        b"well-behaved",
    ))))
}
