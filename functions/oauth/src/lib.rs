//! Connecting an account by its owner's consent: says who asks, sends the browser to the provider, and takes it back.
//!
//! OAuth 2.0 authorization code (RFC 6749 section 4.1) with PKCE S256 (RFC 7636). The link, the state and the code are good
//! once and for ten minutes, and the browser that comes back has to be the one that was sent (RFC 9700 section 4.7).

mod cookie;
mod end;
mod offer;
mod outcome;
mod page;
mod start;

use api::Operation;
use platform::{Answer, Context, serve};
use spin_sdk::http::Request;
use spin_sdk::http_service;

#[http_service]
async fn handle(request: Request) -> Answer {
    serve(
        api::served!("oauth"),
        request,
        async |context: Context| match context.operation {
            Operation::OfferConsent => offer::offer(&context).await,
            Operation::StartConsent => start::start(&context).await,
            _ => end::end(&context).await,
        },
    )
    .await
}
