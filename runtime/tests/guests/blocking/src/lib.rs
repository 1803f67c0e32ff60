//! A component of WASI 0.2: it knows nothing of async, and waits by blocking.

use std::{io::Write, time::Duration};

use wasip2::http::{
    outgoing_handler,
    types::{
        Fields, IncomingRequest, OutgoingBody, OutgoingRequest, OutgoingResponse, ResponseOutparam,
        Scheme,
    },
};

wasip2::http::proxy::export!(Guest);

struct Guest;

impl wasip2::exports::http::incoming_handler::Guest for Guest {
    fn handle(request: IncomingRequest, answer: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let text = match path.strip_prefix("/blocking/") {
            Some("sleep") => {
                std::thread::sleep(Duration::from_secs(60));
                "slept".to_owned()
            }
            // `call/<authority>/<path>`
            Some(rest) => match rest
                .strip_prefix("call/")
                .and_then(|rest| rest.split_once('/'))
            {
                Some((authority, path)) => call(authority, path),
                None => "hello".to_owned(),
            },
            None => "hello".to_owned(),
        };
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().expect("a body");
        ResponseOutparam::set(answer, Ok(response));
        let mut stream = body.write().expect("a stream");
        stream.write_all(text.as_bytes()).expect("a write");
        drop(stream);
        OutgoingBody::finish(body, None).expect("an end");
    }
}

fn call(authority: &str, path: &str) -> String {
    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&Scheme::Http)).expect("a scheme");
    request
        .set_authority(Some(authority))
        .expect("an authority");
    request
        .set_path_with_query(Some(&format!("/{path}")))
        .expect("a path");
    let pending = match outgoing_handler::handle(request, None) {
        Ok(pending) => pending,
        Err(error) => return format!("{error:?}"),
    };
    pending.subscribe().block();
    match pending.get() {
        Some(Ok(Ok(response))) => response.status().to_string(),
        other => format!(
            "{:?}",
            other.map(|result| result.map(|result| result.map(drop)))
        ),
    }
}
