//! What a connector to Box is configured with: what is copied, where to, as whom, how it is named, and where its link goes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Contact, FolderName, client_name};
use crate::Result;
use crate::fields::{Fields, Object, shown};

const KNOWN: &[&str] = &[
    "template_folder_id",
    "parent_folder_id",
    "as_user",
    "name_prefix",
    "name_suffix",
    "hubspot_connector_id",
    "deal_property",
    "contact_property",
    "properties",
];

const MAX_FOLDER_DIGITS: usize = 20;
const MAX_LOGIN_BYTES: usize = 320;
/// Of each of what stands around a name, so that the name itself is still there.
const MAX_AROUND_CHARS: usize = 40;
const MAX_PROPERTY_BYTES: usize = 100;
const MAX_ID_BYTES: usize = 36;

macro_rules! properties {
    ($( $(#[$meta:meta])* $name:ident = $default:literal, )+) => {
        /// Internal names of a deal's properties that a workflow sends along: with them the CRM is not asked.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Properties {
            $( $(#[$meta])* pub $name: String, )+
        }

        impl Default for Properties {
            fn default() -> Self {
                Self { $( $name: $default.to_owned(), )+ }
            }
        }

        impl Properties {
            const NAMES: &'static [&'static str] = &[$( stringify!($name), )+];

            fn each(&self) -> Vec<(&'static str, &str)> {
                vec![$( (stringify!($name), self.$name.as_str()), )+]
            }

            fn each_mut(&mut self) -> Vec<(&'static str, &mut String)> {
                vec![$( (stringify!($name), &mut self.$name), )+]
            }
        }
    };
}

properties! {
    /// A name that wins over those of the contacts.
    folder_name = "folder_name",
    /// A copy of the deal's id, for bodies that name no object.
    deal_id = "hs_deal_record_id",
    contact_id = "hs_contact_id",
    contact_first_name = "hs_contact_firstname",
    contact_last_name = "hs_contact_lastname",
    contact_email = "hs_contact_email",
    partner_id = "hs_spouse_id",
    partner_first_name = "hs_spouse_firstname",
    partner_last_name = "hs_spouse_lastname",
    partner_email = "hs_spouse_email",
}

/// The configuration, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What is copied.
    pub template_folder_id: String,
    /// Where the copies go; `0` is the top of what the user has.
    pub parent_folder_id: String,
    /// A mail address or the id of the user that we act as; `None`: the app's own account.
    pub as_user: Option<String>,
    pub name_prefix: Option<String>,
    pub name_suffix: Option<String>,
    /// Where deals are; `None`: the one that the organization has.
    pub hubspot_connector_id: Option<String>,
    /// The property of the deal that is given the link.
    pub deal_property: Option<String>,
    /// The same of each contact.
    pub contact_property: Option<String>,
    pub properties: Properties,
}

impl Settings {
    /// # Errors
    /// [`crate::Error::InvalidFields`], with every member that is wrong.
    pub fn from_json(document: &Value) -> Result<Self> {
        let mut fields = Fields::default();
        let read = read(&mut fields, document);
        fields.finish(read)
    }

    /// The whole document; reading it gives the same settings.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let properties: BTreeMap<_, _> = self.properties.each().into_iter().collect();
        json!({
            "template_folder_id": self.template_folder_id,
            "parent_folder_id": self.parent_folder_id,
            "as_user": self.as_user,
            "name_prefix": self.name_prefix,
            "name_suffix": self.name_suffix,
            "hubspot_connector_id": self.hubspot_connector_id,
            "deal_property": self.deal_property,
            "contact_property": self.contact_property,
            "properties": properties,
        })
    }

    /// The name of a client's folder ([`client_name`]), with what is to stand around it. A name that was asked for stands
    /// as it is.
    #[must_use]
    pub fn name(
        &self,
        requested: Option<&str>,
        contacts: &[Contact<'_>],
        deal_id: &str,
    ) -> FolderName {
        if let Some(requested) = requested.and_then(FolderName::clean) {
            return requested;
        }
        let name = client_name(None, contacts, deal_id);
        let prefix = self.name_prefix.as_deref().unwrap_or_default();
        let suffix = self.name_suffix.as_deref().unwrap_or_default();
        if prefix.is_empty() && suffix.is_empty() {
            return name;
        }
        let around = prefix
            .chars()
            .count()
            .saturating_add(suffix.chars().count());
        let name = name.within(super::MAX_NAME_CHARS.saturating_sub(around));
        FolderName::clean(&format!("{prefix}{name}{suffix}")).unwrap_or(name)
    }
}

fn read(fields: &mut Fields, document: &Value) -> Option<Settings> {
    let object = fields.object("", document, KNOWN)?;
    let template = folder(
        fields,
        &object,
        "template_folder_id",
        "give the id of the folder that is copied: the number at the end of its address in Box",
    );
    let parent = folder(
        fields,
        &object,
        "parent_folder_id",
        "give the id of the folder that the copies go to: the number at the end of its address in Box",
    );
    if template.as_deref() == Some("0") {
        fields.push(
            object.at("template_folder_id"),
            "it is the top of all folders, which Box does not copy",
            "give the id of one folder",
        );
    }
    if template.is_some() && template == parent {
        fields.push(
            object.at("parent_folder_id"),
            "it is the template itself",
            "give another folder, or every copy would be in the next",
        );
    }
    let as_user = as_user(fields, &object);
    let name_prefix = around(fields, &object, "name_prefix");
    let name_suffix = around(fields, &object, "name_suffix");
    let hubspot = fields
        .optional_text(&object, "hubspot_connector_id", MAX_ID_BYTES)
        .map(str::to_ascii_lowercase);
    if hubspot.as_deref().is_some_and(|id| !is_uuid(id)) {
        fields.push(
            object.at("hubspot_connector_id"),
            "it is not the id of a connector",
            "give the id of a connector of the type hubspot, or leave it out where there is one only",
        );
    }
    let deal_property = property(fields, &object, "deal_property");
    let contact_property = property(fields, &object, "contact_property");
    let properties = properties(fields, &object);
    Some(Settings {
        template_folder_id: template?,
        parent_folder_id: parent?,
        as_user,
        name_prefix,
        name_suffix,
        hubspot_connector_id: hubspot,
        deal_property,
        contact_property,
        properties,
    })
}

/// An id as a text of digits; a number is taken too.
fn folder(fields: &mut Fields, object: &Object<'_>, name: &str, remedy: &str) -> Option<String> {
    let value = fields.required(object, name, remedy)?;
    let id = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => String::new(),
    };
    let is_id = is_digits(&id) && id.len() <= MAX_FOLDER_DIGITS;
    if !is_id {
        let detail = format!("{} is not the id of a folder", shown(value));
        fields.push(object.at(name), detail, remedy);
    }
    is_id.then_some(id)
}

fn as_user(fields: &mut Fields, object: &Object<'_>) -> Option<String> {
    let text = fields
        .optional_text(object, "as_user", MAX_LOGIN_BYTES)?
        .trim();
    let is_address = text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && domain.contains('.') && !text.contains(char::is_whitespace)
    });
    let is_id = is_digits(text) && text.len() <= MAX_FOLDER_DIGITS;
    if !(is_address || is_id) {
        fields.push(
            object.at("as_user"),
            "it is neither a mail address nor an id of a user",
            "give the address that the user signs in to Box with, or their id, which is a number",
        );
        return None;
    }
    Some(text.to_owned())
}

/// What stands before or behind a name; spaces count.
fn around(fields: &mut Fields, object: &Object<'_>, name: &str) -> Option<String> {
    let value = object.get(name)?;
    let text = fields.any_text(&object.at(name), value)?;
    if text.is_empty() {
        return None;
    }
    let is_kept = FolderName::clean(&format!("a{text}a"))
        .is_some_and(|cleaned| cleaned.as_str() == format!("a{text}a"));
    if !is_kept || text.chars().count() > MAX_AROUND_CHARS {
        fields.push(
            object.at(name),
            "it holds a character that no name of a folder may have, or is too long",
            format!(
                "use up to {MAX_AROUND_CHARS} characters, none of them \\ / : * ? \" < > |, and one space at a time"
            ),
        );
        return None;
    }
    Some(text.to_owned())
}

fn property(fields: &mut Fields, object: &Object<'_>, name: &str) -> Option<String> {
    let text = fields.optional_text(object, name, MAX_PROPERTY_BYTES)?;
    is_property(fields, &object.at(name), text).then(|| text.to_owned())
}

fn is_property(fields: &mut Fields, pointer: &str, text: &str) -> bool {
    let is_name = text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_name {
        fields.push(
            pointer,
            "it is not the internal name of a property",
            "use its internal name: lower-case letters, digits and underscores, such as box_folder",
        );
    }
    is_name
}

fn properties(fields: &mut Fields, object: &Object<'_>) -> Properties {
    let mut properties = Properties::default();
    let Some(object) = fields.part(object, "properties", Properties::NAMES) else {
        return properties;
    };
    for (name, property) in properties.each_mut() {
        let given = fields.optional_text(&object, name, MAX_PROPERTY_BYTES);
        if let Some(text) = given
            && is_property(fields, &object.at(name), text)
        {
            text.clone_into(property);
        }
    }
    properties
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_uuid(text: &str) -> bool {
    text.len() == MAX_ID_BYTES
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::MAX_NAME_CHARS;
    use super::*;

    fn settings(document: &Value) -> Settings {
        Settings::from_json(document).unwrap()
    }

    fn wrong(document: &Value) -> Vec<String> {
        match Settings::from_json(document) {
            Err(crate::Error::InvalidFields(errors)) => errors
                .as_slice()
                .iter()
                .map(|error| error.pointer.clone())
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_left_out_has_a_default_and_all_of_it_is_read_back() {
        let read = settings(&json!({"template_folder_id": "2", "parent_folder_id": 1}));
        assert_eq!(
            (
                read.template_folder_id.as_str(),
                read.parent_folder_id.as_str(),
                &read.as_user
            ),
            ("2", "1", &None)
        );
        assert_eq!(read.properties, Properties::default());
        assert_eq!(settings(&read.to_json()), read);
        let full = json!({
            "template_folder_id": "310000002", "parent_folder_id": "0", "as_user": "ops@harbour.example",
            "name_prefix": null, "name_suffix": " - Client",
            "hubspot_connector_id": "0190A5C0-0000-7000-8000-000000000001",
            "deal_property": "box_folder", "contact_property": "box_folder",
            "properties": {"contact_id": "client_id", "folder_name": null},
        });
        let read = settings(&full);
        assert_eq!(read.properties.contact_id, "client_id");
        assert_eq!(read.properties.folder_name, "folder_name");
        assert_eq!(read.name_suffix.as_deref(), Some(" - Client"));
        assert_eq!(
            read.hubspot_connector_id.as_deref(),
            Some("0190a5c0-0000-7000-8000-000000000001")
        );
        assert_eq!(settings(&read.to_json()), read);
    }

    #[test]
    fn every_member_that_is_wrong_is_named() {
        assert_eq!(wrong(&json!([])), [""]);
        assert_eq!(
            wrong(&json!({})),
            ["/template_folder_id", "/parent_folder_id"]
        );
        let base = |more: Value| {
            let mut document = json!({"template_folder_id": "2", "parent_folder_id": "1"});
            document
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            document
        };
        for (more, pointer) in [
            (json!({"template_folder_id": "0"}), "/template_folder_id"),
            (json!({"template_folder_id": "1"}), "/parent_folder_id"),
            (
                json!({"template_folder_id": "https://app.box.com/folder/2"}),
                "/template_folder_id",
            ),
            (json!({"template_folder_id": 2.5}), "/template_folder_id"),
            (
                json!({"parent_folder_id": "1".repeat(21)}),
                "/parent_folder_id",
            ),
            (json!({"parent_folder_id": null}), "/parent_folder_id"),
            (json!({"as_user": "Ops"}), "/as_user"),
            (json!({"as_user": "ops@"}), "/as_user"),
            (json!({"as_user": 7}), "/as_user"),
            (json!({"name_prefix": "a/b"}), "/name_prefix"),
            (json!({"name_suffix": "  "}), "/name_suffix"),
            (json!({"name_suffix": "x".repeat(41)}), "/name_suffix"),
            (
                json!({"hubspot_connector_id": "hubspot"}),
                "/hubspot_connector_id",
            ),
            (json!({"deal_property": "Box Folder"}), "/deal_property"),
            (json!({"contact_property": ""}), "/contact_property"),
            (
                json!({"properties": {"contact": "a"}}),
                "/properties/contact",
            ),
            (
                json!({"properties": {"contact_id": "A"}}),
                "/properties/contact_id",
            ),
            (json!({"folder": "2"}), "/folder"),
        ] {
            assert_eq!(wrong(&base(more.clone())), [pointer], "{more}");
        }
    }

    #[test]
    fn a_name_has_what_is_to_stand_around_it() {
        let base = json!({"template_folder_id": "2", "parent_folder_id": "1", "name_prefix": "Client ",
            "name_suffix": " (advice)"});
        let read = settings(&base);
        let sam = [Contact {
            first_name: "Sam",
            last_name: "Lee",
            email: "",
        }];
        assert_eq!(
            read.name(None, &sam, "501").as_str(),
            "Client Sam Lee (advice)"
        );
        assert_eq!(
            read.name(None, &[], "501").as_str(),
            "Client Deal 501 (advice)"
        );
        assert_eq!(
            read.name(Some("Lee: Trust"), &sam, "501").as_str(),
            "Lee_ Trust"
        );
        assert_eq!(
            read.name(Some(" .. "), &sam, "501").as_str(),
            "Client Sam Lee (advice)"
        );
    }

    proptest! {
        #[test]
        fn whatever_the_contacts_are_what_stands_around_stays(first in "\\PC{1,150}", last in "\\PC{1,150}") {
            let read = settings(&json!({"template_folder_id": "2", "parent_folder_id": "1",
                "name_prefix": "A ", "name_suffix": " Z"}));
            let contacts = [Contact { first_name: &first, last_name: &last, email: "" }];
            let name = read.name(None, &contacts, "1");
            prop_assert!(name.as_str().starts_with("A ") && name.as_str().ends_with(" Z"), "{}", name);
            prop_assert!(name.as_str().chars().count() <= MAX_NAME_CHARS);
            prop_assert_eq!(FolderName::clean(name.as_str()), Some(name));
        }
    }
}
