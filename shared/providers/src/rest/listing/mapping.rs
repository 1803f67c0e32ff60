//! The mapping's document, and the request of a page.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use domain::outbound_target::{OutboundTarget, Policy};
use http::Method;
use serde_json::{Map, Value, json};

use super::pointer::Pointer;
use super::position::{Next, Position};
use crate::rest::call::{RestCall, unusable};
use crate::rest::config::RestConfig;
use crate::rest::request::{Body, NewRequest, refused};
use crate::rest::secrets::Secrets;
use crate::{ProviderError, timestamp};
use domain::fields::{Fields, Object, shown};

/// How many pages a list may have.
pub const MAX_PAGES: RangeInclusive<u32> = 1..=10_000;
pub const DEFAULT_MAX_PAGES: u32 = 1_000;

const MAX_PATH_BYTES: usize = 1_024;
const MAX_PARAMETERS: usize = 32;
const MAX_NAME_BYTES: usize = 64;
const MAX_VALUE_BYTES: usize = 1_024;
const MAX_BODY_BYTES: usize = 8 * 1_024;
const SIZES: RangeInclusive<u32> = 1..=10_000;
const FIRST_PAGES: RangeInclusive<u32> = 0..=1;

const MEMBERS: [&str; 7] = [
    "request",
    "rows",
    "id",
    "changed",
    "paging",
    "max_pages",
    "since",
];

/// How a list is asked for and read.
#[derive(Clone, Debug, PartialEq)]
pub struct ListMapping {
    pub(super) request: ListRequest,
    /// To the list, in the answer.
    pub(super) rows: Pointer,
    /// To the id, in a row.
    pub(super) id: Pointer,
    /// To the time of the last change, in a row.
    pub(super) changed: Option<Pointer>,
    pub(super) paging: Paging,
    pub(super) max_pages: u32,
    pub(super) since: Option<Since>,
}

/// The request without what paging adds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ListRequest {
    pub(super) is_post: bool,
    pub(super) path: String,
    pub(super) query: BTreeMap<String, String>,
    pub(super) body: Option<Map<String, Value>>,
    pub(super) parameters: ParameterPlace,
}

/// Where the parameters of paging and of `since` go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterPlace {
    Query,
    /// Members of the body; only with POST.
    Body,
}

/// How one page leads to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paging {
    /// The list comes whole.
    None,
    /// The answer holds a cursor at `next`; without one it is the last page.
    Cursor { next: Pointer, parameter: String },
    /// The answer holds the URL of the next page at `next`; without one it is the last page.
    NextUrl { next: Pointer },
    /// Pages are counted, until one has no rows. A page that is short is not the last: servers cap the
    /// size that they are asked for.
    PageNumber {
        parameter: String,
        first: u32,
        size: Option<Size>,
    },
    /// Rows are counted, until a page has none.
    Offset { parameter: String, limit: Size },
    /// The answer has a header `Link` with `rel="next"` (RFC 8288); without one it is the last page.
    LinkHeader,
}

/// A parameter that asks for so many rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    pub parameter: String,
    pub value: u32,
}

/// A parameter that asks for what has changed since a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    pub parameter: String,
    pub format: SinceFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinceFormat {
    Rfc3339,
    EpochSeconds,
    EpochMilliseconds,
}

const SINCE_FORMATS: [(&str, SinceFormat); 3] = [
    ("rfc3339", SinceFormat::Rfc3339),
    ("epoch_s", SinceFormat::EpochSeconds),
    ("epoch_ms", SinceFormat::EpochMilliseconds),
];

const PLACES: [(&str, ParameterPlace); 2] = [
    ("query", ParameterPlace::Query),
    ("body", ParameterPlace::Body),
];

impl ListMapping {
    /// From the document.
    ///
    /// # Errors
    /// [`domain::Error::InvalidFields`] with every bad field.
    pub fn from_json(document: &Value) -> domain::Result<Self> {
        let mut fields = Fields::default();
        let mapping = Self::read_document(&mut fields, document);
        fields.finish(mapping)
    }

    fn read_document(fields: &mut Fields, document: &Value) -> Option<Self> {
        let object = fields.object("", document, &MEMBERS)?;
        let request = fields
            .required(
                &object,
                "request",
                "say what asks for the list: {\"path\": \"/items\"}, for one",
            )
            .and_then(|value| ListRequest::read(fields, &object.at("request"), value));
        let rows = read_pointer(
            fields,
            &object,
            "rows",
            true,
            Some("the list in the answer"),
        );
        let id = read_pointer(fields, &object, "id", false, Some("the id in a row"));
        let changed = read_pointer(fields, &object, "changed", false, None);
        let paging = fields
            .required(
                &object,
                "paging",
                "say how pages hang together: {\"type\": \"none\"}, for one",
            )
            .and_then(|value| Paging::read(fields, &object.at("paging"), value));
        let max_pages = fields.whole(&object, "max_pages", &MAX_PAGES, DEFAULT_MAX_PAGES);
        let since = object
            .get("since")
            .and_then(|value| Since::read(fields, &object.at("since"), value));
        let mapping = Self {
            request: request?,
            rows: rows?,
            id: id?,
            changed,
            paging: paging?,
            max_pages,
            since,
        };
        mapping.check_together(fields);
        Some(mapping)
    }

    /// The document as it is stored and shown.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "request": self.request.to_json(),
            "rows": self.rows.as_str(),
            "id": self.id.as_str(),
            "changed": self.changed.as_ref().map(Pointer::as_str),
            "paging": self.paging.to_json(),
            "max_pages": self.max_pages,
            "since": self.since.as_ref().map(Since::to_json),
        })
    }

    /// Whether the list can be asked for what has changed since a time.
    #[must_use]
    pub const fn is_incremental(&self) -> bool {
        self.since.is_some()
    }

    /// The request of a page: the first one, or the one at a position. `changed_since` (Unix seconds)
    /// must be the same for all pages of a list, and is passed over where the mapping has no `since`.
    ///
    /// # Errors
    /// See [`RestConfig::request`].
    pub fn request(
        &self,
        config: &RestConfig,
        secrets: &Secrets,
        position: Option<&Position>,
        changed_since: Option<i64>,
    ) -> Result<RestCall, ProviderError> {
        let mut call = match position.map(|position| &position.next) {
            Some(Next::Link(link)) => {
                let target = config.base_url().at(link).map_err(refused)?;
                let get = NewRequest {
                    method: Method::GET,
                    path: "",
                    query: &[],
                    body: Body::None,
                    idempotency_key: None,
                };
                config.request_to(&target, &get, secrets)?
            }
            next => {
                let parameters = self.parameters(next, changed_since)?;
                self.counted_request(config, secrets, parameters)?
            }
        };
        // Also a POST only reads here.
        call.sent.is_repeatable = true;
        Ok(call)
    }

    /// What the mapping's own request becomes with these parameters.
    fn counted_request(
        &self,
        config: &RestConfig,
        secrets: &Secrets,
        parameters: Vec<(&str, Value)>,
    ) -> Result<RestCall, ProviderError> {
        let mut query: Vec<(String, String)> = self
            .request
            .query
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let mut body = self.request.body.clone();
        for (name, value) in parameters {
            match self.request.parameters {
                ParameterPlace::Query => query.push((name.to_owned(), text_of(&value))),
                ParameterPlace::Body => {
                    body.get_or_insert_default().insert(name.to_owned(), value);
                }
            }
        }
        let body = body.map(Value::Object);
        config.request(
            &NewRequest {
                method: if self.request.is_post {
                    Method::POST
                } else {
                    Method::GET
                },
                path: &self.request.path,
                query: &query,
                body: body.as_ref().map_or(Body::None, Body::Json),
                idempotency_key: None,
            },
            secrets,
        )
    }

    fn parameters(
        &self,
        next: Option<&Next>,
        changed_since: Option<i64>,
    ) -> Result<Vec<(&str, Value)>, ProviderError> {
        let mut parameters: Vec<(&str, Value)> = Vec::new();
        if let (Some(since), Some(seconds)) = (&self.since, changed_since) {
            parameters.push((&since.parameter, since.format.write(seconds)));
        }
        match (&self.paging, next) {
            (Paging::Cursor { parameter, .. }, Some(Next::Cursor(cursor))) => {
                parameters.push((parameter, cursor.to_value()));
            }
            (
                Paging::PageNumber {
                    parameter,
                    first,
                    size,
                },
                None | Some(Next::Page(_)),
            ) => {
                let page = match next {
                    Some(Next::Page(page)) => *page,
                    _ => u64::from(*first),
                };
                parameters.push((parameter, json!(page)));
                if let Some(size) = size {
                    parameters.push((&size.parameter, json!(size.value)));
                }
            }
            (Paging::Offset { parameter, limit }, None | Some(Next::Offset(_))) => {
                let offset = match next {
                    Some(Next::Offset(offset)) => *offset,
                    _ => 0,
                };
                parameters.push((parameter, json!(offset)));
                parameters.push((&limit.parameter, json!(limit.value)));
            }
            (_, None) => {}
            // The mapping was changed in the middle of a list.
            _ => return Err(unusable("the position is of another page rule")),
        }
        Ok(parameters)
    }

    /// What is wrong only in company.
    fn check_together(&self, fields: &mut Fields) {
        let is_link = matches!(self.paging, Paging::NextUrl { .. } | Paging::LinkHeader);
        if is_link && self.request.is_post {
            fields.push(
                "/paging/type",
                "a link is followed with GET, and this request is a POST",
                "use another page rule, or GET",
            );
        }
        let mut names: Vec<&str> = match self.request.parameters {
            ParameterPlace::Query => self.request.query.keys().map(String::as_str).collect(),
            ParameterPlace::Body => self
                .request
                .body
                .iter()
                .flat_map(Map::keys)
                .map(String::as_str)
                .collect(),
        };
        let since = self
            .since
            .iter()
            .map(|since| ("/since/parameter", since.parameter.as_str()));
        for (pointer, name) in self.paging.parameters().into_iter().chain(since) {
            if names.contains(&name) {
                fields.push(
                    pointer,
                    "another parameter of the request has the same name",
                    "give each parameter a name of its own",
                );
            }
            names.push(name);
        }
    }
}

impl ListRequest {
    fn read(fields: &mut Fields, pointer: &str, value: &Value) -> Option<Self> {
        let known = ["method", "path", "query", "body", "parameters"];
        let object = fields.object(pointer, value, &known)?;
        let methods = [("GET", false), ("POST", true)];
        let is_post = fields.choice(&object, "method", &methods, Some(false));
        let path = fields
            .required_text(
                &object,
                "path",
                MAX_PATH_BYTES,
                "give the path below the base URL, such as /items",
            )
            .and_then(|path| read_path(fields, &object.at("path"), path));
        let query = read_query(fields, &object);
        let body = match object.get("body") {
            None => None,
            Some(body) => read_body(fields, &object.at("body"), body),
        };
        let is_post = is_post?;
        let usual = if is_post {
            ParameterPlace::Body
        } else {
            ParameterPlace::Query
        };
        let parameters = fields.choice(&object, "parameters", &PLACES, Some(usual))?;
        if !is_post && body.is_some() {
            fields.push(
                object.at("body"),
                "a GET has no body",
                "leave it out, or use the method POST",
            );
        }
        if !is_post && parameters == ParameterPlace::Body {
            fields.push(
                object.at("parameters"),
                "a GET has no body",
                "use query, or the method POST",
            );
        }
        Some(Self {
            is_post,
            path: path?,
            query,
            body,
            parameters,
        })
    }

    fn to_json(&self) -> Value {
        json!({
            "method": if self.is_post { "POST" } else { "GET" },
            "path": self.path,
            "query": self.query,
            "body": self.body,
            "parameters": match self.parameters {
                ParameterPlace::Query => "query",
                ParameterPlace::Body => "body",
            },
        })
    }
}

impl Paging {
    fn read(fields: &mut Fields, pointer: &str, value: &Value) -> Option<Self> {
        #[derive(Clone, Copy)]
        enum Kind {
            None,
            Cursor,
            NextUrl,
            PageNumber,
            Offset,
            LinkHeader,
        }
        let kinds = [
            ("none", Kind::None),
            ("cursor", Kind::Cursor),
            ("next_url", Kind::NextUrl),
            ("page_number", Kind::PageNumber),
            ("offset", Kind::Offset),
            ("link_header", Kind::LinkHeader),
        ];
        let any = fields.any_object(pointer, value)?;
        match fields.choice(&any, "type", &kinds, None)? {
            Kind::None => fields.object(pointer, value, &["type"]).map(|_| Self::None),
            Kind::LinkHeader => fields
                .object(pointer, value, &["type"])
                .map(|_| Self::LinkHeader),
            Kind::Cursor => {
                let object = fields.object(pointer, value, &["type", "next", "parameter"])?;
                let next = read_pointer(
                    fields,
                    &object,
                    "next",
                    false,
                    Some("the next cursor in the answer"),
                );
                let parameter = read_parameter(fields, &object, "parameter");
                Some(Self::Cursor {
                    next: next?,
                    parameter: parameter?,
                })
            }
            Kind::NextUrl => {
                let object = fields.object(pointer, value, &["type", "next"])?;
                let next = read_pointer(
                    fields,
                    &object,
                    "next",
                    false,
                    Some("the next URL in the answer"),
                );
                next.map(|next| Self::NextUrl { next })
            }
            Kind::PageNumber => {
                let known = ["type", "parameter", "first", "size_parameter", "size"];
                let object = fields.object(pointer, value, &known)?;
                let parameter = read_parameter(fields, &object, "parameter");
                let first = fields.whole(&object, "first", &FIRST_PAGES, 1);
                let has_size =
                    object.get("size").is_some() || object.get("size_parameter").is_some();
                let size = has_size.then(|| read_size(fields, &object, "size_parameter", "size"));
                Some(Self::PageNumber {
                    parameter: parameter?,
                    first,
                    size: match size {
                        None => None,
                        Some(size) => Some(size?),
                    },
                })
            }
            Kind::Offset => {
                let known = ["type", "parameter", "limit_parameter", "limit"];
                let object = fields.object(pointer, value, &known)?;
                let parameter = read_parameter(fields, &object, "parameter");
                let limit = read_size(fields, &object, "limit_parameter", "limit");
                Some(Self::Offset {
                    parameter: parameter?,
                    limit: limit?,
                })
            }
        }
    }

    /// The parameters that this adds, and where the document names them.
    fn parameters(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::None | Self::NextUrl { .. } | Self::LinkHeader => Vec::new(),
            Self::Cursor { parameter, .. } => vec![("/paging/parameter", parameter)],
            Self::PageNumber {
                parameter, size, ..
            } => {
                let size = size
                    .iter()
                    .map(|size| ("/paging/size_parameter", size.parameter.as_str()));
                [("/paging/parameter", parameter.as_str())]
                    .into_iter()
                    .chain(size)
                    .collect()
            }
            Self::Offset { parameter, limit } => vec![
                ("/paging/parameter", parameter),
                ("/paging/limit_parameter", &limit.parameter),
            ],
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::None => json!({ "type": "none" }),
            Self::Cursor { next, parameter } => {
                json!({ "type": "cursor", "next": next.as_str(), "parameter": parameter })
            }
            Self::NextUrl { next } => json!({ "type": "next_url", "next": next.as_str() }),
            Self::PageNumber {
                parameter,
                first,
                size,
            } => json!({
                "type": "page_number",
                "parameter": parameter,
                "first": first,
                "size_parameter": size.as_ref().map(|size| &size.parameter),
                "size": size.as_ref().map(|size| size.value),
            }),
            Self::Offset { parameter, limit } => json!({
                "type": "offset",
                "parameter": parameter,
                "limit_parameter": limit.parameter,
                "limit": limit.value,
            }),
            Self::LinkHeader => json!({ "type": "link_header" }),
        }
    }
}

impl Since {
    fn read(fields: &mut Fields, pointer: &str, value: &Value) -> Option<Self> {
        let object = fields.object(pointer, value, &["parameter", "format"])?;
        let parameter = read_parameter(fields, &object, "parameter");
        let format = fields.choice(&object, "format", &SINCE_FORMATS, None);
        Some(Self {
            parameter: parameter?,
            format: format?,
        })
    }

    fn to_json(&self) -> Value {
        let format = SINCE_FORMATS
            .iter()
            .find(|(_, format)| *format == self.format)
            .map(|(name, _)| *name);
        json!({ "parameter": self.parameter, "format": format })
    }
}

impl SinceFormat {
    fn write(self, seconds: i64) -> Value {
        match self {
            Self::Rfc3339 => timestamp::format(seconds).into(),
            Self::EpochSeconds => seconds.max(0).into(),
            Self::EpochMilliseconds => seconds.max(0).saturating_mul(1_000).into(),
        }
    }
}

/// A value as it stands in a query.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn read_pointer(
    fields: &mut Fields,
    object: &Object<'_>,
    name: &str,
    may_be_whole: bool,
    required: Option<&str>,
) -> Option<Pointer> {
    let remedy = |what: &str| format!("give the JSON pointer (RFC 6901) to {what}, such as /data");
    let value = match required {
        Some(what) => fields.required(object, name, &remedy(what))?,
        None => object.get(name)?,
    };
    let pointer = value
        .as_str()
        .and_then(Pointer::parse)
        .filter(|pointer| may_be_whole || !pointer.as_str().is_empty());
    if pointer.is_none() {
        let detail = format!("{} is not a JSON pointer into it", shown(value));
        let remedy = remedy(required.unwrap_or("the time of change in a row"));
        fields.push(object.at(name), detail, remedy);
    }
    pointer
}

fn read_parameter(fields: &mut Fields, object: &Object<'_>, name: &str) -> Option<String> {
    fields
        .required_text(
            object,
            name,
            MAX_NAME_BYTES,
            "give the name of the API's parameter",
        )
        .map(str::to_owned)
}

fn read_size(
    fields: &mut Fields,
    object: &Object<'_>,
    parameter: &str,
    value: &str,
) -> Option<Size> {
    let parameter = read_parameter(fields, object, parameter);
    fields.required(object, value, "give how many rows a page shall have")?;
    let value = fields.whole(object, value, &SIZES, *SIZES.start());
    Some(Size {
        parameter: parameter?,
        value,
    })
}

/// A path is judged with any base: what is wrong with it does not depend on one.
fn read_path(fields: &mut Fields, pointer: &str, path: &str) -> Option<String> {
    let joined = OutboundTarget::parse("https://api.example.com", &Policy::default())
        .and_then(|base| base.join(path, ""));
    match joined {
        Ok(_) => Some(path.to_owned()),
        Err(refusal) => {
            fields.push(pointer, refusal.to_string(), refusal.remedy());
            None
        }
    }
}

fn read_query(fields: &mut Fields, object: &Object<'_>) -> BTreeMap<String, String> {
    let Some(value) = object.get("query") else {
        return BTreeMap::new();
    };
    let Some(members) = fields.any_object(&object.at("query"), value) else {
        return BTreeMap::new();
    };
    if members.member_count() > MAX_PARAMETERS {
        fields.push(
            object.at("query"),
            format!("it has {} parameters", members.member_count()),
            format!("use at most {MAX_PARAMETERS}"),
        );
        return BTreeMap::new();
    }
    let mut query = BTreeMap::new();
    for (name, value) in members.iter() {
        let text = match value {
            Value::String(_) | Value::Number(_) | Value::Bool(_) => text_of(value),
            _ => {
                let detail = format!("{} is not a value of a parameter", shown(value));
                fields.push(
                    members.at(name),
                    detail,
                    "give a text, a number or a boolean",
                );
                continue;
            }
        };
        if name.is_empty() || name.len() > MAX_NAME_BYTES || text.len() > MAX_VALUE_BYTES {
            fields.push(
                members.at(name),
                "its name or its value is too long, or its name is empty",
                format!("use at most {MAX_NAME_BYTES} bytes for a name and {MAX_VALUE_BYTES} for a value"),
            );
            continue;
        }
        query.insert(name.clone(), text);
    }
    query
}

fn read_body(fields: &mut Fields, pointer: &str, value: &Value) -> Option<Map<String, Value>> {
    let object = fields.any_object(pointer, value)?;
    let bytes = value.to_string().len();
    if bytes > MAX_BODY_BYTES {
        fields.push(
            pointer,
            format!("it has {bytes} bytes"),
            format!("use at most {MAX_BODY_BYTES}"),
        );
        return None;
    }
    Some(object.members().clone())
}
