//! A firm of twelve advisers with clients on the way.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeZone as _};
use chrono_tz::Australia::Sydney;

use super::model::{Account, Association, Kind, Owner, Property, Token, ValueType};

pub const PORTAL: u64 = 62_515;
/// Of a private app with all scopes.
pub const TOKEN: &str = "pat-sim-harbour-1";
/// Of an app that the firm has installed.
pub const OAUTH_TOKEN: &str = "sim-harbour-oauth-1";
/// The app that an owner can agree to.
pub const CLIENT_ID: &str = "sim-harbour-client";
/// Its secret, which also signs what workflows send.
pub const CLIENT_SECRET: &str = "sim-harbour-client-secret";
/// Where deals are while they wait for their first meeting.
pub const PIPELINE: &str = "900001";
pub const STAGES: [&str; 3] = ["900011", "900012", "900013"];
/// The deals that nobody has yet.
pub const DEALS: std::ops::RangeInclusive<u64> = 501..=510;

const SCOPES: [&str; 7] = [
    "crm.objects.users.read",
    "crm.objects.owners.read",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "oauth",
];

/// First and last name, packages, households, pod. The mails are `first.last@example.test`; owners are
/// 7001 and on, users 90210001 and on. Jude Mori takes nobody on, Nina Bauer starts in two months, and
/// the user of Tess Vogt has no owner.
pub const ADVISERS: [(&str, &str, &str, &str, &str); 12] = [
    (
        "Mia",
        "Tan",
        "Seed;Series A",
        "Single;Couple",
        "Standard Pod",
    ),
    ("Noah", "Reid", "Seed", "Single", "Solo Adviser"),
    ("Ava", "Lim", "Series A;Series B", "Couple", "Standard Pod"),
    ("Leo", "Park", "Seed;Series A;Series B", "", "Team Pod"),
    ("Ruby", "Shah", "Series C;IPO", "", "Standard Pod"),
    ("Finn", "Cole", "Seed;IPO", "Single;Couple", "Team Pod"),
    (
        "Isla",
        "Ward",
        "Series B;Series C",
        "Single;Couple",
        "Standard Pod",
    ),
    (
        "Jude",
        "Mori",
        "Seed;Series A",
        "Single;Couple",
        "Standard Pod",
    ),
    (
        "Nina",
        "Bauer",
        "Seed;Series A",
        "Single;Couple",
        "Standard Pod",
    ),
    ("Omar", "Aziz", "Seed;Series A", "Couple", "Standard Pod"),
    (
        "Tess",
        "Vogt",
        "Seed;Series A",
        "Single;Couple",
        "Standard Pod",
    ),
    ("Kai", "Lund", "Series A;IPO", "Single", "Solo Adviser"),
];

/// Package, household, and in how many weeks the agreement starts; none: nobody has said.
const NEW: [(&str, &str, Option<i64>); 10] = [
    ("Seed", "Single", Some(0)),
    ("Seed", "Couple", Some(1)),
    ("Series A", "Couple", Some(0)),
    ("Series A", "Single", None),
    ("Series B", "Couple", Some(2)),
    ("Series C", "", Some(0)),
    ("IPO", "Couple", Some(6)),
    ("Seed", "Couple", Some(-1)),
    ("Series A", "Couple", Some(3)),
    ("Seed", "Single", Some(0)),
];

/// Given names of clients and their partners; their family names are those of [`SURNAMES`].
const CLIENTS: [(&str, &str); 10] = [
    ("Sam", "Alex"),
    ("Priya", "Arun"),
    ("Grace", "Owen"),
    ("Hugo", "Ines"),
    ("Yuki", "Kenji"),
    ("Zoë", "Liam"),
    ("Marta", "Paulo"),
    ("Dana", "Chris"),
    ("Elif", "Deniz"),
    ("Tom", "Anna"),
];
const SURNAMES: [&str; 10] = [
    "Lee", "Nair", "Evans", "Costa", "Sato", "O'Brien", "Silva", "Novak", "Kaya", "Berg",
];

const DAY_MS: i64 = 86_400_000;

/// The same for the same `now` (Unix seconds): meetings and agreements lie around its week.
#[must_use]
pub fn demo_data(now: i64) -> Account {
    let today = DateTime::from_timestamp(now, 0)
        .unwrap_or(DateTime::UNIX_EPOCH)
        .with_timezone(&Sydney)
        .date_naive();
    let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    let mut account = Account::new(PORTAL, "Harbour Advice Pty Ltd", Sydney);
    let grant = |is_oauth| Token {
        scopes: SCOPES.iter().map(|&scope| scope.to_owned()).collect(),
        is_oauth,
        is_revoked: false,
    };
    account.tokens.insert(TOKEN.to_owned(), grant(false));
    account.tokens.insert(OAUTH_TOKEN.to_owned(), grant(true));
    define_custom(&mut account);
    let created_ms = now.saturating_mul(1_000) - 30 * DAY_MS;
    let account = advisers(account, today, created_ms);
    let account = meetings(account, monday, created_ms);
    let account = held_deals(account, monday, created_ms);
    new_deals(account, monday, created_ms)
}

/// What the firm has added to HubSpot's own properties.
fn define_custom(account: &mut Account) {
    use ValueType::{Date, DateTime, Enumeration, Owner, Text};
    let custom: [(Kind, &[(&str, ValueType)]); 3] = [
        (
            Kind::User,
            &[
                ("taking_on_clients", Text),
                ("client_types", Enumeration),
                ("household_type", Enumeration),
                ("pod_type", Enumeration),
                ("adviser_start_date", Date),
            ],
        ),
        (
            Kind::Deal,
            &[
                ("advisor", Owner),
                ("advisor_email", Text),
                ("service_package", Enumeration),
                ("renewal_service_package", Enumeration),
                ("household_type", Enumeration),
                ("renewal_household_type", Enumeration),
                ("agreement_start_date", Date),
                ("client_email", Text),
                ("most_recent_clarify_booked_date", DateTime),
                ("most_recent_clarify_call_date", DateTime),
                ("hs_deal_record_id", Text),
                ("deal_salutation", Text),
                ("hs_contact_id", Text),
                ("hs_contact_firstname", Text),
                ("hs_contact_lastname", Text),
                ("hs_contact_email", Text),
                ("hs_spouse_id", Text),
                ("hs_spouse_firstname", Text),
                ("hs_spouse_lastname", Text),
                ("hs_spouse_email", Text),
                ("box_folder", Text),
            ],
        ),
        (Kind::Contact, &[("box_folder", Text)]),
    ];
    for (kind, properties) in custom {
        for &(name, r#type) in properties {
            let property = Property {
                r#type,
                ..Property::default()
            };
            account
                .table_mut(kind)
                .properties
                .insert(name.to_owned(), property);
        }
    }
}

fn advisers(mut account: Account, today: NaiveDate, created_ms: i64) -> Account {
    let begins = (today + Days::new(60)).to_string();
    for (number, (first, last, packages, households, pod)) in (1..).zip(ADVISERS) {
        let owner = owner_id(number);
        let email = mail(first, last);
        account.owners.insert(
            owner,
            Owner {
                id: owner,
                email: email.clone(),
                first_name: first.to_owned(),
                last_name: last.to_owned(),
                user_id: 510_000 + number,
                is_archived: false,
            },
        );
        let owner = if first == "Tess" {
            String::new()
        } else {
            owner.to_string()
        };
        let takes = if first == "Jude" { "False" } else { "True" };
        let since = if first == "Nina" {
            begins.as_str()
        } else {
            "2024-02-05"
        };
        account = account.with_record(
            Kind::User,
            90_210_000 + number,
            created_ms,
            &[
                ("hs_email", &email),
                ("hubspot_owner_id", &owner),
                ("taking_on_clients", takes),
                ("client_types", packages),
                ("household_type", households),
                ("pod_type", pod),
                ("adviser_start_date", since),
            ],
        );
    }
    // Somebody in the office, who is no adviser.
    account.with_record(
        Kind::User,
        90_210_100,
        created_ms,
        &[("hs_email", "office@example.test")],
    )
}

/// Each adviser has more to do than the one before, in this week and the next six.
fn meetings(mut account: Account, monday: NaiveDate, created_ms: i64) -> Account {
    let mut id = 4_410_000;
    for (number, (_, last, ..)) in (1..).zip(ADVISERS) {
        let owner = owner_id(number).to_string();
        for week in 0..7_u64 {
            let kinds: &[(&str, &str)] = match (number + week) % 5 {
                0 => &[("Clarify", "SCHEDULED"), ("Clarify", "SCHEDULED")],
                1 | 3 => &[("Clarify", "SCHEDULED")],
                2 => &[("Kick Off", "SCHEDULED"), ("Clarify", "CANCELED")],
                _ => &[],
            };
            if week * 2 > number {
                continue;
            }
            for (day, (kind, outcome)) in (1..).zip(kinds) {
                id += 1;
                let start = at(monday + Days::new(week * 7 + day), 10);
                let end = at(monday + Days::new(week * 7 + day), 11);
                account = account.with_record(
                    Kind::Meeting,
                    id,
                    created_ms,
                    &[
                        ("hs_meeting_title", &format!("{kind} - {last} {id}")),
                        ("hs_meeting_start_time", &start),
                        ("hs_meeting_end_time", &end),
                        ("hs_timestamp", &start),
                        ("hs_meeting_outcome", outcome),
                        ("hs_activity_type", kind),
                        ("hubspot_owner_id", &owner),
                    ],
                );
            }
        }
    }
    account
}

/// Deals that advisers have, and that wait for their first meeting: two of the first adviser, one of
/// every other of the first six.
fn held_deals(mut account: Account, monday: NaiveDate, created_ms: i64) -> Account {
    for (number, adviser) in (601..).zip([1_u64, 1, 2, 3, 4, 5, 6]) {
        let owner = owner_id(adviser);
        let email = account
            .owners
            .get(&owner)
            .map(|owner| owner.email.clone())
            .unwrap_or_default();
        let agreement = (monday - Days::new(7 * (number - 600))).to_string();
        let (owner, stage) = (owner.to_string(), stage(number));
        account = account.with_record(
            Kind::Deal,
            number,
            created_ms,
            &[
                ("dealname", &format!("Client {number}")),
                ("pipeline", PIPELINE),
                ("dealstage", stage),
                ("advisor", &owner),
                ("advisor_email", &email),
                ("hubspot_owner_id", &owner),
                ("service_package", "Seed"),
                ("household_type", "Single"),
                ("agreement_start_date", &agreement),
                ("hs_deal_record_id", &number.to_string()),
            ],
        );
    }
    account
}

fn new_deals(mut account: Account, monday: NaiveDate, created_ms: i64) -> Account {
    let people = CLIENTS.iter().zip(SURNAMES);
    for ((id, (package, household, weeks)), ((first, partner), last)) in DEALS.zip(NEW).zip(people)
    {
        let client = 80_000 + (id - 500) * 10;
        let email = mail(first, &last.replace('\'', ""));
        let partner_mail = mail(partner, &last.replace('\'', ""));
        account = account.with_record(
            Kind::Contact,
            client,
            created_ms,
            &[("firstname", first), ("lastname", last), ("email", &email)],
        );
        let mut contacts = vec![Association {
            contact: client,
            label: None,
        }];
        let is_couple = household == "Couple";
        let spouse = if is_couple {
            (client + 1).to_string()
        } else {
            String::new()
        };
        let of_couple = |text: &str| {
            if is_couple {
                text.to_owned()
            } else {
                String::new()
            }
        };
        if is_couple {
            account = account.with_record(
                Kind::Contact,
                client + 1,
                created_ms,
                &[
                    ("firstname", partner),
                    ("lastname", last),
                    ("email", &partner_mail),
                ],
            );
            contacts.push(Association {
                contact: client + 1,
                label: Some("Spouse".to_owned()),
            });
        }
        account.associations.insert(id, contacts);
        let agreement = weeks
            .and_then(|weeks| monday.checked_add_signed(chrono::TimeDelta::weeks(weeks)))
            .map(|date| date.to_string())
            .unwrap_or_default();
        let salutation = if is_couple {
            format!("{first} & {partner}")
        } else {
            (*first).to_owned()
        };
        account = account.with_record(
            Kind::Deal,
            id,
            created_ms,
            &[
                ("dealname", &format!("{salutation} {last}")),
                ("pipeline", PIPELINE),
                ("dealstage", stage(id)),
                ("service_package", package),
                ("household_type", household),
                ("agreement_start_date", &agreement),
                ("client_email", &email),
                ("hs_deal_record_id", &id.to_string()),
                ("deal_salutation", &salutation),
                ("hs_contact_id", &client.to_string()),
                ("hs_contact_firstname", first),
                ("hs_contact_lastname", last),
                ("hs_contact_email", &email),
                ("hs_spouse_id", &spouse),
                ("hs_spouse_firstname", &of_couple(partner)),
                ("hs_spouse_lastname", &of_couple(last)),
                ("hs_spouse_email", &of_couple(&partner_mail)),
            ],
        );
    }
    account
}

fn stage(id: u64) -> &'static str {
    match id % 3 {
        0 => "900011",
        1 => "900012",
        _ => "900013",
    }
}

const fn owner_id(number: u64) -> u64 {
    7_000 + number
}

fn mail(first: &str, last: &str) -> String {
    let ascii = |text: &str| text.to_lowercase().replace('ë', "e");
    format!("{}.{}@example.test", ascii(first), ascii(last))
}

/// A local hour of a day as HubSpot writes times.
fn at(day: NaiveDate, hour: u32) -> String {
    let local = day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default());
    let time = Sydney
        .from_local_datetime(&local)
        .earliest()
        .map_or_else(|| local.and_utc(), |time| time.to_utc());
    time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
