//! The page that asks a person: it answers by itself, as the settings say.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use url::Url;

use super::authority::{Authority, Code};
use super::{CLIENT_ID, Consent, Settings, answer, query};

/// SHA-256 in base64url.
const CHALLENGE_CHARS: usize = 43;

impl Authority {
    pub fn authorize(
        &mut self,
        request: &Request<Bytes>,
        settings: &Settings,
        now: i64,
    ) -> Response<Bytes> {
        if request.method() != Method::GET {
            return answer::error(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
        }
        let refuse = |word, what| answer::refusal(StatusCode::BAD_REQUEST, word, what);
        let pairs: Vec<_> = query(request).collect();
        let given: BTreeMap<&str, &str> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        if given.len() < pairs.len() {
            return refuse("invalid_request", "A parameter comes twice.");
        }
        // Nobody is sent anywhere before it is known that it is the client's own place.
        if given.get("client_id") != Some(&CLIENT_ID) {
            return refuse("invalid_client", "The client is not known.");
        }
        let redirect_uri = given
            .get("redirect_uri")
            .filter(|uri| settings.redirect_uris.contains(**uri));
        let Some(place) = redirect_uri.and_then(|uri| Url::parse(uri).ok()) else {
            return refuse("invalid_request", "The redirect URI is not registered.");
        };
        let outcome = self.decide(&given, settings, now);
        let mut place = place;
        {
            let mut query = place.query_pairs_mut();
            match &outcome {
                Ok(code) => query.append_pair("code", code),
                Err((word, what)) => query
                    .append_pair("error", word)
                    .append_pair("error_description", what),
            };
            if let Some(state) = given.get("state") {
                query.append_pair("state", state);
            }
        }
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::FOUND;
        if let Ok(location) = HeaderValue::from_str(place.as_str()) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }

    /// A code, or what the browser is sent back with.
    fn decide(
        &mut self,
        given: &BTreeMap<&str, &str>,
        settings: &Settings,
        now: i64,
    ) -> Result<String, (&'static str, &'static str)> {
        if given.get("response_type") != Some(&"code") {
            return Err(("unsupported_response_type", "Only codes are given."));
        }
        if given.contains_key("scope") {
            return Err(("invalid_scope", "Scopes are fixed at registration."));
        }
        let challenge = given.get("code_challenge").copied();
        let is_s256 = given.get("code_challenge_method") == Some(&"S256");
        match challenge {
            None if settings.pkce_required => {
                return Err(("invalid_request", "A code challenge is needed."));
            }
            Some(challenge) if !is_s256 || challenge.len() != CHALLENGE_CHARS => {
                return Err(("invalid_request", "The method of the challenge is S256."));
            }
            None | Some(_) => {}
        }
        if settings.consent == Consent::Refuse {
            return Err(("access_denied", "The resource owner denied the request."));
        }
        self.counts.codes += 1;
        let code = format!("eh_code_{:04}", self.counts.codes);
        self.codes.insert(
            code.clone(),
            Code {
                redirect_uri: given
                    .get("redirect_uri")
                    .copied()
                    .unwrap_or_default()
                    .to_owned(),
                challenge: challenge.map(str::to_owned),
                login: settings.login.clone(),
                ends_at: now + settings.code_seconds,
                is_used: false,
                grant: None,
            },
        );
        Ok(code)
    }
}
