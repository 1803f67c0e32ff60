//! The HubSpot client, seen from outside: the requests it builds, the answers it reads, and what
//! workflows send.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod support;
#[cfg(test)]
mod workflows;
