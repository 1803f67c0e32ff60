//! How long a digest takes: answers with the nanoseconds of one HMAC-SHA256 of a body of so many bytes, the
//! mean of many.

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use spin_sdk::{
    http::{FullBody, Request, Response},
    http_service,
};

const TIMES: u32 = 2_000;

#[http_service]
async fn handle(request: Request) -> Response<FullBody<Bytes>> {
    let bytes = request.uri().path().rsplit('/').next().unwrap_or_default();
    let body = vec![b'x'; bytes.parse().expect("bytes")];
    let begun = Instant::now();
    for _ in 0..TIMES {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(b"a secret of 32 bytes, or of more").expect("a key");
        mac.update(black_box(&body));
        black_box(mac.finalize().into_bytes());
    }
    let nanoseconds = begun.elapsed().as_nanos() / u128::from(TIMES);
    Response::new(FullBody::new(Bytes::from(nanoseconds.to_string())))
}
