//! The Slack client, seen from outside: the requests it builds and the answers it reads.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod support;
