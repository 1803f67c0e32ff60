//! Why a URL is not called.

use super::MAX_TARGET_BYTES;

/// Why a URL or an address is not called. It completes *the URL is refused:* and repeats nothing of
/// the URL, which may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("it is longer than {MAX_TARGET_BYTES} bytes")]
    TooLong,
    #[error("it holds a blank, a line break or a control character")]
    Blank,
    #[error("it holds a backslash")]
    Backslash,
    #[error("it holds a fragment (#)")]
    Fragment,
    #[error("it is not an absolute URL")]
    NotAbsolute,
    #[error("its scheme is not https")]
    Scheme,
    #[error("plain http is not allowed in this installation")]
    Http,
    #[error("it holds a user name or a password")]
    UserInformation,
    #[error("it names no host")]
    NoHost,
    #[error("its host is not a host name or an address")]
    BadHost,
    #[error("its host is not ASCII")]
    HostNotAscii,
    #[error("its host is percent-encoded")]
    HostPercent,
    #[error("its host ends with a dot")]
    TrailingDot,
    #[error("its host is a number, which is an address in an unusual spelling or none")]
    NumericHost,
    #[error("its host is a name of a private network or of this machine")]
    LocalName,
    #[error("its port is not a number from 1 to 65535")]
    NoPort,
    #[error("its port is not allowed in this installation")]
    Port,
    #[error("its address is not public: {0}")]
    Address(&'static str),
    #[error("it is of another origin")]
    OtherOrigin,
    #[error("the path does not begin with a slash")]
    NotFromTheRoot,
    #[error("the path holds a question mark")]
    QueryInPath,
    #[error("the path has a segment . or .., written out or percent-encoded")]
    DotSegment,
    #[error("the path has two slashes in a row")]
    EmptySegment,
    #[error("the path or the query holds a character that is not ASCII")]
    NotAscii,
    #[error("the path or the query has a % that two hexadecimal digits do not follow")]
    BrokenPercent,
    #[error("the path holds a percent-encoded control character")]
    EncodedControl,
}

impl Refusal {
    /// What to do.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::TooLong => "use a shorter one",
            Self::Blank => {
                "take blanks and line breaks out, or percent-encode them in the path or the query"
            }
            Self::Backslash => "use / in a path; percent-encode a backslash that is meant as one",
            Self::Fragment => "leave out what begins with #",
            Self::NotAbsolute | Self::Scheme | Self::NoHost => {
                "give an absolute URL such as https://api.example.com/v1"
            }
            Self::Http => "use https, or have the operator allow http",
            Self::UserInformation => {
                "leave out what stands before the @, and give credentials as secrets"
            }
            Self::BadHost => {
                "use letters, digits, hyphens and dots, or an address (IPv6 in brackets, without a zone)"
            }
            Self::HostNotAscii => "write the host in its ASCII form, such as xn--bcher-kva.example",
            Self::HostPercent => "write the host without percent signs",
            Self::TrailingDot => "leave out the dot at the end of the host",
            Self::NumericHost => {
                "write an IPv4 address as four decimal numbers without leading zeros, such as 8.8.8.8"
            }
            Self::LocalName | Self::Address(_) => {
                "use a host that is public, or have the operator allow this one"
            }
            Self::NoPort => "give a port from 1 to 65535, or leave the colon out",
            Self::Port => "use the usual port, or have the operator allow this one",
            Self::OtherOrigin => "use one scheme, host and port",
            Self::NotFromTheRoot => "begin the path with one slash",
            Self::QueryInPath => {
                "give the query apart from the path; percent-encode a question mark that is part of a name"
            }
            Self::DotSegment => "write the path as it is meant, without . and ..",
            Self::EmptySegment => "use one slash between segments",
            Self::NotAscii => "percent-encode it as UTF-8",
            Self::BrokenPercent => "write a % that is meant as one as %25",
            Self::EncodedControl => "take it out",
        }
    }
}
