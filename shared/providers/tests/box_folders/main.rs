//! The Box client, seen from outside: the file it reads, the assertions it signs, the requests it
//! builds and the answers it reads.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod assertions;
#[cfg(test)]
mod config;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tokens;
