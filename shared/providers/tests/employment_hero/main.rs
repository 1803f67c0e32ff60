//! The Employment Hero client, seen from outside: the requests it builds and the answers it reads.

#![cfg_attr(
    test,
    expect(
        clippy::needless_pass_by_value,
        reason = "documents are written where they are passed"
    )
)]

#[cfg(test)]
mod errors;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod support;
