//! What a person sees before the provider's page, and in the end.

use api::connectors::ConsentOffered;
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use platform::Reply;

use crate::outcome::{Connected, Failed};

const STYLE: &str = "html{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:18vh auto 0;padding:0 1.5rem}\
h1{font-size:1.4rem;margin:0 0 .5rem}p,form{margin:.5rem 0;overflow-wrap:anywhere}.dim{opacity:.75;font-size:.9rem}\
button{font:inherit;font-weight:600;margin:.75rem 0;padding:.6rem 1.1rem;border:0;border-radius:.5rem;background:#1d4ed8;color:#fff;cursor:pointer}\
button:hover{background:#1e40af}button:focus-visible{outline:3px solid #93c5fd;outline-offset:2px}";

/// Goes on by a form, which nobody sends who only looks.
pub fn offered(offered: &ConsentOffered, ticket: &str) -> Reply {
    let (organization, provider) = (escaped(&offered.organization), escaped(&offered.provider));
    page(
        StatusCode::OK,
        &format!("Connect {provider}"),
        &format!(
            "<p><strong>{organization}</strong> asks for access to an account of {provider}, for its connection “{}”.</p>\
             <p>Go on only if you know {organization} and act for the account: {organization} gets whatever you then allow.</p>\
             <form method=\"post\" action=\"?ticket={}\"><button>Go on to {provider}</button></form>\
             <p class=\"dim\">The link is good once and for ten minutes. If you did not expect it, close this page: nothing was connected.</p>",
            escaped(&offered.connector),
            escaped(ticket),
        ),
    )
    // The form has to say that it comes from here; nobody else learns of the link.
    .header(REFERRER_POLICY, "same-origin")
}

pub fn connected(connected: &Connected) -> Reply {
    let test = match &connected.test {
        Some(test) if !test.success => {
            format!(
                "<p>The first look at it did not go well: {}</p>",
                escaped(&test.detail)
            )
        }
        _ => String::new(),
    };
    page(
        StatusCode::OK,
        "The account is connected",
        &format!(
            "<p>{} is connected now.</p>{test}<p class=\"dim\">You can close this page.</p>",
            escaped(&connected.name)
        ),
    )
}

pub fn failed(failed: &Failed) -> Reply {
    page(
        StatusCode::BAD_REQUEST,
        "The account is not connected",
        &format!(
            "<p>{}</p><p class=\"dim\">{}</p>",
            escaped(&failed.detail),
            escaped(&failed.code)
        ),
    )
}

fn page(status: StatusCode, title: &str, body: &str) -> Reply {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    );
    Reply::text(status, "text/html; charset=utf-8", html).header(
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    )
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
