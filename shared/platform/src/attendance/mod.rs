//! What all who answer from what the Delta Engine has decided need: whose rows a caller may see, and by what policy and
//! day they are answered.

mod ruling;
mod sight;

use domain::stream::Stream;

pub use ruling::Ruling;
pub use sight::Sight;

/// What deltas and records rest on, by way of the Delta Engine.
pub const STREAMS: &[Stream] = &[
    Stream::Users,
    Stream::Shifts,
    Stream::TimePunches,
    Stream::TimeOff,
];
