//! What an hour of a role costs, who may be told, and what work costs by it.
//!
//! Labour is priced by role, never by person: the rate of a role is the average of what the people in
//! it earn an hour now. Roles are told apart by their [folded](crate::place_name::folded) names, so that
//! a line cook is one role at every location. Money is whole cents, rounded half up wherever it is
//! divided; sums are sums of what was rounded, so that whoever adds the items gets the total.

mod amount;
mod daily;
mod pricing;
mod privacy;
mod rates;
#[cfg(feature = "zones")]
mod workdays;

pub use amount::{Hundredths, cents_of_seconds, cents_of_work, overtime_cents, percent};
#[cfg(feature = "zones")]
pub use daily::by_day;
pub use daily::{DayOfPost, Post, Work, Worked};
pub use pricing::{Basis, Price, View};
pub use rates::{Assignment, Place, Rate, Rates, RoleRate, Staff, StaffMember, StaffRole, Wage};
#[cfg(feature = "zones")]
pub use workdays::{Workday, workdays};

/// A role with fewer people of an account never has its rate told to whoever may not read wages.
pub const TOLD_FROM: u32 = 3;

/// What such a caller is told is rounded to whole steps of so many cents. Who compares the average of yesterday
/// with that of today, when one person more is in it, is off by half a step for each of them all.
pub const TOLD_STEP_CENTS: i64 = 25;

/// What the cached rates were computed by: to be raised with every change of the rules or of what is
/// kept of them.
pub const RULES_VERSION: i64 = 2;

#[cfg(test)]
mod tests;
