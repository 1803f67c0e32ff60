//! The faults of the replaced system, and a switch for each: on, it is mended.
//!
//! Three more are no switches: everything is paged through, what is gone at the source goes here, and one deal has
//! one result. They are of what is read and kept, not of what is decided.

use crate::text_enum::text_enum;

text_enum! {
    /// What several absences in one week come to.
    pub enum Absences, "way to count absences" {
        /// The longest of them.
        Largest = "largest",
        /// Their days added up, five at the most.
        Sum = "sum",
        /// Their days, each of them once: a holiday within leave is no second day off.
        Union = "union",
    }
}

text_enum! {
    /// What becomes of an adviser of whom a source says nothing, because it failed.
    pub enum UnknownSources, "way to treat unknown sources" {
        /// Taken for somebody who has nothing booked.
        CountAsFree = "count_as_free",
        /// Not chosen; the others are.
        LeaveOut = "leave_out",
        /// Nobody is chosen while one of those who may take the deal is unknown.
        Fail = "fail",
    }
}

macro_rules! switches {
    ($( $(#[$meta:meta])* $name:ident, )+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Fixes {
            pub absences: Absences,
            pub unknown_sources: UnknownSources,
            $( $(#[$meta])* pub $name: bool, )+
        }

        impl Fixes {
            /// Everything as the replaced system did it.
            #[must_use]
            pub const fn compatible() -> Self {
                Self {
                    absences: Absences::Largest,
                    unknown_sources: UnknownSources::CountAsFree,
                    $( $name: false, )+
                }
            }

            /// Everything mended.
            #[must_use]
            pub const fn corrected() -> Self {
                Self {
                    absences: Absences::Union,
                    unknown_sources: UnknownSources::LeaveOut,
                    $( $name: true, )+
                }
            }

            /// The names of the switches that are on or off.
            pub const SWITCHES: &'static [&'static str] = &[$( stringify!($name), )+];

            /// The switches by name.
            pub(in crate::allocation) fn switches(&mut self) -> Vec<(&'static str, &mut bool)> {
                vec![$( (stringify!($name), &mut self.$name), )+]
            }
        }
    };
}

switches! {
    /// The backlog from before the current week is kept where a deal's agreement started last week. Off: all of it
    /// disappears then.
    keep_past_backlog,
    /// Somebody of whom nothing is left to count is free. Off: the whole allocation fails, where that is because
    /// the backlog has disappeared.
    empty_is_free,
    /// Deals that fall due in a week of absence are added in the next working week. Off: they are lost.
    carry_over_full_weeks,
    /// A meeting is in the week of its local date. Off: in that of its date in UTC.
    local_meeting_days,
    /// Meetings with one of the `cancelled_outcomes` take up no room.
    skip_cancelled_meetings,
    /// Leave is counted in half days where hours are known.
    half_days_by_hours,
    /// A pod type's limit holds whether a start date can be read or not.
    pod_limit_without_start_date,
    /// Who has a target of 0 in all weeks that come into question has no week. Off: one far away.
    zero_target_is_never,
    /// An override to 0 counts. Off: it is skipped as one that cannot be read.
    zero_override_counts,
    /// Own allocations count while the search for deals cannot show them yet.
    count_own_allocations,
    /// A deal that we have given to somebody takes its place in the week that was promised, also where its
    /// agreement starts only just before it. Off: two weeks after the agreement starts, so any number of deals
    /// that start in the same week get the same place.
    hold_promised_weeks,
    /// Deals from before a new adviser's first week wait for them in it. Off: they are not counted.
    keep_deals_before_start,
    /// The deal that is allocated is not in anybody's backlog, also when it is allocated again.
    leave_out_deal_itself,
    /// Advisers whose mail is another one's too, or whose start date cannot be read, are left out: what is
    /// booked for them cannot be told.
    leave_out_ambiguous_advisers,
    /// `true` is as good as `True`.
    taking_on_clients_in_any_case,
    /// No deal is allocated whose agreement starts after the weeks that are looked at.
    refuse_beyond_horizon,
    /// A table ends at the horizon. Off: with the last week for which anything is known.
    fixed_horizon,
    /// Milliseconds that are midnight UTC are a date.
    midnight_utc_is_a_date,
}
