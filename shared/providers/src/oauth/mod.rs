//! OAuth 2.0 without I/O: how a person lets us into an account, and how access tokens are got and
//! renewed (RFC 6749, RFC 7636, RFC 9700).
//!
//! A [`Client`] is this installation as one provider has registered it. It builds the URL that a
//! person's browser is sent to ([`Client::authorization_url`]), reads what the browser comes back with
//! ([`Callback::read`]), and asks for tokens with the code ([`Client::exchange`]) and with a refresh
//! token ([`Client::refresh`]). A [`TokenReply`] reads the answer into a [`Token`] or a
//! [`TokenFailure`], whose class says what follows. Only a server that speaks of the grant itself
//! asks for a new connection: whatever could pass by itself is
//! [`Transient`](TokenFailureClass::Transient).
//!
//! Chance, the clock and what is kept are the caller's.

mod authorization;
mod callback;
mod client;
mod client_auth;
mod token;
mod verifier;

pub use authorization::Authorization;
pub use callback::{Callback, CallbackFault};
pub use client::{Client, Registration};
pub use client_auth::ClientAuth;
pub use token::{Token, TokenCall, TokenFailure, TokenFailureClass, TokenReply};
pub use verifier::Verifier;

pub(crate) use client_auth::token_form;
pub(crate) use token::{Grant, token_call};
