//! The records of one answer, sorted into rows and rejects while they are parsed.
//!
//! [`Records`] is the happy path: one typed pass without an intermediate tree. A record
//! that breaks JSON's own rules of text and numbers (a lone surrogate, `1e400`, bytes that
//! are not UTF-8) fails that pass as a whole; then [`Quarantined`] takes the list apart
//! record by record, and such a record costs only itself.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::field::{Fault, Object};
use crate::{MAX_PAGE_RECORDS, Page, Rejected};

const MAX_EXTERNAL_ID_CHARS: usize = 64;

/// A row and the form it has on the wire.
pub(crate) trait Row: Sized {
    type Wire: DeserializeOwned;

    /// As the provider writes it.
    type Id: fmt::Display;

    /// The id, when it can be read.
    fn wire_id(wire: &Self::Wire) -> Option<Self::Id>;

    fn from_wire(wire: Self::Wire) -> Result<Self, Fault>;

    fn id(&self) -> Self::Id;

    /// The provider account that the record says it belongs to.
    fn owner(&self) -> Option<i64>;
}

/// What the answer must fit, beyond its type.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Expected {
    /// The account that was asked about. A record that names another is rejected: one
    /// tenant's table never takes another account's row, whatever the provider sends.
    pub(crate) owner: Option<i64>,
    /// The page of a numbered list that was asked for.
    pub(crate) page: Option<u32>,
}

impl Expected {
    pub(crate) fn check<R: Row>(self, row: &R) -> Result<(), Rejected> {
        match (self.owner, row.owner()) {
            (Some(asked), Some(found)) if asked != found => Err(Rejected {
                external_id: Some(row.id().to_string()),
                reason: "the record belongs to another account".to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

pub(crate) struct Records<R> {
    rows: Vec<R>,
    rejected: Vec<Rejected>,
}

impl<R: Row> Records<R> {
    fn collect<E: Error>(
        mut next: impl FnMut() -> Result<Option<Result<R, Rejected>>, E>,
    ) -> Result<Self, E> {
        let mut records = Self {
            rows: Vec::new(),
            rejected: Vec::new(),
        };
        while let Some(record) = next()? {
            if records.len() == MAX_PAGE_RECORDS {
                return Err(E::custom("too many records"));
            }
            match record {
                Ok(row) => records.rows.push(row),
                Err(rejected) => records.rejected.push(rejected),
            }
        }
        Ok(records)
    }

    fn len(&self) -> usize {
        self.rows.len() + self.rejected.len()
    }

    /// The rows that fit, and the rejects.
    pub(crate) fn into_parts(self, expected: Expected) -> (Vec<R>, Vec<Rejected>) {
        let page = self.into_page(expected, None);
        (page.rows, page.rejected)
    }

    pub(crate) fn into_page(mut self, expected: Expected, next: Option<String>) -> Page<R> {
        self.rows.retain(|row| match expected.check(row) {
            Ok(()) => true,
            Err(rejected) => {
                self.rejected.push(rejected);
                false
            }
        });
        Page {
            received: self.len(),
            rows: self.rows,
            rejected: self.rejected,
            next,
        }
    }
}

/// One record as a row.
pub(crate) fn convert<R: Row>(wire: R::Wire) -> Result<R, Rejected> {
    let id = R::wire_id(&wire);
    R::from_wire(wire).map_err(|fault| Rejected {
        external_id: id.map(|id| id.to_string()),
        reason: fault.into_reason(),
    })
}

impl<'de, R: Row> Deserialize<'de> for Records<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RecordsVisitor(PhantomData))
    }
}

struct RecordsVisitor<R>(PhantomData<R>);

impl<'de, R: Row> Visitor<'de> for RecordsVisitor<R> {
    type Value = Records<R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Records<R>, A::Error> {
        Records::collect(|| {
            let Some(Object(wire)) = seq.next_element()? else {
                return Ok(None);
            };
            match convert(wire) {
                // Only the record's own text can still tell which one it is.
                Err(rejected) if rejected.external_id.is_none() => {
                    Err(A::Error::custom("a record without a readable id"))
                }
                record => Ok(Some(record)),
            }
        })
    }
}

/// [`Records`], each parsed by itself from its own text.
pub(crate) struct Quarantined<R>(pub(crate) Records<R>);

impl<R> From<Quarantined<R>> for Records<R> {
    fn from(Quarantined(records): Quarantined<R>) -> Self {
        records
    }
}

impl<'de, R: Row> Deserialize<'de> for Quarantined<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(QuarantineVisitor(PhantomData))
    }
}

struct QuarantineVisitor<R>(PhantomData<R>);

impl<'de, R: Row> Visitor<'de> for QuarantineVisitor<R> {
    type Value = Quarantined<R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Quarantined<R>, A::Error> {
        Records::collect(|| Ok(seq.next_element::<&RawValue>()?.map(convert_raw))).map(Quarantined)
    }
}

fn convert_raw<R: Row>(raw: &RawValue) -> Result<R, Rejected> {
    let rejected = |reason: String| Rejected {
        external_id: raw_id(raw),
        reason,
    };
    if !raw.get().starts_with('{') {
        return Err(rejected("the record is not an object".to_owned()));
    }
    let Object(wire) = serde_json::from_str::<Object<R::Wire>>(raw.get())
        .map_err(|error| rejected(format!("the record {}", explain(&error))))?;
    convert(wire).map_err(|Rejected { reason, .. }| rejected(reason))
}

/// The id as the record spells it, whether it is a number or text.
fn raw_id(raw: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Identified<'a> {
        #[serde(borrow)]
        id: &'a RawValue,
    }
    let Object(Identified { id }) = serde_json::from_str(raw.get()).ok()?;
    let is_scalar = !id.get().starts_with(['{', '[']) && id.get() != "null";
    is_scalar.then(|| {
        id.get()
            .trim_matches('"')
            .chars()
            .filter(|c| !c.is_control())
            .take(MAX_EXTERNAL_ID_CHARS)
            .collect()
    })
}

/// The body as text in which each run of bytes that is not UTF-8 is written as a lone
/// surrogate: its record fails as such, and the list around it can still be walked.
pub(crate) fn as_text(body: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(body) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(body.len() + 32);
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            // The replacement character keeps a backslash before it from swallowing ours.
            text.push_str("\u{fffd}\\ud800");
        }
    }
    Cow::Owned(text)
}

/// What is wrong with the JSON, without a word of what it holds.
pub(crate) fn explain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // A place in an answer that nobody can look at.
    let what = text.split(" at line ").next().unwrap_or_default();
    match error.classify() {
        Category::Eof => "is cut off before its end".to_owned(),
        // Messages about syntax are fixed texts.
        Category::Syntax if what.contains("surrogate") || what.contains("hex escape") => {
            "has a text with a broken character".to_owned()
        }
        Category::Syntax if what.contains("out of range") => {
            "has a number that is too large".to_owned()
        }
        Category::Syntax | Category::Io => format!("is not valid JSON: {what}"),
        Category::Data => "has an unexpected shape".to_owned(),
    }
}
