//! The client of any REST API, seen from outside: what configurations are taken, which requests they
//! build, how answers are judged, and how lists are read.

#![cfg_attr(
    test,
    expect(
        clippy::needless_pass_by_value,
        reason = "documents are written where they are passed"
    )
)]

#[cfg(test)]
mod answers;
#[cfg(test)]
mod configurations;
mod customs;
#[cfg(test)]
mod listings;
#[cfg(test)]
mod mappings;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tokens;
