//! Whose folder it is: the contacts of a deal, as HubSpot has them.

use domain::access::Tenant;
use platform::SpinDatabase;
use platform::hubspot::{Account, Failure, Session};
use providers::ProviderError;
use providers::hubspot::AssociatedContact;
use store::client_folders::Person;

/// Contacts that are looked at: two with a name are all that a folder is called by.
const MAX_READ: usize = 6;
/// Pages of contacts that are read; one holds 500.
const MAX_PAGES: u32 = 5;
const PROPERTIES: [&str; 3] = ["firstname", "lastname", "email"];

/// The contacts of a deal, the primary one first and the others by their ids, up to the second with a whole name. One that
/// is gone is passed over.
pub async fn of_deal(
    database: &SpinDatabase,
    tenant: &Tenant,
    connector: (&str, &str),
    deal_id: &str,
    deadline_ms: i64,
) -> Result<Vec<Person>, Failure> {
    let (connector_id, config) = connector;
    let account = Account::open(database, tenant, connector_id, config).await?;
    let session = Session::begin(&account, database, deadline_ms).await;
    let mut contacts = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let page = session
            .request(|client| client.contacts_of_deal(deal_id, cursor.as_deref()))
            .await?;
        contacts.extend(page.rows);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    contacts.sort_by_key(|contact| (!is_primary(contact), contact.contact_id.parse::<u64>().ok()));
    contacts.dedup_by(|one, other| one.contact_id == other.contact_id);
    let mut people = Vec::new();
    for contact in contacts.iter().take(MAX_READ) {
        let id = &contact.contact_id;
        let read = session
            .request(|client| client.contact(id, &PROPERTIES))
            .await;
        let record = match read {
            Ok(record) if !record.archived => record,
            Ok(_)
            | Err(Failure::HubSpot(ProviderError::NotFound { .. } | ProviderError::Gone { .. })) => {
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let text = |property: &str| record.get(property).unwrap_or_default().to_owned();
        let [first_name, last_name, email] = PROPERTIES.map(text);
        people.push(Person {
            id: Some(record.id.clone()),
            first_name,
            last_name,
            email,
        });
        let is_named = |person: &&Person| {
            !person.first_name.trim().is_empty() && !person.last_name.trim().is_empty()
        };
        if people.iter().filter(is_named).count() >= 2 {
            break;
        }
    }
    Ok(people)
}

fn is_primary(contact: &AssociatedContact) -> bool {
    let mut labels = contact.labels.iter();
    labels.any(|label| label.to_lowercase().contains("primary"))
}
