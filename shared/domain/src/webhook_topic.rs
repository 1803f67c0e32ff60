//! What 7shifts tells by webhook, and which streams it makes due.
//!
//! A webhook that a company has made for itself is not signed: whoever knows the URL can send it.
//! So it is never data, only a hint that a stream is worth a look now. What no topic tells of has
//! to be polled: edits of shifts that are not published, availability, and time off.

use crate::stream::Stream;
use crate::text_enum::text_enum;

text_enum! {
    /// The topics that 7shifts documents.
    pub enum WebhookTopic, "webhook topic" {
        SchedulePublished = "schedule.published",
        TimePunchCreated = "time_punch.created",
        TimePunchEdited = "time_punch.edited",
        TimePunchDeleted = "time_punch.deleted",
        UserCreated = "user.created",
        /// Also sent when somebody is made active again.
        UserModified = "user.modified",
        UserDeactivated = "user.deactivated",
        UserReactivated = "user.reactivated",
        DepartmentCreated = "department.created",
        DepartmentModified = "department.modified",
        DepartmentDeleted = "department.deleted",
        LocationCreated = "location.created",
        LocationModified = "location.modified",
        LocationDeleted = "location.deleted",
        RoleCreated = "role.created",
        RoleModified = "role.modified",
        RoleDeleted = "role.deleted",
        PayrollPeriodClosed = "payroll_period.closed",
        /// The company has withdrawn its consent.
        AuthorizationRevoked = "authorization.revoked",
    }
}

/// What a delivery asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// These streams are due, in their run order.
    Streams(&'static [Stream]),
    /// No stream: the connector's account has to be looked at, for it may no longer be ours to read.
    Connector,
    /// A topic that is not known here. It makes nothing due, and is counted.
    Unknown,
}

impl Hint {
    /// What a delivery of this topic asks for.
    #[must_use]
    pub fn of(topic: &str) -> Self {
        topic
            .parse()
            .map_or(Self::Unknown, |topic: WebhookTopic| topic.hint())
    }
}

impl WebhookTopic {
    /// Those that are registered: all, because each saves somebody from waiting for the night.
    pub const REGISTERED: &'static [Self] = Self::ALL;

    #[must_use]
    pub const fn hint(self) -> Hint {
        match self {
            Self::SchedulePublished => Hint::Streams(&[Stream::Shifts]),
            // A period that is closed has its punches approved.
            Self::TimePunchCreated
            | Self::TimePunchEdited
            | Self::TimePunchDeleted
            | Self::PayrollPeriodClosed => Hint::Streams(&[Stream::TimePunches]),
            // Pay and roles have no topic of their own: they are part of the person here.
            Self::UserCreated
            | Self::UserModified
            | Self::UserDeactivated
            | Self::UserReactivated => {
                Hint::Streams(&[Stream::Users, Stream::Wages, Stream::Assignments])
            }
            Self::DepartmentCreated | Self::DepartmentModified | Self::DepartmentDeleted => {
                Hint::Streams(&[Stream::Departments])
            }
            Self::LocationCreated | Self::LocationModified | Self::LocationDeleted => {
                Hint::Streams(&[Stream::Locations])
            }
            Self::RoleCreated | Self::RoleModified | Self::RoleDeleted => {
                Hint::Streams(&[Stream::Roles])
            }
            Self::AuthorizationRevoked => Hint::Connector,
        }
    }

    #[must_use]
    pub fn is_registered(topic: &str) -> bool {
        topic
            .parse()
            .is_ok_and(|topic: Self| Self::REGISTERED.contains(&topic))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn streams(topic: &str) -> Vec<&'static str> {
        match Hint::of(topic) {
            Hint::Streams(streams) => streams.iter().map(|stream| stream.as_str()).collect(),
            Hint::Connector => vec!["the connector"],
            Hint::Unknown => vec!["unknown"],
        }
    }

    #[test]
    fn every_topic_makes_these_due() {
        let people: &[&str] = &["users", "wages", "assignments"];
        let table: &[(&str, &[&str])] = &[
            ("schedule.published", &["shifts"]),
            ("time_punch.created", &["time_punches"]),
            ("time_punch.edited", &["time_punches"]),
            ("time_punch.deleted", &["time_punches"]),
            ("user.created", people),
            ("user.modified", people),
            ("user.deactivated", people),
            ("user.reactivated", people),
            ("department.created", &["departments"]),
            ("department.modified", &["departments"]),
            ("department.deleted", &["departments"]),
            ("location.created", &["locations"]),
            ("location.modified", &["locations"]),
            ("location.deleted", &["locations"]),
            ("role.created", &["roles"]),
            ("role.modified", &["roles"]),
            ("role.deleted", &["roles"]),
            ("payroll_period.closed", &["time_punches"]),
            ("authorization.revoked", &["the connector"]),
        ];
        let topics: Vec<_> = table.iter().map(|(topic, _)| *topic).collect();
        let known: Vec<_> = WebhookTopic::ALL.iter().map(|t| t.as_str()).collect();
        assert_eq!(topics, known);
        for (topic, due) in table {
            assert_eq!(streams(topic), *due, "{topic}");
        }
    }

    #[test]
    fn what_no_topic_tells_of_is_polled() {
        let told: Vec<_> = WebhookTopic::ALL
            .iter()
            .flat_map(|topic| streams(topic.as_str()))
            .collect();
        let polled: Vec<_> = Stream::SEVEN_SHIFTS
            .iter()
            .map(|stream| stream.as_str())
            .filter(|stream| !told.contains(stream))
            .collect();
        // Shifts have a topic, but only for what is published.
        assert_eq!(polled, ["availability", "time_off"]);
        let of_shifts: Vec<_> = WebhookTopic::ALL
            .iter()
            .filter(|topic| streams(topic.as_str()).contains(&"shifts"))
            .collect();
        assert_eq!(of_shifts, [&WebhookTopic::SchedulePublished]);
    }

    #[test]
    fn streams_are_named_once_and_in_their_run_order() {
        for topic in WebhookTopic::ALL {
            let Hint::Streams(streams) = topic.hint() else {
                continue;
            };
            assert!(!streams.is_empty(), "{topic}");
            assert!(streams.is_sorted_by_key(|stream| stream.rank()), "{topic}");
            assert!(streams.windows(2).all(|pair| pair[0] != pair[1]), "{topic}");
        }
    }

    proptest! {
        #[test]
        fn whatever_else_is_sent_makes_nothing_due(topic in "\\PC{0,40}") {
            prop_assume!(WebhookTopic::ALL.iter().all(|known| known.as_str() != topic));
            prop_assert_eq!(Hint::of(&topic), Hint::Unknown);
            prop_assert!(!WebhookTopic::is_registered(&topic));
        }

        #[test]
        fn a_topic_is_known_as_it_is_written_and_no_other_way(
            topic in prop::sample::select(WebhookTopic::ALL), at in 0usize..40
        ) {
            let name = topic.as_str();
            prop_assert_ne!(Hint::of(name), Hint::Unknown);
            prop_assert!(WebhookTopic::is_registered(name));
            prop_assert_eq!(Hint::of(&name.to_ascii_uppercase()), Hint::Unknown);
            let cut: String = name.chars().take(at % name.len()).collect();
            prop_assert_eq!(Hint::of(&cut), Hint::Unknown);
        }
    }
}
