//! What can go wrong in a simulator itself, as opposed to what it simulates.

/// Why a simulator could not be set up or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the listener cannot be used: {0}")]
    Listen(#[from] std::io::Error),
    #[error("company {0} does not exist in the simulator")]
    UnknownCompany(i64),
    #[error("{what} {id} does not exist in the simulator")]
    Unknown { what: &'static str, id: i64 },
    #[error("{what} {name} does not exist in the simulator")]
    UnknownName { what: &'static str, name: String },
    #[error("{0}")]
    Clash(&'static str),
    #[error("{0}")]
    Impossible(&'static str),
}

/// What a caller in process sees where a caller over a socket would see the
/// connection break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    #[error("connection reset by peer")]
    Reset,
    #[error("connection closed before the whole body had arrived")]
    Truncated,
}
