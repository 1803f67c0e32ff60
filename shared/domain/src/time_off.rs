//! Time off, as the replaced system knows it.

use crate::text_enum::text_enum;

text_enum! {
    /// The four categories. A provider's own are an open set: an organization says which of
    /// these each of them is.
    pub enum TimeOffCategory, "category of time off" {
        Vacation = "vacation",
        Sick = "sick",
        Personal = "personal",
        Other = "other",
    }
}
