//! The token endpoint: assertions in, tokens out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::answer::{Refusal, token_refusal};
use super::model::{Enterprise, Token};
use super::settings::Settings;
use crate::control;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const AUDIENCE: &str = "https://api.box.com/oauth2/token";
const MAX_LIFE_S: i64 = 60;

/// A word and its explanation.
type Failure = (&'static str, &'static str);

pub fn answer(
    enterprise: &mut Enterprise,
    request: &Request<Bytes>,
    settings: &Settings,
    now: i64,
) -> Response<Bytes> {
    if request.method() != Method::POST {
        return Refusal::new(405, "method_not_allowed").into_response();
    }
    match grant(enterprise, request.body(), now) {
        Ok((client_id, user)) => {
            enterprise.tokens_made += 1;
            let token = format!("simbox{:026}", enterprise.tokens_made);
            enterprise.tokens.insert(
                token.clone(),
                Token {
                    user,
                    client_id,
                    expires_at: now.saturating_add(i64::from(settings.token_life_s)),
                },
            );
            control::json(
                StatusCode::OK,
                &json!({
                    "access_token": token,
                    "expires_in": settings.token_life_s,
                    "restricted_to": [],
                    "token_type": "bearer",
                }),
            )
        }
        Err((code, description)) => token_refusal(code, description),
    }
}

/// Who asks, and whom the token is for.
fn grant(enterprise: &mut Enterprise, body: &[u8], now: i64) -> Result<(String, String), Failure> {
    let field = |name: &str| {
        form_urlencoded::parse(body)
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    if field("grant_type") != GRANT_TYPE {
        return Err((
            "unsupported_grant_type",
            "The grant type is unsupported by the server",
        ));
    }
    let client_id = field("client_id");
    let app = enterprise
        .apps
        .get(&client_id)
        .filter(|app| app.client_secret == field("client_secret"))
        .ok_or(("invalid_client", "The client credentials are invalid"))?;
    let assertion = field("assertion");
    let (signed, signature) = assertion
        .rsplit_once('.')
        .ok_or(("invalid_grant", "Invalid assertion"))?;
    let (header, claims) = signed
        .split_once('.')
        .and_then(|(header, claims)| Some((part(header)?, part(claims)?)))
        .ok_or(("invalid_grant", "Invalid assertion"))?;
    let text = |object: &Value, name: &str| {
        object
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let is_signed = text(&header, "alg") == "RS256"
        && header
            .get("kid")
            .is_none_or(|kid| kid == &json!(app.public_key_id))
        && URL_SAFE_NO_PAD
            .decode(signature)
            .is_ok_and(|signature| app.key.has_signed(signed.as_bytes(), &signature));
    if !is_signed {
        return Err(("invalid_grant", "OAuth JWT signature verification failed"));
    }
    if text(&claims, "iss") != client_id {
        return Err(("invalid_grant", "Please check the 'iss' claim."));
    }
    if text(&claims, "aud") != AUDIENCE {
        return Err(("invalid_grant", "Please check the 'aud' claim."));
    }
    let expires_at = claims.get("exp").and_then(Value::as_i64).unwrap_or(0);
    if expires_at <= now || expires_at > now.saturating_add(MAX_LIFE_S) {
        return Err(("invalid_grant", "Please check the 'exp' claim."));
    }
    let nonce = text(&claims, "jti");
    if !(16..=128).contains(&nonce.len()) {
        return Err(("invalid_grant", "Please check the 'jti' claim."));
    }
    if !app.is_authorized {
        return Err((
            "invalid_grant",
            "This app is not authorized by the enterprise admin",
        ));
    }
    let subject = text(&claims, "sub");
    let user = match text(&claims, "box_sub_type").as_str() {
        "enterprise" if subject == enterprise.id => app.service_account.clone(),
        "user"
            if enterprise
                .users
                .get(&subject)
                .is_some_and(|user| user.is_active && app.may_act_as_users) =>
        {
            subject
        }
        _ => return Err(("invalid_grant", "Please check the 'sub' claim.")),
    };
    enterprise.nonces.retain(|_, until| *until > now);
    if enterprise
        .nonces
        .insert(format!("{client_id} {nonce}"), expires_at)
        .is_some()
    {
        return Err((
            "invalid_grant",
            "Please check the 'jti' claim. A unique 'jti' value is required.",
        ));
    }
    Ok((client_id, user))
}

fn part(text: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}
