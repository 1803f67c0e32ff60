//! This installation, as one provider knows it.

use std::time::Duration;

use form_urlencoded::Serializer;
use http::{Method, Request, Uri};

use super::authorization::{Authorization, RESERVED};
use super::token::{Grant, TokenCall, token_call};
use super::{ClientAuth, Verifier, token_form};
use crate::written_forms::{WrittenForms, basic_pairs};
use crate::{ProviderError, Secret};

/// How long a request for a token may take. The grant may be spent when it is given up, so it is not
/// short.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Codes and tokens are far from it.
const MAX_SECRET_BYTES: usize = 8 * 1024;
const MAX_STATE_BYTES: usize = 512;

/// What a provider's registration of an application holds, and where its endpoints are.
#[derive(Clone, Debug)]
pub struct Registration<'a> {
    pub authorize_url: &'a str,
    pub token_url: &'a str,
    pub client_id: &'a str,
    pub client_secret: &'a str,
    pub client_auth: ClientAuth,
}

/// A client of an authorization server. Its secret does not print.
#[derive(Clone, Debug)]
pub struct Client {
    authorize_url: String,
    token_url: Uri,
    client_id: String,
    client_secret: Secret,
    client_auth: ClientAuth,
}

impl Client {
    /// # Errors
    /// [`ProviderError::Request`] names the URL that cannot be used, [`ProviderError::Credential`] is
    /// for the client's id and secret.
    pub fn new(registration: &Registration<'_>) -> Result<Self, ProviderError> {
        let Registration {
            authorize_url,
            token_url,
            client_id,
            client_secret,
            client_auth,
        } = *registration;
        for (name, text) in [("client id", client_id), ("client secret", client_secret)] {
            check_secret(name, text)?;
        }
        if client_auth == ClientAuth::BasicRaw && client_id.contains(':') {
            return Err(ProviderError::Credential {
                what: "a client id with a colon cannot be told from its secret".to_owned(),
            });
        }
        absolute("authorization URL", authorize_url)?;
        Ok(Self {
            authorize_url: authorize_url.to_owned(),
            token_url: absolute("token URL", token_url)?,
            client_id: client_id.to_owned(),
            client_secret: Secret::new(client_secret),
            client_auth,
        })
    }

    /// The URL that the person's browser is sent to.
    ///
    /// # Errors
    /// [`ProviderError::Request`] if the state is empty, or longer than 512 bytes, or an extra
    /// parameter has the name of one that is set here, or the redirect URI is none.
    pub fn authorization_url(&self, new: &Authorization<'_>) -> Result<String, ProviderError> {
        if !(1..=MAX_STATE_BYTES).contains(&new.state.len()) {
            return Err(unusable("the state is empty or longer than 512 bytes"));
        }
        if let Some((name, _)) = new.extra.iter().find(|(name, _)| RESERVED.contains(name)) {
            return Err(unusable(&format!(
                "the parameter {name} is not an extra one"
            )));
        }
        absolute("redirect URI", new.redirect_uri)?;
        let scope = new.scopes.join(" ");
        let challenge = new.verifier.challenge();
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", new.redirect_uri),
        ];
        if !scope.is_empty() {
            pairs.push(("scope", &scope));
        }
        pairs.extend([
            ("state", new.state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let query = Serializer::new(String::new())
            .extend_pairs(pairs)
            .extend_pairs(new.extra)
            .finish();
        // An authorization endpoint may have a query of its own (RFC 6749 section 3.1).
        let mark = if self.authorize_url.contains('?') {
            '&'
        } else {
            '?'
        };
        Ok(format!("{}{mark}{query}", self.authorize_url))
    }

    /// Asks for the first tokens with the code that the browser has brought to the redirect URI of its authorization
    /// request. A code is good once: a
    /// server that sees it again may withdraw what it gave for it.
    ///
    /// # Errors
    /// [`ProviderError::Credential`] if the code cannot be one.
    pub fn exchange(
        &self,
        code: &Secret,
        verifier: &Verifier,
        redirect_uri: &str,
    ) -> Result<TokenCall, ProviderError> {
        check_secret("code", code.expose())?;
        let form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier.expose()),
        ];
        let secrets = [code.expose(), verifier.expose()];
        self.ask(Grant::AuthorizationCode, form, &secrets)
    }

    /// Asks for an access token with a refresh token.
    ///
    /// Two such requests must not be under way for one grant, and a refresh token that comes in the
    /// place of this one must be kept before anything else is done: a server that sees a spent one
    /// may withdraw the grant (RFC 9700 section 4.14).
    ///
    /// # Errors
    /// [`ProviderError::Credential`] if the refresh token cannot be one.
    pub fn refresh(&self, refresh_token: &Secret) -> Result<TokenCall, ProviderError> {
        check_secret("refresh token", refresh_token.expose())?;
        let form = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.expose()),
        ];
        self.ask(Grant::RefreshToken, form, &[refresh_token.expose()])
    }

    fn ask(
        &self,
        grant: Grant,
        form: Vec<(&str, &str)>,
        secrets: &[&str],
    ) -> Result<TokenCall, ProviderError> {
        let client_secret = self.client_secret.expose();
        let hidden = WrittenForms::new(
            secrets.iter().copied().chain([client_secret]),
            &basic_pairs(&self.client_id, client_secret),
        );
        let (headers, body) =
            token_form(form, self.client_auth, &self.client_id, &self.client_secret)?;
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.token_url.clone();
        *request.headers_mut() = headers;
        let mut call = token_call(request, TIMEOUT, grant, hidden);
        // The endpoint is a provider's own and explains itself in JSON.
        call.reply.pages_are_foreign = true;
        Ok(call)
    }
}

fn check_secret(name: &str, text: &str) -> Result<(), ProviderError> {
    let what = if text.is_empty() {
        "is empty"
    } else if text.len() > MAX_SECRET_BYTES {
        "is longer than 8 KiB"
    } else if text.chars().any(char::is_control) {
        "holds a line break or another control character"
    } else {
        return Ok(());
    };
    Err(ProviderError::Credential {
        what: format!("the {name} {what}"),
    })
}

fn absolute(name: &str, text: &str) -> Result<Uri, ProviderError> {
    let refuse = |why: &str| unusable(&format!("the {name} {why}"));
    let uri: Uri = text.parse().map_err(|_| refuse("is not a URL"))?;
    let (Some("http" | "https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(refuse("is not an absolute URL of http or https"));
    };
    if authority.as_str().contains('@') {
        return Err(refuse("holds a user name or password"));
    }
    if text.contains('#') {
        return Err(refuse("holds a fragment (RFC 6749 section 3.1)"));
    }
    Ok(uri)
}

fn unusable(what: &str) -> ProviderError {
    ProviderError::Request {
        what: what.to_owned(),
    }
}
