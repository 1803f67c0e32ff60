//! Who is calling.
//!
//! Four ways in, all as `Authorization: Bearer …`: an API key of ours, a JWT (HS256) of the
//! product that embeds Patchbay, the operator's bootstrap key, and the internal token among
//! functions. Whatever is wrong with a credential, the caller learns only that it is not valid;
//! the log says why.

use api::{FieldError, Problem, ProblemKind};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::access::{Caller, CallerKind, Role, SUBJECT_MAX_CHARACTERS};
use domain::api_key::ApiKey;
use domain::network::{self, AllowList};
use domain::organization::OrganizationId;
use http::{HeaderMap, header};
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt, TimeOptions, UntrustedToken};
use serde::Deserialize;
use store::api_keys;
use subtle::ConstantTimeEq;

use crate::database::SpinDatabase;
use crate::{clock, log, problems, variables};

/// How far the clocks of the product and of this host may differ, in seconds.
const JWT_LEEWAY_SECONDS: i64 = 30;
/// A shorter HS256 key can be guessed offline (RFC 7518 section 3.2 asks for 256 bits).
const JWT_SECRET_MIN_BYTES: usize = 32;
const TOKEN_MAX_BYTES: usize = 8 * 1024;

const OPERATOR: &str = "operator";
/// What is shown as done by no user of the product.
const RESERVED_SUBJECTS: [&str; 2] = [OPERATOR, "patchbay"];

#[derive(Deserialize)]
struct Claims {
    sub: String,
    /// The product may have users who belong to nobody yet.
    organization_id: Option<String>,
    role: Role,
}

/// A caller, and what its key says of how often it may come.
pub struct Authenticated {
    pub caller: Caller,
    /// `None`: what the installation gives every caller.
    pub requests_per_minute: Option<u32>,
}

impl From<Caller> for Authenticated {
    fn from(caller: Caller) -> Self {
        Self {
            caller,
            requests_per_minute: None,
        }
    }
}

/// Authenticates a request for a public route.
///
/// # Errors
/// 401 with one text for every kind of bad credential, 403 for a key used from another network.
pub async fn caller(
    headers: &HeaderMap,
    database: &SpinDatabase,
) -> Result<Authenticated, Problem> {
    let token = bearer(headers)?;
    if let Some(operator_key) = variables::get("operator_key").await
        && same(token, &operator_key)
    {
        return Caller::with_role(CallerKind::ApiKey, Role::Operator, None, OPERATOR)
            .map(Into::into)
            .map_err(|_| not_valid());
    }
    if token.starts_with(domain::api_key::PREFIX) {
        return by_api_key(token, headers, database).await;
    }
    by_jwt(token).await.map(Into::into)
}

/// Authenticates a call of another function.
///
/// # Errors
/// 401; 503 when no internal token is configured, because then nobody may call.
pub async fn internal_caller(headers: &HeaderMap) -> Result<Caller, Problem> {
    let token = bearer(headers)?;
    let Some(expected) = variables::get("internal_token").await else {
        return Err(Problem::new(
            ProblemKind::Unavailable,
            "The variable internal_token is not set: the functions cannot call each other.",
        ));
    };
    if same(token, &expected) {
        Ok(Caller::internal("function"))
    } else {
        Err(not_valid())
    }
}

/// The address of the client: from the host, or from `X-Forwarded-For` as far as the variable
/// `trusted_proxy_hops` says (0 by default), counted from the right.
///
/// # Errors
/// A variable that is not a number: guessing would let in whoever sends the header.
pub async fn client_address(headers: &HeaderMap) -> Result<Option<std::net::IpAddr>, Problem> {
    let hops: usize = variables::parsed("trusted_proxy_hops", 0, "a whole number")
        .await
        .map_err(|wrong| Problem::new(ProblemKind::Unavailable, format!("{wrong}.")))?;
    Ok(address_behind(headers, hops))
}

fn address_behind(headers: &HeaderMap, hops: usize) -> Option<std::net::IpAddr> {
    let text = if hops == 0 {
        // A client can send the header itself and its value comes before the host's: the last counts.
        headers
            .get_all("spin-client-addr")
            .iter()
            .next_back()?
            .to_str()
            .ok()?
            .to_owned()
    } else {
        // A line that is no text counts all the same: to leave it out would move the others to the right.
        let all: Vec<_> = headers
            .get_all("x-forwarded-for")
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .map(|entry| String::from_utf8_lossy(entry).into_owned())
            .collect();
        all.len()
            .checked_sub(hops)
            .and_then(|index| all.get(index))
            .cloned()?
    };
    network::parse_client_address(&text)
}

async fn by_api_key(
    token: &str,
    headers: &HeaderMap,
    database: &SpinDatabase,
) -> Result<Authenticated, Problem> {
    let key = ApiKey::parse(token).map_err(|_| not_valid())?;
    let now = clock::now();
    let found = api_keys::find_by_hash(database, &key.sha256_hex())
        .await
        .map_err(|error| problems::database(&error))?;
    let found = found.ok_or_else(not_valid)?;
    if found.revoked_at.is_some() || found.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(not_valid());
    }
    if let Some(networks) = &found.networks {
        let allowed = AllowList::parse(networks).map_err(|_| not_valid())?;
        let address = client_address(headers).await?;
        if !address.is_some_and(|address| allowed.allows(address)) {
            return Err(Problem::new(
                ProblemKind::Forbidden,
                "This API key may not be used from this network.",
            ));
        }
    }
    let organization_id = OrganizationId::parse(&found.organization_id).map_err(|_| not_valid())?;
    let caller = Caller::with_scopes(organization_id, &found.scopes, &found.id);
    let tenant = caller.tenant().map_err(|_| not_valid())?;
    // Knowing when a key was used is not worth refusing a request for.
    if let Err(error) = api_keys::touch(database, &tenant, &found, now).await {
        log::error("api_key_touch", &error.to_string());
    }
    Ok(Authenticated {
        caller,
        requests_per_minute: found.requests_per_minute,
    })
}

async fn by_jwt(token: &str) -> Result<Caller, Problem> {
    let Some(secret) = variables::get("jwt_secret").await else {
        return Err(not_valid());
    };
    if secret.len() < JWT_SECRET_MIN_BYTES {
        return Err(Problem::new(
            ProblemKind::Unavailable,
            format!(
                "The variable jwt_secret is shorter than {JWT_SECRET_MIN_BYTES} bytes: tokens are refused until it is longer."
            ),
        ));
    }
    let untrusted = UntrustedToken::new(token).map_err(|_| not_valid())?;
    if needs_extensions(token) {
        return Err(not_valid());
    }
    let verified = Hs256
        .validator::<Claims>(&Hs256Key::new(secret))
        .validate(&untrusted)
        .map_err(|_| not_valid())?;
    let now = chrono::DateTime::from_timestamp(clock::now(), 0).ok_or_else(not_valid)?;
    let time = TimeOptions::new(chrono::TimeDelta::seconds(JWT_LEEWAY_SECONDS), || now);
    let claims = verified.claims();
    claims.validate_expiration(&time).map_err(|_| not_valid())?;
    if claims.not_before.is_some() {
        claims.validate_maturity(&time).map_err(|_| not_valid())?;
    }
    let claims = &claims.custom;
    if !is_subject(&claims.sub) {
        return Err(not_valid());
    }
    let organization_id = claims.organization_id.as_deref().ok_or_else(no_account)?;
    let organization_id = OrganizationId::parse(organization_id).map_err(|_| not_valid())?;
    // An operator role in a token of the product is refused: it is bound to no organization.
    Caller::with_role(
        CallerKind::Jwt,
        claims.role,
        Some(organization_id),
        &claims.sub,
    )
    .map_err(|_| not_valid())
}

/// Whether the header of a token names parameters without which it cannot be understood (RFC 7515
/// section 4.1.11): we know none.
fn needs_extensions(token: &str) -> bool {
    let header = token.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    serde_json::from_slice::<serde_json::Map<_, _>>(&header)
        .map_or(true, |header| header.contains_key("crit"))
}

/// Whether what the product calls a user by can be told from everybody else. A longer one would be cut,
/// and be that of others, too.
fn is_subject(sub: &str) -> bool {
    (1..=SUBJECT_MAX_CHARACTERS).contains(&sub.chars().count())
        && !sub.chars().any(char::is_control)
        && !RESERVED_SUBJECTS.contains(&sub)
        && !sub.starts_with("rule:")
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(|| {
        Problem::new(
            ProblemKind::Unauthenticated,
            "Send `Authorization: Bearer` with an API key or a token.",
        )
    })?;
    // A proxy in front may have believed the other one.
    if values.next().is_some() {
        return Err(not_valid());
    }
    let text = value.to_str().map_err(|_| not_valid())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(not_valid)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || token.len() > TOKEN_MAX_BYTES {
        return Err(not_valid());
    }
    Ok(token)
}

fn same(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}

/// A token that is good, of a user of no organization: nothing here is theirs. The words are those of
/// a replaced system, whose callers show them.
fn no_account() -> Problem {
    let errors = vec![FieldError::new(
        "organization_id",
        "is no claim of the token: whoever issues it has to name the organization of the user",
    )];
    Problem {
        detail: "User not associated with an account".to_owned(),
        ..Problem::invalid(errors)
    }
}

fn not_valid() -> Problem {
    Problem::new(
        ProblemKind::Unauthenticated,
        "The API key or token is not valid, has expired or was revoked.",
    )
}
