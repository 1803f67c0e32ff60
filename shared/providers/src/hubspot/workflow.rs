//! What a workflow sends: which deal it is about, and the values that travel with it.
//!
//! Two forms are known. A custom action, and a webhook with a body of its own, send an *envelope*:
//! who sends it, which object, and `fields` and `inputFields`, which say the same twice. A webhook
//! with all properties sends the *object* as the CRM's API returns it, in the form of today
//! (`properties` of text) or in the older one (`properties` of objects with a `value`).
//!
//! Dates are milliseconds since 1970 in an envelope, and `YYYY-MM-DD` in an object; they are handed
//! on as they come.

use std::collections::BTreeMap;

use domain::allocation::settings::Properties;
use serde_json::{Map, Value};

/// A deal with several hundred properties is a tenth of this.
pub const MAX_BODY_BYTES: usize = 512 * 1024;
const MAX_FIELDS: usize = 2_000;
const MAX_ID_DIGITS: usize = 19;
const MAX_CALLBACK_ID_BYTES: usize = 200;
const MAX_TYPE_BYTES: usize = 64;
/// Beyond it a float does not tell whole numbers apart.
const MAX_EXACT_FLOAT: f64 = 9_007_199_254_740_992.0;

const DEAL: &str = "DEAL";

/// Internal names of a deal's properties, which are the account's own.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// A text copy of the deal's id. It counts only where the object is no deal or has no id.
    pub deal_id: &'a str,
    pub service_package: &'a str,
    /// Taken where the package is blank.
    pub renewal_service_package: &'a str,
    pub household_type: &'a str,
    /// Taken where the household is blank.
    pub renewal_household_type: &'a str,
    pub agreement_start_date: &'a str,
    pub client_email: &'a str,
}

impl<'a> From<&'a Properties> for Names<'a> {
    fn from(properties: &'a Properties) -> Self {
        Self {
            deal_id: &properties.deal_id,
            service_package: &properties.deal_service_package,
            renewal_service_package: &properties.deal_renewal_service_package,
            household_type: &properties.deal_household_type,
            renewal_household_type: &properties.deal_renewal_household_type,
            agreement_start_date: &properties.deal_agreement_start_date,
            client_email: &properties.deal_client_email,
        }
    }
}

/// One call of a workflow. Texts are trimmed; one without anything in it is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowCall {
    /// The account; not every form of a body names it.
    pub portal_id: Option<i64>,
    /// In capitals, `DEAL`; an object that stands alone does not always say.
    pub object_type: Option<String>,
    /// Digits.
    pub deal_id: String,
    /// The same when the workflow repeats its call.
    pub callback_id: Option<String>,
    pub workflow_id: Option<i64>,
    pub service_package: Option<String>,
    pub household_type: Option<String>,
    /// As it came: `domain::allocation::agreement` reads it.
    pub agreement_start_date: Option<String>,
    pub client_email: Option<String>,
    /// All values that came, by internal name.
    pub fields: BTreeMap<String, String>,
}

impl WorkflowCall {
    /// Whether it is about a deal, as far as it says.
    #[must_use]
    pub fn is_about_a_deal(&self) -> bool {
        self.object_type.as_deref().is_none_or(|kind| kind == DEAL)
    }
}

/// Why a body is no call. Nothing in it repeats a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the body is longer than {limit_bytes} bytes; choose the properties that it sends")]
    TooLong { limit_bytes: usize },
    #[error("the body is not JSON ({what}); have the workflow send JSON")]
    NotJson { what: String },
    #[error("the body is not an object; have the workflow send the enrolled deal")]
    NotAnObject,
    #[error(
        "the body is a list, as subscriptions to events are sent; call this from a workflow instead"
    )]
    Subscription,
    #[error("`{field}` must be {wanted}, as HubSpot sends it")]
    Field { field: String, wanted: &'static str },
    #[error("there are more than {limit} fields; choose the properties that the workflow sends")]
    TooManyFields { limit: usize },
    #[error(
        "no deal is named: enroll deals, or send the property `{property}` of the deal along with the call"
    )]
    NoDeal { property: String },
}

impl Unreadable {
    /// The member that is wrong, as a JSON pointer; empty where it is the whole.
    #[must_use]
    pub fn pointer(&self) -> String {
        match self {
            Self::Field { field, .. } => format!("/{}", field.replace('.', "/")),
            Self::NoDeal { .. } => "/object/objectId".to_owned(),
            _ => String::new(),
        }
    }
}

/// Reads the body of a call, after its signature was found right.
///
/// Of a value that is there several times, `inputFields` count before `fields`, and these before the
/// properties of the object; a blank one never counts before another.
///
/// # Errors
/// [`Unreadable`]; such a body stays so however often it is sent.
pub fn read(body: &[u8], names: &Names<'_>) -> Result<WorkflowCall, Unreadable> {
    if body.len() > MAX_BODY_BYTES {
        return Err(Unreadable::TooLong {
            limit_bytes: MAX_BODY_BYTES,
        });
    }
    let body = match serde_json::from_slice(body) {
        Ok(Value::Object(body)) => body,
        Ok(Value::Array(_)) => return Err(Unreadable::Subscription),
        Ok(_) => return Err(Unreadable::NotAnObject),
        Err(error) => {
            return Err(Unreadable::NotJson {
                what: crate::record::explain(&error),
            });
        }
    };
    let said = if body.contains_key("object") || body.contains_key("origin") {
        Said::of_envelope(&body)?
    } else {
        Said::of_object(&body)?
    };
    said.into_call(names)
}

/// A body in either form.
struct Said {
    portal_id: Option<i64>,
    object_type: Option<String>,
    object_id: Option<String>,
    callback_id: Option<String>,
    workflow_id: Option<i64>,
    fields: BTreeMap<String, String>,
}

impl Said {
    fn of_envelope(body: &Map<String, Value>) -> Result<Self, Unreadable> {
        let none = Map::new();
        let origin = object(body, "origin", "origin")?.unwrap_or(&none);
        let context = object(body, "context", "context")?.unwrap_or(&none);
        let enrolled = object(body, "object", "object")?.unwrap_or(&none);
        let mut fields = Fields::default();
        fields.overlay(object(enrolled, "properties", "object.properties")?)?;
        fields.overlay(object(body, "fields", "fields")?)?;
        fields.overlay(object(body, "inputFields", "inputFields")?)?;
        let callback_id = bounded(body, "callbackId", "callbackId", MAX_CALLBACK_ID_BYTES)?;
        Ok(Self {
            portal_id: match number(origin, "portalId", "origin.portalId")? {
                None => number(body, "portalId", "portalId")?,
                some => some,
            },
            object_type: object_type(enrolled, "objectType", "object.objectType")?,
            object_id: id(enrolled, "objectId", "object.objectId")?,
            callback_id,
            workflow_id: number(context, "workflowId", "context.workflowId")?,
            fields: fields.0,
        })
    }

    fn of_object(body: &Map<String, Value>) -> Result<Self, Unreadable> {
        let mut fields = Fields::default();
        fields.overlay(object(body, "properties", "properties")?)?;
        fields.overlay(object(body, "fields", "fields")?)?;
        fields.overlay(object(body, "inputFields", "inputFields")?)?;
        let deal_id = id(body, "dealId", "dealId")?;
        let object_type = match object_type(body, "objectType", "objectType")? {
            None => match object_type(body, "objectTypeId", "objectTypeId")? {
                None => deal_id.is_some().then(|| DEAL.to_owned()),
                some => some,
            },
            some => some,
        };
        // The first that is there; each must be readable.
        let mut object_id = deal_id;
        for name in ["objectId", "id", "hs_object_id"] {
            let other = id(body, name, name)?;
            object_id = object_id.or(other);
        }
        if object_id.is_none() {
            object_id = fields.0.get("hs_object_id").filter(|id| is_id(id)).cloned();
        }
        Ok(Self {
            portal_id: number(body, "portalId", "portalId")?,
            object_type,
            object_id,
            callback_id: bounded(body, "callbackId", "callbackId", MAX_CALLBACK_ID_BYTES)?,
            workflow_id: number(body, "workflowId", "workflowId")?,
            fields: fields.0,
        })
    }

    fn into_call(self, names: &Names<'_>) -> Result<WorkflowCall, Unreadable> {
        let field = |name: &str| self.fields.get(name).cloned();
        let is_deal = self.object_type.as_deref().is_none_or(|kind| kind == DEAL);
        // A deal that was cloned has the copy of the other's id: the object's own counts.
        let own = self.object_id.filter(|_| is_deal);
        let deal_id = match own.or_else(|| field(names.deal_id)) {
            None => {
                return Err(Unreadable::NoDeal {
                    property: names.deal_id.to_owned(),
                });
            }
            Some(id) if is_id(&id) => id,
            Some(_) => return Err(wrong(names.deal_id, "the id of a deal")),
        };
        Ok(WorkflowCall {
            portal_id: self.portal_id,
            object_type: self.object_type,
            deal_id,
            callback_id: self.callback_id,
            workflow_id: self.workflow_id,
            service_package: field(names.service_package)
                .or_else(|| field(names.renewal_service_package)),
            household_type: field(names.household_type)
                .or_else(|| field(names.renewal_household_type)),
            agreement_start_date: field(names.agreement_start_date),
            client_email: field(names.client_email),
            fields: self.fields,
        })
    }
}

/// Values that are not blank, by name.
#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Fields {
    fn overlay(&mut self, fields: Option<&Map<String, Value>>) -> Result<(), Unreadable> {
        for (name, value) in fields.into_iter().flatten() {
            if let Some(text) = text(value) {
                self.0.insert(name.clone(), text);
            }
        }
        if self.0.len() > MAX_FIELDS {
            return Err(Unreadable::TooManyFields { limit: MAX_FIELDS });
        }
        Ok(())
    }
}

/// A value as text; `None` where there is none. Several values are joined as the CRM joins them.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => {
            whole(number).map_or_else(|| number.to_string(), |n| n.to_string())
        }
        Value::String(text) => text.replace('\0', ""),
        Value::Array(values) => {
            let texts: Vec<String> = values.iter().filter_map(scalar).collect();
            texts.join(";")
        }
        Value::Object(versioned) => scalar(versioned.get("value")?)?,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Array(_) | Value::Object(_) => None,
        scalar => text(scalar),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "whole and within 2^53, so the cast is exact"
)]
fn whole(number: &serde_json::Number) -> Option<i64> {
    if let Some(number) = number.as_i64() {
        return Some(number);
    }
    let number = number.as_f64()?;
    (number.fract() == 0.0 && number.abs() <= MAX_EXACT_FLOAT).then_some(number as i64)
}

/// A part that is an object, if it is there.
fn object<'v>(
    parent: &'v Map<String, Value>,
    name: &str,
    path: &str,
) -> Result<Option<&'v Map<String, Value>>, Unreadable> {
    match parent.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        // What some languages write for an object without members.
        Some(Value::Array(empty)) if empty.is_empty() => Ok(None),
        Some(_) => Err(wrong(path, "an object")),
    }
}

/// A positive whole number, also as text.
fn number(parent: &Map<String, Value>, name: &str, path: &str) -> Result<Option<i64>, Unreadable> {
    let number = match parent.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => whole(number),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
    };
    number
        .filter(|number| *number > 0)
        .map(Some)
        .ok_or_else(|| wrong(path, "a positive whole number"))
}

fn id(parent: &Map<String, Value>, name: &str, path: &str) -> Result<Option<String>, Unreadable> {
    Ok(number(parent, name, path)?.map(|id| id.to_string()))
}

fn bounded(
    parent: &Map<String, Value>,
    name: &str,
    path: &str,
    max_bytes: usize,
) -> Result<Option<String>, Unreadable> {
    let text = match parent.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => scalar(value),
    };
    match text {
        Some(text) if text.len() <= max_bytes && !text.contains(char::is_control) => Ok(Some(text)),
        None if parent.get(name).is_some_and(Value::is_string) => Ok(None),
        _ => Err(wrong(path, "a short text")),
    }
}

/// In capitals, and by name.
fn object_type(
    parent: &Map<String, Value>,
    name: &str,
    path: &str,
) -> Result<Option<String>, Unreadable> {
    let kind = bounded(parent, name, path, MAX_TYPE_BYTES)?.map(|kind| kind.to_uppercase());
    Ok(kind.map(|kind| match kind.as_str() {
        "0-3" | "DEALS" => DEAL.to_owned(),
        "0-1" => "CONTACT".to_owned(),
        _ => kind,
    }))
}

fn is_id(text: &str) -> bool {
    (1..=MAX_ID_DIGITS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte != b'0')
}

fn wrong(field: &str, wanted: &'static str) -> Unreadable {
    Unreadable::Field {
        field: field.to_owned(),
        wanted,
    }
}
