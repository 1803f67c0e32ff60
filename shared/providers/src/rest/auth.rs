//! How a request proves itself.

use domain::outbound_target::{OutboundTarget, Policy};
use http::HeaderName;
use serde_json::{Map, Value, json};

use super::header;
use super::secrets::SecretName;
use crate::oauth::ClientAuth;
use domain::fields::{Fields, Object};

const MAX_PREFIX_BYTES: usize = 32;
const MAX_PARAMETER_BYTES: usize = 64;
const MAX_NAME_BYTES: usize = 512;

/// How a request proves itself. What is secret about it is in
/// [`Secrets`](super::Secrets).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    None,
    /// The key behind a prefix, such as `Token `, which may be empty.
    ApiKeyHeader {
        name: HeaderName,
        prefix: String,
    },
    /// Keys in a query get into the logs of whoever handles the URL: a header is better where the API
    /// takes one.
    ApiKeyQuery {
        name: String,
    },
    /// RFC 6750, with a token that does not expire by itself.
    Bearer,
    /// RFC 7617.
    Basic {
        username: String,
    },
    /// RFC 6749 section 4.4.
    ClientCredentials(OAuthClient),
    /// RFC 6749 section 6.
    RefreshToken(OAuthClient),
}

/// Where and as whom access tokens are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthClient {
    pub token_url: OutboundTarget,
    pub client_id: String,
    /// Scopes, with blanks between them.
    pub scope: Option<String>,
    pub client_auth: ClientAuth,
    /// Whom the token is for, where the server asks for it. Not part of RFC 6749, and only sent with
    /// client credentials.
    pub audience: Option<String>,
}

#[derive(Clone, Copy)]
enum Kind {
    None,
    ApiKey,
    Bearer,
    Basic,
    ClientCredentials,
    RefreshToken,
}

const KINDS: [(&str, Kind); 6] = [
    ("none", Kind::None),
    ("api_key", Kind::ApiKey),
    ("bearer", Kind::Bearer),
    ("basic", Kind::Basic),
    ("oauth2_client_credentials", Kind::ClientCredentials),
    ("oauth2_refresh_token", Kind::RefreshToken),
];

#[derive(Clone, Copy)]
enum KeyPlace {
    Header,
    Query,
}

impl Auth {
    /// The secrets that this needs, all of them.
    #[must_use]
    pub const fn secret_names(&self) -> &'static [SecretName] {
        match self {
            Self::None => &[],
            Self::ApiKeyHeader { .. } | Self::ApiKeyQuery { .. } => &[SecretName::ApiKey],
            Self::Bearer => &[SecretName::Token],
            Self::Basic { .. } => &[SecretName::Password],
            Self::ClientCredentials(_) => &[SecretName::ClientSecret],
            Self::RefreshToken(_) => &[SecretName::ClientSecret, SecretName::RefreshToken],
        }
    }

    /// Whether requests need an access token, which is asked for and renewed.
    #[must_use]
    pub const fn has_access_token(&self) -> bool {
        self.client().is_some()
    }

    pub(super) const fn client(&self) -> Option<&OAuthClient> {
        match self {
            Self::ClientCredentials(client) | Self::RefreshToken(client) => Some(client),
            _ => None,
        }
    }

    /// The parameter of the query that carries the key.
    pub(super) fn query_parameter(&self) -> Option<&str> {
        match self {
            Self::ApiKeyQuery { name } => Some(name),
            _ => None,
        }
    }

    /// The header that this sets.
    pub(super) fn header(&self) -> Option<&HeaderName> {
        match self {
            Self::None | Self::ApiKeyQuery { .. } => None,
            Self::ApiKeyHeader { name, .. } => Some(name),
            _ => Some(&http::header::AUTHORIZATION),
        }
    }

    pub(super) fn read(
        fields: &mut Fields,
        pointer: &str,
        value: &Value,
        policy: &Policy,
    ) -> Option<Self> {
        let any = fields.any_object(pointer, value)?;
        match fields.choice(&any, "type", &KINDS, None)? {
            Kind::None => fields.object(pointer, value, &["type"]).map(|_| Self::None),
            Kind::Bearer => fields
                .object(pointer, value, &["type"])
                .map(|_| Self::Bearer),
            Kind::ApiKey => Self::read_api_key(fields, pointer, value),
            Kind::Basic => {
                let object = fields.object(pointer, value, &["type", "username"])?;
                read_username(fields, &object).map(|username| Self::Basic { username })
            }
            Kind::ClientCredentials => {
                let known = [
                    "type",
                    "token_url",
                    "client_id",
                    "scope",
                    "client_auth",
                    "audience",
                ];
                let object = fields.object(pointer, value, &known)?;
                OAuthClient::read(fields, &object, policy).map(Self::ClientCredentials)
            }
            Kind::RefreshToken => {
                let known = ["type", "token_url", "client_id", "scope", "client_auth"];
                let object = fields.object(pointer, value, &known)?;
                OAuthClient::read(fields, &object, policy).map(Self::RefreshToken)
            }
        }
    }

    fn read_api_key(fields: &mut Fields, pointer: &str, value: &Value) -> Option<Self> {
        let object = fields.object(pointer, value, &["type", "in", "name", "prefix"])?;
        let places = [("header", KeyPlace::Header), ("query", KeyPlace::Query)];
        let place = fields.choice(&object, "in", &places, None);
        let name = fields.required_text(
            &object,
            "name",
            MAX_PARAMETER_BYTES,
            "name the header or the parameter, such as X-API-Key",
        );
        let prefix = fields.optional_text(&object, "prefix", MAX_PREFIX_BYTES);
        match (place?, name?) {
            (KeyPlace::Query, name) => {
                if prefix.is_some() {
                    fields.push(
                        object.at("prefix"),
                        "a key in the query has no prefix",
                        "leave it out",
                    );
                }
                Some(Self::ApiKeyQuery {
                    name: name.to_owned(),
                })
            }
            (KeyPlace::Header, name) => {
                let name = header::name(fields, &object.at("name"), name)?;
                let prefix = prefix.unwrap_or_default();
                if !header::is_printable(prefix) || prefix.starts_with(' ') {
                    fields.push(
                        object.at("prefix"),
                        "it cannot stand at the beginning of a header",
                        "use printable ASCII that does not begin with a blank, such as \"Token \"",
                    );
                }
                Some(Self::ApiKeyHeader {
                    name,
                    prefix: prefix.to_owned(),
                })
            }
        }
    }

    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::None => json!({ "type": "none" }),
            Self::ApiKeyHeader { name, prefix } => {
                let mut document =
                    json!({ "type": "api_key", "in": "header", "name": name.as_str() });
                if let (Some(members), false) = (document.as_object_mut(), prefix.is_empty()) {
                    members.insert("prefix".to_owned(), json!(prefix));
                }
                document
            }
            Self::ApiKeyQuery { name } => {
                json!({ "type": "api_key", "in": "query", "name": name })
            }
            Self::Bearer => json!({ "type": "bearer" }),
            Self::Basic { username } => json!({ "type": "basic", "username": username }),
            Self::ClientCredentials(client) => client.to_json("oauth2_client_credentials"),
            Self::RefreshToken(client) => client.to_json("oauth2_refresh_token"),
        }
    }
}

impl OAuthClient {
    fn read(fields: &mut Fields, object: &Object<'_>, policy: &Policy) -> Option<Self> {
        let token_url = fields
            .required_text(
                object,
                "token_url",
                MAX_NAME_BYTES,
                "give the URL of the token endpoint",
            )
            .and_then(|text| read_target(fields, &object.at("token_url"), text, policy));
        let client_id = fields.required_text(
            object,
            "client_id",
            MAX_NAME_BYTES,
            "give the id that the API's provider has given to the client",
        );
        let scope = fields.optional_text(object, "scope", MAX_NAME_BYTES);
        let audience = fields.optional_text(object, "audience", MAX_NAME_BYTES);
        let client_auth = fields.choice(
            object,
            "client_auth",
            &ClientAuth::CHOICES,
            Some(ClientAuth::Basic),
        )?;
        let client_id = client_id?;
        if client_auth == ClientAuth::BasicRaw && client_id.contains(':') {
            fields.push(
                object.at("client_id"),
                "an id with a colon cannot be told from its secret",
                "use the client_auth basic or body",
            );
        }
        Some(Self {
            token_url: token_url?,
            client_id: client_id.to_owned(),
            scope: scope.map(str::to_owned),
            client_auth,
            audience: audience.map(str::to_owned),
        })
    }

    fn to_json(&self, kind: &str) -> Value {
        let mut members = Map::new();
        let mut put = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), json!(value));
            }
        };
        put("type", Some(kind));
        put("token_url", Some(self.token_url.as_str()));
        put("client_id", Some(&self.client_id));
        put("scope", self.scope.as_deref());
        put("client_auth", Some(self.client_auth.as_str()));
        put("audience", self.audience.as_deref());
        members.into()
    }
}

pub(super) fn read_target(
    fields: &mut Fields,
    pointer: &str,
    text: &str,
    policy: &Policy,
) -> Option<OutboundTarget> {
    match OutboundTarget::parse(text, policy) {
        Ok(target) => Some(target),
        Err(refusal) => {
            fields.push(pointer, refusal.to_string(), refusal.remedy());
            None
        }
    }
}

fn read_username(fields: &mut Fields, object: &Object<'_>) -> Option<String> {
    let username =
        fields.required_text(object, "username", MAX_NAME_BYTES, "give the user's name")?;
    if username.contains(':') {
        fields.push(
            object.at("username"),
            "a user name with a colon cannot be told from its password (RFC 7617)",
            "give the name alone, and the password as a secret",
        );
        return None;
    }
    Some(username.to_owned())
}
