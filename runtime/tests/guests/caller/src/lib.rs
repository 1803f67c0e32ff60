//! Calls the URLs in its body, all at the same time, and reports what came back.

use bytes::Bytes;
use http_body_util::BodyExt;
use spin_sdk::{
    http::{FullBody, Request, Response},
    http_service,
};

#[http_service]
async fn handle(request: Request) -> Response<FullBody<Bytes>> {
    let path = request.uri().path().to_owned();
    if path.ends_with("/deep") {
        // Calls itself, for as long as it may.
        return answer(call("http://caller.spin.internal/deep").await);
    }
    let body = request
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    let urls = String::from_utf8(body.to_vec()).expect("text");
    let calls = urls.lines().map(call);
    let results = futures::future::join_all(calls).await;
    answer(results.join("\n"))
}

async fn call(url: &str) -> String {
    match spin_sdk::http::get(url).await {
        Ok(response) => {
            let status = response.status().as_u16();
            match response.into_body().collect().await {
                Ok(body) => format!("{status} {}", String::from_utf8_lossy(&body.to_bytes())),
                Err(error) => format!("{status} and then {error:?}"),
            }
        }
        Err(error) => format!("{error:?}"),
    }
}

fn answer(text: String) -> Response<FullBody<Bytes>> {
    Response::new(FullBody::new(Bytes::from(text)))
}
