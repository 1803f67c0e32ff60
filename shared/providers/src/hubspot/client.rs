//! Builds the requests.

use form_urlencoded::Serializer;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Method, Request};
use serde_json::{Map, Value, json};

use super::call::{Asked, Call, Reply};
use super::page::{read_found, read_one, read_page};
use super::query::{DealsQuery, MeetingsQuery, OwnersQuery, UsersQuery};
use super::search::{self, Search};
use super::{
    AccessToken, AccountDetails, AssociatedContact, ContactsOfDeals, DealsRead, MAX_BATCH, Meeting,
    Owner, Record,
};
use crate::origin::Origin;
use crate::{MAX_CURSOR_BYTES, Page, ProviderError};

/// Some edges in front of APIs refuse requests without one.
const PRODUCT: &str = concat!("patchbay/", env!("CARGO_PKG_VERSION"));

/// The largest page of a plain list.
const LIST_LIMIT: &str = "100";
/// The largest page of associations, which is also what HubSpot gives unasked.
const ASSOCIATIONS_LIMIT: &str = "500";
/// Ids are whole numbers of 64 bits.
const MAX_ID_DIGITS: usize = 19;

/// HubSpot with one token, which is of one account.
#[derive(Debug, Clone)]
pub struct Client {
    origin: Origin,
    token: AccessToken,
}

impl Client {
    /// `base_url` is an origin, such as [`DEFAULT_API_BASE_URL`](super::DEFAULT_API_BASE_URL).
    ///
    /// # Errors
    /// [`ProviderError::Request`] if `base_url` is not an origin.
    pub fn new(base_url: &str, token: AccessToken) -> Result<Self, ProviderError> {
        Ok(Self {
            origin: Origin::parse(base_url)?,
            token,
        })
    }

    /// The account that the token belongs to: the test of a connection. It needs no scope.
    ///
    /// # Errors
    /// [`ProviderError::Credential`], as for every request, if the token cannot be sent.
    pub fn account(&self) -> Result<Call<AccountDetails>, ProviderError> {
        self.get(
            "/account-info/v3/details",
            Asked::default(),
            AccountDetails::read,
        )
    }

    /// One page of users. Needs the scope `crm.objects.users.read`.
    ///
    /// # Errors
    /// [`ProviderError::Request`], as for every list, if the cursor is too long; see also
    /// [`Client::account`].
    pub fn users(&self, query: &UsersQuery) -> Result<Call<Page<Record>>, ProviderError> {
        let mut parameters = parameters(LIST_LIMIT, query.after.as_deref())?;
        append_properties(&mut parameters, &query.properties);
        self.get(
            &format!("/crm/v3/objects/users?{}", parameters.finish()),
            after(query.after.as_deref()),
            read_page,
        )
    }

    /// One page of owners. Needs the scope `crm.objects.owners.read`.
    ///
    /// # Errors
    /// See [`Client::users`].
    pub fn owners(&self, query: &OwnersQuery) -> Result<Call<Page<Owner>>, ProviderError> {
        self.get(
            &owners_path(query)?,
            after(query.after.as_deref()),
            read_page,
        )
    }

    /// [`Client::owners`] as records, which have no properties then.
    ///
    /// # Errors
    /// See [`Client::users`].
    pub fn owner_records(&self, query: &OwnersQuery) -> Result<Call<Page<Record>>, ProviderError> {
        self.get(
            &owners_path(query)?,
            after(query.after.as_deref()),
            read_page,
        )
    }

    /// [`Client::meetings`] as records, for [`Meeting::of`].
    ///
    /// # Errors
    /// See [`Client::meetings`].
    pub fn meeting_records(
        &self,
        query: &MeetingsQuery,
    ) -> Result<Call<Page<Record>>, ProviderError> {
        self.search("meetings", search::meetings(query)?, query.after.clone())
    }

    /// One page of meetings. Needs the scope `crm.objects.contacts.read`.
    ///
    /// # Errors
    /// [`ProviderError::Request`], as for every search, if HubSpot would not take it: too many
    /// owners, a cursor behind the last result that it gives, a body that is too long.
    pub fn meetings(&self, query: &MeetingsQuery) -> Result<Call<Page<Meeting>>, ProviderError> {
        self.search("meetings", search::meetings(query)?, query.after.clone())
    }

    /// One page of deals. Needs the scope `crm.objects.deals.read`.
    ///
    /// A deal that was changed a few moments ago may be found as it was before, or not at all.
    ///
    /// # Errors
    /// See [`Client::meetings`].
    pub fn deals(&self, query: &DealsQuery) -> Result<Call<Page<Record>>, ProviderError> {
        self.search("deals", search::deals(query)?, query.after.clone())
    }

    /// One deal as it is now. Needs the scope `crm.objects.deals.read`.
    ///
    /// # Errors
    /// [`ProviderError::Request`] if the id is not one; see also [`Client::account`].
    pub fn deal(
        &self,
        id: &str,
        properties: &[impl AsRef<str>],
    ) -> Result<Call<Record>, ProviderError> {
        self.one("deals", id, properties)
    }

    /// Up to [`MAX_BATCH`] deals as they are now: one request of the budget for all of them. Needs the scope
    /// `crm.objects.deals.read`.
    ///
    /// # Errors
    /// [`ProviderError::Request`] for none or too many; see also [`Client::deal`].
    pub fn deals_by_id(
        &self,
        ids: &[impl AsRef<str>],
        properties: &[impl AsRef<str>],
    ) -> Result<Call<DealsRead>, ProviderError> {
        if !(1..=MAX_BATCH).contains(&ids.len()) {
            return Err(refused("1 to 100 deals are asked for at once"));
        }
        let inputs = ids
            .iter()
            .map(|id| Ok(json!({"id": checked(id.as_ref())?})))
            .collect::<Result<Vec<_>, ProviderError>>()?;
        let properties: Vec<&str> = properties.iter().map(AsRef::as_ref).collect();
        let body = json!({"inputs": inputs, "properties": properties});
        let asked = Asked {
            takes_part: true,
            ..Asked::default()
        };
        self.call(
            Method::POST,
            "/crm/v3/objects/deals/batch/read",
            Some(body.to_string().into_bytes()),
            asked,
            DealsRead::read,
        )
    }

    /// Sets properties of a deal: each is given its value, an empty one clears it, the others stay.
    /// Needs the scope `crm.objects.deals.write`. The answer holds what was set.
    ///
    /// # Errors
    /// See [`Client::deal`].
    pub fn update_deal(
        &self,
        id: &str,
        changes: &[(impl AsRef<str>, impl AsRef<str>)],
    ) -> Result<Call<Record>, ProviderError> {
        self.update("deals", id, changes)
    }

    /// One contact as it is now. Needs the scope `crm.objects.contacts.read`.
    ///
    /// # Errors
    /// See [`Client::deal`].
    pub fn contact(
        &self,
        id: &str,
        properties: &[impl AsRef<str>],
    ) -> Result<Call<Record>, ProviderError> {
        self.one("contacts", id, properties)
    }

    /// Sets properties of a contact, as [`Client::update_deal`] does. Needs the scope
    /// `crm.objects.contacts.write`.
    ///
    /// # Errors
    /// See [`Client::deal`].
    pub fn update_contact(
        &self,
        id: &str,
        changes: &[(impl AsRef<str>, impl AsRef<str>)],
    ) -> Result<Call<Record>, ProviderError> {
        self.update("contacts", id, changes)
    }

    /// One page of a deal's contacts, up to 500.
    ///
    /// # Errors
    /// See [`Client::deal`].
    pub fn contacts_of_deal(
        &self,
        deal_id: &str,
        cursor: Option<&str>,
    ) -> Result<Call<Page<AssociatedContact>>, ProviderError> {
        let parameters = parameters(ASSOCIATIONS_LIMIT, cursor)?.finish();
        let id = checked(deal_id)?;
        self.get(
            &format!("/crm/v4/objects/deals/{id}/associations/contacts?{parameters}"),
            after(cursor),
            read_page,
        )
    }

    /// The contacts of up to [`MAX_BATCH`] deals.
    ///
    /// # Errors
    /// [`ProviderError::Request`] for none or too many; see also [`Client::deal`].
    pub fn contacts_of_deals(
        &self,
        deal_ids: &[impl AsRef<str>],
    ) -> Result<Call<ContactsOfDeals>, ProviderError> {
        if !(1..=MAX_BATCH).contains(&deal_ids.len()) {
            return Err(refused("contacts are asked for of 1 to 100 deals at once"));
        }
        let inputs = deal_ids
            .iter()
            .map(|id| Ok(json!({"id": checked(id.as_ref())?})))
            .collect::<Result<Vec<_>, ProviderError>>()?;
        let asked = Asked {
            takes_part: true,
            ..Asked::default()
        };
        self.call(
            Method::POST,
            "/crm/v4/associations/deals/contacts/batch/read",
            Some(json!({"inputs": inputs}).to_string().into_bytes()),
            asked,
            ContactsOfDeals::read,
        )
    }

    fn search<R: crate::record::Row>(
        &self,
        kind: &str,
        search: Search,
        cursor: Option<String>,
    ) -> Result<Call<Page<R>>, ProviderError> {
        let asked = Asked {
            after: cursor,
            offset: search.offset,
            takes_part: false,
        };
        self.call(
            Method::POST,
            &format!("/crm/v3/objects/{kind}/search"),
            Some(search.body),
            asked,
            read_found,
        )
    }

    fn one(
        &self,
        kind: &str,
        id: &str,
        properties: &[impl AsRef<str>],
    ) -> Result<Call<Record>, ProviderError> {
        let mut parameters = Serializer::new(String::new());
        append_properties(&mut parameters, properties);
        let parameters = parameters.finish();
        let mark = if parameters.is_empty() { "" } else { "?" };
        let id = checked(id)?;
        self.get(
            &format!("/crm/v3/objects/{kind}/{id}{mark}{parameters}"),
            Asked::default(),
            read_one,
        )
    }

    fn update(
        &self,
        kind: &str,
        id: &str,
        changes: &[(impl AsRef<str>, impl AsRef<str>)],
    ) -> Result<Call<Record>, ProviderError> {
        if changes.is_empty() {
            return Err(refused("no property is to be changed"));
        }
        let properties: Map<String, Value> = changes
            .iter()
            .map(|(name, value)| (name.as_ref().to_owned(), value.as_ref().into()))
            .collect();
        let id = checked(id)?;
        self.call(
            Method::PATCH,
            &format!("/crm/v3/objects/{kind}/{id}"),
            Some(json!({"properties": properties}).to_string().into_bytes()),
            Asked::default(),
            read_one,
        )
    }

    fn get<T>(
        &self,
        path_and_query: &str,
        asked: Asked,
        read: fn(&[u8], &Asked) -> Result<T, ProviderError>,
    ) -> Result<Call<T>, ProviderError> {
        self.call(Method::GET, path_and_query, None, asked, read)
    }

    fn call<T>(
        &self,
        method: Method,
        path_and_query: &str,
        json: Option<Vec<u8>>,
        asked: Asked,
        read: fn(&[u8], &Asked) -> Result<T, ProviderError>,
    ) -> Result<Call<T>, ProviderError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path_and_query}", self.origin.as_str()))
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, PRODUCT)
            .header(AUTHORIZATION, self.token.authorization()?);
        if json.is_some() {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let request = request
            .body(json.unwrap_or_default())
            .map_err(|error| refused(&error.to_string()))?;
        Ok(Call {
            request,
            reply: Reply::new(read, asked, self.token.expose().clone()),
        })
    }
}

fn owners_path(query: &OwnersQuery) -> Result<String, ProviderError> {
    let mut parameters = parameters(LIST_LIMIT, query.after.as_deref())?;
    if let Some(email) = &query.email {
        parameters.append_pair("email", email);
    }
    Ok(format!("/crm/v3/owners?{}", parameters.finish()))
}

fn parameters(
    limit: &str,
    cursor: Option<&str>,
) -> Result<Serializer<'static, String>, ProviderError> {
    let mut parameters = Serializer::new(String::new());
    parameters.append_pair("limit", limit);
    if let Some(cursor) = cursor {
        if cursor.len() > MAX_CURSOR_BYTES {
            return Err(refused("the cursor is too long"));
        }
        parameters.append_pair("after", cursor);
    }
    Ok(parameters)
}

fn append_properties(parameters: &mut Serializer<'_, String>, properties: &[impl AsRef<str>]) {
    let names: Vec<&str> = properties.iter().map(AsRef::as_ref).collect();
    if !names.is_empty() {
        parameters.append_pair("properties", &names.join(","));
    }
}

fn after(cursor: Option<&str>) -> Asked {
    Asked {
        after: cursor.map(str::to_owned),
        ..Asked::default()
    }
}

/// An id that may stand in a path.
fn checked(id: &str) -> Result<&str, ProviderError> {
    let is_id =
        (1..=MAX_ID_DIGITS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    if !is_id {
        return Err(refused("the id of a record is a number of up to 19 digits"));
    }
    Ok(id)
}

fn refused(what: &str) -> ProviderError {
    ProviderError::Request {
        what: what.to_owned(),
    }
}
