//! The calls.

use domain::client_folder::FolderName;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_MATCH, USER_AGENT};
use http::{HeaderValue, Method, Request};
use serde_json::{Map, Value, json};

use super::call::{Call, Reply};
use super::item::{Folder, Item, User, page};
use super::metadata::{self, MetadataTemplate};
use super::{Id, PRODUCT};
use crate::origin::Origin;
use crate::{Page, ProviderError, Secret};

const API: &str = "/2.0";
const AS_USER: &str = "as-user";
const JSON: &str = "application/json";
const JSON_PATCH: &str = "application/json-patch+json";
/// As many as one page may hold.
const ITEMS_PER_PAGE: &str = "1000";
const USERS_PER_PAGE: &str = "1000";

/// Box's API with one token.
#[derive(Debug, Clone)]
pub struct Client {
    origin: Origin,
    token: Secret,
    as_user: Option<Id>,
}

/// What a collaborator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    CoOwner,
    Editor,
    Previewer,
    Uploader,
    Viewer,
}

impl Role {
    const fn as_str(self) -> &'static str {
        match self {
            Self::CoOwner => "co-owner",
            Self::Editor => "editor",
            Self::Previewer => "previewer",
            Self::Uploader => "uploader",
            Self::Viewer => "viewer",
        }
    }
}

/// What changes about a folder; the rest stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct FolderChange<'a> {
    pub name: Option<&'a FolderName>,
    /// At most 256 characters.
    pub description: Option<&'a str>,
    /// The change is refused with [`Class::Changed`](super::Class::Changed) if the folder has another
    /// by now.
    pub if_etag: Option<&'a str>,
}

impl Client {
    /// `base_url` is an origin, such as [`DEFAULT_BASE_URL`](super::DEFAULT_BASE_URL).
    ///
    /// # Errors
    /// [`ProviderError::Request`] if `base_url` is not an origin.
    pub fn new(base_url: &str, token: Secret) -> Result<Self, ProviderError> {
        Ok(Self {
            origin: Origin::parse(base_url)?,
            token,
            as_user: None,
        })
    }

    /// The same client, acting as a user. It must not be the service account itself.
    #[must_use]
    pub fn acting_as(&self, user_id: &Id) -> Self {
        Self {
            as_user: Some(user_id.clone()),
            ..self.clone()
        }
    }

    /// Whom the calls act as: the service account, or the user. The test of a connection.
    ///
    /// # Errors
    /// [`ProviderError::Request`] or [`ProviderError::Credential`] if no request can be built.
    pub fn current_user(&self) -> Result<Call<User>, ProviderError> {
        self.get("/users/me", &[("fields", "name,login,status")], User::read)
    }

    /// The users whose name or login begins with a term; [`with_login`](super::with_login) picks one.
    /// As the service account: users cannot list users.
    ///
    /// # Errors
    /// See [`Client::current_user`].
    pub fn users(&self, filter_term: &str) -> Result<Call<Page<User>>, ProviderError> {
        let query = [
            ("filter_term", filter_term),
            ("fields", "name,login,status"),
            ("limit", USERS_PER_PAGE),
        ];
        self.get("/users", &query, |body| page(body, User::read))
    }

    /// What is in a folder, folders first. `marker` is the [`Page::next`] of the page before.
    ///
    /// # Errors
    /// See [`Client::current_user`].
    pub fn items(
        &self,
        folder: &Id,
        marker: Option<&str>,
    ) -> Result<Call<Page<Item>>, ProviderError> {
        let mut query = vec![
            ("usemarker", "true"),
            ("fields", "name"),
            ("limit", ITEMS_PER_PAGE),
        ];
        query.extend(marker.map(|marker| ("marker", marker)));
        self.get(&format!("/folders/{folder}/items"), &query, |body| {
            page(body, Item::read)
        })
    }

    /// A folder.
    ///
    /// # Errors
    /// See [`Client::current_user`].
    pub fn folder(&self, folder: &Id) -> Result<Call<Folder>, ProviderError> {
        let path = format!("/folders/{folder}");
        self.get(&path, &[("fields", Folder::FIELDS)], Folder::read)
    }

    /// Makes an empty folder.
    ///
    /// # Errors
    /// See [`Client::current_user`].
    pub fn create_folder(
        &self,
        parent: &Id,
        name: &FolderName,
    ) -> Result<Call<Folder>, ProviderError> {
        let body = json!({"name": name.as_str(), "parent": {"id": parent.as_str()}});
        self.write(Method::POST, "/folders", &body, Folder::read)
    }

    /// Copies a folder with all that is in it. A template of more than
    /// [`MAX_ITEMS_COPIED_AT_ONCE`](super::MAX_ITEMS_COPIED_AT_ONCE) items is still being copied when the
    /// answer comes. One template is copied once at a time.
    ///
    /// # Errors
    /// See [`Client::current_user`].
    pub fn copy_folder(
        &self,
        template: &Id,
        parent: &Id,
        name: &FolderName,
    ) -> Result<Call<Folder>, ProviderError> {
        let body = json!({"name": name.as_str(), "parent": {"id": parent.as_str()}});
        let path = format!("/folders/{template}/copy");
        self.write(Method::POST, &path, &body, Folder::read)
    }

    /// Changes a folder.
    ///
    /// # Errors
    /// See [`Client::current_user`].
    pub fn update_folder(
        &self,
        folder: &Id,
        change: FolderChange<'_>,
    ) -> Result<Call<Folder>, ProviderError> {
        let mut body = Map::new();
        if let Some(name) = change.name {
            body.insert("name".to_owned(), json!(name.as_str()));
        }
        if let Some(description) = change.description {
            body.insert("description".to_owned(), json!(description));
        }
        let path = format!("/folders/{folder}");
        let mut call = self.write(Method::PUT, &path, &Value::Object(body), Folder::read)?;
        if let Some(etag) = change.if_etag {
            let etag = header(etag, "the etag")?;
            call.request.headers_mut().insert(IF_MATCH, etag);
        }
        Ok(call)
    }

    /// Puts metadata on a folder that has none of this template;
    /// [`Class::AlreadyThere`](super::Class::AlreadyThere) if it has.
    ///
    /// # Errors
    /// See [`Client::current_user`].
    pub fn create_metadata(
        &self,
        folder: &Id,
        template: &MetadataTemplate,
        values: &Map<String, Value>,
    ) -> Result<Call<()>, ProviderError> {
        let path = format!("/folders/{folder}/metadata/{}", template.path());
        self.write(Method::POST, &path, &json!(values), |_| Some(()))
    }

    /// Sets values of metadata that is there.
    ///
    /// # Errors
    /// See [`Client::current_user`].
    pub fn update_metadata(
        &self,
        folder: &Id,
        template: &MetadataTemplate,
        values: &Map<String, Value>,
    ) -> Result<Call<()>, ProviderError> {
        let path = format!("/folders/{folder}/metadata/{}", template.path());
        let mut call = self.write(Method::PUT, &path, &metadata::patch(values), |_| Some(()))?;
        call.request
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(JSON_PATCH));
        Ok(call)
    }

    /// The items below a folder whose metadata has a value; the first hundred.
    ///
    /// # Errors
    /// See [`Client::current_user`]; also if `field` is no name of a field.
    pub fn find_by_metadata(
        &self,
        template: &MetadataTemplate,
        field: &str,
        value: &str,
        below: &Id,
    ) -> Result<Call<Page<Item>>, ProviderError> {
        let body = metadata::query(template, field, value, below.as_str())?;
        let path = "/metadata_queries/execute_read";
        let mut call = self.write(Method::POST, path, &body, |body| page(body, Item::read))?;
        call.reply.is_write = false;
        Ok(call)
    }

    /// Invites a person to a folder, by mail.
    ///
    /// # Errors
    /// See [`Client::current_user`].
    pub fn share(&self, folder: &Id, login: &str, role: Role) -> Result<Call<()>, ProviderError> {
        let body = json!({
            "item": {"type": "folder", "id": folder.as_str()},
            "accessible_by": {"type": "user", "login": login},
            "role": role.as_str(),
        });
        self.write(Method::POST, "/collaborations", &body, |_| Some(()))
    }

    fn get<T>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        read: fn(&Value) -> Option<T>,
    ) -> Result<Call<T>, ProviderError> {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        self.call(Method::GET, &format!("{path}?{query}"), Vec::new(), read)
    }

    fn write<T>(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        read: fn(&Value) -> Option<T>,
    ) -> Result<Call<T>, ProviderError> {
        let mut call = self.call(method, path, body.to_string().into_bytes(), read)?;
        call.request
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        Ok(call)
    }

    fn call<T>(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        read: fn(&Value) -> Option<T>,
    ) -> Result<Call<T>, ProviderError> {
        let is_write = method != Method::GET;
        let mut bearer = header(&format!("Bearer {}", self.token.expose()), "the token")?;
        bearer.set_sensitive(true);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{API}{path}", self.origin.as_str()))
            .header(ACCEPT, JSON)
            .header(USER_AGENT, PRODUCT)
            .header(AUTHORIZATION, bearer);
        if let Some(user) = &self.as_user {
            request = request.header(AS_USER, user.as_str());
        }
        let request = request.body(body).map_err(|error| ProviderError::Request {
            what: error.to_string(),
        })?;
        Ok(Call {
            request,
            reply: Reply {
                read,
                is_write,
                secret: self.token.clone(),
            },
        })
    }
}

fn header(text: &str, name: &str) -> Result<HeaderValue, ProviderError> {
    HeaderValue::try_from(text).map_err(|_| ProviderError::Credential {
        what: format!("{name} holds a character that no header may carry"),
    })
}
