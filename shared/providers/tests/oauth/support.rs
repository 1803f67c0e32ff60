//! A client of a server, and its answers.

use bytes::Bytes;
use http::Response;
use providers::Secret;
use providers::oauth::{Client, ClientAuth, Registration, TokenCall, Verifier};

pub const RECEIVED_AT: i64 = 784_111_777;
pub const CLIENT_SECRET: &str = "hunter2/+ é";
pub const REDIRECT_URI: &str = "https://patchbay.example.com/auth/callback?a=1";
/// RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub fn registration(client_auth: ClientAuth) -> Registration<'static> {
    Registration {
        authorize_url: "https://id.example.com/oauth2/authorize",
        token_url: "https://id.example.com/oauth2/token",
        client_id: "patch bay",
        client_secret: CLIENT_SECRET,
        client_auth,
    }
}

pub fn client(client_auth: ClientAuth) -> Client {
    Client::new(&registration(client_auth)).unwrap()
}

pub fn verifier() -> Verifier {
    Verifier::parse(VERIFIER).unwrap()
}

pub fn exchange() -> TokenCall {
    client(ClientAuth::Body)
        .exchange(&Secret::new("code/+1"), &verifier(), REDIRECT_URI)
        .unwrap()
}

pub fn refresh() -> TokenCall {
    client(ClientAuth::Body)
        .refresh(&Secret::new("old/r+1"))
        .unwrap()
}

pub fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap()
}
