//! Which contacts a deal has.

use serde::Deserialize;

use super::call::Asked;
use super::page::{BatchError, Paging, next_cursor, read_envelope};
use crate::field::{Fault, Field, Integer, Items, Object, OptionalObject, Text};
use crate::json::malformed;
use crate::record::{Expected, Quarantined, Records, Row};
use crate::{ProviderError, Rejected};

const MAX_MESSAGE_CHARS: usize = 300;

/// A contact of a deal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssociatedContact {
    pub contact_id: String,
    /// The account's own words for it, such as `Spouse`; none of a plain association.
    pub labels: Vec<String>,
}

/// The contacts of one deal among several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DealContacts {
    pub deal_id: String,
    pub contacts: Vec<AssociatedContact>,
    pub rejected: Vec<Rejected>,
    /// There are more, which only the list of the one deal gives.
    pub next: Option<String>,
}

/// What became of the deals that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactsOfDeals {
    pub deals: Vec<DealContacts>,
    /// HubSpot's own words on those that are not among them: a deal without a contact is one, and so
    /// is one that does not exist. `external_id` is the deal's, where it says.
    pub failures: Vec<Rejected>,
}

impl ContactsOfDeals {
    pub(super) fn read(body: &[u8], _: &Asked) -> Result<Self, ProviderError> {
        let envelope = read_envelope::<
            Items<DealWire<Records<AssociatedContact>>>,
            Items<DealWire<Quarantined<AssociatedContact>>>,
            Deals,
        >(body)?;
        let status = envelope
            .status
            .optional("status")
            .map_err(|fault| malformed(&fault.into_reason()))?;
        if status.is_some_and(|status| status != "COMPLETE") {
            return Err(malformed("the batch is not complete"));
        }
        let Deals(deals) = envelope
            .results
            .ok_or_else(|| malformed("it has no `results`"))?;
        let failures = envelope
            .errors
            .convert("errors", |error| Ok(Some(failures(error))))
            .map_err(|fault| malformed(&fault.into_reason()))?;
        Ok(Self {
            deals: deals?,
            failures: failures.into_iter().flatten().collect(),
        })
    }
}

/// One for each deal that an error is about.
fn failures(error: BatchError) -> Vec<Rejected> {
    let message = error.message.optional("message").ok().flatten();
    let reason = domain::redact::excerpt(
        message.as_deref().unwrap_or("HubSpot gives no reason"),
        MAX_MESSAGE_CHARS,
        &[],
    );
    let OptionalObject(context) = error.context;
    let ids: Vec<_> = context
        .from_object_id
        .unwrap_or_default()
        .into_iter()
        .filter_map(|id| id.optional("fromObjectId").ok().flatten())
        .collect();
    let rejected = |external_id| Rejected {
        external_id,
        reason: reason.clone(),
    };
    if ids.is_empty() {
        return vec![rejected(None)];
    }
    ids.into_iter().map(|id| rejected(Some(id))).collect()
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "L: Deserialize<'de>"))]
struct DealWire<L> {
    from: Object<FromWire>,
    to: L,
    paging: Option<Object<Paging>>,
}

#[derive(Deserialize)]
struct FromWire {
    #[serde(default)]
    id: Field<Integer>,
}

struct Deals(Result<Vec<DealContacts>, ProviderError>);

impl<L: Into<Records<AssociatedContact>>> From<Items<DealWire<L>>> for Deals {
    fn from(items: Items<DealWire<L>>) -> Self {
        let deals = items.convert("results", |wire| {
            let Object(from) = wire.from;
            let next = next_cursor(wire.paging)
                .map_err(|_| Fault::not("paging.next.after", "a cursor"))?;
            let (contacts, rejected) = wire.to.into().into_parts(Expected::default());
            Ok(Some(DealContacts {
                deal_id: from.id.id("from.id")?.to_string(),
                contacts,
                rejected,
                next,
            }))
        });
        Self(deals.map_err(|fault| malformed(&fault.into_reason())))
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ContactWire {
    /// Text by the reference, and a number on the wire.
    to_object_id: Field<Integer>,
    association_types: Items<TypeWire>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TypeWire {
    label: Field<Text>,
}

impl Row for AssociatedContact {
    type Wire = ContactWire;
    type Id = String;

    fn wire_id(wire: &ContactWire) -> Option<String> {
        wire.to_object_id.as_id().map(|id| id.to_string())
    }

    fn from_wire(wire: ContactWire) -> Result<Self, Fault> {
        Ok(Self {
            contact_id: wire.to_object_id.id("toObjectId")?.to_string(),
            labels: wire
                .association_types
                .convert("associationTypes", |kind| kind.label.optional("label"))?,
        })
    }

    fn id(&self) -> String {
        self.contact_id.clone()
    }

    fn owner(&self) -> Option<i64> {
        None
    }
}
