//! A page as it is stored.

use providers::rest::listing::ListPage;
use store::records::{CustomRecord, Refused};

/// The longest record that is stored, in bytes of its JSON text.
const MAX_RECORD_BYTES: usize = 64 * 1_024;

#[derive(Default)]
pub struct Stored {
    pub records: Vec<CustomRecord>,
    pub refused: Vec<Refused>,
    /// All ids of the page, those of refused rows included: these are there all the same.
    pub ids: Vec<String>,
    /// Rows without a readable id.
    pub unidentified: u64,
}

impl Stored {
    /// `number` counts pages from 0: it names what has no id.
    pub fn of(page: &ListPage, number: u32) -> Self {
        let mut stored = Self::default();
        for row in &page.rows {
            stored.ids.push(row.external_id.clone());
            let record = serde_json::to_string(&row.data).unwrap_or_default();
            if record.is_empty() || record.len() > MAX_RECORD_BYTES {
                stored.refused.push(Refused {
                    external_id: row.external_id.clone(),
                    reason: format!(
                        "the record has {} bytes, and {MAX_RECORD_BYTES} are stored at the most",
                        record.len()
                    ),
                });
                continue;
            }
            stored.records.push(CustomRecord {
                external_id: row.external_id.clone(),
                record,
                provider_modified_at: row.changed_at,
                deleted_at: None,
            });
        }
        for rejected in &page.rejected {
            let external_id = match &rejected.external_id {
                Some(id) => {
                    stored.ids.push(id.clone());
                    id.clone()
                }
                None => {
                    stored.unidentified = stored.unidentified.saturating_add(1);
                    format!("unreadable-{number}-{}", rejected.index)
                }
            };
            stored.refused.push(Refused {
                external_id,
                reason: rejected.reason.clone(),
            });
        }
        stored
    }
}
