//! The kinds of data that a connector syncs.

use crate::text_enum::text_enum;

text_enum! {
    /// One kind of data of a connector. The order of definition is the order in
    /// which one connector's streams run: what is referred to comes first.
    pub enum Stream, "stream" {
        Locations = "locations",
        Departments = "departments",
        Roles = "roles",
        Users = "users",
        Shifts = "shifts",
        TimePunches = "time_punches",
        Wages = "wages",
        Assignments = "assignments",
        Availability = "availability",
        TimeOff = "time_off",
        /// What a connector of the type `custom` lists.
        Records = "records",
        /// Who works there, by Employment Hero.
        Employees = "employees",
        /// When they are away, by Employment Hero.
        LeaveRequests = "leave_requests",
    }
}

/// How fresh a stream has to be (seed: *Stream Tier Definitions*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    /// Changes while people work: clock-ins.
    Hot,
    /// Changes a few times a day: schedules, sick calls.
    Warm,
    /// Changes rarely, but who is new is missed within a day: employees.
    HalfDaily,
    /// Changes rarely: people and places.
    Cool,
}

impl Stream {
    /// Those of 7shifts.
    pub const SEVEN_SHIFTS: &[Self] = &[
        Self::Locations,
        Self::Departments,
        Self::Roles,
        Self::Users,
        Self::Shifts,
        Self::TimePunches,
        Self::Wages,
        Self::Assignments,
        Self::Availability,
        Self::TimeOff,
    ];

    /// Those of connectors of the type `custom`. It is hot, so that it runs as often as its
    /// frequency says.
    pub const CUSTOM: &[Self] = &[Self::Records];

    /// Those of Employment Hero. Leave is hot, so that it runs as often as the frequency says.
    pub const EMPLOYMENT_HERO: &[Self] = &[Self::Employees, Self::LeaveRequests];

    /// Those of a type of connectors; none where it syncs nothing.
    #[must_use]
    pub fn of_type(connector_type: &str) -> &'static [Self] {
        match connector_type {
            "seven_shifts" => Self::SEVEN_SHIFTS,
            "custom" => Self::CUSTOM,
            "employment_hero" => Self::EMPLOYMENT_HERO,
            _ => &[],
        }
    }

    /// The names of [`Self::of_type`].
    #[must_use]
    pub fn names_of_type(connector_type: &str) -> Vec<&'static str> {
        let streams = Self::of_type(connector_type).iter();
        streams.map(|stream| stream.as_str()).collect()
    }

    #[must_use]
    pub const fn tier(self) -> Tier {
        match self {
            Self::TimePunches | Self::Records | Self::LeaveRequests => Tier::Hot,
            Self::Shifts | Self::TimeOff => Tier::Warm,
            Self::Employees => Tier::HalfDaily,
            Self::Locations
            | Self::Departments
            | Self::Roles
            | Self::Users
            | Self::Wages
            | Self::Assignments
            | Self::Availability => Tier::Cool,
        }
    }

    /// Place in the run order within one connector, from 0.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Locations => 0,
            Self::Departments => 1,
            Self::Roles => 2,
            Self::Users => 3,
            Self::Shifts => 4,
            Self::TimePunches => 5,
            Self::Wages => 6,
            Self::Assignments => 7,
            Self::Availability => 8,
            Self::TimeOff => 9,
            Self::Records => 10,
            Self::Employees => 11,
            Self::LeaveRequests => 12,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_stream_is_refused_with_the_known_ones() {
        let message = "time-punches".parse::<Stream>().unwrap_err().to_string();
        assert!(
            message.contains("'time-punches' is not a stream"),
            "{message}"
        );
        assert!(message.contains("time_punches"), "{message}");
    }

    #[test]
    fn names_survive_text_and_json() {
        for &stream in Stream::ALL {
            assert_eq!(stream.as_str().parse::<Stream>().unwrap(), stream);
            let json = serde_json::to_string(&stream).unwrap();
            assert_eq!(json, format!("\"{stream}\""));
            assert_eq!(serde_json::from_str::<Stream>(&json).unwrap(), stream);
        }
    }

    #[test]
    fn the_run_order_is_the_order_of_definition() {
        let ranks: Vec<u8> = Stream::ALL.iter().map(|s| s.rank()).collect();
        assert_eq!(ranks, (0..13).collect::<Vec<u8>>());
    }

    #[test]
    fn what_shifts_and_punches_refer_to_runs_before_them() {
        for referred in [
            Stream::Locations,
            Stream::Departments,
            Stream::Roles,
            Stream::Users,
        ] {
            assert!(referred.rank() < Stream::Shifts.rank());
            assert!(referred.rank() < Stream::TimePunches.rank());
        }
    }

    #[test]
    fn every_stream_is_of_one_type_of_connector() {
        let all = [
            Stream::SEVEN_SHIFTS,
            Stream::CUSTOM,
            Stream::EMPLOYMENT_HERO,
        ]
        .concat();
        assert_eq!(all, Stream::ALL);
    }

    #[test]
    fn tiers_are_those_of_the_frequency_model() {
        let of = |tier| {
            Stream::ALL
                .iter()
                .filter(|s| s.tier() == tier)
                .map(|s| s.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(of(Tier::Hot), ["time_punches", "records", "leave_requests"]);
        assert_eq!(of(Tier::HalfDaily), ["employees"]);
        assert_eq!(of(Tier::Warm), ["shifts", "time_off"]);
        assert_eq!(
            of(Tier::Cool),
            [
                "locations",
                "departments",
                "roles",
                "users",
                "wages",
                "assignments",
                "availability"
            ]
        );
    }
}
