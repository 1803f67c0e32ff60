//! OAuth, seen from outside: the requests that are built, and what is made of answers.

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
mod callbacks;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod support;
