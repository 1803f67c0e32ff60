//! Fired by the cron trigger: posts the tick to the scheduler, and nothing else.
//!
//! The cron trigger offers WASI 0.2 only, and no service chaining, so the tick goes out over
//! ordinary HTTP. Whether it arrived does not matter to anybody but the log: the next tick does
//! the same.

// What wit-bindgen generates does not keep the workspace's lints.
#[allow(
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    unused_qualifications,
    reason = "generated"
)]
mod bindings {
    wit_bindgen::generate!({
        world: "cron-tick",
        path: "wit",
        generate_all,
    });

    use super::Tick;
    export!(Tick);
}

use bindings::spin::cron::cron_types::{Error, Metadata};
use bindings::spin::variables::variables;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{Fields, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme};

/// A tick may run for as long as the scheduler's own budget and its last call.
const TIMEOUT_NANOSECONDS: u64 = 90_000_000_000;

struct Tick;

impl bindings::Guest for Tick {
    async fn handle_cron_event(_metadata: Metadata) -> Result<(), Error> {
        let url = variable("tick_url").await?;
        let token = variable("internal_token").await?;
        post(&url, &token).map_err(Error::Other)
    }
}

async fn variable(name: &str) -> Result<String, Error> {
    variables::get(name.to_owned())
        .await
        .map_err(|error| Error::Other(format!("the variable {name} cannot be read: {error}")))
}

fn post(url: &str, token: &str) -> Result<(), String> {
    let (scheme, rest) = match url.split_once("://") {
        Some(("https", rest)) => (Scheme::Https, rest),
        Some(("http", rest)) => (Scheme::Http, rest),
        _ => return Err("the variable tick_url must begin with http:// or https://".to_owned()),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let headers = Fields::new();
    let bearer = format!("Bearer {token}");
    for (name, value) in [
        ("authorization", bearer.as_bytes()),
        ("content-length", b"0".as_slice()),
    ] {
        headers
            .append(name, value)
            .map_err(|error| format!("{name}: {error}"))?;
    }
    let request = OutgoingRequest::new(headers);
    request
        .set_method(&Method::Post)
        .map_err(|()| "the method was refused")?;
    request
        .set_scheme(Some(&scheme))
        .map_err(|()| "the scheme was refused")?;
    request
        .set_authority(Some(authority))
        .map_err(|()| "the host of tick_url was refused")?;
    request
        .set_path_with_query(Some(&format!("/{path}")))
        .map_err(|()| "the path of tick_url was refused")?;
    let body = request.body().map_err(|()| "no body")?;
    OutgoingBody::finish(body, None).map_err(|error| error.to_string())?;
    let options = RequestOptions::new();
    // Where a host does not take one of these, its own limit holds.
    let _ = options.set_first_byte_timeout(Some(TIMEOUT_NANOSECONDS));
    let _ = options.set_between_bytes_timeout(Some(TIMEOUT_NANOSECONDS));
    let answer = handle(request, Some(options)).map_err(|error| error.to_string())?;
    answer.subscribe().block();
    let answer = answer
        .get()
        .ok_or("no answer")?
        .map_err(|()| "the answer was taken")?
        .map_err(|error| format!("the tick did not arrive: {error}"))?;
    match answer.status() {
        200..300 => Ok(()),
        status => Err(format!("the tick was answered with status {status}")),
    }
}
