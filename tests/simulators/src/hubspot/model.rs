//! What the account holds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// Versions of a record that are kept for searches that lag.
const VERSIONS_MAX: usize = 64;

/// The state of the provider.
#[derive(Clone, Debug)]
pub struct Account {
    pub portal_id: u64,
    pub name: String,
    pub time_zone: Tz,
    /// By their text.
    pub tokens: BTreeMap<String, Token>,
    pub owners: BTreeMap<u64, Owner>,
    /// By deal.
    pub associations: BTreeMap<u64, Vec<Association>>,
    pub patches: Vec<Patch>,
    pub(super) tables: BTreeMap<Kind, Table>,
}

/// Records of one kind, and the properties that they may have.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) properties: BTreeMap<String, Property>,
    pub(super) records: BTreeMap<u64, Record>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    User,
    Meeting,
    Deal,
    Contact,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    pub scopes: BTreeSet<String>,
    #[serde(default)]
    pub is_oauth: bool,
    #[serde(default)]
    pub is_revoked: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    pub id: u64,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    /// Of the account's settings: it is neither the owner's id nor the user's.
    pub user_id: u64,
    #[serde(default)]
    pub is_archived: bool,
}

/// A contact of a deal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Association {
    pub contact: u64,
    #[serde(default)]
    pub label: Option<String>,
}

/// A property of one kind of record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Property {
    pub r#type: ValueType,
    /// Of an enumeration; none: any.
    #[serde(default)]
    pub options: Vec<String>,
    #[serde(default)]
    pub is_read_only: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueType {
    #[default]
    Text,
    Number,
    /// `YYYY-MM-DD`.
    Date,
    DateTime,
    /// One of the options, or several with `;` between them. Its case counts.
    Enumeration,
    /// The id of an owner.
    Owner,
}

/// A change by PATCH.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Patch {
    /// Unix milliseconds by the simulator's clock.
    pub at_ms: i64,
    pub kind: Kind,
    pub id: u64,
    /// As they came; an empty one was cleared.
    pub properties: BTreeMap<String, String>,
    /// What was there.
    pub before: BTreeMap<String, Option<String>>,
}

/// A record with what it was lately.
#[derive(Clone, Debug)]
pub struct Record {
    pub id: u64,
    pub created_ms: i64,
    pub is_archived: bool,
    versions: VecDeque<Version>,
}

/// A record as it was from some time on.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) updated_ms: i64,
    /// Searches see it once the delay has passed since then.
    indexed_from_ms: i64,
    pub(super) properties: Arc<BTreeMap<String, String>>,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::User, Self::Meeting, Self::Deal, Self::Contact];

    /// By its name or by the id of its type.
    pub(super) fn of_path(segment: &str) -> Option<Self> {
        match segment {
            "users" | "0-115" => Some(Self::User),
            "meetings" | "0-47" => Some(Self::Meeting),
            "deals" | "0-3" => Some(Self::Deal),
            "contacts" | "0-1" => Some(Self::Contact),
            _ => None,
        }
    }

    /// Names of the two dates that every record has.
    pub(super) const fn stamps(self) -> [&'static str; 2] {
        match self {
            Self::User | Self::Meeting => ["hs_createdate", "hs_lastmodifieddate"],
            Self::Deal => ["createdate", "hs_lastmodifieddate"],
            Self::Contact => ["createdate", "lastmodifieddate"],
        }
    }

    /// The scope that reading or writing needs. Meetings have none of their own.
    pub(super) const fn scope(self, writes: bool) -> &'static str {
        match (self, writes) {
            (Self::User, false) => "crm.objects.users.read",
            (Self::User, true) => "crm.objects.users.write",
            (Self::Deal, false) => "crm.objects.deals.read",
            (Self::Deal, true) => "crm.objects.deals.write",
            (Self::Meeting | Self::Contact, false) => "crm.objects.contacts.read",
            (Self::Meeting | Self::Contact, true) => "crm.objects.contacts.write",
        }
    }
}

impl Account {
    /// An account without anything in it, whose kinds have HubSpot's own properties.
    #[must_use]
    pub fn new(portal_id: u64, name: &str, time_zone: Tz) -> Self {
        Self {
            portal_id,
            name: name.to_owned(),
            time_zone,
            tokens: BTreeMap::new(),
            owners: BTreeMap::new(),
            associations: BTreeMap::new(),
            patches: Vec::new(),
            tables: Kind::ALL
                .into_iter()
                .map(|kind| {
                    let properties = super::properties::standard(kind);
                    let records = BTreeMap::new();
                    (
                        kind,
                        Table {
                            properties,
                            records,
                        },
                    )
                })
                .collect(),
        }
    }

    /// Records of one kind, by id.
    pub fn records(&self, kind: Kind) -> &BTreeMap<u64, Record> {
        const NONE: &BTreeMap<u64, Record> = &BTreeMap::new();
        self.tables.get(&kind).map_or(NONE, |table| &table.records)
    }

    pub(super) fn table(&self, kind: Kind) -> &Table {
        const NONE: &Table = &Table {
            properties: BTreeMap::new(),
            records: BTreeMap::new(),
        };
        self.tables.get(&kind).unwrap_or(NONE)
    }

    pub(super) fn table_mut(&mut self, kind: Kind) -> &mut Table {
        self.tables.entry(kind).or_default()
    }

    /// Puts a record there as if it had been there for long.
    #[must_use]
    pub fn with_record(
        mut self,
        kind: Kind,
        id: u64,
        created_ms: i64,
        properties: &[(&str, &str)],
    ) -> Self {
        let properties = properties
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let record = Record::new(id, created_ms, i64::MIN, properties);
        self.table_mut(kind).records.insert(id, record);
        self
    }
}

impl Record {
    pub(super) fn new(
        id: u64,
        created_ms: i64,
        indexed_from_ms: i64,
        properties: BTreeMap<String, String>,
    ) -> Self {
        Self {
            id,
            created_ms,
            is_archived: false,
            versions: VecDeque::from([Version {
                updated_ms: created_ms,
                indexed_from_ms,
                properties: Arc::new(properties),
            }]),
        }
    }

    /// As they are now.
    pub fn properties(&self) -> &BTreeMap<String, String> {
        const NONE: &BTreeMap<String, String> = &BTreeMap::new();
        self.now().map_or(NONE, |version| &version.properties)
    }

    pub(super) fn now(&self) -> Option<&Version> {
        self.versions.back()
    }

    /// What the index held at a time.
    pub(super) fn indexed_at(&self, at_ms: i64) -> Option<&Version> {
        self.versions
            .iter()
            .rev()
            .find(|version| version.indexed_from_ms <= at_ms)
    }

    /// Sets values; an empty one clears.
    pub(super) fn set(&mut self, changes: &BTreeMap<String, String>, now_ms: i64) {
        let mut properties = self.properties().clone();
        for (name, value) in changes {
            if value.is_empty() {
                properties.remove(name);
            } else {
                properties.insert(name.clone(), value.clone());
            }
        }
        self.versions.push_back(Version {
            updated_ms: now_ms,
            indexed_from_ms: now_ms,
            properties: Arc::new(properties),
        });
        if self.versions.len() > VERSIONS_MAX {
            self.versions.pop_front();
        }
    }

    /// One value of a version, also of those that every record has.
    pub(super) fn value(&self, kind: Kind, version: &Version, name: &str) -> Option<String> {
        let [created, updated] = kind.stamps();
        match name {
            "hs_object_id" => Some(self.id.to_string()),
            name if name == created => Some(stamp(self.created_ms)),
            name if name == updated => Some(stamp(version.updated_ms)),
            name => version.properties.get(name).cloned(),
        }
    }
}

/// Unix milliseconds as HubSpot writes them.
pub(super) fn stamp(unix_ms: i64) -> String {
    DateTime::from_timestamp_millis(unix_ms)
        .unwrap_or(DateTime::UNIX_EPOCH)
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}
