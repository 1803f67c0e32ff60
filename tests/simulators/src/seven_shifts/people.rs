//! Invented people.

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;

use super::accounts::{Ids, take};
use super::model::{Assignments, InviteStatus, User, UserType};
use super::mutation::date;

const FIRST_NAMES: [&str; 48] = [
    "Mara", "Jon", "Zoë", "Priya", "Tomás", "Aiko", "Liam", "Noor", "Freya", "Kofi", "Anh",
    "Chloé", "Dmitri", "Ella", "Farid", "Grace", "Hana", "Ivan", "Jada", "Kenji", "Lucía",
    "Mohamed", "Nadia", "Owen", "Paula", "Quinn", "Rosa", "Samir", "Talia", "Uma", "Victor",
    "Wren", "Ximena", "Yusuf", "Zainab", "Ben", "Caitlin", "Duc", "Esther", "Finn", "Gita", "Hugo",
    "Imani", "Jasper", "Kiri", "Leo", "Mei", "Nils",
];
const LAST_NAMES: [&str; 41] = [
    "Osei",
    "Reyes",
    "O'Brien",
    "Nguyễn",
    "Kowalski",
    "Tanaka",
    "MacLeod",
    "Haddad",
    "Lindqvist",
    "Mensah",
    "Tremblay",
    "Petrov",
    "García",
    "Singh",
    "Chen",
    "Williams",
    "Da Silva",
    "Novak",
    "Papadopoulos",
    "Roy",
    "Kim",
    "Ferrari",
    "Abdi",
    "Jansen",
    "Murphy",
    "Sato",
    "Whaanga",
    "Dubois",
    "Khan",
    "Olsen",
    "Brown",
    "Le",
    "Moreau",
    "St-Pierre",
    "Ahmed",
    "Park",
    "Rossi",
    "Weber",
    "Cohen",
    "Ito",
    "Larsen",
];
const DAY_SECONDS: i64 = 86_400;

/// Makes people who are all different from one another.
pub struct People {
    domain: &'static str,
    made: usize,
}

impl People {
    /// Their e-mail addresses end in `domain`.
    pub const fn new(domain: &'static str) -> Self {
        Self { domain, made: 0 }
    }

    /// Someone hired between one month and three years before `now`.
    pub fn hire(
        &mut self,
        random: &mut ChaCha8Rng,
        ids: &mut Ids,
        now: i64,
        kind: UserType,
        hourly_wage: i64,
        assignments: Assignments,
    ) -> User {
        let number = self.made;
        self.made += 1;
        // The lengths have no common divisor: a pair comes again after all.
        let first_name = pick(&FIRST_NAMES, number);
        let last_name = pick(&LAST_NAMES, number);
        let id = take(&mut ids.user);
        let created = now - random.random_range(30 * DAY_SECONDS..1_000 * DAY_SECONDS);
        let modified = random.random_range(created..now - DAY_SECONDS);
        User {
            id,
            identity_id: id + 1_000_000,
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            preferred_first_name: (number % 9 == 4)
                .then(|| first_name.chars().take(2).collect::<String>()),
            email: format!("{}@{}", mailbox(first_name, last_name), self.domain),
            mobile_number: format!("555{:07}", 100_000 + number * 37),
            kind,
            active: true,
            invite_status: InviteStatus::Accepted,
            // Leading zeros matter.
            punch_id: (number % 11 != 7).then(|| format!("{:04}", 25 + number * 53)),
            employee_id: number
                .is_multiple_of(3)
                .then(|| format!("E{:05}", 400 + number)),
            max_weekly_hours: if number.is_multiple_of(4) { "40" } else { "" }.to_owned(),
            hourly_wage,
            wage_type: Some(
                if kind == UserType::Employer {
                    "weekly_salary"
                } else {
                    "hourly"
                }
                .to_owned(),
            ),
            skill_level: random.random_range(1..=3),
            hire_date: date(created),
            birth_date: number
                .is_multiple_of(2)
                .then(|| date(created - 9_000 * DAY_SECONDS)),
            last_login: Some(modified),
            reactivation_status: None,
            notes: String::new(),
            assignments,
            created,
            modified,
        }
    }
}

/// Cannot be reached: neither e-mail nor telephone.
pub fn without_contact(user: &mut User) {
    user.email.clear();
    user.mobile_number.clear();
    user.invite_status = InviteStatus::MissingContactInfo;
    user.last_login = None;
}

fn pick(names: &[&'static str], number: usize) -> &'static str {
    names
        .get(number % names.len())
        .copied()
        .unwrap_or("Nameless")
}

fn mailbox(first_name: &str, last_name: &str) -> String {
    let plain = |name: &str| -> String {
        name.chars()
            .filter(char::is_ascii_alphabetic)
            .map(|letter| letter.to_ascii_lowercase())
            .collect()
    };
    format!("{}.{}", plain(first_name), plain(last_name))
}
