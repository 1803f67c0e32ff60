//! Builds the requests.

use http::header::{ACCEPT, AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Method, Request, StatusCode};

use super::field::Id;
use super::list::read_page;
use super::query::encode;
use super::{Employee, LeaveRequest, LeaveRequestsQuery, Organisation};
use crate::origin::Origin;
use crate::record::{Expected, Row};
use crate::{Call, Page, ProviderError, Reply, Secret, json};

/// Some edges in front of APIs refuse requests without one.
const PRODUCT: &str = concat!("patchbay/", env!("CARGO_PKG_VERSION"));

/// No token seen is near this; a larger one would be refused by servers as a header.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Employment Hero with one access token, which lives for 15 minutes.
#[derive(Debug, Clone)]
pub struct Client {
    origin: Origin,
    token: Secret,
}

/// [`Client`] with the organisation that all other requests are about.
#[derive(Debug, Clone)]
pub struct OrganisationClient {
    client: Client,
    organisation_id: String,
}

impl Client {
    /// `base_url` is an origin, such as [`DEFAULT_BASE_URL`](super::DEFAULT_BASE_URL).
    ///
    /// # Errors
    /// [`ProviderError::Request`] if `base_url` is not an origin, [`ProviderError::Credential`] if
    /// the token cannot travel in a header.
    pub fn new(base_url: &str, access_token: Secret) -> Result<Self, ProviderError> {
        let token = access_token.expose();
        let is_token = (1..=MAX_TOKEN_BYTES).contains(&token.len())
            && token.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_token {
            return Err(ProviderError::Credential {
                what: "the access token is not 1 to 8192 visible ASCII characters".to_owned(),
            });
        }
        Ok(Self {
            origin: Origin::parse(base_url)?,
            token: access_token,
        })
    }

    /// The same client, asking about one organisation.
    ///
    /// # Errors
    /// [`ProviderError::Request`] if `organisation_id` cannot be an id.
    pub fn organisation(self, organisation_id: &str) -> Result<OrganisationClient, ProviderError> {
        Ok(OrganisationClient {
            client: self,
            organisation_id: checked_id("organisation", organisation_id)?.to_owned(),
        })
    }

    /// One page of the organisations that the login sees: the test of a connection. `cursor` is
    /// [`Page::next`] of the page before.
    ///
    /// # Errors
    /// [`ProviderError::Request`] if the cursor is none.
    pub fn organisations(
        &self,
        cursor: Option<&str>,
    ) -> Result<Call<Page<Organisation>>, ProviderError> {
        self.list("organisations", encode(cursor, &[])?)
    }

    fn list<R: Row>(
        &self,
        path: &str,
        (page, query): (u32, String),
    ) -> Result<Call<Page<R>>, ProviderError> {
        self.get(&format!("{path}?{query}"), Some(page), read_page)
    }

    fn get<T>(
        &self,
        path_and_query: &str,
        page: Option<u32>,
        read: fn(&[u8], Expected) -> Result<T, ProviderError>,
    ) -> Result<Call<T>, ProviderError> {
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", self.token.expose()))
            .map_err(|_| ProviderError::Credential {
                what: "the access token holds a character that no header may carry".to_owned(),
            })?;
        authorization.set_sensitive(true);
        let request = Request::builder()
            .method(Method::GET)
            .uri(format!("{}/api/v1/{path_and_query}", self.origin.as_str()))
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, PRODUCT)
            .header(AUTHORIZATION, authorization)
            .body(Vec::new())
            .map_err(|error| ProviderError::Request {
                what: error.to_string(),
            })?;
        let expected = Expected {
            page,
            ..Expected::default()
        };
        Ok(Call {
            request,
            reply: Reply::new(read, StatusCode::OK, expected, self.token.clone()),
        })
    }
}

impl OrganisationClient {
    #[must_use]
    pub fn organisation_id(&self) -> &str {
        &self.organisation_id
    }

    /// The organisation itself.
    ///
    /// # Errors
    /// [`ProviderError`], as for every request, if none can be built.
    pub fn organisation(&self) -> Result<Call<Organisation>, ProviderError> {
        let path = format!("organisations/{}", self.organisation_id);
        self.client.get(&path, None, json::read_single)
    }

    /// One page of people, whatever their status. `cursor` is [`Page::next`] of the page before.
    ///
    /// # Errors
    /// [`ProviderError::Request`] if the cursor is none.
    pub fn employees(&self, cursor: Option<&str>) -> Result<Call<Page<Employee>>, ProviderError> {
        self.client
            .list(&self.path("employees"), encode(cursor, &[])?)
    }

    /// One person.
    ///
    /// # Errors
    /// [`ProviderError::Request`] if `id` cannot be one.
    pub fn employee(&self, id: &str) -> Result<Call<Employee>, ProviderError> {
        let id = checked_id("employee", id)?;
        let path = self.path(&format!("employees/{id}"));
        self.client.get(&path, None, json::read_single)
    }

    /// One page of leave requests, whatever their status.
    ///
    /// # Errors
    /// [`ProviderError::Request`] if the cursor is none.
    pub fn leave_requests(
        &self,
        query: &LeaveRequestsQuery,
    ) -> Result<Call<Page<LeaveRequest>>, ProviderError> {
        self.client
            .list(&self.path("leave_requests"), query.encode()?)
    }

    /// One leave request.
    ///
    /// # Errors
    /// [`ProviderError::Request`] if `id` cannot be one.
    pub fn leave_request(&self, id: &str) -> Result<Call<LeaveRequest>, ProviderError> {
        let id = checked_id("leave request", id)?;
        let path = self.path(&format!("leave_requests/{id}"));
        self.client.get(&path, None, json::read_single)
    }

    fn path(&self, of_organisation: &str) -> String {
        format!("organisations/{}/{of_organisation}", self.organisation_id)
    }
}

fn checked_id<'a>(of: &str, id: &'a str) -> Result<&'a str, ProviderError> {
    if Id::is_id(id) {
        Ok(id)
    } else {
        Err(ProviderError::Request {
            what: format!("the id of the {of} is not 1 to 64 letters, digits, - and _"),
        })
    }
}
