//! The 7shifts client, seen from outside: the requests it builds and the answers it reads.

// One `json!` of a full user is longer than the default allows.
#![recursion_limit = "256"]

#[cfg(test)]
mod damage;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod lists_within;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod support;
#[cfg(test)]
mod terms;
