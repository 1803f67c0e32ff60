//! Makes one folder: a copy of the template under the client's name, with a mark of whose it is.
//!
//! Copying has no idempotency key. What is to be copied is noted before it is asked for, and which folder it became before it
//! is marked: whoever goes on after a crash, or after an answer that was lost, finds the folder by its name and knows by
//! what was noted that it is this one.

use std::collections::BTreeMap;

use domain::client_folder::{
    Attempt, Contact, Existing, FolderName, MAX_NUMBER, Mark, Verdict, Wanted, folded,
    is_same_name, judge,
};
use domain::connector_state::ConnectorState;
use platform::box_folders::{
    Account, As, Failure, FolderToMake, HUBSPOT_LINK, Session, link_concurrency_key,
};
use platform::delivering::Outcome;
use platform::run::RunReport;
use platform::{SpinDatabase, box_folders, clock, hubspot, log, outbound, random};
use providers::ProviderError;
use providers::box_folders::{Class, Folder, FolderChange, Id, Item};
use serde_json::json;
use store::client_folders::{self, CREATED, EXISTING, Made, NewWanted, Record, Want};
use store::jobs::Lease;
use store::outbox::{self, Effect, Enqueued, NewDelivery, Sender};
use store::{Database, DatabaseError, connectors};

use crate::link::{CONTACT, DEAL, Link};
use crate::{failing, people};

/// Looks for a folder that moves away while it is looked at.
const MAX_LOOKS: u32 = 3;
/// Pages of the parent that are read to see which names are taken: fifty thousand folders.
const MAX_PAGES: u32 = 50;
/// What a try needs that begins after a pause, in milliseconds.
const LEAST_TRY_MS: i64 = 3_000;
/// The longest pause between two looks at a lock, in milliseconds.
const MAX_PAUSE_MS: i64 = 4_000;

/// Why a folder was not made.
enum Stop {
    Box(Failure),
    HubSpot(hubspot::Failure),
    Report(RunReport),
    Database(DatabaseError),
    LeaseLost,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Box(failure)
    }
}

impl From<DatabaseError> for Stop {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

/// `until_ms` is when no answer is waited for any more, in Unix milliseconds.
pub async fn make(
    database: &SpinDatabase,
    lease: Lease<'_>,
    effect: &Effect,
    until_ms: i64,
) -> Outcome {
    let unsent = |code: &str, reason: &str| Outcome::of(RunReport::failed(code, reason), false);
    let Ok(payload) = serde_json::from_str::<FolderToMake>(&effect.payload) else {
        return unsent("configuration", "The stored call cannot be read.");
    };
    let record = match client_folders::load(database, lease.tenant, &payload.client_folder_id).await
    {
        Ok(Some(record)) => record,
        Ok(None) => return unsent("gone", "The folder is not asked for any more."),
        Err(error) => return Outcome::of(RunReport::database_failed(&error), false),
    };
    if matches!(record.status.as_str(), CREATED | EXISTING) {
        return Outcome::of(RunReport::done(), false);
    }
    let requested_at = record.requested_at;
    let opened = Account::open(
        lease.tenant,
        &effect.connector_id,
        &effect.config,
        &effect.credentials,
    )
    .await;
    let account = match opened {
        Ok(account) => account,
        Err(failure) => return failing::of_box(failure, requested_at, false),
    };
    let making = Making {
        database,
        lease,
        session: Session::begin(&account, database, until_ms),
        record,
    };
    let result = making.run().await;
    let is_attempt = making.session.calls() > 0;
    match result {
        Ok(done) => Outcome {
            // It works after all.
            state: (effect.connector_state == ConnectorState::Error.as_str())
                .then_some(ConnectorState::Active),
            ..Outcome::delivered(if done.is_new { 201 } else { 200 }, Some(done.result))
        },
        Err(Stop::Box(failure)) => failing::of_box(failure, requested_at, is_attempt),
        Err(Stop::HubSpot(failure)) => failing::of_hubspot(failure, true),
        Err(Stop::Report(report)) => Outcome::of(report, is_attempt),
        Err(Stop::Database(error)) => Outcome::of(RunReport::database_failed(&error), is_attempt),
        Err(Stop::LeaseLost) => Outcome::of(RunReport::lease_lost(), false),
    }
}

struct Making<'a> {
    database: &'a SpinDatabase,
    lease: Lease<'a>,
    session: Session<'a>,
    record: Record,
}

struct Done {
    is_new: bool,
    /// JSON.
    result: String,
}

/// The folder that it is.
struct Placed {
    folder: Folder,
    /// It was copied for this deal, and may not be marked yet.
    is_new: bool,
}

/// What a name that is taken is taken by.
enum Judged {
    Placed(Placed),
    /// Another's.
    Foreign,
    /// By nothing any more.
    Elsewhere,
}

/// What a copy came to.
enum Copied {
    Folder(Folder),
    /// The name is taken, by these as far as Box says. The attempt is there where the copy may be among them.
    InUse(Vec<Item>, Option<(i64, Id)>),
    /// Another deal waits for the answer to a copy of this name.
    Reserved,
}

impl Making<'_> {
    async fn run(&self) -> Result<Done, Stop> {
        let people = self.people().await?;
        let contact_id = people.iter().find_map(|person| person.id.as_deref());
        let mark = Mark::new(&self.record.portal, &self.record.deal_id, contact_id)
            .map_err(|error| Stop::Report(RunReport::failed("invalid_id", &error.to_string())))?;
        let placed = self.placed(&people, contact_id, &mark).await?;
        let folder = if placed.is_new {
            self.keep(&placed.folder).await?;
            self.marked(placed.folder, &mark).await?
        } else {
            self.keep(&placed.folder).await?;
            placed.folder
        };
        self.finish(&folder, placed.is_new, &people).await?;
        Ok(Done {
            is_new: placed.is_new,
            result:
                json!({"folder_id": folder.id.as_str(), "name": folder.name, "link": folder.url()})
                    .to_string(),
        })
    }

    /// The contacts of the deal: as they came, as they were kept, or as HubSpot has them.
    async fn people(&self) -> Result<Vec<client_folders::Person>, Stop> {
        if let Some(people) = &self.record.contacts {
            return Ok(people.clone());
        }
        let connector = match &self.record.crm_connector_id {
            Some(id) => connectors::get(self.database, self.lease.tenant, id).await?,
            None => None,
        };
        let people = match &connector {
            Some(connector) => {
                let found = people::of_deal(
                    self.database,
                    self.lease.tenant,
                    (&connector.id, &connector.config),
                    &self.record.deal_id,
                    self.session.deadline_ms(),
                )
                .await;
                match found {
                    Ok(people) => people,
                    Err(failure) if !is_gone(&failure) => return Err(Stop::HubSpot(failure)),
                    // Its name is known all the same.
                    Err(_) if self.record.requested_name.is_some() => Vec::new(),
                    Err(_) => {
                        let detail = format!(
                            "HubSpot has no deal {}: enrol one that is there, or send folder_name or contacts for it.",
                            self.record.deal_id
                        );
                        return Err(Stop::Report(RunReport::failed("deal_not_found", &detail)));
                    }
                }
            }
            None => Vec::new(),
        };
        let (id, now) = (&self.record.id, clock::now());
        if client_folders::set_contacts(self.database, self.lease, id, &people, now).await? {
            Ok(people)
        } else {
            Err(Stop::LeaseLost)
        }
    }

    async fn placed(
        &self,
        people: &[client_folders::Person],
        contact_id: Option<&str>,
        mark: &Mark,
    ) -> Result<Placed, Stop> {
        // What was made for this deal before, and perhaps not marked.
        if let Some(folder) = self.record.folder_id.as_deref().and_then(Id::parse)
            && let Some(folder) = self.read(&folder).await?
        {
            return Ok(Placed {
                folder,
                is_new: true,
            });
        }
        if let Some(folder) = self.of_other_deal(contact_id, mark).await? {
            return Ok(Placed {
                folder,
                is_new: false,
            });
        }
        let settings = &self.session.account.settings;
        let contacts: Vec<_> = people
            .iter()
            .map(|person| Contact {
                first_name: &person.first_name,
                last_name: &person.last_name,
                email: &person.email,
            })
            .collect();
        let requested = self.record.requested_name.as_deref();
        let name = settings.name(requested, &contacts, &self.record.deal_id);
        self.place(&name, mark).await
    }

    /// The folder that another deal of the client has, as long as it is there and its mark says so.
    async fn of_other_deal(
        &self,
        contact_id: Option<&str>,
        mark: &Mark,
    ) -> Result<Option<Folder>, Stop> {
        let Some(contact_id) = contact_id else {
            return Ok(None);
        };
        let (tenant, id) = (self.lease.tenant, &self.record.id);
        let known = client_folders::of_contact(self.database, tenant, id, contact_id).await?;
        let Some(known) = known.as_deref().and_then(Id::parse) else {
            return Ok(None);
        };
        let folder = self.read(&known).await?;
        Ok(folder.filter(|folder| {
            Mark::find(&folder.description).is_some_and(|found| found.is_of_same_client(mark))
        }))
    }

    /// A folder that is there for the user, and not in the trash.
    async fn read(&self, id: &Id) -> Result<Option<Folder>, Stop> {
        match self
            .session
            .send(As::User, |client| client.folder(id))
            .await
        {
            Ok(folder) => Ok(Some(folder).filter(|folder| folder.is_active)),
            Err(failure) if failure.class() == Some(Class::MissingOrNoAccess) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Copies the template to the first name that is free, or finds the folder under one of the names.
    async fn place(&self, base: &FolderName, mark: &Mark) -> Result<Placed, Stop> {
        // What was asked for and not answered comes first: it may be there.
        let before = self.record.wanted.as_ref();
        let before = before.filter(|wanted| wanted.parent_id == self.parent_id());
        if let Some(name) = before.and_then(|wanted| FolderName::clean(&wanted.name))
            && let Some(placed) = self.try_name(&name, before, mark).await?
        {
            return Ok(placed);
        }
        let is_tried = before.is_some_and(|wanted| is_same_name(&wanted.name, base.as_str()));
        if !is_tried && let Some(placed) = self.try_name(base, None, mark).await? {
            return Ok(placed);
        }
        let taken = self.listing().await?;
        for number in 2..=MAX_NUMBER {
            let name = base.numbered(number);
            if let Some(item) = taken.get(&folded(name.as_str())) {
                let items = std::slice::from_ref(item);
                if let Judged::Placed(placed) = self.judged(&name, items, None, mark).await? {
                    return Ok(placed);
                }
                continue;
            }
            if let Some(placed) = self.try_name(&name, None, mark).await? {
                return Ok(placed);
            }
        }
        Err(Stop::Report(RunReport::failed(
            "name_taken",
            &format!(
                "All names from \"{base}\" to \"{}\" are taken by folders of others: move those that are not needed, or give a folder_name.",
                base.numbered(MAX_NUMBER)
            ),
        )))
    }

    /// The folder of this name, copied or found; `None` where another's has it.
    async fn try_name(
        &self,
        name: &FolderName,
        before: Option<&client_folders::Wanted>,
        mark: &Mark,
    ) -> Result<Option<Placed>, Stop> {
        for _ in 0..MAX_LOOKS {
            match self.copy(name, before).await? {
                Copied::Folder(folder) => {
                    return Ok(Some(Placed {
                        folder,
                        is_new: true,
                    }));
                }
                Copied::Reserved => return Ok(None),
                Copied::InUse(items, attempt) => {
                    let items = if items.is_empty() {
                        // Box leaves out at times what has the name.
                        let key = folded(name.as_str());
                        self.listing().await?.remove(&key).into_iter().collect()
                    } else {
                        items
                    };
                    match self.judged(name, &items, attempt.as_ref(), mark).await? {
                        Judged::Placed(placed) => return Ok(Some(placed)),
                        Judged::Foreign => {
                            self.is_answered().await?;
                            return Ok(None);
                        }
                        Judged::Elsewhere => {}
                    }
                }
            }
        }
        let why = format!("The name \"{name}\" comes and goes at Box.");
        Err(Stop::Report(RunReport::retry_at(
            clock::now(),
            "name_in_use",
            &why,
        )))
    }

    /// Asks for a copy, and waits while the template is locked by another one.
    async fn copy(
        &self,
        name: &FolderName,
        before: Option<&client_folders::Wanted>,
    ) -> Result<Copied, Stop> {
        let user = self.session.user().await?;
        let settings = &self.session.account.settings;
        let (Some(template), Some(parent)) = (
            Id::parse(&settings.template_folder_id),
            Id::parse(&settings.parent_folder_id),
        ) else {
            return Err(Stop::Report(RunReport::failed(
                "configuration",
                "The ids of the template and the parent cannot be read.",
            )));
        };
        let since = clock::now();
        let wanted = NewWanted {
            name: name.as_str(),
            key: &folded(name.as_str()),
            parent_id: parent.as_str(),
            user_id: user.as_str(),
        };
        let (lease, id) = (self.lease, &self.record.id);
        let noted: Result<Want, DatabaseError> = self
            .database
            .transaction(async |transaction| {
                client_folders::want(transaction, lease, id, wanted, since).await
            })
            .await;
        match noted? {
            Want::Noted => {}
            Want::Taken => return Ok(Copied::Reserved),
            Want::Awaited => return Err(Stop::Report(self.awaits_other_deal())),
            Want::LeaseLost => return Err(Stop::LeaseLost),
        }
        // Since when, and as whom, a copy may have been made that has no answer.
        let mut attempt =
            before.and_then(|wanted| Some((wanted.since, Id::parse(&wanted.user_id)?)));
        let mut pauses = 0;
        loop {
            let copied = self
                .session
                .send(As::User, |client| {
                    client.copy_folder(&template, &parent, name)
                })
                .await;
            let failure = match copied {
                Ok(folder) => return Ok(Copied::Folder(folder)),
                Err(failure) => failure,
            };
            if failure.may_have_happened() && attempt.is_none() {
                attempt = Some((since, user.clone()));
            }
            match failure {
                Failure::Box(failure) if failure.class == Class::NameInUse => {
                    return Ok(Copied::InUse(failure.conflicts, attempt));
                }
                failure
                    if failure.class() == Some(Class::WaitAndLook) && self.pause(pauses).await =>
                {
                    pauses += 1;
                }
                failure => {
                    if attempt.is_none() {
                        self.is_answered().await?;
                    }
                    return Err(self.explained(failure, &template, &parent).await);
                }
            }
        }
    }

    /// That another deal waits is nobody's failure.
    fn awaits_other_deal(&self) -> RunReport {
        let now = clock::now();
        let why = "Another deal of this client has a copy under way whose answer was lost.";
        let mut report = RunReport::retry_at(now.saturating_add(15), "other_deal", why);
        report.progressed =
            now.saturating_sub(self.record.requested_at) < failing::MAX_WAIT_SECONDS;
        report
    }

    /// Nothing was copied, and the name is free for others.
    async fn is_answered(&self) -> Result<(), Stop> {
        let (id, now) = (&self.record.id, clock::now());
        if client_folders::answered(self.database, self.lease, id, now).await? {
            Ok(())
        } else {
            Err(Stop::LeaseLost)
        }
    }

    /// Box does not say what is missing.
    async fn explained(&self, failure: Failure, template: &Id, parent: &Id) -> Stop {
        if failure.class() != Some(Class::MissingOrNoAccess) {
            return failure.into();
        }
        for (what, id) in [("template", template), ("parent", parent)] {
            match self.read(id).await {
                Ok(Some(_)) => {}
                Ok(None) => {
                    return Stop::Report(RunReport::failed(
                        &format!("{what}_missing"),
                        &format!(
                            "The {what} {id} is not there for the user that we act as, or is in the trash: check {what}_folder_id of the connector, and invite the user to the folder. Then try again."
                        ),
                    ));
                }
                Err(stop) => return stop,
            }
        }
        failure.into()
    }

    /// Waits, if another try has time after it.
    async fn pause(&self, pauses: u32) -> bool {
        let wait_ms = 500_i64
            .saturating_mul(2_i64.saturating_pow(pauses))
            .min(MAX_PAUSE_MS);
        let begins_ms = clock::now_ms().saturating_add(wait_ms);
        if begins_ms.saturating_add(LEAST_TRY_MS) > self.session.deadline_ms() {
            return false;
        }
        outbound::sleep_ms(wait_ms).await;
        true
    }

    /// Whether one of these is the folder that is wanted.
    async fn judged(
        &self,
        name: &FolderName,
        items: &[Item],
        attempt: Option<&(i64, Id)>,
        mark: &Mark,
    ) -> Result<Judged, Stop> {
        let mut is_elsewhere = !items.is_empty();
        for item in items {
            let folder = if item.is_folder() {
                self.read(&item.id).await?
            } else {
                None
            };
            let Some(folder) = folder else {
                // A file, or what the user cannot see.
                is_elsewhere = false;
                continue;
            };
            let wanted = Wanted {
                name: name.as_str(),
                parent_id: self.parent_id(),
                mark,
                attempt: attempt.map(|(since, user)| Attempt {
                    since: *since,
                    user_id: user.as_str(),
                }),
            };
            // The top of all folders has no parent of its own.
            let parent_id = folder.parent_id.as_ref().map_or("0", Id::as_str);
            let verdict = judge(
                &wanted,
                &Existing {
                    name: &folder.name,
                    parent_id: Some(parent_id),
                    description: &folder.description,
                    created_at: folder.created_at,
                    created_by: folder.created_by.as_ref().map(Id::as_str),
                    is_active: folder.is_active,
                },
            );
            match verdict {
                Verdict::Ours => {
                    return Ok(Judged::Placed(Placed {
                        folder,
                        is_new: false,
                    }));
                }
                Verdict::Unmarked => {
                    return Ok(Judged::Placed(Placed {
                        folder,
                        is_new: true,
                    }));
                }
                Verdict::Foreign => is_elsewhere = false,
                Verdict::Elsewhere => {}
            }
        }
        Ok(if is_elsewhere {
            Judged::Elsewhere
        } else {
            Judged::Foreign
        })
    }

    /// What is in the parent, by its name without case.
    async fn listing(&self) -> Result<BTreeMap<String, Item>, Stop> {
        let parent = Id::parse(self.parent_id()).unwrap_or_else(Id::root);
        let mut items = BTreeMap::new();
        let mut marker: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let page = self
                .session
                .send(As::User, |client| client.items(&parent, marker.as_deref()))
                .await?;
            items.extend(page.rows.into_iter().map(|item| (folded(&item.name), item)));
            marker = page.next;
            if marker.is_none() {
                break;
            }
        }
        Ok(items)
    }

    /// Keeps which folder it is.
    async fn keep(&self, folder: &Folder) -> Result<(), Stop> {
        let made = Made {
            folder_id: folder.id.as_str(),
            name: &folder.name,
            parent_id: folder.parent_id.as_ref().map(Id::as_str),
            path: &folder.path,
        };
        let (id, now) = (&self.record.id, clock::now());
        if client_folders::made(self.database, self.lease, id, made, now).await? {
            Ok(())
        } else {
            Err(Stop::LeaseLost)
        }
    }

    /// Writes whose folder it is into its description; what people have written there stays.
    async fn marked(&self, folder: Folder, mark: &Mark) -> Result<Folder, Stop> {
        let mut folder = folder;
        let mut pauses = 0;
        loop {
            if Mark::find(&folder.description).as_ref() == Some(mark) {
                return Ok(folder);
            }
            let description = mark.write_into(&folder.description);
            let change = FolderChange {
                description: Some(&description),
                if_etag: folder.etag.as_deref(),
                ..FolderChange::default()
            };
            let changed = self
                .session
                .send(As::User, |client| client.update_folder(&folder.id, change))
                .await;
            match changed {
                Ok(changed) => return Ok(changed),
                Err(failure)
                    if matches!(failure.class(), Some(Class::Changed | Class::WaitAndLook))
                        && self.pause(pauses).await =>
                {
                    pauses += 1;
                    if let Some(read) = self.read(&folder.id).await? {
                        folder = read;
                    }
                }
                Err(failure) => return Err(failure.into()),
            }
        }
    }

    /// The folder is there: that is kept, and its link goes out, in one transaction.
    async fn finish(
        &self,
        folder: &Folder,
        is_new: bool,
        people: &[client_folders::Person],
    ) -> Result<(), Stop> {
        let links = self.links(folder, people);
        let status = if is_new { CREATED } else { EXISTING };
        let (lease, record) = (self.lease, &self.record);
        self.database
            .transaction(async |transaction| {
                let now = clock::now();
                let mut sent = Vec::new();
                if let Some(connector_id) = &record.crm_connector_id {
                    for link in &links {
                        let key = link_concurrency_key(connector_id);
                        let id = random::id();
                        let payload = serde_json::to_string(link)
                            .map_err(|error| DatabaseError::Shape(error.to_string()))?;
                        let new = NewDelivery {
                            id: &id,
                            job_id: &random::id(),
                            kind: HUBSPOT_LINK,
                            sender: Sender::Connector(connector_id),
                            requested_by: &format!("client_folder:{}", record.id),
                            payload: &payload,
                            depth: 0,
                            job: box_folders::job(&key),
                            lease: None,
                        };
                        match outbox::enqueue(transaction, lease.tenant, new, now).await? {
                            Enqueued::Done | Enqueued::Leased => sent.push(id),
                            Enqueued::NoSender | Enqueued::Full => {
                                log::error("client_folder", "a link could not be passed on");
                            }
                        }
                    }
                }
                if client_folders::finish(transaction, lease, &record.id, status, &sent, now)
                    .await?
                {
                    Ok(())
                } else {
                    // Nothing goes out either.
                    Err(Stop::LeaseLost)
                }
            })
            .await
    }

    fn links(&self, folder: &Folder, people: &[client_folders::Person]) -> Vec<Link> {
        let settings = &self.session.account.settings;
        let link = |object: &str, id: &str, property: &str| Link {
            client_folder_id: self.record.id.clone(),
            object: object.to_owned(),
            id: id.to_owned(),
            property: property.to_owned(),
            link: folder.url(),
        };
        let deal = settings.deal_property.iter();
        let of_deal = deal.map(|property| link(DEAL, &self.record.deal_id, property));
        let contacts = settings.contact_property.iter().flat_map(|property| {
            let ids = people.iter().filter_map(|person| person.id.as_deref());
            ids.map(|id| link(CONTACT, id, property))
                .collect::<Vec<_>>()
        });
        of_deal.chain(contacts).collect()
    }

    fn parent_id(&self) -> &str {
        &self.session.account.settings.parent_folder_id
    }
}

fn is_gone(failure: &hubspot::Failure) -> bool {
    matches!(
        failure,
        hubspot::Failure::HubSpot(ProviderError::NotFound { .. } | ProviderError::Gone { .. })
    )
}
