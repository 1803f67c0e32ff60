//! Answers with what it sees of the request, its clocks and its randomness.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http_body_util::BodyExt;
use spin_sdk::{
    http::{FullBody, HeaderMap, Request, Response},
    http_service,
};

#[http_service]
async fn handle(request: Request) -> Response<FullBody<Bytes>> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let path = path.strip_prefix("/hello").unwrap_or(path).to_owned();
    let argument = path.rsplit('/').next().unwrap_or_default();
    if path.starts_with("/headers") {
        return text(headers(&parts.headers));
    }
    if path.starts_with("/echo") {
        return match body.collect().await {
            Ok(body) => Response::new(FullBody::new(body.to_bytes())),
            Err(error) => text(format!("the body failed: {error:?}")),
        };
    }
    if path.starts_with("/sleep") {
        let seconds = argument.parse().expect("seconds");
        spin_sdk::time::sleep(Duration::from_secs(seconds)).await;
        return text(format!("{}", wall()));
    }
    if path.starts_with("/clock") {
        return text(format!("{}", wall()));
    }
    if path.starts_with("/large") {
        let bytes = argument.parse().expect("bytes");
        return Response::new(FullBody::new(Bytes::from(vec![b'x'; bytes])));
    }
    if path.starts_with("/random") {
        // A map's order hangs on the seed of its keys.
        let map: HashMap<u8, ()> = (0..32).map(|key| (key, ())).collect();
        let order: Vec<u8> = map.into_keys().collect();
        let secure = spin_sdk::wasip3::random::random::get_random_u64();
        let insecure = spin_sdk::wasip3::random::insecure::get_insecure_random_u64();
        return text(format!("{secure} {insecure} {order:?}"));
    }
    if path.starts_with("/variable") {
        return text(match spin_sdk::variables::get(argument).await {
            Ok(value) => value,
            Err(error) => format!("{error:?}"),
        });
    }
    if path.starts_with("/environment") {
        return text(std::env::var("GREETING").unwrap_or_default());
    }
    if path.starts_with("/print") {
        println!("printed {argument}");
        return text(String::new());
    }
    text("hello".to_owned())
}

fn wall() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs()
}

fn headers(headers: &HeaderMap) -> String {
    headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
        .collect()
}

fn text(text: String) -> Response<FullBody<Bytes>> {
    Response::new(FullBody::new(Bytes::from(text)))
}
