//! The Delta Engine: what is read is matched and judged by [`domain::attendance`], and what differs from what was
//! decided before is what is written. And what all who answer from it need: whose rows a caller may see, and by what
//! policy and day they are answered.

mod evaluate;
mod ruling;
mod sight;

use domain::stream::Stream;

pub use evaluate::{Means, Places, PlacesOfConnector, evaluate};
pub use ruling::Ruling;
pub use sight::Sight;

/// What deltas and records rest on, by way of the Delta Engine.
pub const STREAMS: &[Stream] = &[
    Stream::Users,
    Stream::Shifts,
    Stream::TimePunches,
    Stream::TimeOff,
];
