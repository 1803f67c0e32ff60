//! The cookie by which a browser that comes back is known: one for each flow, so that several can be open.

use http::HeaderMap;
use http::header::COOKIE;
use platform::oauth::CALLBACK_PATH;
use platform::public_url::PublicUrl;
use store::oauth_flows::FLOW_SECONDS;

fn name(flow_id: &str) -> String {
    format!("patchbay_oauth_{flow_id}")
}

/// Sent back with the provider's redirect, which is a navigation from another site: hence `Lax`.
pub fn set(flow_id: &str, value: &str, public_url: &PublicUrl) -> String {
    written(flow_id, value, FLOW_SECONDS, public_url)
}

/// Removes it.
pub fn forget(flow_id: &str, public_url: &PublicUrl) -> String {
    written(flow_id, "", 0, public_url)
}

fn written(flow_id: &str, value: &str, seconds: i64, public_url: &PublicUrl) -> String {
    let name = name(flow_id);
    let path = format!("{}{CALLBACK_PATH}", public_url.path());
    // Plain http is for this machine only.
    let secure = if public_url.as_str().starts_with("https:") {
        "; Secure"
    } else {
        ""
    };
    format!("{name}={value}; Max-Age={seconds}; Path={path}; HttpOnly; SameSite=Lax{secure}")
}

/// The value that the browser has for a flow.
pub fn of<'h>(headers: &'h HeaderMap, flow_id: &str) -> Option<&'h str> {
    let name = name(flow_id);
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}
