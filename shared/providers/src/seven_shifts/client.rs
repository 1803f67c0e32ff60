//! Builds the requests.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};

use super::query::Query;
use super::{
    API_VERSION, AvailabilitiesQuery, Availability, AvailabilityReason, AvailabilityReasonsQuery,
    Company, Credential, Department, DepartmentsQuery, LaborSettings, Location, LocationsQuery,
    NewWebhook, Role, RolesQuery, Shift, ShiftsQuery, TimeOff, TimeOffQuery, TimeOffSettings,
    TimePunch, TimePunchesQuery, User, UserAssignments, UserWages, UsersQuery, Webhook,
    WebhooksQuery, Whoami,
};
use crate::origin::Origin;
use crate::record::{Expected, Row};
use crate::{Call, Page, ProviderError, Reply, json};

const API_VERSION_HEADER: HeaderName = HeaderName::from_static("x-api-version");
/// The header that an OAuth token needs beside it.
pub const COMPANY_GUID: &str = "x-company-guid";
const COMPANY_GUID_HEADER: HeaderName = HeaderName::from_static(COMPANY_GUID);

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
        self.call(
            Method::GET,
            path_and_query,
            None,
            StatusCode::OK,
            owner,
            read,
        )
    }

    fn call<T>(
        &self,
        method: Method,
        path_and_query: &str,
        json: Option<Vec<u8>>,
        success: StatusCode,
        owner: Option<i64>,
        read: fn(&[u8], Expected) -> Result<T, ProviderError>,
    ) -> Result<Call<T>, ProviderError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}/v2{path_and_query}", self.origin.as_str()))
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, PRODUCT)
            .header(API_VERSION_HEADER, API_VERSION)
            .header(AUTHORIZATION, self.credential.authorization()?);
        if let Some(guid) = self.credential.company_guid() {
            request = request.header(COMPANY_GUID_HEADER, guid);
        }
        if json.is_some() {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let request =
            request
                .body(json.unwrap_or_default())
                .map_err(|error| ProviderError::Request {
                    what: error.to_string(),
                })?;
        Ok(Call {
            request,
            reply: Reply::new(
                read,
                success,
                Expected { owner, page: None },
                self.credential.secret().clone(),
            ),
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

    /// One location, also one that was deleted if 7shifts still tells of it.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn location(&self, id: i64) -> Result<Call<Location>, ProviderError> {
        self.single(&format!("locations/{id}"))
    }

    /// One department.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn department(&self, id: i64) -> Result<Call<Department>, ProviderError> {
        self.single(&format!("departments/{id}"))
    }

    /// One role.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn role(&self, id: i64) -> Result<Call<Role>, ProviderError> {
        self.single(&format!("roles/{id}"))
    }

    /// One user, active or not.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn user(&self, id: i64) -> Result<Call<User>, ProviderError> {
        self.single(&format!("users/{id}?include_inactive=true"))
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

    /// What one user is paid.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn user_wages(&self, user_id: i64) -> Result<Call<UserWages>, ProviderError> {
        let path = self.path(&format!("users/{user_id}/wages"));
        self.get(&path, UserWages::read)
    }

    /// Where one user works and as what.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn user_assignments(&self, user_id: i64) -> Result<Call<UserAssignments>, ProviderError> {
        let path = self.path(&format!("users/{user_id}/assignments"));
        self.get(&path, UserAssignments::read)
    }

    /// One page of availabilities.
    ///
    /// # Errors
    /// See [`CompanyClient::locations`].
    pub fn availabilities(
        &self,
        query: &AvailabilitiesQuery,
    ) -> Result<Call<Page<Availability>>, ProviderError> {
        self.list("availabilities", query)
    }

    /// One availability.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn availability(&self, id: i64) -> Result<Call<Availability>, ProviderError> {
        self.single(&format!("availabilities/{id}"))
    }

    /// One page of the reasons for which people cannot work.
    ///
    /// # Errors
    /// See [`CompanyClient::locations`].
    pub fn availability_reasons(
        &self,
        query: &AvailabilityReasonsQuery,
    ) -> Result<Call<Page<AvailabilityReason>>, ProviderError> {
        self.list("availability_reasons", query)
    }

    /// One page of time off.
    ///
    /// # Errors
    /// See [`CompanyClient::locations`].
    pub fn time_off(&self, query: &TimeOffQuery) -> Result<Call<Page<TimeOff>>, ProviderError> {
        self.get(&self.time_off_path(&query.encode()?), json::read_page)
    }

    /// One time off.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn one_time_off(&self, id: i64) -> Result<Call<TimeOff>, ProviderError> {
        self.client.get(
            &format!("/time_off/{id}"),
            Some(self.company_id),
            json::read_bare,
        )
    }

    /// What the company has set about time off, with its categories.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn time_off_settings(&self) -> Result<Call<TimeOffSettings>, ProviderError> {
        self.client.get(
            &format!("/time_off_settings/{}", self.company_id),
            Some(self.company_id),
            TimeOffSettings::read,
        )
    }

    /// What the company has set about labor.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn labor_settings(&self) -> Result<Call<LaborSettings>, ProviderError> {
        self.get(&self.path("labor_settings"), LaborSettings::read)
    }

    /// One page of webhooks.
    ///
    /// # Errors
    /// See [`CompanyClient::locations`].
    pub fn webhooks(&self, query: &WebhooksQuery) -> Result<Call<Page<Webhook>>, ProviderError> {
        self.list("webhooks", query)
    }

    /// Registers a webhook. The answer is what was made.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn create_webhook(&self, webhook: &NewWebhook) -> Result<Call<Webhook>, ProviderError> {
        let body = webhook.to_json().map_err(|error| ProviderError::Request {
            what: error.to_string(),
        })?;
        self.client.call(
            Method::POST,
            &format!("/company/{}/webhooks", self.company_id),
            Some(body),
            StatusCode::CREATED,
            Some(self.company_id),
            json::read_single,
        )
    }

    /// Ends a webhook.
    ///
    /// # Errors
    /// See [`Client::whoami`].
    pub fn delete_webhook(&self, id: i64) -> Result<Call<()>, ProviderError> {
        self.client.call(
            Method::DELETE,
            &format!("/company/{}/webhooks/{id}", self.company_id),
            None,
            StatusCode::NO_CONTENT,
            None,
            |_, _| Ok(()),
        )
    }

    fn list<R: Row>(&self, name: &str, query: &impl Query) -> Result<Call<Page<R>>, ProviderError> {
        self.get(&self.list_path(name, &query.encode()?), json::read_page)
    }

    fn single<R: Row>(&self, path_and_query: &str) -> Result<Call<R>, ProviderError> {
        self.get(&self.path(path_and_query), json::read_single)
    }

    pub(super) fn get<T>(
        &self,
        path_and_query: &str,
        read: fn(&[u8], Expected) -> Result<T, ProviderError>,
    ) -> Result<Call<T>, ProviderError> {
        self.client.get(path_and_query, Some(self.company_id), read)
    }

    pub(super) fn path(&self, of_company: &str) -> String {
        format!("/company/{}/{of_company}", self.company_id)
    }

    pub(super) fn list_path(&self, name: &str, query: &str) -> String {
        let mark = if query.is_empty() { "" } else { "?" };
        self.path(&format!("{name}{mark}{query}"))
    }

    /// Not under the company's path: the company is a filter.
    pub(super) fn time_off_path(&self, query: &str) -> String {
        let mark = if query.is_empty() { "" } else { "&" };
        format!("/time_off?company_id={}{mark}{query}", self.company_id)
    }
}
