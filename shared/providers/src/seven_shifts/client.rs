//! Builds the requests.

use http::header::{ACCEPT, AUTHORIZATION, USER_AGENT};
use http::{HeaderName, Method, Request};

use super::query::Query;
use super::{
    API_VERSION, Company, Credential, Department, DepartmentsQuery, Location, LocationsQuery, Role,
    RolesQuery, Shift, ShiftsQuery, TimePunch, TimePunchesQuery, User, UsersQuery, Whoami,
};
use crate::origin::Origin;
use crate::record::{Expected, Row};
use crate::{Call, Page, ProviderError, Reply, json};

const API_VERSION_HEADER: HeaderName = HeaderName::from_static("x-api-version");
const COMPANY_GUID_HEADER: HeaderName = HeaderName::from_static("x-company-guid");

/// Some edges in front of APIs refuse requests without one.
const PRODUCT: &str = concat!("patchbay/", env!("CARGO_PKG_VERSION"));

/// 7shifts with one credential: what can be asked before a company is chosen.
#[derive(Debug, Clone)]
pub struct Client {
    origin: Origin,
    credential: Credential,
}

/// [`Client`] with the company that all other requests are about.
#[derive(Debug, Clone)]
pub struct CompanyClient {
    client: Client,
    company_id: i64,
}

impl Client {
    /// `base_url` is an origin, such as [`DEFAULT_BASE_URL`](super::DEFAULT_BASE_URL).
    ///
    /// # Errors
    /// [`ProviderError::Request`] if `base_url` is not an origin.
    pub fn new(base_url: &str, credential: Credential) -> Result<Self, ProviderError> {
        Ok(Self {
            origin: Origin::parse(base_url)?,
            credential,
        })
    }

    /// The same client, asking about one company.
    ///
    /// # Errors
    /// [`ProviderError::Request`] if `company_id` is not positive.
    pub fn company(self, company_id: i64) -> Result<CompanyClient, ProviderError> {
        if company_id <= 0 {
            return Err(ProviderError::Request {
                what: "the company id must be a positive number".to_owned(),
            });
        }
        Ok(CompanyClient {
            client: self,
            company_id,
        })
    }

    /// Who the credential belongs to, with one user for each company: the test of a
    /// connection.
    ///
    /// # Errors
    /// [`ProviderError::Credential`], as for every request, if the token cannot be sent.
    pub fn whoami(&self) -> Result<Call<Whoami>, ProviderError> {
        self.get("/whoami", None, Whoami::read)
    }

    /// The companies that the credential sees; the list comes whole.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn companies(&self) -> Result<Call<Page<Company>>, ProviderError> {
        self.get("/companies", None, json::read_unpaged)
    }

    fn get<T>(
        &self,
        path_and_query: &str,
        owner: Option<i64>,
        read: fn(&[u8], Expected) -> Result<T, ProviderError>,
    ) -> Result<Call<T>, ProviderError> {
        let mut request = Request::builder()
            .method(Method::GET)
            .uri(format!("{}/v2{path_and_query}", self.origin.as_str()))
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, PRODUCT)
            .header(API_VERSION_HEADER, API_VERSION)
            .header(AUTHORIZATION, self.credential.authorization()?);
        if let Some(guid) = self.credential.company_guid() {
            request = request.header(COMPANY_GUID_HEADER, guid);
        }
        let request = request
            .body(Vec::new())
            .map_err(|error| ProviderError::Request {
                what: error.to_string(),
            })?;
        Ok(Call {
            request,
            reply: Reply::new(read, Expected { owner }, self.credential.secret().clone()),
        })
    }
}

impl CompanyClient {
    #[must_use]
    pub fn company_id(&self) -> i64 {
        self.company_id
    }

    /// See [`Client::whoami`].
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn whoami(&self) -> Result<Call<Whoami>, ProviderError> {
        self.client.whoami()
    }

    /// The company itself.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn company(&self) -> Result<Call<Company>, ProviderError> {
        self.client.get(
            &format!("/companies/{}", self.company_id),
            Some(self.company_id),
            json::read_bare,
        )
    }

    /// One page of locations.
    ///
    /// # Errors
    /// [`ProviderError::Request`], as for every list, if the cursor is too long; see also
    /// [`Client::whoami`].
    pub fn locations(&self, query: &LocationsQuery) -> Result<Call<Page<Location>>, ProviderError> {
        self.list("locations", query)
    }

    /// One page of departments.
    ///
    /// # Errors
    /// See [`CompanyClient::locations`].
    pub fn departments(
        &self,
        query: &DepartmentsQuery,
    ) -> Result<Call<Page<Department>>, ProviderError> {
        self.list("departments", query)
    }

    /// One page of roles.
    ///
    /// # Errors
    /// See [`CompanyClient::locations`].
    pub fn roles(&self, query: &RolesQuery) -> Result<Call<Page<Role>>, ProviderError> {
        self.list("roles", query)
    }

    /// One page of users.
    ///
    /// # Errors
    /// See [`CompanyClient::locations`].
    pub fn users(&self, query: &UsersQuery) -> Result<Call<Page<User>>, ProviderError> {
        self.list("users", query)
    }

    /// One page of shifts.
    ///
    /// # Errors
    /// See [`CompanyClient::locations`].
    pub fn shifts(&self, query: &ShiftsQuery) -> Result<Call<Page<Shift>>, ProviderError> {
        self.list("shifts", query)
    }

    /// One page of time punches.
    ///
    /// # Errors
    /// See [`CompanyClient::locations`].
    pub fn time_punches(
        &self,
        query: &TimePunchesQuery,
    ) -> Result<Call<Page<TimePunch>>, ProviderError> {
        self.list("time_punches", query)
    }

    /// One user, active or not.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn user(&self, id: i64) -> Result<Call<User>, ProviderError> {
        self.single(&format!("users/{id}"))
    }

    /// One shift; with `include_deleted` also one that was deleted.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn shift(&self, id: i64, include_deleted: bool) -> Result<Call<Shift>, ProviderError> {
        let query = if include_deleted {
            "?include_deleted=true"
        } else {
            ""
        };
        self.single(&format!("shifts/{id}{query}"))
    }

    /// One time punch.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn time_punch(&self, id: i64) -> Result<Call<TimePunch>, ProviderError> {
        self.single(&format!("time_punches/{id}"))
    }

    fn list<R: Row>(&self, name: &str, query: &impl Query) -> Result<Call<Page<R>>, ProviderError> {
        let query = query.encode()?;
        let mark = if query.is_empty() { "" } else { "?" };
        self.client.get(
            &format!("/company/{}/{name}{mark}{query}", self.company_id),
            Some(self.company_id),
            json::read_page,
        )
    }

    fn single<R: Row>(&self, path_and_query: &str) -> Result<Call<R>, ProviderError> {
        self.client.get(
            &format!("/company/{}/{path_and_query}", self.company_id),
            Some(self.company_id),
            json::read_single,
        )
    }
}
