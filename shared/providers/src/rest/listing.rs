//! Lists of a tenant's own API: which request gives them, where in the answer the rows are, and how
//! the pages hang together.
//!
//! [`ListMapping`] builds the request of a page and reads its answer; a [`Position`] is all there is
//! between two pages, and can be stored. Paging always ends: by the rule of the API, or by a
//! [`ListFailure`] where an API goes in circles. Only [`ListPage::next`] being `None` says that a list
//! was read to its end; what is missing then is really missing.

mod answer;
mod failure;
mod link;
mod mapping;
mod pointer;
mod position;
mod row;

pub use failure::ListFailure;
pub use mapping::{
    DEFAULT_MAX_PAGES, ListMapping, MAX_PAGES, Paging, ParameterPlace, Since, SinceFormat,
};
pub use pointer::Pointer;
pub use position::Position;
pub use row::{ListPage, ListRow, MAX_ID_BYTES, MAX_ROWS, RejectedRow};
