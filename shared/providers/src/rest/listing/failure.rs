//! Why a list cannot be read to its end.

use domain::outbound_target::Refusal;

use super::row::MAX_ROWS;
use crate::MAX_CURSOR_BYTES;

/// Why a page gives no rows, or no way to the next page. A list that fails like this is not at its
/// end: what was not seen may be there all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListFailure {
    #[error("the API answered with status {0}")]
    Status(u16),
    #[error("the answer is longer than {0} bytes")]
    TooLarge(usize),
    #[error("the answer {0}")]
    Malformed(String),
    #[error("there is no list at the pointer rows")]
    NoRows,
    #[error("the page has more than {MAX_ROWS} rows")]
    TooManyRows,
    #[error("what the pointer next leads to is neither a text nor a whole number")]
    UnreadableCursor,
    #[error("the next cursor is longer than {MAX_CURSOR_BYTES} bytes")]
    LongCursor,
    #[error("the API gave a cursor or a link for the second time")]
    Circle,
    #[error("the API gave the same page twice in a row")]
    SamePage,
    #[error("{0} pages in a row had no rows")]
    EmptyPages(u32),
    #[error("the list has more than {0} pages")]
    TooManyPages(u32),
    #[error("the Link header cannot be read")]
    UnreadableLink,
    #[error("the link to the next page cannot be followed: {0}")]
    BadLink(Refusal),
}

impl ListFailure {
    /// Whether the same request may give a readable page later. What an API does by its nature it
    /// will do again.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Malformed(_))
    }

    /// What a person can do.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Status(_) => "Look the status up in the API's documentation.",
            Self::TooLarge(_) | Self::TooManyRows => {
                "Ask for smaller pages, or raise max_response_bytes."
            }
            Self::Malformed(_) => "It is tried again; if it stays, check the path of the request.",
            Self::NoRows => "Look at an answer of the API, and give the pointer to its list.",
            Self::UnreadableCursor | Self::LongCursor => {
                "Look at an answer of the API, and give the pointer to its next cursor."
            }
            Self::Circle | Self::SamePage => {
                "The API may not know the paging parameter: check its name, and the rule."
            }
            Self::EmptyPages(_) => "Check the parameters of the request and the pointer rows.",
            Self::TooManyPages(_) => "Ask for larger pages, or raise max_pages.",
            Self::UnreadableLink | Self::BadLink(_) => {
                "The next page must be at the scheme, host and port of the base URL. Use another page rule."
            }
        }
    }
}
