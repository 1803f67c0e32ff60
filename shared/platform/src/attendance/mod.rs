//! The Delta Engine: what is read is matched and judged by [`domain::attendance`], and what differs from what was
//! decided before is what is written.

mod evaluate;

pub use evaluate::{Means, Places, PlacesOfConnector, evaluate};
